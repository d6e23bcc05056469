# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# The tour starts server and client by itself, on every backend.

explains tour
ends 1 tour examples/tour --backend nonsense

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
