/* SPDX-License-Identifier: MIT */
/*
 * Draws a counter 60 times a second while busy work goes on, and says in the
 * end how many frames were dropped.
 *
 *	./frames
 *	./frames --slice 40
 *
 * Worth a look:
 *  - work(): a long computation in pieces. Each piece is an immediate that
 *    queues the next one, so the loop breathes in between.
 *  - on_frame(): is called between two pieces as soon as a beat is due. With
 *    pieces longer than a beat (--slice 40) some are missed: they are counted
 *    in the event, and the beat is kept.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rota.h>

static const char usage[] =
	"usage: frames [OPTIONS]\n"
	"Draws a counter at a steady rate while busy work goes on.\n"
	"  --backend NAME  epoll, kqueue, poll or select\n"
	"  --rate HZ       frames a second, 1 to 1000 (60)\n"
	"  --seconds S     how long (3)\n"
	"  --slice MS      how long one piece of work lasts, 0 to 1000 (2)\n"
	"  --help          this text\n";

struct show {
	struct rota_loop *loop;
	struct rota_frame frame;
	struct rota_immediate work;
	struct rota_timer end;
	uint64_t slice_ns;
	int is_drawn;
	/* What came of it. */
	uint64_t n_frames;
	uint64_t n_dropped;
	uint64_t latest_ns;
	uint64_t n_primes;
	uint64_t candidate;
};

struct settings {
	const char *backend;
	double rate;
	double seconds;
	double slice_ms;
};

static int
is_prime(uint64_t number)
{
	for (uint64_t i = 2; i * i <= number; i++)
		if (number % i == 0)
			return 0;
	return number > 1;
}

/* One piece: looks for primes until its time is up. */
static void
work(struct rota_immediate *immediate)
{
	struct show *show = (struct show *)((char *)immediate -
		offsetof(struct show, work));
	uint64_t end_ns;

	(void)rota_loop_update(show->loop);
	end_ns = rota_loop_now(show->loop) + show->slice_ns;
	do {
		for (int i = 0; i < 100; i++)
			show->n_primes += (uint64_t)is_prime(show->candidate++);
		(void)rota_loop_update(show->loop);
	} while (rota_loop_now(show->loop) < end_ns);
	(void)rota_immediate_start(immediate, work);
}

static void
on_frame(struct rota_frame *frame, const struct rota_frame_event *event)
{
	struct show *show = frame->handle.data;
	uint64_t late_ns = event->now_ns - event->due_ns;

	show->n_frames++;
	show->n_dropped += event->n_dropped;
	if (late_ns > show->latest_ns)
		show->latest_ns = late_ns;
	if (!show->is_drawn)
		return;
	printf("\rframe %" PRIu64 "  dropped %" PRIu64 "  primes %" PRIu64,
		event->number, show->n_dropped, show->n_primes);
	fflush(stdout);
}

static void
on_end(struct rota_timer *timer)
{
	struct show *show = timer->handle.data;

	(void)rota_immediate_stop(&show->work);
	(void)rota_handle_close(&show->frame.handle, NULL);
	(void)rota_handle_close(&timer->handle, NULL);
}

static int
start(struct show *show, const struct settings *settings)
{
	struct rota_loop *loop = show->loop;
	int r;

	if ((r = rota_frame_init(loop, &show->frame)) < 0 ||
		(r = rota_timer_init(loop, &show->end)) < 0 ||
		(r = rota_immediate_init(loop, &show->work)) < 0)
		return r;
	show->frame.handle.data = show;
	show->end.handle.data = show;
	show->slice_ns = (uint64_t)(settings->slice_ms * 1e6);
	show->is_drawn = isatty(STDOUT_FILENO);
	if ((r = rota_frame_set_interval(
		     &show->frame, (uint64_t)(1e9 / settings->rate))) < 0 ||
		(r = rota_frame_start(&show->frame, on_frame)) < 0 ||
		(r = rota_timer_start(&show->end,
			 (uint64_t)(settings->seconds * 1e9), 0, on_end)) < 0)
		return r;
	return rota_immediate_start(&show->work, work);
}

static int
run(const struct settings *settings)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	/* The loop keeps what it needs of it until it is closed. */
	static struct show show;
	int r;

	options.backend = settings->backend;
	r = rota_loop_create(&options, &show.loop);
	if (r == 0)
		r = start(&show, settings);
	if (r == 0)
		r = rota_loop_run(show.loop, ROTA_RUN_DEFAULT);
	if (r == 0)
		r = rota_loop_close(show.loop);
	if (r < 0) {
		fprintf(stderr, "frames: %s\n", rota_error_text(r));
		return 1;
	}
	printf("%sframes %" PRIu64 ", dropped %" PRIu64
	       ", at most %.1f ms late; %" PRIu64 " primes found\n",
		show.is_drawn ? "\n" : "", show.n_frames, show.n_dropped,
		(double)show.latest_ns / 1e6, show.n_primes);
	return 0;
}

/* Returns 1 if the text is a number of that range. */
static int
read_number(const char *text, double min, double max, double *ret_number)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end || !(number >= min && number <= max))
		return 0;
	*ret_number = number;
	return 1;
}

/* Returns an exit code, or -1 to go on. */
static int
read_options(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ "rate", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "slice", required_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	int is_right = 1;
	int c;

	while (is_right &&
		(c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (c == 'b')
			settings->backend = optarg;
		else if (c == 'r')
			is_right =
				read_number(optarg, 1, 1000, &settings->rate);
		else if (c == 's')
			is_right =
				read_number(optarg, 0, 1e6, &settings->seconds);
		else if (c == 'w')
			is_right = read_number(
				optarg, 0, 1000, &settings->slice_ms);
		else
			is_right = 0;
	}
	if (is_right && optind == argc)
		return -1;
	fputs(usage, stderr);
	return 2;
}

int
main(int argc, char **argv)
{
	struct settings settings = { .rate = 60, .seconds = 3, .slice_ms = 2 };
	int r = read_options(argc, argv, &settings);

	return r >= 0 ? r : run(&settings);
}
