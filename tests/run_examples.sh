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
proxy=
client=
trap 'for p in $server $proxy $client; do kill -9 "$p" 2>/dev/null; done
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

start_server()
{
	start echo_server --stats 1000
	server=$pid
}

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

# The echo server once more, but through the proxy.
relay()
{
	start_server
	start tcp_proxy --to-port "$port"
	proxy=$pid
	load 20 20 64
	vanish
	annoy
	load 5 5 300000
	stop "$proxy" TERM
	proxy=
	says tcp_proxy '^relayed [1-9][0-9]* connections, [1-9][0-9]* bytes up, [1-9][0-9]* bytes down$'
	stop_server TERM
}

# A fast sender, the proxy, a slow reader: all arrives, and the proxy does not
# grow with what waits. Then one who says nothing, and is dropped.
relay_slowly()
{
	command -v perl >/dev/null 2>&1 || return 0
	: >"$dir/sink.out"
	perl -e '
		use strict;
		use Socket;
		use Digest::MD5;
		$SIG{ALRM} = sub { die "nobody comes" };
		alarm 30;
		socket(my $l, PF_INET, SOCK_STREAM, 0) or die;
		setsockopt($l, SOL_SOCKET, SO_RCVBUF, 65536);
		bind($l, sockaddr_in(0, INADDR_LOOPBACK)) or die;
		listen($l, 1) or die;
		my ($port) = sockaddr_in(getsockname($l));
		$| = 1;
		print "listening on 127.0.0.1:$port\n";
		accept(my $s, $l) or die;
		my ($md5, $n, $bytes) = (Digest::MD5->new, 0);
		while (sysread($s, $bytes, 262144)) {
			$md5->add($bytes);
			$n += length $bytes;
			select(undef, undef, undef, 0.002);
		}
		print "$n ", $md5->hexdigest, "\n";
	' >"$dir/sink.out" 2>&1 </dev/null &
	client=$!
	tries=0
	until port=$(sed -n 's/^listening on 127\.0\.0\.1:\([0-9]*\)$/\1/p' \
		"$dir/sink.out") && [ -n "$port" ]; do
		tries=$((tries + 1))
		[ $tries -le 100 ] || fail "the sink names no port"
		nap
	done
	start tcp_proxy --to-port "$port" --limit 20
	proxy=$pid
	before=$(peak_kib "$proxy")
	ends 0 source perl -e '
		use strict;
		use Socket;
		use Digest::MD5;
		$SIG{ALRM} = sub { die "nobody reads" };
		alarm 30;
		socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
		connect($s, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die;
		my ($md5, $n) = (Digest::MD5->new, 0);
		while ($n < 24 << 20) {
			my $bytes = pack("N*", map { $n + $_ } 1 .. 16384);
			$md5->add($bytes);
			for (my $at = 0; $at < length $bytes; ) {
				my $sent = syswrite($s, $bytes, 65536, $at);
				$at += $sent or die "write: $!";
			}
			$n += length $bytes;
		}
		shutdown($s, 1);
		sysread($s, my $end, 1) == 0 or die "no end";
		print "$n ", $md5->hexdigest, "\n";
	' "$port"
	wait "$client" || fail "the slow reader has failed"
	client=
	says sink "^$(cat "$dir/source.out")\$"
	after=$(peak_kib "$proxy")
	[ $((after - before)) -lt 12288 ] ||
		fail "the proxy has grown from $before to $after KiB"
	stop "$proxy" INT
	proxy=
}

# The most memory that a process has had; 0 where that is not told.
peak_kib()
{
	n=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' "/proc/$1/status" \
		2>/dev/null)
	echo "${n:-0}"
}

drop_the_silent()
{
	command -v perl >/dev/null 2>&1 || return 0
	start_server
	start tcp_proxy --to-port "$port" --limit 0.2
	proxy=$pid
	ends 0 silent perl -e '
		use strict;
		use Socket;
		$SIG{ALRM} = sub { die "still there" };
		alarm 20;
		socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
		connect($s, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die;
		sysread($s, my $byte, 1) and die "a byte from nowhere";
	' "$port"
	stop "$proxy" TERM
	proxy=
	stop_server TERM
}

# Two who talk, one who leaves, and one who never reads.
chat()
{
	start chat_server --grace 0.2
	server=$pid
	if command -v perl >/dev/null 2>&1; then
		ends 0 chat perl -e '
			use strict;
			use Socket;
			sub dial {
				socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
				setsockopt($s, SOL_SOCKET, SO_RCVBUF, 65536);
				connect($s, sockaddr_in($ARGV[0],
					INADDR_LOOPBACK)) or die;
				return $s;
			}
			$SIG{ALRM} = sub { die "nobody talks" };
			alarm 30;
			$SIG{PIPE} = "IGNORE";
			# Each is heard before the next comes, to be in order.
			my ($a, $b) = (dial(), dial());
			my $got = "";
			until ($got =~ /\n/) {
				syswrite($a, "hello\n");
				my $ready = "";
				vec($ready, fileno($b), 1) = 1;
				sysread($b, $got, 4096, length $got)
					if select($ready, undef, undef, 0.1);
			}
			$got =~ /^1: hello\n/ or die "not \"$got\"";
			my $deaf = dial();
			my $line = "x" x 1000 . "\n";
			my $reader = fork;
			if (!$reader) {
				1 while sysread($b, my $bytes, 1 << 20);
				exit 0;
			}
			# Until the one who does not read is gone.
			for (1 .. 30000) {
				syswrite($a, $line) == 1001 or die "write: $!";
			}
			select(undef, undef, undef, 0.5);
			my $n = 0;
			while (my $r = sysread($deaf, my $bytes, 1 << 20)) {
				$n += $r;
			}
			$n < 29e6 or die "the deaf one got all: $n";
			shutdown($a, 1);
			kill "TERM", $reader;
			waitpid $reader, 0;
		' "$port"
	fi
	stop "$server" TERM
	server=
	says chat_server '^served [0-9]* clients, [0-9]* lines, dropped [0-9]*$'
	! command -v perl >/dev/null 2>&1 ||
		says chat_server '^served 3 clients, .*, dropped 1$'
}

# same LOG: what the reader printed is what it should.
same()
{
	cmp "$dir/numbered" "$dir/$1.out" ||
		fail "other lines from a $1 (backend $backend)"
}

# The same lines, whatever standard input is.
read_lines()
{
	reader="examples/line_reader --backend $backend"

	$reader <"$dir/lines" >"$dir/file.out" 2>&1 ||
		fail "line_reader fails on a file"
	same file
	# shellcheck disable=SC2002 # A pipe is what is wanted.
	cat "$dir/lines" | $reader >"$dir/pipe.out" 2>&1 ||
		fail "line_reader fails on a pipe"
	same pipe
	rm -f "$dir/fifo"
	mkfifo "$dir/fifo"
	cat "$dir/lines" >"$dir/fifo" &
	$reader <"$dir/fifo" >"$dir/fifo.out" 2>&1 ||
		fail "line_reader fails on a fifo"
	wait $!
	same fifo
	$reader </dev/null >"$dir/null.out" 2>&1 ||
		fail "line_reader fails on /dev/null"
	[ ! -s "$dir/null.out" ] || fail "lines from /dev/null"
	read_lines_of_socket
	read_lines_of_terminal
}

read_lines_of_socket()
{
	command -v perl >/dev/null 2>&1 || return 0
	# shellcheck disable=SC2086 # The reader is several words.
	perl -e '
		use strict;
		use Socket;
		use IO::Handle;
		socketpair(my $near, my $far, AF_UNIX, SOCK_STREAM, PF_UNSPEC)
			or die;
		my $child = fork;
		if (!$child) {
			open(STDIN, "<&", $far) or die;
			close $near;
			close $far;
			exec @ARGV or die;
		}
		close $far;
		open(my $lines, "<", "'"$dir/lines"'") or die;
		print $near $_ while <$lines>;
		close $near;
		waitpid $child, 0;
		exit($? != 0);
	' $reader >"$dir/socket.out" 2>&1 </dev/null ||
		fail "line_reader fails on a socket"
	same socket
}

# script(1) of some systems runs a command on a terminal. It echoes what is
# typed, and ends lines as terminals do. ^D is typed last.
read_lines_of_terminal()
{
	script -qec true /dev/null >/dev/null 2>&1 </dev/null || return 0
	{
		nap
		cat "$dir/lines"
		nap
		printf '\004'
	} | script -qec "stty -echo; exec $reader" /dev/null \
		>"$dir/typed" 2>&1 || fail "line_reader fails on a terminal"
	tr -d '\r' <"$dir/typed" | grep '^ *[0-9]*	' >"$dir/terminal.out"
	same terminal
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

# watch OPTIONS...: files come, change and go under the eyes of watch_dir.
watch()
{
	mkdir "$dir/watched" "$dir/watched/below" || exit 99
	# What an earlier run has said must not be taken for this one's.
	: >"$dir/watch_dir.out"
	examples/watch_dir --backend "$backend" --recursive "$@" \
		"$dir/watched" >"$dir/watch_dir.out" 2>&1 </dev/null &
	client=$!
	says_soon watch_dir "^watching by [a-z]* (backend $backend)\$"
	echo a >"$dir/watched/below/a"
	says_soon watch_dir '^created .*/watched below/a$'
	echo b >>"$dir/watched/below/a"
	says_soon watch_dir '^changed .*/watched below/a$'
	mv "$dir/watched/below/a" "$dir/watched/b"
	says_soon watch_dir '^renamed .*/watched below/a -> b$'
	rm -r "$dir/watched/below"
	says_soon watch_dir '^removed .*/watched below/$'
	rm -r "$dir/watched"
	status=0
	wait "$client" || status=$?
	client=
	[ $status -eq 0 ] || fail "watch_dir ended with $status"
	says watch_dir '^gone .*/watched$'
}

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
	pass_fd
	hand_over
	start_server
	stop_server INT
	echo_on_path
	echo_datagrams
	ends 0 udp_echo examples/udp_echo --backend "$backend" --count 5000
	says udp_echo "^5000 datagrams, [1-9][0-9]* came back, [0-9]* late, [1-9][0-9]* a second (backend $backend)\$"
	relay
	relay_slowly
	drop_the_silent
	chat
	read_lines
	watch
	watch --interval 10
}

# start_http ARGUMENTS...: tells its port in $port; its process is $server.
start_http()
{
	: >"$dir/http_server.out"
	examples/http_server --backend "$backend" --folder "$dir/www" "$@" \
		>"$dir/http_server.out" 2>&1 </dev/null &
	server=$!
	tries=0
	until port=$(sed -n 's/^listening on 127\.0\.0\.1:\([0-9]*\) (backend '"$backend"')$/\1/p' \
		"$dir/http_server.out") && [ -n "$port" ]; do
		tries=$((tries + 1))
		[ $tries -le 100 ] || fail "the HTTP server names no port"
		nap
	done
}

stop_http()
{
	kill "-$1" "$server" || fail "the HTTP server is gone"
	status=0
	wait "$server" || status=$?
	server=
	[ $status -eq 0 ] || fail "the HTTP server ended with $status"
	says http_server '^served [1-9][0-9]* connections, [1-9][0-9]* requests$'
}

# gets STATUS PATH [FILE]: with exactly that body, if one is given.
gets()
{
	want=1
	[ "$1" -ne 200 ] || want=0
	status=0
	examples/http_get --backend "$backend" "http://127.0.0.1:$port$2" \
		>"$dir/body" 2>"$dir/http_get.out" </dev/null || status=$?
	[ $status -eq $want ] || fail "http_get $2 ended with $status"
	says http_get "^status $1, [0-9]* bytes\$"
	[ -z "${3:-}" ] || cmp "$dir/body" "$3" ||
		fail "$2 has come with other bytes"
}

# Where there is perl: many requests on one connection, answered in order;
# requests that are wrong, each in its way; clients that go in the middle; and
# one whose request never gets ready.
ask_oddly()
{
	command -v perl >/dev/null 2>&1 || return 0
	ends 0 perl perl -e '
		use strict;
		use Socket;
		$SIG{ALRM} = sub { die "no answer" };
		$SIG{PIPE} = "IGNORE";
		alarm 30;
		sub dial {
			socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
			connect($s, sockaddr_in($ARGV[0], INADDR_LOOPBACK))
				or die "connect: $!";
			return $s;
		}
		sub ask {
			my $s = dial();
			my ($text, $all, $at) = ($_[0], "", 0);
			while ($at < length $text) {
				$at += syswrite($s, $text, 65536, $at) || last;
			}
			1 while sysread($s, $all, 65536, length $all);
			return $all;
		}
		my $host = "Host: x\r\n";
		my $last = $host . "Connection: close\r\n";
		sub get { return "GET $_[0] HTTP/1.1\r\n$_[1]\r\n"; }

		# In order, and byte for byte, whatever a body holds.
		my $all = ask(get("/hello", $host) x 2000 . get("/big", $host) .
			"HEAD /big HTTP/1.1\r\n$host\r\n" . get("/none", $host) .
			get("/hello", $last));
		my $seen = "";
		while ($all =~ s/^HTTP\/1\.1 (\d+) .*?\r\nContent-Length: (\d+)\r\n.*?\r\n\r\n//s) {
			my $size = length $seen == 2001 * 3 ? 0 : $2;
			$seen .= $1;
			substr($all, 0, $size) = "";
		}
		$all eq "" && $seen eq "200" x 2002 . "404" . "200"
			or die "pipelined: $seen";

		my @wrong = (
			[400, "\x16\x03\x01\r\n\r\n"],
			[400, "GET /hello\r\n\r\n"],
			[400, get("/hello", "")],
			[400, get("/hello", $host . $last)],
			[400, get("/hello", "A : b\r\n$last")],
			[400, get("/hello", "Content-Length: -1\r\n$last")],
			[400, get("/hello", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n$last")],
			[400, get("/%00", $last)],
			[400, get("hello", $last)],
			[404, get("/../secret", $last)],
			[404, get("/%2e%2e/secret", $last)],
			[404, get("/link", $last)],
			[404, get("/folder", $last)],
			[405, "DELETE /hello HTTP/1.1\r\n$last\r\n"],
			[413, get("/hello", "Content-Length: 1000000\r\n$last")],
			[413, get("/hello", "Transfer-Encoding: chunked\r\n$last") .
				("2710\r\n" . "x" x 10000 . "\r\n") x 10],
			[414, get("/" . "a" x 1000000, $last)],
			[417, get("/hello", "Expect: 100-continue\r\n$last")],
			[431, get("/hello", "A: " . "a" x 1000000 . "\r\n$last")],
			[431, get("/hello", "A: b\r\n" x 10000 . $last)],
			[501, get("/hello", "Transfer-Encoding: odd\r\n$last")],
			[505, "GET /hello HTTP/2.0\r\n$last\r\n"],
			[200, get("http://x/hello?a", $last)],
			[200, get("/hello", "Transfer-Encoding: chunked\r\n$last") .
				"5;a=b\r\nabcde\r\n0\r\nA: b\r\n\r\n"],
			[200, "\r\nGET /hello HTTP/1.0\r\n\r\n"]);
		for my $case (@wrong) {
			my ($status, $text) = @$case;
			my ($first) = ask($text) =~ /^(.*)/;
			($first || "") =~ /^HTTP\/1\.1 $status /
				or die substr($text, 0, 60) . ": $first";
		}

		for my $hard (0, 1) {
			my $s = dial();
			syswrite($s, get("/big", $host));
			sysread($s, my $some, 100);
			setsockopt($s, SOL_SOCKET, SO_LINGER, pack("ii", $hard, 0));
			close $s;
		}

		my $silent = dial();
		my $slow = dial();
		my ($answer, $ready) = ("", 0);
		for (my $n = 0; !$ready; $n++) {
			syswrite($slow, substr("GET /" . "a" x 1000, $n, 1));
			vec(my $in = "", fileno($slow), 1) = 1;
			$ready = select($in, undef, undef, 0.1);
		}
		sysread($slow, $answer, 4096);
		$answer =~ /^HTTP\/1\.1 408 / or die "slow: $answer";
		sysread($silent, $answer, 4096) and die "silent: $answer";
	' "$port"
}

try_http()
{
	backend=$1
	echo "http, backend $backend"
	start_http --idle 0.5
	printf 'Hello, world!\n' >"$dir/hello"
	gets 200 /hello "$dir/hello"
	gets 200 /big "$dir/www/big"
	gets 200 /folder/a%20b?c "$dir/www/folder/a b"
	gets 200 /empty /dev/null
	gets 404 /none
	gets 404 /../secret
	examples/http_get --backend "$backend" --head \
		"http://127.0.0.1:$port/big" >"$dir/body" 2>"$dir/http_get.out"
	says http_get '^status 200, 0 bytes$'
	ask_oddly
	stop_http TERM
	start_http --stats
	gets 200 /hello "$dir/hello"
	stop_http INT
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
all_usable=$usable
# In short, on one backend: kqueue where there is one, else the best.
if [ "${ROTA_TEST_QUICK:-}" = 1 ]; then
	usable=$(echo "$all_usable" | grep kqueue || echo "$all_usable" | sed q)
fi

## Programs by themselves ####################################################

for program in backends chat_server echo_client echo_server fd_pass frames \
	handover line_reader parallel_work run_child tcp_proxy tour tty_keys udp_echo \
	watch_dir; do
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
ends 1 fd_pass examples/fd_pass --backend nonsense receive x
ends 1 fd_pass examples/fd_pass receive "$dir/nowhere"
ends 2 fd_pass examples/fd_pass send x
ends 1 handover examples/handover --backend nonsense
ends 2 handover examples/handover --threads 0
ends 2 frames examples/frames --rate 0
ends 1 frames examples/frames --backend nonsense
ends 1 tour examples/tour --backend nonsense
ends 1 tty_keys examples/tty_keys
says tty_keys '^tty_keys: standard input is no terminal$'
ends 2 tty_keys examples/tty_keys --mode nonsense
ends 2 watch_dir examples/watch_dir
ends 2 watch_dir examples/watch_dir --interval 0 .
ends 1 watch_dir examples/watch_dir --backend nonsense .
ends 1 watch_dir examples/watch_dir "$dir/no-such-directory"
ends 2 udp_echo examples/udp_echo --count 0
ends 1 udp_echo examples/udp_echo --backend nonsense

## Frames ####################################################################

for backend in $usable; do
	ends 0 frames examples/frames --backend "$backend" --seconds 0.3
	says frames '^frames [1-9][0-9]*, dropped [0-9]*, at most [0-9.]* ms late; [1-9][0-9]* primes found$'
done
ends 0 frames examples/frames --seconds 0.3 --rate 100 --slice 50
says frames '^frames [1-9][0-9]*, dropped [1-9][0-9]*, '

# In the threads of a pool; and broken off while it would take for ever.
ends 2 parallel_work examples/parallel_work --threads 0
ends 2 parallel_work examples/parallel_work --limit -1
ends 1 parallel_work examples/parallel_work --backend nonsense
for backend in $usable; do
	ends 0 parallel_work examples/parallel_work --backend "$backend" \
		--limit 200000 --threads 3
	says parallel_work "^17984 primes below 200000, counted in 64 slices of 64 (backend $backend)\$"
	examples/parallel_work --backend "$backend" --limit 1000000000000 \
		>"$dir/parallel_work.out" 2>&1 </dev/null &
	client=$!
	nap
	nap
	kill -INT "$client" || fail "parallel_work is done too early"
	status=0
	wait "$client" || status=$?
	client=
	[ $status -eq 130 ] || fail "parallel_work ended with $status"
	says parallel_work "^[0-9]* primes below 1000000000000, counted in [0-9]* slices of 64 (backend $backend)\$"
done

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
ends 2 echo_server examples/echo_server --udp --unix "$dir/echo.sock"
ends 1 echo_server examples/echo_server --unix "$dir/none/echo.sock"
ends 1 chat_server examples/chat_server --backend nonsense
ends 2 chat_server examples/chat_server --grace 0
ends 1 line_reader examples/line_reader --backend nonsense
ends 2 line_reader examples/line_reader lines
ends 2 tcp_proxy examples/tcp_proxy
ends 2 tcp_proxy examples/tcp_proxy --to-port 65536
ends 1 tcp_proxy examples/tcp_proxy --backend nonsense --to-port 1

awk 'BEGIN {
	for (i = 1; i <= 60; i++)
		print (i % 7 ? "line " i " of many" : "")
}' </dev/null >"$dir/lines"
awk '{ printf "%6d\t%s\n", NR, $0 }' "$dir/lines" >"$dir/numbered"

## Server, client and tour ###################################################

for backend in $usable; do
	try_backend "$backend"
done

## HTTP ######################################################################

for program in http_get http_server; do
	ends 0 "$program" "examples/$program" --help
	says "$program" "^usage: $program"
	ends 2 "$program" "examples/$program" --no-such-option
	says "$program" "^usage: $program"
done
ends 1 http_server examples/http_server --backend nonsense
ends 1 http_server examples/http_server --folder "$dir/none"
ends 2 http_server examples/http_server --port 65536
ends 2 http_server examples/http_server --idle 0
ends 2 http_get examples/http_get
ends 2 http_get examples/http_get ftp://127.0.0.1/
ends 2 http_get examples/http_get http://localhost/
says http_get 'names come when rota can look them up'
ends 1 http_get examples/http_get --backend nonsense http://127.0.0.1:1/
ends 1 http_get examples/http_get http://127.0.0.1:1/

mkdir -p "$dir/www/folder"
echo secret >"$dir/secret"
ln -s ../secret "$dir/www/link"
: >"$dir/www/empty"
echo 'a name with a blank' >"$dir/www/folder/a b"
awk 'BEGIN {
	for (i = 0; i < 200000; i++)
		print "HTTP/1.1 200 OK", i
}' </dev/null >"$dir/www/big"
for backend in $usable; do
	try_http "$backend"
done

echo "tour"
ends 0 tour examples/tour --programs examples --connections 20 --no-count \
	--seconds 0.2
for backend in $all_usable; do
	says tour "^$backend *20 *[1-9]"
done
for phase in timers pending idle prepare poll check close; do
	says tour "^  $phase "
done
if grep "$(printf '\033')" "$dir/tour.out" >/dev/null; then
	fail "the tour prints escape codes into a file"
fi
echo "all well"
