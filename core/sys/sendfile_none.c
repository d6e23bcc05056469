/* SPDX-License-Identifier: MIT */
/* No call sends a file here: its bytes have to be read and written. */
#include <errno.h>

#include "core/sys.h"

ssize_t
rota__sys_sendfile(int fd, int file_fd, uint64_t offset, size_t n_bytes)
{
	(void)fd;
	(void)file_fd;
	(void)offset;
	(void)n_bytes;
	return -ENOSYS;
}
