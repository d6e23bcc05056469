/* SPDX-License-Identifier: MIT */
/*
 * kqueue(2). Changes are kept until the next wait and go out in the same
 * call that collects; a change that fails comes back as an event with
 * EV_ERROR, for which there is always room.
 *
 * The word of a descriptor says which filters the kernel has, and whether
 * they are edges. The generation travels in udata; it is 0 in deletions,
 * whose errors mean nothing: closing a descriptor deletes too.
 */
#include <sys/types.h>

#include <errno.h>
#include <string.h>
#include <sys/event.h>
#include <time.h>

#include "core/backend.h"

#define N_EVENTS 1024
#define MIN_CHANGES 64

enum {
	HAS_READ = 1 << 0,
	HAS_WRITE = 1 << 1,
	IS_EDGE = 1 << 2,
	/* The read filter is there for a hang-up only. */
	IS_QUIET = 1 << 3
};

struct kqueue_state {
	int fd;
	const struct rota_sys *sys;
	const struct rota__memory *memory;
	struct kevent *changes;
	int n_changes;
	int max_changes;
	/* Collected; from first_held on not yet reported. */
	struct kevent *events;
	int first_held;
	int n_held;
	int max_events;
};

_Static_assert(sizeof(((struct kevent *)0)->udata) == sizeof(uintptr_t),
	"udata is a pointer or an integer of that size");

static int
grow(struct kqueue_state *kq, struct kevent **array, int *max, int needed)
{
	struct kevent *longer;
	int n = *max ? *max : MIN_CHANGES;

	while (n < needed)
		n *= 2;
	longer = rota__realloc(kq->memory, *array, (size_t)n * sizeof(**array));
	if (longer == NULL)
		return -ENOMEM;
	*array = longer;
	*max = n;
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
		r = grow(kq, &kq->events, &kq->max_events, N_EVENTS);
	if (r < 0) {
		*ret_reason = "no memory or descriptor for kqueue";
		close_kqueue(kq, 0);
		return r;
	}
	return ROTA__CAN_EDGE | ROTA__CAN_SCALE | ROTA__CAN_FD |
		ROTA__CAN_NANOSECONDS | ROTA__CAN_HANGUP;
}

/* The type of udata differs between systems, its size does not. */
static void
put_generation(struct kevent *event, uint32_t generation)
{
	uintptr_t tag = generation;

	memcpy(&event->udata, &tag, sizeof(tag));
}

static uint32_t
get_generation(const struct kevent *event)
{
	uintptr_t tag;

	memcpy(&tag, &event->udata, sizeof(tag));
	return (uint32_t)tag;
}

/* The types of the members differ between systems; all values fit. */
static void
fill_change(struct kevent *change, int fd, int filter, unsigned flags)
{
	memset(change, 0, sizeof(*change));
	change->ident = (__typeof__(change->ident))fd;
	change->filter = (__typeof__(change->filter))filter;
	change->flags = (__typeof__(change->flags))flags;
}

/* There is room: set made it. */
static void
add_change(struct kqueue_state *kq, int fd, int filter, unsigned flags,
	uint32_t generation)
{
	struct kevent *change = &kq->changes[kq->n_changes++];

	fill_change(change, fd, filter, flags);
	put_generation(change, generation);
}

static void
delete_filters(struct kqueue_state *kq, int fd, uintptr_t had)
{
	if (had & HAS_READ)
		add_change(kq, fd, EVFILT_READ, EV_DELETE, 0);
	if (had & HAS_WRITE)
		add_change(kq, fd, EVFILT_WRITE, EV_DELETE, 0);
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
		fill_change(&change, fd, filters[i], EV_DELETE);
		(void)kevent(kq->fd, &change, 1, NULL, 0, &none);
	}
}

static uintptr_t
filters_for(unsigned wanted)
{
	uintptr_t filters = wanted & ROTA__WRITABLE ? HAS_WRITE : 0;

	if (wanted & ROTA__READABLE)
		filters |= HAS_READ;
	else if (wanted & ROTA__HANGUP)
		filters |= HAS_READ | IS_QUIET;
	return filters | (wanted & ROTA__EDGE ? IS_EDGE : 0);
}

/*
 * Adding what is there renews the generation. EV_CLEAR cannot be changed
 * without deleting first.
 */
static void
change_filters(struct kqueue_state *kq, const struct rota__wish *wish,
	uintptr_t had, uintptr_t has)
{
	unsigned edge = EV_ADD | (has & IS_EDGE ? EV_CLEAR : 0u);
	unsigned quiet = has & IS_QUIET ? EV_CLEAR : 0u;

	if ((had ^ has) & (IS_EDGE | IS_QUIET))
		delete_filters(kq, wish->fd, had);
	else
		delete_filters(kq, wish->fd, had & ~has);
	if (has & HAS_READ)
		add_change(kq, wish->fd, EVFILT_READ, edge | quiet,
			wish->generation);
	if (has & HAS_WRITE)
		add_change(kq, wish->fd, EVFILT_WRITE, edge, wish->generation);
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

/* Makes room for the four changes that one wish can need. */
static int
make_room(struct kqueue_state *kq)
{
	int needed = kq->n_changes + 4;
	int r = 0;

	if (needed > kq->max_changes)
		r = grow(kq, &kq->changes, &kq->max_changes, needed);
	if (r == 0 && kq->max_events < kq->max_changes)
		r = grow(kq, &kq->events, &kq->max_events, kq->max_changes);
	return r;
}

static int
set_kqueue(void *state, const struct rota__wish *wish, uintptr_t *word)
{
	struct kqueue_state *kq = state;
	uintptr_t had = *word;
	int r;

	if (wish->will_close)
		return 0;
	r = make_room(kq);
	if (r < 0 && wish->told != 0)
		delete_now(kq, wish->fd);
	if (r < 0)
		return r;
	if (wish->wanted == 0) {
		delete_filters(kq, wish->fd, had);
		return 0;
	}
	if (wish->told == 0 || wish->is_reopened)
		r = is_always_ready(kq, wish->fd);
	if (r != 0) {
		delete_filters(kq, wish->fd, had);
		return r;
	}
	*word = filters_for(wish->wanted);
	change_filters(kq, wish, had, *word);
	return 0;
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

/* Drops the errors of deletions. Returns 1 if nothing else has come. */
static int
drop_expected(struct kqueue_state *kq)
{
	int n_kept = 0;
	int i;

	for (i = 0; i < kq->n_held; i++)
		if (get_generation(&kq->events[i]) != 0)
			kq->events[n_kept++] = kq->events[i];
	if (n_kept == kq->n_held)
		return 0;
	kq->n_held = n_kept;
	return n_kept == 0;
}

/* Sends the changes and collects, both in one call. */
static int
send_changes(struct kqueue_state *kq, uint64_t timeout_ns)
{
	struct timespec ts;
	struct timespec *timeout = NULL;
	int n;

	if (timeout_ns != UINT64_MAX) {
		ts = rota__clock_to_timespec(timeout_ns);
		timeout = &ts;
	}
	n = kevent(kq->fd, kq->changes, kq->n_changes, kq->events,
		kq->max_events, timeout);
	if (n < 0 && errno != EINTR)
		return -errno;
	/* Interrupted, the changes have been made all the same. */
	kq->n_changes = 0;
	kq->first_held = 0;
	kq->n_held = n < 0 ? 0 : n;
	return 0;
}

/* A call that has errors to tell collects nothing: then it takes another. */
static int
collect(struct kqueue_state *kq, uint64_t timeout_ns)
{
	int r = send_changes(kq, timeout_ns);

	if (r == 0 && drop_expected(kq))
		r = send_changes(kq, timeout_ns);
	return r;
}

static int
wait_kqueue(void *state, struct rota__ready *ready, int n, uint64_t timeout_ns)
{
	struct kqueue_state *kq = state;
	int n_ready = 0;
	int r = 0;

	if (n == 0 && kq->n_held == 0 && kq->n_changes > 0)
		r = collect(kq, 0);
	if (n > 0 && kq->n_held == 0)
		r = collect(kq, timeout_ns);
	if (r < 0 || n == 0)
		return r < 0 ? r : kq->n_held;
	for (; kq->n_held > 0 && n_ready < n; kq->n_held--) {
		const struct kevent *event = &kq->events[kq->first_held++];

		ready[n_ready].fd = (int)event->ident;
		ready[n_ready].generation = get_generation(event);
		if (event->flags & EV_ERROR)
			report_error(kq, event, &ready[n_ready]);
		else
			report_event(kq, event, &ready[n_ready]);
		/* Both filters refused: one descriptor, one report. */
		if (n_ready > 0 && ready[n_ready - 1].fd == ready[n_ready].fd &&
			ready[n_ready].events & ROTA__ALWAYS &&
			ready[n_ready - 1].events & ROTA__ALWAYS)
			continue;
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
