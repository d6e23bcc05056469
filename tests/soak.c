/* SPDX-License-Identifier: MIT */
/*
 * The client of soak.sh: holds connections to an echo server, and makes and
 * ends others all the time. On each it sends bytes of chance, and compares
 * what comes back by a rolling hash, at every arrival. Looks into /proc at
 * the server's descriptors and memory, and prints one line of a table.
 *
 *	soak BACKEND PORT PID HELD RATE SECONDS
 *
 *	opening --- all held --> running --- time is up --> draining
 *		--- no short one left --> closing --- none held --> done
 *
 * The short connections are of four kinds in turn: ended by us with a
 * shutdown, with a reset, with a shutdown, and with a reset in the midst.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rota.h"

#define BEAT_NS (10 * ROTA_MILLISECOND)
/* Who is silent for so long has lost something. */
#define PATIENCE_NS (10 * ROTA_SECOND)
/* How long the server has for what is left of it. */
#define END_NS (10 * ROTA_SECOND)
#define HELD_BYTES 1024
#define SHORT_BYTES 32768
/* How often each of the held ones speaks. */
#define ROUND_BEATS 500
/* 127.0.0.1 and so on, as one address has too few ports. */
#define N_ADDRESSES 8
#define MAX_PER_BEAT 100

enum phase {
	OPENING,
	RUNNING,
	DRAINING,
	CLOSING
};

enum kind {
	SHUT = 0,
	RESET = 1,
	SHUT_TOO = 2,
	RESET_AMID = 3,
	HELD = 4
};

struct sample {
	long n_fds;
	long rss_kib;
};

struct peer {
	struct rota_tcp tcp;
	struct rota_connect connect;
	struct rota_write write;
	struct rota_shutdown shutdown;
	enum kind kind;
	int is_connected;
	char *bytes;
	size_t n_bytes;
	/* Of the message on its way: come back, and the two hashes. */
	size_t n_back;
	uint64_t sent_hash;
	uint64_t back_hash;
};

static struct {
	struct rota_loop *loop;
	struct rota_timer beat;
	struct sockaddr_storage addresses[N_ADDRESSES];
	enum phase phase;
	long pid;
	unsigned long n_held_wanted;
	unsigned long rate;
	uint64_t run_ns;
	uint64_t phase_ns;
	struct peer *held;
	unsigned long n_held;
	unsigned long n_begun;
	unsigned long n_ready;
	unsigned long next_to_speak;
	unsigned long n_short;
	unsigned long n_short_begun;
	unsigned long n_short_done;
	unsigned long n_resets;
	unsigned long n_failed;
	uint64_t n_bytes;
	uint64_t chance;
	struct sample at_first;
	struct sample at_held;
	struct sample at_third;
	struct sample at_end;
} soak;

static rota_read_fn on_read;

/* The server, from outside. */

static long
count_fds(void)
{
	char path[64];
	DIR *dir;
	long n = 0;

	(void)snprintf(path, sizeof(path), "/proc/%ld/fd", soak.pid);
	dir = opendir(path);
	if (dir == NULL)
		return -1;
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return n - 2;
}

static long
resident_kib(void)
{
	char path[64];
	char line[128];
	long kib = -1;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%ld/status", soak.pid);
	file = fopen(path, "r");
	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	(void)fclose(file);
	return kib;
}

static struct sample
look(void)
{
	struct sample sample = { count_fds(), resident_kib() };

	return sample;
}

/* Bytes of chance. */

static uint64_t
chance(void)
{
	soak.chance ^= soak.chance << 13;
	soak.chance ^= soak.chance >> 7;
	soak.chance ^= soak.chance << 17;
	return soak.chance;
}

static void
fill(char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(chance() >> 24);
}

/* FNV-1a, which depends on the order too. */
static uint64_t
roll(uint64_t hash, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)bytes[i]) *
			UINT64_C(1099511628211);
	return hash;
}

/* Connections. */

static void
fail(const struct peer *peer, const char *what, int error)
{
	if (soak.n_failed++ < 10)
		fprintf(stderr,
			"soak: %s connection, %zu of %zu bytes: %s: %s\n",
			peer->kind == HELD ? "held" : "short", peer->n_back,
			peer->n_bytes, what, rota_error_text(error));
}

static void
on_closed(struct rota_handle *handle)
{
	struct peer *peer = handle->data;

	free(peer->bytes);
	if (peer->kind == HELD) {
		peer->bytes = NULL;
		soak.n_held--;
		return;
	}
	soak.n_short--;
	free(peer);
}

static void
end(struct peer *peer, int with_reset)
{
	soak.n_resets += with_reset != 0;
	if (with_reset)
		(void)rota_tcp_reset(&peer->tcp, on_closed);
	else
		(void)rota_handle_close(&peer->tcp.stream.handle, on_closed);
}

static void
give_up(struct peer *peer, const char *what, int error)
{
	fail(peer, what, error);
	end(peer, 0);
}

static void
on_shut(struct rota_shutdown *shutdown, int status)
{
	(void)shutdown;
	(void)status;
}

/* All has come back. */
static void
finish(struct peer *peer)
{
	if (peer->kind == HELD)
		return;
	soak.n_short_done++;
	if (peer->kind == RESET || peer->kind == RESET_AMID)
		end(peer, 1);
	else if (rota_stream_shutdown(
			 &peer->tcp.stream, &peer->shutdown, on_shut) < 0)
		give_up(peer, "cannot shut down", -EPIPE);
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct peer *peer = stream->handle.data;
	int is_whole = peer->n_back == peer->n_bytes;

	if (n == ROTA_EOF && is_whole && peer->kind != HELD) {
		end(peer, 0);
		return;
	}
	if (n < 0 || (size_t)n > peer->n_bytes - peer->n_back) {
		give_up(peer, "not all comes back", n < 0 ? (int)n : -EPROTO);
		return;
	}
	peer->back_hash = roll(peer->back_hash, data, (size_t)n);
	peer->sent_hash =
		roll(peer->sent_hash, peer->bytes + peer->n_back, (size_t)n);
	peer->n_back += (size_t)n;
	soak.n_bytes += (uint64_t)n;
	if (peer->back_hash != peer->sent_hash)
		give_up(peer, "other bytes come back", -EBADMSG);
	else if (peer->n_back == peer->n_bytes ||
		(peer->kind == RESET_AMID && peer->n_back >= peer->n_bytes / 2))
		finish(peer);
}

static void
on_written(struct rota_write *write, int status)
{
	struct peer *peer = write->request.data;

	if (status < 0 && status != -ECANCELED)
		fail(peer, "cannot write", status);
}

static void
speak(struct peer *peer, size_t n)
{
	struct iovec buffer = { peer->bytes, n };
	int r;

	peer->n_bytes = n;
	peer->n_back = 0;
	fill(peer->bytes, n);
	peer->write.request.data = peer;
	r = rota_stream_write(
		&peer->tcp.stream, &peer->write, &buffer, 1, on_written);
	if (r < 0)
		give_up(peer, "cannot write", r);
}

static void
on_connected(struct rota_connect *connect, int status)
{
	struct peer *peer = connect->request.data;
	struct rota_stream *stream = &peer->tcp.stream;

	if (status == 0 && peer->kind != HELD)
		status = rota_stream_set_idle_limit(stream, PATIENCE_NS);
	if (status == 0)
		status = rota_stream_read_start(stream, NULL, on_read);
	if (status < 0) {
		give_up(peer, "cannot connect", status);
		return;
	}
	peer->is_connected = 1;
	if (peer->kind == HELD)
		soak.n_ready++;
	speak(peer,
		1 + chance() % (peer->kind == HELD ? HELD_BYTES : SHORT_BYTES));
}

static int
dial(struct peer *peer, enum kind kind, unsigned long number)
{
	int r = rota_tcp_init(soak.loop, &peer->tcp);

	if (r < 0)
		return r;
	peer->tcp.stream.handle.data = peer;
	peer->connect.request.data = peer;
	peer->kind = kind;
	return rota_tcp_connect(&peer->tcp, &peer->connect,
		(struct sockaddr *)&soak.addresses[number % N_ADDRESSES],
		on_connected);
}

static void
dial_short(void)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	unsigned long number = soak.n_short_begun++;
	int r = -ENOMEM;

	if (peer != NULL)
		peer->bytes = malloc(SHORT_BYTES);
	if (peer != NULL && peer->bytes != NULL)
		r = dial(peer, (enum kind)(number % 4), number);
	if (r == 0) {
		soak.n_short++;
		return;
	}
	fprintf(stderr, "soak: cannot begin: %s\n", rota_error_text(r));
	exit(1);
}

static void
dial_held(void)
{
	struct peer *peer = &soak.held[soak.n_begun];
	int r = -ENOMEM;

	peer->bytes = malloc(HELD_BYTES);
	if (peer->bytes != NULL)
		r = dial(peer, HELD, soak.n_begun);
	if (r < 0) {
		fprintf(stderr, "soak: cannot hold so many: %s\n",
			rota_error_text(r));
		exit(1);
	}
	soak.n_begun++;
	soak.n_held++;
}

/* One that has failed is not there any more. */
static int
is_there(const struct peer *held)
{
	return held->bytes != NULL &&
		!rota_handle_is_closing(&held->tcp.stream.handle);
}

/* The beat. */

static void
enter(enum phase phase)
{
	soak.phase = phase;
	soak.phase_ns = rota_loop_now(soak.loop);
}

/* Not more at once than a listener's backlog takes. */
static void
open_more(void)
{
	for (int i = 0; i < MAX_PER_BEAT && soak.n_begun < soak.n_held_wanted &&
		soak.n_begun - soak.n_ready < 2 * MAX_PER_BEAT;
		i++)
		dial_held();
	if (soak.n_ready < soak.n_held_wanted)
		return;
	soak.at_held = look();
	enter(RUNNING);
}

/* One that has not answered since its last turn has lost something. */
static void
let_speak(void)
{
	unsigned long n = soak.n_held_wanted / ROUND_BEATS + 1;

	for (; n > 0; n--) {
		struct peer *peer = &soak.held[soak.next_to_speak];

		soak.next_to_speak =
			(soak.next_to_speak + 1) % soak.n_held_wanted;
		if (!is_there(peer))
			continue;
		if (peer->n_back < peer->n_bytes)
			give_up(peer, "silent for a round", -ETIMEDOUT);
		else
			speak(peer, 1 + chance() % HELD_BYTES);
	}
}

static void
run_on(uint64_t since_ns)
{
	unsigned long n_due =
		(unsigned long)((double)since_ns / 1e9 * (double)soak.rate);

	for (int i = 0; i < MAX_PER_BEAT && soak.n_short_begun < n_due; i++)
		dial_short();
	let_speak();
	if (soak.at_third.n_fds == 0 && since_ns > soak.run_ns / 3)
		soak.at_third = look();
	if (since_ns > soak.run_ns)
		enter(DRAINING);
}

static void
close_held(void)
{
	for (unsigned long i = 0; i < soak.n_held_wanted; i++)
		if (is_there(&soak.held[i]))
			end(&soak.held[i], i % 2);
}

static int
all_held_are_answered(void)
{
	for (unsigned long i = 0; i < soak.n_held_wanted; i++)
		if (is_there(&soak.held[i]) &&
			soak.held[i].n_back < soak.held[i].n_bytes)
			return 0;
	return 1;
}

static void
on_beat(struct rota_timer *beat)
{
	uint64_t since_ns = rota_loop_now(soak.loop) - soak.phase_ns;
	int is_late = since_ns > END_NS;

	switch (soak.phase) {
	case OPENING:
		open_more();
		break;
	case RUNNING:
		run_on(since_ns);
		break;
	case DRAINING:
		/* The server needs a moment to see the last resets. */
		if (!is_late &&
			(soak.n_short > 0 || !all_held_are_answered() ||
				count_fds() != soak.at_held.n_fds))
			break;
		soak.at_end = look();
		close_held();
		enter(CLOSING);
		break;
	case CLOSING:
		if (is_late ||
			(soak.n_held == 0 &&
				count_fds() == soak.at_first.n_fds))
			(void)rota_handle_close(&beat->handle, NULL);
		break;
	}
}

/* Beginning and end. */

static int
is_flat(void)
{
	long allowed = soak.at_third.rss_kib / 20 + 512;

	return soak.at_end.rss_kib - soak.at_third.rss_kib <= allowed;
}

static int
report(const char *backend)
{
	struct sample last = look();
	const char *verdict = "well";

	if (soak.n_failed > 0)
		verdict = "LOST";
	else if (soak.at_end.n_fds != soak.at_held.n_fds ||
		last.n_fds != soak.at_first.n_fds || soak.n_short > 0)
		verdict = "LEAKS";
	else if (!is_flat())
		verdict = "GROWS";
	printf("%-7s %6lu %6lu %6lu %8.1f %6lu  %5ld %5ld %5ld %5ld  "
	       "%6ld %6ld %6ld  %s\n",
		backend, soak.n_held_wanted, soak.n_short_begun, soak.n_resets,
		(double)soak.n_bytes / 1e6, soak.n_failed, soak.at_first.n_fds,
		soak.at_held.n_fds, soak.at_end.n_fds, last.n_fds,
		soak.at_held.rss_kib, soak.at_third.rss_kib,
		soak.at_end.rss_kib, verdict);
	return strcmp(verdict, "well") != 0;
}

static int
prepare(char **argv)
{
	int r = 0;

	soak.pid = atol(argv[3]);
	soak.n_held_wanted = strtoul(argv[4], NULL, 10);
	soak.rate = strtoul(argv[5], NULL, 10);
	soak.run_ns = strtoul(argv[6], NULL, 10) * ROTA_SECOND;
	soak.chance = UINT64_C(0x9e3779b97f4a7c15);
	soak.held = calloc(soak.n_held_wanted, sizeof(*soak.held));
	if (soak.held == NULL || soak.n_held_wanted == 0)
		return -ENOMEM;
	for (int i = 0; i < N_ADDRESSES && r == 0; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "127.0.0.%d", i + 1);
		r = rota_address_parse(
			text, (uint16_t)atoi(argv[2]), &soak.addresses[i]);
	}
	if (r == 0)
		r = rota_loop_create(NULL, &soak.loop);
	if (r == 0)
		r = rota_timer_init(soak.loop, &soak.beat);
	return r < 0 ? r : rota_timer_start(&soak.beat, 0, BEAT_NS, on_beat);
}

int
main(int argc, char **argv)
{
	int r;

	if (argc != 7) {
		fprintf(stderr,
			"usage: soak BACKEND PORT PID HELD RATE SECONDS\n");
		return 2;
	}
	r = prepare(argv);
	if (r == 0) {
		soak.at_first = look();
		r = rota_loop_run(soak.loop, ROTA_RUN_DEFAULT);
	}
	if (r < 0 || soak.at_first.n_fds < 0) {
		fprintf(stderr, "soak: %s\n", rota_error_text(r));
		return 1;
	}
	r = report(argv[1]);
	free(soak.held);
	if (rota_loop_close(soak.loop) < 0)
		r = 1;
	return r;
}
