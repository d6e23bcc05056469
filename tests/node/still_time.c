/* SPDX-License-Identifier: MIT */
/*
 * Time that moves only by waiting, for Node and for play.c: the monotonic
 * clock stands still, and a wait in which nothing becomes ready moves it by
 * the whole timeout at once. A wait for ever in which nothing comes ends the
 * process with the line "hang". Preloaded into Node, linked into play.
 *
 * There are two pipes besides, both ends of each in this process.
 */
#include "still_time.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000
#define MILLISECOND_NS 1000000

/* More waits than any program has. */
#define MANY 100000

static unsigned n_vain_waits;
static uint64_t now_ns = STILL_TIME_BEGIN_NS;

uint64_t
still_time_ns(void)
{
	return now_ns;
}

void
still_time_pass(uint64_t ns)
{
	now_ns += ns;
}

static int
is_main_thread(void)
{
	return syscall(SYS_gettid) == getpid();
}

__attribute__((constructor)) static void
open_pipes(void)
{
	int fds[2];
	int i;

	for (i = 0; i < STILL_TIME_N_PIPES; i++) {
		if (pipe(fds) < 0)
			_exit(99);
		if (dup2(fds[0], STILL_TIME_READ_FD(i)) < 0 ||
			dup2(fds[1], STILL_TIME_WRITE_FD(i)) < 0)
			_exit(99);
		(void)close(fds[0]);
		(void)close(fds[1]);
	}
}

/* The function that would be called without us. */
static void *
real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static void
hang(void)
{
	_exit(write(STDOUT_FILENO, "hang\n", 5) == 5 ? 0 : 99);
}

int
clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int (*ask)(clockid_t, struct timespec *);

	if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE) {
		ask = real("clock_gettime");
		return ask(clock, ret_time);
	}
	ret_time->tv_sec = (time_t)(now_ns / SECOND_NS);
	ret_time->tv_nsec = (long)(now_ns % SECOND_NS);
	return 0;
}

ssize_t
write(int fd, const void *bytes, size_t n)
{
	ssize_t (*put)(int, const void *, size_t);

	if (fd != STILL_TIME_BUSY_FD) {
		put = real("write");
		return put(fd, bytes, n);
	}
	still_time_pass(n * MILLISECOND_NS);
	return (ssize_t)n;
}

/* Nothing was ready: lets time pass; no timeout is a wait for ever. */
static int
pass(const struct timespec *timeout)
{
	if (timeout == NULL)
		hang();
	else
		now_ns += (uint64_t)timeout->tv_sec * SECOND_NS +
			(uint64_t)timeout->tv_nsec;
	/* The fake kqueue waits for ever in slices; or a loop spins. */
	if (now_ns > STILL_TIME_END_NS || ++n_vain_waits > MANY)
		hang();
	return 0;
}

static struct timespec
from_ms(int ms)
{
	return (struct timespec){ ms / 1000,
		(long)(ms % 1000) * MILLISECOND_NS };
}

int
epoll_pwait(int fd, struct epoll_event *events, int n_max, int ms,
	const sigset_t *mask)
{
	int (*wait)(int, struct epoll_event *, int, int, const sigset_t *) =
		real("epoll_pwait");
	struct timespec timeout = from_ms(ms);
	int n;

	if (!is_main_thread())
		return wait(fd, events, n_max, ms, mask);
	/* Node's other threads may yet have something to say. */
	n = wait(fd, events, n_max, ms < 0 ? 300 : 0, mask);
	return n != 0 ? n : pass(ms < 0 ? NULL : &timeout);
}

int
epoll_wait(int fd, struct epoll_event *events, int n_max, int ms)
{
	return epoll_pwait(fd, events, n_max, ms, NULL);
}

int
epoll_pwait2(int fd, struct epoll_event *events, int n_max,
	const struct timespec *timeout, const sigset_t *mask)
{
	int n = epoll_pwait(fd, events, n_max, 0, mask);

	return n != 0 ? n : pass(timeout);
}

int
ppoll(struct pollfd *fds, nfds_t n_fds, const struct timespec *timeout,
	const sigset_t *mask)
{
	int (*wait)(struct pollfd *, nfds_t, const struct timespec *,
		const sigset_t *) = real("ppoll");
	struct timespec none = { 0, 0 };
	int n;

	if (!is_main_thread())
		return wait(fds, n_fds, timeout, mask);
	n = wait(fds, n_fds, &none, mask);
	return n != 0 ? n : pass(timeout);
}

int
poll(struct pollfd *fds, nfds_t n_fds, int ms)
{
	struct timespec timeout = from_ms(ms);

	return ppoll(fds, n_fds, ms < 0 ? NULL : &timeout, NULL);
}

int
pselect(int n_fds, fd_set *in, fd_set *out, fd_set *except,
	const struct timespec *timeout, const sigset_t *mask)
{
	int (*wait)(int, fd_set *, fd_set *, fd_set *, const struct timespec *,
		const sigset_t *) = real("pselect");
	struct timespec none = { 0, 0 };
	int n;

	if (!is_main_thread())
		return wait(n_fds, in, out, except, timeout, mask);
	n = wait(n_fds, in, out, except, &none, mask);
	return n != 0 ? n : pass(timeout);
}
