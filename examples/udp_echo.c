/* SPDX-License-Identifier: MIT */
/*
 * Datagrams there and back: one end sends rounds of numbered datagrams, the
 * other sends each back to whom it came from.
 *
 *	./udp_echo --count 100000
 *
 * Worth a look:
 *  - on_question(): the bytes lie in the loop's buffer and are gone when the
 *    callback returns, so the answer is sent at once or not at all.
 *  - send_round(): the sends of one callback are gathered, and leave with
 *    one system call where the system has sendmmsg.
 *  - on_late(): datagrams get lost; whoever waits for one needs a timer.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <rota.h>

#define ROUND 32
#define PATIENCE_NS ROTA_SECOND

struct client {
	struct rota_udp udp;
	struct rota_timer late;
	struct rota_send sends[ROUND];
	uint32_t numbers[ROUND];
	/* Sends not yet told, answers still to come in this round. */
	unsigned n_sending;
	unsigned n_waiting;
	uint32_t n_sent;
	uint32_t n_answers;
	uint32_t n_late;
	uint32_t count;
	int error;
};

static struct rota_udp server;
static struct client client;

static const char usage[] =
	"usage: udp_echo [--count N] [--backend NAME]\n"
	"Sends datagrams to itself over the loopback and counts what comes back.\n"
	"  --count N       how many (10000)\n"
	"  --backend NAME  epoll, kqueue, poll or select\n"
	"  --help          this text\n";

static void
complain(const char *what, int error)
{
	fprintf(stderr, "udp_echo: %s: %s (%s)\n", what, rota_error_text(error),
		rota_error_name(error));
}

/* The end that answers. */
static void
on_question(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	struct iovec buffer = { (void *)(uintptr_t)data, 0 };

	if (n < 0)
		return;
	buffer.iov_len = (size_t)n;
	/* No room: then it is lost, as it may be on any network. */
	(void)rota_udp_try_send(udp, &buffer, 1, datagram->peer, NULL);
}

/* Closing every handle ends the run. */
static void
stop(int error)
{
	client.error = error;
	rota_handle_close(&server.handle, NULL);
	rota_handle_close(&client.late.handle, NULL);
	rota_handle_close(&client.udp.handle, NULL);
}

static void send_round(void);

/* The next round may begin when the requests of this one are ours again. */
static void
go_on(void)
{
	if (client.n_sending > 0 || client.n_waiting > 0)
		return;
	if (client.n_sent < client.count)
		send_round();
	else
		stop(0);
}

static void
on_sent(struct rota_send *send, int status)
{
	(void)send;
	client.n_sending--;
	/* -ECANCELED comes when we close. */
	if (status < 0 || rota_handle_is_closing(&client.udp.handle))
		return;
	go_on();
}

static void
on_late(struct rota_timer *timer)
{
	(void)timer;
	client.n_late += client.n_waiting;
	client.n_waiting = 0;
	go_on();
}

static void
send_round(void)
{
	unsigned n = client.count - client.n_sent;
	int r = rota_timer_start(&client.late, PATIENCE_NS, 0, on_late);

	if (n > ROUND)
		n = ROUND;
	for (unsigned i = 0; i < n && r == 0; i++) {
		struct iovec buffer = { &client.numbers[i],
			sizeof(client.numbers[i]) };

		client.numbers[i] = client.n_sent;
		r = rota_udp_send(&client.udp, &client.sends[i], &buffer, 1,
			NULL, on_sent);
		if (r < 0)
			break;
		client.n_sent++;
		client.n_sending++;
		client.n_waiting++;
	}
	if (r < 0)
		stop(r);
}

static void
on_answer(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	uint32_t number;

	(void)udp;
	(void)datagram;
	if (n != sizeof(number) || client.n_waiting == 0)
		return;
	memcpy(&number, data, sizeof(number));
	/* An answer to a round given up? */
	if (number < client.n_sent - client.n_waiting)
		return;
	client.n_answers++;
	client.n_waiting--;
	go_on();
}

static int
start(struct rota_loop *loop)
{
	struct sockaddr_storage addr;
	struct sockaddr *to = (struct sockaddr *)&addr;
	int r = rota_address_parse("127.0.0.1", 0, &addr);

	if (r < 0 || (r = rota_udp_init(loop, &server)) < 0 ||
		(r = rota_udp_init(loop, &client.udp)) < 0 ||
		(r = rota_timer_init(loop, &client.late)) < 0)
		return r;
	if ((r = rota_udp_bind(&server, to, 0)) < 0 ||
		(r = rota_udp_local_address(&server, &addr)) < 0 ||
		(r = rota_udp_connect(&client.udp, to)) < 0)
		return r;
	/* Short datagrams: so more of them come by one call. */
	rota_udp_set_datagram_bytes(&server, 2048);
	rota_udp_set_datagram_bytes(&client.udp, 2048);
	r = rota_udp_receive_start(&server, NULL, on_question);
	if (r == 0)
		r = rota_udp_receive_start(&client.udp, NULL, on_answer);
	if (r == 0)
		send_round();
	return r;
}

static int
run(struct rota_loop *loop)
{
	uint64_t begin_ns = rota_loop_now(loop);
	double seconds;
	int r = start(loop);

	if (r < 0)
		stop(r);
	r = rota_loop_run(loop, ROTA_RUN_DEFAULT);
	if (r == 0)
		r = client.error;
	if (r < 0)
		return r;
	seconds = (double)(rota_loop_now(loop) - begin_ns) / 1e9;
	printf("%u datagrams, %u came back, %u late, %.0f a second "
	       "(backend %s)\n",
		client.n_sent, client.n_answers, client.n_late,
		seconds > 0 ? client.n_answers / seconds : 0,
		rota_loop_backend(loop));
	return 0;
}

/* Returns an exit code, or -1 to go on. */
static int
read_settings(int argc, char **argv, struct rota_loop_options *options)
{
	static const struct option known[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "count", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long count = 10000;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (c == 'b')
			options->backend = optarg;
		else if (c == 'c')
			count = strtoul(optarg, NULL, 10);
		else
			count = 0;
	}
	if (optind < argc || count == 0 || count > 1000000000) {
		fputs(usage, stderr);
		return 2;
	}
	client.count = (uint32_t)count;
	return -1;
}

int
main(int argc, char **argv)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *loop;
	int ran;
	int r = read_settings(argc, argv, &options);

	if (r >= 0)
		return r;
	r = rota_loop_create(&options, &loop);
	if (r < 0) {
		complain("cannot make a loop", r);
		return 1;
	}
	ran = run(loop);
	if (ran < 0)
		complain("failed", ran);
	/* Refused with -EBUSY if we had forgotten to close anything. */
	r = rota_loop_close(loop);
	if (r < 0)
		complain("cannot close the loop", r);
	return ran < 0 || r < 0 ? 1 : 0;
}
