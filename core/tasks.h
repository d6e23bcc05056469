/* SPDX-License-Identifier: MIT */
/* The queues of ticks and microtasks: rings of calls to be made, FIFO. */
#ifndef ROTA_CORE_TASKS_H
#define ROTA_CORE_TASKS_H

#include "core/sys.h"
#include "rota/loop.h"

struct rota__task {
	rota_loop_fn *fn;
	void *data;
	const char *place;
};

/*
 * A circular array: `n` tasks from `first` on, capacity 0 or a power of two.
 * It grows and never shrinks, so that queueing settles to no allocation.
 */
struct rota__tasks {
	struct rota__task *tasks;
	uint32_t capacity;
	uint32_t first;
	uint32_t n;
};

/* Puts a task last; -ENOMEM, and then the queue is as before. */
int rota__tasks_put(struct rota__tasks *queue,
	const struct rota__memory *memory, const struct rota__task *task);

/* Takes the first task of a queue that is not empty. */
struct rota__task rota__tasks_take(struct rota__tasks *queue);

void rota__tasks_fini(
	struct rota__tasks *queue, const struct rota__memory *memory);

#endif
