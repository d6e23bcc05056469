/* SPDX-License-Identifier: MIT */
/* The default pool of the process. */
#ifndef ROTA_POOL_DEFAULT_H
#define ROTA_POOL_DEFAULT_H

#include "pool/pool.h"

/*
 * Holds the default pool, which is made if it is not there, with at least so
 * many threads unless 0. To be released through its type.
 */
int rota__default_hold(unsigned n_threads, struct rota_pool **ret_pool);

/* 1 if it is the default pool. */
int rota__default_is(const struct rota_pool *pool);

/* Releases it; the last one ends it. Returns the number of jobs abandoned. */
int rota__default_release(struct rota_pool *pool, uint64_t grace_ns);

#endif
