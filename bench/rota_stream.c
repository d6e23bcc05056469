/* SPDX-License-Identifier: MIT */
/* rota: connections whose bytes are sent back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rota.h>

#include "bench/rota.h"

struct connection {
	struct rota_tcp tcp;
	struct echo *echo;
	/* Only while bytes wait for their way out. */
	struct reply *reply;
};

struct reply {
	unsigned n_writes;
	char *bytes;
	struct rota_write writes[];
};

/* In one piece: what the kernel does not take at once is kept. */

static rota_read_fn on_read;

static void
on_rest(struct rota_write *write, int status)
{
	struct connection *connection = write->request.data;

	(void)status;
	free(connection->reply->bytes);
	free(connection->reply);
	connection->reply = NULL;
	(void)rota_stream_read_start(&connection->tcp.stream, NULL, on_read);
}

static void
keep_rest(struct connection *connection, const char *data, size_t n)
{
	struct reply *reply =
		get_memory(1, sizeof(*reply) + sizeof(*reply->writes));
	struct iovec buffer = { .iov_len = n };

	reply->bytes = get_memory(1, n);
	memcpy(reply->bytes, data, n);
	buffer.iov_base = reply->bytes;
	reply->writes[0].request.data = connection;
	connection->reply = reply;
	rota_must(rota_stream_write(&connection->tcp.stream, &reply->writes[0],
			  &buffer, 1, on_rest),
		"write");
	(void)rota_stream_read_stop(&connection->tcp.stream);
}

/* The end, or not all of n bytes went back at once. */
__attribute__((noinline)) static void
go_on(struct rota_stream *stream, ssize_t n, const char *data, ssize_t sent)
{
	if (sent == -EAGAIN)
		sent = 0;
	if (n < 0 || sent < 0)
		(void)rota_handle_close(&stream->handle, NULL);
	else
		keep_rest((struct connection *)stream, data + sent,
			(size_t)(n - sent));
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct connection *connection = (struct connection *)stream;
	struct iovec buffer = { (void *)data, (size_t)n };
	ssize_t sent = n < 0 ? 0 : rota_stream_try_write(stream, &buffer, 1);

	if (sent != n)
		go_on(stream, n, buffer.iov_base, sent);
	if (n >= 0)
		echo_done(connection->echo, (size_t)n);
}

/* In several pieces, each a write of its own. */

static void
on_piece(struct rota_write *write, int status)
{
	struct connection *connection = write->request.data;

	(void)status;
	connection->reply->n_writes--;
}

static void
on_read_pieces(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct connection *connection = (struct connection *)stream;
	struct reply *reply = connection->reply;
	unsigned n_pieces = connection->echo->pieces;
	size_t size = (size_t)n / n_pieces;

	if (n < 0) {
		(void)rota_handle_close(&stream->handle, NULL);
		return;
	}
	if (reply->n_writes > 0)
		die("rota: a message came before the last was answered");
	memcpy(reply->bytes, data, (size_t)n);
	reply->n_writes = n_pieces;
	for (unsigned i = 0; i < n_pieces; i++) {
		struct iovec buffer = { .iov_base = reply->bytes + i * size,
			.iov_len = size };

		reply->writes[i].request.data = connection;
		rota_must(rota_stream_write(stream, &reply->writes[i], &buffer,
				  1, on_piece),
			"write");
	}
	echo_done(connection->echo, (size_t)n);
}

static void
begin(void *loop, struct connection *connection, struct echo *echo, int fd)
{
	rota_read_fn *fn = on_read;

	connection->echo = echo;
	rota_must(rota_tcp_init(loop, &connection->tcp), "tcp");
	rota_must(rota_tcp_open(&connection->tcp, fd), "tcp");
	if (echo->is_queued) {
		struct reply *reply = get_memory(1,
			sizeof(*reply) + echo->pieces * sizeof(*reply->writes));

		reply->bytes = get_memory(1, ROTA_DATAGRAM_BYTES);
		connection->reply = reply;
		fn = on_read_pieces;
	}
	rota_must(rota_stream_read_start(&connection->tcp.stream, NULL, fn),
		"read");
}

void
bench_rota_echo(void *loop, struct echo *echo)
{
	struct connection *connections =
		get_memory(echo->n, sizeof(*connections));

	for (unsigned i = 0; i < echo->n; i++)
		begin(loop, &connections[i], echo, echo->fds[i]);
}
