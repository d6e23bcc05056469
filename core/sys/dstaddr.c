/* SPDX-License-Identifier: MIT */
/*
 * The local address of an IPv4 datagram, by IP_RECVDSTADDR and IP_RECVIF, as
 * the BSDs have it. The interface to send through cannot be named there.
 */
#include <errno.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <string.h>

#include "core/control.h"

int
rota__control_ask_local_v4(const struct rota_sys *sys, int fd, int on)
{
	int r = rota__control_set(sys, fd, IPPROTO_IP, IP_RECVDSTADDR, on);

	if (r < 0)
		return r;
	return rota__control_set(sys, fd, IPPROTO_IP, IP_RECVIF, on);
}

/* A sockaddr_dl is as long as the name in it: only its begin is there. */
static unsigned
take_interface(const struct cmsghdr *message)
{
	struct sockaddr_dl link;
	size_t n_bytes = message->cmsg_len - CMSG_LEN(0);

	memset(&link, 0, sizeof(link));
	memcpy(&link, CMSG_DATA(message),
		n_bytes < sizeof(link) ? n_bytes : sizeof(link));
	return link.sdl_index;
}

int
rota__control_take_local_v4(
	const struct cmsghdr *message, struct rota__details *details)
{
	if (message->cmsg_type == IP_RECVIF) {
		details->interface = take_interface(message);
		return 1;
	}
	if (message->cmsg_type != IP_RECVDSTADDR ||
		!rota__control_holds(
			message, sizeof(details->local.v4.sin_addr)))
		return 0;
	details->local.v4.sin_family = AF_INET;
	memcpy(&details->local.v4.sin_addr, CMSG_DATA(message),
		sizeof(details->local.v4.sin_addr));
	return 1;
}

void
rota__control_put_local_v4(
	struct rota__control *control, const struct rota__details *details)
{
	rota__control_put(control, IPPROTO_IP, IP_SENDSRCADDR,
		&details->local.v4.sin_addr,
		sizeof(details->local.v4.sin_addr));
}

int
rota__control_can_local_v4(int has_local, unsigned interface)
{
	int name = IP_SENDSRCADDR;

	if (interface != 0 || (has_local && name == -1))
		return -ENOTSUP;
	return 0;
}
