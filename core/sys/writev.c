/* SPDX-License-Identifier: MIT */
/*
 * Writing to a pipe without SIGPIPE: no flag of the call and no option of a
 * pipe keeps it away on all systems, so the signal is blocked in this thread
 * meanwhile, and taken back if the call has raised it.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/uio.h>

#include "core/sys.h"

static int
is_pending(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) > 0;
}

/* One that is pending before we begin is not ours to take. */
static ssize_t
write_blocked(int fd, const struct iovec *buffers, unsigned n,
	const sigset_t *pipe_alone, int was_pending)
{
	ssize_t written = rota__sys_writev(fd, buffers, n);
	int signum;

	if (written == -EPIPE && !was_pending && is_pending())
		(void)sigwait(pipe_alone, &signum);
	return written;
}

ssize_t
rota__sys_writev(int fd, const struct iovec *buffers, unsigned n)
{
	ssize_t written;

	do
		written = writev(fd, buffers, (int)n);
	while (written < 0 && errno == EINTR);
	return written < 0 ? -errno : written;
}

ssize_t
rota__sys_write_pipe(int fd, const struct iovec *buffers, unsigned n)
{
	sigset_t pipe_alone;
	sigset_t before;
	ssize_t written;
	int was_pending;

	(void)sigemptyset(&pipe_alone);
	(void)sigaddset(&pipe_alone, SIGPIPE);
	if (pthread_sigmask(SIG_BLOCK, &pipe_alone, &before) != 0)
		return -EINVAL;
	/* Where it was not blocked, it has been delivered. */
	was_pending = sigismember(&before, SIGPIPE) > 0 && is_pending();
	written = write_blocked(fd, buffers, n, &pipe_alone, was_pending);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return written;
}
