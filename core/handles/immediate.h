/* SPDX-License-Identifier: MIT */
/* Immediates from inside. */
#ifndef ROTA_CORE_HANDLES_IMMEDIATE_H
#define ROTA_CORE_HANDLES_IMMEDIATE_H

#include "rota/immediate.h"

/* Calls an immediate that was taken out of its queue. */
void rota__immediate_call(
	struct rota_loop *loop, struct rota_immediate *immediate);

#endif
