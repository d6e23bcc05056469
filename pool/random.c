/* SPDX-License-Identifier: MIT */
/* Random bytes, see rota/crypto.h. */
#include <errno.h>

#include "core/jobs.h"
#include "pool/crypto.h"
#include "pool/job.h"

static int
run_random(struct rota_job *job)
{
	struct rota_random *random = (struct rota_random *)job;

	return random->sys->random(random->bytes, random->n_bytes);
}

static void
tell_random(struct rota_request *request, int status)
{
	struct rota_random *random = (struct rota_random *)request;

	random->fn(random, status);
}

static const struct rota__job_type random_type = {
	.request = {
		.name = "random",
		.size = sizeof(struct rota_random),
		.cancel = rota__job_cancel,
		.tell = tell_random,
	},
	.run = run_random,
	.lane = ROTA_LANE_CPU,
};

int
rota_random_start_at(struct rota_loop *loop, struct rota_random *random,
	void *bytes, size_t n_bytes, rota_random_fn *fn, const char *place)
{
	if (random == NULL || (bytes == NULL && n_bytes != 0) ||
		(loop == NULL && fn != NULL))
		return -EINVAL;
	random->sys = loop != NULL ? rota__loop_sys(loop) : &rota__sys_real;
	random->fn = fn;
	random->bytes = bytes;
	random->n_bytes = n_bytes;
	if (fn == NULL)
		return run_random(&random->job);
	return rota__job_start(loop, NULL, &random->job, &random_type, place);
}
