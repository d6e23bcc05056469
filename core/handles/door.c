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

/* 0, or -EINVAL if the sizes do not fit what the kernel counts in. */
static int
check_buffers(const struct iovec *buffers, unsigned n)
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

int
rota_stream_write_at(struct rota_stream *stream, struct rota_write *request,
	struct iovec *buffers, unsigned n, rota_write_fn *fn, const char *place)
{
	unsigned i;

	if (!is_open(stream) || request == NULL || fn == NULL ||
		check_buffers(buffers, n) < 0)
		return -EINVAL;
	if (table_of(stream)->write == NULL)
		return -ENOTSUP;
	request->buffers = buffers;
	if (n <= ROTA_WRITE_INLINE) {
		for (i = 0; i < n; i++)
			request->inline_buffers[i] = buffers[i];
		request->buffers = request->inline_buffers;
	}
	request->n_buffers = n;
	request->first = 0;
	request->fn = fn;
	request->request.place = place;
	return table_of(stream)->write(stream, request);
}

ssize_t
rota_stream_try_write(
	struct rota_stream *stream, const struct iovec *buffers, unsigned n)
{
	if (!is_open(stream) || check_buffers(buffers, n) < 0)
		return -EINVAL;
	if (table_of(stream)->try_write == NULL)
		return -ENOTSUP;
	return table_of(stream)->try_write(stream, buffers, n);
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
rota_stream_set_gather(struct rota_stream *stream, int on)
{
	if (!is_open(stream))
		return -EINVAL;
	if (on)
		stream->state &= ~(uint32_t)ROTA__STREAM_EAGER;
	else
		stream->state |= ROTA__STREAM_EAGER;
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
	return is_open(stream) && (stream->state & state) != 0;
}

int
rota_stream_is_reading(const struct rota_stream *stream)
{
	return has_state(stream, ROTA__STREAM_READING);
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
