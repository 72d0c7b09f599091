#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A full disk: new facts are refused with 507, reading goes on, and room heals it.

Runs on a small file system in memory, which needs the right to mount one. Without it the test is
skipped; the same behaviour is tested over the faulty adapters in tests/unit/test_service.c.
"""
import os
import subprocess
import sys
import tempfile
import unittest

from driver import Client, Server, lines_of, run, run_json, simulate, token_of

SIZE_MB = 128


def mount(folder):
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", folder],
                          capture_output=True, check=False).returncode == 0


class DiskFull(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tillwatch-full-")
        self.disk = os.path.join(self.folder.name, "disk")
        os.mkdir(self.disk)
        if not mount(self.disk):
            self.folder.cleanup()
            self.skipTest("no right to mount a small file system")

    def tearDown(self):
        subprocess.run(["umount", "-l", self.disk], check=False)
        self.folder.cleanup()

    def test_refuses_reads_on_and_recovers(self):
        sim, data = os.path.join(self.folder.name, "sim"), os.path.join(self.disk, "data")
        # The journal's log has room of its own for some 16 MB, so it takes as much until it notices.
        simulate(sim, 20, 14, 9)
        lines = lines_of(os.path.join(sim, "transactions.ndjson"))
        run("init", data=data)
        server = Server(data).start(new_link=True)
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        client = Client(server.address, token_of(server))
        parts = [lines[i:i + 2000] for i in range(0, len(lines), 2000)]
        self.assertEqual(self.post(client, parts[0]), 200)
        filler = os.path.join(self.disk, "filler")
        handle = os.open(filler, os.O_WRONLY | os.O_CREAT)
        try:
            while os.write(handle, b"x" * 4096) == 4096:
                pass
        except OSError:
            pass
        os.close(handle)
        refused = None
        for i, part in enumerate(parts[1:], 1):
            status = self.post(client, part)
            self.assertIn(status, (200, 507))
            if status == 507:
                refused = i
                break
        self.assertIsNotNone(refused, "the disk never became full")
        # At once: a small fact of the server's own may find room later.
        self.assertEqual(client.call("GET", "/readyz")[0], 503)
        for path in ("/v1/summary", "/v1/alerts", "/v1/signals"):
            self.assertEqual(client.call("GET", path)[0], 200)
        status, known = client.json("POST", "/v1/transactions", parts[0][0])
        self.assertIn(status, (200, 507))
        os.remove(filler)
        for part in parts[refused:refused + 3]:
            self.assertEqual(self.post(client, part), 200)
        self.assertEqual(client.call("GET", "/readyz")[0], 200)
        client.close()
        server.stop()
        result = run_json("rebuild", "--verify", data=data)
        self.assertTrue(result["equal"])

    @staticmethod
    def post(client, part):
        status, _ = client.call("POST", "/v1/transactions", "\n".join(part), "application/x-ndjson")
        return status


if __name__ == "__main__":
    program = unittest.main(exit=False)
    sys.exit(77 if program.result.skipped else not program.result.wasSuccessful())
