/* SPDX-License-Identifier: MIT */
/* Pools that are watched, see pools.h. */
#include "tests/pools.h"

#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/order.h"

struct pools pools;

/* There in a program that is built with the thread sanitizer. */
extern void __tsan_init(void) __attribute__((weak));

/* Valgrind preloads a library; now and then such a child hangs in it. */
static int
is_in_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

int
pools_child_has_threads(void)
{
	return __tsan_init == NULL && !is_in_valgrind();
}

/* What a thread was to run. */
struct start {
	void *(*run)(void *);
	void *data;
};

static void *
run_counted(void *data)
{
	struct start start = *(struct start *)data;

	free(data);
	(void)start.run(start.data);
	atomic_fetch_add(&pools.n_ended, 1);
	return NULL;
}

static int
thread_start(size_t stack_bytes, void *(*run)(void *), void *data,
	pthread_t *ret_thread)
{
	struct start *start;
	int r;

	if (atomic_load(&pools.n_started) >= pools.n_allowed &&
		pools.n_failures > 0) {
		pools.n_failures--;
		return pools.error;
	}
	start = malloc(sizeof(*start));
	ck_assert_ptr_nonnull(start);
	start->run = run;
	start->data = data;
	pools.stack_bytes = stack_bytes;
	r = rota__sys_real.thread_start(
		stack_bytes, run_counted, start, ret_thread);
	if (r < 0)
		free(start);
	else
		atomic_fetch_add(&pools.n_started, 1);
	return r;
}

static void
thread_join(pthread_t thread)
{
	atomic_fetch_add(&pools.n_joined, 1);
	rota__sys_real.thread_join(thread);
}

static void
thread_detach(pthread_t thread)
{
	atomic_fetch_add(&pools.n_detached, 1);
	rota__sys_real.thread_detach(thread);
}

static int
wake_send(int fd)
{
	atomic_fetch_add(&pools.n_wakes, 1);
	return rota__sys_real.wake_send(fd);
}

void
pools_reset(void)
{
	ROTA__IS_ATOMIC(pools);
	memset(&pools, 0, sizeof(pools));
	pools.n_allowed = UINT_MAX;
}

const struct rota_sys *
pools_sys(void)
{
	static struct rota_sys sys;

	/* Threads that a test has left behind may still read it. */
	if (sys.thread_start != NULL)
		return &sys;
	sys = rota__sys_real;
	sys.thread_start = thread_start;
	sys.thread_join = thread_join;
	sys.thread_detach = thread_detach;
	sys.wake_send = wake_send;
	return &sys;
}

static void *
reallocate(void *data, void *memory, size_t size_bytes)
{
	if (size_bytes > 0 &&
		atomic_fetch_add(&pools.n_allocations, 1) + 1 == pools.fail_at)
		return NULL;
	return harness_realloc(data, memory, size_bytes);
}

struct rota_pool_options
pools_options(unsigned n_threads)
{
	struct rota_pool_options options = ROTA_POOL_OPTIONS_INIT;

	options.n_threads = n_threads;
	options.sys = pools_sys();
	options.realloc_fn = reallocate;
	return options;
}

struct rota_pool *
pools_make_with(const struct rota_pool_options *options)
{
	struct rota_pool *pool = NULL;

	pools_reset();
	gate_close();
	ck_ok(rota_pool_create(options, &pool));
	return pool;
}

struct rota_pool *
pools_make(unsigned n_threads)
{
	struct rota_pool_options options = pools_options(n_threads);

	return pools_make_with(&options);
}

void
pools_ck_no_thread(void)
{
	ck_assert_uint_eq(
		atomic_load(&pools.n_joined), atomic_load(&pools.n_started));
	ck_assert_uint_eq(atomic_load(&pools.n_detached), 0);
}

void
pools_close(struct rota_pool *pool)
{
	ck_ok(rota_pool_close(pool, ROTA_FOREVER));
	pools_ck_no_thread();
}

struct rota_pool_metrics
pools_metrics(struct rota_pool *pool)
{
	struct rota_pool_metrics metrics = { .size = sizeof(metrics) };

	ck_ok(rota_pool_metrics(pool, &metrics));
	return metrics;
}

static void *
run_nothing(void *data)
{
	return data;
}

/* A sanitizer may have one of its own, which comes with our first. */
int
pools_count_threads(void)
{
	pthread_t thread;
	DIR *tasks;
	int n = 0;

	ck_assert_int_eq(pthread_create(&thread, NULL, run_nothing, NULL), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	tasks = opendir("/proc/self/task");
	if (tasks == NULL)
		return -1;
	for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;)
		n += entry->d_name[0] != '.';
	(void)closedir(tasks);
	return n;
}

/* The gate ************************************************************/

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int is_open;
	unsigned n_allowed;
	unsigned n_come;
	unsigned n_inside;
	unsigned n_most;
} gate = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER };

void
gate_close(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.is_open = 0;
	gate.n_allowed = 0;
	gate.n_come = 0;
	gate.n_most = 0;
	pthread_mutex_unlock(&gate.lock);
}

void
gate_open(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.is_open = 1;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

void
gate_let_through(unsigned n)
{
	pthread_mutex_lock(&gate.lock);
	gate.n_allowed += n;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

void
gate_pass(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.n_come++;
	gate.n_inside++;
	if (gate.n_inside > gate.n_most)
		gate.n_most = gate.n_inside;
	pthread_cond_broadcast(&gate.changed);
	while (!gate.is_open && gate.n_allowed == 0)
		pthread_cond_wait(&gate.changed, &gate.lock);
	if (!gate.is_open)
		gate.n_allowed--;
	gate.n_inside--;
	pthread_mutex_unlock(&gate.lock);
}

void
gate_await(unsigned n)
{
	pthread_mutex_lock(&gate.lock);
	while (gate.n_come < n)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

unsigned
gate_n_most(void)
{
	unsigned n;

	pthread_mutex_lock(&gate.lock);
	n = gate.n_most;
	pthread_mutex_unlock(&gate.lock);
	return n;
}
