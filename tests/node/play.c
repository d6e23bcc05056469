/* SPDX-License-Identifier: MIT */
/*
 * usage: play [-r] PROGRAM [BACKEND]
 *
 * Plays a program (see README.md) on rota and prints its trace, as play.js
 * does on Node. Ends with 2 if the program asks for an order that Node and
 * rota do not both promise, and says which on standard error; with -r it goes
 * rota's own way instead.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rota.h"
#include "tests/node/still_time.h"

int rota__loop_check(const struct rota_loop *loop);

#define N_BODIES 64
#define N_OPS 32
#define N_SLOTS 8
#define N_OBJECTS 4096
#define FUEL 80

struct op {
	void (*fn)(const int *args);
	int args[4];
};

struct body {
	struct op ops[N_OPS];
	int n;
};

/* One timer of Node: once cleared it never comes back. */
struct timer {
	struct rota_timer rota;
	uint64_t due_ns;
	int delay_ms;
	int body;
	/* How often an interval still fires; 0 for a timeout. */
	int n_left;
	int is_armed;
	int is_cleared;
};

struct immediate {
	struct rota_immediate rota;
	uint64_t queued_ns;
	int body;
};

struct pipe {
	struct rota_stream stream;
	int body;
	int close_body;
	int n_bytes;
	int is_closed;
};

/* A play. Timers and immediates are never used again. */
static struct rota_loop *loop;
static struct body bodies[N_BODIES];
static struct timer timers[N_OBJECTS];
static struct immediate immediates[N_OBJECTS];
static struct timer *timer_slots[N_SLOTS];
static struct immediate *immediate_slots[N_SLOTS];
static struct pipe pipes[STILL_TIME_N_PIPES];
static int n_timers;
static int n_immediates;
static int n_closing;
static int n_wakes_of_none;
static int fuel = FUEL;
static int is_own_way;
static int exit_body;
static int n_exits;
/* The interval whose callback is in progress. */
static const struct timer *interval;
/* Inside a tick or microtask. */
static int is_task;
/* Inside an unreferenced immediate whose moment Node does not promise. */
static int is_late;

static void
demand(int is_true, const char *what)
{
	if (is_true)
		return;
	fprintf(stderr, "play: %s\n", what);
	exit(99);
}

static void
leave_unless(int is_certain, const char *why)
{
	if (is_certain || is_own_way)
		return;
	fprintf(stderr, "play: uncertain: %s\n", why);
	_exit(2);
}

static void
run_body(int number)
{
	int i;

	if (fuel == 0)
		return;
	fuel--;
	for (i = 0; i < bodies[number].n; i++)
		bodies[number].ops[i].fn(bodies[number].ops[i].args);
}

static unsigned long
now_ms(void)
{
	return (unsigned long)((still_time_ns() - STILL_TIME_BEGIN_NS) /
		ROTA_MILLISECOND);
}

static void
call(const char *kind, int number)
{
	printf("%s %d %lu\n", kind, number, now_ms());
	run_body(number);
}

/* The number of a body as the data of a callback. */
static void *
to_data(int number)
{
	return &bodies[number];
}

static int
from_data(const void *data)
{
	return (int)((const struct body *)data - bodies);
}

/* Node fires equal due times of different delays in another order. */
static void
demand_order(const struct timer *timer)
{
	int i;

	for (i = 0; i < n_timers; i++) {
		const struct timer *other = &timers[i];

		if (other == timer || !other->is_armed ||
			other->due_ns != timer->due_ns)
			continue;
		leave_unless(other->delay_ms == timer->delay_ms,
			"timers of different delays, due at once");
		/* Node starts it again after its callback, rota before. */
		leave_unless(other != interval && timer != interval,
			"an interval and a timer that it started");
	}
}

static void
arm(struct timer *timer)
{
	leave_unless(!is_late, "a late immediate");
	timer->is_armed = 1;
	timer->due_ns =
		still_time_ns() + (uint64_t)timer->delay_ms * ROTA_MILLISECOND;
	demand_order(timer);
}

static void
clear(struct timer *timer)
{
	n_wakes_of_none += timer->is_armed;
	timer->is_armed = 0;
	timer->is_cleared = 1;
	demand(rota_timer_stop(&timer->rota) == 0, "timer_stop");
}

static void
on_timeout(struct rota_timer *rota)
{
	struct timer *timer = rota->handle.data;

	is_late = 0;
	timer->is_armed = 0;
	call("timeout", timer->body);
}

static void
forget_interval(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	interval = NULL;
}

static void
on_interval(struct rota_timer *rota)
{
	struct timer *timer = rota->handle.data;

	is_late = 0;
	/* The first tick after the callback: Node has started it by then. */
	demand(rota_tick(loop, forget_interval, NULL) == 0, "tick");
	arm(timer);
	interval = timer;
	if (--timer->n_left == 0 || fuel == 0)
		clear(timer);
	call("interval", timer->body);
}

static struct timer *
new_timer(int slot, int delay_ms, int number)
{
	struct timer *timer = &timers[n_timers++];

	demand(n_timers < N_OBJECTS, "too many timers");
	demand(rota_timer_init(loop, &timer->rota) == 0, "timer_init");
	timer->rota.handle.data = timer;
	/* Node makes 1 ms of 0. */
	timer->delay_ms = delay_ms || is_own_way ? delay_ms : 1;
	timer->body = number;
	timer_slots[slot] = timer;
	return timer;
}

static uint64_t
delay_ns(const struct timer *timer)
{
	return (uint64_t)timer->delay_ms * ROTA_MILLISECOND;
}

static void
do_timeout(const int *args)
{
	struct timer *timer = new_timer(args[0], args[1], args[2]);

	arm(timer);
	demand(rota_timer_start(&timer->rota, delay_ns(timer), 0, on_timeout) ==
			0,
		"timer_start");
}

static void
do_interval(const int *args)
{
	struct timer *timer = new_timer(args[0], args[1], args[2]);

	timer->n_left = args[3];
	arm(timer);
	demand(rota_timer_start(&timer->rota, delay_ns(timer), delay_ns(timer),
		       on_interval) == 0,
		"timer_start");
}

static void
do_clear(const int *args)
{
	if (timer_slots[args[0]] != NULL)
		clear(timer_slots[args[0]]);
}

static void
do_refresh(const int *args)
{
	struct timer *timer = timer_slots[args[0]];

	if (timer == NULL || timer->is_cleared)
		return;
	/* Node chooses the next timer first and runs ticks then. */
	leave_unless(
		!is_task || !timer->is_armed || timer->due_ns > still_time_ns(),
		"a due timer refreshed by a tick");
	n_wakes_of_none += timer->is_armed;
	arm(timer);
	demand(rota_timer_again(&timer->rota) == 0, "timer_again");
}

static void
do_unref(const int *args)
{
	if (timer_slots[args[0]] != NULL)
		(void)rota_handle_unref(&timer_slots[args[0]]->rota.handle);
}

static void
do_ref(const int *args)
{
	if (timer_slots[args[0]] != NULL)
		(void)rota_handle_ref(&timer_slots[args[0]]->rota.handle);
}

static void
do_ask(const int *args)
{
	const struct timer *timer = timer_slots[args[0]];

	if (timer == NULL || !timer->is_armed)
		return;
	demand(rota_handle_is_active(&timer->rota.handle), "an armed timer");
	printf("hasRef %d\n", rota_handle_has_ref(&timer->rota.handle));
}

static void
on_immediate(struct rota_immediate *rota)
{
	struct immediate *immediate = rota->data;

	if (rota_immediate_has_ref(rota)) {
		is_late = 0;
		call("immediate", immediate->body);
		return;
	}
	/* Node wakes up at the time of a timer that is no more. */
	is_late = n_wakes_of_none > 0 &&
		still_time_ns() != immediate->queued_ns;
	printf("immediate %d -\n", immediate->body);
	run_body(immediate->body);
}

static void
do_immediate(const int *args)
{
	struct immediate *immediate = &immediates[n_immediates++];

	leave_unless(!is_late, "a late immediate");
	demand(n_immediates < N_OBJECTS, "too many immediates");
	demand(rota_immediate_init(loop, &immediate->rota) == 0, "init");
	immediate->rota.data = immediate;
	immediate->queued_ns = still_time_ns();
	immediate->body = args[1];
	immediate_slots[args[0]] = immediate;
	demand(rota_immediate_start(&immediate->rota, on_immediate) == 0,
		"immediate_start");
}

static void
do_clearimm(const int *args)
{
	if (immediate_slots[args[0]] != NULL)
		(void)rota_immediate_stop(&immediate_slots[args[0]]->rota);
}

/* Node's immediate has no reference any more once it has been called. */
static struct rota_immediate *
queued_immediate(int slot)
{
	struct immediate *immediate = immediate_slots[slot];

	if (immediate == NULL || !rota_immediate_is_queued(&immediate->rota))
		return NULL;
	return &immediate->rota;
}

static void
do_unrefimm(const int *args)
{
	(void)rota_immediate_unref(queued_immediate(args[0]));
}

static void
do_refimm(const int *args)
{
	(void)rota_immediate_ref(queued_immediate(args[0]));
}

static void
on_tick(struct rota_loop *of, void *data)
{
	(void)of;
	is_task = 1;
	call("tick", from_data(data));
	is_task = 0;
}

static void
do_tick(const int *args)
{
	demand(rota_tick(loop, on_tick, to_data(args[0])) == 0, "tick");
}

static void
on_microtask(struct rota_loop *of, void *data)
{
	(void)of;
	is_task = 1;
	call("micro", from_data(data));
	is_task = 0;
}

static void
do_micro(const int *args)
{
	demand(rota_microtask(loop, on_microtask, to_data(args[0])) == 0,
		"microtask");
}

/* Which of two that are ready at once comes first is the kernel's affair. */
static void
demand_one_ready(void)
{
	int n = 0;
	int i;

	for (i = 0; i < STILL_TIME_N_PIPES; i++)
		n += !pipes[i].is_closed && pipes[i].n_bytes > 0 &&
			rota_stream_is_reading(&pipes[i].stream);
	leave_unless(n < 2, "two pipes ready at once");
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *bytes)
{
	struct pipe *pipe = stream->handle.data;

	(void)bytes;
	is_late = 0;
	if (n <= 0)
		return;
	pipe->n_bytes -= (int)n;
	printf("pipe%d read %d %d %lu\n", (int)(pipe - pipes), (int)n,
		pipe->body, now_ms());
	run_body(pipe->body);
}

static void
do_read(const int *args)
{
	struct pipe *pipe = &pipes[args[0]];

	leave_unless(!is_late, "a late immediate");
	if (pipe->is_closed)
		return;
	pipe->body = args[1];
	demand(rota_stream_read_start(&pipe->stream, NULL, on_read) == 0,
		"read_start");
	demand_one_ready();
}

static void
do_stop(const int *args)
{
	if (!pipes[args[0]].is_closed)
		(void)rota_stream_read_stop(&pipes[args[0]].stream);
}

static void
do_write(const int *args)
{
	leave_unless(!is_late, "a late immediate");
	if (pipes[args[0]].is_closed)
		return;
	pipes[args[0]].n_bytes++;
	demand(write(STILL_TIME_WRITE_FD(args[0]), "x", 1) == 1, "write");
	demand_one_ready();
}

static void
on_close(struct rota_handle *handle)
{
	struct pipe *pipe = handle->data;

	is_late = 0;
	n_closing--;
	printf("pipe%d closed %d %lu\n", (int)(pipe - pipes), pipe->close_body,
		now_ms());
	run_body(pipe->close_body);
}

static void
do_close(const int *args)
{
	struct pipe *pipe = &pipes[args[0]];

	leave_unless(!is_late, "a late immediate");
	if (pipe->is_closed)
		return;
	/* Node calls back the last one first. */
	leave_unless(n_closing == 0, "two handles closed at once");
	n_closing++;
	pipe->is_closed = 1;
	pipe->close_body = args[1];
	demand(rota_handle_close(&pipe->stream.handle, on_close) == 0, "close");
}

static void
do_unrefpipe(const int *args)
{
	(void)rota_handle_unref(&pipes[args[0]].stream.handle);
}

static void
do_refpipe(const int *args)
{
	(void)rota_handle_ref(&pipes[args[0]].stream.handle);
}

static void
do_busy(const int *args)
{
	still_time_pass((uint64_t)args[0] * ROTA_MILLISECOND);
}

static void
on_before_exit(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	is_late = 0;
	if (n_exits-- > 0)
		call("beforeExit", exit_body);
}

static void
do_beforeexit(const int *args)
{
	exit_body = args[0];
	n_exits = args[1];
	(void)rota_loop_on_before_exit(loop, on_before_exit, NULL);
}

static const struct {
	const char *name;
	void (*fn)(const int *args);
} ops[] = {
	{ "ask", do_ask },
	{ "beforeexit", do_beforeexit },
	{ "busy", do_busy },
	{ "clear", do_clear },
	{ "clearimm", do_clearimm },
	{ "close", do_close },
	{ "immediate", do_immediate },
	{ "interval", do_interval },
	{ "micro", do_micro },
	{ "read", do_read },
	{ "ref", do_ref },
	{ "refimm", do_refimm },
	{ "refpipe", do_refpipe },
	{ "refresh", do_refresh },
	{ "stop", do_stop },
	{ "then", do_micro },
	{ "tick", do_tick },
	{ "timeout", do_timeout },
	{ "unref", do_unref },
	{ "unrefimm", do_unrefimm },
	{ "unrefpipe", do_unrefpipe },
	{ "write", do_write },
};

static void
parse_line(char *line)
{
	char name[16];
	int number;
	int a[4] = { 0, 0, 0, 0 };
	struct body *body;
	size_t i = 0;

	line[strcspn(line, "#")] = 0;
	if (sscanf(line, "%d %15s %d %d %d %d", &number, name, &a[0], &a[1],
		    &a[2], &a[3]) < 2)
		return;
	demand(number >= 0 && number < N_BODIES, "too many bodies");
	body = &bodies[number];
	demand(body->n < N_OPS, "too many lines in a body");
	while (i < sizeof(ops) / sizeof(ops[0]) &&
		strcmp(ops[i].name, name) != 0)
		i++;
	demand(i < sizeof(ops) / sizeof(ops[0]), name);
	body->ops[body->n].fn = ops[i].fn;
	memcpy(body->ops[body->n++].args, a, sizeof(a));
}

static void
parse(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[256];

	demand(file != NULL, "cannot open the program");
	while (fgets(line, sizeof(line), file) != NULL)
		parse_line(line);
	(void)fclose(file);
}

static void
open_pipes(void)
{
	int i;

	for (i = 0; i < STILL_TIME_N_PIPES; i++) {
		pipes[i].stream.handle.data = &pipes[i];
		demand(rota_stream_open(loop, &pipes[i].stream,
			       STILL_TIME_READ_FD(i), 0) == 0,
			"stream_open");
	}
}

/* What Node does at exit is to drop everything. */
static void
close_one(struct rota_handle *handle, void *data)
{
	(void)data;
	(void)rota_handle_close(handle, NULL);
}

static void
drop_everything(void)
{
	int i;

	for (i = 0; i < n_immediates; i++)
		(void)rota_immediate_stop(&immediates[i].rota);
	(void)rota_loop_on_before_exit(loop, NULL, NULL);
	(void)rota_loop_walk(loop, close_one, NULL);
	demand(rota_loop_run(loop, ROTA_RUN_DEFAULT) == 0, "the last run");
	demand(rota_loop_close(loop) == 0, "loop_close");
}

int
main(int argc, char **argv)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	is_own_way = argc > 1 && strcmp(argv[1], "-r") == 0;
	argc -= is_own_way;
	argv += is_own_way;
	demand(argc == 2 || argc == 3, "usage: play [-r] PROGRAM [BACKEND]");
	/* A hang ends the process without a flush. */
	(void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	options.backend = argv[2];
	parse(argv[1]);
	demand(rota_loop_create(&options, &loop) == 0, "loop_create");
	open_pipes();
	/* Node runs a program's text before the loop. */
	call("main", 0);
	demand(rota_loop_run(loop, ROTA_RUN_DEFAULT) == 0, "run");
	demand(rota__loop_check(loop) == 0, "the loop is unsound");
	puts("exit");
	drop_everything();
	return 0;
}
