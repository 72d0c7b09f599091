#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# All benchmarks with their baselines on the same data in one run, and the table of ratios:
#   sh bench/run.sh [--quick]      (`make bench`; some 20 minutes, --quick some 4)
# STORES, DAYS, ROUNDS and SECONDS_EACH in the environment change the size.
# Raw figures are JSON lines in build/bench/results.jsonl; docs/bench.md says how to read them.
# `scripts/deps.sh build bench` installs what this needs.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
stores=${STORES:-100} days=${DAYS:-33} rounds=${ROUNDS:-5} seconds=${SECONDS_EACH:-10}
if [ "${1:-}" = --quick ]; then
    stores=20 days=14 rounds=3 seconds=3
fi
sh scripts/build.sh release

work=build/bench
micro=build/release/bench/micro
python=/usr/bin/python3
rm -rf "$work"
mkdir -p "$work"
results=$work/results.jsonl

say() { printf '%s\n' "$*" >&2; }
# timed NAME N COMMAND...: wall seconds of a whole command as a JSON line.
timed() {
    name=$1 n=$2
    shift 2
    start=$(date +%s.%N)
    "$@" >"$work/$name.log" 2>&1 || { tail -n 5 "$work/$name.log" >&2; exit 1; }
    end=$(date +%s.%N)
    "$python" -c "import json;print(json.dumps({'name':'$name','value':round($end-$start,3),'unit':'s','n':$n,'runs':1}))" >>"$results"
}

say "Simulating $stores stores x $days days"
timed simulate 0 build/tillwatch simulate --stores "$stores" --days "$days" --seed 7 --out "$work/sim" --quiet
file=$work/sim/transactions.ndjson
n=$(wc -l <"$file")

say "Features: $n records"
"$micro/bench_feature" "$file" "$rounds" >>"$results"
"$python" bench/baseline/windows_pandas.py "$file" --rounds "$rounds" >>"$results"
.deps/venv/bin/python bench/baseline/windows_duckdb.py "$file" --rounds "$rounds" >>"$results"

say "Isolation forest, intake, journal"
"$micro/bench_iforest" >>"$results"
"$python" bench/baseline/iforest.py --rounds "$rounds" >>"$results"
"$micro/bench_intake" >>"$results"
"$micro/bench_journal" >>"$results"

say "Boosted trees against XGBoost and LightGBM"
if [ -x build/release/bench/baseline/gbt_compare ]; then
    # Without LightGBM's library its lines are left out.
    lightgbm=$(find .deps/venv/lib -name lib_lightgbm.so 2>/dev/null | head -n 1)
    build/release/bench/baseline/gbt_compare ${lightgbm:+"$lightgbm"} >>"$results"
fi

say "The whole program: import, restart, rebuild"
build/tillwatch init --data "$work/data" >/dev/null
timed import "$n" build/tillwatch import --data "$work/data" "$work"/sim/transactions.ndjson "$work"/sim/movements.ndjson "$work"/sim/shifts.ndjson
timed rebuild_verify "$n" build/tillwatch rebuild --verify --data "$work/data"

say "Service: durable scored transactions"
build/tillwatch bench --seconds "$seconds" >>"$results" 2>"$work/bench.log"
"$python" bench/baseline/service.py "$file" --seconds "$seconds" --models rules >>"$results"

"$python" bench/table.py "$results"
