/* SPDX-License-Identifier: MIT */
/* The name of a pseudo-terminal, into memory of ours. */
#include <errno.h>
#include <stdlib.h>

#include "core/sys.h"

/* Some systems return the error, others put it into errno. */
int
rota__sys_pty_name(int fd, char *name, size_t size_bytes)
{
	int r;

	errno = 0;
	r = ptsname_r(fd, name, size_bytes);
	if (r == 0)
		return 0;
	return errno != 0 ? -errno : -r;
}
