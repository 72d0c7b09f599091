#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Format, layers, size, and clang-tidy at zero warnings (checks in .clang-tidy). Arguments limit
# clang-tidy to some files: scripts/lint.sh src/base/*.c
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
status=0
/usr/bin/python3 tools/check_layers.py || status=1
/usr/bin/python3 tools/check_size.py || status=1
if command -v clang-format-14 >/dev/null 2>&1; then
    git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' |
        xargs clang-format-14 --dry-run --Werror || status=1
else
    echo "lint: clang-format 14 is not packaged here; the format is not checked" >&2
fi
[ -f build/dev/compile_commands.json ] ||
    cmake --preset dev --log-level=WARNING -DPython3_EXECUTABLE=/usr/bin/python3 >/dev/null
[ $# -gt 0 ] || set -- $(git ls-files 'src/*.c')
printf '%s\n' "$@" | xargs -n 4 -P "$(nproc)" clang-tidy --quiet -p build/dev || status=1
exit $status
