/* SPDX-License-Identifier: MIT */
/* What all look-ups have in common, see lookups.h. */
#include "core/lookups.h"

#include <errno.h>
#include <string.h>

#include "core/address.h"

#define LOOKUP_FLAGS \
	(ROTA_LOOKUP_PASSIVE | ROTA_LOOKUP_CANONICAL_NAME | \
		ROTA_LOOKUP_NUMERIC_HOST | ROTA_LOOKUP_NUMERIC_SERVICE | \
		ROTA_LOOKUP_V4MAPPED | ROTA_LOOKUP_ALL | \
		ROTA_LOOKUP_CONFIGURED)

/* What an address stands for if one kind of sockets is as good as another. */
static const struct {
	int socktype;
	int protocol;
} kinds[ROTA__LOOKUP_N_KINDS] = {
	{ SOCK_STREAM, IPPROTO_TCP },
	{ SOCK_DGRAM, IPPROTO_UDP },
};

static int
fits(const struct rota_lookup_hints *hints, size_t kind)
{
	return (hints->socktype == 0 ||
		       hints->socktype == kinds[kind].socktype) &&
		(hints->protocol == 0 ||
			hints->protocol == kinds[kind].protocol);
}

int
rota__lookup_is_usual(const struct rota_lookup_hints *hints)
{
	return fits(hints, 0) || fits(hints, 1);
}

/* The name lies behind the addresses. */
struct rota__lookup_answer *
rota__lookup_answer_make(const struct rota_sys *sys, unsigned capacity,
	const char *canonical_name)
{
	size_t n = canonical_name != NULL ? strlen(canonical_name) + 1 : 0;
	struct rota__lookup_answer *answer;
	size_t bytes = sizeof(*answer);

	if (capacity > (SIZE_MAX - bytes - n) / sizeof(answer->addresses[0]))
		return NULL;
	bytes += capacity * sizeof(answer->addresses[0]);
	answer = sys->realloc(NULL, bytes + n);
	if (answer == NULL)
		return NULL;
	answer->sys = sys;
	answer->n = 0;
	answer->capacity = capacity;
	answer->canonical_name = NULL;
	if (canonical_name != NULL) {
		answer->canonical_name = (char *)answer + bytes;
		memcpy(answer->canonical_name, canonical_name, n);
	}
	return answer;
}

void
rota__lookup_answer_add(struct rota__lookup_answer *answer,
	const struct sockaddr *addr, int socktype, int protocol)
{
	struct rota_lookup_address *to = &answer->addresses[answer->n];

	if (answer->n == answer->capacity || rota__address_length(addr) == 0)
		return;
	memset(to, 0, sizeof(*to));
	to->len = rota__address_length(addr);
	memcpy(&to->addr, addr, to->len);
	to->socktype = socktype;
	to->protocol = protocol;
	answer->n++;
}

void
rota__lookup_answer_add_kinds(struct rota__lookup_answer *answer,
	const struct rota_lookup_hints *hints, const struct sockaddr *addr)
{
	size_t i;

	for (i = 0; i < ROTA__LOOKUP_N_KINDS; i++)
		if (fits(hints, i))
			rota__lookup_answer_add(answer, addr, kinds[i].socktype,
				kinds[i].protocol);
}

void
rota__lookup_answer_free(struct rota__lookup_answer *answer)
{
	if (answer != NULL)
		(void)answer->sys->realloc(answer, 0);
}

void
rota__lookup_set_answer(
	struct rota_lookup *lookup, struct rota__lookup_answer *answer)
{
	lookup->answer = answer;
	lookup->addresses = answer != NULL ? answer->addresses : NULL;
	lookup->n_addresses = answer != NULL ? answer->n : 0;
	lookup->canonical_name = answer != NULL ? answer->canonical_name : NULL;
}

int
rota_lookup_free(struct rota_lookup *lookup)
{
	if (lookup == NULL)
		return -EINVAL;
	rota__lookup_answer_free(lookup->answer);
	rota__lookup_set_answer(lookup, NULL);
	return 0;
}

static int
is_too_long(const char *name)
{
	return name != NULL &&
		memchr(name, '\0', ROTA__LOOKUP_NAME_BYTES) == NULL;
}

int
rota__lookup_check(const char *host, const char *service,
	const struct rota_lookup_hints *hints)
{
	if (host == NULL && service == NULL)
		return -EINVAL;
	if (hints != NULL &&
		(hints->flags & ~(unsigned)LOOKUP_FLAGS ||
			(hints->family != AF_UNSPEC &&
				hints->family != AF_INET &&
				hints->family != AF_INET6)))
		return -EINVAL;
	if (is_too_long(host) || is_too_long(service))
		return -ENAMETOOLONG;
	return 0;
}
