/* SPDX-License-Identifier: MIT */
/* The peer's credentials by LOCAL_PEEREID with a struct unpcbid. */
#include <errno.h>
#include <sys/un.h>

#include "core/sys.h"
#include "rota/unix.h"

/* unix(4) of NetBSD: the level is 0. */
#define LEVEL 0

int
rota__sys_peer_credentials(
	int fd, struct rota_unix_credentials *ret_credentials)
{
	struct unpcbid peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, LEVEL, LOCAL_PEEREID, &peer, &len) < 0)
		return -errno;
	ret_credentials->pid = peer.unp_pid > 0 ? peer.unp_pid : -1;
	ret_credentials->uid = peer.unp_euid;
	ret_credentials->gid = peer.unp_egid;
	return 0;
}
