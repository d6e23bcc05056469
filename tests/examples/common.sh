# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# What the files beside this one have in common; run_examples.sh reads it
# first. `ends`, `says` and `fail` judge; $backend is who is tried.

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

# says_soon LOG PATTERN: a program that runs will print such a line.
says_soon()
{
	tries=0
	until grep -e "$2" "$dir/$1.out" >/dev/null; do
		tries=$((tries + 1))
		[ $tries -le 100 ] || fail "$1 does not say \"$2\""
		nap
	done
}

nap()
{
	sleep 0.1 2>/dev/null || sleep 1
}

# start PROGRAM ARGUMENTS...: takes a port that is free, which is $port from
# now on, and tells it when it is ready. Its process is $pid.
start()
{
	program=$1
	shift
	# Of an earlier run.
	: >"$dir/$program.out"
	"examples/$program" --backend "$backend" "$@" \
		>"$dir/$program.out" 2>&1 </dev/null &
	pid=$!
	tries=0
	until port=$(sed -n 's/^listening on 127\.0\.0\.1:\([0-9]*\) (backend '"$backend"')$/\1/p' \
		"$dir/$program.out") && [ -n "$port" ]; do
		tries=$((tries + 1))
		[ $tries -le 100 ] || fail "$program names no port"
		nap
	done
}

# stop PID SIGNAL: must end well by itself, with everything closed.
stop()
{
	kill "-$2" "$1" || fail "a server is gone"
	status=0
	wait "$1" || status=$?
	[ $status -eq 0 ] || fail "a server ended with $status after SIG$2"
}

# explains PROGRAM: it has a help, and refuses what it does not know.
explains()
{
	ends 0 "$1" "examples/$1" --help
	says "$1" "^usage: $1"
	ends 2 "$1" "examples/$1" --no-such-option
	says "$1" "^usage: $1"
}

start_server()
{
	start echo_server --stats 1000
	server=$pid
}

stop_server()
{
	stop "$server" "$1"
	server=
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
