/* SPDX-License-Identifier: MIT */
/*
 * The lanes of a pool: which jobs wait, and which one is next. Nothing here
 * locks, calls the system or knows of threads.
 *
 *	lane	 levels, the highest priority first
 *	  io	  8: job job
 *		  0: job job job job
 *	  slow	  0: job
 *	  cpu
 */
#ifndef ROTA_POOL_LANES_H
#define ROTA_POOL_LANES_H

#include "rota/pool.h"

#define ROTA__N_JOB_LEVELS (ROTA_JOB_PRIORITY_MAX - ROTA_JOB_PRIORITY_MIN + 1)

/* Priorities, counted from the highest. */
static inline unsigned
rota__job_level(const struct rota_job *job)
{
	return (unsigned)(ROTA_JOB_PRIORITY_MAX - job->priority);
}

/* Jobs of one priority. */
struct rota__level {
	/* By their `line`, the first one first. */
	struct rota_link jobs;
	/* The last of those before rota__lanes_put() number `n_puts`. */
	struct rota_link *mark;
	uint32_t n_puts;
};

struct rota__lane {
	struct rota__level levels[ROTA__N_JOB_LEVELS];
	/* Bit i: levels[i] has a job. */
	uint32_t used_levels;
	uint32_t n_queued;
	uint32_t n_running;
	/* Jobs that ran; and that ended without. */
	uint64_t n_done;
	uint64_t n_canceled;
	unsigned share;
	/* 0: the pool's size. */
	unsigned limit;
	int is_apart;
	/* Grows by 1 / share with each job that starts. */
	uint64_t pass;
	char name[16];
};

/*
 * Invariants: bit i of waiting is set if lane i has jobs queued; n_shared is
 * the sum of n_running over the lanes that are not apart.
 */
struct rota__lanes {
	struct rota__lane lanes[ROTA_POOL_MAX_LANES];
	/* Atomic for those who have no lock; it only grows. */
	unsigned n_lanes;
	/* The pool's size. */
	unsigned n_threads;
	uint32_t waiting;
	uint32_t n_shared;
	/* The pass of the lane that has been served last. */
	uint64_t pass;
	uint32_t n_puts;
};

/* Three lanes, without jobs. */
void rota__lanes_init(struct rota__lanes *lanes, unsigned n_threads);

/* -EINVAL if an option is out of range. */
int rota__lanes_set(struct rota__lanes *lanes, unsigned number,
	const struct rota_lane_options *options);

/* Forgets all jobs. */
void rota__lanes_clear(struct rota__lanes *lanes);

/* Puts jobs behind all others; they come by line.next, the last one first. */
void rota__lanes_put(struct rota__lanes *lanes, struct rota_link *last);

/* Takes one that waits. */
void rota__lanes_remove(struct rota__lanes *lanes, struct rota_job *job);

/* The same, and counts it as one that ended without having run. */
void rota__lanes_cancel(struct rota__lanes *lanes, struct rota_job *job);

/* 1 if one waits in the same lane that is of a higher priority. */
int rota__lanes_has_before(
	const struct rota__lanes *lanes, const struct rota_job *job);

/* How many jobs of a lane may run at once. */
unsigned rota__lanes_most(const struct rota__lanes *lanes, unsigned number);

/* Takes any that waits, without starting it; NULL if none does. */
struct rota_job *rota__lanes_remove_any(struct rota__lanes *lanes);

/* Takes the next one that may start, and counts it as running; or NULL. */
struct rota_job *rota__lanes_start(struct rota__lanes *lanes);

/*
 * Takes up to n more of the same lane and priority, which do not count as
 * running, and returns how many; puts them back to where they were.
 */
unsigned rota__lanes_take_more(struct rota__lanes *lanes,
	const struct rota_job *job, struct rota_job **ret_jobs, unsigned n);
void rota__lanes_put_back(
	struct rota__lanes *lanes, struct rota_job **jobs, unsigned n);

/* A job of lane `number` starts, by other ways; and has ended, n were run. */
void rota__lanes_started(struct rota__lanes *lanes, unsigned number);
void rota__lanes_ended(struct rota__lanes *lanes, unsigned number, unsigned n);

/* Bit i: a job of lane i, if there was one more, could start. */
uint32_t rota__lanes_open(const struct rota__lanes *lanes);

/* How many threads may wait for jobs. */
unsigned rota__lanes_n_threads(const struct rota__lanes *lanes);

/* 1 if no job waits, and no more than so many run. */
int rota__lanes_are_idle(const struct rota__lanes *lanes, uint32_t n_left);

#endif
