/* SPDX-License-Identifier: MIT */
/* The local address of an IPv4 datagram, by IP_PKTINFO. */
#include <errno.h>
#include <string.h>

#include "core/control.h"

int
rota__control_ask_local_v4(const struct rota_sys *sys, int fd, int on)
{
	return rota__control_set(sys, fd, IPPROTO_IP, IP_PKTINFO, on);
}

int
rota__control_take_local_v4(
	const struct cmsghdr *message, struct rota__details *details)
{
	struct in_pktinfo info;

	if (message->cmsg_type != IP_PKTINFO ||
		!rota__control_holds(message, sizeof(info)))
		return 0;
	memcpy(&info, CMSG_DATA(message), sizeof(info));
	details->local.v4.sin_family = AF_INET;
	details->local.v4.sin_addr = info.ipi_addr;
	details->interface = (unsigned)info.ipi_ifindex;
	return 1;
}

void
rota__control_put_local_v4(
	struct rota__control *control, const struct rota__details *details)
{
	struct in_pktinfo info;

	memset(&info, 0, sizeof(info));
	info.ipi_spec_dst = details->local.v4.sin_addr;
	/* An unsigned on some systems, else an int. */
	memcpy(&info.ipi_ifindex, &details->interface,
		sizeof(details->interface));
	rota__control_put(control, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

int
rota__control_can_local_v4(int has_local, unsigned interface)
{
	(void)has_local;
	(void)interface;
	return 0;
}
