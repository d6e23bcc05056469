/* SPDX-License-Identifier: MIT */
/*
 * TCP beyond connecting and accepting: options of sockets, ending the
 * receiving side, how a listener shares its time and what it does in want.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rota/tcp.h"

#include "tests/faults.h"
#include "tests/harness.h"
#include "tests/net.h"

#define N_SERVERS 64

static struct rota_tcp listener;
static struct rota_tcp tcp;
static struct rota_tcp servers[N_SERVERS];
static unsigned n_servers;

static void
on_connection(struct rota_stream *stream, int status)
{
	net_trace('L', status);
	if (status < 0)
		return;
	ck_assert_uint_lt(n_servers, N_SERVERS);
	ck_ok(rota_tcp_init(loop, &servers[n_servers]));
	ck_ok(rota_stream_accept(stream, &servers[n_servers++].stream));
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	(void)data;
	net_trace('R', n < 0 ? (int)n : 0);
}

static int
option_of(const struct rota_tcp *of, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	ck_assert_int_eq(getsockopt(rota_stream_fd(&of->stream), level, name,
				 &value, &len),
		0);
	return value;
}

/* Keepalive ***********************************************************/

/* Makes the system's answer to an option the test's. */
static int
knows(int r)
{
	if (r != -ENOTSUP)
		ck_ok(r);
	return r == 0 || harness_skip("an option of TCP");
}

LOOP_TEST(keepalive_is_set_with_all_three_numbers)
{
	int peer = net_open(&tcp);

	if (knows(rota_tcp_set_keepalive(
		    &tcp, 30 * ROTA_SECOND, 5 * ROTA_SECOND, 4))) {
		ck_assert_int_ne(option_of(&tcp, SOL_SOCKET, SO_KEEPALIVE), 0);
		ck_assert_int_eq(
			option_of(&tcp, IPPROTO_TCP, TCP_KEEPINTVL), 5);
		ck_assert_int_eq(option_of(&tcp, IPPROTO_TCP, TCP_KEEPCNT), 4);
	}
	ck_ok(rota_tcp_set_keepalive(&tcp, 0, 0, 0));
	ck_assert_int_eq(option_of(&tcp, SOL_SOCKET, SO_KEEPALIVE), 0);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

LOOP_TEST(parts_of_a_second_of_keepalive_are_rounded_up)
{
	int peer = net_open(&tcp);

	if (knows(rota_tcp_set_keepalive(&tcp, 1, 4 * ROTA_SECOND + 1, 0)))
		ck_assert_int_eq(
			option_of(&tcp, IPPROTO_TCP, TCP_KEEPINTVL), 5);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

static unsigned n_options;

static int
refuse_options(int fd, int level, int name, const void *value, socklen_t len)
{
	(void)fd;
	(void)level;
	(void)name;
	(void)value;
	(void)len;
	n_options++;
	return -ENOBUFS;
}

LOOP_TEST(an_option_that_is_refused_says_why)
{
	struct rota_sys sys = rota__sys_real;
	int peer;

	sys.setsockopt = refuse_options;
	net_use(&sys, 0);
	peer = net_open(&tcp);
	n_options = 0;
	ck_err(rota_tcp_set_nodelay(&tcp, 1), -ENOBUFS);
	ck_err(rota_tcp_set_send_buffer(&tcp, 10000), -ENOBUFS);
	ck_assert_uint_eq(n_options, 2);
	ck_assert_int_eq(close(peer), 0);
	close_all();
	close_loop();
}

/* Buffers *************************************************************/

LOOP_TEST(buffers_have_about_the_size_that_was_set)
{
	int peer = net_open(&tcp);
	int before = rota_tcp_send_buffer(&tcp);

	ck_assert_int_gt(before, 0);
	ck_ok(rota_tcp_set_send_buffer(&tcp, 20000));
	ck_ok(rota_tcp_set_receive_buffer(&tcp, 30000));
	ck_assert_int_ge(rota_tcp_send_buffer(&tcp), 20000);
	ck_assert_int_ge(rota_tcp_receive_buffer(&tcp), 30000);
	ck_assert_int_le(rota_tcp_receive_buffer(&tcp), 100000);
	ck_err(rota_tcp_set_send_buffer(&tcp, 0), -EINVAL);
	ck_err(rota_tcp_set_receive_buffer(&tcp, -1), -EINVAL);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

LOOP_TEST(a_handle_without_a_socket_has_no_options)
{
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_err(rota_tcp_set_nodelay(&tcp, 1), -ENOTCONN);
	ck_err(rota_tcp_set_keepalive(&tcp, ROTA_SECOND, 0, 0), -ENOTCONN);
	ck_err(rota_tcp_set_send_buffer(&tcp, 10000), -ENOTCONN);
	ck_err(rota_tcp_receive_buffer(&tcp), -ENOTCONN);
	ck_err(rota_tcp_set_defer_accept(&tcp, ROTA_SECOND), -ENOTCONN);
	ck_err(rota_tcp_set_fastopen(&tcp, 1), -ENOTCONN);
	ck_err(rota_tcp_set_fastopen_connect(&tcp, 1), -ENOTCONN);
	close_all();
}

/* First bytes *********************************************************/

LOOP_TEST(a_deferred_connection_is_told_with_its_first_bytes)
{
	int client;

	n_servers = 0;
	net_listen(&listener, on_connection);
	if (knows(rota_tcp_set_defer_accept(&listener, 5 * ROTA_SECOND))) {
		client = net_knock(&listener);
		net_run_for(50 * ROTA_MILLISECOND);
		ck_trace("");
		ck_assert_int_eq(send(client, "x", 1, 0), 1);
		net_run_until_traced(1);
		ck_trace("L");
		ck_assert_int_eq(close(client), 0);
	}
	close_all();
}

static void
on_connect(struct rota_connect *request, int status)
{
	(void)request;
	net_trace('C', status);
}

static void
on_write(struct rota_write *request, int status)
{
	(void)request;
	net_trace('W', status);
}

/* Whether bytes really go with the first packet is the system's choice. */
LOOP_TEST(a_connection_opened_fast_carries_its_bytes)
{
	struct rota_connect connecting;
	struct iovec hello = { (void *)(uintptr_t) "hello", 5 };
	struct rota_write write;

	n_servers = 0;
	net_listen(&listener, on_connection);
	(void)knows(rota_tcp_set_fastopen(&listener, 5));
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_tcp_bind(&tcp, net_loopback(0), 0));
	(void)knows(rota_tcp_set_fastopen_connect(&tcp, 1));
	ck_ok(rota_tcp_connect(
		&tcp, &connecting, net_address_of(&listener), on_connect));
	ck_ok(rota_stream_write(&tcp.stream, &write, &hello, 1, on_write));
	net_run_until_traced(3);
	ck_ok(rota_stream_read_start(&servers[0].stream, NULL, on_read));
	net_run_until_traced(4);
	ck_assert_int_eq(trace_text()[3], 'R');
	close_all();
}

/* The receiving side **************************************************/

LOOP_TEST(a_stream_can_end_its_receiving_side_and_still_write)
{
	struct iovec answer = { (void *)(uintptr_t) "answer", 6 };
	int peer = net_open(&tcp);

	ck_ok(rota_stream_read_start(&tcp.stream, NULL, on_read));
	ck_ok(rota_stream_shutdown_reading(&tcp.stream));
	ck_assert_int_eq(rota_stream_is_reading(&tcp.stream), 0);
	ck_assert_int_eq(rota_stream_is_readable(&tcp.stream), 0);
	ck_err(rota_stream_read_start(&tcp.stream, NULL, on_read), -ENOTCONN);
	ck_err(rota_stream_shutdown_reading(&tcp.stream), -ENOTCONN);
	ck_assert_int_eq(send(peer, "late", 4, 0), 4);
	net_run_for(10 * ROTA_MILLISECOND);
	ck_err(rota_stream_try_write(&tcp.stream, &answer, 1), 6);
	net_expect(peer, "answer");
	ck_trace("");
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

static void
on_asked(struct rota_read *request, int status)
{
	(void)request;
	net_trace('Q', status);
}

LOOP_TEST(read_requests_are_cancelled_when_the_receiving_side_ends)
{
	struct rota_read reads[2];
	char memory[2][4];
	int peer = net_open(&tcp);

	ck_ok(rota_stream_read(&tcp.stream, &reads[0], memory[0], 4, on_asked));
	ck_ok(rota_stream_read(&tcp.stream, &reads[1], memory[1], 4, on_asked));
	ck_ok(rota_stream_shutdown_reading(&tcp.stream));
	ck_trace("");
	net_run_until_traced(4);
	ck_trace("QcQc");
	ck_err(rota_stream_try_read(&tcp.stream, memory[0], 4), -ENOTCONN);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

LOOP_TEST(bytes_kept_for_a_search_go_with_the_receiving_side)
{
	struct rota_read read;
	char memory[16];
	int peer = net_open(&tcp);

	ck_assert_int_eq(send(peer, "line\nrest", 9, 0), 9);
	ck_ok(rota_stream_read_until(
		&tcp.stream, &read, memory, sizeof(memory), '\n', on_asked));
	net_run_until_traced(1);
	ck_ok(rota_stream_shutdown_reading(&tcp.stream));
	ck_err(rota_stream_try_read(&tcp.stream, memory, 4), -ENOTCONN);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

LOOP_TEST(only_sockets_have_a_receiving_side_to_end)
{
	struct rota_stream stream;
	int fds[2];

	harness_pipe(fds);
	ck_ok(rota_stream_open(loop, &stream, fds[0], 0));
	ck_err(rota_stream_shutdown_reading(&stream), -ENOTSUP);
	ck_assert_int_eq(close(fds[1]), 0);
	close_all();
}

static void
on_read_end_reading(struct rota_stream *stream, ssize_t n, const void *data)
{
	on_read(stream, n, data);
	ck_ok(rota_stream_shutdown_reading(stream));
}

LOOP_TEST(the_receiving_side_may_be_ended_in_the_read_callback)
{
	int peer = net_open(&tcp);

	ck_ok(rota_stream_read_start(&tcp.stream, NULL, on_read_end_reading));
	harness_put(peer, 'x');
	net_run_until_traced(1);
	ck_assert_int_eq(send(peer, "late", 4, 0), 4);
	net_run_for(10 * ROTA_MILLISECOND);
	ck_trace("R");
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

/* Listeners ***********************************************************/

static int knocking[8];

static void
knock(int n)
{
	int i;

	for (i = 0; i < n; i++)
		knocking[i] = net_knock(&listener);
}

static void
close_knocking(int n)
{
	while (n-- > 0)
		ck_assert_int_eq(close(knocking[n]), 0);
}

LOOP_TEST(a_listener_takes_no_more_than_its_batch_in_a_turn)
{
	n_servers = 0;
	net_listen(&listener, on_connection);
	ck_err(rota_stream_set_accept_batch(&listener.stream, 0), -EINVAL);
	ck_err(rota_stream_set_accept_batch(&listener.stream, 65536), -EINVAL);
	ck_ok(rota_stream_set_accept_batch(&listener.stream, 2));
	knock(5);
	(void)run_once_checked(ROTA_RUN_ONCE);
	ck_trace("LL");
	ck_ok(rota_stream_set_accept_batch(&listener.stream, 65535));
	(void)run_once_checked(ROTA_RUN_ONCE);
	ck_trace("LLLLL");
	close_knocking(5);
	close_all();
}

LOOP_TEST(only_a_listener_has_a_batch)
{
	int peer = net_open(&tcp);

	ck_err(rota_stream_set_accept_batch(&tcp.stream, 1), -EINVAL);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

/* In want, accepting fails unless the loop has just closed its spare. */
static int in_want;
static int may_accept;
static unsigned n_accepts;

static int
close_noting(int fd)
{
	may_accept = 1;
	return rota__sys_real.close(fd);
}

static int
open_spare_noting(void)
{
	may_accept = 0;
	return rota__sys_real.open_spare();
}

static int
accept_in_want(int fd)
{
	n_accepts++;
	if (in_want && !may_accept)
		return -EMFILE;
	return rota__sys_real.accept(fd);
}

static int
no_spare(void)
{
	return -ENOENT;
}

static void
listen_in_want(int (*open_spare)(void))
{
	static struct rota_sys sys;

	sys = rota__sys_real;
	sys.close = close_noting;
	sys.open_spare = open_spare;
	sys.accept = accept_in_want;
	net_use(&sys, 0);
	n_servers = 0;
	net_listen(&listener, on_connection);
	in_want = 1;
	may_accept = 0;
	n_accepts = 0;
}

LOOP_TEST(a_listener_long_in_want_turns_clients_away)
{
	listen_in_want(open_spare_noting);
	knock(3);
	net_run_for(500 * ROTA_MILLISECOND);
	net_expect_nothing(knocking[0]);
	net_run_for(800 * ROTA_MILLISECOND);
	net_expect_end(knocking[0]);
	net_expect_end(knocking[1]);
	net_expect_end(knocking[2]);
	ck_assert_uint_le(n_accepts, 30);
	ck_assert_uint_eq(n_servers, 0);
	close_knocking(3);
	close_all();
	close_loop();
}

LOOP_TEST(a_listener_serves_again_when_the_want_is_over)
{
	listen_in_want(open_spare_noting);
	knock(1);
	net_run_for(300 * ROTA_MILLISECOND);
	in_want = 0;
	trace_reset();
	net_run_until_traced(1);
	ck_trace("L");
	ck_assert_uint_eq(n_servers, 1);
	close_knocking(1);
	close_all();
	close_loop();
}

LOOP_TEST(without_a_spare_descriptor_clients_wait)
{
	listen_in_want(no_spare);
	knock(1);
	net_run_for(1300 * ROTA_MILLISECOND);
	net_expect_nothing(knocking[0]);
	in_want = 0;
	trace_reset();
	net_run_until_traced(1);
	ck_trace("L");
	close_knocking(1);
	close_all();
	close_loop();
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "options");

	tcase_add_loop_test(tc, keepalive_is_set_with_all_three_numbers);
	tcase_add_loop_test(tc, parts_of_a_second_of_keepalive_are_rounded_up);
	tcase_add_loop_test(tc, an_option_that_is_refused_says_why);
	tcase_add_loop_test(tc, buffers_have_about_the_size_that_was_set);
	tcase_add_loop_test(tc, a_handle_without_a_socket_has_no_options);
	tcase_add_loop_test(
		tc, a_deferred_connection_is_told_with_its_first_bytes);
	tcase_add_loop_test(tc, a_connection_opened_fast_carries_its_bytes);

	tc = harness_case(suite, "receiving side");
	tcase_add_loop_test(
		tc, a_stream_can_end_its_receiving_side_and_still_write);
	tcase_add_loop_test(
		tc, read_requests_are_cancelled_when_the_receiving_side_ends);
	tcase_add_loop_test(
		tc, bytes_kept_for_a_search_go_with_the_receiving_side);
	tcase_add_loop_test(tc, only_sockets_have_a_receiving_side_to_end);
	tcase_add_loop_test(
		tc, the_receiving_side_may_be_ended_in_the_read_callback);

	tc = harness_case(suite, "listeners");
	tcase_add_loop_test(
		tc, a_listener_takes_no_more_than_its_batch_in_a_turn);
	tcase_add_loop_test(tc, only_a_listener_has_a_batch);
	tcase_add_loop_test(tc, a_listener_long_in_want_turns_clients_away);
	tcase_add_loop_test(tc, a_listener_serves_again_when_the_want_is_over);
	tcase_add_loop_test(tc, without_a_spare_descriptor_clients_wait);
}

HARNESS_MAIN("tcp_options", add_cases)
