/* SPDX-License-Identifier: MIT */
/* Closes a range of the child's descriptors one by one, if nothing else is. */
#include "core/sys.h"

void
rota__sys_child_close(unsigned first, unsigned last)
{
	rota__sys_child_close_each(first, last);
}
