/* SPDX-License-Identifier: MIT */
/* Files behind the seam, see core/sys_files.h: what all systems do alike. */
#include "core/sys_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/sys.h"
#include "rota/fs.h"

static int
result(int r)
{
	return r < 0 ? -errno : r;
}

static int
real_open(int at, const char *path, int flags, unsigned mode)
{
	int fd;

	do
		fd = openat(at, path, flags | O_CLOEXEC, (mode_t)mode);
	while (fd < 0 && errno == EINTR);
	return result(fd);
}

static unsigned
at_most(unsigned n)
{
	return n < ROTA__SYS_MAX_BUFFERS ? n : ROTA__SYS_MAX_BUFFERS;
}

static ssize_t
real_readv(int fd, const struct iovec *buffers, unsigned n, int64_t offset)
{
	ssize_t r;

	if (offset != ROTA__SYS_HERE)
		return rota__sys_preadv(fd, buffers, at_most(n), offset);
	do
		r = readv(fd, buffers, (int)at_most(n));
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

static ssize_t
real_writev(int fd, const struct iovec *buffers, unsigned n, int64_t offset)
{
	if (offset != ROTA__SYS_HERE)
		return rota__sys_pwritev(fd, buffers, at_most(n), offset);
	return rota__sys_writev(fd, buffers, at_most(n));
}

static int
real_truncate(int fd, const char *path, int64_t size_bytes)
{
	off_t size = (off_t)size_bytes;
	int r;

	if (size != size_bytes)
		return -EFBIG;
	do
		r = path == NULL ? ftruncate(fd, size) : truncate(path, size);
	while (r < 0 && errno == EINTR);
	return result(r);
}

/* Waiting for a lock goes on after a signal. */
static int
real_flock(int fd, int operation)
{
	int r;

	do
		r = flock(fd, operation);
	while (r < 0 && errno == EINTR);
	return result(r);
}

static int
real_statfs(const char *path, struct rota_fs_space *ret_space)
{
	struct statvfs about;
	int r;

	do
		r = statvfs(path, &about);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	*ret_space = (struct rota_fs_space){
		.block_bytes = about.f_frsize,
		.n_blocks = about.f_blocks,
		.n_free = about.f_bfree,
		.n_available = about.f_bavail,
		.n_files = about.f_files,
		.n_files_free = about.f_ffree,
		.max_name_bytes = about.f_namemax,
		.is_read_only = (about.f_flag & ST_RDONLY) != 0,
	};
	return 0;
}

static int
real_access(const char *path, int mode)
{
	return result(access(path, mode));
}

static int
real_chmod(int fd, const char *path, unsigned mode, int flags)
{
	if (path == NULL)
		return result(fchmod(fd, (mode_t)mode));
	return result(fchmodat(fd, path, (mode_t)mode, flags));
}

static int
real_chown(int fd, const char *path, uid_t uid, gid_t gid, int flags)
{
	if (path == NULL)
		return result(fchown(fd, uid, gid));
	return result(fchownat(fd, path, uid, gid, flags));
}

static int
real_utime(int fd, const char *path, const struct timespec times[2], int flags)
{
	if (path == NULL)
		return result(futimens(fd, times));
	return result(utimensat(fd, path, times, flags));
}

static int
real_mkdtemp(char *path_template)
{
	return mkdtemp(path_template) == NULL ? -errno : 0;
}

static int
real_mkdir(const char *path, unsigned mode)
{
	return result(mkdir(path, (mode_t)mode));
}

static int
real_mkfifo(const char *path, unsigned mode)
{
	return result(mkfifo(path, (mode_t)mode));
}

static int
real_unlink(int at, const char *path, int flags)
{
	return result(unlinkat(at, path, flags));
}

static int
real_rename(const char *from, const char *to)
{
	return result(rename(from, to));
}

static int
real_link(const char *from, const char *to)
{
	return result(link(from, to));
}

static int
real_symlink(const char *target, const char *path)
{
	return result(symlink(target, path));
}

static ssize_t
real_readlink(const char *path, char *text, size_t size_bytes)
{
	ssize_t n = readlink(path, text, size_bytes);

	return n < 0 ? -errno : n;
}

/* realpath(3) with memory of its own has no limit that nobody knows. */
static ssize_t
real_realpath(const char *path, char *text, size_t size_bytes)
{
	char *found = realpath(path, NULL);
	size_t n;

	if (found == NULL)
		return -errno;
	n = strlen(found);
	if (n > 0)
		memcpy(text, found, n < size_bytes ? n : size_bytes);
	free(found);
	return (ssize_t)n;
}

const struct rota__sys_files rota__sys_real_files = {
	.open = real_open,
	.readv = real_readv,
	.writev = real_writev,
	.read_nowait = rota__sys_read_nowait,
	.fsync = rota__sys_fsync,
	.fdatasync = rota__sys_fdatasync,
	.truncate = real_truncate,
	.allocate = rota__sys_allocate,
	.flock = real_flock,
	.stat = rota__sys_file_stat,
	.statfs = real_statfs,
	.access = real_access,
	.chmod = real_chmod,
	.chown = real_chown,
	.utime = real_utime,
	.mkdtemp = real_mkdtemp,
	.mkstemp = rota__sys_mkstemp,
	.mkdir = real_mkdir,
	.mkfifo = real_mkfifo,
	.unlink = real_unlink,
	.rename = real_rename,
	.link = real_link,
	.symlink = real_symlink,
	.readlink = real_readlink,
	.realpath = real_realpath,
	.dir_open = rota__sys_dir_open,
	.dir_read = rota__sys_dir_read,
	.dir_close = rota__sys_dir_close,
	.clone = rota__sys_clone,
	.clone_as = rota__sys_clone_as,
	.copy = rota__sys_copy,
	.xattr_get = rota__sys_xattr_get,
	.xattr_set = rota__sys_xattr_set,
	.xattr_list = rota__sys_xattr_list,
	.xattr_remove = rota__sys_xattr_remove,
};
