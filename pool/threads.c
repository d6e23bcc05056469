/* SPDX-License-Identifier: MIT */
/*
 * The threads of a pool, see pool.h.
 *
 *	        a job is there, locked
 *	searches -------------------> runs
 *	  ^  ^  | none                  |
 *	  |  |  v             job done, not locked
 *	  |  sleeps, or ends            |
 *	  +-----------------------------+
 *
 * Who sleeps is called under the lock, and counts as searching from then on.
 */
#include "pool/threads.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/order.h"
#include "core/ring.h"
#include "pool/job.h"
#include "pool/metrics.h"
#include "pool/put_by.h"

#define POLL_ROUNDS 200
/* So often the clock is asked at most. */
#define LOOKOUT_ROUNDS 1000

static void
search(struct rota_pool *pool)
{
	(void)__atomic_fetch_add(&pool->n_searching, 1, __ATOMIC_SEQ_CST);
}

/*
 * Searches no more. Who pushed a job before has counted on us: so look once
 * more. Returns 1 if something has arrived.
 */
static int
search_ended(struct rota_pool *pool)
{
	__atomic_store_n(&pool->open_lanes, rota__lanes_open(&pool->lanes),
		__ATOMIC_RELAXED);
	(void)__atomic_fetch_sub(&pool->n_searching, 1, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&pool->arrived, __ATOMIC_SEQ_CST) != NULL;
}

static struct rota__worker *
call(struct rota_pool *pool)
{
	struct rota_link *link = rota__ring_take_first(&pool->sleepers);
	struct rota__worker *worker;

	if (link == NULL)
		return NULL;
	worker = ROTA__CONTAINER(link, struct rota__worker, link);
	worker->is_called = 1;
	search(pool);
	return worker;
}

void
rota__threads_call_all(struct rota_pool *pool)
{
	struct rota__worker *worker;

	while ((worker = call(pool)) != NULL)
		(void)pthread_cond_signal(&worker->called);
}

/* Locked: one of those that have ended, or NULL. */
static struct rota__worker *
take_ended(struct rota_pool *pool)
{
	struct rota_link *link = rota__ring_take_first(&pool->ended);
	struct rota__worker *worker;

	if (link == NULL)
		return NULL;
	worker = ROTA__CONTAINER(link, struct rota__worker, link);
	if (worker->must_be_joined)
		pool->sys->thread_join(worker->thread);
	worker->must_be_joined = 0;
	return worker;
}

static struct rota__worker *
get_worker(struct rota_pool *pool)
{
	struct rota__worker *worker = take_ended(pool);

	if (worker != NULL)
		return worker;
	worker = rota__realloc(&pool->memory, NULL, sizeof(*worker));
	if (worker == NULL)
		return NULL;
	memset(worker, 0, sizeof(*worker));
	if (rota__sys_cond_init(&worker->called) < 0) {
		rota__free(&pool->memory, worker);
		return NULL;
	}
	ROTA__IS_ATOMIC(worker->put_by);
	worker->pool = pool;
	worker->number = ++pool->n_numbers;
	worker->next = pool->workers;
	pool->workers = worker;
	return worker;
}

static void *run_worker(void *data);

/* Locked: a new thread, which counts as searching. */
static int
grow(struct rota_pool *pool)
{
	struct rota__worker *worker = get_worker(pool);
	int r;

	if (worker == NULL)
		return -ENOMEM;
	rota__ring_init(&worker->link);
	worker->is_called = 0;
	worker->is_alive = 1;
	worker->times.ended_ns = 0;
	pool->n_alive++;
	search(pool);
	r = pool->sys->thread_start(
		pool->stack_bytes, run_worker, worker, &worker->thread);
	if (r == 0)
		return 0;
	pool->n_alive--;
	worker->is_alive = 0;
	rota__ring_append(&pool->ended, &worker->link);
	(void)search_ended(pool);
	return r;
}

/*
 * Locked: if a job could start and nobody looks for it, *ret_worker is one to
 * be signalled, or there is a new thread. Who has closed a pool counts on no
 * thread more, and who has queued a job since takes it out.
 */
static int
get_help(struct rota_pool *pool, struct rota__worker **ret_worker)
{
	*ret_worker = NULL;
	if (__atomic_load_n(&pool->n_searching, __ATOMIC_SEQ_CST) > 0 ||
		__atomic_load_n(&pool->is_stopped, __ATOMIC_SEQ_CST) ||
		(pool->lanes.waiting & rota__lanes_open(&pool->lanes)) == 0)
		return 0;
	*ret_worker = call(pool);
	return *ret_worker != NULL ? 0 : grow(pool);
}

int
rota__threads_rouse(struct rota_pool *pool)
{
	struct rota__worker *worker;
	int r;

	rota__pool_lock(pool);
	rota__pool_collect(pool);
	r = get_help(pool, &worker);
	rota__pool_unlock(pool);
	if (worker != NULL)
		(void)pthread_cond_signal(&worker->called);
	return r;
}

static int
arrives_at_once(const struct rota_pool *pool)
{
	unsigned i;

	for (i = 0; i < POLL_ROUNDS; i++)
		if (__atomic_load_n(&pool->arrived, __ATOMIC_RELAXED) != NULL)
			return 1;
	return 0;
}

static int
arrives_soon(const struct rota_pool *pool)
{
	uint64_t end_ns =
		rota__clock_add(pool->sys->clock_ns(), pool->head.lookout_ns);
	unsigned n_rounds = LOOKOUT_ROUNDS;

	do
		if (arrives_at_once(pool))
			return 1;
	while (--n_rounds > 0 && pool->sys->clock_ns() < end_ns);
	return 0;
}

/* Locked, but not meanwhile: that is cheaper than to sleep. */
static void
look_out(struct rota_pool *pool)
{
	int may_take_long = rota__lookout_may(&pool->lookout);
	int has_paid;

	rota__pool_unlock(pool);
	has_paid = may_take_long ? arrives_soon(pool) : arrives_at_once(pool);
	rota__pool_lock(pool);
	if (may_take_long || has_paid)
		rota__lookout_learn(&pool->lookout, has_paid);
}

/*
 * Locked: a job that may start, also of those that others have put by. What
 * time it is tells the job that the worker has measured last.
 */
static struct rota_job *
find_job(struct rota__worker *worker)
{
	struct rota_pool *pool = worker->pool;
	struct rota_job *job;

	rota__pool_collect(pool);
	rota__put_by_recall_late(pool, worker->times.ended_ns);
	job = rota__lanes_start(&pool->lanes);
	if (job != NULL)
		return job;
	rota__put_by_recall_all(pool);
	return rota__lanes_start(&pool->lanes);
}

/* Locked: sleeps until called, unless something has arrived. */
static void
sleep_until_called(struct rota__worker *worker)
{
	struct rota_pool *pool = worker->pool;

	worker->is_called = 0;
	rota__ring_insert_before(pool->sleepers.next, &worker->link);
	if (search_ended(pool)) {
		rota__ring_remove(&worker->link);
		search(pool);
		return;
	}
	while (!worker->is_called)
		rota__sys_cond_wait(&worker->called, &pool->lock, ROTA_FOREVER);
	worker->times.ended_ns = 0;
}

/* Returns 1 if the thread is to end, and then it searches no more. */
static int
may_end(struct rota_pool *pool)
{
	if (!__atomic_load_n(&pool->is_stopped, __ATOMIC_SEQ_CST) &&
		pool->n_alive <= rota__lanes_n_threads(&pool->lanes))
		return 0;
	if (!search_ended(pool))
		return 1;
	search(pool);
	return 0;
}

/* Locked: the next job, or NULL to end. */
static struct rota_job *
wait_for_job(struct rota__worker *worker)
{
	struct rota_pool *pool = worker->pool;
	struct rota_job *job = find_job(worker);

	if (job == NULL && pool->is_parallel &&
		__atomic_load_n(&pool->n_searching, __ATOMIC_RELAXED) == 1) {
		rota__pool_tell_waiters(pool);
		look_out(pool);
		job = find_job(worker);
	}
	while (job == NULL) {
		rota__pool_tell_waiters(pool);
		if (may_end(pool))
			return NULL;
		sleep_until_called(worker);
		job = find_job(worker);
	}
	return job;
}

/* Locked, and unlocked afterwards unless it is NULL: the thread ends. */
static struct rota_job *
next_job(struct rota__worker *worker)
{
	struct rota_pool *pool = worker->pool;
	struct rota_job *job = wait_for_job(worker);
	struct rota__worker *helper;

	if (job == NULL)
		return NULL;
	rota__job_set_running(job);
	worker->measures = pool->times != NULL ||
		pool->lanes.lanes[job->lane].n_queued > 0 ||
		!rota__ring_is_empty(&pool->putters);
	rota__put_by_add(worker, job);
	if (search_ended(pool)) {
		rota__pool_collect(pool);
		if (worker->has_put_by &&
			rota__lanes_has_before(&pool->lanes, job))
			rota__put_by_recall(worker);
	}
	(void)get_help(pool, &helper);
	rota__pool_unlock(pool);
	if (helper != NULL)
		(void)pthread_cond_signal(&helper->called);
	return job;
}

/*
 * Runs a job and those put by. Says that it searches before the last one is
 * told, so that who hears of it and starts another calls nobody.
 */
static unsigned
run_jobs(struct rota__worker *worker, struct rota_job *job)
{
	struct rota_pool *pool = worker->pool;
	struct rota_job *next;
	unsigned n_run = 0;
	int status;

	worker->times.queued_ns = job->queued_ns;
	worker->times.began_ns = worker->measures ? pool->sys->clock_ns() : 0;
	for (; job != NULL; job = next) {
		status = rota__job_perform(job);
		n_run++;
		next = rota__put_by_take(worker);
		if (next == NULL) {
			worker->times.ended_ns =
				worker->measures ? pool->sys->clock_ns() : 0;
			search(pool);
		}
		rota__job_end(job, status);
	}
	if (worker->measures)
		rota__put_by_learn(worker, n_run);
	return n_run;
}

/* Locked; unlocks. Who closes the pool may free it at once. */
static void
leave(struct rota__worker *worker)
{
	struct rota_pool *pool = worker->pool;
	int is_last_stuck;

	worker->is_alive = 0;
	pool->n_alive--;
	is_last_stuck = pool->is_abandoned && pool->n_alive == 0;
	worker->must_be_joined = !pool->is_abandoned;
	rota__ring_append(&pool->ended, &worker->link);
	rota__pool_tell_waiters(pool);
	rota__pool_unlock(pool);
	if (is_last_stuck)
		rota__pool_release(pool);
}

static void *
run_worker(void *data)
{
	struct rota__worker *worker = data;
	struct rota_pool *pool = worker->pool;
	struct rota_job *job;
	unsigned lane;
	unsigned n_run;
	char name[32];

	(void)snprintf(
		name, sizeof(name), "%.10s-%u", pool->name, worker->number);
	pool->sys->thread_name(name);
	rota__pool_lock(pool);
	while ((job = next_job(worker)) != NULL) {
		lane = job->lane;
		n_run = run_jobs(worker, job);
		rota__pool_lock(pool);
		rota__put_by_settle(worker);
		rota__lanes_ended(&pool->lanes, lane, n_run);
		rota__pool_count(pool, lane, &worker->times);
	}
	leave(worker);
	return NULL;
}

void
rota__threads_collect(struct rota_pool *pool)
{
	while (take_ended(pool) != NULL)
		;
}

void
rota__threads_abandon(struct rota_pool *pool)
{
	struct rota__worker *worker;

	for (worker = pool->workers; worker != NULL; worker = worker->next)
		if (worker->is_alive)
			pool->sys->thread_detach(worker->thread);
}
