/* SPDX-License-Identifier: MIT */
/*
 * Timers: never early, in the order of deadline and start, beats that are
 * kept, and what start, stop, again and set_repeat do at each moment. All but
 * the tests of true waiting live in fake time.
 */
#include <stdlib.h>
#include <string.h>

#include "core/loop.h"
#include "tests/harness.h"

#define MS ROTA_MILLISECOND

static void
on_timer(struct rota_timer *timer)
{
	trace_of(timer->handle.data);
}

static void
make_timer(struct rota_timer *timer, const char *letter)
{
	ck_ok(rota_timer_init(loop, timer));
	timer->handle.data = (void *)letter;
}

static void
start_timer(struct rota_timer *timer, uint64_t delay_ns, const char *letter)
{
	make_timer(timer, letter);
	ck_ok(rota_timer_start(timer, delay_ns, 0, on_timer));
}

/* Lets fake time pass without a wait, then runs one turn. */
static void
pass(uint64_t ns)
{
	harness_advance(ns);
	run_once_checked(ROTA_RUN_NOWAIT);
}

/* Never early *********************************************************/

struct timing {
	uint64_t started_ns;
	uint64_t delay_ns;
	unsigned n;
};

static void
on_timing(struct rota_timer *timer)
{
	struct timing *timing = timer->handle.data;

	ck_assert_uint_ge(
		harness_true_ns() - timing->started_ns, timing->delay_ns);
	timing->n++;
}

LOOP_TEST(a_timer_never_fires_early_by_true_time)
{
	static const uint64_t delays[] = { 0, 1, 999, 1000, 1001, 500000,
		999999, 1000000, 1000001, 1500000, 2999999, 7000003 };
	struct rota_timer timers[12];
	struct timing timings[12];

	for (int i = 0; i < 12; i++) {
		make_timer(&timers[i], NULL);
		timers[i].handle.data = &timings[i];
		timings[i].n = 0;
		timings[i].delay_ns = delays[i];
		timings[i].started_ns = harness_true_ns();
		ck_ok(rota_timer_start(&timers[i], delays[i], 0, on_timing));
	}
	run_to_the_end();
	for (int i = 0; i < 12; i++)
		ck_assert_uint_eq(timings[i].n, 1);
	close_all();
}

static struct rota_timer late_timer;
static struct timing late_timing;

static void
spin(uint64_t ns)
{
	uint64_t begin = harness_true_ns();

	while (harness_true_ns() - begin < ns) {
	}
}

static void
on_immediate_late(struct rota_immediate *immediate)
{
	(void)immediate;
	spin(5 * MS);
	late_timing = (struct timing){ harness_true_ns(), 2 * MS, 0 };
	ck_ok(rota_timer_start(&late_timer, 2 * MS, 0, on_timing));
}

/* The delay counts from the call, not from the loop's now. */
LOOP_TEST(a_timer_started_by_a_slow_callback_is_not_early)
{
	struct rota_immediate immediate;

	make_timer(&late_timer, NULL);
	late_timer.handle.data = &late_timing;
	ck_ok(rota_immediate_init(loop, &immediate));
	ck_ok(rota_immediate_start(&immediate, on_immediate_late));
	run_to_the_end();
	ck_assert_uint_eq(late_timing.n, 1);
	close_all();
}

LOOP_TEST(a_timer_started_long_before_the_run_is_not_early_nor_forgotten)
{
	struct timing timing = { harness_true_ns(), 3 * MS, 0 };
	struct rota_timer timer;

	make_timer(&timer, NULL);
	timer.handle.data = &timing;
	ck_ok(rota_timer_start(&timer, 3 * MS, 0, on_timing));
	spin(5 * MS);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_uint_eq(timing.n, 1);
	close_all();
}

FAKE_TIME_TEST(a_timer_fires_at_its_nanosecond_and_not_before)
{
	struct rota_timer timer;

	start_timer(&timer, 1000, "T");
	pass(999);
	ck_trace("");
	ck_assert_uint_eq(rota_timer_due_in(&timer), 1);
	pass(1);
	ck_trace("T");
	close_all();
}

/* Order ***************************************************************/

FAKE_TIME_TEST(timers_fire_by_deadline)
{
	struct rota_timer a, b, c, d;

	start_timer(&c, 30, "C");
	start_timer(&a, 10, "A");
	start_timer(&d, 40, "D");
	start_timer(&b, 20, "B");
	pass(100);
	ck_trace("ABCD");
	close_all();
}

FAKE_TIME_TEST(equal_deadlines_fire_in_the_order_of_start)
{
	char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	struct rota_timer timers[26];

	for (int i = 0; i < 26; i++)
		make_timer(&timers[i], &letters[i]);
	for (int i = 25; i >= 0; i--)
		ck_ok(rota_timer_start(&timers[i], 10, 0, on_timer));
	pass(10);
	ck_trace("ZYXWVUTSRQPONMLKJIHGFEDCBA");
	close_all();
}

FAKE_TIME_TEST(equal_deadlines_reached_on_different_ways_fire_by_start)
{
	struct rota_timer a, b, c;
	uint64_t at = harness_fake_now() + 100;

	start_timer(&a, 100, "A");
	make_timer(&b, "B");
	ck_ok(rota_timer_start_at(&b, at, on_timer));
	harness_advance(40);
	start_timer(&c, 60, "C");
	pass(60);
	ck_trace("ABC");
	close_all();
}

/* The move to a later time may be lazy inside; the order may not show it. */
FAKE_TIME_TEST(a_timer_moved_to_a_deadline_goes_behind_those_there)
{
	struct rota_timer a, b, c;

	start_timer(&a, 10, "A");
	start_timer(&b, 20, "B");
	start_timer(&c, 20, "C");
	ck_ok(rota_timer_start(&a, 20, 0, on_timer));
	pass(10);
	ck_trace("");
	pass(10);
	ck_trace("BCA");
	close_all();
}

FAKE_TIME_TEST(timers_moved_to_one_deadline_fire_in_the_order_of_moving)
{
	struct rota_timer a, b, c, d;

	start_timer(&a, 1, "A");
	start_timer(&b, 2, "B");
	start_timer(&c, 3, "C");
	start_timer(&d, 50, "D");
	ck_ok(rota_timer_start(&c, 50, 0, on_timer));
	ck_ok(rota_timer_start(&a, 50, 0, on_timer));
	ck_ok(rota_timer_start(&b, 50, 0, on_timer));
	pass(50);
	ck_trace("DCAB");
	close_all();
}

FAKE_TIME_TEST(a_timer_restarted_at_its_own_deadline_goes_last)
{
	struct rota_timer a, b;

	start_timer(&a, 10, "A");
	start_timer(&b, 10, "B");
	ck_ok(rota_timer_start(&a, 10, 0, on_timer));
	pass(10);
	ck_trace("BA");
	close_all();
}

FAKE_TIME_TEST(a_timer_moved_later_and_back_fires_at_the_last_word)
{
	struct rota_timer a, b;

	start_timer(&a, 10, "A");
	start_timer(&b, 15, "B");
	ck_ok(rota_timer_start(&a, 100, 0, on_timer));
	ck_ok(rota_timer_start(&a, 20, 0, on_timer));
	pass(19);
	ck_trace("B");
	pass(1);
	ck_trace("BA");
	pass(1000);
	ck_trace("BA");
	close_all();
}

FAKE_TIME_TEST(a_timer_moved_earlier_ends_the_wait_earlier)
{
	uint64_t begin = harness_fake_now();
	struct rota_timer timer;

	start_timer(&timer, 10 * ROTA_SECOND, "T");
	ck_ok(rota_timer_start(&timer, 2 * MS, 0, on_timer));
	run_to_the_end();
	ck_assert_uint_eq(harness_fake_now() - begin, 2 * MS);
	ck_trace("T");
	close_all();
}

/* Lazy or not: no wake-up of the kernel for a time that was given up. */
FAKE_TIME_TEST(a_timer_moved_later_does_not_wake_the_loop_for_nothing)
{
	uint64_t begin = harness_fake_now();
	struct rota_timer timer;

	start_timer(&timer, 2 * MS, "T");
	ck_ok(rota_timer_start(&timer, 10 * MS, 0, on_timer));
	run_to_the_end();
	ck_assert_uint_eq(harness_fake_now() - begin, 10 * MS);
	ck_assert_uint_eq(harness_n_waits(), 1);
	ck_trace("T");
	close_all();
}

/* Stop and restart ****************************************************/

static void
on_timer_stop_other(struct rota_timer *timer)
{
	trace('S');
	ck_ok(rota_timer_stop((struct rota_timer *)timer->handle.data));
}

FAKE_TIME_TEST(a_timer_stopped_by_an_earlier_one_does_not_fire)
{
	struct rota_timer a, b, c;

	make_timer(&a, NULL);
	a.handle.data = &b;
	ck_ok(rota_timer_start(&a, 5, 0, on_timer_stop_other));
	start_timer(&b, 6, "B");
	start_timer(&c, 7, "C");
	pass(10);
	ck_trace("SC");
	ck_err(rota_handle_is_active(&b.handle), 0);
	close_all();
}

static void
on_timer_move_other(struct rota_timer *timer)
{
	trace('M');
	ck_ok(rota_timer_start(
		(struct rota_timer *)timer->handle.data, 100, 0, on_timer));
}

FAKE_TIME_TEST(a_due_timer_moved_by_an_earlier_one_fires_at_its_new_time)
{
	struct rota_timer a, b;

	make_timer(&a, NULL);
	a.handle.data = &b;
	ck_ok(rota_timer_start(&a, 5, 0, on_timer_move_other));
	start_timer(&b, 6, "B");
	pass(10);
	ck_trace("M");
	pass(99);
	ck_trace("M");
	pass(1);
	ck_trace("MB");
	close_all();
}

FAKE_TIME_TEST(a_stopped_timer_does_not_fire)
{
	struct rota_timer timer;

	start_timer(&timer, 5, "T");
	ck_ok(rota_timer_stop(&timer));
	ck_err(rota_handle_is_active(&timer.handle), 0);
	ck_err(rota_loop_alive(loop), 0);
	pass(10);
	ck_trace("");
	ck_ok(rota_timer_stop(&timer));
	close_all();
}

static void
on_timer_inactive(struct rota_timer *timer)
{
	ck_err(rota_handle_is_active(&timer->handle), 0);
	ck_assert_uint_eq(rota_timer_due_in(timer), ROTA_FOREVER);
	ck_ok(rota_timer_stop(timer));
	trace('T');
}

FAKE_TIME_TEST(a_timer_that_does_not_repeat_is_inactive_in_its_callback)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 5, 0, on_timer_inactive));
	pass(5);
	ck_trace("T");
	close_all();
}

static void
on_timer_restart(struct rota_timer *timer)
{
	trace('R');
	ck_ok(rota_timer_start(timer, 10, 0, on_timer));
}

FAKE_TIME_TEST(a_timer_restarted_in_its_own_callback_fires_again)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 5, 0, on_timer_restart));
	pass(5);
	ck_trace("R");
	pass(9);
	ck_trace("R");
	pass(1);
	ck_trace("RT");
	close_all();
}

FAKE_TIME_TEST(a_restart_takes_the_new_callback_and_repeat)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 5, 5, on_timer_inactive));
	ck_ok(rota_timer_start(&timer, 7, 0, on_timer));
	ck_assert_uint_eq(rota_timer_repeat(&timer), 0);
	pass(7);
	pass(7);
	ck_trace("T");
	close_all();
}

static void
on_timer_close_self(struct rota_timer *timer)
{
	trace_of(timer->handle.data);
	ck_ok(rota_handle_close(&timer->handle, NULL));
}

FAKE_TIME_TEST(a_repeating_timer_may_close_itself)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 5, 5, on_timer_close_self));
	run_to_the_end();
	ck_trace("T");
}

/* Repeats *************************************************************/

FAKE_TIME_TEST(a_repeat_keeps_its_beat_when_callbacks_are_late)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 10, 10, on_timer));
	pass(13);
	ck_trace("T");
	/* Due at 20, not at 23. */
	ck_assert_uint_eq(rota_timer_due_in(&timer), 7);
	pass(6);
	ck_trace("T");
	pass(1);
	ck_trace("TT");
	close_all();
}

FAKE_TIME_TEST(missed_beats_are_skipped_without_a_burst)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 10, 10, on_timer));
	pass(57);
	ck_trace("T");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("T");
	ck_assert_uint_eq(rota_timer_due_in(&timer), 3);
	pass(3);
	ck_trace("TT");
	close_all();
}

FAKE_TIME_TEST(a_beat_missed_by_exactly_one_period_is_still_a_beat)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 10, 10, on_timer));
	pass(20);
	ck_trace("T");
	/* Whether 20 counts as missed or as due: 30 is a beat either way. */
	run_once_checked(ROTA_RUN_NOWAIT);
	trace_reset();
	pass(9);
	ck_trace("");
	pass(1);
	ck_trace("T");
	close_all();
}

static void
on_timer_slow(struct rota_timer *timer)
{
	(void)timer;
	trace('S');
	harness_advance(25);
}

FAKE_TIME_TEST(a_repeat_slower_than_its_period_lets_other_phases_run)
{
	struct rota_timer timer, other;

	make_timer(&timer, "S");
	ck_ok(rota_timer_start(&timer, 10, 10, on_timer_slow));
	start_timer(&other, 30, "O");
	harness_advance(10);
	for (int i = 0; i < 3; i++)
		run_once_checked(ROTA_RUN_NOWAIT);
	/* Once a turn, and the other one is not starved. */
	ck_trace("SSOS");
	close_all();
}

FAKE_TIME_TEST(a_repeat_of_1_ns_fires_once_a_turn)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 0, 1, on_timer));
	for (int i = 0; i < 4; i++)
		pass(ROTA_SECOND);
	ck_trace("TTTT");
	close_all();
}

FAKE_TIME_TEST(delay_and_repeat_may_differ)
{
	uint64_t begin = harness_fake_now();
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 3, 100, on_timer));
	ck_assert_uint_eq(rota_timer_repeat(&timer), 100);
	run_once_checked(ROTA_RUN_ONCE);
	ck_assert_uint_eq(harness_fake_now() - begin, 3);
	run_once_checked(ROTA_RUN_ONCE);
	ck_assert_uint_eq(harness_fake_now() - begin, 103);
	ck_trace("TT");
	close_all();
}

static void
on_timer_stop_self(struct rota_timer *timer)
{
	ck_err(rota_handle_is_active(&timer->handle), 1);
	trace_of(timer->handle.data);
	ck_ok(rota_timer_stop(timer));
}

FAKE_TIME_TEST(a_repeat_stopped_in_its_callback_is_over)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 5, 5, on_timer_stop_self));
	run_to_the_end();
	ck_trace("T");
	close_all();
}

/* The one that was due first goes first in every turn. */
FAKE_TIME_TEST(two_repeats_of_one_beat_keep_their_order)
{
	struct rota_timer a, b;

	make_timer(&a, "A");
	make_timer(&b, "B");
	ck_ok(rota_timer_start(&a, 10, 10, on_timer));
	ck_ok(rota_timer_start(&b, 10, 10, on_timer));
	for (int i = 0; i < 3; i++)
		pass(10);
	ck_trace("ABABAB");
	close_all();
}

/* set_repeat **********************************************************/

FAKE_TIME_TEST(set_repeat_counts_from_the_next_firing)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 10, 10, on_timer));
	ck_ok(rota_timer_set_repeat(&timer, 50));
	ck_assert_uint_eq(rota_timer_repeat(&timer), 50);
	ck_assert_uint_eq(rota_timer_due_in(&timer), 10);
	pass(10);
	ck_trace("T");
	ck_assert_uint_eq(rota_timer_due_in(&timer), 50);
	close_all();
}

static void
on_timer_set_repeat(struct rota_timer *timer)
{
	trace_of(timer->handle.data);
	ck_ok(rota_timer_set_repeat(timer, 0));
}

FAKE_TIME_TEST(set_repeat_of_0_in_time_makes_a_timer_fire_once_only)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 10, 10, on_timer));
	ck_ok(rota_timer_set_repeat(&timer, 0));
	pass(10);
	ck_err(rota_handle_is_active(&timer.handle), 0);
	pass(10);
	ck_trace("T");
	close_all();
}

/* "From its next firing on": one more firing, or none, but never a third. */
FAKE_TIME_TEST(set_repeat_of_0_in_the_callback_ends_the_repeating)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 10, 10, on_timer_set_repeat));
	for (int i = 0; i < 5; i++)
		pass(10);
	ck_err(rota_handle_is_active(&timer.handle), 0);
	ck_assert_int_le((int)strlen(trace_text()), 2);
	close_all();
}

/* again ***************************************************************/

FAKE_TIME_TEST(again_uses_the_repeat_and_the_callback_of_before)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 5, 20, on_timer));
	ck_ok(rota_timer_again(&timer));
	ck_assert_uint_eq(rota_timer_due_in(&timer), 20);
	pass(19);
	ck_trace("");
	pass(1);
	ck_trace("T");
	close_all();
}

FAKE_TIME_TEST(again_of_one_that_does_not_repeat_uses_its_delay)
{
	struct rota_timer timer;

	start_timer(&timer, 30, "T");
	pass(20);
	ck_ok(rota_timer_again(&timer));
	pass(29);
	ck_trace("");
	pass(1);
	ck_trace("T");
	close_all();
}

FAKE_TIME_TEST(again_after_firing_or_stop_starts_anew)
{
	struct rota_timer timer;

	start_timer(&timer, 30, "T");
	pass(30);
	ck_ok(rota_timer_again(&timer));
	ck_err(rota_handle_is_active(&timer.handle), 1);
	pass(30);
	ck_trace("TT");
	ck_ok(rota_timer_again(&timer));
	ck_ok(rota_timer_stop(&timer));
	ck_ok(rota_timer_again(&timer));
	pass(30);
	ck_trace("TTT");
	close_all();
}

FAKE_TIME_TEST(again_of_a_timer_never_started_is_refused)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_err(rota_timer_again(&timer), -EINVAL);
	ck_err(rota_handle_is_active(&timer.handle), 0);
	ck_ok(rota_timer_start_at(&timer, 0, on_timer));
	ck_err(rota_timer_again(&timer), -EINVAL);
	pass(0);
	ck_trace("T");
	close_all();
}

/* A repeat is no start: there is no callback, or no delay, to go by. */
FAKE_TIME_TEST(again_is_refused_if_only_a_repeat_was_set)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_set_repeat(&timer, 10));
	ck_err(rota_timer_again(&timer), -EINVAL);
	ck_err(rota_handle_is_active(&timer.handle), 0);
	ck_ok(rota_timer_start_at(&timer, 0, on_timer));
	ck_ok(rota_timer_set_repeat(&timer, 0));
	ck_err(rota_timer_again(&timer), -EINVAL);
	ck_ok(rota_timer_set_repeat(&timer, 10));
	ck_err(rota_timer_again(&timer), -EINVAL);
	pass(0);
	ck_trace("T");
	close_all();
}

FAKE_TIME_TEST(again_after_the_end_of_a_repeat_uses_that_repeat)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 30, 0, on_timer));
	ck_ok(rota_timer_set_repeat(&timer, 0));
	ck_ok(rota_timer_again(&timer));
	ck_assert_uint_eq(rota_timer_due_in(&timer), 30);
	ck_ok(rota_timer_set_repeat(&timer, 7));
	ck_ok(rota_timer_again(&timer));
	ck_assert_uint_eq(rota_timer_due_in(&timer), 7);
	ck_ok(rota_timer_set_repeat(&timer, 0));
	ck_ok(rota_timer_again(&timer));
	ck_assert_uint_eq(rota_timer_due_in(&timer), 7);
	ck_assert_uint_eq(rota_timer_repeat(&timer), 0);
	close_all();
}

FAKE_TIME_TEST(long_intervals_are_kept_up_to_36_years)
{
	const uint64_t longest = (UINT64_C(1) << 60) - 1;
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, longest + 2, longest, on_timer));
	ck_assert_uint_eq(rota_timer_due_in(&timer), longest + 2);
	ck_assert_uint_eq(rota_timer_repeat(&timer), longest);
	ck_ok(rota_timer_again(&timer));
	ck_assert_uint_eq(rota_timer_due_in(&timer), longest);
	ck_ok(rota_timer_set_repeat(&timer, ROTA_FOREVER));
	ck_assert_uint_eq(rota_timer_repeat(&timer), longest);
	ck_ok(rota_timer_set_repeat(&timer, longest - 1));
	ck_assert_uint_eq(rota_timer_repeat(&timer), longest - 1);
	close_all();
}

FAKE_TIME_TEST(again_after_start_at_uses_the_interval_of_the_start_before)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 30, 7, on_timer));
	ck_ok(rota_timer_start_at(&timer, harness_fake_now() + 9, on_timer));
	ck_ok(rota_timer_again(&timer));
	ck_assert_uint_eq(rota_timer_repeat(&timer), 0);
	ck_assert_uint_eq(rota_timer_due_in(&timer), 7);
	close_all();
}

static void
on_timer_slow_again(struct rota_timer *timer)
{
	trace('S');
	harness_advance(7);
	ck_ok(rota_timer_again((struct rota_timer *)timer->handle.data));
}

/* It reads no clock, so the 7 that the callback took do not count. */
FAKE_TIME_TEST(again_counts_from_the_now_of_the_loop)
{
	struct rota_timer timer, slow;

	start_timer(&timer, 100, "T");
	make_timer(&slow, NULL);
	slow.handle.data = &timer;
	ck_ok(rota_timer_start(&slow, 50, 0, on_timer_slow_again));
	pass(50);
	ck_trace("S");
	pass(92);
	ck_trace("S");
	pass(1);
	ck_trace("ST");
	close_all();
}

FAKE_TIME_TEST(idle_timeouts_pushed_out_for_long_fire_once)
{
	struct rota_timer timer;

	start_timer(&timer, 100, "T");
	for (int i = 0; i < 1000; i++) {
		pass(60);
		ck_ok(rota_timer_again(&timer));
	}
	ck_trace("");
	pass(99);
	ck_trace("");
	pass(1);
	ck_trace("T");
	close_all();
}

/* start_at ************************************************************/

FAKE_TIME_TEST(start_at_fires_at_an_absolute_time)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start_at(&timer, harness_fake_now() + 50, on_timer));
	pass(49);
	ck_trace("");
	pass(1);
	ck_trace("T");
	close_all();
}

FAKE_TIME_TEST(start_at_in_the_past_means_the_next_timers_phase)
{
	struct rota_timer a, b, c;

	start_timer(&a, 0, "A");
	make_timer(&b, "B");
	make_timer(&c, "C");
	ck_ok(rota_timer_start_at(&b, 7, on_timer));
	ck_ok(rota_timer_start_at(&c, 0, on_timer));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_int_eq((int)strlen(trace_text()), 3);
	close_all();
}

FAKE_TIME_TEST(start_at_ends_a_repeat)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 5, 5, on_timer));
	ck_ok(rota_timer_start_at(&timer, harness_fake_now() + 9, on_timer));
	run_to_the_end();
	ck_trace("T");
	close_all();
}

/* due_in **************************************************************/

FAKE_TIME_TEST(due_in_tells_what_is_left_by_the_now_of_the_loop)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_assert_uint_eq(rota_timer_due_in(&timer), ROTA_FOREVER);
	ck_assert_uint_eq(rota_timer_due_in(NULL), ROTA_FOREVER);
	ck_ok(rota_loop_update(loop));
	ck_ok(rota_timer_start(&timer, 100, 0, on_timer));
	ck_assert_uint_eq(rota_timer_due_in(&timer), 100);
	harness_advance(30);
	ck_ok(rota_loop_update(loop));
	ck_assert_uint_eq(rota_timer_due_in(&timer), 70);
	harness_advance(1000);
	ck_ok(rota_loop_update(loop));
	ck_assert_uint_eq(rota_timer_due_in(&timer), 0);
	close_all();
}

/* Huge values *********************************************************/

FAKE_TIME_TEST(a_timer_at_the_end_of_the_clock_never_fires)
{
	struct rota_timer a, b, c;

	start_timer(&a, UINT64_MAX, "A");
	start_timer(&b, UINT64_MAX - 5, "B");
	make_timer(&c, "C");
	ck_ok(rota_timer_start_at(&c, ROTA_FOREVER, on_timer));
	ck_err(rota_handle_is_active(&a.handle), 1);
	ck_err(rota_loop_alive(loop), 1);
	pass(UINT64_MAX / 2);
	ck_trace("");
	close_all();
}

FAKE_TIME_TEST(a_huge_repeat_does_not_wrap)
{
	struct rota_timer timer;

	make_timer(&timer, "T");
	ck_ok(rota_timer_start(&timer, 5, UINT64_MAX - 3, on_timer));
	pass(5);
	ck_trace("T");
	for (int i = 0; i < 5; i++)
		pass(1000 * ROTA_SECOND);
	ck_trace("T");
	close_all();
}

FAKE_TIME_TEST(a_huge_delay_is_remembered_by_again)
{
	struct rota_timer timer;

	start_timer(&timer, UINT64_MAX, "T");
	ck_ok(rota_timer_again(&timer));
	pass(1000 * ROTA_SECOND);
	ck_trace("");
	close_all();
}

/* The kernel's own limits must not turn a year into an instant. */
LOOP_TEST(a_wait_for_a_very_late_timer_does_not_end_at_once)
{
	static const uint64_t delays[] = { UINT64_MAX, UINT64_MAX / 2,
		400 * 86400 * ROTA_SECOND, 30 * 86400 * ROTA_SECOND };
	struct rota_timer timers[4], end;
	struct timing timing = { harness_true_ns(), 20 * MS, 0 };

	for (int i = 0; i < 4; i++) {
		start_timer(&timers[i], delays[i], "L");
		ck_ok(rota_handle_unref(&timers[i].handle));
	}
	make_timer(&end, NULL);
	end.handle.data = &timing;
	ck_ok(rota_timer_start(&end, 20 * MS, 0, on_timing));
	run_to_the_end();
	ck_trace("");
	ck_assert_uint_eq(timing.n, 1);
	close_all();
}

/* Very many ***********************************************************/

/* Deadlines lie so far apart, those that are not equal. */
static uint64_t unit_ns = 1;
static uint64_t last_deadline;
static unsigned last_index;
static unsigned n_fired;

struct many {
	struct rota_timer timer;
	uint64_t deadline_ns;
	unsigned index;
};

static void
on_many(struct rota_timer *timer)
{
	struct many *many = (struct many *)(void *)timer;

	ck_assert_uint_ge(many->deadline_ns, last_deadline);
	if (n_fired > 0 && many->deadline_ns == last_deadline)
		ck_assert_uint_gt(many->index, last_index);
	ck_assert_uint_le(many->deadline_ns, harness_fake_now());
	last_deadline = many->deadline_ns;
	last_index = many->index;
	n_fired++;
}

/* A row of numbers that looks random and is the same in every run. */
static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void
start_many(struct many *many, unsigned n)
{
	uint64_t now = harness_fake_now();
	uint32_t random = 2463534242;

	for (unsigned i = 0; i < n; i++) {
		uint64_t delay = next_random(&random) % (n / 4 + 1) * unit_ns;

		if (many[i].timer.handle.loop == NULL)
			ck_ok(rota_timer_init(loop, &many[i].timer));
		many[i].deadline_ns = now + delay;
		many[i].index = i;
		ck_ok(rota_timer_start(&many[i].timer, delay, 0, on_many));
	}
	n_fired = 0;
	last_deadline = 0;
}

FAKE_TIME_TEST(a_hundred_thousand_timers_fire_in_order)
{
	unsigned n = harness_scale(100000);
	struct many *many = calloc(n, sizeof(*many));

	ck_assert_ptr_nonnull(many);
	start_many(many, n);
	run_to_the_end();
	ck_assert_uint_eq(n_fired, n);
	close_all();
	free(many);
}

/* Far off, so many are not kept in the order in which they will fire. */
FAKE_TIME_TEST(equal_deadlines_that_are_far_fire_in_the_order_of_their_start)
{
	unsigned n = 5000;
	struct many *many = calloc(n, sizeof(*many));

	ck_assert_ptr_nonnull(many);
	unit_ns = 700 * MS;
	start_many(many, n);
	harness_advance(100 * unit_ns);
	start_many(many, n);
	ck_assert_uint_gt(loop->heap.slots.n, n / 2);
	run_to_the_end();
	ck_assert_uint_eq(n_fired, n);
	unit_ns = 1;
	close_all();
	free(many);
}

FAKE_TIME_TEST(timers_restarted_at_random_fire_in_order)
{
	unsigned n = harness_scale(20000);
	struct many *many = calloc(n, sizeof(*many));

	ck_assert_ptr_nonnull(many);
	start_many(many, n);
	harness_advance(n / 8);
	start_many(many, n);
	harness_advance(n / 3);
	start_many(many, n);
	run_to_the_end();
	ck_assert_uint_eq(n_fired, n);
	close_all();
	free(many);
}

FAKE_TIME_TEST(every_other_timer_stopped_leaves_the_others_in_order)
{
	unsigned n = harness_scale(20000);
	struct many *many = calloc(n, sizeof(*many));

	ck_assert_ptr_nonnull(many);
	start_many(many, n);
	for (unsigned i = 0; i < n; i += 2)
		ck_ok(rota_timer_stop(&many[i].timer));
	run_to_the_end();
	ck_assert_uint_eq(n_fired, n / 2);
	close_all();
	free(many);
}

static size_t n_bytes;

/* An allocator that knows the sum of all blocks. */
static void *
count_bytes(void *data, void *memory, size_t size_bytes)
{
	size_t *block = memory == NULL ? NULL : (size_t *)memory - 2;

	if (block != NULL)
		n_bytes -= *block;
	if (size_bytes == 0) {
		free(block);
		return NULL;
	}
	(void)data;
	block = realloc(block, size_bytes + 2 * sizeof(size_t));
	ck_assert_ptr_nonnull(block);
	*block = size_bytes;
	n_bytes += size_bytes;
	return block + 2;
}

static void
close_many(struct many *many, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ck_ok(rota_handle_close(&many[i].timer.handle, NULL));
	run_to_the_end();
}

START_TEST(the_room_for_timers_shrinks_when_they_are_closed)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	unsigned n = harness_scale(100000);
	struct many *many = calloc(n, sizeof(*many));
	size_t n_bytes_before, n_bytes_full;

	(void)_i;
	ck_assert_ptr_nonnull(many);
	options.realloc_fn = count_bytes;
	ck_ok(rota_loop_create(&options, &loop));
	run_to_the_end();
	n_bytes_before = n_bytes;
	for (unsigned i = 0; i < n; i++)
		ck_ok(rota_timer_init(loop, &many[i].timer));
	n_bytes_full = n_bytes;
	close_many(many, n);
	ck_assert_uint_le(n_bytes - n_bytes_before,
		(n_bytes_full - n_bytes_before) / 4 + 4096);
	close_loop();
	ck_assert_uint_eq(n_bytes, 0);
	free(many);
}
END_TEST

static void
add_cases_of_repeats(Suite *suite)
{
	TCase *tc = harness_case(suite, "repeats");

	tcase_add_test(tc, a_repeat_keeps_its_beat_when_callbacks_are_late);
	tcase_add_test(tc, missed_beats_are_skipped_without_a_burst);
	tcase_add_test(tc, a_beat_missed_by_exactly_one_period_is_still_a_beat);
	tcase_add_test(
		tc, a_repeat_slower_than_its_period_lets_other_phases_run);
	tcase_add_test(tc, a_repeat_of_1_ns_fires_once_a_turn);
	tcase_add_test(tc, delay_and_repeat_may_differ);
	tcase_add_test(tc, a_repeat_stopped_in_its_callback_is_over);
	tcase_add_test(tc, two_repeats_of_one_beat_keep_their_order);
	tcase_add_test(tc, set_repeat_counts_from_the_next_firing);
	tcase_add_test(
		tc, set_repeat_of_0_in_time_makes_a_timer_fire_once_only);
	tcase_add_test(tc, set_repeat_of_0_in_the_callback_ends_the_repeating);
}

static void
add_cases_of_order(Suite *suite)
{
	TCase *tc = harness_case(suite, "order");

	tcase_add_test(tc, timers_fire_by_deadline);
	tcase_add_test(tc, equal_deadlines_fire_in_the_order_of_start);
	tcase_add_test(
		tc, equal_deadlines_reached_on_different_ways_fire_by_start);
	tcase_add_test(tc, a_timer_moved_to_a_deadline_goes_behind_those_there);
	tcase_add_test(
		tc, timers_moved_to_one_deadline_fire_in_the_order_of_moving);
	tcase_add_test(tc, a_timer_restarted_at_its_own_deadline_goes_last);
	tcase_add_test(tc, a_timer_moved_later_and_back_fires_at_the_last_word);
	tcase_add_test(tc, a_timer_moved_earlier_ends_the_wait_earlier);
	tcase_add_test(
		tc, a_timer_moved_later_does_not_wake_the_loop_for_nothing);
}

static void
add_cases_of_starting(Suite *suite)
{
	TCase *tc = harness_case(suite, "start and stop");

	tcase_add_test(tc, a_timer_stopped_by_an_earlier_one_does_not_fire);
	tcase_add_test(
		tc, a_due_timer_moved_by_an_earlier_one_fires_at_its_new_time);
	tcase_add_test(tc, a_stopped_timer_does_not_fire);
	tcase_add_test(
		tc, a_timer_that_does_not_repeat_is_inactive_in_its_callback);
	tcase_add_test(tc, a_timer_restarted_in_its_own_callback_fires_again);
	tcase_add_test(tc, a_restart_takes_the_new_callback_and_repeat);
	tcase_add_test(tc, a_repeating_timer_may_close_itself);
	tcase_add_test(tc, again_uses_the_repeat_and_the_callback_of_before);
	tcase_add_test(tc, again_of_one_that_does_not_repeat_uses_its_delay);
	tcase_add_test(tc, again_after_firing_or_stop_starts_anew);
	tcase_add_test(tc, again_of_a_timer_never_started_is_refused);
	tcase_add_test(tc, again_is_refused_if_only_a_repeat_was_set);
	tcase_add_test(tc, again_after_the_end_of_a_repeat_uses_that_repeat);
	tcase_add_test(tc, long_intervals_are_kept_up_to_36_years);
	tcase_add_test(
		tc, again_after_start_at_uses_the_interval_of_the_start_before);
	tcase_add_test(tc, again_counts_from_the_now_of_the_loop);
	tcase_add_test(tc, idle_timeouts_pushed_out_for_long_fire_once);
	tcase_add_test(tc, start_at_fires_at_an_absolute_time);
	tcase_add_test(tc, start_at_in_the_past_means_the_next_timers_phase);
	tcase_add_test(tc, start_at_ends_a_repeat);
	tcase_add_test(tc, due_in_tells_what_is_left_by_the_now_of_the_loop);
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "never early");

	tcase_add_loop_test(tc, a_timer_never_fires_early_by_true_time);
	tcase_add_loop_test(
		tc, a_timer_started_by_a_slow_callback_is_not_early);
	tcase_add_loop_test(tc,
		a_timer_started_long_before_the_run_is_not_early_nor_forgotten);
	tcase_add_test(tc, a_timer_fires_at_its_nanosecond_and_not_before);
	add_cases_of_order(suite);
	add_cases_of_starting(suite);
	add_cases_of_repeats(suite);

	tc = harness_case(suite, "huge values");
	tcase_add_test(tc, a_timer_at_the_end_of_the_clock_never_fires);
	tcase_add_test(tc, a_huge_repeat_does_not_wrap);
	tcase_add_test(tc, a_huge_delay_is_remembered_by_again);
	tcase_add_loop_test(
		tc, a_wait_for_a_very_late_timer_does_not_end_at_once);

	tc = harness_case(suite, "very many");
	tcase_add_test(tc, a_hundred_thousand_timers_fire_in_order);
	tcase_add_test(tc,
		equal_deadlines_that_are_far_fire_in_the_order_of_their_start);
	tcase_add_test(tc, timers_restarted_at_random_fire_in_order);
	tcase_add_test(
		tc, every_other_timer_stopped_leaves_the_others_in_order);
	tcase_add_test(tc, the_room_for_timers_shrinks_when_they_are_closed);
}

HARNESS_MAIN("timer", add_cases)
