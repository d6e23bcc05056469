/* SPDX-License-Identifier: MIT */
/* A loop written by hand over epoll(7). */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/raw.h"

struct watch {
	void (*ready)(struct watch *watch, uint32_t events);
	int fd;
	uint32_t wanted;
	uint32_t told;
	struct watch *next_dirty;
	int is_dirty;
	unsigned i;
	void *data;
	struct loop *loop;
};

#define N_EVENTS 1024

struct loop {
	/* First, see bench/raw.h. */
	struct raw_timers timers;
	int epoll;
	int is_stopped;
	/* Something wants each turn; it does not wait. */
	int is_busy;
	unsigned long n_idle;
	struct watch *dirty;
	struct epoll_event events[N_EVENTS];
};

static void *
loop_open(const char *backend)
{
	struct loop *loop;

	if (backend && strcmp(backend, "epoll") != 0)
		return NULL;
	loop = get_memory(1, sizeof(*loop));
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		die("epoll_create1 fails");
	raw_timers_init(&loop->timers);
	return loop;
}

static const char *
loop_backend(void *loop)
{
	(void)loop;
	return "epoll";
}

/* What is wanted is told once a turn, and only if it has changed. */
static void
want(struct watch *watch, uint32_t events)
{
	struct loop *loop = watch->loop;

	watch->wanted = events;
	if (watch->is_dirty)
		return;
	watch->is_dirty = 1;
	watch->next_dirty = loop->dirty;
	loop->dirty = watch;
}

static void
tell(struct loop *loop)
{
	while (loop->dirty) {
		struct watch *watch = loop->dirty;
		struct epoll_event event = { .events = watch->wanted,
			.data.ptr = watch };
		int op = watch->told ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

		loop->dirty = watch->next_dirty;
		watch->is_dirty = 0;
		if (watch->told == watch->wanted)
			continue;
		if (watch->wanted == 0)
			op = EPOLL_CTL_DEL;
		watch->told = watch->wanted;
		if (epoll_ctl(loop->epoll, op, watch->fd, &event) < 0)
			die("epoll_ctl fails");
	}
}

static void
turn(struct loop *loop, int timeout_ms)
{
	int n;

	if (loop->dirty)
		tell(loop);
	n = epoll_wait(loop->epoll, loop->events, N_EVENTS, timeout_ms);
	for (int i = 0; i < n; i++) {
		struct watch *watch = loop->events[i].data.ptr;

		watch->ready(watch, loop->events[i].events);
	}
	if (loop->is_busy)
		loop->n_idle++;
	raw_timers_fire(&loop->timers, raw_timer_fired);
}

static void
loop_run(void *data)
{
	struct loop *loop = data;

	loop->is_stopped = 0;
	while (!loop->is_stopped)
		turn(loop,
			loop->is_busy ? 0 : raw_timers_wait_ms(&loop->timers));
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

/* Watching. */

static struct watch *watches;

/* Of connections that have gone. */
static struct watch *free_guests;

static void loop_spawn(void *loop, struct spawning *spawning);

static void
on_readable(struct watch *watch, uint32_t events)
{
	(void)events;
	ring_pass(watch->data, watch->i);
}

static void
loop_ring(void *loop, struct ring *ring)
{
	watches = get_memory(ring->n, sizeof(*watches));
	for (unsigned i = 0; i < ring->n; i++) {
		watches[i] = (struct watch){ .ready = on_readable,
			.fd = ring->fds[i][0],
			.i = i,
			.data = ring,
			.loop = loop };
		want(&watches[i], EPOLLIN);
	}
}

static void
loop_toggle(void *loop, struct ring *ring, unsigned long n_rounds)
{
	for (; n_rounds > 0; n_rounds--) {
		for (unsigned i = 0; i < ring->n; i++) {
			want(&watches[i], EPOLLIN | EPOLLOUT);
			want(&watches[i], EPOLLIN);
		}
		turn(loop, 0);
	}
}

static int
loop_keep_busy(void *data, enum turn_kind kind)
{
	struct loop *loop = data;

	if (kind == TURN_IDLE)
		loop->is_busy = 1;
	if (kind == TURN_TIMER)
		raw_timers_zero(loop);
	return kind != TURN_IMMEDIATE;
}

/* Bells: an eventfd that is never read, since it tells each change. */

static void
on_bell(struct watch *watch, uint32_t events)
{
	struct bell *bell = watch->data;

	(void)events;
	bell->rung(bell);
}

static void
bell_make(void *loop, struct bell *bell)
{
	struct watch *watch = get_memory(1, sizeof(*watch));

	watch->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->fd < 0)
		die("eventfd fails");
	watch->ready = on_bell;
	watch->data = bell;
	watch->loop = loop;
	want(watch, EPOLLIN | EPOLLET);
	tell(loop);
	bell->loop = loop;
	bell->own = watch;
}

static void
bell_ring(struct bell *bell)
{
	struct watch *watch = bell->own;
	uint64_t one = 1;

	if (write(watch->fd, &one, sizeof(one)) != sizeof(one))
		die("an eventfd is full");
}

/* Connections. */

static void
on_connection(struct watch *watch, uint32_t events)
{
	struct raw_connection *connection = watch->data;
	enum raw_outcome outcome;

	(void)events;
	if (watch->wanted == EPOLLOUT)
		outcome = raw_serve_rest(connection);
	else if (connection->echo->pieces > 1)
		outcome = raw_serve_gathered(connection);
	else
		outcome = raw_serve(connection);
	switch (outcome) {
	case RAW_READ_ON:
		if (watch->wanted != EPOLLIN)
			want(watch, EPOLLIN);
		break;
	case RAW_WRITE_FIRST:
		want(watch, EPOLLOUT);
		break;
	case RAW_CLOSED:
		want(watch, 0);
		break;
	}
}

struct connection {
	struct watch watch;
	struct raw_connection raw;
};

static void
loop_echo(void *loop, struct echo *echo)
{
	struct connection *all = get_memory(echo->n, sizeof(*all));

	for (unsigned i = 0; i < echo->n; i++) {
		all[i].raw.fd = echo->fds[i];
		all[i].raw.echo = echo;
		all[i].watch = (struct watch){ .ready = on_connection,
			.fd = echo->fds[i],
			.data = &all[i].raw,
			.loop = loop };
		want(&all[i].watch, EPOLLIN);
	}
}

/* Connections that come and go. */

static void
on_guest(struct watch *watch, uint32_t events)
{
	(void)events;
	raw_serve_guest(watch->fd, watch->data);
	/* The kernel forgets it; the memory is for who comes next. */
	watch->told = 0;
	watch->next_dirty = free_guests;
	free_guests = watch;
}

static void
on_listener(struct watch *watch, uint32_t events)
{
	int fd;

	(void)events;
	while ((fd = raw_accept(watch->fd)) >= 0) {
		struct watch *guest = free_guests;

		if (guest)
			free_guests = guest->next_dirty;
		else
			guest = get_memory(1, sizeof(*guest));
		*guest = (struct watch){ .ready = on_guest,
			.fd = fd,
			.data = watch->data,
			.loop = watch->loop };
		want(guest, EPOLLIN);
	}
}

static void
loop_churn(void *loop, struct churn *churn)
{
	static struct watch watch;

	watch = (struct watch){ .ready = on_listener,
		.fd = churn->fd,
		.data = churn,
		.loop = loop };
	want(&watch, EPOLLIN);
}

/* Datagrams. */

static void
on_datagrams(struct watch *watch, uint32_t events)
{
	(void)events;
	raw_send_back(watch->data);
}

static void
loop_datagrams(void *loop, struct datagrams *datagrams)
{
	static struct watch watch;

	watch = (struct watch){ .ready = on_datagrams,
		.fd = datagrams->fd,
		.data = datagrams,
		.loop = loop };
	want(&watch, EPOLLIN);
}

/* Children: a pidfd tells of the end. */

static void
on_child(struct watch *watch, uint32_t events)
{
	struct spawning *spawning = watch->data;

	(void)events;
	(void)close(watch->fd);
	watch->told = 0;
	if (waitpid((pid_t)watch->i, NULL, 0) < 0)
		die("waitpid fails");
	if (spawn_done(spawning))
		loop_spawn(watch->loop, spawning);
}

static void
loop_spawn(void *loop, struct spawning *spawning)
{
	static struct watch watch;
	int pid = raw_spawn(spawning);

	watch.ready = on_child;
	watch.i = (unsigned)pid;
	watch.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (watch.fd < 0)
		die("pidfd_open fails");
	watch.data = spawning;
	watch.loop = loop;
	want(&watch, EPOLLIN);
}

/* Jobs. */

static void
loop_jobs_make(void *loop, struct jobs *jobs)
{
	raw_jobs_make(loop, jobs, &subject_raw_epoll);
}

const struct subject subject_raw_epoll = {
	.name = "raw",
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
	.bell_make = bell_make,
	.bell_ring = bell_ring,
	.echo = loop_echo,
	.churn = loop_churn,
	.datagrams = loop_datagrams,
	.spawn = loop_spawn,
	.jobs_make = loop_jobs_make,
	.jobs_go = raw_jobs_go,
};
