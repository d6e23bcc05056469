/* SPDX-License-Identifier: MIT */
/* Waiting for another thread where conditions take a time from now. */
#include <pthread.h>
#include <time.h>

#include "core/clock.h"
#include "core/sys.h"

int
rota__sys_cond_init(pthread_cond_t *cond)
{
	return -pthread_cond_init(cond, NULL);
}

void
rota__sys_cond_wait(
	pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t timeout_ns)
{
	struct timespec time;

	if (timeout_ns == UINT64_MAX) {
		(void)pthread_cond_wait(cond, lock);
		return;
	}
	time = rota__clock_to_timespec(timeout_ns);
	(void)pthread_cond_timedwait_relative_np(cond, lock, &time);
}
