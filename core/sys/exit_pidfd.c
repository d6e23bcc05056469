/* SPDX-License-Identifier: MIT */
/*
 * The end of a process as a descriptor: a pidfd, readable when it is over. A
 * kernel before 5.3, or a sandbox, lacks it: -ENOSYS or -EPERM.
 */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/sys.h"

int
rota__sys_exit_open(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

int
rota__sys_exit_kill(pid_t pid, int fd, int signum)
{
	if (fd >= 0)
		return syscall(SYS_pidfd_send_signal, fd, signum, NULL, 0) < 0 ?
			-errno :
			0;
	return kill(pid, signum) < 0 ? -errno : 0;
}

/* Inherited like any other. */
void
rota__sys_exit_forget(int fd)
{
	(void)close(fd);
}
