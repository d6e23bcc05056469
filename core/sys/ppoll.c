/* SPDX-License-Identifier: MIT */
/* poll with nanoseconds. */
#include <errno.h>
#include <time.h>

#include "core/clock.h"
#include "core/sys.h"

const int rota__sys_poll_is_coarse = 0;

int
rota__sys_poll(struct pollfd *fds, nfds_t n, uint64_t timeout_ns)
{
	struct timespec ts;
	int r;

	if (timeout_ns == UINT64_MAX) {
		r = ppoll(fds, n, NULL, NULL);
	} else {
		ts = rota__clock_to_timespec(timeout_ns);
		r = ppoll(fds, n, &ts, NULL);
	}
	return r < 0 ? -errno : r;
}
