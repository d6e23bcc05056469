/* SPDX-License-Identifier: MIT */
/* Requests in their order, see queue.h. */
#include "core/queue.h"

#include <stddef.h>

void
rota__queue_init(struct rota_queue *queue)
{
	queue->last = NULL;
	queue->unsent = NULL;
}

/* The one before a request, which for the first is the last. */
static struct rota_request *
before(const struct rota_queue *queue, const struct rota_request *request)
{
	struct rota_request *at = queue->last;

	while (at->next != request)
		at = at->next;
	return at;
}

void
rota__queue_remove(struct rota_queue *queue, struct rota_request *request)
{
	struct rota_request *at = before(queue, request);

	if (queue->unsent == request)
		(void)rota__queue_pass(queue);
	at->next = request->next;
	if (queue->last == request)
		queue->last = at == request ? NULL : at;
}

void
rota__queue_take_out(struct rota_queue *queue, struct rota_request *request)
{
	struct rota_request *next;
	struct rota_request *at;

	rota__queue_remove(queue, request);
	next = rota__queue_undecided(queue);
	if (next == NULL) {
		rota__queue_put(queue, request);
		return;
	}
	at = before(queue, next);
	request->next = next;
	at->next = request;
}

struct rota_request *
rota__queue_undecided(const struct rota_queue *queue)
{
	struct rota_request *at = rota__queue_first(queue);

	while (at != NULL && rota__request_is_decided(at))
		at = rota__queue_next(queue, at);
	return at;
}

int
rota__queue_visit(const struct rota_queue *queue, rota_request_visit_fn *visit,
	void *data)
{
	struct rota_request *at = rota__queue_first(queue);
	int r = 0;

	for (; r == 0 && at != NULL; at = rota__queue_next(queue, at))
		r = visit(at, data);
	return r;
}

void
rota__queue_tell(struct rota_queue *queue)
{
	const struct rota_request *at = rota__queue_first(queue);
	unsigned n = 0;

	for (; at != NULL && rota__request_is_decided(at); n++)
		at = rota__queue_next(queue, at);
	for (; n > 0; n--)
		rota__request_tell(rota__queue_take_first(queue));
}
