# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# parallel_work: in the threads of a pool; and broken off while it would take
# for ever.

explains parallel_work
ends 2 parallel_work examples/parallel_work --threads 0
ends 2 parallel_work examples/parallel_work --limit -1
ends 1 parallel_work examples/parallel_work --backend nonsense
for backend in $usable; do
	ends 0 parallel_work examples/parallel_work --backend "$backend" \
		--limit 200000 --threads 3
	says parallel_work "^17984 primes below 200000, counted in 64 slices of 64 (backend $backend)\$"
	examples/parallel_work --backend "$backend" --limit 4000000000 \
		>"$dir/parallel_work.out" 2>&1 </dev/null &
	client=$!
	nap
	nap
	kill -INT "$client" || fail "parallel_work is done too early"
	status=0
	wait "$client" || status=$?
	client=
	[ $status -eq 130 ] || fail "parallel_work ended with $status"
	says parallel_work "^[0-9]* primes below 4000000000, counted in [0-9]* slices of 64 (backend $backend)\$"
done
