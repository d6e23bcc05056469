/* SPDX-License-Identifier: MIT */
/* Extended attributes as Linux has them: a call for each kind of target. */
#include <errno.h>
#include <sys/xattr.h>

#include "core/sys_files.h"
#include "rota/fs_meta.h"

static ssize_t
result(ssize_t r)
{
	return r < 0 ? -errno : r;
}

ssize_t
rota__sys_xattr_get(int fd, const char *path, int flags, const char *name,
	void *value, size_t size_bytes)
{
	if (path == NULL)
		return result(fgetxattr(fd, name, value, size_bytes));
	return result(flags == 0 ? getxattr(path, name, value, size_bytes) :
				   lgetxattr(path, name, value, size_bytes));
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

	how = hows[how];
	if (path == NULL)
		return (int)result(fsetxattr(fd, name, value, size_bytes, how));
	return (int)result(flags == 0 ?
			setxattr(path, name, value, size_bytes, how) :
			lsetxattr(path, name, value, size_bytes, how));
}

ssize_t
rota__sys_xattr_list(
	int fd, const char *path, int flags, char *names, size_t size_bytes)
{
	if (path == NULL)
		return result(flistxattr(fd, names, size_bytes));
	return result(flags == 0 ? listxattr(path, names, size_bytes) :
				   llistxattr(path, names, size_bytes));
}

int
rota__sys_xattr_remove(int fd, const char *path, int flags, const char *name)
{
	if (path == NULL)
		return (int)result(fremovexattr(fd, name));
	return (int)result(flags == 0 ? removexattr(path, name) :
					lremovexattr(path, name));
}
