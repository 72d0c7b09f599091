#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The work on alerts and cases over the real server, every reply held against the contract.

The chain alerts on less than usual, so that there is work for three people.
"""
import os
import subprocess
import sys
import tempfile

import driver
from contract_work import PASSWORD, ROUTES, check_work, cookie_of
from test_http_contract import BINARY, SOURCE, Client, Contract, Server

POLICY = "\nevidence_floor: 3.5\nevidence_cold: 3.5\nalerts_per_store_day: 3\n"


def main():
    with tempfile.TemporaryDirectory() as folder:
        data, chain = os.path.join(folder, "data"), os.path.join(folder, "chain")
        run = lambda *args: subprocess.run([BINARY, *args], check=True, stdout=subprocess.DEVNULL)
        run("simulate", "--stores", "6", "--days", "21", "--seed", "5", "--out", chain)
        run("init", "--data", data)
        with open(os.path.join(data, "policy.yaml"), "a", encoding="utf-8") as file:
            file.write(POLICY)
        run("import", "--data", data, *(os.path.join(chain, name) for name in
                                        ["transactions.ndjson", "movements.ndjson", "shifts.ndjson"]))
        server = Server(data)
        server.start()
        try:
            client = Client(server, Contract(os.path.join(SOURCE, "api", "openapi.yaml")))
            body = {"link_token": server.link, "user": "admin", "password": PASSWORD}
            assert client.call("POST", "/v1/session", body, auth={})[0] == 200
            access = cookie_of(client)
            check_work(client, access)
            change = {"values": {"cold_days": 5}, "reason": "kept at the next start"}
            version = client.call("PUT", "/v1/policy", change, auth=access)[1]["version"]
            server.stop()
            restarted = driver.Server(data).start()
            _, policy = driver.Client(restarted.address, access).json("GET", "/v1/policy")
            restarted.stop()
            assert policy["version"] == version, "policy.yaml has not changed: what people set stays"
        finally:
            server.process.kill()
        missing = ROUTES - set(client.contract.seen)
        assert not missing, f"never called: {missing}"


if __name__ == "__main__":
    sys.exit(main())
