/* SPDX-License-Identifier: MIT */
/* Which rota this is: of the headers, and of the library at run time. */
#ifndef ROTA_VERSION_H
#define ROTA_VERSION_H

#include <rota/types.h>

ROTA_BEGIN_C

#define ROTA_VERSION_MAJOR 0
#define ROTA_VERSION_MINOR 1
#define ROTA_VERSION_PATCH 0

/*
 * Names the version of the library in use, as "0.1.0".
 * when: any thread, any time, also in a signal handler. The string is
 *	constant.
 */
ROTA_API const char *rota_version(void);

ROTA_END_C

#endif
