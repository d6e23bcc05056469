/* SPDX-License-Identifier: MIT */
/*
 * A world without name servers: a table of system calls whose look-ups hang,
 * fail or answer as a test says, and whose memory is counted.
 */
#ifndef ROTA_TESTS_NAMES_H
#define ROTA_TESTS_NAMES_H

#include <netdb.h>
#include <netinet/in.h>

#include "core/sys.h"

#define NAMES_BYTES 2048

/* Changed by the test while no look-up is on its way. */
struct names {
	/* Look-ups wait for names_release(). */
	int hang;
	/* What they return; 0 to answer. */
	int error;
	/* So many addresses: 192.0.2.1, 2001:db8::2, 192.0.2.3 and so on. */
	unsigned n_addresses;
	/* The first one instead, unless its family is 0. */
	struct sockaddr_in first;

	/* What the last one was asked for. */
	char host[NAMES_BYTES];
	char service[NAMES_BYTES];
	struct addrinfo hints;
	int flags;
};

extern struct names names;

/* Back to what it is at first: one address. Nothing may hang. */
void names_reset(void);

/* Looks up by `names`, and does all else as the other table does. */
const struct rota_sys *names_sys(const struct rota_sys *other);

/* How many look-ups were begun, how many hang now, how many were freed. */
unsigned names_n_begun(void);
unsigned names_n_hanging(void);
unsigned names_n_freed(void);

/* Waits until that many hang, or have been begun. */
void names_wait_hanging(unsigned n);
void names_wait_begun(unsigned n);

/* Lets those that hang go on, and no more hang. */
void names_release(void);

/* Blocks of the table's memory that are not given back. */
long names_n_blocks(void);
/* Waits until there are no more than n. */
void names_wait_blocks(long n);

#endif
