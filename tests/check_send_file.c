/* SPDX-License-Identifier: MIT */
/* Files that go out through a stream, by the kernel or copied. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/faults.h"
#include "tests/harness.h"
#include "tests/kinds.h"

#define N_BYTES 1000000
/* What a stream sends of files in one turn at most. */
#define TURN_BYTES 262144

static struct rota_stream stream;
static struct rota_stream far;
static struct rota_send_file sends[3];
static struct rota_write writes[3];
static struct rota_shutdown shutdown_request;
static int last_status;
static char pattern[N_BYTES];
static char got[N_BYTES + 1000];
static size_t n_got;

static void
make_pattern(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < N_BYTES; i++) {
		x = x * 1664525 + 1013904223;
		pattern[i] = (char)(x >> 24);
	}
}

static void
on_sent(struct rota_send_file *request, int status)
{
	(void)request;
	last_status = status;
	trace(status == 0 ? 'F' : 'f');
}

static void
on_written(struct rota_write *request, int status)
{
	(void)request;
	last_status = status;
	trace(status == 0 ? 'W' : 'w');
}

static void
on_shut(struct rota_shutdown *request, int status)
{
	(void)request;
	trace(status == 0 ? 'S' : 's');
}

static void
on_drain(struct rota_stream *of)
{
	ck_err(rota_stream_is_full(of), 0);
	trace('D');
}

static void
on_read(struct rota_stream *of, ssize_t n, const void *data)
{
	(void)of;
	if (n <= 0) {
		trace(n == ROTA_EOF ? '$' : '!');
		return;
	}
	ck_assert_uint_le(n_got + (size_t)n, sizeof(got));
	memcpy(got + n_got, data, (size_t)n);
	n_got += (size_t)n;
}

/* `stream` sends, `far` reads. */
static void
open_pair(const char *kind)
{
	int fds[2];

	make_pattern();
	ck_ok(kind_named(kind)->make(fds));
	ck_ok(rota_stream_open(loop, &far, fds[0], 0));
	ck_ok(rota_stream_open(loop, &stream, fds[1], 0));
	n_got = 0;
	last_status = 1;
	trace_reset();
}

static void
open_pair_with_faults(const char *kind)
{
	faults_reset();
	kinds_reopen_loop(faults_sys(), NULL);
	open_pair(kind);
}

static int
send_part(int number, int fd, uint64_t offset, uint64_t n)
{
	return rota_stream_send_file(
		&stream, &sends[number], fd, offset, n, on_sent);
}

static int
write_text(int number, const char *text)
{
	struct iovec buffer = { (void *)(uintptr_t)text, strlen(text) };

	return rota_stream_write(
		&stream, &writes[number], &buffer, 1, on_written);
}

static void
run_turns(int n)
{
	while (n-- > 0)
		ck_assert_int_ge(run_once_checked(ROTA_RUN_NOWAIT), 0);
}

/* Runs until so many letters are in the trace. */
static void
run_until_traced(size_t n)
{
	for (int i = 0; i < 100000 && strlen(trace_text()) < n; i++)
		ck_assert_int_ge(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_assert_uint_ge(strlen(trace_text()), n);
}

static void
run_until_got(size_t n)
{
	for (int i = 0; i < 100000 && n_got < n; i++)
		ck_assert_int_ge(run_once_checked(ROTA_RUN_ONCE), 0);
	ck_assert_uint_eq(n_got, n);
}

static void
read_far(void)
{
	ck_ok(rota_stream_read_start(&far, NULL, on_read));
}

/* The kernel takes no more. */
static void
fill_up(void)
{
	struct iovec buffer = { pattern, 4096 };
	ssize_t n;

	while ((n = rota_stream_try_write(&stream, &buffer, 1)) > 0 ||
		buffer.iov_len > 1)
		if (n < 0)
			buffer.iov_len = 1;
	ck_err(n, -EAGAIN);
}

static void
end(int fd)
{
	close_all();
	ck_assert_int_eq(close(fd), 0);
}

/* All goes well *******************************************************/

static void
send_through(const struct kind *kind)
{
	const size_t n = 100000;
	int fds[2];
	int fd = kinds_file(pattern, n);

	if (kind->make(fds) < 0) {
		ck_assert_int_eq(close(fd), 0);
		return;
	}
	n_got = 0;
	trace_reset();
	ck_ok(rota_stream_open(loop, &far, fds[0], 0));
	ck_ok(rota_stream_open(loop, &stream, fds[1], 0));
	if (strcmp(kind->name, "seqpacket") == 0) {
		ck_err(send_part(0, fd, 0, n), -ENOTSUP);
		end(fd);
		return;
	}
	ck_ok(send_part(0, fd, 0, n));
	ck_assert_uint_eq(rota_stream_queued_bytes(&stream) +
			rota_send_file_bytes(&sends[0]),
		n);
	/* The end of a file is told as it is now. */
	if (strcmp(kind->name, "file") == 0)
		run_until_traced(1);
	read_far();
	run_until_got(n);
	ck_assert_int_eq(memcmp(got, pattern, n), 0);
	run_until_traced(1);
	ck_assert_int_eq(trace_text()[0], 'F');
	ck_assert_uint_eq(rota_send_file_bytes(&sends[0]), n);
	ck_assert_uint_eq(rota_stream_queued_bytes(&stream), 0);
	end(fd);
}

LOOP_TEST(a_file_arrives_whole_on_every_kind_of_stream)
{
	make_pattern();
	for (unsigned i = 0; i < n_kinds; i++)
		send_through(&kinds[i]);
}

LOOP_TEST(it_arrives_on_every_kind_where_it_is_copied_too)
{
	make_pattern();
	faults_reset();
	kinds_reopen_loop(faults_sys(), NULL);
	faults.sendfile_error = -ENOSYS;
	for (unsigned i = 0; i < n_kinds; i++)
		send_through(&kinds[i]);
}

LOOP_TEST(it_takes_its_place_among_the_writes)
{
	int fd = kinds_file("12345", 5);

	open_pair("tcp");
	ck_ok(write_text(0, "ab"));
	ck_ok(send_part(0, fd, 0, 5));
	ck_ok(write_text(1, "cd"));
	ck_ok(send_part(1, fd, 1, 2));
	ck_ok(write_text(2, ""));
	ck_ok(rota_stream_shutdown(&stream, &shutdown_request, on_shut));
	run_turns(2);
	ck_trace("WFWFWS");
	read_far();
	run_until_traced(7);
	ck_trace("WFWFWS$");
	ck_assert_uint_eq(n_got, 11);
	ck_assert_int_eq(memcmp(got, "ab12345cd23", 11), 0);
	end(fd);
}

LOOP_TEST(the_position_of_the_file_is_not_moved)
{
	char byte;
	int fd = kinds_file("12345", 5);

	open_pair("unix");
	ck_ok(send_part(0, fd, 2, 2));
	read_far();
	run_until_got(2);
	ck_assert_int_eq(memcmp(got, "34", 2), 0);
	ck_assert_int_eq((int)read(fd, &byte, 1), 1);
	ck_assert_int_eq(byte, '1');
	end(fd);
}

LOOP_TEST(no_bytes_are_told_in_their_turn)
{
	int fd = kinds_file("12345", 5);

	open_pair("unix");
	ck_ok(write_text(0, "ab"));
	/* Not even behind the end. */
	ck_ok(send_part(0, fd, 99, 0));
	ck_ok(write_text(1, "cd"));
	run_turns(2);
	ck_trace("WFW");
	ck_assert_uint_eq(rota_send_file_bytes(&sends[0]), 0);
	end(fd);
}

static struct rota_send_file *from_callback;
static int fd_for_callback;

static void
send_once_more(struct rota_send_file *request, int status)
{
	on_sent(request, status);
	if (from_callback == NULL)
		return;
	from_callback = NULL;
	/* The memory is ours again: the same request may be used. */
	ck_ok(rota_stream_send_file(
		&stream, request, fd_for_callback, 0, 5, send_once_more));
}

LOOP_TEST(its_callback_may_send_the_next)
{
	int fd = kinds_file("12345", 5);

	open_pair("tcp");
	from_callback = &sends[0];
	fd_for_callback = fd;
	ck_ok(rota_stream_send_file(
		&stream, &sends[0], fd, 0, 5, send_once_more));
	read_far();
	run_until_got(10);
	run_until_traced(2);
	ck_trace("FF");
	end(fd);
}

/* Short, and refused **************************************************/

LOOP_TEST(pieces_of_any_size_add_up)
{
	int fd;

	for (size_t max = 1; max <= 9; max += 4) {
		open_pair_with_faults("tcp");
		fd = kinds_file(pattern, 100);
		faults.max_send_bytes = max;
		ck_ok(write_text(0, "before"));
		ck_ok(send_part(0, fd, 0, 100));
		ck_ok(write_text(1, "behind"));
		read_far();
		run_until_got(112);
		run_until_traced(3);
		ck_trace("WFW");
		ck_assert_int_eq(memcmp(got, "before", 6), 0);
		ck_assert_int_eq(memcmp(got + 6, pattern, 100), 0);
		ck_assert_int_eq(memcmp(got + 106, "behind", 6), 0);
		end(fd);
	}
}

LOOP_TEST(where_the_kernel_refuses_it_is_copied)
{
	static const int errors[] = { -EINVAL, -ENOSYS, -EOPNOTSUPP };
	int fd;

	for (unsigned i = 0; i < 3; i++) {
		open_pair_with_faults("tcp");
		fd = kinds_file(pattern, N_BYTES);
		faults.sendfile_error = errors[i];
		ck_ok(send_part(0, fd, 0, N_BYTES));
		read_far();
		run_until_got(N_BYTES);
		run_until_traced(1);
		ck_trace("F");
		ck_assert_int_eq(memcmp(got, pattern, N_BYTES), 0);
		/* It is not asked again for what it has refused. */
		ck_assert_uint_eq(faults.n[FAULTS_SENDFILE], 1);
		ck_assert_uint_gt(faults.n[FAULTS_PREAD], 1);
		end(fd);
	}
}

LOOP_TEST(it_can_be_copied_in_pieces_of_any_size)
{
	int fd;

	open_pair_with_faults("tcp");
	fd = kinds_file(pattern, 500);
	faults.sendfile_error = -ENOSYS;
	faults.max_send_bytes = 3;
	ck_ok(send_part(0, fd, 0, 500));
	read_far();
	run_until_got(500);
	ck_assert_int_eq(memcmp(got, pattern, 500), 0);
	end(fd);
}

/* Time for others *****************************************************/

static void
ck_goes_out_in_turns(size_t n)
{
	int fd = kinds_file(pattern, n);
	size_t before = n;
	unsigned n_turns = 0;

	ck_ok(send_part(0, fd, 0, n));
	while (rota_stream_queued_bytes(&stream) > 0) {
		size_t now = rota_stream_queued_bytes(&stream);

		ck_assert_uint_le(before - now, TURN_BYTES);
		ck_assert(n_turns == 0 || now < before);
		before = now;
		ck_assert_uint_lt(n_turns++, 10);
		run_turns(1);
	}
	ck_assert_uint_ge(n_turns, n / TURN_BYTES);
	run_turns(1);
	ck_trace("F");
	end(fd);
}

/* A file takes whatever it is given, so that nothing else would stop it. */
LOOP_TEST(of_a_big_file_a_part_goes_out_in_each_turn)
{
	open_pair("file");
	ck_goes_out_in_turns(N_BYTES);
}

LOOP_TEST(of_a_big_file_that_is_copied_too)
{
	open_pair_with_faults("file");
	faults.sendfile_error = -ENOSYS;
	ck_goes_out_in_turns(N_BYTES);
}

static int fd_for_all;

/* Gathered, they go out when it ends. */
static void
send_three(struct rota_loop *of, void *data)
{
	ck_assert_ptr_eq(of, loop);
	ck_assert_ptr_null(data);
	for (int i = 0; i < 3; i++)
		ck_ok(send_part(i, fd_for_all, 0, TURN_BYTES));
}

/* One such part when they are gathered, one more in the poll phase. */
LOOP_TEST(several_files_share_what_goes_out_in_a_turn)
{
	open_pair("file");
	fd_for_all = kinds_file(pattern, N_BYTES);
	ck_ok(rota_tick(loop, send_three, NULL));
	run_turns(1);
	ck_assert_uint_ge(rota_stream_queued_bytes(&stream), TURN_BYTES);
	run_turns(3);
	ck_trace("FFF");
	end(fd_for_all);
}

/* Marks, deadlines, cancel, close *************************************/

LOOP_TEST(water_marks_count_it_whole)
{
	int fd;

	open_pair("tcp");
	fd = kinds_file(pattern, N_BYTES);
	ck_ok(rota_stream_set_marks(&stream, 1000, N_BYTES, on_drain));
	fill_up();
	ck_err(send_part(0, fd, 0, N_BYTES - 1), 0);
	ck_err(rota_stream_is_full(&stream), 0);
	ck_err(send_part(1, fd, 0, 1), 1);
	ck_err(rota_stream_is_full(&stream), 1);
	ck_assert_uint_eq(rota_stream_queued_bytes(&stream), N_BYTES);
	ck_assert_int_eq(shutdown(rota_stream_fd(&far), SHUT_RD), 0);
	ck_ok(rota_request_cancel(&sends[0].request));
	run_turns(2);
	ck_trace("fD");
	ck_assert_uint_eq(rota_stream_queued_bytes(&stream), 1);
	end(fd);
}

LOOP_TEST(one_that_has_not_begun_is_taken_back)
{
	int fd;

	open_pair("unix");
	fd = kinds_file(pattern, 100);
	fill_up();
	ck_ok(write_text(0, "ab"));
	ck_ok(send_part(0, fd, 0, 100));
	ck_ok(write_text(1, "cd"));
	ck_ok(rota_request_cancel(&sends[0].request));
	run_turns(1);
	ck_trace("f");
	ck_err(last_status, -ECANCELED);
	ck_assert_uint_eq(rota_send_file_bytes(&sends[0]), 0);
	/* Filling up has written more than `got` takes. */
	kinds_set_blocking(rota_stream_fd(&far), 0);
	while (read(rota_stream_fd(&far), got, sizeof(got)) > 0)
		;
	run_turns(2);
	ck_trace("fWW");
	ck_assert_int_eq((int)read(rota_stream_fd(&far), got, 9), 4);
	ck_assert_int_eq(memcmp(got, "abcd", 4), 0);
	end(fd);
}

/* Begins a file of which only a part goes out. */
static int
begin_big(void)
{
	int fd;

	open_pair("unix");
	fd = kinds_file(pattern, N_BYTES);
	ck_ok(send_part(0, fd, 0, N_BYTES));
	run_turns(1);
	ck_assert_uint_gt(rota_send_file_bytes(&sends[0]), 0);
	ck_assert_uint_lt(rota_send_file_bytes(&sends[0]), N_BYTES);
	return fd;
}

LOOP_TEST(one_that_has_begun_spoils_the_stream_when_cancelled)
{
	int fd = begin_big();

	ck_ok(write_text(0, "ab"));
	ck_ok(rota_request_cancel(&sends[0].request));
	run_turns(1);
	ck_trace("fw");
	ck_err(last_status, -EPIPE);
	ck_err(write_text(1, "cd"), -EPIPE);
	ck_err(send_part(1, fd, 0, 1), -EPIPE);
	end(fd);
}

LOOP_TEST(it_has_a_deadline)
{
	int fd = begin_big();

	ck_ok(rota_request_set_deadline(&sends[0].request, ROTA_MILLISECOND));
	run_until_traced(1);
	ck_trace("f");
	ck_err(last_status, -ETIMEDOUT);
	end(fd);
}

LOOP_TEST(a_close_ends_it)
{
	int fd = begin_big();

	ck_ok(rota_handle_close(&stream.handle, NULL));
	run_turns(1);
	ck_trace("f");
	ck_err(last_status, -ECANCELED);
	end(fd);
}

LOOP_TEST(a_close_that_flushes_sends_it_all)
{
	int fd = begin_big();

	ck_ok(rota_stream_close_flushed(&stream, NULL));
	read_far();
	run_until_traced(2);
	ck_trace("F$");
	ck_assert_uint_eq(n_got, N_BYTES);
	ck_assert_int_eq(memcmp(got, pattern, N_BYTES), 0);
	end(fd);
}

LOOP_TEST(it_holds_the_loop_and_is_named_in_reports)
{
	char why[1000];
	int fd = begin_big();

	ck_assert_int_gt(rota_loop_why_alive_text(loop, why, sizeof(why)), 0);
	ck_assert_ptr_nonnull(strstr(why, "send file"));
	ck_assert_ptr_nonnull(strstr(why, "on_sent"));
	end(fd);
}

/* Errors **************************************************************/

static void
ck_ends_too_early(int fd)
{
	ck_ok(send_part(0, fd, 10, N_BYTES));
	ck_ok(write_text(0, "ab"));
	ck_ok(rota_stream_shutdown(&stream, &shutdown_request, on_shut));
	read_far();
	run_until_got(N_BYTES - 10);
	run_until_traced(3);
	ck_trace("fws");
	ck_err(sends[0].request.status, ROTA_EOF);
	ck_err(last_status, -EPIPE);
	ck_assert_uint_eq(rota_send_file_bytes(&sends[0]), N_BYTES - 10);
	ck_assert_uint_eq(rota_stream_queued_bytes(&stream), 0);
	ck_err(rota_stream_is_writable(&stream), 0);
	end(fd);
}

LOOP_TEST(a_file_that_is_too_short_ends_with_an_end_of_file)
{
	open_pair("tcp");
	ck_ends_too_early(kinds_file(pattern, N_BYTES));
}

LOOP_TEST(one_that_is_copied_too)
{
	open_pair_with_faults("tcp");
	faults.sendfile_error = -EINVAL;
	ck_ends_too_early(kinds_file(pattern, N_BYTES));
}

LOOP_TEST(a_file_that_is_cut_on_the_way_ends_with_an_end_of_file)
{
	int fd = begin_big();
	uint64_t n = rota_send_file_bytes(&sends[0]);

	ck_assert_int_eq(ftruncate(fd, (off_t)n), 0);
	read_far();
	run_until_traced(1);
	ck_trace("f");
	ck_err(last_status, ROTA_EOF);
	ck_assert_uint_eq(rota_send_file_bytes(&sends[0]), n);
	run_turns(1);
	ck_assert_uint_eq(n_got, n);
	/* Reading goes on. */
	ck_err(rota_stream_is_readable(&stream), 1);
	end(fd);
}

static void
ck_told(int fd, int status)
{
	open_pair("unix");
	ck_ok(send_part(0, fd, 0, 5));
	run_until_traced(1);
	ck_trace("f");
	ck_err(last_status, status);
	end(fd);
}

LOOP_TEST(what_cannot_be_read_so_is_told)
{
	int fds[2];

	ck_told(open("/dev/null", O_WRONLY | O_CLOEXEC), -EBADF);
	ck_told(open("/", O_RDONLY | O_CLOEXEC), -EISDIR);
	harness_pipe(fds);
	ck_told(fds[0], -ESPIPE);
	ck_assert_int_eq(close(fds[1]), 0);
}

/* SIGPIPE would be the end of this program. */
LOOP_TEST(a_peer_that_has_gone_is_told_without_a_signal)
{
	static const char *const names[] = { "tcp", "unix", "pipe" };
	int fd;

	ck_assert(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	for (unsigned i = 0; i < 3; i++) {
		open_pair(names[i]);
		fd = kinds_file(pattern, N_BYTES);
		ck_ok(send_part(0, fd, 0, N_BYTES));
		run_turns(1);
		ck_ok(rota_handle_close(&far.handle, NULL));
		run_until_traced(1);
		ck_trace("f");
		ck_assert(last_status == -EPIPE || last_status == -ECONNRESET);
		end(fd);
	}
}

/* The kernel's own way of telling, where a piece goes to a reader who left. */
LOOP_TEST(one_that_has_gone_before_is_told_without_a_signal)
{
	static const char *const names[] = { "unix", "pipe" };
	int fd;

	ck_assert(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	for (unsigned i = 0; i < 2; i++) {
		open_pair(names[i]);
		fd = kinds_file(pattern, N_BYTES);
		ck_ok(rota_handle_close(&far.handle, NULL));
		run_turns(1);
		ck_ok(send_part(0, fd, 0, N_BYTES));
		run_until_traced(1);
		ck_trace("f");
		ck_err(last_status, -EPIPE);
		end(fd);
	}
}

LOOP_TEST(what_makes_no_sense_is_refused)
{
	int fd = kinds_file("12345", 5);

	open_pair("unix");
	ck_err(send_part(0, -1, 0, 5), -EBADF);
	ck_err(send_part(0, fd, UINT64_MAX, 5), -EINVAL);
	ck_err(send_part(0, fd, 5, INT64_MAX), -EINVAL);
	ck_err(send_part(0, fd, 0, UINT64_MAX), -EINVAL);
	ck_ok(rota_stream_shutdown(&stream, &shutdown_request, on_shut));
	ck_err(send_part(0, fd, 0, 5), -EPIPE);
	run_turns(1);
	ck_trace("S");
	end(fd);
}

LOOP_TEST(what_a_size_cannot_count_is_refused)
{
	int fd = kinds_file("12345", 5);

	open_pair("unix");
	fill_up();
	ck_ok(send_part(0, fd, 0, SIZE_MAX / 2));
	ck_ok(send_part(1, fd, 0, SIZE_MAX / 2));
	ck_err(send_part(2, fd, 0, 2), -EFBIG);
	if (SIZE_MAX < INT64_MAX)
		ck_err(send_part(2, fd, 0, (uint64_t)SIZE_MAX), -EFBIG);
	ck_assert_uint_eq(rota_stream_queued_bytes(&stream), SIZE_MAX - 1);
	end(fd);
	ck_trace("ff");
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "all goes well");

	tcase_add_loop_test(tc, a_file_arrives_whole_on_every_kind_of_stream);
	tcase_add_loop_test(
		tc, it_arrives_on_every_kind_where_it_is_copied_too);
	tcase_add_loop_test(tc, it_takes_its_place_among_the_writes);
	tcase_add_loop_test(tc, the_position_of_the_file_is_not_moved);
	tcase_add_loop_test(tc, no_bytes_are_told_in_their_turn);
	tcase_add_loop_test(tc, its_callback_may_send_the_next);

	tc = harness_case(suite, "short, and refused");
	tcase_add_loop_test(tc, pieces_of_any_size_add_up);
	tcase_add_loop_test(tc, where_the_kernel_refuses_it_is_copied);
	tcase_add_loop_test(tc, it_can_be_copied_in_pieces_of_any_size);

	tc = harness_case(suite, "time for others");
	tcase_add_loop_test(tc, of_a_big_file_a_part_goes_out_in_each_turn);
	tcase_add_loop_test(tc, of_a_big_file_that_is_copied_too);
	tcase_add_loop_test(tc, several_files_share_what_goes_out_in_a_turn);

	tc = harness_case(suite, "marks, deadlines, cancel, close");
	tcase_add_loop_test(tc, water_marks_count_it_whole);
	tcase_add_loop_test(tc, one_that_has_not_begun_is_taken_back);
	tcase_add_loop_test(
		tc, one_that_has_begun_spoils_the_stream_when_cancelled);
	tcase_add_loop_test(tc, it_has_a_deadline);
	tcase_add_loop_test(tc, a_close_ends_it);
	tcase_add_loop_test(tc, a_close_that_flushes_sends_it_all);
	tcase_add_loop_test(tc, it_holds_the_loop_and_is_named_in_reports);

	tc = harness_case(suite, "errors");
	tcase_add_loop_test(
		tc, a_file_that_is_too_short_ends_with_an_end_of_file);
	tcase_add_loop_test(tc, one_that_is_copied_too);
	tcase_add_loop_test(
		tc, a_file_that_is_cut_on_the_way_ends_with_an_end_of_file);
	tcase_add_loop_test(tc, what_cannot_be_read_so_is_told);
	tcase_add_loop_test(tc, a_peer_that_has_gone_is_told_without_a_signal);
	tcase_add_loop_test(
		tc, one_that_has_gone_before_is_told_without_a_signal);
	tcase_add_loop_test(tc, what_makes_no_sense_is_refused);
	tcase_add_loop_test(tc, what_a_size_cannot_count_is_refused);
}

HARNESS_MAIN("send_file", add_cases)
