/* SPDX-License-Identifier: MIT */
/* A thread's name, where pthread_setname_np(3) takes a format. */
#include <pthread.h>
#include <stdint.h>

#include "core/sys.h"

void
rota__sys_thread_name(const char *name)
{
	/* The argument is not const, and only read. */
	(void)pthread_setname_np(pthread_self(), "%s", (void *)(uintptr_t)name);
}
