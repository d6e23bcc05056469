/* SPDX-License-Identifier: MIT */
/* Loop time from inside. Without measuring none of this is called. */
#ifndef ROTA_CORE_METRICS_H
#define ROTA_CORE_METRICS_H

#include "core/loop.h"
#include "rota/metrics.h"

/* A new turn begins, or the wait is over: the clock starts to count. */
void rota__metrics_begin_turn(struct rota_loop *loop);

/* From here on time is spent in `phase`. */
void rota__metrics_phase(struct rota_loop *loop, enum rota_phase phase);

/* A callback begins; and has returned. */
void rota__metrics_callback(struct rota_loop *loop, const char *type,
	const char *place, const struct rota_handle *handle);
void rota__metrics_called(struct rota_loop *loop);

/* The wait begins and ends; between two steps it is the foreign loop's. */
void rota__metrics_wait(struct rota_loop *loop);
void rota__metrics_waited(struct rota_loop *loop);

/* Counts the turn, and tells of a slow one. */
void rota__metrics_end_turn(struct rota_loop *loop);

void rota__metrics_free(struct rota_loop *loop);

#endif
