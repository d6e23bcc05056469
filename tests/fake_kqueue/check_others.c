/* SPDX-License-Identifier: MIT */
/*
 * EVFILT_TIMER, EVFILT_USER, EVFILT_PROC and EVFILT_SIGNAL.
 */
#include "check_fake_kqueue.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct kevent e;

static int
add_timer(unsigned int flags, int64_t data)
{
	struct kevent c = make_change(7, EVFILT_TIMER, EV_ADD | flags, data);

	return send_change(&c);
}

START_TEST(a_timer_counts_its_expirations)
{
	ck_assert_int_eq(add_timer(0, 30), 0);
	usleep(100000);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(e.ident, 7);
	ck_assert_int_ge(e.data, 3);
	ck_assert(e.flags & EV_CLEAR);
	ck_assert(is_silent());
	ck_assert_int_eq(collect(&e, 1, 1000), 1);
	ck_assert_int_eq(change(7, EVFILT_TIMER, EV_DELETE), 0);
}
END_TEST

START_TEST(a_oneshot_timer_fires_once)
{
	ck_assert_int_eq(add_timer(EV_ONESHOT, 10), 0);
	ck_assert_int_eq(collect(&e, 1, 1000), 1);
	ck_assert_int_eq(collect(&e, 1, 30), 0);
	ck_assert_int_eq(change(7, EVFILT_TIMER, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(a_timer_makes_its_kqueue_poll_readable)
{
	struct pollfd pfd = { .fd = kq, .events = POLLIN };

	ck_assert_int_eq(add_timer(EV_ONESHOT, 10), 0);
	ck_assert_int_eq(poll(&pfd, 1, 1000), 1);
}
END_TEST

START_TEST(adding_a_timer_again_restarts_it_but_on_netbsd)
{
	ck_assert_int_eq(add_timer(0, 100000), 0);
	ck_assert_int_eq(add_timer(0, 10), 0);
	ck_assert_int_eq(collect(&e, 1, 100), on != NETBSD);
}
END_TEST

START_TEST(a_timer_of_zero_fires_once_but_on_netbsd)
{
	ck_assert_int_eq(add_timer(0, 0), on == NETBSD ? EINVAL : 0);
	ck_assert_int_eq(collect(&e, 1, 50), on != NETBSD);
	ck_assert_int_eq(collect(&e, 1, 20), 0);
}
END_TEST

START_TEST(a_negative_timer_is_refused_on_freebsd)
{
	ck_assert_int_eq(add_timer(0, -1), on == FREEBSD ? EINVAL : 0);
}
END_TEST

START_TEST(a_timer_knows_the_units_of_its_system)
{
#ifdef NOTE_USECONDS
	struct kevent c = make_change(7, EVFILT_TIMER, EV_ADD, 100000);

	c.fflags = NOTE_USECONDS;
	ck_assert_int_eq(send_change(&c), 0);
	ck_assert_int_eq(collect(&e, 1, 10), 0);
	ck_assert_int_eq(collect(&e, 1, 1000), 1);
#else
	ck_assert(on == OPENBSD || on == NETBSD);
#endif
}
END_TEST

#ifdef EVFILT_USER
static int
send_user(unsigned int flags, unsigned int fflags)
{
	struct kevent c = make_change(3, EVFILT_USER, flags, 0);

	c.fflags = fflags;
	return send_change(&c);
}

START_TEST(a_user_event_fires_when_triggered)
{
	ck_assert_int_eq(send_user(EV_ADD | EV_CLEAR, 0), 0);
	ck_assert(is_silent());
	ck_assert_int_eq(send_user(0, NOTE_TRIGGER | NOTE_FFOR | 5), 0);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(e.fflags, 5);
	ck_assert(is_silent());
}
END_TEST

START_TEST(triggering_an_unregistered_user_event_says_enoent)
{
	ck_assert_int_eq(send_user(0, NOTE_TRIGGER), ENOENT);
}
END_TEST

START_TEST(a_user_event_without_clear_stays)
{
	ck_assert_int_eq(send_user(EV_ADD, NOTE_TRIGGER), 0);
	ck_assert(get_one(&e));
	ck_assert(get_one(&e));
}
END_TEST
#endif

static int
add_process(pid_t pid)
{
	struct kevent c = make_change((uintptr_t)pid, EVFILT_PROC, EV_ADD, 0);

	c.fflags = NOTE_EXIT;
#ifdef NOTE_EXITSTATUS
	c.fflags |= NOTE_EXITSTATUS;
#endif
	return send_change(&c);
}

static pid_t
start_child(unsigned int delay_ms)
{
	pid_t pid = fork();

	if (pid == 0) {
		usleep(delay_ms * 1000);
		_exit(3);
	}
	return pid;
}

START_TEST(an_exit_is_reported_once_and_the_child_left_to_be_reaped)
{
	pid_t pid = start_child(50);

	ck_assert_int_eq(add_process(pid), 0);
	ck_assert(is_silent());
	ck_assert_int_eq(collect(&e, 1, 5000), 1);
	ck_assert(e.flags & EV_EOF);
	ck_assert(e.flags & EV_ONESHOT);
	ck_assert(e.fflags & NOTE_EXIT);
	ck_assert_int_eq(e.data, on == NETBSD ? 0 : 0x300);
	ck_assert_int_eq(
		change((uintptr_t)pid, EVFILT_PROC, EV_DELETE), ENOENT);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(add_process(pid), ESRCH);
}
END_TEST

START_TEST(a_zombie_is_reported_on_freebsd_and_unknown_elsewhere)
{
	pid_t pid = start_child(0);
	siginfo_t info;

	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	ck_assert_int_eq(add_process(pid), on == FREEBSD ? 0 : ESRCH);
	ck_assert_int_eq(get_one(&e), on == FREEBSD);
	waitpid(pid, NULL, 0);
}
END_TEST

static void
do_nothing(int number)
{
	(void)number;
}

START_TEST(an_ignored_signal_is_counted)
{
	signal(SIGUSR1, SIG_IGN);
	ck_assert_int_eq(change(SIGUSR1, EVFILT_SIGNAL, EV_ADD), 0);
	raise(SIGUSR1);
	raise(SIGUSR1);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(e.ident, SIGUSR1);
	ck_assert_int_eq(e.data, 2);
	ck_assert(e.flags & EV_CLEAR);
	ck_assert(is_silent());
}
END_TEST

static volatile sig_atomic_t n_handled;

static void
count_handled(int number)
{
	(void)number;
	n_handled++;
}

START_TEST(a_handler_still_runs)
{
	n_handled = 0;
	signal(SIGUSR1, count_handled);
	ck_assert_int_eq(change(SIGUSR1, EVFILT_SIGNAL, EV_ADD), 0);
	raise(SIGUSR1);
	ck_assert_int_eq(n_handled, 1);
	ck_assert(get_one(&e));
	ck_assert_int_eq(change(SIGUSR1, EVFILT_SIGNAL, EV_DELETE), 0);
	raise(SIGUSR1);
	ck_assert_int_eq(n_handled, 2);
	ck_assert(is_silent());
	signal(SIGUSR1, SIG_DFL);
}
END_TEST

START_TEST(a_blocked_signal_is_reported_and_stays_pending)
{
	sigset_t set;

	signal(SIGUSR1, do_nothing);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	ck_assert_int_eq(change(SIGUSR1, EVFILT_SIGNAL, EV_ADD), 0);
	raise(SIGUSR1);
	ck_assert(get_one(&e));
	ck_assert_int_eq(e.data, 1);
	ck_assert(is_silent());
	sigpending(&set);
	ck_assert(sigismember(&set, SIGUSR1));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	ck_assert(is_silent());
}
END_TEST

START_TEST(the_death_of_a_child_is_reported_with_the_default_disposition)
{
	pid_t pid;

	signal(SIGCHLD, SIG_DFL);
	ck_assert_int_eq(change(SIGCHLD, EVFILT_SIGNAL, EV_ADD), 0);
	pid = start_child(50);
	ck_assert_int_eq(collect(&e, 1, 5000), 1);
	ck_assert_uint_eq(e.ident, SIGCHLD);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(a_signal_number_out_of_range_is_refused_on_openbsd)
{
	ck_assert_int_eq(change(1000, EVFILT_SIGNAL, EV_ADD),
		on == OPENBSD ? EINVAL : 0);
	ck_assert(is_silent());
}
END_TEST

TCase *
others_case(void)
{
	TCase *c = tcase_create("others");

	tcase_add_test(c, a_timer_counts_its_expirations);
	tcase_add_test(c, a_oneshot_timer_fires_once);
	tcase_add_test(c, a_timer_makes_its_kqueue_poll_readable);
	tcase_add_test(c, adding_a_timer_again_restarts_it_but_on_netbsd);
	tcase_add_test(c, a_timer_of_zero_fires_once_but_on_netbsd);
	tcase_add_test(c, a_negative_timer_is_refused_on_freebsd);
	tcase_add_test(c, a_timer_knows_the_units_of_its_system);
#ifdef EVFILT_USER
	tcase_add_test(c, a_user_event_fires_when_triggered);
	tcase_add_test(c, triggering_an_unregistered_user_event_says_enoent);
	tcase_add_test(c, a_user_event_without_clear_stays);
#endif
	tcase_add_test(
		c, an_exit_is_reported_once_and_the_child_left_to_be_reaped);
	tcase_add_test(
		c, a_zombie_is_reported_on_freebsd_and_unknown_elsewhere);
	tcase_add_test(c, an_ignored_signal_is_counted);
	tcase_add_test(c, a_handler_still_runs);
	tcase_add_test(c, a_blocked_signal_is_reported_and_stays_pending);
	tcase_add_test(c,
		the_death_of_a_child_is_reported_with_the_default_disposition);
	tcase_add_test(c, a_signal_number_out_of_range_is_refused_on_openbsd);
	return c;
}
