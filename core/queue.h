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
void rota__queue_append(struct rota_queue *queue, struct rota_request *request);

/* Takes an unsent request out of the queue. */
void rota__queue_remove(struct rota_queue *queue, struct rota_request *request);

/* Moves an unsent request behind those that are decided, as it will be. */
void rota__queue_take_out(
	struct rota_queue *queue, struct rota_request *request);

unsigned rota__queue_count_decided(const struct rota_queue *queue);

/* Takes the first; returns NULL if nobody is in line. */
struct rota_request *rota__queue_take_first(struct rota_queue *queue);

#endif
