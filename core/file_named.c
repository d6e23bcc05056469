/* SPDX-License-Identifier: MIT */
/*
 * Watched files where the kernel tells names (inotify).
 *
 * A directory that appears is watched, and then read, so that nothing which
 * was made in it before is missed. Of what was made between the two a report
 * will come as well: those names stay in node->found until the kernel has no
 * more reports, and each is skipped once.
 */
#include <errno.h>

#include "core/files.h"
#include "core/ring.h"

/* What the kernel is to tell of a directory or a file. */
static unsigned
kernel_wishes(const struct rota__file_node *node)
{
	unsigned wanted = node->watch->wanted;
	unsigned wishes = 0;

	if (wanted &
		(ROTA_FILE_CREATED | ROTA_FILE_REMOVED | ROTA_FILE_RENAMED |
			ROTA_FILE_RECURSIVE))
		wishes |= ROTA__FILE_NAMES;
	if (wanted & ROTA_FILE_CHANGED)
		wishes |= ROTA__FILE_DATA;
	/* The one sign of a removed file that somebody has open. */
	if (wanted & ROTA_FILE_ATTRIBUTES ||
		!rota__file_is_directory(&node->stat))
		wishes |= ROTA__FILE_STATUS;
	return wishes;
}

/* Which errors spoil a start; others concern one directory below. */
static int
is_of_system(int error)
{
	return error == -ENOMEM || error == -ENOSPC || error == -EMFILE ||
		error == -ENFILE;
}

static void
tell_created(struct rota__file_node *node, const struct rota__file_name *entry)
{
	struct rota__file_message message = {
		.what = ROTA_FILE_CREATED,
		.is_directory = rota__file_is_directory(&entry->stat),
	};

	rota__file_tell(node, entry->text, &message);
}

/* Makes a node for each directory found that has none; marks it. */
static int
add_directories(struct rota__file_node *node, int is_told)
{
	struct rota_loop *loop = node->watch->handle.loop;
	size_t i;

	for (i = 0; i < node->found.n; i++) {
		struct rota__file_name *entry = &node->found.names[i];
		struct rota__file_node *child;

		if (is_told)
			tell_created(node, entry);
		if (!rota__file_is_directory(&entry->stat) ||
			rota__file_node_child(node, entry->text) != NULL)
			continue;
		child = rota__file_node_make(node->watch, node, entry->text);
		if (child == NULL)
			return -ENOMEM;
		child->stat = entry->stat;
		rota__ring_append(&loop->files->marked, &child->in_marked);
	}
	return 0;
}

/* Watches one directory, then reads it. */
static int
enter(struct rota__file_node *node, int is_told)
{
	int r = rota__file_node_tell(node, kernel_wishes(node));

	if (r < 0)
		return r;
	r = rota__file_list(node);
	if (r < 0)
		return r;
	r = add_directories(node, is_told);
	if (!is_told)
		rota__file_forget_list(node);
	return r;
}

static void
report_failure(struct rota__file_node *node, int error)
{
	if (error == -ENOMEM)
		rota__file_tell_lost(node->watch);
	else if (!rota__file_error_is_absence(error))
		rota__file_tell_failed(node, "", error);
}

/*
 * Enters all that is marked. What cannot be entered has no node any more;
 * in a start, the first error of the system ends it.
 */
static int
enter_marked(struct rota_loop *loop, int is_start, int is_told)
{
	struct rota_link *link;
	int first_error = 0;

	while ((link = rota__ring_take_first(&loop->files->marked)) != NULL) {
		struct rota__file_node *node = ROTA__CONTAINER(
			link, struct rota__file_node, in_marked);
		int r = first_error ? first_error : enter(node, is_told);

		if (r == 0)
			continue;
		if (is_start && is_of_system(r))
			first_error = r;
		if (!is_start)
			report_failure(node, r);
		rota__file_node_drop(node);
	}
	return first_error;
}

int
rota__file_named_start(struct rota_file_watch *watch)
{
	struct rota__file_node *root = watch->root;
	int r;

	r = rota__file_node_tell(root, kernel_wishes(root));
	if (r < 0 || !rota__file_is_recursive(watch) ||
		!rota__file_is_directory(&root->stat))
		return r;
	r = rota__file_list(root);
	if (r < 0)
		return r;
	r = add_directories(root, 0);
	rota__file_forget_list(root);
	if (r < 0)
		return r;
	return enter_marked(watch->handle.loop, 1, 0);
}

static void
drop_unfound(struct rota__file_node *node)
{
	struct rota_link *link = node->children.next;

	while (link != &node->children) {
		struct rota__file_node *child = ROTA__CONTAINER(
			link, struct rota__file_node, in_parent);
		const struct rota__file_name *entry =
			rota__file_found(node, child->name);

		link = link->next;
		if (entry == NULL ||
			!rota__file_is_same(&entry->stat, &child->stat))
			rota__file_node_drop(child);
	}
}

static void
mark_children(struct rota_link *walk, struct rota__file_node *node)
{
	struct rota_link *link = node->children.next;

	for (; link != &node->children; link = link->next) {
		struct rota__file_node *child = ROTA__CONTAINER(
			link, struct rota__file_node, in_parent);

		rota__ring_append(walk, &child->in_marked);
	}
}

/* Has nodes for exactly the directories that are there; tells nothing. */
void
rota__file_named_resync(struct rota_file_watch *watch)
{
	struct rota_loop *loop = watch->handle.loop;
	struct rota_link walk;
	struct rota_link *link;

	if (watch->root == NULL || !rota__file_is_recursive(watch) ||
		rota__files_check_root(watch))
		return;
	rota__ring_init(&walk);
	rota__ring_append(&walk, &watch->root->in_marked);
	while ((link = rota__ring_take_first(&walk)) != NULL) {
		struct rota__file_node *node = ROTA__CONTAINER(
			link, struct rota__file_node, in_marked);

		if (rota__file_list(node) < 0)
			continue;
		drop_unfound(node);
		mark_children(&walk, node);
		(void)add_directories(node, 0);
		rota__file_forget_list(node);
	}
	(void)enter_marked(loop, 0, 0);
}

/* 1 if a scan has told this name, of which a report was still to come. */
static int
is_told_already(struct rota__file_node *node, const char *name)
{
	struct rota__file_name *entry = rota__file_found(node, name);

	if (entry == NULL || !entry->is_new)
		return 0;
	entry->is_new = 0;
	return 1;
}

/* A directory has come: one that was here before, or one to be entered. */
static void
take_in(struct rota__file_node *node, const struct rota__file_report *report)
{
	struct rota__file_pair pair = { .a = report->pair };
	struct rota_loop *loop = node->watch->handle.loop;
	struct rota__file_node *child =
		rota__file_node_child(node, report->name);

	if (child != NULL)
		rota__file_node_drop(child);
	child = NULL;
	if (report->what & ROTA__FILE_MOVED)
		child = rota__file_node_find_adrift(node->watch, &pair);
	if (child != NULL) {
		if (rota__file_node_move(child, node, report->name) < 0)
			rota__file_tell_lost(node->watch);
		return;
	}
	child = rota__file_node_make(node->watch, node, report->name);
	if (child == NULL) {
		rota__file_tell_lost(node->watch);
		return;
	}
	(void)rota__file_look(child, &child->stat);
	rota__ring_append(&loop->files->marked, &child->in_marked);
	(void)enter_marked(loop, 0, 1);
}

static void
appeared(struct rota__file_node *node, const struct rota__file_report *report)
{
	struct rota__file_pair pair = { .a = report->pair };
	struct rota__file_message message = {
		.what = ROTA_FILE_CREATED,
		.is_directory = (report->what & ROTA__FILE_IS_DIRECTORY) != 0,
	};

	if (is_told_already(node, report->name))
		return;
	if (report->what & ROTA__FILE_MOVED)
		message.pair = &pair;
	rota__file_tell(node, report->name, &message);
	if (message.is_directory && rota__file_is_recursive(node->watch))
		take_in(node, report);
}

static void
vanished(struct rota__file_node *node, const struct rota__file_report *report)
{
	struct rota__file_pair pair = { .a = report->pair };
	struct rota__file_message message = {
		.what = ROTA_FILE_REMOVED,
		.is_directory = (report->what & ROTA__FILE_IS_DIRECTORY) != 0,
		.is_before = 1,
	};
	struct rota__file_node *child = NULL;

	/* One of that name to come is not the one that was found. */
	(void)is_told_already(node, report->name);
	if (report->what & ROTA__FILE_MOVED)
		message.pair = &pair;
	rota__file_tell(node, report->name, &message);
	if (message.is_directory)
		child = rota__file_node_child(node, report->name);
	if (child != NULL && message.pair != NULL)
		rota__file_node_set_adrift(child, &pair);
	else if (child != NULL)
		rota__file_node_drop(child);
}

static void
tell_plain(struct rota__file_node *node, unsigned what,
	const struct rota__file_report *report)
{
	struct rota__file_message message = {
		.what = what,
		.is_directory = (report->what & ROTA__FILE_IS_DIRECTORY) != 0,
	};

	rota__file_tell(node, report->name, &message);
}

/* Of what is below, the directory it is in tells the same. */
static void
report_on_itself(
	struct rota__file_node *node, const struct rota__file_report *report)
{
	if (node->parent != NULL)
		return;
	if (report->what & ROTA__FILE_STATUS &&
		rota__files_check_root(node->watch))
		return;
	if (report->what & ROTA__FILE_DATA)
		tell_plain(node, ROTA_FILE_CHANGED, report);
	if (report->what & ROTA__FILE_STATUS)
		tell_plain(node, ROTA_FILE_ATTRIBUTES, report);
}

void
rota__file_named_report(
	struct rota__file_node *node, const struct rota__file_report *report)
{
	if (report->what & ROTA__FILE_ENDED) {
		if (node->parent == NULL)
			rota__files_gone(node->watch);
		else
			rota__file_node_drop(node);
	} else if (*report->name == '\0') {
		report_on_itself(node, report);
	} else if (report->what & ROTA__FILE_APPEARED) {
		appeared(node, report);
	} else if (report->what & ROTA__FILE_VANISHED) {
		vanished(node, report);
	} else if (report->what & ROTA__FILE_DATA) {
		tell_plain(node, ROTA_FILE_CHANGED, report);
	} else {
		tell_plain(node, ROTA_FILE_ATTRIBUTES, report);
	}
}
