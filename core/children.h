/* SPDX-License-Identifier: MIT */
/*
 * The processes whose end a loop waits for. A record outlives its handle, so
 * that the loop waits for every child that it has started and no zombie
 * stays.
 *
 *	way		how the end is noticed
 *	BY_FD		a descriptor becomes readable, see core/sys/exit_*.c
 *	BY_SIGNAL	SIGCHLD: looks at all of this way, never at others
 *	BY_LOOKING	it was over before anything could be set up: next turn
 *	OVER		told; the memory waits for a note on its way
 */
#ifndef ROTA_CORE_CHILDREN_H
#define ROTA_CORE_CHILDREN_H

#include "core/loop.h"
#include "rota/process.h"

enum rota__child_way {
	ROTA__CHILD_BY_FD,
	ROTA__CHILD_BY_SIGNAL,
	ROTA__CHILD_BY_LOOKING,
	ROTA__CHILD_OVER
};

/* Begins as a rota__watcher; its fd is -1 unless the way is BY_FD. */
struct rota_child {
	struct rota_handle handle;
	struct rota_watch watch;
	/* Sent to look, outside of what noticed it. */
	struct rota_note note;
	struct rota_link link;
	/* Who is told; NULL: nobody. */
	struct rota_process *process;
	pid_t pid;
	/* To be waited for, which only its parent can. */
	int is_ours;
	enum rota__child_way way;
};

/* Makes a record that waits for nothing yet; NULL without memory. */
struct rota_child *rota__child_make(
	struct rota_loop *loop, struct rota_process *process);

/* Begins to wait for the end. Returns 0, or an errno and nothing changes. */
int rota__child_watch(struct rota_child *child, pid_t pid, int is_ours);

/* The process will not be told. One that is not ours is let go. */
void rota__child_leave(struct rota_child *child);

/* Lets it go: it is not waited for any more. */
void rota__child_drop(struct rota_child *child);

/* At the end of a loop: what has ended is waited for, the rest let go. */
void rota__children_fini(struct rota_loop *loop);

/* In the child of a fork they are brothers, and somebody else's. */
void rota__children_fork(struct rota_loop *loop);

#endif
