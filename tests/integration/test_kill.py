#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under load: nothing acknowledged is lost or doubled.

Clients post batches and single records while the server is killed and restarted, TILLWATCH_KILLS times
(default 100; 1000 for a long run). At the end every acknowledged record must be known with the answer
that was given, every record must be there once, and a replay of the journal must give the very state,
scores and alerts that are live (which is what an unbroken run over the same journal gives). An
investigator opens cases all the while: each that was acknowledged is there, once, whatever was tried again.
The seed is printed; TILLWATCH_SEED repeats the moments of the kills.
"""
import collections
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

KILLS = int(os.environ.get("TILLWATCH_KILLS", "100"))
SEED = int(os.environ.get("TILLWATCH_SEED", str(random.SystemRandom().randrange(1 << 30))))
CLIENTS = 3
BATCH = 40


class Producer(threading.Thread):
    """Posts its own records in order, each until it is acknowledged."""

    def __init__(self, world, records, single):
        super().__init__(daemon=True)
        self.world = world
        self.records = records
        self.single = single
        self.acknowledged = {}
        self.failure = None

    def run(self):
        try:
            at = 0
            while not self.world.done.is_set():
                at += self.post(self.records[at:at + (1 if self.single else BATCH)])
                if at >= len(self.records):
                    at = 0  # from here on all are duplicates, which get the first answer
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def post(self, part):
        """How many were acknowledged: all or none, as a reply that does not arrive says nothing."""
        address = self.world.address
        if address is None:
            time.sleep(0.002)
            return 0
        client = Client(address, self.world.headers)
        try:
            body = "\n".join(part)
            media = "application/json" if self.single else "application/x-ndjson"
            status, data = client.call("POST", "/v1/transactions", body, media)
        except (OSError, http.client.HTTPException):
            time.sleep(0.002)
            return 0
        finally:
            client.close()
        if status in (429, 503):
            time.sleep(0.01)
            return 0
        assert status == 200, (status, data[:200])
        replies = [json.loads(line) for line in data.splitlines()]
        assert len(replies) == len(part)
        for reply in replies:
            known = self.acknowledged.setdefault(reply["transaction_id"], reply)
            assert known["risk_score"] == reply["risk_score"]
        return len(part)


class Investigator(threading.Thread):
    """Opens one case after the other, each until it is acknowledged."""

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world = world
        self.cases = {}
        self.failure = None

    def run(self):
        try:
            while not self.world.done.is_set():
                self.open(f"case {len(self.cases)}")
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def open(self, title):
        address = self.world.address
        if address is None:
            time.sleep(0.002)
            return
        client = Client(address, dict(self.world.headers, **{"Idempotency-Key": title.replace(" ", "-")}))
        try:
            status, case = client.json("POST", "/v1/cases", {"title": title})
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.002)
            return
        finally:
            client.close()
        if status in (429, 503):
            time.sleep(0.01)
            return
        assert status in (200, 201), (status, case)
        assert case["title"] == title, case
        self.cases[case["case_id"]] = title


class World:
    def __init__(self):
        self.address = None
        self.headers = None
        self.done = threading.Event()


class KillTest(unittest.TestCase):
    def test_nothing_acknowledged_is_lost_or_doubled(self):
        print(f"seed {SEED}, {KILLS} kills", file=sys.stderr)
        rng = random.Random(SEED)
        with tempfile.TemporaryDirectory(prefix="tillwatch-kill-") as folder:
            sim, data = os.path.join(folder, "sim"), os.path.join(folder, "data")
            simulate(sim, 4 + KILLS // 25, 14, 5, "--fraud-rate", "0.2")
            records = lines_of(os.path.join(sim, "transactions.ndjson"))
            run("init", data=data)
            run("import", os.path.join(sim, "shifts.ndjson"), "--quiet", data=data)
            world = World()
            server = Server(data).start(new_link=True)
            world.headers = token_of(server, ["ingest", "read", "work"])
            world.address = server.address
            producers = [Producer(world, records[i::CLIENTS], i == 0) for i in range(CLIENTS)]
            investigator = Investigator(world)
            for thread in [*producers, investigator]:
                thread.start()
            kills = 0
            while kills < KILLS and investigator.is_alive() and all(p.is_alive() for p in producers):
                time.sleep(rng.uniform(0.0, 0.25))
                world.address = None
                server.kill()
                kills += 1
                server = Server(data).start()
                world.address = server.address
            world.done.set()
            for thread in [*producers, investigator]:
                thread.join(120)
                self.assertIsNone(thread.failure)
            self.assertEqual(kills, KILLS)
            self.check_cases(server, world, investigator.cases)
            self.check(server, world, producers, data, folder)
            print(f"{kills} kills, {sum(len(p.acknowledged) for p in producers)} records and "
                  f"{len(investigator.cases)} cases acknowledged", file=sys.stderr)

    def check_cases(self, server, world, acknowledged):
        client = Client(server.address, world.headers)
        known, cursor = {}, ""
        while cursor is not None:
            status, page = client.json("GET", f"/v1/cases?limit=100&cursor={cursor}")
            self.assertEqual(status, 200, page)
            known.update((case["case_id"], case["title"]) for case in page["items"])
            cursor = page["next_cursor"]
        client.close()
        self.assertGreater(len(acknowledged), 0)
        titles = collections.Counter(known.values())
        self.assertEqual([title for title, n in titles.items() if n != 1], [])
        for case_id, title in acknowledged.items():
            self.assertEqual(known.get(case_id), title, "a case was acknowledged and lost")
        self.assertLessEqual(len(known), len(acknowledged) + 1)

    def check(self, server, world, producers, data, folder):
        client = Client(server.address, world.headers)
        by_id = {}
        for producer in producers:
            by_id.update(producer.acknowledged)
        sent = {json.loads(line)["transaction_id"]: line for p in producers for line in p.records
                if json.loads(line)["transaction_id"] in by_id}
        every = list(sent.items())
        for at in range(0, len(every), 200):
            part = every[at:at + 200]
            status, body = client.call("POST", "/v1/transactions", "\n".join(line for _, line in part), "application/x-ndjson")
            self.assertEqual(status, 200)
            for (known, _), line in zip(part, body.splitlines()):
                reply = json.loads(line)
                self.assertTrue(reply["duplicate"], f"{known} was acknowledged and lost")
                for key in ("risk_score", "alert_id", "reasons"):
                    self.assertEqual(reply[key], by_id[known][key])
        client.close()
        server.stop()
        out = os.path.join(folder, "scores.csv")
        run("score", "--out", out, data=data)
        ids = collections.Counter(line.split(",")[0] for line in lines_of(out)[1:])
        self.assertEqual([known for known, n in ids.items() if n != 1], [])
        self.assertTrue(set(by_id) <= set(ids))
        self.assertTrue(run_json("rebuild", "--verify", data=data)["equal"])
        self.assertTrue(run_json("doctor", data=data)["ok"])


if __name__ == "__main__":
    unittest.main()
