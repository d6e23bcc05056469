#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: soak.sh [SECONDS [BACKEND...]]
#
# Lets examples/echo_server hold many connections while others come and go,
# half of them ended by a reset, and demands that no byte is lost and that the
# server's descriptors and memory are the same in the end. Takes 60 seconds
# for each of epoll, poll and select unless told otherwise. Not part of
# `make check`; wants /proc, and 20000 descriptors for epoll. Run it in the
# build directory, after `make tests/soak`.
#
# ROTA_SOAK_HELD and ROTA_SOAK_RATE say how many are held and how many come
# in a second, if not 10000 (epoll) or 500, and 500.

set -u

seconds=${1:-60}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- epoll poll select
rate=${ROTA_SOAK_RATE:-500}

if [ ! -d /proc/self/fd ] || [ ! -x tests/soak ]; then
	echo "soak.sh: wants /proc, and tests/soak in the folder where it runs"
	exit 77
fi
# shellcheck disable=SC3045 # Where there is /proc, the shell has it.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || :

log=$(mktemp) || exit 99
server=
trap 'kill $server 2>/dev/null; rm -f "$log"' EXIT
trap 'exit 99' HUP INT TERM

# soak BACKEND
soak()
{
	held=500
	[ "$1" != epoll ] || held=10000
	: >"$log"
	examples/echo_server --backend "$1" --host 0.0.0.0 >"$log" 2>&1 &
	server=$!
	port=
	tries=0
	while [ -z "$port" ] && [ $tries -lt 50 ]; do
		sleep 0.1
		tries=$((tries + 1))
		port=$(sed -n 's/^listening on 0\.0\.0\.0:\([0-9]*\) .*/\1/p' \
			"$log")
	done
	tests/soak "$1" "${port:-0}" "$server" "${ROTA_SOAK_HELD:-$held}" \
		"$rate" "$seconds"
	status=$?
	kill "$server" && wait "$server"
	ended=$?
	server=
	[ $ended -eq 0 ] || { cat "$log"; status=1; }
	return $status
}

echo "                                          server's fds             server's memory, KiB
backend   held    new resets MB there failed  first  held   end  last    held  third    end"
failed=0
for backend in "$@"; do
	soak "$backend" || failed=1
done
exit $failed
