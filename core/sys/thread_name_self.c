/* SPDX-License-Identifier: MIT */
/* A thread's name, where pthread_setname_np(3) is for oneself only. */
#include <pthread.h>

#include "core/sys.h"

void
rota__sys_thread_name(const char *name)
{
	(void)pthread_setname_np(name);
}
