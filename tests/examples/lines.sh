# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# line_reader: the same lines, whatever standard input is.

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

explains line_reader
ends 1 line_reader examples/line_reader --backend nonsense
ends 2 line_reader examples/line_reader lines

awk 'BEGIN {
	for (i = 1; i <= 60; i++)
		print (i % 7 ? "line " i " of many" : "")
}' </dev/null >"$dir/lines"
awk '{ printf "%6d\t%s\n", NR, $0 }' "$dir/lines" >"$dir/numbered"
for backend in $usable; do
	read_lines
done
