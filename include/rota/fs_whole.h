/* SPDX-License-Identifier: MIT */
/*
 * Whole files and trees, which take several calls of the system: read,
 * write, copy, remove. A request that is cancelled, or whose time is up,
 * stops between two of them. rota/fs.h says what all calls have in common.
 */
#ifndef ROTA_FS_WHOLE_H
#define ROTA_FS_WHOLE_H

#include <rota/fs.h>

ROTA_BEGIN_C

/*
 * Reads a file to its end, for rota_fs_get_data() and rota_fs_get_size().
 * Give the memory back with rota_fs_clear(). Files of no known size, as in
 * /proc, are read as well, and FIFOs until their writers have closed.
 *
 * shape: the memory comes from the C library's allocator, since another one
 *	of the loop's options belongs to the loop's thread.
 * unit: at most max_bytes, which is at least 1.
 * errors of its own: -EINVAL max_bytes is 0. Results: -EFBIG the file has
 *	more; -ENOMEM.
 */
ROTA_API int rota_fs_read_file_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, size_t max_bytes, rota_fs_fn *fn, const char *place);
#define rota_fs_read_file(loop, fs, path, max_bytes, fn) \
	rota_fs_read_file_with(loop, fs, path, max_bytes, fn, ROTA_PLACE(fn))

/*
 * Writes a file so that whoever opens it, also after a crash, finds either
 * all of what was there before or all that is new: writes a file beside it,
 * gets that to the disk, and gives it the name.
 *
 * A file that is there keeps its permissions, and its owner as far as the
 * process may; `mode` is for a new one. If the path is a link, what it leads
 * to is written. Other links of a file keep what it was before.
 *
 * errors: those of open(2), write(2), fsync(2) and rename(2); -ENOENT a link
 *	that leads nowhere. The file beside it is removed then, and what was
 *	there is untouched. If only the directory cannot be brought to the
 *	disk in the end, that is the result, and the new file is there.
 */
ROTA_API int rota_fs_write_file_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, const void *data, size_t size_bytes, unsigned mode,
	rota_fs_fn *fn, const char *place);
#define rota_fs_write_file(loop, fs, path, data, size_bytes, mode, fn) \
	rota_fs_write_file_with( \
		loop, fs, path, data, size_bytes, mode, fn, ROTA_PLACE(fn))

enum rota_fs_copy_flag {
	/* Fail with -EEXIST rather than write over a file. */
	ROTA_FS_COPY_NEW = 1 << 0,
	/* Share the blocks, or fail with -ENOTSUP. */
	ROTA_FS_COPY_CLONE = 1 << 1
};

/*
 * Copies what a file holds, and its permissions. Where the file system can,
 * the copy shares the blocks of the file (FICLONE, clonefile); else the
 * kernel copies (copy_file_range), or bytes are read and written. A copy
 * onto itself changes nothing.
 *
 * unit: flags is an or of enum rota_fs_copy_flag.
 * errors of its own: -EINVAL other flags. Results: -EISDIR `from` is a
 *	directory; -EINVAL it is no file otherwise. A file that was made here
 *	is removed if the copy fails; one that was there is then short.
 */
ROTA_API int rota_fs_copyfile_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *from, const char *to, unsigned flags, rota_fs_fn *fn,
	const char *place);
#define rota_fs_copyfile(loop, fs, from, to, flags, fn) \
	rota_fs_copyfile_with(loop, fs, from, to, flags, fn, ROTA_PLACE(fn))

/*
 * Removes whatever has that name, a directory with all that is in it. Links
 * are removed, never followed, and a directory that somebody exchanges or
 * moves meanwhile does not lead outside. Trees may be of any depth; it holds
 * few descriptors at a time.
 *
 * errors: -ENOENT there is no such name; that of the first one that cannot
 *	be removed, with which it ends: what is gone by then is gone. -ESTALE
 *	a directory was moved while it was being emptied.
 */
ROTA_API int rota_fs_remove_tree_with(struct rota_loop *loop,
	struct rota_fs *fs, const char *path, rota_fs_fn *fn,
	const char *place);
#define rota_fs_remove_tree(loop, fs, path, fn) \
	rota_fs_remove_tree_with(loop, fs, path, fn, ROTA_PLACE(fn))

ROTA_END_C

#endif
