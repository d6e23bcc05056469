/* SPDX-License-Identifier: MIT */
/*
 * A child on a stack of its own in our memory, while the calling thread
 * stands still: as vfork(2) does it, but without returning twice. The size
 * of the heap does not matter.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "core/spawn.h"
#include "core/sys.h"

/* Every machine's stack begins on such a boundary. */
#define STACK_ALIGNMENT 64

static int
is_refused(int error)
{
	return error == EINVAL || error == ENOSYS || error == EPERM;
}

/* Only if the child can tell of failures by other ways than memory. */
static pid_t
start_by_fork(struct rota__spawn *spawn)
{
	pid_t pid;

	if (spawn->report_fd < 0)
		return -EAGAIN;
	pid = fork();
	if (pid == 0)
		(void)rota__child_main(spawn);
	return pid < 0 ? -errno : pid;
}

pid_t
rota__sys_start_child(struct rota__spawn *spawn)
{
	char *top = spawn->stack + ROTA__SPAWN_STACK_BYTES;
	pid_t pid;

	top -= (uintptr_t)top % STACK_ALIGNMENT;
	pid = clone(
		rota__child_main, top, CLONE_VM | CLONE_VFORK | SIGCHLD, spawn);
	if (pid < 0 && is_refused(errno))
		return start_by_fork(spawn);
	return pid < 0 ? -errno : pid;
}
