/* SPDX-License-Identifier: MIT */
/* Reads what ROTA_PLACE wrote: a callback's name, then "file:line". */
#ifndef ROTA_CORE_PLACE_H
#define ROTA_CORE_PLACE_H

#include <string.h>

/* NULL in a macro's argument has become a cast of 0 by then. */
static inline const char *
rota__place_callback(const char *place)
{
	if (place == NULL)
		return "?";
	return *place == '(' || *place == '0' ? "NULL" : place;
}

static inline const char *
rota__place_line(const char *place)
{
	return place == NULL ? "?" : place + strlen(place) + 1;
}

#endif
