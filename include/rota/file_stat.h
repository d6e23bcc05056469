/* SPDX-License-Identifier: MIT */
/* What is known of a file without reading it. */
#ifndef ROTA_FILE_STAT_H
#define ROTA_FILE_STAT_H

#include <rota/types.h>

ROTA_BEGIN_C

/*
 * What stat(2) says of a file. Times are nanoseconds of the wall clock since
 * 1970, negative before.
 */
struct rota_file_stat {
	uint64_t device;
	uint64_t inode;
	uint64_t size_bytes;
	/* What the file takes up on the disk. */
	uint64_t allocated_bytes;
	uint64_t n_links;
	/* Of a device file: which device. */
	uint64_t special_device;
	int64_t accessed_ns;
	int64_t modified_ns;
	int64_t status_changed_ns;
	/* When the file was made; 0 where system or file system do not know. */
	int64_t born_ns;
	/* st_mode: kind and permissions. */
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	/* A good size for reads and writes. */
	uint32_t block_bytes;
};

ROTA_END_C

#endif
