/* SPDX-License-Identifier: MIT */
/*
 * The contract of core/backend.h, over every backend of the build, without
 * a loop. What a kernel surprised us with becomes a test here.
 */
#include "core/backend.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/harness.h"

#define MAX_FD 8192
/* How often, and how long at most, we ask for something that must come. */
#define PATIENCE 500
#define PATIENCE_STEP (10 * ROTA_MILLISECOND)

static const struct rota__backend *backend;
static void *state;
static int capabilities;
static struct rota__memory memory;

/* What core keeps of a descriptor. */
static struct {
	uint32_t generation;
	uint8_t told;
	/* What is wanted of one that the backend has called always ready. */
	uint8_t always;
	uintptr_t word;
} known[MAX_FD];

/*
 * The latest wait: what was reported, by descriptor, and of which wish.
 * `events` is what core would pass on: what was wished, and failures.
 */
static struct {
	unsigned events;
	int is_dead;
	uint32_t generation;
	int error;
	unsigned n;
} seen[MAX_FD];

/* The backend under test ************************************************/

static int
n_built(void)
{
	int n = 0;

	for (unsigned i = 0; i < rota__n_backends; i++)
		n += rota__backends[i].backend != NULL;
	return n;
}

static const struct rota__backend *
built(int number)
{
	for (unsigned i = 0; i < rota__n_backends; i++)
		if (rota__backends[i].backend != NULL && number-- == 0)
			return rota__backends[i].backend;
	return NULL;
}

static void
open_backend(void)
{
	const char *reason = NULL;

	state = calloc(1, backend->state_size);
	ck_assert_ptr_nonnull(state);
	capabilities = backend->open(state, &rota__sys_real, &memory, &reason);
	ck_assert_msg(capabilities >= 0, "%s does not open: %s (%s)",
		backend->name, reason == NULL ? "no reason given" : reason,
		rota_error_name(capabilities));
}

static void
close_backend(void)
{
	backend->close(state, 0);
	free(state);
	state = NULL;
}

static int
can(unsigned capability)
{
	return ((unsigned)capabilities & capability) != 0;
}

/* Defines a test that runs with every backend of the build, opened. */
#define BACKEND_TEST(name) \
	static void name##_on_backend(void); \
	START_TEST(name) \
	{ \
		backend = built(_i); \
		memory.realloc = harness_realloc; \
		memset(known, 0, sizeof(known)); \
		open_backend(); \
		name##_on_backend(); \
		close_backend(); \
	} \
	END_TEST \
	static void name##_on_backend(void)

static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_exit_test(tc, test, 0, 0, n_built());
}

/* Telling and waiting ***************************************************/

/* Keeps what core would keep: from now on the backend knows nothing of fd. */
static void
forget(int fd)
{
	known[fd].told = 0;
	known[fd].word = 0;
}

/* Tells a wish as core would. */
static int
tell_wish(const struct rota__wish *wish)
{
	int fd = wish->fd;
	int r;

	known[fd].always = 0;
	if (wish->told == 0 && wish->wanted == 0)
		return 0;
	r = backend->set(state, wish, &known[fd].word);
	known[fd].generation = wish->generation;
	known[fd].told = wish->wanted;
	if (r != 0 || wish->wanted == 0)
		forget(fd);
	if (r == ROTA__ALWAYS_READY)
		known[fd].always = wish->wanted;
	return r == ROTA__ALWAYS_READY ? 0 : r;
}

static int
tell_anew(int fd, unsigned wanted, uint32_t generation, int is_reopened)
{
	struct rota__wish wish = { .fd = fd,
		.generation = generation,
		.told = known[fd].told,
		.wanted = (uint8_t)wanted,
		.is_reopened = (uint8_t)is_reopened };

	return tell_wish(&wish);
}

static int
tell(int fd, unsigned wanted)
{
	uint32_t generation = known[fd].generation;

	return tell_anew(fd, wanted, generation == 0 ? 1 : generation, 0);
}

/* Takes a report in as core would. */
static void
take(const struct rota__ready *report)
{
	int fd = report->fd;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_lt(fd, MAX_FD);
	ck_assert_uint_ne(report->events, 0);
	seen[fd].events |= report->events &
		(known[fd].told | known[fd].always | ROTA__FAILED);
	seen[fd].is_dead |= (report->events & ROTA__DEAD) != 0;
	seen[fd].generation = report->generation;
	seen[fd].error = report->error;
	seen[fd].n++;
	/* One descriptor may come twice. */
	if (report->events & ROTA__ALWAYS && known[fd].told != 0)
		known[fd].always = known[fd].told;
	if (report->events & (ROTA__ALWAYS | ROTA__FAILED))
		forget(fd);
}

/* Waits once with room for n reports; returns how many came. */
static int
wait_for(int n, uint64_t timeout_ns)
{
	static struct rota__ready ready[MAX_FD];
	int r;

	memset(seen, 0, sizeof(seen));
	memset(ready, 0xff, (size_t)n * sizeof(*ready));
	r = backend->wait(state, ready, n, timeout_ns);
	ck_assert_msg(r >= 0, "wait: %s", rota_error_name(r));
	ck_assert_int_le(r, n);
	for (int i = 0; i < r; i++)
		take(&ready[i]);
	return r;
}

/* What is to be told of fd now, without waiting. */
static unsigned
now_of(int fd)
{
	(void)wait_for(64, 0);
	return seen[fd].events | known[fd].always;
}

/*
 * What is to be told of fd once anything is. Fails the test if nothing
 * comes. Then seen[] has the whole of that wait.
 */
static unsigned
next_of(int fd)
{
	for (int i = 0; i < PATIENCE; i++) {
		(void)wait_for(64, known[fd].always ? 0 : PATIENCE_STEP);
		if (seen[fd].events != 0 || known[fd].always != 0)
			return seen[fd].events | known[fd].always;
	}
	ck_abort_msg("nothing was reported of descriptor %d", fd);
}

/* The report is of the generation told last, or of a kernel without. */
static void
ck_generation(int fd)
{
	if (seen[fd].generation != 0)
		ck_assert_uint_eq(seen[fd].generation, known[fd].generation);
}

/* Descriptors to try ****************************************************/

static void
tcp_pair(int ret_fds[2])
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&addr, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(
		getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	ret_fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(ret_fds[0], (struct sockaddr *)&addr, len), 0);
	ret_fds[1] = accept(listener, NULL, NULL);
	ck_assert_int_ge(ret_fds[1], 0);
	ck_assert_int_eq(close(listener), 0);
}

static void
drain(int fd)
{
	char bytes[4096];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
}

static void
fill(int fd)
{
	static const char bytes[4096];

	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
}

/* Makes room for so many descriptors; 0 if the system forbids it. */
static int
allow_fds(unsigned n)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur >= n)
		return 1;
	limit.rlim_cur = n;
	if (limit.rlim_max >= n && setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 1;
	return harness_skip("more descriptors");
}

/* Opening and closing ***************************************************/

BACKEND_TEST(opening_again_and_again_leaks_nothing)
{
	int n_fds = harness_count_fds();
	long n_blocks = harness_n_blocks();

	for (int i = 0; i < 20; i++) {
		close_backend();
		open_backend();
	}
	ck_assert_int_eq(harness_count_fds(), n_fds);
	ck_assert_int_eq(harness_n_blocks(), n_blocks);
}

BACKEND_TEST(closing_with_descriptors_told_leaks_nothing)
{
	int pairs[50][2];

	for (int i = 0; i < 50; i++) {
		harness_pipe(pairs[i]);
		ck_ok(tell(pairs[i][0], ROTA__READABLE));
		ck_ok(tell(pairs[i][1], ROTA__WRITABLE));
	}
	(void)wait_for(10, 0);
	for (int i = 0; i < 50; i++)
		harness_close_pair(pairs[i]);
}

BACKEND_TEST(two_of_one_kind_do_not_know_of_each_other)
{
	void *first = state;
	int fds[2];

	harness_pipe(fds);
	harness_put(fds[1], 'x');
	ck_ok(tell(fds[0], ROTA__READABLE));
	open_backend();
	ck_assert_int_eq(wait_for(64, 0), 0);
	close_backend();
	state = first;
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	harness_close_pair(fds);
}

BACKEND_TEST(its_name_is_that_of_the_registry)
{
	for (unsigned i = 0; i < rota__n_backends; i++)
		if (rota__backends[i].backend == backend)
			ck_assert_str_eq(rota__backends[i].name, backend->name);
}

BACKEND_TEST(a_child_that_closes_it_as_forked_does_not_disturb_the_parent)
{
	int fds[2];
	int status;
	pid_t pid;

	harness_pipe(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	ck_assert_int_eq(wait_for(64, 0), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		backend->close(state, 1);
		memset(state, 0, backend->state_size);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	harness_put(fds[1], 'x');
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	harness_close_pair(fds);
}

static const char *
see_in_child(int fd)
{
	const char *reason;
	struct rota__wish wish = {
		.fd = fd, .generation = 3, .wanted = ROTA__READABLE
	};
	struct rota__ready ready[4];

	known[fd].word = 0;
	backend->close(state, 1);
	memset(state, 0, backend->state_size);
	if (backend->open(state, &rota__sys_real, &memory, &reason) < 0)
		return "open";
	if (backend->set(state, &wish, &known[fd].word) != 0)
		return "set";
	if (backend->wait(state, ready, 4, 5 * ROTA_SECOND) != 1)
		return "wait";
	if (ready[0].fd != fd || ready[0].events != ROTA__READABLE)
		return "report";
	backend->close(state, 0);
	return NULL;
}

BACKEND_TEST(a_child_can_close_it_as_forked_and_open_it_anew)
{
	const char *failed;
	int fds[2];
	int status;
	pid_t pid;

	harness_pipe(fds);
	harness_put(fds[1], 'x');
	ck_ok(tell(fds[0], ROTA__READABLE));
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		failed = see_in_child(fds[0]);
		if (failed != NULL)
			fprintf(stderr, "child: %s failed\n", failed);
		_exit(failed != NULL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	harness_close_pair(fds);
}

/* Readiness *************************************************************/

BACKEND_TEST(nothing_told_is_nothing_reported)
{
	ck_assert_int_eq(wait_for(64, 0), 0);
}

BACKEND_TEST(a_pipe_with_a_byte_is_readable_as_long_as_it_has_one)
{
	int fds[2];

	harness_pipe(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	ck_assert_uint_eq(now_of(fds[0]), 0);
	harness_put(fds[1], 'x');
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	drain(fds[0]);
	ck_assert_uint_eq(now_of(fds[0]), 0);
	harness_close_pair(fds);
}

BACKEND_TEST(a_pipe_is_writable_until_it_is_full)
{
	int fds[2];

	harness_pipe(fds);
	ck_ok(tell(fds[1], ROTA__WRITABLE));
	ck_assert_uint_eq(next_of(fds[1]), ROTA__WRITABLE);
	fill(fds[1]);
	ck_assert_uint_eq(now_of(fds[1]), 0);
	drain(fds[0]);
	ck_assert_uint_eq(next_of(fds[1]), ROTA__WRITABLE);
	harness_close_pair(fds);
}

BACKEND_TEST(a_pipe_without_writer_is_readable)
{
	int fds[2];

	harness_pipe(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	ck_assert_uint_eq(now_of(fds[0]), 0);
	ck_assert_int_eq(close(fds[1]), 0);
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	ck_assert_int_eq(close(fds[0]), 0);
}

BACKEND_TEST(a_pipe_whose_reader_goes_becomes_writable_and_stays_so)
{
	int fds[2];

	harness_pipe(fds);
	fill(fds[1]);
	ck_ok(tell(fds[1], ROTA__WRITABLE));
	ck_assert_uint_eq(now_of(fds[1]), 0);
	ck_assert_int_eq(close(fds[0]), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(next_of(fds[1]), ROTA__WRITABLE);
	ck_ok(tell(fds[1], 0));
	ck_assert_uint_eq(now_of(fds[1]), 0);
	ck_assert_int_eq(close(fds[1]), 0);
}

/* kevent(2): EV_ADD of such a descriptor fails with EPIPE or EBADF. */
BACKEND_TEST(a_pipe_whose_reader_is_gone_already_is_writable)
{
	int fds[2];

	harness_pipe(fds);
	ck_assert_int_eq(close(fds[0]), 0);
	ck_ok(tell(fds[1], ROTA__WRITABLE));
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(next_of(fds[1]), ROTA__WRITABLE);
	ck_ok(tell(fds[1], 0));
	ck_assert_uint_eq(now_of(fds[1]), 0);
	ck_assert_int_eq(close(fds[1]), 0);
}

BACKEND_TEST(a_peer_that_ends_its_sending_makes_readable)
{
	int fds[2];

	harness_socketpair(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	ck_assert_uint_eq(now_of(fds[0]), 0);
	ck_assert_int_eq(shutdown(fds[1], SHUT_WR), 0);
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	harness_close_pair(fds);
}

BACKEND_TEST(hang_up_is_reported_if_wished_and_the_backend_can)
{
	unsigned wished = ROTA__READABLE | ROTA__HANGUP;
	int fds[2];

	tcp_pair(fds);
	ck_ok(tell(fds[0], wished));
	ck_assert_uint_eq(now_of(fds[0]), 0);
	ck_assert_int_eq(shutdown(fds[1], SHUT_WR), 0);
	ck_assert_uint_eq(next_of(fds[0]),
		can(ROTA__CAN_HANGUP) ? wished : ROTA__READABLE);
	harness_close_pair(fds);
}

/* What the kernel tells unasked must be told apart from what was wished. */
BACKEND_TEST(a_dead_socket_says_so_whatever_is_wished)
{
	int fds[2];

	harness_socketpair(fds);
	ck_ok(tell(fds[0], ROTA__READABLE | ROTA__WRITABLE));
	ck_assert_int_eq(close(fds[1]), 0);
	ck_assert_uint_ne(next_of(fds[0]) & ROTA__READABLE, 0);
	if (can(ROTA__CAN_HANGUP) && can(ROTA__CAN_PRIORITY)) {
		ck_ok(tell(fds[0], ROTA__PRIORITY));
		ck_assert_int_eq(wait_for(64, ROTA_SECOND), 1);
		ck_assert(seen[fds[0]].is_dead);
	}
	ck_assert_int_eq(close(fds[0]), 0);
}

BACKEND_TEST(a_peer_that_ends_its_sending_is_not_dead)
{
	int fds[2];

	tcp_pair(fds);
	ck_ok(tell(fds[0], ROTA__READABLE | ROTA__HANGUP));
	ck_assert_int_eq(shutdown(fds[1], SHUT_WR), 0);
	(void)next_of(fds[0]);
	ck_assert(!seen[fds[0]].is_dead);
	harness_close_pair(fds);
}

BACKEND_TEST(hang_up_alone_is_reported_while_bytes_are_unread)
{
	int fds[2];

	tcp_pair(fds);
	ck_ok(tell(fds[0], ROTA__HANGUP));
	harness_put(fds[1], 'x');
	ck_assert_uint_eq(now_of(fds[0]), 0);
	ck_assert_int_eq(shutdown(fds[1], SHUT_WR), 0);
	if (can(ROTA__CAN_HANGUP))
		ck_assert_uint_eq(next_of(fds[0]), ROTA__HANGUP);
	else
		(void)now_of(fds[0]);
	harness_close_pair(fds);
}

BACKEND_TEST(urgent_data_is_reported_where_the_backend_can)
{
	char byte;
	int fds[2];

	tcp_pair(fds);
	ck_ok(tell(fds[0], ROTA__PRIORITY));
	ck_assert_uint_eq(now_of(fds[0]), 0);
	ck_assert_int_eq((int)send(fds[1], "!", 1, MSG_OOB), 1);
	if (can(ROTA__CAN_PRIORITY)) {
		ck_assert_uint_eq(next_of(fds[0]), ROTA__PRIORITY);
		ck_assert_int_eq((int)recv(fds[0], &byte, 1, MSG_OOB), 1);
	}
	ck_assert_uint_eq(now_of(fds[0]), 0);
	harness_close_pair(fds);
}

/* Loopback may refuse within connect(2) itself (FreeBSD). */
BACKEND_TEST(a_refused_connect_makes_writable)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int bound = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	/* Bound but not listening: nobody else takes the port. */
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(bound, (struct sockaddr *)&addr, len), 0);
	ck_assert_int_eq(getsockname(bound, (struct sockaddr *)&addr, &len), 0);
	ck_assert_int_ne(fcntl(fd, F_SETFL, O_NONBLOCK), -1);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, len), -1);
	if (errno == EINPROGRESS) {
		ck_ok(tell(fd, ROTA__WRITABLE));
		ck_assert_uint_eq(next_of(fd), ROTA__WRITABLE);
		ck_assert_uint_eq(next_of(fd), ROTA__WRITABLE);
	}
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(close(bound), 0);
}

BACKEND_TEST(a_listener_with_a_connection_is_readable)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&addr, len), 0);
	ck_assert_int_eq(listen(listener, 5), 0);
	ck_assert_int_eq(
		getsockname(listener, (struct sockaddr *)&addr, &len), 0);
	ck_ok(tell(listener, ROTA__READABLE));
	ck_assert_uint_eq(now_of(listener), 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&addr, len), 0);
	ck_assert_uint_eq(next_of(listener), ROTA__READABLE);
	ck_assert_int_eq(close(client), 0);
	ck_assert_int_eq(close(listener), 0);
}

/* kevent(2) counts headers or nothing for such a datagram; it is one. */
BACKEND_TEST(an_empty_datagram_makes_readable)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	ck_ok(tell(fd, ROTA__READABLE));
	ck_assert_uint_eq(now_of(fd), 0);
	ck_assert_int_eq(
		(int)sendto(fd, "", 0, 0, (struct sockaddr *)&addr, len), 0);
	ck_assert_uint_eq(next_of(fd), ROTA__READABLE);
	ck_assert_int_eq(close(fd), 0);
}

/* Wishes ****************************************************************/

/* Tries every change from one set of wishes to another. */
BACKEND_TEST(only_what_is_wished_is_reported_after_every_change)
{
	int fds[2];

	harness_socketpair(fds);
	harness_put(fds[1], 'x');
	for (unsigned from = 0; from < 4; from++) {
		for (unsigned to = 0; to < 4; to++) {
			if (known[fds[0]].told != from)
				ck_ok(tell(fds[0], from));
			ck_assert_uint_eq(now_of(fds[0]), from);
			if (from != to)
				ck_ok(tell(fds[0], to));
			ck_assert_uint_eq(now_of(fds[0]), to);
			ck_generation(fds[0]);
		}
	}
	harness_close_pair(fds);
}

BACKEND_TEST(changes_without_a_wait_between_end_in_the_last_one)
{
	int fds[2];

	harness_socketpair(fds);
	harness_put(fds[1], 'x');
	for (int i = 0; i < 3; i++) {
		ck_ok(tell(fds[0], ROTA__READABLE));
		ck_ok(tell(fds[0], ROTA__WRITABLE));
		ck_ok(tell(fds[0], ROTA__READABLE | ROTA__WRITABLE));
		ck_ok(tell(fds[0], 0));
	}
	ck_assert_uint_eq(now_of(fds[0]), 0);
	ck_ok(tell(fds[0], ROTA__READABLE));
	ck_ok(tell(fds[0], 0));
	ck_ok(tell(fds[0], ROTA__WRITABLE));
	ck_assert_uint_eq(now_of(fds[0]), ROTA__WRITABLE);
	harness_close_pair(fds);
}

/* epoll(7): HUP and ERR come even for an empty interest. */
BACKEND_TEST(an_empty_wish_never_spins_on_a_dead_descriptor)
{
	uint64_t before;
	int fds[2];

	harness_socketpair(fds);
	ck_ok(tell(fds[0], ROTA__READABLE | ROTA__WRITABLE));
	(void)wait_for(64, 0);
	ck_ok(tell(fds[0], 0));
	ck_assert_int_eq(close(fds[1]), 0);
	before = harness_true_ns();
	ck_assert_int_eq(wait_for(64, 20 * ROTA_MILLISECOND), 0);
	ck_assert_uint_ge(harness_true_ns() - before, 20 * ROTA_MILLISECOND);
	ck_ok(tell(fds[0], ROTA__READABLE));
	ck_assert_uint_ne(next_of(fds[0]) & ROTA__READABLE, 0);
	ck_assert_int_eq(close(fds[0]), 0);
}

BACKEND_TEST(a_wish_with_a_new_generation_is_reported_with_it)
{
	int fds[2];

	harness_socketpair(fds);
	harness_put(fds[1], 'x');
	ck_ok(tell_anew(fds[0], ROTA__READABLE, 7, 0));
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	ck_generation(fds[0]);
	ck_ok(tell(fds[0], 0));
	ck_ok(tell_anew(fds[0], ROTA__READABLE, UINT32_MAX, 0));
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	ck_generation(fds[0]);
	harness_close_pair(fds);
}

BACKEND_TEST(taking_one_away_leaves_its_neighbours)
{
	int pairs[5][2];

	for (int i = 0; i < 5; i++) {
		harness_pipe(pairs[i]);
		harness_put(pairs[i][1], 'x');
		ck_ok(tell(pairs[i][0], ROTA__READABLE));
	}
	ck_ok(tell(pairs[2][0], 0));
	ck_ok(tell(pairs[0][0], 0));
	ck_assert_int_eq(wait_for(64, 0), 3);
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(seen[pairs[i][0]].events,
			i == 0 || i == 2 ? 0 : ROTA__READABLE);
	for (int i = 0; i < 5; i++)
		harness_close_pair(pairs[i]);
}

/* Edges *****************************************************************/

BACKEND_TEST(an_edge_is_reported_once_per_change)
{
	int again;
	int fds[2];

	harness_socketpair(fds);
	ck_ok(tell(fds[0], ROTA__READABLE | ROTA__EDGE));
	ck_assert_uint_eq(now_of(fds[0]), 0);
	again = can(ROTA__CAN_EDGE) ? 0 : ROTA__READABLE;
	for (int i = 0; i < 3; i++) {
		harness_put(fds[1], 'x');
		ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
		ck_assert_uint_eq(now_of(fds[0]), again);
		drain(fds[0]);
		ck_assert_uint_eq(now_of(fds[0]), 0);
	}
	harness_close_pair(fds);
}

BACKEND_TEST(an_edge_that_was_there_before_the_wish_is_reported)
{
	int fds[2];

	harness_socketpair(fds);
	harness_put(fds[1], 'x');
	ck_ok(tell(fds[0], ROTA__READABLE | ROTA__EDGE));
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	harness_close_pair(fds);
}

/* kevent(2): EV_ADD does not change EV_CLEAR of what is there already. */
BACKEND_TEST(an_edge_can_become_a_level_and_an_edge_again)
{
	int again;
	int fds[2];

	harness_socketpair(fds);
	harness_put(fds[1], 'x');
	ck_ok(tell(fds[0], ROTA__READABLE | ROTA__EDGE));
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	ck_ok(tell(fds[0], ROTA__READABLE));
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	ck_ok(tell(fds[0], ROTA__READABLE | ROTA__EDGE));
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	again = can(ROTA__CAN_EDGE) ? 0 : ROTA__READABLE;
	ck_assert_uint_eq(now_of(fds[0]), again);
	harness_close_pair(fds);
}

/* Many ******************************************************************/

#define N_MANY 3000

static int many[N_MANY / 2][2];

static unsigned
open_many(void)
{
	unsigned n_pairs = harness_scale(N_MANY) / 2;

	for (unsigned i = 0; i < n_pairs; i++) {
		harness_socketpair(many[i]);
		for (int end = 0; end < 2; end++) {
			harness_put(many[i][!end], 'x');
			ck_ok(tell(many[i][end], ROTA__READABLE));
		}
	}
	return 2 * n_pairs;
}

static void
close_many(unsigned n)
{
	for (unsigned i = 0; i < n / 2; i++)
		harness_close_pair(many[i]);
}

BACKEND_TEST(of_many_ready_at_once_all_are_reported_through_a_small_array)
{
	static unsigned char reported[MAX_FD];
	unsigned n_missing;
	unsigned n;

	if (!allow_fds(N_MANY + 100))
		return;
	n = n_missing = open_many();
	memset(reported, 0, sizeof(reported));
	/* Some backends begin at random, hence twice the calls needed. */
	for (unsigned calls = 2 * n / 16 + 2; calls-- > 0;) {
		(void)wait_for(16, 0);
		for (int fd = 0; fd < MAX_FD; fd++) {
			n_missing -= seen[fd].n != 0 && !reported[fd];
			reported[fd] |= seen[fd].n != 0;
		}
	}
	ck_assert_msg(
		n_missing == 0, "%u of %u were never reported", n_missing, n);
	close_many(n);
}

BACKEND_TEST(of_many_ready_at_once_each_gets_its_share)
{
	static unsigned reports[MAX_FD];
	unsigned n;

	if (!allow_fds(N_MANY + 100))
		return;
	n = open_many();
	memset(reports, 0, sizeof(reports));
	for (unsigned calls = 4 * n / 64; calls-- > 0;) {
		ck_assert_int_gt(wait_for(64, 0), 0);
		for (int fd = 0; fd < MAX_FD; fd++)
			reports[fd] += seen[fd].n;
	}
	for (unsigned i = 0; i < n / 2; i++)
		for (int end = 0; end < 2; end++)
			ck_assert_uint_ge(reports[many[i][end]], 2);
	close_many(n);
}

BACKEND_TEST(one_that_becomes_ready_among_many_ready_ones_is_reported_soon)
{
	unsigned calls;
	int fds[2];
	unsigned n;

	if (!allow_fds(N_MANY + 100))
		return;
	n = open_many();
	harness_pipe(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	(void)wait_for(16, 0);
	harness_put(fds[1], 'x');
	for (calls = 2 * n / 16 + 4; calls > 0; calls--)
		if (wait_for(16, 0) > 0 && seen[fds[0]].n != 0)
			break;
	ck_assert_uint_gt(calls, 0);
	harness_close_pair(fds);
	close_many(n);
}

BACKEND_TEST(room_for_a_single_report_rotates)
{
	int pairs[4][2];
	unsigned n[4] = { 0, 0, 0, 0 };

	for (int i = 0; i < 4; i++) {
		harness_pipe(pairs[i]);
		harness_put(pairs[i][1], 'x');
		ck_ok(tell(pairs[i][0], ROTA__READABLE));
	}
	for (int i = 0; i < 40; i++) {
		ck_assert_int_eq(wait_for(1, 0), 1);
		for (int k = 0; k < 4; k++)
			n[k] += seen[pairs[k][0]].n;
	}
	for (int k = 0; k < 4; k++) {
		ck_assert_uint_ge(n[k], 5);
		harness_close_pair(pairs[k]);
	}
}

static void
ck_high(int fd)
{
	int fds[2];

	if (!allow_fds((unsigned)fd + 1))
		return;
	harness_socketpair(fds);
	ck_assert_int_eq(dup2(fds[0], fd), fd);
	ck_ok(tell(fd, ROTA__READABLE | ROTA__WRITABLE));
	ck_assert_uint_eq(next_of(fd), ROTA__WRITABLE);
	harness_put(fds[1], 'x');
	ck_assert_uint_eq(next_of(fd), ROTA__READABLE | ROTA__WRITABLE);
	ck_ok(tell(fd, ROTA__READABLE));
	ck_assert_uint_eq(next_of(fd), ROTA__READABLE);
	ck_ok(tell(fd, 0));
	ck_assert_int_eq(wait_for(64, 0), 0);
	ck_assert_int_eq(close(fd), 0);
	harness_close_pair(fds);
}

/* select(2): FD_SETSIZE is 1024 in most places. */
BACKEND_TEST(high_descriptors_work)
{
	ck_high(1023);
	ck_high(1024);
	ck_high(1500);
	ck_high(5000);
}

/* Time ******************************************************************/

BACKEND_TEST(a_wait_never_ends_before_its_time)
{
	static const uint64_t timeouts_ns[] = { 1, 1000, 999999, 1000000,
		1000001, 1500000, 20000000, 21999999 };

	for (size_t i = 0; i < sizeof(timeouts_ns) / sizeof(*timeouts_ns);
		i++) {
		uint64_t before = harness_true_ns();

		ck_assert_int_eq(wait_for(64, timeouts_ns[i]), 0);
		ck_assert_uint_ge(harness_true_ns() - before, timeouts_ns[i]);
	}
}

BACKEND_TEST(a_wait_with_a_wish_never_ends_before_its_time)
{
	uint64_t before;
	int fds[2];

	harness_pipe(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	for (uint64_t ms = 1; ms <= 5; ms++) {
		before = harness_true_ns();
		ck_assert_int_eq(
			wait_for(64, ms * ROTA_MILLISECOND + 300000), 0);
		ck_assert_uint_ge(harness_true_ns() - before,
			ms * ROTA_MILLISECOND + 300000);
	}
	harness_close_pair(fds);
}

/* If it waited, it would wait for ever. */
BACKEND_TEST(a_wait_of_no_time_does_not_wait)
{
	int fds[2];

	harness_pipe(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(wait_for(64, 0), 0);
	harness_close_pair(fds);
}

/* Writes a byte to the descriptor at `data`, a little later. */
static void *
put_later(void *data)
{
	const struct timespec pause = { .tv_sec = 0, .tv_nsec = 30000000 };

	(void)nanosleep(&pause, NULL);
	return write(*(int *)data, "x", 1) == 1 ? data : NULL;
}

static void
ck_waits_for_event(uint64_t timeout_ns)
{
	pthread_t thread;
	void *result;
	int fds[2];

	harness_pipe(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	ck_assert_int_eq(pthread_create(&thread, NULL, put_later, &fds[1]), 0);
	ck_assert_int_eq(wait_for(64, timeout_ns), 1);
	ck_assert_uint_eq(seen[fds[0]].events, ROTA__READABLE);
	ck_assert_int_eq(pthread_join(thread, &result), 0);
	ck_assert_ptr_nonnull(result);
	ck_ok(tell(fds[0], 0));
	harness_close_pair(fds);
}

BACKEND_TEST(a_wait_for_ever_ends_with_an_event)
{
	ck_waits_for_event(ROTA_FOREVER);
}

BACKEND_TEST(a_wait_of_any_length_is_cut_short_by_an_event)
{
	/* Around what fits into 32 bits of ms, 31 bits of s, 63 of ns. */
	ck_waits_for_event(UINT64_C(2147483647) * ROTA_MILLISECOND + 1);
	ck_waits_for_event(UINT64_C(4294967296) * ROTA_MILLISECOND);
	ck_waits_for_event(UINT64_C(2147483648) * ROTA_SECOND);
	ck_waits_for_event(UINT64_C(1) << 63);
	ck_waits_for_event(UINT64_MAX - 1);
}

static void
on_alarm(int signum)
{
	(void)signum;
}

BACKEND_TEST(a_signal_ends_a_wait_with_nothing)
{
	const struct itimerval every_20_ms = { { 0, 20000 }, { 0, 20000 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action;
	int fds[2];

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_alarm;
	harness_pipe(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &every_20_ms, NULL), 0);
	ck_assert_int_eq(wait_for(64, ROTA_FOREVER), 0);
	ck_assert_int_eq(wait_for(64, 3600 * ROTA_SECOND), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	harness_close_pair(fds);
}

/* The backend's own descriptor ******************************************/

BACKEND_TEST(its_descriptor_is_readable_when_something_is_ready)
{
	struct pollfd own;
	int fds[2];

	if (!can(ROTA__CAN_FD))
		return;
	own.fd = *(int *)state;
	own.events = POLLIN;
	harness_pipe(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	ck_assert_int_eq(wait_for(64, 0), 0);
	ck_assert_int_eq(poll(&own, 1, 0), 0);
	harness_put(fds[1], 'x');
	ck_assert_int_eq(poll(&own, 1, 5000), 1);
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	harness_close_pair(fds);
}

/* What set has put off is done by a wait without room for reports. */
BACKEND_TEST(its_descriptor_is_good_after_a_wait_without_room)
{
	struct rota__ready none;
	struct pollfd own;
	int n_held;
	int fds[2];

	harness_pipe(fds);
	harness_put(fds[1], 'x');
	ck_ok(tell(fds[0], ROTA__READABLE));
	n_held = backend->wait(state, &none, 0, ROTA_FOREVER);
	ck_assert_int_ge(n_held, 0);
	if (can(ROTA__CAN_FD) && n_held == 0) {
		own.fd = *(int *)state;
		own.events = POLLIN;
		ck_assert_int_eq(poll(&own, 1, 5000), 1);
	}
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	harness_close_pair(fds);
}

/* A failure that came too early for the reports must not be lost. */
BACKEND_TEST(a_failure_found_by_a_wait_without_room_is_held)
{
	struct rota__ready none;
	int fds[2];
	int r;

	harness_pipe(fds);
	harness_close_pair(fds);
	r = tell(fds[0], ROTA__READABLE);
	if (r != 0) {
		ck_err(r, -EBADF);
		return;
	}
	r = backend->wait(state, &none, 0, ROTA_FOREVER);
	if (can(ROTA__CAN_FD))
		ck_assert_int_gt(r, 0);
	(void)wait_for(64, 0);
	ck_assert_uint_eq(seen[fds[0]].events, ROTA__FAILED);
	ck_err(seen[fds[0]].error, -EBADF);
}

BACKEND_TEST(its_descriptor_is_closed_on_exec)
{
	if (can(ROTA__CAN_FD))
		ck_assert_int_ne(fcntl(*(int *)state, F_GETFD) & FD_CLOEXEC, 0);
}

/* What is always ready **************************************************/

/* Each wait reports it, or the backend has said that none will. */
static void
ck_always(int fd, unsigned wanted)
{
	ck_assert_int_ge(fd, 0);
	ck_ok(tell(fd, wanted));
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(next_of(fd), wanted);
	ck_ok(tell(fd, 0));
	ck_assert_int_eq(wait_for(64, 0), 0);
	ck_assert_int_eq(close(fd), 0);
}

static int
open_unlinked(const char *content)
{
	char name[] = "/tmp/rota-backend-XXXXXX";
	int fd = mkstemp(name);
	ssize_t len = (ssize_t)strlen(content);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq((int)write(fd, content, strlen(content)), (int)len);
	ck_assert_int_eq((int)lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

BACKEND_TEST(a_regular_file_is_always_ready)
{
	ck_always(open_unlinked("content"), ROTA__READABLE);
	ck_always(open_unlinked("content"), ROTA__WRITABLE);
	ck_always(open_unlinked("content"), ROTA__READABLE | ROTA__WRITABLE);
}

/* kevent(2): files are ready only as long as bytes are left. */
BACKEND_TEST(an_empty_file_is_always_ready)
{
	ck_always(open_unlinked(""), ROTA__READABLE);
	ck_always(open_unlinked(""), ROTA__READABLE | ROTA__WRITABLE);
}

BACKEND_TEST(a_file_read_to_its_end_is_always_ready)
{
	int fd = open_unlinked("content");

	drain(fd);
	ck_always(fd, ROTA__READABLE);
}

BACKEND_TEST(a_directory_is_always_ready)
{
	ck_always(open("/", O_RDONLY), ROTA__READABLE);
}

BACKEND_TEST(dev_null_and_dev_zero_are_always_ready)
{
	ck_always(open("/dev/null", O_RDWR), ROTA__READABLE);
	ck_always(open("/dev/null", O_RDWR), ROTA__READABLE | ROTA__WRITABLE);
	ck_always(open("/dev/zero", O_RDWR), ROTA__READABLE);
	ck_always(open("/dev/zero", O_RDWR), ROTA__WRITABLE);
}

BACKEND_TEST(dev_null_is_neither_hung_up_nor_dead)
{
	int fd = open("/dev/null", O_RDWR);

	ck_assert_int_ge(fd, 0);
	ck_ok(tell(fd, ROTA__READABLE | ROTA__HANGUP));
	(void)wait_for(64, 0);
	ck_assert_uint_eq(seen[fd].events & ROTA__HANGUP, 0);
	ck_assert_int_eq(seen[fd].is_dead, 0);
	ck_ok(tell(fd, 0));
	ck_assert_int_eq(close(fd), 0);
}

/* Closed and reopened ***************************************************/

/* Makes sure that a failure comes, from set or from a wait. */
static void
ck_fails(int fd, int r, int error)
{
	if (r != 0) {
		ck_err(r, error);
		return;
	}
	for (int i = 0; i < PATIENCE; i++) {
		(void)wait_for(64, PATIENCE_STEP);
		if (seen[fd].events & ROTA__FAILED) {
			ck_err(seen[fd].error, error);
			return;
		}
	}
	ck_abort_msg("nothing was said of the bad descriptor %d", fd);
}

BACKEND_TEST(a_closed_descriptor_fails_and_its_neighbours_do_not)
{
	int good[2];
	int bad[2];

	harness_pipe(good);
	harness_pipe(bad);
	harness_close_pair(bad);
	harness_put(good[1], 'x');
	ck_ok(tell(good[0], ROTA__READABLE));
	ck_fails(bad[0], tell(bad[0], ROTA__READABLE), -EBADF);
	ck_fails(bad[1], tell(bad[1], ROTA__WRITABLE), -EBADF);
	ck_assert_uint_eq(next_of(good[0]), ROTA__READABLE);
	ck_assert_int_eq(wait_for(64, 0), 1);
	harness_close_pair(good);
}

BACKEND_TEST(many_closed_descriptors_fail_in_one_go)
{
	int good[2];
	int bad[40][2];
	unsigned n_failed = 0;

	harness_pipe(good);
	harness_put(good[1], 'x');
	for (int i = 0; i < 40; i++)
		harness_pipe(bad[i]);
	for (int i = 0; i < 40; i++)
		harness_close_pair(bad[i]);
	for (int i = 0; i < 40; i++)
		n_failed += tell(bad[i][0], ROTA__READABLE) == -EBADF;
	ck_ok(tell(good[0], ROTA__READABLE));
	for (int k = 0; k < PATIENCE && n_failed < 40; k++) {
		(void)wait_for(64, PATIENCE_STEP);
		for (int i = 0; i < 40; i++) {
			if (seen[bad[i][0]].events & ROTA__FAILED) {
				ck_err(seen[bad[i][0]].error, -EBADF);
				n_failed++;
			}
		}
	}
	ck_assert_uint_eq(n_failed, 40);
	ck_assert_uint_eq(next_of(good[0]), ROTA__READABLE);
	harness_close_pair(good);
}

/* A kernel may forget it in silence, or fail it; it must not spin. */
BACKEND_TEST(one_closed_after_being_told_disturbs_nobody)
{
	int good[2];
	int bad[2];

	harness_pipe(good);
	harness_pipe(bad);
	ck_ok(tell(good[0], ROTA__READABLE));
	ck_ok(tell(bad[0], ROTA__READABLE));
	ck_assert_int_eq(wait_for(64, 0), 0);
	harness_close_pair(bad);
	(void)wait_for(64, 0);
	if (seen[bad[0]].events != 0)
		ck_assert_uint_eq(seen[bad[0]].events, ROTA__FAILED);
	ck_ok(tell(bad[0], 0));
	ck_assert_int_eq(wait_for(64, 0), 0);
	harness_put(good[1], 'x');
	ck_assert_uint_eq(next_of(good[0]), ROTA__READABLE);
	harness_close_pair(good);
}

BACKEND_TEST(a_change_of_wish_on_a_closed_descriptor_fails)
{
	int bad[2];

	harness_socketpair(bad);
	ck_ok(tell(bad[0], ROTA__READABLE));
	ck_assert_int_eq(wait_for(64, 0), 0);
	harness_close_pair(bad);
	ck_fails(bad[0], tell(bad[0], ROTA__READABLE | ROTA__WRITABLE), -EBADF);
	ck_assert_int_eq(wait_for(64, 0), 0);
}

/* Closes a pair and makes another one with the same numbers. */
static void
reopen(int fds[2])
{
	int again[2];

	harness_close_pair(fds);
	harness_socketpair(again);
	ck_assert_int_eq(again[0], fds[0]);
	ck_assert_int_eq(again[1], fds[1]);
}

BACKEND_TEST(a_reopened_number_is_watched_anew)
{
	int fds[2];

	harness_socketpair(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	ck_assert_int_eq(wait_for(64, 0), 0);
	reopen(fds);
	ck_ok(tell_anew(fds[0], ROTA__READABLE, 2, 1));
	ck_assert_int_eq(wait_for(64, 0), 0);
	harness_put(fds[1], 'x');
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	ck_generation(fds[0]);
	harness_close_pair(fds);
}

BACKEND_TEST(a_reopened_number_can_have_another_wish)
{
	int fds[2];

	harness_socketpair(fds);
	for (unsigned from = 1; from < 4; from++) {
		for (unsigned to = 1; to < 4; to++) {
			ck_ok(tell_anew(fds[0], from, 2 * from, 0));
			(void)wait_for(64, 0);
			reopen(fds);
			harness_put(fds[1], 'x');
			ck_ok(tell_anew(fds[0], to, 2 * from + 1, 1));
			ck_assert_uint_eq(next_of(fds[0]), to);
			ck_generation(fds[0]);
			ck_ok(tell(fds[0], 0));
		}
	}
	harness_close_pair(fds);
}

BACKEND_TEST(a_number_that_was_not_reopened_may_be_told_so)
{
	int fds[2];

	harness_socketpair(fds);
	harness_put(fds[1], 'x');
	ck_ok(tell_anew(fds[0], ROTA__READABLE, 1, 0));
	(void)wait_for(64, 0);
	ck_ok(tell_anew(fds[0], ROTA__READABLE, 2, 1));
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	ck_generation(fds[0]);
	ck_ok(tell_anew(fds[0], ROTA__WRITABLE, 3, 1));
	ck_assert_uint_eq(next_of(fds[0]), ROTA__WRITABLE);
	ck_generation(fds[0]);
	harness_close_pair(fds);
}

BACKEND_TEST(a_reopened_number_whose_new_file_is_bad_fails)
{
	int fds[2];

	harness_socketpair(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	(void)wait_for(64, 0);
	harness_close_pair(fds);
	ck_fails(fds[0], tell_anew(fds[0], ROTA__READABLE, 2, 1), -EBADF);
	ck_assert_int_eq(wait_for(64, 0), 0);
}

BACKEND_TEST(a_number_reopened_as_a_file_becomes_always_ready)
{
	int fds[2];
	int file;

	harness_socketpair(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	(void)wait_for(64, 0);
	file = open_unlinked("content");
	ck_assert_int_eq(dup2(file, fds[0]), fds[0]);
	ck_assert_int_eq(close(file), 0);
	ck_ok(tell_anew(fds[0], ROTA__READABLE, 2, 1));
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	harness_close_pair(fds);
}

/* epoll(7): what was told stays as long as any copy is open. */
BACKEND_TEST(reports_of_a_copy_left_behind_carry_the_old_generation)
{
	int fds[2];
	int copy;
	int peer;

	harness_socketpair(fds);
	peer = dup(fds[1]);
	copy = dup(fds[0]);
	ck_ok(tell_anew(fds[0], ROTA__READABLE, 1, 0));
	ck_assert_int_eq(wait_for(64, 0), 0);
	reopen(fds);
	ck_ok(tell_anew(fds[0], ROTA__READABLE, 2, 1));
	harness_put(peer, 'x');
	(void)wait_for(64, 20 * ROTA_MILLISECOND);
	if (seen[fds[0]].n != 0)
		ck_assert_uint_eq(seen[fds[0]].generation, 1);
	ck_assert_int_eq(close(copy), 0);
	ck_assert_int_eq(close(peer), 0);
	ck_assert_int_eq(wait_for(64, 0), 0);
	harness_put(fds[1], 'x');
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	ck_generation(fds[0]);
	harness_close_pair(fds);
}

BACKEND_TEST(a_wish_taken_back_before_the_close_leaves_no_copy_behind)
{
	int fds[2];
	int copy;

	harness_socketpair(fds);
	copy = dup(fds[0]);
	ck_ok(tell(fds[0], ROTA__READABLE));
	(void)wait_for(64, 0);
	ck_ok(tell(fds[0], 0));
	ck_assert_int_eq(close(fds[0]), 0);
	harness_put(fds[1], 'x');
	ck_assert_int_eq(wait_for(64, 0), 0);
	ck_assert_int_eq(close(fds[1]), 0);
	ck_assert_int_eq(close(copy), 0);
}

static void
tell_will_close(int fd)
{
	struct rota__wish wish = { .fd = fd,
		.generation = known[fd].generation,
		.told = known[fd].told,
		.will_close = 1 };

	ck_ok(tell_wish(&wish));
}

BACKEND_TEST(a_close_announced_leaves_nothing_behind)
{
	int fds[2];

	harness_socketpair(fds);
	ck_ok(tell(fds[0], ROTA__READABLE | ROTA__WRITABLE));
	(void)wait_for(64, 0);
	tell_will_close(fds[0]);
	reopen(fds);
	harness_put(fds[1], 'x');
	ck_assert_int_eq(wait_for(64, 0), 0);
	ck_ok(tell_anew(fds[0], ROTA__READABLE, 2, 0));
	ck_assert_uint_eq(next_of(fds[0]), ROTA__READABLE);
	ck_generation(fds[0]);
	harness_close_pair(fds);
}

BACKEND_TEST(a_close_announced_before_the_first_wait_leaves_nothing_behind)
{
	int fds[2];

	harness_socketpair(fds);
	ck_ok(tell(fds[0], ROTA__READABLE));
	tell_will_close(fds[0]);
	reopen(fds);
	harness_put(fds[1], 'x');
	(void)wait_for(64, 0);
	/* A report of the old wish is harmless: it names its generation. */
	if (seen[fds[0]].n != 0)
		ck_assert_uint_eq(seen[fds[0]].generation, 1);
	ck_ok(tell_anew(fds[0], ROTA__WRITABLE, 2, 0));
	(void)next_of(fds[0]);
	(void)wait_for(64, 0);
	ck_assert_uint_eq(seen[fds[0]].events, ROTA__WRITABLE);
	ck_generation(fds[0]);
	harness_close_pair(fds);
}

BACKEND_TEST(two_numbers_of_one_description_are_told_apart)
{
	int fds[2];
	int copy;

	harness_socketpair(fds);
	copy = dup(fds[0]);
	harness_put(fds[1], 'x');
	ck_ok(tell(fds[0], ROTA__READABLE));
	ck_ok(tell(copy, ROTA__WRITABLE));
	(void)wait_for(64, 0);
	ck_assert_uint_eq(seen[fds[0]].events, ROTA__READABLE);
	ck_assert_uint_eq(seen[copy].events, ROTA__WRITABLE);
	ck_ok(tell(copy, 0));
	ck_assert_uint_eq(now_of(fds[0]), ROTA__READABLE);
	ck_assert_uint_eq(seen[copy].events, 0);
	ck_assert_int_eq(close(copy), 0);
	harness_close_pair(fds);
}

/* Memory ****************************************************************/

static unsigned n_more_blocks;

static void *
give_a_few(void *data, void *block, size_t size_bytes)
{
	if (size_bytes != 0 && n_more_blocks-- == 0) {
		n_more_blocks = 0;
		return NULL;
	}
	return harness_realloc(data, block, size_bytes);
}

BACKEND_TEST(a_wish_without_memory_fails_alone_and_can_be_told_again)
{
	int pairs[100][2];

	close_backend();
	memory.realloc = give_a_few;
	n_more_blocks = 1000;
	open_backend();
	n_more_blocks = 0;
	for (int i = 0; i < 100; i++) {
		harness_pipe(pairs[i]);
		harness_put(pairs[i][1], 'x');
		if (tell(pairs[i][0], ROTA__READABLE) == 0)
			continue;
		n_more_blocks = 1000;
		ck_ok(tell(pairs[i][0], ROTA__READABLE));
		n_more_blocks = 0;
	}
	n_more_blocks = 1000;
	(void)wait_for(200, 0);
	for (int i = 0; i < 100; i++) {
		ck_assert_uint_eq(seen[pairs[i][0]].events, ROTA__READABLE);
		ck_ok(tell(pairs[i][0], 0));
		harness_close_pair(pairs[i]);
	}
}

BACKEND_TEST(taking_a_wish_back_needs_no_memory)
{
	int pairs[100][2];

	close_backend();
	memory.realloc = give_a_few;
	n_more_blocks = 1000;
	open_backend();
	for (int i = 0; i < 100; i++) {
		harness_pipe(pairs[i]);
		harness_put(pairs[i][1], 'x');
		ck_ok(tell(pairs[i][0], ROTA__READABLE));
	}
	(void)wait_for(200, 0);
	n_more_blocks = 0;
	for (int i = 0; i < 100; i++)
		ck_ok(tell(pairs[i][0], 0));
	ck_assert_int_eq(wait_for(200, 0), 0);
	for (int i = 0; i < 100; i++)
		harness_close_pair(pairs[i]);
}

/* Random actions against poll(2) ****************************************/

#define N_PAIRS 20

static uint32_t seed;

static uint32_t
random_below(uint32_t limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % limit;
}

/* What poll(2) says that a descriptor is. */
static unsigned
truth_of(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN | POLLOUT };

	ck_assert_int_ge(poll(&one, 1, 0), 0);
	return (one.revents & POLLIN ? ROTA__READABLE : 0U) |
		(one.revents & POLLOUT ? ROTA__WRITABLE : 0U);
}

static void
act_on(int fds[2])
{
	int at = (int)random_below(2);
	unsigned wanted = random_below(4);

	switch (random_below(6)) {
	case 0:
		(void)(write(fds[at], "x", 1) == 1);
		break;
	case 1:
		drain(fds[at]);
		break;
	case 2:
		fill(fds[at]);
		break;
	case 3:
		reopen(fds);
		for (int i = 0; i < 2; i++)
			if (known[fds[i]].told != 0)
				ck_ok(tell_anew(fds[i], known[fds[i]].told,
					known[fds[i]].generation + 1, 1));
		break;
	default:
		if (wanted != known[fds[at]].told)
			ck_ok(tell(fds[at], wanted));
	}
}

BACKEND_TEST(random_wishes_agree_with_poll)
{
	int pairs[N_PAIRS][2];

	for (int i = 0; i < N_PAIRS; i++)
		harness_socketpair(pairs[i]);
	seed = 2463534242U;
	for (unsigned n = harness_scale(3000); n-- > 0;) {
		for (unsigned k = random_below(8); k-- > 0;)
			act_on(pairs[random_below(N_PAIRS)]);
		(void)wait_for(4 * N_PAIRS, 0);
		for (int i = 0; i < 2 * N_PAIRS; i++) {
			int fd = pairs[i / 2][i % 2];

			ck_assert_uint_eq(
				seen[fd].events, truth_of(fd) & known[fd].told);
			ck_generation(fd);
		}
	}
	for (int i = 0; i < N_PAIRS; i++)
		harness_close_pair(pairs[i]);
}

START_TEST(poll_and_select_are_in_every_build)
{
	int n = 0;

	for (unsigned i = 0; i < rota__n_backends; i++)
		n += rota__backends[i].backend != NULL &&
			(strcmp(rota__backends[i].name, "poll") == 0 ||
				strcmp(rota__backends[i].name, "select") == 0);
	ck_assert_int_eq(n, 2);
}
END_TEST

static void
add_life_tests(TCase *tc)
{
	tcase_add_test(tc, poll_and_select_are_in_every_build);
	add(tc, opening_again_and_again_leaks_nothing);
	add(tc, closing_with_descriptors_told_leaks_nothing);
	add(tc, two_of_one_kind_do_not_know_of_each_other);
	add(tc, its_name_is_that_of_the_registry);
	add(tc, a_child_that_closes_it_as_forked_does_not_disturb_the_parent);
	add(tc, a_child_can_close_it_as_forked_and_open_it_anew);
	add(tc, its_descriptor_is_readable_when_something_is_ready);
	add(tc, its_descriptor_is_good_after_a_wait_without_room);
	add(tc, a_failure_found_by_a_wait_without_room_is_held);
	add(tc, its_descriptor_is_closed_on_exec);
}

static void
add_readiness_tests(TCase *tc)
{
	add(tc, nothing_told_is_nothing_reported);
	add(tc, a_pipe_with_a_byte_is_readable_as_long_as_it_has_one);
	add(tc, a_pipe_is_writable_until_it_is_full);
	add(tc, a_pipe_without_writer_is_readable);
	add(tc, a_pipe_whose_reader_goes_becomes_writable_and_stays_so);
	add(tc, a_pipe_whose_reader_is_gone_already_is_writable);
	add(tc, a_peer_that_ends_its_sending_makes_readable);
	add(tc, hang_up_is_reported_if_wished_and_the_backend_can);
	add(tc, a_dead_socket_says_so_whatever_is_wished);
	add(tc, a_peer_that_ends_its_sending_is_not_dead);
	add(tc, hang_up_alone_is_reported_while_bytes_are_unread);
	add(tc, urgent_data_is_reported_where_the_backend_can);
	add(tc, a_refused_connect_makes_writable);
	add(tc, a_listener_with_a_connection_is_readable);
	add(tc, an_empty_datagram_makes_readable);
}

static void
add_wish_tests(TCase *tc)
{
	add(tc, only_what_is_wished_is_reported_after_every_change);
	add(tc, changes_without_a_wait_between_end_in_the_last_one);
	add(tc, an_empty_wish_never_spins_on_a_dead_descriptor);
	add(tc, a_wish_with_a_new_generation_is_reported_with_it);
	add(tc, taking_one_away_leaves_its_neighbours);
	add(tc, an_edge_is_reported_once_per_change);
	add(tc, an_edge_that_was_there_before_the_wish_is_reported);
	add(tc, an_edge_can_become_a_level_and_an_edge_again);
	add(tc, random_wishes_agree_with_poll);
}

static void
add_many_tests(TCase *tc)
{
	add(tc, of_many_ready_at_once_all_are_reported_through_a_small_array);
	add(tc, of_many_ready_at_once_each_gets_its_share);
	add(tc, one_that_becomes_ready_among_many_ready_ones_is_reported_soon);
	add(tc, room_for_a_single_report_rotates);
	add(tc, high_descriptors_work);
}

static void
add_time_tests(TCase *tc)
{
	add(tc, a_wait_never_ends_before_its_time);
	add(tc, a_wait_with_a_wish_never_ends_before_its_time);
	add(tc, a_wait_of_no_time_does_not_wait);
	add(tc, a_wait_for_ever_ends_with_an_event);
	add(tc, a_wait_of_any_length_is_cut_short_by_an_event);
	add(tc, a_signal_ends_a_wait_with_nothing);
}

static void
add_file_tests(TCase *tc)
{
	add(tc, a_regular_file_is_always_ready);
	add(tc, an_empty_file_is_always_ready);
	add(tc, a_file_read_to_its_end_is_always_ready);
	add(tc, a_directory_is_always_ready);
	add(tc, dev_null_and_dev_zero_are_always_ready);
	add(tc, dev_null_is_neither_hung_up_nor_dead);
}

static void
add_reopen_tests(TCase *tc)
{
	add(tc, a_closed_descriptor_fails_and_its_neighbours_do_not);
	add(tc, many_closed_descriptors_fail_in_one_go);
	add(tc, one_closed_after_being_told_disturbs_nobody);
	add(tc, a_change_of_wish_on_a_closed_descriptor_fails);
	add(tc, a_reopened_number_is_watched_anew);
	add(tc, a_reopened_number_can_have_another_wish);
	add(tc, a_number_that_was_not_reopened_may_be_told_so);
	add(tc, a_reopened_number_whose_new_file_is_bad_fails);
	add(tc, a_number_reopened_as_a_file_becomes_always_ready);
	add(tc, reports_of_a_copy_left_behind_carry_the_old_generation);
	add(tc, a_wish_taken_back_before_the_close_leaves_no_copy_behind);
	add(tc, a_close_announced_leaves_nothing_behind);
	add(tc, a_close_announced_before_the_first_wait_leaves_nothing_behind);
	add(tc, two_numbers_of_one_description_are_told_apart);
}

static void
add_cases(Suite *suite)
{
	TCase *tc;

	add_life_tests(harness_case(suite, "life"));
	add_readiness_tests(harness_case(suite, "readiness"));
	add_wish_tests(harness_case(suite, "wishes"));
	add_many_tests(harness_case(suite, "many"));
	add_time_tests(harness_case(suite, "time"));
	add_file_tests(harness_case(suite, "files"));
	add_reopen_tests(harness_case(suite, "reopened"));
	tc = harness_case(suite, "memory");
	add(tc, a_wish_without_memory_fails_alone_and_can_be_told_again);
	add(tc, taking_a_wish_back_needs_no_memory);
}

HARNESS_MAIN("backend", add_cases)
