/* SPDX-License-Identifier: MIT */
/*
 * Random actions on a few streams: reading in all ways, writing, pumps,
 * limits, marks and all ways to close, also from inside callbacks. Whatever
 * comes, each request ends exactly once and nothing is called after a close.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness.h"
#include "tests/kinds.h"

#define N_STREAMS 6
#define N_REQUESTS 24
#define N_BYTES 30000

enum life {
	BLANK,
	OPEN,
	CLOSING
};

struct node {
	struct rota_stream stream;
	enum life life;
	unsigned n_in_flight;
};

enum what {
	FREE,
	READ,
	WRITE,
	SHUTDOWN,
	PUMP
};

struct errand {
	union {
		struct rota_request request;
		struct rota_read read;
		struct rota_write write;
		struct rota_shutdown shutdown;
		struct rota_pump pump;
	} as;
	enum what what;
	struct node *owner;
	char memory[200];
};

static struct node nodes[N_STREAMS];
static struct errand errands[N_REQUESTS];
static char bytes[N_BYTES];
static int depth;
/* For the debugger; ROTA_TEST_SEED=7 runs that one alone. */
static unsigned seed_now;

static void act_at_random(void);

static unsigned
below(unsigned n)
{
	return (unsigned)rand() % n;
}

/* A callback does something itself now and then. */
static void
act_inside(void)
{
	if (depth > 0 || below(3) != 0)
		return;
	depth++;
	act_at_random();
	depth--;
}

static struct node *
node_of(struct rota_handle *handle)
{
	struct node *node = (struct node *)handle;

	ck_assert_int_ne(node->life, BLANK);
	return node;
}

static void
on_closed(struct rota_handle *handle)
{
	struct node *node = node_of(handle);

	ck_assert_int_eq(node->life, CLOSING);
	ck_assert_uint_eq(node->n_in_flight, 0);
	memset(node, 0xa5, sizeof(*node));
	node->life = BLANK;
	act_inside();
}

static void
end(struct rota_request *request, enum what what)
{
	struct errand *errand = (struct errand *)request;

	ck_assert_int_eq(errand->what, what);
	ck_assert_uint_gt(errand->owner->n_in_flight, 0);
	ck_assert_int_ne(errand->owner->life, BLANK);
	errand->owner->n_in_flight--;
	memset(errand, 0xa5, sizeof(*errand));
	errand->what = FREE;
	act_inside();
}

static void
on_read_done(struct rota_read *read, int status)
{
	(void)status;
	end(&read->request, READ);
}

static void
on_written(struct rota_write *write, int status)
{
	(void)status;
	end(&write->request, WRITE);
}

static void
on_shut(struct rota_shutdown *shutdown, int status)
{
	(void)status;
	end(&shutdown->request, SHUTDOWN);
}

static void
on_pumped(struct rota_pump *pump, int status)
{
	(void)status;
	end(&pump->request, PUMP);
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)n;
	(void)data;
	ck_assert_int_eq(node_of(&stream->handle)->life, OPEN);
	act_inside();
}

static void
on_drain(struct rota_stream *stream)
{
	ck_assert_int_eq(node_of(&stream->handle)->life, OPEN);
	act_inside();
}

static struct node *
any_node(void)
{
	return &nodes[below(N_STREAMS)];
}

static struct errand *
free_errand(void)
{
	for (unsigned i = 0; i < N_REQUESTS; i++)
		if (errands[i].what == FREE)
			return &errands[i];
	return NULL;
}

/* Of a call that begins a request of `node`, which returned r. */
static void
begun(struct errand *errand, enum what what, struct node *node, int r)
{
	if (r < 0)
		return;
	errand->what = what;
	errand->owner = node;
	node->n_in_flight++;
}

static void
open_two(void)
{
	const struct kind *kind = &kinds[below(n_kinds)];
	struct node *ends[2];
	unsigned n = 0;
	int fds[2];

	for (unsigned i = 0; i < N_STREAMS && n < 2; i++)
		if (nodes[i].life == BLANK)
			ends[n++] = &nodes[i];
	if (n < 2 || kind->make(fds) < 0)
		return;
	for (int i = 0; i < 2; i++) {
		ck_ok(rota_stream_open(loop, &ends[i]->stream, fds[i], 0));
		ends[i]->life = OPEN;
		ends[i]->n_in_flight = 0;
	}
}

static void
ask(struct node *node, struct errand *errand)
{
	struct rota_read *read = &errand->as.read;
	size_t n = below(sizeof(errand->memory)) + 1;
	int r;

	switch (below(3)) {
	case 0:
		r = rota_stream_read(
			&node->stream, read, errand->memory, n, on_read_done);
		break;
	case 1:
		r = rota_stream_read_exactly(
			&node->stream, read, errand->memory, n, on_read_done);
		break;
	default:
		r = rota_stream_read_until(&node->stream, read, errand->memory,
			n, 'x', on_read_done);
	}
	begun(errand, READ, node, r);
}

static void
put(struct node *node, struct errand *errand)
{
	struct iovec buffer = { bytes, below(sizeof(bytes)) };

	begun(errand, WRITE, node,
		rota_stream_write(&node->stream, &errand->as.write, &buffer, 1,
			on_written));
}

static void
pump(struct node *node, struct errand *errand)
{
	struct node *from = any_node();

	if (from->life != OPEN)
		return;
	begun(errand, PUMP, node,
		rota_pipe_streams(&errand->as.pump, &from->stream,
			&node->stream, below(2), on_pumped));
}

static void
close_node(struct node *node)
{
	node->life = CLOSING;
	switch (below(3)) {
	case 0:
		ck_ok(rota_handle_close(&node->stream.handle, on_closed));
		break;
	default:
		ck_ok(rota_stream_close_flushed(&node->stream, on_closed));
	}
}

static void
change_request(void)
{
	struct errand *errand = &errands[below(N_REQUESTS)];

	if (errand->what == FREE)
		return;
	switch (below(4)) {
	case 0:
		(void)rota_request_cancel(&errand->as.request);
		break;
	case 1:
		(void)rota_request_unref(&errand->as.request);
		break;
	default:
		(void)rota_request_set_deadline(
			&errand->as.request, below(2) * ROTA_MICROSECOND);
	}
}

static void
change_stream(struct node *node)
{
	struct iovec buffer = { bytes, below(3000) + 1 };
	char memory[100];

	switch (below(7)) {
	case 0:
		(void)rota_stream_set_idle_limit(&node->stream,
			below(2) ? ROTA_FOREVER : ROTA_MICROSECOND);
		break;
	case 1:
		(void)rota_stream_set_marks(
			&node->stream, below(100), below(2) * 20000, on_drain);
		break;
	case 2:
		(void)rota_stream_read_stop(&node->stream);
		break;
	case 3:
		(void)rota_stream_try_read(
			&node->stream, memory, sizeof(memory));
		break;
	case 4:
		(void)rota_stream_set_gather(&node->stream, (int)below(2));
		break;
	default:
		(void)rota_stream_try_write(&node->stream, &buffer, 1);
	}
}

static void
act_on(struct node *node, struct errand *errand)
{
	unsigned action = below(20);

	if (action < 5)
		ask(node, errand);
	else if (action < 10)
		put(node, errand);
	else if (action < 13)
		pump(node, errand);
	else if (action < 14)
		begun(errand, SHUTDOWN, node,
			rota_stream_shutdown(
				&node->stream, &errand->as.shutdown, on_shut));
	else if (action < 15)
		close_node(node);
	else if (action < 17)
		(void)rota_stream_read_start(&node->stream, NULL, on_read);
	else
		change_stream(node);
}

static void
act_at_random(void)
{
	struct node *node = any_node();
	struct errand *errand = free_errand();

	if (below(8) == 0 || errand == NULL)
		change_request();
	else if (node->life == OPEN)
		act_on(node, errand);
	else if (node->life == BLANK)
		open_two();
}

static void
close_the_rest(void)
{
	int n_turns = 0;

	for (unsigned i = 0; i < N_STREAMS; i++)
		if (nodes[i].life == OPEN) {
			nodes[i].life = CLOSING;
			ck_ok(rota_handle_close(
				&nodes[i].stream.handle, on_closed));
		}
	depth = 1;
	while (rota_loop_why_alive(loop, NULL, NULL) != 0) {
		/* Those that flush what nobody reads. */
		for (unsigned i = 0; i < N_REQUESTS; i++)
			if (errands[i].what != FREE)
				(void)rota_request_cancel(
					&errands[i].as.request);
		/* A thread may have to end first what it writes to a file. */
		if (++n_turns > 20)
			(void)poll(NULL, 0, 1);
		ck_assert_int_lt(n_turns, 10000);
		ck_assert_int_ge(run_once_checked(ROTA_RUN_NOWAIT), 0);
	}
	depth = 0;
	for (unsigned i = 0; i < N_STREAMS; i++)
		ck_assert_int_eq(nodes[i].life, BLANK);
	for (unsigned i = 0; i < N_REQUESTS; i++)
		ck_assert_int_eq(errands[i].what, FREE);
}

static void
try_seed(unsigned seed)
{
	seed_now = seed;
	srand(seed_now);
	memset(nodes, 0, sizeof(nodes));
	memset(errands, 0, sizeof(errands));
	depth = 0;
	for (int i = 0; i < 300; i++) {
		act_at_random();
		if (below(3) == 0)
			ck_assert_int_ge(run_once_checked(ROTA_RUN_NOWAIT), 0);
	}
	close_the_rest();
}

LOOP_TEST(whatever_is_done_each_request_ends_once)
{
	const char *seed = getenv("ROTA_TEST_SEED");

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = "abcdefghijkx"[i % 12];
	if (seed != NULL) {
		try_seed((unsigned)strtoul(seed, NULL, 10));
		return;
	}
	for (unsigned i = 1; i <= harness_scale(150); i++)
		try_seed(i);
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "mesh");

	tcase_add_loop_test(tc, whatever_is_done_each_request_ends_once);
}

HARNESS_MAIN("mesh", add_cases)
