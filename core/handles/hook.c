/* SPDX-License-Identifier: MIT */
/* Hooks of the idle, prepare and check phases, see rota/hook.h. */
#include "rota/hook.h"

#include <errno.h>

#include "core/handle.h"
#include "core/ring.h"

static int
close_hook(struct rota_handle *handle)
{
	struct rota_hook *hook = (struct rota_hook *)handle;

	handle->loop->n_hooks -= (uint32_t)rota_handle_is_active(handle);
	rota__ring_remove(&hook->order);
	return 0;
}

const struct rota_handle_type rota__idle_type = {
	.name = "idle",
	.size = sizeof(struct rota_hook),
	.close = close_hook,
};

const struct rota_handle_type rota__prepare_type = {
	.name = "prepare",
	.size = sizeof(struct rota_hook),
	.close = close_hook,
};

const struct rota_handle_type rota__check_type = {
	.name = "check",
	.size = sizeof(struct rota_hook),
	.close = close_hook,
};

static int
init(struct rota_loop *loop, struct rota_hook *hook,
	const struct rota_handle_type *type)
{
	if (loop == NULL || hook == NULL)
		return -EINVAL;
	hook->fn = NULL;
	rota__ring_init(&hook->order);
	rota__handle_init(loop, &hook->handle, type);
	return 0;
}

int
rota_idle_init(struct rota_loop *loop, struct rota_hook *hook)
{
	return init(loop, hook, &rota__idle_type);
}

int
rota_prepare_init(struct rota_loop *loop, struct rota_hook *hook)
{
	return init(loop, hook, &rota__prepare_type);
}

int
rota_check_init(struct rota_loop *loop, struct rota_hook *hook)
{
	return init(loop, hook, &rota__check_type);
}

static struct rota_link *
phase_of(const struct rota_hook *hook)
{
	struct rota_loop *loop = hook->handle.loop;

	if (hook->handle.type == &rota__idle_type)
		return &loop->idle;
	if (hook->handle.type == &rota__prepare_type)
		return &loop->prepare;
	return &loop->check;
}

int
rota_hook_start_at(struct rota_hook *hook, rota_hook_fn *fn, const char *place)
{
	if (hook == NULL || fn == NULL || !rota__handle_is_open(&hook->handle))
		return -EINVAL;
	hook->fn = fn;
	hook->handle.loop->n_hooks +=
		(uint32_t)!rota_handle_is_active(&hook->handle);
	rota__ring_remove(&hook->order);
	rota__ring_append(phase_of(hook), &hook->order);
	rota__handle_activate(&hook->handle, place);
	return 0;
}

int
rota_hook_stop(struct rota_hook *hook)
{
	if (hook == NULL)
		return -EINVAL;
	if (!rota_handle_is_active(&hook->handle))
		return 0;
	hook->handle.loop->n_hooks--;
	rota__ring_remove(&hook->order);
	rota__handle_deactivate(&hook->handle);
	return 0;
}
