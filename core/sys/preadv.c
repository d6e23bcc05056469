/* SPDX-License-Identifier: MIT */
/* Many buffers at one place of a file, by preadv(2) and pwritev(2). */
#include <errno.h>
#include <sys/uio.h>

#include "core/sys_files.h"

ssize_t
rota__sys_preadv(
	int fd, const struct iovec *buffers, unsigned n, int64_t offset)
{
	ssize_t moved;

	do
		moved = preadv(fd, buffers, (int)n, (off_t)offset);
	while (moved < 0 && errno == EINTR);
	return moved < 0 ? -errno : moved;
}

ssize_t
rota__sys_pwritev(
	int fd, const struct iovec *buffers, unsigned n, int64_t offset)
{
	ssize_t moved;

	do
		moved = pwritev(fd, buffers, (int)n, (off_t)offset);
	while (moved < 0 && errno == EINTR);
	return moved < 0 ? -errno : moved;
}
