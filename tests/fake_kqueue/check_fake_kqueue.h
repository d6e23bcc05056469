/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the fake kqueue share. They say what was seen on real
 * kernels, and where these differ ask which one was compiled in.
 */
#ifndef FAKE_KQUEUE_CHECK_H
#define FAKE_KQUEUE_CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <check.h>
#include <sys/event.h>

enum check_system {
	FREEBSD,
	OPENBSD,
	NETBSD,
	MACOS
};
extern const enum check_system on;

/* The kqueue of the running test. */
extern int kq;
void open_kq(void);
void close_kq(void);

/* Fills a change. The filter may be any number, known or not. */
struct kevent make_change(
	uintptr_t ident, int filter, unsigned int flags, int64_t data);
/* Sends one change to the test's kqueue, without room: 0 or an errno. */
int send_change(const struct kevent *);
int change(uintptr_t ident, int filter, unsigned int flags);
int add(int fd, int filter);
/* Collects, waiting at most so long. Fails the test on an error. */
int collect(struct kevent *ret_events, int room, int wait_ms);
/* Collects at once. True if there is exactly one event. */
bool get_one(struct kevent *ret_event);
bool is_silent(void);
uintptr_t udata_of(const struct kevent *);

void make_pipe(int ret_fds[2]);
void make_pair(int type, int ret_fds[2]);
int make_listener(void);
int connect_to(int listener);
void make_tcp(int ret_fds[2]);
void make_udp(int ret_fds[2]);
void put(int fd, size_t len);
void take(int fd, size_t len);
void close_both(const int fds[2]);
void reset(int fd);
/* A new empty file, open for both, without a name. */
int make_file(void);

TCase *changes_case(void);
TCase *pipes_case(void);
TCase *sockets_case(void);
TCase *files_case(void);
TCase *vnodes_case(void);
TCase *lives_case(void);
TCase *others_case(void);

#endif
