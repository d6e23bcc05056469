/* SPDX-License-Identifier: MIT */
/* A file's bytes to a socket, by sendfile(2) as macOS has it. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "core/sys.h"

/*
 * What has gone out before an error counts: the error will come again. But
 * not -EPIPE, whose signal has to be taken back.
 */
static ssize_t
send_some(int fd, int file_fd, uint64_t offset, size_t n_bytes)
{
	off_t len;
	int r;

	do {
		len = (off_t)n_bytes;
		r = sendfile(file_fd, fd, (off_t)offset, &len, NULL, 0);
	} while (r < 0 && errno == EINTR && len == 0);
	if (r == 0)
		return (ssize_t)len;
	/* Only of these two is the length said to be true. */
	return (errno == EAGAIN || errno == EINTR) && len > 0 ? (ssize_t)len :
								-errno;
}

ssize_t
rota__sys_sendfile(int fd, int file_fd, uint64_t offset, size_t n_bytes)
{
	struct rota__quiet quiet;
	ssize_t sent;
	int r = rota__sys_quiet_begin(&quiet);

	if (r < 0)
		return r;
	sent = send_some(fd, file_fd, offset, n_bytes);
	rota__sys_quiet_end(&quiet, sent);
	return sent;
}
