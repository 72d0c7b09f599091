#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""evaluate: its figures against the same ones computed here from the files, and two scorings compared."""
import collections
import csv
import json
import os
import random
import struct
import tempfile
import unittest

from driver import lines_of, run, run_json, simulate


def narrow(value):
    """As the program keeps a risk: in single precision."""
    return struct.unpack("f", struct.pack("f", value))[0]


def ap_and_auc(risks, frauds):
    steps = collections.defaultdict(lambda: [0, 0])
    for key, risk in risks.items():
        steps[risk][key in frauds] += 1
    positives = sum(step[1] for step in steps.values())
    negatives = sum(step[0] for step in steps.values())
    found = rows = honest = 0
    ap = auc = 0.0
    for risk in sorted(steps, reverse=True):
        others, here = steps[risk]
        found, rows = found + here, rows + here + others
        ap += here * found / rows
        auc += here * (negatives - honest - others / 2)
        honest += others
    return ap / positives, auc / positives / negatives


def entity_precision(risks, frauds, transactions, k):
    """Card precision as published, with employees; None where a tie at the edge decides."""
    days = collections.defaultdict(dict)
    bad = collections.defaultdict(set)
    for key, risk in risks.items():
        t = transactions[key]
        day, who = t.get("business_date") or t["transaction_time"][:10], t["employee_id"]
        days[day][who] = max(days[day].get(who, -1), risk)
        if key in frauds:
            bad[day].add(who)
    detected, precision = set(), []
    for day in sorted(days):
        order = sorted(((risk, who) for who, risk in days[day].items() if who not in detected), reverse=True)
        if len(order) > k and order[k - 1][0] == order[k][0]:
            return None
        hit = {who for _, who in order[:k] if who in bad[day]}
        detected |= hit
        precision.append(len(hit) / k)
    return sum(precision) / len(precision)


def false_at_recall(risks, frauds, wanted):
    """Honest ones above the last fraud that is needed; risks are all different here."""
    found = others = 0
    for key in sorted(risks, key=risks.get, reverse=True):
        if found == wanted:
            break
        found += key in frauds
        others += key not in frauds
    return others


class Evaluate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tillwatch-test-")
        cls.sim = os.path.join(cls.folder.name, "sim")
        simulate(cls.sim, 3, 12, 11, "--fraud-rate", "0.2")
        cls.data = os.path.join(cls.folder.name, "data")
        run("init", data=cls.data)
        run_json("import", *[os.path.join(cls.sim, name) for name in ("shifts.ndjson", "transactions.ndjson")],
                 data=cls.data)
        cls.labels = os.path.join(cls.sim, "labels.csv")
        with open(cls.labels, encoding="utf-8") as file:
            cls.frauds = {row["transaction_id"] for row in csv.DictReader(file) if row["fraud"] == "1"}
        cls.transactions = {}
        for line in lines_of(os.path.join(cls.sim, "transactions.ndjson")):
            record = json.loads(line)
            cls.transactions[record["transaction_id"]] = record
        # Two scorings without ties: the one of after tells frauds from others better.
        rng = random.Random(1)
        order = list(range(len(cls.transactions)))
        cls.before, cls.after = {}, {}
        for risks, skill in ((cls.before, 1.0), (cls.after, 2.5)):
            rng.shuffle(order)
            noise = {key: rng.gauss(skill if key in cls.frauds else 0, 1) for key in cls.transactions}
            for place, key in enumerate(sorted(noise, key=noise.get)):
                risks[key] = narrow(round((place + 1) / (len(noise) + 1), 7))
        for name, risks in (("before.csv", cls.before), ("after.csv", cls.after)):
            with open(os.path.join(cls.folder.name, name), "w", newline="", encoding="utf-8") as file:
                table = csv.writer(file)
                table.writerow(["transaction_id", "risk_score"])
                table.writerows((key, repr(risk)) for key, risk in risks.items())

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def evaluate(self, *arguments):
        return run_json("evaluate", "--labels", self.labels, *arguments, data=self.data)

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def test_figures_are_those_of_the_files(self):
        figures = self.evaluate("--scores", self.path("after.csv"))
        ap, auc = ap_and_auc(self.after, self.frauds)
        self.assertAlmostEqual(figures["ap"], ap, 6)
        self.assertAlmostEqual(figures["auc"], auc, 6)
        self.assertEqual(figures["unscored"], 0)
        for k in (10, 50):
            expected = entity_precision(self.after, self.frauds, self.transactions, k)
            self.assertAlmostEqual(figures["entities"]["employee"][f"precision_at_{k}"], expected, 6)
        for name in ("ap", "auc", "recall"):
            low, high = figures[name + "_interval"]
            self.assertLessEqual(low, figures[name])
            self.assertGreaterEqual(high, figures[name])
        self.assertNotIn("comparison", figures)

    def test_two_scorings_at_equal_recall(self):
        figures = self.evaluate("--scores", self.path("after.csv"), "--against", self.path("before.csv"))
        ap, auc = ap_and_auc(self.before, self.frauds)
        self.assertAlmostEqual(figures["before"]["ap"], ap, 6)
        self.assertAlmostEqual(figures["before"]["auc"], auc, 6)
        comparison = figures["comparison"]
        self.assertAlmostEqual(comparison["ap_difference"], figures["ap"] - ap, 5)
        self.assertGreater(comparison["ap_difference_interval"][0], 0)
        point = comparison["transactions"]["at_recall_before"]
        wanted = sum(risk >= 0.8 for key, risk in self.before.items() if key in self.frauds)
        self.assertAlmostEqual(point["recall"], wanted / len(self.frauds), 6)
        self.assertEqual(point["false_before"], false_at_recall(self.before, self.frauds, wanted))
        self.assertEqual(point["false_after"], false_at_recall(self.after, self.frauds, wanted))
        self.assertAlmostEqual(point["false_ratio"], point["false_after"] / point["false_before"], 6)
        self.assertLess(point["false_ratio_interval"][1], 1)
        text = run("evaluate", "--labels", self.labels, "--scores", self.path("after.csv"), "--against",
                   self.path("before.csv"), "--entity", "account", data=self.data).stdout
        self.assertIn("account-weeks", text)
        self.assertIn("false ones at the recall of before", text)

    def test_what_is_wrong_is_said_in_one_sentence(self):
        with open(self.path("nobody.csv"), "w", encoding="utf-8") as file:
            file.write("transaction_id,risk_score\nnobody,0.5\n")
        for arguments, status in ((["--entity", "card"], 2), (["--against", self.path("nobody.csv")], 1),
                                  (["--against", self.path("missing.csv")], 1), (["--resamples", "9999999"], 2)):
            with self.subTest(arguments=arguments):
                done = run("evaluate", "--labels", self.labels, *arguments, data=self.data, ok=False)
                self.assertEqual(done.returncode, status)
                self.assertEqual(len(done.stderr.strip().splitlines()), 1)

    def test_without_resamples_there_are_no_intervals(self):
        figures = self.evaluate("--resamples", "0")
        self.assertIsNone(figures["ap_interval"])
        self.assertIsNotNone(figures["ap"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
