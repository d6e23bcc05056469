/* SPDX-License-Identifier: MIT */
/* What streams over sockets have in common, whatever their addresses. */
#include "core/handles/socket.h"

#include <errno.h>
#include <string.h>

#include "core/handle.h"
#include "core/handles/more.h"
#include "core/handles/stream.h"
#include "core/request.h"

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
rota__socket_end_reading(struct rota_stream *stream)
{
	int r;

	if (!(stream->handle.state & ROTA__STREAM_READABLE))
		return -ENOTCONN;
	r = stream->handle.loop->sys->shutdown(stream->watch.fd, SHUT_RD);
	/* A peer that is gone already will send nothing either. */
	if (r < 0 && r != -ENOTCONN)
		return r;
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_READABLE;
	rota__pump_lose_source(stream);
	(void)rota__stream_read_stop(stream);
	rota__stream_fail_reads(stream, -ECANCELED);
	if (stream->more != NULL)
		stream->more->n_kept = 0;
	return 0;
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

int
rota__socket_is_free(const struct rota_stream *stream)
{
	return stream->watch.fd < 0 &&
		!(stream->handle.state & ROTA__STREAM_DIALLED);
}

int
rota__socket_make(
	const struct rota_stream *stream, int family, int type, int protocol)
{
	const struct rota_sys *sys = stream->handle.loop->sys;
	int fd = sys->socket(family, type, protocol);
	int r;

	if (fd < 0)
		return fd;
	r = rota__fds_reserve(stream->handle.loop, fd);
	if (r < 0) {
		(void)sys->close(fd);
		return r;
	}
	return fd;
}

int
rota__socket_take(struct rota_stream *stream, int fd)
{
	const struct rota_sys *sys = stream->handle.loop->sys;
	int state = rota__socket_state(sys, fd);
	int r;

	if (state < 0)
		return state;
	r = rota__fds_reserve(stream->handle.loop, fd);
	if (r == 0)
		r = sys->prepare_fd(fd);
	if (r < 0)
		return r;
	rota__stream_adopt(stream, fd, ROTA__STREAM_SHARED | (uint32_t)state);
	return 0;
}

int
rota__socket_can_connect(const struct rota_stream *stream)
{
	if (stream->handle.state & ROTA__STREAM_DIALLED)
		return -EALREADY;
	/* A socket that was only made and bound may be connected. */
	if (stream->handle.state & ROTA__STREAM_LISTENING ||
		(stream->watch.fd >= 0 &&
			!(stream->handle.state & ROTA__STREAM_BOUND)))
		return -EISCONN;
	return 0;
}

static int
cancel_connect(struct rota_request *request, int status)
{
	rota__stream_decide_connect(
		(struct rota_stream *)request->owner, status);
	return 0;
}

void
rota__socket_tell_connect(struct rota_request *request, int status)
{
	struct rota_connect *connect = (struct rota_connect *)request;

	request->owner->state &= ~(uint32_t)ROTA__STREAM_DIALLED;
	connect->fn(connect, status);
}

static const struct rota_request_type connect_type = {
	.name = "connect",
	.size = sizeof(struct rota_connect),
	.cancel = cancel_connect,
	.tell = rota__socket_tell_connect,
};

void
rota__socket_connect(struct rota_stream *stream, struct rota_connect *request,
	const struct sockaddr *addr, socklen_t len, rota_connect_fn *fn,
	const char *place)
{
	int r;

	request->fn = fn;
	(void)rota_request_begin(
		&stream->handle, &request->request, &connect_type, place);
	rota__stream_begin_connect(stream, request);
	r = stream->handle.loop->sys->connect(stream->watch.fd, addr, len);
	if (r == -EINPROGRESS)
		rota__stream_watch(stream);
	else
		rota__stream_decide_connect(stream, r);
}

static int
get_address(const struct rota_stream *stream,
	int (*get)(int, struct sockaddr *, socklen_t *),
	struct sockaddr_storage *ret_addr, socklen_t *ret_len)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int r;

	if (stream->watch.fd < 0)
		return -ENOTCONN;
	memset(&addr, 0, sizeof(addr));
	r = get(stream->watch.fd, (struct sockaddr *)&addr, &len);
	if (r < 0)
		return r;
	*ret_addr = addr;
	*ret_len = len < sizeof(addr) ? len : (socklen_t)sizeof(addr);
	return 0;
}

int
rota__socket_local_address(const struct rota_stream *stream,
	struct sockaddr_storage *ret_addr, socklen_t *ret_len)
{
	return get_address(stream, stream->handle.loop->sys->getsockname,
		ret_addr, ret_len);
}

int
rota__socket_peer_address(const struct rota_stream *stream,
	struct sockaddr_storage *ret_addr, socklen_t *ret_len)
{
	return get_address(stream, stream->handle.loop->sys->getpeername,
		ret_addr, ret_len);
}
