/* SPDX-License-Identifier: MIT */
/*
 * Requests on files from inside. Each operation is a table, which is the
 * type of its request as well; the call at the public door fills in the
 * arguments and begins:
 *
 *	            fn: rota__job_start() -> thread: work() -> loop: tell
 *	begin() ---<                                            |
 *	            no fn: work()                     undo(), if it ends
 *	                                              otherwise than work did
 */
#ifndef ROTA_POOL_FS_H
#define ROTA_POOL_FS_H

#include "core/sys.h"
#include "core/sys_files.h"
#include "pool/job.h"
#include "rota/fs.h"

/* What a request that has not failed has to show. */
enum rota__fs_found {
	ROTA__FS_NOTHING,
	ROTA__FS_STAT,
	ROTA__FS_SPACE,
	ROTA__FS_DATA,
	/* Names in memory of ours, of the caller's. */
	ROTA__FS_NAMES,
	ROTA__FS_NAMES_LENT
};

struct rota__fs_op {
	struct rota__job_type job;
	/* In any thread: returns the result. */
	int (*work)(struct rota_fs *fs);
	/* Gives back what a work that did not fail holds; or NULL. */
	void (*undo)(struct rota_fs *fs);
	enum rota__fs_found found;
};

/* Defines an operation: a table called op_name. */
#define ROTA__FS_OP(op_name, work_, undo_, found_) \
	static const struct rota__fs_op op_##op_name = { \
		.job = { .request = { .name = #op_name, \
				 .size = sizeof(struct rota_fs), \
				 .cancel = rota__job_cancel, \
				 .tell = rota__fs_tell, \
				 .explain = rota__fs_explain }, \
			.run = rota__fs_run, \
			.lane = ROTA_LANE_IO }, \
		.work = (work_), \
		.undo = (undo_), \
		.found = (found_) \
	}

/* Of every operation's table. */
int rota__fs_run(struct rota_job *job);
void rota__fs_tell(struct rota_request *request, int status);
void rota__fs_explain(
	const struct rota_request *request, char *text, size_t size_bytes);

/* 1 if a request may be begun with these. */
static inline int
rota__fs_is_fit(
	const struct rota_loop *loop, const struct rota_fs *fs, rota_fs_fn *fn)
{
	return fs != NULL && (loop != NULL || fn == NULL);
}

/*
 * Sets what it is about, if it may be begun with these: 0, -EINVAL, or -EBADF
 * for a descriptor. No member of a request is touched before.
 */
int rota__fs_take_path(const struct rota_loop *loop, struct rota_fs *fs,
	const char *path, rota_fs_fn *fn);
int rota__fs_take_fd(const struct rota_loop *loop, struct rota_fs *fs, int fd,
	rota_fs_fn *fn);

/* The same for those that have asked already. */
void rota__fs_about_path(struct rota_fs *fs, const char *path);
void rota__fs_about_fd(struct rota_fs *fs, int fd);

/* Starts the request, or does it. */
int rota__fs_begin(struct rota_loop *loop, struct rota_fs *fs,
	const struct rota__fs_op *op, rota_fs_fn *fn, const char *place);

/* Its end has been decided while it works: it had better stop. */
int rota__fs_is_over(const struct rota_fs *fs);

/* 1 if it has ended and has names to show. */
int rota__fs_has_names(const struct rota_fs *fs);

/* Memory of results and for working, by the table: any thread. */
void *rota__fs_realloc(
	const struct rota_fs *fs, void *memory, size_t size_bytes);
void rota__fs_free(const struct rota_fs *fs, void *memory);

/* Writes all of it at the file's offset; negative errno. */
int rota__fs_write_all(
	const struct rota_fs *fs, int fd, const void *data, size_t size_bytes);

/* So much at a time between two looks at whether the request is over. */
#define ROTA__FS_PIECE_BYTES ((size_t)8 << 20)
/* What goes by memory of ours, goes in so much. */
#define ROTA__FS_BUFFER_BYTES ((size_t)256 << 10)

#endif
