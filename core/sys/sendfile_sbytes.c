/* SPDX-License-Identifier: MIT */
/* A file's bytes to a socket, by sendfile(2) as FreeBSD and others have it. */
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
	off_t sent = 0;
	int r;

	do
		r = sendfile(
			file_fd, fd, (off_t)offset, n_bytes, NULL, &sent, 0);
	while (r < 0 && errno == EINTR && sent == 0);
	if (r < 0 && (sent == 0 || errno == EPIPE))
		return -errno;
	return (ssize_t)sent;
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
