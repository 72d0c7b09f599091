#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs every libFuzzer target of build/fuzz for FUZZ_SECONDS (300) each, from the committed corpus.
# New inputs go to build/fuzz/corpus/<target>; a crash leaves its input in build/fuzz/crashes and
# becomes a corpus file together with its fix. Arguments name targets: scripts/fuzz.sh json csv
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
seconds=${FUZZ_SECONDS:-300}
mkdir -p build/fuzz/crashes
if [ $# -eq 0 ]; then
    for source in tests/fuzz/fuzz_*.c; do
        name=${source#tests/fuzz/fuzz_}
        [ "$name" = main.c ] || set -- "$@" "${name%.c}"
    done
fi
failed=''
for name in "$@"; do
    mkdir -p "build/fuzz/corpus/$name"
    echo "fuzz: $name for $seconds s"
    "build/fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="build/fuzz/crashes/$name-" \
        "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" </dev/null || failed="$failed $name"
done
if [ -n "$failed" ]; then
    echo "fuzz: failed:$failed (inputs in build/fuzz/crashes)" >&2
    exit 1
fi
