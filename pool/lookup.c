/* SPDX-License-Identifier: MIT */
/* Look-ups by the system, see rota/dns.h; ask.h has the picture. */
#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "core/jobs.h"
#include "core/lookups.h"
#include "pool/ask.h"
#include "rota/error.h"

/* host and service are copies, NULL if not given. */
struct ask {
	struct rota__ask base;
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
clear(struct rota__ask *own)
{
	rota__lookup_answer_free(((struct ask *)own)->answer);
}

static int
run_ask(struct rota_job *job)
{
	struct ask *ask = (struct ask *)job;

	return look_up(ask->base.sys, ask->host, ask->service, &ask->hints,
		&ask->answer);
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
	ask->base.sys = sys;
	ask->base.clear = clear;
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
	int r = rota__ask_leave(lookup->work, status);

	if (r == 0)
		lookup->work = NULL;
	return r;
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
		rota__ask_free(&ask->base);
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

	if (ask == NULL)
		return -ENOMEM;
	lookup->work = ask;
	return rota__ask_start(
		loop, &ask->base, run_ask, &lookup->job, &lookup_type, place);
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
