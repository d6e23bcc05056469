# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# What goes elsewhere: an open file to another process (fd_pass), connections
# to other threads (handover).

# An open file goes from one process to another.
pass_fd()
{
	awk 'BEGIN { for (i = 0; i < 20000; i++) print "line", i }' \
		>"$dir/passed"
	examples/fd_pass --backend "$backend" send "$dir/door" "$dir/passed" \
		>"$dir/fd_sender.out" 2>&1 </dev/null &
	server=$!
	tries=0
	until [ -S "$dir/door" ]; do
		tries=$((tries + 1))
		[ $tries -le 100 ] || fail "fd_pass opens no socket"
		nap
	done
	# The file is there a moment before somebody listens.
	nap
	examples/fd_pass --backend "$backend" receive "$dir/door" \
		>"$dir/received" 2>"$dir/fd_receiver.out" </dev/null ||
		fail "fd_pass receive ended with $?"
	wait "$server" || fail "fd_pass send ended with $?"
	server=
	cmp "$dir/passed" "$dir/received" || fail "another file came"
	[ ! -e "$dir/door" ] || fail "fd_pass leaves its socket behind"
	says fd_sender "^passing it to user $(id -u), process "
}

hand_over()
{
	ends 0 handover examples/handover --backend "$backend" --threads 4 \
		--connections 400
	says handover '^400 connections, shared evenly among 4 loops$'
}

explains fd_pass
ends 1 fd_pass examples/fd_pass --backend nonsense receive x
ends 1 fd_pass examples/fd_pass receive "$dir/nowhere"
ends 2 fd_pass examples/fd_pass send x
explains handover
ends 1 handover examples/handover --backend nonsense
ends 2 handover examples/handover --threads 0

for backend in $usable; do
	pass_fd
	hand_over
done
