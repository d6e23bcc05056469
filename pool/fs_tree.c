/* SPDX-License-Identifier: MIT */
/*
 * Trees removed. One directory is open at a time and is swept: what is no
 * directory goes at once, an empty one as well, and the first that is not
 * empty becomes the one to be swept. When nothing is left in one, we go back
 * up by ".." and remove it from there:
 *
 *	              a name with something in it: down
 *	 open -> sweep ---------------------------------> sweep
 *	           ^          nothing left: up, rmdir       |
 *	           +----------------------------------------+
 *
 * Nothing is ever opened by a path of more than one name, and no link is
 * followed. Where ".." leads has to be where we came from: else the directory
 * was moved meanwhile, and what is up there is not ours to remove.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "pool/fs.h"
#include "rota/fs_whole.h"

#define OPEN_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW)

/* A directory that we went down from, and the name by which. */
struct level {
	uint64_t device;
	uint64_t inode;
	size_t name_at;
};

struct tree {
	struct rota_fs *fs;
	/* The directory being swept, its own numbers, and its stream. */
	int fd;
	uint64_t device;
	uint64_t inode;
	void *dir;
	/* What this sweep has removed. */
	size_t n_removed;
	struct level *levels;
	size_t n_levels;
	size_t level_room;
	char *names;
	size_t n_bytes;
	size_t name_room;
};

static const struct rota__sys_files *
files_of(const struct tree *tree)
{
	return tree->fs->sys->files;
}

/* Gone already is as good as removed. */
static int
discard(struct tree *tree, const char *name, int flags)
{
	int r = files_of(tree)->unlink(tree->fd, name, flags);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		tree->n_removed++;
	return r;
}

static int
is_not_empty(int error)
{
	return error == -ENOTEMPTY || error == -EEXIST;
}

/* The stream has taken the descriptor over, if there is one. */
static void
leave(struct tree *tree)
{
	if (tree->dir != NULL)
		(void)files_of(tree)->dir_close(tree->dir);
	else if (tree->fd >= 0)
		(void)tree->fs->sys->close(tree->fd);
	tree->dir = NULL;
	tree->fd = -1;
}

/* Makes the directory `fd` the one to be swept. */
static int
enter(struct tree *tree, int fd)
{
	struct rota_file_stat stat;
	int r;

	leave(tree);
	tree->fd = fd;
	tree->n_removed = 0;
	r = files_of(tree)->stat(fd, NULL, 0, &stat);
	if (r < 0)
		return r;
	tree->device = stat.device;
	tree->inode = stat.inode;
	return 0;
}

static void *
grow(struct tree *tree, void *memory, size_t *room, size_t need,
	size_t unit_bytes)
{
	size_t more = *room > 0 ? *room : 64;
	void *moved;

	while (more < need)
		more *= 2;
	if (more == *room)
		return memory;
	moved = rota__fs_realloc(tree->fs, memory, more * unit_bytes);
	if (moved != NULL)
		*room = more;
	return moved;
}

/* Remembers the way back up. */
static int
push(struct tree *tree, const char *name)
{
	size_t n_bytes = strlen(name) + 1;
	void *moved;

	moved = grow(tree, tree->levels, &tree->level_room, tree->n_levels + 1,
		sizeof(*tree->levels));
	if (moved == NULL)
		return -ENOMEM;
	tree->levels = moved;
	moved = grow(tree, tree->names, &tree->name_room,
		tree->n_bytes + n_bytes, 1);
	if (moved == NULL)
		return -ENOMEM;
	tree->names = moved;
	tree->levels[tree->n_levels++] = (struct level){
		.device = tree->device,
		.inode = tree->inode,
		.name_at = tree->n_bytes,
	};
	memcpy(tree->names + tree->n_bytes, name, n_bytes);
	tree->n_bytes += n_bytes;
	return 0;
}

static int
go_down(struct tree *tree, const char *name)
{
	int fd = files_of(tree)->open(tree->fd, name, OPEN_FLAGS, 0);
	int r;

	if (fd < 0)
		return fd;
	r = push(tree, name);
	if (r < 0) {
		(void)tree->fs->sys->close(fd);
		return r;
	}
	return enter(tree, fd);
}

/*
 * Removes the directory we come from. If it is not empty though nothing was
 * left, either names were missed because others were removed meanwhile, or
 * somebody makes new ones: as long as we get on, it is swept again.
 */
static int
remove_below(struct tree *tree, const char *name, size_t n_removed)
{
	int r = discard(tree, name, AT_REMOVEDIR);

	return is_not_empty(r) && n_removed > 0 ? 0 : r;
}

static int
go_up(struct tree *tree)
{
	const struct level *level = &tree->levels[tree->n_levels - 1];
	size_t n_removed = tree->n_removed;
	int fd = files_of(tree)->open(tree->fd, "..", OPEN_FLAGS, 0);
	int r;

	if (fd < 0)
		return fd;
	r = enter(tree, fd);
	if (r < 0)
		return r;
	if (tree->device != level->device || tree->inode != level->inode)
		return -ESTALE;
	tree->n_levels--;
	tree->n_bytes = level->name_at;
	return remove_below(tree, tree->names + level->name_at, n_removed);
}

/* Returns 1 for a directory, 0 for what is none or not there any more. */
static int
is_directory(struct tree *tree, const struct rota__dir_entry *entry)
{
	struct rota_file_stat stat;
	int r;

	if (entry->kind != ROTA_FS_UNKNOWN)
		return entry->kind == ROTA_FS_DIRECTORY;
	r = files_of(tree)->stat(
		tree->fd, entry->name, AT_SYMLINK_NOFOLLOW, &stat);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return S_ISDIR(stat.mode);
}

/* Returns 0 if it is gone, 1 if there is something in it. */
static int
discard_entry(struct tree *tree, const struct rota__dir_entry *entry)
{
	int r = is_directory(tree, entry);

	if (r < 0)
		return r;
	r = discard(tree, entry->name, r ? AT_REMOVEDIR : 0);
	return is_not_empty(r) ? 1 : r;
}

/*
 * Sweeps until there is something to go down to: 1. 0: nothing is left.
 * The name lives as long as the stream, so it goes down at once.
 */
static int
sweep(struct tree *tree)
{
	struct rota__dir_entry entry;
	int r = files_of(tree)->dir_open(tree->fd, &tree->dir);

	if (r < 0)
		return r;
	while ((r = files_of(tree)->dir_read(tree->dir, &entry)) > 0) {
		if (rota__fs_is_over(tree->fs))
			return -ECANCELED;
		r = discard_entry(tree, &entry);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		r = go_down(tree, entry.name);
		if (r != -ENOENT)
			return r < 0 ? r : 1;
	}
	return r;
}

/* Empties the directory that is open, and all below. */
static int
empty(struct tree *tree)
{
	int r;

	for (;;) {
		r = sweep(tree);
		if (r < 0)
			return r;
		if (r == 1)
			continue;
		if (tree->n_levels == 0)
			return 0;
		r = go_up(tree);
		if (r < 0)
			return r;
	}
}

static int
empty_root(struct tree *tree)
{
	int fd = files_of(tree)->open(AT_FDCWD, tree->fs->path, OPEN_FLAGS, 0);
	int r;

	if (fd < 0)
		return fd;
	r = enter(tree, fd);
	return r < 0 ? r : empty(tree);
}

static int
remove_root(struct tree *tree)
{
	const char *path = tree->fs->path;
	int r;

	do {
		r = empty_root(tree);
		leave(tree);
		if (r < 0)
			return r;
		r = files_of(tree)->unlink(AT_FDCWD, path, AT_REMOVEDIR);
	} while (is_not_empty(r) && tree->n_removed > 0);
	return r;
}

static int
work_remove_tree(struct rota_fs *fs)
{
	struct tree tree = { .fs = fs, .fd = -1 };
	struct rota_file_stat stat;
	int r = fs->sys->files->stat(
		AT_FDCWD, fs->path, AT_SYMLINK_NOFOLLOW, &stat);

	if (r < 0)
		return r;
	if (!S_ISDIR(stat.mode))
		return fs->sys->files->unlink(AT_FDCWD, fs->path, 0);
	r = fs->sys->files->unlink(AT_FDCWD, fs->path, AT_REMOVEDIR);
	if (is_not_empty(r))
		r = remove_root(&tree);
	rota__fs_free(fs, tree.levels);
	rota__fs_free(fs, tree.names);
	return r;
}

ROTA__FS_OP(remove_tree, work_remove_tree, NULL, ROTA__FS_NOTHING);

int
rota_fs_remove_tree_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, rota_fs_fn *fn, const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || path == NULL)
		return -EINVAL;
	rota__fs_about_path(fs, path);
	return rota__fs_begin(loop, fs, &op_remove_tree, fn, place);
}
