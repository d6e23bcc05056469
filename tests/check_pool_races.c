/* SPDX-License-Identifier: MIT */
/*
 * Cancel, stop, close and resize at every moment of a job's life: many short
 * lives, each of its own seed, with pauses that are drawn as well. Whatever
 * happens, each job is told once, and in the end nothing is left.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "core/order.h"
#include "tests/pools.h"

#define MAX_WORKS 24
/* Enough for workers to put some by. */
#define MANY 500

static struct rota_pool *pool;
static struct rota_work works[MANY];
static unsigned n_told[MANY];
static atomic_uint n_run[MANY];

/* A generator of our own, since each thread needs one. */
static unsigned
draw(uint64_t *seed, unsigned n)
{
	*seed = *seed * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (unsigned)(*seed >> 33) % n;
}

/* From nothing at all to about 20 microseconds; now and then a yield. */
static void
pause_for(unsigned length)
{
	volatile unsigned i;

	if (length % 8 == 7)
		(void)sched_yield();
	for (i = 0; i < 1u << length; i++)
		;
}

static int
run_for_a_while(struct rota_work *work)
{
	unsigned number = (unsigned)(work - works);
	unsigned length = (unsigned)(uintptr_t)work->job.request.data;

	atomic_fetch_add(&n_run[number], 1);
	if (!rota_work_is_canceled(work))
		pause_for(length);
	return 7;
}

static void
on_done(struct rota_work *work, int status)
{
	unsigned number = (unsigned)(work - works);

	n_told[number]++;
	ck_assert(status == 7 || status == -ECANCELED || status == -ETIMEDOUT);
	if (status == 7)
		ck_assert_uint_eq(atomic_load(&n_run[number]), 1);
}

static void
start_some(uint64_t *seed, unsigned n)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;

	options.pool = pool;
	for (unsigned i = 0; i < n; i++) {
		n_told[i] = 0;
		atomic_store(&n_run[i], 0);
		works[i].job.request.data = (void *)(uintptr_t)draw(seed, 12);
		options.lane = draw(seed, 3);
		options.priority = (int)draw(seed, 3) - 1;
		ck_ok(rota_work_start_with(
			loop, &works[i], &options, run_for_a_while, on_done));
	}
}

static void
act(uint64_t *seed, unsigned n)
{
	struct rota_request *request = &works[draw(seed, n)].job.request;

	switch (draw(seed, 8)) {
	case 0:
		(void)rota_request_set_deadline(request, draw(seed, 20000));
		break;
	case 1:
		ck_ok(rota_pool_resize(pool, 1 + draw(seed, 8)));
		break;
	case 2:
		run_once_checked(ROTA_RUN_NOWAIT);
		break;
	case 3:
		if (draw(seed, 4) == 0)
			ck_ok(rota_pool_stop(pool));
		break;
	case 4:
		(void)rota_pool_drain(pool, draw(seed, 2000));
		break;
	default:
		(void)rota_request_cancel(request);
		break;
	}
	pause_for(draw(seed, 12));
}

/* One life: returns what is to be waited for at its end. */
static void
live(uint64_t seed)
{
	unsigned n = 1 + draw(&seed, MAX_WORKS);
	unsigned n_acts = draw(&seed, 12);
	unsigned n_told_in_all = 0;

	ROTA__IS_ATOMIC(n_run);
	pool = pools_make(1 + draw(&seed, 4));
	start_some(&seed, n);
	for (unsigned i = 0; i < n_acts; i++)
		act(&seed, n);
	if (draw(&seed, 2))
		run_to_the_end();
	/* They end with the others, or are left to themselves. */
	ck_assert_int_ge(
		rota_pool_close(pool, draw(&seed, 2) ? ROTA_FOREVER : 0), 0);
	run_to_the_end();
	for (unsigned i = 0; i < n; i++)
		n_told_in_all += n_told[i];
	ck_assert_uint_eq(n_told_in_all, n);
	while (atomic_load(&pools.n_ended) < atomic_load(&pools.n_started))
		(void)sched_yield();
}

START_TEST(jobs_are_cancelled_and_pools_closed_at_every_moment)
{
	unsigned n = harness_scale(10000);

	harness_open(_i);
	for (unsigned i = 0; i < n; i++)
		live(UINT64_C(1000003) * i + 17);
}
END_TEST

static void
start_many(uint64_t *seed)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;

	options.pool = pool;
	for (unsigned i = 0; i < MANY; i++) {
		n_told[i] = 0;
		atomic_store(&n_run[i], 0);
		works[i].job.request.data = NULL;
		options.priority = draw(seed, 50) == 0;
		ck_ok(rota_work_start_with(
			loop, &works[i], &options, run_for_a_while, on_done));
	}
}

/* Cancels in a stream of short jobs, many of which have been put by. */
START_TEST(jobs_put_by_are_cancelled_at_every_moment)
{
	unsigned n_rounds = harness_scale(500);
	uint64_t seed = 5;

	harness_open(_i);
	ROTA__IS_ATOMIC(n_run);
	pool = pools_make(3);
	for (unsigned round = 0; round < n_rounds; round++) {
		start_many(&seed);
		for (unsigned i = 0; i < MANY; i++)
			if (draw(&seed, 3) == 0)
				(void)rota_request_cancel(
					&works[i].job.request);
		run_to_the_end();
		for (unsigned i = 0; i < MANY; i++)
			ck_assert_uint_eq(n_told[i], 1);
	}
	pools_close(pool);
}
END_TEST

/* Others close the pool while the loop starts and cancels. */
static void *
stop_after_a_while(void *data)
{
	uint64_t *seed = data;

	pause_for(draw(seed, 14));
	if (draw(seed, 2))
		ck_ok(rota_pool_resize(pool, 1 + draw(seed, 4)));
	pause_for(draw(seed, 14));
	ck_ok(rota_pool_stop(pool));
	return NULL;
}

START_TEST(a_pool_is_stopped_by_another_thread_at_every_moment)
{
	unsigned n = harness_scale(2000);

	harness_open(_i);
	for (unsigned i = 0; i < n; i++) {
		struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;
		uint64_t seed = i;
		uint64_t other_seed = ~seed;
		unsigned n_begun = 0;
		unsigned n_ended = 0;
		pthread_t thread;

		ROTA__IS_ATOMIC(n_run);
		pool = pools_make(1 + draw(&seed, 3));
		options.pool = pool;
		memset(n_told, 0, sizeof(n_told));
		ck_assert_int_eq(pthread_create(&thread, NULL,
					 stop_after_a_while, &other_seed),
			0);
		while (n_begun < MAX_WORKS) {
			int r;

			atomic_store(&n_run[n_begun], 0);
			works[n_begun].job.request.data =
				(void *)(uintptr_t)draw(&seed, 8);
			r = rota_work_start_with(loop, &works[n_begun],
				&options, run_for_a_while, on_done);
			ck_assert(r == 0 || r == -ESHUTDOWN);
			if (r < 0)
				break;
			n_begun++;
			if (draw(&seed, 4) == 0)
				(void)rota_request_cancel(
					&works[draw(&seed, n_begun)]
						 .job.request);
			pause_for(draw(&seed, 10));
		}
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
		run_to_the_end();
		for (unsigned j = 0; j < n_begun; j++)
			n_ended += n_told[j];
		ck_assert_uint_eq(n_ended, n_begun);
		pools_close(pool);
	}
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "races");

	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, jobs_are_cancelled_and_pools_closed_at_every_moment);
	tcase_add_loop_test(tc, jobs_put_by_are_cancelled_at_every_moment);
	tcase_add_loop_test(
		tc, a_pool_is_stopped_by_another_thread_at_every_moment);
}

HARNESS_MAIN("pool races", add_cases)
