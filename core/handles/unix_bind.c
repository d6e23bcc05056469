/* SPDX-License-Identifier: MIT */
/*
 * Files of unix-domain sockets. The kernel leaves them behind when a socket
 * is closed, and refuses to bind where one is.
 */
#include <errno.h>
#include <string.h>

#include "core/handles/unix.h"

static int
bind_once(const struct rota_sys *sys, int fd,
	const struct rota__unix_address *addr)
{
	return sys->bind(fd, (const struct sockaddr *)&addr->un, addr->len);
}

/* What connecting says when nobody listens there any more. */
static int
is_deserted(const struct rota_sys *sys, int type,
	const struct rota__unix_address *addr)
{
	int fd = sys->socket(AF_UNIX, type, 0);
	int r;

	if (fd < 0)
		return 0;
	r = sys->connect(fd, (const struct sockaddr *)&addr->un, addr->len);
	(void)sys->close(fd);
	return r == -ECONNREFUSED;
}

static int
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * Removes a file that is a socket's without a listener. Looked at again right
 * before, since another program may have put its own in place meanwhile.
 */
static int
remove_stale(const struct rota_sys *sys, int type,
	const struct rota__unix_address *addr)
{
	const char *path = addr->un.sun_path;
	struct stat before;
	struct stat now;

	if (sys->lstat(path, &before) < 0 || !S_ISSOCK(before.st_mode) ||
		!is_deserted(sys, type, addr) || sys->lstat(path, &now) < 0 ||
		!is_same(&before, &now))
		return -EADDRINUSE;
	return sys->unlink(path);
}

static void
remember_file(const struct rota_sys *sys, const struct rota__unix_address *addr,
	struct rota__unix_file *file)
{
	struct stat about;

	if (sys->lstat(addr->un.sun_path, &about) < 0)
		return;
	memcpy(file->path, addr->un.sun_path, sizeof(addr->un.sun_path));
	file->dev = about.st_dev;
	file->ino = about.st_ino;
}

/* Elsewhere than on Linux an abstract name is an empty path. */
static int
bind_abstract(const struct rota_sys *sys, int fd,
	const struct rota__unix_address *addr)
{
	int r = bind_once(sys, fd, addr);

	return r == -ENOENT || r == -EINVAL ? -ENOTSUP : r;
}

int
rota__unix_bind(const struct rota_sys *sys, int fd, int type,
	const struct rota__unix_address *addr, unsigned flags,
	struct rota__unix_file *file)
{
	int r;

	if (addr->is_abstract)
		return bind_abstract(sys, fd, addr);
	r = bind_once(sys, fd, addr);
	if (r == -EADDRINUSE && flags & ROTA_UNIX_REPLACE_STALE) {
		r = remove_stale(sys, type, addr);
		if (r == 0 || r == -ENOENT)
			r = bind_once(sys, fd, addr);
	}
	if (r == 0 && flags & ROTA_UNIX_UNLINK)
		remember_file(sys, addr, file);
	return r;
}

void
rota__unix_remove_file(const struct rota_sys *sys, struct rota__unix_file *file)
{
	struct stat now;

	if (file->path[0] == '\0')
		return;
	/* One that another program has put there is not ours. */
	if (sys->lstat(file->path, &now) == 0 && S_ISSOCK(now.st_mode) &&
		now.st_dev == file->dev && now.st_ino == file->ino)
		(void)sys->unlink(file->path);
	file->path[0] = '\0';
}
