/* SPDX-License-Identifier: MIT */
/* Questions to the system, see ask.h. */
#include "pool/ask.h"

void
rota__ask_free(struct rota__ask *ask)
{
	if (ask->clear != NULL)
		ask->clear(ask);
	(void)ask->sys->realloc(ask, 0);
}

/* The loop's thread frees what nobody has left. */
static void
end_ask(struct rota__lone_job *lone, int is_left)
{
	struct rota__ask *ask = (struct rota__ask *)lone;

	if (is_left)
		rota__ask_free(ask);
	else
		rota__job_end(ask->job, lone->job.result);
}

int
rota__ask_start(struct rota_loop *loop, struct rota__ask *ask, rota_job_fn *run,
	struct rota_job *job, const struct rota_request_type *type,
	const char *place)
{
	int r;

	ask->job = job;
	ask->lone.ended = end_ask;
	r = rota__job_start_lone(
		loop, ROTA_LANE_SLOW, &ask->lone, run, job, type, place);
	if (r < 0)
		rota__ask_free(ask);
	return r;
}

int
rota__ask_leave(struct rota__ask *ask, int status)
{
	int r = rota__job_leave(&ask->lone, ask->job, status);

	if (r == 0)
		rota__ask_free(ask);
	return r < 0 ? r : 0;
}
