/* SPDX-License-Identifier: MIT */
/* Sends datagrams back, many by one call: recvmmsg(2) and sendmmsg(2). */
#include <netinet/in.h>
#include <sys/socket.h>

#include "bench/raw.h"

#define ROOM 2048

static struct mmsghdr letters[MAX_DATAGRAMS];
static struct iovec pieces[MAX_DATAGRAMS];
static struct sockaddr_in peers[MAX_DATAGRAMS];
static char memory[MAX_DATAGRAMS][ROOM];

void
raw_send_back(struct datagrams *datagrams)
{
	int n;

	for (unsigned i = 0; i < MAX_DATAGRAMS; i++) {
		pieces[i].iov_base = memory[i];
		pieces[i].iov_len = ROOM;
		letters[i].msg_hdr = (struct msghdr){ .msg_name = &peers[i],
			.msg_namelen = sizeof(peers[i]),
			.msg_iov = &pieces[i],
			.msg_iovlen = 1 };
	}
	n = recvmmsg(datagrams->fd, letters, MAX_DATAGRAMS, 0, NULL);
	if (n <= 0)
		return;
	for (int i = 0; i < n; i++)
		pieces[i].iov_len = letters[i].msg_len;
	/* What does not fit is lost, as it may be on any network. */
	(void)sendmmsg(datagrams->fd, letters, (unsigned)n, 0);
	for (int i = 0; i < n; i++)
		datagram_done(datagrams);
}
