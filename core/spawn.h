/* SPDX-License-Identifier: MIT */
/*
 * The birth of a child, from both sides. core/spawn.c gets all ready in the
 * parent; then core/sys/spawn.c makes a process that shares our memory where
 * the system can do that, and core/sys/child.c is what it does until it has
 * become the program. Nothing there allocates, locks or returns.
 */
#ifndef ROTA_CORE_SPAWN_H
#define ROTA_CORE_SPAWN_H

#include "core/loop.h"
#include "rota/process.h"

/* Enough for the child's calls, and for the dynamic linker's. */
#define ROTA__SPAWN_STACK_BYTES 65536

/* Sources of the child's descriptors that are no descriptors of ours. */
enum rota__spawn_source {
	ROTA__SOURCE_NULL = -1,
	/* -2 and below: the same as entry -2 - source. */
	ROTA__SOURCE_SAME = -2
};

/* What can go wrong, told to the parent as it is. */
struct rota__spawn_failure {
	int error;
	uint16_t step;
	uint16_t index;
};

/*
 * Descriptor i of the child is made of sources[i], which the child may
 * overwrite. name has room for each folder of path with the file behind it.
 */
struct rota__spawn {
	const struct rota_process_options *options;
	const char *file;
	/* NULL: the file is a path already. */
	const char *path;
	char *name;
	char *const *env;
	int *sources;
	unsigned n_sources;
	/* The entry that becomes the controlling terminal, -1 for none. */
	int terminal;
	/* Groups are dropped with the user, unless the options give some. */
	int drops_groups;

	/* The child's, if it shares our memory; grows down from the end. */
	char *stack;
	/* The memory is known to be shared: then it tells by that alone. */
	int is_shared;
	/* Where it tells otherwise. */
	int report_fd;
	/* Ours, as it was before all were blocked. */
	sigset_t sigmask;

	/* Written by the child. */
	int is_started;
	struct rota__spawn_failure failure;
};

/* The child side: begins in the ways of core/sys/, never returns. */
int rota__child_main(void *data);

/* The parent's side: a start that has been made ready. */
struct rota__plan;

/*
 * Makes ready all that can fail before there is a child. Returns 0, or a
 * negative errno with *ret_failure filled in.
 */
int rota__plan_make(struct rota_loop *loop,
	const struct rota_process_options *options,
	struct rota__plan **ret_plan, struct rota__spawn_failure *ret_failure);

/* Starts it, and returns the pid; or fails like the above. */
pid_t rota__plan_run(
	struct rota__plan *plan, struct rota__spawn_failure *ret_failure);

/* Frees it. Our ends are given back if the child is there, else closed. */
void rota__plan_end(struct rota__plan *plan, int is_done);

#endif
