/* SPDX-License-Identifier: MIT */
/* The process that loads a server under measurement. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load.h"

struct load {
	unsigned port;
	unsigned n;
	unsigned size_bytes;
	enum sample_mode mode;
	int *fds;
	/* What is still to come of each reply. */
	unsigned *owed;
	char *message;
	char *reply;
};

static struct sockaddr_in
address(unsigned port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

int
load_listen(unsigned *ret_port)
{
	struct sockaddr_in at = address(0);
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, size) < 0 ||
		listen(fd, 1024) < 0 ||
		getsockname(fd, (struct sockaddr *)&at, &size) < 0)
		die("cannot listen: %s", strerror(errno));
	/* Else the load would keep the port open when the server is gone. */
	close_on_exec(fd);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

int
load_accept(int listener)
{
	int one = 1;
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		die("accept: %s", strerror(errno));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

void
load_hear(int control)
{
	char byte;

	if (read(control, &byte, 1) != 1)
		die("the load has gone");
}

void
load_tell(int control)
{
	if (write(control, "", 1) != 1)
		die("the load has gone");
}

int
load_bind_udp(unsigned port)
{
	struct sockaddr_in at = address(port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("cannot bind: %s", strerror(errno));
	set_nonblocking(fd);
	close_on_exec(fd);
	return fd;
}

void
load_start(const struct sample *sample, const char *kind, unsigned port)
{
	char texts[4][24];
	const char *argv[] = { NULL, "load", kind, texts[0], texts[1], texts[2],
		texts[3], NULL };

	snprintf(texts[0], sizeof(texts[0]), "%u", port);
	snprintf(texts[1], sizeof(texts[1]), "%u", sample->n);
	snprintf(texts[2], sizeof(texts[2]), "%u", sample->size_bytes);
	snprintf(texts[3], sizeof(texts[3]), "%d", (int)sample->mode);
	(void)start_self(argv);
	if (sample->mode == SAMPLE_TIME)
		(void)pin_to_cpu(0);
}

/* The server has all it wanted when its process ends: so do we. */
static void
over(void)
{
	_exit(0);
}

static int
dial(const struct load *load)
{
	struct sockaddr_in at = address(load->port);
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("load: no socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
		if (errno == ECONNREFUSED)
			over();
		die("load: cannot connect: %s", strerror(errno));
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void
send_message(const struct load *load, unsigned i)
{
	size_t at = 0;

	while (at < load->size_bytes) {
		ssize_t n = write(load->fds[i], load->message + at,
			load->size_bytes - at);

		if (n <= 0)
			over();
		at += (size_t)n;
	}
	load->owed[i] = load->size_bytes;
}

/* Reads some of a reply; returns 1 when it is whole. */
static int
take_reply(const struct load *load, unsigned i)
{
	ssize_t n = read(load->fds[i], load->reply, load->owed[i]);

	if (n <= 0)
		over();
	load->owed[i] -= (unsigned)n;
	return load->owed[i] == 0;
}

static void
tell(int control)
{
	if (write(control, "", 1) != 1)
		over();
}

static void
in_lockstep(const struct load *load, int control)
{
	for (;;) {
		for (unsigned i = 0; i < load->n; i++)
			send_message(load, i);
		tell(control);
		for (unsigned i = 0; i < load->n; i++)
			while (!take_reply(load, i))
				;
	}
}

static void
freely(const struct load *load, int control)
{
	struct ready *ready = ready_open(load->n);
	unsigned *numbers = get_memory(load->n, sizeof(*numbers));

	for (unsigned i = 0; i < load->n; i++)
		ready_add(ready, i, load->fds[i]);
	tell(control);
	for (unsigned i = 0; i < load->n; i++)
		send_message(load, i);
	for (;;) {
		unsigned n = ready_wait(ready, numbers, load->n);

		for (unsigned i = 0; i < n; i++)
			if (take_reply(load, numbers[i]))
				send_message(load, numbers[i]);
	}
}

static void
load_echo(struct load *load)
{
	int control = dial(load);

	raise_fd_limit(load->n + 64);
	load->fds = get_memory(load->n, sizeof(*load->fds));
	load->owed = get_memory(load->n, sizeof(*load->owed));
	load->message = get_memory(1, load->size_bytes);
	load->reply = get_memory(1, load->size_bytes);
	for (unsigned i = 0; i < load->n; i++)
		load->fds[i] = dial(load);
	if (load->mode == SAMPLE_TIME)
		freely(load, control);
	in_lockstep(load, control);
}

/* Connections that come, ask, are answered and closed. */

static void
ask(struct load *load, unsigned i)
{
	load->fds[i] = dial(load);
	if (write(load->fds[i], "", 1) != 1)
		over();
}

static void
take_answer(struct load *load, unsigned i)
{
	char byte;

	if (read(load->fds[i], &byte, 1) != 1)
		over();
	/* The server closes first; else it would have to wait for us. */
	while (read(load->fds[i], &byte, 1) > 0)
		;
	(void)close(load->fds[i]);
}

static void
wait_for_server(const struct load *load, int control)
{
	char byte;

	if (load->mode != SAMPLE_TIME && read(control, &byte, 1) != 1)
		over();
}

static void
load_churn(struct load *load)
{
	int control = dial(load);

	load->fds = get_memory(load->n, sizeof(*load->fds));
	if (load->mode == SAMPLE_TIME)
		tell(control);
	for (;;) {
		for (unsigned i = 0; i < load->n; i++)
			ask(load, i);
		if (load->mode != SAMPLE_TIME)
			tell(control);
		for (unsigned i = 0; i < load->n; i++)
			take_answer(load, i);
		wait_for_server(load, control);
	}
}

/* Datagrams: a window is sent, and all of it comes back. */

/* What has not come for so long is lost, or the server has gone. */
static void
take_window(const struct load *load, int fd)
{
	for (unsigned i = 0; i < load->n; i++)
		if (recv(fd, load->message, load->size_bytes, 0) < 0) {
			if (errno != EAGAIN)
				over();
			return;
		}
}

static void
load_udp(struct load *load)
{
	struct sockaddr_in at = address(load->port);
	struct timeval patience = { .tv_usec = 200000 };
	int control = dial(load);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	load->message = get_memory(1, load->size_bytes);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			sizeof(patience)) < 0)
		die("load: no socket: %s", strerror(errno));
	if (load->mode == SAMPLE_TIME)
		tell(control);
	for (;;) {
		for (unsigned i = 0; i < load->n; i++)
			if (send(fd, load->message, load->size_bytes, 0) < 0)
				over();
		if (load->mode != SAMPLE_TIME)
			tell(control);
		take_window(load, fd);
		wait_for_server(load, control);
	}
}

int
load_main(int argc, char **argv)
{
	struct load load;

	if (argc != 5)
		die("load: wrong arguments");
	memset(&load, 0, sizeof(load));
	(void)alarm(PATIENCE_SECONDS);
	load.port = (unsigned)strtoul(argv[1], NULL, 10);
	load.n = (unsigned)strtoul(argv[2], NULL, 10);
	load.size_bytes = (unsigned)strtoul(argv[3], NULL, 10);
	load.mode = (enum sample_mode)strtoul(argv[4], NULL, 10);
	if (load.mode == SAMPLE_TIME)
		(void)pin_to_cpu(1);
	if (strcmp(argv[0], "echo") == 0)
		load_echo(&load);
	if (strcmp(argv[0], "churn") == 0)
		load_churn(&load);
	if (strcmp(argv[0], "udp") == 0)
		load_udp(&load);
	die("load: no kind \"%s\"", argv[0]);
}
