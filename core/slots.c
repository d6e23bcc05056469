/* SPDX-License-Identifier: MIT */
/* Alarms that are far off, see slots.h. */
#include "core/slots.h"

#include <errno.h>
#include <string.h>

/* Of level 0, and of the others. */
#define FINE_BITS 10
#define DIGIT_BITS 6
#define N_FINE (1u << FINE_BITS)
#define N_DIGIT (1u << DIGIT_BITS)

/* Words of `filled` that are of level 0. */
#define FINE_WORDS (N_FINE / 64)
#define FINE_MASK ((UINT32_C(1) << FINE_WORDS) - 1)

/* A slot with no more than these need not be spread over finer ones. */
#define FEW_NODES 2

/* Positions of a node's alarms; one of them is not used. */
#define POS_PER_NODE 16

static struct rota__slot_node *
node_at(const struct rota__slots *slots, uint32_t number)
{
	return &slots->nodes[number - 1];
}

/* Full nodes for all, and one that is not for each slot. */
static uint32_t
needed(uint32_t n)
{
	return n / ROTA__NODE_ALARMS + (n < ROTA__SLOTS ? n : ROTA__SLOTS) + 1;
}

static int
resize(struct rota__slots *slots, const struct rota__memory *memory,
	uint32_t capacity)
{
	struct rota__slot_node *nodes =
		rota__realloc(memory, slots->nodes, capacity * sizeof(*nodes));

	if (nodes == NULL)
		return -ENOMEM;
	slots->nodes = nodes;
	slots->capacity = capacity;
	return 0;
}

int
rota__slots_reserve(struct rota__slots *slots,
	const struct rota__memory *memory, uint32_t n)
{
	if (needed(n) <= slots->capacity)
		return 0;
	return resize(slots, memory, needed(n + n / 8));
}

void
rota__slots_shrink(struct rota__slots *slots, const struct rota__memory *memory,
	uint32_t n)
{
	if (slots->n > 0 || slots->capacity <= needed(n) * 4)
		return;
	slots->free = 0;
	slots->n_fresh = 0;
	(void)resize(slots, memory, needed(n));
}

/* Cannot fail, since there is room for all alarms. */
static uint32_t
take_node(struct rota__slots *slots)
{
	uint32_t number = slots->free;

	if (number == 0)
		return ++slots->n_fresh;
	slots->free = node_at(slots, number)->next;
	return number;
}

static void
free_node(struct rota__slots *slots, uint32_t number)
{
	node_at(slots, number)->next = slots->free;
	slots->free = number;
}

/* What of a time is below the digit of a level. */
static unsigned
shift_of(unsigned level)
{
	return level == 0 ?
		ROTA__TICK_BITS :
		ROTA__TICK_BITS + FINE_BITS - DIGIT_BITS + DIGIT_BITS * level;
}

static unsigned
level_of(unsigned slot)
{
	return slot < N_FINE ? 0 : 1 + (slot - N_FINE) / N_DIGIT;
}

static unsigned
slot_of(const struct rota__slots *slots, uint64_t time_ns)
{
	uint64_t tick = time_ns >> ROTA__TICK_BITS;
	uint64_t base = slots->base_ns >> ROTA__TICK_BITS;
	unsigned above;

	if (tick - base < N_FINE)
		return (unsigned)tick & (N_FINE - 1);
	above = (63 - FINE_BITS - (unsigned)__builtin_clzll(tick ^ base)) /
		DIGIT_BITS;
	tick >>= FINE_BITS + DIGIT_BITS * above;
	return N_FINE + N_DIGIT * above + (unsigned)(tick & (N_DIGIT - 1));
}

static void
set_filled(struct rota__slots *slots, unsigned slot)
{
	slots->filled[slot / 64] |= UINT64_C(1) << slot % 64;
	slots->filled_words |= UINT32_C(1) << slot / 64;
}

static void
set_empty(struct rota__slots *slots, unsigned slot)
{
	slots->first[slot] = 0;
	slots->filled[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	if (slots->filled[slot / 64] == 0)
		slots->filled_words &= ~(UINT32_C(1) << slot / 64);
}

/* Gives a slot another first node. */
__attribute__((noinline)) static uint32_t
add_node(struct rota__slots *slots, unsigned slot)
{
	uint32_t number = take_node(slots);
	struct rota__slot_node *node = node_at(slots, number);

	node->next = slots->first[slot];
	node->slot = (uint16_t)slot;
	node->n = 0;
	slots->first[slot] = number;
	set_filled(slots, slot);
	return number;
}

void
rota__slots_add(struct rota__slots *slots, struct rota_alarm *alarm)
{
	unsigned slot = slot_of(slots, alarm->deadline_ns);
	uint32_t number = slots->first[slot];
	struct rota__slot_node *node;

	if (number == 0 || node_at(slots, number)->n == ROTA__NODE_ALARMS)
		number = add_node(slots, slot);
	node = node_at(slots, number);
	alarm->pos = ROTA__POS_FAR + number * POS_PER_NODE + node->n;
	node->alarms[node->n++] = alarm;
	slots->n++;
}

/* The first node of a slot has become empty. */
static void
drop_first(struct rota__slots *slots, unsigned slot)
{
	uint32_t number = slots->first[slot];

	slots->first[slot] = node_at(slots, number)->next;
	free_node(slots, number);
	if (slots->first[slot] == 0)
		set_empty(slots, slot);
}

/* The last alarm of its slot takes its place. */
void
rota__slots_remove(struct rota__slots *slots, struct rota_alarm *alarm)
{
	uint32_t at = alarm->pos - ROTA__POS_FAR;
	struct rota__slot_node *node = node_at(slots, at / POS_PER_NODE);
	unsigned slot = node->slot;
	struct rota__slot_node *first = node_at(slots, slots->first[slot]);
	struct rota_alarm *last = first->alarms[--first->n];

	node->alarms[at % POS_PER_NODE] = last;
	last->pos = alarm->pos;
	if (first->n == 0)
		drop_first(slots, slot);
	slots->n--;
}

static int
has_fine(const struct rota__slots *slots)
{
	return (slots->filled_words & FINE_MASK) != 0;
}

static int
has_coarse(const struct rota__slots *slots)
{
	return (slots->filled_words & ~FINE_MASK) != 0;
}

static unsigned
first_in(const struct rota__slots *slots, unsigned word)
{
	return word * 64 + (unsigned)__builtin_ctzll(slots->filled[word]);
}

/* The first slot of level 0, which has some: from that of the base around. */
static unsigned
first_fine(const struct rota__slots *slots)
{
	unsigned from = (unsigned)(slots->base_ns >> ROTA__TICK_BITS) &
		(N_FINE - 1);
	uint64_t rest = slots->filled[from / 64] >> from % 64;
	uint32_t words = slots->filled_words & FINE_MASK;
	unsigned next = from / 64 + 1;

	if (rest != 0)
		return from + (unsigned)__builtin_ctzll(rest);
	/* The word of the base comes once more, as the last. */
	words = words >> next | words << (FINE_WORDS - next);
	next += (unsigned)__builtin_ctz(words & FINE_MASK);
	return first_in(slots, next % FINE_WORDS);
}

static unsigned
first_coarse(const struct rota__slots *slots)
{
	return first_in(slots,
		(unsigned)__builtin_ctz(slots->filled_words & ~FINE_MASK));
}

/* Where a slot begins: the digits above its level are those of the base. */
static uint64_t
begin_of(const struct rota__slots *slots, unsigned slot)
{
	unsigned shift = shift_of(level_of(slot));
	uint64_t base = slots->base_ns >> shift;

	if (slot < N_FINE)
		return (base + ((slot - base) & (N_FINE - 1))) << shift;
	/* The slots of each level begin at a multiple of how many they are. */
	return ((base & ~(uint64_t)(N_DIGIT - 1)) | (slot & (N_DIGIT - 1)))
		<< shift;
}

/* The first slot of slots that are not empty; a coarse one before a fine. */
static unsigned
first_slot(const struct rota__slots *slots)
{
	unsigned fine;
	unsigned coarse;

	if (!has_coarse(slots))
		return first_fine(slots);
	coarse = first_coarse(slots);
	if (!has_fine(slots))
		return coarse;
	fine = first_fine(slots);
	return begin_of(slots, coarse) <= begin_of(slots, fine) ? coarse : fine;
}

uint64_t
rota__slots_begin(const struct rota__slots *slots)
{
	return begin_of(slots, first_slot(slots));
}

static int
has_few(const struct rota__slots *slots, uint32_t number)
{
	int n_nodes = 0;

	for (; number != 0; number = node_at(slots, number)->next)
		if (++n_nodes > FEW_NODES)
			return 0;
	return 1;
}

struct rota__slot_range
rota__slots_open(struct rota__slots *slots)
{
	unsigned slot = first_slot(slots);
	unsigned level = level_of(slot);
	uint64_t first_ns = begin_of(slots, slot);
	struct rota__slot_range range = {
		.first_ns = first_ns,
		.last_ns = first_ns + ((UINT64_C(1) << shift_of(level)) - 1),
		.nodes = slots->first[slot],
		.is_small = level == 0 ||
			(!has_fine(slots) &&
				has_few(slots, slots->first[slot])),
	};

	set_empty(slots, slot);
	slots->base_ns = first_ns;
	return range;
}

uint32_t
rota__slots_take_all(struct rota__slots *slots)
{
	uint32_t all = 0;
	unsigned slot;

	for (slot = 0; slot < ROTA__SLOTS; slot++) {
		uint32_t number = slots->first[slot];

		if (number == 0)
			continue;
		while (node_at(slots, number)->next != 0)
			number = node_at(slots, number)->next;
		node_at(slots, number)->next = all;
		all = slots->first[slot];
		set_empty(slots, slot);
	}
	return all;
}

/* What comes next is on its way from memory meanwhile. */
static void
fetch_ahead(const struct rota__slots *slots, uint32_t number)
{
	const struct rota__slot_node *node;
	unsigned i;

	if (number == 0)
		return;
	node = node_at(slots, number);
	for (i = 0; i < node->n; i++)
		__builtin_prefetch(node->alarms[i]);
	if (node->next != 0)
		__builtin_prefetch(node_at(slots, node->next));
}

unsigned
rota__slots_take(struct rota__slots *slots, uint32_t *nodes,
	struct rota_alarm *ret_alarms[ROTA__NODE_ALARMS])
{
	uint32_t number = *nodes;
	struct rota__slot_node *node;
	unsigned n;

	if (number == 0)
		return 0;
	node = node_at(slots, number);
	n = node->n;
	/* All of them, since a copy of constant size is in line. */
	memcpy(ret_alarms, node->alarms, sizeof(node->alarms));
	*nodes = node->next;
	fetch_ahead(slots, *nodes);
	free_node(slots, number);
	slots->n -= n;
	return n;
}

static int
is_node_sound(const struct rota__slots *slots, uint32_t number, unsigned slot)
{
	const struct rota__slot_node *node = node_at(slots, number);
	unsigned i;

	if (node->slot != slot || node->n == 0 || node->n > ROTA__NODE_ALARMS ||
		(node->n < ROTA__NODE_ALARMS && number != slots->first[slot]))
		return 0;
	for (i = 0; i < node->n; i++) {
		const struct rota_alarm *alarm = node->alarms[i];

		if (alarm->pos != ROTA__POS_FAR + number * POS_PER_NODE + i ||
			alarm->deadline_ns < begin_of(slots, slot))
			return 0;
	}
	return 1;
}

int
rota__slots_are_sound(const struct rota__slots *slots, uint64_t min_ns)
{
	uint32_t n = 0;
	unsigned slot;

	if (slots->n_fresh > slots->capacity)
		return 0;
	for (slot = 0; slot < ROTA__SLOTS; slot++) {
		uint32_t number = slots->first[slot];
		uint64_t bit = slots->filled[slot / 64] >> slot % 64 & 1;

		if (bit != (number != 0))
			return 0;
		for (; number != 0; number = node_at(slots, number)->next) {
			if (!is_node_sound(slots, number, slot) ||
				node_at(slots, number)->alarms[0]->deadline_ns <
					min_ns)
				return 0;
			n += node_at(slots, number)->n;
		}
	}
	return n == slots->n;
}
