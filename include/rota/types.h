/* SPDX-License-Identifier: MIT */
/*
 * What every other public header needs: forward declarations, the links
 * that handles carry, and the macro that remembers where something started.
 */
#ifndef ROTA_TYPES_H
#define ROTA_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
#define ROTA_BEGIN_C extern "C" {
#define ROTA_END_C }
#else
#define ROTA_BEGIN_C
#define ROTA_END_C
#endif

#ifdef __GNUC__
#define ROTA_API __attribute__((visibility("default")))
#else
#define ROTA_API
#endif

#define ROTA_TEXT_(x) #x
#define ROTA_TEXT(x) ROTA_TEXT_(x)

/*
 * The name of a callback and the place that names it, as one string literal
 * in two parts: "on_tick\0main.c:12". The macros below each start function
 * pass it along, so that a report can say who started what, and where, for
 * the price of one pointer.
 */
#define ROTA_PLACE(fn) #fn "\0" __FILE__ ":" ROTA_TEXT(__LINE__)

/* One second, one millisecond, one microsecond in the unit of all times. */
#define ROTA_SECOND UINT64_C(1000000000)
#define ROTA_MILLISECOND UINT64_C(1000000)
#define ROTA_MICROSECOND UINT64_C(1000)

/* "Never" where a time is expected; also the end of the clock. */
#define ROTA_FOREVER UINT64_MAX

struct rota_backend_info;
struct rota_connect;
struct rota_handle;
struct rota_handle_type;
struct rota_loop;
struct rota_pool;
struct rota_request;
struct rota_request_type;
struct rota_stream;
struct rota_stream_type;
struct rota_sys;
struct rota_timer;
struct rota__file_node;
struct rota__sender;
struct rota__unix_file;

/* A member of a ring. Private. */
struct rota_link {
	struct rota_link *next;
	struct rota_link *prev;
};

/* Requests in order, see core/queue.h. Private. */
struct rota_queue {
	struct rota_request *last;
	struct rota_request *unsent;
};

/* A place in the timer heap; `own` is for whoever sets it. Private. */
struct rota_alarm {
	uint64_t deadline_ns;
	uint64_t seq;
	uint32_t pos;
	uint32_t kind : 4;
	uint32_t own : 28;
};

/* A letter for another thread's loop, see core/post.h. Private. */
struct rota_note {
	struct rota_note *next;
	void (*deliver)(struct rota_loop *loop, struct rota_note *note);
	uint32_t state;
	/* How far behind its handle it lies; 0 if it has none. */
	uint16_t offset;
	/* While the notes are sorted: the level of that handle. */
	uint8_t level;
	/* Who pushed it wakes the loop. */
	uint8_t wakes;
};

/* One wish to know of one descriptor, see core/fds.h. Private. */
struct rota_watch {
	struct rota_watch *next;
	int fd;
	uint8_t wanted;
	uint8_t heard;
	uint8_t flags;
	uint8_t spare;
};

#endif
