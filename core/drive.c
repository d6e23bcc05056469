/* SPDX-License-Identifier: MIT */
/* A turn in three steps, for a foreign loop that drives ours. */
#include <errno.h>
#include <string.h>

#include "core/turn.h"

int
rota_loop_prepare(struct rota_loop *loop)
{
	if (loop == NULL)
		return -EINVAL;
	if (!rota__loop_is_at_rest(loop))
		return -EBUSY;
	loop->state = ROTA__LOOP_RUNS;
	loop->now_is_good = 0;
	rota__after_callback(loop);
	(void)rota__turn_begin(loop);
	/*
	 * What the kernel must know before somebody else waits for it. An
	 * error is the dispatch's to tell, so nobody shall wait for it.
	 */
	loop->is_ready_inside =
		loop->backend->wait(loop->backend_state, NULL, 0, 0) != 0;
	loop->state = ROTA__LOOP_PREPARED;
	/* From now on a post must be seen from outside. */
	loop->is_ready_inside |= rota__inbox_sleep(loop);
	if (loop->metrics != NULL)
		rota__metrics_wait(loop);
	return loop->alive != 0;
}

/* Ticks and wishes since prepare, of which no descriptor tells. */
static int
has_more_to_do(const struct rota_loop *loop)
{
	return loop->after & ROTA__AFTER_TASKS || loop->fds.n_dirty > 0;
}

uint64_t
rota_loop_wait_ns(struct rota_loop *loop)
{
	if (loop == NULL || loop->state != ROTA__LOOP_PREPARED ||
		loop->is_ready_inside || rota__inbox_has_notes(loop) ||
		has_more_to_do(loop))
		return 0;
	/* From this moment, which may be long after prepare. */
	loop->now_is_good = 0;
	return rota__turn_wait_ns(loop);
}

/* Fills in one entry if there is room for it. */
static void
put(struct pollfd *fds, unsigned n, unsigned at, int fd, short events)
{
	if (at >= n)
		return;
	fds[at].fd = fd;
	fds[at].events = events;
	fds[at].revents = 0;
}

static short
to_poll(unsigned told)
{
	return (short)((told & ROTA__READABLE ? POLLIN : 0) |
		(told & ROTA__WRITABLE ? POLLOUT : 0) |
		(told & ROTA__PRIORITY ? POLLPRI : 0) |
		(told & ROTA__HANGUP ? POLLRDHUP : 0));
}

int
rota_loop_pollfds(struct rota_loop *loop, struct pollfd *fds, unsigned n)
{
	unsigned n_needed = 0;
	uint32_t fd;
	int own;

	if (loop == NULL || (fds == NULL && n > 0))
		return -EINVAL;
	if (loop->capabilities & ROTA__CAN_FD) {
		memcpy(&own, loop->backend_state, sizeof(own));
		put(fds, n, 0, own, POLLIN);
		return 1;
	}
	for (fd = 0; fd < loop->fds.capacity; fd++) {
		const struct rota__slot *slot = &loop->fds.slots[fd];

		if (slot->told != 0)
			put(fds, n, n_needed++, (int)fd, to_poll(slot->told));
	}
	return (int)n_needed;
}

int
rota_loop_dispatch(struct rota_loop *loop)
{
	int r;

	if (loop == NULL)
		return -EINVAL;
	if (loop->state != ROTA__LOOP_PREPARED || rota__loop_is_visited(loop))
		return -EBUSY;
	loop->state = ROTA__LOOP_RUNS;
	rota__inbox_rise(loop);
	loop->now_is_good = 0;
	if (loop->metrics != NULL)
		rota__metrics_waited(loop);
	/* What was queued since prepare. */
	rota__after_callback(loop);
	rota__fds_flush(loop);
	r = rota__turn_end(loop, 0);
	if (loop->metrics != NULL)
		rota__metrics_end_turn(loop);
	__atomic_store_n(&loop->is_stopping, 0, __ATOMIC_RELAXED);
	loop->state = ROTA__LOOP_RESTS;
	if (r < 0)
		return r;
	return loop->alive != 0;
}
