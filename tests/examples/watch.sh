# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# watch_dir: what happens to files, with and without news from the kernel.

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

explains watch_dir
ends 2 watch_dir examples/watch_dir
ends 2 watch_dir examples/watch_dir --interval 0 .
ends 1 watch_dir examples/watch_dir --backend nonsense .
ends 1 watch_dir examples/watch_dir "$dir/no-such-directory"

for backend in $usable; do
	watch
	watch --interval 10
done
