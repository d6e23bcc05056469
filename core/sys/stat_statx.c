/* SPDX-License-Identifier: MIT */
/* The state of a file by statx(2), which knows when it was made. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/sys_files.h"
#include "rota/file_stat.h"

static int64_t
ns_of(const struct statx_timestamp *time)
{
	return (int64_t)((uint64_t)time->tv_sec * UINT64_C(1000000000) +
		(uint64_t)time->tv_nsec);
}

static void
take_over(const struct statx *from, struct rota_file_stat *ret_stat)
{
	*ret_stat = (struct rota_file_stat){
		.device = makedev(from->stx_dev_major, from->stx_dev_minor),
		.inode = from->stx_ino,
		.size_bytes = from->stx_size,
		.allocated_bytes = from->stx_blocks * 512,
		.n_links = from->stx_nlink,
		.special_device =
			makedev(from->stx_rdev_major, from->stx_rdev_minor),
		.accessed_ns = ns_of(&from->stx_atime),
		.modified_ns = ns_of(&from->stx_mtime),
		.status_changed_ns = ns_of(&from->stx_ctime),
		.mode = from->stx_mode,
		.uid = from->stx_uid,
		.gid = from->stx_gid,
		.block_bytes = from->stx_blksize,
	};
	if (from->stx_mask & STATX_BTIME)
		ret_stat->born_ns = ns_of(&from->stx_btime);
}

static int
ask_without(
	int fd, const char *path, int flags, struct rota_file_stat *ret_stat)
{
	struct stat about;
	int r = rota__sys_fstatat(fd, path, flags, &about);

	if (r == 0)
		rota__file_stat_of(&about, ret_stat);
	return r;
}

/* Old kernels do not have it, and the rules of some containers refuse it. */
int
rota__sys_file_stat(
	int fd, const char *path, int flags, struct rota_file_stat *ret_stat)
{
	struct statx about;
	int r = statx(fd, path == NULL ? "" : path,
		path == NULL ? flags | AT_EMPTY_PATH : flags,
		STATX_BASIC_STATS | STATX_BTIME, &about);

	if (r == 0) {
		take_over(&about, ret_stat);
		return 0;
	}
	return errno == ENOSYS || errno == EPERM ?
		ask_without(fd, path, flags, ret_stat) :
		-errno;
}
