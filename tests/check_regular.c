/* SPDX-License-Identifier: MIT */
/*
 * Streams over regular files, which threads of the pool read and write. The
 * table of system calls has a gate in it: a thread that reads or writes waits
 * there as long as it is shut. Nothing is in the page cache unless a test
 * says so.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/sys_files.h"
#include "tests/folder.h"
#include "tests/pools.h"

#define MS ROTA_MILLISECOND
#define N_BYTES 300000

static char all[N_BYTES];
static char got[N_BYTES + 1];
static size_t n_got;
static struct rota_stream stream;

/* The gate ***********************************************************/

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_t main_thread;
static int is_shut;
static int n_waiting;

static atomic_int n_thread_calls;
static atomic_int n_own_calls;
/* The next result of a call by a thread; 0 for the real one. */
static atomic_int next_error;
/* So many bytes alone are written next time; 0 for all. */
static atomic_int next_short;

static void
pass_gate(void)
{
	(void)pthread_mutex_lock(&lock);
	n_waiting++;
	(void)pthread_cond_broadcast(&changed);
	while (is_shut)
		(void)pthread_cond_wait(&changed, &lock);
	n_waiting--;
	(void)pthread_mutex_unlock(&lock);
}

static void
set_gate(int shut)
{
	(void)pthread_mutex_lock(&lock);
	is_shut = shut;
	(void)pthread_cond_broadcast(&changed);
	(void)pthread_mutex_unlock(&lock);
}

static void
wait_for_callers(int n)
{
	(void)pthread_mutex_lock(&lock);
	while (n_waiting < n)
		(void)pthread_cond_wait(&changed, &lock);
	(void)pthread_mutex_unlock(&lock);
}

static void
wait_for_caller(void)
{
	wait_for_callers(1);
}

/* Waits at the gate; returns 1 for a thread. */
static int
count_call(void)
{
	if (pthread_equal(pthread_self(), main_thread)) {
		n_own_calls++;
		return 0;
	}
	n_thread_calls++;
	pass_gate();
	return 1;
}

static ssize_t
gated_read(int fd, void *memory, size_t size_bytes)
{
	if (count_call() && next_error < 0)
		return atomic_exchange(&next_error, 0);
	return rota__sys_real.read(fd, memory, size_bytes);
}

static ssize_t
gated_writev(int fd, const struct iovec *buffers, unsigned n)
{
	if (count_call() && next_error < 0)
		return atomic_exchange(&next_error, 0);
	if (next_short > 0)
		return write(fd, buffers->iov_base,
			(size_t)atomic_exchange(&next_short, 0));
	return rota__sys_real.writev(fd, buffers, n);
}

static ssize_t
cannot_tell(int fd, void *memory, size_t size_bytes)
{
	(void)fd;
	(void)memory;
	(void)size_bytes;
	return -ENOTSUP;
}

static ssize_t
not_there(int fd, void *memory, size_t size_bytes)
{
	(void)fd;
	(void)memory;
	(void)size_bytes;
	return -EAGAIN;
}

/* Tests **************************************************************/

static struct rota__sys_files files;
static struct rota_sys sys;

static void
open_gated(int backend)
{
	size_t i;

	for (i = 0; i < N_BYTES; i++)
		all[i] = (char)(i * 31 + i / 997);
	memset(got, 0, sizeof(got));
	memset(&stream, 0, sizeof(stream));
	n_got = 0;
	n_waiting = 0;
	n_thread_calls = 0;
	n_own_calls = 0;
	next_error = 0;
	next_short = 0;
	is_shut = 0;
	main_thread = pthread_self();
	files = rota__sys_real_files;
	files.read_nowait = cannot_tell;
	sys = rota__sys_real;
	sys.files = &files;
	sys.read = gated_read;
	sys.writev = gated_writev;
	harness_open_with(backend, &sys);
	folder_make(folder_root(0));
	trace_reset();
}

#define FILE_TEST(name) \
	static void name##_in_file(void); \
	START_TEST(name) \
	{ \
		open_gated(_i); \
		name##_in_file(); \
		set_gate(0); \
		close_all(); \
		folder_remove(); \
	} \
	END_TEST \
	static void name##_in_file(void)

static int
open_file(int flags)
{
	int fd = open(in_folder("a"), flags | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* A stream over a file that holds everything. */
static void
open_full(void)
{
	int fd = open_file(O_RDWR);

	ck_assert_int_eq(write(fd, all, N_BYTES), N_BYTES);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_ok(rota_stream_open(loop, &stream, fd, 0));
}

static void
open_empty(void)
{
	ck_ok(rota_stream_open(loop, &stream, open_file(O_RDWR), 0));
}

static void
on_read(struct rota_stream *of, ssize_t n, const void *data)
{
	(void)of;
	if (n < 0) {
		trace(n == ROTA_EOF ? '$' : n == -EIO ? '!' : '?');
		return;
	}
	ck_assert_uint_le(n_got + (size_t)n, N_BYTES);
	memcpy(got + n_got, data, (size_t)n);
	n_got += (size_t)n;
}

static void
on_written(struct rota_write *request, int status)
{
	const char *letter = request->request.data;

	trace(status == 0		     ? *letter :
			status == -ECANCELED ? 'c' :
			status == -ETIMEDOUT ? 't' :
					       '!');
}

static void
on_closed(struct rota_handle *handle)
{
	(void)handle;
	trace('C');
}

static void
ck_all(void)
{
	ck_assert_uint_eq(n_got, N_BYTES);
	ck_assert_int_eq(memcmp(got, all, N_BYTES), 0);
}

/* Writes a part of everything. */
static void
write_part(struct rota_write *request, const char *letter, size_t from,
	size_t size_bytes)
{
	struct iovec buffer = { all + from, size_bytes };

	request->request.data = (void *)(uintptr_t)letter;
	ck_assert_int_ge(
		rota_stream_write(&stream, request, &buffer, 1, on_written), 0);
}

static size_t
size_of(const char *name)
{
	struct stat about;

	ck_ok(stat(in_folder(name), &about));
	return (size_t)about.st_size;
}

static void
ck_file_holds(size_t size_bytes)
{
	int fd = open_file(O_RDONLY);

	ck_assert_uint_eq(size_of("a"), size_bytes);
	ck_assert_int_eq(read(fd, got, N_BYTES), (ssize_t)size_bytes);
	ck_assert_int_eq(memcmp(got, all, size_bytes), 0);
	ck_ok(close(fd));
}

/* Reading ************************************************************/

FILE_TEST(threads_read_a_file_to_its_end)
{
	open_full();
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_to_the_end();
	ck_all();
	ck_trace("$");
	ck_assert_int_gt(n_thread_calls, 3);
	ck_assert_int_eq(n_own_calls, 0);
}

static char own[777];

static void
give_own(struct rota_stream *of, struct iovec *ret_buffer)
{
	(void)of;
	ret_buffer->iov_base = own;
	ret_buffer->iov_len = sizeof(own);
}

static void
on_own(struct rota_stream *of, ssize_t n, const void *data)
{
	ck_assert_ptr_eq(data, own);
	on_read(of, n, data);
}

FILE_TEST(bytes_come_in_buffers_of_the_callers)
{
	open_full();
	ck_ok(rota_stream_read_start(&stream, give_own, on_own));
	run_to_the_end();
	ck_all();
	ck_trace("$");
}

static struct rota_read asked[3];

static void
on_asked(struct rota_read *request, int status)
{
	n_got += rota_read_bytes(request);
	trace(status == 0 ? 'r' : status == ROTA_EOF ? '$' : '!');
}

FILE_TEST(read_requests_are_served_in_order)
{
	open_full();
	ck_ok(rota_stream_read_exactly(
		&stream, &asked[0], got, 200000, on_asked));
	ck_ok(rota_stream_read_exactly(
		&stream, &asked[1], got + 200000, 100000, on_asked));
	ck_ok(rota_stream_read(&stream, &asked[2], own, 1, on_asked));
	run_to_the_end();
	ck_trace("rr$");
	ck_all();
}

FILE_TEST(a_thread_reads_no_more_than_is_asked_for)
{
	int fd;

	open_full();
	ck_ok(rota_stream_read(&stream, &asked[0], got, 1000, on_asked));
	run_to_the_end();
	ck_trace("r");
	ck_assert_uint_eq(n_got, 1000);
	ck_ok(rota_stream_detach(&stream, &fd));
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 1000);
	ck_ok(close(fd));
}

static void
on_timer(struct rota_timer *timer)
{
	trace('T');
	ck_ok(rota_handle_close(&timer->handle, NULL));
	set_gate(0);
}

FILE_TEST(the_loop_goes_on_while_a_thread_waits_for_the_disk)
{
	struct rota_timer timer;

	open_full();
	set_gate(1);
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 5 * MS, 0, on_timer));
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_to_the_end();
	ck_trace("T$");
	ck_all();
}

FILE_TEST(what_comes_after_a_stop_is_kept_for_the_next_start)
{
	int fd;

	open_full();
	set_gate(1);
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_NOWAIT), 1);
	wait_for_caller();
	ck_ok(rota_stream_read_stop(&stream));
	ck_err(rota_stream_detach(&stream, &fd), -EBUSY);
	set_gate(0);
	run_to_the_end();
	ck_assert_uint_eq(n_got, 0);
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_to_the_end();
	ck_all();
	ck_trace("$");
}

FILE_TEST(try_read_takes_what_a_thread_has_read_first)
{
	ssize_t n;

	open_full();
	set_gate(1);
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_NOWAIT), 1);
	wait_for_caller();
	ck_ok(rota_stream_read_stop(&stream));
	ck_err(rota_stream_try_read(&stream, got, N_BYTES), -EAGAIN);
	set_gate(0);
	while ((n = rota_stream_try_read(&stream, got + n_got, 50000)) !=
		ROTA_EOF) {
		if (n == -EAGAIN)
			(void)rota_loop_run(loop, ROTA_RUN_NOWAIT);
		else
			n_got += (size_t)n;
	}
	ck_all();
}

FILE_TEST(an_error_of_a_thread_ends_the_reading)
{
	open_full();
	next_error = -EIO;
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_to_the_end();
	ck_trace("!");
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_to_the_end();
	ck_trace("!$");
	ck_all();
}

/* Where the kernel can tell at all. */
FILE_TEST(what_is_in_the_page_cache_needs_no_thread)
{
	char byte;

	files.read_nowait = rota__sys_real_files.read_nowait;
	open_full();
	if (files.read_nowait(rota_stream_fd(&stream), &byte, 1) != 1)
		return;
	ck_assert_int_eq(lseek(rota_stream_fd(&stream), 0, SEEK_SET), 0);
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_to_the_end();
	ck_all();
	ck_trace("$");
	ck_assert_int_eq(n_thread_calls, 0);
	ck_assert_int_eq(n_own_calls, 0);
}

FILE_TEST(what_is_not_in_the_page_cache_is_read_by_a_thread)
{
	files.read_nowait = not_there;
	open_full();
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_to_the_end();
	ck_all();
	ck_assert_int_gt(n_thread_calls, 3);
}

/* Writing ************************************************************/

static struct rota_write writes[3];

FILE_TEST(threads_write_in_order)
{
	open_empty();
	write_part(&writes[0], "1", 0, 100000);
	write_part(&writes[1], "2", 100000, 100000);
	write_part(&writes[2], "3", 200000, 100000);
	run_to_the_end();
	ck_trace("123");
	ck_file_holds(N_BYTES);
	ck_assert_int_gt(n_thread_calls, 0);
	ck_assert_int_eq(n_own_calls, 0);
}

static void
write_next(struct rota_write *request, int status)
{
	on_written(request, status);
	write_part(&writes[2], "3", 200, 300);
}

FILE_TEST(what_is_written_meanwhile_goes_out_together)
{
	struct iovec buffer = { all, 100 };

	open_empty();
	set_gate(1);
	writes[0].request.data = (void *)(uintptr_t) "1";
	ck_assert_int_eq(
		rota_stream_write(&stream, &writes[0], &buffer, 1, write_next),
		0);
	wait_for_caller();
	write_part(&writes[1], "2", 100, 100);
	ck_assert_uint_eq(rota_stream_queued_bytes(&stream), 200);
	set_gate(0);
	run_to_the_end();
	ck_trace("123");
	ck_file_holds(500);
}

FILE_TEST(a_write_that_a_thread_has_begun_ends_as_cancelled_when_it_returns)
{
	open_empty();
	set_gate(1);
	write_part(&writes[0], "1", 0, 100);
	wait_for_caller();
	write_part(&writes[1], "2", 100, 100);
	write_part(&writes[2], "3", 100, 100);
	ck_ok(rota_request_cancel(&writes[0].request));
	ck_err(rota_request_cancel(&writes[0].request), -EALREADY);
	ck_ok(rota_request_cancel(&writes[1].request));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("c");
	set_gate(0);
	run_to_the_end();
	ck_trace("cc3");
	ck_assert_uint_eq(rota_stream_queued_bytes(&stream), 0);
	ck_file_holds(200);
}

FILE_TEST(a_write_that_a_thread_has_begun_has_a_deadline)
{
	open_empty();
	set_gate(1);
	write_part(&writes[0], "1", 0, 100);
	wait_for_caller();
	ck_ok(rota_request_set_deadline(&writes[0].request, MS));
	(void)usleep(3000);
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_err(rota_request_cancel(&writes[0].request), -EALREADY);
	ck_trace("");
	set_gate(0);
	run_to_the_end();
	ck_trace("t");
	ck_file_holds(100);
}

FILE_TEST(a_short_write_that_is_cancelled_meanwhile_spoils_the_stream)
{
	open_empty();
	set_gate(1);
	next_short = 60;
	write_part(&writes[0], "1", 0, 100);
	wait_for_caller();
	write_part(&writes[1], "2", 100, 100);
	ck_ok(rota_request_cancel(&writes[0].request));
	set_gate(0);
	run_to_the_end();
	ck_trace("c!");
	ck_assert_uint_eq(rota_stream_queued_bytes(&stream), 0);
	ck_err(rota_stream_is_writable(&stream), 0);
}

static int
wait_at_gate(struct rota_work *work)
{
	(void)work;
	pass_gate();
	return 0;
}

static void
on_worked(struct rota_work *work, int status)
{
	(void)work;
	ck_ok(status);
}

/* All threads that may do what the lane of files has are busy. */
FILE_TEST(a_write_that_no_thread_has_begun_is_taken_back_at_once)
{
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;
	static struct rota_work busy[4];

	open_empty();
	set_gate(1);
	options.lane = ROTA_LANE_IO;
	for (int i = 0; i < 4; i++)
		ck_ok(rota_work_start_with(
			loop, &busy[i], &options, wait_at_gate, on_worked));
	wait_for_callers(4);
	write_part(&writes[0], "1", 0, 100);
	write_part(&writes[1], "2", 0, 100);
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_ok(rota_request_cancel(&writes[0].request));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("c");
	ck_assert_uint_eq(rota_stream_queued_bytes(&stream), 100);
	set_gate(0);
	run_to_the_end();
	ck_trace("c2");
	ck_file_holds(100);
}

FILE_TEST(an_error_of_a_thread_fails_the_writes)
{
	open_empty();
	set_gate(1);
	next_error = -ENOSPC;
	write_part(&writes[0], "1", 0, 100);
	write_part(&writes[1], "2", 100, 100);
	set_gate(0);
	run_to_the_end();
	ck_trace("!!");
	ck_assert_uint_eq(size_of("a"), 0);
	ck_err(rota_stream_is_writable(&stream), 0);
}

FILE_TEST(try_write_writes_here_and_now)
{
	struct iovec buffer = { all, 100 };

	open_empty();
	ck_assert_int_eq(rota_stream_try_write(&stream, &buffer, 1), 100);
	ck_file_holds(100);
	ck_assert_int_eq(n_thread_calls, 0);
	set_gate(1);
	write_part(&writes[0], "1", 100, 100);
	ck_err(rota_stream_try_write(&stream, &buffer, 1), -EAGAIN);
	set_gate(0);
	run_to_the_end();
	ck_file_holds(200);
}

static void
on_shut(struct rota_shutdown *request, int status)
{
	(void)request;
	ck_ok(status);
	trace('S');
}

FILE_TEST(a_shutdown_comes_after_the_writes)
{
	struct rota_shutdown shutdown;

	open_empty();
	write_part(&writes[0], "1", 0, N_BYTES);
	ck_ok(rota_stream_shutdown(&stream, &shutdown, on_shut));
	run_to_the_end();
	ck_trace("1S");
	ck_file_holds(N_BYTES);
}

/* Closing ************************************************************/

FILE_TEST(a_close_waits_for_the_thread_that_reads)
{
	int fd;

	open_full();
	fd = rota_stream_fd(&stream);
	set_gate(1);
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_NOWAIT), 1);
	wait_for_caller();
	ck_ok(rota_handle_close(&stream.handle, on_closed));
	ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_NOWAIT), 1);
	ck_trace("");
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
	set_gate(0);
	run_to_the_end();
	ck_trace("C");
	ck_assert_uint_eq(n_got, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}

FILE_TEST(a_close_tells_of_the_write_when_its_bytes_are_free)
{
	open_empty();
	set_gate(1);
	write_part(&writes[0], "1", 0, 100);
	wait_for_caller();
	write_part(&writes[1], "2", 100, 100);
	ck_ok(rota_handle_close(&stream.handle, on_closed));
	ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_NOWAIT), 1);
	ck_trace("");
	set_gate(0);
	run_to_the_end();
	ck_trace("ccC");
}

FILE_TEST(a_flushing_close_writes_all)
{
	open_empty();
	set_gate(1);
	write_part(&writes[0], "1", 0, 100000);
	wait_for_caller();
	write_part(&writes[1], "2", 100000, 200000);
	ck_ok(rota_stream_close_flushed(&stream, on_closed));
	set_gate(0);
	run_to_the_end();
	ck_trace("12C");
	ck_file_holds(N_BYTES);
}

FILE_TEST(a_flushing_close_waits_for_the_thread_that_reads_too)
{
	open_full();
	set_gate(1);
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_NOWAIT), 1);
	wait_for_caller();
	ck_ok(rota_stream_close_flushed(&stream, on_closed));
	ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_NOWAIT), 1);
	ck_trace("");
	set_gate(0);
	run_to_the_end();
	ck_trace("C");
}

FILE_TEST(a_descriptor_that_is_kept_is_not_used_after_the_close)
{
	int fd = open_file(O_RDWR);

	ck_assert_int_eq(write(fd, all, 100), 100);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_ok(rota_stream_open(loop, &stream, fd, ROTA_OPEN_KEEP));
	set_gate(1);
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_NOWAIT), 1);
	wait_for_caller();
	ck_ok(rota_handle_close(&stream.handle, on_closed));
	set_gate(0);
	run_to_the_end();
	ck_trace("C");
	ck_assert_int_eq(n_waiting, 0);
	ck_ok(close(fd));
}

static void
close_in_read(struct rota_stream *of, ssize_t n, const void *data)
{
	on_read(of, n, data);
	ck_ok(rota_handle_close(&of->handle, on_closed));
}

FILE_TEST(a_callback_may_close_the_file)
{
	open_full();
	ck_ok(rota_stream_read_start(&stream, NULL, close_in_read));
	run_to_the_end();
	ck_trace("C");
	ck_assert_uint_gt(n_got, 0);
}

/* In the child of a fork *********************************************/

typedef void child_fn(void);

static void
in_child(child_fn *fn)
{
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		fn();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		"the child ended with status 0x%x", (unsigned)status);
}

/* The thread that was at work is not here; the gate is open for others. */
static void
child_reads(void)
{
	is_shut = 0;
	n_waiting = 0;
	(void)pthread_mutex_init(&lock, NULL);
	(void)pthread_cond_init(&changed, NULL);
	ck_ok(rota_loop_fork(loop));
	run_to_the_end();
	ck_trace("$");
	ck_all();
}

FILE_TEST(in_a_child_the_reading_goes_on_with_its_own_threads)
{
	if (!pools_child_has_threads())
		return;
	open_full();
	set_gate(1);
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_NOWAIT), 1);
	wait_for_caller();
	in_child(child_reads);
}

static void
child_writes(void)
{
	is_shut = 0;
	n_waiting = 0;
	(void)pthread_mutex_init(&lock, NULL);
	(void)pthread_cond_init(&changed, NULL);
	ck_ok(rota_loop_fork(loop));
	run_to_the_end();
	ck_trace("12");
	ck_file_holds(200);
}

FILE_TEST(in_a_child_the_writes_go_on_with_its_own_threads)
{
	if (!pools_child_has_threads())
		return;
	open_empty();
	set_gate(1);
	write_part(&writes[0], "1", 0, 100);
	wait_for_caller();
	write_part(&writes[1], "2", 100, 100);
	in_child(child_writes);
}

/* At random **********************************************************/

static uint32_t seed;

static uint32_t
random_below(uint32_t limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % limit;
}

static void
on_some(struct rota_stream *of, ssize_t n, const void *data)
{
	on_read(of, n, data);
	if (n > 0 && random_below(3) == 0)
		ck_ok(rota_stream_read_stop(of));
}

/* Some bytes at random, at the end of what was got. */
static void
read_somehow(struct rota_read *request)
{
	size_t n = 1 + random_below(40000);
	ssize_t r;

	if (n > N_BYTES - n_got)
		n = N_BYTES - n_got;
	switch (random_below(3)) {
	case 0:
		ck_ok(rota_stream_read_start(&stream, NULL, on_some));
		break;
	case 1:
		if (rota_stream_is_reading(&stream) || n == 0)
			break;
		ck_ok(rota_stream_read(
			&stream, request, got + n_got, n, on_asked));
		run_to_the_end();
		break;
	default:
		r = rota_stream_try_read(&stream, got + n_got, n);
		if (r > 0)
			n_got += (size_t)r;
		break;
	}
}

/*
 * However it is read, all bytes come, in their order. Each time by a stream of
 * its own, since a thread may have met the end by the time it is read.
 */
FILE_TEST(reads_of_all_kinds_lose_nothing)
{
	struct rota_read request;
	unsigned rounds = harness_scale(20);

	seed = 20261126;
	for (; rounds > 0; rounds--) {
		n_got = 0;
		open_full();
		while (n_got < N_BYTES) {
			read_somehow(&request);
			if (rota_loop_alive(loop))
				(void)rota_loop_run(loop, ROTA_RUN_NOWAIT);
		}
		ck_ok(rota_handle_close(&stream.handle, NULL));
		run_to_the_end();
		ck_all();
		trace_reset();
	}
}

/* Pumps **************************************************************/

static void
on_pumped(struct rota_pump *pump, int status)
{
	(void)pump;
	ck_ok(status);
	trace('P');
}

FILE_TEST(a_pump_from_file_to_file_leaves_it_to_threads)
{
	struct rota_stream to = { 0 };
	struct rota_pump pump;
	int fd = open(in_folder("b"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	open_full();
	ck_ok(rota_stream_open(loop, &to, fd, 0));
	ck_ok(rota_pipe_streams(&pump, &stream, &to, 0, on_pumped));
	run_to_the_end();
	ck_trace("P");
	ck_assert_uint_eq(rota_pump_bytes(&pump), N_BYTES);
	ck_assert_int_eq(pread(fd, got, N_BYTES, 0), N_BYTES);
	ck_assert_int_eq(memcmp(got, all, N_BYTES), 0);
	ck_assert_int_eq(n_own_calls, 0);
	close_all();
}

/* Without threads ****************************************************/

static int
no_thread(size_t stack_bytes, void *(*run)(void *), void *data,
	pthread_t *ret_thread)
{
	(void)stack_bytes;
	(void)run;
	(void)data;
	(void)ret_thread;
	return -EAGAIN;
}

/* Reads and writes everything with a loop made by these options. */
static void
ck_goes_on(struct rota_loop_options *options)
{
	options->sys = &sys;
	ck_ok(rota_loop_create(options, &loop));
	open_full();
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_to_the_end();
	ck_all();
	ck_trace("$");
	ck_assert_int_eq(lseek(rota_stream_fd(&stream), 0, SEEK_SET), 0);
	write_part(&writes[0], "1", 0, N_BYTES);
	run_to_the_end();
	ck_trace("$1");
	ck_file_holds(N_BYTES);
	ck_assert_int_eq(n_thread_calls, 0);
	close_all();
	ck_ok(rota_loop_close(loop));
	loop = NULL;
}

START_TEST(without_threads_the_loop_reads_and_writes_itself)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_pool_options of_pool = ROTA_POOL_OPTIONS_INIT;
	struct rota_sys poor = rota__sys_real;

	open_gated(_i);
	close_loop();
	poor.thread_start = no_thread;
	of_pool.sys = &poor;
	ck_ok(rota_pool_create(&of_pool, &options.pool));
	ck_goes_on(&options);
	ck_assert_int_eq(rota_pool_close(options.pool, ROTA_FOREVER), 0);
	folder_remove();
}
END_TEST

START_TEST(with_a_pool_that_was_stopped_it_does_so_too)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	open_gated(_i);
	close_loop();
	ck_ok(rota_pool_create(NULL, &options.pool));
	ck_ok(rota_pool_stop(options.pool));
	ck_goes_on(&options);
	ck_assert_int_eq(rota_pool_close(options.pool, ROTA_FOREVER), 0);
	folder_remove();
}
END_TEST

/* Blocks of so many bytes and more are not to be had. */
static size_t too_large;

static void *
poor_realloc(void *data, void *memory, size_t size_bytes)
{
	(void)data;
	if (size_bytes >= too_large && too_large > 0)
		return NULL;
	if (size_bytes == 0) {
		free(memory);
		return NULL;
	}
	return realloc(memory, size_bytes);
}

/* The stream's own buffer is there before memory becomes scarce. */
START_TEST(without_memory_it_does_so_too)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	open_gated(_i);
	close_loop();
	options.realloc_fn = poor_realloc;
	options.sys = &sys;
	too_large = 0;
	ck_ok(rota_loop_create(&options, &loop));
	open_full();
	too_large = 500;
	ck_ok(rota_stream_read_start(&stream, NULL, on_read));
	run_to_the_end();
	ck_all();
	ck_trace("$");
	ck_assert_int_eq(n_thread_calls, 0);
	close_all();
	ck_ok(rota_loop_close(loop));
	loop = NULL;
	folder_remove();
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "reading");

	tcase_add_loop_test(tc, threads_read_a_file_to_its_end);
	tcase_add_loop_test(tc, bytes_come_in_buffers_of_the_callers);
	tcase_add_loop_test(tc, read_requests_are_served_in_order);
	tcase_add_loop_test(tc, a_thread_reads_no_more_than_is_asked_for);
	tcase_add_loop_test(
		tc, the_loop_goes_on_while_a_thread_waits_for_the_disk);
	tcase_add_loop_test(
		tc, what_comes_after_a_stop_is_kept_for_the_next_start);
	tcase_add_loop_test(tc, try_read_takes_what_a_thread_has_read_first);
	tcase_add_loop_test(tc, an_error_of_a_thread_ends_the_reading);
	tcase_add_loop_test(tc, what_is_in_the_page_cache_needs_no_thread);
	tcase_add_loop_test(
		tc, what_is_not_in_the_page_cache_is_read_by_a_thread);

	tc = harness_case(suite, "writing");
	tcase_add_loop_test(tc, threads_write_in_order);
	tcase_add_loop_test(tc, what_is_written_meanwhile_goes_out_together);
	tcase_add_loop_test(tc,
		a_write_that_a_thread_has_begun_ends_as_cancelled_when_it_returns);
	tcase_add_loop_test(tc, a_write_that_a_thread_has_begun_has_a_deadline);
	tcase_add_loop_test(tc,
		a_short_write_that_is_cancelled_meanwhile_spoils_the_stream);
	tcase_add_loop_test(
		tc, a_write_that_no_thread_has_begun_is_taken_back_at_once);
	tcase_add_loop_test(tc, an_error_of_a_thread_fails_the_writes);
	tcase_add_loop_test(tc, try_write_writes_here_and_now);
	tcase_add_loop_test(tc, a_shutdown_comes_after_the_writes);

	tc = harness_case(suite, "closing");
	tcase_add_loop_test(tc, a_close_waits_for_the_thread_that_reads);
	tcase_add_loop_test(
		tc, a_close_tells_of_the_write_when_its_bytes_are_free);
	tcase_add_loop_test(tc, a_flushing_close_writes_all);
	tcase_add_loop_test(
		tc, a_flushing_close_waits_for_the_thread_that_reads_too);
	tcase_add_loop_test(
		tc, a_descriptor_that_is_kept_is_not_used_after_the_close);
	tcase_add_loop_test(tc, a_callback_may_close_the_file);

	tc = harness_case(suite, "others");
	tcase_add_loop_test(
		tc, in_a_child_the_reading_goes_on_with_its_own_threads);
	tcase_add_loop_test(
		tc, in_a_child_the_writes_go_on_with_its_own_threads);
	tcase_add_loop_test(tc, reads_of_all_kinds_lose_nothing);
	tcase_add_loop_test(tc, a_pump_from_file_to_file_leaves_it_to_threads);
	tcase_add_loop_test(
		tc, without_threads_the_loop_reads_and_writes_itself);
	tcase_add_loop_test(tc, with_a_pool_that_was_stopped_it_does_so_too);
	tcase_add_loop_test(tc, without_memory_it_does_so_too);
}

HARNESS_MAIN("regular", add_cases)
