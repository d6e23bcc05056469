/* SPDX-License-Identifier: MIT */
/* The child's user and groups, where they belong to the whole process. */
#include <grp.h>
#include <unistd.h>

#include "core/sys.h"

int
rota__sys_child_setgroups(unsigned n, const gid_t *groups)
{
	return setgroups((int)n, groups);
}

int
rota__sys_child_setgid(gid_t gid)
{
	return setgid(gid);
}

int
rota__sys_child_setuid(uid_t uid)
{
	return setuid(uid);
}
