/* SPDX-License-Identifier: MIT */
/* Why a loop is alive, or cannot be closed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/handle.h"
#include "core/place.h"
#include "core/request.h"
#include "core/ring.h"
#include "rota/immediate.h"

struct report {
	rota_culprit_fn *fn;
	void *data;
	int n;
};

static void
tell(struct report *report, const struct rota_culprit *culprit)
{
	report->n++;
	if (report->fn != NULL)
		report->fn(culprit, report->data);
}

static int
tell_request(struct rota_request *request, void *data)
{
	const char *name = request->owner == NULL ?
		NULL :
		rota_handle_name(request->owner);
	int is_referenced = (request->flags & ROTA__REQUEST_REFERENCED) != 0;
	struct rota_culprit culprit = {
		.type = request->type->name,
		.name = name ? name : "",
		.callback = rota__place_callback(request->place),
		.place = rota__place_line(request->place),
		.details = "",
		.state = "in flight",
		.holds = is_referenced,
		.is_referenced = is_referenced,
		.handle = request->owner,
		.request = request,
	};

	tell(data, &culprit);
	return 0;
}

static const char *
state_of(const struct rota_handle *handle)
{
	if (handle->flags & ROTA__CLOSING)
		return "closing";
	return handle->flags & ROTA__ACTIVE ? "active" : "idle";
}

static void
tell_handle(struct report *report, struct rota_handle *handle)
{
	const char *name = rota_handle_name(handle);
	char details[160] = "";
	struct rota_culprit culprit = {
		.type = handle->type->name,
		.name = name ? name : "",
		.callback = rota__place_callback(handle->place),
		.place = rota__place_line(handle->place),
		.details = details,
		.state = state_of(handle),
		.is_referenced = rota_handle_has_ref(handle),
		.handle = handle,
	};

	culprit.holds = handle->flags & ROTA__CLOSING ||
		(rota_handle_is_active(handle) && culprit.is_referenced);
	if (handle->type->describe != NULL && !(handle->flags & ROTA__CLOSING))
		handle->type->describe(handle, details, sizeof(details));
	tell(report, &culprit);
	if (handle->type->requests != NULL)
		(void)handle->type->requests(handle, tell_request, report);
}

static void
tell_immediate(struct report *report, const struct rota_immediate *immediate)
{
	int is_referenced = rota_immediate_has_ref(immediate);
	struct rota_culprit culprit = {
		.type = "immediate",
		.name = "",
		.callback = rota__place_callback(immediate->place),
		.place = rota__place_line(immediate->place),
		.details = "",
		.state = "queued",
		.holds = is_referenced,
		.is_referenced = is_referenced,
	};

	tell(report, &culprit);
}

static void
tell_handles(struct report *report, const struct rota_link *head)
{
	struct rota_link *link;

	for (link = head->next; link != head; link = link->next)
		tell_handle(report,
			ROTA__CONTAINER(link, struct rota_handle, link));
}

static void
tell_immediates(struct report *report, const struct rota_link *head)
{
	struct rota_link *link;

	for (link = head->next; link != head; link = link->next)
		tell_immediate(report,
			ROTA__CONTAINER(link, struct rota_immediate, order));
}

static void
tell_jobs(struct report *report, const struct rota_link *head)
{
	struct rota_link *link;

	for (link = head->next; link != head; link = link->next)
		(void)tell_request(
			&ROTA__CONTAINER(link, struct rota_job, link)->request,
			report);
}

int
rota_loop_why_alive(struct rota_loop *loop, rota_culprit_fn *fn, void *data)
{
	struct report report = { .fn = fn, .data = data };
	int was_reporting;

	if (loop == NULL)
		return -EINVAL;
	if (loop->is_walking)
		return -EBUSY;
	was_reporting = loop->is_reporting;
	loop->is_reporting = 1;
	tell_handles(&report, &loop->handles);
	tell_handles(&report, &loop->closing_now);
	tell_handles(&report, &loop->closing);
	tell_immediates(&report, &loop->immediates);
	tell_immediates(&report, &loop->immediates_now);
	tell_jobs(&report, &loop->jobs.in_flight);
	loop->is_reporting = was_reporting;
	return report.n;
}

struct text {
	char *text;
	size_t size_bytes;
	size_t n;
};

static void
write_line(const struct rota_culprit *culprit, void *data)
{
	struct text *text = data;
	size_t room = text->n < text->size_bytes ? text->size_bytes - text->n :
						   0;
	int n;

	n = snprintf(room ? text->text + text->n : NULL, room,
		"%s%s%s%s: %s%s%s, %s, callback %s, started at %s\n",
		culprit->type, *culprit->name ? " \"" : "", culprit->name,
		*culprit->name ? "\"" : "", culprit->state,
		*culprit->details ? ", " : "", culprit->details,
		culprit->is_referenced ? "referenced" : "unreferenced",
		culprit->callback, culprit->place);
	if (n > 0)
		text->n += (size_t)n;
}

int
rota_loop_why_alive_text(struct rota_loop *loop, char *text, size_t size_bytes)
{
	struct text to = { text, size_bytes, 0 };
	int r;

	if (text == NULL && size_bytes > 0)
		return -EINVAL;
	r = rota_loop_why_alive(loop, write_line, &to);
	if (r < 0)
		return r;
	if (r == 0 && size_bytes > 0)
		*text = '\0';
	return (int)to.n;
}
