/* SPDX-License-Identifier: MIT */
/* What streams over sockets have in common, whatever their addresses. */
#include "core/handles/socket.h"

#include <errno.h>

#include "core/handle.h"
#include "core/handles/stream.h"

ssize_t
rota__socket_pull(struct rota_stream *stream, void *memory, size_t size_bytes)
{
	return stream->handle.loop->sys->recv(
		stream->watch.fd, memory, size_bytes);
}

ssize_t
rota__socket_push(
	struct rota_stream *stream, const struct iovec *buffers, unsigned n)
{
	return stream->handle.loop->sys->send(stream->watch.fd, buffers, n);
}

int
rota__socket_end(struct rota_stream *stream)
{
	return stream->handle.loop->sys->shutdown(stream->watch.fd, SHUT_WR);
}

int
rota__socket_state(const struct rota_sys *sys, int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int r = sys->getpeername(fd, (struct sockaddr *)&addr, &len);

	if (r == 0)
		return ROTA__STREAM_READABLE | ROTA__STREAM_WRITABLE;
	/* EINVAL: some systems say so of one that was connected. */
	return r == -ENOTCONN || r == -EINVAL ? ROTA__STREAM_BOUND : r;
}

int
rota__socket_kind(const struct rota_sys *sys, int fd, int *ret_type)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(*ret_type);
	int r = sys->getsockopt(fd, SOL_SOCKET, SO_TYPE, ret_type, &len);

	if (r < 0)
		return r;
	len = sizeof(addr);
	r = sys->getsockname(fd, (struct sockaddr *)&addr, &len);
	return r < 0 ? r : addr.ss_family;
}
