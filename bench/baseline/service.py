# SPDX-License-Identifier: Apache-2.0
"""FastAPI + Redis (append-only file, fsync always): durable scored transactions at one POST each.

  python3 service.py sim/transactions.ndjson [--seconds 10] [--workers 1] [--models rules,iforest]
  python3 service.py sim/transactions.ndjson --serve     starts it and waits, for other generators

Redis and the service are started here, on a socket and a port of their own, with data in a
temporary folder, and stopped at the end. The load is wrk's, closed loop, on the same machine.
"""
import argparse
import contextlib
import itertools
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import common

HERE = pathlib.Path(__file__).resolve().parent
CONNECTIONS = (1, 16, 64)
BODIES = 20_000
START_TIMEOUT_S = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(is_ready, process, what):
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            sys.exit(f"{what} stopped with status {process.returncode}")
        with contextlib.suppress(OSError):
            if is_ready():
                return
        time.sleep(0.05)
    sys.exit(f"{what} did not answer within {START_TIMEOUT_S} s")


@contextlib.contextmanager
def running(command, what, is_ready, **options):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    try:
        wait_until(is_ready, process, what)
        yield process
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def redis_server(folder):
    path = f"{folder}/redis.sock"
    command = ["redis-server", "--port", "0", "--unixsocket", path, "--dir", folder, "--save", "",
               "--appendonly", "yes", "--appendfsync", "always"]

    def is_ready():
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)
        return True

    with running(command, "redis-server", is_ready):
        yield path


@contextlib.contextmanager
def service(redis_path, model, workers):
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "service_app:app", "--host", "127.0.0.1", "--port",
               str(port), "--workers", str(workers), "--loop", "uvloop", "--http", "httptools",
               "--log-level", "warning", "--no-access-log"]
    environment = {**os.environ, "BASELINE_REDIS": redis_path, "BASELINE_MODEL": model}

    def is_ready():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=1) as reply:
            return reply.status == 200

    with running(command, "uvicorn", is_ready, cwd=HERE, env=environment):
        yield f"http://127.0.0.1:{port}"


def drive(url, bodies, connections, seconds, run):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s",
               str(HERE / "post.lua"), url]
    environment = {**os.environ, "BASELINE_BODIES": str(bodies), "BASELINE_RUN": run}
    reply = subprocess.run(command, env=environment, check=True, text=True, capture_output=True)
    for line in reply.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[len("RESULT "):])
    sys.exit(f"wrk gave no result:\n{reply.stdout}{reply.stderr}")


def measure(url, bodies, model, options):
    for connections in CONNECTIONS:
        drive(url, bodies, connections, 2, f"warm{model}{connections}")
        results = [drive(url, bodies, connections, options.seconds, f"{model}{connections}-{i}")
                   for i in range(options.rounds)]
        failed = sum(r["failed"] for r in results)
        if failed:
            sys.exit(f"{failed} requests failed")
        n = sum(r["requests"] for r in results)
        name = f"fastapi_redis_{model}_c{connections}"
        more = {"workers": options.workers}
        rates = [r["requests"] / (r["duration_us"] / 1e6) for r in results]
        common.emit(f"{name}_rate", rates, "tx/s", n, **more)
        for key in ("p50", "p99"):
            common.emit(f"{name}_{key}", [r[f"{key}_us"] for r in results], "us", n, **more)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--models", default="rules,iforest")
    parser.add_argument("--serve", action="store_true", help="start it, print the address and wait")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bodies = pathlib.Path(folder) / "bodies.ndjson"
        source = common.plain_path(options.file, folder)
        with open(source, encoding="utf-8") as lines:
            bodies.write_text("".join(itertools.islice(lines, BODIES)), encoding="utf-8")
        for model in options.models.split(","):
            with tempfile.TemporaryDirectory() as data, redis_server(data) as redis_path, \
                    service(redis_path, model, options.workers) as url:
                if options.serve:
                    print(f"Listening on {url}", flush=True)
                    with contextlib.suppress(KeyboardInterrupt):
                        time.sleep(86400)
                    return
                measure(url, bodies, model, options)


if __name__ == "__main__":
    main()
