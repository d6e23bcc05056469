/* SPDX-License-Identifier: MIT */
/*
 * Writing without SIGPIPE to what has no flag or option for that on all
 * systems: the signal is blocked in this thread meanwhile, and taken back if
 * the call has raised it.
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
int
rota__sys_quiet_begin(struct rota__quiet *quiet)
{
	(void)sigemptyset(&quiet->pipe_alone);
	(void)sigaddset(&quiet->pipe_alone, SIGPIPE);
	if (pthread_sigmask(SIG_BLOCK, &quiet->pipe_alone, &quiet->before) != 0)
		return -EINVAL;
	/* Where it was not blocked, it has been delivered. */
	quiet->was_pending = sigismember(&quiet->before, SIGPIPE) > 0 &&
		is_pending();
	return 0;
}

void
rota__sys_quiet_end(const struct rota__quiet *quiet, ssize_t written)
{
	int signum;

	if (written == -EPIPE && !quiet->was_pending && is_pending())
		(void)sigwait(&quiet->pipe_alone, &signum);
	(void)pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
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
	struct rota__quiet quiet;
	ssize_t written;
	int r = rota__sys_quiet_begin(&quiet);

	if (r < 0)
		return r;
	written = rota__sys_writev(fd, buffers, n);
	rota__sys_quiet_end(&quiet, written);
	return written;
}
