/* SPDX-License-Identifier: MIT */
/*
 * What goes along with a datagram's bytes, as control messages: the local
 * address, the interface, ECN, the length of segments. And the error queue.
 * Systems differ for IPv4 and for errors; core/sys/ has a file per way.
 */
#ifndef ROTA_CORE_CONTROL_H
#define ROTA_CORE_CONTROL_H

#include "core/address.h"
#include "core/sys.h"

/* Enough for all that we ask for, and for all that we send. */
#define ROTA__CONTROL_BYTES 256

/* Control messages, one behind the other. */
struct rota__control {
	size_t n_bytes;
	union {
		struct cmsghdr first;
		unsigned char bytes[ROTA__CONTROL_BYTES];
	} is;
};

struct rota__details {
	/* AF_UNSPEC if not known. */
	union rota__address local;
	unsigned interface;
	unsigned segment_bytes;
	unsigned ecn;
	int has_ecn;
};

/* An error of the error queue; addresses AF_UNSPEC if not known. */
struct rota__control_error {
	int error;
	unsigned char type;
	unsigned char code;
	unsigned info;
	union rota__address peer;
	union rota__address reporter;
};

/* Sets an option; an unknown one is -ENOTSUP. */
int rota__control_set(
	const struct rota_sys *sys, int fd, int level, int name, int value);

/* Each lets the kernel tell more, or no more; negative errno. */
int rota__control_ask_ecn(
	const struct rota_sys *sys, int fd, int family, int on);
int rota__control_ask_local(
	const struct rota_sys *sys, int fd, int family, int on);

/* Reads what came with a datagram. */
void rota__control_read(
	const struct msghdr *message, struct rota__details *ret_details);

/* Writes what goes with a datagram of a socket of `family`. */
void rota__control_write(struct rota__control *control, int family,
	const struct rota__details *details);

/* 0 if a datagram can be sent from there and through that, or -ENOTSUP. */
int rota__control_can_write(int family, int has_local, unsigned interface);

/* 1 if there are so many bytes in it: the kernel cuts what has no room. */
static inline int
rota__control_holds(const struct cmsghdr *message, size_t n_bytes)
{
	return message->cmsg_len >= CMSG_LEN(n_bytes);
}

/* Puts a control message behind the others. */
void rota__control_put(struct rota__control *control, int level, int type,
	const void *data, size_t n_bytes);

/* IPv4's way of the local address. take returns 1 if it was that. */
int rota__control_ask_local_v4(const struct rota_sys *sys, int fd, int on);
int rota__control_take_local_v4(
	const struct cmsghdr *message, struct rota__details *details);
void rota__control_put_local_v4(
	struct rota__control *control, const struct rota__details *details);
int rota__control_can_local_v4(int has_local, unsigned interface);

/* Errors: take returns 1, 0 if there is none, or a negative errno. */
int rota__errors_ask(const struct rota_sys *sys, int fd, int family, int on);
int rota__errors_take(const struct rota_sys *sys, int fd,
	struct rota__control_error *ret_error);

#endif
