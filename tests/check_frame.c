/* SPDX-License-Identifier: MIT */
/*
 * Frames: the beat that is kept, what is dropped, and that a due one goes
 * before the next callback of every kind, which it may close. All but one
 * test live in fake time, where a busy callback moves the clock by itself.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"

/* A whole number, so that sums can be written down. */
#define BEAT (10 * ROTA_MILLISECOND)

static struct rota_frame_event seen;
static void (*on_next_frame)(void);

static void
on_frame(struct rota_frame *frame, const struct rota_frame_event *event)
{
	trace(frame->handle.data ? *(const char *)frame->handle.data : 'F');
	seen = *event;
	if (on_next_frame != NULL)
		on_next_frame();
}

static void
start_frame(struct rota_frame *frame)
{
	on_next_frame = NULL;
	ck_ok(rota_frame_init(loop, frame));
	frame->handle.data = NULL;
	ck_ok(rota_frame_set_interval(frame, BEAT));
	ck_ok(rota_frame_start(frame, on_frame));
}

static void
pass(uint64_t ns)
{
	harness_advance(ns);
	run_once_checked(ROTA_RUN_NOWAIT);
}

/* The beat ************************************************************/

FAKE_TIME_TEST(the_beat_is_sixty_hertz_unless_told_otherwise)
{
	struct rota_frame frame;
	uint64_t start_ns = harness_fake_now();

	ck_ok(rota_frame_init(loop, &frame));
	frame.handle.data = NULL;
	on_next_frame = NULL;
	ck_assert_uint_eq(rota_frame_interval(&frame), ROTA_SECOND / 60);
	ck_ok(rota_frame_start(&frame, on_frame));
	for (int i = 0; i < 60; i++)
		run_once_checked(ROTA_RUN_ONCE);
	ck_assert_uint_eq(seen.number, 60);
	ck_assert_uint_eq(
		harness_fake_now() - start_ns, 60 * ROTA_FRAME_INTERVAL);
	close_all();
}

FAKE_TIME_TEST(the_first_beat_is_one_interval_after_the_start)
{
	struct rota_frame frame;
	uint64_t start_ns = harness_fake_now();

	start_frame(&frame);
	pass(BEAT - 1);
	ck_trace("");
	pass(1);
	ck_trace("F");
	ck_assert_uint_eq(seen.due_ns, start_ns + BEAT);
	ck_assert_uint_eq(seen.now_ns, start_ns + BEAT);
	ck_assert_uint_eq(seen.number, 1);
	ck_assert_uint_eq(seen.n_dropped, 0);
	close_all();
}

FAKE_TIME_TEST(a_late_frame_does_not_move_the_beat)
{
	struct rota_frame frame;

	start_frame(&frame);
	pass(BEAT + BEAT / 2);
	ck_trace("F");
	pass(BEAT / 2 - 1);
	ck_trace("F");
	pass(1);
	ck_trace("FF");
	ck_assert_uint_eq(seen.n_dropped, 0);
	close_all();
}

FAKE_TIME_TEST(missed_frames_are_dropped_and_counted)
{
	struct rota_frame frame;
	uint64_t start_ns = harness_fake_now();

	start_frame(&frame);
	pass(3 * BEAT + 5);
	ck_trace("F");
	ck_assert_uint_eq(seen.n_dropped, 2);
	ck_assert_uint_eq(seen.number, 3);
	ck_assert_uint_eq(seen.due_ns, start_ns + 3 * BEAT);
	ck_assert_uint_eq(seen.now_ns, start_ns + 3 * BEAT + 5);
	pass(BEAT - 5);
	ck_trace("FF");
	ck_assert_uint_eq(seen.n_dropped, 0);
	ck_assert_uint_eq(seen.number, 4);
	close_all();
}

static struct rota_frame *hurried;

static void
hurry(void)
{
	ck_ok(rota_frame_set_interval(hurried, BEAT / 2));
}

FAKE_TIME_TEST(a_new_interval_counts_from_the_next_beat_on)
{
	struct rota_frame frame;

	start_frame(&frame);
	hurried = &frame;
	on_next_frame = hurry;
	pass(BEAT);
	pass(BEAT - 1);
	ck_trace("F");
	pass(1);
	ck_trace("FF");
	pass(BEAT / 2);
	ck_trace("FFF");
	close_all();
}

FAKE_TIME_TEST(start_begins_the_beat_anew)
{
	struct rota_frame frame;

	start_frame(&frame);
	pass(2 * BEAT);
	harness_advance(BEAT / 2);
	ck_ok(rota_frame_start(&frame, on_frame));
	pass(BEAT - 1);
	ck_trace("F");
	pass(1);
	ck_trace("FF");
	ck_assert_uint_eq(seen.number, 1);
	ck_assert_uint_eq(seen.n_dropped, 0);
	close_all();
}

FAKE_TIME_TEST(a_stopped_frame_that_was_due_is_not_called)
{
	struct rota_frame frame;

	start_frame(&frame);
	harness_advance(BEAT);
	ck_ok(rota_frame_stop(&frame));
	ck_ok(rota_frame_stop(&frame));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("");
	close_all();
}

/* The wait ************************************************************/

FAKE_TIME_TEST(the_next_beat_ends_the_wait)
{
	struct rota_frame frame;
	uint64_t start_ns = harness_fake_now();

	start_frame(&frame);
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("F");
	ck_assert_uint_eq(harness_fake_now() - start_ns, BEAT);
	close_all();
}

static int pair[2];

static void
on_wait(uint64_t timeout_ns)
{
	(void)timeout_ns;
	harness_on_wait(NULL);
	harness_advance(BEAT);
	harness_put(pair[1], 'x');
}

static void
on_io(struct rota_io *io, unsigned ready)
{
	(void)ready;
	trace('R');
	ck_ok(rota_io_stop(io));
}

FAKE_TIME_TEST(after_a_wait_a_due_frame_goes_before_what_is_ready)
{
	struct rota_frame frame;
	struct rota_io io;

	harness_pipe(pair);
	start_frame(&frame);
	ck_ok(rota_io_init(loop, &io, pair[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_io));
	harness_on_wait(on_wait);
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("FR");
	close_all();
	harness_close_pair(pair);
}

FAKE_TIME_TEST(a_foreign_loop_waits_until_the_next_beat)
{
	struct rota_frame frame;

	start_frame(&frame);
	ck_err(rota_loop_prepare(loop), 1);
	ck_assert_uint_eq(rota_loop_wait_ns(loop), BEAT);
	harness_advance(BEAT);
	ck_assert_uint_eq(rota_loop_wait_ns(loop), 0);
	ck_err(rota_loop_dispatch(loop), 1);
	ck_trace("F");
	close_all();
}

FAKE_TIME_TEST(an_unreferenced_frame_does_not_hold_the_loop)
{
	struct rota_frame frame;

	start_frame(&frame);
	ck_ok(rota_handle_unref(&frame.handle));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	ck_trace("");
	close_all();
}

/* Before each callback, of every kind *********************************/

/*
 * Two of each kind, ready together. Being called takes a beat and a half, so
 * a frame is due before the second.
 */
static struct {
	struct rota_timer timers[2];
	struct rota_io ios[2];
	struct rota_immediate immediates[2];
	struct rota_hook hooks[2];
	struct rota_wake wakes[2];
	struct rota_signal signals[2];
	struct rota_stream streams[2];
	struct rota_write writes[2];
	int pairs[2][2];
	/* What the frame takes away, or NULL. */
	struct rota_handle *handles[2];
} two;

static int is_true_time;

static void
be_busy(void)
{
	uint64_t end_ns = harness_true_ns() + BEAT + BEAT / 2;

	trace('o');
	if (!is_true_time)
		harness_advance(BEAT + BEAT / 2);
	while (is_true_time && harness_true_ns() < end_ns)
		;
}

static void
busy_timer(struct rota_timer *timer)
{
	(void)timer;
	be_busy();
}

static void
busy_io(struct rota_io *io, unsigned ready)
{
	(void)ready;
	be_busy();
	ck_ok(rota_io_stop(io));
}

static void
busy_immediate(struct rota_immediate *immediate)
{
	(void)immediate;
	be_busy();
}

static void
busy_hook(struct rota_hook *hook)
{
	be_busy();
	ck_ok(rota_hook_stop(hook));
}

static void
busy_wake(struct rota_wake *wake)
{
	(void)wake;
	be_busy();
}

static void
busy_signal(struct rota_signal *sig, const struct rota_signal_event *event)
{
	(void)sig;
	(void)event;
	be_busy();
}

static void
busy_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)n;
	(void)data;
	be_busy();
	ck_ok(rota_stream_read_stop(stream));
}

static void
busy_write(struct rota_write *request, int status)
{
	(void)request;
	if (status == 0)
		be_busy();
	else
		trace('-');
}

static void
busy_post(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	be_busy();
}

static void
busy_close(struct rota_handle *handle)
{
	(void)handle;
	be_busy();
}

static void
make_timers(int i)
{
	two.handles[i] = &two.timers[i].handle;
	ck_ok(rota_timer_init(loop, &two.timers[i]));
	ck_ok(rota_timer_start(&two.timers[i], 0, 0, busy_timer));
}

static void
make_io(int i, unsigned events)
{
	two.handles[i] = &two.ios[i].handle;
	harness_put(two.pairs[i][1], 'x');
	ck_ok(rota_io_init(loop, &two.ios[i], two.pairs[i][0]));
	ck_ok(rota_io_start(&two.ios[i], events, busy_io));
}

static void
make_readers(int i)
{
	make_io(i, ROTA_READABLE);
}

static void
make_writers(int i)
{
	make_io(i, ROTA_WRITABLE);
}

static void
make_sharers(int i)
{
	two.handles[i] = &two.ios[i].handle;
	ck_ok(rota_io_init(loop, &two.ios[i], two.pairs[0][0]));
	ck_ok(rota_io_start(&two.ios[i], ROTA_WRITABLE, busy_io));
}

static void
make_idles(int i)
{
	two.handles[i] = &two.hooks[i].handle;
	ck_ok(rota_idle_init(loop, &two.hooks[i]));
	ck_ok(rota_hook_start(&two.hooks[i], busy_hook));
}

static void
make_prepares(int i)
{
	two.handles[i] = &two.hooks[i].handle;
	ck_ok(rota_prepare_init(loop, &two.hooks[i]));
	ck_ok(rota_hook_start(&two.hooks[i], busy_hook));
}

static void
make_checks(int i)
{
	two.handles[i] = &two.hooks[i].handle;
	ck_ok(rota_check_init(loop, &two.hooks[i]));
	ck_ok(rota_hook_start(&two.hooks[i], busy_hook));
}

static void
make_wakes(int i)
{
	two.handles[i] = &two.wakes[i].handle;
	ck_ok(rota_wake_init(loop, &two.wakes[i], busy_wake));
	ck_ok(rota_wake_send(&two.wakes[i]));
}

static void
make_signals(int i)
{
	two.handles[i] = &two.signals[i].handle;
	ck_ok(rota_signal_init(loop, &two.signals[i]));
	ck_ok(rota_signal_start(&two.signals[i], SIGUSR1, busy_signal));
	if (i == 1)
		ck_ok(kill(getpid(), SIGUSR1));
}

static void
make_streams(int i)
{
	two.handles[i] = &two.streams[i].handle;
	harness_put(two.pairs[i][1], 'x');
	ck_ok(rota_stream_open(
		loop, &two.streams[i], two.pairs[i][0], ROTA_OPEN_KEEP));
	ck_ok(rota_stream_read_start(&two.streams[i], NULL, busy_read));
}

/* Two writes of two streams, both done at once and to be told. */
static void
make_writes(int i)
{
	static char byte = 'x';
	struct iovec buffer = { &byte, 1 };

	two.handles[i] = &two.streams[i].handle;
	ck_ok(rota_stream_open(
		loop, &two.streams[i], two.pairs[i][0], ROTA_OPEN_KEEP));
	ck_ok(rota_stream_set_gather(&two.streams[i], 0));
	ck_ok(rota_stream_write(
		&two.streams[i], &two.writes[i], &buffer, 1, busy_write));
}

static void
make_immediates(int i)
{
	ck_ok(rota_immediate_init(loop, &two.immediates[i]));
	ck_ok(rota_immediate_start(&two.immediates[i], busy_immediate));
}

static void
make_posts(int i)
{
	(void)i;
	ck_ok(rota_post(loop, busy_post, NULL));
}

static void
make_closings(int i)
{
	ck_ok(rota_timer_init(loop, &two.timers[i]));
	ck_ok(rota_handle_close(&two.timers[i].handle, busy_close));
}

static void (*const makers[])(int) = { make_timers, make_readers, make_writers,
	make_sharers, make_idles, make_prepares, make_checks, make_wakes,
	make_signals, make_streams, make_writes, make_immediates, make_posts,
	make_closings };

#define N_KINDS (int)(sizeof(makers) / sizeof(makers[0]))

/* Those from here on are no handles, or closing ones. */
#define FIRST_WITHOUT_HANDLE 11

static void
make_two(int kind)
{
	memset(&two, 0, sizeof(two));
	trace_reset();
	for (int i = 0; i < 2; i++)
		harness_socketpair(two.pairs[i]);
	for (int i = 0; i < 2; i++)
		makers[kind](i);
}

static void
drop_two(void)
{
	close_all();
	for (int i = 0; i < 2; i++)
		harness_close_pair(two.pairs[i]);
}

FAKE_TIME_TEST(a_due_frame_goes_before_the_next_callback_of_every_kind)
{
	struct rota_frame frame;

	for (int kind = 0; kind < N_KINDS; kind++) {
		start_frame(&frame);
		make_two(kind);
		run_once_checked(ROTA_RUN_NOWAIT);
		ck_assert_msg(strcmp(trace_text(), "oFoF") == 0,
			"kind %d gave %s", kind, trace_text());
		drop_two();
	}
}

static void
close_two(void)
{
	for (int i = 0; i < 2; i++)
		if (rota_handle_loop(two.handles[i]) != NULL &&
			!rota_handle_is_closing(two.handles[i]))
			ck_ok(rota_handle_close(two.handles[i], NULL));
}

/* Of two writes the second was done: it is told so by its stream's end. */
FAKE_TIME_TEST(what_a_frame_closes_is_not_called_any_more)
{
	struct rota_frame frame;

	for (int kind = 0; kind < FIRST_WITHOUT_HANDLE; kind++) {
		start_frame(&frame);
		make_two(kind);
		on_next_frame = close_two;
		run_once_checked(ROTA_RUN_NOWAIT);
		ck_assert_msg(strcmp(trace_text(),
				      makers[kind] == make_writes ? "oFoF" :
								    "oF") == 0,
			"kind %d gave %s", kind, trace_text());
		drop_two();
	}
}

static void
stop_immediates(void)
{
	for (int i = 0; i < 2; i++)
		ck_ok(rota_immediate_stop(&two.immediates[i]));
}

FAKE_TIME_TEST(an_immediate_that_a_frame_stops_is_not_called)
{
	struct rota_frame frame;

	start_frame(&frame);
	make_two(FIRST_WITHOUT_HANDLE);
	on_next_frame = stop_immediates;
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("oF");
	drop_two();
}

/* Closed by a frame right after the wait, with its report in hand. */
FAKE_TIME_TEST(a_watcher_that_a_frame_closes_after_the_wait_is_not_called)
{
	struct rota_frame frame;

	start_frame(&frame);
	make_two(1);
	harness_drain(two.pairs[0][0]);
	harness_drain(two.pairs[1][0]);
	pair[1] = two.pairs[0][1];
	harness_on_wait(on_wait);
	on_next_frame = close_two;
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("F");
	drop_two();
}

/* Rules ***************************************************************/

static void
take_long(void)
{
	harness_advance(10 * BEAT);
}

FAKE_TIME_TEST(a_frame_that_takes_too_long_does_not_starve_the_rest)
{
	struct rota_frame frame;

	start_frame(&frame);
	make_two(0);
	on_next_frame = take_long;
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("oFoF");
	ck_assert_uint_eq(seen.n_dropped, 11);
	drop_two();
}

static void
trace_task(struct rota_loop *of, void *letter)
{
	(void)of;
	trace_of(letter);
}

static void
queue_tasks(void)
{
	ck_ok(rota_microtask(loop, trace_task, "m"));
	ck_ok(rota_tick(loop, trace_task, "t"));
}

FAKE_TIME_TEST(ticks_and_microtasks_are_drained_after_a_frame)
{
	struct rota_frame frame;

	start_frame(&frame);
	make_two(0);
	on_next_frame = queue_tasks;
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("oFtmoFtm");
	drop_two();
}

static void
late_tick(struct rota_loop *of, void *data)
{
	(void)data;
	trace('t');
	harness_advance(BEAT);
	ck_ok(rota_tick(of, trace_task, "u"));
}

FAKE_TIME_TEST(a_frame_waits_until_ticks_are_done)
{
	struct rota_frame frame;

	start_frame(&frame);
	ck_ok(rota_tick(loop, late_tick, NULL));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("tuF");
	close_all();
}

FAKE_TIME_TEST(frames_go_in_the_order_of_their_start_each_once)
{
	struct rota_frame a, b, c;

	start_frame(&b);
	start_frame(&c);
	start_frame(&a);
	a.handle.data = (void *)"A";
	b.handle.data = (void *)"B";
	c.handle.data = (void *)"C";
	ck_ok(rota_frame_start(&b, on_frame));
	pass(5 * BEAT);
	ck_trace("CAB");
	close_all();
}

static void
stop_hurried(void)
{
	ck_ok(rota_frame_stop(hurried));
}

FAKE_TIME_TEST(a_frame_may_stop_itself_and_the_next)
{
	struct rota_frame a, b;

	start_frame(&a);
	start_frame(&b);
	hurried = &b;
	on_next_frame = stop_hurried;
	pass(BEAT);
	ck_trace("F");
	hurried = &a;
	pass(BEAT);
	ck_trace("FF");
	ck_err(rota_loop_alive(loop), 0);
	close_all();
}

static void
start_hurried(void)
{
	ck_ok(rota_frame_start(hurried, on_frame));
}

FAKE_TIME_TEST(a_frame_started_by_a_frame_waits_for_its_first_beat)
{
	struct rota_frame a, b;

	start_frame(&a);
	start_frame(&b);
	ck_ok(rota_frame_stop(&b));
	ck_ok(rota_frame_set_interval(&b, 1));
	hurried = &b;
	on_next_frame = start_hurried;
	pass(BEAT);
	ck_trace("F");
	on_next_frame = NULL;
	close_all();
}

FAKE_TIME_TEST(frames_go_before_timers_that_were_due_earlier)
{
	struct rota_frame frame;

	start_frame(&frame);
	make_two(0);
	harness_advance(BEAT);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_int_eq(strncmp(trace_text(), "Fo", 2), 0);
	drop_two();
}

FAKE_TIME_TEST(a_report_says_how_often_a_frame_comes)
{
	struct rota_frame frame;
	char text[400];

	start_frame(&frame);
	ck_assert_int_gt(rota_loop_why_alive_text(loop, text, sizeof(text)), 0);
	ck_assert_ptr_nonnull(strstr(text, "frame: active, every 10000000 ns"));
	ck_assert_ptr_nonnull(strstr(text, "callback on_frame"));
	close_all();
}

/* True time ***********************************************************/

static uint64_t n_called;
static uint64_t n_dropped;

static void
on_true_frame(struct rota_frame *frame, const struct rota_frame_event *event)
{
	ck_assert_uint_ge(event->now_ns, event->due_ns);
	ck_assert_uint_lt(
		event->now_ns - event->due_ns, rota_frame_interval(frame));
	n_called++;
	n_dropped += event->n_dropped;
	ck_assert_uint_eq(event->number, n_called + n_dropped);
}

static void
on_end(struct rota_timer *timer)
{
	ck_ok(rota_handle_close(&timer->handle, NULL));
	rota_loop_stop(rota_handle_loop(&timer->handle));
}

LOOP_TEST(a_frame_is_never_early_and_counts_every_beat)
{
	struct rota_frame frame;
	struct rota_timer end;
	struct rota_hook idle;
	uint64_t start_ns;

	is_true_time = 1;
	n_called = n_dropped = 0;
	ck_ok(rota_frame_init(loop, &frame));
	ck_ok(rota_frame_set_interval(&frame, 2 * ROTA_MILLISECOND));
	start_ns = harness_true_ns();
	ck_ok(rota_frame_start(&frame, on_true_frame));
	ck_ok(rota_timer_init(loop, &end));
	ck_ok(rota_timer_start(&end, 50 * ROTA_MILLISECOND, 0, on_end));
	ck_ok(rota_idle_init(loop, &idle));
	ck_ok(rota_hook_start(&idle, busy_hook));
	run_once_checked(ROTA_RUN_DEFAULT);
	ck_assert_uint_ge(n_called, 1);
	/* The first before the timer, and every beat until the last call. */
	ck_assert_uint_ge(n_called + n_dropped, 24);
	ck_assert_uint_le(n_called + n_dropped,
		(harness_true_ns() - start_ns) / (2 * ROTA_MILLISECOND));
	close_all();
}

/* Slow machines may add a frame before the first callback. */
LOOP_TEST(on_every_backend_a_due_frame_goes_before_the_next_callback)
{
	struct rota_frame frame;

	is_true_time = 1;
	for (int kind = 0; kind < N_KINDS; kind++) {
		make_two(kind);
		start_frame(&frame);
		run_once_checked(ROTA_RUN_NOWAIT);
		ck_assert_msg(strstr(trace_text(), "oFo") != NULL,
			"kind %d gave %s", kind, trace_text());
		drop_two();
	}
}

static struct rota_io lost;
static int lost_pipe[2];

static void
lose_pipe(uint64_t timeout_ns)
{
	harness_advance(timeout_ns);
	ck_ok(close(lost_pipe[0]));
	harness_on_wait(NULL);
}

static void
close_lost(void)
{
	on_next_frame = NULL;
	ck_ok(rota_handle_close(&lost.handle, NULL));
}

static void
on_trace_io(struct rota_io *io, unsigned ready)
{
	(void)ready;
	trace_of(io->handle.data);
	ck_ok(rota_io_stop(io));
}

/* The backend has forgotten such a descriptor before anyone else knows. */
FAKE_TIME_TEST(a_frame_may_close_what_the_wait_found_to_be_no_descriptor)
{
	static const char *const letters[] = { "a", "b", "c" };
	struct rota_frame frame;
	struct rota_io io[3];
	int fds[3][2];

	harness_pipe(lost_pipe);
	ck_ok(rota_io_init(loop, &lost, lost_pipe[0]));
	ck_ok(rota_io_start(&lost, ROTA_READABLE, on_trace_io));
	for (int i = 0; i < 3; i++) {
		harness_pipe(fds[i]);
		ck_ok(rota_io_init(loop, &io[i], fds[i][0]));
		io[i].handle.data = (void *)letters[i];
	}
	ck_ok(rota_io_start(&io[0], ROTA_READABLE, on_trace_io));
	start_frame(&frame);
	on_next_frame = close_lost;
	harness_on_wait(lose_pipe);
	run_once_checked(ROTA_RUN_ONCE);
	ck_trace("F");
	for (int i = 0; i < 3; i++) {
		harness_put(fds[i][1], 'x');
		ck_ok(rota_io_start(&io[i], ROTA_READABLE, on_trace_io));
	}
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_uint_eq(strlen(trace_text()), 4);
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_nonnull(strstr(trace_text(), letters[i]));
	close_all();
	for (int i = 0; i < 3; i++)
		harness_close_pair(fds[i]);
	ck_ok(close(lost_pipe[1]));
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "beat");

	tcase_add_test(tc, the_beat_is_sixty_hertz_unless_told_otherwise);
	tcase_add_test(tc, the_first_beat_is_one_interval_after_the_start);
	tcase_add_test(tc, a_late_frame_does_not_move_the_beat);
	tcase_add_test(tc, missed_frames_are_dropped_and_counted);
	tcase_add_test(tc, a_new_interval_counts_from_the_next_beat_on);
	tcase_add_test(tc, start_begins_the_beat_anew);
	tcase_add_test(tc, a_stopped_frame_that_was_due_is_not_called);

	tc = harness_case(suite, "wait");
	tcase_add_test(tc, the_next_beat_ends_the_wait);
	tcase_add_test(tc, after_a_wait_a_due_frame_goes_before_what_is_ready);
	tcase_add_test(tc, a_foreign_loop_waits_until_the_next_beat);
	tcase_add_test(tc, an_unreferenced_frame_does_not_hold_the_loop);

	tc = harness_case(suite, "before each callback");
	tcase_add_test(
		tc, a_due_frame_goes_before_the_next_callback_of_every_kind);
	tcase_add_test(tc, what_a_frame_closes_is_not_called_any_more);
	tcase_add_test(tc, an_immediate_that_a_frame_stops_is_not_called);
	tcase_add_test(
		tc, a_watcher_that_a_frame_closes_after_the_wait_is_not_called);
	tcase_add_test(
		tc, a_frame_may_close_what_the_wait_found_to_be_no_descriptor);

	tc = harness_case(suite, "rules");
	tcase_add_test(
		tc, a_frame_that_takes_too_long_does_not_starve_the_rest);
	tcase_add_test(tc, ticks_and_microtasks_are_drained_after_a_frame);
	tcase_add_test(tc, a_frame_waits_until_ticks_are_done);
	tcase_add_test(tc, frames_go_in_the_order_of_their_start_each_once);
	tcase_add_test(tc, a_frame_may_stop_itself_and_the_next);
	tcase_add_test(tc, a_frame_started_by_a_frame_waits_for_its_first_beat);
	tcase_add_test(tc, frames_go_before_timers_that_were_due_earlier);
	tcase_add_test(tc, a_report_says_how_often_a_frame_comes);

	tc = harness_case(suite, "true time");
	tcase_add_loop_test(tc, a_frame_is_never_early_and_counts_every_beat);
	tcase_add_loop_test(
		tc, on_every_backend_a_due_frame_goes_before_the_next_callback);
}

HARNESS_MAIN("frame", add_cases)
