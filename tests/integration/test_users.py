#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tillwatch users beside a running server, and the store of accounts over restarts and a rebuilt ledger."""
import json
import os
import sys
import tempfile
import time

from driver import Client, Server, run, run_json, set_up, sign_in

PASSWORD = "correct horse battery"


def refused(*arguments, data, status, stdin=None):
    done = run(*arguments, data=data, ok=False, stdin=stdin)
    assert done.returncode == status and done.stderr, (arguments, done)
    return done.stderr


def wait_for_401(client):
    until = time.monotonic() + 30
    while client.json("GET", "/v1/session")[0] != 401:
        assert time.monotonic() < until, "the server did not take the change over"
        time.sleep(0.2)


def check_commands(data):
    assert "no account yet" in run("users", "list", data=data).stdout
    made = run_json("users", "add", "ana", "--role", "analyst", "--name", "Ana", "--stores", "North,S1*", data=data)
    assert made["link"].endswith("/#/setup/" + made["link_token"]), made
    listed = run_json("users", "list", data=data)
    assert [(user["user_id"], user["role"], user["stores"], user["state"]) for user in listed] == [
        ("ana", "analyst", "North\nS1*", "INVITED")], listed
    refused("users", "add", "ana", "--role", "analyst", data=data, status=1)
    refused("users", "add", "Bob", "--role", "analyst", data=data, status=1)
    refused("users", "add", "bob", "--role", "king", data=data, status=1)
    refused("users", "add", "bob", data=data, status=1)
    refused("users", "link", "bob", data=data, status=1)
    refused("users", "passwd", "ana", data=data, status=1, stdin="short\n")
    refused("users", "passwd", "ana", data=data, status=1, stdin="")
    for usage in [["users"], ["users", "list", "ana"], ["users", "add"], ["users", "fly", "ana"]]:
        refused(*usage, data=data, status=2)
    return made["link_token"]


def check_beside_a_server(data, link):
    server = Server(data).start()
    try:
        ana = Client(server.address)
        newer = run_json("users", "link", "ana", data=data)["link_token"]
        assert ana.json("POST", "/v1/sign-in", {"link_token": link})[0] == 401, "the older link"
        sign_in(ana, {"link_token": newer, "password": PASSWORD})
        assert ana.json("GET", "/v1/session")[1]["role"] == "analyst"
        run("users", "role", "ana", "--role", "manager", data=data)
        wait_for_401(ana)
        ana.headers = {}
        assert sign_in(ana, {"user": "ana", "password": PASSWORD})["role"] == "manager"
        run("users", "disable", "ana", data=data)
        wait_for_401(ana)
        ana.headers = {}
        assert ana.json("POST", "/v1/session", {"user": "ana", "password": PASSWORD})[0] == 401
        refused("users", "link", "ana", data=data, status=1)
        run("users", "enable", "ana", data=data)
        run("users", "passwd", "ana", data=data, stdin=PASSWORD + " 2\n")
        sign_in(ana, {"user": "ana", "password": PASSWORD + " 2"})
        server.stop()
        return ana.headers
    finally:
        server.process.kill()


def check_restart(data, headers):
    """Sessions and accounts are there after a restart over an empty ledger; sign-in goes on being slowed down."""
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"]:
        path = os.path.join(data, name)
        if os.path.exists(path):
            os.remove(path)
    server = Server(data).start()
    try:
        client = Client(server.address, headers)
        assert client.json("GET", "/v1/session")[1]["user"] == "ana"
        for _ in range(5):
            assert client.json("POST", "/v1/session", {"user": "ana", "password": "a guess"})[0] == 401
        server.kill()
        server = Server(data).start()
        client = Client(server.address)
        status, problem = client.json("POST", "/v1/session", {"user": "ana", "password": PASSWORD + " 2"})
        assert status == 429, problem
        server.stop()
    finally:
        server.process.kill()


def check_set_up_again(data):
    """--new-link lets an administrator in again; their old sessions end."""
    server = Server(data).start(new_link=True)
    try:
        admin = set_up(server)
        assert admin.json("GET", "/v1/users/ana")[0] == 200
        status, entries = admin.json("GET", "/v1/audit?actor=admin")
        assert status == 200 and {"session.begin", "user.password"} <= {entry["kind"] for entry in entries["items"]}
        # What the command line did is in the log, under the name of whoever ran it.
        until, kinds = time.monotonic() + 30, set()
        while not {"user.create", "user.link", "user.change", "user.disable", "user.password"} <= kinds:
            assert time.monotonic() < until, kinds
            entries = admin.json("GET", "/v1/audit?subject=ana&kind=user.&limit=500")[1]["items"]
            kinds = {entry["kind"] for entry in entries if entry["actor"].startswith("cli:")}
            time.sleep(0.2)
        server.stop()
    finally:
        server.process.kill()


def main():
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        run("init", "--data", data)
        link = check_commands(data)
        headers = check_beside_a_server(data, link)
        check_restart(data, headers)
        check_set_up_again(data)
    print(json.dumps({"ok": True}))


if __name__ == "__main__":
    sys.exit(main())
