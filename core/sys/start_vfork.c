/* SPDX-License-Identifier: MIT */
/* A child in our memory, while the calling thread stands still: vfork(2). */
#include <errno.h>
#include <unistd.h>

#include "core/spawn.h"
#include "core/sys.h"

pid_t
rota__sys_start_child(struct rota__spawn *spawn)
{
	pid_t pid = vfork();

	/* What it calls it may call: see core/sys/child.c. It never returns. */
	if (pid == 0)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Vfork) */
		(void)rota__child_main(spawn);
	return pid < 0 ? -errno : pid;
}
