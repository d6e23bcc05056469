/* SPDX-License-Identifier: MIT */
/*
 * Counts what does not depend on how busy the machine is: instructions in
 * user space, by valgrind, and system calls, by strace. Both look on while a
 * sample is taken, and count the part between its marks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/run.h"

#include "bench/sample.h"

/* Where the tool writes. */
static void
name_file(char *ret_path, size_t size_bytes)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	snprintf(ret_path, size_bytes, "%s/rota-bench.XXXXXX",
		dir && *dir ? dir : "/tmp");
	fd = mkstemp(ret_path);
	if (fd < 0)
		die("cannot make %s: %s", ret_path, strerror(errno));
	(void)close(fd);
}

static double
read_totals(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[512];
	double total = -1;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "totals: %lf", &total) == 1 ||
			sscanf(line, "summary: %lf", &total) == 1)
			break;
	(void)fclose(file);
	return total;
}

double
count_instructions(struct side *side, const struct workload *workload)
{
	char path[256];
	char out[280];
	const char *before[] = { "valgrind", "-q", "--tool=callgrind",
		"--log-file=/dev/null", "--toggle-collect=" MARK_FUNCTION, out,
		"--", NULL };
	struct taken taken;
	double total;

	name_file(path, sizeof(path));
	snprintf(out, sizeof(out), "--callgrind-out-file=%s", path);
	take_sample(side, workload, SAMPLE_COUNT, before, &taken);
	if (WIFEXITED(taken.status) &&
		WEXITSTATUS(taken.status) == SAMPLE_CANNOT) {
		(void)unlink(path);
		return COUNT_CANNOT;
	}
	total = taken.status == 0 ? read_totals(path) : -1;
	(void)unlink(path);
	if (total <= 0 || taken.n_events == 0)
		return -1;
	return total / (double)taken.n_events;
}

/* One name of a system call, and how often it was made. */
struct call {
	char name[32];
	unsigned long n;
};

#define MAX_CALLS 64
#define MAX_PIDS 64

struct trace {
	struct call calls[MAX_CALLS];
	unsigned n_calls;
	unsigned long n_all;
	int first_pid;
	/* Processes that have become another program: none of ours. */
	int strangers[MAX_PIDS];
	unsigned n_strangers;
	int is_on;
	int has_begun;
};

static int
is_stranger(const struct trace *trace, int pid)
{
	for (unsigned i = 0; i < trace->n_strangers; i++)
		if (trace->strangers[i] == pid)
			return 1;
	return 0;
}

static void
count_call(struct trace *trace, const char *name)
{
	unsigned i;

	trace->n_all++;
	for (i = 0; i < trace->n_calls; i++)
		if (strcmp(trace->calls[i].name, name) == 0)
			break;
	if (i == MAX_CALLS)
		return;
	if (i == trace->n_calls) {
		snprintf(trace->calls[i].name, sizeof(trace->calls[i].name),
			"%s", name);
		trace->n_calls++;
	}
	trace->calls[i].n++;
}

/*
 * A line is "PID name(arguments) = result". A call that lasts is in two: one
 * that ends in "<unfinished ...>" and counts, and one that begins with
 * "<... name resumed>" and does not.
 */
static void
take_line(struct trace *trace, const char *line)
{
	char name[32];
	int pid;

	if (sscanf(line, "%d %31[a-z0-9_](", &pid, name) != 2)
		return;
	if (!trace->first_pid)
		trace->first_pid = pid;
	if (strstr(line, MARK_BEGIN)) {
		trace->is_on = 1;
		trace->has_begun = 1;
		return;
	}
	if (strstr(line, MARK_END)) {
		trace->is_on = 0;
		return;
	}
	if (is_stranger(trace, pid))
		return;
	if (strcmp(name, "execve") == 0 && pid != trace->first_pid &&
		trace->n_strangers < MAX_PIDS)
		trace->strangers[trace->n_strangers++] = pid;
	if (trace->is_on)
		count_call(trace, name);
}

static int
more_often(const void *a, const void *b)
{
	const struct call *x = a;
	const struct call *y = b;

	return (x->n < y->n) - (x->n > y->n);
}

static void
list_calls(struct trace *trace, unsigned long n_events, char *ret_text,
	size_t size_bytes)
{
	size_t at = 0;

	qsort(trace->calls, trace->n_calls, sizeof(*trace->calls), more_often);
	for (unsigned i = 0; i < trace->n_calls && at < size_bytes; i++)
		at += (size_t)snprintf(ret_text + at, size_bytes - at,
			"  %-20s %10.4f\n", trace->calls[i].name,
			(double)trace->calls[i].n / (double)n_events);
}

double
count_calls(struct side *side, const struct workload *workload, char *ret_text,
	size_t size_bytes)
{
	char path[256];
	const char *before[] = { "strace", "-f", "-q", "-o", path, "-e",
		"signal=none", "--", NULL };
	struct trace trace = { .n_all = 0 };
	struct taken taken;
	char line[1024];
	FILE *file;

	name_file(path, sizeof(path));
	take_sample(side, workload, SAMPLE_COUNT, before, &taken);
	file = fopen(path, "r");
	if (!file)
		die("cannot read %s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file))
		take_line(&trace, line);
	(void)fclose(file);
	(void)unlink(path);
	if (taken.status != 0 || taken.n_events == 0 || !trace.has_begun)
		return -1;
	if (ret_text)
		list_calls(&trace, taken.n_events, ret_text, size_bytes);
	return (double)trace.n_all / (double)taken.n_events;
}
