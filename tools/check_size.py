# SPDX-License-Identifier: Apache-2.0
"""Keeps functions at 70 lines and files at 800: check_size.py [--update]

tools/size_exceptions.txt lists what is longer ("path name lines"; a file's own name is "-"). The
list may only shrink: a new entry is refused, a listed one may not grow, and when one has become
shorter --update writes the shorter figure or drops the line. Generated files are exempt; they say
so in one of their first ten lines.
"""
import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXCEPTIONS = ROOT / "tools" / "size_exceptions.txt"
FOLDERS = ["src", "include", "tests", "bench"]
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800
NOT_INSTALLED = 77  # what ctest counts as skipped


def sources():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("**/*.[ch]")):
            if "node_modules" in path.parts:
                continue
            with path.open(encoding="utf-8") as text:
                head = "".join(line for line, _ in zip(text, range(10)))
            if "generated" not in head.lower():
                yield path.relative_to(ROOT).as_posix()


def too_long(paths):
    """(path, name) -> lines of every function and file beyond its limit."""
    sizes = {}
    for path in paths:
        lines = (ROOT / path).read_text(encoding="utf-8").count("\n")
        if lines > FILE_LINES_MAX:
            sizes[path, "-"] = lines
    command = ["ctags", "--output-format=json", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f",
               "--fields=+ne", "-f", "-", "-L", "-"]
    reply = subprocess.run(command, cwd=ROOT, input="\n".join(paths), check=True, text=True,
                           capture_output=True)
    for line in reply.stdout.splitlines():
        tag = json.loads(line)
        lines = tag.get("end", tag["line"]) - tag["line"] + 1
        if lines > FUNCTION_LINES_MAX:
            key = tag["path"], tag["name"]
            sizes[key] = max(lines, sizes.get(key, 0))
    return sizes


def listed():
    entries = {}
    for line in EXCEPTIONS.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            path, name, lines = line.split()
            entries[path, name] = int(lines)
    return entries


def compare(actual, allowed):
    for (path, name), lines in sorted(actual.items()):
        what = path if name == "-" else f"{path}: {name}()"
        if (path, name) not in allowed:
            limit = FILE_LINES_MAX if name == "-" else FUNCTION_LINES_MAX
            yield f"{what} has {lines} lines, more than {limit}: split it"
        elif lines > allowed[path, name]:
            yield f"{what} grew from {allowed[path, name]} to {lines} lines: split it"
    for (path, name), lines in sorted(allowed.items()):
        if actual.get((path, name), 0) < lines:
            yield f"{path} {name} is shorter than listed: run tools/check_size.py --update"


def update(actual, allowed):
    lines = EXCEPTIONS.read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    kept = [f"{path} {name} {min(lines, actual[path, name])}"
            for (path, name), lines in sorted(allowed.items()) if (path, name) in actual]
    EXCEPTIONS.write_text("\n".join(comments + kept) + "\n", encoding="utf-8")


def main():
    if shutil.which("ctags") is None:
        print("skipped: ctags is not installed (scripts/deps.sh test)")
        sys.exit(NOT_INSTALLED)
    actual, allowed = too_long(list(sources())), listed()
    if "--update" in sys.argv[1:]:
        update(actual, allowed)
        allowed = listed()
    found = list(compare(actual, allowed))
    for problem in found:
        print(problem)
    if found:
        sys.exit(f"{len(found)} too long")


if __name__ == "__main__":
    main()
