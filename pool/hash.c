/* SPDX-License-Identifier: MIT */
/* Hash sums of buffers and files, see rota/crypto.h. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "core/jobs.h"
#include "pool/crypto.h"
#include "pool/job.h"

/* Between two pieces the job asks whether it is cancelled. */
#define PIECE_BYTES ((size_t)128 * 1024)

static int
add(struct rota_hash *hash, const void *data, size_t n_bytes)
{
	int r = rota_hasher_add(hash->hasher, data, n_bytes);

	/* Nobody else writes it. */
	if (r == 0)
		__atomic_store_n(&hash->done_bytes, hash->done_bytes + n_bytes,
			__ATOMIC_RELAXED);
	return r;
}

static int
is_canceled(const struct rota_hash *hash)
{
	return hash->fn != NULL && rota__job_is_canceled(&hash->job);
}

static int
add_buffer(struct rota_hash *hash, const struct iovec *buffer)
{
	const char *at = buffer->iov_base;
	size_t left = buffer->iov_len;
	size_t piece;
	int r = 0;

	for (; r == 0 && left > 0; left -= piece) {
		if (is_canceled(hash))
			return -ECANCELED;
		piece = left < PIECE_BYTES ? left : PIECE_BYTES;
		r = add(hash, at, piece);
		at += piece;
	}
	return r;
}

static int
add_buffers(struct rota_hash *hash)
{
	unsigned i;
	int r = 0;

	for (i = 0; r == 0 && i < hash->n_buffers; i++)
		r = add_buffer(hash, &hash->buffers[i]);
	return r;
}

static int
add_fd(struct rota_hash *hash, int fd)
{
	char *piece = hash->sys->realloc(NULL, PIECE_BYTES);
	ssize_t n = 1;
	int r = 0;

	if (piece == NULL)
		return -ENOMEM;
	while (r == 0 && n > 0) {
		if (is_canceled(hash)) {
			r = -ECANCELED;
			break;
		}
		n = hash->sys->read(fd, piece, PIECE_BYTES);
		r = n < 0 ? (int)n : add(hash, piece, (size_t)n);
	}
	(void)hash->sys->realloc(piece, 0);
	return r;
}

static int
add_file(struct rota_hash *hash)
{
	int fd = hash->sys->open_read(hash->path);
	int r;

	if (fd < 0)
		return fd;
	r = add_fd(hash, fd);
	(void)hash->sys->close(fd);
	return r;
}

static int
run_hash(struct rota_job *job)
{
	struct rota_hash *hash = (struct rota_hash *)job;
	int r;

	if (hash->path != NULL)
		r = add_file(hash);
	else if (hash->fd >= 0)
		r = add_fd(hash, hash->fd);
	else
		r = add_buffers(hash);
	if (r == 0)
		r = rota_hasher_finish(hash->hasher, hash->sum);
	if (r < 0)
		return r;
	hash->n_bytes = (unsigned)r;
	return 0;
}

static void
clean_up(struct rota_hash *hash)
{
	rota_hasher_free(hash->hasher);
	hash->hasher = NULL;
	if (hash->path != NULL)
		(void)hash->sys->realloc(hash->path, 0);
	hash->path = NULL;
}

static void
tell_hash(struct rota_request *request, int status)
{
	struct rota_hash *hash = (struct rota_hash *)request;

	clean_up(hash);
	hash->fn(hash, status);
}

static const struct rota__job_type hash_type = {
	.request = {
		.name = "hash",
		.size = sizeof(struct rota_hash),
		.cancel = rota__job_cancel,
		.tell = tell_hash,
	},
	.run = run_hash,
	.lane = ROTA_LANE_CPU,
};

static const struct rota_sys *
sys_of(const struct rota_loop *loop)
{
	return loop != NULL ? rota__loop_sys(loop) : &rota__sys_real;
}

/* Of what is to be summed up, one is set by the caller. */
static int
start(struct rota_loop *loop, struct rota_hash *hash, const char *algorithm,
	const void *key, size_t key_bytes, rota_hash_fn *fn, const char *place)
{
	int r;

	hash->hasher = NULL;
	r = rota__hasher_make(
		hash->sys, algorithm, key, key_bytes, &hash->hasher);
	if (r == 0) {
		hash->n_bytes = 0;
		hash->done_bytes = 0;
		hash->fn = fn;
		r = fn == NULL ? run_hash(&hash->job) :
				 rota__job_start(loop, NULL, &hash->job,
					 &hash_type, place);
	}
	if (r < 0 || fn == NULL)
		clean_up(hash);
	return r;
}

int
rota_hash_buffers_at(struct rota_loop *loop, struct rota_hash *hash,
	const char *algorithm, const void *key, size_t key_bytes,
	const struct iovec *buffers, unsigned n, rota_hash_fn *fn,
	const char *place)
{
	if (hash == NULL || algorithm == NULL || (loop == NULL && fn != NULL) ||
		(buffers == NULL && n != 0))
		return -EINVAL;
	hash->sys = sys_of(loop);
	hash->path = NULL;
	hash->fd = -1;
	hash->buffers = buffers;
	hash->n_buffers = n;
	return start(loop, hash, algorithm, key, key_bytes, fn, place);
}

int
rota_hash_fd_at(struct rota_loop *loop, struct rota_hash *hash,
	const char *algorithm, const void *key, size_t key_bytes, int fd,
	rota_hash_fn *fn, const char *place)
{
	if (hash == NULL || algorithm == NULL || (loop == NULL && fn != NULL))
		return -EINVAL;
	if (fd < 0)
		return -EBADF;
	hash->sys = sys_of(loop);
	hash->path = NULL;
	hash->fd = fd;
	return start(loop, hash, algorithm, key, key_bytes, fn, place);
}

int
rota_hash_file_at(struct rota_loop *loop, struct rota_hash *hash,
	const char *algorithm, const void *key, size_t key_bytes,
	const char *path, rota_hash_fn *fn, const char *place)
{
	size_t n;

	if (hash == NULL || algorithm == NULL || path == NULL ||
		(loop == NULL && fn != NULL))
		return -EINVAL;
	n = strlen(path) + 1;
	hash->sys = sys_of(loop);
	hash->path = hash->sys->realloc(NULL, n);
	if (hash->path == NULL)
		return -ENOMEM;
	memcpy(hash->path, path, n);
	hash->fd = -1;
	return start(loop, hash, algorithm, key, key_bytes, fn, place);
}

uint64_t
rota_hash_progress(const struct rota_hash *hash)
{
	return hash == NULL ?
		0 :
		__atomic_load_n(&hash->done_bytes, __ATOMIC_RELAXED);
}

int
rota_hash_text(const void *sum, size_t n_bytes, char *text)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *at = sum;

	if (sum == NULL || text == NULL)
		return -EINVAL;
	for (; n_bytes > 0; n_bytes--, at++) {
		*text++ = digits[*at >> 4];
		*text++ = digits[*at & 15];
	}
	*text = '\0';
	return 0;
}
