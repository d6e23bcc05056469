/* SPDX-License-Identifier: MIT */
/*
 * Connections that come and go, and datagrams. The load comes from another
 * process; counted, in lockstep with it, as bench/on_echo.c has it.
 */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/on.h"

#include "bench/load.h"
#include "bench/subject.h"

static void
run(struct sample *sample)
{
	sample->subject->run(sample->loop);
}

/* How much is left to do, of whichever workload it is. */
static unsigned long *left;

static void
in_lockstep(struct sample *sample, int control)
{
	unsigned long n_rounds = sample->n_events / sample->n;
	uint64_t ns = 0;

	if (n_rounds == 0)
		n_rounds = 1;
	sample->n_events = n_rounds * sample->n;
	for (unsigned long i = 0; i <= n_rounds; i++) {
		load_hear(control);
		*left = sample->n;
		/* The first round makes what is made once. */
		if (i == 0)
			run(sample);
		else
			ns += sample_measure(sample, run);
		load_tell(control);
	}
	sample_tell_time(sample, ns);
}

static void
freely(struct sample *sample, int control)
{
	uint64_t cpu_began_ns;
	uint64_t ns;

	load_hear(control);
	*left = sample->n_events / 10;
	run(sample);
	*left = sample->n_events;
	cpu_began_ns = cpu_ns();
	ns = sample_measure(sample, run);
	sample_tell_time(sample, ns);
	sample_tell("cpu",
		(double)(cpu_ns() - cpu_began_ns) / (double)sample->n_events,
		"ns");
}

static void
serve(struct sample *sample, int control)
{
	if (sample->mode == SAMPLE_TIME)
		freely(sample, control);
	else
		in_lockstep(sample, control);
}

void
on_churn(struct sample *sample)
{
	static struct churn churn;
	unsigned port;
	int control;

	if (!sample->subject->churn)
		sample_cannot(sample);
	churn.fd = load_listen(&port);
	sample_open(sample);
	churn.stopper.loop = sample->loop;
	churn.stopper.stop = sample->subject->stop;
	left = &churn.left;
	load_start(sample, "churn", port);
	control = load_accept(churn.fd);
	set_nonblocking(churn.fd);
	sample->subject->churn(sample->loop, &churn);
	serve(sample, control);
}

void
on_datagrams(struct sample *sample)
{
	static struct datagrams datagrams;
	unsigned port;
	int listener = load_listen(&port);

	if (!sample->subject->datagrams)
		sample_cannot(sample);
	datagrams.fd = load_bind_udp(port);
	datagrams.size_bytes = sample->size_bytes;
	sample_open(sample);
	datagrams.stopper.loop = sample->loop;
	datagrams.stopper.stop = sample->subject->stop;
	left = &datagrams.left;
	load_start(sample, "udp", port);
	sample->subject->datagrams(sample->loop, &datagrams);
	serve(sample, load_accept(listener));
}
