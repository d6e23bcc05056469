/* SPDX-License-Identifier: MIT */
/* How long jobs wait and run, if a pool measures it. */
#ifndef ROTA_POOL_METRICS_H
#define ROTA_POOL_METRICS_H

#include "core/histogram.h"
#include "pool/pool.h"

struct rota__lane_times {
	struct rota__histogram wait;
	struct rota__histogram run;
};

/* Of each lane. */
struct rota__pool_times {
	struct rota__lane_times lanes[ROTA_POOL_MAX_LANES];
};

/* Locked: counts what a worker has measured of its last job. */
void rota__pool_count(struct rota_pool *pool, unsigned lane,
	const struct rota__job_times *times);

#endif
