/* SPDX-License-Identifier: MIT */
/* The timer heap of core/heap.h, alone and against a plain model. */
#include "core/heap.h"

#include <stdlib.h>
#include <string.h>

#include "tests/harness.h"

static struct rota__heap heap;
static int memory_is_out;

/* Counts its blocks, and has no more to give when told so. */
static void *
give(void *data, void *memory, size_t size_bytes)
{
	if (memory_is_out && size_bytes != 0)
		return NULL;
	return harness_realloc(data, memory, size_bytes);
}

static void
begin(void)
{
	struct rota__memory memory = { .realloc = give, .data = NULL };

	memory_is_out = 0;
	rota__heap_init(&heap, &memory);
}

static void
reserve(struct rota_alarm *alarm, unsigned n)
{
	memset(alarm, 0, n * sizeof(*alarm));
	for (unsigned i = 0; i < n; i++) {
		ck_ok(rota__heap_reserve(&heap, &alarm[i]));
		ck_assert(!rota__alarm_is_set(&alarm[i]));
	}
	ck_assert(rota__heap_is_sound(&heap));
}

/* Takes all that is due at `now` and compares it with letters: 'a' + index. */
static void
ck_due(struct rota_alarm *alarm, uint64_t now, const char *expected)
{
	struct rota_alarm *taken;

	trace_reset();
	ck_assert_int_eq(
		rota__heap_set_due_aside(&heap, now), expected[0] != '\0');
	while ((taken = rota__heap_take_due(&heap)) != NULL) {
		ck_assert(rota__heap_is_sound(&heap));
		ck_assert(!rota__alarm_is_set(taken));
		trace((char)('a' + (taken - alarm)));
	}
	ck_assert(rota__heap_is_sound(&heap));
	ck_trace(expected);
}

START_TEST(an_empty_heap_has_no_deadline_and_nothing_due)
{
	begin();
	ck_assert_uint_eq(rota__heap_next(&heap), ROTA_FOREVER);
	ck_assert_int_eq(rota__heap_set_due_aside(&heap, UINT64_MAX), 0);
	ck_assert_ptr_null(rota__heap_take_due(&heap));
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(alarms_are_taken_by_deadline)
{
	struct rota_alarm a[4];

	begin();
	reserve(a, 4);
	rota__heap_start(&heap, &a[0], 30);
	rota__heap_start(&heap, &a[1], 10);
	rota__heap_start(&heap, &a[2], 40);
	rota__heap_start(&heap, &a[3], 20);
	ck_assert_uint_eq(rota__heap_next(&heap), 10);
	ck_due(a, 35, "bda");
	ck_assert_uint_eq(rota__heap_next(&heap), 40);
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(an_alarm_is_due_at_its_deadline_and_not_before)
{
	struct rota_alarm a[1];

	begin();
	reserve(a, 1);
	rota__heap_start(&heap, &a[0], 10);
	ck_due(a, 9, "");
	ck_due(a, 10, "a");
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(equal_deadlines_are_taken_in_starting_order)
{
	struct rota_alarm a[20];

	begin();
	reserve(a, 20);
	for (int i = 0; i < 20; i++)
		rota__heap_start(&heap, &a[(i * 7) % 20], 5);
	ck_due(a, 5, "ahobipcjqdkrelsfmtgn");
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(a_restart_to_the_same_deadline_goes_behind_the_others)
{
	struct rota_alarm a[3];

	begin();
	reserve(a, 3);
	for (int i = 0; i < 3; i++)
		rota__heap_start(&heap, &a[i], 5);
	rota__heap_start(&heap, &a[0], 5);
	ck_due(a, 5, "bca");
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(a_restart_to_a_later_time_fires_then_only)
{
	struct rota_alarm a[2];

	begin();
	reserve(a, 2);
	rota__heap_start(&heap, &a[0], 10);
	rota__heap_start(&heap, &a[1], 20);
	rota__heap_start(&heap, &a[0], 30);
	ck_assert_uint_eq(rota__heap_next(&heap), 20);
	ck_due(a, 29, "b");
	ck_assert_uint_eq(rota__heap_next(&heap), 30);
	ck_due(a, 30, "a");
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(a_lazy_restart_keeps_its_place_among_equals_by_starting_order)
{
	struct rota_alarm a[3];

	begin();
	reserve(a, 3);
	rota__heap_start(&heap, &a[0], 10);
	rota__heap_start(&heap, &a[1], 50);
	rota__heap_start(&heap, &a[0], 50);
	rota__heap_start(&heap, &a[2], 50);
	ck_due(a, 50, "bac");
	rota__heap_fini(&heap);
}
END_TEST

/*
 * Starts 38 alarms of one deadline, and anew all but those on the way from
 * the top to the last place: these are the oldest now. Then puts one off,
 * stops another, or releases it so that the last fills its place, and returns
 * whether the rest come in the order of their start.
 */
static int
come_in_order(struct rota_alarm *a, int put_off, int stopped, int is_released)
{
	struct rota_alarm *taken;
	uint64_t seqs[38];
	uint64_t seq = 0;
	int is_good;

	for (int i = 0; i < 38; i++)
		rota__heap_start(&heap, &a[i], 10);
	for (int i = 0; i < 38; i++)
		if (i != 0 && i != 2 && i != 9 && i != 37)
			rota__heap_start(&heap, &a[i], 10);
	rota__heap_start(&heap, &a[put_off], 11);
	rota__heap_stop(&heap, &a[stopped]);
	if (is_released) {
		rota__heap_release(&heap, &a[stopped]);
		ck_ok(rota__heap_reserve(&heap, &a[stopped]));
	}
	is_good = rota__heap_is_sound(&heap);
	for (int i = 0; i < 38; i++)
		seqs[i] = a[i].seq;
	(void)rota__heap_set_due_aside(&heap, 10);
	while ((taken = rota__heap_take_due(&heap)) != NULL) {
		is_good = is_good && seqs[taken - a] > seq;
		seq = seqs[taken - a];
	}
	for (int i = 0; i < 38; i++)
		rota__heap_stop(&heap, &a[i]);
	return is_good;
}

/* One that was put off must not hide an older one below it in the heap. */
START_TEST(equals_keep_their_order_around_one_that_was_put_off)
{
	struct rota_alarm a[38];
	int n_bad = 0;

	begin();
	reserve(a, 38);
	for (int put_off = 0; put_off < 38; put_off++)
		for (int stopped = 0; stopped < 38; stopped++)
			n_bad += !come_in_order(a, put_off, stopped, _i);
	ck_assert_int_eq(n_bad, 0);
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(a_restart_to_an_earlier_time_after_a_lazy_one_fires_early)
{
	struct rota_alarm a[2];

	begin();
	reserve(a, 2);
	rota__heap_start(&heap, &a[0], 10);
	rota__heap_start(&heap, &a[1], 20);
	rota__heap_start(&heap, &a[0], 100);
	rota__heap_start(&heap, &a[0], 15);
	ck_assert_uint_eq(rota__heap_next(&heap), 15);
	rota__heap_start(&heap, &a[0], 100);
	rota__heap_start(&heap, &a[0], 3);
	ck_assert_uint_eq(rota__heap_next(&heap), 3);
	ck_due(a, 20, "ab");
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(a_stopped_alarm_is_not_taken_and_can_be_stopped_again)
{
	struct rota_alarm a[3];

	begin();
	reserve(a, 3);
	for (int i = 0; i < 3; i++)
		rota__heap_start(&heap, &a[i], 10);
	rota__heap_stop(&heap, &a[1]);
	ck_assert(!rota__alarm_is_set(&a[1]));
	rota__heap_stop(&heap, &a[1]);
	ck_due(a, 10, "ac");
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(a_stopped_alarm_keeps_its_place_until_it_is_next)
{
	struct rota_alarm a[3];

	begin();
	reserve(a, 3);
	for (int i = 0; i < 3; i++)
		rota__heap_start(&heap, &a[i], 10 + 10 * (uint64_t)i);
	rota__heap_stop(&heap, &a[1]);
	ck_assert(!rota__alarm_is_set(&a[1]));
	ck_assert_uint_eq(rota__heap_next(&heap), 10);
	ck_assert_uint_eq(heap.n, 3);
	rota__heap_stop(&heap, &a[0]);
	ck_assert_uint_eq(rota__heap_next(&heap), 30);
	ck_assert_uint_eq(heap.n, 1);
	rota__heap_stop(&heap, &a[2]);
	ck_due(a, 100, "");
	ck_assert_uint_eq(rota__heap_count(&heap), 0);
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(an_alarm_stopped_in_its_place_can_start_anew)
{
	struct rota_alarm a[4];

	begin();
	reserve(a, 4);
	for (int i = 0; i < 4; i++)
		rota__heap_start(&heap, &a[i], 20);
	for (int i = 1; i < 4; i++)
		rota__heap_stop(&heap, &a[i]);
	rota__heap_start(&heap, &a[3], 20);
	rota__heap_start(&heap, &a[2], 21);
	rota__heap_start(&heap, &a[1], 19);
	ck_due(a, 30, "badc");
	for (int i = 0; i < 4; i++)
		rota__heap_start(&heap, &a[i], 40);
	for (int i = 0; i < 4; i++) {
		rota__heap_stop(&heap, &a[i]);
		rota__heap_release(&heap, &a[i]);
		ck_assert(rota__heap_is_sound(&heap));
	}
	ck_assert_uint_eq(heap.n_reserved, 0);
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(an_alarm_at_the_end_of_the_clock_is_no_trouble)
{
	struct rota_alarm a[2];

	begin();
	reserve(a, 2);
	rota__heap_start(&heap, &a[0], UINT64_MAX);
	rota__heap_start(&heap, &a[1], 0);
	ck_assert_uint_eq(rota__heap_next(&heap), 0);
	ck_due(a, 0, "b");
	ck_assert_uint_eq(rota__heap_next(&heap), ROTA_FOREVER);
	ck_assert(rota__alarm_is_set(&a[0]));
	rota__heap_stop(&heap, &a[0]);
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(one_stopped_while_aside_is_skipped)
{
	struct rota_alarm a[3];

	begin();
	reserve(a, 3);
	for (int i = 0; i < 3; i++)
		rota__heap_start(&heap, &a[i], 10);
	ck_err(rota__heap_set_due_aside(&heap, 10), 1);
	ck_assert_ptr_eq(rota__heap_take_due(&heap), &a[0]);
	rota__heap_stop(&heap, &a[1]);
	ck_assert(rota__heap_is_sound(&heap));
	ck_assert_ptr_eq(rota__heap_take_due(&heap), &a[2]);
	ck_assert_ptr_null(rota__heap_take_due(&heap));
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(all_stopped_while_aside_leaves_nothing_to_take)
{
	struct rota_alarm a[3];

	begin();
	reserve(a, 3);
	for (int i = 0; i < 3; i++)
		rota__heap_start(&heap, &a[i], 10);
	ck_err(rota__heap_set_due_aside(&heap, 10), 1);
	for (int i = 2; i >= 0; i--)
		rota__heap_stop(&heap, &a[i]);
	ck_assert(rota__heap_is_sound(&heap));
	ck_assert_ptr_null(rota__heap_take_due(&heap));
	rota__heap_start(&heap, &a[0], 5);
	ck_due(a, 5, "a");
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(one_restarted_while_aside_waits_for_the_next_time)
{
	struct rota_alarm a[3];

	begin();
	reserve(a, 3);
	for (int i = 0; i < 3; i++)
		rota__heap_start(&heap, &a[i], 10);
	ck_err(rota__heap_set_due_aside(&heap, 10), 1);
	ck_assert_ptr_eq(rota__heap_take_due(&heap), &a[0]);
	rota__heap_start(&heap, &a[1], 0);
	rota__heap_start(&heap, &a[0], 0);
	ck_assert(rota__heap_is_sound(&heap));
	ck_assert_ptr_eq(rota__heap_take_due(&heap), &a[2]);
	ck_assert_ptr_null(rota__heap_take_due(&heap));
	ck_due(a, 10, "ba");
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(a_release_while_aside_takes_out_one_only)
{
	struct rota_alarm a[4];

	begin();
	reserve(a, 4);
	for (int i = 0; i < 4; i++)
		rota__heap_start(&heap, &a[i], i < 3 ? 10 : 20);
	ck_err(rota__heap_set_due_aside(&heap, 10), 1);
	rota__heap_release(&heap, &a[0]);
	ck_assert(rota__heap_is_sound(&heap));
	rota__heap_release(&heap, &a[3]);
	ck_assert(rota__heap_is_sound(&heap));
	ck_assert_ptr_eq(rota__heap_take_due(&heap), &a[1]);
	ck_assert_ptr_eq(rota__heap_take_due(&heap), &a[2]);
	ck_assert_ptr_null(rota__heap_take_due(&heap));
	ck_assert_uint_eq(rota__heap_next(&heap), ROTA_FOREVER);
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(room_reserved_while_aside_keeps_those_due)
{
	static struct rota_alarm a[300];

	begin();
	reserve(a, 3);
	for (int i = 0; i < 3; i++)
		rota__heap_start(&heap, &a[i], 10);
	ck_err(rota__heap_set_due_aside(&heap, 10), 1);
	reserve(a + 3, 297);
	for (int i = 3; i < 300; i++)
		rota__heap_start(&heap, &a[i], (uint64_t)(1000 - i));
	ck_assert(rota__heap_is_sound(&heap));
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_eq(rota__heap_take_due(&heap), &a[i]);
	ck_assert_ptr_null(rota__heap_take_due(&heap));
	ck_assert_uint_eq(rota__heap_next(&heap), 701);
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(start_and_stop_need_no_memory)
{
	static struct rota_alarm a[500];

	begin();
	reserve(a, 500);
	memory_is_out = 1;
	for (int i = 0; i < 500; i++)
		rota__heap_start(&heap, &a[i], (uint64_t)((i * 37) % 101));
	for (int i = 0; i < 500; i += 2)
		rota__heap_stop(&heap, &a[i]);
	ck_err(rota__heap_set_due_aside(&heap, 50), 1);
	for (int i = 0; i < 500; i++)
		rota__heap_start(&heap, &a[i], 7);
	ck_assert(rota__heap_is_sound(&heap));
	ck_assert_ptr_null(rota__heap_take_due(&heap));
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(a_reserve_without_memory_changes_nothing)
{
	static struct rota_alarm a[2000];
	struct rota__heap before;
	int n = 0;
	int r;

	begin();
	reserve(a, 2);
	rota__heap_start(&heap, &a[0], 10);
	rota__heap_start(&heap, &a[1], 5);
	memory_is_out = 1;
	do {
		before = heap;
		r = rota__heap_reserve(&heap, &a[2 + n++]);
	} while (r == 0 && n < 1900);
	ck_err(r, -ENOMEM);
	ck_assert_mem_eq(&before, &heap, sizeof(heap));
	ck_assert(rota__heap_is_sound(&heap));
	ck_due(a, 10, "ba");
	memory_is_out = 0;
	ck_ok(rota__heap_reserve(&heap, &a[2 + n]));
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(a_reserve_without_memory_while_aside_changes_nothing)
{
	static struct rota_alarm a[2000];
	int n = 3;
	int r;

	begin();
	reserve(a, 3);
	for (int i = 0; i < 3; i++)
		rota__heap_start(&heap, &a[i], 10);
	ck_err(rota__heap_set_due_aside(&heap, 10), 1);
	memory_is_out = 1;
	do
		r = rota__heap_reserve(&heap, &a[n++]);
	while (r == 0 && n < 1900);
	ck_err(r, -ENOMEM);
	ck_assert(rota__heap_is_sound(&heap));
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_eq(rota__heap_take_due(&heap), &a[i]);
	ck_assert_ptr_null(rota__heap_take_due(&heap));
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(the_heap_shrinks_when_its_alarms_are_released)
{
	static struct rota_alarm a[5000];
	uint32_t widest;

	begin();
	reserve(a, 5000);
	for (int i = 0; i < 5000; i++)
		rota__heap_start(&heap, &a[i], (uint64_t)i);
	widest = heap.capacity;
	ck_assert_uint_ge(widest, 5000);
	for (int i = 0; i < 4990; i++)
		rota__heap_release(&heap, &a[i]);
	ck_assert(rota__heap_is_sound(&heap));
	ck_assert_uint_le(heap.capacity, widest / 8);
	ck_assert_uint_eq(rota__heap_next(&heap), 4990);
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(a_heap_that_cannot_shrink_for_memory_goes_on)
{
	static struct rota_alarm a[1000];

	begin();
	reserve(a, 1000);
	for (int i = 0; i < 1000; i++)
		rota__heap_start(&heap, &a[i], (uint64_t)i);
	memory_is_out = 1;
	for (int i = 0; i < 999; i++) {
		rota__heap_release(&heap, &a[i]);
		ck_assert(rota__heap_is_sound(&heap));
	}
	ck_assert_uint_eq(rota__heap_next(&heap), 999);
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(reserving_and_releasing_in_turns_does_not_allocate_each_time)
{
	static struct rota_alarm a[100];
	struct rota_alarm one;
	uint32_t n_changes = 0;
	uint32_t capacity;

	begin();
	reserve(a, 100);
	capacity = heap.capacity;
	for (int i = 0; i < 1000; i++) {
		ck_ok(rota__heap_reserve(&heap, &one));
		n_changes += heap.capacity != capacity;
		capacity = heap.capacity;
		rota__heap_release(&heap, &one);
		n_changes += heap.capacity != capacity;
		capacity = heap.capacity;
	}
	ck_assert_uint_le(n_changes, 2);
	rota__heap_fini(&heap);
}
END_TEST

/* Random actions against a plain model **********************************/

#define N_ALARMS 150

/* What an alarm should be. `order` is the number of its start. */
struct model {
	enum {
		RELEASED,
		STOPPED,
		SET,
		ASIDE
	} state;
	uint64_t deadline_ns;
	uint64_t order;
};

static struct rota_alarm alarms[N_ALARMS];
static struct model models[N_ALARMS];
static uint64_t n_starts;
static uint64_t model_now;
static uint32_t seed;
/* How far deadlines lie apart: the less, the more of them are equal. */
static uint32_t spread;
/* 0: of any magnitude. */
static uint64_t unit_ns;

static uint32_t
random_below(uint32_t limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % limit;
}

static uint64_t
random_time(void)
{
	if (unit_ns == 0)
		return (uint64_t)random_below(spread) << random_below(44);
	return random_below(spread) * unit_ns;
}

/* The first in order among those of a state; NULL if there is none. */
static struct model *
first_of(int state)
{
	struct model *first = NULL;

	for (struct model *m = models; m < models + N_ALARMS; m++) {
		if ((int)m->state != state)
			continue;
		if (first == NULL || m->deadline_ns < first->deadline_ns ||
			(m->deadline_ns == first->deadline_ns &&
				m->order < first->order))
			first = m;
	}
	return first;
}

static void
act_start(unsigned i, uint64_t deadline_ns)
{
	rota__heap_start(&heap, &alarms[i], deadline_ns);
	models[i].state = SET;
	models[i].deadline_ns = deadline_ns;
	models[i].order = n_starts++;
}

static void
act_release_or_reserve(unsigned i)
{
	if (models[i].state == RELEASED) {
		ck_ok(rota__heap_reserve(&heap, &alarms[i]));
		models[i].state = STOPPED;
	} else {
		rota__heap_release(&heap, &alarms[i]);
		models[i].state = RELEASED;
	}
}

static void
act_set_aside(void)
{
	int n = 0;

	if (first_of(ASIDE) != NULL)
		return;
	/* Those stopped while aside are taken too, as nothing. */
	ck_assert_ptr_null(rota__heap_take_due(&heap));
	model_now += random_time();
	for (struct model *m = models; m < models + N_ALARMS; m++) {
		if (m->state == SET && m->deadline_ns <= model_now) {
			m->state = ASIDE;
			n++;
		}
	}
	ck_assert_int_eq(
		rota__heap_set_due_aside(&heap, model_now) != 0, n != 0);
}

static void
act_take(void)
{
	struct model *due = first_of(ASIDE);
	struct rota_alarm *taken = rota__heap_take_due(&heap);

	if (due == NULL) {
		ck_assert_ptr_null(taken);
		return;
	}
	ck_assert_ptr_eq(taken, &alarms[due - models]);
	due->state = STOPPED;
}

static void
act_on(unsigned i)
{
	uint64_t deadline_ns = models[i].deadline_ns;

	switch (random_below(6)) {
	case 0:
		act_start(i, model_now + random_time());
		break;
	case 1:
		act_start(i, deadline_ns + random_time());
		break;
	case 2:
		act_start(i, deadline_ns - random_time());
		break;
	case 3:
		act_start(i, deadline_ns);
		break;
	case 4:
		act_start(i, models[random_below(N_ALARMS)].deadline_ns);
		break;
	default:
		rota__heap_stop(&heap, &alarms[i]);
		models[i].state = STOPPED;
	}
}

static void
act(void)
{
	unsigned i = random_below(N_ALARMS);
	unsigned what = random_below(64);

	if (what < 1)
		act_set_aside();
	else if (what < 20)
		act_take();
	else if (what == 20 || models[i].state == RELEASED)
		act_release_or_reserve(i);
	else
		act_on(i);
}

static int
is_like_model(void)
{
	for (unsigned i = 0; i < N_ALARMS; i++) {
		int is_set = models[i].state == SET || models[i].state == ASIDE;

		if (models[i].state != RELEASED &&
			rota__alarm_is_set(&alarms[i]) != is_set)
			return 0;
	}
	return rota__heap_is_sound(&heap);
}

/* Asked only now and then, since asking also tidies up. */
static int
is_next_like_model(void)
{
	struct model *next = first_of(SET);
	uint64_t expected = next == NULL ? ROTA_FOREVER : next->deadline_ns;

	/* It must not be asked while the due ones are taken. */
	if (heap.due_seq != 0)
		return is_like_model();
	return rota__heap_next(&heap) == expected && is_like_model();
}

START_TEST(random_actions_agree_with_a_plain_model)
{
	static const uint32_t spreads[] = { 2, 4, 10, 50 };
	static const uint64_t units[] = { 1, 1 << 18, 1 << 21, 1 << 25,
		UINT64_C(1) << 31, 0 };

	begin();
	/* So that a few are many. */
	heap.limit = heap.min_limit = _i % 3 == 0 ? 2048 : (uint32_t)_i;
	seed = 2463534242U + (uint32_t)_i * 7919U;
	spread = spreads[_i % 4];
	unit_ns = units[_i % 6];
	n_starts = 0;
	model_now = UINT64_C(1) << 40;
	for (unsigned i = 0; i < N_ALARMS; i++)
		models[i] = (struct model){
			.state = RELEASED, .deadline_ns = model_now, .order = 0
		};
	for (unsigned i = harness_scale(6000); i-- > 0;) {
		act();
		/* Each ck_assert writes to a file: not in an inner loop. */
		if (!is_like_model() ||
			(random_below(16) == 0 && !is_next_like_model()))
			ck_abort_msg("unlike the model, %u to go", i);
	}
	for (unsigned i = 0; i < N_ALARMS; i++)
		if (models[i].state != RELEASED)
			rota__heap_release(&heap, &alarms[i]);
	ck_assert(rota__heap_is_sound(&heap));
	ck_assert_uint_eq(heap.n_reserved, 0);
	rota__heap_fini(&heap);
}
END_TEST

/*
 * Of three that are due at the same time or nearly, the second was far off
 * when it was started, and lies in a coarse slot that begins with the fine
 * one of the others.
 */
START_TEST(slots_that_begin_together_are_one)
{
	const uint64_t tick = UINT64_C(1) << ROTA__TICK_BITS;
	const uint64_t end = 1024 * tick + 5;
	struct rota_alarm a[6];

	begin();
	heap.limit = heap.min_limit = 1;
	reserve(a, 6);
	rota__heap_start(&heap, &a[0], 1);
	rota__heap_start(&heap, &a[1], 2);
	rota__heap_start(&heap, &a[2], 600 * tick);
	rota__heap_start(&heap, &a[3], end);
	ck_assert_uint_eq(heap.slots.n, 2);
	ck_due(a, 600 * tick, "abc");
	rota__heap_start(&heap, &a[4], end);
	rota__heap_start(&heap, &a[5], end - 1);
	ck_assert_uint_eq(heap.slots.n, 3);
	ck_due(a, end, "fde");
	rota__heap_fini(&heap);
}
END_TEST

/* Many, over a minute; the more a spread is, the fewer of them are equal. */
#define N_MANY 5000

static struct rota_alarm many[N_MANY];

static void
start_many(uint64_t unit)
{
	reserve(many, N_MANY);
	for (unsigned i = 0; i < N_MANY; i++)
		rota__heap_start(
			&heap, &many[i], unit * (i * 7919 % N_MANY / 10));
	ck_assert(rota__heap_is_sound(&heap));
}

/* Takes all that is due, and returns how many were not in order. */
static int
count_disorder(uint64_t now_ns, int *n_taken)
{
	static uint64_t seqs[N_MANY];
	const struct rota_alarm *before = NULL;
	struct rota_alarm *taken;
	int n = 0;

	for (int i = 0; i < N_MANY; i++)
		seqs[i] = many[i].seq;
	(void)rota__heap_set_due_aside(&heap, now_ns);
	while ((taken = rota__heap_take_due(&heap)) != NULL) {
		n += before != NULL &&
			(taken->deadline_ns < before->deadline_ns ||
				(taken->deadline_ns == before->deadline_ns &&
					seqs[taken - many] <
						seqs[before - many]));
		before = taken;
		++*n_taken;
	}
	return n;
}

START_TEST(many_are_taken_by_deadline_and_equals_by_starting_order)
{
	static const uint64_t units[] = { 1, 1000, 100000, 120000000 };
	int n_taken = 0;

	begin();
	start_many(units[_i]);
	ck_assert_uint_gt(heap.slots.n + (_i < 2 ? 1 : 0), 0);
	/* In turns, and the rest at once. */
	for (uint64_t now = 0; now < 300; now++)
		ck_assert_int_eq(count_disorder(now * units[_i], &n_taken), 0);
	ck_assert_int_eq(n_taken, 3000);
	ck_assert_int_eq(count_disorder(UINT64_MAX - 1, &n_taken), 0);
	ck_assert_int_eq(n_taken, N_MANY);
	ck_assert_uint_eq(rota__heap_next(&heap), ROTA_FOREVER);
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(of_many_that_are_put_off_none_comes_early)
{
	int n_taken = 0;

	begin();
	start_many(1000000);
	for (unsigned i = 0; i < N_MANY; i++)
		rota__heap_start(&heap, &many[i],
			many[i].deadline_ns + UINT64_C(30000000000));
	ck_assert(rota__heap_is_sound(&heap));
	ck_assert_int_eq(count_disorder(UINT64_C(29999999999), &n_taken), 0);
	ck_assert_int_eq(n_taken, 0);
	ck_assert_uint_eq(rota__heap_next(&heap), UINT64_C(30000000000));
	ck_assert_int_eq(count_disorder(UINT64_C(40000000000), &n_taken), 0);
	ck_assert_int_eq(n_taken, N_MANY);
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(of_many_one_started_while_they_are_taken_waits)
{
	struct rota_alarm *taken;
	unsigned n = 0;

	begin();
	start_many(1000000);
	ck_err(rota__heap_set_due_aside(&heap, UINT64_C(1000000000)), 1);
	while ((taken = rota__heap_take_due(&heap)) != NULL && n < N_MANY) {
		/* All of them again, and all in the past. */
		rota__heap_start(&heap, taken, 500);
		n++;
	}
	ck_assert_ptr_null(taken);
	ck_assert_uint_eq(n, N_MANY);
	ck_assert(rota__heap_is_sound(&heap));
	ck_assert_uint_eq(rota__heap_next(&heap), 500);
	rota__heap_fini(&heap);
}
END_TEST

START_TEST(of_many_any_can_be_stopped_and_released)
{
	unsigned n_taken = 0;

	begin();
	start_many(1000000);
	for (unsigned i = 0; i < N_MANY; i += 3)
		rota__heap_stop(&heap, &many[i]);
	ck_assert(rota__heap_is_sound(&heap));
	ck_err(rota__heap_set_due_aside(&heap, UINT64_C(1000000000)), 1);
	(void)rota__heap_take_due(&heap);
	for (unsigned i = 0; i < N_MANY; i += 2)
		rota__heap_release(&heap, &many[i]);
	while (rota__heap_take_due(&heap) != NULL)
		n_taken++;
	for (unsigned i = 1; i < N_MANY; i += 2)
		rota__heap_release(&heap, &many[i]);
	ck_assert(rota__heap_is_sound(&heap));
	ck_assert_uint_eq(heap.n_reserved, 0);
	/* Of those with odd numbers a third was stopped; one may be gone. */
	ck_assert_uint_ge(n_taken, N_MANY / 3 - 1);
	ck_assert_uint_le(heap.slots.capacity, N_MANY / 4);
	rota__heap_fini(&heap);
}
END_TEST

/* The room for those far off is given back, and must be asked for anew. */
START_TEST(after_many_have_gone_there_is_room_for_as_many)
{
	begin();
	for (unsigned n = N_MANY; n > 100; n -= n / 3) {
		reserve(many, n);
		for (unsigned i = 0; i < n; i++)
			rota__heap_start(&heap, &many[i], i * 10000000ULL);
		ck_assert(rota__heap_is_sound(&heap));
		ck_assert_uint_eq(rota__heap_count(&heap), n);
		for (unsigned i = 0; i < n; i++)
			rota__heap_release(&heap, &many[i]);
	}
	rota__heap_fini(&heap);
}
END_TEST

static void
add_order_tests(TCase *tc)
{
	tcase_add_test(tc, an_empty_heap_has_no_deadline_and_nothing_due);
	tcase_add_test(tc, alarms_are_taken_by_deadline);
	tcase_add_test(tc, an_alarm_is_due_at_its_deadline_and_not_before);
	tcase_add_test(tc, equal_deadlines_are_taken_in_starting_order);
	tcase_add_test(
		tc, a_restart_to_the_same_deadline_goes_behind_the_others);
	tcase_add_test(tc, a_restart_to_a_later_time_fires_then_only);
	tcase_add_test(tc,
		a_lazy_restart_keeps_its_place_among_equals_by_starting_order);
	tcase_add_loop_exit_test(tc,
		equals_keep_their_order_around_one_that_was_put_off, 0, 0, 2);
	tcase_add_test(tc, a_stopped_alarm_keeps_its_place_until_it_is_next);
	tcase_add_test(tc, an_alarm_stopped_in_its_place_can_start_anew);
	tcase_add_test(
		tc, a_restart_to_an_earlier_time_after_a_lazy_one_fires_early);
	tcase_add_test(
		tc, a_stopped_alarm_is_not_taken_and_can_be_stopped_again);
	tcase_add_test(tc, an_alarm_at_the_end_of_the_clock_is_no_trouble);
}

static void
add_aside_tests(TCase *tc)
{
	tcase_add_test(tc, one_stopped_while_aside_is_skipped);
	tcase_add_test(tc, all_stopped_while_aside_leaves_nothing_to_take);
	tcase_add_test(tc, one_restarted_while_aside_waits_for_the_next_time);
	tcase_add_test(tc, a_release_while_aside_takes_out_one_only);
	tcase_add_test(tc, room_reserved_while_aside_keeps_those_due);
}

static void
add_memory_tests(TCase *tc)
{
	tcase_add_test(tc, start_and_stop_need_no_memory);
	tcase_add_test(tc, a_reserve_without_memory_changes_nothing);
	tcase_add_test(
		tc, a_reserve_without_memory_while_aside_changes_nothing);
	tcase_add_test(tc, the_heap_shrinks_when_its_alarms_are_released);
	tcase_add_test(tc, a_heap_that_cannot_shrink_for_memory_goes_on);
	tcase_add_test(tc,
		reserving_and_releasing_in_turns_does_not_allocate_each_time);
}

static void
add_many_tests(TCase *tc)
{
	tcase_add_test(tc, slots_that_begin_together_are_one);
	tcase_add_loop_exit_test(tc,
		many_are_taken_by_deadline_and_equals_by_starting_order, 0, 0,
		4);
	tcase_add_test(tc, of_many_that_are_put_off_none_comes_early);
	tcase_add_test(tc, of_many_one_started_while_they_are_taken_waits);
	tcase_add_test(tc, of_many_any_can_be_stopped_and_released);
	tcase_add_test(tc, after_many_have_gone_there_is_room_for_as_many);
}

static void
add_cases(Suite *suite)
{
	add_order_tests(harness_case(suite, "order"));
	add_aside_tests(harness_case(suite, "aside"));
	add_memory_tests(harness_case(suite, "memory"));
	add_many_tests(harness_case(suite, "many"));
	tcase_add_loop_exit_test(harness_case(suite, "model"),
		random_actions_agree_with_a_plain_model, 0, 0, 60);
}

HARNESS_MAIN("heap", add_cases)
