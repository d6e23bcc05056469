/* SPDX-License-Identifier: MIT */
/* What all test programs share, see harness.h. */
#include "tests/harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_FAKE_KQUEUE
#include <fake_kqueue/control.h>
#endif

#define MAX_BACKENDS 16
#define MAX_TRACE 1023
#define MAX_FDS 4096
#define TIMEOUT_SECONDS "60"
/*
 * Turns in which a loop must come to its end once all is closed; the later
 * ones a millisecond apart, for threads that are still at work.
 */
#define MAX_CLOSING_TURNS 2000
#define MAX_HASTY_TURNS 20

struct rota_loop *loop;

/* What loops of the test in progress are made with. */
static const char *backend_name;
static const struct rota_sys *backend_sys;

static int n_fds_before;
static atomic_long n_blocks;

/* The trace ***********************************************************/

static char letters[MAX_TRACE + 1];
static size_t n_letters;

void
trace(char letter)
{
	ck_assert_msg(n_letters < MAX_TRACE, "the trace is full");
	letters[n_letters++] = letter;
	letters[n_letters] = '\0';
}

void
trace_of(const void *text)
{
	ck_assert_ptr_nonnull(text);
	trace(*(const char *)text);
}

void
trace_reset(void)
{
	n_letters = 0;
	letters[0] = '\0';
}

const char *
trace_text(void)
{
	return letters;
}

/* Counts and names ****************************************************/

const char *
harness_error_name(long value)
{
	return value > 0 ? "no error" : rota_error_name((int)value);
}

unsigned
harness_scale(unsigned n)
{
	const char *quick = getenv("ROTA_TEST_QUICK");

	if (quick == NULL || strcmp(quick, "1") != 0)
		return n;
	return n / 50 > 2 ? n / 50 : 2;
}

/* The stand-in for kqueue cannot see that one is closed, and keeps some. */
#ifdef HAVE_FAKE_KQUEUE
static void
forget_closed(void)
{
	fake_kqueue_forget_closed();
}
#else
static void
forget_closed(void)
{
}
#endif

int
harness_count_fds(void)
{
	int n = 0;

	forget_closed();
	for (int fd = 0; fd < MAX_FDS; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

long
harness_n_blocks(void)
{
	return atomic_load(&n_blocks);
}

void *
harness_realloc(void *data, void *memory, size_t size_bytes)
{
	void *moved;

	(void)data;
	if (size_bytes == 0) {
		if (memory != NULL)
			atomic_fetch_sub(&n_blocks, 1);
		free(memory);
		return NULL;
	}
	moved = realloc(memory, size_bytes);
	if (moved != NULL && memory == NULL)
		atomic_fetch_add(&n_blocks, 1);
	return moved;
}

/* Backends ************************************************************/

/* Not if the environment names others only, with commas between them. */
static int
is_asked_for(const char *name)
{
	const char *names = getenv("ROTA_TEST_BACKEND");
	size_t len = strlen(name);

	if (names == NULL || *names == '\0')
		return 1;
	while (strncmp(names, name, len) != 0 ||
		(names[len] != ',' && names[len] != '\0')) {
		names = strchr(names, ',');
		if (names == NULL)
			return 0;
		names++;
	}
	return 1;
}

/* Finds the name of usable backend number `number`; returns how many. */
static int
find_backend(int number, const char **ret_name)
{
	struct rota_backend_info info;
	int n = 0;

	for (unsigned i = 0; rota_backend_info(i, &info) == 0; i++) {
		if (!info.is_built || info.error != 0 ||
			!is_asked_for(info.name))
			continue;
		if (n++ == number)
			*ret_name = info.name;
	}
	return n;
}

int
harness_n_backends(void)
{
	const char *ignored;

	return find_backend(-1, &ignored);
}

const char *
harness_backend_name(int number)
{
	const char *name = NULL;

	(void)find_backend(number, &name);
	ck_assert_ptr_nonnull(name);
	return name;
}

/* Fake time ***********************************************************/

static uint64_t fake_now;
static harness_wait_fn *on_wait;
static int is_interrupted;
static unsigned n_polls;
static unsigned n_waits;

static uint64_t
fake_clock(void)
{
	return fake_now;
}

/* Acts like poll, but sleeping takes fake time only. */
static int
fake_poll(struct pollfd *fds, nfds_t n, uint64_t timeout_ns)
{
	int n_ready;

	n_polls++;
	n_ready = rota__sys_real.poll(fds, n, 0);
	if (n_ready != 0 || timeout_ns == 0)
		return n_ready;
	n_waits++;
	if (on_wait != NULL) {
		is_interrupted = 0;
		on_wait(timeout_ns);
		n_ready = rota__sys_real.poll(fds, n, 0);
		if (n_ready != 0)
			return n_ready;
		if (is_interrupted)
			return -EINTR;
	}
	ck_assert_msg(
		timeout_ns != ROTA_FOREVER, "the loop would sleep for ever");
	harness_advance(timeout_ns);
	return rota__sys_real.poll(fds, n, 0);
}

const struct rota_sys *
harness_fake_time_sys(void)
{
	static struct rota_sys sys;

	sys = rota__sys_real;
	sys.clock_ns = fake_clock;
	sys.poll = fake_poll;
	return &sys;
}

uint64_t
harness_fake_now(void)
{
	return fake_now;
}

void
harness_advance(uint64_t ns)
{
	fake_now = ns > UINT64_MAX - fake_now ? UINT64_MAX : fake_now + ns;
}

void
harness_interrupt(void)
{
	is_interrupted = 1;
}

void
harness_on_wait(harness_wait_fn *fn)
{
	on_wait = fn;
}

unsigned
harness_n_polls(void)
{
	return n_polls;
}

unsigned
harness_n_waits(void)
{
	return n_waits;
}

int
harness_skip(const char *missing)
{
	(void)fprintf(stderr, "skipped, for want of: %s\n", missing);
	return 0;
}

uint64_t
harness_true_ns(void)
{
	struct timespec now;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (uint64_t)now.tv_sec * ROTA_SECOND + (uint64_t)now.tv_nsec;
}

/* Descriptors *********************************************************/

static void
prepare_pair(const int fds[2])
{
	for (int i = 0; i < 2; i++) {
		int flags = fcntl(fds[i], F_GETFL);

		ck_assert_int_ne(flags, -1);
		ck_assert_int_ne(
			fcntl(fds[i], F_SETFL, flags | O_NONBLOCK), -1);
		ck_assert_int_ne(fcntl(fds[i], F_SETFD, FD_CLOEXEC), -1);
	}
}

void
harness_pipe(int ret_fds[2])
{
	ck_assert_int_eq(pipe(ret_fds), 0);
	prepare_pair(ret_fds);
}

void
harness_socketpair(int ret_fds[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ret_fds), 0);
	prepare_pair(ret_fds);
}

void
harness_tcp_pair(int ret_fds[2])
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_ge(listener, 0);
	ck_assert_int_eq(
		bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(
		getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	ret_fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_ge(ret_fds[1], 0);
	ck_assert_int_eq(
		connect(ret_fds[1], (struct sockaddr *)&addr, sizeof(addr)), 0);
	ret_fds[0] = accept(listener, NULL, NULL);
	ck_assert_int_ge(ret_fds[0], 0);
	ck_assert_int_eq(close(listener), 0);
	prepare_pair(ret_fds);
}

void
harness_drain(int fd)
{
	char bytes[4096];

	while (read(fd, bytes, sizeof(bytes)) > 0) {
	}
}

void
harness_put(int fd, char byte)
{
	ck_assert_int_eq((int)write(fd, &byte, 1), 1);
}

void
harness_close_pair(const int fds[2])
{
	ck_assert_int_eq(close(fds[0]), 0);
	ck_assert_int_eq(close(fds[1]), 0);
}

/* The loop and its end ************************************************/

struct rota_loop *
harness_make_loop(void)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *made = NULL;

	options.backend = backend_name;
	options.sys = backend_sys;
	options.realloc_fn = harness_realloc;
	ck_ok(rota_loop_create(&options, &made));
	ck_assert_ptr_nonnull(made);
	ck_assert_str_eq(rota_loop_backend(made), backend_name);
	return made;
}

void
harness_open_with(int backend, const struct rota_sys *sys)
{
	backend_name = harness_backend_name(backend);
	backend_sys = sys;
	loop = harness_make_loop();
}

void
harness_open(int backend)
{
	harness_open_with(backend, NULL);
}

void
harness_open_fake(void)
{
	backend_name = "poll";
	backend_sys = harness_fake_time_sys();
	loop = harness_make_loop();
}

static void
ck_sound(const struct rota_loop *of)
{
	int line = rota__loop_check(of);

	ck_assert_msg(line == 0,
		"backend %s: an invariant is broken, see core/check.c:%d",
		rota_loop_backend(of), line);
}

static void
ck_nothing_left(void)
{
	char text[1024];

	ck_sound(loop);
	ck_assert_int_ge(rota_loop_why_alive_text(loop, text, sizeof(text)), 0);
	ck_assert_msg(rota_loop_why_alive(loop, NULL, NULL) == 0,
		"left in the loop:\n%s", text);
	ck_err(rota_loop_alive(loop), 0);
}

void
close_loop(void)
{
	ck_nothing_left();
	ck_ok(rota_loop_close(loop));
	loop = NULL;
}

static void
close_handle(struct rota_handle *handle, void *data)
{
	(void)data;
	if (!rota_handle_is_closing(handle))
		ck_ok(rota_handle_close(handle, NULL));
}

void
close_all_of(struct rota_loop *of)
{
	int n = 0;

	ck_ok(rota_loop_walk(of, close_handle, NULL));
	ck_sound(of);
	while (rota_loop_why_alive(of, NULL, NULL) != 0) {
		ck_assert_int_lt(n++, MAX_CLOSING_TURNS);
		if (n > MAX_HASTY_TURNS)
			(void)poll(NULL, 0, 1);
		ck_assert_int_ge(rota_loop_run(of, ROTA_RUN_NOWAIT), 0);
		ck_sound(of);
	}
}

void
close_all(void)
{
	close_all_of(loop);
}

int
run_once_checked(enum rota_run_mode mode)
{
	int r = rota_loop_run(loop, mode);

	ck_assert_msg(r >= 0, "run ended with %s", harness_error_name(r));
	ck_sound(loop);
	return r;
}

void
run_to_the_end(void)
{
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
}

/* The fixture, in the child of each test ******************************/

static void
set_up(void)
{
	loop = NULL;
	backend_name = NULL;
	backend_sys = NULL;
	fake_now = 1000 * ROTA_SECOND;
	on_wait = NULL;
	n_polls = 0;
	n_waits = 0;
	trace_reset();
	atomic_store(&n_blocks, 0);
	n_fds_before = harness_count_fds();
}

static void
tear_down(void)
{
	if (loop != NULL)
		close_loop();
	ck_assert_msg(harness_n_blocks() == 0, "%ld blocks of memory leaked",
		harness_n_blocks());
	ck_assert_msg(harness_count_fds() == n_fds_before,
		"%d descriptors before the test, %d after it", n_fds_before,
		harness_count_fds());
}

TCase *
harness_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	suite_add_tcase(suite, tc);
	return tc;
}

/*
 * Makes the stack as large as any test needs it. valgrind 3.19 was seen to
 * fail when it had to do that for the frame of a signal handler.
 */
static void
grow_stack(void)
{
	volatile char frame[128 * 1024];

	frame[0] = 0;
	(void)frame[0];
}

int
harness_main(const char *name, harness_suite_fn *add_cases)
{
	SRunner *runner;
	Suite *suite;
	int n_failed;

	grow_stack();
	/* libcheck reads it when a case is made; the user's own wins. */
	(void)setenv("CK_DEFAULT_TIMEOUT", TIMEOUT_SECONDS, 0);
	suite = suite_create(name);
	add_cases(suite);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
