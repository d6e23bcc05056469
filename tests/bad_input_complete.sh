#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: bad_input_complete.sh [SRCDIR]
#
# Each function of the public headers is called with bad input somewhere in
# tests/check_bad_input_*.c, by its own name or through its macro.

set -u
cd -- "${1:-${srcdir:-$(dirname -- "$0")/..}}" || exit 99

dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT

sh tests/promises.sh . >"$dir/promises" || exit 99
cat tests/check_bad_input_*.c | LC_ALL=C awk -f tests/lint/strip.awk |
	tr -cs 'A-Za-z0-9_' '\n' | LC_ALL=C sort -u >"$dir/words"

# An awk that misreads the headers must not pass for a complete test.
n=$(wc -l <"$dir/promises")
if [ "$n" -lt 100 ]; then
	echo "hardly a function is found in the headers: $n"
	exit 1
fi

awk '
NR == FNR {
	is_word[$1] = 1
	next
}

{
	for (i = 1; i <= NF; i++)
		if ($i in is_word)
			next
	print $1 " is not tried in tests/check_bad_input_*.c"
	n_missing++
}

END { exit n_missing != 0 }' "$dir/words" "$dir/promises" || exit 1
echo "bad_input_complete: all $((n)) functions are tried"
