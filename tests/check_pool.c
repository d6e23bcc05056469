/* SPDX-License-Identifier: MIT */
/*
 * Work in the threads of a pool: where it runs, in which order, how many at
 * once, how it is cancelled and told. The lives of pools themselves are in
 * check_pool_life.c.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/works.h"

#define MS ROTA_MILLISECOND

static void
begin(unsigned n_threads)
{
	struct rota_pool_options options = pools_options(n_threads);

	begin_works(&options);
}

/* Run and done *******************************************************/

static pthread_t loop_thread;

static int
run_elsewhere(struct rota_work *work)
{
	ck_assert(!pthread_equal(pthread_self(), loop_thread));
	work->result = work->job.request.data;
	return 42;
}

static void
on_back(struct rota_work *work, int status)
{
	ck_assert(pthread_equal(pthread_self(), loop_thread));
	ck_assert_int_eq(status, 42);
	ck_assert_ptr_eq(work->result, &loop_thread);
	trace('D');
}

LOOP_TEST(work_runs_in_another_thread_and_is_told_in_the_loops)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;

	begin(1);
	loop_thread = pthread_self();
	works[0].job.request.data = &loop_thread;
	options.pool = pool;
	ck_ok(rota_work_start_with(
		loop, &works[0], &options, run_elsewhere, on_back));
	ck_trace("");
	run_to_the_end();
	ck_trace("D");
	end_works();
}

LOOP_TEST(work_in_flight_holds_the_loop_and_is_named)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;
	char text[200];

	begin(1);
	options.pool = pool;
	ck_ok(rota_work_start_with(
		loop, &works[0], &options, run_gate, on_done));
	ck_assert_int_eq(rota_loop_alive(loop), 1);
	ck_err(rota_loop_close(loop), -EBUSY);
	ck_assert_int_eq(
		rota_loop_why_alive_text(loop, text, sizeof(text)) > 0, 1);
	ck_assert_ptr_nonnull(
		strstr(text, "work: in flight, referenced, callback on_done,"));
	ck_assert_ptr_nonnull(strstr(text, "check_pool.c:"));
	end_works();
	ck_trace("a");
}

LOOP_TEST(unreferenced_work_does_not_hold_the_loop)
{
	begin(1);
	ck_ok(rota_request_unref(&start(run_gate)->job.request));
	ck_err(rota_loop_run(loop, ROTA_RUN_DEFAULT), 0);
	ck_trace("");
	ck_err(rota_loop_close(loop), -EBUSY);
	ck_ok(rota_request_ref(&works[0].job.request));
	end_works();
	ck_trace("a");
}

static void
on_done_again(struct rota_work *work, int status)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;

	on_done(work, status);
	options.pool = pool;
	if (++n_works < 5)
		ck_ok(rota_work_start_with(
			loop, work, &options, run_plain, on_done_again));
}

LOOP_TEST(work_can_be_started_anew_when_it_is_done)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;

	begin(2);
	options.pool = pool;
	ck_ok(rota_work_start_with(
		loop, &works[0], &options, run_plain, on_done_again));
	run_to_the_end();
	ck_trace("aaaaa");
	ck_assert_str_eq(ran, "aaaaa");
	end_works();
}

LOOP_TEST(work_is_told_in_the_order_of_its_end)
{
	begin(2);
	start(run_gate);
	gate_await(1);
	start(run_plain);
	start(run_plain);
	while (pools_metrics(pool).lanes[ROTA_LANE_CPU].done < 2)
		run_once_checked(ROTA_RUN_NOWAIT);
	end_works();
	ck_trace("bca");
}

/* While the loop is in a callback, its works end. */
static void
on_due(struct rota_timer *timer)
{
	(void)timer;
	for (unsigned i = 0; i < 8; i++)
		start(run_plain);
	ck_ok(rota_pool_drain(pool, ROTA_FOREVER));
	trace('T');
}

START_TEST(ends_come_together_and_wake_the_loop_once_at_most)
{
	struct rota_timer timer;

	harness_open_with(_i, pools_sys());
	begin(1);
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 0, 0, on_due));
	while (*trace_text() != 'T')
		run_once_checked(ROTA_RUN_ONCE);
	ck_trace("Tabcdefgh");
	ck_assert_uint_eq(atomic_load(&pools.n_wakes), 0);
	start(run_gate);
	gate_await(1);
	for (unsigned i = 0; i < 6; i++)
		start(run_plain);
	gate_open();
	run_to_the_end();
	ck_assert_uint_le(atomic_load(&pools.n_wakes), 7);
	ck_ok(rota_handle_close(&timer.handle, NULL));
	end_works();
}
END_TEST

/* How many at once ***************************************************/

START_TEST(no_thread_is_started_before_the_first_job)
{
	begin(4);
	ck_assert_uint_eq(pools_metrics(pool).n_alive, 0);
	ck_assert_uint_eq(atomic_load(&pools.n_started), 0);
	pools_close(pool);
	ck_assert_uint_eq(atomic_load(&pools.n_started), 0);
}
END_TEST

LOOP_TEST(one_job_starts_one_thread)
{
	begin(4);
	for (unsigned i = 0; i < 5; i++) {
		start(run_plain);
		run_to_the_end();
	}
	ck_assert_uint_eq(atomic_load(&pools.n_started), 1);
	end_works();
}

LOOP_TEST(five_jobs_on_four_threads_run_four_at_once)
{
	struct rota_pool_metrics metrics;

	begin(4);
	for (unsigned i = 0; i < 5; i++)
		start(run_gate);
	gate_await(4);
	metrics = pools_metrics(pool);
	ck_assert_uint_eq(metrics.lanes[ROTA_LANE_CPU].running, 4);
	ck_assert_uint_eq(metrics.lanes[ROTA_LANE_CPU].queued, 1);
	ck_assert_uint_eq(metrics.n_alive, 4);
	end_works();
	ck_assert_uint_eq(gate_n_most(), 4);
	ck_assert_uint_eq(atomic_load(&pools.n_started), 4);
	ck_assert_uint_eq(strlen(trace_text()), 5);
}

static int
run_100_ms(struct rota_work *work)
{
	const struct timespec pause = { 0, 100 * MS };

	(void)work;
	(void)nanosleep(&pause, NULL);
	return 0;
}

/* Less than one after the other would take, on a busy machine as well. */
LOOP_TEST(five_jobs_of_100_ms_take_two_rounds_on_four_threads)
{
	uint64_t began_ns = harness_true_ns();
	uint64_t took_ns;

	begin(4);
	for (unsigned i = 0; i < 5; i++)
		start(run_100_ms);
	run_to_the_end();
	took_ns = harness_true_ns() - began_ns;
	ck_assert_uint_ge(took_ns, 200 * MS);
	ck_assert_uint_lt(took_ns, 490 * MS);
	end_works();
}

static const unsigned sizes[] = { 1, 2, 4, 8, 2, 1, 8, 4 };
#define N_SIZES (sizeof(sizes) / sizeof(*sizes))

LOOP_TEST(a_pool_is_resized_while_it_is_busy)
{
	begin(1);
	for (unsigned i = 0; i < N_SIZES; i++) {
		unsigned n = sizes[i];

		n_works = 0;
		memset(ran, 0, sizeof(ran));
		gate_close();
		ck_ok(rota_pool_resize(pool, n));
		for (unsigned j = 0; j < 12; j++)
			start(run_gate);
		gate_await(n);
		ck_assert_uint_eq(
			pools_metrics(pool).lanes[ROTA_LANE_CPU].running, n);
		ck_assert_uint_eq(gate_n_most(), n);
		gate_let_through(4);
		gate_await(n + 4);
		ck_assert_uint_eq(gate_n_most(), n);
		/* Those that run meanwhile see the next size come. */
		ck_ok(rota_pool_resize(pool, sizes[(i + 1) % N_SIZES]));
		gate_open();
		run_to_the_end();
	}
	end_works();
}

LOOP_TEST(a_pool_that_has_grown_starts_what_waits)
{
	begin(1);
	for (unsigned i = 0; i < 4; i++)
		start(run_gate);
	gate_await(1);
	ck_ok(rota_pool_resize(pool, 3));
	gate_await(3);
	ck_assert_uint_eq(pools_metrics(pool).n_alive, 3);
	end_works();
	ck_assert_uint_eq(gate_n_most(), 3);
}

LOOP_TEST(threads_that_are_too_many_end)
{
	const struct rota_lane_options no_slow = { .limit = 1, .is_apart = 1 };

	begin(8);
	ck_ok(rota_pool_set_lane(pool, ROTA_LANE_SLOW, &no_slow));
	for (unsigned i = 0; i < 8; i++)
		start(run_gate);
	gate_await(8);
	ck_ok(rota_pool_resize(pool, 1));
	gate_open();
	run_to_the_end();
	while (pools_metrics(pool).n_alive > 2)
		;
	start(run_plain);
	run_to_the_end();
	ck_assert_uint_eq(atomic_load(&pools.n_started), 8);
	end_works();
}

/* Lanes **************************************************************/

static unsigned n_quick;

static int
run_nothing(struct rota_work *work)
{
	(void)work;
	return 0;
}

static void
on_quick(struct rota_work *work, int status)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;

	ck_assert_int_eq(status, 0);
	options.pool = pool;
	options.lane = ROTA_LANE_IO;
	if (n_quick > 0 && n_quick-- > 0)
		ck_ok(rota_work_start_with(
			loop, work, &options, run_nothing, on_quick));
	else
		trace('q');
}

/* So many jobs in lane io, eight in flight; returns how long they took. */
static uint64_t
run_quick_jobs(unsigned n)
{
	static struct rota_work quick[8];
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;
	uint64_t began_ns = harness_true_ns();

	trace_reset();
	options.pool = pool;
	options.lane = ROTA_LANE_IO;
	n_quick = n - 8;
	for (unsigned i = 0; i < 8; i++)
		ck_ok(rota_work_start_with(
			loop, &quick[i], &options, run_nothing, on_quick));
	while (strlen(trace_text()) < 8)
		run_once_checked(ROTA_RUN_ONCE);
	ck_trace("qqqqqqqq");
	return harness_true_ns() - began_ns;
}

LOOP_TEST(when_all_slow_threads_hang_files_go_on)
{
	uint64_t free_ns;
	uint64_t hung_ns;

	begin(4);
	free_ns = run_quick_jobs(harness_scale(10000) + 8);
	for (unsigned i = 0; i < 8; i++)
		start_in(ROTA_LANE_SLOW, 0, run_gate);
	gate_await(4);
	hung_ns = run_quick_jobs(harness_scale(10000) + 8);
	ck_assert_uint_eq(pools_metrics(pool).lanes[ROTA_LANE_SLOW].running, 4);
	ck_assert_uint_eq(pools_metrics(pool).lanes[ROTA_LANE_SLOW].queued, 4);
	/* The machine may be busy; one that waits would take for ever. */
	ck_assert_uint_lt(hung_ns, 20 * free_ns + ROTA_SECOND);
	end_works();
	ck_assert_uint_eq(gate_n_most(), 4);
}

LOOP_TEST(a_stuck_job_in_a_pool_of_one_does_not_stop_other_lanes)
{
	begin(1);
	start_in(ROTA_LANE_CPU, 0, run_gate);
	start_in(ROTA_LANE_CPU, 0, run_gate);
	gate_await(1);
	(void)run_quick_jobs(100);
	ck_assert_uint_le(pools_metrics(pool).n_alive, 2);
	ck_assert_uint_eq(pools_metrics(pool).lanes[ROTA_LANE_CPU].queued, 1);
	end_works();
}

LOOP_TEST(a_lane_of_ones_own_has_its_limit)
{
	const struct rota_lane_options own = { .name = "own", .limit = 2 };

	begin(4);
	ck_ok(rota_pool_set_lane(pool, ROTA_LANE_USER, &own));
	for (unsigned i = 0; i < 4; i++)
		start_in(ROTA_LANE_USER, 0, run_gate);
	gate_await(2);
	start_in(ROTA_LANE_CPU, 0, run_gate);
	gate_await(3);
	ck_assert_uint_eq(pools_metrics(pool).lanes[ROTA_LANE_USER].queued, 2);
	ck_assert_str_eq(pools_metrics(pool).lanes[ROTA_LANE_USER].name, "own");
	end_works();
}

LOOP_TEST(a_limit_that_is_raised_starts_what_waits)
{
	struct rota_lane_options own = { .name = "own", .limit = 1 };

	begin(4);
	ck_ok(rota_pool_set_lane(pool, ROTA_LANE_USER, &own));
	for (unsigned i = 0; i < 4; i++)
		start_in(ROTA_LANE_USER, 0, run_gate);
	gate_await(1);
	own.limit = 3;
	ck_ok(rota_pool_set_lane(pool, ROTA_LANE_USER, &own));
	gate_await(3);
	end_works();
	ck_assert_uint_eq(gate_n_most(), 3);
}

LOOP_TEST(work_waits_in_order_of_priority_and_then_of_start)
{
	begin(1);
	start(run_gate);
	gate_await(1);
	start_in(ROTA_LANE_CPU, 0, run_plain);
	start_in(ROTA_LANE_CPU, -8, run_plain);
	start_in(ROTA_LANE_CPU, 8, run_plain);
	start_in(ROTA_LANE_CPU, 0, run_plain);
	start_in(ROTA_LANE_CPU, 8, run_plain);
	end_works();
	ck_assert_str_eq(ran, "adfbec");
	ck_trace("adfbec");
}

/* Cancel and deadline ************************************************/

LOOP_TEST(queued_work_is_cancelled_at_once)
{
	begin(1);
	start(run_gate);
	gate_await(1);
	start(run_plain);
	start(run_plain);
	ck_ok(rota_request_cancel(&works[1].job.request));
	ck_assert_uint_eq(pools_metrics(pool).lanes[ROTA_LANE_CPU].queued, 1);
	ck_assert_uint_eq(pools_metrics(pool).lanes[ROTA_LANE_CPU].canceled, 1);
	ck_err(rota_request_cancel(&works[1].job.request), -EALREADY);
	ck_trace("");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("B");
	end_works();
	ck_assert_str_eq(ran, "ac");
	ck_trace("Bac");
}

static int
run_until_canceled(struct rota_work *work)
{
	note_run(work);
	gate_pass();
	while (!rota_work_is_canceled(work))
		;
	return 0;
}

LOOP_TEST(running_work_is_asked_to_end_and_told_as_cancelled)
{
	begin(1);
	start(run_until_canceled);
	ck_assert_int_eq(rota_work_is_canceled(&works[0]), 0);
	gate_open();
	gate_await(1);
	ck_ok(rota_request_cancel(&works[0].job.request));
	ck_err(rota_request_cancel(&works[0].job.request), -EALREADY);
	ck_err(rota_request_set_deadline(&works[0].job.request, 1), -EALREADY);
	run_to_the_end();
	ck_trace("A");
	end_works();
}

static void
on_canceled(struct rota_work *work, int status)
{
	ck_assert_int_eq(status, -ECANCELED);
	ck_assert_int_eq(rota_work_is_canceled(work), 1);
	trace('C');
}

static void
start_for_canceled(rota_work_run_fn *run)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;

	options.pool = pool;
	ck_ok(rota_work_start_with(
		loop, &works[n_works++], &options, run, on_canceled));
}

LOOP_TEST(cancelled_work_is_known_as_such_until_it_is_told)
{
	begin(1);
	start_for_canceled(run_until_canceled);
	start_for_canceled(run_plain);
	gate_await(1);
	ck_ok(rota_request_cancel(&works[1].job.request));
	ck_assert_int_eq(rota_work_is_canceled(&works[1]), 1);
	ck_ok(rota_request_cancel(&works[0].job.request));
	gate_open();
	ck_ok(rota_pool_drain(pool, ROTA_FOREVER));
	ck_assert_int_eq(rota_work_is_canceled(&works[0]), 1);
	run_to_the_end();
	ck_trace("CC");
	start(run_plain);
	run_to_the_end();
	ck_assert_int_eq(rota_work_is_canceled(&works[2]), 0);
	end_works();
}

static int status_told;

static void
on_status(struct rota_work *work, int status)
{
	(void)work;
	status_told = status;
	trace('S');
}

static void
start_for_status(rota_work_run_fn *run)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;

	options.pool = pool;
	status_told = 1;
	ck_ok(rota_work_start_with(
		loop, &works[n_works++], &options, run, on_status));
}

LOOP_TEST(queued_work_times_out)
{
	begin(1);
	start(run_gate);
	gate_await(1);
	start_for_status(run_plain);
	ck_ok(rota_request_set_deadline(&works[1].job.request, MS));
	run_once_checked(ROTA_RUN_ONCE);
	while (status_told == 1)
		run_once_checked(ROTA_RUN_ONCE);
	ck_err(status_told, -ETIMEDOUT);
	end_works();
	ck_assert_str_eq(ran, "a");
}

LOOP_TEST(running_work_times_out_when_it_returns)
{
	begin(1);
	start_for_status(run_until_canceled);
	gate_open();
	gate_await(1);
	ck_ok(rota_request_set_deadline(&works[0].job.request, MS));
	run_to_the_end();
	ck_err(status_told, -ETIMEDOUT);
	end_works();
}

LOOP_TEST(work_that_is_done_in_time_has_its_own_status)
{
	begin(1);
	start_for_status(run_plain);
	ck_ok(rota_request_set_deadline(
		&works[0].job.request, 100 * ROTA_SECOND));
	run_to_the_end();
	ck_err(status_told, 0);
	end_works();
}

LOOP_TEST(work_that_has_ended_cannot_be_cancelled)
{
	begin(1);
	start(run_plain);
	ck_ok(rota_pool_drain(pool, ROTA_FOREVER));
	ck_err(rota_request_cancel(&works[0].job.request), -EALREADY);
	run_to_the_end();
	ck_trace("a");
	ck_err(rota_request_cancel(&works[0].job.request), -EALREADY);
	end_works();
}

/* Cancels all that still wait, from inside. */
static void
on_done_cancel_rest(struct rota_work *work, int status)
{
	on_done(work, status);
	for (unsigned i = 1; i < n_works; i++)
		(void)rota_request_cancel(&works[i].job.request);
}

LOOP_TEST(a_callback_may_cancel_all_others)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;

	begin(1);
	options.pool = pool;
	n_works = 1;
	ck_ok(rota_work_start_with(
		loop, &works[0], &options, run_gate, on_done_cancel_rest));
	gate_await(1);
	for (unsigned i = 0; i < 3; i++)
		start(run_gate);
	gate_let_through(1);
	while (*trace_text() == '\0')
		run_once_checked(ROTA_RUN_ONCE);
	end_works();
	ck_assert_uint_eq(strlen(trace_text()), 4);
	ck_assert_ptr_nonnull(strchr(trace_text(), 'D'));
	ck_assert_ptr_null(strchr(ran, 'd'));
}

/* Threads ************************************************************/

static int
run_mask(struct rota_work *work)
{
	sigset_t mask;
	int signum;

	(void)work;
	(void)sigemptyset(&mask);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
	for (signum = 1; signum < 32; signum++)
		if (signum != SIGKILL && signum != SIGSTOP &&
			sigismember(&mask, signum) == 0)
			return -signum;
	return 0;
}

LOOP_TEST(all_signals_are_blocked_in_threads_of_a_pool)
{
	sigset_t before;
	sigset_t after;

	(void)pthread_sigmask(SIG_SETMASK, NULL, &before);
	begin(1);
	start(run_mask);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &after);
	ck_assert_int_eq(
		sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
	run_to_the_end();
	ck_trace("a");
	end_works();
}

static char thread_name[40];

/* Where the system tells it in such a way. */
static int
run_name(struct rota_work *work)
{
	FILE *file = fopen("/proc/thread-self/comm", "r");

	(void)work;
	if (file == NULL)
		return -ENOENT;
	(void)fscanf(file, "%39s", thread_name);
	(void)fclose(file);
	return 0;
}

LOOP_TEST(threads_of_a_pool_are_named_and_numbered)
{
	struct rota_pool_options options = pools_options(1);

	begin(1);
	start(run_name);
	run_to_the_end();
	if (strcmp(trace_text(), "a") == 0)
		ck_assert_str_eq(thread_name, "rota-1");
	pools_close(pool);
	options.name = "with a very long name";
	ck_ok(rota_pool_create(&options, &pool));
	start(run_name);
	run_to_the_end();
	if (strcmp(trace_text(), "ab") == 0)
		ck_assert_str_eq(thread_name, "with");
	end_works();
}

LOOP_TEST(the_size_of_the_stack_can_be_set)
{
	struct rota_pool_options options = pools_options(1);

	begin(1);
	start(run_plain);
	run_to_the_end();
	ck_assert_uint_eq(pools.stack_bytes, 0);
	pools_close(pool);
	options.stack_bytes = 1;
	ck_ok(rota_pool_create(&options, &pool));
	start(run_plain);
	run_to_the_end();
	ck_assert_uint_eq(pools.stack_bytes, 1);
	ck_trace("ab");
	end_works();
}

/* Metrics ************************************************************/

LOOP_TEST(a_pool_tells_how_long_jobs_wait_and_run)
{
	struct rota_pool_metrics metrics;
	const struct rota_lane_metrics *lane;

	begin(1);
	ck_ok(rota_pool_measure(pool, 1));
	start(run_100_ms);
	start(run_100_ms);
	run_to_the_end();
	(void)rota_pool_drain(pool, ROTA_FOREVER);
	metrics = pools_metrics(pool);
	lane = &metrics.lanes[ROTA_LANE_CPU];
	ck_assert_uint_eq(lane->done, 2);
	ck_assert_uint_ge(lane->run.p50_ns, 93 * MS);
	ck_assert_uint_ge(lane->wait.p99_ns, 93 * MS);
	ck_assert_uint_lt(lane->wait.p50_ns, lane->wait.p999_ns);
	ck_assert_uint_eq(metrics.lanes[ROTA_LANE_IO].done, 0);
	ck_assert_uint_eq(metrics.lanes[ROTA_LANE_IO].run.p50_ns, 0);
	ck_ok(rota_pool_measure(pool, 0));
	ck_assert_uint_eq(
		pools_metrics(pool).lanes[ROTA_LANE_CPU].run.p50_ns, 0);
	end_works();
}

LOOP_TEST(measuring_may_begin_while_a_job_runs)
{
	begin(1);
	start(run_gate);
	gate_await(1);
	ck_ok(rota_pool_measure(pool, 1));
	gate_open();
	run_to_the_end();
	start(run_plain);
	run_to_the_end();
	ck_ok(rota_pool_drain(pool, ROTA_FOREVER));
	ck_assert_uint_lt(pools_metrics(pool).lanes[ROTA_LANE_CPU].wait.p999_ns,
		100 * ROTA_SECOND);
	end_works();
}

/* Two loops **********************************************************/

static struct rota_loop *other;
static struct rota_work others[MAX_WORKS];
static unsigned n_others;

static void
on_other(struct rota_work *work, int status)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;

	ck_assert_int_eq(status, 0);
	options.pool = pool;
	if (n_others-- > MAX_WORKS)
		ck_ok(rota_work_start_with(
			other, work, &options, run_nothing, on_other));
}

static void *
run_other(void *data)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;

	(void)data;
	options.pool = pool;
	for (unsigned i = 0; i < MAX_WORKS; i++)
		ck_ok(rota_work_start_with(
			other, &others[i], &options, run_nothing, on_other));
	ck_err(rota_loop_run(other, ROTA_RUN_DEFAULT), 0);
	ck_ok(rota_loop_close(other));
	return NULL;
}

LOOP_TEST(two_loops_share_a_pool)
{
	pthread_t thread;

	begin(2);
	other = harness_make_loop();
	n_others = harness_scale(20000) + MAX_WORKS;
	ck_assert_int_eq(pthread_create(&thread, NULL, run_other, NULL), 0);
	for (unsigned i = 0; i < 10; i++)
		(void)run_quick_jobs(harness_scale(2000) + 8);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_eq(n_others, 0);
	end_works();
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "work");

	tcase_add_loop_test(
		tc, work_runs_in_another_thread_and_is_told_in_the_loops);
	tcase_add_loop_test(tc, work_in_flight_holds_the_loop_and_is_named);
	tcase_add_loop_test(tc, unreferenced_work_does_not_hold_the_loop);
	tcase_add_loop_test(tc, work_can_be_started_anew_when_it_is_done);
	tcase_add_loop_test(tc, work_is_told_in_the_order_of_its_end);
	tcase_add_loop_test(
		tc, ends_come_together_and_wake_the_loop_once_at_most);

	tc = harness_case(suite, "threads");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, no_thread_is_started_before_the_first_job);
	tcase_add_loop_test(tc, one_job_starts_one_thread);
	tcase_add_loop_test(tc, five_jobs_on_four_threads_run_four_at_once);
	tcase_add_loop_test(
		tc, five_jobs_of_100_ms_take_two_rounds_on_four_threads);
	tcase_add_loop_test(tc, a_pool_is_resized_while_it_is_busy);
	tcase_add_loop_test(tc, a_pool_that_has_grown_starts_what_waits);
	tcase_add_loop_test(tc, threads_that_are_too_many_end);
	tcase_add_loop_test(tc, all_signals_are_blocked_in_threads_of_a_pool);
	tcase_add_loop_test(tc, threads_of_a_pool_are_named_and_numbered);
	tcase_add_loop_test(tc, the_size_of_the_stack_can_be_set);
	tcase_add_loop_test(tc, two_loops_share_a_pool);

	tc = harness_case(suite, "lanes");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, when_all_slow_threads_hang_files_go_on);
	tcase_add_loop_test(
		tc, a_stuck_job_in_a_pool_of_one_does_not_stop_other_lanes);
	tcase_add_loop_test(tc, a_lane_of_ones_own_has_its_limit);
	tcase_add_loop_test(tc, a_limit_that_is_raised_starts_what_waits);
	tcase_add_loop_test(
		tc, work_waits_in_order_of_priority_and_then_of_start);

	tc = harness_case(suite, "cancel");
	tcase_add_loop_test(tc, queued_work_is_cancelled_at_once);
	tcase_add_loop_test(
		tc, running_work_is_asked_to_end_and_told_as_cancelled);
	tcase_add_loop_test(
		tc, cancelled_work_is_known_as_such_until_it_is_told);
	tcase_add_loop_test(tc, queued_work_times_out);
	tcase_add_loop_test(tc, running_work_times_out_when_it_returns);
	tcase_add_loop_test(tc, work_that_is_done_in_time_has_its_own_status);
	tcase_add_loop_test(tc, work_that_has_ended_cannot_be_cancelled);
	tcase_add_loop_test(tc, a_callback_may_cancel_all_others);

	tc = harness_case(suite, "metrics");
	tcase_add_loop_test(tc, a_pool_tells_how_long_jobs_wait_and_run);
	tcase_add_loop_test(tc, measuring_may_begin_while_a_job_runs);
}

HARNESS_MAIN("pool", add_cases)
