/* SPDX-License-Identifier: MIT */
/* What comes out: tables, files for other programs, pictures, a page. */
#ifndef ROTA_BENCH_OUTPUT_H
#define ROTA_BENCH_OUTPUT_H

#include <stdio.h>

#include "bench/run.h"

/* The metrics in the order in which they are shown; ends with NULL. */
extern const char *const metrics[];

/* 1 if one of the sides has it. */
int has_metric(const struct plan *plan, unsigned workload, const char *metric);
/* Half of what lies between least and most, in percent of the median. */
double spread_percent(const struct series *series);
/* How many digits after the point a value deserves. */
int digits_of(double value);

void print_table(FILE *file, const struct plan *plan);
/* One line: what it ran on, and how it was built. */
void print_machine(FILE *file);
void print_machine_words(FILE *file);

/* Each ends the process if it cannot write. */
void write_csv(const char *path, const struct plan *plan);
void write_json(const char *path, const struct plan *plan);
void write_markdown(const char *path, const struct plan *plan);
void write_report(const char *path, const struct plan *plan);
/* A file for each picture there are numbers for. */
void write_pictures(const char *folder, const struct plan *plan);

/* Number `i` as SVG, nothing if there are no numbers for it. */
int draw_picture(FILE *file, const struct plan *plan, unsigned i);
/* Its name for a file; NULL if there is no such number. */
const char *picture_name(unsigned i);

/* In words, as the items of a list. */
void print_verdict(FILE *file, const struct plan *plan);

FILE *open_to_write(const char *path);
void close_written(FILE *file, const char *path);

#endif
