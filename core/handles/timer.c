/* SPDX-License-Identifier: MIT */
/* Timers, see rota/timer.h; the heap has their order. */
#include "rota/timer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/handle.h"
#include "core/handles/timer.h"
#include "core/request.h"
#include "core/ring.h"
#include "core/turn.h"

static int
close_timer(struct rota_handle *handle)
{
	struct rota_timer *timer = (struct rota_timer *)handle;

	rota__heap_release(&handle->loop->heap, &timer->alarm);
	return 0;
}

static void
describe_timer(const struct rota_handle *handle, char *text, size_t size_bytes)
{
	const struct rota_timer *timer = (const struct rota_timer *)handle;

	if (!rota_handle_is_active(handle))
		return;
	(void)snprintf(text, size_bytes, "due in %" PRIu64 " ns",
		rota_timer_due_in(timer));
}

const struct rota_handle_type rota__timer_type = {
	.name = "timer",
	.size = sizeof(struct rota_timer),
	.close = close_timer,
	.describe = describe_timer,
};

/* Flags of a timer's handle. */
enum {
	/* The interval is that of a start, so again() may use it. */
	STARTED = ROTA__OWN_FLAG,
	/* The interval is that of a repeat. */
	REPEATS = ROTA__OWN_FLAG_2
};

/* The interval in two parts, for which a timer has room as it is. */
#define LOW_BITS 32
#define MAX_INTERVAL_NS ((UINT64_C(1) << (LOW_BITS + 28)) - 1)

static inline uint64_t
interval(const struct rota_timer *timer)
{
	uint64_t high = timer->alarm.own;

	return high << LOW_BITS | timer->handle.state;
}

static inline void
set_interval(struct rota_timer *timer, uint64_t interval_ns)
{
	if (interval_ns > MAX_INTERVAL_NS)
		interval_ns = MAX_INTERVAL_NS;
	timer->handle.state = (uint32_t)interval_ns;
	timer->alarm.own = (uint32_t)(interval_ns >> LOW_BITS) & 0xfffffff;
}

/* What is no interval of a repeat leaves the one that was. */
static inline void
set_repeat(struct rota_timer *timer, uint64_t repeat_ns)
{
	timer->handle.flags &= ~(uint32_t)REPEATS;
	if (repeat_ns == 0)
		return;
	timer->handle.flags |= REPEATS;
	set_interval(timer, repeat_ns);
}

int
rota_timer_init(struct rota_loop *loop, struct rota_timer *timer)
{
	int r;

	if (loop == NULL || timer == NULL)
		return -EINVAL;
	r = rota__heap_reserve(&loop->heap, &timer->alarm);
	if (r < 0)
		return r;
	timer->alarm.kind = ROTA__ALARM_TIMER;
	timer->alarm.own = 0;
	rota__handle_init(loop, &timer->handle, &rota__timer_type);
	return 0;
}

static inline void
start(struct rota_timer *timer, uint64_t deadline_ns, rota_timer_fn *fn,
	const char *place)
{
	timer->handle.fn.timer = fn;
	rota__handle_activate(&timer->handle, place);
	rota__heap_start(&timer->handle.loop->heap, &timer->alarm, deadline_ns);
}

int
rota_timer_start_with(struct rota_timer *timer, uint64_t delay_ns,
	uint64_t repeat_ns, rota_timer_fn *fn, const char *place)
{
	uint64_t now_ns;

	if (timer == NULL || fn == NULL ||
		!rota__handle_is_open(&timer->handle))
		return -EINVAL;
	now_ns = timer->handle.loop->sys->clock_ns();
	set_interval(timer, delay_ns);
	set_repeat(timer, repeat_ns);
	timer->handle.flags |= STARTED;
	start(timer, rota__clock_add(now_ns, delay_ns), fn, place);
	return 0;
}

int
rota_timer_start_abs(struct rota_timer *timer, uint64_t deadline_ns,
	rota_timer_fn *fn, const char *place)
{
	if (timer == NULL || fn == NULL ||
		!rota__handle_is_open(&timer->handle))
		return -EINVAL;
	timer->handle.flags &= ~(uint32_t)REPEATS;
	start(timer, deadline_ns, fn, place);
	return 0;
}

/* Out of line, so that to put one off needs nothing kept. */
__attribute__((noinline)) static int
again_at_length(struct rota_timer *timer)
{
	const uint32_t doors = ROTA__OPEN | ROTA__CLOSING | STARTED;
	uint64_t now_ns;

	if ((timer->handle.flags & doors) != (ROTA__OPEN | STARTED))
		return -EINVAL;
	now_ns = rota__loop_now(timer->handle.loop);
	start(timer, rota__clock_add(now_ns, interval(timer)),
		timer->handle.fn.timer, NULL);
	return 0;
}

int
rota_timer_again(struct rota_timer *timer)
{
	const uint32_t doors = ROTA__OPEN | ROTA__CLOSING | STARTED |
		ROTA__ACTIVE;
	struct rota_loop *loop;

	if (timer == NULL)
		return -EINVAL;
	loop = timer->handle.loop;
	if ((timer->handle.flags & doors) ==
			(ROTA__OPEN | STARTED | ROTA__ACTIVE) &&
		loop->now_is_good &&
		rota__heap_put_off(&loop->heap, &timer->alarm,
			rota__clock_add(loop->now_ns, interval(timer))))
		return 0;
	return again_at_length(timer);
}

int
rota_timer_stop(struct rota_timer *timer)
{
	if (timer == NULL)
		return -EINVAL;
	if (!rota_handle_is_active(&timer->handle))
		return 0;
	rota__heap_stop(&timer->handle.loop->heap, &timer->alarm);
	rota__handle_deactivate(&timer->handle);
	return 0;
}

int
rota_timer_set_repeat(struct rota_timer *timer, uint64_t repeat_ns)
{
	if (timer == NULL || !rota__handle_is_open(&timer->handle))
		return -EINVAL;
	set_repeat(timer, repeat_ns);
	return 0;
}

uint64_t
rota_timer_repeat(const struct rota_timer *timer)
{
	if (timer == NULL || !(timer->handle.flags & REPEATS))
		return 0;
	return interval(timer);
}

uint64_t
rota_timer_due_in(const struct rota_timer *timer)
{
	uint64_t now_ns;

	if (timer == NULL || !rota_handle_is_active(&timer->handle))
		return ROTA_FOREVER;
	now_ns = rota__loop_now(timer->handle.loop);
	return timer->alarm.deadline_ns > now_ns ?
		timer->alarm.deadline_ns - now_ns :
		0;
}

/* Keeps the beat: the first multiple after now, counted from the due time. */
static uint64_t
next_beat(const struct rota_timer *timer, uint64_t now_ns)
{
	uint64_t due_ns = timer->alarm.deadline_ns;
	uint64_t repeat_ns = interval(timer);
	uint64_t n_beats = (now_ns - due_ns) / repeat_ns;

	/* due + n * repeat is at most now. */
	return rota__clock_add(due_ns + n_beats * repeat_ns, repeat_ns);
}

void
rota__timer_expire(struct rota_loop *loop, struct rota_alarm *alarm)
{
	struct rota_timer *timer =
		ROTA__CONTAINER(alarm, struct rota_timer, alarm);

	if (timer->handle.flags & REPEATS)
		rota__heap_start(
			&loop->heap, alarm, next_beat(timer, loop->now_ns));
	else
		rota__handle_deactivate(&timer->handle);
	rota__before_handle(loop, &timer->handle);
	timer->handle.fn.timer(timer);
	rota__after_callback(loop);
}
