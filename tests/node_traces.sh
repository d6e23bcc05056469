#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: node_traces.sh
#
# Plays programs on Node and on rota, on every backend, and compares what was
# called when: those of tests/node/puzzles, and random ones. In those of
# tests/node/differences the two differ on purpose, and must. See
# tests/node/README.md. Runs in the build directory. Cannot be run (77) where
# there is no Node, or one whose inside is another, or no play program.
#
# environment:
#	NODE		the Node to compare with, "node"
#	ROTA_NODE_SEED	the seed of the first random program, 1
#	ROTA_NODE_N	how many, 60, or 15 if ROTA_TEST_QUICK is set
#	ROTA_TEST_BACKEND	these backends only, with commas between them

set -u
LC_ALL=C
export LC_ALL

src=${srcdir:-$(dirname -- "$0")/..}/tests/node
play=tests/node/play
node=${NODE:-node}
first=${ROTA_NODE_SEED:-1}
n=${ROTA_NODE_N:-${ROTA_TEST_QUICK:+15}}
n=${n:-60}

dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM

skip()
{
	echo "node_traces: $*"
	exit 77
}

on_node()
{
	LD_PRELOAD=$dir/still_time.so UV_USE_IO_URING=0 NODE_OPTIONS='' \
		"$node" --no-warnings --expose-internals "$src/play.js" "$1"
}

[ -x "$play" ] || skip "no program $play in this build"
"$node" --version >/dev/null 2>&1 || skip "no $node"
# Unquoted: CC may be a command with options.
# shellcheck disable=SC2086
${CC:-cc} -I"$src/../.." -D_GNU_SOURCE -shared -fPIC -o "$dir/still_time.so" \
	"$src/still_time.c" -ldl 2>"$dir/log" ||
	skip "cannot build what is preloaded: $(cat "$dir/log")"
echo '0 timeout 0 100000 1' >"$dir/late"
printf 'main 0 0\ntimeout 1 100000\nexit\n' >"$dir/want"
on_node "$dir/late" >"$dir/node" 2>"$dir/log"
cmp -s "$dir/want" "$dir/node" ||
	skip "time does not stand still in this Node: $(cat "$dir/log")"

# One that is not in this build, or cannot work here, makes no loop.
backends=
for backend in $(echo "${ROTA_TEST_BACKEND:-epoll,kqueue,poll,select}" |
	tr ',' ' '); do
	"$play" "$dir/late" "$backend" >/dev/null 2>"$dir/log"
	grep -q loop_create "$dir/log" || backends="$backends $backend"
done

failed=0
n_same=0
n_uncertain=0

# compare PROGRAM: 2 is play's word for an order that is not promised.
compare()
{
	on_node "$1" >"$dir/node" 2>&1
	for backend in $backends; do
		status=0
		"$play" "$1" "$backend" >"$dir/rota" 2>"$dir/log" || status=$?
		if [ $status -eq 2 ]; then
			n_uncertain=$((n_uncertain + 1))
			echo "$1: $(cat "$dir/log")" >>"$dir/uncertain"
			return
		fi
		if [ $status -ne 0 ] || ! cmp -s "$dir/node" "$dir/rota"; then
			echo "node_traces: ${1##*/} on $backend, status $status"
			cat "$1" "$dir/log"
			diff "$dir/node" "$dir/rota"
			failed=1
			return
		fi
	done
	n_same=$((n_same + 1))
}

# differ PROGRAM: each goes its own way, as the program says.
differ()
{
	on_node "$1" >"$dir/node" 2>&1
	sed -n 's/^# Node: //p' "$1" | sed 's/; /\
/g' >"$dir/want"
	cmp -s "$dir/want" "$dir/node" || {
		echo "node_traces: ${1##*/} on Node"
		diff "$dir/want" "$dir/node"
		failed=1
	}
	sed -n 's/^# rota: //p' "$1" | sed 's/; /\
/g' >"$dir/want"
	for backend in $backends; do
		"$play" -r "$1" "$backend" >"$dir/rota" 2>&1
		cmp -s "$dir/want" "$dir/rota" || {
			echo "node_traces: ${1##*/} on $backend"
			diff "$dir/want" "$dir/rota"
			failed=1
		}
	done
}

for difference in "$src"/differences/*.txt; do
	differ "$difference"
done
for puzzle in "$src"/puzzles/*.txt; do
	compare "$puzzle"
done
if [ $n_uncertain -ne 0 ]; then
	cat "$dir/uncertain"
	echo "node_traces: a puzzle must be certain"
	failed=1
fi

mkdir "$dir/programs" || exit 99
"$node" "$src/generate.js" "$dir/programs" "$first" "$n" || exit 99
seed=$first
while [ "$seed" -lt $((first + n)) ]; do
	compare "$dir/programs/$seed"
	seed=$((seed + 1))
done

echo "node_traces: $n_same alike on$backends, $n_uncertain uncertain"
# If nearly all are, nothing is compared.
[ $n_same -gt $n_uncertain ] || failed=1
exit $failed
