/* SPDX-License-Identifier: MIT */
/* A new file of a name that nobody has; close-on-exec a moment later. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/sys_files.h"

int
rota__sys_mkstemp(char *path_template)
{
	int fd = mkstemp(path_template);

	if (fd < 0)
		return -errno;
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}
