/* SPDX-License-Identifier: MIT */
/*
 * EVFILT_TIMER, by a timerfd of our own, and EVFILT_USER.
 */
#include "fake.h"

#include <errno.h>
#include <unistd.h>

#include <sys/epoll.h>
#include <sys/timerfd.h>

#define NS_PER_S 1000000000
/* Longer than any test: keeps the sums below from overflowing. */
#define LONGEST_S 1000000000

static const uint64_t ns_of_ms = 1000000;

/* The unit of the data of this change. Milliseconds if it does not say. */
static uint64_t
find_unit_ns(unsigned int fflags)
{
	const struct fake_personality *p = &fake_personality;

	if (fflags & p->note_seconds)
		return NS_PER_S;
	if (fflags & p->note_useconds)
		return 1000;
	if (fflags & p->note_nseconds)
		return 1;
	return ns_of_ms;
}

static struct timespec
scale(int64_t data, uint64_t unit_ns)
{
	uint64_t count = data > 0 ? (uint64_t)data : 0;
	struct timespec ts = { .tv_sec = LONGEST_S };

	if (count > (uint64_t)LONGEST_S * NS_PER_S / unit_ns)
		return ts;
	ts.tv_sec = (time_t)(count * unit_ns / NS_PER_S);
	ts.tv_nsec = (long)(count * unit_ns % NS_PER_S);
	/* Zero or less: at the next tick. A timerfd takes zero for "never". */
	if (count == 0)
		ts.tv_nsec = 1;
	return ts;
}

static int
check(const struct kevent *change)
{
	if (change->data < 0)
		return fake_personality.timer_negative_errno;
	if (change->data == 0)
		return fake_personality.timer_zero_errno;
	return 0;
}

static void
set_timer(int fd, const struct kevent *change)
{
	struct itimerspec spec = {
		.it_value = scale(change->data, find_unit_ns(change->fflags)),
	};
	bool is_absolute = change->fflags & fake_personality.note_absolute;

	if (!(change->flags & EV_ONESHOT) && !is_absolute && change->data > 0)
		spec.it_interval = spec.it_value;
	(void)timerfd_settime(
		fd, is_absolute ? TFD_TIMER_ABSTIME : 0, &spec, NULL);
}

static int
timer_attach(struct fake_knote *kn)
{
	/* Absolute times are of the clock on the wall. */
	int clock = kn->kev.fflags & fake_personality.note_absolute ?
		CLOCK_REALTIME :
		CLOCK_MONOTONIC;
	int r = check(&kn->kev);
	int fd;

	if (r != 0)
		return r;
	fd = fake_high_fd(timerfd_create(clock, TFD_CLOEXEC | TFD_NONBLOCK));
	if (fd < 0)
		return ENOMEM;
	r = fake_source_get_ours(kn->kq, fd, &kn->source);
	if (r != 0) {
		(void)close(fd);
		return r;
	}
	kn->kev.flags |= EV_CLEAR;
	set_timer(fd, &kn->kev);
	return 0;
}

static int
timer_touch(struct fake_knote *kn, const struct kevent *change)
{
	struct kevent merged = kn->kev;
	int r;

	if (!(change->flags & EV_ADD) || !fake_personality.timer_restarts)
		return 0;
	r = check(change);
	if (r != 0)
		return r;
	merged.fflags = change->fflags;
	merged.data = change->data;
	kn->kev = merged;
	kn->seen = 0;
	set_timer(kn->source->fd, &kn->kev);
	return 0;
}

/* Expirations not yet told are kept in seen: reading the timerfd clears it. */
static bool
timer_is_ready(struct fake_knote *kn, struct fake_report *ret_report)
{
	uint64_t n;

	if (read(kn->source->fd, &n, sizeof(n)) == (ssize_t)sizeof(n))
		kn->seen += (int64_t)n;
	ret_report->data = kn->seen;
	return kn->seen > 0;
}

static void
timer_delivered(struct fake_knote *kn, const struct fake_report *report)
{
	kn->seen -= report->data;
}

const struct fake_filter fake_timer_filter = {
	.slot = FAKE_READ,
	.attach = timer_attach,
	.touch = timer_touch,
	.is_ready = timer_is_ready,
	.delivered = timer_delivered,
};

static int
user_attach(struct fake_knote *kn)
{
	kn->is_fired = kn->kev.fflags & NOTE_TRIGGER;
	kn->kev.fflags &= NOTE_FFLAGSMASK;
	return 0;
}

static int
user_touch(struct fake_knote *kn, const struct kevent *change)
{
	unsigned int bits = change->fflags & NOTE_FFLAGSMASK;

	switch (change->fflags & NOTE_FFCTRLMASK) {
	case NOTE_FFAND:
		kn->kev.fflags &= bits;
		break;
	case NOTE_FFOR:
		kn->kev.fflags |= bits;
		break;
	case NOTE_FFCOPY:
		kn->kev.fflags = bits;
		break;
	default:
		break;
	}
	kn->kev.data = change->data;
	if (change->fflags & NOTE_TRIGGER) {
		kn->is_fired = true;
		fake_knote_activate(kn);
	}
	return 0;
}

static bool
user_is_ready(struct fake_knote *kn, struct fake_report *ret_report)
{
	ret_report->fflags = kn->kev.fflags;
	ret_report->data = kn->kev.data;
	return kn->is_fired;
}

static void
user_delivered(struct fake_knote *kn, const struct fake_report *report)
{
	(void)report;
	if (!(kn->kev.flags & EV_CLEAR))
		return;
	kn->is_fired = false;
	kn->kev.fflags = 0;
	kn->kev.data = 0;
}

const struct fake_filter fake_user_filter = {
	.attach = user_attach,
	.touch = user_touch,
	.is_ready = user_is_ready,
	.delivered = user_delivered,
};
