/* SPDX-License-Identifier: MIT */
/*
 * The timer heap: alarms by (deadline, start order).
 *
 * Room is reserved when an alarm's owner is made, so that starting one
 * cannot fail. Moving an alarm to a later time leaves its place in the heap
 * alone until it comes to the top, and so does stopping it. Those that are due
 * are first moved aside, and then taken one by one; a stopped one is skipped.
 *
 * When there are many, only the next millisecond or so is kept in the heap;
 * what is later waits in slots of time (core/slots.h), unsorted, until its
 * slot is the next one.
 */
#ifndef ROTA_CORE_HEAP_H
#define ROTA_CORE_HEAP_H

#include "core/slots.h"
#include "core/sys.h"
#include "rota/types.h"

/*
 * The key stands beside the pointer, so that sifting does not touch alarms.
 * An entry is stale if its key is below its alarm's deadline; it is never
 * above. A stale entry, and one that is stopped, goes before all others of the
 * same key.
 */
struct rota__heap_entry {
	uint64_t key_ns;
	struct rota_alarm *alarm;
};

/*
 *	entries: [ heap: n ][ free ][ due: n_due, the next one first ]
 *
 * alarm->pos is the index of its entry, ROTA__HEAP_NOWHERE if it has none. An
 * alarm stopped in its place has seq 0; an entry moved aside and stopped since
 * has a NULL alarm.
 */
struct rota__heap {
	struct rota__memory memory;
	struct rota__heap_entry *entries;
	uint32_t n;
	uint32_t n_due;
	uint32_t capacity;
	uint32_t n_reserved;
	/* With more than so many in the heap, slots are looked to. */
	uint32_t limit;
	uint32_t min_limit;
	uint64_t next_seq;
	/*
	 * While the due ones are taken: those due by then, but none started
	 * since. due_seq is 0 else.
	 */
	uint64_t due_ns;
	uint64_t due_seq;
	/* What is due by then is in the heap, all else in the slots. */
	uint64_t near_ns;
	struct rota__slots slots;
};

#define ROTA__HEAP_NOWHERE UINT32_MAX

void rota__heap_init(
	struct rota__heap *heap, const struct rota__memory *memory);
void rota__heap_fini(struct rota__heap *heap);

/* Makes room for one more alarm, and makes it one in no heap; -ENOMEM. */
int rota__heap_reserve(struct rota__heap *heap, struct rota_alarm *alarm);

/* Takes an alarm out if it is in, and gives its room back. */
void rota__heap_release(struct rota__heap *heap, struct rota_alarm *alarm);

/* Starts an alarm, or starts it anew, behind all others of that deadline. */
void rota__heap_place(struct rota__heap *heap, struct rota_alarm *alarm,
	uint64_t deadline_ns);

/* Returns 0, and nothing is changed, unless that can be done in its place. */
static inline int
rota__heap_put_off(
	struct rota__heap *heap, struct rota_alarm *alarm, uint64_t deadline_ns)
{
	if (!rota__alarm_is_far(alarm) || deadline_ns < alarm->deadline_ns)
		return 0;
	alarm->deadline_ns = deadline_ns;
	alarm->seq = heap->next_seq++;
	return 1;
}

static inline void
rota__heap_start(
	struct rota__heap *heap, struct rota_alarm *alarm, uint64_t deadline_ns)
{
	if (!rota__heap_put_off(heap, alarm, deadline_ns))
		rota__heap_place(heap, alarm, deadline_ns);
}

/* Stops an alarm; nothing happens if it is in no heap. */
void rota__heap_stop(struct rota__heap *heap, struct rota_alarm *alarm);

static inline int
rota__alarm_is_set(const struct rota_alarm *alarm)
{
	return alarm->pos != ROTA__HEAP_NOWHERE && alarm->seq != 0;
}

/* How many are set and not aside, or were when they were last looked at. */
static inline uint32_t
rota__heap_count(const struct rota__heap *heap)
{
	return heap->n + heap->slots.n;
}

/*
 * Returns the nearest deadline, ROTA_FOREVER if there is none. Not to be
 * called while the due ones are taken.
 */
uint64_t rota__heap_next(struct rota__heap *heap);

/*
 * Moves all that are due at now_ns aside; the ones of before must have been
 * taken. Returns whether there are any.
 */
int rota__heap_set_due_aside(struct rota__heap *heap, uint64_t now_ns);

/* Takes the next one of those aside, in order; NULL when there is none. */
struct rota_alarm *rota__heap_take_due(struct rota__heap *heap);

/* Returns 1 if every invariant above holds. */
int rota__heap_is_sound(const struct rota__heap *heap);

#endif
