/* SPDX-License-Identifier: MIT */
/*
 * TCP: addresses, connecting, taking over sockets, listening and accepting.
 * What is done with a connection is in check_stream.c.
 */
#include "rota/tcp.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/faults.h"
#include "tests/harness.h"
#include "tests/net.h"

#define MAX_PEERS 500

static struct rota_tcp listener;
static struct rota_tcp client;
static struct rota_connect connecting;

/* What listeners have taken. */
static struct rota_tcp servers[MAX_PEERS];
static size_t n_servers;

static void
reset(void)
{
	n_servers = 0;
}

static void
on_connect(struct rota_connect *request, int status)
{
	(void)request;
	net_trace('C', status);
}

static void
on_closed(struct rota_handle *handle)
{
	(void)handle;
	trace('X');
}

static void
take_one(struct rota_stream *from)
{
	ck_assert_uint_lt(n_servers, MAX_PEERS);
	ck_ok(rota_tcp_init(loop, &servers[n_servers]));
	ck_ok(rota_stream_accept(from, &servers[n_servers].stream));
	n_servers++;
}

static void
on_connection(struct rota_stream *stream, int status)
{
	net_trace('L', status);
	if (status == 0)
		take_one(stream);
}

static void
on_connection_wait(struct rota_stream *stream, int status)
{
	(void)stream;
	net_trace('L', status);
}

static int
count_letter(char letter)
{
	int n = 0;

	for (const char *at = trace_text(); *at != '\0'; at++)
		n += *at == letter;
	return n;
}

/* Addresses ***********************************************************/

static void
ck_text(const struct sockaddr *addr, const char *expected)
{
	char text[64];

	ck_ok(rota_address_format(addr, text, sizeof(text)));
	ck_assert_str_eq(text, expected);
}

static void
ck_round_trip(const char *text, uint16_t port, const char *expected)
{
	struct sockaddr_storage addr;

	ck_ok(rota_address_parse(text, port, &addr));
	ck_text((struct sockaddr *)&addr, expected);
}

START_TEST(an_address_is_made_of_text_and_text_of_it)
{
	ck_round_trip("127.0.0.1", 80, "127.0.0.1:80");
	ck_round_trip("255.255.255.255", 65535, "255.255.255.255:65535");
	ck_round_trip("0.0.0.0", 0, "0.0.0.0:0");
	ck_round_trip("::1", 80, "[::1]:80");
	ck_round_trip("2001:DB8::0:1", 1, "[2001:db8::1]:1");
	ck_round_trip("::", 0, "[::]:0");
}
END_TEST

START_TEST(an_address_can_name_its_interface)
{
	struct sockaddr_storage addr;
	const struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&addr;
	char name[IF_NAMESIZE];
	char text[100];

	if (if_indextoname(1, name) == NULL) {
		(void)harness_skip("an interface with number 1");
		return;
	}
	(void)snprintf(text, sizeof(text), "fe80::1%%%s", name);
	ck_ok(rota_address_parse(text, 80, &addr));
	ck_assert_int_eq(in6->sin6_family, AF_INET6);
	ck_assert_uint_eq(in6->sin6_scope_id, 1);
	ck_assert_uint_eq(ntohs(in6->sin6_port), 80);
}
END_TEST

START_TEST(text_that_is_no_address_is_refused)
{
	static const char *const bad[] = { "", "localhost", "127.0.0",
		"127.0.0.256", "127.0.0.1:80", "[::1]", "::1::", " 127.0.0.1",
		"fe80::1%", "fe80::1%no-such-interface", "1.2.3.4.5", "%1" };
	struct sockaddr_storage addr, before;

	memset(&addr, 0x5a, sizeof(addr));
	before = addr;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_err(rota_address_parse(bad[i], 80, &addr), -EINVAL);
	ck_err(rota_address_parse(NULL, 80, &addr), -EINVAL);
	ck_err(rota_address_parse("127.0.0.1", 80, NULL), -EINVAL);
	ck_assert_mem_eq(&addr, &before, sizeof(addr));
}
END_TEST

START_TEST(an_address_is_not_written_beyond_the_room_for_it)
{
	struct sockaddr other = { .sa_family = AF_UNIX };
	size_t len = strlen("127.0.0.1:1");
	char text[64] = "";

	ck_err(rota_address_format(net_loopback(1), text, len), -ENOSPC);
	ck_ok(rota_address_format(net_loopback(1), text, len + 1));
	ck_assert_str_eq(text, "127.0.0.1:1");
	ck_err(rota_address_format(net_loopback(1), text, 0), -ENOSPC);
	ck_err(rota_address_format(NULL, text, sizeof(text)), -EINVAL);
	ck_err(rota_address_format(net_loopback(1), NULL, 64), -EINVAL);
	ck_err(rota_address_format(&other, text, sizeof(text)), -EAFNOSUPPORT);
}
END_TEST

/* Connecting **********************************************************/

static void
ck_same_port(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	char texts[2][64];

	ck_ok(rota_address_format(
		(const struct sockaddr *)a, texts[0], sizeof(texts[0])));
	ck_ok(rota_address_format(
		(const struct sockaddr *)b, texts[1], sizeof(texts[1])));
	ck_assert_str_eq(texts[0], texts[1]);
}

/* Connects `client` to `listener`, looks at both ends, and ends. */
static void
meet(void)
{
	struct sockaddr_storage ours, theirs;

	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(
		&client, &connecting, net_address_of(&listener), on_connect));
	ck_trace("");
	net_run_until_traced(2);
	ck_assert_int_eq(count_letter('C'), 1);
	ck_assert_int_eq(count_letter('L'), 1);
	ck_ok(rota_tcp_local_address(&client, &ours));
	ck_ok(rota_tcp_peer_address(&servers[0], &theirs));
	ck_same_port(&ours, &theirs);
	ck_ok(rota_tcp_peer_address(&client, &ours));
	ck_ok(rota_tcp_local_address(&servers[0], &theirs));
	ck_same_port(&ours, &theirs);
	close_all();
}

LOOP_TEST(a_client_and_a_listener_meet_over_ipv4)
{
	net_listen(&listener, on_connection);
	meet();
}

static const struct sockaddr *
loopback6(uint16_t port)
{
	static struct sockaddr_storage addr;

	ck_ok(rota_address_parse("::1", port, &addr));
	return (const struct sockaddr *)&addr;
}

/* Asks the system itself, so that only its lack of IPv6 skips a test. */
static int
has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	int has;

	if (fd < 0)
		return harness_skip("IPv6");
	has = bind(fd, loopback6(0), sizeof(struct sockaddr_in6)) == 0;
	ck_assert_int_eq(close(fd), 0);
	return has || harness_skip("an IPv6 loopback");
}

LOOP_TEST(a_client_and_a_listener_meet_over_ipv6)
{
	if (!has_ipv6())
		return;
	ck_ok(rota_tcp_init(loop, &listener));
	ck_ok(rota_tcp_bind(&listener, loopback6(0), 0));
	ck_ok(rota_stream_listen(&listener.stream, 10, on_connection));
	meet();
}

static int
refuse_dual_stack(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY &&
		*(const int *)value == 0)
		return -EINVAL;
	return rota__sys_real.setsockopt(fd, level, name, value, len);
}

/* As OpenBSD does. */
LOOP_TEST(a_system_without_mixed_sockets_can_still_bind_to_ipv6)
{
	struct rota_sys sys = rota__sys_real;

	if (!has_ipv6())
		return;
	sys.setsockopt = refuse_dual_stack;
	net_use(&sys, 0);
	ck_ok(rota_tcp_init(loop, &listener));
	ck_ok(rota_tcp_bind(&listener, loopback6(0), 0));
	close_all();
	close_loop();
}

LOOP_TEST(a_listener_for_ipv6_only_is_not_reached_over_ipv4)
{
	struct sockaddr_storage any;
	uint16_t port;

	if (!has_ipv6())
		return;
	ck_ok(rota_address_parse("::", 0, &any));
	ck_ok(rota_tcp_init(loop, &listener));
	ck_ok(rota_tcp_bind(
		&listener, (struct sockaddr *)&any, ROTA_TCP_V6ONLY));
	ck_ok(rota_stream_listen(&listener.stream, 10, on_connection));
	port = ntohs(((const struct sockaddr_in6 *)net_address_of(&listener))
			     ->sin6_port);
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(
		&client, &connecting, net_loopback(port), on_connect));
	net_run_until_traced(2);
	ck_trace("Cf");
	close_all();
}

LOOP_TEST(a_refused_connect_is_told_in_a_later_phase)
{
	uint16_t port;
	int fd = net_take_port(&port);

	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(
		&client, &connecting, net_loopback(port), on_connect));
	ck_trace("");
	run_to_the_end();
	ck_trace("Cf");
	ck_err(rota_stream_fd(&client.stream), -1);
	close_all();
	ck_assert_int_eq(close(fd), 0);
}

static int
connect_refused_at_once(int fd, const struct sockaddr *addr, socklen_t len)
{
	(void)fd;
	(void)addr;
	(void)len;
	return -ECONNREFUSED;
}

static int
connect_at_once(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct pollfd wanted = { .fd = fd, .events = POLLOUT };
	int r = rota__sys_real.connect(fd, addr, len);

	if (r == -EINPROGRESS)
		r = poll(&wanted, 1, -1) == 1 ? 0 : -errno;
	return r;
}

/* As FreeBSD's connect(2) does on the loopback. */
LOOP_TEST(a_connect_refused_at_once_is_told_in_a_later_phase)
{
	struct rota_sys sys = rota__sys_real;

	sys.connect = connect_refused_at_once;
	net_use(&sys, 0);
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(
		&client, &connecting, net_loopback(1), on_connect));
	ck_trace("");
	run_to_the_end();
	ck_trace("Cf");
	close_all();
	close_loop();
}

LOOP_TEST(a_connect_that_succeeds_at_once_is_told_in_a_later_phase)
{
	struct rota_sys sys = rota__sys_real;

	sys.connect = connect_at_once;
	net_use(&sys, 0);
	net_listen(&listener, on_connection_wait);
	ck_ok(rota_handle_unref(&listener.stream.handle));
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(
		&client, &connecting, net_address_of(&listener), on_connect));
	ck_trace("");
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_int_eq(count_letter('C'), 1);
	close_all();
	close_loop();
}

/* A listener whose backlog is full ***/

static void
connect_in_vain(rota_connect_fn *fn)
{
	net_open_full();
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(&client, &connecting, net_full(), fn));
}

LOOP_TEST(a_connect_ends_at_its_deadline_and_not_before)
{
	uint64_t begun_ns;

	connect_in_vain(on_connect);
	begun_ns = harness_true_ns();
	ck_ok(rota_request_set_deadline(
		&connecting.request, 20 * ROTA_MILLISECOND));
	run_to_the_end();
	ck_trace("Ct");
	ck_assert_uint_ge(harness_true_ns() - begun_ns, 20 * ROTA_MILLISECOND);
	close_all();
	net_close_full();
}

LOOP_TEST(a_connect_without_its_deadline_goes_on)
{
	connect_in_vain(on_connect);
	ck_ok(rota_request_set_deadline(
		&connecting.request, 5 * ROTA_MILLISECOND));
	ck_ok(rota_request_set_deadline(&connecting.request, ROTA_FOREVER));
	net_run_for(20 * ROTA_MILLISECOND);
	ck_trace("");
	close_all();
	ck_trace("Cc");
	net_close_full();
}

LOOP_TEST(a_connect_that_is_cancelled_is_told_later_and_once)
{
	connect_in_vain(on_connect);
	ck_ok(rota_request_cancel(&connecting.request));
	ck_trace("");
	ck_err(rota_request_cancel(&connecting.request), -EALREADY);
	ck_err(rota_request_set_deadline(&connecting.request, 1), -EALREADY);
	run_to_the_end();
	ck_trace("Cc");
	ck_err(rota_request_cancel(&connecting.request), -EALREADY);
	close_all();
	net_close_full();
}

LOOP_TEST(closing_tells_a_connect_before_the_close_callback)
{
	connect_in_vain(on_connect);
	ck_ok(rota_handle_close(&client.stream.handle, on_closed));
	ck_trace("");
	run_to_the_end();
	ck_trace("CcX");
	net_close_full();
}

LOOP_TEST(a_connect_that_is_not_referenced_does_not_hold_the_loop)
{
	connect_in_vain(on_connect);
	ck_ok(rota_request_unref(&connecting.request));
	ck_ok(rota_handle_unref(&client.stream.handle));
	run_to_the_end();
	ck_trace("");
	close_all();
	net_close_full();
}

static void
on_connect_again(struct rota_connect *request, int status)
{
	net_trace('C', status);
	ck_ok(rota_tcp_connect(
		&client, request, net_address_of(&listener), on_connect));
}

LOOP_TEST(a_handle_may_connect_again_in_the_callback_of_its_failure)
{
	uint16_t port;
	int fd = net_take_port(&port);

	net_listen(&listener, on_connection);
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(
		&client, &connecting, net_loopback(port), on_connect_again));
	net_run_until_traced(4);
	ck_assert_int_eq(strncmp(trace_text(), "Cf", 2), 0);
	ck_assert_int_eq(count_letter('C'), 2);
	ck_assert_int_eq(count_letter('L'), 1);
	close_all();
	ck_assert_int_eq(close(fd), 0);
}

LOOP_TEST(a_handle_may_connect_again_after_a_cancel)
{
	connect_in_vain(on_connect_again);
	net_listen(&listener, on_connection);
	ck_ok(rota_request_cancel(&connecting.request));
	net_run_until_traced(4);
	ck_assert_int_eq(strncmp(trace_text(), "Cc", 2), 0);
	ck_assert_int_eq(count_letter('C'), 2);
	close_all();
	net_close_full();
}

LOOP_TEST(a_second_connect_is_refused)
{
	struct rota_connect second;

	net_listen(&listener, on_connection);
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(
		&client, &connecting, net_address_of(&listener), on_connect));
	ck_err(rota_tcp_connect(
		       &client, &second, net_address_of(&listener), on_connect),
		-EALREADY);
	net_run_until_traced(2);
	ck_err(rota_tcp_connect(
		       &client, &second, net_address_of(&listener), on_connect),
		-EISCONN);
	ck_err(rota_tcp_connect(&listener, &second, net_address_of(&listener),
		       on_connect),
		-EISCONN);
	ck_assert_int_eq(count_letter('C'), 1);
	close_all();
}

LOOP_TEST(connect_refuses_bad_arguments)
{
	struct sockaddr other = { .sa_family = AF_UNIX };
	const struct sockaddr *addr = net_loopback(1);

	ck_ok(rota_tcp_init(loop, &client));
	ck_err(rota_tcp_connect(NULL, &connecting, addr, on_connect), -EINVAL);
	ck_err(rota_tcp_connect(&client, NULL, addr, on_connect), -EINVAL);
	ck_err(rota_tcp_connect(&client, &connecting, NULL, on_connect),
		-EINVAL);
	ck_err(rota_tcp_connect(&client, &connecting, addr, NULL), -EINVAL);
	ck_err(rota_tcp_connect(&client, &connecting, &other, on_connect),
		-EAFNOSUPPORT);
	ck_err(rota_stream_fd(&client.stream), -1);
	ck_ok(rota_handle_close(&client.stream.handle, NULL));
	ck_err(rota_tcp_connect(&client, &connecting, addr, on_connect),
		-EINVAL);
	run_to_the_end();
	ck_trace("");
}

/* Queued before the connect has ended *********************************/

static struct rota_write writes[3];
static struct rota_shutdown ending;

static void
on_write(struct rota_write *request, int status)
{
	(void)request;
	net_trace('W', status);
}

static void
on_shutdown(struct rota_shutdown *request, int status)
{
	(void)request;
	net_trace('S', status);
}

static void
on_read_error(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	(void)data;
	if (n < 0)
		net_trace('R', (int)n);
	else
		trace('R');
}

static void
queue_all(struct rota_tcp *tcp)
{
	static const char *const texts[] = { "one", "two", "three" };

	for (int i = 0; i < 3; i++) {
		struct iovec buffer = { (void *)(uintptr_t)texts[i],
			strlen(texts[i]) };

		ck_ok(rota_stream_write(
			&tcp->stream, &writes[i], &buffer, 1, on_write));
	}
	ck_ok(rota_stream_shutdown(&tcp->stream, &ending, on_shutdown));
}

/* Connects to a socket of ours, on which nobody has accepted yet. */
static int
connect_to_socket(rota_connect_fn *fn)
{
	uint16_t port;
	int fd = net_take_port(&port);

	ck_assert_int_eq(listen(fd, 10), 0);
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(&client, &connecting, net_loopback(port), fn));
	return fd;
}

LOOP_TEST(what_is_queued_before_the_connect_ends_goes_out_after_it)
{
	int listening = connect_to_socket(on_connect);
	int fd;

	queue_all(&client);
	ck_assert_uint_eq(rota_stream_queued_bytes(&client.stream), 11);
	ck_trace("");
	run_to_the_end();
	ck_trace("CWWWS");
	fd = accept(listening, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	net_expect(fd, "onetwothree");
	net_expect_end(fd);
	close_all();
	harness_close_pair((int[2]){ fd, listening });
}

LOOP_TEST(reading_started_before_the_connect_ends_waits_for_it)
{
	int listening = connect_to_socket(on_connect);
	int fd;

	ck_ok(rota_stream_read_start(&client.stream, NULL, on_read_error));
	fd = accept(listening, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	harness_put(fd, 'x');
	net_run_until_traced(2);
	ck_trace("CR");
	ck_assert_int_eq(close(fd), 0);
	run_to_the_end();
	ck_trace("CRRe");
	close_all();
	ck_assert_int_eq(close(listening), 0);
}

LOOP_TEST(reading_ends_silently_when_the_connect_fails)
{
	uint16_t port;
	int fd = net_take_port(&port);

	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(
		&client, &connecting, net_loopback(port), on_connect));
	ck_ok(rota_stream_read_start(&client.stream, NULL, on_read_error));
	run_to_the_end();
	ck_trace("Cf");
	ck_err(rota_stream_is_reading(&client.stream), 0);
	close_all();
	ck_assert_int_eq(close(fd), 0);
}

LOOP_TEST(what_is_queued_fails_with_the_connect)
{
	uint16_t port;
	int fd = net_take_port(&port);

	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(
		&client, &connecting, net_loopback(port), on_connect));
	queue_all(&client);
	ck_trace("");
	run_to_the_end();
	ck_trace("CfWfWfWfSf");
	close_all();
	ck_assert_int_eq(close(fd), 0);
}

LOOP_TEST(what_is_queued_ends_with_the_deadline_of_the_connect)
{
	connect_in_vain(on_connect);
	queue_all(&client);
	ck_ok(rota_request_set_deadline(
		&connecting.request, 5 * ROTA_MILLISECOND));
	run_to_the_end();
	ck_trace("CtWtWtWtSt");
	close_all();
	net_close_full();
}

LOOP_TEST(a_write_taken_back_before_the_connect_ends_is_not_sent)
{
	int listening = connect_to_socket(on_connect);
	int fd;

	queue_all(&client);
	ck_ok(rota_request_cancel(&writes[1].request));
	ck_assert_uint_eq(rota_stream_queued_bytes(&client.stream), 8);
	run_to_the_end();
	ck_assert_int_eq(count_letter('W'), 3);
	ck_assert_int_eq(count_letter('c'), 1);
	fd = accept(listening, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	net_expect(fd, "onethree");
	net_expect_end(fd);
	close_all();
	harness_close_pair((int[2]){ fd, listening });
}

LOOP_TEST(a_write_taken_back_is_told_before_a_connect_that_goes_on)
{
	connect_in_vain(on_connect);
	queue_all(&client);
	ck_ok(rota_request_cancel(&writes[0].request));
	ck_ok(rota_request_cancel(&writes[2].request));
	net_run_for(5 * ROTA_MILLISECOND);
	ck_trace("WcWc");
	ck_ok(rota_request_cancel(&connecting.request));
	run_to_the_end();
	ck_trace("WcWcCcWcSc");
	close_all();
	net_close_full();
}

static void
on_connect_close(struct rota_connect *request, int status)
{
	on_connect(request, status);
	ck_ok(rota_handle_close(&client.stream.handle, on_closed));
}

LOOP_TEST(a_stream_may_be_closed_in_its_connect_callback)
{
	int listening = connect_to_socket(on_connect_close);

	ck_ok(rota_stream_read_start(&client.stream, NULL, on_read_error));
	run_to_the_end();
	ck_trace("CX");
	ck_assert_int_eq(close(listening), 0);
}

LOOP_TEST(writes_end_before_the_close_of_the_connect_callback)
{
	uint16_t port;
	int fd = net_take_port(&port);

	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(
		&client, &connecting, net_loopback(port), on_connect_close));
	queue_all(&client);
	run_to_the_end();
	ck_trace("CfWfWfWfSfX");
	ck_assert_int_eq(close(fd), 0);
}

/* Binding and addresses of handles ************************************/

LOOP_TEST(a_bound_client_connects_from_its_port)
{
	struct sockaddr_storage bound, seen;

	net_listen(&listener, on_connection);
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_bind(&client, net_loopback(0), 0));
	ck_ok(rota_tcp_local_address(&client, &bound));
	ck_ok(rota_tcp_connect(
		&client, &connecting, net_address_of(&listener), on_connect));
	net_run_until_traced(2);
	ck_ok(rota_tcp_peer_address(&servers[0], &seen));
	ck_same_port(&bound, &seen);
	close_all();
}

LOOP_TEST(a_refused_bind_leaves_the_handle_as_it_was)
{
	struct sockaddr other = { .sa_family = AF_UNIX };

	net_listen(&listener, on_connection);
	ck_ok(rota_tcp_init(loop, &client));
	ck_err(rota_tcp_bind(&client, net_address_of(&listener), 0),
		-EADDRINUSE);
	ck_err(rota_tcp_bind(&client, net_loopback(0), 1u << 31), -EINVAL);
	ck_err(rota_tcp_bind(&client, &other, 0), -EAFNOSUPPORT);
	ck_err(rota_tcp_bind(&client, NULL, 0), -EINVAL);
	ck_err(rota_tcp_bind(NULL, net_loopback(0), 0), -EINVAL);
	ck_err(rota_stream_fd(&client.stream), -1);
	ck_ok(rota_tcp_bind(&client, net_loopback(0), 0));
	ck_err(rota_tcp_bind(&client, net_loopback(0), 0), -EINVAL);
	close_all();
}

LOOP_TEST(a_port_can_be_listened_on_again_at_once)
{
	struct sockaddr_storage addr;
	int fd;

	net_listen(&listener, on_connection);
	ck_ok(rota_tcp_local_address(&listener, &addr));
	fd = net_knock(&listener);
	net_run_until_traced(1);
	close_all();
	net_expect_end(fd);
	ck_assert_int_eq(close(fd), 0);
	ck_ok(rota_tcp_init(loop, &listener));
	ck_ok(rota_tcp_bind(&listener, (struct sockaddr *)&addr, 0));
	ck_ok(rota_stream_listen(&listener.stream, 10, on_connection));
	close_all();
}

LOOP_TEST(two_listeners_may_share_a_port)
{
	static struct rota_tcp second;
	int r;

	ck_ok(rota_tcp_init(loop, &listener));
	r = rota_tcp_bind(&listener, net_loopback(0), ROTA_TCP_REUSEPORT);
	if (r != -ENOTSUP) {
		ck_ok(r);
		ck_ok(rota_stream_listen(&listener.stream, 10, on_connection));
		ck_ok(rota_tcp_init(loop, &second));
		ck_ok(rota_tcp_bind(&second, net_address_of(&listener),
			ROTA_TCP_REUSEPORT));
		ck_ok(rota_stream_listen(&second.stream, 10, on_connection));
	}
	close_all();
}

LOOP_TEST(a_handle_without_a_peer_has_no_address_of_one)
{
	struct sockaddr_storage addr, before;

	memset(&addr, 0x5a, sizeof(addr));
	before = addr;
	ck_ok(rota_tcp_init(loop, &client));
	ck_err(rota_tcp_local_address(&client, &addr), -ENOTCONN);
	ck_err(rota_tcp_peer_address(&client, &addr), -ENOTCONN);
	ck_ok(rota_tcp_bind(&client, net_loopback(0), 0));
	ck_err(rota_tcp_peer_address(&client, &addr), -ENOTCONN);
	ck_err(rota_tcp_local_address(&client, NULL), -EINVAL);
	ck_err(rota_tcp_peer_address(NULL, &addr), -EINVAL);
	ck_assert_mem_eq(&addr, &before, sizeof(addr));
	close_all();
}

static int
nodelay_of(const struct rota_tcp *tcp)
{
	int on = -1;
	socklen_t len = sizeof(on);

	ck_assert_int_eq(getsockopt(rota_stream_fd(&tcp->stream), IPPROTO_TCP,
				 TCP_NODELAY, &on, &len),
		0);
	return on != 0;
}

LOOP_TEST(nodelay_can_be_turned_on_and_off)
{
	int peer;

	ck_ok(rota_tcp_init(loop, &client));
	ck_err(rota_tcp_set_nodelay(&client, 1), -ENOTCONN);
	ck_err(rota_tcp_set_nodelay(NULL, 1), -EINVAL);
	close_all();
	peer = net_open(&client);
	ck_ok(rota_tcp_set_nodelay(&client, 1));
	ck_assert_int_eq(nodelay_of(&client), 1);
	ck_ok(rota_tcp_set_nodelay(&client, 0));
	ck_assert_int_eq(nodelay_of(&client), 0);
	close_all();
	ck_assert_int_eq(close(peer), 0);
}

/* Taking over sockets *************************************************/

LOOP_TEST(sockets_of_rota_do_not_block_and_are_closed_on_exec)
{
	net_listen(&listener, on_connection);
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_connect(
		&client, &connecting, net_address_of(&listener), on_connect));
	net_run_until_traced(2);
	net_expect_prepared(rota_stream_fd(&listener.stream));
	net_expect_prepared(rota_stream_fd(&client.stream));
	net_expect_prepared(rota_stream_fd(&servers[0].stream));
	close_all();
}

LOOP_TEST(a_connected_socket_can_be_taken_over)
{
	int fds[2];

	harness_tcp_pair(fds);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, 0), 0);
	ck_assert_int_eq(fcntl(fds[0], F_SETFD, 0), 0);
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_open(&client, fds[0]));
	ck_err(rota_stream_fd(&client.stream), fds[0]);
	net_expect_prepared(fds[0]);
	ck_ok(rota_stream_read_start(&client.stream, NULL, on_read_error));
	queue_all(&client);
	harness_put(fds[1], 'x');
	net_run_until_traced(5);
	ck_assert_int_eq(count_letter('R'), 1);
	net_expect(fds[1], "onetwothree");
	close_all();
	ck_assert_int_eq(close(fds[1]), 0);
}

LOOP_TEST(a_listening_socket_can_be_taken_over)
{
	uint16_t port;
	int listening = net_take_port(&port);
	int fd;

	ck_assert_int_eq(listen(listening, 10), 0);
	ck_ok(rota_tcp_init(loop, &listener));
	ck_ok(rota_tcp_open(&listener, listening));
	net_expect_prepared(listening);
	ck_ok(rota_stream_listen(&listener.stream, 10, on_connection));
	fd = net_knock(&listener);
	net_run_until_traced(1);
	ck_trace("L");
	close_all();
	ck_assert_int_eq(close(fd), 0);
}

LOOP_TEST(a_descriptor_that_is_no_stream_socket_stays_the_programs)
{
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int fds[2];

	harness_pipe(fds);
	ck_ok(rota_tcp_init(loop, &client));
	ck_err(rota_tcp_open(&client, fds[0]), -ENOTSOCK);
	ck_err(rota_tcp_open(&client, udp), -EINVAL);
	ck_err(rota_tcp_open(&client, -1), -EBADF);
	ck_err(rota_stream_fd(&client.stream), -1);
	ck_assert_int_eq(fcntl(udp, F_GETFL) & O_NONBLOCK, 0);
	close_all();
	harness_close_pair(fds);
	ck_assert_int_eq(close(udp), 0);
	ck_ok(rota_tcp_init(loop, &client));
	ck_err(rota_tcp_open(&client, udp), -EBADF);
	close_all();
}

LOOP_TEST(a_handle_takes_over_one_socket_only)
{
	int peer = net_open(&client);
	int fds[2];

	harness_tcp_pair(fds);
	ck_err(rota_tcp_open(&client, fds[0]), -EINVAL);
	ck_err(rota_tcp_open(NULL, fds[0]), -EINVAL);
	ck_ok(rota_handle_close(&client.stream.handle, NULL));
	ck_err(rota_tcp_open(&client, fds[0]), -EINVAL);
	run_to_the_end();
	ck_err(rota_tcp_open(&client, fds[0]), -EINVAL);
	harness_close_pair(fds);
	ck_assert_int_eq(close(peer), 0);
}

/* Accepting ***********************************************************/

static int knocked[20];
static unsigned n_knocked;

static void
knock(unsigned n)
{
	n_knocked = 0;
	while (n_knocked < n)
		knocked[n_knocked++] = net_knock(&listener);
}

static void
close_knocked(void)
{
	while (n_knocked > 0)
		ck_assert_int_eq(close(knocked[--n_knocked]), 0);
}

static unsigned n_turns;

static void
on_prepare(struct rota_hook *hook)
{
	(void)hook;
	n_turns++;
}

static void
start_counting_turns(struct rota_hook *prepare)
{
	n_turns = 0;
	ck_ok(rota_prepare_init(loop, prepare));
	ck_ok(rota_hook_start(prepare, on_prepare));
}

LOOP_TEST(a_connection_not_taken_stops_the_listener_until_it_is)
{
	net_listen(&listener, on_connection_wait);
	knock(3);
	net_run_until_traced(1);
	net_run_for(20 * ROTA_MILLISECOND);
	ck_trace("L");
	take_one(&listener.stream);
	net_run_until_traced(2);
	take_one(&listener.stream);
	net_run_until_traced(3);
	take_one(&listener.stream);
	net_run_for(5 * ROTA_MILLISECOND);
	ck_trace("LLL");
	close_all();
	close_knocked();
}

LOOP_TEST(a_listener_that_is_stopped_does_not_spin)
{
	struct rota_hook prepare;

	net_listen(&listener, on_connection_wait);
	knock(3);
	net_run_until_traced(1);
	start_counting_turns(&prepare);
	net_run_for(50 * ROTA_MILLISECOND);
	ck_trace("L");
	ck_assert_uint_le(n_turns, 5);
	close_all();
	close_knocked();
}

LOOP_TEST(accept_refuses_bad_arguments)
{
	struct rota_loop *other = harness_make_loop();
	static struct rota_tcp foreign;

	net_listen(&listener, on_connection_wait);
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_init(other, &foreign));
	ck_err(rota_stream_accept(&listener.stream, &client.stream), -EAGAIN);
	knock(1);
	net_run_until_traced(1);
	ck_err(rota_stream_accept(NULL, &client.stream), -EINVAL);
	ck_err(rota_stream_accept(&listener.stream, NULL), -EINVAL);
	ck_err(rota_stream_accept(&client.stream, &client.stream), -EINVAL);
	ck_err(rota_stream_accept(&listener.stream, &listener.stream), -EINVAL);
	ck_err(rota_stream_accept(&listener.stream, &foreign.stream), -EINVAL);
	ck_ok(rota_stream_accept(&listener.stream, &client.stream));
	ck_err(rota_stream_accept(&listener.stream, &client.stream), -EINVAL);
	ck_ok(rota_handle_close(&client.stream.handle, NULL));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_ok(rota_tcp_init(loop, &client));
	ck_err(rota_stream_accept(&listener.stream, &client.stream), -EAGAIN);
	close_all();
	close_all_of(other);
	ck_ok(rota_loop_close(other));
	close_knocked();
}

LOOP_TEST(listen_refuses_bad_arguments)
{
	int peer = net_open(&client);

	ck_ok(rota_tcp_init(loop, &listener));
	ck_ok(rota_tcp_bind(&listener, net_loopback(0), 0));
	ck_err(rota_stream_listen(NULL, 1, on_connection), -EINVAL);
	ck_err(rota_stream_listen(&listener.stream, 0, on_connection), -EINVAL);
	ck_err(rota_stream_listen(&listener.stream, 1, NULL), -EINVAL);
	ck_err(rota_stream_listen(&client.stream, 1, on_connection), -EINVAL);
	ck_err(rota_handle_is_active(&listener.stream.handle), 0);
	ck_ok(rota_handle_close(&listener.stream.handle, NULL));
	ck_err(rota_stream_listen(&listener.stream, 1, on_connection), -EINVAL);
	close_all();
	ck_assert_int_eq(close(peer), 0);
}

LOOP_TEST(a_listener_is_no_stream_of_bytes)
{
	struct iovec buffer = { (void *)(uintptr_t) "x", 1 };

	net_listen(&listener, on_connection);
	ck_err(rota_stream_read_start(&listener.stream, NULL, on_read_error),
		-ENOTCONN);
	ck_err(rota_stream_write(
		       &listener.stream, &writes[0], &buffer, 1, on_write),
		-ENOTCONN);
	ck_err(rota_stream_try_write(&listener.stream, &buffer, 1), -ENOTCONN);
	ck_err(rota_stream_shutdown(&listener.stream, &ending, on_shutdown),
		-ENOTCONN);
	close_all();
}

LOOP_TEST(a_listener_takes_no_more_per_turn_than_the_loop_allows)
{
	net_use(NULL, 3);
	net_listen(&listener, on_connection);
	knock(8);
	(void)run_once_checked(ROTA_RUN_ONCE);
	ck_trace("LLL");
	(void)run_once_checked(ROTA_RUN_ONCE);
	ck_trace("LLLLLL");
	(void)run_once_checked(ROTA_RUN_ONCE);
	ck_trace("LLLLLLLL");
	close_all();
	close_knocked();
	close_loop();
}

static void
on_connection_other(struct rota_stream *stream, int status)
{
	net_trace('O', status);
	take_one(stream);
}

LOOP_TEST(listening_again_changes_the_callback)
{
	net_listen(&listener, on_connection);
	knock(1);
	ck_ok(rota_stream_listen(&listener.stream, 10, on_connection_other));
	net_run_until_traced(1);
	ck_trace("O");
	close_all();
	close_knocked();
}

LOOP_TEST(listening_again_keeps_a_connection_that_waits)
{
	net_listen(&listener, on_connection_wait);
	knock(2);
	net_run_until_traced(1);
	ck_ok(rota_stream_listen(&listener.stream, 10, on_connection_other));
	take_one(&listener.stream);
	net_run_until_traced(2);
	ck_trace("LO");
	close_all();
	close_knocked();
}

LOOP_TEST(a_listener_that_is_not_referenced_does_not_hold_the_loop)
{
	net_listen(&listener, on_connection);
	ck_err(rota_loop_alive(loop), 1);
	ck_ok(rota_handle_unref(&listener.stream.handle));
	run_to_the_end();
	close_all();
}

LOOP_TEST(closing_a_listener_closes_the_connection_that_waits)
{
	net_listen(&listener, on_connection_wait);
	knock(1);
	net_run_until_traced(1);
	ck_ok(rota_handle_close(&listener.stream.handle, on_closed));
	net_expect_end(knocked[0]);
	run_to_the_end();
	ck_trace("LX");
	close_knocked();
}

static void
on_connection_close(struct rota_stream *stream, int status)
{
	on_connection(stream, status);
	ck_ok(rota_handle_close(&stream->handle, on_closed));
}

LOOP_TEST(a_listener_closed_in_its_callback_tells_no_more)
{
	net_listen(&listener, on_connection_close);
	knock(3);
	net_run_until_traced(2);
	ck_trace("LX");
	close_all();
	ck_trace("LX");
	close_knocked();
}

static void
on_connection_close_untaken(struct rota_stream *stream, int status)
{
	net_trace('L', status);
	ck_ok(rota_handle_close(&stream->handle, on_closed));
}

LOOP_TEST(a_listener_may_be_closed_without_taking_in_its_callback)
{
	net_listen(&listener, on_connection_close_untaken);
	knock(1);
	run_to_the_end();
	ck_trace("LX");
	net_expect_end(knocked[0]);
	close_knocked();
}

LOOP_TEST(a_reset_is_what_the_peer_sees)
{
	int peer = net_open(&client);

	ck_ok(rota_tcp_reset(&client, on_closed));
	ck_err(rota_tcp_reset(&client, on_closed), -EALREADY);
	net_expect_error(peer, ECONNRESET);
	run_to_the_end();
	ck_trace("X");
	ck_err(rota_tcp_reset(&client, on_closed), -EINVAL);
	ck_err(rota_tcp_reset(NULL, on_closed), -EINVAL);
	ck_assert_int_eq(close(peer), 0);
}

LOOP_TEST(a_handle_without_a_socket_can_be_reset)
{
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_reset(&client, on_closed));
	run_to_the_end();
	ck_trace("X");
}

/* When accepting fails ************************************************/

LOOP_TEST(an_aborted_connection_does_not_stop_the_batch)
{
	net_use_faults();
	net_listen(&listener, on_connection);
	knock(3);
	faults.n_bad_accepts = 2;
	faults.accept_error = -ECONNABORTED;
	(void)run_once_checked(ROTA_RUN_ONCE);
	ck_trace("LLL");
	close_all();
	close_knocked();
	close_loop();
}

/* Runs 300 ms of want, in which the listener must not spin. */
static void
run_in_want(void)
{
	struct rota_hook prepare;

	faults.n[FAULTS_ACCEPT] = 0;
	start_counting_turns(&prepare);
	net_run_for(300 * ROTA_MILLISECOND);
	ck_assert_uint_ge(faults.n[FAULTS_ACCEPT], 1);
	ck_assert_uint_le(faults.n[FAULTS_ACCEPT], 10);
	ck_assert_uint_le(n_turns, 20);
	ck_assert_int_eq(strncmp(trace_text(), "Lm", 2), 0);
	ck_assert_uint_eq(n_servers, 0);
	ck_ok(rota_handle_close(&prepare.handle, NULL));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
}

LOOP_TEST(a_listener_does_not_spin_while_accepting_fails)
{
	net_use_faults();
	net_listen(&listener, on_connection);
	knock(3);
	faults.n_bad_accepts = UINT_MAX;
	faults.accept_error = -EMFILE;
	/* It has no silence to be limited, and its pauses are no such. */
	ck_ok(rota_stream_set_idle_limit(&listener.stream, 1));
	run_in_want();
	ck_ok(rota_stream_set_idle_limit(&listener.stream, ROTA_FOREVER));
	faults.n_bad_accepts = 0;
	net_run_until(&n_servers, 3);
	close_all();
	close_knocked();
	close_loop();
}

/* Forbids all descriptors that are not open now; returns the old limit. */
static struct rlimit
forbid_descriptors(void)
{
	struct rlimit before, limit;
	int free_fd = dup(0);

	ck_assert_int_ge(free_fd, 0);
	ck_assert_int_eq(close(free_fd), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)free_fd;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return before;
}

/*
 * Does a connection outlive an accept that fails for want of descriptors?
 * Under valgrind it does not: the tool accepts, looks, and closes.
 */
static int
want_loses_nobody(void)
{
	struct rlimit before;
	uint16_t port;
	int listening = net_take_port(&port);
	int knocking = socket(AF_INET, SOCK_STREAM, 0);
	int fd;

	ck_assert_int_eq(fcntl(listening, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(listen(listening, 1), 0);
	ck_assert_int_eq(connect(knocking, net_loopback(port),
				 sizeof(struct sockaddr_in)),
		0);
	before = forbid_descriptors();
	ck_assert_int_eq(accept(listening, NULL, NULL), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	fd = accept(listening, NULL, NULL);
	harness_close_pair((int[2]){ listening, knocking });
	if (fd >= 0)
		ck_assert_int_eq(close(fd), 0);
	return fd >= 0 ||
		harness_skip("an accept that loses nobody (valgrind?)");
}

LOOP_TEST(a_listener_out_of_descriptors_serves_all_who_waited)
{
	struct rlimit before;

	if (!want_loses_nobody())
		return;
	net_use_faults();
	net_listen(&listener, on_connection);
	knock(3);
	before = forbid_descriptors();
	run_in_want();
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	net_run_until(&n_servers, 3);
	close_all();
	close_knocked();
	close_loop();
}

LOOP_TEST(a_listener_goes_on_with_each_descriptor_that_is_freed)
{
	struct rlimit before;
	int spare;

	if (!want_loses_nobody())
		return;
	spare = dup(0);
	ck_assert_int_ge(spare, 0);
	net_use_faults();
	net_listen(&listener, on_connection);
	knock(3);
	before = forbid_descriptors();
	run_in_want();
	ck_assert_int_eq(close(spare), 0);
	net_run_until(&n_servers, 1);
	net_run_for(ROTA_MILLISECOND);
	ck_assert_uint_eq(n_servers, 1);
	ck_ok(rota_handle_close(&servers[0].stream.handle, NULL));
	net_run_until(&n_servers, 2);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	close_all();
	close_knocked();
	close_loop();
}

LOOP_TEST(a_listener_may_be_closed_when_accepting_fails)
{
	net_use_faults();
	net_listen(&listener, on_connection_close_untaken);
	knock(1);
	faults.n_bad_accepts = UINT_MAX;
	faults.accept_error = -EMFILE;
	run_to_the_end();
	ck_trace("LmX");
	close_knocked();
	close_loop();
}

LOOP_TEST(a_pausing_listener_may_be_closed)
{
	net_use_faults();
	net_listen(&listener, on_connection);
	knock(1);
	faults.n_bad_accepts = UINT_MAX;
	faults.accept_error = -EMFILE;
	net_run_until_traced(2);
	ck_ok(rota_handle_close(&listener.stream.handle, on_closed));
	run_to_the_end();
	ck_trace("LmX");
	close_knocked();
	close_loop();
}

/* Many ****************************************************************/

#define MESSAGE "the same to you"

static struct peer {
	struct rota_tcp tcp;
	struct rota_connect connect;
	struct rota_write write;
	char got[sizeof(MESSAGE)];
	size_t n_got;
} peers[2 * MAX_PEERS];
static unsigned n_peers;
static unsigned n_echoed;

static void
say(struct peer *peer, rota_write_fn *fn)
{
	struct iovec buffer = { (void *)(uintptr_t)MESSAGE, sizeof(MESSAGE) };

	ck_ok(rota_stream_write(
		&peer->tcp.stream, &peer->write, &buffer, 1, fn));
}

static void
on_said(struct rota_write *write, int status)
{
	(void)write;
	ck_ok(status);
}

/* Each says the message once: servers answer when they have all of it. */
static void
on_heard(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct peer *peer = (struct peer *)stream;
	unsigned number = (unsigned)(peer - peers);

	if (n == ROTA_EOF) {
		ck_ok(rota_handle_close(&stream->handle, NULL));
		return;
	}
	ck_assert_int_gt(n, 0);
	ck_assert_uint_le(peer->n_got + (size_t)n, sizeof(MESSAGE));
	memcpy(peer->got + peer->n_got, data, (size_t)n);
	peer->n_got += (size_t)n;
	if (peer->n_got < sizeof(MESSAGE))
		return;
	ck_assert_str_eq(peer->got, MESSAGE);
	if (number % 2 == 1) {
		say(peer, on_said);
		return;
	}
	ck_ok(rota_handle_close(&stream->handle, NULL));
	if (++n_echoed == n_peers / 2)
		ck_ok(rota_handle_close(&listener.stream.handle, NULL));
}

static void
begin_peer(struct peer *peer)
{
	peer->n_got = 0;
	ck_ok(rota_tcp_init(loop, &peer->tcp));
}

/* Servers have the odd numbers. */
static void
on_peer(struct rota_stream *stream, int status)
{
	struct peer *peer = &peers[2 * n_servers++ + 1];

	ck_ok(status);
	begin_peer(peer);
	ck_ok(rota_stream_accept(stream, &peer->tcp.stream));
	ck_ok(rota_stream_read_start(&peer->tcp.stream, NULL, on_heard));
}

static void
on_peer_connected(struct rota_connect *request, int status)
{
	(void)request;
	ck_ok(status);
}

/* As many connections as there are descriptors for, at most 500. */
static unsigned
n_possible(void)
{
	unsigned n = harness_scale(MAX_PEERS);
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur < 2 * n + 50)
		limit.rlim_cur = limit.rlim_max < 2 * n + 50 ? limit.rlim_max :
							       2 * n + 50;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return limit.rlim_cur < 2 * n + 50 ?
		(unsigned)(limit.rlim_cur - 50) / 2 :
		n;
}

LOOP_TEST(many_connections_at_once_echo_each_other)
{
	n_echoed = 0;
	n_peers = 2 * n_possible();
	net_listen(&listener, on_peer);
	ck_ok(rota_stream_listen(&listener.stream, 2 * MAX_PEERS, on_peer));
	for (unsigned i = 0; i < n_peers; i += 2) {
		struct peer *peer = &peers[i];

		begin_peer(peer);
		ck_ok(rota_tcp_connect(&peer->tcp, &peer->connect,
			net_address_of(&listener), on_peer_connected));
		ck_ok(rota_stream_read_start(
			&peer->tcp.stream, NULL, on_heard));
		say(peer, on_said);
	}
	run_to_the_end();
	ck_assert_uint_eq(n_echoed, n_peers / 2);
	ck_assert_uint_eq(n_servers, n_peers / 2);
}

static TCase *
new_case(Suite *suite, const char *name)
{
	TCase *tc = harness_case(suite, name);

	tcase_add_checked_fixture(tc, reset, NULL);
	return tc;
}

static void
add_cases(Suite *suite)
{
	TCase *tc;

	tc = new_case(suite, "addresses");
	tcase_add_test(tc, an_address_is_made_of_text_and_text_of_it);
	tcase_add_test(tc, an_address_can_name_its_interface);
	tcase_add_test(tc, text_that_is_no_address_is_refused);
	tcase_add_test(tc, an_address_is_not_written_beyond_the_room_for_it);

	tc = new_case(suite, "connect");
	tcase_add_loop_test(tc, a_client_and_a_listener_meet_over_ipv4);
	tcase_add_loop_test(tc, a_client_and_a_listener_meet_over_ipv6);
	tcase_add_loop_test(
		tc, a_system_without_mixed_sockets_can_still_bind_to_ipv6);
	tcase_add_loop_test(
		tc, a_listener_for_ipv6_only_is_not_reached_over_ipv4);
	tcase_add_loop_test(tc, a_refused_connect_is_told_in_a_later_phase);
	tcase_add_loop_test(
		tc, a_connect_refused_at_once_is_told_in_a_later_phase);
	tcase_add_loop_test(
		tc, a_connect_that_succeeds_at_once_is_told_in_a_later_phase);
	tcase_add_loop_test(tc, a_connect_ends_at_its_deadline_and_not_before);
	tcase_add_loop_test(tc, a_connect_without_its_deadline_goes_on);
	tcase_add_loop_test(
		tc, a_connect_that_is_cancelled_is_told_later_and_once);
	tcase_add_loop_test(
		tc, closing_tells_a_connect_before_the_close_callback);
	tcase_add_loop_test(
		tc, a_connect_that_is_not_referenced_does_not_hold_the_loop);
	tcase_add_loop_test(
		tc, a_handle_may_connect_again_in_the_callback_of_its_failure);
	tcase_add_loop_test(tc, a_handle_may_connect_again_after_a_cancel);
	tcase_add_loop_test(tc, a_second_connect_is_refused);
	tcase_add_loop_test(tc, connect_refuses_bad_arguments);

	tc = new_case(suite, "queued before");
	tcase_add_loop_test(
		tc, what_is_queued_before_the_connect_ends_goes_out_after_it);
	tcase_add_loop_test(
		tc, reading_started_before_the_connect_ends_waits_for_it);
	tcase_add_loop_test(tc, reading_ends_silently_when_the_connect_fails);
	tcase_add_loop_test(tc, what_is_queued_fails_with_the_connect);
	tcase_add_loop_test(
		tc, what_is_queued_ends_with_the_deadline_of_the_connect);
	tcase_add_loop_test(
		tc, a_write_taken_back_before_the_connect_ends_is_not_sent);
	tcase_add_loop_test(
		tc, a_write_taken_back_is_told_before_a_connect_that_goes_on);
	tcase_add_loop_test(tc, a_stream_may_be_closed_in_its_connect_callback);
	tcase_add_loop_test(
		tc, writes_end_before_the_close_of_the_connect_callback);

	tc = new_case(suite, "bind");
	tcase_add_loop_test(tc, a_bound_client_connects_from_its_port);
	tcase_add_loop_test(tc, a_refused_bind_leaves_the_handle_as_it_was);
	tcase_add_loop_test(tc, a_port_can_be_listened_on_again_at_once);
	tcase_add_loop_test(tc, two_listeners_may_share_a_port);
	tcase_add_loop_test(tc, a_handle_without_a_peer_has_no_address_of_one);
	tcase_add_loop_test(tc, nodelay_can_be_turned_on_and_off);

	tc = new_case(suite, "open");
	tcase_add_loop_test(
		tc, sockets_of_rota_do_not_block_and_are_closed_on_exec);
	tcase_add_loop_test(tc, a_connected_socket_can_be_taken_over);
	tcase_add_loop_test(tc, a_listening_socket_can_be_taken_over);
	tcase_add_loop_test(
		tc, a_descriptor_that_is_no_stream_socket_stays_the_programs);
	tcase_add_loop_test(tc, a_handle_takes_over_one_socket_only);

	tc = new_case(suite, "accept");
	tcase_add_loop_test(
		tc, a_connection_not_taken_stops_the_listener_until_it_is);
	tcase_add_loop_test(tc, a_listener_that_is_stopped_does_not_spin);
	tcase_add_loop_test(tc, accept_refuses_bad_arguments);
	tcase_add_loop_test(tc, listen_refuses_bad_arguments);
	tcase_add_loop_test(tc, a_listener_is_no_stream_of_bytes);
	tcase_add_loop_test(
		tc, a_listener_takes_no_more_per_turn_than_the_loop_allows);
	tcase_add_loop_test(tc, listening_again_changes_the_callback);
	tcase_add_loop_test(tc, listening_again_keeps_a_connection_that_waits);
	tcase_add_loop_test(
		tc, a_listener_that_is_not_referenced_does_not_hold_the_loop);
	tcase_add_loop_test(
		tc, closing_a_listener_closes_the_connection_that_waits);
	tcase_add_loop_test(
		tc, a_listener_closed_in_its_callback_tells_no_more);
	tcase_add_loop_test(
		tc, a_listener_may_be_closed_without_taking_in_its_callback);
	tcase_add_loop_test(tc, a_reset_is_what_the_peer_sees);
	tcase_add_loop_test(tc, a_handle_without_a_socket_can_be_reset);

	tc = new_case(suite, "failing accept");
	tcase_add_loop_test(tc, an_aborted_connection_does_not_stop_the_batch);
	tcase_add_loop_test(tc, a_listener_does_not_spin_while_accepting_fails);
	tcase_add_loop_test(
		tc, a_listener_out_of_descriptors_serves_all_who_waited);
	tcase_add_loop_test(
		tc, a_listener_goes_on_with_each_descriptor_that_is_freed);
	tcase_add_loop_test(tc, a_listener_may_be_closed_when_accepting_fails);
	tcase_add_loop_test(tc, a_pausing_listener_may_be_closed);

	tc = new_case(suite, "many");
	tcase_add_loop_test(tc, many_connections_at_once_echo_each_other);
}

HARNESS_MAIN("tcp", add_cases)
