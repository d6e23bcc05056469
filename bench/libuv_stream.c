/* SPDX-License-Identifier: MIT */
/* libuv: connections whose bytes are sent back. */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "bench/libuv.h"

struct connection {
	uv_tcp_t tcp;
	struct echo *echo;
	struct reply *reply;
};

struct reply {
	unsigned n_writes;
	char *bytes;
	uv_write_t writes[];
};

/* One read at a time is under way, so one buffer does. */
static char read_buffer[65536];

void
libuv_on_alloc(uv_handle_t *handle, size_t size_bytes, uv_buf_t *ret_buffer)
{
	(void)handle;
	(void)size_bytes;
	*ret_buffer = uv_buf_init(read_buffer, sizeof(read_buffer));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer);

static void
on_rest(uv_write_t *write, int status)
{
	struct connection *connection = (struct connection *)write->handle;

	(void)status;
	free(connection->reply->bytes);
	free(connection->reply);
	connection->reply = NULL;
	(void)uv_read_start(write->handle, libuv_on_alloc, on_read);
}

static void
keep_rest(struct connection *connection, const char *data, size_t n)
{
	struct reply *reply =
		get_memory(1, sizeof(*reply) + sizeof(*reply->writes));
	uv_buf_t buffer;

	reply->bytes = get_memory(1, n);
	memcpy(reply->bytes, data, n);
	connection->reply = reply;
	buffer = uv_buf_init(reply->bytes, (unsigned)n);
	libuv_must(uv_write(reply->writes, (uv_stream_t *)&connection->tcp,
			   &buffer, 1, on_rest),
		"write");
	(void)uv_read_stop((uv_stream_t *)&connection->tcp);
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct connection *connection = (struct connection *)stream;
	uv_buf_t reply;
	int sent;

	if (n == 0)
		return;
	if (n < 0) {
		uv_close((uv_handle_t *)stream, NULL);
		return;
	}
	reply = uv_buf_init(buffer->base, (unsigned)n);
	sent = uv_try_write(stream, &reply, 1);
	if (sent == UV_EAGAIN)
		sent = 0;
	if (sent < 0) {
		uv_close((uv_handle_t *)stream, NULL);
		return;
	}
	if (sent < n)
		keep_rest(connection, buffer->base + sent, (size_t)(n - sent));
	echo_done(connection->echo, (size_t)n);
}

static void
on_piece(uv_write_t *write, int status)
{
	struct connection *connection = (struct connection *)write->handle;

	(void)status;
	connection->reply->n_writes--;
}

static void
on_read_pieces(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct connection *connection = (struct connection *)stream;
	struct reply *reply = connection->reply;
	unsigned n_pieces = connection->echo->pieces;
	size_t size = (size_t)n / n_pieces;

	if (n == 0)
		return;
	if (n < 0) {
		uv_close((uv_handle_t *)stream, NULL);
		return;
	}
	if (reply->n_writes > 0)
		die("libuv: a message came before the last was answered");
	memcpy(reply->bytes, buffer->base, (size_t)n);
	reply->n_writes = n_pieces;
	for (unsigned i = 0; i < n_pieces; i++) {
		uv_buf_t piece =
			uv_buf_init(reply->bytes + i * size, (unsigned)size);

		libuv_must(uv_write(&reply->writes[i], stream, &piece, 1,
				   on_piece),
			"write");
	}
	echo_done(connection->echo, (size_t)n);
}

static void
begin(void *loop, struct connection *connection, struct echo *echo, int fd)
{
	uv_read_cb fn = on_read;

	connection->echo = echo;
	libuv_must(uv_tcp_init(loop, &connection->tcp), "tcp");
	libuv_must(uv_tcp_open(&connection->tcp, fd), "tcp");
	if (echo->is_queued) {
		struct reply *reply = get_memory(1,
			sizeof(*reply) + echo->pieces * sizeof(*reply->writes));

		reply->bytes = get_memory(1, sizeof(read_buffer));
		connection->reply = reply;
		fn = on_read_pieces;
	}
	libuv_must(uv_read_start(
			   (uv_stream_t *)&connection->tcp, libuv_on_alloc, fn),
		"read");
}

void
libuv_echo(void *loop, struct echo *echo)
{
	struct connection *connections =
		get_memory(echo->n, sizeof(*connections));

	for (unsigned i = 0; i < echo->n; i++)
		begin(loop, &connections[i], echo, echo->fds[i]);
}
