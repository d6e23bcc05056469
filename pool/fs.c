/* SPDX-License-Identifier: MIT */
/* What all requests on files share, see fs.h. */
#include "pool/fs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/jobs.h"

static const struct rota__fs_op *
op_of(const struct rota_fs *fs)
{
	return (const struct rota__fs_op *)fs->job.request.type;
}

int
rota__fs_run(struct rota_job *job)
{
	struct rota_fs *fs = (struct rota_fs *)job;

	fs->result = op_of(fs)->work(fs);
	fs->has_run = 1;
	return fs->result;
}

/* Nobody will know of what a cancelled work has opened. */
void
rota__fs_tell(struct rota_request *request, int status)
{
	struct rota_fs *fs = (struct rota_fs *)request;

	if (fs->has_run && fs->result >= 0 && status < 0 &&
		op_of(fs)->undo != NULL)
		op_of(fs)->undo(fs);
	fs->result = status;
	fs->is_busy = 0;
	fs->fn(fs, status);
}

void
rota__fs_explain(
	const struct rota_request *request, char *text, size_t size_bytes)
{
	const struct rota_fs *fs = (const struct rota_fs *)request;

	if (fs->path != NULL && fs->other_path != NULL)
		(void)snprintf(
			text, size_bytes, "%s, %s", fs->path, fs->other_path);
	else if (fs->path != NULL)
		(void)snprintf(text, size_bytes, "%s", fs->path);
	else if (fs->fd >= 0)
		(void)snprintf(text, size_bytes, "fd %d", fs->fd);
}

void
rota__fs_about_path(struct rota_fs *fs, const char *path)
{
	fs->path = path;
	fs->other_path = NULL;
	fs->fd = -1;
	fs->flags = 0;
}

void
rota__fs_about_fd(struct rota_fs *fs, int fd)
{
	rota__fs_about_path(fs, NULL);
	fs->fd = fd;
}

int
rota__fs_take_path(const struct rota_loop *loop, struct rota_fs *fs,
	const char *path, rota_fs_fn *fn)
{
	if (!rota__fs_is_fit(loop, fs, fn) || path == NULL)
		return -EINVAL;
	rota__fs_about_path(fs, path);
	return 0;
}

int
rota__fs_take_fd(const struct rota_loop *loop, struct rota_fs *fs, int fd,
	rota_fs_fn *fn)
{
	if (!rota__fs_is_fit(loop, fs, fn))
		return -EINVAL;
	if (fd < 0)
		return -EBADF;
	rota__fs_about_fd(fs, fd);
	return 0;
}

/* So that rota_error_explain() knows of those never started as well. */
static int
end_at_once(struct rota_fs *fs, const struct rota__fs_op *op, int status)
{
	fs->job.request.type = &op->job.request;
	fs->job.request.status = status;
	fs->result = status;
	fs->is_busy = 0;
	return status;
}

int
rota__fs_begin(struct rota_loop *loop, struct rota_fs *fs,
	const struct rota__fs_op *op, rota_fs_fn *fn, const char *place)
{
	int r;

	fs->fn = fn;
	fs->sys = loop == NULL ? &rota__sys_real : rota__loop_sys(loop);
	fs->result = 0;
	fs->has_run = 0;
	if (fn == NULL)
		return end_at_once(fs, op, op->work(fs));
	fs->is_busy = 1;
	r = rota__job_start(loop, NULL, &fs->job, &op->job, place);
	return r < 0 ? end_at_once(fs, op, r) : 0;
}

int
rota__fs_is_over(const struct rota_fs *fs)
{
	return fs->fn != NULL && rota__job_is_canceled(&fs->job);
}

void *
rota__fs_realloc(const struct rota_fs *fs, void *memory, size_t size_bytes)
{
	return fs->sys->realloc(memory, size_bytes);
}

void
rota__fs_free(const struct rota_fs *fs, void *memory)
{
	if (memory != NULL)
		(void)fs->sys->realloc(memory, 0);
}

int
rota__fs_write_all(
	const struct rota_fs *fs, int fd, const void *data, size_t size_bytes)
{
	const char *at = data;

	while (size_bytes > 0) {
		size_t n = size_bytes < ROTA__FS_PIECE_BYTES ?
			size_bytes :
			ROTA__FS_PIECE_BYTES;
		struct iovec buffer = { (void *)(uintptr_t)at, n };
		ssize_t written = rota__fs_is_over(fs) ?
			-ECANCELED :
			fs->sys->files->writev(fd, &buffer, 1, ROTA__SYS_HERE);

		if (written <= 0)
			return written < 0 ? (int)written : -EIO;
		at += written;
		size_bytes -= (size_t)written;
	}
	return 0;
}

/* What was found *****************************************************/

/* What an ended request has to show; ROTA__FS_NOTHING if it failed. */
static enum rota__fs_found
found_by(const struct rota_fs *fs)
{
	if (fs == NULL || op_of(fs) == NULL || fs->is_busy || fs->result < 0)
		return ROTA__FS_NOTHING;
	return op_of(fs)->found;
}

int
rota__fs_has_names(const struct rota_fs *fs)
{
	return found_by(fs) == ROTA__FS_NAMES ||
		found_by(fs) == ROTA__FS_NAMES_LENT;
}

int
rota_fs_result(const struct rota_fs *fs)
{
	return fs == NULL ? -EINVAL : fs->result;
}

const struct rota_file_stat *
rota_fs_get_stat(const struct rota_fs *fs)
{
	return found_by(fs) == ROTA__FS_STAT ? &fs->of.stat : NULL;
}

const struct rota_fs_space *
rota_fs_get_space(const struct rota_fs *fs)
{
	return found_by(fs) == ROTA__FS_SPACE ? &fs->of.space : NULL;
}

void *
rota_fs_get_data(const struct rota_fs *fs)
{
	return found_by(fs) == ROTA__FS_DATA ? fs->of.data.memory : NULL;
}

size_t
rota_fs_get_size(const struct rota_fs *fs)
{
	return found_by(fs) == ROTA__FS_DATA ? fs->of.data.n_bytes : 0;
}

int
rota_fs_clear(struct rota_fs *fs)
{
	if (fs == NULL)
		return -EINVAL;
	if (fs->is_busy)
		return -EBUSY;
	switch (found_by(fs)) {
	case ROTA__FS_DATA:
		rota__fs_free(fs, fs->of.data.memory);
		fs->of.data.memory = NULL;
		fs->of.data.n_bytes = 0;
		break;
	case ROTA__FS_NAMES:
		rota__fs_free(fs, fs->of.names.memory);
		rota__fs_free(fs, fs->of.names.order);
		memset(&fs->of.names, 0, sizeof(fs->of.names));
		break;
	default:
		break;
	}
	return 0;
}
