/* SPDX-License-Identifier: MIT */
/* Jobs for other threads, files, and children. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/on.h"

#include "bench/subject.h"

static void
go(struct sample *sample)
{
	sample->subject->jobs_go(sample->loop, sample->data);
	sample->subject->run(sample->loop);
}

static void
do_jobs(struct sample *sample, struct jobs *jobs, unsigned long n)
{
	jobs->left = n;
	jobs->left_starts = n;
	sample->data = jobs;
}

/* The window is `n` of the workload; 0 has all under way at once. */
static void
take_jobs(struct sample *sample, struct jobs *jobs)
{
	if (!sample->subject->jobs_make)
		sample_cannot(sample);
	jobs->window = sample->workload->n ? sample->workload->n :
					     (unsigned)sample->n_events;
	sample_open(sample);
	jobs->stopper.loop = sample->loop;
	jobs->stopper.stop = sample->subject->stop;
	sample->subject->jobs_make(sample->loop, jobs);
	/* Threads are started, and memory is touched, before. */
	do_jobs(sample, jobs, jobs->window + 100);
	go(sample);
	do_jobs(sample, jobs, sample->n_events);
	sample_tell_time(sample, sample_measure(sample, go));
}

void
on_pool(struct sample *sample)
{
	static struct jobs jobs;

	take_jobs(sample, &jobs);
}

void
on_pool_one_cpu(struct sample *sample)
{
	if (!pin_to_cpu(0))
		sample_cannot(sample);
	on_pool(sample);
}

/* A file of a page, which the system keeps in memory. */
static void
make_file(struct jobs *jobs)
{
	static char path[256];
	static char page[JOB_READ_BYTES];
	const char *dir = getenv("TMPDIR");

	snprintf(path, sizeof(path), "%s/rota-bench.XXXXXX",
		dir && *dir ? dir : "/tmp");
	jobs->fd = mkstemp(path);
	if (jobs->fd < 0 || write(jobs->fd, page, sizeof(page)) < 0)
		die("cannot make %s: %s", path, strerror(errno));
	jobs->path = path;
}

void
on_stat(struct sample *sample)
{
	static struct jobs jobs = { .kind = JOB_STAT };

	make_file(&jobs);
	if (!sample->subject->jobs_make)
		(void)unlink(jobs.path);
	take_jobs(sample, &jobs);
	(void)unlink(jobs.path);
}

void
on_read(struct sample *sample)
{
	static struct jobs jobs = { .kind = JOB_READ };

	make_file(&jobs);
	(void)unlink(jobs.path);
	take_jobs(sample, &jobs);
}

/* Children. */

static void
spawn(struct sample *sample)
{
	sample->subject->spawn(sample->loop, sample->data);
	sample->subject->run(sample->loop);
}

static char *
find_true(void)
{
	static char *const paths[] = { "/bin/true", "/usr/bin/true" };

	for (unsigned i = 0; i < 2; i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	die("there is no program \"true\"");
}

/* `size_bytes` of the workload is the heap, in MiB. */
void
on_spawn(struct sample *sample)
{
	static struct spawning spawning;
	static char *argv[2];
	size_t heap = (size_t)sample->size_bytes << 20;

	if (!sample->subject->spawn)
		sample_cannot(sample);
	argv[0] = find_true();
	spawning.argv = argv;
	if (heap && sample->mode != SAMPLE_TINY)
		memset(get_memory(1, heap), 1, heap);
	sample_open(sample);
	spawning.stopper.loop = sample->loop;
	spawning.stopper.stop = sample->subject->stop;
	sample->data = &spawning;
	spawning.left = 2;
	spawn(sample);
	spawning.left = sample->n_events;
	sample_tell_time(sample, sample_measure(sample, spawn));
}
