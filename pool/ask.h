/* SPDX-License-Identifier: MIT */
/*
 * A question to the system. The thread that asks cannot be called back, so it
 * gets a block of its own, and who waits for it can leave:
 *
 *	request, in flight <-----> ask, a lone job: getaddrinfo()
 *	     |                        |
 *	     | <------ ended ---------+
 *	     |         told with the answer in the ask, which is freed
 *	     |
 *	     +-- cancelled, or time is up: leaves the ask to its thread, and
 *	         is told at once
 */
#ifndef ROTA_POOL_ASK_H
#define ROTA_POOL_ASK_H

#include "pool/job.h"

/* What its maker embeds first, in memory of `sys`. */
struct rota__ask {
	struct rota__lone_job lone;
	/* The request; gone when it has left. */
	struct rota_job *job;
	const struct rota_sys *sys;
	/* Frees what hangs on the ask; may be NULL. */
	void (*clear)(struct rota__ask *ask);
};

/*
 * Puts `job` in flight, and has `run` called in the slow lane. The ask is
 * freed if that fails.
 */
int rota__ask_start(struct rota_loop *loop, struct rota__ask *ask,
	rota_job_fn *run, struct rota_job *job,
	const struct rota_request_type *type, const char *place);

/* Ends the request with `status`; after 0 the ask is not its own any more. */
int rota__ask_leave(struct rota__ask *ask, int status);

void rota__ask_free(struct rota__ask *ask);

#endif
