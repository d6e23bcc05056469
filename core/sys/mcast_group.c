/* SPDX-License-Identifier: MIT */
/* Multicast groups as RFC 3678 has them, for both families alike. */
#include <string.h>

#include "core/multicast.h"

static int
level_of(const struct rota__membership *membership)
{
	return membership->group.any.sa_family == AF_INET ? IPPROTO_IP :
							    IPPROTO_IPV6;
}

static void
copy(struct sockaddr_storage *to, const union rota__address *from)
{
	memset(to, 0, sizeof(*to));
	memcpy(to, from, sizeof(*from));
	rota__sys_set_length((struct sockaddr *)to);
}

static int
change(const struct rota_sys *sys, int fd,
	const struct rota__membership *membership, int name, int name_of_source)
{
	struct group_source_req one;
	struct group_req any;

	memset(&one, 0, sizeof(one));
	memset(&any, 0, sizeof(any));
	if (membership->source.any.sa_family == AF_UNSPEC) {
		any.gr_interface = membership->interface;
		copy(&any.gr_group, &membership->group);
		return sys->setsockopt(
			fd, level_of(membership), name, &any, sizeof(any));
	}
	one.gsr_interface = membership->interface;
	copy(&one.gsr_group, &membership->group);
	copy(&one.gsr_source, &membership->source);
	return sys->setsockopt(
		fd, level_of(membership), name_of_source, &one, sizeof(one));
}

int
rota__multicast_join(const struct rota_sys *sys, int fd,
	const struct rota__membership *membership)
{
	return change(
		sys, fd, membership, MCAST_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP);
}

int
rota__multicast_leave(const struct rota_sys *sys, int fd,
	const struct rota__membership *membership)
{
	return change(sys, fd, membership, MCAST_LEAVE_GROUP,
		MCAST_LEAVE_SOURCE_GROUP);
}

int
rota__multicast_interface_v4(
	const struct rota_sys *sys, int fd, unsigned interface)
{
	struct ip_mreqn request;

	memset(&request, 0, sizeof(request));
	request.imr_ifindex = (int)interface;
	return sys->setsockopt(
		fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request));
}
