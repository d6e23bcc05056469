/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing of regular files, see regular.h.
 *
 *	pull:	what the page cache has, where the kernel tells; else
 *		FETCHING: a thread reads --> FETCHED: the next pulls take it
 *	push:	STORING: a thread writes what is unsent now
 *		        --> STORED: the next push returns how much that was
 *
 * At most one thread of each kind is at work, so that all keeps its order. A
 * thread reads no more than was asked for, so that the file is where the
 * reader thinks it is. Where no thread can be had, or no memory, we wait for
 * the disk ourselves.
 */
#include "core/handles/regular.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/handle.h"
#include "core/handles/more.h"
#include "core/handles/write.h"
#include "core/jobs.h"
#include "core/pending.h"
#include "core/queue.h"
#include "core/ring.h"
#include "core/sys_files.h"

/* What a thread reads at most. */
#define FETCH_BYTES 65536

struct rota__regular {
	struct rota_stream *stream;
	struct rota_job fetch;
	struct rota_job store;
	int fd;
	/* The kernel cannot tell what the page cache has of this file. */
	int is_untold;
	/* FETCH_BYTES long, NULL before the first need. */
	char *memory;
	size_t size_bytes;
	size_t first;
	/* FETCHED: bytes from `first` on; 0 the end, or negative errno. */
	ssize_t n_fetched;
	/* What a thread writes. */
	struct iovec buffers[ROTA__STREAM_BUFFERS];
	unsigned n_buffers;
	/* With what all writes fail when it returns. */
	int error;
};

static struct rota__regular *
regular_of(struct rota_stream *stream)
{
	struct rota_loop *loop = stream->handle.loop;
	struct rota__stream_more *more = rota__stream_more(stream);

	if (more == NULL)
		return NULL;
	if (more->regular == NULL) {
		more->regular = rota__realloc(
			&loop->memory, NULL, sizeof(*more->regular));
		if (more->regular == NULL)
			return NULL;
		memset(more->regular, 0, sizeof(*more->regular));
		more->regular->stream = stream;
	}
	more->regular->fd = stream->watch.fd;
	return more->regular;
}

void
rota__regular_free(struct rota_stream *stream)
{
	struct rota_loop *loop = stream->handle.loop;
	struct rota__regular *regular = stream->more->regular;

	if (regular == NULL)
		return;
	rota__free(&loop->memory, regular->memory);
	rota__free(&loop->memory, regular);
	stream->more->regular = NULL;
}

/* The stream or its requests hold the loop, not the threads. */
static int
start(struct rota_stream *stream, struct rota_job *job,
	const struct rota__job_type *type, uint32_t state, const char *place)
{
	int r = rota__job_start(stream->handle.loop, NULL, job, type, place);

	if (r < 0)
		return r;
	(void)rota_request_unref(&job->request);
	stream->handle.state |= state;
	rota__stream_watch(stream);
	return 0;
}

/* Reading ************************************************************/

static int
run_fetch(struct rota_job *job)
{
	struct rota__regular *regular =
		ROTA__CONTAINER(job, struct rota__regular, fetch);
	const struct rota_sys *sys = rota__loop_sys(job->request.loop);

	return (int)sys->read(
		regular->fd, regular->memory, regular->size_bytes);
}

static void
tell_fetch(struct rota_request *request, int status)
{
	struct rota__regular *regular =
		ROTA__CONTAINER(request, struct rota__regular, fetch.request);
	struct rota_stream *stream = regular->stream;

	regular->n_fetched = status;
	regular->first = 0;
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_FETCHING;
	if (stream->handle.flags & ROTA__CLOSING) {
		rota__stream_end_closing(stream);
		return;
	}
	stream->handle.state |= ROTA__STREAM_FETCHED;
	rota__stream_watch(stream);
	rota__pending_add(rota__stream_sender(stream));
}

static const struct rota__job_type fetch_type = {
	.request = { .name = "file read",
		.size = sizeof(struct rota_job),
		.cancel = rota__job_cancel,
		.tell = tell_fetch },
	.run = run_fetch,
	.lane = ROTA_LANE_IO,
};

static int
start_fetch(struct rota_stream *stream, size_t size_bytes)
{
	struct rota__regular *regular = regular_of(stream);

	if (regular != NULL && regular->memory == NULL)
		regular->memory = rota__realloc(
			&stream->handle.loop->memory, NULL, FETCH_BYTES);
	if (regular == NULL || regular->memory == NULL)
		return -ENOMEM;
	regular->size_bytes = size_bytes < FETCH_BYTES ? size_bytes :
							 FETCH_BYTES;
	return start(stream, &regular->fetch, &fetch_type,
		ROTA__STREAM_FETCHING, stream->handle.place);
}

/* An end and an error are taken once, bytes until none is left. */
static ssize_t
take_fetched(struct rota_stream *stream, void *memory, size_t size_bytes)
{
	struct rota__regular *regular = stream->more->regular;
	ssize_t n = regular->n_fetched;

	if (n > 0 && (size_t)n > size_bytes)
		n = (ssize_t)size_bytes;
	if (n > 0) {
		memcpy(memory, regular->memory + regular->first, (size_t)n);
		regular->first += (size_t)n;
		regular->n_fetched -= n;
	}
	if (n <= 0 || regular->n_fetched == 0)
		stream->handle.state &= ~(uint32_t)ROTA__STREAM_FETCHED;
	return n;
}

static int
is_untold(const struct rota_stream *stream)
{
	return stream->more != NULL && stream->more->regular != NULL &&
		stream->more->regular->is_untold;
}

static ssize_t
read_nowait(struct rota_stream *stream, void *memory, size_t size_bytes)
{
	struct rota__regular *regular;
	ssize_t n;

	if (is_untold(stream))
		return -EAGAIN;
	n = stream->handle.loop->sys->files->read_nowait(
		stream->watch.fd, memory, size_bytes);
	if (n != -ENOTSUP)
		return n;
	regular = regular_of(stream);
	if (regular != NULL)
		regular->is_untold = 1;
	return -EAGAIN;
}

/* -ECANCELED: the pool was stopped, or its threads are not in this child. */
static ssize_t
pull_regular(struct rota_stream *stream, void *memory, size_t size_bytes)
{
	ssize_t n = -ECANCELED;

	if (stream->handle.state & ROTA__STREAM_FETCHED)
		n = take_fetched(stream, memory, size_bytes);
	if (n != -ECANCELED)
		return n;
	if (stream->handle.state & ROTA__STREAM_FETCHING)
		return -EAGAIN;
	if (!(stream->handle.state & ROTA__STREAM_AT_ONCE)) {
		n = read_nowait(stream, memory, size_bytes);
		if (n != -EAGAIN || start_fetch(stream, size_bytes) == 0)
			return n;
	}
	return stream->handle.loop->sys->read(
		stream->watch.fd, memory, size_bytes);
}

static ssize_t
try_read(struct rota_stream *stream, void *memory, size_t size_bytes)
{
	ssize_t n;

	stream->handle.state |= ROTA__STREAM_AT_ONCE;
	n = rota__stream_try_read(stream, memory, size_bytes);
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_AT_ONCE;
	return n;
}

/* Writing ************************************************************/

static int
run_store(struct rota_job *job)
{
	struct rota__regular *regular =
		ROTA__CONTAINER(job, struct rota__regular, store);
	const struct rota_sys *sys = rota__loop_sys(job->request.loop);
	ssize_t n =
		sys->writev(regular->fd, regular->buffers, regular->n_buffers);

	return n == 0 ? -EIO : (int)n;
}

/* The requests that a thread writes are the first unsent ones. */
static void
mark(struct rota_stream *stream, unsigned n)
{
	struct rota_request *request = stream->writing.unsent;

	for (; n > 0; request = rota__queue_next(&stream->writing, request)) {
		const struct rota_write *write = (struct rota_write *)request;
		unsigned n_left = write->n_buffers - write->first;

		request->flags |= ROTA__BEING_SENT;
		n -= n_left < n ? n_left : n;
	}
}

static void
unmark(struct rota_stream *stream)
{
	struct rota_request *request = stream->writing.unsent;

	for (; request != NULL && request->flags & ROTA__BEING_SENT;
		request = rota__queue_next(&stream->writing, request))
		request->flags &= ~(uint32_t)ROTA__BEING_SENT;
}

/*
 * What was written counts, whatever else has happened. Then those end that
 * somebody has wanted back meanwhile.
 */
static void
tell_store(struct rota_request *request, int status)
{
	struct rota__regular *regular =
		ROTA__CONTAINER(request, struct rota__regular, store.request);
	struct rota_stream *stream = regular->stream;
	int error = stream->handle.state & ROTA__STREAM_LINGERING ?
		-ECANCELED :
		regular->error;

	stream->handle.state &= ~(uint32_t)ROTA__STREAM_STORING;
	unmark(stream);
	if (status > 0)
		rota__stream_advance(stream, (size_t)status);
	else if (status != -ECANCELED && status != -EAGAIN)
		error = status;
	if (error < 0) {
		rota__stream_fail_writes(stream, error);
	} else {
		rota__stream_end_asked_back(stream);
		rota__stream_flush(&stream->handle);
	}
	rota__stream_end_closing(stream);
}

static const struct rota__job_type store_type = {
	.request = { .name = "file write",
		.size = sizeof(struct rota_job),
		.cancel = rota__job_cancel,
		.tell = tell_store },
	.run = run_store,
	.lane = ROTA_LANE_IO,
};

void
rota__regular_ask_back(struct rota_stream *stream)
{
	(void)rota__job_take_back(&stream->more->regular->store, -ECANCELED);
}

void
rota__regular_fail_later(struct rota_stream *stream, int error)
{
	if (stream->more->regular->error == 0)
		stream->more->regular->error = error;
}

/*
 * Keeps the buffers, as far as their bytes can be counted in an int: how many
 * bytes that are.
 */
static size_t
keep_buffers(
	struct rota__regular *regular, const struct iovec *buffers, unsigned n)
{
	size_t sum = 0;
	unsigned i;

	for (i = 0; i < n && i < ROTA__STREAM_BUFFERS && sum < INT_MAX; i++) {
		regular->buffers[i] = buffers[i];
		if (buffers[i].iov_len > INT_MAX - sum)
			regular->buffers[i].iov_len = INT_MAX - sum;
		sum += regular->buffers[i].iov_len;
	}
	regular->n_buffers = i;
	return sum;
}

/* Returns 0, negative errno, or 1 if there is nothing to be written. */
static int
start_store(struct rota_stream *stream, const struct iovec *buffers, unsigned n)
{
	struct rota__regular *regular = regular_of(stream);
	int r;

	if (regular == NULL)
		return -ENOMEM;
	regular->error = 0;
	if (keep_buffers(regular, buffers, n) == 0)
		return 1;
	r = start(stream, &regular->store, &store_type, ROTA__STREAM_STORING,
		stream->writing.unsent->place);
	if (r == 0)
		mark(stream, regular->n_buffers);
	return r;
}

static ssize_t
push_regular(
	struct rota_stream *stream, const struct iovec *buffers, unsigned n)
{
	const struct rota_sys *sys = stream->handle.loop->sys;
	int r;

	if (stream->handle.state & ROTA__STREAM_AT_ONCE)
		return sys->writev(stream->watch.fd, buffers, n);
	if (stream->handle.state & ROTA__STREAM_STORING)
		return -EAGAIN;
	r = start_store(stream, buffers, n);
	if (r < 0)
		return sys->writev(stream->watch.fd, buffers, n);
	return r == 0 ? -EAGAIN : 0;
}

static ssize_t
try_write(struct rota_stream *stream, const struct iovec *buffers, unsigned n)
{
	ssize_t written;

	stream->handle.state |= ROTA__STREAM_AT_ONCE;
	written = rota__stream_try_write(stream, buffers, n);
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_AT_ONCE;
	return written;
}

/* As a stream ********************************************************/

/* Nobody is on the other side who could be told. */
static int
end_regular(struct rota_stream *stream)
{
	(void)stream;
	return 0;
}

/* Threads that have not begun need not; the others are waited for. */
static int
close_regular(struct rota_handle *handle)
{
	struct rota_stream *stream = (struct rota_stream *)handle;
	int r = rota__stream_close(handle);

	if (stream->handle.state & ROTA__STREAM_FETCHING)
		(void)rota_request_cancel(
			&stream->more->regular->fetch.request);
	if (stream->handle.state & ROTA__STREAM_STORING &&
		stream->handle.state & ROTA__STREAM_LINGERING)
		(void)rota_request_cancel(
			&stream->more->regular->store.request);
	return r;
}

static const struct rota_stream_type regular_stream = {
	.read_start = rota__stream_read_start,
	.read_stop = rota__stream_read_stop,
	.write = rota__stream_write,
	.send_file = rota__stream_send_file,
	.try_write = try_write,
	.shutdown = rota__stream_shutdown,
	.read = rota__stream_read,
	.try_read = try_read,
	.pull = pull_regular,
	.push = push_regular,
	.end = end_regular,
};

const struct rota_handle_type rota__regular_type = {
	.name = "file",
	.size = sizeof(struct rota_stream),
	.close = close_regular,
	.finish = rota__stream_finish,
	.describe = rota__stream_describe,
	.ready = rota__stream_ready,
	.requests = rota__stream_requests,
	.stream = &regular_stream,
	.flush = rota__stream_flush,
	.tell = rota__stream_tell,
};
