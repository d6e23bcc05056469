# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# copy_tree and tail_follow.

# copy: a folder with all there may be in one, and its refusals.
copy()
{
	rm -rf "$dir/copied"
	ends 0 copy_tree examples/copy_tree --backend "$backend" \
		"$dir/tree" "$dir/copied"
	says copy_tree '^copied 42 files, 4 folders, 1 links$'
	diff -r "$dir/tree" "$dir/copied" >/dev/null ||
		fail "copy_tree has not copied all"
	[ "$(ls -l "$dir/tree/a" | cut -c 1-10)" = \
		"$(ls -l "$dir/copied/a" | cut -c 1-10)" ] ||
		fail "copy_tree does not keep permissions"
	[ "$(ls -l "$dir/copied/link" | sed 's/.* //')" = a/file1 ] ||
		fail "copy_tree does not copy links"
	ends 1 copy_tree examples/copy_tree --backend "$backend" --jobs 1 \
		"$dir/tree" "$dir/copied"
	says copy_tree '^copy_tree: mkdir .*/copied: exists already$'
}

# follow: a file grows, is cut, and gives its name to another.
follow()
{
	awk 'BEGIN { for (i = 1; i <= 20000; i++) print "line", i }' \
		</dev/null >"$dir/log"
	: >"$dir/tail_follow.out"
	examples/tail_follow --backend "$backend" --lines 2 "$dir/log" \
		>"$dir/tail_follow.out" 2>&1 </dev/null &
	client=$!
	says_soon tail_follow '^line 20000$'
	says tail_follow '^line 19999$'
	if grep '^line 19998$' "$dir/tail_follow.out" >/dev/null; then
		fail "tail_follow prints more than it was asked for"
	fi
	echo appended >>"$dir/log"
	says_soon tail_follow '^appended$'
	mv "$dir/log" "$dir/log.1"
	says_soon tail_follow ': is gone$'
	echo another >"$dir/log"
	says_soon tail_follow '^another$'
	: >"$dir/log"
	says_soon tail_follow ': was cut$'
	echo new >>"$dir/log"
	says_soon tail_follow '^new$'
	stop "$client" TERM
	client=
}

explains copy_tree
explains tail_follow
ends 2 copy_tree examples/copy_tree "$dir"
ends 2 copy_tree examples/copy_tree --jobs 0 "$dir" "$dir/x"
ends 1 copy_tree examples/copy_tree --backend nonsense "$dir" "$dir/x"
ends 1 copy_tree examples/copy_tree "$dir/none" "$dir/x"
says copy_tree '^copy_tree: lstat .*/none: no such name$'
ends 2 tail_follow examples/tail_follow
ends 2 tail_follow examples/tail_follow --lines -1 x
ends 1 tail_follow examples/tail_follow --backend nonsense x
ends 1 tail_follow examples/tail_follow "$dir/none"

mkdir -p "$dir/tree/a/b" "$dir/tree/empty" || exit 99
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	echo "file $i" >"$dir/tree/a/file$i"
	echo "another $i" >"$dir/tree/a/b/file$i"
done
: >"$dir/tree/nothing"
awk 'BEGIN { for (i = 1; i <= 20000; i++) print "line", i }' \
	</dev/null >"$dir/tree/lines"
chmod 640 "$dir/tree/a/file1"
chmod 750 "$dir/tree/a"
ln -s a/file1 "$dir/tree/link"
for backend in $usable; do
	echo "copy_tree and tail_follow on $backend"
	copy
	follow
done
