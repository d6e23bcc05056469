/* SPDX-License-Identifier: MIT */
/*
 * Who watches which signal of the process. A signal's disposition belongs to
 * the whole process, and its handler gets no argument of ours: this is the
 * one table that all loops share. docs/decisions/ says why.
 */
#ifndef ROTA_CORE_SIGNALS_H
#define ROTA_CORE_SIGNALS_H

#include "rota/signal.h"

/* A watcher of the loop's own, otherwise like any. */
void rota__signal_init_internal(
	struct rota_loop *loop, struct rota_signal *signal);

/*
 * Adds a watcher for a signal, or moves it from its old one (0: none). The
 * first watcher of a signal installs the handler, the last one restores what
 * was there before the first. Returns 0 or sigaction's negative errno, and
 * then the watcher is where it was.
 */
int rota__signals_move(struct rota_signal *signal, int signum);

/* Takes a watcher out; its signum is 0 then. */
void rota__signals_remove(struct rota_signal *signal);

/* Takes what has come since the last time; 0 if nothing has. */
int rota__signals_take(
	struct rota_signal *signal, struct rota_signal_event *ret_event);

/* In a child: no other thread can be in the table any more. */
void rota__signals_fork(void);

#endif
