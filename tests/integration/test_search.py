#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Search against a naive filter over the same records: random conditions, all pages, half of the history in
files and half in the journal's tail, and again when everything is in files. What the pages of entities count
is counted from the records, too. The seed is printed; TILLWATCH_SEED repeats it.
"""
import csv
import io
import json
import os
import random
import sys
import tempfile
import time
import unittest
from datetime import datetime, timedelta
from decimal import Decimal

from driver import Client, Server, lines_of, run, run_json, simulate, token_of

SEED = int(os.environ.get("TILLWATCH_SEED", str(random.SystemRandom().randrange(1 << 30))))
ROUNDS = 30


def amount(text):
    return abs(Decimal(str(text)))


def when(record):
    return datetime.fromisoformat(record["transaction_time"])


# A condition of a search: how to draw it from a record, and what it means.
CONDITIONS = {
    "store_id": (lambda r, g: r["store_id"], lambda r, v: r["store_id"] == v),
    "register_id": (lambda r, g: r["register_id"], lambda r, v: r["register_id"] == v),
    "employee_id": (lambda r, g: r["employee_id"], lambda r, v: r["employee_id"] == v),
    "override_employee_id": (lambda r, g: r.get("override_employee_id"),
                             lambda r, v: r.get("override_employee_id") == v),
    "customer_id": (lambda r, g: r.get("customer_id"), lambda r, v: r.get("customer_id") == v),
    "loyalty_id": (lambda r, g: r.get("loyalty_id"), lambda r, v: r.get("loyalty_id") == v),
    "original_transaction_id": (lambda r, g: r.get("original_transaction_id"),
                                lambda r, v: v in (r.get("original_transaction_id"), r.get("void_of_transaction_id"))),
    "account_token": (lambda r, g: next((t.get("account_token") for t in r.get("tenders", [])), None),
                      lambda r, v: any(t.get("account_token") == v for t in r.get("tenders", []))),
    "sku": (lambda r, g: g.choice(r["lines"])["sku"] if r.get("lines") else None,
            lambda r, v: any(line["sku"] == v for line in r.get("lines", []))),
    "type": (lambda r, g: sorted({r["transaction_type"], "no_sale"}), lambda r, v: r["transaction_type"] in v),
    "payment_type": (lambda r, g: [r["payment_type"]], lambda r, v: r["payment_type"] in v),
    "refund_flag": (lambda r, g: g.random() < 0.7, lambda r, v: r["refund_flag"] == v),
    "void_flag": (lambda r, g: g.random() < 0.7, lambda r, v: r["void_flag"] == v),
    "overridden": (lambda r, g: g.random() < 0.7, lambda r, v: ("override_employee_id" in r) == v),
    "amount_from": (lambda r, g: str(amount(r["transaction_total"])), lambda r, v: amount(r["transaction_total"]) >= Decimal(v)),
    "amount_to": (lambda r, g: str(amount(r["transaction_total"])), lambda r, v: amount(r["transaction_total"]) <= Decimal(v)),
    "discount_from": (lambda r, g: str(r["discount_amount"]), lambda r, v: Decimal(str(r["discount_amount"])) >= Decimal(v)),
    "from": (lambda r, g: r["business_date"], lambda r, v: r["business_date"] >= v),
    "to": (lambda r, g: r["business_date"], lambda r, v: r["business_date"] <= v),
    "text": (lambda r, g: r["transaction_id"][-4:].lower(),
             lambda r, v: any(v in str(r.get(name, "")).lower()
                              for name in ("transaction_id", "original_transaction_id", "void_of_transaction_id",
                                           "override_reason"))),
}


class Search(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.data = os.path.join(self.folder.name, "data")
        self.sim = os.path.join(self.folder.name, "sim")
        run("init", "--data", self.data, "--zone", "America/New_York", "--currency", "USD")
        simulate(self.sim, 3, 7, 11)
        self.records = [json.loads(line) for line in lines_of(os.path.join(self.sim, "transactions.ndjson"))]
        self.server = None
        self.rng = random.Random(SEED)
        print("seed", SEED)

    def tearDown(self):
        if self.server:
            self.server.stop()
        self.folder.cleanup()

    def serve(self):
        self.server = Server(self.data).start(new_link=True)
        client = Client(self.server.address, token_of(self.server))
        deadline = time.monotonic() + 120
        while client.call("POST", "/v1/search", {"limit": 1})[0] == 503:  # the lake is being opened
            self.assertLess(time.monotonic(), deadline, "the lake did not open")
        return client

    def load(self, records, name):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
        run("import", path, data=self.data)

    def found(self, client, search, limit):
        """All pages; they must be in order and without doubles."""
        items, cursor = [], None
        while True:
            status, page = client.json("POST", "/v1/search", {**search, "limit": limit, **({"cursor": cursor} if cursor else {})})
            self.assertEqual(status, 200, page)
            items += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                break
        keys = [(item["business_date"], datetime.fromisoformat(item["time"])) for item in items]
        self.assertEqual(keys, sorted(keys, reverse=True), search)
        ids = [item["transaction_id"] for item in items]
        self.assertEqual(len(ids), len(set(ids)), search)
        return items

    def conditions(self):
        record = self.rng.choice(self.records)
        if self.rng.random() < 0.5:  # what few have
            rare = [r for r in self.records if r["transaction_type"] != "sale" or "override_employee_id" in r]
            record = self.rng.choice(rare)
        search = {}
        for name in self.rng.sample(sorted(CONDITIONS), self.rng.randint(1, 3)):
            value = CONDITIONS[name][0](record, self.rng)
            if value is not None:
                search[name] = value
        return search

    def check_random(self, client, rounds):
        hits = 0
        for _ in range(rounds):
            search = self.conditions()
            expected = [r["transaction_id"] for r in self.records
                        if all(CONDITIONS[name][1](r, value) for name, value in search.items())]
            limit = 200 if len(expected) > 400 else self.rng.choice([7, 50, 200])
            items = self.found(client, search, limit)
            # Sentences of signals count as text, which the records do not have.
            got = [i["transaction_id"] for i in items if "text" not in search or i["transaction_id"] in set(expected)]
            self.assertEqual(sorted(got), sorted(expected), search)
            hits += len(expected)
        self.assertGreater(hits, rounds)

    def test_random_searches_find_what_a_filter_finds(self):
        half = len(self.records) // 2
        self.load(self.records[:half], "a.ndjson")
        run("lake", "compact", data=self.data)
        self.load(self.records[half:], "b.ndjson")
        client = self.serve()
        self.check_random(client, ROUNDS)
        self.check_times(client)
        self.check_scores(client)
        client.close()
        self.server.stop()
        run("lake", "compact", data=self.data)
        client = self.serve()
        self.check_random(client, ROUNDS // 3)
        client.close()

    def check_times(self, client):
        start = when(self.rng.choice(self.records))
        end = start + timedelta(hours=9)
        found = self.found(client, {"from": start.isoformat(), "to": end.isoformat()}, 200)
        self.assertEqual(len(found), sum(start <= when(r) < end for r in self.records))
        found = self.found(client, {"hour_from": 21, "hour_to": 8}, 200)
        self.assertEqual(len(found), sum(when(r).hour >= 21 or when(r).hour < 8 for r in self.records))

    def check_scores(self, client):
        scores = os.path.join(self.folder.name, "scores.csv")
        run("score", "--out", scores, data=self.data)
        with open(scores, encoding="utf-8") as file:
            risks = {row["transaction_id"]: float(row["risk_score"]) for row in csv.DictReader(file)}
        for low in (0.3, 0.5, 0.9):
            found = {item["transaction_id"] for item in self.found(client, {"risk_from": low}, 200)}
            self.assertEqual(found, {name for name, risk in risks.items() if risk >= low})
        alerted = self.found(client, {"alerted": True}, 200)
        self.assertTrue(all(item["alert_id"] for item in alerted))
        fired = next((item["signals"][0] for item in self.found(client, {"risk_from": 0.3}, 200) if item["signals"]), None)
        if fired:
            self.assertTrue(all(fired in item["signals"] for item in self.found(client, {"signal": fired}, 200)))

    def test_pages_count_what_is_in_the_records(self):
        self.load(self.records, "all.ndjson")
        client = self.serve()
        last = max(r["business_date"] for r in self.records)
        record = self.rng.choice([r for r in self.records if any(t.get("account_token") for t in r.get("tenders", []))])
        store, register, employee = record["store_id"], record["register_id"], record["employee_id"]
        token = next(t["account_token"] for t in record["tenders"] if t.get("account_token"))
        pages = [(f"/v1/stores/{store}", lambda r: r["store_id"] == store),
                 (f"/v1/stores/{store}/registers/{register}",
                  lambda r: r["store_id"] == store and r["register_id"] == register),
                 (f"/v1/employees/{employee}", lambda r: r["employee_id"] == employee),
                 (f"/v1/cards/{token}", lambda r: any(t.get("account_token") == token for t in r.get("tenders", [])))]
        for path, belongs in pages:
            mine = [r for r in self.records if belongs(r)]
            status, page = client.json("GET", path)
            self.assertEqual(status, 200, page)
            for window in page["windows"]:
                first = (datetime.fromisoformat(last) - timedelta(days=window["days"] - 1)).date().isoformat()
                inside = [r for r in mine if r["business_date"] >= first]
                self.assertEqual((window["transactions"], window["refunds"], window["voids"], window["discounts"]),
                                 (len(inside), sum(r["refund_flag"] for r in inside), sum(r["void_flag"] for r in inside),
                                  sum(Decimal(str(r["discount_amount"])) > 0 for r in inside)), path)
                self.assertEqual(Decimal(window["refund_amount"]["amount"]),
                                 sum(amount(r["transaction_total"]) for r in inside if r["refund_flag"]), path)
        self.check_calendars(client, store, employee)
        client.close()

    def check_calendars(self, client, store, employee):
        for path, belongs in ((f"/v1/stores/{store}", lambda r: r["store_id"] == store),
                              (f"/v1/employees/{employee}", lambda r: r["employee_id"] == employee)):
            days, hours = {}, {}
            for r in (r for r in self.records if belongs(r)):
                days[r["business_date"]] = days.get(r["business_date"], 0) + 1
                at = (when(r).isoweekday(), when(r).hour)
                hours[at] = hours.get(at, 0) + 1
            cells = client.json("GET", path + "/calendar")[1]["cells"]
            self.assertEqual({cell["date"]: cell["transactions"] for cell in cells}, days)
            self.assertTrue(all(datetime.fromisoformat(c["date"]).isoweekday() == c["weekday"] for c in cells))
            cells = client.json("GET", path + "/calendar?unit=hour")[1]["cells"]
            self.assertEqual({(cell["weekday"], cell["hour"]): cell["transactions"] for cell in cells}, hours)

    def test_what_was_acknowledged_is_found_while_days_are_written(self):
        half = len(self.records) // 2
        self.load(self.records[:half], "a.ndjson")
        client = self.serve()
        for start in range(half, len(self.records), 500):
            some = self.records[start:start + 500]
            lines = "\n".join(json.dumps(r) for r in some)
            self.assertEqual(client.call("POST", "/v1/transactions", lines, "application/x-ndjson")[0], 200)
            record = self.rng.choice(some)
            search = {"store_id": record["store_id"], "employee_id": record["employee_id"],
                      "from": record["business_date"], "to": record["business_date"]}
            items = self.found(client, search, 200)
            self.assertIn(record["transaction_id"], [item["transaction_id"] for item in items])
        # The server writes what is over in the meantime; both sides count once.
        deadline = time.monotonic() + 120
        while run_json("lake", "info", data=self.data)["facts"] == 0:
            self.assertLess(time.monotonic(), deadline, "no closed day was written")
        status, table = client.json("POST", "/v1/lake/query", {"sql": "SELECT count(*), count(DISTINCT seq) FROM transactions"})
        self.assertEqual((status, table["rows"]), (200, [[len(self.records)] * 2]))
        status, table = client.json("POST", "/v1/lake/query", {"sql": "SELECT sum(transaction_n) FROM employee_days"})
        self.assertEqual(table["rows"], [[len(self.records)]])
        client.close()

    def test_files(self):
        self.load(self.records, "all.ndjson")
        client = self.serve()
        search = {"type": ["return"], "from": self.records[len(self.records) // 3]["business_date"]}
        status, data = client.call("POST", "/v1/lake/export", {"format": "csv", "search": search})
        self.assertEqual(status, 200)
        rows = list(csv.DictReader(io.StringIO(data.decode())))
        items = self.found(client, search, 200)
        self.assertEqual([row["transaction_id"] for row in rows], [item["transaction_id"] for item in items])
        self.assertEqual([Decimal(row["total"]) for row in rows], [Decimal(item["total"]["amount"]) for item in items])
        status, data = client.call("POST", "/v1/lake/export", {"format": "parquet", "sql": "SELECT * FROM store_days"})
        self.assertEqual((status, data[:4]), (200, b"PAR1"))
        out = os.path.join(self.data, "lake", "out")
        self.assertEqual(os.listdir(out), [], "nothing stays behind")
        client.close()


if __name__ == "__main__":
    if run_json("version")["lake"] is None:
        print("built without DuckDB: scripts/deps.sh duckdb fetches it")
        sys.exit(77)
    unittest.main()
