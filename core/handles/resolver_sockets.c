/* SPDX-License-Identifier: MIT */
/*
 * The sockets of c-ares, see resolver.h: opened, watched and closed as all
 * others are. Room to watch one is made when it is opened, which may fail;
 * the wish to watch it may not.
 */
#include <ares.h>
#include <errno.h>
#include <string.h>

#include "core/handles/resolver.h"
#include "core/ring.h"

/* Begins as a rota__watcher. */
struct channel_socket {
	struct rota_handle handle;
	struct rota_watch watch;
	struct rota_link link;
	struct rota__resolver *inside;
};

_Static_assert(offsetof(struct channel_socket, watch) ==
		offsetof(struct rota__watcher, watch),
	"a channel_socket begins as a rota__watcher");

/* c-ares asks errno. */
static int
tell(ssize_t r)
{
	if (r >= 0)
		return (int)r;
	errno = (int)-r;
	return -1;
}

static struct channel_socket *
find(struct rota__resolver *inside, int fd)
{
	struct rota_link *link = inside->sockets.next;

	for (; link != &inside->sockets; link = link->next) {
		struct channel_socket *at =
			ROTA__CONTAINER(link, struct channel_socket, link);

		if (at->watch.fd == fd)
			return at;
	}
	return NULL;
}

/* It may close this one meanwhile. */
static void
socket_ready(struct rota_handle *handle, unsigned ready)
{
	struct channel_socket *at = (struct channel_socket *)handle;
	struct rota__resolver *inside = at->inside;
	int fd = at->watch.fd;

	/* Not watched any more: c-ares finds out by its alarm. */
	if (!(ready & ROTA_FAILED))
		ares_process_fd(inside->channel,
			ready & (ROTA_READABLE | ROTA_HANGUP) ? fd :
								ARES_SOCKET_BAD,
			ready & ROTA_WRITABLE ? fd : ARES_SOCKET_BAD);
	rota__resolver_set_alarm(inside);
}

static const struct rota_handle_type socket_type = {
	.name = "resolver's socket",
	.size = sizeof(struct channel_socket),
	.ready = socket_ready,
};

static int
keep(struct rota__resolver *inside, int fd)
{
	struct rota_loop *loop = inside->handle->handle.loop;
	struct channel_socket *at;
	int r = rota__fds_reserve(loop, fd);

	if (r < 0)
		return r;
	at = rota__realloc(&loop->memory, NULL, sizeof(*at));
	if (at == NULL)
		return -ENOMEM;
	rota__handle_init_internal(loop, &at->handle, &socket_type);
	rota__watch_bind(&at->watch, fd);
	at->inside = inside;
	rota__ring_append(&inside->sockets, &at->link);
	return fd;
}

static ares_socket_t
open_socket(int family, int type, int protocol, void *resolver)
{
	struct rota__resolver *inside = resolver;
	const struct rota_sys *sys = inside->handle->handle.loop->sys;
	int fd = sys->socket(family, type, protocol);
	int r;

	if (fd < 0)
		return tell(fd);
	r = keep(inside, fd);
	if (r < 0)
		(void)sys->close(fd);
	return tell(r);
}

static int
close_socket(ares_socket_t fd, void *resolver)
{
	struct rota__resolver *inside = resolver;
	struct rota_loop *loop = inside->handle->handle.loop;
	struct channel_socket *at = find(inside, fd);

	if (at == NULL)
		return tell(-EBADF);
	rota__watch_forget(loop, &at->watch, 1);
	rota__ring_remove(&at->link);
	rota__free(&loop->memory, at);
	return tell(loop->sys->close(fd));
}

static int
connect_socket(ares_socket_t fd, const struct sockaddr *addr,
	ares_socklen_t len, void *resolver)
{
	struct rota__resolver *inside = resolver;

	return tell(inside->handle->handle.loop->sys->connect(fd, addr, len));
}

static ares_ssize_t
receive(ares_socket_t fd, void *bytes, size_t n, int flags,
	struct sockaddr *addr, ares_socklen_t *len, void *resolver)
{
	struct rota__resolver *inside = resolver;
	struct iovec buffer = { bytes, n };
	struct msghdr message;
	ssize_t r;

	memset(&message, 0, sizeof(message));
	message.msg_iov = &buffer;
	message.msg_iovlen = 1;
	message.msg_name = addr;
	message.msg_namelen = len != NULL ? *len : 0;
	r = inside->handle->handle.loop->sys->recvmsg(fd, &message, flags);
	if (r >= 0 && len != NULL)
		*len = message.msg_namelen;
	return tell(r);
}

static ares_ssize_t
send_buffers(
	ares_socket_t fd, const struct iovec *buffers, int n, void *resolver)
{
	struct rota__resolver *inside = resolver;

	return tell(inside->handle->handle.loop->sys->send(
		fd, buffers, (unsigned)n));
}

void
rota__resolver_take_sockets(struct rota__resolver *inside)
{
	static const struct ares_socket_functions functions = {
		.asocket = open_socket,
		.aclose = close_socket,
		.aconnect = connect_socket,
		.arecvfrom = receive,
		.asendv = send_buffers,
	};

	ares_set_socket_functions(inside->channel, &functions, inside);
}

void
rota__resolver_watch(void *resolver, int fd, int is_reading, int is_writing)
{
	struct rota__resolver *inside = resolver;
	struct rota_loop *loop = inside->handle->handle.loop;
	struct channel_socket *at = find(inside, fd);
	unsigned events = (is_reading ? ROTA_READABLE : 0u) |
		(is_writing ? ROTA_WRITABLE : 0u);

	if (at == NULL)
		return;
	if (events == 0)
		rota__watch_stop(loop, &at->watch);
	else
		rota__watch_start(loop, &at->watch, events);
}
