/* SPDX-License-Identifier: MIT */
/* The queues of ticks and microtasks, see tasks.h. */
#include "core/tasks.h"

#include <errno.h>
#include <string.h>

#include "core/loop.h"
#include "rota/tick.h"

#define FIRST_CAPACITY 16

/* Doubles the array and lays the tasks out from its beginning. */
static int
grow(struct rota__tasks *queue, const struct rota__memory *memory)
{
	uint32_t old = queue->capacity;
	uint32_t capacity = old ? old * 2 : FIRST_CAPACITY;
	uint32_t n_to_end = old - queue->first;
	struct rota__task *tasks;

	if (capacity < old)
		return -ENOMEM;
	tasks = rota__realloc(memory, NULL, capacity * sizeof(*tasks));
	if (tasks == NULL)
		return -ENOMEM;
	if (old != 0) {
		memcpy(tasks, queue->tasks + queue->first,
			n_to_end * sizeof(*tasks));
		memcpy(tasks + n_to_end, queue->tasks,
			queue->first * sizeof(*tasks));
	}
	rota__free(memory, queue->tasks);
	queue->tasks = tasks;
	queue->capacity = capacity;
	queue->first = 0;
	return 0;
}

int
rota__tasks_put(struct rota__tasks *queue, const struct rota__memory *memory,
	const struct rota__task *task)
{
	uint32_t last;
	int r;

	if (queue->n == queue->capacity) {
		r = grow(queue, memory);
		if (r < 0)
			return r;
	}
	last = (queue->first + queue->n++) & (queue->capacity - 1);
	queue->tasks[last] = *task;
	return 0;
}

struct rota__task
rota__tasks_take(struct rota__tasks *queue)
{
	struct rota__task task = queue->tasks[queue->first];

	queue->first = (queue->first + 1) & (queue->capacity - 1);
	queue->n--;
	return task;
}

void
rota__tasks_fini(struct rota__tasks *queue, const struct rota__memory *memory)
{
	rota__free(memory, queue->tasks);
	memset(queue, 0, sizeof(*queue));
}

static int
queue_task(struct rota_loop *loop, struct rota__tasks *queue, rota_loop_fn *fn,
	void *data, const char *place)
{
	struct rota__task task = { fn, data, place };
	int r;

	r = rota__tasks_put(queue, &loop->memory, &task);
	if (r == 0)
		loop->after |= ROTA__AFTER_TASKS;
	return r;
}

int
rota_tick_at(
	struct rota_loop *loop, rota_loop_fn *fn, void *data, const char *place)
{
	if (loop == NULL || fn == NULL)
		return -EINVAL;
	return queue_task(loop, &loop->ticks, fn, data, place);
}

int
rota_microtask_at(
	struct rota_loop *loop, rota_loop_fn *fn, void *data, const char *place)
{
	if (loop == NULL || fn == NULL)
		return -EINVAL;
	return queue_task(loop, &loop->microtasks, fn, data, place);
}
