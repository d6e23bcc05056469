/* SPDX-License-Identifier: MIT */
/* The load waits for its connections: poll(2). */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "bench/load.h"

struct ready {
	struct pollfd *fds;
	unsigned n;
};

struct ready *
ready_open(unsigned n)
{
	struct ready *ready = get_memory(1, sizeof(*ready));

	ready->fds = get_memory(n, sizeof(*ready->fds));
	ready->n = n;
	for (unsigned i = 0; i < n; i++)
		ready->fds[i].fd = -1;
	return ready;
}

void
ready_add(struct ready *ready, unsigned i, int fd)
{
	ready->fds[i].fd = fd;
	ready->fds[i].events = POLLIN;
}

unsigned
ready_wait(struct ready *ready, unsigned *ret_numbers, unsigned n)
{
	unsigned n_stored = 0;
	int n_ready;

	do {
		n_ready = poll(ready->fds, ready->n, -1);
	} while (n_ready < 0 && errno == EINTR);
	if (n_ready < 0)
		die("poll: %s", strerror(errno));
	for (unsigned i = 0; i < ready->n && n_stored < n; i++)
		if (ready->fds[i].fd >= 0 && ready->fds[i].revents)
			ret_numbers[n_stored++] = i;
	return n_stored;
}
