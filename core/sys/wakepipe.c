/* SPDX-License-Identifier: MIT */
/* The wake-up as a pipe. */
#include <errno.h>
#include <unistd.h>

#include "core/sys.h"

int
rota__sys_wake_open(int ret_fds[2])
{
	int fds[2];
	int r;

	if (pipe(fds) < 0)
		return -errno;
	r = rota__sys_prepare_fd(fds[0]);
	if (r == 0)
		r = rota__sys_prepare_fd(fds[1]);
	if (r < 0) {
		(void)close(fds[0]);
		(void)close(fds[1]);
		return r;
	}
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return 0;
}

/* A full pipe is readable, which is all that is wanted. */
int
rota__sys_wake_send(int fd)
{
	ssize_t n;

	do
		n = write(fd, "", 1);
	while (n < 0 && errno == EINTR);
	return n < 0 && errno != EAGAIN ? -errno : 0;
}

void
rota__sys_wake_drain(int fd)
{
	char bytes[512];
	ssize_t n;

	do
		n = read(fd, bytes, sizeof(bytes));
	while (n == (ssize_t)sizeof(bytes) || (n < 0 && errno == EINTR));
}
