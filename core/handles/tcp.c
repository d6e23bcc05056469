/* SPDX-License-Identifier: MIT */
/* TCP, see rota/tcp.h: makes sockets, the rest is stream.c. */
#include "rota/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "core/address.h"
#include "core/handle.h"
#include "core/handles/more.h"
#include "core/handles/socket.h"
#include "core/handles/stream.h"
#include "core/request.h"

static const struct rota_stream_type tcp_stream = {
	.read_start = rota__stream_read_start,
	.read_stop = rota__stream_read_stop,
	.write = rota__stream_write,
	.try_write = rota__stream_try_write,
	.shutdown = rota__stream_shutdown,
	.read = rota__stream_read,
	.try_read = rota__stream_try_read,
	.listen = rota__stream_listen,
	.accept = rota__stream_accept,
	.pull = rota__socket_pull,
	.push = rota__socket_push,
	.end = rota__socket_end,
};

/* Lets close(2) send a reset; if it cannot, it closes as usual. */
static int
close_tcp(struct rota_handle *handle)
{
	struct rota_stream *stream = (struct rota_stream *)handle;
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	if (stream->state & ROTA__STREAM_RESET && stream->watch.fd >= 0)
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
	int state;
	int r;

	if (!is_open(tcp) || tcp->stream.watch.fd >= 0 ||
		tcp->stream.connecting != NULL)
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
	state = rota__socket_state(sys_of(tcp), fd);
	if (state < 0)
		return state;
	r = rota__fds_reserve(tcp->stream.handle.loop, fd);
	if (r == 0)
		r = sys_of(tcp)->prepare_fd(fd);
	if (r < 0)
		return r;
	rota__stream_adopt(
		&tcp->stream, fd, ROTA__STREAM_SHARED | (uint32_t)state);
	return 0;
}

/* Makes a socket for which there is room in the table. */
static int
make_socket(const struct rota_tcp *tcp, int family)
{
	const struct rota_sys *sys = sys_of(tcp);
	int fd = sys->socket(family, SOCK_STREAM, IPPROTO_TCP);
	int r;

	if (fd < 0)
		return fd;
	r = rota__fds_reserve(tcp->stream.handle.loop, fd);
	if (r < 0) {
		(void)sys->close(fd);
		return r;
	}
	return fd;
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
		tcp->stream.watch.fd >= 0 || tcp->stream.connecting != NULL)
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

static int
cancel_connect(struct rota_request *request, int status)
{
	rota__stream_decide_connect(
		(struct rota_stream *)request->owner, status);
	return 0;
}

static const struct rota_request_type connect_type = {
	.name = "connect",
	.size = sizeof(struct rota_connect),
	.cancel = cancel_connect,
};

/* 0 if a connect may begin. */
static int
check_connect(const struct rota_tcp *tcp)
{
	if (tcp->stream.connecting != NULL)
		return -EALREADY;
	/* A socket that was only made and bound may be connected. */
	if (tcp->stream.state & ROTA__STREAM_LISTENING ||
		(tcp->stream.watch.fd >= 0 &&
			!(tcp->stream.state & ROTA__STREAM_BOUND)))
		return -EISCONN;
	return 0;
}

int
rota_tcp_connect_at(struct rota_tcp *tcp, struct rota_connect *request,
	const struct sockaddr *addr, rota_connect_fn *fn, const char *place)
{
	struct rota_stream *stream;
	int r;

	if (!is_open(tcp) || request == NULL || addr == NULL || fn == NULL)
		return -EINVAL;
	stream = &tcp->stream;
	r = check_connect(tcp);
	if (r < 0)
		return r;
	if (rota__address_length(addr) == 0)
		return -EAFNOSUPPORT;
	if (stream->watch.fd < 0) {
		r = make_socket(tcp, addr->sa_family);
		if (r < 0)
			return r;
		rota__stream_adopt(stream, r, 0);
	}
	request->fn = fn;
	(void)rota_request_begin(
		&stream->handle, &request->request, &connect_type, place);
	rota__stream_begin_connect(stream, request);
	r = sys_of(tcp)->connect(
		stream->watch.fd, addr, rota__address_length(addr));
	if (r == -EINPROGRESS)
		rota__stream_watch(stream);
	else
		rota__stream_decide_connect(stream, r);
	return 0;
}

int
rota_tcp_set_nodelay(struct rota_tcp *tcp, int on)
{
	if (!is_open(tcp))
		return -EINVAL;
	if (tcp->stream.watch.fd < 0)
		return -ENOTCONN;
	return switch_on(sys_of(tcp), tcp->stream.watch.fd, IPPROTO_TCP,
		TCP_NODELAY, on != 0);
}

static int
get_address(const struct rota_tcp *tcp,
	int (*get)(int, struct sockaddr *, socklen_t *),
	struct sockaddr_storage *ret_addr)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int r;

	memset(&addr, 0, sizeof(addr));
	r = get(tcp->stream.watch.fd, (struct sockaddr *)&addr, &len);
	if (r < 0)
		return r;
	*ret_addr = addr;
	return 0;
}

int
rota_tcp_local_address(
	const struct rota_tcp *tcp, struct sockaddr_storage *ret_addr)
{
	if (!is_open(tcp) || ret_addr == NULL)
		return -EINVAL;
	if (tcp->stream.watch.fd < 0)
		return -ENOTCONN;
	return get_address(tcp, sys_of(tcp)->getsockname, ret_addr);
}

int
rota_tcp_peer_address(
	const struct rota_tcp *tcp, struct sockaddr_storage *ret_addr)
{
	if (!is_open(tcp) || ret_addr == NULL)
		return -EINVAL;
	if (tcp->stream.watch.fd < 0)
		return -ENOTCONN;
	return get_address(tcp, sys_of(tcp)->getpeername, ret_addr);
}

int
rota_tcp_reset_at(struct rota_tcp *tcp, rota_close_fn *fn, const char *place)
{
	if (tcp == NULL)
		return -EINVAL;
	if (is_open(tcp))
		tcp->stream.state |= ROTA__STREAM_RESET;
	return rota_handle_close_at(&tcp->stream.handle, fn, place);
}
