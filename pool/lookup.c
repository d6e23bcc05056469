/* SPDX-License-Identifier: MIT */
/*
 * Look-ups by the system, see rota/dns.h. A thread that looks up cannot be
 * called back, so it gets a block of its own, and who waits for it can leave:
 *
 *	rota_lookup, in flight <----> ask, a lone job: getaddrinfo()
 *	     |                           |
 *	     | <------- ended -----------+
 *	     |          told with the answer of the ask, which is freed
 *	     |
 *	     +-- cancelled, or time is up: leaves the ask to its thread, and
 *	         is told at once
 */
#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "core/jobs.h"
#include "core/lookups.h"
#include "pool/job.h"
#include "rota/error.h"

/* host and service are copies, NULL if not given. */
struct ask {
	struct rota__lone_job lone;
	struct rota_lookup *lookup;
	const struct rota_sys *sys;
	struct rota_lookup_hints hints;
	char *host;
	char *service;
	struct rota__lookup_answer *answer;
	char names[];
};

static int
system_flags(unsigned flags)
{
	return (flags & ROTA_LOOKUP_PASSIVE ? AI_PASSIVE : 0) |
		(flags & ROTA_LOOKUP_CANONICAL_NAME ? AI_CANONNAME : 0) |
		(flags & ROTA_LOOKUP_NUMERIC_HOST ? AI_NUMERICHOST : 0) |
		(flags & ROTA_LOOKUP_NUMERIC_SERVICE ? AI_NUMERICSERV : 0) |
		(flags & ROTA_LOOKUP_V4MAPPED ? AI_V4MAPPED : 0) |
		(flags & ROTA_LOOKUP_ALL ? AI_ALL : 0) |
		(flags & ROTA_LOOKUP_CONFIGURED ? AI_ADDRCONFIG : 0);
}

static int
take_answer(const struct rota_sys *sys, const struct addrinfo *first,
	struct rota__lookup_answer **ret_answer)
{
	const struct addrinfo *at;
	struct rota__lookup_answer *answer;
	unsigned n = 0;

	for (at = first; at != NULL; at = at->ai_next)
		n++;
	answer = rota__lookup_answer_make(
		sys, n, first != NULL ? first->ai_canonname : NULL);
	if (answer == NULL)
		return -ENOMEM;
	for (at = first; at != NULL; at = at->ai_next)
		if (at->ai_addr != NULL)
			rota__lookup_answer_add(answer, at->ai_addr,
				at->ai_socktype, at->ai_protocol);
	*ret_answer = answer;
	return 0;
}

/* The look-up itself, in whatever thread. */
static int
look_up(const struct rota_sys *sys, const char *host, const char *service,
	const struct rota_lookup_hints *hints,
	struct rota__lookup_answer **ret_answer)
{
	struct addrinfo wishes;
	struct addrinfo *first = NULL;
	int r;

	memset(&wishes, 0, sizeof(wishes));
	wishes.ai_family = hints->family;
	wishes.ai_socktype = hints->socktype;
	wishes.ai_protocol = hints->protocol;
	wishes.ai_flags = system_flags(hints->flags);
	r = sys->getaddrinfo(host, service, &wishes, &first);
	if (r < 0)
		return r;
	r = take_answer(sys, first, ret_answer);
	sys->freeaddrinfo(first);
	return r;
}

static void
free_ask(struct ask *ask)
{
	rota__lookup_answer_free(ask->answer);
	(void)ask->sys->realloc(ask, 0);
}

static int
run_ask(struct rota_job *job)
{
	struct ask *ask = (struct ask *)job;

	return look_up(
		ask->sys, ask->host, ask->service, &ask->hints, &ask->answer);
}

/* The loop's thread frees what nobody has left. */
static void
end_ask(struct rota__lone_job *lone, int is_left)
{
	struct ask *ask = (struct ask *)lone;

	if (is_left)
		free_ask(ask);
	else
		rota__job_end(&ask->lookup->job, lone->job.result);
}

static char *
copy_name(char **at, const char *name)
{
	char *copy = *at;
	size_t n;

	if (name == NULL)
		return NULL;
	n = strlen(name) + 1;
	memcpy(copy, name, n);
	*at += n;
	return copy;
}

static struct ask *
make_ask(const struct rota_sys *sys, const char *host, const char *service,
	const struct rota_lookup_hints *hints)
{
	size_t n = (host != NULL ? strlen(host) + 1 : 0) +
		(service != NULL ? strlen(service) + 1 : 0);
	struct ask *ask = sys->realloc(NULL, sizeof(*ask) + n);
	char *at;

	if (ask == NULL)
		return NULL;
	ask->sys = sys;
	ask->hints = *hints;
	ask->answer = NULL;
	at = ask->names;
	ask->host = copy_name(&at, host);
	ask->service = copy_name(&at, service);
	return ask;
}

static int
cancel_lookup(struct rota_request *request, int status)
{
	struct rota_lookup *lookup = (struct rota_lookup *)request;
	struct ask *ask = lookup->work;
	int r = rota__job_leave(&ask->lone, &lookup->job, status);

	if (r < 0)
		return r;
	if (r == 0)
		free_ask(ask);
	lookup->work = NULL;
	return 0;
}

static void
tell_lookup(struct rota_request *request, int status)
{
	struct rota_lookup *lookup = (struct rota_lookup *)request;
	struct ask *ask = lookup->work;

	if (ask != NULL && status == 0) {
		rota__lookup_set_answer(lookup, ask->answer);
		ask->answer = NULL;
	}
	if (ask != NULL)
		free_ask(ask);
	lookup->work = NULL;
	lookup->fn(lookup, status);
}

static const struct rota_request_type lookup_type = {
	.name = "lookup",
	.size = sizeof(struct rota_lookup),
	.cancel = cancel_lookup,
	.tell = tell_lookup,
};

static int
start(struct rota_loop *loop, struct rota_lookup *lookup, const char *host,
	const char *service, const struct rota_lookup_hints *hints,
	const char *place)
{
	struct ask *ask = make_ask(rota__loop_sys(loop), host, service, hints);
	int r;

	if (ask == NULL)
		return -ENOMEM;
	ask->lookup = lookup;
	lookup->work = ask;
	ask->lone.ended = end_ask;
	r = rota__job_start_lone(loop, ROTA_LANE_SLOW, &ask->lone, run_ask,
		&lookup->job, &lookup_type, place);
	if (r < 0)
		free_ask(ask);
	return r;
}

int
rota_lookup_start_at(struct rota_loop *loop, struct rota_lookup *lookup,
	const char *host, const char *service,
	const struct rota_lookup_hints *hints, rota_lookup_fn *fn,
	const char *place)
{
	static const struct rota_lookup_hints none;
	struct rota__lookup_answer *answer = NULL;
	const struct rota_sys *sys;
	int r;

	hints = hints != NULL ? hints : &none;
	if (lookup == NULL || (loop == NULL && fn != NULL))
		return -EINVAL;
	r = rota__lookup_check(host, service, hints);
	if (r < 0)
		return r;
	sys = loop != NULL ? rota__loop_sys(loop) : &rota__sys_real;
	r = rota__lookup_literal(sys, host, service, hints, &answer);
	if (r == 0 && fn == NULL)
		r = look_up(sys, host, service, hints, &answer);
	lookup->fn = fn;
	lookup->work = NULL;
	if (r == 0 && fn != NULL) {
		rota__lookup_set_answer(lookup, NULL);
		return start(loop, lookup, host, service, hints, place);
	}
	rota__lookup_set_answer(lookup, answer);
	r = r > 0 ? 0 : r;
	if (fn != NULL)
		rota__job_answer(loop, &lookup->job, &lookup_type, r, place);
	return fn != NULL ? 0 : r;
}
