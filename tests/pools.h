/* SPDX-License-Identifier: MIT */
/*
 * For tests of pools: pools whose threads and memory are counted, where the
 * n-th thread cannot be had, and gates at which jobs wait.
 */
#ifndef ROTA_TESTS_POOLS_H
#define ROTA_TESTS_POOLS_H

#include <stdatomic.h>

#include "tests/harness.h"

/* What the threads of pools_sys() have been through. */
extern struct pools {
	atomic_uint n_started;
	atomic_uint n_ended;
	atomic_uint n_joined;
	atomic_uint n_detached;
	/* The size of the stack that was last asked for. */
	size_t stack_bytes;
	/* So many can be had; then comes `error`, for n_failures times. */
	unsigned n_allowed;
	unsigned n_failures;
	int error;
	/* Calls of realloc until one fails; 0: none does. */
	unsigned long fail_at;
	atomic_ulong n_allocations;
	atomic_uint n_wakes;
} pools;

/* Zeroes all of them, and allows any number of threads. */
void pools_reset(void);

/* The real system, but for what is counted. */
const struct rota_sys *pools_sys(void);

/* Options for such a pool. Its memory is among harness_n_blocks(). */
struct rota_pool_options pools_options(unsigned n_threads);
struct rota_pool *pools_make(unsigned n_threads);
struct rota_pool *pools_make_with(const struct rota_pool_options *options);

/* Closes it, and demands that no thread is left. */
void pools_close(struct rota_pool *pool);
void pools_ck_no_thread(void);

/* All of rota_pool_metrics(). */
struct rota_pool_metrics pools_metrics(struct rota_pool *pool);

/* 0: this program cannot start threads in the child of a fork. */
int pools_child_has_threads(void);

/* Threads of this process as the system counts them; -1 if it does not. */
int pools_count_threads(void);

/* Jobs that come to a gate wait until it is open. */
void gate_close(void);
void gate_open(void);
/* Lets one of those who wait through. */
void gate_let_through(unsigned n);
/* In a job. */
void gate_pass(void);
/* Waits until so many jobs have come to the gate since it was closed. */
void gate_await(unsigned n);
/* How many there were at most at the same time. */
unsigned gate_n_most(void);

#endif
