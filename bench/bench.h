/* SPDX-License-Identifier: MIT */
/*
 * What the files of rota-bench share.
 *
 * A workload is what is done, a subject is who does it: rota on one of its
 * backends, another library, or a loop written by hand ("raw"). A sample is
 * one run of one workload by one subject, in a process of its own, so that
 * nobody inherits a warm or a torn heap from whoever was before.
 *
 *	main.c		the command line
 *	  run.c		interleaves samples: A B A B ..., collects
 *	  count.c	one sample under valgrind and strace
 *	  table.c, svg.c, report.c	what comes out
 *	sample.c	the process that takes one sample
 *	  on_*.c	what is done, the same for all subjects
 *	  rota_*.c, raw_*.c, libuv*.c, libev.c, libevent.c	who does it
 *	load.c		the process that loads a server under measurement
 */
#ifndef ROTA_BENCH_BENCH_H
#define ROTA_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

struct sample;
struct subject;

/* One thing to do, with its sizes. */
struct workload {
	const char *name;
	/* What is done, in words, and what one event of it is. */
	const char *title;
	const char *event;
	/* Does it. */
	void (*take)(struct sample *sample);
	/* Sizes, whose meaning is the function's. */
	unsigned n;
	unsigned active;
	unsigned size_bytes;
	/* Events in a sample that is timed, and in one that is counted. */
	unsigned long n_timed;
	unsigned long n_counted;
};

/* Ends with a name of NULL. */
extern const struct workload workloads[];

const struct workload *workload_find(const char *name);

enum sample_mode {
	/* Time is taken; as many events as are needed for that. */
	SAMPLE_TIME,
	/* Valgrind or strace look on; few events, and in lockstep. */
	SAMPLE_COUNT,
	/* Only to see that it works. */
	SAMPLE_TINY
};

/* Exit status: this workload cannot be done, by this subject or here. */
#define SAMPLE_CANNOT 3

/* No sample takes so long, not under valgrind either: it is stuck. */
#define PATIENCE_SECONDS 120

struct sample {
	const struct workload *workload;
	const struct subject *subject;
	enum sample_mode mode;
	/* The backend asked for, or NULL. */
	const char *backend;
	void *loop;
	/* Sizes of the workload, smaller if the mode is SAMPLE_TINY. */
	unsigned n;
	unsigned active;
	unsigned size_bytes;
	unsigned long n_events;
	/* For the functions that are measured. */
	void *data;
};

/*
 * Opens a loop for the sample, and says which backend it really has. Ends
 * the process if that is not the one asked for.
 */
void sample_open(struct sample *sample);

/* Ends the process: this subject cannot do this workload. */
void sample_cannot(const struct sample *sample) __attribute__((noreturn));

/*
 * Calls fn(sample), and returns how long that took. What valgrind and strace
 * count is what happens in there.
 */
uint64_t sample_measure(
	struct sample *sample, void (*fn)(struct sample *sample));

/* Tells a result: lower is better unless the unit ends in "/s". */
void sample_tell(const char *metric, double value, const char *unit);

/* Tells `ns` divided by the number of events, as metric "time". */
void sample_tell_time(const struct sample *sample, uint64_t ns);

/* Small helpers, bench/tools.c. Each ends the process if it cannot. */

void die(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
void *get_memory(size_t n, size_t size_bytes);
uint64_t clock_ns(void);
void sleep_ns(uint64_t ns);
uint64_t cpu_ns(void);
/* Ends the process with SAMPLE_CANNOT where that is not allowed. */
void raise_fd_limit(unsigned n_fds);
void make_pair(int ret_fds[2]);
void set_nonblocking(int fd);
void close_on_exec(int fd);
/* Returns 0 if there is no way to do it here. */
int pin_to_cpu(unsigned cpu);
/* Returns the memory that the process uses now, in bytes. */
size_t memory_bytes(void);
/* Starts this program anew with these arguments; argv[0] is filled in. */
int start_self(const char **argv);
/* The path of this program. */
extern const char *self_path;

#endif
