/* SPDX-License-Identifier: MIT */
/*
 * Echo over TCP. The load comes from another process, on another processor
 * where there is one: each connection has one message under way.
 *
 * When it is counted, all goes in lockstep: the load writes to all
 * connections, says so on one of its own, and waits for the replies; the
 * loop runs until all of them are out. So each count is the same.
 */
#include <unistd.h>

#include "bench/on.h"

#include "bench/load.h"
#include "bench/subject.h"

static struct echo echo;

static void
run(struct sample *sample)
{
	sample->subject->run(sample->loop);
}

/* Returns the connection on which the load speaks to us. */
static int
connect_load(struct sample *sample)
{
	unsigned port;
	int listener = load_listen(&port);
	int control;

	raise_fd_limit(sample->n + 64);
	load_start(sample, "echo", port);
	control = load_accept(listener);
	for (unsigned i = 0; i < echo.n; i++) {
		echo.fds[i] = load_accept(listener);
		set_nonblocking(echo.fds[i]);
	}
	(void)close(listener);
	return control;
}

static void
in_lockstep(struct sample *sample, int control)
{
	unsigned long n_rounds = sample->n_events / echo.n;
	uint64_t ns = 0;

	if (n_rounds == 0)
		n_rounds = 1;
	sample->n_events = n_rounds * echo.n;
	for (unsigned long i = 0; i <= n_rounds; i++) {
		load_hear(control);
		echo.left_bytes = (unsigned long)echo.n * echo.size_bytes;
		/* The first round makes what is made once. */
		if (i == 0)
			run(sample);
		else
			ns += sample_measure(sample, run);
	}
	sample_tell_time(sample, ns);
}

static void
freely(struct sample *sample, int control)
{
	uint64_t cpu_began_ns;
	uint64_t ns;

	load_hear(control);
	echo.left_bytes = sample->n_events / 10 * echo.size_bytes;
	run(sample);
	echo.left_bytes = sample->n_events * echo.size_bytes;
	cpu_began_ns = cpu_ns();
	ns = sample_measure(sample, run);
	sample_tell_time(sample, ns);
	sample_tell("cpu",
		(double)(cpu_ns() - cpu_began_ns) / (double)sample->n_events,
		"ns");
}

static void
serve(struct sample *sample, unsigned pieces, int is_queued)
{
	int control;

	if (!sample->subject->echo)
		sample_cannot(sample);
	echo.n = sample->n;
	echo.fds = get_memory(echo.n, sizeof(*echo.fds));
	echo.size_bytes = sample->size_bytes;
	echo.pieces = pieces;
	echo.is_queued = is_queued;
	sample_open(sample);
	echo.stopper.loop = sample->loop;
	echo.stopper.stop = sample->subject->stop;
	control = connect_load(sample);
	sample->subject->echo(sample->loop, &echo);
	if (sample->mode == SAMPLE_TIME)
		freely(sample, control);
	else
		in_lockstep(sample, control);
}

void
on_echo(struct sample *sample)
{
	serve(sample, 1, 0);
}

void
on_echo_queued(struct sample *sample)
{
	serve(sample, 1, 1);
}

void
on_pieces(struct sample *sample)
{
	serve(sample, 8, 1);
}
