/* SPDX-License-Identifier: MIT */
/* Nobody tells here whether reading a file would have to wait. */
#include <errno.h>

#include "core/sys_files.h"

ssize_t
rota__sys_read_nowait(int fd, void *memory, size_t size_bytes)
{
	(void)fd;
	(void)memory;
	(void)size_bytes;
	return -ENOTSUP;
}
