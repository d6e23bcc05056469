/* SPDX-License-Identifier: MIT */
/*
 * Streams over what is read with read(2) and written with write(2): pipes
 * and FIFOs, terminals, files and devices.
 */
#include <errno.h>

#include "core/handle.h"
#include "core/handles/more.h"
#include "core/handles/stream.h"

static ssize_t
pull_plain(struct rota_stream *stream, void *memory, size_t size_bytes)
{
	return stream->handle.loop->sys->read(
		stream->watch.fd, memory, size_bytes);
}

static ssize_t
push_plain(struct rota_stream *stream, const struct iovec *buffers, unsigned n)
{
	return stream->handle.loop->sys->writev(stream->watch.fd, buffers, n);
}

/* Nobody is on the other side who could be told. */
static int
end_plain(struct rota_stream *stream)
{
	(void)stream;
	return 0;
}

static ssize_t
push_pipe(struct rota_stream *stream, const struct iovec *buffers, unsigned n)
{
	return stream->handle.loop->sys->write_pipe(
		stream->watch.fd, buffers, n);
}

/* The reader of a pipe sees the end when the last writer has closed. */
static int
end_pipe(struct rota_stream *stream)
{
	if (stream->handle.state & ROTA__STREAM_READABLE)
		return 0;
	rota__stream_drop_fd(stream);
	stream->handle.state |= ROTA__STREAM_SHUT;
	return 0;
}

/* Linux says EIO where others report the end: the other side hung up. */
static ssize_t
pull_tty(struct rota_stream *stream, void *memory, size_t size_bytes)
{
	ssize_t n = pull_plain(stream, memory, size_bytes);

	return n == -EIO ? 0 : n;
}

static const struct rota_stream_type pipe_stream = {
	.read_start = rota__stream_read_start,
	.read_stop = rota__stream_read_stop,
	.write = rota__stream_write,
	.send_file = rota__stream_send_file,
	.try_write = rota__stream_try_write,
	.shutdown = rota__stream_shutdown,
	.read = rota__stream_read,
	.try_read = rota__stream_try_read,
	.pull = pull_plain,
	.push = push_pipe,
	.end = end_pipe,
};

static const struct rota_stream_type tty_stream = {
	.read_start = rota__stream_read_start,
	.read_stop = rota__stream_read_stop,
	.write = rota__stream_write,
	.send_file = rota__stream_send_file,
	.try_write = rota__stream_try_write,
	.shutdown = rota__stream_shutdown,
	.read = rota__stream_read,
	.try_read = rota__stream_try_read,
	.pull = pull_tty,
	.push = push_plain,
	.end = end_plain,
};

static const struct rota_stream_type file_stream = {
	.read_start = rota__stream_read_start,
	.read_stop = rota__stream_read_stop,
	.write = rota__stream_write,
	.send_file = rota__stream_send_file,
	.try_write = rota__stream_try_write,
	.shutdown = rota__stream_shutdown,
	.read = rota__stream_read,
	.try_read = rota__stream_try_read,
	.pull = pull_plain,
	.push = push_plain,
	.end = end_plain,
};

const struct rota_handle_type rota__pipe_type = {
	.name = "pipe",
	.size = sizeof(struct rota_stream),
	.close = rota__stream_close,
	.finish = rota__stream_finish,
	.describe = rota__stream_describe,
	.ready = rota__stream_ready,
	.requests = rota__stream_requests,
	.stream = &pipe_stream,
	.flush = rota__stream_flush,
	.tell = rota__stream_tell,
};

const struct rota_handle_type rota__tty_type = {
	.name = "tty",
	.size = sizeof(struct rota_stream),
	.close = rota__stream_close,
	.finish = rota__stream_finish,
	.describe = rota__stream_describe,
	.ready = rota__stream_ready,
	.requests = rota__stream_requests,
	.stream = &tty_stream,
	.flush = rota__stream_flush,
	.tell = rota__stream_tell,
};

const struct rota_handle_type rota__file_type = {
	.name = "file",
	.size = sizeof(struct rota_stream),
	.close = rota__stream_close,
	.finish = rota__stream_finish,
	.describe = rota__stream_describe,
	.ready = rota__stream_ready,
	.requests = rota__stream_requests,
	.stream = &file_stream,
	.flush = rota__stream_flush,
	.tell = rota__stream_tell,
};
