/* SPDX-License-Identifier: MIT */
/* Many buffers at one place of a file, one by one. */
#include <errno.h>
#include <unistd.h>

#include "core/sys_files.h"

static ssize_t
read_one(int fd, const struct iovec *buffer, int64_t offset)
{
	return pread(fd, buffer->iov_base, buffer->iov_len, (off_t)offset);
}

static ssize_t
write_one(int fd, const struct iovec *buffer, int64_t offset)
{
	return pwrite(fd, buffer->iov_base, buffer->iov_len, (off_t)offset);
}

/* What has moved before an error counts: the error will come again. */
static ssize_t
move_all(int fd, const struct iovec *buffers, unsigned n, int64_t offset,
	ssize_t (*move)(int, const struct iovec *, int64_t))
{
	ssize_t sum = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		ssize_t moved;

		do
			moved = move(fd, &buffers[i], offset + sum);
		while (moved < 0 && errno == EINTR);
		if (moved < 0)
			return sum > 0 ? sum : -errno;
		sum += moved;
		if ((size_t)moved < buffers[i].iov_len)
			break;
	}
	return sum;
}

ssize_t
rota__sys_preadv(
	int fd, const struct iovec *buffers, unsigned n, int64_t offset)
{
	return move_all(fd, buffers, n, offset, read_one);
}

ssize_t
rota__sys_pwritev(
	int fd, const struct iovec *buffers, unsigned n, int64_t offset)
{
	return move_all(fd, buffers, n, offset, write_one);
}
