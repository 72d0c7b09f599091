# SPDX-License-Identifier: Apache-2.0
"""What the baselines share: reading records, timing, and one JSON line for each figure.

The baselines are the system that one would write instead of Tillwatch, from the usual parts. They
are written the way their own manuals show, neither tuned to the last nor slowed down.
"""
import gzip
import json
import os
import pathlib
import platform
import statistics
import subprocess
import time

import numpy
import pandas

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DAY_S = 86400
FDH_START = "2018-04-01T00:00:00Z"


def machine():
    """CPU, cores and memory in one short text."""
    model = "unknown CPU"
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, {memory_gb:.0f} GB, Python {platform.python_version()}"


def emit(name, values, unit, n, **more):
    """Prints one figure. `values` are the runs; lower is better for times, higher for rates."""
    is_rate = unit.endswith("/s")
    best = max(values) if is_rate else min(values)
    median = statistics.median(values)
    best, median = float(f"{best:.5g}"), float(f"{median:.5g}")
    line = {"name": name, "value": median, "unit": unit, "n": n, "best": best, "median": median,
            "runs": len(values), "machine": machine(), **more}
    print(json.dumps(line), flush=True)


def timed(function, rounds):
    """Seconds of each of `rounds` calls, and the last result."""
    seconds, result = [], None
    for _ in range(rounds):
        start = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - start)
    return seconds, result


def plain_path(path, folder):
    """The path itself, or an unpacked copy in `folder` when it is .zst or .gz."""
    path = pathlib.Path(path)
    target = pathlib.Path(folder) / path.stem
    if path.suffix == ".zst":
        subprocess.run(["zstd", "-q", "-d", "-f", str(path), "-o", str(target)], check=True)
        return target
    if path.suffix == ".gz":
        with gzip.open(path) as packed:
            target.write_bytes(packed.read())
        return target
    return path


def account_of(row_tenders, customers, loyalties):
    """The card or customer of each record: first tender's token, else customer, else loyalty id."""
    accounts = []
    for tenders, customer, loyalty in zip(row_tenders, customers, loyalties):
        token = ""
        if isinstance(tenders, list) and tenders:
            token = tenders[0].get("account_token") or ""
        for other in (customer, loyalty):
            if not token and isinstance(other, str):
                token = other
        accounts.append(token)
    return accounts


def read_ndjson(path):
    """Canonical NDJSON as pandas reads it, in pieces, keeping the columns that windows need."""
    wanted = ["transaction_id", "store_id", "register_id", "employee_id", "transaction_time",
              "transaction_total", "refund_flag", "void_flag"]
    pieces = []
    with pandas.read_json(path, lines=True, chunksize=100_000, dtype=False,
                          convert_dates=False) as reader:
        for chunk in reader:
            piece = chunk[wanted].copy()
            missing = [None] * len(chunk)
            piece["account"] = account_of(chunk.get("tenders", missing),
                                          chunk.get("customer_id", missing),
                                          chunk.get("loyalty_id", missing))
            pieces.append(piece)
    return pandas.concat(pieces, ignore_index=True)


def read_frame(path, is_fdh=False):
    """Records in time order: time (UTC), time_s, employee, register, store, account, amount,
    refund, void, bad. `path` is plain: canonical NDJSON, the eleven-column CSV, or the handbook's
    CSV."""
    if is_fdh:
        raw = pandas.read_csv(path)
        time_s = raw.t_sec + int(pandas.Timestamp(FDH_START).timestamp())
        frame = pandas.DataFrame({
            "time_s": time_s, "employee": "1", "store": "1",
            "register": raw.terminal_id.astype(str), "account": raw.customer_id.astype(str),
            "amount": raw.amount, "refund": 0, "void": 0, "bad": raw.fraud})
    else:
        raw = read_ndjson(path) if str(path).endswith(("json", "jsonl")) else pandas.read_csv(path)
        # Through numpy's own unit: the resolution of a parsed column differs between releases.
        instants = pandas.to_datetime(raw.transaction_time, utc=True).dt.tz_localize(None)
        time_s = instants.values.astype("datetime64[s]").astype("int64")
        frame = pandas.DataFrame({
            "time_s": time_s, "employee": raw.employee_id.astype(str),
            "store": raw.store_id.astype(str), "register": raw.register_id.astype(str),
            "account": raw.account if "account" in raw else "",
            "amount": pandas.to_numeric(raw.transaction_total),
            "refund": raw.refund_flag.astype(int), "void": raw.void_flag.astype(int)})
        frame["bad"] = numpy.maximum(frame.refund, frame.void)
    frame = frame.sort_values("time_s", kind="stable").reset_index(drop=True)
    frame["time"] = pandas.to_datetime(frame.time_s, unit="s")
    return frame
