/* SPDX-License-Identifier: MIT */
/* Watching files by inotify(7), which names what has changed. */
#include <errno.h>
#include <string.h>
#include <sys/inotify.h>

#include "core/sys.h"

const char *const rota__sys_file_way = "inotify";
const int rota__sys_file_tells_names = 1;
const int rota__sys_file_outlives_fork = 1;

int
rota__sys_file_open(void)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

static uint32_t
mask_of(unsigned wanted)
{
	/* A file that is removed while open has no other sign at once. */
	uint32_t mask = IN_DELETE_SELF | IN_MOVE_SELF | IN_MASK_ADD;

	if (wanted & ROTA__FILE_NAMES)
		mask |= IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
	if (wanted & ROTA__FILE_DATA)
		mask |= IN_MODIFY;
	if (wanted & ROTA__FILE_STATUS)
		mask |= IN_ATTRIB;
	if (wanted & ROTA__FILE_BELOW)
		mask |= IN_ONLYDIR | IN_DONT_FOLLOW;
	return mask;
}

/* What is watched already is found again: its number, and both masks. */
int
rota__sys_file_add(int fd, const char *path, unsigned wanted)
{
	int id = inotify_add_watch(fd, path, mask_of(wanted));

	return id < 0 ? -errno : id;
}

void
rota__sys_file_remove(int fd, int id)
{
	(void)inotify_rm_watch(fd, id);
}

static unsigned
what_of(uint32_t mask)
{
	unsigned what = 0;

	if (mask & IN_CREATE)
		what |= ROTA__FILE_APPEARED;
	if (mask & IN_MOVED_TO)
		what |= ROTA__FILE_APPEARED | ROTA__FILE_MOVED;
	if (mask & IN_DELETE)
		what |= ROTA__FILE_VANISHED;
	if (mask & IN_MOVED_FROM)
		what |= ROTA__FILE_VANISHED | ROTA__FILE_MOVED;
	if (mask & IN_MODIFY)
		what |= ROTA__FILE_DATA;
	if (mask & (IN_ATTRIB | IN_MOVE_SELF))
		what |= ROTA__FILE_STATUS;
	/* IN_IGNORED follows our own removal as well: nobody is found then. */
	if (mask & (IN_DELETE_SELF | IN_UNMOUNT | IN_IGNORED))
		what |= ROTA__FILE_ENDED;
	if (mask & IN_Q_OVERFLOW)
		what |= ROTA__FILE_LOST;
	if (mask & IN_ISDIR)
		what |= ROTA__FILE_IS_DIRECTORY;
	return what;
}

/* Entries have the length that their names need, padded. */
size_t
rota__sys_file_next(
	const void *news, size_t at, struct rota__file_report *ret_report)
{
	const char *entry = (const char *)news + at;
	struct inotify_event event;

	memcpy(&event, entry, sizeof(event));
	ret_report->id = event.wd;
	ret_report->what = what_of(event.mask);
	ret_report->pair = event.cookie;
	ret_report->name = event.len > 0 ? entry + sizeof(event) : "";
	return at + sizeof(event) + event.len;
}

/* Reads whole entries only; a name has at most 255 bytes. */
ssize_t
rota__sys_file_read(int fd, void *news, size_t size_bytes)
{
	return rota__sys_real.read(fd, news, size_bytes);
}
