#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The lists of files that the makefile includes are those of the tree, and each file says whose it is.
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0
number=0

result() {
    number=$((number + 1))
    if [ -z "$2" ]; then
        echo "ok $number - $1"
    else
        failed=1
        echo "not ok $number - $1"
        echo "$2" | sed 's/^/# /'
    fi
}

result "sources.am is what build-aux/list-sources writes" "$(build-aux/list-sources --check 2>&1)"

# shellcheck disable=SC2046  # the paths have no spaces
result "every source file carries the license" "$(
    grep -L 'SPDX-License-Identifier: LGPL-2.1-or-later' \
        $(find libocispec src tests contrib .ci -type f ! -path src/commit.h \
            \( -name '*.[chS]' -o -name '*.py' -o -name '*.sh' -o -name '*.ld' -o -name '*.map' \) 2>/dev/null))"

# clang-format breaks neither comments nor strings.  Scripts have long lines of shell and of data in them.
too_long() {
    columns=$1
    shift
    find libocispec src examples tests contrib -type f \( "$@" \) \
        -exec awk -v most="$columns" 'length > most { print FILENAME ":" FNR ": " length " columns" }' {} +
}
result "no line of C is longer than 110 columns" "$(too_long 110 -name '*.[chS]')"
result "no line of a script is longer than 150 columns" "$(too_long 150 -name '*.py' -o -name '*.sh')"

echo "1..$number"
exit $failed
