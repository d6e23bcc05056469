/* SPDX-License-Identifier: MIT */
/*
 * Streams over descriptors from inside: reading, the queue of writes, and
 * listening, for every kind that has a descriptor to poll. The queue
 * (core/queue.h) holds a connect, writes and a shutdown.
 */
#ifndef ROTA_CORE_HANDLES_STREAM_H
#define ROTA_CORE_HANDLES_STREAM_H

#include "core/handle.h"
#include "rota/stream.h"

struct rota_unix_write;

enum rota__stream_state {
	ROTA__STREAM_CONNECTING = 1 << 0,
	/* Bytes can come, can go. */
	ROTA__STREAM_READABLE = 1 << 1,
	ROTA__STREAM_WRITABLE = 1 << 2,
	ROTA__STREAM_READING = 1 << 3,
	/* The kernel's buffer is full: waits for room. */
	ROTA__STREAM_BLOCKED = 1 << 4,
	/* A shutdown is queued or done: nothing more can be written. */
	ROTA__STREAM_SHUT = 1 << 5,
	ROTA__STREAM_LISTENING = 1 << 6,
	/* Waits for a connection to be taken, or for descriptors. */
	ROTA__STREAM_PAUSED = 1 << 7,
	ROTA__STREAM_BOUND = 1 << 8,
	/* Every write is tried at once. */
	ROTA__STREAM_EAGER = 1 << 9,
	/* Closing sends a reset. */
	ROTA__STREAM_RESET = 1 << 10,
	/* Others may have copies of the descriptor: the kernel must be told. */
	ROTA__STREAM_SHARED = 1 << 11,
	/* The descriptor stays the program's. */
	ROTA__STREAM_KEPT = 1 << 12,
	/* Read requests are in line. */
	ROTA__STREAM_ASKED = 1 << 13,
	/* The high mark was reached and the low one is not yet. */
	ROTA__STREAM_FULL = 1 << 14,
	/* Closing, but not before all writes have gone out. */
	ROTA__STREAM_FLUSHING = 1 << 15,
	/* Each write is a record of its own. */
	ROTA__STREAM_RECORDS = 1 << 16,
	/* Descriptors may come with the bytes. */
	ROTA__STREAM_TAKES_FDS = 1 << 17,
	/* Connecting to one of several addresses: has no descriptor yet. */
	ROTA__STREAM_RACING = 1 << 18,
	/* Of a regular file: a thread reads, has read; writes. */
	ROTA__STREAM_FETCHING = 1 << 19,
	ROTA__STREAM_FETCHED = 1 << 20,
	ROTA__STREAM_STORING = 1 << 21,
	/* Closing, but not before these threads have returned. */
	ROTA__STREAM_LINGERING = 1 << 22,
	/* No thread: what waits for the disk may wait here and now. */
	ROTA__STREAM_AT_ONCE = 1 << 23,
	/* Kept, and has to be made to wait again. */
	ROTA__STREAM_UNBLOCKED = 1 << 24,
	/* A connect was begun, and is not told yet. */
	ROTA__STREAM_DIALLED = 1 << 25,
	/* Has a buffer callback, or more: is not read in the usual way. */
	ROTA__STREAM_AT_LENGTH = 1 << 26
};

/* What a read request wants; 0 and above: up to that byte. */
enum rota__read_how {
	ROTA__READ_SOME = -1,
	ROTA__READ_EXACTLY = -2
};

/* Full buffers that one stream may fill before others get their turn. */
#define ROTA__READ_ROUNDS 2

/* Buffers of one vectored call; all systems take so many. */
#define ROTA__STREAM_BUFFERS 64

/*
 * How many of a write's buffers one call is given. Never a part of a record:
 * rather the kernel's refusal.
 */
static inline unsigned
rota__stream_cut(const struct rota_stream *stream, unsigned n_buffers)
{
	return n_buffers > ROTA__STREAM_BUFFERS &&
			!(stream->handle.state & ROTA__STREAM_RECORDS) ?
		ROTA__STREAM_BUFFERS :
		n_buffers;
}

static inline struct rota__sender *
rota__stream_sender(struct rota_stream *stream)
{
	return (struct rota__sender *)&stream->handle;
}

/* Makes the buffer that streams borrow, if there is none yet; -ENOMEM. */
int rota__stream_make_buffer(struct rota_loop *loop);

/* Can only fail for that buffer. */
int rota__stream_init(struct rota_loop *loop, struct rota_stream *stream,
	const struct rota_handle_type *type);

/* 0, or -EINVAL if the sizes do not fit what the kernel counts in. */
int rota__stream_check_buffers(const struct iovec *buffers, unsigned n);

/* Fills a request that is to be written. */
void rota__stream_fill_write(struct rota_write *request, struct iovec *buffers,
	unsigned n, rota_write_fn *fn, const char *place);

/* Gives a stream its descriptor, for which there is room in the table. */
void rota__stream_adopt(struct rota_stream *stream, int fd, uint32_t state);

/* Closes the descriptor, if there is one, or gives it back. */
void rota__stream_drop_fd(struct rota_stream *stream);

/* Gives the descriptor of a stream at rest away; negative errno. */
int rota__stream_detach(struct rota_stream *stream, int *ret_fd);

/* Watches for what the state asks for. */
void rota__stream_watch(struct rota_stream *stream);

/* A connect has been begun, or its end is known. */
void rota__stream_begin_connect(
	struct rota_stream *stream, struct rota_connect *request);
void rota__stream_decide_connect(struct rota_stream *stream, int status);

/* For the reader a stream has, also if that is a pump. */
int rota__stream_begin_reading(struct rota_stream *stream,
	rota_buffer_fn *buffer, rota_read_fn *fn, const char *place);
void rota__stream_end_reading(struct rota_stream *stream);

/* Ends reading and tells why. */
void rota__stream_fail_reading(struct rota_stream *stream, ssize_t error);

/* Limits and marks, more.c. Full returns 1 if the stream is. */
int rota__stream_set_idle_limit(struct rota_stream *stream, uint64_t limit_ns);
int rota__stream_set_marks(struct rota_stream *stream, size_t low_bytes,
	size_t high_bytes, rota_drain_fn *fn, const char *place);
int rota__stream_mark_full(struct rota_stream *stream);
void rota__stream_mark_drained(struct rota_stream *stream);
void rota__stream_tell_drained(struct rota_stream *stream);

/* Takes n sent bytes off the queue of writes. */
void rota__stream_advance(struct rota_stream *stream, size_t n);

/* A thread has returned: ends a closing that has waited for it. */
void rota__stream_end_closing(struct rota_stream *stream);

/* For tables of types and of streams. */
int rota__stream_close(struct rota_handle *handle);
void rota__stream_finish(struct rota_handle *handle);
void rota__stream_describe(
	const struct rota_handle *handle, char *text, size_t size_bytes);
/* Sends what the kernel takes, and watches for room for the rest. */
void rota__stream_flush(struct rota_handle *handle);
/* Calls the callbacks of the requests that are decided now. */
void rota__stream_tell(struct rota_handle *handle);
void rota__stream_ready(struct rota_handle *handle, unsigned ready);
int rota__stream_requests(
	struct rota_handle *handle, rota_request_visit_fn *visit, void *data);
int rota__stream_read_start(struct rota_stream *stream, rota_buffer_fn *buffer,
	rota_read_fn *fn, const char *place);
int rota__stream_read_stop(struct rota_stream *stream);
int rota__stream_write(struct rota_stream *stream, struct rota_write *request);
int rota__stream_write_fds(
	struct rota_stream *stream, struct rota_unix_write *request);
int rota__stream_send_file(
	struct rota_stream *stream, struct rota_send_file *request);
int rota__stream_can_write(const struct rota_stream *stream);
ssize_t rota__stream_try_write(
	struct rota_stream *stream, const struct iovec *buffers, unsigned n);
int rota__stream_shutdown(
	struct rota_stream *stream, struct rota_shutdown *request);
int rota__stream_listen(struct rota_stream *stream, int backlog,
	rota_listen_fn *fn, const char *place);
int rota__stream_accept(
	struct rota_stream *listener, struct rota_stream *client);

#endif
