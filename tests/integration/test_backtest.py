#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Backtests over a simulated chain: the record again, other rules, and what they are worth."""
import csv
import os
import tempfile
import unittest

import yaml
from jsonschema import Draft202012Validator

from driver import SOURCE, run, run_json, simulate


class Backtest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tillwatch-test-")
        sim = os.path.join(cls.folder.name, "sim")
        simulate(sim, 6, 21, 5, "--fraud-rate", "0.2")
        cls.data = os.path.join(cls.folder.name, "data")
        run("init", data=cls.data)
        run_json("import", *(os.path.join(sim, name) for name in ("shifts.ndjson", "transactions.ndjson")), data=cls.data)
        with open(os.path.join(sim, "labels.csv"), encoding="utf-8") as file:
            cls.frauds = {row["transaction_id"] for row in csv.DictReader(file) if row["fraud"] == "1"}
        cls.alerts = cls.listed()
        verdicts = cls.write("verdicts.csv", "alert_id,verdict\n" + "".join(
            f"{alert['alert_id']},{'CONFIRMED' if cls.is_fraud(alert) else 'REFUTED'}\n" for alert in cls.alerts[1:]))
        run("verdicts", "import", verdicts, data=cls.data)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def listed(cls):
        found = run_json("alerts", "list", data=cls.data)
        return found["items"] if isinstance(found, dict) else found

    @classmethod
    def is_fraud(cls, alert):
        return any(transaction in cls.frauds for transaction in alert["transaction_ids"])

    @classmethod
    def write(cls, name, text):
        path = os.path.join(cls.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_without_changes_it_is_the_record(self):
        self.assertGreater(len(self.alerts), 2)
        result = run_json("backtest", data=self.data)
        self.assertEqual({a["alert_id"] for a in result["alert_list"]}, {a["alert_id"] for a in self.alerts})
        self.assertEqual((result["appears"], result["vanishes"]), (0, 0))
        # An alert is judged by its transactions, and these may be in another one that somebody judged.
        right = sum(self.is_fraud(alert) for alert in self.alerts[1:])
        self.assertLessEqual(result["unknown"], 1)
        self.assertIn(result["confirmed"] - right, (0, 1))
        self.assertEqual(result["confirmed"] + result["refuted"] + result["unknown"], len(self.alerts))
        self.assertEqual(result["precision"]["k"], result["confirmed"])
        self.assertEqual(result["precision"]["n"], result["confirmed"] + result["refuted"])
        self.assertEqual(result["known_confirmed"], result["known_found"])
        self.assertTrue(all(alert["as_recorded"] for alert in result["alert_list"]))

    def test_the_figures_are_those_of_the_api(self):
        with open(os.path.join(SOURCE, "api", "openapi.yaml"), encoding="utf-8") as file:
            api = yaml.safe_load(file)
        schema = {"$ref": "#/components/schemas/BacktestFigures", "unevaluatedProperties": False,
                  "components": api["components"]}
        Draft202012Validator(schema).validate(run_json("backtest", data=self.data))

    def test_a_stricter_policy_loses_and_a_laxer_one_adds(self):
        strict = run_json("backtest", "--policy", self.write("strict.yaml", "evidence_floor: 60\nevidence_cold: 60\n"),
                          data=self.data)
        self.assertEqual(strict["alerts"], 0)
        self.assertEqual(strict["vanishes"], len(self.alerts))
        self.assertEqual(strict["known_found"], 0)
        self.assertIsNone(strict["precision"]["value"])
        lax = run_json("backtest", "--policy",
                       self.write("lax.yaml", "alerts_per_store_day: 5\nevidence_floor: 2\nevidence_cold: 2\n"),
                       data=self.data)
        self.assertGreater(lax["alerts"], len(self.alerts))
        self.assertGreater(lax["appears"], 0)
        self.assertGreater(lax["unknown"], 0)

    def test_a_period_counts_its_own_alerts(self):
        days = sorted(alert["created_at"][:10] for alert in self.alerts)
        middle = days[len(days) // 2]
        first = run_json("backtest", "--to", middle, data=self.data)
        second = run_json("backtest", "--from", middle, data=self.data)
        self.assertEqual(first["alerts"] + second["alerts"], len(self.alerts))
        self.assertTrue(all(alert["created_at"] >= middle for alert in second["alert_list"]))

    def test_a_model_by_its_id_and_by_its_file(self):
        models = [m for m in run_json("models", "list", data=self.data)
                  if m["kind"] not in ("signals", "policy")]
        self.assertTrue(models)
        model_id = models[0]["model_id"]
        by_id = run_json("backtest", "--model", model_id, data=self.data)
        path = os.path.join(self.data, "models", model_id, "model.twm")
        by_file = run_json("backtest", "--model", path, data=self.data)
        self.assertEqual(by_id, by_file)
        self.assertGreater(by_id["transactions"], 0)

    def test_it_changes_nothing_and_prints_a_table(self):
        before = self.listed()
        text = run("backtest", data=self.data).stdout
        for word in ("a store and day", "precision", "scheme", "signal"):
            self.assertIn(word, text)
        self.assertEqual(self.listed(), before)

    def test_mistakes_are_one_sentence(self):
        bad = self.write("bad.yaml", "floor: 3\n")
        cases = ((["--policy", bad], 1), (["--signals", bad], 1), (["--model", bad], 1), (["--model", "nothing"], 1),
                 (["--policy", os.path.join(self.folder.name, "nowhere")], 1), (["--label-delay", "soon"], 2),
                 (["--from", "2026-02-01", "--to", "2026-01-01"], 2))
        for arguments, status in cases:
            with self.subTest(arguments=arguments):
                done = run("backtest", *arguments, data=self.data, ok=False)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertEqual(len(done.stderr.strip().splitlines()), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
