/* SPDX-License-Identifier: MIT */
/* What a resolver is asked, and how that ends, see resolver.h. */
#include <ares.h>
#include <errno.h>
#include <string.h>

#include "core/address.h"
#include "core/handles/resolver.h"
#include "core/pending.h"
#include "core/queue.h"
#include "core/ring.h"
#include "rota/error.h"

#define CLASS_INTERNET 1

int
rota__resolver_error(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ENODATA:
		return ROTA_EAI_NODATA;
	case ARES_ENOTFOUND:
	case ARES_ENONAME:
	case ARES_EBADNAME:
	case ARES_EBADQUERY:
	case ARES_EBADSTR:
		return ROTA_EAI_NONAME;
	/* What several servers have said; versions differ in which it is. */
	case ARES_ECONNREFUSED:
	case ARES_ENOTIMP:
	case ARES_EREFUSED:
	case ARES_ESERVFAIL:
	case ARES_ETIMEOUT:
	case ARES_EOF:
		return ROTA_EAI_AGAIN;
	case ARES_EBADFAMILY:
		return ROTA_EAI_FAMILY;
	case ARES_EBADFLAGS:
	case ARES_EBADHINTS:
		return ROTA_EAI_BADFLAGS;
	case ARES_ESERVICE:
		return ROTA_EAI_SERVICE;
	case ARES_EBADRESP:
		return -EPROTO;
	case ARES_EFILE:
		return -EIO;
	case ARES_ENOMEM:
		return -ENOMEM;
	case ARES_ECANCELLED:
	case ARES_EDESTRUCTION:
		return -ECANCELED;
	default:
		return ROTA_EAI_FAIL;
	}
}

void
rota__resolver_decide(
	struct rota__resolver *inside, struct rota_request *request, int status)
{
	rota__request_decide(request, status);
	rota__queue_append(&inside->decided, request);
	/* Once closing, it is told before the close callback. */
	if (rota__handle_is_open(&inside->handle->handle))
		rota__pending_add((struct rota__sender *)inside->handle);
}

/* The answer has come. */
static void
end_ask(struct rota__ask *ask, int status)
{
	struct rota__resolver *inside = ask->inside;

	if (ask->request != NULL) {
		rota__ring_remove(&ask->link);
		rota__resolver_decide(inside, ask->request, status);
	}
	rota__free(&inside->handle->handle.loop->memory, ask);
}

static void
leave_ask(struct rota__ask *ask, int status)
{
	rota__ring_remove(&ask->link);
	rota__resolver_decide(ask->inside, ask->request, status);
	ask->request = NULL;
}

/* Puts a request in flight; NULL without memory. */
static struct rota__ask *
make_ask(struct rota_resolver *resolver, struct rota_request *request,
	const struct rota_request_type *type, const char *place)
{
	struct rota__ask *ask = rota__realloc(
		&resolver->handle.loop->memory, NULL, sizeof(*ask));

	if (ask == NULL)
		return NULL;
	ask->inside = resolver->inside;
	ask->request = request;
	rota__ring_append(&resolver->inside->asks, &ask->link);
	(void)rota_request_begin(&resolver->handle, request, type, place);
	return ask;
}

/* Queries *************************************************************/

static int
cancel_query(struct rota_request *request, int status)
{
	leave_ask(((struct rota_query *)request)->work, status);
	return 0;
}

static void
tell_query(struct rota_request *request, int status)
{
	struct rota_query *query = (struct rota_query *)request;

	query->fn(query, status);
}

static const struct rota_request_type query_type = {
	.name = "query",
	.size = sizeof(struct rota_query),
	.cancel = cancel_query,
	.tell = tell_query,
};

static void
query_answered(void *data, int status, int n_timeouts, unsigned char *message,
	int n_bytes)
{
	struct rota__ask *ask = data;
	struct rota_query *query = (struct rota_query *)ask->request;
	int r = rota__resolver_error(status);

	(void)n_timeouts;
	if (query != NULL && r == 0)
		r = rota__records_read(ask->inside->handle->handle.loop->sys,
			ask->type, message, n_bytes, &query->answer);
	if (query != NULL && r == 0)
		query->records =
			rota__records_first(query->answer, &query->n_records);
	end_ask(ask, r);
}

static int
is_type(int type)
{
	return type == ROTA_RECORD_A || type == ROTA_RECORD_AAAA ||
		type == ROTA_RECORD_MX || type == ROTA_RECORD_PTR ||
		type == ROTA_RECORD_SRV || type == ROTA_RECORD_TXT;
}

int
rota_query_start_at(struct rota_resolver *resolver, struct rota_query *query,
	const char *name, enum rota_record_type type, rota_query_fn *fn,
	const char *place)
{
	struct rota__ask *ask;

	if (resolver == NULL || !rota__handle_is_open(&resolver->handle) ||
		query == NULL || name == NULL || fn == NULL ||
		!is_type((int)type))
		return -EINVAL;
	if (rota__lookup_check(name, NULL, NULL) < 0)
		return -ENAMETOOLONG;
	ask = make_ask(resolver, &query->request, &query_type, place);
	if (ask == NULL)
		return -ENOMEM;
	ask->type = (int)type;
	query->records = NULL;
	query->n_records = 0;
	query->answer = NULL;
	query->fn = fn;
	query->work = ask;
	ares_query(resolver->inside->channel, name, CLASS_INTERNET, (int)type,
		query_answered, ask);
	rota__resolver_set_alarm(resolver->inside);
	return 0;
}

int
rota_query_free(struct rota_query *query)
{
	if (query == NULL)
		return -EINVAL;
	rota__records_free(query->answer);
	query->answer = NULL;
	query->records = NULL;
	query->n_records = 0;
	return 0;
}

/* Look-ups ************************************************************/

static int
cancel_lookup(struct rota_request *request, int status)
{
	leave_ask(((struct rota_lookup *)request)->work, status);
	return 0;
}

static void
tell_lookup(struct rota_request *request, int status)
{
	struct rota_lookup *lookup = (struct rota_lookup *)request;

	lookup->fn(lookup, status);
}

static const struct rota_request_type lookup_type = {
	.name = "lookup",
	.size = sizeof(struct rota_lookup),
	.cancel = cancel_lookup,
	.tell = tell_lookup,
};

static unsigned
count_nodes(const struct ares_addrinfo_node *node)
{
	unsigned n = 0;

	for (; node != NULL; node = node->ai_next)
		n++;
	return n;
}

/* The name that the last alias led to. */
static const char *
canonical_name(const struct ares_addrinfo *found)
{
	const struct ares_addrinfo_cname *cname = found->cnames;

	if (cname == NULL)
		return found->name;
	while (cname->next != NULL)
		cname = cname->next;
	return cname->name;
}

static int
take_answer(const struct rota__ask *ask, const struct ares_addrinfo *found)
{
	const struct ares_addrinfo_node *node = found->nodes;
	const char *name = ask->hints.flags & ROTA_LOOKUP_CANONICAL_NAME ?
		canonical_name(found) :
		NULL;
	struct rota__lookup_answer *answer =
		rota__lookup_answer_make(ask->inside->handle->handle.loop->sys,
			count_nodes(node) * ROTA__LOOKUP_N_KINDS, name);

	if (answer == NULL)
		return -ENOMEM;
	for (; node != NULL; node = node->ai_next)
		rota__lookup_answer_add_kinds(
			answer, &ask->hints, node->ai_addr);
	rota__lookup_set_answer((struct rota_lookup *)ask->request, answer);
	return 0;
}

static void
lookup_answered(
	void *data, int status, int n_timeouts, struct ares_addrinfo *found)
{
	struct rota__ask *ask = data;
	int r = rota__resolver_error(status);

	(void)n_timeouts;
	if (ask->request != NULL && r == 0)
		r = take_answer(ask, found);
	if (found != NULL)
		ares_freeaddrinfo(found);
	end_ask(ask, r);
}

static void
ask_lookup(struct rota_lookup *lookup, struct rota__ask *ask, const char *host,
	const char *service)
{
	static const struct {
		unsigned ours;
		int theirs;
	} flags[] = {
		{ ROTA_LOOKUP_PASSIVE, ARES_AI_PASSIVE },
		{ ROTA_LOOKUP_CANONICAL_NAME, ARES_AI_CANONNAME },
		{ ROTA_LOOKUP_NUMERIC_HOST, ARES_AI_NUMERICHOST },
		{ ROTA_LOOKUP_NUMERIC_SERVICE, ARES_AI_NUMERICSERV },
		{ ROTA_LOOKUP_V4MAPPED, ARES_AI_V4MAPPED },
		{ ROTA_LOOKUP_ALL, ARES_AI_ALL },
		{ ROTA_LOOKUP_CONFIGURED, ARES_AI_ADDRCONFIG },
	};
	struct ares_addrinfo_hints hints = {
		.ai_family = ask->hints.family,
		.ai_socktype = ask->hints.socktype,
		.ai_protocol = ask->hints.protocol,
	};
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (ask->hints.flags & flags[i].ours)
			hints.ai_flags |= flags[i].theirs;
	lookup->work = ask;
	ares_getaddrinfo(ask->inside->channel, host, service, &hints,
		lookup_answered, ask);
}

int
rota_resolver_lookup_at(struct rota_resolver *resolver,
	struct rota_lookup *lookup, const char *host, const char *service,
	const struct rota_lookup_hints *hints, rota_lookup_fn *fn,
	const char *place)
{
	static const struct rota_lookup_hints none;
	struct rota__lookup_answer *answer = NULL;
	struct rota__ask *ask;
	int r;

	hints = hints != NULL ? hints : &none;
	if (resolver == NULL || !rota__handle_is_open(&resolver->handle) ||
		lookup == NULL || host == NULL || fn == NULL ||
		!rota__lookup_is_usual(hints))
		return -EINVAL;
	r = rota__lookup_check(host, service, hints);
	if (r < 0)
		return r;
	ask = make_ask(resolver, &lookup->job.request, &lookup_type, place);
	if (ask == NULL)
		return -ENOMEM;
	ask->hints = *hints;
	lookup->fn = fn;
	rota__lookup_set_answer(lookup, NULL);
	r = rota__lookup_literal(
		resolver->handle.loop->sys, host, service, hints, &answer);
	if (r == 0) {
		ask_lookup(lookup, ask, host, service);
	} else {
		rota__lookup_set_answer(lookup, answer);
		end_ask(ask, r > 0 ? 0 : r);
	}
	rota__resolver_set_alarm(resolver->inside);
	return 0;
}

/* Names of addresses **************************************************/

static int
cancel_reverse(struct rota_request *request, int status)
{
	leave_ask(((struct rota_reverse *)request)->work, status);
	return 0;
}

static void
tell_reverse(struct rota_request *request, int status)
{
	struct rota_reverse *reverse = (struct rota_reverse *)request;

	reverse->fn(reverse, status);
}

static const struct rota_request_type reverse_type = {
	.name = "reverse",
	.size = sizeof(struct rota_reverse),
	.cancel = cancel_reverse,
	.tell = tell_reverse,
};

static int
copy_name(char *to, size_t size_bytes, const char *name)
{
	size_t n = name != NULL ? strlen(name) : 0;

	if (n >= size_bytes)
		return ROTA_EAI_OVERFLOW;
	if (n > 0)
		memcpy(to, name, n);
	to[n] = '\0';
	return 0;
}

static void
reverse_answered(
	void *data, int status, int n_timeouts, char *host, char *service)
{
	struct rota__ask *ask = data;
	struct rota_reverse *reverse = (struct rota_reverse *)ask->request;
	int r = rota__resolver_error(status);

	(void)n_timeouts;
	if (reverse != NULL && r == 0)
		r = copy_name(reverse->host, sizeof(reverse->host), host);
	if (reverse != NULL && r == 0)
		r = copy_name(
			reverse->service, sizeof(reverse->service), service);
	end_ask(ask, r);
}

static int
reverse_flags(unsigned flags)
{
	return ARES_NI_LOOKUPHOST | ARES_NI_LOOKUPSERVICE |
		(flags & ROTA_REVERSE_NUMERIC_HOST ? ARES_NI_NUMERICHOST : 0) |
		(flags & ROTA_REVERSE_NUMERIC_SERVICE ? ARES_NI_NUMERICSERV :
							0) |
		(flags & ROTA_REVERSE_NAME_REQUIRED ? ARES_NI_NAMEREQD : 0) |
		(flags & ROTA_REVERSE_SHORT ? ARES_NI_NOFQDN : 0) |
		(flags & ROTA_REVERSE_DATAGRAM ? ARES_NI_DGRAM : 0);
}

int
rota_resolver_reverse_at(struct rota_resolver *resolver,
	struct rota_reverse *reverse, const struct sockaddr *addr,
	unsigned flags, rota_reverse_fn *fn, const char *place)
{
	struct rota__ask *ask;

	if (resolver == NULL || !rota__handle_is_open(&resolver->handle) ||
		reverse == NULL || addr == NULL || fn == NULL ||
		flags & ~(unsigned)ROTA__REVERSE_FLAGS)
		return -EINVAL;
	if (rota__address_length(addr) == 0)
		return -EAFNOSUPPORT;
	ask = make_ask(resolver, &reverse->job.request, &reverse_type, place);
	if (ask == NULL)
		return -ENOMEM;
	reverse->fn = fn;
	reverse->host[0] = '\0';
	reverse->service[0] = '\0';
	reverse->work = ask;
	ares_getnameinfo(resolver->inside->channel, addr,
		rota__address_length(addr), reverse_flags(flags),
		reverse_answered, ask);
	rota__resolver_set_alarm(resolver->inside);
	return 0;
}
