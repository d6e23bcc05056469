/* SPDX-License-Identifier: MIT */
/* Works in a pool that are told apart by letters: the first one is "a". */
#ifndef ROTA_TESTS_WORKS_H
#define ROTA_TESTS_WORKS_H

#include "tests/pools.h"

#define MAX_WORKS 16

extern struct rota_pool *pool;
extern struct rota_work works[MAX_WORKS];
extern unsigned n_works;
/* Which work has run, as letters; for note_run(). */
extern char ran[MAX_WORKS + 1];

void note_run(const struct rota_work *work);

/* Makes the pool, with no works yet, and shuts the gate. */
void begin_works(const struct rota_pool_options *options);

/* Opens the gate, runs the loop to the end, and closes the pool. */
void end_works(void);

/* What a work runs: it is noted; then it passes the gate, too. */
int run_plain(struct rota_work *work);
int run_gate(struct rota_work *work);

/* A letter of its own for each; a capital if it has not ended with 0. */
void on_done(struct rota_work *work, int status);

struct rota_work *start_in(unsigned lane, int priority, rota_work_run_fn *run);
struct rota_work *start(rota_work_run_fn *run);

#endif
