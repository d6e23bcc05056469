/* SPDX-License-Identifier: MIT */
/*
 * Jobs: requests whose work is done by a thread. The one way into a pool for
 * everything that is made of it (work, files, look-ups, crypto):
 *
 *	rota__job_start() -> queued -> running -> done -> note -> told
 *	                       |          |
 *	                 cancel: taken    flag is set, which the job may ask
 *	                 out at once      for; told with that status when it
 *	                                  returns
 */
#ifndef ROTA_POOL_JOB_H
#define ROTA_POOL_JOB_H

#include "core/jobs.h"
#include "rota/pool.h"

/*
 * rota__job_start() in two steps, for who has to write into the job's memory
 * in between; the second fails only for want of threads.
 */
int rota__job_aim(struct rota_loop *loop, struct rota_job *job,
	struct rota_pool *pool, unsigned lane, int priority);
int rota__job_go(struct rota_loop *loop, struct rota_job *job,
	const struct rota__job_type *type, const char *place);

/*
 * Work that cannot be broken off, and that a request need not wait for to
 * end: the job that does it is alone, without a loop, in memory of its own.
 *
 *	request "job", in flight <---> lone job: queued, running, done
 *	     |                            |
 *	     | <--- ended(lone, 0) -------+	calls rota__job_end(job)
 *	     |
 *	     +-- rota__job_leave(): job ends; later ended(lone, 1) frees lone
 *
 * ended() is called once, by any thread, also one that holds the pool's lock;
 * lone->job.result says what run() returned, or -ECANCELED. As long as nobody
 * has left, the request is there and in flight.
 */
struct rota__lone_job {
	struct rota_job job;
	void (*ended)(struct rota__lone_job *lone, int is_left);
};

/* Puts `job` in flight and has the loop's pool do `lone` for it. */
int rota__job_start_lone(struct rota_loop *loop, unsigned lane,
	struct rota__lone_job *lone, rota_job_fn *run, struct rota_job *job,
	const struct rota_request_type *type, const char *place);

/*
 * Ends `job` with `status` at once. Returns 0 if `lone` is the caller's again,
 * 1 if ended() will be called for it; -EALREADY if it is done: then `job` ends
 * as that has told.
 * when: the loop's thread.
 */
int rota__job_leave(
	struct rota__lone_job *lone, struct rota_job *job, int status);

/* Puts `job` in flight and ends it with `status`: it needs no thread. */
void rota__job_answer(struct rota_loop *loop, struct rota_job *job,
	const struct rota_request_type *type, int status, const char *place);

/* 1 if the job was cancelled, or its time is up. when: any thread. */
int rota__job_is_canceled(const struct rota_job *job);

/*
 * For pool/: a job is out of its lane, or in it again; is run; has ended, and
 * from then on it belongs to its loop's thread.
 */
void rota__job_set_running(struct rota_job *job);
void rota__job_set_queued(struct rota_job *job);
int rota__job_perform(struct rota_job *job);
void rota__job_end(struct rota_job *job, int status);

#endif
