/* SPDX-License-Identifier: MIT */
/*
 * Ticks and microtasks: functions to be called as soon as the callback in
 * progress has returned, before any other callback. Ticks go first (Node's
 * process.nextTick), then microtasks (queueMicrotask), then again until both
 * queues are empty. They never hold the loop alive, and one that queues
 * itself for ever starves the loop, as in Node.
 */
#ifndef ROTA_TICK_H
#define ROTA_TICK_H

#include <rota/loop.h>
#include <rota/types.h>

ROTA_BEGIN_C

/*
 * Queues fn(loop, data). Outside of run it is called when run begins.
 *
 * errors: -EINVAL loop or fn is NULL; -ENOMEM: nothing was queued.
 * when: the loop's thread.
 * source: Node.js, process.nextTick() and queueMicrotask().
 */
ROTA_API int rota_tick_at(struct rota_loop *loop, rota_loop_fn *fn, void *data,
	const char *place);
ROTA_API int rota_microtask_at(struct rota_loop *loop, rota_loop_fn *fn,
	void *data, const char *place);
#define rota_tick(loop, fn, data) rota_tick_at(loop, fn, data, ROTA_PLACE(fn))
#define rota_microtask(loop, fn, data) \
	rota_microtask_at(loop, fn, data, ROTA_PLACE(fn))

ROTA_END_C

#endif
