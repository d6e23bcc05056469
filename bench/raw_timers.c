/* SPDX-License-Identifier: MIT */
/* Timers of loops that are written by hand. */
#include <stdlib.h>
#include <string.h>

#include "bench/raw.h"

#define NS_PER_MS UINT64_C(1000000)

void
raw_timers_init(struct raw_timers *timers)
{
	timers->now_ns = clock_ns();
	timers->next_ms = timers->now_ns / NS_PER_MS;
	timers->later_ms = UINT64_MAX;
}

static void
grow(struct raw_slot *slot)
{
	slot->room = slot->room ? 2 * slot->room : 16;
	slot->entries =
		realloc(slot->entries, slot->room * sizeof(*slot->entries));
	if (!slot->entries)
		die("out of memory");
}

static inline void
append(struct raw_slot *slot, struct raw_entry entry)
{
	if (slot->n == slot->room)
		grow(slot);
	slot->entries[slot->n++] = entry;
}

static inline void
insert(struct raw_timers *timers, struct raw_entry entry)
{
	uint64_t ms = entry.key_ns / NS_PER_MS;

	if (ms < timers->next_ms)
		ms = timers->next_ms;
	if (ms - timers->next_ms < RAW_SLOTS) {
		append(&timers->slots[ms % RAW_SLOTS], entry);
		return;
	}
	append(&timers->later, entry);
	if (ms < timers->later_ms)
		timers->later_ms = ms;
}

void
raw_timer_arm(struct raw_timers *timers, struct raw_timer *timer,
	uint64_t deadline_ns)
{
	if (timer->deadline_ns == 0)
		timers->n_armed++;
	timer->deadline_ns = deadline_ns;
	if (timer->key_ns != 0 && timer->key_ns <= deadline_ns)
		return;
	timer->key_ns = deadline_ns;
	insert(timers,
		(struct raw_entry){ .key_ns = deadline_ns, .timer = timer });
}

void
raw_timer_stop(struct raw_timers *timers, struct raw_timer *timer)
{
	if (timer->deadline_ns == 0)
		return;
	timer->deadline_ns = 0;
	timers->n_armed--;
}

/* Merges two neighbours, of which each is in order, into `to`. */
static void
merge(struct raw_entry *to, const struct raw_entry *a, unsigned n_a,
	const struct raw_entry *b, unsigned n_b)
{
	while (n_a > 0 && n_b > 0) {
		if (b->key_ns < a->key_ns) {
			*to++ = *b++;
			n_b--;
		} else {
			*to++ = *a++;
			n_a--;
		}
	}
	memcpy(to, a, n_a * sizeof(*a));
	memcpy(to + n_a, b, n_b * sizeof(*b));
}

static void
sort_few(struct raw_entry *entries, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		struct raw_entry entry = entries[i];
		unsigned at = i;

		for (; at > 0 && entry.key_ns < entries[at - 1].key_ns; at--)
			entries[at] = entries[at - 1];
		entries[at] = entry;
	}
}

#define FEW 8

/* Equals stay in the order in which they were appended. */
static void
sort(struct raw_timers *timers, struct raw_slot *slot)
{
	unsigned n = slot->n;

	while (timers->room.room < n)
		grow(&timers->room);
	for (unsigned i = 0; i < n; i += FEW)
		sort_few(slot->entries + i, n - i < FEW ? n - i : FEW);
	for (unsigned width = FEW; width < n; width *= 2) {
		struct raw_slot sorted = timers->room;

		for (unsigned i = 0; i < n; i += 2 * width) {
			unsigned left = n - i;
			unsigned n_a = left < width ? left : width;
			unsigned n_b = left - n_a < width ? left - n_a : width;

			merge(sorted.entries + i, slot->entries + i, n_a,
				slot->entries + i + n_a, n_b);
		}
		timers->room.entries = slot->entries;
		timers->room.room = slot->room;
		slot->entries = sorted.entries;
		slot->room = sorted.room;
	}
}

/* A round of the slots is over: takes in what lies in the next one. */
static void
take_later(struct raw_timers *timers)
{
	struct raw_slot later = timers->later;

	memset(&timers->later, 0, sizeof(timers->later));
	timers->later_ms = UINT64_MAX;
	for (unsigned i = 0; i < later.n; i++)
		insert(timers, later.entries[i]);
	free(later.entries);
}

/* Moves what is due of a slot to the end of `due`, in order. */
static void
take_due(struct raw_timers *timers, struct raw_slot *slot)
{
	unsigned n_due = 0;

	sort(timers, slot);
	while (n_due < slot->n && slot->entries[n_due].key_ns <= timers->now_ns)
		append(&timers->due, slot->entries[n_due++]);
	slot->n -= n_due;
	memmove(slot->entries, slot->entries + n_due,
		slot->n * sizeof(*slot->entries));
}

static void
fire(struct raw_timers *timers, struct raw_entry entry,
	void (*fn)(struct raw_timer *timer))
{
	struct raw_timer *timer = entry.timer;

	/* Left over, or stopped and not started since. */
	if (timer->key_ns != entry.key_ns)
		return;
	timer->key_ns = 0;
	if (timer->deadline_ns == 0)
		return;
	if (timer->deadline_ns > entry.key_ns) {
		timer->key_ns = timer->deadline_ns;
		entry.key_ns = timer->deadline_ns;
		insert(timers, entry);
		return;
	}
	timer->deadline_ns = 0;
	timers->n_armed--;
	fn(timer);
}

/* How far ahead the next timers are fetched into the cache. */
#define AHEAD 8

void
raw_timers_fire(struct raw_timers *timers, void (*fn)(struct raw_timer *timer))
{
	struct raw_slot *due = &timers->due;
	uint64_t now_ms;

	if (timers->n_armed == 0)
		return;
	timers->now_ns = clock_ns();
	now_ms = timers->now_ns / NS_PER_MS;
	due->n = 0;
	for (;;) {
		struct raw_slot *slot =
			&timers->slots[timers->next_ms % RAW_SLOTS];

		if (slot->n > 0)
			take_due(timers, slot);
		if (timers->next_ms >= now_ms)
			break;
		timers->next_ms++;
		if (timers->next_ms + RAW_SLOTS > timers->later_ms)
			take_later(timers);
	}
	for (unsigned i = 0; i < due->n; i++) {
		if (i + AHEAD < due->n)
			__builtin_prefetch(due->entries[i + AHEAD].timer, 1);
		fire(timers, due->entries[i], fn);
	}
}

int
raw_timers_wait_ms(struct raw_timers *timers)
{
	if (timers->n_armed == 0)
		return -1;
	for (unsigned i = 0; i < RAW_SLOTS; i++) {
		const struct raw_slot *slot =
			&timers->slots[(timers->next_ms + i) % RAW_SLOTS];
		uint64_t least = UINT64_MAX;
		uint64_t now;

		if (slot->n == 0)
			continue;
		for (unsigned j = 0; j < slot->n; j++)
			if (slot->entries[j].key_ns < least)
				least = slot->entries[j].key_ns;
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
	raw_timer_arm(own->timer.data, &own->timer, 1);
}

void
raw_timers_zero(void *loop)
{
	static struct own_timer zero;

	zero.timer.data = loop;
	zero.fired = on_zero;
	raw_timer_arm(loop, &zero.timer, 1);
}
