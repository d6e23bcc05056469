/* SPDX-License-Identifier: MIT */
/*
 * The lives of pools: made, stopped, drained, closed with jobs that are
 * stuck; the default pool; executors; the child of a fork; and everything
 * that can fail on the way.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/order.h"
#include "tests/pools.h"

#define MS ROTA_MILLISECOND
#define MAX_WORKS 16

static struct rota_pool *pool;
static struct rota_work works[MAX_WORKS];
static unsigned n_works;
static atomic_uint n_run;

static void
begin(unsigned n_threads)
{
	pool = pools_make(n_threads);
	memset(works, 0, sizeof(works));
	n_works = 0;
	ROTA__IS_ATOMIC(n_run);
	atomic_store(&n_run, 0);
}

static int
run_plain(struct rota_work *work)
{
	(void)work;
	atomic_fetch_add(&n_run, 1);
	return 0;
}

static int
run_gate(struct rota_work *work)
{
	gate_pass();
	return run_plain(work);
}

/* A letter of its own for each; a capital if it was cancelled. */
static void
on_done(struct rota_work *work, int status)
{
	int number = (int)(work - works);

	ck_assert(status == 0 || status == -ECANCELED);
	trace((char)((status == 0 ? 'a' : 'A') + number));
}

/* In `pool`, or in the loop's if that is NULL. */
static int
try_start_on(struct rota_loop *of, rota_work_run_fn *run)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;
	int r;

	options.pool = pool;
	r = rota_work_start_with(of, &works[n_works], &options, run, on_done);
	n_works += r == 0;
	return r;
}

static int
try_start(rota_work_run_fn *run)
{
	return try_start_on(loop, run);
}

static void
start(rota_work_run_fn *run)
{
	ck_ok(try_start(run));
}

/* Stop, drain, close *************************************************/

LOOP_TEST(a_stopped_pool_ends_what_waits_and_takes_nothing_new)
{
	begin(1);
	start(run_gate);
	gate_await(1);
	start(run_plain);
	start(run_plain);
	ck_ok(rota_pool_stop(pool));
	ck_err(try_start(run_plain), -ESHUTDOWN);
	ck_trace("");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("BC");
	ck_ok(rota_pool_stop(pool));
	gate_open();
	run_to_the_end();
	ck_trace("BCa");
	ck_assert_uint_eq(atomic_load(&n_run), 1);
	pools_close(pool);
}

LOOP_TEST(draining_waits_for_all_jobs)
{
	begin(2);
	for (unsigned i = 0; i < 8; i++)
		start(run_plain);
	ck_ok(rota_pool_drain(pool, ROTA_FOREVER));
	ck_assert_uint_eq(atomic_load(&n_run), 8);
	ck_trace("");
	run_to_the_end();
	ck_assert_uint_eq(strlen(trace_text()), 8);
	pools_close(pool);
}

LOOP_TEST(draining_waits_no_longer_than_told)
{
	uint64_t began_ns;

	begin(1);
	start(run_gate);
	began_ns = harness_true_ns();
	ck_err(rota_pool_drain(pool, 20 * MS), -ETIMEDOUT);
	ck_assert_uint_ge(harness_true_ns() - began_ns, 20 * MS);
	ck_err(rota_pool_drain(pool, 0), -ETIMEDOUT);
	gate_open();
	ck_ok(rota_pool_drain(pool, ROTA_FOREVER));
	run_to_the_end();
	pools_close(pool);
}

LOOP_TEST(closing_waits_for_running_jobs_and_ends_the_others)
{
	begin(1);
	start(run_gate);
	gate_await(1);
	start(run_plain);
	gate_open();
	pools_close(pool);
	run_to_the_end();
	ck_assert_uint_ge(strlen(trace_text()), 2);
	ck_assert_ptr_nonnull(strchr(trace_text(), 'a'));
}

/* The memory goes when the stuck thread does, see the fixture. */
LOOP_TEST(a_stuck_job_is_abandoned_after_the_grace)
{
	uint64_t began_ns = harness_true_ns();

	begin(2);
	start(run_gate);
	start(run_gate);
	gate_await(2);
	start(run_plain);
	ck_err(rota_pool_close(pool, 20 * MS), 2);
	ck_assert_uint_ge(harness_true_ns() - began_ns, 20 * MS);
	ck_assert_uint_eq(atomic_load(&pools.n_detached), 2);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("C");
	ck_err(rota_loop_close(loop), -EBUSY);
	gate_open();
	run_to_the_end();
	ck_assert_uint_eq(strlen(trace_text()), 3);
	while (atomic_load(&pools.n_ended) < 2)
		;
}

LOOP_TEST(a_pool_with_a_stuck_job_can_be_cancelled_and_closed_without_grace)
{
	begin(1);
	start(run_gate);
	gate_await(1);
	ck_ok(rota_request_cancel(&works[0].job.request));
	ck_err(rota_pool_close(pool, 0), 1);
	ck_ok(rota_request_unref(&works[0].job.request));
	ck_err(rota_loop_run(loop, ROTA_RUN_DEFAULT), 0);
	ck_trace("");
	gate_open();
	while (*trace_text() == '\0')
		run_once_checked(ROTA_RUN_ONCE);
	ck_trace("A");
	while (atomic_load(&pools.n_ended) < 1)
		;
}

static void
on_done_close(struct rota_work *work, int status)
{
	on_done(work, status);
	ck_ok(rota_pool_close(pool, ROTA_FOREVER));
}

LOOP_TEST(a_pool_may_be_closed_in_the_callback_of_its_job)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;

	begin(1);
	options.pool = pool;
	n_works = 1;
	ck_ok(rota_work_start_with(
		loop, &works[0], &options, run_plain, on_done_close));
	start(run_plain);
	run_to_the_end();
	ck_assert_uint_eq(strlen(trace_text()), 2);
	pools_ck_no_thread();
}

START_TEST(a_loop_may_outlive_the_pool_of_its_options)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	begin(1);
	options.pool = pool;
	options.backend = harness_backend_name(_i);
	options.realloc_fn = harness_realloc;
	ck_ok(rota_loop_create(&options, &loop));
	ck_ok(rota_work_start(loop, &works[0], run_plain, on_done));
	run_to_the_end();
	ck_trace("a");
	ck_assert_uint_eq(atomic_load(&pools.n_started), 1);
	pools_close(pool);
	ck_err(rota_work_start(loop, &works[0], run_plain, on_done),
		-ESHUTDOWN);
}
END_TEST

static int
run_and_tell(struct rota_work *work)
{
	return run_plain(work);
}

static unsigned n_loops_closed;

/* The thread of the pool may still be on its way out of the loop's inbox. */
LOOP_TEST(a_loop_may_be_closed_as_soon_as_its_last_work_is_told)
{
	begin(1);
	for (n_loops_closed = 0; n_loops_closed < harness_scale(1000);
		n_loops_closed++) {
		struct rota_loop *brief = harness_make_loop();

		n_works = 0;
		ck_ok(try_start_on(brief, run_and_tell));
		ck_err(rota_loop_run(brief, ROTA_RUN_DEFAULT), 0);
		ck_ok(rota_loop_close(brief));
		trace_reset();
	}
	pools_close(pool);
}

/* The default pool ***************************************************/

LOOP_TEST(loops_without_a_pool_share_the_default_one)
{
	int n_before = pools_count_threads();
	struct rota_pool *only;
	struct rota_loop *other = harness_make_loop();

	ck_ok(rota_pool_default(&only));
	ck_assert_uint_eq(pools_metrics(only).n_threads, 4);
	ck_assert_uint_eq(pools_metrics(only).n_alive, 0);
	pool = NULL;
	start(run_plain);
	ck_ok(try_start_on(other, run_plain));
	run_to_the_end();
	ck_err(rota_loop_run(other, ROTA_RUN_DEFAULT), 0);
	ck_ok(rota_pool_drain(only, ROTA_FOREVER));
	ck_assert_uint_eq(pools_metrics(only).lanes[ROTA_LANE_CPU].done, 2);
	ck_err(rota_pool_stop(only), -EPERM);
	ck_ok(rota_pool_close(only, ROTA_FOREVER));
	ck_ok(rota_loop_close(other));
	start(run_plain);
	run_to_the_end();
	close_loop();
	ck_assert_int_eq(pools_count_threads(), n_before);
}

START_TEST(the_default_pool_has_the_size_that_the_largest_wish_is)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_pool *only;
	struct rota_loop *first;
	struct rota_loop *second;

	(void)_i;
	pools_reset();
	pool = NULL;
	n_works = 0;
	options.pool_threads = 2;
	ck_ok(rota_loop_create(&options, &first));
	options.pool_threads = 6;
	ck_ok(rota_loop_create(&options, &second));
	ck_ok(try_start_on(first, run_plain));
	ck_ok(rota_pool_default(&only));
	ck_assert_uint_eq(pools_metrics(only).n_threads, 2);
	ck_ok(try_start_on(second, run_plain));
	ck_assert_uint_eq(pools_metrics(only).n_threads, 6);
	ck_err(rota_loop_run(first, ROTA_RUN_DEFAULT), 0);
	ck_err(rota_loop_run(second, ROTA_RUN_DEFAULT), 0);
	ck_ok(rota_loop_close(first));
	ck_ok(rota_loop_close(second));
	ck_ok(rota_pool_close(only, 0));
	options.pool_threads = ROTA_POOL_MAX_THREADS + 1;
	ck_err(rota_loop_create(&options, &first), -EINVAL);
}
END_TEST

static const char *const wrong_numbers[] = { "0", "-1", "1025", "4 ", "x",
	"4.5", "99999999999999999999" };

START_TEST(the_environment_can_ask_for_threads)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	(void)_i;
	ck_assert_int_eq(setenv("ROTA_POOL_THREADS", "12", 1), 0);
	ck_ok(rota_options_from_env(&options));
	ck_assert_uint_eq(options.pool_threads, 12);
	ck_assert_int_eq(setenv("ROTA_POOL_THREADS", "", 1), 0);
	ck_ok(rota_options_from_env(&options));
	ck_assert_uint_eq(options.pool_threads, 12);
	for (size_t i = 0; i < sizeof(wrong_numbers) / sizeof(char *); i++) {
		setenv("ROTA_POOL_THREADS", wrong_numbers[i], 1);
		ck_err(rota_options_from_env(&options), -EINVAL);
		ck_assert_uint_eq(options.pool_threads, 12);
	}
	ck_assert_int_eq(unsetenv("ROTA_POOL_THREADS"), 0);
}
END_TEST

static void
on_brief(struct rota_work *work, int status)
{
	ck_assert(status == 0 || status == -ECANCELED);
	*(int *)work->result = 1;
}

static void *
come_and_go(void *data)
{
	struct rota_work work;
	int is_told;

	(void)data;
	work.result = &is_told;
	for (unsigned i = 0; i < harness_scale(200); i++) {
		struct rota_loop *own;

		is_told = 0;
		ck_ok(rota_loop_create(NULL, &own));
		ck_ok(rota_work_start(own, &work, run_plain, on_brief));
		if (i % 2)
			(void)rota_request_cancel(&work.job.request);
		ck_err(rota_loop_run(own, ROTA_RUN_DEFAULT), 0);
		ck_assert_int_eq(is_told, 1);
		ck_ok(rota_loop_close(own));
	}
	return NULL;
}

/* Who comes while the last one goes gets the next default pool. */
START_TEST(the_default_pool_comes_and_goes_under_many_threads)
{
	pthread_t threads[3];
	int n_before = pools_count_threads();

	(void)_i;
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, come_and_go, NULL),
			0);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(pools_count_threads(), n_before);
}
END_TEST

/* Executors **********************************************************/

static struct rota_job *submitted[MAX_WORKS];
static unsigned n_submitted;
static int submit_error;

static int
submit(void *data, struct rota_job *job)
{
	ck_assert_ptr_eq(data, &submitted);
	if (submit_error != 0)
		return submit_error;
	submitted[n_submitted++] = job;
	return 0;
}

static void
begin_executor(void)
{
	const struct rota_executor executor = { submit, &submitted };
	struct rota_pool_options options = pools_options(0);

	pools_reset();
	options.executor = &executor;
	ck_ok(rota_pool_create(&options, &pool));
	n_works = 0;
	n_submitted = 0;
	submit_error = 0;
	atomic_store(&n_run, 0);
}

static void *
run_submitted(void *data)
{
	(void)data;
	for (unsigned i = 0; i < n_submitted; i++)
		ck_ok(rota_job_run(submitted[i]));
	return NULL;
}

LOOP_TEST(an_executor_runs_jobs_in_a_thread_of_its_own)
{
	pthread_t thread;

	begin_executor();
	start(run_plain);
	start(run_plain);
	start(run_plain);
	ck_assert_uint_eq(pools_metrics(pool).lanes[ROTA_LANE_CPU].running, 3);
	ck_ok(rota_request_cancel(&works[1].job.request));
	ck_assert_int_eq(pthread_create(&thread, NULL, run_submitted, NULL), 0);
	run_to_the_end();
	ck_trace("aBc");
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(atomic_load(&n_run), 2);
	ck_assert_uint_eq(atomic_load(&pools.n_started), 0);
	pools_close(pool);
}

LOOP_TEST(what_an_executor_refuses_is_not_started)
{
	begin_executor();
	submit_error = -ENOMEM;
	ck_err(try_start(run_plain), -ENOMEM);
	ck_assert_int_eq(rota_loop_alive(loop), 0);
	ck_assert_uint_eq(pools_metrics(pool).lanes[ROTA_LANE_CPU].running, 0);
	ck_ok(rota_pool_drain(pool, 0));
	pools_close(pool);
}

LOOP_TEST(closing_waits_for_the_jobs_of_an_executor)
{
	pthread_t thread;

	begin_executor();
	start(run_plain);
	ck_err(rota_pool_drain(pool, MS), -ETIMEDOUT);
	ck_ok(rota_pool_stop(pool));
	ck_assert_int_eq(pthread_create(&thread, NULL, run_submitted, NULL), 0);
	pools_close(pool);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	run_to_the_end();
	ck_trace("A");
	ck_assert_uint_eq(atomic_load(&n_run), 0);
}

/* Failures ***********************************************************/

LOOP_TEST(without_any_thread_a_start_fails_and_changes_nothing)
{
	begin(2);
	pools.n_allowed = 0;
	pools.n_failures = 2;
	pools.error = -EAGAIN;
	ck_err(try_start(run_plain), -EAGAIN);
	ck_err(try_start(run_plain), -EAGAIN);
	ck_assert_int_eq(rota_loop_alive(loop), 0);
	ck_assert_int_eq(rota__loop_check(loop), 0);
	ck_assert_int_eq(rota_loop_why_alive(loop, NULL, NULL), 0);
	ck_assert_uint_eq(pools_metrics(pool).lanes[ROTA_LANE_CPU].queued, 0);
	start(run_plain);
	run_to_the_end();
	ck_trace("a");
	pools_close(pool);
}

LOOP_TEST(with_one_thread_work_goes_on_when_no_more_can_be_had)
{
	unsigned n_allowed;

	for (n_allowed = 1; n_allowed < 4; n_allowed++) {
		begin(4);
		trace_reset();
		pools.n_allowed = n_allowed;
		pools.n_failures = 1000;
		pools.error = -EAGAIN;
		for (unsigned i = 0; i < 8; i++)
			start(run_gate);
		gate_await(n_allowed);
		gate_open();
		run_to_the_end();
		ck_assert_uint_eq(strlen(trace_text()), 8);
		ck_assert_uint_eq(atomic_load(&pools.n_started), n_allowed);
		pools_close(pool);
	}
}

/* Whoever has counted on a thread that did not come to be is told. */
static int
run_all_with_failing_memory(unsigned long fail_at)
{
	struct rota_pool_options options = pools_options(2);
	int n_failed = 0;
	int r;

	pools_reset();
	trace_reset();
	gate_close();
	gate_open();
	n_works = 0;
	pools.fail_at = fail_at;
	r = rota_pool_create(&options, &pool);
	if (r < 0) {
		ck_err(r, -ENOMEM);
		return 1;
	}
	r = rota_pool_measure(pool, 1);
	ck_assert(r == 0 || r == -ENOMEM);
	n_failed += r < 0;
	for (unsigned i = 0; i < 6; i++) {
		r = try_start(run_gate);
		ck_assert(r == 0 || r == -ENOMEM);
		n_failed += r < 0;
	}
	run_to_the_end();
	ck_assert_uint_eq(strlen(trace_text()), n_works);
	pools_close(pool);
	ck_assert_int_le(n_failed, 1);
	return atomic_load(&pools.n_allocations) >= fail_at;
}

LOOP_TEST(each_allocation_may_fail)
{
	unsigned long at = 1;

	while (run_all_with_failing_memory(at))
		at++;
	ck_assert_uint_ge(at, 4);
}

/* Fork ***************************************************************/

typedef void child_fn(void);

static void
in_child(child_fn *fn)
{
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		fn();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		"the child ended with status 0x%x", (unsigned)status);
}

static void
fork_loop(void)
{
	trace_reset();
	ck_ok(rota_loop_fork(loop));
	ck_ok(rota__loop_check(loop));
	ck_trace("");
}

static void
child_ends_jobs(void)
{
	fork_loop();
	run_to_the_end();
	ck_trace("aBCD");
	ck_assert_uint_eq(pools_metrics(pool).n_alive, 0);
	if (!pools_child_has_threads())
		return;
	n_works = 0;
	gate_open();
	start(run_plain);
	run_to_the_end();
	ck_trace("aBCDa");
	ck_err(rota_pool_close(pool, ROTA_FOREVER), 0);
	ck_ok(rota_loop_close(loop));
	ck_assert_int_eq(harness_n_blocks(), 0);
}

LOOP_TEST(a_child_ends_its_copies_of_jobs_and_starts_anew)
{
	begin(1);
	start(run_plain);
	ck_ok(rota_pool_drain(pool, ROTA_FOREVER));
	start(run_gate);
	gate_await(1);
	start(run_plain);
	start(run_plain);
	in_child(child_ends_jobs);
	/* The parent has not noticed. */
	gate_open();
	run_to_the_end();
	ck_trace("abcd");
	pools_close(pool);
}

static void
child_forks_twice(void)
{
	fork_loop();
	ck_ok(rota_loop_fork(loop));
	run_to_the_end();
	ck_trace("A");
	if (!pools_child_has_threads())
		return;
	gate_open();
	n_works = 0;
	start(run_plain);
	ck_err(rota_loop_fork(loop), -EBUSY);
	run_to_the_end();
	ck_trace("Aa");
	ck_ok(rota_loop_fork(loop));
	ck_ok(rota_loop_close(loop));
}

LOOP_TEST(a_second_call_in_the_child_harms_nothing)
{
	begin(1);
	start(run_gate);
	gate_await(1);
	in_child(child_forks_twice);
	gate_open();
	run_to_the_end();
	pools_close(pool);
}

static void
child_uses_default(void)
{
	struct rota_loop *own;

	fork_loop();
	if (!pools_child_has_threads())
		return;
	ck_ok(rota_loop_create(NULL, &own));
	n_works = 1;
	ck_ok(try_start_on(own, run_plain));
	ck_err(rota_loop_run(own, ROTA_RUN_DEFAULT), 0);
	ck_trace("b");
	ck_ok(rota_loop_close(own));
	run_to_the_end();
	ck_trace("bA");
	close_loop();
}

LOOP_TEST(the_default_pool_goes_on_in_the_child)
{
	pool = NULL;
	n_works = 0;
	gate_close();
	start(run_gate);
	gate_await(1);
	in_child(child_uses_default);
	gate_open();
	run_to_the_end();
	ck_trace("a");
}

static void
child_closes_unused(void)
{
	ck_ok(rota_pool_fork(pool));
	ck_err(rota_pool_close(pool, 0), 0);
}

LOOP_TEST(a_pool_of_no_loop_can_be_closed_in_the_child)
{
	begin(2);
	start(run_plain);
	run_to_the_end();
	in_child(child_closes_unused);
	pools_close(pool);
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "ends");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
		tc, a_stopped_pool_ends_what_waits_and_takes_nothing_new);
	tcase_add_loop_test(tc, draining_waits_for_all_jobs);
	tcase_add_loop_test(tc, draining_waits_no_longer_than_told);
	tcase_add_loop_test(
		tc, closing_waits_for_running_jobs_and_ends_the_others);
	tcase_add_loop_test(tc, a_stuck_job_is_abandoned_after_the_grace);
	tcase_add_loop_test(tc,
		a_pool_with_a_stuck_job_can_be_cancelled_and_closed_without_grace);
	tcase_add_loop_test(
		tc, a_pool_may_be_closed_in_the_callback_of_its_job);
	tcase_add_loop_test(tc, a_loop_may_outlive_the_pool_of_its_options);
	tcase_add_loop_test(
		tc, a_loop_may_be_closed_as_soon_as_its_last_work_is_told);

	tc = harness_case(suite, "default");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, loops_without_a_pool_share_the_default_one);
	tcase_add_test(
		tc, the_default_pool_has_the_size_that_the_largest_wish_is);
	tcase_add_test(tc, the_environment_can_ask_for_threads);
	tcase_add_test(tc, the_default_pool_comes_and_goes_under_many_threads);

	tc = harness_case(suite, "executors");
	tcase_add_loop_test(tc, an_executor_runs_jobs_in_a_thread_of_its_own);
	tcase_add_loop_test(tc, what_an_executor_refuses_is_not_started);
	tcase_add_loop_test(tc, closing_waits_for_the_jobs_of_an_executor);

	tc = harness_case(suite, "failures");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
		tc, without_any_thread_a_start_fails_and_changes_nothing);
	tcase_add_loop_test(
		tc, with_one_thread_work_goes_on_when_no_more_can_be_had);
	tcase_add_loop_test(tc, each_allocation_may_fail);

	tc = harness_case(suite, "fork");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
		tc, a_child_ends_its_copies_of_jobs_and_starts_anew);
	tcase_add_loop_test(tc, a_second_call_in_the_child_harms_nothing);
	tcase_add_loop_test(tc, the_default_pool_goes_on_in_the_child);
	tcase_add_loop_test(tc, a_pool_of_no_loop_can_be_closed_in_the_child);
}

HARNESS_MAIN("pool life", add_cases)
