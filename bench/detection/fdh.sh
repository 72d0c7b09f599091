#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The public card-payment benchmark beside its published figures: sh bench/detection/fdh.sh [--check]
# Data: TILLWATCH_FDH_DIR, or ../shared/data/fdh beside the checkout; skipped (77) without.
# Needs numpy, pandas, scikit-learn and zstd: scripts/deps.sh test bench.
set -eu
cd "$(dirname "$0")/../.."
exec /usr/bin/python3 bench/detection/fdh.py --tillwatch "${TILLWATCH:-build/tillwatch}" "$@"
