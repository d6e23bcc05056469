/* SPDX-License-Identifier: MIT */
/* Sending and telling put off, see pending.h. */
#include "core/pending.h"

#include "core/turn.h"

void
rota__sender_init(struct rota__sender *sender)
{
	sender->gathered = NULL;
	sender->pending = NULL;
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

/* Takes one out of line; returns the next one, NULL after the last. */
static struct rota__sender *
take_out(struct rota__sender *sender)
{
	struct rota__sender *next = sender->pending;

	sender->pending = NULL;
	return next == sender ? NULL : next;
}

void
rota__pending_run(struct rota_loop *loop)
{
	struct rota__sender *sender = loop->pending_first;
	struct rota__sender *next;

	loop->pending_first = NULL;
	for (; sender != NULL; sender = next) {
		next = take_out(sender);
		if (!(sender->handle.flags & ROTA__ENDING))
			sender->handle.type->tell(&sender->handle);
	}
}

void
rota__pending_drop_closed(struct rota_loop *loop)
{
	struct rota__sender *sender = loop->pending_first;
	struct rota__sender *next;

	loop->pending_first = NULL;
	for (; sender != NULL; sender = next) {
		next = take_out(sender);
		rota__pending_add(sender);
	}
}
