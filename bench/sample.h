/* SPDX-License-Identifier: MIT */
/* Between the process that takes a sample and those that look at it. */
#ifndef ROTA_BENCH_SAMPLE_H
#define ROTA_BENCH_SAMPLE_H

#include "bench/bench.h"

/* What strace sees where the measured part begins and ends. */
#define MARK_BEGIN "rota-bench begins"
#define MARK_END "rota-bench ends"
/* What valgrind sees. */
#define MARK_FUNCTION "rota_bench_measured"

void rota_bench_measured(
	struct sample *sample, void (*fn)(struct sample *sample));

/*
 * The processor's count of instructions of this thread, while it goes;
 * bench/counter_*.c. -1 where there is none.
 */
void counter_open(void);
void counter_go(void);
void counter_pause(void);
double counter_read(void);

/* Takes the sample whose workload, subject, backend and mode are set. */
int sample_take(struct sample *sample) __attribute__((noreturn));

#endif
