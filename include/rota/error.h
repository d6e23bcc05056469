/* SPDX-License-Identifier: MIT */
/*
 * Errors are negative errno values of the system at hand. rota adds a few
 * values of its own, below all that a system uses.
 */
#ifndef ROTA_ERROR_H
#define ROTA_ERROR_H

#include <rota/types.h>

ROTA_BEGIN_C

/* The other side will send no more. Told once, to a read callback. */
#define ROTA_EOF (-4095)

/*
 * What a look-up of a name may end with, besides errno values: the EAI_*
 * numbers of getaddrinfo(3), which differ from system to system. EAI_MEMORY
 * is -ENOMEM, and EAI_SYSTEM the errno behind it.
 */

/* The host has no address of the family asked for. */
#define ROTA_EAI_ADDRFAMILY (-4001)
/* The name server did not answer, or could not say: later it may. */
#define ROTA_EAI_AGAIN (-4002)
#define ROTA_EAI_BADFLAGS (-4003)
/* The name server has failed, or refused, for good. */
#define ROTA_EAI_FAIL (-4004)
#define ROTA_EAI_FAMILY (-4005)
/* The host is there, but has no record of the kind asked for. */
#define ROTA_EAI_NODATA (-4006)
/* There is no such host, or no such service. */
#define ROTA_EAI_NONAME (-4007)
/* A name was longer than its place. */
#define ROTA_EAI_OVERFLOW (-4008)
/* The service is not there for this type of socket. */
#define ROTA_EAI_SERVICE (-4009)
#define ROTA_EAI_SOCKTYPE (-4010)

/*
 * Names an error, as "ECONNRESET", "EOF" or "EAI_NONAME".
 *
 * unit: a negative errno, ROTA_EOF, a ROTA_EAI_ number, or 0.
 * shape: a constant string; "UNKNOWN" for a number that has no name.
 * when: any thread, any time, also in a signal handler.
 */
ROTA_API const char *rota_error_name(int error);

/*
 * Explains an error in a few words, as "connection reset by peer".
 *
 * unit, shape, when: as rota_error_name(). The words are rota's own and do
 * not depend on the locale.
 */
ROTA_API const char *rota_error_text(int error);

/*
 * Explains how a request ended: what was done, what it was about if its kind
 * says that, and the error's text, as "open /x/y: no such name". If it has
 * not failed, or not ended, `text` becomes "".
 *
 * shape: always terminated; cut to size_bytes.
 * errors: -EINVAL an argument is NULL or size_bytes is 0, or the request was
 *	never started.
 * when: the loop's thread, from the request's end until it is used again;
 *	what it was given, as a path, must still be there.
 */
ROTA_API int rota_error_explain(
	const struct rota_request *request, char *text, size_t size_bytes);

ROTA_END_C

#endif
