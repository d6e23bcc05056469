/* SPDX-License-Identifier: MIT */
/*
 * Frames, see rota/frame.h. Each has its next beat as an alarm in the heap,
 * which bounds the wait and ends it; but as a rule it is not the heap that
 * calls a frame: the active ones are also in a ring, which is looked through
 * whenever a callback has returned or a wait has ended (turn.c, fds.c).
 */
#include "rota/frame.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/handle.h"
#include "core/handles/frame.h"
#include "core/request.h"
#include "core/ring.h"
#include "core/turn.h"

/* Leaves the ring; without a frame nothing is looked through any more. */
static void
leave(struct rota_frame *frame)
{
	struct rota_loop *loop = frame->handle.loop;

	rota__ring_remove(&frame->order);
	if (rota__ring_is_empty(&loop->frames))
		loop->after &= ~(uint32_t)ROTA__AFTER_FRAMES;
}

static int
close_frame(struct rota_handle *handle)
{
	struct rota_frame *frame = (struct rota_frame *)handle;

	leave(frame);
	rota__heap_release(&handle->loop->heap, &frame->alarm);
	return 0;
}

static void
describe_frame(const struct rota_handle *handle, char *text, size_t size_bytes)
{
	const struct rota_frame *frame = (const struct rota_frame *)handle;

	(void)snprintf(
		text, size_bytes, "every %" PRIu64 " ns", frame->interval_ns);
}

const struct rota_handle_type rota__frame_type = {
	.name = "frame",
	.size = sizeof(struct rota_frame),
	.close = close_frame,
	.describe = describe_frame,
};

int
rota_frame_init(struct rota_loop *loop, struct rota_frame *frame)
{
	int r;

	if (loop == NULL || frame == NULL)
		return -EINVAL;
	r = rota__heap_reserve(&loop->heap, &frame->alarm);
	if (r < 0)
		return r;
	frame->alarm.kind = ROTA__ALARM_FRAME;
	frame->interval_ns = ROTA_FRAME_INTERVAL;
	frame->number = 0;
	frame->fn = NULL;
	rota__ring_init(&frame->order);
	rota__handle_init(loop, &frame->handle, &rota__frame_type);
	return 0;
}

int
rota_frame_start_at(
	struct rota_frame *frame, rota_frame_fn *fn, const char *place)
{
	struct rota_loop *loop;
	uint64_t now_ns;

	if (frame == NULL || fn == NULL ||
		!rota__handle_is_open(&frame->handle))
		return -EINVAL;
	loop = frame->handle.loop;
	now_ns = loop->sys->clock_ns();
	frame->fn = fn;
	frame->number = 0;
	rota__ring_remove(&frame->order);
	rota__ring_append(&loop->frames, &frame->order);
	loop->after |= ROTA__AFTER_FRAMES;
	rota__heap_start(&loop->heap, &frame->alarm,
		rota__clock_add(now_ns, frame->interval_ns));
	rota__handle_activate(&frame->handle, place);
	return 0;
}

int
rota_frame_stop(struct rota_frame *frame)
{
	if (frame == NULL)
		return -EINVAL;
	if (!rota_handle_is_active(&frame->handle))
		return 0;
	leave(frame);
	rota__heap_stop(&frame->handle.loop->heap, &frame->alarm);
	rota__handle_deactivate(&frame->handle);
	return 0;
}

int
rota_frame_set_interval(struct rota_frame *frame, uint64_t interval_ns)
{
	if (frame == NULL || interval_ns == 0 ||
		!rota__handle_is_open(&frame->handle))
		return -EINVAL;
	frame->interval_ns = interval_ns;
	return 0;
}

uint64_t
rota_frame_interval(const struct rota_frame *frame)
{
	return frame == NULL ? 0 : frame->interval_ns;
}

/* Stands for the last beat until now, and drops those before. */
static void
call_frame(struct rota_loop *loop, struct rota_frame *frame, uint64_t now_ns)
{
	uint64_t first_ns = frame->alarm.deadline_ns;
	uint64_t n_dropped = (now_ns - first_ns) / frame->interval_ns;
	struct rota_frame_event event = {
		.due_ns = first_ns + n_dropped * frame->interval_ns,
		.now_ns = now_ns,
		.number = frame->number + n_dropped + 1,
		.n_dropped = n_dropped,
	};

	frame->number = event.number;
	rota__heap_start(&loop->heap, &frame->alarm,
		rota__clock_add(event.due_ns, frame->interval_ns));
	rota__before_callback(
		loop, "frame", frame->handle.place, &frame->handle);
	frame->fn(frame, &event);
	rota__end_callback(loop);
}

/* The ring is searched anew each time, since the call may change it. */
static struct rota_frame *
first_due(const struct rota_loop *loop, uint64_t now_ns)
{
	const struct rota_link *link = loop->frames.next;

	for (; link != &loop->frames; link = link->next) {
		struct rota_frame *frame =
			ROTA__CONTAINER(link, struct rota_frame, order);

		if (frame->alarm.deadline_ns <= now_ns)
			return frame;
	}
	return NULL;
}

/* Whoever has been called, or is started meanwhile, is due later than now. */
void
rota__frames_run(struct rota_loop *loop, uint64_t now_ns)
{
	struct rota_frame *frame;

	while ((frame = first_due(loop, now_ns)) != NULL)
		call_frame(loop, frame, now_ns);
}

/* The beat fell between the look at the ring and that at the heap. */
void
rota__frame_expire(struct rota_loop *loop, struct rota_alarm *alarm)
{
	call_frame(loop, ROTA__CONTAINER(alarm, struct rota_frame, alarm),
		loop->now_ns);
}
