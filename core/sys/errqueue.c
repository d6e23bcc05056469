/* SPDX-License-Identifier: MIT */
/* What the network says of datagrams sent, by the error queue, ip(7). */
#include <errno.h>
/* The header of the kernel wants a timespec. */
#include <time.h>

#include <linux/errqueue.h>
#include <string.h>

#include "core/control.h"

/* An IPv6 socket may send to IPv4 too. */
int
rota__errors_ask(const struct rota_sys *sys, int fd, int family, int on)
{
	int r = rota__control_set(sys, fd, IPPROTO_IP, IP_RECVERR, on);

	if (family == AF_INET)
		return r;
	return rota__control_set(sys, fd, IPPROTO_IPV6, IPV6_RECVERR, on);
}

static int
is_error(const struct cmsghdr *message)
{
	return (message->cmsg_level == IPPROTO_IP &&
		       message->cmsg_type == IP_RECVERR) ||
		(message->cmsg_level == IPPROTO_IPV6 &&
			message->cmsg_type == IPV6_RECVERR);
}

static void
read_error(const struct cmsghdr *message, struct rota__control_error *error)
{
	const unsigned char *data = CMSG_DATA(message);
	struct sock_extended_err is;
	size_t n_bytes = message->cmsg_len - CMSG_LEN(sizeof(is));

	memcpy(&is, data, sizeof(is));
	error->error = -(int)is.ee_errno;
	error->info = is.ee_info;
	if (is.ee_origin == SO_EE_ORIGIN_ICMP ||
		is.ee_origin == SO_EE_ORIGIN_ICMP6) {
		error->type = is.ee_type;
		error->code = is.ee_code;
	}
	if (n_bytes > sizeof(error->reporter))
		n_bytes = sizeof(error->reporter);
	memcpy(&error->reporter, data + sizeof(is), n_bytes);
}

int
rota__errors_take(const struct rota_sys *sys, int fd,
	struct rota__control_error *ret_error)
{
	struct rota__control control;
	struct msghdr header;
	struct cmsghdr *at;
	ssize_t r;

	memset(ret_error, 0, sizeof(*ret_error));
	memset(&header, 0, sizeof(header));
	header.msg_name = &ret_error->peer;
	header.msg_namelen = sizeof(ret_error->peer);
	header.msg_control = &control.is;
	header.msg_controllen = sizeof(control.is);
	r = sys->recvmsg(fd, &header, MSG_ERRQUEUE);
	if (r < 0)
		return r == -EAGAIN || r == -EWOULDBLOCK ? 0 : (int)r;
	for (at = CMSG_FIRSTHDR(&header); at != NULL;
		at = CMSG_NXTHDR(&header, at))
		if (is_error(at) &&
			rota__control_holds(
				at, sizeof(struct sock_extended_err)))
			read_error(at, ret_error);
	return ret_error->error != 0;
}
