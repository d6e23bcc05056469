/* SPDX-License-Identifier: MIT */
/* The files that measure rota, among themselves; subject.h says what for. */
#ifndef ROTA_BENCH_ROTA_H
#define ROTA_BENCH_ROTA_H

#include "bench/subject.h"

void rota_must(int r, const char *what);

void *bench_rota_open(const char *backend);
const char *bench_rota_backend(void *loop);
void bench_rota_run(void *loop);
void bench_rota_stop(void *loop);
void bench_rota_turns(void *loop, unsigned long n);
void bench_rota_ring(void *loop, struct ring *ring);
void bench_rota_toggle(void *loop, struct ring *ring, unsigned long n_rounds);
int bench_rota_keep_busy(void *loop, enum turn_kind kind);

void bench_rota_timers_make(void *loop, struct timers *timers);
void bench_rota_timers_arm(void *loop, struct timers *timers);
void bench_rota_timers_idle(
	void *loop, struct timers *timers, uint64_t delay_ns);
void bench_rota_timers_again(
	void *loop, struct timers *timers, unsigned long n);
void bench_rota_timers_restart(
	void *loop, struct timers *timers, unsigned long n);
void bench_rota_late(void *loop, struct late *late);

void bench_rota_bell_make(void *loop, struct bell *bell);
void bench_rota_bell_ring(struct bell *bell);
void bench_rota_post(void *loop, struct bell *bell);

void bench_rota_echo(void *loop, struct echo *echo);
void bench_rota_churn(void *loop, struct churn *churn);
void bench_rota_datagrams(void *loop, struct datagrams *datagrams);
void bench_rota_spawn(void *loop, struct spawning *spawning);
void bench_rota_jobs_make(void *loop, struct jobs *jobs);
void bench_rota_jobs_go(void *loop, struct jobs *jobs);

#endif
