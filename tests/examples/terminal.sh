# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2154,SC2034
#
# frames, and as much of tty_keys as can be tried without a terminal;
# check_tty has the rest.

explains frames
ends 2 frames examples/frames --rate 0
ends 1 frames examples/frames --backend nonsense
explains tty_keys
ends 1 tty_keys examples/tty_keys
says tty_keys '^tty_keys: standard input is no terminal$'
ends 2 tty_keys examples/tty_keys --mode nonsense

for backend in $usable; do
	ends 0 frames examples/frames --backend "$backend" --seconds 0.3
	says frames '^frames [1-9][0-9]*, dropped [0-9]*, at most [0-9.]* ms late; [1-9][0-9]* primes found$'
done
ends 0 frames examples/frames --seconds 0.3 --rate 100 --slice 50
says frames '^frames [1-9][0-9]*, dropped [1-9][0-9]*, '
