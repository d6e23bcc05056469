/* SPDX-License-Identifier: MIT */
/* What a pool tells of itself, see metrics.h. */
#include "pool/metrics.h"

#include <errno.h>
#include <string.h>

void
rota__pool_count(struct rota_pool *pool, unsigned lane,
	const struct rota__job_times *times)
{
	struct rota__lane_times *of;

	if (pool->times == NULL || times->queued_ns == 0 ||
		times->ended_ns == 0)
		return;
	of = &pool->times->lanes[lane];
	rota__histogram_add(&of->wait, times->began_ns - times->queued_ns);
	rota__histogram_add(&of->run, times->ended_ns - times->began_ns);
}

int
rota_pool_measure(struct rota_pool *pool, int on)
{
	struct rota__pool_times *times = NULL;
	struct rota__pool_times *old;

	if (pool == NULL)
		return -EINVAL;
	rota__pool_lock(pool);
	if (on) {
		times = rota__realloc(&pool->memory, NULL, sizeof(*times));
		if (times == NULL) {
			rota__pool_unlock(pool);
			return -ENOMEM;
		}
		memset(times, 0, sizeof(*times));
	}
	old = pool->times;
	pool->times = times;
	__atomic_store_n(&pool->is_measuring, times != NULL, __ATOMIC_RELAXED);
	rota__free(&pool->memory, old);
	rota__pool_unlock(pool);
	return 0;
}

static void
tell_times(const struct rota__histogram *of, struct rota_job_times *ret_times)
{
	ret_times->p50_ns = rota__histogram_share(of, 500);
	ret_times->p90_ns = rota__histogram_share(of, 900);
	ret_times->p99_ns = rota__histogram_share(of, 990);
	ret_times->p999_ns = rota__histogram_share(of, 999);
}

static void
tell_lane(const struct rota_pool *pool, unsigned number,
	struct rota_lane_metrics *ret_lane)
{
	const struct rota__lane *lane = &pool->lanes.lanes[number];

	memcpy(ret_lane->name, lane->name, sizeof(ret_lane->name));
	ret_lane->queued = lane->n_queued;
	ret_lane->running = lane->n_running;
	ret_lane->done = lane->n_done;
	ret_lane->canceled = lane->n_canceled;
	if (pool->times == NULL)
		return;
	tell_times(&pool->times->lanes[number].wait, &ret_lane->wait);
	tell_times(&pool->times->lanes[number].run, &ret_lane->run);
}

int
rota_pool_metrics(struct rota_pool *pool, struct rota_pool_metrics *ret_metrics)
{
	unsigned i;

	if (pool == NULL || ret_metrics == NULL ||
		ret_metrics->size != sizeof(*ret_metrics))
		return -EINVAL;
	memset(ret_metrics, 0, sizeof(*ret_metrics));
	ret_metrics->size = sizeof(*ret_metrics);
	rota__pool_lock(pool);
	rota__pool_collect(pool);
	ret_metrics->n_threads = pool->lanes.n_threads;
	ret_metrics->n_alive = pool->n_alive;
	ret_metrics->n_lanes = pool->lanes.n_lanes;
	for (i = 0; i < pool->lanes.n_lanes; i++)
		tell_lane(pool, i, &ret_metrics->lanes[i]);
	rota__pool_unlock(pool);
	return 0;
}
