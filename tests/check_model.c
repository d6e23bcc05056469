/* SPDX-License-Identifier: MIT */
/*
 * The turn against a model of it: programs made at random are played on a
 * loop in fake time, and on a model of it (model.h). Both must have called the
 * same, at the same times, with the same returns.
 *
 * A program is a table of bodies, each a few operations; every callback has a
 * body, which may start more callbacks. When the fuel is used up, callbacks
 * do nothing any more.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"
#include "tests/model.h"

#define N_BODIES 24
#define N_OPS 5
#define N_RUNS 6
#define FUEL 80
#define MS ROTA_MILLISECOND

/* An operation: what, on which one, and two numbers. */
struct op {
	uint8_t code;
	uint8_t kind;
	uint8_t i;
	uint8_t a;
	uint8_t b;
};

static const struct side *side;
static struct op bodies[N_BODIES][N_OPS];
static int body_of[N_KINDS][N_EACH];
static int exit_body;
static int n_exits;
static int fuel;
static unsigned n_waits;
static uint64_t begin_ns;
static uint32_t waits_seed;
static char log_text[1 << 17];
static size_t n_log;

__attribute__((format(printf, 1, 2))) static void
note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	n_log += (size_t)vsnprintf(
		log_text + n_log, sizeof(log_text) - n_log, format, args);
	va_end(args);
	ck_assert_uint_lt(n_log, sizeof(log_text));
}

static void
note_error(const char *what, int r)
{
	if (r < 0)
		note(" %s:%s", what, harness_error_name(r));
}

static uint64_t
mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ x >> 33;
}

/* Operations *************************************************************/

static const uint64_t delays[] = { 0, 0, 1, 3, 5, 5, 10, 15 };

static void
do_start(const struct op *op)
{
	uint64_t repeat = op->b % 3 == 0 ? delays[op->b % 8] * MS : 0;

	body_of[op->kind][op->i] = op->a % N_BODIES;
	note_error("start",
		side->start((enum kind)op->kind, op->i, delays[op->a % 8] * MS,
			repeat));
}

static void
do_again(const struct op *op)
{
	note_error("again", side->again(op->i));
}

static void
do_set_repeat(const struct op *op)
{
	note_error("repeat", side->set_repeat(op->i, delays[op->a % 8] * MS));
}

static void
do_stop(const struct op *op)
{
	note_error("stop", side->stop((enum kind)op->kind, op->i));
}

static void
do_set_ref(const struct op *op)
{
	note_error("ref",
		side->set_ref((enum kind)op->kind, op->i, op->a % 3 == 0));
}

static void
do_close(const struct op *op)
{
	if (op->kind < N_HANDLE_KINDS)
		note_error("close", side->close((enum kind)op->kind, op->i));
}

static void
do_ask(const struct op *op)
{
	note(" %d", side->is_active((enum kind)op->kind, op->i));
}

static void
do_tick(const struct op *op)
{
	side->tick(op->a % N_BODIES);
}

static void
do_microtask(const struct op *op)
{
	side->microtask(op->a % N_BODIES);
}

static void
do_post(const struct op *op)
{
	side->post(op->a % N_BODIES);
}

static void
do_write(const struct op *op)
{
	side->write(op->a % N_BODIES);
}

static void
do_put(const struct op *op)
{
	(void)op;
	side->put();
}

static void
do_drain(const struct op *op)
{
	(void)op;
	side->drain();
}

static void
do_busy(const struct op *op)
{
	harness_advance(delays[op->a % 8] * MS);
}

static void
do_stop_loop(const struct op *op)
{
	if (op->a % 2 == 0)
		side->stop_loop();
}

/* As often as each is to come. */
static void (*const operations[])(const struct op *) = {
	do_start,
	do_start,
	do_start,
	do_start,
	do_start,
	do_start,
	do_start,
	do_again,
	do_set_repeat,
	do_stop,
	do_stop,
	do_stop,
	do_set_ref,
	do_set_ref,
	do_close,
	do_close,
	do_ask,
	do_tick,
	do_microtask,
	do_post,
	do_write,
	do_write,
	do_put,
	do_put,
	do_drain,
	do_drain,
	do_busy,
	do_stop_loop,
};

#define N_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void
run_body(int body)
{
	int i;

	if (fuel == 0)
		return;
	fuel--;
	for (i = 0; i < N_OPS; i++)
		if (bodies[body][i].code < N_OPERATIONS)
			operations[bodies[body][i].code](&bodies[body][i]);
}

void
program_call(const char *what, int i, int body)
{
	note("\n%s%d @%u:", what, i,
		(unsigned)((harness_fake_now() - begin_ns) / MS));
	run_body(body);
}

static const char *const letters[] = { "T", "I", "P", "C", "R", "M" };

void
program_call_kind(enum kind kind, int i)
{
	/* Who would be called for ever gives up. */
	if (fuel == 0)
		(void)side->stop(kind, i);
	program_call(letters[kind], i, body_of[kind][i]);
}

void
program_call_close(enum kind kind, int i)
{
	program_call(letters[kind], 10 + i, (int)kind * N_EACH + i);
}

void
program_call_before_exit(void)
{
	if (n_exits-- > 0)
		program_call("B", 0, exit_body);
}

static void
make_program(uint64_t seed)
{
	int body, i;

	for (body = 0; body < N_BODIES; body++)
		for (i = 0; i < N_OPS; i++) {
			uint64_t x = mix(
				seed * 1000 + (uint64_t)(body * N_OPS + i) + 1);

			/* Half of the places stay empty. */
			bodies[body][i] = (struct op){
				.code = (uint8_t)(x % (2 * N_OPERATIONS)),
				.kind = (uint8_t)((x >> 8) % N_KINDS),
				.i = (uint8_t)((x >> 16) % N_EACH),
				.a = (uint8_t)(x >> 24),
				.b = (uint8_t)(x >> 32),
			};
		}
	waits_seed = (uint32_t)mix(seed);
}

/* What happens in the n-th wait: now and then something is put half-way. */
int
program_is_interrupted(void)
{
	return mix(waits_seed + n_waits++) % 4 == 0;
}

static int
run_somehow(uint64_t how)
{
	if (how <= ROTA_RUN_NOWAIT)
		return side->run((enum rota_run_mode)how);
	return how == 3 ? side->drive() : side->run(ROTA_RUN_DEFAULT);
}

static void
play(const struct side *on, uint64_t seed)
{
	int i;

	side = on;
	n_log = 0;
	fuel = FUEL;
	n_waits = 0;
	begin_ns = harness_fake_now();
	exit_body = (int)(mix(seed + 1) % N_BODIES);
	n_exits = (int)(mix(seed + 2) % 3);
	for (i = 0; i < N_RUNS; i++) {
		note("\nmain%d:", i);
		run_body(i);
		run_body(i + 1);
		note("\n=%d", run_somehow(mix(seed + 3 + (uint64_t)i) % 6));
	}
}

/* The loop ***************************************************************/

static struct rota_timer timers[N_EACH];
static struct rota_hook hooks[CHECK + 1][N_EACH];
static struct rota_io watchers[N_EACH];
static struct rota_immediate immediates[N_EACH];
static int pipe_fds[2];

/* What is written is never read; one byte of it serves all. */
static struct rota_stream stream;
static struct rota_write writes[FUEL * N_OPS + N_RUNS * 2 * N_OPS];
static int stream_fds[2];
static int n_writes;

static struct rota_handle *
handle_of(enum kind kind, int i)
{
	if (kind == TIMER)
		return &timers[i].handle;
	if (kind == WATCHER)
		return &watchers[i].handle;
	return &hooks[kind][i].handle;
}

/* Which one it is, kept in its data. */
static void *
to_data(enum kind kind, int i)
{
	return &body_of[kind][i];
}

static void
called_data(const void *data)
{
	int at = (int)((const int *)data - &body_of[0][0]);

	ck_assert_int_eq(rota__loop_check(loop), 0);
	program_call_kind((enum kind)(at / N_EACH), at % N_EACH);
}

static void
on_timer(struct rota_timer *timer)
{
	called_data(timer->handle.data);
}

static void
on_hook(struct rota_hook *hook)
{
	called_data(hook->handle.data);
}

static void
on_ready(struct rota_io *io, unsigned ready)
{
	ck_assert_uint_eq(ready, ROTA_READABLE);
	called_data(io->handle.data);
}

static void
on_immediate(struct rota_immediate *immediate)
{
	called_data(immediate->data);
}

static void
on_close(struct rota_handle *handle)
{
	int at = (int)((int *)handle->data - &body_of[0][0]);

	ck_assert_int_eq(rota__loop_check(loop), 0);
	program_call_close((enum kind)(at / N_EACH), at % N_EACH);
}

static void
loop_init_one(enum kind kind, int i)
{
	static int (*const init[])(struct rota_loop *, struct rota_hook *) = {
		[IDLE] = rota_idle_init,
		[PREPARE] = rota_prepare_init,
		[CHECK] = rota_check_init,
	};

	if (kind == TIMER)
		ck_ok(rota_timer_init(loop, &timers[i]));
	else if (kind == WATCHER)
		ck_ok(rota_io_init(loop, &watchers[i], pipe_fds[0]));
	else
		ck_ok(init[kind](loop, &hooks[kind][i]));
	handle_of(kind, i)->data = to_data(kind, i);
}

static int
loop_start(enum kind kind, int i, uint64_t delay, uint64_t repeat)
{
	if (kind == IMMEDIATE)
		return rota_immediate_start(&immediates[i], on_immediate);
	if (rota_handle_loop(handle_of(kind, i)) == NULL)
		loop_init_one(kind, i);
	if (kind == TIMER)
		return rota_timer_start(&timers[i], delay, repeat, on_timer);
	if (kind == WATCHER)
		return rota_io_start(&watchers[i], ROTA_READABLE, on_ready);
	return rota_hook_start(&hooks[kind][i], on_hook);
}

static int
loop_again(int i)
{
	return rota_timer_again(&timers[i]);
}

static int
loop_set_repeat(int i, uint64_t repeat)
{
	return rota_timer_set_repeat(&timers[i], repeat);
}

static int
loop_stop(enum kind kind, int i)
{
	if (kind == IMMEDIATE)
		return rota_immediate_stop(&immediates[i]);
	if (kind == TIMER)
		return rota_timer_stop(&timers[i]);
	if (kind == WATCHER)
		return rota_io_stop(&watchers[i]);
	return rota_hook_stop(&hooks[kind][i]);
}

static int
loop_set_ref(enum kind kind, int i, int on)
{
	if (kind == IMMEDIATE)
		return on ? rota_immediate_ref(&immediates[i]) :
			    rota_immediate_unref(&immediates[i]);
	return on ? rota_handle_ref(handle_of(kind, i)) :
		    rota_handle_unref(handle_of(kind, i));
}

static int
loop_close(enum kind kind, int i)
{
	return rota_handle_close(handle_of(kind, i), on_close);
}

static int
loop_is_active(enum kind kind, int i)
{
	if (kind == IMMEDIATE)
		return rota_immediate_is_queued(&immediates[i]);
	return rota_handle_is_active(handle_of(kind, i));
}

static int
to_body(const void *data)
{
	return (int)((const struct op(*)[N_OPS])data - bodies);
}

static void
on_tick(struct rota_loop *of, void *data)
{
	(void)of;
	program_call("t", 0, to_body(data));
}

static void
loop_tick(int body)
{
	ck_ok(rota_tick(loop, on_tick, bodies[body]));
}

static void
on_microtask(struct rota_loop *of, void *data)
{
	(void)of;
	program_call("m", 0, to_body(data));
}

static void
loop_microtask(int body)
{
	ck_ok(rota_microtask(loop, on_microtask, bodies[body]));
}

static void
on_post(struct rota_loop *of, void *data)
{
	(void)of;
	program_call("p", 0, to_body(data));
}

static void
loop_post(int body)
{
	ck_ok(rota_post(loop, on_post, bodies[body]));
}

static void
on_write(struct rota_write *request, int status)
{
	ck_ok(status);
	program_call("w", 0, to_body(request->request.data));
}

static void
loop_write(int body)
{
	static char byte;
	struct iovec bytes = { &byte, 1 };
	struct rota_write *request = &writes[n_writes++];

	request->request.data = bodies[body];
	ck_ok(rota_stream_write(&stream, request, &bytes, 1, on_write));
}

static void
loop_put(void)
{
	harness_put(pipe_fds[1], 'x');
}

static void
loop_drain(void)
{
	harness_drain(pipe_fds[0]);
}

static void
loop_stop_loop(void)
{
	ck_ok(rota_loop_stop(loop));
}

static void
on_before_exit(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	program_call_before_exit();
}

static void
on_wait(uint64_t timeout_ns)
{
	if (timeout_ns == ROTA_FOREVER) {
		loop_stop_loop();
	} else if (program_is_interrupted()) {
		harness_advance(timeout_ns / 2);
		loop_put();
	}
}

static int
loop_drive(void)
{
	struct pollfd fds[8];
	uint64_t timeout_ns;
	int n;

	ck_assert_int_ge(rota_loop_prepare(loop), 0);
	n = rota_loop_pollfds(loop, fds, 8);
	ck_assert_int_le(n, 8);
	timeout_ns = rota_loop_wait_ns(loop);
	(void)harness_fake_time_sys()->poll(fds, (nfds_t)n, timeout_ns);
	n = rota_loop_dispatch(loop);
	ck_assert_int_eq(rota__loop_check(loop), 0);
	return n;
}

static const struct side loop_side = {
	.start = loop_start,
	.again = loop_again,
	.set_repeat = loop_set_repeat,
	.stop = loop_stop,
	.set_ref = loop_set_ref,
	.close = loop_close,
	.is_active = loop_is_active,
	.tick = loop_tick,
	.microtask = loop_microtask,
	.post = loop_post,
	.write = loop_write,
	.put = loop_put,
	.drain = loop_drain,
	.stop_loop = loop_stop_loop,
	.run = run_once_checked,
	.drive = loop_drive,
};

/* Both *******************************************************************/

static void
begin_loop(void)
{
	int kind, i;

	n_writes = 0;
	harness_pipe(pipe_fds);
	harness_socketpair(stream_fds);
	ck_ok(rota_stream_open(loop, &stream, stream_fds[0], 0));
	for (i = 0; i < N_EACH; i++) {
		for (kind = 0; kind < N_HANDLE_KINDS; kind++)
			loop_init_one((enum kind)kind, i);
		ck_ok(rota_immediate_init(loop, &immediates[i]));
		immediates[i].data = to_data(IMMEDIATE, i);
	}
	ck_ok(rota_loop_on_before_exit(loop, on_before_exit, NULL));
	harness_on_wait(on_wait);
}

static void
end_loop(void)
{
	int i;

	fuel = 0;
	harness_on_wait(NULL);
	ck_ok(rota_loop_on_before_exit(loop, NULL, NULL));
	for (i = 0; i < N_EACH; i++)
		ck_ok(rota_immediate_stop(&immediates[i]));
	close_all();
	harness_close_pair(pipe_fds);
	ck_err(close(stream_fds[1]), 0);
}

/* Says from where on the two differ. */
static void
demand_equal(const char *expected, const char *seen, uint64_t seed)
{
	size_t same = 0;
	size_t from;

	while (expected[same] != 0 && expected[same] == seen[same])
		same++;
	from = same > 300 ? same - 300 : 0;
	ck_assert_msg(expected[same] == seen[same],
		"program %u\n--- the model:%.400s\n--- the loop:%.400s",
		(unsigned)seed, expected + from, seen + from);
}

FAKE_TIME_TEST(random_programs_are_played_as_the_model_plays_them)
{
	static char seen[sizeof(log_text)];
	unsigned n = harness_scale(5000);
	const char *first = getenv("ROTA_TEST_SEED");
	uint64_t seed = first == NULL ? 1 : strtoull(first, NULL, 10);
	uint64_t end = seed + n;

	for (; seed < end; seed++) {
		make_program(seed);
		begin_loop();
		play(&loop_side, seed);
		memcpy(seen, log_text, n_log + 1);
		end_loop();
		model_begin();
		play(&model_side, seed);
		demand_equal(log_text, seen, seed);
	}
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "model");

	tcase_add_test(tc, random_programs_are_played_as_the_model_plays_them);
}

HARNESS_MAIN("model", add_cases)
