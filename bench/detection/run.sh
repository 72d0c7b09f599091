#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What detection finds without labels, on simulated chains: sh bench/detection/run.sh [SEED...]
# Environment: STORES (40), DAYS (35), TILLWATCH (build/tillwatch), BENCH (build/release's
# bench_detection), OPTIONS (for example --columns or --alerts). Seeds 1 to 3 were used to choose the
# thresholds; report others.
set -eu
cd "$(dirname "$0")/../.."
stores=${STORES:-40} days=${DAYS:-35}
tillwatch=${TILLWATCH:-build/tillwatch}
bench=${BENCH:-build/release/bench/detection/bench_detection}
for program in "$tillwatch" "$bench"; do
    [ -x "$program" ] || { echo "run.sh: $program is missing; run make first" >&2; exit 1; }
done
[ $# -gt 0 ] || set -- 21 22 23
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for seed in "$@"; do
    "$tillwatch" simulate --stores "$stores" --days "$days" --seed "$seed" --out "$work/seed-$seed" --quiet
done
# shellcheck disable=SC2086 # OPTIONS is a list of words
"$bench" ${OPTIONS:-} "$work"/seed-*
