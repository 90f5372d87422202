#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each C file is as .clang-format has it: `make format` would change nothing.  Other versions of clang-format than 14
# break some lines elsewhere, so they are not asked.  (tests/form/sources_test.sh counts the columns.)
set -u
cd "$(dirname "$0")/../.." || exit 1

skip() {
    echo "1..0 # SKIP $1"
    exit 0
}
format=$(command -v clang-format-14 || command -v clang-format) || skip "clang-format is not installed"
"$format" --version | grep -q 'version 14\.' || skip "clang-format is not of version 14 (Debian 12's)"

changed=$(find libocispec src tests -name '*.[ch]' -exec "$format" --dry-run {} + 2>&1 |
    sed -n 's/^\([^ :]*:[0-9]*\):[0-9]*: .*/\1/p' | sort -u)
if [ -z "$changed" ]; then
    echo "ok 1 - the format of the C files"
else
    echo "not ok 1 - the format of the C files"
    echo "$changed" | sed 's/^/# /'
fi
echo "1..1"
[ -z "$changed" ]
