/* SPDX-License-Identifier: MIT */
/* Handle priorities: the order within one round, and nothing but the order. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/fds.h"
#include "tests/harness.h"

/* Watchers, each of a socket pair whose first end is readable. */
static struct rota_io ios[4];
static int pairs[4][2];

static void
on_io(struct rota_io *io, unsigned ready)
{
	(void)ready;
	trace_of(io->handle.data);
	if (rota_handle_is_active(&io->handle))
		ck_ok(rota_io_stop(io));
}

static void
start_io(int i, unsigned events, int priority, const char *letter)
{
	harness_socketpair(pairs[i]);
	harness_put(pairs[i][1], 'x');
	ck_ok(rota_io_init(loop, &ios[i], pairs[i][0]));
	ios[i].handle.data = (void *)letter;
	ck_ok(rota_handle_set_priority(&ios[i].handle, priority));
	ck_ok(rota_io_start(&ios[i], events, on_io));
}

static void
close_ios(int n)
{
	close_all();
	for (int i = 0; i < n; i++)
		harness_close_pair(pairs[i]);
}

static void
on_wake(struct rota_wake *wake)
{
	trace_of(wake->handle.data);
}

static void
ring(struct rota_wake *wake, int priority, const char *letter)
{
	ck_ok(rota_wake_init(loop, wake, on_wake));
	wake->handle.data = (void *)letter;
	ck_ok(rota_handle_set_priority(&wake->handle, priority));
	ck_ok(rota_wake_send(wake));
}

static void
on_signal(struct rota_signal *sig, const struct rota_signal_event *event)
{
	(void)event;
	trace_of(sig->handle.data);
}

static void
start_signal(struct rota_signal *sig, int priority, const char *letter)
{
	ck_ok(rota_signal_init(loop, sig));
	sig->handle.data = (void *)letter;
	ck_ok(rota_handle_set_priority(&sig->handle, priority));
	ck_ok(rota_signal_start(sig, SIGUSR1, on_signal));
}

static void
on_post(struct rota_loop *of, void *letter)
{
	(void)of;
	trace_of(letter);
}

/* Order ***************************************************************/

LOOP_TEST(of_what_is_ready_the_higher_priority_goes_first)
{
	start_io(0, ROTA_READABLE, -8, "d");
	start_io(1, ROTA_READABLE, 8, "a");
	start_io(2, ROTA_READABLE, 0, "c");
	start_io(3, ROTA_READABLE, 1, "b");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("abcd");
	close_ios(4);
}

LOOP_TEST(equal_priorities_keep_the_order_they_had_without)
{
	char before[8];

	for (int i = 0; i < 4; i++)
		start_io(i, ROTA_READABLE, 0, &"abcd"[i]);
	run_once_checked(ROTA_RUN_NOWAIT);
	strcpy(before, trace_text());
	trace_reset();
	for (int i = 0; i < 4; i++) {
		ck_ok(rota_handle_set_priority(&ios[i].handle, 3));
		ck_ok(rota_io_start(&ios[i], ROTA_READABLE, on_io));
	}
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace(before);
	close_ios(4);
}

LOOP_TEST(readers_go_before_writers_of_their_priority_only)
{
	start_io(0, ROTA_WRITABLE, 1, "w");
	start_io(1, ROTA_READABLE, 0, "R");
	start_io(2, ROTA_WRITABLE, 0, "W");
	start_io(3, ROTA_READABLE, 1, "r");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("rwRW");
	close_ios(4);
}

LOOP_TEST(wakes_and_signals_go_by_their_priority_as_well)
{
	struct rota_wake high, usual, low;
	struct rota_signal first, last, lowest;

	start_io(0, ROTA_READABLE, 0, "R");
	start_io(1, ROTA_READABLE, -1, "r");
	start_signal(&lowest, -2, "s");
	start_signal(&last, 0, "S");
	start_signal(&first, 2, "!");
	ring(&low, -3, "w");
	ring(&usual, 0, "W");
	ck_ok(rota_post(loop, on_post, (void *)"P"));
	ring(&high, 1, "1");
	ck_ok(raise(SIGUSR1));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("!1RWPSrsw");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("!1RWPSrsw");
	close_ios(2);
}

static void
on_still(struct rota_io *io, unsigned ready)
{
	(void)ready;
	trace_of(io->handle.data);
}

/* Some kernels say in the first turn that it is so, and nothing else. */
LOOP_TEST(what_is_always_ready_does_not_overtake)
{
	struct rota_io null;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_ok(rota_io_init(loop, &null, fd));
	null.handle.data = (void *)"n";
	ck_ok(rota_io_start(&null, ROTA_READABLE, on_still));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("n");
	start_io(0, ROTA_READABLE, 1, "a");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("nan");
	close_ios(1);
	ck_ok(close(fd));
}

LOOP_TEST(watchers_of_one_descriptor_go_at_their_highest_priority)
{
	struct rota_io second;

	start_io(0, ROTA_READABLE, 0, "a");
	start_io(1, ROTA_READABLE, 1, "c");
	ck_ok(rota_io_init(loop, &second, pairs[0][0]));
	second.handle.data = (void *)"b";
	ck_ok(rota_handle_set_priority(&second.handle, 2));
	ck_ok(rota_io_start(&second, ROTA_READABLE, on_io));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("abc");
	close_ios(2);
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)n;
	(void)data;
	trace_of(stream->handle.data);
	ck_ok(rota_stream_read_stop(stream));
}

LOOP_TEST(streams_go_by_their_priority)
{
	struct rota_stream stream;

	start_io(0, ROTA_READABLE, 0, "R");
	start_io(1, ROTA_READABLE, 5, "r");
	harness_socketpair(pairs[2]);
	harness_put(pairs[2][1], 'x');
	ck_ok(rota_stream_open(loop, &stream, pairs[2][0], ROTA_OPEN_KEEP));
	stream.handle.data = (void *)"s";
	ck_ok(rota_handle_set_priority(&stream.handle, 4));
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("rsR");
	close_ios(3);
}

LOOP_TEST(without_priorities_left_all_is_as_before)
{
	struct rota_wake wake;

	start_io(0, ROTA_READABLE, 0, "R");
	ring(&wake, 7, "W");
	ck_err(rota_handle_priority(&wake.handle), 7);
	ck_ok(rota_handle_set_priority(&wake.handle, 0));
	ck_err(rota_handle_priority(&wake.handle), 0);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("RW");
	close_ios(1);
}

/* While a round is told ***********************************************/

static void
turn_around(struct rota_io *io, unsigned ready)
{
	on_io(io, ready);
	ck_ok(rota_handle_set_priority(&ios[0].handle, -5));
	ck_ok(rota_handle_set_priority(&ios[1].handle, 0));
	ck_ok(rota_handle_set_priority(&ios[2].handle, 5));
	ck_ok(rota_io_start(&ios[0], ROTA_READABLE, on_io));
}

/* Of those that have been reported each is called once. */
LOOP_TEST(a_change_counts_from_the_next_round_on)
{
	start_io(0, ROTA_READABLE, 5, "a");
	start_io(1, ROTA_READABLE, 1, "b");
	start_io(2, ROTA_READABLE, 0, "c");
	ck_ok(rota_io_start(&ios[0], ROTA_READABLE, turn_around));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("abc");
	for (int i = 1; i < 3; i++)
		ck_ok(rota_io_start(&ios[i], ROTA_READABLE, on_io));
	trace_reset();
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("cba");
	close_ios(3);
}

static void
lower_next(struct rota_wake *wake)
{
	trace('1');
	ck_ok(rota_handle_set_priority(wake->handle.data, -8));
}

LOOP_TEST(a_wake_whose_priority_changes_in_the_round_is_told_in_it)
{
	struct rota_wake first, second, third;

	ck_ok(rota_wake_init(loop, &first, lower_next));
	ck_ok(rota_handle_set_priority(&first.handle, 2));
	first.handle.data = &second.handle;
	ck_ok(rota_wake_send(&first));
	ring(&second, 1, "2");
	ring(&third, 0, "3");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("123");
	close_all();
}

static struct rota_handle *victims[3];

static void
close_victims(struct rota_io *io, unsigned ready)
{
	on_io(io, ready);
	for (int i = 0; i < 3; i++)
		ck_ok(rota_handle_close(victims[i], NULL));
}

LOOP_TEST(what_a_higher_one_closes_is_not_called)
{
	struct rota_signal sig;
	struct rota_wake wake;

	start_io(0, ROTA_READABLE, 5, "a");
	ck_ok(rota_io_start(&ios[0], ROTA_READABLE, close_victims));
	start_io(1, ROTA_READABLE | ROTA_WRITABLE, -1, "b");
	start_signal(&sig, 4, "s");
	ring(&wake, -4, "w");
	victims[0] = &ios[1].handle;
	victims[1] = &sig.handle;
	victims[2] = &wake.handle;
	ck_ok(raise(SIGUSR1));
	run_once_checked(ROTA_RUN_NOWAIT);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("a");
	close_ios(2);
}

static void
reopen(struct rota_io *io, unsigned ready)
{
	on_io(io, ready);
	ck_ok(rota_io_stop(&ios[1]));
	ck_ok(rota_io_start(&ios[1], ROTA_READABLE, on_io));
}

LOOP_TEST(what_a_higher_one_starts_anew_waits_for_the_next_round)
{
	start_io(0, ROTA_READABLE, 5, "a");
	ck_ok(rota_io_start(&ios[0], ROTA_READABLE, reopen));
	start_io(1, ROTA_READABLE, 0, "b");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("a");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("ab");
	close_ios(2);
}

static void
raise_one(struct rota_wake *wake)
{
	trace_of(wake->handle.data);
	ck_ok(raise(SIGUSR1));
}

/* It was not of the round: it comes behind all that was. */
LOOP_TEST(a_signal_raised_in_the_round_does_not_overtake)
{
	struct rota_signal sig;
	struct rota_wake wake;

	start_signal(&sig, 6, "s");
	start_io(0, ROTA_READABLE, 0, "a");
	ck_ok(rota_wake_init(loop, &wake, raise_one));
	wake.handle.data = (void *)"w";
	ck_ok(rota_handle_set_priority(&wake.handle, 7));
	ck_ok(rota_wake_send(&wake));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("was");
	close_ios(1);
}

static void
on_failed(struct rota_io *io, unsigned ready)
{
	trace(ready == ROTA_FAILED ? 'f' : '?');
	ck_assert_int_lt(rota_io_error(io), 0);
}

LOOP_TEST(a_descriptor_that_cannot_be_watched_is_told_once)
{
	struct rota_io io;
	int fd = dup(STDERR_FILENO);

	start_io(0, ROTA_READABLE, 1, "a");
	ck_ok(rota_io_init(loop, &io, fd));
	ck_ok(close(fd));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_failed));
	run_once_checked(ROTA_RUN_NOWAIT);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_uint_eq(strlen(trace_text()), 2);
	ck_assert_ptr_nonnull(strchr(trace_text(), 'a'));
	ck_assert_ptr_nonnull(strchr(trace_text(), 'f'));
	close_ios(1);
}

/* Many ****************************************************************/

static unsigned n_called;

static void
on_many(struct rota_io *io, unsigned ready)
{
	(void)ready;
	n_called++;
	ck_ok(rota_io_stop(io));
}

/* Raises the limit of descriptors; 0 if it is below n. */
static int
allow_fds(unsigned n)
{
	struct rlimit limit;

	ck_ok(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max < n ? limit.rlim_max : n;
	return (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= n) ||
		harness_skip("more descriptors");
}

LOOP_TEST(more_than_one_call_of_the_kernel_returns_are_all_told)
{
	unsigned n = ROTA__N_READY + 100;
	struct rota_io *many = calloc(n, sizeof(*many));
	unsigned i;
	int *fds = calloc(n, sizeof(*fds));

	n_called = 0;
	harness_socketpair(pairs[0]);
	for (i = 0; allow_fds(n + 100) && i < n; i++) {
		fds[i] = dup(pairs[0][0]);
		ck_ok(rota_io_init(loop, &many[i], fds[i]));
		ck_ok(rota_handle_set_priority(
			&many[i].handle, (int)(i % 17) - 8));
		ck_ok(rota_io_start(&many[i], ROTA_WRITABLE, on_many));
	}
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_uint_eq(n_called, i);
	close_all();
	while (i-- > 0)
		ck_ok(close(fds[i]));
	harness_close_pair(pairs[0]);
	free(fds);
	free(many);
}

static int is_out_of_memory;

static void *
scarce_realloc(void *data, void *memory, size_t size_bytes)
{
	if (is_out_of_memory && size_bytes > 0)
		return NULL;
	return harness_realloc(data, memory, size_bytes);
}

START_TEST(without_memory_the_priority_stays)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *scarce;
	struct rota_timer timer;

	options.realloc_fn = scarce_realloc;
	ck_ok(rota_loop_create(&options, &scarce));
	ck_ok(rota_timer_init(scarce, &timer));
	is_out_of_memory = 1;
	ck_err(rota_handle_set_priority(&timer.handle, 1), -ENOMEM);
	ck_err(rota_handle_priority(&timer.handle), 0);
	ck_ok(rota_handle_set_priority(&timer.handle, 0));
	is_out_of_memory = 0;
	ck_ok(rota_handle_set_priority(&timer.handle, 1));
	ck_ok(rota__loop_check(scarce));
	close_all_of(scarce);
	ck_ok(rota_loop_close(scarce));
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "order");

	tcase_add_loop_test(
		tc, of_what_is_ready_the_higher_priority_goes_first);
	tcase_add_loop_test(
		tc, equal_priorities_keep_the_order_they_had_without);
	tcase_add_loop_test(
		tc, readers_go_before_writers_of_their_priority_only);
	tcase_add_loop_test(tc, wakes_and_signals_go_by_their_priority_as_well);
	tcase_add_loop_test(tc, what_is_always_ready_does_not_overtake);
	tcase_add_loop_test(
		tc, watchers_of_one_descriptor_go_at_their_highest_priority);
	tcase_add_loop_test(tc, streams_go_by_their_priority);
	tcase_add_loop_test(tc, without_priorities_left_all_is_as_before);

	tc = harness_case(suite, "round");
	tcase_add_loop_test(tc, a_change_counts_from_the_next_round_on);
	tcase_add_loop_test(
		tc, a_wake_whose_priority_changes_in_the_round_is_told_in_it);
	tcase_add_loop_test(tc, what_a_higher_one_closes_is_not_called);
	tcase_add_loop_test(
		tc, what_a_higher_one_starts_anew_waits_for_the_next_round);
	tcase_add_loop_test(tc, a_signal_raised_in_the_round_does_not_overtake);
	tcase_add_loop_test(
		tc, a_descriptor_that_cannot_be_watched_is_told_once);

	tc = harness_case(suite, "many");
	tcase_add_loop_test(
		tc, more_than_one_call_of_the_kernel_returns_are_all_told);
	tcase_add_test(tc, without_memory_the_priority_stays);
}

HARNESS_MAIN("priority", add_cases)
