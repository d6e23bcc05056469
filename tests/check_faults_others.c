/* SPDX-License-Identifier: MIT */
/* What each failing call does to processes, terminals and unix sockets. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults_run.h"
#include "tests/kinds.h"

/* An error that rota tells in words of its own, of another call's. */
static int
note_as(int r, int told, enum faults_call failed)
{
	if (r == told && faults.n_failed > 0 && faults.failed == failed)
		now.is_error_ours = 1;
	return note(r);
}

static void
close_if_open(struct rota_handle *handle)
{
	if (!rota_handle_is_closing(handle))
		ck_ok(rota_handle_close(handle, NULL));
}

static void
on_write(struct rota_write *request, int status)
{
	(void)request;
	end_request(status);
}

static void
write_x(struct rota_stream *stream, struct rota_write *request)
{
	struct iovec buffer = { "x\n", 2 };

	begin_request(rota_stream_write(stream, request, &buffer, 1, on_write));
}

/* Reads to the end. */
static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)data;
	if (n > 0)
		return;
	if (n != ROTA_EOF) {
		(void)note((int)n);
		give_up();
		return;
	}
	now.n_told++;
	close_if_open(&stream->handle);
}

static void
read_to_the_end(struct rota_stream *stream)
{
	if (note(rota_stream_read_start(stream, NULL, on_read)) == 0)
		now.n_expected++;
}

/* Processes ***********************************************************/

static struct rota_process process;
static struct rota_process other;
static struct rota_stream to_child;
static struct rota_stream from_child;
static struct rota_write question;
static pid_t child_pid;
static int child_code;

/* A child that is not let down ends as it means to. */
static void
on_exit_told(struct rota_process *of, const struct rota_process_exit *exit)
{
	int is_let_down = now.has_given_up || exit->error < 0 ||
		faults.failed == FAULTS_READ;

	(void)note(exit->error);
	now.n_told++;
	if (of == &process && !is_let_down)
		ck_assert_int_eq(exit->code, child_code);
	close_if_open(&of->handle);
}

/* Entries of stdio are made anew each time. */
static int
spawn_shell(char *script, struct rota_process_stdio *stdio, unsigned n,
	unsigned flags)
{
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;
	char *argv[] = { "/bin/sh", "-c", script, NULL };
	int r = note(rota_process_init(loop, &process));

	if (r < 0)
		return r;
	options.argv = argv;
	options.stdio = stdio;
	options.n_stdio = n;
	options.flags = flags;
	r = note(rota_process_spawn(&process, &options, on_exit_told));
	if (r < 0)
		return r;
	child_pid = rota_process_pid(&process);
	now.n_expected++;
	return 0;
}

/*
 * What a loop has given up or could not wait for is ours to bury; of others
 * nothing is left.
 */
static void
bury(void)
{
	unsigned n_left = 0;

	if (child_pid > 0)
		(void)kill(child_pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		n_left++;
	child_pid = 0;
	if (!now.has_given_up && faults.failed != FAULTS_WAIT &&
		faults.failed != FAULTS_EXIT_KILL)
		ck_assert_uint_eq(n_left, 0);
}

static void
talk_with_child(void)
{
	struct rota_process_stdio stdio[] = {
		{ ROTA_STDIO_PIPE_IN, -1, &to_child },
		{ ROTA_STDIO_PIPE_OUT, -1, &from_child },
		{ ROTA_STDIO_SOCKET, -1, NULL },
	};

	child_code = 3;
	if (spawn_shell("read x; echo $x; exit 3", stdio, 3, 0) < 0)
		return;
	(void)keep(stdio[2].fd);
	read_to_the_end(&from_child);
	if (!now.has_given_up)
		write_x(&to_child, &question);
	drive(ROTA_RUN_DEFAULT);
}

static void
a_child_with_pipes(void)
{
	talk_with_child();
}

static void
a_child_that_sigchld_tells_of(void)
{
	faults.has_no_exit_fds = 1;
	talk_with_child();
}

static void
a_child_on_a_terminal(void)
{
	struct rota_process_stdio stdio[] = {
		{ ROTA_STDIO_PTY, -1, &from_child },
		{ ROTA_STDIO_SAME, 0, NULL },
		{ ROTA_STDIO_SAME, 0, NULL },
	};

	child_code = 3;
	if (spawn_shell("read x; exit 3", stdio, 3, ROTA_PROCESS_SESSION) < 0)
		return;
	read_to_the_end(&from_child);
	if (!now.has_given_up)
		write_x(&from_child, &question);
	drive(ROTA_RUN_DEFAULT);
}

/* Not under valgrind, which does not know of pidfd_open(2). */
static int
has_exit_fds(void)
{
	int fd = rota__sys_real.exit_open(getpid());

	if (fd < 0)
		return 0;
	ck_ok(rota__sys_real.close(fd));
	return 1;
}

/* Its end is watched by one more, who has no right to its status. */
static void
a_child_that_is_killed(void)
{
	child_code = -1;
	if (spawn_shell("exec sleep 100", NULL, 0, 0) < 0 ||
		note(rota_process_init(loop, &other)) < 0)
		return;
	if (has_exit_fds() &&
		note_as(rota_process_watch(&other, child_pid, on_exit_told),
			-ENOTSUP, FAULTS_EXIT_OPEN) == 0)
		now.n_expected++;
	if (note(rota_process_kill(&process, SIGTERM)) < 0)
		give_up();
	drive(ROTA_RUN_DEFAULT);
}

static void
a_program_that_is_missing(void)
{
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;
	char *argv[] = { "/nowhere/at/all", NULL };
	char text[200];
	int r;

	options.argv = argv;
	ck_ok(rota_process_init(loop, &process));
	r = rota_process_spawn(&process, &options, on_exit_told);
	ck_assert_int_lt(r, 0);
	ck_ok(rota_process_explain(&process, &options, text, sizeof(text)));
	ck_assert_str_ne(text, "");
	ck_assert_int_ne(rota_process_failed_step(&process), ROTA_SPAWN_DONE);
	/* That it is missing is what is to be told. */
	now.n_expected++;
	now.n_told++;
	if (r != -ENOENT)
		(void)note(r);
}

/* Terminals ***********************************************************/

static struct rota_stream tty;
static struct rota_write answer;

static void
on_resize(struct rota_stream *of, const struct rota_tty_size *size)
{
	ck_assert_ptr_eq(of, &tty);
	ck_assert_uint_eq(size->columns, 33);
}

static void
on_key(struct rota_stream *of, ssize_t n, const void *data)
{
	(void)data;
	if (n < 0) {
		/* As a terminal that has hung up. */
		(void)note_as((int)n, ROTA_EOF, FAULTS_READ);
		give_up();
		return;
	}
	now.n_told++;
	(void)note(rota_tty_set_mode(of, ROTA_TTY_CBREAK));
	(void)note(rota_tty_set_mode(of, ROTA_TTY_NORMAL));
	ck_ok(rota_stream_read_stop(of));
	write_x(of, &answer);
}

static void
a_terminal_with_modes(void)
{
	struct rota_tty_size size = { 33, 22, 0, 0 };
	int fds[2];

	ck_ok(kinds_pty(fds));
	(void)keep(fds[0]);
	if (note(rota_stream_open(loop, &tty, fds[1], 0)) < 0) {
		(void)keep(fds[1]);
		return;
	}
	(void)note(rota_tty_set_mode(&tty, ROTA_TTY_RAW));
	(void)note(rota_tty_on_resize(&tty, on_resize));
	(void)note(rota_tty_set_size(&tty, &size));
	(void)note(rota_tty_get_size(&tty, &size));
	(void)raise(SIGWINCH);
	harness_put(fds[0], 'k');
	ck_ok(rota_stream_read_start(&tty, NULL, on_key));
	now.n_expected++;
	drive(ROTA_RUN_DEFAULT);
}

/* What is the program's ***********************************************/

#define N_KINDS 3

static void
streams_that_stay_the_programs(void)
{
	static const char *const names[N_KINDS] = { "tcp", "pipe", "file" };
	static struct rota_stream streams[N_KINDS];
	static struct rota_write requests[N_KINDS];

	for (unsigned i = 0; i < N_KINDS; i++) {
		int fds[2];

		ck_ok(kind_named(names[i])->make(fds));
		(void)keep(fds[0]);
		(void)keep(fds[1]);
		if (now.has_given_up ||
			note(rota_stream_open(
				loop, &streams[i], fds[1], ROTA_OPEN_KEEP)) < 0)
			continue;
		write_x(&streams[i], &requests[i]);
	}
	drive(ROTA_RUN_DEFAULT);
}

/* Unix-domain sockets *************************************************/

static struct rota_unix listener;
static struct rota_unix server;
static struct rota_unix client;
static struct rota_connect connect_request;
static struct rota_unix_write fds_request;
static char path[200];
static int passed[2];

static void
on_passed(struct rota_stream *stream, ssize_t n, const void *data)
{
	int fd;

	(void)data;
	if (n < 0) {
		(void)note((int)n);
		give_up();
		return;
	}
	now.n_told++;
	fd = note_as(rota_unix_take_fd(&server), -EMSGSIZE, FAULTS_SET_CLOEXEC);
	if (fd >= 0)
		(void)keep(fd);
	close_if_open(&stream->handle);
}

static void
on_client(struct rota_stream *stream, int status)
{
	struct rota_unix_credentials peer;
	int r = note(status);

	/* A listener goes on by itself. */
	if (r < 0)
		return;
	now.n_told++;
	r = note(rota_unix_init(loop, &server, 0));
	if (r == 0)
		r = note(rota_stream_accept(stream, &server.stream));
	if (r == 0)
		r = note(rota_unix_receive_fds(&server, 4));
	if (r < 0) {
		give_up();
		return;
	}
	if (note(rota_unix_peer_credentials(&server, &peer)) == 0)
		ck_assert_uint_eq(peer.uid, getuid());
	now.n_expected++;
	ck_ok(rota_stream_read_start(&server.stream, NULL, on_passed));
	close_if_open(&stream->handle);
}

static void
on_connect(struct rota_connect *request, int status)
{
	struct iovec byte = { "x", 1 };

	(void)request;
	end_request(status);
	if (status < 0)
		return;
	now.n_expected++;
	begin_request(rota_unix_write_fds(
		&client, &fds_request, &byte, 1, passed, 1, on_write));
}

/* A file on which nobody listens any more. */
static void
leave_socket_file(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	kinds_fifo(path, sizeof(path));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_uint_lt(strlen(path), sizeof(addr.sun_path));
	(void)strcpy(addr.sun_path, path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(close(fd), 0);
}

static int
start_listening(void)
{
	unsigned flags = ROTA_UNIX_REPLACE_STALE | ROTA_UNIX_UNLINK;
	int r = note(rota_unix_init(loop, &listener, 0));

	if (r == 0)
		r = rota_unix_bind(&listener, path, strlen(path), flags);
	/* Whatever kept it from finding out that nobody listens. */
	if (r == -EADDRINUSE && faults.n_failed > 0)
		now.is_error_ours = 1;
	if (note(r) < 0)
		return r;
	return note(rota_stream_listen(&listener.stream, 8, on_client));
}

static void
a_descriptor_that_is_passed(void)
{
	leave_socket_file();
	keep_pipe(passed);
	if (start_listening() < 0 || note(rota_unix_init(loop, &client, 0)) < 0)
		return;
	begin_request(rota_unix_connect(
		&client, &connect_request, path, strlen(path), on_connect));
	drive(ROTA_RUN_DEFAULT);
}

static void
remove_socket_file(void)
{
	int is_left = unlink(path) == 0;

	/* The loop removes it, if only it could. */
	if (faults.n_failed == 0)
		ck_assert_int_eq(is_left, 0);
}

/* Datagrams with names ************************************************/

static struct rota_udp bound;
static struct rota_udp unbound;
static struct rota_send send_request;

static void
on_datagram(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	(void)data;
	(void)datagram;
	if (n < 0) {
		(void)note((int)n);
		give_up();
		return;
	}
	now.n_told++;
	close_if_open(&udp->handle);
}

static void
on_datagram_sent(struct rota_send *send, int status)
{
	(void)send;
	end_request(status);
}

static void
a_datagram_to_a_name(void)
{
	struct iovec byte = { "x", 1 };

	kinds_fifo(path, sizeof(path));
	ck_ok(unlink(path));
	if (note(rota_udp_init(loop, &bound)) < 0 ||
		note(rota_udp_init(loop, &unbound)) < 0 ||
		note(rota_unix_datagram_bind(
			&bound, path, strlen(path), ROTA_UNIX_UNLINK)) < 0 ||
		note(rota_unix_datagram_connect(&unbound, path, strlen(path))) <
			0)
		return;
	if (note(rota_udp_receive_start(&bound, NULL, on_datagram)) == 0)
		now.n_expected++;
	begin_request(rota_udp_send(
		&unbound, &send_request, &byte, 1, NULL, on_datagram_sent));
	drive(ROTA_RUN_DEFAULT);
}

/* A file as a stream **************************************************/

static struct rota_stream reader;
static struct rota_stream writer;
static struct rota_write write_request;

static int
open_file(struct rota_stream *stream, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	int r;

	ck_assert_int_ge(fd, 0);
	memset(stream, 0, sizeof(*stream));
	r = note(rota_stream_open(loop, stream, fd, 0));
	if (r < 0)
		ck_assert_int_eq(close(fd), 0);
	return r;
}

static void
on_file_written(struct rota_write *request, int status)
{
	(void)request;
	end_request(status);
	close_if_open(&writer.handle);
}

static void
a_file_as_a_stream(void)
{
	struct iovec buffer = { "x\n", 2 };

	kinds_fifo(path, sizeof(path));
	ck_ok(unlink(path));
	if (open_file(&writer, O_CREAT | O_WRONLY) < 0)
		return;
	begin_request(rota_stream_write(
		&writer, &write_request, &buffer, 1, on_file_written));
	drive(ROTA_RUN_DEFAULT);
	if (now.has_given_up || open_file(&reader, O_RDONLY) < 0)
		return;
	read_to_the_end(&reader);
	drive(ROTA_RUN_DEFAULT);
}

static void
remove_file(void)
{
	(void)unlink(path);
}

/* All of them *********************************************************/

static const struct program programs[] = {
	{ "a child on a terminal", a_child_on_a_terminal, 0, bury },
	{ "a child that is killed", a_child_that_is_killed, 0, bury },
	{ "a child that SIGCHLD tells of", a_child_that_sigchld_tells_of, 0,
		bury },
	{ "a child with pipes", a_child_with_pipes, 0, bury },
	{ "a datagram to a name", a_datagram_to_a_name, 0, remove_socket_file },
	{ "a descriptor that is passed", a_descriptor_that_is_passed, 0,
		remove_socket_file },
	{ "a file as a stream", a_file_as_a_stream, 0, remove_file },
	{ "a program that is missing", a_program_that_is_missing, 0, bury },
	{ "a terminal with modes", a_terminal_with_modes, 0, NULL },
	{ "streams that stay the program's", streams_that_stay_the_programs, 0,
		NULL },
};

static void
add_cases(Suite *suite)
{
	faults_run_add(suite, programs, sizeof(programs) / sizeof(programs[0]));
}

HARNESS_MAIN("faults_others", add_cases)
