/* SPDX-License-Identifier: MIT */
/* How many processors there are. */
#include <unistd.h>

#include "core/sys.h"

unsigned
rota__sys_n_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}
