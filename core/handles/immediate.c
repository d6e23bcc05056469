/* SPDX-License-Identifier: MIT */
/* Immediates, see rota/immediate.h. */
#include "rota/immediate.h"

#include <errno.h>

#include "core/handles/immediate.h"
#include "core/ring.h"
#include "core/turn.h"

enum immediate_flag {
	INITIALISED = 1 << 0,
	REFERENCED = 1 << 1,
	QUEUED = 1 << 2
};

static unsigned
counts(uint32_t flags)
{
	return (flags & (REFERENCED | QUEUED)) == (REFERENCED | QUEUED);
}

/* The one setter. */
static void
set_flags(struct rota_immediate *immediate, uint32_t flags)
{
	struct rota_loop *loop = immediate->loop;
	unsigned before = counts(immediate->flags);

	immediate->flags = flags;
	loop->alive += counts(flags) - (uint64_t)before;
	loop->n_immediates_referenced += counts(flags) - before;
}

static int
is_blank(const struct rota_immediate *immediate)
{
	return immediate == NULL || !(immediate->flags & INITIALISED);
}

int
rota_immediate_init(struct rota_loop *loop, struct rota_immediate *immediate)
{
	if (loop == NULL || immediate == NULL)
		return -EINVAL;
	immediate->loop = loop;
	immediate->fn = NULL;
	immediate->place = NULL;
	immediate->flags = INITIALISED | REFERENCED;
	immediate->spare = 0;
	rota__ring_init(&immediate->order);
	return 0;
}

int
rota_immediate_start_at(struct rota_immediate *immediate, rota_immediate_fn *fn,
	const char *place)
{
	if (is_blank(immediate) || fn == NULL)
		return -EINVAL;
	immediate->fn = fn;
	immediate->place = place;
	rota__ring_remove(&immediate->order);
	rota__ring_append(&immediate->loop->immediates, &immediate->order);
	set_flags(immediate, immediate->flags | QUEUED);
	return 0;
}

int
rota_immediate_stop(struct rota_immediate *immediate)
{
	if (immediate == NULL)
		return -EINVAL;
	if (!rota_immediate_is_queued(immediate))
		return 0;
	rota__ring_remove(&immediate->order);
	set_flags(immediate, immediate->flags & ~(uint32_t)QUEUED);
	return 0;
}

int
rota_immediate_ref(struct rota_immediate *immediate)
{
	if (is_blank(immediate))
		return -EINVAL;
	set_flags(immediate, immediate->flags | REFERENCED);
	return 0;
}

int
rota_immediate_unref(struct rota_immediate *immediate)
{
	if (is_blank(immediate))
		return -EINVAL;
	set_flags(immediate, immediate->flags & ~(uint32_t)REFERENCED);
	return 0;
}

int
rota_immediate_is_queued(const struct rota_immediate *immediate)
{
	return immediate != NULL && (immediate->flags & QUEUED) != 0;
}

int
rota_immediate_has_ref(const struct rota_immediate *immediate)
{
	return immediate != NULL && (immediate->flags & REFERENCED) != 0;
}

/* It has been taken out of its queue; from its callback on it is free. */
void
rota__immediate_call(struct rota_loop *loop, struct rota_immediate *immediate)
{
	set_flags(immediate, immediate->flags & ~(uint32_t)QUEUED);
	rota__before_callback(loop, "immediate", immediate->place, NULL);
	immediate->fn(immediate);
	rota__after_callback(loop);
}
