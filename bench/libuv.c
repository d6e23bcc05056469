/* SPDX-License-Identifier: MIT */
/* libuv, as its guide has it. */
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "bench/libuv.h"

void
libuv_must(int r, const char *what)
{
	if (r < 0)
		die("libuv: %s: %s", what, uv_strerror(r));
}

static void *
loop_open(const char *backend)
{
	uv_loop_t *loop;

	if (backend)
		return NULL;
	loop = get_memory(1, sizeof(*loop));
	libuv_must(uv_loop_init(loop), "loop");
	return loop;
}

/* It does not tell, so look at what its descriptor is. */
static const char *
loop_backend(void *loop)
{
	char path[64];
	char target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", uv_backend_fd(loop));
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return "its own";
	target[n] = '\0';
	return strstr(target, "eventpoll") ? "epoll" : "its own";
}

static void
loop_run(void *loop)
{
	(void)uv_run(loop, UV_RUN_DEFAULT);
}

static void
loop_stop(void *loop)
{
	uv_stop(loop);
}

static void
loop_turns(void *loop, unsigned long n)
{
	while (n-- > 0)
		(void)uv_run(loop, UV_RUN_NOWAIT);
}

/* Watching. */

struct watcher {
	uv_poll_t poll;
	struct ring *ring;
	unsigned i;
};

static struct watcher *watchers;

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	struct watcher *watcher = (struct watcher *)poll;

	(void)status;
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
		libuv_must(
			uv_poll_init(loop, &watchers[i].poll, ring->fds[i][0]),
			"poll");
		libuv_must(uv_poll_start(
				   &watchers[i].poll, UV_READABLE, on_readable),
			"poll");
	}
}

static void
loop_toggle(void *loop, struct ring *ring, unsigned long n_rounds)
{
	for (; n_rounds > 0; n_rounds--) {
		for (unsigned i = 0; i < ring->n; i++) {
			(void)uv_poll_start(&watchers[i].poll,
				UV_READABLE | UV_WRITABLE, on_readable);
			(void)uv_poll_start(
				&watchers[i].poll, UV_READABLE, on_readable);
		}
		(void)uv_run(loop, UV_RUN_NOWAIT);
	}
}

/* Turns. */

static void
on_idle(uv_idle_t *idle)
{
	(void)idle;
}

static void
on_zero(uv_timer_t *timer)
{
	(void)uv_timer_start(timer, on_zero, 0, 0);
}

/* Version 1.48.0. */
#define UV_TIMERS_IN_TWO_STEPS 0x013000

/* An immediate is a check, and an idle so that the loop does not wait. */
static void
on_check(uv_check_t *check)
{
	uv_idle_t *idle = check->data;

	(void)uv_check_stop(check);
	(void)uv_idle_stop(idle);
	(void)uv_check_start(check, on_check);
	(void)uv_idle_start(idle, on_idle);
}

static int
loop_keep_busy(void *loop, enum turn_kind kind)
{
	static uv_idle_t idle;
	static uv_timer_t zero;
	static uv_check_t check;

	switch (kind) {
	case TURN_IMMEDIATE:
		check.data = &idle;
		libuv_must(uv_check_init(loop, &check), "check");
		libuv_must(uv_check_start(&check, on_check), "check");
		libuv_must(uv_idle_init(loop, &idle), "idle");
		libuv_must(uv_idle_start(&idle, on_idle), "idle");
		break;
	case TURN_IDLE:
		libuv_must(uv_idle_init(loop, &idle), "idle");
		libuv_must(uv_idle_start(&idle, on_idle), "idle");
		break;
	case TURN_TIMER:
		/* Before, a timer of 0 that starts itself never ends a turn. */
		if (uv_version() < UV_TIMERS_IN_TWO_STEPS)
			return 0;
		libuv_must(uv_timer_init(loop, &zero), "timer");
		libuv_must(uv_timer_start(&zero, on_zero, 0, 0), "timer");
		break;
	case TURN_EMPTY:
		break;
	}
	return 1;
}

/* Timers, in milliseconds. */

static uint64_t
ms_of(uint64_t ns)
{
	return (ns + 999999) / 1000000;
}

static void
on_timer(uv_timer_t *timer)
{
	timers_fired(timer->data);
}

static void
timers_make(void *loop, struct timers *timers)
{
	uv_timer_t *own = get_memory(timers->n, sizeof(*own));

	for (unsigned i = 0; i < timers->n; i++) {
		libuv_must(uv_timer_init(loop, &own[i]), "timer");
		own[i].data = timers;
	}
	timers->own = own;
}

static void
timers_arm(void *loop, struct timers *timers)
{
	uv_timer_t *own = timers->own;

	(void)loop;
	for (unsigned i = 0; i < timers->n; i++)
		(void)uv_timer_start(
			&own[i], on_timer, ms_of(timers->delays_ns[i]), 0);
}

/* uv_timer_again() needs a repeat. */
static void
timers_idle(void *loop, struct timers *timers, uint64_t delay_ns)
{
	uv_timer_t *own = timers->own;
	uint64_t ms = ms_of(delay_ns);

	(void)loop;
	for (unsigned i = 0; i < timers->n; i++)
		(void)uv_timer_start(&own[i], on_timer, ms, ms);
}

static void
timers_again(void *loop, struct timers *timers, unsigned long n)
{
	uv_timer_t *own = timers->own;

	(void)loop;
	for (unsigned i = 0; n > 0; n--) {
		(void)uv_timer_again(&own[i]);
		i = timers_next(timers, i);
	}
}

static void
timers_restart(void *loop, struct timers *timers, unsigned long n)
{
	uv_timer_t *own = timers->own;

	(void)loop;
	for (unsigned i = 0; n > 0; n--) {
		(void)uv_timer_stop(&own[i]);
		(void)uv_timer_start(
			&own[i], on_timer, ms_of(timers->delays_ns[i]), 0);
		i = timers_next(timers, i);
	}
}

static void
on_late(uv_timer_t *timer)
{
	struct late *late = timer->data;

	late->fired(late);
	late->due_ns = clock_ns() + late->delay_ns;
	(void)uv_timer_start(timer, on_late, ms_of(late->delay_ns), 0);
}

static void
loop_late(void *loop, struct late *late)
{
	static uv_timer_t timer;

	libuv_must(uv_timer_init(loop, &timer), "timer");
	timer.data = late;
	late->due_ns = clock_ns() + late->delay_ns;
	libuv_must(uv_timer_start(&timer, on_late, ms_of(late->delay_ns), 0),
		"timer");
}

/* Bells. */

static void
on_async(uv_async_t *async)
{
	struct bell *bell = async->data;

	bell->rung(bell);
}

static void
bell_make(void *loop, struct bell *bell)
{
	uv_async_t *async = get_memory(1, sizeof(*async));

	libuv_must(uv_async_init(loop, async, on_async), "async");
	async->data = bell;
	bell->loop = loop;
	bell->own = async;
}

static void
bell_ring(struct bell *bell)
{
	(void)uv_async_send(bell->own);
}

const struct subject subject_libuv = {
	.name = "libuv",
	.is_peer = 1,
	.version = uv_version_string,
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
	.echo = libuv_echo,
	.churn = libuv_churn,
	.datagrams = libuv_datagrams,
	.spawn = libuv_spawn,
	.jobs_make = libuv_jobs_make,
	.jobs_go = libuv_jobs_go,
};
