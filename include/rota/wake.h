/* SPDX-License-Identifier: MIT */
/*
 * A wake is a handle that other threads, and signal handlers, can ring. Any
 * number of rings before its callback make one call; a ring during the
 * callback makes another.
 */
#ifndef ROTA_WAKE_H
#define ROTA_WAKE_H

#include <rota/handle.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_wake;

typedef void rota_wake_fn(struct rota_wake *wake);

struct rota_wake {
	struct rota_handle handle;

	/* Private from here on. */
	struct rota_note note;
	rota_wake_fn *fn;
};

/*
 * Makes a blank wake an active one: it can be rung from now on, and holds
 * the loop unless unreferenced.
 *
 * errors: -EINVAL an argument is NULL; the wake is still blank.
 * when: the loop's thread.
 */
ROTA_API int rota_wake_init_at(struct rota_loop *loop, struct rota_wake *wake,
	rota_wake_fn *fn, const char *place);
#define rota_wake_init(loop, wake, fn) \
	rota_wake_init_at(loop, wake, fn, ROTA_PLACE(fn))

/*
 * Rings: the callback will be called in the loop's thread, in the poll
 * phase. What was written to memory before the ring is seen in the callback.
 *
 * errors: -EINVAL wake is NULL, blank or closing; it will not be called.
 * when: any thread, any callback, a signal handler. The wake must not have
 *	been closed (its close callback called) meanwhile.
 */
ROTA_API int rota_wake_send(struct rota_wake *wake);

ROTA_END_C

#endif
