/* SPDX-License-Identifier: MIT */
/* Time that moves only by waiting, see still_time.c. */
#ifndef ROTA_TESTS_NODE_STILL_TIME_H
#define ROTA_TESTS_NODE_STILL_TIME_H

#include <stdint.h>

/* What the clock says at the begin. */
#define STILL_TIME_BEGIN_NS UINT64_C(1000000000000)

/* So late there is nothing to come any more. */
#define STILL_TIME_END_NS (2 * STILL_TIME_BEGIN_NS)

/* Descriptors, which play.js knows too: the ends of the pipes. */
#define STILL_TIME_N_PIPES 2
#define STILL_TIME_READ_FD(i) (20 + 2 * (i))
#define STILL_TIME_WRITE_FD(i) (21 + 2 * (i))

/* Each byte written here is a millisecond of work. */
#define STILL_TIME_BUSY_FD 1000000

/* What the clock says now. */
uint64_t still_time_ns(void);

/* Moves it. */
void still_time_pass(uint64_t ns);

#endif
