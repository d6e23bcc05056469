/* SPDX-License-Identifier: MIT */
/* libev. It has no streams: connections are served as by hand. */
#include <ev.h>
#include <stdio.h>
#include <string.h>

#include "bench/raw.h"

static const struct {
	const char *name;
	unsigned flag;
} backends[] = {
	{ "epoll", EVBACKEND_EPOLL },
	{ "kqueue", EVBACKEND_KQUEUE },
	{ "poll", EVBACKEND_POLL },
	{ "select", EVBACKEND_SELECT },
};

#define N_BACKENDS (sizeof(backends) / sizeof(*backends))

static const char *
version(void)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d.%d", ev_version_major(),
		ev_version_minor());
	return text;
}

static void *
loop_open(const char *backend)
{
	unsigned flags = EVFLAG_NOENV;

	if (!backend)
		return ev_loop_new(flags);
	for (unsigned i = 0; i < N_BACKENDS; i++)
		if (strcmp(backend, backends[i].name) == 0)
			return ev_loop_new(flags | backends[i].flag);
	return NULL;
}

static const char *
loop_backend(void *loop)
{
	for (unsigned i = 0; i < N_BACKENDS; i++)
		if (ev_backend(loop) == backends[i].flag)
			return backends[i].name;
	return "another";
}

static void
loop_run(void *loop)
{
	(void)ev_run(loop, 0);
}

static void
loop_stop(void *loop)
{
	ev_break(loop, EVBREAK_ONE);
}

static void
loop_turns(void *loop, unsigned long n)
{
	while (n-- > 0)
		(void)ev_run(loop, EVRUN_NOWAIT);
}

/* Watching. */

struct watcher {
	ev_io io;
	struct ring *ring;
	unsigned i;
	/* For the writing side, which is a watcher of its own. */
	ev_io writer;
};

static struct watcher *watchers;

static void
on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct watcher *watcher = (struct watcher *)io;

	(void)loop;
	(void)events;
	ring_pass(watcher->ring, watcher->i);
}

static void
loop_ring(void *loop, struct ring *ring)
{
	watchers = get_memory(ring->n, sizeof(*watchers));
	for (unsigned i = 0; i < ring->n; i++) {
		watchers[i].ring = ring;
		watchers[i].i = i;
		ev_io_init(
			&watchers[i].io, on_readable, ring->fds[i][0], EV_READ);
		ev_io_init(&watchers[i].writer, on_readable, ring->fds[i][0],
			EV_WRITE);
		ev_io_start(loop, &watchers[i].io);
	}
}

static void
loop_toggle(void *loop, struct ring *ring, unsigned long n_rounds)
{
	for (; n_rounds > 0; n_rounds--) {
		for (unsigned i = 0; i < ring->n; i++) {
			ev_io_start(loop, &watchers[i].writer);
			ev_io_stop(loop, &watchers[i].writer);
		}
		(void)ev_run(loop, EVRUN_NOWAIT);
	}
}

/* Turns. */

static void
on_idle(struct ev_loop *loop, ev_idle *idle, int events)
{
	(void)loop;
	(void)idle;
	(void)events;
}

static void
on_zero(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)events;
	ev_timer_set(timer, 0., 0.);
	ev_timer_start(loop, timer);
}

static int
loop_keep_busy(void *loop, enum turn_kind kind)
{
	static ev_idle idle;
	static ev_timer zero;

	switch (kind) {
	case TURN_IDLE:
		ev_idle_init(&idle, on_idle);
		ev_idle_start(loop, &idle);
		break;
	case TURN_TIMER:
		ev_timer_init(&zero, on_zero, 0., 0.);
		ev_timer_start(loop, &zero);
		break;
	case TURN_EMPTY:
	case TURN_IMMEDIATE:
		break;
	}
	return kind != TURN_IMMEDIATE;
}

/* Timers, in seconds. */

static double
seconds_of(uint64_t ns)
{
	return (double)ns / 1e9;
}

static void
on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	timers_fired(timer->data);
}

static void
timers_make(void *loop, struct timers *timers)
{
	ev_timer *own = get_memory(timers->n, sizeof(*own));

	(void)loop;
	for (unsigned i = 0; i < timers->n; i++) {
		ev_init(&own[i], on_timer);
		own[i].data = timers;
	}
	timers->own = own;
}

static void
timers_arm(void *loop, struct timers *timers)
{
	ev_timer *own = timers->own;

	for (unsigned i = 0; i < timers->n; i++) {
		ev_timer_set(&own[i], seconds_of(timers->delays_ns[i]), 0.);
		ev_timer_start(loop, &own[i]);
	}
}

/* ev_timer_again() needs a repeat. */
static void
timers_idle(void *loop, struct timers *timers, uint64_t delay_ns)
{
	ev_timer *own = timers->own;

	for (unsigned i = 0; i < timers->n; i++) {
		own[i].repeat = seconds_of(delay_ns);
		ev_timer_again(loop, &own[i]);
	}
}

static void
timers_again(void *loop, struct timers *timers, unsigned long n)
{
	ev_timer *own = timers->own;

	for (unsigned i = 0; n > 0; n--) {
		ev_timer_again(loop, &own[i]);
		i = timers_next(timers, i);
	}
}

static void
timers_restart(void *loop, struct timers *timers, unsigned long n)
{
	ev_timer *own = timers->own;

	for (unsigned i = 0; n > 0; n--) {
		ev_timer_stop(loop, &own[i]);
		ev_timer_set(&own[i], seconds_of(timers->delays_ns[i]), 0.);
		ev_timer_start(loop, &own[i]);
		i = timers_next(timers, i);
	}
}

static void
on_late(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct late *late = timer->data;

	(void)events;
	late->fired(late);
	late->due_ns = clock_ns() + late->delay_ns;
	ev_now_update(loop);
	ev_timer_set(timer, seconds_of(late->delay_ns), 0.);
	ev_timer_start(loop, timer);
}

static void
loop_late(void *loop, struct late *late)
{
	static ev_timer timer;

	ev_timer_init(&timer, on_late, seconds_of(late->delay_ns), 0.);
	timer.data = late;
	late->due_ns = clock_ns() + late->delay_ns;
	ev_now_update(loop);
	ev_timer_start(loop, &timer);
}

/* Bells. */

static void
on_async(struct ev_loop *loop, ev_async *async, int events)
{
	struct bell *bell = async->data;

	(void)loop;
	(void)events;
	bell->rung(bell);
}

static void
bell_make(void *loop, struct bell *bell)
{
	ev_async *async = get_memory(1, sizeof(*async));

	ev_async_init(async, on_async);
	async->data = bell;
	ev_async_start(loop, async);
	bell->loop = loop;
	bell->own = async;
}

static void
bell_ring(struct bell *bell)
{
	ev_async_send(bell->loop, bell->own);
}

/* Connections. */

struct connection {
	ev_io io;
	struct raw_connection raw;
};

static void
on_connection(struct ev_loop *loop, ev_io *io, int events)
{
	struct connection *connection = (struct connection *)io;
	enum raw_outcome outcome;
	int wanted = EV_READ;

	if (events & EV_WRITE)
		outcome = raw_serve_rest(&connection->raw);
	else if (connection->raw.echo->pieces > 1)
		outcome = raw_serve_pieces(&connection->raw);
	else
		outcome = raw_serve(&connection->raw);
	if (outcome == RAW_WRITE_FIRST)
		wanted = EV_WRITE;
	if (outcome == RAW_READ_ON && !(events & EV_WRITE))
		return;
	ev_io_stop(loop, io);
	if (outcome == RAW_CLOSED)
		return;
	ev_io_set(io, connection->raw.fd, wanted);
	ev_io_start(loop, io);
}

static void
loop_echo(void *loop, struct echo *echo)
{
	struct connection *all = get_memory(echo->n, sizeof(*all));

	for (unsigned i = 0; i < echo->n; i++) {
		all[i].raw.fd = echo->fds[i];
		all[i].raw.echo = echo;
		ev_io_init(&all[i].io, on_connection, echo->fds[i], EV_READ);
		ev_io_start(loop, &all[i].io);
	}
}

/* Connections that come and go. */

struct guest {
	ev_io io;
	struct churn *churn;
	struct guest *next;
};

static struct guest *free_guests;

static void
on_guest(struct ev_loop *loop, ev_io *io, int events)
{
	struct guest *guest = (struct guest *)io;

	(void)events;
	ev_io_stop(loop, io);
	raw_serve_guest(io->fd, guest->churn);
	guest->next = free_guests;
	free_guests = guest;
}

static void
on_listener(struct ev_loop *loop, ev_io *io, int events)
{
	int fd;

	(void)events;
	while ((fd = raw_accept(io->fd)) >= 0) {
		struct guest *guest = free_guests;

		if (guest)
			free_guests = guest->next;
		else
			guest = get_memory(1, sizeof(*guest));
		guest->churn = io->data;
		ev_io_init(&guest->io, on_guest, fd, EV_READ);
		ev_io_start(loop, &guest->io);
	}
}

static void
loop_churn(void *loop, struct churn *churn)
{
	static ev_io io;

	ev_io_init(&io, on_listener, churn->fd, EV_READ);
	io.data = churn;
	ev_io_start(loop, &io);
}

/* Datagrams, one by one, as its users do. */

static void
on_datagrams(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	for (unsigned i = 0; i < MAX_DATAGRAMS; i++)
		if (raw_send_one_back(io->data) < 0)
			return;
}

static void
loop_datagrams(void *loop, struct datagrams *datagrams)
{
	static ev_io io;

	ev_io_init(&io, on_datagrams, datagrams->fd, EV_READ);
	io.data = datagrams;
	ev_io_start(loop, &io);
}

const struct subject subject_libev = {
	.name = "libev",
	.is_peer = 1,
	.version = version,
	.open = loop_open,
	.backend = loop_backend,
	.run = loop_run,
	.stop = loop_stop,
	.turns = loop_turns,
	.ring = loop_ring,
	.toggle = loop_toggle,
	.keep_busy = loop_keep_busy,
	.timers_make = timers_make,
	.timers_arm = timers_arm,
	.timers_idle = timers_idle,
	.timers_again = timers_again,
	.timers_restart = timers_restart,
	.late = loop_late,
	.bell_make = bell_make,
	.bell_ring = bell_ring,
	.echo = loop_echo,
	.churn = loop_churn,
	.datagrams = loop_datagrams,
};
