/* SPDX-License-Identifier: MIT */
/* Multicast groups; core/sys/ has a file per way. */
#ifndef ROTA_CORE_MULTICAST_H
#define ROTA_CORE_MULTICAST_H

#include "core/address.h"
#include "core/sys.h"

/* A group, the interface to meet it on (0: any), the sender (or AF_UNSPEC). */
struct rota__membership {
	union rota__address group;
	union rota__address source;
	unsigned interface;
};

int rota__multicast_join(const struct rota_sys *sys, int fd,
	const struct rota__membership *membership);
int rota__multicast_leave(const struct rota_sys *sys, int fd,
	const struct rota__membership *membership);

/* Sends IPv4 through that interface. */
int rota__multicast_interface_v4(
	const struct rota_sys *sys, int fd, unsigned interface);

#endif
