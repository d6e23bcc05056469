/* SPDX-License-Identifier: MIT */
/*
 * What all test programs share: a loop for every backend, a fixture that
 * demands a clean end, traces, a clock that stands still, and a main().
 *
 *	static void
 *	on_tick(struct rota_timer *timer)
 *	{
 *		trace('T');
 *		rota_handle_close(&timer->handle, NULL);
 *	}
 *
 *	LOOP_TEST(a_timer_fires_once)
 *	{
 *		struct rota_timer timer;
 *
 *		ck_ok(rota_timer_init(loop, &timer));
 *		ck_ok(rota_timer_start(&timer, 0, 0, on_tick));
 *		run_to_the_end();
 *		ck_trace("T");
 *	}
 *
 *	static void
 *	add_cases(Suite *suite)
 *	{
 *		TCase *tc = harness_case(suite, "timers");
 *
 *		tcase_add_loop_test(tc, a_timer_fires_once);
 *	}
 *
 *	HARNESS_MAIN("timer", add_cases)
 *
 * The programs can be run by hand; CK_FORK=no helps in a debugger, and
 * CK_RUN_CASE=timers picks one case. ROTA_TEST_QUICK=1 makes counts small,
 * ROTA_TEST_BACKEND=epoll,poll leaves out the other backends.
 */
#ifndef ROTA_TESTS_HARNESS_H
#define ROTA_TESTS_HARNESS_H

#include <check.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "core/sys.h"
#include "rota.h"

/* 0 if every invariant of the loop holds, else a line of core/check.c. */
int rota__loop_check(const struct rota_loop *loop);

/* The loop under test, NULL in a plain START_TEST and after close_loop(). */
extern struct rota_loop *loop;

/*
 * Defines a test that begins with `loop` made. To be added with
 * tcase_add_loop_test(), which runs it on every usable backend.
 */
#define LOOP_TEST(name) \
	static void name##_in_loop(void); \
	START_TEST(name) \
	{ \
		harness_open(_i); \
		name##_in_loop(); \
	} \
	END_TEST \
	static void name##_in_loop(void)

/*
 * Defines a test whose `loop` lives in fake time, on backend "poll": its
 * clock moves only by harness_advance() and by waiting, and a wait takes no
 * true time. To be added with tcase_add_test().
 */
#define FAKE_TIME_TEST(name) \
	static void name##_in_loop(void); \
	START_TEST(name) \
	{ \
		(void)_i; \
		harness_open_fake(); \
		name##_in_loop(); \
	} \
	END_TEST \
	static void name##_in_loop(void)

/* Adds a LOOP_TEST for every usable backend. (libcheck's own takes four.) */
#undef tcase_add_loop_test
#define tcase_add_loop_test(tc, test) \
	tcase_add_loop_exit_test(tc, test, 0, 0, harness_n_backends())

/*
 * Makes a test case with our fixture, which demands after each test that the
 * loop is sound, nothing is alive or open in it, it can be closed, it has
 * given back its memory, and no descriptor is left.
 */
TCase *harness_case(Suite *suite, const char *name);

/* Usable backends, numbered from 0 in order of preference. */
int harness_n_backends(void);
const char *harness_backend_name(int number);

/* Makes `loop`. For plain START_TESTs that need it in their own way. */
void harness_open(int backend);
/* The same with other system calls, NULL for the real ones. */
void harness_open_with(int backend, const struct rota_sys *sys);
void harness_open_fake(void);

/*
 * Makes one more loop, of the same backend (and time) as the test's. The
 * test closes it.
 */
struct rota_loop *harness_make_loop(void);

/* Checks and closes `loop` now, with all demands but that of descriptors. */
void close_loop(void);

/*
 * Closes every handle of the loop and runs it until nothing is left. Most
 * tests that leave handles open end with this, since the handles are on
 * their stack.
 */
void close_all_of(struct rota_loop *of);
void close_all(void);

/* rota_loop_run() and then rota__loop_check(); errors fail the test. */
int run_once_checked(enum rota_run_mode mode);

/* A run of mode DEFAULT that must end with nothing alive. */
void run_to_the_end(void);

/* The trace: callbacks add letters, the test compares. */
void trace(char letter);
/* Adds the first letter of a text: handle.data = "A", trace_of(handle->data). */
void trace_of(const void *text);
void trace_reset(void);
const char *trace_text(void);

#define ck_trace(expected) ck_assert_str_eq(trace_text(), (expected))

/* Demands a return of 0, or another certain one; says the error's name. */
#define ck_ok(expr) ck_returns((expr), 0, #expr)
#define ck_err(expr, expected) ck_returns((expr), (expected), #expr)
#define ck_returns(expr, expected, text) \
	do { \
		long ck_seen = (long)(expr); \
		long ck_expected = (long)(expected); \
		ck_assert_msg(ck_seen == ck_expected, \
			"%s returned %ld (%s), not %ld (%s)", text, ck_seen, \
			harness_error_name(ck_seen), ck_expected, \
			harness_error_name(ck_expected)); \
	} while (0)
const char *harness_error_name(long value);

/* A big count, or a much smaller one (at least 2) with ROTA_TEST_QUICK=1. */
unsigned harness_scale(unsigned n);

/*
 * The real table of system calls but for the clock, and for poll, which
 * moves the clock instead of sleeping.
 */
const struct rota_sys *harness_fake_time_sys(void);
uint64_t harness_fake_now(void);
void harness_advance(uint64_t ns);

/*
 * Is called when poll would sleep in fake time, before time moves, so that
 * something may become ready during a wait; then poll looks once more.
 */
typedef void harness_wait_fn(uint64_t timeout_ns);
void harness_on_wait(harness_wait_fn *fn);

/* In there: the sleep ends now, as if a signal had come. */
void harness_interrupt(void);

/* How many times poll was called in fake time, and how many waits it had. */
unsigned harness_n_polls(void);
unsigned harness_n_waits(void);

/*
 * Says on stderr that (a part of) a test is left out because of what is
 * missing here: "IPv6". Returns 0.
 */
int harness_skip(const char *missing);

/* The true monotonic time. */
uint64_t harness_true_ns(void);

/* Makes a non-blocking, close-on-exec pair; [0] reads what [1] writes. */
void harness_pipe(int ret_fds[2]);
void harness_socketpair(int ret_fds[2]);
/* The same over the loopback, so that rota_tcp_open() takes them. */
void harness_tcp_pair(int ret_fds[2]);
void harness_put(int fd, char byte);
void harness_close_pair(const int fds[2]);

/* Reads whatever is there and throws it away. */
void harness_drain(int fd);

/* Counts the descriptors that are open. */
int harness_count_fds(void);

/* Blocks of memory that loops of this process hold at the moment. */
long harness_n_blocks(void);

/* The allocator that counts them, for loops that a test makes itself. */
void *harness_realloc(void *data, void *memory, size_t size_bytes);

typedef void harness_suite_fn(Suite *suite);
int harness_main(const char *name, harness_suite_fn *add_cases);

#define HARNESS_MAIN(name, add_cases) \
	int main(void) \
	{ \
		return harness_main(name, add_cases); \
	}

#endif
