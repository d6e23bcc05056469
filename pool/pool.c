/* SPDX-License-Identifier: MIT */
/* The life of a pool, see pool.h. */
#include "pool/pool.h"

#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "core/order.h"
#include "core/ring.h"
#include "pool/default.h"
#include "pool/job.h"
#include "pool/put_by.h"
#include "pool/threads.h"

#define DEFAULT_THREADS 4
#define DEFAULT_NAME "rota"
#define LOCK_ROUNDS 100
#define DEFAULT_LOOKOUT_NS (50 * ROTA_MICROSECOND)

static const struct rota_pool_options default_options = ROTA_POOL_OPTIONS_INIT;

/* It is held for so short a time that to sleep for it would take longer. */
void
rota__pool_lock(struct rota_pool *pool)
{
	unsigned i;

	for (i = 0; pool->is_parallel && i < LOCK_ROUNDS; i++)
		if (pthread_mutex_trylock(&pool->lock) == 0)
			return;
	(void)pthread_mutex_lock(&pool->lock);
}

void
rota__pool_unlock(struct rota_pool *pool)
{
	(void)pthread_mutex_unlock(&pool->lock);
}

void
rota__pool_hold(struct rota_pool *pool)
{
	(void)__atomic_fetch_add(&pool->n_refs, 1, __ATOMIC_RELAXED);
}

static void
free_pool(struct rota_pool *pool)
{
	struct rota__memory memory = pool->memory;
	struct rota__worker *worker;

	while ((worker = pool->workers) != NULL) {
		pool->workers = worker->next;
		(void)pthread_cond_destroy(&worker->called);
		rota__free(&memory, worker);
	}
	rota__free(&memory, pool->times);
	(void)pthread_cond_destroy(&pool->changed);
	(void)pthread_mutex_destroy(&pool->lock);
	rota__free(&memory, pool);
}

void
rota__pool_release(struct rota_pool *pool)
{
	ROTA__SENDS(&pool->n_refs);
	if (__atomic_fetch_sub(&pool->n_refs, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	ROTA__RECEIVES(&pool->n_refs);
	free_pool(pool);
}

void
rota__pool_collect(struct rota_pool *pool)
{
	if (__atomic_load_n(&pool->arrived, __ATOMIC_SEQ_CST) == NULL)
		return;
	rota__lanes_put(&pool->lanes,
		__atomic_exchange_n(&pool->arrived, NULL, __ATOMIC_ACQUIRE));
}

void
rota__pool_end_waiting(struct rota_pool *pool, int status)
{
	struct rota_job *job;

	rota__pool_collect(pool);
	rota__put_by_recall_all(pool);
	while ((job = rota__lanes_remove_any(&pool->lanes)) != NULL)
		rota__job_end(job, status);
	rota__pool_tell_waiters(pool);
}

static int
is_idle(struct rota_pool *pool)
{
	rota__pool_collect(pool);
	return rota__lanes_are_idle(&pool->lanes, pool->n_left);
}

void
rota__pool_tell_waiters(struct rota_pool *pool)
{
	if (pool->n_waiters > 0)
		(void)pthread_cond_broadcast(&pool->changed);
}

/* But those that are left to themselves. */
static int
has_no_threads(struct rota_pool *pool)
{
	return pool->n_alive <= pool->n_left && is_idle(pool);
}

/* Locked: returns 0, or -ETIMEDOUT. */
static int
wait_until(struct rota_pool *pool, int (*is_so)(struct rota_pool *),
	uint64_t timeout_ns)
{
	uint64_t now_ns = pool->sys->clock_ns();
	uint64_t end_ns = rota__clock_add(now_ns, timeout_ns);

	pool->n_waiters++;
	while (!is_so(pool) && now_ns < end_ns) {
		rota__sys_cond_wait(&pool->changed, &pool->lock,
			end_ns == ROTA_FOREVER ? ROTA_FOREVER :
						 end_ns - now_ns);
		now_ns = pool->sys->clock_ns();
	}
	pool->n_waiters--;
	return is_so(pool) ? 0 : -ETIMEDOUT;
}

static void
stop(struct rota_pool *pool)
{
	__atomic_store_n(&pool->is_stopped, 1, __ATOMIC_SEQ_CST);
	rota__pool_lock(pool);
	rota__pool_end_waiting(pool, -ECANCELED);
	rota__threads_call_all(pool);
	rota__pool_unlock(pool);
}

static int
count_running(const struct rota__lanes *lanes)
{
	uint32_t n = 0;
	unsigned i;

	for (i = 0; i < lanes->n_lanes; i++)
		n += lanes->lanes[i].n_running;
	return (int)n;
}

/* The threads that are left hold the pool in our place. */
int
rota__pool_end(struct rota_pool *pool, uint64_t grace_ns)
{
	int n_stuck = 0;

	stop(pool);
	rota__pool_lock(pool);
	if (wait_until(pool, has_no_threads, grace_ns) < 0)
		n_stuck = count_running(&pool->lanes) - (int)pool->n_left;
	pool->is_abandoned = pool->n_alive > 0;
	rota__threads_collect(pool);
	if (pool->is_abandoned) {
		rota__threads_abandon(pool);
		rota__pool_unlock(pool);
		return n_stuck;
	}
	rota__pool_unlock(pool);
	rota__pool_release(pool);
	return n_stuck;
}

/*
 * What other threads did at the moment of the fork is half done for ever: so
 * the lock is made anew, the lanes are emptied unseen, and the workers, whose
 * conditions have waiters that are not there, are only freed.
 */
void
rota__pool_fork(struct rota_pool *pool)
{
	struct rota__worker *worker;

	if (pool->pid == pool->sys->getpid())
		return;
	pool->pid = pool->sys->getpid();
	while ((worker = pool->workers) != NULL) {
		pool->workers = worker->next;
		rota__free(&pool->memory, worker);
	}
	pool->arrived = NULL;
	pool->n_searching = 0;
	pool->n_alive = 0;
	pool->n_left = 0;
	pool->n_waiters = 0;
	rota__ring_init(&pool->sleepers);
	rota__ring_init(&pool->ended);
	rota__ring_init(&pool->putters);
	rota__lanes_clear(&pool->lanes);
	pool->open_lanes = rota__lanes_open(&pool->lanes);
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)rota__sys_cond_init(&pool->changed);
}

static int
init_locks(struct rota_pool *pool)
{
	int r = -pthread_mutex_init(&pool->lock, NULL);

	if (r < 0)
		return r;
	r = rota__sys_cond_init(&pool->changed);
	if (r < 0)
		(void)pthread_mutex_destroy(&pool->lock);
	return r;
}

static void
tell_what_is_atomic(struct rota_pool *pool)
{
	ROTA__IS_ATOMIC(pool->n_refs);
	ROTA__IS_ATOMIC(pool->is_stopped);
	ROTA__IS_ATOMIC(pool->is_measuring);
	ROTA__IS_ATOMIC(pool->arrived);
	ROTA__IS_ATOMIC(pool->n_searching);
	ROTA__IS_ATOMIC(pool->open_lanes);
	ROTA__IS_ATOMIC(pool->put_levels);
	ROTA__IS_ATOMIC(pool->lanes.n_lanes);
}

static int
fill(struct rota_pool *pool, const struct rota_pool_options *options)
{
	unsigned i;
	int r;

	if (options->executor != NULL)
		pool->executor = *options->executor;
	pool->stack_bytes = options->stack_bytes;
	strncat(pool->name, options->name ? options->name : DEFAULT_NAME,
		sizeof(pool->name) - 1);
	pool->is_parallel = pool->sys->n_processors() > 1;
	if (pool->is_parallel && options->lookout_ns != ROTA_POOL_NO_LOOKOUT)
		pool->head.lookout_ns = options->lookout_ns ?
			options->lookout_ns :
			DEFAULT_LOOKOUT_NS;
	pool->n_refs = 1;
	pool->pid = pool->sys->getpid();
	rota__ring_init(&pool->sleepers);
	rota__ring_init(&pool->ended);
	rota__ring_init(&pool->putters);
	rota__lanes_init(&pool->lanes,
		options->n_threads ? options->n_threads : DEFAULT_THREADS);
	for (i = 0; i < options->n_lanes; i++) {
		r = rota__lanes_set(
			&pool->lanes, ROTA_LANE_USER + i, &options->lanes[i]);
		if (r < 0)
			return r;
	}
	pool->open_lanes = rota__lanes_open(&pool->lanes);
	tell_what_is_atomic(pool);
	return init_locks(pool);
}

static int
are_sound(const struct rota_pool_options *options)
{
	return options->size == sizeof(*options) &&
		options->n_threads <= ROTA_POOL_MAX_THREADS &&
		options->lookout_ns <= ROTA_POOL_MAX_LOOKOUT &&
		(options->lanes != NULL || options->n_lanes == 0) &&
		(options->executor == NULL ||
			options->executor->submit != NULL);
}

int
rota__pool_make(const struct rota_pool_options *options,
	const struct rota__pool_type *type, struct rota_pool **ret_pool)
{
	const struct rota_sys *sys;
	struct rota__memory memory;
	struct rota_pool *pool;
	int r;

	if (!are_sound(options))
		return -EINVAL;
	sys = options->sys ? options->sys : &rota__sys_real;
	memory = rota__sys_memory(sys);
	if (options->realloc_fn != NULL) {
		memory.realloc = options->realloc_fn;
		memory.data = options->realloc_data;
	}
	pool = rota__realloc(&memory, NULL, sizeof(*pool));
	if (pool == NULL)
		return -ENOMEM;
	memset(pool, 0, sizeof(*pool));
	pool->head.type = type;
	pool->sys = sys;
	pool->memory = memory;
	r = fill(pool, options);
	if (r < 0) {
		rota__free(&memory, pool);
		return r;
	}
	*ret_pool = pool;
	return 0;
}

static const struct rota__pool_type type = {
	.hold = rota__pool_hold,
	.release = rota__pool_release,
	.fork = rota__pool_fork,
	.told = rota__pool_release,
};

int
rota_pool_create(
	const struct rota_pool_options *options, struct rota_pool **ret_pool)
{
	if (options == NULL)
		options = &default_options;
	if (ret_pool == NULL)
		return -EINVAL;
	return rota__pool_make(options, &type, ret_pool);
}

int
rota_pool_stop(struct rota_pool *pool)
{
	if (pool == NULL)
		return -EINVAL;
	if (rota__default_is(pool))
		return -EPERM;
	stop(pool);
	return 0;
}

int
rota_pool_close(struct rota_pool *pool, uint64_t grace_ns)
{
	if (pool == NULL)
		return -EINVAL;
	if (rota__default_is(pool))
		return rota__default_release(pool, grace_ns);
	return rota__pool_end(pool, grace_ns);
}

int
rota_pool_drain(struct rota_pool *pool, uint64_t timeout_ns)
{
	int r;

	if (pool == NULL)
		return -EINVAL;
	rota__pool_lock(pool);
	r = wait_until(pool, is_idle, timeout_ns);
	rota__pool_unlock(pool);
	return r;
}

/* More may be allowed than before, or fewer threads be needed. */
static void
adapt(struct rota_pool *pool)
{
	rota__pool_collect(pool);
	rota__put_by_recall_all(pool);
	__atomic_store_n(&pool->open_lanes, rota__lanes_open(&pool->lanes),
		__ATOMIC_SEQ_CST);
	rota__threads_call_all(pool);
	rota__pool_unlock(pool);
	(void)rota__threads_rouse(pool);
}

void
rota__pool_grow(struct rota_pool *pool, unsigned n_threads)
{
	rota__pool_lock(pool);
	if (pool->lanes.n_threads >= n_threads) {
		rota__pool_unlock(pool);
		return;
	}
	pool->lanes.n_threads = n_threads;
	adapt(pool);
}

int
rota_pool_resize(struct rota_pool *pool, unsigned n_threads)
{
	if (pool == NULL || n_threads == 0 || n_threads > ROTA_POOL_MAX_THREADS)
		return -EINVAL;
	rota__pool_lock(pool);
	pool->lanes.n_threads = n_threads;
	adapt(pool);
	return 0;
}

int
rota_pool_set_lane(struct rota_pool *pool, unsigned lane,
	const struct rota_lane_options *options)
{
	int r;

	if (pool == NULL || options == NULL)
		return -EINVAL;
	rota__pool_lock(pool);
	r = rota__lanes_set(&pool->lanes, lane, options);
	if (r < 0) {
		rota__pool_unlock(pool);
		return r;
	}
	adapt(pool);
	return 0;
}

int
rota_pool_fork(struct rota_pool *pool)
{
	if (pool == NULL)
		return -EINVAL;
	pool->head.type->fork(pool);
	return 0;
}
