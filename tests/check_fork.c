/* SPDX-License-Identifier: MIT */
/*
 * A loop on both sides of a fork: the child makes it its own, and the parent
 * notices nothing. What a child demands fails the test of its parent.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness.h"

#define MS ROTA_MILLISECOND

static struct rota_io io;
static struct rota_timer timer;
static struct rota_wake wake;
static struct rota_signal sig;
static int pipe_fds[2];

static void
on_io(struct rota_io *watcher, unsigned ready)
{
	ck_assert_ptr_eq(watcher, &io);
	ck_assert_uint_ne(ready & ROTA_READABLE, 0);
	trace('R');
}

static void
on_timer(struct rota_timer *due)
{
	ck_assert_ptr_eq(due, &timer);
	trace('T');
}

static void
on_wake(struct rota_wake *rung)
{
	ck_assert_ptr_eq(rung, &wake);
	trace('W');
}

static void
on_signal(struct rota_signal *handle, const struct rota_signal_event *event)
{
	ck_assert_ptr_eq(handle, &sig);
	ck_assert_int_eq(event->pid, getpid());
	trace('S');
}

static void
on_post(struct rota_loop *of, void *data)
{
	ck_assert_ptr_eq(of, loop);
	trace_of(data);
}

static void
watch_pipe(void)
{
	harness_pipe(pipe_fds);
	ck_ok(rota_io_init(loop, &io, pipe_fds[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_io));
}

static void
end_pipe(void)
{
	close_all();
	harness_close_pair(pipe_fds);
}

typedef void child_fn(void);

/* Runs `fn` in a child and waits for its good end. */
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
}

/* The child ***********************************************************/

static void
child_reads(void)
{
	fork_loop();
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("");
	harness_put(pipe_fds[1], 'x');
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("R");
	harness_drain(pipe_fds[0]);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("R");
}

/* What the first call has made is the child's to close. */
static void
child_forks_the_loop_twice(void)
{
	int n_fds;

	fork_loop();
	n_fds = harness_count_fds();
	fork_loop();
	ck_assert_int_eq(harness_count_fds(), n_fds);
	harness_put(pipe_fds[1], 'x');
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("R");
}

LOOP_TEST(a_second_loop_fork_in_the_child_leaves_nothing_behind)
{
	watch_pipe();
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_forks_the_loop_twice);
	end_pipe();
}

LOOP_TEST(a_loop_fork_without_a_fork_leaves_nothing_behind)
{
	int n_fds = harness_count_fds();

	watch_pipe();
	fork_loop();
	ck_assert_int_eq(harness_count_fds(), n_fds + 2);
	harness_put(pipe_fds[1], 'x');
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("R");
	end_pipe();
}

LOOP_TEST(a_watcher_goes_on_in_the_child)
{
	watch_pipe();
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_reads);
	end_pipe();
}

LOOP_TEST(a_watcher_started_just_before_the_fork_goes_on_in_the_child)
{
	watch_pipe();
	in_child(child_reads);
	end_pipe();
}

static void
child_closes(void)
{
	fork_loop();
	close_all();
	ck_ok(rota_loop_close(loop));
}

LOOP_TEST(a_child_that_closes_all_does_not_touch_the_parent)
{
	watch_pipe();
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_closes);
	trace_reset();
	harness_put(pipe_fds[1], 'x');
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("R");
	end_pipe();
}

static void
child_stops_and_starts(void)
{
	fork_loop();
	ck_ok(rota_io_stop(&io));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_ok(rota_io_start(&io, ROTA_PRIORITY, on_io));
	run_once_checked(ROTA_RUN_NOWAIT);
}

LOOP_TEST(a_child_that_changes_its_wishes_does_not_change_the_parents)
{
	watch_pipe();
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_stops_and_starts);
	harness_put(pipe_fds[1], 'x');
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("R");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("RR");
	end_pipe();
}

/* A registration that the child made must not reach the parent. */
static void
child_watches_more(void)
{
	struct rota_io other;
	int pair[2];

	fork_loop();
	harness_socketpair(pair);
	ck_ok(rota_io_init(loop, &other, pair[0]));
	ck_ok(rota_io_start(&other, ROTA_WRITABLE, on_io));
	ck_ok(rota_io_stop(&other));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_io));
	run_once_checked(ROTA_RUN_NOWAIT);
}

/* The turn shall not wait on, even if the timer was due as it began. */
static void
on_timer_close_io(struct rota_timer *due)
{
	on_timer(due);
	ck_ok(rota_handle_close(&io.handle, NULL));
}

LOOP_TEST(a_parent_waits_as_before_when_the_child_watches_more)
{
	watch_pipe();
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_watches_more);
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, MS, 0, on_timer_close_io));
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("T");
	end_pipe();
}

static void
child_exits(void)
{
}

LOOP_TEST(a_child_that_does_nothing_does_not_disturb_the_parent)
{
	watch_pipe();
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_exits);
	harness_put(pipe_fds[1], 'x');
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("R");
	end_pipe();
}

static void
child_waits(void)
{
	fork_loop();
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("T");
}

LOOP_TEST(a_timer_fires_in_both)
{
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 20 * MS, 0, on_timer));
	in_child(child_waits);
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("T");
	close_all();
}

/* Wakes and posts *****************************************************/

static void
child_rings(void)
{
	fork_loop();
	ck_ok(rota_wake_send(&wake));
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("W");
	ck_ok(rota_wake_send(&wake));
	ck_ok(rota_post(loop, on_post, "p"));
}

LOOP_TEST(a_wake_rung_in_the_child_does_not_call_the_parent)
{
	ck_ok(rota_wake_init(loop, &wake, on_wake));
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_rings);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("");
	ck_ok(rota_wake_send(&wake));
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("W");
	close_all();
}

static void
child_is_told(void)
{
	fork_loop();
	run_once_checked(ROTA_RUN_NOWAIT);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_int_eq((int)strlen(trace_text()), 2);
	ck_assert_ptr_nonnull(strchr(trace_text(), 'W'));
	ck_assert_ptr_nonnull(strchr(trace_text(), 'p'));
}

LOOP_TEST(posts_and_wakes_in_flight_are_delivered_in_both)
{
	ck_ok(rota_wake_init(loop, &wake, on_wake));
	ck_ok(rota_wake_send(&wake));
	ck_ok(rota_post(loop, on_post, "p"));
	in_child(child_is_told);
	run_once_checked(ROTA_RUN_NOWAIT);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_int_eq((int)strlen(trace_text()), 2);
	close_all();
}

/* Signals *************************************************************/

static void
child_signals_itself(void)
{
	fork_loop();
	ck_ok(kill(getpid(), SIGUSR1));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("S");
	close_all();
	ck_ok(rota_loop_close(loop));
}

LOOP_TEST(a_signal_of_the_child_is_told_in_the_child_only)
{
	ck_ok(rota_signal_init(loop, &sig));
	ck_ok(rota_signal_start(&sig, SIGUSR1, on_signal));
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_signals_itself);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("");
	ck_ok(kill(getpid(), SIGUSR1));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("S");
	close_all();
}

/* Between fork and rota_loop_fork() the handler is there already. */
static void
child_signals_itself_early(void)
{
	trace_reset();
	ck_ok(kill(getpid(), SIGUSR1));
	fork_loop();
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("S");
}

LOOP_TEST(a_signal_that_comes_before_loop_fork_stays_in_the_child)
{
	ck_ok(rota_signal_init(loop, &sig));
	ck_ok(rota_signal_start(&sig, SIGUSR1, on_signal));
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_signals_itself_early);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("");
	close_all();
}

/* All at once *********************************************************/

static void
child_uses_all(void)
{
	fork_loop();
	ck_ok(rota_wake_send(&wake));
	ck_ok(kill(getpid(), SIGUSR1));
	harness_put(pipe_fds[1], 'x');
	while (strchr(trace_text(), 'T') == NULL)
		run_once_checked(ROTA_RUN_ONCE);
	ck_assert_ptr_nonnull(strchr(trace_text(), 'R'));
	ck_assert_ptr_nonnull(strchr(trace_text(), 'W'));
	ck_assert_ptr_nonnull(strchr(trace_text(), 'S'));
	harness_drain(pipe_fds[0]);
	close_all();
	ck_ok(rota_loop_close(loop));
}

static void
child_forks_again(void)
{
	fork_loop();
	in_child(child_uses_all);
	child_uses_all();
}

static void
on_io_once(struct rota_io *watcher, unsigned ready)
{
	on_io(watcher, ready);
	ck_ok(rota_io_stop(watcher));
}

LOOP_TEST(children_and_grandchildren_have_a_loop_that_works)
{
	harness_pipe(pipe_fds);
	ck_ok(rota_io_init(loop, &io, pipe_fds[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_io_once));
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 20 * MS, 0, on_timer));
	ck_ok(rota_wake_init(loop, &wake, on_wake));
	ck_ok(rota_signal_init(loop, &sig));
	ck_ok(rota_signal_start(&sig, SIGUSR1, on_signal));
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_uses_all);
	in_child(child_forks_again);
	end_pipe();
}

static struct rota_loop *second;

static void
child_uses_both(void)
{
	fork_loop();
	ck_ok(rota_loop_fork(second));
	harness_put(pipe_fds[1], 'x');
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("R");
	ck_assert_int_ge(rota_loop_run(second, ROTA_RUN_NOWAIT), 0);
	close_all();
	ck_ok(rota_loop_close(loop));
	ck_ok(rota_loop_close(second));
	/* Not even one descriptor more than without the two loops. */
	harness_close_pair(pipe_fds);
}

static int n_fds_at_first;

static void
child_counts(void)
{
	child_uses_both();
	ck_assert_int_eq(harness_count_fds(), n_fds_at_first);
}

START_TEST(a_child_that_closes_its_loops_has_no_descriptor_left)
{
	n_fds_at_first = harness_count_fds();
	harness_open(_i);
	second = harness_make_loop();
	watch_pipe();
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_counts);
	harness_drain(pipe_fds[0]);
	ck_ok(rota_loop_close(second));
	end_pipe();
}
END_TEST

static void
child_forks_twice(void)
{
	fork_loop();
	fork_loop();
	harness_put(pipe_fds[1], 'x');
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("R");
}

LOOP_TEST(loop_fork_can_be_called_again)
{
	watch_pipe();
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_forks_twice);
	end_pipe();
}

static unsigned n_refusals;

static int
refuse_wake_at_first(int ret_fds[2])
{
	return n_refusals-- > 0 ? -EMFILE : rota__sys_real.wake_open(ret_fds);
}

static void
child_tries_again(void)
{
	n_fds_at_first = harness_count_fds();
	n_refusals = 2;
	ck_err(rota_loop_fork(loop), -EMFILE);
	ck_err(rota_loop_fork(loop), -EMFILE);
	fork_loop();
	/* A kqueue stays with the parent, all else is inherited. */
	ck_assert_int_le(harness_count_fds(), n_fds_at_first + 1);
	harness_put(pipe_fds[1], 'x');
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("R");
}

START_TEST(loop_fork_that_failed_can_be_tried_again)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_sys sys = rota__sys_real;

	options.sys = &sys;
	options.backend = harness_backend_name(_i);
	ck_ok(rota_loop_create(&options, &loop));
	sys.wake_open = refuse_wake_at_first;
	watch_pipe();
	run_once_checked(ROTA_RUN_NOWAIT);
	in_child(child_tries_again);
	harness_drain(pipe_fds[0]);
	end_pipe();
	close_loop();
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "descriptors");

	tcase_add_loop_test(
		tc, a_second_loop_fork_in_the_child_leaves_nothing_behind);
	tcase_add_loop_test(
		tc, a_loop_fork_without_a_fork_leaves_nothing_behind);
	tcase_add_loop_test(tc, a_watcher_goes_on_in_the_child);
	tcase_add_loop_test(tc,
		a_watcher_started_just_before_the_fork_goes_on_in_the_child);
	tcase_add_loop_test(
		tc, a_child_that_closes_all_does_not_touch_the_parent);
	tcase_add_loop_test(tc,
		a_child_that_changes_its_wishes_does_not_change_the_parents);
	tcase_add_test(
		tc, a_parent_waits_as_before_when_the_child_watches_more);
	tcase_add_loop_test(
		tc, a_child_that_does_nothing_does_not_disturb_the_parent);
	tcase_add_loop_exit_test(tc,
		a_child_that_closes_its_loops_has_no_descriptor_left, 0, 0,
		harness_n_backends());
	tcase_add_loop_test(tc, loop_fork_can_be_called_again);
	tcase_add_loop_test(tc, loop_fork_that_failed_can_be_tried_again);

	tc = harness_case(suite, "others");
	tcase_add_loop_test(tc, a_timer_fires_in_both);
	tcase_add_loop_test(
		tc, a_wake_rung_in_the_child_does_not_call_the_parent);
	tcase_add_loop_test(
		tc, posts_and_wakes_in_flight_are_delivered_in_both);
	tcase_add_loop_test(
		tc, a_signal_of_the_child_is_told_in_the_child_only);
	tcase_add_loop_test(
		tc, a_signal_that_comes_before_loop_fork_stays_in_the_child);
	tcase_add_loop_test(
		tc, children_and_grandchildren_have_a_loop_that_works);
}

HARNESS_MAIN("fork", add_cases)
