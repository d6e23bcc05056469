/* SPDX-License-Identifier: MIT */
/*
 * Counts primes in the threads of a pool, shows how far it is, and can be
 * broken off with Ctrl-C: what has been counted by then is told.
 *
 *	./parallel_work --limit 20000000 --threads 2
 *
 * Worth a look:
 *  - count_slice(): runs in a thread of the pool. It touches nothing of the
 *    loop, adds to one counter that is atomic, and asks now and then whether
 *    it shall end.
 *  - on_counted(): runs in the loop's thread, where it needs no lock to add
 *    up.
 *  - on_interrupt(): cancels all slices. Those that wait end at once, those
 *    that run end when they have asked.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rota.h>

#define N_SLICES 64

struct slice {
	struct rota_work work;
	struct count *count;
	unsigned long from;
	unsigned long to;
	unsigned long n_primes;
	int is_in_flight;
};

struct count {
	struct rota_loop *loop;
	struct rota_timer progress;
	struct rota_signal interrupt;
	struct slice slices[N_SLICES];
	unsigned n_in_flight;
	unsigned n_canceled;
	unsigned long n_primes;
	unsigned long limit;
	/* Numbers looked at; written by all threads. */
	atomic_ulong n_done;
};

static const char usage[] =
	"usage: parallel_work [OPTIONS]\n"
	"Counts primes in several threads. Ctrl-C breaks it off.\n"
	"  --backend NAME   epoll, kqueue, poll or select\n"
	"  --limit NUMBER   primes below this, 1000000 unless told otherwise\n"
	"  --threads NUMBER of the pool, 4 unless told otherwise\n"
	"  --help           this text\n";

/* In a thread of the pool. */

static int
is_prime(unsigned long number)
{
	unsigned long i;

	if (number < 4)
		return number > 1;
	if (number % 2 == 0)
		return 0;
	for (i = 3; i * i <= number; i += 2)
		if (number % i == 0)
			return 0;
	return 1;
}

static int
count_slice(struct rota_work *work)
{
	struct slice *slice = work->job.request.data;
	unsigned long number;

	slice->n_primes = 0;
	for (number = slice->from; number < slice->to; number++) {
		slice->n_primes += (unsigned long)is_prime(number);
		if (number % 1024 != 0)
			continue;
		atomic_fetch_add(&slice->count->n_done, 1024);
		if (rota_work_is_canceled(work))
			return -ECANCELED;
	}
	return 0;
}

/* In the loop's thread. */

static void
show_progress(struct rota_timer *timer)
{
	struct count *count = timer->handle.data;
	unsigned long n = atomic_load(&count->n_done);

	if (n > count->limit)
		n = count->limit;
	fprintf(stderr, "\r%3.0f %%, %u slices to go ",
		100.0 * (double)n / (double)count->limit, count->n_in_flight);
}

static void
on_counted(struct rota_work *work, int status)
{
	struct slice *slice = work->job.request.data;
	struct count *count = slice->count;

	slice->is_in_flight = 0;
	if (status == 0)
		count->n_primes += slice->n_primes;
	else
		count->n_canceled++;
	if (--count->n_in_flight > 0)
		return;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%30s\r", "");
	(void)rota_handle_close(&count->progress.handle, NULL);
	(void)rota_handle_close(&count->interrupt.handle, NULL);
}

static void
on_interrupt(struct rota_signal *handle, const struct rota_signal_event *event)
{
	struct count *count = handle->handle.data;
	int i;

	(void)event;
	for (i = 0; i < N_SLICES; i++)
		if (count->slices[i].is_in_flight)
			(void)rota_request_cancel(
				&count->slices[i].work.job.request);
}

/* The beginning. */

static int
start_slices(struct count *count)
{
	int i;
	int r;

	for (i = 0; i < N_SLICES; i++) {
		struct slice *slice = &count->slices[i];

		slice->count = count;
		slice->from = count->limit / N_SLICES * (unsigned long)i;
		slice->to = i + 1 < N_SLICES ?
			slice->from + count->limit / N_SLICES :
			count->limit;
		slice->work.job.request.data = slice;
		r = rota_work_start(
			count->loop, &slice->work, count_slice, on_counted);
		if (r < 0)
			return r;
		slice->is_in_flight = 1;
		count->n_in_flight++;
	}
	return 0;
}

static int
start(struct count *count)
{
	int r = rota_timer_init(count->loop, &count->progress);

	if (r == 0)
		r = rota_signal_init(count->loop, &count->interrupt);
	if (r < 0)
		return r;
	count->progress.handle.data = count;
	count->interrupt.handle.data = count;
	r = rota_signal_start(&count->interrupt, SIGINT, on_interrupt);
	if (r == 0 && isatty(STDERR_FILENO))
		r = rota_timer_start(&count->progress, 0,
			100 * ROTA_MILLISECOND, show_progress);
	return r < 0 ? r : start_slices(count);
}

static unsigned long
number_of(const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	return *end == '\0' && *text >= '0' && *text <= '9' ? number : 0;
}

/* Returns 0, or the exit code to end with at once. */
static int
read_options(int argc, char **argv, struct rota_loop_options *options,
	unsigned long *limit)
{
	static const struct option known[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "limit", required_argument, NULL, 'l' },
		{ "threads", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (option == 'b') {
			options->backend = optarg;
		} else if (option == 'l' && number_of(optarg) > 0) {
			*limit = number_of(optarg);
		} else if (option == 't' && number_of(optarg) > 0 &&
			number_of(optarg) <= ROTA_POOL_MAX_THREADS) {
			options->pool_threads = (unsigned)number_of(optarg);
		} else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? -1 : 2;
		}
	if (optind == argc)
		return 0;
	fputs(usage, stderr);
	return 2;
}

int
main(int argc, char **argv)
{
	static struct count count = { .limit = 1000000 };
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	int r = read_options(argc, argv, &options, &count.limit);

	if (r != 0)
		return r < 0 ? 0 : r;
	r = rota_loop_create(&options, &count.loop);
	if (r == 0)
		r = start(&count);
	if (r < 0) {
		fprintf(stderr, "parallel_work: %s\n", rota_error_text(r));
		return 1;
	}
	(void)rota_loop_run(count.loop, ROTA_RUN_DEFAULT);
	printf("%lu primes below %lu, counted in %u slices of %d (backend %s)\n",
		count.n_primes, count.limit, N_SLICES - count.n_canceled,
		N_SLICES, rota_loop_backend(count.loop));
	(void)rota_loop_close(count.loop);
	return count.n_canceled > 0 ? 130 : 0;
}
