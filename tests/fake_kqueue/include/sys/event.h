/* SPDX-License-Identifier: MIT */
/*
 * <sys/event.h> of the fake kqueue: a test-only kevent() for Linux.
 *
 * The macro chosen on the command line says which system's header this is.
 * Layouts, types, filter numbers and absent macros are those of the system.
 * As on OpenBSD, nothing else is included and struct timespec is only
 * named: code that compiles here brings its own <sys/types.h> and <time.h>.
 */
#ifndef FAKE_KQUEUE_SYS_EVENT_H
#define FAKE_KQUEUE_SYS_EVENT_H

#if defined(FAKE_KQUEUE_OPENBSD)
#include <fake_kqueue/openbsd.h>
#elif defined(FAKE_KQUEUE_NETBSD)
#include <fake_kqueue/netbsd.h>
#elif defined(FAKE_KQUEUE_MACOS)
#include <fake_kqueue/macos.h>
#else
#ifndef FAKE_KQUEUE_FREEBSD
#define FAKE_KQUEUE_FREEBSD 1
#endif
#include <fake_kqueue/freebsd.h>
#endif

#endif
