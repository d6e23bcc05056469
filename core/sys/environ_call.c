/* SPDX-License-Identifier: MIT */
/*
 * The environment that a child gets if no other is given, where a shared
 * library cannot see the variable.
 */
#include <crt_externs.h>

#include "core/sys.h"

char **
rota__sys_environment(void)
{
	return *_NSGetEnviron();
}
