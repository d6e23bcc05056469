/* SPDX-License-Identifier: MIT */
/*
 * A name server for tests, in the loop under test, at 127.0.0.1, over UDP and
 * TCP. It knows a few names under ".test"; the first label says what becomes
 * of the question:
 *
 *	host	records of each type, see dns_server.c
 *	alias	leads to host.test
 *	big	so many addresses that they need TCP
 *	none	there is no such name
 *	empty	no records
 *	fail	the server fails
 *	refuse	the server refuses
 *	broken	an answer that cannot be read
 *	silent	no answer
 *	late	an answer when dns_server_release() is called
 */
#ifndef ROTA_TESTS_DNS_SERVER_H
#define ROTA_TESTS_DNS_SERVER_H

#include <netinet/in.h>

#include "rota.h"

#define DNS_SERVER_BYTES 4096

struct dns_server {
	/* "127.0.0.1:4711", for the options of a resolver. */
	char text[32];
	unsigned n_asked;
	unsigned n_asked_by_tcp;

	struct rota_io udp;
	struct rota_io tcp;
	struct rota_io connection;
	/* Over TCP, as far as it has come. */
	unsigned char question[DNS_SERVER_BYTES];
	size_t n_question;
	/* The late question. */
	unsigned char kept[DNS_SERVER_BYTES];
	size_t n_kept;
	struct sockaddr_in asker;
};

/* Starts one that does not hold the loop. */
void dns_server_open(struct rota_loop *loop, struct dns_server *server);
void dns_server_release(struct dns_server *server);
/* Goes away; its handles are closed in the loop's next turns. */
void dns_server_close(struct dns_server *server);

#endif
