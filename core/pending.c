/* SPDX-License-Identifier: MIT */
/* The pending phase, see pending.h. */
#include "core/pending.h"

#include "core/handles/stream.h"
#include "core/ring.h"

void
rota__pending_add(struct rota_stream *stream)
{
	if (rota__ring_is_empty(&stream->pending))
		rota__ring_append(
			&stream->handle.loop->pending, &stream->pending);
}

void
rota__pending_remove(struct rota_stream *stream)
{
	rota__ring_remove(&stream->pending);
}

void
rota__pending_run(struct rota_loop *loop)
{
	struct rota_link now;
	struct rota_link *link;

	rota__ring_take_all(&loop->pending, &now);
	while ((link = rota__ring_take_first(&now)) != NULL)
		rota__stream_tell(
			ROTA__CONTAINER(link, struct rota_stream, pending));
}
