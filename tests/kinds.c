/* SPDX-License-Identifier: MIT */
/* Every kind of descriptor that can be a stream, see kinds.h. */
#include "tests/kinds.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "tests/harness.h"

void
kinds_set_blocking(int fd, int blocks)
{
	int flags = fcntl(fd, F_GETFL);

	ck_assert_int_ne(flags, -1);
	flags = blocks ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	ck_assert_int_ne(fcntl(fd, F_SETFL, flags), -1);
}

static int
block_both(const int fds[2])
{
	kinds_set_blocking(fds[0], 1);
	kinds_set_blocking(fds[1], 1);
	return 0;
}

static int
make_tcp(int ret_fds[2])
{
	harness_tcp_pair(ret_fds);
	return block_both(ret_fds);
}

static int
make_unix(int ret_fds[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM, 0, ret_fds);
}

/* Not all systems have them. */
static int
make_seqpacket(int ret_fds[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ret_fds) == 0)
		return 0;
	(void)harness_skip("SOCK_SEQPACKET");
	return -1;
}

static int
make_pipe(int ret_fds[2])
{
	return pipe(ret_fds);
}

static void
temporary_path(char *path, size_t size_bytes)
{
	const char *dir = getenv("TMPDIR");

	ck_assert_int_lt(snprintf(path, size_bytes, "%s/rota-test-XXXXXX",
				 dir != NULL && *dir ? dir : "/tmp"),
		(int)size_bytes);
}

void
kinds_fifo(char *path, size_t size_bytes)
{
	int fd;

	temporary_path(path, size_bytes);
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static int
make_fifo(int ret_fds[2])
{
	char path[256];

	kinds_fifo(path, sizeof(path));
	ret_fds[0] = open(path, O_RDONLY | O_NONBLOCK);
	ck_assert_int_ge(ret_fds[0], 0);
	ret_fds[1] = open(path, O_WRONLY);
	ck_assert_int_ge(ret_fds[1], 0);
	ck_assert_int_eq(unlink(path), 0);
	return block_both(ret_fds);
}

/* POSIX leaves open what a FIFO opened both ways is; all systems can. */
static int
make_fifo_both(int ret_fds[2])
{
	char path[256];

	kinds_fifo(path, sizeof(path));
	ret_fds[0] = open(path, O_RDWR);
	if (ret_fds[0] < 0) {
		ck_assert_int_eq(unlink(path), 0);
		(void)harness_skip("FIFOs opened both ways");
		return -1;
	}
	ret_fds[1] = open(path, O_WRONLY);
	ck_assert_int_ge(ret_fds[1], 0);
	ck_assert_int_eq(unlink(path), 0);
	return 0;
}

static int
make_raw(int fd)
{
	struct termios mode;

	if (tcgetattr(fd, &mode) < 0)
		return -1;
	mode.c_iflag &= ~(tcflag_t)(ICRNL | INLCR | IGNCR | IXON | ISTRIP);
	mode.c_oflag &= ~(tcflag_t)OPOST;
	mode.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG | IEXTEN);
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	return tcsetattr(fd, TCSANOW, &mode);
}

int
kinds_pty(int ret_fds[2])
{
	const char *name;

	ret_fds[0] = posix_openpt(O_RDWR | O_NOCTTY);
	if (ret_fds[0] < 0) {
		(void)harness_skip("pseudo-terminals");
		return -1;
	}
	if (grantpt(ret_fds[0]) == 0 && unlockpt(ret_fds[0]) == 0 &&
		(name = ptsname(ret_fds[0])) != NULL) {
		ret_fds[1] = open(name, O_RDWR | O_NOCTTY);
		if (ret_fds[1] >= 0 && make_raw(ret_fds[1]) == 0)
			return 0;
	}
	ck_assert_int_eq(close(ret_fds[0]), 0);
	(void)harness_skip("pseudo-terminals");
	return -1;
}

static int
make_terminal(int ret_fds[2])
{
	int pty[2];

	if (kinds_pty(pty) < 0)
		return -1;
	ret_fds[0] = pty[1];
	ret_fds[1] = pty[0];
	return 0;
}

int
kinds_file(const void *bytes, size_t size_bytes)
{
	char path[256];
	int fd;

	temporary_path(path, sizeof(path));
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	kinds_put(fd, bytes, size_bytes);
	ck_assert_int_eq((int)lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(unlink(path), 0);
	return fd;
}

static int
make_file(int ret_fds[2])
{
	char path[256];

	temporary_path(path, sizeof(path));
	ret_fds[1] = mkstemp(path);
	ck_assert_int_ge(ret_fds[1], 0);
	ret_fds[0] = open(path, O_RDONLY);
	ck_assert_int_ge(ret_fds[0], 0);
	ck_assert_int_eq(unlink(path), 0);
	return 0;
}

void
kinds_put(int fd, const void *bytes, size_t size_bytes)
{
	const char *at = bytes;

	while (size_bytes > 0) {
		ssize_t n = write(fd, at, size_bytes);

		ck_assert_msg(n > 0, "write: %s", strerror(errno));
		at += n;
		size_bytes -= (size_t)n;
	}
}

size_t
kinds_get(int fd, void *memory, size_t size_bytes)
{
	size_t n_read = 0;
	ssize_t n;

	while (n_read < size_bytes &&
		(n = read(fd, (char *)memory + n_read, size_bytes - n_read)) >
			0)
		n_read += (size_t)n;
	return n_read;
}

const struct kind kinds[] = {
	{ "tcp", make_tcp, "tcp", 1, 1, 0 },
	{ "unix", make_unix, "unix", 1, 1, 0 },
	{ "seqpacket", make_seqpacket, "unix", 1, 1, 0 },
	{ "pipe", make_pipe, "pipe", 1, 0, 1 },
	{ "fifo", make_fifo, "pipe", 1, 0, 1 },
	{ "fifo-both", make_fifo_both, "pipe", 0, 0, 1 },
	{ "pty-master", kinds_pty, "tty", 1, 1, 0 },
	{ "terminal", make_terminal, "tty", 1, 1, 1 },
	{ "file", make_file, "file", 1, 0, 0 },
};

const unsigned n_kinds = sizeof(kinds) / sizeof(kinds[0]);

const struct kind *
kind_named(const char *name)
{
	for (unsigned i = 0; i < n_kinds; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	ck_abort_msg("no kind has the name %s", name);
	return NULL;
}

void
kinds_reopen_loop(const struct rota_sys *sys,
	void *(*realloc_fn)(void *data, void *memory, size_t size_bytes))
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	char backend[16];

	(void)snprintf(backend, sizeof(backend), "%s", rota_loop_backend(loop));
	close_loop();
	options.backend = backend;
	options.sys = sys;
	options.realloc_fn = realloc_fn != NULL ? realloc_fn : harness_realloc;
	ck_ok(rota_loop_create(&options, &loop));
}
