/* SPDX-License-Identifier: MIT */
/* Takes samples, one process each, interleaved: A B A B ... */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rota.h>

#include "bench/run.h"

#include "bench/sample.h"

/* Reads the lines of one sample. */
static void
hear(FILE *from, struct side *side, struct taken *taken)
{
	char line[256];

	while (fgets(line, sizeof(line), from)) {
		unsigned i = taken->n_results;

		if (sscanf(line, "backend %23[^\n]", side->real_backend) == 1 ||
			sscanf(line, "version %47[^\n]", side->version) == 1)
			continue;
		if (sscanf(line, "events %lu", &taken->n_events) == 1)
			continue;
		else if (i < MAX_METRICS &&
			sscanf(line, "result %15s %lf %7s",
				taken->results[i].metric,
				&taken->results[i].value,
				taken->results[i].unit) == 3)
			taken->n_results++;
	}
}

static void
become_sample(const struct side *side, const struct workload *workload,
	enum sample_mode mode, const char *const *before, int to)
{
	static const char *const modes[] = { "time", "count", "tiny" };
	const char *argv[32];
	unsigned n = 0;

	for (; before && before[n]; n++)
		argv[n] = before[n];
	argv[n++] = self_path;
	argv[n++] = "sample";
	argv[n++] = workload->name;
	argv[n++] = side->label;
	argv[n++] = modes[mode];
	argv[n] = NULL;
	/* No copy of it may be left to those whom the sample starts. */
	if (dup2(to, STDOUT_FILENO) < 0 || close(to) < 0)
		_exit(127);
	(void)execvp(argv[0], (char **)argv);
	_exit(127);
}

void
take_sample(struct side *side, const struct workload *workload,
	enum sample_mode mode, const char *const *before, struct taken *ret)
{
	int ends[2];
	FILE *from;
	pid_t pid;

	memset(ret, 0, sizeof(*ret));
	if (pipe(ends) < 0)
		die("pipe: %s", strerror(errno));
	(void)fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		(void)close(ends[0]);
		become_sample(side, workload, mode, before, ends[1]);
	}
	(void)close(ends[1]);
	from = fdopen(ends[0], "r");
	if (!from)
		die("fdopen: %s", strerror(errno));
	hear(from, side, ret);
	(void)fclose(from);
	while (waitpid(pid, &ret->status, 0) < 0)
		if (errno != EINTR)
			die("waitpid: %s", strerror(errno));
}

/* Sides. */

static void
add_side(struct plan *plan, const struct subject *subject, const char *backend)
{
	struct side *side;

	plan->sides = realloc(
		plan->sides, (plan->n_sides + 1) * sizeof(*plan->sides));
	if (!plan->sides)
		die("out of memory");
	side = &plan->sides[plan->n_sides++];
	memset(side, 0, sizeof(*side));
	side->subject = subject;
	side->backend = backend ? strdup(backend) : NULL;
	snprintf(side->label, sizeof(side->label), "%s%s%s", subject->name,
		backend ? "/" : "", backend ? backend : "");
}

void
plan_add_backends(struct plan *plan, const char *names)
{
	char *list = strdup(names);
	char *rest = list;
	char *name;

	if (!list)
		die("out of memory");
	while ((name = strsep(&rest, ",")) != NULL)
		if (*name)
			add_side(plan, subject_find("rota"), name);
	free(list);
}

void
plan_add_subjects(struct plan *plan, const char *names)
{
	char *list = strdup(names);
	char *rest = list;
	char *name;

	if (!list)
		die("out of memory");
	while ((name = strsep(&rest, ",")) != NULL) {
		char *subject_name = strsep(&name, "/");
		const struct subject *subject = subject_find(subject_name);

		if (!subject)
			die("this build does not know \"%s\"", subject_name);
		add_side(plan, subject, name);
	}
	free(list);
}

void
plan_add_all_backends(struct plan *plan)
{
	struct rota_backend_info info;

	for (unsigned i = 0; rota_backend_info(i, &info) == 0; i++)
		if (info.is_built && info.error == 0)
			add_side(plan, subject_find("rota"), info.name);
}

void
plan_add_peers(struct plan *plan)
{
	for (unsigned i = 0; subjects[i]; i++)
		if (subjects[i]->is_peer)
			add_side(plan, subjects[i], NULL);
}

void
plan_free(struct plan *plan)
{
	for (unsigned i = 0; i < plan->n_sides; i++)
		free(plan->sides[i].backend);
	free(plan->sides);
	free(plan->workloads);
	free(plan->cells);
}

/* Cells. */

const struct cell *
plan_cell(const struct plan *plan, unsigned workload, unsigned side)
{
	return &plan->cells[workload * plan->n_sides + side];
}

const struct series *
cell_find(const struct cell *cell, const char *metric)
{
	for (unsigned i = 0; i < cell->n_series; i++)
		if (strcmp(cell->series[i].metric, metric) == 0)
			return &cell->series[i];
	return NULL;
}

void
cell_add(struct cell *cell, const char *metric, double value, const char *unit)
{
	struct series *series = (struct series *)cell_find(cell, metric);

	if (!series) {
		if (cell->n_series == MAX_METRICS)
			return;
		series = &cell->series[cell->n_series++];
		snprintf(series->metric, sizeof(series->metric), "%s", metric);
		snprintf(series->unit, sizeof(series->unit), "%s", unit);
	}
	if (series->n < MAX_ROUNDS)
		series->values[series->n++] = value;
}

static int
in_order(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
sum_up(struct series *series)
{
	double sorted[MAX_ROUNDS];
	unsigned n = series->n;

	memcpy(sorted, series->values, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), in_order);
	series->median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
	series->least = sorted[0];
	series->most = sorted[n - 1];
}

/* Running. */

static void
show_progress(const struct plan *plan, const char *what, const char *who,
	unsigned done, unsigned all, uint64_t began_ns)
{
	double seconds = (double)(clock_ns() - began_ns) / 1e9;
	double left = done ? seconds * (all - done) / done : 0;

	if (plan->is_quiet)
		return;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K[%u/%u] %s, %s; %.0f s to go",
			done + 1, all, what, who, left);
	else if (done % 50 == 0)
		fprintf(stderr, "[%u/%u] %s, %s; %.0f s to go\n", done + 1, all,
			what, who, left);
}

static void
take_one(struct plan *plan, unsigned w, unsigned s)
{
	struct cell *cell = (struct cell *)plan_cell(plan, w, s);
	struct taken taken;

	if (cell->cannot || cell->has_failed)
		return;
	take_sample(
		&plan->sides[s], plan->workloads[w], plan->mode, NULL, &taken);
	if (WIFEXITED(taken.status) &&
		WEXITSTATUS(taken.status) == SAMPLE_CANNOT) {
		cell->cannot = 1;
		return;
	}
	if (taken.status != 0 || taken.n_results == 0) {
		fprintf(stderr, "\nrota-bench: %s by %s has failed\n",
			plan->workloads[w]->name, plan->sides[s].label);
		cell->has_failed = 1;
		return;
	}
	for (unsigned i = 0; i < taken.n_results; i++)
		cell_add(cell, taken.results[i].metric, taken.results[i].value,
			taken.results[i].unit);
}

static void
count_one(struct plan *plan, unsigned w, unsigned s)
{
	struct cell *cell = (struct cell *)plan_cell(plan, w, s);
	double value;

	if (cell->cannot || cell->has_failed)
		return;
	/* The processor may have counted them already. */
	if (cell_find(cell, "instructions"))
		value = -1;
	else
		value = count_instructions(&plan->sides[s], plan->workloads[w]);
	if (value >= 0)
		cell_add(cell, "instructions", value, "instr");
	value = count_calls(&plan->sides[s], plan->workloads[w], NULL, 0);
	if (value >= 0)
		cell_add(cell, "calls", value, "calls");
}

unsigned
plan_run(struct plan *plan)
{
	unsigned n_cells = plan->n_workloads * plan->n_sides;
	unsigned n_rounds = plan->n_rounds + (plan->is_counted ? 1 : 0);
	uint64_t began_ns = clock_ns();
	unsigned n_failed = 0;
	unsigned done = 0;

	plan->cells = get_memory(n_cells, sizeof(*plan->cells));
	for (unsigned w = 0; w < plan->n_workloads; w++)
		for (unsigned round = 0; round < n_rounds; round++)
			for (unsigned s = 0; s < plan->n_sides; s++) {
				show_progress(plan, plan->workloads[w]->name,
					plan->sides[s].label, done++,
					n_rounds * n_cells, began_ns);
				if (round < plan->n_rounds)
					take_one(plan, w, s);
				else
					count_one(plan, w, s);
			}
	if (!plan->is_quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	for (unsigned i = 0; i < n_cells; i++) {
		n_failed += plan->cells[i].has_failed ? 1 : 0;
		for (unsigned j = 0; j < plan->cells[i].n_series; j++)
			sum_up(&plan->cells[i].series[j]);
	}
	plan->seconds = (double)(clock_ns() - began_ns) / 1e9;
	return n_failed;
}
