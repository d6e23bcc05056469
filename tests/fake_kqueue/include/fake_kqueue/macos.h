/* SPDX-License-Identifier: MIT */
/*
 * macOS's face of the fake <sys/event.h>: EVFILT_USER, from its headers.
 */
#ifndef FAKE_KQUEUE_MACOS_H
#define FAKE_KQUEUE_MACOS_H

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_AIO (-3)
#define EVFILT_VNODE (-4)
#define EVFILT_PROC (-5)
#define EVFILT_SIGNAL (-6)
#define EVFILT_TIMER (-7)
#define EVFILT_MACHPORT (-8)
#define EVFILT_FS (-9)
#define EVFILT_USER (-10)
#define EVFILT_VM (-12)
#define EVFILT_EXCEPT (-15)
#define EVFILT_SYSCOUNT 17

#pragma pack(4)
struct kevent {
	__UINTPTR_TYPE__ ident;
	__INT16_TYPE__ filter;
	__UINT16_TYPE__ flags;
	__UINT32_TYPE__ fflags;
	__INTPTR_TYPE__ data;
	void *udata;
};
#pragma pack()

#define EV_SET(kevp, a, b, c, d, e, f) \
	do { \
		struct kevent *ev_set_p = (kevp); \
\
		ev_set_p->ident = (a); \
		ev_set_p->filter = (b); \
		ev_set_p->flags = (c); \
		ev_set_p->fflags = (d); \
		ev_set_p->data = (e); \
		ev_set_p->udata = (f); \
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
#define EV_UDATA_SPECIFIC 0x0100
#define EV_VANISHED 0x0200
#define EV_SYSFLAGS 0xf000
#define EV_FLAG0 0x1000
#define EV_FLAG1 0x2000

/* Returned. */
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

/* EVFILT_USER. */
#define NOTE_FFNOP 0x00000000
#define NOTE_FFAND 0x40000000
#define NOTE_FFOR 0x80000000
#define NOTE_FFCOPY 0xc0000000
#define NOTE_FFCTRLMASK 0xc0000000
#define NOTE_FFLAGSMASK 0x00ffffff
#define NOTE_TRIGGER 0x01000000

/* EVFILT_READ and EVFILT_WRITE. */
#define NOTE_LOWAT 0x00000001
#define NOTE_OOB 0x00000002

/* EVFILT_VNODE. */
#define NOTE_DELETE 0x0001
#define NOTE_WRITE 0x0002
#define NOTE_EXTEND 0x0004
#define NOTE_ATTRIB 0x0008
#define NOTE_LINK 0x0010
#define NOTE_RENAME 0x0020
#define NOTE_REVOKE 0x0040
#define NOTE_NONE 0x0080
#define NOTE_FUNLOCK 0x0100

/* EVFILT_PROC. */
#define NOTE_EXIT 0x80000000
#define NOTE_FORK 0x40000000
#define NOTE_EXEC 0x20000000
#define NOTE_SIGNAL 0x08000000
#define NOTE_EXITSTATUS 0x04000000
#define NOTE_PCTRLMASK (~NOTE_PDATAMASK)
#define NOTE_PDATAMASK 0x000fffff

/* EVFILT_TIMER. */
#define NOTE_SECONDS 0x00000001
#define NOTE_USECONDS 0x00000002
#define NOTE_NSECONDS 0x00000004
#define NOTE_ABSOLUTE 0x00000008

struct timespec;

int kqueue(void);
int kevent(int kq, const struct kevent *changelist, int nchanges,
	struct kevent *eventlist, int nevents, const struct timespec *timeout);

#endif
