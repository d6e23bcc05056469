/* SPDX-License-Identifier: MIT */
/*
 * Gets one document over HTTP/1.1: the body goes to standard output, the
 * status line and what went wrong to standard error.
 *
 *	./http_get http://localhost:8080/hello
 *
 * Worth a look:
 *  - main(): standard output is a stream as the connection is one, whether it
 *    is a terminal, a pipe or a file.
 *  - put_out(): if it takes no more, reading from the server rests, so that a
 *    document of any size needs one buffer.
 *  - on_lookup(): a name has several addresses, and who answers first is the
 *    server. A thread of the pool looks up a name; an address needs none.
 *  - on_deadline(): one timer for all of it, the look-up included.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <rota.h>

#include "examples/http_parse.h"

#define MAX_ADDRESSES 64

struct url {
	char host[256];
	char path[HTTP_PARSE_TARGET_BYTES];
	char port[8];
	/* It goes into brackets: IPv6. */
	int is_bracketed;
};

struct get {
	struct rota_loop *loop;
	struct rota_lookup lookup;
	struct rota_tcp tcp;
	struct rota_connect_any connect;
	struct rota_timer deadline;
	struct rota_stream out;
	struct rota_write request_write;
	struct rota_write out_write;
	struct http_parse *parse;
	char request[HTTP_PARSE_TARGET_BYTES + 512];
	/* What the output did not take: no more than one read. */
	char *kept;
	size_t n_kept;
	uint64_t n_body;
	int status;
	int is_done;
	int has_failed;
};

static const char usage[] =
	"usage: http_get [OPTIONS] http://HOST[:PORT][/PATH]\n"
	"Writes what it gets to standard output. HOST is a name or an address, an\n"
	"IPv6 one in brackets. Exit codes: 0 for status 2xx, else 1; 2 wrong\n"
	"usage.\n"
	"  --backend NAME       epoll, kqueue, poll or select\n"
	"  --deadline SECONDS   for all of it (30)\n"
	"  --head               ask for the head alone\n"
	"  --help               this text\n";

static rota_read_fn on_read;

static void
close_one(struct rota_handle *handle, void *data)
{
	(void)data;
	if (!rota_handle_is_closing(handle))
		(void)rota_handle_close(handle, NULL);
}

/* Nothing is left to do: closing every handle ends the run. */
static void
end(struct get *get)
{
	/* It belongs to no handle. Nothing happens if it is over. */
	(void)rota_request_cancel(&get->lookup.job.request);
	(void)rota_loop_walk(get->loop, close_one, NULL);
}

static void
fail(struct get *get, const char *what, int error)
{
	if (!get->has_failed)
		fprintf(stderr, "http_get: %s%s%s\n", what, error ? ": " : "",
			error ? rota_error_text(error) : "");
	get->has_failed = 1;
	end(get);
}

/* Answers. */

static const char *
error_text(enum http_parse_event event)
{
	switch (event) {
	case HTTP_PARSE_HEAD_TOO_LONG:
		return "the head of the answer is too long";
	case HTTP_PARSE_UNKNOWN_CODING:
		return "the answer has an unknown transfer coding";
	case HTTP_PARSE_UNKNOWN_VERSION:
		return "the answer is not HTTP/1";
	default:
		return "the answer is malformed";
	}
}

static int
is_writing(const struct get *get)
{
	return rota_stream_queued_bytes(&get->out) > 0;
}

/* The answer is complete; the output may not have all of it. */
static void
finish(struct get *get)
{
	get->is_done = 1;
	fprintf(stderr, "status %d, %" PRIu64 " bytes\n", get->status,
		get->n_body);
	(void)rota_handle_close(&get->tcp.stream.handle, NULL);
	if (!is_writing(get) && get->n_kept == 0)
		end(get);
}

static void
on_out_written(struct rota_write *write, int status)
{
	struct get *get = write->request.data;

	free(get->kept);
	get->kept = NULL;
	get->n_kept = 0;
	if (status == 0 && !get->is_done)
		status =
			rota_stream_read_start(&get->tcp.stream, NULL, on_read);
	if (status < 0)
		fail(get, "cannot go on", status);
	else if (get->is_done)
		end(get);
}

/* Writes what was kept of one read; no other is read meanwhile. */
static int
write_kept(struct get *get)
{
	struct iovec buffer = { get->kept, get->n_kept };

	if (get->n_kept == 0)
		return 0;
	if (!get->is_done)
		(void)rota_stream_read_stop(&get->tcp.stream);
	get->out_write.request.data = get;
	return rota_stream_write(
		&get->out, &get->out_write, &buffer, 1, on_out_written);
}

/* Writes a piece at once, or keeps it: `room` is what is still to come. */
static int
put_out(struct get *get, const char *bytes, size_t n, size_t room)
{
	struct iovec buffer = { (void *)bytes, n };
	ssize_t written = 0;

	get->n_body += n;
	if (get->n_kept == 0)
		written = rota_stream_try_write(&get->out, &buffer, 1);
	if (written == -EAGAIN)
		written = 0;
	if (written < 0 || (size_t)written == n)
		return written < 0 ? (int)written : 0;
	if (!get->kept)
		get->kept = malloc(room);
	if (!get->kept)
		return -ENOMEM;
	memcpy(get->kept + get->n_kept, bytes + written, n - (size_t)written);
	get->n_kept += n - (size_t)written;
	return 0;
}

static void
take_event(struct get *get, enum http_parse_event event, size_t room)
{
	const struct http_parse_message *message =
		http_parse_message(get->parse);
	int r;

	switch (event) {
	case HTTP_PARSE_MORE:
		break;
	case HTTP_PARSE_HEAD:
		get->status = message->status;
		break;
	case HTTP_PARSE_BODY:
		r = put_out(get, message->body, message->n_body, room);
		if (r < 0)
			fail(get, "cannot write", r);
		break;
	case HTTP_PARSE_END:
		/* "100 Continue" and the like come before the answer. */
		if (get->status >= 200 || get->status == 101)
			finish(get);
		break;
	default:
		fail(get, error_text(event), 0);
		break;
	}
}

static void
on_read_end(struct get *get, int status)
{
	enum http_parse_event event = HTTP_PARSE_MORE;

	if (status == ROTA_EOF)
		event = http_parse_finish(get->parse);
	if (event == HTTP_PARSE_END)
		finish(get);
	else if (status != ROTA_EOF)
		fail(get, "cannot read", status);
	else
		fail(get, "the server went away before the end", 0);
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct get *get = stream->handle.data;
	enum http_parse_event event;
	const char *at = data;
	size_t left = n > 0 ? (size_t)n : 0;
	int r;

	if (n < 0) {
		on_read_end(get, (int)n);
		return;
	}
	do {
		event = http_parse_next(get->parse, &at, &left);
		take_event(get, event, (size_t)n);
	} while (event != HTTP_PARSE_MORE && !get->is_done && !get->has_failed);
	if (get->has_failed)
		return;
	r = write_kept(get);
	if (r < 0)
		fail(get, "cannot write", r);
}

/* Questions. */

static void
on_request_written(struct rota_write *write, int status)
{
	/* If the server has gone, reading may still tell what it said. */
	if (status < 0 && status != -EPIPE && status != -ECONNRESET &&
		status != -ECANCELED)
		fail(write->request.data, "cannot ask", status);
}

static void
on_connected(struct rota_connect *connect, int status)
{
	struct get *get = connect->request.data;
	struct iovec buffer = { get->request, strlen(get->request) };

	if (status == 0)
		status =
			rota_stream_read_start(&get->tcp.stream, NULL, on_read);
	if (status == 0) {
		get->request_write.request.data = get;
		status = rota_stream_write(&get->tcp.stream,
			&get->request_write, &buffer, 1, on_request_written);
	}
	if (status < 0)
		fail(get, "cannot connect", status);
}

/* The addresses are only read during the call. */
static int
connect_to(struct get *get, const struct rota_lookup *lookup)
{
	const struct sockaddr *addrs[MAX_ADDRESSES];
	unsigned n;

	for (n = 0; n < lookup->n_addresses && n < MAX_ADDRESSES; n++)
		addrs[n] = (const struct sockaddr *)&lookup->addresses[n].addr;
	get->connect.connect.request.data = get;
	return rota_tcp_connect_any(
		&get->tcp, &get->connect, addrs, n, 0, on_connected);
}

static void
on_lookup(struct rota_lookup *lookup, int status)
{
	struct get *get = lookup->job.request.data;

	if (status < 0) {
		fail(get, "cannot find the host", status);
		return;
	}
	status = connect_to(get, lookup);
	(void)rota_lookup_free(lookup);
	if (status < 0)
		fail(get, "cannot connect", status);
}

static void
on_deadline(struct rota_timer *timer)
{
	fail(timer->handle.data, "the deadline has passed", 0);
}

static void
write_request(struct get *get, const struct url *url, int is_head)
{
	snprintf(get->request, sizeof(get->request),
		"%s %s HTTP/1.1\r\n"
		"Host: %s%s%s:%s\r\n"
		"User-Agent: rota-http_get\r\n"
		"Connection: close\r\n"
		"\r\n",
		is_head ? "HEAD" : "GET", url->path,
		url->is_bracketed ? "[" : "", url->host,
		url->is_bracketed ? "]" : "", url->port);
}

/* Beginning and end. */

static int
begin(struct get *get, const struct url *url, uint64_t deadline_ns)
{
	const struct rota_lookup_hints hints = { .socktype = SOCK_STREAM };
	int r = rota_timer_init(get->loop, &get->deadline);

	if (r == 0) {
		get->deadline.handle.data = get;
		r = rota_timer_start(
			&get->deadline, deadline_ns, 0, on_deadline);
	}
	if (r == 0)
		r = rota_stream_open(get->loop, &get->out, 1, ROTA_OPEN_KEEP);
	if (r == 0)
		r = rota_tcp_init(get->loop, &get->tcp);
	if (r < 0)
		return r;
	get->tcp.stream.handle.data = get;
	get->lookup.job.request.data = get;
	return rota_lookup_start(get->loop, &get->lookup, url->host, url->port,
		&hints, on_lookup);
}

static void
run(struct get *get, const struct url *url, uint64_t deadline_ns)
{
	int r = begin(get, url, deadline_ns);

	if (r == 0)
		r = rota_loop_run(get->loop, ROTA_RUN_DEFAULT);
	if (r < 0) {
		fail(get, "cannot go on", r);
		(void)rota_loop_run(get->loop, ROTA_RUN_DEFAULT);
	}
	r = rota_loop_close(get->loop);
	if (r < 0)
		fail(get, "cannot close the loop", r);
}

/* Addresses. */

/* ":8080" or nothing, before a path. Returns where that begins, or NULL. */
static const char *
read_port(const char *text, struct url *url)
{
	unsigned long port = 80;
	char *end = (char *)text;

	if (*text == ':')
		port = strtoul(text + 1, &end, 10);
	if ((*text == ':' && (text[1] < '0' || text[1] > '9')) ||
		port > UINT16_MAX || port == 0 ||
		(*end != '\0' && !strchr("/?#", *end)))
		return NULL;
	snprintf(url->port, sizeof(url->port), "%lu", port);
	return end;
}

/* Returns -1 for what is no URL that we can get. */
static int
read_url(const char *text, struct url *url)
{
	size_t n;

	if (strncmp(text, "http://", 7) != 0)
		return -1;
	text += 7;
	url->is_bracketed = *text == '[';
	if (url->is_bracketed)
		text++;
	n = strcspn(text, url->is_bracketed ? "]" : ":/?#");
	if (n == 0 || n >= sizeof(url->host) ||
		(url->is_bracketed && text[n] != ']'))
		return -1;
	memcpy(url->host, text, n);
	url->host[n] = '\0';
	text = read_port(text + n + (url->is_bracketed ? 1 : 0), url);
	if (!text)
		return -1;
	n = strcspn(text, "#");
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] == 0x7f)
			return -1;
	if (n + 2 > sizeof(url->path))
		return -1;
	snprintf(url->path, sizeof(url->path), "%s%.*s",
		*text == '/' ? "" : "/", (int)n, text);
	return 0;
}

struct settings {
	const char *backend;
	const char *url;
	double deadline_seconds;
	int is_head;
};

/* Returns -1 to go on, else the exit code. */
static int
read_settings(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "deadline", required_argument, NULL, 'd' },
		{ "head", no_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	char *end = "";
	int c;

	while (*end == '\0' &&
		(c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			settings->backend = optarg;
			break;
		case 'd':
			settings->deadline_seconds = strtod(optarg, &end);
			if (!(settings->deadline_seconds >= 0.001 &&
				    settings->deadline_seconds < 1e9))
				end = "?";
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'i':
			settings->is_head = 1;
			break;
		default:
			end = "?";
			break;
		}
	}
	if (*end || optind + 1 != argc) {
		fputs(usage, stderr);
		return 2;
	}
	settings->url = argv[optind];
	return -1;
}

int
main(int argc, char **argv)
{
	static struct get get;
	static struct url url;
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct settings settings = { .deadline_seconds = 30 };
	int r;

	r = read_settings(argc, argv, &settings);
	if (r >= 0)
		return r;
	if (read_url(settings.url, &url) < 0) {
		fprintf(stderr, "http_get: %s: not as http://HOST/PATH\n",
			settings.url);
		return 2;
	}
	write_request(&get, &url, settings.is_head);
	get.parse = http_parse_create(settings.is_head ?
			HTTP_PARSE_RESPONSES_TO_HEAD :
			HTTP_PARSE_RESPONSES);
	options.backend = settings.backend;
	r = get.parse ? rota_loop_create(&options, &get.loop) : -ENOMEM;
	if (r == 0) {
		run(&get, &url,
			(uint64_t)(settings.deadline_seconds *
				(double)ROTA_SECOND));
	} else {
		fprintf(stderr, "http_get: cannot make a loop: %s\n",
			rota_error_text(r));
		get.has_failed = 1;
	}
	if (get.parse)
		http_parse_destroy(get.parse);
	return get.has_failed || get.status / 100 != 2 ? 1 : 0;
}
