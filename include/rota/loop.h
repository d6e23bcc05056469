/* SPDX-License-Identifier: MIT */
/*
 * A loop runs turns:
 *
 *   run -> ticks -> +-> timers -> alive? -> pending -> idle -> prepare
 *                   |     -> poll -> pending -> check -> close -+
 *                   +-------------------------------------------+
 *
 * with ticks, then microtasks, drained after every single callback. The page
 * docs/turn.md walks through it. A loop and all that belongs to it is used
 * by one thread; the functions that other threads may call say so.
 */
#ifndef ROTA_LOOP_H
#define ROTA_LOOP_H

#include <rota/types.h>

ROTA_BEGIN_C

struct pollfd;

enum rota_run_mode {
	/* Turns until nothing holds the loop, or until stopped. */
	ROTA_RUN_DEFAULT = 0,
	/* One turn, waiting if nothing was pending when it began. */
	ROTA_RUN_ONCE = 1,
	/* One turn without waiting. */
	ROTA_RUN_NOWAIT = 2
};

typedef void rota_loop_fn(struct rota_loop *loop, void *data);
typedef void *rota_realloc_fn(void *data, void *memory, size_t size_bytes);

/*
 * What a loop can be asked for at its making. Zero is the default of every
 * member except size; begin with ROTA_LOOP_OPTIONS_INIT.
 */
struct rota_loop_options {
	/* sizeof(struct rota_loop_options): lets the struct grow. */
	size_t size;
	/*
	 * Backends in order of preference, as "kqueue,poll"; the first that
	 * works is taken. NULL or "" for the library's own order.
	 */
	const char *backend;
	/* 1 to measure loop time from the start, see rota/metrics.h. */
	int measure;
	/* Connections a listener takes per turn; 0 for the default of 64. */
	unsigned accept_batch;
	/*
	 * Allocates like realloc(data, memory, size): size 0 frees and
	 * returns NULL. Called by the loop's thread, and by any thread that
	 * makes or closes the loop. NULL for the C library's.
	 */
	rota_realloc_fn *realloc_fn;
	void *realloc_data;
	/* For tests: the table of system calls, core/sys.h. NULL for real. */
	const struct rota_sys *sys;
	/*
	 * The pool for what cannot be polled; it must not be closed before
	 * the loop is made. NULL for the default pool of the process.
	 */
	struct rota_pool *pool;
	/*
	 * Threads that the default pool must have at least for this loop, at
	 * most ROTA_POOL_MAX_THREADS; 0 if it does not matter: then a pool
	 * that is made has four.
	 */
	unsigned pool_threads;
	/*
	 * Room for rota_options_from_env() to keep what it read. Private. Of a
	 * length that leaves no gap behind it.
	 */
	char backend_from_env[68];
};

#define ROTA_LOOP_OPTIONS_INIT \
	{ \
		sizeof(struct rota_loop_options), NULL, 0, 0, NULL, NULL, \
			NULL, NULL, 0, "" \
	}

/*
 * Reads ROTA_BACKEND (a name or list), ROTA_MEASURE (0 or 1) and
 * ROTA_POOL_THREADS (from 1 to ROTA_POOL_MAX_THREADS) from the environment
 * into `options`, for programs that want `ROTA_BACKEND=poll ./program`. The
 * library never does this by itself. Variables that are absent or empty
 * change nothing.
 *
 * shape: options->backend may point into *options afterwards: do not copy
 *	or move the struct between this call and rota_loop_create().
 * errors: -EINVAL options is NULL, its size is wrong, or a value is not of
 *	the form above; nothing changes.
 * when: as getenv(3): while no other thread changes the environment.
 */
ROTA_API int rota_options_from_env(struct rota_loop_options *options);

/*
 * Makes a loop.
 *
 * shape: options may be NULL for the defaults. *ret_loop is opaque and freed
 *	by rota_loop_close().
 * errors: -EINVAL ret_loop is NULL, options have a wrong size, or
 *	pool_threads is too large; -ENOENT options->backend has an unknown
 *	name; the error of the last backend tried if none works (-ENOSYS if
 *	it is not in this build); -ENOMEM; -EMFILE, -ENFILE no descriptor
 *	left. *ret_loop is untouched then.
 * when: any thread; the loop belongs to the thread that runs it.
 */
ROTA_API int rota_loop_create(
	const struct rota_loop_options *options, struct rota_loop **ret_loop);

/*
 * Frees a loop on which every handle has been closed.
 *
 * errors: -EINVAL loop is NULL; -EBUSY handles are open or closing, requests
 *	or immediates are in flight, or the loop is running: nothing changes,
 *	and rota_loop_why_alive() names the culprits. Ticks and posts that
 *	were not yet run are dropped.
 * when: the loop's thread, outside of run; no other thread may use the loop
 *	any more.
 */
ROTA_API int rota_loop_close(struct rota_loop *loop);

/*
 * Runs turns.
 *
 * Returns 1 if the loop is still alive (it was stopped, or the mode asked
 * for one turn only), 0 if not.
 *
 * errors: -EINVAL loop is NULL or mode unknown; -EBUSY called from within a
 *	callback of this loop, or between rota_loop_prepare() and
 *	rota_loop_dispatch(). Nothing changes then. An error of the kernel's
 *	wait (-ENOMEM, say), or of the watching for what other threads send
 *	(-ENOSPC, say), ends the run after the turn; the loop can be run
 *	again, and nothing is lost.
 * when: the loop's thread.
 */
ROTA_API int rota_loop_run(struct rota_loop *loop, enum rota_run_mode mode);

/*
 * Makes the run in progress return after the current turn, or the next run
 * at once if there is none.
 *
 * errors: -EINVAL loop is NULL.
 * when: any thread, any callback, a signal handler.
 */
ROTA_API int rota_loop_stop(struct rota_loop *loop);

/*
 * Returns 1 if anything holds the loop: a referenced active handle, a
 * request, a closing handle, a referenced queued immediate; else 0.
 * when: the loop's thread.
 */
ROTA_API int rota_loop_alive(const struct rota_loop *loop);

/*
 * Returns the loop's now: the monotonic clock as of the last time the loop
 * read it. All callbacks of one phase see the same now. 0 for NULL.
 *
 * unit: nanoseconds since some fixed point of this boot.
 * when: the loop's thread.
 * source: clock_gettime(2), CLOCK_MONOTONIC.
 */
ROTA_API uint64_t rota_loop_now(struct rota_loop *loop);

/*
 * Reads the clock anew, for a callback that has computed for long.
 * errors: -EINVAL loop is NULL.
 * when: the loop's thread.
 */
ROTA_API int rota_loop_update(struct rota_loop *loop);

/* Returns the name of the backend in use, NULL for NULL. */
ROTA_API const char *rota_loop_backend(const struct rota_loop *loop);

/* Returns the bits of enum rota_backend_capability of this loop. */
ROTA_API unsigned rota_loop_capabilities(const struct rota_loop *loop);

/*
 * Sets the caller's own pointer of a loop, and returns it.
 * when: the loop's thread.
 */
ROTA_API int rota_loop_set_data(struct rota_loop *loop, void *data);
ROTA_API void *rota_loop_data(const struct rota_loop *loop);

/*
 * Calls `fn` when a run in mode DEFAULT has nothing left that holds the
 * loop. If it starts something, the run goes on and `fn` is called again
 * later; else the run returns. NULL takes it away.
 *
 * errors: -EINVAL loop is NULL.
 * when: the loop's thread. Not called when the run was stopped.
 */
ROTA_API int rota_loop_on_before_exit(
	struct rota_loop *loop, rota_loop_fn *fn, void *data);

/*
 * Makes the loop of a process usable in the child after fork(2). The kernel
 * state of the parent is not touched: the child gets its own, and all that
 * was waited for is waited for again. Until then the child must not use the
 * loop. Posts and wakes not yet delivered at the fork are delivered in both.
 *
 * Jobs in flight end with -ECANCELED in the child, unless they were done.
 *
 * errors: -EINVAL loop is NULL; -EBUSY inside run, or threads of this process
 *	have jobs of the loop; -EMFILE, -ENFILE, -ENOMEM: the loop has no
 *	kernel state; call again or exit.
 * when: the child, in the thread that called fork(2).
 */
ROTA_API int rota_loop_fork(struct rota_loop *loop);

/*
 * Visits every handle that has been initialised and is not yet closed: in the
 * order of init, then those that are closing in the order of closing. `fn` may
 * close handles and init new ones (which it does not visit).
 *
 * errors: -EINVAL loop or fn is NULL; -EBUSY called from within `fn`.
 * when: the loop's thread.
 */
typedef void rota_walk_fn(struct rota_handle *handle, void *data);
ROTA_API int rota_loop_walk(
	struct rota_loop *loop, rota_walk_fn *fn, void *data);

/* One reason why a loop is alive or cannot be closed. */
struct rota_culprit {
	/* "timer", "tcp", "immediate"; for a request "write", "connect". */
	const char *type;
	/* The handle's name, or "". */
	const char *name;
	/* The callback's name as the program spells it, "?" if unknown. */
	const char *callback;
	/* Where it was started, as "main.c:12", "?" if unknown. */
	const char *place;
	/* The type's own words: descriptor and peer, due time; or "". */
	const char *details;
	/* "idle", "active", "closing", "in flight", "queued". */
	const char *state;
	/* 1 if it holds the loop alive; 0 if it only keeps it from closing. */
	int holds;
	int is_referenced;
	/* The handle itself, or the owner of the request, or NULL. */
	struct rota_handle *handle;
	/* The request, or NULL. */
	struct rota_request *request;
};

/*
 * Calls `fn` for everything that holds the loop alive or keeps it from
 * closing. Returns how many there were.
 *
 * shape: the culprit and its strings are valid inside `fn` only. `fn` must
 *	not start, stop or close anything. fn may be NULL, to count.
 * errors: -EINVAL loop is NULL; -EBUSY inside rota_loop_walk().
 * when: the loop's thread.
 */
typedef void rota_culprit_fn(const struct rota_culprit *culprit, void *data);
ROTA_API int rota_loop_why_alive(
	struct rota_loop *loop, rota_culprit_fn *fn, void *data);

/*
 * The same as text, one line per culprit. Like snprintf(3) it returns the
 * bytes needed without the final 0, and writes at most size_bytes.
 *
 * shape: text may be NULL if size_bytes is 0.
 * errors: -EINVAL loop is NULL, or text is NULL and size_bytes is not 0;
 *	-EBUSY inside rota_loop_walk(). *text is untouched then.
 * when: the loop's thread.
 */
ROTA_API int rota_loop_why_alive_text(
	struct rota_loop *loop, char *text, size_t size_bytes);

/*
 * Driving a loop from a foreign one takes three steps per turn:
 *
 *	rota_loop_prepare(loop);
 *	wait for rota_loop_pollfds() at most rota_loop_wait_ns();
 *	rota_loop_dispatch(loop);
 *
 * rota_loop_prepare() runs ticks, timers, pending, idle and prepare, and
 * tells the kernel what is wanted. It returns 1 if the loop is alive, else
 * 0; the caller may go on in either case.
 * rota_loop_dispatch() collects without waiting, dispatches, and runs
 * pending, check and close. It returns as rota_loop_run() does in mode ONCE.
 *
 * errors: -EINVAL loop is NULL; -EBUSY inside run, or out of turn (prepare
 *	after prepare, dispatch without prepare). Nothing changes then.
 * when: the loop's thread.
 */
ROTA_API int rota_loop_prepare(struct rota_loop *loop);
ROTA_API int rota_loop_dispatch(struct rota_loop *loop);

/*
 * Returns how long the foreign loop may wait now: 0 for not at all,
 * ROTA_FOREVER for as long as it likes. Also 0 if nothing holds the loop,
 * which prepare has told: do not drive such a loop round and round.
 *
 * unit: nanoseconds from now. 0 for NULL.
 * when: the loop's thread, between prepare and dispatch.
 */
ROTA_API uint64_t rota_loop_wait_ns(struct rota_loop *loop);

/*
 * Fills in what the foreign loop must wait for: one descriptor with epoll
 * and kqueue, all wanted ones with poll and select.
 *
 * shape: fds has room for n entries; may be NULL if n is 0.
 * Returns the number of entries needed, which may be more than n; as many
 * as fit are filled in.
 * errors: -EINVAL loop is NULL, or fds is NULL and n is not 0.
 * when: the loop's thread, between prepare and dispatch.
 * source: poll(2).
 */
ROTA_API int rota_loop_pollfds(
	struct rota_loop *loop, struct pollfd *fds, unsigned n);

/*
 * Calls fn(loop, data) once in the loop's thread, in the poll phase after
 * the descriptors, in the order of posting per thread. A wake-up of the
 * kernel is spent only if the loop sleeps.
 *
 * A post does not hold the loop alive.
 *
 * errors: -EINVAL loop or fn is NULL; -ENOMEM: nothing was posted.
 * when: any thread, any callback, a signal handler. The loop must not be
 *	closed meanwhile.
 */
ROTA_API int rota_post(struct rota_loop *loop, rota_loop_fn *fn, void *data);

ROTA_END_C

#endif
