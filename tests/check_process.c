/* SPDX-License-Identifier: MIT */
/*
 * The end of processes: how it is told, that nothing is left of them, and
 * what can be done with them until then. Most tests run once with whatever
 * descriptor the system has for this, and once with SIGCHLD alone.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness.h"

#define MS ROTA_MILLISECOND

static struct rota_process process;
static struct rota_process_exit seen;
static struct rusage seen_usage;

static int
have_no_exit_fd(pid_t pid)
{
	(void)pid;
	return -ENOSYS;
}

static const struct rota_sys *
sys_without_exit_fds(void)
{
	static struct rota_sys sys;

	sys = rota__sys_real;
	sys.exit_open = have_no_exit_fd;
	return &sys;
}

/* A LOOP_TEST that is run for each way of noticing an end. */
#define WAYS_TEST(name) \
	static void name##_in_loop(void); \
	START_TEST(name) \
	{ \
		harness_open_with( \
			_i / 2, _i % 2 ? sys_without_exit_fds() : NULL); \
		name##_in_loop(); \
	} \
	END_TEST \
	static void name##_in_loop(void)

#define tcase_add_ways_test(tc, test) \
	tcase_add_loop_exit_test(tc, test, 0, 0, 2 * harness_n_backends())

/* 1 if this system has a descriptor for the end of a process. */
static int
has_exit_fds(void)
{
	int fd = rota__sys_real.exit_open(getpid());

	if (fd < 0)
		return harness_skip("descriptors for the end of a process");
	ck_ok(close(fd));
	return 1;
}

static void
on_exit_seen(struct rota_process *ended, const struct rota_process_exit *event)
{
	trace_of(ended->handle.data);
	seen = *event;
	if (event->usage != NULL)
		seen_usage = *event->usage;
	ck_err(rota_handle_is_active(&ended->handle), 0);
	ck_err(rota_process_pid(ended), 0);
	ck_err(rota_process_kill(ended, SIGKILL), -ESRCH);
}

static int
spawn_shell(struct rota_process *in, const char *script, rota_process_fn *fn)
{
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;
	char *argv[] = { "/bin/sh", "-c", (char *)script, NULL };

	options.argv = argv;
	return rota_process_spawn(in, &options, fn);
}

static void
init_process(struct rota_process *in, const char *letter)
{
	ck_ok(rota_process_init(loop, in));
	in->handle.data = (void *)letter;
}

static void
start_shell(struct rota_process *in, const char *script)
{
	init_process(in, "E");
	ck_ok(spawn_shell(in, script, on_exit_seen));
	ck_err(rota_handle_is_active(&in->handle), 1);
	ck_assert_int_gt(rota_process_pid(in), 0);
}

/* Runs it to its end; the trace has an E more then. */
static void
run_shell(const char *script)
{
	start_shell(&process, script);
	run_to_the_end();
}

/* Waits until it is over, and leaves it for the loop. */
static void
await_end(const struct rota_process *of)
{
	siginfo_t info;

	ck_ok(waitid(
		P_PID, (id_t)rota_process_pid(of), &info, WEXITED | WNOWAIT));
}

/* No child is left, not even a dead one. */
static void
ck_childless(void)
{
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

/* How it ended *******************************************************/

WAYS_TEST(an_exit_code_is_told)
{
	pid_t pid;

	start_shell(&process, "exit 7");
	pid = rota_process_pid(&process);
	ck_trace("");
	run_to_the_end();
	ck_trace("E");
	ck_assert_int_eq(seen.pid, pid);
	ck_assert_int_eq(seen.error, 0);
	ck_assert_int_eq(seen.code, 7);
	ck_assert_int_eq(seen.signum, 0);
	ck_assert_ptr_nonnull(seen.usage);
	ck_childless();
	close_all();
}

WAYS_TEST(a_signal_that_ended_it_is_told)
{
	run_shell("ulimit -c 0; kill -TERM $$");
	ck_trace("E");
	ck_assert_int_eq(seen.error, 0);
	ck_assert_int_eq(seen.code, -1);
	ck_assert_int_eq(seen.signum, SIGTERM);
	ck_assert_int_eq(seen.is_core_dumped, 0);
	close_all();
}

LOOP_TEST(what_it_used_is_told)
{
	run_shell("i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done");
	ck_trace("E");
	ck_assert_int_gt(seen_usage.ru_utime.tv_sec * 1000000 +
			seen_usage.ru_utime.tv_usec +
			seen_usage.ru_stime.tv_sec * 1000000 +
			seen_usage.ru_stime.tv_usec,
		0);
	close_all();
}

WAYS_TEST(one_that_ends_before_the_loop_looks_is_told)
{
	start_shell(&process, "exit 3");
	await_end(&process);
	run_to_the_end();
	ck_trace("E");
	ck_assert_int_eq(seen.code, 3);
	close_all();
}

static void
on_exit_again(struct rota_process *ended, const struct rota_process_exit *event)
{
	on_exit_seen(ended, event);
	if (strlen(trace_text()) < 5)
		ck_ok(spawn_shell(ended, "exit 1", on_exit_again));
}

WAYS_TEST(a_handle_can_start_one_after_the_other)
{
	init_process(&process, "E");
	ck_ok(spawn_shell(&process, "exit 0", on_exit_again));
	ck_err(spawn_shell(&process, "exit 0", on_exit_again), -EALREADY);
	ck_err(rota_process_watch(&process, getpid(), on_exit_seen), -EALREADY);
	run_to_the_end();
	ck_trace("EEEEE");
	ck_childless();
	close_all();
}

static void
on_sigchld(struct rota_signal *sig, const struct rota_signal_event *event)
{
	(void)event;
	trace('S');
	ck_ok(rota_handle_close(&sig->handle, NULL));
}

WAYS_TEST(who_watches_sigchld_is_told_as_well)
{
	struct rota_signal sig;

	ck_ok(rota_signal_init(loop, &sig));
	ck_ok(rota_signal_start(&sig, SIGCHLD, on_sigchld));
	run_shell("exit 0");
	ck_assert_ptr_nonnull(strchr(trace_text(), 'E'));
	ck_assert_ptr_nonnull(strchr(trace_text(), 'S'));
	close_all();
}

/* Reference, stop, close *********************************************/

LOOP_TEST(an_unreferenced_process_does_not_hold_the_loop)
{
	start_shell(&process, "exec sleep 60");
	ck_ok(rota_handle_unref(&process.handle));
	run_to_the_end();
	ck_trace("");
	ck_ok(rota_process_kill(&process, SIGKILL));
	ck_ok(rota_handle_ref(&process.handle));
	run_to_the_end();
	ck_trace("E");
	close_all();
}

static void
on_exit_close(struct rota_process *ended, const struct rota_process_exit *event)
{
	on_exit_seen(ended, event);
	ck_ok(rota_handle_close(&ended->handle, NULL));
}

WAYS_TEST(a_process_closed_in_its_callback_is_gone)
{
	init_process(&process, "E");
	ck_ok(spawn_shell(&process, "exit 0", on_exit_close));
	run_to_the_end();
	ck_trace("E");
	ck_childless();
}

static struct rota_process neighbour;

static void
on_exit_close_both(
	struct rota_process *ended, const struct rota_process_exit *event)
{
	on_exit_seen(ended, event);
	ck_ok(rota_handle_close(&process.handle, NULL));
	ck_ok(rota_handle_close(&neighbour.handle, NULL));
}

/* Runs until no child is left, dead or alive. */
static void
run_until_childless(void)
{
	uint64_t until = harness_true_ns() + 20 * ROTA_SECOND;
	siginfo_t info;

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
		ck_assert_msg(harness_true_ns() < until, "a zombie stays");
		run_once_checked(ROTA_RUN_NOWAIT);
		(void)usleep(1000);
	}
	ck_childless();
}

WAYS_TEST(a_process_closed_by_its_neighbour_is_not_told)
{
	init_process(&process, "E");
	init_process(&neighbour, "E");
	ck_ok(spawn_shell(&process, "exit 0", on_exit_close_both));
	ck_ok(spawn_shell(&neighbour, "exit 0", on_exit_close_both));
	await_end(&process);
	await_end(&neighbour);
	run_to_the_end();
	ck_trace("E");
	run_until_childless();
}

WAYS_TEST(a_child_whose_handle_is_closed_runs_on_and_leaves_no_zombie)
{
	pid_t pid;

	start_shell(&process, "exec sleep 60");
	pid = rota_process_pid(&process);
	close_all();
	ck_ok(kill(pid, 0));
	ck_ok(kill(pid, SIGKILL));
	run_until_childless();
	ck_trace("");
}

WAYS_TEST(a_stopped_process_is_not_told_and_leaves_no_zombie)
{
	start_shell(&process, "exit 0");
	ck_ok(rota_process_stop(&process));
	ck_ok(rota_process_stop(&process));
	ck_err(rota_handle_is_active(&process.handle), 0);
	run_until_childless();
	ck_trace("");
	ck_ok(spawn_shell(&process, "exit 2", on_exit_seen));
	run_to_the_end();
	ck_trace("E");
	ck_assert_int_eq(seen.code, 2);
	close_all();
}

WAYS_TEST(a_loop_closed_before_its_children_lets_them_go)
{
	pid_t pid;

	start_shell(&process, "exec sleep 60");
	pid = rota_process_pid(&process);
	close_all();
	close_loop();
	ck_ok(kill(pid, SIGKILL));
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

WAYS_TEST(a_child_that_ended_before_its_loop_is_closed_leaves_no_zombie)
{
	start_shell(&process, "exit 0");
	await_end(&process);
	ck_ok(rota_handle_close(&process.handle, NULL));
	ck_ok(rota_process_stop(&process));
	while (rota_loop_alive(loop))
		run_once_checked(ROTA_RUN_NOWAIT);
	close_loop();
	ck_childless();
}

LOOP_TEST(a_running_process_is_told_as_what_holds_the_loop)
{
	char text[300];
	char number[40];

	start_shell(&process, "exec sleep 60");
	(void)snprintf(number, sizeof(number), "pid %ld",
		(long)rota_process_pid(&process));
	ck_assert_int_gt(rota_loop_why_alive_text(loop, text, sizeof(text)), 0);
	ck_assert_ptr_nonnull(strstr(text, "process"));
	ck_assert_ptr_nonnull(strstr(text, number));
	ck_assert_ptr_nonnull(strstr(text, "check_process.c"));
	ck_ok(rota_process_kill(&process, SIGKILL));
	run_to_the_end();
	ck_assert_uint_eq(
		rota_handle_size("process"), sizeof(struct rota_process));
	close_all();
}

/* Kill ***************************************************************/

WAYS_TEST(a_killed_process_tells_the_signal)
{
	start_shell(&process, "exec sleep 60");
	ck_ok(rota_process_kill(&process, 0));
	ck_ok(rota_process_kill(&process, SIGKILL));
	run_to_the_end();
	ck_trace("E");
	ck_assert_int_eq(seen.signum, SIGKILL);
	ck_err(rota_process_kill(&process, SIGKILL), -ESRCH);
	close_all();
}

WAYS_TEST(a_process_that_has_ended_can_be_killed_until_it_is_told)
{
	start_shell(&process, "exit 5");
	await_end(&process);
	ck_ok(rota_process_kill(&process, SIGKILL));
	run_to_the_end();
	ck_assert_int_eq(seen.code, 5);
	close_all();
}

LOOP_TEST(mistakes_are_told_and_change_nothing)
{
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;

	ck_err(rota_process_init(NULL, &process), -EINVAL);
	ck_err(rota_process_init(loop, NULL), -EINVAL);
	init_process(&process, "E");
	ck_err(rota_process_spawn(NULL, &options, on_exit_seen), -EINVAL);
	ck_err(rota_process_spawn(&process, NULL, on_exit_seen), -EINVAL);
	ck_err(rota_process_spawn(&process, &options, NULL), -EINVAL);
	ck_err(rota_process_watch(&process, 0, on_exit_seen), -EINVAL);
	ck_err(rota_process_watch(&process, -1, on_exit_seen), -EINVAL);
	ck_err(rota_process_watch(&process, getpid(), NULL), -EINVAL);
	ck_err(rota_process_kill(NULL, SIGTERM), -EINVAL);
	ck_err(rota_process_kill(&process, -1), -EINVAL);
	ck_err(rota_process_kill(&process, SIGTERM), -ESRCH);
	ck_err(rota_process_stop(NULL), -EINVAL);
	ck_ok(rota_process_stop(&process));
	ck_ok(rota_handle_close(&process.handle, NULL));
	ck_err(spawn_shell(&process, "exit 0", on_exit_seen), -EINVAL);
	ck_err(rota_process_watch(&process, getpid(), on_exit_seen), -EINVAL);
	close_all();
	ck_childless();
}

/* Somebody else waits ************************************************/

WAYS_TEST(a_stolen_wait_is_told_as_an_error)
{
	pid_t pid;

	start_shell(&process, "exit 7");
	pid = rota_process_pid(&process);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	run_to_the_end();
	ck_trace("E");
	ck_assert_int_eq(seen.pid, pid);
	ck_assert_int_eq(seen.error, -ECHILD);
	ck_assert_int_eq(seen.code, -1);
	ck_assert_ptr_null(seen.usage);
	close_all();
}

LOOP_TEST(an_end_is_told_without_status_where_sigchld_is_ignored)
{
	ck_assert(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
	start_shell(&process, "exit 7");
	run_to_the_end();
	ck_trace("E");
	ck_assert(seen.error == -ECHILD || seen.code == 7);
	ck_assert(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
	close_all();
}

/* Not a child ********************************************************/

/* A process that ends when nobody can write to *ret_fd any more. */
static pid_t
make_stranger(int *ret_fd)
{
	int fds[2];
	char byte;
	pid_t pid;

	ck_ok(pipe(fds));
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 0 ? 9 : 1);
	}
	ck_ok(close(fds[0]));
	*ret_fd = fds[1];
	return pid;
}

LOOP_TEST(the_end_of_a_process_that_is_not_ours_is_told_without_status)
{
	pid_t pid;
	int status;
	int fd;

	if (!has_exit_fds())
		return;
	pid = make_stranger(&fd);
	init_process(&process, "E");
	ck_ok(rota_process_watch(&process, pid, on_exit_seen));
	ck_assert_int_eq(rota_process_pid(&process), pid);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("");
	ck_ok(close(fd));
	run_to_the_end();
	ck_trace("E");
	ck_assert_int_eq(seen.pid, pid);
	ck_assert_int_eq(seen.error, 0);
	ck_assert_int_eq(seen.code, -1);
	ck_assert_ptr_null(seen.usage);
	/* Its status is still there for whom it belongs to. */
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 9);
	ck_err(rota_process_watch(&process, pid, on_exit_seen), -ESRCH);
	close_all();
}

LOOP_TEST(a_watched_stranger_can_be_killed_and_left)
{
	pid_t pid;
	int fd;

	if (!has_exit_fds())
		return;
	pid = make_stranger(&fd);
	init_process(&process, "E");
	ck_ok(rota_process_watch(&process, pid, on_exit_seen));
	ck_ok(rota_process_stop(&process));
	ck_ok(rota_process_watch(&process, pid, on_exit_seen));
	ck_ok(rota_process_kill(&process, SIGKILL));
	run_to_the_end();
	ck_trace("E");
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_ok(close(fd));
	close_all();
}

WAYS_TEST(a_stranger_cannot_be_watched_by_sigchld)
{
	int fd;
	pid_t pid = make_stranger(&fd);
	int r;

	init_process(&process, "E");
	r = rota_process_watch(&process, pid, on_exit_seen);
	ck_assert(r == 0 || r == -ENOTSUP);
	ck_err(rota_handle_is_active(&process.handle), r == 0);
	close_all();
	ck_ok(close(fd));
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* Many ***************************************************************/

static unsigned n_ended;
static unsigned n_to_start;

static void
on_one_ended(struct rota_process *ended, const struct rota_process_exit *event)
{
	ck_assert_int_eq(event->error, 0);
	ck_assert_int_eq(event->code, 0);
	n_ended++;
	if (n_to_start > 0) {
		n_to_start--;
		ck_ok(spawn_shell(ended, "exit 0", on_one_ended));
	}
}

#define N_AT_ONCE 20

WAYS_TEST(a_thousand_children_leave_no_zombie_and_no_descriptor)
{
	unsigned n = harness_scale(1000);
	static struct rota_process many[N_AT_ONCE];
	int n_fds;

	n_ended = 0;
	n_to_start = n < N_AT_ONCE ? 0 : n - N_AT_ONCE;
	run_once_checked(ROTA_RUN_NOWAIT);
	n_fds = harness_count_fds();
	for (int i = 0; i < N_AT_ONCE; i++) {
		init_process(&many[i], "E");
		ck_ok(spawn_shell(&many[i], "exit 0", on_one_ended));
	}
	run_to_the_end();
	ck_assert_uint_ge(n_ended, n);
	ck_childless();
	ck_assert_int_eq(harness_count_fds(), n_fds);
	close_all();
}

/* Not spinning *******************************************************/

static void
on_timer(struct rota_timer *timer)
{
	trace('T');
	ck_ok(rota_handle_close(&timer->handle, NULL));
}

static void
on_check(struct rota_hook *hook)
{
	(*(unsigned *)hook->handle.data)++;
}

/* Turns that a loop makes in 100 ms with nothing to do. */
static unsigned
count_idle_turns(void)
{
	struct rota_timer timer;
	struct rota_hook check;
	unsigned n_turns = 0;

	ck_ok(rota_check_init(loop, &check));
	check.handle.data = &n_turns;
	ck_ok(rota_hook_start(&check, on_check));
	ck_ok(rota_handle_unref(&check.handle));
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 100 * MS, 0, on_timer));
	run_to_the_end();
	ck_ok(rota_handle_close(&check.handle, NULL));
	run_to_the_end();
	return n_turns;
}

/*
 * A child that another thread makes has copies of all our descriptors until
 * it is its program; this one never will be. The closed descriptor of an end
 * must not be reported through its copy.
 */
WAYS_TEST(a_copy_of_the_descriptor_in_a_brother_does_not_keep_the_loop_awake)
{
	int fd;
	pid_t brother;

	start_shell(&process, "exec sleep 60");
	run_once_checked(ROTA_RUN_NOWAIT);
	brother = make_stranger(&fd);
	ck_ok(rota_process_kill(&process, SIGKILL));
	run_to_the_end();
	ck_trace("E");
	ck_assert_uint_le(count_idle_turns(), 5);
	ck_ok(close(fd));
	ck_assert_int_eq(waitpid(brother, NULL, 0), brother);
	close_all();
}

WAYS_TEST(a_loop_with_a_running_child_sleeps)
{
	start_shell(&process, "exec sleep 60");
	ck_ok(rota_handle_unref(&process.handle));
	ck_assert_uint_le(count_idle_turns(), 5);
	ck_ok(rota_process_kill(&process, SIGKILL));
	ck_ok(rota_handle_ref(&process.handle));
	run_to_the_end();
	close_all();
}

/* Fork and threads ***************************************************/

/* Exits 0 if all is as it should be. */
static void
child_of_fork(void)
{
	ck_ok(rota_loop_fork(loop));
	ck_ok(rota_loop_fork(loop));
	run_to_the_end();
	ck_assert_int_eq((int)strlen(trace_text()), 1);
	ck_assert_int_eq(seen.code, -1);
	close_all();
	ck_ok(rota_loop_close(loop));
	_exit(0);
}

WAYS_TEST(a_forked_loop_hears_of_its_brothers_end_without_status)
{
	struct rota_process orphan;
	int status;
	pid_t pid;

	start_shell(&orphan, "exec sleep 0.3");
	ck_ok(rota_handle_close(&orphan.handle, NULL));
	run_to_the_end();
	start_shell(&process, "sleep 0.2; exit 4");
	run_once_checked(ROTA_RUN_NOWAIT);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		child_of_fork();
	run_to_the_end();
	ck_trace("E");
	ck_assert_int_eq(seen.code, 4);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	run_until_childless();
	close_all();
}

struct worker {
	struct rota_loop *loop;
	pthread_t thread;
	struct rota_process process;
	unsigned n_left;
	unsigned n_good;
};

static void
on_worker_child(
	struct rota_process *ended, const struct rota_process_exit *event)
{
	struct worker *worker = ended->handle.data;

	worker->n_good += event->error == 0 && event->code == 3;
	if (--worker->n_left > 0 &&
		spawn_shell(ended, "exit 3", on_worker_child) < 0)
		worker->n_left = 0;
	if (worker->n_left == 0)
		(void)rota_handle_close(&ended->handle, NULL);
}

static void *
work(void *data)
{
	struct worker *worker = data;

	if (rota_process_init(worker->loop, &worker->process) < 0)
		return data;
	worker->process.handle.data = worker;
	if (spawn_shell(&worker->process, "exit 3", on_worker_child) < 0 ||
		rota_loop_run(worker->loop, ROTA_RUN_DEFAULT) < 0)
		return data;
	return NULL;
}

#define N_WORKERS 3

WAYS_TEST(loops_of_several_threads_hear_of_their_own_children)
{
	struct worker workers[N_WORKERS];
	unsigned n = harness_scale(100);
	void *failed;

	memset(workers, 0, sizeof(workers));
	for (int i = 0; i < N_WORKERS; i++) {
		workers[i].loop = harness_make_loop();
		workers[i].n_left = n;
		ck_ok(pthread_create(
			&workers[i].thread, NULL, work, &workers[i]));
	}
	for (int i = 0; i < N_WORKERS; i++) {
		ck_ok(pthread_join(workers[i].thread, &failed));
		ck_assert_ptr_null(failed);
		ck_assert_uint_eq(workers[i].n_good, n);
		ck_ok(rota_loop_close(workers[i].loop));
	}
	ck_childless();
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "ends");

	tcase_add_ways_test(tc, an_exit_code_is_told);
	tcase_add_ways_test(tc, a_signal_that_ended_it_is_told);
	tcase_add_loop_test(tc, what_it_used_is_told);
	tcase_add_ways_test(tc, one_that_ends_before_the_loop_looks_is_told);
	tcase_add_ways_test(tc, a_handle_can_start_one_after_the_other);
	tcase_add_ways_test(tc, who_watches_sigchld_is_told_as_well);
	tcase_add_ways_test(tc, a_stolen_wait_is_told_as_an_error);
	tcase_add_loop_test(
		tc, an_end_is_told_without_status_where_sigchld_is_ignored);

	tc = harness_case(suite, "life");
	tcase_add_loop_test(tc, an_unreferenced_process_does_not_hold_the_loop);
	tcase_add_ways_test(tc, a_process_closed_in_its_callback_is_gone);
	tcase_add_ways_test(tc, a_process_closed_by_its_neighbour_is_not_told);
	tcase_add_ways_test(tc,
		a_child_whose_handle_is_closed_runs_on_and_leaves_no_zombie);
	tcase_add_ways_test(
		tc, a_stopped_process_is_not_told_and_leaves_no_zombie);
	tcase_add_ways_test(tc, a_loop_closed_before_its_children_lets_them_go);
	tcase_add_ways_test(tc,
		a_child_that_ended_before_its_loop_is_closed_leaves_no_zombie);
	tcase_add_loop_test(
		tc, a_running_process_is_told_as_what_holds_the_loop);
	tcase_add_ways_test(tc, a_killed_process_tells_the_signal);
	tcase_add_ways_test(
		tc, a_process_that_has_ended_can_be_killed_until_it_is_told);
	tcase_add_loop_test(tc, mistakes_are_told_and_change_nothing);

	tc = harness_case(suite, "strangers");
	tcase_add_loop_test(tc,
		the_end_of_a_process_that_is_not_ours_is_told_without_status);
	tcase_add_loop_test(tc, a_watched_stranger_can_be_killed_and_left);
	tcase_add_ways_test(tc, a_stranger_cannot_be_watched_by_sigchld);

	tc = harness_case(suite, "many");
	tcase_add_ways_test(
		tc, a_thousand_children_leave_no_zombie_and_no_descriptor);
	tcase_add_ways_test(tc,
		a_copy_of_the_descriptor_in_a_brother_does_not_keep_the_loop_awake);
	tcase_add_ways_test(tc, a_loop_with_a_running_child_sleeps);
	tcase_add_ways_test(
		tc, a_forked_loop_hears_of_its_brothers_end_without_status);
	tcase_add_ways_test(
		tc, loops_of_several_threads_hear_of_their_own_children);
}

HARNESS_MAIN("process", add_cases)
