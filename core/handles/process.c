/* SPDX-License-Identifier: MIT */
/* Process handles, see rota/process.h; core/children.c waits for them. */
#include "rota/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "core/children.h"
#include "core/handle.h"
#include "core/spawn.h"

static int
close_process(struct rota_handle *handle)
{
	(void)rota_process_stop((struct rota_process *)handle);
	return 0;
}

static void
describe_process(
	const struct rota_handle *handle, char *text, size_t size_bytes)
{
	pid_t pid = rota_process_pid((const struct rota_process *)handle);

	if (pid > 0)
		(void)snprintf(text, size_bytes, "pid %ld", (long)pid);
}

const struct rota_handle_type rota__process_type = {
	.name = "process",
	.size = sizeof(struct rota_process),
	.close = close_process,
	.describe = describe_process,
};

int
rota_process_init(struct rota_loop *loop, struct rota_process *process)
{
	if (loop == NULL || process == NULL)
		return -EINVAL;
	process->child = NULL;
	process->fn = NULL;
	process->error = 0;
	process->step = ROTA_SPAWN_DONE;
	process->index = 0;
	process->spare[0] = NULL;
	process->spare[1] = NULL;
	rota__handle_init(loop, &process->handle, &rota__process_type);
	return 0;
}

static void
activate(struct rota_process *process, struct rota_child *child,
	rota_process_fn *fn, const char *place)
{
	process->child = child;
	process->fn = fn;
	rota__handle_activate(&process->handle, place);
}

/* A child whose end cannot be heard of is better not there. */
static void
kill_unheard(struct rota_loop *loop, pid_t pid)
{
	(void)loop->sys->exit_kill(pid, -1, SIGKILL);
	(void)loop->sys->wait(pid, NULL, 0, NULL);
}

static int
run_plan(struct rota_child *child, struct rota__plan *plan,
	struct rota__spawn_failure *failure)
{
	pid_t pid = rota__plan_run(plan, failure);
	int r;

	if (pid < 0)
		return pid;
	r = rota__child_watch(child, pid, 1);
	if (r < 0) {
		kill_unheard(child->handle.loop, pid);
		failure->error = -r;
		failure->step = ROTA_SPAWN_WATCH;
	}
	return r;
}

static int
spawn(struct rota_process *process, const struct rota_process_options *options,
	struct rota__spawn_failure *failure, struct rota_child **ret_child)
{
	struct rota_loop *loop = process->handle.loop;
	struct rota_child *child;
	struct rota__plan *plan;
	int r;

	r = rota__plan_make(loop, options, &plan, failure);
	if (r < 0)
		return r;
	child = rota__child_make(loop, process);
	if (child == NULL) {
		failure->error = ENOMEM;
		failure->step = ROTA_SPAWN_MEMORY;
		r = -ENOMEM;
	} else {
		r = run_plan(child, plan, failure);
	}
	if (r < 0 && child != NULL)
		rota__child_drop(child);
	rota__plan_end(plan, r == 0);
	if (r == 0)
		*ret_child = child;
	return r;
}

/* 0 if the handle can have a process. */
static int
check_idle(const struct rota_process *process, rota_process_fn *fn)
{
	if (process == NULL || fn == NULL ||
		!rota__handle_is_open(&process->handle))
		return -EINVAL;
	return process->child != NULL ? -EALREADY : 0;
}

int
rota_process_spawn_at(struct rota_process *process,
	const struct rota_process_options *options, rota_process_fn *fn,
	const char *place)
{
	struct rota__spawn_failure failure = { 0 };
	struct rota_child *child;
	int r = check_idle(process, fn);

	if (r == 0 && options == NULL)
		r = -EINVAL;
	if (r < 0)
		return r;
	r = spawn(process, options, &failure, &child);
	process->error = -failure.error;
	process->step = failure.step;
	process->index = failure.index;
	if (r == 0)
		activate(process, child, fn, place);
	return r;
}

int
rota_process_watch_at(struct rota_process *process, pid_t pid,
	rota_process_fn *fn, const char *place)
{
	struct rota_child *child;
	int r = check_idle(process, fn);

	if (r == 0 && pid < 1)
		r = -EINVAL;
	if (r < 0)
		return r;
	child = rota__child_make(process->handle.loop, process);
	if (child == NULL)
		return -ENOMEM;
	r = rota__child_watch(child, pid, 0);
	if (r < 0)
		rota__child_drop(child);
	else
		activate(process, child, fn, place);
	return r;
}

int
rota_process_stop(struct rota_process *process)
{
	struct rota_child *child;

	if (process == NULL)
		return -EINVAL;
	if (!rota_handle_is_active(&process->handle))
		return 0;
	child = process->child;
	process->child = NULL;
	rota__child_leave(child);
	rota__handle_deactivate(&process->handle);
	return 0;
}

int
rota_process_kill(struct rota_process *process, int signum)
{
	const struct rota_child *child;

	if (process == NULL || signum < 0)
		return -EINVAL;
	if (!rota_handle_is_active(&process->handle))
		return -ESRCH;
	child = process->child;
	return process->handle.loop->sys->exit_kill(
		child->pid, child->watch.fd, signum);
}

pid_t
rota_process_pid(const struct rota_process *process)
{
	return process == NULL || !rota_handle_is_active(&process->handle) ?
		0 :
		process->child->pid;
}

enum rota_spawn_step
rota_process_failed_step(const struct rota_process *process)
{
	return process == NULL ? ROTA_SPAWN_DONE :
				 (enum rota_spawn_step)process->step;
}
