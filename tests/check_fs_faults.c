/* SPDX-License-Identifier: MIT */
/*
 * Each call of the system and each allocation that a request on files makes
 * fails once, with each of its errors: the request ends with that error, or
 * does without; nothing stays open, allocated or lying about, and what was
 * there is whole.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sys_files.h"
#include "tests/faults.h"
#include "tests/folder.h"

static struct rota_fs fs;
static struct rota_sys sys;
static int n_told;
static int status_told;

static void
on_end(struct rota_fs *request, int status)
{
	(void)request;
	n_told++;
	status_told = status;
}

/* NULL, or on_end. */
static rota_fs_fn *form;

static int
end(int r)
{
	if (form == NULL || r < 0)
		return r;
	n_told = 0;
	run_to_the_end();
	ck_assert_int_eq(n_told, 1);
	return status_told;
}

/* Descriptors of the test itself: not of the world where things go wrong. */
static int
open_really(const char *name, int flags)
{
	int fd = open(in_folder(name), flags | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* The programs *******************************************************/

static int
run_open(void)
{
	int fd =
		end(rota_fs_open(loop, &fs, in_folder("a"), O_RDONLY, 0, form));

	return fd < 0 ? fd : close(fd);
}

static int
run_by_descriptor(void)
{
	int fd = open_really("a", O_RDWR);
	char text[2];
	struct iovec buffer = { text, 2 };
	int r;

	r = end(rota_fs_read(loop, &fs, fd, &buffer, 1, 0, form));
	if (r >= 0)
		r = end(rota_fs_write(loop, &fs, fd, &buffer, 1, 0, form));
	if (r >= 0)
		r = end(rota_fs_fsync(loop, &fs, fd, form));
	if (r >= 0)
		r = end(rota_fs_fdatasync(loop, &fs, fd, form));
	if (r >= 0)
		r = end(rota_fs_ftruncate(loop, &fs, fd, 3, form));
	if (r >= 0)
		r = end(rota_fs_fallocate(loop, &fs, fd, 0, 3, form));
	if (r == -ENOTSUP)
		r = 0;
	if (r >= 0)
		r = end(rota_fs_flock(loop, &fs, fd, LOCK_SH, form));
	ck_ok(close(fd));
	return r;
}

static int
run_meta(void)
{
	const char *path = in_folder("a");
	int r;

	r = end(rota_fs_stat(loop, &fs, path, form));
	if (r >= 0)
		r = end(rota_fs_statfs(loop, &fs, path, form));
	if (r >= 0)
		r = end(rota_fs_access(loop, &fs, path, R_OK, form));
	if (r >= 0)
		r = end(rota_fs_chmod(loop, &fs, path, 0640, form));
	if (r >= 0)
		r = end(rota_fs_chown(
			loop, &fs, path, ROTA_FS_KEEP, ROTA_FS_KEEP, form));
	if (r >= 0)
		r = end(rota_fs_utime(loop, &fs, path, 0, 0, form));
	return r;
}

static int
run_attributes(void)
{
	const char *path = in_folder("a");
	char text[64];
	int r;

	r = end(rota_fs_setxattr(
		loop, &fs, path, "user.a", "b", 1, ROTA_FS_XATTR_ANY, form));
	if (r >= 0)
		r = end(rota_fs_getxattr(
			loop, &fs, path, "user.a", text, 64, form));
	if (r >= 0)
		r = end(rota_fs_listxattr(loop, &fs, path, text, 64, form));
	if (r >= 0)
		r = end(rota_fs_removexattr(loop, &fs, path, "user.a", form));
	return r == -ENOTSUP && faults.n_failed == 0 ? 0 : r;
}

static int
run_names(void)
{
	char text[1024];
	int r;

	r = end(rota_fs_mkdir(loop, &fs, in_folder("d"), 0700, form));
	if (r >= 0)
		r = end(rota_fs_mkfifo(loop, &fs, in_folder("f"), 0600, form));
	if (r >= 0)
		r = end(rota_fs_symlink(loop, &fs, "a", in_folder("s"), form));
	if (r >= 0)
		r = end(rota_fs_link(
			loop, &fs, in_folder("a"), in_folder("l"), form));
	if (r >= 0)
		r = end(rota_fs_readlink(
			loop, &fs, in_folder("s"), text, sizeof(text), form));
	if (r >= 0)
		r = end(rota_fs_realpath(
			loop, &fs, in_folder("s"), text, sizeof(text), form));
	if (r >= 0)
		r = end(rota_fs_rename(
			loop, &fs, in_folder("l"), in_folder("m"), form));
	if (r >= 0)
		r = end(rota_fs_rmdir(loop, &fs, in_folder("d"), form));
	return r;
}

static int
run_temporary(void)
{
	char dir[128];
	char file[128];
	int r;

	(void)snprintf(dir, sizeof(dir), "%s/d.XXXXXX", folder);
	(void)snprintf(file, sizeof(file), "%s/f.XXXXXX", folder);
	r = end(rota_fs_mkdtemp(loop, &fs, dir, form));
	if (r >= 0)
		r = end(rota_fs_mkstemp(loop, &fs, file, form));
	return r < 0 ? r : close(r);
}

static int
run_scandir(void)
{
	return end(rota_fs_scandir(loop, &fs, folder, form));
}

static int
run_readdir(void)
{
	static char memory[4096];
	struct rota_fs_dir dir;
	int r = end(rota_fs_opendir(loop, &fs, folder, &dir, form));
	int closed;

	if (r < 0)
		return r;
	do
		r = end(rota_fs_readdir(
			loop, &fs, &dir, memory, sizeof(memory), form));
	while (r > 0);
	closed = end(rota_fs_closedir(loop, &fs, &dir, form));
	return r < 0 ? r : closed;
}

static int
run_read_file(void)
{
	return end(rota_fs_read_file(loop, &fs, in_folder("a"), 100000, form));
}

/* What is under the name is one of the two, and nothing lies beside it. */
static int
run_write_file(void)
{
	int n = count_names("");
	int r = end(rota_fs_write_file(
		loop, &fs, in_folder("a"), "new", 3, 0600, form));
	const char *text = text_of("a");

	ck_assert_int_eq(count_names(""), n);
	ck_assert_str_eq(
		text, r < 0 && strcmp(text, "old") == 0 ? "old" : "new");
	ck_assert_uint_eq(mode_of("a"), 0604);
	return r;
}

static int
run_write_new_file(void)
{
	int n = count_names("");
	int r = end(rota_fs_write_file(
		loop, &fs, in_folder("new"), "new", 3, 0600, form));

	if (is_there("new"))
		ck_assert_str_eq(text_of("new"), "new");
	ck_assert_int_eq(count_names(""), n + is_there("new"));
	return r;
}

static int
run_write_by_link(void)
{
	int n = count_names("");
	int r;

	ck_ok(symlink("a", in_folder("s")));
	r = end(rota_fs_write_file(
		loop, &fs, in_folder("s"), "new", 3, 0600, form));
	ck_assert_int_eq(count_names(""), n + 1);
	return r;
}

static int
run_copyfile(void)
{
	int r = end(rota_fs_copyfile(
		loop, &fs, in_folder("a"), in_folder("b"), 0, form));

	ck_assert_int_eq(is_there("b"), r == 0);
	if (r == 0)
		ck_assert_str_eq(text_of("b"), "old");
	return r;
}

static int
run_copy_over(void)
{
	make_file("b", "a longer text");
	return end(rota_fs_copyfile(
		loop, &fs, in_folder("a"), in_folder("b"), 0, form));
}

static int
run_remove_tree(void)
{
	int r;

	make_folder("t");
	make_folder("t/a");
	make_folder("t/a/b");
	make_file("t/a/b/c", "");
	make_file("t/a/d", "");
	r = end(rota_fs_remove_tree(loop, &fs, in_folder("t"), form));
	ck_assert_int_eq(is_there("t"), r < 0);
	return r;
}

static int
run_sendfile(void)
{
	int from = open_really("a", O_RDONLY);
	int to = open_really("b", O_WRONLY | O_CREAT | O_APPEND);
	int r = end(rota_fs_sendfile(loop, &fs, to, from, 0, 3, form));

	ck_ok(close(from));
	ck_ok(close(to));
	return r;
}

/* The tests **********************************************************/

static const struct program {
	const char *name;
	int (*run)(void);
} programs[] = {
	{ "by descriptor", run_by_descriptor },
	{ "attributes", run_attributes },
	{ "copy over", run_copy_over },
	{ "copyfile", run_copyfile },
	{ "meta", run_meta },
	{ "names", run_names },
	{ "open", run_open },
	{ "read_file", run_read_file },
	{ "readdir", run_readdir },
	{ "remove_tree", run_remove_tree },
	{ "scandir", run_scandir },
	{ "sendfile", run_sendfile },
	{ "temporary", run_temporary },
	{ "write_by_link", run_write_by_link },
	{ "write_file", run_write_file },
	{ "write_new_file", run_write_new_file },
};

#define N_PROGRAMS (sizeof(programs) / sizeof(programs[0]))

/*
 * What may go wrong without harm: another way is found, or what was only read
 * is not closed well.
 */
static int
is_harmless(void)
{
	return faults.error == -ENOTSUP || faults.failed == FAULTS_CLOSE ||
		faults.failed == FAULTS_FS_DIR_CLOSE ||
		(faults.failed == FAULTS_SENDFILE &&
			(faults.error == -EINVAL || faults.error == -ENOSYS));
}

static void
ck_program(const struct program *program, unsigned long at, unsigned variant)
{
	int n_fds;
	int r;

	folder_make(folder_root(folder_n_roots() - 1));
	make_file("a", "old");
	ck_ok(chmod(in_folder("a"), 0604));
	n_fds = harness_count_fds();
	faults_reset();
	faults.fail_at = at;
	faults.variant = variant;
	r = program->run();
	faults.fail_at = 0;
	if (faults.n_failed == 0 || is_harmless())
		ck_assert_msg(r >= 0 || r == faults.error, "%s: %s",
			program->name, rota_error_name(r));
	else
		ck_assert_msg(r == faults.error, "%s, call %lu (%s, %s): %s",
			program->name, at, faults_name(faults.failed),
			rota_error_name(faults.error), rota_error_name(r));
	ck_ok(rota_fs_clear(&fs));
	ck_assert_msg(faults.n_blocks == 0, "%s, call %lu (%s): %ld blocks",
		program->name, at, faults_name(faults.failed), faults.n_blocks);
	ck_assert_msg(harness_count_fds() == n_fds,
		"%s, call %lu (%s): descriptors", program->name, at,
		faults_name(faults.failed));
	folder_remove();
}

/* Each of the n calls fails, as far as there are variants of that. */
static void
fail_everywhere(const struct program *program)
{
	unsigned long at;
	unsigned variant;
	unsigned long n_failed = 0;

	for (at = 1;; at++) {
		variant = 0;
		do {
			ck_program(program, at, variant);
			if (faults.n_failed == 0) {
				ck_assert_uint_ge(n_failed, 1);
				return;
			}
			n_failed++;
			variant++;
		} while (variant < faults_n_errors(faults.failed));
	}
}

static void
fail_in_form(int backend, rota_fs_fn *how)
{
	const struct rota_sys *faulty = faults_sys();
	size_t i;

	form = how;
	sys = rota__sys_real;
	sys.files = faults_files();
	sys.realloc = faulty->realloc;
	sys.close = faulty->close;
	sys.sendfile = faulty->sendfile;
	harness_open_with(backend, &sys);
	/* The loop has its own by now, the pool's first thread too. */
	ck_ok(end(rota_fs_stat(loop, &fs, "/", how)));
	for (i = 0; i < N_PROGRAMS; i++)
		fail_everywhere(&programs[i]);
	faults_reset();
}

START_TEST(each_call_fails_once_at_once)
{
	fail_in_form(_i, NULL);
}
END_TEST

START_TEST(each_call_fails_once_in_a_thread)
{
	fail_in_form(_i, on_end);
}
END_TEST

/* No room is left after half of it. */
static unsigned n_writes_left;

static ssize_t
write_until_full(
	int fd, const struct iovec *buffers, unsigned n, int64_t offset)
{
	struct iovec few = { buffers->iov_base,
		buffers->iov_len < 1000 ? buffers->iov_len : 1000 };

	(void)n;
	if (n_writes_left-- == 0)
		return -ENOSPC;
	return rota__sys_real_files.writev(fd, &few, 1, offset);
}

static ssize_t
cannot_copy(int from, int to, size_t size_bytes)
{
	(void)from;
	(void)to;
	(void)size_bytes;
	return -ENOTSUP;
}

static int
cannot_clone(int from, int to)
{
	(void)from;
	(void)to;
	return -ENOTSUP;
}

START_TEST(a_full_disk_leaves_no_half_files)
{
	static struct rota__sys_files files;
	static const char text[5000];

	files = rota__sys_real_files;
	files.writev = write_until_full;
	files.copy = cannot_copy;
	files.clone = cannot_clone;
	sys = rota__sys_real;
	sys.files = &files;
	harness_open_with(_i, &sys);
	folder_make(folder_root(folder_n_roots() - 1));
	make_file("a", "old");
	n_writes_left = 3;
	ck_err(rota_fs_write_file(loop, &fs, in_folder("a"), text, sizeof(text),
		       0600, NULL),
		-ENOSPC);
	ck_assert_str_eq(text_of("a"), "old");
	ck_assert_int_eq(count_names(""), 1);
	n_writes_left = 5;
	ck_ok(rota_fs_write_file(
		loop, &fs, in_folder("a"), text, sizeof(text), 0600, NULL));
	n_writes_left = 3;
	ck_err(rota_fs_copyfile(
		       loop, &fs, in_folder("a"), in_folder("b"), 0, NULL),
		-ENOSPC);
	ck_assert_int_eq(count_names(""), 1);
	n_writes_left = 5;
	ck_ok(rota_fs_copyfile(
		loop, &fs, in_folder("a"), in_folder("b"), 0, NULL));
	ck_ok(rota_fs_stat(loop, &fs, in_folder("b"), NULL));
	ck_assert_uint_eq(rota_fs_get_stat(&fs)->size_bytes, sizeof(text));
	folder_remove();
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "faults");

	tcase_add_loop_test(tc, each_call_fails_once_at_once);
	tcase_add_loop_test(tc, each_call_fails_once_in_a_thread);
	tcase_add_loop_test(tc, a_full_disk_leaves_no_half_files);
}

HARNESS_MAIN("fs_faults", add_cases)
