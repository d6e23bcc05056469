/* SPDX-License-Identifier: MIT */
/* Room on the disk, by fallocate(2) as Linux has it. */
#include <errno.h>
#include <fcntl.h>

#include "core/sys_files.h"

int
rota__sys_allocate(int fd, int64_t offset, int64_t size_bytes)
{
	int r;

	do
		r = fallocate(fd, 0, (off_t)offset, (off_t)size_bytes);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return 0;
	return errno == ENOSYS || errno == EOPNOTSUPP ? -ENOTSUP : -errno;
}
