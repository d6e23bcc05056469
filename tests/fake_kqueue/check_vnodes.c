/* SPDX-License-Identifier: MIT */
/*
 * EVFILT_VNODE on files and directories.
 */
#include "check_fake_kqueue.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/stat.h>

#define NOTES \
	(NOTE_DELETE | NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_LINK | \
		NOTE_RENAME)

static char dir[32];
static char a[sizeof(dir) + 2], b[sizeof(dir) + 2];
static struct kevent e;

static int
watch(int fd)
{
	struct kevent c =
		make_change((uintptr_t)fd, EVFILT_VNODE, EV_ADD | EV_CLEAR, 0);

	c.fflags = NOTES;
	return send_change(&c);
}

/* Opens a file in a fresh directory and watches it. */
static int
make_watched(void)
{
	int fd;

	(void)snprintf(dir, sizeof(dir), "/tmp/fake.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(a, sizeof(a), "%s/a", dir);
	(void)snprintf(b, sizeof(b), "%s/b", dir);
	fd = open(a, O_CREAT | O_RDWR, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(watch(fd), 0);
	ck_assert(is_silent());
	return fd;
}

static void
remove_all(int fd)
{
	close(fd);
	(void)unlink(a);
	(void)unlink(b);
	(void)rmdir(dir);
}

START_TEST(a_write_that_appends_extends_a_file_once)
{
	int fd = make_watched();

	put(fd, 5);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(e.fflags, NOTE_WRITE | NOTE_EXTEND);
	ck_assert(is_silent());
	lseek(fd, 0, SEEK_SET);
	put(fd, 5);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(e.fflags, NOTE_WRITE);
	remove_all(fd);
}
END_TEST

START_TEST(names_of_a_file_are_noted)
{
	int fd = make_watched();

	ck_assert_int_eq(link(a, b), 0);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(e.fflags, NOTE_LINK);
	ck_assert_int_eq(unlink(b), 0);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(e.fflags, NOTE_LINK);
	ck_assert_int_eq(rename(a, b), 0);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(e.fflags, NOTE_RENAME);
	ck_assert_int_eq(unlink(b), 0);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(e.fflags, NOTE_DELETE);
	remove_all(fd);
}
END_TEST

START_TEST(a_mode_is_an_attribute)
{
	int fd = make_watched();

	ck_assert_int_eq(chmod(a, 0400), 0);
	ck_assert(get_one(&e));
	ck_assert_uint_eq(e.fflags, NOTE_ATTRIB);
	remove_all(fd);
}
END_TEST

START_TEST(names_in_a_directory_are_writes_to_it)
{
	int fd = make_watched();
	int above = open(dir, O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(watch(above), 0);
	ck_assert_int_eq(rename(a, b), 0);
	ck_assert_int_eq(collect(&e, 1, 0), 1);
	ck_assert_int_eq(unlink(b), 0);
	while (!is_silent())
		;
	ck_assert_int_eq(rmdir(dir), 0);
	ck_assert(get_one(&e));
	ck_assert_int_eq((int)e.ident, above);
	ck_assert_uint_eq(e.fflags, NOTE_DELETE);
	close(above);
	remove_all(fd);
}
END_TEST

START_TEST(a_write_makes_the_kqueue_poll_readable)
{
	int fd = make_watched();
	struct pollfd pfd = { .fd = kq, .events = POLLIN };

	ck_assert_int_eq(poll(&pfd, 1, 0), 0);
	put(fd, 5);
	ck_assert_int_eq(poll(&pfd, 1, 0), 1);
	ck_assert(get_one(&e));
	ck_assert_int_eq(poll(&pfd, 1, 0), 0);
	remove_all(fd);
}
END_TEST

START_TEST(a_closed_file_is_not_watched_any_more)
{
	int fd = make_watched();

	close(fd);
	ck_assert_int_eq(chmod(a, 0400), 0);
	ck_assert(is_silent());
	remove_all(fd);
}
END_TEST

TCase *
vnodes_case(void)
{
	TCase *c = tcase_create("vnodes");

	tcase_add_test(c, a_write_that_appends_extends_a_file_once);
	tcase_add_test(c, names_of_a_file_are_noted);
	tcase_add_test(c, a_mode_is_an_attribute);
	tcase_add_test(c, names_in_a_directory_are_writes_to_it);
	tcase_add_test(c, a_write_makes_the_kqueue_poll_readable);
	tcase_add_test(c, a_closed_file_is_not_watched_any_more);
	return c;
}
