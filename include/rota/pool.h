/* SPDX-License-Identifier: MIT */
/*
 * A pool of threads, for what cannot be polled: files, name look-ups, hash
 * sums, and work of your own. A loop that starts a job and names no pool
 * uses the pool of its options, or else the default pool of the process,
 * which is made with the first job and goes with the last loop that used it.
 *
 * Jobs come in lanes, and no lane can starve another:
 *
 *	ROTA_LANE_IO	file system
 *	ROTA_LANE_SLOW	what may hang, as a look-up of a name; its threads
 *			are apart, on top of the pool's size
 *	ROTA_LANE_CPU	work of the processor
 *	3 and up	lanes of your own
 *
 * At most `n_threads` jobs of all lanes that are not apart run at once, but
 * a lane of which no job runs gets a thread for one in any case. docs/pool.md
 * has the whole story.
 */
#ifndef ROTA_POOL_H
#define ROTA_POOL_H

#include <rota/loop.h>
#include <rota/request.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_job;

#define ROTA_LANE_IO 0
#define ROTA_LANE_SLOW 1
#define ROTA_LANE_CPU 2
/* The first lane of your own. */
#define ROTA_LANE_USER 3
#define ROTA_POOL_MAX_LANES 16
#define ROTA_POOL_MAX_THREADS 1024
/* Of rota_pool_options.lookout_ns: the most, and not at all. */
#define ROTA_POOL_MAX_LOOKOUT ROTA_MILLISECOND
#define ROTA_POOL_NO_LOOKOUT 1

/* Jobs of higher priority go first; 0 is that of most. */
#define ROTA_JOB_PRIORITY_MIN (-8)
#define ROTA_JOB_PRIORITY_MAX 8

/* What a job does in a thread of the pool; what it returns is its status. */
typedef int rota_job_fn(struct rota_job *job);

/*
 * A request whose work is done by a pool. Requests of rota (work, files,
 * look-ups) begin with one.
 */
struct rota_job {
	struct rota_request request;

	/* Private from here on; pool/job.h has the picture. */
	struct rota_link link;
	struct rota_pool *pool;
	uint64_t queued_ns;
	/* What threads of the pool use stands together. */
	struct rota_link line;
	struct rota_note note;
	rota_job_fn *run;
	/* Atomic. */
	uint32_t state;
	int result;
	uint8_t lane;
	int8_t priority;
	uint8_t holds_pool;
	uint8_t spare;
};

/* A lane, as it is asked for. Zero is the default of every member. */
struct rota_lane_options {
	/* For reports; NULL for "". At most 15 characters are kept. */
	const char *name;
	/*
	 * Who gets the next free thread: the lane whose running jobs are the
	 * fewest, each counted as 1 / share. From 1 to ROTA_LANE_MAX_SHARE;
	 * 0 for 1.
	 */
	unsigned share;
	/* Jobs that run at once at most; 0 for the pool's size. */
	unsigned limit;
	/* 1: its threads come on top of the pool's size, up to its limit. */
	int is_apart;
};

#define ROTA_LANE_MAX_SHARE 1000

/*
 * Threads of your own, instead of the pool's. submit() is called in the
 * thread that starts a job; have rota_job_run() called for it, once, in any
 * thread, not inside submit(). What submit() returns, 0 or a negative errno,
 * is what the start of the job returns.
 */
struct rota_executor {
	int (*submit)(void *data, struct rota_job *job);
	void *data;
};

/*
 * What a pool can be asked for. Zero is the default of every member except
 * size; begin with ROTA_POOL_OPTIONS_INIT.
 */
struct rota_pool_options {
	/* sizeof(struct rota_pool_options): lets the struct grow. */
	size_t size;
	/* At most ROTA_POOL_MAX_THREADS; 0 for 4. */
	unsigned n_threads;
	/* Bytes of each thread's stack; 0 for the system's usual. */
	size_t stack_bytes;
	/* What threads are called, with a number; NULL for "rota". */
	const char *name;
	/* Lanes of your own, from ROTA_LANE_USER on. */
	const struct rota_lane_options *lanes;
	unsigned n_lanes;
	/* NULL for threads of the pool's own. */
	const struct rota_executor *executor;
	/*
	 * Allocates as that of the loop's options does. Called by any thread
	 * that uses the pool, and by its own, but by one at a time.
	 */
	rota_realloc_fn *realloc_fn;
	void *realloc_data;
	/* For tests: the table of system calls, core/sys.h. NULL for real. */
	const struct rota_sys *sys;
	/*
	 * Nanoseconds for which a thread without a job, and a loop that waits
	 * for one, go on looking before they sleep, as long as that pays: the
	 * next job or its end then comes within a microsecond instead of the
	 * time it takes to be woken. At most ROTA_POOL_MAX_LOOKOUT; 0 for 50
	 * microseconds, or ROTA_POOL_NO_LOOKOUT. On one processor nobody
	 * looks out.
	 */
	uint64_t lookout_ns;
};

#define ROTA_POOL_OPTIONS_INIT \
	{ \
		sizeof(struct rota_pool_options), 0, 0, NULL, NULL, 0, NULL, \
			NULL, NULL, NULL, 0 \
	}

/*
 * Makes a pool. It has no threads before its first job.
 *
 * shape: options may be NULL for the defaults.
 * errors: -EINVAL ret_pool is NULL, options have a wrong size, or a number in
 *	them or in a lane is out of range; -ENOMEM; -EAGAIN the system has no
 *	locks left. *ret_pool is untouched then.
 * when: any thread.
 */
ROTA_API int rota_pool_create(
	const struct rota_pool_options *options, struct rota_pool **ret_pool);

/*
 * Tells the default pool of the process, which is made if it is not there.
 * Each call is to be matched by one of rota_pool_close(); the pool goes with
 * the last user, be it a loop or a caller of this.
 *
 * errors: -EINVAL ret_pool is NULL; -ENOMEM, -EAGAIN as rota_pool_create().
 *	*ret_pool is untouched then.
 * when: any thread.
 */
ROTA_API int rota_pool_default(struct rota_pool **ret_pool);

/*
 * Takes no more jobs: a start returns -ESHUTDOWN. Jobs that still wait for a
 * thread end with -ECANCELED; those that run go on. Threads end.
 *
 * errors: -EINVAL pool is NULL; -EPERM it is the default pool.
 * when: any thread.
 */
ROTA_API int rota_pool_stop(struct rota_pool *pool);

/*
 * Stops a pool, waits for the jobs that run, and frees it. Those that have
 * not returned after the grace are abandoned: their threads are left alone,
 * and the last one that returns frees the pool, so that stuck jobs cannot
 * keep a program from its end. Each such job is told when it returns, if it
 * ever does; until then its request is in flight and its loop cannot be
 * closed (rota_request_unref() lets the loop's run end).
 *
 * Loops whose options name this pool, or jobs that were told its end but have
 * not called back yet, may outlive it: they get -ESHUTDOWN for new jobs.
 *
 * unit: grace_ns in nanoseconds; ROTA_FOREVER to wait as long as it takes.
 * Returns how many jobs were abandoned.
 * errors: -EINVAL pool is NULL.
 * when: any thread but the pool's own; the caller names the pool no more.
 */
ROTA_API int rota_pool_close(struct rota_pool *pool, uint64_t grace_ns);

/*
 * Waits until no job of the pool is queued or runs. Others may start more
 * meanwhile. Who waits in a loop's thread hears of the ends only afterwards.
 *
 * unit: timeout_ns in nanoseconds, or ROTA_FOREVER.
 * errors: -EINVAL pool is NULL; -ETIMEDOUT.
 * when: any thread but the pool's own.
 */
ROTA_API int rota_pool_drain(struct rota_pool *pool, uint64_t timeout_ns);

/*
 * Changes the size of a pool. When it shrinks, jobs that run are not
 * disturbed; threads end when they have nothing more to do.
 *
 * errors: -EINVAL pool is NULL, or n_threads is 0 or above
 *	ROTA_POOL_MAX_THREADS. Nothing changes then.
 * when: any thread.
 */
ROTA_API int rota_pool_resize(struct rota_pool *pool, unsigned n_threads);

/*
 * Changes a lane, or makes one of your own.
 *
 * errors: -EINVAL an argument is NULL, lane is ROTA_POOL_MAX_LANES or above,
 *	or a number in options is out of range. Nothing changes then.
 * when: any thread.
 */
ROTA_API int rota_pool_set_lane(struct rota_pool *pool, unsigned lane,
	const struct rota_lane_options *options);

/* Times in nanoseconds that 50, 90, 99, 99.9 % of jobs stayed below. */
struct rota_job_times {
	uint64_t p50_ns;
	uint64_t p90_ns;
	uint64_t p99_ns;
	uint64_t p999_ns;
};

struct rota_lane_metrics {
	char name[16];
	/* Jobs at this moment. */
	uint64_t queued;
	uint64_t running;
	/* Since the pool was made: jobs that ran, and that ended without. */
	uint64_t done;
	uint64_t canceled;
	/* How long jobs waited for a thread, and ran (± 7 %), if measured. */
	struct rota_job_times wait;
	struct rota_job_times run;
};

struct rota_pool_metrics {
	/* sizeof(struct rota_pool_metrics), set by the caller. */
	size_t size;
	/* The pool's size, and how many threads there are. */
	unsigned n_threads;
	unsigned n_alive;
	/* How many of the following there are. */
	unsigned n_lanes;
	struct rota_lane_metrics lanes[ROTA_POOL_MAX_LANES];
};

/*
 * Tells the figures so far. Jobs that a worker has put by, being short, count
 * as neither queued nor running.
 *
 * errors: -EINVAL an argument is NULL or the size is wrong; nothing is
 *	written then.
 * when: any thread.
 */
ROTA_API int rota_pool_metrics(
	struct rota_pool *pool, struct rota_pool_metrics *ret_metrics);

/*
 * Turns the measuring of times on (1) or off (0); off at first, since it
 * reads the clock three times for each job. Turning it on begins at zero.
 * With an executor only numbers are told.
 *
 * errors: -EINVAL pool is NULL; -ENOMEM: nothing changes.
 * when: any thread.
 */
ROTA_API int rota_pool_measure(struct rota_pool *pool, int on);

/*
 * Makes a pool usable in the child after fork(2): it has no jobs there, and
 * no threads before the first. rota_loop_fork() does so with the pools that
 * its loop uses.
 *
 * errors: -EINVAL pool is NULL.
 * when: the child, in the thread that called fork(2).
 */
ROTA_API int rota_pool_fork(struct rota_pool *pool);

/*
 * Runs a job. For executors only.
 *
 * errors: -EINVAL job is NULL, or its pool has threads of its own.
 * when: any thread but inside submit(); the job must not be touched any more
 *	afterwards.
 */
ROTA_API int rota_job_run(struct rota_job *job);

ROTA_END_C

#endif
