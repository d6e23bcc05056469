/* SPDX-License-Identifier: MIT */
/*
 * EVFILT_READ and EVFILT_WRITE on pipes and sockets.
 */
#include "check_fake_kqueue.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int fds[2];
static struct kevent e;

START_TEST(a_pipe_whose_writer_closed_reports_what_is_left_then_eof_for_ever)
{
	make_pipe(fds);
	put(fds[1], 3);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	close(fds[1]);
	ck_assert(get_one(&e));
	ck_assert(e.flags & EV_EOF);
	ck_assert_int_eq(e.data, 3);
	take(fds[0], 3);
	for (int i = 0; i < 3; i++) {
		ck_assert(get_one(&e));
		ck_assert(e.flags & EV_EOF);
		ck_assert_int_eq(e.data, 0);
	}
	close(fds[0]);
}
END_TEST

START_TEST(a_pipe_at_its_end_with_clear_reports_again_after_a_read)
{
	make_pipe(fds);
	put(fds[1], 3);
	close(fds[1]);
	ck_assert_int_eq(
		change((uintptr_t)fds[0], EVFILT_READ, EV_ADD | EV_CLEAR), 0);
	ck_assert(get_one(&e));
	ck_assert(e.flags & EV_EOF);
	ck_assert(is_silent());
	take(fds[0], 3);
	ck_assert(get_one(&e));
	ck_assert_int_eq(e.data, 0);
	ck_assert(is_silent());
	close(fds[0]);
}
END_TEST

START_TEST(a_pipe_whose_reader_closed_gives_eof_to_the_writer)
{
	make_pipe(fds);
	ck_assert_int_eq(add(fds[1], EVFILT_WRITE), 0);
	close(fds[0]);
	ck_assert(get_one(&e));
	ck_assert(e.filter == EVFILT_WRITE);
	ck_assert(e.flags & EV_EOF);
	ck_assert_int_eq(!!(e.flags & EV_ONESHOT), on == FREEBSD);
	ck_assert_int_eq(is_silent(), on == FREEBSD);
	ck_assert_int_eq(change((uintptr_t)fds[1], EVFILT_WRITE, EV_DELETE),
		on == FREEBSD ? ENOENT : 0);
	close(fds[1]);
}
END_TEST

START_TEST(writing_to_a_pipe_without_reader_cannot_be_registered)
{
	make_pipe(fds);
	close(fds[0]);
	ck_assert_int_eq(
		add(fds[1], EVFILT_WRITE), on == NETBSD ? EBADF : EPIPE);
	ck_assert_int_eq(
		change((uintptr_t)fds[1], EVFILT_WRITE, EV_DELETE), ENOENT);
	close(fds[1]);
}
END_TEST

static void
fill_pipe(void)
{
	static const char page[4096];

	make_pipe(fds);
	while (write(fds[1], page, sizeof(page)) > 0)
		;
}

START_TEST(a_nearly_full_pipe_is_not_writable)
{
	fill_pipe();
	ck_assert_int_eq(add(fds[1], EVFILT_WRITE), 0);
	ck_assert(is_silent());
	take(fds[0], 100);
	ck_assert(is_silent());
	take(fds[0], 8192 - 100);
	ck_assert(get_one(&e));
	ck_assert_int_eq(e.data, 8192);
	close_both(fds);
}
END_TEST

START_TEST(a_fifo_reports_eof_only_between_writers)
{
	char dir[] = "/tmp/fake_kqueue.XXXXXX";
	char name[64];
	int writer;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(name, sizeof(name), "%s/fifo", dir);
	ck_assert_int_eq(mkfifo(name, 0600), 0);
	fds[0] = open(name, O_RDONLY | O_NONBLOCK);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	ck_assert(is_silent());
	close(open(name, O_WRONLY | O_NONBLOCK));
	ck_assert(get_one(&e));
	ck_assert(e.flags & EV_EOF);
	writer = open(name, O_WRONLY | O_NONBLOCK);
	ck_assert(is_silent());
	put(writer, 1);
	ck_assert(get_one(&e));
	ck_assert(!(e.flags & EV_EOF));
	close(writer);
	close(fds[0]);
	unlink(name);
	rmdir(dir);
}
END_TEST

TCase *
pipes_case(void)
{
	TCase *c = tcase_create("pipes");

	tcase_add_test(c,
		a_pipe_whose_writer_closed_reports_what_is_left_then_eof_for_ever);
	tcase_add_test(
		c, a_pipe_at_its_end_with_clear_reports_again_after_a_read);
	tcase_add_test(c, a_pipe_whose_reader_closed_gives_eof_to_the_writer);
	tcase_add_test(
		c, writing_to_a_pipe_without_reader_cannot_be_registered);
	tcase_add_test(c, a_nearly_full_pipe_is_not_writable);
	tcase_add_test(c, a_fifo_reports_eof_only_between_writers);
	return c;
}

/* Collects at most one event of each filter of fds[0]; flags 0 for none. */
static void
see_both(struct kevent *ret_read, struct kevent *ret_write)
{
	struct kevent events[4];
	int n = collect(events, 4, 0);

	*ret_read = make_change(0, 0, 0, 0);
	*ret_write = *ret_read;
	for (int i = 0; i < n; i++) {
		bool is_read = events[i].filter == EVFILT_READ;

		*(is_read ? ret_read : ret_write) = events[i];
	}
}

static void
add_both(int fd)
{
	ck_assert_int_eq(add(fd, EVFILT_READ), 0);
	ck_assert_int_eq(add(fd, EVFILT_WRITE), 0);
}

static void
expect_eof(bool on_read, bool on_write)
{
	struct kevent r;
	struct kevent w;

	see_both(&r, &w);
	ck_assert_int_eq(!!(r.flags & EV_EOF), on_read);
	ck_assert_int_eq(!!(w.flags & EV_EOF), on_write);
	ck_assert(w.ident != 0);
}

START_TEST(a_peer_that_shut_its_writing_gives_eof_while_data_is_unread)
{
	int kinds[2][2];

	make_tcp(kinds[0]);
	make_pair(SOCK_STREAM, kinds[1]);
	for (int i = 0; i < 2; i++) {
		struct kevent r;
		struct kevent w;
		int *p = kinds[i];

		add_both(p[0]);
		put(p[1], 5);
		shutdown(p[1], SHUT_WR);
		see_both(&r, &w);
		ck_assert(r.flags & EV_EOF);
		ck_assert_int_eq(r.data, 5);
		ck_assert_uint_eq(r.fflags, 0);
		ck_assert(w.ident != 0 && !(w.flags & EV_EOF));
		close_both(p);
	}
}
END_TEST

START_TEST(a_unix_peer_that_closed_gives_eof_to_both_filters)
{
	make_pair(SOCK_STREAM, fds);
	add_both(fds[0]);
	close(fds[1]);
	expect_eof(true, true);
	close(fds[0]);
}
END_TEST

START_TEST(a_tcp_peer_that_closed_gives_eof_to_the_read_filter_only)
{
	make_tcp(fds);
	add_both(fds[0]);
	close(fds[1]);
	expect_eof(true, false);
	close(fds[0]);
}
END_TEST

START_TEST(a_reset_gives_eof_and_the_error_to_both_filters)
{
	struct kevent r;
	struct kevent w;
	int error;
	socklen_t len = sizeof(error);

	make_tcp(fds);
	add_both(fds[0]);
	reset(fds[1]);
	see_both(&r, &w);
	ck_assert(r.flags & EV_EOF);
	ck_assert(w.flags & EV_EOF);
	ck_assert_uint_eq(r.fflags, ECONNRESET);
	ck_assert_uint_eq(w.fflags, ECONNRESET);
	getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &error, &len);
	ck_assert_int_eq(error, ECONNRESET);
	close(fds[0]);
}
END_TEST

START_TEST(a_unix_datagram_peer_that_closed_is_no_eof)
{
	make_pair(SOCK_DGRAM, fds);
	add_both(fds[0]);
	close(fds[1]);
	expect_eof(false, false);
	close(fds[0]);
}
END_TEST

START_TEST(ones_own_shutdown_gives_eof_to_that_side)
{
	int kinds[2][2];

	for (int how = SHUT_RD; how <= SHUT_WR; how++) {
		make_tcp(kinds[0]);
		make_pair(SOCK_STREAM, kinds[1]);
		for (int i = 0; i < 2; i++) {
			add_both(kinds[i][0]);
			expect_eof(false, false);
			shutdown(kinds[i][0], how);
			expect_eof(how == SHUT_RD, how == SHUT_WR);
			close_both(kinds[i]);
		}
	}
}
END_TEST

START_TEST(a_refused_connect_keeps_its_error_for_the_caller)
{
	struct sockaddr_in name;
	socklen_t len = sizeof(name);
	int listener = make_listener();
	int error;

	getsockname(listener, (struct sockaddr *)&name, &len);
	close(listener);
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(connect(fds[0], (struct sockaddr *)&name, len), -1);
	ck_assert_int_eq(errno, EINPROGRESS);
	ck_assert_int_eq(add(fds[0], EVFILT_WRITE), 0);
	ck_assert_int_eq(collect(&e, 1, 1000), 1);
	ck_assert(e.flags & EV_EOF);
	ck_assert_uint_eq(e.fflags, ECONNREFUSED);
	len = sizeof(error);
	getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &error, &len);
	ck_assert_int_eq(error, ECONNREFUSED);
	close(fds[0]);
}
END_TEST

START_TEST(a_socket_that_never_connected_is_silent)
{
	const int families[] = { AF_INET, AF_UNIX };

	for (int i = 0; i < 2; i++) {
		fds[0] = socket(families[i], SOCK_STREAM, 0);
		add_both(fds[0]);
		ck_assert(is_silent());
		close(fds[0]);
	}
}
END_TEST

START_TEST(a_connect_that_succeeds_is_a_write_event)
{
	int listener = make_listener();
	struct sockaddr_in name;
	socklen_t len = sizeof(name);

	getsockname(listener, (struct sockaddr *)&name, &len);
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(add(fds[0], EVFILT_WRITE), 0);
	ck_assert(is_silent());
	(void)connect(fds[0], (struct sockaddr *)&name, len);
	ck_assert_int_eq(collect(&e, 1, 1000), 1);
	ck_assert(!(e.flags & EV_EOF));
	close(fds[0]);
	close(listener);
}
END_TEST

START_TEST(a_listener_counts_who_waits)
{
	int listener = make_listener();

	ck_assert_int_eq(add(listener, EVFILT_READ), 0);
	ck_assert(is_silent());
	fds[0] = connect_to(listener);
	fds[1] = connect_to(listener);
	ck_assert(get_one(&e));
	ck_assert_int_eq(e.data, 2);
	close_both(fds);
	close(listener);
}
END_TEST

START_TEST(the_data_of_datagrams_may_count_more_than_the_bytes)
{
	bool counts_headers = on == OPENBSD || on == NETBSD;

	make_udp(fds);
	ck_assert_int_eq(add(fds[0], EVFILT_READ), 0);
	put(fds[1], 4);
	ck_assert(get_one(&e));
	ck_assert_int_eq(e.data, counts_headers ? 20 : 4);
	take(fds[0], 4);
	ck_assert_int_eq(send(fds[1], "", 0, 0), 0);
	ck_assert(get_one(&e));
	ck_assert_int_eq(e.data, counts_headers ? 16 : 0);
	close_both(fds);
}
END_TEST

START_TEST(a_low_water_mark_holds_reading_back)
{
	struct kevent c;

	make_pair(SOCK_STREAM, fds);
	c = make_change((uintptr_t)fds[0], EVFILT_READ, EV_ADD, 6);
	c.fflags = NOTE_LOWAT;
	ck_assert_int_eq(send_change(&c), 0);
	put(fds[1], 5);
	ck_assert(is_silent());
	put(fds[1], 1);
	ck_assert(get_one(&e));
	ck_assert_int_eq(e.data, 6);
	close_both(fds);
}
END_TEST

START_TEST(a_full_socket_becomes_writable_when_its_peer_reads)
{
	static const char page[4096];
	static char all[1 << 20];

	make_pair(SOCK_STREAM, fds);
	while (write(fds[0], page, sizeof(page)) > 0)
		;
	ck_assert_int_eq(add(fds[0], EVFILT_WRITE), 0);
	ck_assert(is_silent());
	ck_assert_int_gt(read(fds[1], all, sizeof(all)), 0);
	ck_assert(get_one(&e));
	ck_assert_int_gt(e.data, 1);
	close_both(fds);
}
END_TEST

TCase *
sockets_case(void)
{
	TCase *c = tcase_create("sockets");

	tcase_add_test(
		c, a_peer_that_shut_its_writing_gives_eof_while_data_is_unread);
	tcase_add_test(c, a_unix_peer_that_closed_gives_eof_to_both_filters);
	tcase_add_test(
		c, a_tcp_peer_that_closed_gives_eof_to_the_read_filter_only);
	tcase_add_test(c, a_reset_gives_eof_and_the_error_to_both_filters);
	tcase_add_test(c, a_unix_datagram_peer_that_closed_is_no_eof);
	tcase_add_test(c, ones_own_shutdown_gives_eof_to_that_side);
	tcase_add_test(c, a_refused_connect_keeps_its_error_for_the_caller);
	tcase_add_test(c, a_socket_that_never_connected_is_silent);
	tcase_add_test(c, a_connect_that_succeeds_is_a_write_event);
	tcase_add_test(c, a_listener_counts_who_waits);
	tcase_add_test(c, the_data_of_datagrams_may_count_more_than_the_bytes);
	tcase_add_test(c, a_low_water_mark_holds_reading_back);
	tcase_add_test(c, a_full_socket_becomes_writable_when_its_peer_reads);
	return c;
}
