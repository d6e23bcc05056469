/* SPDX-License-Identifier: MIT */
/* The life of handles from inside, see rota/handle.h for its states. */
#ifndef ROTA_CORE_HANDLE_H
#define ROTA_CORE_HANDLE_H

#include "core/loop.h"
#include "rota/handle.h"

enum rota__handle_flag {
	ROTA__ACTIVE = 1 << 0,
	ROTA__REFERENCED = 1 << 1,
	ROTA__CLOSING = 1 << 2,
	/* Has an entry in loop->names. */
	ROTA__NAMED = 1 << 3,
	/* The loop's own: never counted, walked or closed by users. */
	ROTA__INTERNAL = 1 << 4,
	/* Set by init and cleared by the end: a blank handle is zero. */
	ROTA__OPEN = 1 << 5,
	/* Closing and in the list of those to be told. */
	ROTA__ENDING = 1 << 6,
	/* As loop->walk_mark: has been visited by the last walk. */
	ROTA__VISITED = 1 << 7,
	/* The type's. */
	ROTA__OWN_FLAG = 1 << 8,
	ROTA__OWN_FLAG_2 = 1 << 9,
	ROTA__ALL_FLAGS = (1 << 10) - 1
};

/* The uppermost byte of the flags is the priority. */
#define ROTA__PRIORITY_SHIFT 24
#define ROTA__PRIORITY_BITS ((uint32_t)0xff << ROTA__PRIORITY_SHIFT)

static inline int
rota__handle_priority(const struct rota_handle *handle)
{
	return (int8_t)(uint8_t)(handle->flags >> ROTA__PRIORITY_SHIFT);
}

/*
 * A handle that watches a descriptor begins so; rota_io and rota_stream do.
 */
struct rota__watcher {
	struct rota_handle handle;
	struct rota_watch watch;
};

/*
 * One that also sends begins so: rota_stream and rota_udp do. `gathered` is the
 * next one that has gathered something, `pending` the next one that has
 * something to tell; the last one's is itself, and NULL means that it is not in
 * that line.
 */
struct rota__sender {
	struct rota_handle handle;
	struct rota_watch watch;
	struct rota__sender *gathered;
	struct rota__sender *pending;
};

/* 1 if public functions may work on it: neither blank, closing nor closed. */
static inline int
rota__handle_is_open(const struct rota_handle *handle)
{
	return handle != NULL &&
		(handle->flags & (ROTA__OPEN | ROTA__CLOSING)) == ROTA__OPEN;
}

void rota__handle_init(struct rota_loop *loop, struct rota_handle *handle,
	const struct rota_handle_type *type);

/* A handle of the loop itself, which nobody counts, walks or closes. */
void rota__handle_init_internal(struct rota_loop *loop,
	struct rota_handle *handle, const struct rota_handle_type *type);

/* 1 if a handle with these flags holds the loop alive. */
static inline unsigned
rota__handle_counts(uint32_t flags)
{
	if (flags & ROTA__INTERNAL)
		return 0;
	if (flags & ROTA__CLOSING)
		return 1;
	return (flags & (ROTA__ACTIVE | ROTA__REFERENCED)) ==
		(ROTA__ACTIVE | ROTA__REFERENCED);
}

/* The one setter of flags that count, and with them of the live count. */
static inline void
rota__handle_set_flags(struct rota_handle *handle, uint32_t flags)
{
	unsigned before = rota__handle_counts(handle->flags);

	handle->flags = flags;
	handle->loop->alive += rota__handle_counts(flags) - (uint64_t)before;
}

/*
 * The same for what happens most. An active handle is never closing, and one
 * of the loop's own never referenced, so the reference alone counts.
 */
static inline void
rota__handle_activate(struct rota_handle *handle, const char *place)
{
	if (place != NULL)
		handle->place = place;
	if (handle->flags & ROTA__ACTIVE)
		return;
	handle->flags |= ROTA__ACTIVE;
	handle->loop->alive += (handle->flags & ROTA__REFERENCED) != 0;
}

static inline void
rota__handle_deactivate(struct rota_handle *handle)
{
	if (!(handle->flags & ROTA__ACTIVE))
		return;
	handle->flags &= ~(uint32_t)ROTA__ACTIVE;
	handle->loop->alive -= (handle->flags & ROTA__REFERENCED) != 0;
}

/* Calls the close callbacks of the handles closed so far. */
void rota__handle_run_closing(struct rota_loop *loop);

/* Frees what the loop keeps of names. */
void rota__handle_free_names(struct rota_loop *loop);

/* Returns the type of that name, NULL if it is not ours. */
const struct rota_handle_type *rota__handle_type(const char *name);

extern const struct rota_handle_type rota__check_type;
extern const struct rota_handle_type rota__file_type;
extern const struct rota_handle_type rota__file_watch_type;
extern const struct rota_handle_type rota__frame_type;
extern const struct rota_handle_type rota__idle_type;
extern const struct rota_handle_type rota__io_type;
extern const struct rota_handle_type rota__pipe_type;
extern const struct rota_handle_type rota__prepare_type;
extern const struct rota_handle_type rota__process_type;
extern const struct rota_handle_type rota__resolver_type;
extern const struct rota_handle_type rota__regular_type;
extern const struct rota_handle_type rota__signal_type;
extern const struct rota_handle_type rota__tcp_type;
extern const struct rota_handle_type rota__timer_type;
extern const struct rota_handle_type rota__tty_type;
extern const struct rota_handle_type rota__udp_type;
extern const struct rota_handle_type rota__unix_type;
extern const struct rota_handle_type rota__wake_type;

#endif
