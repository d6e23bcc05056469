/* SPDX-License-Identifier: MIT */
/* The life of requests, see request.h. */
#include "core/request.h"

#include <errno.h>

#include "core/clock.h"
#include "core/handle.h"
#include "core/ring.h"
#include "core/turn.h"

static int
is_undecided(const struct rota_request *request)
{
	return (request->flags & (ROTA__IN_FLIGHT | ROTA__DECIDED)) ==
		ROTA__IN_FLIGHT;
}

int
rota_request_begin(struct rota_handle *owner, struct rota_request *request,
	const struct rota_request_type *type, const char *place)
{
	if (!rota__handle_is_open(owner) || request == NULL || type == NULL)
		return -EINVAL;
	rota__request_begin(owner->loop, owner, request, type, place);
	return 0;
}

int
rota_request_end(struct rota_request *request)
{
	if (request == NULL)
		return -EINVAL;
	if (!(request->flags & ROTA__IN_FLIGHT))
		return -EALREADY;
	rota__request_end(request);
	return 0;
}

void
rota__request_tell(struct rota_request *request)
{
	struct rota_loop *loop = request->loop;
	int status = request->status;

	rota__request_end(request);
	rota__before_callback(
		loop, request->type->name, request->place, request->owner);
	request->type->tell(request, status);
	rota__after_callback(loop);
}

void
rota__request_expire(struct rota_loop *loop, struct rota_alarm *alarm)
{
	struct rota_request *request =
		ROTA__CONTAINER(alarm, struct rota_request, alarm);

	(void)loop;
	(void)request->type->cancel(request, -ETIMEDOUT);
}

int
rota_request_cancel(struct rota_request *request)
{
	if (request == NULL)
		return -EINVAL;
	if (!is_undecided(request))
		return -EALREADY;
	return request->type->cancel(request, -ECANCELED);
}

int
rota_request_set_deadline(struct rota_request *request, uint64_t delay_ns)
{
	struct rota_loop *loop;
	int r;

	if (request == NULL)
		return -EINVAL;
	if (!is_undecided(request))
		return -EALREADY;
	loop = request->loop;
	if (!(request->flags & ROTA__HAS_ALARM)) {
		r = rota__heap_reserve(&loop->heap, &request->alarm);
		if (r < 0)
			return r;
		request->alarm.kind = ROTA__ALARM_REQUEST;
		request->flags |= ROTA__HAS_ALARM;
	}
	if (delay_ns == ROTA_FOREVER)
		rota__heap_stop(&loop->heap, &request->alarm);
	else
		rota__heap_start(&loop->heap, &request->alarm,
			rota__clock_add(loop->sys->clock_ns(), delay_ns));
	return 0;
}

int
rota_request_ref(struct rota_request *request)
{
	if (request == NULL)
		return -EINVAL;
	if (!(request->flags & ROTA__IN_FLIGHT))
		return -EALREADY;
	rota__request_set_flags(
		request, request->flags | ROTA__REQUEST_REFERENCED);
	return 0;
}

int
rota_request_unref(struct rota_request *request)
{
	if (request == NULL)
		return -EINVAL;
	if (!(request->flags & ROTA__IN_FLIGHT))
		return -EALREADY;
	rota__request_set_flags(
		request, request->flags & ~(uint32_t)ROTA__REQUEST_REFERENCED);
	return 0;
}
