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
	ROTA__ALARM_LISTENER
};

enum rota__request_flag {
	ROTA__IN_FLIGHT = 1 << 0,
	ROTA__REQUEST_REFERENCED = 1 << 1,
	ROTA__DECIDED = 1 << 2,
	/* Its alarm has room in the heap. */
	ROTA__HAS_ALARM = 1 << 3,
	/* A part of its bytes has gone out. */
	ROTA__PARTLY_SENT = 1 << 4
};

static inline int
rota__request_is_decided(const struct rota_request *request)
{
	return (request->flags & ROTA__DECIDED) != 0;
}

/* Fixes how a request ends. */
void rota__request_decide(struct rota_request *request, int status);

/* The deadline of a request has come. */
void rota__request_expire(struct rota_loop *loop, struct rota_alarm *alarm);

#endif
