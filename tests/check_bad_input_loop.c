/* SPDX-License-Identifier: MIT */
/*
 * Mistakes at the door of the loop: making, running, walks, tasks,
 * measuring, names.
 */
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/loop.h"
#include "tests/bad_input.h"
#include "tests/harness.h"

/* rota/loop.h: making and closing *************************************/

#define ck_not_made(options, expected) \
	do { \
		char none; \
		struct rota_loop *canary = (void *)&none; \
		ck_refused_for(&canary, rota_loop_create(options, &canary), \
			expected); \
	} while (0)

START_TEST(a_loop_wants_options_of_the_right_size)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	static const size_t bad[] = { 0, 1, sizeof(options) - 1,
		sizeof(options) + 1, SIZE_MAX };

	options.realloc_fn = harness_realloc;
	ck_refused(rota_loop_create(&options, NULL), -EINVAL);
	ck_refused(rota_loop_create(NULL, NULL), -EINVAL);
	for (int i = 0; i < 5; i++) {
		options.size = bad[i];
		ck_not_made(&options, -EINVAL);
		ck_refused_for(
			&options, rota_options_from_env(&options), -EINVAL);
	}
	ck_refused(rota_options_from_env(NULL), -EINVAL);
}
END_TEST

START_TEST(a_loop_wants_names_of_backends)
{
	static const char *const bad[] = { "Poll", "pol", "poll2", " poll",
		"poll ", "poll,nosuch", "nosuch,poll", "poll,", ",poll",
		"poll,,select", ",", ",,", "poll;select", "io_uring" };
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	options.realloc_fn = harness_realloc;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		options.backend = bad[i];
		ck_not_made(&options, -ENOENT);
	}
}
END_TEST

START_TEST(values_of_the_environment_are_checked_before_any_is_taken)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	char long_name[sizeof(options.backend_from_env) + 1];

	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	ck_ok(setenv("ROTA_BACKEND", "poll", 1));
	ck_ok(setenv("ROTA_MEASURE", "2", 1));
	ck_refused_for(&options, rota_options_from_env(&options), -EINVAL);
	ck_ok(setenv("ROTA_MEASURE", "1 ", 1));
	ck_refused_for(&options, rota_options_from_env(&options), -EINVAL);
	ck_ok(setenv("ROTA_MEASURE", "1", 1));
	ck_ok(setenv("ROTA_BACKEND", long_name, 1));
	ck_refused_for(&options, rota_options_from_env(&options), -EINVAL);
}
END_TEST

START_TEST(functions_of_loops_want_a_loop)
{
	char text[8];
	struct pollfd fd;

	memset(text, CANARY, sizeof(text));
	memset(&fd, CANARY, sizeof(fd));
	ck_refused(rota_loop_close(NULL), -EINVAL);
	ck_refused(rota_loop_run(NULL, ROTA_RUN_DEFAULT), -EINVAL);
	ck_refused(rota_loop_stop(NULL), -EINVAL);
	ck_refused(rota_loop_update(NULL), -EINVAL);
	ck_refused(rota_loop_set_data(NULL, text), -EINVAL);
	ck_refused(rota_loop_on_before_exit(NULL, NULL, NULL), -EINVAL);
	ck_refused(rota_loop_fork(NULL), -EINVAL);
	ck_refused(rota_loop_walk(NULL, NULL, NULL), -EINVAL);
	ck_refused(rota_loop_why_alive(NULL, NULL, NULL), -EINVAL);
	ck_refused_for(&text, rota_loop_why_alive_text(NULL, text, 8), -EINVAL);
	ck_refused(rota_loop_why_alive_text(NULL, NULL, 0), -EINVAL);
	ck_refused(rota_loop_prepare(NULL), -EINVAL);
	ck_refused(rota_loop_dispatch(NULL), -EINVAL);
	ck_refused_for(&fd, rota_loop_pollfds(NULL, &fd, 1), -EINVAL);
	ck_refused(rota_loop_measure(NULL, 1), -EINVAL);
	ck_refused(rota_loop_on_slow(NULL, 0, 0, NULL, NULL), -EINVAL);
}
END_TEST

START_TEST(questions_about_no_loop_have_an_answer)
{
	ck_refused(rota_loop_alive(NULL), 0);
	ck_refused(rota_loop_now(NULL), 0);
	ck_refused(rota_loop_wait_ns(NULL), 0);
	ck_refused(rota_loop_capabilities(NULL), 0);
	ck_assert_ptr_null(rota_loop_backend(NULL));
	ck_assert_ptr_null(rota_loop_data(NULL));
	ck_assert_ptr_nonnull(rota_version());
}
END_TEST

LOOP_TEST(a_loop_in_use_is_not_closed)
{
	struct rota_immediate now = { 0 };
	struct rota_handle handle = { 0 };

	ck_ok(rota_handle_init(loop, &handle, &bare_type));
	ck_refused(rota_loop_close(loop), -EBUSY);
	ck_ok(rota_handle_close(&handle, NULL));
	ck_refused(rota_loop_close(loop), -EBUSY);
	run_to_the_end();
	ck_ok(rota_immediate_init(loop, &now));
	ck_ok(rota_immediate_start(&now, on_immediate));
	ck_refused(rota_loop_close(loop), -EBUSY);
	ck_ok(rota_immediate_stop(&now));
	ck_err(rota_loop_prepare(loop), 0);
	ck_refused(rota_loop_close(loop), -EBUSY);
	ck_err(rota_loop_dispatch(loop), 0);
}

/* rota/loop.h: running ************************************************/

LOOP_TEST(a_run_wants_a_mode_that_exists)
{
	static const int bad[] = { -1, 3, 4, INT_MIN, INT_MAX };

	for (int i = 0; i < 5; i++)
		ck_refused(rota_loop_run(loop, (enum rota_run_mode)bad[i]),
			-EINVAL);
}

static void
refuse_turns(struct rota_loop *of, void *data)
{
	(void)data;
	trace('R');
	ck_refused(rota_loop_run(of, ROTA_RUN_DEFAULT), -EBUSY);
	ck_refused(rota_loop_run(of, ROTA_RUN_ONCE), -EBUSY);
	ck_refused(rota_loop_run(of, ROTA_RUN_NOWAIT), -EBUSY);
	ck_refused(rota_loop_prepare(of), -EBUSY);
	ck_refused(rota_loop_dispatch(of), -EBUSY);
	ck_refused(rota_loop_close(of), -EBUSY);
	ck_refused(rota_loop_fork(of), -EBUSY);
	ck_refused(rota_loop_wait_ns(of), 0);
}

LOOP_TEST(a_loop_that_runs_refuses_to_be_run_driven_closed_or_forked)
{
	ck_ok(rota_tick(loop, refuse_turns, NULL));
	ck_ok(rota_microtask(loop, refuse_turns, NULL));
	ck_ok(rota_post(loop, refuse_turns, NULL));
	ck_ok(rota_loop_on_before_exit(loop, refuse_turns, NULL));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	run_to_the_end();
	ck_trace("RRRR");
}

LOOP_TEST(a_loop_that_is_driven_refuses_to_be_run)
{
	ck_ok(rota_tick(loop, refuse_turns, NULL));
	ck_err(rota_loop_prepare(loop), 0);
	ck_ok(rota_post(loop, refuse_turns, NULL));
	ck_err(rota_loop_dispatch(loop), 0);
	ck_trace("RR");
}

LOOP_TEST(steps_out_of_turn_change_nothing)
{
	ck_refused(rota_loop_dispatch(loop), -EBUSY);
	ck_refused(rota_loop_wait_ns(loop), 0);
	ck_err(rota_loop_prepare(loop), 0);
	ck_refused(rota_loop_prepare(loop), -EBUSY);
	ck_refused(rota_loop_run(loop, ROTA_RUN_NOWAIT), -EBUSY);
	ck_err(rota_loop_dispatch(loop), 0);
	ck_refused(rota_loop_dispatch(loop), -EBUSY);
}

LOOP_TEST(pollfds_wants_room_where_it_is_told_of_some)
{
	ck_err(rota_loop_prepare(loop), 0);
	ck_refused(rota_loop_pollfds(loop, NULL, 1), -EINVAL);
	ck_refused(rota_loop_pollfds(loop, NULL, UINT_MAX), -EINVAL);
	ck_assert_int_ge(rota_loop_pollfds(loop, NULL, 0), 1);
	ck_err(rota_loop_dispatch(loop), 0);
}

/* rota/loop.h: walks and reports **************************************/

static void
ignore_handle(struct rota_handle *handle, void *data)
{
	(void)handle;
	(void)data;
}

static void
refuse_walks(struct rota_handle *handle, void *data)
{
	char text[8];

	(void)data;
	trace('H');
	memset(text, CANARY, sizeof(text));
	ck_refused(rota_loop_walk(handle->loop, ignore_handle, NULL), -EBUSY);
	ck_refused(rota_loop_why_alive(handle->loop, NULL, NULL), -EBUSY);
	ck_refused_for(&text,
		rota_loop_why_alive_text(handle->loop, text, sizeof(text)),
		-EBUSY);
	ck_refused(rota_loop_why_alive_text(handle->loop, NULL, 0), -EBUSY);
}

LOOP_TEST(walks_and_reports_are_refused_within_a_walk)
{
	struct rota_handle handle = { 0 };

	ck_ok(rota_handle_init(loop, &handle, &bare_type));
	ck_refused(rota_loop_walk(loop, NULL, NULL), -EINVAL);
	ck_ok(rota_loop_walk(loop, refuse_walks, NULL));
	ck_trace("H");
	ck_refused(rota_loop_why_alive(loop, NULL, NULL), 1);
	close_all();
}

LOOP_TEST(a_report_wants_room_where_it_is_told_of_some)
{
	ck_refused(rota_loop_why_alive_text(loop, NULL, 1), -EINVAL);
	ck_refused(rota_loop_why_alive_text(loop, NULL, SIZE_MAX), -EINVAL);
	ck_refused(rota_loop_why_alive_text(loop, NULL, 0), 0);
}

/* rota/tick.h, rota_post() ********************************************/

static void
on_task(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	trace('t');
}

LOOP_TEST(tasks_want_a_loop_and_a_function)
{
	ck_refused(rota_tick(loop, NULL, NULL), -EINVAL);
	ck_refused(rota_tick(NULL, on_task, NULL), -EINVAL);
	ck_refused(rota_microtask(loop, NULL, NULL), -EINVAL);
	ck_refused(rota_microtask(NULL, on_task, NULL), -EINVAL);
	ck_refused(rota_post(loop, NULL, NULL), -EINVAL);
	ck_refused(rota_post(NULL, on_task, NULL), -EINVAL);
	run_to_the_end();
	ck_trace("");
}

/* rota/metrics.h ******************************************************/

LOOP_TEST(loop_time_wants_figures_of_the_right_size)
{
	struct rota_loop_time figures;
	static const size_t bad[] = { 0, 1, sizeof(figures) - 1,
		sizeof(figures) + 1, SIZE_MAX };

	memset(&figures, CANARY, sizeof(figures));
	figures.size = sizeof(figures);
	ck_refused_for(&figures, rota_loop_time(NULL, &figures), -EINVAL);
	ck_refused_for(&figures, rota_loop_time(loop, &figures), -ENOENT);
	ck_ok(rota_loop_measure(loop, 1));
	ck_refused(rota_loop_time(loop, NULL), -EINVAL);
	for (int i = 0; i < 5; i++) {
		figures.size = bad[i];
		ck_refused_for(
			&figures, rota_loop_time(loop, &figures), -EINVAL);
	}
}

static void
on_slow(struct rota_loop *of, const struct rota_slow_turn *turn, void *data)
{
	(void)of;
	(void)turn;
	(void)data;
	trace('!');
}

LOOP_TEST(a_warning_wants_to_be_above_the_notice)
{
	/* 0 is the default, 8 and 12 milliseconds. */
	static const uint64_t bad[][2] = { { 2, 1 }, { UINT64_MAX, 1 },
		{ UINT64_MAX, 0 }, { 12 * ROTA_MILLISECOND + 1, 0 }, { 0, 1 } };
	uint64_t notice_ns = loop->notice_ns;

	for (int i = 0; i < 5; i++)
		ck_refused(rota_loop_on_slow(
				   loop, bad[i][0], bad[i][1], on_slow, NULL),
			-EINVAL);
	ck_assert_ptr_null(loop->slow);
	ck_assert_uint_eq(loop->notice_ns, notice_ns);
	ck_ok(rota_loop_on_slow(loop, UINT64_MAX, UINT64_MAX, on_slow, NULL));
}

/* rota/backend.h, rota/error.h, names *********************************/

START_TEST(a_backend_wants_room_and_an_index_that_exists)
{
	static const unsigned bad[] = { 1000, INT_MAX, UINT_MAX };
	struct rota_backend_info info;

	memset(&info, CANARY, sizeof(info));
	ck_refused(rota_backend_info(0, NULL), -EINVAL);
	ck_refused(rota_backend_info(UINT_MAX, NULL), -EINVAL);
	for (int i = 0; i < 3; i++)
		ck_refused_for(
			&info, rota_backend_info(bad[i], &info), -ENOENT);
}
END_TEST

START_TEST(values_without_a_name_have_none)
{
	static const unsigned bad[] = { 0, 3, 1u << 6, 1u << 31, UINT_MAX };
	static const int errors[] = { 1, EINVAL, INT_MAX, INT_MIN, -4094,
		-100000 };

	for (int i = 0; i < 5; i++)
		ck_assert_ptr_null(rota_backend_capability_name(bad[i]));
	for (int i = 0; i < 6; i++) {
		ck_assert_str_eq(rota_error_name(errors[i]), "UNKNOWN");
		ck_assert_ptr_nonnull(rota_error_text(errors[i]));
	}
	ck_assert_ptr_null(rota_file_what_name(0));
	ck_assert_ptr_null(rota_file_what_name(3));
	ck_assert_ptr_null(rota_file_what_name(UINT_MAX));
	ck_assert_ptr_null(rota_phase_name((enum rota_phase)ROTA_N_PHASES));
	ck_assert_ptr_null(rota_phase_name((enum rota_phase)INT_MAX));
	ck_assert_ptr_null(rota_phase_name((enum rota_phase) - 1));
}
END_TEST

static void
add_loop_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "loop");

	tcase_add_test(tc, a_loop_wants_options_of_the_right_size);
	tcase_add_test(tc, a_loop_wants_names_of_backends);
	tcase_add_test(
		tc, values_of_the_environment_are_checked_before_any_is_taken);
	tcase_add_test(tc, functions_of_loops_want_a_loop);
	tcase_add_test(tc, questions_about_no_loop_have_an_answer);
	tcase_add_loop_test(tc, a_loop_in_use_is_not_closed);
}

static void
add_run_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "run");

	tcase_add_loop_test(tc, a_run_wants_a_mode_that_exists);
	tcase_add_loop_test(
		tc, a_loop_that_runs_refuses_to_be_run_driven_closed_or_forked);
	tcase_add_loop_test(tc, a_loop_that_is_driven_refuses_to_be_run);
	tcase_add_loop_test(tc, steps_out_of_turn_change_nothing);
	tcase_add_loop_test(tc, pollfds_wants_room_where_it_is_told_of_some);
}

static void
add_report_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "report");

	tcase_add_loop_test(tc, walks_and_reports_are_refused_within_a_walk);
	tcase_add_loop_test(tc, a_report_wants_room_where_it_is_told_of_some);
}

static void
add_task_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "task");

	tcase_add_loop_test(tc, tasks_want_a_loop_and_a_function);
}

static void
add_metrics_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "metrics");

	tcase_add_loop_test(tc, loop_time_wants_figures_of_the_right_size);
	tcase_add_loop_test(tc, a_warning_wants_to_be_above_the_notice);
}

static void
add_name_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "name");

	tcase_add_test(tc, a_backend_wants_room_and_an_index_that_exists);
	tcase_add_test(tc, values_without_a_name_have_none);
}

static void
add_cases(Suite *suite)
{
	add_loop_cases(suite);
	add_run_cases(suite);
	add_report_cases(suite);
	add_task_cases(suite);
	add_metrics_cases(suite);
	add_name_cases(suite);
}

HARNESS_MAIN("bad_input_loop", add_cases)
