/* SPDX-License-Identifier: MIT */
/*
 * Streams, over TCP: reading, writing, shutting down, closing, and what each
 * costs. How a connection is made is in check_tcp.c.
 */
#include "rota/stream.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/loop.h"
#include "tests/faults.h"
#include "tests/harness.h"
#include "tests/net.h"

static struct rota_tcp a;
static struct rota_tcp b;
static int peer;

static struct rota_write writes[200];
static struct rota_shutdown ending;

/* More than a narrow connection takes at once. */
static char big[1 << 20];

/* What was read. */
static char got[4096];
static size_t n_got;

static void
on_closed(struct rota_handle *handle)
{
	(void)handle;
	trace('X');
}

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

/* Keeps what comes; traces data with R, errors with R and a letter. */
static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	ck_assert_int_ne(n, 0);
	if (n < 0) {
		ck_err(rota_stream_is_reading(stream), 0);
		net_trace('R', (int)n);
		return;
	}
	trace('R');
	ck_assert_uint_lt(n_got + (size_t)n, sizeof(got));
	memcpy(got + n_got, data, (size_t)n);
	n_got += (size_t)n;
	got[n_got] = '\0';
}

static void
run_until_got(const char *text)
{
	net_run_until(&n_got, strlen(text));
	ck_assert_str_eq(got, text);
	n_got = 0;
}

static void
put_text(int fd, const char *text)
{
	size_t len = strlen(text);

	ck_assert_int_eq((int)write(fd, text, len), (int)len);
}

static void
write_text(struct rota_tcp *tcp, struct rota_write *request, const char *text)
{
	struct iovec buffer = { (void *)(uintptr_t)text, strlen(text) };

	ck_ok(rota_stream_write(&tcp->stream, request, &buffer, 1, on_write));
}

static void
write_big(struct rota_tcp *tcp, struct rota_write *request)
{
	struct iovec buffer = { big, sizeof(big) };

	ck_ok(rota_stream_write(&tcp->stream, request, &buffer, 1, on_write));
}

static void
shut_down(struct rota_tcp *tcp)
{
	ck_ok(rota_stream_shutdown(&tcp->stream, &ending, on_shutdown));
}

static void
start_reading(struct rota_tcp *tcp)
{
	ck_ok(rota_stream_read_start(&tcp->stream, NULL, on_read));
}

static void
end_with_peer(void)
{
	close_all();
	ck_assert_int_eq(close(peer), 0);
}

static void
reset(void)
{
	n_got = 0;
	got[0] = '\0';
}

/* Reading *************************************************************/

LOOP_TEST(bytes_are_read_in_the_poll_phase_as_they_come)
{
	peer = net_open(&a);
	start_reading(&a);
	ck_err(rota_stream_is_reading(&a.stream), 1);
	put_text(peer, "hello");
	run_until_got("hello");
	put_text(peer, "world");
	run_until_got("world");
	ck_trace("RR");
	end_with_peer();
}

static char lent[2];
static unsigned n_lent;

static void
lend(struct rota_stream *stream, struct iovec *ret_buffer)
{
	(void)stream;
	n_lent++;
	ret_buffer->iov_base = lent;
	ret_buffer->iov_len = sizeof(lent);
}

static void
on_read_lent(struct rota_stream *stream, ssize_t n, const void *data)
{
	ck_assert_ptr_eq(data, lent);
	ck_assert_int_le(n, (int)sizeof(lent));
	on_read(stream, n, data);
}

LOOP_TEST(the_callers_buffer_is_asked_for_before_each_read)
{
	n_lent = 0;
	peer = net_open(&a);
	ck_ok(rota_stream_read_start(&a.stream, lend, on_read_lent));
	ck_assert_uint_eq(n_lent, 0);
	put_text(peer, "abcde");
	run_until_got("abcde");
	ck_trace("RRR");
	ck_assert_uint_ge(n_lent, 3);
	end_with_peer();
}

static void
lend_new(struct rota_stream *stream, struct iovec *ret_buffer)
{
	(void)stream;
	n_lent++;
	ret_buffer->iov_base = malloc(1);
	ret_buffer->iov_len = 1;
}

static void
take_back(struct rota_stream *stream, ssize_t n, const void *data)
{
	n_lent--;
	if (n != 0)
		on_read(stream, n, data);
	free((void *)(uintptr_t)data);
}

LOOP_TEST(each_buffer_comes_back_also_without_bytes)
{
	n_lent = 0;
	peer = net_open(&a);
	ck_ok(rota_stream_read_start(&a.stream, lend_new, take_back));
	put_text(peer, "ab");
	run_until_got("ab");
	ck_assert_int_eq(shutdown(peer, SHUT_WR), 0);
	run_to_the_end();
	ck_trace("RRRe");
	ck_assert_uint_eq(n_lent, 0);
	end_with_peer();
}

LOOP_TEST(a_turn_with_something_to_tell_does_not_wait_for_more)
{
	peer = net_open(&a);
	start_reading(&a);
	shut_down(&a);
	/* The peer is silent: a wait would be for ever. */
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("S");
	end_with_peer();
}

static void
refuse(struct rota_stream *stream, struct iovec *ret_buffer)
{
	(void)stream;
	ret_buffer->iov_len = 0;
}

LOOP_TEST(a_refused_buffer_ends_the_reading_and_loses_nothing)
{
	peer = net_open(&a);
	ck_ok(rota_stream_read_start(&a.stream, refuse, on_read));
	put_text(peer, "kept");
	run_to_the_end();
	ck_trace("Rb");
	ck_err(rota_stream_is_reading(&a.stream), 0);
	start_reading(&a);
	run_until_got("kept");
	end_with_peer();
}

LOOP_TEST(the_end_is_told_once_after_all_bytes)
{
	peer = net_open(&a);
	start_reading(&a);
	put_text(peer, "last");
	ck_assert_int_eq(close(peer), 0);
	run_to_the_end();
	ck_trace("RRe");
	ck_assert_str_eq(got, "last");
	ck_err(rota_stream_is_readable(&a.stream), 0);
	ck_assert_int_lt(rota_stream_read_start(&a.stream, NULL, on_read), 0);
	run_to_the_end();
	ck_trace("RRe");
	close_all();
}

LOOP_TEST(a_reset_is_told_as_an_error)
{
	peer = net_open(&a);
	start_reading(&a);
	net_close_hard(peer);
	run_to_the_end();
	ck_trace("Rr");
	close_all();
}

static void
on_read_stop(struct rota_stream *stream, ssize_t n, const void *data)
{
	on_read(stream, n, data);
	ck_ok(rota_stream_read_stop(stream));
}

LOOP_TEST(reading_stopped_in_its_callback_leaves_the_rest_for_later)
{
	peer = net_open(&a);
	ck_ok(rota_stream_read_start(&a.stream, lend, on_read_stop));
	put_text(peer, "abcde");
	run_to_the_end();
	ck_trace("R");
	run_until_got("ab");
	start_reading(&a);
	run_until_got("cde");
	ck_ok(rota_stream_read_stop(&a.stream));
	ck_ok(rota_stream_read_stop(&a.stream));
	end_with_peer();
}

static void
on_read_hand_over(struct rota_stream *stream, ssize_t n, const void *data)
{
	trace('H');
	on_read(stream, n, data);
	ck_ok(rota_stream_read_start(stream, NULL, on_read));
}

LOOP_TEST(reading_may_go_on_with_another_callback_and_buffer)
{
	peer = net_open(&a);
	ck_ok(rota_stream_read_start(&a.stream, lend, on_read_hand_over));
	put_text(peer, "abcde");
	run_until_got("abcde");
	ck_trace("HRR");
	end_with_peer();
}

LOOP_TEST(starting_again_replaces_the_callback)
{
	peer = net_open(&a);
	ck_ok(rota_stream_read_start(&a.stream, refuse, on_read_hand_over));
	put_text(peer, "ab");
	start_reading(&a);
	run_until_got("ab");
	ck_trace("R");
	end_with_peer();
}

static void
stop_and_lend(struct rota_stream *stream, struct iovec *ret_buffer)
{
	lend(stream, ret_buffer);
	ck_ok(rota_stream_read_stop(stream));
}

LOOP_TEST(reading_may_be_stopped_while_a_buffer_is_asked_for)
{
	peer = net_open(&a);
	ck_ok(rota_stream_read_start(&a.stream, stop_and_lend, on_read));
	put_text(peer, "kept");
	run_to_the_end();
	ck_trace("");
	start_reading(&a);
	run_until_got("kept");
	end_with_peer();
}

static void
close_and_lend(struct rota_stream *stream, struct iovec *ret_buffer)
{
	lend(stream, ret_buffer);
	ck_ok(rota_handle_close(&stream->handle, on_closed));
}

LOOP_TEST(a_stream_may_be_closed_while_a_buffer_is_asked_for)
{
	peer = net_open(&a);
	ck_ok(rota_stream_read_start(&a.stream, close_and_lend, on_read));
	put_text(peer, "lost");
	run_to_the_end();
	ck_trace("X");
	ck_assert_int_eq(close(peer), 0);
}

static void
on_read_close(struct rota_stream *stream, ssize_t n, const void *data)
{
	on_read(stream, n, data);
	ck_ok(rota_handle_close(&stream->handle, on_closed));
}

LOOP_TEST(a_stream_may_be_closed_when_it_reads)
{
	peer = net_open(&a);
	ck_ok(rota_stream_read_start(&a.stream, lend, on_read_close));
	put_text(peer, "abcde");
	run_to_the_end();
	ck_trace("RX");
	ck_assert_int_eq(close(peer), 0);
}

LOOP_TEST(a_stream_may_be_closed_when_it_reads_an_end_or_error)
{
	peer = net_open(&a);
	ck_ok(rota_stream_read_start(&a.stream, NULL, on_read_close));
	ck_assert_int_eq(close(peer), 0);
	peer = net_open(&b);
	ck_ok(rota_stream_read_start(&b.stream, refuse, on_read_close));
	put_text(peer, "x");
	run_to_the_end();
	ck_assert_int_eq((int)strlen(trace_text()), 6);
	ck_assert_ptr_nonnull(strstr(trace_text(), "Re"));
	ck_assert_ptr_nonnull(strstr(trace_text(), "Rb"));
	ck_assert_int_eq(close(peer), 0);
}

static void
on_read_close_both(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	ck_assert_int_gt(n, 0);
	ck_assert_ptr_nonnull(data);
	trace('R');
	ck_ok(rota_handle_close(&a.stream.handle, on_closed));
	ck_ok(rota_handle_close(&b.stream.handle, on_closed));
}

LOOP_TEST(a_stream_closed_by_its_neighbour_is_not_read)
{
	int peers[2];

	peers[0] = net_open(&a);
	peers[1] = net_open(&b);
	ck_ok(rota_stream_read_start(&a.stream, NULL, on_read_close_both));
	ck_ok(rota_stream_read_start(&b.stream, NULL, on_read_close_both));
	put_text(peers[0], "x");
	put_text(peers[1], "x");
	run_to_the_end();
	ck_trace("RXX");
	harness_close_pair(peers);
}

LOOP_TEST(reading_refuses_bad_arguments)
{
	ck_ok(rota_tcp_init(loop, &a));
	ck_err(rota_stream_read_start(&a.stream, NULL, on_read), -ENOTCONN);
	ck_err(rota_stream_read_start(NULL, NULL, on_read), -EINVAL);
	ck_err(rota_stream_read_start(&a.stream, NULL, NULL), -EINVAL);
	ck_err(rota_stream_read_stop(NULL), -EINVAL);
	ck_ok(rota_stream_read_stop(&a.stream));
	ck_ok(rota_handle_close(&a.stream.handle, NULL));
	ck_err(rota_stream_read_start(&a.stream, NULL, on_read), -EINVAL);
	run_to_the_end();
}

LOOP_TEST(a_stream_holds_the_loop_only_while_it_reads)
{
	peer = net_open(&a);
	ck_err(rota_loop_alive(loop), 0);
	start_reading(&a);
	ck_err(rota_loop_alive(loop), 1);
	ck_ok(rota_stream_read_stop(&a.stream));
	ck_err(rota_loop_alive(loop), 0);
	end_with_peer();
}

static size_t n_flooded;

static void
on_flood(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	(void)data;
	ck_assert_int_gt(n, 0);
	n_flooded += (size_t)n;
}

/* Puts as much into a socket as it takes. */
static size_t
flood(int fd)
{
	size_t sum = 0;
	ssize_t n;

	while ((n = write(fd, big, sizeof(big))) > 0)
		sum += (size_t)n;
	return sum;
}

LOOP_TEST(a_flood_on_one_stream_does_not_starve_the_next)
{
	int peers[2];
	size_t n;

	n_flooded = 0;
	peers[0] = net_open(&a);
	peers[1] = net_open(&b);
	ck_ok(rota_stream_read_start(&a.stream, lend, on_flood));
	start_reading(&b);
	n = flood(peers[0]);
	put_text(peers[1], "x");
	(void)run_once_checked(ROTA_RUN_ONCE);
	ck_trace("R");
	ck_assert_uint_lt(n_flooded, n);
	close_all();
	harness_close_pair(peers);
}

static unsigned n_turns;

static void
on_prepare(struct rota_hook *hook)
{
	(void)hook;
	n_turns++;
}

/* Runs 30 ms, in which there is nothing to do. */
static void
run_at_rest(void)
{
	struct rota_hook prepare;

	n_turns = 0;
	ck_ok(rota_prepare_init(loop, &prepare));
	ck_ok(rota_hook_start(&prepare, on_prepare));
	net_run_for(30 * ROTA_MILLISECOND);
	ck_assert_uint_le(n_turns, 5);
	ck_ok(rota_handle_close(&prepare.handle, NULL));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
}

LOOP_TEST(a_stream_that_does_not_read_does_not_spin_when_its_peer_leaves)
{
	int peers[2];

	peers[0] = net_open(&a);
	peers[1] = net_open(&b);
	start_reading(&a);
	start_reading(&b);
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_ok(rota_stream_read_stop(&a.stream));
	ck_ok(rota_stream_read_stop(&b.stream));
	ck_assert_int_eq(close(peers[0]), 0);
	net_close_hard(peers[1]);
	run_at_rest();
	ck_trace("");
	close_all();
}

LOOP_TEST(a_blocked_writer_does_not_spin_when_its_peer_has_shut_down)
{
	peer = net_open(&a);
	net_narrow(rota_stream_fd(&a.stream), peer);
	write_big(&a, &writes[0]);
	ck_assert_int_eq(shutdown(peer, SHUT_WR), 0);
	run_at_rest();
	ck_trace("");
	end_with_peer();
}

/* Writing *************************************************************/

LOOP_TEST(a_write_is_told_later_and_in_order)
{
	peer = net_open(&a);
	write_text(&a, &writes[0], "one");
	write_text(&a, &writes[1], "two");
	ck_trace("");
	run_to_the_end();
	ck_trace("WW");
	net_expect(peer, "onetwo");
	ck_assert_uint_eq(rota_stream_queued_bytes(&a.stream), 0);
	end_with_peer();
}

static void
on_write_next(struct rota_write *request, int status)
{
	trace((char)('0' + (request - writes)));
	ck_ok(status);
	if (request == &writes[0]) {
		write_text(&a, &writes[2], "c");
		ck_trace("0");
	}
}

LOOP_TEST(a_write_from_a_write_callback_is_told_after_those_before_it)
{
	struct iovec buffer = { (void *)(uintptr_t) "ab", 1 };

	peer = net_open(&a);
	for (int i = 0; i < 2; i++)
		ck_ok(rota_stream_write(
			&a.stream, &writes[i], &buffer, 1, on_write_next));
	run_to_the_end();
	ck_trace("01W");
	net_expect(peer, "aac");
	end_with_peer();
}

/* How often and with how much the kernel was asked to send. */
static unsigned n_in_callback;

static void
on_timer_write(struct rota_timer *timer)
{
	faults.n[FAULTS_SEND] = 0;
	for (unsigned i = 0; i < n_in_callback; i++)
		write_text(&a, &writes[i], "x");
	ck_trace("");
	ck_ok(rota_handle_close(&timer->handle, NULL));
}

static void
write_in_callback(struct rota_timer *timer, unsigned n)
{
	n_in_callback = n;
	ck_ok(rota_timer_init(loop, timer));
	ck_ok(rota_timer_start(timer, 0, 0, on_timer_write));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	(void)run_once_checked(ROTA_RUN_NOWAIT);
}

LOOP_TEST(writes_of_one_callback_go_out_in_one_call)
{
	struct rota_timer timer;

	net_use_faults();
	peer = net_open(&a);
	write_in_callback(&timer, 10);
	ck_trace("WWWWWWWWWW");
	ck_assert_uint_eq(faults.n[FAULTS_SEND], 1);
	net_expect(peer, "xxxxxxxxxx");
	end_with_peer();
	close_loop();
}

LOOP_TEST(more_writes_than_one_call_takes_go_out_in_few)
{
	struct rota_timer timer;

	net_use_faults();
	peer = net_open(&a);
	write_in_callback(&timer, 200);
	ck_assert_uint_eq(strlen(trace_text()), 200);
	ck_assert_uint_le(faults.n[FAULTS_SEND], 13);
	for (int i = 0; i < 20; i++)
		net_expect(peer, "xxxxxxxxxx");
	net_expect_nothing(peer);
	end_with_peer();
	close_loop();
}

LOOP_TEST(writes_that_are_not_gathered_go_out_at_once)
{
	struct rota_timer timer;

	net_use_faults();
	peer = net_open(&a);
	ck_ok(rota_stream_set_gather(&a.stream, 0));
	write_in_callback(&timer, 10);
	ck_trace("WWWWWWWWWW");
	ck_assert_uint_eq(faults.n[FAULTS_SEND], 10);
	net_expect(peer, "xxxxxxxxxx");
	ck_ok(rota_stream_set_gather(&a.stream, 1));
	ck_err(rota_stream_set_gather(NULL, 1), -EINVAL);
	ck_ok(rota_handle_close(&a.stream.handle, NULL));
	ck_err(rota_stream_set_gather(&a.stream, 1), -EINVAL);
	end_with_peer();
	close_loop();
}

static void
on_task_write(struct rota_loop *of, void *text)
{
	(void)of;
	write_text(&a, &writes[((const char *)text)[0] - '0'], text);
}

static void
on_immediate_write(struct rota_immediate *immediate)
{
	(void)immediate;
	write_text(&a, &writes[2], "2");
}

static void
on_closed_write(struct rota_handle *handle)
{
	(void)handle;
	write_text(&a, &writes[3], "3");
}

LOOP_TEST(writes_of_every_phase_go_out_in_their_turn)
{
	struct rota_immediate immediate;

	peer = net_open(&a);
	ck_ok(rota_tcp_init(loop, &b));
	ck_ok(rota_immediate_init(loop, &immediate));
	ck_ok(rota_immediate_start(&immediate, on_immediate_write));
	ck_ok(rota_microtask(loop, on_task_write, (void *)(uintptr_t) "1"));
	ck_ok(rota_tick(loop, on_task_write, (void *)(uintptr_t) "0"));
	ck_ok(rota_handle_close(&b.stream.handle, on_closed_write));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	net_expect(peer, "0123");
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("WWWW");
	end_with_peer();
}

LOOP_TEST(writes_of_nothing_are_told_in_their_order)
{
	struct iovec empty[2] = { { big, 0 }, { NULL, 0 } };

	peer = net_open(&a);
	ck_ok(rota_stream_write(&a.stream, &writes[0], NULL, 0, on_write_next));
	ck_ok(rota_stream_write(
		&a.stream, &writes[1], empty, 2, on_write_next));
	ck_trace("");
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("01W");
	net_expect(peer, "c");
	net_expect_nothing(peer);
	end_with_peer();
}

LOOP_TEST(a_write_of_nothing_waits_for_those_before_it)
{
	peer = net_open(&a);
	net_narrow(rota_stream_fd(&a.stream), peer);
	write_big(&a, &writes[0]);
	ck_ok(rota_stream_write(&a.stream, &writes[1], NULL, 0, on_write));
	net_run_for(5 * ROTA_MILLISECOND);
	ck_trace("");
	close_all();
	ck_trace("WcWc");
	ck_assert_int_eq(close(peer), 0);
}

static void
on_timer_scribble(struct rota_timer *timer)
{
	static char texts[ROTA_WRITE_INLINE][2] = { "1", "2", "3", "4" };
	struct iovec buffers[ROTA_WRITE_INLINE];

	for (int i = 0; i < ROTA_WRITE_INLINE; i++)
		buffers[i] = (struct iovec){ texts[i], 1 };
	ck_ok(rota_stream_write(
		&a.stream, &writes[0], buffers, ROTA_WRITE_INLINE, on_write));
	memset(buffers, 0x5a, sizeof(buffers));
	ck_ok(rota_handle_close(&timer->handle, NULL));
}

LOOP_TEST(a_short_array_of_buffers_is_copied)
{
	struct rota_timer timer;

	peer = net_open(&a);
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_scribble));
	run_to_the_end();
	ck_trace("W");
	net_expect(peer, "1234");
	end_with_peer();
}

LOOP_TEST(writing_refuses_bad_arguments)
{
	struct iovec huge[2] = { { big, SSIZE_MAX }, { big, 1 } };

	peer = net_open(&a);
	ck_err(rota_stream_write(NULL, &writes[0], huge, 1, on_write), -EINVAL);
	ck_err(rota_stream_write(&a.stream, NULL, huge, 1, on_write), -EINVAL);
	ck_err(rota_stream_write(&a.stream, &writes[0], NULL, 1, on_write),
		-EINVAL);
	ck_err(rota_stream_write(&a.stream, &writes[0], huge, 1, NULL),
		-EINVAL);
	ck_err(rota_stream_write(&a.stream, &writes[0], huge, 2, on_write),
		-EINVAL);
	huge[1].iov_len = SIZE_MAX;
	ck_err(rota_stream_write(&a.stream, &writes[0], huge, 2, on_write),
		-EINVAL);
	ck_err(rota_stream_try_write(&a.stream, huge, 2), -EINVAL);
	ck_err(rota_stream_try_write(NULL, huge, 1), -EINVAL);
	ck_err(rota_stream_try_write(&a.stream, NULL, 1), -EINVAL);
	ck_err(rota_stream_shutdown(NULL, &ending, on_shutdown), -EINVAL);
	ck_err(rota_stream_shutdown(&a.stream, NULL, on_shutdown), -EINVAL);
	ck_err(rota_stream_shutdown(&a.stream, &ending, NULL), -EINVAL);
	ck_assert_uint_eq(rota_stream_queued_bytes(&a.stream), 0);
	run_to_the_end();
	net_expect_nothing(peer);
	end_with_peer();
}

LOOP_TEST(a_stream_without_a_connection_cannot_be_written)
{
	struct iovec buffer = { big, 1 };

	ck_ok(rota_tcp_init(loop, &a));
	for (int i = 0; i < 2; i++) {
		int error = i == 0 ? -ENOTCONN : -EINVAL;

		ck_err(rota_stream_write(
			       &a.stream, &writes[0], &buffer, 1, on_write),
			error);
		ck_err(rota_stream_try_write(&a.stream, &buffer, 1), error);
		ck_err(rota_stream_shutdown(&a.stream, &ending, on_shutdown),
			error);
		if (i == 0)
			ck_ok(rota_handle_close(&a.stream.handle, NULL));
	}
	run_to_the_end();
	ck_trace("");
}

static ssize_t
fail_to_send(int fd, const struct iovec *buffers, unsigned n)
{
	(void)fd;
	(void)buffers;
	(void)n;
	return -ECONNRESET;
}

LOOP_TEST(the_writes_behind_a_failed_one_fail_with_it)
{
	struct rota_sys sys = rota__sys_real;
	struct iovec buffer = { big, 1 };
	struct rota_timer timer;

	sys.send = fail_to_send;
	net_use(&sys, 0);
	peer = net_open(&a);
	write_in_callback(&timer, 3);
	ck_trace("WrWrWr");
	ck_err(rota_stream_write(&a.stream, &writes[0], &buffer, 1, on_write),
		-EPIPE);
	ck_err(rota_stream_try_write(&a.stream, &buffer, 1), -EPIPE);
	ck_err(rota_stream_shutdown(&a.stream, &ending, on_shutdown), -EPIPE);
	ck_err(rota_stream_is_writable(&a.stream), 0);
	start_reading(&a);
	put_text(peer, "still");
	run_until_got("still");
	end_with_peer();
	close_loop();
}

LOOP_TEST(a_blocked_write_fails_when_the_peer_resets)
{
	peer = net_open(&a);
	net_narrow(rota_stream_fd(&a.stream), peer);
	write_big(&a, &writes[0]);
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	net_close_hard(peer);
	run_to_the_end();
	ck_assert_int_eq((int)strlen(trace_text()), 2);
	ck_assert_ptr_nonnull(strchr("rp", trace_text()[1]));
	close_all();
}

/* tcp(7): the first write after the peer's end is answered by a reset. */
LOOP_TEST(writing_to_a_peer_that_is_gone_does_not_kill)
{
	struct iovec buffer = { big, 1 };
	ssize_t n = 1;

	ck_assert_ptr_ne(signal(SIGPIPE, SIG_DFL), SIG_ERR);
	peer = net_open(&a);
	ck_assert_int_eq(close(peer), 0);
	write_text(&a, &writes[0], "x");
	run_to_the_end();
	ck_trace("W");
	for (int i = 0; i < 200 && n > 0; i++) {
		net_run_for(ROTA_MILLISECOND);
		n = rota_stream_try_write(&a.stream, &buffer, 1);
	}
	ck_assert_int_lt(n, 0);
	n = rota_stream_try_write(&a.stream, &buffer, 1);
	ck_assert_int_lt(n, 0);
	close_all();
}

/* Writing at once *****************************************************/

LOOP_TEST(try_write_sends_at_once_what_the_kernel_takes)
{
	struct iovec buffers[2] = { { (void *)(uintptr_t) "abc", 3 },
		{ (void *)(uintptr_t) "de", 2 } };

	peer = net_open(&a);
	ck_err(rota_stream_try_write(&a.stream, buffers, 2), 5);
	net_expect(peer, "abcde");
	ck_err(rota_stream_try_write(&a.stream, buffers, 0), 0);
	ck_err(rota_stream_try_write(&a.stream, NULL, 0), 0);
	net_expect_nothing(peer);
	end_with_peer();
}

LOOP_TEST(try_write_does_not_wait_for_room)
{
	struct iovec buffer = { big, sizeof(big) };
	ssize_t n;

	peer = net_open(&a);
	net_narrow(rota_stream_fd(&a.stream), peer);
	n = rota_stream_try_write(&a.stream, &buffer, 1);
	ck_assert_int_gt(n, 0);
	ck_assert_int_lt(n, (ssize_t)sizeof(big));
	while (n > 0)
		n = rota_stream_try_write(&a.stream, &buffer, 1);
	ck_err(n, -EAGAIN);
	ck_assert_uint_eq(rota_stream_queued_bytes(&a.stream), 0);
	end_with_peer();
}

LOOP_TEST(try_write_does_not_overtake_what_is_queued)
{
	struct iovec buffer = { big, 1 };

	peer = net_open(&a);
	net_narrow(rota_stream_fd(&a.stream), peer);
	write_big(&a, &writes[0]);
	ck_assert_uint_gt(rota_stream_queued_bytes(&a.stream), 0);
	ck_err(rota_stream_try_write(&a.stream, &buffer, 1), -EAGAIN);
	harness_drain(peer);
	ck_err(rota_stream_try_write(&a.stream, &buffer, 1), -EAGAIN);
	end_with_peer();
}

static void
on_timer_try(struct rota_timer *timer)
{
	struct iovec buffer = { big, 1 };

	write_text(&a, &writes[0], "x");
	ck_err(rota_stream_try_write(&a.stream, &buffer, 1), -EAGAIN);
	ck_ok(rota_handle_close(&timer->handle, NULL));
}

LOOP_TEST(try_write_does_not_overtake_what_is_gathered)
{
	struct rota_timer timer;

	peer = net_open(&a);
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_try));
	run_to_the_end();
	ck_trace("W");
	net_expect(peer, "x");
	net_expect_nothing(peer);
	end_with_peer();
}

/* Much ****************************************************************/

/*
 * Byte i of a connection is pattern[i % PERIOD]; since the period is prime,
 * bytes that are lost, doubled or moved do not stay unseen.
 */
#define PERIOD 65521

static unsigned char pattern[3 * PERIOD];
static size_t n_seen;
static size_t n_written;

static void
fill_pattern(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(pattern); i++) {
		if (i % PERIOD == 0)
			x = 1;
		x = x * 1664525 + 1013904223;
		pattern[i] = (unsigned char)(x >> 24);
	}
	n_seen = 0;
	n_written = 0;
}

static void
on_pattern(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	ck_assert_int_gt(n, 0);
	ck_assert_msg(memcmp(data, pattern + n_seen % PERIOD, (size_t)n) == 0,
		"wrong bytes behind %zu", n_seen);
	n_seen += (size_t)n;
}

static void
on_written(struct rota_write *request, int status)
{
	(void)request;
	ck_ok(status);
	n_written++;
}

static struct rota_immediate slowness;
static rota_read_fn on_pattern_slowly;

static void
on_immediate_read(struct rota_immediate *immediate)
{
	(void)immediate;
	ck_ok(rota_stream_read_start(&b.stream, NULL, on_pattern_slowly));
}

/* Reads what one call gives, then nothing for the rest of the turn. */
static void
on_pattern_slowly(struct rota_stream *stream, ssize_t n, const void *data)
{
	on_pattern(stream, n, data);
	ck_ok(rota_stream_read_stop(stream));
	ck_ok(rota_immediate_start(&slowness, on_immediate_read));
}

#define MAX_PIECES 1100

LOOP_TEST(a_big_write_to_a_slow_reader_comes_out_exactly)
{
	static struct iovec pieces[MAX_PIECES];
	size_t left = (size_t)harness_scale(64) << 20;
	size_t size_bytes = left;
	unsigned n = 0;

	fill_pattern();
	net_open_both(&a, &b);
	for (; left > 0; n++) {
		size_t len = left < PERIOD ? left : PERIOD;

		ck_assert_uint_lt(n, MAX_PIECES);
		pieces[n] = (struct iovec){ pattern, len };
		left -= len;
	}
	ck_ok(rota_immediate_init(loop, &slowness));
	ck_ok(rota_stream_read_start(&b.stream, NULL, on_pattern_slowly));
	ck_ok(rota_stream_write(&a.stream, &writes[0], pieces, n, on_written));
	net_run_until(&n_seen, size_bytes);
	net_run_until(&n_written, 1);
	ck_assert_uint_eq(n_seen, size_bytes);
	ck_assert_uint_eq(rota_stream_queued_bytes(&a.stream), 0);
	ck_ok(rota_immediate_stop(&slowness));
	close_all();
}

LOOP_TEST(both_ends_may_write_much_before_either_reads)
{
	struct iovec buffer = { big, sizeof(big) };

	n_flooded = 0;
	n_written = 0;
	net_open_both(&a, &b);
	net_narrow(rota_stream_fd(&a.stream), rota_stream_fd(&b.stream));
	net_narrow(rota_stream_fd(&b.stream), rota_stream_fd(&a.stream));
	ck_ok(rota_stream_write(&a.stream, &writes[0], &buffer, 1, on_written));
	ck_ok(rota_stream_write(&b.stream, &writes[1], &buffer, 1, on_written));
	ck_ok(rota_stream_read_start(&a.stream, NULL, on_flood));
	ck_ok(rota_stream_read_start(&b.stream, NULL, on_flood));
	net_run_until(&n_written, 2);
	net_run_until(&n_flooded, 2 * sizeof(big));
	close_all();
}

/* Writes the next len bytes of the pattern in n buffers. */
static void
write_pattern(struct rota_write *request, struct iovec *pieces, size_t *at,
	unsigned n, size_t len)
{
	for (unsigned i = 0; i < n; i++) {
		size_t part = i + 1 == n ? len : len / n;

		pieces[i] = (struct iovec){ pattern + *at % PERIOD, part };
		*at += part;
		len -= part;
	}
	ck_ok(rota_stream_write(&a.stream, request, pieces, n, on_written));
}

static void
run_until_seen(size_t n, size_t n_writes)
{
	net_run_until(&n_seen, n);
	net_run_until(&n_written, n_writes);
	ck_assert_uint_eq(n_seen, n);
	ck_assert_uint_eq(n_written, n_writes);
	ck_assert_uint_eq(rota_stream_queued_bytes(&a.stream), 0);
}

LOOP_TEST(a_write_may_have_any_number_of_buffers)
{
	static struct iovec pieces[300];
	size_t at = 0;
	unsigned n_writes = 0;

	fill_pattern();
	net_open_both(&a, &b);
	ck_ok(rota_stream_read_start(&b.stream, NULL, on_pattern));
	for (unsigned n = 1; n <= 300; n += n < 10 || n % 64 > 62 ? 1 : 7) {
		write_pattern(&writes[0], pieces, &at, n, 3 * n + n / 2);
		run_until_seen(at, ++n_writes);
	}
	close_all();
}

LOOP_TEST(short_reads_and_writes_of_all_sizes_lose_nothing)
{
	struct iovec pieces[3][7];
	size_t at = 0;
	unsigned n_writes = 0;

	fill_pattern();
	net_use_faults();
	net_open_both(&a, &b);
	ck_ok(rota_stream_read_start(&b.stream, NULL, on_pattern));
	for (unsigned k = 1; k <= 20; k++) {
		faults.max_recv_bytes = k % 2 == 0 ? k : 21 - k;
		faults.max_send_bytes = k;
		for (unsigned i = 0; i < 3; i++)
			write_pattern(&writes[i], pieces[i], &at, 7, 50 + i);
		n_writes += 3;
		run_until_seen(at, n_writes);
	}
	close_all();
	close_loop();
}

/* Random writes through random limits, against the pattern ***/

static uint32_t random_state;

static unsigned
random_below(unsigned n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

static void
lend_random(struct rota_stream *stream, struct iovec *ret_buffer)
{
	static char memory[5000];

	(void)stream;
	ret_buffer->iov_base = memory;
	ret_buffer->iov_len = 1 + random_below(sizeof(memory));
}

static void
act_at_random(void)
{
	rota_buffer_fn *buffer = random_below(2) ? lend_random : NULL;

	switch (random_below(5)) {
	case 0:
		faults.max_send_bytes = random_below(3) * random_below(2000);
		break;
	case 1:
		faults.max_recv_bytes = random_below(3) * random_below(2000);
		break;
	case 2:
		ck_ok(rota_stream_read_stop(&b.stream));
		break;
	case 3:
		ck_ok(rota_stream_set_gather(&a.stream, (int)random_below(2)));
		break;
	default:
		ck_ok(rota_stream_read_start(&b.stream, buffer, on_pattern));
	}
}

#define N_RANDOM 16

LOOP_TEST(random_writes_and_limits_lose_nothing)
{
	static struct iovec pieces[N_RANDOM][100];
	unsigned n_rounds = harness_scale(100);
	unsigned n_writes = 0;
	size_t at = 0;

	fill_pattern();
	random_state = 1;
	net_use_faults();
	net_open_both(&a, &b);
	net_narrow(rota_stream_fd(&a.stream), rota_stream_fd(&b.stream));
	for (unsigned round = 0; round < n_rounds; round++) {
		for (unsigned i = 0; i < N_RANDOM; i++) {
			write_pattern(&writes[i], pieces[i], &at,
				1 + random_below(100),
				random_below(1u << random_below(14)));
			act_at_random();
			(void)run_once_checked(ROTA_RUN_NOWAIT);
		}
		n_writes += N_RANDOM;
		faults.max_send_bytes = 0;
		faults.max_recv_bytes = 0;
		ck_ok(rota_stream_read_start(&b.stream, NULL, on_pattern));
		run_until_seen(at, n_writes);
	}
	close_all();
	close_loop();
}

/* Shutting down *******************************************************/

LOOP_TEST(a_shutdown_ends_the_sending_but_not_the_reading)
{
	struct iovec buffer = { big, 1 };

	peer = net_open(&a);
	start_reading(&a);
	ck_err(rota_stream_is_writable(&a.stream), 1);
	shut_down(&a);
	ck_trace("");
	ck_err(rota_stream_write(&a.stream, &writes[0], &buffer, 1, on_write),
		-EPIPE);
	ck_err(rota_stream_try_write(&a.stream, &buffer, 1), -EPIPE);
	ck_err(rota_stream_shutdown(&a.stream, &ending, on_shutdown), -EPIPE);
	net_run_until_traced(1);
	ck_trace("S");
	net_expect_end(peer);
	ck_err(rota_stream_is_writable(&a.stream), 0);
	put_text(peer, "still");
	run_until_got("still");
	end_with_peer();
}

static void
on_big_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	if (n > 0)
		on_flood(stream, n, data);
	else
		on_read(stream, n, data);
}

LOOP_TEST(a_shutdown_waits_for_all_writes_before_it)
{
	n_flooded = 0;
	net_open_both(&a, &b);
	net_narrow(rota_stream_fd(&a.stream), rota_stream_fd(&b.stream));
	write_big(&a, &writes[0]);
	write_text(&a, &writes[1], "last");
	shut_down(&a);
	net_run_for(5 * ROTA_MILLISECOND);
	ck_trace("");
	ck_ok(rota_stream_read_start(&b.stream, NULL, on_big_read));
	run_to_the_end();
	ck_assert_uint_eq(n_flooded, sizeof(big) + 4);
	ck_assert_int_eq(strncmp(trace_text(), "WWS", 3), 0);
	ck_assert_ptr_nonnull(strstr(trace_text(), "Re"));
	close_all();
}

static struct rota_shutdown ending_b;

/* Answers the end of the other side, and ends too. */
static void
on_end_answer(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)data;
	ck_err(n, ROTA_EOF);
	trace('E');
	write_text(&b, &writes[1], "bye");
	ck_ok(rota_stream_shutdown(stream, &ending_b, on_shutdown));
}

LOOP_TEST(each_side_may_end_in_its_own_time)
{
	net_open_both(&a, &b);
	ck_ok(rota_stream_read_start(&a.stream, NULL, on_read));
	ck_ok(rota_stream_read_start(&b.stream, NULL, on_end_answer));
	shut_down(&a);
	run_to_the_end();
	ck_assert_str_eq(got, "bye");
	ck_trace("SEWSRRe");
	ck_err(rota_stream_is_readable(&a.stream), 0);
	ck_err(rota_stream_is_writable(&b.stream), 0);
	close_all();
}

LOOP_TEST(a_shutdown_can_be_taken_back_while_it_waits)
{
	n_flooded = 0;
	net_open_both(&a, &b);
	net_narrow(rota_stream_fd(&a.stream), rota_stream_fd(&b.stream));
	write_big(&a, &writes[0]);
	shut_down(&a);
	ck_ok(rota_request_cancel(&ending.request));
	net_run_until_traced(2);
	ck_trace("Sc");
	write_text(&a, &writes[1], "more");
	ck_ok(rota_stream_read_start(&b.stream, NULL, on_flood));
	net_run_until(&n_flooded, sizeof(big) + 4);
	net_run_until_traced(4);
	ck_trace("ScWW");
	close_all();
}

static void
on_shutdown_close(struct rota_shutdown *request, int status)
{
	on_shutdown(request, status);
	ck_ok(rota_handle_close(&a.stream.handle, on_closed));
}

LOOP_TEST(a_stream_may_be_closed_in_its_shutdown_callback)
{
	peer = net_open(&a);
	start_reading(&a);
	ck_ok(rota_stream_shutdown(&a.stream, &ending, on_shutdown_close));
	run_to_the_end();
	ck_trace("SX");
	ck_assert_int_eq(close(peer), 0);
}

/* Taking back *********************************************************/

/* A stream whose first write has begun and cannot go on. */
static void
open_blocked(void)
{
	net_open_both(&a, &b);
	net_narrow(rota_stream_fd(&a.stream), rota_stream_fd(&b.stream));
	write_big(&a, &writes[0]);
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_uint_gt(rota_stream_queued_bytes(&a.stream), 0);
	ck_assert_uint_lt(rota_stream_queued_bytes(&a.stream), sizeof(big));
	ck_trace("");
}

LOOP_TEST(a_write_that_has_not_begun_can_be_taken_back)
{
	size_t left;

	n_flooded = 0;
	open_blocked();
	left = rota_stream_queued_bytes(&a.stream);
	write_text(&a, &writes[1], "two");
	write_text(&a, &writes[2], "three");
	ck_assert_uint_eq(rota_stream_queued_bytes(&a.stream), left + 8);
	ck_ok(rota_request_cancel(&writes[1].request));
	ck_assert_uint_eq(rota_stream_queued_bytes(&a.stream), left + 5);
	ck_err(rota_request_cancel(&writes[1].request), -EALREADY);
	ck_trace("");
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("Wc");
	ck_ok(rota_stream_read_start(&b.stream, NULL, on_flood));
	net_run_until_traced(4);
	ck_trace("WcWW");
	net_run_until(&n_flooded, sizeof(big) + 5);
	close_all();
}

LOOP_TEST(taking_back_a_write_that_has_begun_spoils_the_stream)
{
	struct iovec buffer = { big, 1 };

	open_blocked();
	write_text(&a, &writes[1], "two");
	ck_ok(rota_request_cancel(&writes[0].request));
	ck_trace("");
	ck_err(rota_stream_write(&a.stream, &writes[2], &buffer, 1, on_write),
		-EPIPE);
	ck_err(rota_stream_try_write(&a.stream, &buffer, 1), -EPIPE);
	run_to_the_end();
	ck_trace("WcWp");
	ck_err(rota_stream_is_writable(&a.stream), 0);
	ck_assert_uint_eq(rota_stream_queued_bytes(&a.stream), 0);
	ck_err(rota_request_cancel(&writes[0].request), -EALREADY);
	close_all();
}

static void
on_timer_take_back(struct rota_timer *timer)
{
	for (int i = 0; i < 3; i++)
		write_text(&a, &writes[i], i == 1 ? "no" : "yes");
	ck_ok(rota_request_cancel(&writes[1].request));
	ck_ok(rota_handle_close(&timer->handle, NULL));
}

LOOP_TEST(a_write_can_be_taken_back_in_the_callback_that_made_it)
{
	struct rota_timer timer;

	peer = net_open(&a);
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_take_back));
	run_to_the_end();
	ck_trace("WcWW");
	net_expect(peer, "yesyes");
	net_expect_nothing(peer);
	end_with_peer();
}

LOOP_TEST(a_write_ends_at_its_deadline_when_the_peer_does_not_read)
{
	uint64_t begun_ns;

	open_blocked();
	write_text(&a, &writes[1], "two");
	begun_ns = harness_true_ns();
	ck_ok(rota_request_set_deadline(
		&writes[0].request, 20 * ROTA_MILLISECOND));
	run_to_the_end();
	ck_trace("WtWp");
	ck_assert_uint_ge(harness_true_ns() - begun_ns, 20 * ROTA_MILLISECOND);
	close_all();
}

LOOP_TEST(the_deadline_of_a_write_that_has_not_begun_spoils_nothing)
{
	n_flooded = 0;
	open_blocked();
	write_text(&a, &writes[1], "two");
	ck_ok(rota_request_set_deadline(
		&writes[1].request, 5 * ROTA_MILLISECOND));
	net_run_until_traced(2);
	ck_trace("Wt");
	ck_ok(rota_stream_read_start(&b.stream, NULL, on_flood));
	net_run_until_traced(3);
	ck_trace("WtW");
	net_run_until(&n_flooded, sizeof(big));
	close_all();
}

LOOP_TEST(a_write_that_ends_in_time_has_no_deadline_left)
{
	peer = net_open(&a);
	write_text(&a, &writes[0], "x");
	(void)rota_request_set_deadline(
		&writes[0].request, 5 * ROTA_MILLISECOND);
	net_run_for(10 * ROTA_MILLISECOND);
	ck_trace("W");
	ck_err(rota_request_set_deadline(&writes[0].request, 1), -EALREADY);
	end_with_peer();
}

LOOP_TEST(writes_hold_the_loop_unless_they_are_unreferenced)
{
	open_blocked();
	ck_err(rota_loop_alive(loop), 1);
	ck_ok(rota_request_unref(&writes[0].request));
	run_to_the_end();
	ck_trace("");
	ck_ok(rota_request_ref(&writes[0].request));
	ck_err(rota_loop_alive(loop), 1);
	close_all();
	ck_trace("Wc");
	ck_err(rota_request_ref(&writes[0].request), -EALREADY);
}

/* Closing *************************************************************/

LOOP_TEST(closing_tells_all_that_is_in_flight_before_the_close_callback)
{
	open_blocked();
	write_text(&a, &writes[1], "two");
	write_text(&a, &writes[2], "three");
	shut_down(&a);
	ck_ok(rota_handle_close(&a.stream.handle, on_closed));
	ck_trace("");
	ck_assert_uint_eq(rota_stream_queued_bytes(&a.stream), 0);
	run_to_the_end();
	ck_trace("WcWcWcScX");
	close_all();
}

static void
on_timer_write_and_close(struct rota_timer *timer)
{
	write_text(&a, &writes[0], "x");
	ck_ok(rota_handle_close(&a.stream.handle, on_closed));
	ck_ok(rota_handle_close(&timer->handle, NULL));
}

LOOP_TEST(a_gathered_write_is_cancelled_by_closing)
{
	struct rota_timer timer;

	peer = net_open(&a);
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_write_and_close));
	run_to_the_end();
	ck_trace("WcX");
	net_expect_end(peer);
	ck_assert_int_eq(close(peer), 0);
}

LOOP_TEST(a_write_that_went_out_is_told_so_though_the_stream_closes)
{
	struct rota_timer timer;

	peer = net_open(&a);
	ck_ok(rota_stream_set_gather(&a.stream, 0));
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_write_and_close));
	run_to_the_end();
	ck_trace("WX");
	net_expect(peer, "x");
	net_expect_end(peer);
	ck_assert_int_eq(close(peer), 0);
}

static void
on_write_close(struct rota_write *request, int status)
{
	on_write(request, status);
	ck_ok(rota_handle_close(&a.stream.handle, on_closed));
}

LOOP_TEST(a_stream_may_be_closed_in_a_write_callback)
{
	struct iovec buffer = { big, 1 };

	peer = net_open(&a);
	start_reading(&a);
	ck_ok(rota_stream_write(
		&a.stream, &writes[0], &buffer, 1, on_write_close));
	write_text(&a, &writes[1], "two");
	run_to_the_end();
	ck_trace("WWX");
	ck_assert_int_eq(close(peer), 0);
}

static void
on_write_refused(struct rota_write *request, int status)
{
	struct iovec buffer = { big, 1 };

	on_write(request, status);
	ck_err(rota_stream_write(&a.stream, request, &buffer, 1, on_write),
		-EINVAL);
	ck_err(rota_handle_close(&a.stream.handle, on_closed), -EALREADY);
}

LOOP_TEST(nothing_can_be_written_while_the_stream_closes)
{
	struct iovec buffer = { big, sizeof(big) };

	peer = net_open(&a);
	net_narrow(rota_stream_fd(&a.stream), peer);
	ck_ok(rota_stream_write(
		&a.stream, &writes[0], &buffer, 1, on_write_refused));
	ck_ok(rota_handle_close(&a.stream.handle, on_closed));
	run_to_the_end();
	ck_trace("WcX");
	ck_assert_int_eq(close(peer), 0);
}

static void
on_closed_free(struct rota_handle *handle)
{
	memset(handle, 0x5a, sizeof(struct rota_tcp));
	trace('X');
}

LOOP_TEST(the_memory_is_the_callers_when_the_close_callback_begins)
{
	open_blocked();
	start_reading(&a);
	ck_ok(rota_handle_close(&a.stream.handle, on_closed_free));
	ck_ok(rota_handle_close(&b.stream.handle, on_closed_free));
	run_to_the_end();
	ck_trace("WcXX");
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
}

LOOP_TEST(a_stream_tells_what_it_can_do)
{
	ck_ok(rota_tcp_init(loop, &a));
	ck_err(rota_stream_fd(&a.stream), -1);
	ck_err(rota_stream_is_readable(&a.stream), 0);
	ck_err(rota_stream_is_writable(&a.stream), 0);
	ck_ok(rota_handle_close(&a.stream.handle, NULL));
	run_to_the_end();
	peer = net_open(&a);
	ck_assert_int_ge(rota_stream_fd(&a.stream), 0);
	ck_err(rota_stream_is_readable(&a.stream), 1);
	ck_err(rota_stream_is_writable(&a.stream), 1);
	ck_err(rota_stream_is_reading(&a.stream), 0);
	ck_err(rota_stream_fd(NULL), -1);
	ck_err(rota_stream_is_reading(NULL), 0);
	ck_err(rota_stream_is_readable(NULL), 0);
	ck_err(rota_stream_is_writable(NULL), 0);
	ck_assert_uint_eq(rota_stream_queued_bytes(NULL), 0);
	end_with_peer();
	ck_err(rota_stream_fd(&a.stream), -1);
}

/* Costs ***************************************************************/

static const struct rota__backend *true_backend;
static unsigned long n_sets;
static unsigned long n_reallocs;

static int
count_set(void *state, const struct rota__wish *wish, uintptr_t *word)
{
	n_sets++;
	return true_backend->set(state, wish, word);
}

static void *
count_realloc(void *data, void *memory, size_t size_bytes)
{
	n_reallocs++;
	return harness_realloc(data, memory, size_bytes);
}

/* Makes `loop` anew, with all that a message could cost counted. */
static void
open_counting(void)
{
	static struct rota__backend counting;
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	faults_reset();
	options.backend = rota_loop_backend(loop);
	options.realloc_fn = count_realloc;
	options.sys = faults_sys();
	close_loop();
	ck_ok(rota_loop_create(&options, &loop));
	true_backend = loop->backend;
	counting = *true_backend;
	counting.set = count_set;
	loop->backend = &counting;
}

static unsigned n_replies;
static unsigned n_messages;

static void
on_echo(struct rota_stream *stream, ssize_t n, const void *data)
{
	static char copy[8];
	struct iovec buffer = { copy, (size_t)n };

	ck_assert_int_eq(n, sizeof(copy));
	memcpy(copy, data, (size_t)n);
	ck_ok(rota_stream_write(stream, &writes[0], &buffer, 1, on_written));
}

static void
ask(void)
{
	static char message[] = "message";
	struct iovec buffer = { message, sizeof(message) };

	ck_ok(rota_stream_write(&a.stream, &writes[1], &buffer, 1, on_written));
}

static void
on_reply(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	ck_assert_int_eq(n, 8);
	ck_assert_str_eq(data, "message");
	if (++n_replies == n_messages)
		ck_ok(rota_loop_stop(loop));
	else
		ask();
}

static void
exchange(unsigned n)
{
	n_replies = 0;
	n_messages = n;
	ask();
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 1);
}

LOOP_TEST(a_message_costs_one_recv_and_one_send)
{
	unsigned n = harness_scale(1000);

	open_counting();
	net_open_both(&a, &b);
	ck_ok(rota_stream_read_start(&a.stream, NULL, on_reply));
	ck_ok(rota_stream_read_start(&b.stream, NULL, on_echo));
	exchange(10);
	faults_reset();
	n_sets = 0;
	n_reallocs = 0;
	exchange(n);
	ck_assert_uint_eq(faults.n[FAULTS_RECV], 2 * n);
	ck_assert_uint_eq(faults.n[FAULTS_SEND], 2 * n);
	ck_assert_uint_eq(faults.n[FAULTS_CLOCK], 0);
	ck_assert_uint_eq(n_sets, 0);
	ck_assert_uint_eq(n_reallocs, 0);
	close_all();
	close_loop();
}

LOOP_TEST(stopping_and_starting_within_a_turn_tells_the_kernel_nothing)
{
	open_counting();
	peer = net_open(&a);
	start_reading(&a);
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	n_sets = 0;
	for (int i = 0; i < 10; i++) {
		ck_ok(rota_stream_read_stop(&a.stream));
		start_reading(&a);
		(void)run_once_checked(ROTA_RUN_NOWAIT);
	}
	ck_assert_uint_eq(n_sets, 0);
	end_with_peer();
	close_loop();
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

	tc = new_case(suite, "reading");
	tcase_add_loop_test(tc, bytes_are_read_in_the_poll_phase_as_they_come);
	tcase_add_loop_test(
		tc, the_callers_buffer_is_asked_for_before_each_read);
	tcase_add_loop_test(tc, each_buffer_comes_back_also_without_bytes);
	tcase_add_loop_test(
		tc, a_turn_with_something_to_tell_does_not_wait_for_more);
	tcase_add_loop_test(
		tc, a_refused_buffer_ends_the_reading_and_loses_nothing);
	tcase_add_loop_test(tc, the_end_is_told_once_after_all_bytes);
	tcase_add_loop_test(tc, a_reset_is_told_as_an_error);
	tcase_add_loop_test(
		tc, reading_stopped_in_its_callback_leaves_the_rest_for_later);
	tcase_add_loop_test(
		tc, reading_may_go_on_with_another_callback_and_buffer);
	tcase_add_loop_test(tc, starting_again_replaces_the_callback);
	tcase_add_loop_test(
		tc, reading_may_be_stopped_while_a_buffer_is_asked_for);
	tcase_add_loop_test(
		tc, a_stream_may_be_closed_while_a_buffer_is_asked_for);
	tcase_add_loop_test(tc, a_stream_may_be_closed_when_it_reads);
	tcase_add_loop_test(
		tc, a_stream_may_be_closed_when_it_reads_an_end_or_error);
	tcase_add_loop_test(tc, a_stream_closed_by_its_neighbour_is_not_read);
	tcase_add_loop_test(tc, reading_refuses_bad_arguments);
	tcase_add_loop_test(tc, a_stream_holds_the_loop_only_while_it_reads);
	tcase_add_loop_test(tc, a_flood_on_one_stream_does_not_starve_the_next);
	tcase_add_loop_test(tc,
		a_stream_that_does_not_read_does_not_spin_when_its_peer_leaves);
	tcase_add_loop_test(
		tc, a_blocked_writer_does_not_spin_when_its_peer_has_shut_down);

	tc = new_case(suite, "writing");
	tcase_add_loop_test(tc, a_write_is_told_later_and_in_order);
	tcase_add_loop_test(tc,
		a_write_from_a_write_callback_is_told_after_those_before_it);
	tcase_add_loop_test(tc, writes_of_one_callback_go_out_in_one_call);
	tcase_add_loop_test(tc, more_writes_than_one_call_takes_go_out_in_few);
	tcase_add_loop_test(tc, writes_that_are_not_gathered_go_out_at_once);
	tcase_add_loop_test(tc, writes_of_every_phase_go_out_in_their_turn);
	tcase_add_loop_test(tc, writes_of_nothing_are_told_in_their_order);
	tcase_add_loop_test(tc, a_write_of_nothing_waits_for_those_before_it);
	tcase_add_loop_test(tc, a_short_array_of_buffers_is_copied);
	tcase_add_loop_test(tc, writing_refuses_bad_arguments);
	tcase_add_loop_test(
		tc, a_stream_without_a_connection_cannot_be_written);
	tcase_add_loop_test(tc, the_writes_behind_a_failed_one_fail_with_it);
	tcase_add_loop_test(tc, a_blocked_write_fails_when_the_peer_resets);
	tcase_add_loop_test(tc, writing_to_a_peer_that_is_gone_does_not_kill);

	tc = new_case(suite, "writing at once");
	tcase_add_loop_test(tc, try_write_sends_at_once_what_the_kernel_takes);
	tcase_add_loop_test(tc, try_write_does_not_wait_for_room);
	tcase_add_loop_test(tc, try_write_does_not_overtake_what_is_queued);
	tcase_add_loop_test(tc, try_write_does_not_overtake_what_is_gathered);

	tc = new_case(suite, "much");
	tcase_add_loop_test(tc, a_big_write_to_a_slow_reader_comes_out_exactly);
	tcase_add_loop_test(tc, both_ends_may_write_much_before_either_reads);
	tcase_add_loop_test(tc, a_write_may_have_any_number_of_buffers);
	tcase_add_loop_test(
		tc, short_reads_and_writes_of_all_sizes_lose_nothing);
	tcase_add_loop_test(tc, random_writes_and_limits_lose_nothing);

	tc = new_case(suite, "shutting down");
	tcase_add_loop_test(
		tc, a_shutdown_ends_the_sending_but_not_the_reading);
	tcase_add_loop_test(tc, a_shutdown_waits_for_all_writes_before_it);
	tcase_add_loop_test(tc, each_side_may_end_in_its_own_time);
	tcase_add_loop_test(tc, a_shutdown_can_be_taken_back_while_it_waits);
	tcase_add_loop_test(
		tc, a_stream_may_be_closed_in_its_shutdown_callback);

	tc = new_case(suite, "taking back");
	tcase_add_loop_test(tc, a_write_that_has_not_begun_can_be_taken_back);
	tcase_add_loop_test(
		tc, taking_back_a_write_that_has_begun_spoils_the_stream);
	tcase_add_loop_test(
		tc, a_write_can_be_taken_back_in_the_callback_that_made_it);
	tcase_add_loop_test(
		tc, a_write_ends_at_its_deadline_when_the_peer_does_not_read);
	tcase_add_loop_test(
		tc, the_deadline_of_a_write_that_has_not_begun_spoils_nothing);
	tcase_add_loop_test(tc, a_write_that_ends_in_time_has_no_deadline_left);
	tcase_add_loop_test(
		tc, writes_hold_the_loop_unless_they_are_unreferenced);

	tc = new_case(suite, "closing");
	tcase_add_loop_test(tc,
		closing_tells_all_that_is_in_flight_before_the_close_callback);
	tcase_add_loop_test(tc, a_gathered_write_is_cancelled_by_closing);
	tcase_add_loop_test(
		tc, a_write_that_went_out_is_told_so_though_the_stream_closes);
	tcase_add_loop_test(tc, a_stream_may_be_closed_in_a_write_callback);
	tcase_add_loop_test(tc, nothing_can_be_written_while_the_stream_closes);
	tcase_add_loop_test(
		tc, the_memory_is_the_callers_when_the_close_callback_begins);
	tcase_add_loop_test(tc, a_stream_tells_what_it_can_do);

	tc = new_case(suite, "costs");
	tcase_add_loop_test(tc, a_message_costs_one_recv_and_one_send);
	tcase_add_loop_test(tc,
		stopping_and_starting_within_a_turn_tells_the_kernel_nothing);
}

HARNESS_MAIN("stream", add_cases)
