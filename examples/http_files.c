/* SPDX-License-Identifier: MIT */
/* Which file a request means, and how to open it without being led astray. */
#include "examples/http_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
digit_value(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *digit = c ? strchr(digits, c) : NULL;

	if (!digit)
		return -1;
	return (int)(digit - digits) - (digit - digits > 15 ? 6 : 0);
}

/* Undoes "%41" in place. Returns -1 if it is wrong or hides a NUL. */
static int
decode(char *text)
{
	char *to = text;

	for (; *text; text++) {
		int high;
		int low;

		*to = *text;
		if (*text == '%') {
			high = digit_value(text[1]);
			low = high < 0 ? -1 : digit_value(text[2]);
			if (low < 0 || (high | low) == 0)
				return -1;
			*to = (char)(high * 16 + low);
			text += 2;
		}
		to++;
	}
	*to = '\0';
	return 0;
}

int
http_files_path(const char *target, char *path)
{
	if (strncmp(target, "http://", 7) == 0)
		target += 7 + strcspn(target + 7, "/");
	if (target[0] != '/')
		return -1;
	memcpy(path, target, strlen(target) + 1);
	path[strcspn(path, "?#")] = '\0';
	return decode(path);
}

static int
status_of_errno(void)
{
	return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? 503 :
								       404;
}

/*
 * Goes down folder by folder, so that neither ".." nor a symbolic link leads
 * out; names that begin with a dot are nobody's business. Returns a
 * descriptor, or a status below 0.
 */
static int
open_below(int folder_fd, char *path)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int at = folder_fd;
	int is_last = 0;

	while (!is_last) {
		char *name = path + 1;
		size_t n = strcspn(name, "/");
		int status = -404;
		int fd = -1;

		path = name + n;
		is_last = *path == '\0';
		*path = '\0';
		if (n > 0 && name[0] != '.') {
			fd = openat(at, name,
				flags | (is_last ? O_NOCTTY : O_DIRECTORY));
			status = -status_of_errno();
		}
		if (at != folder_fd)
			(void)close(at);
		if (fd < 0)
			return status;
		at = fd;
	}
	return at;
}

int
http_files_open(int folder_fd, char *path, uint64_t *ret_size)
{
	struct stat about;
	int fd = folder_fd < 0 ? -404 : open_below(folder_fd, path);

	if (fd < 0)
		return fd;
	if (fstat(fd, &about) < 0 || !S_ISREG(about.st_mode)) {
		(void)close(fd);
		return -404;
	}
	*ret_size = (uint64_t)about.st_size;
	return fd;
}

const char *
http_files_type(const char *path)
{
	static const char *const types[][2] = {
		{ ".css", "text/css" },
		{ ".html", "text/html; charset=utf-8" },
		{ ".jpg", "image/jpeg" },
		{ ".js", "text/javascript" },
		{ ".json", "application/json" },
		{ ".png", "image/png" },
		{ ".svg", "image/svg+xml" },
		{ ".txt", "text/plain; charset=utf-8" },
	};
	const char *suffix = strrchr(path, '.');

	for (size_t i = 0; suffix && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(suffix, types[i][0]) == 0)
			return types[i][1];
	return "application/octet-stream";
}
