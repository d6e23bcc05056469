/* SPDX-License-Identifier: MIT */
/* Taking many samples, and what comes of it. */
#ifndef ROTA_BENCH_RUN_H
#define ROTA_BENCH_RUN_H

#include <stdio.h>

#include "bench/subject.h"

/* A subject on a backend of it. */
struct side {
	const struct subject *subject;
	/* NULL: its own choice. */
	char *backend;
	/* "rota/epoll", "libuv". */
	char label[48];
	/* As told by the samples; empty before. */
	char version[48];
	char real_backend[24];
};

#define MAX_ROUNDS 99
#define MAX_METRICS 6

/* One cell: a metric of a workload by a side. */
struct series {
	char metric[16];
	char unit[8];
	unsigned n;
	double values[MAX_ROUNDS];
	/* Of the values, once all are there. */
	double median;
	double least;
	double most;
};

struct cell {
	/* It cannot do it, or has failed. */
	int cannot;
	int has_failed;
	unsigned n_series;
	struct series series[MAX_METRICS];
};

struct plan {
	const struct workload **workloads;
	unsigned n_workloads;
	struct side *sides;
	unsigned n_sides;
	unsigned n_rounds;
	enum sample_mode mode;
	/* Counted as well: instructions and system calls. */
	int is_counted;
	int is_quiet;
	/* [workload * n_sides + side] */
	struct cell *cells;
	/* When it began, for the pictures' legend. */
	double seconds;
};

/* What one sample has said. */
struct taken {
	int status;
	unsigned long n_events;
	unsigned n_results;
	struct {
		char metric[16];
		double value;
		char unit[8];
	} results[MAX_METRICS];
};

/*
 * Starts a process that takes the sample, with words before the command (a
 * tool that looks on), and waits for it.
 */
void take_sample(struct side *side, const struct workload *workload,
	enum sample_mode mode, const char *const *before, struct taken *ret);

/* Adds sides by their names, as "epoll,poll" or "libuv,libev/poll". */
void plan_add_backends(struct plan *plan, const char *names);
void plan_add_subjects(struct plan *plan, const char *names);
/* All of rota's backends that work here; all peers of the build. */
void plan_add_all_backends(struct plan *plan);
void plan_add_peers(struct plan *plan);

/* Gives the plan's memory back. */
void plan_free(struct plan *plan);

/* Takes all samples; returns how many have failed. */
unsigned plan_run(struct plan *plan);

const struct cell *plan_cell(
	const struct plan *plan, unsigned workload, unsigned side);
/* NULL if there is none. */
const struct series *cell_find(const struct cell *cell, const char *metric);
void cell_add(
	struct cell *cell, const char *metric, double value, const char *unit);

/*
 * Counts, bench/count.c: -1 where the tool is missing or fails, COUNT_CANNOT
 * where the subject cannot do the workload.
 */
#define COUNT_CANNOT (-2)
double count_instructions(struct side *side, const struct workload *workload);
/* ret_text gets the calls by name, one per line. */
double count_calls(struct side *side, const struct workload *workload,
	char *ret_text, size_t size_bytes);

#endif
