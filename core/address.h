/* SPDX-License-Identifier: MIT */
/* Addresses of the internet from inside; text is in address.c. */
#ifndef ROTA_CORE_ADDRESS_H
#define ROTA_CORE_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

union rota__address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* The length of an address of ours, 0 for one of another family. */
static inline socklen_t
rota__address_length(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET)
		return sizeof(struct sockaddr_in);
	if (addr->sa_family == AF_INET6)
		return sizeof(struct sockaddr_in6);
	return 0;
}

/*
 * Writes the length into an address where the system has a place for it. The
 * kernel does so itself, but not inside the structs of some options.
 */
void rota__sys_set_length(struct sockaddr *addr);

#endif
