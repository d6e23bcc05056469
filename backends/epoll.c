/* SPDX-License-Identifier: MIT */
/*
 * epoll(7). Registrations belong to the open file, not to the number; the
 * generation beside the number in each report tells which one it was.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/backend.h"

struct epoll_state {
	int fd;
	int is_coarse;
	const struct rota_sys *sys;
	struct epoll_event events[ROTA__MAX_REPORTS];
};

static int
open_epoll(void *state, const struct rota_sys *sys,
	const struct rota__memory *memory, const char **ret_reason)
{
	struct epoll_state *epoll = state;

	(void)memory;
	epoll->sys = sys;
	epoll->fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll->fd < 0) {
		*ret_reason = "the kernel refuses epoll_create1";
		return -errno;
	}
	rota__sys_epoll_probe(epoll->fd, &epoll->is_coarse);
	return ROTA__CAN_EDGE | ROTA__CAN_SCALE | ROTA__CAN_FD |
		ROTA__CAN_PRIORITY | ROTA__CAN_HANGUP |
		(epoll->is_coarse ? 0 : ROTA__CAN_NANOSECONDS);
}

/* Closing our number in a child leaves the parent's set alone. */
static void
close_epoll(void *state, int is_forked)
{
	struct epoll_state *epoll = state;

	(void)is_forked;
	(void)epoll->sys->close(epoll->fd);
}

static uint32_t
to_kernel(unsigned wanted)
{
	return (wanted & ROTA__READABLE ? EPOLLIN : 0u) |
		(wanted & ROTA__WRITABLE ? EPOLLOUT : 0u) |
		(wanted & ROTA__PRIORITY ? EPOLLPRI : 0u) |
		(wanted & ROTA__HANGUP ? EPOLLRDHUP : 0u) |
		(wanted & ROTA__EDGE ? EPOLLET : 0u);
}

static uint32_t
from_kernel(uint32_t events)
{
	uint32_t ready;

	/* Most are nothing else. */
	if (events == EPOLLIN)
		return ROTA__READABLE;
	ready = (events & EPOLLIN ? ROTA__READABLE : 0u) |
		(events & EPOLLOUT ? ROTA__WRITABLE : 0u) |
		(events & EPOLLPRI ? ROTA__PRIORITY : 0u) |
		(events & EPOLLRDHUP ? ROTA__HANGUP : 0u);
	if (events & (EPOLLHUP | EPOLLERR))
		ready |= ROTA__ALL_DEAD;
	return ready;
}

/* Changes or adds, whichever the kernel says is right for this number. */
static int
change(int epoll, int fd, int is_told, struct epoll_event *event)
{
	if (is_told) {
		if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, event) == 0)
			return 0;
		/* The number was closed and opened again. */
		if (errno != ENOENT)
			return -errno;
	}
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, event) == 0)
		return 0;
	/* Left over from a number that was closed while a copy lives on. */
	if (errno != EEXIST)
		return -errno;
	return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, event) == 0 ? 0 : -errno;
}

static int
set_epoll(void *state, const struct rota__wish *wish, uintptr_t *word)
{
	struct epoll_state *epoll = state;
	struct epoll_event event = { 0 };
	int r = 0;

	(void)word;
	if (wish->will_close)
		return 0;
	if (wish->wanted != 0) {
		event.events = to_kernel(wish->wanted);
		event.data.u64 = (uint64_t)wish->generation << 32 |
			(uint32_t)wish->fd;
		r = change(epoll->fd, wish->fd, wish->told != 0, &event);
		if (r == 0)
			return 0;
	}
	/* May well be closed by now: EBADF and ENOENT say it is gone. */
	if (wish->told != 0)
		(void)epoll_ctl(epoll->fd, EPOLL_CTL_DEL, wish->fd, &event);
	/* Regular files, directories, /dev/null: the kernel cannot wait. */
	return r == -EPERM ? ROTA__ALWAYS_READY : r;
}

/* In line: after a system call each return costs as much as a few lines. */
static inline int
look(struct epoll_state *epoll, int n)
{
	int r = epoll_wait(epoll->fd, epoll->events, n, 0);

	return r < 0 ? -errno : r;
}

static int
wait_epoll(void *state, struct rota__ready *ready, int n, uint64_t timeout_ns)
{
	struct epoll_state *epoll = state;
	int n_ready;
	int i;

	if (n == 0)
		return 0;
	n_ready = timeout_ns == 0 ?
		look(epoll, n) :
		rota__sys_epoll_wait(epoll->fd, epoll->events, n, timeout_ns,
			&epoll->is_coarse);
	if (n_ready == -EINTR)
		return 0;
	for (i = 0; i < n_ready; i++) {
		uint64_t tag = epoll->events[i].data.u64;

		ready[i].fd = (int)(uint32_t)tag;
		ready[i].generation = (uint32_t)(tag >> 32);
		ready[i].events = from_kernel(epoll->events[i].events);
	}
	return n_ready;
}

const struct rota__backend rota__backend_epoll = {
	.name = "epoll",
	.state_size = sizeof(struct epoll_state),
	.is_plain = 1,
	.open = open_epoll,
	.close = close_epoll,
	.set = set_epoll,
	.wait = wait_epoll,
};
