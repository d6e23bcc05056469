/* SPDX-License-Identifier: MIT */
/*
 * Numbers: a table with a line for each metric of a workload and a column for
 * each side; and the same as CSV, as JSON and as Markdown.
 */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <rota.h>

#include "bench/output.h"

const char *const metrics[] = { "time", "cpu", "arm", "fire", "p99", "earliest",
	"bytes", "instructions", "calls", NULL };

int
has_metric(const struct plan *plan, unsigned workload, const char *metric)
{
	for (unsigned s = 0; s < plan->n_sides; s++)
		if (cell_find(plan_cell(plan, workload, s), metric))
			return 1;
	return 0;
}

double
spread_percent(const struct series *series)
{
	double middle = series->median;

	if (middle < 0)
		middle = -middle;
	return middle > 0 ? (series->most - series->least) / 2 / middle * 100 :
			    0;
}

int
digits_of(double value)
{
	if (value < 0)
		value = -value;
	return value < 10 ? 2 : value < 1000 ? 1 : 0;
}

static void
print_line(FILE *file, const struct plan *plan, unsigned w, const char *metric)
{
	const char *unit = "";

	fprintf(file, "%-16s %-12s", plan->workloads[w]->name, metric);
	for (unsigned s = 0; s < plan->n_sides; s++) {
		const struct cell *cell = plan_cell(plan, w, s);
		const struct series *series = cell_find(cell, metric);

		if (!series) {
			fprintf(file, " %17s",
				cell->has_failed ? "failed" : "-");
			continue;
		}
		unit = series->unit;
		fprintf(file, " %10.*f ±%3.0f%%", digits_of(series->median),
			series->median, spread_percent(series));
	}
	fprintf(file, "  %s per %s\n", unit, plan->workloads[w]->event);
}

void
print_table(FILE *file, const struct plan *plan)
{
	print_machine(file);
	fprintf(file,
		"median of %u rounds, ± half of what lies between the least"
		" and the most; less is better\n\n",
		plan->n_rounds);
	fprintf(file, "%-16s %-12s", "workload", "metric");
	for (unsigned s = 0; s < plan->n_sides; s++)
		fprintf(file, " %16s", plan->sides[s].label);
	fputs("\n", file);
	for (unsigned w = 0; w < plan->n_workloads; w++)
		for (unsigned m = 0; metrics[m]; m++)
			if (has_metric(plan, w, metrics[m]))
				print_line(file, plan, w, metrics[m]);
}

/* The model of the processor, where the system tells it in a file. */
static void
print_processor(FILE *file)
{
	FILE *from = fopen("/proc/cpuinfo", "r");
	char line[256];
	char model[128];

	if (!from)
		return;
	while (fgets(line, sizeof(line), from))
		if (sscanf(line, "model name : %127[^\n]", model) == 1) {
			fprintf(file, " (%s)", model);
			break;
		}
	(void)fclose(from);
}

void
print_machine_words(FILE *file)
{
	struct utsname name;
	time_t now = time(NULL);
	char date[32] = "";

	(void)strftime(date, sizeof(date), "%Y-%m-%d", gmtime(&now));
	if (uname(&name) < 0)
		die("uname: %s", strerror(errno));
	fprintf(file, "%s %s %s, %ld processors", name.sysname, name.release,
		name.machine, sysconf(_SC_NPROCESSORS_ONLN));
	print_processor(file);
	fprintf(file, "; rota %s, compiler %s; %s", rota_version(), __VERSION__,
		date);
}

void
print_machine(FILE *file)
{
	print_machine_words(file);
	fputc('\n', file);
}

FILE *
open_to_write(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file)
		die("cannot write %s: %s", path, strerror(errno));
	return file;
}

void
close_written(FILE *file, const char *path)
{
	int is_bad = ferror(file);

	if (fclose(file) != 0 || is_bad)
		die("cannot write %s: %s", path, strerror(errno));
}

static void
csv_line(FILE *file, const struct plan *plan, unsigned w, unsigned s,
	const struct series *series)
{
	const struct side *side = &plan->sides[s];

	fprintf(file, "%s,%s,%s,%s,%s,%s,%s,%u,%.6g,%.6g,%.6g\n",
		plan->workloads[w]->name, series->metric, series->unit,
		plan->workloads[w]->event, side->label, side->real_backend,
		side->version, series->n, series->median, series->least,
		series->most);
}

void
write_csv(const char *path, const struct plan *plan)
{
	FILE *file = open_to_write(path);

	fputs("workload,metric,unit,per,who,backend,version,rounds,median,"
	      "least,most\n",
		file);
	for (unsigned w = 0; w < plan->n_workloads; w++)
		for (unsigned s = 0; s < plan->n_sides; s++) {
			const struct cell *cell = plan_cell(plan, w, s);

			for (unsigned i = 0; i < cell->n_series; i++)
				csv_line(file, plan, w, s, &cell->series[i]);
		}
	close_written(file, path);
}

static void
markdown_line(
	FILE *file, const struct plan *plan, unsigned w, const char *metric)
{
	fprintf(file, "| %s | %s |", plan->workloads[w]->name, metric);
	for (unsigned s = 0; s < plan->n_sides; s++) {
		const struct series *series =
			cell_find(plan_cell(plan, w, s), metric);

		if (series)
			fprintf(file, " %.*f ±%.0f %% |",
				digits_of(series->median), series->median,
				spread_percent(series));
		else
			fputs(" – |", file);
	}
	fputs("\n", file);
}

void
write_markdown(const char *path, const struct plan *plan)
{
	FILE *file = open_to_write(path);

	fputs("| workload | metric |", file);
	for (unsigned s = 0; s < plan->n_sides; s++)
		fprintf(file, " %s |", plan->sides[s].label);
	fputs("\n|---|---|", file);
	for (unsigned s = 0; s < plan->n_sides; s++)
		fputs("---:|", file);
	fputs("\n", file);
	for (unsigned w = 0; w < plan->n_workloads; w++)
		for (unsigned m = 0; metrics[m]; m++)
			if (has_metric(plan, w, metrics[m]))
				markdown_line(file, plan, w, metrics[m]);
	close_written(file, path);
}

static void
json_series(FILE *file, const struct plan *plan, unsigned w, unsigned s,
	const struct series *series)
{
	const struct side *side = &plan->sides[s];

	fprintf(file,
		"{\"workload\": \"%s\", \"metric\": \"%s\", \"unit\": \"%s\","
		" \"per\": \"%s\", \"who\": \"%s\", \"backend\": \"%s\","
		" \"version\": \"%s\", \"median\": %.6g, \"values\": [",
		plan->workloads[w]->name, series->metric, series->unit,
		plan->workloads[w]->event, side->label, side->real_backend,
		side->version, series->median);
	for (unsigned i = 0; i < series->n; i++)
		fprintf(file, "%s%.6g", i ? ", " : "", series->values[i]);
	fputs("]}", file);
}

void
write_json(const char *path, const struct plan *plan)
{
	FILE *file = open_to_write(path);
	const char *before = "";

	/* Nothing in these texts needs quoting. */
	fputs("{\"machine\": \"", file);
	print_machine_words(file);
	fprintf(file, "\",\n\"rounds\": %u,\n\"results\": [", plan->n_rounds);
	for (unsigned w = 0; w < plan->n_workloads; w++)
		for (unsigned s = 0; s < plan->n_sides; s++) {
			const struct cell *cell = plan_cell(plan, w, s);

			for (unsigned i = 0; i < cell->n_series; i++) {
				fprintf(file, "%s\n", before);
				json_series(file, plan, w, s, &cell->series[i]);
				before = ",";
			}
		}
	fputs("\n]}\n", file);
	close_written(file, path);
}
