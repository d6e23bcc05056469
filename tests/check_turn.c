/* SPDX-License-Identifier: MIT */
/*
 * The order of one turn, as letters: which callback comes before which, what
 * runs between, and when poll may wait. Most tests run turn by turn; those
 * of waiting live in fake time.
 */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/harness.h"

/* Callbacks that many tests share: each adds the letter of its owner. *****/

static void
on_timer(struct rota_timer *timer)
{
	trace_of(timer->handle.data);
}

static void
on_hook(struct rota_hook *hook)
{
	trace_of(hook->handle.data);
}

static void
on_immediate(struct rota_immediate *immediate)
{
	trace_of(immediate->data);
}

static void
on_close(struct rota_handle *handle)
{
	trace_of(handle->data);
}

static void
on_task(struct rota_loop *of, void *data)
{
	(void)of;
	trace_of(data);
}

static void
on_read_stop(struct rota_io *io, unsigned ready)
{
	ck_assert_uint_ne(ready & ROTA_READABLE, 0);
	trace_of(io->handle.data);
	ck_ok(rota_io_stop(io));
}

static void
on_written(struct rota_write *request, int status)
{
	ck_ok(status);
	trace_of(request->request.data);
}

static void
start_timer(struct rota_timer *timer, uint64_t delay_ns, const char *letter)
{
	ck_ok(rota_timer_init(loop, timer));
	timer->handle.data = (void *)letter;
	ck_ok(rota_timer_start(timer, delay_ns, 0, on_timer));
}

static void
queue_immediate(struct rota_immediate *immediate, const char *letter)
{
	ck_ok(rota_immediate_init(loop, immediate));
	immediate->data = (void *)letter;
	ck_ok(rota_immediate_start(immediate, on_immediate));
}

typedef int init_hook_fn(struct rota_loop *of, struct rota_hook *hook);

static void
start_hook(init_hook_fn *init, struct rota_hook *hook, const char *letter)
{
	ck_ok(init(loop, hook));
	hook->handle.data = (void *)letter;
	ck_ok(rota_hook_start(hook, on_hook));
}

/* The phases **********************************************************/

/* One of each kind, all with something to do in the first turn. */
struct everything {
	struct rota_timer timer;
	struct rota_tcp tcp;
	struct rota_write write;
	struct rota_hook idle;
	struct rota_hook prepare;
	struct rota_io io;
	struct rota_hook check;
	struct rota_immediate immediate;
	struct rota_hook closed;
	struct iovec byte;
	int pair[2];
	int pipe[2];
};

static void
start_everything(struct everything *all)
{
	harness_tcp_pair(all->pair);
	harness_pipe(all->pipe);
	harness_put(all->pipe[1], 'x');

	/* In no order, so that the phases must make it. */
	ck_ok(rota_idle_init(loop, &all->closed));
	all->closed.handle.data = "X";
	ck_ok(rota_handle_close(&all->closed.handle, on_close));
	queue_immediate(&all->immediate, "M");
	start_hook(rota_check_init, &all->check, "C");
	ck_ok(rota_io_init(loop, &all->io, all->pipe[0]));
	all->io.handle.data = "R";
	ck_ok(rota_io_start(&all->io, ROTA_READABLE, on_read_stop));
	start_hook(rota_prepare_init, &all->prepare, "P");
	start_hook(rota_idle_init, &all->idle, "I");
	ck_ok(rota_tcp_init(loop, &all->tcp));
	ck_ok(rota_tcp_open(&all->tcp, all->pair[0]));
	all->byte = (struct iovec){ "w", 1 };
	all->write.request.data = "W";
	ck_ok(rota_stream_write(
		&all->tcp.stream, &all->write, &all->byte, 1, on_written));
	start_timer(&all->timer, 0, "T");
}

static void
end_everything(struct everything *all)
{
	close_all();
	ck_assert_int_eq(close(all->pair[1]), 0);
	harness_close_pair(all->pipe);
}

LOOP_TEST(the_phases_come_in_their_order)
{
	struct everything all;

	start_everything(&all);
	ck_trace("");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("TWIPRCMX");
	end_everything(&all);
}

LOOP_TEST(ticks_queued_before_a_run_come_before_all_phases)
{
	struct everything all;

	start_everything(&all);
	ck_ok(rota_microtask(loop, on_task, "m"));
	ck_ok(rota_tick(loop, on_task, "t"));
	ck_trace("");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("tmTWIPRCMX");
	end_everything(&all);
}

LOOP_TEST(a_second_turn_calls_only_what_is_still_there)
{
	struct everything all;

	start_everything(&all);
	run_once_checked(ROTA_RUN_NOWAIT);
	trace_reset();
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("IPC");
	end_everything(&all);
}

/* Ticks and microtasks ************************************************/

/* What every callback of these tests does. */
static void
trace_and_queue(const void *letter)
{
	trace_of(letter);
	ck_ok(rota_microtask(loop, on_task, "m"));
	ck_ok(rota_tick(loop, on_task, "t"));
}

static void
on_timer_queue(struct rota_timer *timer)
{
	trace_and_queue(timer->handle.data);
}

LOOP_TEST(ticks_then_microtasks_run_after_every_timer)
{
	struct rota_timer timers[3];

	for (int i = 0; i < 3; i++) {
		ck_ok(rota_timer_init(loop, &timers[i]));
		timers[i].handle.data = "T";
		ck_ok(rota_timer_start(&timers[i], 0, 0, on_timer_queue));
	}
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("TtmTtmTtm");
	close_all();
}

static void
on_hook_queue(struct rota_hook *hook)
{
	trace_and_queue(hook->handle.data);
}

LOOP_TEST(ticks_then_microtasks_run_after_every_hook)
{
	init_hook_fn *const inits[] = { rota_idle_init, rota_prepare_init,
		rota_check_init };
	const char *const letters[] = { "I", "P", "C" };
	struct rota_hook hooks[6];

	for (int i = 0; i < 6; i++) {
		ck_ok(inits[i / 2](loop, &hooks[i]));
		hooks[i].handle.data = (void *)letters[i / 2];
		ck_ok(rota_hook_start(&hooks[i], on_hook_queue));
	}
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("ItmItmPtmPtmCtmCtm");
	close_all();
}

static void
on_io_queue(struct rota_io *io, unsigned ready)
{
	(void)ready;
	trace_and_queue(io->handle.data);
}

LOOP_TEST(ticks_then_microtasks_run_after_every_watcher)
{
	struct rota_io ios[3];
	int pipe_fds[2];

	harness_pipe(pipe_fds);
	harness_put(pipe_fds[1], 'x');
	for (int i = 0; i < 3; i++) {
		ck_ok(rota_io_init(loop, &ios[i], pipe_fds[i == 2]));
		ios[i].handle.data = "R";
		ck_ok(rota_io_start(&ios[i],
			i == 2 ? ROTA_WRITABLE : ROTA_READABLE, on_io_queue));
	}
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("RtmRtmRtm");
	close_all();
	harness_close_pair(pipe_fds);
}

static void
on_immediate_queue(struct rota_immediate *immediate)
{
	trace_and_queue(immediate->data);
}

/* Node has done the same since version 11. */
LOOP_TEST(ticks_then_microtasks_run_after_every_immediate)
{
	struct rota_immediate immediates[3];

	for (int i = 0; i < 3; i++) {
		ck_ok(rota_immediate_init(loop, &immediates[i]));
		immediates[i].data = "M";
		ck_ok(rota_immediate_start(&immediates[i], on_immediate_queue));
	}
	run_to_the_end();
	ck_trace("MtmMtmMtm");
}

static void
on_close_queue(struct rota_handle *handle)
{
	trace_and_queue(handle->data);
}

LOOP_TEST(ticks_then_microtasks_run_after_every_close_callback)
{
	struct rota_hook hooks[3];

	for (int i = 0; i < 3; i++) {
		ck_ok(rota_check_init(loop, &hooks[i]));
		hooks[i].handle.data = "X";
		ck_ok(rota_handle_close(&hooks[i].handle, on_close_queue));
	}
	run_to_the_end();
	ck_trace("XtmXtmXtm");
}

static void
on_written_queue(struct rota_write *request, int status)
{
	ck_ok(status);
	trace_and_queue(request->request.data);
}

LOOP_TEST(ticks_then_microtasks_run_after_every_completion)
{
	struct rota_write writes[3];
	struct iovec bytes[3];
	struct rota_tcp tcp;
	int pair[2];

	harness_tcp_pair(pair);
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_tcp_open(&tcp, pair[0]));
	for (int i = 0; i < 3; i++) {
		bytes[i] = (struct iovec){ "w", 1 };
		writes[i].request.data = "W";
		ck_ok(rota_stream_write(&tcp.stream, &writes[i], &bytes[i], 1,
			on_written_queue));
	}
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("WtmWtmWtm");
	close_all();
	ck_assert_int_eq(close(pair[1]), 0);
}

static void
on_post_queue(struct rota_loop *of, void *data)
{
	(void)of;
	trace_and_queue(data);
}

static void
on_wake_queue(struct rota_wake *wake)
{
	trace_and_queue(wake->handle.data);
}

LOOP_TEST(ticks_then_microtasks_run_after_every_post_and_wake)
{
	struct rota_wake wake;

	ck_ok(rota_wake_init(loop, &wake, on_wake_queue));
	wake.handle.data = "N";
	ck_ok(rota_post(loop, on_post_queue, "N"));
	ck_ok(rota_post(loop, on_post_queue, "N"));
	ck_ok(rota_wake_send(&wake));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("NtmNtmNtm");
	close_all();
}

static void
on_before_exit_queue(struct rota_loop *of, void *data)
{
	ck_ok(rota_loop_on_before_exit(of, NULL, NULL));
	trace_and_queue(data);
}

LOOP_TEST(ticks_then_microtasks_run_after_before_exit)
{
	ck_ok(rota_loop_on_before_exit(loop, on_before_exit_queue, "E"));
	run_to_the_end();
	ck_trace("Etm");
}

static void
on_micro_a(struct rota_loop *of, void *data)
{
	(void)data;
	trace('a');
	ck_ok(rota_tick(of, on_task, "d"));
	ck_ok(rota_microtask(of, on_task, "c"));
}

static void
on_tick_b(struct rota_loop *of, void *data)
{
	(void)data;
	trace('b');
	ck_ok(rota_microtask(of, on_task, "e"));
	ck_ok(rota_tick(of, on_task, "f"));
}

/*
 * In Node: queueMicrotask(a); process.nextTick(b). Ticks that ticks queue go
 * before all microtasks, microtasks that microtasks queue before all ticks.
 */
LOOP_TEST(ticks_and_microtasks_take_turns_until_both_are_empty)
{
	ck_ok(rota_microtask(loop, on_micro_a, NULL));
	ck_ok(rota_tick(loop, on_tick_b, NULL));
	run_to_the_end();
	ck_trace("bfaecd");
}

static void
on_tick_chain(struct rota_loop *of, void *data)
{
	unsigned *left = data;

	if (--*left > 0 && *left % 2 == 0)
		ck_ok(rota_tick(of, on_tick_chain, left));
	else if (*left > 0)
		ck_ok(rota_microtask(of, on_tick_chain, left));
	else
		trace('e');
}

LOOP_TEST(a_long_chain_of_ticks_ends_before_the_next_callback)
{
	unsigned left = harness_scale(100000);
	struct rota_timer timer;

	start_timer(&timer, 0, "T");
	ck_ok(rota_tick(loop, on_tick_chain, &left));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("eT");
	close_all();
}

static void
on_counted(struct rota_loop *of, void *data)
{
	unsigned *n = data;

	(void)of;
	++*n;
}

LOOP_TEST(very_many_ticks_all_run)
{
	unsigned n = harness_scale(50000);
	unsigned seen = 0;

	for (unsigned i = 0; i < n; i++) {
		ck_ok(rota_tick(loop, on_counted, &seen));
		ck_ok(rota_microtask(loop, on_counted, &seen));
	}
	run_to_the_end();
	ck_assert_uint_eq(seen, 2 * n);
}

LOOP_TEST(ticks_do_not_hold_the_loop_but_run)
{
	ck_ok(rota_tick(loop, on_task, "t"));
	ck_ok(rota_microtask(loop, on_task, "m"));
	ck_err(rota_loop_alive(loop), 0);
	run_to_the_end();
	ck_trace("tm");
}

static void
on_tick_start(struct rota_loop *of, void *data)
{
	(void)of;
	trace('t');
	start_timer(data, 0, "T");
}

LOOP_TEST(what_a_tick_starts_holds_the_loop)
{
	struct rota_timer timer;

	ck_ok(rota_tick(loop, on_tick_start, &timer));
	run_to_the_end();
	ck_trace("tT");
	close_all();
}

LOOP_TEST(ticks_never_run_are_dropped_with_the_loop)
{
	ck_ok(rota_tick(loop, on_task, "t"));
	ck_ok(rota_microtask(loop, on_task, "m"));
	close_loop();
	ck_trace("");
}

/* Hooks ***************************************************************/

LOOP_TEST(hooks_of_a_phase_come_in_the_order_of_their_start)
{
	struct rota_hook a, b, c;

	start_hook(rota_check_init, &a, "A");
	start_hook(rota_check_init, &b, "B");
	start_hook(rota_check_init, &c, "C");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("ABC");
	close_all();
}

LOOP_TEST(a_hook_started_again_goes_last)
{
	struct rota_hook a, b;

	start_hook(rota_prepare_init, &a, "A");
	start_hook(rota_prepare_init, &b, "B");
	ck_ok(rota_hook_start(&a, on_hook));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("BA");
	close_all();
}

static void
on_hook_start_other(struct rota_hook *hook)
{
	trace('A');
	ck_ok(rota_hook_start((struct rota_hook *)hook->handle.data, on_hook));
	ck_ok(rota_hook_stop(hook));
}

static void
start_other_in_phase(init_hook_fn *init)
{
	struct rota_hook a, b;

	ck_ok(init(loop, &a));
	ck_ok(init(loop, &b));
	a.handle.data = &b;
	b.handle.data = "B";
	ck_ok(rota_hook_start(&a, on_hook_start_other));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("A");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("AB");
	close_all();
}

LOOP_TEST(an_idle_hook_started_by_an_idle_hook_waits_a_turn)
{
	start_other_in_phase(rota_idle_init);
}

LOOP_TEST(a_prepare_hook_started_by_a_prepare_hook_waits_a_turn)
{
	start_other_in_phase(rota_prepare_init);
}

LOOP_TEST(a_check_hook_started_by_a_check_hook_waits_a_turn)
{
	start_other_in_phase(rota_check_init);
}

LOOP_TEST(a_prepare_hook_started_by_an_idle_hook_runs_this_turn)
{
	struct rota_hook a, b;

	ck_ok(rota_idle_init(loop, &a));
	ck_ok(rota_prepare_init(loop, &b));
	a.handle.data = &b;
	b.handle.data = "B";
	ck_ok(rota_hook_start(&a, on_hook_start_other));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("AB");
	close_all();
}

static void
on_hook_stop_other(struct rota_hook *hook)
{
	trace('A');
	ck_ok(rota_hook_stop((struct rota_hook *)hook->handle.data));
}

LOOP_TEST(a_hook_stopped_by_an_earlier_one_is_not_called)
{
	struct rota_hook a, b, c;

	ck_ok(rota_check_init(loop, &a));
	a.handle.data = &b;
	ck_ok(rota_hook_start(&a, on_hook_stop_other));
	start_hook(rota_check_init, &b, "B");
	start_hook(rota_check_init, &c, "C");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("AC");
	close_all();
}

static void
on_hook_restart(struct rota_hook *hook)
{
	trace_of(hook->handle.data);
	ck_ok(rota_hook_start(hook, on_hook_restart));
}

LOOP_TEST(a_hook_that_restarts_itself_is_called_once_a_turn)
{
	struct rota_hook a, b;

	ck_ok(rota_idle_init(loop, &a));
	a.handle.data = "A";
	ck_ok(rota_hook_start(&a, on_hook_restart));
	start_hook(rota_idle_init, &b, "B");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("AB");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("ABBA");
	close_all();
}

/* Immediates **********************************************************/

LOOP_TEST(immediates_come_in_the_order_of_queueing_after_check_hooks)
{
	struct rota_immediate a, b;
	struct rota_hook check;

	queue_immediate(&a, "A");
	queue_immediate(&b, "B");
	start_hook(rota_check_init, &check, "C");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("CAB");
	close_all();
}

LOOP_TEST(an_immediate_queued_again_moves_to_the_end)
{
	struct rota_immediate a, b;

	queue_immediate(&a, "A");
	queue_immediate(&b, "B");
	ck_ok(rota_immediate_start(&a, on_immediate));
	run_to_the_end();
	ck_trace("BA");
}

static void
on_immediate_again(struct rota_immediate *immediate)
{
	ck_err(rota_immediate_is_queued(immediate), 0);
	trace_of(immediate->data);
	ck_ok(rota_immediate_start(immediate, on_immediate));
	ck_err(rota_immediate_is_queued(immediate), 1);
}

LOOP_TEST(an_immediate_queued_by_an_immediate_runs_next_turn)
{
	struct rota_immediate a, b;

	ck_ok(rota_immediate_init(loop, &a));
	a.data = "A";
	ck_ok(rota_immediate_start(&a, on_immediate_again));
	queue_immediate(&b, "B");
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("AB");
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_trace("ABA");
}

static void
on_check_queue_immediate(struct rota_hook *hook)
{
	trace('C');
	queue_immediate(hook->handle.data, "M");
	ck_ok(rota_hook_stop(hook));
}

/* Only those queued before the check phase began run in it. */
LOOP_TEST(an_immediate_queued_by_a_check_hook_runs_next_turn)
{
	struct rota_immediate immediate;
	struct rota_hook check;

	ck_ok(rota_check_init(loop, &check));
	check.handle.data = &immediate;
	ck_ok(rota_hook_start(&check, on_check_queue_immediate));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("C");
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_trace("CM");
	close_all();
}

static void
on_immediate_stop_other(struct rota_immediate *immediate)
{
	struct rota_immediate *other = immediate->data;

	trace('A');
	ck_err(rota_immediate_is_queued(other), 1);
	ck_ok(rota_immediate_stop(other));
	ck_err(rota_immediate_is_queued(other), 0);
}

LOOP_TEST(an_immediate_cleared_by_its_neighbour_does_not_run)
{
	struct rota_immediate a, b, c;

	ck_ok(rota_immediate_init(loop, &a));
	a.data = &b;
	ck_ok(rota_immediate_start(&a, on_immediate_stop_other));
	queue_immediate(&b, "B");
	queue_immediate(&c, "C");
	run_to_the_end();
	ck_trace("AC");
}

static void
on_tick_stop_immediate(struct rota_loop *of, void *data)
{
	(void)of;
	trace('t');
	ck_ok(rota_immediate_stop(data));
}

static void
on_immediate_tick(struct rota_immediate *immediate)
{
	trace('A');
	ck_ok(rota_tick(loop, on_tick_stop_immediate, immediate->data));
}

LOOP_TEST(an_immediate_cleared_by_a_tick_between_does_not_run)
{
	struct rota_immediate a, b, c;

	ck_ok(rota_immediate_init(loop, &a));
	a.data = &b;
	ck_ok(rota_immediate_start(&a, on_immediate_tick));
	queue_immediate(&b, "B");
	queue_immediate(&c, "C");
	run_to_the_end();
	ck_trace("AtC");
}

static void
on_immediate_restart_other(struct rota_immediate *immediate)
{
	trace('A');
	ck_ok(rota_immediate_start(
		(struct rota_immediate *)immediate->data, on_immediate));
}

LOOP_TEST(an_immediate_queued_anew_by_its_neighbour_waits_a_turn)
{
	struct rota_immediate a, b;

	ck_ok(rota_immediate_init(loop, &a));
	a.data = &b;
	ck_ok(rota_immediate_start(&a, on_immediate_restart_other));
	queue_immediate(&b, "B");
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("A");
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_trace("AB");
}

LOOP_TEST(an_unreferenced_immediate_alone_does_not_hold_the_loop)
{
	struct rota_immediate immediate;

	queue_immediate(&immediate, "M");
	ck_ok(rota_immediate_unref(&immediate));
	ck_err(rota_loop_alive(loop), 0);
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	ck_trace("");
	ck_ok(rota_immediate_stop(&immediate));
}

LOOP_TEST(an_unreferenced_immediate_runs_when_check_comes)
{
	struct rota_immediate a, b;

	queue_immediate(&a, "A");
	queue_immediate(&b, "B");
	ck_ok(rota_immediate_unref(&a));
	run_to_the_end();
	ck_trace("AB");
}

FAKE_TIME_TEST(an_unreferenced_immediate_does_not_shorten_the_wait)
{
	uint64_t begin = harness_fake_now();
	struct rota_immediate immediate;
	struct rota_timer timer;

	queue_immediate(&immediate, "M");
	ck_ok(rota_immediate_unref(&immediate));
	start_timer(&timer, 5 * ROTA_MILLISECOND, "T");
	run_to_the_end();
	ck_trace("MT");
	ck_assert_uint_eq(harness_n_waits(), 1);
	ck_assert_uint_eq(harness_fake_now() - begin, 5 * ROTA_MILLISECOND);
	close_all();
}

FAKE_TIME_TEST(a_referenced_immediate_makes_poll_not_wait)
{
	struct rota_immediate immediate;
	struct rota_timer timer;

	queue_immediate(&immediate, "M");
	start_timer(&timer, ROTA_SECOND, "T");
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("M");
	ck_assert_uint_eq(harness_n_polls(), 1);
	ck_assert_uint_eq(harness_n_waits(), 0);
	close_all();
}

FAKE_TIME_TEST(an_immediate_referenced_while_queued_makes_poll_not_wait)
{
	struct rota_immediate immediate;
	struct rota_timer timer;

	queue_immediate(&immediate, "M");
	ck_ok(rota_immediate_unref(&immediate));
	ck_ok(rota_immediate_ref(&immediate));
	start_timer(&timer, ROTA_SECOND, "T");
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("M");
	ck_assert_uint_eq(harness_n_waits(), 0);
	close_all();
}

/* Puzzles of Node *****************************************************/

static struct rota_timer puzzle_timer;
static struct rota_immediate puzzle_immediate;

static void
start_puzzle(void)
{
	start_timer(&puzzle_timer, 0, "T");
	queue_immediate(&puzzle_immediate, "M");
}

static void
on_read_puzzle(struct rota_io *io, unsigned ready)
{
	(void)ready;
	trace('R');
	ck_ok(rota_io_stop(io));
	start_puzzle();
}

/* Node: inside an I/O callback setImmediate is always first. */
LOOP_TEST(within_io_an_immediate_comes_before_a_timer_of_0)
{
	struct rota_io io;
	int pipe_fds[2];

	harness_pipe(pipe_fds);
	harness_put(pipe_fds[1], 'x');
	ck_ok(rota_io_init(loop, &io, pipe_fds[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_read_puzzle));
	run_to_the_end();
	ck_trace("RMT");
	close_all();
	harness_close_pair(pipe_fds);
}

/* Node leaves this to the clock, since its timers have at least 1 ms. */
LOOP_TEST(outside_of_io_a_timer_of_0_comes_before_an_immediate)
{
	start_puzzle();
	run_to_the_end();
	ck_trace("TM");
	close_all();
}

static void
on_timer_puzzle(struct rota_timer *timer)
{
	(void)timer;
	trace('t');
	start_puzzle();
}

LOOP_TEST(within_a_timer_an_immediate_comes_before_a_timer_of_0)
{
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_puzzle));
	run_to_the_end();
	ck_trace("tMT");
	close_all();
}

static void
on_immediate_puzzle(struct rota_immediate *immediate)
{
	(void)immediate;
	trace('m');
	start_puzzle();
}

LOOP_TEST(within_an_immediate_a_timer_of_0_comes_before_an_immediate)
{
	struct rota_immediate immediate;

	ck_ok(rota_immediate_init(loop, &immediate));
	ck_ok(rota_immediate_start(&immediate, on_immediate_puzzle));
	run_to_the_end();
	ck_trace("mTM");
	close_all();
}

static void
on_timer_puzzle_2(struct rota_timer *timer)
{
	trace_of(timer->handle.data);
	ck_ok(rota_microtask(loop, on_task, "p"));
	ck_ok(rota_tick(loop, on_task, "n"));
}

/*
 * Node since 11: setTimeout(1) setTimeout(2), each with a promise and a
 * nextTick; setImmediate; nextTick; promise; and the script's own end.
 */
LOOP_TEST(the_best_known_puzzle_is_answered_as_by_node)
{
	struct rota_immediate immediate;
	struct rota_timer timers[2];

	for (int i = 0; i < 2; i++) {
		ck_ok(rota_timer_init(loop, &timers[i]));
		timers[i].handle.data = (void *)(i == 0 ? "1" : "2");
		ck_ok(rota_timer_start(&timers[i], 0, 0, on_timer_puzzle_2));
	}
	queue_immediate(&immediate, "I");
	ck_ok(rota_microtask(loop, on_task, "P"));
	ck_ok(rota_tick(loop, on_task, "N"));
	trace('S');
	run_to_the_end();
	ck_trace("SNP1np2npI");
	close_all();
}

/* When poll waits *****************************************************/

FAKE_TIME_TEST(poll_waits_for_the_nearest_timer_and_not_longer)
{
	uint64_t begin = harness_fake_now();
	struct rota_timer near, far;

	start_timer(&far, 9 * ROTA_SECOND, "F");
	start_timer(&near, 12345678, "N");
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("N");
	ck_assert_uint_eq(harness_fake_now() - begin, 12345678);
	close_all();
}

FAKE_TIME_TEST(an_idle_hook_makes_poll_not_wait)
{
	struct rota_timer timer;
	struct rota_hook idle;

	start_hook(rota_idle_init, &idle, "I");
	start_timer(&timer, ROTA_SECOND, "T");
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("I");
	ck_assert_uint_eq(harness_n_polls(), 1);
	ck_assert_uint_eq(harness_n_waits(), 0);
	close_all();
}

FAKE_TIME_TEST(an_unreferenced_idle_hook_makes_poll_not_wait_either)
{
	struct rota_timer timer;
	struct rota_hook idle;

	start_hook(rota_idle_init, &idle, "I");
	ck_ok(rota_handle_unref(&idle.handle));
	start_timer(&timer, ROTA_SECOND, "T");
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("I");
	ck_assert_uint_eq(harness_n_waits(), 0);
	close_all();
}

FAKE_TIME_TEST(prepare_and_check_hooks_let_poll_wait)
{
	struct rota_hook prepare, check;
	struct rota_timer timer;

	start_hook(rota_prepare_init, &prepare, "P");
	start_hook(rota_check_init, &check, "C");
	start_timer(&timer, ROTA_SECOND, "T");
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("PCT");
	ck_assert_uint_eq(harness_n_waits(), 1);
	close_all();
}

FAKE_TIME_TEST(a_closing_handle_makes_poll_not_wait)
{
	struct rota_timer timer;
	struct rota_hook hook;

	start_timer(&timer, ROTA_SECOND, "T");
	ck_ok(rota_check_init(loop, &hook));
	hook.handle.data = "X";
	ck_ok(rota_handle_close(&hook.handle, on_close));
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("X");
	ck_assert_uint_eq(harness_n_waits(), 0);
	close_all();
}

static void
on_hook_write(struct rota_hook *hook)
{
	struct rota_tcp *tcp = hook->handle.data;
	static struct rota_write write_request;
	static struct iovec byte;

	trace('P');
	ck_ok(rota_hook_stop(hook));
	byte = (struct iovec){ "w", 1 };
	write_request.request.data = "W";
	ck_ok(rota_stream_write(
		&tcp->stream, &write_request, &byte, 1, on_written));
	trace('p');
}

/* The write is done when prepare ends, so something is pending in poll. */
FAKE_TIME_TEST(a_pending_completion_makes_poll_not_wait)
{
	struct rota_timer timer;
	struct rota_hook prepare;
	struct rota_tcp tcp;
	int pair[2];

	harness_tcp_pair(pair);
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_tcp_open(&tcp, pair[0]));
	ck_ok(rota_prepare_init(loop, &prepare));
	prepare.handle.data = &tcp;
	ck_ok(rota_hook_start(&prepare, on_hook_write));
	start_timer(&timer, ROTA_SECOND, "T");
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("PpW");
	ck_assert_uint_eq(harness_n_waits(), 0);
	close_all();
	ck_assert_int_eq(close(pair[1]), 0);
}

FAKE_TIME_TEST(nowait_polls_and_does_not_wait)
{
	struct rota_timer timer;

	start_timer(&timer, ROTA_SECOND, "T");
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("");
	ck_assert_uint_eq(harness_n_polls(), 1);
	ck_assert_uint_eq(harness_n_waits(), 0);
	close_all();
}

FAKE_TIME_TEST(a_run_once_with_nothing_alive_does_not_wait)
{
	ck_err(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_assert_uint_eq(harness_n_waits(), 0);
}

FAKE_TIME_TEST(an_unreferenced_timer_alone_is_not_waited_for)
{
	struct rota_timer timer;

	start_timer(&timer, ROTA_SECOND, "T");
	ck_ok(rota_handle_unref(&timer.handle));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	ck_trace("");
	ck_assert_uint_eq(harness_n_waits(), 0);
	close_all();
}

FAKE_TIME_TEST(an_unreferenced_timer_ends_the_wait_for_others)
{
	uint64_t begin = harness_fake_now();
	struct rota_timer background, timer;

	start_timer(&background, ROTA_SECOND, "U");
	ck_ok(rota_handle_unref(&background.handle));
	start_timer(&timer, 3 * ROTA_SECOND, "T");
	run_to_the_end();
	ck_trace("UT");
	ck_assert_uint_eq(harness_fake_now() - begin, 3 * ROTA_SECOND);
	close_all();
}

LOOP_TEST(an_unreferenced_timer_that_is_due_fires_before_the_run_ends)
{
	struct rota_timer timer;

	start_timer(&timer, 0, "T");
	ck_ok(rota_handle_unref(&timer.handle));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	ck_trace("T");
	close_all();
}

static void
poll_unreferenced(enum rota_run_mode mode)
{
	struct rota_io io;
	int pipe_fds[2];

	harness_pipe(pipe_fds);
	harness_put(pipe_fds[1], 'x');
	ck_ok(rota_io_init(loop, &io, pipe_fds[0]));
	io.handle.data = "R";
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_read_stop));
	ck_ok(rota_handle_unref(&io.handle));
	ck_err(run_once_checked(mode), 0);
	ck_trace("R");
	close_all();
	harness_close_pair(pipe_fds);
}

LOOP_TEST(nowait_polls_even_if_all_handles_are_unreferenced)
{
	poll_unreferenced(ROTA_RUN_NOWAIT);
}

LOOP_TEST(once_polls_even_if_all_handles_are_unreferenced)
{
	poll_unreferenced(ROTA_RUN_ONCE);
}

/* Timers within a turn ************************************************/

static void
on_timer_start_other(struct rota_timer *timer)
{
	trace('A');
	ck_ok(rota_timer_start(
		(struct rota_timer *)timer->handle.data, 0, 0, on_timer));
}

LOOP_TEST(a_timer_started_in_the_timers_phase_does_not_run_in_it)
{
	struct rota_timer a, b;

	ck_ok(rota_timer_init(loop, &a));
	ck_ok(rota_timer_init(loop, &b));
	a.handle.data = &b;
	b.handle.data = "B";
	ck_ok(rota_timer_start(&a, 0, 0, on_timer_start_other));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("A");
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_trace("AB");
	close_all();
}

static void
on_timer_restart_0(struct rota_timer *timer)
{
	trace('S');
	ck_ok(rota_timer_start(timer, 0, 0, on_timer_restart_0));
}

LOOP_TEST(a_timer_that_restarts_itself_with_0_fires_once_a_turn)
{
	struct rota_timer timer;
	struct rota_hook check;

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_restart_0));
	start_hook(rota_check_init, &check, "C");
	for (int i = 0; i < 3; i++)
		ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("SCSCSC");
	close_all();
}

static void
on_timer_restart_due(struct rota_timer *timer)
{
	trace('A');
	ck_ok(rota_timer_start(
		(struct rota_timer *)timer->handle.data, 0, 0, on_timer));
}

LOOP_TEST(a_due_timer_restarted_by_an_earlier_one_waits_a_turn)
{
	struct rota_timer a, b;

	ck_ok(rota_timer_init(loop, &a));
	a.handle.data = &b;
	ck_ok(rota_timer_start(&a, 0, 0, on_timer_restart_due));
	start_timer(&b, 0, "B");
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("A");
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_trace("AB");
	close_all();
}

static int late_pipe[2];
static struct rota_hook late_closed;

/* Ends a wait by input, when the timer is already overdue. */
static void
come_late(uint64_t timeout_ns)
{
	harness_advance(timeout_ns + ROTA_MILLISECOND);
	harness_put(late_pipe[1], 'x');
}

static void
on_read_late(struct rota_io *io, unsigned ready)
{
	(void)ready;
	trace('R');
	ck_ok(rota_io_stop(io));
	ck_ok(rota_handle_close(&late_closed.handle, on_close));
}

static void
run_late(enum rota_run_mode mode)
{
	struct rota_timer timer;
	struct rota_hook check;
	struct rota_io io;

	harness_pipe(late_pipe);
	ck_ok(rota_io_init(loop, &io, late_pipe[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_read_late));
	ck_ok(rota_check_init(loop, &late_closed));
	late_closed.handle.data = "X";
	start_hook(rota_check_init, &check, "C");
	ck_ok(rota_handle_unref(&check.handle));
	start_timer(&timer, ROTA_MILLISECOND, "T");
	harness_on_wait(come_late);
	ck_err(run_once_checked(mode), 0);
	harness_on_wait(NULL);
	ck_trace("RCXT");
	close_all();
	harness_close_pair(late_pipe);
}

FAKE_TIME_TEST(a_timer_due_during_poll_waits_for_check_and_close)
{
	run_late(ROTA_RUN_DEFAULT);
}

FAKE_TIME_TEST(once_fires_a_timer_that_became_due_while_poll_waited)
{
	run_late(ROTA_RUN_ONCE);
}

FAKE_TIME_TEST(once_returns_with_progress_when_only_a_timer_is_there)
{
	struct rota_timer timer;

	start_timer(&timer, 3, "T");
	ck_err(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_trace("T");
	close_all();
}

static void
on_hook_take_time(struct rota_hook *hook)
{
	harness_advance(2 * ROTA_MILLISECOND);
	trace_of(hook->handle.data);
}

FAKE_TIME_TEST(once_fires_a_timer_that_became_due_just_before_the_wait)
{
	struct rota_timer timer;
	struct rota_hook prepare;

	ck_ok(rota_prepare_init(loop, &prepare));
	prepare.handle.data = "P";
	ck_ok(rota_hook_start(&prepare, on_hook_take_time));
	ck_ok(rota_handle_unref(&prepare.handle));
	start_timer(&timer, ROTA_MILLISECOND, "T");
	ck_err(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_trace("PT");
	ck_assert_uint_eq(harness_n_waits(), 0);
	close_all();
}

/* The true clock may be a hair late: over and over, on every backend. */
LOOP_TEST(once_never_returns_before_the_timer_it_waited_for)
{
	struct rota_timer timer;
	unsigned n = harness_scale(50);

	ck_ok(rota_timer_init(loop, &timer));
	timer.handle.data = "T";
	for (unsigned i = 0; i < n; i++) {
		ck_ok(rota_timer_start(&timer, 100000 + 7777 * i, 0, on_timer));
		trace_reset();
		ck_err(run_once_checked(ROTA_RUN_ONCE), 0);
		ck_trace("T");
	}
	close_all();
}

static uint64_t seen_now[2];

static void
on_timer_note_now(struct rota_timer *timer)
{
	seen_now[timer->handle.data != NULL] = rota_loop_now(loop);
	harness_advance(ROTA_SECOND);
}

FAKE_TIME_TEST(timers_of_one_phase_see_the_same_now)
{
	struct rota_timer a, b;

	ck_ok(rota_timer_init(loop, &a));
	ck_ok(rota_timer_init(loop, &b));
	a.handle.data = NULL;
	b.handle.data = &b;
	ck_ok(rota_timer_start(&a, 0, 0, on_timer_note_now));
	ck_ok(rota_timer_start(&b, 0, 0, on_timer_note_now));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_uint_eq(seen_now[0], 1000 * ROTA_SECOND);
	ck_assert_uint_eq(seen_now[1], seen_now[0]);
	close_all();
}

static void
on_read_note_now(struct rota_io *io, unsigned ready)
{
	(void)io;
	(void)ready;
	seen_now[0] = rota_loop_now(loop);
}

FAKE_TIME_TEST(now_is_fresh_after_poll)
{
	struct rota_timer timer;
	struct rota_io io;

	harness_pipe(late_pipe);
	ck_ok(rota_io_init(loop, &io, late_pipe[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_read_note_now));
	start_timer(&timer, ROTA_SECOND, "T");
	harness_on_wait(come_late);
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_assert_uint_eq(seen_now[0], harness_fake_now());
	close_all();
	harness_close_pair(late_pipe);
}

/* Time passes, and a signal comes; then something does. */
static void
be_interrupted(uint64_t timeout_ns)
{
	(void)timeout_ns;
	harness_advance(100 * ROTA_MILLISECOND);
	if (harness_n_waits() == 1)
		harness_interrupt();
	else
		harness_put(late_pipe[1], 'x');
}

FAKE_TIME_TEST(now_is_fresh_after_a_wait_that_was_interrupted)
{
	struct rota_timer timer;
	struct rota_io io;

	harness_pipe(late_pipe);
	ck_ok(rota_io_init(loop, &io, late_pipe[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_read_note_now));
	start_timer(&timer, ROTA_SECOND, "T");
	harness_on_wait(be_interrupted);
	ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_assert_uint_eq(harness_n_waits(), 2);
	ck_assert_uint_eq(seen_now[0], harness_fake_now());
	close_all();
	harness_close_pair(late_pipe);
}

static void
on_hook_ask_and_work(struct rota_hook *hook)
{
	trace_of(hook->handle.data);
	ck_assert_uint_eq(rota_loop_now(loop), harness_fake_now());
	harness_advance(ROTA_SECOND);
	if (strlen(trace_text()) > 5)
		ck_ok(rota_loop_stop(loop));
}

/* Without timers too, when nothing else has read the clock. */
FAKE_TIME_TEST(now_is_fresh_after_a_poll_that_does_not_wait)
{
	struct rota_hook idle, check;

	start_hook(rota_idle_init, &idle, "I");
	ck_ok(rota_check_init(loop, &check));
	check.handle.data = "C";
	ck_ok(rota_hook_start(&check, on_hook_ask_and_work));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 1);
	ck_trace("ICICIC");
	close_all();
}

FAKE_TIME_TEST(a_slow_callback_does_not_lengthen_the_wait)
{
	uint64_t begin = harness_fake_now();
	struct rota_timer timer, slow;

	start_timer(&timer, 1100 * ROTA_MILLISECOND, "T");
	ck_ok(rota_timer_init(loop, &slow));
	slow.handle.data = NULL;
	/* Takes a second of those 1100 ms. */
	ck_ok(rota_timer_start(&slow, 0, 0, on_timer_note_now));
	run_to_the_end();
	ck_trace("T");
	ck_assert_uint_eq(harness_fake_now() - begin, 1100 * ROTA_MILLISECOND);
	close_all();
}

static void
on_tick_ask_and_work(struct rota_loop *of, void *data)
{
	(void)data;
	ck_assert_uint_eq(rota_loop_now(of), harness_fake_now());
	harness_advance(100 * ROTA_MILLISECOND);
}

/* The clock as the callback has read it is not that of its end. */
FAKE_TIME_TEST(a_slow_callback_that_asked_for_now_does_not_lengthen_the_wait)
{
	uint64_t begin = harness_fake_now();
	struct rota_timer timer;

	start_timer(&timer, 150 * ROTA_MILLISECOND, "T");
	ck_ok(rota_tick(loop, on_tick_ask_and_work, NULL));
	run_to_the_end();
	ck_trace("T");
	ck_assert_uint_eq(harness_fake_now() - begin, 150 * ROTA_MILLISECOND);
	close_all();
}

/* Pending *************************************************************/

static struct rota_tcp pending_tcp;
static struct rota_write pending_write;
static struct iovec pending_byte;

static void
write_a_byte(rota_write_fn *fn)
{
	pending_byte = (struct iovec){ "w", 1 };
	pending_write.request.data = "W";
	ck_ok(rota_stream_write(
		&pending_tcp.stream, &pending_write, &pending_byte, 1, fn));
}

static void
on_read_write(struct rota_io *io, unsigned ready)
{
	(void)ready;
	trace('R');
	ck_ok(rota_io_stop(io));
	write_a_byte(on_written);
	ck_ok(rota_tick(loop, on_task, "t"));
	trace('r');
}

/* Not inside the call, not before the ticks, but still before check. */
LOOP_TEST(what_a_read_callback_wrote_is_told_before_check)
{
	struct rota_hook check;
	struct rota_io io;
	int pair[2], pipe_fds[2];

	harness_tcp_pair(pair);
	harness_pipe(pipe_fds);
	harness_put(pipe_fds[1], 'x');
	ck_ok(rota_tcp_init(loop, &pending_tcp));
	ck_ok(rota_tcp_open(&pending_tcp, pair[0]));
	ck_ok(rota_io_init(loop, &io, pipe_fds[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_read_write));
	start_hook(rota_check_init, &check, "C");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("RrtWC");
	close_all();
	ck_assert_int_eq(close(pair[1]), 0);
	harness_close_pair(pipe_fds);
}

static void
on_check_write(struct rota_hook *hook)
{
	trace('C');
	ck_ok(rota_hook_stop(hook));
	write_a_byte(on_written);
	trace('c');
}

LOOP_TEST(what_a_check_hook_wrote_is_told_before_idle_of_the_next_turn)
{
	struct rota_hook check, idle;
	struct rota_timer timer;
	int pair[2];

	harness_tcp_pair(pair);
	ck_ok(rota_tcp_init(loop, &pending_tcp));
	ck_ok(rota_tcp_open(&pending_tcp, pair[0]));
	ck_ok(rota_check_init(loop, &check));
	ck_ok(rota_hook_start(&check, on_check_write));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("Cc");
	start_hook(rota_idle_init, &idle, "I");
	start_timer(&timer, 0, "T");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("CcTWI");
	close_all();
	ck_assert_int_eq(close(pair[1]), 0);
}

#define CHAIN 5000

static unsigned n_chained;

static void
on_written_write(struct rota_write *request, int status)
{
	(void)request;
	ck_ok(status);
	if (++n_chained < CHAIN &&
		!rota_handle_is_closing(&pending_tcp.stream.handle))
		write_a_byte(on_written_write);
}

LOOP_TEST(completions_that_cause_completions_do_not_hold_up_the_turn)
{
	struct rota_hook check;
	int pair[2];

	harness_tcp_pair(pair);
	ck_ok(rota_tcp_init(loop, &pending_tcp));
	ck_ok(rota_tcp_open(&pending_tcp, pair[0]));
	start_hook(rota_check_init, &check, "C");
	n_chained = 0;
	write_a_byte(on_written_write);
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("C");
	ck_assert_uint_lt(n_chained, CHAIN);
	close_all();
	ck_assert_int_eq(close(pair[1]), 0);
}

static int n_bytes_of_room;

/* A kernel with room for so many bytes, taken one at a time. */
static ssize_t
send_a_byte(int fd, const struct iovec *buffers, unsigned n)
{
	(void)fd;
	(void)buffers;
	(void)n;
	return n_bytes_of_room-- > 0 ? 1 : -EAGAIN;
}

static void
on_cancelled(struct rota_write *request, int status)
{
	ck_err(status, -ECANCELED);
	trace_of(request->request.data);
}

START_TEST(a_write_that_begins_with_nothing_has_not_begun_for_that)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_sys sys = rota__sys_real;
	struct iovec buffers[3] = { { "a", 1 }, { NULL, 0 }, { "b", 1 } };
	struct rota_write writes[2];
	struct rota_tcp tcp;
	int pair[2];

	sys.send = send_a_byte;
	options.sys = &sys;
	options.backend = harness_backend_name(_i);
	ck_ok(rota_loop_create(&options, &loop));
	harness_tcp_pair(pair);
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_tcp_open(&tcp, pair[0]));
	writes[0].request.data = "a";
	writes[1].request.data = "b";
	n_bytes_of_room = 0;
	ck_ok(rota_stream_write(
		&tcp.stream, &writes[0], &buffers[0], 1, on_written));
	ck_ok(rota_stream_write(
		&tcp.stream, &writes[1], &buffers[1], 2, on_cancelled));
	n_bytes_of_room = 1;
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_ok(rota_request_cancel(&writes[1].request));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("ab");
	ck_assert_int_eq(rota_stream_is_writable(&tcp.stream), 1);
	close_all();
	close_loop();
	ck_assert_int_eq(close(pair[1]), 0);
}
END_TEST

/* sendmsg(2) of macOS, and writev(2) of the BSDs. */
static ssize_t
refuse_no_buffers(int fd, const struct iovec *buffers, unsigned n)
{
	return n == 0 ? -EMSGSIZE : rota__sys_real.send(fd, buffers, n);
}

START_TEST(a_write_of_no_buffers_asks_no_kernel)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_sys sys = rota__sys_real;
	struct rota_write write;
	struct rota_tcp tcp;
	int pair[2];

	sys.send = refuse_no_buffers;
	options.sys = &sys;
	options.backend = harness_backend_name(_i);
	ck_ok(rota_loop_create(&options, &loop));
	harness_tcp_pair(pair);
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_tcp_open(&tcp, pair[0]));
	write.request.data = "a";
	ck_ok(rota_stream_write(&tcp.stream, &write, NULL, 0, on_written));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("a");
	close_all();
	close_loop();
	ck_assert_int_eq(close(pair[1]), 0);
}
END_TEST

/* Closing *************************************************************/

LOOP_TEST(close_callbacks_come_in_the_order_of_closing)
{
	struct rota_hook hooks[4];
	char letters[] = "ABCD";

	for (int i = 0; i < 4; i++) {
		ck_ok(rota_check_init(loop, &hooks[i]));
		hooks[i].handle.data = &letters[i];
	}
	ck_ok(rota_handle_close(&hooks[2].handle, on_close));
	ck_ok(rota_handle_close(&hooks[0].handle, on_close));
	ck_ok(rota_handle_close(&hooks[3].handle, on_close));
	ck_ok(rota_handle_close(&hooks[1].handle, on_close));
	run_to_the_end();
	ck_trace("CADB");
}

static void
on_close_close_other(struct rota_handle *handle)
{
	trace('A');
	ck_ok(rota_handle_close((struct rota_handle *)handle->data, on_close));
}

LOOP_TEST(a_handle_closed_in_a_close_callback_is_told_next_turn)
{
	struct rota_hook a, b;

	ck_ok(rota_check_init(loop, &a));
	ck_ok(rota_check_init(loop, &b));
	a.handle.data = &b.handle;
	b.handle.data = "B";
	ck_ok(rota_handle_close(&a.handle, on_close_close_other));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("A");
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_trace("AB");
}

static void
on_tick_close(struct rota_loop *of, void *data)
{
	(void)of;
	trace('t');
	ck_ok(rota_handle_close((struct rota_handle *)data, on_close));
}

static void
on_close_tick(struct rota_handle *handle)
{
	trace('A');
	ck_ok(rota_tick(loop, on_tick_close, handle->data));
}

LOOP_TEST(a_handle_closed_by_a_tick_in_the_close_phase_is_told_next_turn)
{
	struct rota_hook a, b;

	ck_ok(rota_check_init(loop, &a));
	ck_ok(rota_check_init(loop, &b));
	a.handle.data = &b.handle;
	b.handle.data = "B";
	ck_ok(rota_handle_close(&a.handle, on_close_tick));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("At");
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_trace("AtB");
}

static void
on_immediate_close(struct rota_immediate *immediate)
{
	trace('M');
	ck_ok(rota_handle_close(
		(struct rota_handle *)immediate->data, on_close));
}

LOOP_TEST(a_handle_closed_in_check_is_told_in_the_same_turn)
{
	struct rota_immediate immediate;
	struct rota_hook hook;

	ck_ok(rota_idle_init(loop, &hook));
	hook.handle.data = "X";
	ck_ok(rota_immediate_init(loop, &immediate));
	immediate.data = &hook.handle;
	ck_ok(rota_immediate_start(&immediate, on_immediate_close));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_trace("MX");
}

/* Stop ****************************************************************/

static void
on_timer_stop_loop(struct rota_timer *timer)
{
	(void)timer;
	trace('S');
	ck_ok(rota_loop_stop(loop));
}

FAKE_TIME_TEST(stop_lets_the_turn_finish_without_waiting)
{
	struct rota_hook prepare, check;
	struct rota_timer a, b, late;

	ck_ok(rota_timer_init(loop, &a));
	ck_ok(rota_timer_start(&a, 0, 0, on_timer_stop_loop));
	start_timer(&b, 0, "T");
	start_timer(&late, ROTA_SECOND, "L");
	start_hook(rota_prepare_init, &prepare, "P");
	start_hook(rota_check_init, &check, "C");
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 1);
	ck_trace("STPC");
	ck_assert_uint_eq(harness_n_waits(), 0);
	close_all();
}

static void
on_hook_stop_loop(struct rota_hook *hook)
{
	trace_of(hook->handle.data);
	ck_ok(rota_loop_stop(loop));
}

FAKE_TIME_TEST(stop_in_prepare_makes_poll_not_wait)
{
	struct rota_hook prepare;
	struct rota_timer timer;

	start_timer(&timer, ROTA_SECOND, "T");
	ck_ok(rota_prepare_init(loop, &prepare));
	prepare.handle.data = "P";
	ck_ok(rota_hook_start(&prepare, on_hook_stop_loop));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 1);
	ck_trace("P");
	ck_assert_uint_eq(harness_n_waits(), 0);
	close_all();
}

/* Very many ready *****************************************************/

#define N_READY 1500

static void
on_read_count(struct rota_io *io, unsigned ready)
{
	unsigned *n = io->handle.data;

	(void)ready;
	++*n;
	ck_ok(rota_io_stop(io));
}

/* Wants more descriptors than one kernel call of ours reports. */
static int
can_open(rlim_t n)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur >= n)
		return 1;
	limit.rlim_cur = limit.rlim_max < n ? limit.rlim_max : n;
	return (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= n) ||
		harness_skip("more descriptors");
}

LOOP_TEST(more_ready_than_a_kernel_call_returns_are_told_in_one_turn)
{
	static struct rota_io ios[N_READY];
	static int fds[N_READY];
	unsigned n = 0;
	int pair[2];

	if (!can_open(N_READY + 100))
		return;
	harness_pipe(pair);
	harness_put(pair[1], 'x');
	for (int i = 0; i < N_READY; i++) {
		fds[i] = dup(pair[0]);
		ck_assert_int_ge(fds[i], 0);
		ck_ok(rota_io_init(loop, &ios[i], fds[i]));
		ios[i].handle.data = &n;
		ck_ok(rota_io_start(&ios[i], ROTA_READABLE, on_read_count));
	}
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_uint_eq(n, N_READY);
	close_all();
	for (int i = 0; i < N_READY; i++)
		ck_assert_int_eq(close(fds[i]), 0);
	harness_close_pair(pair);
}

/* Two watchers on two ends that are ready for ever, and a check hook. */
LOOP_TEST(watchers_ready_for_ever_do_not_hold_up_the_turn)
{
	struct rota_hook check;
	struct rota_io a, b;
	int pair[2];

	harness_socketpair(pair);
	ck_ok(rota_io_init(loop, &a, pair[0]));
	ck_ok(rota_io_init(loop, &b, pair[1]));
	a.handle.data = "W";
	b.handle.data = "W";
	ck_ok(rota_io_start(&a, ROTA_WRITABLE, on_io_queue));
	ck_ok(rota_io_start(&b, ROTA_WRITABLE, on_io_queue));
	start_hook(rota_check_init, &check, "C");
	run_once_checked(ROTA_RUN_NOWAIT);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("WtmWtmCWtmWtmC");
	close_all();
	harness_close_pair(pair);
}

static void
add_cases_of_tasks(Suite *suite)
{
	TCase *tc = harness_case(suite, "ticks");

	tcase_add_loop_test(tc, ticks_then_microtasks_run_after_every_timer);
	tcase_add_loop_test(tc, ticks_then_microtasks_run_after_every_hook);
	tcase_add_loop_test(tc, ticks_then_microtasks_run_after_every_watcher);
	tcase_add_loop_test(
		tc, ticks_then_microtasks_run_after_every_immediate);
	tcase_add_loop_test(
		tc, ticks_then_microtasks_run_after_every_close_callback);
	tcase_add_loop_test(
		tc, ticks_then_microtasks_run_after_every_completion);
	tcase_add_loop_test(
		tc, ticks_then_microtasks_run_after_every_post_and_wake);
	tcase_add_loop_test(tc, ticks_then_microtasks_run_after_before_exit);
	tcase_add_loop_test(
		tc, ticks_and_microtasks_take_turns_until_both_are_empty);
	tcase_add_loop_test(
		tc, a_long_chain_of_ticks_ends_before_the_next_callback);
	tcase_add_loop_test(tc, very_many_ticks_all_run);
	tcase_add_loop_test(tc, ticks_do_not_hold_the_loop_but_run);
	tcase_add_loop_test(tc, what_a_tick_starts_holds_the_loop);
	tcase_add_loop_test(tc, ticks_never_run_are_dropped_with_the_loop);
}

static void
add_cases_of_hooks(Suite *suite)
{
	TCase *tc = harness_case(suite, "hooks");

	tcase_add_loop_test(
		tc, hooks_of_a_phase_come_in_the_order_of_their_start);
	tcase_add_loop_test(tc, a_hook_started_again_goes_last);
	tcase_add_loop_test(
		tc, an_idle_hook_started_by_an_idle_hook_waits_a_turn);
	tcase_add_loop_test(
		tc, a_prepare_hook_started_by_a_prepare_hook_waits_a_turn);
	tcase_add_loop_test(
		tc, a_check_hook_started_by_a_check_hook_waits_a_turn);
	tcase_add_loop_test(
		tc, a_prepare_hook_started_by_an_idle_hook_runs_this_turn);
	tcase_add_loop_test(tc, a_hook_stopped_by_an_earlier_one_is_not_called);
	tcase_add_loop_test(
		tc, a_hook_that_restarts_itself_is_called_once_a_turn);
}

static void
add_cases_of_immediates(Suite *suite)
{
	TCase *tc = harness_case(suite, "immediates");

	tcase_add_loop_test(
		tc, immediates_come_in_the_order_of_queueing_after_check_hooks);
	tcase_add_loop_test(tc, an_immediate_queued_again_moves_to_the_end);
	tcase_add_loop_test(
		tc, an_immediate_queued_by_an_immediate_runs_next_turn);
	tcase_add_loop_test(
		tc, an_immediate_queued_by_a_check_hook_runs_next_turn);
	tcase_add_loop_test(
		tc, an_immediate_cleared_by_its_neighbour_does_not_run);
	tcase_add_loop_test(
		tc, an_immediate_cleared_by_a_tick_between_does_not_run);
	tcase_add_loop_test(
		tc, an_immediate_queued_anew_by_its_neighbour_waits_a_turn);
	tcase_add_loop_test(
		tc, an_unreferenced_immediate_alone_does_not_hold_the_loop);
	tcase_add_loop_test(
		tc, an_unreferenced_immediate_runs_when_check_comes);
	tcase_add_test(tc, an_unreferenced_immediate_does_not_shorten_the_wait);
	tcase_add_test(tc, a_referenced_immediate_makes_poll_not_wait);
	tcase_add_test(
		tc, an_immediate_referenced_while_queued_makes_poll_not_wait);
}

static void
add_cases_of_puzzles(Suite *suite)
{
	TCase *tc = harness_case(suite, "puzzles");

	tcase_add_loop_test(
		tc, within_io_an_immediate_comes_before_a_timer_of_0);
	tcase_add_loop_test(
		tc, outside_of_io_a_timer_of_0_comes_before_an_immediate);
	tcase_add_loop_test(
		tc, within_a_timer_an_immediate_comes_before_a_timer_of_0);
	tcase_add_loop_test(
		tc, within_an_immediate_a_timer_of_0_comes_before_an_immediate);
	tcase_add_loop_test(tc, the_best_known_puzzle_is_answered_as_by_node);
}

static void
add_cases_of_waiting(Suite *suite)
{
	TCase *tc = harness_case(suite, "waiting");

	tcase_add_test(tc, poll_waits_for_the_nearest_timer_and_not_longer);
	tcase_add_test(tc, an_idle_hook_makes_poll_not_wait);
	tcase_add_test(
		tc, an_unreferenced_idle_hook_makes_poll_not_wait_either);
	tcase_add_test(tc, prepare_and_check_hooks_let_poll_wait);
	tcase_add_test(tc, a_closing_handle_makes_poll_not_wait);
	tcase_add_test(tc, a_pending_completion_makes_poll_not_wait);
	tcase_add_test(tc, nowait_polls_and_does_not_wait);
	tcase_add_test(tc, a_run_once_with_nothing_alive_does_not_wait);
	tcase_add_test(tc, an_unreferenced_timer_alone_is_not_waited_for);
	tcase_add_test(tc, an_unreferenced_timer_ends_the_wait_for_others);
	tcase_add_loop_test(tc,
		an_unreferenced_timer_that_is_due_fires_before_the_run_ends);
	tcase_add_loop_test(
		tc, nowait_polls_even_if_all_handles_are_unreferenced);
	tcase_add_loop_test(
		tc, once_polls_even_if_all_handles_are_unreferenced);
}

static void
add_cases_of_timers(Suite *suite)
{
	TCase *tc = harness_case(suite, "timers");

	tcase_add_loop_test(
		tc, a_timer_started_in_the_timers_phase_does_not_run_in_it);
	tcase_add_loop_test(
		tc, a_timer_that_restarts_itself_with_0_fires_once_a_turn);
	tcase_add_loop_test(
		tc, a_due_timer_restarted_by_an_earlier_one_waits_a_turn);
	tcase_add_test(tc, a_timer_due_during_poll_waits_for_check_and_close);
	tcase_add_test(
		tc, once_fires_a_timer_that_became_due_while_poll_waited);
	tcase_add_test(
		tc, once_returns_with_progress_when_only_a_timer_is_there);
	tcase_add_test(
		tc, once_fires_a_timer_that_became_due_just_before_the_wait);
	tcase_add_loop_test(
		tc, once_never_returns_before_the_timer_it_waited_for);
	tcase_add_test(tc, timers_of_one_phase_see_the_same_now);
	tcase_add_test(tc, now_is_fresh_after_poll);
	tcase_add_test(tc, now_is_fresh_after_a_wait_that_was_interrupted);
	tcase_add_test(tc, now_is_fresh_after_a_poll_that_does_not_wait);
	tcase_add_test(tc, a_slow_callback_does_not_lengthen_the_wait);
	tcase_add_test(tc,
		a_slow_callback_that_asked_for_now_does_not_lengthen_the_wait);
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "phases");

	tcase_add_loop_test(tc, the_phases_come_in_their_order);
	tcase_add_loop_test(
		tc, ticks_queued_before_a_run_come_before_all_phases);
	tcase_add_loop_test(tc, a_second_turn_calls_only_what_is_still_there);
	add_cases_of_tasks(suite);
	add_cases_of_hooks(suite);
	add_cases_of_immediates(suite);
	add_cases_of_puzzles(suite);
	add_cases_of_waiting(suite);
	add_cases_of_timers(suite);

	tc = harness_case(suite, "pending");
	tcase_add_loop_test(
		tc, what_a_read_callback_wrote_is_told_before_check);
	tcase_add_loop_test(tc,
		what_a_check_hook_wrote_is_told_before_idle_of_the_next_turn);
	tcase_add_loop_test(
		tc, completions_that_cause_completions_do_not_hold_up_the_turn);
	tcase_add_loop_test(
		tc, a_write_that_begins_with_nothing_has_not_begun_for_that);
	tcase_add_loop_test(tc, a_write_of_no_buffers_asks_no_kernel);

	tc = harness_case(suite, "closing");
	tcase_add_loop_test(tc, close_callbacks_come_in_the_order_of_closing);
	tcase_add_loop_test(
		tc, a_handle_closed_in_a_close_callback_is_told_next_turn);
	tcase_add_loop_test(tc,
		a_handle_closed_by_a_tick_in_the_close_phase_is_told_next_turn);
	tcase_add_loop_test(
		tc, a_handle_closed_in_check_is_told_in_the_same_turn);

	tc = harness_case(suite, "stop");
	tcase_add_test(tc, stop_lets_the_turn_finish_without_waiting);
	tcase_add_test(tc, stop_in_prepare_makes_poll_not_wait);

	tc = harness_case(suite, "many");
	tcase_add_loop_test(
		tc, more_ready_than_a_kernel_call_returns_are_told_in_one_turn);
	tcase_add_loop_test(
		tc, watchers_ready_for_ever_do_not_hold_up_the_turn);
}

HARNESS_MAIN("turn", add_cases)
