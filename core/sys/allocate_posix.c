/* SPDX-License-Identifier: MIT */
/* Room on the disk, by posix_fallocate(3), which returns its error. */
#include <errno.h>
#include <fcntl.h>

#include "core/sys_files.h"

int
rota__sys_allocate(int fd, int64_t offset, int64_t size_bytes)
{
	int error;

	do
		error = posix_fallocate(fd, (off_t)offset, (off_t)size_bytes);
	while (error == EINTR);
	/* FreeBSD, ZFS: EINVAL; sizes have been looked at before. */
	return error == EOPNOTSUPP || error == EINVAL ? -ENOTSUP : -error;
}
