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

#include "rota/pool.h"

/*
 * A kind of job. request.cancel must be rota__job_cancel; request.tell calls
 * the user's callback in the loop's thread with the status: what run()
 * returned, or -ECANCELED, -ETIMEDOUT if it was taken back before it ended.
 * run() is called in a thread of the pool; it must touch nothing of the loop
 * but rota__loop_sys() of it (core/jobs.h).
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

/* The same in another lane than the type's, with a priority. */
int rota__job_start_in(struct rota_loop *loop, struct rota_pool *pool,
	unsigned lane, int priority, struct rota_job *job,
	const struct rota__job_type *type, const char *place);

/* Of rota__job_type.request. */
int rota__job_cancel(struct rota_request *request, int status);

/* 1 if the job was cancelled, or its time is up. when: any thread. */
int rota__job_is_canceled(const struct rota_job *job);

/* For pool/: a job out of its lane starts to run; is run; ends without. */
void rota__job_set_running(struct rota_job *job);
void rota__job_perform(struct rota_job *job);
void rota__job_end(struct rota_job *job, int status);

#endif
