/* SPDX-License-Identifier: MIT */
/* Frames from inside. */
#ifndef ROTA_CORE_HANDLES_FRAME_H
#define ROTA_CORE_HANDLES_FRAME_H

#include "rota/frame.h"

/*
 * Calls each frame that is due at now_ns once. Only where a tick might run as
 * well: the frames may close whatever they like.
 */
void rota__frames_run(struct rota_loop *loop, uint64_t now_ns);

/* The alarm of a frame has been taken off the heap: its time has come. */
void rota__frame_expire(struct rota_loop *loop, struct rota_alarm *alarm);

#endif
