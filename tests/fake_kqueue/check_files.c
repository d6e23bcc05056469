/* SPDX-License-Identifier: MIT */
/*
 * EVFILT_READ and EVFILT_WRITE on files, devices and terminals.
 */
#include "check_fake_kqueue.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <unistd.h>

static int fds[2];
static struct kevent e;

START_TEST(a_file_is_readable_only_before_its_end)
{
	fds[0] = make_file();
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert(is_silent());
	put(fds[0], 10);
	ck_assert(is_silent());
	lseek(fds[0], 4, SEEK_SET);
	ck_assert(get_one(&e));
	ck_assert_int_eq(e.data, 6);
	take(fds[0], 6);
	ck_assert(is_silent());
	close(fds[0]);
}
END_TEST

START_TEST(a_file_that_grows_wakes_a_wait)
{
	fds[0] = make_file();
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert(is_silent());
	ck_assert_int_eq(ftruncate(fds[0], 7), 0);
	ck_assert_int_eq(collect(&e, 1, 1000), 1);
	ck_assert_int_eq(e.data, 7);
	close(fds[0]);
}
END_TEST

START_TEST(a_note_makes_a_file_readable_at_its_end_where_there_is_one)
{
	struct kevent c;

	fds[0] = make_file();
	c = make_change((uintptr_t)fds[0], EVFILT_READ, EV_ADD, 0);
#if defined(NOTE_FILE_POLL)
	c.fflags = NOTE_FILE_POLL;
#elif defined(NOTE_EOF)
	c.fflags = NOTE_EOF;
#endif
	ck_assert_int_eq(send_change(&c), 0);
	ck_assert_int_eq(get_one(&e), c.fflags != 0);
	close(fds[0]);
}
END_TEST

START_TEST(a_file_is_writable_but_netbsd_refuses)
{
	fds[0] = make_file();
	ck_assert_int_eq(add(fds[0], EVFILT_WRITE), on == NETBSD ? EINVAL : 0);
	ck_assert_int_eq(get_one(&e), on != NETBSD);
	close(fds[0]);
}
END_TEST

START_TEST(the_null_device_is_ready)
{
	struct kevent events[3];

	fds[0] = open("/dev/null", O_RDWR);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert_int_eq(add(fds[0], EVFILT_WRITE), 0);
	ck_assert_int_eq(collect(events, 3, 0), 2);
	close(fds[0]);
}
END_TEST

START_TEST(the_null_device_is_refused)
{
	fds[0] = open("/dev/null", O_RDWR);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), ENODEV);
	ck_assert_int_eq(add(fds[0], EVFILT_WRITE), ENODEV);
	ck_assert(is_silent());
	close(fds[0]);
}
END_TEST

START_TEST(a_directory_can_be_added)
{
	fds[0] = open("/tmp", O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	close(fds[0]);
}
END_TEST

START_TEST(a_master_terminal_gets_eof_when_its_slave_closes)
{
	ck_assert_int_eq(openpty(&fds[0], &fds[1], NULL, NULL, NULL), 0);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert(is_silent());
	put(fds[1], 2);
	ck_assert_int_eq(collect(&e, 1, 1000), 1);
	ck_assert_int_eq(e.data, 2);
	ck_assert(!(e.flags & EV_EOF));
	take(fds[0], 2);
	ck_assert(is_silent());
	close(fds[1]);
	ck_assert_int_eq(collect(&e, 1, 1000), 1);
	ck_assert(e.flags & EV_EOF);
	close(fds[0]);
}
END_TEST

TCase *
files_case(void)
{
	TCase *c = tcase_create("files");

	tcase_add_test(c, a_file_is_readable_only_before_its_end);
	tcase_add_test(c, a_file_that_grows_wakes_a_wait);
	tcase_add_test(
		c, a_note_makes_a_file_readable_at_its_end_where_there_is_one);
	tcase_add_test(c, a_file_is_writable_but_netbsd_refuses);
	if (on == FREEBSD)
		tcase_add_test(c, the_null_device_is_refused);
	else
		tcase_add_test(c, the_null_device_is_ready);
	tcase_add_test(c, a_directory_can_be_added);
	tcase_add_test(c, a_master_terminal_gets_eof_when_its_slave_closes);
	return c;
}
