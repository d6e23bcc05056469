/* SPDX-License-Identifier: MIT */
/* Random bytes out of /dev/urandom. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/sys.h"

const char *const rota__sys_random_way = "/dev/urandom";

static int
fill(int fd, char *at, size_t n)
{
	ssize_t r;

	while (n > 0) {
		r = read(fd, at, n);
		if (r == 0)
			return -EIO;
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r > 0) {
			at += r;
			n -= (size_t)r;
		}
	}
	return 0;
}

int
rota__sys_random(void *bytes, size_t n)
{
	int fd;
	int r;

	do
		fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	r = fill(fd, bytes, n);
	(void)close(fd);
	return r;
}
