/* SPDX-License-Identifier: MIT */
/*
 * The process that takes one sample. It speaks to the one that started it in
 * lines: "backend NAME", "version TEXT", "result METRIC VALUE UNIT".
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/sample.h"

#include "bench/subject.h"

/*
 * The mark that valgrind and strace look for: bench/count.c names this
 * function, and the texts.
 */
__attribute__((noinline)) void
rota_bench_measured(struct sample *sample, void (*fn)(struct sample *sample))
{
	fn(sample);
	/* No tail call: the function is left when the work is done. */
	__asm__ volatile("" ::: "memory");
}

static void
mark(const struct sample *sample, const char *text)
{
	if (sample->mode != SAMPLE_COUNT)
		return;
	/* Fails, and is seen by who looks on. */
	if (write(-1, text, strlen(text)) >= 0)
		die("a mark was taken for a write");
}

uint64_t
sample_measure(struct sample *sample, void (*fn)(struct sample *sample))
{
	uint64_t began_ns;
	uint64_t ended_ns;

	mark(sample, MARK_BEGIN);
	counter_go();
	began_ns = clock_ns();
	rota_bench_measured(sample, fn);
	ended_ns = clock_ns();
	counter_pause();
	mark(sample, MARK_END);
	return ended_ns - began_ns;
}

void
sample_open(struct sample *sample)
{
	const struct subject *subject = sample->subject;
	const char *backend;

	sample->loop = subject->open(sample->backend);
	if (!sample->loop)
		die("%s has no loop with backend %s", subject->name,
			sample->backend ? sample->backend : "(any)");
	backend = subject->backend(sample->loop);
	if (sample->backend && strcmp(backend, sample->backend) != 0)
		die("%s was asked for %s and took %s", subject->name,
			sample->backend, backend);
	printf("backend %s\n", backend);
	printf("version %s\n", subject->version());
}

void
sample_cannot(const struct sample *sample)
{
	(void)sample;
	(void)fflush(stdout);
	_exit(SAMPLE_CANNOT);
}

void
sample_tell(const char *metric, double value, const char *unit)
{
	printf("result %s %.17g %s\n", metric, value, unit);
}

void
sample_tell_time(const struct sample *sample, uint64_t ns)
{
	sample_tell("time", (double)ns / (double)sample->n_events, "ns");
}

static unsigned
at_most(unsigned value, unsigned limit)
{
	return value < limit ? value : limit;
}

int
sample_take(struct sample *sample)
{
	const struct workload *workload = sample->workload;
	double instructions;

	sample->n = workload->n;
	sample->active = workload->active;
	sample->size_bytes = workload->size_bytes;
	sample->n_events = workload->n_timed;
	if (sample->mode == SAMPLE_COUNT)
		sample->n_events = workload->n_counted;
	if (sample->mode == SAMPLE_TINY) {
		sample->n = at_most(workload->n, 12);
		sample->active = at_most(workload->active, 3);
		sample->n_events = at_most((unsigned)workload->n_counted, 24);
	}
	(void)alarm(sample->mode == SAMPLE_TINY ? 20 : PATIENCE_SECONDS);
	if (sample->mode == SAMPLE_TIME)
		counter_open();
	workload->take(sample);
	instructions = counter_read();
	if (instructions > 0)
		sample_tell("instructions",
			instructions / (double)sample->n_events, "instr");
	printf("events %lu\n", sample->n_events);
	(void)fflush(stdout);
	/* Nothing was closed, and need not be: the process ends here. */
	_exit(0);
}
