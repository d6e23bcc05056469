/* SPDX-License-Identifier: MIT */
/* Waiting for an epoll with nanoseconds, where the kernel can. */
#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#include "core/clock.h"
#include "core/sys.h"

/* Older kernels and sandboxes lack the call the C library has. */
static int
is_missing(int error)
{
	return error == ENOSYS || error == EPERM || error == EOPNOTSUPP;
}

static int
wait_ms(int fd, struct epoll_event *events, int n, int timeout_ms)
{
	int r = epoll_wait(fd, events, n, timeout_ms);

	return r < 0 ? -errno : r;
}

/* Out of line, to keep the turns that wait for ever short. */
__attribute__((noinline)) static int
wait_ns(int fd, struct epoll_event *events, int n, uint64_t timeout_ns,
	int *is_coarse)
{
	struct timespec ts;
	int r;

	if (!*is_coarse) {
		ts = rota__clock_to_timespec(timeout_ns);
		r = epoll_pwait2(fd, events, n, &ts, NULL);
		if (r >= 0)
			return r;
		if (!is_missing(errno))
			return -errno;
		*is_coarse = 1;
	}
	return wait_ms(fd, events, n, rota__clock_to_ms(timeout_ns));
}

/* Without a fraction of a millisecond both calls are the same. */
int
rota__sys_epoll_wait(int fd, struct epoll_event *events, int n,
	uint64_t timeout_ns, int *is_coarse)
{
	if (timeout_ns == UINT64_MAX)
		return wait_ms(fd, events, n, -1);
	return wait_ns(fd, events, n, timeout_ns, is_coarse);
}

void
rota__sys_epoll_probe(int fd, int *is_coarse)
{
	struct timespec none = { 0 };
	struct epoll_event event;

	*is_coarse = epoll_pwait2(fd, &event, 1, &none, NULL) < 0 &&
		is_missing(errno);
}
