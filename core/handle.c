/* SPDX-License-Identifier: MIT */
/*
 * The life of handles: init, liveness, closing.
 *
 *	ring of the loop     a handle is in it
 *	handles              from init until it is closed
 *	closing              closed, its callback due in the close phase
 *	closing_now          the same, in the close phase in progress
 */
#include "core/handle.h"

#include <errno.h>
#include <string.h>

#include "core/priority.h"
#include "core/ring.h"
#include "core/turn.h"

static void
init(struct rota_loop *loop, struct rota_handle *handle,
	const struct rota_handle_type *type, uint32_t flags)
{
	handle->loop = loop;
	handle->type = type;
	handle->place = NULL;
	handle->fn.close = NULL;
	handle->flags = flags | loop->walk_mark;
	handle->state = 0;
	rota__ring_init(&handle->link);
}

void
rota__handle_init(struct rota_loop *loop, struct rota_handle *handle,
	const struct rota_handle_type *type)
{
	init(loop, handle, type, ROTA__OPEN | ROTA__REFERENCED);
	rota__ring_append(&loop->handles, &handle->link);
}

void
rota__handle_init_internal(struct rota_loop *loop, struct rota_handle *handle,
	const struct rota_handle_type *type)
{
	init(loop, handle, type, ROTA__OPEN | ROTA__INTERNAL);
}

static void
forget_name(struct rota_handle *handle)
{
	struct rota__name **at = &handle->loop->names;
	struct rota__name *name;

	if (!(handle->flags & ROTA__NAMED))
		return;
	while ((*at)->handle != handle)
		at = &(*at)->next;
	name = *at;
	*at = name->next;
	rota__free(&handle->loop->memory, name);
	handle->flags &= ~(uint32_t)ROTA__NAMED;
}

void
rota__handle_free_names(struct rota_loop *loop)
{
	while (loop->names != NULL) {
		struct rota__name *name = loop->names;

		loop->names = name->next;
		rota__free(&loop->memory, name);
	}
}

/* An own type's function is user code as well. */
static void
call_finish(struct rota_loop *loop, struct rota_handle *handle)
{
	if (handle->type->finish == NULL)
		return;
	rota__before_callback(loop, handle->type->name, handle->place, handle);
	handle->type->finish(handle);
	rota__after_callback(loop);
}

/* From its callback on the handle is the caller's. */
static void
end(struct rota_loop *loop, struct rota_handle *handle)
{
	rota_close_fn *fn = handle->fn.close;

	call_finish(loop, handle);
	forget_name(handle);
	loop->n_priorities -= rota__handle_priority(handle) != 0;
	rota__ring_remove(&handle->link);
	rota__handle_set_flags(handle, 0);
	handle->loop = NULL;
	if (fn == NULL)
		return;
	rota__before_callback(loop, handle->type->name, handle->place, NULL);
	fn(handle);
	rota__after_callback(loop);
}

void
rota__handle_run_closing(struct rota_loop *loop)
{
	struct rota_link *now = &loop->closing_now;

	rota__ring_take_all(&loop->closing, now);
	while (!rota__ring_is_empty(now))
		end(loop, ROTA__CONTAINER(now->next, struct rota_handle, link));
}

int
rota_handle_close_at(
	struct rota_handle *handle, rota_close_fn *fn, const char *place)
{
	int is_unfinished = 0;

	if (handle == NULL || !(handle->flags & ROTA__OPEN) ||
		handle->flags & ROTA__INTERNAL)
		return -EINVAL;
	if (handle->flags & ROTA__CLOSING)
		return -EALREADY;
	handle->place = place;
	if (handle->type->close != NULL)
		is_unfinished = handle->type->close(handle);
	handle->fn.close = fn;
	rota__handle_set_flags(handle,
		(handle->flags & ~(uint32_t)ROTA__ACTIVE) | ROTA__CLOSING);
	if (!is_unfinished)
		(void)rota_handle_closed(handle);
	return 0;
}

int
rota_handle_closed(struct rota_handle *handle)
{
	if (handle == NULL ||
		(handle->flags & (ROTA__CLOSING | ROTA__ENDING)) !=
			ROTA__CLOSING)
		return -EINVAL;
	handle->flags |= ROTA__ENDING;
	rota__ring_remove(&handle->link);
	rota__ring_append(&handle->loop->closing, &handle->link);
	return 0;
}

/* Memory that was never set must not pass for a closing handle by chance. */
static int
is_surely_closing(const struct rota_handle *handle)
{
	return rota_handle_is_closing(handle) && handle->loop != NULL &&
		(handle->flags & ~(ROTA__ALL_FLAGS | ROTA__PRIORITY_BITS)) == 0;
}

int
rota_handle_init(struct rota_loop *loop, struct rota_handle *handle,
	const struct rota_handle_type *type)
{
	if (loop == NULL || handle == NULL || type == NULL ||
		is_surely_closing(handle))
		return -EINVAL;
	rota__handle_init(loop, handle, type);
	return 0;
}

int
rota_handle_set_active(
	struct rota_handle *handle, int active, const char *place)
{
	if (!rota__handle_is_open(handle))
		return -EINVAL;
	if (active)
		rota__handle_activate(handle, place);
	else
		rota__handle_deactivate(handle);
	return 0;
}

int
rota_handle_ref(struct rota_handle *handle)
{
	if (!rota__handle_is_open(handle))
		return -EINVAL;
	rota__handle_set_flags(handle, handle->flags | ROTA__REFERENCED);
	return 0;
}

int
rota_handle_unref(struct rota_handle *handle)
{
	if (!rota__handle_is_open(handle))
		return -EINVAL;
	rota__handle_set_flags(
		handle, handle->flags & ~(uint32_t)ROTA__REFERENCED);
	return 0;
}

int
rota_handle_has_ref(const struct rota_handle *handle)
{
	return handle != NULL && (handle->flags & ROTA__REFERENCED) != 0;
}

int
rota_handle_is_active(const struct rota_handle *handle)
{
	return handle != NULL && (handle->flags & ROTA__ACTIVE) != 0;
}

int
rota_handle_is_closing(const struct rota_handle *handle)
{
	return handle != NULL && (handle->flags & ROTA__CLOSING) != 0;
}

int
rota_handle_set_priority(struct rota_handle *handle, int priority)
{
	int r;

	if (!rota__handle_is_open(handle) ||
		priority < ROTA_HANDLE_PRIORITY_MIN ||
		priority > ROTA_HANDLE_PRIORITY_MAX)
		return -EINVAL;
	if (priority != 0) {
		r = rota__priority_reserve(handle->loop);
		if (r < 0)
			return r;
	}
	handle->loop->n_priorities += (uint32_t)(priority != 0) -
		(uint32_t)(rota__handle_priority(handle) != 0);
	rota__handle_set_flags(handle,
		(handle->flags & ~ROTA__PRIORITY_BITS) |
			(uint32_t)(uint8_t)priority << ROTA__PRIORITY_SHIFT);
	return 0;
}

int
rota_handle_priority(const struct rota_handle *handle)
{
	return handle == NULL ? 0 : rota__handle_priority(handle);
}

int
rota_handle_set_name(struct rota_handle *handle, const char *name)
{
	struct rota__name *entry = NULL;
	size_t n;

	if (!rota__handle_is_open(handle))
		return -EINVAL;
	if (name != NULL) {
		n = strlen(name) + 1;
		entry = rota__realloc(
			&handle->loop->memory, NULL, sizeof(*entry) + n);
		if (entry == NULL)
			return -ENOMEM;
		memcpy(entry->text, name, n);
	}
	forget_name(handle);
	if (entry != NULL) {
		entry->handle = handle;
		entry->next = handle->loop->names;
		handle->loop->names = entry;
		handle->flags |= ROTA__NAMED;
	}
	return 0;
}

const char *
rota_handle_name(const struct rota_handle *handle)
{
	const struct rota__name *name;

	if (handle == NULL || !(handle->flags & ROTA__NAMED))
		return NULL;
	name = handle->loop->names;
	while (name->handle != handle)
		name = name->next;
	return name->text;
}

struct rota_loop *
rota_handle_loop(const struct rota_handle *handle)
{
	return handle == NULL || !(handle->flags & ROTA__OPEN) ? NULL :
								 handle->loop;
}

static const struct rota_handle_type *const own_types[] = {
	&rota__check_type,
	&rota__file_type,
	&rota__file_watch_type,
	&rota__frame_type,
	&rota__idle_type,
	&rota__io_type,
	&rota__pipe_type,
	&rota__prepare_type,
	&rota__process_type,
	&rota__resolver_type,
	&rota__signal_type,
	&rota__tcp_type,
	&rota__timer_type,
	&rota__tty_type,
	&rota__udp_type,
	&rota__unix_type,
	&rota__wake_type,
};

const struct rota_handle_type *
rota__handle_type(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(own_types) / sizeof(own_types[0]); i++)
		if (strcmp(own_types[i]->name, name) == 0)
			return own_types[i];
	return NULL;
}

size_t
rota_handle_size(const char *type_name)
{
	const struct rota_handle_type *type = NULL;

	if (type_name != NULL)
		type = rota__handle_type(type_name);
	return type == NULL ? 0 : type->size;
}
