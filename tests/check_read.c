/* SPDX-License-Identifier: MIT */
/*
 * Read requests, bytes that came too early for one, try_read and the limit
 * of silence.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness.h"
#include "tests/kinds.h"

#define N_ASKS 8

/* A request, what it got, and how it ended; 1 while it is in flight. */
struct ask {
	struct rota_read read;
	char memory[64];
	int status;
};

static struct ask asks[N_ASKS];
static struct rota_stream stream;
static int far_end;
/* The loop stops when so many letters are traced. */
static size_t stop_at;

static char flow[256];
static size_t n_flow;

static void
open_pair(const char *kind)
{
	int fds[2];

	stop_at = 0;
	n_flow = 0;
	ck_ok(kind_named(kind)->make(fds));
	ck_ok(rota_stream_open(loop, &stream, fds[0], 0));
	far_end = fds[1];
}

static void
hang_up(void)
{
	ck_assert_int_eq(close(far_end), 0);
	far_end = -1;
}

static void
close_pair(void)
{
	close_all();
	if (far_end >= 0)
		hang_up();
}

static void
put(const char *text)
{
	kinds_put(far_end, text, strlen(text));
}

static struct ask *
ask_of(struct rota_read *request)
{
	return (struct ask *)request;
}

/* Adds its number to the trace, or its lower letter after an error. */
static void
on_done(struct rota_read *request, int status)
{
	struct ask *ask = ask_of(request);
	int number = (int)(ask - asks);

	ask->status = status;
	trace((char)((status == 0 ? 'A' : 'a') + number));
	if (strlen(trace_text()) == stop_at)
		rota_loop_stop(loop);
}

static int
ask_some(int number, size_t n)
{
	asks[number].status = 1;
	return rota_stream_read(
		&stream, &asks[number].read, asks[number].memory, n, on_done);
}

static int
ask_exactly(int number, size_t n)
{
	asks[number].status = 1;
	return rota_stream_read_exactly(
		&stream, &asks[number].read, asks[number].memory, n, on_done);
}

static int
ask_line(int number, size_t n)
{
	asks[number].status = 1;
	return rota_stream_read_until(&stream, &asks[number].read,
		asks[number].memory, n, '\n', on_done);
}

static void
ck_got(int number, int status, const char *text)
{
	const struct ask *ask = &asks[number];
	size_t n = rota_read_bytes(&ask->read);

	ck_err(ask->status, status);
	ck_assert_msg(n == strlen(text) && memcmp(ask->memory, text, n) == 0,
		"request %d got \"%.*s\", not \"%s\"", number, (int)n,
		ask->memory, text);
}

static void
run_until_n_traced(size_t n)
{
	stop_at = n;
	ck_assert_int_ge(run_once_checked(ROTA_RUN_DEFAULT), 0);
	ck_assert_uint_eq(strlen(trace_text()), n);
}

static void
on_read(struct rota_stream *of, ssize_t n, const void *data)
{
	(void)of;
	if (n < 0) {
		trace(n == ROTA_EOF ? '$' : n == -ETIMEDOUT ? 'T' : '!');
		return;
	}
	ck_assert_uint_le(n_flow + (size_t)n, sizeof(flow));
	memcpy(flow + n_flow, data, (size_t)n);
	n_flow += (size_t)n;
	trace('r');
}

static void
ck_flow(const char *text)
{
	ck_assert_msg(n_flow == strlen(text) && memcmp(flow, text, n_flow) == 0,
		"\"%.*s\" came, not \"%s\"", (int)n_flow, flow, text);
}

/* What requests get ***************************************************/

LOOP_TEST(requests_are_served_in_order)
{
	open_pair("tcp");
	ck_ok(ask_exactly(0, 3));
	ck_ok(ask_line(1, 64));
	ck_ok(ask_some(2, 64));
	ck_err(rota_stream_is_reading(&stream), 1);
	put("abcdef\ngh");
	run_to_the_end();
	ck_trace("ABC");
	ck_got(0, 0, "abc");
	ck_got(1, 0, "def\n");
	ck_got(2, 0, "gh");
	ck_err(rota_stream_is_reading(&stream), 0);
	close_pair();
}

LOOP_TEST(a_read_is_content_with_one_byte_and_an_exact_one_is_not)
{
	open_pair("pipe");
	ck_ok(ask_some(0, 10));
	ck_ok(ask_exactly(1, 4));
	put("a");
	run_until_n_traced(1);
	ck_got(0, 0, "a");
	put("bcd");
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("A");
	ck_assert_uint_eq(rota_read_bytes(&asks[1].read), 3);
	put("efg");
	run_until_n_traced(2);
	ck_got(1, 0, "bcde");
	ck_ok(ask_some(2, 10));
	run_until_n_traced(3);
	ck_got(2, 0, "fg");
	close_pair();
}

LOOP_TEST(a_line_without_its_end_within_the_size_is_taken_and_too_long)
{
	open_pair("tcp");
	ck_ok(ask_line(0, 4));
	ck_ok(ask_line(1, 4));
	ck_ok(ask_line(2, 4));
	put("abcdefg\nhi\n");
	run_to_the_end();
	ck_trace("aBC");
	ck_got(0, -EMSGSIZE, "abcd");
	ck_got(1, 0, "efg\n");
	ck_got(2, 0, "hi\n");
	close_pair();
}

LOOP_TEST(an_end_comes_with_the_bytes_before_it_to_all_in_line)
{
	open_pair("tcp");
	ck_ok(ask_line(0, 64));
	ck_ok(ask_line(1, 64));
	ck_ok(ask_some(2, 64));
	put("ab\ncd");
	hang_up();
	run_to_the_end();
	ck_trace("Abc");
	ck_got(0, 0, "ab\n");
	ck_got(1, ROTA_EOF, "cd");
	ck_got(2, ROTA_EOF, "");
	ck_err(ask_some(3, 64), -ENOTCONN);
	ck_err(ask_line(3, 64), -ENOTCONN);
	ck_err(rota_stream_try_read(&stream, asks[3].memory, 1), -ENOTCONN);
	ck_err(rota_stream_is_readable(&stream), 0);
	close_pair();
}

LOOP_TEST(an_end_in_the_midst_of_an_exact_read_says_how_much_came)
{
	open_pair("unix");
	ck_ok(ask_exactly(0, 5));
	put("abc");
	hang_up();
	run_to_the_end();
	ck_got(0, ROTA_EOF, "abc");
	close_pair();
}

LOOP_TEST(a_reset_ends_all_requests_in_line)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	open_pair("tcp");
	ck_ok(ask_some(0, 5));
	ck_ok(ask_exactly(1, 5));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_int_eq(setsockopt(far_end, SOL_SOCKET, SO_LINGER, &at_once,
				 sizeof(at_once)),
		0);
	hang_up();
	run_to_the_end();
	ck_trace("ab");
	ck_got(0, -ECONNRESET, "");
	ck_got(1, -ECONNRESET, "");
	close_pair();
}

LOOP_TEST(a_delimiter_may_be_any_byte)
{
	struct ask *ask = &asks[0];

	open_pair("pipe");
	for (int byte = 0; byte < 256; byte += 51) {
		char bytes[3] = { (char)(byte + 1), (char)byte, 'x' };

		ck_ok(rota_stream_read_until(&stream, &ask->read, ask->memory,
			64, (unsigned char)byte, on_done));
		ck_ok(ask_some(1, 1));
		kinds_put(far_end, bytes, 3);
		run_to_the_end();
		ck_trace("AB");
		ck_assert_uint_eq(rota_read_bytes(&ask->read), 2);
		ck_assert_int_eq(memcmp(ask->memory, bytes, 2), 0);
		trace_reset();
	}
	close_pair();
}

/* Random requests against a model *************************************/

static size_t max_bytes;

static ssize_t
short_read(int fd, void *memory, size_t size_bytes)
{
	return rota__sys_real.read(
		fd, memory, size_bytes < max_bytes ? size_bytes : max_bytes);
}

static ssize_t
short_recv(int fd, void *memory, size_t size_bytes)
{
	return rota__sys_real.recv(
		fd, memory, size_bytes < max_bytes ? size_bytes : max_bytes);
}

static char text[2000];
static size_t text_at;
static unsigned n_served;
static int kind_asked;
static size_t size_asked;

static rota_read_done_fn on_served;

static void
ask_at_random(void)
{
	struct ask *ask = &asks[0];

	kind_asked = rand() % 3;
	size_asked = (size_t)(rand() % 60 + 1);
	if (kind_asked == 0)
		ck_ok(rota_stream_read(&stream, &ask->read, ask->memory,
			size_asked, on_served));
	else if (kind_asked == 1)
		ck_ok(rota_stream_read_exactly(&stream, &ask->read, ask->memory,
			size_asked, on_served));
	else
		ck_ok(rota_stream_read_until(&stream, &ask->read, ask->memory,
			size_asked, '\n', on_served));
}

/* How many bytes a request must get, and its status. */
static size_t
model(size_t n_seen, int *ret_status)
{
	size_t left = sizeof(text) - text_at;
	size_t most = left < size_asked ? left : size_asked;
	const char *end = memchr(text + text_at, '\n', most);

	*ret_status = most < size_asked ? ROTA_EOF : 0;
	if (kind_asked == 0) {
		*ret_status = left == 0 ? ROTA_EOF : 0;
		ck_assert_uint_le(n_seen, most);
		ck_assert(n_seen > 0 || left == 0);
		return n_seen;
	}
	if (kind_asked == 2 && end != NULL) {
		*ret_status = 0;
		return (size_t)(end - (text + text_at)) + 1;
	}
	if (kind_asked == 2 && most == size_asked)
		*ret_status = -EMSGSIZE;
	return most;
}

static void
on_served(struct rota_read *request, int status)
{
	size_t n = rota_read_bytes(request);
	int expected;

	ck_assert_uint_eq(n, model(n, &expected));
	ck_err(status, expected);
	ck_assert_int_eq(memcmp(asks[0].memory, text + text_at, n), 0);
	text_at += n;
	n_served++;
	if (status != ROTA_EOF)
		ask_at_random();
}

static void
serve_at_random(const char *kind, size_t n_at_once)
{
	struct rota_sys sys = rota__sys_real;

	sys.read = short_read;
	sys.recv = short_recv;
	max_bytes = n_at_once;
	srand((unsigned)n_at_once);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "abcdefg\n"[rand() % 8];
	text_at = 0;
	kinds_reopen_loop(&sys, NULL);
	open_pair(kind);
	kinds_put(far_end, text, sizeof(text));
	hang_up();
	ask_at_random();
	run_to_the_end();
	ck_assert_uint_eq(text_at, sizeof(text));
	close_pair();
	kinds_reopen_loop(NULL, NULL);
}

LOOP_TEST(random_requests_over_short_reads_get_what_they_want)
{
	static const char *const names[] = { "tcp", "pipe", "file", "unix" };

	for (size_t n = 1; n <= 20; n++)
		serve_at_random(names[n % 4], n);
}

/* Bytes that came too early *******************************************/

static void
keep_some(const char *kind)
{
	open_pair(kind);
	ck_ok(ask_line(0, 64));
	put("ab\ncdefg");
	run_to_the_end();
	ck_trace("A");
	ck_got(0, 0, "ab\n");
	trace_reset();
}

LOOP_TEST(what_came_too_early_is_there_for_every_request)
{
	keep_some("tcp");
	ck_ok(ask_some(1, 2));
	ck_trace("");
	ck_ok(ask_exactly(2, 1));
	ck_ok(ask_exactly(3, 4));
	put("hi\n");
	run_to_the_end();
	ck_trace("BCD");
	ck_got(1, 0, "cd");
	ck_got(2, 0, "e");
	ck_got(3, 0, "fghi");
	ck_ok(ask_line(4, 64));
	run_to_the_end();
	ck_got(4, 0, "\n");
	close_pair();
}

LOOP_TEST(what_came_too_early_is_there_for_continuous_reading)
{
	keep_some("pipe");
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	ck_trace("");
	put("hij");
	hang_up();
	run_to_the_end();
	ck_flow("cdefghij");
	close_pair();
}

static char small_buffer[2];

static void
give_small(struct rota_stream *of, struct iovec *ret_buffer)
{
	(void)of;
	ret_buffer->iov_base = small_buffer;
	ret_buffer->iov_len = sizeof(small_buffer);
}

static void
on_read_once(struct rota_stream *of, ssize_t n, const void *data)
{
	on_read(of, n, data);
	ck_ok(rota_stream_read_stop(of));
}

LOOP_TEST(reading_that_stops_leaves_what_came_too_early)
{
	keep_some("unix");
	ck_ok(rota_stream_read_start(&stream, give_small, on_read_once));
	run_to_the_end();
	ck_flow("cd");
	ck_ok(ask_some(1, 1));
	run_to_the_end();
	ck_got(1, 0, "e");
	ck_ok(rota_stream_read_start(&stream, give_small, on_read));
	hang_up();
	run_to_the_end();
	ck_flow("cdfg");
	ck_trace("rBr$");
	close_pair();
}

LOOP_TEST(what_came_too_early_is_there_for_try_read)
{
	char bytes[10];

	keep_some("file");
	ck_err(rota_stream_try_read(&stream, bytes, 2), 2);
	ck_assert_int_eq(memcmp(bytes, "cd", 2), 0);
	ck_err(rota_stream_try_read(&stream, bytes, 10), 3);
	ck_assert_int_eq(memcmp(bytes, "efg", 3), 0);
	ck_err(rota_stream_try_read(&stream, bytes, 10), ROTA_EOF);
	ck_err(rota_stream_try_read(&stream, bytes, 10), -ENOTCONN);
	close_pair();
}

/* try_read ************************************************************/

LOOP_TEST(try_read_says_again_while_nothing_is_there)
{
	char bytes[10];

	open_pair("tcp");
	ck_err(rota_stream_try_read(&stream, bytes, 10), -EAGAIN);
	/* A stream that has a limit has a place for early bytes, but none. */
	ck_ok(rota_stream_set_idle_limit(&stream, ROTA_SECOND));
	ck_err(rota_stream_try_read(&stream, bytes, 10), -EAGAIN);
	put("abc");
	while (rota_stream_try_read(&stream, bytes, 2) == -EAGAIN) {
	}
	ck_err(rota_stream_try_read(&stream, bytes, 2), 1);
	ck_err(rota_stream_try_read(&stream, bytes, 0), -EINVAL);
	ck_err(rota_stream_try_read(&stream, NULL, 1), -EINVAL);
	ck_err(rota_stream_try_read(NULL, bytes, 1), -EINVAL);
	close_pair();
}

LOOP_TEST(reading_and_requests_exclude_each_other)
{
	char byte;

	open_pair("pipe");
	ck_ok(ask_some(0, 1));
	ck_err(rota_stream_read_start(&stream, NULL, on_read), -EBUSY);
	ck_err(rota_stream_try_read(&stream, &byte, 1), -EBUSY);
	ck_ok(rota_request_cancel(&asks[0].read.request));
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	ck_err(ask_some(1, 1), -EBUSY);
	ck_err(ask_exactly(1, 1), -EBUSY);
	ck_err(ask_line(1, 1), -EBUSY);
	ck_ok(rota_stream_read_stop(&stream));
	ck_ok(ask_some(1, 1));
	put("x");
	run_to_the_end();
	ck_trace("aB");
	close_pair();
}

LOOP_TEST(arguments_that_make_no_sense_are_refused)
{
	struct rota_read *read = &asks[0].read;
	char *memory = asks[0].memory;

	open_pair("pipe");
	ck_err(rota_stream_read(NULL, read, memory, 1, on_done), -EINVAL);
	ck_err(rota_stream_read(&stream, NULL, memory, 1, on_done), -EINVAL);
	ck_err(rota_stream_read(&stream, read, NULL, 1, on_done), -EINVAL);
	ck_err(rota_stream_read(&stream, read, memory, 0, on_done), -EINVAL);
	ck_err(rota_stream_read(&stream, read, memory, 1, NULL), -EINVAL);
	ck_err(rota_stream_set_idle_limit(&stream, 0), -EINVAL);
	ck_err(rota_stream_set_idle_limit(NULL, 1), -EINVAL);
	ck_assert_uint_eq(rota_read_bytes(NULL), 0);
	ck_ok(rota_handle_close(&stream.handle, NULL));
	ck_err(ask_some(0, 1), -EINVAL);
	ck_err(rota_stream_set_idle_limit(&stream, 1), -EINVAL);
	ck_err(rota_stream_try_read(&stream, memory, 1), -EINVAL);
	close_pair();
}

/* Cancel, deadline, close *********************************************/

LOOP_TEST(a_cancelled_request_keeps_what_it_got_and_leaves_the_rest)
{
	open_pair("tcp");
	ck_ok(ask_exactly(0, 10));
	ck_ok(ask_exactly(1, 2));
	ck_ok(ask_exactly(2, 2));
	put("abc");
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_ok(rota_request_cancel(&asks[0].read.request));
	ck_ok(rota_request_cancel(&asks[1].read.request));
	ck_err(rota_request_cancel(&asks[1].read.request), -EALREADY);
	put("de");
	run_to_the_end();
	ck_trace("abC");
	ck_got(0, -ECANCELED, "abc");
	ck_got(1, -ECANCELED, "");
	ck_got(2, 0, "de");
	ck_err(rota_request_cancel(&asks[2].read.request), -EALREADY);
	close_pair();
}

LOOP_TEST(a_cancelled_line_leaves_what_is_kept_to_the_next)
{
	open_pair("pipe");
	ck_ok(ask_line(0, 64));
	ck_ok(ask_line(1, 64));
	put("ab\nc");
	run_until_n_traced(1);
	ck_ok(rota_request_cancel(&asks[1].read.request));
	ck_ok(ask_some(2, 64));
	put("de");
	run_to_the_end();
	ck_trace("AbC");
	ck_got(1, -ECANCELED, "c");
	ck_got(2, 0, "de");
	close_pair();
}

static void
on_done_cancel_others(struct rota_read *request, int status)
{
	on_done(request, status);
	(void)rota_request_cancel(&asks[3].read.request);
	(void)rota_request_cancel(&asks[1].read.request);
}

LOOP_TEST(a_request_can_be_cancelled_in_the_callback_of_another)
{
	open_pair("tcp");
	ck_ok(rota_stream_read_exactly(&stream, &asks[0].read, asks[0].memory,
		2, on_done_cancel_others));
	ck_ok(ask_exactly(1, 3));
	ck_ok(ask_exactly(2, 2));
	ck_ok(ask_some(3, 2));
	put("abcdefg");
	run_to_the_end();
	/* The second was served in the same go, so it cannot be cancelled. */
	ck_trace("ABCd");
	ck_got(1, 0, "cde");
	ck_got(2, 0, "fg");
	ck_got(3, -ECANCELED, "");
	close_pair();
}

LOOP_TEST(a_deadline_ends_a_request_with_what_has_come)
{
	open_pair("tcp");
	ck_ok(ask_exactly(0, 5));
	ck_ok(ask_some(1, 5));
	ck_ok(rota_request_set_deadline(
		&asks[0].read.request, 20 * ROTA_MILLISECOND));
	put("abc");
	run_until_n_traced(1);
	ck_got(0, -ETIMEDOUT, "abc");
	put("de");
	run_to_the_end();
	ck_got(1, 0, "de");
	close_pair();
}

static void
on_closed(struct rota_handle *handle)
{
	(void)handle;
	trace('X');
}

LOOP_TEST(closing_ends_requests_in_line_before_it_is_told)
{
	open_pair("pipe");
	ck_ok(ask_exactly(0, 5));
	ck_ok(ask_line(1, 5));
	ck_ok(ask_some(2, 5));
	put("ab");
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_ok(rota_handle_close(&stream.handle, on_closed));
	ck_trace("");
	run_to_the_end();
	ck_trace("abcX");
	ck_got(0, -ECANCELED, "ab");
	ck_got(2, -ECANCELED, "");
	close_pair();
}

static void
on_done_close(struct rota_read *request, int status)
{
	on_done(request, status);
	if (!rota_handle_is_closing(&stream.handle))
		ck_ok(rota_handle_close(&stream.handle, on_closed));
	ck_err(ask_some(7, 1), -EINVAL);
}

LOOP_TEST(closing_in_a_callback_ends_those_served_and_those_in_line)
{
	open_pair("tcp");
	ck_ok(rota_stream_read_exactly(
		&stream, &asks[0].read, asks[0].memory, 2, on_done_close));
	ck_ok(ask_line(1, 3));
	ck_ok(ask_line(2, 3));
	put("abcd\n");
	run_to_the_end();
	ck_assert_uint_eq(strlen(trace_text()), 4);
	ck_got(0, 0, "ab");
	ck_err(asks[2].status, -ECANCELED);
	close_pair();
}

LOOP_TEST(a_request_that_is_not_referenced_holds_no_loop)
{
	open_pair("tcp");
	ck_ok(ask_some(0, 5));
	ck_ok(rota_request_unref(&asks[0].read.request));
	run_to_the_end();
	ck_trace("");
	close_pair();
	ck_trace("a");
}

/* Before a connection *************************************************/

static void
on_connect(struct rota_connect *request, int status)
{
	(void)request;
	trace(status == 0 ? '+' : '-');
}

/* A port of the loopback where nobody listens, or where `fd` does. */
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

LOOP_TEST(a_request_waits_for_the_connection)
{
	struct rota_connect connect;
	struct rota_tcp tcp;
	int listener;
	struct sockaddr_in addr = loopback(&listener, 1);

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_err(rota_stream_read(
		       &tcp.stream, &asks[0].read, asks[0].memory, 5, on_done),
		-ENOTCONN);
	ck_ok(rota_tcp_connect(
		&tcp, &connect, (struct sockaddr *)&addr, on_connect));
	ck_ok(rota_stream_read_exactly(
		&tcp.stream, &asks[0].read, asks[0].memory, 5, on_done));
	far_end = accept(listener, NULL, NULL);
	ck_assert_int_ge(far_end, 0);
	put("hello");
	run_to_the_end();
	ck_trace("+A");
	ck_got(0, 0, "hello");
	close_pair();
	ck_assert_int_eq(close(listener), 0);
}

LOOP_TEST(a_failed_connect_fails_the_requests_behind_it)
{
	struct rota_connect connect;
	struct rota_tcp tcp;
	int nobody;
	struct sockaddr_in addr = loopback(&nobody, 0);

	far_end = -1;
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_tcp_connect(
		&tcp, &connect, (struct sockaddr *)&addr, on_connect));
	if (rota_stream_read_exactly(&tcp.stream, &asks[0].read, asks[0].memory,
		    5, on_done) == 0) {
		run_to_the_end();
		ck_trace("-a");
		ck_got(0, -ECONNREFUSED, "");
	}
	close_pair();
	ck_assert_int_eq(close(nobody), 0);
}

/* Many lines **********************************************************/

static unsigned n_lines;
static unsigned n_ticks;
static unsigned n_wanted;

static void
on_line(struct rota_read *request, int status)
{
	char expected[32];

	if (status == ROTA_EOF)
		return;
	ck_ok(status);
	(void)snprintf(expected, sizeof(expected), "line %u\n", n_lines++);
	ck_assert_uint_eq(rota_read_bytes(request), strlen(expected));
	ck_assert_int_eq(memcmp(asks[0].memory, expected, strlen(expected)), 0);
	ck_ok(rota_stream_read_until(
		&stream, request, asks[0].memory, 64, '\n', on_line));
}

static void
on_tick(struct rota_timer *timer)
{
	n_ticks++;
	if (n_lines >= n_wanted)
		ck_ok(rota_handle_close(&timer->handle, NULL));
}

static int
file_of_lines(unsigned n)
{
	FILE *all = tmpfile();
	int fd;

	ck_assert_ptr_nonnull(all);
	for (unsigned i = 0; i < n; i++)
		ck_assert_int_gt(fprintf(all, "line %u\n", i), 0);
	ck_assert_int_eq(fflush(all), 0);
	fd = dup(fileno(all));
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fclose(all), 0);
	ck_assert_int_eq((int)lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

LOOP_TEST(thousands_of_lines_at_once_starve_no_timer)
{
	struct rota_timer timer;

	n_wanted = harness_scale(50000);
	n_lines = 0;
	n_ticks = 0;
	ck_ok(rota_stream_open(loop, &stream, file_of_lines(n_wanted), 0));
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 1, 1, on_tick));
	ck_ok(rota_stream_read_until(
		&stream, &asks[0].read, asks[0].memory, 64, '\n', on_line));
	run_to_the_end();
	ck_assert_uint_eq(n_lines, n_wanted);
	/* At most 512 lines in a turn, and a timer that is always due. */
	ck_assert_uint_ge(n_ticks, n_wanted / 1024);
	close_all();
}

/* Without memory ******************************************************/

static int n_until_failure;

static void *
failing_realloc(void *data, void *memory, size_t size_bytes)
{
	if (size_bytes > 0 && n_until_failure > 0 && --n_until_failure == 0)
		return NULL;
	return harness_realloc(data, memory, size_bytes);
}

/* Each first need of memory may fail; then nothing has changed. */
LOOP_TEST(without_memory_nothing_changes_and_later_it_works)
{
	kinds_reopen_loop(NULL, failing_realloc);
	open_pair("tcp");
	n_until_failure = 1;
	ck_err(ask_some(0, 3), -ENOMEM);
	n_until_failure = 1;
	ck_err(rota_stream_set_idle_limit(&stream, ROTA_SECOND), -ENOMEM);
	ck_ok(rota_stream_set_idle_limit(&stream, ROTA_FOREVER));
	ck_err(rota_loop_alive(loop), 0);
	ck_ok(ask_some(0, 1));
	n_until_failure = 1;
	ck_err(ask_line(1, 3), -ENOMEM);
	n_until_failure = 0;
	ck_ok(ask_line(1, 4));
	put("abc\n");
	run_to_the_end();
	ck_trace("AB");
	ck_got(1, 0, "bc\n");
	close_pair();
	close_loop();
}

/* The limit of silence ************************************************/

FAKE_TIME_TEST(silence_beyond_the_limit_ends_reading_but_not_the_stream)
{
	uint64_t begin = harness_fake_now();

	open_pair("tcp");
	ck_ok(rota_stream_set_idle_limit(&stream, 5 * ROTA_SECOND));
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_to_the_end();
	ck_trace("T");
	ck_assert_uint_eq(harness_fake_now() - begin, 5 * ROTA_SECOND);
	ck_err(rota_stream_is_reading(&stream), 0);
	put("abc");
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_to_the_end();
	ck_trace("TrT");
	ck_assert_uint_eq(harness_fake_now() - begin, 10 * ROTA_SECOND);
	close_pair();
}

static unsigned n_waited;

/* Something comes in the first three waits, a second before the limit. */
static void
speak_thrice(uint64_t timeout_ns)
{
	ck_assert_uint_gt(timeout_ns, ROTA_SECOND);
	if (n_waited++ >= 3)
		return;
	harness_advance(timeout_ns - ROTA_SECOND);
	put("x");
}

FAKE_TIME_TEST(each_arrival_counts_silence_anew)
{
	uint64_t begin = harness_fake_now();

	n_waited = 0;
	open_pair("unix");
	ck_ok(rota_stream_set_idle_limit(&stream, 5 * ROTA_SECOND));
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	harness_on_wait(speak_thrice);
	run_to_the_end();
	ck_trace("rrrT");
	ck_assert_uint_eq(harness_fake_now() - begin, 17 * ROTA_SECOND);
	close_pair();
}

FAKE_TIME_TEST(silence_ends_the_first_request_and_counts_for_the_next)
{
	uint64_t begin = harness_fake_now();

	open_pair("tcp");
	ck_ok(ask_exactly(0, 5));
	ck_ok(ask_line(1, 5));
	ck_ok(rota_stream_set_idle_limit(&stream, 5 * ROTA_SECOND));
	put("abc");
	run_to_the_end();
	ck_trace("ab");
	ck_got(0, -ETIMEDOUT, "abc");
	ck_got(1, -ETIMEDOUT, "");
	ck_assert_uint_eq(harness_fake_now() - begin, 10 * ROTA_SECOND);
	ck_ok(ask_some(2, 5));
	put("d");
	run_to_the_end();
	ck_got(2, 0, "d");
	close_pair();
}

static void
on_timer_put(struct rota_timer *timer)
{
	put("z");
	ck_ok(rota_handle_close(&timer->handle, NULL));
}

FAKE_TIME_TEST(a_limit_that_was_taken_away_is_none)
{
	struct rota_timer timer;

	open_pair("tcp");
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 60 * ROTA_SECOND, 0, on_timer_put));
	ck_ok(rota_stream_set_idle_limit(&stream, 5 * ROTA_SECOND));
	ck_ok(ask_some(0, 1));
	ck_ok(rota_stream_set_idle_limit(&stream, ROTA_FOREVER));
	run_to_the_end();
	ck_trace("A");
	close_pair();
}

FAKE_TIME_TEST(a_stream_that_is_not_read_may_be_silent)
{
	struct rota_timer timer;

	open_pair("tcp");
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 60 * ROTA_SECOND, 0, on_timer_put));
	ck_ok(rota_stream_set_idle_limit(&stream, 5 * ROTA_SECOND));
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	ck_ok(rota_stream_read_stop(&stream));
	run_to_the_end();
	ck_trace("");
	close_pair();
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "requests");

	tcase_add_loop_test(tc, requests_are_served_in_order);
	tcase_add_loop_test(
		tc, a_read_is_content_with_one_byte_and_an_exact_one_is_not);
	tcase_add_loop_test(tc,
		a_line_without_its_end_within_the_size_is_taken_and_too_long);
	tcase_add_loop_test(
		tc, an_end_comes_with_the_bytes_before_it_to_all_in_line);
	tcase_add_loop_test(
		tc, an_end_in_the_midst_of_an_exact_read_says_how_much_came);
	tcase_add_loop_test(tc, a_reset_ends_all_requests_in_line);
	tcase_add_loop_test(tc, a_delimiter_may_be_any_byte);
	tcase_add_loop_test(
		tc, random_requests_over_short_reads_get_what_they_want);
	tcase_add_loop_test(tc, arguments_that_make_no_sense_are_refused);
	tcase_add_loop_test(tc, thousands_of_lines_at_once_starve_no_timer);
	tcase_add_loop_test(
		tc, without_memory_nothing_changes_and_later_it_works);

	tc = harness_case(suite, "kept");
	tcase_add_loop_test(tc, what_came_too_early_is_there_for_every_request);
	tcase_add_loop_test(
		tc, what_came_too_early_is_there_for_continuous_reading);
	tcase_add_loop_test(tc, reading_that_stops_leaves_what_came_too_early);
	tcase_add_loop_test(tc, what_came_too_early_is_there_for_try_read);
	tcase_add_loop_test(tc, try_read_says_again_while_nothing_is_there);
	tcase_add_loop_test(tc, reading_and_requests_exclude_each_other);

	tc = harness_case(suite, "endings");
	tcase_add_loop_test(
		tc, a_cancelled_request_keeps_what_it_got_and_leaves_the_rest);
	tcase_add_loop_test(
		tc, a_cancelled_line_leaves_what_is_kept_to_the_next);
	tcase_add_loop_test(
		tc, a_request_can_be_cancelled_in_the_callback_of_another);
	tcase_add_loop_test(tc, a_deadline_ends_a_request_with_what_has_come);
	tcase_add_loop_test(
		tc, closing_ends_requests_in_line_before_it_is_told);
	tcase_add_loop_test(
		tc, closing_in_a_callback_ends_those_served_and_those_in_line);
	tcase_add_loop_test(tc, a_request_that_is_not_referenced_holds_no_loop);
	tcase_add_loop_test(tc, a_request_waits_for_the_connection);
	tcase_add_loop_test(tc, a_failed_connect_fails_the_requests_behind_it);

	tc = harness_case(suite, "silence");
	tcase_add_test(
		tc, silence_beyond_the_limit_ends_reading_but_not_the_stream);
	tcase_add_test(tc, each_arrival_counts_silence_anew);
	tcase_add_test(
		tc, silence_ends_the_first_request_and_counts_for_the_next);
	tcase_add_test(tc, a_limit_that_was_taken_away_is_none);
	tcase_add_test(tc, a_stream_that_is_not_read_may_be_silent);
}

HARNESS_MAIN("read", add_cases)
