/* SPDX-License-Identifier: MIT */
/*
 * Hooks: handles called once every turn, in their phase, in the order they
 * were started. An active idle hook keeps poll from waiting.
 */
#ifndef ROTA_HOOK_H
#define ROTA_HOOK_H

#include <rota/handle.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_hook;

typedef void rota_hook_fn(struct rota_hook *hook);

struct rota_hook {
	struct rota_handle handle;

	/* Private from here on. */
	rota_hook_fn *fn;
	struct rota_link order;
};

/*
 * Each makes a blank hook one for its phase: idle, prepare (both before
 * poll, in this order) or check (after poll).
 *
 * errors: -EINVAL an argument is NULL; the hook is as before.
 * when: the loop's thread.
 */
ROTA_API int rota_idle_init(struct rota_loop *loop, struct rota_hook *hook);
ROTA_API int rota_prepare_init(struct rota_loop *loop, struct rota_hook *hook);
ROTA_API int rota_check_init(struct rota_loop *loop, struct rota_hook *hook);

/*
 * Starts a hook, or restarts it as the last one of its phase. A hook started
 * by a hook of the same phase is first called next turn.
 *
 * errors: -EINVAL an argument is NULL, or the hook is closing or closed;
 *	nothing changes.
 * when: the loop's thread.
 */
ROTA_API int rota_hook_start_at(
	struct rota_hook *hook, rota_hook_fn *fn, const char *place);
#define rota_hook_start(hook, fn) rota_hook_start_at(hook, fn, ROTA_PLACE(fn))

/*
 * Stops a hook; 0 also if it was not active.
 * errors: -EINVAL hook is NULL.
 * when: the loop's thread.
 */
ROTA_API int rota_hook_stop(struct rota_hook *hook);

ROTA_END_C

#endif
