/* SPDX-License-Identifier: MIT */
/*
 * An immediate is called once, in the next check phase (Node's
 * setImmediate). Queued inside a check phase, it runs in the next turn's.
 * Not a handle: nothing to close. Its memory belongs to the loop while it is
 * queued, and is the caller's when its callback begins.
 */
#ifndef ROTA_IMMEDIATE_H
#define ROTA_IMMEDIATE_H

#include <rota/types.h>

ROTA_BEGIN_C

struct rota_immediate;

typedef void rota_immediate_fn(struct rota_immediate *immediate);

struct rota_immediate {
	/* The caller's own; rota never reads or writes it. */
	void *data;

	/* Private from here on. */
	struct rota_loop *loop;
	rota_immediate_fn *fn;
	const char *place;
	struct rota_link order;
	uint32_t flags;
	uint32_t spare;
};

/*
 * Makes a blank immediate an idle, referenced one.
 * errors: -EINVAL an argument is NULL.
 * when: the loop's thread.
 */
ROTA_API int rota_immediate_init(
	struct rota_loop *loop, struct rota_immediate *immediate);

/*
 * Queues an immediate, behind all others; one that is queued moves there.
 * A referenced one holds the loop alive and keeps poll from waiting.
 *
 * errors: -EINVAL an argument is NULL or the immediate blank.
 * when: the loop's thread.
 * source: Node.js, setImmediate().
 */
ROTA_API int rota_immediate_start_at(struct rota_immediate *immediate,
	rota_immediate_fn *fn, const char *place);
#define rota_immediate_start(immediate, fn) \
	rota_immediate_start_at(immediate, fn, ROTA_PLACE(fn))

/*
 * Takes an immediate out of the queue (clearImmediate), also out of the one
 * that is just being called; 0 also if it was not queued.
 * errors: -EINVAL immediate is NULL.
 * when: the loop's thread.
 */
ROTA_API int rota_immediate_stop(struct rota_immediate *immediate);

/*
 * Lets a queued immediate hold the loop or not; remembered while idle.
 * errors: -EINVAL immediate is NULL or blank.
 * when: the loop's thread.
 */
ROTA_API int rota_immediate_ref(struct rota_immediate *immediate);
ROTA_API int rota_immediate_unref(struct rota_immediate *immediate);

/* Each returns 1 or 0; NULL is none of it. when: the loop's thread. */
ROTA_API int rota_immediate_is_queued(const struct rota_immediate *immediate);
ROTA_API int rota_immediate_has_ref(const struct rota_immediate *immediate);

ROTA_END_C

#endif
