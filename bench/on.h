/* SPDX-License-Identifier: MIT */
/* What is done: the functions behind the workloads, bench/on_*.c. */
#ifndef ROTA_BENCH_ON_H
#define ROTA_BENCH_ON_H

#include "bench/bench.h"

void on_ring(struct sample *sample);
void on_setup(struct sample *sample);
void on_toggle(struct sample *sample);
void on_turn(struct sample *sample);
void on_turn_idle(struct sample *sample);
void on_turn_timer(struct sample *sample);
void on_turn_immediate(struct sample *sample);

void on_timers(struct sample *sample);
void on_rearm(struct sample *sample);
void on_restart(struct sample *sample);
void on_lateness(struct sample *sample);

void on_ping_pong(struct sample *sample);
void on_senders(struct sample *sample);
void on_posts(struct sample *sample);

void on_echo(struct sample *sample);
void on_echo_queued(struct sample *sample);
void on_pieces(struct sample *sample);

void on_churn(struct sample *sample);
void on_datagrams(struct sample *sample);

void on_pool(struct sample *sample);
void on_pool_one_cpu(struct sample *sample);
void on_stat(struct sample *sample);
void on_read(struct sample *sample);
void on_spawn(struct sample *sample);

void on_timer_memory(struct sample *sample);
void on_connection_memory(struct sample *sample);

#endif
