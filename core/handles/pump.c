/* SPDX-License-Identifier: MIT */
/*
 * Pumps, see rota/pump.h.
 *
 *	reading from ---> a rest is being written ---> reading again
 *	     | end, limit, failure, cancel,     |
 *	     | close                            |
 *	     v                                  v its write ends
 *	 shutting down ------ its end ------> decided, told by `to`
 *
 * A pump is in the line `pumps` of the stream it writes to until its end is
 * decided, and is `pump` of the stream it reads from as long as it reads.
 */
#include "rota/pump.h"

#include <errno.h>

#include "core/handle.h"
#include "core/handles/more.h"
#include "core/handles/regular.h"
#include "core/handles/stream.h"
#include "core/handles/write.h"
#include "core/pending.h"
#include "core/queue.h"
#include "core/ring.h"

static rota_read_fn take;

static int
is_in_flight(const struct rota_request *request)
{
	return (request->flags & ROTA__IN_FLIGHT) != 0;
}

/* Nothing of it is in `to` any more: its end can be told. */
static void
decide(struct rota_pump *pump)
{
	struct rota__stream_more *more = pump->to->more;

	rota__free(&pump->to->handle.loop->memory, pump->buffer);
	pump->buffer = NULL;
	rota__queue_remove(&more->pumps, &pump->request);
	rota__request_decide(&pump->request, pump->status);
	rota__queue_append(&more->served, &pump->request);
	rota__pending_add(rota__stream_sender(pump->to));
}

/* Lets go of the stream it reads from. */
static void
leave_source(struct rota_pump *pump)
{
	struct rota_stream *from = pump->from;

	if (from == NULL)
		return;
	pump->from = NULL;
	from->more->pump = NULL;
	rota__stream_end_reading(from);
}

/* Ends as soon as nothing of it is being written; the first status counts. */
static void
end(struct rota_pump *pump, int status)
{
	if (pump->from != NULL)
		pump->status = status;
	leave_source(pump);
	if (!is_in_flight(&pump->write.request) &&
		!is_in_flight(&pump->shutdown.request))
		decide(pump);
}

static void
on_shut(struct rota_shutdown *request, int status)
{
	struct rota_pump *pump =
		ROTA__CONTAINER(request, struct rota_pump, shutdown);

	if (pump->status == 0)
		pump->status = status;
	decide(pump);
}

/* `from` has ended and all is written. */
static void
shut_down(struct rota_pump *pump)
{
	int r;

	leave_source(pump);
	pump->status = 0;
	if (pump->flags & ROTA_PUMP_KEEP_OPEN) {
		decide(pump);
		return;
	}
	r = rota_stream_shutdown(pump->to, &pump->shutdown, on_shut);
	if (r < 0) {
		pump->status = r;
		decide(pump);
	}
}

static void
give_buffer(struct rota_stream *from, struct iovec *ret_buffer)
{
	const struct rota_pump *pump = from->more->pump;
	uint64_t left = pump->limit_bytes - pump->n_bytes;

	ret_buffer->iov_base = pump->buffer;
	ret_buffer->iov_len = left < ROTA_PUMP_BYTES ? (size_t)left :
						       ROTA_PUMP_BYTES;
}

static int
is_at_limit(const struct rota_pump *pump)
{
	return pump->n_bytes == pump->limit_bytes;
}

static int
read_on(struct rota_pump *pump)
{
	return rota__stream_begin_reading(
		pump->from, give_buffer, take, pump->request.place);
}

/* A rest has gone out. One that has lost its source ends now. */
static void
on_written(struct rota_write *request, int status)
{
	struct rota_pump *pump =
		ROTA__CONTAINER(request, struct rota_pump, write);
	int r = status;

	if (pump->from == NULL) {
		decide(pump);
		return;
	}
	if (r == 0 && is_at_limit(pump))
		shut_down(pump);
	else if (r == 0)
		r = read_on(pump);
	if (r < 0)
		end(pump, r);
}

/*
 * Writes at once what the kernel takes, and queues the rest. A file may have
 * to wait for the disk, for which there are threads.
 */
static int
write_out(struct rota_pump *pump, size_t n)
{
	struct iovec rest = { pump->buffer, n };
	ssize_t written = rota__is_regular(pump->to) ?
		-EAGAIN :
		rota_stream_try_write(pump->to, &rest, 1);

	if (written == (ssize_t)n)
		return 0;
	if (written < 0 && !rota__stream_is_full(written))
		return (int)written;
	if (written > 0) {
		rest.iov_base = pump->buffer + written;
		rest.iov_len = n - (size_t)written;
	}
	rota__stream_end_reading(pump->from);
	return rota_stream_write(pump->to, &pump->write, &rest, 1, on_written);
}

static void
take(struct rota_stream *from, ssize_t n, const void *data)
{
	struct rota_pump *pump = from->more->pump;
	int r = (int)n;

	(void)data;
	if (n == ROTA_EOF) {
		shut_down(pump);
		return;
	}
	if (n > 0) {
		pump->n_bytes += (uint64_t)n;
		r = write_out(pump, (size_t)n);
	}
	if (r < 0)
		end(pump, r);
	else if (is_at_limit(pump) && !is_in_flight(&pump->write.request))
		shut_down(pump);
}

/* Returns 1 if it was in `to` and not decided. */
static int
take_back(struct rota_request *request, int status)
{
	if (!is_in_flight(request) || rota__request_is_decided(request))
		return 0;
	(void)request->type->cancel(request, status);
	return 1;
}

/* `to` may never take what waits there, so that does not hold the end up. */
static int
cancel(struct rota_request *request, int status)
{
	struct rota_pump *pump = (struct rota_pump *)request;
	int is_ending = pump->from == NULL;

	end(pump, status);
	if (take_back(&pump->write.request, status) ||
		take_back(&pump->shutdown.request, status))
		return 0;
	return is_ending ? -EALREADY : 0;
}

static void
tell(struct rota_request *request, int status)
{
	struct rota_pump *pump = (struct rota_pump *)request;

	pump->fn(pump, status);
}

static const struct rota_request_type pump_type = {
	.name = "pump",
	.size = sizeof(struct rota_pump),
	.cancel = cancel,
	.tell = tell,
};

void
rota__pump_lose_source(struct rota_stream *from)
{
	if (from->more != NULL && from->more->pump != NULL)
		end(from->more->pump, -ECANCELED);
}

/* Those with a write or shutdown in `to` end when that is told. */
void
rota__pump_lose_sink(struct rota_stream *to)
{
	struct rota_request *request;
	struct rota_request *next;

	if (to->more == NULL)
		return;
	request = rota__queue_first(&to->more->pumps);
	for (; request != NULL; request = next) {
		next = rota__queue_next(&to->more->pumps, request);
		end((struct rota_pump *)request, -ECANCELED);
	}
}

static int
is_fit(const struct rota_pump *pump, const struct rota_stream *from,
	const struct rota_stream *to, unsigned flags)
{
	return pump != NULL && from != NULL && to != NULL &&
		rota__handle_is_open(&from->handle) &&
		rota__handle_is_open(&to->handle) &&
		from->handle.loop == to->handle.loop &&
		(flags & ~(unsigned)ROTA_PUMP_KEEP_OPEN) == 0;
}

/* A stream of rota's own kinds, which all keep their state alike. */
static int
is_ours(const struct rota_stream *stream)
{
	return stream->handle.type->requests == rota__stream_requests;
}

/* 0 if both sides are there and free. */
static int
check_sides(const struct rota_stream *from, const struct rota_stream *to)
{
	if (!is_ours(from) || !is_ours(to))
		return -ENOTSUP;
	if (from->handle.state & (ROTA__STREAM_READING | ROTA__STREAM_ASKED) ||
		rota__stream_is_pumped(from))
		return -EBUSY;
	return rota__stream_can_write(to);
}

static int
make_room(struct rota_pump *pump, struct rota_stream *from,
	struct rota_stream *to)
{
	if (rota__stream_more(from) == NULL || rota__stream_more(to) == NULL)
		return -ENOMEM;
	pump->buffer =
		rota__realloc(&to->handle.loop->memory, NULL, ROTA_PUMP_BYTES);
	return pump->buffer == NULL ? -ENOMEM : 0;
}

int
rota_pipe_streams_at(struct rota_pump *pump, struct rota_stream *from,
	struct rota_stream *to, unsigned flags, rota_pump_fn *fn,
	const char *place)
{
	int r;

	if (!is_fit(pump, from, to, flags) || fn == NULL)
		return -EINVAL;
	r = check_sides(from, to);
	if (r == 0)
		r = make_room(pump, from, to);
	if (r < 0)
		return r;
	pump->from = from;
	pump->to = to;
	pump->flags = flags;
	pump->fn = fn;
	pump->n_bytes = 0;
	pump->limit_bytes = UINT64_MAX;
	pump->status = 0;
	pump->write.request.flags = 0;
	pump->shutdown.request.flags = 0;
	pump->request.place = place;
	from->more->pump = pump;
	r = read_on(pump);
	if (r < 0) {
		from->more->pump = NULL;
		rota__free(&to->handle.loop->memory, pump->buffer);
		return r;
	}
	(void)rota_request_begin(
		&to->handle, &pump->request, &pump_type, place);
	rota__queue_append(&to->more->pumps, &pump->request);
	return 0;
}

int
rota_pump_set_limit(struct rota_pump *pump, uint64_t n_bytes)
{
	if (pump == NULL)
		return -EINVAL;
	if (!is_in_flight(&pump->request) || pump->from == NULL)
		return -EALREADY;
	if (n_bytes < pump->n_bytes)
		return -EINVAL;
	pump->limit_bytes = n_bytes;
	if (is_at_limit(pump) && !is_in_flight(&pump->write.request))
		shut_down(pump);
	return 0;
}

uint64_t
rota_pump_bytes(const struct rota_pump *pump)
{
	return pump == NULL ? 0 : pump->n_bytes;
}
