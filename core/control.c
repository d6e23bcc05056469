/* SPDX-License-Identifier: MIT */
/* Control messages of datagrams, see control.h; RFC 3542 for IPv6. */
#include "core/control.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

int
rota__control_set(
	const struct rota_sys *sys, int fd, int level, int name, int value)
{
	int r;

	/* What configure says of a name that the system does not know. */
	if (name == -1)
		return -ENOTSUP;
	r = sys->setsockopt(fd, level, name, &value, sizeof(value));
	return r == -ENOPROTOOPT ? -ENOTSUP : r;
}

/* An IPv6 socket may get IPv4 too, and some systems then want both asked. */
int
rota__control_ask_ecn(const struct rota_sys *sys, int fd, int family, int on)
{
	int r = rota__control_set(sys, fd, IPPROTO_IP, IP_RECVTOS, on);

	if (family == AF_INET)
		return r;
	return rota__control_set(sys, fd, IPPROTO_IPV6, IPV6_RECVTCLASS, on);
}

int
rota__control_ask_local(const struct rota_sys *sys, int fd, int family, int on)
{
	if (family == AF_INET)
		return rota__control_ask_local_v4(sys, fd, on);
	return rota__control_set(sys, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, on);
}

/* The type of service is a byte, or an int in the machine's order. */
static void
take_ecn(const struct cmsghdr *message, struct rota__details *details)
{
	const unsigned char *data = CMSG_DATA(message);
	unsigned char byte = data[0];
	int value = 0;

	if (!rota__control_holds(message, sizeof(byte)))
		return;
	if (rota__control_holds(message, sizeof(value))) {
		memcpy(&value, data, sizeof(value));
		byte = (unsigned char)value;
	}
	details->ecn = byte & 3;
	details->has_ecn = 1;
}

static void
take_local_v6(const struct cmsghdr *message, struct rota__details *details)
{
	struct in6_pktinfo info;

	if (!rota__control_holds(message, sizeof(info)))
		return;
	memcpy(&info, CMSG_DATA(message), sizeof(info));
	details->local.v6.sin6_family = AF_INET6;
	details->local.v6.sin6_addr = info.ipi6_addr;
	details->interface = (unsigned)info.ipi6_ifindex;
	if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
		details->local.v6.sin6_scope_id = (uint32_t)info.ipi6_ifindex;
}

static void
take_segments(const struct cmsghdr *message, struct rota__details *details)
{
	int value;

	if (!rota__control_holds(message, sizeof(value)))
		return;
	memcpy(&value, CMSG_DATA(message), sizeof(value));
	details->segment_bytes = (unsigned)value;
}

static void
take(const struct cmsghdr *message, struct rota__details *details)
{
	int type = message->cmsg_type;

	if (message->cmsg_level == IPPROTO_IP) {
		if (type == IP_TOS || type == IP_RECVTOS)
			take_ecn(message, details);
		else
			(void)rota__control_take_local_v4(message, details);
	} else if (message->cmsg_level == IPPROTO_IPV6) {
		if (type == IPV6_TCLASS)
			take_ecn(message, details);
		else if (type == IPV6_PKTINFO)
			take_local_v6(message, details);
	} else if (message->cmsg_level == IPPROTO_UDP && type == UDP_GRO) {
		take_segments(message, details);
	}
}

void
rota__control_read(
	const struct msghdr *message, struct rota__details *ret_details)
{
	/* CMSG_NXTHDR wants it writable on some systems, and only reads. */
	struct msghdr *header = (struct msghdr *)(uintptr_t)message;
	struct cmsghdr *at = NULL;

	memset(ret_details, 0, sizeof(*ret_details));
	if (message->msg_controllen > 0)
		at = CMSG_FIRSTHDR(header);
	for (; at != NULL; at = CMSG_NXTHDR(header, at))
		take(at, ret_details);
}

void
rota__control_put(struct rota__control *control, int level, int type,
	const void *data, size_t n_bytes)
{
	struct cmsghdr *at = (void *)(control->is.bytes + control->n_bytes);

	memset(at, 0, CMSG_SPACE(n_bytes));
	at->cmsg_level = level;
	at->cmsg_type = type;
	/* A size or a socklen_t, as systems have it. */
	at->cmsg_len = (socklen_t)CMSG_LEN(n_bytes);
	memcpy(CMSG_DATA(at), data, n_bytes);
	control->n_bytes += CMSG_SPACE(n_bytes);
}

static void
put_local_v6(struct rota__control *control, const struct rota__details *details)
{
	struct in6_pktinfo info;

	memset(&info, 0, sizeof(info));
	info.ipi6_addr = details->local.v6.sin6_addr;
	info.ipi6_ifindex = details->interface;
	rota__control_put(
		control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
}

/*
 * IPv4 takes the byte on all systems, an int on some. An IPv6 socket may send
 * to IPv4 too; each protocol passes over the other one's.
 */
static void
put_ecn(struct rota__control *control, int family, unsigned ecn)
{
	unsigned char byte = (unsigned char)ecn;
	int value = (int)ecn;

	rota__control_put(control, IPPROTO_IP, IP_TOS, &byte, sizeof(byte));
	if (family == AF_INET6)
		rota__control_put(control, IPPROTO_IPV6, IPV6_TCLASS, &value,
			sizeof(value));
}

int
rota__control_can_write(int family, int has_local, unsigned interface)
{
	if (family == AF_INET)
		return rota__control_can_local_v4(has_local, interface);
	return 0;
}

void
rota__control_write(struct rota__control *control, int family,
	const struct rota__details *details)
{
	uint16_t segment = (uint16_t)details->segment_bytes;

	control->n_bytes = 0;
	if (details->local.any.sa_family != AF_UNSPEC ||
		details->interface != 0) {
		if (family == AF_INET)
			rota__control_put_local_v4(control, details);
		else
			put_local_v6(control, details);
	}
	if (details->has_ecn)
		put_ecn(control, family, details->ecn);
	if (segment != 0)
		rota__control_put(control, IPPROTO_UDP, UDP_SEGMENT, &segment,
			sizeof(segment));
}
