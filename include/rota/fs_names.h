/* SPDX-License-Identifier: MIT */
/*
 * Names: making and removing them, links, and the names in a directory.
 * rota/fs.h says what all calls have in common.
 */
#ifndef ROTA_FS_NAMES_H
#define ROTA_FS_NAMES_H

#include <rota/fs.h>

ROTA_BEGIN_C

/*
 * Makes a directory, or a FIFO.
 * errors of its own: -EINVAL mode has bits above 07777.
 * source: mkdir(2), mkfifo(3).
 */
ROTA_API int rota_fs_mkdir_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, unsigned mode, rota_fs_fn *fn, const char *place);
#define rota_fs_mkdir(loop, fs, path, mode, fn) \
	rota_fs_mkdir_with(loop, fs, path, mode, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_mkfifo_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, unsigned mode, rota_fs_fn *fn, const char *place);
#define rota_fs_mkfifo(loop, fs, path, mode, fn) \
	rota_fs_mkfifo_with(loop, fs, path, mode, fn, ROTA_PLACE(fn))

/*
 * Makes a directory, or a file, of a name that nobody has and only the user
 * can use. The result of mkstemp is the descriptor, for reading and writing.
 *
 * shape: path_template ends in "XXXXXX", in place of which the name is
 *	written.
 * errors: -EINVAL, as a result, if it does not.
 * source: mkdtemp(3), mkstemp(3).
 */
ROTA_API int rota_fs_mkdtemp_with(struct rota_loop *loop, struct rota_fs *fs,
	char *path_template, rota_fs_fn *fn, const char *place);
#define rota_fs_mkdtemp(loop, fs, path_template, fn) \
	rota_fs_mkdtemp_with(loop, fs, path_template, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_mkstemp_with(struct rota_loop *loop, struct rota_fs *fs,
	char *path_template, rota_fs_fn *fn, const char *place);
#define rota_fs_mkstemp(loop, fs, path_template, fn) \
	rota_fs_mkstemp_with(loop, fs, path_template, fn, ROTA_PLACE(fn))

/*
 * Removes a name that is no directory's, or an empty directory.
 * errors: for a directory unlink gives -EISDIR on Linux, -EPERM elsewhere.
 * source: unlink(2), rmdir(2).
 */
ROTA_API int rota_fs_unlink_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, rota_fs_fn *fn, const char *place);
#define rota_fs_unlink(loop, fs, path, fn) \
	rota_fs_unlink_with(loop, fs, path, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_rmdir_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, rota_fs_fn *fn, const char *place);
#define rota_fs_rmdir(loop, fs, path, fn) \
	rota_fs_rmdir_with(loop, fs, path, fn, ROTA_PLACE(fn))

/*
 * Gives a file another name, which it takes from whoever has it.
 * source: rename(2).
 */
ROTA_API int rota_fs_rename_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *from, const char *to, rota_fs_fn *fn, const char *place);
#define rota_fs_rename(loop, fs, from, to, fn) \
	rota_fs_rename_with(loop, fs, from, to, fn, ROTA_PLACE(fn))

/*
 * Gives a file one more name, or makes a symbolic link that says `target`.
 * source: link(2), symlink(2).
 */
ROTA_API int rota_fs_link_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *from, const char *to, rota_fs_fn *fn, const char *place);
#define rota_fs_link(loop, fs, from, to, fn) \
	rota_fs_link_with(loop, fs, from, to, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_symlink_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *target, const char *path, rota_fs_fn *fn,
	const char *place);
#define rota_fs_symlink(loop, fs, target, path, fn) \
	rota_fs_symlink_with(loop, fs, target, path, fn, ROTA_PLACE(fn))

/*
 * Reads what a symbolic link says; or finds the absolute path of a file that
 * has no links, "." or ".." in it. The result is its length.
 *
 * shape: `text` is ended with a NUL that does not count.
 * unit: size_bytes is 1 to INT_MAX, with the NUL.
 * errors of its own: -EINVAL size_bytes is something else. -ERANGE is the
 *	result if it does not fit.
 * source: readlink(2), realpath(3).
 */
ROTA_API int rota_fs_readlink_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, char *text, size_t size_bytes, rota_fs_fn *fn,
	const char *place);
#define rota_fs_readlink(loop, fs, path, text, size_bytes, fn) \
	rota_fs_readlink_with( \
		loop, fs, path, text, size_bytes, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_realpath_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, char *text, size_t size_bytes, rota_fs_fn *fn,
	const char *place);
#define rota_fs_realpath(loop, fs, path, text, size_bytes, fn) \
	rota_fs_realpath_with( \
		loop, fs, path, text, size_bytes, fn, ROTA_PLACE(fn))

/*
 * Reads all names of a directory, in the order of strcmp(3), for
 * rota_fs_next_entry(); the result is how many. Give the memory back with
 * rota_fs_clear(). For directories that may be huge there is readdir.
 *
 * errors: -ENOMEM, as a result too; -EOVERFLOW more than INT_MAX names.
 * source: readdir(3).
 */
ROTA_API int rota_fs_scandir_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, rota_fs_fn *fn, const char *place);
#define rota_fs_scandir(loop, fs, path, fn) \
	rota_fs_scandir_with(loop, fs, path, fn, ROTA_PLACE(fn))

/* A directory that is read bit by bit. */
struct rota_fs_dir {
	/* Private from here on. */
	void *stream;
	const char *held_name;
	uint64_t held_inode;
	unsigned held_kind;
	int is_held;
	int error;
	int spare;
};

/* Room for a name of any length that a common file system has. */
#define ROTA_FS_ENTRY_BYTES 512

/*
 * Opens a directory to be read, reads as many names as fit into `memory`,
 * closes it. readdir's result is how many, 0 at the end; they are for
 * rota_fs_next_entry(), in no order.
 *
 * shape: `dir` is the caller's, filled by opendir, and must not move.
 *	`memory` holds the names, of any alignment.
 * unit: size_bytes at least ROTA_FS_ENTRY_BYTES, at most INT_MAX.
 * errors of its own: -EINVAL size_bytes is something else; -EBADF the
 *	directory is not open. -ERANGE is the result for a longer name.
 * when: one request on a directory at a time.
 * source: opendir(3), readdir(3), closedir(3).
 */
ROTA_API int rota_fs_opendir_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, struct rota_fs_dir *dir, rota_fs_fn *fn,
	const char *place);
#define rota_fs_opendir(loop, fs, path, dir, fn) \
	rota_fs_opendir_with(loop, fs, path, dir, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_readdir_with(struct rota_loop *loop, struct rota_fs *fs,
	struct rota_fs_dir *dir, void *memory, size_t size_bytes,
	rota_fs_fn *fn, const char *place);
#define rota_fs_readdir(loop, fs, dir, memory, size_bytes, fn) \
	rota_fs_readdir_with( \
		loop, fs, dir, memory, size_bytes, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_closedir_with(struct rota_loop *loop, struct rota_fs *fs,
	struct rota_fs_dir *dir, rota_fs_fn *fn, const char *place);
#define rota_fs_closedir(loop, fs, dir, fn) \
	rota_fs_closedir_with(loop, fs, dir, fn, ROTA_PLACE(fn))

ROTA_END_C

#endif
