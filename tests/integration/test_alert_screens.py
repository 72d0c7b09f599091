#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every alert opens, whatever its scheme: some schemes have no measure to compare with peers."""
import os
import tempfile
import unittest

from driver import Client, Server, run, simulate, token_of

SIMULATED_WITHOUT_MEASURE = "loyalty_credit"


class AlertScreens(unittest.TestCase):
    def test_every_alert_opens(self):
        with tempfile.TemporaryDirectory() as folder:
            data, chain = os.path.join(folder, "data"), os.path.join(folder, "chain")
            run("init", "--data", data, "--zone", "America/New_York", "--currency", "USD")
            # A low bar, so that alerts of many schemes are there.
            with open(os.path.join(data, "policy.yaml"), "a", encoding="utf-8") as policy:
                policy.write("alerts_per_store_day: 50\nevidence_floor: 1\nevidence_cold: 1\nhabit_share: 1\n")
            simulate(chain, 16, 21, 5, "--fraud-rate", "0.25")
            run("import", os.path.join(chain, "transactions.ndjson"), data=data)
            server = Server(data).start(new_link=True)
            try:
                client = Client(server.address, token_of(server))
                self.open_all(client)
                client.close()
            finally:
                server.stop()

    def open_all(self, client):
        schemes, cursor = set(), ""
        while cursor is not None:
            status, page = client.json("GET", f"/v1/alerts?limit=100{cursor}")
            self.assertEqual(status, 200)
            for item in page["items"]:
                status, alert = client.json("GET", f"/v1/alerts/{item['alert_id']}")
                self.assertEqual(status, 200, item)
                schemes.add(alert["scheme"])
            cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
        self.assertIn(SIMULATED_WITHOUT_MEASURE, schemes)
        self.assertGreater(len(schemes), 5)


if __name__ == "__main__":
    unittest.main()
