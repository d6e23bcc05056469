/* SPDX-License-Identifier: MIT */
/* The peer's credentials by getpeereid(3), which does not tell its pid. */
#include <errno.h>
#include <unistd.h>

#include "core/sys.h"
#include "rota/unix.h"

int
rota__sys_peer_credentials(
	int fd, struct rota_unix_credentials *ret_credentials)
{
	if (getpeereid(fd, &ret_credentials->uid, &ret_credentials->gid) < 0)
		return -errno;
	ret_credentials->pid = -1;
	return 0;
}
