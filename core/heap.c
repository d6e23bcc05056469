/* SPDX-License-Identifier: MIT */
/* The timer heap, see heap.h: four children per entry, keys in the array. */
#include "core/heap.h"

#include <errno.h>
#include <string.h>

#include "core/heap_order.h"

#define ARITY 4
#define MIN_CAPACITY 16

/* Up to so many the heap alone is as fast. */
#define MIN_LIMIT 2048

/* Of the cache, on most machines. */
#define LINE_BYTES 64

/* From this length on the array grows by a quarter. */
#define LARGE 1024

static void
place(struct rota__heap *heap, uint32_t pos, struct rota__heap_entry entry)
{
	heap->entries[pos] = entry;
	entry.alarm->pos = pos;
}

/* Moves an entry from a hole at pos up to where its parent is not after. */
static void
sift_up(struct rota__heap *heap, uint32_t pos, struct rota__heap_entry entry)
{
	while (pos > 0) {
		uint32_t parent = (pos - 1) / ARITY;

		if (!rota__entry_is_before(&entry, &heap->entries[parent]))
			break;
		place(heap, pos, heap->entries[parent]);
		pos = parent;
	}
	place(heap, pos, entry);
}

/* Returns the first in order of the children from `child` on. */
static uint32_t
first_child(const struct rota__heap *heap, uint32_t child)
{
	uint32_t end = heap->n - child > ARITY ? child + ARITY : heap->n;
	uint32_t first = child;

	for (child++; child < end; child++)
		if (rota__entry_is_before(
			    &heap->entries[child], &heap->entries[first]))
			first = child;
	return first;
}

/* Moves an entry from a hole at pos down to where no child is before it. */
static void
sift_down(struct rota__heap *heap, uint32_t pos, struct rota__heap_entry entry)
{
	while (pos < (heap->n + ARITY - 2) / ARITY) {
		uint32_t child = first_child(heap, pos * ARITY + 1);

		if (!rota__entry_is_before(&heap->entries[child], &entry))
			break;
		place(heap, pos, heap->entries[child]);
		pos = child;
	}
	place(heap, pos, entry);
}

/* Fills the hole at pos with the last entry. */
static void
remove_at(struct rota__heap *heap, uint32_t pos)
{
	struct rota__heap_entry last = heap->entries[--heap->n];

	if (pos == heap->n)
		return;
	if (pos > 0 &&
		rota__entry_is_before(&last, &heap->entries[(pos - 1) / ARITY]))
		sift_up(heap, pos, last);
	else
		sift_down(heap, pos, last);
}

static inline int
is_stopped(const struct rota_alarm *alarm)
{
	return alarm->seq == 0;
}

/* Gives the top its true key until that is the top's, and none is stopped. */
static void
freshen_top(struct rota__heap *heap)
{
	while (heap->n > 0) {
		struct rota__heap_entry top = heap->entries[0];

		if (is_stopped(top.alarm)) {
			remove_at(heap, 0);
			top.alarm->pos = ROTA__HEAP_NOWHERE;
			continue;
		}
		if (top.key_ns == top.alarm->deadline_ns)
			return;
		top.key_ns = top.alarm->deadline_ns;
		if (top.key_ns <= heap->near_ns) {
			sift_down(heap, 0, top);
		} else {
			remove_at(heap, 0);
			rota__slots_add(&heap->slots, top.alarm);
		}
	}
}

/* Puts an alarm aside, before those that are there. */
static void
put_aside(struct rota__heap *heap, struct rota_alarm *alarm)
{
	struct rota__heap_entry entry = { alarm->deadline_ns, alarm };

	place(heap, heap->capacity - ++heap->n_due, entry);
}

/* Puts an alarm last, whatever the order. */
static void
append(struct rota__heap *heap, struct rota_alarm *alarm)
{
	struct rota__heap_entry entry = { alarm->deadline_ns, alarm };

	place(heap, heap->n++, entry);
}

/* Brings entries that stand in any order into that of a heap. */
static void
put_in_order(struct rota__heap *heap)
{
	uint32_t pos = (heap->n + ARITY - 2) / ARITY;

	while (pos-- > 0)
		sift_down(heap, pos, heap->entries[pos]);
}

/* 1 if it is to be taken in the timers phase in progress. */
static int
is_due(const struct rota__heap *heap, const struct rota_alarm *alarm)
{
	return alarm->deadline_ns <= heap->due_ns && alarm->seq < heap->due_seq;
}

/*
 * Deals alarms of slots taken out: those that are due aside and the near ones
 * to the heap, both in no order, the others to slots again.
 */
static void
deal(struct rota__heap *heap, uint32_t nodes)
{
	struct rota_alarm *alarms[ROTA__NODE_ALARMS];
	unsigned n;
	unsigned i;

	while ((n = rota__slots_take(&heap->slots, &nodes, alarms)) > 0)
		for (i = 0; i < n; i++)
			if (alarms[i]->deadline_ns > heap->near_ns)
				rota__slots_add(&heap->slots, alarms[i]);
			else if (is_due(heap, alarms[i]))
				put_aside(heap, alarms[i]);
			else
				append(heap, alarms[i]);
}

/* Brings all that is aside, in no order, into order. */
static void
sort_aside(struct rota__heap *heap)
{
	uint32_t pos = heap->capacity - heap->n_due;

	rota__heap_sort(heap->entries + pos, heap->n_due);
	for (; pos < heap->capacity; pos++) {
		struct rota_alarm *alarm = heap->entries[pos].alarm;

		alarm->pos = pos;
		/* Its owner, which lies around it, is the next to be used. */
		__builtin_prefetch((const char *)alarm + LINE_BYTES / 2);
	}
}

void
rota__heap_init(struct rota__heap *heap, const struct rota__memory *memory)
{
	memset(heap, 0, sizeof(*heap));
	heap->memory = *memory;
	heap->next_seq = 1;
	heap->near_ns = UINT64_MAX;
	heap->limit = MIN_LIMIT;
	heap->min_limit = MIN_LIMIT;
}

void
rota__heap_fini(struct rota__heap *heap)
{
	rota__free(&heap->memory, heap->entries);
	rota__free(&heap->memory, heap->slots.nodes);
	heap->entries = NULL;
	heap->slots.nodes = NULL;
}

/* Moves to an array of another length, the due part to its new end. */
static int
resize(struct rota__heap *heap, uint32_t capacity)
{
	uint32_t from = heap->capacity - heap->n_due;
	uint32_t to = capacity - heap->n_due;
	struct rota__heap_entry *entries;
	uint32_t i;

	entries =
		rota__realloc(&heap->memory, NULL, capacity * sizeof(*entries));
	if (entries == NULL)
		return -ENOMEM;
	if (heap->n > 0)
		memcpy(entries, heap->entries, heap->n * sizeof(*entries));
	for (i = 0; i < heap->n_due; i++) {
		entries[to + i] = heap->entries[from + i];
		if (entries[to + i].alarm != NULL)
			entries[to + i].alarm->pos = to + i;
	}
	rota__free(&heap->memory, heap->entries);
	heap->entries = entries;
	heap->capacity = capacity;
	return 0;
}

/*
 * The array is longer than what is reserved by an eighth: an alarm stopped
 * while it is aside leaves a gap there, and may be in the heap again.
 */
static uint32_t
needed(uint32_t n_reserved)
{
	return n_reserved + n_reserved / 8 + 2;
}

static int
grow(struct rota__heap *heap, uint32_t capacity)
{
	int r;

	if (capacity > heap->min_limit) {
		r = rota__slots_reserve(&heap->slots, &heap->memory, capacity);
		if (r < 0)
			return r;
	}
	return resize(heap, capacity);
}

int
rota__heap_reserve(struct rota__heap *heap, struct rota_alarm *alarm)
{
	uint32_t capacity = heap->capacity ? heap->capacity : MIN_CAPACITY;
	int r;

	if (heap->n_reserved >= ROTA__POS_FAR / 4)
		return -ENOMEM;
	while (capacity < needed(heap->n_reserved + 1))
		capacity += capacity < LARGE ? capacity : capacity / 4;
	if (capacity != heap->capacity) {
		r = grow(heap, capacity);
		if (r < 0)
			return r;
	}
	heap->n_reserved++;
	alarm->pos = ROTA__HEAP_NOWHERE;
	alarm->deadline_ns = 0;
	alarm->seq = 0;
	return 0;
}

/* The slots are empty: what is started from now on goes into the heap. */
static void
leave_slots(struct rota__heap *heap)
{
	heap->near_ns = UINT64_MAX;
	heap->limit = heap->min_limit + heap->n;
}

/* 1 if it is in the heap itself, neither in a slot nor aside. */
static int
is_near(const struct rota__heap *heap, const struct rota_alarm *alarm)
{
	return alarm->pos < heap->n;
}

/* Leaves no entry of an alarm, set or not. */
static void
take_out(struct rota__heap *heap, struct rota_alarm *alarm)
{
	if (alarm->pos == ROTA__HEAP_NOWHERE)
		return;
	if (rota__alarm_is_far(alarm))
		rota__slots_remove(&heap->slots, alarm);
	else if (is_near(heap, alarm))
		remove_at(heap, alarm->pos);
	else
		heap->entries[alarm->pos].alarm = NULL;
	alarm->pos = ROTA__HEAP_NOWHERE;
}

void
rota__heap_release(struct rota__heap *heap, struct rota_alarm *alarm)
{
	take_out(heap, alarm);
	heap->n_reserved--;
	/* A failure to shrink leaves a larger array, which is no harm. */
	if (heap->n_due == 0 && heap->capacity > MIN_CAPACITY &&
		needed(heap->n_reserved) <= heap->capacity / 4)
		(void)resize(heap, heap->capacity / 2);
	/* They may shrink to less than what a longer array will need. */
	if (heap->slots.n == 0)
		leave_slots(heap);
	rota__slots_shrink(&heap->slots, &heap->memory, heap->capacity);
}

/* Closes the gaps in the due part, towards its end. */
static void
close_gaps(struct rota__heap *heap)
{
	uint32_t first = heap->capacity - heap->n_due;
	uint32_t to = heap->capacity;
	uint32_t from = heap->capacity;

	while (from-- > first)
		if (heap->entries[from].alarm != NULL)
			place(heap, --to, heap->entries[from]);
	heap->n_due = heap->capacity - to;
}

static int
has_equal_parent(const struct rota__heap *heap, uint32_t pos)
{
	const struct rota__heap_entry *entries = heap->entries;

	return pos > 0 &&
		entries[(pos - 1) / ARITY].key_ns == entries[pos].key_ns;
}

/* The entry has become stale, or stopped. */
static inline void
go_before_equals(struct rota__heap *heap, uint32_t pos)
{
	if (has_equal_parent(heap, pos))
		sift_up(heap, pos, heap->entries[pos]);
}

/* Changes the deadline of an alarm that has an entry in the heap. */
static void
restart(struct rota__heap *heap, struct rota_alarm *alarm, uint64_t deadline_ns)
{
	struct rota__heap_entry entry = heap->entries[alarm->pos];

	alarm->deadline_ns = deadline_ns;
	alarm->seq = heap->next_seq++;
	/* Stale from now on. */
	if (deadline_ns > entry.key_ns) {
		go_before_equals(heap, alarm->pos);
		return;
	}
	if (deadline_ns == entry.key_ns) {
		sift_down(heap, alarm->pos, entry);
		return;
	}
	entry.key_ns = deadline_ns;
	sift_up(heap, alarm->pos, entry);
}

/*
 * There are many in the heap. Leaves only the next ones there, and puts the
 * others into slots. Those in slots have to be dealt out anew, since the base
 * goes back; they must not be so many that this is not worth it.
 */
static void
spread(struct rota__heap *heap)
{
	uint32_t nodes;
	uint32_t n;
	uint32_t i;

	freshen_top(heap);
	if (heap->n < heap->slots.n / 8 || heap->n < heap->min_limit) {
		heap->limit = heap->min_limit + heap->slots.n / 8;
		return;
	}
	nodes = rota__slots_take_all(&heap->slots);
	heap->near_ns = rota__slot_end(heap->entries[0].key_ns);
	heap->slots.base_ns = heap->entries[0].key_ns;
	n = heap->n;
	heap->n = 0;
	for (i = 0; i < n; i++) {
		struct rota_alarm *alarm = heap->entries[i].alarm;

		if (is_stopped(alarm))
			alarm->pos = ROTA__HEAP_NOWHERE;
		else if (alarm->deadline_ns > heap->near_ns)
			rota__slots_add(&heap->slots, alarm);
		else
			append(heap, alarm);
	}
	deal(heap, nodes);
	put_in_order(heap);
	heap->limit = heap->min_limit + 2 * heap->n;
}

/*
 * Fetches what the first slot has into the heap, or deals it to finer slots.
 * What is due goes aside at once.
 */
static void
open_slot(struct rota__heap *heap)
{
	struct rota__slot_range range = rota__slots_open(&heap->slots);

	uint32_t pos = heap->n;

	heap->near_ns = range.is_small ? range.last_ns : range.first_ns - 1;
	deal(heap, range.nodes);
	for (; pos < heap->n; pos++)
		sift_up(heap, pos, heap->entries[pos]);
	if (heap->slots.n == 0)
		leave_slots(heap);
}

/* An alarm whose time is set goes into the heap. */
__attribute__((noinline)) static void
push(struct rota__heap *heap, struct rota_alarm *alarm)
{
	struct rota__heap_entry entry = { alarm->deadline_ns, alarm };

	if (heap->n == heap->capacity - heap->n_due)
		close_gaps(heap);
	sift_up(heap, heap->n++, entry);
	if (heap->n > heap->limit)
		spread(heap);
}

/* Starts an alarm that has an entry. */
__attribute__((noinline)) static void
place_anew(
	struct rota__heap *heap, struct rota_alarm *alarm, uint64_t deadline_ns)
{
	if (is_near(heap, alarm)) {
		restart(heap, alarm, deadline_ns);
		return;
	}
	take_out(heap, alarm);
	rota__heap_place(heap, alarm, deadline_ns);
}

void
rota__heap_place(
	struct rota__heap *heap, struct rota_alarm *alarm, uint64_t deadline_ns)
{
	if (alarm->pos != ROTA__HEAP_NOWHERE) {
		place_anew(heap, alarm, deadline_ns);
		return;
	}
	alarm->deadline_ns = deadline_ns;
	alarm->seq = heap->next_seq++;
	if (deadline_ns > heap->near_ns)
		rota__slots_add(&heap->slots, alarm);
	else
		push(heap, alarm);
}

void
rota__heap_stop(struct rota__heap *heap, struct rota_alarm *alarm)
{
	if (!is_near(heap, alarm)) {
		take_out(heap, alarm);
		return;
	}
	alarm->seq = 0;
	go_before_equals(heap, alarm->pos);
}

uint64_t
rota__heap_next(struct rota__heap *heap)
{
	freshen_top(heap);
	while (heap->n == 0 && heap->slots.n > 0)
		open_slot(heap);
	return heap->n > 0 ? heap->entries[0].key_ns : ROTA_FOREVER;
}

/* They came latest first: turns the due part around. */
static void
reverse_due(struct rota__heap *heap)
{
	uint32_t low = heap->capacity - heap->n_due;
	uint32_t high = heap->capacity - 1;

	for (; low < high; low++, high--) {
		struct rota__heap_entry entry = heap->entries[low];

		place(heap, low, heap->entries[high]);
		place(heap, high, entry);
	}
}

/* Moves what is due of the heap aside. */
static void
set_near_aside(struct rota__heap *heap, uint64_t now_ns)
{
	while (heap->n > 0 && heap->entries[0].key_ns <= now_ns) {
		struct rota__heap_entry top = heap->entries[0];

		remove_at(heap, 0);
		place(heap, heap->capacity - ++heap->n_due, top);
		freshen_top(heap);
	}
	reverse_due(heap);
}

/* 1 if the first slot begins before what is due ends. */
static int
has_due_slot(const struct rota__heap *heap)
{
	return heap->slots.n > 0 &&
		rota__slots_begin(&heap->slots) <= heap->due_ns;
}

/*
 * What is due in the heap goes aside now. What is due in the slots does so
 * one slot after the other, as they are taken; what is started meanwhile is
 * told by its number.
 */
int
rota__heap_set_due_aside(struct rota__heap *heap, uint64_t now_ns)
{
	heap->due_seq = 0;
	if (rota__heap_next(heap) > now_ns || heap->n == 0)
		return 0;
	set_near_aside(heap, now_ns);
	heap->due_ns = now_ns;
	heap->due_seq = heap->next_seq;
	return 1;
}

/* Returns 1 if some of the slots are due. They end with the phase. */
__attribute__((noinline)) static int
set_slots_aside(struct rota__heap *heap)
{
	while (heap->n_due == 0 && has_due_slot(heap)) {
		open_slot(heap);
		sort_aside(heap);
	}
	if (heap->n_due == 0)
		heap->due_seq = 0;
	return heap->n_due > 0;
}

struct rota_alarm *
rota__heap_take_due(struct rota__heap *heap)
{
	while (heap->n_due > 0 || set_slots_aside(heap)) {
		uint32_t next = heap->capacity - heap->n_due--;
		struct rota_alarm *alarm = heap->entries[next].alarm;

		if (alarm != NULL) {
			alarm->pos = ROTA__HEAP_NOWHERE;
			return alarm;
		}
	}
	return NULL;
}

static int
is_entry_sound(const struct rota__heap *heap, uint32_t pos)
{
	const struct rota__heap_entry *entry = &heap->entries[pos];
	const struct rota__heap_entry *parent;

	if (entry->alarm->pos != pos ||
		entry->key_ns > entry->alarm->deadline_ns)
		return 0;
	if (pos == 0)
		return 1;
	parent = &heap->entries[(pos - 1) / ARITY];
	return !rota__entry_is_before(entry, parent);
}

int
rota__heap_is_sound(const struct rota__heap *heap)
{
	uint32_t i;

	if (heap->n + heap->n_due > heap->capacity)
		return 0;
	for (i = 0; i < heap->n; i++)
		if (!is_entry_sound(heap, i) ||
			heap->entries[i].key_ns > heap->near_ns)
			return 0;
	if (!rota__slots_are_sound(&heap->slots, heap->near_ns))
		return 0;
	for (i = heap->capacity - heap->n_due; i < heap->capacity; i++)
		if (heap->entries[i].alarm != NULL &&
			heap->entries[i].alarm->pos != i)
			return 0;
	return 1;
}
