/* SPDX-License-Identifier: MIT */
/* The public door of streams: checks, and goes through the type's table. */
#include <errno.h>
#include <limits.h>

#include "core/handle.h"
#include "core/handles/stream.h"

#ifndef SSIZE_MAX
#define SSIZE_MAX LONG_MAX
#endif

static int
is_open(const struct rota_stream *stream)
{
	return stream != NULL && rota__handle_is_open(&stream->handle);
}

static const struct rota_stream_type *
table_of(const struct rota_stream *stream)
{
	static const struct rota_stream_type none;

	return stream->handle.type->stream ? stream->handle.type->stream :
					     &none;
}

/*
 * Limits and marks live in a part that only our own streams give back; only
 * they know a close that flushes.
 */
static int
is_ours(const struct rota_stream *stream)
{
	return stream->handle.type->ready == rota__stream_ready;
}

int
rota__stream_check_buffers(const struct iovec *buffers, unsigned n)
{
	size_t room = SSIZE_MAX;
	unsigned i;

	if (buffers == NULL && n > 0)
		return -EINVAL;
	for (i = 0; i < n; i++) {
		if (buffers[i].iov_len > room ||
			(buffers[i].iov_base == NULL && buffers[i].iov_len > 0))
			return -EINVAL;
		room -= buffers[i].iov_len;
	}
	return 0;
}

/* One buffer is the rule. */
static inline int
is_one_good_buffer(const struct iovec *buffers, unsigned n)
{
	return n == 1 && buffers != NULL && buffers->iov_base != NULL &&
		buffers->iov_len <= SSIZE_MAX;
}

static inline int
are_good_buffers(const struct iovec *buffers, unsigned n)
{
	return is_one_good_buffer(buffers, n) ||
		rota__stream_check_buffers(buffers, n) == 0;
}

int
rota_stream_read_start_at(struct rota_stream *stream, rota_buffer_fn *buffer,
	rota_read_fn *fn, const char *place)
{
	if (!is_open(stream) || fn == NULL)
		return -EINVAL;
	if (table_of(stream)->read_start == NULL)
		return -ENOTSUP;
	return table_of(stream)->read_start(stream, buffer, fn, place);
}

int
rota_stream_read_stop(struct rota_stream *stream)
{
	if (stream == NULL)
		return -EINVAL;
	if (!is_open(stream) || table_of(stream)->read_stop == NULL)
		return 0;
	return table_of(stream)->read_stop(stream);
}

void
rota__stream_fill_write(struct rota_write *request, struct iovec *buffers,
	unsigned n, rota_write_fn *fn, const char *place)
{
	unsigned i;

	request->buffers = buffers;
	if (n == 1) {
		request->inline_buffers[0] = *buffers;
		request->buffers = request->inline_buffers;
	} else if (n <= ROTA_WRITE_INLINE) {
		for (i = 0; i < n; i++)
			request->inline_buffers[i] = buffers[i];
		request->buffers = request->inline_buffers;
	}
	request->n_buffers = n;
	request->first = 0;
	request->fn = fn;
	request->request.place = place;
}

int
rota_stream_write_at(struct rota_stream *stream, struct rota_write *request,
	struct iovec *buffers, unsigned n, rota_write_fn *fn, const char *place)
{
	if (!is_open(stream) || request == NULL || fn == NULL ||
		!are_good_buffers(buffers, n))
		return -EINVAL;
	if (table_of(stream)->write == NULL)
		return -ENOTSUP;
	rota__stream_fill_write(request, buffers, n, fn, place);
	return table_of(stream)->write(stream, request);
}

static inline ssize_t
try_write(struct rota_stream *stream, const struct iovec *buffers, unsigned n)
{
	if (table_of(stream)->try_write == NULL)
		return -ENOTSUP;
	return table_of(stream)->try_write(stream, buffers, n);
}

/* Out of line, so that the usual call needs nothing kept. */
__attribute__((noinline)) static ssize_t
try_write_several(
	struct rota_stream *stream, const struct iovec *buffers, unsigned n)
{
	if (rota__stream_check_buffers(buffers, n) < 0)
		return -EINVAL;
	return try_write(stream, buffers,
		is_ours(stream) ? rota__stream_cut(stream, n) : n);
}

ssize_t
rota_stream_try_write(
	struct rota_stream *stream, const struct iovec *buffers, unsigned n)
{
	if (!is_open(stream))
		return -EINVAL;
	if (!is_one_good_buffer(buffers, n))
		return try_write_several(stream, buffers, n);
	return try_write(stream, buffers, n);
}

int
rota_stream_send_file_at(struct rota_stream *stream,
	struct rota_send_file *request, int fd, uint64_t offset,
	uint64_t n_bytes, rota_send_file_fn *fn, const char *place)
{
	if (!is_open(stream) || request == NULL || fn == NULL ||
		offset > INT64_MAX || n_bytes > INT64_MAX - offset)
		return -EINVAL;
	if (fd < 0)
		return -EBADF;
	if (table_of(stream)->send_file == NULL)
		return -ENOTSUP;
	if (n_bytes > SSIZE_MAX)
		return -EFBIG;
	request->fn = fn;
	request->offset = offset;
	request->n_left = (size_t)n_bytes;
	request->n_sent = 0;
	request->fd = fd;
	request->copies = 0;
	request->request.place = place;
	return table_of(stream)->send_file(stream, request);
}

uint64_t
rota_send_file_bytes(const struct rota_send_file *request)
{
	return request == NULL ? 0 : request->n_sent;
}

/* The three kinds of read requests. */
static int
ask(struct rota_stream *stream, struct rota_read *request, struct iovec to,
	int how, rota_read_done_fn *fn, const char *place)
{
	if (!is_open(stream) || request == NULL || to.iov_base == NULL ||
		to.iov_len == 0 || fn == NULL)
		return -EINVAL;
	if (table_of(stream)->read == NULL)
		return -ENOTSUP;
	request->fn = fn;
	request->memory = to.iov_base;
	request->size_bytes = to.iov_len;
	request->n_bytes = 0;
	request->how = how;
	request->spare = 0;
	request->request.place = place;
	return table_of(stream)->read(stream, request);
}

int
rota_stream_read_at(struct rota_stream *stream, struct rota_read *request,
	void *memory, size_t size_bytes, rota_read_done_fn *fn,
	const char *place)
{
	struct iovec to = { memory, size_bytes };

	return ask(stream, request, to, ROTA__READ_SOME, fn, place);
}

int
rota_stream_read_exactly_at(struct rota_stream *stream,
	struct rota_read *request, void *memory, size_t size_bytes,
	rota_read_done_fn *fn, const char *place)
{
	struct iovec to = { memory, size_bytes };

	return ask(stream, request, to, ROTA__READ_EXACTLY, fn, place);
}

int
rota_stream_read_until_at(struct rota_stream *stream, struct rota_read *request,
	void *memory, size_t size_bytes, unsigned char delimiter,
	rota_read_done_fn *fn, const char *place)
{
	struct iovec to = { memory, size_bytes };

	return ask(stream, request, to, delimiter, fn, place);
}

size_t
rota_read_bytes(const struct rota_read *request)
{
	return request == NULL ? 0 : request->n_bytes;
}

ssize_t
rota_stream_try_read(
	struct rota_stream *stream, void *memory, size_t size_bytes)
{
	if (!is_open(stream) || memory == NULL || size_bytes == 0)
		return -EINVAL;
	if (table_of(stream)->try_read == NULL)
		return -ENOTSUP;
	return table_of(stream)->try_read(stream, memory, size_bytes);
}

int
rota_stream_set_idle_limit(struct rota_stream *stream, uint64_t limit_ns)
{
	if (!is_open(stream) || limit_ns == 0)
		return -EINVAL;
	if (!is_ours(stream))
		return -ENOTSUP;
	return rota__stream_set_idle_limit(stream, limit_ns);
}

int
rota_stream_set_marks_at(struct rota_stream *stream, size_t low_bytes,
	size_t high_bytes, rota_drain_fn *fn, const char *place)
{
	if (!is_open(stream) ||
		(high_bytes > 0 && (low_bytes >= high_bytes || fn == NULL)))
		return -EINVAL;
	if (!is_ours(stream))
		return -ENOTSUP;
	return rota__stream_set_marks(stream, low_bytes, high_bytes, fn, place);
}

int
rota_stream_close_flushed_at(
	struct rota_stream *stream, rota_close_fn *fn, const char *place)
{
	if (stream == NULL)
		return -EINVAL;
	if (is_open(stream)) {
		if (!is_ours(stream))
			return -ENOTSUP;
		stream->handle.state |= ROTA__STREAM_FLUSHING;
	}
	return rota_handle_close_at(&stream->handle, fn, place);
}

int
rota_stream_shutdown_at(struct rota_stream *stream,
	struct rota_shutdown *request, rota_shutdown_fn *fn, const char *place)
{
	if (!is_open(stream) || request == NULL || fn == NULL)
		return -EINVAL;
	if (table_of(stream)->shutdown == NULL)
		return -ENOTSUP;
	request->fn = fn;
	request->request.place = place;
	return table_of(stream)->shutdown(stream, request);
}

int
rota_stream_shutdown_reading(struct rota_stream *stream)
{
	if (!is_open(stream))
		return -EINVAL;
	if (table_of(stream)->end_reading == NULL)
		return -ENOTSUP;
	return table_of(stream)->end_reading(stream);
}

int
rota_stream_listen_at(struct rota_stream *listener, int backlog,
	rota_listen_fn *fn, const char *place)
{
	if (!is_open(listener) || fn == NULL || backlog < 1)
		return -EINVAL;
	if (table_of(listener)->listen == NULL)
		return -ENOTSUP;
	return table_of(listener)->listen(listener, backlog, fn, place);
}

int
rota_stream_set_accept_batch(struct rota_stream *listener, unsigned n)
{
	if (!is_open(listener) || n == 0 || n > USHRT_MAX ||
		!(listener->handle.state & ROTA__STREAM_LISTENING))
		return -EINVAL;
	listener->in.listening.batch = (unsigned short)n;
	return 0;
}

int
rota_stream_accept(struct rota_stream *listener, struct rota_stream *client)
{
	if (!is_open(listener) || !is_open(client) ||
		listener->handle.type != client->handle.type ||
		listener->handle.loop != client->handle.loop)
		return -EINVAL;
	if (table_of(listener)->accept == NULL)
		return -ENOTSUP;
	return table_of(listener)->accept(listener, client);
}

int
rota_stream_detach(struct rota_stream *stream, int *ret_fd)
{
	if (!is_open(stream) || ret_fd == NULL)
		return -EINVAL;
	return rota__stream_detach(stream, ret_fd);
}

int
rota_stream_set_gather(struct rota_stream *stream, int on)
{
	if (!is_open(stream))
		return -EINVAL;
	if (on)
		stream->handle.state &= ~(uint32_t)ROTA__STREAM_EAGER;
	else
		stream->handle.state |= ROTA__STREAM_EAGER;
	return 0;
}

size_t
rota_stream_queued_bytes(const struct rota_stream *stream)
{
	return is_open(stream) ? stream->queued_bytes : 0;
}

int
rota_stream_fd(const struct rota_stream *stream)
{
	return is_open(stream) ? stream->watch.fd : -1;
}

static int
has_state(const struct rota_stream *stream, uint32_t state)
{
	return is_open(stream) && (stream->handle.state & state) != 0;
}

int
rota_stream_is_full(const struct rota_stream *stream)
{
	return has_state(stream, ROTA__STREAM_FULL);
}

int
rota_stream_is_reading(const struct rota_stream *stream)
{
	return has_state(stream, ROTA__STREAM_READING | ROTA__STREAM_ASKED);
}

int
rota_stream_is_readable(const struct rota_stream *stream)
{
	return has_state(stream, ROTA__STREAM_READABLE);
}

int
rota_stream_is_writable(const struct rota_stream *stream)
{
	return has_state(stream, ROTA__STREAM_WRITABLE) &&
		!has_state(stream, ROTA__STREAM_SHUT);
}
