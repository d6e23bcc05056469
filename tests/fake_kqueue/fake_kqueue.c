/* SPDX-License-Identifier: MIT */
/*
 * A test-only kqueue for Linux: the doors kqueue(), kqueue1() and kevent(),
 * the waiting, and the life of the numbers that kqueue() gave out.
 *
 * The user closes such a number with close(), of which we hear nothing. Each
 * use asks whether the number still is the epoll set it was (it must hold our
 * own descriptor); what is kept for closed ones is freed later.
 */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <fake_kqueue/control.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define NS_PER_S 1000000000
/* How often a sleeper looks for news that wakes nobody. */
#define RECHECK_NS 10000000
#define SWEEP_EVERY 64

/* Guards everything of the fake. Nothing else is locked while it is held. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fake_kq *all;
static unsigned int n_made;
/* Always readable: the member of each epoll set that marks it as ours. */
static int ready_fd = -1;

static bool
is_alive(const struct fake_kq *q)
{
	return !q->is_gone && q->pid == getpid() &&
		fake_kq_holds(q->fd, ready_fd);
}

static struct fake_kq *
find(int fd)
{
	for (struct fake_kq *q = all; q; q = q->next) {
		if (q->fd == fd)
			return q;
	}
	return NULL;
}

/* How many events wait in the kqueue of this number? */
size_t
fake_count_queued_at(int kq_fd)
{
	const struct fake_kq *q = find(kq_fd);

	return q ? fake_kq_count_queued(q) : 0;
}

struct fake_kq *
fake_first_kq(void)
{
	return all;
}

static void
free_unless_used(struct fake_kq *q)
{
	if (q->is_gone && q->users == 0)
		free(q);
}

/* Takes a kqueue off the list. Its number may be somebody else's by now. */
static void
forget(struct fake_kq *q)
{
	struct fake_kq **p = &all;

	while (*p != q)
		p = &(*p)->next;
	*p = q->next;
	q->is_gone = true;
	q->fd = -1;
	fake_kq_empty(q);
	free_unless_used(q);
}

static void
forget_closed(void)
{
	struct fake_kq *next;

	for (struct fake_kq *q = all; q; q = next) {
		next = q->next;
		if (!is_alive(q))
			forget(q);
	}
}

void
fake_kqueue_forget_closed(void)
{
	pthread_mutex_lock(&lock);
	forget_closed();
	pthread_mutex_unlock(&lock);
}

/* Makes the number poll readable if and only if the queue has something. */
static void
arm(struct fake_kq *q)
{
	bool wanted = !fake_link_is_alone(&q->queue);
	struct epoll_event event = { .events = wanted ? EPOLLIN : 0 };

	if (wanted == q->is_armed)
		return;
	event.data.u64 = (uint32_t)ready_fd;
	if (epoll_ctl(q->fd, EPOLL_CTL_MOD, ready_fd, &event) == 0)
		q->is_armed = wanted;
}

/* What was read for one kqueue may have been for others. */
void
fake_arm_all(void)
{
	for (struct fake_kq *q = all; q; q = q->next) {
		if (q->pid == getpid() && !q->is_gone)
			arm(q);
	}
}

static int
enter_markers(int fd)
{
	struct epoll_event event = { .events = 0 };
	int bell_fd = fake_signal_bell_fd();
	int vnode_fd = fake_vnode_bell_fd();

	event.data.u64 = (uint32_t)ready_fd;
	if (epoll_ctl(fd, EPOLL_CTL_ADD, ready_fd, &event) < 0)
		return -1;
	event.data.u64 = (uint32_t)bell_fd;
	event.events = EPOLLIN | EPOLLET;
	if (epoll_ctl(fd, EPOLL_CTL_ADD, bell_fd, &event) < 0)
		return -1;
	event.data.u64 = (uint32_t)vnode_fd;
	return epoll_ctl(fd, EPOLL_CTL_ADD, vnode_fd, &event);
}

/* Enters a fresh epoll set into the list. */
static int
enter(int fd)
{
	struct fake_kq *old = find(fd);
	struct fake_kq *q;
	struct kevent none;

	/* The kernel gave this number anew: its last kqueue is closed. */
	if (old)
		forget(old);
	if (++n_made % SWEEP_EVERY == 0)
		forget_closed();
	q = calloc(1, sizeof(*q));
	if (!q || enter_markers(fd) < 0) {
		free(q);
		return -1;
	}
	q->fd = fd;
	q->pid = getpid();
	fake_link_init(&q->queue);
	fake_link_init(&q->others);
	fake_link_init(&q->rechecked);
	/* The bell's first report says nothing. */
	(void)fake_kq_collect(q, &none, 0);
	q->next = all;
	all = q;
	return 0;
}

static int
make_kqueue(int flags)
{
	int fd = epoll_create1(flags & O_CLOEXEC ? EPOLL_CLOEXEC : 0);
	int saved;

	if (fd < 0)
		return -1;
	pthread_mutex_lock(&lock);
	if (enter(fd) < 0) {
		saved = errno;
		(void)close(fd);
		errno = saved;
		fd = -1;
	}
	pthread_mutex_unlock(&lock);
	return fd;
}

int
kqueue(void)
{
	return make_kqueue(0);
}

#ifdef FAKE_KQUEUE_NETBSD
int
kqueue1(int flags)
{
	return make_kqueue(flags);
}
#endif

static void
write_receipt(const struct kevent *change, int error, struct kevent *ret_event)
{
	unsigned int flags = EV_ERROR;

	if (error == 0)
		flags |= change->flags & fake_personality.echoed_flags;
	*ret_event = *change;
	ret_event->flags = (unsigned short)flags;
	ret_event->data = error;
}

/* Applies the changes. Returns the number of receipts, or -1 for an error
 * that found no room. */
static int
apply(struct fake_kq *q, const struct kevent *changes, size_t n_changes,
	struct kevent *events, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < n_changes; i++) {
		/* Both lists may be one array. */
		struct kevent change = changes[i];
		int error;

		change.flags &= (unsigned short)~EV_SYSFLAGS;
		error = fake_kq_change(q, &change);
		if (error == 0 && !(change.flags & EV_RECEIPT))
			continue;
		if (n == room) {
			errno = error;
			return error == 0 ? (int)n : -1;
		}
		write_receipt(&change, error, &events[n++]);
	}
	return (int)n;
}

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* The end of the wait; a far one counts as none. */
static uint64_t
find_deadline_ns(const struct timespec *timeout)
{
	uint64_t s = timeout ? (uint64_t)timeout->tv_sec : UINT64_MAX;

	if (s > UINT64_MAX / NS_PER_S / 4)
		return UINT64_MAX;
	return now_ns() + s * NS_PER_S + (uint64_t)timeout->tv_nsec;
}

/* How long to sleep at a time. */
static uint64_t
find_slice_ns(const struct fake_kq *q, uint64_t deadline_ns)
{
	uint64_t now = now_ns();
	uint64_t left = deadline_ns > now ? deadline_ns - now : 0;

	if (left > RECHECK_NS &&
		(fake_personality.close_wakes_sleepers ||
			!fake_link_is_alone(&q->rechecked)))
		return RECHECK_NS;
	return left;
}

/* Sleeps without the lock, until there may be news. 0 or an errno. */
static int
sleep_on(struct fake_kq *q, uint64_t deadline_ns)
{
	uint64_t slice_ns = find_slice_ns(q, deadline_ns);
	struct timespec slice = {
		.tv_sec = (time_t)(slice_ns / NS_PER_S),
		.tv_nsec = (long)(slice_ns % NS_PER_S),
	};
	struct pollfd pfd = { .fd = q->fd, .events = POLLIN };
	int r = 0;

	arm(q);
	fake_signal_begin_wait();
	pthread_mutex_unlock(&lock);
	if (ppoll(&pfd, 1, &slice, NULL) < 0)
		r = fake_signal_was_quiet() ? 0 : errno;
	pthread_mutex_lock(&lock);
	return is_alive(q) ? r : EBADF;
}

static bool
is_valid(const struct timespec *timeout)
{
	return !timeout ||
		(timeout->tv_sec >= 0 && timeout->tv_nsec >= 0 &&
			timeout->tv_nsec < NS_PER_S);
}

/* Collects events, waiting for the first. Their number, or -1. What came
 * along with a signal goes before EINTR. */
static int
collect(struct fake_kq *q, struct kevent *events, size_t room,
	const struct timespec *timeout)
{
	bool may_wait = !timeout || timeout->tv_sec || timeout->tv_nsec;
	uint64_t deadline_ns;
	int r = 0;

	if (!is_valid(timeout)) {
		errno = EINVAL;
		return -1;
	}
	deadline_ns = may_wait ? find_deadline_ns(timeout) : 0;
	while (r != EBADF) {
		size_t n = fake_kq_collect(q, events, room);

		if (n > 0 || (r == 0 && !may_wait))
			return (int)n;
		if (r != 0)
			break;
		r = sleep_on(q, deadline_ns);
		may_wait = now_ns() < deadline_ns;
	}
	errno = r;
	return -1;
}

static int
call(struct fake_kq *q, const struct kevent *changes, size_t n_changes,
	struct kevent *events, size_t room, const struct timespec *timeout)
{
	int r = apply(q, changes, n_changes, events, room);

	/* kqueue(2): no room, no wait, whatever the timeout says. */
	if (r == 0 && room > 0)
		r = collect(q, events, room, timeout);
	if (!q->is_gone)
		arm(q);
	return r;
}

static int
enter_call(int kq, const struct kevent *changes, size_t n_changes,
	struct kevent *events, size_t room, const struct timespec *timeout)
{
	struct fake_kq *q;
	int r = -1;
	int saved = EBADF;

	pthread_mutex_lock(&lock);
	q = find(kq);
	if (q && is_alive(q)) {
		/* Keeps it from being freed while this call sleeps. */
		q->users++;
		r = call(q, changes, n_changes, events, room, timeout);
		saved = errno;
		q->users--;
		free_unless_used(q);
	}
	pthread_mutex_unlock(&lock);
	errno = saved;
	return r;
}

#ifdef FAKE_KQUEUE_NETBSD
int
kevent(int kq, const struct kevent *changelist, size_t nchanges,
	struct kevent *eventlist, size_t nevents,
	const struct timespec *timeout)
{
	return enter_call(
		kq, changelist, nchanges, eventlist, nevents, timeout);
}
#else
int
kevent(int kq, const struct kevent *changelist, int nchanges,
	struct kevent *eventlist, int nevents, const struct timespec *timeout)
{
	if (nchanges < 0 || nevents < 0) {
		errno = EINVAL;
		return -1;
	}
	return enter_call(kq, changelist, (size_t)nchanges, eventlist,
		(size_t)nevents, timeout);
}
#endif

static void
lock_for_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void
unlock_after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

/* kqueue(2): not inherited; the number is free in the child. */
static void
leave_behind(void)
{
	fake_vnode_after_fork();
	while (all) {
		struct fake_kq *q = all;

		if (fake_kq_holds(q->fd, ready_fd))
			(void)close(q->fd);
		/* Nobody sleeps here: the child has one thread. */
		q->users = 0;
		forget(q);
	}
	fake_signal_after_fork();
	pthread_mutex_unlock(&lock);
}

/* Our descriptors exist before a test counts its own. */
__attribute__((constructor)) static void
begin(void)
{
	ready_fd = fake_high_fd(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
	fake_signal_begin();
	fake_vnode_begin();
	(void)pthread_atfork(lock_for_fork, unlock_after_fork, leave_behind);
}

__attribute__((destructor)) static void
end(void)
{
	fake_kqueue_forget_closed();
	fake_signal_end();
	fake_vnode_end();
	(void)close(ready_fd);
}
