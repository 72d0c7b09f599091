#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the portal's end-to-end tests in Chromium against build/tillwatch.
#   TILLWATCH_BIN  another binary             CHROMIUM  another browser
#   TILLWATCH_URL + TILLWATCH_SETUP_LINK      a server that runs already (the tests write to it)
# Arguments go to Playwright. The last line is "N passed, N failed, N skipped".
set -eu
cd "$(dirname "$0")"

fail() {
    echo "e2e: $1" >&2
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
}

command -v npm >/dev/null 2>&1 || fail "npm is missing (run scripts/deps.sh web)"
CHROMIUM="${CHROMIUM:-/usr/bin/chromium}"
export CHROMIUM
[ -x "$CHROMIUM" ] || fail "$CHROMIUM is missing (run scripts/deps.sh test)"

sh ./install.sh || fail "npm ci failed"
npx --no-install openapi-typescript ../../api/openapi.yaml --output schema.d.ts >/dev/null 2>&1 ||
    fail "the types could not be generated from api/openapi.yaml"
npx --no-install tsc --noEmit || fail "the tests do not compile"

status=0
npx --no-install playwright test "$@" || status=$?
exit "$status"
