/* SPDX-License-Identifier: MIT */
/*
 * A child in a copy of our memory: fork(2), where there is nothing better,
 * and under sanitizers, whose books a child in our memory would upset.
 */
#include <errno.h>
#include <unistd.h>

#include "core/spawn.h"
#include "core/sys.h"

pid_t
rota__sys_start_child(struct rota__spawn *spawn)
{
	pid_t pid = fork();

	if (pid == 0)
		(void)rota__child_main(spawn);
	return pid < 0 ? -errno : pid;
}
