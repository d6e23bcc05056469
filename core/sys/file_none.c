/* SPDX-License-Identifier: MIT */
/* No kernel's word on files: whoever watches has to look by himself. */
#include <errno.h>

#include "core/sys.h"

const char *const rota__sys_file_way = "stat";
const int rota__sys_file_tells_names = 0;
const int rota__sys_file_outlives_fork = 0;

int
rota__sys_file_open(void)
{
	return -ENOSYS;
}

int
rota__sys_file_add(int fd, const char *path, unsigned wanted)
{
	(void)fd;
	(void)path;
	(void)wanted;
	return -ENOSYS;
}

void
rota__sys_file_remove(int fd, int id)
{
	(void)fd;
	(void)id;
}

size_t
rota__sys_file_next(
	const void *news, size_t at, struct rota__file_report *ret_report)
{
	(void)news;
	(void)ret_report;
	return at;
}

ssize_t
rota__sys_file_read(int fd, void *news, size_t size_bytes)
{
	(void)fd;
	(void)news;
	(void)size_bytes;
	return -EAGAIN;
}
