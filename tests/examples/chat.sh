# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# chat_server: everybody hears everybody, and who does not read is dropped.

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

explains chat_server
ends 1 chat_server examples/chat_server --backend nonsense
ends 2 chat_server examples/chat_server --grace 0

for backend in $usable; do
	chat
done
