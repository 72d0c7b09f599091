#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What verdicts are worth: simulated chains, round by round, with investigators who err.

Each chain (a seed, a number of habits) is imported in pieces of time. After each piece the
investigators decide the alerts that are old enough, the product trains, and the next piece comes.
The same chain runs a second time with investigators who close every alert without a conclusion:
the difference is what was learned. Everything goes through the commands: simulate, import, alerts
list, verdicts import, train, score. Labels are read to play the investigators and to measure.

  loop.py --chains 41:1 42:2 --stores 40 --days 56 --every 7
  loop.py --chains 41:1 --days 35 --rounds 21     verdicts and training once, then two weeks

Chain SEED:HABITS. Seeds 41 to 46 with habits 1 to 6 served development; report others.
"""

import argparse
import collections
import concurrent.futures
import csv
import datetime
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

THRESHOLD = 0.8
THIEF_DEEDS = 3  # who has fewer in the measured span is nobody that an alert could be about
RESAMPLES = 500
START = datetime.date(2026, 1, 5)
HERE = os.path.dirname(os.path.abspath(__file__))
REASONS = {
    "CONFIRMED": "evidence_video",
    "REFUTED": "expected_activity",
    "OPERATIONAL": "training_need",
    "INCONCLUSIVE": "no_evidence",
}


def run(args, command, *words):
    """Output of a command of the product."""
    done = subprocess.run(
        [args.tillwatch, *command.split(), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"tillwatch {command}: {done.stderr.decode().strip()}")
    return done.stdout.decode()


def luck(*parts):
    """A number in [0, 1) that depends on the parts alone."""
    digest = hashlib.sha256("|".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64


# --- a chain -------------------------------------------------------------------------------------


def text_after(line, mark):
    """The text value that follows a mark in a line of JSON, '' without one."""
    at = line.find(mark)
    return "" if at < 0 else line[at + len(mark) : line.index('"', at + len(mark))]


class Chain:
    """Simulated files, cut into pieces by days of arrival, with their labels."""

    def __init__(self, args, name, work):
        self.name, self.dir = name, os.path.join(work, name.replace(":", "-"))
        seed, habits = name.split(":")
        run(
            args, "simulate", "--seed", seed, "--habits", habits, "--stores", str(args.stores),
            "--days", str(args.days), "--start", START.isoformat(), "--out", self.dir, "--quiet",
        )  # fmt: skip
        self.fraud = self.read_labels()
        self.pieces = args.pieces
        self.cut("transactions.ndjson", '"transaction_time":"')
        self.cut("shifts.ndjson", '"time":"')
        self.cut("movements.ndjson", '"time":"')

    def read_labels(self):
        """transaction_id -> [scheme, thief, day] of the frauds; the thief comes with cut."""
        with open(os.path.join(self.dir, "labels.csv"), encoding="utf-8", newline="") as file:
            return {
                r["transaction_id"]: [r["scheme"], "", 0]
                for r in csv.DictReader(file)
                if r["fraud"] == "1"
            }

    def note(self, line, day):
        """Who a labelled transaction belongs to: the employee, or the card of a ring."""
        fraud = self.fraud.get(text_after(line, '"transaction_id":"'))
        if fraud is None:
            return
        who = text_after(line, '"employee_id":"')
        if fraud[0] == "return_ring":
            who = (
                text_after(line, '"customer_id":"')
                or text_after(line, '"account_token":"')
                or "ring"
            )
        fraud[1], fraud[2] = who, day

    def cut(self, name, mark):
        """One file for each piece; a piece begins with the first record of its days."""
        path = os.path.join(self.dir, name)
        piece, out = 0, None
        is_sale = name.startswith("transactions")
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                day = (datetime.date.fromisoformat(text_after(line, mark)[:10]) - START).days
                while piece < len(self.pieces) and day >= self.pieces[piece]:
                    piece += 1
                    out = None
                if out is None:
                    out = open(f"{path}.{piece}", "w", encoding="utf-8")
                out.write(line)
                if is_sale:
                    self.note(line, day)
        os.remove(path)

    def files(self, piece):
        """Paths of a piece that exist."""
        names = ("transactions.ndjson", "shifts.ndjson", "movements.ndjson")
        paths = [os.path.join(self.dir, f"{n}.{piece}") for n in names]
        return [p for p in paths if os.path.exists(p)]

    def thieves(self, first, last):
        """Who has enough frauds in [first, last), with their transactions."""
        deeds = collections.defaultdict(set)
        for transaction, (scheme, who, day) in self.fraud.items():
            if first <= day < last:
                deeds[scheme, who].add(transaction)
        return {k: v for k, v in deeds.items() if len(v) >= THIEF_DEEDS}


# --- investigators -------------------------------------------------------------------------------


def day_of(time):
    """Days since the chain's first, of a time in RFC 3339."""
    moment = datetime.datetime.fromisoformat(time.replace("Z", "+00:00"))
    start = datetime.datetime.combine(START, datetime.time(), datetime.timezone.utc)
    return (moment - start).total_seconds() / 86400.0


def is_right(chain, alert, rule):
    """Whether the alert is about theft: any of its transactions is, or more than half."""
    hits = sum(t in chain.fraud for t in alert["transaction_ids"])
    return hits > 0 if rule == "any" else 2 * hits > len(alert["transaction_ids"])


def conclude(args, chain, alert, teach):
    """(verdict, delay in days) of an alert; the same for every run of the chain."""
    key = (chain.name, alert["entity"]["id"], alert["scheme"], alert["created_at"])
    delay = 1.0 + 6.0 * luck(*key, "delay")
    if not teach or luck(*key, "open") < args.inconclusive:
        return "INCONCLUSIVE", delay
    right = is_right(chain, alert, args.right)
    if luck(*key, "wrong") < args.wrong:
        right = not right
    if right:
        return "CONFIRMED", delay
    return ("OPERATIONAL" if luck(*key, "kind") < 0.2 else "REFUTED"), delay


def bring(args, path, data):
    """Imports verdicts; all of them must be taken."""
    done = json.loads(run(args, "verdicts import", path, "--data", data, "--json"))
    if done["rejected"] or done.get("unknown"):
        raise RuntimeError(f"verdicts were refused: {done}")


def decide(args, chain, data, day, done, teach):
    """Gives the verdicts that are ready by a day; how many."""
    rows = []
    for alert in json.loads(run(args, "alerts list", "--data", data, "--json")):
        if alert["alert_id"] in done:
            continue
        verdict, delay = conclude(args, chain, alert, teach)
        decided = day_of(alert["created_at"]) + delay
        if decided > day:
            continue
        done.add(alert["alert_id"])
        when = datetime.datetime.combine(START, datetime.time()) + datetime.timedelta(days=decided)
        rows.append((alert["alert_id"], verdict, REASONS[verdict], f"{when:%Y-%m-%dT%H:%M:%SZ}"))
    if not rows:
        return 0
    path = data + ".verdicts.csv"
    with open(path, "w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(("alert_id", "verdict", "reason", "decided_at"))
        table.writerows(rows)
    bring(args, path, data)
    return len(rows)


def audit(args, chain, data, day, done):
    """Judges a share of all transactions by their labels: what a random check would find."""
    path, n = data + ".audit.csv", 0
    piece = next(i for i, last in enumerate(chain.pieces) if last == day)
    with open(path, "w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(("transaction_id", "verdict", "reason"))
        with open(chain.files(piece)[0], encoding="utf-8") as lines:
            for line in lines:
                transaction = text_after(line, '"transaction_id":"')
                if transaction in done or luck(chain.name, transaction, "audit") >= args.audit:
                    continue
                done.add(transaction)
                verdict = "CONFIRMED" if transaction in chain.fraud else "REFUTED"
                table.writerow((transaction, verdict, REASONS[verdict]))
                n += 1
    if n:
        bring(args, path, data)
    return n


def follow(args, chain, teach):
    """One run of a chain, piece by piece; the alerts at the end and what each round did."""
    data = os.path.join(chain.dir, "taught" if teach else "closed")
    done, notes = set(), []
    run(args, "init", "--data", data)
    for piece, day in enumerate(chain.pieces):
        run(args, "import", "--data", data, *chain.files(piece))
        note = {"day": day, "verdicts": 0, "train": ""}
        if day < chain.pieces[-1]:
            note["verdicts"] = decide(args, chain, data, day, done, teach)
            if teach and args.audit > 0:
                audit(args, chain, data, day, done)
            if teach and not args.no_train:
                note["train"] = train(args, data)
        notes.append(note)
    alerts = json.loads(run(args, "alerts list", "--data", data, "--json"))
    scores = read_scores(args, chain, data)
    return alerts, scores, notes


def train(args, data):
    """Trains; what came of it, in a word."""
    try:
        trained = json.loads(run(args, "train", "--data", data, "--json", *args.quick_train))
    except RuntimeError as error:
        return str(error)
    decision = trained.get("decision") or {}
    said = trained.get("why") or decision.get("reason") or ""
    if trained.get("kind") != "classifier":
        return f"no classifier: {said}"
    return ("promoted: " if trained.get("promoted") else "stays challenger: ") + said


def read_scores(args, chain, data):
    """(flagged frauds, flagged others) by day of piece: transaction_id -> risk, 0.8 and above."""
    path = data + ".scores.csv"
    run(args, "score", "--data", data, "--out", path)
    flagged = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            risk = float(row["risk_score"])
            if risk >= THRESHOLD:
                flagged[row["transaction_id"]] = risk
    os.remove(path)
    return flagged


# --- figures -------------------------------------------------------------------------------------


class Span:
    """What one run of one chain gave between two days."""

    def __init__(self, chain, alerts, flagged, first, last, rule):
        opened = [a for a in alerts if first <= day_of(a["created_at"]) < last]
        # (who it is about, is right, risk, scheme, thieves found), strongest first.
        self.thieves = chain.thieves(first, last)
        self.alerts = sorted(
            (self.see(chain, a, rule) for a in opened), key=lambda a: (-a[2], a[0], a[3])
        )
        frauds = {t for t, f in chain.fraud.items() if first <= f[2] < last}
        self.fraud_n = len(frauds)
        self.fraud_found = sum(t in flagged for t in frauds)
        self.name = chain.name
        self.weeks = (last - first) / 7.0

    def see(self, chain, alert, rule):
        """An alert as a row."""
        members = set(alert["transaction_ids"])
        found = {k for k, deeds in self.thieves.items() if deeds & members}
        return (
            f"{chain.name}/{alert['entity']['id']}",
            is_right(chain, alert, rule),
            alert["risk_score"],
            alert["scheme"],
            found,
        )


def precision(spans, keep=lambda _: 1):
    """Share of right alerts; keep gives the times that an entity was drawn."""
    right = sum(keep(a[0]) for s in spans for a in s.alerts if a[1])
    n = sum(keep(a[0]) for s in spans for a in s.alerts)
    return right / n if n else float("nan")


def ladder(spans, keep=lambda _: 1):
    """[(thieves found, false alerts)] as the bar sinks from the strongest alert down."""
    rows = sorted((a + (s.name,) for s in spans for a in s.alerts), key=lambda a: -a[2])
    weight = {}
    for s in spans:
        for scheme, who in s.thieves:
            weight[s.name, (scheme, who)] = keep(f"{s.name}/{who}")
    steps, found, wrong, seen = [(0.0, 0.0)], 0.0, 0.0, set()
    for row in rows:
        for thief in row[4]:
            if (row[5], thief) not in seen:
                seen.add((row[5], thief))
                found += weight[row[5], thief]
        wrong += 0 if row[1] else keep(row[0])
        steps.append((found, wrong))
    return steps, sum(weight.values())


def at_equal_recall(before, after, keep=lambda _: 1):
    """(recall, false alerts before, after): both at the recall that the weaker one reaches."""
    (b, all_b), (a, _) = ladder(before, keep), ladder(after, keep)
    target = min(b[-1][0], a[-1][0])

    def cost(steps):
        return next(wrong for found, wrong in steps if found >= target)

    return target / all_b if all_b else float("nan"), cost(b), cost(a)


def interval(values):
    """Middle 90 % of the resamples, without those that have no value."""
    values = sorted(v for v in values if v == v)
    if not values:
        return float("nan"), float("nan")
    return values[int(0.05 * len(values))], values[min(int(0.95 * len(values)), len(values) - 1)]


def bootstrap(before, after, seed=1):
    """90 % intervals over chains and entities: of both precisions, and of the share of false
    alerts that is gone at equal recall."""
    rng = random.Random(seed)
    draws = collections.defaultdict(list)
    index = list(range(len(after)))
    for resample in range(RESAMPLES):
        picked = [rng.choice(index) for _ in index]
        counts = {}

        def keep(entity, counts=counts):
            if entity not in counts:
                u, n, p = rng.random(), 0, 0.36787944117144233
                total = p
                while u > total and n < 8:  # Poisson with mean 1
                    n += 1
                    p /= n
                    total += p
                counts[entity] = n
            return counts[entity]

        b, a = [before[i] for i in picked], [after[i] for i in picked]
        draws["before"].append(precision(b, keep))
        draws["after"].append(precision(a, keep))
        _, false_before, false_after = at_equal_recall(b, a, keep)
        if false_before > 0:
            draws["gone"].append(1.0 - false_after / false_before)
    return {k: interval(v) for k, v in draws.items()}


def line(title, before, after):
    """Alerts, precision and thieves of a span, without learning and with it."""

    def part(spans):
        n = sum(len(s.alerts) for s in spans)
        right = sum(a[1] for s in spans for a in s.alerts)
        weeks = sum(s.weeks for s in spans)
        frauds = sum(s.fraud_n for s in spans)
        recall = sum(s.fraud_found for s in spans) / frauds if frauds else float("nan")
        thieves = sum(len(s.thieves) for s in spans)
        found = sum(len(set().union(*(a[4] for a in s.alerts))) for s in spans if s.alerts)
        share = right / n if n else float("nan")
        return (
            f"{n:5d} {share:6.3f} {(n - right) / weeks:7.2f} {recall:7.3f} "
            f"{found:3d}/{thieves:<3d}"
        )

    print(f"{title:<24} | {part(before)} | {part(after)}", flush=True)


HEAD = (
    f"{'':<24} | {'closed without conclusion':<34} | {'taught'}\n"
    f"{'days':<24} | {'alerts':>5} {'right':>5} {'false/w':>7} {'recall':>7} {'thieves':>7} | "
    f"{'alerts':>5} {'right':>5} {'false/w':>7} {'recall':>7} {'thieves':>7}"
)


def by_scheme(before, after):
    """Thieves found by labelled scheme, and false alerts by the product's own."""
    kinds = sorted({k[0] for s in after for k in s.thieves})
    print(f"\n{'labelled scheme':<26} {'thieves':>8} {'closed':>8} {'taught':>8}")
    for kind in kinds:
        n = [sum(k[0] == kind for k in s.thieves) for s in after]
        found = [
            sum(
                len({k for a in s.alerts for k in a[4] if k[0] == kind}) for s in spans
            )
            for spans in (before, after)
        ]
        print(f"{kind:<26} {sum(n):>8} {found[0]:>8} {found[1]:>8}")
    print(f"\n{'alerts of scheme':<26} {'closed':>8} {'false':>8} {'taught':>8} {'false':>8}")
    for kind in sorted({a[3] for s in before + after for a in s.alerts}):
        cells = []
        for spans in (before, after):
            rows = [a for s in spans for a in s.alerts if a[3] == kind]
            cells += [len(rows), sum(not a[1] for a in rows)]
        print(f"{kind:<26} " + " ".join(f"{c:>8}" for c in cells))


def report(args, runs):
    """Round by round, then the measured span with intervals."""
    print(HEAD)
    edges = [0, *args.pieces]
    for first, last in zip(edges, edges[1:]):
        spans = [
            [Span(chain, *kind[:2], first, last, args.right) for chain, *kinds in runs
             for kind in [kinds[i]]]
            for i in (0, 1)
        ]  # fmt: skip
        line(f"{first} to {last}", *spans)
    first, last = args.measure_from, args.days
    before, after = (
        [Span(chain, *kinds[i][:2], first, last, args.right) for chain, *kinds in runs]
        for i in (0, 1)
    )
    print()
    for b, a in zip(before, after):
        line(f"{b.name} {first} to {last}", [b], [a])
    line(f"all {first} to {last}", before, after)
    bounds = bootstrap(before, after)
    recall, false_before, false_after = at_equal_recall(before, after)
    gone = "none to lose"
    if false_before and "gone" in bounds:
        low, high = bounds["gone"]
        gone = f"{1.0 - false_after / false_before:+.1%} fewer [{low:.1%}, {high:.1%}]"
    print(
        f"\nprecision of alerts: closed {precision(before):.3f} "
        f"[{bounds['before'][0]:.3f}, {bounds['before'][1]:.3f}], taught {precision(after):.3f} "
        f"[{bounds['after'][0]:.3f}, {bounds['after'][1]:.3f}]\n"
        f"at equal recall of thieves ({recall:.3f}): false alerts {false_before:.0f} -> "
        f"{false_after:.0f}, {gone}"
    )
    by_scheme(before, after)


def options():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tillwatch", default=os.path.join(HERE, "../../build/tillwatch"))
    parser.add_argument("--chains", nargs="+", default=["41:1", "42:2", "43:3"])
    parser.add_argument("--stores", type=int, default=40)
    parser.add_argument("--days", type=int, default=56)
    parser.add_argument("--every", type=int, default=7, help="days between rounds")
    parser.add_argument("--rounds", type=int, nargs="*", help="days of the rounds instead")
    parser.add_argument("--measure-from", type=int, help="first day that is measured in sum")
    parser.add_argument("--wrong", type=float, default=0.05, help="verdicts that are wrong")
    parser.add_argument("--inconclusive", type=float, default=0.05)
    parser.add_argument("--audit", type=float, default=0.0, help="transactions judged at random")
    parser.add_argument("--right", choices=("any", "most"), default="any")
    parser.add_argument("--no-train", action="store_true", help="verdicts only")
    parser.add_argument("--quick", action="store_true", help="no search of parameters")
    parser.add_argument("--jobs", type=int, default=2, help="chains at a time")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--work", help="directory for the chains, kept")
    args = parser.parse_args()
    args.quick_train = ["--quick"] if args.quick else []
    rounds = args.rounds or list(range(args.every, args.days, args.every))
    args.pieces = sorted({d for d in rounds if 0 < d < args.days} | {args.days})
    if args.measure_from is None:
        args.measure_from = args.pieces[len(args.pieces) // 2 - 1] if len(args.pieces) > 1 else 0
    return args


def follow_both(args, name, work):
    """(chain, run without conclusions, run with verdicts)."""
    chain = Chain(args, name, work)
    taught = follow(args, chain, True)
    closed = follow(args, chain, False)
    if not args.work:
        shutil.rmtree(chain.dir)
    return chain, closed, taught


def main():
    """Runs the chains, some at a time, then prints."""
    args = options()
    with tempfile.TemporaryDirectory() as temporary:
        work = args.work or temporary
        runs = []
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            for done in pool.map(lambda name: follow_both(args, name, work), args.chains):
                runs.append(done)
                for note in done[2][2]:
                    if note["train"] and not args.quiet:
                        print(
                            f"{done[0].name} day {note['day']}: {note['verdicts']} verdicts; "
                            f"{note['train']}",
                            flush=True,
                        )
        report(args, runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
