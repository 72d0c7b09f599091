#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# How quick the portal is on some million transactions and some thousand open alerts, in Chromium:
#   sh bench/portal/run.sh
# STORES, DAYS and ROUNDS in the environment change the size; WORK is the directory of the data (kept,
# used again), TILLWATCH_BIN another binary, CHROMIUM another browser. Prints tables in Markdown.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$root"
binary=${TILLWATCH_BIN:-}
if [ -z "$binary" ]; then
    sh scripts/build.sh release tillwatch >&2
    binary=$root/build/tillwatch
fi
work=${WORK:-$root/build/bench-portal}
export TILLWATCH_DATA="$work/data"
sh tests/e2e/install.sh

# A low bar, so that thousands of alerts wait.
if [ ! -f "$work/complete" ]; then
    rm -rf "$work"
    mkdir -p "$work"
    "$binary" simulate --stores "${STORES:-300}" --days "${DAYS:-8}" --seed 11 --fraud-rate 0.25 \
        --quiet --out "$work/chain"
    "$binary" init >&2
    printf '%s\n' 'alerts_per_store_day: 50' 'evidence_floor: 1' 'evidence_cold: 1' \
        'habit_share: 1' \
        >>"$TILLWATCH_DATA/policy.yaml"
    "$binary" import --lake "$work"/chain/*.ndjson >&2
    touch "$work/complete"
fi
MODULES=$root/tests/e2e TILLWATCH_BIN=$binary node bench/portal/measure.mjs
