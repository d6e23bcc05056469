/* SPDX-License-Identifier: MIT */
/* Mistakes at the door of rota/stream.h. */
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/bad_input.h"
#include "tests/harness.h"

LOOP_TEST(functions_of_streams_want_a_stream)
{
	struct iovec byte = { "x", 1 };
	struct rota_shutdown shutdown = { 0 };
	struct rota_send_file send = { 0 };
	struct rota_write write = { 0 };
	struct rota_tcp tcp = { 0 };

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused(rota_stream_read_start(NULL, NULL, on_read), -EINVAL);
	ck_refused(rota_stream_read_stop(NULL), -EINVAL);
	ck_refused(
		rota_stream_write(NULL, &write, &byte, 1, on_written), -EINVAL);
	ck_refused(rota_stream_try_write(NULL, &byte, 1), -EINVAL);
	ck_refused(rota_stream_send_file(NULL, &send, 0, 0, 1, on_file_sent),
		-EINVAL);
	ck_refused((int)rota_send_file_bytes(NULL), 0);
	ck_refused(rota_stream_shutdown(NULL, &shutdown, on_shut), -EINVAL);
	ck_refused(rota_stream_listen(NULL, 1, on_connection), -EINVAL);
	ck_refused(rota_stream_accept(NULL, &tcp.stream), -EINVAL);
	ck_refused(rota_stream_accept(&tcp.stream, NULL), -EINVAL);
	ck_refused(rota_stream_set_gather(NULL, 1), -EINVAL);
	ck_refused(rota_stream_queued_bytes(NULL), 0);
	ck_refused(rota_stream_fd(NULL), -1);
	ck_refused(rota_stream_is_reading(NULL), 0);
	ck_refused(rota_stream_is_readable(NULL), 0);
	ck_refused(rota_stream_is_writable(NULL), 0);
	close_all();
}

LOOP_TEST(functions_of_streams_want_all_their_arguments)
{
	struct iovec byte = { "x", 1 };
	struct rota_shutdown shutdown = { 0 };
	struct rota_write write = { 0 };
	struct rota_tcp tcp = { 0 };
	struct rota_stream *stream = &tcp.stream;
	int peer = open_connection(&tcp);

	ck_refused_for(
		&tcp, rota_stream_read_start(stream, NULL, NULL), -EINVAL);
	ck_refused_for(&tcp,
		rota_stream_write(stream, NULL, &byte, 1, on_written), -EINVAL);
	ck_refused_for(&write,
		rota_stream_write(stream, &write, &byte, 1, NULL), -EINVAL);
	ck_refused_for(&write,
		rota_stream_write(stream, &write, NULL, 1, on_written),
		-EINVAL);
	ck_refused_for(&write,
		rota_stream_write(stream, &write, NULL, UINT_MAX, on_written),
		-EINVAL);
	ck_refused_for(&tcp, rota_stream_try_write(stream, NULL, 1), -EINVAL);
	ck_refused_for(
		&tcp, rota_stream_try_write(stream, NULL, UINT_MAX), -EINVAL);
	ck_refused_for(
		&tcp, rota_stream_shutdown(stream, NULL, on_shut), -EINVAL);
	ck_refused_for(&shutdown, rota_stream_shutdown(stream, &shutdown, NULL),
		-EINVAL);
	ck_refused_for(&tcp, rota_stream_listen(stream, 1, NULL), -EINVAL);
	ck_err(rota_stream_is_writable(stream), 1);
	close_all();
	ck_ok(close(peer));
	ck_trace("");
}

LOOP_TEST(files_to_be_sent_want_a_place_and_a_callback)
{
	struct rota_send_file send = { 0 };
	struct rota_tcp tcp = { 0 };
	struct rota_stream *stream = &tcp.stream;
	int peer = open_connection(&tcp);

	ck_refused_for(&tcp,
		rota_stream_send_file(stream, NULL, peer, 0, 1, on_file_sent),
		-EINVAL);
	ck_refused_for(&send,
		rota_stream_send_file(stream, &send, peer, 0, 1, NULL),
		-EINVAL);
	ck_refused_for(&send,
		rota_stream_send_file(stream, &send, -1, 0, 1, on_file_sent),
		-EBADF);
	ck_refused_for(&send,
		rota_stream_send_file(
			stream, &send, peer, UINT64_MAX, 1, on_file_sent),
		-EINVAL);
	ck_refused_for(&send,
		rota_stream_send_file(
			stream, &send, peer, 1, UINT64_MAX, on_file_sent),
		-EINVAL);
	ck_refused(rota_stream_queued_bytes(stream), 0);
	close_all();
	ck_ok(close(peer));
	ck_trace("");
}

LOOP_TEST(writes_want_sizes_that_can_be_summed_up)
{
	char byte = 'x';
	struct iovec huge[] = { { &byte, 1 }, { &byte, SIZE_MAX / 2 } };
	struct iovec wraps[] = { { &byte, SIZE_MAX }, { &byte, 2 } };
	struct iovec nowhere = { NULL, 1 };
	struct rota_write write = { 0 };
	struct rota_tcp tcp = { 0 };
	struct rota_stream *stream = &tcp.stream;
	int peer = open_connection(&tcp);

	ck_refused_for(&write,
		rota_stream_write(stream, &write, huge, 2, on_written),
		-EINVAL);
	ck_refused_for(&write,
		rota_stream_write(stream, &write, wraps, 2, on_written),
		-EINVAL);
	ck_refused_for(&write,
		rota_stream_write(stream, &write, &nowhere, 1, on_written),
		-EINVAL);
	ck_refused_for(&tcp, rota_stream_try_write(stream, huge, 2), -EINVAL);
	ck_refused_for(&tcp, rota_stream_try_write(stream, wraps, 2), -EINVAL);
	ck_refused_for(
		&tcp, rota_stream_try_write(stream, &nowhere, 1), -EINVAL);
	ck_refused(rota_stream_queued_bytes(stream), 0);
	close_all();
	ck_ok(close(peer));
	ck_trace("");
}

static void
ck_stream_refuses_all(struct rota_stream *stream)
{
	struct iovec byte = { "x", 1 };
	struct rota_shutdown shutdown = { 0 };
	struct rota_send_file send = { 0 };
	struct rota_write write = { 0 };

	ck_refused_for(
		stream, rota_stream_read_start(stream, NULL, on_read), -EINVAL);
	ck_refused_for(stream,
		rota_stream_send_file(stream, &send, 0, 0, 1, on_file_sent),
		-EINVAL);
	ck_refused_for(stream, rota_stream_read_stop(stream), 0);
	ck_refused_for(stream,
		rota_stream_write(stream, &write, &byte, 1, on_written),
		-EINVAL);
	ck_refused_for(
		stream, rota_stream_try_write(stream, &byte, 1), -EINVAL);
	ck_refused_for(stream, rota_stream_shutdown(stream, &shutdown, on_shut),
		-EINVAL);
	ck_refused_for(
		stream, rota_stream_listen(stream, 1, on_connection), -EINVAL);
	ck_refused_for(stream, rota_stream_accept(stream, stream), -EINVAL);
	ck_refused_for(stream, rota_stream_set_gather(stream, 0), -EINVAL);
	ck_not_read(stream, -EINVAL);
	ck_refused_for(stream, rota_stream_try_read(stream, &byte, 1), -EINVAL);
	ck_refused_for(stream, rota_stream_set_idle_limit(stream, 1), -EINVAL);
	ck_refused_for(
		stream, rota_stream_set_marks(stream, 0, 0, NULL), -EINVAL);
	ck_refused_for(stream, rota_stream_is_full(stream), 0);
	ck_refused_for(stream, rota_stream_queued_bytes(stream), 0);
	ck_refused_for(stream, rota_stream_fd(stream), -1);
	ck_refused_for(stream, rota_stream_is_reading(stream), 0);
	ck_refused_for(stream, rota_stream_is_readable(stream), 0);
	ck_refused_for(stream, rota_stream_is_writable(stream), 0);
}

LOOP_TEST(a_stream_blank_closing_or_closed_refuses_all)
{
	struct rota_tcp tcp = { 0 };
	int peer;

	ck_stream_refuses_all(&tcp.stream);
	peer = open_connection(&tcp);
	ck_ok(rota_stream_read_start(&tcp.stream, NULL, on_read));
	ck_ok(rota_handle_close(&tcp.stream.handle, NULL));
	ck_stream_refuses_all(&tcp.stream);
	run_to_the_end();
	ck_stream_refuses_all(&tcp.stream);
	ck_ok(close(peer));
	ck_trace("");
}

LOOP_TEST(functions_that_read_want_all_their_arguments)
{
	struct rota_read read = { 0 };
	struct rota_tcp tcp;
	struct rota_stream *stream = &tcp.stream;
	char byte = 'x';
	int peer = open_connection(&tcp);

	ck_not_read(NULL, -EINVAL);
	ck_refused(rota_stream_try_read(NULL, &byte, 1), -EINVAL);
	ck_refused_for(&tcp, rota_stream_try_read(stream, NULL, 1), -EINVAL);
	ck_refused_for(&tcp, rota_stream_try_read(stream, &byte, 0), -EINVAL);
	ck_refused_for(&tcp, rota_stream_read(stream, NULL, &byte, 1, on_done),
		-EINVAL);
	ck_refused_for(&read, rota_stream_read(stream, &read, NULL, 1, on_done),
		-EINVAL);
	ck_refused_for(&read,
		rota_stream_read(stream, &read, &byte, 0, on_done), -EINVAL);
	ck_refused_for(&read, rota_stream_read(stream, &read, &byte, 1, NULL),
		-EINVAL);
	ck_refused_for(&read,
		rota_stream_read_exactly(stream, &read, &byte, 0, on_done),
		-EINVAL);
	ck_refused_for(&read,
		rota_stream_read_until(stream, &read, NULL, 1, '.', on_done),
		-EINVAL);
	ck_refused(rota_read_bytes(NULL), 0);
	ck_refused(rota_read_bytes(&read), 0);
	close_all();
	ck_ok(close(peer));
	ck_trace("");
}

LOOP_TEST(a_stream_is_read_in_one_way_at_a_time)
{
	struct rota_read read = { 0 };
	struct rota_tcp tcp;
	struct rota_stream *stream = &tcp.stream;
	char byte;
	int peer = open_connection(&tcp);

	ck_ok(rota_stream_read_start(stream, NULL, on_read));
	ck_not_read(stream, -EBUSY);
	ck_ok(rota_stream_read_stop(stream));
	ck_ok(rota_stream_read(stream, &read, &byte, 1, on_done));
	ck_refused_for(
		&tcp, rota_stream_read_start(stream, NULL, on_read), -EBUSY);
	ck_refused_for(&tcp, rota_stream_try_read(stream, &byte, 1), -EBUSY);
	close_all();
	ck_ok(close(peer));
	ck_trace("x");
}

LOOP_TEST(limits_and_marks_want_values_that_make_sense)
{
	struct rota_tcp tcp;
	struct rota_stream *stream = &tcp.stream;
	int peer = open_connection(&tcp);

	ck_refused(rota_stream_set_idle_limit(NULL, 1), -EINVAL);
	ck_refused(rota_stream_set_marks(NULL, 1, 2, on_drained), -EINVAL);
	ck_refused(rota_stream_is_full(NULL), 0);
	for (int i = 0; i < 2; i++) {
		ck_refused_for(
			&tcp, rota_stream_set_idle_limit(stream, 0), -EINVAL);
		ck_refused_for(&tcp,
			rota_stream_set_marks(stream, 2, 2, on_drained),
			-EINVAL);
		ck_refused_for(&tcp,
			rota_stream_set_marks(stream, SIZE_MAX, 1, on_drained),
			-EINVAL);
		ck_refused_for(&tcp, rota_stream_set_marks(stream, 1, 2, NULL),
			-EINVAL);
		ck_ok(rota_stream_set_idle_limit(stream, ROTA_FOREVER - 1));
		ck_ok(rota_stream_set_marks(
			stream, SIZE_MAX - 1, SIZE_MAX, on_drained));
	}
	ck_ok(rota_stream_read_start(stream, NULL, on_read));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	close_all();
	ck_ok(close(peer));
	ck_trace("");
}

LOOP_TEST(a_stream_that_closes_flushed_closes_once)
{
	struct rota_tcp tcp;
	struct rota_stream *stream = &tcp.stream;
	int peer = open_connection(&tcp);

	ck_refused(rota_stream_close_flushed(NULL, on_closed), -EINVAL);
	ck_ok(rota_stream_close_flushed(stream, on_closed));
	ck_refused_for(&tcp,
		rota_stream_close_flushed(stream, on_wrongly_closed),
		-EALREADY);
	run_to_the_end();
	ck_refused_for(&tcp,
		rota_stream_close_flushed(stream, on_wrongly_closed), -EINVAL);
	ck_trace("C");
	ck_ok(close(peer));
}

/* What open() refuses stays blank, and the descriptor as it was. */
static void
ck_not_opened(int fd, unsigned flags, int expected)
{
	struct rota_stream stream = { 0 };
	int flags_before = fcntl(fd, F_GETFL);

	ck_refused_for(
		&stream, rota_stream_open(loop, &stream, fd, flags), expected);
	ck_refused_for(
		&stream, rota_stream_open(NULL, &stream, fd, 0), -EINVAL);
	ck_refused(rota_stream_open(loop, NULL, fd, 0), -EINVAL);
	ck_assert_int_eq(fcntl(fd, F_GETFL), flags_before);
}

LOOP_TEST(stream_open_wants_a_descriptor_that_can_be_a_stream)
{
	int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
	int directory = open("/", O_RDONLY);
	struct rota_tcp tcp = { 0 };
	int pipe[2];

	ck_assert_int_ge(datagrams, 0);
	ck_assert_int_ge(directory, 0);
	harness_pipe(pipe);
	/* The read buffer is made with the first stream, and stays. */
	ck_ok(rota_tcp_init(loop, &tcp));
	for (unsigned flags = 0; flags <= ROTA_OPEN_KEEP; flags++) {
		ck_not_opened(-1, flags, -EBADF);
		ck_not_opened(INT_MIN, flags, -EBADF);
		ck_not_opened(INT_MAX, flags, -EBADF);
		ck_not_opened(closed_number(), flags, -EBADF);
		ck_not_opened(datagrams, flags, -EPROTOTYPE);
		ck_not_opened(directory, flags, -EISDIR);
	}
	ck_not_opened(pipe[0], 1u << 1, -EINVAL);
	ck_not_opened(pipe[0], UINT_MAX, -EINVAL);
	close_all();
	harness_close_pair(pipe);
	ck_ok(close(directory));
	ck_ok(close(datagrams));
}

LOOP_TEST(a_stream_without_a_connection_neither_reads_nor_writes)
{
	struct iovec byte = { "x", 1 };
	struct rota_shutdown shutdown = { 0 };
	struct rota_write write = { 0 };
	struct rota_tcp tcp = { 0 };
	struct rota_stream *stream = &tcp.stream;

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused_for(
		&tcp, rota_stream_read_start(stream, NULL, on_read), -ENOTCONN);
	ck_not_read(stream, -ENOTCONN);
	ck_refused_for(&tcp, rota_stream_try_read(stream, &byte, 1), -ENOTCONN);
	ck_refused_for(&tcp, rota_stream_read_stop(stream), 0);
	ck_refused_for(&tcp,
		rota_stream_write(stream, &write, &byte, 1, on_written),
		-ENOTCONN);
	ck_refused(rota_request_cancel(&write.request), -EALREADY);
	ck_refused_for(
		&tcp, rota_stream_try_write(stream, &byte, 1), -ENOTCONN);
	ck_refused_for(&tcp, rota_stream_shutdown(stream, &shutdown, on_shut),
		-ENOTCONN);
	ck_refused(rota_request_cancel(&shutdown.request), -EALREADY);
	ck_refused_for(
		&tcp, rota_stream_listen(stream, 1, on_connection), -EINVAL);
	close_all();
	ck_trace("");
}

LOOP_TEST(a_stream_that_was_shut_down_takes_no_more)
{
	struct iovec byte = { "x", 1 };
	struct rota_shutdown first = { 0 };
	struct rota_shutdown second = { 0 };
	struct rota_write write = { 0 };
	struct rota_tcp tcp = { 0 };
	struct rota_stream *stream = &tcp.stream;
	int peer = open_connection(&tcp);

	ck_ok(rota_stream_shutdown(stream, &first, on_shut));
	for (int i = 0; i < 2; i++) {
		ck_refused_for(&tcp,
			rota_stream_write(stream, &write, &byte, 1, on_written),
			-EPIPE);
		ck_refused_for(
			&tcp, rota_stream_try_write(stream, &byte, 1), -EPIPE);
		ck_refused_for(&tcp,
			rota_stream_shutdown(stream, &second, on_shut), -EPIPE);
		ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	}
	ck_trace("s");
	close_all();
	ck_ok(close(peer));
}

LOOP_TEST(listen_wants_a_backlog_and_a_socket_without_connection)
{
	static const int bad[] = { 0, -1, INT_MIN };
	struct rota_tcp connection = { 0 };
	struct rota_tcp listener = { 0 };
	int peer = open_connection(&connection);

	ck_refused_for(&connection,
		rota_stream_listen(&connection.stream, 1, on_connection),
		-EINVAL);
	(void)open_listener(&listener);
	for (int i = 0; i < 3; i++)
		ck_refused_for(&listener,
			rota_stream_listen(
				&listener.stream, bad[i], on_connection),
			-EINVAL);
	close_all();
	ck_ok(close(peer));
}

LOOP_TEST(a_listener_neither_reads_nor_writes_nor_connects)
{
	struct iovec byte = { "x", 1 };
	struct rota_connect connect = { 0 };
	struct rota_shutdown shutdown = { 0 };
	struct rota_write write = { 0 };
	struct rota_tcp tcp = { 0 };
	struct rota_stream *stream = &tcp.stream;
	struct sockaddr_storage addr = open_listener(&tcp);

	ck_refused_for(
		&tcp, rota_stream_read_start(stream, NULL, on_read), -ENOTCONN);
	ck_not_read(stream, -ENOTCONN);
	ck_refused_for(&tcp, rota_stream_try_read(stream, &byte, 1), -ENOTCONN);
	ck_refused_for(&tcp, rota_stream_read_stop(stream), 0);
	ck_refused_for(&tcp,
		rota_stream_write(stream, &write, &byte, 1, on_written),
		-ENOTCONN);
	ck_refused_for(
		&tcp, rota_stream_try_write(stream, &byte, 1), -ENOTCONN);
	ck_refused_for(&tcp, rota_stream_shutdown(stream, &shutdown, on_shut),
		-ENOTCONN);
	ck_refused_for(&tcp,
		rota_tcp_connect(
			&tcp, &connect, (struct sockaddr *)&addr, on_connected),
		-EISCONN);
	close_all();
	ck_trace("");
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "stream");

	tcase_add_loop_test(tc, functions_of_streams_want_a_stream);
	tcase_add_loop_test(tc, functions_of_streams_want_all_their_arguments);
	tcase_add_loop_test(tc, files_to_be_sent_want_a_place_and_a_callback);
	tcase_add_loop_test(tc, writes_want_sizes_that_can_be_summed_up);
	tcase_add_loop_test(tc, a_stream_blank_closing_or_closed_refuses_all);
	tcase_add_loop_test(tc, functions_that_read_want_all_their_arguments);
	tcase_add_loop_test(tc, a_stream_is_read_in_one_way_at_a_time);
	tcase_add_loop_test(tc, limits_and_marks_want_values_that_make_sense);
	tcase_add_loop_test(tc, a_stream_that_closes_flushed_closes_once);
	tcase_add_loop_test(
		tc, stream_open_wants_a_descriptor_that_can_be_a_stream);
	tcase_add_loop_test(
		tc, a_stream_without_a_connection_neither_reads_nor_writes);
	tcase_add_loop_test(tc, a_stream_that_was_shut_down_takes_no_more);
	tcase_add_loop_test(
		tc, listen_wants_a_backlog_and_a_socket_without_connection);
	tcase_add_loop_test(
		tc, a_listener_neither_reads_nor_writes_nor_connects);
}

HARNESS_MAIN("bad_input_streams", add_cases)
