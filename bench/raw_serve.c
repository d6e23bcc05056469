/* SPDX-License-Identifier: MIT */
/* Connections, datagrams and children without a library. */
#include <errno.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "bench/raw.h"

/* One read at a time is under way, so one buffer does. */
static char buffer[65536];

const char *
raw_version(void)
{
	return "";
}

static enum raw_outcome
keep(struct raw_connection *connection, size_t from, size_t n)
{
	connection->rest = get_memory(1, n - from);
	connection->n_rest = n - from;
	memcpy(connection->rest, buffer + from, n - from);
	return RAW_WRITE_FIRST;
}

enum raw_outcome
raw_serve(struct raw_connection *connection)
{
	ssize_t n = read(connection->fd, buffer, sizeof(buffer));
	ssize_t sent;

	if (n < 0)
		return errno == EAGAIN ? RAW_READ_ON : RAW_CLOSED;
	if (n == 0)
		return RAW_CLOSED;
	echo_done(connection->echo, (size_t)n);
	sent = write(connection->fd, buffer, (size_t)n);
	if (sent == n)
		return RAW_READ_ON;
	if (sent < 0 && errno != EAGAIN)
		return RAW_CLOSED;
	return keep(connection, sent < 0 ? 0 : (size_t)sent, (size_t)n);
}

enum raw_outcome
raw_serve_gathered(struct raw_connection *connection)
{
	ssize_t n = read(connection->fd, buffer, sizeof(buffer));
	unsigned n_pieces = connection->echo->pieces;
	struct iovec pieces[16];
	ssize_t sent;

	if (n < 0)
		return errno == EAGAIN ? RAW_READ_ON : RAW_CLOSED;
	if (n == 0)
		return RAW_CLOSED;
	echo_done(connection->echo, (size_t)n);
	for (unsigned i = 0; i < n_pieces; i++) {
		pieces[i].iov_len = (size_t)n / n_pieces;
		pieces[i].iov_base = buffer + i * pieces[i].iov_len;
	}
	sent = writev(connection->fd, pieces, (int)n_pieces);
	if (sent == n)
		return RAW_READ_ON;
	if (sent < 0 && errno != EAGAIN)
		return RAW_CLOSED;
	return keep(connection, sent < 0 ? 0 : (size_t)sent, (size_t)n);
}

enum raw_outcome
raw_serve_pieces(struct raw_connection *connection)
{
	ssize_t n = read(connection->fd, buffer, sizeof(buffer));
	size_t size = (size_t)n / connection->echo->pieces;

	if (n < 0)
		return errno == EAGAIN ? RAW_READ_ON : RAW_CLOSED;
	if (n == 0)
		return RAW_CLOSED;
	echo_done(connection->echo, (size_t)n);
	for (size_t at = 0; at < (size_t)n; at += size) {
		ssize_t sent = write(connection->fd, buffer + at, size);

		if (sent < 0 && errno != EAGAIN)
			return RAW_CLOSED;
		if (sent != (ssize_t)size)
			return keep(connection,
				at + (sent < 0 ? 0 : (size_t)sent), (size_t)n);
	}
	return RAW_READ_ON;
}

enum raw_outcome
raw_serve_rest(struct raw_connection *connection)
{
	ssize_t sent =
		write(connection->fd, connection->rest, connection->n_rest);

	if (sent < 0)
		return errno == EAGAIN ? RAW_WRITE_FIRST : RAW_CLOSED;
	connection->n_rest -= (size_t)sent;
	if (connection->n_rest > 0) {
		memmove(connection->rest, connection->rest + sent,
			connection->n_rest);
		return RAW_WRITE_FIRST;
	}
	free(connection->rest);
	connection->rest = NULL;
	return RAW_READ_ON;
}

void
raw_serve_guest(int fd, struct churn *churn)
{
	char byte;
	ssize_t n = read(fd, &byte, 1);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n == 1 && write(fd, &byte, 1) != 1)
		die("a byte cannot be sent");
	(void)close(fd);
	churn_done(churn);
}

int
raw_send_one_back(struct datagrams *datagrams)
{
	struct sockaddr_in peer;
	socklen_t size = sizeof(peer);
	ssize_t n = recvfrom(datagrams->fd, buffer, sizeof(buffer), 0,
		(struct sockaddr *)&peer, &size);

	if (n < 0)
		return -1;
	/* What does not fit is lost, as it may be on any network. */
	(void)sendto(datagrams->fd, buffer, (size_t)n, 0,
		(struct sockaddr *)&peer, size);
	datagram_done(datagrams);
	return 0;
}

/* NOLINTNEXTLINE(readability-redundant-declaration) */
extern char **environ;

int
raw_spawn(struct spawning *spawning)
{
	pid_t pid;

	if (posix_spawn(&pid, spawning->argv[0], NULL, NULL, spawning->argv,
		    environ) != 0)
		die("posix_spawn fails");
	return (int)pid;
}
