/* SPDX-License-Identifier: MIT */
/*
 * Look-ups that need none: address literals, or no host, with a number for a
 * port. Answered here and not by getaddrinfo(3), which may read files, and
 * sockets of the kernel's, even for these.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/address.h"
#include "core/lookups.h"
#include "rota/error.h"
#include "rota/tcp.h"

#define N_KINDS ROTA__LOOKUP_N_KINDS
#define MAX_ADDRESSES 2

/* What a literal is asked for, as far as it goes. */
struct question {
	const struct rota_lookup_hints *hints;
	struct sockaddr_storage addrs[MAX_ADDRESSES];
	unsigned n;
	uint16_t port;
};

/* 1 for a number or no service, 0 for a name, else the error. */
static int
read_port(const char *service, unsigned flags, uint16_t *ret_port)
{
	unsigned long port;

	*ret_port = 0;
	if (service == NULL)
		return 1;
	if (*service == '\0' || service[strspn(service, "0123456789")] != '\0')
		return flags & ROTA_LOOKUP_NUMERIC_SERVICE ? ROTA_EAI_NONAME :
							     0;
	errno = 0;
	port = strtoul(service, NULL, 10);
	if (errno != 0 || port > UINT16_MAX)
		return ROTA_EAI_SERVICE;
	*ret_port = (uint16_t)port;
	return 1;
}

/* "::ffff:192.0.2.1" */
static void
map_v4(struct sockaddr_storage *addr)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memcpy(&v4, addr, sizeof(v4));
	memset(&v6, 0, sizeof(v6));
	v6.sin6_family = AF_INET6;
	v6.sin6_port = v4.sin_port;
	v6.sin6_addr.s6_addr[10] = 0xff;
	v6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&v6.sin6_addr.s6_addr[12], &v4.sin_addr, 4);
	memcpy(addr, &v6, sizeof(v6));
}

/* Of no host at all. */
static void
find_own(struct question *question)
{
	int is_passive = (question->hints->flags & ROTA_LOOKUP_PASSIVE) != 0;

	if (question->hints->family != AF_INET)
		(void)rota_address_parse(is_passive ? "::" : "::1",
			question->port, &question->addrs[question->n++]);
	if (question->hints->family != AF_INET6)
		(void)rota_address_parse(is_passive ? "0.0.0.0" : "127.0.0.1",
			question->port, &question->addrs[question->n++]);
}

/* As rota__lookup_literal(). */
static int
find(struct question *question, const char *host)
{
	const struct rota_lookup_hints *hints = question->hints;
	struct sockaddr_storage *addr = &question->addrs[0];

	if (host == NULL) {
		find_own(question);
		return 1;
	}
	if (rota_address_parse(host, question->port, addr) < 0)
		return hints->flags & ROTA_LOOKUP_NUMERIC_HOST ?
			ROTA_EAI_NONAME :
			0;
	question->n = 1;
	if (hints->family == AF_INET6 && addr->ss_family == AF_INET &&
		hints->flags & ROTA_LOOKUP_V4MAPPED)
		map_v4(addr);
	return hints->family == AF_UNSPEC || hints->family == addr->ss_family ?
		1 :
		ROTA_EAI_ADDRFAMILY;
}

static int
answer(const struct rota_sys *sys, const struct question *question,
	const char *name, struct rota__lookup_answer **ret_answer)
{
	struct rota__lookup_answer *made =
		rota__lookup_answer_make(sys, MAX_ADDRESSES * N_KINDS, name);
	unsigned i;

	if (made == NULL)
		return -ENOMEM;
	for (i = 0; i < question->n; i++)
		rota__lookup_answer_add_kinds(made, question->hints,
			(const struct sockaddr *)&question->addrs[i]);
	*ret_answer = made;
	return 1;
}

int
rota__lookup_literal(const struct rota_sys *sys, const char *host,
	const char *service, const struct rota_lookup_hints *hints,
	struct rota__lookup_answer **ret_answer)
{
	static const struct rota_lookup_hints none;
	struct question question = { .hints = hints ? hints : &none };
	const char *name = NULL;
	int r;

	if (!rota__lookup_is_usual(question.hints))
		return 0;
	r = read_port(service, question.hints->flags, &question.port);
	if (r == 1)
		r = find(&question, host);
	if (r != 1)
		return r;
	if (question.hints->flags & ROTA_LOOKUP_CANONICAL_NAME)
		name = host;
	return answer(sys, &question, name, ret_answer);
}
