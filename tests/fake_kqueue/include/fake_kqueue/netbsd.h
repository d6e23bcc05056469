/* SPDX-License-Identifier: MIT */
/*
 * NetBSD 7.99's face of the fake <sys/event.h>: wide fields, filters from 0 up, integer udata.
 */
#ifndef FAKE_KQUEUE_NETBSD_H
#define FAKE_KQUEUE_NETBSD_H

#define EVFILT_READ 0U
#define EVFILT_WRITE 1U
#define EVFILT_AIO 2U
#define EVFILT_VNODE 3U
#define EVFILT_PROC 4U
#define EVFILT_SIGNAL 5U
#define EVFILT_TIMER 6U
#define EVFILT_SYSCOUNT 7U

struct kevent {
	__UINTPTR_TYPE__ ident;
	__UINT32_TYPE__ filter;
	__UINT32_TYPE__ flags;
	__UINT32_TYPE__ fflags;
	__INT64_TYPE__ data;
	__INTPTR_TYPE__ udata;
};

#define EV_SET(kevp, a, b, c, d, e, f) \
	do { \
		struct kevent *ev_set_p = (kevp); \
\
		ev_set_p->ident = (a); \
		ev_set_p->filter = (b); \
		ev_set_p->flags = (c); \
		ev_set_p->fflags = (d); \
		ev_set_p->data = (e); \
		ev_set_p->udata = (__INTPTR_TYPE__)(f); \
	} while (0)

/* Actions. */
#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008

/* Flags. */
#define EV_ONESHOT 0x0010
#define EV_CLEAR 0x0020
#define EV_RECEIPT 0x0040
#define EV_DISPATCH 0x0080
#define EV_SYSFLAGS 0xf000
#define EV_FLAG1 0x2000

/* Returned. */
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

/* EVFILT_READ and EVFILT_WRITE. */
#define NOTE_LOWAT 0x0001

/* EVFILT_VNODE. */
#define NOTE_DELETE 0x0001
#define NOTE_WRITE 0x0002
#define NOTE_EXTEND 0x0004
#define NOTE_ATTRIB 0x0008
#define NOTE_LINK 0x0010
#define NOTE_RENAME 0x0020
#define NOTE_REVOKE 0x0040

/* EVFILT_PROC. */
#define NOTE_EXIT 0x80000000
#define NOTE_FORK 0x40000000
#define NOTE_EXEC 0x20000000
#define NOTE_TRACK 0x00000001
#define NOTE_TRACKERR 0x00000002
#define NOTE_CHILD 0x00000004
#define NOTE_PCTRLMASK 0xf0000000
#define NOTE_PDATAMASK 0x000fffff

struct timespec;

int kqueue(void);
int kevent(int kq, const struct kevent *changelist, __SIZE_TYPE__ nchanges,
	struct kevent *eventlist, __SIZE_TYPE__ nevents,
	const struct timespec *timeout);
int kqueue1(int flags);

#endif
