/* SPDX-License-Identifier: MIT */
/*
 * What the files of the fake kqueue share.
 *
 * As in a kernel, a registration is a knote and a knote with something to
 * tell stands in its kqueue's queue. A call looks at the knotes from the
 * front, and one that proves not ready any more leaves the queue:
 *
 *	 descriptor -- source -- knote --(news)--> queue --> the event list
 *	                  |                          ^            |
 *	  edge of the epoll set (harvest)            +-- level ---+
 *
 * The number that kqueue() returns is an epoll set. It holds each watched
 * descriptor edge-triggered, which says when to look, never what is true;
 * and one descriptor of our own, always readable, whose interest is switched
 * on while the queue is not empty. So the number itself polls readable
 * exactly when a call may return something, and nothing but it is left open
 * when the user closes it with a plain close().
 *
 * One lock guards everything here. All functions want it held.
 */
#ifndef FAKE_KQUEUE_FAKE_H
#define FAKE_KQUEUE_FAKE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <sys/event.h>

/* NetBSD and OpenBSD lack these. No filter table of theirs leads to a use. */
#ifndef NOTE_TRIGGER
#define NOTE_FFAND 0x40000000
#define NOTE_FFOR 0x80000000
#define NOTE_FFCOPY 0xc0000000
#define NOTE_FFCTRLMASK 0xc0000000
#define NOTE_FFLAGSMASK 0x00ffffff
#define NOTE_TRIGGER 0x01000000
#endif

/* A ring; a link alone points at itself. */
struct fake_link {
	struct fake_link *next;
	struct fake_link *prev;
};

/* What to do with a descriptor depends on what it is. */
enum fake_kind {
	FAKE_OTHER, /* eventfd, terminal, another kqueue, ... */
	FAKE_PIPE,
	FAKE_FILE, /* regular file or directory */
	FAKE_DEVICE, /* character device that cannot be polled */
	FAKE_SOCKET, /* datagrams and other families */
	FAKE_TCP,
	FAKE_UNIX_STREAM,
};

enum fake_slot {
	FAKE_READ,
	FAKE_WRITE,
	FAKE_VNODE,
	FAKE_SLOTS
};

/* One watched number of one kqueue. Lives while it has a knote. */
struct fake_source {
	struct fake_kq *kq;
	int fd;
	uint32_t tag; /* tells its edges from those of a predecessor */
	uint32_t bits; /* EPOLL* that the set was told */
	enum fake_kind kind;
	bool is_datagram;
	bool is_unpollable; /* epoll refused it: told apart by dev and ino */
	bool is_ours; /* a timerfd or pidfd, closed with the source */
	dev_t dev;
	ino_t ino;
	struct fake_knote *knotes[FAKE_SLOTS];
};

struct fake_knote {
	/* As registered: fflags and data are what the user asked for. */
	struct kevent kev;
	const struct fake_filter *filter;
	struct fake_kq *kq;
	struct fake_source *source; /* none for signals and EVFILT_USER */
	bool is_active; /* has something to tell */
	bool is_queued; /* and is in the queue, unless disabled */
	bool is_disabled;
	uint64_t scan; /* number of the last scan that looked here */
	struct fake_link in_queue;
	struct fake_link in_others; /* of a filter without descriptor */
	struct fake_link in_rechecked; /* no edge tells of it: look often */

	int64_t seen; /* the filter's own; see there */
	bool is_fired;

	/* Of EVFILT_VNODE: inotify watches (-1: none), state last seen. */
	int wd;
	int parent_wd;
	int64_t size;
	int64_t n_links;
	bool is_directory;
};

/* What a filter has to say of a knote. */
struct fake_report {
	int64_t data;
	unsigned int fflags;
	bool is_eof;
	bool is_last; /* the registration ends with this event */
};

struct fake_kq {
	struct fake_kq *next;
	int fd;
	pid_t pid; /* not inherited by fork */
	bool is_gone; /* off the list, kept for the calls inside */
	unsigned int users;
	bool is_armed; /* interest in our readable descriptor is on */
	uint32_t last_tag;
	uint64_t last_scan;
	struct fake_source **sources; /* by number */
	size_t n_sources;
	struct fake_link queue;
	struct fake_link others;
	struct fake_link rechecked;
};

/* One table per filter. */
struct fake_filter {
	bool is_descriptor; /* ident is one */
	enum fake_slot slot; /* if so */
	/* Begins to watch. 0 or an errno. */
	int (*attach)(struct fake_knote *);
	/* Ends it, if there is something to undo. May be NULL. */
	void (*detach)(struct fake_knote *);
	/* Takes a change of an existing registration. 0 or an errno. */
	int (*touch)(struct fake_knote *, const struct kevent *change);
	/* Is there something to tell? Fills the report if so. */
	bool (*is_ready)(struct fake_knote *, struct fake_report *ret_report);
	/* Is there news that no edge told of? May be NULL. */
	bool (*has_news)(struct fake_knote *);
	/* Its report went out. May be NULL. */
	void (*delivered)(struct fake_knote *, const struct fake_report *);
};

/* Where the systems differ. A zero errno means: it works. */
struct fake_personality {
	unsigned int kept_flags; /* of a change, seen in later events */
	unsigned int echoed_flags; /* of a change, seen in its receipt */
	bool enable_looks_again; /* else only what was active comes back */
	bool close_wakes_sleepers;
	int dead_reader_errno; /* EVFILT_WRITE on a pipe nobody reads */
	bool dead_reader_ends; /* its event ends the registration */
	int device_errno; /* /dev/null */
	int file_write_errno; /* regular file */
	int tty_errno; /* /dev/tty */
	unsigned int file_note; /* asks for "always readable" of a file */
	unsigned int file_note_reported;
	unsigned int datagram_overhead_bytes; /* counted in data */
	bool reports_zombies; /* else ESRCH */
	bool has_exit_status;
	unsigned int exit_status_note; /* asks for it */
	bool checks_signal_number;
	bool timer_restarts; /* when added again */
	int timer_zero_errno;
	int timer_negative_errno;
	unsigned int note_seconds;
	unsigned int note_useconds;
	unsigned int note_nseconds;
	unsigned int note_absolute;
};

/* personality.c */
extern const struct fake_personality fake_personality;
const struct fake_filter *fake_find_filter(const struct kevent *change);

/* descriptors.c, vnodes.c, timers.c and processes.c */
extern const struct fake_filter fake_read_filter;
extern const struct fake_filter fake_write_filter;
extern const struct fake_filter fake_vnode_filter;
extern const struct fake_filter fake_timer_filter;
extern const struct fake_filter fake_user_filter;
extern const struct fake_filter fake_proc_filter;
extern const struct fake_filter fake_signal_filter;

/* processes.c: was a wait interrupted only by signals the user ignores? */
void fake_signal_begin_wait(void);
bool fake_signal_was_quiet(void);
int fake_signal_bell_fd(void);
void fake_signal_begin(void);
void fake_signal_end(void);
void fake_signal_after_fork(void);

/* vnodes.c */
void fake_vnode_harvest(void);
int fake_vnode_bell_fd(void);
void fake_vnode_begin(void);
void fake_vnode_end(void);
void fake_vnode_after_fork(void);

/* sources.c */
bool fake_kq_holds(int kq_fd, int fd);
struct fake_source *fake_source_find(struct fake_kq *, int fd);
int fake_source_get(struct fake_kq *, int fd, uint32_t bits,
	struct fake_source **ret_source);
int fake_source_get_ours(
	struct fake_kq *, int fd, struct fake_source **ret_source);
bool fake_source_is_same(const struct fake_source *);
void fake_source_put(struct fake_source *);
int fake_high_fd(int fd);

/* knotes.c */
void fake_link_init(struct fake_link *);
bool fake_link_is_alone(const struct fake_link *);
void fake_link_append(struct fake_link *ring, struct fake_link *);
void fake_link_remove(struct fake_link *);
void fake_knote_activate(struct fake_knote *);
void fake_knote_drop(struct fake_knote *);
void fake_source_drop(struct fake_source *);
int fake_kq_change(struct fake_kq *, const struct kevent *change);
size_t fake_kq_collect(struct fake_kq *, struct kevent *events, size_t room);
void fake_kq_empty(struct fake_kq *);
size_t fake_kq_count_queued(const struct fake_kq *);

/* fake_kqueue.c */
size_t fake_count_queued_at(int kq_fd);
struct fake_kq *fake_first_kq(void);
void fake_arm_all(void);

#endif
