/* SPDX-License-Identifier: MIT */
/*
 * The name of a pseudo-terminal, from memory of the C library's that threads
 * share: a name that another thread has overwritten leads to a terminal that
 * is open elsewhere or to none, and both are seen as errors by its user.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/sys.h"

int
rota__sys_pty_name(int fd, char *name, size_t size_bytes)
{
	const char *found = ptsname(fd);
	size_t n;

	if (found == NULL)
		return errno != 0 ? -errno : -EINVAL;
	n = strlen(found) + 1;
	if (n > size_bytes)
		return -ENAMETOOLONG;
	memcpy(name, found, n);
	return 0;
}
