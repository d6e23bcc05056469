/* SPDX-License-Identifier: MIT */
/* The names in a directory. */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "core/sys.h"

static int
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* readdir(3): errno tells an error from the end. */
static int
visit_names(DIR *directory, rota__name_fn *fn, void *data)
{
	const struct dirent *entry;
	int r = 0;

	while (r == 0) {
		errno = 0;
		entry = readdir(directory);
		if (entry == NULL)
			return -errno;
		if (!is_dots(entry->d_name))
			r = fn(entry->d_name, data);
	}
	return r;
}

int
rota__sys_list(const char *path, rota__name_fn *fn, void *data)
{
	DIR *directory = opendir(path);
	int r;

	if (directory == NULL)
		return -errno;
	r = visit_names(directory, fn, data);
	(void)closedir(directory);
	return r;
}
