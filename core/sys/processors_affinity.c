/* SPDX-License-Identifier: MIT */
/* How many processors this process may use. */
#include <sched.h>

#include "core/sys.h"

/* More than fit into a set: the call fails, and there are many. */
unsigned
rota__sys_n_processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return CPU_SETSIZE;
	return (unsigned)CPU_COUNT(&set);
}
