/* SPDX-License-Identifier: MIT */
/* What the numbers say, in words. */
#include <string.h>

#include "bench/output.h"

/* Below it two medians count as the same. */
#define SAME 1.05

static double
median_of(const struct plan *plan, unsigned w, unsigned s, const char *metric)
{
	const struct series *series = cell_find(plan_cell(plan, w, s), metric);

	return series && series->median > 0 ? series->median : 0;
}

static int
is_rota(const struct plan *plan, unsigned s)
{
	return !plan->sides[s].subject->is_peer;
}

static int
is_raw(const struct plan *plan, unsigned s)
{
	return strncmp(plan->sides[s].subject->name, "raw", 3) == 0;
}

/* As "40 times cheaper", "12 % cheaper". */
static void
print_factor(FILE *file, double factor, const char *word)
{
	if (factor >= 10)
		fprintf(file, "%.0f times %s", factor, word);
	else if (factor >= 2)
		fprintf(file, "%.1f times %s", factor, word);
	else
		fprintf(file, "%.0f %% %s", (1 - 1 / factor) * 100, word);
}

/* Backends against each other, for each ring of pipes. */
static void
judge_ring(FILE *file, const struct plan *plan, unsigned w)
{
	int best = -1;
	int said = 0;

	for (unsigned s = 0; s < plan->n_sides; s++)
		if (is_rota(plan, s) && median_of(plan, w, s, "time") > 0 &&
			(best < 0 ||
				median_of(plan, w, s, "time") <
					median_of(plan, w, (unsigned)best,
						"time")))
			best = (int)s;
	if (best < 0)
		return;
	for (unsigned s = 0; s < plan->n_sides; s++) {
		double factor = median_of(plan, w, s, "time") /
			median_of(plan, w, (unsigned)best, "time");

		if (!is_rota(plan, s) || (int)s == best || factor <= 0)
			continue;
		if (!said)
			fprintf(file,
				"<li>On this machine, with %u descriptors and"
				" %u active, <b>%s</b> is ",
				plan->workloads[w]->n,
				plan->workloads[w]->active,
				plan->sides[best].label);
		else
			fputs(", ", file);
		said = 1;
		if (factor < SAME)
			fputs("as cheap as ", file);
		else
			print_factor(file, factor, "cheaper than ");
		fputs(plan->sides[s].label, file);
	}
	if (said)
		fputs(".</li>\n", file);
}

/* What is compared: every metric of which less is better. */
static int
is_judged(const char *metric)
{
	return strcmp(metric, "p99") != 0 && strcmp(metric, "earliest") != 0;
}

struct score {
	unsigned n;
	unsigned n_first;
	unsigned n_same;
};

/* The best of the others: libraries, or loops by hand. */
static double
best_other(const struct plan *plan, unsigned w, const char *metric, int raw,
	unsigned *ret_side)
{
	double best = 0;

	for (unsigned s = 0; s < plan->n_sides; s++) {
		double value = median_of(plan, w, s, metric);

		if (is_rota(plan, s) || is_raw(plan, s) != raw || value <= 0)
			continue;
		if (best == 0 || value < best) {
			best = value;
			*ret_side = s;
		}
	}
	return best;
}

static void
judge_row(FILE *behind, const struct plan *plan, unsigned w, const char *metric,
	int raw, struct score *score)
{
	unsigned other = 0;
	double own = median_of(plan, w, 0, metric);
	double best = best_other(plan, w, metric, raw, &other);

	if (own <= 0 || best <= 0)
		return;
	score->n++;
	if (own * SAME < best)
		score->n_first++;
	else if (own <= best * SAME)
		score->n_same++;
	else if (behind) {
		fprintf(behind, "<li>%s, %s: %s is ", plan->workloads[w]->name,
			metric, plan->sides[other].label);
		print_factor(behind, own / best, "cheaper");
		fputs(".</li>\n", behind);
	}
}

static struct score
judge_rows(FILE *behind, const struct plan *plan, int raw)
{
	struct score score = { 0 };

	for (unsigned w = 0; w < plan->n_workloads; w++)
		for (unsigned m = 0; metrics[m]; m++)
			if (is_judged(metrics[m]))
				judge_row(behind, plan, w, metrics[m], raw,
					&score);
	return score;
}

static void
judge_others(FILE *file, const struct plan *plan, int raw, const char *who)
{
	struct score score = judge_rows(NULL, plan, raw);

	if (score.n == 0)
		return;
	fprintf(file,
		"<li>Of %u rows, <b>%s</b> is cheaper than %s in %u, and as"
		" cheap (within %.0f %%) in %u.",
		score.n, plan->sides[0].label, who, score.n_first,
		(SAME - 1) * 100, score.n_same);
	if (score.n_first + score.n_same < score.n) {
		fputs(" Behind in:<ul>\n", file);
		(void)judge_rows(file, plan, raw);
		fputs("</ul>", file);
	}
	fputs("</li>\n", file);
}

void
print_verdict(FILE *file, const struct plan *plan)
{
	for (unsigned w = 0; w < plan->n_workloads; w++)
		if (strncmp(plan->workloads[w]->name, "pipes-", 6) == 0)
			judge_ring(file, plan, w);
	if (plan->n_sides == 0 || !is_rota(plan, 0))
		return;
	judge_others(file, plan, 0, "the best of the other libraries");
	judge_others(file, plan, 1, "the loop written by hand");
}
