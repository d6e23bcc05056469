/* SPDX-License-Identifier: MIT */
/*
 * A pool of threads, for what cannot be polled: files, name look-ups, hash
 * sums, and work of your own. A loop that starts a job and names no pool
 * uses the pool of its options, or else the default pool of the process,
 * which is made with the first job and goes with the last loop that used it.
 *
 * Jobs come in lanes, and no lane can starve another:
 *
 *	ROTA_LANE_IO	file system; as many at once as the pool has threads
 *	ROTA_LANE_SLOW	what may hang, as a look-up of a name; its threads
 *			are apart, on top of the pool's size
 *	ROTA_LANE_CPU	work of the processor
 *	3 and up	lanes of your own
 *
 * At most `n_threads` jobs of all lanes that are not apart run at once, but
 * a lane of which no job runs gets a thread for one in any case.
 */
#ifndef ROTA_POOL_H
#define ROTA_POOL_H

#include <rota/loop.h>
#include <rota/request.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_job;
struct rota_pool;

#define ROTA_LANE_IO 0
#define ROTA_LANE_SLOW 1
#define ROTA_LANE_CPU 2
/* The first lane of your own. */
#define ROTA_LANE_USER 3
#define ROTA_POOL_MAX_LANES 16
#define ROTA_POOL_MAX_THREADS 1024

/* What a job does in a thread of the pool; what it returns is its status. */
typedef int rota_job_fn(struct rota_job *job);

/*
 * A request whose work is done by a pool. Requests of rota (work, files,
 * look-ups) begin with one.
 */
struct rota_job {
	struct rota_request request;

	/* Private from here on; pool/job.h has the picture. */
	struct rota_note note;
	struct rota_link link;
	struct rota_pool *pool;
	struct rota_job *next;
	rota_job_fn *run;
	uint64_t queued_ns;
	/* Atomic. */
	uint32_t state;
	int result;
	uint8_t lane;
	int8_t priority;
	uint16_t spare;
};

ROTA_END_C

#endif
