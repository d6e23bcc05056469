/* SPDX-License-Identifier: MIT */
/*
 * An HTTP/1.1 server for the files below a folder and for "/hello", which
 * comes from memory.
 *
 *	./http_server --port 8080 --folder /usr/share/doc
 *
 * Worth a look:
 *  - on_read(): requests are parsed where they lie, in the loop's own buffer.
 *    Only if the answers cannot keep up are the rest of them kept, and reading
 *    rests; so a connection costs us at most one such buffer of requests, and
 *    the high mark and one batch of answers.
 *  - send_file(): a file is a stream like any other, and goes out through a
 *    pump at the client's pace.
 *  - on_patience(): no client, be he silent, slow or deaf, holds a connection
 *    for ever.
 *  - linger(): a connection that we end is shut down, and closed only when
 *    the client has read all. Closed at once, the bytes it still sends would
 *    make the kernel reset it, and our last answer be lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <rota.h>

#include "examples/http_parse.h"

/* A client that does not read has this much of answers on the way. */
#define HIGH_BYTES 65536
#define LOW_BYTES 16384

/* Answers of one callback are collected, to go out in one call. */
#define BATCH_BYTES 32768
/* What an answer without a file takes at most. */
#define ANSWER_BYTES 512

/* A body that comes with a request is passed over if it is small. */
#define BODY_BYTES 65536

/* How long an ended connection may take to close; all, when we stop. */
#define LINGER_SECONDS 2
#define GRACE_SECONDS 5

static const char hello[] = "Hello, world!\n";

enum connection_state {
	/* Requests are read and answered. */
	SERVES,
	/* A file is on its way; requests have to wait. */
	SENDS_FILE,
	/* The last answer is given; what still comes is thrown away. */
	LINGERS
};

struct connection {
	struct rota_tcp tcp;
	struct rota_timer patience;
	struct rota_stream file;
	struct rota_pump pump;
	struct rota_shutdown shutdown;
	struct server *server;
	struct http_parse *parse;
	enum connection_state state;
	/* Handles that are not closed. With the last one all goes. */
	int n_open;
	/* Of the request in progress: another one may follow. */
	int keeps_alive;
	/* The last answer is given. */
	int is_over;
	/* The client sends no more. We do not either. */
	int has_ended;
	int is_shut;
	uint64_t file_bytes;
	uint64_t n_body;
	uint64_t request_began_ns;
	/* What on_patience() saw when it looked last. */
	uint64_t n_sent_seen;
	/* Requests that came too early: n_rest bytes of `rest`, at `at`. */
	char *rest;
	size_t at;
	size_t n_rest;
};

/* Answers that the kernel did not take at once. */
struct late {
	struct rota_write write;
	struct connection *connection;
	char bytes[];
};

struct server {
	struct rota_loop *loop;
	struct rota_tcp listener;
	struct rota_signal signals[2];
	/* Once per second, or until the grace is over. */
	struct rota_timer stats;
	struct rota_timer grace;
	/* For the connection that finds no memory. */
	struct connection *spare;
	int folder_fd;
	uint64_t limit_ns;
	int is_ending;
	/* A connection waits because there was no memory for it. */
	int owes_accept;
	uint64_t n_open;
	uint64_t n_served;
	uint64_t n_requests;
	uint64_t n_bytes;
	/* What the last line of numbers was made of. */
	uint64_t n_requests_told;
	uint64_t n_bytes_told;
	/* When accepting last failed aloud, and how often since in silence. */
	uint64_t complained_ns;
	unsigned n_silent;
	time_t date_is_of;
	char date[40];
	/* Used within one callback only. */
	char batch[BATCH_BYTES];
	size_t n_batch;
};

static const char usage[] =
	"usage: http_server [OPTIONS]\n"
	"Serves files and /hello over HTTP/1.1, until SIGINT or SIGTERM.\n"
	"  --backend NAME   epoll, kqueue, poll or select\n"
	"  --folder FOLDER  serve the files below it (none)\n"
	"  --host ADDRESS   listen here, numeric (127.0.0.1)\n"
	"  --idle SECONDS   so long a client may be silent, take to send a\n"
	"                   request, or read nothing of an answer (10)\n"
	"  --port PORT      0 lets the system choose (0)\n"
	"  --stats          print a line per second\n"
	"  --help           this text\n";

static rota_close_fn on_file_closed;
static rota_close_fn on_handle_closed;
static rota_read_fn on_read;
static rota_timer_fn on_patience;

static void
complain(const char *what, int error)
{
	fprintf(stderr, "http_server: %s: %s\n", what, rota_error_text(error));
}

/* The end of a connection. */

/* What is closing already is left alone. */
static void
close_connection(struct connection *connection)
{
	(void)rota_handle_close(
		&connection->tcp.stream.handle, on_handle_closed);
	(void)rota_handle_close(&connection->patience.handle, on_handle_closed);
	if (connection->state == SENDS_FILE)
		(void)rota_handle_close(
			&connection->file.handle, on_file_closed);
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
		close_connection(connection);
}

static uint64_t
sent_bytes(const struct connection *connection)
{
	return rota_pump_bytes(&connection->pump) -
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
		close_connection(connection);
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
		close_connection(connection);
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
		close_connection(connection);
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
	if (r < 0)
		free(late);
	else
		be_patient(connection);
	return r;
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

static int
digit_value(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *digit = c ? strchr(digits, c) : NULL;

	if (!digit)
		return -1;
	return (int)(digit - digits) - (digit - digits > 15 ? 6 : 0);
}

/* Undoes "%41" in place. Returns -1 if it is wrong or hides a NUL. */
static int
decode(char *text)
{
	char *to = text;

	for (; *text; text++) {
		int high;
		int low;

		*to = *text;
		if (*text == '%') {
			high = digit_value(text[1]);
			low = high < 0 ? -1 : digit_value(text[2]);
			if (low < 0 || (high | low) == 0)
				return -1;
			*to = (char)(high * 16 + low);
			text += 2;
		}
		to++;
	}
	*to = '\0';
	return 0;
}

/* The path of "/a?b" and of "http://host/a?b". Returns -1 for others. */
static int
read_path(const char *target, char *path)
{
	if (strncmp(target, "http://", 7) == 0)
		target += 7 + strcspn(target + 7, "/");
	if (target[0] != '/')
		return -1;
	memcpy(path, target, strlen(target) + 1);
	path[strcspn(path, "?#")] = '\0';
	return decode(path);
}

static int
status_of_errno(void)
{
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? 503 :
								       404;
}

/*
 * Goes down folder by folder, so that neither ".." nor a symbolic link leads
 * out; names that begin with a dot are nobody's business. Returns a
 * descriptor, or a status below 0.
 */
static int
open_below(int folder_fd, char *path)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int at = folder_fd;
	int is_last = 0;

	while (!is_last) {
		char *name = path + 1;
		size_t n = strcspn(name, "/");
		int status = -404;
		int fd = -1;

		path = name + n;
		is_last = *path == '\0';
		*path = '\0';
		if (n > 0 && name[0] != '.') {
			fd = openat(at, name,
				flags | (is_last ? O_NOCTTY : O_DIRECTORY));
			status = -status_of_errno();
		}
		if (at != folder_fd)
			(void)close(at);
		if (fd < 0)
			return status;
		at = fd;
	}
	return at;
}

/* Returns a descriptor, or a status below 0. */
static int
open_file(const struct server *server, char *path, uint64_t *ret_size)
{
	struct stat about;
	int fd = server->folder_fd < 0 ? -404 :
					 open_below(server->folder_fd, path);

	if (fd < 0)
		return fd;
	if (fstat(fd, &about) < 0 || !S_ISREG(about.st_mode)) {
		(void)close(fd);
		return -404;
	}
	*ret_size = (uint64_t)about.st_size;
	return fd;
}

static const char *
type_of(const char *path)
{
	static const char *const types[][2] = {
		{ ".css", "text/css" },
		{ ".html", "text/html; charset=utf-8" },
		{ ".jpg", "image/jpeg" },
		{ ".js", "text/javascript" },
		{ ".json", "application/json" },
		{ ".png", "image/png" },
		{ ".svg", "image/svg+xml" },
		{ ".txt", "text/plain; charset=utf-8" },
	};
	const char *suffix = strrchr(path, '.');

	for (size_t i = 0; suffix && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(suffix, types[i][0]) == 0)
			return types[i][1];
	return "application/octet-stream";
}

/* All of it is sent, or it has failed. The file's close goes on from here. */
static void
on_sent(struct rota_pump *pump, int status)
{
	struct connection *connection = pump->request.data;

	connection->server->n_bytes += rota_pump_bytes(pump);
	(void)rota_handle_close(&connection->file.handle, on_file_closed);
	/* One that has become shorter meanwhile ends in the middle. */
	if (status < 0 || rota_pump_bytes(pump) != connection->file_bytes)
		close_connection(connection);
}

/* Sends what is promised by now, then the file. Takes the descriptor over. */
static int
send_file(struct connection *connection, int fd)
{
	struct rota_stream *stream = &connection->tcp.stream;
	int r = rota_stream_open(
		connection->server->loop, &connection->file, fd, 0);

	if (r < 0) {
		(void)close(fd);
		return r;
	}
	connection->file.handle.data = connection;
	connection->n_open++;
	connection->state = SENDS_FILE;
	r = flush(connection);
	if (r < 0)
		return r;
	(void)rota_stream_read_stop(stream);
	connection->pump.request.data = connection;
	r = rota_pipe_streams(&connection->pump, &connection->file, stream,
		ROTA_PUMP_KEEP_OPEN, on_sent);
	if (r < 0)
		return r;
	be_patient(connection);
	return rota_pump_set_limit(&connection->pump, connection->file_bytes);
}

static int
answer_file(struct connection *connection, char *path)
{
	const char *type = type_of(path);
	uint64_t *size = &connection->file_bytes;
	int fd = open_file(connection->server, path, size);

	if (fd < 0) {
		answer_status(connection, -fd);
		return 0;
	}
	put_head(connection, 200, type, *size);
	if (*size > 0 && !is_head(connection))
		return send_file(connection, fd);
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
	else if (read_path(message->target, path) < 0)
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
		close_connection(connection);
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
		close_connection(connection);
		return;
	}
	connection->at += (size_t)used;
	connection->n_rest -= (size_t)used;
	settle(connection);
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
		close_connection(connection);
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
			close_connection(connection);
		return;
	}
	if (status == -ETIMEDOUT && is_amid)
		timed_out(connection);
	else if (status == -ETIMEDOUT &&
		rota_stream_queued_bytes(&connection->tcp.stream) == 0)
		connection->is_over = 1;
	else if (status != -ETIMEDOUT && (is_amid || status != ROTA_EOF))
		close_connection(connection);
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
		close_connection(connection);
		return;
	}
	if (connection->state == SERVES && !connection->is_over)
		check_time(connection);
	settle(connection);
}

/* Accepting. */

static void
put_connection(struct server *server, struct connection *connection)
{
	free(connection->rest);
	if (!server->spare) {
		server->spare = connection;
		return;
	}
	http_parse_destroy(connection->parse);
	free(connection);
}

static struct connection *
make_connection(void)
{
	struct connection *connection = malloc(sizeof(*connection));

	if (!connection)
		return NULL;
	connection->parse = http_parse_create(HTTP_PARSE_REQUESTS);
	if (!connection->parse) {
		free(connection);
		return NULL;
	}
	return connection;
}

static struct connection *
get_connection(struct server *server)
{
	struct connection *connection = make_connection();
	struct http_parse *parse;

	if (!connection) {
		connection = server->spare;
		server->spare = NULL;
	}
	if (!connection)
		return NULL;
	parse = connection->parse;
	http_parse_reset(parse);
	memset(connection, 0, sizeof(*connection));
	connection->parse = parse;
	connection->server = server;
	return connection;
}

static int
begin(struct connection *connection)
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

static void
take_connection(struct server *server)
{
	struct connection *connection = get_connection(server);
	int r;

	/* Out of memory: the next connection that closes leaves its own. */
	server->owes_accept = 1;
	if (!connection)
		return;
	if (rota_tcp_init(server->loop, &connection->tcp) < 0) {
		put_connection(server, connection);
		return;
	}
	connection->tcp.stream.handle.data = connection;
	connection->n_open = 1;
	server->n_open++;
	r = rota_timer_init(server->loop, &connection->patience);
	if (r == 0) {
		connection->patience.handle.data = connection;
		connection->n_open++;
		r = rota_stream_accept(
			&server->listener.stream, &connection->tcp.stream);
	}
	server->owes_accept = r == -ENOMEM;
	if (r == 0) {
		server->n_served++;
		r = begin(connection);
	}
	if (r < 0)
		close_connection(connection);
}

/* One handle of the connection is closed. */
static void
leave(struct connection *connection)
{
	struct server *server = connection->server;

	if (--connection->n_open > 0)
		return;
	server->n_open--;
	put_connection(server, connection);
	if (server->owes_accept &&
		!rota_handle_is_closing(&server->listener.stream.handle))
		take_connection(server);
}

static void
on_handle_closed(struct rota_handle *handle)
{
	leave(handle->data);
}

static void
on_file_closed(struct rota_handle *handle)
{
	struct connection *connection = handle->data;

	connection->state = SERVES;
	if (!is_closing(connection) &&
		rota_stream_queued_bytes(&connection->tcp.stream) == 0)
		(void)rota_timer_stop(&connection->patience);
	/* Before leave(), which may free. */
	if (connection->n_open > 1)
		go_on(connection);
	leave(connection);
}

static void
on_connection(struct rota_stream *listener, int status)
{
	struct server *server = listener->handle.data;

	if (status == 0) {
		take_connection(server);
		return;
	}
	/*
	 * The listener goes on by itself. Where nothing needs the time the
	 * loop does not read the clock, so ask for it.
	 */
	(void)rota_loop_update(server->loop);
	server->n_silent++;
	if (server->complained_ns &&
		rota_loop_now(server->loop) - server->complained_ns <
			ROTA_SECOND)
		return;
	fprintf(stderr,
		"http_server: cannot accept (%u times): %s; %" PRIu64 " open\n",
		server->n_silent, rota_error_text(status), server->n_open);
	server->complained_ns = rota_loop_now(server->loop);
	server->n_silent = 0;
}

/* Numbers. */

static void
on_stats(struct rota_timer *timer)
{
	struct server *server = timer->handle.data;

	printf("%" PRIu64 " open, %" PRIu64 " requests/s, %.1f MB/s\n",
		server->n_open, server->n_requests - server->n_requests_told,
		(double)(server->n_bytes - server->n_bytes_told) / 1e6);
	fflush(stdout);
	server->n_requests_told = server->n_requests;
	server->n_bytes_told = server->n_bytes;
}

/* Beginning and end. */

static void
close_one(struct rota_handle *handle, void *data)
{
	struct server *server = data;

	if (rota_handle_is_closing(handle))
		return;
	/* All handles of a connection have that as their data. */
	if (handle->data != server)
		close_connection(handle->data);
	else
		(void)rota_handle_close(handle, NULL);
}

static void
close_all(struct server *server)
{
	(void)rota_loop_walk(server->loop, close_one, server);
}

/* What is being asked or answered now is the last. */
static void
end_one(struct rota_handle *handle, void *data)
{
	struct server *server = data;
	struct connection *connection = handle->data;

	if (handle->data == server)
		return;
	if (connection->state == SERVES &&
		http_parse_is_amid(connection->parse)) {
		connection->keeps_alive = 0;
		return;
	}
	connection->is_over = 1;
	settle(connection);
}

static void
on_grace(struct rota_timer *timer)
{
	close_all(timer->handle.data);
}

/* From here on only connections hold the loop. */
static void
end(struct server *server)
{
	server->is_ending = 1;
	(void)rota_handle_close(&server->listener.stream.handle, NULL);
	(void)rota_handle_unref(&server->signals[0].handle);
	(void)rota_handle_unref(&server->signals[1].handle);
	(void)rota_timer_start(
		&server->grace, GRACE_SECONDS * ROTA_SECOND, 0, on_grace);
	(void)rota_loop_walk(server->loop, end_one, server);
}

/* A second one is impatient. */
static void
on_signal(struct rota_signal *signal, const struct rota_signal_event *event)
{
	struct server *server = signal->handle.data;

	(void)event;
	if (server->is_ending)
		close_all(server);
	else
		end(server);
}

static int
watch_signals(struct server *server)
{
	static const int signums[2] = { SIGINT, SIGTERM };

	for (int i = 0; i < 2; i++) {
		struct rota_signal *signal = &server->signals[i];
		int r = rota_signal_init(server->loop, signal);

		if (r < 0)
			return r;
		signal->handle.data = server;
		r = rota_signal_start(signal, signums[i], on_signal);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
prepare_timers(struct server *server, int has_stats)
{
	struct rota_timer *timers[2] = { &server->stats, &server->grace };

	for (int i = 0; i < 2; i++) {
		int r = rota_timer_init(server->loop, timers[i]);

		if (r < 0)
			return r;
		timers[i]->handle.data = server;
		/* Neither is a reason to stay. */
		(void)rota_handle_unref(&timers[i]->handle);
	}
	return has_stats ? rota_timer_start(&server->stats, ROTA_SECOND,
				   ROTA_SECOND, on_stats) :
			   0;
}

static int
listen_at(struct server *server, const struct sockaddr_storage *addr)
{
	struct rota_tcp *listener = &server->listener;
	struct sockaddr_storage bound;
	char text[64];
	int r;

	r = rota_tcp_init(server->loop, listener);
	if (r < 0)
		return r;
	listener->stream.handle.data = server;
	r = rota_tcp_bind(listener, (const struct sockaddr *)addr, 0);
	if (r < 0)
		return r;
	r = rota_stream_listen(&listener->stream, SOMAXCONN, on_connection);
	if (r < 0)
		return r;
	r = rota_tcp_local_address(listener, &bound);
	if (r < 0)
		return r;
	r = rota_address_format(
		(const struct sockaddr *)&bound, text, sizeof(text));
	if (r < 0)
		return r;
	printf("listening on %s (backend %s)\n", text,
		rota_loop_backend(server->loop));
	fflush(stdout);
	return 0;
}

struct settings {
	const char *backend;
	const char *folder;
	const char *host;
	uint16_t port;
	double idle_seconds;
	int has_stats;
};

/* Returns 0 if all was well, also if that was a signal's wish. */
static int
run(struct server *server, const struct sockaddr_storage *addr,
	const struct settings *settings)
{
	int r;

	server->spare = make_connection();
	if (!server->spare)
		return -ENOMEM;

	r = watch_signals(server);
	if (r == 0)
		r = prepare_timers(server, settings->has_stats);
	if (r == 0)
		r = listen_at(server, addr);
	if (r == 0)
		r = rota_loop_run(server->loop, ROTA_RUN_DEFAULT);
	if (r < 0)
		complain("cannot go on", r);

	close_all(server);
	(void)rota_loop_run(server->loop, ROTA_RUN_DEFAULT);
	http_parse_destroy(server->spare->parse);
	free(server->spare);
	return r;
}

/* Returns -1 to go on, else the exit code. */
static int
read_settings(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "folder", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "host", required_argument, NULL, 'a' },
		{ "idle", required_argument, NULL, 'i' },
		{ "port", required_argument, NULL, 'p' },
		{ "stats", no_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	char *end = "";
	unsigned long port;
	int c;

	while (*end == '\0' &&
		(c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			settings->host = optarg;
			break;
		case 'b':
			settings->backend = optarg;
			break;
		case 'f':
			settings->folder = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'i':
			settings->idle_seconds = strtod(optarg, &end);
			if (!(settings->idle_seconds >= 0.001 &&
				    settings->idle_seconds < 1e9))
				end = "?";
			break;
		case 'p':
			port = strtoul(optarg, &end, 10);
			if (port > UINT16_MAX)
				end = "?";
			settings->port = (uint16_t)port;
			break;
		case 's':
			settings->has_stats = 1;
			break;
		default:
			end = "?";
			break;
		}
	}
	if (*end || optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

static int
open_folder(const char *folder)
{
	int fd;

	if (!folder)
		return -1;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int
main(int argc, char **argv)
{
	/* Too large for some stacks, and there is one only. */
	static struct server server;
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct settings settings = { .host = "127.0.0.1", .idle_seconds = 10 };
	struct sockaddr_storage addr;
	int served;
	int r;

	r = read_settings(argc, argv, &settings);
	if (r >= 0)
		return r;
	r = rota_address_parse(settings.host, settings.port, &addr);
	if (r < 0) {
		complain(settings.host, r);
		return 2;
	}
	server.limit_ns =
		(uint64_t)(settings.idle_seconds * (double)ROTA_SECOND);
	server.folder_fd = open_folder(settings.folder);
	if (settings.folder && server.folder_fd < 0) {
		complain(settings.folder, server.folder_fd);
		return 1;
	}

	options.backend = settings.backend;
	r = rota_loop_create(&options, &server.loop);
	if (r < 0) {
		complain("cannot make a loop", r);
		return 1;
	}
	served = run(&server, &addr, &settings);
	printf("served %" PRIu64 " connections, %" PRIu64 " requests\n",
		server.n_served, server.n_requests);

	/* Refused with -EBUSY if we had forgotten to close anything. */
	r = rota_loop_close(server.loop);
	if (r < 0)
		complain("cannot close the loop", r);
	if (server.folder_fd >= 0)
		(void)close(server.folder_fd);
	return served < 0 || r < 0 ? 1 : 0;
}
