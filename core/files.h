/* SPDX-License-Identifier: MIT */
/*
 * Watched files from inside.
 *
 *	kernel --(report)--> files.c --> file_named.c    (names are told)
 *	                                 file_scanned.c  (look what is new)
 *	alarm of a watch by stat ------> file_scanned.c
 *	                                      |
 *	                          file_news.c: a queue --> callbacks
 *
 * Reports are first all turned into news, then callbacks are called, which
 * may do anything. A watch has a tree of nodes (file_tree.c). Where the
 * kernel tells names, its nodes are the watched directories; else they are
 * all that is watched, with the state it was seen in.
 */
#ifndef ROTA_CORE_FILES_H
#define ROTA_CORE_FILES_H

#include "core/handle.h"
#include "core/sys.h"
#include "core/sys_files.h"
#include "rota/file_watch.h"

/* What the two halves of a rename have in common. */
struct rota__file_pair {
	uint64_t a;
	uint64_t b;
	uint64_t c;
};

/* A name found in a directory. */
struct rota__file_name {
	char *text;
	struct rota_file_stat stat;
	/* Nobody has met it yet. */
	int is_new;
};

/* All names of a directory, in the order of strcmp(). */
struct rota__file_names {
	struct rota__file_name *names;
	size_t n;
	size_t capacity;
};

struct rota__file_node {
	struct rota_file_watch *watch;
	/* NULL for the root. */
	struct rota__file_node *parent;
	/* Ordered by name, but for those adrift. */
	struct rota_link children;
	struct rota_link in_parent;
	/* In files->adrift: its name is gone, and may come up elsewhere. */
	struct rota_link in_adrift;
	struct rota__file_pair pair;
	/* In files->marked. */
	struct rota_link in_marked;
	/* Found by the last scan; in files->found as long as kept. */
	struct rota__file_names found;
	struct rota_link in_found;
	/* As it was last seen. */
	struct rota_file_stat stat;
	/* The kernel's number for it, -1 for none; several may share one. */
	int id;
	/* What the kernel was asked for last. */
	unsigned wishes;
	/* Of the last report that it was shown. */
	uint32_t serial;
	struct rota__file_node *next_in_bucket;
	/* "" for the root. */
	char *name;
};

struct rota__file_news {
	struct rota__file_news *next;
	/* Among the halves. */
	struct rota__file_news *next_half;
	/* NULL when nobody is to be told any more. */
	struct rota_file_watch *watch;
	/* 0: told only as half of a rename. */
	unsigned what;
	int error;
	int is_directory;
	/* One half of a rename: with the name before, or after. */
	int is_before;
	struct rota__file_pair pair;
	int has_before;
	int has_after;
	struct rota_file_stat before;
	struct rota_file_stat after;
	const char *old_name;
	char name[];
};

/* One per loop, made with its first watch. */
struct rota__files {
	/* First: readable when the kernel has reports. */
	struct rota__watcher watcher;
	/* The process that has opened its descriptor. */
	pid_t pid;
	/* All active watches. */
	struct rota_link watches;
	struct rota_link adrift;
	struct rota_link marked;
	struct rota_link found;
	struct rota__file_news *news_first;
	struct rota__file_news *news_last;
	struct rota__file_news *halves;
	/* Nodes by the kernel's number; a power of two, or none. */
	struct rota__file_node **buckets;
	size_t n_buckets;
	size_t n_ids;
	/* Watches that have something in handle.own to be told. */
	uint32_t n_flagged;
	uint32_t serial;
	char read[32768];
};

/* files.c */

/* Makes the loop's files, and with them the kernel's descriptor. */
int rota__files_get(struct rota_loop *loop);
int rota__files_open(struct rota_loop *loop);
void rota__files_fini(struct rota_loop *loop);
/* In a child: a descriptor of its own, and all told to it. */
int rota__files_fork(struct rota_loop *loop);
/* The alarm of a watch by stat. */
void rota__files_expire(struct rota_loop *loop, struct rota_alarm *alarm);

/* The path does not name any more what it named: 1, and told. */
int rota__files_check_root(struct rota_file_watch *watch);
void rota__files_gone(struct rota_file_watch *watch);

static inline int
rota__file_is_recursive(const struct rota_file_watch *watch)
{
	return (watch->wanted & ROTA_FILE_RECURSIVE) != 0;
}

static inline int
rota__file_is_by_stat(const struct rota_file_watch *watch)
{
	return (watch->wanted & ROTA_FILE_BY_STAT) != 0;
}

/* file_tree.c */

/* Makes a node with this name, the last child of `parent`; or NULL. */
struct rota__file_node *rota__file_node_make(struct rota_file_watch *watch,
	struct rota__file_node *parent, const char *name);
/* With all that is below, and with the kernel. */
void rota__file_node_drop(struct rota__file_node *node);
struct rota__file_node *rota__file_node_child(
	const struct rota__file_node *node, const char *name);
/* Takes a node adrift to another place; -ENOMEM, and it is dropped. */
int rota__file_node_move(struct rota__file_node *node,
	struct rota__file_node *parent, const char *name);
void rota__file_node_set_adrift(
	struct rota__file_node *node, const struct rota__file_pair *pair);
struct rota__file_node *rota__file_node_find_adrift(
	const struct rota_file_watch *watch,
	const struct rota__file_pair *pair);
/* Those whose name has come up nowhere. */
void rota__file_drop_adrift(struct rota_loop *loop);

/* The path of a name in a node ("": its own), to be freed; or NULL. */
char *rota__file_node_path(
	const struct rota__file_node *node, const char *name);
/* The same from the root on: its bytes with the 0, and where they go. */
size_t rota__file_node_name_bytes(
	const struct rota__file_node *node, const char *name);
void rota__file_node_write_name(
	const struct rota__file_node *node, const char *name, char *text);

/* Lets the kernel watch a node; 0 or its negative errno. */
int rota__file_node_tell(struct rota__file_node *node, unsigned wanted);
void rota__file_node_untell(struct rota__file_node *node);
/* A node of that number which has not seen this serial yet. */
struct rota__file_node *rota__file_node_of_id(
	struct rota__files *files, int id, uint32_t serial);

/* Sees in what state a node is now, which keeps what it had. */
int rota__file_look(
	const struct rota__file_node *node, struct rota_file_stat *ret_stat);

/* Reads the names in a directory, with their state; 0 or negative errno. */
int rota__file_list(struct rota__file_node *node);
void rota__file_forget_list(struct rota__file_node *node);
struct rota__file_name *rota__file_found(
	const struct rota__file_node *node, const char *name);
/* 1 if both are of one file. */
int rota__file_is_same(
	const struct rota_file_stat *a, const struct rota_file_stat *b);
int rota__file_is_directory(const struct rota_file_stat *stat);

/* file_news.c */

/* What is said of a name in a node; unset members are 0. */
struct rota__file_message {
	unsigned what;
	int error;
	int is_directory;
	const struct rota__file_pair *pair;
	int is_before;
	const struct rota_file_stat *before;
	const struct rota_file_stat *after;
};

void rota__file_tell(struct rota__file_node *node, const char *name,
	const struct rota__file_message *message);
/* Something may have been missed. */
void rota__file_tell_lost(struct rota_file_watch *watch);
void rota__file_tell_failed(
	struct rota__file_node *node, const char *name, int error);
void rota__file_tell_gone(struct rota_file_watch *watch);
/* Calls the callbacks. */
void rota__file_deliver(struct rota_loop *loop);
/* Drops what is to be told to a watch. */
void rota__file_mute(struct rota_file_watch *watch);

/* 1: of no matter, the thing was gone before we came. */
int rota__file_error_is_absence(int error);

/* file_named.c, file_scanned.c: two ways to see what a watch has. */

/* Builds the tree of a watch whose root is known; 0 or negative errno. */
int rota__file_named_start(struct rota_file_watch *watch);
int rota__file_scanned_start(struct rota_file_watch *watch);

void rota__file_named_report(
	struct rota__file_node *node, const struct rota__file_report *report);
void rota__file_scanned_report(
	struct rota__file_node *node, const struct rota__file_report *report);

/* Finds out what is below after reports were lost. */
void rota__file_named_resync(struct rota_file_watch *watch);
/* Marks all that a watch has as to be looked at. */
void rota__file_scanned_mark_all(struct rota_file_watch *watch);
/* Looks at what is marked. */
void rota__file_scanned_look(struct rota_loop *loop);

#endif
