/* SPDX-License-Identifier: MIT */
/*
 * One connection of http_server, from its first request to its end.
 *
 * Worth a look:
 *  - on_read(): requests are parsed where they lie, in the loop's own buffer.
 *    Only if the answers cannot keep up are the rest of them kept, and reading
 *    rests; so a connection costs us at most one such buffer of requests, and
 *    the high mark and one batch of answers.
 *  - send_file(): a file waits in the stream like any other answer, and the
 *    kernel takes it from there at the client's pace.
 *  - on_patience(): no client, be he silent, slow or deaf, holds a connection
 *    for ever.
 *  - linger(): a connection that we end is shut down, and closed only when
 *    the client has read all. Closed at once, the bytes it still sends would
 *    make the kernel reset it, and our last answer be lost.
 */
#include "examples/http_server.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "examples/http_files.h"
#include "examples/http_parse.h"

/* A client that does not read has this much of answers on the way. */
#define HIGH_BYTES 65536
#define LOW_BYTES 16384

/* What an answer without a file takes at most. */
#define ANSWER_BYTES 512

/* A body that comes with a request is passed over if it is small. */
#define BODY_BYTES 65536

/* How long an ended connection may take to close. */
#define LINGER_SECONDS 2

static const char hello[] = "Hello, world!\n";

/* Answers that the kernel did not take at once. */
struct late {
	struct rota_write write;
	struct connection *connection;
	char bytes[];
};

static rota_close_fn on_handle_closed;
static rota_read_fn on_read;
static rota_timer_fn on_patience;

/* The end of a connection. */

/* What is closing already is left alone. */
void
http_connection_close(struct connection *connection)
{
	(void)rota_handle_close(
		&connection->tcp.stream.handle, on_handle_closed);
	(void)rota_handle_close(&connection->patience.handle, on_handle_closed);
}

static int
is_closing(const struct connection *connection)
{
	return rota_handle_is_closing(&connection->tcp.stream.handle);
}

/* All answers are out: the client has some time left to see it and close. */
static void
on_shutdown(struct rota_shutdown *shutdown, int status)
{
	struct connection *connection = shutdown->request.data;

	connection->is_shut = 1;
	if (status == 0)
		status = rota_timer_start(&connection->patience,
			LINGER_SECONDS * ROTA_SECOND, 0, on_patience);
	if (status < 0 || connection->has_ended)
		http_connection_close(connection);
}

static uint64_t
sent_bytes(const struct connection *connection)
{
	return connection->n_queued -
		rota_stream_queued_bytes(&connection->tcp.stream);
}

/* From here on the client has to take something now and then. */
static void
be_patient(struct connection *connection)
{
	uint64_t limit_ns = connection->server->limit_ns;

	if (rota_handle_is_active(&connection->patience.handle))
		return;
	connection->n_sent_seen = sent_bytes(connection);
	/* Fails only for a handle that is closing. */
	(void)rota_timer_start(
		&connection->patience, limit_ns, limit_ns, on_patience);
}

static void
on_patience(struct rota_timer *timer)
{
	struct connection *connection = timer->handle.data;
	uint64_t n_sent = sent_bytes(connection);

	if (connection->is_shut || n_sent == connection->n_sent_seen)
		http_connection_close(connection);
	connection->n_sent_seen = n_sent;
}

/* Says that no more will come, and waits until the client has seen it. */
static void
linger(struct connection *connection)
{
	struct rota_stream *stream = &connection->tcp.stream;
	int r;

	connection->state = LINGERS;
	connection->shutdown.request.data = connection;
	r = rota_stream_shutdown(stream, &connection->shutdown, on_shutdown);
	if (r == 0 && !connection->has_ended && !rota_stream_is_reading(stream))
		r = rota_stream_read_start(stream, NULL, on_read);
	if (r < 0)
		http_connection_close(connection);
	else
		be_patient(connection);
}

/* Sending. */

static void
on_late_written(struct rota_write *write, int status)
{
	struct late *late = write->request.data;
	struct connection *connection = late->connection;
	struct rota_stream *stream = &connection->tcp.stream;

	free(late);
	if (status < 0)
		http_connection_close(connection);
	else if (connection->state == SERVES &&
		rota_stream_queued_bytes(stream) == 0)
		(void)rota_timer_stop(&connection->patience);
}

static int
send_late(struct connection *connection, const char *bytes, size_t size)
{
	struct late *late = malloc(sizeof(*late) + size);
	struct iovec buffer = { .iov_len = size };
	int r;

	if (!late)
		return -ENOMEM;
	memcpy(late->bytes, bytes, size);
	buffer.iov_base = late->bytes;
	late->connection = connection;
	late->write.request.data = late;
	r = rota_stream_write(&connection->tcp.stream, &late->write, &buffer, 1,
		on_late_written);
	if (r < 0) {
		free(late);
		return r;
	}
	connection->n_queued += size;
	be_patient(connection);
	return 0;
}

/* Sends the batch. What the kernel does not take waits in a copy. */
static int
flush(struct connection *connection)
{
	struct server *server = connection->server;
	struct iovec buffer = { server->batch, server->n_batch };
	ssize_t sent;

	server->n_batch = 0;
	if (buffer.iov_len == 0)
		return 0;
	server->n_bytes += buffer.iov_len;
	sent = rota_stream_try_write(&connection->tcp.stream, &buffer, 1);
	if (sent == -EAGAIN)
		sent = 0;
	if (sent < 0)
		return (int)sent;
	if ((size_t)sent == buffer.iov_len)
		return 0;
	return send_late(connection, server->batch + sent,
		buffer.iov_len - (size_t)sent);
}

/* Answers. */

__attribute__((format(printf, 2, 3))) static void
put(struct server *server, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(server->batch + server->n_batch,
		BATCH_BYTES - server->n_batch, format, arguments);
	va_end(arguments);
	/* There was room for ANSWER_BYTES, which is more than any has. */
	server->n_batch += (size_t)n;
}

/* Makes the text anew only when the second has changed. */
static const char *
date_text(struct server *server)
{
	time_t now = time(NULL);
	struct tm tm;

	if (now != server->date_is_of && gmtime_r(&now, &tm)) {
		server->date_is_of = now;
		strftime(server->date, sizeof(server->date),
			"%a, %d %b %Y %H:%M:%S GMT", &tm);
	}
	return server->date;
}

static const char *
reason_of(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 417, "Expectation Failed" },
		{ 431, "Request Header Fields Too Large" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Error";
}

static void
put_head(struct connection *connection, int status, const char *type,
	uint64_t size)
{
	struct server *server = connection->server;

	server->n_requests++;
	put(server,
		"HTTP/1.1 %d %s\r\n"
		"Date: %s\r\n"
		"Content-Type: %s\r\n"
		"Content-Length: %" PRIu64 "\r\n"
		"%s"
		"Connection: %s\r\n"
		"\r\n",
		status, reason_of(status), date_text(server), type, size,
		status == 405 ? "Allow: GET, HEAD\r\n" : "",
		connection->keeps_alive ? "keep-alive" : "close");
}

static int
is_head(const struct connection *connection)
{
	return strcmp(http_parse_message(connection->parse)->method, "HEAD") ==
		0;
}

static void
answer_text(struct connection *connection, int status, const char *text)
{
	put_head(connection, status, "text/plain; charset=utf-8", strlen(text));
	if (!is_head(connection))
		put(connection->server, "%s", text);
}

static void
answer_status(struct connection *connection, int status)
{
	char text[64];

	snprintf(text, sizeof(text), "%d %s\n", status, reason_of(status));
	answer_text(connection, status, text);
}

/* The last answer: what follows the request cannot be understood. */
static void
refuse(struct connection *connection, int status)
{
	connection->keeps_alive = 0;
	connection->is_over = 1;
	answer_status(connection, status);
}

/* Files. */

static rota_send_file_fn on_sent;

/*
 * Sends what is promised by now, then the file. Takes the descriptor over. To
 * systems of 32 bits some files are too big; the client sees an early end.
 */
static int
send_file(struct connection *connection, int fd, uint64_t size)
{
	struct rota_stream *stream = &connection->tcp.stream;
	int r = flush(connection);

	if (r == 0)
		r = rota_stream_send_file(
			stream, &connection->file, fd, 0, size, on_sent);
	if (r < 0) {
		(void)close(fd);
		return r;
	}
	connection->file.request.data = connection;
	connection->file_fd = fd;
	connection->state = SENDS_FILE;
	connection->n_queued += size;
	(void)rota_stream_read_stop(stream);
	be_patient(connection);
	return 0;
}

static int
answer_file(struct connection *connection, char *path)
{
	const char *type = http_files_type(path);
	uint64_t size;
	int fd = http_files_open(connection->server->folder_fd, path, &size);

	if (fd < 0) {
		answer_status(connection, -fd);
		return 0;
	}
	put_head(connection, 200, type, size);
	if (size > 0 && !is_head(connection))
		return send_file(connection, fd, size);
	(void)close(fd);
	return 0;
}

/* Requests. */

/* Returns 0 if the connection can be used further. */
static int
answer(struct connection *connection)
{
	const struct http_parse_message *message =
		http_parse_message(connection->parse);
	char path[HTTP_PARSE_TARGET_BYTES];

	if (strcmp(message->method, "GET") != 0 && !is_head(connection))
		answer_status(connection, 405);
	else if (http_files_path(message->target, path) < 0)
		answer_status(connection, 400);
	else if (strcmp(path, "/hello") == 0)
		answer_text(connection, 200, hello);
	else
		return answer_file(connection, path);
	return 0;
}

/* The head alone may be enough to say no. */
static void
look_at_head(struct connection *connection)
{
	const struct http_parse_message *message =
		http_parse_message(connection->parse);

	connection->keeps_alive = message->keeps_alive &&
		!connection->server->is_ending;
	connection->n_body = 0;
	if (message->n_hosts > 1 ||
		(message->n_hosts == 0 && message->minor > 0))
		refuse(connection, 400);
	else if (message->has_expect)
		refuse(connection, 417);
	else if (message->length_bytes != UINT64_MAX &&
		message->length_bytes > BODY_BYTES)
		refuse(connection, 413);
}

static int
status_of_error(enum http_parse_event event)
{
	switch (event) {
	case HTTP_PARSE_TARGET_TOO_LONG:
		return 414;
	case HTTP_PARSE_HEAD_TOO_LONG:
		return 431;
	case HTTP_PARSE_UNKNOWN_CODING:
		return 501;
	case HTTP_PARSE_UNKNOWN_VERSION:
		return 505;
	default:
		return 400;
	}
}

static int
take_event(struct connection *connection, enum http_parse_event event)
{
	switch (event) {
	case HTTP_PARSE_MORE:
		return 0;
	case HTTP_PARSE_HEAD:
		look_at_head(connection);
		return 0;
	case HTTP_PARSE_BODY:
		connection->n_body +=
			http_parse_message(connection->parse)->n_body;
		if (connection->n_body > BODY_BYTES)
			refuse(connection, 413);
		return 0;
	case HTTP_PARSE_END:
		connection->request_began_ns = 0;
		connection->is_over = !connection->keeps_alive;
		return answer(connection);
	default:
		refuse(connection, status_of_error(event));
		return 0;
	}
}

/* Takes events as long as answers can be given. Returns the bytes used. */
static ssize_t
serve(struct connection *connection, const char *data, size_t n)
{
	struct server *server = connection->server;
	enum http_parse_event event;
	size_t left = n;
	int r;

	do {
		event = http_parse_next(connection->parse, &data, &left);
		r = take_event(connection, event);
		if (r == 0 && server->n_batch > BATCH_BYTES - ANSWER_BYTES)
			r = flush(connection);
	} while (r == 0 && event != HTTP_PARSE_MORE &&
		connection->state == SERVES && !connection->is_over &&
		!rota_stream_is_full(&connection->tcp.stream));
	if (r == 0)
		r = flush(connection);
	server->n_batch = 0;
	return r < 0 ? r : (ssize_t)(n - left);
}

/* What happens next on a connection, after anything has happened. */
static void
settle(struct connection *connection)
{
	struct rota_stream *stream = &connection->tcp.stream;
	int r = 0;

	if (is_closing(connection) || connection->state == LINGERS)
		return;
	if (connection->state == SENDS_FILE || rota_stream_is_full(stream)) {
		(void)rota_stream_read_stop(stream);
		return;
	}
	/* That of whom nothing more can come ends as that which is over. */
	if (connection->is_over || connection->has_ended)
		linger(connection);
	else if (!rota_stream_is_reading(stream))
		r = rota_stream_read_start(stream, NULL, on_read);
	if (r < 0)
		http_connection_close(connection);
}

/* Serves the requests that had to wait. */
static void
go_on(struct connection *connection)
{
	ssize_t used = 0;

	if (is_closing(connection) || connection->state != SERVES)
		return;
	if (connection->n_rest > 0 && !connection->is_over)
		used = serve(connection, connection->rest + connection->at,
			connection->n_rest);
	if (used < 0) {
		http_connection_close(connection);
		return;
	}
	connection->at += (size_t)used;
	connection->n_rest -= (size_t)used;
	settle(connection);
}

/*
 * All of it is sent, or it has failed: also because it has become shorter
 * meanwhile, which leaves the answer without its end.
 */
static void
on_sent(struct rota_send_file *file, int status)
{
	struct connection *connection = file->request.data;

	(void)close(connection->file_fd);
	connection->server->n_bytes += rota_send_file_bytes(file);
	connection->state = SERVES;
	if (status < 0) {
		http_connection_close(connection);
		return;
	}
	if (rota_stream_queued_bytes(&connection->tcp.stream) == 0)
		(void)rota_timer_stop(&connection->patience);
	go_on(connection);
}

static int
keep_rest(struct connection *connection, const char *data, size_t n)
{
	char *rest = realloc(connection->rest, n);

	if (!rest)
		return -ENOMEM;
	memcpy(rest, data, n);
	connection->rest = rest;
	connection->at = 0;
	connection->n_rest = n;
	return 0;
}

static void
on_drain(struct rota_stream *stream)
{
	go_on(stream->handle.data);
}

static void
timed_out(struct connection *connection)
{
	refuse(connection, 408);
	if (flush(connection) < 0)
		http_connection_close(connection);
}

/* One byte per second is never silent for long, and never ready either. */
static void
check_time(struct connection *connection)
{
	uint64_t now = rota_loop_now(connection->server->loop);

	if (!http_parse_is_amid(connection->parse))
		return;
	if (connection->request_began_ns == 0)
		connection->request_began_ns = now;
	if (now - connection->request_began_ns > connection->server->limit_ns)
		timed_out(connection);
}

/* Reading has ended, in one way or another. */
static void
on_read_end(struct connection *connection, int status)
{
	int is_amid = http_parse_is_amid(connection->parse);

	connection->has_ended = status == ROTA_EOF;
	if (connection->state == LINGERS) {
		/* Else when the last answer is out. */
		if (connection->is_shut ||
			(status != ROTA_EOF && status != -ETIMEDOUT))
			http_connection_close(connection);
		return;
	}
	if (status == -ETIMEDOUT && is_amid)
		timed_out(connection);
	else if (status == -ETIMEDOUT &&
		rota_stream_queued_bytes(&connection->tcp.stream) == 0)
		connection->is_over = 1;
	else if (status != -ETIMEDOUT && (is_amid || status != ROTA_EOF))
		http_connection_close(connection);
	settle(connection);
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct connection *connection = stream->handle.data;
	ssize_t used;

	if (n < 0) {
		on_read_end(connection, (int)n);
		return;
	}
	if (connection->state == LINGERS)
		return;
	used = serve(connection, data, (size_t)n);
	if (used >= 0 && used < n && !connection->is_over)
		used = keep_rest(connection, (const char *)data + used,
			(size_t)(n - used));
	if (used < 0) {
		http_connection_close(connection);
		return;
	}
	if (connection->state == SERVES && !connection->is_over)
		check_time(connection);
	settle(connection);
}

static void
on_handle_closed(struct rota_handle *handle)
{
	http_connection_left(handle->data);
}

int
http_connection_begin(struct connection *connection)
{
	struct rota_stream *stream = &connection->tcp.stream;
	int r;

	/* Not worth a failure: without it we are only slower. */
	(void)rota_tcp_set_nodelay(&connection->tcp, 1);
	r = rota_stream_set_marks(stream, LOW_BYTES, HIGH_BYTES, on_drain);
	if (r == 0)
		r = rota_stream_set_idle_limit(
			stream, connection->server->limit_ns);
	if (r == 0)
		r = rota_stream_read_start(stream, NULL, on_read);
	return r;
}

void
http_connection_end(struct connection *connection)
{
	if (connection->state == SERVES &&
		http_parse_is_amid(connection->parse)) {
		connection->keeps_alive = 0;
		return;
	}
	connection->is_over = 1;
	settle(connection);
}
