#!/bin/sh
# SPDX-License-Identifier: MIT
#
# usage: fs_errnos_complete.sh [SRCDIR]
#
# Each call of the file system is in a table of tests/check_fs_errnos.c.

set -u
cd -- "${1:-${srcdir:-$(dirname -- "$0")/..}}" || exit 99

calls=$(sh tests/promises.sh . | sed -n 's/^rota_fs_\([a-z_]*\)_with .*/\1/p')
n=$(echo "$calls" | wc -l)
if [ "$n" -lt 50 ]; then
	echo "hardly a call is found in the headers: $n"
	exit 1
fi

status=0
for call in $calls; do
	case $call in
	# They have no path and no descriptor, but what opendir has made.
	readdir | closedir) continue ;;
	esac
	grep -Eq "(, |rota_fs_|^	)$call\\(" tests/check_fs_errnos.c || {
		echo "rota_fs_$call is not tried in tests/check_fs_errnos.c"
		status=1
	}
done
[ $status -ne 0 ] || echo "fs_errnos_complete: all $((n)) calls are tried"
exit $status
