/* SPDX-License-Identifier: MIT */
/* Sockets that are non-blocking and close-on-exec from birth. */
#include <errno.h>

#include "core/sys.h"

int
rota__sys_socket(int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	int r;

	if (fd < 0)
		return -errno;
	r = rota__sys_mute_sigpipe(fd);
	if (r < 0) {
		(void)rota__sys_real.close(fd);
		return r;
	}
	return fd;
}

int
rota__sys_socketpair(int ret_fds[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret_fds) < 0 ?
		-errno :
		0;
}

int
rota__sys_accept(int fd)
{
	int r;

	do
		r = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	/* Where it is a socket option, it is inherited; if not, no harm. */
	(void)rota__sys_mute_sigpipe(r);
	return r;
}
