/* SPDX-License-Identifier: MIT */
/* Timers: armed and fired, put off, stopped and started, and how late. */
#include <stdlib.h>

#include "bench/on.h"

#include "bench/subject.h"

#define NS_PER_MS UINT64_C(1000000)

/* How many timers are put off, or stopped and started, in one turn. */
#define PER_TURN 1000

static struct timers timers;

static void
open_timers(struct sample *sample)
{
	if (!sample->subject->timers_make)
		sample_cannot(sample);
	timers.n = sample->n;
	timers.delays_ns = get_memory(timers.n, sizeof(*timers.delays_ns));
	sample_open(sample);
	timers.stopper.loop = sample->loop;
	timers.stopper.stop = sample->subject->stop;
	sample->subject->turns(sample->loop, 1);
}

/* The same for all subjects: from 1 ns to range_ns, in no order. */
static void
choose_delays(uint64_t range_ns)
{
	uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

	for (unsigned i = 0; i < timers.n; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		timers.delays_ns[i] = 1 + state % range_ns;
	}
}

static void
arm(struct sample *sample)
{
	sample->subject->timers_arm(sample->loop, &timers);
}

static void
fire(struct sample *sample)
{
	sample->subject->run(sample->loop);
}

/*
 * All are armed, and fire when the last of them is due: neither part waits,
 * so its time is that of its work.
 */
void
on_timers(struct sample *sample)
{
	uint64_t range_ns =
		(sample->mode == SAMPLE_TINY ? 10 : 1000) * NS_PER_MS;
	uint64_t arm_ns;
	uint64_t fire_ns;

	open_timers(sample);
	sample->n_events = timers.n;
	choose_delays(range_ns);
	sample->subject->timers_make(sample->loop, &timers);
	timers.left = timers.n;
	arm_ns = sample_measure(sample, arm);
	/* Libraries that count in milliseconds round up. */
	sleep_ns(range_ns + 5 * NS_PER_MS);
	fire_ns = sample_measure(sample, fire);
	sample_tell_time(sample, arm_ns + fire_ns);
	sample_tell("arm", (double)arm_ns / timers.n, "ns");
	sample_tell("fire", (double)fire_ns / timers.n, "ns");
}

static void
rearm(struct sample *sample)
{
	unsigned long left = sample->n_events;

	while (left > 0) {
		unsigned long n = left < PER_TURN ? left : PER_TURN;

		sample->subject->timers_again(sample->loop, &timers, n);
		sample->subject->turns(sample->loop, 1);
		left -= n;
	}
}

void
on_rearm(struct sample *sample)
{
	open_timers(sample);
	sample->subject->timers_make(sample->loop, &timers);
	sample->subject->timers_idle(sample->loop, &timers, 60000 * NS_PER_MS);
	sample->subject->turns(sample->loop, 1);
	sample_tell_time(sample, sample_measure(sample, rearm));
}

static void
restart(struct sample *sample)
{
	unsigned long left = sample->n_events;

	while (left > 0) {
		unsigned long n = left < PER_TURN ? left : PER_TURN;

		sample->subject->timers_restart(sample->loop, &timers, n);
		sample->subject->turns(sample->loop, 1);
		left -= n;
	}
}

void
on_restart(struct sample *sample)
{
	open_timers(sample);
	choose_delays(10000 * NS_PER_MS);
	for (unsigned i = 0; i < timers.n; i++)
		timers.delays_ns[i] += 60000 * NS_PER_MS;
	sample->subject->timers_make(sample->loop, &timers);
	sample->subject->timers_arm(sample->loop, &timers);
	sample->subject->turns(sample->loop, 1);
	sample_tell_time(sample, sample_measure(sample, restart));
}

/* Lateness. */

struct seen {
	struct sample *sample;
	unsigned long n;
	double *late_ns;
};

static void
on_fired(struct late *late)
{
	struct seen *seen = late->data;
	struct sample *sample = seen->sample;

	if (seen->n < sample->n_events)
		seen->late_ns[seen->n++] =
			(double)clock_ns() - (double)late->due_ns;
	if (seen->n == sample->n_events)
		sample->subject->stop(sample->loop);
}

static int
in_order(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

void
on_lateness(struct sample *sample)
{
	static struct late late;
	struct seen seen = { .sample = sample };

	if (!sample->subject->late)
		sample_cannot(sample);
	seen.late_ns = get_memory(sample->n_events, sizeof(*seen.late_ns));
	sample_open(sample);
	late.delay_ns = 1300000;
	late.fired = on_fired;
	late.data = &seen;
	sample->subject->late(sample->loop, &late);
	(void)sample_measure(sample, fire);
	qsort(seen.late_ns, seen.n, sizeof(*seen.late_ns), in_order);
	sample_tell("time", seen.late_ns[seen.n / 2], "ns");
	sample_tell("p99", seen.late_ns[seen.n * 99 / 100], "ns");
	/* Below 0: it has fired too early. */
	sample_tell("earliest", seen.late_ns[0], "ns");
}
