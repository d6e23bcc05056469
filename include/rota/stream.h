/* SPDX-License-Identifier: MIT */
/*
 * Streams: one way to read, write and shut down, whatever is underneath.
 * Each kind of stream (TCP, say) embeds a struct rota_stream first and has
 * its own table; the functions here go through that table.
 */
#ifndef ROTA_STREAM_H
#define ROTA_STREAM_H

#include <sys/uio.h>

#include <rota/error.h>
#include <rota/handle.h>
#include <rota/request.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_read;
struct rota_send_file;
struct rota_shutdown;
struct rota_write;

/*
 * Gives the buffer for the next read: *ret_buffer with at least one byte, or
 * iov_len 0 to refuse, which ends the reading with -ENOBUFS. A read that
 * finds nothing is not told: the next one asks for a buffer again.
 */
typedef void rota_buffer_fn(
	struct rota_stream *stream, struct iovec *ret_buffer);

/*
 * Takes what was read. n > 0: so many bytes at `data`. n < 0: ROTA_EOF, or
 * an error; reading has stopped. A buffer that a rota_buffer_fn gave comes
 * back as `data` each time, also with n < 0, and with n == 0 if nothing was
 * there after all; with the loop's own buffer n is never 0.
 */
typedef void rota_read_fn(
	struct rota_stream *stream, ssize_t n, const void *data);

/*
 * Ends a read request: status 0 if what was asked for is there, ROTA_EOF or
 * an error. rota_read_bytes() tells in each case how many bytes have come.
 */
typedef void rota_read_done_fn(struct rota_read *request, int status);

typedef void rota_write_fn(struct rota_write *request, int status);
typedef void rota_send_file_fn(struct rota_send_file *request, int status);
typedef void rota_shutdown_fn(struct rota_shutdown *request, int status);
typedef void rota_connect_fn(struct rota_connect *request, int status);

/* Says that there is room again, see rota_stream_set_marks(). */
typedef void rota_drain_fn(struct rota_stream *stream);

/*
 * Says that a connection waits to be accepted (status 0), or that accepting
 * fails at the moment (-EMFILE, say). The listener goes on by itself in
 * either case, after a pause of 100 ms where something has run out. If
 * descriptors are what is missing, and for a second already, then those that
 * wait are turned away: their connections are closed.
 */
typedef void rota_listen_fn(struct rota_stream *listener, int status);

struct rota_read {
	struct rota_request request;

	/* Private from here on. */
	rota_read_done_fn *fn;
	char *memory;
	size_t size_bytes;
	size_t n_bytes;
	int how;
	int spare;
};

/* How many buffers a write keeps without an array of the caller's. */
#define ROTA_WRITE_INLINE 4

struct rota_write {
	struct rota_request request;

	/* Private from here on. */
	rota_write_fn *fn;
	struct iovec inline_buffers[ROTA_WRITE_INLINE];
	struct iovec *buffers;
	unsigned n_buffers;
	unsigned first;
};

struct rota_send_file {
	struct rota_request request;

	/* Private from here on. */
	rota_send_file_fn *fn;
	uint64_t offset;
	size_t n_left;
	size_t n_sent;
	int fd;
	int copies;
};

struct rota_shutdown {
	struct rota_request request;

	/* Private from here on. */
	rota_shutdown_fn *fn;
};

struct rota_connect {
	struct rota_request request;

	/* Private from here on. */
	rota_connect_fn *fn;
};

/*
 * What a kind of stream can do. A function that is NULL makes the public one
 * return -ENOTSUP (read_stop: 0, as there is nothing to stop). The arguments
 * have been checked.
 */
struct rota_stream_type {
	int (*read_start)(struct rota_stream *stream, rota_buffer_fn *buffer,
		rota_read_fn *fn, const char *place);
	int (*read_stop)(struct rota_stream *stream);
	int (*write)(struct rota_stream *stream, struct rota_write *request);
	ssize_t (*try_write)(struct rota_stream *stream,
		const struct iovec *buffers, unsigned n);
	int (*shutdown)(
		struct rota_stream *stream, struct rota_shutdown *request);
	int (*read)(struct rota_stream *stream, struct rota_read *request);
	ssize_t (*try_read)(
		struct rota_stream *stream, void *memory, size_t size_bytes);
	int (*listen)(struct rota_stream *stream, int backlog,
		rota_listen_fn *fn, const char *place);
	int (*accept)(struct rota_stream *listener, struct rota_stream *client);
	/* Moves bytes between descriptor and memory: negative errno. */
	ssize_t (*pull)(
		struct rota_stream *stream, void *memory, size_t size_bytes);
	ssize_t (*push)(struct rota_stream *stream, const struct iovec *buffers,
		unsigned n);
	/* Says that no more will be sent, once all has gone out. */
	int (*end)(struct rota_stream *stream);
	/* Says that no more will be read. */
	int (*end_reading)(struct rota_stream *stream);
	int (*send_file)(
		struct rota_stream *stream, struct rota_send_file *request);
	/* Room to grow; NULL. */
	void *spare[1];
};

struct rota_stream {
	struct rota_handle handle;

	/* Private from here on; core/handles/stream.h has the picture. */
	struct rota_watch watch;
	struct rota__sender *gathered;
	struct rota__sender *pending;
	union {
		rota_buffer_fn *buffer;
		struct {
			int accepted;
			unsigned short batch;
			unsigned short n_pauses;
		} listening;
	} in;
	struct rota_queue writing;
	size_t queued_bytes;
	/* What few streams need, made with the first need. */
	struct rota__stream_more *more;
};

enum rota_open_flag {
	/* The descriptor stays the program's, see rota_stream_open(). */
	ROTA_OPEN_KEEP = 1 << 0
};

/*
 * Makes a blank handle a stream over a descriptor of the program, whatever
 * it is: a TCP or unix-domain socket, a pipe or FIFO, a terminal, a file or a
 * device. So standard input can be read alike in `prog`, `prog <file` and
 * `other | prog`.
 *
 * The stream takes the descriptor over and closes it. With ROTA_OPEN_KEEP it
 * stays the program's, which must leave it open until the stream's close
 * callback; use that for 0, 1 and 2. A terminal or pipe is opened once more
 * where the system can do so, since non-blocking is a flag that all who share
 * an open file share. Where it cannot, the flag is set on what is there, and
 * with ROTA_OPEN_KEEP taken back at the end.
 *
 * unit: flags is an or of enum rota_open_flag.
 * errors: -EINVAL loop or stream is NULL, flags has other bits; -EBADF;
 *	-EISDIR a directory; -EPROTOTYPE a datagram socket; -ENOMEM; those of
 *	fcntl(2) and getpeername(2). The handle is still blank then, the
 *	descriptor as before.
 * when: the loop's thread.
 */
ROTA_API int rota_stream_open(struct rota_loop *loop,
	struct rota_stream *stream, int fd, unsigned flags);

/*
 * Starts reading: `fn` gets the bytes as they come. `buffer` is asked for
 * memory before each read; NULL lends the loop's own buffer, valid inside
 * `fn` only, so that a stream at rest holds none. Restarting replaces both.
 *
 * errors: -EINVAL stream or fn is NULL, or the stream is closing or closed;
 *	-ENOTCONN it has no connection, or its end has been told; -EBUSY read
 *	requests are in flight, or a pump reads it; -ENOTSUP this kind cannot read; -ENOMEM.
 *	Nothing changes then.
 * when: the loop's thread. `fn` is called in the poll phase; for bytes that
 *	a read_until() has left, or that a thread has read from a file, in a
 *	pending phase; for a limit, in timers.
 * source: recv(2).
 */
ROTA_API int rota_stream_read_start_at(struct rota_stream *stream,
	rota_buffer_fn *buffer, rota_read_fn *fn, const char *place);
#define rota_stream_read_start(stream, buffer, fn) \
	rota_stream_read_start_at(stream, buffer, fn, ROTA_PLACE(fn))

/*
 * Stops reading; 0 also if it was not reading, or only a pump was. `fn` is
 * not called any more; unread bytes stay in the kernel, which makes the
 * sender slow down.
 * errors: -EINVAL stream is NULL.
 * when: the loop's thread.
 */
ROTA_API int rota_stream_read_stop(struct rota_stream *stream);

/*
 * Asks for bytes once: reads into `memory` and then calls `fn`, in a later
 * phase. Requests are served in order. The three differ in what they want:
 *
 *	rota_stream_read()		at least one byte, at most size_bytes
 *	rota_stream_read_exactly()	size_bytes
 *	rota_stream_read_until()	up to and with the first `delimiter`
 *
 * shape: the memory is the request's until `fn` is called. What has come
 *	too early for read_until() is kept for the next read, of any kind.
 * unit: size_bytes at least 1.
 * errors: -EINVAL stream, request, memory or fn is NULL, size_bytes is 0, or
 *	the stream is closing or closed; -EBUSY rota_stream_read_start() or a
 *	pump is at work; -ENOTCONN no connection, or its end has been told;
 *	-ENOTSUP; -ENOMEM. Nothing changes then. Later ones come to `fn`:
 *	ROTA_EOF; -EMSGSIZE no delimiter within size_bytes, which are
 *	taken; -ECANCELED, and -ETIMEDOUT of rota_request_set_deadline(): what
 *	has come by then is taken, the rest is left for the next.
 * when: the loop's thread.
 */
ROTA_API int rota_stream_read_at(struct rota_stream *stream,
	struct rota_read *request, void *memory, size_t size_bytes,
	rota_read_done_fn *fn, const char *place);
ROTA_API int rota_stream_read_exactly_at(struct rota_stream *stream,
	struct rota_read *request, void *memory, size_t size_bytes,
	rota_read_done_fn *fn, const char *place);
ROTA_API int rota_stream_read_until_at(struct rota_stream *stream,
	struct rota_read *request, void *memory, size_t size_bytes,
	unsigned char delimiter, rota_read_done_fn *fn, const char *place);
#define rota_stream_read(stream, request, memory, size_bytes, fn) \
	rota_stream_read_at( \
		stream, request, memory, size_bytes, fn, ROTA_PLACE(fn))
#define rota_stream_read_exactly(stream, request, memory, size_bytes, fn) \
	rota_stream_read_exactly_at( \
		stream, request, memory, size_bytes, fn, ROTA_PLACE(fn))
#define rota_stream_read_until( \
	stream, request, memory, size_bytes, delimiter, fn) \
	rota_stream_read_until_at(stream, request, memory, size_bytes, \
		delimiter, fn, ROTA_PLACE(fn))

/* Returns how many bytes a read request has got so far, or at its end. */
ROTA_API size_t rota_read_bytes(const struct rota_read *request);

/*
 * Reads what is there at once, and returns how many bytes that was. Of a
 * regular file that may take as long as the disk does.
 *
 * errors: -EAGAIN nothing is there, or a thread reads the file; ROTA_EOF;
 *	-EBUSY read requests are in flight, or a pump reads it; -EINVAL,
 *	-ENOTCONN, -ENOTSUP as rota_stream_read(); the descriptor's own error.
 * when: the loop's thread.
 * source: read(2), recv(2).
 */
ROTA_API ssize_t rota_stream_try_read(
	struct rota_stream *stream, void *memory, size_t size_bytes);

/*
 * Limits how long a stream may stay silent while it is read: when nothing
 * has come for so long, the read callback, or the first read request, gets
 * -ETIMEDOUT. The stream stays open and may be read again. ROTA_FOREVER, the
 * state at first, is no limit.
 *
 * unit: nanoseconds, at least 1. Counted from the start of reading and from
 *	each arrival by the loop's now, so that it costs no clock call.
 * errors: -EINVAL stream is NULL, closing or closed, limit_ns is 0; -ENOTSUP
 *	it is of a kind that is not rota's; -ENOMEM. Nothing changes then.
 * when: the loop's thread.
 */
ROTA_API int rota_stream_set_idle_limit(
	struct rota_stream *stream, uint64_t limit_ns);

/*
 * Writes all bytes of n buffers, behind all writes before. Writes made
 * within one callback are gathered and go out in one vectored call when that
 * callback ends (rota_stream_set_gather() turns this off); what does not fit
 * is sent when there is room. Before a connect has ended, writes wait for
 * it. Returns 0, or 1 if the stream is full, see rota_stream_set_marks().
 *
 * shape: the bytes stay the caller's and unchanged until `fn` is called. The
 *	array of buffers is copied if n is at most ROTA_WRITE_INLINE; a larger
 *	one must stay too, and is used as scratch.
 * errors: -EINVAL stream, request, fn or (n > 0) buffers is NULL, one of
 *	the buffers has a size but is NULL, the sizes add up beyond SSIZE_MAX,
 *	or the stream is closing or closed;
 *	-EPIPE after shutdown or a failed write; -ENOTCONN; -ENOTSUP. Nothing
 *	was queued then. Later errors come to `fn`; the writes behind a
 *	failed one fail with it.
 * when: the loop's thread. Never raises SIGPIPE.
 * source: sendmsg(2).
 */
ROTA_API int rota_stream_write_at(struct rota_stream *stream,
	struct rota_write *request, struct iovec *buffers, unsigned n,
	rota_write_fn *fn, const char *place);
#define rota_stream_write(stream, request, buffers, n, fn) \
	rota_stream_write_at(stream, request, buffers, n, fn, ROTA_PLACE(fn))

/*
 * Writes at once what the kernel takes, and returns how many bytes that was.
 * To a regular file that may take as long as the disk does.
 *
 * shape: buffers and bytes are only read, during the call.
 * errors: -EAGAIN the kernel takes none, or earlier writes are queued; all
 *	those of rota_stream_write(); the socket's own error.
 * when: the loop's thread. Never raises SIGPIPE.
 */
ROTA_API ssize_t rota_stream_try_write(
	struct rota_stream *stream, const struct iovec *buffers, unsigned n);

/*
 * Sends n_bytes of a file, from `offset` on, behind all writes before. It is
 * a write in all respects: queued bytes and water marks count it whole, it
 * has a deadline and can be cancelled. The kernel moves the bytes by itself
 * where it can between these two (sendfile(2)); else they are copied through
 * a small buffer. Of a big file a part goes out in each turn, so that other
 * streams get theirs. The file's own position is neither used nor moved.
 *
 * The disk is waited for: a file that is not in memory holds the loop up.
 *
 * shape: fd is the caller's, of a file that can be read at any place; it
 *	stays open until `fn` is called.
 * unit: offset and n_bytes in bytes; n_bytes 0 is told in its turn.
 * errors: those of rota_stream_write(), for `fd` also -EBADF below 0; -EINVAL
 *	the end is beyond INT64_MAX; -EFBIG more is queued then than a size_t
 *	counts, which takes a system of 32 bits: send it in parts; -ENOTSUP
 *	also a socket of records. Nothing was queued then. Later ones come to
 *	`fn`: ROTA_EOF the file ends before n_bytes; those of the stream,
 *	those of pread(2). rota_send_file_bytes() tells how many have gone
 *	out. The writes behind it fail too, with -EPIPE or the same error:
 *	the reader would take their bytes for the missing ones.
 * when: the loop's thread. Never raises SIGPIPE.
 * source: sendfile(2), pread(2).
 */
ROTA_API int rota_stream_send_file_at(struct rota_stream *stream,
	struct rota_send_file *request, int fd, uint64_t offset,
	uint64_t n_bytes, rota_send_file_fn *fn, const char *place);
#define rota_stream_send_file(stream, request, fd, offset, n_bytes, fn) \
	rota_stream_send_file_at( \
		stream, request, fd, offset, n_bytes, fn, ROTA_PLACE(fn))

/* Returns how many bytes have gone out so far, or at its end. */
ROTA_API uint64_t rota_send_file_bytes(const struct rota_send_file *request);

/*
 * Sets the water marks: a stream whose writes hold high_bytes or more is
 * full; when they are down to low_bytes again, `fn` is called once, in a
 * pending phase. A full stream still takes writes: the marks only tell. At
 * first there are none.
 *
 * unit: bytes; high_bytes 0 takes the marks away.
 * errors: -EINVAL stream is NULL, closing or closed, low_bytes is not below
 *	high_bytes, or fn is NULL where high_bytes is not 0; -ENOTSUP it is of
 *	a kind that is not rota's; -ENOMEM. Nothing changes then.
 * when: the loop's thread.
 */
ROTA_API int rota_stream_set_marks_at(struct rota_stream *stream,
	size_t low_bytes, size_t high_bytes, rota_drain_fn *fn,
	const char *place);
#define rota_stream_set_marks(stream, low_bytes, high_bytes, fn) \
	rota_stream_set_marks_at( \
		stream, low_bytes, high_bytes, fn, ROTA_PLACE(fn))

/* Returns 1 if the high mark was reached and the low one is not yet. */
ROTA_API int rota_stream_is_full(const struct rota_stream *stream);

/*
 * Closes like rota_handle_close(), but not before all writes, and a shutdown
 * if one is queued, have gone out or failed. Reading stops at once.
 * rota_handle_close() is the close that drops them (-ECANCELED), and
 * rota_tcp_reset() the one that lets the peer know. Give the writes
 * deadlines if the peer may be one that does not read.
 *
 * errors, when: as rota_handle_close(); -ENOTSUP it is of a kind that is not
 *	rota's, and stays open.
 */
ROTA_API int rota_stream_close_flushed_at(
	struct rota_stream *stream, rota_close_fn *fn, const char *place);
#define rota_stream_close_flushed(stream, fn) \
	rota_stream_close_flushed_at(stream, fn, ROTA_PLACE(fn))

/*
 * Ends the sending side once all writes before have gone out; the peer then
 * reads end of file. Reading goes on.
 *
 * errors: -EINVAL an argument is NULL, or the stream is closing or closed;
 *	-EPIPE it was shut down before; -ENOTCONN; -ENOTSUP.
 * when: the loop's thread.
 * source: shutdown(2).
 */
ROTA_API int rota_stream_shutdown_at(struct rota_stream *stream,
	struct rota_shutdown *request, rota_shutdown_fn *fn, const char *place);
#define rota_stream_shutdown(stream, request, fn) \
	rota_stream_shutdown_at(stream, request, fn, ROTA_PLACE(fn))

/*
 * Ends the receiving side: reading stops and cannot be started again, read
 * requests and pumps that read end with -ECANCELED, and what has not been
 * read is dropped. Writing goes on. The peer is not told; most systems take
 * what it still sends and throw it away.
 *
 * errors: -EINVAL stream is NULL, closing or closed; -ENOTCONN it cannot be
 *	read (any more); -ENOTSUP it is no socket; those of shutdown(2).
 *	Nothing changes then.
 * when: the loop's thread.
 * source: shutdown(2), SHUT_RD.
 */
ROTA_API int rota_stream_shutdown_reading(struct rota_stream *stream);

/*
 * Starts to listen; `fn` is called for each connection, which it takes with
 * rota_stream_accept(). While one is not taken no other is accepted.
 *
 * unit: backlog as in listen(2), at least 1.
 * errors: -EINVAL listener or fn is NULL, backlog < 1, or the stream is
 *	closing, closed, connecting or connected, or has no socket;
 *	-ENOTSUP; -ENOMEM; those of listen(2). Nothing changes then.
 * when: the loop's thread.
 */
ROTA_API int rota_stream_listen_at(struct rota_stream *listener, int backlog,
	rota_listen_fn *fn, const char *place);
#define rota_stream_listen(listener, backlog, fn) \
	rota_stream_listen_at(listener, backlog, fn, ROTA_PLACE(fn))

/*
 * Limits how many connections the listener takes before others get their
 * turn; at first as many as the loop's options say.
 *
 * unit: n connections per turn, 1 to 65535.
 * errors: -EINVAL listener is NULL, closing or closed, does not listen, or n
 *	is out of range.
 * when: the loop's thread, after rota_stream_listen().
 */
ROTA_API int rota_stream_set_accept_batch(
	struct rota_stream *listener, unsigned n);

/*
 * Takes the waiting connection into `client`, an idle stream of the same
 * kind and loop. Connections that are still waiting when the listener closes
 * are closed.
 *
 * errors: -EINVAL an argument is NULL, closing, closed, of another kind or
 *	loop, listener does not listen, or client has a descriptor already or
 *	connects; -ENOTSUP; -EAGAIN none waits; -ENOMEM: it still waits.
 * when: the loop's thread, inside the listener's `fn` or later.
 * source: accept(2).
 */
ROTA_API int rota_stream_accept(
	struct rota_stream *listener, struct rota_stream *client);

/*
 * Takes the descriptor out of a stream at rest without closing it, for
 * another loop (docs/threads.md) or other use. The kernel is told at once,
 * so that this loop hears no more of it. The handle stays open and has no
 * descriptor then; one of TCP or unix-domain sockets may get another.
 *
 * shape: *ret_fd is the caller's to close; it does not block, unless it was
 *	opened with ROTA_OPEN_KEEP and is as it was before.
 * errors: -EINVAL stream or ret_fd is NULL, or the stream is closing or
 *	closed; -ENOTCONN it has no descriptor; -EBUSY it reads, listens or
 *	connects, requests are in flight or not told yet, or bytes were read
 *	in advance (rota_stream_read_until(); by a thread, from a file).
 *	Nothing changes then.
 * when: the loop's thread.
 */
ROTA_API int rota_stream_detach(struct rota_stream *stream, int *ret_fd);

/*
 * Turns the gathering of writes of this stream on (1, at first) or off (0:
 * each write is tried at once).
 * errors: -EINVAL stream is NULL, closing or closed.
 * when: the loop's thread.
 */
ROTA_API int rota_stream_set_gather(struct rota_stream *stream, int on);

/* Returns the bytes that writes still hold. unit: bytes. */
ROTA_API size_t rota_stream_queued_bytes(const struct rota_stream *stream);

/* Returns the descriptor, -1 if there is none. */
ROTA_API int rota_stream_fd(const struct rota_stream *stream);

/* Each returns 1 or 0: it reads now; it can be read; it can be written. */
ROTA_API int rota_stream_is_reading(const struct rota_stream *stream);
ROTA_API int rota_stream_is_readable(const struct rota_stream *stream);
ROTA_API int rota_stream_is_writable(const struct rota_stream *stream);

ROTA_END_C

#endif
