/* SPDX-License-Identifier: MIT */
/*
 * Streams with requests that have been decided and must be told: a write
 * that finished at once, a connect refused at once. No user callback runs
 * inside the call that caused it; it runs in the pending phase.
 */
#ifndef ROTA_CORE_PENDING_H
#define ROTA_CORE_PENDING_H

#include "core/loop.h"
#include "rota/stream.h"

void rota__pending_add(struct rota_stream *stream);
void rota__pending_remove(struct rota_stream *stream);

/* Tells of all that is pending now; what that causes is pending again. */
void rota__pending_run(struct rota_loop *loop);

#endif
