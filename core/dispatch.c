/* SPDX-License-Identifier: MIT */
/*
 * The poll phase: asks the kernel, and calls whom its reports concern.
 *
 * A round: the reports are gathered in the slots, so that two for one
 * descriptor become one, and old ones are found out. Then all that is more
 * than writable is called, then what is only writable. A slot whose
 * registration is given up meanwhile loses its report. Reports of a plain
 * backend need no gathering: there the generation tells all of that.
 */
#include "core/fds.h"

#include "core/handle.h"
#include "core/handles/frame.h"
#include "core/handles/io.h"
#include "core/loop.h"
#include "core/metrics.h"
#include "core/priority.h"
#include "core/ring.h"

/* Rebuild when reports without a registration come again and again. */
#define STALE_LIMIT 2

/*
 * Returns what a watch is called for: nothing if it was started after the
 * report; a hang-up if the descriptor is dead and no wish says so.
 */
static unsigned
call_for(const struct rota_watch *watch, unsigned events)
{
	unsigned ready = events & watch->heard;

	if (ready == 0 && events & ROTA__DEAD && !rota__watch_is_fresh(watch))
		return ROTA_HANGUP;
	return ready;
}

static inline void
call_watch(struct rota_loop *loop, struct rota_watch *watch, unsigned ready)
{
	struct rota__watcher *watcher =
		ROTA__CONTAINER(watch, struct rota__watcher, watch);

	if (watcher->handle.type == &rota__io_type)
		rota__io_call(loop, (struct rota_io *)watcher, ready);
	else
		watcher->handle.type->ready(&watcher->handle, ready);
}

/* The same for several, each of which may stop any of them. */
static void
call_several(struct rota_loop *loop, struct rota_watch *watch, unsigned events,
	int is_second)
{
	struct rota__fds *fds = &loop->fds;

	for (; watch != NULL; watch = fds->next_watch) {
		unsigned ready = call_for(watch, events);

		fds->next_watch = watch->next;
		if (ready != 0 && (ready == ROTA_WRITABLE) == is_second)
			call_watch(loop, watch, ready);
	}
	fds->next_watch = NULL;
}

/* Calls the watches of one descriptor, in the first or second pass. */
static inline void
call_watches(struct rota_loop *loop, const struct rota__slot *slot,
	unsigned events, int is_second)
{
	struct rota_watch *watch = slot->first;
	unsigned ready;

	if (watch == NULL)
		return;
	if (watch->next != NULL) {
		call_several(loop, watch, events, is_second);
		return;
	}
	ready = call_for(watch, events);
	if (ready != 0 && (ready == ROTA_WRITABLE) == is_second)
		call_watch(loop, watch, ready);
}

/*
 * Stops each watch of a failed descriptor and tells it. The error is kept in
 * the slot's word until then.
 */
static void
call_failed(struct rota_loop *loop, int fd)
{
	struct rota__fds *fds = &loop->fds;
	struct rota__slot *slot = &fds->slots[fd];
	int error = rota__fds_take_error(fds, slot);
	struct rota_watch *watch = slot->first;
	struct rota__watcher *watcher;

	for (; watch != NULL; watch = fds->next_watch) {
		fds->next_watch = watch->next;
		/* Started again by a callback: it will fail by itself. */
		if (rota__watch_is_fresh(watch))
			continue;
		watcher = ROTA__CONTAINER(watch, struct rota__watcher, watch);
		rota__watch_stop(loop, watch);
		watch->flags |= ROTA__WATCH_REBOUND;
		fds->error = error;
		watcher->handle.type->ready(&watcher->handle, ROTA_FAILED);
	}
	fds->next_watch = NULL;
}

/*
 * Moves reports into the slots; returns 1 if some are only writable. Inline,
 * as the passes, for the sake of the usual one of its two callers.
 */
static inline int
gather(struct rota_loop *loop, int n)
{
	struct rota__fds *fds = &loop->fds;
	struct rota__slot *slots = fds->slots;
	struct rota__ready *ready = fds->ready;
	struct rota__ready *end = ready + n;
	unsigned seen = 0;

	for (; ready < end; ready++) {
		struct rota__slot *slot = &slots[ready->fd];

		if (ready->generation != slot->generation &&
			ready->generation != 0) {
			rota__fds_lose_stale(fds, ready);
			continue;
		}
		if (ready->events & (ROTA__FAILED | ROTA__ALWAYS))
			rota__fds_lose(fds, ready);
		slot->ready |= (uint8_t)ready->events;
		seen |= ready->events;
	}
	return (seen & ROTA__WRITABLE) != 0;
}

/*
 * A second entry of one descriptor finds the slot's report taken, and so does
 * a stale one, unless there is another that is not.
 */
static inline void
first_pass(struct rota_loop *loop, int i, int end)
{
	struct rota__fds *fds = &loop->fds;

	for (; i < end; i++) {
		struct rota__ready *ready = &fds->ready[i];
		struct rota__slot *slot = &fds->slots[ready->fd];
		unsigned events = slot->ready;

		ready->events = events;
		slot->ready = events & ROTA__WRITABLE;
		if (events & ROTA__FAILED)
			call_failed(loop, ready->fd);
		else if (events & ~(unsigned)ROTA__WRITABLE)
			call_watches(loop, slot, events, 0);
	}
}

static inline void
second_pass(struct rota_loop *loop, int i, int end)
{
	struct rota__fds *fds = &loop->fds;

	for (; i < end; i++) {
		struct rota__ready *ready = &fds->ready[i];
		struct rota__slot *slot = &fds->slots[ready->fd];

		if (slot->ready == 0)
			continue;
		slot->ready = 0;
		call_watches(loop, slot, ready->events, 1);
	}
}

/*
 * A report of a registration given up in this very round is merely late; any
 * other of an old generation is stale.
 */
static inline int
is_current(struct rota__fds *fds, const struct rota__slot *slot,
	const struct rota__ready *ready)
{
	if (ready->generation == slot->generation)
		return 1;
	fds->n_stale += slot->renewed_in != fds->round;
	return 0;
}

static void
dispatch_writable(struct rota_loop *loop, int n)
{
	struct rota__fds *fds = &loop->fds;
	int i;

	for (i = 0; i < n; i++) {
		struct rota__ready *ready = &fds->ready[i];
		struct rota__slot *slot = &fds->slots[ready->fd];

		if (ready->events & ROTA__WRITABLE &&
			ready->generation == slot->generation)
			call_watches(loop, slot, ready->events, 1);
	}
}

/*
 * The same as dispatch() for a backend whose reports need no gathering, see
 * rota__backend.is_plain: there the generation alone tells whether a report
 * still stands. Out of line, since many turns have nothing to dispatch.
 */
__attribute__((noinline)) static void
dispatch_plain(struct rota_loop *loop, int n)
{
	struct rota__fds *fds = &loop->fds;
	struct rota__ready *ready = fds->ready;
	struct rota__ready *end = ready + n;
	unsigned seen = 0;

	for (; ready < end; ready++) {
		struct rota__slot *slot = &fds->slots[ready->fd];
		unsigned events = ready->events;

		seen |= events;
		if (is_current(fds, slot, ready) && events != ROTA__WRITABLE)
			call_watches(loop, slot, events, 0);
	}
	if (seen & ROTA__WRITABLE)
		dispatch_writable(loop, n);
}

static void
dispatch(struct rota_loop *loop, int n)
{
	int has_writable = gather(loop, n);

	first_pass(loop, 0, n);
	if (has_writable)
		second_pass(loop, 0, n);
}

/* Within a level all goes as it goes without levels. */
static void
dispatch_levels(struct rota_loop *loop, int n, int is_last)
{
	int has_writable = gather(loop, n);
	int ends[ROTA__N_LEVELS];
	int begin = 0;
	int level;

	rota__priority_sort(&loop->fds, n, ends);
	/* Signals come after all descriptors of their level. */
	if (is_last)
		rota__inbox_sort(loop);
	for (level = 0; level < ROTA__N_LEVELS; level++) {
		first_pass(loop, begin, ends[level]);
		if (has_writable)
			second_pass(loop, begin, ends[level]);
		if (is_last)
			rota__inbox_deliver_level(loop, level);
		begin = ends[level];
	}
}

/*
 * Fills in the always-ready descriptors, and turns their list so that all
 * get their turn if there are more than fit.
 */
static inline int
report_always(struct rota__fds *fds, int n, int n_max)
{
	uint32_t at = fds->always_first;
	uint32_t last = 0;

	for (; at != 0 && n < n_max; n++) {
		struct rota__slot *slot = &fds->slots[at - 1];

		fds->ready[n] = (struct rota__ready){
			.fd = (int)at - 1,
			.generation = slot->generation,
			.events = ROTA__ALWAYS_TOLD,
		};
		last = at;
		at = (uint32_t)slot->word;
	}
	if (at == 0 || last == 0)
		return n;
	fds->slots[last - 1].word = 0;
	last = at;
	while (fds->slots[last - 1].word != 0)
		last = (uint32_t)fds->slots[last - 1].word;
	fds->slots[last - 1].word = fds->always_first;
	fds->always_first = at;
	return n;
}

/* Fills in those that the kernel refused to watch. */
static inline int
report_failed(struct rota__fds *fds, int n_max)
{
	uint32_t fd;
	int n = 0;

	if (fds->n_failed == 0)
		return 0;
	for (fd = 0; fd < fds->capacity && n < n_max; fd++) {
		struct rota__slot *slot = &fds->slots[fd];

		if (!(slot->flags & ROTA__SLOT_FAILED))
			continue;
		fds->ready[n++] = (struct rota__ready){
			.fd = (int)fd,
			.generation = slot->generation,
			.events = ROTA__FAILED,
			.error = -(int)slot->word,
		};
	}
	return n;
}

/*
 * A registration of a descriptor that was closed while a copy of it lives on
 * cannot be taken back; it would report for ever. Only a new set helps. If
 * there is no memory for one, the same number of turns later it is tried
 * again.
 */
static void
heed_stale(struct rota_loop *loop)
{
	struct rota__fds *fds = &loop->fds;

	uint32_t n_stale = fds->n_stale;

	fds->n_stale = 0;
	if (n_stale == 0) {
		fds->n_stale_turns = 0;
	} else if (++fds->n_stale_turns >= STALE_LIMIT) {
		fds->n_stale_turns = 0;
		(void)rota__fds_rebuild(loop, 0);
	}
}

/*
 * As many rounds as it takes to see each descriptor once, if the kernel
 * takes turns among them.
 */
static uint32_t
max_rounds(const struct rota__fds *fds)
{
	return 1 + fds->n_told / ROTA__N_READY;
}

/*
 * A wait that ended for nothing was too long for the kernel, or was broken off
 * by a signal of the program's, which tells nobody here anything: it is to go
 * on. Returns what is left of it, 0 if it is over: then the clock that is read
 * for this is that of the timers to come.
 */
static uint64_t
left_of_wait(struct rota_loop *loop, uint64_t timeout_ns)
{
	uint64_t deadline_ns;
	uint64_t now_ns;

	if (__atomic_load_n(&loop->is_stopping, __ATOMIC_SEQ_CST))
		return 0;
	if (timeout_ns == ROTA_FOREVER)
		return ROTA_FOREVER;
	loop->now_is_good = 0;
	now_ns = rota__loop_now(loop);
	deadline_ns = rota__heap_next(&loop->heap);
	if (deadline_ns <= now_ns)
		return 0;
	loop->now_is_good = 0;
	return deadline_ns - now_ns;
}

/* Time has passed, in which frames may have become due. */
static void
end_wait(struct rota_loop *loop)
{
	rota__inbox_rise(loop);
	if (loop->metrics != NULL)
		rota__metrics_waited(loop);
	/* What they close or stop has its report dropped by the dispatch. */
	if (loop->after & ROTA__AFTER_FRAMES)
		rota__frames_run(loop, rota__loop_now(loop));
}

/* Asks in a turn that may wait or is measured. */
__attribute__((noinline)) static int
ask_at_length(struct rota_loop *loop, int n_filled, uint64_t timeout_ns)
{
	uint64_t left_ns = timeout_ns;
	int n;

	if (loop->metrics != NULL)
		rota__metrics_wait(loop);
	if (timeout_ns != 0)
		loop->now_is_good = 0;
	do
		n = loop->backend->wait(loop->backend_state,
			loop->fds.ready + n_filled, ROTA__N_READY - n_filled,
			left_ns);
	while (n == 0 && left_ns != 0 &&
		(left_ns = left_of_wait(loop, left_ns)) != 0);
	if (timeout_ns != 0)
		end_wait(loop);
	else if (loop->metrics != NULL)
		rota__metrics_waited(loop);
	return n;
}

static inline int
ask_kernel(struct rota_loop *loop, int n_filled, uint64_t timeout_ns)
{
	loop->fds.round++;
	if (timeout_ns != 0 || loop->metrics != NULL)
		return ask_at_length(loop, n_filled, timeout_ns);
	return loop->backend->wait(loop->backend_state,
		loop->fds.ready + n_filled, ROTA__N_READY - n_filled, 0);
}

/*
 * As rota__fds_poll(), when some handle has a priority: what is ready without
 * the kernel and what it reports are one round. The former leave it room. Out
 * of line, so that the usual path stays as short as it was without.
 */
__attribute__((noinline)) static int
poll_levels(struct rota_loop *loop, uint64_t timeout_ns)
{
	struct rota__fds *fds = &loop->fds;
	uint32_t n_rounds = max_rounds(fds);
	int n_own = report_failed(fds, ROTA__N_READY / 4);
	int is_last;
	int n;

	n_own = report_always(fds, n_own, ROTA__N_READY / 2);
	do {
		n = ask_kernel(loop, n_own, timeout_ns);
		timeout_ns = 0;
		is_last = n < ROTA__N_READY - n_own || --n_rounds == 0;
		dispatch_levels(loop, n_own + (n > 0 ? n : 0), is_last);
		n_own = 0;
		if (!is_last)
			rota__fds_flush(loop);
	} while (!is_last);
	if (n < 0)
		return n;
	heed_stale(loop);
	return 1;
}

static void
dispatch_reported(struct rota_loop *loop, int n)
{
	if (loop->backend->is_plain)
		dispatch_plain(loop, n);
	else
		dispatch(loop, n);
}

/* Dispatches n reports, and what more there is than one call can tell. */
__attribute__((noinline)) static int
dispatch_all(struct rota_loop *loop, int n)
{
	uint32_t n_rounds = max_rounds(&loop->fds);

	dispatch_reported(loop, n);
	while (n == ROTA__N_READY) {
		rota__fds_flush(loop);
		if (--n_rounds == 0)
			break;
		n = ask_kernel(loop, 0, 0);
		if (n < 0)
			return n;
		dispatch_reported(loop, n);
	}
	heed_stale(loop);
	return 1;
}

static inline int
poll_kernel(struct rota_loop *loop, uint64_t timeout_ns)
{
	int n = ask_kernel(loop, 0, timeout_ns);

	if (n > 0)
		return dispatch_all(loop, n);
	loop->fds.n_stale_turns = 0;
	return n;
}

/*
 * First what is ready without the kernel: when that is asked, it may add to
 * them by ROTA__ALWAYS.
 */
__attribute__((noinline)) static int
poll_own(struct rota_loop *loop, uint64_t timeout_ns)
{
	int r;

	if (loop->metrics != NULL)
		rota__metrics_phase(loop, ROTA_PHASE_POLL);
	dispatch(loop, report_failed(&loop->fds, ROTA__N_READY));
	dispatch(loop, report_always(&loop->fds, 0, ROTA__N_READY));
	r = poll_kernel(loop, timeout_ns);
	return r < 0 ? r : 1;
}

int
rota__fds_poll(struct rota_loop *loop, uint64_t timeout_ns)
{
	if (loop->n_priorities != 0)
		return poll_levels(loop, timeout_ns);
	if (rota__fds_have_ready(&loop->fds))
		return poll_own(loop, timeout_ns);
	return poll_kernel(loop, timeout_ns);
}
