/* SPDX-License-Identifier: MIT */
/* The peer's credentials by SO_PEERCRED with a struct sockpeercred. */
#include <errno.h>

#include "core/sys.h"
#include "rota/unix.h"

int
rota__sys_peer_credentials(
	int fd, struct rota_unix_credentials *ret_credentials)
{
	struct sockpeercred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return -errno;
	ret_credentials->pid = peer.pid > 0 ? peer.pid : -1;
	ret_credentials->uid = peer.uid;
	ret_credentials->gid = peer.gid;
	return 0;
}
