/* SPDX-License-Identifier: MIT */
/*
 * Connecting to the first of several addresses that answers. While a stream
 * races (ROTA__STREAM_RACING) it has no descriptor of its own; the attempts
 * have theirs.
 */
#ifndef ROTA_CORE_HANDLES_RACE_H
#define ROTA_CORE_HANDLES_RACE_H

#include "core/heap.h"
#include "rota/stream.h"

/* Ends the race of a stream without a winner: closes what it has opened. */
void rota__race_end(struct rota_stream *stream);

/* It is time for the next attempt. */
void rota__race_expire(struct rota_loop *loop, struct rota_alarm *alarm);

#endif
