/* SPDX-License-Identifier: MIT */
/* Limits and marks of streams, and where they are kept; see more.h. */
#include "core/handles/more.h"

#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "core/handle.h"
#include "core/handles/regular.h"
#include "core/handles/stream.h"
#include "core/handles/write.h"
#include "core/pending.h"
#include "core/queue.h"
#include "core/ring.h"
#include "core/turn.h"

struct rota__stream_more *
rota__stream_more(struct rota_stream *stream)
{
	struct rota_loop *loop = stream->handle.loop;
	struct rota__stream_more *more = stream->more;

	if (more != NULL)
		return more;
	more = rota__realloc(&loop->memory, NULL, sizeof(*more));
	if (more == NULL)
		return NULL;
	memset(more, 0, sizeof(*more));
	if (rota__heap_reserve(&loop->heap, &more->alarm) < 0) {
		rota__free(&loop->memory, more);
		return NULL;
	}
	more->alarm.kind = ROTA__ALARM_STREAM;
	more->idle_ns = ROTA_FOREVER;
	more->stream = stream;
	stream->more = more;
	stream->handle.state |= ROTA__STREAM_AT_LENGTH;
	return more;
}

void
rota__stream_free_more(struct rota_stream *stream)
{
	struct rota_loop *loop = stream->handle.loop;

	if (stream->more == NULL)
		return;
	rota__heap_release(&loop->heap, &stream->more->alarm);
	rota__free(&loop->memory, stream->more->kept);
	rota__free(&loop->memory, stream->more->terminal);
	rota__regular_free(stream);
	rota__free(&loop->memory, stream->more);
	stream->more = NULL;
}

void
rota__stream_stir(struct rota_stream *stream)
{
	struct rota_loop *loop = stream->handle.loop;
	struct rota__stream_more *more = stream->more;

	if (more == NULL || more->idle_ns == ROTA_FOREVER)
		return;
	rota__heap_start(&loop->heap, &more->alarm,
		rota__clock_add(rota__loop_now(loop), more->idle_ns));
}

void
rota__stream_calm(struct rota_stream *stream)
{
	if (stream->more != NULL)
		rota__heap_stop(
			&stream->handle.loop->heap, &stream->more->alarm);
}

/* Of several requests in line the first alone ends; the next begins anew. */
void
rota__stream_expire(struct rota_loop *loop, struct rota_alarm *alarm)
{
	struct rota__stream_more *more =
		ROTA__CONTAINER(alarm, struct rota__stream_more, alarm);
	struct rota_stream *stream = more->stream;

	(void)loop;
	if (stream->handle.state & ROTA__STREAM_LISTENING) {
		rota__stream_end_pause(stream);
	} else if (stream->handle.state & ROTA__STREAM_READING) {
		rota__stream_fail_reading(stream, -ETIMEDOUT);
	} else if (stream->handle.state & ROTA__STREAM_ASKED) {
		struct rota_request *first = rota__queue_first(&more->asked);

		rota__stream_stir(stream);
		(void)first->type->cancel(first, -ETIMEDOUT);
	}
}

int
rota__stream_set_idle_limit(struct rota_stream *stream, uint64_t limit_ns)
{
	if (limit_ns == ROTA_FOREVER && stream->more == NULL)
		return 0;
	if (rota__stream_more(stream) == NULL)
		return -ENOMEM;
	stream->more->idle_ns = limit_ns;
	if (!(stream->handle.state &
		    (ROTA__STREAM_READING | ROTA__STREAM_ASKED)))
		return 0;
	rota__stream_calm(stream);
	rota__stream_stir(stream);
	return 0;
}

int
rota__stream_mark_full(struct rota_stream *stream)
{
	const struct rota__stream_more *more = stream->more;

	if (more != NULL && more->high_bytes > 0 &&
		stream->queued_bytes >= more->high_bytes)
		stream->handle.state |= ROTA__STREAM_FULL;
	return (stream->handle.state & ROTA__STREAM_FULL) != 0;
}

static int
is_drained(const struct rota_stream *stream)
{
	return stream->handle.state & ROTA__STREAM_FULL &&
		stream->queued_bytes <= stream->more->low_bytes;
}

void
rota__stream_mark_drained(struct rota_stream *stream)
{
	if (is_drained(stream))
		rota__pending_add(rota__stream_sender(stream));
}

int
rota__stream_set_marks(struct rota_stream *stream, size_t low_bytes,
	size_t high_bytes, rota_drain_fn *fn, const char *place)
{
	struct rota__stream_more *more;

	if (high_bytes == 0 && stream->more == NULL)
		return 0;
	more = rota__stream_more(stream);
	if (more == NULL)
		return -ENOMEM;
	more->low_bytes = low_bytes;
	more->high_bytes = high_bytes;
	more->drain = fn;
	more->drain_place = place;
	if (high_bytes == 0)
		stream->handle.state &= ~(uint32_t)ROTA__STREAM_FULL;
	/* What waits already counts by the new marks. */
	(void)rota__stream_mark_full(stream);
	rota__stream_mark_drained(stream);
	return 0;
}

void
rota__stream_tell_drained(struct rota_stream *stream)
{
	struct rota_loop *loop = stream->handle.loop;

	if (!is_drained(stream))
		return;
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_FULL;
	rota__before_callback(loop, stream->handle.type->name,
		stream->more->drain_place, &stream->handle);
	stream->more->drain(stream);
	rota__after_callback(loop);
}
