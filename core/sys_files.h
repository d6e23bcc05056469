/* SPDX-License-Identifier: MIT */
/*
 * The part of the seam that is about files: a table of its own, so that
 * core/sys.h stays readable. What is said there of its members holds here
 * too, but that files are never non-blocking: they are opened close-on-exec
 * and otherwise as told.
 *
 * Members that take `fd` and `path` mean what is at `path`, a relative one as
 * seen from the directory `fd` (or AT_FDCWD), or the open file `fd` itself
 * where `path` is NULL. flags: 0 or AT_SYMLINK_NOFOLLOW.
 *
 * They are called in threads of a pool as well, several at once.
 */
#ifndef ROTA_CORE_SYS_FILES_H
#define ROTA_CORE_SYS_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

struct rota_file_stat;
struct rota_fs_space;

/* A name in a directory; valid until the next one is read. */
struct rota__dir_entry {
	const char *name;
	uint64_t inode;
	/* One of enum rota_fs_kind. */
	unsigned kind;
};

/* The offset that means: where the open file is. */
#define ROTA__SYS_HERE (-1)

/* At most so many buffers per call count, the rest is left. */
#define ROTA__SYS_MAX_BUFFERS 1024

struct rota__sys_files {
	int (*open)(int at, const char *path, int flags, unsigned mode);
	ssize_t (*readv)(int fd, const struct iovec *buffers, unsigned n,
		int64_t offset);
	ssize_t (*writev)(int fd, const struct iovec *buffers, unsigned n,
		int64_t offset);
	/*
	 * Reads what needs no waiting, or -EAGAIN; -ENOTSUP where nobody can
	 * tell: system, file system or kind of file.
	 */
	ssize_t (*read_nowait)(int fd, void *memory, size_t size_bytes);
	int (*fsync)(int fd);
	int (*fdatasync)(int fd);
	int (*truncate)(int fd, const char *path, int64_t size_bytes);
	/* Room on the disk; -ENOTSUP where there is no such thing. */
	int (*allocate)(int fd, int64_t offset, int64_t size_bytes);
	int (*flock)(int fd, int operation);

	int (*stat)(int fd, const char *path, int flags,
		struct rota_file_stat *ret_stat);
	int (*statfs)(const char *path, struct rota_fs_space *ret_space);
	int (*access)(const char *path, int mode);
	int (*chmod)(int fd, const char *path, unsigned mode, int flags);
	int (*chown)(int fd, const char *path, uid_t uid, gid_t gid, int flags);
	int (*utime)(int fd, const char *path, const struct timespec times[2],
		int flags);

	/* template ends in XXXXXX, which is replaced. */
	int (*mkdtemp)(char *path_template);
	int (*mkstemp)(char *path_template);
	int (*mkdir)(const char *path, unsigned mode);
	int (*mkfifo)(const char *path, unsigned mode);
	/* flags: AT_REMOVEDIR for an empty directory. */
	int (*unlink)(int at, const char *path, int flags);
	int (*rename)(const char *from, const char *to);
	int (*link)(const char *from, const char *to);
	int (*symlink)(const char *target, const char *path);
	/* Neither ends what it writes with a NUL, both return its length. */
	ssize_t (*readlink)(const char *path, char *text, size_t size_bytes);
	ssize_t (*realpath)(const char *path, char *text, size_t size_bytes);

	/*
	 * Directories. open takes the descriptor over if it succeeds; read
	 * returns 1, or 0 at the end, and leaves out "." and "..".
	 */
	int (*dir_open)(int fd, void **ret_dir);
	int (*dir_read)(void *dir, struct rota__dir_entry *ret_entry);
	int (*dir_close)(void *dir);

	/*
	 * Copies without moving bytes through memory. clone makes `to`, an
	 * empty file, share the blocks of `from`; clone_as makes a new file
	 * that does; copy copies at the offsets of both: how many bytes, 0
	 * at the end. Each gives -ENOTSUP where it cannot.
	 */
	int (*clone)(int from, int to);
	int (*clone_as)(int from, const char *path);
	ssize_t (*copy)(int from, int to, size_t size_bytes);

	/*
	 * Extended attributes, of a link itself with AT_SYMLINK_NOFOLLOW.
	 * get and list return how many bytes there are, with size 0 also
	 * without writing them. -ENOTSUP where there are none.
	 */
	ssize_t (*xattr_get)(int fd, const char *path, int flags,
		const char *name, void *value, size_t size_bytes);
	int (*xattr_set)(int fd, const char *path, int flags, const char *name,
		const void *value, size_t size_bytes, int how);
	ssize_t (*xattr_list)(int fd, const char *path, int flags, char *names,
		size_t size_bytes);
	int (*xattr_remove)(
		int fd, const char *path, int flags, const char *name);
};

extern const struct rota__sys_files rota__sys_real_files;

/* The ways that configure chooses between, one file of core/sys/ each. */
ssize_t rota__sys_read_nowait(int fd, void *memory, size_t size_bytes);
ssize_t rota__sys_preadv(
	int fd, const struct iovec *buffers, unsigned n, int64_t offset);
ssize_t rota__sys_pwritev(
	int fd, const struct iovec *buffers, unsigned n, int64_t offset);
int rota__sys_fsync(int fd);
int rota__sys_fdatasync(int fd);
int rota__sys_allocate(int fd, int64_t offset, int64_t size_bytes);
int rota__sys_file_stat(
	int fd, const char *path, int flags, struct rota_file_stat *ret_stat);
int rota__sys_mkstemp(char *path_template);
int rota__sys_dir_open(int fd, void **ret_dir);
int rota__sys_dir_read(void *dir, struct rota__dir_entry *ret_entry);
int rota__sys_dir_close(void *dir);
int rota__sys_clone(int from, int to);
int rota__sys_clone_as(int from, const char *path);
ssize_t rota__sys_copy(int from, int to, size_t size_bytes);
ssize_t rota__sys_xattr_get(int fd, const char *path, int flags,
	const char *name, void *value, size_t size_bytes);
int rota__sys_xattr_set(int fd, const char *path, int flags, const char *name,
	const void *value, size_t size_bytes, int how);
ssize_t rota__sys_xattr_list(
	int fd, const char *path, int flags, char *names, size_t size_bytes);
int rota__sys_xattr_remove(
	int fd, const char *path, int flags, const char *name);

/* fstatat(2), or fstat(2) without a path. */
int rota__sys_fstatat(
	int fd, const char *path, int flags, struct stat *ret_stat);

/* What struct stat says, in our units. */
void rota__file_stat_of(
	const struct stat *from, struct rota_file_stat *ret_stat);

#endif
