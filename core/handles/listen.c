/* SPDX-License-Identifier: MIT */
/*
 * Listening streams. When descriptors or memory run out, the connections
 * wait in the kernel's backlog while the listener pauses: it neither spins
 * nor loses anybody over a passing want. If descriptors are missing for long,
 * the clients are turned away, so that they do not hang.
 */
#include <errno.h>
#include <limits.h>

#include "core/clock.h"
#include "core/handle.h"
#include "core/handles/more.h"
#include "core/handles/stream.h"
#include "core/handles/write.h"
#include "core/queue.h"
#include "core/turn.h"

#define PAUSE_NS (UINT64_C(100) * ROTA_MILLISECOND)

/* So many pauses in a row a connection waits for a descriptor. */
#define PATIENT_PAUSES 10

static void
call_listen(struct rota_stream *listener, int status)
{
	struct rota_loop *loop = listener->handle.loop;

	rota__before_callback(loop, listener->handle.type->name,
		listener->handle.place, &listener->handle);
	listener->handle.fn.listen(listener, status);
	rota__after_callback(loop);
}

/* The loop's spare descriptor; without one, nobody can be turned away. */
static void
need_spare(struct rota_loop *loop)
{
	int fd;

	if (loop->spare_fd >= 0)
		return;
	fd = loop->sys->open_spare();
	loop->spare_fd = fd < 0 ? -1 : fd;
}

/*
 * Gives up the spare descriptor to accept with its number and close at once.
 * Another thread may snatch the number: then they wait for the next pause.
 */
static void
turn_away(struct rota_stream *listener)
{
	struct rota_loop *loop = listener->handle.loop;
	unsigned n = listener->in.listening.batch;
	int fd;

	if (loop->spare_fd < 0)
		return;
	(void)loop->sys->close(loop->spare_fd);
	loop->spare_fd = -1;
	do {
		fd = loop->sys->accept(listener->watch.fd);
		if (fd >= 0)
			(void)loop->sys->close(fd);
	} while (fd >= 0 && --n > 0);
	need_spare(loop);
}

/* Counts how long descriptors have been missing, and loses patience. */
static void
heed_want(struct rota_stream *listener, int error)
{
	if (error != -EMFILE && error != -ENFILE)
		return;
	if (listener->in.listening.n_pauses < PATIENT_PAUSES)
		listener->in.listening.n_pauses++;
	else
		turn_away(listener);
}

void
rota__stream_accept_failed(struct rota_stream *listener, int error)
{
	struct rota_loop *loop = listener->handle.loop;
	uint64_t now_ns = loop->sys->clock_ns();

	heed_want(listener, error);
	listener->handle.state |= ROTA__STREAM_PAUSED;
	rota__stream_watch(listener);
	rota__heap_start(&loop->heap, &listener->more->alarm,
		rota__clock_add(now_ns, PAUSE_NS));
	call_listen(listener, error);
}

void
rota__stream_end_pause(struct rota_stream *listener)
{
	need_spare(listener->handle.loop);
	listener->handle.state &= ~(uint32_t)ROTA__STREAM_PAUSED;
	rota__stream_watch(listener);
}

/* accept(2) also reports what happened to the connection meanwhile. */
static int
is_of_connection(int error)
{
	return error == -ECONNABORTED || error == -EPROTO ||
		error == -ECONNRESET || error == -EPERM || error == -ENETDOWN ||
		error == -ENETUNREACH || error == -EHOSTDOWN ||
		error == -EHOSTUNREACH || error == -ENOPROTOOPT ||
		error == -ETIMEDOUT;
}

/* Returns 1 to go on with the next connection. */
static int
accept_one(struct rota_stream *listener)
{
	int fd = listener->handle.loop->sys->accept(listener->watch.fd);

	if (fd == -EAGAIN || fd == -EWOULDBLOCK)
		return 0;
	if (fd < 0) {
		if (is_of_connection(fd))
			return 1;
		rota__stream_accept_failed(listener, fd);
		return 0;
	}
	listener->in.listening.n_pauses = 0;
	listener->in.listening.accepted = fd;
	call_listen(listener, 0);
	if (!(listener->handle.state & ROTA__STREAM_LISTENING))
		return 0;
	if (listener->in.listening.accepted < 0)
		return 1;
	/* Not taken: no other is accepted before this one is. */
	listener->handle.state |= ROTA__STREAM_PAUSED;
	rota__stream_watch(listener);
	return 0;
}

void
rota__stream_accept_all(struct rota_stream *listener)
{
	unsigned n = listener->in.listening.batch;

	while (n-- > 0 && accept_one(listener))
		;
}

void
rota__stream_end_listening(struct rota_stream *listener)
{
	struct rota_loop *loop = listener->handle.loop;

	if (listener->in.listening.accepted >= 0)
		(void)loop->sys->close(listener->in.listening.accepted);
	listener->handle.state &= ~(uint32_t)ROTA__STREAM_LISTENING;
}

/* The socket listens already: only the callback and the backlog change. */
static int
relisten(struct rota_stream *stream, int backlog, rota_listen_fn *fn,
	const char *place)
{
	int r = stream->handle.loop->sys->listen(stream->watch.fd, backlog);

	if (r < 0)
		return r;
	stream->handle.fn.listen = fn;
	rota__handle_activate(&stream->handle, place);
	return 0;
}

int
rota__stream_listen(struct rota_stream *stream, int backlog, rota_listen_fn *fn,
	const char *place)
{
	struct rota_loop *loop = stream->handle.loop;
	int r;

	if (stream->handle.state & ROTA__STREAM_LISTENING)
		return relisten(stream, backlog, fn, place);
	if (stream->handle.state &
			(ROTA__STREAM_READABLE | ROTA__STREAM_WRITABLE |
				ROTA__STREAM_CONNECTING) ||
		!rota__queue_is_empty(&stream->writing) || stream->watch.fd < 0)
		return -EINVAL;
	if (rota__stream_more(stream) == NULL)
		return -ENOMEM;
	r = loop->sys->listen(stream->watch.fd, backlog);
	if (r < 0)
		return r;
	stream->handle.fn.listen = fn;
	stream->in.listening.accepted = -1;
	stream->in.listening.batch =
		(unsigned short)(loop->accept_batch < USHRT_MAX ?
				loop->accept_batch :
				USHRT_MAX);
	stream->in.listening.n_pauses = 0;
	need_spare(loop);
	stream->handle.state |= ROTA__STREAM_LISTENING;
	rota__stream_watch(stream);
	rota__handle_activate(&stream->handle, place);
	return 0;
}

int
rota__stream_accept(struct rota_stream *listener, struct rota_stream *client)
{
	struct rota_loop *loop = listener->handle.loop;
	int fd;
	int r;

	if (!(listener->handle.state & ROTA__STREAM_LISTENING) ||
		client->watch.fd >= 0 ||
		client->handle.state & ROTA__STREAM_DIALLED)
		return -EINVAL;
	fd = listener->in.listening.accepted;
	if (fd < 0)
		return -EAGAIN;
	r = rota__fds_reserve(loop, fd);
	if (r < 0)
		return r;
	listener->in.listening.accepted = -1;
	rota__stream_adopt(
		client, fd, ROTA__STREAM_READABLE | ROTA__STREAM_WRITABLE);
	if (listener->handle.state & ROTA__STREAM_PAUSED &&
		!rota__alarm_is_set(&listener->more->alarm)) {
		listener->handle.state &= ~(uint32_t)ROTA__STREAM_PAUSED;
		rota__stream_watch(listener);
	}
	return 0;
}
