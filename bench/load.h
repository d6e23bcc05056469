/* SPDX-License-Identifier: MIT */
/* The process that loads a server under measurement. */
#ifndef ROTA_BENCH_LOAD_H
#define ROTA_BENCH_LOAD_H

#include "bench/bench.h"

/* Listens on a port of 127.0.0.1 that the kernel chooses. */
int load_listen(unsigned *ret_port);

/*
 * Starts the load, with the sizes of the sample, for a server at that port.
 * Load and sample get a processor each, where that can be said.
 */
void load_start(const struct sample *sample, const char *kind, unsigned port);

/* Takes the next connection of the load, which may wait. */
int load_accept(int listener);
/* Waits for a byte of the load, or sends it one. */
void load_hear(int control);
void load_tell(int control);
/* A socket for datagrams, bound to 127.0.0.1, that does not block. */
int load_bind_udp(unsigned port);

/* Is that process: `rota-bench load KIND PORT N SIZE MODE`. */
int load_main(int argc, char **argv);

/*
 * Waiting for many connections, bench/ready_*.c. Each connection is known by
 * a number below the n of ready_open(). ready_wait() returns how many
 * numbers it has stored, at least one.
 */
struct ready;
struct ready *ready_open(unsigned n);
void ready_add(struct ready *ready, unsigned i, int fd);
unsigned ready_wait(struct ready *ready, unsigned *ret_numbers, unsigned n);

#endif
