/* SPDX-License-Identifier: MIT */
/* TCP for tests, see net.h. */
#include "tests/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tests/faults.h"
#include "tests/harness.h"

/* More than a packet on the loopback, or each would wait for its timer. */
#define NARROW_BYTES 65536
#define PATIENCE_MS 5000

void
net_use(const struct rota_sys *sys, unsigned accept_batch)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	options.backend = rota_loop_backend(loop);
	options.accept_batch = accept_batch;
	options.realloc_fn = harness_realloc;
	options.sys = sys;
	close_loop();
	ck_ok(rota_loop_create(&options, &loop));
}

void
net_use_faults(void)
{
	faults_reset();
	net_use(faults_sys(), 0);
}

/* Addresses ***********************************************************/

const struct sockaddr *
net_loopback(uint16_t port)
{
	static struct sockaddr_in addr;

	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons(port);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return (const struct sockaddr *)&addr;
}

const struct sockaddr *
net_address_of(const struct rota_tcp *tcp)
{
	static struct sockaddr_storage addr;

	ck_ok(rota_tcp_local_address(tcp, &addr));
	return (const struct sockaddr *)&addr;
}

/* Connections *********************************************************/

void
net_listen(struct rota_tcp *listener, rota_listen_fn *fn)
{
	ck_ok(rota_tcp_init(loop, listener));
	ck_ok(rota_tcp_bind(listener, net_loopback(0), 0));
	ck_ok(rota_stream_listen(&listener->stream, 100, fn));
}

int
net_knock(const struct rota_tcp *listener)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, net_address_of(listener),
				 sizeof(struct sockaddr_in)),
		0);
	return fd;
}

int
net_open(struct rota_tcp *tcp)
{
	int fds[2];

	harness_tcp_pair(fds);
	ck_ok(rota_tcp_init(loop, tcp));
	ck_ok(rota_tcp_open(tcp, fds[0]));
	return fds[1];
}

void
net_open_both(struct rota_tcp *a, struct rota_tcp *b)
{
	int peer = net_open(a);

	ck_ok(rota_tcp_init(loop, b));
	ck_ok(rota_tcp_open(b, peer));
}

int
net_take_port(uint16_t *ret_port)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, net_loopback(0), sizeof(addr)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*ret_port = ntohs(addr.sin_port);
	return fd;
}

/* A listener whose backlog is full ***/

#define MAX_FULL 64

static int full_fds[MAX_FULL];
static unsigned n_full;
static struct sockaddr_in full_address;

const struct sockaddr *
net_full(void)
{
	return (const struct sockaddr *)&full_address;
}

/* Returns 1 if the listener takes no more. */
static int
fill_one(void)
{
	struct pollfd wanted = { .events = POLLOUT };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_uint_lt(n_full, MAX_FULL);
	full_fds[n_full++] = fd;
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	(void)connect(fd, net_full(), sizeof(full_address));
	wanted.fd = fd;
	return poll(&wanted, 1, 20) == 0;
}

void
net_open_full(void)
{
	socklen_t len = sizeof(full_address);
	uint16_t port;

	n_full = 0;
	full_fds[n_full++] = net_take_port(&port);
	ck_assert_int_eq(listen(full_fds[0], 1), 0);
	ck_assert_int_eq(getsockname(full_fds[0],
				 (struct sockaddr *)&full_address, &len),
		0);
	while (!fill_one())
		;
}

void
net_close_full(void)
{
	while (n_full > 0)
		ck_assert_int_eq(close(full_fds[--n_full]), 0);
}

void
net_narrow(int fd, int peer)
{
	int size_bytes = NARROW_BYTES;

	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size_bytes,
				 sizeof(size_bytes)),
		0);
	ck_assert_int_eq(setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &size_bytes,
				 sizeof(size_bytes)),
		0);
}

void
net_close_hard(int fd)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)),
		0);
	ck_assert_int_eq(close(fd), 0);
}

/* Expectations ********************************************************/

static void
wait_readable(int fd)
{
	struct pollfd wanted = { .fd = fd, .events = POLLIN };

	ck_assert_int_eq(poll(&wanted, 1, PATIENCE_MS), 1);
}

void
net_expect(int fd, const char *text)
{
	size_t len = strlen(text);
	size_t n = 0;
	char bytes[256];

	ck_assert_uint_lt(len, sizeof(bytes));
	while (n < len) {
		ssize_t r;

		wait_readable(fd);
		r = recv(fd, bytes + n, len - n, 0);
		ck_assert_int_gt(r, 0);
		n += (size_t)r;
	}
	bytes[n] = '\0';
	ck_assert_str_eq(bytes, text);
}

void
net_expect_end(int fd)
{
	char byte;

	wait_readable(fd);
	ck_assert_int_eq(recv(fd, &byte, 1, 0), 0);
}

void
net_expect_error(int fd, int error)
{
	char byte;

	wait_readable(fd);
	ck_assert_int_eq(recv(fd, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, error);
}

void
net_expect_nothing(int fd)
{
	struct pollfd wanted = { .fd = fd, .events = POLLIN };

	ck_assert_int_eq(poll(&wanted, 1, 20), 0);
}

void
net_expect_prepared(int fd)
{
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
}

/* The trace ***********************************************************/

static char
letter_of(int error)
{
	static const struct {
		int error;
		char letter;
	} letters[] = {
		{ ROTA_EOF, 'e' },
		{ -ECANCELED, 'c' },
		{ -ECONNREFUSED, 'f' },
		{ -ECONNRESET, 'r' },
		{ -EMFILE, 'm' },
		{ -ENOBUFS, 'b' },
		{ -EPIPE, 'p' },
		{ -ETIMEDOUT, 't' },
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].error == error)
			return letters[i].letter;
	return 'x';
}

void
net_trace(char letter, int status)
{
	ck_assert_int_le(status, 0);
	trace(letter);
	if (status < 0)
		trace(letter_of(status));
}

/* Running *************************************************************/

/*
 * What is told early in a turn does not keep the same turn from waiting: so
 * a turn without waiting comes before each that waits.
 */
void
net_run_until_traced(size_t n)
{
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	while (strlen(trace_text()) < n) {
		(void)run_once_checked(ROTA_RUN_ONCE);
		(void)run_once_checked(ROTA_RUN_NOWAIT);
	}
}

void
net_run_until(const size_t *count, size_t n)
{
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	while (*count < n) {
		(void)run_once_checked(ROTA_RUN_ONCE);
		(void)run_once_checked(ROTA_RUN_NOWAIT);
	}
}

static void
on_time(struct rota_timer *timer)
{
	ck_ok(rota_loop_stop(rota_handle_loop(&timer->handle)));
	ck_ok(rota_handle_close(&timer->handle, NULL));
}

void
net_run_for(uint64_t ns)
{
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, ns, 0, on_time));
	(void)run_once_checked(ROTA_RUN_DEFAULT);
	ck_err(rota_handle_is_closing(&timer.handle), 0);
}
