/* SPDX-License-Identifier: MIT */
/* rota: timers, and bells that other threads ring. */
#include <rota.h>

#include "bench/rota.h"

/* A timer and who wants to know; `data` of the handle would do as well. */
static void
on_timer(struct rota_timer *timer)
{
	timers_fired(timer->handle.data);
}

void
bench_rota_timers_make(void *loop, struct timers *timers)
{
	struct rota_timer *own = get_memory(timers->n, sizeof(*own));

	for (unsigned i = 0; i < timers->n; i++) {
		own[i].handle.data = timers;
		rota_must(rota_timer_init(loop, &own[i]), "timer");
	}
	timers->own = own;
}

void
bench_rota_timers_arm(void *loop, struct timers *timers)
{
	struct rota_timer *own = timers->own;
	uint64_t now;

	/* Without timers so far, the loop has not read the clock. */
	(void)rota_loop_update(loop);
	now = rota_loop_now(loop);
	for (unsigned i = 0; i < timers->n; i++)
		(void)rota_timer_start_at(
			&own[i], now + timers->delays_ns[i], on_timer);
}

void
bench_rota_timers_idle(void *loop, struct timers *timers, uint64_t delay_ns)
{
	struct rota_timer *own = timers->own;

	(void)loop;
	for (unsigned i = 0; i < timers->n; i++)
		rota_must(rota_timer_start(&own[i], delay_ns, 0, on_timer),
			"timer");
}

void
bench_rota_timers_again(void *loop, struct timers *timers, unsigned long n)
{
	struct rota_timer *own = timers->own;

	(void)loop;
	for (unsigned i = 0; n > 0; n--) {
		(void)rota_timer_again(&own[i]);
		i = timers_next(timers, i);
	}
}

void
bench_rota_timers_restart(void *loop, struct timers *timers, unsigned long n)
{
	struct rota_timer *own = timers->own;

	for (unsigned i = 0; n > 0; n--) {
		(void)rota_timer_stop(&own[i]);
		(void)rota_timer_start_at(&own[i],
			rota_loop_now(loop) + timers->delays_ns[i], on_timer);
		i = timers_next(timers, i);
	}
}

static void
on_late(struct rota_timer *timer)
{
	struct late *late = timer->handle.data;

	late->fired(late);
	late->due_ns = clock_ns() + late->delay_ns;
	(void)rota_timer_start(timer, late->delay_ns, 0, on_late);
}

void
bench_rota_late(void *loop, struct late *late)
{
	static struct rota_timer timer;

	timer.handle.data = late;
	rota_must(rota_timer_init(loop, &timer), "timer");
	late->due_ns = clock_ns() + late->delay_ns;
	rota_must(
		rota_timer_start(&timer, late->delay_ns, 0, on_late), "timer");
}

static void
on_wake(struct rota_wake *wake)
{
	struct bell *bell = wake->handle.data;

	bell->rung(bell);
}

void
bench_rota_bell_make(void *loop, struct bell *bell)
{
	struct rota_wake *wake = get_memory(1, sizeof(*wake));

	wake->handle.data = bell;
	bell->loop = loop;
	bell->own = wake;
	rota_must(rota_wake_init(loop, wake, on_wake), "wake");
}

void
bench_rota_bell_ring(struct bell *bell)
{
	(void)rota_wake_send(bell->own);
}

static void
on_post(struct rota_loop *loop, void *data)
{
	struct bell *bell = data;

	(void)loop;
	bell->rung(bell);
}

void
bench_rota_post(void *loop, struct bell *bell)
{
	rota_must(rota_post(loop, on_post, bell), "post");
}
