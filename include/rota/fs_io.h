/* SPDX-License-Identifier: MIT */
/*
 * Files by descriptor: open, read, write, lock, close. rota/fs.h says what
 * all calls have in common.
 */
#ifndef ROTA_FS_IO_H
#define ROTA_FS_IO_H

#include <rota/fs.h>

ROTA_BEGIN_C

/* The offset that means: where the open file is, and it moves on. */
#define ROTA_FS_HERE (-1)

/*
 * Opens a file; the result is its descriptor. It is close-on-exec, and
 * blocks as `flags` say.
 *
 * unit: flags O_RDONLY and so on, `mode` counts with O_CREAT. `at` is a
 *	directory's descriptor or AT_FDCWD, for a relative path.
 * source: open(2).
 */
ROTA_API int rota_fs_open_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, int flags, unsigned mode, rota_fs_fn *fn,
	const char *place);
#define rota_fs_open(loop, fs, path, flags, mode, fn) \
	rota_fs_open_with(loop, fs, path, flags, mode, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_openat_with(struct rota_loop *loop, struct rota_fs *fs,
	int at, const char *path, int flags, unsigned mode, rota_fs_fn *fn,
	const char *place);
#define rota_fs_openat(loop, fs, at, path, flags, mode, fn) \
	rota_fs_openat_with(loop, fs, at, path, flags, mode, fn, ROTA_PLACE(fn))

/*
 * Closes a descriptor, which is gone whatever the result is; but a request
 * that was cancelled before a thread had it has not closed it.
 * source: close(2).
 */
ROTA_API int rota_fs_close_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, rota_fs_fn *fn, const char *place);
#define rota_fs_close(loop, fs, fd, fn) \
	rota_fs_close_with(loop, fs, fd, fn, ROTA_PLACE(fn))

/*
 * Reads into, or writes from, n buffers; the result is how many bytes have
 * moved, which may be fewer than there was room for. Reading gives 0 at the
 * end of the file.
 *
 * shape: the array of buffers is copied if n is at most ROTA_FS_INLINE; a
 *	larger one must stay too.
 * unit: offset in bytes from the begin of the file, or ROTA_FS_HERE. At most
 *	INT_MAX bytes in all. Of more than 1024 buffers the rest is left.
 * errors of its own: -EINVAL a buffer has a size but is NULL, the sizes add
 *	up to more, offset is below ROTA_FS_HERE.
 * when: requests on one file run in any order, and at the same time. What
 *	is written with ROTA_FS_HERE must wait for the one before. Writing to
 *	a pipe nobody reads raises SIGPIPE where no `fn` is given, write(2).
 * source: preadv(2), pwritev(2).
 */
ROTA_API int rota_fs_read_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, const struct iovec *buffers, unsigned n, int64_t offset,
	rota_fs_fn *fn, const char *place);
#define rota_fs_read(loop, fs, fd, buffers, n, offset, fn) \
	rota_fs_read_with(loop, fs, fd, buffers, n, offset, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_write_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, const struct iovec *buffers, unsigned n, int64_t offset,
	rota_fs_fn *fn, const char *place);
#define rota_fs_write(loop, fs, fd, buffers, n, offset, fn) \
	rota_fs_write_with(loop, fs, fd, buffers, n, offset, fn, ROTA_PLACE(fn))

/*
 * Waits until what was written is on the disk; fdatasync leaves out times
 * and the like. On macOS both ask the drive too (F_FULLFSYNC).
 * source: fsync(2).
 */
ROTA_API int rota_fs_fsync_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, rota_fs_fn *fn, const char *place);
#define rota_fs_fsync(loop, fs, fd, fn) \
	rota_fs_fsync_with(loop, fs, fd, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_fdatasync_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, rota_fs_fn *fn, const char *place);
#define rota_fs_fdatasync(loop, fs, fd, fn) \
	rota_fs_fdatasync_with(loop, fs, fd, fn, ROTA_PLACE(fn))

/*
 * Makes a file so long: cuts it, or adds zeros.
 *
 * errors of its own: -EINVAL size_bytes is negative.
 * source: truncate(2).
 */
ROTA_API int rota_fs_truncate_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, int64_t size_bytes, rota_fs_fn *fn,
	const char *place);
#define rota_fs_truncate(loop, fs, path, size_bytes, fn) \
	rota_fs_truncate_with(loop, fs, path, size_bytes, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_ftruncate_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, int64_t size_bytes, rota_fs_fn *fn, const char *place);
#define rota_fs_ftruncate(loop, fs, fd, size_bytes, fn) \
	rota_fs_ftruncate_with(loop, fs, fd, size_bytes, fn, ROTA_PLACE(fn))

/*
 * Sets room on the disk aside, so that writing there cannot fail for want of
 * it; the file becomes longer if it ends before. What is there stays.
 *
 * errors of its own: -EINVAL offset is negative, size_bytes is not positive,
 *	or both together are beyond INT64_MAX. -ENOTSUP is the result where
 *	the system (OpenBSD) or the file system cannot.
 * source: fallocate(2), posix_fallocate(3).
 */
ROTA_API int rota_fs_fallocate_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, int64_t offset, int64_t size_bytes, rota_fs_fn *fn,
	const char *place);
#define rota_fs_fallocate(loop, fs, fd, offset, size_bytes, fn) \
	rota_fs_fallocate_with( \
		loop, fs, fd, offset, size_bytes, fn, ROTA_PLACE(fn))

/*
 * Sends bytes of one file to another descriptor, inside the kernel where it
 * can; the result is how many, fewer only at the end of the file, after an
 * error, or where `to` is non-blocking and full.
 *
 * unit: at most INT_MAX bytes. offset from the begin of `from`.
 * errors of its own: -EINVAL offset is negative, size_bytes is too large.
 * source: sendfile(2).
 */
ROTA_API int rota_fs_sendfile_with(struct rota_loop *loop, struct rota_fs *fs,
	int to, int from, int64_t offset, size_t size_bytes, rota_fs_fn *fn,
	const char *place);
#define rota_fs_sendfile(loop, fs, to, from, offset, size_bytes, fn) \
	rota_fs_sendfile_with( \
		loop, fs, to, from, offset, size_bytes, fn, ROTA_PLACE(fn))

/*
 * Locks or unlocks an open file. Without LOCK_NB it waits for others and
 * keeps a thread of the pool as long.
 *
 * unit: operation LOCK_SH, LOCK_EX or LOCK_UN, with LOCK_NB or without.
 * source: flock(2).
 */
ROTA_API int rota_fs_flock_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, int operation, rota_fs_fn *fn, const char *place);
#define rota_fs_flock(loop, fs, fd, operation, fn) \
	rota_fs_flock_with(loop, fs, fd, operation, fn, ROTA_PLACE(fn))

ROTA_END_C

#endif
