/* SPDX-License-Identifier: MIT */
/* Files by descriptor: open, read, write, sizes, locks, sending, closing. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/folder.h"

static struct rota_fs fs;

/* Opens a file of the folder; -errno. */
static int
open_file(const char *name, int flags)
{
	return ENDED(rota_fs_open(
		fs_loop(), &fs, in_folder(name), flags, 0640, fs_form));
}

static int
must_open(const char *name, int flags)
{
	int fd = open_file(name, flags);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static void
must_close(int fd)
{
	ck_ok(ENDED(rota_fs_close(fs_loop(), &fs, fd, fs_form)));
}

static int
read_at(int fd, char *memory, size_t size_bytes, int64_t offset)
{
	struct iovec buffer = { memory, size_bytes };

	return ENDED(
		rota_fs_read(fs_loop(), &fs, fd, &buffer, 1, offset, fs_form));
}

static int
write_at(int fd, const char *text, int64_t offset)
{
	struct iovec buffer = { (void *)(uintptr_t)text, strlen(text) };

	return ENDED(
		rota_fs_write(fs_loop(), &fs, fd, &buffer, 1, offset, fs_form));
}

/* Opening and closing ************************************************/

FS_TEST(open_gives_a_descriptor_that_is_closed_on_exec)
{
	int fd = must_open("a", O_RDWR | O_CREAT);

	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_uint_eq(mode_of("a") & 0700, 0600);
	must_close(fd);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}

FS_TEST(open_has_the_errors_of_the_kernel)
{
	make_file("a", "text");
	ck_err(open_file("b", O_RDONLY), -ENOENT);
	ck_err(open_file("", O_WRONLY), -EISDIR);
	ck_err(open_file("a/b", O_RDONLY), -ENOTDIR);
	ck_err(open_file("a", O_WRONLY | O_CREAT | O_EXCL), -EEXIST);
	ck_err(open_file("a", O_RDONLY | O_DIRECTORY), -ENOTDIR);
	ck_err(ENDED(rota_fs_open(fs_loop(), &fs, "", O_RDONLY, 0, fs_form)),
		-ENOENT);
}

FS_TEST(openat_counts_from_a_directory)
{
	int at = must_open("", O_RDONLY | O_DIRECTORY);
	int fd;

	make_file("a", "text");
	fd = ENDED(
		rota_fs_openat(fs_loop(), &fs, at, "a", O_RDONLY, 0, fs_form));
	ck_assert_int_ge(fd, 0);
	must_close(fd);
	ck_err(ENDED(rota_fs_openat(
		       fs_loop(), &fs, at, "b", O_RDONLY, 0, fs_form)),
		-ENOENT);
	fd = ENDED(rota_fs_openat(fs_loop(), &fs, AT_FDCWD, in_folder("a"),
		O_RDONLY, 0, fs_form));
	ck_assert_int_ge(fd, 0);
	ck_err(ENDED(rota_fs_openat(
		       fs_loop(), &fs, fd, "b", O_RDONLY, 0, fs_form)),
		-ENOTDIR);
	must_close(fd);
	must_close(at);
}

FS_TEST(close_of_what_is_not_open_says_so)
{
	int fd = must_open("a", O_RDWR | O_CREAT);

	must_close(fd);
	ck_err(ENDED(rota_fs_close(fs_loop(), &fs, fd, fs_form)), -EBADF);
}

/* Reading and writing ************************************************/

FS_TEST(reads_and_writes_go_on_where_the_file_is)
{
	int fd = must_open("a", O_RDWR | O_CREAT);
	char text[8] = "";

	ck_assert_int_eq(write_at(fd, "abc", ROTA_FS_HERE), 3);
	ck_assert_int_eq(write_at(fd, "def", ROTA_FS_HERE), 3);
	ck_assert_int_eq(read_at(fd, text, 4, ROTA_FS_HERE), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(read_at(fd, text, 4, ROTA_FS_HERE), 4);
	ck_assert_str_eq(text, "abcd");
	ck_assert_int_eq(read_at(fd, text, 4, ROTA_FS_HERE), 2);
	must_close(fd);
	ck_assert_str_eq(text_of("a"), "abcdef");
}

FS_TEST(reads_and_writes_at_an_offset_leave_the_file_where_it_is)
{
	int fd = must_open("a", O_RDWR | O_CREAT);
	char text[8] = "";

	ck_assert_int_eq(write_at(fd, "abcdef", 0), 6);
	ck_assert_int_eq(write_at(fd, "XY", 2), 2);
	ck_assert_int_eq(read_at(fd, text, 3, 1), 3);
	ck_assert_str_eq(text, "bXY");
	ck_assert_int_eq(read_at(fd, text, 3, 100), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0);
	must_close(fd);
	ck_assert_str_eq(text_of("a"), "abXYef");
}

FS_TEST(few_buffers_are_copied_and_many_are_used)
{
	struct iovec many[ROTA_FS_INLINE + 2];
	int fd = must_open("a", O_RDWR | O_CREAT);
	char letters[] = "abcdefgh";
	unsigned n;
	unsigned i;
	int r;

	for (n = 0; n <= ROTA_FS_INLINE + 2; n++) {
		for (i = 0; i < n; i++)
			many[i] = (struct iovec){ &letters[i], 1 };
		r = rota_fs_write(fs_loop(), &fs, fd, many, n, 0, fs_form);
		if (n <= ROTA_FS_INLINE)
			memset(many, 0, sizeof(many));
		ck_assert_int_eq(fs_end(r), (int)n);
	}
	must_close(fd);
	ck_assert_str_eq(text_of("a"), "abcdef");
}

FS_TEST(more_buffers_than_a_call_takes_are_a_short_write)
{
	static struct iovec many[2000];
	int fd = must_open("a", O_RDWR | O_CREAT);
	unsigned i;
	int n;

	for (i = 0; i < 2000; i++)
		many[i] = (struct iovec){ (void *)(uintptr_t) "x", 1 };
	n = ENDED(rota_fs_write(
		fs_loop(), &fs, fd, many, 2000, ROTA_FS_HERE, fs_form));
	ck_assert_int_eq(n, 1024);
	n = ENDED(rota_fs_write(fs_loop(), &fs, fd, many, 2000, 0, fs_form));
	ck_assert_int_eq(n, 1024);
	must_close(fd);
}

FS_TEST(reads_and_writes_have_the_errors_of_the_kernel)
{
	char text[8];
	int fd;
	int pipe_fds[2];

	make_file("a", "text");
	fd = must_open("a", O_RDONLY);
	ck_err(write_at(fd, "x", 0), -EBADF);
	must_close(fd);
	ck_err(read_at(fd, text, 1, 0), -EBADF);
	fd = must_open("", O_RDONLY);
	ck_err(read_at(fd, text, 1, 0), -EISDIR);
	must_close(fd);
	harness_pipe(pipe_fds);
	ck_err(read_at(pipe_fds[0], text, 1, 0), -ESPIPE);
	ck_err(read_at(pipe_fds[0], text, 1, ROTA_FS_HERE), -EAGAIN);
	harness_close_pair(pipe_fds);
}

FS_TEST(files_may_be_larger_than_32_bits_count)
{
	const int64_t far = INT64_C(5) << 30;
	int fd = must_open("a", O_RDWR | O_CREAT);
	char text[4] = "";

	ck_assert_int_eq(write_at(fd, "abc", far), 3);
	ck_assert_int_eq(read_at(fd, text, 3, far), 3);
	ck_assert_str_eq(text, "abc");
	ck_ok(ENDED(rota_fs_fstat(fs_loop(), &fs, fd, fs_form)));
	ck_assert_uint_eq(rota_fs_get_stat(&fs)->size_bytes, (uint64_t)far + 3);
	ck_ok(ENDED(rota_fs_ftruncate(fs_loop(), &fs, fd, far + 100, fs_form)));
	ck_ok(ENDED(rota_fs_fstat(fs_loop(), &fs, fd, fs_form)));
	ck_assert_uint_eq(
		rota_fs_get_stat(&fs)->size_bytes, (uint64_t)far + 100);
	must_close(fd);
}

/* Sizes, the disk, locks *********************************************/

FS_TEST(what_was_written_can_be_brought_to_the_disk)
{
	int pipe_fds[2];
	int fd = must_open("a", O_RDWR | O_CREAT);

	ck_assert_int_eq(write_at(fd, "abc", 0), 3);
	ck_ok(ENDED(rota_fs_fsync(fs_loop(), &fs, fd, fs_form)));
	ck_ok(ENDED(rota_fs_fdatasync(fs_loop(), &fs, fd, fs_form)));
	must_close(fd);
	ck_err(ENDED(rota_fs_fsync(fs_loop(), &fs, fd, fs_form)), -EBADF);
	ck_err(ENDED(rota_fs_fdatasync(fs_loop(), &fs, fd, fs_form)), -EBADF);
	harness_pipe(pipe_fds);
	ck_err(ENDED(rota_fs_fsync(fs_loop(), &fs, pipe_fds[0], fs_form)),
		-EINVAL);
	harness_close_pair(pipe_fds);
}

FS_TEST(a_file_is_cut_and_made_longer_by_either_call)
{
	int fd;

	make_file("a", "abcdef");
	ck_ok(ENDED(
		rota_fs_truncate(fs_loop(), &fs, in_folder("a"), 3, fs_form)));
	ck_assert_str_eq(text_of("a"), "abc");
	fd = must_open("a", O_RDWR);
	ck_ok(ENDED(rota_fs_ftruncate(fs_loop(), &fs, fd, 2, fs_form)));
	must_close(fd);
	ck_assert_str_eq(text_of("a"), "ab");
	ck_err(ENDED(rota_fs_ftruncate(fs_loop(), &fs, fd, 2, fs_form)),
		-EBADF);
	ck_err(ENDED(rota_fs_truncate(
		       fs_loop(), &fs, in_folder("b"), 2, fs_form)),
		-ENOENT);
	ck_err(ENDED(rota_fs_truncate(
		       fs_loop(), &fs, in_folder(""), 2, fs_form)),
		-EISDIR);
	fd = must_open("a", O_RDONLY);
	ck_err(ENDED(rota_fs_ftruncate(fs_loop(), &fs, fd, 2, fs_form)),
		-EINVAL);
	must_close(fd);
}

FS_TEST(room_is_set_aside_and_keeps_what_is_there)
{
	int fd = must_open("a", O_RDWR | O_CREAT);
	int r;

	ck_assert_int_eq(write_at(fd, "abc", 0), 3);
	r = ENDED(rota_fs_fallocate(fs_loop(), &fs, fd, 1, 9999, fs_form));
	if (r != -ENOTSUP) {
		ck_ok(r);
		ck_ok(ENDED(rota_fs_fstat(fs_loop(), &fs, fd, fs_form)));
		ck_assert_uint_eq(rota_fs_get_stat(&fs)->size_bytes, 10000);
		ck_assert_uint_ge(
			rota_fs_get_stat(&fs)->allocated_bytes, 10000);
		ck_assert_str_eq(text_of("a"), "abc");
	}
	must_close(fd);
	if (r != -ENOTSUP)
		ck_err(ENDED(rota_fs_fallocate(
			       fs_loop(), &fs, fd, 0, 1, fs_form)),
			-EBADF);
}

FS_TEST(a_lock_keeps_others_out)
{
	int fd = must_open("a", O_RDWR | O_CREAT);
	int other = must_open("a", O_RDWR);

	ck_ok(ENDED(rota_fs_flock(fs_loop(), &fs, fd, LOCK_EX, fs_form)));
	ck_err(ENDED(rota_fs_flock(
		       fs_loop(), &fs, other, LOCK_EX | LOCK_NB, fs_form)),
		-EWOULDBLOCK);
	ck_ok(ENDED(rota_fs_flock(fs_loop(), &fs, fd, LOCK_UN, fs_form)));
	ck_ok(ENDED(rota_fs_flock(
		fs_loop(), &fs, other, LOCK_SH | LOCK_NB, fs_form)));
	ck_err(ENDED(rota_fs_flock(fs_loop(), &fs, fd, 0, fs_form)), -EINVAL);
	must_close(fd);
	must_close(other);
	ck_err(ENDED(rota_fs_flock(fs_loop(), &fs, fd, LOCK_SH, fs_form)),
		-EBADF);
}

/* Sending ************************************************************/

FS_TEST(a_part_of_a_file_is_sent_to_another)
{
	int from;
	int to = must_open("b", O_RDWR | O_CREAT);

	make_file("a", "abcdefgh");
	from = must_open("a", O_RDONLY);
	ck_assert_int_eq(ENDED(rota_fs_sendfile(
				 fs_loop(), &fs, to, from, 2, 3, fs_form)),
		3);
	ck_assert_int_eq(ENDED(rota_fs_sendfile(
				 fs_loop(), &fs, to, from, 6, 100, fs_form)),
		2);
	ck_assert_int_eq(ENDED(rota_fs_sendfile(
				 fs_loop(), &fs, to, from, 8, 100, fs_form)),
		0);
	ck_assert_int_eq(lseek(from, 0, SEEK_CUR), 0);
	must_close(to);
	ck_assert_str_eq(text_of("b"), "cdegh");
	ck_err(ENDED(rota_fs_sendfile(fs_loop(), &fs, to, from, 0, 1, fs_form)),
		-EBADF);
	must_close(from);
}

FS_TEST(a_full_pipe_takes_a_part_of_a_file)
{
	static char large[300000];
	int pipe_fds[2];
	int from = must_open("a", O_RDWR | O_CREAT);
	struct iovec buffer = { large, sizeof(large) };
	int n;

	ck_assert_int_eq(ENDED(rota_fs_write(
				 fs_loop(), &fs, from, &buffer, 1, 0, fs_form)),
		(int)sizeof(large));
	harness_pipe(pipe_fds);
	n = ENDED(rota_fs_sendfile(
		fs_loop(), &fs, pipe_fds[1], from, 0, sizeof(large), fs_form));
	ck_assert_int_gt(n, 0);
	ck_assert_int_lt(n, (int)sizeof(large));
	n = ENDED(rota_fs_sendfile(
		fs_loop(), &fs, pipe_fds[1], from, 0, sizeof(large), fs_form));
	ck_err(n, -EAGAIN);
	harness_close_pair(pipe_fds);
	must_close(from);
}

FS_TEST(where_the_kernel_does_not_send_bytes_are_read_and_written)
{
	int from;
	int to;

	make_file("a", "abcdefgh");
	make_file("b", "12");
	from = must_open("a", O_RDONLY);
	/* Linux: sendfile(2) gives EINVAL for a file opened to append. */
	to = must_open("b", O_WRONLY | O_APPEND);
	ck_assert_int_eq(ENDED(rota_fs_sendfile(
				 fs_loop(), &fs, to, from, 2, 100, fs_form)),
		6);
	must_close(from);
	must_close(to);
	ck_assert_str_eq(text_of("b"), "12cdefgh");
}

/* Errors in words ****************************************************/

FS_TEST(an_error_says_what_was_done_to_which_file)
{
	char text[256];
	char expected[256];
	int fd;

	ck_err(open_file("b", O_RDONLY), -ENOENT);
	ck_ok(rota_error_explain(&fs.job.request, text, sizeof(text)));
	(void)snprintf(
		expected, sizeof(expected), "open %s/b: no such name", folder);
	ck_assert_str_eq(text, expected);
	fd = must_open("a", O_RDWR | O_CREAT);
	ck_ok(rota_error_explain(&fs.job.request, text, sizeof(text)));
	ck_assert_str_eq(text, "");
	must_close(fd);
	ck_err(ENDED(rota_fs_fsync(fs_loop(), &fs, fd, fs_form)), -EBADF);
	ck_ok(rota_error_explain(&fs.job.request, text, sizeof(text)));
	(void)snprintf(expected, sizeof(expected),
		"fsync fd %d: not an open descriptor", fd);
	ck_assert_str_eq(text, expected);
	ck_ok(rota_error_explain(&fs.job.request, text, 6));
	ck_assert_str_eq(text, "fsync");
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "open");

	tcase_add_loop_test(tc, open_gives_a_descriptor_that_is_closed_on_exec);
	tcase_add_loop_test(tc, open_has_the_errors_of_the_kernel);
	tcase_add_loop_test(tc, openat_counts_from_a_directory);
	tcase_add_loop_test(tc, close_of_what_is_not_open_says_so);
	tcase_add_loop_test(tc, an_error_says_what_was_done_to_which_file);

	tc = harness_case(suite, "moving");
	tcase_add_loop_test(tc, reads_and_writes_go_on_where_the_file_is);
	tcase_add_loop_test(
		tc, reads_and_writes_at_an_offset_leave_the_file_where_it_is);
	tcase_add_loop_test(tc, few_buffers_are_copied_and_many_are_used);
	tcase_add_loop_test(
		tc, more_buffers_than_a_call_takes_are_a_short_write);
	tcase_add_loop_test(tc, reads_and_writes_have_the_errors_of_the_kernel);
	tcase_add_loop_test(tc, files_may_be_larger_than_32_bits_count);
	tcase_add_loop_test(tc, a_part_of_a_file_is_sent_to_another);
	tcase_add_loop_test(tc, a_full_pipe_takes_a_part_of_a_file);
	tcase_add_loop_test(
		tc, where_the_kernel_does_not_send_bytes_are_read_and_written);

	tc = harness_case(suite, "sizes");
	tcase_add_loop_test(tc, what_was_written_can_be_brought_to_the_disk);
	tcase_add_loop_test(tc, a_file_is_cut_and_made_longer_by_either_call);
	tcase_add_loop_test(tc, room_is_set_aside_and_keeps_what_is_there);
	tcase_add_loop_test(tc, a_lock_keeps_others_out);
}

HARNESS_MAIN("fs_io", add_cases)
