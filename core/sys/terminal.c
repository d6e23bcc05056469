/* SPDX-License-Identifier: MIT */
/*
 * Terminals. None of these repeats after EINTR: a handler of SIGTTOU would
 * be called again at once, for ever.
 */
#include <errno.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "core/sys.h"

int
rota__sys_get_termios(int fd, struct termios *ret_termios)
{
	return tcgetattr(fd, ret_termios) < 0 ? -errno : 0;
}

/* Without waiting for output to drain, which may take for ever. */
int
rota__sys_set_termios(int fd, const struct termios *termios)
{
	return tcsetattr(fd, TCSANOW, termios) < 0 ? -errno : 0;
}

int
rota__sys_get_window(int fd, unsigned ret_sizes[4])
{
	struct winsize window;

	if (ioctl(fd, TIOCGWINSZ, &window) < 0)
		return -errno;
	ret_sizes[0] = window.ws_col;
	ret_sizes[1] = window.ws_row;
	ret_sizes[2] = window.ws_xpixel;
	ret_sizes[3] = window.ws_ypixel;
	return 0;
}

int
rota__sys_set_window(int fd, const unsigned sizes[4])
{
	struct winsize window = {
		.ws_col = (unsigned short)sizes[0],
		.ws_row = (unsigned short)sizes[1],
		.ws_xpixel = (unsigned short)sizes[2],
		.ws_ypixel = (unsigned short)sizes[3],
	};

	return ioctl(fd, TIOCSWINSZ, &window) < 0 ? -errno : 0;
}
