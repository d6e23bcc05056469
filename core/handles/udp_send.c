/* SPDX-License-Identifier: MIT */
/* Sending datagrams: a queue that goes out in bursts. */
#include <errno.h>
#include <limits.h>
#include <netinet/udp.h>
#include <string.h>

#include "core/handles/udp.h"
#include "core/pending.h"
#include "core/queue.h"
#include "core/request.h"
#include "core/turn.h"

/* Datagrams of one system call. */
#define BURST 32

/* The longest that the header of a datagram can tell. */
#define MAX_SEGMENT_BYTES 65535

_Static_assert(sizeof(struct sockaddr_un) <=
		sizeof(((struct rota_unix_send *)NULL)->name),
	"a rota_unix_send has room for a name");
_Static_assert(
	sizeof(union rota__address) <= sizeof(((struct rota_send *)NULL)->peer),
	"a rota_send has room for an address");

/* macOS: sendmsg(2) refuses a message of no buffers, with EMSGSIZE. */
static const struct iovec no_bytes;

/* What one call sends. */
struct burst {
	struct rota__message messages[BURST];
	struct rota__control controls[BURST];
};

static int cancel(struct rota_request *request, int status);

static void
tell_send(struct rota_request *request, int status)
{
	struct rota_send *send = (struct rota_send *)request;

	send->fn(send, status);
}

/* A struct rota_unix_send. */
static const struct rota_request_type named_type = {
	.name = "send",
	.size = sizeof(struct rota_unix_send),
	.cancel = cancel,
	.tell = tell_send,
};

static const struct rota_request_type send_type = {
	.name = "send",
	.size = sizeof(struct rota_send),
	.cancel = cancel,
	.tell = tell_send,
};

/* It is sent, or will never be. */
static void
count_out(struct rota_udp *udp, const struct rota_request *request)
{
	udp->queued_bytes -= ((const struct rota_send *)request)->n_bytes;
	udp->n_queued--;
}

/* The first unsent request has ended. */
static void
decide_first(struct rota_udp *udp, int status)
{
	struct rota_request *request = rota__queue_pass(&udp->sending);

	count_out(udp, request);
	rota__request_decide(request, status);
	rota__pending_add(rota__udp_sender(udp));
}

void
rota__udp_fail_sends(struct rota_udp *udp, int error)
{
	while (udp->sending.unsent != NULL)
		decide_first(udp, error);
}

/* The control messages of a send; most have none. */
static void
write_control(const struct rota_udp *udp, const struct rota_send *send,
	struct rota__control *control)
{
	struct rota__details details;

	control->n_bytes = 0;
	if (!send->has_ecn && !send->has_local && send->interface == 0 &&
		send->segment_bytes == 0)
		return;
	memset(&details, 0, sizeof(details));
	if (send->has_local)
		memcpy(&details.local, send->local, sizeof(details.local));
	details.interface = send->interface;
	details.ecn = send->ecn;
	details.has_ecn = send->has_ecn;
	details.segment_bytes = send->segment_bytes;
	rota__control_write(control, udp->family, &details);
}

static void *
peer_of(const struct rota_send *send)
{
	const void *peer = send->is_named ?
		(const void *)((const struct rota_unix_send *)send)->name :
		send->peer;

	return (void *)(uintptr_t)peer;
}

static void
write_message(const struct rota_udp *udp, const struct rota_send *send,
	struct rota__control *control, struct msghdr *header)
{
	/* sendmsg(2) only reads all this, its struct lacks the const. */
	*header = (struct msghdr){
		.msg_iov = (struct iovec *)(uintptr_t)send->buffers,
		.msg_iovlen = send->n_buffers,
	};
	if (send->peer_bytes > 0) {
		header->msg_name = peer_of(send);
		header->msg_namelen = send->peer_bytes;
	}
	write_control(udp, send, control);
	if (control->n_bytes > 0) {
		header->msg_control = control->is.bytes;
		header->msg_controllen = (socklen_t)control->n_bytes;
	}
}

static unsigned
fill(const struct rota_udp *udp, struct burst *burst)
{
	const struct rota_request *request = udp->sending.unsent;
	unsigned n = 0;

	for (; n < BURST && request != NULL;
		request = rota__queue_next(&udp->sending, request)) {
		write_message(udp, (const struct rota_send *)request,
			&burst->controls[n], &burst->messages[n].header);
		n++;
	}
	return n;
}

/*
 * Is the kernel full? Not if a receiver with a name is: no wait would tell
 * when he takes more.
 */
static int
is_full(const struct rota_udp *udp, ssize_t r)
{
	const struct rota_request *first = udp->sending.unsent;

	return (r == -EAGAIN || r == -EWOULDBLOCK) &&
		first->type != &named_type;
}

/* Sends one call's worth. Returns 1 to go on, 0 if the kernel is full. */
static int
send_some(struct rota_udp *udp)
{
	const struct rota_sys *sys = udp->handle.loop->sys;
	struct burst burst;
	unsigned n = fill(udp, &burst);
	ssize_t r;

	if (n > 1)
		r = sys->sendmmsg(udp->watch.fd, burst.messages, n);
	else
		r = sys->sendmsg(udp->watch.fd, &burst.messages[0].header);
	if (is_full(udp, r))
		return 0;
	if (r < 0 || n == 1) {
		decide_first(udp, r < 0 ? (int)r : 0);
		return 1;
	}
	for (; r > 0; r--)
		decide_first(udp, 0);
	return 1;
}

void
rota__udp_flush(struct rota_handle *handle)
{
	struct rota_udp *udp = (struct rota_udp *)handle;

	while (udp->sending.unsent != NULL && send_some(udp)) {
	}
	if (udp->sending.unsent != NULL)
		udp->state |= ROTA__UDP_BLOCKED;
	else
		udp->state &= ~(uint32_t)ROTA__UDP_BLOCKED;
	rota__udp_watch(udp);
}

/* Sends now, or when the callback in progress ends, or when there is room. */
static void
send_soon(struct rota_udp *udp)
{
	if (udp->state & ROTA__UDP_BLOCKED)
		return;
	if (udp->handle.loop->state == ROTA__LOOP_RUNS &&
		!(udp->state & ROTA__UDP_EAGER))
		rota__gather(rota__udp_sender(udp));
	else
		rota__udp_flush(&udp->handle);
}

static int
cancel(struct rota_request *request, int status)
{
	struct rota_udp *udp = (struct rota_udp *)request->owner;

	rota__queue_take_out(&udp->sending, request);
	count_out(udp, request);
	rota__request_decide(request, status);
	rota__pending_add(rota__udp_sender(udp));
	if (udp->sending.unsent == NULL)
		udp->state &= ~(uint32_t)ROTA__UDP_BLOCKED;
	rota__udp_watch(udp);
	return 0;
}

static int
sum_bytes(const struct iovec *buffers, unsigned n, size_t *ret_bytes)
{
	size_t sum = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		if (buffers[i].iov_len > (size_t)SSIZE_MAX - sum)
			return -EINVAL;
		sum += buffers[i].iov_len;
	}
	*ret_bytes = sum;
	return 0;
}

static int
check_options(const struct rota_send_options *options)
{
	if (options->size != sizeof(*options) ||
		options->ecn > ROTA_ECN_CONGESTED ||
		options->segment_bytes > MAX_SEGMENT_BYTES)
		return -EINVAL;
	return 0;
}

/* An old kernel would send the bytes uncut, so it must be asked. */
static int
check_segments(struct rota_udp *udp)
{
	int name = UDP_SEGMENT;
	int value = 0;
	socklen_t len = sizeof(value);

	if (!(udp->state & ROTA__UDP_SEGMENTS_ASKED)) {
		udp->state |= ROTA__UDP_SEGMENTS_ASKED;
		if (name != -1 &&
			udp->handle.loop->sys->getsockopt(udp->watch.fd,
				IPPROTO_UDP, name, &value, &len) == 0)
			udp->state |= ROTA__UDP_SEGMENTS;
	}
	return udp->state & ROTA__UDP_SEGMENTS ? 0 : -ENOTSUP;
}

static int
put_options(struct rota_udp *udp, struct rota_send *send,
	const struct rota_send_options *options)
{
	int r = 0;

	if (udp->family == AF_UNIX)
		return -ENOTSUP;
	if (options->segment_bytes != 0)
		r = check_segments(udp);
	if (r == 0)
		r = rota__control_can_write(udp->family, options->local != NULL,
			options->interface);
	if (r < 0)
		return r;
	if (options->local != NULL) {
		if (options->local->sa_family != udp->family)
			return -EAFNOSUPPORT;
		memcpy(send->local, options->local,
			rota__address_length(options->local));
		send->has_local = 1;
	}
	send->has_ecn = options->has_ecn != 0;
	send->ecn = (uint8_t)options->ecn;
	send->interface = options->interface;
	send->segment_bytes = options->segment_bytes;
	return 0;
}

/* Finds the socket to send with, and whom to. */
static int
put_peer(struct rota_udp *udp, struct rota_send *send,
	const struct sockaddr *addr)
{
	int r;

	send->peer_bytes = 0;
	if (addr == NULL)
		return udp->state & ROTA__UDP_CONNECTED ? 0 : -EDESTADDRREQ;
	if (udp->state & ROTA__UDP_CONNECTED)
		return -EISCONN;
	r = rota__udp_need_socket(udp, addr);
	if (r < 0)
		return r;
	send->peer_bytes = rota__address_length(addr);
	memcpy(send->peer, addr, send->peer_bytes);
	return 0;
}

int
rota__udp_prepare_send(
	struct rota_send *send, const struct iovec *buffers, unsigned n)
{
	if (n > 0 && buffers == NULL)
		return -EINVAL;
	if (n == 0) {
		buffers = &no_bytes;
		n = 1;
	}
	send->buffers = buffers;
	send->n_buffers = n;
	send->has_ecn = 0;
	send->has_local = 0;
	send->is_named = 0;
	send->interface = 0;
	send->segment_bytes = 0;
	return sum_bytes(buffers, n, &send->n_bytes);
}

/* Writes all that a send needs but its request. */
static int
prepare(struct rota_udp *udp, struct rota_send *send,
	const struct iovec *buffers, unsigned n, const struct sockaddr *addr,
	const struct rota_send_options *options)
{
	int is_new = udp->watch.fd < 0;
	int r = options == NULL ? 0 : check_options(options);

	if (r == 0)
		r = rota__udp_prepare_send(send, buffers, n);
	if (r < 0)
		return r;
	r = put_peer(udp, send, addr);
	if (r == 0 && options != NULL)
		r = put_options(udp, send, options);
	if (r < 0 && is_new)
		rota__udp_drop_socket(udp);
	return r;
}

void
rota__udp_queue_send(struct rota_udp *udp, struct rota_send *request,
	rota_send_fn *fn, const char *place)
{
	unsigned n = request->n_buffers;

	if (n > 0 && n <= ROTA_SEND_INLINE) {
		memcpy(request->inline_buffers, request->buffers,
			n * sizeof(*request->buffers));
		request->buffers = request->inline_buffers;
	}
	request->fn = fn;
	(void)rota_request_begin(&udp->handle, &request->request,
		request->is_named ? &named_type : &send_type, place);
	rota__queue_append(&udp->sending, &request->request);
	udp->queued_bytes += request->n_bytes;
	udp->n_queued++;
	send_soon(udp);
}

int
rota_udp_send_with_at(struct rota_udp *udp, struct rota_send *request,
	const struct iovec *buffers, unsigned n, const struct sockaddr *addr,
	const struct rota_send_options *options, rota_send_fn *fn,
	const char *place)
{
	int r;

	if (!rota__udp_is_open(udp) || request == NULL || fn == NULL)
		return -EINVAL;
	r = prepare(udp, request, buffers, n, addr, options);
	if (r < 0)
		return r;
	rota__udp_queue_send(udp, request, fn, place);
	return 0;
}

int
rota_udp_send_at(struct rota_udp *udp, struct rota_send *request,
	const struct iovec *buffers, unsigned n, const struct sockaddr *addr,
	rota_send_fn *fn, const char *place)
{
	return rota_udp_send_with_at(
		udp, request, buffers, n, addr, NULL, fn, place);
}

ssize_t
rota__udp_try_send(struct rota_udp *udp, const struct rota_send *send)
{
	struct rota__control control;
	struct msghdr header;
	ssize_t r;

	if (udp->sending.unsent != NULL)
		return -EAGAIN;
	write_message(udp, send, &control, &header);
	r = udp->handle.loop->sys->sendmsg(udp->watch.fd, &header);
	return r == -EWOULDBLOCK ? -EAGAIN : r;
}

ssize_t
rota_udp_try_send(struct rota_udp *udp, const struct iovec *buffers, unsigned n,
	const struct sockaddr *addr, const struct rota_send_options *options)
{
	struct rota_send send;
	int r;

	if (!rota__udp_is_open(udp))
		return -EINVAL;
	r = prepare(udp, &send, buffers, n, addr, options);
	return r < 0 ? r : rota__udp_try_send(udp, &send);
}

int
rota_udp_set_gather(struct rota_udp *udp, int on)
{
	if (!rota__udp_is_open(udp))
		return -EINVAL;
	if (on)
		udp->state &= ~(uint32_t)ROTA__UDP_EAGER;
	else
		udp->state |= ROTA__UDP_EAGER;
	return 0;
}

size_t
rota_udp_queued_bytes(const struct rota_udp *udp)
{
	return rota__udp_is_open(udp) ? udp->queued_bytes : 0;
}

size_t
rota_udp_queued_count(const struct rota_udp *udp)
{
	return rota__udp_is_open(udp) ? udp->n_queued : 0;
}
