/* SPDX-License-Identifier: MIT */
/* Sending without SIGPIPE, by an option of each socket. */
#include <errno.h>
#include <sys/uio.h>

#include "core/sys.h"

const int rota__sys_send_flags = 0;

int
rota__sys_mute_sigpipe(int fd)
{
	int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on)) < 0 ?
		-errno :
		0;
}

ssize_t
rota__sys_send(int fd, const struct iovec *buffers, unsigned n)
{
	ssize_t sent;

	do
		sent = writev(fd, buffers, (int)n);
	while (sent < 0 && errno == EINTR);
	/* Some systems say that where others say EAGAIN. */
	if (sent < 0 && errno == ENOBUFS)
		return -EAGAIN;
	return sent < 0 ? -errno : sent;
}
