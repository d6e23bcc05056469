/* SPDX-License-Identifier: MIT */
/* The nodes of watched files, see files.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/files.h"
#include "core/ring.h"

#define FIRST_BUCKETS 64

static struct rota_loop *
loop_of(const struct rota__file_node *node)
{
	return node->watch->handle.loop;
}

static char *
copy(struct rota_loop *loop, const char *text)
{
	size_t n = strlen(text) + 1;
	char *memory = rota__realloc(&loop->memory, NULL, n);

	if (memory != NULL)
		memcpy(memory, text, n);
	return memory;
}

struct rota__file_node *
rota__file_node_make(struct rota_file_watch *watch,
	struct rota__file_node *parent, const char *name)
{
	struct rota_loop *loop = watch->handle.loop;
	struct rota__file_node *node;

	node = rota__realloc(&loop->memory, NULL, sizeof(*node));
	if (node == NULL)
		return NULL;
	memset(node, 0, sizeof(*node));
	node->name = copy(loop, name);
	if (node->name == NULL) {
		rota__free(&loop->memory, node);
		return NULL;
	}
	node->watch = watch;
	node->parent = parent;
	node->id = -1;
	node->serial = loop->files->serial;
	rota__ring_init(&node->children);
	rota__ring_init(&node->in_parent);
	rota__ring_init(&node->in_adrift);
	rota__ring_init(&node->in_marked);
	rota__ring_init(&node->in_found);
	if (parent != NULL)
		rota__ring_append(&parent->children, &node->in_parent);
	return node;
}

static struct rota__file_node *
first_child(const struct rota__file_node *node)
{
	return rota__ring_is_empty(&node->children) ?
		NULL :
		ROTA__CONTAINER(
			node->children.next, struct rota__file_node, in_parent);
}

/* Without children. */
static void
free_node(struct rota__file_node *node)
{
	struct rota_loop *loop = loop_of(node);

	rota__file_node_untell(node);
	rota__file_forget_list(node);
	rota__ring_remove(&node->in_parent);
	rota__ring_remove(&node->in_adrift);
	rota__ring_remove(&node->in_marked);
	rota__free(&loop->memory, node->name);
	rota__free(&loop->memory, node);
}

/* From the leaves up, without recursion: trees are as deep as users like. */
void
rota__file_node_drop(struct rota__file_node *node)
{
	struct rota__file_node *at = node;

	for (;;) {
		struct rota__file_node *child = first_child(at);
		struct rota__file_node *parent = at->parent;

		if (child != NULL) {
			at = child;
			continue;
		}
		free_node(at);
		if (at == node)
			return;
		at = parent;
	}
}

struct rota__file_node *
rota__file_node_child(const struct rota__file_node *node, const char *name)
{
	const struct rota_link *link = node->children.next;

	for (; link != &node->children; link = link->next) {
		struct rota__file_node *child = ROTA__CONTAINER(
			link, struct rota__file_node, in_parent);

		if (rota__ring_is_empty(&child->in_adrift) &&
			strcmp(child->name, name) == 0)
			return child;
	}
	return NULL;
}

int
rota__file_node_move(struct rota__file_node *node,
	struct rota__file_node *parent, const char *name)
{
	struct rota_loop *loop = loop_of(node);
	char *text = copy(loop, name);

	if (text == NULL) {
		rota__file_node_drop(node);
		return -ENOMEM;
	}
	rota__free(&loop->memory, node->name);
	node->name = text;
	rota__ring_remove(&node->in_adrift);
	rota__ring_remove(&node->in_parent);
	node->parent = parent;
	rota__ring_append(&parent->children, &node->in_parent);
	return 0;
}

void
rota__file_node_set_adrift(
	struct rota__file_node *node, const struct rota__file_pair *pair)
{
	node->pair = *pair;
	rota__ring_remove(&node->in_adrift);
	rota__ring_append(&loop_of(node)->files->adrift, &node->in_adrift);
}

struct rota__file_node *
rota__file_node_find_adrift(
	const struct rota_file_watch *watch, const struct rota__file_pair *pair)
{
	const struct rota_link *head = &watch->handle.loop->files->adrift;
	const struct rota_link *link = head->next;

	for (; link != head; link = link->next) {
		struct rota__file_node *node = ROTA__CONTAINER(
			link, struct rota__file_node, in_adrift);

		if (node->watch == watch && node->pair.a == pair->a &&
			node->pair.b == pair->b && node->pair.c == pair->c)
			return node;
	}
	return NULL;
}

void
rota__file_drop_adrift(struct rota_loop *loop)
{
	struct rota_link *link;

	while ((link = rota__ring_take_first(&loop->files->adrift)) != NULL)
		rota__file_node_drop(ROTA__CONTAINER(
			link, struct rota__file_node, in_adrift));
}

/* Names **************************************************************/

/* Parts are joined by slashes; the root has no name. */
size_t
rota__file_node_name_bytes(const struct rota__file_node *node, const char *name)
{
	size_t n = strlen(name) + 1;

	for (; node->parent != NULL; node = node->parent)
		n += strlen(node->name) + 1;
	return *name == '\0' && n > 1 ? n - 1 : n;
}

/* From the end on. */
void
rota__file_node_write_name(
	const struct rota__file_node *node, const char *name, char *text)
{
	char *at = text + rota__file_node_name_bytes(node, name) - 1;
	const char *part = name;

	*at = '\0';
	for (;;) {
		size_t n = strlen(part);

		at -= n;
		memcpy(at, part, n);
		if (node->parent == NULL)
			return;
		if (part != name || n > 0)
			*--at = '/';
		part = node->name;
		node = node->parent;
	}
}

char *
rota__file_node_path(const struct rota__file_node *node, const char *name)
{
	const char *root = node->watch->path;
	size_t n_root = strlen(root);
	size_t n = rota__file_node_name_bytes(node, name);
	char *path =
		rota__realloc(&loop_of(node)->memory, NULL, n_root + 1 + n);

	if (path == NULL)
		return NULL;
	memcpy(path, root, n_root + 1);
	if (n == 1)
		return path;
	if (n_root > 0 && root[n_root - 1] != '/')
		path[n_root++] = '/';
	rota__file_node_write_name(node, name, path + n_root);
	return path;
}

/* Numbers of the kernel's ********************************************/

static struct rota__file_node **
bucket_of(const struct rota__files *files, int id)
{
	uint32_t hash = (uint32_t)id * UINT32_C(2654435769);

	return &files->buckets[(hash >> 7) & (files->n_buckets - 1)];
}

static void
enter_bucket(struct rota__files *files, struct rota__file_node *node)
{
	struct rota__file_node **bucket = bucket_of(files, node->id);

	node->next_in_bucket = *bucket;
	*bucket = node;
}

static void
fill_buckets(struct rota__files *files, struct rota__file_node **from, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		while (from[i] != NULL) {
			struct rota__file_node *node = from[i];

			from[i] = node->next_in_bucket;
			enter_bucket(files, node);
		}
}

/* Without memory for more, those that are there get fuller. */
static int
reserve_bucket(struct rota_loop *loop)
{
	struct rota__files *files = loop->files;
	struct rota__file_node **old = files->buckets;
	size_t n_old = files->n_buckets;
	size_t n = n_old ? 2 * n_old : FIRST_BUCKETS;
	struct rota__file_node **buckets;

	if (files->n_ids < n_old)
		return 0;
	buckets = rota__realloc(&loop->memory, NULL, n * sizeof(*buckets));
	if (buckets == NULL)
		return n_old ? 0 : -ENOMEM;
	memset(buckets, 0, n * sizeof(*buckets));
	files->buckets = buckets;
	files->n_buckets = n;
	fill_buckets(files, old, n_old);
	rota__free(&loop->memory, old);
	return 0;
}

int
rota__file_node_tell(struct rota__file_node *node, unsigned wanted)
{
	struct rota_loop *loop = loop_of(node);
	struct rota__files *files = loop->files;
	char *path;
	int r;

	rota__file_node_untell(node);
	r = reserve_bucket(loop);
	if (r < 0)
		return r;
	path = rota__file_node_path(node, "");
	if (path == NULL)
		return -ENOMEM;
	node->wishes = wanted;
	if (node->parent != NULL)
		wanted |= ROTA__FILE_BELOW;
	r = loop->sys->file_add(files->watcher.watch.fd, path, wanted);
	rota__free(&loop->memory, path);
	if (r < 0)
		return r;
	node->id = r;
	files->n_ids++;
	enter_bucket(files, node);
	return 0;
}

/* The kernel forgets with the last of those that share a number. */
void
rota__file_node_untell(struct rota__file_node *node)
{
	struct rota_loop *loop = loop_of(node);
	struct rota__files *files = loop->files;
	struct rota__file_node **at;
	struct rota__file_node *other;
	int id = node->id;

	if (id < 0)
		return;
	at = bucket_of(files, id);
	while (*at != node)
		at = &(*at)->next_in_bucket;
	*at = node->next_in_bucket;
	node->id = -1;
	files->n_ids--;
	for (other = *bucket_of(files, id); other != NULL;
		other = other->next_in_bucket)
		if (other->id == id)
			return;
	loop->sys->file_remove(files->watcher.watch.fd, id);
}

struct rota__file_node *
rota__file_node_of_id(struct rota__files *files, int id, uint32_t serial)
{
	struct rota__file_node *node;

	if (files->n_ids == 0)
		return NULL;
	for (node = *bucket_of(files, id); node != NULL;
		node = node->next_in_bucket)
		if (node->id == id && node->serial != serial)
			return node;
	return NULL;
}

/* What is found ******************************************************/

int
rota__file_is_same(
	const struct rota_file_stat *a, const struct rota_file_stat *b)
{
	return a->device == b->device && a->inode == b->inode &&
		(a->mode & S_IFMT) == (b->mode & S_IFMT);
}

int
rota__file_is_directory(const struct rota_file_stat *stat)
{
	return S_ISDIR(stat->mode);
}

/* One of them was gone already when it was looked at. */
int
rota__file_error_is_absence(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -ELOOP;
}

static int
grow_list(struct rota_loop *loop, struct rota__file_names *list)
{
	size_t capacity = list->capacity ? 2 * list->capacity : 16;
	struct rota__file_name *names;

	if (list->n < list->capacity)
		return 0;
	names = rota__realloc(
		&loop->memory, list->names, capacity * sizeof(*names));
	if (names == NULL)
		return -ENOMEM;
	list->names = names;
	list->capacity = capacity;
	return 0;
}

static int
add_name(const char *name, void *data)
{
	struct rota__file_node *node = data;
	struct rota_loop *loop = loop_of(node);
	struct rota__file_names *list = &node->found;
	struct rota__file_name *entry;
	int r = grow_list(loop, list);

	if (r < 0)
		return r;
	entry = &list->names[list->n];
	memset(entry, 0, sizeof(*entry));
	entry->is_new = 1;
	entry->text = copy(loop, name);
	if (entry->text == NULL)
		return -ENOMEM;
	list->n++;
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	const struct rota__file_name *of_a = a;
	const struct rota__file_name *of_b = b;

	return strcmp(of_a->text, of_b->text);
}

/* A link is followed where the watched path itself is one. */
static int
look_at(const struct rota__file_node *node, const char *name,
	struct rota_file_stat *ret_stat)
{
	struct rota_loop *loop = loop_of(node);
	char *path = rota__file_node_path(node, name);
	int is_root = node->parent == NULL && *name == '\0';
	struct stat seen;
	int r;

	if (path == NULL)
		return -ENOMEM;
	r = is_root ? loop->sys->stat(path, &seen) :
		      loop->sys->lstat(path, &seen);
	rota__free(&loop->memory, path);
	if (r == 0)
		rota__file_stat_of(&seen, ret_stat);
	return r;
}

int
rota__file_look(
	const struct rota__file_node *node, struct rota_file_stat *ret_stat)
{
	return look_at(node, "", ret_stat);
}

/* What cannot be looked at counts as not there. */
static int
look_at_all(struct rota__file_node *node)
{
	struct rota_loop *loop = loop_of(node);
	struct rota__file_names *list = &node->found;
	size_t n = 0;
	size_t i;
	int r = 0;

	for (i = 0; i < list->n; i++) {
		struct rota__file_name entry = list->names[i];
		int seen = look_at(node, entry.text, &entry.stat);

		if (seen == -ENOMEM)
			r = seen;
		if (seen == 0)
			list->names[n++] = entry;
		else
			rota__free(&loop->memory, entry.text);
	}
	list->n = n;
	return r;
}

int
rota__file_list(struct rota__file_node *node)
{
	struct rota_loop *loop = loop_of(node);
	char *path = rota__file_node_path(node, "");
	int r;

	if (path == NULL)
		return -ENOMEM;
	rota__file_forget_list(node);
	rota__ring_append(&loop->files->found, &node->in_found);
	r = loop->sys->list(path, add_name, node);
	rota__free(&loop->memory, path);
	if (r == 0)
		r = look_at_all(node);
	if (r < 0) {
		rota__file_forget_list(node);
		return r;
	}
	if (node->found.n > 1)
		qsort(node->found.names, node->found.n,
			sizeof(*node->found.names), compare_names);
	return 0;
}

void
rota__file_forget_list(struct rota__file_node *node)
{
	struct rota_loop *loop = loop_of(node);
	size_t i;

	for (i = 0; i < node->found.n; i++)
		rota__free(&loop->memory, node->found.names[i].text);
	rota__free(&loop->memory, node->found.names);
	memset(&node->found, 0, sizeof(node->found));
	rota__ring_remove(&node->in_found);
}

struct rota__file_name *
rota__file_found(const struct rota__file_node *node, const char *name)
{
	struct rota__file_name key = { .text = (char *)(uintptr_t)name };

	if (node->found.n == 0)
		return NULL;
	return bsearch(&key, node->found.names, node->found.n, sizeof(key),
		compare_names);
}
