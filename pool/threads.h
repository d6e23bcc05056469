/* SPDX-License-Identifier: MIT */
/* The threads of a pool; pool.h has the picture. */
#ifndef ROTA_POOL_THREADS_H
#define ROTA_POOL_THREADS_H

#include "pool/pool.h"

/*
 * Calls a worker, or makes one, if a job could start and nobody searches.
 * Returns 0, or why no thread could be made.
 */
int rota__threads_rouse(struct rota_pool *pool);

/* Locked: calls all that sleep, so that those who must can end. */
void rota__threads_call_all(struct rota_pool *pool);

/* Locked: joins those that have ended; leaves the others alone. */
void rota__threads_collect(struct rota_pool *pool);
void rota__threads_abandon(struct rota_pool *pool);

#endif
