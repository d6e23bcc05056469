/* SPDX-License-Identifier: MIT */
/* Looking out for the end of a job before the loop sleeps. */
#include "core/lookout.h"

#include "tests/works.h"

START_TEST(each_time_in_vain_more_chances_pass_until_one_pays)
{
	const unsigned passed[] = { 0, 1, 3, 7, 15, 31, 63, 127, 255, 255 };
	struct rota__lookout lookout = { 0, 0 };

	(void)_i;
	for (unsigned i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		for (unsigned n = 0; n < passed[i]; n++)
			ck_assert_int_eq(rota__lookout_may(&lookout), 0);
		ck_assert_int_eq(rota__lookout_may(&lookout), 1);
		rota__lookout_learn(&lookout, 0);
	}
	rota__lookout_learn(&lookout, 1);
	ck_assert_int_eq(rota__lookout_may(&lookout), 1);
	rota__lookout_learn(&lookout, 1);
	ck_assert_int_eq(rota__lookout_may(&lookout), 1);
}
END_TEST

/* A pool on a machine with so many processors. */

static unsigned n_processors;

static unsigned
count_processors(void)
{
	return n_processors;
}

static void
begin_on(unsigned n, uint64_t lookout_ns)
{
	static struct rota_sys sys;
	struct rota_pool_options options = pools_options(1);

	n_processors = n;
	sys = *options.sys;
	sys.n_processors = count_processors;
	options.sys = &sys;
	options.lookout_ns = lookout_ns;
	begin_works(&options);
	start(run_gate);
	gate_await(1);
}

static void
on_time(struct rota_timer *timer)
{
	(void)timer;
}

/* How often a turn that waits for a timer asks what is ready. */
static unsigned
polls_of_a_turn(uint64_t delay_ns)
{
	struct rota_timer timer = { 0 };
	unsigned n = harness_n_polls();

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, delay_ns, 0, on_time));
	ck_assert_int_ge(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_ok(rota_handle_close(&timer.handle, NULL));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	return harness_n_polls() - 1 - n;
}

/* In fake time no wait can be for a thread. */
static void
end_job(void)
{
	gate_open();
	while (rota_loop_alive(loop))
		(void)run_once_checked(ROTA_RUN_NOWAIT);
}

static void
end(void)
{
	end_job();
	pools_close(pool);
}

FAKE_TIME_TEST(a_loop_that_looks_out_in_vain_does_so_more_seldom)
{
	begin_on(2, 0);
	ck_assert_uint_gt(polls_of_a_turn(ROTA_SECOND), 2);
	ck_assert_uint_eq(polls_of_a_turn(ROTA_SECOND), 1);
	ck_assert_uint_gt(polls_of_a_turn(ROTA_SECOND), 2);
	ck_assert_uint_eq(polls_of_a_turn(ROTA_SECOND), 1);
	ck_assert_uint_eq(polls_of_a_turn(ROTA_SECOND), 1);
	ck_assert_uint_eq(polls_of_a_turn(ROTA_SECOND), 1);
	ck_assert_uint_gt(polls_of_a_turn(ROTA_SECOND), 2);
	end();
}

FAKE_TIME_TEST(nobody_looks_out_on_one_processor)
{
	begin_on(1, 0);
	ck_assert_uint_eq(polls_of_a_turn(ROTA_SECOND), 1);
	end();
}

FAKE_TIME_TEST(nobody_looks_out_who_was_told_not_to)
{
	begin_on(2, ROTA_POOL_NO_LOOKOUT);
	ck_assert_uint_eq(polls_of_a_turn(ROTA_SECOND), 1);
	end();
}

FAKE_TIME_TEST(nobody_looks_out_for_longer_than_the_next_timer)
{
	begin_on(2, ROTA_POOL_MAX_LOOKOUT);
	ck_assert_uint_eq(polls_of_a_turn(ROTA_POOL_MAX_LOOKOUT / 2), 1);
	end();
}

FAKE_TIME_TEST(nobody_looks_out_without_a_job)
{
	begin_on(2, 0);
	end_job();
	ck_assert_uint_eq(polls_of_a_turn(ROTA_SECOND), 1);
	pools_close(pool);
}

/* Descriptors are served meanwhile. */

static struct rota_io watcher;
static int pair[2];

static void
on_readable(struct rota_io *io, unsigned ready)
{
	(void)ready;
	harness_drain(pair[0]);
	trace('R');
	ck_ok(rota_io_stop(io));
	gate_open();
}

LOOP_TEST(a_loop_that_looks_out_serves_descriptors)
{
	begin_on(2, 0);
	harness_pipe(pair);
	ck_ok(rota_io_init(loop, &watcher, pair[0]));
	ck_ok(rota_io_start(&watcher, ROTA_READABLE, on_readable));
	harness_put(pair[1], 'x');
	run_to_the_end();
	ck_trace("Ra");
	ck_ok(rota_handle_close(&watcher.handle, NULL));
	run_to_the_end();
	harness_close_pair(pair);
	pools_close(pool);
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "look-out");

	tcase_add_test(tc, each_time_in_vain_more_chances_pass_until_one_pays);
	tcase_add_test(tc, a_loop_that_looks_out_in_vain_does_so_more_seldom);
	tcase_add_test(tc, nobody_looks_out_on_one_processor);
	tcase_add_test(tc, nobody_looks_out_who_was_told_not_to);
	tcase_add_test(tc, nobody_looks_out_for_longer_than_the_next_timer);
	tcase_add_test(tc, nobody_looks_out_without_a_job);
	tcase_add_loop_test(tc, a_loop_that_looks_out_serves_descriptors);
}

HARNESS_MAIN("looking out", add_cases)
