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
void rota__gather(struct rota__sender *sender);

/* The callback in progress ends. */
void rota__flush_gathered(struct rota_loop *loop);

/* Tells in the pending phase. */
void rota__pending_add(struct rota__sender *sender);

/* Tells of all that is pending now; what that causes is pending again. */
void rota__pending_run(struct rota_loop *loop);

/* Puts off nothing any more. */
void rota__sender_leave(struct rota__sender *sender);

#endif
