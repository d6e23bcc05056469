/* SPDX-License-Identifier: MIT */
/* There is no way here to set room on the disk aside. */
#include <errno.h>

#include "core/sys_files.h"

int
rota__sys_allocate(int fd, int64_t offset, int64_t size_bytes)
{
	(void)fd;
	(void)offset;
	(void)size_bytes;
	return -ENOTSUP;
}
