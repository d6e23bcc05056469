/* SPDX-License-Identifier: MIT */
/* Mistakes at the door of every call on files. */
#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>

#include "tests/bad_input.h"
#include "tests/harness.h"

static struct rota_fs fs;

static void
on_fs(struct rota_fs *request, int status)
{
	(void)request;
	(void)status;
	trace('!');
}

/* No request at all; a callback, and no loop for it. */
#define ck_fs_wants_loop(op, ...) \
	do { \
		ck_refused(op(loop, NULL, __VA_ARGS__, on_fs), -EINVAL); \
		ck_refused(op(loop, NULL, __VA_ARGS__, NULL), -EINVAL); \
		ck_refused_for( \
			&fs, op(NULL, &fs, __VA_ARGS__, on_fs), -EINVAL); \
	} while (0)

/* In both forms. */
#define ck_fs_refuses(expected, op, ...) \
	do { \
		ck_refused_for( \
			&fs, op(loop, &fs, __VA_ARGS__, on_fs), expected); \
		ck_refused_for( \
			&fs, op(NULL, &fs, __VA_ARGS__, NULL), expected); \
	} while (0)

LOOP_TEST(calls_on_descriptors_want_all_their_arguments)
{
	ck_fs_wants_loop(rota_fs_open, "/", O_RDONLY, 0);
	ck_fs_refuses(-EINVAL, rota_fs_open, NULL, O_RDONLY, 0);
	ck_fs_wants_loop(rota_fs_openat, AT_FDCWD, "/", O_RDONLY, 0);
	ck_fs_refuses(-EINVAL, rota_fs_openat, AT_FDCWD, NULL, O_RDONLY, 0);
	ck_fs_refuses(-EBADF, rota_fs_openat, -1, "/", O_RDONLY, 0);
	ck_fs_wants_loop(rota_fs_close, 0);
	ck_fs_refuses(-EBADF, rota_fs_close, -1);
	ck_fs_wants_loop(rota_fs_fsync, 0);
	ck_fs_refuses(-EBADF, rota_fs_fsync, -1);
	ck_fs_wants_loop(rota_fs_fdatasync, 0);
	ck_fs_refuses(-EBADF, rota_fs_fdatasync, -1);
	ck_fs_wants_loop(rota_fs_flock, 0, 0);
	ck_fs_refuses(-EBADF, rota_fs_flock, -1, 0);
	ck_fs_wants_loop(rota_fs_truncate, "/", 0);
	ck_fs_refuses(-EINVAL, rota_fs_truncate, NULL, 0);
	ck_fs_refuses(-EINVAL, rota_fs_truncate, "/", -1);
	ck_fs_wants_loop(rota_fs_ftruncate, 0, 0);
	ck_fs_refuses(-EBADF, rota_fs_ftruncate, -1, 0);
	ck_fs_refuses(-EBADF, rota_fs_ftruncate, -1, 1);
	ck_fs_refuses(-EINVAL, rota_fs_ftruncate, 0, -1);
	ck_fs_wants_loop(rota_fs_fallocate, 0, 0, 1);
	ck_fs_refuses(-EBADF, rota_fs_fallocate, -1, 0, 1);
	ck_fs_refuses(-EINVAL, rota_fs_fallocate, 0, -1, 1);
	ck_fs_refuses(-EINVAL, rota_fs_fallocate, 0, 0, 0);
	ck_fs_refuses(-EINVAL, rota_fs_fallocate, 0, 0, -1);
	ck_fs_refuses(-EINVAL, rota_fs_fallocate, 0, 1, INT64_MAX);
	ck_fs_wants_loop(rota_fs_sendfile, 1, 0, 0, 1);
	ck_fs_refuses(-EBADF, rota_fs_sendfile, -1, 0, 0, 1);
	ck_fs_refuses(-EBADF, rota_fs_sendfile, 1, -1, 0, 1);
	ck_fs_refuses(-EINVAL, rota_fs_sendfile, 1, 0, -1, 1);
	ck_fs_refuses(-EINVAL, rota_fs_sendfile, 1, 0, 0, (size_t)INT_MAX + 1);
	ck_trace("");
}

LOOP_TEST(reads_and_writes_of_files_want_sound_buffers)
{
	char text[1];
	struct iovec good = { text, 1 };
	struct iovec none = { NULL, 1 };
	struct iovec huge = { text, (size_t)INT_MAX + 1 };
	struct iovec two[2] = { { text, INT_MAX }, { text, 1 } };
	struct iovec negative = { text, (size_t)-1 };

	ck_fs_wants_loop(rota_fs_read, 0, &good, 1, 0);
	ck_fs_wants_loop(rota_fs_write, 1, &good, 1, 0);
	ck_fs_refuses(-EBADF, rota_fs_read, -1, &good, 1, 0);
	ck_fs_refuses(-EBADF, rota_fs_write, -1, &good, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_read, 0, NULL, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_write, 1, NULL, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_read, 0, &none, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_write, 1, &none, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_read, 0, &huge, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_write, 1, &huge, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_read, 0, &negative, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_write, 1, &negative, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_read, 0, two, 2, 0);
	ck_fs_refuses(-EINVAL, rota_fs_write, 1, two, 2, 0);
	ck_fs_refuses(-EINVAL, rota_fs_read, 0, &good, 1, -2);
	ck_fs_refuses(-EINVAL, rota_fs_write, 1, &good, 1, INT64_MIN);
}

LOOP_TEST(calls_on_what_is_known_of_files_want_all_their_arguments)
{
	ck_fs_wants_loop(rota_fs_stat, "/");
	ck_fs_refuses(-EINVAL, rota_fs_stat, NULL);
	ck_fs_wants_loop(rota_fs_lstat, "/");
	ck_fs_refuses(-EINVAL, rota_fs_lstat, NULL);
	ck_fs_wants_loop(rota_fs_fstat, 0);
	ck_fs_refuses(-EBADF, rota_fs_fstat, -1);
	ck_fs_wants_loop(rota_fs_statfs, "/");
	ck_fs_refuses(-EINVAL, rota_fs_statfs, NULL);
	ck_fs_wants_loop(rota_fs_access, "/", 0);
	ck_fs_refuses(-EINVAL, rota_fs_access, NULL, 0);
	ck_fs_wants_loop(rota_fs_chmod, "/", 0);
	ck_fs_refuses(-EINVAL, rota_fs_chmod, NULL, 0);
	ck_fs_refuses(-EINVAL, rota_fs_chmod, "/", 010000);
	ck_fs_wants_loop(rota_fs_lchmod, "/", 0);
	ck_fs_refuses(-EINVAL, rota_fs_lchmod, NULL, 0);
	ck_fs_refuses(-EINVAL, rota_fs_lchmod, "/", 010000);
	ck_fs_wants_loop(rota_fs_fchmod, 0, 0);
	ck_fs_refuses(-EBADF, rota_fs_fchmod, -1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_fchmod, 0, 010000);
	ck_fs_wants_loop(rota_fs_chown, "/", ROTA_FS_KEEP, ROTA_FS_KEEP);
	ck_fs_refuses(-EINVAL, rota_fs_chown, NULL, ROTA_FS_KEEP, 0);
	ck_fs_wants_loop(rota_fs_lchown, "/", ROTA_FS_KEEP, ROTA_FS_KEEP);
	ck_fs_refuses(-EINVAL, rota_fs_lchown, NULL, ROTA_FS_KEEP, 0);
	ck_fs_wants_loop(rota_fs_fchown, 0, ROTA_FS_KEEP, ROTA_FS_KEEP);
	ck_fs_refuses(-EBADF, rota_fs_fchown, -1, ROTA_FS_KEEP, 0);
	ck_fs_wants_loop(rota_fs_utime, "/", 0, 0);
	ck_fs_refuses(-EINVAL, rota_fs_utime, NULL, 0, 0);
	ck_fs_wants_loop(rota_fs_lutime, "/", 0, 0);
	ck_fs_refuses(-EINVAL, rota_fs_lutime, NULL, 0, 0);
	ck_fs_wants_loop(rota_fs_futime, 0, 0, 0);
	ck_fs_refuses(-EBADF, rota_fs_futime, -1, 0, 0);
}

#define ck_wants_value(op, where) \
	do { \
		ck_fs_wants_loop(op, where, "user.a", text, 1); \
		ck_fs_refuses(-EINVAL, op, where, NULL, text, 1); \
		ck_fs_refuses(-EINVAL, op, where, "user.a", NULL, 1); \
		ck_fs_refuses(-EINVAL, op, where, "user.a", text, \
			(size_t)INT_MAX + 1); \
	} while (0)

#define ck_wants_value_how(op, where) \
	do { \
		ck_fs_wants_loop(op, where, "user.a", text, 1, any); \
		ck_fs_refuses(-EINVAL, op, where, NULL, text, 1, any); \
		ck_fs_refuses(-EINVAL, op, where, "user.a", NULL, 1, any); \
		ck_fs_refuses(-EINVAL, op, where, "user.a", text, \
			(size_t)INT_MAX + 1, any); \
		ck_fs_refuses(-EINVAL, op, where, "user.a", text, 1, \
			(enum rota_fs_xattr_how)3); \
	} while (0)

LOOP_TEST(calls_on_attributes_want_all_their_arguments)
{
	const enum rota_fs_xattr_how any = ROTA_FS_XATTR_ANY;
	char text[1];

	ck_wants_value(rota_fs_getxattr, "/");
	ck_fs_refuses(-EINVAL, rota_fs_getxattr, NULL, "user.a", text, 1);
	ck_wants_value(rota_fs_lgetxattr, "/");
	ck_fs_refuses(-EINVAL, rota_fs_lgetxattr, NULL, "user.a", text, 1);
	ck_wants_value(rota_fs_fgetxattr, 0);
	ck_fs_refuses(-EBADF, rota_fs_fgetxattr, -1, "user.a", text, 1);
	ck_wants_value_how(rota_fs_setxattr, "/");
	ck_fs_refuses(-EINVAL, rota_fs_setxattr, NULL, "user.a", text, 1, any);
	ck_wants_value_how(rota_fs_lsetxattr, "/");
	ck_fs_refuses(-EINVAL, rota_fs_lsetxattr, NULL, "user.a", text, 1, any);
	ck_wants_value_how(rota_fs_fsetxattr, 0);
	ck_fs_refuses(-EBADF, rota_fs_fsetxattr, -1, "user.a", text, 1, any);
	ck_fs_wants_loop(rota_fs_listxattr, "/", text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_listxattr, NULL, text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_listxattr, "/", NULL, 1);
	ck_fs_wants_loop(rota_fs_llistxattr, "/", text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_llistxattr, NULL, text, 1);
	ck_fs_wants_loop(rota_fs_flistxattr, 0, text, 1);
	ck_fs_refuses(-EBADF, rota_fs_flistxattr, -1, text, 1);
	ck_fs_wants_loop(rota_fs_removexattr, "/", "user.a");
	ck_fs_refuses(-EINVAL, rota_fs_removexattr, NULL, "user.a");
	ck_fs_refuses(-EINVAL, rota_fs_removexattr, "/", NULL);
	ck_fs_wants_loop(rota_fs_lremovexattr, "/", "user.a");
	ck_fs_refuses(-EINVAL, rota_fs_lremovexattr, NULL, "user.a");
	ck_fs_refuses(-EINVAL, rota_fs_lremovexattr, "/", NULL);
	ck_fs_wants_loop(rota_fs_fremovexattr, 0, "user.a");
	ck_fs_refuses(-EBADF, rota_fs_fremovexattr, -1, "user.a");
	ck_fs_refuses(-EINVAL, rota_fs_fremovexattr, 0, NULL);
}

LOOP_TEST(calls_on_names_want_all_their_arguments)
{
	char text[64] = "/none/XXXXXX";

	ck_fs_wants_loop(rota_fs_mkdir, "/", 0700);
	ck_fs_refuses(-EINVAL, rota_fs_mkdir, NULL, 0700);
	ck_fs_refuses(-EINVAL, rota_fs_mkdir, "/", 010000);
	ck_fs_wants_loop(rota_fs_mkfifo, "/", 0700);
	ck_fs_refuses(-EINVAL, rota_fs_mkfifo, NULL, 0700);
	ck_fs_refuses(-EINVAL, rota_fs_mkfifo, "/", 010000);
	ck_fs_wants_loop(rota_fs_mkdtemp, text);
	ck_fs_refuses(-EINVAL, rota_fs_mkdtemp, NULL);
	ck_fs_wants_loop(rota_fs_mkstemp, text);
	ck_fs_refuses(-EINVAL, rota_fs_mkstemp, NULL);
	ck_fs_wants_loop(rota_fs_unlink, "/");
	ck_fs_refuses(-EINVAL, rota_fs_unlink, NULL);
	ck_fs_wants_loop(rota_fs_rmdir, "/");
	ck_fs_refuses(-EINVAL, rota_fs_rmdir, NULL);
	ck_fs_wants_loop(rota_fs_rename, "/", "/");
	ck_fs_refuses(-EINVAL, rota_fs_rename, NULL, "/");
	ck_fs_refuses(-EINVAL, rota_fs_rename, "/", NULL);
	ck_fs_wants_loop(rota_fs_link, "/", "/");
	ck_fs_refuses(-EINVAL, rota_fs_link, NULL, "/");
	ck_fs_refuses(-EINVAL, rota_fs_link, "/", NULL);
	ck_fs_wants_loop(rota_fs_symlink, "/", "/");
	ck_fs_refuses(-EINVAL, rota_fs_symlink, NULL, "/");
	ck_fs_refuses(-EINVAL, rota_fs_symlink, "/", NULL);
	ck_fs_wants_loop(rota_fs_readlink, "/", text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_readlink, NULL, text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_readlink, "/", NULL, 1);
	ck_fs_refuses(-EINVAL, rota_fs_readlink, "/", text, 0);
	ck_fs_refuses(-EINVAL, rota_fs_readlink, "/", text, SIZE_MAX);
	ck_fs_wants_loop(rota_fs_realpath, "/", text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_realpath, NULL, text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_realpath, "/", NULL, 1);
	ck_fs_refuses(-EINVAL, rota_fs_realpath, "/", text, 0);
	ck_fs_refuses(-EINVAL, rota_fs_realpath, "/", text, SIZE_MAX);
}

LOOP_TEST(calls_on_directories_want_all_their_arguments)
{
	struct rota_fs_dir dir = { 0 };
	char memory[ROTA_FS_ENTRY_BYTES];

	ck_fs_wants_loop(rota_fs_scandir, "/");
	ck_fs_refuses(-EINVAL, rota_fs_scandir, NULL);
	ck_fs_wants_loop(rota_fs_opendir, "/", &dir);
	ck_fs_refuses(-EINVAL, rota_fs_opendir, NULL, &dir);
	ck_fs_refuses(-EINVAL, rota_fs_opendir, "/", NULL);
	ck_fs_refuses(-EBADF, rota_fs_closedir, &dir);
	ck_fs_refuses(-EBADF, rota_fs_readdir, &dir, memory, sizeof(memory));
	ck_ok(rota_fs_opendir(NULL, &fs, "/", &dir, NULL));
	ck_fs_wants_loop(rota_fs_readdir, &dir, memory, sizeof(memory));
	ck_fs_refuses(-EINVAL, rota_fs_readdir, NULL, memory, sizeof(memory));
	ck_fs_refuses(-EINVAL, rota_fs_readdir, &dir, NULL, sizeof(memory));
	ck_fs_refuses(
		-EINVAL, rota_fs_readdir, &dir, memory, sizeof(memory) - 1);
	ck_fs_refuses(-EINVAL, rota_fs_readdir, &dir, memory, SIZE_MAX);
	ck_fs_wants_loop(rota_fs_closedir, &dir);
	ck_fs_refuses(-EINVAL, rota_fs_closedir, NULL);
	ck_ok(rota_fs_closedir(NULL, &fs, &dir, NULL));
}

LOOP_TEST(calls_on_whole_files_want_all_their_arguments)
{
	ck_fs_wants_loop(rota_fs_read_file, "/", 1);
	ck_fs_refuses(-EINVAL, rota_fs_read_file, NULL, 1);
	ck_fs_refuses(-EINVAL, rota_fs_read_file, "/", 0);
	ck_fs_wants_loop(rota_fs_write_file, "/", "", 0, 0600);
	ck_fs_refuses(-EINVAL, rota_fs_write_file, NULL, "", 0, 0600);
	ck_fs_refuses(-EINVAL, rota_fs_write_file, "/", NULL, 1, 0600);
	ck_fs_refuses(-EINVAL, rota_fs_write_file, "/", "", 0, 010000);
	ck_fs_wants_loop(rota_fs_copyfile, "/", "/", 0);
	ck_fs_refuses(-EINVAL, rota_fs_copyfile, NULL, "/", 0);
	ck_fs_refuses(-EINVAL, rota_fs_copyfile, "/", NULL, 0);
	ck_fs_refuses(-EINVAL, rota_fs_copyfile, "/", "/", 4);
	ck_fs_wants_loop(rota_fs_remove_tree, "/none");
	ck_fs_refuses(-EINVAL, rota_fs_remove_tree, NULL);
}

LOOP_TEST(what_a_request_on_files_found_wants_a_request)
{
	struct rota_fs_entry entry;
	struct rota_fs blank = { 0 };
	char text[16];

	ck_refused(rota_fs_result(NULL), -EINVAL);
	ck_refused(rota_fs_clear(NULL), -EINVAL);
	ck_refused(rota_fs_next_entry(NULL, &entry), -EINVAL);
	ck_refused_for(&blank, rota_fs_next_entry(&blank, &entry), -EINVAL);
	ck_refused_for(&blank, rota_fs_clear(&blank), 0);
	ck_assert_ptr_null(rota_fs_get_stat(NULL));
	ck_assert_ptr_null(rota_fs_get_stat(&blank));
	ck_assert_ptr_null(rota_fs_get_space(NULL));
	ck_assert_ptr_null(rota_fs_get_space(&blank));
	ck_assert_ptr_null(rota_fs_get_data(NULL));
	ck_assert_ptr_null(rota_fs_get_data(&blank));
	ck_assert_uint_eq(rota_fs_get_size(NULL), 0);
	ck_assert_uint_eq(rota_fs_get_size(&blank), 0);
	ck_refused(rota_error_explain(NULL, text, 16), -EINVAL);
	ck_refused(rota_error_explain(&blank.job.request, text, 16), -EINVAL);
	ck_ok(rota_fs_stat(NULL, &blank, "/", NULL));
	ck_refused(rota_error_explain(&blank.job.request, NULL, 16), -EINVAL);
	ck_refused(rota_error_explain(&blank.job.request, text, 0), -EINVAL);
	ck_refused_for(&blank, rota_fs_next_entry(&blank, &entry), -EINVAL);
	ck_refused_for(&blank, rota_fs_next_entry(&blank, NULL), -EINVAL);
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "fs");

	tcase_add_loop_test(tc, calls_on_descriptors_want_all_their_arguments);
	tcase_add_loop_test(tc, reads_and_writes_of_files_want_sound_buffers);
	tcase_add_loop_test(
		tc, calls_on_what_is_known_of_files_want_all_their_arguments);
	tcase_add_loop_test(tc, calls_on_attributes_want_all_their_arguments);
	tcase_add_loop_test(tc, calls_on_names_want_all_their_arguments);
	tcase_add_loop_test(tc, calls_on_directories_want_all_their_arguments);
	tcase_add_loop_test(tc, calls_on_whole_files_want_all_their_arguments);
	tcase_add_loop_test(tc, what_a_request_on_files_found_wants_a_request);
}

HARNESS_MAIN("bad_input_files", add_cases)
