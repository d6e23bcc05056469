#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The shared library shows the names of the public headers and no others.
# Runs in the build directory; skipped if there is no shared library.

for library in .libs/librota.so .libs/librota.so.*.*.* .libs/librota.dylib none
do
	test -f "$library" && break
done
if test "$library" = none; then
	echo "no shared library here"
	exit 77
fi

# ELF wants -D for the names that count; elsewhere nm has none.
nm=${NM:-nm}
# Unquoted: NM may be a command with options.
# shellcheck disable=SC2086
names=$($nm -D "$library" 2>/dev/null || $nm -g "$library") || exit 99

# Of lines "address letter name" those that define, without the version that
# ELF names carry and the underscore that Mach-O names begin with.
shown=$(echo "$names" | awk 'NF == 3 && $2 != "U" && $2 != "w" {
	sub(/@.*/, "", $3)
	sub(/^_rota/, "rota", $3)
	if ($3 != "ROTA_0")
		print $3
}')
if test -z "$shown"; then
	echo "$library shows no names at all"
	exit 1
fi
foreign=$(echo "$shown" | grep -v '^rota_[a-z]')
if test -n "$foreign"; then
	echo "$library shows names that are not ours to show:"
	echo "$foreign"
	exit 1
fi
