/* SPDX-License-Identifier: MIT */
/*
 * A chat over TCP: each line goes to everybody else.
 *
 *	./chat_server --port 7002
 *	nc 127.0.0.1 7002
 *
 * Worth a look:
 *  - on_line(): a read request for a line at a time, of bounded length; the
 *    next is asked for in the callback of this one.
 *  - tell_all(): one copy of a line serves all clients; it goes when the
 *    last write of it has ended, whichever way.
 *  - on_late(): water marks. A client that reads too slowly becomes full and
 *    gets no more lines; if it does not drain in time it is dropped. So no
 *    client costs more memory than the high mark and one line.
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

#define LINE_BYTES 1024
#define HIGH_BYTES 65536
#define LOW_BYTES 16384

/* A line on its way to many. */
struct line {
	unsigned n_users;
	size_t n;
	char text[];
};

/* One of these ways. */
struct delivery {
	struct rota_write write;
	struct line *line;
};

struct client {
	struct rota_tcp tcp;
	struct rota_timer late;
	struct rota_read read;
	struct server *server;
	struct client *next;
	struct client **link;
	unsigned number;
	unsigned n_handles;
	int is_closing;
	/* "12: " stays before the line that is read. */
	size_t n_name;
	char text[LINE_BYTES];
};

struct server {
	struct rota_loop *loop;
	struct rota_tcp listener;
	struct rota_signal signals[2];
	/* Tries again to take a connection for which there was no memory. */
	struct rota_timer retry;
	struct client *clients;
	uint64_t grace_ns;
	unsigned n_clients;
	uint64_t n_lines;
	uint64_t n_dropped;
};

static const char usage[] =
	"usage: chat_server [OPTIONS]\n"
	"Passes each line of a TCP client to all others, until SIGINT or"
	" SIGTERM.\n"
	"  --backend NAME   epoll, kqueue, poll or select\n"
	"  --grace SECONDS  drop who is full so long (5)\n"
	"  --host ADDRESS   listen here, numeric (127.0.0.1)\n"
	"  --port PORT      0 lets the system choose (0)\n"
	"  --help           this text\n";

static rota_read_done_fn on_line;

static void
complain(const char *what, int error)
{
	fprintf(stderr, "chat_server: %s: %s\n", what, rota_error_text(error));
}

/* Lines. */

static struct line *
make_line(const char *text, size_t n)
{
	struct line *line = malloc(sizeof(*line) + n);

	if (!line)
		return NULL;
	line->n_users = 1;
	line->n = n;
	memcpy(line->text, text, n);
	return line;
}

static void
drop_line(struct line *line)
{
	if (--line->n_users == 0)
		free(line);
}

/* Clients. */

static void
on_closed(struct rota_handle *handle)
{
	struct client *client = handle->data;

	if (--client->n_handles == 0)
		free(client);
}

/* Leaves at once; the memory goes with the last of the handles. */
static void
close_client(struct client *client)
{
	if (client->is_closing)
		return;
	client->is_closing = 1;
	if (client->link) {
		*client->link = client->next;
		if (client->next)
			client->next->link = client->link;
	}
	(void)rota_tcp_reset(&client->tcp, on_closed);
	(void)rota_handle_close(&client->late.handle, on_closed);
}

static void
on_late(struct rota_timer *timer)
{
	struct client *client = timer->handle.data;

	client->server->n_dropped++;
	close_client(client);
}

static void
on_drain(struct rota_stream *stream)
{
	struct client *client = stream->handle.data;

	(void)rota_timer_stop(&client->late);
}

/* Also called, with an error, when the client is closed. */
static void
on_delivered(struct rota_write *write, int status)
{
	struct delivery *delivery = write->request.data;

	/* A failure is told to the reading as well, which closes. */
	(void)status;
	drop_line(delivery->line);
	free(delivery);
}

static void
deliver(struct client *client, struct line *line)
{
	struct iovec buffer = { line->text, line->n };
	struct delivery *delivery;
	int r;

	/* It misses lines; nobody waits for it. */
	if (rota_stream_is_full(&client->tcp.stream))
		return;
	delivery = malloc(sizeof(*delivery));
	if (!delivery)
		return;
	delivery->line = line;
	delivery->write.request.data = delivery;
	r = rota_stream_write(&client->tcp.stream, &delivery->write, &buffer, 1,
		on_delivered);
	if (r < 0) {
		free(delivery);
		return;
	}
	line->n_users++;
	if (r > 0)
		(void)rota_timer_start(
			&client->late, client->server->grace_ns, 0, on_late);
}

static void
tell_all(struct client *from, const char *text, size_t n)
{
	struct line *line = make_line(text, n);

	if (!line)
		return;
	for (struct client *to = from->server->clients; to; to = to->next)
		if (to != from)
			deliver(to, line);
	drop_line(line);
}

static void
ask(struct client *client)
{
	int r = rota_stream_read_until(&client->tcp.stream, &client->read,
		client->text + client->n_name, LINE_BYTES - client->n_name,
		'\n', on_line);

	if (r < 0)
		close_client(client);
}

static void
on_line(struct rota_read *read, int status)
{
	struct client *client = read->request.data;

	/* No line is so long: that is no client of a chat. */
	if (status < 0) {
		close_client(client);
		return;
	}
	client->server->n_lines++;
	tell_all(client, client->text, client->n_name + rota_read_bytes(read));
	ask(client);
}

static struct client *
make_client(struct server *server)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->server = server;
	client->tcp.stream.handle.data = client;
	client->late.handle.data = client;
	client->read.request.data = client;
	client->number = ++server->n_clients;
	client->n_name = (size_t)snprintf(
		client->text, LINE_BYTES, "%u: ", client->number);
	return client;
}

/* After a failure close_client() closes what has been made so far. */
static int
init_client(struct client *client)
{
	struct rota_loop *loop = client->server->loop;
	int r = rota_tcp_init(loop, &client->tcp);

	if (r < 0)
		return r;
	client->n_handles++;
	r = rota_timer_init(loop, &client->late);
	if (r < 0)
		return r;
	client->n_handles++;
	return rota_stream_set_marks(
		&client->tcp.stream, LOW_BYTES, HIGH_BYTES, on_drain);
}

static void
join(struct client *client)
{
	struct server *server = client->server;

	client->next = server->clients;
	client->link = &server->clients;
	if (client->next)
		client->next->link = &client->next;
	server->clients = client;
	ask(client);
}

/* Listening. */

static int
take_connection(struct server *server)
{
	struct client *client = make_client(server);
	int r;

	if (!client)
		return -ENOMEM;
	r = init_client(client);
	if (r < 0 && client->n_handles == 0) {
		free(client);
		return r;
	}
	if (r == 0)
		r = rota_stream_accept(
			&server->listener.stream, &client->tcp.stream);
	if (r < 0)
		close_client(client);
	else
		join(client);
	return r;
}

static void
on_retry(struct rota_timer *timer)
{
	struct server *server = timer->handle.data;

	if (take_connection(server) == -ENOMEM)
		(void)rota_timer_start(
			timer, 100 * ROTA_MILLISECOND, 0, on_retry);
}

static void
on_connection(struct rota_stream *listener, int status)
{
	struct server *server = listener->handle.data;

	/* It waits in the listener, which waits with it. */
	if (status == 0 && take_connection(server) == -ENOMEM)
		status = rota_timer_start(
			&server->retry, 100 * ROTA_MILLISECOND, 0, on_retry);
	if (status < 0)
		complain("cannot accept", status);
}

/* Beginning and end. */

static void
close_one(struct rota_handle *handle, void *data)
{
	if (rota_handle_is_closing(handle))
		return;
	if (handle->data == data)
		(void)rota_handle_close(handle, NULL);
	else
		close_client(handle->data);
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
	int r = rota_timer_init(server->loop, &server->retry);

	server->retry.handle.data = server;
	for (int i = 0; r == 0 && i < 2; i++) {
		struct rota_signal *signal = &server->signals[i];

		r = rota_signal_init(server->loop, signal);
		if (r < 0)
			break;
		signal->handle.data = server;
		r = rota_signal_start(signal, signums[i], on_signal);
	}
	return r;
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
	if (r == 0)
		r = rota_stream_listen(
			&listener->stream, SOMAXCONN, on_connection);
	if (r == 0)
		r = rota_tcp_local_address(listener, &bound);
	if (r == 0)
		r = rota_address_format(
			(const struct sockaddr *)&bound, text, sizeof(text));
	if (r < 0)
		return r;
	printf("listening on %s (backend %s)\n", text,
		rota_loop_backend(server->loop));
	fflush(stdout);
	return 0;
}

static int
serve(struct server *server, const struct sockaddr_storage *addr)
{
	int r = watch_signals(server);

	if (r == 0)
		r = listen_at(server, addr);
	if (r == 0)
		r = rota_loop_run(server->loop, ROTA_RUN_DEFAULT);
	if (r < 0) {
		complain("cannot go on", r);
		stop(server);
		(void)rota_loop_run(server->loop, ROTA_RUN_DEFAULT);
	}
	return r;
}

struct settings {
	const char *backend;
	const char *host;
	uint16_t port;
	double grace_seconds;
};

/* Returns 0 and sets the port if the text is one. */
static int
parse_port(const char *text, uint16_t *ret_port)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || port > UINT16_MAX)
		return -1;
	*ret_port = (uint16_t)port;
	return 0;
}

static int
parse_seconds(const char *text, double *ret_seconds)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*text == '\0' || *end != '\0' || !(seconds > 0 && seconds < 1e9))
		return -1;
	*ret_seconds = seconds;
	return 0;
}

/* Returns 0 if the option is good. */
static int
set_option(int option, const char *value, struct settings *settings)
{
	switch (option) {
	case 'a':
		settings->host = value;
		return 0;
	case 'b':
		settings->backend = value;
		return 0;
	case 'g':
		return parse_seconds(value, &settings->grace_seconds);
	case 'p':
		return parse_port(value, &settings->port);
	default:
		return -1;
	}
}

/* Returns -1 to go on, else the exit code. */
static int
read_settings(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "grace", required_argument, NULL, 'g' },
		{ "help", no_argument, NULL, 'h' },
		{ "host", required_argument, NULL, 'a' },
		{ "port", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int r = 0;
	int c;

	while (r == 0 &&
		(c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		r = set_option(c, optarg, settings);
	}
	if (r != 0 || optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct settings settings = { .host = "127.0.0.1", .grace_seconds = 5 };
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
	server.grace_ns =
		(uint64_t)(settings.grace_seconds * (double)ROTA_SECOND);

	options.backend = settings.backend;
	r = rota_loop_create(&options, &server.loop);
	if (r < 0) {
		complain("cannot make a loop", r);
		return 1;
	}
	served = serve(&server, &addr);
	printf("served %u clients, %" PRIu64 " lines, dropped %" PRIu64 "\n",
		server.n_clients, server.n_lines, server.n_dropped);

	/* Refused with -EBUSY if we had forgotten to close anything. */
	r = rota_loop_close(server.loop);
	if (r < 0)
		complain("cannot close the loop", r);
	return served < 0 || r < 0 ? 1 : 0;
}
