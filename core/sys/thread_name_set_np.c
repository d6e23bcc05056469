/* SPDX-License-Identifier: MIT */
/* A thread's name, by pthread_set_name_np(3). */
#include <pthread.h>
#include <pthread_np.h>

#include "core/sys.h"

void
rota__sys_thread_name(const char *name)
{
	pthread_set_name_np(pthread_self(), name);
}
