/* SPDX-License-Identifier: MIT */
/* rota: children, and jobs for the pool. */
#include <rota.h>

#include "bench/rota.h"

/* Children. */

static void on_exit_of(
	struct rota_process *process, const struct rota_process_exit *exit);

static void
spawn(struct rota_process *process)
{
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;
	struct spawning *spawning = process->handle.data;

	options.argv = spawning->argv;
	rota_must(rota_process_spawn(process, &options, on_exit_of), "spawn");
}

static void
on_exit_of(struct rota_process *process, const struct rota_process_exit *exit)
{
	if (exit->error || exit->code != 0)
		die("rota: a child has failed");
	if (spawn_done(process->handle.data))
		spawn(process);
}

void
bench_rota_spawn(void *loop, struct spawning *spawning)
{
	static struct rota_process process;

	if (!process.handle.data)
		rota_must(rota_process_init(loop, &process), "process");
	process.handle.data = spawning;
	spawn(&process);
}

/* Jobs. */

struct job {
	union {
		struct rota_work work;
		struct rota_fs fs;
	} is;
	struct jobs *jobs;
	struct iovec buffer;
};

static void start(struct rota_loop *loop, struct job *job);

static int
do_nothing(struct rota_work *work)
{
	(void)work;
	return 0;
}

static void
on_work(struct rota_work *work, int status)
{
	struct job *job = (struct job *)work;

	rota_must(status, "work");
	if (job_done(job->jobs))
		start(job->jobs->stopper.loop, job);
}

static void
on_fs(struct rota_fs *fs, int status)
{
	struct job *job = (struct job *)fs;

	rota_must(status, "fs");
	if (job_done(job->jobs))
		start(job->jobs->stopper.loop, job);
}

static void
start(struct rota_loop *loop, struct job *job)
{
	const struct jobs *jobs = job->jobs;

	switch (jobs->kind) {
	case JOB_NOTHING:
		rota_must(rota_work_start(
				  loop, &job->is.work, do_nothing, on_work),
			"work");
		break;
	case JOB_STAT:
		rota_must(rota_fs_stat(loop, &job->is.fs, jobs->path, on_fs),
			"stat");
		break;
	case JOB_READ:
		rota_must(rota_fs_read(loop, &job->is.fs, jobs->fd,
				  &job->buffer, 1, 0, on_fs),
			"read");
		break;
	}
}

void
bench_rota_jobs_make(void *loop, struct jobs *jobs)
{
	struct job *own = get_memory(jobs->window, sizeof(*own));

	(void)loop;
	for (unsigned i = 0; i < jobs->window; i++) {
		own[i].jobs = jobs;
		if (jobs->kind != JOB_READ)
			continue;
		own[i].buffer.iov_base = get_memory(1, JOB_READ_BYTES);
		own[i].buffer.iov_len = JOB_READ_BYTES;
	}
	jobs->own = own;
}

void
bench_rota_jobs_go(void *loop, struct jobs *jobs)
{
	struct job *own = jobs->own;

	for (unsigned i = 0; i < jobs->window && jobs->left_starts > 0; i++) {
		jobs->left_starts--;
		start(loop, &own[i]);
	}
}
