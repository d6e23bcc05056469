/* SPDX-License-Identifier: MIT */
/* Sending without SIGPIPE, by a flag of each call. */
#include <errno.h>
#include <string.h>

#include "core/sys.h"

const int rota__sys_send_flags = MSG_NOSIGNAL;

int
rota__sys_mute_sigpipe(int fd)
{
	(void)fd;
	return 0;
}

/* send(2) for the common single buffer spares the kernel a copied header. */
ssize_t
rota__sys_send(int fd, const struct iovec *buffers, unsigned n)
{
	struct msghdr message;
	ssize_t sent;

	if (n == 1) {
		do
			sent = send(fd, buffers->iov_base, buffers->iov_len,
				MSG_NOSIGNAL);
		while (sent < 0 && errno == EINTR);
		return sent < 0 ? -errno : sent;
	}
	memset(&message, 0, sizeof(message));
	/* sendmsg(2) only reads the buffers, its struct lacks the const. */
	message.msg_iov = (struct iovec *)(uintptr_t)buffers;
	message.msg_iovlen = n;
	do
		sent = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}
