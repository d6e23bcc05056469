/* SPDX-License-Identifier: MIT */
/*
 * Prints the hash sums of files as sha256sum(1) and its like do, some files
 * at once, in the order in which they were named. On a terminal a line shows
 * how far it is.
 *
 *	./hash_files --algorithm sha512 *.tar
 *
 * Worth a look:
 *  - start_more(): the threads of the pool's lane for computing are as many
 *    as the pool has; more files at once than that would only wait.
 *  - on_tick(): the progress is asked for by the loop's thread while others
 *    compute. The timer does not hold the loop.
 *  - on_signal(): Ctrl-C cancels what runs and starts no more.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rota.h>

#define MAX_AT_ONCE 64

struct file {
	struct rota_hash hash;
	const char *path;
	int status;
	int is_done;
};

struct program {
	struct rota_loop *loop;
	struct rota_timer ticks;
	struct rota_signal interrupt;
	const char *algorithm;
	struct file *files;
	unsigned n;
	/* Files are started, ended and printed in their order. */
	unsigned n_started;
	unsigned n_running;
	unsigned n_printed;
	unsigned at_once;
	uint64_t done_bytes;
	int shows_progress;
	int has_failed;
};

static const char usage[] =
	"usage: hash_files [OPTIONS] FILE...\n"
	"Prints the hash sums of files.\n"
	"  --algorithm NAME   sha256 (the default), sha512, md5 and so on\n"
	"  --at-once N        files, from 1 to 64 (4)\n"
	"  --backend NAME     epoll, kqueue, poll or select\n"
	"  --progress         show it, even if standard error is no terminal\n"
	"  --help             this text\n";

static void
clear_line(const struct program *program)
{
	if (program->shows_progress)
		fputs("\r\033[K", stderr);
}

static void
show_progress(const struct program *program)
{
	uint64_t bytes = program->done_bytes;
	unsigned n_done = 0;
	unsigned i;

	for (i = 0; i < program->n_started; i++) {
		if (program->files[i].is_done)
			n_done++;
		else
			bytes += rota_hash_progress(&program->files[i].hash);
	}
	clear_line(program);
	fprintf(stderr, "%u of %u files, %.1f MB", n_done, program->n,
		(double)bytes / 1e6);
	(void)fflush(stderr);
}

static void
on_tick(struct rota_timer *timer)
{
	show_progress(timer->handle.data);
}

/* Prints those at the head of the line that are done. */
static void
print_done(struct program *program)
{
	char text[ROTA_HASH_TEXT_BYTES];
	struct file *file;

	clear_line(program);
	while (program->n_printed < program->n_started) {
		file = &program->files[program->n_printed];
		if (!file->is_done)
			break;
		program->n_printed++;
		if (file->status == 0) {
			(void)rota_hash_text(
				file->hash.sum, file->hash.n_bytes, text);
			printf("%s  %s\n", text, file->path);
		} else {
			fprintf(stderr, "hash_files: %s: %s\n", file->path,
				rota_error_text(file->status));
			program->has_failed = 1;
		}
	}
	(void)fflush(stdout);
}

static void start_more(struct program *program);

static void
end_file(struct program *program, struct file *file, int status)
{
	file->status = status;
	file->is_done = 1;
	program->n_running--;
	program->done_bytes += rota_hash_progress(&file->hash);
}

static void
on_hash(struct rota_hash *hash, int status)
{
	struct program *program = hash->job.request.data;
	/* The hash is the first member. */
	struct file *file = (struct file *)hash;

	end_file(program, file, status);
	start_more(program);
	print_done(program);
}

static void
start_more(struct program *program)
{
	while (program->n_running < program->at_once &&
		program->n_started < program->n) {
		struct file *file = &program->files[program->n_started++];
		int r;

		program->n_running++;
		file->hash.job.request.data = program;
		r = rota_hash_file(program->loop, &file->hash,
			program->algorithm, file->path, on_hash);
		if (r < 0)
			end_file(program, file, r);
	}
}

static void
on_signal(struct rota_signal *handle, const struct rota_signal_event *event)
{
	struct program *program = handle->handle.data;
	unsigned i;

	(void)event;
	program->n = program->n_started;
	program->has_failed = 1;
	for (i = 0; i < program->n; i++)
		if (!program->files[i].is_done)
			(void)rota_request_cancel(
				&program->files[i].hash.job.request);
}

/* Neither of the two holds the loop. */
static int
prepare(struct program *program)
{
	int r = rota_timer_init(program->loop, &program->ticks);

	if (r == 0)
		r = rota_signal_init(program->loop, &program->interrupt);
	if (r < 0)
		return r;
	program->ticks.handle.data = program;
	program->interrupt.handle.data = program;
	(void)rota_handle_unref(&program->ticks.handle);
	(void)rota_handle_unref(&program->interrupt.handle);
	if (program->shows_progress)
		r = rota_timer_start(
			&program->ticks, 0, 100 * ROTA_MILLISECOND, on_tick);
	if (r == 0)
		r = rota_signal_start(&program->interrupt, SIGINT, on_signal);
	return r;
}

static void
close_one(struct rota_handle *handle, void *data)
{
	(void)data;
	(void)rota_handle_close(handle, NULL);
}

static int
run(struct program *program)
{
	int r = prepare(program);

	if (r == 0) {
		start_more(program);
		print_done(program);
		r = rota_loop_run(program->loop, ROTA_RUN_DEFAULT);
		print_done(program);
	}
	(void)rota_loop_walk(program->loop, close_one, NULL);
	(void)rota_loop_run(program->loop, ROTA_RUN_DEFAULT);
	return r;
}

/* Returns -1 to go on, else the exit code. */
static int
read_settings(int argc, char **argv, struct program *program,
	struct rota_loop_options *loop_options)
{
	static const struct option options[] = {
		{ "algorithm", required_argument, NULL, 'a' },
		{ "at-once", required_argument, NULL, 'n' },
		{ "backend", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ "progress", no_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int is_wrong = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			program->algorithm = optarg;
			break;
		case 'b':
			loop_options->backend = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'n':
			program->at_once = (unsigned)strtoul(optarg, NULL, 10);
			is_wrong |= program->at_once == 0 ||
				program->at_once > MAX_AT_ONCE;
			break;
		case 'p':
			program->shows_progress = 1;
			break;
		default:
			is_wrong = 1;
			break;
		}
	}
	if (!is_wrong && optind < argc)
		return -1;
	fputs(usage, stderr);
	return 2;
}

static int
fail(const char *what, int error)
{
	fprintf(stderr, "hash_files: %s: %s\n", what, rota_error_text(error));
	return 1;
}

int
main(int argc, char **argv)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct program program = { .algorithm = "sha256", .at_once = 4 };
	struct rota_hasher *hasher = NULL;
	unsigned i;
	int r;

	program.shows_progress = isatty(2);
	r = read_settings(argc, argv, &program, &options);
	if (r >= 0)
		return r;
	r = rota_hasher_create(program.algorithm, NULL, 0, &hasher);
	rota_hasher_free(hasher);
	if (r < 0) {
		(void)fail(program.algorithm, r);
		return r == -ENOSYS ? 77 : 1;
	}
	program.n = (unsigned)(argc - optind);
	program.files = calloc(program.n, sizeof(*program.files));
	r = program.files ? rota_loop_create(&options, &program.loop) : -ENOMEM;
	if (r < 0) {
		free(program.files);
		return fail("cannot make a loop", r);
	}
	for (i = 0; i < program.n; i++)
		program.files[i].path = argv[optind + (int)i];
	r = run(&program);
	if (r < 0)
		program.has_failed = fail("cannot go on", r);
	(void)rota_loop_close(program.loop);
	free(program.files);
	return program.has_failed;
}
