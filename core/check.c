/* SPDX-License-Identifier: MIT */
/*
 * Walks everything that a loop has and finds what should not be. For tests,
 * after each turn; compiled in every build.
 */
#include "core/handle.h"
#include "core/loop.h"
#include "core/request.h"
#include "core/ring.h"
#include "rota/immediate.h"

#define DEMAND(condition) \
	do { \
		if (!(condition)) \
			return __LINE__; \
	} while (0)

/* Returns how many members a ring has, -1 if it is broken. */
static int
count_ring(const struct rota_link *head)
{
	const struct rota_link *link = head;
	int n = 0;

	do {
		if (link->next->prev != link || link->prev->next != link)
			return -1;
		link = link->next;
		n++;
	} while (link != head);
	return n - 1;
}

static int
count_request(struct rota_request *request, void *data)
{
	uint64_t *n = data;

	*n += (request->flags & (ROTA__IN_FLIGHT | ROTA__REQUEST_REFERENCED)) ==
		(ROTA__IN_FLIGHT | ROTA__REQUEST_REFERENCED);
	return 0;
}

static uint64_t
count_handles(const struct rota_link *head)
{
	const struct rota_link *link;
	uint64_t n = 0;

	for (link = head->next; link != head; link = link->next) {
		struct rota_handle *handle =
			ROTA__CONTAINER(link, struct rota_handle, link);

		if (handle->flags & ROTA__CLOSING ||
			(handle->flags & (ROTA__ACTIVE | ROTA__REFERENCED)) ==
				(ROTA__ACTIVE | ROTA__REFERENCED))
			n++;
		if (handle->type->requests != NULL)
			(void)handle->type->requests(handle, count_request, &n);
	}
	return n;
}

static uint32_t
count_priorities(const struct rota_link *head)
{
	const struct rota_link *link;
	uint32_t n = 0;

	for (link = head->next; link != head; link = link->next)
		n += rota__handle_priority(ROTA__CONTAINER(
			     link, struct rota_handle, link)) != 0;
	return n;
}

static uint64_t
count_immediates(const struct rota_link *head)
{
	const struct rota_link *link;
	uint64_t n = 0;

	for (link = head->next; link != head; link = link->next)
		n += (uint64_t)rota_immediate_has_ref(
			ROTA__CONTAINER(link, struct rota_immediate, order));
	return n;
}

static uint64_t
count_jobs(const struct rota_link *head)
{
	const struct rota_link *link;
	uint64_t n = 0;

	for (link = head->next; link != head; link = link->next)
		(void)count_request(
			&ROTA__CONTAINER(link, struct rota_job, link)->request,
			&n);
	return n;
}

static int
check_rings(const struct rota_loop *loop)
{
	DEMAND(count_ring(&loop->idle) >= 0);
	DEMAND(count_ring(&loop->prepare) >= 0);
	DEMAND(count_ring(&loop->check) >= 0);
	DEMAND(count_ring(&loop->idle) + count_ring(&loop->prepare) +
			count_ring(&loop->check) >=
		(int)loop->n_hooks);
	DEMAND(count_ring(&loop->immediates) >= 0);
	DEMAND(count_ring(&loop->immediates_now) >= 0);
	DEMAND(count_ring(&loop->frames) >= 0);
	DEMAND(count_ring(&loop->terminals) == (int)loop->n_resizes);
	DEMAND((loop->resizes.signum != 0) == (loop->n_resizes > 0));
	DEMAND(count_ring(&loop->handles) >= 0);
	DEMAND(count_ring(&loop->closing) >= 0);
	DEMAND(count_ring(&loop->closing_now) >= 0);
	DEMAND(count_ring(&loop->jobs.in_flight) >= 0);
	return 0;
}

static int
check_slot(const struct rota__slot *slot)
{
	const struct rota_watch *watch;

	DEMAND(slot->generation != 0);
	DEMAND(slot->told == 0 || !(slot->flags & ROTA__SLOT_ALWAYS));
	DEMAND(slot->told == 0 || !(slot->flags & ROTA__SLOT_FAILED));
	for (watch = slot->first; watch != NULL; watch = watch->next) {
		DEMAND(watch->flags & ROTA__WATCH_LINKED);
		DEMAND(watch->wanted != 0);
		DEMAND(rota__watch_is_fresh(watch) ||
			watch->heard == watch->wanted);
	}
	return 0;
}

/* The list holds each always-ready slot once, and no other. */
static int
check_always(const struct rota__fds *fds)
{
	uint32_t at = fds->always_first;
	uint32_t n = 0;
	uint32_t i;

	for (i = 0; i < fds->capacity; i++)
		n += (fds->slots[i].flags & ROTA__SLOT_ALWAYS) != 0;
	for (; at != 0 && n > 0; n--) {
		DEMAND(at <= fds->capacity);
		DEMAND((fds->slots[at - 1].flags &
			       (ROTA__SLOT_ALWAYS | ROTA__SLOT_FAILED)) ==
			ROTA__SLOT_ALWAYS);
		at = (uint32_t)fds->slots[at - 1].word;
	}
	DEMAND(at == 0 && n == 0);
	return 0;
}

static int
check_fds(const struct rota__fds *fds)
{
	uint32_t n_told = 0;
	uint32_t n_failed = 0;
	uint32_t n_dirty = 0;
	uint32_t i;
	int r;

	for (i = 0; i < fds->capacity; i++) {
		r = check_slot(&fds->slots[i]);
		if (r != 0)
			return r;
		n_told += fds->slots[i].told != 0;
		n_failed += (fds->slots[i].flags & ROTA__SLOT_FAILED) != 0;
		n_dirty += (fds->slots[i].flags & ROTA__SLOT_DIRTY) != 0;
	}
	DEMAND(n_told == fds->n_told);
	DEMAND(n_failed == fds->n_failed);
	DEMAND(n_dirty == fds->n_dirty);
	return check_always(fds);
}

int
rota__loop_check(const struct rota_loop *loop)
{
	uint64_t alive;
	int r;

	r = check_rings(loop);
	if (r != 0)
		return r;
	DEMAND(rota__heap_is_sound(&loop->heap));
	r = check_fds(&loop->fds);
	if (r != 0)
		return r;
	alive = count_immediates(&loop->immediates) +
		count_immediates(&loop->immediates_now);
	DEMAND(alive == loop->n_immediates_referenced);
	alive += count_handles(&loop->handles) +
		count_handles(&loop->closing_now) +
		count_handles(&loop->closing);
	alive += count_jobs(&loop->jobs.in_flight);
	DEMAND(alive == loop->alive);
	DEMAND(count_priorities(&loop->handles) +
			count_priorities(&loop->closing_now) +
			count_priorities(&loop->closing) ==
		loop->n_priorities);
	DEMAND(rota__ring_is_empty(&loop->frames) ==
		!(loop->after & ROTA__AFTER_FRAMES));
	return 0;
}
