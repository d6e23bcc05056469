/* SPDX-License-Identifier: MIT */
/*
 * The turn:
 *
 *	timers -> alive? -> pending -> idle -> prepare
 *		-> poll -> pending -> check -> close
 *
 * Each phase takes its work away before it walks it, or marks where it ends,
 * so that what is added meanwhile waits for the next turn.
 */
#include "core/turn.h"

#include <errno.h>

#include "core/clock.h"
#include "core/files.h"
#include "core/handle.h"
#include "core/handles/frame.h"
#include "core/handles/immediate.h"
#include "core/handles/more.h"
#include "core/handles/race.h"
#include "core/handles/resolver.h"
#include "core/handles/timer.h"
#include "core/pending.h"
#include "core/request.h"
#include "core/ring.h"
#include "rota/hook.h"

/* Completions caused by completions are told at once, so many times. */
#define PENDING_ROUNDS 8

/* And so often who looks out for the end of a job asks at most. */
#define LOOKOUT_ROUNDS 256

static void
run_task(struct rota_loop *loop, struct rota__tasks *queue, const char *type)
{
	struct rota__task task = rota__tasks_take(queue);

	rota__before_callback(loop, type, task.place, NULL);
	task.fn(loop, task.data);
	if (loop->after & ROTA__AFTER_WRITES)
		rota__flush_gathered(loop);
	if (loop->metrics != NULL)
		rota__metrics_called(loop);
}

void
rota__end_callback(struct rota_loop *loop)
{
	if (loop->after & ROTA__AFTER_WRITES)
		rota__flush_gathered(loop);
	if (loop->metrics != NULL)
		rota__metrics_called(loop);
	while (loop->ticks.n > 0 || loop->microtasks.n > 0) {
		while (loop->ticks.n > 0)
			run_task(loop, &loop->ticks, "tick");
		while (loop->microtasks.n > 0)
			run_task(loop, &loop->microtasks, "microtask");
	}
	loop->after &= ~(uint32_t)ROTA__AFTER_TASKS;
}

/*
 * Frames go before the next callback, and so behind this one: whoever called
 * it asks anew who is still wanted, since a tick could have changed it too.
 */
void
rota__settle(struct rota_loop *loop)
{
	rota__end_callback(loop);
	if (loop->after & ROTA__AFTER_FRAMES)
		rota__frames_run(loop, loop->sys->clock_ns());
}

static inline void
enter(struct rota_loop *loop, enum rota_phase phase)
{
	if (loop->metrics != NULL)
		rota__metrics_phase(loop, phase);
}

/* Who has set an alarm, by its kind. */
static void (*const expire[])(struct rota_loop *, struct rota_alarm *) = {
	[ROTA__ALARM_TIMER] = rota__timer_expire,
	[ROTA__ALARM_REQUEST] = rota__request_expire,
	[ROTA__ALARM_STREAM] = rota__stream_expire,
	[ROTA__ALARM_FILES] = rota__files_expire,
	[ROTA__ALARM_RACE] = rota__race_expire,
	[ROTA__ALARM_FRAME] = rota__frame_expire,
	[ROTA__ALARM_RESOLVER] = rota__resolver_expire,
};

static void
fire_timers(struct rota_loop *loop)
{
	struct rota_alarm *alarm;
	uint64_t now_ns;

	enter(loop, ROTA_PHASE_TIMERS);
	now_ns = rota__loop_fresh_now(loop);
	if (loop->after & ROTA__AFTER_FRAMES)
		rota__frames_run(loop, now_ns);
	if (!rota__heap_set_due_aside(&loop->heap, now_ns))
		return;
	while ((alarm = rota__heap_take_due(&loop->heap)) != NULL)
		expire[alarm->kind](loop, alarm);
}

static inline void
run_timers(struct rota_loop *loop)
{
	if (rota__heap_count(&loop->heap) > 0)
		fire_timers(loop);
}

static void
call_hooks(
	struct rota_loop *loop, struct rota_link *hooks, enum rota_phase phase)
{
	struct rota__cursor *cursor = &loop->hook_cursor;
	struct rota_link *link;

	enter(loop, phase);
	rota__cursor_open(cursor, hooks);
	while ((link = rota__cursor_next(cursor)) != NULL) {
		struct rota_hook *hook =
			ROTA__CONTAINER(link, struct rota_hook, order);

		rota__before_callback(loop, hook->handle.type->name,
			hook->handle.place, &hook->handle);
		hook->fn(hook);
		rota__after_callback(loop);
	}
}

static inline void
run_hooks(
	struct rota_loop *loop, struct rota_link *hooks, enum rota_phase phase)
{
	if (!rota__ring_is_empty(hooks))
		call_hooks(loop, hooks, phase);
}

static void
call_immediates(struct rota_loop *loop)
{
	struct rota_link *link;

	/* A hook may have cleared them. */
	if (rota__ring_is_empty(&loop->immediates_now))
		return;

	enter(loop, ROTA_PHASE_CHECK);
	while ((link = rota__ring_take_first(&loop->immediates_now)) != NULL)
		rota__immediate_call(loop,
			ROTA__CONTAINER(link, struct rota_immediate, order));
}

/* Immediates queued by now come after the check hooks. */
static inline void
run_check(struct rota_loop *loop)
{
	int has_immediates = !rota__ring_is_empty(&loop->immediates);

	if (has_immediates)
		rota__ring_take_all(&loop->immediates, &loop->immediates_now);
	if (loop->n_hooks > 0)
		run_hooks(loop, &loop->check, ROTA_PHASE_CHECK);
	if (has_immediates)
		call_immediates(loop);
}

static void
tell_pending(struct rota_loop *loop, int n_rounds)
{
	enter(loop, ROTA_PHASE_PENDING);
	while (n_rounds-- > 0 && loop->pending_first != NULL)
		rota__pending_run(loop);
}

static inline void
run_pending(struct rota_loop *loop, int n_rounds)
{
	if (loop->pending_first != NULL)
		tell_pending(loop, n_rounds);
}

static int
is_stopping(const struct rota_loop *loop)
{
	return __atomic_load_n(&loop->is_stopping, __ATOMIC_RELAXED);
}

/* Work that is there already, so that poll must not wait for more. */
static int
has_work(const struct rota_loop *loop)
{
	return !rota__ring_is_empty(&loop->idle) ||
		loop->n_immediates_referenced > 0 ||
		loop->pending_first != NULL ||
		!rota__ring_is_empty(&loop->closing) ||
		rota__fds_have_ready(&loop->fds);
}

/* Returns 1 if poll may wait, as far as it is not for a timer to say. */
static int
may_wait(const struct rota_loop *loop)
{
	return !has_work(loop) && !is_stopping(loop) && loop->alive != 0;
}

uint64_t
rota__turn_wait_ns(struct rota_loop *loop)
{
	uint64_t deadline_ns;
	uint64_t now_ns;

	if (!may_wait(loop))
		return 0;
	deadline_ns = rota__heap_next(&loop->heap);
	if (deadline_ns == ROTA_FOREVER)
		return ROTA_FOREVER;
	now_ns = rota__loop_fresh_now(loop);
	return deadline_ns > now_ns ? deadline_ns - now_ns : 0;
}

/* Everything up to the wait. Returns 0 if the run ends after the timers. */
__attribute__((always_inline)) static inline int
begin(struct rota_loop *loop, enum rota_run_mode mode)
{
	if (loop->metrics != NULL)
		rota__metrics_begin_turn(loop);
	run_timers(loop);
	if (mode == ROTA_RUN_DEFAULT && loop->alive == 0)
		return 0;
	run_pending(loop, 1);
	if (loop->n_hooks > 0) {
		run_hooks(loop, &loop->idle, ROTA_PHASE_IDLE);
		run_hooks(loop, &loop->prepare, ROTA_PHASE_PREPARE);
	}
	if (loop->fds.n_dirty > 0)
		rota__fds_flush(loop);
	return 1;
}

/*
 * With jobs in flight, asks for descriptors without waiting until something
 * has come, for a short while. Returns 1 then, 0 if nothing has, or the error
 * of a wait.
 */
__attribute__((noinline)) static int
look_out(struct rota_loop *loop, uint64_t timeout_ns)
{
	uint64_t lookout_ns = rota__jobs_lookout_ns(loop, timeout_ns);
	unsigned n_rounds = LOOKOUT_ROUNDS;
	uint64_t end_ns;
	int has_notes;
	int r;

	if (lookout_ns == 0)
		return 0;
	end_ns = rota__clock_add(loop->sys->clock_ns(), lookout_ns);
	do {
		r = rota__fds_poll(loop, 0);
		has_notes = rota__inbox_has_notes(loop);
	} while (r == 0 && !has_notes && --n_rounds > 0 &&
		loop->sys->clock_ns() < end_ns);
	rota__lookout_learn(&loop->jobs.lookout, has_notes);
	return r != 0 ? r : has_notes;
}

static inline int
wait_for_fds(struct rota_loop *loop, uint64_t timeout_ns)
{
	if (timeout_ns != 0 && rota__inbox_sleep(loop)) {
		rota__inbox_rise(loop);
		timeout_ns = 0;
	}
	return rota__fds_poll(loop, timeout_ns);
}

static inline int
poll_phase(struct rota_loop *loop, uint64_t timeout_ns)
{
	int r = 0;

	/* For who asks after a poll that did not wait. */
	loop->now_is_good = 0;
	if (timeout_ns != 0 && !rota__ring_is_empty(&loop->jobs.in_flight))
		r = look_out(loop, timeout_ns);
	if (r == 0)
		r = wait_for_fds(loop, timeout_ns);
	if (r > 0)
		r = rota__inbox_take_error(loop);
	if (rota__inbox_is_full(&loop->inbox))
		rota__inbox_deliver(loop);
	return r;
}

static void
run_closing(struct rota_loop *loop)
{
	enter(loop, ROTA_PHASE_CLOSE);
	rota__pending_drop_closed(loop);
	rota__handle_run_closing(loop);
}

int
rota__turn_begin(struct rota_loop *loop)
{
	return begin(loop, ROTA_RUN_ONCE);
}

/* The wait and everything after it. Returns 0 or the wait's error. */
__attribute__((always_inline)) static inline int
end(struct rota_loop *loop, uint64_t timeout_ns)
{
	int r = poll_phase(loop, timeout_ns);

	run_pending(loop, PENDING_ROUNDS);
	run_check(loop);
	if (!rota__ring_is_empty(&loop->closing))
		run_closing(loop);
	return r;
}

int
rota__turn_end(struct rota_loop *loop, uint64_t timeout_ns)
{
	return end(loop, timeout_ns);
}

static void
end_measuring(struct rota_loop *loop)
{
	if (loop->metrics != NULL)
		rota__metrics_end_turn(loop);
}

/* Returns 1 if the before-exit hook has given the loop new work. */
static int
is_revived(struct rota_loop *loop)
{
	if (loop->before_exit == NULL || is_stopping(loop))
		return 0;
	rota__before_callback(loop, "before-exit", NULL, NULL);
	loop->before_exit(loop, loop->before_exit_data);
	rota__after_callback(loop);
	return loop->alive != 0;
}

/* Returns 1 to go on, 0 if nothing holds the loop any more, or an error. */
static int
run_turn(struct rota_loop *loop)
{
	int r = begin(loop, ROTA_RUN_DEFAULT);

	if (r > 0) {
		r = end(loop, rota__turn_wait_ns(loop));
		r = r < 0 ? r : 1;
	}
	end_measuring(loop);
	/* Who was told of a slow turn may have given the loop new work. */
	if (r == 0 && loop->alive != 0)
		return 1;
	return r;
}

__attribute__((noinline)) static int
run_default(struct rota_loop *loop)
{
	int r;

	do {
		r = 1;
		while (r > 0 && !is_stopping(loop))
			r = run_turn(loop);
	} while (r >= 0 && is_revived(loop));
	return r < 0 ? r : 0;
}

/*
 * A timer that fell due while the turn waited, or so shortly before that it
 * did not, is the progress of a ONCE, and so is what was pending when it
 * began: then it need not wait for more.
 */
__attribute__((noinline)) static int
run_once(struct rota_loop *loop)
{
	int had_pending = loop->pending_first != NULL;
	int waits;
	int r;

	(void)begin(loop, ROTA_RUN_ONCE);
	waits = !had_pending && may_wait(loop);
	r = end(loop, waits ? rota__turn_wait_ns(loop) : 0);
	if (waits)
		run_timers(loop);
	end_measuring(loop);
	return r;
}

static int
run_nowait(struct rota_loop *loop)
{
	int r;

	(void)begin(loop, ROTA_RUN_NOWAIT);
	r = end(loop, 0);
	end_measuring(loop);
	return r;
}

static inline int
run(struct rota_loop *loop, enum rota_run_mode mode)
{
	if (mode == ROTA_RUN_NOWAIT)
		return run_nowait(loop);
	return mode == ROTA_RUN_ONCE ? run_once(loop) : run_default(loop);
}

int
rota_loop_run(struct rota_loop *loop, enum rota_run_mode mode)
{
	int r = 0;

	if (loop == NULL || (unsigned)mode > ROTA_RUN_NOWAIT)
		return -EINVAL;
	if (!rota__loop_is_at_rest(loop))
		return -EBUSY;
	loop->state = ROTA__LOOP_RUNS;
	/* Time has passed outside. */
	loop->now_is_good = 0;
	if (!is_stopping(loop)) {
		rota__after_callback(loop);
		r = run(loop, mode);
	}
	__atomic_store_n(&loop->is_stopping, 0, __ATOMIC_RELAXED);
	loop->state = ROTA__LOOP_RESTS;
	if (r < 0)
		return r;
	return loop->alive != 0;
}
