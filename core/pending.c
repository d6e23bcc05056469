/* SPDX-License-Identifier: MIT */
/* Sending and telling put off, see pending.h. */
#include "core/pending.h"

#include "core/ring.h"
#include "core/turn.h"

void
rota__sender_init(struct rota__sender *sender)
{
	sender->gathered = NULL;
	rota__ring_init(&sender->pending);
}

/* Sending calls nobody, so nothing is gathered meanwhile. */
void
rota__flush_gathered(struct rota_loop *loop)
{
	struct rota__sender *sender = loop->gathered_first;
	struct rota__sender *next;

	for (;;) {
		next = sender->gathered;
		sender->gathered = NULL;
		sender->handle.type->flush(&sender->handle);
		if (next == sender)
			break;
		sender = next;
	}
	loop->after &= ~(uint32_t)ROTA__AFTER_WRITES;
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
	rota__ring_remove(&sender->pending);
}
