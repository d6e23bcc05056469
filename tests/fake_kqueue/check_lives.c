/* SPDX-License-Identifier: MIT */
/*
 * The life of descriptors and of kqueues: close, dup, fork, threads, and a
 * kqueue watched by others.
 */
#include "check_fake_kqueue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fake_kqueue/control.h>

static int fds[2];
static struct kevent e;

static bool
polls_readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

static int
count_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

START_TEST(a_close_drops_the_registrations_though_a_dup_lives)
{
	int copy;

	make_pair(SOCK_STREAM, fds);
	copy = dup(fds[0]);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	put(fds[1], 1);
	close(fds[0]);
	ck_assert(is_silent());
	put(fds[1], 1);
	ck_assert(is_silent());
	ck_assert(!polls_readable(kq));
	close(copy);
	close(fds[1]);
}
END_TEST

START_TEST(a_close_drops_an_event_that_was_already_queued)
{
	make_pair(SOCK_STREAM, fds);
	put(fds[1], 1);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert(get_one(&e));
	close_both(fds);
	ck_assert(is_silent());
}
END_TEST

START_TEST(a_reused_number_starts_clean)
{
	int number;

	make_pair(SOCK_STREAM, fds);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	number = fds[0];
	close_both(fds);
	make_pair(SOCK_STREAM, fds);
	ck_assert_int_eq(fds[0], number);
	put(fds[1], 1);
	ck_assert(is_silent());
	ck_assert_int_eq(
		change((uintptr_t)fds[0], EVFILT_READ, EV_DELETE), ENOENT);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert(get_one(&e));
	close_both(fds);
}
END_TEST

START_TEST(a_number_reused_for_another_eventfd_starts_clean)
{
	int fd = eventfd(1, 0);
	int next;

	ck_assert_int_eq(add(fd, EVFILT_READ), 0);
	close(fd);
	next = eventfd(1, 0);
	ck_assert_int_eq(next, fd);
	ck_assert(is_silent());
	close(next);
}
END_TEST

START_TEST(a_number_given_back_to_a_dup_works_when_added_again)
{
	int copy;

	make_pair(SOCK_STREAM, fds);
	copy = dup(fds[0]);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	close(fds[0]);
	ck_assert_int_eq(
		change((uintptr_t)fds[0], EVFILT_READ, EV_DELETE), EBADF);
	ck_assert_int_eq(dup2(copy, fds[0]), fds[0]);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	put(fds[1], 1);
	ck_assert(get_one(&e));
	close(copy);
	close_both(fds);
}
END_TEST

START_TEST(the_number_of_a_kqueue_is_not_close_on_exec)
{
	ck_assert_int_eq(fcntl(kq, F_GETFD), 0);
	ck_assert_int_eq(fcntl(kq, F_SETFD, FD_CLOEXEC), 0);
}
END_TEST

START_TEST(a_closed_kqueue_is_ebadf)
{
	int fd = kqueue();

	close(fd);
	ck_assert_int_eq(kevent(fd, NULL, 0, &e, 1, NULL), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_int_eq(kevent(-1, NULL, 0, &e, 1, NULL), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(a_kqueue_on_a_reused_number_starts_empty)
{
	int fd = kqueue();
	struct kevent c;

	make_pair(SOCK_STREAM, fds);
	put(fds[1], 1);
	c = make_change((uintptr_t)fds[0], EVFILT_READ, EV_ADD, 0);
	ck_assert_int_eq(kevent(fd, &c, 1, NULL, 0, NULL), 0);
	close(fd);
	ck_assert_int_eq(kqueue(), fd);
	ck_assert(!polls_readable(fd));
	close(fd);
	close_both(fds);
}
END_TEST

START_TEST(nothing_stays_open_when_a_kqueue_is_closed)
{
	int before = count_open();
	int fd = kqueue();
	struct kevent c;

	make_pair(SOCK_STREAM, fds);
	c = make_change((uintptr_t)fds[0], EVFILT_READ, EV_ADD, 0);
	ck_assert_int_eq(kevent(fd, &c, 1, NULL, 0, NULL), 0);
	c = make_change(1, EVFILT_TIMER, EV_ADD, 1000);
	ck_assert_int_eq(kevent(fd, &c, 1, NULL, 0, NULL), 0);
	close_both(fds);
	close(fd);
	fake_kqueue_forget_closed();
	ck_assert_int_eq(count_open(), before);
}
END_TEST

START_TEST(a_kqueue_polls_readable_while_something_is_ready)
{
	make_pair(SOCK_STREAM, fds);
	ck_assert(!polls_readable(kq));
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert(!polls_readable(kq));
	put(fds[1], 1);
	ck_assert(polls_readable(kq));
	ck_assert(get_one(&e));
	ck_assert(polls_readable(kq));
	take(fds[0], 1);
	ck_assert(is_silent());
	ck_assert(!polls_readable(kq));
	close_both(fds);
}
END_TEST

START_TEST(a_disabled_knote_does_not_make_its_kqueue_readable)
{
	make_pair(SOCK_STREAM, fds);
	put(fds[1], 1);
	ck_assert_int_eq(
		change((uintptr_t)fds[0], EVFILT_READ, EV_ADD | EV_DISABLE), 0);
	ck_assert(is_silent());
	ck_assert(!polls_readable(kq));
	close_both(fds);
}
END_TEST

START_TEST(a_kqueue_can_be_watched_by_another)
{
	int inner = kq;
	int outer = kqueue();

	make_pair(SOCK_STREAM, fds);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	kq = outer;
	ck_assert_int_eq(add(inner, EVFILT_READ), 0);
	ck_assert(is_silent());
	put(fds[1], 1);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(e.ident, (uintptr_t)inner);
	kq = inner;
	ck_assert(get_one(&e));
	take(fds[0], 1);
	ck_assert(is_silent());
	kq = outer;
	ck_assert(is_silent());
	kq = inner;
	close(outer);
	close_both(fds);
}
END_TEST

/* What a child finds of its parent's kqueue, as its exit status. */
static int
look_in_child(void)
{
	int number = kq;

	if (fcntl(number, F_GETFD) != -1 || errno != EBADF)
		return 1;
	if (kevent(number, NULL, 0, &e, 1, NULL) != -1 || errno != EBADF)
		return 2;
	return open("/dev/null", O_RDONLY) == number ? 0 : 3;
}

START_TEST(a_child_does_not_have_the_kqueue_and_its_number_is_free)
{
	int status;
	pid_t pid;

	make_pair(SOCK_STREAM, fds);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	pid = fork();
	if (pid == 0)
		_exit(look_in_child());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	put(fds[1], 1);
	ck_assert(get_one(&e));
	close_both(fds);
}
END_TEST

START_TEST(a_child_may_make_its_own_kqueue)
{
	int status;
	pid_t pid;

	make_pair(SOCK_STREAM, fds);
	put(fds[1], 1);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	pid = fork();
	if (pid == 0) {
		kq = kqueue();
		if (add(fds[0], EVFILT_READ) != 0 || !get_one(&e))
			_exit(1);
		_exit(change((uintptr_t)fds[0], EVFILT_READ, EV_DELETE));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert(get_one(&e));
	close_both(fds);
}
END_TEST

static void *
add_later(void *unused)
{
	(void)unused;
	usleep(50000);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	return NULL;
}

START_TEST(a_registration_by_another_thread_wakes_the_waiter)
{
	pthread_t other;

	make_pair(SOCK_STREAM, fds);
	put(fds[1], 1);
	pthread_create(&other, NULL, add_later, NULL);
	ck_assert_int_eq(kevent(kq, NULL, 0, &e, 1, NULL), 1);
	pthread_join(other, NULL);
	close_both(fds);
}
END_TEST

static void *
wait_for_one(void *ret_n)
{
	struct kevent event;

	*(int *)ret_n = collect(&event, 1, 5000);
	return NULL;
}

START_TEST(one_level_triggered_event_wakes_two_waiters)
{
	pthread_t waiters[2];
	int n[2];

	make_pair(SOCK_STREAM, fds);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	for (int i = 0; i < 2; i++)
		pthread_create(&waiters[i], NULL, wait_for_one, &n[i]);
	usleep(50000);
	put(fds[1], 1);
	for (int i = 0; i < 2; i++) {
		pthread_join(waiters[i], NULL);
		ck_assert_int_eq(n[i], 1);
	}
	close_both(fds);
}
END_TEST

static void *
close_later(void *fd)
{
	usleep(50000);
	close(*(int *)fd);
	return NULL;
}

START_TEST(closing_a_watched_descriptor_does_not_wake_a_waiter)
{
	pthread_t other;

	make_pair(SOCK_STREAM, fds);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	pthread_create(&other, NULL, close_later, &fds[0]);
	ck_assert_int_eq(collect(&e, 1, 150), 0);
	pthread_join(other, NULL);
	close(fds[1]);
}
END_TEST

START_TEST(closing_the_kqueue_wakes_its_waiter_on_openbsd_with_ebadf)
{
	int fd = kqueue();
	pthread_t other;

	pthread_create(&other, NULL, close_later, &fd);
	ck_assert_int_eq(kevent(fd, NULL, 0, &e, 1, NULL), -1);
	ck_assert_int_eq(errno, EBADF);
	pthread_join(other, NULL);
}
END_TEST

START_TEST(hundreds_may_be_ready_at_once)
{
	enum {
		N = 450
	};
	static int pipes[N][2];
	static struct kevent events[N + 1];

	for (int i = 0; i < N; i++) {
		make_pair(SOCK_STREAM, pipes[i]);
		ck_assert_int_eq(add(pipes[i][0], EVFILT_READ), 0);
		put(pipes[i][1], 1);
	}
	for (int round = 0; round < 3; round++)
		ck_assert_int_eq(collect(events, N + 1, 0), N);
	for (int i = 0; i < N; i++)
		close_both(pipes[i]);
	ck_assert(is_silent());
}
END_TEST

TCase *
lives_case(void)
{
	TCase *c = tcase_create("lives");

	tcase_add_test(c, a_close_drops_the_registrations_though_a_dup_lives);
	tcase_add_test(c, a_close_drops_an_event_that_was_already_queued);
	tcase_add_test(c, a_reused_number_starts_clean);
	tcase_add_test(c, a_number_reused_for_another_eventfd_starts_clean);
	tcase_add_test(c, a_number_given_back_to_a_dup_works_when_added_again);
	tcase_add_test(c, the_number_of_a_kqueue_is_not_close_on_exec);
	tcase_add_test(c, a_closed_kqueue_is_ebadf);
	tcase_add_test(c, a_kqueue_on_a_reused_number_starts_empty);
	tcase_add_test(c, nothing_stays_open_when_a_kqueue_is_closed);
	tcase_add_test(c, a_kqueue_polls_readable_while_something_is_ready);
	tcase_add_test(c, a_disabled_knote_does_not_make_its_kqueue_readable);
	tcase_add_test(c, a_kqueue_can_be_watched_by_another);
	tcase_add_test(
		c, a_child_does_not_have_the_kqueue_and_its_number_is_free);
	tcase_add_test(c, a_child_may_make_its_own_kqueue);
	tcase_add_test(c, a_registration_by_another_thread_wakes_the_waiter);
	tcase_add_test(c, one_level_triggered_event_wakes_two_waiters);
	tcase_add_test(c, closing_a_watched_descriptor_does_not_wake_a_waiter);
	if (on == OPENBSD)
		tcase_add_test(c,
			closing_the_kqueue_wakes_its_waiter_on_openbsd_with_ebadf);
	tcase_add_test(c, hundreds_may_be_ready_at_once);
	return c;
}
