/* SPDX-License-Identifier: MIT */
/*
 * Numbers the lines of its standard input, whatever that is: a terminal, a
 * pipe, a file, a device or a socket.
 *
 *	./line_reader <file
 *	other | ./line_reader --upcase | less
 *
 * Worth a look:
 *  - open_both(): rota_stream_open() finds out what 0 and 1 are. They stay
 *    the program's (ROTA_OPEN_KEEP), and get back the flags they had, since
 *    the shell goes on to use them.
 *  - on_line(): read requests. The next line is asked for when this one is
 *    out, so a slow reader of ours slows us, and through us the writer.
 *  - finish(): of two streams that may be one open file, the one that was
 *    opened last closes first, so that the flags come back right.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rota.h>

/* A longer line comes in pieces. */
#define PIECE_BYTES 8192

struct reader {
	struct rota_stream in;
	struct rota_stream out;
	struct rota_read read;
	struct rota_write write;
	char number[32];
	char piece[PIECE_BYTES];
	uint64_t n_lines;
	int upcases;
	/* The piece before was not the end of its line. */
	int is_amid;
	int has_ended;
	int error;
};

static const char usage[] =
	"usage: line_reader [OPTIONS]\n"
	"Copies standard input to standard output and numbers the lines.\n"
	"  --backend NAME   epoll, kqueue, poll or select\n"
	"  --upcase         make the letters big instead\n"
	"  --help           this text\n";

static rota_read_done_fn on_line;

static void
complain(const char *what, int error)
{
	fprintf(stderr, "line_reader: %s: %s\n", what, rota_error_text(error));
}

static void
finish(struct reader *reader, int error)
{
	reader->error = error;
	/* The first call counts; a second one changes nothing. */
	(void)rota_handle_close(&reader->out.handle, NULL);
	(void)rota_handle_close(&reader->in.handle, NULL);
}

static void
ask(struct reader *reader)
{
	int r = rota_stream_read_until(&reader->in, &reader->read,
		reader->piece, sizeof(reader->piece), '\n', on_line);

	if (r < 0)
		finish(reader, r);
}

static void
on_written(struct rota_write *write, int status)
{
	struct reader *reader = write->request.data;

	if (status < 0 || reader->has_ended)
		finish(reader, status);
	else
		ask(reader);
}

/* Puts out n bytes of the piece, behind a number if a line begins here. */
static void
put(struct reader *reader, size_t n, int is_whole)
{
	struct iovec buffers[3] = {
		{ reader->number, 0 },
		{ reader->piece, n },
		{ "\n", 0 },
	};
	int r;

	if (!reader->is_amid && !reader->upcases)
		buffers[0].iov_len = (size_t)snprintf(reader->number,
			sizeof(reader->number), "%6" PRIu64 "\t",
			++reader->n_lines);
	for (size_t i = 0; i < n && reader->upcases; i++)
		reader->piece[i] =
			(char)toupper((unsigned char)reader->piece[i]);
	/* The last line may lack its end. */
	if (is_whole && (n == 0 || reader->piece[n - 1] != '\n'))
		buffers[2].iov_len = 1;
	reader->is_amid = !is_whole;
	r = rota_stream_write(
		&reader->out, &reader->write, buffers, 3, on_written);
	if (r < 0)
		finish(reader, r);
}

static void
on_line(struct rota_read *read, int status)
{
	struct reader *reader = read->request.data;
	size_t n = rota_read_bytes(read);

	reader->has_ended = status == ROTA_EOF;
	if (status < 0 && status != ROTA_EOF && status != -EMSGSIZE)
		finish(reader, status);
	else if (reader->has_ended && n == 0 && !reader->is_amid)
		finish(reader, 0);
	else
		put(reader, n, status != -EMSGSIZE);
}

static int
open_both(struct rota_loop *loop, struct reader *reader)
{
	int r = rota_stream_open(
		loop, &reader->in, STDIN_FILENO, ROTA_OPEN_KEEP);

	if (r < 0) {
		complain("standard input", r);
		return r;
	}
	r = rota_stream_open(loop, &reader->out, STDOUT_FILENO, ROTA_OPEN_KEEP);
	if (r < 0) {
		complain("standard output", r);
		(void)rota_handle_close(&reader->in.handle, NULL);
	}
	return r;
}

static int
copy(struct rota_loop *loop, struct reader *reader)
{
	int r = open_both(loop, reader);

	if (r == 0)
		ask(reader);
	/* Also after a failure: what is closing wants its turn. */
	(void)rota_loop_run(loop, ROTA_RUN_DEFAULT);
	if (r == 0 && reader->error < 0)
		complain("cannot go on", reader->error);
	return r < 0 ? r : reader->error;
}

/* Returns -1 to go on, else the exit code. */
static int
read_settings(int argc, char **argv, const char **ret_backend, int *ret_upcases)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ "upcase", no_argument, NULL, 'u' },
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
			return 0;
		case 'u':
			*ret_upcases = 1;
			break;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

int
main(int argc, char **argv)
{
	static struct reader reader;
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *loop;
	int copied;
	int r;

	r = read_settings(argc, argv, &options.backend, &reader.upcases);
	if (r >= 0)
		return r;
	r = rota_loop_create(&options, &loop);
	if (r < 0) {
		complain("cannot make a loop", r);
		return 1;
	}
	reader.read.request.data = &reader;
	reader.write.request.data = &reader;
	copied = copy(loop, &reader);
	r = rota_loop_close(loop);
	if (r < 0)
		complain("cannot close the loop", r);
	return copied < 0 || r < 0 ? 1 : 0;
}
