/* SPDX-License-Identifier: MIT */
/*
 * A TCP relay: for each connection it gets, it makes one to another place
 * and passes the bytes on, both ways.
 *
 *	./tcp_proxy --port 7001 --to 127.0.0.1 --to-port 7000
 *
 * Worth a look:
 *  - begin_link(): two pumps do it all. Each stops reading while what it has
 *    read waits to be written, so a link costs at most twice
 *    ROTA_PUMP_BYTES, however fast one side sends and slow the other reads.
 *    Both begin at once: they wait for the connection.
 *  - on_pumped(): the end of one way is passed on as a half-close, and the
 *    other way goes on. A failure of one side becomes a reset of the other.
 *  - on_tick(): silence is of both ways together. A limit on each stream
 *    would end a long download, during which one way is silent.
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

/* Looks at each link so many times within its limit. */
#define TICKS 4

struct link {
	struct proxy *proxy;
	struct rota_tcp client;
	struct rota_tcp server;
	struct rota_timer tick;
	struct rota_connect connect;
	struct rota_pump up;
	struct rota_pump down;
	uint64_t n_bytes;
	unsigned n_silent_ticks;
	unsigned n_handles;
	unsigned n_pumped;
	int is_closing;
};

struct proxy {
	struct rota_loop *loop;
	struct rota_tcp listener;
	struct rota_signal signals[2];
	/* Tries again to take a connection for which there was no memory. */
	struct rota_timer retry;
	struct sockaddr_storage to;
	uint64_t limit_ns;
	uint64_t n_links;
	uint64_t n_up;
	uint64_t n_down;
};

static const char usage[] =
	"usage: tcp_proxy --to-port PORT [OPTIONS]\n"
	"Relays TCP connections to another place, until SIGINT or SIGTERM.\n"
	"  --backend NAME    epoll, kqueue, poll or select\n"
	"  --host ADDRESS    listen here, numeric (127.0.0.1)\n"
	"  --port PORT       0 lets the system choose (0)\n"
	"  --to ADDRESS      connect there, numeric (127.0.0.1)\n"
	"  --to-port PORT    and to this port\n"
	"  --limit SECONDS   reset what is silent both ways so long (none)\n"
	"  --help            this text\n";

static void
complain(const char *what, int error)
{
	fprintf(stderr, "tcp_proxy: %s: %s\n", what, rota_error_text(error));
}

/* Links. */

static struct link *
link_of(const struct rota_handle *handle)
{
	return handle->data;
}

/* The last of the three handles takes the link along. */
static void
on_closed(struct rota_handle *handle)
{
	struct link *link = link_of(handle);

	if (--link->n_handles > 0)
		return;
	link->proxy->n_up += rota_pump_bytes(&link->up);
	link->proxy->n_down += rota_pump_bytes(&link->down);
	free(link);
}

static void
close_link(struct link *link)
{
	if (link->is_closing)
		return;
	link->is_closing = 1;
	(void)rota_handle_close(&link->client.stream.handle, on_closed);
	(void)rota_handle_close(&link->server.stream.handle, on_closed);
	(void)rota_handle_close(&link->tick.handle, on_closed);
}

/* Whoever is still there learns that something went wrong. */
static void
reset_link(struct link *link)
{
	if (link->is_closing)
		return;
	link->is_closing = 1;
	(void)rota_tcp_reset(&link->client, on_closed);
	(void)rota_tcp_reset(&link->server, on_closed);
	(void)rota_handle_close(&link->tick.handle, on_closed);
}

static void
on_pumped(struct rota_pump *pump, int status)
{
	struct link *link = pump->request.data;

	if (status < 0)
		reset_link(link);
	else if (++link->n_pumped == 2)
		close_link(link);
}

static void
on_connect(struct rota_connect *connect, int status)
{
	struct link *link = connect->request.data;

	if (status < 0 && !link->is_closing)
		complain("cannot connect", status);
	if (status < 0)
		reset_link(link);
}

static void
on_tick(struct rota_timer *timer)
{
	struct link *link = link_of(&timer->handle);
	uint64_t n_bytes =
		rota_pump_bytes(&link->up) + rota_pump_bytes(&link->down);

	link->n_silent_ticks++;
	if (n_bytes != link->n_bytes)
		link->n_silent_ticks = 0;
	link->n_bytes = n_bytes;
	if (link->n_silent_ticks >= TICKS)
		reset_link(link);
}

/* Makes a link of blank handles; NULL without memory. */
static struct link *
make_link(struct proxy *proxy)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->proxy = proxy;
	link->client.stream.handle.data = link;
	link->server.stream.handle.data = link;
	link->tick.handle.data = link;
	link->connect.request.data = link;
	link->up.request.data = link;
	link->down.request.data = link;
	return link;
}

/* After a failure close_link() closes what has been made so far. */
static int
init_link(struct link *link)
{
	struct rota_loop *loop = link->proxy->loop;
	int r = rota_tcp_init(loop, &link->client);

	if (r < 0)
		return r;
	link->n_handles++;
	r = rota_tcp_init(loop, &link->server);
	if (r < 0)
		return r;
	link->n_handles++;
	r = rota_timer_init(loop, &link->tick);
	if (r < 0)
		return r;
	link->n_handles++;
	return 0;
}

static int
begin_link(struct link *link)
{
	struct rota_stream *client = &link->client.stream;
	struct rota_stream *server = &link->server.stream;
	uint64_t tick_ns = link->proxy->limit_ns / TICKS;
	int r = rota_tcp_connect(&link->server, &link->connect,
		(const struct sockaddr *)&link->proxy->to, on_connect);

	if (r == 0)
		r = rota_pipe_streams(&link->up, client, server, 0, on_pumped);
	if (r == 0)
		r = rota_pipe_streams(
			&link->down, server, client, 0, on_pumped);
	if (r == 0 && tick_ns > 0)
		r = rota_timer_start(&link->tick, tick_ns, tick_ns, on_tick);
	return r;
}

/* Listening. */

/* Returns -EAGAIN if no connection waits. */
static int
take_connection(struct proxy *proxy)
{
	struct link *link = make_link(proxy);
	int r;

	if (!link)
		return -ENOMEM;
	r = init_link(link);
	if (r < 0 && link->n_handles == 0) {
		free(link);
		return r;
	}
	if (r == 0)
		r = rota_stream_accept(
			&proxy->listener.stream, &link->client.stream);
	if (r < 0) {
		close_link(link);
		return r;
	}
	proxy->n_links++;
	if (begin_link(link) < 0)
		reset_link(link);
	return 0;
}

static void
on_retry(struct rota_timer *timer)
{
	struct proxy *proxy = timer->handle.data;

	if (take_connection(proxy) == -ENOMEM)
		(void)rota_timer_start(
			timer, 100 * ROTA_MILLISECOND, 0, on_retry);
}

static void
on_connection(struct rota_stream *listener, int status)
{
	struct proxy *proxy = listener->handle.data;

	/* It waits in the listener, which waits with it. */
	if (status == 0 && take_connection(proxy) == -ENOMEM)
		status = rota_timer_start(
			&proxy->retry, 100 * ROTA_MILLISECOND, 0, on_retry);
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
		close_link(link_of(handle));
}

static void
stop(struct proxy *proxy)
{
	(void)rota_loop_walk(proxy->loop, close_one, proxy);
}

static void
on_signal(struct rota_signal *signal, const struct rota_signal_event *event)
{
	(void)event;
	stop(signal->handle.data);
}

static int
watch_signals(struct proxy *proxy)
{
	static const int signums[2] = { SIGINT, SIGTERM };
	int r = rota_timer_init(proxy->loop, &proxy->retry);

	proxy->retry.handle.data = proxy;
	for (int i = 0; r == 0 && i < 2; i++) {
		struct rota_signal *signal = &proxy->signals[i];

		r = rota_signal_init(proxy->loop, signal);
		if (r < 0)
			break;
		signal->handle.data = proxy;
		r = rota_signal_start(signal, signums[i], on_signal);
	}
	return r;
}

static int
listen_at(struct proxy *proxy, const struct sockaddr_storage *addr)
{
	struct rota_tcp *listener = &proxy->listener;
	struct sockaddr_storage bound;
	char text[64];
	int r;

	r = rota_tcp_init(proxy->loop, listener);
	if (r < 0)
		return r;
	listener->stream.handle.data = proxy;
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
		rota_loop_backend(proxy->loop));
	fflush(stdout);
	return 0;
}

static int
relay(struct proxy *proxy, const struct sockaddr_storage *addr)
{
	int r = watch_signals(proxy);

	if (r == 0)
		r = listen_at(proxy, addr);
	if (r == 0)
		r = rota_loop_run(proxy->loop, ROTA_RUN_DEFAULT);
	if (r < 0) {
		complain("cannot go on", r);
		stop(proxy);
		(void)rota_loop_run(proxy->loop, ROTA_RUN_DEFAULT);
	}
	return r;
}

struct settings {
	const char *backend;
	const char *host;
	const char *to;
	uint16_t port;
	uint16_t to_port;
	double limit_seconds;
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
	case 'l':
		return parse_seconds(value, &settings->limit_seconds);
	case 'p':
		return parse_port(value, &settings->port);
	case 'q':
		return parse_port(value, &settings->to_port);
	case 't':
		settings->to = value;
		return 0;
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
		{ "help", no_argument, NULL, 'h' },
		{ "host", required_argument, NULL, 'a' },
		{ "limit", required_argument, NULL, 'l' },
		{ "port", required_argument, NULL, 'p' },
		{ "to", required_argument, NULL, 't' },
		{ "to-port", required_argument, NULL, 'q' },
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
	if (r != 0 || optind < argc || settings->to_port == 0) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct settings settings = { .host = "127.0.0.1", .to = "127.0.0.1" };
	struct proxy proxy = { 0 };
	struct sockaddr_storage addr;
	int relayed;
	int r;

	r = read_settings(argc, argv, &settings);
	if (r >= 0)
		return r;
	r = rota_address_parse(settings.host, settings.port, &addr);
	if (r == 0)
		r = rota_address_parse(
			settings.to, settings.to_port, &proxy.to);
	if (r < 0) {
		complain("address", r);
		return 2;
	}
	proxy.limit_ns =
		(uint64_t)(settings.limit_seconds * (double)ROTA_SECOND);

	options.backend = settings.backend;
	r = rota_loop_create(&options, &proxy.loop);
	if (r < 0) {
		complain("cannot make a loop", r);
		return 1;
	}
	relayed = relay(&proxy, &addr);
	printf("relayed %" PRIu64 " connections, %" PRIu64 " bytes up, %" PRIu64
	       " bytes down\n",
		proxy.n_links, proxy.n_up, proxy.n_down);

	/* Refused with -EBUSY if we had forgotten to close anything. */
	r = rota_loop_close(proxy.loop);
	if (r < 0)
		complain("cannot close the loop", r);
	return relayed < 0 || r < 0 ? 1 : 0;
}
