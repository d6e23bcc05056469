/* SPDX-License-Identifier: MIT */
/* TCP, see rota/tcp.h: makes sockets, the rest is stream.c. */
#include "rota/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "core/address.h"
#include "core/handle.h"
#include "core/handles/more.h"
#include "core/handles/socket.h"
#include "core/handles/stream.h"

static const struct rota_stream_type tcp_stream = {
	.read_start = rota__stream_read_start,
	.read_stop = rota__stream_read_stop,
	.write = rota__stream_write,
	.send_file = rota__stream_send_file,
	.try_write = rota__stream_try_write,
	.shutdown = rota__stream_shutdown,
	.read = rota__stream_read,
	.try_read = rota__stream_try_read,
	.listen = rota__stream_listen,
	.accept = rota__stream_accept,
	.pull = rota__socket_pull,
	.push = rota__socket_push,
	.end = rota__socket_end,
	.end_reading = rota__socket_end_reading,
};

/* Lets close(2) send a reset; if it cannot, it closes as usual. */
static int
close_tcp(struct rota_handle *handle)
{
	struct rota_stream *stream = (struct rota_stream *)handle;
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	if (stream->handle.state & ROTA__STREAM_RESET && stream->watch.fd >= 0)
		(void)handle->loop->sys->setsockopt(stream->watch.fd,
			SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	return rota__stream_close(handle);
}

static void
describe_tcp(const struct rota_handle *handle, char *text, size_t size_bytes)
{
	const struct rota_tcp *tcp = (const struct rota_tcp *)handle;
	struct sockaddr_storage addr;
	char name[80];

	if (tcp->stream.watch.fd < 0)
		return;
	if (rota_tcp_peer_address(tcp, &addr) == 0 &&
		rota_address_format(
			(struct sockaddr *)&addr, name, sizeof(name)) == 0)
		(void)snprintf(text, size_bytes, "fd %d, peer %s",
			tcp->stream.watch.fd, name);
	else if (rota_tcp_local_address(tcp, &addr) == 0 &&
		rota_address_format(
			(struct sockaddr *)&addr, name, sizeof(name)) == 0)
		(void)snprintf(text, size_bytes, "fd %d, at %s",
			tcp->stream.watch.fd, name);
	else
		(void)snprintf(text, size_bytes, "fd %d", tcp->stream.watch.fd);
}

const struct rota_handle_type rota__tcp_type = {
	.name = "tcp",
	.size = sizeof(struct rota_tcp),
	.close = close_tcp,
	.finish = rota__stream_finish,
	.describe = describe_tcp,
	.ready = rota__stream_ready,
	.requests = rota__stream_requests,
	.stream = &tcp_stream,
	.flush = rota__stream_flush,
	.tell = rota__stream_tell,
};

static int
is_open(const struct rota_tcp *tcp)
{
	return tcp != NULL && rota__handle_is_open(&tcp->stream.handle);
}

static const struct rota_sys *
sys_of(const struct rota_tcp *tcp)
{
	return tcp->stream.handle.loop->sys;
}

int
rota_tcp_init(struct rota_loop *loop, struct rota_tcp *tcp)
{
	if (loop == NULL || tcp == NULL)
		return -EINVAL;
	return rota__stream_init(loop, &tcp->stream, &rota__tcp_type);
}

int
rota_tcp_open(struct rota_tcp *tcp, int fd)
{
	int type = 0;
	int r;

	if (!is_open(tcp) || !rota__socket_is_free(&tcp->stream))
		return -EINVAL;
	if (fd < 0)
		return -EBADF;
	r = rota__socket_kind(sys_of(tcp), fd, &type);
	if (r < 0)
		return r;
	if (r != AF_INET && r != AF_INET6)
		return -EAFNOSUPPORT;
	if (type != SOCK_STREAM)
		return -EINVAL;
	return rota__socket_take(&tcp->stream, fd);
}

static int
make_socket(const struct rota_tcp *tcp, int family)
{
	return rota__socket_make(
		&tcp->stream, family, SOCK_STREAM, IPPROTO_TCP);
}

static int
switch_on(const struct rota_sys *sys, int fd, int level, int option, int on)
{
	return sys->setsockopt(fd, level, option, &on, sizeof(on));
}

/*
 * OpenBSD's ip6(4): the option is read-only, sockets never take both. Who
 * has not asked for IPv6 alone gets what the system has.
 */
static int
choose_v6only(const struct rota_sys *sys, int fd, int on)
{
	int r = switch_on(sys, fd, IPPROTO_IPV6, IPV6_V6ONLY, on);

	return on ? r : 0;
}

static int
bind_socket(const struct rota_sys *sys, int fd, const struct sockaddr *addr,
	unsigned flags)
{
	int r = switch_on(sys, fd, SOL_SOCKET, SO_REUSEADDR, 1);

	if (r == 0 && flags & ROTA_TCP_REUSEPORT)
		r = SO_REUSEPORT ?
			switch_on(sys, fd, SOL_SOCKET, SO_REUSEPORT, 1) :
			-ENOTSUP;
	if (r == 0 && addr->sa_family == AF_INET6)
		r = choose_v6only(sys, fd, (flags & ROTA_TCP_V6ONLY) != 0);
	if (r == 0)
		r = sys->bind(fd, addr, rota__address_length(addr));
	return r;
}

int
rota_tcp_bind(struct rota_tcp *tcp, const struct sockaddr *addr, unsigned flags)
{
	int fd;
	int r;

	if (!is_open(tcp) || addr == NULL ||
		flags & ~(unsigned)(ROTA_TCP_V6ONLY | ROTA_TCP_REUSEPORT) ||
		!rota__socket_is_free(&tcp->stream))
		return -EINVAL;
	if (rota__address_length(addr) == 0)
		return -EAFNOSUPPORT;
	fd = make_socket(tcp, addr->sa_family);
	if (fd < 0)
		return fd;
	r = bind_socket(sys_of(tcp), fd, addr, flags);
	if (r < 0) {
		(void)sys_of(tcp)->close(fd);
		return r;
	}
	rota__stream_adopt(&tcp->stream, fd, ROTA__STREAM_BOUND);
	return 0;
}

int
rota_tcp_connect_at(struct rota_tcp *tcp, struct rota_connect *request,
	const struct sockaddr *addr, rota_connect_fn *fn, const char *place)
{
	int r;

	if (!is_open(tcp) || request == NULL || addr == NULL || fn == NULL)
		return -EINVAL;
	r = rota__socket_can_connect(&tcp->stream);
	if (r < 0)
		return r;
	if (rota__address_length(addr) == 0)
		return -EAFNOSUPPORT;
	if (tcp->stream.watch.fd < 0) {
		r = make_socket(tcp, addr->sa_family);
		if (r < 0)
			return r;
		rota__stream_adopt(&tcp->stream, r, 0);
	}
	rota__socket_connect(&tcp->stream, request, addr,
		rota__address_length(addr), fn, place);
	return 0;
}

int
rota_tcp_local_address(
	const struct rota_tcp *tcp, struct sockaddr_storage *ret_addr)
{
	socklen_t len;

	if (!is_open(tcp) || ret_addr == NULL)
		return -EINVAL;
	return rota__socket_local_address(&tcp->stream, ret_addr, &len);
}

int
rota_tcp_peer_address(
	const struct rota_tcp *tcp, struct sockaddr_storage *ret_addr)
{
	socklen_t len;

	if (!is_open(tcp) || ret_addr == NULL)
		return -EINVAL;
	return rota__socket_peer_address(&tcp->stream, ret_addr, &len);
}

int
rota_tcp_reset_at(struct rota_tcp *tcp, rota_close_fn *fn, const char *place)
{
	if (tcp == NULL)
		return -EINVAL;
	if (is_open(tcp))
		tcp->stream.handle.state |= ROTA__STREAM_RESET;
	return rota_handle_close_at(&tcp->stream.handle, fn, place);
}
