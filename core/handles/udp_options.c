/* SPDX-License-Identifier: MIT */
/* What can be set on a UDP socket: groups, ttl, buffers, what is told. */
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#include "core/handles/udp.h"
#include "core/multicast.h"

#define MAX_TTL 255

/* 0 if the handle has a socket to set something on. */
static int
check_any(const struct rota_udp *udp)
{
	if (!rota__udp_is_open(udp))
		return -EINVAL;
	return udp->watch.fd < 0 ? -ENOTCONN : 0;
}

/* The same for what only sockets of the internet have. */
static int
check(const struct rota_udp *udp)
{
	int r = check_any(udp);

	return r == 0 && udp->family == AF_UNIX ? -ENOTSUP : r;
}

static const struct rota_sys *
sys_of(const struct rota_udp *udp)
{
	return udp->handle.loop->sys;
}

/* Sets an int of the option that the socket's family has. */
static int
set_int(struct rota_udp *udp, int name_v4, int name_v6, int value)
{
	int is_v4 = udp->family == AF_INET;

	return sys_of(udp)->setsockopt(udp->watch.fd,
		is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? name_v4 : name_v6,
		&value, sizeof(value));
}

/* The same where IPv4 wants a byte: some BSDs take nothing else. */
static int
set_byte(struct rota_udp *udp, int name_v4, int name_v6, int value)
{
	unsigned char byte = (unsigned char)value;

	if (udp->family != AF_INET)
		return set_int(udp, name_v4, name_v6, value);
	return sys_of(udp)->setsockopt(
		udp->watch.fd, IPPROTO_IP, name_v4, &byte, sizeof(byte));
}

int
rota_udp_tell_ecn(struct rota_udp *udp, int on)
{
	int r = check(udp);

	if (r < 0)
		return r;
	return rota__control_ask_ecn(
		sys_of(udp), udp->watch.fd, udp->family, on != 0);
}

int
rota_udp_tell_packet_info(struct rota_udp *udp, int on)
{
	int r = check(udp);

	if (r < 0)
		return r;
	return rota__control_ask_local(
		sys_of(udp), udp->watch.fd, udp->family, on != 0);
}

int
rota_udp_set_merge(struct rota_udp *udp, int on)
{
	int r = check(udp);

	if (r < 0)
		return r;
	return rota__control_set(
		sys_of(udp), udp->watch.fd, IPPROTO_UDP, UDP_GRO, on != 0);
}

int
rota_udp_tell_errors(struct rota_udp *udp, rota_datagram_error_fn *fn)
{
	int r = check(udp);

	if (r < 0)
		return r;
	r = rota__errors_ask(
		sys_of(udp), udp->watch.fd, udp->family, fn != NULL);
	if (r == 0)
		udp->tell_error = fn;
	return r;
}

static int
is_multicast(const union rota__address *group)
{
	if (group->any.sa_family == AF_INET)
		return IN_MULTICAST(ntohl(group->v4.sin_addr.s_addr));
	return IN6_IS_ADDR_MULTICAST(&group->v6.sin6_addr);
}

/* An address of the socket's family, without its port. */
static int
copy_address(const struct rota_udp *udp, const struct sockaddr *from,
	union rota__address *to)
{
	if (from->sa_family != udp->family)
		return -EAFNOSUPPORT;
	memcpy(to, from, rota__address_length(from));
	if (to->any.sa_family == AF_INET)
		to->v4.sin_port = 0;
	else
		to->v6.sin6_port = 0;
	return 0;
}

static int
fill_membership(const struct rota_udp *udp, const struct sockaddr *group,
	unsigned interface, const struct sockaddr *source,
	struct rota__membership *membership)
{
	int r = check(udp);

	if (r == 0 && group == NULL)
		r = -EINVAL;
	if (r < 0)
		return r;
	memset(membership, 0, sizeof(*membership));
	membership->interface = interface;
	r = copy_address(udp, group, &membership->group);
	if (r == 0 && source != NULL)
		r = copy_address(udp, source, &membership->source);
	if (r == 0 && !is_multicast(&membership->group))
		r = -EINVAL;
	return r;
}

int
rota_udp_join(struct rota_udp *udp, const struct sockaddr *group,
	unsigned interface, const struct sockaddr *source)
{
	struct rota__membership membership;
	int r = fill_membership(udp, group, interface, source, &membership);

	if (r < 0)
		return r;
	return rota__multicast_join(sys_of(udp), udp->watch.fd, &membership);
}

int
rota_udp_leave(struct rota_udp *udp, const struct sockaddr *group,
	unsigned interface, const struct sockaddr *source)
{
	struct rota__membership membership;
	int r = fill_membership(udp, group, interface, source, &membership);

	if (r < 0)
		return r;
	return rota__multicast_leave(sys_of(udp), udp->watch.fd, &membership);
}

int
rota_udp_set_multicast_interface(struct rota_udp *udp, unsigned interface)
{
	int r = check(udp);

	if (r < 0)
		return r;
	if (udp->family == AF_INET)
		return rota__multicast_interface_v4(
			sys_of(udp), udp->watch.fd, interface);
	return sys_of(udp)->setsockopt(udp->watch.fd, IPPROTO_IPV6,
		IPV6_MULTICAST_IF, &interface, sizeof(interface));
}

int
rota_udp_set_multicast_ttl(struct rota_udp *udp, int ttl)
{
	int r = check(udp);

	if (r == 0 && (ttl < 0 || ttl > MAX_TTL))
		r = -EINVAL;
	if (r < 0)
		return r;
	return set_byte(udp, IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS, ttl);
}

int
rota_udp_set_multicast_loop(struct rota_udp *udp, int on)
{
	int r = check(udp);

	if (r < 0)
		return r;
	return set_byte(udp, IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP, on != 0);
}

int
rota_udp_set_ttl(struct rota_udp *udp, int ttl)
{
	int r = check(udp);

	if (r == 0 && (ttl < 1 || ttl > MAX_TTL))
		r = -EINVAL;
	if (r < 0)
		return r;
	return set_int(udp, IP_TTL, IPV6_UNICAST_HOPS, ttl);
}

static int
set_of_socket(struct rota_udp *udp, int name, int value)
{
	return sys_of(udp)->setsockopt(
		udp->watch.fd, SOL_SOCKET, name, &value, sizeof(value));
}

int
rota_udp_set_broadcast(struct rota_udp *udp, int on)
{
	int r = check(udp);

	return r < 0 ? r : set_of_socket(udp, SO_BROADCAST, on != 0);
}

static int
set_buffer(struct rota_udp *udp, int name, int bytes)
{
	int r = check_any(udp);

	if (r == 0 && bytes < 1)
		r = -EINVAL;
	return r < 0 ? r : set_of_socket(udp, name, bytes);
}

static int
get_buffer(const struct rota_udp *udp, int name)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);
	int r = check_any(udp);

	if (r == 0)
		r = sys_of(udp)->getsockopt(
			udp->watch.fd, SOL_SOCKET, name, &bytes, &len);
	return r < 0 ? r : bytes;
}

int
rota_udp_set_receive_buffer(struct rota_udp *udp, int bytes)
{
	return set_buffer(udp, SO_RCVBUF, bytes);
}

int
rota_udp_set_send_buffer(struct rota_udp *udp, int bytes)
{
	return set_buffer(udp, SO_SNDBUF, bytes);
}

int
rota_udp_receive_buffer(const struct rota_udp *udp)
{
	return get_buffer(udp, SO_RCVBUF);
}

int
rota_udp_send_buffer(const struct rota_udp *udp)
{
	return get_buffer(udp, SO_SNDBUF);
}
