/* SPDX-License-Identifier: MIT */
/* Pipes that are made close-on-exec after birth. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/sys.h"

int
rota__sys_pipe(int ret_fds[2])
{
	int fds[2];
	int error;

	if (pipe(fds) < 0)
		return -errno;
	if (fcntl(fds[0], F_SETFD, FD_CLOEXEC) < 0 ||
		fcntl(fds[1], F_SETFD, FD_CLOEXEC) < 0) {
		error = errno;
		(void)close(fds[0]);
		(void)close(fds[1]);
		return -error;
	}
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return 0;
}
