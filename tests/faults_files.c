/* SPDX-License-Identifier: MIT */
/* Files in the world where things go wrong, see faults.h. */
#include "core/sys_files.h"
#include "tests/faults.h"

static const struct rota__sys_files *const real = &rota__sys_real_files;

static int
access_it(const char *path, int mode)
{
	int error = faults_count(FAULTS_FS_ACCESS);

	return error < 0 ? error : real->access(path, mode);
}

static int
allocate_it(int fd, int64_t offset, int64_t size_bytes)
{
	int error = faults_count(FAULTS_FS_ALLOCATE);

	return error < 0 ? error : real->allocate(fd, offset, size_bytes);
}

static int
chmod_it(int fd, const char *path, unsigned mode, int flags)
{
	int error = faults_count(FAULTS_FS_CHMOD);

	return error < 0 ? error : real->chmod(fd, path, mode, flags);
}

static int
chown_it(int fd, const char *path, uid_t uid, gid_t gid, int flags)
{
	int error = faults_count(FAULTS_FS_CHOWN);

	return error < 0 ? error : real->chown(fd, path, uid, gid, flags);
}

static int
clone_it(int from, int to)
{
	int error = faults_count(FAULTS_FS_CLONE);

	return error < 0 ? error : real->clone(from, to);
}

static int
clone_as_it(int from, const char *path)
{
	int error = faults_count(FAULTS_FS_CLONE_AS);

	return error < 0 ? error : real->clone_as(from, path);
}

static ssize_t
copy_it(int from, int to, size_t size_bytes)
{
	int error = faults_count(FAULTS_FS_COPY);

	return error < 0 ? error : real->copy(from, to, size_bytes);
}

/* The descriptor is gone also when it fails. */
static int
close_dir(void *dir)
{
	int error = faults_count(FAULTS_FS_DIR_CLOSE);
	int r = real->dir_close(dir);

	return error < 0 ? error : r;
}

static int
dir_open_it(int fd, void **ret_dir)
{
	int error = faults_count(FAULTS_FS_DIR_OPEN);

	return error < 0 ? error : real->dir_open(fd, ret_dir);
}

static int
dir_read_it(void *dir, struct rota__dir_entry *ret_entry)
{
	int error = faults_count(FAULTS_FS_DIR_READ);

	return error < 0 ? error : real->dir_read(dir, ret_entry);
}

static int
fdatasync_it(int fd)
{
	int error = faults_count(FAULTS_FS_FDATASYNC);

	return error < 0 ? error : real->fdatasync(fd);
}

static int
flock_it(int fd, int operation)
{
	int error = faults_count(FAULTS_FS_FLOCK);

	return error < 0 ? error : real->flock(fd, operation);
}

static int
fsync_it(int fd)
{
	int error = faults_count(FAULTS_FS_FSYNC);

	return error < 0 ? error : real->fsync(fd);
}

static int
link_it(const char *from, const char *to)
{
	int error = faults_count(FAULTS_FS_LINK);

	return error < 0 ? error : real->link(from, to);
}

static int
mkdir_it(const char *path, unsigned mode)
{
	int error = faults_count(FAULTS_FS_MKDIR);

	return error < 0 ? error : real->mkdir(path, mode);
}

static int
mkdtemp_it(char *path_template)
{
	int error = faults_count(FAULTS_FS_MKDTEMP);

	return error < 0 ? error : real->mkdtemp(path_template);
}

static int
mkfifo_it(const char *path, unsigned mode)
{
	int error = faults_count(FAULTS_FS_MKFIFO);

	return error < 0 ? error : real->mkfifo(path, mode);
}

static int
mkstemp_it(char *path_template)
{
	int error = faults_count(FAULTS_FS_MKSTEMP);

	return error < 0 ? error : real->mkstemp(path_template);
}

static int
open_file(int at, const char *path, int flags, unsigned mode)
{
	int error = faults_count(FAULTS_FS_OPEN);

	return error < 0 ? error : real->open(at, path, flags, mode);
}

static ssize_t
read_nowait_it(int fd, void *memory, size_t size_bytes)
{
	int error = faults_count(FAULTS_FS_READ_NOWAIT);

	return error < 0 ? error : real->read_nowait(fd, memory, size_bytes);
}

static ssize_t
readlink_it(const char *path, char *text, size_t size_bytes)
{
	int error = faults_count(FAULTS_FS_READLINK);

	return error < 0 ? error : real->readlink(path, text, size_bytes);
}

static ssize_t
readv_it(int fd, const struct iovec *buffers, unsigned n, int64_t offset)
{
	int error = faults_count(FAULTS_FS_READV);

	return error < 0 ? error : real->readv(fd, buffers, n, offset);
}

static ssize_t
realpath_it(const char *path, char *text, size_t size_bytes)
{
	int error = faults_count(FAULTS_FS_REALPATH);

	return error < 0 ? error : real->realpath(path, text, size_bytes);
}

static int
rename_it(const char *from, const char *to)
{
	int error = faults_count(FAULTS_FS_RENAME);

	return error < 0 ? error : real->rename(from, to);
}

static int
stat_it(int fd, const char *path, int flags, struct rota_file_stat *ret_stat)
{
	int error = faults_count(FAULTS_FS_STAT);

	return error < 0 ? error : real->stat(fd, path, flags, ret_stat);
}

static int
statfs_it(const char *path, struct rota_fs_space *ret_space)
{
	int error = faults_count(FAULTS_FS_STATFS);

	return error < 0 ? error : real->statfs(path, ret_space);
}

static int
symlink_it(const char *target, const char *path)
{
	int error = faults_count(FAULTS_FS_SYMLINK);

	return error < 0 ? error : real->symlink(target, path);
}

static int
truncate_it(int fd, const char *path, int64_t size_bytes)
{
	int error = faults_count(FAULTS_FS_TRUNCATE);

	return error < 0 ? error : real->truncate(fd, path, size_bytes);
}

static int
unlink_it(int at, const char *path, int flags)
{
	int error = faults_count(FAULTS_FS_UNLINK);

	return error < 0 ? error : real->unlink(at, path, flags);
}

static int
utime_it(int fd, const char *path, const struct timespec times[2], int flags)
{
	int error = faults_count(FAULTS_FS_UTIME);

	return error < 0 ? error : real->utime(fd, path, times, flags);
}

static ssize_t
writev_it(int fd, const struct iovec *buffers, unsigned n, int64_t offset)
{
	int error = faults_count(FAULTS_FS_WRITEV);

	return error < 0 ? error : real->writev(fd, buffers, n, offset);
}

static ssize_t
xattr_get_it(int fd, const char *path, int flags, const char *name, void *value,
	size_t size_bytes)
{
	int error = faults_count(FAULTS_FS_XATTR_GET);

	return error < 0 ?
		error :
		real->xattr_get(fd, path, flags, name, value, size_bytes);
}

static ssize_t
xattr_list_it(
	int fd, const char *path, int flags, char *names, size_t size_bytes)
{
	int error = faults_count(FAULTS_FS_XATTR_LIST);

	return error < 0 ? error :
			   real->xattr_list(fd, path, flags, names, size_bytes);
}

static int
xattr_remove_it(int fd, const char *path, int flags, const char *name)
{
	int error = faults_count(FAULTS_FS_XATTR_REMOVE);

	return error < 0 ? error : real->xattr_remove(fd, path, flags, name);
}

static int
xattr_set_it(int fd, const char *path, int flags, const char *name,
	const void *value, size_t size_bytes, int how)
{
	int error = faults_count(FAULTS_FS_XATTR_SET);

	return error < 0 ?
		error :
		real->xattr_set(fd, path, flags, name, value, size_bytes, how);
}

const struct rota__sys_files *
faults_files(void)
{
	static const struct rota__sys_files files = {
		.access = access_it,
		.allocate = allocate_it,
		.chmod = chmod_it,
		.chown = chown_it,
		.clone = clone_it,
		.clone_as = clone_as_it,
		.copy = copy_it,
		.dir_close = close_dir,
		.dir_open = dir_open_it,
		.dir_read = dir_read_it,
		.fdatasync = fdatasync_it,
		.flock = flock_it,
		.fsync = fsync_it,
		.link = link_it,
		.mkdir = mkdir_it,
		.mkdtemp = mkdtemp_it,
		.mkfifo = mkfifo_it,
		.mkstemp = mkstemp_it,
		.open = open_file,
		.read_nowait = read_nowait_it,
		.readlink = readlink_it,
		.readv = readv_it,
		.realpath = realpath_it,
		.rename = rename_it,
		.stat = stat_it,
		.statfs = statfs_it,
		.symlink = symlink_it,
		.truncate = truncate_it,
		.unlink = unlink_it,
		.utime = utime_it,
		.writev = writev_it,
		.xattr_get = xattr_get_it,
		.xattr_list = xattr_list_it,
		.xattr_remove = xattr_remove_it,
		.xattr_set = xattr_set_it,
	};

	return &files;
}
