/* SPDX-License-Identifier: MIT */
/*
 * Unix-domain sockets: names and their files, streams and records, who the
 * peer is, and descriptors on their way.
 */
#include "rota/unix.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/harness.h"

static struct rota_unix listener;
static struct rota_unix client;
static struct rota_unix server;
static struct rota_unix other;
static struct rota_connect connecting;
static struct rota_write writes[4];
static struct rota_unix_write fd_write;

/* A directory of each test's own, and a name in it. */
static char dir[64];
static char path[80];

static void
make_dir(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/rota-unix-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/socket", dir);
}

static void
remove_dir(void)
{
	(void)unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

static int
exists(void)
{
	struct stat about;

	return lstat(path, &about) == 0;
}

static void
run_until(size_t n)
{
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	while (strlen(trace_text()) < n)
		(void)run_once_checked(ROTA_RUN_ONCE);
}

/* macOS has no records. */
static int
has_records(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	if (fd >= 0)
		ck_assert_int_eq(close(fd), 0);
	return fd >= 0 || harness_skip("SOCK_SEQPACKET");
}

static void
make_pair(int type, int ret_fds[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, type, 0, ret_fds), 0);
}

/* The client is one end; the other end, non-blocking, is returned. */
static int
open_client(int type)
{
	int fds[2];

	make_pair(type, fds);
	ck_ok(rota_unix_init(loop, &client, 0));
	ck_ok(rota_unix_open(&client, fds[0]));
	ck_assert_int_eq(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	return fds[1];
}

static void
open_both(int type)
{
	int fds[2];

	make_pair(type, fds);
	ck_ok(rota_unix_init(loop, &client, 0));
	ck_ok(rota_unix_open(&client, fds[0]));
	ck_ok(rota_unix_init(loop, &server, 0));
	ck_ok(rota_unix_open(&server, fds[1]));
}

static char
letter_of(int status)
{
	switch (status) {
	case ROTA_EOF:
		return 'e';
	case -ECANCELED:
		return 'c';
	case -ECONNREFUSED:
		return 'f';
	case -EMSGSIZE:
		return 'm';
	case -ENOENT:
		return 'n';
	case -ETIMEDOUT:
		return 't';
	default:
		return 'x';
	}
}

static void
trace_status(char letter, int status)
{
	trace(letter);
	if (status < 0)
		trace(letter_of(status));
}

static void
on_connect(struct rota_connect *request, int status)
{
	(void)request;
	trace_status('C', status);
}

static void
on_connection(struct rota_stream *stream, int status)
{
	trace_status('L', status);
	ck_ok(rota_unix_init(loop, &server, 0));
	ck_ok(rota_stream_accept(stream, &server.stream));
}

static void
on_write(struct rota_write *request, int status)
{
	(void)request;
	trace_status('W', status);
}

/* What has been read so far, callbacks separated by a bar. */
static char text[256];
static size_t n_text;

static void
add_text(const void *data, size_t n)
{
	ck_assert_uint_lt(n_text + n + 1, sizeof(text));
	memcpy(text + n_text, data, n);
	n_text += n;
	text[n_text++] = '|';
	text[n_text] = '\0';
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	trace_status('R', n < 0 ? (int)n : 0);
	if (n > 0)
		add_text(data, (size_t)n);
}

static void
start_reading(struct rota_unix *un)
{
	n_text = 0;
	ck_ok(rota_stream_read_start(&un->stream, NULL, on_read));
}

static int
write_text(struct rota_write *request, const char *bytes)
{
	struct iovec buffer = { (void *)(uintptr_t)bytes, strlen(bytes) };

	return rota_stream_write(&client.stream, request, &buffer, 1, on_write);
}

/* Names ***************************************************************/

static void
listen_at(const char *name, size_t len, unsigned init_flags, unsigned flags)
{
	ck_ok(rota_unix_init(loop, &listener, init_flags));
	ck_ok(rota_unix_bind(&listener, name, len, flags));
	ck_ok(rota_stream_listen(&listener.stream, 10, on_connection));
}

static void
connect_to(const char *name, size_t len)
{
	ck_ok(rota_unix_connect(&client, &connecting, name, len, on_connect));
}

static void
meet(const char *name, size_t len, unsigned init_flags, unsigned flags)
{
	listen_at(name, len, init_flags, flags);
	ck_ok(rota_unix_init(loop, &client, init_flags));
	connect_to(name, len);
	run_until(2);
	ck_assert_int_eq(rota_stream_is_writable(&client.stream), 1);
	ck_assert_int_eq(rota_stream_is_readable(&server.stream), 1);
}

LOOP_TEST(a_client_and_a_listener_meet_at_a_path)
{
	char name[ROTA_UNIX_NAME_BYTES];

	make_dir();
	meet(path, strlen(path), 0, 0);
	ck_err(rota_unix_peer_name(&client, name, sizeof(name)), strlen(path));
	ck_assert_str_eq(name, path);
	ck_ok(rota_unix_local_name(&client, name, sizeof(name)));
	ck_assert_str_eq(name, "");
	ck_err(rota_unix_local_name(&server, name, sizeof(name)), strlen(path));
	ck_ok(rota_unix_peer_name(&server, name, sizeof(name)));
	close_all();
	ck_assert_int_eq(exists(), 1);
	remove_dir();
}

/* 1 where names that begin with a zero byte are names of their own. */
static int
has_abstract(void)
{
	struct sockaddr_un addr;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int r;

	memset(&addr, 0, sizeof(addr));
	addr.sun_family = AF_UNIX;
	(void)snprintf(addr.sun_path + 1, 40, "rota-probe-%d", (int)getpid());
	r = bind(fd, (struct sockaddr *)&addr,
		offsetof(struct sockaddr_un, sun_path) + 30);
	ck_assert_int_eq(close(fd), 0);
	return r == 0;
}

LOOP_TEST(a_client_and_a_listener_meet_at_an_abstract_name)
{
	char name[ROTA_UNIX_NAME_BYTES];
	char seen[ROTA_UNIX_NAME_BYTES];
	size_t len = 40;

	memset(name, 0, sizeof(name));
	(void)snprintf(name + 1, 30, "rota-%d", (int)getpid());
	name[len - 1] = 'z';
	if (!has_abstract()) {
		ck_ok(rota_unix_init(loop, &listener, 0));
		ck_err(rota_unix_bind(&listener, name, len, 0), -ENOTSUP);
		close_all();
		return;
	}
	meet(name, len, 0, ROTA_UNIX_UNLINK | ROTA_UNIX_REPLACE_STALE);
	ck_err(rota_unix_peer_name(&client, seen, sizeof(seen)), len);
	ck_assert_mem_eq(seen, name, len + 1);
	ck_ok(rota_unix_init(loop, &other, 0));
	ck_err(rota_unix_bind(&other, name, len, ROTA_UNIX_REPLACE_STALE),
		-EADDRINUSE);
	close_all();
}

LOOP_TEST(a_name_must_fit)
{
	char name[200];
	struct sockaddr_un addr;

	memset(name, 'x', sizeof(name));
	ck_ok(rota_unix_init(loop, &client, 0));
	ck_err(rota_unix_bind(&client, name, sizeof(addr.sun_path), 0),
		-ENAMETOOLONG);
	ck_err(rota_unix_bind(&client, name, sizeof(name), 0), -ENAMETOOLONG);
	ck_err(rota_unix_connect(
		       &client, &connecting, name, sizeof(name), on_connect),
		-ENAMETOOLONG);
	name[0] = '\0';
	ck_err(rota_unix_bind(&client, name, sizeof(addr.sun_path) + 1, 0),
		-ENAMETOOLONG);
	close_all();
}

LOOP_TEST(a_name_is_not_cut_to_fit_the_callers_memory)
{
	char name[ROTA_UNIX_NAME_BYTES] = "as before";

	make_dir();
	listen_at(path, strlen(path), 0, 0);
	ck_err(rota_unix_local_name(&listener, name, strlen(path)), -ENOSPC);
	ck_assert_str_eq(name, "as before");
	ck_err(rota_unix_local_name(&listener, name, strlen(path) + 1),
		strlen(path));
	close_all();
	remove_dir();
}

LOOP_TEST(bad_arguments_of_unix_sockets_are_refused)
{
	char name[ROTA_UNIX_NAME_BYTES];
	struct rota_unix_credentials who;

	ck_err(rota_unix_init(NULL, &client, 0), -EINVAL);
	ck_err(rota_unix_init(loop, NULL, 0), -EINVAL);
	ck_err(rota_unix_init(loop, &client, 2), -EINVAL);
	ck_ok(rota_unix_init(loop, &client, 0));
	ck_err(rota_unix_bind(NULL, "/x", 2, 0), -EINVAL);
	ck_err(rota_unix_bind(&client, NULL, 2, 0), -EINVAL);
	ck_err(rota_unix_bind(&client, "/x", 0, 0), -EINVAL);
	ck_err(rota_unix_bind(&client, "/x", 2, 4), -EINVAL);
	ck_err(rota_unix_bind(&client, "/tmp/x\0y", 8, 0), -EINVAL);
	ck_err(rota_unix_connect(NULL, &connecting, "/x", 2, on_connect),
		-EINVAL);
	ck_err(rota_unix_connect(&client, NULL, "/x", 2, on_connect), -EINVAL);
	ck_err(rota_unix_connect(&client, &connecting, NULL, 2, on_connect),
		-EINVAL);
	ck_err(rota_unix_connect(&client, &connecting, "/x", 2, NULL), -EINVAL);
	ck_err(rota_unix_open(&client, -1), -EBADF);
	ck_err(rota_unix_open(NULL, 0), -EINVAL);
	ck_err(rota_unix_local_name(&client, name, sizeof(name)), -ENOTCONN);
	ck_err(rota_unix_peer_name(&client, name, sizeof(name)), -ENOTCONN);
	ck_err(rota_unix_local_name(&client, NULL, 0), -EINVAL);
	ck_err(rota_unix_peer_credentials(&client, &who), -ENOTCONN);
	ck_err(rota_unix_peer_credentials(&client, NULL), -EINVAL);
	ck_err(rota_unix_receive_fds(&client, 65536), -EINVAL);
	ck_err(rota_unix_receive_fds(NULL, 1), -EINVAL);
	ck_err(rota_unix_take_fd(NULL), -EINVAL);
	ck_err(rota_unix_take_fd(&client), -EAGAIN);
	close_all();
}

/* Connecting **********************************************************/

LOOP_TEST(a_connect_to_no_file_is_told_in_a_later_phase)
{
	make_dir();
	ck_ok(rota_unix_init(loop, &client, 0));
	connect_to(path, strlen(path));
	ck_trace("");
	run_to_the_end();
	ck_trace("Cn");
	close_all();
	remove_dir();
}

LOOP_TEST(a_handle_can_connect_again_after_a_refusal)
{
	make_dir();
	listen_at(path, strlen(path), 0, 0);
	ck_ok(rota_handle_close(&listener.stream.handle, NULL));
	ck_ok(rota_unix_init(loop, &client, 0));
	connect_to(path, strlen(path));
	run_to_the_end();
	ck_trace("Cf");
	ck_assert_int_eq(rota_stream_fd(&client.stream), -1);
	ck_assert_int_eq(unlink(path), 0);
	listen_at(path, strlen(path), 0, 0);
	connect_to(path, strlen(path));
	ck_err(rota_unix_connect(
		       &client, &connecting, path, strlen(path), on_connect),
		-EALREADY);
	run_until(4);
	ck_err(rota_unix_connect(
		       &client, &connecting, path, strlen(path), on_connect),
		-EISCONN);
	close_all();
	remove_dir();
}

LOOP_TEST(bytes_go_both_ways_over_a_unix_socket)
{
	make_dir();
	meet(path, strlen(path), 0, 0);
	trace_reset();
	start_reading(&server);
	ck_ok(write_text(&writes[0], "hello "));
	ck_ok(write_text(&writes[1], "there"));
	while (n_text < 11)
		(void)run_once_checked(ROTA_RUN_ONCE);
	ck_assert_int_eq(text[0], 'h');
	close_all();
	remove_dir();
}

/* Taking over *********************************************************/

LOOP_TEST(only_unix_sockets_that_keep_order_are_taken_over)
{
	int datagrams[2];
	int tcp = socket(AF_INET, SOCK_STREAM, 0);

	make_pair(SOCK_DGRAM, datagrams);
	ck_ok(rota_unix_init(loop, &client, 0));
	ck_err(rota_unix_open(&client, datagrams[0]), -EPROTOTYPE);
	ck_err(rota_unix_open(&client, tcp), -EAFNOSUPPORT);
	ck_assert_int_eq(close(tcp), 0);
	harness_close_pair(datagrams);
	close_all();
}

LOOP_TEST(a_socket_taken_over_is_one_of_streams_or_of_records_as_it_is)
{
	char bytes[8];
	int peer;

	if (!has_records())
		return;
	peer = open_client(SOCK_SEQPACKET);
	ck_ok(write_text(&writes[0], "ab"));
	ck_ok(write_text(&writes[1], "cd"));
	run_until(2);
	ck_assert_int_eq(recv(peer, bytes, sizeof(bytes), 0), 2);
	ck_assert_int_eq(recv(peer, bytes, sizeof(bytes), 0), 2);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

/* Files ***************************************************************/

LOOP_TEST(a_name_in_use_is_refused)
{
	make_dir();
	listen_at(path, strlen(path), 0, 0);
	ck_ok(rota_unix_init(loop, &server, 0));
	ck_err(rota_unix_bind(&server, path, strlen(path), 0), -EADDRINUSE);
	ck_assert_int_eq(rota_stream_fd(&server.stream), -1);
	close_all();
	remove_dir();
}

LOOP_TEST(a_file_that_nobody_listens_on_is_replaced_if_asked)
{
	make_dir();
	listen_at(path, strlen(path), 0, 0);
	ck_ok(rota_handle_close(&listener.stream.handle, NULL));
	run_to_the_end();
	ck_ok(rota_unix_init(loop, &listener, 0));
	ck_err(rota_unix_bind(&listener, path, strlen(path), 0), -EADDRINUSE);
	ck_ok(rota_unix_bind(
		&listener, path, strlen(path), ROTA_UNIX_REPLACE_STALE));
	ck_assert_int_eq(exists(), 1);
	close_all();
	remove_dir();
}

LOOP_TEST(a_file_that_somebody_listens_on_is_never_replaced)
{
	make_dir();
	listen_at(path, strlen(path), 0, 0);
	ck_ok(rota_unix_init(loop, &client, 0));
	ck_err(rota_unix_bind(
		       &client, path, strlen(path), ROTA_UNIX_REPLACE_STALE),
		-EADDRINUSE);
	ck_assert_int_eq(exists(), 1);
	close_all();
	remove_dir();
}

/* The kernel says EPROTOTYPE then, which is no refusal. */
LOOP_TEST(a_listener_of_records_is_not_taken_for_a_stale_stream)
{
	if (!has_records())
		return;
	make_dir();
	listen_at(path, strlen(path), ROTA_UNIX_SEQPACKET, 0);
	ck_ok(rota_unix_init(loop, &client, 0));
	ck_err(rota_unix_bind(
		       &client, path, strlen(path), ROTA_UNIX_REPLACE_STALE),
		-EADDRINUSE);
	close_all();
	remove_dir();
}

LOOP_TEST(what_is_no_socket_is_never_removed)
{
	char target[100];
	int fd;

	make_dir();
	(void)snprintf(target, sizeof(target), "%s/file", dir);
	fd = open(target, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	ck_ok(rota_unix_init(loop, &client, 0));
	ck_err(rota_unix_bind(&client, target, strlen(target),
		       ROTA_UNIX_REPLACE_STALE | ROTA_UNIX_UNLINK),
		-EADDRINUSE);
	ck_assert_int_eq(symlink(target, path), 0);
	ck_err(rota_unix_bind(
		       &client, path, strlen(path), ROTA_UNIX_REPLACE_STALE),
		-EADDRINUSE);
	close_all();
	ck_assert_int_eq(unlink(target), 0);
	remove_dir();
}

LOOP_TEST(closing_removes_the_file_if_asked)
{
	make_dir();
	listen_at(path, strlen(path), 0, ROTA_UNIX_UNLINK);
	ck_assert_int_eq(exists(), 1);
	ck_ok(rota_handle_close(&listener.stream.handle, NULL));
	ck_assert_int_eq(exists(), 0);
	run_to_the_end();
	remove_dir();
}

LOOP_TEST(closing_does_not_remove_the_file_of_another)
{
	make_dir();
	listen_at(path, strlen(path), 0, ROTA_UNIX_UNLINK);
	/* So that its number in the file system is not used again. */
	ck_assert_int_eq(rename(path, dir), -1);
	(void)snprintf(text, sizeof(text), "%s/moved", dir);
	ck_assert_int_eq(rename(path, text), 0);
	ck_ok(rota_unix_init(loop, &server, 0));
	ck_ok(rota_unix_bind(&server, path, strlen(path), 0));
	ck_ok(rota_handle_close(&listener.stream.handle, NULL));
	ck_assert_int_eq(exists(), 1);
	close_all();
	ck_assert_int_eq(unlink(text), 0);
	remove_dir();
}

/* Records *************************************************************/

LOOP_TEST(each_write_to_a_socket_of_records_is_a_record)
{
	if (!has_records())
		return;
	make_dir();
	meet(path, strlen(path), ROTA_UNIX_SEQPACKET, 0);
	trace_reset();
	start_reading(&server);
	ck_ok(write_text(&writes[0], "one"));
	ck_ok(write_text(&writes[1], "two"));
	ck_ok(write_text(&writes[2], "three"));
	run_until(6);
	ck_assert_str_eq(text, "one|two|three|");
	close_all();
	remove_dir();
}

static void
write_three(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	ck_ok(write_text(&writes[0], "one"));
	ck_ok(write_text(&writes[1], "two"));
	ck_ok(write_text(&writes[2], "three"));
}

LOOP_TEST(gathered_writes_stay_records)
{
	if (!has_records())
		return;
	open_both(SOCK_SEQPACKET);
	start_reading(&server);
	ck_ok(rota_tick(loop, write_three, NULL));
	run_until(6);
	ck_assert_str_eq(text, "one|two|three|");
	close_all();
}

LOOP_TEST(a_record_of_many_buffers_is_one)
{
	struct iovec buffers[100];
	char bytes[200];
	int peer;
	int i;

	if (!has_records())
		return;
	peer = open_client(SOCK_SEQPACKET);
	for (i = 0; i < 100; i++)
		buffers[i] = (struct iovec){ (void *)(uintptr_t) "x", 1 };
	ck_err(rota_stream_try_write(&client.stream, buffers, 100), 100);
	ck_ok(rota_stream_write(
		&client.stream, &writes[0], buffers, 100, on_write));
	run_until(1);
	ck_assert_int_eq(recv(peer, bytes, sizeof(bytes), 0), 100);
	ck_assert_int_eq(recv(peer, bytes, sizeof(bytes), 0), 100);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

LOOP_TEST(a_record_that_is_too_long_alone_is_told_so)
{
	static char huge[8 << 20];
	struct iovec buffer = { huge, sizeof(huge) };

	if (!has_records())
		return;
	open_both(SOCK_SEQPACKET);
	start_reading(&server);
	ck_ok(write_text(&writes[0], "a"));
	ck_ok(rota_stream_write(
		&client.stream, &writes[1], &buffer, 1, on_write));
	ck_ok(write_text(&writes[2], "b"));
	while (n_text < 4 || strlen(trace_text()) < 6)
		(void)run_once_checked(ROTA_RUN_ONCE);
	ck_assert_str_eq(text, "a|b|");
	ck_assert_ptr_nonnull(strstr(trace_text(), "WWmW"));
	ck_err(rota_stream_try_write(&client.stream, &buffer, 1), -EMSGSIZE);
	close_all();
}

LOOP_TEST(an_empty_record_is_refused)
{
	struct iovec buffer = { NULL, 0 };
	int peer;

	if (!has_records())
		return;
	peer = open_client(SOCK_SEQPACKET);
	ck_err(rota_stream_write(
		       &client.stream, &writes[0], &buffer, 1, on_write),
		-EINVAL);
	ck_err(rota_stream_try_write(&client.stream, &buffer, 1), -EINVAL);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

static void
on_asked(struct rota_read *request, int status)
{
	trace_status('Q', status);
	add_text(request->memory, rota_read_bytes(request));
}

LOOP_TEST(a_record_longer_than_the_memory_is_told_and_the_next_one_comes)
{
	struct rota_read read;
	char memory[4];
	int peer;

	if (!has_records())
		return;
	peer = open_client(SOCK_SEQPACKET);
	n_text = 0;
	ck_assert_int_eq(send(peer, "too long", 8, 0), 8);
	ck_assert_int_eq(send(peer, "fit", 3, 0), 3);
	ck_ok(rota_stream_read(
		&client.stream, &read, memory, sizeof(memory), on_asked));
	run_until(2);
	ck_trace("Qm");
	n_text = 0;
	ck_ok(rota_stream_read(
		&client.stream, &read, memory, sizeof(memory), on_asked));
	run_until(3);
	ck_assert_str_eq(text, "fit|");
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

LOOP_TEST(the_end_of_a_socket_of_records_is_told)
{
	int peer;

	if (!has_records())
		return;
	peer = open_client(SOCK_SEQPACKET);
	start_reading(&client);
	ck_assert_int_eq(send(peer, "last", 4, 0), 4);
	ck_assert_int_eq(close(peer), 0);
	run_until(3);
	ck_trace("RRe");
	ck_assert_str_eq(text, "last|");
	close_all();
}

/* Credentials *********************************************************/

LOOP_TEST(both_ends_know_who_the_other_is)
{
	struct rota_unix_credentials who;

	make_dir();
	meet(path, strlen(path), 0, 0);
	ck_ok(rota_unix_peer_credentials(&server, &who));
	ck_assert_int_eq(who.uid, geteuid());
	ck_assert_int_eq(who.gid, getegid());
	ck_assert_msg(
		who.pid == getpid() || who.pid == -1, "pid %ld", (long)who.pid);
	ck_ok(rota_unix_peer_credentials(&client, &who));
	ck_assert_int_eq(who.uid, geteuid());
	ck_err(rota_unix_peer_credentials(&listener, &who), -ENOTCONN);
	close_all();
	remove_dir();
}

/* Descriptors *********************************************************/

/* The reading ends of pipes, of which each has its number to be read. */
static int pipes[4][2];

static void
open_pipes(int n)
{
	int i;

	for (i = 0; i < n; i++) {
		harness_pipe(pipes[i]);
		harness_put(pipes[i][1], (char)('0' + i));
	}
}

static void
close_pipes(int n)
{
	while (n-- > 0)
		harness_close_pair(pipes[n]);
}

static void
write_fds(const int *fds, unsigned n_fds, const char *bytes)
{
	struct iovec buffer = { (void *)(uintptr_t)bytes, strlen(bytes) };

	ck_ok(rota_unix_write_fds(
		&client, &fd_write, &buffer, 1, fds, n_fds, on_write));
}

/* Takes a descriptor that reads the byte, and is close-on-exec. */
static void
expect_fd(char expected)
{
	int fd = rota_unix_take_fd(&server);
	char byte = 0;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(read(fd, &byte, 1), 1);
	ck_assert_int_eq(byte, expected);
	ck_assert_int_eq(close(fd), 0);
}

LOOP_TEST(descriptors_come_with_the_bytes_in_their_order)
{
	int fds[3];
	int i;

	open_both(SOCK_STREAM);
	open_pipes(3);
	for (i = 0; i < 3; i++)
		fds[i] = pipes[i][0];
	ck_ok(rota_unix_receive_fds(&server, 8));
	start_reading(&server);
	write_fds(fds, 3, "three");
	run_until(2);
	ck_assert_str_eq(text, "three|");
	expect_fd('0');
	expect_fd('1');
	expect_fd('2');
	ck_err(rota_unix_take_fd(&server), -EAGAIN);
	close_pipes(3);
	close_all();
}

static void
write_around(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	ck_ok(write_text(&writes[0], "before"));
	write_fds(&pipes[0][0], 1, "with");
	ck_ok(write_text(&writes[1], "behind"));
}

static void
on_read_with(struct rota_stream *stream, ssize_t n, const void *data)
{
	on_read(stream, n, data);
	/* The descriptor is there with the first byte, and not before it. */
	if (memchr(data, 'w', (size_t)n) != NULL)
		expect_fd('0');
	else
		ck_err(rota_unix_take_fd(&server), -EAGAIN);
}

LOOP_TEST(gathering_does_not_move_descriptors_to_other_bytes)
{
	open_both(SOCK_STREAM);
	open_pipes(1);
	n_text = 0;
	ck_ok(rota_unix_receive_fds(&server, 1));
	ck_ok(rota_stream_read_start(&server.stream, NULL, on_read_with));
	ck_ok(rota_tick(loop, write_around, NULL));
	while (n_text < 17)
		(void)run_once_checked(ROTA_RUN_ONCE);
	close_pipes(1);
	close_all();
}

LOOP_TEST(descriptors_come_with_records)
{
	if (!has_records())
		return;
	open_both(SOCK_SEQPACKET);
	open_pipes(2);
	ck_ok(rota_unix_receive_fds(&server, 2));
	start_reading(&server);
	ck_ok(write_text(&writes[0], "without"));
	write_fds((int[2]){ pipes[0][0], pipes[1][0] }, 2, "with");
	run_until(4);
	ck_assert_str_eq(text, "without|with|");
	expect_fd('0');
	expect_fd('1');
	close_pipes(2);
	close_all();
}

LOOP_TEST(descriptors_that_are_not_taken_are_closed_with_the_handle)
{
	int before;

	open_both(SOCK_STREAM);
	open_pipes(1);
	ck_ok(rota_unix_receive_fds(&server, 4));
	start_reading(&server);
	before = harness_count_fds();
	write_fds((int[2]){ pipes[0][0], pipes[0][1] }, 2, "two");
	run_until(2);
	ck_assert_int_eq(harness_count_fds(), before + 2);
	ck_ok(rota_handle_close(&server.stream.handle, NULL));
	ck_assert_int_eq(harness_count_fds(), before - 1);
	ck_err(rota_unix_take_fd(&server), -EINVAL);
	close_pipes(1);
	close_all();
}

LOOP_TEST(descriptors_that_nobody_asked_for_do_not_stay)
{
	int before;

	open_both(SOCK_STREAM);
	open_pipes(1);
	start_reading(&server);
	before = harness_count_fds();
	write_fds((int[2]){ pipes[0][0], pipes[0][1] }, 2, "two");
	run_until(2);
	ck_assert_str_eq(text, "two|");
	ck_assert_int_eq(harness_count_fds(), before);
	ck_err(rota_unix_take_fd(&server), -EAGAIN);
	close_pipes(1);
	close_all();
}

LOOP_TEST(descriptors_beyond_the_limit_are_lost_and_that_is_told)
{
	int fds[3];
	int i;
	int before;

	open_both(SOCK_STREAM);
	open_pipes(3);
	for (i = 0; i < 3; i++)
		fds[i] = pipes[i][0];
	ck_ok(rota_unix_receive_fds(&server, 2));
	start_reading(&server);
	before = harness_count_fds();
	write_fds(fds, 3, "three");
	run_until(2);
	ck_assert_int_eq(harness_count_fds(), before + 2);
	ck_err(rota_unix_receive_fds(&server, 1), -EBUSY);
	expect_fd('0');
	expect_fd('1');
	ck_err(rota_unix_take_fd(&server), -EMSGSIZE);
	ck_err(rota_unix_take_fd(&server), -EAGAIN);
	close_pipes(3);
	close_all();
}

/* Allows so many descriptors more than now; returns the old limit. */
static struct rlimit
limit_descriptors(int n_more)
{
	struct rlimit before, limit;
	int free_fds[8];
	int i;

	for (i = 0; i <= n_more; i++)
		free_fds[i] = dup(0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)free_fds[n_more];
	for (i = 0; i <= n_more; i++)
		ck_assert_int_eq(close(free_fds[i]), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return before;
}

/*
 * Linux brings those that fit and says that there were more; others bring
 * none, and an error or that. Under valgrind both come: the limit is its own.
 */
LOOP_TEST(descriptors_for_which_the_process_has_no_room_are_told_as_lost)
{
	struct rlimit before;
	int r = 0;
	int n = 0;

	open_both(SOCK_STREAM);
	open_pipes(2);
	ck_ok(rota_unix_receive_fds(&server, 8));
	start_reading(&server);
	before = limit_descriptors(1);
	write_fds((int[2]){ pipes[0][0], pipes[1][0] }, 2, "two");
	run_until(2);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	while ((r = rota_unix_take_fd(&server)) >= 0) {
		ck_assert_int_eq(close(r), 0);
		n++;
	}
	ck_assert_msg(r == -EMSGSIZE || n == 2 || n_text == 0,
		"%d came, then %d", n, r);
	close_pipes(2);
	close_all();
}

LOOP_TEST(as_many_descriptors_as_linux_takes_go_with_one_byte)
{
	int fds[ROTA_UNIX_MAX_FDS];
	struct iovec byte = { (void *)(uintptr_t) "x", 1 };
	int n = 0;
	int fd;
	int i;

	open_both(SOCK_STREAM);
	for (i = 0; i < ROTA_UNIX_MAX_FDS; i++)
		fds[i] = rota_stream_fd(&client.stream);
	ck_ok(rota_unix_receive_fds(&server, ROTA_UNIX_MAX_FDS));
	start_reading(&server);
	ck_err(rota_unix_write_fds(&client, &fd_write, &byte, 1, fds,
		       ROTA_UNIX_MAX_FDS + 1, on_write),
		-EINVAL);
	write_fds(fds, ROTA_UNIX_MAX_FDS, "x");
	run_until(2);
	for (; (fd = rota_unix_take_fd(&server)) >= 0; n++)
		ck_assert_int_eq(close(fd), 0);
	/* Other systems may take fewer, and say so to the writer. */
	ck_assert(n == ROTA_UNIX_MAX_FDS || strstr(trace_text(), "Wx"));
	close_all();
}

LOOP_TEST(descriptors_need_a_byte_to_go_with)
{
	struct iovec none = { NULL, 0 };
	struct iovec byte = { (void *)(uintptr_t) "x", 1 };
	int fd = 0;
	int peer = open_client(SOCK_STREAM);

	ck_err(rota_unix_write_fds(
		       &client, &fd_write, &none, 1, &fd, 1, on_write),
		-EINVAL);
	ck_err(rota_unix_write_fds(
		       &client, &fd_write, NULL, 0, &fd, 1, on_write),
		-EINVAL);
	ck_err(rota_unix_write_fds(
		       &client, &fd_write, &byte, 1, NULL, 1, on_write),
		-EINVAL);
	ck_err(rota_unix_write_fds(
		       &client, &fd_write, &byte, 1, &fd, 0, on_write),
		-EINVAL);
	ck_err(rota_unix_write_fds(NULL, &fd_write, &byte, 1, &fd, 1, on_write),
		-EINVAL);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

LOOP_TEST(a_closed_descriptor_fails_the_write)
{
	int fd = 1000;
	int peer = open_client(SOCK_STREAM);

	write_fds(&fd, 1, "x");
	run_until(2);
	ck_trace("Wx");
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

/* Fills the kernel's buffer, so that what comes next waits. */
static void
fill_up(struct rota_unix *un)
{
	static char many[65536];
	struct iovec buffer = { many, sizeof(many) };

	while (rota_stream_try_write(&un->stream, &buffer, 1) > 0)
		;
}

LOOP_TEST(a_write_with_descriptors_that_waits_can_be_cancelled)
{
	int peer = open_client(SOCK_STREAM);

	open_pipes(1);
	fill_up(&client);
	write_fds(&pipes[0][0], 1, "x");
	ck_ok(rota_request_cancel(&fd_write.write.request));
	run_until(2);
	ck_trace("Wc");
	close_pipes(1);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

/* The descriptors go out once, with the first part of the bytes. */
LOOP_TEST(a_long_write_sends_its_descriptors_once)
{
	static char many[1 << 20];
	struct iovec buffer = { many, sizeof(many) };
	size_t n = 0;
	char *memory = malloc(sizeof(many));
	ssize_t r;

	open_both(SOCK_STREAM);
	open_pipes(1);
	ck_ok(rota_unix_receive_fds(&server, 4));
	ck_ok(rota_unix_write_fds(
		&client, &fd_write, &buffer, 1, &pipes[0][0], 1, on_write));
	while (n < sizeof(many)) {
		r = rota_stream_try_read(&server.stream, memory, sizeof(many));
		if (r > 0)
			n += (size_t)r;
		(void)run_once_checked(ROTA_RUN_NOWAIT);
	}
	run_until(1);
	ck_trace("W");
	expect_fd('0');
	ck_err(rota_unix_take_fd(&server), -EAGAIN);
	free(memory);
	close_pipes(1);
	close_all();
}

/* Closing *************************************************************/

static void
on_closed(struct rota_handle *handle)
{
	(void)handle;
	trace('X');
}

static void
on_connect_close(struct rota_connect *request, int status)
{
	on_connect(request, status);
	(void)rota_handle_close(&client.stream.handle, on_closed);
}

LOOP_TEST(a_handle_may_be_closed_in_its_connect_callback)
{
	make_dir();
	listen_at(path, strlen(path), 0, 0);
	ck_ok(rota_unix_init(loop, &client, 0));
	ck_ok(rota_unix_connect(
		&client, &connecting, path, strlen(path), on_connect_close));
	run_until(3);
	close_all();
	remove_dir();
}

static void
on_read_take_and_close(struct rota_stream *stream, ssize_t n, const void *data)
{
	on_read(stream, n, data);
	expect_fd('0');
	ck_ok(rota_handle_close(&stream->handle, on_closed));
}

LOOP_TEST(a_handle_may_be_closed_with_descriptors_left_in_its_read_callback)
{
	open_both(SOCK_STREAM);
	open_pipes(2);
	ck_ok(rota_unix_receive_fds(&server, 4));
	n_text = 0;
	ck_ok(rota_stream_read_start(
		&server.stream, NULL, on_read_take_and_close));
	write_fds((int[2]){ pipes[0][0], pipes[1][0] }, 2, "two");
	run_until(3);
	close_pipes(2);
	close_all();
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "names");

	tcase_add_loop_test(tc, a_client_and_a_listener_meet_at_a_path);
	tcase_add_loop_test(
		tc, a_client_and_a_listener_meet_at_an_abstract_name);
	tcase_add_loop_test(tc, a_name_must_fit);
	tcase_add_loop_test(tc, a_name_is_not_cut_to_fit_the_callers_memory);
	tcase_add_loop_test(tc, bad_arguments_of_unix_sockets_are_refused);

	tc = harness_case(suite, "connect");
	tcase_add_loop_test(tc, a_connect_to_no_file_is_told_in_a_later_phase);
	tcase_add_loop_test(tc, a_handle_can_connect_again_after_a_refusal);
	tcase_add_loop_test(tc, bytes_go_both_ways_over_a_unix_socket);
	tcase_add_loop_test(
		tc, only_unix_sockets_that_keep_order_are_taken_over);
	tcase_add_loop_test(tc,
		a_socket_taken_over_is_one_of_streams_or_of_records_as_it_is);

	tc = harness_case(suite, "files");
	tcase_add_loop_test(tc, a_name_in_use_is_refused);
	tcase_add_loop_test(
		tc, a_file_that_nobody_listens_on_is_replaced_if_asked);
	tcase_add_loop_test(
		tc, a_file_that_somebody_listens_on_is_never_replaced);
	tcase_add_loop_test(
		tc, a_listener_of_records_is_not_taken_for_a_stale_stream);
	tcase_add_loop_test(tc, what_is_no_socket_is_never_removed);
	tcase_add_loop_test(tc, closing_removes_the_file_if_asked);
	tcase_add_loop_test(tc, closing_does_not_remove_the_file_of_another);

	tc = harness_case(suite, "records");
	tcase_add_loop_test(tc, each_write_to_a_socket_of_records_is_a_record);
	tcase_add_loop_test(tc, gathered_writes_stay_records);
	tcase_add_loop_test(tc, a_record_of_many_buffers_is_one);
	tcase_add_loop_test(tc, a_record_that_is_too_long_alone_is_told_so);
	tcase_add_loop_test(tc, an_empty_record_is_refused);
	tcase_add_loop_test(tc,
		a_record_longer_than_the_memory_is_told_and_the_next_one_comes);
	tcase_add_loop_test(tc, the_end_of_a_socket_of_records_is_told);

	tc = harness_case(suite, "credentials");
	tcase_add_loop_test(tc, both_ends_know_who_the_other_is);

	tc = harness_case(suite, "descriptors");
	tcase_add_loop_test(tc, descriptors_come_with_the_bytes_in_their_order);
	tcase_add_loop_test(
		tc, gathering_does_not_move_descriptors_to_other_bytes);
	tcase_add_loop_test(tc, descriptors_come_with_records);
	tcase_add_loop_test(
		tc, descriptors_that_are_not_taken_are_closed_with_the_handle);
	tcase_add_loop_test(tc, descriptors_that_nobody_asked_for_do_not_stay);
	tcase_add_loop_test(
		tc, descriptors_beyond_the_limit_are_lost_and_that_is_told);
	tcase_add_loop_test(tc,
		descriptors_for_which_the_process_has_no_room_are_told_as_lost);
	tcase_add_loop_test(
		tc, as_many_descriptors_as_linux_takes_go_with_one_byte);
	tcase_add_loop_test(tc, descriptors_need_a_byte_to_go_with);
	tcase_add_loop_test(tc, a_closed_descriptor_fails_the_write);
	tcase_add_loop_test(
		tc, a_write_with_descriptors_that_waits_can_be_cancelled);
	tcase_add_loop_test(tc, a_long_write_sends_its_descriptors_once);

	tc = harness_case(suite, "closing");
	tcase_add_loop_test(tc, a_handle_may_be_closed_in_its_connect_callback);
	tcase_add_loop_test(tc,
		a_handle_may_be_closed_with_descriptors_left_in_its_read_callback);
}

HARNESS_MAIN("unix", add_cases)
