/* SPDX-License-Identifier: MIT */
/*
 * Copies of files, by the first way that works:
 *
 *	clone_as	a new file that shares the blocks
 *	clone		an empty file is made to
 *	copy		the kernel moves the bytes
 *	read, write	so do we
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "pool/fs.h"
#include "rota/fs_whole.h"

struct copying {
	struct rota_fs *fs;
	int from;
	int to;
	/* It was not there before. */
	int is_new;
	struct rota_file_stat stat;
};

static const struct rota__sys_files *
files_of(const struct copying *copying)
{
	return copying->fs->sys->files;
}

/* A FIFO must not hold us up before we know that it is one. */
static int
open_from(struct copying *copying)
{
	int fd = files_of(copying)->open(AT_FDCWD, copying->fs->path,
		O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	int r;

	if (fd < 0)
		return fd;
	copying->from = fd;
	r = files_of(copying)->stat(fd, NULL, 0, &copying->stat);
	if (r < 0)
		return r;
	if (S_ISDIR(copying->stat.mode))
		return -EISDIR;
	return S_ISREG(copying->stat.mode) ? 0 : -EINVAL;
}

static int
open_new(struct copying *copying)
{
	int fd = files_of(copying)->open(AT_FDCWD, copying->fs->other_path,
		O_WRONLY | O_CREAT | O_EXCL, copying->stat.mode & 0777);

	if (fd < 0)
		return fd;
	copying->to = fd;
	copying->is_new = 1;
	return 0;
}

/* Returns 1 if it is the same file as `from`. */
static int
open_old(struct copying *copying)
{
	int fd = files_of(copying)->open(AT_FDCWD, copying->fs->other_path,
		O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct rota_file_stat stat;
	int r;

	if (fd < 0)
		return fd;
	copying->to = fd;
	r = files_of(copying)->stat(fd, NULL, 0, &stat);
	if (r < 0)
		return r;
	if (stat.device == copying->stat.device &&
		stat.inode == copying->stat.inode)
		return 1;
	if (!S_ISREG(stat.mode))
		return -EINVAL;
	return files_of(copying)->truncate(fd, NULL, 0);
}

static int
open_to(struct copying *copying)
{
	int r = open_new(copying);

	if (r != -EEXIST || copying->fs->flags & ROTA_FS_COPY_NEW)
		return r;
	return open_old(copying);
}

/* Returns 0 at the end of the file, or -ENOTSUP to go on by hand. */
static int
copy_by_kernel(struct copying *copying)
{
	ssize_t n;

	do
		n = rota__fs_is_over(copying->fs) ?
			-ECANCELED :
			files_of(copying)->copy(copying->from, copying->to,
				ROTA__FS_PIECE_BYTES);
	while (n > 0);
	return (int)n;
}

static int
copy_through(struct copying *copying, char *memory)
{
	struct iovec buffer = { memory, ROTA__FS_BUFFER_BYTES };
	ssize_t n;
	int r = 0;

	while (r == 0) {
		if (rota__fs_is_over(copying->fs))
			return -ECANCELED;
		n = files_of(copying)->readv(
			copying->from, &buffer, 1, ROTA__SYS_HERE);
		if (n <= 0)
			return (int)n;
		r = rota__fs_write_all(
			copying->fs, copying->to, memory, (size_t)n);
	}
	return r;
}

static int
copy_by_hand(struct copying *copying)
{
	char *memory =
		rota__fs_realloc(copying->fs, NULL, ROTA__FS_BUFFER_BYTES);
	int r;

	if (memory == NULL)
		return -ENOMEM;
	r = copy_through(copying, memory);
	rota__fs_free(copying->fs, memory);
	return r;
}

/*
 * Both copies go on from where the files are. Linux copies nothing of what
 * has a size of 0, as files of /proc: so in the end bytes are looked for.
 */
static int
copy_bytes(struct copying *copying)
{
	int r = files_of(copying)->clone(copying->from, copying->to);

	if (r != -ENOTSUP || copying->fs->flags & ROTA_FS_COPY_CLONE)
		return r;
	r = copy_by_kernel(copying);
	if (r == 0 && copying->stat.size_bytes > 0)
		return 0;
	return r == 0 || r == -ENOTSUP ? copy_by_hand(copying) : r;
}

static int
fill(struct copying *copying)
{
	int r = open_to(copying);

	if (r != 0)
		return r < 0 ? r : 0;
	r = copy_bytes(copying);
	return r < 0 ? r :
		       files_of(copying)->chmod(
			       copying->to, NULL, copying->stat.mode & 0777, 0);
}

static int
copy(struct copying *copying)
{
	int r = open_from(copying);

	if (r < 0)
		return r;
	r = files_of(copying)->clone_as(copying->from, copying->fs->other_path);
	return r == -ENOTSUP || r == -EEXIST ? fill(copying) : r;
}

/* Some file systems tell a failed write when the file is closed. */
static int
work_copyfile(struct rota_fs *fs)
{
	struct copying copying = { .fs = fs, .from = -1, .to = -1 };
	int r = copy(&copying);
	int closed = 0;

	if (copying.from >= 0)
		(void)fs->sys->close(copying.from);
	if (copying.to >= 0)
		closed = fs->sys->close(copying.to);
	if (r == 0)
		r = closed;
	if (r < 0 && copying.is_new)
		(void)fs->sys->files->unlink(AT_FDCWD, fs->other_path, 0);
	return r;
}

ROTA__FS_OP(copyfile, work_copyfile, NULL, ROTA__FS_NOTHING);

int
rota_fs_copyfile_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *from, const char *to, unsigned flags, rota_fs_fn *fn,
	const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || from == NULL || to == NULL ||
		flags & ~(unsigned)(ROTA_FS_COPY_NEW | ROTA_FS_COPY_CLONE))
		return -EINVAL;
	rota__fs_about_path(fs, from);
	fs->other_path = to;
	fs->flags = flags;
	return rota__fs_begin(loop, fs, &op_copyfile, fn, place);
}
