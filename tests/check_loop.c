/* SPDX-License-Identifier: MIT */
/*
 * The loop as a whole: making and closing it, its options, the ways to run
 * and to stop it, what it tells of itself, and being driven by another loop.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/loop.h"
#include "tests/harness.h"

#define MS ROTA_MILLISECOND
#define LONG_NS (50 * ROTA_SECOND)

static void
on_timer(struct rota_timer *timer)
{
	trace_of(timer->handle.data);
}

static void
on_hook(struct rota_hook *hook)
{
	trace_of(hook->handle.data);
}

static void
on_immediate(struct rota_immediate *immediate)
{
	trace_of(immediate->data);
}

static void
on_task(struct rota_loop *of, void *data)
{
	(void)of;
	trace_of(data);
}

static void
on_read(struct rota_io *io, unsigned ready)
{
	(void)ready;
	harness_drain(rota_io_fd(io));
	trace_of(io->handle.data);
}

static void
on_ready(struct rota_io *io, unsigned ready)
{
	(void)ready;
	trace_of(io->handle.data);
}

static void
start_timer(struct rota_timer *timer, uint64_t delay_ns, const char *letter)
{
	ck_ok(rota_timer_init(loop, timer));
	timer->handle.data = (void *)letter;
	ck_ok(rota_timer_start(timer, delay_ns, 0, on_timer));
}

/* Making **************************************************************/

START_TEST(a_loop_can_be_made_without_options)
{
	(void)_i;
	ck_ok(rota_loop_create(NULL, &loop));
	ck_assert_ptr_nonnull(loop);
	run_to_the_end();
}
END_TEST

START_TEST(a_loop_never_run_can_be_closed)
{
	(void)_i;
	ck_ok(rota_loop_create(NULL, &loop));
	ck_ok(rota_loop_close(loop));
	loop = NULL;
}
END_TEST

LOOP_TEST(many_loops_can_live_side_by_side)
{
	struct rota_loop *others[20];

	for (int i = 0; i < 20; i++)
		others[i] = harness_make_loop();
	for (int i = 0; i < 20; i++)
		ck_err(rota_loop_run(others[i], ROTA_RUN_DEFAULT), 0);
	for (int i = 0; i < 20; i++)
		ck_ok(rota_loop_close(others[(i * 7) % 20]));
}

START_TEST(options_of_another_size_are_refused)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	const size_t sizes[] = { 0, 1, sizeof(options) - 1, sizeof(options) + 1,
		2 * sizeof(options), SIZE_MAX };
	struct rota_loop *made = (struct rota_loop *)(void *)&options;

	(void)_i;
	for (int i = 0; i < 6; i++) {
		options.size = sizes[i];
		ck_err(rota_loop_create(&options, &made), -EINVAL);
		ck_assert_ptr_eq(made, (void *)&options);
	}
}
END_TEST

static void
ck_no_loop(const char *backend, int error)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *made = (struct rota_loop *)(void *)&options;

	options.backend = backend;
	ck_err(rota_loop_create(&options, &made), error);
	ck_assert_ptr_eq(made, (void *)&options);
}

START_TEST(an_unknown_backend_is_refused)
{
	(void)_i;
	ck_no_loop("nonsense", -ENOENT);
	ck_no_loop("pol", -ENOENT);
	ck_no_loop("polls", -ENOENT);
	ck_no_loop("POLL", -ENOENT);
}
END_TEST

START_TEST(an_unknown_backend_anywhere_in_the_list_is_refused)
{
	(void)_i;
	ck_no_loop("nonsense,poll", -ENOENT);
	ck_no_loop("poll,nonsense", -ENOENT);
}
END_TEST

static void
ck_list_gives(const char *list, const char *name)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *made = NULL;

	options.backend = list;
	ck_ok(rota_loop_create(&options, &made));
	ck_assert_str_eq(rota_loop_backend(made), name);
	ck_ok(rota_loop_close(made));
}

START_TEST(the_first_backend_of_a_list_that_works_is_taken)
{
	(void)_i;
	ck_list_gives("poll,select", "poll");
	ck_list_gives("select,poll", "select");
	ck_list_gives("poll", "poll");
}
END_TEST

/* The name of a backend that this library was built without. */
static const char *
missing_backend(void)
{
	struct rota_backend_info info;

	for (unsigned i = 0; rota_backend_info(i, &info) == 0; i++) {
		if (!info.is_built)
			return info.name;
	}
	return NULL;
}

START_TEST(a_backend_that_is_not_built_is_refused_or_passed_over)
{
	const char *missing = missing_backend();
	char list[64];

	(void)_i;
	if (missing == NULL)
		return;
	ck_no_loop(missing, -ENOSYS);
	(void)snprintf(list, sizeof(list), "%s,select", missing);
	ck_list_gives(list, "select");
}
END_TEST

/* The first that works here, whichever of them are tested. */
static const char *
first_usable(void)
{
	struct rota_backend_info info;

	for (unsigned i = 0; rota_backend_info(i, &info) == 0; i++) {
		if (info.is_built && info.error == 0)
			return info.name;
	}
	return NULL;
}

START_TEST(an_empty_list_means_the_order_of_the_library)
{
	(void)_i;
	ck_list_gives("", first_usable());
	ck_list_gives(NULL, first_usable());
}
END_TEST

LOOP_TEST(a_loop_tells_its_backend_and_what_it_can)
{
	struct rota_backend_info info;
	unsigned i = 0;

	do {
		ck_ok(rota_backend_info(i++, &info));
	} while (strcmp(info.name, rota_loop_backend(loop)) != 0);
	ck_assert_uint_eq(rota_loop_capabilities(loop), info.capabilities);
	ck_assert_ptr_null(rota_loop_backend(NULL));
	ck_assert_uint_eq(rota_loop_capabilities(NULL), 0);
}

struct counts {
	unsigned n_calls;
	long n_blocks;
};

static void *
count_blocks(void *data, void *memory, size_t size_bytes)
{
	struct counts *counts = data;

	counts->n_calls++;
	counts->n_blocks += size_bytes != 0 && memory == NULL;
	counts->n_blocks -= size_bytes == 0 && memory != NULL;
	return harness_realloc(NULL, memory, size_bytes);
}

START_TEST(the_allocator_given_is_used_and_gets_all_back)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct counts counts = { 0, 0 };
	struct rota_timer timer;

	options.realloc_fn = count_blocks;
	options.realloc_data = &counts;
	options.backend = harness_backend_name(_i);
	ck_ok(rota_loop_create(&options, &loop));
	ck_assert_int_gt((int)counts.n_blocks, 0);
	start_timer(&timer, 0, "T");
	ck_ok(rota_handle_set_name(&timer.handle, "name"));
	ck_ok(rota_tick(loop, on_task, "t"));
	ck_ok(rota_loop_measure(loop, 1));
	run_to_the_end();
	close_all();
	close_loop();
	ck_assert_int_eq((int)counts.n_blocks, 0);
}
END_TEST

static void *
no_memory(void *data, void *memory, size_t size_bytes)
{
	(void)data;
	ck_assert_ptr_null(memory);
	(void)size_bytes;
	return NULL;
}

START_TEST(a_loop_without_memory_is_refused)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	options.realloc_fn = no_memory;
	options.backend = harness_backend_name(_i);
	ck_err(rota_loop_create(&options, &loop), -ENOMEM);
	ck_assert_ptr_null(loop);
}
END_TEST

START_TEST(the_version_is_that_of_the_headers)
{
	char text[32];

	(void)_i;
	(void)snprintf(text, sizeof(text), "%d.%d.%d", ROTA_VERSION_MAJOR,
		ROTA_VERSION_MINOR, ROTA_VERSION_PATCH);
	ck_assert_str_eq(rota_version(), text);
}
END_TEST

/* Options from the environment ****************************************/

static void
put_env(const char *backend, const char *measure)
{
	ck_assert_int_eq(unsetenv("ROTA_BACKEND"), 0);
	ck_assert_int_eq(unsetenv("ROTA_MEASURE"), 0);
	if (backend != NULL)
		ck_assert_int_eq(setenv("ROTA_BACKEND", backend, 1), 0);
	if (measure != NULL)
		ck_assert_int_eq(setenv("ROTA_MEASURE", measure, 1), 0);
}

START_TEST(the_environment_chooses_backend_and_measuring)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop_time figures = ROTA_LOOP_TIME_INIT;

	(void)_i;
	put_env("select", "1");
	ck_ok(rota_options_from_env(&options));
	put_env(NULL, NULL);
	ck_assert_int_eq(options.measure, 1);
	ck_ok(rota_loop_create(&options, &loop));
	ck_assert_str_eq(rota_loop_backend(loop), "select");
	ck_ok(rota_loop_time(loop, &figures));
}
END_TEST

START_TEST(absent_or_empty_variables_change_nothing)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	const char *mine = "poll";

	(void)_i;
	options.backend = mine;
	options.measure = 1;
	put_env(NULL, NULL);
	ck_ok(rota_options_from_env(&options));
	put_env("", "");
	ck_ok(rota_options_from_env(&options));
	ck_assert_ptr_eq(options.backend, mine);
	ck_assert_int_eq(options.measure, 1);
	put_env(NULL, "0");
	ck_ok(rota_options_from_env(&options));
	ck_assert_int_eq(options.measure, 0);
}
END_TEST

START_TEST(the_environment_may_hold_a_list)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	(void)_i;
	put_env("select,poll", NULL);
	ck_ok(rota_options_from_env(&options));
	ck_ok(rota_loop_create(&options, &loop));
	ck_assert_str_eq(rota_loop_backend(loop), "select");
}
END_TEST

START_TEST(bad_variables_change_nothing)
{
	const char *const measures[] = { "2", "yes", "-1", "01", "1 ", "10" };
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop_options before;

	(void)_i;
	memcpy(&before, &options, sizeof(before));
	for (int i = 0; i < 6; i++) {
		put_env("poll", measures[i]);
		ck_err(rota_options_from_env(&options), -EINVAL);
		ck_assert_mem_eq(&options, &before, sizeof(before));
	}
	put_env("poll,poll,poll,poll,poll,poll,poll,poll,poll,poll,poll,poll,"
		"poll,poll",
		"1");
	ck_err(rota_options_from_env(&options), -EINVAL);
	ck_assert_mem_eq(&options, &before, sizeof(before));
}
END_TEST

START_TEST(options_from_env_wants_options_of_the_right_size)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	(void)_i;
	put_env("poll", "1");
	ck_err(rota_options_from_env(NULL), -EINVAL);
	options.size = 8;
	ck_err(rota_options_from_env(&options), -EINVAL);
	ck_assert_ptr_null(options.backend);
	ck_assert_int_eq(options.measure, 0);
}
END_TEST

START_TEST(the_library_does_not_read_the_environment_by_itself)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	(void)_i;
	put_env("nonsense", "nonsense");
	options.backend = "poll";
	ck_ok(rota_loop_create(&options, &loop));
	put_env("select", NULL);
	ck_list_gives(NULL, first_usable());
}
END_TEST

/* Listing backends ****************************************************/

START_TEST(exactly_the_first_usable_backend_is_the_default)
{
	struct rota_backend_info info;
	int n_usable = 0;

	(void)_i;
	for (unsigned i = 0; rota_backend_info(i, &info) == 0; i++) {
		int usable = info.is_built && info.error == 0;

		n_usable += usable;
		ck_assert_int_eq(info.is_default, usable && n_usable == 1);
	}
	ck_assert_int_ge(n_usable, 2);
}
END_TEST

START_TEST(what_cannot_be_used_says_why)
{
	struct rota_backend_info info;
	int seen_missing = 0;

	(void)_i;
	for (unsigned i = 0; rota_backend_info(i, &info) == 0; i++) {
		int usable = info.is_built && info.error == 0;

		ck_assert_ptr_nonnull(info.name);
		ck_assert_int_eq(info.reason[0] == '\0', usable);
		ck_assert_int_eq(info.error < 0, !usable);
		if (!usable)
			ck_assert_uint_eq(info.capabilities, 0);
		ck_assert(info.is_built || !seen_missing || !info.is_built);
		seen_missing |= !info.is_built;
		ck_assert_int_eq(info.is_built, !seen_missing);
	}
}
END_TEST

START_TEST(the_four_backends_are_known_in_every_build)
{
	const char *const names[] = { "epoll", "kqueue", "poll", "select" };
	struct rota_backend_info info;

	(void)_i;
	for (int n = 0; n < 4; n++) {
		int found = 0;

		for (unsigned i = 0; rota_backend_info(i, &info) == 0; i++)
			found += strcmp(info.name, names[n]) == 0;
		ck_assert_int_eq(found, 1);
	}
}
END_TEST

START_TEST(an_index_beyond_the_last_changes_nothing)
{
	struct rota_backend_info info = { .name = "mine" };

	(void)_i;
	ck_err(rota_backend_info(1000, &info), -ENOENT);
	ck_err(rota_backend_info(UINT32_MAX, &info), -ENOENT);
	ck_assert_str_eq(info.name, "mine");
	ck_err(rota_backend_info(0, NULL), -EINVAL);
}
END_TEST

START_TEST(capabilities_have_names)
{
	const char *name;

	(void)_i;
	for (unsigned bit = 1; bit <= ROTA_BACKEND_HANGUP; bit <<= 1) {
		name = rota_backend_capability_name(bit);
		ck_assert_ptr_nonnull(name);
		ck_assert_uint_gt(strlen(name), 0);
	}
	ck_assert_str_eq(
		rota_backend_capability_name(ROTA_BACKEND_EDGE), "edge");
	ck_assert_ptr_null(rota_backend_capability_name(0));
	ck_assert_ptr_null(rota_backend_capability_name(3));
	ck_assert_ptr_null(
		rota_backend_capability_name(ROTA_BACKEND_HANGUP << 1));
}
END_TEST

/* Running *************************************************************/

LOOP_TEST(an_empty_loop_is_dead_in_every_mode)
{
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	ck_err(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
}

LOOP_TEST(an_unknown_mode_is_refused)
{
	struct rota_timer timer;

	start_timer(&timer, 0, "T");
	ck_err(rota_loop_run(loop, (enum rota_run_mode)3), -EINVAL);
	ck_err(rota_loop_run(loop, (enum rota_run_mode) - 1), -EINVAL);
	ck_trace("");
	close_all();
}

LOOP_TEST(nowait_says_whether_the_loop_is_still_alive)
{
	struct rota_timer timer;

	start_timer(&timer, LONG_NS, "T");
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_ok(rota_handle_unref(&timer.handle));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_trace("");
	close_all();
}

LOOP_TEST(default_runs_until_nothing_is_alive)
{
	struct rota_timer a, b, c;

	start_timer(&a, 0, "A");
	start_timer(&b, 1 * MS, "B");
	start_timer(&c, 2 * MS, "C");
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	ck_trace("ABC");
	close_all();
}

LOOP_TEST(a_loop_can_be_run_again_and_again)
{
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	timer.handle.data = "T";
	for (int i = 0; i < 3; i++) {
		ck_ok(rota_timer_start(&timer, 0, 0, on_timer));
		run_to_the_end();
	}
	ck_trace("TTT");
	close_all();
}

static void *
run_in_thread(void *data)
{
	return rota_loop_run(data, ROTA_RUN_DEFAULT) == 0 ? NULL : data;
}

LOOP_TEST(a_loop_can_be_run_by_another_thread_than_its_maker)
{
	struct rota_timer timer;
	pthread_t thread;
	void *result;

	start_timer(&timer, MS, "T");
	ck_ok(pthread_create(&thread, NULL, run_in_thread, loop));
	ck_ok(pthread_join(thread, &result));
	ck_assert_ptr_null(result);
	ck_trace("T");
	close_all();
}

/* Stopping ************************************************************/

LOOP_TEST(stop_before_run_makes_that_run_return_at_once)
{
	struct rota_timer timer;

	start_timer(&timer, 0, "T");
	ck_ok(rota_loop_stop(loop));
	ck_ok(rota_loop_stop(loop));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 1);
	ck_trace("");
	run_to_the_end();
	ck_trace("T");
	close_all();
}

LOOP_TEST(stop_before_a_run_of_one_turn_makes_it_return_at_once)
{
	struct rota_timer timer;

	start_timer(&timer, LONG_NS, "T");
	ck_ok(rota_loop_stop(loop));
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	close_all();
}

static void
on_timer_stop(struct rota_timer *timer)
{
	trace_of(timer->handle.data);
	ck_ok(rota_loop_stop(loop));
}

LOOP_TEST(stop_in_a_callback_ends_the_run_and_the_next_one_goes_on)
{
	struct rota_timer a, b;

	ck_ok(rota_timer_init(loop, &a));
	a.handle.data = "A";
	ck_ok(rota_timer_start(&a, 0, 0, on_timer_stop));
	start_timer(&b, MS, "B");
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 1);
	ck_trace("A");
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	ck_trace("AB");
	close_all();
}

LOOP_TEST(a_run_stopped_by_its_last_callback_returns_0)
{
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	timer.handle.data = "A";
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_stop));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer));
	run_to_the_end();
	ck_trace("AA");
	close_all();
}

static void *
stop_from_thread(void *data)
{
	/* Long enough for the loop to be asleep, most of the time. */
	(void)poll(NULL, 0, 20);
	return rota_loop_stop(data) == 0 ? NULL : data;
}

LOOP_TEST(stop_from_another_thread_ends_the_wait)
{
	uint64_t begin = harness_true_ns();
	struct rota_timer timer;
	pthread_t thread;
	void *result;

	start_timer(&timer, LONG_NS, "T");
	ck_ok(pthread_create(&thread, NULL, stop_from_thread, loop));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 1);
	ck_ok(pthread_join(thread, &result));
	ck_assert_ptr_null(result);
	ck_assert_uint_lt(harness_true_ns() - begin, LONG_NS);
	ck_trace("");
	close_all();
}

static void
stop_from_handler(int signum)
{
	int saved = errno;

	(void)signum;
	(void)rota_loop_stop(loop);
	errno = saved;
}

LOOP_TEST(stop_from_a_signal_handler_ends_the_wait)
{
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };
	struct sigaction action = { .sa_handler = stop_from_handler };
	struct rota_timer timer;

	start_timer(&timer, LONG_NS, "T");
	ck_ok(sigaction(SIGALRM, &action, NULL));
	ck_ok(setitimer(ITIMER_REAL, &soon, NULL));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 1);
	ck_trace("");
	close_all();
}

/* Signals that are not the loop's **************************************/

static int n_foreign;
static int fd_for_handler;

/* The fifth one makes the descriptor ready. */
static void
on_foreign_signal(int signum)
{
	int saved = errno;

	(void)signum;
	if (++n_foreign == 5 && fd_for_handler >= 0)
		(void)!write(fd_for_handler, "x", 1);
	errno = saved;
}

static void
send_foreign_signals(int us)
{
	struct itimerval often = { { 0, us }, { 0, us } };
	struct sigaction action = { .sa_handler = on_foreign_signal };

	n_foreign = 0;
	ck_ok(sigaction(SIGALRM, &action, NULL));
	ck_ok(setitimer(ITIMER_REAL, &often, NULL));
}

static void
send_no_more_signals(void)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	ck_ok(setitimer(ITIMER_REAL, &never, NULL));
}

LOOP_TEST(a_foreign_signal_does_not_end_a_once_before_its_timer)
{
	struct rota_timer timer;

	fd_for_handler = -1;
	start_timer(&timer, 30 * MS, "T");
	send_foreign_signals(2000);
	run_once_checked(ROTA_RUN_ONCE);
	send_no_more_signals();
	ck_trace("T");
	ck_assert_int_gt(n_foreign, 1);
	close_all();
}

static void
on_pipe(struct rota_io *io, unsigned ready)
{
	(void)io;
	(void)ready;
	trace('R');
}

LOOP_TEST(a_foreign_signal_does_not_end_a_once_before_its_input)
{
	struct rota_io io;
	int fds[2];

	harness_pipe(fds);
	fd_for_handler = fds[1];
	ck_ok(rota_io_init(loop, &io, fds[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_pipe));
	send_foreign_signals(2000);
	run_once_checked(ROTA_RUN_ONCE);
	send_no_more_signals();
	ck_trace("R");
	ck_assert_int_ge(n_foreign, 5);
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_stop_ends_a_once_that_foreign_signals_disturb)
{
	struct rota_timer timer;
	pthread_t thread;
	void *result;

	fd_for_handler = -1;
	start_timer(&timer, LONG_NS, "T");
	ck_ok(pthread_create(&thread, NULL, stop_from_thread, loop));
	send_foreign_signals(2000);
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	send_no_more_signals();
	ck_ok(pthread_join(thread, &result));
	ck_assert_ptr_null(result);
	ck_trace("");
	close_all();
}

/* Runs within runs ****************************************************/

static void
on_timer_nested(struct rota_timer *timer)
{
	(void)timer;
	trace('N');
	ck_err(rota_loop_run(loop, ROTA_RUN_DEFAULT), -EBUSY);
	ck_err(rota_loop_run(loop, ROTA_RUN_ONCE), -EBUSY);
	ck_err(rota_loop_run(loop, ROTA_RUN_NOWAIT), -EBUSY);
	ck_err(rota_loop_prepare(loop), -EBUSY);
	ck_err(rota_loop_dispatch(loop), -EBUSY);
	ck_err(rota_loop_close(loop), -EBUSY);
	ck_err(rota_loop_fork(loop), -EBUSY);
}

LOOP_TEST(a_run_within_a_run_is_refused_and_harmless)
{
	struct rota_timer a, b;

	ck_ok(rota_timer_init(loop, &a));
	ck_ok(rota_timer_start(&a, 0, 0, on_timer_nested));
	start_timer(&b, 0, "B");
	run_to_the_end();
	ck_trace("NB");
	close_all();
}

static void
on_timer_run_other(struct rota_timer *timer)
{
	trace('(');
	ck_err(rota_loop_run(timer->handle.data, ROTA_RUN_DEFAULT), 0);
	trace(')');
}

LOOP_TEST(another_loop_may_be_run_within_a_callback)
{
	struct rota_loop *other = harness_make_loop();
	struct rota_timer outer, inner;

	ck_ok(rota_timer_init(loop, &outer));
	outer.handle.data = other;
	ck_ok(rota_timer_start(&outer, 0, 0, on_timer_run_other));
	ck_ok(rota_timer_init(other, &inner));
	inner.handle.data = "I";
	ck_ok(rota_timer_start(&inner, MS, 0, on_timer));
	run_to_the_end();
	ck_trace("(I)");
	close_all();
	close_all_of(other);
	ck_ok(rota_loop_close(other));
}

/* Closing *************************************************************/

LOOP_TEST(a_loop_with_a_handle_is_not_closed)
{
	struct rota_timer timer;

	start_timer(&timer, 0, "T");
	ck_err(rota_loop_close(loop), -EBUSY);
	run_to_the_end();
	ck_trace("T");
	ck_err(rota_loop_close(loop), -EBUSY);
	ck_ok(rota_handle_close(&timer.handle, NULL));
	ck_err(rota_loop_close(loop), -EBUSY);
	run_to_the_end();
	ck_err(rota_handle_is_closing(&timer.handle), 0);
}

LOOP_TEST(a_loop_with_a_queued_immediate_is_not_closed)
{
	struct rota_immediate immediate;

	ck_ok(rota_immediate_init(loop, &immediate));
	immediate.data = "M";
	ck_ok(rota_immediate_start(&immediate, on_immediate));
	ck_ok(rota_immediate_unref(&immediate));
	ck_err(rota_loop_close(loop), -EBUSY);
	ck_ok(rota_immediate_stop(&immediate));
}

LOOP_TEST(posts_not_delivered_are_dropped_with_the_loop)
{
	ck_ok(rota_post(loop, on_task, "p"));
	ck_err(rota_loop_alive(loop), 0);
	close_loop();
	ck_trace("");
}

LOOP_TEST(an_idle_immediate_does_not_keep_a_loop_from_closing)
{
	struct rota_immediate immediate;

	ck_ok(rota_immediate_init(loop, &immediate));
	close_loop();
}

/* Before exit *********************************************************/

static struct rota_timer exit_timer;
static int n_exits;

static void
on_before_exit(struct rota_loop *of, void *data)
{
	ck_assert_ptr_eq(of, loop);
	trace_of(data);
	if (++n_exits < 3)
		ck_ok(rota_timer_start(&exit_timer, 0, 0, on_timer));
}

LOOP_TEST(before_exit_may_start_more_and_is_called_again)
{
	n_exits = 0;
	start_timer(&exit_timer, 0, "T");
	ck_ok(rota_loop_on_before_exit(loop, on_before_exit, "E"));
	run_to_the_end();
	ck_trace("TETETE");
	close_all();
}

LOOP_TEST(before_exit_is_called_for_an_empty_loop_too)
{
	n_exits = 3;
	ck_ok(rota_loop_on_before_exit(loop, on_before_exit, "E"));
	run_to_the_end();
	ck_trace("E");
}

LOOP_TEST(before_exit_is_not_called_when_stopped)
{
	struct rota_timer timer;

	n_exits = 3;
	ck_ok(rota_loop_on_before_exit(loop, on_before_exit, "E"));
	ck_ok(rota_timer_init(loop, &timer));
	timer.handle.data = "S";
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_stop));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	ck_trace("S");
	close_all();
}

LOOP_TEST(before_exit_is_not_called_by_runs_of_one_turn)
{
	n_exits = 3;
	ck_ok(rota_loop_on_before_exit(loop, on_before_exit, "E"));
	run_once_checked(ROTA_RUN_ONCE);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("");
}

LOOP_TEST(before_exit_can_be_taken_away)
{
	ck_ok(rota_loop_on_before_exit(loop, on_before_exit, "E"));
	ck_ok(rota_loop_on_before_exit(loop, NULL, NULL));
	run_to_the_end();
	ck_trace("");
}

/* Ticks never hold the loop, so queueing one is not starting something. */
static void
on_before_exit_tick(struct rota_loop *of, void *data)
{
	trace('E');
	ck_ok(rota_tick(of, on_task, data));
}

LOOP_TEST(a_tick_of_before_exit_runs_but_does_not_prolong_the_run)
{
	ck_ok(rota_loop_on_before_exit(loop, on_before_exit_tick, "t"));
	run_to_the_end();
	ck_trace("Et");
}

/* Data and time *******************************************************/

LOOP_TEST(a_loop_keeps_the_pointer_of_its_user)
{
	int mine;

	ck_assert_ptr_null(rota_loop_data(loop));
	ck_ok(rota_loop_set_data(loop, &mine));
	ck_assert_ptr_eq(rota_loop_data(loop), &mine);
	ck_ok(rota_loop_set_data(loop, NULL));
	ck_assert_ptr_null(rota_loop_data(loop));
}

LOOP_TEST(now_is_the_monotonic_clock_and_update_reads_it)
{
	uint64_t before = harness_true_ns();
	uint64_t now;

	ck_ok(rota_loop_update(loop));
	now = rota_loop_now(loop);
	ck_assert_uint_ge(now, before);
	ck_assert_uint_le(now, harness_true_ns());
	ck_assert_uint_eq(rota_loop_now(NULL), 0);
}

FAKE_TIME_TEST(update_makes_now_fresh_within_a_callback)
{
	uint64_t now;

	ck_ok(rota_loop_update(loop));
	now = rota_loop_now(loop);
	ck_assert_uint_eq(now, harness_fake_now());
	harness_advance(77);
	ck_assert_uint_eq(rota_loop_now(loop), now);
	ck_ok(rota_loop_update(loop));
	ck_assert_uint_eq(rota_loop_now(loop), now + 77);
}

/* Walking *************************************************************/

static void
visit(struct rota_handle *handle, void *data)
{
	ck_assert_ptr_eq(data, loop);
	trace_of(handle->data);
}

static void
init_hooks(struct rota_hook *hooks, int n)
{
	static char letters[] = "ABCDEFGH";

	for (int i = 0; i < n; i++) {
		ck_ok(rota_check_init(loop, &hooks[i]));
		hooks[i].handle.data = &letters[i];
	}
}

LOOP_TEST(walk_visits_all_handles_in_the_order_of_init)
{
	struct rota_hook hooks[3];

	ck_ok(rota_loop_walk(loop, visit, loop));
	ck_trace("");
	init_hooks(hooks, 3);
	ck_ok(rota_hook_start(&hooks[2], on_hook));
	ck_ok(rota_hook_start(&hooks[0], on_hook));
	ck_ok(rota_handle_unref(&hooks[1].handle));
	ck_ok(rota_loop_walk(loop, visit, loop));
	ck_trace("ABC");
	close_all();
	ck_ok(rota_loop_walk(loop, visit, loop));
	ck_trace("ABC");
}

LOOP_TEST(walk_visits_closing_handles_last_in_the_order_of_closing)
{
	struct rota_hook hooks[4];

	init_hooks(hooks, 4);
	ck_ok(rota_handle_close(&hooks[2].handle, NULL));
	ck_ok(rota_handle_close(&hooks[1].handle, NULL));
	ck_ok(rota_loop_walk(loop, visit, loop));
	ck_trace("ADCB");
	close_all();
}

static struct rota_hook walk_extra;

static void
visit_and_change(struct rota_handle *handle, void *data)
{
	struct rota_hook *hooks = data;

	trace_of(handle->data);
	if (handle != &hooks[1].handle)
		return;
	for (int i = 0; i < 3; i++)
		ck_ok(rota_handle_close(&hooks[i].handle, NULL));
	ck_ok(rota_check_init(loop, &walk_extra));
	walk_extra.handle.data = "X";
	ck_ok(rota_handle_close(&walk_extra.handle, NULL));
}

static void
on_close_walk(struct rota_handle *handle)
{
	ck_ok(rota_loop_walk(handle->data, visit, handle->data));
	trace_of(".");
}

LOOP_TEST(walk_bears_closing_all_and_does_not_visit_new_handles)
{
	struct rota_hook hooks[4];

	init_hooks(hooks, 4);
	ck_ok(rota_loop_walk(loop, visit_and_change, hooks));
	ck_trace("ABDC");
	ck_ok(rota_loop_walk(loop, visit, loop));
	ck_trace("ABDCDABCX");
	close_all();
}

LOOP_TEST(walk_in_a_close_callback_visits_those_that_are_still_to_be_told)
{
	struct rota_hook hooks[4];

	init_hooks(hooks, 4);
	hooks[0].handle.data = loop;
	ck_ok(rota_handle_close(&hooks[0].handle, on_close_walk));
	ck_ok(rota_handle_close(&hooks[2].handle, NULL));
	ck_ok(rota_handle_close(&hooks[1].handle, NULL));
	ck_ok(rota_loop_run(loop, ROTA_RUN_NOWAIT));
	ck_trace("DCB.");
	close_all();
}

/* Why alive ***********************************************************/

static struct rota_culprit culprit_seen;
static char culprit_texts[6][128];

static void
keep_culprit(const struct rota_culprit *culprit, void *data)
{
	const char *const texts[] = { culprit->type, culprit->name,
		culprit->callback, culprit->place, culprit->details,
		culprit->state };

	(void)data;
	culprit_seen = *culprit;
	for (int i = 0; i < 6; i++) {
		ck_assert_ptr_nonnull(texts[i]);
		(void)snprintf(culprit_texts[i], 128, "%s", texts[i]);
	}
}

static void
ck_culprit(const char *type, const char *callback, const char *state, int holds,
	int is_referenced)
{
	ck_err(rota_loop_why_alive(loop, keep_culprit, NULL), 1);
	ck_assert_str_eq(culprit_texts[0], type);
	ck_assert_str_eq(culprit_texts[2], callback);
	ck_assert_str_eq(culprit_texts[5], state);
	ck_assert_int_eq(culprit_seen.holds, holds);
	ck_assert_int_eq(culprit_seen.is_referenced, is_referenced);
	ck_err(rota_loop_alive(loop), holds);
}

LOOP_TEST(an_active_handle_is_named_with_callback_and_place)
{
	struct rota_timer timer;
	char place[64];

	ck_ok(rota_timer_init(loop, &timer));
	timer.handle.data = "T";
	ck_ok(rota_handle_set_name(&timer.handle, "nap"));
	(void)snprintf(place, sizeof(place), "check_loop.c:%d", __LINE__ + 1);
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer));
	ck_culprit("timer", "on_timer", "active", 1, 1);
	ck_assert_str_eq(culprit_texts[1], "nap");
	ck_assert_ptr_nonnull(strstr(culprit_texts[3], place));
	ck_assert_ptr_eq(culprit_seen.handle, &timer.handle);
	ck_assert_ptr_null(culprit_seen.request);
	close_all();
}

LOOP_TEST(an_idle_handle_only_keeps_the_loop_from_closing)
{
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	ck_culprit("timer", "?", "idle", 0, 1);
	ck_assert_str_eq(culprit_texts[1], "");
	ck_assert_str_eq(culprit_texts[3], "?");
	close_all();
}

static void
find_null(const struct rota_culprit *culprit, void *data)
{
	*(int *)data += strcmp(culprit->callback, "NULL") == 0;
}

LOOP_TEST(a_close_without_a_callback_says_so)
{
	struct rota_timer timer;
	int n = 0;

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_handle_close(&timer.handle, NULL));
	ck_err(rota_loop_why_alive(loop, find_null, &n), 1);
	ck_assert_int_eq(n, 1);
	run_to_the_end();
}

LOOP_TEST(an_unreferenced_handle_does_not_hold_the_loop)
{
	struct rota_timer timer;

	start_timer(&timer, 0, "T");
	ck_ok(rota_handle_unref(&timer.handle));
	ck_culprit("timer", "on_timer", "active", 0, 0);
	close_all();
}

static void
on_close(struct rota_handle *handle)
{
	trace_of(handle->data);
}

LOOP_TEST(a_closing_handle_holds_the_loop)
{
	struct rota_timer timer;

	start_timer(&timer, 0, "T");
	ck_ok(rota_handle_unref(&timer.handle));
	ck_ok(rota_handle_close(&timer.handle, on_close));
	ck_err(rota_loop_alive(loop), 1);
	ck_err(rota_loop_why_alive(loop, keep_culprit, NULL), 1);
	ck_assert_str_eq(culprit_texts[5], "closing");
	ck_assert_int_eq(culprit_seen.holds, 1);
	close_all();
}

LOOP_TEST(a_queued_immediate_is_named)
{
	struct rota_immediate immediate;

	ck_ok(rota_immediate_init(loop, &immediate));
	immediate.data = "M";
	ck_err(rota_loop_why_alive(loop, NULL, NULL), 0);
	ck_ok(rota_immediate_start(&immediate, on_immediate));
	ck_culprit("immediate", "on_immediate", "queued", 1, 1);
	ck_assert_ptr_null(culprit_seen.handle);
	ck_ok(rota_immediate_unref(&immediate));
	ck_culprit("immediate", "on_immediate", "queued", 0, 0);
	ck_ok(rota_immediate_stop(&immediate));
}

LOOP_TEST(a_watcher_tells_its_descriptor)
{
	struct rota_io io;
	int pipe_fds[2];
	char number[16];

	harness_pipe(pipe_fds);
	ck_ok(rota_io_init(loop, &io, pipe_fds[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_read));
	ck_culprit("io", "on_read", "active", 1, 1);
	(void)snprintf(number, sizeof(number), "%d", pipe_fds[0]);
	ck_assert_ptr_nonnull(strstr(culprit_texts[4], number));
	close_all();
	harness_close_pair(pipe_fds);
}

static void
on_written(struct rota_write *request, int status)
{
	(void)request;
	(void)status;
}

static void
find_request(const struct rota_culprit *culprit, void *data)
{
	if (culprit->request != data)
		return;
	keep_culprit(culprit, NULL);
	trace('Q');
}

LOOP_TEST(a_request_in_flight_is_named_with_its_owner)
{
	struct rota_write write_request;
	struct iovec byte = { "w", 1 };
	struct rota_tcp tcp;
	int pair[2];

	harness_tcp_pair(pair);
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_tcp_open(&tcp, pair[0]));
	ck_ok(rota_stream_write(
		&tcp.stream, &write_request, &byte, 1, on_written));
	ck_err(rota_loop_why_alive(loop, find_request, &write_request.request),
		2);
	ck_trace("Q");
	ck_assert_str_eq(culprit_texts[0], "write");
	ck_assert_str_eq(culprit_texts[2], "on_written");
	ck_assert_str_eq(culprit_texts[5], "in flight");
	ck_assert_int_eq(culprit_seen.holds, 1);
	ck_assert_ptr_eq(culprit_seen.handle, &tcp.stream.handle);
	close_all();
	ck_assert_int_eq(close(pair[1]), 0);
}

LOOP_TEST(the_text_has_a_line_for_each_culprit)
{
	struct rota_timer a, b;
	char text[1024];
	int n_lines = 0;
	int len;

	start_timer(&a, 0, "A");
	start_timer(&b, 0, "B");
	ck_ok(rota_handle_set_name(&b.handle, "second"));
	len = rota_loop_why_alive_text(loop, text, sizeof(text));
	ck_assert_int_eq(len, (int)strlen(text));
	for (const char *at = text; *at != '\0'; at++)
		n_lines += *at == '\n';
	ck_assert_int_eq(n_lines + (text[len - 1] != '\n'), 2);
	ck_assert_ptr_nonnull(strstr(text, "timer"));
	ck_assert_ptr_nonnull(strstr(text, "on_timer"));
	ck_assert_ptr_nonnull(strstr(text, "check_loop.c:"));
	ck_assert_ptr_nonnull(strstr(text, "second"));
	close_all();
}

LOOP_TEST(the_text_is_cut_like_that_of_snprintf)
{
	char whole[1024], text[1024];
	struct rota_timer timer;
	int len;

	start_timer(&timer, 0, "T");
	ck_ok(rota_handle_set_name(&timer.handle, "a name"));
	ck_ok(rota_timer_stop(&timer));
	len = rota_loop_why_alive_text(loop, whole, sizeof(whole));
	ck_assert_int_gt(len, 10);
	ck_err(rota_loop_why_alive_text(loop, NULL, 0), len);
	for (int size = 1; size < len + 3; size++) {
		int fits = size - 1 < len ? size - 1 : len;

		memset(text, '#', sizeof(text));
		ck_err(rota_loop_why_alive_text(loop, text, (size_t)size), len);
		ck_assert_int_eq((int)strlen(text), fits);
		ck_assert_mem_eq(text, whole, (size_t)fits);
		ck_assert_int_eq(text[fits + 1], '#');
	}
	close_all();
}

LOOP_TEST(the_text_of_an_empty_loop_is_empty)
{
	char text[8] = "#######";

	ck_err(rota_loop_why_alive_text(loop, NULL, 0), 0);
	ck_err(rota_loop_why_alive_text(loop, text, sizeof(text)), 0);
	ck_assert_str_eq(text, "");
}

/* Driving *************************************************************/

#define MAX_POLLFDS 64

/* One turn of `loop`, driven with poll(2); returns what dispatch returns. */
static int
drive_one_turn(void)
{
	struct pollfd fds[MAX_POLLFDS];
	uint64_t wait_ns;
	int timeout_ms;
	int n;

	ck_assert_int_ge(rota_loop_prepare(loop), 0);
	wait_ns = rota_loop_wait_ns(loop);
	timeout_ms = wait_ns == ROTA_FOREVER ? -1 :
					       (int)((wait_ns + MS - 1) / MS);
	n = rota_loop_pollfds(loop, fds, MAX_POLLFDS);
	ck_assert_int_ge(n, 0);
	ck_assert_int_le(n, MAX_POLLFDS);
	ck_assert_int_ge(poll(fds, (nfds_t)n, timeout_ms), 0);
	n = rota_loop_dispatch(loop);
	ck_assert_int_ge(n, 0);
	ck_ok(rota__loop_check(loop));
	return n;
}

LOOP_TEST(poll_can_drive_a_loop_with_timers_and_watchers)
{
	struct rota_timer timer;
	struct rota_io io;
	int pipe_fds[2];

	harness_pipe(pipe_fds);
	harness_put(pipe_fds[1], 'x');
	ck_ok(rota_io_init(loop, &io, pipe_fds[0]));
	io.handle.data = "R";
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_read));
	ck_ok(rota_handle_unref(&io.handle));
	start_timer(&timer, 10 * MS, "T");
	while (drive_one_turn() != 0) {
	}
	ck_trace("RT");
	close_all();
	harness_close_pair(pipe_fds);
}

static void *
put_from_thread(void *data)
{
	(void)poll(NULL, 0, 20);
	harness_put(*(int *)data, 'x');
	return NULL;
}

LOOP_TEST(input_ends_the_foreign_wait)
{
	struct rota_timer timer;
	pthread_t thread;
	struct rota_io io;
	int pipe_fds[2];

	harness_pipe(pipe_fds);
	ck_ok(rota_io_init(loop, &io, pipe_fds[0]));
	io.handle.data = "R";
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_read));
	start_timer(&timer, LONG_NS, "T");
	ck_ok(pthread_create(&thread, NULL, put_from_thread, &pipe_fds[1]));
	while (trace_text()[0] == '\0')
		ck_err(drive_one_turn(), 1);
	ck_ok(pthread_join(thread, NULL));
	ck_trace("R");
	close_all();
	harness_close_pair(pipe_fds);
}

static void *
post_from_thread(void *data)
{
	(void)poll(NULL, 0, 20);
	return rota_post(data, on_task, "p") == 0 ? NULL : data;
}

LOOP_TEST(a_post_ends_the_foreign_wait)
{
	struct rota_timer timer;
	pthread_t thread;

	start_timer(&timer, LONG_NS, "T");
	ck_ok(pthread_create(&thread, NULL, post_from_thread, loop));
	while (trace_text()[0] == '\0')
		ck_err(drive_one_turn(), 1);
	ck_ok(pthread_join(thread, NULL));
	ck_trace("p");
	close_all();
}

/* A backend that cannot tell of a half-close has no bit to wait for. */
LOOP_TEST(a_half_close_ends_the_foreign_wait)
{
	int is_told = (rota_loop_capabilities(loop) & ROTA_BACKEND_HANGUP) != 0;
	struct pollfd ready[MAX_POLLFDS];
	struct rota_io io;
	int fds[2];
	int n;

	harness_socketpair(fds);
	ck_ok(rota_io_init(loop, &io, fds[0]));
	io.handle.data = "H";
	ck_ok(rota_io_start(&io, ROTA_HANGUP, on_ready));
	ck_ok(shutdown(fds[1], SHUT_WR));
	ck_err(rota_loop_prepare(loop), 1);
	n = rota_loop_pollfds(loop, ready, MAX_POLLFDS);
	if (is_told && rota_loop_wait_ns(loop) != 0)
		ck_err(poll(ready, (nfds_t)n, 1000), 1);
	ck_err(rota_loop_dispatch(loop), 1);
	ck_trace(is_told ? "H" : "");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_driven_turn_has_the_same_phases_as_a_run_one)
{
	struct rota_hook idle, prepare, check;
	struct rota_immediate immediate;
	struct rota_timer timer;

	ck_ok(rota_tick(loop, on_task, "t"));
	start_timer(&timer, 0, "T");
	ck_ok(rota_idle_init(loop, &idle));
	ck_ok(rota_prepare_init(loop, &prepare));
	ck_ok(rota_check_init(loop, &check));
	idle.handle.data = "I";
	prepare.handle.data = "P";
	check.handle.data = "C";
	ck_ok(rota_hook_start(&idle, on_hook));
	ck_ok(rota_hook_start(&prepare, on_hook));
	ck_ok(rota_hook_start(&check, on_hook));
	ck_ok(rota_immediate_init(loop, &immediate));
	immediate.data = "M";
	ck_ok(rota_immediate_start(&immediate, on_immediate));
	ck_err(rota_loop_prepare(loop), 1);
	ck_trace("tTIP");
	ck_assert_uint_eq(rota_loop_wait_ns(loop), 0);
	ck_err(rota_loop_dispatch(loop), 1);
	ck_trace("tTIPCM");
	close_all();
}

LOOP_TEST(a_driven_loop_tells_how_long_it_may_be_left_alone)
{
	struct rota_timer timer;

	ck_err(rota_loop_prepare(loop), 0);
	ck_err(rota_loop_dispatch(loop), 0);
	start_timer(&timer, LONG_NS, "T");
	ck_err(rota_loop_prepare(loop), 1);
	ck_assert_uint_gt(rota_loop_wait_ns(loop), LONG_NS / 2);
	ck_assert_uint_le(rota_loop_wait_ns(loop), LONG_NS);
	ck_err(rota_loop_dispatch(loop), 1);
	ck_ok(rota_timer_start(&timer, UINT64_MAX, 0, on_timer));
	ck_err(rota_loop_prepare(loop), 1);
	ck_assert_uint_eq(rota_loop_wait_ns(loop), ROTA_FOREVER);
	ck_err(rota_loop_dispatch(loop), 1);
	close_all();
}

LOOP_TEST(nobody_waits_for_what_does_not_hold_the_loop)
{
	struct rota_timer timer;

	start_timer(&timer, LONG_NS, "T");
	ck_ok(rota_handle_unref(&timer.handle));
	ck_err(rota_loop_prepare(loop), 0);
	ck_assert_uint_eq(rota_loop_wait_ns(loop), 0);
	ck_err(rota_loop_dispatch(loop), 0);
	ck_err(run_once_checked(ROTA_RUN_ONCE), 0);
	close_all();
}

/* kqueue hears of the first only in dispatch, and then twice. */
LOOP_TEST(pipes_without_readers_stay_ready_when_a_wish_changes_in_between)
{
	struct rota_io ios[2];
	int fds[2][2];

	for (int i = 0; i < 2; i++) {
		harness_pipe(fds[i]);
		ck_ok(close(fds[i][0]));
		ck_ok(rota_io_init(loop, &ios[i], fds[i][1]));
		ios[i].handle.data = i == 0 ? "A" : "B";
		ck_ok(rota_io_start(&ios[i], ROTA_WRITABLE, on_ready));
	}
	ck_err(rota_loop_prepare(loop), 1);
	ck_ok(rota_io_start(&ios[1], ROTA_WRITABLE | ROTA_HANGUP, on_ready));
	ck_err(rota_loop_dispatch(loop), 1);
	run_once_checked(ROTA_RUN_NOWAIT);
	trace_reset();
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_ptr_nonnull(strchr(trace_text(), 'A'));
	ck_assert_ptr_nonnull(strchr(trace_text(), 'B'));
	close_all();
	ck_ok(close(fds[0][1]));
	ck_ok(close(fds[1][1]));
}

FAKE_TIME_TEST(the_foreign_wait_is_told_from_the_moment_of_asking)
{
	struct rota_timer timer;

	start_timer(&timer, 10 * MS, "T");
	ck_err(rota_loop_prepare(loop), 1);
	ck_assert_uint_eq(rota_loop_wait_ns(loop), 10 * MS);
	harness_advance(4 * MS);
	ck_assert_uint_eq(rota_loop_wait_ns(loop), 6 * MS);
	harness_advance(60 * MS);
	ck_assert_uint_eq(rota_loop_wait_ns(loop), 0);
	ck_err(rota_loop_dispatch(loop), 1);
	close_all();
}

static int
fail_to_wait(void *state, struct rota__ready *ready, int n, uint64_t timeout_ns)
{
	(void)state;
	(void)ready;
	(void)n;
	(void)timeout_ns;
	return -ENOMEM;
}

LOOP_TEST(what_the_kernel_refuses_in_prepare_is_told_without_a_foreign_wait)
{
	const struct rota__backend *backend = loop->backend;
	struct rota__backend broken = *backend;
	struct rota_timer timer;

	start_timer(&timer, LONG_NS, "T");
	broken.wait = fail_to_wait;
	loop->backend = &broken;
	ck_err(rota_loop_prepare(loop), 1);
	ck_assert_uint_eq(rota_loop_wait_ns(loop), 0);
	ck_err(rota_loop_dispatch(loop), -ENOMEM);
	loop->backend = backend;
	close_all();
}

LOOP_TEST(steps_out_of_turn_are_refused)
{
	struct rota_timer timer;

	start_timer(&timer, LONG_NS, "T");
	ck_err(rota_loop_dispatch(loop), -EBUSY);
	ck_err(rota_loop_prepare(loop), 1);
	ck_err(rota_loop_prepare(loop), -EBUSY);
	ck_err(rota_loop_run(loop, ROTA_RUN_NOWAIT), -EBUSY);
	ck_err(rota_loop_close(loop), -EBUSY);
	ck_err(rota_loop_dispatch(loop), 1);
	ck_err(rota_loop_dispatch(loop), -EBUSY);
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	close_all();
}

LOOP_TEST(pollfds_fills_in_what_fits_and_tells_what_it_needs)
{
	struct pollfd fds[4];
	struct rota_io ios[2];
	int pair[2];
	int n;

	harness_socketpair(pair);
	for (int i = 0; i < 2; i++) {
		ck_ok(rota_io_init(loop, &ios[i], pair[i]));
		ck_ok(rota_io_start(&ios[i], ROTA_READABLE, on_read));
	}
	ck_err(rota_loop_prepare(loop), 1);
	n = rota_loop_pollfds(loop, NULL, 0);
	ck_assert_int_ge(n, 1);
	if (rota_loop_capabilities(loop) & ROTA_BACKEND_HAS_FD)
		ck_assert_int_eq(n, 1);
	memset(fds, 0x55, sizeof(fds));
	ck_err(rota_loop_pollfds(loop, fds, 1), n);
	ck_assert_int_ge(fds[0].fd, 0);
	ck_assert_int_eq(fds[1].fd, 0x55555555);
	ck_err(rota_loop_pollfds(loop, NULL, 3), -EINVAL);
	ck_err(rota_loop_dispatch(loop), 1);
	close_all();
	harness_close_pair(pair);
}

static void
count_ready(struct rota_io *io, unsigned ready)
{
	(void)ready;
	++*(unsigned *)io->handle.data;
}

/* 1 if poll(2) finds something ready of what the loop waits for. */
static int
would_wake_up(void)
{
	struct pollfd fds[MAX_POLLFDS];
	int n;

	ck_err(rota_loop_prepare(loop), 0);
	n = rota_loop_pollfds(loop, fds, MAX_POLLFDS);
	ck_assert_int_le(n, MAX_POLLFDS);
	n = poll(fds, (nfds_t)n, 0);
	ck_err(rota_loop_dispatch(loop), 0);
	return n != 0;
}

/* epoll(7): DEL says EBADF then, and the copy goes on reporting. */
LOOP_TEST(one_closed_before_its_stop_is_told_does_not_spin_for_its_copy)
{
	struct rota_io io;
	unsigned n_calls = 0;
	int fds[2];
	int copy;

	harness_pipe(fds);
	harness_put(fds[1], 'x');
	copy = dup(fds[0]);
	ck_assert_int_ge(copy, 0);
	ck_ok(rota_io_init(loop, &io, fds[0]));
	io.handle.data = &n_calls;
	ck_ok(rota_io_start(&io, ROTA_READABLE, count_ready));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_ok(rota_io_stop(&io));
	ck_assert_int_eq(close(fds[0]), 0);
	for (int i = 0; i < 4; i++)
		ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_assert(!would_wake_up());
	ck_assert_uint_eq(n_calls, 1);
	close_all();
	ck_assert_int_eq(close(copy), 0);
	ck_assert_int_eq(close(fds[1]), 0);
}

/* One rota loop inside another: the outer watches what the inner needs. */
struct nest {
	struct rota_loop *outer;
	struct rota_io ios[MAX_POLLFDS];
	int n_ios;
	struct rota_timer timer;
};

static void
on_outer_io(struct rota_io *io, unsigned ready)
{
	(void)io;
	(void)ready;
}

static void
on_outer_timer(struct rota_timer *timer)
{
	(void)timer;
}

static void
watch_inner(struct nest *nest)
{
	struct pollfd fds[MAX_POLLFDS];

	nest->n_ios = rota_loop_pollfds(loop, fds, MAX_POLLFDS);
	ck_assert_int_ge(nest->n_ios, 0);
	for (int i = 0; i < nest->n_ios; i++) {
		unsigned events = 0;

		events |= fds[i].events & POLLIN ? ROTA_READABLE : 0;
		events |= fds[i].events & POLLOUT ? ROTA_WRITABLE : 0;
		ck_ok(rota_io_init(nest->outer, &nest->ios[i], fds[i].fd));
		ck_ok(rota_io_start(&nest->ios[i], events, on_outer_io));
	}
	ck_ok(rota_timer_start(
		&nest->timer, rota_loop_wait_ns(loop), 0, on_outer_timer));
}

static void
drive_by_outer(struct nest *nest)
{
	ck_ok(rota_timer_init(nest->outer, &nest->timer));
	do {
		ck_assert_int_ge(rota_loop_prepare(loop), 0);
		watch_inner(nest);
		ck_err(rota_loop_run(nest->outer, ROTA_RUN_ONCE) >= 0, 1);
		for (int i = 0; i < nest->n_ios; i++)
			ck_ok(rota_handle_close(&nest->ios[i].handle, NULL));
		(void)rota_loop_run(nest->outer, ROTA_RUN_NOWAIT);
	} while (rota_loop_dispatch(loop) != 0);
}

static void
on_nested_timer(struct rota_timer *timer)
{
	trace('T');
	harness_put(*(int *)timer->handle.data, 'x');
}

static void
on_nested_read(struct rota_io *io, unsigned ready)
{
	on_read(io, ready);
	ck_ok(rota_io_stop(io));
}

LOOP_TEST(another_rota_loop_can_drive_a_loop)
{
	static struct nest nest;
	struct rota_timer timer;
	struct rota_io io;
	int pipe_fds[2];

	harness_pipe(pipe_fds);
	nest.outer = harness_make_loop();
	ck_ok(rota_io_init(loop, &io, pipe_fds[0]));
	io.handle.data = "R";
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_nested_read));
	ck_ok(rota_timer_init(loop, &timer));
	timer.handle.data = &pipe_fds[1];
	ck_ok(rota_timer_start(&timer, 5 * MS, 0, on_nested_timer));
	drive_by_outer(&nest);
	ck_trace("TR");
	close_all_of(nest.outer);
	ck_ok(rota_loop_close(nest.outer));
	close_all();
	harness_close_pair(pipe_fds);
}

static void
add_cases_of_making(Suite *suite)
{
	TCase *tc = harness_case(suite, "making");
	int n = harness_n_backends();

	tcase_add_test(tc, a_loop_can_be_made_without_options);
	tcase_add_test(tc, a_loop_never_run_can_be_closed);
	tcase_add_loop_test(tc, many_loops_can_live_side_by_side);
	tcase_add_test(tc, options_of_another_size_are_refused);
	tcase_add_test(tc, an_unknown_backend_is_refused);
	tcase_add_test(tc, an_unknown_backend_anywhere_in_the_list_is_refused);
	tcase_add_test(tc, the_first_backend_of_a_list_that_works_is_taken);
	tcase_add_test(
		tc, a_backend_that_is_not_built_is_refused_or_passed_over);
	tcase_add_test(tc, an_empty_list_means_the_order_of_the_library);
	tcase_add_loop_test(tc, a_loop_tells_its_backend_and_what_it_can);
	tcase_add_loop_exit_test(
		tc, the_allocator_given_is_used_and_gets_all_back, 0, 0, n);
	tcase_add_loop_exit_test(tc, a_loop_without_memory_is_refused, 0, 0, n);
	tcase_add_test(tc, the_version_is_that_of_the_headers);

	tc = harness_case(suite, "environment");
	tcase_add_test(tc, the_environment_chooses_backend_and_measuring);
	tcase_add_test(tc, absent_or_empty_variables_change_nothing);
	tcase_add_test(tc, the_environment_may_hold_a_list);
	tcase_add_test(tc, bad_variables_change_nothing);
	tcase_add_test(tc, options_from_env_wants_options_of_the_right_size);
	tcase_add_test(tc, the_library_does_not_read_the_environment_by_itself);

	tc = harness_case(suite, "backends");
	tcase_add_test(tc, exactly_the_first_usable_backend_is_the_default);
	tcase_add_test(tc, what_cannot_be_used_says_why);
	tcase_add_test(tc, the_four_backends_are_known_in_every_build);
	tcase_add_test(tc, an_index_beyond_the_last_changes_nothing);
	tcase_add_test(tc, capabilities_have_names);
}

static void
add_cases_of_running(Suite *suite)
{
	TCase *tc = harness_case(suite, "running");

	tcase_add_loop_test(tc, an_empty_loop_is_dead_in_every_mode);
	tcase_add_loop_test(tc, an_unknown_mode_is_refused);
	tcase_add_loop_test(tc, nowait_says_whether_the_loop_is_still_alive);
	tcase_add_loop_test(tc, default_runs_until_nothing_is_alive);
	tcase_add_loop_test(tc, a_loop_can_be_run_again_and_again);
	tcase_add_loop_test(
		tc, a_loop_can_be_run_by_another_thread_than_its_maker);
	tcase_add_loop_test(tc, a_run_within_a_run_is_refused_and_harmless);
	tcase_add_loop_test(tc, another_loop_may_be_run_within_a_callback);

	tc = harness_case(suite, "stopping");
	tcase_add_loop_test(tc, stop_before_run_makes_that_run_return_at_once);
	tcase_add_loop_test(
		tc, stop_before_a_run_of_one_turn_makes_it_return_at_once);
	tcase_add_loop_test(
		tc, stop_in_a_callback_ends_the_run_and_the_next_one_goes_on);
	tcase_add_loop_test(tc, a_run_stopped_by_its_last_callback_returns_0);
	tcase_add_loop_test(tc, stop_from_another_thread_ends_the_wait);
	tcase_add_loop_test(tc, stop_from_a_signal_handler_ends_the_wait);

	tc = harness_case(suite, "foreign signals");
	tcase_add_loop_test(
		tc, a_foreign_signal_does_not_end_a_once_before_its_timer);
	tcase_add_loop_test(
		tc, a_foreign_signal_does_not_end_a_once_before_its_input);
	tcase_add_loop_test(
		tc, a_stop_ends_a_once_that_foreign_signals_disturb);

	tc = harness_case(suite, "closing");
	tcase_add_loop_test(tc, a_loop_with_a_handle_is_not_closed);
	tcase_add_loop_test(tc, a_loop_with_a_queued_immediate_is_not_closed);
	tcase_add_loop_test(tc, posts_not_delivered_are_dropped_with_the_loop);
	tcase_add_loop_test(
		tc, an_idle_immediate_does_not_keep_a_loop_from_closing);

	tc = harness_case(suite, "before exit");
	tcase_add_loop_test(tc, before_exit_may_start_more_and_is_called_again);
	tcase_add_loop_test(tc, before_exit_is_called_for_an_empty_loop_too);
	tcase_add_loop_test(tc, before_exit_is_not_called_when_stopped);
	tcase_add_loop_test(tc, before_exit_is_not_called_by_runs_of_one_turn);
	tcase_add_loop_test(tc, before_exit_can_be_taken_away);
	tcase_add_loop_test(
		tc, a_tick_of_before_exit_runs_but_does_not_prolong_the_run);
}

static void
add_cases_of_telling(Suite *suite)
{
	TCase *tc = harness_case(suite, "telling");

	tcase_add_loop_test(tc, a_loop_keeps_the_pointer_of_its_user);
	tcase_add_loop_test(tc, now_is_the_monotonic_clock_and_update_reads_it);
	tcase_add_test(tc, update_makes_now_fresh_within_a_callback);
	tcase_add_loop_test(tc, walk_visits_all_handles_in_the_order_of_init);
	tcase_add_loop_test(
		tc, walk_visits_closing_handles_last_in_the_order_of_closing);
	tcase_add_loop_test(
		tc, walk_bears_closing_all_and_does_not_visit_new_handles);
	tcase_add_loop_test(tc,
		walk_in_a_close_callback_visits_those_that_are_still_to_be_told);

	tc = harness_case(suite, "why alive");
	tcase_add_loop_test(
		tc, an_active_handle_is_named_with_callback_and_place);
	tcase_add_loop_test(
		tc, an_idle_handle_only_keeps_the_loop_from_closing);
	tcase_add_loop_test(tc, a_close_without_a_callback_says_so);
	tcase_add_loop_test(tc, an_unreferenced_handle_does_not_hold_the_loop);
	tcase_add_loop_test(tc, a_closing_handle_holds_the_loop);
	tcase_add_loop_test(tc, a_queued_immediate_is_named);
	tcase_add_loop_test(tc, a_watcher_tells_its_descriptor);
	tcase_add_loop_test(tc, a_request_in_flight_is_named_with_its_owner);
	tcase_add_loop_test(tc, the_text_has_a_line_for_each_culprit);
	tcase_add_loop_test(tc, the_text_is_cut_like_that_of_snprintf);
	tcase_add_loop_test(tc, the_text_of_an_empty_loop_is_empty);
}

static void
add_cases(Suite *suite)
{
	TCase *tc;

	add_cases_of_making(suite);
	add_cases_of_running(suite);
	add_cases_of_telling(suite);

	tc = harness_case(suite, "driving");
	tcase_add_loop_test(tc, poll_can_drive_a_loop_with_timers_and_watchers);
	tcase_add_loop_test(tc, input_ends_the_foreign_wait);
	tcase_add_loop_test(tc, a_post_ends_the_foreign_wait);
	tcase_add_loop_test(tc, a_half_close_ends_the_foreign_wait);
	tcase_add_loop_test(tc, a_driven_turn_has_the_same_phases_as_a_run_one);
	tcase_add_loop_test(tc, nobody_waits_for_what_does_not_hold_the_loop);
	tcase_add_loop_test(
		tc, a_driven_loop_tells_how_long_it_may_be_left_alone);
	tcase_add_loop_test(tc,
		pipes_without_readers_stay_ready_when_a_wish_changes_in_between);
	tcase_add_test(tc, the_foreign_wait_is_told_from_the_moment_of_asking);
	tcase_add_loop_test(tc,
		what_the_kernel_refuses_in_prepare_is_told_without_a_foreign_wait);
	tcase_add_loop_test(tc, steps_out_of_turn_are_refused);
	tcase_add_loop_test(
		tc, pollfds_fills_in_what_fits_and_tells_what_it_needs);
	tcase_add_loop_test(tc,
		one_closed_before_its_stop_is_told_does_not_spin_for_its_copy);
	tcase_add_loop_test(tc, another_rota_loop_can_drive_a_loop);
}

HARNESS_MAIN("loop", add_cases)
