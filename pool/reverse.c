/* SPDX-License-Identifier: MIT */
/* Names of addresses, see rota/dns.h; ask.h has the picture. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/jobs.h"
#include "core/lookups.h"
#include "pool/ask.h"
#include "rota/error.h"

#define BOTH_NUMERIC (ROTA_REVERSE_NUMERIC_HOST | ROTA_REVERSE_NUMERIC_SERVICE)

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct names {
	char host[ROTA_REVERSE_HOST_BYTES];
	char service[ROTA_REVERSE_SERVICE_BYTES];
};

struct ask {
	struct rota__ask base;
	union address addr;
	unsigned flags;
	struct names names;
};

static int
system_flags(unsigned flags)
{
	return (flags & ROTA_REVERSE_NUMERIC_HOST ? NI_NUMERICHOST : 0) |
		(flags & ROTA_REVERSE_NUMERIC_SERVICE ? NI_NUMERICSERV : 0) |
		(flags & ROTA_REVERSE_NAME_REQUIRED ? NI_NAMEREQD : 0) |
		(flags & ROTA_REVERSE_SHORT ? NI_NOFQDN : 0) |
		(flags & ROTA_REVERSE_DATAGRAM ? NI_DGRAM : 0);
}

static socklen_t
length_of(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET)
		return sizeof(struct sockaddr_in);
	return addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : 0;
}

/* The look-up itself, in whatever thread. */
static int
look_up(const struct rota_sys *sys, const union address *addr, unsigned flags,
	struct names *ret_names)
{
	return sys->getnameinfo(&addr->any, length_of(&addr->any),
		ret_names->host, sizeof(ret_names->host), ret_names->service,
		sizeof(ret_names->service), system_flags(flags));
}

static void
take_names(struct rota_reverse *reverse, const struct names *names)
{
	memcpy(reverse->host, names->host, strlen(names->host) + 1);
	memcpy(reverse->service, names->service, strlen(names->service) + 1);
}

static int
run_ask(struct rota_job *job)
{
	struct ask *ask = (struct ask *)job;

	return look_up(ask->base.sys, &ask->addr, ask->flags, &ask->names);
}

static int
cancel_reverse(struct rota_request *request, int status)
{
	struct rota_reverse *reverse = (struct rota_reverse *)request;
	int r = rota__ask_leave(reverse->work, status);

	if (r == 0)
		reverse->work = NULL;
	return r;
}

static void
tell_reverse(struct rota_request *request, int status)
{
	struct rota_reverse *reverse = (struct rota_reverse *)request;
	struct ask *ask = reverse->work;

	if (ask != NULL && status == 0)
		take_names(reverse, &ask->names);
	if (ask != NULL)
		rota__ask_free(&ask->base);
	reverse->work = NULL;
	reverse->fn(reverse, status);
}

static const struct rota_request_type reverse_type = {
	.name = "reverse",
	.size = sizeof(struct rota_reverse),
	.cancel = cancel_reverse,
	.tell = tell_reverse,
};

static int
start(struct rota_loop *loop, struct rota_reverse *reverse,
	const union address *addr, unsigned flags, const char *place)
{
	const struct rota_sys *sys = rota__loop_sys(loop);
	struct ask *ask = sys->realloc(NULL, sizeof(*ask));

	if (ask == NULL)
		return -ENOMEM;
	ask->base.sys = sys;
	ask->base.clear = NULL;
	ask->addr = *addr;
	ask->flags = flags;
	reverse->work = ask;
	return rota__ask_start(
		loop, &ask->base, run_ask, &reverse->job, &reverse_type, place);
}

/* Both as numbers: what getnameinfo(3) would write, without it. */
static int
write_numbers(const union address *addr, struct rota_reverse *reverse)
{
	in_port_t port = addr->any.sa_family == AF_INET ? addr->v4.sin_port :
							  addr->v6.sin6_port;
	const void *bytes = addr->any.sa_family == AF_INET ?
		(const void *)&addr->v4.sin_addr :
		(const void *)&addr->v6.sin6_addr;
	size_t n;

	(void)inet_ntop(addr->any.sa_family, bytes, reverse->host,
		sizeof(reverse->host));
	n = strlen(reverse->host);
	if (addr->any.sa_family == AF_INET6 && addr->v6.sin6_scope_id != 0)
		(void)snprintf(reverse->host + n, sizeof(reverse->host) - n,
			"%%%lu", (unsigned long)addr->v6.sin6_scope_id);
	(void)snprintf(reverse->service, sizeof(reverse->service), "%u",
		(unsigned)ntohs(port));
	return 0;
}

static int
answer_now(const struct rota_sys *sys, struct rota_reverse *reverse,
	const union address *addr, unsigned flags)
{
	struct names names;
	int r;

	if ((flags & BOTH_NUMERIC) == BOTH_NUMERIC)
		return flags & ROTA_REVERSE_NAME_REQUIRED ?
			ROTA_EAI_NONAME :
			write_numbers(addr, reverse);
	r = look_up(sys, addr, flags, &names);
	if (r == 0)
		take_names(reverse, &names);
	return r;
}

int
rota_reverse_start_at(struct rota_loop *loop, struct rota_reverse *reverse,
	const struct sockaddr *addr, unsigned flags, rota_reverse_fn *fn,
	const char *place)
{
	union address copy;
	int r;

	if (reverse == NULL || addr == NULL || (loop == NULL && fn != NULL) ||
		flags & ~(unsigned)ROTA__REVERSE_FLAGS)
		return -EINVAL;
	if (length_of(addr) == 0)
		return -EAFNOSUPPORT;
	memset(&copy, 0, sizeof(copy));
	memcpy(&copy, addr, length_of(addr));
	reverse->fn = fn;
	reverse->work = NULL;
	reverse->host[0] = '\0';
	reverse->service[0] = '\0';
	if (fn != NULL && (flags & BOTH_NUMERIC) != BOTH_NUMERIC)
		return start(loop, reverse, &copy, flags, place);
	r = answer_now(loop != NULL ? rota__loop_sys(loop) : &rota__sys_real,
		reverse, &copy, flags);
	if (fn == NULL)
		return r;
	rota__job_answer(loop, &reverse->job, &reverse_type, r, place);
	return 0;
}
