/* SPDX-License-Identifier: MIT */
/* The writes of a stream, from the call to the callback. */
#include "core/handles/write.h"

#include <errno.h>
#include <limits.h>

#include "core/handle.h"
#include "core/handles/regular.h"
#include "core/handles/stream.h"
#include "core/handles/unix.h"
#include "core/pending.h"
#include "core/queue.h"
#include "core/request.h"
#include "core/turn.h"

/* Bytes of files that a stream sends before others get their turn. */
#define MAX_FILE_BYTES 262144

static int cancel(struct rota_request *request, int status);

static void
tell_write(struct rota_request *request, int status)
{
	struct rota_write *write = (struct rota_write *)request;

	write->fn(write, status);
}

static void
tell_send_file(struct rota_request *request, int status)
{
	struct rota_send_file *send = (struct rota_send_file *)request;

	send->fn(send, status);
}

static void
tell_shutdown(struct rota_request *request, int status)
{
	struct rota_shutdown *shutdown = (struct rota_shutdown *)request;

	shutdown->fn(shutdown, status);
}

static const struct rota_request_type write_type = {
	.name = "write",
	.size = sizeof(struct rota_write),
	.cancel = cancel,
	.tell = tell_write,
};

/* A struct rota_unix_write. */
static const struct rota_request_type fds_type = {
	.name = "write",
	.size = sizeof(struct rota_unix_write),
	.cancel = cancel,
	.tell = tell_write,
};

static const struct rota_request_type send_file_type = {
	.name = "send file",
	.size = sizeof(struct rota_send_file),
	.cancel = cancel,
	.tell = tell_send_file,
};

static const struct rota_request_type shutdown_type = {
	.name = "shutdown",
	.size = sizeof(struct rota_shutdown),
	.cancel = cancel,
	.tell = tell_shutdown,
};

static int
is_shutdown(const struct rota_request *request)
{
	return request->type == &shutdown_type;
}

static int
is_file(const struct rota_request *request)
{
	return request->type == &send_file_type;
}

/* 1 if it is to go out by a call of its own: as a record, or with fds. */
static int
goes_alone(const struct rota_stream *stream, const struct rota_request *request)
{
	return stream->handle.state & ROTA__STREAM_RECORDS ||
		request->type == &fds_type || is_file(request);
}

static size_t
bytes_left(const struct rota_request *request)
{
	const struct rota_write *write = (const struct rota_write *)request;
	size_t sum = 0;
	unsigned i;

	if (is_file(request))
		return ((const struct rota_send_file *)request)->n_left;
	if (write->n_buffers == 1 && write->first == 0)
		return write->buffers->iov_len;
	for (i = write->first; i < write->n_buffers; i++)
		sum += write->buffers[i].iov_len;
	return sum;
}

/* The first unsent request has ended. */
static void
decide_first(struct rota_stream *stream, int status)
{
	struct rota_request *request = rota__queue_pass(&stream->writing);

	if (!is_shutdown(request))
		stream->queued_bytes -= bytes_left(request);
	if (request->flags & ROTA__ASKED_BACK)
		status = request->status;
	rota__request_decide(request, status);
	rota__pending_add(rota__stream_sender(stream));
}

void
rota__stream_fail_writes(struct rota_stream *stream, int error)
{
	if (stream->handle.state & ROTA__STREAM_STORING)
		rota__regular_fail_later(stream, error);
	else
		while (stream->writing.unsent != NULL)
			decide_first(stream, error);
	stream->handle.state &=
		~(uint32_t)(ROTA__STREAM_WRITABLE | ROTA__STREAM_BLOCKED);
}

/*
 * Collects buffers from the unsent writes up to a shutdown, or to one that
 * goes out by a call of its own.
 */
static unsigned
collect(const struct rota_stream *stream, struct iovec *buffers)
{
	const struct rota_request *request = stream->writing.unsent;
	unsigned n = 0;
	unsigned i;

	for (; request != NULL && !is_shutdown(request) &&
		!goes_alone(stream, request);
		request = rota__queue_next(&stream->writing, request)) {
		const struct rota_write *write =
			(const struct rota_write *)request;

		for (i = write->first; i < write->n_buffers; i++) {
			if (n == ROTA__STREAM_BUFFERS)
				return n;
			buffers[n++] = write->buffers[i];
		}
	}
	return n;
}

/* Sends the first one; its descriptors go with the first of its bytes. */
static ssize_t
push_alone(struct rota_stream *stream)
{
	const struct rota_request *request = stream->writing.unsent;
	const struct rota_write *write = (const struct rota_write *)request;
	const struct iovec *buffers = write->buffers + write->first;
	unsigned n = rota__stream_cut(stream, write->n_buffers - write->first);
	const struct rota_unix_write *with;

	if (request->type != &fds_type || request->flags & ROTA__PARTLY_SENT)
		return rota__unix_send(stream, buffers, n, NULL, 0);
	with = (const struct rota_unix_write *)request;
	return rota__unix_send(stream, buffers, n, with->fds, with->n_fds);
}

static ssize_t
push_gathered(struct rota_stream *stream)
{
	struct iovec buffers[ROTA__STREAM_BUFFERS];
	unsigned n = collect(stream, buffers);

	if (n == 0)
		return 0;
	return stream->handle.type->stream->push(stream, buffers, n);
}

/* Takes n sent bytes off one write; returns those that go on to the next. */
static size_t
advance(struct rota_stream *stream, struct rota_write *write, size_t n)
{
	/* An empty buffer at its begin is passed over before any byte. */
	if (n > 0)
		write->request.flags |= ROTA__PARTLY_SENT;
	while (write->first < write->n_buffers) {
		struct iovec *buffer = &write->buffers[write->first];

		if (n < buffer->iov_len) {
			buffer->iov_base = (char *)buffer->iov_base + n;
			buffer->iov_len -= n;
			stream->queued_bytes -= n;
			return 0;
		}
		n -= buffer->iov_len;
		stream->queued_bytes -= buffer->iov_len;
		write->first++;
	}
	return n;
}

void
rota__stream_advance(struct rota_stream *stream, size_t n)
{
	struct rota_request *request;

	while ((request = stream->writing.unsent) != NULL &&
		!is_shutdown(request) && !is_file(request)) {
		struct rota_write *write = (struct rota_write *)request;

		n = advance(stream, write, n);
		if (write->first < write->n_buffers)
			break;
		decide_first(stream, 0);
	}
	rota__stream_mark_drained(stream);
}

/* A call has sent n bytes, or failed. Returns 1 to go on, 0 if all is full. */
static int
take_sent(struct rota_stream *stream, ssize_t n)
{
	if (rota__stream_is_full(n))
		return 0;
	/* A record that is too long does no harm to others. */
	if (n == -EMSGSIZE && stream->handle.state & ROTA__STREAM_RECORDS) {
		decide_first(stream, -EMSGSIZE);
		rota__stream_mark_drained(stream);
		return 1;
	}
	if (n < 0) {
		rota__stream_fail_writes(stream, (int)n);
		return 0;
	}
	rota__stream_advance(stream, (size_t)n);
	return 1;
}

/* The file has let us down, or the stream has: no byte may follow. */
static void
fail_file(struct rota_stream *stream, int error)
{
	decide_first(stream, error);
	rota__stream_fail_writes(stream, error == ROTA_EOF ? -EPIPE : error);
}

/*
 * Sends a piece of the file that is first, as long as there is room in this
 * turn; then it is as if the kernel were full.
 */
static int
send_file(struct rota_stream *stream, size_t *room_bytes)
{
	struct rota_send_file *send =
		(struct rota_send_file *)stream->writing.unsent;
	ssize_t n;

	if (send->n_left > 0 && *room_bytes == 0)
		return 0;
	n = rota__stream_push_file(stream, send, *room_bytes);
	if (rota__stream_is_full(n))
		return 0;
	if (n < 0) {
		fail_file(stream, (int)n);
		return 0;
	}
	*room_bytes -= (size_t)n;
	stream->queued_bytes -= (size_t)n;
	if (n > 0)
		send->request.flags |= ROTA__PARTLY_SENT;
	if (send->n_left == 0)
		decide_first(stream, 0);
	rota__stream_mark_drained(stream);
	return 1;
}

/* Sends one call's worth, and returns as take_sent(). */
static int
send_some(struct rota_stream *stream)
{
	return take_sent(stream,
		goes_alone(stream, stream->writing.unsent) ?
			push_alone(stream) :
			push_gathered(stream));
}

static void
shut_down(struct rota_stream *stream)
{
	decide_first(stream, stream->handle.type->stream->end(stream));
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_WRITABLE;
}

/* Goes on to send until nothing is left or the kernel is full. */
__attribute__((noinline)) static void
flush_on(struct rota_stream *stream, int goes_on)
{
	size_t file_room_bytes = MAX_FILE_BYTES;

	while (goes_on && stream->writing.unsent != NULL) {
		if (is_shutdown(stream->writing.unsent))
			shut_down(stream);
		else if (is_file(stream->writing.unsent))
			goes_on = send_file(stream, &file_room_bytes);
		else
			goes_on = send_some(stream);
	}
	if (stream->writing.unsent != NULL)
		stream->handle.state |= ROTA__STREAM_BLOCKED;
	else
		stream->handle.state &= ~(uint32_t)ROTA__STREAM_BLOCKED;
	rota__stream_watch(stream);
}

/* Some systems refuse a call without any buffer. */
static inline int
fits_one_call(const struct rota_request *request)
{
	const struct rota_write *write = (const struct rota_write *)request;

	return write->n_buffers - 1 < ROTA__STREAM_BUFFERS;
}

/*
 * 1 if there is one write to be sent, of the usual kind, to a stream that
 * was not full.
 */
static inline int
is_usual(const struct rota_stream *stream)
{
	const struct rota_request *request = stream->writing.unsent;

	return request != NULL && request == stream->writing.last &&
		request->type == &write_type && stream->more == NULL &&
		!(stream->handle.state &
			(ROTA__STREAM_RECORDS | ROTA__STREAM_BLOCKED)) &&
		fits_one_call(request);
}

/* Mostly there is one write, and all of it goes out at once. */
void
rota__stream_flush(struct rota_handle *handle)
{
	struct rota_stream *stream = (struct rota_stream *)handle;
	struct rota_write *write;
	ssize_t n;

	if (!is_usual(stream)) {
		flush_on(stream, 1);
		return;
	}
	write = (struct rota_write *)stream->writing.unsent;
	n = handle->type->stream->push(stream, write->buffers + write->first,
		write->n_buffers - write->first);
	if (n < 0 || (size_t)n != stream->queued_bytes) {
		flush_on(stream, take_sent(stream, n));
		return;
	}
	stream->queued_bytes = 0;
	stream->writing.unsent = NULL;
	rota__request_decide(&write->request, 0);
	rota__pending_add(rota__stream_sender(stream));
}

/* Sends now, or when the callback in progress ends, or when there is room. */
static inline void
send_soon(struct rota_stream *stream)
{
	if (stream->handle.state &
		(ROTA__STREAM_CONNECTING | ROTA__STREAM_BLOCKED))
		return;
	if (stream->handle.loop->state == ROTA__LOOP_RUNS &&
		!(stream->handle.state & ROTA__STREAM_EAGER))
		rota__gather(rota__stream_sender(stream));
	else
		rota__stream_flush(&stream->handle);
}

int
rota__stream_can_write(const struct rota_stream *stream)
{
	if (stream->handle.state & ROTA__STREAM_SHUT)
		return -EPIPE;
	if (stream->handle.state &
		(ROTA__STREAM_WRITABLE | ROTA__STREAM_CONNECTING))
		return 0;
	return stream->handle.state & ROTA__STREAM_READABLE ? -EPIPE :
							      -ENOTCONN;
}

static inline int
queue_write(struct rota_stream *stream, struct rota_write *request,
	const struct rota_request_type *type)
{
	int r = rota__stream_can_write(stream);

	if (r < 0)
		return r;
	rota__request_begin(stream->handle.loop, &stream->handle,
		&request->request, type, request->request.place);
	stream->queued_bytes += bytes_left(&request->request);
	rota__queue_append(&stream->writing, &request->request);
	send_soon(stream);
	return stream->more == NULL ? 0 : rota__stream_mark_full(stream);
}

int
rota__stream_write(struct rota_stream *stream, struct rota_write *request)
{
	return queue_write(stream, request, &write_type);
}

int
rota__stream_write_fds(
	struct rota_stream *stream, struct rota_unix_write *request)
{
	return queue_write(stream, &request->write, &fds_type);
}

int
rota__stream_send_file(
	struct rota_stream *stream, struct rota_send_file *request)
{
	int r = rota__stream_can_write(stream);

	if (r < 0)
		return r;
	if (stream->handle.state & ROTA__STREAM_RECORDS)
		return -ENOTSUP;
	if (request->n_left > SIZE_MAX - stream->queued_bytes)
		return -EFBIG;
	(void)rota_request_begin(&stream->handle, &request->request,
		&send_file_type, request->request.place);
	stream->queued_bytes += request->n_left;
	rota__queue_append(&stream->writing, &request->request);
	send_soon(stream);
	return rota__stream_mark_full(stream);
}

ssize_t
rota__stream_try_write(
	struct rota_stream *stream, const struct iovec *buffers, unsigned n)
{
	const uint32_t doors = ROTA__STREAM_WRITABLE | ROTA__STREAM_SHUT |
		ROTA__STREAM_CONNECTING;
	int r;

	if ((stream->handle.state & doors) != ROTA__STREAM_WRITABLE) {
		r = rota__stream_can_write(stream);
		return r < 0 ? r : -EAGAIN;
	}
	if (stream->writing.unsent != NULL)
		return -EAGAIN;
	return stream->handle.type->stream->push(stream, buffers, n);
}

int
rota__stream_shutdown(struct rota_stream *stream, struct rota_shutdown *request)
{
	int r = rota__stream_can_write(stream);

	if (r < 0)
		return r;
	(void)rota_request_begin(&stream->handle, &request->request,
		&shutdown_type, request->request.place);
	stream->handle.state |= ROTA__STREAM_SHUT;
	rota__queue_append(&stream->writing, &request->request);
	send_soon(stream);
	return 0;
}

/* A thread has it, and need not go on if it has not begun. */
static int
ask_back(struct rota_request *request, int status)
{
	if (request->flags & ROTA__ASKED_BACK)
		return -EALREADY;
	request->flags |= ROTA__ASKED_BACK;
	request->status = status;
	rota__regular_ask_back((struct rota_stream *)request->owner);
	return 0;
}

/*
 * One that has not begun is told behind those that are decided, ahead of
 * writes that still wait. One that has begun spoils the stream.
 */
static int
cancel(struct rota_request *request, int status)
{
	struct rota_stream *stream = (struct rota_stream *)request->owner;

	if (request->flags & ROTA__BEING_SENT)
		return ask_back(request, status);
	if (request->flags & ROTA__PARTLY_SENT) {
		decide_first(stream, status);
		rota__stream_fail_writes(stream, -EPIPE);
	} else {
		rota__queue_take_out(&stream->writing, request);
		if (is_shutdown(request))
			stream->handle.state &= ~(uint32_t)ROTA__STREAM_SHUT;
		else
			stream->queued_bytes -= bytes_left(request);
		rota__request_decide(request, status);
		rota__pending_add(rota__stream_sender(stream));
	}
	if (stream->writing.unsent == NULL)
		stream->handle.state &= ~(uint32_t)ROTA__STREAM_BLOCKED;
	if (!(stream->handle.state & ROTA__STREAM_CONNECTING))
		rota__stream_watch(stream);
	return 0;
}

static struct rota_request *
find_asked_back(const struct rota_stream *stream)
{
	struct rota_request *request = stream->writing.unsent;

	while (request != NULL && !(request->flags & ROTA__ASKED_BACK))
		request = rota__queue_next(&stream->writing, request);
	return request;
}

void
rota__stream_end_asked_back(struct rota_stream *stream)
{
	struct rota_request *request;

	while ((request = find_asked_back(stream)) != NULL) {
		request->flags &= ~(uint32_t)ROTA__ASKED_BACK;
		(void)cancel(request, request->status);
	}
}
