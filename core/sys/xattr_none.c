/* SPDX-License-Identifier: MIT */
/* Files have no extended attributes here. */
#include <errno.h>

#include "core/sys_files.h"

ssize_t
rota__sys_xattr_get(int fd, const char *path, int flags, const char *name,
	void *value, size_t size_bytes)
{
	(void)fd;
	(void)path;
	(void)flags;
	(void)name;
	(void)value;
	(void)size_bytes;
	return -ENOTSUP;
}

int
rota__sys_xattr_set(int fd, const char *path, int flags, const char *name,
	const void *value, size_t size_bytes, int how)
{
	(void)fd;
	(void)path;
	(void)flags;
	(void)name;
	(void)value;
	(void)size_bytes;
	(void)how;
	return -ENOTSUP;
}

ssize_t
rota__sys_xattr_list(
	int fd, const char *path, int flags, char *names, size_t size_bytes)
{
	(void)fd;
	(void)path;
	(void)flags;
	(void)names;
	(void)size_bytes;
	return -ENOTSUP;
}

int
rota__sys_xattr_remove(int fd, const char *path, int flags, const char *name)
{
	(void)fd;
	(void)path;
	(void)flags;
	(void)name;
	return -ENOTSUP;
}
