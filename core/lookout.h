/* SPDX-License-Identifier: MIT */
/*
 * Whether it pays to look out for what comes next before a thread falls
 * asleep. To be woken on another processor takes far longer than a short job;
 * but who looks out in vain has kept a processor busy for nothing. So each
 * time in vain lets twice as many chances pass before the next try, and the
 * first one that pays lets none pass any more.
 */
#ifndef ROTA_CORE_LOOKOUT_H
#define ROTA_CORE_LOOKOUT_H

#include <stdint.h>

struct rota__lookout {
	/* So many chances pass after a look-out in vain; and of those, left. */
	uint8_t n_pass;
	uint8_t n_left;
};

/* 1 to look out this time, and then to say whether it has paid. */
static inline int
rota__lookout_may(struct rota__lookout *lookout)
{
	if (lookout->n_left == 0)
		return 1;
	lookout->n_left--;
	return 0;
}

static inline void
rota__lookout_learn(struct rota__lookout *lookout, int has_paid)
{
	if (has_paid)
		lookout->n_pass = 0;
	else
		lookout->n_pass = (uint8_t)(lookout->n_pass * 2 + 1);
	lookout->n_left = lookout->n_pass;
}

#endif
