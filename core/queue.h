/* SPDX-License-Identifier: MIT */
/*
 * Requests that go out in their order and are told in that order:
 *
 *	first            unsent           last
 *	  |                 |               |
 *	  [ decided, to be  | to be sent    ]
 *	    told in order   |
 *
 * It is empty when first is NULL; all is sent when unsent is NULL. Requests
 * that nothing is sent for stand in the same kind of line, and nobody asks
 * which of them are unsent.
 */
#ifndef ROTA_CORE_QUEUE_H
#define ROTA_CORE_QUEUE_H

#include "rota/request.h"

void rota__queue_init(struct rota_queue *queue);

/* Puts a request to be sent last. */
static inline void
rota__queue_append(struct rota_queue *queue, struct rota_request *request)
{
	request->next = NULL;
	if (queue->first == NULL)
		queue->first = request;
	else
		queue->last->next = request;
	queue->last = request;
	if (queue->unsent == NULL)
		queue->unsent = request;
}

/* Takes an unsent request out of the queue. */
void rota__queue_remove(struct rota_queue *queue, struct rota_request *request);

/* Moves an unsent request behind those that are decided, as it will be. */
void rota__queue_take_out(
	struct rota_queue *queue, struct rota_request *request);

static inline unsigned
rota__queue_count_decided(const struct rota_queue *queue)
{
	const struct rota_request *at = queue->first;
	unsigned n = 0;

	for (; at != queue->unsent; at = at->next)
		n++;
	return n;
}

/* Takes the first; returns NULL if nobody is in line. */
static inline struct rota_request *
rota__queue_take_first(struct rota_queue *queue)
{
	struct rota_request *first = queue->first;

	if (first == NULL)
		return NULL;
	queue->first = first->next;
	if (queue->first == NULL)
		queue->last = NULL;
	if (queue->unsent == first)
		queue->unsent = first->next;
	return first;
}

#endif
