/* SPDX-License-Identifier: MIT */
/*
 * What all look-ups have in common, whoever answers them: the check of what
 * is asked for, answers to address literals, and the block of an answer. A
 * block is taken from a table of system calls, not from a loop: a thread
 * fills it, and its user may free it when the loop is gone.
 */
#ifndef ROTA_CORE_LOOKUPS_H
#define ROTA_CORE_LOOKUPS_H

#include "core/sys.h"
#include "rota/dns.h"

/* The longest name of a host or service, with its 0. */
#define ROTA__LOOKUP_NAME_BYTES 1025

#define ROTA__REVERSE_FLAGS \
	(ROTA_REVERSE_NUMERIC_HOST | ROTA_REVERSE_NUMERIC_SERVICE | \
		ROTA_REVERSE_NAME_REQUIRED | ROTA_REVERSE_SHORT | \
		ROTA_REVERSE_DATAGRAM)

/* Over streams and over datagrams. */
#define ROTA__LOOKUP_N_KINDS 2

struct rota__lookup_answer {
	const struct rota_sys *sys;
	char *canonical_name;
	unsigned n;
	unsigned capacity;
	struct rota_lookup_address addresses[];
};

/* Makes an answer without addresses, with room for some; NULL: no memory. */
struct rota__lookup_answer *rota__lookup_answer_make(const struct rota_sys *sys,
	unsigned capacity, const char *canonical_name);
/* Leaves out what is not of the internet. */
void rota__lookup_answer_add(struct rota__lookup_answer *answer,
	const struct sockaddr *addr, int socktype, int protocol);
/* Adds it once for each usual kind of sockets that is asked for. */
void rota__lookup_answer_add_kinds(struct rota__lookup_answer *answer,
	const struct rota_lookup_hints *hints, const struct sockaddr *addr);
/* NULL is fine. */
void rota__lookup_answer_free(struct rota__lookup_answer *answer);

/* Gives a look-up that has none its answer, or NULL. */
void rota__lookup_set_answer(
	struct rota_lookup *lookup, struct rota__lookup_answer *answer);

/* 1 if TCP or UDP is asked for; of other sockets only the system knows. */
int rota__lookup_is_usual(const struct rota_lookup_hints *hints);

/* 0, -EINVAL or -ENAMETOOLONG: may this be asked? NULL hints: all zero. */
int rota__lookup_check(const char *host, const char *service,
	const struct rota_lookup_hints *hints);

/*
 * Answers what needs no look-up. Returns 1 and an answer; 0 if it does need
 * one; else how the look-up ends.
 */
int rota__lookup_literal(const struct rota_sys *sys, const char *host,
	const char *service, const struct rota_lookup_hints *hints,
	struct rota__lookup_answer **ret_answer);

#endif
