#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Configures and builds one preset: scripts/build.sh dev|release|tsan|fuzz|cov [target...]
# `release` also builds the portal first (it is embedded) and leaves the program at build/tillwatch.
# scripts/deps.sh has installed what this needs.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
[ $# -gt 0 ] || {
    echo "usage: scripts/build.sh dev|release|tsan|fuzz|cov [target...]" >&2
    exit 2
}
preset=$1
shift

[ "$preset" != release ] || sh scripts/web.sh

# apt installs the Python modules of the tests for the system's interpreter; another python3 that
# shadows it in PATH would not see them.
cmake --preset "$preset" --log-level=WARNING -DPython3_EXECUTABLE=/usr/bin/python3 >/dev/null
[ $# -eq 0 ] || set -- --target "$@"
cmake --build "build/$preset" "$@"

if [ "$preset" = release ]; then
    program=$(find build/release -name tillwatch -type f -perm -u+x | head -n 1)
    [ -n "$program" ] || {
        echo "build: the release build made no program named tillwatch" >&2
        exit 1
    }
    [ "$program" -ef build/tillwatch ] || ln -sf "${program#build/}" build/tillwatch
fi
