/* SPDX-License-Identifier: MIT */
/*
 * What core has to do with work that is done elsewhere, in the threads of a
 * pool: it counts the jobs in flight, names them, and tells how they ended.
 * It knows of a pool only what stands in its head; who starts jobs (pool/)
 * knows of a loop only what stands here and in core/post.h.
 */
#ifndef ROTA_CORE_JOBS_H
#define ROTA_CORE_JOBS_H

#include "core/lookout.h"
#include "core/sys.h"
#include "rota/pool.h"

/* What a loop asks of its pool. */
struct rota__pool_type {
	/* Called by a loop that will use it, and when it does no longer. */
	void (*hold)(struct rota_pool *pool);
	void (*release)(struct rota_pool *pool);
	/*
	 * In the child of a fork: the threads are gone, the pool becomes one
	 * without jobs. The second call in one process changes nothing.
	 */
	void (*fork)(struct rota_pool *pool);
	/* A job that has been told does not hold its pool any longer. */
	void (*told)(struct rota_pool *pool);
};

/* A pool begins with it. */
struct rota__pool_head {
	const struct rota__pool_type *type;
	/* For so long who waits for a job may look out; 0: not at all. */
	uint64_t lookout_ns;
};

/* Of rota_job.state; the way is QUEUED, RUNNING, DONE. */
enum rota__job_state {
	ROTA__JOB_QUEUED = 0,
	ROTA__JOB_RUNNING = 1,
	ROTA__JOB_DONE = 2,
	/* Beside one of these: how it ends is decided already. */
	ROTA__JOB_CANCELED = 4,
	/* Of lone jobs, beside one of these: nobody waits for it any more. */
	ROTA__JOB_LEFT = 8
};

/* What a loop has of jobs. */
struct rota__jobs {
	/* Jobs by their `link`, from their start until they are told. */
	struct rota_link in_flight;
	/* Where jobs go that name no pool; held. NULL before the first. */
	struct rota_pool *pool;
	/* The process whose threads do the jobs. */
	pid_t pid;
	/* How large a default pool must be for this loop; 0 for any size. */
	unsigned n_threads;
	/* Whether the loop looks out for their end. */
	struct rota__lookout lookout;
};

/*
 * What pool/ has for core, as backends/ have what core/backend.h asks for:
 * jobs of core's own kinds.
 */

/*
 * A kind of job. request.cancel must be rota__job_cancel; request.tell calls
 * the user's callback in the loop's thread with the status: what run()
 * returned, or -ECANCELED, -ETIMEDOUT if it was taken back before it ended.
 * run() is called in a thread of the pool; it must touch nothing of the loop
 * but rota__loop_sys() of it.
 */
struct rota__job_type {
	struct rota_request_type request;
	rota_job_fn *run;
	uint8_t lane;
};

/*
 * Starts a job; NULL stands for the loop's pool. No thread is started before
 * the first.
 *
 * errors: -EINVAL loop or job is NULL; -ESHUTDOWN the pool is stopped;
 *	-EAGAIN, -ENOMEM no thread could be started and none is there.
 *	Nothing changes then.
 */
int rota__job_start(struct rota_loop *loop, struct rota_pool *pool,
	struct rota_job *job, const struct rota__job_type *type,
	const char *place);

/* Of rota__job_type.request. */
int rota__job_cancel(struct rota_request *request, int status);

/*
 * Takes a job back that no thread has begun, and has it told with `status`;
 * -EALREADY if one has, or if that cannot be known.
 */
int rota__job_take_back(struct rota_job *job, int status);

/* What core has for pool/. */

/* Puts a job in flight, as rota_request_begin() does. */
void rota__job_begin(struct rota_loop *loop, struct rota_job *job,
	const struct rota_request_type *type, const char *place);

/* Takes one out again that could not be started: its callback won't come. */
void rota__job_forget(struct rota_job *job);

/*
 * Has a job told that is DONE, or whose end rota__job_decide() has fixed. A
 * job belongs to its loop from then on.
 * when: any thread.
 */
void rota__job_post(struct rota_job *job);

/* Fixes how a job ends. when: the loop's thread. */
void rota__job_decide(struct rota_job *job, int status);

/* 1 if the end of a job that is DONE was fixed. when: the loop's thread. */
int rota__job_is_decided(const struct rota_job *job);

/* The loop's pool, system calls and memory, for pool/. */
struct rota__jobs *rota__loop_jobs(struct rota_loop *loop);
const struct rota_sys *rota__loop_sys(const struct rota_loop *loop);
const struct rota__memory *rota__loop_memory(const struct rota_loop *loop);

void rota__jobs_init(struct rota_loop *loop, struct rota_pool *pool);
void rota__jobs_fini(struct rota_loop *loop);

/*
 * 1 if threads of this process have jobs of the loop: then it is not one that
 * has only just come out of a fork.
 */
int rota__jobs_are_run(const struct rota_loop *loop);

/*
 * With jobs in flight: for how long a loop that may wait for timeout_ns should
 * first look out for the end of one, then rota__lookout_learn() is to be told;
 * or 0.
 */
uint64_t rota__jobs_lookout_ns(struct rota_loop *loop, uint64_t timeout_ns);

/* Ends the child's copies of jobs in flight; the parent's go on. */
void rota__jobs_fork(struct rota_loop *loop);

#endif
