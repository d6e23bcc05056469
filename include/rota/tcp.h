/* SPDX-License-Identifier: MIT */
/* TCP over IPv4 and IPv6: makes streams (rota/stream.h) from addresses. */
#ifndef ROTA_TCP_H
#define ROTA_TCP_H

#include <rota/stream.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct sockaddr;
struct sockaddr_storage;

struct rota_tcp {
	struct rota_stream stream;
};

/*
 * Makes a blank handle an idle TCP stream without a socket.
 * errors: -EINVAL an argument is NULL; -ENOMEM. The handle is still blank.
 * when: the loop's thread.
 */
ROTA_API int rota_tcp_init(struct rota_loop *loop, struct rota_tcp *tcp);

/*
 * Takes over a socket of the program: sets it non-blocking and
 * close-on-exec; from now on rota closes it. A connected one can be read and
 * written, a listening one can be listened on.
 *
 * errors: -EINVAL tcp is NULL, closing or closed, or has a socket, or fd is
 *	a socket that is no stream; -EAFNOSUPPORT it is neither IPv4 nor IPv6;
 *	-EBADF; -ENOTSOCK; -ENOMEM; -ENOBUFS. The socket stays the program's
 *	then.
 * when: the loop's thread.
 */
ROTA_API int rota_tcp_open(struct rota_tcp *tcp, int fd);

enum rota_tcp_bind_flag {
	/*
	 * An IPv6 socket takes no IPv4 connections. Without it one bound to
	 * "::" takes both, except on OpenBSD, which has no such sockets.
	 */
	ROTA_TCP_V6ONLY = 1 << 0,
	/* Several sockets may listen on one port; the kernel shares out. */
	ROTA_TCP_REUSEPORT = 1 << 1
};

/*
 * Binds to a local address; port 0 lets the kernel choose. SO_REUSEADDR is
 * set, so that a server can be started again at once.
 *
 * shape: addr is a sockaddr_in or sockaddr_in6.
 * unit: flags is an or of enum rota_tcp_bind_flag.
 * errors: -EINVAL an argument is NULL, flags has other bits, or the handle
 *	is closing, closed, connected or bound; -EAFNOSUPPORT another address
 *	family; -ENOTSUP REUSEPORT is not known here; those of socket(2) and
 *	bind(2): -EADDRINUSE, -EACCES and so on. The handle is as before.
 * when: the loop's thread.
 */
ROTA_API int rota_tcp_bind(
	struct rota_tcp *tcp, const struct sockaddr *addr, unsigned flags);

/*
 * Connects. Reading and writing may be started at once; they wait for the
 * connection.
 *
 * shape: addr is a sockaddr_in or sockaddr_in6, only read during the call.
 * errors: -EINVAL an argument is NULL or the handle closing or closed;
 *	-EALREADY connecting; -EISCONN connected or listening; -EAFNOSUPPORT;
 *	those of socket(2). The handle is as before. All that connect(2)
 *	finds wrong comes to `fn`, in a later phase: -ECONNREFUSED,
 *	-ENETUNREACH, -ETIMEDOUT and so on; so do -ECANCELED and the
 *	deadline's -ETIMEDOUT. After a failed connect the handle has no
 *	socket and may be connected again.
 * when: the loop's thread.
 * source: connect(2).
 */
ROTA_API int rota_tcp_connect_at(struct rota_tcp *tcp,
	struct rota_connect *request, const struct sockaddr *addr,
	rota_connect_fn *fn, const char *place);
#define rota_tcp_connect(tcp, request, addr, fn) \
	rota_tcp_connect_at(tcp, request, addr, fn, ROTA_PLACE(fn))

struct rota__race;

/* The request of its callback is &request->connect. */
struct rota_connect_any {
	struct rota_connect connect;

	/* Private from here on. */
	struct rota__race *race;
};

/*
 * Connects to the first of n addresses that answers: begins with the first
 * one, and with another each time that delay_ns has passed or one has
 * failed, taking turns between IPv6 and IPv4, in the order given otherwise.
 * Whoever answers first is the peer (rota_tcp_peer_address() tells which),
 * all others are closed. Reading and writing may be started at once.
 *
 * shape: array and addresses are only read during the call; each is a
 *	sockaddr_in or sockaddr_in6. RFC 6724 has an order for them, and
 *	getaddrinfo(3) gives them in it.
 * unit: n 1 to 1024; delay_ns nanoseconds, 0 for the usual 250 ms.
 * errors: -EINVAL an argument or address is NULL, n is out of range, or the
 *	handle closing or closed; -EALREADY connecting; -EISCONN it has a
 *	socket; -EAFNOSUPPORT; -ENOMEM. The handle is as before. To `fn`
 *	comes, if all fail, the last error that says more than that there is
 *	no way (-ENETUNREACH and the like), else the last one; and those of
 *	rota_tcp_connect().
 * when: the loop's thread.
 * source: RFC 8305.
 */
ROTA_API int rota_tcp_connect_any_at(struct rota_tcp *tcp,
	struct rota_connect_any *request, const struct sockaddr *const *addrs,
	unsigned n, uint64_t delay_ns, rota_connect_fn *fn, const char *place);
#define rota_tcp_connect_any(tcp, request, addrs, n, delay_ns, fn) \
	rota_tcp_connect_any_at( \
		tcp, request, addrs, n, delay_ns, fn, ROTA_PLACE(fn))

/*
 * Sends small writes at once (1), or lets the kernel collect them (0).
 * errors: -EINVAL tcp is NULL, closing or closed; -ENOTCONN no socket;
 *	those of setsockopt(2).
 * when: the loop's thread.
 * source: tcp(7), TCP_NODELAY.
 */
ROTA_API int rota_tcp_set_nodelay(struct rota_tcp *tcp, int on);

/*
 * Lets the kernel ask a silent peer whether it is still there: after idle_ns
 * of silence, then each interval_ns; after `count` questions without an
 * answer the connection ends with -ETIMEDOUT.
 *
 * unit: nanoseconds, rounded up to seconds. idle_ns 0 turns it off; another
 *	number that is 0 stays what it is, at first the system's.
 * errors: -EINVAL tcp is NULL, closing or closed, count is negative or a
 *	number too large for the kernel (32767 s, 127 questions on Linux);
 *	-ENOTCONN no socket; -ENOTSUP a number cannot be set here (OpenBSD:
 *	only for all); those of setsockopt(2). Of the numbers those before
 *	the refused one are set then, on or off is as before.
 * when: the loop's thread.
 * source: tcp(7), SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT.
 */
ROTA_API int rota_tcp_set_keepalive(struct rota_tcp *tcp, uint64_t idle_ns,
	uint64_t interval_ns, int count);

/*
 * Sets the sizes of the kernel's buffers, or returns them. The kernel may
 * choose another size near to what it is told; Linux says the double, since
 * it counts its own needs. A listener's connections begin with its sizes.
 *
 * unit: bytes, at least 1.
 * errors: -EINVAL tcp is NULL, closing or closed, or the size out of range;
 *	-ENOTCONN no socket; those of setsockopt(2) and getsockopt(2).
 * when: the loop's thread.
 * source: socket(7), SO_RCVBUF, SO_SNDBUF.
 */
ROTA_API int rota_tcp_set_receive_buffer(struct rota_tcp *tcp, int size_bytes);
ROTA_API int rota_tcp_set_send_buffer(struct rota_tcp *tcp, int size_bytes);
ROTA_API int rota_tcp_receive_buffer(const struct rota_tcp *tcp);
ROTA_API int rota_tcp_send_buffer(const struct rota_tcp *tcp);

/*
 * Lets a listener hear of a connection only when its first bytes have come,
 * or after limit_ns.
 *
 * unit: nanoseconds, rounded up to seconds; 0 turns it off.
 * errors: -EINVAL tcp is NULL, closing or closed; -ENOTCONN no socket;
 *	-ENOTSUP only Linux has it; those of setsockopt(2).
 * when: the loop's thread, after rota_tcp_bind().
 * source: tcp(7), TCP_DEFER_ACCEPT.
 */
ROTA_API int rota_tcp_set_defer_accept(struct rota_tcp *tcp, uint64_t limit_ns);

/*
 * Lets a listener take bytes that come together with the first packet of a
 * connection, before the peer has proved its address. So the first request
 * may come twice: only for what does no harm then.
 *
 * unit: n so many connections may be in that state; 0 turns it off.
 * errors: -EINVAL tcp is NULL, closing or closed, n is negative; -ENOTCONN no
 *	socket; -ENOTSUP; those of setsockopt(2).
 * when: the loop's thread, after rota_tcp_bind().
 * source: RFC 7413; tcp(7), TCP_FASTOPEN.
 */
ROTA_API int rota_tcp_set_fastopen(struct rota_tcp *tcp, int n);

/*
 * Lets a connect send the first write with its first packet, if it knows the
 * peer from before. Then the connect ends at once, and what is wrong with
 * the connection is told to that write.
 *
 * errors: -EINVAL tcp is NULL, closing or closed; -ENOTCONN no socket (bind
 *	to port 0 of "0.0.0.0" or "::" first); -ENOTSUP only Linux has it;
 *	those of setsockopt(2).
 * when: the loop's thread, before rota_tcp_connect().
 * source: RFC 7413; tcp(7), TCP_FASTOPEN_CONNECT.
 */
ROTA_API int rota_tcp_set_fastopen_connect(struct rota_tcp *tcp, int on);

/*
 * Tells the address of our end, or of the peer's.
 * errors: -EINVAL an argument is NULL, or tcp is closing or closed;
 *	-ENOTCONN no socket, no peer.
 *	*ret_addr is untouched then.
 * when: the loop's thread.
 * source: getsockname(2), getpeername(2).
 */
ROTA_API int rota_tcp_local_address(
	const struct rota_tcp *tcp, struct sockaddr_storage *ret_addr);
ROTA_API int rota_tcp_peer_address(
	const struct rota_tcp *tcp, struct sockaddr_storage *ret_addr);

/*
 * Closes like rota_handle_close(), but resets the connection: the peer sees
 * ECONNRESET, unsent bytes are dropped, no TIME_WAIT stays behind.
 * errors, when: as rota_handle_close().
 */
ROTA_API int rota_tcp_reset_at(
	struct rota_tcp *tcp, rota_close_fn *fn, const char *place);
#define rota_tcp_reset(tcp, fn) rota_tcp_reset_at(tcp, fn, ROTA_PLACE(fn))

/*
 * Makes an address of text: "127.0.0.1" or "::1", "fe80::1%eth0".
 *
 * unit: port in host byte order.
 * errors: -EINVAL an argument is NULL or the text is no address. *ret_addr
 *	is untouched then.
 * when: any thread.
 * source: inet_pton(3).
 */
ROTA_API int rota_address_parse(
	const char *text, uint16_t port, struct sockaddr_storage *ret_addr);

/*
 * Makes text of an address: "127.0.0.1:80", "[::1]:80".
 * errors: -EINVAL an argument is NULL; -EAFNOSUPPORT; -ENOSPC the text needs
 *	more than size_bytes (64 always suffice).
 * when: any thread.
 */
ROTA_API int rota_address_format(
	const struct sockaddr *addr, char *text, size_t size_bytes);

ROTA_END_C

#endif
