/* SPDX-License-Identifier: MIT */
/* Datagrams of unix-domain sockets: names, the rest is that of udp.h. */
#include <errno.h>
#include <string.h>

#include "core/handles/udp.h"
#include "core/handles/unix.h"

void
rota__udp_drop_file(struct rota_udp *udp)
{
	struct rota_loop *loop = udp->handle.loop;

	if (udp->file == NULL)
		return;
	rota__unix_remove_file(loop->sys, udp->file);
	rota__free(&loop->memory, udp->file);
	udp->file = NULL;
}

/* Makes a socket that the handle has not got yet. */
static int
make_socket(struct rota_udp *udp)
{
	const struct rota_sys *sys = udp->handle.loop->sys;
	int fd = sys->socket(AF_UNIX, SOCK_DGRAM, 0);
	int r;

	if (fd < 0)
		return fd;
	r = rota__fds_reserve(udp->handle.loop, fd);
	if (r < 0) {
		(void)sys->close(fd);
		return r;
	}
	return fd;
}

/* A handle without a socket gets one, without a name. */
static int
need_socket(struct rota_udp *udp)
{
	int fd;

	if (udp->watch.fd >= 0)
		return udp->family == AF_UNIX ? 0 : -EAFNOSUPPORT;
	fd = make_socket(udp);
	if (fd < 0)
		return fd;
	rota__udp_adopt(udp, fd, AF_UNIX, 0);
	return 0;
}

/* Room to remember the file that is to be removed. */
static int
make_file(struct rota_udp *udp)
{
	udp->file = rota__realloc(
		&udp->handle.loop->memory, NULL, sizeof(*udp->file));
	if (udp->file == NULL)
		return -ENOMEM;
	memset(udp->file, 0, sizeof(*udp->file));
	return 0;
}

static int
bind_new(struct rota_udp *udp, const struct rota__unix_address *addr,
	unsigned flags)
{
	const struct rota_sys *sys = udp->handle.loop->sys;
	int fd = make_socket(udp);
	int r;

	if (fd < 0)
		return fd;
	r = rota__unix_bind(sys, fd, SOCK_DGRAM, addr, flags, udp->file);
	if (r < 0)
		(void)sys->close(fd);
	else
		rota__udp_adopt(udp, fd, AF_UNIX, 0);
	return r;
}

int
rota_unix_datagram_bind(
	struct rota_udp *udp, const char *name, size_t len, unsigned flags)
{
	struct rota__unix_address addr;
	int r;

	if (!rota__udp_is_open(udp) || udp->watch.fd >= 0 ||
		flags & ~(unsigned)(ROTA_UNIX_REPLACE_STALE | ROTA_UNIX_UNLINK))
		return -EINVAL;
	r = rota__unix_make_address(name, len, &addr);
	if (r == 0 && flags & ROTA_UNIX_UNLINK)
		r = make_file(udp);
	if (r == 0)
		r = bind_new(udp, &addr, flags);
	if (r < 0)
		rota__udp_drop_file(udp);
	return r;
}

int
rota_unix_datagram_connect(struct rota_udp *udp, const char *name, size_t len)
{
	struct rota__unix_address addr;
	int is_new;
	int r;

	if (!rota__udp_is_open(udp))
		return -EINVAL;
	r = rota__unix_make_address(name, len, &addr);
	if (r == 0)
		r = rota__udp_end_sends(udp);
	if (r < 0)
		return r;
	is_new = udp->watch.fd < 0;
	r = need_socket(udp);
	if (r < 0)
		return r;
	r = udp->handle.loop->sys->connect(
		udp->watch.fd, (const struct sockaddr *)&addr.un, addr.len);
	if (r == 0)
		udp->state |= ROTA__UDP_CONNECTED;
	else if (is_new)
		rota__udp_drop_socket(udp);
	return r;
}

/* Writes all that a send to a name needs but its request. */
static int
prepare(struct rota_udp *udp, struct rota_unix_send *request,
	const struct iovec *buffers, unsigned n, const char *name, size_t len)
{
	struct rota__unix_address addr;
	int r = rota__unix_make_address(name, len, &addr);

	if (r == 0)
		r = rota__udp_prepare_send(&request->send, buffers, n);
	if (r == 0 && udp->state & ROTA__UDP_CONNECTED)
		r = -EISCONN;
	if (r == 0)
		r = need_socket(udp);
	if (r < 0)
		return r;
	request->send.is_named = 1;
	request->send.peer_bytes = addr.len;
	memcpy(request->name, &addr.un, sizeof(addr.un));
	return 0;
}

int
rota_unix_datagram_send_at(struct rota_udp *udp, struct rota_unix_send *request,
	const struct iovec *buffers, unsigned n, const char *name, size_t len,
	rota_send_fn *fn, const char *place)
{
	int r;

	if (!rota__udp_is_open(udp) || request == NULL || fn == NULL)
		return -EINVAL;
	r = prepare(udp, request, buffers, n, name, len);
	if (r < 0)
		return r;
	rota__udp_queue_send(udp, &request->send, fn, place);
	return 0;
}

ssize_t
rota_unix_datagram_try_send(struct rota_udp *udp, const struct iovec *buffers,
	unsigned n, const char *name, size_t len)
{
	struct rota_unix_send request;
	int r;

	if (!rota__udp_is_open(udp))
		return -EINVAL;
	r = prepare(udp, &request, buffers, n, name, len);
	return r < 0 ? r : rota__udp_try_send(udp, &request.send);
}
