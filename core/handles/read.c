/* SPDX-License-Identifier: MIT */
/*
 * Read requests, and bytes that came too early.
 *
 *	asked --- what it wants has come, or an end ---> served --- told
 *
 * Only a search for a delimiter takes bytes in advance. While some are kept
 * nothing is read from the descriptor, so that an end of file comes after
 * them.
 */
#include <errno.h>
#include <string.h>

#include "core/handle.h"
#include "core/handles/more.h"
#include "core/handles/stream.h"
#include "core/pending.h"
#include "core/queue.h"
#include "core/turn.h"

/* Requests told one after the other before others get their turn. */
#define MAX_TOLD 64

/* Requests served by reading before others get their turn. */
#define MAX_SERVED 4

static int cancel_read(struct rota_request *request, int status);

static void
tell_read(struct rota_request *request, int status)
{
	struct rota_read *read = (struct rota_read *)request;

	read->fn(read, status);
}

static const struct rota_request_type read_type = {
	.name = "read",
	.size = sizeof(struct rota_read),
	.cancel = cancel_read,
	.tell = tell_read,
};

/* Nobody is in line: nothing is wanted of the descriptor. */
static void
leave_line(struct rota_stream *stream)
{
	if (!rota__queue_is_empty(&stream->more->asked))
		return;
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_ASKED;
	rota__stream_calm(stream);
	rota__stream_watch(stream);
}

/* Its end is known: moves a request from one queue to the other. */
static void
decide(struct rota_stream *stream, struct rota_request *request, int status)
{
	struct rota__stream_more *more = stream->more;

	rota__queue_remove(&more->asked, request);
	rota__request_decide(request, status);
	rota__queue_append(&more->served, request);
	rota__pending_add(rota__stream_sender(stream));
	leave_line(stream);
}

static int
cancel_read(struct rota_request *request, int status)
{
	decide((struct rota_stream *)request->owner, request, status);
	return 0;
}

void
rota__stream_fail_reads(struct rota_stream *stream, int status)
{
	if (stream->more == NULL)
		return;
	while (!rota__queue_is_empty(&stream->more->asked))
		decide(stream, rota__queue_first(&stream->more->asked), status);
}

static struct rota_read *
first_asked(const struct rota_stream *stream)
{
	return (struct rota_read *)rota__queue_first(&stream->more->asked);
}

static size_t
room_of(const struct rota_read *request)
{
	return request->size_bytes - request->n_bytes;
}

/* Decides the first request if n more bytes, at its end, are enough. */
static void
grant(struct rota_stream *stream, size_t n)
{
	struct rota_read *request = first_asked(stream);

	request->n_bytes += n;
	if (request->how == ROTA__READ_SOME || room_of(request) == 0)
		decide(stream, &request->request, 0);
}

/* Looks for the delimiter of the first request in the bytes kept. */
static void
search_kept(struct rota_stream *stream)
{
	struct rota__stream_more *more = stream->more;
	struct rota_read *request = first_asked(stream);
	size_t room = room_of(request);
	size_t n = more->n_kept < room ? more->n_kept : room;
	const char *from = more->kept + more->kept_first;
	const char *found = memchr(from, request->how, n);

	if (found != NULL)
		n = (size_t)(found - from) + 1;
	n = rota__stream_take_kept(
		stream, request->memory + request->n_bytes, n);
	request->n_bytes += n;
	if (found != NULL)
		decide(stream, &request->request, 0);
	else if (room_of(request) == 0)
		decide(stream, &request->request, -EMSGSIZE);
}

size_t
rota__stream_take_kept(
	struct rota_stream *stream, void *memory, size_t size_bytes)
{
	struct rota__stream_more *more = stream->more;
	size_t n;

	if (more == NULL || more->n_kept == 0)
		return 0;
	n = more->n_kept < size_bytes ? more->n_kept : size_bytes;
	memcpy(memory, more->kept + more->kept_first, n);
	more->kept_first += n;
	more->n_kept -= n;
	return n;
}

static void
serve_kept(struct rota_stream *stream)
{
	struct rota__stream_more *more = stream->more;

	while (more->n_kept > 0 && !rota__queue_is_empty(&more->asked)) {
		struct rota_read *request = first_asked(stream);

		if (request->how >= 0)
			search_kept(stream);
		else
			grant(stream,
				rota__stream_take_kept(stream,
					request->memory + request->n_bytes,
					room_of(request)));
	}
}

/* Where the next bytes for the first request are read to. */
static struct iovec
target(const struct rota_stream *stream)
{
	struct rota__stream_more *more = stream->more;
	const struct rota_read *request = first_asked(stream);
	struct iovec to = { more->kept, ROTA__KEPT_BYTES };

	if (request->how < 0) {
		to.iov_base = request->memory + request->n_bytes;
		to.iov_len = room_of(request);
	}
	return to;
}

/* Returns 1 if more may be there to read. */
static int
serve_once(struct rota_stream *stream)
{
	struct rota__stream_more *more = stream->more;
	struct iovec to = target(stream);
	ssize_t n = stream->handle.type->stream->pull(
		stream, to.iov_base, to.iov_len);

	if (n == -EAGAIN || n == -EWOULDBLOCK)
		return 0;
	if (n <= 0) {
		if (n == 0)
			stream->handle.state &=
				~(uint32_t)ROTA__STREAM_READABLE;
		rota__stream_fail_reads(stream, n == 0 ? ROTA_EOF : (int)n);
		return 0;
	}
	rota__stream_stir(stream);
	if (to.iov_base == more->kept) {
		more->kept_first = 0;
		more->n_kept = (size_t)n;
		serve_kept(stream);
	} else {
		grant(stream, (size_t)n);
	}
	return (size_t)n == to.iov_len ||
		(stream->handle.state & ROTA__STREAM_RECORDS) != 0;
}

void
rota__stream_serve(struct rota_stream *stream)
{
	int n_rounds = MAX_SERVED;

	while (stream->handle.state & ROTA__STREAM_ASKED && n_rounds-- > 0)
		if (!serve_once(stream))
			return;
}

/* Those served meanwhile are told too, so that lines come fast. */
void
rota__stream_tell_served(struct rota_stream *stream)
{
	struct rota__stream_more *more = stream->more;
	struct rota_request *request;
	int n = MAX_TOLD;

	if (more == NULL)
		return;
	while ((n-- > 0 || stream->handle.flags & ROTA__CLOSING) &&
		(request = rota__queue_take_first(&more->served)) != NULL)
		rota__request_tell(request);
	if (!rota__queue_is_empty(&more->served))
		rota__pending_add(rota__stream_sender(stream));
}

/* 0 if bytes can come, or have come. */
static int
can_read(const struct rota_stream *stream)
{
	if (stream->handle.state &
		(ROTA__STREAM_READABLE | ROTA__STREAM_CONNECTING))
		return 0;
	return stream->more != NULL && stream->more->n_kept > 0 ? 0 : -ENOTCONN;
}

/* What a search takes in advance needs a place. */
static int
make_kept(struct rota_stream *stream)
{
	struct rota__stream_more *more = stream->more;

	if (more->kept == NULL)
		more->kept = rota__realloc(
			&stream->handle.loop->memory, NULL, ROTA__KEPT_BYTES);
	return more->kept == NULL ? -ENOMEM : 0;
}

int
rota__stream_read(struct rota_stream *stream, struct rota_read *request)
{
	int r = can_read(stream);

	if (r < 0)
		return r;
	if (stream->handle.state & ROTA__STREAM_READING ||
		rota__stream_is_pumped(stream))
		return -EBUSY;
	if (rota__stream_more(stream) == NULL ||
		(request->how >= 0 && make_kept(stream) < 0))
		return -ENOMEM;
	(void)rota_request_begin(&stream->handle, &request->request, &read_type,
		request->request.place);
	rota__queue_append(&stream->more->asked, &request->request);
	if (!(stream->handle.state & ROTA__STREAM_ASKED)) {
		stream->handle.state |= ROTA__STREAM_ASKED;
		rota__stream_stir(stream);
	}
	serve_kept(stream);
	/* The end was told before, and nothing is left of what was kept. */
	if (!(stream->handle.state &
		    (ROTA__STREAM_READABLE | ROTA__STREAM_CONNECTING)))
		rota__stream_fail_reads(stream, ROTA_EOF);
	rota__stream_watch(stream);
	return 0;
}

ssize_t
rota__stream_try_read(
	struct rota_stream *stream, void *memory, size_t size_bytes)
{
	int r = can_read(stream);
	ssize_t n;

	if (r < 0)
		return r;
	if (stream->handle.state & ROTA__STREAM_ASKED ||
		rota__stream_is_pumped(stream))
		return -EBUSY;
	if (stream->handle.state & ROTA__STREAM_CONNECTING)
		return -EAGAIN;
	n = (ssize_t)rota__stream_take_kept(stream, memory, size_bytes);
	if (n > 0)
		return n;
	n = stream->handle.type->stream->pull(stream, memory, size_bytes);
	if (n != 0)
		return n == -EWOULDBLOCK ? -EAGAIN : n;
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_READABLE;
	return ROTA_EOF;
}
