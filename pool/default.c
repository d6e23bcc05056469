/* SPDX-License-Identifier: MIT */
/*
 * The default pool: beside the table of signals the only thing that loops of
 * one process share. It is there from the first user to the last.
 */
#include "pool/default.h"

#include <errno.h>

#include "core/order.h"

/*
 * The lock guards the other two; held, it is the number of the process, so
 * that the child of a fork knows that whoever held it stayed with the parent.
 */
static struct {
	pid_t lock;
	unsigned n_users;
	struct rota_pool *pool;
} only;

static void
lock(void)
{
	pid_t self = rota__sys_real.getpid();
	pid_t holder = 0;

	ROTA__IS_ATOMIC(only.lock);
	while (!__atomic_compare_exchange_n(&only.lock, &holder, self, 0,
		__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		if (holder == self) {
			holder = 0;
			/* One of lower priority must get on with it. */
			(void)rota__sys_real.poll(NULL, 0, ROTA_MICROSECOND);
		}
	ROTA__RECEIVES(&only.lock);
}

static void
unlock(void)
{
	ROTA__SENDS(&only.lock);
	__atomic_store_n(&only.lock, 0, __ATOMIC_RELEASE);
}

static void
hold(struct rota_pool *pool)
{
	(void)pool;
	lock();
	only.n_users++;
	unlock();
}

static void
release(struct rota_pool *pool)
{
	(void)rota__default_release(pool, ROTA_FOREVER);
}

/* Threads of the child may come to it at the same time. */
static void
fork_pool(struct rota_pool *pool)
{
	lock();
	rota__pool_fork(pool);
	unlock();
}

static const struct rota__pool_type type = {
	.hold = hold,
	.release = release,
	.fork = fork_pool,
	.told = rota__pool_release,
};

int
rota__default_is(const struct rota_pool *pool)
{
	return pool->head.type == &type;
}

/* Locked. */
static int
make(unsigned n_threads)
{
	struct rota_pool_options options = ROTA_POOL_OPTIONS_INIT;

	options.n_threads = n_threads;
	return rota__pool_make(&options, &type, &only.pool);
}

int
rota__default_hold(unsigned n_threads, struct rota_pool **ret_pool)
{
	struct rota_pool *pool;
	int r = 0;

	lock();
	if (only.pool == NULL)
		r = make(n_threads);
	else
		rota__pool_fork(only.pool);
	only.n_users += r == 0;
	pool = only.pool;
	unlock();
	if (r < 0)
		return r;
	rota__pool_grow(pool, n_threads);
	*ret_pool = pool;
	return 0;
}

int
rota__default_release(struct rota_pool *pool, uint64_t grace_ns)
{
	int is_last;

	lock();
	is_last = --only.n_users == 0;
	if (is_last)
		only.pool = NULL;
	unlock();
	return is_last ? rota__pool_end(pool, grace_ns) : 0;
}

int
rota_pool_default(struct rota_pool **ret_pool)
{
	return ret_pool == NULL ? -EINVAL : rota__default_hold(0, ret_pool);
}
