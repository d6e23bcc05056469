/* SPDX-License-Identifier: MIT */
/*
 * What is known of files, and changing it: stat, permissions, owners, times,
 * extended attributes. rota/fs.h says what all calls have in common.
 *
 * Of three calls that differ in a letter, the plain one follows a link at
 * the end of the path, l... is about the link itself, f... about an open
 * file.
 */
#ifndef ROTA_FS_META_H
#define ROTA_FS_META_H

#include <rota/fs.h>

ROTA_BEGIN_C

/*
 * Finds out the state of a file, for rota_fs_get_stat(); with the time it
 * was made where system and file system know that.
 * source: stat(2), statx(2).
 */
ROTA_API int rota_fs_stat_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, rota_fs_fn *fn, const char *place);
#define rota_fs_stat(loop, fs, path, fn) \
	rota_fs_stat_with(loop, fs, path, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_lstat_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, rota_fs_fn *fn, const char *place);
#define rota_fs_lstat(loop, fs, path, fn) \
	rota_fs_lstat_with(loop, fs, path, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_fstat_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, rota_fs_fn *fn, const char *place);
#define rota_fs_fstat(loop, fs, fd, fn) \
	rota_fs_fstat_with(loop, fs, fd, fn, ROTA_PLACE(fn))

/*
 * Finds out the room of the file system that a path is on, for
 * rota_fs_get_space().
 * source: statvfs(3).
 */
ROTA_API int rota_fs_statfs_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, rota_fs_fn *fn, const char *place);
#define rota_fs_statfs(loop, fs, path, fn) \
	rota_fs_statfs_with(loop, fs, path, fn, ROTA_PLACE(fn))

/*
 * Asks whether the process may do something with a file. By the time that it
 * does, the answer may be another: rather try.
 *
 * unit: mode F_OK, or an or of R_OK, W_OK and X_OK.
 * source: access(2): as the real user.
 */
ROTA_API int rota_fs_access_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, int mode, rota_fs_fn *fn, const char *place);
#define rota_fs_access(loop, fs, path, mode, fn) \
	rota_fs_access_with(loop, fs, path, mode, fn, ROTA_PLACE(fn))

/*
 * Sets permissions. Those of a link are not to be set everywhere: -ENOTSUP.
 *
 * errors of its own: -EINVAL mode has bits above 07777.
 * source: chmod(2).
 */
ROTA_API int rota_fs_chmod_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, unsigned mode, rota_fs_fn *fn, const char *place);
#define rota_fs_chmod(loop, fs, path, mode, fn) \
	rota_fs_chmod_with(loop, fs, path, mode, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_lchmod_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, unsigned mode, rota_fs_fn *fn, const char *place);
#define rota_fs_lchmod(loop, fs, path, mode, fn) \
	rota_fs_lchmod_with(loop, fs, path, mode, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_fchmod_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, unsigned mode, rota_fs_fn *fn, const char *place);
#define rota_fs_fchmod(loop, fs, fd, mode, fn) \
	rota_fs_fchmod_with(loop, fs, fd, mode, fn, ROTA_PLACE(fn))

/*
 * Sets user and group. ROTA_FS_KEEP leaves one of them as it is.
 * source: chown(2).
 */
#define ROTA_FS_KEEP UINT32_MAX
ROTA_API int rota_fs_chown_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, uint32_t uid, uint32_t gid, rota_fs_fn *fn,
	const char *place);
#define rota_fs_chown(loop, fs, path, uid, gid, fn) \
	rota_fs_chown_with(loop, fs, path, uid, gid, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_lchown_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, uint32_t uid, uint32_t gid, rota_fs_fn *fn,
	const char *place);
#define rota_fs_lchown(loop, fs, path, uid, gid, fn) \
	rota_fs_lchown_with(loop, fs, path, uid, gid, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_fchown_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, uint32_t uid, uint32_t gid, rota_fs_fn *fn, const char *place);
#define rota_fs_fchown(loop, fs, fd, uid, gid, fn) \
	rota_fs_fchown_with(loop, fs, fd, uid, gid, fn, ROTA_PLACE(fn))

/*
 * Sets the times of last access and of last change.
 *
 * unit: nanoseconds of the wall clock since 1970, as in rota_file_stat. Or
 *	ROTA_FS_TIME_NOW, or ROTA_FS_TIME_KEEP for as it is. The file system
 *	may round down.
 * source: utimensat(2).
 */
#define ROTA_FS_TIME_NOW INT64_MAX
#define ROTA_FS_TIME_KEEP (INT64_MAX - 1)
ROTA_API int rota_fs_utime_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, int64_t accessed_ns, int64_t modified_ns,
	rota_fs_fn *fn, const char *place);
#define rota_fs_utime(loop, fs, path, accessed_ns, modified_ns, fn) \
	rota_fs_utime_with( \
		loop, fs, path, accessed_ns, modified_ns, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_lutime_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, int64_t accessed_ns, int64_t modified_ns,
	rota_fs_fn *fn, const char *place);
#define rota_fs_lutime(loop, fs, path, accessed_ns, modified_ns, fn) \
	rota_fs_lutime_with( \
		loop, fs, path, accessed_ns, modified_ns, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_futime_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, int64_t accessed_ns, int64_t modified_ns, rota_fs_fn *fn,
	const char *place);
#define rota_fs_futime(loop, fs, fd, accessed_ns, modified_ns, fn) \
	rota_fs_futime_with( \
		loop, fs, fd, accessed_ns, modified_ns, fn, ROTA_PLACE(fn))

/* How to set an attribute: in any case, only a new one, only an old one. */
enum rota_fs_xattr_how {
	ROTA_FS_XATTR_ANY,
	ROTA_FS_XATTR_CREATE,
	ROTA_FS_XATTR_REPLACE
};

/*
 * Extended attributes: reads one, sets one, lists their names, removes one.
 * For get and list the result is how many bytes there are; with size_bytes 0
 * they are only counted (an upper bound for a list), and with too little
 * room it is -ERANGE. Names in a list end in NUL each.
 *
 * Names begin with "user." on all systems for what programs may use; Linux
 * has others.
 *
 * unit: size_bytes at most INT_MAX.
 * errors of its own: -EINVAL value or names is NULL where size_bytes is not
 *	0, or that is too large, or `how` is unknown. Results: -ENODATA there
 *	is no such attribute (-ENOATTR on the BSDs and macOS); -EEXIST;
 *	-ENOTSUP the system (OpenBSD) or the file system has none.
 * source: xattr(7), extattr(2).
 */
ROTA_API int rota_fs_getxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, const char *name, void *value, size_t size_bytes,
	rota_fs_fn *fn, const char *place);
#define rota_fs_getxattr(loop, fs, path, name, value, size_bytes, fn) \
	rota_fs_getxattr_with( \
		loop, fs, path, name, value, size_bytes, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_lgetxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, const char *name, void *value, size_t size_bytes,
	rota_fs_fn *fn, const char *place);
#define rota_fs_lgetxattr(loop, fs, path, name, value, size_bytes, fn) \
	rota_fs_lgetxattr_with( \
		loop, fs, path, name, value, size_bytes, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_fgetxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, const char *name, void *value, size_t size_bytes,
	rota_fs_fn *fn, const char *place);
#define rota_fs_fgetxattr(loop, fs, fd, name, value, size_bytes, fn) \
	rota_fs_fgetxattr_with( \
		loop, fs, fd, name, value, size_bytes, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_setxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, const char *name, const void *value,
	size_t size_bytes, enum rota_fs_xattr_how how, rota_fs_fn *fn,
	const char *place);
#define rota_fs_setxattr(loop, fs, path, name, value, size_bytes, how, fn) \
	rota_fs_setxattr_with(loop, fs, path, name, value, size_bytes, how, \
		fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_lsetxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, const char *name, const void *value,
	size_t size_bytes, enum rota_fs_xattr_how how, rota_fs_fn *fn,
	const char *place);
#define rota_fs_lsetxattr(loop, fs, path, name, value, size_bytes, how, fn) \
	rota_fs_lsetxattr_with(loop, fs, path, name, value, size_bytes, how, \
		fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_fsetxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, const char *name, const void *value, size_t size_bytes,
	enum rota_fs_xattr_how how, rota_fs_fn *fn, const char *place);
#define rota_fs_fsetxattr(loop, fs, fd, name, value, size_bytes, how, fn) \
	rota_fs_fsetxattr_with(loop, fs, fd, name, value, size_bytes, how, fn, \
		ROTA_PLACE(fn))
ROTA_API int rota_fs_listxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, char *names, size_t size_bytes, rota_fs_fn *fn,
	const char *place);
#define rota_fs_listxattr(loop, fs, path, names, size_bytes, fn) \
	rota_fs_listxattr_with( \
		loop, fs, path, names, size_bytes, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_llistxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	const char *path, char *names, size_t size_bytes, rota_fs_fn *fn,
	const char *place);
#define rota_fs_llistxattr(loop, fs, path, names, size_bytes, fn) \
	rota_fs_llistxattr_with( \
		loop, fs, path, names, size_bytes, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_flistxattr_with(struct rota_loop *loop, struct rota_fs *fs,
	int fd, char *names, size_t size_bytes, rota_fs_fn *fn,
	const char *place);
#define rota_fs_flistxattr(loop, fs, fd, names, size_bytes, fn) \
	rota_fs_flistxattr_with( \
		loop, fs, fd, names, size_bytes, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_removexattr_with(struct rota_loop *loop,
	struct rota_fs *fs, const char *path, const char *name, rota_fs_fn *fn,
	const char *place);
#define rota_fs_removexattr(loop, fs, path, name, fn) \
	rota_fs_removexattr_with(loop, fs, path, name, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_lremovexattr_with(struct rota_loop *loop,
	struct rota_fs *fs, const char *path, const char *name, rota_fs_fn *fn,
	const char *place);
#define rota_fs_lremovexattr(loop, fs, path, name, fn) \
	rota_fs_lremovexattr_with(loop, fs, path, name, fn, ROTA_PLACE(fn))
ROTA_API int rota_fs_fremovexattr_with(struct rota_loop *loop,
	struct rota_fs *fs, int fd, const char *name, rota_fs_fn *fn,
	const char *place);
#define rota_fs_fremovexattr(loop, fs, fd, name, fn) \
	rota_fs_fremovexattr_with(loop, fs, fd, name, fn, ROTA_PLACE(fn))

ROTA_END_C

#endif
