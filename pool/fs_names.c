/* SPDX-License-Identifier: MIT */
/* Names made, removed, exchanged and looked up; links. */
#include "rota/fs_names.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "pool/fs.h"

/* Of one path ********************************************************/

static int
work_mkdir(struct rota_fs *fs)
{
	return fs->sys->files->mkdir(fs->path, fs->mode);
}

static int
work_mkfifo(struct rota_fs *fs)
{
	return fs->sys->files->mkfifo(fs->path, fs->mode);
}

static int
work_unlink(struct rota_fs *fs)
{
	return fs->sys->files->unlink(AT_FDCWD, fs->path, 0);
}

static int
work_rmdir(struct rota_fs *fs)
{
	return fs->sys->files->unlink(AT_FDCWD, fs->path, AT_REMOVEDIR);
}

ROTA__FS_OP(mkdir, work_mkdir, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(mkfifo, work_mkfifo, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(unlink, work_unlink, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(rmdir, work_rmdir, NULL, ROTA__FS_NOTHING);

static int
begin_path(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	unsigned mode, const struct rota__fs_op *op, rota_fs_fn *fn,
	const char *place)
{
	int r = mode > 07777 ? -EINVAL : rota__fs_take_path(loop, fs, path, fn);

	if (r < 0)
		return r;
	fs->mode = mode;
	return rota__fs_begin(loop, fs, op, fn, place);
}

int
rota_fs_mkdir_with(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	unsigned mode, rota_fs_fn *fn, const char *place)
{
	return begin_path(loop, fs, path, mode, &op_mkdir, fn, place);
}

int
rota_fs_mkfifo_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, unsigned mode, rota_fs_fn *fn, const char *place)
{
	return begin_path(loop, fs, path, mode, &op_mkfifo, fn, place);
}

int
rota_fs_unlink_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, rota_fs_fn *fn, const char *place)
{
	return begin_path(loop, fs, path, 0, &op_unlink, fn, place);
}

int
rota_fs_rmdir_with(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	rota_fs_fn *fn, const char *place)
{
	return begin_path(loop, fs, path, 0, &op_rmdir, fn, place);
}

/* Of a name that nobody has ******************************************/

static int
work_mkdtemp(struct rota_fs *fs)
{
	return fs->sys->files->mkdtemp(fs->memory);
}

static void
undo_mkdtemp(struct rota_fs *fs)
{
	(void)fs->sys->files->unlink(AT_FDCWD, fs->memory, AT_REMOVEDIR);
}

static int
work_mkstemp(struct rota_fs *fs)
{
	return fs->sys->files->mkstemp(fs->memory);
}

static void
undo_mkstemp(struct rota_fs *fs)
{
	(void)fs->sys->close(fs->result);
	(void)fs->sys->files->unlink(AT_FDCWD, fs->memory, 0);
}

ROTA__FS_OP(mkdtemp, work_mkdtemp, undo_mkdtemp, ROTA__FS_NOTHING);
ROTA__FS_OP(mkstemp, work_mkstemp, undo_mkstemp, ROTA__FS_NOTHING);

static int
begin_template(struct rota_loop *loop, struct rota_fs *fs, char *path_template,
	const struct rota__fs_op *op, rota_fs_fn *fn, const char *place)
{
	int r = rota__fs_take_path(loop, fs, path_template, fn);

	if (r < 0)
		return r;
	fs->memory = path_template;
	return rota__fs_begin(loop, fs, op, fn, place);
}

int
rota_fs_mkdtemp_with(struct rota_loop *loop, struct rota_fs *fs,
	char *path_template, rota_fs_fn *fn, const char *place)
{
	return begin_template(loop, fs, path_template, &op_mkdtemp, fn, place);
}

int
rota_fs_mkstemp_with(struct rota_loop *loop, struct rota_fs *fs,
	char *path_template, rota_fs_fn *fn, const char *place)
{
	return begin_template(loop, fs, path_template, &op_mkstemp, fn, place);
}

/* Of two paths *******************************************************/

static int
work_rename(struct rota_fs *fs)
{
	return fs->sys->files->rename(fs->path, fs->other_path);
}

static int
work_link(struct rota_fs *fs)
{
	return fs->sys->files->link(fs->path, fs->other_path);
}

static int
work_symlink(struct rota_fs *fs)
{
	return fs->sys->files->symlink(fs->path, fs->other_path);
}

ROTA__FS_OP(rename, work_rename, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(link, work_link, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(symlink, work_symlink, NULL, ROTA__FS_NOTHING);

static int
begin_paths(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	const char *other_path, const struct rota__fs_op *op, rota_fs_fn *fn,
	const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || path == NULL ||
		other_path == NULL)
		return -EINVAL;
	rota__fs_about_path(fs, path);
	fs->other_path = other_path;
	return rota__fs_begin(loop, fs, op, fn, place);
}

int
rota_fs_rename_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *from, const char *to, rota_fs_fn *fn, const char *place)
{
	return begin_paths(loop, fs, from, to, &op_rename, fn, place);
}

int
rota_fs_link_with(struct rota_loop *loop, struct rota_fs *fs, const char *from,
	const char *to, rota_fs_fn *fn, const char *place)
{
	return begin_paths(loop, fs, from, to, &op_link, fn, place);
}

int
rota_fs_symlink_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *target, const char *path, rota_fs_fn *fn, const char *place)
{
	return begin_paths(loop, fs, target, path, &op_symlink, fn, place);
}

/* What a link says, where a path leads *******************************/

/* n: how long the whole text is, as far as that is known. */
static int
end_text(const struct rota_fs *fs, ssize_t n)
{
	if (n < 0)
		return (int)n;
	if ((size_t)n >= fs->size_bytes)
		return -ERANGE;
	((char *)fs->memory)[n] = '\0';
	return (int)n;
}

static int
work_readlink(struct rota_fs *fs)
{
	return end_text(fs,
		fs->sys->files->readlink(fs->path, fs->memory, fs->size_bytes));
}

static int
work_realpath(struct rota_fs *fs)
{
	return end_text(fs,
		fs->sys->files->realpath(fs->path, fs->memory, fs->size_bytes));
}

ROTA__FS_OP(readlink, work_readlink, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(realpath, work_realpath, NULL, ROTA__FS_NOTHING);

static int
begin_text(struct rota_loop *loop, struct rota_fs *fs, const char *path,
	char *text, size_t size_bytes, const struct rota__fs_op *op,
	rota_fs_fn *fn, const char *place)
{
	int r;

	if (text == NULL || size_bytes == 0 || size_bytes > INT_MAX)
		return -EINVAL;
	r = rota__fs_take_path(loop, fs, path, fn);
	if (r < 0)
		return r;
	fs->memory = text;
	fs->size_bytes = size_bytes;
	return rota__fs_begin(loop, fs, op, fn, place);
}

int
rota_fs_readlink_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, char *text, size_t size_bytes, rota_fs_fn *fn,
	const char *place)
{
	return begin_text(
		loop, fs, path, text, size_bytes, &op_readlink, fn, place);
}

int
rota_fs_realpath_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, char *text, size_t size_bytes, rota_fs_fn *fn,
	const char *place)
{
	return begin_text(
		loop, fs, path, text, size_bytes, &op_realpath, fn, place);
}
