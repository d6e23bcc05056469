/* SPDX-License-Identifier: MIT */
/*
 * What is written gets to the disk, where fsync(2) only gets it to the
 * drive's own memory (macOS): F_FULLFSYNC goes on from there, on the file
 * systems that know it.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/sys_files.h"

int
rota__sys_fsync(int fd)
{
	int r;

	if (fcntl(fd, F_FULLFSYNC) == 0)
		return 0;
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
