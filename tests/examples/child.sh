# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# run_child: what is passed on, and how it ends.

# run_child_with BACKEND: input passed on, output and errors apart, each end.
run_child_with()
{
	run="examples/run_child --backend $1"
	printf 'one\ntwo\n' | $run -- sh -c 'cat; echo three; exit 3' \
		>"$dir/run_child.out" 2>"$dir/run_child_err.out"
	status=$?
	[ $status -eq 3 ] || fail "$run ended with $status, not 3"
	[ "$(cat "$dir/run_child.out")" = "$(printf 'one\ntwo\nthree')" ] ||
		fail "$run does not pass all bytes on"
	says run_child_err '^run_child: exit code 3, '
	# shellcheck disable=SC2086
	{
		ends 127 run_child $run no-such-program
		says run_child 'cannot run "no-such-program": no such name$'
		ends 127 run_child $run --cwd /no/such/directory sh
		says run_child 'cannot enter directory "/no/such/directory": no such name$'
		ends 124 run_child $run --timeout 0.1 sleep 30
		says run_child 'ended by signal 15$'
		ends 124 run_child $run --timeout 0.1 -- \
			sh -c 'trap "" TERM; while :; do sleep 1; done'
		says run_child 'ended by signal 9$'
		ends 137 run_child $run -- sh -c 'kill -9 $$'
	}
}

explains run_child
ends 2 run_child examples/run_child
ends 2 run_child examples/run_child --timeout soon true
ends 1 run_child examples/run_child --backend nonsense true

for backend in $usable; do
	run_child_with "$backend"
done
