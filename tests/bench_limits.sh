#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: bench_limits.sh [--record]
#
# Holds what a few workloads cost, in instructions and in system calls per
# event, against bench/limits: none may grow by more than 5 %. Both do not
# depend on how busy the machine is. Runs in the build directory. With --record
# the file is written anew, to be looked at and committed.
#
# Instructions are those of one compiler and one set of flags, so it cannot be
# run (77) with others than those of the file, and not without valgrind and
# strace.

set -u
LC_ALL=C
export LC_ALL

limits=${srcdir:-$(dirname -- "$0")/..}/bench/limits
bench=bench/rota-bench

skip()
{
	echo "skipped: $*"
	exit 77
}

[ -x "$bench" ] || skip "there is no $bench here"
[ "${ROTA_TEST_QUICK:-}" != 1 ] || skip "this is a quick run"
command -v valgrind >/dev/null 2>&1 || skip "no valgrind"
command -v strace >/dev/null 2>&1 || skip "no strace"
strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"

cc=$(sed -n 's/^CC = //p' Makefile)
cflags=$(sed -n 's/^CFLAGS = //p' Makefile)
# Unquoted: CC may be a command with options.
# shellcheck disable=SC2086
built="$($cc -dumpmachine 2>/dev/null) gcc $($cc -dumpversion 2>/dev/null |
	sed 's/\..*//') $cflags"
# shellcheck disable=SC2086
$cc --version 2>/dev/null | grep -q 'Free Software Foundation' ||
	skip "limits are for gcc"
grep -q '^#define ROTA_ASSERTIONS 1' config.h && skip "assertions are on"
sed -n 's/^SANITIZE_FLAGS = *//p' Makefile | grep -q . &&
	skip "a sanitizer is on"

workloads='pipes-1000-100 toggle turn timers-10k rearm-10k restart echo-100-16
	echo-queued pieces udp-64'

# measure WORKLOAD: prints "WORKLOAD INSTRUCTIONS CALLS", on epoll.
measure()
{
	"$bench" count --backends epoll "$1" </dev/null |
		awk '$3 == "instructions" { print $1, $4, $6 }'
}

if [ "${1:-}" = --record ]; then
	{
		echo "# What a few workloads may cost per event, see"
		echo "# tests/bench_limits.sh: instructions, system calls."
		echo "# built: $built"
		for workload in $workloads; do
			measure "$workload"
		done
	} >"$limits.new" && mv "$limits.new" "$limits"
	cat "$limits"
	exit
fi

wanted=$(sed -n 's/^# built: //p' "$limits")
[ "$built" = "$wanted" ] || skip "limits are for \"$wanted\", not \"$built\""

# judge: reads what measure has printed; fails if it is too much.
judge()
{
	awk '
	FILENAME != "-" {
		instructions[$1] = $2
		calls[$1] = $3
		next
	}
	{
		measured = 1
		most = instructions[$1] * 1.05
		most_calls = calls[$1] * 1.05 + 0.02
		grown = $2 > most || $3 > most_calls
		printf "%-16s %8.1f instructions, limit %8.1f; ", $1, $2, most
		printf "%7.3f calls, limit %7.3f%s\n", $3, most_calls,
			grown ? "  GROWN" : ""
		if ($2 * 1.1 < instructions[$1])
			print "  far less: record the limits anew"
	}
	END { exit grown || !measured }' "$limits" -
}

# What a timer costs depends a little on how much time has passed meanwhile,
# so one that seems to have grown is measured again.
failed=0
for workload in $workloads; do
	grep -q "^$workload " "$limits" || {
		echo "$workload has no limit"
		failed=1
		continue
	}
	for try in 1 2 3 4 5 6; do
		measure "$workload" | judge && continue 2
	done
	echo "$workload has grown, $try times out of $try"
	failed=1
done
exit $failed
