/* SPDX-License-Identifier: MIT */
/* The state of a file, where nobody knows when it was made. */
#include "core/sys_files.h"
#include "rota/file_stat.h"

int
rota__sys_file_stat(
	int fd, const char *path, int flags, struct rota_file_stat *ret_stat)
{
	struct stat about;
	int r = rota__sys_fstatat(fd, path, flags, &about);

	if (r == 0)
		rota__file_stat_of(&about, ret_stat);
	return r;
}
