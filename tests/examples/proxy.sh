# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# tcp_proxy between a server and clients, a fast sender and a slow reader, and
# who is silent.
#
# The fast sender sends ROTA_TEST_RELAY_MIB, 24 unless told otherwise.

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

# The most memory that a process has had; 0 where that is not told.
peak_kib()
{
	n=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB$/\1/p' "/proc/$1/status" \
		2>/dev/null)
	echo "${n:-0}"
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
		alarm 30 + $ARGV[0];
		socket(my $l, PF_INET, SOCK_STREAM, 0) or die;
		setsockopt($l, SOL_SOCKET, SO_RCVBUF, 65536);
		bind($l, sockaddr_in(0, INADDR_LOOPBACK)) or die;
		listen($l, 1) or die;
		my ($port) = sockaddr_in(getsockname($l));
		$| = 1;
		print "listening on 127.0.0.1:$port\n";
		accept(my $s, $l) or die;
		my ($md5, $n, $reads, $bytes) = (Digest::MD5->new, 0, 0);
		while (sysread($s, $bytes, 262144)) {
			$md5->add($bytes);
			$n += length $bytes;
			# Less than it could take.
			select(undef, undef, undef, 0.002)
				if $n < 64 << 20 || ++$reads % 16 == 0;
		}
		print "$n ", $md5->hexdigest, "\n";
	' "$relay_mib" >"$dir/sink.out" 2>&1 </dev/null &
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
		alarm 30 + $ARGV[1];
		socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
		connect($s, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or die;
		my ($md5, $n) = (Digest::MD5->new, 0);
		my $bytes = pack("N*", 1 .. 16384);
		while ($n < $ARGV[1] << 20) {
			substr($bytes, $n % 65521, 4) = pack("N", $n >> 16);
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
	' "$port" "$relay_mib"
	wait "$client" || fail "the slow reader has failed"
	client=
	says sink "^$(cat "$dir/source.out")\$"
	after=$(peak_kib "$proxy")
	echo "  $backend: $relay_mib MiB; at most $before KiB of memory before, $after after"
	[ $((after - before)) -lt 12288 ] ||
		fail "the proxy has grown from $before to $after KiB"
	stop "$proxy" INT
	proxy=
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

explains tcp_proxy
ends 2 tcp_proxy examples/tcp_proxy
ends 2 tcp_proxy examples/tcp_proxy --to-port 65536
ends 1 tcp_proxy examples/tcp_proxy --backend nonsense --to-port 1

relay_mib=${ROTA_TEST_RELAY_MIB:-24}
for backend in $usable; do
	relay
	relay_slowly
	drop_the_silent
done
