/* SPDX-License-Identifier: MIT */
/*
 * Work of your own in a thread of a pool: run() is called there, and then
 * done() in the loop's thread.
 *
 *	static int
 *	add_up(struct rota_work *work)
 *	{
 *		struct sum *sum = work->job.request.data;
 *
 *		for (size_t i = 0; i < sum->n; i++) {
 *			if (rota_work_is_canceled(work))
 *				return -ECANCELED;
 *			sum->total += sum->numbers[i];
 *		}
 *		return 0;
 *	}
 *
 *	static void
 *	on_added(struct rota_work *work, int status)
 *	{
 *		...
 *	}
 *
 *	r = rota_work_start(loop, &sum->work, add_up, on_added);
 */
#ifndef ROTA_WORK_H
#define ROTA_WORK_H

#include <rota/pool.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_work;

/* Runs in a thread of the pool; what it returns is the status. */
typedef int rota_work_run_fn(struct rota_work *work);

/*
 * Is called in the loop's thread: with what run() returned, or with
 * -ECANCELED or -ETIMEDOUT if the work was cancelled or its deadline came
 * first, even if run() has returned something else since.
 */
typedef void rota_work_done_fn(struct rota_work *work, int status);

struct rota_work {
	/* job.request.data is yours; so is job.request for cancel and such. */
	struct rota_job job;
	/* Yours: for what run() hands to done(). Rota leaves it alone. */
	void *result;

	/* Private from here on. */
	rota_work_run_fn *run;
	rota_work_done_fn *done;
};

/* Zero is the default of every member except size. */
struct rota_work_options {
	/* sizeof(struct rota_work_options): lets the struct grow. */
	size_t size;
	/* NULL for the loop's pool. */
	struct rota_pool *pool;
	unsigned lane;
	/* From ROTA_JOB_PRIORITY_MIN to _MAX. */
	int priority;
};

#define ROTA_WORK_OPTIONS_INIT \
	{ \
		sizeof(struct rota_work_options), NULL, ROTA_LANE_CPU, 0 \
	}

/*
 * Starts work: it waits in the lane for its turn, in order among work of the
 * same priority. It holds the loop until done() is called.
 *
 * rota_request_cancel() and rota_request_set_deadline() act as for any
 * request: what still waits for a thread ends soon; what runs is asked to end
 * (rota_work_is_canceled()), and done() is called when run() returns.
 *
 * shape: the work is the loop's until done() is called. What was in it before
 *	does not matter but for `result` and `data`. options may be NULL for
 *	the defaults: the loop's pool, lane ROTA_LANE_CPU, priority 0.
 * errors: -EINVAL loop, work, run or done is NULL, the options have a wrong
 *	size, or there is no such lane or priority; -ESHUTDOWN the pool is
 *	stopped; -EAGAIN, -ENOMEM no thread could be started and none is
 *	there. Nothing changes then.
 * when: the loop's thread.
 */
ROTA_API int rota_work_start_at(struct rota_loop *loop, struct rota_work *work,
	const struct rota_work_options *options, rota_work_run_fn *run,
	rota_work_done_fn *done, const char *place);
#define rota_work_start(loop, work, run, done) \
	rota_work_start_at(loop, work, NULL, run, done, ROTA_PLACE(done))
#define rota_work_start_with(loop, work, options, run, done) \
	rota_work_start_at(loop, work, options, run, done, ROTA_PLACE(done))

/*
 * Returns 1 if the work was cancelled, or its deadline has passed; else 0,
 * also for NULL.
 * when: in run(), and in the loop's thread.
 */
ROTA_API int rota_work_is_canceled(const struct rota_work *work);

ROTA_END_C

#endif
