#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Layout: clang-format with the .clang-format of the tree has no wishes left.
# Cannot be run (77) where there is no clang-format.

. "$(dirname -- "$0")/common.sh"

if ! command -v clang-format >/dev/null 2>&1; then
	echo "$lint_name: no clang-format here, skipped"
	exit 77
fi
if [ ! -f .clang-format ]; then
	echo "$lint_name: no .clang-format in $source_dir"
	exit 1
fi

sources '*.[ch]' include core backends pool tests examples bench adapters \
	>"$scratch/files"

if [ -s "$scratch/files" ]; then
	tr '\n' '\0' <"$scratch/files" |
		xargs -0 clang-format --style=file --dry-run -Werror \
			>"$scratch/out" 2>&1 || : >"$scratch/unclean"
fi
if [ -e "$scratch/unclean" ]; then
	# Which lines is enough; "clang-format -i" shows the rest.
	sed -n 's/^\(.*:[0-9]*\):[0-9]*: error: .*/\1/p' "$scratch/out" |
		uniq >"$scratch/lines"
	[ -s "$scratch/lines" ] || cp "$scratch/out" "$scratch/lines"
	n=$(wc -l <"$scratch/lines")
	{
		head -n 50 "$scratch/lines"
		[ "$n" -le 50 ] || echo "... and $((n - 50)) lines more"
		clang-format --version
	} | report "layout; clang-format -i cures it"
fi

finish "$(wc -l <"$scratch/files")"
