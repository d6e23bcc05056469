# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# echo_server by TCP, path and datagram; echo_client; udp_echo.

# start_at WHERE ARGUMENTS...: an echo server that says it listens there.
start_at()
{
	where=$1
	shift
	: >"$dir/echo_server.out"
	examples/echo_server --backend "$backend" "$@" \
		>"$dir/echo_server.out" 2>&1 </dev/null &
	server=$!
	says_soon echo_server "^listening on $where (backend $backend)\$"
}

# A client that is killed, and a server that leaves its file: the next one
# takes the place over.
echo_on_path()
{
	command -v perl >/dev/null 2>&1 || return 0
	path=$dir/echo.sock
	start_at "$path" --unix "$path"
	kill -9 "$server"
	wait "$server" 2>/dev/null
	[ -S "$path" ] || fail "no socket at the path of echo_server"
	start_at "$path" --unix "$path"
	ends 0 perl perl -e '
		use strict;
		use Socket;
		socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
		connect($s, sockaddr_un($ARGV[0])) or die "connect: $!";
		my $sent = join("", map { pack("N", $_) } 1 .. 100000);
		my $child = fork // die;
		if (!$child) {
			for (my $at = 0; $at < length $sent; ) {
				$at += syswrite($s, $sent, 65536, $at) // die;
			}
			shutdown($s, 1);
			exit 0;
		}
		my $got = "";
		while (length $got < length $sent) {
			sysread($s, $got, 65536, length $got) or last;
		}
		waitpid $child, 0;
		die "other bytes came back" if $got ne $sent;
	' "$path"
	stop "$server" TERM
	server=
	says echo_server '^served 1 connections, 400000 bytes$'
	[ ! -e "$path" ] || fail "echo_server leaves its socket behind"
}

# One at a time, as the kernel may lose what comes too fast.
echo_datagrams()
{
	command -v perl >/dev/null 2>&1 || return 0
	start_at '127\.0\.0\.1:[0-9]*' --udp
	port=$(sed -n 's/^listening on 127\.0\.0\.1:\([0-9]*\) .*/\1/p' \
		"$dir/echo_server.out")
	ends 0 perl perl -e '
		use strict;
		use Socket;
		socket(my $s, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
		connect($s, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die;
		alarm 20;
		for my $size (0, 1, 1000, 9000) {
			my $sent = chr($size % 256) x $size;
			defined send($s, $sent, 0) or die "send: $!";
			defined recv($s, my $got, 65536, 0) or die "recv: $!";
			die "$size bytes came back other" if $got ne $sent;
		}
	' "$port"
	stop "$server" INT
	server=
	says echo_server '^served 4 datagrams, 10001 bytes$'
}

explains echo_server
explains echo_client
explains udp_echo
ends 1 echo_server examples/echo_server --backend nonsense
ends 2 echo_server examples/echo_server --port 65536
ends 2 echo_server examples/echo_server --host nowhere
ends 2 echo_server examples/echo_server --udp --unix "$dir/echo.sock"
ends 1 echo_server examples/echo_server --unix "$dir/none/echo.sock"
ends 2 echo_client examples/echo_client
ends 1 echo_client examples/echo_client --backend nonsense --port 1
ends 2 udp_echo examples/udp_echo --count 0
ends 1 udp_echo examples/udp_echo --backend nonsense

for backend in $usable; do
	start_server
	load 50 20 64
	vanish
	annoy
	load 5 5 300000
	load 1 3 1
	stop_server TERM
	start_server
	stop_server INT
	echo_on_path
	echo_datagrams
	ends 0 udp_echo examples/udp_echo --backend "$backend" --count 5000
	says udp_echo "^5000 datagrams, [1-9][0-9]* came back, [0-9]* late, [1-9][0-9]* a second (backend $backend)\$"
done
