/* SPDX-License-Identifier: MIT */
/*
 * Watching files by EVFILT_VNODE of a kqueue of its own. Each file is held
 * open, and its descriptor is its number. The kernel tells that something
 * about it is new, and of directories not what.
 */
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/event.h>
#include <time.h>
#include <unistd.h>

#include "core/sys.h"

/* Asks for less than to read where that can be said: no unmount is held. */
#ifndef O_EVTONLY
#define O_EVTONLY O_RDONLY
#endif

#define NOTES \
	(NOTE_DELETE | NOTE_WRITE | NOTE_EXTEND | NOTE_ATTRIB | NOTE_LINK | \
		NOTE_RENAME | NOTE_REVOKE)

const char *const rota__sys_file_way = "kqueue";
const int rota__sys_file_tells_names = 0;
const int rota__sys_file_outlives_fork = 0;

/* kqueue(2): not inherited by fork, but by exec on some systems. */
int
rota__sys_file_open(void)
{
	int fd = kqueue();

	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	return fd;
}

/* A FIFO must not block, a terminal not become ours. */
static int
open_to_watch(const char *path, unsigned wanted)
{
	int flags = O_EVTONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	if (wanted & ROTA__FILE_BELOW)
		flags |= O_NOFOLLOW;
	return open(path, flags);
}

int
rota__sys_file_add(int fd, const char *path, unsigned wanted)
{
	int id = open_to_watch(path, wanted);
	struct timespec at_once = { 0 };
	struct kevent change;
	int r;

	if (id < 0)
		return -errno;
	memset(&change, 0, sizeof(change));
	EV_SET(&change, (unsigned)id, EVFILT_VNODE, EV_ADD | EV_CLEAR, NOTES, 0,
		0);
	do
		r = kevent(fd, &change, 1, NULL, 0, &at_once);
	while (r < 0 && errno == EINTR);
	if (r < 0) {
		r = -errno;
		(void)close(id);
		return r;
	}
	return id;
}

/* The registration goes with the descriptor. */
void
rota__sys_file_remove(int fd, int id)
{
	(void)fd;
	(void)close(id);
}

static unsigned
what_of(unsigned notes)
{
	unsigned what = 0;

	if (notes & (NOTE_WRITE | NOTE_EXTEND))
		what |= ROTA__FILE_DATA;
	if (notes & (NOTE_ATTRIB | NOTE_LINK | NOTE_RENAME | NOTE_DELETE))
		what |= ROTA__FILE_STATUS;
	if (notes & NOTE_REVOKE)
		what |= ROTA__FILE_ENDED;
	return what;
}

size_t
rota__sys_file_next(
	const void *news, size_t at, struct rota__file_report *ret_report)
{
	struct kevent event;

	memcpy(&event, (const char *)news + at, sizeof(event));
	ret_report->id = (int)event.ident;
	ret_report->what = what_of((unsigned)event.fflags);
	ret_report->pair = 0;
	ret_report->name = "";
	return at + sizeof(event);
}

ssize_t
rota__sys_file_read(int fd, void *news, size_t size_bytes)
{
	size_t room = size_bytes / sizeof(struct kevent);
	struct timespec at_once = { 0 };
	int n;

	do
		n = kevent(fd, NULL, 0, news, (int)room, &at_once);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == 0 ? -EAGAIN : n * (ssize_t)sizeof(struct kevent);
}
