/* SPDX-License-Identifier: MIT */
/* The wake-up as one eventfd(2). */
#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/sys.h"

int
rota__sys_wake_open(int ret_fds[2])
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	ret_fds[0] = fd;
	ret_fds[1] = fd;
	return 0;
}

/* EAGAIN would mean that 2^64 wakes are waiting: then it is readable. */
int
rota__sys_wake_send(int fd)
{
	uint64_t one = 1;
	ssize_t n;

	do
		n = write(fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
	return n < 0 && errno != EAGAIN ? -errno : 0;
}

void
rota__sys_wake_drain(int fd)
{
	uint64_t n_wakes;

	while (read(fd, &n_wakes, sizeof(n_wakes)) < 0 && errno == EINTR)
		;
}
