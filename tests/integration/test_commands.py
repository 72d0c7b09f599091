#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The commands over real files: import, duplicates, conflicts, bad input, restart, replay, verdicts."""
import csv
import json
import os
import tempfile
import unittest

from driver import Client, Server, lines_of, run, run_json, simulate, token_of

GOOD = {"transaction_id": "T1", "store_id": "S1", "register_id": "R1", "employee_id": "E1",
        "transaction_time": "2026-01-05T09:00:00Z", "transaction_total": "12.50", "discount_amount": 0,
        "refund_flag": 0, "void_flag": 0, "item_count": 1, "payment_type": "cash"}

# What is changed in a good record, the field at fault and the reason of the dead letter.
BAD = [
    ({"transaction_id": None}, "transaction_id", "missing_field"),
    ({"store_id": 7.5}, "store_id", "invalid_type"),
    ({"transaction_id": "x" * 65}, "transaction_id", "too_long"),
    ({"transaction_time": "yesterday"}, "transaction_time", "invalid_time"),
    ({"transaction_time": "2026-02-30T09:00:00Z"}, "transaction_time", "invalid_time"),
    ({"transaction_total": "12.505"}, "transaction_total", "invalid_money"),
    ({"transaction_total": "1e5x"}, "transaction_total", "invalid_money"),
    ({"discount_amount": -1}, "discount_amount", "out_of_range"),
    ({"item_count": -1}, "item_count", "out_of_range"),
    ({"refund_flag": "maybe"}, "refund_flag", None),
    ({"currency": "DOLLARS"}, "currency", None),
    ({"lines": "none"}, "lines", "invalid_type"),
]


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tillwatch-test-")
        cls.sim = os.path.join(cls.folder.name, "sim")
        simulate(cls.sim, 2, 10, 11, "--eleven-columns", "--fraud-rate", "0.2")
        cls.files = [os.path.join(cls.sim, name) for name in ("movements.ndjson", "shifts.ndjson", "transactions.ndjson")]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def place(self, name, *files):
        data = os.path.join(self.folder.name, name)
        run("init", data=data)
        if files:
            run_json("import", *files, data=data)
        return data

    def test_every_command_has_help_with_an_example(self):
        names = ["demo", "init", "import", "simulate", "serve", "train", "score", "verdicts", "evaluate", "backtest",
                 "models", "alerts", "lake", "rebuild", "doctor", "bench", "version"]
        for name in names:
            with self.subTest(command=name):
                self.assertIn("Example:", run(name, "--help").stdout)

    def test_usage_errors_give_two_and_one_sentence(self):
        for arguments in (["nothing"], ["import"], ["score"], ["alerts", "list", "--sort", "x"], ["init", "--nope"],
                          ["import", "--kind", "x", "f"], ["models", "show"]):
            with self.subTest(arguments=arguments):
                done = run(*arguments, ok=False)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(len(done.stderr.strip().splitlines()), 1)

    def test_a_missing_directory_says_run_init(self):
        done = run("import", self.files[0], data=os.path.join(self.folder.name, "nowhere"), ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("run tillwatch init", done.stderr)

    def test_init_refuses_a_directory_that_is_not_empty(self):
        data = self.place("full")
        done = run("init", data=data, ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not empty", done.stderr)

    def test_import_twice_is_all_duplicates_and_verifies(self):
        data = self.place("twice")
        first = run_json("import", *self.files, data=data)
        again = run_json("import", *self.files, data=data)
        total = sum(len(lines_of(path)) for path in self.files)
        self.assertEqual(first["accepted"], total)
        self.assertEqual((again["accepted"], again["duplicates"]), (0, total))
        self.assertTrue(run_json("rebuild", "--verify", data=data)["equal"])

    def test_the_same_files_give_the_same_scores(self):
        tables = []
        for name in ("same1", "same2"):
            data = self.place(name, *self.files)
            out = os.path.join(self.folder.name, name + ".csv")
            run("score", "--out", out, data=data)
            tables.append(lines_of(out))
        self.assertEqual(tables[0], tables[1])
        self.assertEqual(len(tables[0]), 1 + len(lines_of(self.files[2])))

    def test_posts_one_by_one_score_as_one_import(self):
        shifts, transactions = lines_of(self.files[1])[:200], lines_of(self.files[2])[:800]
        imported = self.place("imported")
        # Two imports, so that the order is that of the posts: shifts, then transactions.
        for name, part in (("shifts", shifts), ("transactions", transactions)):
            run_json("import", "-", data=imported, stdin="\n".join(part) + "\n")
        posted = self.place("posted")
        server = Server(posted).start(new_link=True)
        client = Client(server.address, token_of(server, ["ingest", "read"]))
        status, reply = client.json("POST", "/v1/shifts", "\n".join(shifts), "application/x-ndjson")
        self.assertEqual((status, reply["accepted"]), (200, len(shifts)))
        for line in transactions:
            status, reply = client.json("POST", "/v1/transactions", line)
            self.assertEqual(status, 200, reply)
            self.assertFalse(reply["duplicate"])
        status, again = client.json("POST", "/v1/transactions", transactions[-1])
        self.assertTrue(again["duplicate"])
        self.assertEqual(again["risk_score"], reply["risk_score"])
        client.close()
        server.stop()
        tables = []
        for data in (imported, posted):
            out = data + ".csv"
            run("score", "--out", out, data=data)
            tables.append(lines_of(out))
            self.assertTrue(run_json("rebuild", "--verify", data=data)["equal"])
        self.assertEqual(tables[0], tables[1])

    def test_bad_records_are_kept_with_their_reason_and_the_rest_goes_on(self):
        data = self.place("bad")
        records = []
        for i, (change, _, _) in enumerate(BAD):
            record = dict(GOOD, transaction_id=f"B{i}", **{})
            record.update(change)
            records.append(json.dumps({k: v for k, v in record.items() if v is not None}))
        lines = [json.dumps(GOOD), "{not json", *records, json.dumps(dict(GOOD, transaction_id="T2"))]
        path = os.path.join(self.folder.name, "bad.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        summary = run_json("import", path, data=data)
        self.assertEqual(summary["accepted"], 2)
        self.assertEqual(summary["rejected"], len(BAD) + 1)
        server = Server(data).start(new_link=True)
        client = Client(server.address, token_of(server))
        status, page = client.json("GET", "/v1/dead-letters?limit=100")
        self.assertEqual(status, 200)
        letters = {item["line"]: item for item in page["items"]}
        for i, (_, field, reason) in enumerate(BAD):
            with self.subTest(field=field, reason=reason):
                letter = letters[i + 3]
                self.assertEqual(letter["field"], field)
                self.assertEqual(letter["source"], "bad.ndjson")
                if reason:
                    self.assertEqual(letter["reason"], reason)
                status, problem = client.json("POST", "/v1/transactions", records[i])
                self.assertEqual(status, 422)
                self.assertEqual(problem["field"], field)
        status, problem = client.json("POST", "/v1/transactions", json.dumps(dict(GOOD, item_count=2)))
        self.assertEqual(status, 409)
        status, problem = client.json("POST", "/v1/transactions", "{not json")
        self.assertEqual(status, 400)
        client.close()
        server.stop()

    def test_card_numbers_are_never_stored(self):
        data = self.place("cards")
        card = "4111111111111111"
        record = dict(GOOD, customer_id=card, override_reason=f"card {card} declined",
                      tenders=[{"type": "credit", "amount": "12.50", "account_token": card}])
        bad = dict(GOOD, transaction_id="T3", item_count=-1, override_reason=f"card {card}")
        summary = run_json("import", "-", data=data, stdin=json.dumps(record) + "\n" + json.dumps(bad) + "\n")
        self.assertEqual((summary["accepted"], summary["rejected"]), (1, 1))
        for folder, _, names in os.walk(data):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    self.assertNotIn(card.encode(), file.read(), name)

    def test_a_restart_reads_the_snapshot_and_goes_on(self):
        data = self.place("restart")
        half = lines_of(self.files[2])
        for part in (half[:len(half) // 2], half[len(half) // 2:]):
            summary = run_json("import", "-", data=data, stdin="\n".join(part) + "\n")
            self.assertEqual(summary["accepted"], len(part))
        self.assertTrue(os.listdir(os.path.join(data, "state")))
        self.assertTrue(run_json("rebuild", "--verify", data=data)["equal"])
        before = run("alerts", "list", "--json", data=data).stdout
        run("rebuild", data=data)
        self.assertEqual(run("alerts", "list", "--json", data=data).stdout, before)
        self.assertTrue(run_json("rebuild", "--verify", data=data)["equal"])

    def test_a_damaged_snapshot_is_passed_over(self):
        data = self.place("damaged", *self.files)
        state = os.path.join(data, "state")
        for name in os.listdir(state):
            with open(os.path.join(state, name), "r+b") as file:
                file.seek(1000)
                file.write(b"damage")
        self.assertTrue(run_json("rebuild", "--verify", data=data)["equal"])

    def test_eleven_columns_of_csv_are_enough(self):
        data = self.place("eleven")
        summary = run_json("import", os.path.join(self.sim, "transactions.csv"), data=data)
        self.assertEqual(summary["rejected"], 0)
        self.assertEqual(summary["transactions"], len(lines_of(self.files[2])))
        figures = run_json("evaluate", "--labels", os.path.join(self.sim, "labels.csv"), data=data)
        self.assertEqual(figures["transactions"], summary["transactions"])

    def test_verdicts_alerts_models_and_doctor(self):
        data = self.place("work", *self.files)
        alerts = run_json("alerts", "list", data=data)
        self.assertTrue(alerts)
        for key in ("alert_id", "created_at", "status", "type", "scheme", "entity", "store_id", "risk_score",
                    "exposure", "transaction_ids", "reasons"):
            self.assertIn(key, alerts[0])
        path = os.path.join(self.folder.name, "verdicts.csv")
        with open(path, "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(["alert_id", "verdict", "reason", "recovered", "decided_at"])
            table.writerow([alerts[0]["alert_id"], "CONFIRMED", "evidence_video", "12.34", "2026-02-01T10:00:00Z"])
            table.writerow([alerts[0]["alert_id"], "NONSENSE", "", "", ""])
            table.writerow(["A-0000000000000", "REFUTED", "", "", "2026-02-01T10:00:00Z"])
        first = run_json("verdicts", "import", path, data=data)
        self.assertEqual(first, {"accepted": 1, "duplicates": 0, "unknown": 1, "rejected": 1})
        again = run_json("verdicts", "import", path, data=data)
        self.assertEqual(again["duplicates"], 1)
        closed = run_json("alerts", "list", "--status", "CLOSED", data=data)
        self.assertEqual([a["alert_id"] for a in closed], [alerts[0]["alert_id"]])
        self.assertEqual(closed[0]["verdict"]["recovered"]["amount"], "12.34")
        self.assertEqual(len(run_json("verdicts", "list", data=data)), 1)
        labels = run_json("verdicts", "import", os.path.join(self.sim, "labels.csv"), data=data)
        self.assertEqual(labels["accepted"], len(lines_of(self.files[2])))
        trained = run_json("train", data=data)
        models = run_json("models", "list", data=data)
        state = {m["model_id"]: m["state"] for m in models}
        self.assertEqual(state[trained["model_id"]], "champion" if trained["promoted"] else "challenger")
        self.assertEqual(list(state.values()).count("champion"), 1)
        out = os.path.join(self.folder.name, "rescored.csv")
        run("score", "--out", out, "--model", trained["model_id"], data=data)
        self.assertEqual(len(lines_of(out)), 1 + len(lines_of(self.files[2])))
        self.assertTrue(run_json("doctor", data=data)["ok"])
        self.assertTrue(run_json("rebuild", "--verify", data=data)["equal"])

    def test_one_process_at_a_time_and_readers_beside_it(self):
        data = self.place("locked", *self.files)
        server = Server(data).start()
        done = run("import", self.files[0], data=data, ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1)
        self.assertTrue(run_json("alerts", "list", data=data))
        server.stop()

    def test_the_schedule_of_trainings_is_checked(self):
        data = self.place("schedule", self.files[0])
        for text, word in (("time: \"25:00\"", "25:00"), ("when: now", "when"), ("zone: Nowhere/City", "Nowhere")):
            with open(os.path.join(data, "tillwatch.yaml"), "w", encoding="utf-8") as file:
                file.write(f"zone: UTC\ncurrency: USD\ntrain: {{{text}}}\n")
            done = run("doctor", data=data, ok=False)
            self.assertEqual(done.returncode, 1, text)
            self.assertIn(word, done.stdout + done.stderr)
        with open(os.path.join(data, "tillwatch.yaml"), "w", encoding="utf-8") as file:
            file.write("zone: UTC\ncurrency: USD\ntrain: {enabled: false, time: 4:15, zone: Europe/Berlin, days: 60}\n"
                       "watch: {input_psi: 0.3, precision_min: 0.9}\n")
        run("doctor", data=data)

    def test_a_changed_policy_scores_from_the_next_start(self):
        data = self.place("policy", *self.files)
        with open(os.path.join(data, "policy.yaml"), "w", encoding="utf-8") as file:
            file.write("evidence_floor: 50\n")
        run("train", data=data)
        kinds = [m["kind"] for m in run_json("models", "list", "--all", data=data)]
        self.assertEqual(kinds.count("policy"), 2)
        with open(os.path.join(data, "policy.yaml"), "w", encoding="utf-8") as file:
            file.write("evidence_floor: lots\n")
        done = run("train", data=data, ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("evidence_floor", done.stderr)


if __name__ == "__main__":
    unittest.main()
