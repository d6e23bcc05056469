#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: static.sh [SRCDIR [BUILDDIR]]
#
# cppcheck and clang-tidy over the library, the examples and rota-bench. Slow,
# so it is no part of `make check`. BUILDDIR is a configured build (for
# config.h); without it the source directory is taken for one. More options for
# the preprocessor come from the environment, in CPPFLAGS. Cannot be run (77)
# where there is neither tool.

build=${2:-}
[ -z "$build" ] || build=$(CDPATH='' cd -- "$build" && pwd) || exit 2

. "$(dirname -- "$0")/common.sh"

: "${build:=$source_dir}"
jobs=${ROTA_LINT_JOBS:-2}
set -- -I "$build" -I "$source_dir" -I "$source_dir/include"
# Unquoted: several options.
# shellcheck disable=SC2086
set -- "$@" ${CPPFLAGS:-}

# As in Makefile.am, each file sees config.h first.
config=$build/config.h
[ -f "$config" ] || config=/dev/null

sources '*.c' core backends pool examples bench >"$scratch/files"
ran=no

if command -v cppcheck >/dev/null 2>&1; then
	ran=yes
	# Suppressed: two counters beginning at one place, which is no slip, and
	# what this version thinks of mmap(): that -1 is no descriptor for
	# MAP_ANON, and that what is returned is leaked. More is suppressed in
	# the source, by `cppcheck-suppress`, with its reason.
	cppcheck --quiet -j "$jobs" --std=c11 \
		--inline-suppr --error-exitcode=1 \
		--enable=warning,performance,portability \
		--suppress=missingIncludeSystem --suppress=preprocessorErrorDirective \
		--suppress='*:/usr/include/*' \
		--suppress=duplicateAssignExpression \
		--suppress=invalidFunctionArg:core/sys.c \
		--suppress=memleak:core/sys.c \
		--template='{file}:{line}: {message} [{id}]' \
		--include="$config" \
		"$@" --file-list="$scratch/files" >"$scratch/out" 2>&1 &&
		: >"$scratch/out"
	report "cppcheck" <"$scratch/out"
fi

# clang-tidy wants files that compile here. What this system has no headers
# for (another kernel's backend) is not in the build, and is left out.
set -- -include "$config" "$@"
if command -v clang-tidy >/dev/null 2>&1 &&
	command -v clang >/dev/null 2>&1; then
	ran=yes
	while read -r file; do
		if clang -fsyntax-only -w -std=gnu11 "$@" "$file" \
			>"$scratch/syntax" 2>&1; then
			echo "$file"
		else
			echo "$lint_name: clang-tidy leaves out $file:" >&2
			grep -m 1 error "$scratch/syntax" | sed 's/^/  /' >&2
		fi
	done <"$scratch/files" >"$scratch/compile"
	[ -s "$scratch/compile" ] || echo "no file compiles" |
		report "clang-tidy has nothing to look at"
	tr '\n' '\0' <"$scratch/compile" | xargs -0 -n 4 -P "$jobs" sh -c '
		scratch=$1 flags=$2
		shift 2
		# The options have no blanks but between them; see below.
		IFS="|"
		clang-tidy --quiet "$@" -- -std=gnu11 $flags >"$scratch/tidy.$$" \
			2>"$scratch/tidy-err.$$" && rm -f "$scratch/tidy.$$"
		:
	' sh "$scratch" "$(IFS='|'; echo "$*")"
	cat "$scratch"/tidy.* 2>/dev/null | report "clang-tidy"
fi

if [ "$ran" = no ]; then
	echo "$lint_name: neither cppcheck nor clang-tidy here, skipped"
	exit 77
fi
finish "$(wc -l <"$scratch/files")"
