/* SPDX-License-Identifier: MIT */
/* Counting values by size, see histogram.h. */
#include "core/histogram.h"

#define STEPS_LOG2 ROTA__HISTOGRAM_STEPS_LOG2
#define STEPS ROTA__HISTOGRAM_STEPS

static unsigned
bucket_of(uint64_t value)
{
	unsigned log2;

	if (value < STEPS)
		return (unsigned)value;
	log2 = 63u - (unsigned)__builtin_clzll(value);
	return (log2 - STEPS_LOG2 + 1) * STEPS +
		(unsigned)((value >> (log2 - STEPS_LOG2)) & (STEPS - 1));
}

/* The middle of a bucket. */
static uint64_t
value_of(unsigned bucket)
{
	unsigned shift;

	if (bucket < 2 * STEPS)
		return bucket;
	shift = bucket / STEPS - 1;
	return ((uint64_t)(STEPS + bucket % STEPS) << shift) +
		(UINT64_C(1) << shift) / 2;
}

void
rota__histogram_add(struct rota__histogram *histogram, uint64_t value)
{
	histogram->n++;
	histogram->buckets[bucket_of(value)]++;
}

uint64_t
rota__histogram_share(const struct rota__histogram *histogram, unsigned share)
{
	uint64_t rank = (histogram->n * share + 999) / 1000;
	uint64_t seen = 0;
	unsigned i;

	for (i = 0; i < ROTA__HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen >= rank && seen > 0)
			return value_of(i);
	}
	return 0;
}
