/* SPDX-License-Identifier: MIT */
/* Options of TCP sockets, see rota/tcp.h. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "core/clock.h"
#include "core/control.h"
#include "core/handle.h"
#include "rota/tcp.h"

/* 0, or why no option can be set. */
static int
check(const struct rota_tcp *tcp)
{
	if (tcp == NULL || !rota__handle_is_open(&tcp->stream.handle))
		return -EINVAL;
	return tcp->stream.watch.fd < 0 ? -ENOTCONN : 0;
}

static int
set(struct rota_tcp *tcp, int level, int name, int value)
{
	return rota__control_set(tcp->stream.handle.loop->sys,
		tcp->stream.watch.fd, level, name, value);
}

int
rota_tcp_set_nodelay(struct rota_tcp *tcp, int on)
{
	int r = check(tcp);

	return r < 0 ? r : set(tcp, IPPROTO_TCP, TCP_NODELAY, on != 0);
}

/* A number that is 0 stays the system's. */
static int
set_number(struct rota_tcp *tcp, int name, int value)
{
	return value == 0 ? 0 : set(tcp, IPPROTO_TCP, name, value);
}

int
rota_tcp_set_keepalive(
	struct rota_tcp *tcp, uint64_t idle_ns, uint64_t interval_ns, int count)
{
	int r = check(tcp);

	if (r == 0 && count < 0)
		r = -EINVAL;
	if (r < 0)
		return r;
	if (idle_ns == 0)
		return set(tcp, SOL_SOCKET, SO_KEEPALIVE, 0);
	r = set_number(tcp, TCP_KEEPIDLE, rota__clock_to_s(idle_ns));
	if (r == 0)
		r = set_number(
			tcp, TCP_KEEPINTVL, rota__clock_to_s(interval_ns));
	if (r == 0)
		r = set_number(tcp, TCP_KEEPCNT, count);
	return r < 0 ? r : set(tcp, SOL_SOCKET, SO_KEEPALIVE, 1);
}

static int
set_buffer(struct rota_tcp *tcp, int name, int size_bytes)
{
	int r = check(tcp);

	if (r == 0 && size_bytes < 1)
		r = -EINVAL;
	return r < 0 ? r : set(tcp, SOL_SOCKET, name, size_bytes);
}

static int
get_buffer(const struct rota_tcp *tcp, int name)
{
	int size_bytes = 0;
	socklen_t len = sizeof(size_bytes);
	int r = check(tcp);

	if (r == 0)
		r = tcp->stream.handle.loop->sys->getsockopt(
			tcp->stream.watch.fd, SOL_SOCKET, name, &size_bytes,
			&len);
	return r < 0 ? r : size_bytes;
}

int
rota_tcp_set_receive_buffer(struct rota_tcp *tcp, int size_bytes)
{
	return set_buffer(tcp, SO_RCVBUF, size_bytes);
}

int
rota_tcp_set_send_buffer(struct rota_tcp *tcp, int size_bytes)
{
	return set_buffer(tcp, SO_SNDBUF, size_bytes);
}

int
rota_tcp_receive_buffer(const struct rota_tcp *tcp)
{
	return get_buffer(tcp, SO_RCVBUF);
}

int
rota_tcp_send_buffer(const struct rota_tcp *tcp)
{
	return get_buffer(tcp, SO_SNDBUF);
}

int
rota_tcp_set_defer_accept(struct rota_tcp *tcp, uint64_t limit_ns)
{
	int r = check(tcp);

	if (r < 0)
		return r;
	return set(
		tcp, IPPROTO_TCP, TCP_DEFER_ACCEPT, rota__clock_to_s(limit_ns));
}

int
rota_tcp_set_fastopen(struct rota_tcp *tcp, int n)
{
	int r = check(tcp);

	if (r == 0 && n < 0)
		r = -EINVAL;
	return r < 0 ? r : set(tcp, IPPROTO_TCP, TCP_FASTOPEN, n);
}

int
rota_tcp_set_fastopen_connect(struct rota_tcp *tcp, int on)
{
	int r = check(tcp);

	if (r < 0)
		return r;
	return set(tcp, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, on != 0);
}
