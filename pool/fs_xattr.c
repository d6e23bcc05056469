/* SPDX-License-Identifier: MIT */
/* Extended attributes: reading, setting, listing, removing. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "pool/fs.h"
#include "rota/fs_meta.h"

/* The name is other_path, the value memory, how it is set mode. */
static int
work_get(struct rota_fs *fs)
{
	return (int)fs->sys->files->xattr_get(fs->fd, fs->path, (int)fs->flags,
		fs->other_path, fs->memory, fs->size_bytes);
}

static int
work_set(struct rota_fs *fs)
{
	return fs->sys->files->xattr_set(fs->fd, fs->path, (int)fs->flags,
		fs->other_path, fs->memory, fs->size_bytes, (int)fs->mode);
}

static int
work_list(struct rota_fs *fs)
{
	return (int)fs->sys->files->xattr_list(
		fs->fd, fs->path, (int)fs->flags, fs->memory, fs->size_bytes);
}

static int
work_remove(struct rota_fs *fs)
{
	return fs->sys->files->xattr_remove(
		fs->fd, fs->path, (int)fs->flags, fs->other_path);
}

ROTA__FS_OP(getxattr, work_get, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(lgetxattr, work_get, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(fgetxattr, work_get, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(setxattr, work_set, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(lsetxattr, work_set, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(fsetxattr, work_set, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(listxattr, work_list, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(llistxattr, work_list, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(flistxattr, work_list, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(removexattr, work_remove, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(lremovexattr, work_remove, NULL, ROTA__FS_NOTHING);
ROTA__FS_OP(fremovexattr, work_remove, NULL, ROTA__FS_NOTHING);

/* What a call is about, but for loop, request and callback. */
struct target {
	const char *path;
	int fd;
	int flags;
	const char *name;
	const void *memory;
	size_t size_bytes;
	int how;
};

static int
is_fit(const struct target *target)
{
	return (target->memory != NULL || target->size_bytes == 0) &&
		target->size_bytes <= INT_MAX &&
		target->how >= ROTA_FS_XATTR_ANY &&
		target->how <= ROTA_FS_XATTR_REPLACE;
}

static int
begin(struct rota_loop *loop, struct rota_fs *fs, const struct target *target,
	const struct rota__fs_op *op, rota_fs_fn *fn, const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || !is_fit(target))
		return -EINVAL;
	rota__fs_about_path(fs, target->path);
	fs->fd = target->fd;
	fs->flags = (unsigned)target->flags;
	fs->other_path = target->name;
	fs->memory = (void *)(uintptr_t)target->memory;
	fs->size_bytes = target->size_bytes;
	fs->mode = (unsigned)target->how;
	return rota__fs_begin(loop, fs, op, fn, place);
}

/* The three kinds of targets. All but a list have a name. */
static int
begin_path(struct rota_loop *loop, struct rota_fs *fs, struct target target,
	const struct rota__fs_op *op, rota_fs_fn *fn, const char *place)
{
	if (target.path == NULL ||
		(target.name == NULL && op->work != work_list))
		return -EINVAL;
	target.fd = -1;
	return begin(loop, fs, &target, op, fn, place);
}

static int
begin_link(struct rota_loop *loop, struct rota_fs *fs, struct target target,
	const struct rota__fs_op *op, rota_fs_fn *fn, const char *place)
{
	target.flags = AT_SYMLINK_NOFOLLOW;
	return begin_path(loop, fs, target, op, fn, place);
}

static int
begin_fd(struct rota_loop *loop, struct rota_fs *fs, struct target target,
	const struct rota__fs_op *op, rota_fs_fn *fn, const char *place)
{
	if (target.name == NULL && op->work != work_list)
		return -EINVAL;
	if (target.fd < 0)
		return -EBADF;
	return begin(loop, fs, &target, op, fn, place);
}

int
rota_fs_getxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, const char *name, void *value, size_t size_bytes,
	rota_fs_fn *fn, const char *place)
{
	const struct target target = { .path = path,
		.name = name,
		.memory = value,
		.size_bytes = size_bytes };

	return begin_path(loop, fs, target, &op_getxattr, fn, place);
}

int
rota_fs_lgetxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, const char *name, void *value, size_t size_bytes,
	rota_fs_fn *fn, const char *place)
{
	const struct target target = { .path = path,
		.name = name,
		.memory = value,
		.size_bytes = size_bytes };

	return begin_link(loop, fs, target, &op_lgetxattr, fn, place);
}

int
rota_fs_fgetxattr_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	const char *name, void *value, size_t size_bytes, rota_fs_fn *fn,
	const char *place)
{
	const struct target target = { .fd = fd,
		.name = name,
		.memory = value,
		.size_bytes = size_bytes };

	return begin_fd(loop, fs, target, &op_fgetxattr, fn, place);
}

int
rota_fs_setxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, const char *name, const void *value,
	size_t size_bytes, enum rota_fs_xattr_how how, rota_fs_fn *fn,
	const char *place)
{
	const struct target target = { .path = path,
		.name = name,
		.memory = value,
		.size_bytes = size_bytes,
		.how = (int)how };

	return begin_path(loop, fs, target, &op_setxattr, fn, place);
}

int
rota_fs_lsetxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, const char *name, const void *value,
	size_t size_bytes, enum rota_fs_xattr_how how, rota_fs_fn *fn,
	const char *place)
{
	const struct target target = { .path = path,
		.name = name,
		.memory = value,
		.size_bytes = size_bytes,
		.how = (int)how };

	return begin_link(loop, fs, target, &op_lsetxattr, fn, place);
}

int
rota_fs_fsetxattr_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	const char *name, const void *value, size_t size_bytes,
	enum rota_fs_xattr_how how, rota_fs_fn *fn, const char *place)
{
	const struct target target = { .fd = fd,
		.name = name,
		.memory = value,
		.size_bytes = size_bytes,
		.how = (int)how };

	return begin_fd(loop, fs, target, &op_fsetxattr, fn, place);
}

int
rota_fs_listxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, char *names, size_t size_bytes, rota_fs_fn *fn,
	const char *place)
{
	const struct target target = {
		.path = path, .memory = names, .size_bytes = size_bytes
	};

	return begin_path(loop, fs, target, &op_listxattr, fn, place);
}

int
rota_fs_llistxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, char *names, size_t size_bytes, rota_fs_fn *fn,
	const char *place)
{
	const struct target target = {
		.path = path, .memory = names, .size_bytes = size_bytes
	};

	return begin_link(loop, fs, target, &op_llistxattr, fn, place);
}

int
rota_fs_flistxattr_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	char *names, size_t size_bytes, rota_fs_fn *fn, const char *place)
{
	const struct target target = {
		.fd = fd, .memory = names, .size_bytes = size_bytes
	};

	return begin_fd(loop, fs, target, &op_flistxattr, fn, place);
}

int
rota_fs_removexattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, const char *name, rota_fs_fn *fn, const char *place)
{
	const struct target target = { .path = path, .name = name };

	return begin_path(loop, fs, target, &op_removexattr, fn, place);
}

int
rota_fs_lremovexattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, const char *name, rota_fs_fn *fn, const char *place)
{
	const struct target target = { .path = path, .name = name };

	return begin_link(loop, fs, target, &op_lremovexattr, fn, place);
}

int
rota_fs_fremovexattr_with(struct rota_loop *loop, struct rota_fs *fs, int fd,
	const char *name, rota_fs_fn *fn, const char *place)
{
	const struct target target = { .fd = fd, .name = name };

	return begin_fd(loop, fs, target, &op_fremovexattr, fn, place);
}
