#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Node.js modules of the tests (Playwright, axe, the OpenID provider), once for each
# state of the lock file.
set -eu
cd "$(dirname "$0")"
if [ ! -f node_modules/.installed ] || [ package-lock.json -nt node_modules/.installed ]; then
    npm ci --no-audit --no-fund --loglevel=error >&2
    touch node_modules/.installed
fi
