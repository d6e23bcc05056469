/* SPDX-License-Identifier: MIT */
/*
 * Intrusive rings. The head is a link of its own; an empty ring's head
 * points at itself. A member that is in no ring points at itself too, so it
 * can be recognised, and taken out again without harm.
 */
#ifndef ROTA_CORE_RING_H
#define ROTA_CORE_RING_H

#include <stddef.h>

#include "rota/types.h"

/* The struct of `type` whose `member` is at `pointer`. */
#define ROTA__CONTAINER(pointer, type, member) \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void
rota__ring_init(struct rota_link *link)
{
	link->next = link;
	link->prev = link;
}

static inline int
rota__ring_is_empty(const struct rota_link *head)
{
	return head->next == head;
}

/* Puts a member before another one; before the head means last. */
static inline void
rota__ring_insert_before(struct rota_link *next, struct rota_link *link)
{
	link->next = next;
	link->prev = next->prev;
	next->prev->next = link;
	next->prev = link;
}

static inline void
rota__ring_append(struct rota_link *head, struct rota_link *link)
{
	rota__ring_insert_before(head, link);
}

static inline void
rota__ring_remove(struct rota_link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	rota__ring_init(link);
}

/* Takes the first member out; NULL if the ring is empty. */
static inline struct rota_link *
rota__ring_take_first(struct rota_link *head)
{
	struct rota_link *first = head->next;

	if (first == head)
		return NULL;
	rota__ring_remove(first);
	return first;
}

/* Moves all members of `from` to the empty ring `to`. */
static inline void
rota__ring_take_all(struct rota_link *from, struct rota_link *to)
{
	rota__ring_init(to);
	if (rota__ring_is_empty(from))
		return;
	*to = *from;
	to->next->prev = to;
	to->prev->next = to;
	rota__ring_init(from);
}

/*
 * Walks the members that a ring has now, while anything may be taken out of
 * it and put into it: two marks travel in the ring itself, one behind the
 * member in hand, one behind the last of those to visit. Only one cursor may
 * be in a ring at a time, and nobody else may walk the ring meanwhile.
 */
struct rota__cursor {
	struct rota_link at;
	struct rota_link end;
};

/* The marks are out of the ring again before the cursor ends its life. */
static inline void
rota__cursor_open(struct rota__cursor *cursor, struct rota_link *head)
{
	rota__ring_append(head, &cursor->end);
	rota__ring_insert_before(head->next, &cursor->at);
}

/* Returns the next member; NULL after the last, and then the marks are out. */
static inline struct rota_link *
rota__cursor_next(struct rota__cursor *cursor)
{
	struct rota_link *next = cursor->at.next;

	rota__ring_remove(&cursor->at);
	if (next == &cursor->end) {
		rota__ring_remove(&cursor->end);
		return NULL;
	}
	rota__ring_insert_before(next->next, &cursor->at);
	return next;
}

#endif
