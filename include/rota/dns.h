/* SPDX-License-Identifier: MIT */
/*
 * Names of hosts and services, as the system looks them up. That may take
 * long and cannot be polled: it is done by a thread of the pool's lane
 * ROTA_LANE_SLOW. An address literal with a number for a port is answered
 * without one. rota/resolver.h has look-ups that are polled.
 *
 * A look-up can be cancelled and have a deadline (rota/request.h): it ends
 * at once then, although the thread cannot be called back. The thread works
 * on memory of its own and frees it whenever it comes back.
 */
#ifndef ROTA_DNS_H
#define ROTA_DNS_H

#include <sys/socket.h>

#include <rota/loop.h>
#include <rota/pool.h>
#include <rota/types.h>

ROTA_BEGIN_C

enum rota_lookup_flag {
	/* Without a host: the address to listen on, not our own. */
	ROTA_LOOKUP_PASSIVE = 1 << 0,
	/* Tell the canonical name of the host too. */
	ROTA_LOOKUP_CANONICAL_NAME = 1 << 1,
	/* The host is an address literal; ROTA_EAI_NONAME if it is not. */
	ROTA_LOOKUP_NUMERIC_HOST = 1 << 2,
	/* The service is a number; ROTA_EAI_NONAME if it is not. */
	ROTA_LOOKUP_NUMERIC_SERVICE = 1 << 3,
	/* Of AF_INET6: IPv4 addresses as "::ffff:192.0.2.1" if no other... */
	ROTA_LOOKUP_V4MAPPED = 1 << 4,
	/* ...or beside them. */
	ROTA_LOOKUP_ALL = 1 << 5,
	/* Only families of which this host has an address. */
	ROTA_LOOKUP_CONFIGURED = 1 << 6
};

/* What is asked for; all zero stands for anything. */
struct rota_lookup_hints {
	/* AF_UNSPEC, AF_INET or AF_INET6. */
	int family;
	/* SOCK_STREAM, SOCK_DGRAM and so on; 0 for each there is. */
	int socktype;
	/* IPPROTO_TCP and so on; 0 for any. */
	int protocol;
	/* An or of enum rota_lookup_flag. */
	unsigned flags;
};

struct rota_lookup_address {
	/* A sockaddr_in or sockaddr_in6 with the port of the service. */
	struct sockaddr_storage addr;
	/* Bytes of it that count. */
	socklen_t len;
	int socktype;
	int protocol;
	int spare;
};

struct rota_lookup;
struct rota__lookup_answer;

typedef void rota_lookup_fn(struct rota_lookup *lookup, int status);

/* A look-up of a host's addresses, and a service's port. */
struct rota_lookup {
	struct rota_job job;

	/*
	 * The answer, if the status is 0; until rota_lookup_free(). The
	 * addresses are in the order in which to try them. The name is NULL
	 * if it was not asked for or is not known.
	 */
	const struct rota_lookup_address *addresses;
	unsigned n_addresses;
	const char *canonical_name;

	/* Private from here on. */
	rota_lookup_fn *fn;
	struct rota__lookup_answer *answer;
	void *work;
	void *spare[2];
};

/*
 * Looks up a host and a service, and calls `fn` with the answer or an error.
 * With `fn` NULL it does so at once in this thread, which it may block for
 * long, and returns the status; loop may be NULL then.
 *
 * An address literal ("192.0.2.1", "2001:db8::1", "fe80::1%eth0") or no host
 * with a number for a port or no service needs no thread. Its answer has, for
 * a socktype of 0, the address for SOCK_STREAM and for SOCK_DGRAM; without a
 * host it is the loopback or, for PASSIVE, the wildcard address, IPv6 first.
 *
 * shape: lookup need not be initialised but for job.request.data. host and
 *	service are copied; one of them may be NULL. hints is only read during
 *	the call; NULL for all zero. The answer of a look-up that succeeded
 *	must be freed with rota_lookup_free().
 * errors: -EINVAL loop (with `fn`) or lookup is NULL, host and service both
 *	are, the family is none of the three, or flags has other bits;
 *	-ENAMETOOLONG host or service is longer than 1024 bytes; -ENOMEM, and
 *	those of the pool: -ESHUTDOWN, -EAGAIN. Nothing begins then, and `fn`
 *	is not called. As status a ROTA_EAI_ number (rota/error.h), -ENOMEM,
 *	-ECANCELED, -ETIMEDOUT, or what a call below has failed with.
 * when: the loop's thread; without a loop any.
 * source: getaddrinfo(3), RFC 3493, RFC 6724 (the order).
 */
ROTA_API int rota_lookup_start_at(struct rota_loop *loop,
	struct rota_lookup *lookup, const char *host, const char *service,
	const struct rota_lookup_hints *hints, rota_lookup_fn *fn,
	const char *place);
#define rota_lookup_start(loop, lookup, host, service, hints, fn) \
	rota_lookup_start_at( \
		loop, lookup, host, service, hints, fn, ROTA_PLACE(fn))

/*
 * Frees the answer of a look-up that has ended, and leaves it without one;
 * nothing if it has none. The lookup itself is the caller's.
 * errors: -EINVAL lookup is NULL.
 * when: any thread, once `fn` has been called; the loop may be closed.
 */
ROTA_API int rota_lookup_free(struct rota_lookup *lookup);

enum rota_reverse_flag {
	/* Do not look for the name: write the address as a literal. */
	ROTA_REVERSE_NUMERIC_HOST = 1 << 0,
	/* Write the port as a number. */
	ROTA_REVERSE_NUMERIC_SERVICE = 1 << 1,
	/* ROTA_EAI_NONAME if the host has no name; else a literal then. */
	ROTA_REVERSE_NAME_REQUIRED = 1 << 2,
	/* Of a host in our own domain only the first part. */
	ROTA_REVERSE_SHORT = 1 << 3,
	/* The service of that port is meant over UDP. */
	ROTA_REVERSE_DATAGRAM = 1 << 4
};

#define ROTA_REVERSE_HOST_BYTES 1025
#define ROTA_REVERSE_SERVICE_BYTES 32

struct rota_reverse;

typedef void rota_reverse_fn(struct rota_reverse *reverse, int status);

/* A look-up of the names of an address and its port. */
struct rota_reverse {
	struct rota_job job;

	/* The names, if the status is 0. */
	char host[ROTA_REVERSE_HOST_BYTES];
	char service[ROTA_REVERSE_SERVICE_BYTES];

	/* Private from here on. */
	rota_reverse_fn *fn;
	void *work;
	void *spare[2];
};

/*
 * Looks up the names of an address, and calls `fn` with them or an error.
 * With `fn` NULL it does so at once, as rota_lookup_start() does. With both
 * NUMERIC flags it needs no thread.
 *
 * shape: reverse need not be initialised but for job.request.data. addr is a
 *	sockaddr_in or sockaddr_in6, only read during the call.
 * unit: flags is an or of enum rota_reverse_flag.
 * errors: -EINVAL loop (with `fn`), reverse or addr is NULL, or flags has
 *	other bits; -EAFNOSUPPORT another family; -ENOMEM, and those of the
 *	pool. Nothing begins then. Status as for rota_lookup_start().
 * when: the loop's thread; without a loop any.
 * source: getnameinfo(3).
 */
ROTA_API int rota_reverse_start_at(struct rota_loop *loop,
	struct rota_reverse *reverse, const struct sockaddr *addr,
	unsigned flags, rota_reverse_fn *fn, const char *place);
#define rota_reverse_start(loop, reverse, addr, flags, fn) \
	rota_reverse_start_at(loop, reverse, addr, flags, fn, ROTA_PLACE(fn))

ROTA_END_C

#endif
