/* SPDX-License-Identifier: MIT */
/* Watches of files, see rota/file_watch.h; core/files.h has the picture. */
#include "rota/file_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/files.h"
#include "core/request.h"
#include "core/ring.h"

#define HOWS (ROTA_FILE_RECURSIVE | ROTA_FILE_BY_STAT)

static const char *
way_of(const struct rota_file_watch *watch)
{
	return rota__file_is_by_stat(watch) ? "stat" : rota__sys_file_way;
}

static int
close_watch(struct rota_handle *handle)
{
	struct rota_file_watch *watch = (struct rota_file_watch *)handle;

	(void)rota_file_watch_stop(watch);
	rota__heap_release(&handle->loop->heap, &watch->alarm);
	return 0;
}

static void
describe_watch(const struct rota_handle *handle, char *text, size_t size_bytes)
{
	const struct rota_file_watch *watch =
		(const struct rota_file_watch *)handle;

	if (rota_handle_is_active(handle))
		(void)snprintf(text, size_bytes, "%s by %s", watch->path,
			way_of(watch));
}

const struct rota_handle_type rota__file_watch_type = {
	.name = "file_watch",
	.size = sizeof(struct rota_file_watch),
	.close = close_watch,
	.describe = describe_watch,
};

int
rota_file_watch_init(struct rota_loop *loop, struct rota_file_watch *watch)
{
	int r;

	if (loop == NULL || watch == NULL)
		return -EINVAL;
	r = rota__files_get(loop);
	if (r < 0)
		return r;
	r = rota__heap_reserve(&loop->heap, &watch->alarm);
	if (r < 0)
		return r;
	watch->alarm.kind = ROTA__ALARM_FILES;
	watch->fn = NULL;
	watch->root = NULL;
	watch->path = NULL;
	watch->interval_ns = ROTA_SECOND;
	watch->wanted = 0;
	watch->error = 0;
	rota__ring_init(&watch->in_loop);
	rota__handle_init(loop, &watch->handle, &rota__file_watch_type);
	return 0;
}

/* What a start builds, and a stop or another start takes down. */
static void
take_down(struct rota_loop *loop, struct rota__file_node *root, char *path)
{
	if (root != NULL)
		rota__file_node_drop(root);
	rota__free(&loop->memory, path);
}

/* The system may have no way to tell, or none for this process. */
static int
choose_way(struct rota_file_watch *watch)
{
	int r;

	if (rota__file_is_by_stat(watch))
		return 0;
	r = rota__files_open(watch->handle.loop);
	if (r != -ENOSYS)
		return r;
	watch->wanted |= ROTA_FILE_BY_STAT;
	return 0;
}

static int
build(struct rota_file_watch *watch)
{
	int r;

	watch->root = rota__file_node_make(watch, NULL, "");
	if (watch->root == NULL)
		return -ENOMEM;
	r = rota__file_look(watch->root, &watch->root->stat);
	if (r == 0)
		r = choose_way(watch);
	if (r < 0)
		return r;
	if (rota__sys_file_tells_names && !rota__file_is_by_stat(watch))
		return rota__file_named_start(watch);
	return rota__file_scanned_start(watch);
}

/* Builds the new beside the old, which is still there if that fails. */
static int
rebuild(struct rota_file_watch *watch, const char *path, unsigned wanted)
{
	struct rota_loop *loop = watch->handle.loop;
	struct rota_file_watch old = *watch;
	size_t n = strlen(path) + 1;
	char *copy = rota__realloc(&loop->memory, NULL, n);
	int r;

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, path, n);
	watch->path = copy;
	watch->wanted = wanted;
	watch->root = NULL;
	r = build(watch);
	if (r == 0) {
		take_down(loop, old.root, old.path);
		return 0;
	}
	take_down(loop, watch->root, watch->path);
	watch->path = old.path;
	watch->wanted = old.wanted;
	watch->root = old.root;
	return r;
}

static void
set_alarm(struct rota_file_watch *watch)
{
	struct rota_loop *loop = watch->handle.loop;

	rota__heap_stop(&loop->heap, &watch->alarm);
	if (rota__file_is_by_stat(watch))
		rota__heap_start(&loop->heap, &watch->alarm,
			rota__clock_add(
				loop->sys->clock_ns(), watch->interval_ns));
}

int
rota_file_watch_start_at(struct rota_file_watch *watch, const char *path,
	unsigned wanted, rota_file_watch_fn *fn, const char *place)
{
	struct rota_loop *loop;
	int r;

	if (watch == NULL || path == NULL || fn == NULL ||
		!rota__handle_is_open(&watch->handle) ||
		!(wanted & ROTA_FILE_ALL) ||
		wanted & ~(unsigned)(ROTA_FILE_ALL | HOWS))
		return -EINVAL;
	loop = watch->handle.loop;
	r = rebuild(watch, path, wanted);
	if (r < 0)
		return r;
	rota__file_mute(watch);
	watch->fn = fn;
	watch->error = 0;
	set_alarm(watch);
	rota__ring_remove(&watch->in_loop);
	rota__ring_append(&loop->files->watches, &watch->in_loop);
	rota__handle_activate(&watch->handle, place);
	return 0;
}

int
rota_file_watch_stop(struct rota_file_watch *watch)
{
	struct rota_loop *loop;

	if (watch == NULL)
		return -EINVAL;
	if (!rota_handle_is_active(&watch->handle))
		return 0;
	loop = watch->handle.loop;
	rota__file_mute(watch);
	take_down(loop, watch->root, watch->path);
	watch->root = NULL;
	watch->path = NULL;
	rota__heap_stop(&loop->heap, &watch->alarm);
	rota__ring_remove(&watch->in_loop);
	rota__handle_deactivate(&watch->handle);
	return 0;
}

int
rota_file_watch_set_interval(
	struct rota_file_watch *watch, uint64_t interval_ns)
{
	if (watch == NULL || !rota__handle_is_open(&watch->handle) ||
		interval_ns < ROTA_MILLISECOND)
		return -EINVAL;
	watch->interval_ns = interval_ns;
	return 0;
}

const char *
rota_file_watch_path(const struct rota_file_watch *watch)
{
	return watch != NULL && rota_handle_is_active(&watch->handle) ?
		watch->path :
		NULL;
}

const char *
rota_file_watch_way(const struct rota_file_watch *watch)
{
	return watch != NULL && rota_handle_is_active(&watch->handle) ?
		way_of(watch) :
		NULL;
}

const char *
rota_file_what_name(unsigned what)
{
	static const struct {
		unsigned what;
		const char *name;
	} names[] = {
		{ ROTA_FILE_CREATED, "created" },
		{ ROTA_FILE_REMOVED, "removed" },
		{ ROTA_FILE_RENAMED, "renamed" },
		{ ROTA_FILE_CHANGED, "changed" },
		{ ROTA_FILE_ATTRIBUTES, "attributes" },
		{ ROTA_FILE_GONE, "gone" },
		{ ROTA_FILE_OVERFLOW, "overflow" },
		{ ROTA_FILE_FAILED, "failed" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].what == what)
			return names[i].name;
	return NULL;
}
