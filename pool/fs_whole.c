/* SPDX-License-Identifier: MIT */
/* Whole files read, and written in one piece as others see it. */
#include "rota/fs_whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "pool/fs.h"

/* Reading ************************************************************/

#define FIRST_BYTES ((size_t)8 << 10)

/* One byte more than allowed, to notice that there is more. */
static size_t
most_of(const struct rota_fs *fs)
{
	return fs->size_bytes < SIZE_MAX / 4 ? fs->size_bytes + 1 :
					       SIZE_MAX / 4;
}

/* For a known size one more, to notice the end. */
static size_t
first_capacity(const struct rota_fs *fs, const struct rota_file_stat *stat)
{
	size_t most = most_of(fs);
	uint64_t size_bytes = FIRST_BYTES;

	if (S_ISREG(stat->mode) && stat->size_bytes > 0)
		size_bytes = stat->size_bytes + 1;
	return size_bytes < most ? (size_t)size_bytes : most;
}

static int
resize(struct rota_fs *fs, size_t size_bytes)
{
	char *memory = rota__fs_realloc(fs, fs->of.data.memory, size_bytes);

	if (memory == NULL)
		return -ENOMEM;
	fs->of.data.memory = memory;
	return 0;
}

/* Returns 1 if there may be more, 0 at the end. */
static int
read_some(struct rota_fs *fs, int fd, size_t room)
{
	struct iovec buffer = { fs->of.data.memory + fs->of.data.n_bytes,
		room < ROTA__FS_PIECE_BYTES ? room : ROTA__FS_PIECE_BYTES };
	ssize_t n = rota__fs_is_over(fs) ?
		-ECANCELED :
		fs->sys->files->readv(fd, &buffer, 1, ROTA__SYS_HERE);

	if (n <= 0)
		return (int)n;
	fs->of.data.n_bytes += (size_t)n;
	return fs->of.data.n_bytes > fs->size_bytes ? -EFBIG : 1;
}

/* There is always room for the NUL: full memory grows before the next read. */
static int
read_all(struct rota_fs *fs, int fd, size_t capacity)
{
	int r = resize(fs, capacity);

	while (r == 0) {
		if (fs->of.data.n_bytes == capacity) {
			capacity = capacity < most_of(fs) / 2 ? 2 * capacity :
								most_of(fs);
			r = resize(fs, capacity);
			if (r < 0)
				return r;
		}
		r = read_some(fs, fd, capacity - fs->of.data.n_bytes);
		if (r == 0)
			break;
		r = r < 0 ? r : 0;
	}
	if (r == 0)
		fs->of.data.memory[fs->of.data.n_bytes] = '\0';
	return r;
}

static void
forget_data(struct rota_fs *fs)
{
	rota__fs_free(fs, fs->of.data.memory);
	fs->of.data.memory = NULL;
	fs->of.data.n_bytes = 0;
}

static int
work_read_file(struct rota_fs *fs)
{
	struct rota_file_stat stat;
	int fd = fs->sys->files->open(
		AT_FDCWD, fs->path, O_RDONLY | O_NOCTTY, 0);
	int r;

	if (fd < 0)
		return fd;
	r = fs->sys->files->stat(fd, NULL, 0, &stat);
	if (r == 0)
		r = read_all(fs, fd, first_capacity(fs, &stat));
	(void)fs->sys->close(fd);
	if (r < 0)
		forget_data(fs);
	return r;
}

ROTA__FS_OP(read_file, work_read_file, forget_data, ROTA__FS_DATA);

int
rota_fs_read_file_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, size_t max_bytes, rota_fs_fn *fn, const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || path == NULL || max_bytes == 0)
		return -EINVAL;
	rota__fs_about_path(fs, path);
	fs->size_bytes = max_bytes;
	fs->of.data.memory = NULL;
	fs->of.data.n_bytes = 0;
	return rota__fs_begin(loop, fs, &op_read_file, fn, place);
}

/* Writing ************************************************************/

/* "/.rota-" and 16 digits. */
#define TEMP_NAME_BYTES 24
#define MAX_TRIES 100

struct writing {
	struct rota_fs *fs;
	/* Where a link leads, else NULL. */
	char *resolved;
	/* The path to be written, and how much of it is the directory. */
	const char *path;
	size_t folder_bytes;
	/* The file beside it; not "" as long as it is there. */
	char *temp;
	int fd;
	/* The file that is there, or not. */
	struct rota_file_stat stat;
	int is_there;
};

static const struct rota__sys_files *
files_of(const struct writing *writing)
{
	return writing->fs->sys->files;
}

/* Follows a link to where it leads. */
static int
resolve(struct writing *writing)
{
	size_t size_bytes = 0;
	ssize_t n = 255;

	while ((size_t)n >= size_bytes) {
		char *memory = rota__fs_realloc(
			writing->fs, writing->resolved, (size_t)n + 1);

		if (memory == NULL)
			return -ENOMEM;
		writing->resolved = memory;
		size_bytes = (size_t)n + 1;
		n = files_of(writing)->realpath(
			writing->path, memory, size_bytes);
		if (n < 0)
			return (int)n;
	}
	writing->resolved[n] = '\0';
	writing->path = writing->resolved;
	return files_of(writing)->stat(
		AT_FDCWD, writing->path, AT_SYMLINK_NOFOLLOW, &writing->stat);
}

static int
look(struct writing *writing)
{
	int r = files_of(writing)->stat(
		AT_FDCWD, writing->path, AT_SYMLINK_NOFOLLOW, &writing->stat);

	if (r == 0 && S_ISLNK(writing->stat.mode))
		r = resolve(writing);
	else if (r == -ENOENT && *writing->path != '\0')
		return 0;
	if (r < 0)
		return r;
	writing->is_there = 1;
	if (S_ISDIR(writing->stat.mode))
		return -EISDIR;
	return S_ISREG(writing->stat.mode) ? 0 : -EINVAL;
}

/* The path of the directory, for the file beside and for what syncs it. */
static int
make_temp(struct writing *writing)
{
	const char *slash = strrchr(writing->path, '/');

	writing->folder_bytes =
		slash == NULL ? 0 : (size_t)(slash - writing->path) + 1;
	writing->temp = rota__fs_realloc(
		writing->fs, NULL, writing->folder_bytes + TEMP_NAME_BYTES);
	if (writing->temp == NULL)
		return -ENOMEM;
	memcpy(writing->temp, writing->path, writing->folder_bytes);
	return 0;
}

/* Names differ by process, request, time and try; O_EXCL has the last word. */
static uint64_t
mix(const struct writing *writing, unsigned try)
{
	const struct rota_sys *sys = writing->fs->sys;
	uint64_t x = sys->clock_ns() ^ (uint64_t)sys->getpid() << 40 ^
		(uint64_t)(uintptr_t)writing->fs << 16 ^ try;

	x = (x ^ x >> 31) * UINT64_C(0x9e3779b97f4a7c15);
	return x ^ x >> 29;
}

/* A file that is to get another's permissions has none for others before. */
static int
open_temp(struct writing *writing)
{
	unsigned mode = writing->is_there ? 0600 : writing->fs->mode;
	int fd = -EEXIST;
	unsigned i;

	for (i = 0; fd == -EEXIST && i < MAX_TRIES; i++) {
		(void)snprintf(writing->temp + writing->folder_bytes,
			TEMP_NAME_BYTES, ".rota-%016llx",
			(unsigned long long)mix(writing, i));
		fd = files_of(writing)->open(AT_FDCWD, writing->temp,
			O_WRONLY | O_CREAT | O_EXCL, mode);
	}
	if (fd < 0)
		return fd;
	writing->fd = fd;
	return 0;
}

/* A change of owner takes set-user-ID away, so permissions come last. */
static int
keep_mode(struct writing *writing)
{
	int r;

	if (!writing->is_there)
		return 0;
	r = files_of(writing)->chown(writing->fd, NULL,
		(uid_t)writing->stat.uid, (gid_t)writing->stat.gid, 0);
	if (r < 0 && r != -EPERM)
		return r;
	return files_of(writing)->chmod(
		writing->fd, NULL, writing->stat.mode & 07777, 0);
}

static int
close_temp(struct writing *writing)
{
	int fd = writing->fd;

	writing->fd = -1;
	return writing->fs->sys->close(fd);
}

static int
fill_temp(struct writing *writing)
{
	struct rota_fs *fs = writing->fs;
	int r = rota__fs_write_all(fs, writing->fd, fs->memory, fs->size_bytes);

	if (r == 0)
		r = keep_mode(writing);
	if (r == 0)
		r = files_of(writing)->fsync(writing->fd);
	if (r == 0 && rota__fs_is_over(fs))
		r = -ECANCELED;
	return r;
}

/* Some file systems have nothing of a directory to bring to the disk. */
static int
sync_folder(struct writing *writing)
{
	int fd;
	int r;

	if (writing->folder_bytes == 0)
		memcpy(writing->temp, "./", 2);
	writing->temp[writing->folder_bytes > 0 ? writing->folder_bytes : 2] =
		'\0';
	fd = files_of(writing)->open(
		AT_FDCWD, writing->temp, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd == -EACCES ? 0 : fd;
	r = files_of(writing)->fsync(fd);
	(void)writing->fs->sys->close(fd);
	return r == -EINVAL || r == -EBADF ? 0 : r;
}

/* From the open file beside it to the name. */
static int
put_in_place(struct writing *writing)
{
	int r = fill_temp(writing);
	int closed = close_temp(writing);

	if (r == 0)
		r = closed;
	if (r == 0)
		r = files_of(writing)->rename(writing->temp, writing->path);
	if (r < 0)
		(void)files_of(writing)->unlink(AT_FDCWD, writing->temp, 0);
	return r;
}

static int
work_write_file(struct rota_fs *fs)
{
	struct writing writing = { .fs = fs, .path = fs->path, .fd = -1 };
	int r = look(&writing);

	if (r == 0)
		r = make_temp(&writing);
	if (r == 0)
		r = open_temp(&writing);
	if (r == 0)
		r = put_in_place(&writing);
	if (r == 0)
		r = sync_folder(&writing);
	rota__fs_free(fs, writing.temp);
	rota__fs_free(fs, writing.resolved);
	return r;
}

ROTA__FS_OP(write_file, work_write_file, NULL, ROTA__FS_NOTHING);

int
rota_fs_write_file_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, const void *data, size_t size_bytes, unsigned mode,
	rota_fs_fn *fn, const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || path == NULL ||
		(data == NULL && size_bytes > 0) || mode > 07777)
		return -EINVAL;
	rota__fs_about_path(fs, path);
	fs->memory = (void *)(uintptr_t)data;
	fs->size_bytes = size_bytes;
	fs->mode = mode;
	return rota__fs_begin(loop, fs, &op_write_file, fn, place);
}
