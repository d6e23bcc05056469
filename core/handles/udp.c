/* SPDX-License-Identifier: MIT */
/* UDP, see rota/udp.h: the life of the handle and its socket. */
#include "core/handles/udp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/pending.h"
#include "core/queue.h"
#include "rota/tcp.h"

#define DEFAULT_BATCH 64

#define BIND_FLAGS (ROTA_UDP_V6ONLY | ROTA_UDP_REUSEADDR | ROTA_UDP_REUSEPORT)

_Static_assert(offsetof(struct rota_udp, watch) ==
		offsetof(struct rota__watcher, watch),
	"a rota_udp begins as a rota__watcher");
_Static_assert(offsetof(struct rota_udp, pending) ==
		offsetof(struct rota__sender, pending),
	"a rota_udp begins as a rota__sender");

void
rota__udp_watch(struct rota_udp *udp)
{
	unsigned events = 0;

	if (udp->state & ROTA__UDP_RECEIVING)
		events |= ROTA_READABLE;
	if (udp->state & ROTA__UDP_BLOCKED)
		events |= ROTA_WRITABLE;
	if (events == udp->watch.wanted)
		return;
	if (events == 0)
		rota__watch_stop(udp->handle.loop, &udp->watch);
	else
		rota__watch_start(udp->handle.loop, &udp->watch, events);
}

void
rota__udp_drop_socket(struct rota_udp *udp)
{
	if (udp->watch.fd < 0)
		return;
	rota__watch_forget(udp->handle.loop, &udp->watch, 1);
	(void)udp->handle.loop->sys->close(udp->watch.fd);
	udp->watch.fd = -1;
	udp->family = AF_UNSPEC;
	udp->state &= ROTA__UDP_EAGER;
}

static int
close_udp(struct rota_handle *handle)
{
	struct rota_udp *udp = (struct rota_udp *)handle;

	rota__udp_fail_sends(udp, -ECANCELED);
	rota__udp_drop_kept(udp);
	rota__udp_drop_socket(udp);
	rota__udp_drop_file(udp);
	udp->state = 0;
	return 0;
}

static void
tell_udp(struct rota_handle *handle)
{
	struct rota_udp *udp = (struct rota_udp *)handle;

	rota__queue_tell(&udp->sending);
	rota__udp_tell_kept(udp);
}

static void
describe_udp(const struct rota_handle *handle, char *text, size_t size_bytes)
{
	const struct rota_udp *udp = (const struct rota_udp *)handle;
	const char *what = "peer";
	struct sockaddr_storage addr;
	char name[80];
	int r;

	if (udp->watch.fd < 0)
		return;
	r = rota_udp_peer_address(udp, &addr);
	if (r < 0) {
		what = "at";
		r = rota_udp_local_address(udp, &addr);
	}
	if (r == 0)
		r = rota_address_format(
			(struct sockaddr *)&addr, name, sizeof(name));
	if (r == 0)
		(void)snprintf(text, size_bytes, "fd %d, %s %s", udp->watch.fd,
			what, name);
	else
		(void)snprintf(text, size_bytes, "fd %d", udp->watch.fd);
}

/* The kernel refuses to watch: as an error of all that waits for it. */
static void
fail_all(struct rota_udp *udp, int error)
{
	rota__udp_fail_sends(udp, error);
	udp->state &= ~(uint32_t)ROTA__UDP_BLOCKED;
	if (udp->state & ROTA__UDP_RECEIVING)
		rota__udp_fail_receiving(udp, error);
}

static void
udp_ready(struct rota_handle *handle, unsigned ready)
{
	struct rota_udp *udp = (struct rota_udp *)handle;

	if (ready & ROTA_FAILED)
		fail_all(udp, handle->loop->fds.error);
	else if (ready & (ROTA_READABLE | ROTA_HANGUP))
		rota__udp_receive(udp);
	/* Still that of an open handle? A closed one is not blocked. */
	if (ready & ROTA_WRITABLE && udp->state & ROTA__UDP_BLOCKED)
		rota__udp_flush(handle);
}

static int
visit_sends(
	struct rota_handle *handle, rota_request_visit_fn *visit, void *data)
{
	const struct rota_udp *udp = (struct rota_udp *)handle;

	return rota__queue_visit(&udp->sending, visit, data);
}

const struct rota_handle_type rota__udp_type = {
	.name = "udp",
	.size = sizeof(struct rota_udp),
	.close = close_udp,
	.finish = tell_udp,
	.describe = describe_udp,
	.ready = udp_ready,
	.requests = visit_sends,
	.flush = rota__udp_flush,
	.tell = tell_udp,
};

int
rota_udp_init(struct rota_loop *loop, struct rota_udp *udp)
{
	if (loop == NULL || udp == NULL)
		return -EINVAL;
	rota__watch_bind(&udp->watch, -1);
	udp->state = 0;
	udp->family = AF_UNSPEC;
	udp->buffer = NULL;
	udp->receive = NULL;
	udp->tell_error = NULL;
	udp->unused.iov_base = NULL;
	udp->unused.iov_len = 0;
	udp->kept = NULL;
	udp->datagram_bytes = ROTA_DATAGRAM_BYTES;
	udp->batch = DEFAULT_BATCH;
	rota__queue_init(&udp->sending);
	udp->queued_bytes = 0;
	udp->n_queued = 0;
	udp->file = NULL;
	udp->spare = NULL;
	rota__handle_init(loop, &udp->handle, &rota__udp_type);
	rota__sender_init(rota__udp_sender(udp));
	return 0;
}

void
rota__udp_adopt(struct rota_udp *udp, int fd, int family, uint32_t state)
{
	rota__watch_bind(&udp->watch, fd);
	udp->family = family;
	udp->state |= state;
}

/* Finds out of a socket of the program what rota_udp_open() must know. */
static int
inspect(const struct rota_sys *sys, int fd, int *ret_family)
{
	union rota__address addr;
	socklen_t len = sizeof(int);
	int type = 0;
	int r = sys->getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);

	if (r < 0)
		return r;
	if (type != SOCK_DGRAM)
		return -EPROTOTYPE;
	memset(&addr, 0, sizeof(addr));
	len = sizeof(addr);
	r = sys->getsockname(fd, &addr.any, &len);
	if (r < 0)
		return r;
	if (rota__address_length(&addr.any) == 0 &&
		addr.any.sa_family != AF_UNIX)
		return -EAFNOSUPPORT;
	*ret_family = addr.any.sa_family;
	len = sizeof(addr);
	return sys->getpeername(fd, &addr.any, &len) == 0;
}

int
rota_udp_open(struct rota_udp *udp, int fd)
{
	const struct rota_sys *sys;
	int family = AF_UNSPEC;
	int is_connected;
	int r;

	if (!rota__udp_is_open(udp) || udp->watch.fd >= 0)
		return -EINVAL;
	if (fd < 0)
		return -EBADF;
	sys = udp->handle.loop->sys;
	is_connected = inspect(sys, fd, &family);
	if (is_connected < 0)
		return is_connected;
	r = rota__fds_reserve(udp->handle.loop, fd);
	if (r == 0)
		r = sys->prepare_fd(fd);
	if (r < 0)
		return r;
	/* An error queue that nobody reads would keep the socket ready. */
	if (family != AF_UNIX)
		(void)rota__errors_ask(sys, fd, family, 0);
	rota__udp_adopt(
		udp, fd, family, is_connected ? ROTA__UDP_CONNECTED : 0);
	return 0;
}

static int
switch_on(const struct rota_sys *sys, int fd, int level, int option, int on)
{
	return sys->setsockopt(fd, level, option, &on, sizeof(on));
}

/* Some systems have no IPv6 sockets that take IPv4; that is no error. */
static int
set_v6only(const struct rota_sys *sys, int fd, int on)
{
	int r = switch_on(sys, fd, IPPROTO_IPV6, IPV6_V6ONLY, on);

	return on ? r : 0;
}

static int
bind_socket(const struct rota_sys *sys, int fd, const struct sockaddr *addr,
	unsigned flags)
{
	int r = 0;

	if (flags & ROTA_UDP_REUSEADDR)
		r = switch_on(sys, fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r == 0 && flags & ROTA_UDP_REUSEPORT)
		r = rota__control_set(sys, fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (r == 0 && addr->sa_family == AF_INET6)
		r = set_v6only(sys, fd, (flags & ROTA_UDP_V6ONLY) != 0);
	if (r == 0)
		r = sys->bind(fd, addr, rota__address_length(addr));
	return r;
}

/* Gives a handle without a socket a bound one. */
static int
make_socket(struct rota_udp *udp, const struct sockaddr *addr, unsigned flags)
{
	const struct rota_sys *sys = udp->handle.loop->sys;
	int fd = sys->socket(addr->sa_family, SOCK_DGRAM, IPPROTO_UDP);
	int r;

	if (fd < 0)
		return fd;
	r = rota__fds_reserve(udp->handle.loop, fd);
	if (r == 0)
		r = bind_socket(sys, fd, addr, flags);
	if (r < 0) {
		(void)sys->close(fd);
		return r;
	}
	rota__udp_adopt(udp, fd, addr->sa_family, 0);
	return 0;
}

int
rota__udp_need_socket(struct rota_udp *udp, const struct sockaddr *addr)
{
	union rota__address any;

	if (rota__address_length(addr) == 0)
		return -EAFNOSUPPORT;
	if (udp->watch.fd >= 0)
		return addr->sa_family == udp->family ? 0 : -EAFNOSUPPORT;
	memset(&any, 0, sizeof(any));
	any.any.sa_family = addr->sa_family;
	return make_socket(udp, &any.any, 0);
}

int
rota_udp_bind(struct rota_udp *udp, const struct sockaddr *addr, unsigned flags)
{
	if (!rota__udp_is_open(udp) || addr == NULL ||
		flags & ~(unsigned)BIND_FLAGS || udp->watch.fd >= 0)
		return -EINVAL;
	if (rota__address_length(addr) == 0)
		return -EAFNOSUPPORT;
	return make_socket(udp, addr, flags);
}

int
rota__udp_end_sends(struct rota_udp *udp)
{
	if (udp->sending.unsent == NULL)
		return 0;
	if (!(udp->state & ROTA__UDP_BLOCKED))
		rota__udp_flush(&udp->handle);
	return udp->sending.unsent == NULL ? 0 : -EBUSY;
}

int
rota_udp_connect(struct rota_udp *udp, const struct sockaddr *addr)
{
	int is_new;
	int r;

	if (!rota__udp_is_open(udp) || addr == NULL)
		return -EINVAL;
	r = rota__udp_end_sends(udp);
	if (r < 0)
		return r;
	is_new = udp->watch.fd < 0;
	r = rota__udp_need_socket(udp, addr);
	if (r < 0)
		return r;
	r = udp->handle.loop->sys->connect(
		udp->watch.fd, addr, rota__address_length(addr));
	if (r == 0)
		udp->state |= ROTA__UDP_CONNECTED;
	else if (is_new)
		rota__udp_drop_socket(udp);
	return r;
}

/* The BSDs disconnect and say that they do not know the family. */
int
rota_udp_disconnect(struct rota_udp *udp)
{
	union rota__address addr;
	const struct rota_sys *sys;
	socklen_t len = sizeof(addr);
	int r;

	if (!rota__udp_is_open(udp))
		return -EINVAL;
	if (!(udp->state & ROTA__UDP_CONNECTED))
		return -ENOTCONN;
	r = rota__udp_end_sends(udp);
	if (r < 0)
		return r;
	sys = udp->handle.loop->sys;
	memset(&addr, 0, sizeof(addr));
	addr.any.sa_family = AF_UNSPEC;
	r = sys->connect(udp->watch.fd, &addr.any, sizeof(addr.v4));
	if (r < 0 && sys->getpeername(udp->watch.fd, &addr.any, &len) == 0)
		return r;
	udp->state &= ~(uint32_t)ROTA__UDP_CONNECTED;
	return 0;
}

static int
get_address(const struct rota_udp *udp,
	int (*get)(int, struct sockaddr *, socklen_t *),
	struct sockaddr_storage *ret_addr)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int r;

	memset(&addr, 0, sizeof(addr));
	r = get(udp->watch.fd, (struct sockaddr *)&addr, &len);
	if (r < 0)
		return r;
	*ret_addr = addr;
	return 0;
}

int
rota_udp_local_address(
	const struct rota_udp *udp, struct sockaddr_storage *ret_addr)
{
	if (!rota__udp_is_open(udp) || ret_addr == NULL)
		return -EINVAL;
	if (udp->watch.fd < 0)
		return -ENOTCONN;
	return get_address(udp, udp->handle.loop->sys->getsockname, ret_addr);
}

int
rota_udp_peer_address(
	const struct rota_udp *udp, struct sockaddr_storage *ret_addr)
{
	if (!rota__udp_is_open(udp) || ret_addr == NULL)
		return -EINVAL;
	if (udp->watch.fd < 0)
		return -ENOTCONN;
	return get_address(udp, udp->handle.loop->sys->getpeername, ret_addr);
}

int
rota_udp_fd(const struct rota_udp *udp)
{
	return rota__udp_is_open(udp) ? udp->watch.fd : -1;
}
