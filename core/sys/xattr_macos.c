/* SPDX-License-Identifier: MIT */
/* Extended attributes as macOS has them: with options. */
#include <errno.h>
#include <sys/xattr.h>

#include "core/sys_files.h"
#include "rota/fs_meta.h"

static ssize_t
result(ssize_t r)
{
	return r < 0 ? -errno : r;
}

static int
options_of(int flags)
{
	return flags == 0 ? 0 : XATTR_NOFOLLOW;
}

ssize_t
rota__sys_xattr_get(int fd, const char *path, int flags, const char *name,
	void *value, size_t size_bytes)
{
	void *to = size_bytes == 0 ? NULL : value;

	if (path == NULL)
		return result(fgetxattr(fd, name, to, size_bytes, 0, 0));
	return result(
		getxattr(path, name, to, size_bytes, 0, options_of(flags)));
}

int
rota__sys_xattr_set(int fd, const char *path, int flags, const char *name,
	const void *value, size_t size_bytes, int how)
{
	static const int hows[] = {
		[ROTA_FS_XATTR_ANY] = 0,
		[ROTA_FS_XATTR_CREATE] = XATTR_CREATE,
		[ROTA_FS_XATTR_REPLACE] = XATTR_REPLACE,
	};

	if (path == NULL)
		return (int)result(
			fsetxattr(fd, name, value, size_bytes, 0, hows[how]));
	return (int)result(setxattr(path, name, value, size_bytes, 0,
		hows[how] | options_of(flags)));
}

ssize_t
rota__sys_xattr_list(
	int fd, const char *path, int flags, char *names, size_t size_bytes)
{
	char *to = size_bytes == 0 ? NULL : names;

	if (path == NULL)
		return result(flistxattr(fd, to, size_bytes, 0));
	return result(listxattr(path, to, size_bytes, options_of(flags)));
}

int
rota__sys_xattr_remove(int fd, const char *path, int flags, const char *name)
{
	if (path == NULL)
		return (int)result(fremovexattr(fd, name, 0));
	return (int)result(removexattr(path, name, options_of(flags)));
}
