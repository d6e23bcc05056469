/* SPDX-License-Identifier: MIT */
/* Files that share their blocks, by fclonefileat(2) of macOS. */
#include <errno.h>
#include <fcntl.h>
#include <sys/clonefile.h>

#include "core/sys_files.h"

int
rota__sys_clone(int from, int to)
{
	(void)from;
	(void)to;
	return -ENOTSUP;
}

int
rota__sys_clone_as(int from, const char *path)
{
	if (fclonefileat(from, AT_FDCWD, path, 0) == 0)
		return 0;
	return errno == EXDEV || errno == EINVAL ? -ENOTSUP : -errno;
}
