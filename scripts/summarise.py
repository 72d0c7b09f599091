# SPDX-License-Identifier: Apache-2.0
"""Adds one JUnit file to the sums of ./test: summarise.py NAME JUNIT.xml LOG_DIR

A ctest is one program; where it names its cases (cmocka, unittest) the cases are counted, else the
program. Appends "passed failed skipped" to counts, and one line each to skips and failures; prints
the output of what failed.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

CMOCKA_CASE = re.compile(r"^\[ +(OK|FAILED|SKIPPED|ERROR) +\] (?!\d+ test|---)(\S+)", re.M)
UNITTEST_RAN = re.compile(r"^Ran (\d+) tests? in ", re.M)
UNITTEST_END = re.compile(r"^(?:OK|FAILED)(?: \((.*)\))?$", re.M)
SKIP_LINE = re.compile(r"^.*\bskip(?:ped|ping)?\b.*$", re.I | re.M)
SHOWN_LINES = 80


def reason_of(output, fallback):
    """The line of the output that says why something was skipped."""
    lines = [line.strip() for line in SKIP_LINE.findall(output)]
    told = [line for line in lines if not line.startswith("[ ") and " " in line]
    return (told or lines or [fallback])[0]


def cmocka_cases(output):
    """(passed, failed, skipped) by the last word that cmocka says about each case."""
    state = {}
    for word, name in CMOCKA_CASE.findall(output):
        state[name] = word
    words = list(state.values())
    skipped = words.count("SKIPPED")
    passed = words.count("OK")
    return passed, len(words) - passed - skipped, skipped


def unittest_cases(output):
    """The same from the closing lines of Python's unittest, which may run more than once."""
    ran = sum(int(n) for n in UNITTEST_RAN.findall(output))
    failed = skipped = 0
    for detail in UNITTEST_END.findall(output):
        for key, value in re.findall(r"(\w[\w ]*)=(\d+)", detail):
            if key in ("failures", "errors", "unexpected successes"):
                failed += int(value)
            elif key == "skipped":
                skipped += int(value)
    return ran - failed - skipped, failed, skipped


def counts_of(case, output):
    """(passed, failed, skipped) of one <testcase>."""
    is_bad = case.find("failure") is not None or case.find("error") is not None
    is_skipped = case.find("skipped") is not None or case.get("status") in ("notrun", "disabled")
    passed, failed, skipped = cmocka_cases(output)
    if passed + failed + skipped == 0 and UNITTEST_RAN.search(output):
        passed, failed, skipped = unittest_cases(output)
    if is_skipped and not is_bad:
        return 0, 0, max(1, passed + failed + skipped)
    if passed + failed + skipped == 0:
        return (0, 1, 0) if is_bad else (1, 0, 0)
    # A sanitizer, a crash or a time-out fails the program though no case says so.
    if is_bad and failed == 0:
        failed = 1
    return passed, failed, skipped


def main():
    suite, path, log_dir = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    if not cases:
        raise SystemExit(f"{suite}: no tests were found")
    totals = [0, 0, 0]
    skips, failures = [], []
    for case in cases:
        told = [e.text or "" for e in case if e.tag in ("system-out", "failure", "error")]
        output = "\n".join(told)
        counts = counts_of(case, output)
        totals = [a + b for a, b in zip(totals, counts)]
        name = f"{suite}: {case.get('name')}"
        if counts[1]:
            failures.append(f"  {name}")
            tail = output.splitlines()[-SHOWN_LINES:]
            print(f"\n-- {name} failed\n" + "\n".join(tail))
        if counts[2]:
            skipped = case.find("skipped")
            message = skipped.get("message") if skipped is not None else None
            reason = reason_of(output, message or "no reason given")
            skips.append(f"  {name} ({counts[2]}): {reason}")
    for file, lines in (("skips", skips), ("failures", failures)):
        with open(log_dir / file, "a", encoding="utf-8") as out:
            out.writelines(line + "\n" for line in lines)
    with open(log_dir / "counts", "a", encoding="utf-8") as out:
        out.write("%d %d %d\n" % tuple(totals))
    print(f"{suite}: {totals[0]} passed, {totals[1]} failed, {totals[2]} skipped")


if __name__ == "__main__":
    main()
