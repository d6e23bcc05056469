/* SPDX-License-Identifier: MIT */
/*
 * EVFILT_VNODE, by one inotify for all kqueues: it sits in each epoll set, so
 * that news of a file is an edge like any other. An inotify watch is of
 * an inode, so several knotes may share one; what a knote has to tell is
 * gathered in its seen.
 *
 * A directory that is removed while somebody has it open (we do) says so on
 * Linux only where it was: its parent is watched as well.
 */
#include "fake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#define MASK \
	(IN_ATTRIB | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MODIFY | \
		IN_MOVE_SELF | IN_MOVED_FROM | IN_MOVED_TO)

/* One for all kqueues, since nobody tells us when one is closed. */
static int inotify_fd = -1;

int
fake_vnode_bell_fd(void)
{
	return inotify_fd;
}

void
fake_vnode_begin(void)
{
	inotify_fd = fake_high_fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
}

void
fake_vnode_end(void)
{
	(void)close(inotify_fd);
}

/* The parent's goes on, with the parent's watches. */
void
fake_vnode_after_fork(void)
{
	fake_vnode_end();
	fake_vnode_begin();
}

static int
watch(int fd, const char *below)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d%s", fd, below);
	return inotify_add_watch(inotify_fd, path, MASK);
}

static void
take_state(struct fake_knote *kn)
{
	struct stat st = { .st_size = 0 };

	(void)fstat(kn->source->fd, &st);
	kn->size = st.st_size;
	kn->n_links = (int64_t)st.st_nlink;
	kn->is_directory = S_ISDIR(st.st_mode);
}

static int
attach(struct fake_knote *kn)
{
	int r;

	r = fake_source_get(kn->kq, (int)kn->kev.ident, 0, &kn->source);
	if (r != 0)
		return r;
	kn->wd = kn->source->kind == FAKE_FILE ? watch(kn->source->fd, "") : -1;
	if (kn->wd < 0) {
		r = kn->source->kind == FAKE_FILE ? errno : EINVAL;
		fake_source_put(kn->source);
		kn->source = NULL;
		return r;
	}
	take_state(kn);
	kn->parent_wd = kn->is_directory ? watch(kn->source->fd, "/..") : -1;
	return 0;
}

static struct fake_knote *
knote_at(const struct fake_kq *q, size_t fd)
{
	return q->sources[fd] ? q->sources[fd]->knotes[FAKE_VNODE] : NULL;
}

/* Of all kqueues: another knote that needs this watch? */
static bool
is_needed(const struct fake_knote *gone, int wd)
{
	for (struct fake_kq *q = fake_first_kq(); q; q = q->next) {
		for (size_t fd = 0; fd < q->n_sources; fd++) {
			const struct fake_knote *kn = knote_at(q, fd);

			if (kn && kn != gone &&
				(kn->wd == wd || kn->parent_wd == wd))
				return true;
		}
	}
	return false;
}

static void
unwatch(const struct fake_knote *gone, int wd)
{
	if (wd >= 0 && !is_needed(gone, wd))
		(void)inotify_rm_watch(inotify_fd, wd);
}

static void
detach(struct fake_knote *kn)
{
	unwatch(kn, kn->wd);
	if (kn->parent_wd != kn->wd)
		unwatch(kn, kn->parent_wd);
}

/* Links come and go by what Linux calls an attribute. */
static unsigned int
find_link_notes(struct fake_knote *kn)
{
	int64_t before = kn->n_links;

	take_state(kn);
	if (kn->n_links == 0)
		return NOTE_DELETE;
	return kn->n_links != before ? NOTE_LINK : NOTE_ATTRIB;
}

static unsigned int
find_write_notes(struct fake_knote *kn)
{
	int64_t before = kn->size;

	take_state(kn);
	return kn->size > before ? NOTE_WRITE | NOTE_EXTEND : NOTE_WRITE;
}

/* What an event of inotify's means to the owner of the watch. */
static unsigned int
find_notes(struct fake_knote *kn, const struct inotify_event *event)
{
	const uint32_t names = IN_CREATE | IN_DELETE | IN_MOVED_FROM |
		IN_MOVED_TO;

	if (event->mask & names)
		return event->mask & IN_ISDIR ? NOTE_WRITE | NOTE_LINK :
						NOTE_WRITE;
	/* Of an entry of a directory, of which a kqueue knows nothing. */
	if (event->len > 0)
		return 0;
	if (event->mask & IN_MODIFY)
		return find_write_notes(kn);
	if (event->mask & IN_MOVE_SELF)
		return NOTE_RENAME;
	if (event->mask & IN_DELETE_SELF)
		return NOTE_DELETE;
	return event->mask & IN_ATTRIB ? find_link_notes(kn) : 0;
}

/* On the parent of a directory: has it gone? */
static unsigned int
find_end(struct fake_knote *kn, const struct inotify_event *event)
{
	struct stat st;

	if (!(event->mask & IN_DELETE) || !(event->mask & IN_ISDIR))
		return 0;
	return fstat(kn->source->fd, &st) == 0 && st.st_nlink == 0 ?
		NOTE_DELETE :
		0;
}

static void
show(struct fake_kq *q, const struct inotify_event *event)
{
	for (size_t fd = 0; fd < q->n_sources; fd++) {
		struct fake_knote *kn = knote_at(q, fd);
		unsigned int notes = 0;

		if (!kn || !fake_source_is_same(kn->source))
			continue;
		if (kn->wd == event->wd)
			notes |= find_notes(kn, event);
		if (kn->parent_wd == event->wd)
			notes |= find_end(kn, event);
		notes &= kn->kev.fflags;
		kn->seen |= notes;
		if (notes)
			fake_knote_activate(kn);
	}
}

static void
show_to_all(const struct inotify_event *event)
{
	for (struct fake_kq *q = fake_first_kq(); q; q = q->next) {
		if (!q->is_gone && q->pid == getpid())
			show(q, event);
	}
}

/* Hands out what inotify has, to whomever it is for. */
void
fake_vnode_harvest(void)
{
	_Alignas(struct inotify_event) char buffer[4096];
	struct inotify_event event;
	ssize_t n;

	while ((n = read(inotify_fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < n;
			at += (ssize_t)(sizeof(event) + event.len)) {
			memcpy(&event, buffer + at, sizeof(event));
			show_to_all(&event);
		}
		fake_arm_all();
	}
}

static bool
is_ready(struct fake_knote *kn, struct fake_report *ret_report)
{
	ret_report->fflags = (unsigned int)kn->seen;
	return kn->seen != 0;
}

static void
delivered(struct fake_knote *kn, const struct fake_report *report)
{
	(void)report;
	if (kn->kev.flags & EV_CLEAR)
		kn->seen = 0;
}

const struct fake_filter fake_vnode_filter = {
	.is_descriptor = true,
	.slot = FAKE_VNODE,
	.attach = attach,
	.detach = detach,
	.is_ready = is_ready,
	.delivered = delivered,
};
