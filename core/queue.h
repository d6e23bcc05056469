/* SPDX-License-Identifier: MIT */
/*
 * Requests that go out in their order and are told in that order:
 *
 *	first            unsent           last -> first
 *	  |                 |               |
 *	  [ decided, to be  | to be sent    ]
 *	    told in order   |
 *
 * They are a ring, of which the queue has the last. It is empty when last is
 * NULL; all is sent when unsent is NULL. Requests that nothing is sent for
 * stand in the same kind of line, and nobody asks which of them are unsent. A
 * connect stands before all that is to be sent, and waits to be decided there.
 */
#ifndef ROTA_CORE_QUEUE_H
#define ROTA_CORE_QUEUE_H

#include "core/request.h"

void rota__queue_init(struct rota_queue *queue);

static inline int
rota__queue_is_empty(const struct rota_queue *queue)
{
	return queue->last == NULL;
}

/* NULL if nobody is in line. */
static inline struct rota_request *
rota__queue_first(const struct rota_queue *queue)
{
	return queue->last == NULL ? NULL : queue->last->next;
}

/* The one behind a request, NULL if it is the last. */
static inline struct rota_request *
rota__queue_next(
	const struct rota_queue *queue, const struct rota_request *request)
{
	return request == queue->last ? NULL : request->next;
}

/* Puts a request last that has nothing to be sent. */
static inline void
rota__queue_put(struct rota_queue *queue, struct rota_request *request)
{
	struct rota_request *last = queue->last;

	queue->last = request;
	if (last == NULL) {
		request->next = request;
		return;
	}
	request->next = last->next;
	last->next = request;
}

/* Puts a request to be sent last. */
static inline void
rota__queue_append(struct rota_queue *queue, struct rota_request *request)
{
	rota__queue_put(queue, request);
	if (queue->unsent == NULL)
		queue->unsent = request;
}

/* The first unsent request is sent, or will not be. */
static inline struct rota_request *
rota__queue_pass(struct rota_queue *queue)
{
	struct rota_request *request = queue->unsent;

	queue->unsent = rota__queue_next(queue, request);
	return request;
}

/* Takes a request out of the queue. */
void rota__queue_remove(struct rota_queue *queue, struct rota_request *request);

/* Moves an unsent request behind those that are decided, as it will be. */
void rota__queue_take_out(
	struct rota_queue *queue, struct rota_request *request);

/* The first one that is not decided; NULL if all are. */
struct rota_request *rota__queue_undecided(const struct rota_queue *queue);

/* Visits all until one visit is not 0, and returns that. */
int rota__queue_visit(const struct rota_queue *queue,
	rota_request_visit_fn *visit, void *data);

/* Takes the first; returns NULL if nobody is in line. */
static inline struct rota_request *
rota__queue_take_first(struct rota_queue *queue)
{
	struct rota_request *last = queue->last;
	struct rota_request *first;

	if (last == NULL)
		return NULL;
	first = last->next;
	if (queue->unsent == first)
		(void)rota__queue_pass(queue);
	if (first == last)
		queue->last = NULL;
	else
		last->next = first->next;
	return first;
}

/*
 * Calls the callbacks of those that are decided now. What these cause to be
 * decided waits for the next round.
 */
void rota__queue_tell(struct rota_queue *queue);

#endif
