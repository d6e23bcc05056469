/* SPDX-License-Identifier: MIT */
/*
 * Frames: a beat that goes before ordinary work, for what must be drawn (or
 * played, or sampled) in time while a loop is busy. A frame that is due is
 * called before the next ordinary callback, whatever that is; one that is
 * missed is dropped and counted, never made up. The page docs/frames.md has
 * more.
 */
#ifndef ROTA_FRAME_H
#define ROTA_FRAME_H

#include <rota/handle.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_frame;

/* The interval after init: 60 Hz. */
#define ROTA_FRAME_INTERVAL (ROTA_SECOND / 60)

/* All times in nanoseconds of the loop's clock. */
struct rota_frame_event {
	/* The beat that this call stands for, and the moment of the call. */
	uint64_t due_ns;
	uint64_t now_ns;
	/* The beat's number since the start, the first is 1. */
	uint64_t number;
	/* Beats between the last call and this one that had none. */
	uint64_t n_dropped;
};

typedef void rota_frame_fn(
	struct rota_frame *frame, const struct rota_frame_event *event);

struct rota_frame {
	struct rota_handle handle;

	/* Private from here on. */
	struct rota_alarm alarm;
	struct rota_link order;
	uint64_t interval_ns;
	uint64_t number;
	rota_frame_fn *fn;
};

/*
 * Makes a blank frame an idle one of 60 Hz, and room for it in the heap of
 * timers, so that no later call on it needs memory.
 *
 * errors: -EINVAL an argument is NULL; -ENOMEM. The frame is still blank.
 * when: the loop's thread.
 */
ROTA_API int rota_frame_init(struct rota_loop *loop, struct rota_frame *frame);

/*
 * Starts the beat, or starts it anew: `fn` is called one interval from now,
 * and then at every beat. The beat is kept: it is counted from the start, not
 * from when a call happened to be made.
 *
 * A due frame is called when a callback has returned and its ticks and
 * microtasks have run, and when a wait has ended: so before the next ordinary
 * callback, be it the next of many that are ready. At most one call of each
 * frame is made before each. Frames among themselves: in the order of their
 * starts.
 *
 * While any frame is active, the clock is read after each callback.
 *
 * shape: the event is valid inside `fn` only. `fn` may start, stop and close
 *	anything, itself included, also what was about to be called: then
 *	that is not called.
 * errors: -EINVAL frame or fn is NULL, or the frame is closing or closed;
 *	nothing changes.
 * when: the loop's thread.
 */
ROTA_API int rota_frame_start_at(
	struct rota_frame *frame, rota_frame_fn *fn, const char *place);
#define rota_frame_start(frame, fn) \
	rota_frame_start_at(frame, fn, ROTA_PLACE(fn))

/*
 * Stops the beat; 0 also if it was not active. A due call is not made.
 * errors: -EINVAL frame is NULL.
 * when: the loop's thread.
 */
ROTA_API int rota_frame_stop(struct rota_frame *frame);

/*
 * Changes the time between two beats. The next beat of an active frame stays
 * where it is; those behind it follow the new interval.
 *
 * unit: nanoseconds, at least 1; ROTA_SECOND / 144 for 144 Hz. One that is
 *	shorter than a callback lasts means one call before each callback.
 * errors: -EINVAL frame is NULL, closing or closed, or interval_ns is 0;
 *	nothing changes.
 * when: the loop's thread; also inside its callback.
 */
ROTA_API int rota_frame_set_interval(
	struct rota_frame *frame, uint64_t interval_ns);

/* Returns the interval, 0 for NULL. unit: nanoseconds. */
ROTA_API uint64_t rota_frame_interval(const struct rota_frame *frame);

ROTA_END_C

#endif
