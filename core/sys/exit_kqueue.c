/* SPDX-License-Identifier: MIT */
/*
 * The end of a process as a descriptor: a kqueue with nothing else in it,
 * readable when it is over, for every kind of wait. The event is never taken
 * out, since a wait may come a moment too early on some systems, and its
 * data is not looked at, since not all fill it in.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/event.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/sys.h"

static int
add_exit(int fd, pid_t pid)
{
	struct kevent change;

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	memset(&change, 0, sizeof(change));
	change.ident = (uintptr_t)pid;
	change.filter = EVFILT_PROC;
	change.flags = EV_ADD | EV_ONESHOT;
	change.fflags = NOTE_EXIT;
	return kevent(fd, &change, 1, NULL, 0, NULL) < 0 ? -errno : 0;
}

int
rota__sys_exit_open(pid_t pid)
{
	int fd = kqueue();
	int r;

	if (fd < 0)
		return -errno;
	r = add_exit(fd, pid);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	return fd;
}

int
rota__sys_exit_kill(pid_t pid, int fd, int signum)
{
	(void)fd;
	return kill(pid, signum) < 0 ? -errno : 0;
}

/* A kqueue is not inherited, and its number may be another's by now. */
void
rota__sys_exit_forget(int fd)
{
	(void)fd;
}
