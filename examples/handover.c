/* SPDX-License-Identifier: MIT */
/*
 * One listener, many loops: a loop accepts connections and hands each to one
 * of several other loops, every one in a thread of its own.
 *
 *	./handover --threads 4 --connections 1000
 *
 * It is its own client, and tells how many connections each loop has served.
 *
 * Worth a look:
 *  - on_connection(): an accepted connection is detached, so that this loop
 *    knows no more of it, and its descriptor posted to the next loop.
 *  - take_over(): runs in the other loop's thread and opens it there. No
 *    handle is ever touched by two threads, so nothing is locked.
 *  - worker.hold: a loop that only waits for posts has nothing that holds
 *    it; a wake does.
 */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rota.h>

#define MAX_THREADS 64
/* Clients at a time; each connects again until all have been served. */
#define N_CLIENTS 50

/* A loop and its thread, which alone touches it until it is joined. */
struct worker {
	struct rota_loop *loop;
	struct rota_wake hold;
	pthread_t thread;
	unsigned number;
	unsigned long n_served;
	int failed;
};

/* On its way from the listener's thread to a worker's, then served there. */
struct guest {
	struct rota_tcp tcp;
	struct rota_write write;
	struct worker *worker;
	int fd;
	char text[32];
};

struct client {
	struct rota_tcp tcp;
	struct rota_connect connect;
	struct reception *reception;
};

/* The listener's side, and the clients. */
struct reception {
	struct rota_loop *loop;
	struct rota_tcp listener;
	/* Holds each connection between accept and detach. */
	struct rota_tcp passing;
	struct sockaddr_storage addr;
	struct worker *workers;
	unsigned n_workers;
	unsigned next;
	unsigned long n_to_begin;
	unsigned long n_to_end;
	int failed;
	struct client clients[N_CLIENTS];
};

static const char usage[] =
	"usage: handover [OPTIONS]\n"
	"Accepts connections in one loop and serves them in several others.\n"
	"  --backend NAME    epoll, kqueue, poll or select\n"
	"  --connections N   so many in all (1000)\n"
	"  --threads N       so many loops serve them, 1 to 64 (4)\n"
	"  --help            this text\n";

static rota_close_fn on_client_closed;

static int
complain(const char *what, int error)
{
	fprintf(stderr, "handover: %s: %s\n", what, rota_error_text(error));
	return error;
}

/* In the threads of the workers. */

static void
on_guest_closed(struct rota_handle *handle)
{
	free(handle->data);
}

static void
on_greeted(struct rota_write *write, int status)
{
	struct guest *guest = write->request.data;

	if (status < 0)
		guest->worker->failed = complain("write", status);
}

static void
take_over(struct rota_loop *loop, void *data)
{
	struct guest *guest = data;
	struct worker *worker = guest->worker;
	struct iovec greeting = { .iov_base = guest->text };
	int r = rota_tcp_init(loop, &guest->tcp);

	if (r < 0) {
		worker->failed = complain("no memory for a connection", r);
		close(guest->fd);
		free(guest);
		return;
	}
	guest->tcp.stream.handle.data = guest;
	guest->write.request.data = guest;
	r = rota_tcp_open(&guest->tcp, guest->fd);
	if (r < 0) {
		close(guest->fd);
	} else {
		snprintf(guest->text, sizeof(guest->text), "loop %u\n",
			worker->number);
		greeting.iov_len = strlen(guest->text);
		r = rota_stream_write(&guest->tcp.stream, &guest->write,
			&greeting, 1, on_greeted);
	}
	if (r < 0)
		worker->failed = complain("cannot serve", r);
	else
		worker->n_served++;
	rota_stream_close_flushed(&guest->tcp.stream, on_guest_closed);
}

static void
on_let_go(struct rota_wake *hold)
{
	rota_handle_close(&hold->handle, NULL);
}

static void *
work(void *data)
{
	struct worker *worker = data;
	int r = rota_loop_run(worker->loop, ROTA_RUN_DEFAULT);

	if (r < 0)
		worker->failed = complain("run", r);
	return NULL;
}

/* In the thread of the listener. */

static void
finish(struct reception *reception)
{
	rota_handle_close(&reception->listener.stream.handle, NULL);
	rota_handle_close(&reception->passing.stream.handle, NULL);
}

/* Gives a descriptor to the loop whose turn it is. */
static int
hand_over(struct reception *reception, int fd)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	int r = -ENOMEM;

	if (guest) {
		guest->fd = fd;
		guest->worker = &reception->workers[reception->next];
		r = rota_post(guest->worker->loop, take_over, guest);
	}
	if (r < 0) {
		close(fd);
		free(guest);
		return r;
	}
	reception->next = (reception->next + 1) % reception->n_workers;
	return 0;
}

static void
on_connection(struct rota_stream *listener, int status)
{
	struct reception *reception = listener->handle.data;
	struct rota_stream *passing = &reception->passing.stream;
	int fd = -1;

	/* Out of descriptors, say: the listener goes on by itself. */
	if (status < 0) {
		complain("accept", status);
		return;
	}
	status = rota_stream_accept(listener, passing);
	if (status == 0)
		status = rota_stream_detach(passing, &fd);
	if (status == 0)
		status = hand_over(reception, fd);
	if (status < 0)
		reception->failed = complain("cannot hand over", status);
}

/* The clients. */

static void
on_greeting(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)data;
	/* Its end is what we wait for. */
	if (n < 0)
		rota_handle_close(&stream->handle, on_client_closed);
}

static void
on_connect(struct rota_connect *connect, int status)
{
	struct client *client = connect->request.data;

	if (status == 0)
		status = rota_stream_read_start(
			&client->tcp.stream, NULL, on_greeting);
	if (status == 0)
		return;
	client->reception->failed = complain("connect", status);
	rota_handle_close(&client->tcp.stream.handle, on_client_closed);
}

static void
begin_client(struct client *client)
{
	struct reception *reception = client->reception;
	int r;

	if (reception->n_to_begin == 0)
		return;
	reception->n_to_begin--;
	r = rota_tcp_init(reception->loop, &client->tcp);
	if (r < 0) {
		reception->failed = complain("no memory for a client", r);
		finish(reception);
		return;
	}
	client->connect.request.data = client;
	client->tcp.stream.handle.data = client;
	r = rota_tcp_connect(&client->tcp, &client->connect,
		(struct sockaddr *)&reception->addr, on_connect);
	if (r < 0) {
		reception->failed = complain("cannot connect", r);
		rota_handle_close(&client->tcp.stream.handle, on_client_closed);
	}
}

static void
on_client_closed(struct rota_handle *handle)
{
	struct client *client = handle->data;
	struct reception *reception = client->reception;

	if (--reception->n_to_end == 0)
		finish(reception);
	else
		begin_client(client);
}

/* All of it. */

static int
open_reception(struct reception *reception)
{
	struct rota_tcp *listener = &reception->listener;
	int r = rota_tcp_init(reception->loop, listener);

	if (r == 0)
		r = rota_tcp_init(reception->loop, &reception->passing);
	if (r == 0)
		r = rota_address_parse("127.0.0.1", 0, &reception->addr);
	if (r == 0)
		r = rota_tcp_bind(
			listener, (struct sockaddr *)&reception->addr, 0);
	listener->stream.handle.data = reception;
	if (r == 0)
		r = rota_stream_listen(&listener->stream, 128, on_connection);
	if (r == 0)
		r = rota_tcp_local_address(listener, &reception->addr);
	return r;
}

static int
run_reception(struct reception *reception)
{
	int r = open_reception(reception);
	unsigned i;

	if (r < 0) {
		complain("cannot listen", r);
		finish(reception);
	} else {
		for (i = 0; i < N_CLIENTS; i++) {
			reception->clients[i].reception = reception;
			begin_client(&reception->clients[i]);
		}
	}
	if (rota_loop_run(reception->loop, ROTA_RUN_DEFAULT) < 0)
		r = -1;
	return r < 0 || reception->failed ? -1 : 0;
}

static int
start_worker(struct worker *worker, const struct rota_loop_options *options)
{
	int r = rota_loop_create(options, &worker->loop);

	if (r < 0)
		return complain("cannot make a loop", r);
	r = rota_wake_init(worker->loop, &worker->hold, on_let_go);
	if (r == 0)
		r = -pthread_create(&worker->thread, NULL, work, worker);
	return r < 0 ? complain("cannot start a thread", r) : 0;
}

/* Posts of before the wake are served before it. */
static int
end_worker(struct worker *worker)
{
	rota_wake_send(&worker->hold);
	pthread_join(worker->thread, NULL);
	if (rota_loop_close(worker->loop) < 0)
		worker->failed = 1;
	printf("loop %u served %lu\n", worker->number, worker->n_served);
	return worker->failed ? -1 : 0;
}

/* Returns 0 if no loop has served over a tenth more or less than its part. */
static int
check_shares(const struct worker *workers, unsigned n, unsigned long total)
{
	double part = (double)total / n;
	unsigned i;

	for (i = 0; i < n; i++) {
		double share = (double)workers[i].n_served / part;

		if (share < 0.9 || share > 1.1)
			return -1;
	}
	return 0;
}

static int
run(const struct rota_loop_options *options, unsigned n_threads,
	unsigned long n_connections)
{
	static struct worker workers[MAX_THREADS];
	static struct reception reception;
	unsigned n = 0;
	int r = rota_loop_create(options, &reception.loop);

	if (r < 0) {
		complain("cannot make a loop", r);
		return -1;
	}
	for (; r == 0 && n < n_threads; n++) {
		workers[n].number = n;
		r = start_worker(&workers[n], options);
	}
	/* A thread that has not started has left nothing to join. */
	if (r < 0)
		exit(1);
	reception.workers = workers;
	reception.n_workers = n_threads;
	reception.n_to_begin = n_connections;
	reception.n_to_end = n_connections;
	r = run_reception(&reception);
	while (n > 0)
		if (end_worker(&workers[--n]) < 0)
			r = -1;
	if (rota_loop_close(reception.loop) < 0)
		r = -1;
	if (r == 0 && check_shares(workers, n_threads, n_connections) < 0) {
		printf("not shared evenly\n");
		return -1;
	}
	return r;
}

/* Reads a number from 1 to `max`, or returns 0. */
static unsigned long
number_of(const char *text, unsigned long max)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	return *end || number > max ? 0 : number;
}

int
main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "connections", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "threads", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	unsigned long n_connections = 1000;
	unsigned long n_threads = 4;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'b':
			options.backend = optarg;
			break;
		case 'c':
			n_connections = number_of(optarg, 10000000);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 't':
			n_threads = number_of(optarg, MAX_THREADS);
			break;
		default:
			n_threads = 0;
			break;
		}
	}
	if (n_connections == 0 || n_threads == 0 || optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	if (run(&options, (unsigned)n_threads, n_connections) < 0)
		return 1;
	printf("%lu connections, shared evenly among %lu loops\n",
		n_connections, n_threads);
	return 0;
}
