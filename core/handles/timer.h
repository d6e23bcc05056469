/* SPDX-License-Identifier: MIT */
/* Timers from inside. */
#ifndef ROTA_CORE_HANDLES_TIMER_H
#define ROTA_CORE_HANDLES_TIMER_H

#include "rota/timer.h"

/* The alarm of a timer has been taken off the heap: its time has come. */
void rota__timer_expire(struct rota_loop *loop, struct rota_alarm *alarm);

#endif
