/* SPDX-License-Identifier: MIT */
/*
 * What few streams need, kept apart so that a stream at rest stays small:
 * read requests, bytes that came too early, pumps, limits and marks, and the
 * pauses of a listener.
 */
#ifndef ROTA_CORE_HANDLES_MORE_H
#define ROTA_CORE_HANDLES_MORE_H

#include "core/request.h"
#include "rota/pump.h"
#include "rota/stream.h"

/* Bytes that a stream takes in advance while it looks for a delimiter. */
#define ROTA__KEPT_BYTES 8192

struct rota__regular;
struct rota__unix_more;

struct rota__stream_more {
	struct rota_stream *stream;
	/* Read requests to be served; served, to be told. */
	struct rota_queue asked;
	struct rota_queue served;
	/* Pumps that write to the stream, and the one that reads it. */
	struct rota_queue pumps;
	struct rota_pump *pump;
	/* Of a terminal whose mode was set or whose size is watched. */
	struct rota__terminal *terminal;
	/* ROTA__KEPT_BYTES long, NULL before the first need. */
	char *kept;
	size_t kept_first;
	size_t n_kept;
	/*
	 * Set while the stream is read and idle_ns is not for ever; of a
	 * listener, while it pauses for want of something.
	 */
	struct rota_alarm alarm;
	uint64_t idle_ns;
	size_t low_bytes;
	size_t high_bytes;
	rota_drain_fn *drain;
	const char *drain_place;
	/* Of a regular file, NULL before the first need. */
	struct rota__regular *regular;
	/* Of a unix-domain socket, NULL before the first need. */
	struct rota__unix_more *of_unix;
};

/* Makes it where it is not there yet; NULL without memory. */
struct rota__stream_more *rota__stream_more(struct rota_stream *stream);
void rota__stream_free_more(struct rota_stream *stream);

/* A pump reads it, so nobody else may. */
static inline int
rota__stream_is_pumped(const struct rota_stream *stream)
{
	return stream->more != NULL && stream->more->pump != NULL;
}

/* Something has come, or reading begins: counts the idle time anew. */
void rota__stream_stir(struct rota_stream *stream);

/* Reading ends: no limit runs. */
void rota__stream_calm(struct rota_stream *stream);

/* Reads for the requests in line, as far as there is something. */
void rota__stream_serve(struct rota_stream *stream);

/* Decides all read requests in line. */
void rota__stream_fail_reads(struct rota_stream *stream, int status);

/* Tells of the read requests and pumps that are decided. */
void rota__stream_tell_served(struct rota_stream *stream);

/* Takes kept bytes: how many, 0 if there are none. */
size_t rota__stream_take_kept(
	struct rota_stream *stream, void *memory, size_t size_bytes);

/* The limit of silence has passed, or the pause of a listener. */
void rota__stream_expire(struct rota_loop *loop, struct rota_alarm *alarm);

/* Pumps: one side is closing. */
void rota__pump_lose_source(struct rota_stream *from);
void rota__pump_lose_sink(struct rota_stream *to);

/* For tables of streams. */
int rota__stream_read(struct rota_stream *stream, struct rota_read *request);
ssize_t rota__stream_try_read(
	struct rota_stream *stream, void *memory, size_t size_bytes);

#endif
