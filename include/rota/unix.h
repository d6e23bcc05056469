/* SPDX-License-Identifier: MIT */
/*
 * Unix-domain sockets: streams (rota/stream.h) between processes of one
 * machine, which also carry descriptors and tell who the peer is; datagrams
 * by the handles of rota/udp.h are at the foot.
 *
 * A name is a path of the file system, or on Linux an abstract one, which
 * begins with a zero byte and leaves no file behind. So names have a length.
 */
#ifndef ROTA_UNIX_H
#define ROTA_UNIX_H

#include <sys/types.h>

#include <rota/stream.h>
#include <rota/types.h>
#include <rota/udp.h>

ROTA_BEGIN_C

struct rota_unix {
	struct rota_stream stream;
};

enum rota_unix_flag {
	/*
	 * Records instead of a stream: each write is one, and each read
	 * callback or request gets one. Not on macOS.
	 */
	ROTA_UNIX_SEQPACKET = 1 << 0
};

/*
 * Makes a blank handle an idle stream without a socket. One that takes
 * connections (rota_stream_accept()) becomes what its listener is.
 *
 * unit: flags is an or of enum rota_unix_flag.
 * errors: -EINVAL an argument is NULL, flags has other bits; -ENOMEM. The
 *	handle is still blank.
 * when: the loop's thread.
 */
ROTA_API int rota_unix_init(
	struct rota_loop *loop, struct rota_unix *un, unsigned flags);

/*
 * Takes over a socket of the program: sets it non-blocking and
 * close-on-exec; from now on rota closes it. A connected one can be read and
 * written, a listening one can be listened on. The handle becomes one of
 * streams or of records, as the socket is.
 *
 * errors: -EINVAL un is NULL, closing or closed, or has a socket; -EBADF;
 *	-ENOTSOCK; -EAFNOSUPPORT no unix-domain socket; -EPROTOTYPE a datagram
 *	socket; -ENOMEM. The socket stays the program's then.
 * when: the loop's thread.
 */
ROTA_API int rota_unix_open(struct rota_unix *un, int fd);

enum rota_unix_bind_flag {
	/*
	 * A socket file on which nobody listens any more is removed first.
	 * That is found out by connecting to it; what is no socket is never
	 * removed. See docs/unix.md for what this cannot know.
	 */
	ROTA_UNIX_REPLACE_STALE = 1 << 0,
	/* Closing the handle removes the file, if it is still this one. */
	ROTA_UNIX_UNLINK = 1 << 1
};

/*
 * Binds to a name. A path makes a file, whose mode is that of umask(2).
 *
 * shape: name is only read during the call and needs no end mark.
 * unit: len bytes, at least 1; flags is an or of enum rota_unix_bind_flag.
 * errors: -EINVAL an argument is NULL, len is 0, a path has a zero byte,
 *	flags has other bits, or the handle is closing, closed, connected or
 *	bound; -ENAMETOOLONG (100 bytes fit on all systems); -ENOTSUP an
 *	abstract name where there are none; -ENOMEM; those of socket(2) and
 *	bind(2): -EADDRINUSE, -EACCES and so on. The handle is as before.
 * when: the loop's thread.
 * source: unix(7), unix(4).
 */
ROTA_API int rota_unix_bind(
	struct rota_unix *un, const char *name, size_t len, unsigned flags);

/*
 * Connects. Reading and writing may be started at once; they wait for the
 * connection.
 *
 * shape, unit: as rota_unix_bind().
 * errors: -EINVAL an argument is NULL, len is 0, a path has a zero byte, or
 *	the handle is closing or closed; -ENAMETOOLONG; -EALREADY connecting;
 *	-EISCONN connected or listening; those of socket(2). The handle is as
 *	before. All that connect(2) finds wrong comes to `fn`, in a later
 *	phase: -ENOENT, -ECONNREFUSED, -EACCES, -EPROTOTYPE the other side is
 *	one of records or of streams; -EAGAIN its backlog is full (Linux;
 *	-ECONNREFUSED elsewhere); so do -ECANCELED and the deadline's
 *	-ETIMEDOUT. After a failed connect the handle has no socket and may
 *	be connected again.
 * when: the loop's thread.
 * source: connect(2), unix(7).
 */
ROTA_API int rota_unix_connect_at(struct rota_unix *un,
	struct rota_connect *request, const char *name, size_t len,
	rota_connect_fn *fn, const char *place);
#define rota_unix_connect(un, request, name, len, fn) \
	rota_unix_connect_at(un, request, name, len, fn, ROTA_PLACE(fn))

/* So many bytes hold any name and the zero byte behind it. */
#define ROTA_UNIX_NAME_BYTES 128

/*
 * Tells the name of our end, or of the peer's, and returns its length: 0 if
 * it has none, as most clients.
 *
 * shape: a zero byte is put behind the name.
 * errors: -EINVAL an argument is NULL, or the handle is closing or closed;
 *	-ENOTCONN no socket, no peer; -ENOSPC it needs more than size_bytes.
 *	`name` is untouched then.
 * when: the loop's thread.
 * source: getsockname(2), getpeername(2).
 */
ROTA_API int rota_unix_local_name(
	const struct rota_unix *un, char *name, size_t size_bytes);
ROTA_API int rota_unix_peer_name(
	const struct rota_unix *un, char *name, size_t size_bytes);

struct rota_unix_credentials {
	/* -1 where the system does not tell it. */
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/*
 * Tells who the peer was when it connected, or listened: the effective user
 * and group of the process that did so.
 *
 * errors: -EINVAL an argument is NULL, or the handle is closing or closed;
 *	-ENOTCONN no peer; those of getsockopt(2). *ret_credentials is
 *	untouched then.
 * when: the loop's thread.
 * source: unix(7) SO_PEERCRED, getpeereid(3), unix(4) LOCAL_PEERCRED.
 */
ROTA_API int rota_unix_peer_credentials(const struct rota_unix *un,
	struct rota_unix_credentials *ret_credentials);

/* Linux takes so many descriptors with one write; no system takes more. */
#define ROTA_UNIX_MAX_FDS 253

struct rota_unix_write {
	struct rota_write write;

	/* Private from here on. */
	const int *fds;
	unsigned n_fds;
	unsigned spare;
};

/*
 * Writes bytes like rota_stream_write(), and descriptors with them: the peer
 * gets copies, together with the first byte.
 *
 * shape: the array and the descriptors stay the caller's, unchanged and
 *	open, until `fn` is called; the rest is as rota_stream_write() says.
 *	The request of `fn` is &request->write.
 * unit: n_fds 1 to ROTA_UNIX_MAX_FDS.
 * errors: -EINVAL also if fds is NULL, n_fds out of range, or there is no
 *	byte to go with them; all others of rota_stream_write(). To `fn` come
 *	also: -EBADF one is not open; -ETOOMANYREFS, -EMFILE too many are on
 *	their way or the system takes fewer.
 * when: the loop's thread.
 * source: unix(7) SCM_RIGHTS, sendmsg(2).
 */
ROTA_API int rota_unix_write_fds_at(struct rota_unix *un,
	struct rota_unix_write *request, struct iovec *buffers, unsigned n,
	const int *fds, unsigned n_fds, rota_write_fn *fn, const char *place);
#define rota_unix_write_fds(un, request, buffers, n, fds, n_fds, fn) \
	rota_unix_write_fds_at( \
		un, request, buffers, n, fds, n_fds, fn, ROTA_PLACE(fn))

/*
 * Lets descriptors come in: at most `max` wait to be taken at a time. At
 * first there are none, and the kernel throws away what a peer sends.
 *
 * unit: max 0 (none) to 65535.
 * errors: -EINVAL un is NULL, closing or closed, max is above; -EBUSY more
 *	than max wait already; -ENOMEM. Nothing changes then.
 * when: the loop's thread.
 */
ROTA_API int rota_unix_receive_fds(struct rota_unix *un, unsigned max);

/*
 * Takes the next descriptor that has come, and returns it: close-on-exec,
 * and the caller's to close. Descriptors come in their order, and not later
 * than the first byte they were sent with. Those that are not taken are
 * closed with the handle.
 *
 * errors: -EAGAIN none waits; -EMSGSIZE at this place some were lost, since
 *	the process or `max` had no room for them (this is told once, then
 *	comes the next one); -EINVAL un is NULL, closing or closed.
 * when: the loop's thread.
 */
ROTA_API int rota_unix_take_fd(struct rota_unix *un);

/*
 * Datagrams. The handle is a struct rota_udp: rota_udp_init(), one of the
 * two below or rota_udp_open(), then rota_udp_receive_start() and so on; a
 * datagram that is received tells the name of its sender. What belongs to the
 * internet (ECN, groups, hops) is -ENOTSUP. None is lost or out of order;
 * who sends more than the other side takes is told so.
 */
struct rota_unix_send {
	struct rota_send send;

	/* Private from here on. */
	uint64_t name[ROTA_UNIX_NAME_BYTES / 8];
};

/*
 * Makes a handle without a socket one with a name, to which others can send.
 *
 * shape, unit: as rota_unix_bind().
 * errors: -EINVAL an argument is NULL, len is 0, a path has a zero byte,
 *	flags has other bits, or the handle is closing, closed or has a
 *	socket; others as rota_unix_bind(). The handle is as before.
 * when: the loop's thread.
 * source: unix(7), unix(4).
 */
ROTA_API int rota_unix_datagram_bind(
	struct rota_udp *udp, const char *name, size_t len, unsigned flags);

/*
 * Sets the one peer, that of rota_udp_send() without an address; may be
 * called again. A handle without a socket gets one, without a name, so that
 * nobody can answer it.
 *
 * shape, unit: as rota_unix_bind().
 * errors: -EINVAL an argument is NULL, len is 0, a path has a zero byte, or
 *	the handle is closing or closed; -ENAMETOOLONG; -EBUSY sends are
 *	queued; -EAFNOSUPPORT its socket is of the internet; -ENOMEM; those of
 *	socket(2) and connect(2): -ENOENT, -ECONNREFUSED nobody has that
 *	name, -EACCES, -EPROTOTYPE. Nothing changes then.
 * when: the loop's thread.
 * source: connect(2), unix(7).
 */
ROTA_API int rota_unix_datagram_connect(
	struct rota_udp *udp, const char *name, size_t len);

/*
 * Sends as rota_udp_send() does, to a name.
 *
 * shape, unit: as rota_udp_send(); the name is copied.
 * errors: those of rota_udp_send(), and of names as in rota_unix_bind(). To
 *	`fn` comes also: -EAGAIN (Linux) or -ENOBUFS the receiver takes no
 *	more at the moment, and nobody tells when it will: try again after
 *	a while. (A connected handle waits for it, on Linux.) -ENOENT,
 *	-ECONNREFUSED nobody has that name.
 * when: the loop's thread.
 * source: sendmsg(2), unix(7).
 */
ROTA_API int rota_unix_datagram_send_at(struct rota_udp *udp,
	struct rota_unix_send *request, const struct iovec *buffers, unsigned n,
	const char *name, size_t len, rota_send_fn *fn, const char *place);
#define rota_unix_datagram_send(udp, request, buffers, n, name, len, fn) \
	rota_unix_datagram_send_at( \
		udp, request, buffers, n, name, len, fn, ROTA_PLACE(fn))

/*
 * Sends at once or not at all. Returns how many bytes were sent.
 * errors: -EAGAIN, also if earlier sends are queued; all those above.
 * when: the loop's thread.
 */
ROTA_API ssize_t rota_unix_datagram_try_send(struct rota_udp *udp,
	const struct iovec *buffers, unsigned n, const char *name, size_t len);

ROTA_END_C

#endif
