/* SPDX-License-Identifier: MIT */
/* Systems without a way to keep a process on one processor. */
#include "bench/bench.h"

int
pin_to_cpu(unsigned cpu)
{
	(void)cpu;
	return 0;
}
