#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What detection finds, in one command: sh bench/detection/run.sh [--quick]
#   1. the public card-payment benchmark beside its published figures (skipped without its data)
#   2. day one, without a verdict, on chains with habits of their own
#   3. the feedback loop on the same chains: verdicts each week, some wrong, and training
#   4. verdicts and training once after 21 days, then two weeks more
# Environment: CHAINS ("SEED:HABITS ..."), STORES (40), DAYS (56), TILLWATCH (build/tillwatch), BENCH
# (build/release's bench_detection), OPTIONS of the latter (for example --columns or --alerts).
# Seeds 1 to 3 and chains 41:1 to 46:6 served development; report others.
set -eu
cd "$(dirname "$0")/../.."
chains=${CHAINS:-61:11 62:12 63:13 64:14 65:15 66:16} stores=${STORES:-40} days=${DAYS:-56}
tillwatch=${TILLWATCH:-build/tillwatch}
bench=${BENCH:-build/release/bench/detection/bench_detection}
python=/usr/bin/python3
if [ "${1:-}" = --quick ]; then
    chains=${CHAINS:-61:11 62:12} stores=${STORES:-15} days=${DAYS:-35}
fi
for program in "$tillwatch" "$bench"; do
    [ -x "$program" ] || { echo "run.sh: $program is missing; run make first" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "== Public card payments, published protocol"
if [ "${1:-}" = --quick ]; then
    set -- --chapters ch.3 --quick
else
    set --
fi
"$python" bench/detection/fdh.py --tillwatch "$tillwatch" "$@" || [ $? -eq 77 ]

echo
echo "== Day one: simulated chains of $stores stores, 35 days, no verdict"
for chain in $chains; do
    "$tillwatch" simulate --stores "$stores" --days 35 --seed "${chain%:*}" --habits "${chain#*:}" \
        --out "$work/chain-${chain%:*}" --quiet
done
# shellcheck disable=SC2086 # OPTIONS is a list of words
"$bench" ${OPTIONS:-} "$work"/chain-*
rm -rf "$work"/chain-*

echo
echo "== Feedback: verdicts each week, $days days"
# shellcheck disable=SC2086
"$python" bench/detection/loop.py --tillwatch "$tillwatch" --chains $chains --stores "$stores" \
    --days "$days"

echo
echo "== Verdicts and training once, after 21 days; two weeks more"
# shellcheck disable=SC2086
"$python" bench/detection/loop.py --tillwatch "$tillwatch" --chains $chains --stores "$stores" \
    --days 35 --rounds 21
