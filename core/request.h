/* SPDX-License-Identifier: MIT */
/*
 * The life of requests from inside:
 *
 *	begin -> in flight -> decided -> end, then the callback
 *
 * Decided, the status is known and only has to be told.
 */
#ifndef ROTA_CORE_REQUEST_H
#define ROTA_CORE_REQUEST_H

#include "core/loop.h"
#include "rota/request.h"

/* Who has set an alarm. */
enum rota__alarm_kind {
	ROTA__ALARM_TIMER,
	ROTA__ALARM_REQUEST,
	ROTA__ALARM_STREAM,
	ROTA__ALARM_FILES,
	ROTA__ALARM_RACE,
	ROTA__ALARM_FRAME,
	ROTA__ALARM_RESOLVER
};

enum rota__request_flag {
	ROTA__IN_FLIGHT = 1 << 0,
	ROTA__REQUEST_REFERENCED = 1 << 1,
	ROTA__DECIDED = 1 << 2,
	/* Its alarm has room in the heap. */
	ROTA__HAS_ALARM = 1 << 3,
	/* A part of its bytes has gone out. */
	ROTA__PARTLY_SENT = 1 << 4,
	/* A thread has its bytes; and when it returns, it ends with `status`. */
	ROTA__BEING_SENT = 1 << 5,
	ROTA__ASKED_BACK = 1 << 6
};

static inline int
rota__request_is_decided(const struct rota_request *request)
{
	return (request->flags & ROTA__DECIDED) != 0;
}

static inline unsigned
rota__request_counts(uint32_t flags)
{
	return (flags & (ROTA__IN_FLIGHT | ROTA__REQUEST_REFERENCED)) ==
		(ROTA__IN_FLIGHT | ROTA__REQUEST_REFERENCED);
}

/* The one setter. */
static inline void
rota__request_set_flags(struct rota_request *request, uint32_t flags)
{
	unsigned before = rota__request_counts(request->flags);

	request->flags = flags;
	request->loop->alive += rota__request_counts(flags) - (uint64_t)before;
}

/* rota_request_begin() without questions; nobody owns a job: NULL. */
static inline void
rota__request_begin(struct rota_loop *loop, struct rota_handle *owner,
	struct rota_request *request, const struct rota_request_type *type,
	const char *place)
{
	request->loop = loop;
	request->type = type;
	request->owner = owner;
	request->place = place;
	request->next = NULL;
	request->status = 0;
	request->flags = 0;
	rota__request_set_flags(
		request, ROTA__IN_FLIGHT | ROTA__REQUEST_REFERENCED);
}

/* Takes one that is in flight out of it. */
static inline void
rota__request_end(struct rota_request *request)
{
	if (request->flags & ROTA__HAS_ALARM)
		rota__heap_release(&request->loop->heap, &request->alarm);
	rota__request_set_flags(request, 0);
}

/* Fixes how a request ends. */
static inline void
rota__request_decide(struct rota_request *request, int status)
{
	request->status = status;
	request->flags |= ROTA__DECIDED;
	if (request->flags & ROTA__HAS_ALARM)
		rota__heap_stop(&request->loop->heap, &request->alarm);
}

/*
 * Takes a decided request out of flight and calls its callback; from then on
 * its memory is the caller's.
 */
void rota__request_tell(struct rota_request *request);

/* The deadline of a request has come. */
void rota__request_expire(struct rota_loop *loop, struct rota_alarm *alarm);

#endif
