/* SPDX-License-Identifier: MIT */
/* Jobs as the loop sees them, see jobs.h. */
#include "core/jobs.h"

#include <errno.h>

#include "core/loop.h"
#include "core/request.h"
#include "core/ring.h"

static const struct rota__pool_head *
head_of(const struct rota_pool *pool)
{
	return (const struct rota__pool_head *)(const void *)pool;
}

static const struct rota__pool_type *
type_of(const struct rota_pool *pool)
{
	return head_of(pool)->type;
}

/* The job's memory is the caller's again when its callback begins. */
static void
deliver_job(struct rota_loop *loop, struct rota_note *note)
{
	struct rota_job *job = ROTA__CONTAINER(note, struct rota_job, note);
	struct rota_pool *pool = job->holds_pool ? job->pool : NULL;

	(void)loop;
	rota__ring_remove(&job->link);
	/* The thread that did it may have missed that. */
	if (rota__request_is_decided(&job->request))
		__atomic_store_n(&job->state,
			ROTA__JOB_DONE | ROTA__JOB_CANCELED, __ATOMIC_RELAXED);
	else
		rota__request_decide(&job->request, job->result);
	rota__request_tell(&job->request);
	/* What was answered at once needs no pool. */
	if (pool != NULL)
		type_of(pool)->told(pool);
}

void
rota__job_begin(struct rota_loop *loop, struct rota_job *job,
	const struct rota_request_type *type, const char *place)
{
	rota__request_begin(loop, NULL, &job->request, type, place);
	job->note.deliver = deliver_job;
	job->note.offset = 0;
	rota__ring_append(&loop->jobs.in_flight, &job->link);
}

void
rota__job_forget(struct rota_job *job)
{
	rota__ring_remove(&job->link);
	(void)rota_request_end(&job->request);
}

void
rota__job_post(struct rota_job *job)
{
	rota__post_note(job->request.loop, &job->note);
}

void
rota__job_decide(struct rota_job *job, int status)
{
	rota__request_decide(&job->request, status);
}

int
rota__job_is_decided(const struct rota_job *job)
{
	return (job->request.flags & (ROTA__IN_FLIGHT | ROTA__DECIDED)) ==
		(ROTA__IN_FLIGHT | ROTA__DECIDED);
}

struct rota__jobs *
rota__loop_jobs(struct rota_loop *loop)
{
	return &loop->jobs;
}

const struct rota_sys *
rota__loop_sys(const struct rota_loop *loop)
{
	return loop->sys;
}

const struct rota__memory *
rota__loop_memory(const struct rota_loop *loop)
{
	return &loop->memory;
}

void
rota__jobs_init(struct rota_loop *loop, struct rota_pool *pool)
{
	rota__ring_init(&loop->jobs.in_flight);
	loop->jobs.pid = loop->sys->getpid();
	loop->jobs.pool = pool;
	if (pool != NULL)
		type_of(pool)->hold(pool);
}

void
rota__jobs_fini(struct rota_loop *loop)
{
	struct rota_pool *pool = loop->jobs.pool;

	loop->jobs.pool = NULL;
	if (pool != NULL)
		type_of(pool)->release(pool);
}

/* As the pool of the last job has it. What was answered at once has none. */
uint64_t
rota__jobs_lookout_ns(struct rota_loop *loop, uint64_t timeout_ns)
{
	struct rota__jobs *jobs = &loop->jobs;
	const struct rota_job *last =
		ROTA__CONTAINER(jobs->in_flight.prev, struct rota_job, link);
	uint64_t lookout_ns =
		last->pool != NULL ? head_of(last->pool)->lookout_ns : 0;

	if (lookout_ns == 0 || timeout_ns <= lookout_ns ||
		!rota__lookout_may(&jobs->lookout))
		return 0;
	return lookout_ns;
}

/* How a job is left by rota__jobs_fork(), and by nobody else. */
#define ENDED_BY_FORK (ROTA__JOB_DONE | ROTA__JOB_CANCELED)

int
rota__jobs_are_run(const struct rota_loop *loop)
{
	const struct rota_link *head = &loop->jobs.in_flight;
	const struct rota_link *link;

	if (loop->jobs.pid != loop->sys->getpid())
		return 0;
	for (link = head->next; link != head; link = link->next) {
		const struct rota_job *job =
			ROTA__CONTAINER(link, struct rota_job, link);

		if (__atomic_load_n(&job->state, __ATOMIC_RELAXED) !=
			ENDED_BY_FORK)
			return 1;
	}
	return 0;
}

/*
 * A job that was done when the process forked has a result, in the child as
 * well; but whether its note was in the inbox by then is anybody's guess. So
 * all are taken out, and then each is put in once.
 */
void
rota__jobs_fork(struct rota_loop *loop)
{
	struct rota_link *head = &loop->jobs.in_flight;
	struct rota_link *link;
	struct rota_job *job;

	if (loop->jobs.pid == loop->sys->getpid())
		return;
	loop->jobs.pid = loop->sys->getpid();
	if (loop->jobs.pool != NULL)
		type_of(loop->jobs.pool)->fork(loop->jobs.pool);
	rota__inbox_drop(loop, deliver_job);
	for (link = head->next; link != head; link = link->next) {
		job = ROTA__CONTAINER(link, struct rota_job, link);
		if (job->pool != NULL)
			type_of(job->pool)->fork(job->pool);
		if (!(job->state & ROTA__JOB_DONE) &&
			!rota__request_is_decided(&job->request))
			rota__request_decide(&job->request, -ECANCELED);
		job->state = ENDED_BY_FORK;
		rota__job_post(job);
	}
}
