/* SPDX-License-Identifier: MIT */
/* Mistakes at the doors of timers, frames, hooks and immediates. */
#include <string.h>

#include "tests/bad_input.h"
#include "tests/harness.h"

/* rota/frame.h ********************************************************/

LOOP_TEST(functions_of_frames_want_all_their_arguments)
{
	struct rota_frame frame = { 0 };

	ck_refused_for(&frame, rota_frame_init(NULL, &frame), -EINVAL);
	ck_refused(rota_frame_init(loop, NULL), -EINVAL);
	ck_refused_for(&frame, rota_frame_set_interval(&frame, 1), -EINVAL);
	ck_ok(rota_frame_init(loop, &frame));
	ck_refused_for(&frame, rota_frame_start(&frame, NULL), -EINVAL);
	ck_refused_for(&frame, rota_frame_set_interval(&frame, 0), -EINVAL);
	ck_refused(rota_frame_start(NULL, on_frame), -EINVAL);
	ck_refused(rota_frame_stop(NULL), -EINVAL);
	ck_refused(rota_frame_set_interval(NULL, 1), -EINVAL);
	ck_refused(rota_frame_interval(NULL), 0);
	ck_ok(rota_handle_close(&frame.handle, NULL));
	ck_refused_for(&frame, rota_frame_set_interval(&frame, 1), -EINVAL);
	close_all();
}

LOOP_TEST(a_frame_of_a_huge_interval_stays_away)
{
	struct rota_frame frame = { 0 };

	ck_ok(rota_frame_init(loop, &frame));
	ck_ok(rota_frame_set_interval(&frame, UINT64_MAX));
	ck_ok(rota_frame_start(&frame, on_frame));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("");
	close_all();
}

/* rota/timer.h ********************************************************/

LOOP_TEST(functions_of_timers_want_all_their_arguments)
{
	struct rota_timer timer = { 0 };

	memset(&timer, CANARY, sizeof(timer));
	ck_refused_for(&timer, rota_timer_init(NULL, &timer), -EINVAL);
	ck_refused(rota_timer_init(loop, NULL), -EINVAL);
	ck_ok(rota_timer_init(loop, &timer));
	ck_refused_for(&timer, rota_timer_start(&timer, 1, 1, NULL), -EINVAL);
	ck_refused_for(&timer, rota_timer_start_at(&timer, 1, NULL), -EINVAL);
	ck_refused(rota_timer_start(NULL, 1, 1, on_timer), -EINVAL);
	ck_refused(rota_timer_start_at(NULL, 1, on_timer), -EINVAL);
	ck_refused(rota_timer_again(NULL), -EINVAL);
	ck_refused(rota_timer_stop(NULL), -EINVAL);
	ck_refused(rota_timer_set_repeat(NULL, 1), -EINVAL);
	ck_refused(rota_timer_repeat(NULL), 0);
	ck_assert_uint_eq(rota_timer_due_in(NULL), ROTA_FOREVER);
	close_all();
}

LOOP_TEST(a_refused_start_leaves_an_active_timer_as_it_was)
{
	struct rota_timer timer = { 0 };

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer));
	ck_refused_for(&timer, rota_timer_start(&timer, 9, 9, NULL), -EINVAL);
	ck_refused_for(&timer, rota_timer_start_at(&timer, 9, NULL), -EINVAL);
	run_to_the_end();
	ck_trace("T");
	close_all();
}

static void
ck_timer_refuses_all(struct rota_timer *timer)
{
	ck_refused_for(timer, rota_timer_start_at(timer, 1, on_timer), -EINVAL);
	ck_refused_for(timer, rota_timer_again(timer), -EINVAL);
	ck_refused_for(timer, rota_timer_set_repeat(timer, 1), -EINVAL);
	ck_refused_for(timer, rota_timer_set_repeat(timer, 0), -EINVAL);
	ck_assert_uint_eq(rota_timer_due_in(timer), ROTA_FOREVER);
}

LOOP_TEST(a_timer_blank_closing_or_closed_refuses_all)
{
	struct rota_timer timer = { 0 };

	ck_timer_refuses_all(&timer);
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 1, 1, on_timer));
	ck_ok(rota_handle_close(&timer.handle, NULL));
	ck_timer_refuses_all(&timer);
	run_to_the_end();
	ck_timer_refuses_all(&timer);
	ck_trace("");
}

LOOP_TEST(a_timer_without_a_start_cannot_be_started_again)
{
	struct rota_timer timer = { 0 };

	ck_ok(rota_timer_init(loop, &timer));
	ck_refused_for(&timer, rota_timer_again(&timer), -EINVAL);
	ck_ok(rota_timer_set_repeat(&timer, 1));
	ck_refused_for(&timer, rota_timer_again(&timer), -EINVAL);
	ck_ok(rota_timer_start_at(&timer, ROTA_FOREVER, on_timer));
	ck_refused_for(&timer, rota_timer_again(&timer), -EINVAL);
	close_all();
}

LOOP_TEST(the_largest_times_never_come)
{
	static const uint64_t huge[] = { ROTA_FOREVER, ROTA_FOREVER - 1,
		INT64_MAX, (uint64_t)INT64_MAX + 1 };

	for (int i = 0; i < 4; i++) {
		struct rota_timer timer = { 0 };

		ck_ok(rota_timer_init(loop, &timer));
		ck_ok(rota_timer_start(&timer, huge[i], huge[i], on_timer));
		ck_ok(rota_timer_again(&timer));
		ck_ok(rota_timer_start_at(&timer, huge[i], on_timer));
		ck_ok(rota_timer_set_repeat(&timer, huge[i]));
		ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
		close_all();
	}
	ck_trace("");
}

/* rota/hook.h, rota/immediate.h ***************************************/

LOOP_TEST(functions_of_hooks_want_all_their_arguments)
{
	struct rota_hook hook = { 0 };

	memset(&hook, CANARY, sizeof(hook));
	ck_refused_for(&hook, rota_idle_init(NULL, &hook), -EINVAL);
	ck_refused_for(&hook, rota_prepare_init(NULL, &hook), -EINVAL);
	ck_refused_for(&hook, rota_check_init(NULL, &hook), -EINVAL);
	ck_refused(rota_idle_init(loop, NULL), -EINVAL);
	ck_refused(rota_prepare_init(loop, NULL), -EINVAL);
	ck_refused(rota_check_init(loop, NULL), -EINVAL);
	ck_refused(rota_hook_start(NULL, on_hook), -EINVAL);
	ck_refused(rota_hook_stop(NULL), -EINVAL);
	ck_ok(rota_check_init(loop, &hook));
	ck_refused_for(&hook, rota_hook_start(&hook, NULL), -EINVAL);
	ck_ok(rota_hook_start(&hook, on_hook));
	ck_refused_for(&hook, rota_hook_start(&hook, NULL), -EINVAL);
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("H");
	close_all();
}

LOOP_TEST(functions_of_immediates_want_all_their_arguments)
{
	struct rota_immediate now = { 0 };

	memset(&now, CANARY, sizeof(now));
	ck_refused_for(&now, rota_immediate_init(NULL, &now), -EINVAL);
	ck_refused(rota_immediate_init(loop, NULL), -EINVAL);
	ck_refused(rota_immediate_start(NULL, on_immediate), -EINVAL);
	ck_refused(rota_immediate_stop(NULL), -EINVAL);
	ck_refused(rota_immediate_ref(NULL), -EINVAL);
	ck_refused(rota_immediate_unref(NULL), -EINVAL);
	ck_refused(rota_immediate_is_queued(NULL), 0);
	ck_refused(rota_immediate_has_ref(NULL), 0);
	ck_ok(rota_immediate_init(loop, &now));
	ck_refused_for(&now, rota_immediate_start(&now, NULL), -EINVAL);
	ck_refused_for(&now, rota_immediate_stop(&now), 0);
	ck_ok(rota_immediate_start(&now, on_immediate));
	ck_refused_for(&now, rota_immediate_start(&now, NULL), -EINVAL);
	run_to_the_end();
	ck_trace("I");
}

LOOP_TEST(a_blank_immediate_refuses_all)
{
	struct rota_immediate now = { 0 };

	ck_refused_for(&now, rota_immediate_start(&now, on_immediate), -EINVAL);
	ck_refused_for(&now, rota_immediate_stop(&now), 0);
	ck_refused_for(&now, rota_immediate_ref(&now), -EINVAL);
	ck_refused_for(&now, rota_immediate_unref(&now), -EINVAL);
	ck_refused_for(&now, rota_immediate_is_queued(&now), 0);
	ck_refused_for(&now, rota_immediate_has_ref(&now), 0);
}

static void
add_timer_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "timer");

	tcase_add_loop_test(tc, functions_of_timers_want_all_their_arguments);
	tcase_add_loop_test(
		tc, a_refused_start_leaves_an_active_timer_as_it_was);
	tcase_add_loop_test(tc, a_timer_blank_closing_or_closed_refuses_all);
	tcase_add_loop_test(
		tc, a_timer_without_a_start_cannot_be_started_again);
	tcase_add_loop_test(tc, the_largest_times_never_come);
}

static void
add_hook_and_immediate_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "hook and immediate");

	tcase_add_loop_test(tc, functions_of_hooks_want_all_their_arguments);
	tcase_add_loop_test(
		tc, functions_of_immediates_want_all_their_arguments);
	tcase_add_loop_test(tc, a_blank_immediate_refuses_all);
}

static void
add_frame_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "frame");

	tcase_add_loop_test(tc, functions_of_frames_want_all_their_arguments);
	tcase_add_loop_test(tc, a_frame_of_a_huge_interval_stays_away);
}

static void
add_cases(Suite *suite)
{
	add_timer_cases(suite);
	add_hook_and_immediate_cases(suite);
	add_frame_cases(suite);
}

HARNESS_MAIN("bad_input_timers", add_cases)
