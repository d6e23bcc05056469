/* SPDX-License-Identifier: MIT */
/*
 * The descriptor table: who wants to know what of which descriptor, and what
 * the kernel was told. Indexed by descriptor. Changes are collected and told
 * once per turn, before the wait.
 */
#ifndef ROTA_CORE_FDS_H
#define ROTA_CORE_FDS_H

#include "core/backend.h"
#include "rota/types.h"

enum rota__watch_flag {
	/* Is in the list of its descriptor. */
	ROTA__WATCH_LINKED = 1 << 0,
	/* The next start is on a description the kernel may not know. */
	ROTA__WATCH_REBOUND = 1 << 1
};

enum rota__slot_flag {
	/* Is in fds.dirty. */
	ROTA__SLOT_DIRTY = 1 << 0,
	/* Must be told anew even if the wish is the same. */
	ROTA__SLOT_REOPENED = 1 << 1,
	/* Never makes anyone wait; in the always list through `word`. */
	ROTA__SLOT_ALWAYS = 1 << 2,
	/* The kernel refused; `word` has the errno until it is told. */
	ROTA__SLOT_FAILED = 1 << 3
};

/*
 * One descriptor. Watches are in the order of their start. A blank slot is
 * all zero but for its generation.
 */
struct rota__slot {
	struct rota_watch *first;
	/* The backend's, as long as told is not 0. */
	uintptr_t word;
	uint32_t generation;
	uint8_t told;
	/* Reported in this round and not yet dispatched. */
	uint8_t ready;
	uint8_t flags;
	/* The last round in which the generation was renewed. */
	uint8_t renewed_in;
};

struct rota__fds {
	struct rota__slot *slots;
	/* Descriptors whose wish may differ from told; as long as slots. */
	int *dirty;
	uint32_t capacity;
	uint32_t n_dirty;
	uint32_t n_failed;
	/* Slots of which the kernel was told something. */
	uint32_t n_told;
	/* Always-ready slots, as descriptor + 1, chained through `word`. */
	uint32_t always_first;
	/* Reports of registrations given up: in this turn; turns in a row. */
	uint32_t n_stale;
	uint32_t n_stale_turns;
	/* Counts the questions to the kernel, for renewed_in. */
	uint8_t round;
	/* Of the failed descriptor whose watches are being called. */
	int error;
	/* The watch to be called next, moved on when that one is stopped. */
	struct rota_watch *next_watch;
	struct rota__ready *ready;
	/* As long, for sorting; NULL if no handle ever had a priority. */
	struct rota__ready *sorted;
};

/* What a descriptor that is always ready is ready for. */
#define ROTA__ALWAYS_TOLD (ROTA__READABLE | ROTA__WRITABLE)

/* Entries of one kernel call; more are asked for in further rounds. */
#define ROTA__N_READY ROTA__MAX_REPORTS

int rota__fds_init(struct rota_loop *loop);
void rota__fds_fini(struct rota_loop *loop);

/* Makes the table long enough for fd; -ENOMEM. */
int rota__fds_reserve(struct rota_loop *loop, int fd);

/* Binds a watch that is in no list to a descriptor (or -1). */
void rota__watch_bind(struct rota_watch *watch, int fd);

/* Wants `events` of the watch's descriptor, for which there is room. */
void rota__watch_start_anew(
	struct rota_loop *loop, struct rota_watch *watch, unsigned events);

/*
 * A watch hears of what it wants, but nothing from its start until the next
 * flush: no report of before is for it.
 */
static inline int
rota__watch_is_fresh(const struct rota_watch *watch)
{
	return watch->heard == 0;
}

/* The same. One started since the last flush only changes its wish. */
static inline void
rota__watch_start(
	struct rota_loop *loop, struct rota_watch *watch, unsigned events)
{
	if (rota__watch_is_fresh(watch) && watch->flags == ROTA__WATCH_LINKED &&
		!(events & ROTA__EDGE))
		watch->wanted = (uint8_t)events;
	else
		rota__watch_start_anew(loop, watch, events);
}

void rota__watch_stop(struct rota_loop *loop, struct rota_watch *watch);

/*
 * Stops, and makes the kernel forget the descriptor at once if nobody else
 * watches it, since it may be closed next. `will_close`: by us, right now.
 */
void rota__watch_forget(
	struct rota_loop *loop, struct rota_watch *watch, int will_close);

/* Tells the kernel what has changed. */
void rota__fds_flush(struct rota_loop *loop);

/* Returns 1 if something is ready without asking the kernel. */
static inline int
rota__fds_have_ready(const struct rota__fds *fds)
{
	return (fds->always_first | fds->n_failed) != 0;
}

/*
 * Waits at most timeout_ns and calls whom it concerns, in rounds until the
 * kernel has no more. Returns 0 if it had nothing at all, 1, or the wait's
 * negative errno.
 */
int rota__fds_poll(struct rota_loop *loop, uint64_t timeout_ns);

/*
 * For the dispatch. The kernel has given up the registration of a report:
 * with ROTA__FAILED or ROTA__ALWAYS. take_error returns the negative errno of
 * a slot that failed, which is blank again then.
 */
void rota__fds_lose(struct rota__fds *fds, struct rota__ready *ready);
int rota__fds_take_error(struct rota__fds *fds, struct rota__slot *slot);

/*
 * The same for a report of a wish of before. If all of the descriptor was
 * given up with it, whoever watches it now is told to the kernel anew.
 */
void rota__fds_lose_stale(
	struct rota__fds *fds, const struct rota__ready *ready);

/* Makes the kernel's state anew and tells it all; `is_forked` in a child. */
int rota__fds_rebuild(struct rota_loop *loop, int is_forked);

#endif
