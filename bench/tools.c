/* SPDX-License-Identifier: MIT */
/* Small helpers that end the process where they cannot help. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"

const char *self_path;

void
die(const char *format, ...)
{
	va_list args;

	fputs("rota-bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	_exit(1);
}

void *
get_memory(size_t n, size_t size_bytes)
{
	void *memory = calloc(n ? n : 1, size_bytes ? size_bytes : 1);

	if (!memory)
		die("out of memory");
	return memory;
}

uint64_t
clock_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void
sleep_ns(uint64_t ns)
{
	struct timespec left = { .tv_sec = (time_t)(ns / 1000000000),
		.tv_nsec = (long)(ns % 1000000000) };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

static uint64_t
timeval_ns(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000000 +
		(uint64_t)time.tv_usec * 1000;
}

uint64_t
cpu_ns(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) < 0)
		die("getrusage: %s", strerror(errno));
	return timeval_ns(usage.ru_utime) + timeval_ns(usage.ru_stime);
}

void
raise_fd_limit(unsigned n_fds)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		die("getrlimit: %s", strerror(errno));
	if (limit.rlim_cur >= n_fds)
		return;
	limit.rlim_cur = n_fds;
	/* Who may, raises the upper limit as well. */
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < n_fds)
		limit.rlim_max = n_fds;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return;
	(void)fflush(stdout);
	_exit(SAMPLE_CANNOT);
}

void
set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		die("fcntl: %s", strerror(errno));
}

void
close_on_exec(int fd)
{
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void
make_pair(int ret_fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ret_fds) < 0)
		die("socketpair: %s", strerror(errno));
	set_nonblocking(ret_fds[0]);
	set_nonblocking(ret_fds[1]);
}

/* Where the system tells it exactly: what is ours alone, no code. */
static size_t
memory_from_proc(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	unsigned long kib = 0;

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Anonymous: %lu kB", &kib) == 1)
			break;
	(void)fclose(file);
	return (size_t)kib * 1024;
}

static long
largest(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) < 0)
		die("getrusage: %s", strerror(errno));
	return usage.ru_maxrss;
}

/* The unit of ru_maxrss differs between systems: find it out. */
static long
largest_unit(void)
{
	static long unit;
	const size_t size = 16 << 20;
	long before = largest();
	char *block;

	if (unit)
		return unit;
	block = get_memory(1, size);
	memset(block, 1, size);
	unit = largest() - before > (long)(size / 2) ? 1 : 1024;
	free(block);
	return unit;
}

size_t
memory_bytes(void)
{
	size_t bytes = memory_from_proc();

	return bytes ? bytes : (size_t)(largest() * largest_unit());
}

int
start_self(const char **argv)
{
	pid_t pid;

	argv[0] = self_path;
	(void)fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		/* Who waits for the end of our output must not wait for it. */
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
		(void)execv(self_path, (char **)argv);
		_exit(127);
	}
	return (int)pid;
}
