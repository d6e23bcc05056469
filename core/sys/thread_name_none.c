/* SPDX-License-Identifier: MIT */
/* Threads have no names here. */
#include "core/sys.h"

void
rota__sys_thread_name(const char *name)
{
	(void)name;
}
