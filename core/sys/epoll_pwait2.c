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

int
rota__sys_epoll_wait(int fd, struct epoll_event *events, int n,
	uint64_t timeout_ns, int *is_coarse)
{
	struct timespec ts;
	int r;

	/* Without a fraction of a millisecond both calls are the same. */
	if (*is_coarse || timeout_ns == 0 || timeout_ns == UINT64_MAX) {
		r = epoll_wait(fd, events, n, rota__clock_to_ms(timeout_ns));
		return r < 0 ? -errno : r;
	}
	ts = rota__clock_to_timespec(timeout_ns);
	r = epoll_pwait2(fd, events, n, &ts, NULL);
	if (r < 0 && is_missing(errno)) {
		*is_coarse = 1;
		return rota__sys_epoll_wait(
			fd, events, n, timeout_ns, is_coarse);
	}
	return r < 0 ? -errno : r;
}

void
rota__sys_epoll_probe(int fd, int *is_coarse)
{
	struct timespec none = { 0 };
	struct epoll_event event;

	*is_coarse = epoll_pwait2(fd, &event, 1, &none, NULL) < 0 &&
		is_missing(errno);
}
