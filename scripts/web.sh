#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Builds web/dist, the portal that the program embeds, when a source is newer than it.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root/web"

stamp=node_modules/.package-lock.json
if [ ! -f "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
    echo "web: installing packages" >&2
    npm ci --no-audit --no-fund --loglevel=error </dev/null >&2
    touch "$stamp"
fi
newer=$(find . ../api/openapi.yaml \( -name node_modules -o -name dist \) -prune -o \
    -type f ! -name schema.d.ts -newer dist/index.html -print 2>/dev/null | head -n 1) || true
if [ ! -f dist/index.html ] || [ -n "$newer" ]; then
    echo "web: building the portal" >&2
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    npm run --silent build </dev/null >"$log" 2>&1 || {
        cat "$log" >&2
        echo "web: the portal does not build" >&2
        exit 1
    }
    touch dist/index.html
fi
