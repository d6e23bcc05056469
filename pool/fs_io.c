/* SPDX-License-Identifier: MIT */
/* Files by descriptor: opening, moving bytes, size, locks, closing. */
#include "rota/fs_io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>

#include "pool/fs.h"

/* Opening and closing ************************************************/

static int
work_open(struct rota_fs *fs)
{
	return fs->sys->files->open(fs->fd, fs->path, (int)fs->flags, fs->mode);
}

static void
undo_open(struct rota_fs *fs)
{
	(void)fs->sys->close(fs->result);
}

static int
work_close(struct rota_fs *fs)
{
	return fs->sys->close(fs->fd);
}

ROTA__FS_OP(open, work_open, undo_open, ROTA__FS_NOTHING);
ROTA__FS_OP(openat, work_open, undo_open, ROTA__FS_NOTHING);
ROTA__FS_OP(close, work_close, NULL, ROTA__FS_NOTHING);

static int
begin_open(struct rota_loop *loop, struct rota_fs *fs, int at, const char *path,
	int flags, const struct rota__fs_op *op, rota_fs_fn *fn,
	const char *place)
{
	rota__fs_about_path(fs, path);
	fs->fd = at;
	fs->flags = (unsigned)flags;
	return rota__fs_begin(loop, fs, op, fn, place);
}

int
rota_fs_open_with(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	int flags, unsigned mode, rota_fs_fn *fn, const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || path == NULL)
		return -EINVAL;
	fs->mode = mode;
	return begin_open(loop, fs, AT_FDCWD, path, flags, &op_open, fn, place);
}

int
rota_fs_openat_with(struct rota_loop *loop, struct rota_fs *fs, int at,
	const char *path, int flags, unsigned mode, rota_fs_fn *fn,
	const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || path == NULL)
		return -EINVAL;
	if (at < 0 && at != AT_FDCWD)
		return -EBADF;
	fs->mode = mode;
	return begin_open(loop, fs, at, path, flags, &op_openat, fn, place);
}

/* The requests that have no argument but the descriptor. */
static int
begin_fd(struct rota_loop *loop, struct rota_fs *fs, int fd,
	const struct rota__fs_op *op, rota_fs_fn *fn, const char *place)
{
	int r = rota__fs_take_fd(loop, fs, fd, fn);

	return r < 0 ? r : rota__fs_begin(loop, fs, op, fn, place);
}

int
rota_fs_close_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	rota_fs_fn *fn, const char *place)
{
	return begin_fd(loop, fs, fd, &op_close, fn, place);
}

/* Reading and writing ************************************************/

static const struct iovec *
buffers_of(const struct rota_fs *fs)
{
	return fs->of.buffers.n <= ROTA_FS_INLINE ?
		fs->of.buffers.inline_buffers :
		fs->of.buffers.array;
}

static int
work_read(struct rota_fs *fs)
{
	return (int)fs->sys->files->readv(
		fs->fd, buffers_of(fs), fs->of.buffers.n, fs->offset);
}

static int
work_write(struct rota_fs *fs)
{
	return (int)fs->sys->files->writev(
		fs->fd, buffers_of(fs), fs->of.buffers.n, fs->offset);
}

ROTA__FS_OP(read, work_read, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(write, work_write, NULL, ROTA__FS_NOTHING);

static int
are_fit(const struct iovec *buffers, unsigned n)
{
	size_t sum = 0;
	unsigned i;

	if (n > 0 && buffers == NULL)
		return 0;
	for (i = 0; i < n; i++) {
		if (buffers[i].iov_len > INT_MAX - sum)
			return 0;
		sum += buffers[i].iov_len;
		if (buffers[i].iov_base == NULL && buffers[i].iov_len > 0)
			return 0;
	}
	return 1;
}

static int
begin_move(struct rota_loop *loop, struct rota_fs *fs, int fd,
	const struct iovec *buffers, unsigned n, int64_t offset,
	const struct rota__fs_op *op, rota_fs_fn *fn, const char *place)
{
	unsigned i;
	int r;

	if (!are_fit(buffers, n) || offset < ROTA_FS_HERE)
		return -EINVAL;
	r = rota__fs_take_fd(loop, fs, fd, fn);
	if (r < 0)
		return r;
	fs->offset = offset;
	fs->of.buffers.array = buffers;
	fs->of.buffers.n = n;
	for (i = 0; n <= ROTA_FS_INLINE && i < n; i++)
		fs->of.buffers.inline_buffers[i] = buffers[i];
	return rota__fs_begin(loop, fs, op, fn, place);
}

int
rota_fs_read_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	const struct iovec *buffers, unsigned n, int64_t offset, rota_fs_fn *fn,
	const char *place)
{
	return begin_move(
		loop, fs, fd, buffers, n, offset, &op_read, fn, place);
}

int
rota_fs_write_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	const struct iovec *buffers, unsigned n, int64_t offset, rota_fs_fn *fn,
	const char *place)
{
	return begin_move(
		loop, fs, fd, buffers, n, offset, &op_write, fn, place);
}

/* To the disk, size, locks *******************************************/

static int
work_fsync(struct rota_fs *fs)
{
	return fs->sys->files->fsync(fs->fd);
}

static int
work_fdatasync(struct rota_fs *fs)
{
	return fs->sys->files->fdatasync(fs->fd);
}

static int
work_truncate(struct rota_fs *fs)
{
	return fs->sys->files->truncate(fs->fd, fs->path, fs->length);
}

static int
work_fallocate(struct rota_fs *fs)
{
	return fs->sys->files->allocate(fs->fd, fs->offset, fs->length);
}

static int
work_flock(struct rota_fs *fs)
{
	return fs->sys->files->flock(fs->fd, (int)fs->flags);
}

ROTA__FS_OP(fsync, work_fsync, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(fdatasync, work_fdatasync, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(truncate, work_truncate, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(ftruncate, work_truncate, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(fallocate, work_fallocate, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(flock, work_flock, NULL, ROTA__FS_NOTHING);

int
rota_fs_fsync_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	rota_fs_fn *fn, const char *place)
{
	return begin_fd(loop, fs, fd, &op_fsync, fn, place);
}

int
rota_fs_fdatasync_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	rota_fs_fn *fn, const char *place)
{
	return begin_fd(loop, fs, fd, &op_fdatasync, fn, place);
}

int
rota_fs_truncate_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, int64_t size_bytes, rota_fs_fn *fn, const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || path == NULL || size_bytes < 0)
		return -EINVAL;
	rota__fs_about_path(fs, path);
	fs->length = size_bytes;
	return rota__fs_begin(loop, fs, &op_truncate, fn, place);
}

int
rota_fs_ftruncate_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	int64_t size_bytes, rota_fs_fn *fn, const char *place)
{
	int r = size_bytes < 0 ? -EINVAL : rota__fs_take_fd(loop, fs, fd, fn);

	if (r < 0)
		return r;
	fs->length = size_bytes;
	return rota__fs_begin(loop, fs, &op_ftruncate, fn, place);
}

int
rota_fs_fallocate_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	int64_t offset, int64_t size_bytes, rota_fs_fn *fn, const char *place)
{
	int r;

	if (offset < 0 || size_bytes <= 0 || size_bytes > INT64_MAX - offset)
		return -EINVAL;
	r = rota__fs_take_fd(loop, fs, fd, fn);
	if (r < 0)
		return r;
	fs->offset = offset;
	fs->length = size_bytes;
	return rota__fs_begin(loop, fs, &op_fallocate, fn, place);
}

int
rota_fs_flock_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	int operation, rota_fs_fn *fn, const char *place)
{
	int r = rota__fs_take_fd(loop, fs, fd, fn);

	if (r < 0)
		return r;
	fs->flags = (unsigned)operation;
	return rota__fs_begin(loop, fs, &op_flock, fn, place);
}
