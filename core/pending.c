/* SPDX-License-Identifier: MIT */
/* Sending and telling put off, see pending.h. */
#include "core/pending.h"

#include "core/ring.h"

void
rota__sender_init(struct rota__sender *sender)
{
	rota__ring_init(&sender->gathered);
	rota__ring_init(&sender->pending);
}

void
rota__gather(struct rota__sender *sender)
{
	struct rota_loop *loop = sender->handle.loop;

	if (!rota__ring_is_empty(&sender->gathered))
		return;
	rota__ring_append(&loop->gathered, &sender->gathered);
	loop->after |= ROTA__AFTER_WRITES;
}

/* Sending calls nobody, so nothing is gathered meanwhile. */
void
rota__flush_gathered(struct rota_loop *loop)
{
	struct rota_link *link;
	struct rota__sender *sender;

	while ((link = rota__ring_take_first(&loop->gathered)) != NULL) {
		sender = ROTA__CONTAINER(link, struct rota__sender, gathered);
		sender->handle.type->flush(&sender->handle);
	}
	loop->after &= ~(uint32_t)ROTA__AFTER_WRITES;
}

void
rota__pending_add(struct rota__sender *sender)
{
	if (rota__ring_is_empty(&sender->pending))
		rota__ring_append(
			&sender->handle.loop->pending, &sender->pending);
}

void
rota__pending_run(struct rota_loop *loop)
{
	struct rota_link now;
	struct rota_link *link;
	struct rota__sender *sender;

	rota__ring_take_all(&loop->pending, &now);
	while ((link = rota__ring_take_first(&now)) != NULL) {
		sender = ROTA__CONTAINER(link, struct rota__sender, pending);
		sender->handle.type->tell(&sender->handle);
	}
}

void
rota__sender_leave(struct rota__sender *sender)
{
	rota__ring_remove(&sender->gathered);
	rota__ring_remove(&sender->pending);
}
