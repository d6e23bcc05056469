/* SPDX-License-Identifier: MIT */
/* What is written gets to the disk, all of it: there is no fdatasync(2). */
#include <errno.h>
#include <unistd.h>

#include "core/sys_files.h"

int
rota__sys_fsync(int fd)
{
	int r;

	do
		r = fsync(fd);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

int
rota__sys_fdatasync(int fd)
{
	return rota__sys_fsync(fd);
}
