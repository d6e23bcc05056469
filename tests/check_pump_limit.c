/* SPDX-License-Identifier: MIT */
/* Pumps that are to move so many bytes and no more. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rota/pump.h"
#include "tests/harness.h"
#include "tests/net.h"

static struct rota_tcp from;
static struct rota_tcp to;
static int source;
static int sink;
static struct rota_pump pump;
static char big[1 << 20];

static void
on_pumped(struct rota_pump *ended, int status)
{
	ck_assert_ptr_eq(ended, &pump);
	net_trace('P', status);
}

static void
open_line(unsigned flags)
{
	source = net_open(&from);
	sink = net_open(&to);
	ck_ok(rota_pipe_streams(
		&pump, &from.stream, &to.stream, flags, on_pumped));
}

static void
close_line(void)
{
	ck_ok(rota_handle_close(&from.stream.handle, NULL));
	ck_ok(rota_handle_close(&to.stream.handle, NULL));
	ck_ok(close(source));
	ck_ok(close(sink));
	run_to_the_end();
}

static void
put_text(const char *text)
{
	ck_err(send(source, text, strlen(text), 0), (long)strlen(text));
}

LOOP_TEST(a_pump_ends_at_its_limit_and_leaves_the_rest_unread)
{
	char rest[8];

	open_line(0);
	ck_ok(rota_pump_set_limit(&pump, 5));
	put_text("hello rest");
	net_run_until_traced(1);
	ck_trace("P");
	ck_assert_uint_eq(rota_pump_bytes(&pump), 5);
	net_expect(sink, "hello");
	net_expect_end(sink);
	ck_err(rota_stream_try_read(&from.stream, rest, sizeof(rest)), 5);
	ck_assert_mem_eq(rest, " rest", 5);
	close_line();
}

LOOP_TEST(a_limit_is_reached_by_several_reads_too)
{
	open_line(ROTA_PUMP_KEEP_OPEN);
	ck_ok(rota_pump_set_limit(&pump, 6));
	put_text("abcd");
	net_run_for(ROTA_MILLISECOND);
	ck_trace("");
	put_text("efgh");
	net_run_until_traced(1);
	ck_trace("P");
	net_expect(sink, "abcdef");
	net_expect_nothing(sink);
	close_line();
}

LOOP_TEST(a_limit_that_is_reached_already_ends_the_pump_but_not_at_once)
{
	open_line(ROTA_PUMP_KEEP_OPEN);
	ck_ok(rota_pump_set_limit(&pump, 0));
	ck_trace("");
	ck_err(rota_pump_set_limit(&pump, 1), -EALREADY);
	put_text("a");
	net_run_until_traced(1);
	ck_trace("P");
	ck_assert_uint_eq(rota_pump_bytes(&pump), 0);
	net_expect_nothing(sink);
	close_line();
}

LOOP_TEST(a_limit_below_what_was_read_is_refused_and_another_counts)
{
	open_line(ROTA_PUMP_KEEP_OPEN);
	put_text("abcd");
	while (rota_pump_bytes(&pump) < 4)
		(void)run_once_checked(ROTA_RUN_ONCE);
	ck_err(rota_pump_set_limit(&pump, 3), -EINVAL);
	ck_ok(rota_pump_set_limit(&pump, 4));
	net_run_until_traced(1);
	ck_trace("P");
	net_expect(sink, "abcd");
	close_line();
}

LOOP_TEST(an_end_before_the_limit_is_an_end)
{
	open_line(0);
	ck_ok(rota_pump_set_limit(&pump, 10));
	put_text("abc");
	ck_ok(shutdown(source, SHUT_WR));
	net_run_until_traced(1);
	ck_trace("P");
	ck_assert_uint_eq(rota_pump_bytes(&pump), 3);
	close_line();
}

/* The last piece does not fit: the end is told when it has gone out. */
LOOP_TEST(a_pump_whose_last_piece_waits_ends_when_that_is_out)
{
	const size_t limit = sizeof(big) - 1;
	size_t n_sent = 0;
	size_t n_got = 0;
	ssize_t n;

	open_line(0);
	net_narrow(rota_stream_fd(&to.stream), sink);
	ck_ok(rota_pump_set_limit(&pump, limit));
	while (n_got < limit) {
		n = n_sent < sizeof(big) ?
			send(source, big, sizeof(big) - n_sent, 0) :
			0;
		n_sent += n > 0 ? (size_t)n : 0;
		(void)run_once_checked(ROTA_RUN_NOWAIT);
		n = recv(sink, big, sizeof(big), 0);
		n_got += n > 0 ? (size_t)n : 0;
	}
	net_run_until_traced(1);
	ck_trace("P");
	ck_assert_uint_eq(n_got, limit);
	ck_assert_uint_eq(rota_pump_bytes(&pump), limit);
	net_expect_end(sink);
	close_line();
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "limits");

	tcase_add_loop_test(
		tc, a_pump_ends_at_its_limit_and_leaves_the_rest_unread);
	tcase_add_loop_test(tc, a_limit_is_reached_by_several_reads_too);
	tcase_add_loop_test(tc,
		a_limit_that_is_reached_already_ends_the_pump_but_not_at_once);
	tcase_add_loop_test(
		tc, a_limit_below_what_was_read_is_refused_and_another_counts);
	tcase_add_loop_test(tc, an_end_before_the_limit_is_an_end);
	tcase_add_loop_test(
		tc, a_pump_whose_last_piece_waits_ends_when_that_is_out);
}

HARNESS_MAIN("pump_limit", add_cases)
