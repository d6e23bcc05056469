/* SPDX-License-Identifier: MIT */
/*
 * The timer heap: alarms by (deadline, start order).
 *
 * Room is reserved when an alarm's owner is made, so that starting one
 * cannot fail. Moving an alarm to a later time leaves its place in the heap
 * alone until it comes to the top. Those that are due are first moved aside,
 * and then taken one by one; a stopped one is skipped.
 */
#ifndef ROTA_CORE_HEAP_H
#define ROTA_CORE_HEAP_H

#include "core/sys.h"
#include "rota/types.h"

/*
 * The key stands beside the pointer, so that sifting does not touch alarms.
 * An entry is stale if its key is below its alarm's deadline; it is never
 * above. A stale entry goes before all others of the same key.
 */
struct rota__heap_entry {
	uint64_t key_ns;
	struct rota_alarm *alarm;
};

/*
 *	entries: [ heap: n ][ free ][ due: n_due, the next one first ]
 *
 * alarm->pos is the index of its entry, ROTA__HEAP_NOWHERE if it has none.
 * An entry moved aside and stopped since has a NULL alarm.
 */
struct rota__heap {
	struct rota__memory memory;
	struct rota__heap_entry *entries;
	uint32_t n;
	uint32_t n_due;
	uint32_t capacity;
	uint32_t n_reserved;
	uint64_t next_seq;
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
void rota__heap_start(struct rota__heap *heap, struct rota_alarm *alarm,
	uint64_t deadline_ns);

/* Stops an alarm; nothing happens if it is in no heap. */
void rota__heap_stop(struct rota__heap *heap, struct rota_alarm *alarm);

static inline int
rota__alarm_is_set(const struct rota_alarm *alarm)
{
	return alarm->pos != ROTA__HEAP_NOWHERE;
}

/* Returns the nearest deadline, ROTA_FOREVER if there is none. */
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
