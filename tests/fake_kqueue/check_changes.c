/* SPDX-License-Identifier: MIT */
/*
 * The layout, the changes and what they answer, the flags, the waiting.
 */
#include "check_fake_kqueue.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fds[2];

static void
open_ready_pair(void)
{
	make_pair(SOCK_STREAM, fds);
	put(fds[1], 3);
}

START_TEST(the_layout_is_that_of_the_system)
{
	const size_t sizes[] = {
		[FREEBSD] = 64, [OPENBSD] = 32, [NETBSD] = 40, [MACOS] = 32
	};
	struct kevent event;

	ck_assert_uint_eq(sizeof(event), sizes[on]);
	ck_assert_uint_eq(sizeof(event.filter), on == NETBSD ? 4 : 2);
	ck_assert_uint_eq(sizeof(event.flags), on == NETBSD ? 4 : 2);
	ck_assert_uint_eq(sizeof(event.fflags), 4);
	ck_assert_uint_eq(sizeof(event.data), 8);
	ck_assert_int_eq((int)EVFILT_READ, on == NETBSD ? 0 : -1);
}
END_TEST

START_TEST(only_some_systems_have_user_events)
{
#ifdef EVFILT_USER
	ck_assert(on == FREEBSD || on == MACOS);
#else
	ck_assert(on == OPENBSD || on == NETBSD);
#endif
}
END_TEST

START_TEST(a_ready_descriptor_is_reported_with_its_udata_and_data)
{
	struct kevent c;
	struct kevent e;

	open_ready_pair();
	EV_SET(&c, (uintptr_t)fds[0], EVFILT_READ, EV_ADD, 0, 0, (void *)&c);
	ck_assert_int_eq(send_change(&c), 0);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(e.ident, (uintptr_t)fds[0]);
	ck_assert(e.filter == EVFILT_READ);
	ck_assert_int_eq(e.data, 3);
	ck_assert_uint_eq(udata_of(&e), (uintptr_t)&c);
	close_both(fds);
}
END_TEST

START_TEST(the_call_that_adds_also_collects_with_one_array_for_both)
{
	struct kevent list;

	open_ready_pair();
	list = make_change((uintptr_t)fds[0], EVFILT_READ, EV_ADD, 0);
	ck_assert_int_eq(kevent(kq, &list, 1, &list, 1, NULL), 1);
	ck_assert_int_eq(list.data, 3);
	close_both(fds);
}
END_TEST

START_TEST(adding_again_replaces_udata_and_data)
{
	struct kevent c;
	struct kevent e;

	open_ready_pair();
	EV_SET(&c, (uintptr_t)fds[0], EVFILT_READ, EV_ADD, 0, 0, (void *)&c);
	ck_assert_int_eq(send_change(&c), 0);
	EV_SET(&c, (uintptr_t)fds[0], EVFILT_READ, EV_ADD, NOTE_LOWAT, 4,
		(void *)&e);
	ck_assert_int_eq(send_change(&c), 0);
	ck_assert(is_silent());
	put(fds[1], 1);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(udata_of(&e), (uintptr_t)&e);
	close_both(fds);
}
END_TEST

START_TEST(adding_again_does_not_change_clear)
{
	struct kevent e;

	open_ready_pair();
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert_int_eq(
		change((uintptr_t)fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
	ck_assert(get_one(&e));
	ck_assert(get_one(&e));
	close_both(fds);
}
END_TEST

START_TEST(adding_again_does_not_change_oneshot)
{
	struct kevent e;

	open_ready_pair();
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert_int_eq(
		change((uintptr_t)fds[0], EVFILT_READ, EV_ADD | EV_ONESHOT), 0);
	ck_assert(get_one(&e));
	ck_assert(get_one(&e));
	close_both(fds);
}
END_TEST

START_TEST(clear_reports_once_until_more_comes)
{
	struct kevent e;

	open_ready_pair();
	ck_assert_int_eq(
		change((uintptr_t)fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
	ck_assert(get_one(&e));
	ck_assert(e.flags & EV_CLEAR);
	ck_assert(is_silent());
	put(fds[1], 1);
	ck_assert(get_one(&e));
	ck_assert_int_eq(e.data, 4);
	ck_assert(is_silent());
	close_both(fds);
}
END_TEST

START_TEST(changes_of_the_unregistered_say_enoent)
{
	open_ready_pair();
	ck_assert_int_eq(
		change((uintptr_t)fds[0], EVFILT_READ, EV_DELETE), ENOENT);
	ck_assert_int_eq(
		change((uintptr_t)fds[0], EVFILT_READ, EV_ENABLE), ENOENT);
	ck_assert_int_eq(
		change((uintptr_t)fds[0], EVFILT_READ, EV_DISABLE), ENOENT);
	close_both(fds);
}
END_TEST

START_TEST(changes_of_a_closed_number_say_ebadf)
{
	open_ready_pair();
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	close_both(fds);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), EBADF);
	ck_assert_int_eq(
		change((uintptr_t)fds[0], EVFILT_READ, EV_DELETE), EBADF);
	ck_assert_int_eq(
		change((uintptr_t)fds[0], EVFILT_READ, EV_ENABLE), EBADF);
}
END_TEST

START_TEST(an_unknown_filter_is_refused)
{
	open_ready_pair();
	ck_assert_int_eq(add(fds[0], 100), EINVAL);
	ck_assert_int_eq(add(fds[0], -100), EINVAL);
	close_both(fds);
}
END_TEST

START_TEST(a_failing_change_without_room_stops_the_rest)
{
	struct kevent c[2];

	open_ready_pair();
	c[0] = make_change((uintptr_t)fds[0], EVFILT_WRITE, EV_DELETE, 0);
	c[1] = make_change((uintptr_t)fds[0], EVFILT_READ, EV_ADD, 0);
	ck_assert_int_eq(kevent(kq, c, 2, NULL, 0, NULL), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert(is_silent());
	close_both(fds);
}
END_TEST

START_TEST(failing_changes_with_room_become_error_events_only)
{
	struct kevent c[3];
	struct kevent e[3];

	open_ready_pair();
	EV_SET(&c[0], (uintptr_t)fds[0], EVFILT_WRITE, EV_DELETE, 0, 0,
		(void *)&c);
	c[1] = make_change((uintptr_t)fds[0], EVFILT_READ, EV_ADD, 0);
	c[2] = make_change(9999, EVFILT_READ, EV_ADD, 0);
	ck_assert_int_eq(kevent(kq, c, 3, e, 3, NULL), 2);
	ck_assert_uint_eq(e[0].flags, EV_ERROR);
	ck_assert_int_eq(e[0].data, ENOENT);
	ck_assert_uint_eq(e[0].ident, (uintptr_t)fds[0]);
	ck_assert(e[0].filter == EVFILT_WRITE);
	ck_assert_uint_eq(udata_of(&e[0]), (uintptr_t)&c);
	ck_assert_int_eq(e[1].data, EBADF);
	ck_assert(get_one(&e[0]));
	close_both(fds);
}
END_TEST

START_TEST(less_room_than_errors_fails_and_stops_the_rest)
{
	struct kevent c[3];
	struct kevent e;

	open_ready_pair();
	c[0] = make_change((uintptr_t)fds[0], EVFILT_WRITE, EV_DELETE, 0);
	c[1] = make_change(9999, EVFILT_READ, EV_ADD, 0);
	c[2] = make_change((uintptr_t)fds[0], EVFILT_READ, EV_ADD, 0);
	ck_assert_int_eq(kevent(kq, c, 3, &e, 1, NULL), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert(is_silent());
	close_both(fds);
}
END_TEST

START_TEST(a_receipt_is_given_without_collecting)
{
	const unsigned int echoed[] = {
		[FREEBSD] = EV_ADD, [MACOS] = EV_ADD | EV_RECEIPT, [NETBSD] = 0
	};
	struct kevent c;
	struct kevent e[2];

	open_ready_pair();
	c = make_change((uintptr_t)fds[0], EVFILT_READ, EV_ADD | EV_RECEIPT, 0);
	ck_assert_int_eq(kevent(kq, &c, 1, e, 2, NULL), 1);
	ck_assert_uint_eq(e[0].flags, EV_ERROR | echoed[on]);
	ck_assert_int_eq(e[0].data, 0);
	ck_assert(get_one(&e[0]));
	ck_assert(e[0].flags & EV_RECEIPT);
	close_both(fds);
}
END_TEST

START_TEST(add_and_disable_show_in_events_on_some_systems)
{
	struct kevent e;
	uintptr_t fd;

	open_ready_pair();
	fd = (uintptr_t)fds[0];
	ck_assert_int_eq(change(fd, EVFILT_READ, EV_ADD | EV_DISABLE), 0);
	ck_assert(is_silent());
	ck_assert_int_eq(change(fd, EVFILT_READ, EV_ENABLE), 0);
	ck_assert(get_one(&e));
	ck_assert_int_eq(!!(e.flags & EV_ADD), on != FREEBSD);
	if (on == OPENBSD || on == NETBSD)
		ck_assert(e.flags & EV_DISABLE);
	close_both(fds);
}
END_TEST

START_TEST(a_disabled_knote_is_silent_until_enabled)
{
	struct kevent e;
	uintptr_t fd;

	open_ready_pair();
	fd = (uintptr_t)fds[0];
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert_int_eq(change(fd, EVFILT_READ, EV_DISABLE), 0);
	put(fds[1], 1);
	ck_assert(is_silent());
	ck_assert_int_eq(change(fd, EVFILT_READ, EV_ENABLE), 0);
	ck_assert(get_one(&e));
	ck_assert_int_eq(e.data, 4);
	close_both(fds);
}
END_TEST

START_TEST(oneshot_ends_the_registration)
{
	struct kevent e;
	uintptr_t fd;

	open_ready_pair();
	fd = (uintptr_t)fds[0];
	ck_assert_int_eq(change(fd, EVFILT_READ, EV_ADD | EV_ONESHOT), 0);
	ck_assert(get_one(&e));
	ck_assert(e.flags & EV_ONESHOT);
	ck_assert(is_silent());
	ck_assert_int_eq(change(fd, EVFILT_READ, EV_DELETE), ENOENT);
	close_both(fds);
}
END_TEST

START_TEST(dispatch_disables_and_enabling_looks_again_but_on_netbsd)
{
	struct kevent e;
	uintptr_t fd;

	open_ready_pair();
	fd = (uintptr_t)fds[0];
	ck_assert_int_eq(change(fd, EVFILT_READ, EV_ADD | EV_DISPATCH), 0);
	ck_assert(get_one(&e));
	ck_assert(is_silent());
	ck_assert_int_eq(change(fd, EVFILT_READ, EV_ENABLE), 0);
	ck_assert_int_eq(get_one(&e), on != NETBSD);
	close_both(fds);
}
END_TEST

START_TEST(level_triggered_knotes_take_turns)
{
	int pairs[4][2];
	struct kevent e;

	for (uintptr_t i = 0; i < 4; i++) {
		make_pair(SOCK_STREAM, pairs[i]);
		put(pairs[i][1], 1);
		ck_assert_int_eq(add(pairs[i][0], EVFILT_READ), 0);
	}
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(collect(&e, 1, 0), 1);
		ck_assert_uint_eq(e.ident, (uintptr_t)pairs[i % 4][0]);
	}
	for (int i = 0; i < 4; i++)
		close_both(pairs[i]);
}
END_TEST

START_TEST(no_call_reports_a_knote_twice)
{
	struct kevent e[8];

	open_ready_pair();
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert_int_eq(add(fds[0], EVFILT_WRITE), 0);
	ck_assert_int_eq(collect(e, 8, 0), 2);
	close_both(fds);
}
END_TEST

static void
do_nothing(int number)
{
	(void)number;
}

static void *
interrupt(void *thread)
{
	usleep(50000);
	pthread_kill(*(pthread_t *)thread, SIGUSR2);
	return NULL;
}

START_TEST(a_signal_interrupts_with_the_changes_applied)
{
	struct sigaction restart = {
		.sa_handler = do_nothing,
		.sa_flags = SA_RESTART,
	};
	pthread_t self = pthread_self();
	pthread_t other;
	struct kevent c;
	struct kevent e;

	sigaction(SIGUSR2, &restart, NULL);
	make_pair(SOCK_STREAM, fds);
	c = make_change((uintptr_t)fds[0], EVFILT_READ, EV_ADD, 0);
	pthread_create(&other, NULL, interrupt, &self);
	ck_assert_int_eq(kevent(kq, &c, 1, &e, 1, NULL), -1);
	ck_assert_int_eq(errno, EINTR);
	pthread_join(other, NULL);
	put(fds[1], 1);
	ck_assert(get_one(&e));
	close_both(fds);
}
END_TEST

START_TEST(no_room_returns_at_once_whatever_the_timeout)
{
	ck_assert_int_eq(kevent(kq, NULL, 0, NULL, 0, NULL), 0);
}
END_TEST

START_TEST(bad_timeouts_are_refused)
{
	struct timespec bad[] = { { .tv_nsec = -1 }, { .tv_nsec = 1000000000 },
		{ .tv_sec = -1 } };
	struct kevent e;

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(kevent(kq, NULL, 0, &e, 1, &bad[i]), -1);
		ck_assert_int_eq(errno, EINVAL);
	}
}
END_TEST

START_TEST(a_huge_timeout_is_accepted)
{
	struct timespec huge = { .tv_sec = LONG_MAX };
	struct kevent e;

	open_ready_pair();
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert_int_eq(kevent(kq, NULL, 0, &e, 1, &huge), 1);
	close_both(fds);
}
END_TEST

START_TEST(a_wait_lasts_as_long_as_asked)
{
	struct timespec begin;
	struct timespec end;
	struct kevent e;
	int64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	ck_assert_int_eq(collect(&e, 1, 30), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	ns = (end.tv_sec - begin.tv_sec) * INT64_C(1000000000) + end.tv_nsec -
		begin.tv_nsec;
	ck_assert_int_ge(ns, 30000000);
}
END_TEST

TCase *
changes_case(void)
{
	TCase *c = tcase_create("changes");

	tcase_add_test(c, the_layout_is_that_of_the_system);
	tcase_add_test(c, only_some_systems_have_user_events);
	tcase_add_test(
		c, a_ready_descriptor_is_reported_with_its_udata_and_data);
	tcase_add_test(
		c, the_call_that_adds_also_collects_with_one_array_for_both);
	tcase_add_test(c, adding_again_replaces_udata_and_data);
	tcase_add_test(c, adding_again_does_not_change_clear);
	tcase_add_test(c, adding_again_does_not_change_oneshot);
	tcase_add_test(c, clear_reports_once_until_more_comes);
	tcase_add_test(c, changes_of_the_unregistered_say_enoent);
	tcase_add_test(c, changes_of_a_closed_number_say_ebadf);
	tcase_add_test(c, an_unknown_filter_is_refused);
	tcase_add_test(c, a_failing_change_without_room_stops_the_rest);
	tcase_add_test(c, failing_changes_with_room_become_error_events_only);
	tcase_add_test(c, less_room_than_errors_fails_and_stops_the_rest);
	tcase_add_test(c, a_receipt_is_given_without_collecting);
	tcase_add_test(c, add_and_disable_show_in_events_on_some_systems);
	tcase_add_test(c, a_disabled_knote_is_silent_until_enabled);
	tcase_add_test(c, oneshot_ends_the_registration);
	tcase_add_test(
		c, dispatch_disables_and_enabling_looks_again_but_on_netbsd);
	tcase_add_test(c, level_triggered_knotes_take_turns);
	tcase_add_test(c, no_call_reports_a_knote_twice);
	tcase_add_test(c, a_signal_interrupts_with_the_changes_applied);
	tcase_add_test(c, no_room_returns_at_once_whatever_the_timeout);
	tcase_add_test(c, bad_timeouts_are_refused);
	tcase_add_test(c, a_huge_timeout_is_accepted);
	tcase_add_test(c, a_wait_lasts_as_long_as_asked);
	return c;
}
