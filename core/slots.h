/* SPDX-License-Identifier: MIT */
/*
 * Alarms that are far off, in no order but that of the slots of time they
 * fall into: the large part of core/heap.h, which sorts a slot only when it
 * is the next one. Adding, removing and putting off cost the same however
 * many there are, and touch next to nothing but the alarm.
 *
 * A time is read as digits: the last one has ten bits and counts
 * milliseconds or so (2^20 ns), those above have six. What is less than 1024
 * of those away from the base is of level 0, which goes round. The level of
 * another time is the first digit, from above, in which it differs from the
 * base; at that level it lies in the slot of its digit. So nearer slots are
 * finer:
 *
 *	level 0   1024 slots of 1 ms	the next 1.07 s
 *	level 1   64 slots of 1.07 s	what is left of 69 s
 *	level 2   64 slots of 69 s	what is left of 73 min, and so on
 *
 * Slots are numbered from the first of level 0 on, level after level. Above
 * level 0 the first one that is not empty is the nearest; it may begin before
 * some of level 0 do.
 *
 * All that is here lies behind the base, which is where the first slot was
 * opened last: whoever opens one moves its alarms out, or to finer slots.
 */
#ifndef ROTA_CORE_SLOTS_H
#define ROTA_CORE_SLOTS_H

#include "core/sys.h"
#include "rota/types.h"

#define ROTA__TICK_BITS 20
/* 1024 + 5 * 64 + 16: the digit of level 6 has the four bits left over. */
#define ROTA__SLOTS 1360
#define ROTA__SLOT_WORDS ((ROTA__SLOTS + 63) / 64)

/* A node is two lines of the cache on most machines. */
#define ROTA__NODE_ALARMS 15

/*
 * Nodes of one slot are a list, of which all but the first are full. Node
 * numbers are + 1, 0 is none.
 */
struct rota__slot_node {
	uint32_t next;
	uint16_t slot;
	uint16_t n;
	struct rota_alarm *alarms[ROTA__NODE_ALARMS];
};

/*
 * An alarm in here has pos = ROTA__POS_FAR + 16 * node + index. Its deadline
 * is not before its slot, but may be behind: it was put off since.
 */
struct rota__slots {
	struct rota__slot_node *nodes;
	/* Nodes there are; those never used begin at n_fresh. */
	uint32_t capacity;
	uint32_t n_fresh;
	/* Nodes given back. */
	uint32_t free;
	/* Alarms in all. */
	uint32_t n;
	uint64_t base_ns;
	/* A bit for each slot that is not empty, and for each such word. */
	uint64_t filled[ROTA__SLOT_WORDS];
	uint32_t filled_words;
	uint32_t first[ROTA__SLOTS];
};

/*
 * The time of a slot, from first_ns to last_ns, and the nodes of what lies in
 * there; is_small unless they are better dealt to finer slots.
 */
struct rota__slot_range {
	uint64_t first_ns;
	uint64_t last_ns;
	uint32_t nodes;
	int is_small;
};

#define ROTA__POS_FAR (UINT32_C(1) << 30)

static inline int
rota__alarm_is_far(const struct rota_alarm *alarm)
{
	return alarm->pos - ROTA__POS_FAR < ROTA__POS_FAR;
}

/* The time of the finest slot that time_ns is in ends there. */
static inline uint64_t
rota__slot_end(uint64_t time_ns)
{
	return time_ns | ((UINT64_C(1) << ROTA__TICK_BITS) - 1);
}

/* Makes room for n alarms, without which none may be added; -ENOMEM. */
int rota__slots_reserve(struct rota__slots *slots,
	const struct rota__memory *memory, uint32_t n);

/* Gives room back that n alarms do not need, if it can be. */
void rota__slots_shrink(struct rota__slots *slots,
	const struct rota__memory *memory, uint32_t n);

/* Adds an alarm by its deadline, which is not before the base. */
void rota__slots_add(struct rota__slots *slots, struct rota_alarm *alarm);

void rota__slots_remove(struct rota__slots *slots, struct rota_alarm *alarm);

/* Returns where the first slot begins, of slots that are not empty. */
uint64_t rota__slots_begin(const struct rota__slots *slots);

/*
 * Takes the first slot out, of slots that are not empty, and makes its begin
 * the base. Its alarms have to be taken at once, and added again, here or
 * elsewhere.
 */
struct rota__slot_range rota__slots_open(struct rota__slots *slots);

/* Takes all slots out, for a new base. */
uint32_t rota__slots_take_all(struct rota__slots *slots);

/*
 * Takes up to ROTA__NODE_ALARMS alarms of nodes taken out, and returns how
 * many; 0 at the end.
 */
unsigned rota__slots_take(struct rota__slots *slots, uint32_t *nodes,
	struct rota_alarm *ret_alarms[ROTA__NODE_ALARMS]);

/* Returns 1 if every invariant above holds, and no deadline is before min. */
int rota__slots_are_sound(const struct rota__slots *slots, uint64_t min_ns);

#endif
