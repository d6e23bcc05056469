# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# resolve and hash_files.

# The name server is not there; that must be told, and soon.
try_names()
{
	ends 0 resolve examples/resolve --backend "$1" localhost
	grep -e '^localhost 127\.0\.0\.1$' -e '^localhost ::1$' \
		"$dir/resolve.out" >/dev/null || fail "localhost has no address"
	status=0
	examples/resolve --backend "$1" --type MX --server 127.0.0.1:1 \
		--deadline 5 localhost >"$dir/resolve.out" 2>&1 || status=$?
	[ $status -eq 1 ] || [ $status -eq 77 ] ||
		fail "resolve --type ended with $status"
}

# Those of the program that the system has for it, if it has one.
try_sums()
{
	status=0
	examples/hash_files --backend "$1" --at-once 3 "$dir/sums/big" \
		"$dir/sums/empty" "$dir/sums/a b" \
		>"$dir/hash_files.out" 2>&1 || status=$?
	[ $status -ne 77 ] || return 0
	[ $status -eq 0 ] || fail "hash_files ended with $status"
	if command -v sha256sum >/dev/null 2>&1; then
		sha256sum "$dir/sums/big" "$dir/sums/empty" "$dir/sums/a b" \
			>"$dir/sums.out"
		cmp "$dir/sums.out" "$dir/hash_files.out" ||
			fail "hash_files has other sums than sha256sum"
	fi
	ends 1 hash_files examples/hash_files --backend "$1" --progress \
		"$dir/sums/a b" "$dir/none"
	says hash_files "/none: no such name$"
	ends 1 hash_files examples/hash_files --algorithm nonsense \
		"$dir/sums/a b"
}

explains resolve
explains hash_files
ends 2 resolve examples/resolve
ends 2 resolve examples/resolve --type SOA localhost
ends 2 resolve examples/resolve --server 127.0.0.1 localhost
ends 2 hash_files examples/hash_files
ends 2 hash_files examples/hash_files --at-once 0 README

mkdir -p "$dir/sums" || exit 99
awk 'BEGIN { for (i = 1; i <= 200000; i++) print "line", i }' \
	</dev/null >"$dir/sums/big"
: >"$dir/sums/empty"
echo hello >"$dir/sums/a b"
for backend in $usable; do
	echo "names and sums on $backend"
	try_names "$backend"
	try_sums "$backend"
done
