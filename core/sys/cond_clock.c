/* SPDX-License-Identifier: MIT */
/* Waiting for another thread, by the monotonic clock. */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "core/clock.h"
#include "core/sys.h"

int
rota__sys_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attributes;
	int r;

	r = -pthread_condattr_init(&attributes);
	if (r < 0)
		return r;
	r = -pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	if (r == 0)
		r = -pthread_cond_init(cond, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	return r;
}

void
rota__sys_cond_wait(
	pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t timeout_ns)
{
	struct timespec until;
	struct timespec now;

	if (timeout_ns == UINT64_MAX) {
		(void)pthread_cond_wait(cond, lock);
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	until = rota__clock_to_timespec(timeout_ns);
	until.tv_sec += now.tv_sec;
	until.tv_nsec += now.tv_nsec;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void)pthread_cond_timedwait(cond, lock, &until);
}
