/* SPDX-License-Identifier: MIT */
/*
 * Prints what happens to files, a line for each event, until SIGINT or
 * SIGTERM, or until nothing of what it watches is left.
 *
 *	./watch_dir --recursive /etc /tmp
 *
 * Worth a look:
 *  - on_event(): "gone" ends a watch. A program that follows one file which
 *    editors replace starts it again there (see --follow).
 *  - stop(): closing every handle ends the run.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rota.h>

struct program {
	struct rota_loop *loop;
	struct rota_signal signals[2];
	struct rota_file_watch *watches;
	char **paths;
	int n_watches;
	/* What is asked for. */
	unsigned wanted;
	int follows;
};

static const char usage[] =
	"usage: watch_dir [OPTIONS] PATH...\n"
	"Prints what happens to files and directories.\n"
	"  --backend NAME   epoll, kqueue, poll or select\n"
	"  --follow         watch a path again when another file takes it\n"
	"  --interval MS    look so often instead of asking the kernel\n"
	"  --recursive      directories below as well\n"
	"  --help           this text\n";

static rota_file_watch_fn on_event;

static void
complain(const char *what, int error)
{
	fprintf(stderr, "watch_dir: %s: %s\n", what, rota_error_text(error));
}

/* Returns which of the watches it is. */
static int
index_of(const struct program *program, const struct rota_file_watch *watch)
{
	return (int)(watch - program->watches);
}

static void
stop(struct program *program)
{
	/* What is closed already says so, which is as good. */
	for (int i = 0; i < program->n_watches; i++)
		(void)rota_handle_close(&program->watches[i].handle, NULL);
	for (int i = 0; i < 2; i++)
		(void)rota_handle_close(&program->signals[i].handle, NULL);
}

static void
stop_if_all_are_gone(struct program *program)
{
	for (int i = 0; i < program->n_watches; i++)
		if (rota_handle_is_active(&program->watches[i].handle))
			return;
	stop(program);
}

/* The name of a file may hold any byte but '/' and 0. */
static void
print_name(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == '\\')
			printf("\\%03o", (unsigned char)*name);
		else
			putchar(*name);
}

static void
print_event(const char *path, const struct rota_file_event *event)
{
	printf("%s ", rota_file_what_name(event->what));
	print_name(path);
	if (event->old_name) {
		printf(" ");
		print_name(event->old_name);
		printf(" ->");
	}
	if (*event->name) {
		printf(" ");
		print_name(event->name);
	}
	if (event->is_directory)
		printf("/");
	if (event->error)
		printf(" (%s)", rota_error_text(event->error));
	puts("");
	(void)fflush(stdout);
}

static void
on_event(struct rota_file_watch *watch, const struct rota_file_event *event)
{
	struct program *program = watch->handle.data;
	const char *path = program->paths[index_of(program, watch)];

	print_event(path, event);
	if (event->what != ROTA_FILE_GONE)
		return;
	if (program->follows &&
		rota_file_watch_start(watch, path, program->wanted, on_event) ==
			0)
		return;
	stop_if_all_are_gone(program);
}

static void
on_signal(struct rota_signal *signal, const struct rota_signal_event *event)
{
	(void)event;
	stop(signal->handle.data);
}

static int
watch_signals(struct program *program)
{
	static const int signums[2] = { SIGINT, SIGTERM };

	for (int i = 0; i < 2; i++) {
		struct rota_signal *signal = &program->signals[i];
		int r = rota_signal_init(program->loop, signal);

		if (r < 0)
			return r;
		signal->handle.data = program;
		r = rota_signal_start(signal, signums[i], on_signal);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
watch_path(struct program *program, struct rota_file_watch *watch,
	const char *path, uint64_t interval_ns)
{
	int r = rota_file_watch_init(program->loop, watch);

	if (r < 0)
		return r;
	watch->handle.data = program;
	if (interval_ns) {
		r = rota_file_watch_set_interval(watch, interval_ns);
		if (r < 0)
			return r;
	}
	return rota_file_watch_start(watch, path, program->wanted, on_event);
}

/* Returns an exit code. */
static int
watch_all(struct program *program, uint64_t interval_ns)
{
	int r = watch_signals(program);

	if (r < 0) {
		complain("signals", r);
		return 1;
	}
	for (int i = 0; i < program->n_watches; i++) {
		r = watch_path(program, &program->watches[i], program->paths[i],
			interval_ns);
		if (r < 0) {
			complain(program->paths[i], r);
			return 1;
		}
	}
	printf("watching by %s (backend %s)\n",
		rota_file_watch_way(&program->watches[0]),
		rota_loop_backend(program->loop));
	(void)fflush(stdout);
	return 0;
}

/* Returns an exit code. */
static int
run(struct program *program, const char *backend, uint64_t interval_ns)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	int status;
	int r;

	options.backend = backend;
	r = rota_loop_create(&options, &program->loop);
	if (r < 0) {
		complain("no loop", r);
		return 1;
	}
	status = watch_all(program, interval_ns);
	if (status != 0)
		stop(program);
	r = rota_loop_run(program->loop, ROTA_RUN_DEFAULT);
	if (r >= 0)
		r = rota_loop_close(program->loop);
	if (r < 0) {
		complain("the loop", r);
		return 1;
	}
	return status;
}

/* Returns the nanoseconds, 0 for what is no number of milliseconds. */
static uint64_t
parse_interval(const char *text)
{
	char *end;
	unsigned long ms;

	errno = 0;
	ms = strtoul(text, &end, 10);
	if (errno || end == text || *end || ms < 1 || ms > 1000000000)
		return 0;
	return ms * ROTA_MILLISECOND;
}

enum command {
	READY,
	HELPED,
	MISUSED
};

static enum command
parse(struct program *program, int argc, char **argv, const char **ret_backend,
	uint64_t *ret_interval_ns)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "follow", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "interval", required_argument, NULL, 'i' },
		{ "recursive", no_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			*ret_backend = optarg;
			break;
		case 'f':
			program->follows = 1;
			break;
		case 'h':
			fputs(usage, stdout);
			return HELPED;
		case 'i':
			program->wanted |= ROTA_FILE_BY_STAT;
			*ret_interval_ns = parse_interval(optarg);
			if (*ret_interval_ns == 0)
				return MISUSED;
			break;
		case 'r':
			program->wanted |= ROTA_FILE_RECURSIVE;
			break;
		default:
			return MISUSED;
		}
	}
	return optind < argc ? READY : MISUSED;
}

int
main(int argc, char **argv)
{
	struct program program = { .wanted = ROTA_FILE_ALL };
	const char *backend = NULL;
	uint64_t interval_ns = 0;
	int status;

	switch (parse(&program, argc, argv, &backend, &interval_ns)) {
	case HELPED:
		return 0;
	case MISUSED:
		fputs(usage, stderr);
		return 2;
	case READY:
		break;
	}
	program.paths = argv + optind;
	program.n_watches = argc - optind;
	/* Zeroed: stop() may find some that were never initialised. */
	program.watches =
		calloc((size_t)program.n_watches, sizeof(*program.watches));
	if (!program.watches) {
		complain("start", -ENOMEM);
		return 1;
	}
	status = run(&program, backend, interval_ns);
	free(program.watches);
	return status;
}
