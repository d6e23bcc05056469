/* SPDX-License-Identifier: MIT */
/* Timers of loops that are written by hand. */
#include "bench/raw.h"

#define NS_PER_MS UINT64_C(1000000)

void
raw_timers_init(struct raw_timers *timers)
{
	timers->now_ns = clock_ns();
	timers->next_ms = timers->now_ns / NS_PER_MS;
	timers->later_ms = UINT64_MAX;
}

static inline void
push(struct raw_timer **head, struct raw_timer *timer)
{
	timer->next = *head;
	if (*head)
		(*head)->link = &timer->next;
	timer->link = head;
	*head = timer;
}

void
raw_timer_arm(struct raw_timers *timers, struct raw_timer *timer,
	uint64_t deadline_ns)
{
	uint64_t ms = deadline_ns / NS_PER_MS;

	timer->deadline_ns = deadline_ns;
	timers->n_armed++;
	if (ms < timers->next_ms)
		ms = timers->next_ms;
	if (ms - timers->next_ms < RAW_SLOTS) {
		push(&timers->slots[ms % RAW_SLOTS], timer);
		return;
	}
	push(&timers->later, timer);
	if (ms < timers->later_ms)
		timers->later_ms = ms;
}

void
raw_timer_stop(struct raw_timers *timers, struct raw_timer *timer)
{
	if (!timer->link)
		return;
	*timer->link = timer->next;
	if (timer->next)
		timer->next->link = timer->link;
	timer->link = NULL;
	timers->n_armed--;
}

/* Merges two sorted lists; of equals those of `a` go first. */
static struct raw_timer *
merge(struct raw_timer *a, struct raw_timer *b)
{
	struct raw_timer *first = NULL;
	struct raw_timer **end = &first;

	while (a && b) {
		struct raw_timer **less = b->deadline_ns < a->deadline_ns ? &b :
									    &a;

		*end = *less;
		end = &(*less)->next;
		*less = *end;
	}
	*end = a ? a : b;
	return first;
}

/* The list is in the order opposite to that of starting. */
static struct raw_timer *
sort(struct raw_timer *list)
{
	struct raw_timer *runs[32] = { NULL };
	struct raw_timer *all = NULL;

	while (list) {
		struct raw_timer *run = list;
		unsigned i;

		list = list->next;
		run->next = NULL;
		/* The later in the list, the earlier it was started. */
		for (i = 0; runs[i]; i++) {
			run = merge(run, runs[i]);
			runs[i] = NULL;
		}
		runs[i] = run;
	}
	for (unsigned i = 0; i < 32; i++)
		all = merge(runs[i], all);
	return all;
}

/* A round of the slots is over: takes in what lies in the next one. */
static void
take_later(struct raw_timers *timers)
{
	struct raw_timer *list = timers->later;

	timers->later = NULL;
	timers->later_ms = UINT64_MAX;
	while (list) {
		struct raw_timer *next = list->next;

		timers->n_armed--;
		raw_timer_arm(timers, list, list->deadline_ns);
		list = next;
	}
}

/*
 * Takes out of a slot what is due, in order, and appends it at *end; returns
 * the new end.
 */
static struct raw_timer **
take_due(struct raw_timers *timers, struct raw_timer **slot,
	struct raw_timer **end)
{
	struct raw_timer *list = sort(*slot);

	*slot = NULL;
	*end = list;
	while (*end && (*end)->deadline_ns <= timers->now_ns)
		end = &(*end)->next;
	list = *end;
	*end = NULL;
	while (list) {
		struct raw_timer *next = list->next;

		push(slot, list);
		list = next;
	}
	return end;
}

void
raw_timers_fire(struct raw_timers *timers, void (*fn)(struct raw_timer *timer))
{
	struct raw_timer *due = NULL;
	struct raw_timer **end = &due;
	uint64_t now_ms;

	if (timers->n_armed == 0)
		return;
	timers->now_ns = clock_ns();
	now_ms = timers->now_ns / NS_PER_MS;
	for (;;) {
		struct raw_timer **slot =
			&timers->slots[timers->next_ms % RAW_SLOTS];

		if (*slot)
			end = take_due(timers, slot, end);
		if (timers->next_ms >= now_ms)
			break;
		timers->next_ms++;
		if (timers->next_ms + RAW_SLOTS > timers->later_ms)
			take_later(timers);
	}
	while (due) {
		struct raw_timer *timer = due;

		due = timer->next;
		timer->link = NULL;
		timers->n_armed--;
		fn(timer);
	}
}

int
raw_timers_wait_ms(struct raw_timers *timers)
{
	if (timers->n_armed == 0)
		return -1;
	for (unsigned i = 0; i < RAW_SLOTS; i++) {
		uint64_t ms = timers->next_ms + i;
		struct raw_timer *timer = timers->slots[ms % RAW_SLOTS];
		uint64_t least = UINT64_MAX;
		uint64_t now;

		if (!timer)
			continue;
		for (; timer; timer = timer->next)
			if (timer->deadline_ns < least)
				least = timer->deadline_ns;
		now = clock_ns();
		if (least <= now)
			return 0;
		return (int)((least - now + NS_PER_MS - 1) / NS_PER_MS);
	}
	return RAW_SLOTS;
}

/* What the workloads want of them. */

struct own_timer {
	struct raw_timer timer;
	void (*fired)(struct own_timer *own);
};

void
raw_timer_fired(struct raw_timer *timer)
{
	struct own_timer *own = (struct own_timer *)timer;

	own->fired(own);
}

static void
on_timer(struct own_timer *own)
{
	timers_fired(own->timer.data);
}

void
raw_timers_make(void *loop, struct timers *timers)
{
	struct own_timer *own = get_memory(timers->n, sizeof(*own));

	(void)loop;
	for (unsigned i = 0; i < timers->n; i++) {
		own[i].timer.data = timers;
		own[i].fired = on_timer;
	}
	timers->own = own;
}

void
raw_timers_arm(void *loop, struct timers *timers)
{
	struct raw_timers *all = loop;
	struct own_timer *own = timers->own;

	for (unsigned i = 0; i < timers->n; i++)
		raw_timer_arm(
			all, &own[i].timer, all->now_ns + timers->delays_ns[i]);
}

void
raw_timers_idle(void *loop, struct timers *timers, uint64_t delay_ns)
{
	struct raw_timers *all = loop;
	struct own_timer *own = timers->own;

	for (unsigned i = 0; i < timers->n; i++)
		raw_timer_arm(all, &own[i].timer, all->now_ns + delay_ns);
}

void
raw_timers_again(void *loop, struct timers *timers, unsigned long n)
{
	struct raw_timers *all = loop;
	struct own_timer *own = timers->own;

	for (unsigned i = 0; n > 0; n--) {
		raw_timer_stop(all, &own[i].timer);
		raw_timer_arm(all, &own[i].timer,
			all->now_ns + UINT64_C(60000) * NS_PER_MS);
		i = timers_next(timers, i);
	}
}

void
raw_timers_restart(void *loop, struct timers *timers, unsigned long n)
{
	struct raw_timers *all = loop;
	struct own_timer *own = timers->own;

	for (unsigned i = 0; n > 0; n--) {
		raw_timer_stop(all, &own[i].timer);
		raw_timer_arm(
			all, &own[i].timer, all->now_ns + timers->delays_ns[i]);
		i = timers_next(timers, i);
	}
}

struct late_timer {
	struct own_timer own;
	void *loop;
};

static void
on_late(struct own_timer *own)
{
	struct late_timer *timer = (struct late_timer *)own;
	struct late *late = own->timer.data;

	late->fired(late);
	late->due_ns = clock_ns() + late->delay_ns;
	raw_timer_arm(timer->loop, &own->timer, late->due_ns);
}

void
raw_timers_late(void *loop, struct late *late)
{
	static struct late_timer timer;

	timer.own.timer.data = late;
	timer.own.fired = on_late;
	timer.loop = loop;
	late->due_ns = clock_ns() + late->delay_ns;
	raw_timer_arm(loop, &timer.own.timer, late->due_ns);
}

static void
on_zero(struct own_timer *own)
{
	raw_timer_arm(own->timer.data, &own->timer, 0);
}

void
raw_timers_zero(void *loop)
{
	static struct own_timer zero;

	zero.timer.data = loop;
	zero.fired = on_zero;
	raw_timer_arm(loop, &zero.timer, 0);
}
