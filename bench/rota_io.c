/* SPDX-License-Identifier: MIT */
/* rota: the loop, watching descriptors, turns. */
#include <rota.h>

#include "bench/rota.h"

#include "bench/subject.h"

struct watcher {
	struct rota_io io;
	struct ring *ring;
	unsigned i;
};

void
rota_must(int r, const char *what)
{
	if (r < 0)
		die("rota: %s: %s", what, rota_error_text(r));
}

void *
bench_rota_open(const char *backend)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *loop;

	options.backend = backend;
	return rota_loop_create(&options, &loop) < 0 ? NULL : loop;
}

const char *
bench_rota_backend(void *loop)
{
	return rota_loop_backend(loop);
}

void
bench_rota_run(void *loop)
{
	rota_must(rota_loop_run(loop, ROTA_RUN_DEFAULT), "run");
}

void
bench_rota_stop(void *loop)
{
	(void)rota_loop_stop(loop);
}

void
bench_rota_turns(void *loop, unsigned long n)
{
	while (n-- > 0)
		(void)rota_loop_run(loop, ROTA_RUN_NOWAIT);
}

static void
on_readable(struct rota_io *io, unsigned ready)
{
	struct watcher *watcher = (struct watcher *)io;

	(void)ready;
	ring_pass(watcher->ring, watcher->i);
}

/* The watchers of the ring, for whoever comes back to them. */
static struct watcher *watchers;

void
bench_rota_ring(void *loop, struct ring *ring)
{
	watchers = get_memory(ring->n, sizeof(*watchers));
	for (unsigned i = 0; i < ring->n; i++) {
		watchers[i].ring = ring;
		watchers[i].i = i;
		rota_must(rota_io_init(loop, &watchers[i].io, ring->fds[i][0]),
			"io");
		rota_must(rota_io_start(
				  &watchers[i].io, ROTA_READABLE, on_readable),
			"io");
	}
}

void
bench_rota_toggle(void *loop, struct ring *ring, unsigned long n_rounds)
{
	for (; n_rounds > 0; n_rounds--) {
		for (unsigned i = 0; i < ring->n; i++) {
			(void)rota_io_start(&watchers[i].io,
				ROTA_READABLE | ROTA_WRITABLE, on_readable);
			(void)rota_io_start(
				&watchers[i].io, ROTA_READABLE, on_readable);
		}
		(void)rota_loop_run(loop, ROTA_RUN_NOWAIT);
	}
}

static void
on_idle(struct rota_hook *hook)
{
	(void)hook;
}

static void
on_zero(struct rota_timer *timer)
{
	(void)rota_timer_again(timer);
}

static void
on_immediate(struct rota_immediate *immediate)
{
	(void)rota_immediate_start(immediate, on_immediate);
}

int
bench_rota_keep_busy(void *loop, enum turn_kind kind)
{
	static struct rota_hook idle;
	static struct rota_timer zero;
	static struct rota_immediate immediate;

	switch (kind) {
	case TURN_IDLE:
		rota_must(rota_idle_init(loop, &idle), "idle");
		rota_must(rota_hook_start(&idle, on_idle), "idle");
		break;
	case TURN_TIMER:
		rota_must(rota_timer_init(loop, &zero), "timer");
		rota_must(rota_timer_start(&zero, 0, 0, on_zero), "timer");
		break;
	case TURN_IMMEDIATE:
		rota_must(rota_immediate_init(loop, &immediate), "immediate");
		rota_must(rota_immediate_start(&immediate, on_immediate),
			"immediate");
		break;
	case TURN_EMPTY:
		break;
	}
	return 1;
}
