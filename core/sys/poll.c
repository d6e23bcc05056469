/* SPDX-License-Identifier: MIT */
/* poll with milliseconds, rounded up. */
#include <errno.h>

#include "core/clock.h"
#include "core/sys.h"

const int rota__sys_poll_is_coarse = 1;

int
rota__sys_poll(struct pollfd *fds, nfds_t n, uint64_t timeout_ns)
{
	int r = poll(fds, n, rota__clock_to_ms(timeout_ns));

	return r < 0 ? -errno : r;
}
