/* SPDX-License-Identifier: MIT */
/*
 * What all handles share: their life, their reference, their closing.
 *
 *   state    memory belongs to         allowed                  holds the loop
 *   blank    caller                    init                     no
 *   idle     caller, must not move     start, close, ref, unref no
 *   active   loop                      (re)start, stop, close,  if referenced
 *                                      ref, unref
 *   closing  loop                      nothing                  yes
 *   closed   caller                    init again, free         no
 *
 * A typed handle has its struct rota_handle as first member, so that
 * `&timer.handle` is the handle of a timer.
 */
#ifndef ROTA_HANDLE_H
#define ROTA_HANDLE_H

#include <rota/types.h>

ROTA_BEGIN_C

typedef void rota_close_fn(struct rota_handle *handle);
typedef int rota_request_visit_fn(struct rota_request *request, void *data);

/*
 * What a type of handles can do. rota's own types are such tables, and a
 * library on top may define more (a TLS stream, say): give `size` and the
 * functions, embed a struct rota_handle as first member, and call
 * rota_handle_init(). Tables must live as long as the program.
 */
struct rota_handle_type {
	/* "timer", "tcp": shown in reports. */
	const char *name;
	/* Bytes of the whole struct that embeds the handle. */
	size_t size;
	/*
	 * Begins to close: stops all activity at once and gives back what
	 * the system lent. Returns 0 when nothing more is to come, or 1 when
	 * the type will call rota_handle_closed() later. May be NULL.
	 */
	int (*close)(struct rota_handle *handle);
	/*
	 * Ends what is still owed just before the close callback: calls the
	 * callbacks of requests that the closing has cancelled. May be NULL.
	 */
	void (*finish)(struct rota_handle *handle);
	/*
	 * Writes details for reports, as "fd 7, peer 127.0.0.1:80", always
	 * terminated within size_bytes. May be NULL.
	 */
	void (*describe)(const struct rota_handle *handle, char *text,
		size_t size_bytes);
	/*
	 * Takes what a watched descriptor is ready for; see rota/io.h for the
	 * bits. NULL for types that watch none through rota.
	 */
	void (*ready)(struct rota_handle *handle, unsigned ready);
	/* Visits the requests in flight until one visit is not 0; or NULL. */
	int (*requests)(struct rota_handle *handle,
		rota_request_visit_fn *visit, void *data);
	/* The stream table of a type that is a stream, else NULL. */
	const struct rota_stream_type *stream;
	/*
	 * Of rota's own types that send and tell through the loop's queues:
	 * sends what a callback has gathered; calls the callbacks of the
	 * requests that are decided. NULL in all others.
	 */
	void (*flush)(struct rota_handle *handle);
	void (*tell)(struct rota_handle *handle);
	/* Room to grow; NULL. */
	void *spare[1];
};

/* What a handle calls: its type's callback, once closing that of the close. */
union rota_callback {
	rota_close_fn *close;
	void (*timer)(struct rota_timer *timer);
	void (*read)(struct rota_stream *stream, ssize_t n, const void *data);
	void (*listen)(struct rota_stream *listener, int status);
};

struct rota_handle {
	/* The caller's own; rota never reads or writes it. */
	void *data;

	/* Private from here on. */
	struct rota_loop *loop;
	const struct rota_handle_type *type;
	const char *place;
	union rota_callback fn;
	struct rota_link link;
	uint32_t flags;
	/* The type's. */
	uint32_t state;
};

/*
 * Closes a handle: stops it now, calls `fn` in the close phase of this turn
 * (of the next one when called in the close phase). Requests in flight end
 * with -ECANCELED before that. When `fn` begins, the memory is the caller's
 * again.
 *
 * shape: `fn` may be NULL: then nobody is told, and the memory is free when
 *	the handle no longer counts (rota_handle_is_closing() stops).
 * errors: -EINVAL handle is NULL, blank or closed; -EALREADY it is closing.
 *	In both cases nothing changes.
 * when: the loop's thread, in any callback or outside of run.
 */
ROTA_API int rota_handle_close_at(
	struct rota_handle *handle, rota_close_fn *fn, const char *place);
#define rota_handle_close(handle, fn) \
	rota_handle_close_at(handle, fn, ROTA_PLACE(fn))

/*
 * Lets the handle hold the loop alive while active (ref, the state after
 * init), or not (unref). Idempotent; remembered while inactive.
 *
 * errors: -EINVAL handle is NULL, closing or closed; nothing changes.
 * when: the loop's thread.
 */
ROTA_API int rota_handle_ref(struct rota_handle *handle);
ROTA_API int rota_handle_unref(struct rota_handle *handle);

/*
 * Each returns 1 or 0; NULL is none of it.
 * when: the loop's thread.
 */
ROTA_API int rota_handle_has_ref(const struct rota_handle *handle);
ROTA_API int rota_handle_is_active(const struct rota_handle *handle);
ROTA_API int rota_handle_is_closing(const struct rota_handle *handle);

/*
 * Gives a handle a name for reports.
 *
 * shape: copied; NULL takes the name away.
 * errors: -EINVAL handle is NULL, closing or closed; -ENOMEM. The old name
 *	stays.
 * when: the loop's thread.
 */
ROTA_API int rota_handle_set_name(struct rota_handle *handle, const char *name);

/* Returns the name given, or NULL. when: the loop's thread. */
ROTA_API const char *rota_handle_name(const struct rota_handle *handle);

/*
 * Lets a handle go before others in the poll phase. Of what is ready in one
 * round (descriptors, wakes, signals) that of the highest priority is called
 * first; what is equal keeps the usual order, readers before writers, signals
 * last. Posts count as 0. It changes the order only: a call that lasts is not
 * broken off, and nothing starves, since all of the round is called. Handles
 * that are called in other phases take a priority and do not heed it.
 *
 * Watchers that share a descriptor are called together, at the highest of
 * their priorities. A change counts from the next round on.
 *
 * unit: from ROTA_HANDLE_PRIORITY_MIN to _MAX, higher goes first; 0 after
 *	init.
 * errors: -EINVAL handle is NULL, closing or closed, or the priority is out
 *	of bounds; -ENOMEM. Nothing changes.
 * when: the loop's thread.
 */
#define ROTA_HANDLE_PRIORITY_MIN (-8)
#define ROTA_HANDLE_PRIORITY_MAX 8
ROTA_API int rota_handle_set_priority(struct rota_handle *handle, int priority);

/* Returns the priority, 0 for NULL. when: the loop's thread. */
ROTA_API int rota_handle_priority(const struct rota_handle *handle);

/* Returns the loop of a handle, NULL for a closed one or NULL. */
ROTA_API struct rota_loop *rota_handle_loop(const struct rota_handle *handle);

/*
 * Returns the bytes of a handle type by its name ("timer", "tcp", …), for
 * bindings that allocate without our headers; 0 for an unknown name or NULL.
 * when: any thread.
 */
ROTA_API size_t rota_handle_size(const char *type_name);

/*
 * For authors of handle types.
 *
 * rota_handle_init() makes a blank handle an idle, referenced one of `type`;
 * `data` is left as it is. Blank is what was set to zero or has been closed:
 * what is in it tells whether it is closing. rota_handle_set_active() says
 * whether it is at work, for the liveness count, and where that began (NULL:
 * as before). rota_handle_closed() ends a closing that `type->close` put off
 * by returning 1.
 *
 * errors: -EINVAL an argument is NULL, or the handle is closing (for
 *	rota_handle_closed(): is not); nothing changes.
 * when: the loop's thread.
 */
ROTA_API int rota_handle_init(struct rota_loop *loop,
	struct rota_handle *handle, const struct rota_handle_type *type);
ROTA_API int rota_handle_set_active(
	struct rota_handle *handle, int active, const char *place);
ROTA_API int rota_handle_closed(struct rota_handle *handle);

ROTA_END_C

#endif
