/* SPDX-License-Identifier: MIT */
/* Water marks, and the close that flushes. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness.h"
#include "tests/kinds.h"

#define N_BYTES 1000000

static struct rota_stream stream;
static struct rota_stream far;
static struct rota_write write_requests[4];
static struct rota_shutdown shutdown_request;
static int last_status;
static size_t n_read;
static char bytes[N_BYTES];

static void
on_written(struct rota_write *request, int status)
{
	(void)request;
	last_status = status;
	trace(status == 0 ? 'W' : 'w');
}

static void
on_shut(struct rota_shutdown *request, int status)
{
	(void)request;
	last_status = status;
	trace(status == 0 ? 'S' : 's');
}

static void
on_closed(struct rota_handle *handle)
{
	(void)handle;
	trace('X');
}

static void
on_drain(struct rota_stream *of)
{
	ck_err(rota_stream_is_full(of), 0);
	trace('D');
}

static void
on_read(struct rota_stream *of, ssize_t n, const void *data)
{
	(void)of;
	(void)data;
	if (n > 0)
		n_read += (size_t)n;
	else
		trace(n == ROTA_EOF ? '$' : '!');
}

/* `stream` writes, `far` reads. */
static void
open_pair(const char *kind)
{
	int fds[2];

	ck_ok(kind_named(kind)->make(fds));
	ck_ok(rota_stream_open(loop, &far, fds[0], 0));
	ck_ok(rota_stream_open(loop, &stream, fds[1], 0));
	n_read = 0;
	last_status = 1;
	trace_reset();
}

static int
write_some(int number, size_t n)
{
	struct iovec buffer = { bytes, n };

	return rota_stream_write(
		&stream, &write_requests[number], &buffer, 1, on_written);
}

/* The kernel takes no more. Returns how much it has taken. */
static size_t
fill_up(void)
{
	struct iovec buffer = { bytes, 4096 };
	size_t sum = 0;
	ssize_t n;

	while ((n = rota_stream_try_write(&stream, &buffer, 1)) > 0 ||
		buffer.iov_len > 1) {
		if (n > 0)
			sum += (size_t)n;
		else
			buffer.iov_len = 1;
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
drain_far(void)
{
	ck_ok(rota_stream_read_start(&far, NULL, on_read));
}

/* Marks ***************************************************************/

LOOP_TEST(a_stream_is_full_from_the_high_mark_down_to_the_low_one)
{
	open_pair("unix");
	ck_ok(rota_stream_set_marks(&stream, 100, 1000, on_drain));
	(void)fill_up();
	ck_err(write_some(0, 999), 0);
	ck_err(rota_stream_is_full(&stream), 0);
	ck_err(write_some(1, 1), 1);
	ck_err(rota_stream_is_full(&stream), 1);
	ck_err(write_some(2, 10), 1);
	run_turns(3);
	ck_trace("");
	drain_far();
	run_turns(300);
	ck_trace("WWWD");
	close_all();
}

LOOP_TEST(a_stream_without_marks_is_never_full)
{
	open_pair("tcp");
	(void)fill_up();
	ck_err(write_some(0, N_BYTES), 0);
	ck_err(rota_stream_is_full(&stream), 0);
	ck_ok(rota_stream_set_marks(&stream, 0, 0, NULL));
	close_all();
}

LOOP_TEST(marks_count_for_what_waits_already)
{
	open_pair("unix");
	(void)fill_up();
	ck_err(write_some(0, 500), 0);
	ck_ok(rota_stream_set_marks(&stream, 100, 1000, on_drain));
	ck_err(rota_stream_is_full(&stream), 0);
	ck_ok(rota_stream_set_marks(&stream, 100, 500, on_drain));
	ck_err(rota_stream_is_full(&stream), 1);
	/* Half a thousand is little from now on. */
	ck_ok(rota_stream_set_marks(&stream, 500, 1000, on_drain));
	ck_trace("");
	run_turns(1);
	ck_trace("D");
	close_all();
}

LOOP_TEST(marks_that_are_taken_away_drain_nothing)
{
	open_pair("unix");
	ck_ok(rota_stream_set_marks(&stream, 100, 500, on_drain));
	(void)fill_up();
	ck_err(write_some(0, 500), 1);
	ck_ok(rota_stream_set_marks(&stream, 0, 0, NULL));
	ck_err(rota_stream_is_full(&stream), 0);
	drain_far();
	run_turns(300);
	ck_trace("W");
	close_all();
}

LOOP_TEST(writes_that_fail_or_are_cancelled_drain_too)
{
	open_pair("unix");
	ck_ok(rota_stream_set_marks(&stream, 0, 500, on_drain));
	(void)fill_up();
	ck_err(write_some(0, 500), 1);
	ck_ok(rota_request_cancel(&write_requests[0].request));
	ck_trace("");
	run_turns(1);
	ck_trace("wD");
	ck_err(write_some(0, 500), 1);
	ck_ok(rota_handle_close(&far.handle, NULL));
	run_turns(5);
	ck_trace("wDwD");
	close_all();
}

static int n_more;

static void
on_drain_write(struct rota_stream *of)
{
	on_drain(of);
	if (n_more++ < 3)
		ck_err(write_some(0, 5000), 1);
}

LOOP_TEST(a_drain_callback_may_fill_the_stream_again)
{
	n_more = 0;
	open_pair("unix");
	ck_ok(rota_stream_set_marks(&stream, 0, 5000, on_drain_write));
	(void)fill_up();
	ck_err(write_some(0, 5000), 1);
	drain_far();
	run_turns(300);
	ck_trace("WDWDWDWD");
	close_all();
}

LOOP_TEST(marks_that_make_no_sense_are_refused)
{
	open_pair("pipe");
	ck_err(rota_stream_set_marks(&stream, 5, 5, on_drain), -EINVAL);
	ck_err(rota_stream_set_marks(&stream, 0, 5, NULL), -EINVAL);
	ck_err(rota_stream_set_marks(NULL, 0, 5, on_drain), -EINVAL);
	ck_err(rota_stream_is_full(NULL), 0);
	ck_ok(rota_handle_close(&stream.handle, NULL));
	ck_err(rota_stream_set_marks(&stream, 0, 5, on_drain), -EINVAL);
	close_all();
}

/* The close that flushes **********************************************/

static void
flush_all(const char *kind)
{
	open_pair(kind);
	ck_ok(write_some(0, N_BYTES));
	ck_ok(write_some(1, 10));
	ck_ok(rota_stream_close_flushed(&stream, on_closed));
	ck_err(rota_handle_is_closing(&stream.handle), 1);
	ck_err(write_some(2, 10), -EINVAL);
	ck_err(rota_stream_close_flushed(&stream, NULL), -EALREADY);
	ck_err(rota_handle_close(&stream.handle, NULL), -EALREADY);
	drain_far();
	run_to_the_end();
	ck_assert_uint_eq(n_read, N_BYTES + 10);
	ck_assert_ptr_nonnull(strstr(trace_text(), "WWX"));
	ck_assert_uint_eq(strlen(trace_text()), 4);
	close_all();
}

LOOP_TEST(all_that_was_written_arrives_before_the_close)
{
	flush_all("tcp");
	flush_all("unix");
	flush_all("pipe");
}

static void
on_idle_write_and_close(struct rota_hook *hook)
{
	ck_ok(write_some(0, 1000));
	ck_ok(rota_stream_close_flushed(&stream, on_closed));
	ck_ok(rota_handle_close(&hook->handle, NULL));
}

LOOP_TEST(writes_that_are_still_gathered_go_out_too)
{
	struct rota_hook hook;

	open_pair("tcp");
	ck_ok(rota_idle_init(loop, &hook));
	ck_ok(rota_hook_start(&hook, on_idle_write_and_close));
	drain_far();
	run_to_the_end();
	ck_assert_uint_eq(n_read, 1000);
	close_all();
}

LOOP_TEST(with_nothing_to_flush_it_is_a_close)
{
	open_pair("tcp");
	ck_ok(write_some(0, 10));
	ck_ok(rota_stream_close_flushed(&stream, on_closed));
	run_to_the_end();
	ck_trace("WX");
	close_all();
	ck_err(rota_stream_close_flushed(NULL, NULL), -EINVAL);
	ck_err(rota_stream_close_flushed(&stream, NULL), -EINVAL);
}

LOOP_TEST(a_shutdown_in_the_queue_is_flushed_too)
{
	static const char *const names[] = { "tcp", "unix", "pipe" };

	for (int i = 0; i < 3; i++) {
		open_pair(names[i]);
		ck_ok(write_some(0, N_BYTES));
		ck_ok(rota_stream_shutdown(
			&stream, &shutdown_request, on_shut));
		ck_ok(rota_stream_close_flushed(&stream, on_closed));
		drain_far();
		run_to_the_end();
		ck_assert_uint_eq(n_read, N_BYTES);
		ck_assert_ptr_nonnull(strstr(trace_text(), "WSX"));
		close_all();
	}
}

LOOP_TEST(a_dead_peer_ends_the_flushing)
{
	static const char *const names[] = { "tcp", "unix", "pipe" };

	for (int i = 0; i < 3; i++) {
		open_pair(names[i]);
		(void)fill_up();
		ck_ok(write_some(0, N_BYTES));
		ck_ok(write_some(1, 10));
		ck_ok(rota_stream_close_flushed(&stream, on_closed));
		run_turns(3);
		ck_trace("");
		ck_ok(rota_handle_close(&far.handle, NULL));
		run_to_the_end();
		ck_trace("wwX");
		ck_assert_int_lt(last_status, 0);
	}
}

LOOP_TEST(a_deadline_of_the_write_ends_the_flushing)
{
	open_pair("unix");
	(void)fill_up();
	ck_ok(write_some(0, 10));
	ck_ok(rota_request_set_deadline(
		&write_requests[0].request, 10 * ROTA_MILLISECOND));
	ck_ok(rota_stream_close_flushed(&stream, on_closed));
	run_to_the_end();
	ck_trace("wX");
	ck_err(last_status, -ETIMEDOUT);
	close_all();
}

LOOP_TEST(a_cancelled_write_ends_the_flushing)
{
	open_pair("pipe");
	(void)fill_up();
	ck_ok(write_some(0, 10));
	ck_ok(rota_stream_close_flushed(&stream, on_closed));
	run_turns(2);
	ck_ok(rota_request_cancel(&write_requests[0].request));
	run_to_the_end();
	ck_trace("wX");
	close_all();
}

static struct rota_read read_request;

static void
on_read_done(struct rota_read *request, int status)
{
	(void)request;
	ck_err(status, -ECANCELED);
	trace('r');
}

LOOP_TEST(reading_ends_at_once_while_it_is_flushed)
{
	char memory[10];

	open_pair("tcp");
	(void)fill_up();
	ck_ok(write_some(0, 10));
	ck_ok(rota_stream_read(
		&stream, &read_request, memory, 10, on_read_done));
	ck_ok(rota_stream_close_flushed(&stream, on_closed));
	ck_trace("");
	run_turns(2);
	ck_trace("r");
	drain_far();
	run_to_the_end();
	ck_assert_ptr_nonnull(strstr(trace_text(), "rWX"));
	close_all();
}

LOOP_TEST(continuous_reading_ends_without_a_word_while_it_is_flushed)
{
	struct iovec buffer = { bytes, 10 };

	open_pair("unix");
	ck_ok(rota_stream_set_idle_limit(&stream, ROTA_MILLISECOND));
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	(void)fill_up();
	ck_ok(write_some(0, 10));
	ck_ok(rota_stream_close_flushed(&stream, on_closed));
	ck_err(rota_stream_try_write(&far, &buffer, 1), 10);
	run_turns(5);
	ck_assert_uint_eq(n_read, 0);
	ck_trace("");
	/* The peer goes away. */
	close_all();
	ck_trace("wX");
}

LOOP_TEST(a_stream_that_closes_drains_in_silence)
{
	open_pair("unix");
	ck_ok(rota_stream_set_marks(&stream, 0, 100, on_drain));
	(void)fill_up();
	ck_err(write_some(0, 100), 1);
	ck_ok(rota_stream_close_flushed(&stream, on_closed));
	drain_far();
	run_to_the_end();
	ck_assert_ptr_nonnull(strstr(trace_text(), "WX"));
	ck_assert_ptr_null(strchr(trace_text(), 'D'));
	close_all();
}

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

/* Connects, writes ten bytes and closes, all in one go. */
static void
connect_write_close(struct sockaddr_in addr)
{
	static struct rota_connect connect;
	static struct rota_tcp tcp;
	struct iovec buffer = { bytes, 10 };

	trace_reset();
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_tcp_connect(
		&tcp, &connect, (struct sockaddr *)&addr, on_connect));
	(void)rota_stream_write(
		&tcp.stream, &write_requests[0], &buffer, 1, on_written);
	ck_ok(rota_stream_close_flushed(&tcp.stream, on_closed));
	run_to_the_end();
}

LOOP_TEST(a_connection_is_still_made_to_flush_what_waits_for_it)
{
	int listener;
	struct sockaddr_in addr = loopback(&listener, 1);
	char memory[20];
	int accepted;

	connect_write_close(addr);
	ck_trace("+WX");
	accepted = accept(listener, NULL, NULL);
	ck_assert_uint_eq(kinds_get(accepted, memory, 20), 10);
	ck_assert_int_eq(close(accepted), 0);
	ck_assert_int_eq(close(listener), 0);
}

LOOP_TEST(a_connection_that_fails_ends_the_flushing)
{
	int nobody;
	struct sockaddr_in addr = loopback(&nobody, 0);

	connect_write_close(addr);
	/* Some systems know at once, and refuse the write. */
	if (strcmp(trace_text(), "-X") != 0)
		ck_trace("-wX");
	ck_assert_int_eq(close(nobody), 0);
}

/* With pumps **********************************************************/

static void
on_pumped(struct rota_pump *pump, int status)
{
	(void)pump;
	last_status = status;
	trace('P');
}

LOOP_TEST(what_a_pump_has_queued_is_flushed_and_the_pump_ends)
{
	static struct rota_stream from;
	static struct rota_pump pump;
	size_t n_before;

	open_pair("unix");
	n_before = fill_up();
	ck_ok(rota_stream_open(loop, &from, kinds_file(bytes, 5000), 0));
	ck_ok(rota_pipe_streams(&pump, &from, &stream, 0, on_pumped));
	run_turns(3);
	ck_trace("");
	ck_ok(rota_stream_close_flushed(&stream, on_closed));
	drain_far();
	run_to_the_end();
	ck_err(last_status, -ECANCELED);
	ck_assert_uint_eq(n_read, n_before + 5000);
	ck_assert_ptr_nonnull(strstr(trace_text(), "PX"));
	close_all();
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "marks");

	tcase_add_loop_test(
		tc, a_stream_is_full_from_the_high_mark_down_to_the_low_one);
	tcase_add_loop_test(tc, a_stream_without_marks_is_never_full);
	tcase_add_loop_test(tc, marks_count_for_what_waits_already);
	tcase_add_loop_test(tc, marks_that_are_taken_away_drain_nothing);
	tcase_add_loop_test(tc, writes_that_fail_or_are_cancelled_drain_too);
	tcase_add_loop_test(tc, a_drain_callback_may_fill_the_stream_again);
	tcase_add_loop_test(tc, marks_that_make_no_sense_are_refused);

	tc = harness_case(suite, "flush");
	tcase_add_loop_test(tc, all_that_was_written_arrives_before_the_close);
	tcase_add_loop_test(tc, writes_that_are_still_gathered_go_out_too);
	tcase_add_loop_test(tc, with_nothing_to_flush_it_is_a_close);
	tcase_add_loop_test(tc, a_shutdown_in_the_queue_is_flushed_too);
	tcase_add_loop_test(tc, a_dead_peer_ends_the_flushing);
	tcase_add_loop_test(tc, a_deadline_of_the_write_ends_the_flushing);
	tcase_add_loop_test(tc, a_cancelled_write_ends_the_flushing);
	tcase_add_loop_test(tc, reading_ends_at_once_while_it_is_flushed);
	tcase_add_loop_test(
		tc, continuous_reading_ends_without_a_word_while_it_is_flushed);
	tcase_add_loop_test(tc, a_stream_that_closes_drains_in_silence);
	tcase_add_loop_test(
		tc, a_connection_is_still_made_to_flush_what_waits_for_it);
	tcase_add_loop_test(tc, a_connection_that_fails_ends_the_flushing);
	tcase_add_loop_test(
		tc, what_a_pump_has_queued_is_flushed_and_the_pump_ends);
}

HARNESS_MAIN("flush", add_cases)
