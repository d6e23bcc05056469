/* SPDX-License-Identifier: MIT */
/* Pseudo-terminals: ours is [0], the terminal side [1]. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/sys.h"

static int
open_terminal(int fd)
{
	char name[128];
	int terminal;

	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || grantpt(fd) < 0 ||
		unlockpt(fd) < 0)
		return -errno;
	terminal = rota__sys_pty_name(fd, name, sizeof(name));
	if (terminal < 0)
		return terminal;
	terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return terminal < 0 ? -errno : terminal;
}

int
rota__sys_pty_open(int ret_fds[2])
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	int terminal;

	if (fd < 0)
		return -errno;
	terminal = open_terminal(fd);
	if (terminal < 0) {
		(void)close(fd);
		return terminal;
	}
	ret_fds[0] = fd;
	ret_fds[1] = terminal;
	return 0;
}
