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
int rota__socket_end_reading(struct rota_stream *stream);

/*
 * Returns the bits of rota__stream_state that a socket made elsewhere has, or
 * a negative errno if that cannot be found out.
 */
int rota__socket_state(const struct rota_sys *sys, int fd);

/* Returns the address family, and sets *ret_type to SOCK_STREAM and so on. */
int rota__socket_kind(const struct rota_sys *sys, int fd, int *ret_type);

/* 1 if the stream may be given a socket. */
int rota__socket_is_free(const struct rota_stream *stream);

/* Makes a socket for which there is room in the table. */
int rota__socket_make(
	const struct rota_stream *stream, int family, int type, int protocol);

/* Takes a socket of the program over; it stays as it was if this fails. */
int rota__socket_take(struct rota_stream *stream, int fd);

/* 0 if a connect may begin. */
int rota__socket_can_connect(const struct rota_stream *stream);

/* Connects the stream's socket. What goes wrong is told to `fn` later. */
void rota__socket_connect(struct rota_stream *stream,
	struct rota_connect *request, const struct sockaddr *addr,
	socklen_t len, rota_connect_fn *fn, const char *place);

/* The address of one end, the rest of *ret_addr is zero; negative errno. */
int rota__socket_local_address(const struct rota_stream *stream,
	struct sockaddr_storage *ret_addr, socklen_t *ret_len);
int rota__socket_peer_address(const struct rota_stream *stream,
	struct sockaddr_storage *ret_addr, socklen_t *ret_len);

/* Calls the callback of a request that begins as a rota_connect. */
void rota__socket_tell_connect(struct rota_request *request, int status);

#endif
