/* SPDX-License-Identifier: MIT */
/* The peer's credentials by LOCAL_PEERCRED with a pid, as on FreeBSD. */
#include <errno.h>
#include <sys/param.h>
#include <sys/ucred.h>
#include <sys/un.h>

#include "core/sys.h"
#include "rota/unix.h"

/* unix(4) of FreeBSD: the level is SOL_LOCAL, whose value is 0. */
#define LEVEL 0

int
rota__sys_peer_credentials(
	int fd, struct rota_unix_credentials *ret_credentials)
{
	struct xucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, LEVEL, LOCAL_PEERCRED, &peer, &len) < 0)
		return -errno;
	if (peer.cr_version != XUCRED_VERSION || peer.cr_ngroups < 1)
		return -EINVAL;
	/* The first group is the effective one. */
	ret_credentials->pid = peer.cr_pid > 0 ? peer.cr_pid : -1;
	ret_credentials->uid = peer.cr_uid;
	ret_credentials->gid = peer.cr_groups[0];
	return 0;
}
