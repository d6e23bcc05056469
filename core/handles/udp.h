/* SPDX-License-Identifier: MIT */
/*
 * UDP from inside. Datagrams travel by batches of one system call:
 *
 *	sending		the queue (core/queue.h) is emptied into a burst on
 *			the stack
 *	receiving	the loop has one rota__batch, which is told one by one;
 *			if a callback stops the receiving, the handle keeps
 *			the rest, and tells it after the next start
 */
#ifndef ROTA_CORE_HANDLES_UDP_H
#define ROTA_CORE_HANDLES_UDP_H

#include <sys/un.h>

#include "core/address.h"
#include "core/control.h"
#include "core/handle.h"
#include "rota/udp.h"
#include "rota/unix.h"

enum rota__udp_state {
	ROTA__UDP_RECEIVING = 1 << 0,
	/* The kernel's buffer is full: waits for room. */
	ROTA__UDP_BLOCKED = 1 << 1,
	ROTA__UDP_CONNECTED = 1 << 2,
	/* Every send is tried at once. */
	ROTA__UDP_EAGER = 1 << 3,
	/* Whether the kernel can cut bytes into datagrams was asked; it can. */
	ROTA__UDP_SEGMENTS_ASKED = 1 << 4,
	ROTA__UDP_SEGMENTS = 1 << 5
};

/* Datagrams of one call. */
#define ROTA__BATCH_MESSAGES 64
/* Bytes for them, where they lie in the loop's own memory. */
#define ROTA__BATCH_BYTES (16 * ROTA_DATAGRAM_BYTES)

/* What one call has received: `n` datagrams, told up to `next`. */
struct rota__batch {
	unsigned n;
	unsigned next;
	struct rota__message messages[ROTA__BATCH_MESSAGES];
	struct iovec pieces[ROTA__BATCH_MESSAGES];
	union {
		union rota__address ip;
		struct sockaddr_un un;
	} peers[ROTA__BATCH_MESSAGES];
	struct rota__control controls[ROTA__BATCH_MESSAGES];
	/* Touched only as far as it is used. */
	char bytes[ROTA__BATCH_BYTES];
};

static inline int
rota__udp_is_open(const struct rota_udp *udp)
{
	return udp != NULL && rota__handle_is_open(&udp->handle);
}

static inline struct rota__sender *
rota__udp_sender(struct rota_udp *udp)
{
	return (struct rota__sender *)&udp->handle;
}

/* Watches for what the state asks for. */
void rota__udp_watch(struct rota_udp *udp);

/*
 * Gives the handle a socket of the address's family, bound to a port of the
 * kernel's choice, if it has none. -EAFNOSUPPORT if it is not an address of
 * the internet, or the socket is of another family.
 */
int rota__udp_need_socket(struct rota_udp *udp, const struct sockaddr *addr);

/* Closes the socket: the handle is as one that never had any. */
void rota__udp_drop_socket(struct rota_udp *udp);

/* Gives a handle without a socket one, for which there is room. */
void rota__udp_adopt(struct rota_udp *udp, int fd, int family, uint32_t state);

/* Sends what was queued for the peer of before; -EBUSY if it cannot. */
int rota__udp_end_sends(struct rota_udp *udp);

/* Removes the file of a unix-domain socket, udp_unix.c. */
void rota__udp_drop_file(struct rota_udp *udp);

/*
 * Writes all that a send needs but its request and its peer; then queues it.
 * A send of which is_named is set has room for the peer behind it.
 */
int rota__udp_prepare_send(
	struct rota_send *send, const struct iovec *buffers, unsigned n);
void rota__udp_queue_send(struct rota_udp *udp, struct rota_send *request,
	rota_send_fn *fn, const char *place);
ssize_t rota__udp_try_send(struct rota_udp *udp, const struct rota_send *send);

/* Sending, udp_send.c. */
void rota__udp_flush(struct rota_handle *handle);
void rota__udp_fail_sends(struct rota_udp *udp, int error);
void rota__udp_tell_sends(struct rota_udp *udp);

/* Receiving, udp_receive.c. */
void rota__udp_receive(struct rota_udp *udp);
void rota__udp_fail_receiving(struct rota_udp *udp, int error);
void rota__udp_tell_kept(struct rota_udp *udp);
void rota__udp_drop_kept(struct rota_udp *udp);

#endif
