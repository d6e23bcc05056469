/* SPDX-License-Identifier: MIT */
/*
 * What handles that send put off:
 *
 *	gathered	until the callback in progress ends: what it has
 *			written then goes out together
 *	pending		until the pending phase: requests that have been
 *			decided and must be told, as a write that finished at
 *			once. No user callback runs inside the call that
 *			caused it.
 */
#ifndef ROTA_CORE_PENDING_H
#define ROTA_CORE_PENDING_H

#include "core/handle.h"
#include "core/ring.h"

void rota__sender_init(struct rota__sender *sender);

/* Sends when the callback in progress ends. */
static inline void
rota__gather(struct rota__sender *sender)
{
	struct rota_loop *loop = sender->handle.loop;

	if (sender->gathered != NULL)
		return;
	if (loop->after & ROTA__AFTER_WRITES)
		loop->gathered_last->gathered = sender;
	else
		loop->gathered_first = sender;
	loop->gathered_last = sender;
	sender->gathered = sender;
	loop->after |= ROTA__AFTER_WRITES;
}

/* Tells in the pending phase. */
static inline void
rota__pending_add(struct rota__sender *sender)
{
	if (rota__ring_is_empty(&sender->pending))
		rota__ring_append(
			&sender->handle.loop->pending, &sender->pending);
}

/* Tells of all that is pending now; what that causes is pending again. */
void rota__pending_run(struct rota_loop *loop);

/*
 * Tells nothing any more. What it has gathered must be off its queue; it
 * leaves that list at the end of the callback in progress.
 */
void rota__sender_leave(struct rota__sender *sender);

#endif
