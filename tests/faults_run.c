/* SPDX-License-Identifier: MIT */
/* Programs of which each call fails once, see faults_run.h. */
#include "tests/faults_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_WAITS 400
#define MAX_KEPT 128
/* A run may have fewer calls than the one that counted, by its timing. */
#define MAX_TRIES 50

#ifdef HAVE_LINKER_WRAP
#define HAVE_WRAPPED_CALLS 1
#else
#define HAVE_WRAPPED_CALLS 0
#endif

struct faults_run now;

static const struct program *all;
static const struct program *program;
static const char *backend;

/* Descriptors to be closed when the loop is. */
static int kept[MAX_KEPT];
unsigned n_kept;

int n_fds_before;

/* What all programs do ************************************************/

int
keep(int fd)
{
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_lt(n_kept, MAX_KEPT);
	kept[n_kept++] = fd;
	return fd;
}

void
keep_pipe(int ret_fds[2])
{
	harness_pipe(ret_fds);
	(void)keep(ret_fds[0]);
	(void)keep(ret_fds[1]);
}

int
note(int r)
{
	now.n_errors += r < 0;
	now.is_error_ours |= r < 0 && r == faults.error;
	return r;
}

void
close_one(struct rota_handle *handle, void *data)
{
	(void)data;
	if (!rota_handle_is_closing(handle))
		ck_ok(rota_handle_close(handle, NULL));
}

void
give_up(void)
{
	now.has_given_up = 1;
	ck_ok(rota_loop_walk(loop, close_one, NULL));
}

int
run_checked(enum rota_run_mode mode)
{
	int r = note(rota_loop_run(loop, mode));

	ck_assert_int_eq(rota__loop_check(loop), 0);
	return r;
}

void
drive(enum rota_run_mode mode)
{
	unsigned n_turns = 0;

	while (run_checked(mode) != 0)
		ck_assert_uint_lt(n_turns++, MAX_TURNS);
}

void
end_loop(void)
{
	unsigned n_turns = 0;

	ck_ok(rota_loop_walk(loop, close_one, NULL));
	while (rota_loop_why_alive(loop, NULL, NULL) != 0) {
		ck_assert_uint_lt(n_turns++, MAX_TURNS);
		(void)run_checked(ROTA_RUN_NOWAIT);
	}
	ck_ok(rota_loop_close(loop));
	loop = NULL;
}

/*
 * The pool of all loops of a test. Nobody looks out in it: how many waits that
 * takes is a matter of time, and calls are to be counted.
 */
static struct rota_pool *pool;

static void
make_pool(void)
{
	struct rota_pool_options options = ROTA_POOL_OPTIONS_INIT;

	options.lookout_ns = ROTA_POOL_NO_LOOKOUT;
	ck_ok(rota_pool_create(&options, &pool));
}

/* The loop is there, and nothing but the loop. */
static int
make_loop(void)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	options.backend = backend;
	options.sys = faults_sys();
	options.pool = pool;
	return note(rota_loop_create(&options, &loop));
}

/* Requests ************************************************************/

void
end_request(int status)
{
	now.n_ended++;
	if (status == 0)
		now.n_told++;
	if (note(status) < 0)
		give_up();
}

void
begin_request(int r)
{
	if (note(r) < 0) {
		give_up();
		return;
	}
	now.n_begun++;
	now.n_expected++;
}

/* Each program, each failure ******************************************/

static char description[200];

static void
describe(void)
{
	(void)snprintf(description, sizeof(description),
		"%s on %s, call %lu (%s) fails with %s", program->name, backend,
		faults.fail_at,
		faults.n_failed ? faults_name(faults.failed) : "none yet",
		rota_error_name(faults.error));
}

#define ck_run(condition) \
	do { \
		describe(); \
		ck_assert_msg( \
			condition, "%s: not so: %s", description, #condition); \
	} while (0)

/* The end of a program that hangs; it is about to end, so it may print. */
static void
on_alarm(int signum)
{
	(void)signum;
	describe();
	(void)fprintf(stderr, "%s: it hangs\n", description);
	abort();
}

static void
live(unsigned long fail_at, unsigned variant)
{
	n_fds_before = harness_count_fds();
	memset(&now, 0, sizeof(now));
	faults_reset();
	faults.fail_at = fail_at;
	faults.variant = variant;
	faults.is_epoll_foreign = strcmp(backend, "epoll") != 0;
	(void)alarm(MAX_SECONDS);
	if (make_loop() == 0) {
		program->run();
		end_loop();
	}
	if (program->end != NULL)
		program->end();
	(void)alarm(0);
	while (n_kept > 0)
		ck_assert_int_eq(close(kept[--n_kept]), 0);
	ck_run(harness_count_fds() == n_fds_before);
	ck_run(faults.n_blocks == 0);
	ck_run(faults.n_pages == 0);
}

/* Those of which nobody need hear, since the call is made again. */
static int
is_harmless(void)
{
	return faults.n_failed == 0 || faults.failed == FAULTS_CLOSE ||
		faults.error == -EINTR ||
		(faults.error == -EAGAIN && faults.failed != FAULTS_CONNECT &&
			faults.failed != FAULTS_SPAWN) ||
		(faults.error == -ENOBUFS && faults.failed == FAULTS_SEND);
}

/* Those that are told, and after which all goes on. */
static int
is_survived(void)
{
	switch (faults.failed) {
	case FAULTS_ACCEPT:
	case FAULTS_EPOLL_WAIT:
	case FAULTS_KEVENT:
	case FAULTS_POLL:
	case FAULTS_SELECT:
		return 1;
	case FAULTS_EPOLL_CTL:
	case FAULTS_KEVENT_ADD:
		return program->goes_on;
	default:
		return 0;
	}
}

static unsigned long
count_waits(void)
{
	return faults.n[FAULTS_EPOLL_WAIT] + faults.n[FAULTS_KEVENT] +
		faults.n[FAULTS_POLL] + faults.n[FAULTS_SELECT];
}

/* `n_told` is what a run without a failure tells. */
static void
ck_ended_well(unsigned n_told)
{
	ck_run(count_waits() < MAX_WAITS);
	ck_run(now.n_ended == now.n_begun);
	ck_run(now.has_given_up || now.n_told == now.n_expected);
	ck_run(now.n_errors == 0 || now.is_error_ours);
	if (is_harmless())
		ck_run(now.n_errors == 0);
	if (is_harmless() || is_survived() || now.n_errors == 0)
		ck_run(now.n_told == n_told);
}

/*
 * Lives until the failure has happened. Returns in how many ways it can; 0 if
 * there are never so many calls, which only the last of them may be.
 */
static unsigned
live_with(unsigned long fail_at, unsigned variant, unsigned n_told, int is_late)
{
	unsigned n_tries = 0;

	do {
		if (n_tries++ == MAX_TRIES) {
			ck_run(is_late);
			return 0;
		}
		live(fail_at, variant);
		ck_ended_well(n_told);
	} while (faults.n_failed == 0);
	ck_run(faults.n_failed == 1);
	return faults_n_errors(faults.failed);
}

/* The fewest calls of some runs, which differ by their timing. */
static unsigned long
count_calls(unsigned *ret_n_told)
{
	unsigned long n_calls = 0;

	for (int i = 0; i < 4; i++) {
		live(0, 0);
		ck_ended_well(now.n_told);
		ck_run(now.n_told > 0);
		if (i == 0 || faults.n_fallible < n_calls)
			n_calls = faults.n_fallible;
	}
	*ret_n_told = now.n_told;
	return n_calls;
}

/* Test number i is of program i / n on backend i % n. */
static void
choose(int i)
{
	int n_backends = harness_n_backends();

	program = &all[i / n_backends];
	backend = harness_backend_name(i % n_backends);
	(void)signal(SIGALRM, on_alarm);
}

START_TEST(each_call_may_fail)
{
	unsigned n_told;
	unsigned long n_calls;

	choose(_i);
	make_pool();
	n_calls = count_calls(&n_told);
	for (unsigned long n = 1; n <= n_calls; n++) {
		unsigned variant = 0;

		while (variant + 1 <
			live_with(n, variant, n_told, n > n_calls * 3 / 4))
			variant++;
	}
	ck_ok(rota_pool_close(pool, ROTA_FOREVER));
}
END_TEST

/* Else the test above would be weaker than it looks. */
START_TEST(the_waits_of_the_backend_are_among_the_calls)
{
	choose(_i);
	make_pool();
	live(0, 0);
	ck_run(count_waits() > 0);
	ck_ok(rota_pool_close(pool, ROTA_FOREVER));
}
END_TEST

void
faults_run_add(
	Suite *suite, const struct program *programs, unsigned n_programs)
{
	int n = harness_n_backends();

	all = programs;
	for (int i = 0; i < (int)n_programs; i++) {
		TCase *tc = harness_case(suite, programs[i].name);

		tcase_add_loop_exit_test(
			tc, each_call_may_fail, 0, i * n, i * n + n);
		if (HAVE_WRAPPED_CALLS)
			tcase_add_loop_exit_test(tc,
				the_waits_of_the_backend_are_among_the_calls, 0,
				i * n, i * n + n);
	}
}
