#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Nothing that shellcheck warns of is in our scripts.
set -u
cd "$(dirname "$0")/../.." || exit 1

command -v shellcheck >/dev/null || {
    echo "1..0 # SKIP shellcheck is not installed"
    exit 0
}

scripts=$(find .ci autogen.sh build-aux/list-sources build-aux/commit contrib tests -type f \
    -exec sh -c 'for f; do IFS= read -r l <"$f"; case $l in "#!/bin/sh"*|"#!/bin/bash"*) echo "$f";; esac; done' sh {} + | sort)
number=0
failed=0
for script in $scripts; do
    number=$((number + 1))
    if complaints=$(shellcheck "$script" 2>&1); then
        echo "ok $number - $script"
    else
        failed=1
        echo "not ok $number - $script"
        echo "$complaints" | sed 's/^/# /'
    fi
done
echo "1..$number"
exit $failed
