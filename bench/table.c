/* SPDX-License-Identifier: MIT */
/* The table: a line for each metric of a workload, a column for each side. */
#include <string.h>

#include "bench/output.h"

static int
has_metric(const struct plan *plan, unsigned w, const char *metric)
{
	for (unsigned s = 0; s < plan->n_sides; s++)
		if (cell_find(plan_cell(plan, w, s), metric))
			return 1;
	return 0;
}

static void
print_line(FILE *file, const struct plan *plan, unsigned w, const char *metric)
{
	const char *unit = "";

	fprintf(file, "%-18s %-12s", plan->workloads[w]->name, metric);
	for (unsigned s = 0; s < plan->n_sides; s++) {
		const struct cell *cell = plan_cell(plan, w, s);
		const struct series *series = cell_find(cell, metric);

		if (!series) {
			fprintf(file, " %19s",
				cell->has_failed ? "failed" : "-");
			continue;
		}
		unit = series->unit;
		fprintf(file, " %12.*f ±%3.0f %%",
			series->median < 1000 ? 1 : 0, series->median,
			series->median != 0 ? (series->most - series->least) /
					2 / series->median * 100 :
					      0);
	}
	fprintf(file, "  %s/%s\n", unit, plan->workloads[w]->event);
}

void
print_table(FILE *file, const struct plan *plan)
{
	static const char *const metrics[] = { "time", "arm", "fire", "cpu",
		"p99", "earliest", "bytes", "instructions", "calls" };

	fprintf(file, "%-18s %-12s", "workload", "metric");
	for (unsigned s = 0; s < plan->n_sides; s++)
		fprintf(file, " %19s", plan->sides[s].label);
	fputs("  unit\n", file);
	for (unsigned w = 0; w < plan->n_workloads; w++)
		for (unsigned m = 0; m < sizeof(metrics) / sizeof(*metrics);
			m++)
			if (has_metric(plan, w, metrics[m]))
				print_line(file, plan, w, metrics[m]);
}
