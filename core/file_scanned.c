/* SPDX-License-Identifier: MIT */
/*
 * Watched files where nobody tells names: by kqueue, which says that
 * something about a file or directory is new, and by stat alone.
 *
 * Each thing has a node with the state it was last seen in. A look at marked
 * directories is made in two steps, over all of them: what has vanished goes
 * adrift; then what has come is looked for among that, so that a rename is
 * known by its file, wherever the two names are.
 */
#include <errno.h>
#include <string.h>

#include "core/files.h"
#include "core/ring.h"

/* A file that was renamed has been modified at the same time as before. */
static struct rota__file_pair
pair_of(const struct rota_file_stat *stat)
{
	struct rota__file_pair pair = {
		.a = stat->device,
		.b = stat->inode,
		.c = (uint64_t)stat->modified_ns,
	};

	return pair;
}

static void
tell(struct rota__file_node *node, unsigned what,
	const struct rota_file_stat *before, const struct rota_file_stat *after)
{
	struct rota__file_message message = {
		.what = what,
		.is_directory = rota__file_is_directory(after),
		.before = before,
		.after = after,
	};

	rota__file_tell(node, "", &message);
}

static int
has_children(const struct rota__file_node *node)
{
	return rota__file_is_directory(&node->stat) &&
		(node->parent == NULL || rota__file_is_recursive(node->watch));
}

static int
is_watchable(const struct rota_file_stat *stat)
{
	return S_ISREG(stat->mode) || S_ISDIR(stat->mode);
}

/* What nobody asks of it, the kernel need not be asked. */
static int
wants_kernel(const struct rota__file_node *node)
{
	unsigned wanted = node->watch->wanted;

	if (wanted & ROTA_FILE_BY_STAT)
		return 0;
	if (node->parent == NULL || has_children(node))
		return 1;
	return is_watchable(&node->stat) &&
		(wanted & ROTA_FILE_ATTRIBUTES ||
			(wanted & ROTA_FILE_CHANGED &&
				!rota__file_is_directory(&node->stat)));
}

static void
report_failure(struct rota__file_node *node, int error)
{
	if (error == -ENOMEM)
		rota__file_tell_lost(node->watch);
	else if (!rota__file_error_is_absence(error))
		rota__file_tell_failed(node, "", error);
}

static struct rota__file_node *
node_at(struct rota_link *link)
{
	return ROTA__CONTAINER(link, struct rota__file_node, in_marked);
}

static void
mark(struct rota__file_node *node)
{
	rota__ring_remove(&node->in_marked);
	rota__ring_append(
		&node->watch->handle.loop->files->marked, &node->in_marked);
}

/* What is below is marked behind it, and so walked in turn. */
static void
mark_with_all_below(struct rota__file_node *node)
{
	struct rota_link *head = &node->watch->handle.loop->files->marked;
	struct rota_link *link;
	struct rota_link *at;

	mark(node);
	for (link = &node->in_marked; link != head; link = link->next) {
		struct rota_link *children = &node_at(link)->children;

		for (at = children->next; at != children; at = at->next) {
			struct rota__file_node *child = ROTA__CONTAINER(
				at, struct rota__file_node, in_parent);

			if (has_children(child))
				mark(child);
		}
	}
}

/* The state of a file: what is told of the difference. */
static unsigned
difference(
	const struct rota_file_stat *before, const struct rota_file_stat *after)
{
	int is_file = !rota__file_is_directory(after);
	unsigned what = 0;

	if (is_file &&
		(before->size_bytes != after->size_bytes ||
			before->modified_ns != after->modified_ns))
		what |= ROTA_FILE_CHANGED;
	if (before->mode != after->mode || before->uid != after->uid ||
		before->gid != after->gid ||
		(is_file && before->n_links != after->n_links))
		what |= ROTA_FILE_ATTRIBUTES;
	if (is_file && what == 0 &&
		before->status_changed_ns != after->status_changed_ns)
		what |= ROTA_FILE_ATTRIBUTES;
	return what;
}

/* Takes over a new state of the same file; `what` is told in any case. */
static void
update(struct rota__file_node *node, const struct rota_file_stat *after,
	unsigned what)
{
	struct rota_file_stat before = node->stat;

	what |= difference(&before, after);
	node->stat = *after;
	if (what & ROTA_FILE_CHANGED)
		tell(node, ROTA_FILE_CHANGED, &before, after);
	if (what & ROTA_FILE_ATTRIBUTES)
		tell(node, ROTA_FILE_ATTRIBUTES, &before, after);
}

/* A child is not any more what its name names. */
static void
cast_adrift(struct rota__file_node *child, int is_replaced)
{
	struct rota__file_pair pair = pair_of(&child->stat);
	struct rota__file_message message = {
		.what = is_replaced ? 0 : ROTA_FILE_REMOVED,
		.is_directory = rota__file_is_directory(&child->stat),
		.pair = &pair,
		.is_before = 1,
		.before = &child->stat,
	};

	rota__file_tell(child, "", &message);
	rota__file_node_set_adrift(child, &pair);
}

/* The first step for one directory: who has left? */
static void
miss_children(struct rota__file_node *node)
{
	struct rota_link *link = node->children.next;

	for (; link != &node->children; link = link->next) {
		struct rota__file_node *child = ROTA__CONTAINER(
			link, struct rota__file_node, in_parent);
		struct rota__file_name *entry =
			rota__file_found(node, child->name);

		if (!rota__ring_is_empty(&child->in_adrift))
			continue;
		if (entry != NULL &&
			rota__file_is_same(&child->stat, &entry->stat)) {
			entry->is_new = 0;
			update(child, &entry->stat, 0);
			continue;
		}
		cast_adrift(child, entry != NULL);
	}
}

static void
ask_kernel(struct rota__file_node *node)
{
	int r = 0;

	if (wants_kernel(node) && node->id < 0)
		r = rota__file_node_tell(node, 0);
	if (r < 0)
		report_failure(node, r);
}

static void
tell_created(struct rota__file_node *child)
{
	struct rota__file_pair pair = pair_of(&child->stat);
	struct rota__file_message message = {
		.what = ROTA_FILE_CREATED,
		.is_directory = rota__file_is_directory(&child->stat),
		.pair = &pair,
		.after = &child->stat,
	};

	rota__file_tell(child, "", &message);
}

/*
 * One that has come: another one's new name, or new. What is in a directory
 * is found when that is looked at, and watched before; below one that has
 * moved, looking by the old names has found nothing.
 */
static void
meet(struct rota__file_node *node, const struct rota__file_name *entry)
{
	struct rota__file_pair pair = pair_of(&entry->stat);
	struct rota__file_node *child =
		rota__file_node_find_adrift(node->watch, &pair);

	if (child != NULL && rota__file_node_move(child, node, entry->text) < 0)
		child = NULL;
	else if (child == NULL)
		child = rota__file_node_make(node->watch, node, entry->text);
	if (child == NULL) {
		rota__file_tell_lost(node->watch);
		return;
	}
	child->stat = entry->stat;
	tell_created(child);
	ask_kernel(child);
	if (has_children(child))
		mark_with_all_below(child);
}

static void
meet_children(struct rota__file_node *node)
{
	size_t i;

	for (i = 0; i < node->found.n; i++)
		if (node->found.names[i].is_new)
			meet(node, &node->found.names[i]);
}

/* One that cannot be read, for now, is as it was. */
static void
list(struct rota__file_node *node, struct rota_link *listed)
{
	int r = rota__file_list(node);

	if (r < 0) {
		report_failure(node, r);
		return;
	}
	rota__ring_append(listed, &node->in_marked);
}

/* Both steps, for those marked and not for those that get marked by them. */
static void
look_once(struct rota__files *files)
{
	struct rota_link taken;
	struct rota_link listed;
	struct rota_link *link;

	rota__ring_init(&listed);
	rota__ring_take_all(&files->marked, &taken);
	while ((link = rota__ring_take_first(&taken)) != NULL)
		list(node_at(link), &listed);
	for (link = listed.next; link != &listed; link = link->next)
		miss_children(node_at(link));
	while ((link = rota__ring_take_first(&listed)) != NULL) {
		meet_children(node_at(link));
		rota__file_forget_list(node_at(link));
	}
}

void
rota__file_scanned_look(struct rota_loop *loop)
{
	while (!rota__ring_is_empty(&loop->files->marked))
		look_once(loop->files);
}

void
rota__file_scanned_mark_all(struct rota_file_watch *watch)
{
	struct rota_file_stat now;

	if (watch->root == NULL || rota__files_check_root(watch))
		return;
	if (rota__file_look(watch->root, &now) == 0)
		update(watch->root, &now, 0);
	if (has_children(watch->root))
		mark_with_all_below(watch->root);
}

/* A start: all that is found has been there before. */

static int
is_of_system(int error)
{
	return error == -ENOMEM || error == -ENOSPC || error == -EMFILE ||
		error == -ENFILE;
}

static int
adopt(struct rota__file_node *node, const struct rota__file_name *entry)
{
	struct rota__file_node *child =
		rota__file_node_make(node->watch, node, entry->text);
	int r = 0;

	if (child == NULL)
		return -ENOMEM;
	child->stat = entry->stat;
	if (wants_kernel(child))
		r = rota__file_node_tell(child, 0);
	if (is_of_system(r))
		return r;
	if (r == 0 && has_children(child))
		mark(child);
	return 0;
}

static int
adopt_children(struct rota__file_node *node)
{
	int r = rota__file_list(node);
	size_t i;

	for (i = 0; r == 0 && i < node->found.n; i++)
		r = adopt(node, &node->found.names[i]);
	rota__file_forget_list(node);
	return r;
}

/* What is left marked after an error goes with the tree. */
int
rota__file_scanned_start(struct rota_file_watch *watch)
{
	struct rota__files *files = watch->handle.loop->files;
	struct rota_link *link;
	int r = 0;

	if (wants_kernel(watch->root))
		r = rota__file_node_tell(watch->root, 0);
	if (r < 0 || !has_children(watch->root))
		return r;
	r = adopt_children(watch->root);
	while (r == 0 &&
		(link = rota__ring_take_first(&files->marked)) != NULL) {
		r = adopt_children(node_at(link));
		if (r < 0 && !is_of_system(r))
			r = 0;
	}
	return r;
}

/* What the kernel has said of one node (kqueue). */

static void
report_on_file(struct rota__file_node *node, unsigned what)
{
	struct rota_file_stat now;

	if (rota__file_look(node, &now) == 0 &&
		rota__file_is_same(&now, &node->stat))
		update(node, &now, what);
}

void
rota__file_scanned_report(
	struct rota__file_node *node, const struct rota__file_report *report)
{
	int is_root = node->parent == NULL;
	unsigned what = 0;

	if (is_root && report->what & ROTA__FILE_ENDED) {
		rota__files_gone(node->watch);
		return;
	}
	if (is_root && report->what & (ROTA__FILE_STATUS | ROTA__FILE_ENDED) &&
		rota__files_check_root(node->watch))
		return;
	if (report->what & ROTA__FILE_DATA &&
		!rota__file_is_directory(&node->stat))
		what = ROTA_FILE_CHANGED;
	report_on_file(node, what);
	if (has_children(node))
		mark(node);
}
