/* SPDX-License-Identifier: MIT */
/*
 * What http_server and http_get want of a parser for HTTP/1. No part of
 * rota. Two files offer it, and configure chooses one: http_parse_lib.c hands
 * the work to the library http_parser, http_parse_own.c does without.
 *
 *	do
 *		event = http_parse_next(parse, &data, &n_bytes);
 *	while (event == HTTP_PARSE_HEAD || event == HTTP_PARSE_BODY);
 *
 * leaves the loop at the end of a message, where `data` and `n_bytes` tell of
 * what lies behind it, when all bytes are used up, or for an error.
 */
#ifndef ROTA_EXAMPLES_HTTP_PARSE_H
#define ROTA_EXAMPLES_HTTP_PARSE_H

#include <stddef.h>
#include <stdint.h>

/* Longer ones are refused, so that nobody makes us keep much. */
#define HTTP_PARSE_TARGET_BYTES 2048
#define HTTP_PARSE_HEAD_BYTES 8192

enum http_parse_what {
	HTTP_PARSE_REQUESTS,
	HTTP_PARSE_RESPONSES,
	/* They tell of a body and bring none. */
	HTTP_PARSE_RESPONSES_TO_HEAD
};

enum http_parse_event {
	/* All bytes are taken, more are wanted. */
	HTTP_PARSE_MORE,
	/* The head is complete; the message has all but its body. */
	HTTP_PARSE_HEAD,
	/* A piece of the body; it lies in the bytes that were handed in. */
	HTTP_PARSE_BODY,
	/* The message is complete. */
	HTTP_PARSE_END,

	/* Errors. What follows on the connection cannot be understood. */
	HTTP_PARSE_MALFORMED,
	HTTP_PARSE_TARGET_TOO_LONG,
	HTTP_PARSE_HEAD_TOO_LONG,
	HTTP_PARSE_UNKNOWN_CODING,
	HTTP_PARSE_UNKNOWN_VERSION
};

/* Valid from the end of its head until the next one begins. */
struct http_parse_message {
	/* Of requests. */
	char method[32];
	char target[HTTP_PARSE_TARGET_BYTES];
	unsigned n_hosts;
	int has_expect;
	/* Of responses. */
	int status;

	/* HTTP/1.n. */
	int minor;
	/* Both sides may send another message on this connection. */
	int keeps_alive;
	/* What the head says of the body; UINT64_MAX if it does not. */
	uint64_t length_bytes;
	/* A piece, valid at HTTP_PARSE_BODY only. */
	const char *body;
	size_t n_body;
};

struct http_parse;

/* Returns NULL without memory. */
struct http_parse *http_parse_create(enum http_parse_what what);
void http_parse_destroy(struct http_parse *parse);

/* Begins anew, as if nothing had come. */
void http_parse_reset(struct http_parse *parse);

/* Takes bytes until something is worth telling: moves *data, lessens *n. */
enum http_parse_event http_parse_next(
	struct http_parse *parse, const char **data, size_t *n);

/*
 * Says that no more bytes will come: HTTP_PARSE_END if that completes a
 * message, HTTP_PARSE_MORE between two, else HTTP_PARSE_MALFORMED.
 */
enum http_parse_event http_parse_finish(struct http_parse *parse);

/* Returns 1 if a message has begun and has not ended. */
int http_parse_is_amid(const struct http_parse *parse);

const struct http_parse_message *http_parse_message(
	const struct http_parse *parse);

#endif
