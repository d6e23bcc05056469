/* SPDX-License-Identifier: MIT */
/* Conversions of time, see clock.h, and the public questions about now. */
#include "core/clock.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

#include "core/loop.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/* Some kernels refuse tv_sec above 10^8; three years are for ever enough. */
#define MAX_SECONDS UINT64_C(100000000)

int
rota__clock_to_ms(uint64_t ns)
{
	uint64_t ms;

	if (ns == UINT64_MAX)
		return -1;
	ms = ns / NS_PER_MS + (ns % NS_PER_MS != 0);
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

struct timespec
rota__clock_to_timespec(uint64_t ns)
{
	struct timespec ts = { 0 };

	if (ns / NS_PER_S >= MAX_SECONDS) {
		ts.tv_sec = (time_t)MAX_SECONDS;
		return ts;
	}
	ts.tv_sec = (time_t)(ns / NS_PER_S);
	ts.tv_nsec = (long)(ns % NS_PER_S);
	return ts;
}

int
rota__clock_to_s(uint64_t ns)
{
	uint64_t s = ns / NS_PER_S + (ns % NS_PER_S != 0);

	return s > INT_MAX ? INT_MAX : (int)s;
}

uint64_t
rota_loop_now(struct rota_loop *loop)
{
	return loop == NULL ? 0 : rota__loop_now(loop);
}

int
rota_loop_update(struct rota_loop *loop)
{
	if (loop == NULL)
		return -EINVAL;
	loop->now_is_good = 0;
	(void)rota__loop_now(loop);
	return 0;
}
