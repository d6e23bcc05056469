/* SPDX-License-Identifier: MIT */
/*
 * Registrations: how changes make and unmake them, how edges put them into
 * the queue, and how a call takes events out of it.
 *
 *	       activate               a scan finds it not ready, or has
 *	idle ------------> queued --> delivered it with EV_CLEAR --> idle
 *	                     ^  |
 *	                     +--+ delivered without: to the back
 *
 * A disabled knote may be active but is not queued; enabling it queues it.
 */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <sys/epoll.h>

#define HARVEST 256

#define OWNER(link, member) \
	((struct fake_knote *)(void *)((char *)(link)-offsetof( \
		struct fake_knote, member)))

void
fake_link_init(struct fake_link *link)
{
	link->next = link;
	link->prev = link;
}

bool
fake_link_is_alone(const struct fake_link *link)
{
	return link->next == link;
}

void
fake_link_append(struct fake_link *ring, struct fake_link *link)
{
	link->next = ring;
	link->prev = ring->prev;
	ring->prev->next = link;
	ring->prev = link;
}

void
fake_link_remove(struct fake_link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	fake_link_init(link);
}

static void
unqueue(struct fake_knote *kn)
{
	kn->is_queued = false;
	fake_link_remove(&kn->in_queue);
}

static void
enqueue(struct fake_knote *kn)
{
	if (kn->is_queued || kn->is_disabled)
		return;
	kn->is_queued = true;
	fake_link_append(&kn->kq->queue, &kn->in_queue);
}

static void
deactivate(struct fake_knote *kn)
{
	kn->is_active = false;
	unqueue(kn);
}

void
fake_knote_activate(struct fake_knote *kn)
{
	kn->is_active = true;
	enqueue(kn);
}

/* Ends a registration. */
void
fake_knote_drop(struct fake_knote *kn)
{
	struct fake_source *s = kn->source;

	if (kn->filter->detach)
		kn->filter->detach(kn);
	unqueue(kn);
	fake_link_remove(&kn->in_others);
	fake_link_remove(&kn->in_rechecked);
	if (s) {
		s->knotes[kn->filter->slot] = NULL;
		fake_source_put(s);
	}
	free(kn);
}

/* Ends all registrations of a number; the source goes with the last. */
void
fake_source_drop(struct fake_source *s)
{
	struct fake_knote *knotes[FAKE_SLOTS];

	memcpy(knotes, s->knotes, sizeof(knotes));
	for (int slot = 0; slot < FAKE_SLOTS; slot++) {
		if (knotes[slot])
			fake_knote_drop(knotes[slot]);
	}
}

void
fake_kq_empty(struct fake_kq *q)
{
	for (size_t fd = 0; fd < q->n_sources; fd++) {
		if (q->sources[fd])
			fake_source_drop(q->sources[fd]);
	}
	while (!fake_link_is_alone(&q->others))
		fake_knote_drop(OWNER(q->others.next, in_others));
	free(q->sources);
	q->sources = NULL;
	q->n_sources = 0;
}

size_t
fake_kq_count_queued(const struct fake_kq *q)
{
	size_t n = 0;

	for (struct fake_link *l = q->queue.next; l != &q->queue; l = l->next)
		n++;
	return n;
}

/* Finds a registration: 0 and it or NULL, or EBADF. */
static int
find_knote(struct fake_kq *q, const struct fake_filter *filter,
	const struct kevent *change, struct fake_knote **ret_kn)
{
	struct fake_source *s;

	*ret_kn = NULL;
	if (filter->is_descriptor) {
		if (change->ident > INT_MAX)
			return EBADF;
		s = fake_source_find(q, (int)change->ident);
		if (s)
			*ret_kn = s->knotes[filter->slot];
		else if (fcntl((int)change->ident, F_GETFD) < 0)
			return EBADF;
		return 0;
	}
	for (struct fake_link *l = q->others.next; l != &q->others;
		l = l->next) {
		struct fake_knote *kn = OWNER(l, in_others);

		if (kn->filter == filter && kn->kev.ident == change->ident)
			*ret_kn = kn;
	}
	return 0;
}

static int
create(struct fake_kq *q, const struct fake_filter *filter,
	const struct kevent *change, struct fake_knote **ret_kn)
{
	struct fake_knote *kn = calloc(1, sizeof(*kn));
	int r;

	if (!kn)
		return ENOMEM;
	kn->kev = *change;
	kn->filter = filter;
	kn->kq = q;
	fake_link_init(&kn->in_queue);
	fake_link_init(&kn->in_others);
	fake_link_init(&kn->in_rechecked);
	r = filter->attach(kn);
	if (r != 0) {
		free(kn);
		return r;
	}
	if (kn->source)
		kn->source->knotes[filter->slot] = kn;
	if (!filter->is_descriptor)
		fake_link_append(&q->others, &kn->in_others);
	*ret_kn = kn;
	return 0;
}

/* EV_ADD of what is there: the wish and udata change, the flags do not. */
static int
modify(struct fake_knote *kn, const struct kevent *change)
{
	int r = kn->filter->touch ? kn->filter->touch(kn, change) : 0;

	if (r != 0 || !(change->flags & EV_ADD))
		return r;
	kn->kev.udata = change->udata;
	kn->kev.data = change->data;
	if (kn->filter->is_descriptor)
		kn->kev.fflags = change->fflags;
	return 0;
}

static void
look(struct fake_knote *kn)
{
	struct fake_report report = { .data = 0 };

	if (kn->filter->is_ready(kn, &report))
		fake_knote_activate(kn);
}

static void
enable_or_disable(struct fake_knote *kn, unsigned int flags)
{
	if (flags & EV_DISABLE) {
		kn->is_disabled = true;
		unqueue(kn);
	} else if (flags & EV_ENABLE) {
		kn->is_disabled = false;
		if (kn->is_active)
			enqueue(kn);
	}
	if (flags & EV_ADD || fake_personality.enable_looks_again)
		look(kn);
}

/* Applies one change. 0 or an errno. */
int
fake_kq_change(struct fake_kq *q, const struct kevent *change)
{
	const struct fake_filter *filter = fake_find_filter(change);
	struct fake_knote *kn;
	int r;

	if (!filter)
		return EINVAL;
	r = find_knote(q, filter, change, &kn);
	if (r != 0)
		return r;
	if (!kn && !(change->flags & EV_ADD))
		return ENOENT;
	if (change->flags & EV_DELETE) {
		if (kn)
			fake_knote_drop(kn);
		return 0;
	}
	r = kn ? modify(kn, change) : create(q, filter, change, &kn);
	if (r == 0)
		enable_or_disable(kn, change->flags);
	return r;
}

static void
notice(struct fake_kq *q, const struct epoll_event *event)
{
	size_t fd = (uint32_t)event->data.u64;
	uint32_t tag = (uint32_t)(event->data.u64 >> 32);
	struct fake_source *s = fd < q->n_sources ? q->sources[fd] : NULL;
	const uint32_t both = EPOLLHUP | EPOLLERR;

	/* Tag 0 is our own descriptor; another one is of a number that was
	 * closed while a dup lives. */
	if (!s || s->tag != tag)
		return;
	if (s->knotes[FAKE_READ] &&
		event->events & (EPOLLIN | EPOLLRDHUP | both))
		fake_knote_activate(s->knotes[FAKE_READ]);
	if (s->knotes[FAKE_WRITE] && event->events & (EPOLLOUT | both))
		fake_knote_activate(s->knotes[FAKE_WRITE]);
}

/* Turns the edges of the epoll set into activations. */
static void
harvest(struct fake_kq *q)
{
	struct epoll_event events[HARVEST];
	int n;

	do {
		n = epoll_wait(q->fd, events, HARVEST, 0);
		for (int i = 0; i < n; i++)
			notice(q, &events[i]);
	} while (n == HARVEST);
	fake_vnode_harvest();
}

/* Looks at the knotes whose news makes no edge. */
static void
recheck(struct fake_kq *q)
{
	struct fake_link *next;

	for (struct fake_link *l = q->rechecked.next; l != &q->rechecked;
		l = next) {
		struct fake_knote *kn = OWNER(l, in_rechecked);

		next = l->next;
		if (!kn->is_queued && kn->filter->has_news(kn))
			fake_knote_activate(kn);
	}
}

static void
fill(const struct fake_knote *kn, const struct fake_report *report,
	struct kevent *ret_event)
{
	unsigned int flags = kn->kev.flags & fake_personality.kept_flags;

	if (report->is_eof)
		flags |= EV_EOF;
	if (report->is_last)
		flags |= EV_ONESHOT;
	*ret_event = kn->kev;
	ret_event->flags = (unsigned short)flags;
	ret_event->fflags = report->fflags;
	ret_event->data = report->data;
}

/* What becomes of a knote whose event went out. */
static void
settle(struct fake_knote *kn, const struct fake_report *report)
{
	if (kn->filter->delivered)
		kn->filter->delivered(kn, report);
	if (report->is_last || kn->kev.flags & EV_ONESHOT) {
		fake_knote_drop(kn);
		return;
	}
	deactivate(kn);
	if (kn->kev.flags & EV_DISPATCH)
		kn->is_disabled = true;
	else if (!(kn->kev.flags & EV_CLEAR))
		fake_knote_activate(kn);
}

/* Looks at one queued knote. True if that made an event. */
static bool
take(struct fake_knote *kn, struct kevent *ret_event)
{
	struct fake_report report = { .data = 0 };

	if (kn->source && !fake_source_is_same(kn->source)) {
		fake_source_drop(kn->source);
		return false;
	}
	if (!kn->filter->is_ready(kn, &report)) {
		deactivate(kn);
		return false;
	}
	fill(kn, &report, ret_event);
	settle(kn, &report);
	return true;
}

/* Collects without waiting. Level-triggered knotes go to the back, so that
 * a short event list takes turns among them. */
size_t
fake_kq_collect(struct fake_kq *q, struct kevent *events, size_t room)
{
	size_t n = 0;

	harvest(q);
	recheck(q);
	q->last_scan++;
	while (n < room && !fake_link_is_alone(&q->queue)) {
		struct fake_knote *kn = OWNER(q->queue.next, in_queue);

		if (kn->scan == q->last_scan)
			break;
		kn->scan = q->last_scan;
		if (take(kn, &events[n]))
			n++;
	}
	return n;
}
