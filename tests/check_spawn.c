/* SPDX-License-Identifier: MIT */
/*
 * How processes begin: what they get and what they must not get, and which
 * step failed where one does not begin. Called with --report, this program is
 * such a child, and tells what it has.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/harness.h"

#ifndef NSIG
#define NSIG 65
#endif

/* Higher ones are those of tools and stand-ins around us. */
#define HIGHEST_REPORTED 100

#define MAX_OUTPUT 8192

static char *program;

static struct rota_process process;
static struct rota_process_options options;
static struct rota_process_stdio stdio[64];
static struct rota_process_exit seen;
static struct rota_stream streams[3];

/* What came out of a stream, whose handle.data it is. */
struct output {
	char text[MAX_OUTPUT];
	size_t len;
};

static struct output out;
static struct output err;

static void
on_exit_seen(struct rota_process *ended, const struct rota_process_exit *event)
{
	seen = *event;
	ck_ok(rota_handle_close(&ended->handle, NULL));
}

static void
on_output(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct output *output = stream->handle.data;

	if (n < 0) {
		ck_err(n, ROTA_EOF);
		ck_ok(rota_handle_close(&stream->handle, NULL));
		return;
	}
	ck_assert_uint_lt(output->len + (size_t)n, MAX_OUTPUT);
	memcpy(output->text + output->len, data, (size_t)n);
	output->len += (size_t)n;
	output->text[output->len] = '\0';
}

/* Begins with blank options, and the output to be read. */
static void
prepare(char *const *argv)
{
	static const struct rota_process_options blank =
		ROTA_PROCESS_OPTIONS_INIT;

	options = blank;
	memset(stdio, 0, sizeof(stdio));
	memset(&out, 0, sizeof(out));
	memset(&err, 0, sizeof(err));
	options.argv = argv;
	options.stdio = stdio;
	options.n_stdio = 3;
	stdio[1].kind = ROTA_STDIO_PIPE_OUT;
	stdio[1].stream = &streams[1];
	stdio[2].kind = ROTA_STDIO_PIPE_OUT;
	stdio[2].stream = &streams[2];
	ck_ok(rota_process_init(loop, &process));
}

static void
prepare_shell(const char *script)
{
	static char *argv[] = { "/bin/sh", "-c", NULL, NULL };

	argv[2] = (char *)script;
	prepare(argv);
}

static void
read_into(struct rota_stream *stream, struct output *output)
{
	stream->handle.data = output;
	ck_ok(rota_stream_read_start(stream, NULL, on_output));
}

static void
run_prepared(void)
{
	char text[300];
	int r = rota_process_spawn(&process, &options, on_exit_seen);

	ck_ok(rota_process_explain(&process, &options, text, sizeof(text)));
	ck_assert_msg(r == 0, "%s", text);
	ck_assert_str_eq(text, "");
	if (options.n_stdio > 1 && stdio[1].stream != NULL)
		read_into(&streams[1], &out);
	if (options.n_stdio > 2 && stdio[2].stream != NULL)
		read_into(&streams[2], &err);
	run_to_the_end();
	ck_assert_int_eq(seen.error, 0);
}

/* What the script prints, which must end well. */
static const char *
output_of(const char *script)
{
	prepare_shell(script);
	run_prepared();
	ck_assert_str_eq(err.text, "");
	ck_assert_int_eq(seen.code, 0);
	return out.text;
}

/* The prepared one must fail so, and leave nothing behind. */
static void
fail_prepared(int error, enum rota_spawn_step step, const char *words)
{
	char text[300];

	ck_err(rota_process_spawn(&process, &options, on_exit_seen), error);
	ck_assert_str_eq(
		rota_spawn_step_name(rota_process_failed_step(&process)),
		rota_spawn_step_name(step));
	ck_ok(rota_process_explain(&process, &options, text, sizeof(text)));
	if (words != NULL)
		ck_assert_str_eq(text, words);
	ck_err(rota_handle_is_active(&process.handle), 0);
	ck_err(rota_process_pid(&process), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	close_all();
}

/* Failures ***********************************************************/

LOOP_TEST(a_missing_program_and_a_missing_directory_are_two_errors)
{
	char *argv[] = { "no-such-program", NULL };

	prepare(argv);
	fail_prepared(-ENOENT, ROTA_SPAWN_EXEC,
		"cannot run \"no-such-program\": no such name");
	prepare_shell("exit 0");
	options.cwd = "/no/such/directory";
	fail_prepared(-ENOENT, ROTA_SPAWN_CWD,
		"cannot enter directory \"/no/such/directory\": no such name");
}

LOOP_TEST(a_program_that_may_not_be_run_is_an_error)
{
	char *argv[] = { "/etc/passwd", NULL };
	char *directory[] = { "/etc", NULL };

	prepare(argv);
	fail_prepared(-EACCES, ROTA_SPAWN_EXEC,
		"cannot run \"/etc/passwd\": permission denied");
	prepare(directory);
	fail_prepared(-EACCES, ROTA_SPAWN_EXEC, NULL);
	directory[0] = "";
	prepare(directory);
	fail_prepared(-ENOENT, ROTA_SPAWN_EXEC, NULL);
}

LOOP_TEST(a_descriptor_that_is_not_open_is_an_error_with_its_number)
{
	prepare_shell("exit 0");
	stdio[2].kind = ROTA_STDIO_FD;
	stdio[2].stream = NULL;
	stdio[2].fd = 90;
	fail_prepared(-EBADF, ROTA_SPAWN_FD,
		"cannot set up descriptor 2: not an open descriptor");
}

LOOP_TEST(a_limit_that_cannot_be_set_is_an_error)
{
	struct rota_process_limit limits[2] = { { RLIMIT_CORE, 0, 0 },
		{ 12345, 1, 1 } };

	prepare_shell("exit 0");
	options.limits = limits;
	options.n_limits = 2;
	fail_prepared(-EINVAL, ROTA_SPAWN_LIMIT,
		"cannot set limit of resource 12345: "
		"invalid argument or state");
}

LOOP_TEST(a_group_that_cannot_be_joined_is_an_error)
{
	prepare_shell("exit 0");
	options.flags = ROTA_PROCESS_PGROUP;
	options.pgroup = 1;
	fail_prepared(-EPERM, ROTA_SPAWN_SESSION, NULL);
}

LOOP_TEST(a_user_that_is_not_ours_is_an_error)
{
	if (geteuid() == 0) {
		(void)harness_skip("a user other than root");
		return;
	}
	prepare_shell("exit 0");
	options.flags = ROTA_PROCESS_UID;
	options.uid = 0;
	fail_prepared(
		-EPERM, ROTA_SPAWN_UID, "cannot become user 0: not permitted");
}

static void
refuse(void)
{
	fail_prepared(-EINVAL, ROTA_SPAWN_OPTIONS,
		"the options are no good: invalid argument or state");
}

static void
refuse_entry(enum rota_stdio_kind kind, int fd, struct rota_stream *stream)
{
	prepare_shell("exit 0");
	stdio[1].kind = kind;
	stdio[1].fd = fd;
	stdio[1].stream = stream;
	refuse();
}

LOOP_TEST(options_that_are_no_good_are_refused)
{
	char *none[] = { NULL };

	prepare(NULL);
	refuse();
	prepare(none);
	refuse();
	prepare_shell("exit 0");
	options.size--;
	refuse();
	prepare_shell("exit 0");
	options.flags = 1u << 30;
	refuse();
	prepare_shell("exit 0");
	options.umask_bits = 01000;
	refuse();
	prepare_shell("exit 0");
	options.stdio = NULL;
	refuse();
	prepare_shell("exit 0");
	options.n_limits = 1;
	refuse();
	prepare_shell("exit 0");
	options.n_groups = 1;
	refuse();
	refuse_entry((enum rota_stdio_kind)77, 0, NULL);
	refuse_entry(ROTA_STDIO_FD, -1, NULL);
	refuse_entry(ROTA_STDIO_SAME, 1, NULL);
	refuse_entry(ROTA_STDIO_SAME, -1, NULL);
	refuse_entry(ROTA_STDIO_NULL, 0, &streams[0]);
}

LOOP_TEST(a_failure_is_forgotten_by_the_next_start)
{
	char *argv[] = { "no-such-program", NULL };
	char text[100];

	prepare(argv);
	ck_err(rota_process_spawn(&process, &options, on_exit_seen), -ENOENT);
	ck_ok(rota_process_explain(&process, NULL, text, sizeof(text)));
	ck_assert_str_eq(text, "cannot run: no such name");
	ck_ok(rota_process_explain(&process, &options, text, 7));
	ck_assert_str_eq(text, "cannot");
	ck_err(rota_process_explain(&process, NULL, text, 0), -EINVAL);
	ck_err(rota_process_explain(NULL, NULL, text, 9), -EINVAL);
	argv[0] = "true";
	run_prepared();
	ck_err(rota_process_failed_step(&process), ROTA_SPAWN_DONE);
	ck_err(rota_process_failed_step(NULL), ROTA_SPAWN_DONE);
	ck_assert_str_eq(
		rota_spawn_step_name((enum rota_spawn_step)99), "unknown");
}

/* The program and its surroundings ***********************************/

/* Makes an executable file of that content. */
static void
make_file(const char *name, const char *content, unsigned mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
		(int)write(fd, content, strlen(content)), (int)strlen(content));
	ck_ok(fchmod(fd, (mode_t)mode));
	ck_ok(close(fd));
}

/* Makes a folder with three others in it, of which two have a program. */
static void
make_folders(char *ret_name)
{
	strcpy(ret_name, "/tmp/rota-spawn.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(ret_name));
	ck_ok(chdir(ret_name));
	ck_ok(mkdir("a", 0700));
	ck_ok(mkdir("b", 0700));
	ck_ok(mkdir("c", 0700));
	make_file("a/tool", "#!/bin/sh\necho a\n", 0600);
	make_file("b/tool", "#!/bin/sh\necho b\n", 0700);
	make_file("c/tool", "neither a script nor a binary\n", 0700);
}

static void
remove_folders(const char *name)
{
	ck_ok(unlink("a/tool"));
	ck_ok(unlink("b/tool"));
	ck_ok(unlink("c/tool"));
	ck_ok(rmdir("a"));
	ck_ok(rmdir("b"));
	ck_ok(rmdir("c"));
	ck_ok(chdir("/"));
	ck_ok(rmdir(name));
}

static void
run_tool(const char *path, const char *expected)
{
	static char *argv[] = { "tool", NULL };

	prepare(argv);
	options.path = path;
	run_prepared();
	ck_assert_str_eq(out.text, expected);
}

LOOP_TEST(a_program_is_looked_for_in_the_folders_given)
{
	char *argv[] = { "tool", NULL };
	char folder[40];

	make_folders(folder);
	run_tool("b", "b\n");
	run_tool("/nowhere:a/tool:a:b:c", "b\n");
	prepare(argv);
	options.path = "a:/nowhere";
	fail_prepared(-EACCES, ROTA_SPAWN_EXEC, NULL);
	prepare(argv);
	options.path = "/nowhere";
	fail_prepared(-ENOENT, ROTA_SPAWN_EXEC, NULL);
	prepare(argv);
	options.path = "c:b";
	fail_prepared(-ENOEXEC, ROTA_SPAWN_EXEC,
		"cannot run \"tool\": not executable");
	remove_folders(folder);
}

LOOP_TEST(without_folders_the_path_of_the_childs_environment_counts)
{
	char *argv[] = { "tool", NULL };
	char *env[] = { "PAT=/x", "PATH=b", NULL };
	char *no_path[] = { NULL };
	char folder[40];

	make_folders(folder);
	prepare(argv);
	options.env = env;
	run_prepared();
	ck_assert_str_eq(out.text, "b\n");
	prepare(argv);
	options.env = no_path;
	fail_prepared(-ENOENT, ROTA_SPAWN_EXEC, NULL);
	prepare(argv);
	argv[0] = "sh";
	options.env = no_path;
	run_prepared();
	remove_folders(folder);
}

LOOP_TEST(a_path_of_a_program_is_seen_from_its_directory)
{
	char *argv[] = { "another name", NULL };
	char folder[40];

	make_folders(folder);
	prepare(argv);
	options.file = "./tool";
	options.cwd = "b";
	run_prepared();
	ck_assert_str_eq(out.text, "b\n");
	prepare(argv);
	options.file = "b/tool";
	options.cwd = "b";
	fail_prepared(-ENOENT, ROTA_SPAWN_EXEC,
		"cannot run \"b/tool\": no such name");
	remove_folders(folder);
}

LOOP_TEST(arguments_and_environment_arrive_as_they_are)
{
	char *argv[] = { "sh", "-c", "echo \"$0|$1|$2|$A|$B|$HOME\"", "zero",
		"", "two words", NULL };
	char *env[] = { "A=b", "B=c d", NULL };

	prepare(argv);
	options.env = env;
	run_prepared();
	ck_assert_str_eq(out.text, "zero||two words|b|c d|\n");
}

LOOP_TEST(without_an_environment_it_has_ours)
{
	ck_ok(setenv("ROTA_TEST_SPAWN", "inherited", 1));
	ck_assert_str_eq(output_of("echo $ROTA_TEST_SPAWN"), "inherited\n");
}

LOOP_TEST(directory_umask_and_limits_are_set)
{
	struct rota_process_limit limits[2] = { { RLIMIT_CPU, 50, 60 },
		{ RLIMIT_CORE, 0, 0 } };

	prepare_shell("pwd; umask; ulimit -S -t; ulimit -H -t; ulimit -c");
	options.cwd = "/";
	options.flags = ROTA_PROCESS_UMASK;
	options.umask_bits = 027;
	options.limits = limits;
	options.n_limits = 2;
	run_prepared();
	ck_assert_str_eq(out.text, "/\n0027\n50\n60\n0\n");
	/* Ours are as before. */
	ck_assert_str_ne(output_of("umask"), "0027\n");
}

LOOP_TEST(user_and_groups_are_set_and_roots_groups_dropped)
{
	gid_t groups[2] = { 12, 34 };

	if (geteuid() != 0) {
		(void)harness_skip("root");
		return;
	}
	prepare_shell("id -u; id -g; id -G");
	options.flags = ROTA_PROCESS_UID | ROTA_PROCESS_GID;
	options.uid = 65534;
	options.gid = 65533;
	run_prepared();
	ck_assert_str_eq(out.text, "65534\n65533\n65533\n");
	prepare_shell("id -u; id -g; id -G");
	options.flags |= ROTA_PROCESS_UID | ROTA_PROCESS_GID |
		ROTA_PROCESS_GROUPS;
	options.uid = 65534;
	options.gid = 65533;
	options.groups = groups;
	options.n_groups = 2;
	run_prepared();
	ck_assert_str_eq(out.text, "65534\n65533\n65533 12 34\n");
	/* We are still who we were. */
	ck_assert_int_eq((int)geteuid(), 0);
	ck_assert_str_eq(output_of("id -u"), "0\n");
}

/* Descriptors ********************************************************/

LOOP_TEST(descriptors_not_given_are_dev_null)
{
	prepare_shell("cat; echo x; echo y >&2; exit 6");
	options.n_stdio = 0;
	options.stdio = NULL;
	run_prepared();
	ck_assert_int_eq(seen.code, 6);
}

LOOP_TEST(output_and_errors_come_apart)
{
	prepare_shell("echo out; echo err >&2");
	run_prepared();
	ck_assert_str_eq(out.text, "out\n");
	ck_assert_str_eq(err.text, "err\n");
}

static void
on_written(struct rota_write *request, int status)
{
	ck_ok(status);
	ck_ok(rota_handle_close(request->request.data, NULL));
}

/* Runs `cat` through a stream of that kind as its input. */
static void
run_cat(enum rota_stdio_kind kind)
{
	static char bytes[] = "through the child";
	struct iovec buffer = { bytes, sizeof(bytes) - 1 };
	struct rota_write request;
	char *argv[] = { "cat", NULL };

	prepare(argv);
	stdio[0].kind = kind;
	stdio[0].stream = &streams[0];
	ck_ok(rota_process_spawn(&process, &options, on_exit_seen));
	ck_assert_int_eq(stdio[0].fd, -1);
	request.request.data = &streams[0];
	ck_ok(rota_stream_write(&streams[0], &request, &buffer, 1, on_written));
	read_into(&streams[1], &out);
	read_into(&streams[2], &err);
	run_to_the_end();
	ck_assert_str_eq(out.text, bytes);
}

LOOP_TEST(what_is_written_to_a_pipe_or_socket_is_its_input)
{
	run_cat(ROTA_STDIO_PIPE_IN);
	run_cat(ROTA_STDIO_SOCKET);
}

LOOP_TEST(a_socket_goes_both_ways)
{
	char *argv[] = { "cat", NULL };

	prepare(argv);
	stdio[0].kind = ROTA_STDIO_SOCKET;
	stdio[1].kind = ROTA_STDIO_SAME;
	stdio[1].fd = 0;
	stdio[1].stream = NULL;
	ck_ok(rota_process_spawn(&process, &options, on_exit_seen));
	ck_assert_int_eq((int)write(stdio[0].fd, "ping", 4), 4);
	ck_ok(shutdown(stdio[0].fd, SHUT_WR));
	ck_ok(rota_stream_open(loop, &streams[1], stdio[0].fd, 0));
	read_into(&streams[1], &out);
	read_into(&streams[2], &err);
	run_to_the_end();
	ck_assert_str_eq(out.text, "ping");
}

LOOP_TEST(a_descriptor_given_back_does_not_block_and_is_not_inherited)
{
	prepare_shell("cat");
	stdio[0].kind = ROTA_STDIO_PIPE_IN;
	stdio[1].stream = NULL;
	ck_ok(rota_process_spawn(&process, &options, on_exit_seen));
	for (int i = 0; i < 2; i++) {
		ck_err(fcntl(stdio[i].fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
		ck_err(fcntl(stdio[i].fd, F_GETFD), FD_CLOEXEC);
		ck_ok(close(stdio[i].fd));
	}
	ck_assert_int_eq(stdio[2].fd, -1);
	read_into(&streams[2], &err);
	run_to_the_end();
}

LOOP_TEST(the_childs_ends_do_block)
{
	prepare_shell("sleep 0.1; read line; echo \"got $line\"");
	stdio[0].kind = ROTA_STDIO_PIPE_IN;
	ck_ok(rota_process_spawn(&process, &options, on_exit_seen));
	read_into(&streams[1], &out);
	read_into(&streams[2], &err);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_ok(usleep(20000));
	ck_assert_int_eq((int)write(stdio[0].fd, "it\n", 3), 3);
	ck_ok(close(stdio[0].fd));
	run_to_the_end();
	ck_assert_str_eq(out.text, "got it\n");
	ck_assert_str_eq(err.text, "");
}

/* Descriptor 60 + i of ours is 60 + i + 1 of the child, all in a circle. */
LOOP_TEST(descriptors_may_change_places)
{
	int fds[3][2];
	char byte;

	prepare_shell("for fd in 3 4 5; do eval \"printf $fd >&$fd\"; done");
	options.n_stdio = 64;
	for (int i = 0; i < 3; i++) {
		harness_pipe(fds[i]);
		ck_assert_int_ge(dup2(fds[i][1], 60 + i), 0);
		stdio[60 + (i + 1) % 3].kind = ROTA_STDIO_FD;
		stdio[60 + (i + 1) % 3].fd = 60 + i;
		stdio[3 + i].kind = ROTA_STDIO_FD;
		stdio[3 + i].fd = 60 + i;
	}
	run_prepared();
	ck_assert_str_eq(err.text, "");
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq((int)read(fds[i][0], &byte, 1), 1);
		ck_assert_int_eq(byte, '3' + i);
		harness_close_pair(fds[i]);
		ck_ok(close(60 + i));
	}
}

LOOP_TEST(entries_can_be_the_same)
{
	prepare_shell("echo out; echo err >&2; echo third >&3");
	options.n_stdio = 4;
	stdio[2].kind = ROTA_STDIO_SAME;
	stdio[2].fd = 1;
	stdio[2].stream = NULL;
	stdio[3].kind = ROTA_STDIO_SAME;
	stdio[3].fd = 2;
	run_prepared();
	ck_assert_str_eq(out.text, "out\nerr\nthird\n");
}

LOOP_TEST(a_descriptor_can_be_inherited)
{
	int pair[2];
	char bytes[10] = "";
	int kept = dup(2);

	harness_pipe(pair);
	ck_assert_int_ge(dup2(pair[1], 2), 0);
	prepare_shell("printf inherit >&2");
	stdio[2].kind = ROTA_STDIO_INHERIT;
	stdio[2].stream = NULL;
	run_prepared();
	ck_assert_int_ge(dup2(kept, 2), 0);
	ck_ok(close(kept));
	ck_assert_int_eq((int)read(pair[0], bytes, 9), 7);
	ck_assert_str_eq(bytes, "inherit");
	harness_close_pair(pair);
}

#define N_MANY 40

LOOP_TEST(there_may_be_many_descriptors)
{
	char byte;

	prepare_shell(
		"for fd in 5 6 7 8 9; do eval \"printf $fd >&$fd\"; done");
	options.n_stdio = N_MANY;
	for (int i = 3; i < N_MANY; i++)
		stdio[i].kind = ROTA_STDIO_PIPE_OUT;
	run_prepared();
	for (int i = 3; i < N_MANY; i++) {
		int has_byte = i >= 5 && i <= 9;

		ck_err(read(stdio[i].fd, &byte, 1), has_byte);
		if (has_byte)
			ck_assert_int_eq(byte, '0' + i);
		ck_ok(close(stdio[i].fd));
	}
}

/* Terminals **********************************************************/

LOOP_TEST(a_terminal_is_one_for_the_child)
{
	prepare_shell("test -t 0 && test -t 1 && echo yes");
	stdio[0].kind = ROTA_STDIO_PTY;
	stdio[0].stream = &streams[1];
	stdio[1].kind = ROTA_STDIO_SAME;
	stdio[1].stream = NULL;
	ck_ok(rota_process_spawn(&process, &options, on_exit_seen));
	read_into(&streams[1], &out);
	read_into(&streams[2], &err);
	run_to_the_end();
	ck_assert_str_eq(out.text, "yes\r\n");
	ck_assert_str_eq(err.text, "");
}

LOOP_TEST(a_session_with_a_terminal_has_it_as_its_own)
{
	prepare_shell("echo mine >/dev/tty");
	options.flags = ROTA_PROCESS_SESSION;
	stdio[0].kind = ROTA_STDIO_PTY;
	stdio[0].stream = &streams[0];
	ck_ok(rota_process_spawn(&process, &options, on_exit_seen));
	read_into(&streams[0], &out);
	streams[1].handle.data = &err;
	ck_ok(rota_stream_read_start(&streams[1], NULL, on_output));
	read_into(&streams[2], &err);
	run_to_the_end();
	ck_assert_str_eq(err.text, "");
	ck_assert_str_eq(out.text, "mine\r\n");
}

/* Clean beginnings ***************************************************/

static void
report_fds(void)
{
	printf("fds");
	for (int fd = 0; fd < HIGHEST_REPORTED; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			printf(" %d", fd);
	printf("\n");
}

static void
report_signals(void)
{
	struct sigaction action;
	sigset_t blocked;

	(void)sigemptyset(&blocked);
	(void)sigprocmask(SIG_BLOCK, NULL, &blocked);
	printf("signals");
	for (int i = 1; i < NSIG; i++) {
		if (sigismember(&blocked, i) == 1)
			printf(" blocked %d", i);
		if (sigaction(i, NULL, &action) == 0 &&
			action.sa_handler == SIG_IGN)
			printf(" ignored %d", i);
	}
	printf("\n");
}

static int
report(void)
{
	report_fds();
	report_signals();
	printf("group %s session %s\n", getpgrp() == getpid() ? "own" : "not",
		getsid(0) == getpid() ? "own" : "not");
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Returns 0 where a child of ours cannot be this program (emulated). */
static int
can_report(void)
{
	static char *argv[] = { NULL, "--report", NULL };

	argv[0] = program;
	prepare(argv);
	if (rota_process_spawn(&process, &options, on_exit_seen) < 0) {
		close_all();
		return harness_skip("a program that can start itself");
	}
	read_into(&streams[1], &out);
	read_into(&streams[2], &err);
	run_to_the_end();
	prepare(argv);
	return 1;
}

static void
handle_signal(int signum)
{
	(void)signum;
}

/* Blocks, ignores and catches what can be, and opens without care. */
static void
be_hostile(void)
{
	sigset_t all;

	for (int fd = 3; fd < HIGHEST_REPORTED; fd++)
		if (fcntl(fd, F_GETFD) == -1 && fd % 10 == 7)
			ck_assert_int_ge(dup2(0, fd), 0);
	for (int i = 1; i < NSIG; i++)
		if (i != SIGCHLD && i != SIGALRM && i != SIGABRT)
			(void)signal(i, i % 3 == 0 ? handle_signal : SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Where no descriptor tells of an end, this one has to. */
	(void)sigfillset(&all);
	(void)sigdelset(&all, SIGCHLD);
	ck_ok(sigprocmask(SIG_SETMASK, &all, NULL));
}

static void
be_peaceful(void)
{
	sigset_t none;

	for (int fd = 3; fd < HIGHEST_REPORTED; fd++)
		if (fd % 10 == 7 && fcntl(fd, F_GETFD) == 0)
			ck_ok(close(fd));
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	(void)sigemptyset(&none);
	ck_ok(sigprocmask(SIG_SETMASK, &none, NULL));
}

LOOP_TEST(hostile_inheritance_starts_clean)
{
	if (!can_report())
		return;
	be_hostile();
	run_prepared();
	be_peaceful();
	ck_assert_str_eq(err.text, "");
	ck_assert_str_eq(
		out.text, "fds 0 1 2\nsignals\ngroup not session not\n");
}

/* A child that cannot see /proc asks signal by signal. */
LOOP_TEST(what_is_kept_is_what_was_asked_for)
{
	sigset_t set;

	if (!can_report())
		return;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	ck_ok(sigprocmask(SIG_BLOCK, &set, NULL));
	(void)signal(SIGUSR2, SIG_IGN);
	(void)signal(SIGHUP, handle_signal);
	ck_assert_int_ge(dup2(0, 77), 0);
	options.flags = ROTA_PROCESS_KEEP_FDS | ROTA_PROCESS_KEEP_SIGNALS;
	run_prepared();
	ck_ok(close(77));
	ck_assert_ptr_nonnull(strstr(out.text, " 77\n"));
	if (SIGUSR1 < SIGUSR2)
		ck_assert_ptr_nonnull(strstr(out.text, "signals blocked "));
	ck_assert_ptr_nonnull(strstr(out.text, " ignored "));
	ck_assert_ptr_null(strstr(out.text, "ignored 1 "));
	be_peaceful();
}

LOOP_TEST(a_process_leads_its_group_or_session_if_asked)
{
	if (!can_report())
		return;
	options.flags = ROTA_PROCESS_PGROUP;
	run_prepared();
	ck_assert_ptr_nonnull(strstr(out.text, "group own session not\n"));
	ck_assert(can_report());
	options.flags = ROTA_PROCESS_SESSION;
	run_prepared();
	ck_assert_ptr_nonnull(strstr(out.text, "group own session own\n"));
}

/* The n-th call fails ************************************************/

static unsigned n_calls;
static unsigned fail_at;

static int
fails(void)
{
	return ++n_calls == fail_at;
}

static int
failing_pipe(int ret_fds[2])
{
	return fails() ? -EMFILE : rota__sys_real.pipe(ret_fds);
}

static int
failing_socketpair(int ret_fds[2])
{
	return fails() ? -EMFILE : rota__sys_real.socketpair(ret_fds);
}

static int
failing_pty_open(int ret_fds[2])
{
	return fails() ? -ENXIO : rota__sys_real.pty_open(ret_fds);
}

static int
failing_set_flags(int fd, int flags)
{
	return fails() ? -EBADF : rota__sys_real.set_flags(fd, flags);
}

static int
failing_prepare_fd(int fd)
{
	return fails() ? -EBADF : rota__sys_real.prepare_fd(fd);
}

static pid_t
failing_spawn(struct rota__spawn *spawn)
{
	return fails() ? -EAGAIN : rota__sys_real.spawn(spawn);
}

static int
failing_exit_open(pid_t pid)
{
	return fails() ? -EMFILE : rota__sys_real.exit_open(pid);
}

/* So that the second way is tried, and fails too. */
static int
absent_exit_open(pid_t pid)
{
	(void)pid;
	return -ENOSYS;
}

static int
failing_sigaction(
	int signum, const struct sigaction *action, struct sigaction *ret_old)
{
	if (action != NULL && fails())
		return -EINVAL;
	return rota__sys_real.sigaction(signum, action, ret_old);
}

/* Too early, which only a descriptor may be. */
static pid_t
early_wait(pid_t pid, int *ret_status, int flags, struct rusage *ret_usage)
{
	if (flags == WNOHANG && fails())
		return 0;
	return rota__sys_real.wait(pid, ret_status, flags, ret_usage);
}

static void *
failing_realloc(void *memory, size_t size_bytes)
{
	if (size_bytes > 0 && fails())
		return NULL;
	return harness_realloc(NULL, memory, size_bytes);
}

static const struct rota_sys *
failing_sys(int has_exit_fds)
{
	static struct rota_sys sys;

	sys = rota__sys_real;
	sys.realloc = failing_realloc;
	sys.pipe = failing_pipe;
	sys.socketpair = failing_socketpair;
	sys.pty_open = failing_pty_open;
	sys.set_flags = failing_set_flags;
	sys.prepare_fd = failing_prepare_fd;
	sys.spawn = failing_spawn;
	sys.exit_open = absent_exit_open;
	sys.sigaction = failing_sigaction;
	if (has_exit_fds) {
		sys.exit_open = failing_exit_open;
		sys.wait = early_wait;
	}
	return &sys;
}

static struct rota_stream four[4];

static void
prepare_all_kinds(void)
{
	prepare_shell("echo out; echo err >&2; exit 5");
	options.n_stdio = 4;
	options.flags = ROTA_PROCESS_SESSION;
	stdio[0].kind = ROTA_STDIO_PIPE_IN;
	stdio[1].kind = ROTA_STDIO_PIPE_OUT;
	stdio[2].kind = ROTA_STDIO_SOCKET;
	stdio[3].kind = ROTA_STDIO_PTY;
	for (int i = 0; i < 4; i++)
		stdio[i].stream = &four[i];
}

/* Returns 1 if it was started; otherwise nothing may have happened. */
static int
try_all_kinds(void)
{
	int r;

	prepare_all_kinds();
	r = rota_process_spawn(&process, &options, on_exit_seen);
	if (r < 0) {
		ck_assert_int_ne((int)rota_process_failed_step(&process), 0);
		ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
		close_all();
		return 0;
	}
	/* A run in which the kernel refused something ends with that error. */
	while (rota_handle_is_active(&process.handle)) {
		(void)rota_loop_run(loop, ROTA_RUN_ONCE);
		ck_ok(rota__loop_check(loop));
	}
	ck_assert_int_eq(seen.code, 5);
	close_all();
	return 1;
}

/* Fails each call in turn; at the end none does any more. */
static void
fail_each_call(int backend, int has_exit_fds)
{
	struct rota_loop_options loop_options = ROTA_LOOP_OPTIONS_INIT;
	unsigned n_failed = 0;

	loop_options.backend = harness_backend_name(backend);
	loop_options.sys = failing_sys(has_exit_fds);
	for (unsigned n = 1;; n++) {
		fail_at = 0;
		ck_ok(rota_loop_create(&loop_options, &loop));
		n_calls = 0;
		fail_at = n;
		n_failed += !try_all_kinds();
		fail_at = 0;
		close_loop();
		if (n_calls < n)
			break;
		ck_assert_uint_lt(n, 200);
	}
	ck_assert_uint_gt(n_failed, 10);
}

START_TEST(each_call_may_fail_and_nothing_is_left)
{
	int fd = rota__sys_real.exit_open(getpid());

	if (fd >= 0)
		ck_ok(close(fd));
	fail_each_call(_i / 2, _i % 2 && fd >= 0);
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "failures");

	tcase_add_loop_test(
		tc, a_missing_program_and_a_missing_directory_are_two_errors);
	tcase_add_loop_test(tc, a_program_that_may_not_be_run_is_an_error);
	tcase_add_loop_test(
		tc, a_descriptor_that_is_not_open_is_an_error_with_its_number);
	tcase_add_loop_test(tc, a_limit_that_cannot_be_set_is_an_error);
	tcase_add_loop_test(tc, a_group_that_cannot_be_joined_is_an_error);
	tcase_add_loop_test(tc, a_user_that_is_not_ours_is_an_error);
	tcase_add_loop_test(tc, options_that_are_no_good_are_refused);
	tcase_add_loop_test(tc, a_failure_is_forgotten_by_the_next_start);
	tcase_add_loop_exit_test(tc, each_call_may_fail_and_nothing_is_left, 0,
		0, 2 * harness_n_backends());

	tc = harness_case(suite, "surroundings");
	tcase_add_loop_test(tc, a_program_is_looked_for_in_the_folders_given);
	tcase_add_loop_test(
		tc, without_folders_the_path_of_the_childs_environment_counts);
	tcase_add_loop_test(tc, a_path_of_a_program_is_seen_from_its_directory);
	tcase_add_loop_test(tc, arguments_and_environment_arrive_as_they_are);
	tcase_add_loop_test(tc, without_an_environment_it_has_ours);
	tcase_add_loop_test(tc, directory_umask_and_limits_are_set);
	tcase_add_loop_test(
		tc, user_and_groups_are_set_and_roots_groups_dropped);

	tc = harness_case(suite, "descriptors");
	tcase_add_loop_test(tc, descriptors_not_given_are_dev_null);
	tcase_add_loop_test(tc, output_and_errors_come_apart);
	tcase_add_loop_test(
		tc, what_is_written_to_a_pipe_or_socket_is_its_input);
	tcase_add_loop_test(tc, a_socket_goes_both_ways);
	tcase_add_loop_test(tc,
		a_descriptor_given_back_does_not_block_and_is_not_inherited);
	tcase_add_loop_test(tc, the_childs_ends_do_block);
	tcase_add_loop_test(tc, descriptors_may_change_places);
	tcase_add_loop_test(tc, entries_can_be_the_same);
	tcase_add_loop_test(tc, a_descriptor_can_be_inherited);
	tcase_add_loop_test(tc, there_may_be_many_descriptors);
	tcase_add_loop_test(tc, a_terminal_is_one_for_the_child);
	tcase_add_loop_test(tc, a_session_with_a_terminal_has_it_as_its_own);

	tc = harness_case(suite, "clean beginnings");
	tcase_add_loop_test(tc, hostile_inheritance_starts_clean);
	tcase_add_loop_test(tc, what_is_kept_is_what_was_asked_for);
	tcase_add_loop_test(tc, a_process_leads_its_group_or_session_if_asked);
}

int
main(int argc, char **argv)
{
	int r;

	if (argc > 1 && strcmp(argv[1], "--report") == 0)
		return report();
	program = realpath(argv[0], NULL);
	r = harness_main("spawn", add_cases);
	free(program);
	return r;
}
