/* SPDX-License-Identifier: MIT */
/*
 * Shows the keys that are typed, byte by byte, as a terminal in raw mode sends
 * them, and tells when its window changes. q ends it.
 *
 *	./tty_keys
 *
 * Worth a look:
 *  - The terminal is put back in every case: by closing the stream (q, SIGTERM,
 *    SIGINT, SIGHUP, the end of the terminal), by put_back() at exit, by
 *    on_accident() when a bug ends us, and around a stop by ^Z.
 *  - Lines end with "\r\n": in raw mode nobody adds the "\r".
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rota.h>

#define CTRL_Z 26

static const char usage[] =
	"usage: tty_keys [OPTIONS]\n"
	"Shows what keys send in raw mode, and changes of the window; q ends.\n"
	"  --backend NAME  epoll, kqueue, poll or select\n"
	"  --mode NAME     raw, cbreak, no-echo or normal (raw)\n"
	"  --help          this text\n";

static const int fatal_signals[] = { SIGHUP, SIGINT, SIGTERM };

#define N_FATAL (sizeof(fatal_signals) / sizeof(fatal_signals[0]))

static const char *const mode_names[] = {
	[ROTA_TTY_NORMAL] = "normal",
	[ROTA_TTY_NO_ECHO] = "no-echo",
	[ROTA_TTY_CBREAK] = "cbreak",
	[ROTA_TTY_RAW] = "raw",
};

#define N_MODES (sizeof(mode_names) / sizeof(mode_names[0]))

struct keys {
	struct rota_loop *loop;
	struct rota_stream tty;
	struct rota_signal signals[N_FATAL];
	enum rota_tty_mode mode;
	/* The signal that ends us, or 0. */
	int signum;
};

/* The terminal outlives us: whatever ends us must not leave it raw. */
static void
put_back(void)
{
	(void)rota_tty_restore();
}

static void
on_accident(int signum)
{
	(void)rota_tty_restore();
	(void)signal(signum, SIG_DFL);
	(void)raise(signum);
}

static void
end(struct keys *keys)
{
	if (rota_handle_is_closing(&keys->tty.handle))
		return;
	(void)rota_handle_close(&keys->tty.handle, NULL);
	for (size_t i = 0; i < N_FATAL; i++)
		(void)rota_handle_close(&keys->signals[i].handle, NULL);
}

static void
on_signal(struct rota_signal *sig, const struct rota_signal_event *event)
{
	struct keys *keys = sig->handle.data;

	keys->signum = event->signum;
	end(keys);
}

/* Stops as a program with a normal terminal does, until it goes on. */
static void
stop(struct keys *keys)
{
	(void)rota_tty_restore();
	(void)raise(SIGTSTP);
	(void)rota_tty_set_mode(&keys->tty, keys->mode);
}

static void
show(unsigned char byte)
{
	if (isprint(byte))
		printf(" %3u 0x%02x  '%c'\r\n", byte, byte, byte);
	else if (byte < ' ')
		printf(" %3u 0x%02x  ^%c\r\n", byte, byte, byte + '@');
	else
		printf(" %3u 0x%02x\r\n", byte, byte);
}

static void
on_read(struct rota_stream *tty, ssize_t n, const void *data)
{
	struct keys *keys = tty->handle.data;
	const unsigned char *bytes = data;

	if (n < 0) {
		end(keys);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		show(bytes[i]);
		if (bytes[i] == 'q')
			end(keys);
		else if (bytes[i] == CTRL_Z)
			stop(keys);
	}
	fflush(stdout);
}

static void
on_resize(struct rota_stream *tty, const struct rota_tty_size *size)
{
	(void)tty;
	printf("window %u x %u\r\n", size->columns, size->rows);
	fflush(stdout);
}

static int
start(struct keys *keys)
{
	struct rota_tty_size size = { 0, 0, 0, 0 };
	int r;

	r = rota_stream_open(
		keys->loop, &keys->tty, STDIN_FILENO, ROTA_OPEN_KEEP);
	if (r < 0)
		return r;
	keys->tty.handle.data = keys;
	for (size_t i = 0; i < N_FATAL; i++) {
		struct rota_signal *sig = &keys->signals[i];

		if ((r = rota_signal_init(keys->loop, sig)) < 0)
			return r;
		sig->handle.data = keys;
		r = rota_signal_start(sig, fatal_signals[i], on_signal);
		if (r < 0)
			return r;
	}
	if ((r = rota_tty_set_mode(&keys->tty, keys->mode)) < 0 ||
		(r = rota_tty_on_resize(&keys->tty, on_resize)) < 0 ||
		(r = rota_stream_read_start(&keys->tty, NULL, on_read)) < 0)
		return r;
	(void)rota_tty_get_size(&keys->tty, &size);
	printf("mode %s, backend %s, q ends\r\n", mode_names[keys->mode],
		rota_loop_backend(keys->loop));
	on_resize(&keys->tty, &size);
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
run(struct keys *keys, const char *backend)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	int r;

	options.backend = backend;
	r = rota_loop_create(&options, &keys->loop);
	if (r == 0) {
		r = start(keys);
		if (r < 0)
			(void)rota_loop_walk(keys->loop, close_one, NULL);
		/* All is closed in the end; signals hold the loop no longer. */
		(void)rota_loop_run(keys->loop, ROTA_RUN_DEFAULT);
		(void)rota_loop_close(keys->loop);
	}
	if (r < 0) {
		fprintf(stderr, "tty_keys: %s\n",
			r == -ENOTTY ? "standard input is no terminal" :
				       rota_error_text(r));
		return 1;
	}
	if (keys->signum != 0)
		printf("ended by signal %d\n", keys->signum);
	return 0;
}

static int
read_mode(const char *name, enum rota_tty_mode *ret_mode)
{
	for (size_t i = 0; i < N_MODES; i++)
		if (strcmp(mode_names[i], name) == 0) {
			*ret_mode = (enum rota_tty_mode)i;
			return 1;
		}
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ "mode", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	static struct keys keys = { .mode = ROTA_TTY_RAW };
	const char *backend = NULL;
	int is_right = 1;
	int c;

	while (is_right &&
		(c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (c == 'b')
			backend = optarg;
		else
			is_right = c == 'm' && read_mode(optarg, &keys.mode);
	}
	if (!is_right || optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	(void)atexit(put_back);
	(void)signal(SIGABRT, on_accident);
	(void)signal(SIGSEGV, on_accident);
	return run(&keys, backend);
}
