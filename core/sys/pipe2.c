/* SPDX-License-Identifier: MIT */
/* Pipes that are close-on-exec from birth. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/sys.h"

int
rota__sys_pipe(int ret_fds[2])
{
	return pipe2(ret_fds, O_CLOEXEC) < 0 ? -errno : 0;
}
