/* SPDX-License-Identifier: MIT */
/* One page that needs nothing else: verdict, pictures, tables. */
#include <string.h>

#include "bench/output.h"

static const char head[] =
	"<!DOCTYPE html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
	"<meta name='viewport' content='width=device-width'>\n"
	"<title>rota-bench</title>\n<style>\n"
	"body { font: 15px/1.5 sans-serif; color: #222; margin: 2em auto;"
	" max-width: 1440px; padding: 0 1em }\n"
	"h1, h2 { line-height: 1.2 }\n"
	"li ul { columns: 22em auto; font-size: 13px }\n"
	".pictures { display: grid; gap: 1em;"
	" grid-template-columns: repeat(auto-fit, minmax(500px, 1fr)) }\n"
	".pictures svg { width: 100%; height: auto; border: 1px solid #ddd }\n"
	".wide { overflow-x: auto }\n"
	"table { border-collapse: collapse; font-size: 13px }\n"
	"th, td { padding: 3px 9px; text-align: right; white-space: nowrap;"
	" border-bottom: 1px solid #e4e4e4 }\n"
	"th { background: #f4f4f4 }\n"
	"td:nth-child(-n+3), th:nth-child(-n+3) { text-align: left }\n"
	"td small { color: #777 }\n"
	".best { background: #e2f3e6; font-weight: bold }\n"
	".none { color: #aaa }\n"
	"</style>\n</head>\n<body>\n<h1>rota-bench</h1>\n<p>";

static const char how[] =
	"<p>Each number is the median of %u rounds; the rounds of all who are"
	" compared are interleaved, and each is a process of its own. ± is"
	" half of what lies between the least and the most. Less is better,"
	" but for messages per second; the best of each row is marked. Dashed"
	" curves are not of rota. The whole took %.0f seconds.</p>\n";

static void
write_pictures_here(FILE *file, const struct plan *plan)
{
	fputs("<div class='pictures'>\n", file);
	for (unsigned i = 0; picture_name(i); i++)
		(void)draw_picture(file, plan, i);
	fputs("</div>\n", file);
}

static double
best_of(const struct plan *plan, unsigned w, const char *metric)
{
	double best = 0;

	for (unsigned s = 0; s < plan->n_sides; s++) {
		const struct series *series =
			cell_find(plan_cell(plan, w, s), metric);

		if (series && series->median > 0 &&
			(best == 0 || series->median < best))
			best = series->median;
	}
	return best;
}

static void
write_row(FILE *file, const struct plan *plan, unsigned w, const char *metric)
{
	double best = best_of(plan, w, metric);
	const char *unit = "";

	for (unsigned s = 0; s < plan->n_sides; s++)
		if (cell_find(plan_cell(plan, w, s), metric))
			unit = cell_find(plan_cell(plan, w, s), metric)->unit;
	fprintf(file, "<tr><td title='%s'>%s</td><td>%s</td><td>%s per %s</td>",
		plan->workloads[w]->title, plan->workloads[w]->name, metric,
		unit, plan->workloads[w]->event);
	for (unsigned s = 0; s < plan->n_sides; s++) {
		const struct cell *cell = plan_cell(plan, w, s);
		const struct series *series = cell_find(cell, metric);

		if (series)
			fprintf(file, "<td%s>%.*f <small>±%.0f %%</small></td>",
				series->median <= best ? " class='best'" : "",
				digits_of(series->median), series->median,
				spread_percent(series));
		else
			fprintf(file, "<td class='none'>%s</td>",
				cell->has_failed ? "failed" : "–");
	}
	fputs("</tr>\n", file);
}

static void
write_table(FILE *file, const struct plan *plan)
{
	fputs("<div class='wide'><table>\n<tr><th>workload</th>"
	      "<th>metric</th><th>unit</th>",
		file);
	for (unsigned s = 0; s < plan->n_sides; s++)
		fprintf(file, "<th>%s</th>", plan->sides[s].label);
	fputs("</tr>\n", file);
	for (unsigned w = 0; w < plan->n_workloads; w++)
		for (unsigned m = 0; metrics[m]; m++)
			if (has_metric(plan, w, metrics[m]))
				write_row(file, plan, w, metrics[m]);
	fputs("</table></div>\n", file);
}

/* Who they are, and what they said when asked what they run on. */
static void
write_sides(FILE *file, const struct plan *plan)
{
	fputs("<table>\n<tr><th>who</th><th>version</th>"
	      "<th>runs on</th></tr>\n",
		file);
	for (unsigned s = 0; s < plan->n_sides; s++)
		fprintf(file, "<tr><td>%s</td><td>%s</td><td>%s</td></tr>\n",
			plan->sides[s].label, plan->sides[s].version,
			plan->sides[s].real_backend);
	fputs("</table>\n", file);
}

static void
write_workloads(FILE *file, const struct plan *plan)
{
	fputs("<table>\n<tr><th>workload</th><th>what is done</th>"
	      "<th>one event</th></tr>\n",
		file);
	for (unsigned w = 0; w < plan->n_workloads; w++)
		fprintf(file, "<tr><td>%s</td><td>%s</td><td>%s</td></tr>\n",
			plan->workloads[w]->name, plan->workloads[w]->title,
			plan->workloads[w]->event);
	fputs("</table>\n", file);
}

void
write_report(const char *path, const struct plan *plan)
{
	FILE *file = open_to_write(path);

	fputs(head, file);
	print_machine(file);
	if (plan->mode == SAMPLE_TINY)
		fputs("<br><b>Tiny sizes, to see that all works: these numbers"
		      " say nothing.</b>",
			file);
	fputs("</p>\n<h2>Verdict</h2>\n<ul>\n", file);
	print_verdict(file, plan);
	fputs("</ul>\n<h2>Pictures</h2>\n", file);
	write_pictures_here(file, plan);
	fputs("<h2>Numbers</h2>\n", file);
	fprintf(file, how, plan->n_rounds, plan->seconds);
	write_table(file, plan);
	fputs("<h2>Who was measured</h2>\n", file);
	write_sides(file, plan);
	fputs("<h2>What was done</h2>\n", file);
	write_workloads(file, plan);
	fputs("</body>\n</html>\n", file);
	close_written(file, path);
}
