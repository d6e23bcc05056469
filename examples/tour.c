/* SPDX-License-Identifier: MIT */
/*
 * A tour of rota: one turn of the loop as it happens, then an echo server
 * under load, on every backend of this machine, and a table to compare.
 *
 *	./tour
 *	./tour --backend poll --connections 500
 *
 * The first half, "One turn", is the part to read: each callback prints one
 * line. The second half starts the programs echo_server and echo_client,
 * which lie beside this one, and reads what they print, with the loop's own
 * means: pipes watched by rota_io, a timer against hanging, signals.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rota.h>

static const char usage[] =
	"usage: tour [OPTIONS]\n"
	"Shows a turn of the loop, and an echo server under load, on every\n"
	"backend that works here.\n"
	"  --backend NAME     only this one\n"
	"  --connections N    of the load client (200)\n"
	"  --no-count         do not count system calls with strace\n"
	"  --programs FOLDER  echo_server and echo_client are there (beside tour)\n"
	"  --seconds S        of load on each backend (3)\n"
	"  --help             this text\n";

static const char introduction[] =
	"The same program on every kernel backend that works here. For each one:\n"
	"the phases of one turn of the loop, a line per callback; then an echo\n"
	"server under load, every byte compared. A table at the end puts the\n"
	"backends side by side.\n";

/* One turn. */

struct scene {
	struct rota_loop *loop;
	struct rota_timer timer;
	struct rota_hook idle;
	struct rota_hook prepare;
	struct rota_hook check;
	struct rota_immediate immediate;
	struct rota_io reader;
	int pipe[2];
	/* A port that is taken and refuses connections, and who tries it. */
	struct rota_tcp refuser;
	struct rota_tcp tcp;
	struct rota_connect connect;
};

static void
say(const char *phase, const char *what)
{
	printf("  %-10s %s\n", phase, what);
	fflush(stdout);
}

static void
on_tick(struct rota_loop *loop, void *data)
{
	(void)loop;
	say("  tick", data);
}

static void
on_microtask(struct rota_loop *loop, void *data)
{
	(void)loop;
	say("  microtask", data);
}

static void
on_timer(struct rota_timer *timer)
{
	struct scene *scene = timer->handle.data;

	say("timers", "a timer is due; it queues a microtask and a tick");
	(void)rota_microtask(scene->loop, on_microtask, "then microtasks");
	(void)rota_tick(scene->loop, on_tick, "ticks run after each callback");
	(void)rota_handle_close(&timer->handle, NULL);
}

static void
on_connect(struct rota_connect *connect, int status)
{
	struct scene *scene = connect->request.data;
	char text[100];

	snprintf(text, sizeof(text),
		"a connect ends: %s; told now, not inside the call",
		rota_error_text(status));
	say("pending", text);
	(void)rota_handle_close(&scene->tcp.stream.handle, NULL);
	(void)rota_handle_close(&scene->refuser.stream.handle, NULL);
}

static void
on_idle(struct rota_hook *hook)
{
	say("idle", "a hook; while one is active, poll does not wait");
	(void)rota_handle_close(&hook->handle, NULL);
}

static void
on_prepare(struct rota_hook *hook)
{
	struct scene *scene = hook->handle.data;

	if (write(scene->pipe[1], "x", 1) == 1)
		say("prepare",
			"a hook, the last before poll; writes to a pipe");
	(void)rota_handle_close(&hook->handle, NULL);
}

static void
on_immediate(struct rota_immediate *immediate)
{
	(void)immediate;
	say("check", "the immediate");
}

static void
on_reader_closed(struct rota_handle *handle)
{
	struct scene *scene = handle->data;

	say("close", "the pipe's watcher is closed, its memory ours again");
	close(scene->pipe[0]);
	close(scene->pipe[1]);
}

static void
on_readable(struct rota_io *io, unsigned ready)
{
	struct scene *scene = io->handle.data;
	char c;

	if (!(ready & ROTA_READABLE) || read(scene->pipe[0], &c, 1) != 1)
		return;
	say("poll", "the pipe is readable; queues an immediate, closes itself");
	(void)rota_immediate_start(&scene->immediate, on_immediate);
	(void)rota_handle_close(&io->handle, on_reader_closed);
}

static void
on_check(struct rota_hook *hook)
{
	say("check", "a hook, the first after poll");
	(void)rota_handle_close(&hook->handle, NULL);
}

static void
on_before_exit(struct rota_loop *loop, void *data)
{
	(void)loop;
	(void)data;
	say("(end)", "before-exit: nothing holds the loop any more");
}

/* Starts a connect that is refused; many systems say so at once. */
static int
try_connect(struct scene *scene)
{
	struct sockaddr_storage addr;
	int r;

	r = rota_address_parse("127.0.0.1", 0, &addr);
	if (r == 0)
		r = rota_tcp_bind(
			&scene->refuser, (const struct sockaddr *)&addr, 0);
	if (r == 0)
		r = rota_tcp_local_address(&scene->refuser, &addr);
	if (r == 0)
		r = rota_tcp_connect(&scene->tcp, &scene->connect,
			(const struct sockaddr *)&addr, on_connect);
	return r;
}

static int
init_scene(struct scene *scene)
{
	struct rota_loop *loop = scene->loop;
	int r;

	if ((r = rota_timer_init(loop, &scene->timer)) < 0 ||
		(r = rota_tcp_init(loop, &scene->refuser)) < 0 ||
		(r = rota_tcp_init(loop, &scene->tcp)) < 0 ||
		(r = rota_idle_init(loop, &scene->idle)) < 0 ||
		(r = rota_prepare_init(loop, &scene->prepare)) < 0 ||
		(r = rota_check_init(loop, &scene->check)) < 0 ||
		(r = rota_immediate_init(loop, &scene->immediate)) < 0 ||
		(r = rota_io_init(loop, &scene->reader, scene->pipe[0])) < 0)
		return r;

	scene->timer.handle.data = scene;
	scene->connect.request.data = scene;
	scene->prepare.handle.data = scene;
	scene->reader.handle.data = scene;
	return 0;
}

static int
start_scene(struct scene *scene)
{
	int r;

	if ((r = rota_tick(scene->loop, on_tick,
		     "queued before the run, called first")) < 0 ||
		(r = rota_microtask(
			 scene->loop, on_microtask, "behind all ticks")) < 0 ||
		(r = rota_timer_start(&scene->timer, 0, 0, on_timer)) < 0 ||
		(r = try_connect(scene)) < 0 ||
		(r = rota_hook_start(&scene->idle, on_idle)) < 0 ||
		(r = rota_hook_start(&scene->prepare, on_prepare)) < 0 ||
		(r = rota_io_start(
			 &scene->reader, ROTA_READABLE, on_readable)) < 0 ||
		(r = rota_hook_start(&scene->check, on_check)) < 0)
		return r;
	return 0;
}

static void
close_one(struct rota_handle *handle, void *data)
{
	(void)data;
	if (!rota_handle_is_closing(handle))
		(void)rota_handle_close(handle, NULL);
}

static int
show_turn(struct rota_loop *loop)
{
	struct scene scene = { .loop = loop };
	int r;

	if (pipe(scene.pipe) < 0)
		return -errno;
	r = init_scene(&scene);
	if (r == 0)
		r = start_scene(&scene);
	if (r == 0) {
		say("(begin)", "rota_loop_run()");
		(void)rota_loop_on_before_exit(loop, on_before_exit, NULL);
		r = rota_loop_run(loop, ROTA_RUN_DEFAULT);
		(void)rota_loop_on_before_exit(loop, NULL, NULL);
	}
	if (r < 0) {
		(void)rota_loop_walk(loop, close_one, NULL);
		(void)rota_loop_run(loop, ROTA_RUN_DEFAULT);
	}
	return r;
}

/* Programs that we start, and what they print. */

struct child {
	pid_t pid;
	struct rota_io out;
	int fd;
	/* All that it has printed, as long as there is room. */
	char text[8192];
	size_t size;
	/* It has closed its output, so it has ended or is about to. */
	int is_over;
};

struct tour {
	struct rota_loop *loop;
	struct rota_signal signals[2];
	struct rota_timer watchdog;
	/* A signal or the watchdog wants us to end. */
	int is_interrupted;
	const char *folder;
	unsigned long connections;
	double seconds;
	int can_count;
};

struct result {
	char backend[16];
	int is_right;
	double messages_per_second;
	double median_us;
	double p99_us;
	double loop_mean_us;
	double loop_p99_us;
	/* Negative where it could not be counted. */
	double calls_per_message;
	char calls[200];
};

static void
on_child_text(struct rota_io *io, unsigned ready)
{
	struct child *child = io->handle.data;
	size_t room = sizeof(child->text) - 1 - child->size;
	char rest[512];
	ssize_t n;

	(void)ready;
	if (room > 0)
		n = read(child->fd, child->text + child->size, room);
	else
		n = read(child->fd, rest, sizeof(rest));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		child->is_over = 1;
		(void)rota_io_stop(io);
	} else if (room > 0) {
		child->size += (size_t)n;
		child->text[child->size] = 0;
	}
}

/* In the new process: becomes the program, or ends with 127. */
static void
become(char *const argv[], const int out[2])
{
	dup2(out[1], STDOUT_FILENO);
	dup2(out[1], STDERR_FILENO);
	close(out[0]);
	close(out[1]);
	execvp(argv[0], argv);
	_exit(127);
}

static int
start_child(struct tour *tour, struct child *child, char *const argv[])
{
	int out[2];
	int r;

	memset(child, 0, sizeof(*child));
	if (pipe(out) < 0)
		return -errno;
	(void)fcntl(out[0], F_SETFD, FD_CLOEXEC);
	r = rota_io_init(tour->loop, &child->out, out[0]);
	if (r < 0)
		goto fail_close_pipe;
	child->out.handle.data = child;
	child->fd = out[0];
	r = rota_io_start(&child->out, ROTA_READABLE, on_child_text);
	if (r < 0)
		goto fail_close_handle;
	fflush(stdout);
	child->pid = fork();
	if (child->pid == 0)
		become(argv, out);
	if (child->pid < 0) {
		r = -errno;
		goto fail_close_handle;
	}
	close(out[1]);
	return 0;

fail_close_handle:
	(void)rota_handle_close(&child->out.handle, NULL);
	while (rota_handle_is_closing(&child->out.handle))
		(void)rota_loop_run(tour->loop, ROTA_RUN_NOWAIT);
fail_close_pipe:
	close(out[0]);
	close(out[1]);
	return r;
}

/* Runs turns until the child has printed `words`, or has ended. */
static void
wait_for_text(struct tour *tour, struct child *child, const char *words)
{
	while (!child->is_over && !tour->is_interrupted &&
		!(words && strstr(child->text, words)) &&
		rota_loop_run(tour->loop, ROTA_RUN_ONCE) >= 0)
		;
}

/* Returns the exit code of the child, -1 if there is none. */
static int
end_child(struct tour *tour, struct child *child, int signum)
{
	int status;

	if (signum)
		(void)kill(child->pid, signum);
	wait_for_text(tour, child, NULL);
	if (!child->is_over)
		(void)kill(child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	(void)rota_handle_close(&child->out.handle, NULL);
	while (rota_handle_is_closing(&child->out.handle) &&
		rota_loop_run(tour->loop, ROTA_RUN_NOWAIT) >= 0)
		;
	close(child->fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A server and its load. */

/* Without a folder execvp(3) looks where it found this program. */
static void
find_program(const struct tour *tour, const char *name, char *text, size_t size)
{
	if (tour->folder)
		snprintf(text, size, "%s/%s", tour->folder, name);
	else
		snprintf(text, size, "%s", name);
}

/* Starts the server, under strace if asked; returns its port, or 0. */
static unsigned
start_server(struct tour *tour, struct child *server, int is_counted)
{
	char program[1024];
	char backend[32];
	/* -D: strace is not between us and the server; -c: only counts. */
	char *argv[] = { "strace", "-D", "-c", program, "--backend", backend,
		"--stats", "1000000", NULL };
	const char *place;
	unsigned port = 0;

	find_program(tour, "echo_server", program, sizeof(program));
	snprintf(backend, sizeof(backend), "%s", rota_loop_backend(tour->loop));
	/* Measuring reads the clock, which a count should not show. */
	if (is_counted)
		argv[6] = NULL;
	if (start_child(tour, server, is_counted ? argv : argv + 3) < 0)
		return 0;
	wait_for_text(tour, server, "(backend");
	place = strstr(server->text, "listening on ");
	if (place)
		(void)sscanf(place, "listening on 127.0.0.1:%u", &port);
	if (port == 0)
		(void)end_child(tour, server, SIGTERM);
	return port;
}

/* Runs the client until it ends; 0 if every byte was right. */
static int
run_client(struct tour *tour, struct child *client, unsigned port,
	const char *how, const char *how_much)
{
	char program[1024];
	char backend[32];
	char port_text[16];
	char connections[32];
	char option[16];
	char value[32];
	char *argv[] = { program, "--backend", backend, "--port", port_text,
		"--connections", connections, option, value, NULL };
	int r;

	find_program(tour, "echo_client", program, sizeof(program));
	snprintf(backend, sizeof(backend), "%s", rota_loop_backend(tour->loop));
	snprintf(port_text, sizeof(port_text), "%u", port);
	snprintf(connections, sizeof(connections), "%lu", tour->connections);
	snprintf(option, sizeof(option), "%s", how);
	snprintf(value, sizeof(value), "%s", how_much);
	r = start_child(tour, client, argv);
	if (r < 0)
		return r;
	return end_child(tour, client, 0) == 0 ? 0 : -EIO;
}

static int
read_client_figures(const char *text, struct result *result)
{
	const char *line = strstr(text, "messages/s ");

	return line &&
		sscanf(line,
			"messages/s %lf, latency median %lf us,"
			" 99 %% %lf us",
			&result->messages_per_second, &result->median_us,
			&result->p99_us) == 3;
}

static int
read_server_figures(const char *text, struct result *result)
{
	const char *line = strstr(text, "mean ");

	return line &&
		sscanf(line, "mean %lf us, p99 %lf us", &result->loop_mean_us,
			&result->loop_p99_us) == 2;
}

static int
run_load(struct tour *tour, struct result *result)
{
	struct child server;
	struct child client;
	unsigned port = start_server(tour, &server, 0);
	char seconds[32];
	int r;

	if (port == 0) {
		printf("the server did not start: %s\n", server.text);
		return -EIO;
	}
	snprintf(seconds, sizeof(seconds), "%g", tour->seconds);
	r = run_client(tour, &client, port, "--seconds", seconds);
	if (r < 0 || !read_client_figures(client.text, result)) {
		printf("the client says:\n%s", client.text);
		r = -EIO;
	}
	if (end_child(tour, &server, SIGTERM) != 0 ||
		!read_server_figures(server.text, result)) {
		printf("the server says:\n%s", server.text);
		r = -EIO;
	}
	return r;
}

/* System calls. */

#define N_CALLS 64

struct calls {
	unsigned n;
	struct call {
		char name[32];
		double count;
	} list[N_CALLS];
};

/*
 * Of lines "percent seconds microseconds calls [errors] name". White space
 * behind a name would take in the next line's beginning; blanks do not.
 */
static void
read_calls(const char *text, struct calls *calls)
{
	calls->n = 0;
	while (text && calls->n < N_CALLS) {
		struct call *call = &calls->list[calls->n];
		char last[32];
		int n = sscanf(text, " %*f %*f %*u %lf %31s%*[ ]%31s",
			&call->count, call->name, last);

		if (n == 3)
			memcpy(call->name, last, sizeof(last));
		if (n >= 2 && strcmp(call->name, "total") != 0)
			calls->n++;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
}

static double
count_of(const struct calls *calls, const char *name)
{
	for (unsigned i = 0; i < calls->n; i++)
		if (strcmp(calls->list[i].name, name) == 0)
			return calls->list[i].count;
	return 0;
}

/* Runs a server under strace and gives it so many messages. */
static int
trace_load(struct tour *tour, unsigned messages, struct calls *calls)
{
	struct child server;
	struct child client;
	char text[32];
	unsigned port = start_server(tour, &server, 1);
	int r;

	if (port == 0)
		return -ENOTSUP;
	snprintf(text, sizeof(text), "%u", messages);
	r = run_client(tour, &client, port, "--messages", text);
	if (end_child(tour, &server, SIGTERM) != 0)
		r = -EIO;
	read_calls(server.text, calls);
	return r < 0 ? r : calls->n == 0 ? -ENOTSUP : 0;
}

/*
 * Of two runs that differ only in the number of messages the difference is
 * what messages cost: starting, accepting and closing cancel out.
 */
static void
count_calls(struct tour *tour, struct result *result)
{
	static const unsigned few = 5;
	static const unsigned many = 45;
	double messages = (many - few) * (double)tour->connections;
	struct calls before;
	struct calls after;
	size_t at = 0;

	result->calls_per_message = -1;
	if (!tour->can_count || trace_load(tour, few, &before) < 0 ||
		trace_load(tour, many, &after) < 0)
		return;
	result->calls_per_message = 0;
	for (unsigned i = 0; i < after.n; i++) {
		const struct call *call = &after.list[i];
		double share = (call->count - count_of(&before, call->name)) /
			messages;

		result->calls_per_message += share;
		if (share < 0.005 || at >= sizeof(result->calls))
			continue;
		at += (size_t)snprintf(result->calls + at,
			sizeof(result->calls) - at, "%s%s %.2f", at ? ", " : "",
			call->name, share);
	}
}

/* The whole. */

static void
on_signal(struct rota_signal *signal, const struct rota_signal_event *event)
{
	struct tour *tour = signal->handle.data;

	(void)event;
	tour->is_interrupted = 1;
}

static void
on_watchdog(struct rota_timer *timer)
{
	struct tour *tour = timer->handle.data;

	puts("this takes too long; giving up");
	tour->is_interrupted = 1;
}

/* Signals and the timer must not keep show_turn() from ending: unref. */
static int
watch_over(struct tour *tour)
{
	static const int signums[2] = { SIGINT, SIGTERM };
	uint64_t patience_ns =
		(uint64_t)((tour->seconds + 60) * (double)ROTA_SECOND);
	int r;

	for (int i = 0; i < 2; i++) {
		struct rota_signal *signal = &tour->signals[i];

		r = rota_signal_init(tour->loop, signal);
		if (r < 0)
			return r;
		signal->handle.data = tour;
		(void)rota_handle_unref(&signal->handle);
		r = rota_signal_start(signal, signums[i], on_signal);
		if (r < 0)
			return r;
	}
	r = rota_timer_init(tour->loop, &tour->watchdog);
	if (r < 0)
		return r;
	tour->watchdog.handle.data = tour;
	(void)rota_handle_unref(&tour->watchdog.handle);
	return rota_timer_start(&tour->watchdog, patience_ns, 0, on_watchdog);
}

static int
visit(struct tour *tour, const char *backend, struct result *result)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	int r;

	snprintf(result->backend, sizeof(result->backend), "%s", backend);
	options.backend = backend;
	r = rota_loop_create(&options, &tour->loop);
	if (r < 0) {
		printf("%s: no loop: %s\n", backend, rota_error_text(r));
		return r;
	}
	printf("\n%s\n", backend);
	r = watch_over(tour);
	if (r == 0)
		r = show_turn(tour->loop);
	if (r == 0) {
		printf("  now %lu connections for %g s ...\n",
			tour->connections, tour->seconds);
		r = run_load(tour, result);
	}
	result->is_right = r == 0;
	if (r == 0) {
		printf("  %.0f messages/s, every byte right\n",
			result->messages_per_second);
		count_calls(tour, result);
	}

	(void)rota_loop_walk(tour->loop, close_one, NULL);
	(void)rota_loop_run(tour->loop, ROTA_RUN_DEFAULT);
	if (rota_loop_close(tour->loop) < 0)
		result->is_right = 0;
	return result->is_right && !tour->is_interrupted ? 0 : -EIO;
}

static void
print_table(const struct tour *tour, const struct result *results, unsigned n)
{
	int is_counted = 0;

	printf("\n%-8s %6s %10s  %-17s  %9s  %s\n", "", "conn-", "messages",
		"  latency (us)", "sys. calls", " loop time (us)");
	printf("%-8s %6s %10s %8s %9s %11s %8s %8s\n", "backend", "ections",
		"per s", "median", "99 %", "per message", "mean", "99 %");
	for (unsigned i = 0; i < n; i++) {
		const struct result *result = &results[i];
		char calls[16] = "-";

		if (!result->is_right) {
			printf("%-8s FAILED\n", result->backend);
			continue;
		}
		if (result->calls_per_message >= 0) {
			is_counted = 1;
			snprintf(calls, sizeof(calls), "%.2f",
				result->calls_per_message);
		}
		printf("%-8s %7lu %10.0f %8.1f %9.1f %11s %8.1f %8.1f\n",
			result->backend, tour->connections,
			result->messages_per_second, result->median_us,
			result->p99_us, calls, result->loop_mean_us,
			result->loop_p99_us);
	}

	puts("\nLoop time is what a turn of the server keeps its thread busy, the\n"
	     "wait not counted. Client and server share this machine and use the\n"
	     "same backend.");
	if (!is_counted) {
		puts("System calls were not counted: that takes a strace that works.");
		return;
	}
	puts("System calls were counted in separate runs under strace, which\n"
	     "slows the server down; per message:");
	for (unsigned i = 0; i < n; i++)
		if (results[i].is_right && results[i].calls[0])
			printf("  %-8s %s\n", results[i].backend,
				results[i].calls);
}

/* Is there a program of this name in PATH? */
static int
is_in_path(const char *name)
{
	const char *path = getenv("PATH");
	char file[1024];

	while (path && *path) {
		int size = (int)strcspn(path, ":");

		snprintf(file, sizeof(file), "%.*s/%s", size, path, name);
		if (access(file, X_OK) == 0)
			return 1;
		path += size + (path[size] == ':');
	}
	return 0;
}

static int
visit_all(struct tour *tour, const char *only)
{
	struct rota_backend_info info;
	struct result results[8];
	unsigned n = 0;
	int r = 0;

	memset(results, 0, sizeof(results));
	for (unsigned i = 0; n < 8 && rota_backend_info(i, &info) == 0; i++) {
		if (only && strcmp(only, info.name) != 0)
			continue;
		if (info.error) {
			printf("\n%s: left out, %s\n", info.name, info.reason);
			continue;
		}
		if (visit(tour, info.name, &results[n++]) < 0)
			r = -EIO;
		if (tour->is_interrupted)
			break;
	}
	if (n == 0) {
		fputs("tour: no such backend works here\n", stderr);
		return -ENOENT;
	}
	print_table(tour, results, n);
	return r;
}

/* Options. */

/* Returns -1 to go on, else the exit code. */
static int
read_settings(
	int argc, char **argv, struct tour *tour, const char **ret_backend)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "connections", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "no-count", no_argument, NULL, 'n' },
		{ "programs", required_argument, NULL, 'p' },
		{ "seconds", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int is_wrong = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			*ret_backend = optarg;
			break;
		case 'c':
			tour->connections = strtoul(optarg, NULL, 10);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'n':
			tour->can_count = 0;
			break;
		case 'p':
			tour->folder = optarg;
			break;
		case 's':
			tour->seconds = strtod(optarg, NULL);
			break;
		default:
			is_wrong = 1;
			break;
		}
	}
	if (is_wrong || optind < argc || tour->connections < 1 ||
		tour->connections > 1000000 ||
		!(tour->seconds > 0 && tour->seconds < 1e6)) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct tour tour = { .connections = 200, .seconds = 3 };
	const char *backend = NULL;
	char *slash;
	int r;

	tour.can_count = is_in_path("strace");
	r = read_settings(argc, argv, &tour, &backend);
	if (r >= 0)
		return r;

	/* The other programs lie beside this one: keep the folder only. */
	slash = strrchr(argv[0], '/');
	if (slash && !tour.folder) {
		*slash = '\0';
		tour.folder = argv[0];
	}

	fputs(introduction, stdout);
	return visit_all(&tour, backend) == 0 ? 0 : 1;
}
