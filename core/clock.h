/* SPDX-License-Identifier: MIT */
/*
 * Times are unsigned nanoseconds; additions stop at the end of the clock.
 * All conversions to the kernel's units are here, and all round up.
 */
#ifndef ROTA_CORE_CLOCK_H
#define ROTA_CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* a + b, at most UINT64_MAX. */
static inline uint64_t
rota__clock_add(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns > UINT64_MAX - b_ns ? UINT64_MAX : a_ns + b_ns;
}

/*
 * Milliseconds for calls that take an int: -1 for UINT64_MAX ("for ever"),
 * else rounded up and at most INT_MAX. A wait cut short by the limit only
 * makes the loop ask again.
 */
int rota__clock_to_ms(uint64_t ns);

/* The same as a timespec, at most three years; not for UINT64_MAX. */
struct timespec rota__clock_to_timespec(uint64_t ns);

/* Seconds for options of sockets: rounded up and at most INT_MAX. */
int rota__clock_to_s(uint64_t ns);

#endif
