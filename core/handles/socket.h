/* SPDX-License-Identifier: MIT */
/* What streams over sockets share, for tcp.c, unix.c and open.c. */
#ifndef ROTA_CORE_HANDLES_SOCKET_H
#define ROTA_CORE_HANDLES_SOCKET_H

#include "core/sys.h"
#include "rota/stream.h"

/* For tables of streams. */
ssize_t rota__socket_pull(
	struct rota_stream *stream, void *memory, size_t size_bytes);
ssize_t rota__socket_push(
	struct rota_stream *stream, const struct iovec *buffers, unsigned n);
int rota__socket_end(struct rota_stream *stream);

/*
 * Returns the bits of rota__stream_state that a socket made elsewhere has, or
 * a negative errno if that cannot be found out.
 */
int rota__socket_state(const struct rota_sys *sys, int fd);

/* Returns the address family, and sets *ret_type to SOCK_STREAM and so on. */
int rota__socket_kind(const struct rota_sys *sys, int fd, int *ret_type);

#endif
