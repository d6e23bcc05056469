/* SPDX-License-Identifier: MIT */
/* The sending side and the listening side of a stream, for stream.c. */
#ifndef ROTA_CORE_HANDLES_WRITE_H
#define ROTA_CORE_HANDLES_WRITE_H

#include <errno.h>

#include "rota/stream.h"

/* The kernel takes nothing at the moment; some systems say ENOBUFS. */
static inline int
rota__stream_is_full(ssize_t written)
{
	return written == -EAGAIN || written == -EWOULDBLOCK ||
		written == -ENOBUFS;
}

/* Decides all that is not sent. */
void rota__stream_fail_writes(struct rota_stream *stream, int error);

/* Ends those writes that a thread had while somebody wanted them back. */
void rota__stream_end_asked_back(struct rota_stream *stream);

/*
 * Sends at most max_bytes of a file, send_file.c: how many, ROTA_EOF if the
 * file ends too early, or an error.
 */
ssize_t rota__stream_push_file(struct rota_stream *stream,
	struct rota_send_file *request, size_t max_bytes);

/* Listening, listen.c. */
void rota__stream_accept_all(struct rota_stream *listener);
void rota__stream_accept_failed(struct rota_stream *listener, int error);
/* The pause of a listener is over. */
void rota__stream_end_pause(struct rota_stream *listener);
void rota__stream_end_listening(struct rota_stream *listener);

#endif
