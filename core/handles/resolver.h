/* SPDX-License-Identifier: MIT */
/*
 * The resolver from inside. c-ares owns what is asked, and calls back with
 * an answer once for each question; nothing of it can be taken back alone:
 *
 *	request --(ask)--> c-ares --(sockets, alarm)--> name servers
 *	   ^                 |
 *	   +-- decided <-----+    told in the pending phase
 *
 * A request that ends before its answer comes leaves its ask behind, which
 * is freed by the answer.
 */
#ifndef ROTA_CORE_HANDLES_RESOLVER_H
#define ROTA_CORE_HANDLES_RESOLVER_H

#include "core/handle.h"
#include "core/lookups.h"
#include "core/request.h"
#include "rota/resolver.h"

struct ares_channeldata;

/* One question on its way. */
struct rota__ask {
	struct rota__resolver *inside;
	/* In inside->asks, unless it is left behind. */
	struct rota_link link;
	/* NULL: left behind. */
	struct rota_request *request;
	struct rota_lookup_hints hints;
	int type;
};

/* Made with the handle; lives until its close callback. */
struct rota__resolver {
	struct rota_resolver *handle;
	struct ares_channeldata *channel;
	struct rota_alarm alarm;
	/* Those whose request waits for an answer. */
	struct rota_link asks;
	struct rota_queue decided;
	/* Sockets that c-ares has open. */
	struct rota_link sockets;
};

/* resolver.c */

/* The time that c-ares has asked for is over. */
void rota__resolver_expire(struct rota_loop *loop, struct rota_alarm *alarm);
/* Asks c-ares when it wants to be called next. */
void rota__resolver_set_alarm(struct rota__resolver *inside);

/* resolver_ask.c */

/* Ends a request that waits for an answer, or has none to wait for. */
void rota__resolver_decide(struct rota__resolver *inside,
	struct rota_request *request, int status);
/* What a status of c-ares means. */
int rota__resolver_error(int status);

/* resolver_sockets.c */

/* Lets c-ares reach the network through the seam. */
void rota__resolver_take_sockets(struct rota__resolver *inside);
/* What c-ares wants to know of one of its sockets. */
void rota__resolver_watch(
	void *resolver, int fd, int is_reading, int is_writing);

/* resolver_records.c */

/* Takes the records out of a message; 0, or how the query ends. */
int rota__records_read(const struct rota_sys *sys, int type,
	const unsigned char *message, int n_bytes,
	struct rota__records **ret_records);
/* NULL is fine. */
void rota__records_free(struct rota__records *records);
const struct rota_record *rota__records_first(
	const struct rota__records *records, unsigned *ret_n);

#endif
