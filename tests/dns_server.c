/* SPDX-License-Identifier: MIT */
/* A name server for tests, see dns_server.h; RFC 1035, section 4. */
#include "tests/dns_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/sys.h"

#define HEAD_BYTES 12
#define MAX_UDP_BYTES 512
#define N_BIG 100

enum {
	TYPE_A = 1,
	TYPE_CNAME = 5,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_SRV = 33
};

struct message {
	unsigned char bytes[DNS_SERVER_BYTES];
	size_t n;
	unsigned n_answers;
};

static void
put(struct message *message, const void *bytes, size_t n)
{
	ck_assert_uint_le(message->n + n, sizeof(message->bytes));
	memcpy(message->bytes + message->n, bytes, n);
	message->n += n;
}

static void
put_16(struct message *message, unsigned value)
{
	const unsigned char bytes[] = { (unsigned char)(value >> 8),
		(unsigned char)value };

	put(message, bytes, 2);
}

/* A record of the name in question; without data it breaks off. */
static void
put_record(struct message *message, unsigned type, unsigned ttl_seconds,
	const void *data, size_t n)
{
	put_16(message, 0xc000 | HEAD_BYTES);
	put_16(message, type);
	put_16(message, 1);
	put_16(message, 0);
	put_16(message, ttl_seconds);
	put_16(message, (unsigned)n);
	if (data != NULL)
		put(message, data, n);
	message->n_answers++;
}

#define PUT(message, type, ttl_seconds, data) \
	put_record(message, type, ttl_seconds, data, sizeof(data) - 1)

static void
put_host(struct message *message, unsigned type)
{
	switch (type) {
	case TYPE_A:
		PUT(message, type, 60, "\xc0\x00\x02\x01");
		PUT(message, type, 120, "\xc0\x00\x02\x02");
		break;
	case TYPE_AAAA:
		PUT(message, type, 60,
			"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01");
		break;
	case TYPE_MX:
		PUT(message, type, 60,
			"\0\x14"
			"\x01"
			"b"
			"\x04"
			"test\0");
		PUT(message, type, 60,
			"\0\x0a"
			"\x01"
			"a"
			"\x04"
			"test\0");
		break;
	case TYPE_TXT:
		PUT(message, type, 60,
			"\x06"
			"hello "
			"\x05"
			"wor\0d");
		PUT(message, type, 60, "\0");
		PUT(message, type, 60,
			"\x01"
			"x");
		break;
	case TYPE_SRV:
		PUT(message, type, 60,
			"\0\x01\0\x02\x13\xc4"
			"\x03"
			"sip"
			"\x04"
			"test\0");
		break;
	case TYPE_PTR:
		PUT(message, type, 60,
			"\x03"
			"one"
			"\x04"
			"test\0");
		PUT(message, type, 60,
			"\x03"
			"two"
			"\x04"
			"test\0");
		break;
	default:
		break;
	}
}

/* An alias, and what it leads to: its name stands in the alias. */
static void
put_alias(struct message *message, unsigned type)
{
	size_t target = message->n + HEAD_BYTES;

	PUT(message, TYPE_CNAME, 60,
		"\x04"
		"host"
		"\x04"
		"test\0");
	if (type != TYPE_A)
		return;
	put_16(message, 0xc000 | (unsigned)target);
	put_16(message, type);
	put(message, "\0\x01\0\0\0\x3c\0\x04\xc0\x00\x02\x01", 12);
	message->n_answers++;
}

static void
put_big(struct message *message, unsigned type)
{
	for (unsigned i = 0; type == TYPE_A && i < N_BIG; i++) {
		const unsigned char data[] = { 192, 0, 2, (unsigned char)i };

		put_record(message, type, 60, data, sizeof(data));
	}
}

static int
is_first(const unsigned char *question, const char *label)
{
	return question[HEAD_BYTES] == strlen(label) &&
		memcmp(question + HEAD_BYTES + 1, label, strlen(label)) == 0;
}

/* Names that are addresses, turned around, are the host's too. */
static int
is_host(const unsigned char *question)
{
	return is_first(question, "host") ||
		(question[HEAD_BYTES + 1] >= '0' &&
			question[HEAD_BYTES + 1] <= '9');
}

static size_t
question_bytes(const unsigned char *question)
{
	size_t n = HEAD_BYTES;

	while (question[n] != 0)
		n += question[n] + 1u;
	return n + 5;
}

static unsigned
error_of(const unsigned char *question)
{
	if (is_first(question, "none"))
		return 3;
	if (is_first(question, "fail"))
		return 2;
	return is_first(question, "refuse") ? 5 : 0;
}

static void
answer(const unsigned char *question, struct message *message)
{
	size_t n = question_bytes(question);
	unsigned type = question[n - 3];

	message->n_answers = 0;
	message->n = 0;
	put(message, question, n);
	if (is_host(question) || is_first(question, "late"))
		put_host(message, type);
	else if (is_first(question, "alias"))
		put_alias(message, type);
	else if (is_first(question, "big"))
		put_big(message, type);
	else if (is_first(question, "broken"))
		put_record(message, type, 60, NULL, 200);
	message->bytes[2] = 0x81;
	message->bytes[3] = (unsigned char)(0x80 | error_of(question));
	memset(message->bytes + 4, 0, 8);
	message->bytes[5] = 1;
	message->bytes[7] = (unsigned char)message->n_answers;
}

static void
send_answer(struct dns_server *server, const unsigned char *question)
{
	struct message message;

	answer(question, &message);
	if (message.n > MAX_UDP_BYTES) {
		message.n = question_bytes(question);
		message.bytes[2] |= 2;
		message.bytes[7] = 0;
	}
	ck_assert_int_eq(
		(int)sendto(rota_io_fd(&server->udp), message.bytes, message.n,
			0, (struct sockaddr *)&server->asker,
			sizeof(server->asker)),
		(int)message.n);
}

static void
on_question(struct rota_io *io, unsigned ready)
{
	struct dns_server *server = io->handle.data;
	unsigned char question[DNS_SERVER_BYTES];
	socklen_t len = sizeof(server->asker);
	ssize_t n = recvfrom(rota_io_fd(io), question, sizeof(question),
		MSG_DONTWAIT, (struct sockaddr *)&server->asker, &len);

	(void)ready;
	if (n < 0)
		return;
	server->n_asked++;
	if (is_first(question, "silent"))
		return;
	if (is_first(question, "late")) {
		memcpy(server->kept, question, (size_t)n);
		server->n_kept = (size_t)n;
		return;
	}
	send_answer(server, question);
}

void
dns_server_release(struct dns_server *server)
{
	ck_assert_uint_gt(server->n_kept, 0);
	send_answer(server, server->kept);
	server->n_kept = 0;
}

static void
watch(struct rota_loop *loop, struct dns_server *server, struct rota_io *io,
	int fd, rota_io_fn *fn)
{
	/* Where a call is made to fail, that may be this one; but once only. */
	if (rota_io_init(loop, io, fd) < 0)
		ck_assert_int_eq(rota_io_init(loop, io, fd), 0);
	io->handle.data = server;
	ck_assert_int_eq(rota_handle_unref(&io->handle), 0);
	ck_assert_int_eq(rota_io_start(io, ROTA_READABLE, fn), 0);
}

static void
close_io(struct rota_io *io)
{
	int fd = rota_io_fd(io);

	if (fd < 0 || rota_handle_is_closing(&io->handle))
		return;
	ck_assert_int_eq(rota_handle_close(&io->handle, NULL), 0);
	ck_assert_int_eq(close(fd), 0);
}

/* Answers when the question is complete. */
static void
on_bytes(struct rota_io *io, unsigned ready)
{
	struct dns_server *server = io->handle.data;
	unsigned char head[2];
	struct message message;
	struct iovec buffers[] = { { head, 2 }, { message.bytes, 0 } };
	ssize_t n = recv(rota_io_fd(io), server->question + server->n_question,
		sizeof(server->question) - server->n_question, MSG_DONTWAIT);

	(void)ready;
	if (n <= 0) {
		close_io(io);
		return;
	}
	server->n_question += (size_t)n;
	if (server->n_question < 2 ||
		server->n_question < 2u +
				(unsigned)(server->question[0] << 8 |
					server->question[1]))
		return;
	server->n_question = 0;
	server->n_asked++;
	server->n_asked_by_tcp++;
	answer(server->question + 2, &message);
	buffers[1].iov_len = message.n;
	head[0] = (unsigned char)(message.n >> 8);
	head[1] = (unsigned char)message.n;
	/* Who has asked may be gone. */
	if (rota__sys_send(rota_io_fd(io), buffers, 2) !=
		(ssize_t)message.n + 2)
		close_io(io);
}

/* Has one connection at a time. */
static void
on_connection(struct rota_io *io, unsigned ready)
{
	struct dns_server *server = io->handle.data;
	int fd;

	(void)ready;
	if (rota_io_fd(&server->connection) >= 0)
		return;
	fd = accept(rota_io_fd(io), NULL, NULL);
	if (fd < 0)
		return;
	server->n_question = 0;
	watch(rota_handle_loop(&io->handle), server, &server->connection, fd,
		on_bytes);
}

void
dns_server_open(struct rota_loop *loop, struct dns_server *server)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int tcp = socket(AF_INET, SOCK_STREAM, 0);

	(void)signal(SIGPIPE, SIG_IGN);
	memset(server, 0, sizeof(*server));
	server->connection.watch.fd = -1;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_ge(udp, 0);
	ck_assert_int_ge(tcp, 0);
	ck_assert_int_eq(bind(tcp, (struct sockaddr *)&addr, len), 0);
	ck_assert_int_eq(getsockname(tcp, (struct sockaddr *)&addr, &len), 0);
	ck_assert_int_eq(bind(udp, (struct sockaddr *)&addr, len), 0);
	ck_assert_int_eq(listen(tcp, 8), 0);
	ck_assert_int_ne(fcntl(tcp, F_SETFL, O_NONBLOCK), -1);
	snprintf(server->text, sizeof(server->text), "127.0.0.1:%u",
		(unsigned)ntohs(addr.sin_port));
	watch(loop, server, &server->udp, udp, on_question);
	watch(loop, server, &server->tcp, tcp, on_connection);
}

void
dns_server_close(struct dns_server *server)
{
	close_io(&server->udp);
	close_io(&server->tcp);
	close_io(&server->connection);
}
