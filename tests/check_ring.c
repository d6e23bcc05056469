/* SPDX-License-Identifier: MIT */
/* The intrusive rings of core/ring.h, alone. */
#include "core/ring.h"

#include <string.h>

#include "tests/harness.h"

struct item {
	char letter;
	struct rota_link link;
};

static struct item items[26];

/* Makes items 'a'…'z', each in no ring, and an empty ring. */
static void
init_all(struct rota_link *head)
{
	for (int i = 0; i < 26; i++) {
		items[i].letter = (char)('a' + i);
		rota__ring_init(&items[i].link);
	}
	rota__ring_init(head);
}

static struct rota_link *
link_of(char letter)
{
	return &items[letter - 'a'].link;
}

static char
letter_of(struct rota_link *link)
{
	return ROTA__CONTAINER(link, struct item, link)->letter;
}

static void
append_all(struct rota_link *head, const char *letters)
{
	for (; *letters != '\0'; letters++)
		rota__ring_append(head, link_of(*letters));
}

/* Compares a ring with letters, forwards and backwards. */
static void
ck_ring(struct rota_link *head, const char *letters)
{
	struct rota_link *link = head->next;
	size_t n = strlen(letters);

	for (size_t i = 0; i < n; i++) {
		ck_assert_ptr_ne(link, head);
		ck_assert_int_eq(letter_of(link), letters[i]);
		ck_assert_ptr_eq(link->next->prev, link);
		link = link->next;
	}
	ck_assert_ptr_eq(link, head);
	for (size_t i = n; i-- > 0;) {
		link = link->prev;
		ck_assert_int_eq(letter_of(link), letters[i]);
	}
	ck_assert_ptr_eq(link->prev, head);
	ck_assert_int_eq(rota__ring_is_empty(head), n == 0);
}

START_TEST(a_new_ring_is_empty)
{
	struct rota_link head;

	rota__ring_init(&head);
	ck_assert(rota__ring_is_empty(&head));
	ck_assert_ptr_null(rota__ring_take_first(&head));
}
END_TEST

START_TEST(append_puts_last)
{
	struct rota_link head;

	init_all(&head);
	append_all(&head, "abc");
	ck_ring(&head, "abc");
}
END_TEST

START_TEST(insert_before_puts_before_a_member_or_last_before_the_head)
{
	struct rota_link head;

	init_all(&head);
	append_all(&head, "ac");
	rota__ring_insert_before(link_of('c'), link_of('b'));
	rota__ring_insert_before(link_of('a'), link_of('x'));
	rota__ring_insert_before(&head, link_of('z'));
	ck_ring(&head, "xabcz");
}
END_TEST

START_TEST(a_removed_member_is_recognisable_and_can_be_removed_again)
{
	struct rota_link head;

	init_all(&head);
	append_all(&head, "abc");
	rota__ring_remove(link_of('b'));
	ck_ring(&head, "ac");
	ck_assert(rota__ring_is_empty(link_of('b')));
	rota__ring_remove(link_of('b'));
	ck_ring(&head, "ac");
	rota__ring_remove(link_of('a'));
	rota__ring_remove(link_of('c'));
	ck_ring(&head, "");
}
END_TEST

START_TEST(a_member_that_was_never_in_a_ring_can_be_removed)
{
	struct rota_link head;

	init_all(&head);
	rota__ring_remove(link_of('a'));
	ck_assert(rota__ring_is_empty(link_of('a')));
}
END_TEST

START_TEST(take_first_takes_in_order_and_leaves_members_unlinked)
{
	struct rota_link head;

	init_all(&head);
	append_all(&head, "ab");
	ck_assert_ptr_eq(rota__ring_take_first(&head), link_of('a'));
	ck_assert(rota__ring_is_empty(link_of('a')));
	ck_ring(&head, "b");
	ck_assert_ptr_eq(rota__ring_take_first(&head), link_of('b'));
	ck_assert_ptr_null(rota__ring_take_first(&head));
}
END_TEST

START_TEST(take_all_moves_every_member_and_empties_the_source)
{
	struct rota_link from;
	struct rota_link to;

	init_all(&from);
	append_all(&from, "abc");
	rota__ring_take_all(&from, &to);
	ck_ring(&from, "");
	ck_ring(&to, "abc");
}
END_TEST

START_TEST(take_all_of_one_member_and_of_none_works)
{
	struct rota_link from;
	struct rota_link to;

	init_all(&from);
	rota__ring_take_all(&from, &to);
	ck_ring(&to, "");
	append_all(&from, "a");
	rota__ring_take_all(&from, &to);
	ck_ring(&from, "");
	ck_ring(&to, "a");
}
END_TEST

START_TEST(a_cursor_visits_all_in_order_and_leaves_no_mark)
{
	struct rota__cursor cursor;
	struct rota_link *link;
	struct rota_link head;

	init_all(&head);
	append_all(&head, "abc");
	rota__cursor_open(&cursor, &head);
	while ((link = rota__cursor_next(&cursor)) != NULL)
		trace(letter_of(link));
	ck_trace("abc");
	ck_ring(&head, "abc");
}
END_TEST

START_TEST(a_cursor_over_an_empty_ring_visits_nothing)
{
	struct rota__cursor cursor;
	struct rota_link head;

	init_all(&head);
	rota__cursor_open(&cursor, &head);
	ck_assert_ptr_null(rota__cursor_next(&cursor));
	ck_ring(&head, "");
}
END_TEST

START_TEST(a_cursor_does_not_visit_what_is_appended_on_the_way)
{
	struct rota__cursor cursor;
	struct rota_link *link;
	struct rota_link head;

	init_all(&head);
	append_all(&head, "abc");
	rota__cursor_open(&cursor, &head);
	while ((link = rota__cursor_next(&cursor)) != NULL) {
		trace(letter_of(link));
		rota__ring_append(
			&head, &items[letter_of(link) - 'a' + 3].link);
	}
	ck_trace("abc");
	ck_ring(&head, "abcdef");
}
END_TEST

START_TEST(a_cursor_survives_that_its_member_is_removed_or_appended_again)
{
	struct rota__cursor cursor;
	struct rota_link *link;
	struct rota_link head;

	init_all(&head);
	append_all(&head, "abcd");
	rota__cursor_open(&cursor, &head);
	while ((link = rota__cursor_next(&cursor)) != NULL) {
		trace(letter_of(link));
		rota__ring_remove(link);
		if (letter_of(link) == 'b')
			rota__ring_append(&head, link);
	}
	ck_trace("abcd");
	ck_ring(&head, "b");
}
END_TEST

START_TEST(a_cursor_skips_members_removed_before_their_turn)
{
	struct rota__cursor cursor;
	struct rota_link *link;
	struct rota_link head;

	init_all(&head);
	append_all(&head, "abcde");
	rota__cursor_open(&cursor, &head);
	while ((link = rota__cursor_next(&cursor)) != NULL) {
		trace(letter_of(link));
		if (letter_of(link) == 'b') {
			rota__ring_remove(link_of('a'));
			rota__ring_remove(link_of('c'));
			rota__ring_remove(link_of('e'));
		}
	}
	ck_trace("abd");
	ck_ring(&head, "bd");
}
END_TEST

START_TEST(a_cursor_comes_to_its_end_when_all_is_taken_away_at_once)
{
	struct rota__cursor cursor;
	struct rota_link *link;
	struct rota_link head;

	init_all(&head);
	append_all(&head, "abcde");
	rota__cursor_open(&cursor, &head);
	link = rota__cursor_next(&cursor);
	ck_assert_ptr_eq(link, link_of('a'));
	for (char letter = 'a'; letter <= 'e'; letter++)
		rota__ring_remove(link_of(letter));
	ck_assert_ptr_null(rota__cursor_next(&cursor));
	ck_ring(&head, "");
}
END_TEST

/* The model of a ring: letters in a text. */
static void
model_remove(char *model, char letter)
{
	char *at = strchr(model, letter);

	if (at != NULL)
		memmove(at, at + 1, strlen(at));
}

static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void
act(struct rota_link *head, char *model, uint32_t *seed)
{
	char letter[2] = { (char)('a' + next_random(seed) % 26), '\0' };

	switch (next_random(seed) % 4) {
	case 0:
	case 1:
		rota__ring_remove(link_of(*letter));
		model_remove(model, *letter);
		rota__ring_append(head, link_of(*letter));
		(void)strcat(model, letter);
		break;
	case 2:
		rota__ring_remove(link_of(*letter));
		model_remove(model, *letter);
		break;
	default:
		if (rota__ring_take_first(head) != NULL)
			model_remove(model, model[0]);
	}
}

START_TEST(random_actions_agree_with_a_text)
{
	uint32_t seed = (uint32_t)_i;
	struct rota_link head;
	char model[27] = "";

	init_all(&head);
	for (unsigned i = harness_scale(5000); i-- > 0;) {
		act(&head, model, &seed);
		ck_ring(&head, model);
	}
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *rings = harness_case(suite, "rings");
	TCase *cursors = harness_case(suite, "cursors");

	tcase_add_test(rings, a_new_ring_is_empty);
	tcase_add_test(rings, append_puts_last);
	tcase_add_test(rings,
		insert_before_puts_before_a_member_or_last_before_the_head);
	tcase_add_test(rings,
		a_removed_member_is_recognisable_and_can_be_removed_again);
	tcase_add_test(rings, a_member_that_was_never_in_a_ring_can_be_removed);
	tcase_add_test(
		rings, take_first_takes_in_order_and_leaves_members_unlinked);
	tcase_add_test(
		rings, take_all_moves_every_member_and_empties_the_source);
	tcase_add_test(rings, take_all_of_one_member_and_of_none_works);
	tcase_add_loop_exit_test(
		rings, random_actions_agree_with_a_text, 0, 0, 20);

	tcase_add_test(
		cursors, a_cursor_visits_all_in_order_and_leaves_no_mark);
	tcase_add_test(cursors, a_cursor_over_an_empty_ring_visits_nothing);
	tcase_add_test(
		cursors, a_cursor_does_not_visit_what_is_appended_on_the_way);
	tcase_add_test(cursors,
		a_cursor_survives_that_its_member_is_removed_or_appended_again);
	tcase_add_test(
		cursors, a_cursor_skips_members_removed_before_their_turn);
	tcase_add_test(cursors,
		a_cursor_comes_to_its_end_when_all_is_taken_away_at_once);
}

HARNESS_MAIN("ring", add_cases)
