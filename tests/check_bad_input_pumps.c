/* SPDX-License-Identifier: MIT */
/*
 * Mistakes at the doors of pumps and terminals, and of streams of a kind
 * that is not rota's.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/bad_input.h"
#include "tests/harness.h"

/* rota/pump.h *********************************************************/

static void
on_pumped(struct rota_pump *pump, int status)
{
	(void)pump;
	trace(status == 0 ? 'p' : 'x');
}

static void
ck_not_pumped(struct rota_stream *from, struct rota_stream *to, int expected)
{
	struct rota_pump pump = { 0 };

	ck_refused(rota_pipe_streams(&pump, from, to, 0, on_pumped), expected);
	ck_refused(rota_request_cancel(&pump.request), -EALREADY);
	ck_refused(rota_pump_bytes(&pump), 0);
	ck_refused(rota_pump_set_limit(&pump, 1), -EALREADY);
}

LOOP_TEST(a_pump_wants_all_its_arguments)
{
	struct rota_pump pump = { 0 };
	struct rota_tcp from;
	struct rota_tcp to;
	struct rota_stream *a = &from.stream;
	struct rota_stream *b = &to.stream;
	const int peers[] = { open_connection(&from), open_connection(&to) };

	ck_not_pumped(NULL, b, -EINVAL);
	ck_not_pumped(a, NULL, -EINVAL);
	ck_refused(rota_pipe_streams(NULL, a, b, 0, on_pumped), -EINVAL);
	ck_refused_for(&pump, rota_pipe_streams(&pump, a, b, 0, NULL), -EINVAL);
	ck_refused_for(&pump,
		rota_pipe_streams(&pump, a, b, 1u << 1, on_pumped), -EINVAL);
	ck_refused_for(&pump,
		rota_pipe_streams(&pump, a, b, UINT_MAX, on_pumped), -EINVAL);
	ck_refused(rota_pump_bytes(NULL), 0);
	ck_refused(rota_pump_set_limit(NULL, 1), -EINVAL);
	close_all();
	harness_close_pair(peers);
	ck_trace("");
}

LOOP_TEST(a_pump_wants_open_streams_of_one_loop)
{
	struct rota_loop *other = harness_make_loop();
	struct rota_tcp blank = { 0 };
	struct rota_tcp foreign = { 0 };
	struct rota_tcp tcp;
	int peer = open_connection(&tcp);

	ck_ok(rota_tcp_init(other, &foreign));
	ck_not_pumped(&blank.stream, &tcp.stream, -EINVAL);
	ck_not_pumped(&tcp.stream, &blank.stream, -EINVAL);
	ck_not_pumped(&foreign.stream, &tcp.stream, -EINVAL);
	ck_not_pumped(&tcp.stream, &foreign.stream, -EINVAL);
	ck_ok(rota_handle_close(&tcp.stream.handle, NULL));
	ck_not_pumped(&tcp.stream, &tcp.stream, -EINVAL);
	run_to_the_end();
	ck_not_pumped(&tcp.stream, &tcp.stream, -EINVAL);
	close_all_of(other);
	ck_ok(rota_loop_close(other));
	ck_ok(close(peer));
	ck_trace("");
}

LOOP_TEST(a_pump_wants_a_source_nobody_reads_and_connections)
{
	struct rota_read read = { 0 };
	struct rota_tcp from;
	struct rota_tcp idle = { 0 };
	struct rota_stream *a = &from.stream;
	char byte;
	int peer = open_connection(&from);

	ck_ok(rota_tcp_init(loop, &idle));
	/* What a refused pump has made for its streams stays with them. */
	ck_ok(rota_stream_set_idle_limit(a, ROTA_SECOND));
	ck_ok(rota_stream_set_idle_limit(&idle.stream, ROTA_SECOND));
	ck_not_pumped(a, &idle.stream, -ENOTCONN);
	ck_not_pumped(&idle.stream, a, -ENOTCONN);
	ck_ok(rota_stream_read_start(a, NULL, on_read));
	ck_not_pumped(a, a, -EBUSY);
	ck_ok(rota_stream_read_stop(a));
	ck_ok(rota_stream_read(a, &read, &byte, 1, on_done));
	ck_not_pumped(a, a, -EBUSY);
	close_all();
	ck_ok(close(peer));
	ck_trace("x");
}

LOOP_TEST(unix_datagrams_want_all_their_arguments)
{
	struct rota_unix_send send = { 0 };
	struct iovec byte = { "x", 1 };
	struct rota_udp udp = { 0 };

	ck_refused(rota_unix_datagram_bind(NULL, "/x", 2, 0), -EINVAL);
	ck_refused(rota_unix_datagram_bind(&udp, "/x", 2, 0), -EINVAL);
	ck_refused(rota_unix_datagram_connect(NULL, "/x", 2), -EINVAL);
	ck_refused(rota_unix_datagram_send(
			   NULL, &send, &byte, 1, "/x", 2, on_datagram_sent),
		-EINVAL);
	ck_refused((int)rota_unix_datagram_try_send(NULL, &byte, 1, "/x", 2),
		-EINVAL);
	ck_ok(rota_udp_init(loop, &udp));
	ck_refused_for(
		&udp, rota_unix_datagram_bind(&udp, NULL, 2, 0), -EINVAL);
	ck_refused_for(
		&udp, rota_unix_datagram_bind(&udp, "/x", 0, 0), -EINVAL);
	ck_refused_for(
		&udp, rota_unix_datagram_bind(&udp, "/x", 2, 4), -EINVAL);
	ck_refused_for(
		&udp, rota_unix_datagram_bind(&udp, "/x\0y", 4, 0), -EINVAL);
	ck_refused_for(
		&udp, rota_unix_datagram_connect(&udp, NULL, 2), -EINVAL);
	ck_refused_for(
		&udp, rota_unix_datagram_connect(&udp, "/x", 0), -EINVAL);
	ck_refused_for(&udp,
		rota_unix_datagram_send(
			&udp, NULL, &byte, 1, "/x", 2, on_datagram_sent),
		-EINVAL);
	ck_refused_for(&udp,
		rota_unix_datagram_send(&udp, &send, &byte, 1, "/x", 2, NULL),
		-EINVAL);
	ck_refused_for(&udp,
		rota_unix_datagram_send(
			&udp, &send, NULL, 1, "/x", 2, on_datagram_sent),
		-EINVAL);
	ck_refused_for(&udp,
		rota_unix_datagram_send(
			&udp, &send, &byte, 1, NULL, 2, on_datagram_sent),
		-EINVAL);
	ck_refused_for(&udp,
		rota_unix_datagram_try_send(&udp, &byte, 1, "/x", 0), -EINVAL);
	ck_refused_for(&udp,
		rota_unix_datagram_try_send(&udp, NULL, 1, "/x", 2), -EINVAL);
	ck_err(rota_udp_fd(&udp), -1);
	close_all();
}

/* Kinds of streams that are not rota's ********************************/

/* A kind of stream that can nothing. */
static const struct rota_stream_type mute_table = { .read_start = NULL };

static const struct rota_handle_type mute_type = {
	.name = "mute",
	.size = sizeof(struct rota_stream),
	.stream = &mute_table,
};

LOOP_TEST(accept_wants_a_listener_and_an_idle_stream_of_its_kind_and_loop)
{
	struct rota_loop *other = harness_make_loop();
	struct rota_tcp listener = { 0 };
	struct rota_tcp client = { 0 };
	struct rota_tcp connected = { 0 };
	struct rota_tcp foreign = { 0 };
	struct rota_stream mute = { 0 };
	int peer = open_connection(&connected);

	(void)open_listener(&listener);
	ck_refused_for(&client,
		rota_stream_accept(&listener.stream, &client.stream), -EINVAL);
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_init(other, &foreign));
	ck_ok(rota_handle_init(loop, &mute.handle, &mute_type));
	ck_refused_for(&client,
		rota_stream_accept(&listener.stream, &client.stream), -EAGAIN);
	ck_refused_for(&foreign,
		rota_stream_accept(&listener.stream, &foreign.stream), -EINVAL);
	ck_refused_for(
		&mute, rota_stream_accept(&listener.stream, &mute), -EINVAL);
	ck_refused_for(&connected,
		rota_stream_accept(&listener.stream, &connected.stream),
		-EINVAL);
	ck_refused_for(&listener,
		rota_stream_accept(&listener.stream, &listener.stream),
		-EINVAL);
	ck_refused_for(&client,
		rota_stream_accept(&connected.stream, &client.stream), -EINVAL);
	ck_ok(rota_handle_close(&client.stream.handle, NULL));
	ck_refused_for(&client,
		rota_stream_accept(&listener.stream, &client.stream), -EINVAL);
	close_all();
	close_all_of(other);
	ck_ok(rota_loop_close(other));
	ck_ok(close(peer));
}

static void
ck_can_nothing(struct rota_stream *stream)
{
	struct iovec byte = { "x", 1 };
	struct rota_send_file send = { 0 };
	struct rota_shutdown shutdown = { 0 };
	struct rota_write write = { 0 };

	ck_refused_for(stream, rota_stream_read_start(stream, NULL, on_read),
		-ENOTSUP);
	ck_refused_for(stream, rota_stream_read_stop(stream), 0);
	ck_refused_for(stream,
		rota_stream_write(stream, &write, &byte, 1, on_written),
		-ENOTSUP);
	ck_refused_for(
		stream, rota_stream_try_write(stream, &byte, 1), -ENOTSUP);
	ck_refused_for(stream, rota_stream_shutdown(stream, &shutdown, on_shut),
		-ENOTSUP);
	ck_refused_for(
		stream, rota_stream_listen(stream, 1, on_connection), -ENOTSUP);
	ck_refused_for(stream, rota_stream_accept(stream, stream), -ENOTSUP);
	ck_not_read(stream, -ENOTSUP);
	ck_refused_for(
		stream, rota_stream_try_read(stream, &byte, 1), -ENOTSUP);
	ck_not_pumped(stream, stream, -ENOTSUP);
	ck_refused_for(stream, rota_stream_set_idle_limit(stream, 1), -ENOTSUP);
	ck_refused_for(stream, rota_stream_set_marks(stream, 1, 2, on_drained),
		-ENOTSUP);
	ck_refused_for(stream,
		rota_stream_send_file(stream, &send, 0, 0, 1, on_file_sent),
		-ENOTSUP);
	ck_refused_for(
		stream, rota_stream_close_flushed(stream, NULL), -ENOTSUP);
}

LOOP_TEST(a_stream_whose_kind_lacks_a_function_says_so)
{
	static const struct rota_handle_type no_stream = {
		.name = "no stream",
		.size = sizeof(struct rota_stream),
	};
	struct rota_stream mute = { 0 };
	struct rota_stream none = { 0 };

	ck_ok(rota_handle_init(loop, &mute.handle, &mute_type));
	ck_ok(rota_handle_init(loop, &none.handle, &no_stream));
	ck_can_nothing(&mute);
	ck_can_nothing(&none);
	close_all();
}

/* rota/tty.h **********************************************************/

static void
on_resize(struct rota_stream *tty, const struct rota_tty_size *size)
{
	(void)tty;
	(void)size;
	trace('Z');
}

static void
ck_tty_refuses_all(struct rota_stream *tty, int error)
{
	struct rota_tty_size size = { 80, 25, 0, 0 };

	ck_refused_for(tty, rota_tty_set_mode(tty, ROTA_TTY_RAW), error);
	ck_refused_for(tty, rota_tty_set_mode(tty, ROTA_TTY_NORMAL), error);
	ck_refused_for(tty, rota_tty_get_mode(tty), error);
	ck_refused_for(&size, rota_tty_get_size(tty, &size), error);
	ck_refused_for(tty, rota_tty_set_size(tty, &size), error);
	ck_refused_for(tty, rota_tty_on_resize(tty, on_resize), error);
	ck_refused_for(tty, rota_tty_on_resize(tty, NULL), error);
}

LOOP_TEST(a_stream_that_is_no_terminal_says_so)
{
	struct rota_stream stream = { 0 };
	int pipe_fds[2];

	harness_pipe(pipe_fds);
	ck_tty_refuses_all(&stream, -EINVAL);
	ck_ok(rota_stream_open(loop, &stream, pipe_fds[0], ROTA_OPEN_KEEP));
	ck_tty_refuses_all(&stream, -ENOTTY);
	ck_ok(rota_handle_close(&stream.handle, NULL));
	ck_tty_refuses_all(&stream, -EINVAL);
	close_all();
	ck_tty_refuses_all(&stream, -EINVAL);
	harness_close_pair(pipe_fds);
}

LOOP_TEST(functions_of_terminals_want_all_their_arguments)
{
	struct rota_tty_size size = { 65536, 25, 0, 0 };
	struct rota_stream tty = { 0 };
	int keyboard = posix_openpt(O_RDWR | O_NOCTTY);
	int terminal;

	ck_ok(grantpt(keyboard));
	ck_ok(unlockpt(keyboard));
	terminal = open(ptsname(keyboard), O_RDWR | O_NOCTTY);
	ck_ok(rota_stream_open(loop, &tty, terminal, ROTA_OPEN_KEEP));
	ck_refused(rota_tty_set_mode(NULL, ROTA_TTY_RAW), -EINVAL);
	ck_refused(rota_tty_get_mode(NULL), -EINVAL);
	ck_refused(rota_tty_get_size(NULL, &size), -EINVAL);
	ck_refused(rota_tty_set_size(NULL, &size), -EINVAL);
	ck_refused(rota_tty_on_resize(NULL, on_resize), -EINVAL);
	ck_refused(rota_tty_restore(), 0);
	ck_refused_for(
		&tty, rota_tty_set_mode(&tty, (enum rota_tty_mode)4), -EINVAL);
	ck_refused_for(&tty, rota_tty_set_mode(&tty, (enum rota_tty_mode) - 1),
		-EINVAL);
	ck_refused_for(&tty, rota_tty_get_size(&tty, NULL), -EINVAL);
	ck_refused_for(&tty, rota_tty_set_size(&tty, NULL), -EINVAL);
	ck_refused_for(&tty, rota_tty_set_size(&tty, &size), -EINVAL);
	close_all();
	ck_ok(close(terminal));
	ck_ok(close(keyboard));
}

static void
add_pump_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "pump");

	tcase_add_loop_test(tc, unix_datagrams_want_all_their_arguments);
	tcase_add_loop_test(tc, a_pump_wants_all_its_arguments);
	tcase_add_loop_test(tc, a_pump_wants_open_streams_of_one_loop);
	tcase_add_loop_test(
		tc, a_pump_wants_a_source_nobody_reads_and_connections);
	tcase_add_loop_test(tc,
		accept_wants_a_listener_and_an_idle_stream_of_its_kind_and_loop);
	tcase_add_loop_test(tc, a_stream_whose_kind_lacks_a_function_says_so);
}

static void
add_tty_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "tty");

	tcase_add_loop_test(tc, a_stream_that_is_no_terminal_says_so);
	tcase_add_loop_test(
		tc, functions_of_terminals_want_all_their_arguments);
}

static void
add_cases(Suite *suite)
{
	add_pump_cases(suite);
	add_tty_cases(suite);
}

HARNESS_MAIN("bad_input_pumps", add_cases)
