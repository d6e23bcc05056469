/* SPDX-License-Identifier: MIT */
/*
 * kqueue(2). Changes are kept until the next wait and go out in the same
 * call that collects; a change that fails comes back as an event with
 * EV_ERROR, for which there is always room.
 *
 * The generation travels in udata; it is 0 in deletions, whose errors mean
 * nothing: closing a descriptor deletes too.
 */
#include <sys/types.h>

#include <errno.h>
#include <string.h>
#include <sys/event.h>
#include <time.h>

#include "core/backend.h"

#define MIN_EVENTS 1024

struct kqueue_state {
	int fd;
	const struct rota_sys *sys;
	const struct rota__memory *memory;
	/* Changes not yet sent, and events, both with this much room. */
	int capacity;
	struct kevent *changes;
	int n_changes;
	/* Collected; from first_held on not yet reported. */
	struct kevent *events;
	int first_held;
	int n_held;
};

static int
grow(struct kqueue_state *kq)
{
	int capacity = kq->capacity ? kq->capacity * 2 : MIN_EVENTS;
	size_t n_bytes = (size_t)capacity * sizeof(struct kevent);
	void *changes = rota__realloc(kq->memory, kq->changes, n_bytes);
	void *events;

	if (changes == NULL)
		return -ENOMEM;
	kq->changes = changes;
	events = rota__realloc(kq->memory, kq->events, n_bytes);
	if (events == NULL)
		return -ENOMEM;
	kq->events = events;
	kq->capacity = capacity;
	return 0;
}

static void
close_kqueue(void *state, int is_forked)
{
	struct kqueue_state *kq = state;

	/* A child has none, and the number may be somebody else's by now. */
	if (!is_forked)
		(void)kq->sys->close(kq->fd);
	rota__free(kq->memory, kq->changes);
	rota__free(kq->memory, kq->events);
}

static int
open_kqueue(void *state, const struct rota_sys *sys,
	const struct rota__memory *memory, const char **ret_reason)
{
	struct kqueue_state *kq = state;
	int r;

	kq->sys = sys;
	kq->memory = memory;
	kq->fd = kqueue();
	if (kq->fd < 0) {
		*ret_reason = "the kernel refuses kqueue";
		return -errno;
	}
	r = sys->set_cloexec(kq->fd);
	if (r == 0)
		r = grow(kq);
	if (r < 0) {
		*ret_reason = "no memory or descriptor for kqueue";
		close_kqueue(kq, 0);
		return r;
	}
	return ROTA__CAN_EDGE | ROTA__CAN_SCALE | ROTA__CAN_FD |
		ROTA__CAN_NANOSECONDS | ROTA__CAN_HANGUP;
}

/* The types of the members differ between systems; all values fit. */
static void
fill_change(struct kevent *change, int fd, int filter, unsigned flags,
	uint32_t generation)
{
	memset(change, 0, sizeof(*change));
	change->ident = (__typeof__(change->ident))fd;
	change->filter = (__typeof__(change->filter))filter;
	change->flags = (__typeof__(change->flags))flags;
	change->udata = (__typeof__(change->udata))(uintptr_t)generation;
}

static uint32_t
generation_of(const struct kevent *event)
{
	return (uint32_t)(uintptr_t)event->udata;
}

/* What the two filters are added with; 0 if there is to be none. */
static unsigned
read_flags(unsigned wanted)
{
	if (wanted & ROTA__READABLE)
		return EV_ADD | (wanted & ROTA__EDGE ? EV_CLEAR : 0u);
	/* Bytes that nobody wants to read must not be told for ever. */
	return wanted & ROTA__HANGUP ? EV_ADD | EV_CLEAR : 0u;
}

static unsigned
write_flags(unsigned wanted)
{
	if (wanted & ROTA__WRITABLE)
		return EV_ADD | (wanted & ROTA__EDGE ? EV_CLEAR : 0u);
	return 0;
}

/*
 * Adding what is there renews the generation. EV_CLEAR cannot be changed
 * without deleting first.
 */
static void
change_filter(struct kqueue_state *kq, const struct rota__wish *wish,
	int filter, unsigned had, unsigned has)
{
	if (had != 0 && had != has)
		fill_change(&kq->changes[kq->n_changes++], wish->fd, filter,
			EV_DELETE, 0);
	if (has != 0)
		fill_change(&kq->changes[kq->n_changes++], wish->fd, filter,
			has, wish->generation);
}

/* Without the list of changes; that one may not be there is expected. */
static void
delete_now(struct kqueue_state *kq, int fd)
{
	static const int filters[] = { EVFILT_READ, EVFILT_WRITE };
	const struct timespec none = { 0 };
	struct kevent change;
	size_t i;

	for (i = 0; i < 2; i++) {
		fill_change(&change, fd, filters[i], EV_DELETE, 0);
		(void)kevent(kq->fd, &change, 1, NULL, 0, &none);
	}
}

/*
 * poll(2) calls files and directories always ready; their filters here do
 * not. Asked once per registration. An error is one: guessing wrong would be
 * a wait for ever.
 */
static int
is_always_ready(const struct kqueue_state *kq, int fd)
{
	struct stat about;
	int r = kq->sys->fstat(fd, &about);

	if (r < 0)
		return r;
	return S_ISREG(about.st_mode) || S_ISDIR(about.st_mode) ?
		ROTA__ALWAYS_READY :
		0;
}

static int
set_kqueue(void *state, const struct rota__wish *wish, uintptr_t *word)
{
	struct kqueue_state *kq = state;
	unsigned told = wish->told;
	unsigned wanted = wish->wanted;
	int r = 0;

	(void)word;
	if (wish->will_close)
		return 0;
	/* One wish can need four changes. */
	if (kq->n_changes + 4 > kq->capacity)
		r = grow(kq);
	if (r < 0 && told != 0)
		delete_now(kq, wish->fd);
	if (r < 0)
		return r;
	if (wanted != 0 && (told == 0 || wish->is_reopened))
		r = is_always_ready(kq, wish->fd);
	if (r != 0)
		wanted = 0;
	change_filter(
		kq, wish, EVFILT_READ, read_flags(told), read_flags(wanted));
	change_filter(
		kq, wish, EVFILT_WRITE, write_flags(told), write_flags(wanted));
	return r;
}

/*
 * A change has failed. Where the kernel cannot wait for this kind of file it
 * is always ready; so is a pipe without a reader, which can only fail to
 * write (EPIPE; NetBSD says EBADF as for a closed one, so that has to be
 * asked for, and what is told is the answer).
 */
static void
report_error(struct kqueue_state *kq, const struct kevent *event,
	struct rota__ready *ready)
{
	struct stat about;
	int error = (int)event->data;
	int r = -error;

	if (error == EBADF)
		r = kq->sys->fstat(ready->fd, &about);
	ready->events = ROTA__FAILED;
	ready->error = r;
	if (error == ENODEV || error == EINVAL || error == EOPNOTSUPP ||
		error == EPERM)
		ready->events = ROTA__ALWAYS | ROTA__READABLE | ROTA__WRITABLE;
	if (error == EPIPE || r == 0)
		ready->events = ROTA__ALWAYS | ROTA__ALL_DEAD;
	delete_now(kq, ready->fd);
}

/*
 * EV_EOF says that no more will come, not that nothing is left. FreeBSD
 * drops the registration of a broken pipe as it reports (EV_ONESHOT).
 */
static void
report_event(struct kqueue_state *kq, const struct kevent *event,
	struct rota__ready *ready)
{
	if (event->filter == EVFILT_READ)
		ready->events = ROTA__READABLE |
			(event->flags & EV_EOF ? ROTA__HANGUP : 0u);
	else
		ready->events = ROTA__WRITABLE;
	if (event->flags & EV_EOF && event->fflags != 0)
		ready->events = ROTA__ALL_DEAD;
	if (event->flags & EV_ONESHOT) {
		ready->events |= ROTA__ALWAYS;
		delete_now(kq, ready->fd);
	}
}

/*
 * Sends the changes and collects, both in one call. The errors of deletions
 * are dropped; a call that has errors to tell collects nothing else, so if
 * that was all, it takes another.
 */
static int
collect(struct kqueue_state *kq, uint64_t timeout_ns)
{
	struct timespec ts = rota__clock_to_timespec(timeout_ns);
	int n, i;

	kq->first_held = 0;
	do {
		n = kevent(kq->fd, kq->changes, kq->n_changes, kq->events,
			kq->capacity, timeout_ns == UINT64_MAX ? NULL : &ts);
		if (n < 0 && errno != EINTR)
			return -errno;
		/* Interrupted, the changes have been made all the same. */
		kq->n_changes = 0;
		for (i = 0; i < n; i++)
			if (generation_of(&kq->events[i]) != 0)
				kq->events[kq->n_held++] = kq->events[i];
	} while (n > 0 && kq->n_held == 0);
	return 0;
}

static int
wait_kqueue(void *state, struct rota__ready *ready, int n, uint64_t timeout_ns)
{
	struct kqueue_state *kq = state;
	int n_ready;
	int r = 0;

	/* Asked for no reports, it only sends what there is to send. */
	if (kq->n_held == 0 && (n > 0 || kq->n_changes > 0))
		r = collect(kq, n > 0 ? timeout_ns : 0);
	if (r < 0 || n == 0)
		return r < 0 ? r : kq->n_held;
	for (n_ready = 0; kq->n_held > 0 && n_ready < n; kq->n_held--) {
		const struct kevent *event = &kq->events[kq->first_held++];

		ready[n_ready].fd = (int)event->ident;
		ready[n_ready].generation = generation_of(event);
		if (event->flags & EV_ERROR)
			report_error(kq, event, &ready[n_ready]);
		else
			report_event(kq, event, &ready[n_ready]);
		n_ready++;
	}
	return n_ready;
}

const struct rota__backend rota__backend_kqueue = {
	.name = "kqueue",
	.state_size = sizeof(struct kqueue_state),
	.open = open_kqueue,
	.close = close_kqueue,
	.set = set_kqueue,
	.wait = wait_kqueue,
};
