/* SPDX-License-Identifier: MIT */
/* Datagrams of unix-domain sockets. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/harness.h"
#include "tests/kinds.h"

#define MAX_GOT 8

static struct rota_udp here;
static struct rota_udp there;
static struct rota_unix_send sends[4];
static struct rota_send plain;
static int last_status;
static char path[200];

static struct {
	char text[100];
	ssize_t n;
	char name[ROTA_UNIX_NAME_BYTES];
	size_t name_bytes;
	unsigned flags;
} got[MAX_GOT];
static size_t n_got;

static void
on_receive(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	(void)udp;
	ck_assert_int_ge(n, 0);
	ck_assert_uint_lt(n_got, MAX_GOT);
	ck_assert_ptr_null(datagram->peer);
	ck_assert_int_eq(datagram->name[datagram->name_bytes], '\0');
	got[n_got].n = n;
	memcpy(got[n_got].text, data,
		(size_t)n < sizeof(got->text) ? (size_t)n : sizeof(got->text));
	memcpy(got[n_got].name, datagram->name, datagram->name_bytes);
	got[n_got].name_bytes = datagram->name_bytes;
	got[n_got].flags = datagram->flags;
	n_got++;
	trace('R');
}

static void
on_sent(struct rota_send *send, int status)
{
	(void)send;
	last_status = status;
	trace(status == 0 ? 'S' : 's');
}

static void
begin(void)
{
	kinds_fifo(path, sizeof(path));
	ck_ok(unlink(path));
	n_got = 0;
	last_status = 1;
	memset(got, 0, sizeof(got));
	trace_reset();
	ck_ok(rota_udp_init(loop, &here));
	ck_ok(rota_udp_init(loop, &there));
}

static int
bind_to_path(struct rota_udp *udp, unsigned flags)
{
	return rota_unix_datagram_bind(udp, path, strlen(path), flags);
}

static void
listen_here(void)
{
	begin();
	ck_ok(bind_to_path(&here, ROTA_UNIX_UNLINK));
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
}

static struct iovec
bytes(const char *text)
{
	struct iovec buffer = { (void *)(uintptr_t)text, strlen(text) };

	return buffer;
}

static int
send_text(int number, const char *text)
{
	struct iovec buffer = bytes(text);

	return rota_unix_datagram_send(&there, &sends[number], &buffer, 1, path,
		strlen(path), on_sent);
}

static void
run_turns(int n)
{
	while (n-- > 0)
		ck_assert_int_ge(run_once_checked(ROTA_RUN_NOWAIT), 0);
}

static int
file_is_there(void)
{
	return access(path, F_OK) == 0;
}

/* There and back ******************************************************/

LOOP_TEST(datagrams_arrive_whole_and_in_order)
{
	listen_here();
	ck_ok(send_text(0, "one"));
	ck_ok(send_text(1, ""));
	ck_ok(send_text(2, "three"));
	run_turns(3);
	ck_assert_uint_eq(n_got, 3);
	ck_assert_str_eq(got[0].text, "one");
	ck_assert_int_eq(got[1].n, 0);
	ck_assert_str_eq(got[2].text, "three");
	ck_assert_uint_eq(got[0].name_bytes, 0);
	ck_assert_uint_eq(rota_udp_queued_count(&there), 0);
	close_all();
	ck_assert_int_eq(file_is_there(), 0);
}

LOOP_TEST(the_sender_can_be_answered_by_its_name)
{
	char other[sizeof(path) + 2];
	struct iovec answer = bytes("answer");

	listen_here();
	(void)snprintf(other, sizeof(other), "%s.b", path);
	ck_ok(rota_unix_datagram_bind(
		&there, other, strlen(other), ROTA_UNIX_UNLINK));
	ck_ok(rota_udp_receive_start(&there, NULL, on_receive));
	ck_ok(send_text(0, "question"));
	run_turns(2);
	ck_assert_uint_eq(got[0].name_bytes, strlen(other));
	ck_assert_str_eq(got[0].name, other);
	ck_err(rota_unix_datagram_try_send(
		       &here, &answer, 1, got[0].name, got[0].name_bytes),
		6);
	run_turns(2);
	ck_assert_str_eq(got[1].text, "answer");
	ck_assert_str_eq(got[1].name, path);
	close_all();
	ck_ok(access(other, F_OK) == 0);
}

LOOP_TEST(a_connected_handle_sends_without_a_name)
{
	struct iovec buffer = bytes("x");

	listen_here();
	ck_ok(rota_unix_datagram_connect(&there, path, strlen(path)));
	ck_ok(rota_udp_send(&there, &plain, &buffer, 1, NULL, on_sent));
	ck_err(rota_udp_try_send(&there, &buffer, 1, NULL, NULL), 1);
	run_turns(2);
	ck_assert_uint_eq(n_got, 2);
	ck_err(send_text(0, "no"), -EISCONN);
	ck_ok(rota_udp_disconnect(&there));
	ck_ok(send_text(0, "yes"));
	run_turns(2);
	ck_assert_uint_eq(n_got, 3);
	close_all();
}

LOOP_TEST(a_pair_is_taken_over)
{
	struct iovec buffer = bytes("x");
	int fds[2];

	begin();
	ck_ok(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
	ck_ok(rota_udp_open(&here, fds[0]));
	ck_ok(rota_udp_open(&there, fds[1]));
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
	ck_ok(rota_udp_send(&there, &plain, &buffer, 1, NULL, on_sent));
	run_turns(2);
	ck_assert_uint_eq(n_got, 1);
	ck_trace("SR");
	close_all();
}

LOOP_TEST(what_is_longer_than_its_room_is_cut_and_says_so)
{
	listen_here();
	ck_ok(rota_udp_set_datagram_bytes(&here, 3));
	ck_ok(send_text(0, "abcdef"));
	run_turns(2);
	ck_assert_int_eq(got[0].n, 3);
	ck_assert_uint_ne(got[0].flags & ROTA_DATAGRAM_TRUNCATED, 0);
	close_all();
}

LOOP_TEST(an_abstract_name_leaves_no_file)
{
	static const char name[] = "\0rota-datagram-test";
	struct iovec buffer = bytes("x");
	int r;

	begin();
	r = rota_unix_datagram_bind(&here, name, sizeof(name) - 1, 0);
	if (r == 0) {
		ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
		ck_err(rota_unix_datagram_try_send(
			       &there, &buffer, 1, name, sizeof(name) - 1),
			1);
		run_turns(2);
		ck_assert_uint_eq(n_got, 1);
	} else {
		ck_err(r, -ENOTSUP);
		(void)harness_skip("abstract names");
	}
	close_all();
}

/* More than the other side takes ****************************************/

/* Sends until no more is taken; returns what was told then. */
static ssize_t
fill_up(void)
{
	struct iovec buffer = bytes("x");
	ssize_t r;

	do
		r = rota_unix_datagram_try_send(
			&there, &buffer, 1, path, strlen(path));
	while (r == 1);
	return r;
}

LOOP_TEST(a_full_receiver_with_a_name_is_told_at_once_and_does_not_spin)
{
	listen_here();
	ck_ok(rota_udp_receive_stop(&here));
	ck_assert_int_lt(fill_up(), 0);
	ck_ok(send_text(0, "late"));
	run_turns(1);
	ck_trace("s");
	ck_assert(last_status == -EAGAIN || last_status == -ENOBUFS);
	ck_assert_uint_eq(rota_udp_queued_count(&there), 0);
	close_all();
}

/* On Linux the kernel tells when a connected peer takes more. */
LOOP_TEST(a_full_peer_is_waited_for)
{
	struct iovec buffer = bytes("x");
	size_t n = 0;
	ssize_t r;

	listen_here();
	ck_ok(rota_udp_receive_stop(&here));
	ck_ok(rota_unix_datagram_connect(&there, path, strlen(path)));
	while ((r = rota_udp_try_send(&there, &buffer, 1, NULL, NULL)) == 1)
		n++;
	ck_assert_uint_gt(n, 0);
	ck_ok(rota_udp_send(&there, &plain, &buffer, 1, NULL, on_sent));
	run_turns(3);
	if (r == -EAGAIN) {
		char byte;

		ck_trace("");
		for (; n > 0; n--)
			ck_assert_int_eq(
				(int)recv(rota_udp_fd(&here), &byte, 1, 0), 1);
		run_turns(3);
		ck_trace("S");
	} else {
		ck_trace("s");
		(void)harness_skip("waiting for a full peer");
	}
	close_all();
}

/* Errors **************************************************************/

LOOP_TEST(nobody_of_that_name_is_told)
{
	begin();
	ck_ok(send_text(0, "x"));
	run_turns(1);
	ck_trace("s");
	ck_err(last_status, -ENOENT);
	ck_err(rota_unix_datagram_connect(&here, path, strlen(path)), -ENOENT);
	ck_err(rota_udp_fd(&here), -1);
	close_all();
}

LOOP_TEST(a_name_in_use_is_not_taken_and_a_stale_one_is)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	listen_here();
	ck_err(bind_to_path(&there, ROTA_UNIX_REPLACE_STALE), -EADDRINUSE);
	ck_assert_int_eq(file_is_there(), 1);
	close_all();
	ck_assert_int_eq(file_is_there(), 0);

	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	ck_ok(bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	ck_ok(close(fd));
	ck_ok(rota_udp_init(loop, &here));
	ck_err(bind_to_path(&here, 0), -EADDRINUSE);
	ck_err(rota_udp_fd(&here), -1);
	ck_ok(bind_to_path(&here, ROTA_UNIX_REPLACE_STALE | ROTA_UNIX_UNLINK));
	close_all();
	ck_assert_int_eq(file_is_there(), 0);
}

LOOP_TEST(descriptors_that_come_along_are_closed)
{
	union {
		struct cmsghdr first;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { { 0 } };
	struct iovec buffer = bytes("x");
	struct msghdr message = { .msg_iov = &buffer,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room) };
	int fds[2];
	int n_fds;

	begin();
	ck_ok(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds));
	ck_ok(rota_udp_open(&here, fds[0]));
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
	n_fds = harness_count_fds();
	control.first.cmsg_level = SOL_SOCKET;
	control.first.cmsg_type = SCM_RIGHTS;
	control.first.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.first), &fds[1], sizeof(int));
	ck_assert_int_eq((int)sendmsg(fds[1], &message, 0), 1);
	run_turns(2);
	ck_assert_uint_eq(n_got, 1);
	ck_assert_int_eq(harness_count_fds(), n_fds);
	close_all();
	ck_ok(close(fds[1]));
}

LOOP_TEST(what_belongs_to_the_internet_is_refused)
{
	struct rota_send_options options = ROTA_SEND_OPTIONS_INIT;
	struct iovec buffer = bytes("x");
	struct sockaddr_storage addr;
	struct sockaddr *to = (struct sockaddr *)&addr;

	listen_here();
	ck_ok(rota_address_parse("127.0.0.1", 9, &addr));
	ck_err(rota_udp_tell_ecn(&here, 1), -ENOTSUP);
	ck_err(rota_udp_set_ttl(&here, 3), -ENOTSUP);
	ck_err(rota_udp_set_broadcast(&here, 1), -ENOTSUP);
	ck_err(rota_udp_connect(&here, to), -EAFNOSUPPORT);
	ck_err(rota_udp_try_send(&here, &buffer, 1, to, NULL), -EAFNOSUPPORT);
	/* Paths have calls of their own. */
	addr.ss_family = AF_UNIX;
	ck_err(rota_udp_connect(&here, to), -EAFNOSUPPORT);
	ck_err(rota_udp_try_send(&here, &buffer, 1, to, NULL), -EAFNOSUPPORT);
	ck_ok(rota_unix_datagram_connect(&there, path, strlen(path)));
	options.has_ecn = 1;
	ck_err(rota_udp_try_send(&there, &buffer, 1, NULL, &options), -ENOTSUP);
	ck_assert_int_gt(rota_udp_receive_buffer(&here), 0);
	close_all();
}

LOOP_TEST(a_socket_of_the_internet_has_no_names)
{
	struct sockaddr_storage addr;

	begin();
	ck_ok(rota_address_parse("127.0.0.1", 0, &addr));
	ck_ok(rota_udp_bind(&there, (struct sockaddr *)&addr, 0));
	ck_err(send_text(0, "x"), -EAFNOSUPPORT);
	ck_err(rota_unix_datagram_connect(&there, path, strlen(path)),
		-EAFNOSUPPORT);
	ck_err(bind_to_path(&there, 0), -EINVAL);
	close_all();
}

LOOP_TEST(sends_are_cancelled_by_a_close)
{
	struct iovec buffer = bytes("x");

	listen_here();
	ck_ok(rota_udp_receive_stop(&here));
	ck_ok(rota_unix_datagram_connect(&there, path, strlen(path)));
	while (rota_udp_try_send(&there, &buffer, 1, NULL, NULL) == 1)
		;
	ck_ok(rota_udp_send(&there, &plain, &buffer, 1, NULL, on_sent));
	ck_ok(rota_handle_close(&there.handle, NULL));
	run_turns(2);
	ck_trace("s");
	close_all();
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "there and back");

	tcase_add_loop_test(tc, datagrams_arrive_whole_and_in_order);
	tcase_add_loop_test(tc, the_sender_can_be_answered_by_its_name);
	tcase_add_loop_test(tc, a_connected_handle_sends_without_a_name);
	tcase_add_loop_test(tc, a_pair_is_taken_over);
	tcase_add_loop_test(
		tc, what_is_longer_than_its_room_is_cut_and_says_so);
	tcase_add_loop_test(tc, an_abstract_name_leaves_no_file);

	tc = harness_case(suite, "more than the other side takes");
	tcase_add_loop_test(tc,
		a_full_receiver_with_a_name_is_told_at_once_and_does_not_spin);
	tcase_add_loop_test(tc, a_full_peer_is_waited_for);

	tc = harness_case(suite, "errors");
	tcase_add_loop_test(tc, nobody_of_that_name_is_told);
	tcase_add_loop_test(tc, a_name_in_use_is_not_taken_and_a_stale_one_is);
	tcase_add_loop_test(tc, descriptors_that_come_along_are_closed);
	tcase_add_loop_test(tc, what_belongs_to_the_internet_is_refused);
	tcase_add_loop_test(tc, a_socket_of_the_internet_has_no_names);
	tcase_add_loop_test(tc, sends_are_cancelled_by_a_close);
}

HARNESS_MAIN("unix_datagram", add_cases)
