/* SPDX-License-Identifier: MIT */
/* Files cannot be made to share their blocks here. */
#include <errno.h>

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
	(void)from;
	(void)path;
	return -ENOTSUP;
}
