#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: docs_compile.sh [SRCDIR]
#
# Compiles the C code in README.md and docs/*.md. A block that begins with
# ```c and contains "int main" is a whole program and compiled as it is. Any
# other such block is compiled behind the line #include <rota.h> (and a few
# system headers), at file scope; if it does not compile there, as the body
# of a function. A block that cannot stand alone says so, and is left out:
#
#	```c fragment

set -u
cd -- "${1:-${srcdir:-$(dirname -- "$0")/..}}" || exit 99

dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
failed=0

# extract FILE: writes each block to $dir/LINE.c, LINE being where it begins.
extract()
{
	awk -v dir="$dir" '
	/^ *```/ {
		if (inside) {
			inside = 0
			if (out != "")
				close(out)
			out = ""
		} else {
			inside = 1
			if ($0 ~ /^ *```c *$/)
				out = dir "/" NR ".c"
		}
		next
	}
	inside && out != "" { print >out }' "$1"
}

# Unquoted: CC may be a command with options.
# shellcheck disable=SC2086
compile()
{
	${CC:-cc} -Iinclude -Wall -Wextra -Wno-unused -Wno-unused-parameter \
		-Werror -fsyntax-only "$@"
}

headers='#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rota.h>'

# try FILE LINE
try()
{
	block=$dir/$2.c
	wrapped=$dir/wrapped.c
	if grep 'int main\|^main(' "$block" >/dev/null; then
		compile "$block" && return
	else
		{
			echo "$headers"
			echo "#line 1 \"$1, block at line $2\""
			cat "$block"
		} >"$wrapped"
		compile "$wrapped" 2>"$dir/errors" && return
		{
			echo "$headers"
			echo 'void snippet(struct rota_loop *loop);'
			echo 'void snippet(struct rota_loop *loop)'
			echo '{'
			echo "#line 1 \"$1, block at line $2\""
			cat "$block"
			echo '}'
		} >"$wrapped"
		compile "$wrapped" 2>>"$dir/errors" && return
		cat "$dir/errors"
	fi
	echo "$1: the code at line $2 does not compile"
	failed=1
}

n=0
for file in README.md docs/*.md; do
	[ -f "$file" ] || continue
	rm -f "$dir"/*.c
	extract "$file"
	for block in "$dir"/*.c; do
		[ -f "$block" ] || continue
		line=${block##*/}
		try "$file" "${line%.c}"
		n=$((n + 1))
	done
done

echo "docs_compile: $n blocks of code"
[ $n -gt 0 ] || exit 1
exit $failed
