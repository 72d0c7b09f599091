#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models change while the program works: promotions and rollbacks under load, kill -9 during trainings and
promotions, files that are none. Whatever happens, a whole model is in charge, every record has one answer,
and the journal alone gives the same scores again.
The seed is printed; TILLWATCH_SEED repeats the moments of the kills (TILLWATCH_KILLS of them).
"""
import collections
import csv
import http.client
import json
import os
import random
import sys
import tempfile
import threading
import time
import unittest

from driver import Client, Server, lines_of, run, run_json, simulate, token_of

KILLS = int(os.environ.get("TILLWATCH_KILLS", "10"))
SEED = int(os.environ.get("TILLWATCH_SEED", str(random.SystemRandom().randrange(1 << 30))))
CLIENTS = 3
LABELS = 900


def some_labels(sim, out):
    """Every fraud, and others up to LABELS: enough to learn from, little to read."""
    with open(os.path.join(sim, "labels.csv"), encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    fraud = [r for r in rows if r["fraud"] == "1"][:LABELS // 2]
    honest = [r for r in rows if r["fraud"] == "0"]
    honest = honest[::max(1, len(honest) // (LABELS - len(fraud)))]
    with open(out, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["transaction_id", "fraud"])
        table.writerows([r["transaction_id"], r["fraud"]] for r in fraud + honest)


class Poster(threading.Thread):
    """Posts its records one by one; each must be accepted, none refused for good."""

    def __init__(self, address, headers, records):
        super().__init__(daemon=True)
        self.client = Client(address, headers)
        self.records = records
        self.replies = []
        self.failure = None

    def run(self):
        try:
            for record in self.records:
                status, reply = self.client.json("POST", "/v1/transactions", record)
                while status in (429, 503):
                    time.sleep(0.01)
                    status, reply = self.client.json("POST", "/v1/transactions", record)
                assert status == 200, reply
                self.replies.append(reply)
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure
        self.client.close()


class ModelSwapTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"seed {SEED}, {KILLS} kills", file=sys.stderr)
        cls.folder = tempfile.TemporaryDirectory(prefix="tillwatch-swap-")
        cls.sim = os.path.join(cls.folder.name, "sim")
        simulate(cls.sim, 3, 10, 5, "--fraud-rate", "0.2")
        cls.records = lines_of(os.path.join(cls.sim, "transactions.ndjson"))
        cls.known, cls.later = cls.records[:-3000], cls.records[-3000:]
        first = os.path.join(cls.folder.name, "first.ndjson")
        with open(first, "w", encoding="utf-8") as file:
            file.write("\n".join(cls.known) + "\n")
        labels = os.path.join(cls.folder.name, "labels.csv")
        some_labels(cls.sim, labels)
        cls.data = os.path.join(cls.folder.name, "data")
        run("init", data=cls.data)
        run("import", first, os.path.join(cls.sim, "shifts.ndjson"), "--quiet", data=cls.data)
        run_json("verdicts", "import", labels, data=cls.data)
        cls.trained = run_json("train", "--quick", "--no-promote", "--label-delay", "1d", data=cls.data)
        assert cls.trained["kind"] == "classifier", cls.trained

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def champion(self):
        return [m["model_id"] for m in run_json("models", "list", data=self.data) if m["state"] == "champion"]

    def test_1_files_that_are_none(self):
        before = self.champion()
        out = os.path.join(self.folder.name, "export")
        run("models", "export", self.trained["model_id"], "--out", out, data=self.data)
        whole = os.path.join(out, "model.twm")
        cut = os.path.join(self.folder.name, "cut.twm")
        with open(whole, "rb") as file:
            content = file.read()
        for size in (0, 7, 100, len(content) // 2, len(content) - 1):
            with open(cut, "wb") as file:
                file.write(content[:size])
            done = run("models", "import", cut, "--promote", data=self.data, ok=False)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        done = run("models", "import", os.path.join(self.sim, "labels.csv"), data=self.data, ok=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.champion(), before)

    def test_2_show_diff_and_export(self):
        shown = run_json("models", "show", self.trained["model_id"], data=self.data)
        self.assertEqual(shown["state"], "challenger")
        self.assertEqual(shown["parent"], self.champion()[0])
        for key in ("rows", "params", "metrics", "reliability", "importance"):
            self.assertIn(key, shown["metadata"])
        self.assertIn("reason", shown["decision"])
        rows = run_json("models", "diff", self.champion()[0], self.trained["model_id"], data=self.data)
        self.assertIn("kind", [r["name"] for r in rows])
        for form, name in (("xgboost-json", "model.json"), ("xgboost-ubj", "model.ubj"), ("mlmodel", "MLmodel")):
            out = os.path.join(self.folder.name, form)
            run("models", "export", self.trained["model_id"], "--out", out, "--format", form, data=self.data)
            self.assertTrue(os.path.getsize(os.path.join(out, name)) > 0)
        card = os.path.join(self.data, "models", self.trained["model_id"], "MODEL_CARD.md")
        self.assertTrue(os.path.getsize(card) > 0)

    def test_3_swaps_under_load(self):
        server = Server(self.data).start(new_link=True)
        headers = token_of(server, ["admin", "ingest", "read"])
        half = self.later[:1500]
        posters = [Poster(server.address, headers, half[i::CLIENTS]) for i in range(CLIENTS)]
        for poster in posters:
            poster.start()
        client, swaps = Client(server.address, headers), 0
        while any(p.is_alive() for p in posters) or swaps < 4:
            path = "rollback" if swaps % 2 else self.trained["model_id"] + "/promote"
            status, reply = client.json("POST", f"/v1/models/{path}", {"reason": "test"})
            self.assertEqual(status, 200, reply)
            swaps += 1
        client.close()
        for poster in posters:
            poster.join()
            self.assertIsNone(poster.failure)
        replies = [r for p in posters for r in p.replies]
        self.assertEqual(len(replies), len(half))
        self.assertFalse(any(r.get("duplicate") for r in replies))
        server.stop()
        out = os.path.join(self.folder.name, "scores.csv")
        run("score", "--out", out, data=self.data)
        ids = collections.Counter(line.split(",")[0] for line in lines_of(out)[1:])
        self.assertEqual([known for known, n in ids.items() if n != 1], [])
        self.assertEqual(len(ids), len(self.known) + len(half))
        self.assertTrue(run_json("rebuild", "--verify", data=self.data)["equal"])
        print(f"{swaps} swaps while {len(half)} records were posted", file=sys.stderr)

    def test_4_kills_during_trainings_and_promotions(self):
        rng = random.Random(SEED)
        server = Server(self.data).start(new_link=True)
        headers = token_of(server, ["admin", "ingest", "read"])
        for kill in range(KILLS):
            client = Client(server.address, headers)
            if kill % 2 == 0:
                status, _ = client.json("POST", "/v1/trainings", {"quick": True})
                self.assertIn(status, (202, 409))
                time.sleep(rng.uniform(0.0, 4.0))
            else:
                killer = threading.Timer(rng.uniform(0.0, 0.2), server.kill)
                killer.start()
                self.swap_until_it_dies(client)
                killer.join()
            client.close()
            if kill % 2 == 0:
                server.kill()
            known = {m["model_id"]: m for m in run_json("models", "list", data=self.data)}
            server = Server(self.data).start()
            client = Client(server.address, headers)
            status, models = client.json("GET", "/v1/models")
            self.assertEqual(status, 200)
            client.close()
            champions = [m for m in run_json("models", "list", data=self.data) if m["state"] == "champion"]
            self.assertEqual(len(champions), 1)
            self.assertTrue(set(known) <= {m["model_id"] for m in run_json("models", "list", data=self.data)})
        server.stop()
        self.assertTrue(run_json("rebuild", "--verify", data=self.data)["equal"])
        self.assertTrue(run_json("doctor", data=self.data)["ok"])

    def swap_until_it_dies(self, client):
        try:
            for turn in range(1000):
                path = "rollback" if turn % 2 else self.trained["model_id"] + "/promote"
                client.json("POST", f"/v1/models/{path}", {"reason": "test"})
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return


if __name__ == "__main__":
    unittest.main()
