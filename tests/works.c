/* SPDX-License-Identifier: MIT */
/* Works with letters, see works.h. */
#include "tests/works.h"

#include <pthread.h>
#include <string.h>

struct rota_pool *pool;
struct rota_work works[MAX_WORKS];
unsigned n_works;
char ran[MAX_WORKS + 1];

static pthread_mutex_t ran_lock = PTHREAD_MUTEX_INITIALIZER;

void
note_run(const struct rota_work *work)
{
	pthread_mutex_lock(&ran_lock);
	ran[strlen(ran)] = (char)('a' + (work - works));
	pthread_mutex_unlock(&ran_lock);
}

void
begin_works(const struct rota_pool_options *options)
{
	pool = pools_make_with(options);
	memset(works, 0, sizeof(works));
	memset(ran, 0, sizeof(ran));
	n_works = 0;
}

void
end_works(void)
{
	gate_open();
	run_to_the_end();
	pools_close(pool);
}

int
run_plain(struct rota_work *work)
{
	note_run(work);
	return 0;
}

int
run_gate(struct rota_work *work)
{
	note_run(work);
	gate_pass();
	return 0;
}

void
on_done(struct rota_work *work, int status)
{
	trace((char)((status == 0 ? 'a' : 'A') + (work - works)));
}

struct rota_work *
start_in(unsigned lane, int priority, rota_work_run_fn *run)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;
	struct rota_work *work = &works[n_works++];

	ck_assert_uint_le(n_works, MAX_WORKS);
	options.pool = pool;
	options.lane = lane;
	options.priority = priority;
	ck_ok(rota_work_start_with(loop, work, &options, run, on_done));
	return work;
}

struct rota_work *
start(rota_work_run_fn *run)
{
	return start_in(ROTA_LANE_CPU, 0, run);
}
