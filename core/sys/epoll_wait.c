/* SPDX-License-Identifier: MIT */
/* Waiting for an epoll with milliseconds, rounded up. */
#include <errno.h>
#include <sys/epoll.h>

#include "core/clock.h"
#include "core/sys.h"

int
rota__sys_epoll_wait(int fd, struct epoll_event *events, int n,
	uint64_t timeout_ns, int *is_coarse)
{
	int r = epoll_wait(fd, events, n, rota__clock_to_ms(timeout_ns));

	(void)is_coarse;
	return r < 0 ? -errno : r;
}

void
rota__sys_epoll_probe(int fd, int *is_coarse)
{
	(void)fd;
	*is_coarse = 1;
}
