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
