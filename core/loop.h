/* SPDX-License-Identifier: MIT */
/* The loop from inside. */
#ifndef ROTA_CORE_LOOP_H
#define ROTA_CORE_LOOP_H

#include "core/backend.h"
#include "core/fds.h"
#include "core/heap.h"
#include "core/jobs.h"
#include "core/post.h"
#include "core/ring.h"
#include "core/sys.h"
#include "core/tasks.h"
#include "rota/handle.h"
#include "rota/io.h"
#include "rota/loop.h"
#include "rota/metrics.h"
#include "rota/signal.h"

struct rota__batch;
struct rota__files;
struct rota__metrics;
struct rota__sender;

/* What has to be done when the callback in progress returns. */
enum rota__after {
	ROTA__AFTER_TASKS = 1 << 0,
	ROTA__AFTER_WRITES = 1 << 1,
	ROTA__AFTER_METRICS = 1 << 2,
	/* As long as a frame is active. */
	ROTA__AFTER_FRAMES = 1 << 3
};

enum rota__loop_state {
	ROTA__LOOP_RESTS,
	/* Inside rota_loop_run(), _prepare() or _dispatch(). */
	ROTA__LOOP_RUNS,
	/* Between rota_loop_prepare() and rota_loop_dispatch(). */
	ROTA__LOOP_PREPARED
};

/* A handle's name, kept apart since few have one. */
struct rota__name {
	struct rota__name *next;
	const struct rota_handle *handle;
	char text[];
};

/*
 * Invariant: alive = active referenced handles + closing handles +
 * referenced requests in flight + referenced queued immediates.
 */
struct rota_loop {
	/* Bits of enum rota__after. */
	uint32_t after;
	uint32_t state;
	uint64_t n_callbacks;
	struct rota__metrics *metrics;

	/* Written by handle.c, request.c and immediate.c through setters. */
	uint64_t alive;

	/* The clock: good until the next wait; a phase asked at that count. */
	uint64_t now_ns;
	uint64_t now_callbacks;
	int now_is_good;
	/* Atomic. */
	int is_stopping;

	const struct rota_sys *sys;
	struct rota__memory memory;
	const struct rota__backend *backend;
	void *backend_state;
	unsigned capabilities;

	struct rota__fds fds;
	struct rota__heap heap;
	struct rota__tasks ticks;
	struct rota__tasks microtasks;

	/* Senders, see core/pending.h. */
	struct rota__sender *gathered_first;
	struct rota__sender *gathered_last;
	struct rota__sender *pending_first;
	struct rota__sender *pending_last;
	/* Active hooks, and how many they are in all. */
	struct rota_link idle;
	struct rota_link prepare;
	struct rota_link check;
	uint32_t n_hooks;
	struct rota_link immediates;
	/* Immediates taken over by the check phase in progress. */
	struct rota_link immediates_now;
	/* Active frames. */
	struct rota_link frames;
	uint32_t n_immediates_referenced;
	/* All handles from init until they are closed, and to be told so. */
	struct rota_link handles;
	struct rota_link closing;
	/* Those taken over by the close phase in progress. */
	struct rota_link closing_now;
	/* ROTA__VISITED or 0: what handles have that the last walk visited. */
	uint32_t walk_mark;
	/* Handles whose priority is not 0. */
	uint32_t n_priorities;
	/* Of the hooks phase and the walk in progress; at most one of each. */
	struct rota__cursor hook_cursor;
	struct rota__cursor walk_cursor;
	int is_walking;
	/* Inside rota_loop_why_alive(). */
	int is_reporting;
	struct rota__name *names;

	/* The process that the loop's descriptors and children belong to. */
	pid_t pid;
	/* Processes waited for; of those, by SIGCHLD. See children.h. */
	struct rota_link children;
	uint32_t n_by_signal;
	struct rota_signal sigchld;
	/* Has been seen: a child shares our memory until it is the program. */
	int shares_memory;

	struct rota__jobs jobs;

	struct rota__inbox inbox;
	struct rota_io wake_io;
	int wake_fds[2];
	/* Prepared, and something is ready that no descriptor tells. */
	int is_ready_inside;

	/* Watched files; made with the first watch. */
	struct rota__files *files;

	/* Terminals whose size is watched, how many, and by what. */
	struct rota_link terminals;
	unsigned n_resizes;
	struct rota_signal resizes;

	/* The buffer that reading streams borrow; made with the first. */
	char *read_buffer;
	unsigned accept_batch;
	/* The room for datagrams, unless in use; how many there are in all. */
	struct rota__batch *batch;
	unsigned n_batches;
	/* Given up to turn connections away, see listen.c; -1 if none. */
	int spare_fd;

	void *data;
	rota_loop_fn *before_exit;
	void *before_exit_data;
	rota_slow_fn *slow;
	void *slow_data;
	uint64_t notice_ns;
	uint64_t warning_ns;
};

/* Longer than messages are: one that fills it is asked for more. */
#define ROTA__READ_BUFFER_BYTES 131072

/* 0 if every invariant of the loop holds, else the source line that found. */
int rota__loop_check(const struct rota_loop *loop);

/* 1 if a callback of a walk or a report is in progress. */
static inline int
rota__loop_is_visited(const struct rota_loop *loop)
{
	return loop->is_walking || loop->is_reporting;
}

/* 1 if no callback at all is in progress, and none is prepared for. */
static inline int
rota__loop_is_at_rest(const struct rota_loop *loop)
{
	return (loop->state | (uint32_t)loop->is_walking |
		       (uint32_t)loop->is_reporting) == ROTA__LOOP_RESTS;
}

/* The clock. */
static inline uint64_t
rota__loop_now(struct rota_loop *loop)
{
	if (!loop->now_is_good) {
		loop->now_ns = loop->sys->clock_ns();
		loop->now_is_good = 1;
	}
	return loop->now_ns;
}

/*
 * The same between callbacks: reads if one ran since the last time. What a
 * callback has read itself is as old as the rest of that callback is long.
 */
static inline uint64_t
rota__loop_fresh_now(struct rota_loop *loop)
{
	if (loop->now_callbacks != loop->n_callbacks)
		loop->now_is_good = 0;
	loop->now_callbacks = loop->n_callbacks;
	return rota__loop_now(loop);
}

#endif
