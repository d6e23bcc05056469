/* SPDX-License-Identifier: MIT */
/* The descriptor table, see fds.h; dispatch.c calls what is ready. */
#include "core/fds.h"

#include <errno.h>
#include <string.h>

#include "core/loop.h"

#define MIN_CAPACITY 64

/* From this length on the table grows by a quarter. */
#define LARGE 1024

int
rota__fds_init(struct rota_loop *loop)
{
	struct rota__fds *fds = &loop->fds;

	fds->ready = rota__realloc(
		&loop->memory, NULL, ROTA__N_READY * sizeof(*fds->ready));
	return fds->ready == NULL ? -ENOMEM : 0;
}

void
rota__fds_fini(struct rota_loop *loop)
{
	struct rota__fds *fds = &loop->fds;

	rota__free(&loop->memory, fds->ready);
	rota__free(&loop->memory, fds->sorted);
	rota__free(&loop->memory, fds->slots);
	rota__free(&loop->memory, fds->dirty);
	memset(fds, 0, sizeof(*fds));
}

int
rota__fds_reserve(struct rota_loop *loop, int fd)
{
	struct rota__fds *fds = &loop->fds;
	uint32_t old = fds->capacity;
	uint32_t capacity = old ? old : MIN_CAPACITY;
	struct rota__slot *slots;
	int *dirty;

	if ((uint32_t)fd < old)
		return 0;
	while (capacity <= (uint32_t)fd)
		capacity += capacity < LARGE ? capacity : capacity / 4;
	dirty = rota__realloc(
		&loop->memory, fds->dirty, capacity * sizeof(*dirty));
	if (dirty == NULL)
		return -ENOMEM;
	fds->dirty = dirty;
	slots = rota__realloc(
		&loop->memory, fds->slots, capacity * sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	memset(slots + old, 0, (capacity - old) * sizeof(*slots));
	fds->slots = slots;
	fds->capacity = capacity;
	for (; old < capacity; old++)
		slots[old].generation = 1;
	return 0;
}

static void
mark_dirty(struct rota__fds *fds, int fd)
{
	struct rota__slot *slot = &fds->slots[fd];

	if (slot->flags & ROTA__SLOT_DIRTY)
		return;
	slot->flags |= ROTA__SLOT_DIRTY;
	fds->dirty[fds->n_dirty++] = fd;
}

void
rota__watch_bind(struct rota_watch *watch, int fd)
{
	watch->next = NULL;
	watch->fd = fd;
	watch->wanted = 0;
	watch->heard = 0;
	watch->flags = ROTA__WATCH_REBOUND;
}

/* Watches are in the order of their start. */
__attribute__((noinline)) static void
link_watch(struct rota__slot *slot, struct rota_watch *watch)
{
	struct rota_watch **at = &slot->first;

	while (*at != NULL)
		at = &(*at)->next;
	watch->next = NULL;
	*at = watch;
}

void
rota__watch_start_anew(
	struct rota_loop *loop, struct rota_watch *watch, unsigned events)
{
	struct rota__slot *slot = &loop->fds.slots[watch->fd];

	/* An edge must be looked at anew, or one of before would be lost. */
	if (watch->flags & ROTA__WATCH_REBOUND || events & ROTA_EDGE)
		slot->flags |= ROTA__SLOT_REOPENED;
	if (!(watch->flags & ROTA__WATCH_LINKED))
		link_watch(slot, watch);
	watch->wanted = (uint8_t)events;
	watch->heard = 0;
	watch->flags = ROTA__WATCH_LINKED;
	mark_dirty(&loop->fds, watch->fd);
}

void
rota__watch_stop(struct rota_loop *loop, struct rota_watch *watch)
{
	struct rota_watch **at;

	if (!(watch->flags & ROTA__WATCH_LINKED))
		return;
	at = &loop->fds.slots[watch->fd].first;
	while (*at != watch)
		at = &(*at)->next;
	*at = watch->next;
	if (loop->fds.next_watch == watch)
		loop->fds.next_watch = watch->next;
	watch->wanted = 0;
	watch->heard = 0;
	watch->flags &= ~ROTA__WATCH_LINKED;
	mark_dirty(&loop->fds, watch->fd);
}

static void
leave_always(struct rota__fds *fds, int fd)
{
	struct rota__slot *slot = &fds->slots[fd];
	uint32_t this = (uint32_t)fd + 1;
	uint32_t at = fds->always_first;

	if (!(slot->flags & ROTA__SLOT_ALWAYS))
		return;
	if (at == this) {
		fds->always_first = (uint32_t)slot->word;
	} else {
		while (fds->slots[at - 1].word != this)
			at = (uint32_t)fds->slots[at - 1].word;
		fds->slots[at - 1].word = slot->word;
	}
	slot->word = 0;
	slot->flags &= ~ROTA__SLOT_ALWAYS;
}

static void
join_always(struct rota__fds *fds, int fd)
{
	struct rota__slot *slot = &fds->slots[fd];

	slot->word = fds->always_first;
	slot->flags |= ROTA__SLOT_ALWAYS;
	fds->always_first = (uint32_t)fd + 1;
}

/* Notes what the kernel knows now, and counts the slots it knows of. */
static void
set_told(struct rota__fds *fds, struct rota__slot *slot, unsigned told)
{
	fds->n_told += (told != 0) - (uint32_t)(slot->told != 0);
	slot->told = (uint8_t)told;
	if (told == 0 && !(slot->flags & ROTA__SLOT_FAILED))
		slot->word = 0;
}

/* What nobody would be called for stays out: it would spin. */
static void
set_always(struct rota__fds *fds, int fd, unsigned wanted)
{
	struct rota__slot *slot = &fds->slots[fd];

	set_told(fds, slot, 0);
	if (wanted & ROTA__ALWAYS_TOLD && !(slot->flags & ROTA__SLOT_ALWAYS))
		join_always(fds, fd);
}

/* The kernel has refused; its watches are told in the next round. */
static void
set_failed(struct rota__fds *fds, int fd, int error)
{
	struct rota__slot *slot = &fds->slots[fd];

	if (!(slot->flags & ROTA__SLOT_FAILED))
		fds->n_failed++;
	slot->flags |= ROTA__SLOT_FAILED;
	slot->word = (uintptr_t)-error;
	set_told(fds, slot, 0);
}

static void
clear_failed(struct rota__fds *fds, struct rota__slot *slot)
{
	if (!(slot->flags & ROTA__SLOT_FAILED))
		return;
	slot->flags &= ~ROTA__SLOT_FAILED;
	slot->word = 0;
	fds->n_failed--;
}

static void
renew_generation(const struct rota__fds *fds, struct rota__slot *slot)
{
	slot->generation++;
	if (slot->generation == 0)
		slot->generation = 1;
	slot->ready = 0;
	slot->renewed_in = fds->round;
}

/* Brings the kernel from what it was told to `wanted`. */
static void
tell(struct rota_loop *loop, int fd, unsigned wanted, int will_close)
{
	struct rota__fds *fds = &loop->fds;
	struct rota__slot *slot = &fds->slots[fd];
	struct rota__wish wish = {
		.fd = fd,
		.told = slot->told,
		.wanted = (uint8_t)wanted,
		.is_reopened = (slot->flags & ROTA__SLOT_REOPENED) != 0,
		.will_close = (uint8_t)will_close,
	};
	int r;

	leave_always(fds, fd);
	clear_failed(fds, slot);
	slot->flags &= ~ROTA__SLOT_REOPENED;
	if (wish.told == 0 && wanted == 0)
		return;
	if (wish.is_reopened)
		renew_generation(fds, slot);
	wish.generation = slot->generation;
	r = loop->backend->set(loop->backend_state, &wish, &slot->word);
	/* It may live on in a copy; what it still reports is an old wish's. */
	if (wanted == 0)
		renew_generation(fds, slot);
	if (r < 0 && wanted != 0) {
		set_failed(fds, fd, r);
		return;
	}
	if (r == ROTA__ALWAYS_READY)
		set_always(fds, fd, wanted);
	else
		set_told(fds, slot, wanted);
}

void
rota__watch_forget(
	struct rota_loop *loop, struct rota_watch *watch, int will_close)
{
	struct rota__fds *fds = &loop->fds;
	struct rota__slot *slot;

	if (watch->fd < 0)
		return;
	rota__watch_stop(loop, watch);
	slot = &fds->slots[watch->fd];
	if (slot->first != NULL && !will_close)
		return;
	tell(loop, watch->fd, 0, will_close);
	renew_generation(fds, slot);
	watch->flags |= ROTA__WATCH_REBOUND;
}

/* Returns all that is wanted of a slot, an edge only if all want edges. */
static unsigned
sum_wishes(struct rota__slot *slot)
{
	struct rota_watch *watch;
	unsigned wanted = 0;
	unsigned edge = ROTA_EDGE;

	for (watch = slot->first; watch != NULL; watch = watch->next) {
		watch->heard = watch->wanted;
		wanted |= watch->wanted;
		edge &= watch->wanted;
	}
	wanted &= ~(unsigned)ROTA_EDGE;
	return wanted == 0 ? 0 : wanted | edge;
}

__attribute__((noinline)) static void
flush_slot(struct rota_loop *loop, int fd)
{
	struct rota__slot *slot = &loop->fds.slots[fd];
	unsigned wanted = sum_wishes(slot);
	int is_as_told;

	slot->flags &= ~ROTA__SLOT_DIRTY;
	if (!(loop->capabilities & ROTA__CAN_EDGE))
		wanted &= ~(unsigned)ROTA_EDGE;
	/* One in the always list is told nothing, but may have to leave it. */
	is_as_told = slot->flags & ROTA__SLOT_ALWAYS ?
		(wanted & ROTA__ALWAYS_TOLD) != 0 :
		wanted == slot->told;
	if (!is_as_told || slot->flags & ROTA__SLOT_REOPENED)
		tell(loop, fd, wanted, 0);
}

/* 1 if its only watch wants what the kernel was told, and nothing else is. */
static inline int
is_put_back(const struct rota__slot *slot)
{
	return slot->flags == ROTA__SLOT_DIRTY && slot->first != NULL &&
		slot->first->next == NULL && slot->first->wanted == slot->told;
}

void
rota__fds_flush(struct rota_loop *loop)
{
	struct rota__fds *fds = &loop->fds;
	uint32_t i;

	for (i = 0; i < fds->n_dirty; i++) {
		struct rota__slot *slot = &fds->slots[fds->dirty[i]];

		if (!is_put_back(slot)) {
			flush_slot(loop, fds->dirty[i]);
			continue;
		}
		slot->flags = 0;
		slot->first->heard = slot->first->wanted;
	}
	fds->n_dirty = 0;
}

/*
 * The kernel does not watch any more what we told it to. If it was told
 * twice before its first answer came, there is a second one.
 */
void
rota__fds_lose(struct rota__fds *fds, struct rota__ready *ready)
{
	struct rota__slot *slot = &fds->slots[ready->fd];

	if (ready->events & ROTA__FAILED) {
		leave_always(fds, ready->fd);
		set_failed(fds, ready->fd, ready->error);
	} else if (!(slot->flags & (ROTA__SLOT_ALWAYS | ROTA__SLOT_FAILED))) {
		set_always(fds, ready->fd, slot->told);
	}
	ready->events &= ~(uint32_t)ROTA__ALWAYS;
}

void
rota__fds_lose_stale(struct rota__fds *fds, const struct rota__ready *ready)
{
	struct rota__slot *slot = &fds->slots[ready->fd];

	fds->n_stale++;
	if (ready->events & (ROTA__FAILED | ROTA__ALWAYS) && slot->told != 0) {
		slot->flags |= ROTA__SLOT_REOPENED;
		mark_dirty(fds, ready->fd);
	}
}

int
rota__fds_take_error(struct rota__fds *fds, struct rota__slot *slot)
{
	int error = -(int)slot->word;

	clear_failed(fds, slot);
	renew_generation(fds, slot);
	return error;
}

static int
open_backend(struct rota_loop *loop, void *state)
{
	const char *reason = "";
	int r = loop->backend->open(state, loop->sys, &loop->memory, &reason);

	return r < 0 ? r : 0;
}

/* Marks all that is watched as to be told anew. */
static void
forget_all_told(struct rota__fds *fds)
{
	uint32_t fd;

	for (fd = 0; fd < fds->capacity; fd++) {
		struct rota__slot *slot = &fds->slots[fd];

		leave_always(fds, (int)fd);
		clear_failed(fds, slot);
		set_told(fds, slot, 0);
		renew_generation(fds, slot);
		if (slot->first != NULL)
			mark_dirty(fds, (int)fd);
	}
}

int
rota__fds_rebuild(struct rota_loop *loop, int is_forked)
{
	void *state;
	int r;

	state = rota__realloc(&loop->memory, NULL, loop->backend->state_size);
	if (state == NULL)
		return -ENOMEM;
	memset(state, 0, loop->backend->state_size);
	r = open_backend(loop, state);
	if (r < 0) {
		rota__free(&loop->memory, state);
		return r;
	}
	loop->backend->close(loop->backend_state, is_forked);
	rota__free(&loop->memory, loop->backend_state);
	loop->backend_state = state;
	forget_all_told(&loop->fds);
	return 0;
}
