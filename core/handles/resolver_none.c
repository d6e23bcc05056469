/* SPDX-License-Identifier: MIT */
/* No resolver: this build has no c-ares. */
#include <errno.h>
#include <stddef.h>

#include "core/handles/resolver.h"

void
rota__resolver_expire(struct rota_loop *loop, struct rota_alarm *alarm)
{
	(void)loop;
	(void)alarm;
}

const struct rota_handle_type rota__resolver_type = {
	.name = "resolver",
	.size = sizeof(struct rota_resolver),
};

const char *
rota_resolver_version(void)
{
	return NULL;
}

int
rota_resolver_init(struct rota_loop *loop, struct rota_resolver *resolver,
	const struct rota_resolver_options *options)
{
	(void)options;
	return loop == NULL || resolver == NULL ? -EINVAL : -ENOSYS;
}

int
rota_query_start_at(struct rota_resolver *resolver, struct rota_query *query,
	const char *name, enum rota_record_type type, rota_query_fn *fn,
	const char *place)
{
	(void)type;
	(void)place;
	if (resolver == NULL || query == NULL || name == NULL || fn == NULL)
		return -EINVAL;
	return -ENOSYS;
}

int
rota_query_free(struct rota_query *query)
{
	return query == NULL ? -EINVAL : 0;
}

int
rota_resolver_lookup_at(struct rota_resolver *resolver,
	struct rota_lookup *lookup, const char *host, const char *service,
	const struct rota_lookup_hints *hints, rota_lookup_fn *fn,
	const char *place)
{
	(void)service;
	(void)hints;
	(void)place;
	if (resolver == NULL || lookup == NULL || host == NULL || fn == NULL)
		return -EINVAL;
	return -ENOSYS;
}

int
rota_resolver_reverse_at(struct rota_resolver *resolver,
	struct rota_reverse *reverse, const struct sockaddr *addr,
	unsigned flags, rota_reverse_fn *fn, const char *place)
{
	(void)flags;
	(void)place;
	if (resolver == NULL || reverse == NULL || addr == NULL || fn == NULL)
		return -EINVAL;
	return -ENOSYS;
}
