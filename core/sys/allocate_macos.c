/* SPDX-License-Identifier: MIT */
/*
 * Room on the disk, by F_PREALLOCATE, which counts from the end of the file
 * and leaves its size alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sys_files.h"

int
rota__sys_allocate(int fd, int64_t offset, int64_t size_bytes)
{
	off_t end = (off_t)(offset + size_bytes);
	struct stat about;
	fstore_t store = { 0 };

	if (fstat(fd, &about) < 0)
		return -errno;
	if (end <= about.st_size)
		return 0;
	store.fst_flags = F_ALLOCATEALL;
	store.fst_posmode = F_PEOFPOSMODE;
	store.fst_length = end - about.st_size;
	if (fcntl(fd, F_PREALLOCATE, &store) < 0)
		return errno == EINVAL ? -ENOTSUP : -errno;
	return ftruncate(fd, end) < 0 ? -errno : 0;
}
