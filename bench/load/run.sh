#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# End-to-end figures as JSON lines: import, restart, rebuild, server under load. See README.md.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
program=${1:-$root/build/tillwatch}
stores=${STORES:-20}
days=${DAYS:-28}
work=$(mktemp -d "${TMPDIR:-/tmp}/tillwatch-load-XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
export TILLWATCH_DATA="$work/data"

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# restart NAME: seconds until a server over the data directory listens.
restart() {
    : >"$work/serve.log"
    start=$(now_ms)
    "$program" serve --listen 127.0.0.1:0 >"$work/serve.log" 2>"$work/serve.err" &
    server=$!
    until grep -q '^Listening on' "$work/serve.log"; do
        kill -0 "$server" 2>/dev/null || { cat "$work/serve.err" >&2; exit 1; }
        sleep 0.01
    done
    end=$(now_ms)
    printf '{"name":"%s","seconds":%d.%03d}\n' "$1" $(((end - start) / 1000)) $(((end - start) % 1000))
    kill "$server"
    wait "$server" || true
}

"$program" simulate --stores "$stores" --days "$days" --seed 1 --out "$work/sim" --quiet
"$program" init >/dev/null
summary=$("$program" import --json "$work"/sim/*.ndjson 2>/dev/null)
printf '{"name":"import",%s\n' "${summary#\{}"
restart restart_snapshot
rm -rf "$work/data/state"
restart restart_replay
verified=$("$program" rebuild --verify --json 2>/dev/null)
printf '{"name":"rebuild",%s\n' "${verified#\{}"
"$program" bench --dir "$work" --seconds "${SECONDS_EACH:-5}" 2>/dev/null
