/* SPDX-License-Identifier: MIT */
/*
 * What is to be told of watched files, in order.
 *
 * A rename comes in two halves. The second to come takes the first out and
 * is told for both; a half that stays alone is told as what it is.
 */
#include <errno.h>
#include <string.h>

#include "core/files.h"
#include "core/ring.h"
#include "core/turn.h"

#define UNASKED (ROTA_FILE_GONE | ROTA_FILE_OVERFLOW | ROTA_FILE_FAILED)

static void
append(struct rota__files *files, struct rota__file_news *news)
{
	news->next = NULL;
	if (files->news_first == NULL)
		files->news_first = news;
	else
		files->news_last->next = news;
	files->news_last = news;
}

/* Room for the names of both halves, the old one last. */
static struct rota__file_news *
make(struct rota__file_node *node, const char *name, const char *old_name)
{
	struct rota_loop *loop = node->watch->handle.loop;
	size_t n = rota__file_node_name_bytes(node, name);
	size_t n_old = old_name ? strlen(old_name) + 1 : 0;
	struct rota__file_news *news;

	news = rota__realloc(&loop->memory, NULL, sizeof(*news) + n + n_old);
	if (news == NULL) {
		rota__file_tell_lost(node->watch);
		return NULL;
	}
	memset(news, 0, sizeof(*news));
	news->watch = node->watch;
	rota__file_node_write_name(node, name, news->name);
	if (old_name != NULL) {
		memcpy(news->name + n, old_name, n_old);
		news->old_name = news->name + n;
	}
	return news;
}

/* Takes the other half out of the halves; NULL if there is none. */
static struct rota__file_news *
take_half(
	struct rota_file_watch *watch, const struct rota__file_message *message)
{
	struct rota__file_news **at = &watch->handle.loop->files->halves;
	const struct rota__file_pair *pair = message->pair;

	for (; *at != NULL; at = &(*at)->next_half) {
		struct rota__file_news *half = *at;

		if (half->watch != watch ||
			half->is_before == message->is_before ||
			half->pair.a != pair->a || half->pair.b != pair->b ||
			half->pair.c != pair->c)
			continue;
		*at = half->next_half;
		return half;
	}
	return NULL;
}

static void
fill(struct rota__file_news *news, const struct rota__file_message *message)
{
	news->what = message->what;
	news->error = message->error;
	news->is_directory = message->is_directory;
	if (!rota__file_is_by_stat(news->watch))
		return;
	if (message->before != NULL) {
		news->before = *message->before;
		news->has_before = 1;
	}
	if (message->after != NULL) {
		news->after = *message->after;
		news->has_after = 1;
	}
}

/* One news for two halves, of which this is the later to come. */
static void
tell_both(struct rota__file_node *node, const char *name,
	const struct rota__file_message *message, struct rota__file_news *half)
{
	struct rota__file_news *news;

	news = make(node, name, half->name);
	if (news == NULL)
		return;
	fill(news, message);
	news->what = ROTA_FILE_RENAMED;
	if (half->has_before) {
		news->before = half->before;
		news->has_before = 1;
	}
	if (half->has_after) {
		news->after = half->after;
		news->has_after = 1;
	}
	append(node->watch->handle.loop->files, news);
	half->watch = NULL;
}

/* The name after has come first: the names change places. */
static void
tell_both_backwards(struct rota__file_node *node, const char *name,
	const struct rota__file_message *message, struct rota__file_news *half)
{
	struct rota__file_news *news;
	size_t n = strlen(half->name) + 1;

	news = make(node, name, half->name);
	if (news == NULL)
		return;
	fill(news, message);
	news->what = ROTA_FILE_RENAMED;
	news->after = half->after;
	news->has_after = half->has_after;
	memcpy(news->name, half->name, n);
	rota__file_node_write_name(node, name, news->name + n);
	news->old_name = news->name + n;
	append(node->watch->handle.loop->files, news);
	half->watch = NULL;
}

static void
tell_half(struct rota__file_node *node, const char *name,
	const struct rota__file_message *message)
{
	struct rota__files *files = node->watch->handle.loop->files;
	struct rota__file_news *half = take_half(node->watch, message);
	struct rota__file_news *news;

	if (half != NULL && !message->is_before) {
		tell_both(node, name, message, half);
		return;
	}
	if (half != NULL) {
		tell_both_backwards(node, name, message, half);
		return;
	}
	news = make(node, name, NULL);
	if (news == NULL)
		return;
	fill(news, message);
	news->is_before = message->is_before;
	news->pair = *message->pair;
	news->next_half = files->halves;
	files->halves = news;
	append(files, news);
}

void
rota__file_tell(struct rota__file_node *node, const char *name,
	const struct rota__file_message *message)
{
	unsigned wanted = node->watch->wanted | UNASKED;
	struct rota__file_news *news;

	if (message->pair != NULL && wanted & ROTA_FILE_RENAMED) {
		tell_half(node, name, message);
		return;
	}
	if (!(message->what & wanted))
		return;
	news = make(node, name, NULL);
	if (news == NULL)
		return;
	fill(news, message);
	append(node->watch->handle.loop->files, news);
}

static void
set_flag(struct rota_file_watch *watch, uint32_t flag)
{
	if (watch->handle.state == 0)
		watch->handle.loop->files->n_flagged++;
	watch->handle.state |= flag;
}

/* Takes no memory, since it is told for want of it. */
void
rota__file_tell_lost(struct rota_file_watch *watch)
{
	set_flag(watch, ROTA_FILE_OVERFLOW);
}

/* Each kind of error once: what fails once often fails for all. */
void
rota__file_tell_failed(
	struct rota__file_node *node, const char *name, int error)
{
	struct rota__file_message message = {
		.what = ROTA_FILE_FAILED,
		.error = error,
		.is_directory = 1,
	};

	if (node->watch->error == error)
		return;
	node->watch->error = error;
	rota__file_tell(node, name, &message);
}

/* Without memory either. */
void
rota__file_tell_gone(struct rota_file_watch *watch)
{
	set_flag(watch, ROTA_FILE_GONE);
}

static uint32_t
take_flags(struct rota_file_watch *watch)
{
	uint32_t flags = watch->handle.state;

	if (flags != 0)
		watch->handle.loop->files->n_flagged--;
	watch->handle.state = 0;
	return flags;
}

static void
call(struct rota_file_watch *watch, const struct rota_file_event *event)
{
	struct rota_loop *loop = watch->handle.loop;

	rota__before_callback(
		loop, "file_watch", watch->handle.place, &watch->handle);
	watch->fn(watch, event);
	rota__after_callback(loop);
}

static void
deliver_one(const struct rota__file_news *news)
{
	struct rota_file_event event = {
		.what = news->what,
		.error = news->error,
		.is_directory = news->is_directory,
		.name = news->name,
		.old_name = news->old_name,
		.before = news->has_before ? &news->before : NULL,
		.after = news->has_after ? &news->after : NULL,
	};

	if (news->watch != NULL && news->what & (news->watch->wanted | UNASKED))
		call(news->watch, &event);
}

/* What took no memory comes last; the end ends the watch. */
static void
deliver_flags(struct rota_file_watch *watch)
{
	uint32_t flags = take_flags(watch);
	struct rota_file_event event = { .name = "" };

	if (flags == 0)
		return;
	event.what = flags & ROTA_FILE_GONE ? ROTA_FILE_GONE :
					      ROTA_FILE_OVERFLOW;
	if (flags & ROTA_FILE_GONE)
		(void)rota_file_watch_stop(watch);
	call(watch, &event);
}

static void
deliver_all_news(struct rota_loop *loop)
{
	struct rota__files *files = loop->files;
	struct rota__file_news *news;

	files->halves = NULL;
	while ((news = files->news_first) != NULL) {
		files->news_first = news->next;
		if (news->next == NULL)
			files->news_last = NULL;
		deliver_one(news);
		rota__free(&loop->memory, news);
	}
}

/* A callback may start or stop any watch, but the walk's cursor holds. */
void
rota__file_deliver(struct rota_loop *loop)
{
	struct rota__cursor cursor;
	struct rota_link *link;

	deliver_all_news(loop);
	if (loop->files->n_flagged == 0)
		return;
	rota__cursor_open(&cursor, &loop->files->watches);
	while ((link = rota__cursor_next(&cursor)) != NULL)
		deliver_flags(
			ROTA__CONTAINER(link, struct rota_file_watch, in_loop));
}

void
rota__file_mute(struct rota_file_watch *watch)
{
	struct rota__file_news *news = watch->handle.loop->files->news_first;

	for (; news != NULL; news = news->next)
		if (news->watch == watch)
			news->watch = NULL;
	(void)take_flags(watch);
}
