/* SPDX-License-Identifier: MIT */
/*
 * Mistakes at the doors of watched descriptors, children, file watches,
 * signals and wakes.
 */
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/bad_input.h"
#include "tests/harness.h"

/* rota/io.h ***********************************************************/

LOOP_TEST(functions_of_watchers_want_all_their_arguments)
{
	struct rota_io io = { 0 };
	int fds[2];

	harness_pipe(fds);
	memset(&io, CANARY, sizeof(io));
	ck_refused_for(&io, rota_io_init(NULL, &io, fds[0]), -EINVAL);
	ck_refused(rota_io_init(loop, NULL, fds[0]), -EINVAL);
	ck_refused(rota_io_start(NULL, ROTA_READABLE, on_io), -EINVAL);
	ck_refused(rota_io_stop(NULL), -EINVAL);
	ck_refused(rota_io_rebind(NULL, fds[0]), -EINVAL);
	ck_refused(rota_io_fd(NULL), -1);
	ck_refused(rota_io_events(NULL), 0);
	ck_refused(rota_io_error(NULL), 0);
	ck_ok(rota_io_init(loop, &io, fds[0]));
	ck_refused_for(&io, rota_io_start(&io, ROTA_READABLE, NULL), -EINVAL);
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_io));
	ck_refused_for(&io, rota_io_start(&io, ROTA_WRITABLE, NULL), -EINVAL);
	ck_err(rota_io_events(&io), ROTA_READABLE);
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_watcher_wants_an_open_descriptor)
{
	int bad[] = { -1, INT_MIN, INT_MAX, -1 };
	struct rota_io blank = { 0 };
	struct rota_io io = { 0 };
	int fds[2];

	harness_pipe(fds);
	bad[3] = closed_number();
	ck_ok(rota_io_init(loop, &io, fds[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_io));
	for (int i = 0; i < 4; i++) {
		ck_refused_for(
			&blank, rota_io_init(loop, &blank, bad[i]), -EBADF);
		ck_refused_for(&io, rota_io_rebind(&io, bad[i]), -EBADF);
	}
	ck_err(rota_io_fd(&io), fds[0]);
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_watcher_wants_wishes_that_exist)
{
	static const unsigned bad[] = { 0, ROTA_EDGE, ROTA_FAILED,
		ROTA_READABLE | ROTA_FAILED, ROTA_READABLE | 1u << 6,
		ROTA_READABLE | 1u << 8, ROTA_READABLE | 1u << 31, UINT_MAX };
	struct rota_io io = { 0 };
	int fds[2];

	harness_pipe(fds);
	ck_ok(rota_io_init(loop, &io, fds[0]));
	for (int i = 0; i < 8; i++)
		ck_refused_for(&io, rota_io_start(&io, bad[i], on_io), -EINVAL);
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_io));
	for (int i = 0; i < 8; i++)
		ck_refused_for(&io, rota_io_start(&io, bad[i], on_io), -EINVAL);
	ck_err(rota_io_events(&io), ROTA_READABLE);
	close_all();
	harness_close_pair(fds);
}

static void
ck_io_is_nothing(struct rota_io *io, int fd)
{
	ck_refused_for(io, rota_io_rebind(io, fd), -EINVAL);
	ck_refused_for(io, rota_io_fd(io), -1);
	ck_refused_for(io, rota_io_events(io), 0);
	ck_refused_for(io, rota_io_error(io), 0);
}

LOOP_TEST(a_watcher_blank_closing_or_closed_has_no_descriptor)
{
	struct rota_io io = { 0 };
	int fds[2];

	harness_pipe(fds);
	ck_io_is_nothing(&io, fds[0]);
	ck_ok(rota_io_init(loop, &io, fds[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_io));
	ck_ok(rota_handle_close(&io.handle, NULL));
	ck_io_is_nothing(&io, fds[0]);
	run_to_the_end();
	ck_io_is_nothing(&io, fds[0]);
	harness_close_pair(fds);
}

/* rota/process.h ******************************************************/

LOOP_TEST(functions_of_processes_want_all_their_arguments)
{
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;
	struct rota_process process = { 0 };
	char text[8] = "as was";

	memset(&process, CANARY, sizeof(process));
	ck_refused_for(&process, rota_process_init(NULL, &process), -EINVAL);
	ck_refused(rota_process_init(loop, NULL), -EINVAL);
	ck_refused(rota_process_spawn(NULL, &options, on_process), -EINVAL);
	ck_refused(rota_process_watch(NULL, getpid(), on_process), -EINVAL);
	ck_refused(rota_process_stop(NULL), -EINVAL);
	ck_refused(rota_process_kill(NULL, SIGTERM), -EINVAL);
	ck_refused(rota_process_pid(NULL), 0);
	ck_refused(rota_process_failed_step(NULL), ROTA_SPAWN_DONE);
	ck_refused_for(
		&text, rota_process_explain(NULL, NULL, text, 8), -EINVAL);
	ck_ok(rota_process_init(loop, &process));
	ck_refused_for(&process, rota_process_spawn(&process, NULL, on_process),
		-EINVAL);
	ck_refused_for(&process, rota_process_spawn(&process, &options, NULL),
		-EINVAL);
	ck_refused_for(&process, rota_process_watch(&process, getpid(), NULL),
		-EINVAL);
	ck_refused_for(
		&text, rota_process_explain(&process, NULL, text, 0), -EINVAL);
	ck_refused(rota_process_explain(&process, NULL, NULL, 8), -EINVAL);
	ck_assert_str_eq(
		rota_spawn_step_name((enum rota_spawn_step)1000), "unknown");
	close_all();
}

/* tests/check_spawn.c tries what else options may get wrong. */
LOOP_TEST(a_process_wants_options_and_numbers_that_make_sense)
{
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;
	struct rota_process process = { 0 };

	ck_ok(rota_process_init(loop, &process));
	ck_refused(rota_process_spawn(&process, &options, on_process), -EINVAL);
	ck_err(rota_process_failed_step(&process), ROTA_SPAWN_OPTIONS);
	options.size = 0;
	ck_refused(rota_process_spawn(&process, &options, on_process), -EINVAL);
	ck_refused_for(
		&process, rota_process_watch(&process, 0, on_process), -EINVAL);
	ck_refused_for(&process, rota_process_watch(&process, -7, on_process),
		-EINVAL);
	ck_refused_for(&process, rota_process_kill(&process, -1), -EINVAL);
	ck_refused_for(&process, rota_process_kill(&process, SIGTERM), -ESRCH);
	ck_refused_for(&process, rota_process_stop(&process), 0);
	close_all();
}

static void
ck_no_process(struct rota_process *process)
{
	static char *argv[] = { "true", NULL };
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;

	options.argv = argv;
	ck_refused_for(process,
		rota_process_spawn(process, &options, on_process), -EINVAL);
	ck_refused_for(process,
		rota_process_watch(process, getpid(), on_process), -EINVAL);
	ck_refused_for(process, rota_process_kill(process, SIGTERM), -ESRCH);
	ck_refused_for(process, rota_process_pid(process), 0);
	ck_refused_for(process, rota_process_stop(process), 0);
}

LOOP_TEST(a_process_handle_blank_closing_or_closed_starts_nothing)
{
	struct rota_process process = { 0 };

	ck_no_process(&process);
	ck_ok(rota_process_init(loop, &process));
	ck_ok(rota_handle_close(&process.handle, NULL));
	ck_no_process(&process);
	run_to_the_end();
	ck_no_process(&process);
}

/* rota/file_watch.h ***************************************************/

LOOP_TEST(functions_of_file_watches_want_all_their_arguments)
{
	struct rota_file_watch watch = { 0 };

	memset(&watch, CANARY, sizeof(watch));
	ck_refused_for(&watch, rota_file_watch_init(NULL, &watch), -EINVAL);
	ck_refused(rota_file_watch_init(loop, NULL), -EINVAL);
	ck_refused(rota_file_watch_start(NULL, "/", ROTA_FILE_ALL, on_file),
		-EINVAL);
	ck_refused(rota_file_watch_stop(NULL), -EINVAL);
	ck_refused(rota_file_watch_set_interval(NULL, ROTA_SECOND), -EINVAL);
	ck_assert_ptr_null(rota_file_watch_path(NULL));
	ck_assert_ptr_null(rota_file_watch_way(NULL));
	ck_ok(rota_file_watch_init(loop, &watch));
	ck_refused_for(&watch,
		rota_file_watch_start(&watch, NULL, ROTA_FILE_ALL, on_file),
		-EINVAL);
	ck_refused_for(&watch,
		rota_file_watch_start(&watch, "/", ROTA_FILE_ALL, NULL),
		-EINVAL);
	ck_assert_ptr_null(rota_file_watch_path(&watch));
	ck_assert_ptr_null(rota_file_watch_way(&watch));
	close_all();
}

LOOP_TEST(a_file_watch_wants_wishes_and_a_path_that_it_can_watch)
{
	static const unsigned bad[] = { 0, ROTA_FILE_RECURSIVE,
		ROTA_FILE_BY_STAT, ROTA_FILE_GONE, 1u << 10,
		ROTA_FILE_ALL | ROTA_FILE_GONE, ROTA_FILE_ALL | 1u << 10,
		UINT_MAX };
	struct rota_file_watch watch = { 0 };

	ck_ok(rota_file_watch_init(loop, &watch));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_refused_for(&watch,
			rota_file_watch_start(&watch, "/", bad[i], on_file),
			-EINVAL);
	ck_refused_for(&watch,
		rota_file_watch_start(&watch, "", ROTA_FILE_ALL, on_file),
		-ENOENT);
	ck_refused_for(&watch,
		rota_file_watch_set_interval(&watch, ROTA_MILLISECOND - 1),
		-EINVAL);
	ck_refused_for(
		&watch, rota_file_watch_set_interval(&watch, 0), -EINVAL);
	ck_ok(rota_handle_close(&watch.handle, NULL));
	ck_refused_for(&watch,
		rota_file_watch_set_interval(&watch, ROTA_SECOND), -EINVAL);
	close_all();
}

/* rota/signal.h, rota/wake.h ******************************************/

LOOP_TEST(functions_of_signals_want_all_their_arguments)
{
	struct rota_signal signal = { 0 };

	memset(&signal, CANARY, sizeof(signal));
	ck_refused_for(&signal, rota_signal_init(NULL, &signal), -EINVAL);
	ck_refused(rota_signal_init(loop, NULL), -EINVAL);
	ck_refused(rota_signal_start(NULL, SIGUSR1, on_signal), -EINVAL);
	ck_refused(rota_signal_once(NULL, SIGUSR1, on_signal), -EINVAL);
	ck_refused(rota_signal_stop(NULL), -EINVAL);
	ck_ok(rota_signal_init(loop, &signal));
	ck_refused_for(
		&signal, rota_signal_start(&signal, SIGUSR1, NULL), -EINVAL);
	ck_refused_for(
		&signal, rota_signal_once(&signal, SIGUSR1, NULL), -EINVAL);
	close_all();
}

LOOP_TEST(a_signal_handle_wants_a_signal_that_can_be_caught)
{
	static const int bad[] = { 0, -1, INT_MIN, INT_MAX, 129, 100000,
		SIGKILL, SIGSTOP };
	struct rota_signal signal = { 0 };

	ck_ok(rota_signal_init(loop, &signal));
	for (int n = 0; n < 2; n++) {
		for (int i = 0; i < 8; i++) {
			ck_refused_for(&signal,
				rota_signal_start(&signal, bad[i], on_signal),
				-EINVAL);
			ck_refused_for(&signal,
				rota_signal_once(&signal, bad[i], on_signal),
				-EINVAL);
		}
		ck_ok(rota_signal_start(&signal, SIGUSR1, on_signal));
	}
	ck_ok(raise(SIGUSR1));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("S");
	close_all();
}

LOOP_TEST(a_signal_handle_blank_closing_or_closed_has_no_once)
{
	struct rota_signal signal = { 0 };

	ck_refused_for(&signal, rota_signal_once(&signal, SIGUSR1, on_signal),
		-EINVAL);
	ck_ok(rota_signal_init(loop, &signal));
	ck_ok(rota_handle_close(&signal.handle, NULL));
	ck_refused_for(&signal, rota_signal_once(&signal, SIGUSR1, on_signal),
		-EINVAL);
	run_to_the_end();
	ck_refused_for(&signal, rota_signal_once(&signal, SIGUSR1, on_signal),
		-EINVAL);
}

LOOP_TEST(functions_of_wakes_want_all_their_arguments)
{
	struct rota_wake wake = { 0 };

	memset(&wake, CANARY, sizeof(wake));
	ck_refused_for(&wake, rota_wake_init(NULL, &wake, on_wake), -EINVAL);
	ck_refused_for(&wake, rota_wake_init(loop, &wake, NULL), -EINVAL);
	ck_refused(rota_wake_init(loop, NULL, on_wake), -EINVAL);
	ck_refused(rota_wake_send(NULL), -EINVAL);
}

LOOP_TEST(a_wake_that_is_blank_or_closing_is_not_rung)
{
	struct rota_wake wake = { 0 };

	ck_refused_for(&wake, rota_wake_send(&wake), -EINVAL);
	ck_ok(rota_wake_init(loop, &wake, on_wake));
	ck_ok(rota_handle_close(&wake.handle, NULL));
	ck_refused_for(&wake, rota_wake_send(&wake), -EINVAL);
	run_to_the_end();
	ck_refused_for(&wake, rota_wake_send(&wake), -EINVAL);
	ck_trace("");
}

static void
add_io_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "io");

	tcase_add_loop_test(tc, functions_of_watchers_want_all_their_arguments);
	tcase_add_loop_test(tc, a_watcher_wants_an_open_descriptor);
	tcase_add_loop_test(tc, a_watcher_wants_wishes_that_exist);
	tcase_add_loop_test(
		tc, a_watcher_blank_closing_or_closed_has_no_descriptor);
}

static void
add_process_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "process");

	tcase_add_loop_test(
		tc, functions_of_processes_want_all_their_arguments);
	tcase_add_loop_test(
		tc, a_process_wants_options_and_numbers_that_make_sense);
	tcase_add_loop_test(
		tc, a_process_handle_blank_closing_or_closed_starts_nothing);
}

static void
add_file_watch_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "file watch");

	tcase_add_loop_test(
		tc, functions_of_file_watches_want_all_their_arguments);
	tcase_add_loop_test(
		tc, a_file_watch_wants_wishes_and_a_path_that_it_can_watch);
}

static void
add_signal_and_wake_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "signal and wake");

	tcase_add_loop_test(tc, functions_of_signals_want_all_their_arguments);
	tcase_add_loop_test(
		tc, a_signal_handle_wants_a_signal_that_can_be_caught);
	tcase_add_loop_test(
		tc, a_signal_handle_blank_closing_or_closed_has_no_once);
	tcase_add_loop_test(tc, functions_of_wakes_want_all_their_arguments);
	tcase_add_loop_test(tc, a_wake_that_is_blank_or_closing_is_not_rung);
}

static void
add_cases(Suite *suite)
{
	add_io_cases(suite);
	add_process_cases(suite);
	add_file_watch_cases(suite);
	add_signal_and_wake_cases(suite);
}

HARNESS_MAIN("bad_input_watches", add_cases)
