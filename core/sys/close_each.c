/* SPDX-License-Identifier: MIT */
/*
 * Closes a range of the child's descriptors one by one. There may be open
 * ones above a limit that was lowered later; who does that has to close them.
 */
#include <sys/resource.h>
#include <unistd.h>

#include "core/sys.h"

/* No system of ours gives out higher numbers unless told to. */
#define HIGHEST (1u << 20)

void
rota__sys_child_close_each(unsigned first, unsigned last)
{
	struct rlimit limit;
	unsigned end = HIGHEST;
	unsigned fd;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < HIGHEST)
		end = (unsigned)limit.rlim_cur;
	for (fd = first; fd < end && fd <= last; fd++)
		(void)close((int)fd);
}
