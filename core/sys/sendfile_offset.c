/* SPDX-License-Identifier: MIT */
/* A file's bytes to any descriptor, by sendfile(2) as Linux has it. */
#include <errno.h>
#include <sys/sendfile.h>

#include "core/sys.h"

static ssize_t
send_some(int fd, int file_fd, uint64_t offset, size_t n_bytes)
{
	off_t at = (off_t)offset;
	ssize_t sent;

	do
		sent = sendfile(fd, file_fd, &at, n_bytes);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}

/* It has no flag like MSG_NOSIGNAL. */
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
