/* SPDX-License-Identifier: MIT */
/* The load waits for its connections: epoll(7). */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "bench/load.h"

#define N_EVENTS 256

struct ready {
	int epoll;
};

struct ready *
ready_open(unsigned n)
{
	struct ready *ready = get_memory(1, sizeof(*ready));

	(void)n;
	ready->epoll = epoll_create1(0);
	if (ready->epoll < 0)
		die("epoll_create1: %s", strerror(errno));
	return ready;
}

void
ready_add(struct ready *ready, unsigned i, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

	if (epoll_ctl(ready->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll_ctl: %s", strerror(errno));
}

unsigned
ready_wait(struct ready *ready, unsigned *ret_numbers, unsigned n)
{
	struct epoll_event events[N_EVENTS];
	int n_ready;

	do {
		n_ready = epoll_wait(ready->epoll, events,
			n < N_EVENTS ? (int)n : N_EVENTS, -1);
	} while (n_ready < 0 && errno == EINTR);
	if (n_ready < 0)
		die("epoll_wait: %s", strerror(errno));
	for (int i = 0; i < n_ready; i++)
		ret_numbers[i] = events[i].data.u32;
	return (unsigned)n_ready;
}
