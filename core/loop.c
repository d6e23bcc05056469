/* SPDX-License-Identifier: MIT */
/* The life of a loop, and the small questions about it. */
#include "core/loop.h"

#include <errno.h>
#include <string.h>

#include "core/children.h"
#include "core/choose.h"
#include "core/files.h"
#include "core/handle.h"
#include "core/metrics.h"
#include "core/post.h"
#include "core/ring.h"
#include "core/signals.h"
#include "core/terminals.h"

#define DEFAULT_ACCEPT_BATCH 64

static const struct rota_loop_options default_options = ROTA_LOOP_OPTIONS_INIT;

static void
init_rings(struct rota_loop *loop)
{
	rota__ring_init(&loop->idle);
	rota__ring_init(&loop->prepare);
	rota__ring_init(&loop->check);
	rota__ring_init(&loop->immediates);
	rota__ring_init(&loop->immediates_now);
	rota__ring_init(&loop->frames);
	rota__ring_init(&loop->terminals);
	rota__ring_init(&loop->handles);
	rota__ring_init(&loop->closing);
	rota__ring_init(&loop->closing_now);
	rota__ring_init(&loop->children);
}

static void
close_backend(struct rota_loop *loop)
{
	loop->backend->close(loop->backend_state, 0);
	rota__free(&loop->memory, loop->backend_state);
}

/* Fills a zeroed loop whose system and memory are known. */
static int
fill(struct rota_loop *loop, const struct rota_loop_options *options)
{
	int r;

	init_rings(loop);
	rota__heap_init(&loop->heap, &loop->memory);
	loop->wake_fds[0] = -1;
	loop->spare_fd = -1;
	loop->accept_batch = options->accept_batch ? options->accept_batch :
						     DEFAULT_ACCEPT_BATCH;
	loop->jobs.n_threads = options->pool_threads;
	(void)rota_loop_on_slow(loop, 0, 0, NULL, NULL);
	r = rota__choose_backend(loop, options->backend);
	if (r < 0)
		return r;
	r = rota__fds_init(loop);
	if (r < 0)
		goto fail_close_backend;
	r = rota__inbox_init(loop);
	if (r < 0)
		goto fail_free_fds;
	r = rota_loop_measure(loop, options->measure);
	if (r < 0)
		goto fail_close_inbox;
	return 0;

fail_close_inbox:
	rota__inbox_fini(loop);
fail_free_fds:
	rota__fds_fini(loop);
fail_close_backend:
	close_backend(loop);
	return r;
}

int
rota_loop_create(
	const struct rota_loop_options *options, struct rota_loop **ret_loop)
{
	const struct rota_sys *sys;
	struct rota__memory memory;
	struct rota_loop *loop;
	int r;

	if (options == NULL)
		options = &default_options;
	if (ret_loop == NULL || options->size != sizeof(*options) ||
		options->pool_threads > ROTA_POOL_MAX_THREADS)
		return -EINVAL;
	sys = options->sys ? options->sys : &rota__sys_real;
	memory = rota__sys_memory(sys);
	if (options->realloc_fn != NULL) {
		memory.realloc = options->realloc_fn;
		memory.data = options->realloc_data;
	}
	loop = rota__realloc(&memory, NULL, sizeof(*loop));
	if (loop == NULL)
		return -ENOMEM;
	memset(loop, 0, sizeof(*loop));
	loop->sys = sys;
	loop->memory = memory;
	loop->pid = sys->getpid();
	r = fill(loop, options);
	if (r < 0) {
		rota__free(&memory, loop);
		return r;
	}
	rota__jobs_init(loop, options->pool);
	*ret_loop = loop;
	return 0;
}

static int
is_in_use(const struct rota_loop *loop)
{
	return !rota__loop_is_at_rest(loop) ||
		!rota__ring_is_empty(&loop->handles) ||
		!rota__ring_is_empty(&loop->closing) ||
		!rota__ring_is_empty(&loop->immediates) ||
		!rota__ring_is_empty(&loop->jobs.in_flight);
}

int
rota_loop_close(struct rota_loop *loop)
{
	struct rota__memory memory;

	if (loop == NULL)
		return -EINVAL;
	if (is_in_use(loop))
		return -EBUSY;
	memory = loop->memory;
	rota__jobs_fini(loop);
	if (loop->spare_fd >= 0)
		(void)loop->sys->close(loop->spare_fd);
	rota__metrics_free(loop);
	rota__inbox_empty(loop);
	rota__children_fini(loop);
	rota__files_fini(loop);
	rota__inbox_fini(loop);
	rota__fds_fini(loop);
	close_backend(loop);
	rota__heap_fini(&loop->heap);
	rota__tasks_fini(&loop->ticks, &memory);
	rota__tasks_fini(&loop->microtasks, &memory);
	rota__handle_free_names(loop);
	rota__free(&memory, loop->read_buffer);
	rota__free(&memory, loop->batch);
	rota__free(&memory, loop);
	return 0;
}

int
rota_loop_stop(struct rota_loop *loop)
{
	if (loop == NULL)
		return -EINVAL;
	__atomic_store_n(&loop->is_stopping, 1, __ATOMIC_SEQ_CST);
	rota__post_wake(loop);
	return 0;
}

int
rota_loop_alive(const struct rota_loop *loop)
{
	return loop != NULL && loop->alive != 0;
}

const char *
rota_loop_backend(const struct rota_loop *loop)
{
	return loop == NULL ? NULL : loop->backend->name;
}

unsigned
rota_loop_capabilities(const struct rota_loop *loop)
{
	return loop == NULL ? 0 : loop->capabilities;
}

int
rota_loop_set_data(struct rota_loop *loop, void *data)
{
	if (loop == NULL)
		return -EINVAL;
	loop->data = data;
	return 0;
}

void *
rota_loop_data(const struct rota_loop *loop)
{
	return loop == NULL ? NULL : loop->data;
}

int
rota_loop_on_before_exit(struct rota_loop *loop, rota_loop_fn *fn, void *data)
{
	if (loop == NULL)
		return -EINVAL;
	loop->before_exit = fn;
	loop->before_exit_data = data;
	return 0;
}

int
rota_loop_fork(struct rota_loop *loop)
{
	int is_forked;
	int r;

	if (loop == NULL)
		return -EINVAL;
	if (loop->state == ROTA__LOOP_RUNS || rota__jobs_are_run(loop))
		return -EBUSY;
	/* Called once more, what is there is ours to close. */
	is_forked = loop->sys->getpid() != loop->pid;
	rota__signals_fork();
	rota__terminals_fork();
	r = rota__inbox_fork(loop);
	if (r < 0)
		return r;
	rota__jobs_fork(loop);
	r = rota__files_fork(loop);
	if (r < 0)
		return r;
	/* Last, so that at a second try what is closed is still the parent's. */
	r = rota__fds_rebuild(loop, is_forked);
	if (r < 0)
		return r;
	loop->state = ROTA__LOOP_RESTS;
	rota__children_fork(loop);
	return 0;
}

/*
 * One that is closed meanwhile changes the ring, and is visited once all the
 * same; a new one counts as visited.
 */
static void
walk_ring(struct rota_loop *loop, struct rota_link *head, rota_walk_fn *fn,
	void *data)
{
	struct rota__cursor *cursor = &loop->walk_cursor;
	struct rota_link *link;

	rota__cursor_open(cursor, head);
	while ((link = rota__cursor_next(cursor)) != NULL) {
		struct rota_handle *handle =
			ROTA__CONTAINER(link, struct rota_handle, link);

		if ((handle->flags & ROTA__VISITED) == loop->walk_mark)
			continue;
		handle->flags ^= ROTA__VISITED;
		fn(handle, data);
	}
}

int
rota_loop_walk(struct rota_loop *loop, rota_walk_fn *fn, void *data)
{
	if (loop == NULL || fn == NULL)
		return -EINVAL;
	if (loop->is_walking)
		return -EBUSY;
	loop->is_walking = 1;
	loop->walk_mark ^= ROTA__VISITED;
	walk_ring(loop, &loop->handles, fn, data);
	walk_ring(loop, &loop->closing_now, fn, data);
	walk_ring(loop, &loop->closing, fn, data);
	loop->is_walking = 0;
	return 0;
}
