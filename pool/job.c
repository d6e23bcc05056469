/* SPDX-License-Identifier: MIT */
/* The way of a job through a pool, see job.h. */
#include "pool/job.h"

#include <errno.h>

#include "core/jobs.h"
#include "core/order.h"
#include "core/ring.h"
#include "pool/default.h"
#include "pool/pool.h"
#include "pool/put_by.h"
#include "pool/threads.h"

static int
is_stopped(const struct rota_pool *pool)
{
	return __atomic_load_n(&pool->is_stopped, __ATOMIC_SEQ_CST);
}

static uint32_t
state_of(const struct rota_job *job)
{
	return __atomic_load_n(&job->state, __ATOMIC_ACQUIRE);
}

/* Adds a bit; returns what was there before. */
static uint32_t
add_state(struct rota_job *job, uint32_t bit)
{
	return __atomic_fetch_or(&job->state, bit, __ATOMIC_ACQ_REL);
}

/* Whoever runs it may do so when the loop is gone. */
static void
end_lone(struct rota_job *job, int is_left)
{
	struct rota__lone_job *lone = (struct rota__lone_job *)job;
	struct rota_pool *pool = job->pool;

	lone->ended(lone, is_left);
	if (!is_left)
		return;
	rota__pool_lock(pool);
	pool->n_left--;
	rota__pool_tell_waiters(pool);
	rota__pool_unlock(pool);
	if (pool->executor.submit != NULL)
		rota__pool_release(pool);
}

void
rota__job_end(struct rota_job *job, int status)
{
	uint32_t state;

	job->result = status;
	if (job->request.loop != NULL) {
		__atomic_store_n(&job->state, ROTA__JOB_DONE, __ATOMIC_RELEASE);
		rota__job_post(job);
		return;
	}
	state = add_state(job, ROTA__JOB_DONE);
	end_lone(job, (state & ROTA__JOB_LEFT) != 0);
}

void
rota__job_set_running(struct rota_job *job)
{
	__atomic_store_n(&job->state, ROTA__JOB_RUNNING, __ATOMIC_RELAXED);
}

void
rota__job_set_queued(struct rota_job *job)
{
	__atomic_store_n(&job->state, ROTA__JOB_QUEUED, __ATOMIC_RELAXED);
}

/* It may have been cancelled a moment too late to be taken out. */
int
rota__job_perform(struct rota_job *job)
{
	return state_of(job) & (ROTA__JOB_CANCELED | ROTA__JOB_LEFT) ?
		-ECANCELED :
		job->run(job);
}

static void
push(struct rota_pool *pool, struct rota_job *job)
{
	struct rota_link *head =
		__atomic_load_n(&pool->arrived, __ATOMIC_RELAXED);

	do {
		job->line.next = head;
		ROTA__SENDS(&job->line);
	} while (!__atomic_compare_exchange_n(&pool->arrived, &head, &job->line,
		1, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
}

static int
needs_rousing(struct rota_pool *pool, unsigned lane)
{
	return __atomic_load_n(&pool->n_searching, __ATOMIC_SEQ_CST) == 0 &&
		(__atomic_load_n(&pool->open_lanes, __ATOMIC_SEQ_CST) >> lane &
			1);
}

/* Of those put by none that is less urgent goes before it. */
static void
go_ahead(struct rota_pool *pool)
{
	rota__pool_lock(pool);
	rota__pool_collect(pool);
	rota__put_by_recall_all(pool);
	rota__pool_unlock(pool);
}

/*
 * No thread can be had. If there is one already, all is well, else this job
 * is taken back, and others that have come meanwhile end.
 */
static int
take_back(struct rota_pool *pool, struct rota_job *job, int error)
{
	int is_mine = 0;

	rota__pool_lock(pool);
	rota__pool_collect(pool);
	if (pool->n_alive == 0) {
		is_mine = state_of(job) == ROTA__JOB_QUEUED;
		if (is_mine)
			rota__lanes_remove(&pool->lanes, job);
		rota__pool_end_waiting(pool, error);
	}
	rota__pool_unlock(pool);
	return is_mine ? error : 0;
}

/* A pool that is stopped at this very moment may have missed the job. */
static int
queue(struct rota_pool *pool, struct rota_job *job)
{
	unsigned lane = job->lane;
	unsigned level = rota__job_level(job);
	int r;

	push(pool, job);
	if (is_stopped(pool)) {
		rota__pool_lock(pool);
		rota__pool_end_waiting(pool, -ECANCELED);
		rota__pool_unlock(pool);
		return 0;
	}
	if (rota__put_by_is_before(pool, lane, level))
		go_ahead(pool);
	else if (!needs_rousing(pool, lane))
		return 0;
	r = rota__threads_rouse(pool);
	return r < 0 ? take_back(pool, job, r) : 0;
}

static int
submit(struct rota_pool *pool, struct rota_job *job)
{
	unsigned lane = job->lane;
	int r;

	if (pool->executor.submit == NULL)
		return queue(pool, job);
	rota__pool_lock(pool);
	rota__lanes_started(&pool->lanes, lane);
	rota__pool_unlock(pool);
	r = pool->executor.submit(pool->executor.data, job);
	if (r == 0)
		return 0;
	rota__pool_lock(pool);
	rota__lanes_ended(&pool->lanes, lane, 0);
	rota__pool_tell_waiters(pool);
	rota__pool_unlock(pool);
	return r;
}

static int
has_lane(const struct rota_pool *pool, unsigned lane)
{
	return lane < __atomic_load_n(&pool->lanes.n_lanes, __ATOMIC_ACQUIRE);
}

int
rota__job_aim(struct rota_loop *loop, struct rota_job *job,
	struct rota_pool *pool, unsigned lane, int priority)
{
	struct rota__jobs *jobs;
	int r;

	if (loop == NULL || job == NULL || priority < ROTA_JOB_PRIORITY_MIN ||
		priority > ROTA_JOB_PRIORITY_MAX)
		return -EINVAL;
	jobs = rota__loop_jobs(loop);
	/* The default one, if the loop has not got any. */
	if (pool == NULL && jobs->pool == NULL) {
		r = rota__default_hold(jobs->n_threads, &jobs->pool);
		if (r < 0)
			return r;
	}
	pool = pool != NULL ? pool : jobs->pool;
	if (!has_lane(pool, lane))
		return -EINVAL;
	if (is_stopped(pool))
		return -ESHUTDOWN;
	job->pool = pool;
	/* The loop's own pool is held by the loop. */
	job->holds_pool = pool != jobs->pool;
	job->lane = (uint8_t)lane;
	job->priority = (int8_t)priority;
	return 0;
}

/* What the threads see of it. */
static void
ready(struct rota_job *job, rota_job_fn *run)
{
	const struct rota_pool *pool = job->pool;

	job->run = run;
	ROTA__IS_ATOMIC(job->state);
	job->state = ROTA__JOB_QUEUED;
	job->result = 0;
	job->queued_ns = 0;
	if (__atomic_load_n(&pool->is_measuring, __ATOMIC_RELAXED))
		job->queued_ns = pool->sys->clock_ns();
}

int
rota__job_go(struct rota_loop *loop, struct rota_job *job,
	const struct rota__job_type *type, const char *place)
{
	struct rota_pool *pool = job->pool;
	int r;

	ready(job, type->run);
	rota__job_begin(loop, job, &type->request, place);
	if (job->holds_pool)
		rota__pool_hold(pool);
	r = submit(pool, job);
	if (r == 0)
		return 0;
	rota__job_forget(job);
	if (job->holds_pool)
		rota__pool_release(pool);
	return r;
}

int
rota__job_start(struct rota_loop *loop, struct rota_pool *pool,
	struct rota_job *job, const struct rota__job_type *type,
	const char *place)
{
	int r = rota__job_aim(loop, job, pool, type->lane, 0);

	return r < 0 ? r : rota__job_go(loop, job, type, place);
}

/* Takes a job that waits out of its lane. */
static int
dequeue(struct rota_pool *pool, struct rota_job *job)
{
	int is_queued;

	rota__pool_lock(pool);
	rota__pool_collect(pool);
	rota__put_by_recall_all(pool);
	is_queued = state_of(job) == ROTA__JOB_QUEUED;
	if (is_queued)
		rota__lanes_cancel(&pool->lanes, job);
	rota__pool_tell_waiters(pool);
	rota__pool_unlock(pool);
	return is_queued;
}

int
rota__job_take_back(struct rota_job *job, int status)
{
	if (job->pool->executor.submit != NULL || !dequeue(job->pool, job))
		return -EALREADY;
	rota__job_decide(job, status);
	rota__job_end(job, status);
	return 0;
}

/* An executor cannot give a job back; when it is run, nothing is done. */
int
rota__job_cancel(struct rota_request *request, int status)
{
	struct rota_job *job = (struct rota_job *)request;

	if (rota__job_take_back(job, status) == 0)
		return 0;
	if (add_state(job, ROTA__JOB_CANCELED) & ROTA__JOB_DONE)
		return -EALREADY;
	rota__job_decide(job, status);
	return 0;
}

int
rota__job_start_lone(struct rota_loop *loop, unsigned lane,
	struct rota__lone_job *lone, rota_job_fn *run, struct rota_job *job,
	const struct rota_request_type *type, const char *place)
{
	int r = rota__job_aim(loop, job, NULL, lane, 0);

	if (r < 0)
		return r;
	lone->job.request.loop = NULL;
	lone->job.pool = job->pool;
	lone->job.lane = job->lane;
	lone->job.priority = 0;
	lone->job.holds_pool = 0;
	ready(&lone->job, run);
	ready(job, NULL);
	rota__job_begin(loop, job, type, place);
	r = submit(job->pool, &lone->job);
	if (r < 0)
		rota__job_forget(job);
	return r;
}

/* Locked: the pool is there as long as an executor may run the job. */
static void
count_left(struct rota_pool *pool)
{
	pool->n_left++;
	if (pool->executor.submit != NULL)
		rota__pool_hold(pool);
}

int
rota__job_leave(struct rota__lone_job *lone, struct rota_job *job, int status)
{
	struct rota_pool *pool = job->pool;
	uint32_t state;
	int is_mine;

	rota__pool_lock(pool);
	rota__pool_collect(pool);
	rota__put_by_recall_all(pool);
	state = add_state(&lone->job, ROTA__JOB_LEFT);
	is_mine = state == ROTA__JOB_QUEUED && pool->executor.submit == NULL;
	if (is_mine)
		rota__lanes_cancel(&pool->lanes, &lone->job);
	else if (!(state & ROTA__JOB_DONE))
		count_left(pool);
	rota__pool_tell_waiters(pool);
	rota__pool_unlock(pool);
	if (state & ROTA__JOB_DONE)
		return -EALREADY;
	rota__job_decide(job, status);
	rota__job_end(job, status);
	return !is_mine;
}

void
rota__job_answer(struct rota_loop *loop, struct rota_job *job,
	const struct rota_request_type *type, int status, const char *place)
{
	job->pool = NULL;
	job->holds_pool = 0;
	job->state = ROTA__JOB_RUNNING;
	rota__job_begin(loop, job, type, place);
	rota__job_decide(job, status);
	rota__job_end(job, status);
}

/* When it is done, none but the loop's thread has any business to ask. */
int
rota__job_is_canceled(const struct rota_job *job)
{
	uint32_t state = state_of(job);

	return (state & ROTA__JOB_CANCELED) != 0 ||
		(state & ROTA__JOB_DONE && rota__job_is_decided(job));
}

/* Cancelled before, or at the moment when it would run. */
static int
run(struct rota_job *job)
{
	if (is_stopped(job->pool) ||
		add_state(job, ROTA__JOB_RUNNING) &
			(ROTA__JOB_CANCELED | ROTA__JOB_LEFT))
		return -ECANCELED;
	return job->run(job);
}

int
rota_job_run(struct rota_job *job)
{
	struct rota_pool *pool;
	unsigned lane;

	if (job == NULL || job->pool == NULL ||
		job->pool->executor.submit == NULL)
		return -EINVAL;
	pool = job->pool;
	lane = job->lane;
	rota__pool_hold(pool);
	rota__job_end(job, run(job));
	rota__pool_lock(pool);
	rota__lanes_ended(&pool->lanes, lane, 1);
	rota__pool_tell_waiters(pool);
	rota__pool_unlock(pool);
	rota__pool_release(pool);
	return 0;
}
