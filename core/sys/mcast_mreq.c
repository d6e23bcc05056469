/* SPDX-License-Identifier: MIT */
/*
 * Multicast groups in the old way, one option per family, which cannot
 * select senders. IPv4 names an interface by an address; one of the network
 * 0.0.0.0/8 stands for a number.
 */
#include <errno.h>
#include <string.h>

#include "core/multicast.h"

static int
change(const struct rota_sys *sys, int fd,
	const struct rota__membership *membership, int name_v4, int name_v6)
{
	struct ip_mreq v4;
	struct ipv6_mreq v6;

	if (membership->source.any.sa_family != AF_UNSPEC)
		return -ENOTSUP;
	if (membership->group.any.sa_family == AF_INET) {
		memset(&v4, 0, sizeof(v4));
		v4.imr_multiaddr = membership->group.v4.sin_addr;
		v4.imr_interface.s_addr = htonl(membership->interface);
		return sys->setsockopt(
			fd, IPPROTO_IP, name_v4, &v4, sizeof(v4));
	}
	memset(&v6, 0, sizeof(v6));
	v6.ipv6mr_multiaddr = membership->group.v6.sin6_addr;
	v6.ipv6mr_interface = membership->interface;
	return sys->setsockopt(fd, IPPROTO_IPV6, name_v6, &v6, sizeof(v6));
}

int
rota__multicast_join(const struct rota_sys *sys, int fd,
	const struct rota__membership *membership)
{
	return change(sys, fd, membership, IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP);
}

int
rota__multicast_leave(const struct rota_sys *sys, int fd,
	const struct rota__membership *membership)
{
	return change(
		sys, fd, membership, IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP);
}

int
rota__multicast_interface_v4(
	const struct rota_sys *sys, int fd, unsigned interface)
{
	struct in_addr number;

	number.s_addr = htonl(interface);
	return sys->setsockopt(
		fd, IPPROTO_IP, IP_MULTICAST_IF, &number, sizeof(number));
}
