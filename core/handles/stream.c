/* SPDX-License-Identifier: MIT */
/* The life of a stream over a descriptor, reading and connecting. */
#include "core/handles/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "core/handle.h"
#include "core/handles/more.h"
#include "core/handles/race.h"
#include "core/handles/regular.h"
#include "core/handles/write.h"
#include "core/pending.h"
#include "core/queue.h"
#include "core/request.h"
#include "core/ring.h"
#include "core/terminals.h"
#include "core/turn.h"

_Static_assert(offsetof(struct rota_stream, watch) ==
		offsetof(struct rota__watcher, watch),
	"a rota_stream begins as a rota__watcher");
_Static_assert(offsetof(struct rota_stream, pending) ==
		offsetof(struct rota__sender, pending),
	"a rota_stream begins as a rota__sender");

/* What of its state a stream has without a descriptor as well. */
#define WITHOUT_FD \
	(ROTA__STREAM_EAGER | ROTA__STREAM_FULL | ROTA__STREAM_FLUSHING | \
		ROTA__STREAM_RECORDS | ROTA__STREAM_TAKES_FDS | \
		ROTA__STREAM_DIALLED | ROTA__STREAM_AT_LENGTH)

int
rota__stream_make_buffer(struct rota_loop *loop)
{
	if (loop->read_buffer == NULL)
		loop->read_buffer = rota__realloc(
			&loop->memory, NULL, ROTA__READ_BUFFER_BYTES);
	return loop->read_buffer == NULL ? -ENOMEM : 0;
}

int
rota__stream_init(struct rota_loop *loop, struct rota_stream *stream,
	const struct rota_handle_type *type)
{
	int r = rota__stream_make_buffer(loop);

	if (r < 0)
		return r;
	rota__watch_bind(&stream->watch, -1);
	stream->in.buffer = NULL;
	rota__queue_init(&stream->writing);
	stream->queued_bytes = 0;
	stream->more = NULL;
	rota__sender_init(rota__stream_sender(stream));
	rota__handle_init(loop, &stream->handle, type);
	return 0;
}

void
rota__stream_adopt(struct rota_stream *stream, int fd, uint32_t state)
{
	rota__watch_bind(&stream->watch, fd);
	stream->handle.state |= state;
}

/* One that stays the program's and waited before waits again. */
static void
give_back(const struct rota_sys *sys, int fd)
{
	int flags = sys->get_flags(fd);

	if (flags >= 0)
		(void)sys->set_flags(fd, flags & ~O_NONBLOCK);
}

/* The kernel forgets the descriptor; a terminal gets its mode back. */
static int
let_go(struct rota_stream *stream, int will_close)
{
	int fd = stream->watch.fd;

	rota__tty_drop(stream);
	rota__watch_forget(stream->handle.loop, &stream->watch, will_close);
	if (stream->handle.state & ROTA__STREAM_UNBLOCKED)
		give_back(stream->handle.loop->sys, fd);
	stream->watch.fd = -1;
	return fd;
}

void
rota__stream_drop_fd(struct rota_stream *stream)
{
	if (stream->watch.fd >= 0) {
		int fd = let_go(
			stream, !(stream->handle.state & ROTA__STREAM_SHARED));

		if (!(stream->handle.state & ROTA__STREAM_KEPT))
			(void)stream->handle.loop->sys->close(fd);
	}
	stream->handle.state &= WITHOUT_FD;
}

/* 1 if something is kept or owed that has to do with reading in requests. */
static int
has_more_to_do(const struct rota__stream_more *more)
{
	return more != NULL &&
		(more->n_kept > 0 || more->pump != NULL ||
			!rota__queue_is_empty(&more->asked) ||
			!rota__queue_is_empty(&more->served) ||
			!rota__queue_is_empty(&more->pumps));
}

static int
is_at_rest(const struct rota_stream *stream)
{
	return !(stream->handle.state &
		       (ROTA__STREAM_READING | ROTA__STREAM_ASKED |
			       ROTA__STREAM_LISTENING | ROTA__STREAM_FULL |
			       ROTA__STREAM_FETCHED)) &&
		!rota__regular_is_at_work(stream) &&
		rota__queue_is_empty(&stream->writing) &&
		!has_more_to_do(stream->more);
}

int
rota__stream_detach(struct rota_stream *stream, int *ret_fd)
{
	if (!is_at_rest(stream))
		return -EBUSY;
	if (stream->watch.fd < 0)
		return -ENOTCONN;
	*ret_fd = let_go(stream, 0);
	stream->handle.state &= WITHOUT_FD;
	return 0;
}

static unsigned
wish_of(const struct rota_stream *stream)
{
	unsigned events = 0;

	if (stream->handle.state & ROTA__STREAM_RACING)
		return 0;
	if (stream->handle.state & ROTA__STREAM_CONNECTING)
		return ROTA_WRITABLE;
	if (stream->handle.state &
			(ROTA__STREAM_READING | ROTA__STREAM_ASKED) ||
		(stream->handle.state &
			(ROTA__STREAM_LISTENING | ROTA__STREAM_PAUSED)) ==
			ROTA__STREAM_LISTENING)
		events |= ROTA_READABLE;
	if (stream->handle.state & ROTA__STREAM_BLOCKED)
		events |= ROTA_WRITABLE;
	if (stream->handle.state & ROTA__STREAM_FETCHING)
		events &= ~(unsigned)ROTA_READABLE;
	if (stream->handle.state & ROTA__STREAM_STORING)
		events &= ~(unsigned)ROTA_WRITABLE;
	return events;
}

void
rota__stream_watch(struct rota_stream *stream)
{
	unsigned events = wish_of(stream);

	if (events == stream->watch.wanted)
		return;
	if (events == 0)
		rota__watch_stop(stream->handle.loop, &stream->watch);
	else
		rota__watch_start(stream->handle.loop, &stream->watch, events);
}

static void
end_reading(struct rota_stream *stream)
{
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_READING;
	rota__stream_calm(stream);
	rota__handle_deactivate(&stream->handle);
	rota__stream_watch(stream);
}

static inline void
call_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct rota_loop *loop = stream->handle.loop;

	rota__before_handle(loop, &stream->handle);
	stream->handle.fn.read(stream, n, data);
	rota__after_callback(loop);
}

/* `unused` is a buffer of the caller's, which goes back to him. */
static void
fail_reading(struct rota_stream *stream, ssize_t error, void *unused)
{
	if (error == ROTA_EOF)
		stream->handle.state &= ~(uint32_t)ROTA__STREAM_READABLE;
	end_reading(stream);
	call_read(stream, error, unused);
}

void
rota__stream_fail_reading(struct rota_stream *stream, ssize_t error)
{
	fail_reading(stream, error, NULL);
}

static struct iovec
call_buffer(struct rota_stream *stream)
{
	struct rota_loop *loop = stream->handle.loop;
	struct iovec buffer = { NULL, 0 };

	rota__before_callback(loop, stream->handle.type->name,
		stream->handle.place, &stream->handle);
	stream->in.buffer(stream, &buffer);
	rota__after_callback(loop);
	return buffer;
}

/* The caller's buffer, or the loop's. */
static struct iovec
borrow_buffer(struct rota_stream *stream)
{
	struct iovec buffer = { stream->handle.loop->read_buffer,
		ROTA__READ_BUFFER_BYTES };

	return stream->in.buffer ? call_buffer(stream) : buffer;
}

/* Bytes that were kept back come before those of the descriptor. */
static ssize_t
fill(struct rota_stream *stream, const struct iovec *buffer)
{
	size_t n = 0;

	if (stream->more != NULL)
		n = rota__stream_take_kept(
			stream, buffer->iov_base, buffer->iov_len);
	if (n > 0)
		return (ssize_t)n;
	return stream->handle.type->stream->pull(
		stream, buffer->iov_base, buffer->iov_len);
}

/* Nothing has come, or no more will. A buffer of the caller's goes back. */
static void
come_back_empty(struct rota_stream *stream, ssize_t n, void *memory)
{
	void *unused = stream->in.buffer == NULL ? NULL : memory;

	if (n != -EAGAIN && n != -EWOULDBLOCK)
		fail_reading(stream, n == 0 ? ROTA_EOF : n, unused);
	else if (unused != NULL)
		call_read(stream, 0, unused);
}

/* 1 if a read that got n bytes of so much room may have left some. */
static int
may_have_more(const struct rota_stream *stream, ssize_t n, size_t room)
{
	return (size_t)n == room ||
		(stream->handle.state & ROTA__STREAM_RECORDS) != 0;
}

/* The usual read, into the loop's buffer, of a stream that keeps nothing. */
static inline int
read_lent(struct rota_stream *stream)
{
	struct rota_loop *loop = stream->handle.loop;
	ssize_t n = stream->handle.type->stream->pull(
		stream, loop->read_buffer, ROTA__READ_BUFFER_BYTES);

	if (n <= 0) {
		come_back_empty(stream, n, NULL);
		return 0;
	}
	rota__before_handle(loop, &stream->handle);
	stream->handle.fn.read(stream, n, loop->read_buffer);
	rota__after_callback(loop);
	return n == ROTA__READ_BUFFER_BYTES;
}

/* Returns 1 if more may be there to read. */
__attribute__((noinline)) static int
read_once(struct rota_stream *stream)
{
	struct iovec buffer = borrow_buffer(stream);
	ssize_t n;

	/* The buffer callback, or a tick after it, may have had enough. */
	if (!(stream->handle.state & ROTA__STREAM_READING))
		return 0;
	if (buffer.iov_base == NULL || buffer.iov_len == 0) {
		rota__stream_fail_reading(stream, -ENOBUFS);
		return 0;
	}
	n = fill(stream, &buffer);
	if (n <= 0) {
		come_back_empty(stream, n, buffer.iov_base);
		return 0;
	}
	if (stream->more != NULL)
		rota__stream_stir(stream);
	call_read(stream, n, buffer.iov_base);
	return may_have_more(stream, n, buffer.iov_len);
}

/* A callback may close the stream: then it does not read any more either. */
__attribute__((noinline)) static void
read_on(struct rota_stream *stream, int n_rounds)
{
	while (stream->handle.state & ROTA__STREAM_READING && n_rounds-- > 0)
		if (!read_once(stream))
			return;
}

void
rota__stream_begin_connect(
	struct rota_stream *stream, struct rota_connect *request)
{
	rota__queue_put(&stream->writing, &request->request);
	stream->handle.state |= ROTA__STREAM_CONNECTING | ROTA__STREAM_DIALLED;
}

void
rota__stream_decide_connect(struct rota_stream *stream, int status)
{
	rota__request_decide(rota__queue_undecided(&stream->writing), status);
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_CONNECTING;
	rota__pending_add(rota__stream_sender(stream));
	if (status == 0) {
		stream->handle.state |= ROTA__STREAM_READABLE |
			ROTA__STREAM_WRITABLE;
		stream->handle.state &= ~(uint32_t)ROTA__STREAM_BOUND;
		rota__stream_watch(stream);
		rota__stream_flush(&stream->handle);
		return;
	}
	rota__stream_fail_writes(stream, status);
	rota__stream_fail_reads(stream, status);
	rota__stream_calm(stream);
	rota__handle_deactivate(&stream->handle);
	rota__stream_drop_fd(stream);
}

static void
finish_connect(struct rota_stream *stream, int error)
{
	socklen_t len = sizeof(error);
	int r = 0;

	if (error == 0)
		r = stream->handle.loop->sys->getsockopt(
			stream->watch.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	rota__stream_decide_connect(stream, r < 0 ? r : -error);
}

/* The kernel refuses to watch: as an error of all that waits for it. */
static void
fail_all(struct rota_stream *stream, int error)
{
	if (stream->handle.state & ROTA__STREAM_LISTENING) {
		rota__stream_accept_failed(stream, error);
		return;
	}
	rota__stream_fail_writes(stream, error);
	rota__stream_fail_reads(stream, error);
	if (stream->handle.state & ROTA__STREAM_READING)
		rota__stream_fail_reading(stream, error);
}

__attribute__((noinline)) static void
ready_for(struct rota_stream *stream, unsigned ready)
{
	int error = ready & ROTA_FAILED ? stream->handle.loop->fds.error : 0;

	if (stream->handle.state & ROTA__STREAM_CONNECTING)
		finish_connect(stream, -error);
	else if (error != 0)
		fail_all(stream, error);
	else if (stream->handle.state & ROTA__STREAM_LISTENING)
		rota__stream_accept_all(stream);
	else if (stream->handle.state & ROTA__STREAM_ASKED)
		rota__stream_serve(stream);
	else if (ready & (ROTA_READABLE | ROTA_HANGUP))
		read_on(stream, ROTA__READ_ROUNDS);
	/* Still that of an open stream? A closed one is not blocked. */
	if (ready & ROTA_WRITABLE &&
		stream->handle.state & ROTA__STREAM_BLOCKED)
		rota__stream_flush(&stream->handle);
}

/*
 * The usual is in front: something has come for a stream that is read into
 * the loop's buffer.
 */
void
rota__stream_ready(struct rota_handle *handle, unsigned ready)
{
	struct rota_stream *stream = (struct rota_stream *)handle;
	uint32_t doing = stream->handle.state &
		(ROTA__STREAM_CONNECTING | ROTA__STREAM_READING |
			ROTA__STREAM_LISTENING | ROTA__STREAM_ASKED |
			ROTA__STREAM_RECORDS | ROTA__STREAM_AT_LENGTH);

	if (ready != ROTA_READABLE || doing != ROTA__STREAM_READING)
		ready_for(stream, ready);
	else if (read_lent(stream))
		read_on(stream, ROTA__READ_ROUNDS - 1);
}

/* Gives up all that is under way. */
static void
abandon(struct rota_stream *stream)
{
	rota__pump_lose_source(stream);
	if (stream->handle.state & ROTA__STREAM_LISTENING)
		rota__stream_end_listening(stream);
	if (stream->handle.state & ROTA__STREAM_RACING)
		rota__race_end(stream);
	if (stream->handle.state & ROTA__STREAM_CONNECTING)
		rota__request_decide(
			rota__queue_undecided(&stream->writing), -ECANCELED);
	rota__stream_fail_writes(stream, -ECANCELED);
	rota__stream_fail_reads(stream, -ECANCELED);
	rota__pump_lose_sink(stream);
	rota__stream_calm(stream);
	rota__stream_drop_fd(stream);
	stream->handle.state = 0;
}

static int
must_flush(const struct rota_stream *stream)
{
	return stream->handle.state & ROTA__STREAM_FLUSHING &&
		stream->writing.unsent != NULL;
}

/*
 * Flushing, it goes on writing until the last write is told. A thread that
 * is at work on the descriptor is waited for.
 */
int
rota__stream_close(struct rota_handle *handle)
{
	struct rota_stream *stream = (struct rota_stream *)handle;

	if (!must_flush(stream)) {
		if (!rota__regular_is_at_work(stream)) {
			abandon(stream);
			return 0;
		}
		stream->handle.state |= ROTA__STREAM_LINGERING;
	}
	rota__pump_lose_source(stream);
	rota__pump_lose_sink(stream);
	/* Nobody may write any more, so none need know that there is room. */
	stream->handle.state &=
		~(uint32_t)(ROTA__STREAM_READING | ROTA__STREAM_FULL);
	rota__stream_fail_reads(stream, -ECANCELED);
	rota__stream_calm(stream);
	rota__stream_watch(stream);
	return 1;
}

/* Flushing, the last write has been told; lingering, no thread is left. */
void
rota__stream_end_closing(struct rota_stream *stream)
{
	uint32_t state = stream->handle.state;

	if (!(state & (ROTA__STREAM_FLUSHING | ROTA__STREAM_LINGERING)) ||
		rota__regular_is_at_work(stream))
		return;
	if (!(state & ROTA__STREAM_LINGERING) &&
		!rota__queue_is_empty(&stream->writing))
		return;
	abandon(stream);
	(void)rota_handle_closed(&stream->handle);
}

/* Bytes that were kept back wait for no descriptor. */
static void
tell_kept(struct rota_stream *stream)
{
	if (!(stream->handle.state & ROTA__STREAM_READING) ||
		stream->more->n_kept == 0)
		return;
	read_on(stream, ROTA__READ_ROUNDS);
	if (stream->handle.state & ROTA__STREAM_READING &&
		stream->more->n_kept > 0)
		rota__pending_add(rota__stream_sender(stream));
}

/* Nor do those that a thread has read. */
static void
tell_fetched(struct rota_stream *stream)
{
	if (!(stream->handle.state & ROTA__STREAM_FETCHED))
		return;
	if (stream->handle.state & ROTA__STREAM_ASKED)
		rota__stream_serve(stream);
	else if (stream->handle.state & ROTA__STREAM_READING)
		read_on(stream, ROTA__READ_ROUNDS);
	if (stream->handle.state & ROTA__STREAM_FETCHED &&
		stream->handle.state &
			(ROTA__STREAM_READING | ROTA__STREAM_ASKED))
		rota__pending_add(rota__stream_sender(stream));
}

void
rota__stream_tell(struct rota_handle *handle)
{
	struct rota_stream *stream = (struct rota_stream *)handle;

	if (stream->more != NULL)
		tell_kept(stream);
	tell_fetched(stream);
	/* Writes first: the end of one may be that of a pump. */
	rota__queue_tell(&stream->writing);
	if (stream->more != NULL) {
		rota__stream_tell_served(stream);
		rota__stream_tell_drained(stream);
	}
	if (stream->handle.state &
		(ROTA__STREAM_FLUSHING | ROTA__STREAM_LINGERING))
		rota__stream_end_closing(stream);
}

void
rota__stream_describe(
	const struct rota_handle *handle, char *text, size_t size_bytes)
{
	const struct rota_stream *stream = (const struct rota_stream *)handle;

	if (stream->watch.fd >= 0)
		(void)snprintf(text, size_bytes, "fd %d", stream->watch.fd);
}

void
rota__stream_finish(struct rota_handle *handle)
{
	struct rota_stream *stream = (struct rota_stream *)handle;

	rota__stream_tell(&stream->handle);
	rota__stream_free_more(stream);
}

int
rota__stream_requests(
	struct rota_handle *handle, rota_request_visit_fn *visit, void *data)
{
	struct rota_stream *stream = (struct rota_stream *)handle;
	const struct rota__stream_more *more = stream->more;
	int r = 0;

	if (more != NULL)
		r = rota__queue_visit(&more->served, visit, data);
	if (r == 0 && more != NULL)
		r = rota__queue_visit(&more->asked, visit, data);
	if (r == 0 && more != NULL)
		r = rota__queue_visit(&more->pumps, visit, data);
	return r == 0 ? rota__queue_visit(&stream->writing, visit, data) : r;
}

int
rota__stream_begin_reading(struct rota_stream *stream, rota_buffer_fn *buffer,
	rota_read_fn *fn, const char *place)
{
	if (!(stream->handle.state &
		    (ROTA__STREAM_READABLE | ROTA__STREAM_CONNECTING)))
		return -ENOTCONN;
	if (stream->handle.state & ROTA__STREAM_ASKED)
		return -EBUSY;
	stream->in.buffer = buffer;
	stream->handle.fn.read = fn;
	stream->handle.state |= ROTA__STREAM_READING;
	if (buffer != NULL)
		stream->handle.state |= ROTA__STREAM_AT_LENGTH;
	else if (stream->more == NULL)
		stream->handle.state &= ~(uint32_t)ROTA__STREAM_AT_LENGTH;
	if (stream->more != NULL && stream->more->n_kept > 0)
		rota__pending_add(rota__stream_sender(stream));
	rota__stream_stir(stream);
	rota__stream_watch(stream);
	rota__handle_activate(&stream->handle, place);
	return 0;
}

void
rota__stream_end_reading(struct rota_stream *stream)
{
	if (stream->handle.state & ROTA__STREAM_READING)
		end_reading(stream);
}

int
rota__stream_read_start(struct rota_stream *stream, rota_buffer_fn *buffer,
	rota_read_fn *fn, const char *place)
{
	if (rota__stream_is_pumped(stream))
		return -EBUSY;
	return rota__stream_begin_reading(stream, buffer, fn, place);
}

/* A pump's reading is not the caller's to stop. */
int
rota__stream_read_stop(struct rota_stream *stream)
{
	if (!rota__stream_is_pumped(stream))
		rota__stream_end_reading(stream);
	return 0;
}
