/* SPDX-License-Identifier: MIT */
/*
 * UDP over IPv4 and IPv6: datagrams, each for itself. A socket is made by
 * bind, connect or the first send, of the family of that address. (Those of
 * unix-domain sockets are in rota/unix.h, and use these handles.)
 */
#ifndef ROTA_UDP_H
#define ROTA_UDP_H

#include <sys/uio.h>

#include <rota/handle.h>
#include <rota/request.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_datagram;
struct rota_send;
struct rota_udp;
struct sockaddr;
struct sockaddr_storage;

/* No datagram is longer, nor are several that the kernel has merged. */
#define ROTA_DATAGRAM_BYTES 65536

/*
 * Gives the memory for what is received next: *ret_buffer with at least one
 * byte, or iov_len 0 to refuse, which ends the receiving with -ENOBUFS.
 */
typedef void rota_datagram_buffer_fn(
	struct rota_udp *udp, struct iovec *ret_buffer);

/*
 * Takes one datagram, or an error.
 *
 * n >= 0: so many bytes at `data`; 0 is a datagram without any. `datagram`
 * tells where it came from and how.
 *
 * n < 0: an error; `datagram` is NULL. Most tell what befell a datagram sent
 * before (-ECONNREFUSED: nobody was there), and receiving goes on. Where the
 * socket itself is at fault (-EBADF, -ENOTSOCK, -EINVAL, refused buffers)
 * it has stopped; rota_udp_is_receiving() tells.
 */
typedef void rota_receive_fn(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram);

typedef void rota_send_fn(struct rota_send *request, int status);

enum rota_datagram_flag {
	/* It was longer than the room for it; the rest is lost. */
	ROTA_DATAGRAM_TRUNCATED = 1 << 0,
	/* `ecn` is known. */
	ROTA_DATAGRAM_HAS_ECN = 1 << 1,
	/* The last one in its buffer, which is the caller's again. */
	ROTA_DATAGRAM_LAST = 1 << 2
};

/* Explicit congestion notification, RFC 3168. */
enum rota_ecn {
	ROTA_ECN_NONE = 0,
	ROTA_ECN_ECT1 = 1,
	ROTA_ECN_ECT0 = 2,
	ROTA_ECN_CONGESTED = 3
};

/* What is known of a datagram received; valid inside the callback only. */
struct rota_datagram {
	/* The sender; NULL for a unix-domain socket, which has `name`. */
	const struct sockaddr *peer;
	/*
	 * The address it was sent to, with port 0; NULL unless asked for by
	 * rota_udp_tell_packet_info().
	 */
	const struct sockaddr *local;
	/* Number of the interface it came through; 0 if not known. */
	unsigned interface;
	/* An or of enum rota_datagram_flag. */
	unsigned flags;
	/* One of enum rota_ecn; see rota_udp_tell_ecn(). */
	unsigned ecn;
	/*
	 * Not 0: the kernel has merged several datagrams of so many bytes
	 * each, only the last may be shorter; see rota_udp_set_merge().
	 */
	unsigned segment_bytes;
	/*
	 * The name of a unix-domain sender, with a zero byte behind it;
	 * name_bytes is 0 if it has none, or for other sockets.
	 */
	const char *name;
	size_t name_bytes;
};

/* What an error of the error queue is about, see rota_udp_tell_errors(). */
struct rota_datagram_error {
	/* The negative errno. */
	int error;
	/* ICMP type and code, 0 where the error is of this machine. */
	unsigned char type;
	unsigned char code;
	unsigned char spare[2];
	/* With -EMSGSIZE the bytes that fit the path, else 0. */
	unsigned info;
	/* Where the datagram was sent to; NULL if not known. */
	const struct sockaddr *peer;
	/* Who found the error (a router); NULL if not known. */
	const struct sockaddr *reporter;
};

typedef void rota_datagram_error_fn(
	struct rota_udp *udp, const struct rota_datagram_error *error);

/* How a datagram is sent, beyond what the socket does by itself. */
struct rota_send_options {
	/* sizeof(struct rota_send_options); the macro sets it. */
	size_t size;
	/* One of enum rota_ecn. Only with has_ecn. */
	unsigned ecn;
	int has_ecn;
	/* The address to send from, its port ignored; or NULL. */
	const struct sockaddr *local;
	/* Number of the interface to send through; 0: the kernel chooses. */
	unsigned interface;
	/*
	 * Not 0: the kernel cuts the bytes into datagrams of so many bytes,
	 * the last one may be shorter.
	 */
	unsigned segment_bytes;
};

#define ROTA_SEND_OPTIONS_INIT \
	{ \
		sizeof(struct rota_send_options), 0, 0, NULL, 0, 0 \
	}

/* How many buffers a send keeps without an array of the caller's. */
#define ROTA_SEND_INLINE 4

struct rota_send {
	struct rota_request request;

	/* Private from here on. */
	rota_send_fn *fn;
	struct iovec inline_buffers[ROTA_SEND_INLINE];
	const struct iovec *buffers;
	unsigned n_buffers;
	unsigned segment_bytes;
	unsigned interface;
	uint8_t ecn;
	uint8_t has_ecn;
	uint8_t has_local;
	/* It is a struct rota_unix_send. */
	uint8_t is_named;
	size_t n_bytes;
	uint32_t peer_bytes;
	uint32_t spare_word;
	/* A sockaddr_in or sockaddr_in6 each. */
	uint64_t peer[4];
	uint64_t local[4];
};

struct rota_udp {
	struct rota_handle handle;

	/* Private from here on; core/handles/udp.h has the picture. */
	struct rota_watch watch;
	struct rota__sender *gathered;
	struct rota__sender *pending;
	uint32_t state;
	int family;
	rota_datagram_buffer_fn *buffer;
	rota_receive_fn *receive;
	rota_datagram_error_fn *tell_error;
	/* Given by `buffer` and not yet used. */
	struct iovec unused;
	/* What a callback that stopped the receiving has left. */
	void *kept;
	uint32_t datagram_bytes;
	uint32_t batch;
	struct rota_queue sending;
	size_t queued_bytes;
	size_t n_queued;
	/* Of a unix-domain socket: what closing removes, or NULL. */
	struct rota__unix_file *file;
	void *spare;
};

/*
 * Makes a blank handle an idle one without a socket.
 * errors: -EINVAL an argument is NULL. The handle is still blank.
 * when: the loop's thread.
 */
ROTA_API int rota_udp_init(struct rota_loop *loop, struct rota_udp *udp);

/*
 * Takes over a socket of the program, bound or connected or neither, also a
 * unix-domain one of datagrams (rota/unix.h has more for these): sets it
 * non-blocking and close-on-exec, turns an error queue off; from now on rota
 * closes it.
 *
 * errors: -EINVAL udp is NULL, closing or closed, or has a socket; -EBADF;
 *	-ENOTSOCK; -EPROTOTYPE it is no datagram socket; -EAFNOSUPPORT it is
 *	of another family; -ENOMEM. The socket stays the program's then.
 * when: the loop's thread.
 */
ROTA_API int rota_udp_open(struct rota_udp *udp, int fd);

enum rota_udp_bind_flag {
	/* An IPv6 socket takes no IPv4 datagrams. */
	ROTA_UDP_V6ONLY = 1 << 0,
	/*
	 * SO_REUSEADDR: others may bind the same port, as all who listen to
	 * one multicast group do. For unicast the kernel picks one of them.
	 */
	ROTA_UDP_REUSEADDR = 1 << 1,
	/* SO_REUSEPORT: the same, and the kernel shares out by sender. */
	ROTA_UDP_REUSEPORT = 1 << 2
};

/*
 * Binds to a local address; port 0 lets the kernel choose. Without V6ONLY an
 * IPv6 socket also takes IPv4, where the system has such sockets.
 *
 * shape: addr is a sockaddr_in or sockaddr_in6, only read during the call.
 * unit: flags is an or of enum rota_udp_bind_flag.
 * errors: -EINVAL an argument is NULL, flags has other bits, or the handle
 *	is closing, closed or has a socket; -EAFNOSUPPORT another address
 *	family; -ENOTSUP REUSEPORT is not known here; -ENOMEM; those of
 *	socket(2) and bind(2): -EADDRINUSE, -EACCES and so on. The handle is
 *	as before.
 * when: the loop's thread.
 */
ROTA_API int rota_udp_bind(
	struct rota_udp *udp, const struct sockaddr *addr, unsigned flags);

/*
 * Sets the one peer: sends without an address go there, datagrams of others
 * are not received, and errors of the network come back. May be called again
 * with another address. Nothing is sent, so nothing can be refused.
 *
 * shape: addr is a sockaddr_in or sockaddr_in6, only read during the call.
 * errors: -EINVAL an argument is NULL, or the handle closing or closed;
 *	-EBUSY sends are queued; -EAFNOSUPPORT not the socket's family;
 *	-ENOMEM; those of socket(2) and connect(2): -ENETUNREACH and so on.
 *	Nothing changes then.
 * when: the loop's thread.
 * source: connect(2).
 */
ROTA_API int rota_udp_connect(
	struct rota_udp *udp, const struct sockaddr *addr);

/*
 * Takes the peer away again. A port that the kernel chose may change.
 * errors: -EINVAL udp is NULL, closing or closed; -ENOTCONN; -EBUSY sends
 *	are queued; those of connect(2). Nothing changes then.
 * when: the loop's thread.
 */
ROTA_API int rota_udp_disconnect(struct rota_udp *udp);

/*
 * Tells the address of our end, or of the peer's.
 * errors: -EINVAL an argument is NULL, or the handle is closing or closed;
 *	-ENOTCONN no socket, no peer. *ret_addr is untouched then.
 * when: the loop's thread.
 * source: getsockname(2), getpeername(2).
 */
ROTA_API int rota_udp_local_address(
	const struct rota_udp *udp, struct sockaddr_storage *ret_addr);
ROTA_API int rota_udp_peer_address(
	const struct rota_udp *udp, struct sockaddr_storage *ret_addr);

/*
 * Sends n buffers as one datagram, behind all sends before. Sends made
 * within one callback are gathered and go out with as few system calls as
 * can be when that callback ends (rota_udp_set_gather() turns this off);
 * what the kernel has no room for is sent when there is room. Sent means
 * that the kernel took it, not that it arrives.
 *
 * shape: the bytes stay the caller's and unchanged until `fn` is called. The
 *	array of buffers is copied if n is at most ROTA_SEND_INLINE; a larger
 *	one must stay too. addr is copied; NULL sends to the peer of
 *	rota_udp_connect(). n 0 is a datagram without bytes, on all systems.
 * errors: -EINVAL udp, request, fn or (n > 0) buffers is NULL, the sizes add
 *	up beyond SSIZE_MAX, or the handle is closing or closed;
 *	-EDESTADDRREQ neither addr nor a peer; -EISCONN both; -EAFNOSUPPORT
 *	addr is not of the socket's family; -ENOMEM and those of socket(2)
 *	if it makes one. Nothing was queued then. Later errors come to `fn`
 *	and concern this datagram only: -EMSGSIZE it is too long, -ENOBUFS
 *	the interface dropped it, -ENETUNREACH and so on. On a connected
 *	socket also what befell an earlier one: -ECONNREFUSED.
 * when: the loop's thread.
 * source: sendmsg(2).
 */
ROTA_API int rota_udp_send_at(struct rota_udp *udp, struct rota_send *request,
	const struct iovec *buffers, unsigned n, const struct sockaddr *addr,
	rota_send_fn *fn, const char *place);
#define rota_udp_send(udp, request, buffers, n, addr, fn) \
	rota_udp_send_at(udp, request, buffers, n, addr, fn, ROTA_PLACE(fn))

/*
 * Sends like rota_udp_send(), with options.
 *
 * shape: options and its address are copied; NULL is as rota_udp_send().
 * unit: segment_bytes in 0..65535; the kernel makes 64 datagrams at most.
 * errors: as rota_udp_send(); also -EINVAL options->size is wrong, ecn or
 *	segment_bytes out of range; -EAFNOSUPPORT options->local is not of
 *	the socket's family; -ENOTSUP the system cannot do what they ask.
 * when: the loop's thread.
 * source: ip(7), ipv6(7), udp(7); RFC 3542.
 */
ROTA_API int rota_udp_send_with_at(struct rota_udp *udp,
	struct rota_send *request, const struct iovec *buffers, unsigned n,
	const struct sockaddr *addr, const struct rota_send_options *options,
	rota_send_fn *fn, const char *place);
#define rota_udp_send_with(udp, request, buffers, n, addr, options, fn) \
	rota_udp_send_with_at( \
		udp, request, buffers, n, addr, options, fn, ROTA_PLACE(fn))

/*
 * Sends at once or not at all. Returns how many bytes were sent.
 *
 * shape: all is only read, during the call. options may be NULL.
 * errors: -EAGAIN the kernel has no room, or earlier sends are queued; all
 *	those of rota_udp_send_with(), and those that `fn` would get.
 * when: the loop's thread.
 */
ROTA_API ssize_t rota_udp_try_send(struct rota_udp *udp,
	const struct iovec *buffers, unsigned n, const struct sockaddr *addr,
	const struct rota_send_options *options);

/*
 * Starts to receive: `fn` gets each datagram. Several are taken from the
 * kernel by one call where it can do so.
 *
 * shape: buffer NULL lends the loop's own memory, valid inside `fn` only.
 *	Else `buffer` is asked for memory, which is cut into pieces of
 *	rota_udp_set_datagram_bytes() (a shorter one is one piece), a
 *	datagram each. It is the caller's again when the datagram with
 *	ROTA_DATAGRAM_LAST is told, or in the close callback; it is used
 *	first if receiving is started again.
 * errors: -EINVAL udp or fn is NULL, or the handle is closing or closed;
 *	-ENOTCONN it has no socket; -ENOMEM. Nothing changes then.
 * when: the loop's thread. `fn` is called in the poll phase; in the pending
 *	phase for what a stop had left.
 * source: recvmsg(2), recvmmsg(2).
 */
ROTA_API int rota_udp_receive_start_at(struct rota_udp *udp,
	rota_datagram_buffer_fn *buffer, rota_receive_fn *fn,
	const char *place);
#define rota_udp_receive_start(udp, buffer, fn) \
	rota_udp_receive_start_at(udp, buffer, fn, ROTA_PLACE(fn))

/*
 * Stops receiving; 0 also if it was not. `fn` is not called any more.
 * Datagrams wait in the kernel until its buffer is full; those that it had
 * given already, with the one in hand, wait in the handle. A new start tells
 * both.
 * errors: -EINVAL udp is NULL.
 * when: the loop's thread.
 */
ROTA_API int rota_udp_receive_stop(struct rota_udp *udp);

/*
 * Sets the room for each datagram; longer ones are cut. A small value lets
 * the kernel give more of them by one call, 64 at most.
 * unit: bytes, 1..ROTA_DATAGRAM_BYTES, at first ROTA_DATAGRAM_BYTES.
 * errors: -EINVAL udp is NULL, closing or closed, or bytes out of range.
 * when: the loop's thread. Counts from the next system call on.
 */
ROTA_API int rota_udp_set_datagram_bytes(struct rota_udp *udp, unsigned bytes);

/*
 * Sets how many datagrams are taken in one turn before others have theirs.
 * unit: datagrams, 1..65536, at first 64.
 * errors: -EINVAL udp is NULL, closing or closed, or n out of range.
 * when: the loop's thread.
 */
ROTA_API int rota_udp_set_batch(struct rota_udp *udp, unsigned n);

/*
 * Turns the gathering of sends on (1, at first) or off (0: each is tried at
 * once).
 * errors: -EINVAL udp is NULL, closing or closed.
 * when: the loop's thread.
 */
ROTA_API int rota_udp_set_gather(struct rota_udp *udp, int on);

/*
 * Each asks the kernel to tell more of datagrams received (1), or no more
 * (0): tell_ecn sets `ecn`; tell_packet_info sets `local` and `interface`;
 * set_merge lets the kernel merge datagrams of one sender (generic receive
 * offload) and tell `segment_bytes`.
 *
 * errors: -EINVAL udp is NULL, closing or closed; -ENOTCONN no socket;
 *	-ENOTSUP the system cannot; those of setsockopt(2).
 * when: the loop's thread; counts for datagrams that come later.
 * source: ip(7), ipv6(7), udp(7).
 */
ROTA_API int rota_udp_tell_ecn(struct rota_udp *udp, int on);
ROTA_API int rota_udp_tell_packet_info(struct rota_udp *udp, int on);
ROTA_API int rota_udp_set_merge(struct rota_udp *udp, int on);

/*
 * Tells what the network says of datagrams that were sent, also on sockets
 * without a peer: each goes to `fn` while receiving. They are not told to
 * the receive callback then. NULL turns it off.
 *
 * shape: the error and its addresses are valid inside `fn` only.
 * errors: -EINVAL udp is NULL, closing or closed; -ENOTCONN no socket;
 *	-ENOTSUP the system has no error queue; those of setsockopt(2).
 * when: the loop's thread. `fn` is called in the poll phase.
 * source: ip(7), IP_RECVERR.
 */
ROTA_API int rota_udp_tell_errors(
	struct rota_udp *udp, rota_datagram_error_fn *fn);

/*
 * Joins or leaves a multicast group, on the interface of that number (0: the
 * kernel chooses one). With `source` only datagrams of that sender are let
 * in; join once for each.
 *
 * shape: addresses of the socket's family, ports ignored; only read during
 *	the call. source NULL: any.
 * errors: -EINVAL udp or group is NULL, group is no multicast address, or
 *	the handle is closing or closed; -ENOTCONN no socket; -EAFNOSUPPORT;
 *	-ENOTSUP the system cannot select sources; -EADDRINUSE joined
 *	already; -EADDRNOTAVAIL not joined; -ENODEV; others of setsockopt(2).
 * when: the loop's thread.
 * source: RFC 3678.
 */
ROTA_API int rota_udp_join(struct rota_udp *udp, const struct sockaddr *group,
	unsigned interface, const struct sockaddr *source);
ROTA_API int rota_udp_leave(struct rota_udp *udp, const struct sockaddr *group,
	unsigned interface, const struct sockaddr *source);

/*
 * For multicast datagrams that are sent: the interface (0: the kernel
 * chooses), how many routers they may pass, and whether this machine gets
 * them too.
 *
 * unit: interface a number as of if_nametoindex(3); ttl 0..255, at first 1;
 *	on 0 or 1, at first 1.
 * errors: -EINVAL udp is NULL, closing or closed, or ttl out of range;
 *	-ENOTCONN no socket; those of setsockopt(2): -ENODEV,
 *	-EADDRNOTAVAIL.
 * when: the loop's thread.
 */
ROTA_API int rota_udp_set_multicast_interface(
	struct rota_udp *udp, unsigned interface);
ROTA_API int rota_udp_set_multicast_ttl(struct rota_udp *udp, int ttl);
ROTA_API int rota_udp_set_multicast_loop(struct rota_udp *udp, int on);

/*
 * For other datagrams that are sent: how many routers they may pass, and
 * whether they may go to a broadcast address (else -EACCES).
 *
 * unit: ttl 1..255; on 0 or 1, at first 0.
 * errors: -EINVAL udp is NULL, closing or closed, or ttl out of range;
 *	-ENOTCONN no socket; those of setsockopt(2).
 * when: the loop's thread.
 */
ROTA_API int rota_udp_set_ttl(struct rota_udp *udp, int ttl);
ROTA_API int rota_udp_set_broadcast(struct rota_udp *udp, int on);

/*
 * Sets the kernel's buffers, or returns their sizes as the kernel tells them
 * (which may be twice what was set, or a limit of the system).
 *
 * unit: bytes, at least 1.
 * errors: -EINVAL udp is NULL, closing or closed, or bytes < 1; -ENOTCONN no
 *	socket; those of setsockopt(2).
 * when: the loop's thread.
 * source: socket(7), SO_RCVBUF and SO_SNDBUF.
 */
ROTA_API int rota_udp_set_receive_buffer(struct rota_udp *udp, int bytes);
ROTA_API int rota_udp_set_send_buffer(struct rota_udp *udp, int bytes);
ROTA_API int rota_udp_receive_buffer(const struct rota_udp *udp);
ROTA_API int rota_udp_send_buffer(const struct rota_udp *udp);

/* Returns the bytes, or the number, of the datagrams not yet sent. */
ROTA_API size_t rota_udp_queued_bytes(const struct rota_udp *udp);
ROTA_API size_t rota_udp_queued_count(const struct rota_udp *udp);

/* Returns the descriptor, -1 if there is none. */
ROTA_API int rota_udp_fd(const struct rota_udp *udp);

/* Returns 1 or 0. */
ROTA_API int rota_udp_is_receiving(const struct rota_udp *udp);

ROTA_END_C

#endif
