#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Every workload of rota-bench runs on every backend in tiny sizes, and what
# comes out can be read. Runs in the build directory. In a full run others
# that this build can measure run them too; not with a sanitizer, which would
# not see what happens inside them. Says nothing on how fast anything is.

set -u
LC_ALL=C
export LC_ALL

bench=bench/rota-bench
[ -x "$bench" ] || exit 77
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM

fail()
{
	echo "failed: $*"
	cat "$dir/said"
	exit 1
}

# ends STATUS ARGUMENTS...
ends()
{
	want=$1
	shift
	status=0
	"$bench" "$@" >"$dir/out" 2>"$dir/said" </dev/null || status=$?
	[ $status -eq "$want" ] || fail "rota-bench $* ended with $status"
}

ends 0 --help
ends 2
ends 2 nonsense
ends 2 run --rounds 0
ends 1 run --tiny --quiet --backends nonsense pipes-10
ends 1 run nonsense
ends 0 list
workloads=$(awk 'NF == 0 { exit } { print $1 }' "$dir/out")
[ "$(echo "$workloads" | wc -l)" -ge 40 ] || fail "workloads are missing"

peers=--peers
[ "${ROTA_TEST_QUICK:-}" != 1 ] || peers=
sed -n 's/^SANITIZE_FLAGS = *//p' Makefile | grep -q . && peers=

# shellcheck disable=SC2086 # one word or none
ends 0 report --tiny --quiet --rounds 1 $peers --csv "$dir/csv" \
	--json "$dir/json" --svg "$dir" "$dir/page.html"

# A line for each workload by each of rota's backends, taken on that one.
backends=$(awk -F, 'NR > 1 && $5 ~ /^rota\// { print $5 }' "$dir/csv" |
	sort -u)
[ -n "$backends" ] || fail "no backend was measured"
for workload in $workloads; do
	for backend in $backends; do
		awk -F, -v workload="$workload" -v who="$backend" '
			$1 == workload && $5 == who && "rota/" $6 == who &&
				$9 + 0 == $9 { found = 1 }
			END { exit !found }' "$dir/csv" ||
			echo "$workload by $backend: nothing"
	done
done >"$dir/missing"
# Where descriptors are short the largest rings cannot be made, and where a
# process cannot be kept on one processor that workload is left out.
grep -v -e '^pipes-1000' -e '^setup' -e '^echo-1000' -e '^pool-1-cpu' \
	-e '^connection-bytes' "$dir/missing" >"$dir/said" &&
	fail "not all was measured"

grep -q '"results": \[' "$dir/json" || fail "the JSON has no results"
if command -v python3 >/dev/null 2>&1; then
	python3 -c 'import json, sys; json.load(open(sys.argv[1]))' \
		"$dir/json" 2>"$dir/said" || fail "the JSON is none"
	for file in "$dir"/*.svg; do
		python3 -c 'import sys, xml.dom.minidom as dom
dom.parse(sys.argv[1])' "$file" 2>"$dir/said" || fail "$file is no XML"
	done
fi
[ -s "$dir/pipes-1.svg" ] || fail "there are no pictures"
for word in '<h2>Verdict</h2>' '<svg' '<table>' '</html>'; do
	grep -q -e "$word" "$dir/page.html" || fail "the page has no $word"
done
# Unquoted: on one line.
# shellcheck disable=SC2086
echo "$(echo "$workloads" | wc -l) workloads on" $backends
