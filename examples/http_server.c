/* SPDX-License-Identifier: MIT */
/*
 * An HTTP/1.1 server for the files below a folder and for "/hello", which
 * comes from memory.
 *
 *	./http_server --port 8080 --folder /usr/share/doc
 *
 * Here are its beginning and end; what happens on a connection is in
 * http_connection.c. Worth a look:
 *  - take_connection(): memory for one connection is always there, so that
 *    the listener is never left with one that nobody can take.
 *  - end(): after the first signal whoever is being served is served to the
 *    end. Nothing has to be told to "break": when the last handle that counts
 *    is closed, so is the run.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rota.h>

#include "examples/http_parse.h"
#include "examples/http_server.h"

/* How long the last connections may take, when we stop. */
#define GRACE_SECONDS 5

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

static void
complain(const char *what, int error)
{
	fprintf(stderr, "http_server: %s: %s\n", what, rota_error_text(error));
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
		r = http_connection_begin(connection);
	}
	if (r < 0)
		http_connection_close(connection);
}

void
http_connection_left(struct connection *connection)
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
		http_connection_close(handle->data);
	else
		(void)rota_handle_close(handle, NULL);
}

static void
close_all(struct server *server)
{
	(void)rota_loop_walk(server->loop, close_one, server);
}

static void
end_one(struct rota_handle *handle, void *data)
{
	struct server *server = data;

	if (handle->data != server)
		http_connection_end(handle->data);
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
