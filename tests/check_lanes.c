/* SPDX-License-Identifier: MIT */
/*
 * Which job is next: the lanes of a pool alone, without threads and time.
 * Last they are driven at random against a plain model.
 */
#include <stdlib.h>
#include <string.h>

#include "core/ring.h"
#include "pool/lanes.h"
#include "tests/harness.h"

#define IO ROTA_LANE_IO
#define SLOW ROTA_LANE_SLOW
#define CPU ROTA_LANE_CPU
#define MAX_JOBS 64

static struct rota__lanes lanes;
static struct rota_job jobs[MAX_JOBS];
static unsigned n_jobs;

static void
begin(unsigned n_threads)
{
	rota__lanes_init(&lanes, n_threads);
	memset(jobs, 0, sizeof(jobs));
	n_jobs = 0;
}

static void
put_alone(struct rota_job *job)
{
	job->line.next = NULL;
	rota__lanes_put(&lanes, &job->line);
}

/* Jobs are numbered as they come. */
static struct rota_job *
put(unsigned lane, int priority)
{
	struct rota_job *job = &jobs[n_jobs++];

	ck_assert_uint_le(n_jobs, MAX_JOBS);
	job->lane = (uint8_t)lane;
	job->priority = (int8_t)priority;
	put_alone(job);
	return job;
}

/* The number of the next job, -1 if none may start. */
static int
next(void)
{
	struct rota_job *job = rota__lanes_start(&lanes);

	return job == NULL ? -1 : (int)(job - jobs);
}

static void
end(unsigned lane)
{
	rota__lanes_ended(&lanes, lane, 1);
}

START_TEST(without_jobs_there_is_no_next_one)
{
	begin(4);
	ck_assert_int_eq(next(), -1);
	ck_assert_int_eq(rota__lanes_are_idle(&lanes, 0), 1);
}
END_TEST

START_TEST(jobs_of_a_lane_start_in_the_order_of_coming)
{
	begin(4);
	put(IO, 0);
	put(IO, 0);
	put(IO, 0);
	ck_assert_int_eq(next(), 0);
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(next(), 2);
	ck_assert_int_eq(next(), -1);
	ck_assert_int_eq(rota__lanes_are_idle(&lanes, 0), 0);
}
END_TEST

START_TEST(a_higher_priority_goes_first)
{
	begin(4);
	put(IO, ROTA_JOB_PRIORITY_MIN);
	put(IO, 0);
	put(IO, ROTA_JOB_PRIORITY_MAX);
	put(IO, 0);
	ck_assert_int_eq(next(), 2);
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(next(), 3);
	ck_assert_int_eq(next(), 0);
}
END_TEST

START_TEST(no_more_run_at_once_than_the_size_allows)
{
	begin(2);
	put(IO, 0);
	put(IO, 0);
	put(IO, 0);
	ck_assert_int_eq(next(), 0);
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(next(), -1);
	end(IO);
	ck_assert_int_eq(next(), 2);
}
END_TEST

START_TEST(a_lane_that_runs_nothing_gets_a_thread_in_any_case)
{
	begin(1);
	put(CPU, 0);
	ck_assert_int_eq(next(), 0);
	put(CPU, 0);
	put(IO, 0);
	put(IO, 0);
	ck_assert_int_eq(next(), 2);
	ck_assert_int_eq(next(), -1);
	/* Still one too many: the size is one. */
	end(CPU);
	ck_assert_int_eq(next(), 1);
	end(CPU);
	end(IO);
	ck_assert_int_eq(next(), 3);
}
END_TEST

START_TEST(a_lane_apart_comes_on_top_of_the_size)
{
	begin(2);
	put(SLOW, 0);
	put(SLOW, 0);
	put(SLOW, 0);
	put(IO, 0);
	put(IO, 0);
	put(IO, 0);
	/* Its limit is the size. */
	ck_assert_int_eq(next(), 3);
	ck_assert_int_eq(next(), 0);
	ck_assert_int_eq(next(), 4);
	ck_assert_int_eq(next(), 1);
	ck_assert_int_eq(next(), -1);
	ck_assert_uint_eq(rota__lanes_n_threads(&lanes), 4);
	end(SLOW);
	ck_assert_int_eq(next(), 2);
	end(IO);
	ck_assert_int_eq(next(), 5);
}
END_TEST

START_TEST(lanes_are_idle_but_for_those_that_are_left)
{
	begin(4);
	put(IO, 0);
	ck_assert_int_eq(rota__lanes_are_idle(&lanes, 1), 0);
	ck_assert_int_eq(next(), 0);
	ck_assert_int_eq(rota__lanes_are_idle(&lanes, 0), 0);
	ck_assert_int_eq(rota__lanes_are_idle(&lanes, 1), 1);
	end(IO);
	ck_assert_int_eq(rota__lanes_are_idle(&lanes, 0), 1);
}
END_TEST

START_TEST(a_limit_is_kept)
{
	const struct rota_lane_options one = { .name = "one", .limit = 1 };

	begin(4);
	ck_ok(rota__lanes_set(&lanes, CPU, &one));
	put(CPU, 0);
	put(CPU, 0);
	ck_assert_int_eq(next(), 0);
	ck_assert_int_eq(next(), -1);
	ck_assert_uint_eq(rota__lanes_open(&lanes) & 1u << CPU, 0);
	ck_assert_uint_ne(rota__lanes_open(&lanes) & 1u << IO, 0);
	end(CPU);
	ck_assert_int_eq(next(), 1);
}
END_TEST

START_TEST(the_lane_that_runs_fewer_goes_first)
{
	begin(4);
	put(CPU, 0);
	put(CPU, 0);
	ck_assert_int_eq(next(), 0);
	ck_assert_int_eq(next(), 1);
	put(CPU, 0);
	put(IO, 0);
	put(IO, 0);
	ck_assert_int_eq(next(), 3);
	ck_assert_int_eq(next(), 4);
	ck_assert_int_eq(next(), -1);
	end(IO);
	ck_assert_int_eq(next(), 2);
}
END_TEST

/* How many of n jobs are of lane IO, if both lanes never run out of them. */
static unsigned
count_io(unsigned n, unsigned n_at_once)
{
	unsigned running[MAX_JOBS];
	unsigned n_io = 0;
	unsigned i;

	put(IO, 0);
	put(CPU, 0);
	for (i = 0; i < n; i++) {
		struct rota_job *job;

		if (i >= n_at_once)
			end(running[i % n_at_once]);
		job = rota__lanes_start(&lanes);
		ck_assert_ptr_nonnull(job);
		running[i % n_at_once] = job->lane;
		n_io += job->lane == IO;
		put_alone(job);
	}
	return n_io;
}

START_TEST(shares_are_kept_with_one_thread)
{
	const struct rota_lane_options three = { .name = "io", .share = 3 };

	begin(1);
	ck_ok(rota__lanes_set(&lanes, IO, &three));
	ck_assert_uint_eq(count_io(400, 1), 300);
}
END_TEST

START_TEST(shares_are_kept_with_many_threads)
{
	const struct rota_lane_options three = { .name = "io", .share = 3 };

	begin(8);
	ck_ok(rota__lanes_set(&lanes, IO, &three));
	ck_assert_uint_ge(count_io(800, 8), 590);
	ck_assert_uint_le(lanes.lanes[IO].n_running, 7);
}
END_TEST

START_TEST(a_lane_that_was_away_has_no_claim_for_that_time)
{
	unsigned i;

	begin(1);
	for (i = 0; i < 20; i++) {
		put(IO, 0);
		ck_assert_int_eq(next(), (int)i);
		end(IO);
	}
	for (i = 0; i < 4; i++) {
		put(IO, 0);
		put(CPU, 0);
	}
	/* Else the four of CPU would come first. */
	for (i = 0; i < 4; i++) {
		unsigned lane = jobs[next()].lane;

		end(lane);
		put(lane, 0);
	}
	ck_assert_uint_eq(lanes.lanes[IO].n_done, 22);
	ck_assert_uint_eq(lanes.lanes[CPU].n_done, 2);
}
END_TEST

START_TEST(lanes_of_ones_own_come_with_those_below)
{
	const struct rota_lane_options own = { .name = "a name much too long" };

	begin(4);
	ck_ok(rota__lanes_set(&lanes, 5, &own));
	ck_assert_uint_eq(lanes.n_lanes, 6);
	ck_assert_str_eq(lanes.lanes[5].name, "a name much too");
	put(4, 0);
	put(5, 0);
	ck_assert_int_eq(next(), 0);
	ck_assert_int_eq(next(), 1);
}
END_TEST

START_TEST(wrong_lanes_are_refused)
{
	struct rota_lane_options options = { .share = ROTA_LANE_MAX_SHARE + 1 };

	begin(4);
	ck_err(rota__lanes_set(&lanes, IO, &options), -EINVAL);
	options.share = ROTA_LANE_MAX_SHARE;
	options.limit = ROTA_POOL_MAX_THREADS + 1;
	ck_err(rota__lanes_set(&lanes, IO, &options), -EINVAL);
	options.limit = ROTA_POOL_MAX_THREADS;
	ck_err(rota__lanes_set(&lanes, ROTA_POOL_MAX_LANES, &options), -EINVAL);
	ck_ok(rota__lanes_set(&lanes, ROTA_POOL_MAX_LANES - 1, &options));
}
END_TEST

START_TEST(what_is_put_by_and_put_back_keeps_its_place)
{
	struct rota_job *by[4];

	begin(1);
	put(IO, 0);
	put(IO, 0);
	put(IO, 0);
	put(IO, 1);
	put(IO, 0);
	ck_assert_int_eq(next(), 3);
	end(IO);
	ck_assert_int_eq(next(), 0);
	ck_assert_uint_eq(rota__lanes_take_more(&lanes, &jobs[0], by, 2), 2);
	ck_assert_ptr_eq(by[0], &jobs[1]);
	ck_assert_ptr_eq(by[1], &jobs[2]);
	ck_assert_uint_eq(lanes.lanes[IO].n_queued, 1);
	rota__lanes_put_back(&lanes, by, 2);
	end(IO);
	ck_assert_int_eq(next(), 1);
	end(IO);
	ck_assert_int_eq(next(), 2);
	end(IO);
	ck_assert_int_eq(next(), 4);
}
END_TEST

START_TEST(no_more_is_put_by_than_there_is)
{
	struct rota_job *by[4];

	begin(1);
	put(IO, 0);
	put(IO, 0);
	put(IO, 1);
	put(CPU, 0);
	ck_assert_int_eq(next(), 2);
	ck_assert_uint_eq(rota__lanes_take_more(&lanes, &jobs[2], by, 4), 0);
	end(IO);
	ck_assert_int_eq(next(), 3);
	end(CPU);
	ck_assert_int_eq(next(), 0);
	ck_assert_uint_eq(rota__lanes_take_more(&lanes, &jobs[0], by, 4), 1);
	ck_assert_ptr_eq(by[0], &jobs[1]);
	ck_assert_uint_eq(lanes.waiting, 0);
}
END_TEST

/* At random ***********************************************************/

#define N_LANES 5

/* What each job is, by its number. */
static enum {
	GONE,
	QUEUED,
	RUNNING
} model[MAX_JOBS];
static unsigned order[MAX_JOBS];
static unsigned n_come;

static unsigned
count(unsigned lane, unsigned what)
{
	unsigned n = 0;
	unsigned i;

	for (i = 0; i < MAX_JOBS; i++)
		n += model[i] == what && jobs[i].lane == lane;
	return n;
}

static unsigned
count_shared(void)
{
	unsigned n = 0;
	unsigned i;

	for (i = 0; i < N_LANES; i++)
		n += lanes.lanes[i].is_apart ? 0 : count(i, RUNNING);
	return n;
}

static int
may_start(unsigned lane)
{
	const struct rota__lane *of = &lanes.lanes[lane];
	unsigned limit = of->limit ? of->limit : lanes.n_threads;

	return count(lane, RUNNING) < limit &&
		(of->is_apart || count(lane, RUNNING) == 0 ||
			count_shared() < lanes.n_threads);
}

static void
ck_counts(void)
{
	unsigned i;

	for (i = 0; i < N_LANES; i++) {
		ck_assert_uint_eq(lanes.lanes[i].n_queued, count(i, QUEUED));
		ck_assert_uint_eq(lanes.lanes[i].n_running, count(i, RUNNING));
		ck_assert_uint_eq(lanes.waiting >> i & 1, count(i, QUEUED) > 0);
		ck_assert_int_eq(
			rota__lanes_open(&lanes) >> i & 1, may_start(i));
	}
	ck_assert_uint_eq(lanes.n_shared, count_shared());
}

/* Up to eight at once, the last one first in the chain. */
static void
come(void)
{
	struct rota_link *chain = NULL;
	unsigned n;

	for (n = (unsigned)rand() % 8; n > 0; n--) {
		unsigned i = (unsigned)rand() % MAX_JOBS;

		if (model[i] != GONE)
			continue;
		jobs[i].lane = (uint8_t)(rand() % N_LANES);
		jobs[i].priority = (int8_t)(rand() % 3 - 1);
		order[i] = n_come++;
		model[i] = QUEUED;
		jobs[i].line.next = chain;
		chain = &jobs[i].line;
	}
	rota__lanes_put(&lanes, chain);
}

static void
start(void)
{
	struct rota_job *job = rota__lanes_start(&lanes);
	unsigned i;

	if (job == NULL) {
		for (i = 0; i < N_LANES; i++)
			ck_assert(count(i, QUEUED) == 0 || !may_start(i));
		return;
	}
	ck_assert(may_start(job->lane));
	ck_assert_int_eq(model[job - jobs], QUEUED);
	for (i = 0; i < MAX_JOBS; i++)
		if (model[i] == QUEUED && jobs[i].lane == job->lane) {
			ck_assert_int_ge(job->priority, jobs[i].priority);
			if (job->priority == jobs[i].priority)
				ck_assert_uint_le(order[job - jobs], order[i]);
		}
	model[job - jobs] = RUNNING;
}

static void
finish(void)
{
	unsigned i = (unsigned)rand() % MAX_JOBS;

	if (model[i] == RUNNING)
		rota__lanes_ended(&lanes, jobs[i].lane, 1);
	else if (model[i] == QUEUED)
		rota__lanes_cancel(&lanes, &jobs[i]);
	model[i] = GONE;
}

static void
change(void)
{
	struct rota_lane_options options = {
		.share = (unsigned)rand() % 5,
		.limit = (unsigned)rand() % 4,
		.is_apart = rand() % 2,
	};

	if (rand() % 2)
		lanes.n_threads = 1 + (unsigned)rand() % 8;
	else
		ck_ok(rota__lanes_set(
			&lanes, (unsigned)rand() % N_LANES, &options));
}

START_TEST(random_jobs_in_lanes_keep_all_rules)
{
	const struct rota_lane_options own = { .name = "own" };
	unsigned i;

	begin(3);
	ck_ok(rota__lanes_set(&lanes, N_LANES - 1, &own));
	srand(4);
	for (i = 0; i < harness_scale(200000); i++) {
		unsigned dice = (unsigned)rand() % 100;

		if (dice < 12)
			come();
		else if (dice < 55)
			start();
		else if (dice < 98)
			finish();
		else
			change();
		ck_counts();
	}
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "lanes");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, without_jobs_there_is_no_next_one);
	tcase_add_test(tc, jobs_of_a_lane_start_in_the_order_of_coming);
	tcase_add_test(tc, a_higher_priority_goes_first);
	tcase_add_test(tc, no_more_run_at_once_than_the_size_allows);
	tcase_add_test(tc, a_lane_that_runs_nothing_gets_a_thread_in_any_case);
	tcase_add_test(tc, a_lane_apart_comes_on_top_of_the_size);
	tcase_add_test(tc, lanes_are_idle_but_for_those_that_are_left);
	tcase_add_test(tc, a_limit_is_kept);
	tcase_add_test(tc, the_lane_that_runs_fewer_goes_first);
	tcase_add_test(tc, shares_are_kept_with_one_thread);
	tcase_add_test(tc, shares_are_kept_with_many_threads);
	tcase_add_test(tc, a_lane_that_was_away_has_no_claim_for_that_time);
	tcase_add_test(tc, lanes_of_ones_own_come_with_those_below);
	tcase_add_test(tc, wrong_lanes_are_refused);
	tcase_add_test(tc, what_is_put_by_and_put_back_keeps_its_place);
	tcase_add_test(tc, no_more_is_put_by_than_there_is);
	tcase_add_test(tc, random_jobs_in_lanes_keep_all_rules);
}

HARNESS_MAIN("lanes", add_cases)
