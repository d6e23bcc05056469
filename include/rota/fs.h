/* SPDX-License-Identifier: MIT */
/*
 * Files. What can be done with them is in four headers; this one has what
 * they share: the request, and what it has found.
 *
 *	rota/fs_io.h	open, read, write, close and what else goes by a
 *			descriptor
 *	rota/fs_meta.h	what is known of a file: stat, chmod, attributes
 *	rota/fs_names.h	directories, links, and names made and removed
 *	rota/fs_whole.h	whole files and trees: read, write, copy, remove
 *
 * Every call has the form
 *
 *	int rota_fs_OPERATION(loop, fs, ..., fn);
 *
 * and every header means this by it:
 *
 * With `fn` the request is started: a thread of the loop's pool does the
 * work, in lane ROTA_LANE_IO, and `fn` is called in the loop's thread. The
 * call itself returns 0 or why nothing was started.
 *
 * With NULL for `fn` it is done at once in the calling thread, which may be
 * any; no thread is started. The call returns the result. `loop` may be NULL
 * then.
 *
 * shape: paths, buffers and arrays stay the caller's and unchanged until
 *	the end; nothing is copied, but for a few buffers where that is said.
 *	A relative path must keep its meaning: do not change the working
 *	directory meanwhile.
 * unit: the result is 0 if nothing else is said, a negative errno if it
 *	failed. `mode` is permissions as in chmod(2), of which umask(2) takes
 *	away where something new is made.
 * errors: -EINVAL fs is NULL, or loop where `fn` is not, or a path or an
 *	argument that takes memory or names is NULL; -EBADF a descriptor is
 *	negative; these two and the ones that a call calls its own come at
 *	once in both forms. -ESHUTDOWN, -EAGAIN, -ENOMEM no thread of the
 *	pool can do it. All others are the system's, and are the result.
 *	-EINTR never is: such calls are repeated.
 * when: the loop's thread with `fn`, else any.
 *
 * A request that waits for a thread can be cancelled and have a deadline as
 * any other (rota/request.h). One that is under way goes on: its callback
 * gets -ECANCELED or -ETIMEDOUT when it returns, and what it has opened or
 * read by then is given back. The calls of rota/fs_whole.h stop between two
 * pieces.
 */
#ifndef ROTA_FS_H
#define ROTA_FS_H

#include <sys/uio.h>

#include <rota/file_stat.h>
#include <rota/pool.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_fs;

/* Ends a request; status is its result. */
typedef void rota_fs_fn(struct rota_fs *fs, int status);

/* What something in a directory is. */
enum rota_fs_kind {
	/* The file system does not say; stat does. */
	ROTA_FS_UNKNOWN,
	ROTA_FS_FILE,
	ROTA_FS_DIRECTORY,
	ROTA_FS_LINK,
	ROTA_FS_FIFO,
	ROTA_FS_SOCKET,
	ROTA_FS_CHARACTER_DEVICE,
	ROTA_FS_BLOCK_DEVICE
};

/* A file system's room. What does not apply to it is 0. */
struct rota_fs_space {
	/* The unit of the three below. */
	uint64_t block_bytes;
	uint64_t n_blocks;
	/* Free, and of these what others than root may use. */
	uint64_t n_free;
	uint64_t n_available;
	/* Files it can have, and can have still. */
	uint64_t n_files;
	uint64_t n_files_free;
	uint64_t max_name_bytes;
	int is_read_only;
};

/* A name in a directory. */
struct rota_fs_entry {
	/* Bytes as the kernel has them; "." and ".." are left out. */
	const char *name;
	uint64_t inode;
	/* One of enum rota_fs_kind. */
	unsigned kind;
};

/* How many buffers are copied into a request. */
#define ROTA_FS_INLINE 4

/* Names that were found. Private. */
struct rota_fs_names {
	char *memory;
	size_t n_bytes;
	size_t at;
	/* Where each begins, if they have been put in order. */
	const char **order;
	size_t n;
};

struct rota_fs {
	struct rota_job job;

	/* Private from here on; pool/fs.h has the picture. */
	rota_fs_fn *fn;
	const struct rota_sys *sys;
	const char *path;
	const char *other_path;
	void *memory;
	size_t size_bytes;
	int64_t offset;
	int64_t length;
	int fd;
	int other_fd;
	unsigned flags;
	unsigned mode;
	/* What the work returned; it did return if has_run is 1. */
	int result;
	int has_run;
	/* From a start until just before its callback. */
	int is_busy;
	int spare;
	union {
		struct {
			const struct iovec *array;
			struct iovec inline_buffers[ROTA_FS_INLINE];
			unsigned n;
		} buffers;
		struct rota_file_stat stat;
		struct rota_fs_space space;
		struct rota_fs_names names;
		struct {
			char *memory;
			size_t n_bytes;
		} data;
	} of;
};

/*
 * Returns the result of a request that has ended: what its callback or its
 * call got. -EINVAL if fs is NULL.
 * when: from its end until it is used again; so all below.
 */
ROTA_API int rota_fs_result(const struct rota_fs *fs);

/*
 * Returns what stat, lstat or fstat has found; NULL if fs is NULL, or was
 * something else, or failed.
 */
ROTA_API const struct rota_file_stat *rota_fs_get_stat(
	const struct rota_fs *fs);

/* Returns what statfs has found; NULL as rota_fs_get_stat(). */
ROTA_API const struct rota_fs_space *rota_fs_get_space(
	const struct rota_fs *fs);

/*
 * Returns what rota_fs_read_file() has read, and how much that is.
 *
 * shape: owned by the request until rota_fs_clear(); a NUL that does not
 *	count follows it. NULL, and 0 bytes, as rota_fs_get_stat().
 */
ROTA_API void *rota_fs_get_data(const struct rota_fs *fs);
ROTA_API size_t rota_fs_get_size(const struct rota_fs *fs);

/*
 * Goes on to the next name that rota_fs_scandir() or rota_fs_readdir() has
 * found: returns 1, or 0 after the last.
 *
 * shape: the name lives as long as the memory that it was read to.
 * errors: -EINVAL an argument is NULL, or the request found no names.
 */
ROTA_API int rota_fs_next_entry(
	struct rota_fs *fs, struct rota_fs_entry *ret_entry);

/*
 * Frees what a request holds: names of rota_fs_scandir(), data of
 * rota_fs_read_file(). Others hold nothing, and freeing nothing is fine.
 *
 * errors: -EINVAL fs is NULL; -EBUSY it is in flight.
 * when: any thread.
 */
ROTA_API int rota_fs_clear(struct rota_fs *fs);

ROTA_END_C

#endif
