/* SPDX-License-Identifier: MIT */
/*
 * poll(2). The word of a descriptor is its index in the array plus 1. Holes
 * have a negative number, which the kernel passes over, and form a list:
 * the hole that follows hole i is ~fds[i].fd - 1, -1 at the end.
 */
#include <errno.h>

#include "core/backend.h"

#define MIN_CAPACITY 64

struct poll_state {
	const struct rota_sys *sys;
	const struct rota__memory *memory;
	struct pollfd *fds;
	int n;
	int capacity;
	int first_hole;
	/* Where the next wait begins to look, so that all take turns. */
	int start;
};

static int
open_poll(void *state, const struct rota_sys *sys,
	const struct rota__memory *memory, const char **ret_reason)
{
	struct poll_state *poll = state;

	(void)ret_reason;
	poll->sys = sys;
	poll->memory = memory;
	poll->first_hole = -1;
	return ROTA__CAN_PRIORITY | (POLLRDHUP ? ROTA__CAN_HANGUP : 0) |
		(rota__sys_poll_is_coarse ? 0 : ROTA__CAN_NANOSECONDS);
}

static void
close_poll(void *state, int is_forked)
{
	struct poll_state *poll = state;

	(void)is_forked;
	rota__free(poll->memory, poll->fds);
}

static short
to_kernel(unsigned wanted)
{
	return (short)((wanted & ROTA__READABLE ? POLLIN : 0) |
		(wanted & ROTA__WRITABLE ? POLLOUT : 0) |
		(wanted & ROTA__PRIORITY ? POLLPRI : 0) |
		(wanted & ROTA__HANGUP ? POLLRDHUP : 0));
}

static uint32_t
from_kernel(int events)
{
	uint32_t ready = (events & POLLIN ? ROTA__READABLE : 0u) |
		(events & POLLOUT ? ROTA__WRITABLE : 0u) |
		(events & POLLPRI ? ROTA__PRIORITY : 0u) |
		(events & POLLRDHUP ? ROTA__HANGUP : 0u);

	if (events & (POLLHUP | POLLERR))
		ready |= ROTA__ALL_DEAD;
	return ready;
}

static int
grow(struct poll_state *poll)
{
	int capacity = poll->capacity ? poll->capacity * 2 : MIN_CAPACITY;
	struct pollfd *fds;

	fds = rota__realloc(
		poll->memory, poll->fds, (size_t)capacity * sizeof(*fds));
	if (fds == NULL)
		return -ENOMEM;
	poll->fds = fds;
	poll->capacity = capacity;
	return 0;
}

/* Holes beyond the end are left over from when the array was longer. */
static int
take_hole(struct poll_state *poll)
{
	int hole;

	do {
		hole = poll->first_hole;
		if (hole < 0)
			return -1;
		poll->first_hole = ~poll->fds[hole].fd - 1;
	} while (hole >= poll->n);
	return hole;
}

/* A wait may have made one of it already, of which core does not know yet. */
static void
make_hole(struct poll_state *poll, int index)
{
	if (poll->fds[index].fd < 0)
		return;
	poll->fds[index].fd = ~(poll->first_hole + 1);
	poll->fds[index].revents = 0;
	poll->first_hole = index;
	while (poll->n > 0 && poll->fds[poll->n - 1].fd < 0)
		poll->n--;
}

static int
add(struct poll_state *poll, const struct rota__wish *wish, uintptr_t *word)
{
	int index = take_hole(poll);
	int r;

	if (index < 0) {
		if (poll->n == poll->capacity) {
			r = grow(poll);
			if (r < 0)
				return r;
		}
		index = poll->n++;
	}
	poll->fds[index].fd = wish->fd;
	poll->fds[index].events = to_kernel(wish->wanted);
	poll->fds[index].revents = 0;
	*word = (uintptr_t)index + 1;
	return 0;
}

static int
set_poll(void *state, const struct rota__wish *wish, uintptr_t *word)
{
	struct poll_state *poll = state;
	int index = (int)*word - 1;

	if (wish->told == 0)
		return add(poll, wish, word);
	if (wish->wanted == 0)
		make_hole(poll, index);
	else
		poll->fds[index].events = to_kernel(wish->wanted);
	return 0;
}

/* Makes a report of an entry, and a hole of one that is no descriptor. */
static struct rota__ready
report(struct poll_state *poll, int index)
{
	struct pollfd *entry = &poll->fds[index];
	struct rota__ready ready = { .fd = entry->fd };

	if (entry->revents & POLLNVAL) {
		ready.events = ROTA__FAILED;
		ready.error = -EBADF;
		make_hole(poll, index);
	} else {
		ready.events = from_kernel(entry->revents);
		entry->revents = 0;
	}
	return ready;
}

static int
wait_poll(void *state, struct rota__ready *ready, int n, uint64_t timeout_ns)
{
	struct poll_state *poll = state;
	int n_looked = 0;
	int n_ready = 0;
	int n_fds = poll->n;
	int index = poll->start < n_fds ? poll->start : 0;
	int n_left;

	if (n == 0)
		return 0;
	n_left = poll->sys->poll(poll->fds, (nfds_t)n_fds, timeout_ns);
	if (n_left < 0)
		return n_left == -EINTR ? 0 : n_left;
	for (; n_left > 0 && n_ready < n && n_looked < n_fds; n_looked++) {
		if (poll->fds[index].fd >= 0 && poll->fds[index].revents) {
			ready[n_ready++] = report(poll, index);
			n_left--;
		}
		if (++index == n_fds)
			index = 0;
	}
	poll->start = index;
	return n_ready;
}

const struct rota__backend rota__backend_poll = {
	.name = "poll",
	.state_size = sizeof(struct poll_state),
	.open = open_poll,
	.close = close_poll,
	.set = set_poll,
	.wait = wait_poll,
};
