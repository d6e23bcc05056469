/* SPDX-License-Identifier: MIT */
/*
 * The calls of epoll, which its backend makes by itself. With
 * -Wl,--wrap=epoll_ctl the linker turns calls of epoll_ctl() into
 * __wrap_epoll_ctl(), and __real_epoll_ctl() into the true one.
 */
#include <errno.h>
#include <sys/epoll.h>

#include "tests/faults.h"

int __wrap_epoll_create1(int flags);
int __real_epoll_create1(int flags);
int __wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int __real_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int __wrap_epoll_wait(
	int epoll, struct epoll_event *events, int n, int timeout_ms);
int __real_epoll_wait(
	int epoll, struct epoll_event *events, int n, int timeout_ms);

static int
fails(enum faults_call call)
{
	int error = faults.is_epoll_foreign ? 0 : faults_count(call);

	if (error < 0)
		errno = -error;
	return error < 0;
}

int
__wrap_epoll_create1(int flags)
{
	if (fails(FAULTS_EPOLL_CREATE))
		return -1;
	return __real_epoll_create1(flags);
}

/* Taking out needs nothing that could be wanting. */
int
__wrap_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
	if (op != EPOLL_CTL_DEL && fails(FAULTS_EPOLL_CTL))
		return -1;
	return __real_epoll_ctl(epoll, op, fd, event);
}

int
__wrap_epoll_wait(int epoll, struct epoll_event *events, int n, int timeout_ms)
{
	if (fails(FAULTS_EPOLL_WAIT))
		return -1;
	return __real_epoll_wait(epoll, events, n, timeout_ms);
}
