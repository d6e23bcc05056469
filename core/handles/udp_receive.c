/* SPDX-License-Identifier: MIT */
/* Receiving datagrams: by batches from the kernel, one by one to the user. */
#include <errno.h>
#include <string.h>

#include "core/handles/udp.h"
#include "core/handles/unix.h"
#include "core/pending.h"
#include "core/turn.h"

#define MAX_BATCH 65536

static void
end_receiving(struct rota_udp *udp)
{
	udp->state &= ~(uint32_t)ROTA__UDP_RECEIVING;
	rota__handle_deactivate(&udp->handle);
	rota__udp_watch(udp);
}

static void
call_receive(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	struct rota_loop *loop = udp->handle.loop;

	rota__before_callback(loop, "udp", udp->handle.place, &udp->handle);
	udp->receive(udp, n, data, datagram);
	rota__after_callback(loop);
}

void
rota__udp_fail_receiving(struct rota_udp *udp, int error)
{
	end_receiving(udp);
	call_receive(udp, error, NULL, NULL);
}

/* The batch *********************************************************/

/* Takes the loop's batch away: it is ours until all of it is told. */
static struct rota__batch *
take_batch(struct rota_loop *loop)
{
	struct rota__batch *batch = loop->batch;

	loop->batch = NULL;
	if (batch != NULL)
		return batch;
	batch = rota__realloc(&loop->memory, NULL, sizeof(*batch));
	loop->n_batches += batch != NULL;
	return batch;
}

static void
give_batch_back(struct rota_loop *loop, struct rota__batch *batch)
{
	if (loop->batch == NULL) {
		loop->batch = batch;
		return;
	}
	loop->n_batches--;
	rota__free(&loop->memory, batch);
}

/*
 * Makes the first batch. Where there is one it may be in use; it comes back,
 * or a handle keeps it and receiving makes another.
 */
static int
need_batch(struct rota_loop *loop)
{
	struct rota__batch *batch;

	if (loop->n_batches > 0)
		return 0;
	batch = take_batch(loop);
	if (batch == NULL)
		return -ENOMEM;
	give_batch_back(loop, batch);
	return 0;
}

/* Out of line: most datagrams bring none. */
__attribute__((noinline)) static void
take_details(const struct msghdr *header, struct rota_datagram *datagram,
	union rota__address *local)
{
	struct rota__details details;

	rota__control_read(header, &details);
	if (details.local.any.sa_family != AF_UNSPEC) {
		*local = details.local;
		datagram->local = &local->any;
	}
	datagram->interface = details.interface;
	datagram->segment_bytes = details.segment_bytes;
	datagram->ecn = details.ecn;
	if (details.has_ecn)
		datagram->flags |= ROTA_DATAGRAM_HAS_ECN;
}

static void
tell_one(struct rota_udp *udp, struct rota__batch *batch, unsigned i)
{
	const struct rota__message *message = &batch->messages[i];
	char name[ROTA_UNIX_NAME_BYTES];
	union rota__address local;
	struct rota_datagram datagram = {
		.peer = &batch->peers[i].ip.any,
		.flags = i + 1 == batch->n ? ROTA_DATAGRAM_LAST : 0,
	};

	if (message->header.msg_controllen > 0)
		take_details(&message->header, &datagram, &local);
	if (message->header.msg_flags & MSG_TRUNC)
		datagram.flags |= ROTA_DATAGRAM_TRUNCATED;
	if (udp->family == AF_UNIX) {
		datagram.peer = NULL;
		datagram.name = name;
		datagram.name_bytes = rota__unix_name_in(
			&batch->peers[i].un, message->header.msg_namelen, name);
	}
	call_receive(udp, (ssize_t)message->n_bytes, batch->pieces[i].iov_base,
		&datagram);
}

/*
 * Tells of the batch as long as the user wants to hear. A closed handle drops
 * the rest; a stopped one keeps it.
 */
static void
tell_batch(struct rota_udp *udp, struct rota__batch *batch)
{
	while (batch->next < batch->n && udp->state & ROTA__UDP_RECEIVING)
		tell_one(udp, batch, batch->next++);
	if (batch->next < batch->n && rota__handle_is_open(&udp->handle))
		udp->kept = batch;
	else
		give_batch_back(udp->handle.loop, batch);
}

void
rota__udp_tell_kept(struct rota_udp *udp)
{
	struct rota__batch *batch = udp->kept;

	if (batch == NULL || !(udp->state & ROTA__UDP_RECEIVING))
		return;
	udp->kept = NULL;
	tell_batch(udp, batch);
}

void
rota__udp_drop_kept(struct rota_udp *udp)
{
	if (udp->kept != NULL)
		give_batch_back(udp->handle.loop, udp->kept);
	udp->kept = NULL;
}

/* Asking the kernel *************************************************/

/* Makes piece i of the batch `n_bytes` of memory, ready to be filled. */
static void
prepare_piece(const struct rota_udp *udp, struct rota__batch *batch, unsigned i,
	void *memory, size_t n_bytes)
{
	struct msghdr *header = &batch->messages[i].header;

	batch->pieces[i].iov_base = memory;
	batch->pieces[i].iov_len = n_bytes;
	memset(header, 0, sizeof(*header));
	header->msg_name = &batch->peers[i];
	header->msg_namelen = sizeof(batch->peers[i]);
	header->msg_iov = &batch->pieces[i];
	header->msg_iovlen = 1;
	/* Without room the kernel closes descriptors that nobody asked for. */
	if (udp->family == AF_UNIX)
		return;
	header->msg_control = batch->controls[i].is.bytes;
	header->msg_controllen = sizeof(batch->controls[i].is);
}

/* Cuts memory into at most n pieces; returns how many. */
static unsigned
cut(const struct rota_udp *udp, struct rota__batch *batch,
	const struct iovec *memory, unsigned n)
{
	size_t piece = udp->datagram_bytes;
	char *at = memory->iov_base;
	unsigned i;

	if (memory->iov_len < piece)
		piece = memory->iov_len;
	if (n > ROTA__BATCH_MESSAGES)
		n = ROTA__BATCH_MESSAGES;
	if (n > memory->iov_len / piece)
		n = (unsigned)(memory->iov_len / piece);
	for (i = 0; i < n; i++)
		prepare_piece(udp, batch, i, at + i * piece, piece);
	return n;
}

static void
ask_for_buffer(struct rota_udp *udp)
{
	struct rota_loop *loop = udp->handle.loop;
	struct iovec given = { NULL, 0 };

	rota__before_callback(loop, "udp", udp->handle.place, &udp->handle);
	udp->buffer(udp, &given);
	if (given.iov_base != NULL)
		udp->unused = given;
	rota__after_callback(loop);
}

/*
 * Finds memory: the loop's, or the caller's. Returns 0 if there is none, and
 * then receiving has ended.
 */
static int
find_memory(struct rota_udp *udp, struct rota__batch *batch,
	struct iovec *ret_memory)
{
	if (udp->buffer == NULL && udp->unused.iov_len == 0) {
		ret_memory->iov_base = batch->bytes;
		ret_memory->iov_len = sizeof(batch->bytes);
		return 1;
	}
	if (udp->unused.iov_len == 0) {
		ask_for_buffer(udp);
		if (!(udp->state & ROTA__UDP_RECEIVING))
			return 0;
	}
	if (udp->unused.iov_len == 0) {
		rota__udp_fail_receiving(udp, -ENOBUFS);
		return 0;
	}
	*ret_memory = udp->unused;
	return 1;
}

/* Receives up to n datagrams. Returns how many, or a negative errno. */
static int
fill(struct rota_udp *udp, struct rota__batch *batch, unsigned n)
{
	const struct rota_sys *sys = udp->handle.loop->sys;
	ssize_t n_bytes;

	if (n > 1)
		return sys->recvmmsg(udp->watch.fd, batch->messages, n);
	n_bytes = sys->recvmsg(udp->watch.fd, &batch->messages[0].header, 0);
	if (n_bytes < 0)
		return (int)n_bytes;
	batch->messages[0].n_bytes = (size_t)n_bytes;
	return 1;
}

/* Tells what the error queue has; returns how many errors that were. */
static unsigned
tell_errors(struct rota_udp *udp)
{
	struct rota_loop *loop = udp->handle.loop;
	struct rota__control_error from;
	struct rota_datagram_error error;
	unsigned n = 0;

	while (n < udp->batch && udp->tell_error != NULL &&
		udp->state & ROTA__UDP_RECEIVING &&
		rota__errors_take(loop->sys, udp->watch.fd, &from) > 0) {
		memset(&error, 0, sizeof(error));
		error.error = from.error;
		error.type = from.type;
		error.code = from.code;
		error.info = from.info;
		if (from.peer.any.sa_family != AF_UNSPEC)
			error.peer = &from.peer.any;
		if (from.reporter.any.sa_family != AF_UNSPEC)
			error.reporter = &from.reporter.any;
		rota__before_callback(
			loop, "udp", udp->handle.place, &udp->handle);
		udp->tell_error(udp, &error);
		rota__after_callback(loop);
		n++;
	}
	return n;
}

/* Errors that will not go away, of the socket or of ours. */
static int
is_lasting(int error)
{
	return error == -EBADF || error == -ENOTSOCK || error == -EINVAL ||
		error == -EFAULT;
}

/* What goes to the error queue is told as that, also if it comes just now. */
static void
fail_once(struct rota_udp *udp, int error)
{
	if (error == -EAGAIN || error == -EWOULDBLOCK)
		return;
	if (is_lasting(error))
		rota__udp_fail_receiving(udp, error);
	else if (udp->tell_error == NULL || tell_errors(udp) == 0)
		call_receive(udp, error, NULL, NULL);
}

/* One call's worth, at most n. Returns how many more may be there. */
static unsigned
receive_some(struct rota_udp *udp, unsigned n)
{
	struct rota__batch *batch = take_batch(udp->handle.loop);
	struct iovec memory;
	unsigned n_pieces;
	int r;

	if (batch == NULL) {
		rota__udp_fail_receiving(udp, -ENOMEM);
		return 0;
	}
	if (!find_memory(udp, batch, &memory)) {
		give_batch_back(udp->handle.loop, batch);
		return 0;
	}
	n_pieces = cut(udp, batch, &memory, n);
	r = fill(udp, batch, n_pieces);
	if (r < 0) {
		give_batch_back(udp->handle.loop, batch);
		fail_once(udp, r);
		return 0;
	}
	udp->unused.iov_len = 0;
	batch->n = (unsigned)r;
	batch->next = 0;
	tell_batch(udp, batch);
	return (unsigned)r < n_pieces ? 0 : n - n_pieces;
}

void
rota__udp_receive(struct rota_udp *udp)
{
	unsigned n = udp->batch;

	if (udp->tell_error != NULL)
		(void)tell_errors(udp);
	rota__udp_tell_kept(udp);
	while (n > 0 && udp->state & ROTA__UDP_RECEIVING)
		n = receive_some(udp, n);
}

/* For users *********************************************************/

int
rota_udp_receive_start_at(struct rota_udp *udp, rota_datagram_buffer_fn *buffer,
	rota_receive_fn *fn, const char *place)
{
	int r;

	if (!rota__udp_is_open(udp) || fn == NULL)
		return -EINVAL;
	if (udp->watch.fd < 0)
		return -ENOTCONN;
	r = need_batch(udp->handle.loop);
	if (r < 0)
		return r;
	udp->buffer = buffer;
	udp->receive = fn;
	udp->state |= ROTA__UDP_RECEIVING;
	if (udp->kept != NULL)
		rota__pending_add(rota__udp_sender(udp));
	rota__udp_watch(udp);
	rota__handle_activate(&udp->handle, place);
	return 0;
}

int
rota_udp_receive_stop(struct rota_udp *udp)
{
	if (udp == NULL)
		return -EINVAL;
	if (rota__udp_is_open(udp) && udp->state & ROTA__UDP_RECEIVING)
		end_receiving(udp);
	return 0;
}

int
rota_udp_set_datagram_bytes(struct rota_udp *udp, unsigned bytes)
{
	if (!rota__udp_is_open(udp) || bytes == 0 ||
		bytes > ROTA_DATAGRAM_BYTES)
		return -EINVAL;
	udp->datagram_bytes = bytes;
	return 0;
}

int
rota_udp_set_batch(struct rota_udp *udp, unsigned n)
{
	if (!rota__udp_is_open(udp) || n == 0 || n > MAX_BATCH)
		return -EINVAL;
	udp->batch = n;
	return 0;
}

int
rota_udp_is_receiving(const struct rota_udp *udp)
{
	return rota__udp_is_open(udp) &&
		(udp->state & ROTA__UDP_RECEIVING) != 0;
}
