/* SPDX-License-Identifier: MIT */
/*
 * Prints the last lines of a file and whatever is appended to it, as
 * `tail -F` does: when the file is cut it begins anew, and when another one
 * takes its name it goes on with that. Until SIGINT or SIGTERM.
 *
 *	./tail_follow --lines 5 /var/log/syslog
 *
 * Worth a look:
 *  - on_event(): the watch says when, the requests on files read. An event
 *    that comes while a request is under way is remembered.
 *  - on_read(): 0 bytes are the end for now.
 *  - look_back(): searches for the line to begin with from the end, block by
 *    block, at offsets.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rota.h>

#define BLOCK_BYTES 65536
#define RETRY_NS (200 * ROTA_MILLISECOND)

struct program {
	struct rota_loop *loop;
	struct rota_signal signals[2];
	struct rota_file_watch watch;
	struct rota_timer retry;
	/* One request at a time. */
	struct rota_fs fs;
	const char *path;
	int fd;
	/* Up to where it has been printed. */
	int64_t offset;
	/* While looking back: the begin of the block, and newlines to find. */
	int64_t block_at;
	unsigned long n_left;
	unsigned long n_lines;
	int is_busy;
	/* Something has happened while it was busy. */
	int has_news;
	/* The name has been taken away: after the end comes another file. */
	int is_gone;
	int is_stopping;
	char block[BLOCK_BYTES];
};

static const char usage[] =
	"usage: tail_follow [OPTIONS] FILE\n"
	"Prints the end of a file, and what is appended to it.\n"
	"  --backend NAME   epoll, kqueue, poll or select\n"
	"  --lines N        so many lines first (10)\n"
	"  --help           this text\n";

static rota_fs_fn on_opened, on_size, on_back, on_read, on_new_size, on_shut;
static rota_file_watch_fn on_event;
static rota_timer_fn on_retry;

static void
complain(const char *what, int error)
{
	fprintf(stderr, "tail_follow: %s: %s\n", what, rota_error_text(error));
}

/* The end ************************************************************/

static void
close_all(struct program *program)
{
	/* What is closed already, or never was open, is as good. */
	for (int i = 0; i < 2; i++)
		(void)rota_handle_close(&program->signals[i].handle, NULL);
	(void)rota_handle_close(&program->watch.handle, NULL);
	(void)rota_handle_close(&program->retry.handle, NULL);
	if (program->fd >= 0)
		(void)rota_fs_close(NULL, &program->fs, program->fd, NULL);
	program->fd = -1;
}

/* A request under way ends first. */
static void
stop(struct program *program)
{
	program->is_stopping = 1;
	if (program->is_busy)
		(void)rota_request_cancel(&program->fs.job.request);
	else
		close_all(program);
}

static void
give_up(struct program *program, int error)
{
	char text[512] = "";

	(void)rota_error_explain(&program->fs.job.request, text, sizeof(text));
	if (!program->is_stopping && *text)
		fprintf(stderr, "tail_follow: %s\n", text);
	else if (!program->is_stopping)
		complain(program->path, error);
	program->is_busy = 0;
	close_all(program);
}

/* Takes a request as begun, or the error as the end. */
static void
go_on(struct program *program, int r)
{
	if (program->is_stopping)
		r = -ECANCELED;
	program->is_busy = r == 0;
	if (r < 0)
		give_up(program, r);
}

/* The first lines ****************************************************/

static void
read_on(struct program *program)
{
	struct iovec buffer = { program->block, BLOCK_BYTES };

	go_on(program,
		rota_fs_read(program->loop, &program->fs, program->fd, &buffer,
			1, program->offset, on_read));
}

static void
look_back(struct program *program, int64_t end)
{
	struct iovec buffer = { program->block, BLOCK_BYTES };

	program->block_at = end < BLOCK_BYTES ? 0 : end - BLOCK_BYTES;
	buffer.iov_len = (size_t)(end - program->block_at);
	if (buffer.iov_len == 0) {
		program->offset = 0;
		read_on(program);
		return;
	}
	go_on(program,
		rota_fs_read(program->loop, &program->fs, program->fd, &buffer,
			1, program->block_at, on_back));
}

/* The newline at the very end belongs to the last line. */
static void
on_back(struct rota_fs *fs, int n)
{
	struct program *program = fs->job.request.data;
	int i;

	if (n < 0) {
		give_up(program, n);
		return;
	}
	for (i = n - 1; i >= 0; i--) {
		if (program->block[i] != '\n' || program->n_left-- > 0)
			continue;
		program->offset = program->block_at + i + 1;
		read_on(program);
		return;
	}
	look_back(program, program->block_at);
}

static void
on_size(struct rota_fs *fs, int status)
{
	struct program *program = fs->job.request.data;
	int64_t size_bytes;

	if (status < 0) {
		give_up(program, status);
		return;
	}
	size_bytes = (int64_t)rota_fs_get_stat(fs)->size_bytes;
	program->n_left = program->n_lines;
	program->offset = size_bytes;
	if (program->n_lines == 0)
		read_on(program);
	else
		look_back(program, size_bytes);
}

/* A file that takes the name later is printed from its begin. */
static void
on_opened(struct rota_fs *fs, int fd)
{
	struct program *program = fs->job.request.data;

	if (fd < 0) {
		give_up(program, fd);
		return;
	}
	program->fd = fd;
	program->offset = 0;
	if (program->n_lines == ULONG_MAX) {
		read_on(program);
		return;
	}
	go_on(program, rota_fs_fstat(program->loop, fs, fd, on_size));
}

static void
open_file(struct program *program)
{
	go_on(program,
		rota_fs_open(program->loop, &program->fs, program->path,
			O_RDONLY, 0, on_opened));
}

/* What is appended ***************************************************/

/* Nobody has the name for a moment when a log is rotated. */
static void
try_again(struct program *program)
{
	int r = rota_file_watch_start(
		&program->watch, program->path, ROTA_FILE_CHANGED, on_event);

	if (r == 0) {
		program->is_gone = 0;
		program->n_lines = ULONG_MAX;
		open_file(program);
		return;
	}
	(void)rota_timer_start(&program->retry, RETRY_NS, 0, on_retry);
}

static void
on_retry(struct rota_timer *timer)
{
	try_again(timer->handle.data);
}

static void
on_shut(struct rota_fs *fs, int status)
{
	struct program *program = fs->job.request.data;

	(void)status;
	program->is_busy = 0;
	if (program->is_stopping)
		close_all(program);
	else
		try_again(program);
}

/* All has been printed for now. */
static void
rest(struct program *program)
{
	int fd = program->fd;

	program->is_busy = 0;
	if (program->has_news) {
		program->has_news = 0;
		go_on(program,
			rota_fs_fstat(
				program->loop, &program->fs, fd, on_new_size));
	} else if (program->is_gone) {
		program->fd = -1;
		go_on(program,
			rota_fs_close(
				program->loop, &program->fs, fd, on_shut));
	}
}

static void
on_read(struct rota_fs *fs, int n)
{
	struct program *program = fs->job.request.data;

	if (n < 0) {
		give_up(program, n);
		return;
	}
	if (n == 0) {
		(void)fflush(stdout);
		rest(program);
		return;
	}
	(void)fwrite(program->block, 1, (size_t)n, stdout);
	program->offset += n;
	read_on(program);
}

static void
on_new_size(struct rota_fs *fs, int status)
{
	struct program *program = fs->job.request.data;

	if (status < 0) {
		give_up(program, status);
		return;
	}
	if ((int64_t)rota_fs_get_stat(fs)->size_bytes < program->offset) {
		fprintf(stderr, "tail_follow: %s: was cut\n", program->path);
		program->offset = 0;
	}
	read_on(program);
}

static void
on_event(struct rota_file_watch *watch, const struct rota_file_event *event)
{
	struct program *program = watch->handle.data;

	program->has_news = 1;
	if (event->what == ROTA_FILE_GONE) {
		fprintf(stderr, "tail_follow: %s: is gone\n", program->path);
		program->is_gone = 1;
	}
	if (!program->is_busy)
		rest(program);
}

/* The loop ***********************************************************/

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
	int r = 0;

	for (int i = 0; r == 0 && i < 2; i++) {
		r = rota_signal_init(program->loop, &program->signals[i]);
		if (r < 0)
			break;
		program->signals[i].handle.data = program;
		r = rota_signal_start(
			&program->signals[i], signums[i], on_signal);
	}
	return r;
}

/* The watch begins before the first read, so that nothing is missed. */
static int
begin(struct program *program)
{
	int r = watch_signals(program);

	if (r == 0)
		r = rota_timer_init(program->loop, &program->retry);
	if (r == 0)
		r = rota_file_watch_init(program->loop, &program->watch);
	if (r < 0)
		return r;
	program->retry.handle.data = program;
	program->watch.handle.data = program;
	program->fs.job.request.data = program;
	return rota_file_watch_start(
		&program->watch, program->path, ROTA_FILE_CHANGED, on_event);
}

/* Returns an exit code. */
static int
run(struct program *program, const char *backend)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	int status = 0;
	int r;

	options.backend = backend;
	r = rota_loop_create(&options, &program->loop);
	if (r < 0) {
		complain("no loop", r);
		return 1;
	}
	r = begin(program);
	if (r < 0) {
		complain(program->path, r);
		close_all(program);
	} else {
		open_file(program);
	}
	status = r < 0;
	r = rota_loop_run(program->loop, ROTA_RUN_DEFAULT);
	if (r >= 0)
		r = rota_loop_close(program->loop);
	if (r < 0) {
		complain("the loop", r);
		return 1;
	}
	return status || !program->is_stopping;
}

enum command {
	READY,
	HELPED,
	MISUSED
};

/* Returns 1 for a number. */
static int
parse_lines(const char *text, unsigned long *ret_lines)
{
	char *end;

	errno = 0;
	*ret_lines = strtoul(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *text != '-' &&
		*ret_lines < ULONG_MAX;
}

static enum command
parse(struct program *program, int argc, char **argv, const char **ret_backend)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ "lines", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			*ret_backend = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return HELPED;
		case 'l':
			if (!parse_lines(optarg, &program->n_lines))
				return MISUSED;
			break;
		default:
			return MISUSED;
		}
	}
	return argc - optind == 1 ? READY : MISUSED;
}

int
main(int argc, char **argv)
{
	static struct program program = { .n_lines = 10, .fd = -1 };
	const char *backend = NULL;

	switch (parse(&program, argc, argv, &backend)) {
	case HELPED:
		return 0;
	case MISUSED:
		fputs(usage, stderr);
		return 2;
	case READY:
		break;
	}
	program.path = argv[optind];
	return run(&program, backend);
}
