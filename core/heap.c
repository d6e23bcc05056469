/* SPDX-License-Identifier: MIT */
/* The timer heap, see heap.h: four children per entry, keys in the array. */
#include "core/heap.h"

#include <errno.h>
#include <string.h>

#define ARITY 4
#define MIN_CAPACITY 16

/* The order among entries of one key; a stale one goes first. */
static uint64_t
order_of(const struct rota__heap_entry *entry)
{
	if (entry->key_ns != entry->alarm->deadline_ns)
		return 0;
	return entry->alarm->seq;
}

static int
is_before(const struct rota__heap_entry *a, const struct rota__heap_entry *b)
{
	if (a->key_ns != b->key_ns)
		return a->key_ns < b->key_ns;
	return order_of(a) < order_of(b);
}

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

		if (!is_before(&entry, &heap->entries[parent]))
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
		if (is_before(&heap->entries[child], &heap->entries[first]))
			first = child;
	return first;
}

/* Moves an entry from a hole at pos down to where no child is before it. */
static void
sift_down(struct rota__heap *heap, uint32_t pos, struct rota__heap_entry entry)
{
	while (pos < (heap->n + ARITY - 2) / ARITY) {
		uint32_t child = first_child(heap, pos * ARITY + 1);

		if (!is_before(&heap->entries[child], &entry))
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
	if (pos > 0 && is_before(&last, &heap->entries[(pos - 1) / ARITY]))
		sift_up(heap, pos, last);
	else
		sift_down(heap, pos, last);
}

/* Gives the top its true key until that is the top's. */
static void
freshen_top(struct rota__heap *heap)
{
	while (heap->n > 0) {
		struct rota__heap_entry top = heap->entries[0];

		if (top.key_ns == top.alarm->deadline_ns)
			return;
		top.key_ns = top.alarm->deadline_ns;
		sift_down(heap, 0, top);
	}
}

void
rota__heap_init(struct rota__heap *heap, const struct rota__memory *memory)
{
	memset(heap, 0, sizeof(*heap));
	heap->memory = *memory;
	heap->next_seq = 1;
}

void
rota__heap_fini(struct rota__heap *heap)
{
	rota__free(&heap->memory, heap->entries);
	heap->entries = NULL;
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

int
rota__heap_reserve(struct rota__heap *heap, struct rota_alarm *alarm)
{
	uint32_t capacity = heap->capacity ? heap->capacity : MIN_CAPACITY;
	int r;

	if (heap->n_reserved >= ROTA__HEAP_NOWHERE / 4)
		return -ENOMEM;
	while (capacity < needed(heap->n_reserved + 1))
		capacity *= 2;
	if (capacity != heap->capacity) {
		r = resize(heap, capacity);
		if (r < 0)
			return r;
	}
	heap->n_reserved++;
	alarm->pos = ROTA__HEAP_NOWHERE;
	alarm->deadline_ns = 0;
	alarm->seq = 0;
	return 0;
}

void
rota__heap_release(struct rota__heap *heap, struct rota_alarm *alarm)
{
	rota__heap_stop(heap, alarm);
	heap->n_reserved--;
	/* A failure to shrink leaves a larger array, which is no harm. */
	if (heap->n_due == 0 && heap->capacity > MIN_CAPACITY &&
		needed(heap->n_reserved) <= heap->capacity / 4)
		(void)resize(heap, heap->capacity / 2);
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
is_aside(const struct rota__heap *heap, const struct rota_alarm *alarm)
{
	return alarm->pos >= heap->n;
}

static int
has_equal_parent(const struct rota__heap *heap, uint32_t pos)
{
	const struct rota__heap_entry *entries = heap->entries;

	return pos > 0 &&
		entries[(pos - 1) / ARITY].key_ns == entries[pos].key_ns;
}

/* Changes the deadline of an alarm in the heap. */
static void
restart(struct rota__heap *heap, struct rota_alarm *alarm, uint64_t deadline_ns)
{
	struct rota__heap_entry entry = heap->entries[alarm->pos];

	alarm->deadline_ns = deadline_ns;
	alarm->seq = heap->next_seq++;
	/* Stale from now on; that puts it before others of its key. */
	if (deadline_ns > entry.key_ns) {
		if (has_equal_parent(heap, alarm->pos))
			sift_up(heap, alarm->pos, entry);
		return;
	}
	if (deadline_ns == entry.key_ns) {
		sift_down(heap, alarm->pos, entry);
		return;
	}
	entry.key_ns = deadline_ns;
	sift_up(heap, alarm->pos, entry);
}

void
rota__heap_start(
	struct rota__heap *heap, struct rota_alarm *alarm, uint64_t deadline_ns)
{
	struct rota__heap_entry entry = { deadline_ns, alarm };

	if (rota__alarm_is_set(alarm)) {
		if (!is_aside(heap, alarm)) {
			restart(heap, alarm, deadline_ns);
			return;
		}
		rota__heap_stop(heap, alarm);
	}
	if (heap->n == heap->capacity - heap->n_due)
		close_gaps(heap);
	alarm->deadline_ns = deadline_ns;
	alarm->seq = heap->next_seq++;
	sift_up(heap, heap->n++, entry);
}

void
rota__heap_stop(struct rota__heap *heap, struct rota_alarm *alarm)
{
	if (!rota__alarm_is_set(alarm))
		return;
	if (is_aside(heap, alarm))
		heap->entries[alarm->pos].alarm = NULL;
	else
		remove_at(heap, alarm->pos);
	alarm->pos = ROTA__HEAP_NOWHERE;
}

uint64_t
rota__heap_next(struct rota__heap *heap)
{
	freshen_top(heap);
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

int
rota__heap_set_due_aside(struct rota__heap *heap, uint64_t now_ns)
{
	while (rota__heap_next(heap) <= now_ns && heap->n > 0) {
		struct rota__heap_entry top = heap->entries[0];

		remove_at(heap, 0);
		place(heap, heap->capacity - ++heap->n_due, top);
	}
	if (heap->n_due == 0)
		return 0;
	reverse_due(heap);
	return 1;
}

struct rota_alarm *
rota__heap_take_due(struct rota__heap *heap)
{
	while (heap->n_due > 0) {
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
	return !is_before(entry, parent);
}

int
rota__heap_is_sound(const struct rota__heap *heap)
{
	uint32_t i;

	if (heap->n + heap->n_due > heap->capacity)
		return 0;
	for (i = 0; i < heap->n; i++)
		if (!is_entry_sound(heap, i))
			return 0;
	for (i = heap->capacity - heap->n_due; i < heap->capacity; i++)
		if (heap->entries[i].alarm != NULL &&
			heap->entries[i].alarm->pos != i)
			return 0;
	return 1;
}
