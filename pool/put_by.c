/* SPDX-License-Identifier: MIT */
/*
 * Jobs put by.
 *
 * A worker whose jobs have been short puts some more of the same kind by, so
 * that it need not come back to the lock after each. They still wait as the
 * others do: whoever cancels, starts one of a higher priority, or searches and
 * finds nothing else, takes them back into the lanes; and so does who searches
 * when they have been put by for too long, since one of them was not short.
 * `put_by` says which of the worker's array they are, and whoever changes that
 * word first has them.
 */
#include "pool/put_by.h"

#include "core/ring.h"
#include "pool/job.h"

/* Jobs are short if that many of them take about 64 microseconds. */
#define SHORT_NS 2000
/* Jobs put by are late if they should have ended four times over. */
#define LATE_NS (UINT64_C(4) * ROTA__MAX_PUT_BY * SHORT_NS)

/* put_by: the next one above, the end below. */
static uint32_t
range(uint32_t next, uint32_t end)
{
	return next << 16 | end;
}

static uint32_t
next_of(uint32_t put_by)
{
	return put_by >> 16;
}

static uint32_t
end_of(uint32_t put_by)
{
	return put_by & 0xffff;
}

void
rota__put_by_settle(struct rota__worker *worker)
{
	if (worker->has_put_by)
		rota__ring_remove(&worker->link);
	worker->has_put_by = 0;
}

void
rota__put_by_recall(struct rota__worker *worker)
{
	uint32_t put_by =
		__atomic_exchange_n(&worker->put_by, 0, __ATOMIC_ACQ_REL);
	uint32_t next = next_of(put_by);
	uint32_t end = end_of(put_by);
	uint32_t i;

	for (i = next; i < end; i++)
		rota__job_set_queued(worker->jobs[i]);
	rota__lanes_put_back(
		&worker->pool->lanes, worker->jobs + next, end - next);
	rota__put_by_settle(worker);
}

static struct rota__worker *
putter_at(struct rota_link *link)
{
	return ROTA__CONTAINER(link, struct rota__worker, link);
}

/* Those put by last go before the others, so they are put back first. */
void
rota__put_by_recall_all(struct rota_pool *pool)
{
	unsigned i;

	while (!rota__ring_is_empty(&pool->putters))
		rota__put_by_recall(putter_at(pool->putters.prev));
	for (i = 0; i < pool->lanes.n_lanes; i++)
		__atomic_store_n(&pool->put_levels[i], 0, __ATOMIC_RELAXED);
}

void
rota__put_by_recall_late(struct rota_pool *pool, uint64_t now_ns)
{
	struct rota__worker *first;

	while (!rota__ring_is_empty(&pool->putters)) {
		first = putter_at(pool->putters.next);
		if (now_ns <= first->put_by_ns + LATE_NS)
			return;
		rota__put_by_recall(first);
	}
}

/* Who starts a job above this level is to recall. */
static void
set_level(struct rota_pool *pool, const struct rota_job *job)
{
	uint8_t *level = &pool->put_levels[job->lane];

	if (__atomic_load_n(level, __ATOMIC_RELAXED) < rota__job_level(job))
		__atomic_store_n(
			level, (uint8_t)rota__job_level(job), __ATOMIC_SEQ_CST);
}

/*
 * Locked: how many more a worker may take behind the job in hand, so that all
 * others who may run such jobs find one.
 */
static unsigned
share_of(const struct rota__worker *worker, const struct rota_job *job)
{
	const struct rota_pool *pool = worker->pool;
	unsigned n = pool->lanes.lanes[job->lane].n_queued /
		rota__lanes_most(&pool->lanes, job->lane);

	if (n > worker->n_short)
		n = worker->n_short;
	return pool->times == NULL ? n : 0;
}

void
rota__put_by_add(struct rota__worker *worker, const struct rota_job *job)
{
	struct rota_pool *pool = worker->pool;
	unsigned n = share_of(worker, job);
	unsigned i;

	n = rota__lanes_take_more(&pool->lanes, job, worker->jobs, n);
	if (n == 0)
		return;
	for (i = 0; i < n; i++)
		rota__job_set_running(worker->jobs[i]);
	worker->has_put_by = 1;
	/* The moment when its last job ended is as good as this one. */
	worker->put_by_ns = worker->times.ended_ns != 0 ?
		worker->times.ended_ns :
		pool->sys->clock_ns();
	rota__ring_append(&pool->putters, &worker->link);
	set_level(pool, job);
	__atomic_store_n(&worker->put_by, range(0, n), __ATOMIC_RELEASE);
}

struct rota_job *
rota__put_by_take(struct rota__worker *worker)
{
	uint32_t put_by = __atomic_load_n(&worker->put_by, __ATOMIC_RELAXED);
	uint32_t next;

	do {
		next = next_of(put_by);
		if (next == end_of(put_by))
			return NULL;
	} while (!__atomic_compare_exchange_n(&worker->put_by, &put_by,
		range(next + 1, end_of(put_by)), 0, __ATOMIC_ACQUIRE,
		__ATOMIC_RELAXED));
	return worker->jobs[next];
}

/* How many to put by next time: twice as many while jobs are short. */
void
rota__put_by_learn(struct rota__worker *worker, unsigned n_run)
{
	uint64_t ns = worker->times.ended_ns - worker->times.began_ns;

	if (ns > (uint64_t)n_run * SHORT_NS)
		worker->n_short = 0;
	else if (worker->n_short < ROTA__MAX_PUT_BY / 2)
		worker->n_short = worker->n_short * 2 + 1;
}
