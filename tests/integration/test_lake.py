#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The lake end to end: every field of the records comes back, lake and tail are one, what others read
is the same, files are checked, and `lake compact` may be killed at any moment (TILLWATCH_KILLS / 10
times; the seed is printed, TILLWATCH_SEED repeats the moments).
"""
import glob
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import unittest
from datetime import datetime, timezone
from decimal import Decimal

from driver import BINARY, Server, lines_of, run, run_json, simulate

KILLS = max(5, int(os.environ.get("TILLWATCH_KILLS", "100")) // 10)
SEED = int(os.environ.get("TILLWATCH_SEED", str(random.SystemRandom().randrange(1 << 30))))


def query(data, sql, *more):
    return json.loads(run("lake", "query", sql, "--format", "json", *more, data=data).stdout)


def one(data, sql):
    (row,) = query(data, sql)
    return list(row.values())


def minor(value):
    return int((Decimal(str(value)) * 100).to_integral_value())


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


class Lake(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.data = os.path.join(self.folder.name, "data")
        self.sim = os.path.join(self.folder.name, "sim")
        run("init", "--data", self.data, "--zone", "America/New_York", "--currency", "USD")
        simulate(self.sim, 3, 6, 11)
        self.records = [json.loads(line) for line in lines_of(os.path.join(self.sim, "transactions.ndjson"))]

    def tearDown(self):
        self.folder.cleanup()

    def load(self, *names):
        run("import", *(os.path.join(self.sim, name) for name in names), data=self.data)

    def check_line(self, row, line):
        self.assertEqual(row["sku"], line["sku"])
        self.assertEqual(row["department"], line.get("department"))
        self.assertEqual(row["quantity_milli"], round(line["quantity"] * 1000))
        self.assertEqual(row["unit_price_minor"], minor(line["unit_price"]))
        self.assertEqual(row["regular_price_minor"], minor(line.get("regular_price", line["unit_price"])))
        self.assertEqual(row["discount_minor"], minor(line.get("discount_amount", 0)))
        self.assertEqual(row["discount_reason"], line.get("discount_reason"))
        self.assertEqual(row["void_flag"], line.get("void_flag", False))
        self.assertEqual(row["return_flag"], line.get("return_flag", False))
        self.assertEqual(row["entry_method"], line.get("entry_method"))

    def check_record(self, row, record):
        for name in ("transaction_id", "store_id", "register_id", "employee_id", "customer_id", "loyalty_id",
                     "original_transaction_id", "void_of_transaction_id", "override_employee_id",
                     "override_reason", "sequence_number", "business_date", "currency", "payment_type",
                     "refund_flag", "void_flag", "item_count"):
            self.assertEqual(row[name], record.get(name), name)
        self.assertEqual(row["type"], record["transaction_type"])
        self.assertEqual(row["date"], record["business_date"])
        self.assertEqual(instant(row["transaction_time"] + ":00"), instant(record["transaction_time"]))
        self.assertEqual(row["total_minor"], minor(record["transaction_total"]))
        self.assertEqual(row["discount_minor"], minor(record["discount_amount"]))
        for name in ("scan_seconds", "tender_seconds"):
            self.assertEqual(row[name] is None, name not in record)
            if row[name] is not None:
                self.assertAlmostEqual(row[name], record[name], 4)
        self.assertEqual(len(row["lines"]), len(record.get("lines", [])))
        for got, line in zip(row["lines"], record.get("lines", [])):
            self.check_line(got, line)
        self.assertEqual([(t["type"], t["amount_minor"], t["account_token"]) for t in row["tenders"]],
                         [(t["type"], minor(t["amount"]), t.get("account_token"))
                          for t in record.get("tenders", [])])
        self.assertTrue(0 <= row["risk_score"] <= 1)

    def test_every_field_comes_back_before_and_after(self):
        self.load("transactions.ndjson", "movements.ndjson", "shifts.ndjson")
        everything = "SELECT * FROM transactions ORDER BY seq"
        tail = query(self.data, everything)
        self.assertEqual(len(tail), len(self.records))
        known = {record["transaction_id"]: record for record in self.records}
        for row in tail:
            self.check_record(row, known[row["transaction_id"]])
        scores = os.path.join(self.folder.name, "scores.csv")
        run("score", "--out", scores, data=self.data)
        risks = {line.split(",")[0]: float(line.split(",")[1]) for line in lines_of(scores)[1:]}
        for row in tail:
            self.assertAlmostEqual(row["risk_score"], risks[row["transaction_id"]], 6)
        others = [query(self.data, f"SELECT * FROM {name} ORDER BY ALL")
                  for name in ("movements", "shifts", "lines", "tenders", "signals")]
        self.assertEqual(len(others[0]), len(lines_of(os.path.join(self.sim, "movements.ndjson"))))
        self.assertEqual(len(others[1]), len(lines_of(os.path.join(self.sim, "shifts.ndjson"))))
        run("lake", "compact", data=self.data)
        self.assertEqual(query(self.data, everything), tail)
        for name, before in zip(("movements", "shifts", "lines", "tenders", "signals"), others):
            self.assertEqual(query(self.data, f"SELECT * FROM {name} ORDER BY ALL"), before)
        self.assertTrue(run_json("lake", "verify", data=self.data)["good"])
        self.check_others(tail)

    def check_others(self, rows):
        """What other readers make of the files as they lie there."""
        files = os.path.join(self.data, "lake", "transactions", "*", "*.parquet")
        try:
            import duckdb  # pylint: disable=import-outside-toplevel
        except ImportError:
            print("not compared with DuckDB's own Python module: it is not installed")
        else:
            found = duckdb.sql(f"SELECT seq, total_minor, len(lines) FROM read_parquet('{files}', "
                               "hive_partitioning = true) ORDER BY seq").fetchall()
            self.assertEqual(found, [(r["seq"], r["total_minor"], len(r["lines"])) for r in rows])
        try:
            import pyarrow.dataset  # pylint: disable=import-outside-toplevel
        except ImportError:
            print("not compared with pyarrow: it is not installed")
        else:
            table = pyarrow.dataset.dataset(os.path.join(self.data, "lake", "transactions"), format="parquet",
                                            partitioning="hive").to_table(["seq", "date", "lines", "risk_score"])
            found = sorted(table.to_pylist(), key=lambda row: row["seq"])
            self.assertEqual([(r["seq"], str(r["date"]), r["lines"]) for r in found],
                             [(r["seq"], r["date"], r["lines"]) for r in rows])

    def test_lake_and_tail_are_one(self):
        rng = random.Random(SEED)
        print("seed", SEED)
        half = len(self.records) // 2
        for i, part in enumerate((self.records[:half], self.records[half:])):
            path = os.path.join(self.folder.name, f"{i}.ndjson")
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(json.dumps(record) + "\n" for record in part)
            run("import", path, data=self.data)
            if i == 0:
                run("lake", "compact", data=self.data)
        info = run_json("lake", "info", data=self.data)
        self.assertGreater(info["facts"], 0)
        self.assertGreater(info["journal"], info["facts"])
        for _ in range(12):
            store = rng.choice(self.records)["store_id"]
            day = rng.choice(self.records)["business_date"]
            kind = rng.choice(self.records)["transaction_type"]
            some = [r for r in self.records if r["store_id"] == store and r["business_date"] >= day
                    and r["transaction_type"] == kind]
            self.assertEqual(
                one(self.data, "SELECT count(*), coalesce(sum(total_minor), 0)::BIGINT, "
                    "coalesce(sum(len(lines)), 0)::BIGINT FROM transactions WHERE "
                    f"store_id = '{store}' AND date >= '{day}' AND type = '{kind}'"),
                [len(some), sum(minor(r["transaction_total"]) for r in some),
                 sum(len(r.get("lines", [])) for r in some)])
        # The rest goes into further parts of the day that was cut, and compacting makes one of them.
        run("lake", "compact", data=self.data)
        table = run_json("lake", "info", data=self.data)["tables"][0]
        self.assertEqual((table["rows"], table["files"]), (len(self.records), table["days"]))

    def test_forms(self):
        self.load("transactions.ndjson")
        out = os.path.join(self.folder.name, "out")
        days = sorted({record["business_date"] for record in self.records})
        for form in ("parquet", "csv"):
            made = run_json("lake", "export", "--out", out, "--from", days[1], "--to", days[3], "--format", form,
                            data=self.data)
            self.assertEqual(made["rows"], sum(days[1] <= r["business_date"] < days[3] for r in self.records))
            self.assertTrue(os.path.getsize(os.path.join(out, "transactions." + form)) > 0)
        table = run("lake", "query", "SELECT count(*) AS n, NULL AS nothing FROM transactions", data=self.data).stdout
        self.assertEqual([line.rstrip() for line in table.splitlines()],
                         ["n" + " " * len(str(len(self.records))) + " nothing", str(len(self.records)), "(1 row)"])
        csv = run("lake", "query", "SELECT 'a,b' AS x, 2 AS y", "--format", "csv", data=self.data).stdout
        self.assertEqual(csv, 'x,y\n"a,b",2\n')
        for bad in (["query"], ["query", "SELECT 1", "--format", "xml"], ["export"], ["fly"],
                    ["export", "--out", out, "--table", "employees"], ["info", "more"]):
            self.assertEqual(run("lake", *bad, data=self.data, ok=False).returncode, 2, bad)
        for bad in ("DROP VIEW transactions", "SELECT * FROM read_csv('/etc/passwd')"):
            done = run("lake", "query", bad, data=self.data, ok=False)
            self.assertEqual(done.returncode, 1)
            self.assertTrue(done.stderr.startswith("tillwatch lake: "))
        slow = run("lake", "query", "SELECT count(*) FROM range(100000000000) a, range(1000) b", "--timeout", "1s",
                   data=self.data, ok=False)
        self.assertIn("longer than 1 s", slow.stderr)

    def test_server_writes_closed_days(self):
        self.load("transactions.ndjson", "movements.ndjson")
        days = sorted({record["business_date"] for record in self.records})
        server = Server(self.data).start()
        try:
            deadline = time.monotonic() + 120
            while run_json("lake", "info", data=self.data)["facts"] == 0:
                self.assertLess(time.monotonic(), deadline, "no closed day was written")
                time.sleep(0.2)
            # Readers beside the server see everything; another writer is refused.
            self.assertEqual(one(self.data, "SELECT count(*) FROM transactions"), [len(self.records)])
            self.assertIn("in use", run("lake", "compact", data=self.data, ok=False).stderr)
        finally:
            server.stop()
        table = run_json("lake", "info", data=self.data)["tables"][0]
        self.assertEqual((table["from"], table["to"]), (days[0], days[-3]))
        closed = sum(record["business_date"] <= days[-3] for record in self.records)
        self.assertGreater(table["rows"], closed * 0.9)
        self.assertLessEqual(table["rows"], closed)
        self.assertTrue(run_json("lake", "verify", data=self.data)["good"])

    def test_import_writes_days(self):
        run("import", "--lake", os.path.join(self.sim, "transactions.ndjson"), data=self.data)
        days = sorted({record["business_date"] for record in self.records})
        tables = {table["table"]: table for table in run_json("lake", "info", data=self.data)["tables"]}
        self.assertEqual((tables["transactions"]["from"], tables["transactions"]["to"]), (days[0], days[-3]))
        self.assertEqual(tables["transactions"]["files"], tables["transactions"]["days"])
        self.assertTrue(run_json("lake", "verify", data=self.data)["good"])
        # The sums are in files and add up with what is still in the journal.
        self.assertGreater(tables["store_days"]["rows"], 0)
        self.assertEqual(one(self.data, "SELECT sum(transaction_n)::BIGINT, sum(refund_minor)::BIGINT FROM employee_days"),
                         [len(self.records), sum(abs(minor(r["transaction_total"])) for r in self.records if r["refund_flag"])])
        columns = "sum(transaction_n)::BIGINT, sum(refund_n)::BIGINT, sum(sale_minor)::BIGINT, sum(refund_minor)::BIGINT"
        self.assertEqual(one(self.data, f"SELECT {columns} FROM employee_months"),
                         one(self.data, f"SELECT {columns} FROM employee_days"))
        tokens = [t["account_token"] for r in self.records for t in r.get("tenders", []) if t.get("account_token")]
        token = max(set(tokens), key=tokens.count)
        self.assertEqual(one(self.data, "SELECT count(*) FROM needles WHERE kind = 'account' AND "
                             f"hash = md5_number_lower('account:{token}') >> 1"),
                         [sum(any(t.get("account_token") == token for t in r.get("tenders", [])) for r in self.records)])
        skus = [line["sku"] for r in self.records for line in r.get("lines", [])]
        self.assertEqual(one(self.data, f"SELECT sum(line_n)::BIGINT FROM item_days WHERE sku = '{skus[0]}'"),
                         [skus.count(skus[0])])

    def test_damage_is_found(self):
        self.load("transactions.ndjson")
        run("lake", "compact", data=self.data)
        file = sorted(glob.glob(os.path.join(self.data, "lake", "transactions", "*", "*.parquet")))[1]
        with open(file, "r+b") as stream:
            stream.seek(50)
            byte = stream.read(1)
            stream.seek(50)
            stream.write(bytes([byte[0] ^ 4]))
        done = run("lake", "verify", "--json", data=self.data, ok=False)
        self.assertEqual(done.returncode, 1)
        (problem,) = json.loads(done.stdout)["problems"]
        self.assertIn(os.path.basename(file), problem)

    def test_killed_at_any_moment(self):
        rng = random.Random(SEED)
        print("seed", SEED)
        self.load("transactions.ndjson", "movements.ndjson")
        started = time.monotonic()
        run("lake", "compact", data=self.data)
        took = time.monotonic() - started
        rows = len(self.records)
        killed = 0
        for i in range(KILLS):
            if i % 3 == 0:
                subprocess.run(["rm", "-rf", os.path.join(self.data, "lake")], check=True)
            process = subprocess.Popen([BINARY, "lake", "compact", "--data", self.data], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            try:
                process.wait(rng.uniform(0, took * 1.1))
            except subprocess.TimeoutExpired:
                killed += 1
                process.kill()
                process.wait()
            # Readers see all facts whatever happened.
            self.assertEqual(one(self.data, "SELECT count(*), count(DISTINCT seq) FROM transactions"), [rows, rows])
            self.assertTrue(run_json("lake", "verify", data=self.data)["good"])
        run("lake", "compact", data=self.data)
        files = os.path.join(os.path.abspath(self.data), "lake", "transactions", "*", "*")
        self.assertTrue(all(name.endswith(".parquet") for name in glob.glob(files)))
        self.assertFalse(glob.glob(os.path.join(self.data, "lake", "transactions", "*", ".*")))
        self.assertEqual(one(self.data, f"SELECT count(*) FROM read_parquet('{files}.parquet')"), [rows])
        self.assertTrue(run_json("lake", "verify", data=self.data)["good"])
        print(killed, "of", KILLS, "killed")


if __name__ == "__main__":
    if run_json("version")["lake"] is None:
        print("built without DuckDB: scripts/deps.sh duckdb fetches it")
        sys.exit(77)
    unittest.main()
