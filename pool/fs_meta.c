/* SPDX-License-Identifier: MIT */
/* What is known of files: state, room, permissions, owners, times. */
#include "rota/fs_meta.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "pool/fs.h"

#define NS_PER_S 1000000000

/* A path: relative to the working directory; else the descriptor. */
static int
at(const struct rota_fs *fs)
{
	return fs->path != NULL ? AT_FDCWD : fs->fd;
}

static int
take_path(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	int flags, rota_fs_fn *fn)
{
	int r = rota__fs_take_path(loop, fs, path, fn);

	if (r == 0)
		fs->flags = (unsigned)flags;
	return r;
}

static int
begin_path(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	int flags, const struct rota__fs_op *op, rota_fs_fn *fn,
	const char *place)
{
	int r = take_path(loop, fs, path, flags, fn);

	return r < 0 ? r : rota__fs_begin(loop, fs, op, fn, place);
}

static int
begin_fd(struct rota_loop *loop, struct rota_fs *fs, int fd,
	const struct rota__fs_op *op, rota_fs_fn *fn, const char *place)
{
	int r = rota__fs_take_fd(loop, fs, fd, fn);

	return r < 0 ? r : rota__fs_begin(loop, fs, op, fn, place);
}

/* Looking ************************************************************/

static int
work_stat(struct rota_fs *fs)
{
	return fs->sys->files->stat(
		at(fs), fs->path, (int)fs->flags, &fs->of.stat);
}

static int
work_statfs(struct rota_fs *fs)
{
	return fs->sys->files->statfs(fs->path, &fs->of.space);
}

static int
work_access(struct rota_fs *fs)
{
	return fs->sys->files->access(fs->path, (int)fs->flags);
}

ROTA__FS_OP(stat, work_stat, NULL, ROTA__FS_STAT);
ROTA__FS_OP(lstat, work_stat, NULL, ROTA__FS_STAT);
ROTA__FS_OP(fstat, work_stat, NULL, ROTA__FS_STAT);
ROTA__FS_OP(statfs, work_statfs, NULL, ROTA__FS_SPACE);
ROTA__FS_OP(access, work_access, NULL, ROTA__FS_NOTHING);

int
rota_fs_stat_with(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	rota_fs_fn *fn, const char *place)
{
	return begin_path(loop, fs, path, 0, &op_stat, fn, place);
}

int
rota_fs_lstat_with(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	rota_fs_fn *fn, const char *place)
{
	return begin_path(
		loop, fs, path, AT_SYMLINK_NOFOLLOW, &op_lstat, fn, place);
}

int
rota_fs_fstat_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	rota_fs_fn *fn, const char *place)
{
	return begin_fd(loop, fs, fd, &op_fstat, fn, place);
}

int
rota_fs_statfs_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, rota_fs_fn *fn, const char *place)
{
	return begin_path(loop, fs, path, 0, &op_statfs, fn, place);
}

int
rota_fs_access_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, int mode, rota_fs_fn *fn, const char *place)
{
	return begin_path(loop, fs, path, mode, &op_access, fn, place);
}

/* Permissions ********************************************************/

static int
work_chmod(struct rota_fs *fs)
{
	return fs->sys->files->chmod(
		at(fs), fs->path, fs->mode, (int)fs->flags);
}

ROTA__FS_OP(chmod, work_chmod, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(lchmod, work_chmod, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(fchmod, work_chmod, NULL, ROTA__FS_NOTHING);

/* The mode that all three have, after what it is about is taken. */
static int
begin_mode(struct rota_loop *loop, struct rota_fs *fs, unsigned mode,
	const struct rota__fs_op *op, rota_fs_fn *fn, const char *place)
{
	fs->mode = mode;
	return rota__fs_begin(loop, fs, op, fn, place);
}

static int
is_mode(unsigned mode)
{
	return mode <= 07777;
}

int
rota_fs_chmod_with(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	unsigned mode, rota_fs_fn *fn, const char *place)
{
	int r = is_mode(mode) ? take_path(loop, fs, path, 0, fn) : -EINVAL;

	return r < 0 ? r : begin_mode(loop, fs, mode, &op_chmod, fn, place);
}

int
rota_fs_lchmod_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, unsigned mode, rota_fs_fn *fn, const char *place)
{
	int r = is_mode(mode) ?
		take_path(loop, fs, path, AT_SYMLINK_NOFOLLOW, fn) :
		-EINVAL;

	return r < 0 ? r : begin_mode(loop, fs, mode, &op_lchmod, fn, place);
}

int
rota_fs_fchmod_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	unsigned mode, rota_fs_fn *fn, const char *place)
{
	int r = is_mode(mode) ? rota__fs_take_fd(loop, fs, fd, fn) : -EINVAL;

	return r < 0 ? r : begin_mode(loop, fs, mode, &op_fchmod, fn, place);
}

/* Owners *************************************************************/

/* Two numbers share the words that others have sizes in. */
static int
work_chown(struct rota_fs *fs)
{
	return fs->sys->files->chown(at(fs), fs->path, (uid_t)fs->offset,
		(gid_t)fs->length, (int)fs->flags);
}

ROTA__FS_OP(chown, work_chown, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(lchown, work_chown, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(fchown, work_chown, NULL, ROTA__FS_NOTHING);

static int
begin_pair(struct rota_loop *loop, struct rota_fs *fs, int64_t first,
	int64_t second, const struct rota__fs_op *op, rota_fs_fn *fn,
	const char *place)
{
	fs->offset = first;
	fs->length = second;
	return rota__fs_begin(loop, fs, op, fn, place);
}

int
rota_fs_chown_with(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	uint32_t uid, uint32_t gid, rota_fs_fn *fn, const char *place)
{
	int r = take_path(loop, fs, path, 0, fn);

	return r < 0 ? r : begin_pair(loop, fs, uid, gid, &op_chown, fn, place);
}

int
rota_fs_lchown_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, uint32_t uid, uint32_t gid, rota_fs_fn *fn,
	const char *place)
{
	int r = take_path(loop, fs, path, AT_SYMLINK_NOFOLLOW, fn);

	return r < 0 ? r :
		       begin_pair(loop, fs, uid, gid, &op_lchown, fn, place);
}

int
rota_fs_fchown_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	uint32_t uid, uint32_t gid, rota_fs_fn *fn, const char *place)
{
	int r = rota__fs_take_fd(loop, fs, fd, fn);

	return r < 0 ? r :
		       begin_pair(loop, fs, uid, gid, &op_fchown, fn, place);
}

/* Times **************************************************************/

static struct timespec
time_of(int64_t ns)
{
	struct timespec time = { 0 };

	if (ns == ROTA_FS_TIME_NOW) {
		time.tv_nsec = UTIME_NOW;
	} else if (ns == ROTA_FS_TIME_KEEP) {
		time.tv_nsec = UTIME_OMIT;
	} else {
		int64_t rest_ns = ns % NS_PER_S;

		/* Before 1970 the rest is negative: a second less. */
		time.tv_sec = (time_t)(ns / NS_PER_S - (rest_ns < 0));
		time.tv_nsec = (long)(rest_ns + (rest_ns < 0 ? NS_PER_S : 0));
	}
	return time;
}

static int
work_utime(struct rota_fs *fs)
{
	const struct timespec times[2] = { time_of(fs->offset),
		time_of(fs->length) };

	return fs->sys->files->utime(at(fs), fs->path, times, (int)fs->flags);
}

ROTA__FS_OP(utime, work_utime, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(lutime, work_utime, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(futime, work_utime, NULL, ROTA__FS_NOTHING);

int
rota_fs_utime_with(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	int64_t accessed_ns, int64_t modified_ns, rota_fs_fn *fn,
	const char *place)
{
	int r = take_path(loop, fs, path, 0, fn);

	return r < 0 ? r :
		       begin_pair(loop, fs, accessed_ns, modified_ns, &op_utime,
			       fn, place);
}

int
rota_fs_lutime_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, int64_t accessed_ns, int64_t modified_ns,
	rota_fs_fn *fn, const char *place)
{
	int r = take_path(loop, fs, path, AT_SYMLINK_NOFOLLOW, fn);

	return r < 0 ? r :
		       begin_pair(loop, fs, accessed_ns, modified_ns,
			       &op_lutime, fn, place);
}

int
rota_fs_futime_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	int64_t accessed_ns, int64_t modified_ns, rota_fs_fn *fn,
	const char *place)
{
	int r = rota__fs_take_fd(loop, fs, fd, fn);

	return r < 0 ? r :
		       begin_pair(loop, fs, accessed_ns, modified_ns,
			       &op_futime, fn, place);
}
