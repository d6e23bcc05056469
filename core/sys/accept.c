/* SPDX-License-Identifier: MIT */
/* Sockets that are made non-blocking and close-on-exec after birth. */
#include <errno.h>

#include "core/sys.h"

static int
prepared(int fd)
{
	int r = rota__sys_real.prepare_fd(fd);

	if (r == 0)
		return fd;
	(void)rota__sys_real.close(fd);
	return r;
}

int
rota__sys_socket(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	return fd < 0 ? -errno : prepared(fd);
}

int
rota__sys_socketpair(int ret_fds[2])
{
	int fds[2];
	int r;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return -errno;
	r = rota__sys_real.set_cloexec(fds[0]);
	if (r == 0)
		r = rota__sys_real.set_cloexec(fds[1]);
	if (r < 0) {
		(void)rota__sys_real.close(fds[0]);
		(void)rota__sys_real.close(fds[1]);
		return r;
	}
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return 0;
}

int
rota__sys_accept(int fd)
{
	int r;

	do
		r = accept(fd, NULL, NULL);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	r = prepared(r);
	/*
	 * macOS refuses options on a socket whose peer is gone already: as if
	 * it had gone while it waited.
	 */
	return r == -EINVAL ? -ECONNABORTED : r;
}
