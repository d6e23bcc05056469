/* SPDX-License-Identifier: MIT */
/* A loop written by hand over poll(2), for what such a loop is good at. */
#include <poll.h>
#include <string.h>

#include "bench/raw.h"

struct loop {
	/* First, see bench/raw.h. */
	struct raw_timers timers;
	int is_stopped;
	unsigned n;
	struct pollfd *fds;
	/* Who is told, the same for all. */
	void (*ready)(struct loop *loop, unsigned i);
	void *data;
	struct raw_connection *connections;
};

static void *
loop_open(const char *backend)
{
	struct loop *loop;

	if (backend && strcmp(backend, "poll") != 0)
		return NULL;
	loop = get_memory(1, sizeof(*loop));
	raw_timers_init(&loop->timers);
	return loop;
}

static const char *
loop_backend(void *loop)
{
	(void)loop;
	return "poll";
}

static void
turn(struct loop *loop, int timeout_ms)
{
	int n = poll(loop->fds, loop->n, timeout_ms);

	for (unsigned i = 0; n > 0 && i < loop->n; i++) {
		if (!loop->fds[i].revents)
			continue;
		n--;
		loop->ready(loop, i);
	}
	raw_timers_fire(&loop->timers, raw_timer_fired);
}

static void
loop_run(void *data)
{
	struct loop *loop = data;

	loop->is_stopped = 0;
	while (!loop->is_stopped)
		turn(loop, raw_timers_wait_ms(&loop->timers));
}

static void
loop_stop(void *loop)
{
	((struct loop *)loop)->is_stopped = 1;
}

static void
loop_turns(void *loop, unsigned long n)
{
	while (n-- > 0)
		turn(loop, 0);
}

static void
watch(struct loop *loop, unsigned n)
{
	loop->n = n;
	loop->fds = get_memory(n, sizeof(*loop->fds));
	for (unsigned i = 0; i < n; i++)
		loop->fds[i].events = POLLIN;
}

/* Rings. */

static void
on_readable(struct loop *loop, unsigned i)
{
	ring_pass(loop->data, i);
}

static void
loop_ring(void *data, struct ring *ring)
{
	struct loop *loop = data;

	watch(loop, ring->n);
	for (unsigned i = 0; i < ring->n; i++)
		loop->fds[i].fd = ring->fds[i][0];
	loop->ready = on_readable;
	loop->data = ring;
}

/* The array is the wish: there is nothing to tell. */
static void
loop_toggle(void *data, struct ring *ring, unsigned long n_rounds)
{
	struct loop *loop = data;

	for (; n_rounds > 0; n_rounds--) {
		for (unsigned i = 0; i < ring->n; i++) {
			volatile struct pollfd *fd = &loop->fds[i];

			fd->events = POLLIN | POLLOUT;
			fd->events = POLLIN;
		}
		turn(loop, 0);
	}
}

static int
loop_keep_busy(void *loop, enum turn_kind kind)
{
	if (kind == TURN_TIMER)
		raw_timers_zero(loop);
	return kind == TURN_EMPTY || kind == TURN_TIMER;
}

/* Connections. */

static void
on_connection(struct loop *loop, unsigned i)
{
	struct raw_connection *connection = &loop->connections[i];
	enum raw_outcome outcome;

	if (loop->fds[i].events == POLLOUT)
		outcome = raw_serve_rest(connection);
	else if (connection->echo->pieces > 1)
		outcome = raw_serve_gathered(connection);
	else
		outcome = raw_serve(connection);
	loop->fds[i].events = outcome == RAW_WRITE_FIRST ? POLLOUT : POLLIN;
	if (outcome == RAW_CLOSED)
		loop->fds[i].fd = -1;
}

static void
loop_echo(void *data, struct echo *echo)
{
	struct loop *loop = data;

	watch(loop, echo->n);
	loop->connections = get_memory(echo->n, sizeof(*loop->connections));
	for (unsigned i = 0; i < echo->n; i++) {
		loop->fds[i].fd = echo->fds[i];
		loop->connections[i].fd = echo->fds[i];
		loop->connections[i].echo = echo;
	}
	loop->ready = on_connection;
}

/* Datagrams. */

static void
on_datagrams(struct loop *loop, unsigned i)
{
	(void)i;
	raw_send_back(loop->data);
}

static void
loop_datagrams(void *data, struct datagrams *datagrams)
{
	struct loop *loop = data;

	watch(loop, 1);
	loop->fds[0].fd = datagrams->fd;
	loop->ready = on_datagrams;
	loop->data = datagrams;
}

const struct subject subject_raw_poll = {
	.name = "raw-poll",
	.is_peer = 1,
	.version = raw_version,
	.open = loop_open,
	.backend = loop_backend,
	.run = loop_run,
	.stop = loop_stop,
	.turns = loop_turns,
	.ring = loop_ring,
	.toggle = loop_toggle,
	.keep_busy = loop_keep_busy,
	.timers_make = raw_timers_make,
	.timers_arm = raw_timers_arm,
	.timers_idle = raw_timers_idle,
	.timers_again = raw_timers_again,
	.timers_restart = raw_timers_restart,
	.late = raw_timers_late,
	.echo = loop_echo,
	.datagrams = loop_datagrams,
};
