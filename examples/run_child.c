/* SPDX-License-Identifier: MIT */
/*
 * Runs a program: passes our input to it and its output and errors on, gives
 * it a time to end, and tells how it ended.
 *
 *	./run_child --timeout 2 -- sh -c 'cat; echo bye; sleep 10' <file
 *
 * Worth a look:
 *  - start(): three pipes become three streams, and three pumps move all
 *    bytes at the pace of the slower side.
 *  - on_timeout(): asks with SIGTERM, and a second later does not ask.
 *  - close_if_over(): the end of a program and the end of its output are two
 *    things, in any order.
 *  - complain_start(): a missing program and a missing directory are both
 *    ENOENT; rota knows which it was.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <rota.h>

enum {
	IN,
	OUT,
	ERR,
	N_STREAMS
};

struct run {
	struct rota_loop *loop;
	struct rota_process process;
	struct rota_timer timer;
	/* Ours, and the ends of the child's pipes. */
	struct rota_stream ours[N_STREAMS];
	struct rota_stream childs[N_STREAMS];
	struct rota_pump pumps[N_STREAMS];
	/* Outputs that may bring more; 1 while the child runs. */
	int n_outputs;
	int is_running;
	int is_timed_out;
	int exit_code;
};

static const char usage[] =
	"usage: run_child [OPTIONS] [--] PROGRAM [ARGUMENTS]\n"
	"Runs a program with our input, output and errors over pipes.\n"
	"  --backend NAME     epoll, kqueue, poll or select\n"
	"  --cwd DIRECTORY    run it there\n"
	"  --timeout SECONDS  then end it: SIGTERM, a second later SIGKILL\n"
	"  --help             this text\n"
	"Ends like the program: its exit code, 128 and the signal, 124 after a\n"
	"timeout, 127 if it cannot be started.\n";

static void
complain(const char *what, int error)
{
	fprintf(stderr, "run_child: %s: %s\n", what, rota_error_text(error));
}

/* The end. */

static void
close_one(struct rota_handle *handle, void *data)
{
	(void)data;
	if (!rota_handle_is_closing(handle))
		(void)rota_handle_close(handle, NULL);
}

/* Our input may go on for ever: nobody reads it any more. */
static void
close_if_over(struct run *run)
{
	if (!run->is_running && run->n_outputs == 0)
		(void)rota_loop_walk(run->loop, close_one, NULL);
}

static void
on_exit_told(
	struct rota_process *process, const struct rota_process_exit *event)
{
	struct run *run = process->handle.data;

	run->is_running = 0;
	if (event->error < 0) {
		complain("its end is not known", event->error);
		run->exit_code = 1;
	} else if (event->signum) {
		fprintf(stderr, "run_child: ended by signal %d%s\n",
			event->signum,
			event->is_core_dumped ? ", core dumped" : "");
		run->exit_code = 128 + event->signum;
	} else {
		fprintf(stderr, "run_child: exit code %d, user time %.2f s\n",
			event->code,
			(double)event->usage->ru_utime.tv_sec +
				(double)event->usage->ru_utime.tv_usec / 1e6);
		run->exit_code = event->code;
	}
	if (run->is_timed_out)
		run->exit_code = 124;
	(void)rota_handle_close(&run->timer.handle, NULL);
	close_if_over(run);
}

static void
on_output_end(struct rota_pump *pump, int status)
{
	struct run *run = pump->request.data;

	if (status < 0 && status != -ECANCELED)
		complain("cannot pass its output on", status);
	run->n_outputs--;
	close_if_over(run);
}

/* A child that does not read its input is none of our business. */
static void
on_input_end(struct rota_pump *pump, int status)
{
	struct run *run = pump->request.data;

	if (status < 0 && status != -ECANCELED && status != -EPIPE)
		complain("cannot pass our input on", status);
	close_one(&run->childs[IN].handle, NULL);
	close_one(&run->ours[IN].handle, NULL);
}

static void
on_timeout(struct rota_timer *timer)
{
	struct run *run = timer->handle.data;
	int signum = run->is_timed_out ? SIGKILL : SIGTERM;

	run->is_timed_out = 1;
	(void)rota_process_kill(&run->process, signum);
	(void)rota_timer_start(timer, ROTA_SECOND, 0, on_timeout);
}

/* The beginning. */

static void
complain_start(const struct run *run,
	const struct rota_process_options *options, int error)
{
	char text[400] = "";

	(void)rota_process_explain(&run->process, options, text, sizeof(text));
	fprintf(stderr, "run_child: %s\n",
		*text ? text : rota_error_text(error));
}

static int
pump(struct run *run, int number)
{
	struct rota_pump *pump = &run->pumps[number];

	pump->request.data = run;
	if (number == IN)
		return rota_pipe_streams(pump, &run->ours[IN], &run->childs[IN],
			0, on_input_end);
	return rota_pipe_streams(pump, &run->childs[number], &run->ours[number],
		ROTA_PUMP_KEEP_OPEN, on_output_end);
}

static int
start(struct run *run, const struct rota_process_options *options)
{
	int r = rota_process_spawn(&run->process, options, on_exit_told);

	if (r < 0) {
		complain_start(run, options, r);
		return r;
	}
	run->is_running = 1;
	for (int i = 0; i < N_STREAMS; i++) {
		r = rota_stream_open(
			run->loop, &run->ours[i], i, ROTA_OPEN_KEEP);
		if (r == 0)
			r = pump(run, i);
		if (r < 0) {
			complain("cannot connect it", r);
			return r;
		}
		run->n_outputs += i != IN;
	}
	return 0;
}

static int
prepare(struct run *run, double timeout_seconds)
{
	int r = rota_process_init(run->loop, &run->process);

	if (r == 0)
		r = rota_timer_init(run->loop, &run->timer);
	if (r < 0)
		return r;
	run->process.handle.data = run;
	run->timer.handle.data = run;
	if (timeout_seconds > 0)
		r = rota_timer_start(&run->timer,
			(uint64_t)(timeout_seconds * (double)ROTA_SECOND), 0,
			on_timeout);
	return r;
}

/* Returns the exit code. */
static int
run_program(
	struct run *run, char **argv, const char *cwd, double timeout_seconds)
{
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;
	struct rota_process_stdio stdio[N_STREAMS] = {
		{ ROTA_STDIO_PIPE_IN, -1, &run->childs[IN] },
		{ ROTA_STDIO_PIPE_OUT, -1, &run->childs[OUT] },
		{ ROTA_STDIO_PIPE_OUT, -1, &run->childs[ERR] },
	};
	int r = prepare(run, timeout_seconds);

	options.argv = argv;
	options.cwd = cwd;
	options.stdio = stdio;
	options.n_stdio = N_STREAMS;
	run->exit_code = 127;
	if (r == 0)
		r = start(run, &options);
	if (r == 0)
		(void)rota_loop_run(run->loop, ROTA_RUN_DEFAULT);
	(void)rota_process_kill(&run->process, SIGKILL);
	(void)rota_loop_walk(run->loop, close_one, NULL);
	(void)rota_loop_run(run->loop, ROTA_RUN_DEFAULT);
	return run->exit_code;
}

struct settings {
	const char *backend;
	const char *cwd;
	double timeout_seconds;
};

/* Returns -1 to go on, else the exit code. */
static int
read_settings(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "cwd", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "timeout", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	char *end = "";
	int c;

	/* "+": what comes behind PROGRAM is the program's. */
	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			settings->backend = optarg;
			break;
		case 'd':
			settings->cwd = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 't':
			settings->timeout_seconds = strtod(optarg, &end);
			if (*end || !(settings->timeout_seconds > 0) ||
				settings->timeout_seconds > 1e9)
				settings->timeout_seconds = -1;
			break;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind == argc || settings->timeout_seconds < 0) {
		fputs(usage, stderr);
		return 2;
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct settings settings = { 0 };
	static struct run run;
	int r = read_settings(argc, argv, &settings);

	if (r >= 0)
		return r;
	options.backend = settings.backend;
	r = rota_loop_create(&options, &run.loop);
	if (r < 0) {
		complain("cannot make a loop", r);
		return 1;
	}
	r = run_program(
		&run, argv + optind, settings.cwd, settings.timeout_seconds);
	if (rota_loop_close(run.loop) < 0)
		r = 1;
	return r;
}
