#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Compiles each public header alone, as strict C99 and, if a C++ compiler is
# here, as C++: what includes us may be older than we are. `make check` gives
# the headers in $public_headers; by hand, it is all that are there.

top=${srcdir:-$(dirname "$0")/../..}
: "${public_headers:=$(cd "$top" && echo include/rota.h include/rota/*.h)}"

dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
failed=0

# accepts SUFFIX COMPILER...: does that compiler work at all?
accepts()
{
	echo 'int rota_probe;' >"$dir/probe.$1"
	shift
	"$@" -fsyntax-only "$dir"/probe.* >/dev/null 2>&1
	status=$?
	rm -f "$dir"/probe.*
	return $status
}

# compile SUFFIX COMPILER...: each header as the only line of a file.
compile()
{
	suffix=$1
	shift
	for header in $public_headers; do
		file=$dir/header.$suffix
		echo "#include <${header#include/}>" >"$file"
		if ! "$@" -I"$top/include" -fsyntax-only "$file"; then
			echo "$header: not alone with: $*"
			failed=1
		fi
	done
}

# Compilers unquoted: CC may be a command with options, -std= among them; the
# last one counts.
# shellcheck disable=SC2086
compile c ${CC:-cc} -std=c99 -pedantic-errors -Wall -Wextra -Werror

# shellcheck disable=SC2086
if accepts cc ${CXX:-c++}; then
	compile cc ${CXX:-c++} -pedantic-errors -Wall -Wextra -Werror
else
	echo "no C++ compiler: headers tried as C only"
fi

exit $failed
