/* SPDX-License-Identifier: MIT */
/*
 * What brackets every callback: each call of user code stands between
 * rota__before_callback() and rota__after_callback(). The turn itself is in
 * turn.c.
 */
#ifndef ROTA_CORE_TURN_H
#define ROTA_CORE_TURN_H

#include "core/loop.h"
#include "core/metrics.h"

/*
 * `type` and `place` say what is called; the handle's memory may be gone
 * afterwards.
 */
static inline void
rota__before_callback(struct rota_loop *loop, const char *type,
	const char *place, const struct rota_handle *handle)
{
	loop->n_callbacks++;
	if (loop->metrics != NULL)
		rota__metrics_callback(loop, type, place, handle);
}

/* The same for a callback of a handle that was started at its place. */
static inline void
rota__before_handle(struct rota_loop *loop, const struct rota_handle *handle)
{
	loop->n_callbacks++;
	if (loop->metrics != NULL)
		rota__metrics_callback(
			loop, handle->type->name, handle->place, handle);
}

/* Sends gathered writes, drains ticks and microtasks, takes the time. */
void rota__end_callback(struct rota_loop *loop);

/* The same, and then calls the frames that are due. */
void rota__settle(struct rota_loop *loop);

/* Sends what the callback has gathered, see core/pending.h. */
void rota__flush_gathered(struct rota_loop *loop);

static inline void
rota__after_callback(struct rota_loop *loop)
{
	if (loop->after == 0)
		return;
	if (loop->after == ROTA__AFTER_WRITES)
		rota__flush_gathered(loop);
	else
		rota__settle(loop);
}

/* The steps of a turn, for run and for driving from outside. */
int rota__turn_begin(struct rota_loop *loop);
uint64_t rota__turn_wait_ns(struct rota_loop *loop);
int rota__turn_end(struct rota_loop *loop, uint64_t timeout_ns);

#endif
