/* SPDX-License-Identifier: MIT */
/*
 * rota_stream_open(): whatever a descriptor is, it reads and writes, and
 * whoever shares it is not disturbed.
 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness.h"
#include "tests/kinds.h"

static char got[64];
static size_t n_got;
static int last_error;

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	if (n < 0) {
		last_error = (int)n;
		trace(n == ROTA_EOF ? 'E' : '!');
		return;
	}
	ck_assert_uint_le(n_got + (size_t)n, sizeof(got));
	memcpy(got + n_got, data, (size_t)n);
	n_got += (size_t)n;
}

static void
on_written(struct rota_write *request, int status)
{
	(void)request;
	last_error = status;
	trace(status == 0 ? 'W' : 'w');
}

static void
forget_what_came(void)
{
	n_got = 0;
	last_error = 0;
	trace_reset();
}

static void
run_until_got(size_t n_bytes)
{
	for (int i = 0; i < 1000 && n_got < n_bytes; i++)
		ck_assert_int_ge(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_assert_uint_eq(n_got, n_bytes);
}

static void
run_until_traced(void)
{
	for (int i = 0; i < 1000 && *trace_text() == '\0'; i++)
		ck_assert_int_ge(run_once_checked(ROTA_RUN_ONCE), 0);
}

static int
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

/* Where a pipe has a path, it can be opened once more. */
static int
can_reopen(void)
{
	return access("/proc/self/fd/0", F_OK) == 0 ||
		harness_skip("/proc/self/fd");
}

/* What can be read ****************************************************/

static void
read_hello(const struct kind *kind, unsigned flags)
{
	struct rota_stream stream;
	int fds[2];

	if (kind->make(fds) < 0)
		return;
	forget_what_came();
	ck_ok(rota_stream_open(loop, &stream, fds[0], flags));
	ck_assert_str_eq(stream.handle.type->name, kind->type);
	kinds_put(fds[1], "hello", 5);
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_until_got(5);
	ck_assert_int_eq(memcmp(got, "hello", 5), 0);
	ck_assert_int_eq(close(fds[1]), 0);
	if (kind->ends) {
		run_until_traced();
		ck_trace("E");
	}
	close_all();
	ck_assert_int_eq(is_open(fds[0]), flags == ROTA_OPEN_KEEP);
	if (flags == ROTA_OPEN_KEEP)
		ck_assert_int_eq(close(fds[0]), 0);
}

LOOP_TEST(every_kind_of_descriptor_reads_and_is_closed)
{
	for (unsigned i = 0; i < n_kinds; i++)
		read_hello(&kinds[i], 0);
}

LOOP_TEST(every_kind_of_descriptor_reads_and_can_be_kept)
{
	for (unsigned i = 0; i < n_kinds; i++)
		read_hello(&kinds[i], ROTA_OPEN_KEEP);
}

static void
read_what_is_left(const struct kind *kind)
{
	struct rota_stream stream;
	int fds[2];

	if (kind->make(fds) < 0)
		return;
	forget_what_came();
	kinds_put(fds[1], "hello", 5);
	ck_assert_int_eq(close(fds[1]), 0);
	ck_ok(rota_stream_open(loop, &stream, fds[0], 0));
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_until_got(5);
	if (kind->ends) {
		run_until_traced();
		ck_trace("E");
	}
	close_all();
}

/*
 * A FIFO reopened without writers would not tell its end on Linux. What a
 * terminal keeps after a hang-up differs too much.
 */
LOOP_TEST(what_ended_before_it_was_opened_still_reads_and_ends)
{
	for (unsigned i = 0; i < n_kinds; i++)
		if (strcmp(kinds[i].type, "tty") != 0)
			read_what_is_left(&kinds[i]);
}

static void
ck_reads(int fd, size_t n_bytes, const char *expected_trace)
{
	struct rota_stream stream;

	forget_what_came();
	ck_assert_int_ge(fd, 0);
	ck_ok(rota_stream_open(loop, &stream, fd, 0));
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_until_traced();
	ck_assert_uint_eq(n_got, n_bytes);
	ck_trace(expected_trace);
	close_all();
}

LOOP_TEST(an_empty_file_and_dev_null_end_at_once)
{
	ck_reads(kinds_file("", 0), 0, "E");
	ck_reads(open("/dev/null", O_RDONLY), 0, "E");
	ck_reads(open("/dev/null", O_RDWR), 0, "E");
}

LOOP_TEST(a_file_is_read_from_where_its_descriptor_is)
{
	int fd = kinds_file("hello", 5);

	ck_assert_int_eq((int)lseek(fd, 3, SEEK_SET), 3);
	ck_reads(fd, 2, "E");
	ck_assert_int_eq(memcmp(got, "lo", 2), 0);
}

LOOP_TEST(dev_zero_gives_as_many_as_are_asked_for)
{
	struct rota_stream stream;
	int fd = open("/dev/zero", O_RDWR);
	char bytes[10];

	ck_assert_int_ge(fd, 0);
	ck_ok(rota_stream_open(loop, &stream, fd, 0));
	memset(bytes, 'x', sizeof(bytes));
	ck_err(rota_stream_try_read(&stream, bytes, sizeof(bytes)), 10);
	for (unsigned i = 0; i < sizeof(bytes); i++)
		ck_assert_int_eq(bytes[i], 0);
	close_all();
}

/* What can be written *************************************************/

static void
write_hello(const struct kind *kind, int which, unsigned flags)
{
	struct iovec buffers[2] = { { "hel", 3 }, { "lo", 2 } };
	struct rota_stream stream;
	struct rota_write request;
	char bytes[5];
	int fds[2];

	if (kind->make(fds) < 0)
		return;
	forget_what_came();
	ck_ok(rota_stream_open(loop, &stream, fds[which], flags));
	ck_ok(rota_stream_write(&stream, &request, buffers, 2, on_written));
	run_until_traced();
	ck_trace("W");
	ck_assert_uint_eq(kinds_get(fds[!which], bytes, 5), 5);
	ck_assert_int_eq(memcmp(bytes, "hello", 5), 0);
	close_all();
	ck_assert_int_eq(close(fds[!which]), 0);
	ck_assert_int_eq(is_open(fds[which]), flags == ROTA_OPEN_KEEP);
	if (flags == ROTA_OPEN_KEEP)
		ck_assert_int_eq(close(fds[which]), 0);
}

LOOP_TEST(every_kind_of_descriptor_writes)
{
	for (unsigned i = 0; i < n_kinds; i++) {
		write_hello(&kinds[i], 1, 0);
		write_hello(&kinds[i], 1, ROTA_OPEN_KEEP);
		if (kinds[i].both_ways)
			write_hello(&kinds[i], 0, 0);
	}
}

LOOP_TEST(a_file_opened_for_appending_gets_longer)
{
	struct iovec buffer = { "lo", 2 };
	struct rota_stream stream;
	struct rota_write request;
	int fd = kinds_file("hel", 3);
	char bytes[5];
	int flags = fcntl(fd, F_GETFL);

	ck_assert_int_ne(fcntl(fd, F_SETFL, flags | O_APPEND), -1);
	ck_ok(rota_stream_open(loop, &stream, fd, ROTA_OPEN_KEEP));
	ck_ok(rota_stream_write(&stream, &request, &buffer, 1, on_written));
	run_until_traced();
	close_all();
	ck_assert_int_eq((int)pread(fd, bytes, 5, 0), 5);
	ck_assert_int_eq(memcmp(bytes, "hello", 5), 0);
	ck_assert_int_eq(fcntl(fd, F_GETFL), flags | O_APPEND);
	ck_assert_int_eq(close(fd), 0);
}

LOOP_TEST(dev_null_takes_everything)
{
	struct iovec buffer = { got, sizeof(got) };
	struct rota_stream stream;

	ck_ok(rota_stream_open(loop, &stream, open("/dev/null", O_WRONLY), 0));
	for (int i = 0; i < 100; i++)
		ck_err(rota_stream_try_write(&stream, &buffer, 1),
			(int)sizeof(got));
	close_all();
}

LOOP_TEST(what_is_open_one_way_only_refuses_the_other)
{
	struct iovec buffer = { "x", 1 };
	struct rota_stream reads;
	struct rota_stream writes;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_ok(rota_stream_open(loop, &reads, fds[0], 0));
	ck_ok(rota_stream_open(loop, &writes, fds[1], 0));
	ck_err(rota_stream_is_readable(&reads), 1);
	ck_err(rota_stream_is_writable(&reads), 0);
	ck_err(rota_stream_is_readable(&writes), 0);
	ck_err(rota_stream_is_writable(&writes), 1);
	ck_err(rota_stream_read_start(&writes, NULL, on_read), -ENOTCONN);
	ck_err(rota_stream_try_read(&writes, got, 1), -ENOTCONN);
	ck_err(rota_stream_try_write(&reads, &buffer, 1), -EPIPE);
	close_all();
}

static void
on_shut(struct rota_shutdown *request, int status)
{
	(void)request;
	ck_ok(status);
	trace('S');
}

LOOP_TEST(a_pipe_that_is_shut_down_is_closed_for_its_reader)
{
	struct rota_stream stream;
	struct rota_shutdown request;
	int fds[2];
	char byte;

	ck_assert_int_eq(pipe(fds), 0);
	ck_ok(rota_stream_open(loop, &stream, fds[1], 0));
	ck_ok(rota_stream_shutdown(&stream, &request, on_shut));
	run_to_the_end();
	ck_trace("S");
	ck_assert_int_eq((int)read(fds[0], &byte, 1), 0);
	ck_err(rota_stream_fd(&stream), -1);
	ck_err(rota_stream_shutdown(&stream, &request, on_shut), -EPIPE);
	close_all();
	ck_assert_int_eq(close(fds[0]), 0);
}

/* What is refused *****************************************************/

static void
ck_refused(int fd, unsigned flags, int error)
{
	int before = fcntl(fd, F_GETFL);
	int fd_before = fcntl(fd, F_GETFD);
	int n_fds = harness_count_fds();
	struct rota_stream stream;

	memset(&stream, 0, sizeof(stream));
	ck_err(rota_stream_open(loop, &stream, fd, flags), error);
	ck_err(rota_handle_close(&stream.handle, NULL), -EINVAL);
	ck_assert_int_eq(fcntl(fd, F_GETFL), before);
	ck_assert_int_eq(fcntl(fd, F_GETFD), fd_before);
	ck_assert_int_eq(harness_count_fds(), n_fds);
}

LOOP_TEST(what_is_no_stream_is_refused_and_left_as_it_was)
{
	int directory = open("/", O_RDONLY);
	int datagram = socket(AF_INET, SOCK_DGRAM, 0);
	int local = socket(AF_UNIX, SOCK_DGRAM, 0);

	ck_refused(directory, 0, -EISDIR);
	ck_refused(directory, ROTA_OPEN_KEEP, -EISDIR);
	ck_refused(datagram, 0, -EPROTOTYPE);
	ck_refused(local, ROTA_OPEN_KEEP, -EPROTOTYPE);
	ck_assert_int_eq(close(directory), 0);
	ck_assert_int_eq(close(datagram), 0);
	ck_assert_int_eq(close(local), 0);
	ck_refused(directory, 0, -EBADF);
	ck_refused(-1, 0, -EBADF);
	ck_refused(INT_MAX, 0, -EBADF);
}

LOOP_TEST(arguments_that_make_no_sense_are_refused)
{
	struct rota_stream stream;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_refused(fds[0], 2, -EINVAL);
	ck_err(rota_stream_open(NULL, &stream, fds[0], 0), -EINVAL);
	ck_err(rota_stream_open(loop, NULL, fds[0], 0), -EINVAL);
	harness_close_pair(fds);
}

#ifdef O_PATH
/* It can be opened once more by its path, but was not meant to be read. */
static void
ck_path_refused(const char *path)
{
	int fd = open(path, O_PATH);

	/* Not every system has every device. */
	if (fd < 0)
		return;
	ck_refused(fd, 0, -EBADF);
	ck_refused(fd, ROTA_OPEN_KEEP, -EBADF);
	ck_assert_int_eq(close(fd), 0);
}

LOOP_TEST(a_descriptor_that_only_stands_for_a_path_is_refused)
{
	char path[256];

	kinds_fifo(path, sizeof(path));
	ck_path_refused(path);
	ck_assert_int_eq(unlink(path), 0);
	ck_path_refused("/dev/null");
	ck_path_refused("/dev/ptmx");
}
#endif

/* Whoever shares the open file ****************************************/

static void
ck_not_disturbed(const struct kind *kind, int which)
{
	struct rota_stream stream;
	int fds[2];
	int before;

	if (!kind->reopens || kind->make(fds) < 0)
		return;
	before = fcntl(fds[which], F_GETFL);
	ck_ok(rota_stream_open(loop, &stream, fds[which], ROTA_OPEN_KEEP));
	ck_assert_msg(fcntl(fds[which], F_GETFL) == before,
		"the flags of a %s have changed", kind->name);
	ck_assert_int_ne(
		fcntl(rota_stream_fd(&stream), F_GETFL) & O_NONBLOCK, 0);
	close_all();
	ck_assert_int_eq(fcntl(fds[which], F_GETFL), before);
	harness_close_pair(fds);
}

LOOP_TEST(an_open_file_that_is_shared_goes_on_to_block)
{
	if (!can_reopen())
		return;
	for (unsigned i = 0; i < n_kinds; i++) {
		ck_not_disturbed(&kinds[i], 0);
		if (strcmp(kinds[i].name, "terminal") != 0)
			ck_not_disturbed(&kinds[i], 1);
	}
}

static void
ck_flags_return(const struct kind *kind, int which, int blocks)
{
	struct rota_stream stream;
	int fds[2];
	int before;
	int fd_before;

	if (kind->make(fds) < 0)
		return;
	kinds_set_blocking(fds[which], blocks);
	before = fcntl(fds[which], F_GETFL);
	fd_before = fcntl(fds[which], F_GETFD);
	ck_ok(rota_stream_open(loop, &stream, fds[which], ROTA_OPEN_KEEP));
	ck_assert_msg(fcntl(fds[which], F_GETFD) == fd_before,
		"a %s that is kept has become close-on-exec", kind->name);
	close_all();
	ck_assert_int_eq(fcntl(fds[which], F_GETFL), before);
	ck_assert_int_eq(fcntl(fds[which], F_GETFD), fd_before);
	harness_close_pair(fds);
}

LOOP_TEST(a_kept_descriptor_has_its_flags_again_in_the_end)
{
	for (unsigned i = 0; i < n_kinds; i++)
		for (int which = 0; which < 2; which++) {
			ck_flags_return(&kinds[i], which, 1);
			ck_flags_return(&kinds[i], which, 0);
		}
}

static int
no_reopen(int fd)
{
	(void)fd;
	return -ENOTSUP;
}

LOOP_TEST(where_nothing_can_be_reopened_all_works_and_flags_return)
{
	struct rota_sys sys = rota__sys_real;

	sys.reopen = no_reopen;
	kinds_reopen_loop(&sys, NULL);
	for (unsigned i = 0; i < n_kinds; i++) {
		read_hello(&kinds[i], ROTA_OPEN_KEEP);
		write_hello(&kinds[i], 1, 0);
		ck_flags_return(&kinds[i], 0, 1);
		ck_flags_return(&kinds[i], 1, 0);
	}
	close_loop();
}

LOOP_TEST(what_rota_has_taken_over_is_close_on_exec)
{
	for (unsigned i = 0; i < n_kinds; i++) {
		struct rota_stream stream;
		int fds[2];

		if (kinds[i].make(fds) < 0)
			continue;
		ck_ok(rota_stream_open(loop, &stream, fds[0], 0));
		ck_assert_int_eq(
			fcntl(rota_stream_fd(&stream), F_GETFD) & FD_CLOEXEC,
			FD_CLOEXEC);
		close_all();
		ck_assert_int_eq(close(fds[1]), 0);
	}
}

/* Memory that runs out ************************************************/

static int n_until_failure;

static void *
failing_realloc(void *data, void *memory, size_t size_bytes)
{
	if (size_bytes > 0 && n_until_failure > 0 && --n_until_failure == 0)
		return NULL;
	return harness_realloc(data, memory, size_bytes);
}

/* Returns 1 if the n-th allocation failed, 0 if there are fewer. */
static int
open_without_memory(const struct kind *kind, int n)
{
	struct rota_stream stream;
	int high;
	int fds[2];
	int r;

	if (kind->make(fds) < 0)
		return 0;
	/* So that the table of descriptors must grow. */
	high = fcntl(fds[0], F_DUPFD, 3000);
	ck_assert_int_ge(high, 0);
	n_until_failure = n;
	r = rota_stream_open(loop, &stream, high, ROTA_OPEN_KEEP);
	n_until_failure = 0;
	if (r < 0) {
		ck_err(r, -ENOMEM);
		ck_refused(-1, 0, -EBADF);
		ck_assert_int_eq(fcntl(high, F_GETFL) & O_NONBLOCK, 0);
	}
	close_all();
	ck_assert_int_eq(close(high), 0);
	harness_close_pair(fds);
	return r < 0;
}

LOOP_TEST(without_memory_a_descriptor_stays_as_it_was)
{
	kinds_reopen_loop(NULL, failing_realloc);
	for (unsigned i = 0; i < n_kinds; i++)
		for (int n = 1; open_without_memory(&kinds[i], n); n++)
			ck_assert_int_lt(n, 100);
	close_loop();
}

/* Terminals and FIFOs *************************************************/

/* The device of a master stands for no terminal: a new opening is another. */
LOOP_TEST(a_pty_master_stays_that_of_its_terminal)
{
	struct rota_stream stream;
	int fds[2];

	if (kinds_pty(fds) < 0)
		return;
	forget_what_came();
	ck_ok(rota_stream_open(loop, &stream, fds[0], ROTA_OPEN_KEEP));
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	kinds_put(fds[1], "abc", 3);
	run_until_got(3);
	close_all();
	harness_close_pair(fds);
}

static void
ck_hang_up_ends(int which)
{
	struct rota_stream stream;
	int fds[2];

	if (kinds_pty(fds) < 0)
		return;
	forget_what_came();
	ck_ok(rota_stream_open(loop, &stream, fds[which], 0));
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("");
	ck_assert_int_eq(close(fds[!which]), 0);
	run_until_traced();
	ck_trace("E");
	close_all();
}

LOOP_TEST(a_terminal_that_hangs_up_is_an_end)
{
	ck_hang_up_ends(0);
	ck_hang_up_ends(1);
}

/* SIGPIPE *************************************************************/

static void
write_to_nobody(const struct kind *kind)
{
	struct iovec buffer = { "x", 1 };
	struct rota_stream stream;
	struct rota_write request;
	int fds[2];

	if (kind->make(fds) < 0)
		return;
	ck_assert_int_eq(close(fds[0]), 0);
	forget_what_came();
	ck_ok(rota_stream_open(loop, &stream, fds[1], 0));
	ck_assert_int_lt((int)rota_stream_try_write(&stream, &buffer, 1), 0);
	ck_ok(rota_stream_write(&stream, &request, &buffer, 1, on_written));
	run_until_traced();
	ck_trace("w");
	ck_assert_int_lt(last_error, 0);
	close_all();
}

static void
write_all_to_nobody(void)
{
	for (unsigned i = 0; i < n_kinds; i++)
		if (strcmp(kinds[i].name, "file") != 0 &&
			strcmp(kinds[i].name, "fifo-both") != 0 &&
			strcmp(kinds[i].name, "tcp") != 0 &&
			strcmp(kinds[i].type, "tty") != 0)
			write_to_nobody(&kinds[i]);
}

static int
is_sigpipe_pending(void)
{
	sigset_t pending;

	ck_assert_int_eq(sigpending(&pending), 0);
	return sigismember(&pending, SIGPIPE);
}

static void
set_sigpipe(int how)
{
	sigset_t set;

	ck_assert_int_eq(sigemptyset(&set), 0);
	ck_assert_int_eq(sigaddset(&set, SIGPIPE), 0);
	ck_assert_int_eq(sigprocmask(how, &set, NULL), 0);
}

LOOP_TEST(a_write_to_nobody_kills_nobody)
{
	ck_assert_ptr_ne((void *)signal(SIGPIPE, SIG_DFL), (void *)SIG_ERR);
	write_all_to_nobody();
	ck_assert_int_eq(is_sigpipe_pending(), 0);
}

LOOP_TEST(a_blocked_sigpipe_is_neither_raised_nor_taken)
{
	ck_assert_ptr_ne((void *)signal(SIGPIPE, SIG_DFL), (void *)SIG_ERR);
	set_sigpipe(SIG_BLOCK);
	write_all_to_nobody();
	ck_assert_int_eq(is_sigpipe_pending(), 0);
	ck_assert_int_eq(raise(SIGPIPE), 0);
	write_all_to_nobody();
	ck_assert_int_eq(is_sigpipe_pending(), 1);
	/* Takes it away without harm. */
	ck_assert_ptr_ne((void *)signal(SIGPIPE, SIG_IGN), (void *)SIG_ERR);
	set_sigpipe(SIG_UNBLOCK);
}

LOOP_TEST(an_ignored_sigpipe_stays_ignored)
{
	ck_assert_ptr_ne((void *)signal(SIGPIPE, SIG_IGN), (void *)SIG_ERR);
	write_all_to_nobody();
	ck_assert_ptr_eq((void *)signal(SIGPIPE, SIG_DFL), (void *)SIG_IGN);
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "reading and writing");

	tcase_add_loop_test(tc, every_kind_of_descriptor_reads_and_is_closed);
	tcase_add_loop_test(tc, every_kind_of_descriptor_reads_and_can_be_kept);
	tcase_add_loop_test(
		tc, what_ended_before_it_was_opened_still_reads_and_ends);
	tcase_add_loop_test(tc, an_empty_file_and_dev_null_end_at_once);
	tcase_add_loop_test(tc, a_file_is_read_from_where_its_descriptor_is);
	tcase_add_loop_test(tc, dev_zero_gives_as_many_as_are_asked_for);
	tcase_add_loop_test(tc, every_kind_of_descriptor_writes);
	tcase_add_loop_test(tc, a_file_opened_for_appending_gets_longer);
	tcase_add_loop_test(tc, dev_null_takes_everything);
	tcase_add_loop_test(tc, what_is_open_one_way_only_refuses_the_other);
	tcase_add_loop_test(
		tc, a_pipe_that_is_shut_down_is_closed_for_its_reader);

	tc = harness_case(suite, "refused");
	tcase_add_loop_test(
		tc, what_is_no_stream_is_refused_and_left_as_it_was);
	tcase_add_loop_test(tc, arguments_that_make_no_sense_are_refused);
#ifdef O_PATH
	tcase_add_loop_test(
		tc, a_descriptor_that_only_stands_for_a_path_is_refused);
#endif
	tcase_add_loop_test(tc, without_memory_a_descriptor_stays_as_it_was);

	tc = harness_case(suite, "sharing");
	tcase_add_loop_test(tc, an_open_file_that_is_shared_goes_on_to_block);
	tcase_add_loop_test(
		tc, a_kept_descriptor_has_its_flags_again_in_the_end);
	tcase_add_loop_test(
		tc, where_nothing_can_be_reopened_all_works_and_flags_return);
	tcase_add_loop_test(tc, what_rota_has_taken_over_is_close_on_exec);

	tc = harness_case(suite, "terminals");
	tcase_add_loop_test(tc, a_pty_master_stays_that_of_its_terminal);
	tcase_add_loop_test(tc, a_terminal_that_hangs_up_is_an_end);

	tc = harness_case(suite, "sigpipe");
	tcase_add_loop_test(tc, a_write_to_nobody_kills_nobody);
	tcase_add_loop_test(tc, a_blocked_sigpipe_is_neither_raised_nor_taken);
	tcase_add_loop_test(tc, an_ignored_sigpipe_stays_ignored);
}

HARNESS_MAIN("open", add_cases)
