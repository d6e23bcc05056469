/* SPDX-License-Identifier: MIT */
/* The peer's credentials by getpeereid(3), its pid by LOCAL_PEERPID. */
#include <errno.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/sys.h"
#include "rota/unix.h"

int
rota__sys_peer_credentials(
	int fd, struct rota_unix_credentials *ret_credentials)
{
	pid_t pid = -1;
	socklen_t len = sizeof(pid);

	if (getpeereid(fd, &ret_credentials->uid, &ret_credentials->gid) < 0)
		return -errno;
	if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &len) < 0)
		pid = -1;
	ret_credentials->pid = pid > 0 ? pid : -1;
	return 0;
}
