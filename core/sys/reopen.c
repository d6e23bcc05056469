/* SPDX-License-Identifier: MIT */
/*
 * A terminal or pipe opened once more. The flags of a descriptor belong to
 * the open file, which our standard input shares with the shell and with
 * programs before and behind us: non-blocking is ours only if the open file
 * is.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/sys.h"

static int
is_same_file(int a, int b)
{
	struct stat of_a;
	struct stat of_b;

	return fstat(a, &of_a) == 0 && fstat(b, &of_b) == 0 &&
		of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino &&
		of_a.st_rdev == of_b.st_rdev;
}

/* Some systems give the same open file again: then its flags have moved. */
static int
is_another_opening(int fd, int flags_before)
{
	return fcntl(fd, F_GETFL) == flags_before;
}

/*
 * The master side of a pseudo-terminal has the name of a device that makes
 * another pair with each opening; pts(4).
 */
static int
names_one_terminal(const char *path)
{
	const char *name = strrchr(path, '/');

	return name != NULL && strcmp(name, "/ptmx") != 0;
}

/*
 * fifo(7) on Linux: an opening while nobody writes is not told that nobody
 * writes until somebody has. One that blocked in open(2) knows it.
 */
static int
has_hung_up(int fd)
{
	struct pollfd about = { .fd = fd };

	return poll(&about, 1, 0) > 0 && about.revents & POLLHUP;
}

/* Finds the path; 0 if there is none. */
static int
path_of(int fd, char *path, size_t size_bytes)
{
	if (isatty(fd))
		return ttyname_r(fd, path, size_bytes) == 0 &&
			names_one_terminal(path);
	return snprintf(path, size_bytes, "/proc/self/fd/%d", fd) > 0;
}

int
rota__sys_reopen(int fd)
{
	char path[128];
	int flags = fcntl(fd, F_GETFL);
	int again;

	if (flags < 0 || flags & O_NONBLOCK || !path_of(fd, path, sizeof(path)))
		return -ENOTSUP;
	again = open(
		path, (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (again < 0)
		return -ENOTSUP;
	if (is_same_file(fd, again) && is_another_opening(fd, flags) &&
		!has_hung_up(fd))
		return again;
	if (!is_another_opening(fd, flags))
		(void)fcntl(fd, F_SETFL, flags);
	(void)close(again);
	return -ENOTSUP;
}
