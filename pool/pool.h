/* SPDX-License-Identifier: MIT */
/*
 * A pool from inside.
 *
 *	loop	push ->	arrived	(a stack, without a lock)
 *			   |	rota__pool_collect(), locked
 *			   v
 *			lanes -> worker: run, then post to the loop
 *
 * A worker runs a job, searches for one, or sleeps. One that searches will
 * look at what has arrived after it has said so; so nobody needs to wake
 * another meanwhile, and a worker that has found a job while nobody else
 * searches wakes the next, if there is more.
 */
#ifndef ROTA_POOL_POOL_H
#define ROTA_POOL_POOL_H

#include <pthread.h>

#include "core/jobs.h"
#include "pool/lanes.h"
#include "rota/pool.h"

/* Jobs that a worker puts by at most. */
#define ROTA__MAX_PUT_BY 32

/* When a job was queued, began and ended; all 0 if nobody measures. */
struct rota__job_times {
	uint64_t queued_ns;
	uint64_t began_ns;
	uint64_t ended_ns;
};

struct rota__pool_times;

/* Its thread alone uses what is not said to be otherwise. */
struct rota__worker {
	struct rota_pool *pool;
	unsigned number;
	/* Whether it takes the time of the jobs in hand, and what it took. */
	int measures;
	struct rota__job_times times;
	/* So many jobs were short, or 0. */
	unsigned n_short;
	/* Jobs put by, see put_by.c. Atomic; the jobs are under the lock. */
	uint32_t put_by;
	struct rota_job *jobs[ROTA__MAX_PUT_BY];

	/* From here on under the lock. */
	/* All workers that ever were; until the pool is freed. */
	struct rota__worker *next;
	/* Among the sleepers, the ended, or those who have put jobs by. */
	struct rota_link link;
	int has_put_by;
	uint64_t put_by_ns;
	pthread_t thread;
	pthread_cond_t called;
	int is_called;
	/* Has a thread that is not about to end; or one to be joined. */
	int is_alive;
	int must_be_joined;
};

/* What threads write most stands in lines of the cache of its own. */
#define ROTA__CACHE_LINE 64

struct rota_pool {
	struct rota__pool_head head;

	/* These do not change. */
	const struct rota_sys *sys;
	struct rota__memory memory;
	struct rota_executor executor;
	size_t stack_bytes;
	char name[16];
	/* There is more than one processor. */
	int is_parallel;

	/*
	 * Whoever may still touch the pool: who made it, or the threads that
	 * were abandoned; loops that hold it; jobs not yet told. Atomic.
	 */
	uint32_t n_refs;
	/* Atomic. */
	int is_stopped;
	/* `times` is there. Atomic. */
	int is_measuring;
	/* Of the process that has the threads. */
	pid_t pid;

	char gap_1[ROTA__CACHE_LINE];
	/* Jobs by line.next, the last one first. Atomic. */
	struct rota_link *arrived;

	char gap_2[ROTA__CACHE_LINE];
	/* Workers that search, or were called to. Atomic. */
	uint32_t n_searching;
	/* rota__lanes_open() as it was last. Atomic. */
	uint32_t open_lanes;
	/* Of each lane: no job of a level below is put by. Atomic. */
	uint8_t put_levels[ROTA_POOL_MAX_LANES];

	char gap_3[ROTA__CACHE_LINE];
	/*
	 * Guards all that follows, and `line` of the jobs in the lanes. No
	 * other lock is taken under it.
	 */
	pthread_mutex_t lock;
	/* The pool has become idle, or has lost its last thread. */
	pthread_cond_t changed;
	unsigned n_waiters;
	/* Whether the last worker that searches looks out. */
	struct rota__lookout lookout;
	struct rota__lanes lanes;
	struct rota__worker *workers;
	/* The one that fell asleep last is called first. */
	struct rota_link sleepers;
	struct rota_link ended;
	/* Who has put jobs by, the first one first. */
	struct rota_link putters;
	/* Lone jobs that run and that nobody waits for. */
	unsigned n_left;
	/* Threads that are there; and how many there have been. */
	unsigned n_alive;
	unsigned n_numbers;
	/* Closed without waiting any longer. */
	int is_abandoned;
	/* How long jobs take, or NULL. */
	struct rota__pool_times *times;
};

void rota__pool_lock(struct rota_pool *pool);
void rota__pool_unlock(struct rota_pool *pool);

void rota__pool_hold(struct rota_pool *pool);
/* Frees the pool with its last. */
void rota__pool_release(struct rota_pool *pool);

/* Locked: moves what has arrived into the lanes. */
void rota__pool_collect(struct rota_pool *pool);

/* Locked: ends all that waits in lanes with `status`. */
void rota__pool_end_waiting(struct rota_pool *pool, int status);

/* Locked: tells those who wait for the pool to be idle or gone. */
void rota__pool_tell_waiters(struct rota_pool *pool);

/* The life of a pool that is, or is not, the default one. */
int rota__pool_make(const struct rota_pool_options *options,
	const struct rota__pool_type *type, struct rota_pool **ret_pool);
int rota__pool_end(struct rota_pool *pool, uint64_t grace_ns);
void rota__pool_fork(struct rota_pool *pool);

/* Makes it at least that large. */
void rota__pool_grow(struct rota_pool *pool, unsigned n_threads);

#endif
