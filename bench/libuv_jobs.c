/* SPDX-License-Identifier: MIT */
/* libuv: children, and jobs for the pool. */
#include <string.h>
#include <uv.h>

#include "bench/libuv.h"

/* Children: a handle each, since it cannot be started twice. */

struct child {
	uv_process_t process;
	struct spawning *spawning;
};

static void
on_closed(uv_handle_t *handle)
{
	struct child *child = (struct child *)handle;
	struct spawning *spawning = child->spawning;

	if (spawn_done(spawning))
		libuv_spawn(handle->loop, spawning);
}

static void
on_exit_of(uv_process_t *process, int64_t status, int signum)
{
	if (status != 0 || signum != 0)
		die("libuv: a child has failed");
	uv_close((uv_handle_t *)process, on_closed);
}

void
libuv_spawn(void *loop, struct spawning *spawning)
{
	static struct child child;
	uv_process_options_t options = { .exit_cb = on_exit_of,
		.file = spawning->argv[0],
		.args = spawning->argv };

	child.spawning = spawning;
	libuv_must(uv_spawn(loop, &child.process, &options), "spawn");
}

/* Jobs. */

struct job {
	union {
		uv_work_t work;
		uv_fs_t fs;
	} is;
	struct jobs *jobs;
	uv_buf_t buffer;
};

static void start(uv_loop_t *loop, struct job *job);

static void
do_nothing(uv_work_t *work)
{
	(void)work;
}

static void
on_work(uv_work_t *work, int status)
{
	struct job *job = (struct job *)work;

	libuv_must(status, "work");
	if (job_done(job->jobs))
		start(work->loop, job);
}

static void
on_fs(uv_fs_t *fs)
{
	struct job *job = (struct job *)fs;
	uv_loop_t *loop = fs->loop;

	libuv_must((int)fs->result, "fs");
	uv_fs_req_cleanup(fs);
	if (job_done(job->jobs))
		start(loop, job);
}

static void
start(uv_loop_t *loop, struct job *job)
{
	const struct jobs *jobs = job->jobs;

	switch (jobs->kind) {
	case JOB_NOTHING:
		libuv_must(
			uv_queue_work(loop, &job->is.work, do_nothing, on_work),
			"work");
		break;
	case JOB_STAT:
		libuv_must(uv_fs_stat(loop, &job->is.fs, jobs->path, on_fs),
			"stat");
		break;
	case JOB_READ:
		libuv_must(uv_fs_read(loop, &job->is.fs, jobs->fd, &job->buffer,
				   1, 0, on_fs),
			"read");
		break;
	}
}

void
libuv_jobs_make(void *loop, struct jobs *jobs)
{
	struct job *own = get_memory(jobs->window, sizeof(*own));

	(void)loop;
	for (unsigned i = 0; i < jobs->window; i++) {
		own[i].jobs = jobs;
		if (jobs->kind == JOB_READ)
			own[i].buffer = uv_buf_init(
				get_memory(1, JOB_READ_BYTES), JOB_READ_BYTES);
	}
	jobs->own = own;
}

void
libuv_jobs_go(void *loop, struct jobs *jobs)
{
	struct job *own = jobs->own;

	for (unsigned i = 0; i < jobs->window && jobs->left_starts > 0; i++) {
		jobs->left_starts--;
		start(loop, &own[i]);
	}
}
