/* SPDX-License-Identifier: MIT */
/*
 * Jobs that a worker has put by because they were short, when one of them is
 * not, or when something comes that is to go before them.
 */
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "tests/works.h"

#define MS ROTA_MILLISECOND

static int
run_nothing(struct rota_work *work)
{
	(void)work;
	return 0;
}

static void
on_nothing(struct rota_work *work, int status)
{
	(void)work;
	ck_assert_int_eq(status, 0);
}

/* Time that stands still unless a job moves it: then all jobs are short. */
static atomic_ullong now_ns;

static uint64_t
tell_now(void)
{
	return atomic_load(&now_ns);
}

static int
run_1_ms(struct rota_work *work)
{
	note_run(work);
	atomic_fetch_add(&now_ns, MS);
	return 0;
}

static int
run_unnoted_gate(struct rota_work *work)
{
	(void)work;
	gate_pass();
	return 0;
}

/*
 * A pool whose one worker has learnt in this lane that jobs are short, and is
 * in a job, at the gate. More threads cannot be had.
 */
static void
begin_learnt(unsigned n_threads, unsigned lane)
{
	static struct rota_work short_works[40];
	static struct rota_work gate;
	static struct rota_sys sys;
	struct rota_pool_options options = pools_options(n_threads);
	struct rota_work_options wishes = ROTA_WORK_OPTIONS_INIT;

	sys = *pools_sys();
	sys.clock_ns = tell_now;
	atomic_store(&now_ns, ROTA_SECOND);
	options.sys = &sys;
	begin_works(&options);
	pools.n_allowed = 1;
	pools.n_failures = UINT_MAX;
	pools.error = -EAGAIN;
	wishes.pool = pool;
	wishes.lane = lane;
	ck_ok(rota_work_start_with(
		loop, &gate, &wishes, run_unnoted_gate, on_nothing));
	gate_await(1);
	for (unsigned i = 0; i < 40; i++)
		ck_ok(rota_work_start_with(loop, &short_works[i], &wishes,
			run_nothing, on_nothing));
	gate_open();
	run_to_the_end();
	gate_close();
	ck_ok(rota_work_start_with(
		loop, &gate, &wishes, run_unnoted_gate, on_nothing));
	gate_await(1);
}

LOOP_TEST(a_short_job_that_turns_out_long_leaves_no_thread_of_its_lane_idle)
{
	const struct rota_lane_options four = { .limit = 4, .is_apart = 1 };

	begin_learnt(1, ROTA_LANE_SLOW);
	ck_ok(rota_pool_set_lane(pool, ROTA_LANE_SLOW, &four));
	for (unsigned i = 0; i < 5; i++)
		start_in(ROTA_LANE_SLOW, 0, run_gate);
	pools.n_failures = 0;
	gate_let_through(1);
	/* The first one, and as many as may run at once. */
	gate_await(5);
	end_works();
}

LOOP_TEST(jobs_put_by_for_too_long_go_before_those_that_came_later)
{
	begin_learnt(2, ROTA_LANE_CPU);
	start(run_unnoted_gate);
	for (unsigned i = 0; i < 9; i++)
		start(run_1_ms);
	pools.n_failures = 0;
	gate_let_through(1);
	while (pools_metrics(pool).lanes[ROTA_LANE_CPU].done < 41 + 1 + 9)
		run_once_checked(ROTA_RUN_NOWAIT);
	/* b to e were put by when f began. */
	ck_assert_str_eq(ran, "fbcdeghij");
	end_works();
}

LOOP_TEST(other_lanes_do_not_keep_jobs_put_by_waiting)
{
	const struct rota_lane_options own = { NULL, 0, 0, 0 };

	begin_learnt(2, ROTA_LANE_CPU);
	ck_ok(rota_pool_set_lane(pool, ROTA_LANE_USER + 2, &own));
	start(run_unnoted_gate);
	start(run_1_ms);
	start(run_1_ms);
	gate_let_through(1);
	gate_await(2);
	for (unsigned i = 0; i < 3; i++) {
		pools.n_allowed = i < 2 ? 1 : 2;
		start_in(ROTA_LANE_USER + i, 0, run_1_ms);
	}
	while (pools_metrics(pool).lanes[ROTA_LANE_CPU].done < 41 + 1 + 2)
		run_once_checked(ROTA_RUN_NOWAIT);
	/* b was put by, c not. */
	ck_assert_str_eq(ran, "defbc");
	end_works();
}

LOOP_TEST(urgent_work_goes_before_what_is_put_by)
{
	begin_learnt(1, ROTA_LANE_CPU);
	start(run_gate);
	for (unsigned i = 0; i < 4; i++)
		start(run_plain);
	gate_let_through(1);
	gate_await(2);
	ck_assert_uint_eq(pools_metrics(pool).lanes[ROTA_LANE_CPU].queued, 0);
	start_in(ROTA_LANE_CPU, -1, run_plain);
	ck_assert_uint_eq(pools_metrics(pool).lanes[ROTA_LANE_CPU].queued, 1);
	start_in(ROTA_LANE_CPU, 1, run_plain);
	end_works();
	ck_assert_str_eq(ran, "agbcdef");
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "put by");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc,
		a_short_job_that_turns_out_long_leaves_no_thread_of_its_lane_idle);
	tcase_add_loop_test(
		tc, jobs_put_by_for_too_long_go_before_those_that_came_later);
	tcase_add_loop_test(tc, other_lanes_do_not_keep_jobs_put_by_waiting);
	tcase_add_loop_test(tc, urgent_work_goes_before_what_is_put_by);
}

HARNESS_MAIN("jobs put by", add_cases)
