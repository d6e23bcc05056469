/* SPDX-License-Identifier: MIT */
/*
 * A load client for echo_server: many connections, on each one message in
 * flight, every byte of every reply compared.
 *
 *	./echo_client --port 7000 --connections 200 --messages 100
 *
 * Worth a look:
 *  - send_message(): a message lies in the connection's own buffer until its
 *    reply is complete, so the write needs no copy.
 *  - on_watchdog(): an unreferenced timer watches, yet does not keep the loop
 *    alive; if nothing moves, rota_loop_why_alive_text() says what is stuck.
 *  - the run ends by itself when the last connection has been closed.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <rota.h>

/* Without any progress for so long, we give up. */
#define PATIENCE_SECONDS 10

/* For times up to 2^64 ns, each bucket at most 1/32 wide. */
#define N_BUCKETS 1920

struct connection {
	struct rota_tcp tcp;
	struct rota_connect connect;
	struct rota_write write;
	struct rota_shutdown shutdown;
	struct client *client;
	int is_connected;
	int is_writing;
	/* All replies are here; what is left to come is the end of file. */
	int is_done;
	unsigned long n_replies;
	char *message;
	size_t n_received;
	uint64_t sent_ns;
	uint64_t random;
};

struct client {
	struct rota_loop *loop;
	struct rota_timer watchdog;
	struct rota_timer deadline;
	struct connection *connections;
	unsigned long n_connections;
	/* How many are not yet decided: nobody sends before all are. */
	unsigned long n_connecting;
	size_t size;
	/* Replies wanted on each connection, unless a time is given. */
	unsigned long n_messages;
	double seconds;
	int is_time_up;

	unsigned long n_failed;
	uint64_t n_replies;
	uint64_t began_ns;
	uint64_t ended_ns;
	uint64_t buckets[N_BUCKETS];
	/* For the watchdog: what there was when it looked last. */
	uint64_t n_events;
	uint64_t n_events_seen;
	unsigned idle_seconds;
};

static const char usage[] =
	"usage: echo_client --port PORT [OPTIONS]\n"
	"Sends messages to an echo server and compares every byte it gets.\n"
	"  --backend NAME     epoll, kqueue, poll or select\n"
	"  --connections N    open at the same time (50)\n"
	"  --host ADDRESS     numeric (127.0.0.1)\n"
	"  --messages M       on each connection (20)\n"
	"  --port PORT        where the server listens\n"
	"  --seconds S        send for S seconds, whatever M is\n"
	"  --size BYTES       of a message (64)\n"
	"  --help             this text\n";

/* Times, and how they are spread. */

static uint64_t
read_clock(struct rota_loop *loop)
{
	(void)rota_loop_update(loop);
	return rota_loop_now(loop);
}

/* The first 64 buckets are 1 ns wide, the next 32 are 2 ns, then 4 ns ... */
static unsigned
bucket_of(uint64_t ns)
{
	unsigned shift = 0;

	while (ns >> shift >= 64)
		shift++;
	return shift * 32 + (unsigned)(ns >> shift);
}

static uint64_t
time_of(unsigned bucket)
{
	if (bucket < 64)
		return bucket;
	return (uint64_t)(bucket % 32 + 32) << (bucket / 32 - 1);
}

/* The time that `share` of all replies took at most. */
static uint64_t
percentile(const struct client *client, double share)
{
	uint64_t wanted = (uint64_t)(share * (double)client->n_replies);
	uint64_t sum = 0;
	unsigned i;

	for (i = 0; i < N_BUCKETS - 1; i++) {
		sum += client->buckets[i];
		if (sum > wanted)
			break;
	}
	return client->n_replies ? time_of(i) : 0;
}

/* Connections. */

static void
fail(struct connection *connection, const char *what, int error)
{
	struct client *client = connection->client;
	struct rota_handle *handle = &connection->tcp.stream.handle;

	if (rota_handle_is_closing(handle))
		return;
	/* The first few tell enough. */
	if (client->n_failed++ < 3)
		fprintf(stderr, "echo_client: connection %td: %s%s%s\n",
			connection - client->connections, what,
			error ? ": " : "", error ? rota_error_text(error) : "");
	(void)rota_handle_close(handle, NULL);
}

/* Any bytes do, as long as no two messages are alike: xorshift64. */
static void
fill_message(struct connection *connection)
{
	size_t size = connection->client->size;
	uint64_t x = connection->random;

	for (size_t at = 0; at < size; at += sizeof(x)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(connection->message + at, &x,
			size - at < sizeof(x) ? size - at : sizeof(x));
	}
	connection->random = x;
}

static rota_write_fn on_written;

static void
send_message(struct connection *connection)
{
	struct rota_stream *stream = &connection->tcp.stream;
	struct iovec buffer = { connection->message, connection->client->size };
	ssize_t sent;
	int r;

	fill_message(connection);
	connection->n_received = 0;
	connection->sent_ns = read_clock(connection->client->loop);

	sent = rota_stream_try_write(stream, &buffer, 1);
	if (sent == -EAGAIN)
		sent = 0;
	if (sent < 0) {
		fail(connection, "cannot write", (int)sent);
		return;
	}
	if ((size_t)sent == buffer.iov_len)
		return;

	buffer.iov_base = connection->message + sent;
	buffer.iov_len -= (size_t)sent;
	connection->write.request.data = connection;
	r = rota_stream_write(
		stream, &connection->write, &buffer, 1, on_written);
	if (r < 0)
		fail(connection, "cannot write", r);
	else
		connection->is_writing = 1;
}

static void
on_shutdown(struct rota_shutdown *shutdown, int status)
{
	if (status < 0 && status != -ECANCELED)
		fail(shutdown->request.data, "cannot shut down", status);
}

/* All replies are here: say so, and expect the same from the server. */
static void
finish(struct connection *connection)
{
	int r;

	connection->is_done = 1;
	connection->shutdown.request.data = connection;
	r = rota_stream_shutdown(
		&connection->tcp.stream, &connection->shutdown, on_shutdown);
	if (r < 0)
		fail(connection, "cannot shut down", r);
}

/* Goes on if the reply is complete and the message is ours again. */
static void
go_on(struct connection *connection)
{
	struct client *client = connection->client;

	if (connection->n_received < client->size || connection->is_writing)
		return;
	client->ended_ns = read_clock(client->loop);
	client->buckets[bucket_of(client->ended_ns - connection->sent_ns)]++;
	client->n_replies++;
	connection->n_replies++;

	if (client->seconds > 0 ? client->is_time_up :
				  connection->n_replies == client->n_messages)
		finish(connection);
	else
		send_message(connection);
}

static void
on_written(struct rota_write *write, int status)
{
	struct connection *connection = write->request.data;

	connection->is_writing = 0;
	connection->client->n_events++;
	if (status == 0)
		go_on(connection);
	else
		fail(connection, "cannot write", status);
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct connection *connection = stream->handle.data;
	struct client *client = connection->client;

	client->n_events++;
	if (n == ROTA_EOF && connection->is_done) {
		(void)rota_handle_close(&stream->handle, NULL);
		return;
	}
	if (n < 0) {
		fail(connection, "the server went away", (int)n);
		return;
	}
	if (connection->is_done ||
		(size_t)n > client->size - connection->n_received) {
		fail(connection, "more bytes than were sent", 0);
		return;
	}
	if (memcmp(connection->message + connection->n_received, data,
		    (size_t)n) != 0) {
		fail(connection, "other bytes than were sent", 0);
		return;
	}
	connection->n_received += (size_t)n;
	go_on(connection);
}

/* Beginning and end. */

static void
on_deadline(struct rota_timer *timer)
{
	struct client *client = timer->handle.data;

	client->is_time_up = 1;
}

/* Every connection is open, or has failed. */
static void
begin(struct client *client)
{
	client->began_ns = read_clock(client->loop);
	client->ended_ns = client->began_ns;
	if (client->seconds > 0)
		(void)rota_timer_start(&client->deadline,
			(uint64_t)(client->seconds * (double)ROTA_SECOND), 0,
			on_deadline);
	for (unsigned long i = 0; i < client->n_connections; i++) {
		struct connection *connection = &client->connections[i];

		if (connection->is_connected)
			send_message(connection);
	}
}

static void
on_connected(struct rota_connect *connect, int status)
{
	struct connection *connection = connect->request.data;
	struct client *client = connection->client;

	client->n_events++;
	if (status == 0)
		status = rota_tcp_set_nodelay(&connection->tcp, 1);
	if (status == 0)
		status = rota_stream_read_start(
			&connection->tcp.stream, NULL, on_read);
	if (status == 0)
		connection->is_connected = 1;
	else
		fail(connection, "cannot connect", status);
	if (--client->n_connecting == 0)
		begin(client);
}

static int
open_connection(struct client *client, struct connection *connection,
	const struct sockaddr_storage *addr)
{
	int r;

	connection->client = client;
	connection->random = (uint64_t)(connection - client->connections) + 1;
	connection->message = malloc(client->size);
	if (!connection->message)
		return -ENOMEM;
	r = rota_tcp_init(client->loop, &connection->tcp);
	if (r < 0)
		return r;
	connection->tcp.stream.handle.data = connection;
	connection->connect.request.data = connection;
	return rota_tcp_connect(&connection->tcp, &connection->connect,
		(const struct sockaddr *)addr, on_connected);
}

static void
close_one(struct rota_handle *handle, void *data)
{
	(void)data;
	if (!rota_handle_is_closing(handle))
		(void)rota_handle_close(handle, NULL);
}

static void
on_watchdog(struct rota_timer *timer)
{
	struct client *client = timer->handle.data;
	char why[2000];

	if (client->n_events != client->n_events_seen)
		client->idle_seconds = 0;
	client->n_events_seen = client->n_events;
	if (++client->idle_seconds <= PATIENCE_SECONDS)
		return;
	(void)rota_loop_why_alive_text(client->loop, why, sizeof(why));
	fprintf(stderr,
		"echo_client: nothing has come for %d seconds; waiting for:\n"
		"%s\n",
		PATIENCE_SECONDS, why);
	client->n_failed++;
	(void)rota_loop_walk(client->loop, close_one, NULL);
}

/* Neither of the timers is a reason to stay. */
static int
prepare_timers(struct client *client)
{
	struct rota_timer *timers[2] = { &client->watchdog, &client->deadline };

	for (int i = 0; i < 2; i++) {
		int r = rota_timer_init(client->loop, timers[i]);

		if (r < 0)
			return r;
		timers[i]->handle.data = client;
		(void)rota_handle_unref(&timers[i]->handle);
	}
	return rota_timer_start(
		&client->watchdog, ROTA_SECOND, ROTA_SECOND, on_watchdog);
}

static int
run(struct client *client, const struct sockaddr_storage *addr)
{
	int r = prepare_timers(client);

	client->n_connecting = client->n_connections;
	for (unsigned long i = 0; i < client->n_connections && r == 0; i++)
		r = open_connection(client, &client->connections[i], addr);
	if (r == 0)
		r = rota_loop_run(client->loop, ROTA_RUN_DEFAULT);
	if (r < 0)
		fprintf(stderr, "echo_client: %s\n", rota_error_text(r));

	/* The timers, or after a failure whatever there is. */
	(void)rota_loop_walk(client->loop, close_one, NULL);
	(void)rota_loop_run(client->loop, ROTA_RUN_DEFAULT);
	return r;
}

/* The tour reads the second line. */
static void
report(const struct client *client)
{
	double seconds = (double)(client->ended_ns - client->began_ns) / 1e9;

	printf("connections %lu, messages %" PRIu64
	       ", size %zu bytes (backend %s)\n",
		client->n_connections, client->n_replies, client->size,
		rota_loop_backend(client->loop));
	printf("messages/s %.0f, latency median %.1f us, 99 %% %.1f us\n",
		seconds > 0 ? (double)client->n_replies / seconds : 0,
		(double)percentile(client, 0.5) / 1e3,
		(double)percentile(client, 0.99) / 1e3);
	if (client->n_failed)
		printf("%lu failed\n", client->n_failed);
	else
		printf("every byte came back right\n");
}

/* Options. */

struct settings {
	const char *backend;
	const char *host;
	unsigned long port;
	unsigned long connections;
	unsigned long messages;
	unsigned long size;
	double seconds;
};

static int
read_number(const char *text, unsigned long max, unsigned long *ret_number)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (end == text || *end || number == 0 || number > max)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

static int
read_seconds(const char *text, double *ret_seconds)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds > 0 && seconds < 1e9))
		return -EINVAL;
	*ret_seconds = seconds;
	return 0;
}

/* Returns -1 to go on, else the exit code. */
static int
read_settings(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "connections", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "host", required_argument, NULL, 'a' },
		{ "messages", required_argument, NULL, 'm' },
		{ "port", required_argument, NULL, 'p' },
		{ "seconds", required_argument, NULL, 't' },
		{ "size", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int r = 0;
	int c;

	while (r == 0 &&
		(c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			settings->host = optarg;
			break;
		case 'b':
			settings->backend = optarg;
			break;
		case 'c':
			r = read_number(
				optarg, 1000000, &settings->connections);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'm':
			r = read_number(
				optarg, 1000000000, &settings->messages);
			break;
		case 'p':
			r = read_number(optarg, UINT16_MAX, &settings->port);
			break;
		case 's':
			r = read_number(optarg, 1 << 30, &settings->size);
			break;
		case 't':
			r = read_seconds(optarg, &settings->seconds);
			break;
		default:
			r = -EINVAL;
			break;
		}
	}
	if (r < 0 || optind < argc || settings->port == 0) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct settings settings = {
		.host = "127.0.0.1",
		.connections = 50,
		.messages = 20,
		.size = 64,
	};
	struct client client = { 0 };
	struct sockaddr_storage addr;
	int r;

	r = read_settings(argc, argv, &settings);
	if (r >= 0)
		return r;
	r = rota_address_parse(settings.host, (uint16_t)settings.port, &addr);
	if (r < 0) {
		fprintf(stderr, "echo_client: %s: %s\n", settings.host,
			rota_error_text(r));
		return 2;
	}

	client.n_connections = settings.connections;
	client.n_messages = settings.messages;
	client.seconds = settings.seconds;
	client.size = settings.size;
	client.connections =
		calloc(client.n_connections, sizeof(*client.connections));
	options.backend = settings.backend;
	r = client.connections ? rota_loop_create(&options, &client.loop) :
				 -ENOMEM;
	if (r < 0) {
		fprintf(stderr, "echo_client: cannot make a loop: %s\n",
			rota_error_text(r));
		free(client.connections);
		return 1;
	}

	r = run(&client, &addr);
	report(&client);
	for (unsigned long i = 0; i < client.n_connections; i++)
		free(client.connections[i].message);
	free(client.connections);
	if (rota_loop_close(client.loop) < 0)
		r = -EBUSY;
	return r < 0 || client.n_failed ? 1 : 0;
}
