/* SPDX-License-Identifier: MIT */
/*
 * What each call on files says when it cannot be done: tables of calls, of
 * what is wrong, and of the errno that comes of it. All are run in both forms
 * on the disk and in memory, and leave nothing behind.
 *
 *	a		a file of three bytes
 *	d/x		a directory that is not empty
 *	loop		a link to itself
 *	fifo		nobody has it open
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/folder.h"

#define NOBODY 65534

static struct rota_fs fs;
static char text[256];
static struct iovec buffer = { text, sizeof(text) };

/* What a row is about. */
static const char *path;
static int fd;

/* Calls **************************************************************/

/* A call about `path` or `fd`. */
struct call {
	const char *name;
	int (*make)(void);
};

/* The call, whose last argument is the form. */
#define CALL(id, ...) \
	static int id(void) \
	{ \
		return ENDED(rota_fs_##__VA_ARGS__); \
	}

CALL(call_open, open(fs_loop(), &fs, path, O_RDONLY, 0, fs_form))
CALL(call_create,
	open(fs_loop(), &fs, path, O_WRONLY | O_CREAT | O_EXCL, 0600, fs_form))
CALL(call_openat, openat(fs_loop(), &fs, AT_FDCWD, path, O_RDONLY, 0, fs_form))
CALL(call_truncate, truncate(fs_loop(), &fs, path, 1, fs_form))
CALL(call_stat, stat(fs_loop(), &fs, path, fs_form))
CALL(call_lstat, lstat(fs_loop(), &fs, path, fs_form))
CALL(call_statfs, statfs(fs_loop(), &fs, path, fs_form))
CALL(call_access, access(fs_loop(), &fs, path, F_OK, fs_form))
CALL(call_chmod, chmod(fs_loop(), &fs, path, 0600, fs_form))
CALL(call_lchmod, lchmod(fs_loop(), &fs, path, 0600, fs_form))
CALL(call_chown, chown(fs_loop(), &fs, path, getuid(), getgid(), fs_form))
CALL(call_lchown, lchown(fs_loop(), &fs, path, getuid(), getgid(), fs_form))
CALL(call_utime, utime(fs_loop(), &fs, path, 1, 1, fs_form))
CALL(call_lutime, lutime(fs_loop(), &fs, path, 1, 1, fs_form))
CALL(call_mkdir, mkdir(fs_loop(), &fs, path, 0700, fs_form))
CALL(call_mkfifo, mkfifo(fs_loop(), &fs, path, 0600, fs_form))
CALL(call_unlink, unlink(fs_loop(), &fs, path, fs_form))
CALL(call_rmdir, rmdir(fs_loop(), &fs, path, fs_form))
CALL(call_rename_from, rename(fs_loop(), &fs, path, in_folder("new"), fs_form))
CALL(call_rename_to, rename(fs_loop(), &fs, in_folder("a"), path, fs_form))
CALL(call_link_from, link(fs_loop(), &fs, path, in_folder("new"), fs_form))
CALL(call_link_to, link(fs_loop(), &fs, in_folder("a"), path, fs_form))
CALL(call_symlink, symlink(fs_loop(), &fs, "a", path, fs_form))
CALL(call_readlink, readlink(fs_loop(), &fs, path, text, sizeof(text), fs_form))
CALL(call_realpath, realpath(fs_loop(), &fs, path, text, sizeof(text), fs_form))
CALL(call_scandir, scandir(fs_loop(), &fs, path, fs_form))
CALL(call_read_file, read_file(fs_loop(), &fs, path, 2, fs_form))
CALL(call_write_file, write_file(fs_loop(), &fs, path, "x", 1, 0600, fs_form))
CALL(call_copy_from,
	copyfile(fs_loop(), &fs, path, in_folder("new"), 0, fs_form))
CALL(call_copy_to, copyfile(fs_loop(), &fs, in_folder("a"), path, 0, fs_form))
CALL(call_remove_tree, remove_tree(fs_loop(), &fs, path, fs_form))

static int
call_opendir(void)
{
	static struct rota_fs_dir dir;

	return ENDED(rota_fs_opendir(fs_loop(), &fs, path, &dir, fs_form));
}

/* The last six of what they are given are made up. */
static char *
template_of(void)
{
	static char template[8192];

	(void)snprintf(template, sizeof(template), "%sXXXXXX", path);
	path = template;
	return template;
}

CALL(call_mkdtemp, mkdtemp(fs_loop(), &fs, template_of(), fs_form))
CALL(call_mkstemp, mkstemp(fs_loop(), &fs, template_of(), fs_form))

static const struct {
	struct call call;
	/* It makes the name if there is none; it does not follow a link there. */
	int makes;
	int stays;
} path_calls[] = {
	{ { "open", call_open }, 0, 0 },
	{ { "open to create", call_create }, 1, 0 },
	{ { "openat", call_openat }, 0, 0 },
	{ { "truncate", call_truncate }, 0, 0 },
	{ { "stat", call_stat }, 0, 0 },
	{ { "lstat", call_lstat }, 0, 1 },
	{ { "statfs", call_statfs }, 0, 0 },
	{ { "access", call_access }, 0, 0 },
	{ { "chmod", call_chmod }, 0, 0 },
	{ { "lchmod", call_lchmod }, 0, 1 },
	{ { "chown", call_chown }, 0, 0 },
	{ { "lchown", call_lchown }, 0, 1 },
	{ { "utime", call_utime }, 0, 0 },
	{ { "lutime", call_lutime }, 0, 1 },
	{ { "mkdir", call_mkdir }, 1, 1 },
	{ { "mkfifo", call_mkfifo }, 1, 1 },
	{ { "mkdtemp", call_mkdtemp }, 1, 1 },
	{ { "mkstemp", call_mkstemp }, 1, 1 },
	{ { "unlink", call_unlink }, 0, 1 },
	{ { "rmdir", call_rmdir }, 0, 1 },
	{ { "rename from", call_rename_from }, 0, 1 },
	{ { "rename to", call_rename_to }, 1, 1 },
	{ { "link from", call_link_from }, 0, 1 },
	{ { "link to", call_link_to }, 1, 1 },
	{ { "symlink", call_symlink }, 1, 1 },
	{ { "readlink", call_readlink }, 0, 1 },
	{ { "realpath", call_realpath }, 0, 0 },
	{ { "scandir", call_scandir }, 0, 0 },
	{ { "opendir", call_opendir }, 0, 0 },
	{ { "read_file", call_read_file }, 0, 0 },
	{ { "write_file", call_write_file }, 1, 0 },
	{ { "copyfile from", call_copy_from }, 0, 0 },
	{ { "copyfile to", call_copy_to }, 1, 0 },
	{ { "remove_tree", call_remove_tree }, 0, 1 },
};

CALL(call_close, close(fs_loop(), &fs, fd, fs_form))
CALL(call_read, read(fs_loop(), &fs, fd, &buffer, 1, -1, fs_form))
CALL(call_read_at, read(fs_loop(), &fs, fd, &buffer, 1, 0, fs_form))
CALL(call_write, write(fs_loop(), &fs, fd, &buffer, 1, -1, fs_form))
CALL(call_write_at, write(fs_loop(), &fs, fd, &buffer, 1, 0, fs_form))
CALL(call_fsync, fsync(fs_loop(), &fs, fd, fs_form))
CALL(call_fdatasync, fdatasync(fs_loop(), &fs, fd, fs_form))
CALL(call_ftruncate, ftruncate(fs_loop(), &fs, fd, 1, fs_form))
CALL(call_fallocate, fallocate(fs_loop(), &fs, fd, 0, 1, fs_form))
CALL(call_flock, flock(fs_loop(), &fs, fd, LOCK_EX | LOCK_NB, fs_form))
CALL(call_fstat, fstat(fs_loop(), &fs, fd, fs_form))
CALL(call_fchmod, fchmod(fs_loop(), &fs, fd, 0600, fs_form))
CALL(call_fchown, fchown(fs_loop(), &fs, fd, getuid(), getgid(), fs_form))
CALL(call_futime, futime(fs_loop(), &fs, fd, 1, 1, fs_form))
CALL(call_send_from, sendfile(fs_loop(), &fs, fd, fd, 0, 1, fs_form))

static const struct call fd_calls[] = {
	{ "close", call_close },
	{ "read", call_read },
	{ "read at", call_read_at },
	{ "write", call_write },
	{ "write at", call_write_at },
	{ "fsync", call_fsync },
	{ "fdatasync", call_fdatasync },
	{ "ftruncate", call_ftruncate },
	{ "fallocate", call_fallocate },
	{ "flock", call_flock },
	{ "fstat", call_fstat },
	{ "fchmod", call_fchmod },
	{ "fchown", call_fchown },
	{ "futime", call_futime },
	{ "sendfile", call_send_from },
};

CALL(call_getxattr, getxattr(fs_loop(), &fs, path, "user.a", text, 1, fs_form))
CALL(call_lgetxattr,
	lgetxattr(fs_loop(), &fs, path, "user.a", text, 1, fs_form))
CALL(call_setxattr,
	setxattr(fs_loop(), &fs, path, "user.a", "x", 1, ROTA_FS_XATTR_REPLACE,
		fs_form))
CALL(call_lsetxattr,
	lsetxattr(fs_loop(), &fs, path, "user.a", "x", 1, ROTA_FS_XATTR_REPLACE,
		fs_form))
CALL(call_listxattr, listxattr(fs_loop(), &fs, path, text, 1, fs_form))
CALL(call_llistxattr, llistxattr(fs_loop(), &fs, path, text, 1, fs_form))
CALL(call_removexattr, removexattr(fs_loop(), &fs, path, "user.a", fs_form))
CALL(call_lremovexattr, lremovexattr(fs_loop(), &fs, path, "user.a", fs_form))

static const struct call xattr_calls[] = {
	{ "getxattr", call_getxattr },
	{ "lgetxattr", call_lgetxattr },
	{ "setxattr", call_setxattr },
	{ "lsetxattr", call_lsetxattr },
	{ "listxattr", call_listxattr },
	{ "llistxattr", call_llistxattr },
	{ "removexattr", call_removexattr },
	{ "lremovexattr", call_lremovexattr },
};

CALL(call_fgetxattr, fgetxattr(fs_loop(), &fs, fd, "user.a", text, 1, fs_form))
CALL(call_fsetxattr,
	fsetxattr(fs_loop(), &fs, fd, "user.a", "x", 1, ROTA_FS_XATTR_REPLACE,
		fs_form))
CALL(call_flistxattr, flistxattr(fs_loop(), &fs, fd, text, 1, fs_form))
CALL(call_fremovexattr, fremovexattr(fs_loop(), &fs, fd, "user.a", fs_form))

static const struct call fd_xattr_calls[] = {
	{ "fgetxattr", call_fgetxattr },
	{ "fsetxattr", call_fsetxattr },
	{ "flistxattr", call_flistxattr },
	{ "fremovexattr", call_fremovexattr },
};

#define N_OF(calls) (sizeof(calls) / sizeof((calls)[0]))

/* What comes of them *************************************************/

static void
make_all(void)
{
	make_file("a", "abc");
	make_folder("d");
	make_file("d/x", "");
	ck_ok(symlink("loop", in_folder("loop")));
	ck_ok(mkfifo(in_folder("fifo"), 0600));
}

/* None has made or removed anything. */
static void
ck_nothing_has_changed(void)
{
	ck_assert_int_eq(count_names(""), 4);
	ck_assert_int_eq(count_names("d"), 1);
	ck_assert_str_eq(text_of("a"), "abc");
}

/* One of the two, and the request explains itself so. */
static void
ck_fails(const struct call *call, int error, int or_error)
{
	char explained[8192 + 128];
	const char *about = path;
	int r = call->make();

	ck_assert_msg(r == error || r == or_error, "%s: %s instead of %s",
		call->name, r < 0 ? rota_error_name(r) : "done",
		rota_error_name(error));
	ck_ok(rota_error_explain(
		&fs.job.request, explained, sizeof(explained)));
	ck_assert_msg(strstr(explained, rota_error_text(r)) != NULL &&
			(about == NULL || strstr(explained, about) != NULL),
		"%s explains itself as %s", call->name, explained);
	ck_ok(rota_fs_clear(&fs));
}

static void
ck_all_fail(const struct call *calls, size_t n, int error, int or_error)
{
	const char *about = path;

	for (size_t i = 0; i < n; i++) {
		path = about;
		ck_fails(&calls[i], error, or_error);
	}
	path = NULL;
}

static void
ck_paths_fail(int error)
{
	const char *about = path;

	for (size_t i = 0; i < N_OF(path_calls); i++) {
		path = about;
		ck_fails(&path_calls[i].call, error, error);
	}
	path = NULL;
}

/* What is wrong with a path, for whatever is done there. */
static const struct {
	const char *name;
	int error;
} bad_paths[] = {
	{ "no/x", -ENOENT },
	{ "a/x", -ENOTDIR },
	{ "loop/x", -ELOOP },
};

FS_TEST(what_leads_nowhere_is_told_by_all_calls_on_paths)
{
	make_all();
	for (size_t i = 0; i < N_OF(bad_paths); i++) {
		path = in_folder(bad_paths[i].name);
		ck_paths_fail(bad_paths[i].error);
	}
	ck_nothing_has_changed();
}

/* The path is cut where it is explained, if it is a very long one. */
FS_TEST(a_name_that_is_too_long_is_told_by_all_calls_on_paths)
{
	static char long_path[6000];

	make_all();
	memset(long_path, 'n', sizeof(long_path) - 1);
	(void)snprintf(long_path, sizeof(long_path), "%s", folder);
	long_path[strlen(folder)] = '/';
	long_path[strlen(folder) + 1] = 'n';
	long_path[strlen(folder) + 300] = '\0';
	path = long_path;
	ck_paths_fail(-ENAMETOOLONG);
	for (size_t i = 0; i < N_OF(path_calls); i++) {
		memset(long_path, '/', sizeof(long_path) - 1);
		path = long_path;
		/* realpath(3) goes name by name. */
		if (path_calls[i].call.make != call_realpath)
			ck_assert_int_eq(
				path_calls[i].call.make(), -ENAMETOOLONG);
	}
	path = NULL;
	ck_nothing_has_changed();
}

FS_TEST(no_name_is_none_that_there_is)
{
	make_all();
	for (size_t i = 0; i < N_OF(path_calls); i++) {
		if (!(path_calls[i].makes && path_calls[i].stays)) {
			path = "";
			ck_fails(&path_calls[i].call, -ENOENT, -ENOENT);
		}
		path = in_folder("no");
		if (!path_calls[i].makes)
			ck_fails(&path_calls[i].call, -ENOENT, -ENOENT);
	}
	path = NULL;
	ck_nothing_has_changed();
}

FS_TEST(a_link_to_itself_is_told_by_all_calls_that_follow_it)
{
	make_all();
	for (size_t i = 0; i < N_OF(path_calls); i++) {
		path = in_folder("loop");
		if (!path_calls[i].stays &&
			path_calls[i].call.make != call_create)
			ck_fails(&path_calls[i].call, -ELOOP, -ELOOP);
	}
	path = NULL;
	ck_nothing_has_changed();
}

/* Root has to be somebody else, whose name access(2) does not ask for. */
FS_TEST(what_is_not_allowed_is_told_by_all_calls_on_paths)
{
	int is_root = geteuid() == 0;

	make_all();
	ck_ok(chmod(in_folder("d"), is_root ? 0700 : 0));
	ck_ok(chmod(in_folder(""), 0777));
	if (is_root)
		ck_ok(seteuid(NOBODY));
	for (size_t i = 0; i < N_OF(path_calls); i++) {
		path = in_folder("d/x");
		if (!is_root || path_calls[i].call.make != call_access)
			ck_fails(&path_calls[i].call, -EACCES, -EACCES);
	}
	path = NULL;
	if (is_root)
		ck_ok(seteuid(0));
	ck_ok(chmod(in_folder("d"), 0700));
	ck_nothing_has_changed();
}

/* Where there are no attributes at all, that may be told before. */
FS_TEST(what_leads_nowhere_is_told_by_all_calls_on_attributes)
{
	make_all();
	for (size_t i = 0; i < N_OF(bad_paths); i++) {
		path = in_folder(bad_paths[i].name);
		ck_all_fail(xattr_calls, N_OF(xattr_calls), bad_paths[i].error,
			-ENOTSUP);
	}
	ck_nothing_has_changed();
}

FS_TEST(a_closed_descriptor_is_told_by_all_calls_on_descriptors)
{
	path = NULL;
	fd = dup(0);
	ck_assert_int_ge(fd, 0);
	ck_ok(close(fd));
	ck_all_fail(fd_calls, N_OF(fd_calls), -EBADF, -EBADF);
	ck_all_fail(fd_xattr_calls, N_OF(fd_xattr_calls), -EBADF, -ENOTSUP);
}

/* What each says of what is there. */
static const struct {
	struct call call;
	const char *name;
	int error;
	int or_error;
} others[] = {
	{ { "open to create", call_create }, "a", -EEXIST, -EEXIST },
	{ { "truncate", call_truncate }, "d", -EISDIR, -EISDIR },
	{ { "mkdir", call_mkdir }, "a", -EEXIST, -EEXIST },
	{ { "mkdir", call_mkdir }, "d", -EEXIST, -EEXIST },
	{ { "mkfifo", call_mkfifo }, "fifo", -EEXIST, -EEXIST },
	{ { "symlink", call_symlink }, "loop", -EEXIST, -EEXIST },
	{ { "link to", call_link_to }, "d", -EEXIST, -EEXIST },
	{ { "link from", call_link_from }, "d", -EPERM, -EPERM },
	/* rmdir(2): POSIX has both. */
	{ { "rmdir", call_rmdir }, "d", -ENOTEMPTY, -EEXIST },
	{ { "rmdir", call_rmdir }, "a", -ENOTDIR, -ENOTDIR },
	{ { "unlink", call_unlink }, "d", -EISDIR, -EPERM },
	{ { "rename to", call_rename_to }, "d", -EISDIR, -EISDIR },
	{ { "readlink", call_readlink }, "a", -EINVAL, -EINVAL },
	{ { "scandir", call_scandir }, "a", -ENOTDIR, -ENOTDIR },
	{ { "opendir", call_opendir }, "a", -ENOTDIR, -ENOTDIR },
	{ { "read_file", call_read_file }, "a", -EFBIG, -EFBIG },
	{ { "read_file", call_read_file }, "d", -EISDIR, -EISDIR },
	{ { "write_file", call_write_file }, "d", -EISDIR, -EISDIR },
	{ { "copyfile to", call_copy_to }, "d", -EISDIR, -EISDIR },
	{ { "copyfile from", call_copy_from }, "d", -EISDIR, -EINVAL },
};

FS_TEST(what_is_there_is_in_the_way)
{
	make_all();
	for (size_t i = 0; i < N_OF(others); i++) {
		path = in_folder(others[i].name);
		ck_fails(&others[i].call, others[i].error, others[i].or_error);
	}
	path = NULL;
	ck_nothing_has_changed();
}

/* What a descriptor is open for, and what it is of. */
static const struct {
	struct call call;
	const char *name;
	int flags;
	int error;
	int or_error;
} opened[] = {
	{ { "read", call_read }, "a", O_WRONLY, -EBADF, -EBADF },
	{ { "read at", call_read_at }, "a", O_WRONLY, -EBADF, -EBADF },
	{ { "write", call_write }, "a", O_RDONLY, -EBADF, -EBADF },
	{ { "write at", call_write_at }, "a", O_RDONLY, -EBADF, -EBADF },
	{ { "ftruncate", call_ftruncate }, "a", O_RDONLY, -EINVAL, -EBADF },
	{ { "fallocate", call_fallocate }, "a", O_RDONLY, -EBADF, -EBADF },
	{ { "sendfile", call_send_from }, "a", O_RDONLY, -EBADF, -EBADF },
	{ { "read", call_read }, "d", O_RDONLY, -EISDIR, -EISDIR },
	{ { "read at", call_read_at }, "d", O_RDONLY, -EISDIR, -EISDIR },
	{ { "ftruncate", call_ftruncate }, "d", O_RDONLY, -EINVAL, -EBADF },
	/* fifo(7): one who reads does not wait for one who writes. */
	{ { "read at", call_read_at }, "fifo", O_RDONLY | O_NONBLOCK, -ESPIPE,
		-ESPIPE },
	{ { "ftruncate", call_ftruncate }, "fifo", O_RDONLY | O_NONBLOCK,
		-EINVAL, -EBADF },
};

FS_TEST(a_descriptor_is_not_for_everything)
{
	make_all();
	for (size_t i = 0; i < N_OF(opened); i++) {
		fd = open(
			in_folder(opened[i].name), opened[i].flags | O_CLOEXEC);
		ck_assert_int_ge(fd, 0);
		ck_fails(&opened[i].call, opened[i].error, opened[i].or_error);
		ck_ok(close(fd));
	}
	ck_nothing_has_changed();
}

FS_TEST(a_fifo_that_nobody_reads_cannot_be_opened_for_writing_at_once)
{
	make_all();
	ck_err(ENDED(rota_fs_open(fs_loop(), &fs, in_folder("fifo"),
		       O_WRONLY | O_NONBLOCK, 0, fs_form)),
		-ENXIO);
}

FS_TEST(a_file_that_another_has_locked_is_busy)
{
	int other;

	make_all();
	other = open(in_folder("a"), O_RDONLY | O_CLOEXEC);
	fd = open(in_folder("a"), O_RDONLY | O_CLOEXEC);
	ck_ok(flock(other, LOCK_EX));
	ck_fails(&(struct call){ "flock", call_flock }, -EWOULDBLOCK, -EAGAIN);
	ck_ok(close(fd));
	ck_ok(close(other));
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "paths");

	tcase_add_loop_test(
		tc, what_leads_nowhere_is_told_by_all_calls_on_paths);
	tcase_add_loop_test(
		tc, a_name_that_is_too_long_is_told_by_all_calls_on_paths);
	tcase_add_loop_test(tc, no_name_is_none_that_there_is);
	tcase_add_loop_test(
		tc, a_link_to_itself_is_told_by_all_calls_that_follow_it);
	tcase_add_loop_test(
		tc, what_is_not_allowed_is_told_by_all_calls_on_paths);
	tcase_add_loop_test(
		tc, what_leads_nowhere_is_told_by_all_calls_on_attributes);
	tcase_add_loop_test(tc, what_is_there_is_in_the_way);

	tc = harness_case(suite, "descriptors");
	tcase_add_loop_test(
		tc, a_closed_descriptor_is_told_by_all_calls_on_descriptors);
	tcase_add_loop_test(tc, a_descriptor_is_not_for_everything);
	tcase_add_loop_test(tc,
		a_fifo_that_nobody_reads_cannot_be_opened_for_writing_at_once);
	tcase_add_loop_test(tc, a_file_that_another_has_locked_is_busy);
}

HARNESS_MAIN("fs_errnos", add_cases)
