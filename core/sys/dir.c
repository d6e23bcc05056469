/* SPDX-License-Identifier: MIT */
/* Directories, name by name. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "core/sys_files.h"
#include "rota/fs.h"

static int
is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static unsigned
kind_of(const struct dirent *entry)
{
	switch (entry->d_type) {
	case DT_REG:
		return ROTA_FS_FILE;
	case DT_DIR:
		return ROTA_FS_DIRECTORY;
	case DT_LNK:
		return ROTA_FS_LINK;
	case DT_FIFO:
		return ROTA_FS_FIFO;
	case DT_SOCK:
		return ROTA_FS_SOCKET;
	case DT_CHR:
		return ROTA_FS_CHARACTER_DEVICE;
	case DT_BLK:
		return ROTA_FS_BLOCK_DEVICE;
	default:
		return ROTA_FS_UNKNOWN;
	}
}

int
rota__sys_dir_open(int fd, void **ret_dir)
{
	DIR *dir = fdopendir(fd);

	if (dir == NULL)
		return -errno;
	*ret_dir = dir;
	return 0;
}

/* readdir(3): errno tells an error from the end. */
int
rota__sys_dir_read(void *dir, struct rota__dir_entry *ret_entry)
{
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			return -errno;
	} while (is_dots(entry->d_name));
	ret_entry->name = entry->d_name;
	ret_entry->inode = (uint64_t)entry->d_ino;
	ret_entry->kind = kind_of(entry);
	return 1;
}

/* After EINTR the descriptor is gone, as with close(2). */
int
rota__sys_dir_close(void *dir)
{
	return closedir(dir) < 0 && errno != EINTR ? -errno : 0;
}
