/* SPDX-License-Identifier: MIT */
/*
 * The names in a directory, all at once or bit by bit. In memory they lie one
 * behind the other, of any alignment: a head, then the name with its NUL.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "pool/fs.h"
#include "rota/fs_names.h"

#define FIRST_BYTES 4096

struct head {
	uint64_t inode;
	uint32_t kind;
	/* With the NUL. */
	uint32_t name_bytes;
};

static size_t
room_for(const struct rota__dir_entry *entry)
{
	return sizeof(struct head) + strlen(entry->name) + 1;
}

/* Puts a name behind the others, where there is room for it. */
static void
put(struct rota_fs_names *names, const struct rota__dir_entry *entry)
{
	char *to = names->memory + names->n_bytes;
	size_t n_bytes = room_for(entry);
	struct head head = { .inode = entry->inode,
		.kind = entry->kind,
		.name_bytes = (uint32_t)(n_bytes - sizeof(head)) };

	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), entry->name, head.name_bytes);
	names->n_bytes += n_bytes;
	names->n++;
}

/* Takes apart what lies at `from`; returns the bytes of it. */
static size_t
take(const char *from, struct rota_fs_entry *ret_entry)
{
	struct head head;

	memcpy(&head, from, sizeof(head));
	ret_entry->name = from + sizeof(head);
	ret_entry->inode = head.inode;
	ret_entry->kind = head.kind;
	return sizeof(head) + head.name_bytes;
}

static int
open_dir(struct rota_fs *fs, void **ret_dir)
{
	int fd = fs->sys->files->open(
		AT_FDCWD, fs->path, O_RDONLY | O_DIRECTORY, 0);
	int r;

	if (fd < 0)
		return fd;
	r = fs->sys->files->dir_open(fd, ret_dir);
	if (r < 0)
		(void)fs->sys->close(fd);
	return r;
}

/* All at once ********************************************************/

static int
make_room(struct rota_fs *fs, size_t *capacity, size_t need_bytes)
{
	struct rota_fs_names *names = &fs->of.names;
	size_t size_bytes = *capacity > 0 ? *capacity : FIRST_BYTES;
	char *memory;

	while (size_bytes < names->n_bytes + need_bytes)
		size_bytes *= 2;
	if (size_bytes == *capacity)
		return 0;
	memory = rota__fs_realloc(fs, names->memory, size_bytes);
	if (memory == NULL)
		return -ENOMEM;
	names->memory = memory;
	*capacity = size_bytes;
	return 0;
}

static int
collect(struct rota_fs *fs, void *dir)
{
	struct rota_fs_names *names = &fs->of.names;
	struct rota__dir_entry entry;
	size_t capacity = 0;
	int r;

	while ((r = fs->sys->files->dir_read(dir, &entry)) > 0) {
		if (rota__fs_is_over(fs))
			return -ECANCELED;
		if (names->n == INT_MAX)
			return -EOVERFLOW;
		r = make_room(fs, &capacity, room_for(&entry));
		if (r < 0)
			return r;
		put(names, &entry);
	}
	return r;
}

static int
compare(const void *a, const void *b)
{
	const char *const *of_a = a;
	const char *const *of_b = b;

	return strcmp(*of_a, *of_b);
}

static int
put_in_order(struct rota_fs *fs)
{
	struct rota_fs_names *names = &fs->of.names;
	struct rota_fs_entry entry;
	size_t at = 0;
	size_t i;

	if (names->n == 0)
		return 0;
	if (names->n > SIZE_MAX / sizeof(*names->order))
		return -ENOMEM;
	names->order =
		rota__fs_realloc(fs, NULL, names->n * sizeof(*names->order));
	if (names->order == NULL)
		return -ENOMEM;
	for (i = 0; i < names->n; i++) {
		at += take(names->memory + at, &entry);
		names->order[i] = entry.name;
	}
	qsort(names->order, names->n, sizeof(*names->order), compare);
	return (int)names->n;
}

static void
forget_names(struct rota_fs *fs)
{
	rota__fs_free(fs, fs->of.names.memory);
	rota__fs_free(fs, fs->of.names.order);
	memset(&fs->of.names, 0, sizeof(fs->of.names));
}

static int
work_scandir(struct rota_fs *fs)
{
	void *dir;
	int r = open_dir(fs, &dir);

	if (r < 0)
		return r;
	r = collect(fs, dir);
	(void)fs->sys->files->dir_close(dir);
	if (r == 0)
		r = put_in_order(fs);
	if (r < 0)
		forget_names(fs);
	return r;
}

ROTA__FS_OP(scandir, work_scandir, forget_names, ROTA__FS_NAMES);

int
rota_fs_scandir_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, rota_fs_fn *fn, const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || path == NULL)
		return -EINVAL;
	rota__fs_about_path(fs, path);
	memset(&fs->of.names, 0, sizeof(fs->of.names));
	return rota__fs_begin(loop, fs, &op_scandir, fn, place);
}

/* Bit by bit *********************************************************/

static struct rota_fs_dir *
dir_of(const struct rota_fs *fs)
{
	return fs->memory;
}

static int
work_opendir(struct rota_fs *fs)
{
	return open_dir(fs, &dir_of(fs)->stream);
}

static int
close_dir(struct rota_fs *fs)
{
	void *stream = dir_of(fs)->stream;

	dir_of(fs)->stream = NULL;
	return fs->sys->files->dir_close(stream);
}

static void
undo_opendir(struct rota_fs *fs)
{
	(void)close_dir(fs);
}

/*
 * What is left from last time comes first: an error behind some names, or a
 * name for which there was no room. Returns 1, or 0 at the end.
 */
static int
next_name(struct rota_fs *fs, struct rota__dir_entry *ret_entry)
{
	struct rota_fs_dir *dir = dir_of(fs);
	int error = dir->error;

	dir->error = 0;
	if (error < 0)
		return error;
	if (!dir->is_held)
		return fs->sys->files->dir_read(dir->stream, ret_entry);
	dir->is_held = 0;
	ret_entry->name = dir->held_name;
	ret_entry->inode = dir->held_inode;
	ret_entry->kind = dir->held_kind;
	return 1;
}

static void
hold(struct rota_fs_dir *dir, const struct rota__dir_entry *entry)
{
	dir->is_held = 1;
	dir->held_name = entry->name;
	dir->held_inode = entry->inode;
	dir->held_kind = entry->kind;
}

static int
work_readdir(struct rota_fs *fs)
{
	struct rota_fs_names *names = &fs->of.names;
	struct rota__dir_entry entry;
	int r;

	while ((r = next_name(fs, &entry)) > 0) {
		if (room_for(&entry) > fs->size_bytes - names->n_bytes) {
			hold(dir_of(fs), &entry);
			return names->n > 0 ? (int)names->n : -ERANGE;
		}
		put(names, &entry);
	}
	if (names->n == 0)
		return r;
	dir_of(fs)->error = r;
	return (int)names->n;
}

ROTA__FS_OP(opendir, work_opendir, undo_opendir, ROTA__FS_NOTHING);
ROTA__FS_OP(readdir, work_readdir, NULL, ROTA__FS_NAMES_LENT);
ROTA__FS_OP(closedir, close_dir, NULL, ROTA__FS_NOTHING);

int
rota_fs_opendir_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, struct rota_fs_dir *dir, rota_fs_fn *fn,
	const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || path == NULL || dir == NULL)
		return -EINVAL;
	rota__fs_about_path(fs, path);
	memset(dir, 0, sizeof(*dir));
	fs->memory = dir;
	return rota__fs_begin(loop, fs, &op_opendir, fn, place);
}

int
rota_fs_readdir_with(struct rota_loop *loop, struct rota_fs *fs,
	struct rota_fs_dir *dir, void *memory, size_t size_bytes,
	rota_fs_fn *fn, const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || dir == NULL || memory == NULL ||
		size_bytes < ROTA_FS_ENTRY_BYTES || size_bytes > INT_MAX)
		return -EINVAL;
	if (dir->stream == NULL)
		return -EBADF;
	rota__fs_about_path(fs, NULL);
	memset(&fs->of.names, 0, sizeof(fs->of.names));
	fs->of.names.memory = memory;
	fs->memory = dir;
	fs->size_bytes = size_bytes;
	return rota__fs_begin(loop, fs, &op_readdir, fn, place);
}

int
rota_fs_closedir_with(struct rota_loop *loop, struct rota_fs *fs,
	struct rota_fs_dir *dir, rota_fs_fn *fn, const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || dir == NULL)
		return -EINVAL;
	if (dir->stream == NULL)
		return -EBADF;
	rota__fs_about_path(fs, NULL);
	fs->memory = dir;
	return rota__fs_begin(loop, fs, &op_closedir, fn, place);
}

/* What was found *****************************************************/

int
rota_fs_next_entry(struct rota_fs *fs, struct rota_fs_entry *ret_entry)
{
	struct rota_fs_names *names;

	if (ret_entry == NULL || !rota__fs_has_names(fs))
		return -EINVAL;
	names = &fs->of.names;
	if (names->order != NULL) {
		if (names->at == names->n)
			return 0;
		(void)take(names->order[names->at++] - sizeof(struct head),
			ret_entry);
		return 1;
	}
	if (names->at == names->n_bytes)
		return 0;
	names->at += take(names->memory + names->at, ret_entry);
	return 1;
}
