#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs the example programs on every backend that works here, so that none of
# them rots, and checks what they print and how they end. Runs in the build
# directory; to try it by hand, go there first. Cannot be run (77) where the
# programs cannot.

set -u
LC_ALL=C
export LC_ALL

dir=$(mktemp -d) || exit 99
server=
client=
trap 'for p in $server $client; do kill -9 "$p" 2>/dev/null; done
	rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM

fail()
{
	echo "run_examples: $*"
	for log in "$dir"/*.out; do
		[ -s "$log" ] || continue
		echo "--- ${log##*/}"
		cat "$log"
	done
	exit 1
}

# ends STATUS LOG COMMAND...: that is how the command must end.
ends()
{
	want=$1 log=$dir/$2.out
	shift 2
	status=0
	"$@" >"$log" 2>&1 </dev/null || status=$?
	[ $status -eq "$want" ] || fail "$* ended with $status, not $want"
}

# says LOG PATTERN: a line of the log is like that.
says()
{
	grep -e "$2" "$dir/$1.out" >/dev/null ||
		fail "no line like \"$2\" in what $1 printed"
}

nap()
{
	sleep 0.1 2>/dev/null || sleep 1
}

# The server takes a port that is free, and tells it when it is ready.
start_server()
{
	examples/echo_server --backend "$backend" --stats 1000 \
		>"$dir/echo_server.out" 2>&1 </dev/null &
	server=$!
	tries=0
	until port=$(sed -n 's/^listening on 127\.0\.0\.1:\([0-9]*\) (backend '"$backend"')$/\1/p' \
		"$dir/echo_server.out") && [ -n "$port" ]; do
		tries=$((tries + 1))
		[ $tries -le 100 ] || fail "the server names no port"
		nap
	done
}

# stop_server SIGNAL: must end well by itself, with everything closed.
stop_server()
{
	kill "-$1" "$server" || fail "the server is gone"
	status=0
	wait "$server" || status=$?
	server=
	[ $status -eq 0 ] || fail "the server ended with $status after SIG$1"
	says echo_server '^loop time: turns [1-9]'
	says echo_server '^served [0-9]* connections, [0-9]* bytes$'
}

# load CONNECTIONS MESSAGES SIZE
load()
{
	ends 0 echo_client examples/echo_client --backend "$backend" \
		--port "$port" --connections "$1" --messages "$2" --size "$3"
	says echo_client "^connections $1, messages $(($1 * $2)), size $3 bytes (backend $backend)\$"
	says echo_client '^messages/s [1-9][0-9]*, latency median [0-9.]* us, 99 % [0-9.]* us$'
	says echo_client '^every byte came back right$'
}

# Killed with replies on their way: the kernel resets its connections.
vanish()
{
	examples/echo_client --backend "$backend" --port "$port" \
		--connections 20 --seconds 100 --size 20000 \
		>"$dir/vanished.out" 2>&1 </dev/null &
	client=$!
	nap
	nap
	nap
	kill -9 "$client" || fail "the client has ended too early"
	wait "$client" 2>/dev/null
	client=
}

# What a network brings, where there is a tool to bring it: nothing at all,
# an abrupt reset, half a message, bytes of all values, and many bytes whose
# echo nobody reads.
annoy()
{
	command -v perl >/dev/null 2>&1 || return 0
	ends 0 perl perl -e '
		use strict;
		use Socket;
		sub dial {
			socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
			connect($s, sockaddr_in($ARGV[0], INADDR_LOOPBACK))
				or die "connect: $!";
			return $s;
		}
		$SIG{ALRM} = sub { die "no answer" };
		alarm 20;
		my $silent = dial();
		for my $text ("", "half", "x" x 100000) {
			my $s = dial();
			syswrite($s, $text) if length $text;
			setsockopt($s, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0));
			close $s;
		}
		my $deaf = dial();
		my $old = select($deaf); $| = 1; select($old);
		use Fcntl;
		fcntl($deaf, F_SETFL, O_NONBLOCK);
		for (1 .. 1000) { syswrite($deaf, "y" x 100000) or last; }
		my $s = dial();
		my $garbage = join("", map { chr } 0 .. 255);
		syswrite($s, $garbage) == 256 or die "write: $!";
		shutdown($s, 1);
		my $back = "";
		1 while sysread($s, $back, 4096, length $back);
		$back eq $garbage or die "other bytes came back";
	' "$port"
}

try_backend()
{
	backend=$1
	echo "backend $backend"
	start_server
	load 50 20 64
	vanish
	annoy
	load 5 5 300000
	load 1 3 1
	stop_server TERM
	start_server
	stop_server INT
	ends 0 udp_echo examples/udp_echo --backend "$backend" --count 5000
	says udp_echo "^5000 datagrams, [1-9][0-9]* came back, [0-9]* late, [1-9][0-9]* a second (backend $backend)\$"
}

## What can run ##############################################################

[ -x examples/backends ] || exit 77
status=0
examples/backends >"$dir/backends.out" 2>&1 || status=$?
[ $status -ne 126 ] || exit 77
[ $status -eq 0 ] || fail "examples/backends ended with $status"
says backends '^a loop gets [a-z]* (rota [0-9.]*)$'
cat "$dir/backends.out"
usable=$(awk 'NR > 1 && $3 == "yes" && $4 != "unusable:" { print $1 }' \
	"$dir/backends.out")
[ -n "$usable" ] || fail "no backend works"

## Programs by themselves ####################################################

for program in backends echo_client echo_server run_child tour udp_echo; do
	ends 0 "$program" "examples/$program" --help
	says "$program" "^usage: $program"
	ends 2 "$program" "examples/$program" --no-such-option
	says "$program" "^usage: $program"
done
ends 1 backends examples/backends --backend nonsense
ends 1 echo_server examples/echo_server --backend nonsense
ends 2 echo_server examples/echo_server --port 65536
ends 2 echo_server examples/echo_server --host nowhere
ends 2 echo_client examples/echo_client
ends 1 echo_client examples/echo_client --backend nonsense --port 1
ends 1 tour examples/tour --backend nonsense
ends 2 udp_echo examples/udp_echo --count 0
ends 1 udp_echo examples/udp_echo --backend nonsense

## A child ###################################################################

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

for backend in $usable; do
	echo "run_child on $backend"
	run_child_with "$backend"
done
ends 2 run_child examples/run_child
ends 2 run_child examples/run_child --timeout soon true
ends 1 run_child examples/run_child --backend nonsense true

## Server, client and tour ###################################################

for backend in $usable; do
	try_backend "$backend"
done

echo "tour"
ends 0 tour examples/tour --programs examples --connections 20 --no-count \
	--seconds 0.2
for backend in $usable; do
	says tour "^$backend *20 *[1-9]"
done
for phase in timers pending idle prepare poll check close; do
	says tour "^  $phase "
done
if grep "$(printf '\033')" "$dir/tour.out" >/dev/null; then
	fail "the tour prints escape codes into a file"
fi
echo "all well"
