/* SPDX-License-Identifier: MIT */
/* Files that share their blocks, by FICLONE of Linux. */
#include <errno.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include "core/sys_files.h"

/*
 * ioctl_ficlone(2): each of these means that these two files cannot share,
 * and bytes can still be copied.
 */
static int
is_refusal(int error)
{
	return error == EOPNOTSUPP || error == EXDEV || error == EINVAL ||
		error == ENOTTY || error == ENOSYS || error == EPERM ||
		error == ETXTBSY || error == EISDIR;
}

int
rota__sys_clone(int from, int to)
{
	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	return is_refusal(errno) ? -ENOTSUP : -errno;
}

int
rota__sys_clone_as(int from, const char *path)
{
	(void)from;
	(void)path;
	return -ENOTSUP;
}
