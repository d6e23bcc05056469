/* SPDX-License-Identifier: MIT */
/* What comes out. */
#ifndef ROTA_BENCH_OUTPUT_H
#define ROTA_BENCH_OUTPUT_H

#include <stdio.h>

#include "bench/run.h"

void print_table(FILE *file, const struct plan *plan);

#endif
