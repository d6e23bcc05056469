/* SPDX-License-Identifier: MIT */
/* Rings of socket pairs, changes of interest, and turns by themselves. */
#include "bench/on.h"

#include "bench/subject.h"

static struct ring ring;

static void
make_ring(struct sample *sample)
{
	raise_fd_limit(2 * sample->n + 64);
	ring.n = sample->n;
	ring.fds = get_memory(ring.n, sizeof(*ring.fds));
	for (unsigned i = 0; i < ring.n; i++)
		make_pair(ring.fds[i]);
	sample_open(sample);
	ring.stopper.loop = sample->loop;
	ring.stopper.stop = sample->subject->stop;
}

static void
watch(struct sample *sample)
{
	sample->subject->ring(sample->loop, &ring);
	sample->subject->turns(sample->loop, 1);
}

/* Lets `active` bytes go round until so many have been read. */
static void
feed(struct sample *sample, unsigned long n_events)
{
	unsigned active = sample->active;

	ring.left_events = n_events;
	ring.left_writes = n_events - active;
	for (unsigned i = 0; i < active; i++) {
		unsigned at = (unsigned)((uint64_t)i * ring.n / active);

		if (write(ring.fds[at][1], "", 1) != 1)
			die("a socket pair is full");
	}
}

static void
run(struct sample *sample)
{
	sample->subject->run(sample->loop);
}

void
on_ring(struct sample *sample)
{
	if (!sample->subject->ring)
		sample_cannot(sample);
	make_ring(sample);
	watch(sample);
	feed(sample, 2 * sample->active);
	run(sample);
	feed(sample, sample->n_events);
	sample_tell_time(sample, sample_measure(sample, run));
}

void
on_setup(struct sample *sample)
{
	if (!sample->subject->ring)
		sample_cannot(sample);
	make_ring(sample);
	sample->subject->turns(sample->loop, 1);
	sample->n_events = sample->n;
	sample_tell_time(sample, sample_measure(sample, watch));
}

static void
toggle(struct sample *sample)
{
	sample->subject->toggle(sample->loop, &ring, sample->n_events / ring.n);
}

void
on_toggle(struct sample *sample)
{
	if (!sample->subject->toggle)
		sample_cannot(sample);
	make_ring(sample);
	watch(sample);
	sample->n_events -= sample->n_events % ring.n;
	sample->subject->toggle(sample->loop, &ring, 2);
	sample_tell_time(sample, sample_measure(sample, toggle));
}

static void
turns(struct sample *sample)
{
	sample->subject->turns(sample->loop, sample->n_events);
}

static void
take_turns(struct sample *sample, enum turn_kind kind)
{
	if (!sample->subject->keep_busy)
		sample_cannot(sample);
	make_ring(sample);
	watch(sample);
	if (!sample->subject->keep_busy(sample->loop, kind))
		sample_cannot(sample);
	sample->subject->turns(sample->loop, 10);
	sample_tell_time(sample, sample_measure(sample, turns));
}

void
on_turn(struct sample *sample)
{
	take_turns(sample, TURN_EMPTY);
}

void
on_turn_idle(struct sample *sample)
{
	take_turns(sample, TURN_IDLE);
}

void
on_turn_timer(struct sample *sample)
{
	take_turns(sample, TURN_TIMER);
}

void
on_turn_immediate(struct sample *sample)
{
	take_turns(sample, TURN_IMMEDIATE);
}
