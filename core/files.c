/* SPDX-License-Identifier: MIT */
/* The watched files of a loop, see files.h. */
#include "core/files.h"

#include <errno.h>
#include <string.h>

#include "core/clock.h"
#include "core/ring.h"

/* So much is read in one go; more is still readable in the next turn. */
#define MAX_READS 32

static int
uses_kernel(const struct rota_file_watch *watch)
{
	return !rota__file_is_by_stat(watch);
}

static struct rota_file_watch *
watch_at(struct rota_link *link)
{
	return ROTA__CONTAINER(link, struct rota_file_watch, in_loop);
}

void
rota__files_gone(struct rota_file_watch *watch)
{
	if (watch->root == NULL)
		return;
	rota__file_node_drop(watch->root);
	watch->root = NULL;
	rota__file_tell_gone(watch);
}

int
rota__files_check_root(struct rota_file_watch *watch)
{
	struct rota_file_stat now;
	struct stat seen;

	if (watch->handle.loop->sys->stat(watch->path, &seen) == 0) {
		rota__file_stat_of(&seen, &now);
		if (rota__file_is_same(&now, &watch->root->stat))
			return 0;
	}
	rota__files_gone(watch);
	return 1;
}

/* All reports before the one in hand have been lost, of all watches. */
static void
lose(struct rota__files *files)
{
	struct rota_link *link = files->watches.next;

	for (; link != &files->watches; link = link->next) {
		struct rota_file_watch *watch = watch_at(link);

		if (!uses_kernel(watch) || watch->root == NULL)
			continue;
		rota__file_tell_lost(watch);
		rota__file_named_resync(watch);
	}
}

/* Several nodes may have one number, and each may end by its report. */
static void
report(struct rota__files *files, const struct rota__file_report *report)
{
	struct rota__file_node *node;

	if (report->what & ROTA__FILE_LOST) {
		lose(files);
		return;
	}
	files->serial++;
	while ((node = rota__file_node_of_id(
			files, report->id, files->serial)) != NULL) {
		node->serial = files->serial;
		if (rota__sys_file_tells_names)
			rota__file_named_report(node, report);
		else
			rota__file_scanned_report(node, report);
	}
}

static void
report_all(struct rota__files *files, size_t n)
{
	struct rota__file_report next;
	size_t at = 0;

	while (at < n) {
		at = rota__sys_file_next(files->read, at, &next);
		report(files, &next);
	}
}

/* Names that scans have told: no report of them is left. */
static void
forget_found(struct rota__files *files)
{
	while (!rota__ring_is_empty(&files->found))
		rota__file_forget_list(ROTA__CONTAINER(
			files->found.next, struct rota__file_node, in_found));
}

/* Turns what the kernel has into news. */
static void
read_all(struct rota_loop *loop)
{
	struct rota__files *files = loop->files;
	int fd = files->watcher.watch.fd;
	unsigned n_reads = 0;
	ssize_t n;

	do {
		n = loop->sys->file_read(fd, files->read, sizeof(files->read));
		if (n > 0)
			report_all(files, (size_t)n);
	} while (n > 0 && ++n_reads < MAX_READS);
	rota__file_scanned_look(loop);
	if (n > 0)
		return;
	rota__file_drop_adrift(loop);
	forget_found(files);
}

/* The backend cannot watch the kernel's descriptor: a start tries again. */
static void
tell_all_failed(struct rota_loop *loop)
{
	struct rota__files *files = loop->files;
	struct rota_link *link = files->watches.next;

	for (; link != &files->watches; link = link->next) {
		struct rota_file_watch *watch = watch_at(link);

		if (uses_kernel(watch) && watch->root != NULL)
			rota__file_tell_failed(
				watch->root, "", loop->fds.error);
	}
}

static void
files_ready(struct rota_handle *handle, unsigned ready)
{
	if (ready & ROTA_FAILED)
		tell_all_failed(handle->loop);
	else
		read_all(handle->loop);
	rota__file_deliver(handle->loop);
}

static const struct rota_handle_type files_type = {
	.name = "files",
	.size = sizeof(struct rota__watcher),
	.ready = files_ready,
};

int
rota__files_get(struct rota_loop *loop)
{
	struct rota__files *files = loop->files;

	if (files != NULL)
		return 0;
	files = rota__realloc(&loop->memory, NULL, sizeof(*files));
	if (files == NULL)
		return -ENOMEM;
	memset(files, 0, offsetof(struct rota__files, read));
	rota__handle_init_internal(loop, &files->watcher.handle, &files_type);
	rota__watch_bind(&files->watcher.watch, -1);
	rota__ring_init(&files->watches);
	rota__ring_init(&files->adrift);
	rota__ring_init(&files->marked);
	rota__ring_init(&files->found);
	loop->files = files;
	return 0;
}

int
rota__files_open(struct rota_loop *loop)
{
	struct rota_watch *watch = &loop->files->watcher.watch;
	int fd;
	int r;

	/* The backend may have refused it, and be better off by now. */
	if (watch->fd >= 0 && !(watch->flags & ROTA__WATCH_LINKED))
		rota__watch_start(loop, watch, ROTA_READABLE);
	if (watch->fd >= 0)
		return 0;
	fd = loop->sys->file_open();
	if (fd < 0)
		return fd;
	r = rota__fds_reserve(loop, fd);
	if (r < 0) {
		(void)loop->sys->close(fd);
		return r;
	}
	loop->files->pid = loop->sys->getpid();
	rota__watch_bind(watch, fd);
	rota__watch_start(loop, watch, ROTA_READABLE);
	return 0;
}

void
rota__files_fini(struct rota_loop *loop)
{
	struct rota__files *files = loop->files;
	int fd;

	if (files == NULL)
		return;
	fd = files->watcher.watch.fd;
	if (fd >= 0) {
		rota__watch_forget(loop, &files->watcher.watch, 1);
		(void)loop->sys->close(fd);
	}
	rota__free(&loop->memory, files->buckets);
	rota__free(&loop->memory, files);
	loop->files = NULL;
}

void
rota__files_expire(struct rota_loop *loop, struct rota_alarm *alarm)
{
	struct rota_file_watch *watch =
		ROTA__CONTAINER(alarm, struct rota_file_watch, alarm);

	rota__heap_start(&loop->heap, alarm,
		rota__clock_add(loop->now_ns, watch->interval_ns));
	rota__file_scanned_mark_all(watch);
	rota__file_scanned_look(loop);
	rota__file_drop_adrift(loop);
	rota__file_deliver(loop);
}

static void
deliver_posted(struct rota_loop *loop, void *data)
{
	(void)data;
	rota__file_deliver(loop);
}

/*
 * In a child the numbers are of a descriptor that it shares with its parent,
 * whose watches must stay, or that it has not got; then they are descriptors
 * of its own.
 */
static void
forget_numbers(struct rota_loop *loop)
{
	struct rota__files *files = loop->files;
	size_t i;

	for (i = 0; i < files->n_buckets; i++) {
		struct rota__file_node *node = files->buckets[i];

		for (; node != NULL; node = node->next_in_bucket) {
			if (!rota__sys_file_outlives_fork)
				loop->sys->file_remove(-1, node->id);
			node->id = -1;
			rota__ring_append(&files->marked, &node->in_marked);
		}
		files->buckets[i] = NULL;
	}
	files->n_ids = 0;
}

static void
close_descriptor(struct rota_loop *loop)
{
	struct rota_watch *watch = &loop->files->watcher.watch;
	int fd = watch->fd;

	rota__watch_forget(loop, watch, 1);
	rota__watch_bind(watch, -1);
	if (rota__sys_file_outlives_fork ||
		loop->files->pid == loop->sys->getpid())
		(void)loop->sys->close(fd);
}

/* Those that are gone meanwhile are told as if we had seen them go. */
static int
tell_again(struct rota__file_node *node)
{
	int r = rota__file_node_tell(node, node->wishes);

	if (r == 0 || !rota__file_error_is_absence(r))
		return r;
	if (node->parent == NULL)
		rota__files_gone(node->watch);
	else
		rota__file_node_drop(node);
	return 0;
}

/* May be called again after it failed: the marked ones wait. */
int
rota__files_fork(struct rota_loop *loop)
{
	struct rota__files *files = loop->files;
	int r;

	if (files == NULL ||
		(files->watcher.watch.fd < 0 &&
			rota__ring_is_empty(&files->marked)))
		return 0;
	if (files->watcher.watch.fd >= 0) {
		forget_numbers(loop);
		close_descriptor(loop);
	}
	r = rota__files_open(loop);
	while (r == 0 && !rota__ring_is_empty(&files->marked)) {
		struct rota__file_node *node = ROTA__CONTAINER(
			files->marked.next, struct rota__file_node, in_marked);

		rota__ring_remove(&node->in_marked);
		r = tell_again(node);
	}
	if (r == 0 && files->n_flagged > 0)
		r = rota_post(loop, deliver_posted, NULL);
	return r;
}
