/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes as FreeBSD and NetBSD have them: in namespaces, of
 * which ours is that of the user; names begin with "user." all the same, so
 * that a program says the same everywhere. extattr(2).
 */
#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include <sys/extattr.h>

#include "core/sys_files.h"
#include "rota/fs_meta.h"

#define PREFIX "user."
#define PREFIX_BYTES (sizeof(PREFIX) - 1)

static ssize_t
result(ssize_t r)
{
	return r < 0 ? -errno : r;
}

/* The name without its prefix; NULL if that is another one. */
static const char *
name_of(const char *name)
{
	return strncmp(name, PREFIX, PREFIX_BYTES) == 0 ? name + PREFIX_BYTES :
							  NULL;
}

static ssize_t
get(int fd, const char *path, int flags, const char *name, void *value,
	size_t size_bytes)
{
	int space = EXTATTR_NAMESPACE_USER;

	if (path == NULL)
		return result(
			extattr_get_fd(fd, space, name, value, size_bytes));
	return result(flags == 0 ?
			extattr_get_file(path, space, name, value, size_bytes) :
			extattr_get_link(path, space, name, value, size_bytes));
}

ssize_t
rota__sys_xattr_get(int fd, const char *path, int flags, const char *name,
	void *value, size_t size_bytes)
{
	ssize_t n;

	name = name_of(name);
	if (name == NULL)
		return -ENOTSUP;
	n = get(fd, path, flags, name, NULL, 0);
	if (n < 0 || size_bytes == 0)
		return n;
	return (size_t)n > size_bytes ?
		-ERANGE :
		get(fd, path, flags, name, value, size_bytes);
}

int
rota__sys_xattr_set(int fd, const char *path, int flags, const char *name,
	const void *value, size_t size_bytes, int how)
{
	int space = EXTATTR_NAMESPACE_USER;
	ssize_t r;

	name = name_of(name);
	if (name == NULL)
		return -ENOTSUP;
	r = get(fd, path, flags, name, NULL, 0);
	if (r >= 0 && how == ROTA_FS_XATTR_CREATE)
		return -EEXIST;
	if (r < 0 && how == ROTA_FS_XATTR_REPLACE)
		return (int)r;
	if (path == NULL)
		r = extattr_set_fd(fd, space, name, value, size_bytes);
	else if (flags == 0)
		r = extattr_set_file(path, space, name, value, size_bytes);
	else
		r = extattr_set_link(path, space, name, value, size_bytes);
	r = result(r);
	return r < 0 ? (int)r : 0;
}

static ssize_t
list(int fd, const char *path, int flags, char *names, size_t size_bytes)
{
	int space = EXTATTR_NAMESPACE_USER;

	if (path == NULL)
		return result(extattr_list_fd(fd, space, names, size_bytes));
	return result(flags == 0 ?
			extattr_list_file(path, space, names, size_bytes) :
			extattr_list_link(path, space, names, size_bytes));
}

/*
 * From (length, name) pairs in the last n of size_bytes to names that begin
 * with the prefix and end with NUL, from the first byte on: each grows by as
 * much as was reserved for it. Returns their bytes.
 */
static ssize_t
rewrite(char *names, size_t size_bytes, size_t n)
{
	const char *from = names + size_bytes - n;
	const char *end = names + size_bytes;
	char *to = names;

	while (from < end) {
		size_t len = (unsigned char)*from++;
		size_t need = PREFIX_BYTES + len + 1;

		if ((size_t)(from - to) + len < need)
			return -ERANGE;
		memmove(to + PREFIX_BYTES, from, len);
		memcpy(to, PREFIX, PREFIX_BYTES);
		to[need - 1] = '\0';
		to += need;
		from += len;
	}
	return to - names;
}

/*
 * How long the list becomes is not known before it is read: asked for the
 * size, an upper bound is told (each name takes at least two bytes).
 */
ssize_t
rota__sys_xattr_list(
	int fd, const char *path, int flags, char *names, size_t size_bytes)
{
	ssize_t n = list(fd, path, flags, NULL, 0);
	size_t room;

	if (n <= 0)
		return n;
	room = (size_t)n + (size_t)n / 2 * PREFIX_BYTES;
	if (size_bytes == 0)
		return (ssize_t)room;
	if (size_bytes < (size_t)n)
		return -ERANGE;
	n = list(fd, path, flags, names + size_bytes - n, (size_t)n);
	return n < 0 ? n : rewrite(names, size_bytes, (size_t)n);
}

int
rota__sys_xattr_remove(int fd, const char *path, int flags, const char *name)
{
	int space = EXTATTR_NAMESPACE_USER;

	name = name_of(name);
	if (name == NULL)
		return -ENOTSUP;
	if (path == NULL)
		return (int)result(extattr_delete_fd(fd, space, name));
	return (int)result(flags == 0 ? extattr_delete_file(path, space, name) :
					extattr_delete_link(path, space, name));
}
