/* SPDX-License-Identifier: MIT */
/*
 * Watching files and directories: what is created, removed, renamed or
 * changed, by the kernel's word (inotify, kqueue) or by looking again and
 * again. docs/file_watch.md has a table of what each way can tell.
 */
#ifndef ROTA_FILE_WATCH_H
#define ROTA_FILE_WATCH_H

#include <rota/file_stat.h>
#include <rota/handle.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_file_watch;

/* What has happened; one of these per event. */
enum rota_file_what {
	/* A name appeared in the directory, or another file took it. */
	ROTA_FILE_CREATED = 1 << 0,
	/* A name is gone from the directory. */
	ROTA_FILE_REMOVED = 1 << 1,
	/*
	 * Both names are in what is watched. Not asked for, or not paired by
	 * the kernel: REMOVED, then CREATED. A name that was taken by it is
	 * not told as removed.
	 */
	ROTA_FILE_RENAMED = 1 << 2,
	/* What a file holds. */
	ROTA_FILE_CHANGED = 1 << 3,
	/* Mode, owner, times or number of links. */
	ROTA_FILE_ATTRIBUTES = 1 << 4,
	/* All that can be asked for. */
	ROTA_FILE_ALL = (1 << 5) - 1,
	/*
	 * Told unasked, once: the path does not name any more what it named
	 * at the start (moved, removed, replaced, unmounted). The watch has
	 * stopped; it may be started again.
	 */
	ROTA_FILE_GONE = 1 << 5,
	/* Told unasked: events were lost. Look at everything anew. */
	ROTA_FILE_OVERFLOW = 1 << 6,
	/*
	 * Told unasked: a part of what is to be watched is not, the event's
	 * error says why (-ENOSPC: the system's limit). The rest still is.
	 * Without a name: nothing is, until it is started again.
	 */
	ROTA_FILE_FAILED = 1 << 7
};

/* How to watch; or-ed with what is asked for. */
enum rota_file_how {
	/*
	 * Directories below as well, those of now and those that appear.
	 * Symbolic links are not followed.
	 */
	ROTA_FILE_RECURSIVE = 1 << 8,
	/*
	 * Looks every so often instead of asking the kernel: for file
	 * systems without events (network, fuse, /proc, containers' mounts).
	 * Used by itself where the system has neither inotify nor kqueue.
	 */
	ROTA_FILE_BY_STAT = 1 << 9
};

struct rota_file_event {
	/* One of enum rota_file_what. */
	unsigned what;
	/* Of FAILED: a negative errno; else 0. */
	int error;
	/* Is, or was, a directory. */
	int is_directory;
	/*
	 * Relative to the watched directory ("sub/a.txt"); "" for the watched
	 * thing itself. Bytes as the kernel has them, of any length.
	 */
	const char *name;
	/* Of RENAMED: the name before; else NULL. */
	const char *old_name;
	/*
	 * With BY_STAT: as it was at the last look, and at this one, without
	 * the time it was made. NULL for CREATED and REMOVED respectively,
	 * and in the other ways.
	 */
	const struct rota_file_stat *before;
	const struct rota_file_stat *after;
};

typedef void rota_file_watch_fn(
	struct rota_file_watch *watch, const struct rota_file_event *event);

struct rota_file_watch {
	struct rota_handle handle;

	/* Private from here on. */
	rota_file_watch_fn *fn;
	struct rota_alarm alarm;
	struct rota_link in_loop;
	struct rota__file_node *root;
	char *path;
	uint64_t interval_ns;
	unsigned wanted;
	int error;
};

/*
 * Makes a blank watch an idle one.
 * errors: -EINVAL an argument is NULL; -ENOMEM. The watch is still blank.
 * when: the loop's thread.
 */
ROTA_API int rota_file_watch_init(
	struct rota_loop *loop, struct rota_file_watch *watch);

/*
 * Starts watching what a path names now, or something else. A symbolic link
 * at the end of the path is followed. What is there already is not told.
 *
 * shape: the path is copied. A relative one must keep its meaning while the
 *	watch is active: do not change the working directory. The event and
 *	its names are valid inside `fn` only.
 * unit: `wanted` is an or of what is asked for (of ROTA_FILE_ALL, at least
 *	one) and of enum rota_file_how.
 * errors: -EINVAL watch, path or fn is NULL, wanted has other bits or asks
 *	for nothing, or the watch is closing or closed; -ENOENT, -EACCES,
 *	-ENAMETOOLONG and so on of stat(2) and open(2) for the path; -ENOSPC
 *	or -EMFILE the system's limit of watches or descriptors; -ENOMEM. The
 *	watch is as before. With RECURSIVE, a directory below that may not be
 *	read is left out.
 * when: the loop's thread. Reads directories, and blocks as long as that
 *	takes. Called in the poll phase, with BY_STAT in the timers phase.
 * source: inotify(7); kqueue(2), EVFILT_VNODE; stat(2).
 */
ROTA_API int rota_file_watch_start_at(struct rota_file_watch *watch,
	const char *path, unsigned wanted, rota_file_watch_fn *fn,
	const char *place);
#define rota_file_watch_start(watch, path, wanted, fn) \
	rota_file_watch_start_at(watch, path, wanted, fn, ROTA_PLACE(fn))

/*
 * Stops watching; 0 also if it was not active. Events that came and were not
 * told are dropped.
 * errors: -EINVAL watch is NULL.
 * when: the loop's thread.
 */
ROTA_API int rota_file_watch_stop(struct rota_file_watch *watch);

/*
 * Sets how often a watch looks that has to look; the next start uses it.
 * unit: nanoseconds, at least a millisecond; a second if never set.
 * errors: -EINVAL watch is NULL, closing or closed, or the interval is less;
 *	it stays as it was.
 * when: the loop's thread.
 */
ROTA_API int rota_file_watch_set_interval(
	struct rota_file_watch *watch, uint64_t interval_ns);

/*
 * Returns the path of an active watch, and how it is watched: "inotify",
 * "kqueue" or "stat"; NULL if it is not active.
 * when: the loop's thread; the path is valid until the next start or stop.
 */
ROTA_API const char *rota_file_watch_path(const struct rota_file_watch *watch);
ROTA_API const char *rota_file_watch_way(const struct rota_file_watch *watch);

/* Returns "created" and so on, NULL for what is none. when: any thread. */
ROTA_API const char *rota_file_what_name(unsigned what);

ROTA_END_C

#endif
