# SPDX-License-Identifier: Apache-2.0
"""The demonstration: a month in which a team has worked, the same each time, that the journal alone rebuilds."""
import json
import os
import subprocess
import tempfile
import unittest

BIN = os.environ["TILLWATCH_BIN"]
STORES, DAYS, END = 10, 12, "2026-02-05"


def run(*arguments):
    # A training's threads that spin for each other are slow where others work too.
    environment = dict(os.environ, OMP_WAIT_POLICY="passive")
    done = subprocess.run([BIN, *arguments], capture_output=True, text=True, timeout=800, env=environment)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def month(folder):
    out = run("demo", "--once", "--stores", str(STORES), "--days", str(DAYS), "--end", END, "--dir", folder)
    return out, os.path.join(folder, "data")


def hashes(data):
    return {part["part"]: part for part in json.loads(run("rebuild", "--verify", "--json", "--data", data))["parts"]}


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.out, cls.data = month(os.path.join(cls.folder.name, "first"))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_it_says_who_can_sign_in(self):
        self.assertIn("Sign in as maria (manager)", self.out)
        self.assertIn("The live day is in", self.out)
        users = run("users", "list", "--data", self.data)
        for name in ("ana", "ben", "chen", "dora", "maria", "sam", "rita"):
            self.assertIn(name, users)

    def test_the_team_has_worked(self):
        alerts = json.loads(run("alerts", "list", "--limit", "500", "--json", "--data", self.data))
        self.assertIn("CLOSED", {alert["status"] for alert in alerts})
        cases = run("cases", "list", "--data", self.data)
        self.assertIn("CLOSED", cases)
        self.assertGreater(cases.count("C-00"), 5)

    def test_the_journal_rebuilds_the_month(self):
        for part in hashes(self.data).values():
            self.assertTrue(part["equal"], part)

    def test_the_same_end_gives_the_same_month(self):
        other = month(os.path.join(self.folder.name, "second"))[1]
        first, second = hashes(self.data), hashes(other)
        for part in ("alerts", "verdicts", "work", "log"):
            self.assertEqual(first[part]["live"], second[part]["live"], part)


if __name__ == "__main__":
    unittest.main()
