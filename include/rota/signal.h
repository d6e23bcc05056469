/* SPDX-License-Identifier: MIT */
/*
 * Signals of the process as events of a loop. Any number of handles, in any
 * number of loops and threads, may watch one signal. The first installs our
 * handler, the last to go restores what was there before.
 */
#ifndef ROTA_SIGNAL_H
#define ROTA_SIGNAL_H

#include <rota/handle.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_signal;

struct rota_signal_event {
	int signum;
	/* How often it came since the last call; the kernel may merge. */
	unsigned count;
	/* Of the latest: who sent it, or 0 if the kernel did. */
	pid_t pid;
	uid_t uid;
	/* Of the latest: si_code of sigaction(2). */
	int code;
};

typedef void rota_signal_fn(
	struct rota_signal *signal, const struct rota_signal_event *event);

struct rota_signal {
	struct rota_handle handle;

	/* Private from here on. */
	struct rota_note note;
	struct rota_signal *next;
	rota_signal_fn *fn;
	int signum;
	unsigned count;
	int pid;
	unsigned uid;
	int code;
	int is_once;
};

/*
 * Makes a blank signal handle an idle one.
 * errors: -EINVAL an argument is NULL; the handle is still blank.
 * when: the loop's thread.
 */
ROTA_API int rota_signal_init(
	struct rota_loop *loop, struct rota_signal *signal);

/*
 * Starts watching a signal, or another one; `once` stops after the first
 * call. Called in the poll phase, after all descriptors.
 *
 * shape: the event is valid inside `fn` only.
 * errors: -EINVAL signal or fn is NULL, the handle is closing or closed, or
 *	signum is not a signal that can be caught (SIGKILL and SIGSTOP
 *	cannot); the handle is as before.
 * when: the loop's thread. A program that also calls sigaction(2) for the
 *	same signal itself takes it away from rota.
 * source: sigaction(2).
 */
ROTA_API int rota_signal_start_at(struct rota_signal *signal, int signum,
	rota_signal_fn *fn, const char *place);
ROTA_API int rota_signal_once_at(struct rota_signal *signal, int signum,
	rota_signal_fn *fn, const char *place);
#define rota_signal_start(signal, signum, fn) \
	rota_signal_start_at(signal, signum, fn, ROTA_PLACE(fn))
#define rota_signal_once(signal, signum, fn) \
	rota_signal_once_at(signal, signum, fn, ROTA_PLACE(fn))

/*
 * Stops watching; 0 also if it was not active. Signals that came and were
 * not told are dropped.
 * errors: -EINVAL signal is NULL.
 * when: the loop's thread.
 */
ROTA_API int rota_signal_stop(struct rota_signal *signal);

ROTA_END_C

#endif
