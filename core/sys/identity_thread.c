/* SPDX-License-Identifier: MIT */
/*
 * The child's user and groups, by the bare system calls. The C library's
 * functions change all threads that it knows of, and in a child that shares
 * the memory of its parent it knows of the parent's.
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "core/sys.h"

/* Machines whose first calls had users of 16 bits have a second set. */
#ifdef SYS_setresuid32
#define CALL_SETGROUPS SYS_setgroups32
#define CALL_SETRESGID SYS_setresgid32
#define CALL_SETRESUID SYS_setresuid32
#else
#define CALL_SETGROUPS SYS_setgroups
#define CALL_SETRESGID SYS_setresgid
#define CALL_SETRESUID SYS_setresuid
#endif

int
rota__sys_child_setgroups(unsigned n, const gid_t *groups)
{
	return (int)syscall(CALL_SETGROUPS, n, groups);
}

int
rota__sys_child_setgid(gid_t gid)
{
	return (int)syscall(CALL_SETRESGID, gid, gid, gid);
}

int
rota__sys_child_setuid(uid_t uid)
{
	return (int)syscall(CALL_SETRESUID, uid, uid, uid);
}
