#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: run_examples.sh [NAME...]
#
# Runs the example programs on every backend that works here, so that none of
# them rots, and checks what they print and how they end: each file of
# tests/examples/, or those that are named. Runs in the build directory; to try
# it by hand, go there first. Cannot be run (77) where the programs cannot.

set -u
LC_ALL=C
export LC_ALL

here=$(cd -- "$(dirname -- "$0")" && pwd)/examples
dir=$(mktemp -d) || exit 99
server=
proxy=
client=
# shellcheck disable=SC2154 # It is assigned in the trap itself.
trap 'for process in $server $proxy $client; do
		kill -9 "$process" 2>/dev/null
	done
	rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM

# shellcheck source=/dev/null
. "$here/common.sh"

## What can run ##############################################################

[ -x examples/backends ] || exit 77
status=0
examples/backends >"$dir/backends.out" 2>&1 || status=$?
[ $status -ne 126 ] || exit 77
[ $status -eq 0 ] || fail "examples/backends ended with $status"
says backends '^a loop gets [a-z]* (rota [0-9.]*)$'
cat "$dir/backends.out"
usable=$(awk 'NR > 1 && $3 == "yes" && $4 != "unusable:" { print $1 }' \
	"$dir/backends.out")
[ -n "$usable" ] || fail "no backend works"
# As for the programs of libcheck: not on what the environment does not name.
if [ -n "${ROTA_TEST_BACKEND:-}" ]; then
	usable=$(echo "$usable" | grep -xF "$(echo "$ROTA_TEST_BACKEND" |
		tr ',' '\n')") || fail "none of $ROTA_TEST_BACKEND works"
fi
all_usable=$usable
# In short, on one backend: kqueue where there is one, else the best.
if [ "${ROTA_TEST_QUICK:-}" = 1 ]; then
	usable=$(echo "$all_usable" | grep kqueue || echo "$all_usable" | sed q)
fi

## Each file #################################################################

[ $# -gt 0 ] || set -- backends terminal child echo pass proxy chat lines \
	watch files work http names tour
for name in "$@"; do
	echo "$name"
	# shellcheck source=/dev/null
	. "$here/$name.sh"
done
echo "all well"
