/* SPDX-License-Identifier: MIT */
/* Pumps from every kind of stream into every kind, and how they end. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness.h"
#include "tests/kinds.h"

/* More than a pump and any buffer of the kernel hold together. */
#define N_BYTES 1000000

/*
 *	writer ---> from ===pump===> to ---> reader
 *
 * The streams of the far ends are in the same loop.
 */
static struct rota_stream writer;
static struct rota_stream from;
static struct rota_stream to;
static struct rota_stream reader;
static struct rota_pump pump;
static int pump_status;
static uint64_t n_read;
static struct rota_write write_request;
static struct rota_shutdown shutdown_request;
static char all[N_BYTES];
static char chunk[3000];

static void
fill_all(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(all); i++) {
		x = x * 1664525 + 1013904223;
		all[i] = (char)(x >> 24);
	}
}

static void
on_pumped(struct rota_pump *of, int status)
{
	pump_status = status;
	trace(of->request.data != NULL ? *(const char *)of->request.data : 'P');
}

static void
on_closed(struct rota_handle *handle)
{
	(void)handle;
	trace('X');
}

static void
on_written(struct rota_write *request, int status)
{
	(void)request;
	trace(status == 0 ? 'W' : 'w');
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	if (n < 0) {
		trace(n == ROTA_EOF ? '$' : '!');
		return;
	}
	ck_assert_uint_le(n_read + (uint64_t)n, sizeof(all));
	ck_assert_int_eq(memcmp(all + n_read, data, (size_t)n), 0);
	n_read += (uint64_t)n;
}

static void
ignore_write(struct rota_write *request, int status)
{
	(void)request;
	(void)status;
}

static void
ignore_shutdown(struct rota_shutdown *request, int status)
{
	(void)request;
	(void)status;
}

/* Opens both ends of a kind; `ret_from` is the one to be read. */
static void
open_kind(const char *name, struct rota_stream *ret_from,
	struct rota_stream *ret_to)
{
	int fds[2];

	ck_ok(kind_named(name)->make(fds));
	ck_ok(rota_stream_open(loop, ret_from, fds[0], 0));
	ck_ok(rota_stream_open(loop, ret_to, fds[1], 0));
}

static void
open_line(const char *source, const char *sink)
{
	n_read = 0;
	pump.request.data = NULL;
	trace_reset();
	open_kind(source, &from, &writer);
	open_kind(sink, &reader, &to);
}

static void
send_all(void)
{
	struct iovec buffer = { all, sizeof(all) };

	ck_ok(rota_stream_write(
		&writer, &write_request, &buffer, 1, ignore_write));
	ck_ok(rota_stream_shutdown(
		&writer, &shutdown_request, ignore_shutdown));
}

static void
send_some(size_t n)
{
	struct iovec buffer = { all, n };

	ck_err(rota_stream_try_write(&writer, &buffer, 1), (long)n);
}

/* Nothing more goes into `to` from now on. Returns how much went. */
static size_t
fill_up(struct rota_stream *stream)
{
	struct iovec buffer = { chunk, sizeof(chunk) };
	size_t sum = 0;
	ssize_t n;

	for (;;) {
		n = rota_stream_try_write(stream, &buffer, 1);
		if (n > 0)
			sum += (size_t)n;
		else if (buffer.iov_len > 1)
			buffer.iov_len = 1;
		else
			break;
	}
	ck_err(n, -EAGAIN);
	return sum;
}

static void
run_turns(int n)
{
	while (n-- > 0)
		ck_assert_int_ge(run_once_checked(ROTA_RUN_NOWAIT), 0);
}

static void
start_pump(unsigned flags)
{
	pump_status = 1;
	ck_ok(rota_pipe_streams(&pump, &from, &to, flags, on_pumped));
}

/* A pump whose ten bytes do not go into `to`. */
static void
start_blocked(const char *source, const char *sink)
{
	open_line(source, sink);
	(void)fill_up(&to);
	start_pump(0);
	send_some(10);
	run_turns(5);
	ck_assert_uint_eq(rota_pump_bytes(&pump), 10);
	ck_assert_uint_eq(rota_stream_queued_bytes(&to), 10);
	ck_trace("");
}

/* All bytes ***********************************************************/

/* A file must be complete before it is read. */
static void
pump_between(const char *source, const char *sink)
{
	static char back[N_BYTES];

	open_line(source, sink);
	send_all();
	while (strcmp(source, "file") == 0 &&
		rota_stream_queued_bytes(&writer) > 0)
		(void)run_once_checked(ROTA_RUN_ONCE);
	if (strcmp(sink, "file") != 0)
		ck_ok(rota_stream_read_start(&reader, NULL, on_read));
	start_pump(0);
	run_to_the_end();
	ck_ok(pump_status);
	ck_assert_uint_eq(rota_pump_bytes(&pump), sizeof(all));
	if (strcmp(sink, "file") == 0) {
		n_read = kinds_get(rota_stream_fd(&reader), back, sizeof(back));
		ck_assert_int_eq(memcmp(back, all, sizeof(all)), 0);
	}
	ck_assert_uint_eq(n_read, sizeof(all));
	close_all();
}

LOOP_TEST(all_bytes_of_every_kind_go_into_every_kind)
{
	static const char *const names[] = { "tcp", "unix", "pipe", "file" };

	fill_all();
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)
			pump_between(names[i], names[j]);
}

static size_t max_bytes;

static ssize_t
short_recv(int fd, void *memory, size_t size_bytes)
{
	return rota__sys_real.recv(
		fd, memory, size_bytes < max_bytes ? size_bytes : max_bytes);
}

static ssize_t
short_send(int fd, const struct iovec *buffers, unsigned n)
{
	struct iovec first = buffers[0];

	(void)n;
	if (first.iov_len > max_bytes)
		first.iov_len = max_bytes;
	return rota__sys_real.send(fd, &first, 1);
}

LOOP_TEST(short_reads_and_short_writes_lose_nothing)
{
	struct rota_sys sys = rota__sys_real;

	sys.recv = short_recv;
	sys.send = short_send;
	fill_all();
	for (size_t n = 1000; n < 100000; n *= 3) {
		max_bytes = n + 1;
		kinds_reopen_loop(&sys, NULL);
		pump_between("tcp", "unix");
	}
	close_loop();
}

/* Less than what is sent, whatever the system's default is. */
static void
make_buffer_small(struct rota_stream *stream)
{
	int size = 65536;

	ck_assert_int_eq(setsockopt(rota_stream_fd(stream), SOL_SOCKET,
				 SO_SNDBUF, &size, sizeof(size)),
		0);
}

LOOP_TEST(a_slow_reader_slows_the_sender_and_memory_is_bounded)
{
	fill_all();
	open_line("unix", "unix");
	make_buffer_small(&writer);
	make_buffer_small(&to);
	start_pump(0);
	send_all();
	run_turns(50);
	ck_assert_uint_lt(rota_pump_bytes(&pump), sizeof(all));
	ck_assert_uint_le(rota_stream_queued_bytes(&to), ROTA_PUMP_BYTES);
	ck_err(rota_stream_is_reading(&from), 0);
	ck_trace("");
	ck_ok(rota_stream_read_start(&reader, NULL, on_read));
	run_to_the_end();
	ck_assert_uint_eq(n_read, sizeof(all));
	ck_assert_uint_eq(strlen(trace_text()), 2);
	close_all();
}

LOOP_TEST(a_stream_pumped_into_itself_is_an_echo)
{
	struct iovec buffer = { all, sizeof(all) };

	fill_all();
	n_read = 0;
	open_kind("tcp", &from, &writer);
	ck_ok(rota_pipe_streams(&pump, &from, &from, 0, on_pumped));
	ck_ok(rota_stream_write(
		&writer, &write_request, &buffer, 1, ignore_write));
	ck_ok(rota_stream_shutdown(
		&writer, &shutdown_request, ignore_shutdown));
	ck_ok(rota_stream_read_start(&writer, NULL, on_read));
	run_to_the_end();
	ck_assert_uint_eq(n_read, sizeof(all));
	ck_assert_uint_eq(strlen(trace_text()), 2);
	close_all();
}

LOOP_TEST(two_pumps_make_a_relay_that_passes_half_closes_on)
{
	static struct rota_pump back;
	struct iovec buffer = { all, 1000 };

	fill_all();
	open_line("tcp", "unix");
	start_pump(0);
	back.request.data = "B";
	ck_ok(rota_pipe_streams(&back, &to, &from, 0, on_pumped));
	send_all();
	ck_ok(rota_stream_read_start(&reader, NULL, on_read));
	while (strchr(trace_text(), '$') == NULL)
		ck_assert_int_ge(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_assert_uint_eq(n_read, sizeof(all));
	ck_assert_ptr_null(strchr(trace_text(), 'B'));
	/* The other way is still open. */
	n_read = 0;
	trace_reset();
	ck_ok(rota_stream_read_start(&writer, NULL, on_read));
	ck_err(rota_stream_try_write(&reader, &buffer, 1), 1000);
	ck_ok(rota_stream_shutdown(
		&reader, &shutdown_request, ignore_shutdown));
	run_to_the_end();
	ck_assert_uint_eq(n_read, 1000);
	ck_ok(pump_status);
	close_all();
}

LOOP_TEST(a_stream_can_be_kept_open_for_the_next)
{
	struct iovec buffer = { chunk, 10 };

	fill_all();
	open_line("pipe", "pipe");
	start_pump(ROTA_PUMP_KEEP_OPEN);
	send_all();
	ck_ok(rota_stream_read_start(&reader, NULL, on_read));
	while (*trace_text() == '\0')
		ck_assert_int_ge(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_trace("P");
	ck_ok(pump_status);
	ck_err(rota_stream_is_writable(&to), 1);
	ck_err(rota_stream_try_write(&to, &buffer, 1), 10);
	close_all();
}

static unsigned long sum_read;

static void
on_read_sum(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	for (ssize_t i = 0; i < n; i++)
		sum_read += ((const unsigned char *)data)[i];
	n_read += n > 0 ? (uint64_t)n : 0;
}

LOOP_TEST(two_pumps_can_flow_into_one_stream)
{
	static struct rota_pump second;
	struct rota_stream from2;
	struct rota_stream writer2;
	struct rota_write write2;
	struct iovec buffer = { all, sizeof(all) };
	unsigned long sum = 0;

	fill_all();
	for (size_t i = 0; i < sizeof(all); i++)
		sum += (unsigned char)all[i];
	sum_read = 0;
	open_line("tcp", "unix");
	open_kind("pipe", &from2, &writer2);
	start_pump(ROTA_PUMP_KEEP_OPEN);
	ck_ok(rota_pipe_streams(
		&second, &from2, &to, ROTA_PUMP_KEEP_OPEN, on_pumped));
	send_all();
	ck_ok(rota_stream_write(&writer2, &write2, &buffer, 1, ignore_write));
	ck_ok(rota_stream_read_start(&reader, NULL, on_read_sum));
	while (n_read < 2 * sizeof(all))
		ck_assert_int_ge(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_assert_uint_eq(sum_read, 2 * sum);
	close_all();
}

static void
on_line(struct rota_read *request, int status)
{
	(void)request;
	ck_ok(status);
	n_read = rota_read_bytes(request);
	start_pump(0);
}

LOOP_TEST(what_came_too_early_for_a_line_is_pumped_first)
{
	struct rota_read request;
	char memory[64];

	memset(all, 'a', sizeof(all));
	all[5] = '\n';
	open_line("tcp", "tcp");
	send_all();
	ck_ok(rota_stream_read_until(
		&from, &request, memory, 64, '\n', on_line));
	ck_ok(rota_stream_read_start(&reader, NULL, on_read));
	run_to_the_end();
	ck_assert_uint_eq(n_read, sizeof(all));
	close_all();
}

static void
on_pumped_again(struct rota_pump *of, int status)
{
	on_pumped(of, status);
	ck_ok(rota_handle_close(&from.handle, NULL));
	ck_ok(rota_stream_open(loop, &writer, kinds_file(all + 1000, 500), 0));
	ck_ok(rota_pipe_streams(&pump, &writer, &to, 0, on_pumped));
}

LOOP_TEST(one_file_after_another_goes_into_one_stream)
{
	fill_all();
	trace_reset();
	n_read = 0;
	ck_ok(rota_stream_open(loop, &from, kinds_file(all, 1000), 0));
	open_kind("pipe", &reader, &to);
	pump.request.data = NULL;
	ck_ok(rota_pipe_streams(
		&pump, &from, &to, ROTA_PUMP_KEEP_OPEN, on_pumped_again));
	ck_ok(rota_stream_read_start(&reader, NULL, on_read));
	run_to_the_end();
	ck_assert_uint_eq(n_read, 1500);
	ck_assert_uint_eq(rota_pump_bytes(&pump), 500);
	close_all();
}

/* Closing *************************************************************/

LOOP_TEST(closing_the_sink_ends_the_pump_and_not_the_source)
{
	char bytes[10];

	open_line("tcp", "tcp");
	start_pump(0);
	run_turns(2);
	ck_ok(rota_handle_close(&to.handle, on_closed));
	ck_trace("");
	send_some(10);
	run_to_the_end();
	ck_trace("PX");
	ck_err(pump_status, -ECANCELED);
	ck_err(rota_stream_try_read(&from, bytes, 10), 10);
	close_all();
}

LOOP_TEST(closing_a_sink_that_is_blocked_ends_the_pump)
{
	start_blocked("pipe", "unix");
	ck_ok(rota_handle_close(&to.handle, on_closed));
	run_to_the_end();
	ck_trace("PX");
	ck_err(pump_status, -ECANCELED);
	close_all();
}

LOOP_TEST(closing_the_source_lets_out_what_was_read)
{
	start_blocked("tcp", "unix");
	ck_ok(rota_handle_close(&from.handle, on_closed));
	run_turns(3);
	ck_trace("X");
	ck_ok(rota_stream_read_start(&reader, NULL, on_read_sum));
	n_read = 0;
	run_turns(200);
	ck_trace("XP");
	ck_err(pump_status, -ECANCELED);
	ck_err(rota_stream_is_writable(&to), 1);
	close_all();
}

LOOP_TEST(closing_an_idle_source_ends_the_pump)
{
	open_line("pipe", "pipe");
	start_pump(0);
	run_turns(2);
	ck_ok(rota_handle_close(&from.handle, on_closed));
	run_to_the_end();
	ck_err(pump_status, -ECANCELED);
	ck_assert_uint_eq(strlen(trace_text()), 2);
	close_all();
}

LOOP_TEST(closing_a_stream_pumped_into_itself_ends_the_pump)
{
	open_kind("tcp", &from, &writer);
	ck_ok(rota_pipe_streams(&pump, &from, &from, 0, on_pumped));
	run_turns(1);
	ck_ok(rota_handle_close(&from.handle, on_closed));
	run_to_the_end();
	ck_trace("PX");
	close_all();
	trace_reset();
	/* And once more with bytes that do not get out. */
	open_kind("unix", &from, &writer);
	(void)fill_up(&from);
	ck_ok(rota_pipe_streams(&pump, &from, &from, 0, on_pumped));
	send_some(10);
	run_turns(3);
	ck_ok(rota_handle_close(&from.handle, on_closed));
	run_to_the_end();
	ck_trace("PX");
	close_all();
}

static void
on_pumped_close_all(struct rota_pump *of, int status)
{
	on_pumped(of, status);
	ck_ok(rota_handle_close(&from.handle, on_closed));
	ck_ok(rota_handle_close(&to.handle, on_closed));
	ck_ok(rota_handle_close(&writer.handle, on_closed));
	ck_ok(rota_handle_close(&reader.handle, on_closed));
}

LOOP_TEST(a_pump_callback_may_close_everything)
{
	open_line("tcp", "pipe");
	ck_ok(rota_pipe_streams(&pump, &from, &to, 0, on_pumped_close_all));
	send_some(10);
	ck_ok(rota_stream_shutdown(
		&writer, &shutdown_request, ignore_shutdown));
	run_to_the_end();
	ck_trace("PXXXX");
	ck_ok(pump_status);
}

/* Closes one of the two as soon as there is something to read. */
static struct rota_stream *to_be_closed;

static void
on_idle_close(struct rota_hook *hook)
{
	if (rota_pump_bytes(&pump) < 100000)
		return;
	if (!rota_handle_is_closing(&to_be_closed->handle))
		ck_ok(rota_handle_close(&to_be_closed->handle, on_closed));
	ck_ok(rota_hook_stop(hook));
}

static void
close_in_the_midst(struct rota_stream *which, int reads)
{
	struct rota_hook hook;

	fill_all();
	open_line("unix", "tcp");
	ck_ok(rota_idle_init(loop, &hook));
	ck_ok(rota_hook_start(&hook, on_idle_close));
	to_be_closed = which;
	start_pump(0);
	send_all();
	if (reads)
		ck_ok(rota_stream_read_start(&reader, NULL, on_read));
	run_turns(300);
	ck_assert_ptr_nonnull(strchr(trace_text(), 'X'));
	close_all();
	ck_assert_ptr_nonnull(strchr(trace_text(), 'P'));
	/* That the writer closes is a good end. */
	ck_assert(pump_status < 0 || which == &writer);
}

LOOP_TEST(each_of_the_four_ends_may_close_in_the_midst)
{
	for (int reads = 0; reads < 2; reads++) {
		close_in_the_midst(&from, reads);
		close_in_the_midst(&to, reads);
	}
	close_in_the_midst(&reader, 1);
	close_in_the_midst(&writer, 0);
}

/* Errors, cancel, deadline ********************************************/

LOOP_TEST(a_sink_without_a_reader_is_an_error_of_the_pump)
{
	open_line("tcp", "pipe");
	start_pump(0);
	ck_ok(rota_handle_close(&reader.handle, NULL));
	run_turns(2);
	send_some(10);
	run_to_the_end();
	ck_err(pump_status, -EPIPE);
	ck_err(rota_stream_is_readable(&from), 1);
	ck_err(rota_stream_is_reading(&from), 0);
	close_all();
}

LOOP_TEST(a_source_that_is_reset_is_an_error_of_the_pump)
{
	open_line("tcp", "pipe");
	start_pump(0);
	run_turns(2);
	ck_ok(rota_tcp_reset((struct rota_tcp *)&writer, NULL));
	run_to_the_end();
	ck_err(pump_status, -ECONNRESET);
	ck_err(rota_stream_is_writable(&to), 1);
	close_all();
}

LOOP_TEST(a_cancelled_pump_leaves_both_streams_usable)
{
	struct iovec buffer = { all, 10 };
	char bytes[10];

	open_line("unix", "unix");
	start_pump(0);
	run_turns(2);
	ck_ok(rota_request_cancel(&pump.request));
	ck_err(rota_request_cancel(&pump.request), -EALREADY);
	ck_trace("");
	run_to_the_end();
	ck_trace("P");
	ck_err(pump_status, -ECANCELED);
	send_some(10);
	ck_err(rota_stream_try_read(&from, bytes, 10), 10);
	ck_err(rota_stream_try_write(&to, &buffer, 1), 10);
	close_all();
}

LOOP_TEST(a_cancelled_pump_ends_although_its_sink_is_blocked)
{
	start_blocked("unix", "unix");
	ck_ok(rota_request_cancel(&pump.request));
	ck_err(rota_request_cancel(&pump.request), -EALREADY);
	run_to_the_end();
	ck_trace("P");
	ck_err(pump_status, -ECANCELED);
	ck_assert_uint_eq(rota_stream_queued_bytes(&to), 0);
	close_all();
}

LOOP_TEST(a_deadline_ends_a_pump_although_its_sink_is_blocked)
{
	start_blocked("tcp", "pipe");
	ck_ok(rota_request_set_deadline(&pump.request, 10 * ROTA_MILLISECOND));
	run_to_the_end();
	ck_trace("P");
	ck_err(pump_status, -ETIMEDOUT);
	close_all();
}

LOOP_TEST(a_deadline_ends_a_pump_whose_shutdown_does_not_get_out)
{
	struct iovec buffer = { chunk, 10 };

	open_line("tcp", "unix");
	(void)fill_up(&to);
	ck_ok(rota_stream_write(&to, &write_request, &buffer, 1, on_written));
	start_pump(0);
	ck_ok(rota_handle_close(&writer.handle, NULL));
	run_turns(5);
	ck_trace("");
	ck_ok(rota_request_set_deadline(&pump.request, 10 * ROTA_MILLISECOND));
	while (*trace_text() == '\0')
		ck_assert_int_ge(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_trace("P");
	ck_err(pump_status, -ETIMEDOUT);
	ck_err(rota_stream_is_writable(&to), 1);
	close_all();
}

LOOP_TEST(a_deadline_ends_a_pump_that_lost_its_source_while_blocked)
{
	start_blocked("tcp", "pipe");
	ck_ok(rota_handle_close(&from.handle, NULL));
	ck_ok(rota_request_set_deadline(&pump.request, 10 * ROTA_MILLISECOND));
	run_to_the_end();
	ck_trace("P");
	ck_err(pump_status, -ECANCELED);
	close_all();
}

FAKE_TIME_TEST(a_silent_source_with_a_limit_ends_the_pump)
{
	open_line("tcp", "tcp");
	ck_ok(rota_stream_set_idle_limit(&from, 5 * ROTA_SECOND));
	start_pump(0);
	run_to_the_end();
	ck_trace("P");
	ck_err(pump_status, -ETIMEDOUT);
	close_all();
}

static ssize_t
send_without_buffers(int fd, const struct iovec *buffers, unsigned n)
{
	static unsigned n_calls;

	return n_calls++ % 2 == 0 ? -ENOBUFS :
				    rota__sys_real.send(fd, buffers, n);
}

/* Some systems say so where others say EAGAIN. */
LOOP_TEST(a_kernel_short_of_buffers_is_no_error_of_the_pump)
{
	struct rota_sys sys = rota__sys_real;

	sys.send = send_without_buffers;
	fill_all();
	kinds_reopen_loop(&sys, NULL);
	pump_between("pipe", "tcp");
	close_loop();
}

/* What is refused *****************************************************/

static void
ignore_read(struct rota_read *request, int status)
{
	(void)request;
	(void)status;
}

LOOP_TEST(a_source_that_is_being_read_is_busy)
{
	static struct rota_pump second;
	struct rota_read request;
	char byte;

	open_line("tcp", "tcp");
	ck_ok(rota_stream_read_start(&from, NULL, on_read));
	ck_err(rota_pipe_streams(&pump, &from, &to, 0, on_pumped), -EBUSY);
	ck_ok(rota_stream_read_stop(&from));
	ck_ok(rota_stream_read(&from, &request, &byte, 1, ignore_read));
	ck_err(rota_pipe_streams(&pump, &from, &to, 0, on_pumped), -EBUSY);
	ck_ok(rota_request_cancel(&request.request));
	start_pump(0);
	ck_err(rota_pipe_streams(&second, &from, &to, 0, on_pumped), -EBUSY);
	close_all();
}

static void
ck_nobody_else_reads(void)
{
	struct rota_read request;
	char byte;

	ck_err(rota_stream_read_start(&from, NULL, on_read), -EBUSY);
	ck_err(rota_stream_read(&from, &request, &byte, 1, ignore_read),
		-EBUSY);
	ck_err(rota_stream_try_read(&from, &byte, 1), -EBUSY);
	ck_ok(rota_stream_read_stop(&from));
}

LOOP_TEST(a_source_that_is_pumped_cannot_be_read_otherwise)
{
	fill_all();
	start_blocked("unix", "unix");
	ck_nobody_else_reads();
	close_all();
	open_line("tcp", "tcp");
	start_pump(0);
	ck_nobody_else_reads();
	send_all();
	ck_ok(rota_stream_read_start(&reader, NULL, on_read));
	run_to_the_end();
	ck_assert_uint_eq(n_read, sizeof(all));
	close_all();
}

LOOP_TEST(a_pump_needs_two_streams_that_are_connected)
{
	struct rota_tcp blank;

	open_line("pipe", "pipe");
	ck_ok(rota_tcp_init(loop, &blank));
	ck_err(rota_pipe_streams(&pump, &to, &to, 0, on_pumped), -ENOTCONN);
	ck_err(rota_pipe_streams(&pump, &from, &from, 0, on_pumped), -EPIPE);
	ck_err(rota_pipe_streams(&pump, &blank.stream, &to, 0, on_pumped),
		-ENOTCONN);
	ck_err(rota_pipe_streams(&pump, &from, &blank.stream, 0, on_pumped),
		-ENOTCONN);
	ck_err(rota_pipe_streams(&pump, &from, &to, 2, on_pumped), -EINVAL);
	ck_err(rota_loop_alive(loop), 0);
	ck_assert_uint_eq(rota_pump_bytes(NULL), 0);
	start_pump(0);
	close_all();
	ck_trace("P");
}

static int n_until_failure;

static void *
failing_realloc(void *data, void *memory, size_t size_bytes)
{
	if (size_bytes > 0 && n_until_failure > 0 && --n_until_failure == 0)
		return NULL;
	return harness_realloc(data, memory, size_bytes);
}

LOOP_TEST(without_memory_no_pump_begins_and_the_streams_are_as_before)
{
	int r = -ENOMEM;

	fill_all();
	kinds_reopen_loop(NULL, failing_realloc);
	open_line("tcp", "pipe");
	for (int n = 1; r != 0; n++) {
		n_until_failure = n;
		r = rota_pipe_streams(&pump, &from, &to, 0, on_pumped);
		if (r != 0) {
			ck_err(r, -ENOMEM);
			ck_err(rota_stream_is_reading(&from), 0);
			ck_err(rota_loop_alive(loop), 0);
		}
		ck_assert_int_lt(n, 10);
	}
	n_until_failure = 0;
	ck_ok(rota_stream_read_start(&reader, NULL, on_read));
	send_all();
	run_to_the_end();
	ck_assert_uint_eq(n_read, sizeof(all));
	close_all();
	close_loop();
}

/* Before a connection *************************************************/

static void
on_connect(struct rota_connect *request, int status)
{
	(void)request;
	trace(status == 0 ? '+' : '-');
}

static struct sockaddr_in
loopback(int *ret_fd, int listens)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*ret_fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_ge(*ret_fd, 0);
	ck_assert_int_eq(
		bind(*ret_fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	if (listens)
		ck_assert_int_eq(listen(*ret_fd, 1), 0);
	ck_assert_int_eq(
		getsockname(*ret_fd, (struct sockaddr *)&addr, &len), 0);
	return addr;
}

LOOP_TEST(a_pump_waits_for_the_connection_of_its_sink)
{
	struct rota_connect connect;
	struct rota_tcp tcp;
	int listener;
	struct sockaddr_in addr = loopback(&listener, 1);
	char bytes[1500];
	int accepted;

	fill_all();
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_stream_open(loop, &from, kinds_file(all, 1500), 0));
	ck_ok(rota_tcp_connect(
		&tcp, &connect, (struct sockaddr *)&addr, on_connect));
	ck_ok(rota_pipe_streams(&pump, &from, &tcp.stream, 0, on_pumped));
	run_to_the_end();
	ck_trace("+P");
	ck_ok(pump_status);
	accepted = accept(listener, NULL, NULL);
	ck_assert_uint_eq(kinds_get(accepted, bytes, 1500), 1500);
	ck_assert_int_eq(memcmp(bytes, all, 1500), 0);
	close_all();
	ck_assert_int_eq(close(accepted), 0);
	ck_assert_int_eq(close(listener), 0);
}

LOOP_TEST(a_sink_that_does_not_connect_ends_the_pump)
{
	struct rota_connect connect;
	struct rota_tcp tcp;
	int nobody;
	struct sockaddr_in addr = loopback(&nobody, 0);
	int r;

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_stream_open(loop, &from, kinds_file(all, 1500), 0));
	ck_ok(rota_tcp_connect(
		&tcp, &connect, (struct sockaddr *)&addr, on_connect));
	r = rota_pipe_streams(&pump, &from, &tcp.stream, 0, on_pumped);
	/* Some systems know at once. */
	if (r != -ENOTCONN) {
		ck_ok(r);
		run_to_the_end();
		ck_trace("-P");
		ck_assert_int_lt(pump_status, 0);
	}
	close_all();
	ck_assert_int_eq(close(nobody), 0);
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "bytes");

	tcase_add_loop_test(tc, all_bytes_of_every_kind_go_into_every_kind);
	tcase_add_loop_test(tc, short_reads_and_short_writes_lose_nothing);
	tcase_add_loop_test(
		tc, a_slow_reader_slows_the_sender_and_memory_is_bounded);
	tcase_add_loop_test(tc, a_stream_pumped_into_itself_is_an_echo);
	tcase_add_loop_test(
		tc, two_pumps_make_a_relay_that_passes_half_closes_on);
	tcase_add_loop_test(tc, a_stream_can_be_kept_open_for_the_next);
	tcase_add_loop_test(tc, two_pumps_can_flow_into_one_stream);
	tcase_add_loop_test(tc, what_came_too_early_for_a_line_is_pumped_first);
	tcase_add_loop_test(tc, one_file_after_another_goes_into_one_stream);

	tc = harness_case(suite, "closing");
	tcase_add_loop_test(
		tc, closing_the_sink_ends_the_pump_and_not_the_source);
	tcase_add_loop_test(tc, closing_a_sink_that_is_blocked_ends_the_pump);
	tcase_add_loop_test(tc, closing_the_source_lets_out_what_was_read);
	tcase_add_loop_test(tc, closing_an_idle_source_ends_the_pump);
	tcase_add_loop_test(
		tc, closing_a_stream_pumped_into_itself_ends_the_pump);
	tcase_add_loop_test(tc, a_pump_callback_may_close_everything);
	tcase_add_loop_test(tc, each_of_the_four_ends_may_close_in_the_midst);

	tc = harness_case(suite, "errors");
	tcase_add_loop_test(
		tc, a_sink_without_a_reader_is_an_error_of_the_pump);
	tcase_add_loop_test(tc, a_source_that_is_reset_is_an_error_of_the_pump);
	tcase_add_loop_test(tc, a_cancelled_pump_leaves_both_streams_usable);
	tcase_add_loop_test(
		tc, a_cancelled_pump_ends_although_its_sink_is_blocked);
	tcase_add_loop_test(
		tc, a_deadline_ends_a_pump_although_its_sink_is_blocked);
	tcase_add_loop_test(
		tc, a_deadline_ends_a_pump_whose_shutdown_does_not_get_out);
	tcase_add_loop_test(
		tc, a_deadline_ends_a_pump_that_lost_its_source_while_blocked);
	tcase_add_test(tc, a_silent_source_with_a_limit_ends_the_pump);
	tcase_add_loop_test(
		tc, a_kernel_short_of_buffers_is_no_error_of_the_pump);
	tcase_add_loop_test(tc, a_source_that_is_being_read_is_busy);
	tcase_add_loop_test(
		tc, a_source_that_is_pumped_cannot_be_read_otherwise);
	tcase_add_loop_test(tc, a_pump_needs_two_streams_that_are_connected);
	tcase_add_loop_test(tc,
		without_memory_no_pump_begins_and_the_streams_are_as_before);
	tcase_add_loop_test(tc, a_pump_waits_for_the_connection_of_its_sink);
	tcase_add_loop_test(tc, a_sink_that_does_not_connect_ends_the_pump);
}

HARNESS_MAIN("pump", add_cases)
