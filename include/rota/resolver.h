/* SPDX-License-Identifier: MIT */
/*
 * A resolver that asks name servers over polled sockets, with the library
 * c-ares: no thread waits, thousands of questions may be on their way. It
 * also asks for what rota/dns.h cannot: MX, TXT, SRV, PTR. In a build without
 * c-ares every function here returns -ENOSYS.
 *
 * It knows /etc/resolv.conf and /etc/hosts, which are read in the loop's
 * thread, and none of the system's other sources of names. After fork(2)
 * close it in the child, which shares its sockets, and make another one.
 */
#ifndef ROTA_RESOLVER_H
#define ROTA_RESOLVER_H

#include <sys/socket.h>

#include <rota/dns.h>
#include <rota/handle.h>
#include <rota/request.h>
#include <rota/types.h>

ROTA_BEGIN_C

enum rota_resolver_flag {
	/* Ask over TCP only. */
	ROTA_RESOLVER_TCP = 1 << 0
};

struct rota_resolver_options {
	/* sizeof(struct rota_resolver_options). */
	size_t size;
	/* "192.0.2.1,[2001:db8::1]:5353"; NULL for those of the system. */
	const char *servers;
	/*
	 * How long a server has for its first answer; later ones have longer.
	 * Rounded up to milliseconds, at most 2^31 - 1; 0 for the usual.
	 */
	uint64_t timeout_ns;
	/* How often each server is asked; 0 for the usual. */
	unsigned tries;
	/* An or of enum rota_resolver_flag. */
	unsigned flags;
};
#define ROTA_RESOLVER_OPTIONS_INIT \
	{ \
		sizeof(struct rota_resolver_options), NULL, 0, 0, 0 \
	}

struct rota__resolver;

/* The handle; what it is asked holds the loop, the handle itself does not. */
struct rota_resolver {
	struct rota_handle handle;

	/* Private from here on. */
	struct rota_watch watch;
	struct rota__sender *gathered;
	struct rota__sender *pending;
	struct rota__resolver *inside;
	void *spare[2];
};

/*
 * Makes a blank resolver one that can be asked; reads the system's settings,
 * also where they are not used. Closing it ends what is asked with -ECANCELED.
 *
 * shape: options NULL for the usual; only read during the call.
 * errors: -EINVAL loop or resolver is NULL, options has another size, flags
 *	or timeout, or servers is no list of addresses; -ENOMEM; -EIO a file
 *	of the system's cannot be read; -ENOSYS. The handle is still blank.
 * when: the loop's thread.
 * source: ares_init_options(3), resolv.conf(5).
 */
ROTA_API int rota_resolver_init(struct rota_loop *loop,
	struct rota_resolver *resolver,
	const struct rota_resolver_options *options);

/* Returns the version of c-ares, as "1.18.1"; NULL in a build without. */
ROTA_API const char *rota_resolver_version(void);

enum rota_record_type {
	ROTA_RECORD_A = 1,
	ROTA_RECORD_PTR = 12,
	ROTA_RECORD_MX = 15,
	ROTA_RECORD_TXT = 16,
	ROTA_RECORD_AAAA = 28,
	ROTA_RECORD_SRV = 33
};

/* What is not of a record's type is zero. */
struct rota_record {
	/*
	 * MX: the mail server; PTR: the name; SRV: the host; A and AAAA: the
	 * address as text. TXT: its strings joined, which may hold any byte.
	 * Ends with a 0 that text_bytes does not count.
	 */
	const char *text;
	size_t text_bytes;
	/* A and AAAA: a sockaddr_in or sockaddr_in6 with port 0. */
	struct sockaddr_storage addr;
	/* A and AAAA: how long it may be kept. */
	uint32_t ttl_seconds;
	/* MX and SRV: the lowest is to be tried first. */
	uint16_t priority;
	/* SRV: the share among those of one priority, RFC 2782. */
	uint16_t weight;
	uint16_t port;
	uint16_t spare;
};

struct rota_query;
struct rota__records;

typedef void rota_query_fn(struct rota_query *query, int status);

/* A question for the records of a name. */
struct rota_query {
	struct rota_request request;

	/* The answer, if the status is 0; until rota_query_free(). */
	const struct rota_record *records;
	unsigned n_records;

	/* Private from here on. */
	rota_query_fn *fn;
	struct rota__records *answer;
	void *work;
	void *spare[2];
};

/*
 * Asks for the records of one type that a name has, and calls `fn` with them,
 * in the order of the answer, or an error. A deadline or a cancel ends it at
 * once.
 *
 * shape: query need not be initialised but for request.data. name is copied,
 *	and taken as it is: no domain is added. The answer of a query that
 *	succeeded must be freed with rota_query_free().
 * errors: -EINVAL an argument is NULL, the resolver blank, closing or closed,
 *	or type unknown; -ENAMETOOLONG name is longer than 1024 bytes;
 *	-ENOMEM; -ENOSYS. Nothing begins then. As status: ROTA_EAI_NONAME
 *	there is no such name, or it cannot be one; ROTA_EAI_NODATA it has no
 *	such record; ROTA_EAI_AGAIN no server answered, or each has failed or
 *	refused; ROTA_EAI_FAIL the server cannot read the question; -EPROTO an
 *	answer that cannot be read; -ENOMEM;
 *	-ECANCELED; -ETIMEDOUT.
 * when: the loop's thread.
 * source: RFC 1035, 2782, 3596; ares_query(3).
 */
ROTA_API int rota_query_start_at(struct rota_resolver *resolver,
	struct rota_query *query, const char *name, enum rota_record_type type,
	rota_query_fn *fn, const char *place);
#define rota_query_start(resolver, query, name, type, fn) \
	rota_query_start_at(resolver, query, name, type, fn, ROTA_PLACE(fn))

/*
 * Frees the answer of a query that has ended, and leaves it without one;
 * nothing if it has none.
 * errors: -EINVAL query is NULL.
 * when: any thread, once `fn` has been called; the loop may be closed.
 */
ROTA_API int rota_query_free(struct rota_query *query);

/*
 * The look-ups of rota/dns.h, answered by a resolver: requests, answers and
 * errors are the same, and none takes a thread. A host must be given, and a
 * socktype other than SOCK_STREAM and SOCK_DGRAM is not known.
 *
 * errors: -EINVAL also if the resolver is NULL, blank, closing or closed, or
 *	`fn` is NULL; -ENOSYS; status as for rota_query_start(), too.
 * when: the loop's thread.
 * source: ares_getaddrinfo(3), ares_getnameinfo(3).
 */
ROTA_API int rota_resolver_lookup_at(struct rota_resolver *resolver,
	struct rota_lookup *lookup, const char *host, const char *service,
	const struct rota_lookup_hints *hints, rota_lookup_fn *fn,
	const char *place);
#define rota_resolver_lookup(resolver, lookup, host, service, hints, fn) \
	rota_resolver_lookup_at( \
		resolver, lookup, host, service, hints, fn, ROTA_PLACE(fn))
ROTA_API int rota_resolver_reverse_at(struct rota_resolver *resolver,
	struct rota_reverse *reverse, const struct sockaddr *addr,
	unsigned flags, rota_reverse_fn *fn, const char *place);
#define rota_resolver_reverse(resolver, reverse, addr, flags, fn) \
	rota_resolver_reverse_at( \
		resolver, reverse, addr, flags, fn, ROTA_PLACE(fn))

ROTA_END_C

#endif
