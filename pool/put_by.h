/* SPDX-License-Identifier: MIT */
/* Short jobs that a worker puts by, see put_by.c. */
#ifndef ROTA_POOL_PUT_BY_H
#define ROTA_POOL_PUT_BY_H

#include "pool/pool.h"

/* Locked: puts some by behind the job in hand, if jobs have been short. */
void rota__put_by_add(struct rota__worker *worker, const struct rota_job *job);

/* Its own thread: the next one of those put by, or NULL. */
struct rota_job *rota__put_by_take(struct rota__worker *worker);

/* Locked: none of the jobs that it has put by is left to it. */
void rota__put_by_settle(struct rota__worker *worker);

/* Its own thread: so many jobs took as long as it has measured. */
void rota__put_by_learn(struct rota__worker *worker, unsigned n_run);

/*
 * Locked: what a worker has put by waits in its lane again; what all have;
 * what was put by too long before now_ns.
 */
void rota__put_by_recall(struct rota__worker *worker);
void rota__put_by_recall_all(struct rota_pool *pool);
void rota__put_by_recall_late(struct rota_pool *pool, uint64_t now_ns);

/* 1 if a job of that level must recall those put by. when: any thread. */
static inline int
rota__put_by_is_before(
	const struct rota_pool *pool, unsigned lane, unsigned level)
{
	return level <
		__atomic_load_n(&pool->put_levels[lane], __ATOMIC_SEQ_CST);
}

#endif
