/* SPDX-License-Identifier: MIT */
/*
 * An echo server: sends back what it gets, as fast as the other side takes it.
 *
 *	./echo_server --port 7000
 *	./echo_server --unix /tmp/echo
 *	./echo_server --udp --port 7000
 *
 * Worth a look:
 *  - union end: a connection is a stream, be it of TCP or of the machine's
 *    own kind. They differ in listen_at() and listen_on_path() alone.
 *  - on_read(): a message costs one read and one write. It lies in the
 *    loop's own buffer; only what the kernel does not take is copied, and
 *    reading rests until that is out. So a client that never reads costs us
 *    one message and one buffer, not all our memory.
 *  - on_connection_closed(): memory is given back in the close callback and
 *    nowhere else.
 *  - on_datagram(): datagrams come from all at one socket. There is nobody to
 *    be slow for: what cannot be sent at once is lost, as on the way.
 *  - stop(): closing every handle ends the run; nothing has to be told to
 *    "break".
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <rota.h>

/* Each of the two begins with a stream. */
union end {
	struct rota_stream stream;
	struct rota_tcp tcp;
	struct rota_unix un;
};

struct connection {
	union end end;
	struct server *server;
	/* What the kernel did not take at once, and its way out. */
	char *rest;
	struct rota_write write;
	/* The next one in the server's list of free ones. */
	struct connection *next;
};

struct server {
	struct rota_loop *loop;
	union end listener;
	/* Instead of connections, with --udp. */
	struct rota_udp udp;
	int is_unix;
	struct rota_signal signals[2];
	struct rota_timer stats;
	struct connection *free;
	/* A connection waits because there was no memory for it. */
	int owes_accept;
	uint64_t n_served;
	uint64_t n_open;
	uint64_t n_bytes;
	/* When accepting last failed aloud, and how often since in silence. */
	uint64_t complained_ns;
	unsigned n_silent;
};

static const char usage[] =
	"usage: echo_server [OPTIONS]\n"
	"Sends back what it gets, until SIGINT or SIGTERM: over TCP, or\n"
	"  --udp            over UDP, each datagram for itself\n"
	"  --unix PATH      over a socket of the machine, which is a file there\n"
	"  --backend NAME   epoll, kqueue, poll or select\n"
	"  --host ADDRESS   listen here, numeric (127.0.0.1)\n"
	"  --port PORT      0 lets the system choose (0)\n"
	"  --stats SECONDS  print loop time so often, and at the end\n"
	"  --help           this text\n";

static rota_close_fn on_connection_closed;
static rota_read_fn on_read;

static void
complain(const char *what, int error)
{
	fprintf(stderr, "echo_server: %s: %s\n", what, rota_error_text(error));
}

/* Connections. */

static void
close_connection(struct connection *connection)
{
	/* It may be closing already, which is as good. */
	(void)rota_handle_close(
		&connection->end.stream.handle, on_connection_closed);
}

/* Also called, with -ECANCELED, for a connection that is being closed. */
static void
on_rest_written(struct rota_write *write, int status)
{
	struct connection *connection = write->request.data;

	free(connection->rest);
	connection->rest = NULL;
	if (status == 0)
		status = rota_stream_read_start(
			&connection->end.stream, NULL, on_read);
	if (status < 0)
		close_connection(connection);
}

static int
keep_rest(struct connection *connection, const char *bytes, size_t size)
{
	struct rota_stream *stream = &connection->end.stream;
	struct iovec buffer = { .iov_len = size };
	int r;

	connection->rest = malloc(size);
	if (!connection->rest)
		return -ENOMEM;
	memcpy(connection->rest, bytes, size);
	buffer.iov_base = connection->rest;
	connection->write.request.data = connection;
	r = rota_stream_write(
		stream, &connection->write, &buffer, 1, on_rest_written);
	if (r < 0) {
		/* Refused: the callback will not come, so nobody else frees. */
		free(connection->rest);
		connection->rest = NULL;
		return r;
	}
	return rota_stream_read_stop(stream);
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct connection *connection = stream->handle.data;
	struct iovec buffer = { .iov_base = (void *)data };
	ssize_t sent;

	/* The end, or a client that went away without a word: all the same. */
	if (n < 0) {
		close_connection(connection);
		return;
	}
	buffer.iov_len = (size_t)n;
	connection->server->n_bytes += (uint64_t)n;

	sent = rota_stream_try_write(stream, &buffer, 1);
	if (sent == -EAGAIN)
		sent = 0;
	if (sent >= 0 && sent < n)
		sent = keep_rest(connection, (const char *)data + sent,
			(size_t)(n - sent));
	if (sent < 0)
		close_connection(connection);
}

static struct connection *
get_connection(struct server *server)
{
	struct connection *connection = server->free;

	if (connection)
		server->free = connection->next;
	else
		connection = malloc(sizeof(*connection));
	return connection;
}

static void
put_connection(struct server *server, struct connection *connection)
{
	connection->next = server->free;
	server->free = connection;
}

static int
init_end(struct server *server, union end *end)
{
	if (server->is_unix)
		return rota_unix_init(server->loop, &end->un, 0);
	return rota_tcp_init(server->loop, &end->tcp);
}

static void
take_connection(struct server *server)
{
	struct connection *connection = get_connection(server);
	int r;

	/*
	 * Out of memory: the next connection that closes leaves its own. There
	 * is one, since the list was not empty at first.
	 */
	server->owes_accept = 1;
	if (!connection)
		return;
	memset(connection, 0, sizeof(*connection));
	if (init_end(server, &connection->end) < 0) {
		put_connection(server, connection);
		return;
	}
	connection->server = server;
	connection->end.stream.handle.data = connection;
	server->n_open++;

	r = rota_stream_accept(
		&server->listener.stream, &connection->end.stream);
	server->owes_accept = r == -ENOMEM;
	if (r == 0) {
		server->n_served++;
		/* Not worth a failure: without it we are only slower. */
		if (!server->is_unix)
			(void)rota_tcp_set_nodelay(&connection->end.tcp, 1);
		r = rota_stream_read_start(
			&connection->end.stream, NULL, on_read);
	}
	if (r < 0)
		close_connection(connection);
}

static void
on_connection_closed(struct rota_handle *handle)
{
	struct connection *connection = handle->data;
	struct server *server = connection->server;

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
		"echo_server: cannot accept (%u times): %s; %" PRIu64 " open\n",
		server->n_silent, rota_error_text(status), server->n_open);
	server->complained_ns = rota_loop_now(server->loop);
	server->n_silent = 0;
}

/* Datagrams. */

static void
on_datagram(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	struct server *server = udp->handle.data;
	struct iovec buffer = { .iov_base = (void *)data };

	/* An error is that of one datagram; the next may be well. */
	if (n < 0)
		return;
	buffer.iov_len = (size_t)n;
	server->n_bytes += (uint64_t)n;
	server->n_served++;
	(void)rota_udp_try_send(udp, &buffer, 1, datagram->peer, NULL);
}

/* Numbers. */

static void
print_stats(struct server *server)
{
	struct rota_loop_time time = ROTA_LOOP_TIME_INIT;

	if (rota_loop_time(server->loop, &time) < 0)
		return;
	printf("loop time: turns %" PRIu64 ", mean %.1f us, p99 %.1f us,"
	       " max %.1f us, busy %.1f s, waited %.1f s\n",
		time.turns, (double)time.mean_ns / 1e3,
		(double)time.p99_ns / 1e3, (double)time.max_ns / 1e3,
		(double)time.busy_ns / 1e9, (double)time.waited_ns / 1e9);
	fflush(stdout);
}

static void
on_stats(struct rota_timer *timer)
{
	print_stats(timer->handle.data);
}

/* Beginning and end. */

static void
close_one(struct rota_handle *handle, void *data)
{
	struct server *server = data;

	if (rota_handle_is_closing(handle))
		return;
	/* Of our handles only connections have something to give back. */
	if (handle->data != server)
		close_connection(handle->data);
	else
		(void)rota_handle_close(handle, NULL);
}

static void
stop(struct server *server)
{
	(void)rota_loop_walk(server->loop, close_one, server);
}

static void
on_signal(struct rota_signal *signal, const struct rota_signal_event *event)
{
	(void)event;
	stop(signal->handle.data);
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
watch_time(struct server *server, double seconds)
{
	uint64_t ns = (uint64_t)(seconds * (double)ROTA_SECOND);
	int r;

	if (ns == 0)
		return 0;
	r = rota_timer_init(server->loop, &server->stats);
	if (r < 0)
		return r;
	server->stats.handle.data = server;
	r = rota_loop_measure(server->loop, 1);
	if (r < 0)
		return r;
	return rota_timer_start(&server->stats, ns, ns, on_stats);
}

struct settings {
	const char *backend;
	const char *host;
	uint16_t port;
	const char *path;
	int is_udp;
	double stats_seconds;
};

static void
say_where(const struct server *server, const char *where)
{
	printf("listening on %s (backend %s)\n", where,
		rota_loop_backend(server->loop));
	fflush(stdout);
}

/* With the port that the system has chosen. */
static int
say_address(const struct server *server, const struct sockaddr_storage *addr)
{
	char text[64];
	int r = rota_address_format(
		(const struct sockaddr *)addr, text, sizeof(text));

	if (r == 0)
		say_where(server, text);
	return r;
}

static int
listen_at(struct server *server, const struct sockaddr_storage *addr)
{
	struct rota_tcp *listener = &server->listener.tcp;
	struct sockaddr_storage bound;
	int r = rota_tcp_bind(listener, (const struct sockaddr *)addr, 0);

	if (r == 0)
		r = rota_stream_listen(
			&listener->stream, SOMAXCONN, on_connection);
	if (r == 0)
		r = rota_tcp_local_address(listener, &bound);
	return r < 0 ? r : say_address(server, &bound);
}

/* What an earlier server has left there is removed, and so is ours at last. */
static int
listen_on_path(struct server *server, const char *path)
{
	struct rota_unix *listener = &server->listener.un;
	int r = rota_unix_bind(listener, path, strlen(path),
		ROTA_UNIX_REPLACE_STALE | ROTA_UNIX_UNLINK);

	if (r == 0)
		r = rota_stream_listen(
			&listener->stream, SOMAXCONN, on_connection);
	if (r == 0)
		say_where(server, path);
	return r;
}

static int
receive_at(struct server *server, const struct sockaddr_storage *addr)
{
	struct sockaddr_storage bound;
	int r = rota_udp_init(server->loop, &server->udp);

	if (r < 0)
		return r;
	server->udp.handle.data = server;
	r = rota_udp_bind(&server->udp, (const struct sockaddr *)addr, 0);
	if (r == 0)
		r = rota_udp_receive_start(&server->udp, NULL, on_datagram);
	if (r == 0)
		r = rota_udp_local_address(&server->udp, &bound);
	return r < 0 ? r : say_address(server, &bound);
}

static int
open_door(struct server *server, const struct settings *settings,
	const struct sockaddr_storage *addr)
{
	int r;

	if (settings->is_udp)
		return receive_at(server, addr);
	server->is_unix = settings->path != NULL;
	r = init_end(server, &server->listener);
	if (r < 0)
		return r;
	server->listener.stream.handle.data = server;
	return settings->path ? listen_on_path(server, settings->path) :
				listen_at(server, addr);
}

/* Returns 0 if all was well, also if that was a signal's wish. */
static int
serve(struct server *server, const struct settings *settings,
	const struct sockaddr_storage *addr)
{
	int r;

	server->free = malloc(sizeof(*server->free));
	if (!server->free)
		return -ENOMEM;
	server->free->next = NULL;

	r = watch_signals(server);
	if (r == 0)
		r = watch_time(server, settings->stats_seconds);
	if (r == 0)
		r = open_door(server, settings, addr);
	if (r == 0)
		r = rota_loop_run(server->loop, ROTA_RUN_DEFAULT);
	if (r < 0) {
		complain("cannot go on", r);
		stop(server);
		(void)rota_loop_run(server->loop, ROTA_RUN_DEFAULT);
	}

	while (server->free) {
		struct connection *connection = server->free;

		server->free = connection->next;
		free(connection);
	}
	return r;
}

/* Returns -1 to go on, else the exit code. */
static int
read_settings(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ "host", required_argument, NULL, 'a' },
		{ "port", required_argument, NULL, 'p' },
		{ "stats", required_argument, NULL, 's' },
		{ "udp", no_argument, NULL, 'd' },
		{ "unix", required_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 },
	};
	char *end = "";
	unsigned long port;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			settings->host = optarg;
			break;
		case 'b':
			settings->backend = optarg;
			break;
		case 'd':
			settings->is_udp = 1;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'p':
			port = strtoul(optarg, &end, 10);
			if (port > UINT16_MAX)
				end = "?";
			settings->port = (uint16_t)port;
			break;
		case 's':
			settings->stats_seconds = strtod(optarg, &end);
			if (!(settings->stats_seconds > 0 &&
				    settings->stats_seconds < 1e9))
				end = "?";
			break;
		case 'u':
			settings->path = optarg;
			break;
		default:
			end = "?";
			break;
		}
		if (*end)
			break;
	}
	if (*end || optind < argc || (settings->is_udp && settings->path)) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct settings settings = { .host = "127.0.0.1" };
	struct server server = { 0 };
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

	options.backend = settings.backend;
	r = rota_loop_create(&options, &server.loop);
	if (r < 0) {
		complain("cannot make a loop", r);
		return 1;
	}
	served = serve(&server, &settings, &addr);
	print_stats(&server);
	printf("served %" PRIu64 " %s, %" PRIu64 " bytes\n", server.n_served,
		settings.is_udp ? "datagrams" : "connections", server.n_bytes);

	/* Refused with -EBUSY if we had forgotten to close anything. */
	r = rota_loop_close(server.loop);
	if (r < 0)
		complain("cannot close the loop", r);
	return served < 0 || r < 0 ? 1 : 0;
}
