/* SPDX-License-Identifier: MIT */
/* Unix-domain sockets, see rota/unix.h: makes them, the rest is stream.c. */
#include "rota/unix.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/handle.h"
#include "core/handles/socket.h"
#include "core/handles/unix.h"

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

/* The stream's table **************************************************/

/* Without need of more than the bytes the shorter call will do. */
static ssize_t
pull_unix(struct rota_stream *stream, void *memory, size_t size_bytes)
{
	if (stream->handle.state &
		(ROTA__STREAM_RECORDS | ROTA__STREAM_TAKES_FDS))
		return rota__unix_receive(stream, memory, size_bytes);
	return rota__socket_pull(stream, memory, size_bytes);
}

static int
has_bytes(const struct iovec *buffers, unsigned n)
{
	while (n > 0)
		if (buffers[--n].iov_len > 0)
			return 1;
	return 0;
}

/* The peer would take an empty record for the end. */
static int
write_unix(struct rota_stream *stream, struct rota_write *request)
{
	if (stream->handle.state & ROTA__STREAM_RECORDS &&
		!has_bytes(request->buffers, request->n_buffers))
		return -EINVAL;
	return rota__stream_write(stream, request);
}

static ssize_t
try_write_unix(
	struct rota_stream *stream, const struct iovec *buffers, unsigned n)
{
	if (stream->handle.state & ROTA__STREAM_RECORDS &&
		!has_bytes(buffers, n))
		return -EINVAL;
	return rota__stream_try_write(stream, buffers, n);
}

static void
set_records(struct rota_stream *stream, int on)
{
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_RECORDS;
	if (on)
		stream->handle.state |= ROTA__STREAM_RECORDS;
}

static int
accept_unix(struct rota_stream *listener, struct rota_stream *client)
{
	int r = rota__stream_accept(listener, client);

	if (r == 0)
		set_records(
			client, listener->handle.state & ROTA__STREAM_RECORDS);
	return r;
}

static const struct rota_stream_type unix_stream = {
	.read_start = rota__stream_read_start,
	.read_stop = rota__stream_read_stop,
	.write = write_unix,
	.send_file = rota__stream_send_file,
	.try_write = try_write_unix,
	.shutdown = rota__stream_shutdown,
	.read = rota__stream_read,
	.try_read = rota__stream_try_read,
	.listen = rota__stream_listen,
	.accept = accept_unix,
	.pull = pull_unix,
	.push = rota__socket_push,
	.end = rota__socket_end,
	.end_reading = rota__socket_end_reading,
};

/* The handle **********************************************************/

size_t
rota__unix_name_in(const void *addr, socklen_t len, char *name)
{
	size_t n = len > PATH_OFFSET ? (size_t)len - PATH_OFFSET : 0;

	if (n >= ROTA_UNIX_NAME_BYTES)
		n = ROTA_UNIX_NAME_BYTES - 1;
	memset(name, 0, ROTA_UNIX_NAME_BYTES);
	memcpy(name, (const char *)addr + PATH_OFFSET, n);
	/* A path is ended or filled up with zeros, or neither. */
	return name[0] == '\0' && n > 0 && name[1] != '\0' ? n : strlen(name);
}

static void
describe_unix(const struct rota_handle *handle, char *text, size_t size_bytes)
{
	const struct rota_stream *stream = (const struct rota_stream *)handle;
	char name[ROTA_UNIX_NAME_BYTES];
	struct sockaddr_storage addr;
	const char *what = "peer ";
	socklen_t len;
	size_t n = 0;

	if (stream->watch.fd < 0)
		return;
	if (rota__socket_peer_address(stream, &addr, &len) == 0)
		n = rota__unix_name_in(&addr, len, name);
	if (n == 0 && rota__socket_local_address(stream, &addr, &len) == 0) {
		n = rota__unix_name_in(&addr, len, name);
		what = "at ";
	}
	if (n == 0) {
		(void)snprintf(text, size_bytes, "fd %d", stream->watch.fd);
		return;
	}
	/* As ss(8) shows abstract names. */
	if (name[0] == '\0')
		name[0] = '@';
	(void)snprintf(
		text, size_bytes, "fd %d, %s%s", stream->watch.fd, what, name);
}

static int
close_unix(struct rota_handle *handle)
{
	rota__unix_leave((struct rota_stream *)handle);
	return rota__stream_close(handle);
}

static void
finish_unix(struct rota_handle *handle)
{
	rota__unix_free_more((struct rota_stream *)handle);
	rota__stream_finish(handle);
}

const struct rota_handle_type rota__unix_type = {
	.name = "unix",
	.size = sizeof(struct rota_unix),
	.close = close_unix,
	.finish = finish_unix,
	.describe = describe_unix,
	.ready = rota__stream_ready,
	.requests = rota__stream_requests,
	.stream = &unix_stream,
	.flush = rota__stream_flush,
	.tell = rota__stream_tell,
};

struct rota__unix_more *
rota__unix_more(struct rota_stream *stream)
{
	struct rota__stream_more *more = rota__stream_more(stream);
	struct rota__unix_more *of_unix;

	if (more == NULL)
		return NULL;
	if (more->of_unix != NULL)
		return more->of_unix;
	of_unix = rota__realloc(
		&stream->handle.loop->memory, NULL, sizeof(*of_unix));
	if (of_unix == NULL)
		return NULL;
	memset(of_unix, 0, sizeof(*of_unix));
	more->of_unix = of_unix;
	return of_unix;
}

void
rota__unix_leave(struct rota_stream *stream)
{
	if (stream->more == NULL || stream->more->of_unix == NULL)
		return;
	rota__unix_close_fds(stream);
	rota__unix_remove_file(
		stream->handle.loop->sys, &stream->more->of_unix->file);
}

void
rota__unix_free_more(struct rota_stream *stream)
{
	struct rota_loop *loop = stream->handle.loop;

	if (stream->more == NULL || stream->more->of_unix == NULL)
		return;
	rota__free(&loop->memory, stream->more->of_unix->fds);
	rota__free(&loop->memory, stream->more->of_unix);
	stream->more->of_unix = NULL;
}

/* For users ***********************************************************/

/* Streams that rota_stream_open() made may come here by a cast. */
static int
is_open(const struct rota_unix *un)
{
	return un != NULL && rota__handle_is_open(&un->stream.handle) &&
		un->stream.handle.type == &rota__unix_type;
}

static const struct rota_sys *
sys_of(const struct rota_unix *un)
{
	return un->stream.handle.loop->sys;
}

int
rota_unix_init(struct rota_loop *loop, struct rota_unix *un, unsigned flags)
{
	int r;

	if (loop == NULL || un == NULL ||
		flags & ~(unsigned)ROTA_UNIX_SEQPACKET)
		return -EINVAL;
	r = rota__stream_init(loop, &un->stream, &rota__unix_type);
	if (r == 0)
		set_records(&un->stream, flags & ROTA_UNIX_SEQPACKET);
	return r;
}

int
rota_unix_open(struct rota_unix *un, int fd)
{
	int type = 0;
	int r;

	if (!is_open(un) || !rota__socket_is_free(&un->stream))
		return -EINVAL;
	if (fd < 0)
		return -EBADF;
	r = rota__socket_kind(sys_of(un), fd, &type);
	if (r < 0)
		return r;
	if (r != AF_UNIX)
		return -EAFNOSUPPORT;
	if (type != SOCK_STREAM && type != SOCK_SEQPACKET)
		return -EPROTOTYPE;
	r = rota__socket_take(&un->stream, fd);
	if (r == 0)
		set_records(&un->stream, type == SOCK_SEQPACKET);
	return r;
}

int
rota__unix_make_address(
	const char *name, size_t len, struct rota__unix_address *addr)
{
	size_t room = sizeof(addr->un.sun_path);

	if (name == NULL || len == 0)
		return -EINVAL;
	memset(addr, 0, sizeof(*addr));
	addr->is_abstract = name[0] == '\0';
	if (!addr->is_abstract && memchr(name, '\0', len) != NULL)
		return -EINVAL;
	/* A path is followed by a zero byte. */
	if (len + !addr->is_abstract > room)
		return -ENAMETOOLONG;
	addr->un.sun_family = AF_UNIX;
	memcpy(addr->un.sun_path, name, len);
	addr->len = (socklen_t)(PATH_OFFSET + len + !addr->is_abstract);
	return 0;
}

static int
type_of(const struct rota_unix *un)
{
	return un->stream.handle.state & ROTA__STREAM_RECORDS ? SOCK_SEQPACKET :
								SOCK_STREAM;
}

static int
make_socket(const struct rota_unix *un)
{
	return rota__socket_make(&un->stream, AF_UNIX, type_of(un), 0);
}

int
rota_unix_bind(
	struct rota_unix *un, const char *name, size_t len, unsigned flags)
{
	struct rota__unix_more *more = NULL;
	struct rota__unix_address addr;
	int fd;
	int r;

	if (!is_open(un) || !rota__socket_is_free(&un->stream) ||
		flags & ~(unsigned)(ROTA_UNIX_REPLACE_STALE | ROTA_UNIX_UNLINK))
		return -EINVAL;
	r = rota__unix_make_address(name, len, &addr);
	if (r < 0)
		return r;
	if (flags & ROTA_UNIX_UNLINK) {
		more = rota__unix_more(&un->stream);
		if (more == NULL)
			return -ENOMEM;
	}
	fd = make_socket(un);
	if (fd < 0)
		return fd;
	r = rota__unix_bind(sys_of(un), fd, type_of(un), &addr, flags,
		more == NULL ? NULL : &more->file);
	if (r < 0) {
		(void)sys_of(un)->close(fd);
		return r;
	}
	rota__stream_adopt(&un->stream, fd, ROTA__STREAM_BOUND);
	return 0;
}

int
rota_unix_connect_at(struct rota_unix *un, struct rota_connect *request,
	const char *name, size_t len, rota_connect_fn *fn, const char *place)
{
	struct rota__unix_address addr;
	int r;

	if (!is_open(un) || request == NULL || fn == NULL)
		return -EINVAL;
	r = rota__unix_make_address(name, len, &addr);
	if (r == 0)
		r = rota__socket_can_connect(&un->stream);
	if (r < 0)
		return r;
	if (un->stream.watch.fd < 0) {
		r = make_socket(un);
		if (r < 0)
			return r;
		rota__stream_adopt(&un->stream, r, 0);
	}
	rota__socket_connect(&un->stream, request,
		(const struct sockaddr *)&addr.un, addr.len, fn, place);
	return 0;
}

static int
tell_name(const struct sockaddr_storage *addr, socklen_t len, char *name,
	size_t size_bytes)
{
	char whole[ROTA_UNIX_NAME_BYTES];
	size_t n = rota__unix_name_in(addr, len, whole);

	if (n >= size_bytes)
		return -ENOSPC;
	memcpy(name, whole, n + 1);
	return (int)n;
}

int
rota_unix_local_name(const struct rota_unix *un, char *name, size_t size_bytes)
{
	struct sockaddr_storage addr;
	socklen_t len;
	int r;

	if (!is_open(un) || name == NULL)
		return -EINVAL;
	r = rota__socket_local_address(&un->stream, &addr, &len);
	return r < 0 ? r : tell_name(&addr, len, name, size_bytes);
}

int
rota_unix_peer_name(const struct rota_unix *un, char *name, size_t size_bytes)
{
	struct sockaddr_storage addr;
	socklen_t len;
	int r;

	if (!is_open(un) || name == NULL)
		return -EINVAL;
	r = rota__socket_peer_address(&un->stream, &addr, &len);
	return r < 0 ? r : tell_name(&addr, len, name, size_bytes);
}

int
rota_unix_peer_credentials(const struct rota_unix *un,
	struct rota_unix_credentials *ret_credentials)
{
	struct rota_unix_credentials credentials;
	int r;

	if (!is_open(un) || ret_credentials == NULL)
		return -EINVAL;
	/* Linux would tell of ourselves for a listener. */
	if (!(un->stream.handle.state &
		    (ROTA__STREAM_READABLE | ROTA__STREAM_WRITABLE)))
		return -ENOTCONN;
	memset(&credentials, 0, sizeof(credentials));
	r = sys_of(un)->peer_credentials(un->stream.watch.fd, &credentials);
	if (r < 0)
		return r;
	*ret_credentials = credentials;
	return 0;
}
