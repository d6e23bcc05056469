/* SPDX-License-Identifier: MIT */
/*
 * Streams over regular files (and disks), which are always ready and may
 * still have to wait: threads of the pool read and write.
 */
#ifndef ROTA_CORE_HANDLES_REGULAR_H
#define ROTA_CORE_HANDLES_REGULAR_H

#include "core/handles/stream.h"

static inline int
rota__is_regular(const struct rota_stream *stream)
{
	return stream->handle.type == &rota__regular_type;
}

/* A thread uses the descriptor. */
static inline int
rota__regular_is_at_work(const struct rota_stream *stream)
{
	return (stream->handle.state &
		       (ROTA__STREAM_FETCHING | ROTA__STREAM_STORING)) != 0;
}

/* A thread writes: all writes fail so when it returns. */
void rota__regular_fail_later(struct rota_stream *stream, int error);

/*
 * A thread writes, and somebody wants one of the writes back: if it has not
 * begun, it need not.
 */
void rota__regular_ask_back(struct rota_stream *stream);

/* Frees what only such a stream has. No thread is at work. */
void rota__regular_free(struct rota_stream *stream);

#endif
