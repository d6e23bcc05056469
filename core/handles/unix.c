/* SPDX-License-Identifier: MIT */
/* Unix-domain sockets as streams, see rota/unix.h. */
#include "core/handle.h"
#include "core/handles/more.h"
#include "core/handles/socket.h"
#include "core/handles/stream.h"

static const struct rota_stream_type unix_stream = {
	.read_start = rota__stream_read_start,
	.read_stop = rota__stream_read_stop,
	.write = rota__stream_write,
	.try_write = rota__stream_try_write,
	.shutdown = rota__stream_shutdown,
	.read = rota__stream_read,
	.try_read = rota__stream_try_read,
	.listen = rota__stream_listen,
	.accept = rota__stream_accept,
	.pull = rota__socket_pull,
	.push = rota__socket_push,
	.end = rota__socket_end,
};

const struct rota_handle_type rota__unix_type = {
	.name = "unix",
	.size = sizeof(struct rota_stream),
	.close = rota__stream_close,
	.finish = rota__stream_finish,
	.describe = rota__stream_describe,
	.ready = rota__stream_ready,
	.requests = rota__stream_requests,
	.stream = &unix_stream,
	.flush = rota__stream_flush,
	.tell = rota__stream_tell,
};
