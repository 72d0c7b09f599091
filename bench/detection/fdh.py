#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The public card-payment benchmark through the product, beside the published figures.

Everything that a chain would do: `import` with a mapping, `verdicts import` of labels that were
decided a week after each transaction, `train` on a week, `score` with the model that came out of
it. The metrics are computed here, from scores and labels alone, by the published protocol
(fdh_protocol.py); `tillwatch evaluate` must find the same AUC and average precision.

  bench/detection/fdh.sh                  the table
  bench/detection/fdh.sh --check          first the published models in scikit-learn
"""

import argparse
import csv
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

import fdh_protocol as protocol

SKIPPED = 77
HERE = os.path.dirname(os.path.abspath(__file__))


def date(day):
    """Of a day number, as the commands take it."""
    return (datetime.date(2018, 4, 1) + datetime.timedelta(days=int(day))).isoformat()


class Product:
    """A data directory and the commands on it."""

    def __init__(self, program, directory):
        self.program, self.directory, self.seconds = program, directory, {}

    def run(self, command, *args):
        """Output of a command; its wall seconds are added up by its name."""
        start = time.monotonic()
        words = command.split()
        done = subprocess.run(
            [self.program, *words, "--data", self.directory, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
        self.seconds[command] = self.seconds.get(command, 0.0) + time.monotonic() - start
        if done.returncode != 0:
            sys.exit(f"fdh: tillwatch {command}: {done.stderr.decode().strip()}")
        return done.stdout.decode()

    def json(self, command, *args):
        """The same with --json, read."""
        return json.loads(self.run(command, *args, "--json"))


# The longest window of verdicts looks 30 days back from 7 days ago; earlier labels reach no row.
FIRST_LABEL = protocol.CHAPTER_7 - protocol.DELAY_DAYS - 30


def write_inputs(data, source, last_day, work):
    """The transactions up to a day, and their labels as verdicts a week later; how many of both."""
    text = protocol.read_zst(source)
    n = int(np.searchsorted(data.day, last_day + 1))
    lines = text.split(b"\n", n + 1)[: n + 1]
    with open(os.path.join(work, "transactions.csv"), "wb") as out:
        out.write(b"\n".join(lines) + b"\n")
    with open(os.path.join(work, "labels.csv"), "w", encoding="ascii") as out:
        out.write("transaction_id,fraud,decided_at\n")
        first = int(np.searchsorted(data.day, FIRST_LABEL))
        for i, line in enumerate(lines[1 + first :], first):
            decided = protocol.EPOCH_S + int(line.split(b",", 1)[0]) + protocol.DELAY_DAYS * 86400
            when = datetime.datetime.fromtimestamp(decided, datetime.timezone.utc)
            out.write(f"fdh-{i},{data.fraud[i]},{when:%Y-%m-%dT%H:%M:%SZ}\n")
    return n, n - first


def read_scores(path, rows, column):
    """Scores of those rows; the file may hold others."""
    wanted = {int(r): at for at, r in enumerate(rows)}
    scores = np.full(len(rows), np.nan)
    with open(path, encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            at = wanted.get(int(line["transaction_id"][4:]))
            if at is not None:
                scores[at] = float(line[column] or "nan")
    if np.isnan(scores).any():
        sys.exit(f"fdh: {np.isnan(scores).sum()} rows have no {column}")
    return scores


def evaluate(product, data, rows, scores, work):
    """AUC and AP of the same scores by the product's own command, for comparison."""
    labels, table = os.path.join(work, "test-labels.csv"), os.path.join(work, "test-scores.csv")
    with open(labels, "w", encoding="ascii") as out:
        out.write("transaction_id,fraud\n")
        out.writelines(f"fdh-{i},{data.fraud[i]}\n" for i in rows)
    with open(table, "w", encoding="ascii") as out:
        out.write("transaction_id,risk_score\n")
        out.writelines(f"fdh-{i},{s:.9g}\n" for i, s in zip(rows, scores))
    found = product.json("evaluate", "--labels", labels, "--scores", table)
    return found["auc"], found["ap"]


def fold(product, data, train_day, work, column, extra=()):
    """Trains on a week, scores the test week, measures."""
    test_day = train_day + protocol.WEEK + protocol.DELAY_DAYS
    trained = product.json(
        "train", "--from", date(train_day), "--to", date(train_day + protocol.WEEK),
        "--label-delay", f"{protocol.DELAY_DAYS}d", "--no-promote", *extra,
    )  # fmt: skip
    out = os.path.join(work, "scores.csv")
    product.run(
        "score", "--model", trained["model_id"], "--from", date(test_day),
        "--to", date(test_day + protocol.WEEK), "--out", out,
    )  # fmt: skip
    rows = data.test_rows(train_day)
    scores = read_scores(out, rows, column)
    found = protocol.measure(data, rows, scores)
    own = evaluate(product, data, rows, scores, work)
    if abs(own[0] - found[0]) > 1e-3 or abs(own[1] - found[1]) > 1e-3:
        sys.exit(f"fdh: evaluate says AUC {own[0]}, AP {own[1]}; here they are {found[:2]}")
    return found, trained["model_id"]


def print_row(title, figures, spread=None):
    """One line of the table."""
    text = "  ".join(f"{f:6.3f}" for f in figures)
    note = f"   AP +-{spread:.3f} over the folds" if spread is not None else ""
    print(f"  {title:<34}{text}{note}", flush=True)


def print_published(chapter, title):
    """The head of a chapter's table."""
    print(f"\n{chapter}: {title}\n  {'':<34}{'AUC':>6}  {'AP':>6}  {'CP@100':>6}")
    for name, *figures in protocol.PUBLISHED[chapter]:
        print_row(name, figures)


def print_check(data, where):
    """Published models again, to show that this protocol is that one."""
    print("The protocol on published models (published; found here)")
    golden = os.path.join(where, "golden_features_2018-07-25_2018-08-14.csv.zst")
    for title, published, found in protocol.check(data, golden):
        print_row(title, published)
        print_row("  found here", found)


CLASSIFIED = {
    "ch.3": ("one week of training, one of test", (protocol.CHAPTER_3,)),
    "ch.5": ("mean of four later weeks", protocol.CHAPTER_5),
}


def bring(product, work, n, label_n):
    """Transactions and labels into a new data directory."""
    product.run("init")
    mapping = os.path.join(HERE, "fdh.yaml")
    product.run("import", "--map", mapping, os.path.join(work, "transactions.csv"))
    print(f"{n:,} transactions imported in {product.seconds['import']:.1f} s", flush=True)
    product.run("verdicts import", os.path.join(work, "labels.csv"))
    print(f"{label_n:,} delayed labels in {product.seconds['verdicts import']:.1f} s", flush=True)


def run(args, data, where, work):
    """Imports once, then each chapter."""
    product = Product(args.tillwatch, os.path.join(work, "data"))
    last_day = max(protocol.CHAPTER_5) + 3 * protocol.WEEK - 1
    n, label_n = write_inputs(data, os.path.join(where, "transactions.csv.zst"), last_day, work)
    if not os.path.exists(product.directory):
        bring(product, work, n, label_n)
    extra = ["--quick"] if args.quick else []
    for chapter, (title, folds) in CLASSIFIED.items():
        if chapter not in args.chapters:
            continue
        print_published(chapter, title)
        found = np.array(
            [fold(product, data, day, work, "risk_score", extra)[0] for day in folds]
        )
        spread = found[:, 1].std() if len(folds) > 1 else None
        print_row("Tillwatch", found.mean(axis=0), spread)
    if "ch.7" in args.chapters:
        print_published("ch.7", "no labels: the outlier model of one week")
        found = fold(product, data, protocol.CHAPTER_7, work, "outlier", ["--quick"])
        print_row("Tillwatch", found[0])
    print("\nseconds: " + ", ".join(f"{k} {v:.1f}" for k, v in product.seconds.items()))


def main():
    """Options; 77 where the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tillwatch", default=os.path.join(HERE, "../../build/tillwatch"))
    parser.add_argument("--chapters", nargs="*", default=["ch.3", "ch.5", "ch.7"])
    parser.add_argument("--check", action="store_true", help="first the published models")
    parser.add_argument("--quick", action="store_true", help="no search of parameters")
    parser.add_argument("--work", help="directory for the data, kept and used again")
    args = parser.parse_args()
    where = protocol.data_dir()
    if where is None:
        print("skipped: the public data is not beside the checkout (TILLWATCH_FDH_DIR)")
        return SKIPPED
    data = protocol.Transactions(os.path.join(where, "transactions.csv.zst"))
    if args.check:
        print_check(data, where)
    if args.work:
        os.makedirs(args.work, exist_ok=True)
        run(args, data, where, args.work)
    else:
        with tempfile.TemporaryDirectory() as work:
            run(args, data, where, work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
