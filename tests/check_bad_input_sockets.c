/* SPDX-License-Identifier: MIT */
/* Mistakes at the doors of TCP and unix-domain sockets, and of addresses. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/bad_input.h"
#include "tests/harness.h"

LOOP_TEST(functions_of_tcp_want_a_handle)
{
	struct sockaddr_storage addr = loopback(1);
	struct sockaddr *to = (struct sockaddr *)&addr;
	const struct sockaddr *list[] = { to };
	struct rota_connect_any any = { 0 };
	struct rota_connect connect = { 0 };
	struct rota_tcp tcp = { 0 };

	memset(&tcp, CANARY, sizeof(tcp));
	ck_refused_for(&tcp, rota_tcp_init(NULL, &tcp), -EINVAL);
	ck_refused(rota_tcp_init(loop, NULL), -EINVAL);
	ck_refused(rota_tcp_open(NULL, STDERR_FILENO), -EINVAL);
	ck_refused(rota_tcp_bind(NULL, to, 0), -EINVAL);
	ck_refused(rota_tcp_connect(NULL, &connect, to, on_connected), -EINVAL);
	ck_refused_for(&any,
		rota_tcp_connect_any(NULL, &any, list, 1, 0, on_connected),
		-EINVAL);
	ck_refused(rota_tcp_set_nodelay(NULL, 1), -EINVAL);
	ck_refused(rota_tcp_set_keepalive(NULL, 1, 0, 0), -EINVAL);
	ck_refused(rota_tcp_set_receive_buffer(NULL, 1), -EINVAL);
	ck_refused(rota_tcp_set_send_buffer(NULL, 1), -EINVAL);
	ck_refused(rota_tcp_receive_buffer(NULL), -EINVAL);
	ck_refused(rota_tcp_send_buffer(NULL), -EINVAL);
	ck_refused(rota_tcp_set_defer_accept(NULL, 1), -EINVAL);
	ck_refused(rota_tcp_set_fastopen(NULL, 1), -EINVAL);
	ck_refused(rota_tcp_set_fastopen_connect(NULL, 1), -EINVAL);
	ck_refused_for(&addr, rota_tcp_local_address(NULL, &addr), -EINVAL);
	ck_refused_for(&addr, rota_tcp_peer_address(NULL, &addr), -EINVAL);
	ck_refused(rota_tcp_reset(NULL, on_closed), -EINVAL);
}

LOOP_TEST(functions_of_tcp_want_all_their_arguments)
{
	struct sockaddr_storage addr = loopback(1);
	struct sockaddr *to = (struct sockaddr *)&addr;
	const struct sockaddr *list[] = { to, NULL };
	struct rota_connect_any any = { 0 };
	struct rota_connect connect = { 0 };
	struct rota_tcp tcp = { 0 };

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, NULL, 0), -EINVAL);
	ck_refused_for(
		&tcp, rota_tcp_connect(&tcp, NULL, to, on_connected), -EINVAL);
	ck_refused_for(&connect,
		rota_tcp_connect(&tcp, &connect, NULL, on_connected), -EINVAL);
	ck_refused_for(
		&connect, rota_tcp_connect(&tcp, &connect, to, NULL), -EINVAL);
	ck_refused_for(&any,
		rota_tcp_connect_any(&tcp, &any, NULL, 1, 0, on_connected),
		-EINVAL);
	ck_refused_for(&any,
		rota_tcp_connect_any(&tcp, &any, list, 0, 0, on_connected),
		-EINVAL);
	ck_refused_for(&any,
		rota_tcp_connect_any(&tcp, &any, list, 2, 0, on_connected),
		-EINVAL);
	ck_refused_for(&any, rota_tcp_connect_any(&tcp, &any, list, 1, 0, NULL),
		-EINVAL);
	ck_refused_for(&tcp,
		rota_tcp_connect_any(&tcp, NULL, list, 1, 0, on_connected),
		-EINVAL);
	ck_refused_for(&tcp, rota_tcp_local_address(&tcp, NULL), -EINVAL);
	ck_refused_for(&tcp, rota_tcp_peer_address(&tcp, NULL), -EINVAL);
	close_all();
}

LOOP_TEST(options_of_tcp_want_numbers_in_range)
{
	struct rota_tcp tcp = { 0 };
	int fd = -1;
	int peer = open_connection(&tcp);

	ck_refused(rota_tcp_set_keepalive(&tcp, 1, 0, -1), -EINVAL);
	ck_refused(rota_tcp_set_receive_buffer(&tcp, 0), -EINVAL);
	ck_refused(rota_tcp_set_send_buffer(&tcp, -1), -EINVAL);
	ck_refused(rota_tcp_set_fastopen(&tcp, -1), -EINVAL);
	ck_refused(rota_stream_shutdown_reading(NULL), -EINVAL);
	ck_refused_for(&fd, rota_stream_detach(NULL, &fd), -EINVAL);
	ck_refused_for(&tcp, rota_stream_detach(&tcp.stream, NULL), -EINVAL);
	ck_refused(rota_stream_set_accept_batch(NULL, 1), -EINVAL);
	ck_refused(rota_stream_set_accept_batch(&tcp.stream, 1), -EINVAL);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

LOOP_TEST(functions_of_unix_sockets_want_a_handle)
{
	char name[ROTA_UNIX_NAME_BYTES] = "";
	struct rota_unix_credentials who = { 0 };
	struct rota_connect connect = { 0 };
	struct rota_unix_write write = { 0 };
	struct rota_unix un = { 0 };
	struct iovec byte = { name, 1 };
	int fd = 0;

	memset(&un, CANARY, sizeof(un));
	ck_refused_for(&un, rota_unix_init(NULL, &un, 0), -EINVAL);
	ck_refused_for(&un, rota_unix_init(loop, &un, 2), -EINVAL);
	ck_refused(rota_unix_init(loop, NULL, 0), -EINVAL);
	ck_refused(rota_unix_open(NULL, STDERR_FILENO), -EINVAL);
	ck_refused(rota_unix_bind(NULL, "/x", 2, 0), -EINVAL);
	ck_refused_for(&connect,
		rota_unix_connect(NULL, &connect, "/x", 2, on_connected),
		-EINVAL);
	ck_refused_for(
		&name, rota_unix_local_name(NULL, name, sizeof(name)), -EINVAL);
	ck_refused_for(
		&name, rota_unix_peer_name(NULL, name, sizeof(name)), -EINVAL);
	ck_refused_for(&who, rota_unix_peer_credentials(NULL, &who), -EINVAL);
	ck_refused_for(&write,
		rota_unix_write_fds(NULL, &write, &byte, 1, &fd, 1, on_written),
		-EINVAL);
	ck_refused(rota_unix_receive_fds(NULL, 1), -EINVAL);
	ck_refused(rota_unix_take_fd(NULL), -EINVAL);
}

LOOP_TEST(functions_of_unix_sockets_want_all_their_arguments)
{
	struct rota_connect connect = { 0 };
	struct rota_unix_write write = { 0 };
	struct rota_unix un = { 0 };
	struct iovec byte = { (void *)(uintptr_t) "x", 1 };
	struct iovec none = { NULL, 0 };
	int fds[2];

	harness_socketpair(fds);
	ck_ok(rota_unix_init(loop, &un, 0));
	ck_refused_for(&un, rota_unix_bind(&un, NULL, 2, 0), -EINVAL);
	ck_refused_for(&un, rota_unix_bind(&un, "/x", 0, 0), -EINVAL);
	ck_refused_for(&un, rota_unix_bind(&un, "/x", 2, 4), -EINVAL);
	ck_refused_for(&un, rota_unix_bind(&un, "/x\0y", 4, 0), -EINVAL);
	ck_refused_for(&un, rota_unix_connect(&un, NULL, "/x", 2, on_connected),
		-EINVAL);
	ck_refused_for(&connect,
		rota_unix_connect(&un, &connect, NULL, 2, on_connected),
		-EINVAL);
	ck_refused_for(&connect,
		rota_unix_connect(&un, &connect, "/x", 2, NULL), -EINVAL);
	ck_refused_for(&un, rota_unix_open(&un, -1), -EBADF);
	ck_ok(rota_unix_open(&un, fds[0]));
	ck_refused_for(&un, rota_unix_open(&un, fds[0]), -EINVAL);
	ck_refused_for(&un, rota_unix_local_name(&un, NULL, 9), -EINVAL);
	ck_refused_for(&un, rota_unix_peer_name(&un, NULL, 9), -EINVAL);
	ck_refused_for(&un, rota_unix_peer_credentials(&un, NULL), -EINVAL);
	ck_refused_for(&un, rota_unix_receive_fds(&un, 65536), -EINVAL);
	ck_refused_for(&write,
		rota_unix_write_fds(&un, &write, &byte, 1, fds, 1, NULL),
		-EINVAL);
	ck_refused_for(&write,
		rota_unix_write_fds(
			&un, &write, &byte, 1, fds, 254, on_written),
		-EINVAL);
	ck_refused_for(&write,
		rota_unix_write_fds(&un, &write, &none, 1, fds, 1, on_written),
		-EINVAL);
	ck_refused_for(&write,
		rota_unix_write_fds(&un, &write, &byte, 1, NULL, 1, on_written),
		-EINVAL);
	ck_assert_int_eq(close(fds[1]), 0);
	close_all();
}

static void
ck_tcp_refuses_all(struct rota_tcp *tcp, int reset_error)
{
	struct sockaddr_storage addr = loopback(0);
	struct sockaddr *to = (struct sockaddr *)&addr;
	struct rota_connect connect = { 0 };
	int fds[2];

	harness_tcp_pair(fds);
	ck_refused_for(tcp, rota_tcp_open(tcp, fds[0]), -EINVAL);
	ck_refused_for(tcp, rota_tcp_bind(tcp, to, 0), -EINVAL);
	ck_refused_for(tcp, rota_tcp_connect(tcp, &connect, to, on_connected),
		-EINVAL);
	ck_refused_for(tcp, rota_tcp_set_nodelay(tcp, 1), -EINVAL);
	ck_refused_for(&addr, rota_tcp_local_address(tcp, &addr), -EINVAL);
	ck_refused_for(&addr, rota_tcp_peer_address(tcp, &addr), -EINVAL);
	ck_refused_for(
		tcp, rota_tcp_reset(tcp, on_wrongly_closed), reset_error);
	harness_close_pair(fds);
}

LOOP_TEST(a_tcp_handle_blank_closing_or_closed_refuses_all)
{
	struct rota_tcp tcp = { 0 };
	int peer;

	ck_tcp_refuses_all(&tcp, -EINVAL);
	peer = open_connection(&tcp);
	ck_ok(rota_tcp_reset(&tcp, on_closed));
	ck_tcp_refuses_all(&tcp, -EALREADY);
	run_to_the_end();
	ck_tcp_refuses_all(&tcp, -EINVAL);
	ck_ok(close(peer));
	ck_trace("C");
}

LOOP_TEST(tcp_open_wants_a_socket_for_streams)
{
	struct rota_tcp tcp = { 0 };
	int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
	int locals[2];
	int pipe[2];

	ck_assert_int_ge(datagrams, 0);
	harness_socketpair(locals);
	harness_pipe(pipe);
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused_for(&tcp, rota_tcp_open(&tcp, -1), -EBADF);
	ck_refused_for(&tcp, rota_tcp_open(&tcp, INT_MIN), -EBADF);
	ck_refused_for(&tcp, rota_tcp_open(&tcp, INT_MAX), -EBADF);
	ck_refused_for(&tcp, rota_tcp_open(&tcp, closed_number()), -EBADF);
	ck_refused_for(&tcp, rota_tcp_open(&tcp, pipe[0]), -ENOTSOCK);
	ck_refused_for(&tcp, rota_tcp_open(&tcp, datagrams), -EINVAL);
	ck_refused_for(&tcp, rota_tcp_open(&tcp, locals[0]), -EAFNOSUPPORT);
	ck_err(fcntl(datagrams, F_GETFL) & O_NONBLOCK, 0);
	close_all();
	harness_close_pair(locals);
	harness_close_pair(pipe);
	ck_ok(close(datagrams));
}

LOOP_TEST(a_tcp_handle_that_has_a_socket_takes_no_other)
{
	struct sockaddr_storage addr = loopback(0);
	struct sockaddr *any = (struct sockaddr *)&addr;
	struct rota_tcp bound = { 0 };
	struct rota_tcp connected = { 0 };
	int peer = open_connection(&connected);
	int fds[2];

	harness_tcp_pair(fds);
	ck_ok(rota_tcp_init(loop, &bound));
	ck_ok(rota_tcp_bind(&bound, any, 0));
	ck_refused_for(&bound, rota_tcp_open(&bound, fds[0]), -EINVAL);
	ck_refused_for(&bound, rota_tcp_bind(&bound, any, 0), -EINVAL);
	ck_refused_for(&connected, rota_tcp_open(&connected, fds[0]), -EINVAL);
	ck_refused_for(&connected, rota_tcp_bind(&connected, any, 0), -EINVAL);
	close_all();
	harness_close_pair(fds);
	ck_ok(close(peer));
}

LOOP_TEST(addresses_want_a_family_and_flags_that_exist)
{
	struct sockaddr_storage addr = loopback(0);
	struct sockaddr *any = (struct sockaddr *)&addr;
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	struct sockaddr *unix_path = (struct sockaddr *)&path;
	struct rota_connect connect = { 0 };
	struct rota_tcp tcp = { 0 };

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, any, 1u << 2), -EINVAL);
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, any, UINT_MAX), -EINVAL);
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, unix_path, 0), -EAFNOSUPPORT);
	ck_refused_for(&tcp,
		rota_tcp_connect(&tcp, &connect, unix_path, on_connected),
		-EAFNOSUPPORT);
	any->sa_family = AF_UNSPEC;
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, any, 0), -EAFNOSUPPORT);
	ck_refused_for(&tcp,
		rota_tcp_connect(&tcp, &connect, any, on_connected),
		-EAFNOSUPPORT);
	ck_refused(rota_stream_fd(&tcp.stream), -1);
	close_all();
	ck_trace("");
}

LOOP_TEST(a_tcp_handle_refused_an_address_in_use_has_no_socket)
{
	struct rota_tcp listener = { 0 };
	struct rota_tcp tcp = { 0 };
	struct sockaddr_storage addr = open_listener(&listener);

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, (struct sockaddr *)&addr, 0),
		-EADDRINUSE);
	ck_refused(rota_stream_fd(&tcp.stream), -1);
	close_all();
}

LOOP_TEST(a_tcp_handle_connects_once)
{
	struct rota_connect first = { 0 };
	struct rota_connect second = { 0 };
	struct rota_tcp listener = { 0 };
	struct rota_tcp tcp = { 0 };
	struct sockaddr_storage addr = open_listener(&listener);
	struct sockaddr *to = (struct sockaddr *)&addr;
	int peer;

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_tcp_connect(&tcp, &first, to, on_connected));
	ck_refused_for(&second,
		rota_tcp_connect(&tcp, &second, to, on_connected), -EALREADY);
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, to, 0), -EINVAL);
	ck_refused_for(&tcp, rota_stream_listen(&tcp.stream, 1, on_connection),
		-EINVAL);
	close_all();
	ck_trace("x");
	peer = open_connection(&tcp);
	ck_refused_for(&second,
		rota_tcp_connect(&tcp, &second, to, on_connected), -EISCONN);
	close_all();
	ck_ok(close(peer));
}

LOOP_TEST(a_tcp_handle_without_a_socket_has_no_addresses)
{
	struct sockaddr_storage addr;
	struct rota_tcp tcp = { 0 };

	memset(&addr, CANARY, sizeof(addr));
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused_for(&tcp, rota_tcp_set_nodelay(&tcp, 1), -ENOTCONN);
	ck_refused_for(&addr, rota_tcp_local_address(&tcp, &addr), -ENOTCONN);
	ck_refused_for(&addr, rota_tcp_peer_address(&tcp, &addr), -ENOTCONN);
	close_all();
	(void)open_listener(&tcp);
	ck_refused_for(&addr, rota_tcp_peer_address(&tcp, &addr), -ENOTCONN);
	close_all();
}

START_TEST(text_that_is_no_address_is_refused)
{
	static const char *const bad[] = { "", " ", "1.2.3", "1.2.3.4.5",
		"256.0.0.1", "1.2.3.4 ", "localhost", ":", ":::", "::1%",
		"::1%no-such-interface", "::1%-1", "::1%+1", "::1% 1", "::1%0",
		"::1%4294967296", "::1%99999999999999999999", "::1%1x",
		"1.2.3.4%1", "[::1]", "0:0:0:0:0:0:0:0:0",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc" };
	struct sockaddr_storage addr;

	memset(&addr, CANARY, sizeof(addr));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_remember(&addr, sizeof(addr));
		ck_returns(
			rota_address_parse(bad[i], 1, &addr), -EINVAL, bad[i]);
		ck_unchanged(bad[i]);
	}
	ck_refused_for(&addr, rota_address_parse(NULL, 1, &addr), -EINVAL);
	ck_refused(rota_address_parse("::1", 1, NULL), -EINVAL);
}
END_TEST

START_TEST(addresses_are_formatted_whole_or_not_at_all)
{
	struct sockaddr_storage addr = loopback(65535);
	struct sockaddr *from = (struct sockaddr *)&addr;
	char text[64];

	memset(text, CANARY, sizeof(text));
	ck_refused_for(&text, rota_address_format(NULL, text, 64), -EINVAL);
	ck_refused(rota_address_format(from, NULL, 64), -EINVAL);
	ck_refused_for(&text, rota_address_format(from, text, 0), -ENOSPC);
	ck_refused_for(&text,
		rota_address_format(from, text, strlen("127.0.0.1:65535")),
		-ENOSPC);
	from->sa_family = AF_UNIX;
	ck_refused_for(
		&text, rota_address_format(from, text, 64), -EAFNOSUPPORT);
	from->sa_family = AF_INET;
	ck_ok(rota_address_format(from, text, strlen("127.0.0.1:65535") + 1));
	ck_assert_str_eq(text, "127.0.0.1:65535");
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "tcp");

	tcase_add_loop_test(tc, functions_of_tcp_want_a_handle);
	tcase_add_loop_test(tc, functions_of_tcp_want_all_their_arguments);
	tcase_add_loop_test(tc, options_of_tcp_want_numbers_in_range);
	tcase_add_loop_test(tc, functions_of_unix_sockets_want_a_handle);
	tcase_add_loop_test(
		tc, functions_of_unix_sockets_want_all_their_arguments);
	tcase_add_loop_test(
		tc, a_tcp_handle_blank_closing_or_closed_refuses_all);
	tcase_add_loop_test(tc, tcp_open_wants_a_socket_for_streams);
	tcase_add_loop_test(tc, a_tcp_handle_that_has_a_socket_takes_no_other);
	tcase_add_loop_test(tc, addresses_want_a_family_and_flags_that_exist);
	tcase_add_loop_test(
		tc, a_tcp_handle_refused_an_address_in_use_has_no_socket);
	tcase_add_loop_test(tc, a_tcp_handle_connects_once);
	tcase_add_loop_test(tc, a_tcp_handle_without_a_socket_has_no_addresses);
	tcase_add_test(tc, text_that_is_no_address_is_refused);
	tcase_add_test(tc, addresses_are_formatted_whole_or_not_at_all);
}

HARNESS_MAIN("bad_input_sockets", add_cases)
