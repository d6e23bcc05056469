/* SPDX-License-Identifier: MIT */
/*
 * Handle priorities: puts what is ready in one round in their order. Nothing
 * here runs unless some handle of the loop has one.
 */
#ifndef ROTA_CORE_PRIORITY_H
#define ROTA_CORE_PRIORITY_H

#include "core/backend.h"
#include "core/handle.h"

/* Levels count downwards from the highest priority, which is level 0. */
#define ROTA__N_LEVELS (ROTA_HANDLE_PRIORITY_MAX - ROTA_HANDLE_PRIORITY_MIN + 1)

static inline int
rota__handle_level(const struct rota_handle *handle)
{
	return ROTA_HANDLE_PRIORITY_MAX - rota__handle_priority(handle);
}

/* Makes room for the sorting; -ENOMEM. */
int rota__priority_reserve(struct rota_loop *loop);

/*
 * Sorts the first n reports by the level of their descriptors, those of one
 * level in the order of before. A descriptor has the best level of its
 * watches. ret_ends[level] is the index behind its last report.
 */
void rota__priority_sort(
	struct rota__fds *fds, int n, int ret_ends[ROTA__N_LEVELS]);

#endif
