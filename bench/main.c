/* SPDX-License-Identifier: MIT */
/* rota-bench: compares backends, and loops. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rota.h>

#include "bench/run.h"

#include "bench/load.h"
#include "bench/output.h"
#include "bench/sample.h"

static const char usage[] =
	"usage: rota-bench list\n"
	"       rota-bench run [OPTIONS] [NAME...]\n"
	"       rota-bench count [OPTIONS] NAME...\n"
	"       rota-bench report [OPTIONS] FILE.html [NAME...]\n"
	"Measures workloads on rota's backends, and on other loops. A NAME is\n"
	"a workload or the beginning of several; all if there is none.\n"
	"  list      the workloads, and whom this build can measure\n"
	"  run       takes the time; medians of interleaved rounds\n"
	"  count     instructions (valgrind) and system calls (strace)\n"
	"  report    a page with tables, pictures and a verdict\n"
	"options:\n"
	"  --backends LIST  of rota, as epoll,poll (all that work)\n"
	"  --peers          also a loop by hand, and libraries of this build\n"
	"  --peer LIST      only these, as libuv or libev/poll\n"
	"  --rounds N       1 to 99 (5)\n"
	"  --count          with run and report: count as well\n"
	"  --csv FILE, --json FILE, --markdown FILE, --svg FOLDER\n"
	"  --tiny           only to see that all works\n"
	"  --quiet          no line on the progress\n"
	"  --help           this text\n"
	"  --version        which rota this is\n";

struct settings {
	const char *backends;
	const char *peer;
	int peers;
	const char *csv;
	const char *json;
	const char *markdown;
	const char *svg;
	const char *report;
};

static void
find_self(const char *argv0)
{
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n > 0)
		path[n] = '\0';
	else if (!realpath(argv0, path))
		snprintf(path, sizeof(path), "%s", argv0);
	self_path = path;
}

static int
list(void)
{
	struct plan plan = { .n_rounds = 1 };

	for (const struct workload *w = workloads; w->name; w++)
		printf("%-18s %s (per %s)\n", w->name, w->title, w->event);
	plan_add_all_backends(&plan);
	plan_add_peers(&plan);
	printf("\nmeasured here:");
	for (unsigned i = 0; i < plan.n_sides; i++)
		printf(" %s", plan.sides[i].label);
	puts("");
	plan_free(&plan);
	return 0;
}

/* `rota-bench sample WORKLOAD SIDE MODE`: see bench/run.c. */
static int
sample_main(char **argv)
{
	struct sample sample = { .workload = workload_find(argv[0]) };
	struct plan plan = { .n_rounds = 1 };

	plan_add_subjects(&plan, argv[1]);
	if (!sample.workload)
		die("no workload \"%s\"", argv[0]);
	sample.subject = plan.sides[0].subject;
	sample.backend = plan.sides[0].backend;
	sample.mode = strcmp(argv[2], "time") == 0 ? SAMPLE_TIME :
		strcmp(argv[2], "count") == 0	   ? SAMPLE_COUNT :
						     SAMPLE_TINY;
	return sample_take(&sample);
}

/* Workloads: those named, those whose names begin so, or all. */
static void
choose(struct plan *plan, char **names, int n_names)
{
	unsigned n = 0;

	for (const struct workload *w = workloads; w->name; w++)
		n++;
	plan->workloads = get_memory(n, sizeof(*plan->workloads));
	for (int i = 0; i < n_names; i++)
		for (const struct workload *w = workloads;; w++) {
			if (!w->name)
				die("no workload \"%s\"", names[i]);
			if (strncmp(w->name, names[i], strlen(names[i])) == 0)
				break;
		}
	for (const struct workload *w = workloads; w->name; w++) {
		int is_chosen = n_names == 0;

		for (int i = 0; i < n_names; i++)
			is_chosen |= workload_find(names[i]) ?
				strcmp(w->name, names[i]) == 0 :
				strncmp(w->name, names[i], strlen(names[i])) ==
					0;
		if (is_chosen)
			plan->workloads[plan->n_workloads++] = w;
	}
}

static void
choose_sides(struct plan *plan, const struct settings *settings)
{
	if (settings->backends)
		plan_add_backends(plan, settings->backends);
	else if (!settings->peer)
		plan_add_all_backends(plan);
	if (settings->peers)
		plan_add_peers(plan);
	if (settings->peer)
		plan_add_subjects(plan, settings->peer);
}

static int
count(struct plan *plan)
{
	int status = 0;

	for (unsigned w = 0; w < plan->n_workloads; w++)
		for (unsigned s = 0; s < plan->n_sides; s++) {
			char text[2048] = "";
			double instructions = count_instructions(
				&plan->sides[s], plan->workloads[w]);
			double calls = count_calls(&plan->sides[s],
				plan->workloads[w], text, sizeof(text));

			if (instructions == COUNT_CANNOT)
				continue;
			printf("%-18s %-14s instructions %9.1f calls %8.3f"
			       " per %s\n%s",
				plan->workloads[w]->name, plan->sides[s].label,
				instructions, calls, plan->workloads[w]->event,
				text);
			if (instructions < 0 || calls < 0)
				status = 1;
		}
	return status;
}

static int
run(struct plan *plan, const struct settings *settings)
{
	unsigned n_failed = plan_run(plan);

	if (settings->csv)
		write_csv(settings->csv, plan);
	if (settings->json)
		write_json(settings->json, plan);
	if (settings->markdown)
		write_markdown(settings->markdown, plan);
	if (settings->svg)
		write_pictures(settings->svg, plan);
	if (settings->report)
		write_report(settings->report, plan);
	else
		print_table(stdout, plan);
	return n_failed ? 1 : 0;
}

static int
read_settings(
	int argc, char **argv, struct plan *plan, struct settings *settings)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "backends", required_argument, NULL, 'b' },
		{ "count", no_argument, NULL, 'n' },
		{ "csv", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "json", required_argument, NULL, 'j' },
		{ "markdown", required_argument, NULL, 'm' },
		{ "peer", required_argument, NULL, 'p' },
		{ "peers", no_argument, NULL, 'P' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "svg", required_argument, NULL, 's' },
		{ "tiny", no_argument, NULL, 't' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			settings->backends = optarg;
			break;
		case 'c':
			settings->csv = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'j':
			settings->json = optarg;
			break;
		case 'v':
			printf("rota-bench %s\n", rota_version());
			exit(0);
		case 'm':
			settings->markdown = optarg;
			break;
		case 'n':
			plan->is_counted = 1;
			break;
		case 'p':
			settings->peer = optarg;
			break;
		case 'P':
			settings->peers = 1;
			break;
		case 'q':
			plan->is_quiet = 1;
			break;
		case 'r':
			plan->n_rounds = (unsigned)strtoul(optarg, NULL, 10);
			if (plan->n_rounds < 1 || plan->n_rounds > MAX_ROUNDS)
				return -1;
			break;
		case 's':
			settings->svg = optarg;
			break;
		case 't':
			plan->mode = SAMPLE_TINY;
			break;
		default:
			return -1;
		}
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct plan plan = { .n_rounds = 5 };
	struct settings settings = { 0 };
	const char *command = argc > 1 ? argv[1] : "";
	int status = 2;

	find_self(argv[0]);
	if (strcmp(command, "load") == 0)
		return load_main(argc - 2, argv + 2);
	if (strcmp(command, "sample") == 0 && argc == 5)
		return sample_main(argv + 2);
	if (read_settings(argc, argv, &plan, &settings) < 0 || argc < 2) {
		fputs(usage, stderr);
		return 2;
	}
	argv += optind;
	argc -= optind;
	if (argc < 1) {
		fputs(usage, stderr);
		return 2;
	}
	command = argv[0];
	argv++;
	argc--;
	if (strcmp(command, "list") == 0)
		return list();
	if (strcmp(command, "report") == 0 && argc > 0) {
		settings.report = argv[0];
		argv++;
		argc--;
	}
	choose(&plan, argv, argc);
	choose_sides(&plan, &settings);
	if (strcmp(command, "run") == 0 || settings.report)
		status = run(&plan, &settings);
	else if (strcmp(command, "count") == 0)
		status = count(&plan);
	else
		fputs(usage, stderr);
	plan_free(&plan);
	return status;
}
