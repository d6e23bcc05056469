/* SPDX-License-Identifier: MIT */
/* Loop time, measured in fake time, so that every figure is known. */
#include <stdio.h>
#include <string.h>

#include "tests/harness.h"

#define MS ROTA_MILLISECOND

/* Every callback here takes as long as it is told. */
static uint64_t costs_ns;

static void
on_timer(struct rota_timer *timer)
{
	(void)timer;
	harness_advance(costs_ns);
}

static void
on_hook(struct rota_hook *hook)
{
	(void)hook;
	harness_advance(costs_ns);
}

static struct rota_loop_time
figures(void)
{
	struct rota_loop_time time = ROTA_LOOP_TIME_INIT;

	ck_ok(rota_loop_time(loop, &time));
	return time;
}

/* Measures one turn with a callback of the timers phase. */
static void
run_busy_turn(struct rota_timer *timer, uint64_t ns)
{
	costs_ns = ns;
	ck_ok(rota_timer_start(timer, 0, 0, on_timer));
	run_once_checked(ROTA_RUN_NOWAIT);
}

/* On and off **********************************************************/

LOOP_TEST(without_measuring_there_are_no_figures)
{
	struct rota_loop_time time = ROTA_LOOP_TIME_INIT;

	time.turns = 77;
	ck_err(rota_loop_time(loop, &time), -ENOENT);
	ck_assert_uint_eq(time.turns, 77);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_err(rota_loop_time(loop, &time), -ENOENT);
	ck_ok(rota_loop_measure(loop, 0));
	ck_err(rota_loop_time(loop, &time), -ENOENT);
}

LOOP_TEST(the_figures_begin_at_zero)
{
	struct rota_loop_time zero = ROTA_LOOP_TIME_INIT;
	struct rota_loop_time time;

	ck_ok(rota_loop_measure(loop, 1));
	time = figures();
	ck_assert_mem_eq(&time, &zero, sizeof(time));
}

START_TEST(measuring_can_be_an_option)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	(void)_i;
	options.measure = 1;
	ck_ok(rota_loop_create(&options, &loop));
	ck_assert_uint_eq(figures().turns, 0);
}
END_TEST

FAKE_TIME_TEST(turning_it_on_again_begins_at_zero)
{
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_loop_measure(loop, 1));
	run_busy_turn(&timer, MS);
	ck_assert_uint_gt(figures().busy_ns, 0);
	ck_ok(rota_loop_measure(loop, 0));
	ck_ok(rota_loop_measure(loop, 1));
	ck_assert_uint_eq(figures().busy_ns, 0);
	ck_assert_uint_eq(figures().turns, 0);
	close_all();
}

LOOP_TEST(figures_of_a_wrong_size_are_refused)
{
	struct rota_loop_time time = ROTA_LOOP_TIME_INIT;

	ck_ok(rota_loop_measure(loop, 1));
	time.size = sizeof(time) - 1;
	ck_err(rota_loop_time(loop, &time), -EINVAL);
	time.size = 0;
	ck_err(rota_loop_time(loop, &time), -EINVAL);
	time.size = sizeof(time) + 8;
	ck_err(rota_loop_time(loop, &time), -EINVAL);
	ck_err(rota_loop_time(loop, NULL), -EINVAL);
}

static void
on_timer_measure(struct rota_timer *timer)
{
	harness_advance(MS);
	ck_ok(rota_loop_measure(loop, timer->handle.data != NULL));
	harness_advance(MS);
}

FAKE_TIME_TEST(measuring_can_be_turned_on_and_off_in_a_callback)
{
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	timer.handle.data = &timer;
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_measure));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_uint_le(figures().busy_ns, 2 * MS);
	timer.handle.data = NULL;
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_measure));
	run_once_checked(ROTA_RUN_NOWAIT);
	timer.handle.data = &timer;
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_measure));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_uint_le(figures().busy_ns, 2 * MS);
	close_all();
}

/* Figures *************************************************************/

FAKE_TIME_TEST(busy_time_is_what_callbacks_take)
{
	struct rota_loop_time time;
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_loop_measure(loop, 1));
	run_busy_turn(&timer, 2 * MS);
	run_busy_turn(&timer, 4 * MS);
	time = figures();
	ck_assert_uint_eq(time.turns, 2);
	ck_assert_uint_eq(time.busy_ns, 6 * MS);
	ck_assert_uint_eq(time.max_ns, 4 * MS);
	ck_assert_uint_eq(time.mean_ns, 3 * MS);
	ck_assert_uint_eq(time.waited_ns, 0);
	close_all();
}

FAKE_TIME_TEST(the_wait_is_not_busy_time)
{
	struct rota_loop_time time;
	struct rota_timer timer;

	costs_ns = MS;
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_loop_measure(loop, 1));
	ck_ok(rota_timer_start(&timer, 50 * MS, 0, on_timer));
	run_to_the_end();
	time = figures();
	ck_assert_uint_eq(time.waited_ns, 50 * MS);
	ck_assert_uint_eq(time.busy_ns, MS);
	ck_assert_uint_ge(time.turns, 1);
	close_all();
}

FAKE_TIME_TEST(the_wait_of_a_foreign_loop_is_not_busy_time)
{
	struct rota_loop_time time;
	struct rota_timer timer;

	costs_ns = MS;
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_loop_measure(loop, 1));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer));
	ck_err(rota_loop_prepare(loop), 0);
	harness_advance(50 * MS);
	ck_err(rota_loop_dispatch(loop), 0);
	time = figures();
	ck_assert_uint_eq(time.waited_ns, 50 * MS);
	ck_assert_uint_eq(time.busy_ns, MS);
	ck_assert_uint_eq(time.warnings, 0);
	close_all();
}

static void
on_immediate(struct rota_immediate *immediate)
{
	(void)immediate;
	harness_advance(costs_ns);
}

static void
on_close(struct rota_handle *handle)
{
	(void)handle;
	harness_advance(costs_ns);
}

static void
on_post(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	harness_advance(costs_ns);
}

FAKE_TIME_TEST(each_phase_has_its_share)
{
	struct rota_hook idle, prepare, check, closed;
	struct rota_immediate immediate;
	struct rota_loop_time time;
	struct rota_timer timer;

	costs_ns = MS;
	ck_ok(rota_loop_measure(loop, 1));
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer));
	ck_ok(rota_idle_init(loop, &idle));
	ck_ok(rota_hook_start(&idle, on_hook));
	ck_ok(rota_prepare_init(loop, &prepare));
	ck_ok(rota_hook_start(&prepare, on_hook));
	ck_ok(rota_check_init(loop, &check));
	ck_ok(rota_hook_start(&check, on_hook));
	ck_ok(rota_check_init(loop, &closed));
	ck_ok(rota_handle_close(&closed.handle, on_close));
	ck_ok(rota_immediate_init(loop, &immediate));
	ck_ok(rota_immediate_start(&immediate, on_immediate));
	ck_ok(rota_post(loop, on_post, NULL));
	run_once_checked(ROTA_RUN_NOWAIT);
	time = figures();
	ck_assert_uint_eq(time.phase_ns[ROTA_PHASE_TIMERS], MS);
	ck_assert_uint_eq(time.phase_ns[ROTA_PHASE_PENDING], 0);
	ck_assert_uint_eq(time.phase_ns[ROTA_PHASE_IDLE], MS);
	ck_assert_uint_eq(time.phase_ns[ROTA_PHASE_PREPARE], MS);
	ck_assert_uint_eq(time.phase_ns[ROTA_PHASE_POLL], MS);
	ck_assert_uint_eq(time.phase_ns[ROTA_PHASE_CHECK], 2 * MS);
	ck_assert_uint_eq(time.phase_ns[ROTA_PHASE_CLOSE], MS);
	ck_assert_uint_eq(time.busy_ns, 7 * MS);
	close_all();
}

static void
ck_about(uint64_t seen_ns, uint64_t true_ns)
{
	ck_assert_uint_ge(seen_ns, true_ns - true_ns * 7 / 100);
	ck_assert_uint_le(seen_ns, true_ns + true_ns * 7 / 100);
}

/* 1000 turns of 10, 20, … µs, in mixed order. */
FAKE_TIME_TEST(percentiles_are_right_within_their_promise)
{
	struct rota_loop_time time;
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_loop_measure(loop, 1));
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t nth = i * 7919 % 1000 + 1;

		run_busy_turn(&timer, nth * 10 * ROTA_MICROSECOND);
	}
	time = figures();
	ck_assert_uint_eq(time.turns, 1000);
	ck_assert_uint_eq(time.max_ns, 10 * MS);
	ck_assert_uint_eq(time.mean_ns, 5005 * ROTA_MICROSECOND);
	ck_about(time.p50_ns, 5 * MS);
	ck_about(time.p90_ns, 9 * MS);
	ck_about(time.p99_ns, 9900 * ROTA_MICROSECOND);
	ck_about(time.p999_ns, 9990 * ROTA_MICROSECOND);
	close_all();
}

FAKE_TIME_TEST(percentiles_bear_very_short_and_very_long_turns)
{
	struct rota_loop_time time;
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_loop_measure(loop, 1));
	run_busy_turn(&timer, 0);
	run_busy_turn(&timer, 1);
	run_busy_turn(&timer, 100 * 86400 * ROTA_SECOND);
	time = figures();
	ck_assert_uint_eq(time.turns, 3);
	ck_assert_uint_eq(time.max_ns, 100 * 86400 * ROTA_SECOND);
	ck_assert_uint_le(time.p50_ns, time.p90_ns);
	ck_assert_uint_le(time.p90_ns, time.p99_ns);
	ck_assert_uint_le(time.p99_ns, time.p999_ns);
	ck_assert_uint_le(time.p50_ns, MS);
	close_all();
}

/* Slow turns **********************************************************/

static struct rota_slow_turn slow;
static char slow_text[256];

static void
on_slow(struct rota_loop *of, const struct rota_slow_turn *turn, void *data)
{
	ck_assert_ptr_eq(of, loop);
	trace_of(data);
	slow = *turn;
	(void)snprintf(slow_text, sizeof(slow_text), "%s|%s|%s", turn->type,
		turn->name, turn->callback);
	ck_assert_ptr_nonnull(turn->place);
}

static void
watch_slow(uint64_t notice_ns, uint64_t warning_ns)
{
	ck_ok(rota_loop_measure(loop, 1));
	ck_ok(rota_loop_on_slow(loop, notice_ns, warning_ns, on_slow, "!"));
}

static char slow_place[128];

static void
on_slow_place(
	struct rota_loop *of, const struct rota_slow_turn *turn, void *data)
{
	on_slow(of, turn, data);
	(void)snprintf(slow_place, sizeof(slow_place), "%s", turn->place);
}

FAKE_TIME_TEST(a_slow_turn_names_its_longest_callback)
{
	struct rota_timer timer;
	char place[64];

	ck_ok(rota_loop_measure(loop, 1));
	ck_ok(rota_loop_on_slow(loop, 0, 0, on_slow_place, "!"));
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_handle_set_name(&timer.handle, "sloth"));
	costs_ns = 20 * MS;
	(void)snprintf(
		place, sizeof(place), "check_metrics.c:%d", __LINE__ + 1);
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("!");
	ck_assert_str_eq(slow_text, "timer|sloth|on_timer");
	ck_assert_ptr_nonnull(strstr(slow_place, place));
	ck_assert_int_eq(slow.phase, ROTA_PHASE_TIMERS);
	ck_assert_uint_eq(slow.callback_ns, 20 * MS);
	ck_assert_uint_eq(slow.busy_ns, 20 * MS);
	ck_assert_uint_eq(slow.threshold_ns, 12 * MS);
	ck_assert_int_eq(slow.is_warning, 1);
	close_all();
}

FAKE_TIME_TEST(between_the_thresholds_it_is_a_notice)
{
	struct rota_timer timer;

	watch_slow(0, 0);
	ck_ok(rota_timer_init(loop, &timer));
	run_busy_turn(&timer, 7 * MS);
	ck_trace("");
	run_busy_turn(&timer, 9 * MS);
	ck_trace("!");
	ck_assert_int_eq(slow.is_warning, 0);
	ck_assert_uint_eq(slow.threshold_ns, 8 * MS);
	run_busy_turn(&timer, 13 * MS);
	ck_trace("!!");
	ck_assert_uint_eq(figures().warnings, 1);
	ck_assert_uint_ge(figures().notices, 1);
	close_all();
}

FAKE_TIME_TEST(thresholds_can_be_set)
{
	struct rota_timer timer;

	watch_slow(100, 200);
	ck_ok(rota_timer_init(loop, &timer));
	run_busy_turn(&timer, 99);
	ck_trace("");
	run_busy_turn(&timer, 101);
	ck_trace("!");
	ck_assert_int_eq(slow.is_warning, 0);
	run_busy_turn(&timer, 201);
	ck_trace("!!");
	ck_assert_int_eq(slow.is_warning, 1);
	ck_assert_uint_eq(slow.threshold_ns, 200);
	close_all();
}

static void
on_tick(struct rota_loop *of, void *data)
{
	(void)of;
	harness_advance(*(uint64_t *)data);
}

static void
on_hook_tick(struct rota_hook *hook)
{
	ck_ok(rota_tick(loop, on_tick, hook->handle.data));
}

FAKE_TIME_TEST(a_slow_tick_is_named_and_not_the_callback_before_it)
{
	uint64_t tick_ns = 20 * MS;
	struct rota_hook check;

	watch_slow(0, 0);
	ck_ok(rota_check_init(loop, &check));
	check.handle.data = &tick_ns;
	ck_ok(rota_hook_start(&check, on_hook_tick));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("!");
	ck_assert_str_eq(slow_text, "tick||on_tick");
	ck_assert_int_eq(slow.phase, ROTA_PHASE_CHECK);
	ck_assert_uint_eq(slow.callback_ns, 20 * MS);
	close_all();
}

FAKE_TIME_TEST(many_short_callbacks_make_a_slow_turn_too)
{
	struct rota_hook hooks[10];

	costs_ns = 2 * MS;
	watch_slow(0, 0);
	for (int i = 0; i < 10; i++) {
		ck_ok(rota_prepare_init(loop, &hooks[i]));
		ck_ok(rota_hook_start(&hooks[i], on_hook));
	}
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("!");
	ck_assert_uint_eq(slow.busy_ns, 20 * MS);
	ck_assert_uint_eq(slow.callback_ns, 2 * MS);
	ck_assert_int_eq(slow.phase, ROTA_PHASE_PREPARE);
	ck_assert_str_eq(slow_text, "prepare||on_hook");
	close_all();
}

static void
on_timer_close_slowly(struct rota_timer *timer)
{
	ck_ok(rota_handle_close(&timer->handle, NULL));
	harness_advance(20 * MS);
}

FAKE_TIME_TEST(a_slow_callback_that_closed_its_handle_is_named)
{
	struct rota_timer timer;

	watch_slow(0, 0);
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_handle_set_name(&timer.handle, "gone"));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_close_slowly));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("!");
	ck_assert_str_eq(slow_text, "timer|gone|on_timer_close_slowly");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("!");
}

FAKE_TIME_TEST(nobody_is_told_when_measuring_is_off_or_fn_is_null)
{
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_loop_on_slow(loop, 0, 0, on_slow, "!"));
	run_busy_turn(&timer, 20 * MS);
	ck_trace("");
	ck_ok(rota_loop_measure(loop, 1));
	ck_ok(rota_loop_on_slow(loop, 0, 0, NULL, NULL));
	run_busy_turn(&timer, 20 * MS);
	ck_trace("");
	ck_assert_uint_eq(figures().warnings, 1);
	close_all();
}

FAKE_TIME_TEST(a_long_wait_is_not_a_slow_turn)
{
	struct rota_timer timer;

	costs_ns = 0;
	watch_slow(0, 0);
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, ROTA_SECOND, 0, on_timer));
	run_to_the_end();
	ck_trace("");
	ck_assert_uint_eq(figures().notices, 0);
	close_all();
}

FAKE_TIME_TEST(a_long_foreign_wait_is_not_a_slow_turn)
{
	struct rota_hook hook;

	watch_slow(0, 0);
	costs_ns = MS;
	ck_ok(rota_prepare_init(loop, &hook));
	ck_ok(rota_hook_start(&hook, on_hook));
	ck_err(rota_loop_prepare(loop), 1);
	harness_advance(50 * MS);
	ck_err(rota_loop_dispatch(loop), 1);
	ck_trace("");
	ck_assert_uint_eq(figures().busy_ns, MS);
	ck_assert_uint_eq(figures().waited_ns, 50 * MS);
	close_all();
}

FAKE_TIME_TEST(the_time_between_two_runs_belongs_to_no_turn)
{
	struct rota_loop_time time;

	watch_slow(0, 0);
	run_once_checked(ROTA_RUN_NOWAIT);
	harness_advance(ROTA_SECOND);
	run_once_checked(ROTA_RUN_NOWAIT);
	time = figures();
	ck_trace("");
	ck_assert_uint_eq(time.busy_ns, 0);
	ck_assert_uint_eq(time.waited_ns, 0);
}

LOOP_TEST(a_warning_below_the_notice_is_refused)
{
	ck_err(rota_loop_on_slow(loop, 10 * MS, 5 * MS, on_slow, "!"), -EINVAL);
	ck_err(rota_loop_on_slow(NULL, 0, 0, on_slow, "!"), -EINVAL);
	ck_ok(rota_loop_on_slow(loop, 5 * MS, 5 * MS, on_slow, "!"));
}

START_TEST(phases_have_names)
{
	const char *const names[ROTA_N_PHASES] = { "timers", "pending", "idle",
		"prepare", "poll", "check", "close" };

	(void)_i;
	for (int phase = 0; phase < ROTA_N_PHASES; phase++)
		ck_assert_str_eq(
			rota_phase_name((enum rota_phase)phase), names[phase]);
	ck_assert_ptr_null(rota_phase_name(ROTA_N_PHASES));
	ck_assert_ptr_null(rota_phase_name((enum rota_phase) - 1));
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "on and off");

	tcase_add_loop_test(tc, without_measuring_there_are_no_figures);
	tcase_add_loop_test(tc, the_figures_begin_at_zero);
	tcase_add_test(tc, measuring_can_be_an_option);
	tcase_add_test(tc, turning_it_on_again_begins_at_zero);
	tcase_add_loop_test(tc, figures_of_a_wrong_size_are_refused);
	tcase_add_test(tc, measuring_can_be_turned_on_and_off_in_a_callback);

	tc = harness_case(suite, "figures");
	tcase_add_test(tc, busy_time_is_what_callbacks_take);
	tcase_add_test(tc, the_wait_is_not_busy_time);
	tcase_add_test(tc, the_wait_of_a_foreign_loop_is_not_busy_time);
	tcase_add_test(tc, each_phase_has_its_share);
	tcase_add_test(tc, percentiles_are_right_within_their_promise);
	tcase_add_test(tc, percentiles_bear_very_short_and_very_long_turns);

	tc = harness_case(suite, "slow turns");
	tcase_add_test(tc, a_slow_turn_names_its_longest_callback);
	tcase_add_test(tc, between_the_thresholds_it_is_a_notice);
	tcase_add_test(tc, thresholds_can_be_set);
	tcase_add_test(tc, a_slow_tick_is_named_and_not_the_callback_before_it);
	tcase_add_test(tc, many_short_callbacks_make_a_slow_turn_too);
	tcase_add_test(tc, a_slow_callback_that_closed_its_handle_is_named);
	tcase_add_test(tc, nobody_is_told_when_measuring_is_off_or_fn_is_null);
	tcase_add_test(tc, a_long_wait_is_not_a_slow_turn);
	tcase_add_test(tc, a_long_foreign_wait_is_not_a_slow_turn);
	tcase_add_test(tc, the_time_between_two_runs_belongs_to_no_turn);
	tcase_add_loop_test(tc, a_warning_below_the_notice_is_refused);
	tcase_add_test(tc, phases_have_names);
}

HARNESS_MAIN("metrics", add_cases)
