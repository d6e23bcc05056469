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

/*
 * A signal cannot interrupt what does not wait, and some systems say ENOBUFS
 * where others say EAGAIN: it is tried anew then.
 */
static ssize_t
result(ssize_t sent)
{
	if (sent < 0)
		return errno == EINTR || errno == ENOBUFS ? -EAGAIN : -errno;
	return sent;
}

static ssize_t
send_many(int fd, const struct iovec *buffers, unsigned n)
{
	struct msghdr message;

	memset(&message, 0, sizeof(message));
	/* sendmsg(2) only reads the buffers, its struct lacks the const. */
	message.msg_iov = (struct iovec *)(uintptr_t)buffers;
	message.msg_iovlen = n;
	return result(sendmsg(fd, &message, MSG_NOSIGNAL));
}

/* send(2) for the common single buffer spares the kernel a copied header. */
ssize_t
rota__sys_send(int fd, const struct iovec *buffers, unsigned n)
{
	if (n != 1)
		return send_many(fd, buffers, n);
	return result(
		send(fd, buffers->iov_base, buffers->iov_len, MSG_NOSIGNAL));
}
