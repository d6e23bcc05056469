/* SPDX-License-Identifier: MIT */
/* Signals of the process as events of one loop, or of several. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness.h"

#define LONG_NS (50 * ROTA_SECOND)

static struct rota_signal_event seen;
static unsigned n_seen;

static void
on_signal(struct rota_signal *sig, const struct rota_signal_event *event)
{
	trace_of(sig->handle.data);
	seen = *event;
	n_seen += event->count;
}

static void
on_close(struct rota_handle *handle)
{
	(void)handle;
	trace('X');
}

static void
init_signal(struct rota_signal *sig, const char *letter)
{
	ck_ok(rota_signal_init(loop, sig));
	sig->handle.data = (void *)letter;
}

static void
start_signal(struct rota_signal *sig, int signum, const char *letter)
{
	init_signal(sig, letter);
	ck_ok(rota_signal_start(sig, signum, on_signal));
}

/* Sends a signal to ourselves, which has been handled on return. */
static void
send_self(int signum)
{
	ck_ok(kill(getpid(), signum));
}

/* Being told **********************************************************/

LOOP_TEST(a_signal_is_told_with_number_count_and_sender)
{
	struct rota_signal sig;

	start_signal(&sig, SIGUSR1, "S");
	ck_err(rota_handle_is_active(&sig.handle), 1);
	send_self(SIGUSR1);
	ck_trace("");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("S");
	ck_assert_int_eq(seen.signum, SIGUSR1);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_int_eq(seen.pid, getpid());
	ck_assert_uint_eq(seen.uid, getuid());
	ck_assert_int_eq(seen.code, SI_USER);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("S");
	close_all();
}

LOOP_TEST(signals_that_come_before_the_callback_are_counted)
{
	struct rota_signal sig;

	start_signal(&sig, SIGUSR1, "S");
	for (int i = 0; i < 3; i++)
		send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("S");
	ck_assert_uint_eq(seen.count, 3);
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("SS");
	ck_assert_uint_eq(seen.count, 1);
	close_all();
}

LOOP_TEST(a_signal_is_told_to_those_who_watch_it_and_no_others)
{
	struct rota_signal a, b, c;

	start_signal(&a, SIGUSR1, "S");
	start_signal(&b, SIGUSR2, "2");
	start_signal(&c, SIGUSR1, "S");
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("SS");
	send_self(SIGUSR2);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("SS2");
	close_all();
}

static void *
signal_soon(void *data)
{
	(void)poll(NULL, 0, 20);
	return kill(getpid(), *(int *)data) == 0 ? NULL : data;
}

static void
on_signal_close(struct rota_signal *sig, const struct rota_signal_event *event)
{
	on_signal(sig, event);
	ck_ok(rota_handle_close(&sig->handle, NULL));
}

LOOP_TEST(a_signal_ends_the_wait)
{
	struct rota_signal sig;
	int signum = SIGUSR1;
	pthread_t thread;

	init_signal(&sig, "S");
	ck_ok(rota_signal_start(&sig, signum, on_signal_close));
	ck_ok(pthread_create(&thread, NULL, signal_soon, &signum));
	run_to_the_end();
	ck_ok(pthread_join(thread, NULL));
	ck_trace("S");
}

LOOP_TEST(the_end_of_a_child_is_told_with_its_pid)
{
	struct rota_signal sig;
	pid_t child;
	int status;

	init_signal(&sig, "S");
	ck_ok(rota_signal_start(&sig, SIGCHLD, on_signal_close));
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(7);
	run_to_the_end();
	ck_trace("S");
	ck_assert_int_eq(seen.pid, child);
	ck_assert_int_eq(seen.code, CLD_EXITED);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}

LOOP_TEST(the_errno_of_the_interrupted_code_stays)
{
	struct rota_signal sig;

	start_signal(&sig, SIGUSR1, "S");
	errno = 12345;
	ck_ok(raise(SIGUSR1));
	ck_assert_int_eq(errno, 12345);
	close_all();
}

LOOP_TEST(an_unreferenced_signal_handle_does_not_hold_the_loop)
{
	struct rota_signal sig;

	start_signal(&sig, SIGUSR1, "S");
	ck_err(rota_loop_alive(loop), 1);
	ck_ok(rota_handle_unref(&sig.handle));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("S");
	close_all();
}

LOOP_TEST(a_flood_of_signals_is_counted_to_the_last)
{
	unsigned n = harness_scale(20000);
	struct rota_signal sig;

	n_seen = 0;
	init_signal(&sig, "S");
	ck_ok(rota_signal_start(&sig, SIGUSR1, on_signal));
	for (unsigned i = 0; i < n; i++) {
		send_self(SIGUSR1);
		if (i % 100 == 99) {
			run_once_checked(ROTA_RUN_NOWAIT);
			trace_reset();
		}
	}
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_uint_eq(n_seen, n);
	close_all();
}

/* Order ***************************************************************/

static void
on_read(struct rota_io *io, unsigned ready)
{
	(void)ready;
	trace('R');
	ck_ok(rota_io_stop(io));
}

static void
on_check(struct rota_hook *hook)
{
	(void)hook;
	trace('C');
}

LOOP_TEST(signals_come_after_all_descriptors_and_before_check)
{
	struct rota_signal sig;
	struct rota_hook check;
	struct rota_io ios[3];
	int pair[2];

	harness_socketpair(pair);
	harness_put(pair[1], 'x');
	start_signal(&sig, SIGUSR1, "S");
	ck_ok(rota_check_init(loop, &check));
	ck_ok(rota_hook_start(&check, on_check));
	for (int i = 0; i < 3; i++) {
		ck_ok(rota_io_init(loop, &ios[i], pair[i == 2]));
		ck_ok(rota_io_start(&ios[i],
			i == 0 ? ROTA_READABLE : ROTA_WRITABLE, on_read));
	}
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("RRRSC");
	close_all();
	harness_close_pair(pair);
}

static void
on_read_raise(struct rota_io *io, unsigned ready)
{
	on_read(io, ready);
	send_self(SIGUSR1);
}

/* Two are ready; the first raises a signal, which must not overtake. */
LOOP_TEST(a_signal_raised_by_a_watcher_does_not_overtake_the_next)
{
	struct rota_signal sig;
	struct rota_io a, b;
	int pair[2];

	harness_socketpair(pair);
	start_signal(&sig, SIGUSR1, "S");
	ck_ok(rota_io_init(loop, &a, pair[0]));
	ck_ok(rota_io_init(loop, &b, pair[1]));
	ck_ok(rota_io_start(&a, ROTA_WRITABLE, on_read_raise));
	ck_ok(rota_io_start(&b, ROTA_WRITABLE, on_read_raise));
	run_once_checked(ROTA_RUN_NOWAIT);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_int_eq(strncmp(trace_text(), "RRS", 3), 0);
	close_all();
	harness_close_pair(pair);
}

/* Once, stop, restart *************************************************/

LOOP_TEST(once_is_told_once_and_then_inactive)
{
	struct rota_signal sig, other;

	start_signal(&other, SIGUSR1, "O");
	init_signal(&sig, "S");
	ck_ok(rota_signal_once(&sig, SIGUSR1, on_signal));
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_err(rota_handle_is_active(&sig.handle), 0);
	ck_err(rota_handle_is_active(&other.handle), 1);
	ck_assert_int_eq((int)strlen(trace_text()), 2);
	trace_reset();
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("O");
	close_all();
}

static void
on_signal_again(struct rota_signal *sig, const struct rota_signal_event *event)
{
	ck_err(rota_handle_is_active(&sig->handle), 0);
	trace('A');
	ck_ok(rota_signal_once(sig, event->signum, on_signal));
}

LOOP_TEST(once_can_be_started_again_in_its_callback)
{
	struct rota_signal sig;

	init_signal(&sig, "S");
	ck_ok(rota_signal_once(&sig, SIGUSR1, on_signal_again));
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("A");
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("AS");
	close_all();
}

LOOP_TEST(start_after_once_is_told_for_ever)
{
	struct rota_signal sig;

	init_signal(&sig, "S");
	ck_ok(rota_signal_once(&sig, SIGUSR1, on_signal));
	ck_ok(rota_signal_start(&sig, SIGUSR1, on_signal));
	for (int i = 0; i < 3; i++) {
		send_self(SIGUSR1);
		run_once_checked(ROTA_RUN_NOWAIT);
	}
	ck_trace("SSS");
	close_all();
}

LOOP_TEST(stop_drops_what_was_not_told)
{
	struct rota_signal sig, other;

	start_signal(&other, SIGUSR1, "O");
	start_signal(&sig, SIGUSR1, "S");
	send_self(SIGUSR1);
	ck_ok(rota_signal_stop(&sig));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("O");
	ck_ok(rota_signal_start(&sig, SIGUSR1, on_signal));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("O");
	ck_ok(rota_signal_stop(&other));
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("OS");
	ck_assert_uint_eq(seen.count, 1);
	close_all();
}

LOOP_TEST(close_drops_what_was_not_told)
{
	struct rota_signal sig;

	start_signal(&sig, SIGUSR1, "S");
	send_self(SIGUSR1);
	ck_ok(rota_handle_close(&sig.handle, on_close));
	run_to_the_end();
	ck_trace("X");
}

static void
on_signal_stop_other(
	struct rota_signal *sig, const struct rota_signal_event *event)
{
	(void)event;
	trace('S');
	ck_ok(rota_signal_stop((struct rota_signal *)sig->handle.data));
}

LOOP_TEST(a_handle_stopped_by_another_one_of_its_signal_is_not_told)
{
	struct rota_signal a, b;

	ck_ok(rota_signal_init(loop, &a));
	ck_ok(rota_signal_init(loop, &b));
	a.handle.data = &b;
	b.handle.data = &a;
	ck_ok(rota_signal_start(&a, SIGUSR1, on_signal_stop_other));
	ck_ok(rota_signal_start(&b, SIGUSR1, on_signal_stop_other));
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("S");
	close_all();
}

LOOP_TEST(a_handle_can_be_moved_to_another_signal)
{
	struct rota_signal sig, keep;

	start_signal(&keep, SIGUSR1, "K");
	start_signal(&sig, SIGUSR1, "S");
	ck_ok(rota_signal_start(&sig, SIGUSR2, on_signal));
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("K");
	send_self(SIGUSR2);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("KS");
	ck_assert_int_eq(seen.signum, SIGUSR2);
	close_all();
}

/* Dispositions ********************************************************/

/* What libcheck offers is not for signal handlers. */
static volatile sig_atomic_t n_mine;

static void
my_handler(int signum)
{
	(void)signum;
	n_mine++;
}

static struct sigaction
disposition(int signum)
{
	struct sigaction action;

	ck_ok(sigaction(signum, NULL, &action));
	return action;
}

static void
install_mine(int signum)
{
	struct sigaction action = { .sa_handler = my_handler };

	action.sa_flags = SA_RESTART;
	ck_ok(sigemptyset(&action.sa_mask));
	ck_ok(sigaddset(&action.sa_mask, SIGWINCH));
	ck_ok(sigaction(signum, &action, NULL));
}

static void
ck_is_mine(int signum)
{
	struct sigaction action = disposition(signum);

	ck_assert(action.sa_handler == my_handler);
	ck_assert_int_ne(action.sa_flags & SA_RESTART, 0);
	ck_assert_int_eq(action.sa_flags & SA_SIGINFO, 0);
	ck_assert_int_eq(sigismember(&action.sa_mask, SIGWINCH), 1);
	n_mine = 0;
	send_self(signum);
	ck_assert_int_eq((int)n_mine, 1);
}

LOOP_TEST(the_last_to_stop_restores_the_disposition_of_before)
{
	struct rota_signal a, b;

	install_mine(SIGUSR1);
	start_signal(&a, SIGUSR1, "A");
	start_signal(&b, SIGUSR1, "B");
	ck_ok(rota_signal_stop(&a));
	ck_assert(disposition(SIGUSR1).sa_handler != my_handler);
	ck_ok(rota_signal_stop(&b));
	ck_is_mine(SIGUSR1);
	close_all();
}

LOOP_TEST(close_restores_the_disposition_at_once)
{
	struct rota_signal sig;

	install_mine(SIGUSR1);
	start_signal(&sig, SIGUSR1, "S");
	ck_ok(rota_handle_close(&sig.handle, NULL));
	ck_is_mine(SIGUSR1);
	close_all();
}

LOOP_TEST(once_restores_the_disposition_when_told)
{
	struct rota_signal sig;

	install_mine(SIGUSR1);
	init_signal(&sig, "S");
	ck_ok(rota_signal_once(&sig, SIGUSR1, on_signal));
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("S");
	ck_is_mine(SIGUSR1);
	close_all();
}

LOOP_TEST(moving_to_another_signal_restores_the_disposition_of_the_first)
{
	struct rota_signal sig;

	install_mine(SIGUSR1);
	install_mine(SIGUSR2);
	start_signal(&sig, SIGUSR1, "S");
	ck_ok(rota_signal_start(&sig, SIGUSR2, on_signal));
	ck_is_mine(SIGUSR1);
	ck_ok(rota_signal_stop(&sig));
	ck_is_mine(SIGUSR2);
	close_all();
}

LOOP_TEST(an_ignored_signal_is_ignored_again_afterwards)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct rota_signal sig;

	ck_ok(sigaction(SIGUSR1, &ignore, NULL));
	for (int i = 0; i < 3; i++) {
		start_signal(&sig, SIGUSR1, "S");
		send_self(SIGUSR1);
		run_once_checked(ROTA_RUN_NOWAIT);
		close_all();
		ck_assert(disposition(SIGUSR1).sa_handler == SIG_IGN);
	}
	ck_trace("SSS");
}

/* What cannot be caught ***********************************************/

LOOP_TEST(signals_that_cannot_be_caught_are_refused)
{
	const int signums[] = { SIGKILL, SIGSTOP, 0, -1, 100000, INT32_MAX };
	struct rota_signal sig;

	init_signal(&sig, "S");
	for (int i = 0; i < 6; i++) {
		ck_err(rota_signal_start(&sig, signums[i], on_signal), -EINVAL);
		ck_err(rota_signal_once(&sig, signums[i], on_signal), -EINVAL);
		ck_err(rota_handle_is_active(&sig.handle), 0);
	}
	close_all();
}

LOOP_TEST(a_refused_start_leaves_an_active_handle_as_it_was)
{
	struct rota_signal sig;

	start_signal(&sig, SIGUSR1, "S");
	ck_err(rota_signal_once(&sig, SIGKILL, on_signal_close), -EINVAL);
	ck_err(rota_handle_is_active(&sig.handle), 1);
	for (int i = 0; i < 2; i++) {
		send_self(SIGUSR1);
		run_once_checked(ROTA_RUN_NOWAIT);
	}
	ck_trace("SS");
	close_all();
}

static int
refuse_to_set(
	int signum, const struct sigaction *action, struct sigaction *ret_old)
{
	if (action != NULL)
		return -EINVAL;
	return rota__sys_real.sigaction(signum, action, ret_old);
}

START_TEST(a_start_that_the_system_refuses_leaves_the_handle_as_it_was)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_sys sys = rota__sys_real;
	struct rota_signal sig;

	options.sys = &sys;
	options.backend = harness_backend_name(_i);
	ck_ok(rota_loop_create(&options, &loop));
	start_signal(&sig, SIGUSR1, "S");
	sys.sigaction = refuse_to_set;
	ck_err(rota_signal_start(&sig, SIGUSR2, on_signal), -EINVAL);
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("S");
	sys.sigaction = rota__sys_real.sigaction;
	close_all();
	close_loop();
}
END_TEST

/* Several loops and threads *******************************************/

LOOP_TEST(every_loop_that_watches_a_signal_is_told)
{
	struct rota_loop *other = harness_make_loop();
	struct rota_signal a, b;

	start_signal(&a, SIGUSR1, "A");
	ck_ok(rota_signal_init(other, &b));
	b.handle.data = "B";
	ck_ok(rota_signal_start(&b, SIGUSR1, on_signal));
	send_self(SIGUSR1);
	ck_assert_int_ge(rota_loop_run(other, ROTA_RUN_NOWAIT), 0);
	ck_trace("B");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("BA");
	close_all_of(other);
	ck_ok(rota_loop_close(other));
	send_self(SIGUSR1);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("BAA");
	close_all();
}

struct runner {
	pthread_t thread;
	struct rota_loop *loop;
	struct rota_signal sig;
	unsigned n_told;
};

static void
on_signal_in_thread(
	struct rota_signal *sig, const struct rota_signal_event *event)
{
	struct runner *runner = sig->handle.data;

	runner->n_told += event->count;
	ck_assert_int_eq(event->signum, SIGUSR1);
	ck_ok(rota_handle_close(&sig->handle, NULL));
}

static void *
run_in_thread(void *data)
{
	struct runner *runner = data;

	return rota_loop_run(runner->loop, ROTA_RUN_DEFAULT) == 0 ? NULL : data;
}

LOOP_TEST(loops_of_several_threads_are_all_told)
{
	struct runner runners[4];
	void *failed;

	for (int i = 0; i < 4; i++) {
		struct runner *runner = &runners[i];

		runner->n_told = 0;
		runner->loop = harness_make_loop();
		ck_ok(rota_signal_init(runner->loop, &runner->sig));
		runner->sig.handle.data = runner;
		ck_ok(rota_signal_start(
			&runner->sig, SIGUSR1, on_signal_in_thread));
		ck_ok(pthread_create(
			&runner->thread, NULL, run_in_thread, runner));
	}
	send_self(SIGUSR1);
	for (int i = 0; i < 4; i++) {
		ck_ok(pthread_join(runners[i].thread, &failed));
		ck_assert_ptr_null(failed);
		ck_assert_uint_eq(runners[i].n_told, 1);
		ck_ok(rota_loop_close(runners[i].loop));
	}
}

static void *
start_and_stop_often(void *data)
{
	struct rota_loop *mine = data;
	unsigned n = harness_scale(2000);
	struct rota_signal sig;

	ck_ok(rota_signal_init(mine, &sig));
	sig.handle.data = "?";
	for (unsigned i = 0; i < n; i++) {
		ck_ok(rota_signal_start(&sig, SIGUSR1, on_signal));
		ck_ok(rota_signal_stop(&sig));
	}
	ck_ok(rota_handle_close(&sig.handle, NULL));
	ck_err(rota_loop_run(mine, ROTA_RUN_DEFAULT), 0);
	return NULL;
}

/* While others come and go, the signal comes too: none is lost here. */
LOOP_TEST(threads_may_start_and_stop_while_the_signal_comes)
{
	unsigned n = harness_scale(2000);
	struct rota_loop *others[3];
	struct rota_signal sig;
	pthread_t threads[3];

	n_seen = 0;
	start_signal(&sig, SIGUSR1, "S");
	for (int i = 0; i < 3; i++) {
		others[i] = harness_make_loop();
		ck_ok(pthread_create(
			&threads[i], NULL, start_and_stop_often, others[i]));
	}
	for (unsigned i = 0; i < n; i++) {
		ck_ok(pthread_kill(pthread_self(), SIGUSR1));
		run_once_checked(ROTA_RUN_NOWAIT);
		trace_reset();
	}
	for (int i = 0; i < 3; i++) {
		ck_ok(pthread_join(threads[i], NULL));
		ck_ok(rota_loop_close(others[i]));
	}
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_uint_eq(n_seen, n);
	close_all();
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "told");

	tcase_add_loop_test(tc, a_signal_is_told_with_number_count_and_sender);
	tcase_add_loop_test(
		tc, signals_that_come_before_the_callback_are_counted);
	tcase_add_loop_test(
		tc, a_signal_is_told_to_those_who_watch_it_and_no_others);
	tcase_add_loop_test(tc, a_signal_ends_the_wait);
	tcase_add_loop_test(tc, the_end_of_a_child_is_told_with_its_pid);
	tcase_add_loop_test(tc, the_errno_of_the_interrupted_code_stays);
	tcase_add_loop_test(
		tc, an_unreferenced_signal_handle_does_not_hold_the_loop);
	tcase_add_loop_test(tc, a_flood_of_signals_is_counted_to_the_last);

	tc = harness_case(suite, "order");
	tcase_add_loop_test(
		tc, signals_come_after_all_descriptors_and_before_check);
	tcase_add_loop_test(
		tc, a_signal_raised_by_a_watcher_does_not_overtake_the_next);

	tc = harness_case(suite, "start and stop");
	tcase_add_loop_test(tc, once_is_told_once_and_then_inactive);
	tcase_add_loop_test(tc, once_can_be_started_again_in_its_callback);
	tcase_add_loop_test(tc, start_after_once_is_told_for_ever);
	tcase_add_loop_test(tc, stop_drops_what_was_not_told);
	tcase_add_loop_test(tc, close_drops_what_was_not_told);
	tcase_add_loop_test(
		tc, a_handle_stopped_by_another_one_of_its_signal_is_not_told);
	tcase_add_loop_test(tc, a_handle_can_be_moved_to_another_signal);

	tc = harness_case(suite, "dispositions");
	tcase_add_loop_test(
		tc, the_last_to_stop_restores_the_disposition_of_before);
	tcase_add_loop_test(tc, close_restores_the_disposition_at_once);
	tcase_add_loop_test(tc, once_restores_the_disposition_when_told);
	tcase_add_loop_test(tc,
		moving_to_another_signal_restores_the_disposition_of_the_first);
	tcase_add_loop_test(tc, an_ignored_signal_is_ignored_again_afterwards);
	tcase_add_loop_test(tc, signals_that_cannot_be_caught_are_refused);
	tcase_add_loop_test(
		tc, a_refused_start_leaves_an_active_handle_as_it_was);
	tcase_add_loop_test(tc,
		a_start_that_the_system_refuses_leaves_the_handle_as_it_was);

	tc = harness_case(suite, "several loops");
	tcase_add_loop_test(tc, every_loop_that_watches_a_signal_is_told);
	tcase_add_loop_test(tc, loops_of_several_threads_are_all_told);
	tcase_add_loop_test(
		tc, threads_may_start_and_stop_while_the_signal_comes);
}

HARNESS_MAIN("signal", add_cases)
