/* SPDX-License-Identifier: MIT */
/*
 * Timers, in nanoseconds of the monotonic clock. Those due fire in the order
 * of (deadline, start); none fires early, and none in the phase that started
 * it.
 */
#ifndef ROTA_TIMER_H
#define ROTA_TIMER_H

#include <rota/handle.h>
#include <rota/types.h>

ROTA_BEGIN_C

typedef void rota_timer_fn(struct rota_timer *timer);

struct rota_timer {
	struct rota_handle handle;

	/* Private from here on. */
	struct rota_alarm alarm;
};

/*
 * Makes a blank timer an idle one, and room for it in the heap, so that no
 * later call on it needs memory.
 *
 * errors: -EINVAL an argument is NULL; -ENOMEM. The timer is still blank.
 * when: the loop's thread.
 */
ROTA_API int rota_timer_init(struct rota_loop *loop, struct rota_timer *timer);

/*
 * Starts a timer, or restarts it with new arguments: `fn` is called once
 * delay_ns have passed, and then every repeat_ns if that is not 0. Repeats
 * keep their beat: they are counted from the due time, and beats missed
 * because the loop was busy are skipped.
 *
 * unit: nanoseconds from the true moment of the call (the clock is read).
 *	0 means the next timers phase. A sum beyond the end of the clock is
 *	the end of the clock: such a timer never fires.
 * errors: -EINVAL timer or fn is NULL, or the timer is closing or closed;
 *	nothing changes.
 * when: the loop's thread.
 * source: Node.js, setTimeout() and setInterval(); libuv's repeat argument.
 */
ROTA_API int rota_timer_start_with(struct rota_timer *timer, uint64_t delay_ns,
	uint64_t repeat_ns, rota_timer_fn *fn, const char *place);
#define rota_timer_start(timer, delay_ns, repeat_ns, fn) \
	rota_timer_start_with(timer, delay_ns, repeat_ns, fn, ROTA_PLACE(fn))

/*
 * Starts a timer that is called once, at an absolute time of the loop's
 * clock, as rota_loop_now() tells it. The clock is not read.
 *
 * unit: nanoseconds, absolute. A time in the past means the next timers
 *	phase.
 * errors, when: as rota_timer_start().
 */
ROTA_API int rota_timer_start_abs(struct rota_timer *timer,
	uint64_t deadline_ns, rota_timer_fn *fn, const char *place);
#define rota_timer_start_at(timer, deadline_ns, fn) \
	rota_timer_start_abs(timer, deadline_ns, fn, ROTA_PLACE(fn))

/*
 * Starts a timer again with the callback it had, due in its interval: the
 * repeat it was last given, or the delay of a rota_timer_start() without one
 * since. This is the cheap call for idle timeouts that every message pushes
 * out: it counts from the loop's now and reads no clock.
 *
 * errors: -EINVAL timer is NULL, closing, closed, or was never started with
 *	rota_timer_start(); nothing changes.
 * when: the loop's thread.
 */
ROTA_API int rota_timer_again(struct rota_timer *timer);

/*
 * Stops a timer; 0 also if it was not active. One that is due but has not
 * been called will not be.
 * errors: -EINVAL timer is NULL.
 * when: the loop's thread.
 */
ROTA_API int rota_timer_stop(struct rota_timer *timer);

/*
 * Changes the repeat of a timer, from its next firing on; 0 makes it fire
 * once only.
 * unit: nanoseconds. Of a longer interval than 2^60 (36 years), that of a start
 *	included, so much is kept.
 * errors: -EINVAL timer is NULL, closing or closed.
 * when: the loop's thread; also inside its callback.
 */
ROTA_API int rota_timer_set_repeat(
	struct rota_timer *timer, uint64_t repeat_ns);

/* Returns the repeat, 0 if there is none. unit: nanoseconds. */
ROTA_API uint64_t rota_timer_repeat(const struct rota_timer *timer);

/*
 * Returns how long until the timer is due, by the loop's now: 0 if overdue,
 * ROTA_FOREVER if not active or NULL.
 * unit: nanoseconds.
 * when: the loop's thread.
 */
ROTA_API uint64_t rota_timer_due_in(const struct rota_timer *timer);

ROTA_END_C

#endif
