/* SPDX-License-Identifier: MIT */
/* The state of a file, where struct stat says when it was made. */
#include "core/sys_files.h"
#include "rota/file_stat.h"

/* Without an answer some file systems say -1, others 0. */
int
rota__sys_file_stat(
	int fd, const char *path, int flags, struct rota_file_stat *ret_stat)
{
	struct stat about;
	int r = rota__sys_fstatat(fd, path, flags, &about);

	if (r < 0)
		return r;
	rota__file_stat_of(&about, ret_stat);
	if (about.st_birthtim.tv_sec > 0)
		ret_stat->born_ns =
			(int64_t)about.st_birthtim.tv_sec * 1000000000 +
			about.st_birthtim.tv_nsec;
	return 0;
}
