# SPDX-License-Identifier: Apache-2.0
"""Checks that includes follow the arrows between the folders of src/, and that the core stays pure.

The build already hides the headers of other folders; this says which arrow is wrong in one line,
and catches what a compiler cannot: a link that was added, a vendor's header in the wrong place, a
clock, a file or an unseeded random number in the deterministic core.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

# "May include"; what is reachable over several arrows is allowed too.
ARROWS = {
    "base": [],
    "retail": ["base"],
    "simulate": ["base"],
    "intake": ["retail"],
    "feature": ["retail"],
    "model": ["base"],
    "detect": ["feature", "model"],
    "port": ["base"],
    "learn": ["detect", "port"],
    "workflow": ["retail", "port"],
    "adapter": ["port"],
    "service": ["intake", "detect", "learn", "workflow", "port"],
    "http": ["service"],
    "cli": ["http", "adapter", "simulate"],
}

# A vendor's header: the only folders that may include it. What is not listed is free.
VENDORS = {
    "sqlite3.h": ["adapter"],
    "duckdb.h": ["adapter"],
    "libpq-fe.h": ["adapter"],
    "hiredis/": ["adapter"],
    "librdkafka/": ["adapter"],
    "xgboost/": ["adapter"],
    "argon2.h": ["adapter"],
    "cjose/": ["adapter"],
    "microhttpd.h": ["http"],
    "curl/": ["adapter", "cli"],
    "hpdf.h": ["adapter"],
    "zip.h": ["adapter"],
}

CORE = ["base", "retail", "feature", "model", "detect"]
# Not in the core: headers of the system, and calls whatever the header that declares them.
IMPURE_HEADER = re.compile(r"(unistd|fcntl|time|pthread|dirent|signal|poll|sys/.*|net.*/.*)\.h")
IMPURE = re.compile(
    r"(?<![\w.>])(time|clock|clock_gettime|gettimeofday|localtime|localtime_r|gmtime|rand|random|"
    r"srand|getenv|fopen|fread|fwrite|printf|fprintf|puts|malloc|calloc|realloc|free|system)\s*\("
)
# base owns the allocator, the system's clock and the log.
IMPURE_ALLOWED = ["src/base/alloc.c", "src/base/time.c", "src/base/log.c", "src/base/status.c"]

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)
COMMENT_OR_STRING = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"", re.S)


def reachable(folder):
    seen, todo = {folder}, list(ARROWS[folder])
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(ARROWS[name])
    return seen


def folder_of(path):
    return path.relative_to(SRC).parts[0]


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def public_headers():
    """Include name -> the folder whose include/ holds it."""
    owners = {}
    for header in SRC.glob("**/include/**/*.h"):
        parts = header.relative_to(SRC).parts
        owners["/".join(parts[parts.index("include") + 1 :])] = folder_of(header)
    return owners


def problems_of(path, owners):
    text = path.read_text(encoding="utf-8")
    folder = folder_of(path)
    where = path.relative_to(ROOT).as_posix()
    if folder not in ARROWS:
        yield f"{where}:1: folder src/{folder} has no arrows in tools/check_layers.py"
        return
    allowed = reachable(folder)
    for match in INCLUDE.finditer(text):
        name, line = match.group(2), line_of(text, match.start())
        owner = owners.get(name)
        if ".." in pathlib.PurePosixPath(name).parts:
            yield f"{where}:{line}: {name} reaches out of its folder; include a public header"
        elif owner is not None and owner not in allowed:
            yield f"{where}:{line}: {folder} may not include {owner} ({name})"
        elif match.group(1) == '"' and owner is None and name.partition("/")[0] in ARROWS:
            yield f"{where}:{line}: {name} is not a public header of any folder"
        if folder in CORE and IMPURE_HEADER.fullmatch(name) and where not in IMPURE_ALLOWED:
            yield f"{where}:{line}: the core may not use {name}"
        for vendor, places in VENDORS.items():
            if name.startswith(vendor) and folder not in places:
                yield f"{where}:{line}: {name} belongs in {' or '.join(places)} only"
    if folder in CORE and where not in IMPURE_ALLOWED:
        code = COMMENT_OR_STRING.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
        for match in IMPURE.finditer(code):
            line = line_of(code, match.start())
            yield f"{where}:{line}: the core may not call {match.group(1)}()"


def main():
    owners = public_headers()
    found = []
    for path in sorted(SRC.glob("**/*.[ch]")):
        found.extend(problems_of(path, owners))
    for problem in found:
        print(problem)
    if found:
        sys.exit(f"{len(found)} wrong arrow(s)")


if __name__ == "__main__":
    main()
