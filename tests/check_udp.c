/* SPDX-License-Identifier: MIT */
/* UDP: sockets, sending, receiving, and what the kernel tells besides. */
#include "rota/udp.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rota/tcp.h"
#include "tests/faults.h"
#include "tests/harness.h"

#define MAX_GOT 512
#define MAX_SENDS 512

/* The two ends of most tests: `here` receives what `there` sends. */
static struct rota_udp here;
static struct rota_udp there;
static struct rota_send sends[MAX_SENDS];

/* What has been received and sent. */
static struct {
	ssize_t n;
	char bytes[16];
	unsigned flags;
	unsigned ecn;
	unsigned interface;
	unsigned segment_bytes;
	struct sockaddr_storage peer;
	struct sockaddr_storage local;
} got[MAX_GOT];
static unsigned n_got;
static int sent_status[MAX_SENDS];
static unsigned n_sent;

/* A world in which calls can fail *************************************/

static struct {
	struct rota_sys sys;
	/* So many calls that send find no room. */
	unsigned n_full;
	/* sendmmsg takes so many at most; 0: all. */
	unsigned max_sent;
	/* The next call that receives fails so. */
	int receive_error;
	/* The n-th datagram from now on fails so. */
	unsigned fail_nth;
	int send_error;
	unsigned n_sending_calls;
	unsigned n_receiving_calls;
	/* The n-th allocation from now on fails; 0: none. */
	unsigned fail_allocation;
} world;

static int
is_full(void)
{
	world.n_sending_calls++;
	if (world.n_full == 0)
		return 0;
	world.n_full--;
	return 1;
}

static ssize_t
world_sendmsg(int fd, const struct msghdr *message)
{
	/* macOS would refuse it. */
	ck_assert_uint_gt((unsigned)message->msg_iovlen, 0);
	if (is_full())
		return -EAGAIN;
	if (world.fail_nth > 0 && --world.fail_nth == 0)
		return world.send_error;
	return rota__sys_real.sendmsg(fd, message);
}

static int
world_sendmmsg(int fd, struct rota__message *messages, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ck_assert_uint_gt((unsigned)messages[i].header.msg_iovlen, 0);
	if (is_full())
		return -EAGAIN;
	if (world.max_sent > 0 && n > world.max_sent)
		n = world.max_sent;
	if (world.fail_nth == 1) {
		world.fail_nth = 0;
		return world.send_error;
	}
	if (world.fail_nth > 0 && world.fail_nth <= n)
		n = world.fail_nth - 1;
	if (world.fail_nth > 0)
		world.fail_nth -= n;
	return rota__sys_real.sendmmsg(fd, messages, n);
}

static int
take_receive_error(void)
{
	int error = world.receive_error;

	world.n_receiving_calls++;
	world.receive_error = 0;
	return error;
}

static ssize_t
world_recvmsg(int fd, struct msghdr *message, int flags)
{
	int error = take_receive_error();

	return error < 0 ? error : rota__sys_real.recvmsg(fd, message, flags);
}

static int
world_recvmmsg(int fd, struct rota__message *messages, unsigned n)
{
	int error = take_receive_error();

	return error < 0 ? error : rota__sys_real.recvmmsg(fd, messages, n);
}

static void *
world_realloc(void *data, void *memory, size_t size_bytes)
{
	if (size_bytes > 0 && world.fail_allocation > 0 &&
		--world.fail_allocation == 0)
		return NULL;
	return harness_realloc(data, memory, size_bytes);
}

/* Makes `loop` anew, in this world. */
static void
enter_world(void)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	const char *backend = rota_loop_backend(loop);

	close_loop();
	memset(&world, 0, sizeof(world));
	world.sys = rota__sys_real;
	world.sys.sendmsg = world_sendmsg;
	world.sys.sendmmsg = world_sendmmsg;
	world.sys.recvmsg = world_recvmsg;
	world.sys.recvmmsg = world_recvmmsg;
	options.sys = &world.sys;
	options.realloc_fn = world_realloc;
	options.backend = backend;
	ck_ok(rota_loop_create(&options, &loop));
}

/* Ends and callbacks **************************************************/

static const struct sockaddr *
address(const char *text, uint16_t port)
{
	static struct sockaddr_storage addr;

	ck_ok(rota_address_parse(text, port, &addr));
	return (struct sockaddr *)&addr;
}

static const struct sockaddr *
address_of(const struct rota_udp *udp)
{
	static struct sockaddr_storage addr;

	ck_ok(rota_udp_local_address(udp, &addr));
	return (struct sockaddr *)&addr;
}

static uint16_t
port_of(const struct sockaddr *addr)
{
	/* At the same place in both families. */
	return ntohs(((const struct sockaddr_in *)addr)->sin_port);
}

static void
ck_address(const void *addr, const char *text, uint16_t port)
{
	char seen[64], expected[64];

	ck_ok(rota_address_format(addr, seen, sizeof(seen)));
	ck_ok(rota_address_format(
		address(text, port), expected, sizeof(expected)));
	ck_assert_str_eq(seen, expected);
}

static void
record(ssize_t n, const void *data, const struct rota_datagram *datagram)
{
	size_t i = n_got++;

	ck_assert_uint_lt(i, MAX_GOT);
	memset(&got[i], 0, sizeof(got[i]));
	got[i].n = n;
	if (n < 0) {
		ck_assert_ptr_null(data);
		ck_assert_ptr_null(datagram);
		return;
	}
	memcpy(got[i].bytes, data, n < 15 ? (size_t)n : 15);
	got[i].flags = datagram->flags;
	got[i].ecn = datagram->ecn;
	got[i].interface = datagram->interface;
	got[i].segment_bytes = datagram->segment_bytes;
	rota_address_parse("0.0.0.0", 0, &got[i].local);
	memcpy(&got[i].peer, datagram->peer,
		datagram->peer->sa_family == AF_INET ?
			sizeof(struct sockaddr_in) :
			sizeof(struct sockaddr_in6));
	if (datagram->local != NULL)
		memcpy(&got[i].local, datagram->local,
			datagram->local->sa_family == AF_INET ?
				sizeof(struct sockaddr_in) :
				sizeof(struct sockaddr_in6));
}

static void
on_receive(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	(void)udp;
	record(n, data, datagram);
}

static void
on_sent(struct rota_send *request, int status)
{
	(void)request;
	ck_assert_uint_lt(n_sent, MAX_SENDS);
	sent_status[n_sent++] = status;
	if (request->request.data != NULL)
		trace_of(request->request.data);
}

static void
on_closed(struct rota_handle *handle)
{
	(void)handle;
	trace('X');
}

static void
open_end(struct rota_udp *udp, const char *text, unsigned flags)
{
	ck_ok(rota_udp_init(loop, udp));
	ck_ok(rota_udp_bind(udp, address(text, 0), flags));
}

/* Opens both ends, with `here` receiving. */
static void
open_both(const char *text)
{
	n_got = 0;
	n_sent = 0;
	memset(sends, 0, sizeof(sends));
	open_end(&here, text, 0);
	open_end(&there, text, 0);
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
}

static int
has_v6(void)
{
	struct rota_udp probe;
	int r;

	ck_ok(rota_udp_init(loop, &probe));
	r = rota_udp_bind(&probe, address("::1", 0), 0);
	ck_ok(rota_handle_close(&probe.handle, NULL));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	return r == 0 || harness_skip("IPv6");
}

/* Sends from there to here. */
static void
send_text(unsigned i, const char *text)
{
	struct iovec buffer = { (char *)(uintptr_t)text, strlen(text) };

	ck_ok(rota_udp_send(
		&there, &sends[i], &buffer, 1, address_of(&here), on_sent));
}

/* A buffer of one byte, valid until the next call. */
static const struct iovec *
one_byte(const char *text)
{
	static struct iovec buffer;

	buffer.iov_base = (char *)(uintptr_t)text;
	buffer.iov_len = 1;
	return &buffer;
}

static void
try_text(const char *text)
{
	struct iovec buffer = { (char *)(uintptr_t)text, strlen(text) };

	ck_err(rota_udp_try_send(&there, &buffer, 1, address_of(&here), NULL),
		strlen(text));
}

/* What is pending is told first, or it would be waited for in vain. */
static void
run_until(const unsigned *count, unsigned n)
{
	while (*count < n) {
		(void)run_once_checked(ROTA_RUN_NOWAIT);
		if (*count < n)
			(void)run_once_checked(ROTA_RUN_ONCE);
	}
}

static void
run_turns(int n)
{
	while (n-- > 0)
		(void)run_once_checked(ROTA_RUN_NOWAIT);
}

static void
ck_got(unsigned i, const char *text)
{
	ck_assert_uint_lt(i, n_got);
	ck_assert_int_eq(got[i].n, (ssize_t)strlen(text));
	ck_assert_str_eq(got[i].bytes, text);
}

/* The socket **********************************************************/

LOOP_TEST(a_handle_begins_without_a_socket)
{
	struct sockaddr_storage addr;

	ck_ok(rota_udp_init(loop, &here));
	ck_err(rota_udp_fd(&here), -1);
	ck_err(rota_udp_is_receiving(&here), 0);
	ck_err(rota_udp_receive_start(&here, NULL, on_receive), -ENOTCONN);
	ck_err(rota_udp_local_address(&here, &addr), -ENOTCONN);
	ck_err(rota_udp_peer_address(&here, &addr), -ENOTCONN);
	ck_err(rota_udp_disconnect(&here), -ENOTCONN);
	ck_err(rota_udp_set_ttl(&here, 1), -ENOTCONN);
	ck_err(rota_udp_receive_buffer(&here), -ENOTCONN);
	ck_err(rota_udp_tell_ecn(&here, 1), -ENOTCONN);
	ck_ok(rota_udp_receive_stop(&here));
	ck_assert_uint_eq(rota_handle_size("udp"), sizeof(here));
	close_all();
}

LOOP_TEST(bind_chooses_a_port_and_only_once)
{
	open_end(&here, "127.0.0.1", 0);
	ck_assert_uint_ne(port_of(address_of(&here)), 0);
	ck_address(address_of(&here), "127.0.0.1", port_of(address_of(&here)));
	ck_err(rota_udp_bind(&here, address("127.0.0.1", 0), 0), -EINVAL);
	ck_ok(rota_udp_init(loop, &there));
	ck_err(rota_udp_bind(&there, address_of(&here), 0), -EADDRINUSE);
	ck_err(rota_udp_fd(&there), -1);
	close_all();
}

LOOP_TEST(a_port_can_be_shared_if_both_say_so)
{
	struct sockaddr_storage addr;

	open_end(&here, "127.0.0.1", ROTA_UDP_REUSEPORT);
	ck_ok(rota_udp_local_address(&here, &addr));
	ck_ok(rota_udp_init(loop, &there));
	ck_ok(rota_udp_bind(
		&there, (struct sockaddr *)&addr, ROTA_UDP_REUSEPORT));
	close_all();
}

LOOP_TEST(an_address_can_be_shared_if_both_say_so)
{
	struct sockaddr_storage any;

	open_end(&here, "0.0.0.0", ROTA_UDP_REUSEADDR);
	ck_ok(rota_udp_local_address(&here, &any));
	ck_ok(rota_udp_init(loop, &there));
	/* The BSDs share one address only where it is a group. */
	ck_ok(rota_udp_bind(&there,
		address("224.0.0.1", port_of((struct sockaddr *)&any)),
		ROTA_UDP_REUSEADDR));
	close_all();
}

LOOP_TEST(v6only_leaves_the_port_to_v4)
{
	uint16_t port;

	if (!has_v6())
		return;
	open_end(&here, "::", ROTA_UDP_V6ONLY);
	port = port_of(address_of(&here));
	ck_ok(rota_udp_init(loop, &there));
	ck_ok(rota_udp_bind(&there, address("0.0.0.0", port), 0));
	close_all();
}

LOOP_TEST(open_takes_a_socket_over)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_ok(rota_udp_init(loop, &here));
	ck_ok(rota_udp_open(&here, fd));
	ck_err(rota_udp_fd(&here), fd);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_err(rota_udp_open(&here, fd), -EINVAL);
	close_all();
	ck_err(fcntl(fd, F_GETFD), -1);
}

LOOP_TEST(a_connected_socket_taken_over_stays_connected)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	const struct iovec *byte = one_byte("x");

	open_both("127.0.0.1");
	ck_err(connect(fd, address_of(&here), sizeof(struct sockaddr_in)), 0);
	ck_ok(rota_handle_close(&there.handle, NULL));
	run_turns(1);
	ck_ok(rota_udp_init(loop, &there));
	ck_ok(rota_udp_open(&there, fd));
	ck_err(rota_udp_try_send(&there, byte, 1, NULL, NULL), 1);
	run_until(&n_got, 1);
	close_all();
}

LOOP_TEST(open_refuses_what_is_no_udp_socket)
{
	int fds[2];

	ck_ok(rota_udp_init(loop, &here));
	harness_pipe(fds);
	ck_err(rota_udp_open(&here, fds[0]), -ENOTSOCK);
	ck_err(rota_udp_open(&here, -1), -EBADF);
	harness_close_pair(fds);
	ck_err(rota_udp_open(&here, fds[0]), -EBADF);
	harness_tcp_pair(fds);
	ck_err(rota_udp_open(&here, fds[0]), -EPROTOTYPE);
	harness_close_pair(fds);
	close_all();
}

LOOP_TEST(connect_fixes_the_peer_and_disconnect_frees_it)
{
	const struct iovec *byte = one_byte("x");
	struct sockaddr_storage addr;
	uint16_t port;

	open_both("127.0.0.1");
	port = port_of(address_of(&here));
	ck_err(rota_udp_peer_address(&there, &addr), -ENOTCONN);
	ck_ok(rota_udp_connect(&there, address_of(&here)));
	ck_ok(rota_udp_peer_address(&there, &addr));
	ck_address(&addr, "127.0.0.1", port);
	ck_err(rota_udp_try_send(&there, byte, 1, address_of(&here), NULL),
		-EISCONN);
	ck_err(rota_udp_try_send(&there, byte, 1, NULL, NULL), 1);
	ck_ok(rota_udp_disconnect(&there));
	ck_err(rota_udp_disconnect(&there), -ENOTCONN);
	ck_err(rota_udp_peer_address(&there, &addr), -ENOTCONN);
	ck_err(rota_udp_try_send(&there, byte, 1, NULL, NULL), -EDESTADDRREQ);
	try_text("y");
	run_until(&n_got, 2);
	ck_got(1, "y");
	close_all();
}

LOOP_TEST(connect_may_change_the_peer)
{
	const struct iovec *byte = one_byte("x");
	struct rota_udp other;

	open_both("127.0.0.1");
	open_end(&other, "127.0.0.1", 0);
	ck_ok(rota_udp_connect(&there, address_of(&other)));
	ck_ok(rota_udp_connect(&there, address_of(&here)));
	ck_err(rota_udp_try_send(&there, byte, 1, NULL, NULL), 1);
	run_until(&n_got, 1);
	close_all();
}

LOOP_TEST(a_connected_handle_hears_its_peer_only)
{
	open_both("127.0.0.1");
	ck_ok(rota_udp_connect(&here, address("127.0.0.1", 9)));
	try_text("stranger");
	run_turns(3);
	ck_assert_uint_eq(n_got, 0);
	close_all();
}

LOOP_TEST(addresses_of_another_family_are_refused)
{
	struct sockaddr other = { .sa_family = AF_UNIX };
	const struct iovec *byte = one_byte("x");

	ck_ok(rota_udp_init(loop, &here));
	ck_err(rota_udp_bind(&here, &other, 0), -EAFNOSUPPORT);
	ck_err(rota_udp_connect(&here, &other), -EAFNOSUPPORT);
	ck_err(rota_udp_try_send(&here, byte, 1, &other, NULL), -EAFNOSUPPORT);
	ck_err(rota_udp_fd(&here), -1);
	ck_ok(rota_udp_bind(&here, address("127.0.0.1", 0), 0));
	ck_err(rota_udp_connect(&here, address("::1", 9)), -EAFNOSUPPORT);
	ck_err(rota_udp_try_send(&here, byte, 1, address("::1", 9), NULL),
		-EAFNOSUPPORT);
	ck_err(rota_udp_join(&here, address("ff02::1", 0), 0, NULL),
		-EAFNOSUPPORT);
	close_all();
}

LOOP_TEST(a_report_names_socket_and_peer)
{
	char text[1000];

	open_both("127.0.0.1");
	ck_ok(rota_udp_connect(&there, address("127.0.0.1", 9)));
	ck_err(rota_loop_why_alive_text(loop, text, sizeof(text)) > 0, 1);
	ck_assert_ptr_nonnull(strstr(text, "udp"));
	ck_assert_ptr_nonnull(strstr(text, "at 127.0.0.1:"));
	ck_assert_ptr_nonnull(strstr(text, "peer 127.0.0.1:9"));
	ck_assert_ptr_nonnull(strstr(text, "on_receive"));
	close_all();
}

LOOP_TEST(receiving_and_sends_hold_the_loop)
{
	open_both("127.0.0.1");
	ck_err(rota_loop_alive(loop), 1);
	ck_ok(rota_handle_unref(&here.handle));
	ck_err(rota_loop_alive(loop), 0);
	send_text(0, "x");
	ck_err(rota_loop_alive(loop), 1);
	run_to_the_end();
	ck_assert_uint_eq(n_sent, 1);
	ck_ok(rota_handle_ref(&here.handle));
	ck_ok(rota_udp_receive_stop(&here));
	ck_err(rota_loop_alive(loop), 0);
	close_all();
}

/* Receiving ***********************************************************/

LOOP_TEST(datagrams_come_in_order_with_their_sender)
{
	open_both("127.0.0.1");
	try_text("one");
	try_text("two");
	try_text("three");
	run_until(&n_got, 3);
	ck_got(0, "one");
	ck_got(1, "two");
	ck_got(2, "three");
	ck_address(&got[2].peer, "127.0.0.1", port_of(address_of(&there)));
	ck_assert_uint_eq(got[0].flags & ROTA_DATAGRAM_TRUNCATED, 0);
	ck_assert_uint_eq(
		got[2].flags & ROTA_DATAGRAM_LAST, ROTA_DATAGRAM_LAST);
	close_all();
}

LOOP_TEST(datagrams_come_over_v6)
{
	if (!has_v6())
		return;
	open_both("::1");
	try_text("six");
	run_until(&n_got, 1);
	ck_got(0, "six");
	ck_address(&got[0].peer, "::1", port_of(address_of(&there)));
	close_all();
}

LOOP_TEST(a_v6_socket_takes_v4_too_where_there_are_such)
{
	const struct iovec *byte = one_byte("x");
	int v6only = 1;
	socklen_t len = sizeof(v6only);

	if (!has_v6())
		return;
	open_both("::");
	ck_err(getsockopt(rota_udp_fd(&here), IPPROTO_IPV6, IPV6_V6ONLY,
		       &v6only, &len),
		0);
	if (!v6only) {
		ck_err(rota_udp_try_send(&there, byte, 1,
			       address("::ffff:127.0.0.1",
				       port_of(address_of(&here))),
			       NULL),
			1);
		run_until(&n_got, 1);
		ck_address(&got[0].peer, "::ffff:127.0.0.1",
			port_of(address_of(&there)));
	}
	close_all();
}

LOOP_TEST(a_datagram_without_bytes_is_a_datagram)
{
	struct iovec nothing = { NULL, 0 };

	enter_world();
	open_both("127.0.0.1");
	try_text("");
	ck_err(rota_udp_try_send(&there, NULL, 0, address_of(&here), NULL), 0);
	ck_ok(rota_udp_send(
		&there, &sends[0], &nothing, 1, address_of(&here), on_sent));
	ck_ok(rota_udp_send(
		&there, &sends[1], NULL, 0, address_of(&here), on_sent));
	try_text("end");
	run_until(&n_got, 5);
	for (unsigned i = 0; i < 4; i++)
		ck_got(i, "");
	ck_got(4, "end");
	close_all();
}

LOOP_TEST(a_datagram_longer_than_the_room_is_cut_and_says_so)
{
	open_both("127.0.0.1");
	ck_ok(rota_udp_set_datagram_bytes(&here, 4));
	try_text("abcd");
	try_text("abcde");
	try_text("f");
	run_until(&n_got, 3);
	ck_got(0, "abcd");
	ck_assert_uint_eq(got[0].flags & ROTA_DATAGRAM_TRUNCATED, 0);
	ck_got(1, "abcd");
	ck_assert_uint_ne(got[1].flags & ROTA_DATAGRAM_TRUNCATED, 0);
	ck_got(2, "f");
	close_all();
}

LOOP_TEST(the_longest_datagram_comes_whole)
{
	static char bytes[65507];
	struct iovec buffer = { bytes, sizeof(bytes) };
	ssize_t n;

	open_both("127.0.0.1");
	ck_ok(rota_udp_set_send_buffer(&there, 200000));
	ck_ok(rota_udp_set_receive_buffer(&here, 200000));
	n = rota_udp_try_send(&there, &buffer, 1, address_of(&here), NULL);
	/* Some systems have a limit of their own. */
	if (n != -EMSGSIZE) {
		ck_err(n, sizeof(bytes));
		run_until(&n_got, 1);
		ck_assert_int_eq(got[0].n, sizeof(bytes));
		ck_assert_uint_eq(got[0].flags & ROTA_DATAGRAM_TRUNCATED, 0);
	}
	close_all();
}

LOOP_TEST(a_stopped_handle_is_told_nothing_until_it_starts_again)
{
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_stop(&here));
	ck_ok(rota_udp_receive_stop(&here));
	try_text("x");
	run_turns(3);
	ck_assert_uint_eq(n_got, 0);
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
	run_until(&n_got, 1);
	close_all();
}

LOOP_TEST(a_turn_takes_no_more_than_its_batch)
{
	open_both("127.0.0.1");
	ck_ok(rota_udp_set_batch(&here, 5));
	for (int i = 0; i < 12; i++)
		try_text("x");
	run_turns(1);
	ck_assert_uint_eq(n_got, 5);
	run_turns(1);
	ck_assert_uint_eq(n_got, 10);
	run_turns(1);
	ck_assert_uint_eq(n_got, 12);
	close_all();
}

/* Receives one, and stops. */
static void
on_receive_stop(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	record(n, data, datagram);
	ck_ok(rota_udp_receive_stop(udp));
}

LOOP_TEST(what_a_stop_leaves_of_a_batch_is_told_after_the_next_start)
{
	static const char *const texts[] = { "a", "b", "c", "d" };

	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive_stop));
	for (int i = 0; i < 4; i++)
		try_text(texts[i]);
	for (unsigned i = 0; i < 4; i++) {
		run_turns(2);
		ck_assert_uint_eq(n_got, i + 1);
		ck_got(i, texts[i]);
		ck_ok(rota_udp_receive_start(&here, NULL, on_receive_stop));
		ck_assert_uint_eq(n_got, i + 1);
	}
	close_all();
}

LOOP_TEST(what_a_stop_has_left_comes_before_what_came_since)
{
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive_stop));
	try_text("a");
	try_text("b");
	run_turns(1);
	try_text("c");
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
	run_until(&n_got, 3);
	ck_got(1, "b");
	ck_got(2, "c");
	close_all();
}

LOOP_TEST(another_handle_receives_while_one_keeps_a_batch)
{
	struct rota_udp other;

	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive_stop));
	try_text("a");
	try_text("b");
	run_turns(1);
	open_end(&other, "127.0.0.1", 0);
	ck_ok(rota_udp_receive_start(&other, NULL, on_receive));
	ck_ok(rota_udp_connect(&there, address_of(&other)));
	ck_err(rota_udp_try_send(&there, one_byte("o"), 1, NULL, NULL), 1);
	run_until(&n_got, 2);
	ck_got(1, "o");
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
	run_until(&n_got, 3);
	ck_got(2, "b");
	close_all();
}

static void
on_receive_close(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	record(n, data, datagram);
	ck_ok(rota_handle_close(&udp->handle, on_closed));
}

LOOP_TEST(a_handle_closed_while_it_receives_hears_no_more)
{
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive_close));
	try_text("a");
	try_text("b");
	run_until(&n_got, 1);
	run_turns(3);
	ck_assert_uint_eq(n_got, 1);
	ck_trace("X");
	close_all();
}

LOOP_TEST(a_handle_closed_with_a_batch_kept_drops_it)
{
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive_stop));
	try_text("a");
	try_text("b");
	run_until(&n_got, 1);
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
	ck_ok(rota_handle_close(&here.handle, on_closed));
	run_turns(3);
	ck_assert_uint_eq(n_got, 1);
	ck_trace("X");
	close_all();
}

static void
on_receive_close_there(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	(void)udp;
	record(n, data, datagram);
	if (!rota_handle_is_closing(&there.handle))
		ck_ok(rota_handle_close(&there.handle, on_closed));
}

LOOP_TEST(a_neighbour_that_is_ready_too_may_be_closed)
{
	struct sockaddr_storage from;

	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive_close_there));
	ck_ok(rota_udp_receive_start(&there, NULL, on_receive));
	ck_ok(rota_udp_local_address(&there, &from));
	ck_err(rota_udp_try_send(
		       &here, one_byte("x"), 1, (struct sockaddr *)&from, NULL),
		1);
	try_text("y");
	run_turns(3);
	ck_trace("X");
	ck_assert_uint_ge(n_got, 1);
	close_all();
}

/* Buffers of the caller ***********************************************/

static char memory[4096];
static unsigned n_asked;

static void
lend_some(struct rota_udp *udp, struct iovec *ret_buffer)
{
	(void)udp;
	n_asked++;
	memset(memory, 0, sizeof(memory));
	ret_buffer->iov_base = memory;
	ret_buffer->iov_len = 3 * 1000;
}

static void
on_receive_in_memory(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	(void)udp;
	ck_assert_uint_lt((size_t)((const char *)data - memory), 3000);
	record(n, data, datagram);
}

LOOP_TEST(a_buffer_of_the_caller_is_cut_into_datagrams)
{
	n_asked = 0;
	open_both("127.0.0.1");
	ck_ok(rota_udp_set_datagram_bytes(&here, 1000));
	ck_ok(rota_udp_receive_start(&here, lend_some, on_receive_in_memory));
	for (int i = 0; i < 5; i++)
		try_text("x");
	run_until(&n_got, 5);
	ck_assert_uint_eq(n_asked, 2);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(!!(got[i].flags & ROTA_DATAGRAM_LAST),
			i == 2 || i == 4);
	close_all();
}

LOOP_TEST(a_buffer_shorter_than_a_datagram_takes_one)
{
	n_asked = 0;
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&here, lend_some, on_receive_in_memory));
	try_text("x");
	try_text("y");
	run_until(&n_got, 2);
	ck_got(0, "x");
	ck_got(1, "y");
	ck_assert_uint_ne(got[0].flags & ROTA_DATAGRAM_LAST, 0);
	close_all();
}

LOOP_TEST(a_buffer_into_which_nothing_came_is_used_next)
{
	n_asked = 0;
	enter_world();
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&here, lend_some, on_receive_in_memory));
	world.receive_error = -EAGAIN;
	try_text("x");
	run_turns(1);
	ck_assert_uint_eq(n_got, 0);
	ck_ok(rota_udp_set_batch(&here, 1));
	run_until(&n_got, 1);
	ck_assert_uint_eq(n_asked, 1);
	close_all();
}

static void
lend_nothing(struct rota_udp *udp, struct iovec *ret_buffer)
{
	(void)udp;
	ret_buffer->iov_base = memory;
	ret_buffer->iov_len = 0;
}

static void
lend_and_stop(struct rota_udp *udp, struct iovec *ret_buffer)
{
	lend_some(udp, ret_buffer);
	ck_ok(rota_udp_receive_stop(udp));
}

static void
lend_and_close(struct rota_udp *udp, struct iovec *ret_buffer)
{
	lend_some(udp, ret_buffer);
	ck_ok(rota_handle_close(&udp->handle, on_closed));
}

LOOP_TEST(a_refused_buffer_ends_the_receiving)
{
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&here, lend_nothing, on_receive));
	try_text("x");
	run_turns(2);
	ck_assert_uint_eq(n_got, 1);
	ck_err(got[0].n, -ENOBUFS);
	ck_err(rota_udp_is_receiving(&here), 0);
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
	run_until(&n_got, 2);
	ck_got(1, "x");
	close_all();
}

LOOP_TEST(receiving_may_be_stopped_where_a_buffer_is_asked_for)
{
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&here, lend_and_stop, on_receive));
	try_text("x");
	run_turns(2);
	ck_assert_uint_eq(n_got, 0);
	ck_ok(rota_udp_receive_start(&here, lend_and_close, on_receive));
	run_until(&n_got, 1);
	run_turns(3);
	ck_assert_uint_eq(n_got, 1);
	ck_trace("X");
	close_all();
}

/* Errors of receiving *************************************************/

LOOP_TEST(a_refusal_is_told_and_receiving_goes_on)
{
	struct sockaddr_storage addr;
	const struct iovec *byte = one_byte("x");

	open_both("127.0.0.1");
	ck_ok(rota_udp_local_address(&here, &addr));
	ck_ok(rota_handle_close(&here.handle, NULL));
	run_turns(1);
	ck_ok(rota_udp_connect(&there, (struct sockaddr *)&addr));
	ck_ok(rota_udp_receive_start(&there, NULL, on_receive));
	ck_err(rota_udp_try_send(&there, byte, 1, NULL, NULL), 1);
	run_until(&n_got, 1);
	ck_err(got[0].n, -ECONNREFUSED);
	ck_err(rota_udp_is_receiving(&there), 1);
	ck_ok(rota_udp_init(loop, &here));
	ck_ok(rota_udp_bind(&here, (struct sockaddr *)&addr, 0));
	ck_ok(rota_udp_connect(&here, address_of(&there)));
	ck_err(rota_udp_try_send(&here, byte, 1, NULL, NULL), 1);
	run_until(&n_got, 2);
	ck_got(1, "x");
	close_all();
}

LOOP_TEST(passing_errors_do_not_end_the_receiving)
{
	static const int errors[] = { -ENOMEM, -ENOBUFS, -EHOSTUNREACH,
		-ECONNRESET, -EMSGSIZE };

	enter_world();
	open_both("127.0.0.1");
	try_text("x");
	for (unsigned i = 0; i < 5; i++) {
		world.receive_error = errors[i];
		run_until(&n_got, i + 1);
		ck_err(got[i].n, errors[i]);
		ck_err(rota_udp_is_receiving(&here), 1);
	}
	run_until(&n_got, 6);
	ck_got(5, "x");
	close_all();
}

LOOP_TEST(lasting_errors_end_the_receiving)
{
	static const int errors[] = { -EBADF, -ENOTSOCK, -EINVAL };

	enter_world();
	open_both("127.0.0.1");
	try_text("x");
	for (unsigned i = 0; i < 3; i++) {
		world.receive_error = errors[i];
		run_until(&n_got, i + 1);
		ck_err(got[i].n, errors[i]);
		ck_err(rota_udp_is_receiving(&here), 0);
		run_turns(2);
		ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
	}
	close_all();
}

LOOP_TEST(an_error_may_be_answered_with_close)
{
	enter_world();
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive_close));
	try_text("x");
	world.receive_error = -ENOMEM;
	run_until(&n_got, 1);
	run_turns(2);
	ck_trace("X");
	close_all();
}

/* Sending *************************************************************/

LOOP_TEST(a_send_is_never_told_inside_the_call)
{
	open_both("127.0.0.1");
	send_text(0, "x");
	ck_assert_uint_eq(n_sent, 0);
	ck_assert_uint_eq(rota_udp_queued_count(&there), 0);
	run_until(&n_sent, 1);
	ck_ok(sent_status[0]);
	run_until(&n_got, 1);
	ck_got(0, "x");
	close_all();
}

LOOP_TEST(the_first_send_makes_a_socket)
{
	const struct iovec *byte = one_byte("x");

	open_both("127.0.0.1");
	ck_ok(rota_handle_close(&there.handle, NULL));
	run_turns(1);
	ck_ok(rota_udp_init(loop, &there));
	ck_ok(rota_udp_send(
		&there, &sends[0], byte, 1, address_of(&here), on_sent));
	ck_assert_int_ge(rota_udp_fd(&there), 0);
	run_until(&n_got, 1);
	ck_assert_uint_eq(port_of((struct sockaddr *)&got[0].peer),
		port_of(address_of(&there)));
	close_all();
}

LOOP_TEST(buffers_make_one_datagram)
{
	struct iovec buffers[6] = { { (char *)"ab", 2 }, { NULL, 0 },
		{ (char *)"c", 1 }, { (char *)"d", 1 }, { (char *)"e", 1 },
		{ (char *)"f", 1 } };

	open_both("127.0.0.1");
	ck_ok(rota_udp_send(&there, &sends[0], buffers, ROTA_SEND_INLINE,
		address_of(&here), on_sent));
	ck_ok(rota_udp_send(
		&there, &sends[1], buffers, 6, address_of(&here), on_sent));
	run_until(&n_got, 2);
	ck_got(0, "abcd");
	ck_got(1, "abcdef");
	close_all();
}

/* Holds everything back, with sends of the letters of a text. */
static void
queue_letters(const char *letters)
{
	world.n_full = UINT_MAX;
	for (unsigned i = 0; letters[i] != '\0'; i++) {
		struct iovec buffer = { (char *)(uintptr_t)&letters[i], 1 };

		sends[i].request.data = (char *)(uintptr_t)&letters[i];
		ck_ok(rota_udp_send(&there, &sends[i], &buffer, 1,
			address_of(&here), on_sent));
	}
	ck_assert_uint_eq(rota_udp_queued_count(&there), strlen(letters));
	ck_assert_uint_eq(rota_udp_queued_bytes(&there), strlen(letters));
}

LOOP_TEST(what_finds_no_room_is_sent_later_in_order)
{
	enter_world();
	open_both("127.0.0.1");
	queue_letters("abcde");
	run_turns(3);
	ck_trace("");
	world.n_full = 0;
	run_until(&n_sent, 5);
	ck_trace("abcde");
	run_until(&n_got, 5);
	ck_got(0, "a");
	ck_got(4, "e");
	ck_assert_uint_eq(rota_udp_queued_count(&there), 0);
	ck_assert_uint_eq(rota_udp_queued_bytes(&there), 0);
	close_all();
}

LOOP_TEST(a_burst_that_goes_out_in_parts_keeps_its_order)
{
	enter_world();
	open_both("127.0.0.1");
	queue_letters("abcdefghijk");
	world.n_full = 0;
	world.max_sent = 3;
	run_until(&n_sent, 11);
	ck_trace("abcdefghijk");
	run_until(&n_got, 11);
	ck_got(3, "d");
	ck_got(10, "k");
	close_all();
}

LOOP_TEST(an_error_concerns_one_datagram_only)
{
	enter_world();
	open_both("127.0.0.1");
	queue_letters("abcde");
	world.n_full = 0;
	world.fail_nth = 3;
	world.send_error = -EHOSTUNREACH;
	run_until(&n_sent, 5);
	ck_trace("abcde");
	for (int i = 0; i < 5; i++)
		ck_err(sent_status[i], i == 2 ? -EHOSTUNREACH : 0);
	run_until(&n_got, 4);
	ck_got(2, "d");
	close_all();
}

LOOP_TEST(a_full_interface_drops_and_does_not_spin)
{
	enter_world();
	open_both("127.0.0.1");
	world.fail_nth = 1;
	world.send_error = -ENOBUFS;
	send_text(0, "x");
	run_until(&n_sent, 1);
	ck_err(sent_status[0], -ENOBUFS);
	ck_assert_uint_eq(world.n_sending_calls, 1);
	close_all();
}

LOOP_TEST(a_datagram_that_is_too_long_is_refused_alone)
{
	static char bytes[70000];
	struct iovec buffer = { bytes, sizeof(bytes) };

	open_both("127.0.0.1");
	ck_ok(rota_udp_send(
		&there, &sends[0], &buffer, 1, address_of(&here), on_sent));
	send_text(1, "x");
	run_until(&n_sent, 2);
	ck_err(sent_status[0], -EMSGSIZE);
	ck_ok(sent_status[1]);
	run_until(&n_got, 1);
	close_all();
}

/* Sends ten, of which as many as `data` says must wait. */
static void
send_ten(struct rota_loop *of, void *data)
{
	const unsigned *n_waiting = data;

	(void)of;
	for (unsigned i = 0; i < 10; i++)
		send_text(i, "x");
	ck_assert_uint_eq(rota_udp_queued_count(&there), *n_waiting);
}

LOOP_TEST(sends_of_one_callback_go_out_together)
{
	unsigned n_waiting = 10;

	enter_world();
	open_both("127.0.0.1");
	ck_ok(rota_post(loop, send_ten, &n_waiting));
	run_until(&n_sent, 10);
	ck_assert_uint_eq(world.n_sending_calls, 1);
	run_until(&n_got, 10);
	close_all();
}

LOOP_TEST(without_gathering_each_send_is_tried_at_once)
{
	unsigned n_waiting = 0;

	enter_world();
	open_both("127.0.0.1");
	ck_ok(rota_udp_set_gather(&there, 0));
	ck_ok(rota_post(loop, send_ten, &n_waiting));
	run_until(&n_sent, 10);
	ck_assert_uint_eq(world.n_sending_calls, 10);
	close_all();
}

LOOP_TEST(try_send_does_not_overtake)
{
	const struct iovec *byte = one_byte("x");

	enter_world();
	open_both("127.0.0.1");
	world.n_full = 1;
	ck_err(rota_udp_try_send(&there, byte, 1, address_of(&here), NULL),
		-EAGAIN);
	queue_letters("a");
	world.n_full = 0;
	ck_err(rota_udp_try_send(&there, byte, 1, address_of(&here), NULL),
		-EAGAIN);
	run_until(&n_sent, 1);
	ck_err(rota_udp_try_send(&there, byte, 1, address_of(&here), NULL), 1);
	close_all();
}

LOOP_TEST(a_queued_send_can_be_cancelled)
{
	enter_world();
	open_both("127.0.0.1");
	queue_letters("abc");
	ck_ok(rota_request_cancel(&sends[1].request));
	ck_err(rota_request_cancel(&sends[1].request), -EALREADY);
	ck_assert_uint_eq(rota_udp_queued_count(&there), 2);
	run_turns(1);
	ck_trace("b");
	ck_err(sent_status[0], -ECANCELED);
	world.n_full = 0;
	run_until(&n_sent, 3);
	ck_trace("bac");
	run_until(&n_got, 2);
	ck_got(0, "a");
	ck_got(1, "c");
	close_all();
}

LOOP_TEST(a_send_that_went_out_cannot_be_cancelled)
{
	open_both("127.0.0.1");
	send_text(0, "x");
	ck_err(rota_request_cancel(&sends[0].request), -EALREADY);
	run_until(&n_sent, 1);
	ck_ok(sent_status[0]);
	ck_err(rota_request_cancel(&sends[0].request), -EALREADY);
	close_all();
}

static void
send_and_cancel(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	for (unsigned i = 0; i < 3; i++)
		send_text(i, "x");
	for (unsigned i = 0; i < 3; i++)
		ck_ok(rota_request_cancel(&sends[i].request));
}

LOOP_TEST(gathered_sends_can_be_cancelled_in_the_same_callback)
{
	enter_world();
	open_both("127.0.0.1");
	ck_ok(rota_post(loop, send_and_cancel, NULL));
	run_until(&n_sent, 3);
	for (int i = 0; i < 3; i++)
		ck_err(sent_status[i], -ECANCELED);
	ck_assert_uint_eq(world.n_sending_calls, 0);
	run_turns(2);
	ck_assert_uint_eq(n_got, 0);
	close_all();
}

LOOP_TEST(a_send_ends_at_its_deadline)
{
	enter_world();
	open_both("127.0.0.1");
	queue_letters("ab");
	ck_ok(rota_request_set_deadline(
		&sends[0].request, 2 * ROTA_MILLISECOND));
	run_until(&n_sent, 1);
	ck_trace("a");
	ck_err(sent_status[0], -ETIMEDOUT);
	world.n_full = 0;
	run_until(&n_sent, 2);
	ck_ok(sent_status[1]);
	close_all();
}

LOOP_TEST(sends_in_flight_are_cancelled_before_the_close_callback)
{
	enter_world();
	open_both("127.0.0.1");
	queue_letters("ab");
	ck_ok(rota_handle_close(&there.handle, on_closed));
	ck_trace("");
	run_turns(1);
	ck_trace("abX");
	ck_err(sent_status[0], -ECANCELED);
	ck_err(sent_status[1], -ECANCELED);
	close_all();
}

static void
send_and_close(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	send_text(0, "x");
	ck_ok(rota_handle_close(&there.handle, on_closed));
}

LOOP_TEST(a_handle_closed_where_it_sent_cancels_that)
{
	open_both("127.0.0.1");
	ck_ok(rota_post(loop, send_and_close, NULL));
	run_until(&n_sent, 1);
	ck_err(sent_status[0], -ECANCELED);
	run_turns(2);
	ck_trace("X");
	close_all();
}

static void
on_sent_close(struct rota_send *request, int status)
{
	on_sent(request, status);
	if (!rota_handle_is_closing(&there.handle))
		ck_ok(rota_handle_close(&there.handle, on_closed));
}

LOOP_TEST(a_handle_may_be_closed_where_a_send_is_told)
{
	const struct iovec *byte = one_byte("x");

	open_both("127.0.0.1");
	for (int i = 0; i < 3; i++)
		ck_ok(rota_udp_send(&there, &sends[i], byte, 1,
			address_of(&here), on_sent_close));
	run_turns(2);
	ck_assert_uint_eq(n_sent, 3);
	ck_trace("X");
	close_all();
}

static void
on_sent_again(struct rota_send *request, int status)
{
	on_sent(request, status);
	if (n_sent < 20)
		ck_ok(rota_udp_send(&there, request, request->buffers, 1,
			address_of(&here), on_sent_again));
}

LOOP_TEST(a_request_may_be_used_again_where_it_is_told)
{
	const struct iovec *byte = one_byte("x");

	open_both("127.0.0.1");
	ck_ok(rota_udp_send(
		&there, &sends[0], byte, 1, address_of(&here), on_sent_again));
	run_until(&n_got, 20);
	ck_assert_uint_eq(n_sent, 20);
	close_all();
}

LOOP_TEST(the_peer_does_not_change_under_queued_sends)
{
	struct sockaddr_storage addr;

	enter_world();
	open_both("127.0.0.1");
	ck_ok(rota_udp_local_address(&here, &addr));
	queue_letters("a");
	ck_err(rota_udp_connect(&there, (struct sockaddr *)&addr), -EBUSY);
	world.n_full = 0;
	run_until(&n_sent, 1);
	ck_ok(rota_udp_connect(&there, (struct sockaddr *)&addr));
	world.n_full = UINT_MAX;
	ck_ok(rota_udp_send(
		&there, &sends[0], one_byte("x"), 1, NULL, on_sent));
	ck_err(rota_udp_disconnect(&there), -EBUSY);
	close_all();
}

static void
send_and_connect(struct rota_loop *of, void *data)
{
	(void)of;
	send_text(0, "x");
	ck_ok(rota_udp_connect(&there, data));
}

LOOP_TEST(gathered_sends_go_out_before_a_connect)
{
	open_both("127.0.0.1");
	ck_ok(rota_post(loop, send_and_connect,
		(void *)(uintptr_t)address("127.0.0.1", 9)));
	run_until(&n_got, 1);
	ck_got(0, "x");
	close_all();
}

/* What goes along *****************************************************/

static void
exchange_ecn(const char *text, unsigned ecn)
{
	struct rota_send_options options = ROTA_SEND_OPTIONS_INIT;
	const struct iovec *byte = one_byte("x");
	unsigned before = n_got;

	options.has_ecn = 1;
	options.ecn = ecn;
	ck_err(rota_udp_try_send(&there, byte, 1,
		       address(text, port_of(address_of(&here))), &options),
		1);
	run_until(&n_got, before + 1);
	ck_assert_uint_ne(got[before].flags & ROTA_DATAGRAM_HAS_ECN, 0);
	ck_assert_uint_eq(got[before].ecn, ecn);
}

static int
tells_ecn(void)
{
	return rota_udp_tell_ecn(&here, 1) != -ENOTSUP || harness_skip("ECN");
}

LOOP_TEST(ecn_makes_the_round_over_v4)
{
	open_both("127.0.0.1");
	if (tells_ecn())
		for (unsigned ecn = 0; ecn < 4; ecn++)
			exchange_ecn("127.0.0.1", ecn);
	close_all();
}

LOOP_TEST(ecn_makes_the_round_over_v6)
{
	if (!has_v6())
		return;
	open_both("::1");
	if (tells_ecn())
		for (unsigned ecn = 0; ecn < 4; ecn++)
			exchange_ecn("::1", ecn);
	close_all();
}

/* Whether such sockets exist, and tell this, is up to the system. */
LOOP_TEST(ecn_of_v4_is_right_on_a_v6_socket_if_it_is_told)
{
	struct rota_send_options options = ROTA_SEND_OPTIONS_INIT;
	const struct sockaddr *to;

	if (!has_v6())
		return;
	open_both("::");
	options.has_ecn = 1;
	options.ecn = ROTA_ECN_ECT0;
	to = address("::ffff:127.0.0.1", port_of(address_of(&here)));
	if (rota_udp_tell_ecn(&here, 1) == 0 &&
		rota_udp_try_send(&there, one_byte("x"), 1, to, &options) ==
			1) {
		run_until(&n_got, 1);
		if (got[0].flags & ROTA_DATAGRAM_HAS_ECN)
			ck_assert_uint_eq(got[0].ecn, ROTA_ECN_ECT0);
	}
	close_all();
}

LOOP_TEST(ecn_is_told_only_if_asked_for)
{
	open_both("127.0.0.1");
	try_text("x");
	run_until(&n_got, 1);
	ck_assert_uint_eq(got[0].flags & ROTA_DATAGRAM_HAS_ECN, 0);
	close_all();
}

static unsigned
loopback_interface(void)
{
	unsigned n = if_nametoindex("lo");

	return n > 0 ? n : if_nametoindex("lo0");
}

LOOP_TEST(packet_info_tells_address_and_interface_over_v4)
{
	open_end(&here, "0.0.0.0", 0);
	open_end(&there, "127.0.0.1", 0);
	n_got = 0;
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
	if (rota_udp_tell_packet_info(&here, 1) == 0) {
		ck_err(rota_udp_try_send(&there, one_byte("x"), 1,
			       address("127.0.0.1", port_of(address_of(&here))),
			       NULL),
			1);
		run_until(&n_got, 1);
		ck_address(&got[0].local, "127.0.0.1", 0);
		ck_assert_uint_eq(got[0].interface, loopback_interface());
	}
	close_all();
}

LOOP_TEST(packet_info_tells_address_and_interface_over_v6)
{
	if (!has_v6())
		return;
	open_both("::1");
	ck_ok(rota_udp_tell_packet_info(&here, 1));
	try_text("x");
	run_until(&n_got, 1);
	ck_address(&got[0].local, "::1", 0);
	ck_assert_uint_eq(got[0].interface, loopback_interface());
	ck_ok(rota_udp_tell_packet_info(&here, 0));
	try_text("y");
	run_until(&n_got, 2);
	ck_assert_uint_eq(got[1].interface, 0);
	close_all();
}

/* Linux has all of 127.0.0.0/8 on its loopback, others have one address. */
LOOP_TEST(a_datagram_can_be_sent_from_a_chosen_address)
{
	struct rota_send_options options = ROTA_SEND_OPTIONS_INIT;
	const struct iovec *byte = one_byte("x");
	struct sockaddr_storage from;
	struct rota_udp probe;
	int r;

	ck_ok(rota_udp_init(loop, &probe));
	r = rota_udp_bind(&probe, address("127.0.0.2", 0), 0);
	open_both("0.0.0.0");
	ck_ok(rota_address_parse("127.0.0.2", 0, &from));
	options.local = (struct sockaddr *)&from;
	if (r == 0) {
		r = rota_udp_send_with(&there, &sends[0], byte, 1,
			address("127.0.0.1", port_of(address_of(&here))),
			&options, on_sent);
		ck_ok(r);
		run_until(&n_got, 1);
		ck_address(
			&got[0].peer, "127.0.0.2", port_of(address_of(&there)));
	}
	close_all();
}

LOOP_TEST(a_datagram_can_be_sent_through_a_chosen_interface)
{
	struct rota_send_options options = ROTA_SEND_OPTIONS_INIT;
	const struct iovec *byte = one_byte("x");

	if (!has_v6())
		return;
	open_both("::1");
	options.interface = loopback_interface();
	ck_err(rota_udp_try_send(&there, byte, 1, address_of(&here), &options),
		1);
	run_until(&n_got, 1);
	options.interface = 9999;
	ck_assert_int_lt(
		rota_udp_try_send(&there, byte, 1, address_of(&here), &options),
		0);
	close_all();
}

/* Sends three and a half segments from there to here. */
static int
send_segments(void)
{
	static char bytes[3500];
	struct rota_send_options options = ROTA_SEND_OPTIONS_INIT;
	struct iovec buffer = { bytes, sizeof(bytes) };

	options.segment_bytes = 1000;
	return rota_udp_send_with(&there, &sends[0], &buffer, 1,
		address_of(&here), &options, on_sent);
}

LOOP_TEST(the_kernel_cuts_bytes_into_datagrams_where_it_can)
{
	open_both("127.0.0.1");
	if (send_segments() != -ENOTSUP) {
		run_until(&n_got, 4);
		ck_ok(sent_status[0]);
		for (int i = 0; i < 4; i++)
			ck_assert_int_eq(got[i].n, i < 3 ? 1000 : 500);
	} else {
		(void)harness_skip("segments cut by the kernel");
	}
	close_all();
}

LOOP_TEST(the_kernel_merges_datagrams_where_it_can)
{
	open_both("127.0.0.1");
	if (rota_udp_set_merge(&here, 1) != -ENOTSUP &&
		send_segments() != -ENOTSUP) {
		run_until(&n_got, 1);
		ck_assert_int_eq(got[0].n, 3500);
		ck_assert_uint_eq(got[0].segment_bytes, 1000);
	} else {
		(void)harness_skip("datagrams merged by the kernel");
	}
	close_all();
}

static int
no_segments(int fd, int level, int name, void *value, socklen_t *len)
{
	(void)fd;
	(void)name;
	(void)value;
	(void)len;
	ck_assert_int_eq(level, IPPROTO_UDP);
	return -ENOPROTOOPT;
}

LOOP_TEST(a_kernel_that_cannot_cut_is_not_trusted_with_it)
{
	enter_world();
	open_both("127.0.0.1");
	world.sys.getsockopt = no_segments;
	ck_err(send_segments(), -ENOTSUP);
	ck_err(send_segments(), -ENOTSUP);
	ck_assert_uint_eq(world.n_sending_calls, 0);
	close_all();
}

static struct rota_datagram_error last_error;
static struct sockaddr_storage last_peer;
static unsigned n_errors;

static void
on_error(struct rota_udp *udp, const struct rota_datagram_error *error)
{
	(void)udp;
	n_errors++;
	last_error = *error;
	ck_assert_ptr_nonnull(error->peer);
	memcpy(&last_peer, error->peer, sizeof(struct sockaddr_in));
}

LOOP_TEST(the_error_queue_tells_whom_an_error_is_about)
{
	uint16_t port;

	n_errors = 0;
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&there, NULL, on_receive));
	port = port_of(address_of(&here));
	if (rota_udp_tell_errors(&there, on_error) == 0) {
		ck_ok(rota_handle_close(&here.handle, NULL));
		ck_err(rota_udp_try_send(&there, one_byte("x"), 1,
			       address("127.0.0.1", port), NULL),
			1);
		run_until(&n_errors, 1);
		ck_err(last_error.error, -ECONNREFUSED);
		ck_assert_uint_eq(last_error.type, 3);
		ck_assert_uint_eq(last_error.code, 3);
		ck_address(&last_peer, "127.0.0.1", port);
		run_turns(3);
		ck_assert_uint_eq(n_errors, 1);
		ck_assert_uint_eq(n_got, 0);
		ck_ok(rota_udp_tell_errors(&there, NULL));
	}
	close_all();
}

static void
on_error_close(struct rota_udp *udp, const struct rota_datagram_error *error)
{
	(void)error;
	n_errors++;
	ck_ok(rota_handle_close(&udp->handle, on_closed));
}

LOOP_TEST(a_handle_may_be_closed_where_an_error_is_told)
{
	uint16_t port;

	n_errors = 0;
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&there, NULL, on_receive));
	port = port_of(address_of(&here));
	if (rota_udp_tell_errors(&there, on_error_close) == 0) {
		ck_ok(rota_handle_close(&here.handle, NULL));
		for (int i = 0; i < 2; i++)
			(void)rota_udp_try_send(&there, one_byte("x"), 1,
				address("127.0.0.1", port), NULL);
		run_until(&n_errors, 1);
		run_turns(2);
		ck_assert_uint_eq(n_errors, 1);
		ck_trace("X");
	}
	close_all();
}

/* Multicast and other options *****************************************/

/* Sends to the group through the loopback. Returns 0 where that cannot be. */
static int
try_group(const char *group)
{
	uint16_t port = port_of(address_of(&here));
	struct iovec byte = { (char *)"m", 1 };

	if (rota_udp_set_multicast_interface(&there, loopback_interface()) < 0)
		return 0;
	return rota_udp_try_send(
		       &there, &byte, 1, address(group, port), NULL) == 1;
}

static void
exchange_multicast(const char *any, const char *group)
{
	unsigned lo = loopback_interface();

	n_got = 0;
	open_end(&here, any, ROTA_UDP_REUSEADDR);
	open_end(&there, any, 0);
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
	ck_ok(rota_udp_set_multicast_loop(&there, 1));
	ck_ok(rota_udp_set_multicast_ttl(&there, 0));
	if (rota_udp_join(&here, address(group, 0), lo, NULL) == 0 &&
		try_group(group)) {
		run_until(&n_got, 1);
		ck_got(0, "m");
		ck_err(rota_udp_join(&here, address(group, 0), lo, NULL),
			-EADDRINUSE);
		ck_ok(rota_udp_leave(&here, address(group, 0), lo, NULL));
		ck_err(rota_udp_leave(&here, address(group, 0), lo, NULL),
			-EADDRNOTAVAIL);
		ck_err(try_group(group), 1);
		run_turns(3);
		ck_assert_uint_eq(n_got, 1);
	} else {
		(void)harness_skip("multicast over the loopback");
	}
	close_all();
}

LOOP_TEST(a_group_is_joined_and_left_over_v4)
{
	exchange_multicast("0.0.0.0", "239.1.2.3");
}

LOOP_TEST(a_group_is_joined_and_left_over_v6)
{
	if (has_v6())
		exchange_multicast("::", "ff01::1234");
}

LOOP_TEST(only_the_chosen_sender_of_a_group_is_heard)
{
	unsigned lo = loopback_interface();
	struct sockaddr_storage group;
	int r;

	n_got = 0;
	open_end(&here, "0.0.0.0", 0);
	open_end(&there, "127.0.0.1", 0);
	ck_ok(rota_address_parse("232.1.2.3", 0, &group));
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive));
	r = rota_udp_join(
		&here, (struct sockaddr *)&group, lo, address("127.0.0.9", 0));
	if (r == 0 && try_group("232.1.2.3")) {
		run_turns(3);
		ck_assert_uint_eq(n_got, 0);
		ck_ok(rota_udp_join(&here, (struct sockaddr *)&group, lo,
			address("127.0.0.1", 0)));
		ck_err(try_group("232.1.2.3"), 1);
		run_until(&n_got, 1);
		ck_ok(rota_udp_leave(&here, (struct sockaddr *)&group, lo,
			address("127.0.0.1", 0)));
	} else {
		(void)harness_skip("source-specific multicast");
	}
	close_all();
}

LOOP_TEST(a_group_must_be_one)
{
	open_end(&here, "127.0.0.1", 0);
	ck_err(rota_udp_join(&here, address("127.0.0.1", 0), 0, NULL), -EINVAL);
	ck_err(rota_udp_join(&here, NULL, 0, NULL), -EINVAL);
	ck_err(rota_udp_leave(&here, address("10.0.0.1", 0), 0, NULL), -EINVAL);
	ck_assert_int_lt(
		rota_udp_join(&here, address("239.1.2.3", 0), 9999, NULL), 0);
	ck_assert_int_lt(rota_udp_set_multicast_interface(&here, 9999), 0);
	close_all();
}

static int
option_of(const struct rota_udp *udp, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	ck_err(getsockopt(rota_udp_fd(udp), level, name, &value, &len), 0);
	/* Some systems give a byte for IPv4. */
	return len == 1 ? *(unsigned char *)&value : value;
}

LOOP_TEST(ttl_is_set_within_its_range)
{
	open_end(&here, "127.0.0.1", 0);
	ck_ok(rota_udp_set_ttl(&here, 7));
	ck_ok(rota_udp_set_multicast_ttl(&here, 8));
	ck_ok(rota_udp_set_multicast_loop(&here, 0));
	ck_err(option_of(&here, IPPROTO_IP, IP_TTL), 7);
	ck_err(option_of(&here, IPPROTO_IP, IP_MULTICAST_TTL), 8);
	ck_err(option_of(&here, IPPROTO_IP, IP_MULTICAST_LOOP), 0);
	ck_err(rota_udp_set_ttl(&here, 0), -EINVAL);
	ck_err(rota_udp_set_ttl(&here, 256), -EINVAL);
	ck_err(rota_udp_set_multicast_ttl(&here, -1), -EINVAL);
	ck_err(rota_udp_set_multicast_ttl(&here, 256), -EINVAL);
	close_all();
}

LOOP_TEST(hops_are_set_over_v6)
{
	if (!has_v6())
		return;
	open_end(&here, "::1", 0);
	ck_ok(rota_udp_set_ttl(&here, 7));
	ck_ok(rota_udp_set_multicast_ttl(&here, 0));
	ck_ok(rota_udp_set_multicast_loop(&here, 0));
	ck_err(option_of(&here, IPPROTO_IPV6, IPV6_UNICAST_HOPS), 7);
	ck_err(option_of(&here, IPPROTO_IPV6, IPV6_MULTICAST_HOPS), 0);
	ck_err(option_of(&here, IPPROTO_IPV6, IPV6_MULTICAST_LOOP), 0);
	close_all();
}

LOOP_TEST(broadcasting_must_be_allowed)
{
	const struct iovec *byte = one_byte("x");
	const struct sockaddr *all;

	open_end(&here, "127.0.0.1", 0);
	all = address("255.255.255.255", 9);
	ck_assert_int_lt(rota_udp_try_send(&here, byte, 1, all, NULL), 0);
	ck_ok(rota_udp_set_broadcast(&here, 1));
	ck_err(option_of(&here, SOL_SOCKET, SO_BROADCAST) != 0, 1);
	ck_err(rota_udp_try_send(&here, byte, 1, all, NULL) == -EACCES, 0);
	close_all();
}

LOOP_TEST(buffers_of_the_kernel_can_be_set_and_asked)
{
	open_end(&here, "127.0.0.1", 0);
	ck_ok(rota_udp_set_receive_buffer(&here, 30000));
	ck_ok(rota_udp_set_send_buffer(&here, 20000));
	ck_assert_int_ge(rota_udp_receive_buffer(&here), 30000);
	ck_assert_int_ge(rota_udp_send_buffer(&here), 20000);
	ck_err(rota_udp_set_receive_buffer(&here, 0), -EINVAL);
	ck_err(rota_udp_set_send_buffer(&here, -1), -EINVAL);
	close_all();
}

/* Memory, and many ****************************************************/

/* Runs some turns of which any may fail. */
static void
run_on(int n)
{
	while (n-- > 0) {
		(void)rota_loop_run(loop, ROTA_RUN_NOWAIT);
		ck_err(rota__loop_check(loop), 0);
	}
}

static int
send_to(const struct sockaddr_storage *addr)
{
	const struct sockaddr *to = (const struct sockaddr *)addr;
	int r = 0;

	memset(sends, 0, sizeof(sends));
	for (unsigned i = 0; i < 3 && r == 0; i++)
		r = rota_udp_send(
			&there, &sends[i], one_byte("x"), 1, to, on_sent);
	if (r == 0) {
		r = rota_request_set_deadline(&sends[0].request, ROTA_SECOND);
		r = r == -EALREADY ? 0 : r;
	}
	return r;
}

/* A short life with everything in it; 0 or the first error. */
static int
live(void)
{
	struct sockaddr_storage addr;
	int r;

	n_got = 0;
	n_sent = 0;
	ck_ok(rota_udp_init(loop, &here));
	ck_ok(rota_udp_init(loop, &there));
	r = rota_udp_bind(&here, address("127.0.0.1", 0), 0);
	if (r == 0)
		r = rota_udp_local_address(&here, &addr);
	if (r == 0)
		r = rota_udp_receive_start(&here, NULL, on_receive);
	if (r == 0)
		r = send_to(&addr);
	run_on(4);
	if (r == 0)
		r = rota_udp_connect(&there, (struct sockaddr *)&addr);
	if (r == 0)
		r = rota_udp_disconnect(&there);
	run_on(2);
	return r;
}

LOOP_TEST(every_allocation_may_fail)
{
	int r = -ENOMEM;
	unsigned n;

	for (n = 1; r < 0; n++) {
		enter_world();
		world.fail_allocation = n;
		r = live();
		ck_assert_msg(r == 0 || r == -ENOMEM, "%d", r);
		world.fail_allocation = 0;
		close_all();
	}
	ck_assert_uint_ge(n, 2);
}

/* Each call but those of the backends, with each of its errors. */
static void
live_with_faults(const char *backend, unsigned long n, unsigned variant)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	faults_reset();
	options.sys = faults_sys();
	options.backend = backend;
	ck_ok(rota_loop_create(&options, &loop));
	faults_reset();
	faults.fail_at = n;
	faults.variant = variant;
	(void)live();
	faults.fail_at = 0;
	close_all();
	close_loop();
	ck_assert_int_eq(faults.n_blocks, 0);
}

LOOP_TEST(every_system_call_may_fail)
{
	const char *backend = rota_loop_backend(loop);

	close_loop();
	for (unsigned variant = 0; variant < 4; variant++) {
		unsigned long n = 0;

		do
			live_with_faults(backend, ++n, variant);
		while (faults.n_failed > 0);
		ck_assert_uint_gt(n, 10);
	}
}

LOOP_TEST(without_memory_for_a_second_batch_receiving_ends)
{
	struct rota_udp other;

	enter_world();
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&here, NULL, on_receive_stop));
	try_text("a");
	try_text("b");
	run_turns(1);
	open_end(&other, "127.0.0.1", 0);
	ck_ok(rota_udp_receive_start(&other, NULL, on_receive));
	ck_ok(rota_udp_connect(&there, address_of(&other)));
	ck_err(rota_udp_try_send(&there, one_byte("o"), 1, NULL, NULL), 1);
	world.fail_allocation = 1;
	run_until(&n_got, 2);
	ck_err(got[1].n, -ENOMEM);
	ck_err(rota_udp_is_receiving(&other), 0);
	ck_ok(rota_udp_receive_start(&other, NULL, on_receive));
	run_until(&n_got, 3);
	ck_got(2, "o");
	close_all();
}

LOOP_TEST(no_datagram_costs_an_allocation)
{
	long n_blocks;

	open_both("127.0.0.1");
	send_text(0, "x");
	run_until(&n_got, 1);
	n_blocks = harness_n_blocks();
	for (unsigned i = 0; i < 100; i++) {
		send_text(i, "x");
		run_until(&n_got, i + 2);
	}
	ck_assert_int_eq(harness_n_blocks(), n_blocks);
	close_all();
}

/* Many: there sends bursts, each when here has got the one before. */
#define BURST 50

static unsigned n_numbers;
static unsigned numbers[BURST];
static unsigned next_expected;

static void
send_burst(void)
{
	for (unsigned i = 0; i < BURST; i++) {
		struct iovec buffer = { &numbers[i], sizeof(numbers[i]) };

		numbers[i] = n_numbers++;
		ck_ok(rota_udp_send(&there, &sends[i], &buffer, 1,
			address_of(&here), on_sent));
	}
}

static void
on_number(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	unsigned number;

	(void)udp;
	(void)datagram;
	ck_assert_int_eq(n, sizeof(number));
	memcpy(&number, data, sizeof(number));
	ck_assert_uint_eq(number, next_expected);
	next_expected++;
}

static void
post_burst(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	send_burst();
}

LOOP_TEST(many_paced_datagrams_are_all_told_at_few_calls)
{
	unsigned n = harness_scale(10000) / BURST * BURST;

	n_numbers = 0;
	next_expected = 0;
	enter_world();
	open_both("127.0.0.1");
	ck_ok(rota_udp_set_datagram_bytes(&here, 2048));
	ck_ok(rota_udp_receive_start(&here, NULL, on_number));
	while (n_numbers < n) {
		n_sent = 0;
		ck_ok(rota_post(loop, post_burst, NULL));
		run_until(&n_sent, BURST);
		run_until(&next_expected, n_numbers);
	}
	ck_assert_uint_eq(next_expected, n);
	/* 50 in bursts of 32; and received 64 at most. */
	ck_assert_uint_le(world.n_sending_calls, n / 25);
	ck_assert_uint_le(world.n_receiving_calls, n / 16);
	close_all();
}

static void
on_echo(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	struct iovec buffer = { (void *)(uintptr_t)data, 0 };

	ck_assert_int_ge(n, 0);
	buffer.iov_len = (size_t)n;
	ck_err(rota_udp_try_send(udp, &buffer, 1, datagram->peer, NULL), n);
}

LOOP_TEST(an_answer_goes_to_the_address_that_was_told)
{
	open_both("127.0.0.1");
	ck_ok(rota_udp_receive_start(&there, NULL, on_receive));
	ck_ok(rota_udp_receive_start(&here, NULL, on_echo));
	try_text("ping");
	run_until(&n_got, 1);
	ck_got(0, "ping");
	close_all();
}

static void
add_socket_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "socket");

	tcase_add_loop_test(tc, a_handle_begins_without_a_socket);
	tcase_add_loop_test(tc, bind_chooses_a_port_and_only_once);
	tcase_add_loop_test(tc, a_port_can_be_shared_if_both_say_so);
	tcase_add_loop_test(tc, an_address_can_be_shared_if_both_say_so);
	tcase_add_loop_test(tc, v6only_leaves_the_port_to_v4);
	tcase_add_loop_test(tc, open_takes_a_socket_over);
	tcase_add_loop_test(tc, a_connected_socket_taken_over_stays_connected);
	tcase_add_loop_test(tc, open_refuses_what_is_no_udp_socket);
	tcase_add_loop_test(tc, connect_fixes_the_peer_and_disconnect_frees_it);
	tcase_add_loop_test(tc, connect_may_change_the_peer);
	tcase_add_loop_test(tc, a_connected_handle_hears_its_peer_only);
	tcase_add_loop_test(tc, addresses_of_another_family_are_refused);
	tcase_add_loop_test(tc, a_report_names_socket_and_peer);
	tcase_add_loop_test(tc, receiving_and_sends_hold_the_loop);
}

static void
add_receive_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "receive");

	tcase_add_loop_test(tc, datagrams_come_in_order_with_their_sender);
	tcase_add_loop_test(tc, datagrams_come_over_v6);
	tcase_add_loop_test(tc, a_v6_socket_takes_v4_too_where_there_are_such);
	tcase_add_loop_test(tc, a_datagram_without_bytes_is_a_datagram);
	tcase_add_loop_test(
		tc, a_datagram_longer_than_the_room_is_cut_and_says_so);
	tcase_add_loop_test(tc, the_longest_datagram_comes_whole);
	tcase_add_loop_test(
		tc, a_stopped_handle_is_told_nothing_until_it_starts_again);
	tcase_add_loop_test(tc, a_turn_takes_no_more_than_its_batch);
	tcase_add_loop_test(
		tc, what_a_stop_leaves_of_a_batch_is_told_after_the_next_start);
	tcase_add_loop_test(
		tc, what_a_stop_has_left_comes_before_what_came_since);
	tcase_add_loop_test(
		tc, another_handle_receives_while_one_keeps_a_batch);
	tcase_add_loop_test(
		tc, a_handle_closed_while_it_receives_hears_no_more);
	tcase_add_loop_test(tc, a_handle_closed_with_a_batch_kept_drops_it);
	tcase_add_loop_test(tc, a_neighbour_that_is_ready_too_may_be_closed);
	tcase_add_loop_test(tc, a_buffer_of_the_caller_is_cut_into_datagrams);
	tcase_add_loop_test(tc, a_buffer_shorter_than_a_datagram_takes_one);
	tcase_add_loop_test(tc, a_buffer_into_which_nothing_came_is_used_next);
	tcase_add_loop_test(tc, a_refused_buffer_ends_the_receiving);
	tcase_add_loop_test(
		tc, receiving_may_be_stopped_where_a_buffer_is_asked_for);
	tcase_add_loop_test(tc, a_refusal_is_told_and_receiving_goes_on);
	tcase_add_loop_test(tc, passing_errors_do_not_end_the_receiving);
	tcase_add_loop_test(tc, lasting_errors_end_the_receiving);
	tcase_add_loop_test(tc, an_error_may_be_answered_with_close);
}

static void
add_send_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "send");

	tcase_add_loop_test(tc, a_send_is_never_told_inside_the_call);
	tcase_add_loop_test(tc, the_first_send_makes_a_socket);
	tcase_add_loop_test(tc, buffers_make_one_datagram);
	tcase_add_loop_test(tc, what_finds_no_room_is_sent_later_in_order);
	tcase_add_loop_test(tc, a_burst_that_goes_out_in_parts_keeps_its_order);
	tcase_add_loop_test(tc, an_error_concerns_one_datagram_only);
	tcase_add_loop_test(tc, a_full_interface_drops_and_does_not_spin);
	tcase_add_loop_test(tc, a_datagram_that_is_too_long_is_refused_alone);
	tcase_add_loop_test(tc, sends_of_one_callback_go_out_together);
	tcase_add_loop_test(tc, without_gathering_each_send_is_tried_at_once);
	tcase_add_loop_test(tc, try_send_does_not_overtake);
	tcase_add_loop_test(tc, a_queued_send_can_be_cancelled);
	tcase_add_loop_test(tc, a_send_that_went_out_cannot_be_cancelled);
	tcase_add_loop_test(
		tc, gathered_sends_can_be_cancelled_in_the_same_callback);
	tcase_add_loop_test(tc, a_send_ends_at_its_deadline);
	tcase_add_loop_test(
		tc, sends_in_flight_are_cancelled_before_the_close_callback);
	tcase_add_loop_test(tc, a_handle_closed_where_it_sent_cancels_that);
	tcase_add_loop_test(tc, a_handle_may_be_closed_where_a_send_is_told);
	tcase_add_loop_test(tc, a_request_may_be_used_again_where_it_is_told);
	tcase_add_loop_test(tc, the_peer_does_not_change_under_queued_sends);
	tcase_add_loop_test(tc, gathered_sends_go_out_before_a_connect);
	tcase_add_loop_test(tc, an_answer_goes_to_the_address_that_was_told);
}

static void
add_option_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "options");

	tcase_add_loop_test(tc, ecn_makes_the_round_over_v4);
	tcase_add_loop_test(tc, ecn_makes_the_round_over_v6);
	tcase_add_loop_test(
		tc, ecn_of_v4_is_right_on_a_v6_socket_if_it_is_told);
	tcase_add_loop_test(tc, ecn_is_told_only_if_asked_for);
	tcase_add_loop_test(
		tc, packet_info_tells_address_and_interface_over_v4);
	tcase_add_loop_test(
		tc, packet_info_tells_address_and_interface_over_v6);
	tcase_add_loop_test(tc, a_datagram_can_be_sent_from_a_chosen_address);
	tcase_add_loop_test(
		tc, a_datagram_can_be_sent_through_a_chosen_interface);
	tcase_add_loop_test(
		tc, the_kernel_cuts_bytes_into_datagrams_where_it_can);
	tcase_add_loop_test(tc, the_kernel_merges_datagrams_where_it_can);
	tcase_add_loop_test(
		tc, a_kernel_that_cannot_cut_is_not_trusted_with_it);
	tcase_add_loop_test(tc, the_error_queue_tells_whom_an_error_is_about);
	tcase_add_loop_test(tc, a_handle_may_be_closed_where_an_error_is_told);
	tcase_add_loop_test(tc, a_group_is_joined_and_left_over_v4);
	tcase_add_loop_test(tc, a_group_is_joined_and_left_over_v6);
	tcase_add_loop_test(tc, only_the_chosen_sender_of_a_group_is_heard);
	tcase_add_loop_test(tc, a_group_must_be_one);
	tcase_add_loop_test(tc, ttl_is_set_within_its_range);
	tcase_add_loop_test(tc, hops_are_set_over_v6);
	tcase_add_loop_test(tc, broadcasting_must_be_allowed);
	tcase_add_loop_test(tc, buffers_of_the_kernel_can_be_set_and_asked);
}

static void
add_cases(Suite *suite)
{
	TCase *tc;

	add_socket_cases(suite);
	add_receive_cases(suite);
	add_send_cases(suite);
	add_option_cases(suite);
	tc = harness_case(suite, "many");
	tcase_add_loop_test(tc, every_allocation_may_fail);
	tcase_add_loop_test(tc, every_system_call_may_fail);
	tcase_add_loop_test(
		tc, without_memory_for_a_second_batch_receiving_ends);
	tcase_add_loop_test(tc, no_datagram_costs_an_allocation);
	tcase_add_loop_test(tc, many_paced_datagrams_are_all_told_at_few_calls);
}

HARNESS_MAIN("udp", add_cases)
