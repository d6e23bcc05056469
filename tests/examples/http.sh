# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# http_server and http_get, and clients that are odd.

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
host=127.0.0.1
gets()
{
	want=1
	[ "$1" -ne 200 ] || want=0
	status=0
	examples/http_get --backend "$backend" "http://$host:$port$2" \
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
	start_http --idle 0.5
	printf 'Hello, world!\n' >"$dir/hello"
	gets 200 /hello "$dir/hello"
	gets 200 /big "$dir/www/big"
	gets 200 /folder/a%20b?c "$dir/www/folder/a b"
	gets 200 /empty /dev/null
	host=localhost
	gets 200 /hello "$dir/hello"
	host=127.0.0.1
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

explains http_get
explains http_server
ends 1 http_server examples/http_server --backend nonsense
ends 1 http_server examples/http_server --folder "$dir/none"
ends 2 http_server examples/http_server --port 65536
ends 2 http_server examples/http_server --idle 0
ends 2 http_get examples/http_get
ends 2 http_get examples/http_get ftp://127.0.0.1/
ends 1 http_get examples/http_get --backend nonsense http://127.0.0.1:1/
ends 1 http_get examples/http_get http://127.0.0.1:1/
says http_get 'cannot connect: connection refused by peer'
ends 1 http_get examples/http_get --deadline 5 http://no-such-host.invalid/

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
	try_http
done
