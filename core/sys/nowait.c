/* SPDX-License-Identifier: MIT */
/* Reading what the page cache has, by preadv2(2) with RWF_NOWAIT. */
#include <errno.h>
#include <sys/uio.h>

#include "core/sys_files.h"

/* Offset -1: where the file is. Old kernels know neither call nor flag. */
ssize_t
rota__sys_read_nowait(int fd, void *memory, size_t size_bytes)
{
	struct iovec buffer = { memory, size_bytes };
	ssize_t n;

	do
		n = preadv2(fd, &buffer, 1, -1, RWF_NOWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	return errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL ?
		-ENOTSUP :
		-errno;
}
