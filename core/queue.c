/* SPDX-License-Identifier: MIT */
/* Requests in their order, see queue.h. */
#include "core/queue.h"

#include <stddef.h>

void
rota__queue_init(struct rota_queue *queue)
{
	queue->first = NULL;
	queue->unsent = NULL;
	queue->last = NULL;
}

void
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

void
rota__queue_remove(struct rota_queue *queue, struct rota_request *request)
{
	struct rota_request *before = NULL;
	struct rota_request *at = queue->first;

	for (; at != request; at = at->next)
		before = at;
	if (before == NULL)
		queue->first = request->next;
	else
		before->next = request->next;
	if (queue->last == request)
		queue->last = before;
	if (queue->unsent == request)
		queue->unsent = request->next;
}

void
rota__queue_take_out(struct rota_queue *queue, struct rota_request *request)
{
	struct rota_request *before = NULL;
	struct rota_request *at;

	rota__queue_remove(queue, request);
	for (at = queue->first; at != queue->unsent; at = at->next)
		before = at;
	request->next = queue->unsent;
	if (before == NULL)
		queue->first = request;
	else
		before->next = request;
	if (request->next == NULL)
		queue->last = request;
}

unsigned
rota__queue_count_decided(const struct rota_queue *queue)
{
	const struct rota_request *at = queue->first;
	unsigned n = 0;

	for (; at != queue->unsent; at = at->next)
		n++;
	return n;
}

struct rota_request *
rota__queue_take_first(struct rota_queue *queue)
{
	struct rota_request *first = queue->first;

	if (first != NULL)
		rota__queue_remove(queue, first);
	return first;
}
