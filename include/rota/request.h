/* SPDX-License-Identifier: MIT */
/*
 * A request is work in flight: a write, a connect, a look-up, a job of a
 * pool. It ends exactly once, in its callback, with 0 or a negative errno, and never
 * inside the call that began it. Between, its memory belongs to the loop;
 * when its callback begins it is the caller's again.
 */
#ifndef ROTA_REQUEST_H
#define ROTA_REQUEST_H

#include <rota/types.h>

ROTA_BEGIN_C

struct rota_request_type {
	/* "write", "connect": shown in reports. */
	const char *name;
	/* Bytes of the whole struct that embeds the request. */
	size_t size;
	/* Ends the request with `status`; its callback comes soon after. */
	int (*cancel)(struct rota_request *request, int status);
	/* Calls the request's callback. Of rota's own types; else NULL. */
	void (*tell)(struct rota_request *request, int status);
	/*
	 * Writes what it is about, as a path, for rota_error_explain();
	 * always terminated within size_bytes. May be NULL.
	 */
	void (*explain)(const struct rota_request *request, char *text,
		size_t size_bytes);
};

struct rota_request {
	/* The caller's own; rota never reads or writes it. */
	void *data;

	/* Private from here on. */
	struct rota_loop *loop;
	const struct rota_request_type *type;
	struct rota_handle *owner;
	const char *place;
	struct rota_request *next;
	struct rota_alarm alarm;
	int status;
	uint32_t flags;
};

/*
 * Cancels a request in flight; its callback gets -ECANCELED.
 *
 * A write of which a part has gone out cannot be taken back: its rest is
 * dropped, and later writes on that stream fail with -EPIPE. A write to a
 * file that a thread has begun ends as it ends: -EALREADY.
 *
 * errors: -EINVAL request is NULL; -EALREADY it is not in flight or its end
 *	is already decided. Nothing changes then.
 * when: the loop's thread, in any callback or outside of run.
 */
ROTA_API int rota_request_cancel(struct rota_request *request);

/*
 * Gives a request in flight a deadline: if it has not ended by then, it ends
 * with -ETIMEDOUT, otherwise as if cancelled. A second call moves the
 * deadline; ROTA_FOREVER takes it away.
 *
 * unit: delay_ns nanoseconds from the true moment of the call.
 * errors: -EINVAL request is NULL; -EALREADY it is not in flight or its end
 *	is already decided; -ENOMEM. Nothing changes then.
 * when: the loop's thread.
 */
ROTA_API int rota_request_set_deadline(
	struct rota_request *request, uint64_t delay_ns);

/*
 * Lets a request in flight hold the loop alive (as it does at first) or not.
 *
 * errors: -EINVAL request is NULL; -EALREADY it is not in flight.
 * when: the loop's thread.
 */
ROTA_API int rota_request_ref(struct rota_request *request);
ROTA_API int rota_request_unref(struct rota_request *request);

/*
 * For authors of handle types. rota_request_begin() puts a request in
 * flight: from now on it counts. rota_request_end() takes it out of flight
 * just before its callback is called.
 *
 * shape: `place` is kept for reports; NULL if it is not known. What was in
 *	the request before does not matter but for its `data`.
 * errors: -EINVAL owner, request or type is NULL, or owner is blank, closing
 *	or closed; for rota_request_end(): -EINVAL request is NULL, -EALREADY
 *	it is not in flight. Nothing changes then.
 * when: the loop's thread.
 */
ROTA_API int rota_request_begin(struct rota_handle *owner,
	struct rota_request *request, const struct rota_request_type *type,
	const char *place);
ROTA_API int rota_request_end(struct rota_request *request);

ROTA_END_C

#endif
