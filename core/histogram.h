/* SPDX-License-Identifier: MIT */
/*
 * How often values of each size were seen, in eight steps per doubling: what
 * comes out is right to 7 %.
 */
#ifndef ROTA_CORE_HISTOGRAM_H
#define ROTA_CORE_HISTOGRAM_H

#include <stdint.h>

#define ROTA__HISTOGRAM_STEPS_LOG2 3
#define ROTA__HISTOGRAM_STEPS (1u << ROTA__HISTOGRAM_STEPS_LOG2)
#define ROTA__HISTOGRAM_BUCKETS (64u * ROTA__HISTOGRAM_STEPS)

/* Zeroed, it is empty. */
struct rota__histogram {
	uint64_t n;
	uint32_t buckets[ROTA__HISTOGRAM_BUCKETS];
};

void rota__histogram_add(struct rota__histogram *histogram, uint64_t value);

/* The value that `share` of a thousand stay below; 0 if it is empty. */
uint64_t rota__histogram_share(
	const struct rota__histogram *histogram, unsigned share);

#endif
