/* SPDX-License-Identifier: MIT */
/* The model of a turn, see model.h. */
#include "tests/model.h"

#include <errno.h>
#include <string.h>

#include "tests/harness.h"

#define N_TASKS 1024
/* Ends caused by ends are told at once, so many times. */
#define PENDING_ROUNDS 8

enum state {
	REST,
	ACTIVE,
	CLOSING,
	CLOSED
};

/* `order` is the number of its last start or close. */
struct thing {
	enum state state;
	int is_referenced;
	uint64_t order;
	uint64_t deadline_ns;
	uint64_t interval_ns;
	uint64_t repeat_ns;
	/* Of a timer: was started since its init. Of a watcher: too late. */
	int was_started;
	int is_fresh;
};

/* Of writes, n_sent have gone out and are to be told. */
struct tasks {
	int bodies[N_TASKS];
	int n;
	int n_sent;
	int n_taken;
};

static struct model {
	struct thing things[N_KINDS][N_EACH];
	struct tasks ticks;
	struct tasks microtasks;
	struct tasks posts;
	struct tasks writes;
	uint64_t last_order;
	uint64_t now_ns;
	int now_is_good;
	int is_stopping;
	int n_bytes;
} model;

static void
put_task(struct tasks *tasks, int body)
{
	ck_assert_int_lt(tasks->n, N_TASKS);
	tasks->bodies[tasks->n++] = body;
}

static uint64_t
model_now(void)
{
	if (!model.now_is_good)
		model.now_ns = harness_fake_now();
	model.now_is_good = 1;
	return model.now_ns;
}

static uint64_t
model_fresh_now(void)
{
	model.now_is_good = 0;
	return model_now();
}

static int
model_start(enum kind kind, int i, uint64_t delay, uint64_t repeat)
{
	struct thing *thing = &model.things[kind][i];

	if (thing->state == CLOSING)
		return -EINVAL;
	if (thing->state == CLOSED) {
		memset(thing, 0, sizeof(*thing));
		thing->is_referenced = 1;
	}
	/* A watcher that watches keeps its place. */
	if (kind != WATCHER || thing->state != ACTIVE)
		thing->order = ++model.last_order;
	thing->state = ACTIVE;
	thing->interval_ns = repeat ? repeat : delay;
	thing->repeat_ns = repeat;
	thing->deadline_ns = harness_fake_now() + delay;
	thing->was_started = 1;
	thing->is_fresh = 1;
	return 0;
}

static int
model_again(int i)
{
	struct thing *timer = &model.things[TIMER][i];

	if (timer->state >= CLOSING || !timer->was_started)
		return -EINVAL;
	timer->state = ACTIVE;
	timer->order = ++model.last_order;
	timer->deadline_ns = model_now() + timer->interval_ns;
	return 0;
}

static int
model_set_repeat(int i, uint64_t repeat)
{
	if (model.things[TIMER][i].state >= CLOSING)
		return -EINVAL;
	model.things[TIMER][i].repeat_ns = repeat;
	if (repeat != 0)
		model.things[TIMER][i].interval_ns = repeat;
	return 0;
}

static int
model_stop(enum kind kind, int i)
{
	if (model.things[kind][i].state == ACTIVE)
		model.things[kind][i].state = REST;
	return 0;
}

static int
model_set_ref(enum kind kind, int i, int on)
{
	if (model.things[kind][i].state >= CLOSING)
		return -EINVAL;
	model.things[kind][i].is_referenced = on;
	return 0;
}

static int
model_close(enum kind kind, int i)
{
	struct thing *thing = &model.things[kind][i];

	if (thing->state >= CLOSING)
		return thing->state == CLOSING ? -EALREADY : -EINVAL;
	thing->state = CLOSING;
	thing->order = ++model.last_order;
	return 0;
}

static int
model_is_active(enum kind kind, int i)
{
	return model.things[kind][i].state == ACTIVE;
}

static void
model_tick(int body)
{
	put_task(&model.ticks, body);
}

static void
model_microtask(int body)
{
	put_task(&model.microtasks, body);
}

static void
model_post(int body)
{
	put_task(&model.posts, body);
}

static void
model_write(int body)
{
	put_task(&model.writes, body);
}

static void
model_put(void)
{
	model.n_bytes++;
}

static void
model_drain(void)
{
	model.n_bytes = 0;
}

static void
model_stop_loop(void)
{
	model.is_stopping = 1;
}

static int
count(enum kind kind, enum state state, int only_referenced)
{
	int n = 0;
	int i;

	for (i = 0; i < N_EACH; i++)
		n += model.things[kind][i].state == state &&
			(!only_referenced ||
				model.things[kind][i].is_referenced);
	return n;
}

static int
is_alive(void)
{
	int n = 0;
	int kind;

	for (kind = 0; kind < N_KINDS; kind++)
		n += count((enum kind)kind, ACTIVE, 1) +
			count((enum kind)kind, CLOSING, 0);
	return n > 0 || model.writes.n > model.writes.n_taken;
}

/* Runs the next one; what it has written goes out when it ends. */
static void
run_task(const char *what, struct tasks *tasks)
{
	program_call(what, 0, tasks->bodies[tasks->n_taken++]);
	model.writes.n_sent = model.writes.n;
}

/* At the end of a callback: all ticks, all microtasks, and again. */
static void
run_tasks(void)
{
	struct tasks *ticks = &model.ticks;
	struct tasks *microtasks = &model.microtasks;

	model.writes.n_sent = model.writes.n;
	while (ticks->n_taken < ticks->n ||
		microtasks->n_taken < microtasks->n) {
		while (ticks->n_taken < ticks->n)
			run_task("t", ticks);
		while (microtasks->n_taken < microtasks->n)
			run_task("m", microtasks);
	}
}

static void
call(enum kind kind, int i)
{
	program_call_kind(kind, i);
	run_tasks();
}

/*
 * Returns the active one of a kind that is next behind `after` and not behind
 * `last`, -1 if there is none.
 */
static int
next_one(enum kind kind, enum state state, uint64_t after, uint64_t last)
{
	const struct thing *things = model.things[kind];
	int next = -1;
	int i;

	for (i = 0; i < N_EACH; i++)
		if (things[i].state == state && things[i].order > after &&
			things[i].order <= last &&
			(next < 0 || things[i].order < things[next].order))
			next = i;
	return next;
}

/* Calls all of a kind that were started before, in that order. */
static void
run_kind(enum kind kind, uint64_t last)
{
	uint64_t at = 0;
	int i;

	while ((i = next_one(kind, ACTIVE, at, last)) >= 0) {
		at = model.things[kind][i].order;
		if (kind == WATCHER && model.things[kind][i].is_fresh)
			continue;
		if (kind == IMMEDIATE)
			model.things[kind][i].state = REST;
		call(kind, i);
	}
}

/* Fires a timer; a repeat is on its next beat by then. */
static void
fire(int i, uint64_t now_ns)
{
	struct thing *timer = &model.things[TIMER][i];

	if (timer->repeat_ns == 0) {
		timer->state = REST;
	} else {
		while (timer->deadline_ns <= now_ns)
			timer->deadline_ns += timer->repeat_ns;
		timer->order = ++model.last_order;
	}
	call(TIMER, i);
}

/* Returns the due one that is first, of those started before. */
static int
first_due(uint64_t now_ns, uint64_t last)
{
	const struct thing *timers_ = model.things[TIMER];
	int first = -1;
	int i;

	for (i = 0; i < N_EACH; i++)
		if (timers_[i].state == ACTIVE && timers_[i].order <= last &&
			timers_[i].deadline_ns <= now_ns &&
			(first < 0 ||
				timers_[i].deadline_ns <
					timers_[first].deadline_ns ||
				(timers_[i].deadline_ns ==
						timers_[first].deadline_ns &&
					timers_[i].order <
						timers_[first].order)))
			first = i;
	return first;
}

static void
model_timers(void)
{
	uint64_t last = model.last_order;
	uint64_t now_ns;
	int i;

	if (count(TIMER, ACTIVE, 0) == 0)
		return;
	now_ns = model_fresh_now();
	while ((i = first_due(now_ns, last)) >= 0)
		fire(i, now_ns);
}

static int
is_closing(void)
{
	int kind;

	for (kind = 0; kind < N_HANDLE_KINDS; kind++)
		if (count((enum kind)kind, CLOSING, 0) > 0)
			return 1;
	return 0;
}

static int
is_pending(void)
{
	return model.writes.n_sent > model.writes.n_taken;
}

static int
may_wait(void)
{
	return count(IDLE, ACTIVE, 0) == 0 &&
		count(IMMEDIATE, ACTIVE, 1) == 0 && !is_pending() &&
		!is_closing() && !model.is_stopping && is_alive();
}

static uint64_t
wait_ns(void)
{
	uint64_t nearest_ns = ROTA_FOREVER;
	uint64_t now_ns;
	int i;

	for (i = 0; i < N_EACH; i++)
		if (model.things[TIMER][i].state == ACTIVE &&
			model.things[TIMER][i].deadline_ns < nearest_ns)
			nearest_ns = model.things[TIMER][i].deadline_ns;
	if (nearest_ns == ROTA_FOREVER)
		return ROTA_FOREVER;
	now_ns = model_fresh_now();
	return nearest_ns > now_ns ? nearest_ns - now_ns : 0;
}

static int
is_readable(void)
{
	return model.n_bytes > 0 && count(WATCHER, ACTIVE, 0) > 0;
}

static void
model_wait(uint64_t timeout_ns)
{
	if (is_readable())
		return;
	if (timeout_ns == ROTA_FOREVER) {
		model.is_stopping = 1;
		return;
	}
	if (program_is_interrupted()) {
		harness_advance(timeout_ns / 2);
		model.n_bytes++;
		if (is_readable())
			return;
	}
	harness_advance(timeout_ns);
}

static void
model_pending(int n_rounds)
{
	while (n_rounds-- > 0) {
		int end = model.writes.n_sent;

		while (model.writes.n_taken < end) {
			run_task("w", &model.writes);
			run_tasks();
		}
	}
}

static void
model_posts(void)
{
	int end = model.posts.n;

	while (model.posts.n_taken < end) {
		run_task("p", &model.posts);
		run_tasks();
	}
}

static void
end_one(enum kind kind, int i)
{
	model.things[kind][i].state = CLOSED;
	program_call_close(kind, i);
	run_tasks();
}

static void
model_closes(void)
{
	uint64_t last = model.last_order;
	uint64_t at = 0;

	for (;;) {
		int first_kind = -1;
		int first = -1;
		int kind;

		for (kind = 0; kind < N_HANDLE_KINDS; kind++) {
			int i = next_one((enum kind)kind, CLOSING, at, last);

			if (i >= 0 &&
				(first < 0 ||
					model.things[kind][i].order <
						model.things[first_kind][first]
							.order)) {
				first_kind = kind;
				first = i;
			}
		}
		if (first < 0)
			return;
		at = model.things[first_kind][first].order;
		end_one((enum kind)first_kind, first);
	}
}

static void
begin_turn(void)
{
	int i;

	model_pending(1);
	run_kind(IDLE, model.last_order);
	run_kind(PREPARE, model.last_order);
	for (i = 0; i < N_EACH; i++)
		model.things[WATCHER][i].is_fresh = 0;
}

static void
end_turn(uint64_t timeout_ns)
{
	uint64_t last;

	model.now_is_good = 0;
	if (timeout_ns != 0) {
		if (model.posts.n_taken == model.posts.n)
			model_wait(timeout_ns);
		else
			timeout_ns = 0;
	}
	if (is_readable())
		run_kind(WATCHER, model.last_order);
	model_posts();
	model_pending(PENDING_ROUNDS);
	last = model.last_order;
	run_kind(CHECK, last);
	run_kind(IMMEDIATE, last);
	model_closes();
}

/* One turn; 0 if nothing holds the loop after the timers. */
static int
model_turn(enum rota_run_mode mode)
{
	int had_pending;
	int waits;

	had_pending = is_pending();
	model_timers();
	if (mode == ROTA_RUN_DEFAULT && !is_alive())
		return 0;
	begin_turn();
	waits = mode != ROTA_RUN_NOWAIT && may_wait() &&
		(mode == ROTA_RUN_DEFAULT || !had_pending);
	end_turn(waits ? wait_ns() : 0);
	if (mode == ROTA_RUN_ONCE && waits)
		model_timers();
	return 1;
}

static int
is_revived(void)
{
	if (model.is_stopping)
		return 0;
	program_call_before_exit();
	run_tasks();
	return is_alive();
}

static int
model_run(enum rota_run_mode mode)
{
	model.now_is_good = 0;
	if (!model.is_stopping) {
		run_tasks();
		if (mode != ROTA_RUN_DEFAULT)
			(void)model_turn(mode);
		else
			do
				while (!model.is_stopping && model_turn(mode))
					;
			while (is_revived());
	}
	model.is_stopping = 0;
	return is_alive();
}

static int
model_drive(void)
{
	uint64_t timeout_ns;

	model.now_is_good = 0;
	run_tasks();
	model_timers();
	begin_turn();
	timeout_ns = may_wait() ? wait_ns() : 0;
	end_turn(timeout_ns);
	model.is_stopping = 0;
	return is_alive();
}

const struct side model_side = {
	.start = model_start,
	.again = model_again,
	.set_repeat = model_set_repeat,
	.stop = model_stop,
	.set_ref = model_set_ref,
	.close = model_close,
	.is_active = model_is_active,
	.tick = model_tick,
	.microtask = model_microtask,
	.post = model_post,
	.write = model_write,
	.put = model_put,
	.drain = model_drain,
	.stop_loop = model_stop_loop,
	.run = model_run,
	.drive = model_drive,
};

void
model_begin(void)
{
	int kind, i;

	memset(&model, 0, sizeof(model));
	for (kind = 0; kind < N_KINDS; kind++)
		for (i = 0; i < N_EACH; i++) {
			model.things[kind][i].state = REST;
			model.things[kind][i].is_referenced = 1;
		}
}
