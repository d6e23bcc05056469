/* SPDX-License-Identifier: MIT */
/* The environment that a child gets if no other is given. */
#include <unistd.h>

#include "core/sys.h"

/* POSIX leaves the declaration to us; some headers have it too. */
/* NOLINTNEXTLINE(readability-redundant-declaration) */
extern char **environ;

char **
rota__sys_environment(void)
{
	return environ;
}
