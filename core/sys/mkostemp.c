/* SPDX-License-Identifier: MIT */
/* A new file of a name that nobody has. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/sys_files.h"

int
rota__sys_mkstemp(char *path_template)
{
	int fd = mkostemp(path_template, O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
