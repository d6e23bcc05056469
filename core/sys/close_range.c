/* SPDX-License-Identifier: MIT */
/* Closes a range of the child's descriptors in one call, or one by one. */
#include <sys/syscall.h>
#include <unistd.h>

#include "core/sys.h"

void
rota__sys_child_close(unsigned first, unsigned last)
{
	if (syscall(SYS_close_range, first, last, 0) < 0)
		rota__sys_child_close_each(first, last);
}
