#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of docs/detection.md from signals.yaml and policy.h, between their markers.

    python3 src/detect/document.py [--check]

--check changes nothing and exits 1 when the page is not up to date.
"""
import pathlib
import re
import sys

try:
    import yaml
except ImportError:
    print("python3-yaml is not installed", file=sys.stderr)
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "detection.md"


def signals_table(rules):
    lines = []
    for scheme in rules["schemes"]:
        entity = scheme.get("entity", "employee")
        lines += [
            f"### {scheme['title']} (`{scheme['name']}`, {scheme['type']}, by {entity})",
            "",
            scheme["help"],
            "",
            "| signal | what it says | needs | points | parameters |",
            "|---|---|---|---|---|",
        ]
        for s in rules["signals"]:
            if s["scheme"] != scheme["name"]:
                continue
            needs = ", ".join(s.get("needs", [])) or "-"
            if "needs_not" in s:
                needs = f"no {', '.join(s['needs_not'])}"
            points = f"{'-' if s.get('effect') == 'clears' else ''}{s.get('weight', 1)}"
            parameters = ", ".join(f"{p['name']} {p['value']} {p['unit']}" for p in s.get("parameters", []))
            lines.append(f"| `{s['name']}` | **{s['title']}.** {s['help']} | {needs} | {points} | {parameters or '-'} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def policy_table(header):
    lines = ["| key | default | range | meaning |", "|---|---|---|---|"]
    header = re.sub(r"\s*\\\n\s*", " ", header)  # rows that go over several lines
    header = re.sub(r'" "', "", header)  # texts in pieces
    row = re.compile(r'X\((\w+), ([\d.]+), ([\d.]+), ([\d.]+), "(\w+)", "([^"]+)"\)')
    for name, value, low, high, unit, text in row.findall(header):
        lines.append(f"| `{name}` | {value} {unit} | {low} to {high} | {text} |")
    return "\n".join(lines)


def replace(page, name, table):
    begin, end = f"<!-- {name}: begin -->\n", f"\n<!-- {name}: end -->"
    before, rest = page.split(begin)
    return before + begin + table + end + rest.split(end, 1)[1]


def main():
    rules = yaml.safe_load((HERE / "signals.yaml").read_text())
    header = (HERE / "include" / "detect" / "policy.h").read_text()
    old = PAGE.read_text()
    new = replace(old, "signals", signals_table(rules))
    new = replace(new, "policy", policy_table(header))
    if "--check" in sys.argv[1:]:
        if new != old:
            print("docs/detection.md is out of date: run python3 src/detect/document.py", file=sys.stderr)
            return 1
        return 0
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
