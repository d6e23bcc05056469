/* SPDX-License-Identifier: MIT */
/* What struct stat says, in our units. */
#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include "core/sys_files.h"
#include "rota/file_stat.h"

static int64_t
ns_of(const struct timespec *time)
{
	return (int64_t)((uint64_t)time->tv_sec * UINT64_C(1000000000) +
		(uint64_t)time->tv_nsec);
}

void
rota__file_stat_of(const struct stat *from, struct rota_file_stat *ret_stat)
{
	*ret_stat = (struct rota_file_stat){
		.device = (uint64_t)from->st_dev,
		.inode = (uint64_t)from->st_ino,
		.size_bytes = (uint64_t)from->st_size,
		.allocated_bytes = (uint64_t)from->st_blocks * 512,
		.n_links = (uint64_t)from->st_nlink,
		.special_device = (uint64_t)from->st_rdev,
		.accessed_ns = ns_of(&from->st_atim),
		.modified_ns = ns_of(&from->st_mtim),
		.status_changed_ns = ns_of(&from->st_ctim),
		.mode = (uint32_t)from->st_mode,
		.uid = (uint32_t)from->st_uid,
		.gid = (uint32_t)from->st_gid,
		.block_bytes = (uint32_t)from->st_blksize,
	};
}

int
rota__sys_fstatat(int fd, const char *path, int flags, struct stat *ret_stat)
{
	int r = path == NULL ? fstat(fd, ret_stat) :
			       fstatat(fd, path, ret_stat, flags);

	return r < 0 ? -errno : 0;
}
