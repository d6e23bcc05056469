/* SPDX-License-Identifier: MIT */
/*
 * Errors are negative errno values of the system at hand. rota adds two
 * values of its own, below all that a system uses.
 */
#ifndef ROTA_ERROR_H
#define ROTA_ERROR_H

#include <rota/types.h>

ROTA_BEGIN_C

/* The other side will send no more. Told once, to a read callback. */
#define ROTA_EOF (-4095)

/*
 * Names an error, as "ECONNRESET" or "EOF".
 *
 * unit: a negative errno, ROTA_EOF, or 0.
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

ROTA_END_C

#endif
