/* SPDX-License-Identifier: MIT */
/*
 * Requests on files as requests: threads, cancelling, deadlines, what a
 * cancelled one gives back. Most tests have a table of system calls with a
 * gate in it: a call that comes there waits until the gate is opened.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sys_files.h"
#include "tests/folder.h"

#define MS ROTA_MILLISECOND
#define N_THREADS 4

static struct rota_fs fs;
static int n_told;
static int status_told;

static void
on_end(struct rota_fs *request, int status)
{
	ck_assert_int_eq(rota_fs_result(request), status);
	n_told++;
	status_told = status;
}

/* The gate ***********************************************************/

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_shut;
static int n_waiting;

static atomic_int n_opened;
static atomic_long n_blocks;

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

/* What is done at the gate has been done already. */
static int
gated_open(int at, const char *path, int flags, unsigned mode)
{
	int fd = rota__sys_real_files.open(at, path, flags, mode);

	n_opened++;
	pass_gate();
	return fd;
}

static int
gated_stat(int fd, const char *path, int flags, struct rota_file_stat *ret)
{
	int r = rota__sys_real_files.stat(fd, path, flags, ret);

	pass_gate();
	return r;
}

static int
gated_mkdtemp(char *path_template)
{
	int r = rota__sys_real_files.mkdtemp(path_template);

	pass_gate();
	return r;
}

static int
gated_mkstemp(char *path_template)
{
	int fd = rota__sys_real_files.mkstemp(path_template);

	pass_gate();
	return fd;
}

static ssize_t
gated_copy(int from, int to, size_t size_bytes)
{
	ssize_t n = rota__sys_real_files.copy(from, to, 1);

	(void)size_bytes;
	pass_gate();
	return n;
}

static int
gated_unlink(int at, const char *path, int flags)
{
	int r = rota__sys_real_files.unlink(at, path, flags);

	pass_gate();
	return r;
}

static void *
counted_realloc(void *memory, size_t size_bytes)
{
	if (size_bytes == 0)
		n_blocks -= memory != NULL;
	else
		n_blocks += memory == NULL;
	return rota__sys_real.realloc(memory, size_bytes);
}

static struct rota__sys_files files;
static struct rota_sys sys;

/* A test with a folder and a loop whose files have a shut gate. */
static void
open_gated(int backend)
{
	files = rota__sys_real_files;
	files.open = gated_open;
	files.stat = gated_stat;
	files.mkdtemp = gated_mkdtemp;
	files.mkstemp = gated_mkstemp;
	files.copy = gated_copy;
	files.unlink = gated_unlink;
	sys = rota__sys_real;
	sys.files = &files;
	sys.realloc = counted_realloc;
	is_shut = 1;
	n_waiting = 0;
	n_opened = 0;
	n_blocks = 0;
	n_told = 0;
	harness_open_with(backend, &sys);
	folder_make(folder_root(0));
}

#define GATE_TEST(name) \
	static void name##_at_gate(void); \
	START_TEST(name) \
	{ \
		open_gated(_i); \
		name##_at_gate(); \
		folder_remove(); \
	} \
	END_TEST \
	static void name##_at_gate(void)

static void
ck_told(int status)
{
	run_to_the_end();
	ck_assert_int_eq(n_told, 1);
	ck_err(status_told, status);
	ck_assert_int_eq(n_blocks, 0);
}

/* Cancels a request that has come to the gate, and then opens it. */
static void
cancel_at_gate(void)
{
	wait_for_callers(1);
	ck_ok(rota_request_cancel(&fs.job.request));
	ck_err(rota_request_cancel(&fs.job.request), -EALREADY);
	set_gate(0);
	ck_told(-ECANCELED);
}

/* Cancelled while under way ******************************************/

GATE_TEST(what_a_cancelled_open_has_opened_is_closed)
{
	make_file("a", "");
	ck_ok(rota_fs_open(loop, &fs, in_folder("a"), O_RDONLY, 0, on_end));
	cancel_at_gate();
}

GATE_TEST(what_a_cancelled_openat_has_opened_is_closed)
{
	make_file("a", "");
	ck_ok(rota_fs_openat(
		loop, &fs, AT_FDCWD, in_folder("a"), O_RDONLY, 0, on_end));
	cancel_at_gate();
}

GATE_TEST(a_directory_that_a_cancelled_opendir_has_opened_is_closed)
{
	struct rota_fs_dir dir;

	ck_ok(rota_fs_opendir(loop, &fs, folder, &dir, on_end));
	cancel_at_gate();
	ck_err(rota_fs_closedir(NULL, &fs, &dir, NULL), -EBADF);
}

GATE_TEST(a_file_that_a_cancelled_mkstemp_has_made_is_gone)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/f.XXXXXX", folder);
	ck_ok(rota_fs_mkstemp(loop, &fs, path, on_end));
	cancel_at_gate();
	ck_assert_int_eq(count_names(""), 0);
}

GATE_TEST(a_directory_that_a_cancelled_mkdtemp_has_made_is_gone)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/d.XXXXXX", folder);
	ck_ok(rota_fs_mkdtemp(loop, &fs, path, on_end));
	cancel_at_gate();
	ck_assert_int_eq(count_names(""), 0);
}

GATE_TEST(what_a_cancelled_read_file_has_read_is_freed)
{
	make_file("a", "abc");
	ck_ok(rota_fs_read_file(loop, &fs, in_folder("a"), 100, on_end));
	cancel_at_gate();
	ck_assert_ptr_null(rota_fs_get_data(&fs));
	ck_ok(rota_fs_clear(&fs));
}

GATE_TEST(what_a_cancelled_scandir_has_found_is_freed)
{
	struct rota_fs_entry entry;

	make_file("a", "abc");
	ck_ok(rota_fs_scandir(loop, &fs, folder, on_end));
	cancel_at_gate();
	ck_err(rota_fs_next_entry(&fs, &entry), -EINVAL);
	ck_ok(rota_fs_clear(&fs));
}

/* The directory has no system call that would hold us up. */
GATE_TEST(a_cancelled_write_file_leaves_the_file_alone)
{
	make_file("a", "old");
	ck_ok(rota_fs_write_file(
		loop, &fs, in_folder("a"), "new", 3, 0600, on_end));
	cancel_at_gate();
	ck_assert_str_eq(text_of("a"), "old");
	ck_assert_int_eq(count_names(""), 1);
}

GATE_TEST(a_cancelled_copy_stops_between_two_pieces)
{
	make_file("a", "a text that is copied byte by byte");
	files.open = rota__sys_real_files.open;
	files.stat = rota__sys_real_files.stat;
	files.unlink = rota__sys_real_files.unlink;
	/* The disk here may be able to share blocks. */
	if (rota_fs_copyfile(NULL, &fs, in_folder("a"), in_folder("b"),
		    ROTA_FS_COPY_CLONE, NULL) == 0)
		return;
	ck_ok(rota_fs_copyfile(
		loop, &fs, in_folder("a"), in_folder("b"), 0, on_end));
	cancel_at_gate();
	ck_assert_int_eq(is_there("b"), 0);
}

GATE_TEST(a_cancelled_remove_tree_stops_between_two_names)
{
	make_folder("t");
	make_file("t/a", "");
	make_file("t/b", "");
	make_file("t/c", "");
	files.open = rota__sys_real_files.open;
	files.stat = rota__sys_real_files.stat;
	ck_ok(rota_fs_remove_tree(loop, &fs, in_folder("t"), on_end));
	cancel_at_gate();
	ck_assert_int_eq(count_names("t"), 3);
}

GATE_TEST(a_request_under_way_can_be_out_of_time)
{
	make_file("a", "");
	ck_ok(rota_fs_open(loop, &fs, in_folder("a"), O_RDONLY, 0, on_end));
	wait_for_callers(1);
	/* Moving the deadline is refused once it has passed. */
	while (rota_request_set_deadline(&fs.job.request, 1) == 0)
		ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_NOWAIT), 1);
	set_gate(0);
	ck_told(-ETIMEDOUT);
}

/* Waiting for a thread ***********************************************/

static struct rota_fs blocking[N_THREADS];

/* Gives every thread of the pool something to wait for. */
static void
fill_threads(void)
{
	int i;

	for (i = 0; i < N_THREADS; i++)
		ck_ok(rota_fs_stat(loop, &blocking[i], "/", on_end));
	wait_for_callers(N_THREADS);
}

GATE_TEST(a_request_cancelled_before_it_runs_does_nothing)
{
	fill_threads();
	ck_ok(rota_fs_open(
		loop, &fs, in_folder("a"), O_WRONLY | O_CREAT, 0600, on_end));
	ck_ok(rota_request_cancel(&fs.job.request));
	ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_ONCE), 1);
	ck_assert_int_eq(n_told, 1);
	ck_err(status_told, -ECANCELED);
	set_gate(0);
	run_to_the_end();
	ck_assert_int_eq(n_told, 1 + N_THREADS);
	ck_assert_int_eq(n_opened, 0);
	ck_assert_int_eq(is_there("a"), 0);
}

GATE_TEST(a_request_can_be_out_of_time_before_it_runs)
{
	fill_threads();
	ck_ok(rota_fs_open(
		loop, &fs, in_folder("a"), O_WRONLY | O_CREAT, 0600, on_end));
	ck_ok(rota_request_set_deadline(&fs.job.request, MS));
	while (n_told == 0)
		ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_ONCE), 1);
	ck_err(status_told, -ETIMEDOUT);
	set_gate(0);
	run_to_the_end();
	ck_assert_int_eq(n_opened, 0);
}

/* A close that was not begun leaves the descriptor to the caller. */
GATE_TEST(a_close_cancelled_before_it_runs_has_not_closed)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	fill_threads();
	ck_ok(rota_fs_close(loop, &fs, fd, on_end));
	ck_ok(rota_request_cancel(&fs.job.request));
	set_gate(0);
	run_to_the_end();
	ck_ok(close(fd));
}

/* As requests ********************************************************/

GATE_TEST(a_request_in_flight_holds_loop_and_results)
{
	char report[512];

	ck_ok(rota_fs_stat(loop, &fs, folder, on_end));
	wait_for_callers(1);
	ck_err(rota_loop_close(loop), -EBUSY);
	ck_err(rota_fs_clear(&fs), -EBUSY);
	ck_assert_ptr_null(rota_fs_get_stat(&fs));
	ck_assert_int_ge(
		rota_loop_why_alive_text(loop, report, sizeof(report)), 1);
	ck_assert_ptr_nonnull(strstr(report, "stat"));
	ck_assert_ptr_nonnull(strstr(report, "on_end"));
	ck_assert_ptr_nonnull(strstr(report, "check_fs_requests.c"));
	set_gate(0);
	ck_told(0);
}

GATE_TEST(a_request_without_a_reference_does_not_hold_the_loop)
{
	ck_ok(rota_fs_stat(loop, &fs, folder, on_end));
	ck_ok(rota_request_unref(&fs.job.request));
	ck_assert_int_eq(rota_loop_run(loop, ROTA_RUN_DEFAULT), 0);
	ck_assert_int_eq(n_told, 0);
	ck_ok(rota_request_ref(&fs.job.request));
	set_gate(0);
	ck_told(0);
}

static int n_left;

static void
on_again(struct rota_fs *request, int status)
{
	ck_ok(status);
	ck_assert_ptr_nonnull(rota_fs_get_stat(request));
	if (--n_left > 0)
		ck_ok(rota_fs_stat(loop, request, folder, on_again));
}

FS_TEST(a_request_can_be_used_again_in_its_callback)
{
	if (fs_form == NULL)
		return;
	n_left = 20;
	ck_ok(rota_fs_stat(loop, &fs, folder, on_again));
	run_to_the_end();
	ck_assert_int_eq(n_left, 0);
}

FS_TEST(many_requests_at_once_end_once_each)
{
	static struct rota_fs many[300];
	unsigned i;

	if (fs_form == NULL)
		return;
	n_told = 0;
	for (i = 0; i < 300; i++)
		ck_ok(rota_fs_stat(loop, &many[i], folder, on_end));
	run_to_the_end();
	ck_assert_int_eq(n_told, 300);
	for (i = 0; i < 300; i++)
		ck_assert_ptr_nonnull(rota_fs_get_stat(&many[i]));
}

/* At random **********************************************************/

#define N_RANDOM 64

static uint32_t seed;

static uint32_t
random_below(uint32_t limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % limit;
}

static struct rota_fs some[N_RANDOM];
static char temp_paths[N_RANDOM][128];
static struct rota_fs_dir dirs[N_RANDOM];
static int is_in_flight[N_RANDOM];
static int what_is_done[N_RANDOM];
static unsigned n_to_do;

static rota_fs_fn on_some;

/* Each of these holds something if it ends well. */
static void
start_some(int i)
{
	struct rota_fs *request = &some[i];
	int r = -1;

	what_is_done[i] = (int)random_below(5);
	(void)snprintf(
		temp_paths[i], sizeof(temp_paths[i]), "%s/XXXXXX", folder);
	switch (what_is_done[i]) {
	case 0:
		r = rota_fs_open(loop, request, folder, O_RDONLY, 0, on_some);
		break;
	case 1:
		r = rota_fs_opendir(loop, request, folder, &dirs[i], on_some);
		break;
	case 2:
		r = rota_fs_read_file(
			loop, request, in_folder("a"), 100, on_some);
		break;
	case 3:
		r = rota_fs_scandir(loop, request, folder, on_some);
		break;
	case 4:
		r = rota_fs_mkdtemp(loop, request, temp_paths[i], on_some);
		break;
	}
	ck_ok(r);
	is_in_flight[i] = 1;
	n_to_do--;
	if (random_below(4) == 0)
		ck_ok(rota_request_set_deadline(&request->job.request,
			random_below(200) * ROTA_MICROSECOND));
}

static void
give_back(int i, int status)
{
	struct rota_fs request;

	if (status >= 0 && what_is_done[i] == 0)
		ck_ok(close(status));
	if (status >= 0 && what_is_done[i] == 1)
		ck_ok(rota_fs_closedir(NULL, &request, &dirs[i], NULL));
	if (status >= 0 && what_is_done[i] == 4)
		ck_ok(rmdir(temp_paths[i]));
	ck_ok(rota_fs_clear(&some[i]));
}

static void
on_some(struct rota_fs *request, int status)
{
	int i = (int)(request - some);
	int other;

	ck_assert_int_eq(is_in_flight[i], 1);
	is_in_flight[i] = 0;
	ck_assert_msg(
		status >= 0 || status == -ECANCELED || status == -ETIMEDOUT,
		"%s", rota_error_name(status));
	give_back(i, status);
	for (other = 0; other < 2; other++) {
		i = (int)random_below(N_RANDOM);
		if (!is_in_flight[i] && n_to_do > 0)
			start_some(i);
		else if (is_in_flight[i] && random_below(3) == 0)
			(void)rota_request_cancel(&some[i].job.request);
	}
}

/* Whatever is cancelled, whenever: each ends once and leaves nothing. */
LOOP_TEST(requests_cancelled_at_random_leave_nothing)
{
	int i;

	folder_make(folder_root(folder_n_roots() - 1));
	make_file("a", "abc");
	seed = 20261126;
	n_to_do = harness_scale(20000);
	while (n_to_do > 0) {
		for (i = 0; i < N_RANDOM && n_to_do > 0; i++)
			start_some(i);
		run_to_the_end();
	}
	for (i = 0; i < N_RANDOM; i++)
		ck_assert_int_eq(is_in_flight[i], 0);
	ck_assert_int_eq(count_names(""), 1);
	folder_remove();
}

/* Threads ************************************************************/

static atomic_int n_started;
static int start_error;

static int
counted_start(size_t stack_bytes, void *(*run)(void *), void *data,
	pthread_t *ret_thread)
{
	n_started++;
	if (start_error < 0)
		return start_error;
	return rota__sys_real.thread_start(stack_bytes, run, data, ret_thread);
}

/* A loop with a pool of its own, whose threads are counted. */
static struct rota_pool *
open_counted(void)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_pool_options of_pool = ROTA_POOL_OPTIONS_INIT;
	struct rota_pool *pool;

	sys = rota__sys_real;
	sys.thread_start = counted_start;
	n_started = 0;
	n_told = 0;
	of_pool.sys = &sys;
	ck_ok(rota_pool_create(&of_pool, &pool));
	options.sys = &sys;
	options.pool = pool;
	ck_ok(rota_loop_create(&options, &loop));
	return pool;
}

START_TEST(done_at_once_no_thread_is_started)
{
	struct rota_pool *pool = open_counted();

	start_error = 0;
	ck_ok(rota_fs_stat(loop, &fs, "/", NULL));
	ck_ok(rota_fs_stat(NULL, &fs, "/", NULL));
	ck_assert_int_eq(n_started, 0);
	ck_ok(rota_fs_stat(loop, &fs, "/", on_end));
	ck_assert_int_gt(n_started, 0);
	run_to_the_end();
	ck_assert_int_eq(rota_pool_close(pool, ROTA_FOREVER), 0);
}
END_TEST

START_TEST(without_a_thread_nothing_is_started)
{
	struct rota_pool *pool = open_counted();
	char text[128];

	start_error = -EAGAIN;
	ck_err(rota_fs_stat(loop, &fs, "/", on_end), -EAGAIN);
	ck_assert_int_eq(rota_loop_alive(loop), 0);
	ck_ok(rota_error_explain(&fs.job.request, text, sizeof(text)));
	ck_assert_ptr_nonnull(strstr(text, "stat /: "));
	ck_ok(rota_fs_clear(&fs));
	/* At once it can still be done. */
	ck_ok(rota_fs_stat(loop, &fs, "/", NULL));
	ck_assert_int_eq(rota_pool_close(pool, ROTA_FOREVER), 0);
	ck_err(rota_fs_read_file(loop, &fs, "/", 1, on_end), -ESHUTDOWN);
	ck_ok(rota_fs_clear(&fs));
	ck_assert_int_eq(n_told, 0);
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "under way");

	tcase_add_loop_test(tc, what_a_cancelled_open_has_opened_is_closed);
	tcase_add_loop_test(tc, what_a_cancelled_openat_has_opened_is_closed);
	tcase_add_loop_test(
		tc, a_directory_that_a_cancelled_opendir_has_opened_is_closed);
	tcase_add_loop_test(
		tc, a_file_that_a_cancelled_mkstemp_has_made_is_gone);
	tcase_add_loop_test(
		tc, a_directory_that_a_cancelled_mkdtemp_has_made_is_gone);
	tcase_add_loop_test(tc, what_a_cancelled_read_file_has_read_is_freed);
	tcase_add_loop_test(tc, what_a_cancelled_scandir_has_found_is_freed);
	tcase_add_loop_test(tc, a_cancelled_write_file_leaves_the_file_alone);
	tcase_add_loop_test(tc, a_cancelled_copy_stops_between_two_pieces);
	tcase_add_loop_test(
		tc, a_cancelled_remove_tree_stops_between_two_names);
	tcase_add_loop_test(tc, a_request_under_way_can_be_out_of_time);

	tc = harness_case(suite, "waiting");
	tcase_add_loop_test(
		tc, a_request_cancelled_before_it_runs_does_nothing);
	tcase_add_loop_test(tc, a_request_can_be_out_of_time_before_it_runs);
	tcase_add_loop_test(
		tc, a_close_cancelled_before_it_runs_has_not_closed);

	tc = harness_case(suite, "requests");
	tcase_add_loop_test(tc, a_request_in_flight_holds_loop_and_results);
	tcase_add_loop_test(
		tc, a_request_without_a_reference_does_not_hold_the_loop);
	tcase_add_loop_test(tc, a_request_can_be_used_again_in_its_callback);
	tcase_add_loop_test(tc, many_requests_at_once_end_once_each);
	tcase_add_loop_test(tc, requests_cancelled_at_random_leave_nothing);

	tc = harness_case(suite, "threads");
	tcase_add_test(tc, done_at_once_no_thread_is_started);
	tcase_add_test(tc, without_a_thread_nothing_is_started);
}

HARNESS_MAIN("fs_requests", add_cases)
