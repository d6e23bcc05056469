/* SPDX-License-Identifier: MIT */
/*
 * The same story on every backend: each scenario writes down all that it is
 * told, in order and with its numbers, and the logs must be equal. What is
 * told at the same moment of different descriptors has no order, so that a
 * scenario goes step by step.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness.h"
#include "tests/kinds.h"

#define MS ROTA_MILLISECOND
#define MAX_LOG 8192
#define MAX_TURNS 2000

static char told[MAX_LOG];
static size_t n_told;

/* Events, one after the other. */
__attribute__((format(printf, 1, 2))) static void
say(const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(told + n_told, MAX_LOG - n_told, format, arguments);
	va_end(arguments);
	ck_assert_int_ge(n, 0);
	ck_assert_uint_lt(n_told + (size_t)n, MAX_LOG);
	n_told += (size_t)n;
}

static void
say_status(const char *what, int status)
{
	say("%s %s\n", what, status == 0 ? "ok" : rota_error_name(status));
}

/* Runs until something more has been told. */
static void
await(void)
{
	size_t before = n_told;

	for (int i = 0; i < MAX_TURNS && n_told == before; i++)
		ck_assert_int_ge(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_assert_msg(n_told > before, "nothing more is told after\n%s", told);
}

/* Runs until that has been told. */
static void
await_text(const char *text)
{
	while (strstr(told, text) == NULL)
		await();
}

/* Runs some turns in which nothing must be told, or all of it at once. */
static void
settle(void)
{
	for (int i = 0; i < 5; i++)
		ck_assert_int_ge(run_once_checked(ROTA_RUN_NOWAIT), 0);
}

static void
on_closed(struct rota_handle *handle)
{
	say("closed %s\n", (const char *)handle->data);
}

/* Streams *************************************************************/

static struct rota_stream near;
static struct rota_stream far;
static struct rota_read read_request;
static struct rota_write writes[3];
static struct rota_shutdown shutdown_request;
static char memory[64];
static char big[1000000];
static size_t n_flood;

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	if (n > 0)
		say("%s reads %.*s\n", (const char *)stream->handle.data,
			(int)n, (const char *)data);
	else
		say("%s reads %s\n", (const char *)stream->handle.data,
			rota_error_name((int)n));
}

/* How a flood is cut into pieces is the kernel's matter. */
static void
on_flood(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)data;
	if (n < 0)
		on_read(stream, n, NULL);
	else if ((n_flood += (size_t)n) == sizeof(big))
		say("all of the flood\n");
}

static void
on_done(struct rota_read *request, int status)
{
	say("request of %zu bytes: ", rota_read_bytes(request));
	say_status("", status);
}

static void
on_written(struct rota_write *request, int status)
{
	say("write %d ", (int)(request - writes));
	say_status("", status);
}

static void
on_shut(struct rota_shutdown *request, int status)
{
	(void)request;
	say_status("shutdown", status);
}

static void
on_drain(struct rota_stream *stream)
{
	say("drained to %d\n", rota_stream_queued_bytes(stream) <= 1000);
}

static void
write_text(int number, const char *text)
{
	struct iovec buffer = { (void *)(uintptr_t)text, strlen(text) };

	say_status("write returns",
		rota_stream_write(
			&near, &writes[number], &buffer, 1, on_written));
}

/* `near` writes, `far` reads. */
static int
open_pair(const char *kind)
{
	int fds[2];

	if (kind_named(kind)->make(fds) < 0)
		return -1;
	say("-- %s\n", kind);
	ck_ok(rota_stream_open(loop, &far, fds[0], 0));
	ck_ok(rota_stream_open(loop, &near, fds[1], 0));
	near.handle.data = "near";
	far.handle.data = "far";
	return 0;
}

static void
close_pair(void)
{
	say_status("close", rota_handle_close(&near.handle, on_closed));
	settle();
	if (rota_stream_is_reading(&far))
		await();
	say_status("close", rota_handle_close(&far.handle, on_closed));
	await();
}

static void
converse(const char *kind)
{
	if (open_pair(kind) < 0)
		return;
	ck_ok(rota_stream_read_exactly(
		&far, &read_request, memory, 4, on_done));
	write_text(0, "ab");
	settle();
	write_text(1, "cdef");
	settle();
	ck_ok(rota_stream_read_until(
		&far, &read_request, memory, 64, '\n', on_done));
	write_text(2, "g\nhi");
	settle();
	ck_ok(rota_stream_read_start(&far, NULL, on_read));
	settle();
	ck_ok(rota_stream_shutdown(&near, &shutdown_request, on_shut));
	settle();
	write_text(0, "too late");
	close_pair();
}

static void
conversations(void)
{
	converse("tcp");
	converse("unix");
	converse("pipe");
}

static void
write_big(void)
{
	struct iovec buffer = { big, sizeof(big) };
	int r;

	ck_ok(rota_stream_set_marks(&near, 1000, sizeof(big) / 2, on_drain));
	r = rota_stream_write(&near, &writes[0], &buffer, 1, on_written);
	say("full: %d\n", r);
}

/* So that half of the flood does not fit, where it is no pipe. */
static void
narrow(const struct rota_stream *stream)
{
	int bytes = 65536;

	(void)setsockopt(rota_stream_fd(stream), SOL_SOCKET, SO_SNDBUF, &bytes,
		sizeof(bytes));
	(void)setsockopt(rota_stream_fd(stream), SOL_SOCKET, SO_RCVBUF, &bytes,
		sizeof(bytes));
}

static void
floods(void)
{
	static const char *const names[] = { "tcp", "unix", "pipe" };

	for (int i = 0; i < 3; i++) {
		if (open_pair(names[i]) < 0)
			continue;
		n_flood = 0;
		narrow(&near);
		narrow(&far);
		write_big();
		ck_ok(rota_stream_read_start(&far, NULL, on_flood));
		while (n_flood < sizeof(big))
			ck_assert_int_ge(run_once_checked(ROTA_RUN_ONCE), 0);
		settle();
		close_pair();
	}
}

static void
endings(void)
{
	struct linger hard = { 1, 0 };

	ck_ok(open_pair("tcp"));
	ck_ok(rota_stream_read_start(&far, NULL, on_read));
	ck_ok(setsockopt(rota_stream_fd(&near), SOL_SOCKET, SO_LINGER, &hard,
		sizeof(hard)));
	close_pair();

	ck_ok(open_pair("unix"));
	ck_ok(rota_stream_read(&far, &read_request, memory, 9, on_done));
	ck_ok(rota_request_set_deadline(&read_request.request, MS));
	await();
	ck_ok(rota_stream_set_idle_limit(&far, MS));
	ck_ok(rota_stream_read_start(&far, NULL, on_read));
	await();
	ck_ok(rota_stream_read(&far, &read_request, memory, 9, on_done));
	ck_ok(rota_request_cancel(&read_request.request));
	await();
	close_pair();
}

/* Connections *********************************************************/

static struct rota_tcp listener;
static struct rota_tcp server;
static struct rota_tcp client;
static struct rota_connect connect_request;

static void
on_connection(struct rota_stream *of, int status)
{
	say_status("connection", status);
	ck_ok(rota_tcp_init(loop, &server));
	server.stream.handle.data = "server";
	say_status("accept", rota_stream_accept(of, &server.stream));
}

static void
on_connect(struct rota_connect *request, int status)
{
	(void)request;
	say_status("connect", status);
}

static void
connections(void)
{
	struct sockaddr_storage addr;
	struct sockaddr *to = (struct sockaddr *)&addr;

	ck_ok(rota_address_parse("127.0.0.1", 0, &addr));
	ck_ok(rota_tcp_init(loop, &listener));
	ck_ok(rota_tcp_bind(&listener, to, 0));
	ck_ok(rota_stream_listen(&listener.stream, 5, on_connection));
	ck_ok(rota_tcp_local_address(&listener, &addr));
	listener.stream.handle.data = "listener";
	ck_ok(rota_tcp_init(loop, &client));
	client.stream.handle.data = "client";
	ck_ok(rota_tcp_connect(&client, &connect_request, to, on_connect));
	/* Which side is told first is the kernel's matter. */
	await_text("accept");
	await_text("connect ");
	n_told = 0;
	say("connected and accepted\n");
	ck_ok(rota_stream_read_start(&client.stream, NULL, on_read));
	say_status("reset", rota_tcp_reset(&server, on_closed));
	await_text("client reads");
	await_text("closed server");
	say_status(
		"close", rota_handle_close(&listener.stream.handle, on_closed));
	await();
	say_status(
		"close", rota_handle_close(&client.stream.handle, on_closed));
	await();
	/* Nobody listens any more. */
	ck_ok(rota_tcp_init(loop, &client));
	client.stream.handle.data = "client";
	ck_ok(rota_tcp_connect(&client, &connect_request, to, on_connect));
	await();
	say_status(
		"close", rota_handle_close(&client.stream.handle, on_closed));
	await();
}

/* Watchers, signals, children *****************************************/

static struct rota_io io;
static struct rota_signal sig;
static struct rota_process process;
static struct rota_timer timer;

static void
on_io(struct rota_io *of, unsigned ready)
{
	say("ready%s%s%s\n", ready & ROTA_READABLE ? " r" : "",
		ready & ROTA_WRITABLE ? " w" : "",
		ready & ROTA_FAILED ? " failed" : "");
	ck_ok(rota_io_stop(of));
}

static void
watch(int fd, unsigned events)
{
	ck_ok(rota_io_init(loop, &io, fd));
	io.handle.data = "watcher";
	ck_ok(rota_io_start(&io, events, on_io));
	await();
	ck_ok(rota_handle_close(&io.handle, on_closed));
	await();
}

static void
watchers(void)
{
	int fds[2];
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);

	harness_socketpair(fds);
	watch(fds[0], ROTA_WRITABLE);
	harness_put(fds[1], 'x');
	watch(fds[0], ROTA_READABLE);
	watch(fds[0], ROTA_READABLE | ROTA_WRITABLE);
	ck_ok(close(fds[1]));
	watch(fds[0], ROTA_READABLE);
	watch(file, ROTA_READABLE | ROTA_WRITABLE);
	ck_ok(close(fds[0]));
	ck_ok(close(file));
}

static void
on_signal(struct rota_signal *of, const struct rota_signal_event *event)
{
	say("signal %d, %u times, by %s\n", event->signum == SIGUSR1,
		event->count, event->pid == getpid() ? "us" : "others");
	ck_ok(rota_handle_close(&of->handle, on_closed));
}

static void
on_exit_told(struct rota_process *of, const struct rota_process_exit *event)
{
	say("code %d, signal %d, error %d\n", event->code, event->signum,
		event->error);
	ck_ok(rota_handle_close(&of->handle, on_closed));
}

static void
on_timer(struct rota_timer *of)
{
	say("timer\n");
	ck_ok(rota_handle_close(&of->handle, on_closed));
}

static void
run_child(char *script)
{
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;
	char *argv[] = { "/bin/sh", "-c", script, NULL };

	options.argv = argv;
	ck_ok(rota_process_init(loop, &process));
	process.handle.data = "process";
	say_status(
		"spawn", rota_process_spawn(&process, &options, on_exit_told));
	await();
	settle();
}

static void
others(void)
{
	ck_ok(rota_signal_init(loop, &sig));
	sig.handle.data = "signal";
	ck_ok(rota_signal_start(&sig, SIGUSR1, on_signal));
	ck_ok(raise(SIGUSR1));
	await();
	settle();
	run_child("exit 3");
	run_child("kill -9 $$");
	ck_ok(rota_timer_init(loop, &timer));
	timer.handle.data = "timer";
	ck_ok(rota_timer_start(&timer, 2 * MS, 0, on_timer));
	await();
	settle();
}

/* All on each *********************************************************/

static const struct {
	const char *name;
	void (*play)(void);
} scenarios[] = {
	{ "connections", connections },
	{ "conversations", conversations },
	{ "endings", endings },
	{ "floods", floods },
	{ "others", others },
	{ "watchers", watchers },
};

#define N_SCENARIOS ((int)(sizeof(scenarios) / sizeof(scenarios[0])))

START_TEST(every_backend_tells_the_same)
{
	static char first[MAX_LOG];

	for (int i = 0; i < harness_n_backends(); i++) {
		n_told = 0;
		told[0] = '\0';
		harness_open(i);
		scenarios[_i].play();
		close_all();
		close_loop();
		ck_assert_uint_gt(n_told, 0);
		if (i == 0)
			memcpy(first, told, sizeof(first));
		ck_assert_msg(strcmp(first, told) == 0,
			"%s on %s:\n%s\nbut on %s:\n%s", scenarios[_i].name,
			harness_backend_name(0), first, harness_backend_name(i),
			told);
	}
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "scenarios");

	tcase_add_loop_exit_test(
		tc, every_backend_tells_the_same, 0, 0, N_SCENARIOS);
}

HARNESS_MAIN("conformance", add_cases)
