/* SPDX-License-Identifier: MIT */
/*
 * Loop time: how long turns keep the thread busy, the wait not counted, and
 * which callback is to blame for a slow one. Free when off (the state at
 * first); docs/loop-time.md tells what it costs when on.
 */
#ifndef ROTA_METRICS_H
#define ROTA_METRICS_H

#include <rota/types.h>

ROTA_BEGIN_C

enum rota_phase {
	ROTA_PHASE_TIMERS,
	ROTA_PHASE_PENDING,
	ROTA_PHASE_IDLE,
	ROTA_PHASE_PREPARE,
	ROTA_PHASE_POLL,
	ROTA_PHASE_CHECK,
	ROTA_PHASE_CLOSE,
	ROTA_N_PHASES
};

/* Returns "timers" and so on; NULL for other values. when: any thread. */
ROTA_API const char *rota_phase_name(enum rota_phase phase);

/* All times in nanoseconds. */
struct rota_loop_time {
	/* sizeof(struct rota_loop_time), set by the caller. */
	size_t size;
	/* Turns measured, and the sum and largest of their busy times. */
	uint64_t turns;
	uint64_t busy_ns;
	uint64_t max_ns;
	uint64_t mean_ns;
	/* Busy time that 50, 90, 99, 99.9 % of turns stayed below (± 7 %). */
	uint64_t p50_ns;
	uint64_t p90_ns;
	uint64_t p99_ns;
	uint64_t p999_ns;
	/* Time spent waiting in the kernel, and the busy time per phase. */
	uint64_t waited_ns;
	uint64_t phase_ns[ROTA_N_PHASES];
	/* Turns that were above the notice and the warning threshold. */
	uint64_t notices;
	uint64_t warnings;
};

#define ROTA_LOOP_TIME_INIT \
	{ \
		sizeof(struct rota_loop_time), 0, 0, 0, 0, 0, 0, 0, 0, 0, \
			{ 0, 0, 0, 0, 0, 0, 0 }, 0, 0 \
	}

/* What is told of a turn above a threshold. */
struct rota_slow_turn {
	/* Busy time of the whole turn, and the threshold it passed. */
	uint64_t busy_ns;
	uint64_t threshold_ns;
	/* 1 above the warning threshold, 0 above the notice only. */
	int is_warning;
	/* The longest callback of the turn, where it ran, how long it took. */
	enum rota_phase phase;
	uint64_t callback_ns;
	/*
	 * Type ("timer", "tick"), name or "", callback and place ("main.c:12")
	 * of it; "?" where unknown.
	 */
	const char *type;
	const char *name;
	const char *callback;
	const char *place;
};

/*
 * Is told of a slow turn at its end. The struct is valid inside only.
 */
typedef void rota_slow_fn(
	struct rota_loop *loop, const struct rota_slow_turn *turn, void *data);

/*
 * Turns the measuring on (1) or off (0). Turning it on begins at zero.
 * errors: -EINVAL loop is NULL; -ENOMEM: it stays off.
 * when: the loop's thread.
 */
ROTA_API int rota_loop_measure(struct rota_loop *loop, int on);

/*
 * Tells the figures so far.
 * errors: -EINVAL an argument is NULL or the size is wrong; -ENOENT the
 *	measuring is off. *ret_time is untouched then.
 * when: the loop's thread.
 */
ROTA_API int rota_loop_time(
	const struct rota_loop *loop, struct rota_loop_time *ret_time);

/*
 * Sets who is told of slow turns, and the thresholds. NULL: nobody.
 * unit: nanoseconds; 0 for the default, 8 ms notice and 12 ms warning.
 * errors: -EINVAL loop is NULL or warning_ns is below notice_ns.
 * when: the loop's thread. `fn` is called only while measuring is on.
 */
ROTA_API int rota_loop_on_slow(struct rota_loop *loop, uint64_t notice_ns,
	uint64_t warning_ns, rota_slow_fn *fn, void *data);

ROTA_END_C

#endif
