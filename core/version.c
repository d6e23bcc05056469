/* SPDX-License-Identifier: MIT */
/* The version of the library. */
#include "rota/version.h"

const char *
rota_version(void)
{
	return ROTA_TEXT(ROTA_VERSION_MAJOR) "." ROTA_TEXT(
		ROTA_VERSION_MINOR) "." ROTA_TEXT(ROTA_VERSION_PATCH);
}
