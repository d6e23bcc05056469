/* SPDX-License-Identifier: MIT */
/* The life of a stream over a descriptor, reading and connecting. */
#include "core/handles/stream.h"

#include <errno.h>
#include <stdio.h>

#include "core/handle.h"
#include "core/handles/write.h"
#include "core/pending.h"
#include "core/request.h"
#include "core/ring.h"
#include "core/turn.h"

/* Full buffers that one stream may fill before others get their turn. */
#define READ_ROUNDS 4

_Static_assert(offsetof(struct rota_stream, watch) ==
		offsetof(struct rota__watcher, watch),
	"a rota_stream begins as a rota__watcher");

int
rota__stream_make_buffer(struct rota_loop *loop)
{
	if (loop->read_buffer == NULL)
		loop->read_buffer = rota__realloc(
			&loop->memory, NULL, ROTA__READ_BUFFER_BYTES);
	return loop->read_buffer == NULL ? -ENOMEM : 0;
}

int
rota__stream_init(struct rota_loop *loop, struct rota_stream *stream,
	const struct rota_handle_type *type)
{
	int r = rota__stream_make_buffer(loop);

	if (r < 0)
		return r;
	rota__watch_bind(&stream->watch, -1);
	stream->state = 0;
	stream->flags_before = 0;
	stream->in.reading.buffer = NULL;
	stream->in.reading.fn = NULL;
	stream->out.writing.first = NULL;
	stream->out.writing.unsent = NULL;
	stream->out.writing.last = NULL;
	stream->connecting = NULL;
	stream->next_gathered = NULL;
	stream->queued_bytes = 0;
	rota__ring_init(&stream->pending);
	rota__handle_init(loop, &stream->handle, type);
	return 0;
}

void
rota__stream_adopt(struct rota_stream *stream, int fd, uint32_t state)
{
	rota__watch_bind(&stream->watch, fd);
	stream->state |= state;
}

void
rota__stream_drop_fd(struct rota_stream *stream)
{
	struct rota_loop *loop = stream->handle.loop;

	if (stream->watch.fd < 0)
		return;
	rota__watch_forget(
		loop, &stream->watch, !(stream->state & ROTA__STREAM_SHARED));
	if (stream->state & ROTA__STREAM_KEPT)
		(void)loop->sys->set_flags(
			stream->watch.fd, stream->flags_before);
	else
		(void)loop->sys->close(stream->watch.fd);
	stream->watch.fd = -1;
	stream->state &= ROTA__STREAM_EAGER | ROTA__STREAM_GATHERED;
}

static unsigned
wish_of(const struct rota_stream *stream)
{
	unsigned events = 0;

	if (stream->state & ROTA__STREAM_CONNECTING)
		return ROTA_WRITABLE;
	if (stream->state & ROTA__STREAM_READING ||
		(stream->state &
			(ROTA__STREAM_LISTENING | ROTA__STREAM_PAUSED)) ==
			ROTA__STREAM_LISTENING)
		events |= ROTA_READABLE;
	if (stream->state & ROTA__STREAM_BLOCKED)
		events |= ROTA_WRITABLE;
	return events;
}

void
rota__stream_watch(struct rota_stream *stream)
{
	unsigned events = wish_of(stream);

	if (events == stream->watch.wanted)
		return;
	if (events == 0)
		rota__watch_stop(stream->handle.loop, &stream->watch);
	else
		rota__watch_start(stream->handle.loop, &stream->watch, events);
}

static void
end_reading(struct rota_stream *stream)
{
	stream->state &= ~(uint32_t)ROTA__STREAM_READING;
	rota__handle_deactivate(&stream->handle);
	rota__stream_watch(stream);
}

static void
call_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct rota_loop *loop = stream->handle.loop;

	rota__before_callback(loop, stream->handle.type->name,
		stream->handle.place, &stream->handle);
	stream->in.reading.fn(stream, n, data);
	rota__after_callback(loop);
}

static void
fail_reading(struct rota_stream *stream, ssize_t error)
{
	if (error == ROTA_EOF)
		stream->state &= ~(uint32_t)ROTA__STREAM_READABLE;
	end_reading(stream);
	call_read(stream, error, NULL);
}

/* The caller's buffer, or the loop's. */
static struct iovec
borrow_buffer(struct rota_stream *stream)
{
	struct iovec buffer = { stream->handle.loop->read_buffer,
		ROTA__READ_BUFFER_BYTES };

	if (stream->in.reading.buffer != NULL) {
		buffer.iov_base = NULL;
		buffer.iov_len = 0;
		stream->in.reading.buffer(stream, &buffer);
	}
	return buffer;
}

/* Returns 1 if more may be there to read. */
static int
read_once(struct rota_stream *stream)
{
	struct iovec buffer = borrow_buffer(stream);
	ssize_t n;

	if (!(stream->state & ROTA__STREAM_READING))
		return 0;
	if (buffer.iov_base == NULL || buffer.iov_len == 0) {
		fail_reading(stream, -ENOBUFS);
		return 0;
	}
	n = stream->handle.type->stream->pull(
		stream, buffer.iov_base, buffer.iov_len);
	if (n == -EAGAIN || n == -EWOULDBLOCK)
		return 0;
	if (n <= 0) {
		fail_reading(stream, n == 0 ? ROTA_EOF : n);
		return 0;
	}
	call_read(stream, n, buffer.iov_base);
	return (size_t)n == buffer.iov_len;
}

/* A callback may close the stream: then it does not read any more either. */
static void
read_on(struct rota_stream *stream)
{
	int n_rounds = READ_ROUNDS;

	while (stream->state & ROTA__STREAM_READING && n_rounds-- > 0)
		if (!read_once(stream))
			return;
}

void
rota__stream_begin_connect(
	struct rota_stream *stream, struct rota_connect *request)
{
	stream->connecting = request;
	stream->state |= ROTA__STREAM_CONNECTING;
}

void
rota__stream_decide_connect(struct rota_stream *stream, int status)
{
	rota__request_decide(&stream->connecting->request, status);
	stream->state &= ~(uint32_t)ROTA__STREAM_CONNECTING;
	rota__pending_add(stream);
	if (status == 0) {
		stream->state |= ROTA__STREAM_READABLE | ROTA__STREAM_WRITABLE;
		rota__stream_watch(stream);
		rota__stream_flush(stream);
		return;
	}
	rota__stream_fail_writes(stream, status);
	rota__handle_deactivate(&stream->handle);
	rota__stream_drop_fd(stream);
}

static void
finish_connect(struct rota_stream *stream, int error)
{
	socklen_t len = sizeof(error);
	int r = 0;

	if (error == 0)
		r = stream->handle.loop->sys->getsockopt(
			stream->watch.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	rota__stream_decide_connect(stream, r < 0 ? r : -error);
}

/* The kernel refuses to watch: as an error of all that waits for it. */
static void
fail_all(struct rota_stream *stream, int error)
{
	if (stream->state & ROTA__STREAM_LISTENING) {
		rota__stream_accept_failed(stream, error);
		return;
	}
	rota__stream_fail_writes(stream, error);
	if (stream->state & ROTA__STREAM_READING)
		fail_reading(stream, error);
}

void
rota__stream_ready(struct rota_handle *handle, unsigned ready)
{
	struct rota_stream *stream = (struct rota_stream *)handle;
	int error = ready & ROTA_FAILED ? handle->loop->fds.error : 0;

	if (stream->state & ROTA__STREAM_CONNECTING)
		finish_connect(stream, -error);
	else if (error != 0)
		fail_all(stream, error);
	else if (stream->state & ROTA__STREAM_LISTENING)
		rota__stream_accept_all(stream);
	else if (ready & (ROTA_READABLE | ROTA_HANGUP))
		read_on(stream);
	/* Still that of an open stream? A closed one is not blocked. */
	if (ready & ROTA_WRITABLE && stream->state & ROTA__STREAM_BLOCKED)
		rota__stream_flush(stream);
}

int
rota__stream_close(struct rota_handle *handle)
{
	struct rota_stream *stream = (struct rota_stream *)handle;

	rota__stream_leave_gathered(stream);
	if (stream->state & ROTA__STREAM_LISTENING)
		rota__stream_end_listening(stream);
	if (stream->connecting != NULL &&
		!rota__request_is_decided(&stream->connecting->request))
		rota__request_decide(&stream->connecting->request, -ECANCELED);
	rota__stream_fail_writes(stream, -ECANCELED);
	rota__pending_remove(stream);
	rota__stream_drop_fd(stream);
	stream->state = 0;
	return 0;
}

static void
tell_connect(struct rota_stream *stream)
{
	struct rota_loop *loop = stream->handle.loop;
	struct rota_connect *connect = stream->connecting;

	if (connect == NULL || !rota__request_is_decided(&connect->request))
		return;
	stream->connecting = NULL;
	rota_request_end(&connect->request);
	rota__before_callback(
		loop, "connect", connect->request.place, &stream->handle);
	connect->fn(connect, connect->request.status);
	rota__after_callback(loop);
}

void
rota__stream_tell(struct rota_stream *stream)
{
	tell_connect(stream);
	rota__stream_tell_writes(stream);
}

void
rota__stream_describe(
	const struct rota_handle *handle, char *text, size_t size_bytes)
{
	const struct rota_stream *stream = (const struct rota_stream *)handle;

	if (stream->watch.fd >= 0)
		(void)snprintf(text, size_bytes, "fd %d", stream->watch.fd);
}

void
rota__stream_finish(struct rota_handle *handle)
{
	rota__stream_tell((struct rota_stream *)handle);
}

int
rota__stream_requests(
	struct rota_handle *handle, rota_request_visit_fn *visit, void *data)
{
	struct rota_stream *stream = (struct rota_stream *)handle;
	struct rota_request *request = NULL;
	int r = 0;

	if (stream->connecting != NULL)
		r = visit(&stream->connecting->request, data);
	if (!(stream->state & ROTA__STREAM_LISTENING))
		request = stream->out.writing.first;
	for (; r == 0 && request != NULL; request = request->next)
		r = visit(request, data);
	return r;
}

int
rota__stream_read_start(struct rota_stream *stream, rota_buffer_fn *buffer,
	rota_read_fn *fn, const char *place)
{
	if (!(stream->state &
		    (ROTA__STREAM_READABLE | ROTA__STREAM_CONNECTING)))
		return -ENOTCONN;
	stream->in.reading.buffer = buffer;
	stream->in.reading.fn = fn;
	stream->state |= ROTA__STREAM_READING;
	rota__stream_watch(stream);
	rota__handle_activate(&stream->handle, place);
	return 0;
}

int
rota__stream_read_stop(struct rota_stream *stream)
{
	if (stream->state & ROTA__STREAM_READING)
		end_reading(stream);
	return 0;
}
