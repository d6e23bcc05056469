/* SPDX-License-Identifier: MIT */
/* The order of what is ready, see priority.h. */
#include "core/priority.h"

#include <errno.h>

#include "core/ring.h"

int
rota__priority_reserve(struct rota_loop *loop)
{
	struct rota__fds *fds = &loop->fds;

	if (fds->sorted == NULL)
		fds->sorted = rota__realloc(&loop->memory, NULL,
			ROTA__N_READY * sizeof(*fds->sorted));
	return fds->sorted == NULL ? -ENOMEM : 0;
}

static int
level_of(const struct rota__slot *slot)
{
	const struct rota_watch *watch = slot->first;
	int best = ROTA__N_LEVELS - 1;
	int level;

	if (watch == NULL)
		return ROTA_HANDLE_PRIORITY_MAX;
	for (; watch != NULL; watch = watch->next) {
		level = rota__handle_level(
			&ROTA__CONTAINER(watch, struct rota__watcher, watch)
				 ->handle);
		if (level < best)
			best = level;
	}
	return best;
}

static int
level_at(const struct rota__fds *fds, int i)
{
	return level_of(&fds->slots[fds->ready[i].fd]);
}

/* Counts, then deals out into the other array, and takes that one. */
void
rota__priority_sort(struct rota__fds *fds, int n, int ret_ends[ROTA__N_LEVELS])
{
	struct rota__ready *unsorted = fds->ready;
	int n_of[ROTA__N_LEVELS] = { 0 };
	int n_before = 0;
	int level;
	int i;

	for (i = 0; i < n; i++)
		n_of[level_at(fds, i)]++;
	for (level = 0; level < ROTA__N_LEVELS; level++) {
		ret_ends[level] = n_before;
		n_before += n_of[level];
	}
	for (i = 0; i < n; i++)
		fds->sorted[ret_ends[level_at(fds, i)]++] = unsorted[i];
	fds->ready = fds->sorted;
	fds->sorted = unsorted;
}
