/* SPDX-License-Identifier: MIT */
/* Lanes and what is next in them, see lanes.h. */
#include "pool/lanes.h"

#include <errno.h>
#include <string.h>

#include "core/order.h"
#include "core/ring.h"

/* Of the pass: 1 / share in whole numbers, for each share exact enough. */
#define STRIDE (UINT64_C(1) << 32)

static struct rota__level *
level_in(struct rota__lanes *lanes, const struct rota_job *job)
{
	return &lanes->lanes[job->lane].levels[rota__job_level(job)];
}

static unsigned
lowest_bit(uint32_t bits)
{
	return (unsigned)__builtin_ctz(bits);
}

static unsigned
limit_of(const struct rota__lanes *lanes, const struct rota__lane *lane)
{
	return lane->limit ? lane->limit : lanes->n_threads;
}

static void
clear(struct rota__lane *lane)
{
	unsigned level;

	for (level = 0; level < ROTA__N_JOB_LEVELS; level++)
		rota__ring_init(&lane->levels[level].jobs);
	lane->used_levels = 0;
	lane->n_queued = 0;
	lane->n_running = 0;
}

void
rota__lanes_clear(struct rota__lanes *lanes)
{
	unsigned i;

	for (i = 0; i < ROTA_POOL_MAX_LANES; i++)
		clear(&lanes->lanes[i]);
	lanes->waiting = 0;
	lanes->n_shared = 0;
}

void
rota__lanes_init(struct rota__lanes *lanes, unsigned n_threads)
{
	static const struct rota_lane_options ours[] = {
		[ROTA_LANE_IO] = { .name = "io" },
		[ROTA_LANE_SLOW] = { .name = "slow", .is_apart = 1 },
		[ROTA_LANE_CPU] = { .name = "cpu" },
	};
	unsigned i;

	memset(lanes, 0, sizeof(*lanes));
	lanes->n_threads = n_threads;
	rota__lanes_clear(lanes);
	for (i = 0; i < ROTA_LANE_USER; i++)
		(void)rota__lanes_set(lanes, i, &ours[i]);
}

static uint32_t
count_shared(const struct rota__lanes *lanes)
{
	uint32_t n = 0;
	unsigned i;

	for (i = 0; i < lanes->n_lanes; i++)
		if (!lanes->lanes[i].is_apart)
			n += lanes->lanes[i].n_running;
	return n;
}

int
rota__lanes_set(struct rota__lanes *lanes, unsigned number,
	const struct rota_lane_options *options)
{
	static const struct rota_lane_options usual = { NULL, 0, 0, 0 };
	struct rota__lane *lane;

	if (number >= ROTA_POOL_MAX_LANES ||
		options->share > ROTA_LANE_MAX_SHARE ||
		options->limit > ROTA_POOL_MAX_THREADS)
		return -EINVAL;
	while (lanes->n_lanes < number)
		(void)rota__lanes_set(lanes, lanes->n_lanes, &usual);
	if (lanes->n_lanes == number)
		__atomic_store_n(&lanes->n_lanes, number + 1, __ATOMIC_RELEASE);
	lane = &lanes->lanes[number];
	lane->share = options->share ? options->share : 1;
	lane->limit = options->limit;
	lane->is_apart = options->is_apart != 0;
	lane->name[0] = '\0';
	if (options->name != NULL)
		strncat(lane->name, options->name, sizeof(lane->name) - 1);
	lanes->n_shared = count_shared(lanes);
	return 0;
}

/* A lane that comes back has no claim from the time it was away. */
static void
count_queued(struct rota__lanes *lanes, const struct rota_job *job)
{
	struct rota__lane *lane = &lanes->lanes[job->lane];

	if (lane->n_queued++ == 0 && lane->pass < lanes->pass)
		lane->pass = lanes->pass;
	lane->used_levels |= UINT32_C(1) << rota__job_level(job);
	lanes->waiting |= UINT32_C(1) << job->lane;
}

/*
 * Each goes behind those that were there before, and so before those of the
 * same put, which have come later: nobody needs to turn the chain around.
 */
void
rota__lanes_put(struct rota__lanes *lanes, struct rota_link *last)
{
	struct rota_link *next;

	lanes->n_puts++;
	for (; last != NULL; last = next) {
		struct rota_job *job =
			ROTA__CONTAINER(last, struct rota_job, line);
		struct rota__level *level;

		ROTA__RECEIVES(last);
		level = level_in(lanes, job);
		next = last->next;
		if (level->n_puts != lanes->n_puts) {
			level->n_puts = lanes->n_puts;
			level->mark = level->jobs.prev;
		}
		count_queued(lanes, job);
		rota__ring_insert_before(level->mark->next, last);
	}
}

void
rota__lanes_remove(struct rota__lanes *lanes, struct rota_job *job)
{
	struct rota__lane *lane = &lanes->lanes[job->lane];
	unsigned level = rota__job_level(job);

	rota__ring_remove(&job->line);
	if (rota__ring_is_empty(&lane->levels[level].jobs))
		lane->used_levels &= ~(UINT32_C(1) << level);
	if (--lane->n_queued == 0)
		lanes->waiting &= ~(UINT32_C(1) << job->lane);
}

void
rota__lanes_cancel(struct rota__lanes *lanes, struct rota_job *job)
{
	rota__lanes_remove(lanes, job);
	lanes->lanes[job->lane].n_canceled++;
}

int
rota__lanes_has_before(
	const struct rota__lanes *lanes, const struct rota_job *job)
{
	uint32_t used = lanes->lanes[job->lane].used_levels;

	return (used & ((UINT32_C(1) << rota__job_level(job)) - 1)) != 0;
}

unsigned
rota__lanes_most(const struct rota__lanes *lanes, unsigned number)
{
	const struct rota__lane *lane = &lanes->lanes[number];
	unsigned limit = limit_of(lanes, lane);

	return lane->is_apart || limit < lanes->n_threads ? limit :
							    lanes->n_threads;
}

static struct rota_job *
first_of(const struct rota__lane *lane)
{
	const struct rota__level *level =
		&lane->levels[lowest_bit(lane->used_levels)];

	return ROTA__CONTAINER(level->jobs.next, struct rota_job, line);
}

struct rota_job *
rota__lanes_remove_any(struct rota__lanes *lanes)
{
	struct rota_job *job;

	if (lanes->waiting == 0)
		return NULL;
	job = first_of(&lanes->lanes[lowest_bit(lanes->waiting)]);
	rota__lanes_cancel(lanes, job);
	return job;
}

static int
is_open(const struct rota__lanes *lanes, const struct rota__lane *lane)
{
	return lane->n_running < limit_of(lanes, lane) &&
		(lane->is_apart || lane->n_running == 0 ||
			lanes->n_shared < lanes->n_threads);
}

/* Fewer running jobs by share go first; then who has had less so far. */
static int
is_before(const struct rota__lane *a, const struct rota__lane *b)
{
	uint64_t a_load = (uint64_t)a->n_running * b->share;
	uint64_t b_load = (uint64_t)b->n_running * a->share;

	return a_load != b_load ? a_load < b_load : a->pass < b->pass;
}

struct rota_job *
rota__lanes_start(struct rota__lanes *lanes)
{
	struct rota__lane *best = NULL;
	uint32_t left = lanes->waiting;
	struct rota_job *job;

	for (; left != 0; left &= left - 1) {
		struct rota__lane *lane = &lanes->lanes[lowest_bit(left)];

		if (is_open(lanes, lane) &&
			(best == NULL || is_before(lane, best)))
			best = lane;
	}
	if (best == NULL)
		return NULL;
	job = first_of(best);
	rota__lanes_remove(lanes, job);
	rota__lanes_started(lanes, job->lane);
	return job;
}

unsigned
rota__lanes_take_more(struct rota__lanes *lanes, const struct rota_job *job,
	struct rota_job **ret_jobs, unsigned n)
{
	const struct rota_link *level = &level_in(lanes, job)->jobs;
	unsigned i;

	for (i = 0; i < n && !rota__ring_is_empty(level); i++) {
		ret_jobs[i] =
			ROTA__CONTAINER(level->next, struct rota_job, line);
		rota__lanes_remove(lanes, ret_jobs[i]);
	}
	return i;
}

/* The last one first, each before all others. */
void
rota__lanes_put_back(
	struct rota__lanes *lanes, struct rota_job **jobs, unsigned n)
{
	while (n-- > 0) {
		count_queued(lanes, jobs[n]);
		rota__ring_insert_before(
			level_in(lanes, jobs[n])->jobs.next, &jobs[n]->line);
	}
}

void
rota__lanes_started(struct rota__lanes *lanes, unsigned number)
{
	struct rota__lane *lane = &lanes->lanes[number];

	lane->n_running++;
	lanes->n_shared += !lane->is_apart;
	lanes->pass = lane->pass;
	lane->pass += STRIDE / lane->share;
}

void
rota__lanes_ended(struct rota__lanes *lanes, unsigned number, unsigned n)
{
	struct rota__lane *lane = &lanes->lanes[number];

	lane->n_done += n;
	lane->n_running--;
	lanes->n_shared -= !lane->is_apart;
}

uint32_t
rota__lanes_open(const struct rota__lanes *lanes)
{
	uint32_t open = 0;
	unsigned i;

	for (i = 0; i < lanes->n_lanes; i++)
		if (is_open(lanes, &lanes->lanes[i]))
			open |= UINT32_C(1) << i;
	return open;
}

unsigned
rota__lanes_n_threads(const struct rota__lanes *lanes)
{
	unsigned n = lanes->n_threads;
	unsigned i;

	for (i = 0; i < lanes->n_lanes; i++)
		if (lanes->lanes[i].is_apart)
			n += limit_of(lanes, &lanes->lanes[i]);
	return n;
}

int
rota__lanes_are_idle(const struct rota__lanes *lanes, uint32_t n_left)
{
	uint32_t n_running = 0;
	unsigned i;

	for (i = 0; i < lanes->n_lanes; i++)
		n_running += lanes->lanes[i].n_running;
	return lanes->waiting == 0 && n_running <= n_left;
}
