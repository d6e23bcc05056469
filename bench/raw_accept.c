/* SPDX-License-Identifier: MIT */
/* The next connection: accept(2), then fcntl(2). */
#include <fcntl.h>
#include <sys/socket.h>

#include "bench/raw.h"

int
raw_accept(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return fd;
	set_nonblocking(fd);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}
