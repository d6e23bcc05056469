/* SPDX-License-Identifier: MIT */
/* The wait of epoll with nanoseconds, see faults_epoll.c. */
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#include "tests/faults.h"

int __wrap_epoll_pwait2(int epoll, struct epoll_event *events, int n,
	const struct timespec *timeout, const sigset_t *mask);
int __real_epoll_pwait2(int epoll, struct epoll_event *events, int n,
	const struct timespec *timeout, const sigset_t *mask);

int
__wrap_epoll_pwait2(int epoll, struct epoll_event *events, int n,
	const struct timespec *timeout, const sigset_t *mask)
{
	int error = faults_count(FAULTS_EPOLL_WAIT);

	if (error == 0)
		return __real_epoll_pwait2(epoll, events, n, timeout, mask);
	errno = -error;
	return -1;
}
