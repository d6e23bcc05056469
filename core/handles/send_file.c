/* SPDX-License-Identifier: MIT */
/* A piece of a file into a stream, by the kernel or through our hands. */
#include <errno.h>

#include "core/handle.h"
#include "core/handles/stream.h"
#include "core/handles/write.h"

/* What is read at once where it has to be copied; it is on the stack. */
#define COPY_BYTES 16384

/* What the stream does not take now will be read again. */
static ssize_t
copy(struct rota_stream *stream, const struct rota_send_file *request,
	size_t max_bytes)
{
	char bytes[COPY_BYTES];
	struct iovec piece = { bytes, sizeof(bytes) };
	ssize_t n;

	if (piece.iov_len > max_bytes)
		piece.iov_len = max_bytes;
	n = stream->handle.loop->sys->pread(
		request->fd, bytes, piece.iov_len, request->offset);
	/* Nobody would tell when such a one is ready. */
	if (n == -EAGAIN)
		return -ESPIPE;
	if (n <= 0)
		return n;
	piece.iov_len = (size_t)n;
	/* The bytes are here only until we return. */
	stream->handle.state |= ROTA__STREAM_AT_ONCE;
	n = stream->handle.type->stream->push(stream, &piece, 1);
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_AT_ONCE;
	return n;
}

ssize_t
rota__stream_push_file(struct rota_stream *stream,
	struct rota_send_file *request, size_t max_bytes)
{
	ssize_t n;

	if (max_bytes > request->n_left)
		max_bytes = request->n_left;
	if (max_bytes == 0)
		return 0;
	n = request->copies ?
		-ENOSYS :
		stream->handle.loop->sys->sendfile(stream->watch.fd,
			request->fd, request->offset, max_bytes);
	if (rota__sys_sendfile_refuses(n)) {
		request->copies = 1;
		n = copy(stream, request, max_bytes);
	}
	if (n == 0)
		return ROTA_EOF;
	if (n > 0) {
		request->offset += (uint64_t)n;
		request->n_left -= (size_t)n;
		request->n_sent += (size_t)n;
	}
	return n;
}
