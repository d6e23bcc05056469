/* SPDX-License-Identifier: MIT */
/* Mistakes at the doors of pools and of work. */
#include <string.h>

#include "tests/bad_input.h"
#include "tests/harness.h"

static int
submit_nothing(void *data, struct rota_job *job)
{
	(void)data;
	(void)job;
	return -ENOSYS;
}

static void
ck_pool_is_refused(const struct rota_pool_options *options)
{
	struct rota_pool *pool = NULL;

	ck_refused_for(&pool, rota_pool_create(options, &pool), -EINVAL);
}

START_TEST(a_pool_wants_options_that_make_sense)
{
	const struct rota_lane_options bad_share = {
		.share = ROTA_LANE_MAX_SHARE + 1
	};
	const struct rota_lane_options bad_limit = {
		.limit = ROTA_POOL_MAX_THREADS + 1
	};
	const struct rota_lane_options lanes[ROTA_POOL_MAX_LANES] = { { 0 } };
	const struct rota_executor nothing = { NULL, NULL };
	struct rota_pool_options options = ROTA_POOL_OPTIONS_INIT;

	(void)_i;
	ck_refused(rota_pool_create(NULL, NULL), -EINVAL);
	ck_refused(rota_pool_create(&options, NULL), -EINVAL);
	options.size--;
	ck_pool_is_refused(&options);
	options.size++;
	options.n_threads = ROTA_POOL_MAX_THREADS + 1;
	ck_pool_is_refused(&options);
	/* A negative size is a huge one. */
	options.n_threads = (unsigned)-1;
	ck_pool_is_refused(&options);
	options.n_threads = 0;
	options.n_lanes = 1;
	ck_pool_is_refused(&options);
	options.lanes = &bad_share;
	ck_pool_is_refused(&options);
	options.lanes = &bad_limit;
	ck_pool_is_refused(&options);
	options.lanes = lanes;
	options.n_lanes = ROTA_POOL_MAX_LANES - ROTA_LANE_USER + 1;
	ck_pool_is_refused(&options);
	options.n_lanes = (unsigned)-1;
	ck_pool_is_refused(&options);
	options.n_lanes = 0;
	options.executor = &nothing;
	ck_pool_is_refused(&options);
	options.executor = NULL;
	options.lookout_ns = ROTA_POOL_MAX_LOOKOUT + 1;
	ck_pool_is_refused(&options);
	ck_refused(rota_pool_default(NULL), -EINVAL);
}
END_TEST

static struct rota_pool *
make_pool(void)
{
	struct rota_pool_options options = ROTA_POOL_OPTIONS_INIT;
	struct rota_pool *pool = NULL;

	options.realloc_fn = harness_realloc;
	ck_ok(rota_pool_create(&options, &pool));
	return pool;
}

START_TEST(functions_of_pools_want_all_their_arguments)
{
	struct rota_lane_options lane = { .share = ROTA_LANE_MAX_SHARE + 1 };
	struct rota_pool_metrics metrics = { .size = sizeof(metrics) - 1 };
	struct rota_pool_metrics seen = { .size = sizeof(seen) };
	struct rota_pool *pool = make_pool();

	(void)_i;
	ck_refused(rota_pool_stop(NULL), -EINVAL);
	ck_refused(rota_pool_close(NULL, 0), -EINVAL);
	ck_refused(rota_pool_drain(NULL, 0), -EINVAL);
	ck_refused(rota_pool_resize(NULL, 1), -EINVAL);
	ck_refused(rota_pool_resize(pool, 0), -EINVAL);
	ck_refused(rota_pool_resize(pool, ROTA_POOL_MAX_THREADS + 1), -EINVAL);
	ck_refused(rota_pool_resize(pool, (unsigned)-4), -EINVAL);
	ck_refused(rota_pool_set_lane(NULL, 0, &lane), -EINVAL);
	ck_refused(rota_pool_set_lane(pool, 0, NULL), -EINVAL);
	ck_refused(rota_pool_set_lane(pool, 0, &lane), -EINVAL);
	lane.share = 1;
	lane.limit = ROTA_POOL_MAX_THREADS + 1;
	ck_refused(rota_pool_set_lane(pool, 9, &lane), -EINVAL);
	lane.limit = 1;
	ck_refused(
		rota_pool_set_lane(pool, ROTA_POOL_MAX_LANES, &lane), -EINVAL);
	ck_refused(rota_pool_metrics(NULL, &seen), -EINVAL);
	ck_refused(rota_pool_metrics(pool, NULL), -EINVAL);
	ck_refused_for(
		&metrics.size, rota_pool_metrics(pool, &metrics), -EINVAL);
	ck_refused(rota_pool_measure(NULL, 1), -EINVAL);
	ck_refused(rota_pool_fork(NULL), -EINVAL);
	ck_refused(rota_job_run(NULL), -EINVAL);
	ck_ok(rota_pool_metrics(pool, &seen));
	ck_assert_uint_eq(seen.n_threads, 4);
	ck_assert_uint_eq(seen.n_lanes, ROTA_LANE_USER);
	ck_ok(rota_pool_close(pool, 0));
}
END_TEST

static int
run_work(struct rota_work *work)
{
	(void)work;
	return 0;
}

static void
on_work(struct rota_work *work, int status)
{
	(void)work;
	(void)status;
	trace('W');
}

#define ck_work_is_refused(options, expected) \
	ck_refused_for(&work, \
		rota_work_start_with(loop, &work, options, run_work, on_work), \
		expected)

LOOP_TEST(work_wants_all_its_arguments)
{
	const struct rota_executor executor = { submit_nothing, NULL };
	struct rota_pool_options pool_options = ROTA_POOL_OPTIONS_INIT;
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;
	struct rota_work work;

	memset(&work, CANARY, sizeof(work));
	ck_refused_for(&work, rota_work_start(NULL, &work, run_work, on_work),
		-EINVAL);
	ck_refused(rota_work_start(loop, NULL, run_work, on_work), -EINVAL);
	ck_refused_for(
		&work, rota_work_start(loop, &work, NULL, on_work), -EINVAL);
	ck_refused_for(
		&work, rota_work_start(loop, &work, run_work, NULL), -EINVAL);
	options.pool = make_pool();
	options.size++;
	ck_work_is_refused(&options, -EINVAL);
	options.size--;
	options.lane = ROTA_LANE_USER;
	ck_work_is_refused(&options, -EINVAL);
	options.lane = (unsigned)-1;
	ck_work_is_refused(&options, -EINVAL);
	options.lane = 0;
	options.priority = ROTA_JOB_PRIORITY_MAX + 1;
	ck_work_is_refused(&options, -EINVAL);
	options.priority = ROTA_JOB_PRIORITY_MIN - 1;
	ck_work_is_refused(&options, -EINVAL);
	options.priority = 0;
	ck_ok(rota_pool_stop(options.pool));
	ck_work_is_refused(&options, -ESHUTDOWN);
	ck_ok(rota_pool_close(options.pool, 0));
	pool_options.executor = &executor;
	ck_ok(rota_pool_create(&pool_options, &options.pool));
	ck_err(rota_work_start_with(loop, &work, &options, run_work, on_work),
		-ENOSYS);
	ck_ok(rota_pool_close(options.pool, 0));
	ck_assert_int_eq(rota_work_is_canceled(NULL), 0);
	ck_trace("");
}

/* The job is not for the caller to run. */
LOOP_TEST(only_an_executor_runs_jobs_itself)
{
	struct rota_work work;

	ck_ok(rota_work_start(loop, &work, run_work, on_work));
	ck_err(rota_job_run(&work.job), -EINVAL);
	run_to_the_end();
	ck_trace("W");
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "pool");

	tcase_add_test(tc, a_pool_wants_options_that_make_sense);
	tcase_add_test(tc, functions_of_pools_want_all_their_arguments);
	tcase_add_loop_test(tc, work_wants_all_its_arguments);
	tcase_add_loop_test(tc, only_an_executor_runs_jobs_itself);
}

HARNESS_MAIN("bad_input_pool", add_cases)
