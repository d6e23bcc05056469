/* SPDX-License-Identifier: MIT */
/* Connecting to the first of several addresses that answers. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rota/tcp.h"

#include "tests/faults.h"
#include "tests/harness.h"
#include "tests/net.h"

/* So short that a test does not take long, and longer than a connect. */
#define DELAY_NS (30 * ROTA_MILLISECOND)

static struct rota_tcp listener;
static struct rota_tcp server;
static struct rota_tcp tcp;
static struct rota_connect_any racing;

/* The addresses of a race; those of a port where nobody listens. */
static struct sockaddr_storage addresses[8];
static const struct sockaddr *list[8];
static unsigned n_list;

static void
add_address(const struct sockaddr *addr)
{
	memset(&addresses[n_list], 0, sizeof(addresses[0]));
	memcpy(&addresses[n_list], addr,
		addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
					      sizeof(struct sockaddr_in));
	list[n_list] = (const struct sockaddr *)&addresses[n_list];
	n_list++;
}

static void
add_refusing(void)
{
	uint16_t port;
	int fd = net_take_port(&port);

	ck_assert_int_eq(close(fd), 0);
	add_address(net_loopback(port));
}

static void
on_connection(struct rota_stream *stream, int status)
{
	ck_ok(status);
	ck_ok(rota_tcp_init(loop, &server));
	ck_ok(rota_stream_accept(stream, &server.stream));
	trace('L');
}

static void
on_connect(struct rota_connect *request, int status)
{
	ck_assert_ptr_eq(request, &racing.connect);
	net_trace('C', status);
}

static void
on_closed(struct rota_handle *handle)
{
	(void)handle;
	trace('X');
}

static void
begin(void)
{
	n_list = 0;
	net_listen(&listener, on_connection);
	ck_ok(rota_tcp_init(loop, &tcp));
}

static void
race(void)
{
	ck_ok(rota_tcp_connect_any(
		&tcp, &racing, list, n_list, DELAY_NS, on_connect));
	/* The list is only read during the call. */
	memset(addresses, 0xff, sizeof(addresses));
	memset(list, 0, sizeof(list));
	ck_trace("");
}

/* Demands that the handle is connected to the listener. */
static void
expect_won(void)
{
	struct sockaddr_storage peer;

	ck_assert_int_eq(rota_stream_is_writable(&tcp.stream), 1);
	ck_ok(rota_tcp_peer_address(&tcp, &peer));
	ck_assert_mem_eq(
		&peer, net_address_of(&listener), sizeof(struct sockaddr_in));
}

LOOP_TEST(one_address_that_answers_is_enough)
{
	begin();
	add_address(net_address_of(&listener));
	race();
	net_run_until_traced(2);
	expect_won();
	close_all();
}

LOOP_TEST(after_a_refusal_the_next_address_is_tried_at_once)
{
	uint64_t begun_ns = harness_true_ns();

	begin();
	add_refusing();
	add_refusing();
	add_address(net_address_of(&listener));
	ck_ok(rota_tcp_connect_any(
		&tcp, &racing, list, n_list, 10 * ROTA_SECOND, on_connect));
	net_run_until_traced(2);
	expect_won();
	ck_assert_uint_lt(harness_true_ns() - begun_ns, 5 * ROTA_SECOND);
	close_all();
}

LOOP_TEST(an_address_that_does_not_answer_delays_the_next_one_only)
{
	uint64_t begun_ns;

	net_open_full();
	begin();
	add_address(net_full());
	add_address(net_address_of(&listener));
	begun_ns = harness_true_ns();
	race();
	net_run_until_traced(2);
	ck_assert_uint_ge(harness_true_ns() - begun_ns, DELAY_NS);
	expect_won();
	close_all();
	net_close_full();
}

LOOP_TEST(what_does_not_win_is_closed)
{
	int before;

	net_open_full();
	begin();
	before = harness_count_fds();
	add_address(net_full());
	add_address(net_full());
	add_address(net_address_of(&listener));
	race();
	net_run_until_traced(2);
	/* Both ends of the connection. */
	ck_assert_int_eq(harness_count_fds(), before + 2);
	expect_won();
	close_all();
	net_close_full();
}

LOOP_TEST(if_all_refuse_the_last_error_is_told_in_a_later_phase)
{
	begin();
	add_refusing();
	add_refusing();
	race();
	net_run_until_traced(2);
	ck_trace("Cf");
	ck_assert_int_eq(rota_stream_fd(&tcp.stream), -1);
	close_all();
}

static int
connect_nowhere(int fd, const struct sockaddr *addr, socklen_t len)
{
	if (addr->sa_family == AF_INET6)
		return -ENETUNREACH;
	return rota__sys_real.connect(fd, addr, len);
}

static void
add_v6(void)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	v6.sin6_port = htons(1);
	v6.sin6_addr = in6addr_loopback;
	add_address((struct sockaddr *)&v6);
}

LOOP_TEST(a_refusal_says_more_than_that_there_is_no_way)
{
	struct rota_sys sys = rota__sys_real;

	sys.connect = connect_nowhere;
	net_use(&sys, 0);
	begin();
	add_refusing();
	add_v6();
	add_v6();
	race();
	net_run_until_traced(2);
	ck_trace("Cf");
	close_all();
	close_loop();
}

/* The order in which families were tried. */
static char tried[16];

static int
connect_noting(int fd, const struct sockaddr *addr, socklen_t len)
{
	(void)fd;
	(void)len;
	strcat(tried, addr->sa_family == AF_INET6 ? "6" : "4");
	return -ENETUNREACH;
}

static int
make_socket_v4(int family, int type, int protocol)
{
	(void)family;
	return rota__sys_real.socket(AF_INET, type, protocol);
}

LOOP_TEST(families_take_turns)
{
	struct rota_sys sys = rota__sys_real;

	sys.connect = connect_noting;
	sys.socket = make_socket_v4;
	net_use(&sys, 0);
	begin();
	tried[0] = '\0';
	add_v6();
	add_v6();
	add_v6();
	add_address(net_loopback(1));
	add_address(net_loopback(1));
	race();
	ck_assert_str_eq(tried, "64646");
	net_run_until_traced(2);
	ck_trace("Cx");
	close_all();
	close_loop();
}

LOOP_TEST(a_race_can_be_cancelled)
{
	net_open_full();
	begin();
	add_address(net_full());
	add_address(net_full());
	race();
	net_run_for(2 * DELAY_NS);
	ck_ok(rota_request_cancel(&racing.connect.request));
	net_run_until_traced(2);
	ck_trace("Cc");
	n_list = 0;
	add_address(net_address_of(&listener));
	trace_reset();
	race();
	net_run_until_traced(2);
	expect_won();
	close_all();
	net_close_full();
}

LOOP_TEST(a_race_has_a_deadline)
{
	net_open_full();
	begin();
	add_address(net_full());
	add_address(net_full());
	race();
	ck_ok(rota_request_set_deadline(
		&racing.connect.request, DELAY_NS + DELAY_NS / 2));
	net_run_until_traced(2);
	ck_trace("Ct");
	close_all();
	net_close_full();
}

LOOP_TEST(a_racing_handle_can_be_closed)
{
	net_open_full();
	begin();
	add_address(net_full());
	add_address(net_full());
	race();
	net_run_for(2 * DELAY_NS);
	ck_ok(rota_handle_close(&tcp.stream.handle, on_closed));
	net_run_until_traced(3);
	ck_trace("CcX");
	close_all();
	net_close_full();
}

static void
on_connect_close(struct rota_connect *request, int status)
{
	on_connect(request, status);
	ck_ok(rota_handle_close(&tcp.stream.handle, on_closed));
}

LOOP_TEST(a_handle_may_be_closed_when_it_has_won_or_lost)
{
	begin();
	add_refusing();
	ck_ok(rota_tcp_connect_any(
		&tcp, &racing, list, 1, 0, on_connect_close));
	net_run_until_traced(3);
	ck_trace("CfX");
	trace_reset();
	ck_ok(rota_tcp_init(loop, &tcp));
	add_address(net_address_of(&listener));
	ck_ok(rota_tcp_connect_any(
		&tcp, &racing, list, 2, 0, on_connect_close));
	net_run_until_traced(3);
	close_all();
}

static void
on_write(struct rota_write *request, int status)
{
	(void)request;
	net_trace('W', status);
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	(void)data;
	net_trace('R', n < 0 ? (int)n : 0);
}

LOOP_TEST(reading_and_writing_wait_for_the_winner)
{
	struct iovec buffer = { (void *)(uintptr_t) "hello", 5 };
	struct rota_write write;

	net_open_full();
	begin();
	add_address(net_full());
	add_address(net_address_of(&listener));
	race();
	ck_ok(rota_stream_read_start(&tcp.stream, NULL, on_read));
	ck_ok(rota_stream_write(&tcp.stream, &write, &buffer, 1, on_write));
	net_run_until_traced(3);
	ck_ok(rota_stream_try_write(&server.stream, &buffer, 1) == 5 ? 0 : -1);
	net_run_until_traced(4);
	ck_assert_int_eq(trace_text()[3], 'R');
	close_all();
	net_close_full();
}

LOOP_TEST(a_lost_race_fails_what_waits_for_it)
{
	struct iovec buffer = { (void *)(uintptr_t) "hello", 5 };
	struct rota_write write;

	net_open_full();
	begin();
	add_address(net_full());
	race();
	ck_ok(rota_stream_read_start(&tcp.stream, NULL, on_read));
	ck_ok(rota_stream_write(&tcp.stream, &write, &buffer, 1, on_write));
	ck_ok(rota_request_cancel(&racing.connect.request));
	net_run_until_traced(4);
	ck_trace("CcWc");
	ck_assert_int_eq(rota_stream_is_reading(&tcp.stream), 0);
	close_all();
	net_close_full();
}

LOOP_TEST(a_flushing_close_waits_for_the_winner)
{
	struct iovec buffer = { (void *)(uintptr_t) "hello", 5 };
	struct rota_write write;

	net_open_full();
	begin();
	add_address(net_full());
	add_address(net_address_of(&listener));
	race();
	ck_ok(rota_stream_write(&tcp.stream, &write, &buffer, 1, on_write));
	ck_ok(rota_stream_close_flushed(&tcp.stream, on_closed));
	net_run_until_traced(4);
	ck_assert_ptr_nonnull(strstr(trace_text(), "CWX"));
	close_all();
	net_close_full();
}

LOOP_TEST(a_race_wants_addresses_and_a_handle_at_rest)
{
	struct sockaddr odd = { .sa_family = AF_UNIX };

	begin();
	add_address(net_full());
	list[1] = NULL;
	list[2] = &odd;
	ck_err(rota_tcp_connect_any(&tcp, &racing, list, 0, 0, on_connect),
		-EINVAL);
	ck_err(rota_tcp_connect_any(&tcp, &racing, list, 2, 0, on_connect),
		-EINVAL);
	ck_err(rota_tcp_connect_any(&tcp, &racing, &list[2], 1, 0, on_connect),
		-EAFNOSUPPORT);
	ck_err(rota_tcp_connect_any(&listener, &racing, list, 1, 0, on_connect),
		-EISCONN);
	list[0] = net_address_of(&listener);
	ck_ok(rota_tcp_connect_any(&tcp, &racing, list, 1, 0, on_connect));
	ck_err(rota_tcp_connect_any(&tcp, &racing, list, 1, 0, on_connect),
		-EALREADY);
	close_all();
}

/*
 * The n-th allocation or system call fails; the listener is none of rota's.
 * Returns 1 if there was one.
 */
static int
race_with_fault(unsigned long n)
{
	uint16_t port;
	int listening = net_take_port(&port);
	int r;

	ck_assert_int_eq(listen(listening, 5), 0);
	net_use_faults();
	trace_reset();
	n_list = 0;
	add_refusing();
	add_address(net_loopback(port));
	ck_ok(rota_tcp_init(loop, &tcp));
	faults.n_fallible = 0;
	faults.fail_at = n;
	r = rota_tcp_connect_any(&tcp, &racing, list, n_list, 0, on_connect);
	while (r == 0 && strchr(trace_text(), 'C') == NULL)
		(void)rota_loop_run(loop, ROTA_RUN_ONCE);
	faults.fail_at = 0;
	close_all();
	ck_assert_int_eq(close(listening), 0);
	return faults.n_failed > 0;
}

LOOP_TEST(a_race_survives_each_failure)
{
	unsigned long n = 1;

	while (n < 60 && race_with_fault(n))
		n++;
	ck_assert_uint_gt(n, 2);
	close_loop();
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "race");

	tcase_add_loop_test(tc, one_address_that_answers_is_enough);
	tcase_add_loop_test(
		tc, after_a_refusal_the_next_address_is_tried_at_once);
	tcase_add_loop_test(
		tc, an_address_that_does_not_answer_delays_the_next_one_only);
	tcase_add_loop_test(tc, what_does_not_win_is_closed);
	tcase_add_loop_test(
		tc, if_all_refuse_the_last_error_is_told_in_a_later_phase);
	tcase_add_loop_test(tc, a_refusal_says_more_than_that_there_is_no_way);
	tcase_add_loop_test(tc, families_take_turns);
	tcase_add_loop_test(tc, a_race_can_be_cancelled);
	tcase_add_loop_test(tc, a_race_has_a_deadline);
	tcase_add_loop_test(tc, a_racing_handle_can_be_closed);
	tcase_add_loop_test(tc, a_handle_may_be_closed_when_it_has_won_or_lost);
	tcase_add_loop_test(tc, reading_and_writing_wait_for_the_winner);
	tcase_add_loop_test(tc, a_lost_race_fails_what_waits_for_it);
	tcase_add_loop_test(tc, a_flushing_close_waits_for_the_winner);
	tcase_add_loop_test(tc, a_race_wants_addresses_and_a_handle_at_rest);
	tcase_add_loop_test(tc, a_race_survives_each_failure);
}

HARNESS_MAIN("race", add_cases)
