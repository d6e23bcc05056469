/* SPDX-License-Identifier: MIT */
/* Keeps the process on one processor: sched_setaffinity(2). */
#include <sched.h>
#include <unistd.h>

#include "bench/bench.h"

int
pin_to_cpu(unsigned cpu)
{
	cpu_set_t set;

	if (sysconf(_SC_NPROCESSORS_ONLN) <= (long)cpu)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}
