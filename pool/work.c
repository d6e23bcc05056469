/* SPDX-License-Identifier: MIT */
/* Work of the user's own, see rota/work.h. */
#include "rota/work.h"

#include <errno.h>

#include "pool/job.h"

static int
run_work(struct rota_job *job)
{
	struct rota_work *work = (struct rota_work *)job;

	return work->run(work);
}

static void
tell_work(struct rota_request *request, int status)
{
	struct rota_work *work = (struct rota_work *)request;

	work->done(work, status);
}

static const struct rota__job_type work_type = {
	.request = {
		.name = "work",
		.size = sizeof(struct rota_work),
		.cancel = rota__job_cancel,
		.tell = tell_work,
	},
	.run = run_work,
	.lane = ROTA_LANE_CPU,
};

static const struct rota_work_options default_options = ROTA_WORK_OPTIONS_INIT;

int
rota_work_start_at(struct rota_loop *loop, struct rota_work *work,
	const struct rota_work_options *options, rota_work_run_fn *run,
	rota_work_done_fn *done, const char *place)
{
	int r;

	if (options == NULL)
		options = &default_options;
	if (work == NULL || run == NULL || done == NULL ||
		options->size != sizeof(*options))
		return -EINVAL;
	r = rota__job_aim(loop, &work->job, options->pool, options->lane,
		options->priority);
	if (r < 0)
		return r;
	work->run = run;
	work->done = done;
	return rota__job_go(loop, &work->job, &work_type, place);
}

int
rota_work_is_canceled(const struct rota_work *work)
{
	return work != NULL && rota__job_is_canceled(&work->job);
}
