/* SPDX-License-Identifier: MIT */
/* Closes a range of the child's descriptors; one without end in one call. */
#include <limits.h>
#include <unistd.h>

#include "core/sys.h"

/* Its only error is that there are none. */
void
rota__sys_child_close(unsigned first, unsigned last)
{
	if (last < INT_MAX)
		rota__sys_child_close_each(first, last);
	else
		(void)closefrom((int)first);
}
