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
	struct rota_loop *loop = sender->handle.loop;

	if (sender->pending != NULL || sender->handle.flags & ROTA__ENDING)
		return;
	if (loop->pending_first == NULL)
		loop->pending_first = sender;
	else
		loop->pending_last->pending = sender;
	loop->pending_last = sender;
	sender->pending = sender;
}

/* Tells of all that is pending now; what that causes is pending again. */
void rota__pending_run(struct rota_loop *loop);

/*
 * Takes those out of line that are closed, before their end: what they have to
 * tell is told then.
 */
void rota__pending_drop_closed(struct rota_loop *loop);

#endif
