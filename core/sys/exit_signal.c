/* SPDX-License-Identifier: MIT */
/* No descriptor tells of the end of a process: SIGCHLD has to. */
#include <errno.h>
#include <signal.h>

#include "core/sys.h"

int
rota__sys_exit_open(pid_t pid)
{
	(void)pid;
	return -ENOSYS;
}

int
rota__sys_exit_kill(pid_t pid, int fd, int signum)
{
	(void)fd;
	return kill(pid, signum) < 0 ? -errno : 0;
}

void
rota__sys_exit_forget(int fd)
{
	(void)fd;
}
