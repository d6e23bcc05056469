/* SPDX-License-Identifier: MIT */
/*
 * Watchers of descriptors, with every backend: what they are told, several
 * on one descriptor, and descriptors that are closed behind their back.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/loop.h"
#include "tests/harness.h"

#define BOTH (ROTA_READABLE | ROTA_WRITABLE)

/* How long we look whether a loop spins, and how many turns are no spin. */
#define LOOK_NS (20 * ROTA_MILLISECOND)
#define FEW_TURNS 20

/* How often we look for what must come. */
#define PATIENCE 1000

/* A watcher that leaves its letter, and keeps what it was told last. */
struct watcher {
	struct rota_io io;
	char letter;
	unsigned ready;
	unsigned n_calls;
	struct watcher *other;
};

static void
on_ready(struct rota_io *io, unsigned ready)
{
	struct watcher *watcher = (struct watcher *)io;

	trace(watcher->letter);
	watcher->ready = ready;
	watcher->n_calls++;
}

static void
init_watcher(struct watcher *watcher, int fd, char letter)
{
	memset(watcher, 0, sizeof(*watcher));
	watcher->letter = letter;
	ck_ok(rota_io_init(loop, &watcher->io, fd));
}

static void
watch(struct watcher *watcher, int fd, unsigned events, char letter,
	rota_io_fn *fn)
{
	init_watcher(watcher, fd, letter);
	ck_ok(rota_io_start(&watcher->io, events, fn));
}

static void
close_watcher(struct watcher *watcher)
{
	ck_ok(rota_handle_close(&watcher->io.handle, NULL));
}

/* One turn without waiting; returns what it has traced. */
static const char *
turn(void)
{
	trace_reset();
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	return trace_text();
}

#define ck_turn(expected) ck_assert_str_eq(turn(), (expected))

/* Turns until the watcher was told something, which it returns. */
static unsigned
next_of(struct watcher *watcher)
{
	watcher->n_calls = 0;
	for (int i = 0; i < PATIENCE && watcher->n_calls == 0; i++) {
		if (i > 10)
			(void)usleep(1000);
		(void)turn();
	}
	ck_assert_msg(watcher->n_calls > 0, "watcher %c was told nothing",
		watcher->letter);
	return watcher->ready;
}

static int
can(unsigned capability)
{
	return (rota_loop_capabilities(loop) & capability) != 0;
}

static unsigned n_turns;

static void
count_turn(struct rota_hook *hook)
{
	(void)hook;
	n_turns++;
}

static void
on_time(struct rota_timer *timer)
{
	ck_ok(rota_loop_stop(rota_handle_loop(&timer->handle)));
}

/* Lets the loop run as it likes, and fails the test if it spins. */
static void
ck_rests(void)
{
	struct rota_timer timer;
	struct rota_hook hook;

	n_turns = 0;
	ck_ok(rota_prepare_init(loop, &hook));
	ck_ok(rota_hook_start(&hook, count_turn));
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, LOOK_NS, 0, on_time));
	(void)run_once_checked(ROTA_RUN_DEFAULT);
	ck_assert_uint_lt(n_turns, FEW_TURNS);
	ck_ok(rota_handle_close(&hook.handle, NULL));
	ck_ok(rota_handle_close(&timer.handle, NULL));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
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

/* A pair with a byte to be read from [0]. */
static void
ready_pair(int ret_fds[2])
{
	harness_socketpair(ret_fds);
	harness_put(ret_fds[1], 'x');
}

/* Makes a pair of which [0] has the number of fds[0], which gets closed. */
static void
reopen(int fds[2])
{
	int again[2];

	harness_socketpair(again);
	ck_assert_int_eq(dup2(again[0], fds[0]), fds[0]);
	ck_assert_int_eq(close(again[0]), 0);
	ck_assert_int_eq(close(fds[1]), 0);
	fds[1] = again[1];
}

static void
fill(int fd)
{
	static const char bytes[4096];

	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
}

/* The public door *****************************************************/

LOOP_TEST(a_watcher_tells_its_descriptor_and_wish)
{
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	init_watcher(&a, fds[0], 'A');
	ck_err(rota_io_fd(&a.io), fds[0]);
	ck_assert_uint_eq(rota_io_events(&a.io), 0);
	ck_ok(rota_io_error(&a.io));
	ck_err(rota_handle_is_active(&a.io.handle), 0);
	ck_ok(rota_io_start(&a.io, BOTH, on_ready));
	ck_assert_uint_eq(rota_io_events(&a.io), BOTH);
	ck_err(rota_handle_is_active(&a.io.handle), 1);
	ck_ok(rota_io_stop(&a.io));
	ck_assert_uint_eq(rota_io_events(&a.io), 0);
	close_all();
	ck_err(rota_io_fd(&a.io), -1);
	harness_close_pair(fds);
}

START_TEST(null_is_no_watcher)
{
	(void)_i;
	ck_err(rota_io_init(NULL, NULL, 0), -EINVAL);
	ck_err(rota_io_start(NULL, ROTA_READABLE, on_ready), -EINVAL);
	ck_err(rota_io_stop(NULL), -EINVAL);
	ck_err(rota_io_rebind(NULL, 0), -EINVAL);
	ck_err(rota_io_fd(NULL), -1);
	ck_assert_uint_eq(rota_io_events(NULL), 0);
	ck_ok(rota_io_error(NULL));
}
END_TEST

LOOP_TEST(a_descriptor_that_is_not_open_is_refused)
{
	struct rota_io io;
	int fds[2];

	harness_socketpair(fds);
	harness_close_pair(fds);
	ck_err(rota_io_init(loop, &io, -1), -EBADF);
	ck_err(rota_io_init(loop, &io, fds[0]), -EBADF);
	ck_err(rota_io_init(loop, &io, INT_MAX), -EBADF);
	ck_err(rota_io_init(loop, NULL, 0), -EINVAL);
}

LOOP_TEST(a_wish_that_makes_no_sense_changes_nothing)
{
	static const unsigned bad[] = { 0, ROTA_EDGE, ROTA_FAILED,
		ROTA_READABLE | ROTA_FAILED, ROTA_READABLE | 1U << 6,
		UINT_MAX };
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], ROTA_WRITABLE, 'A', on_ready);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_err(rota_io_start(&a.io, bad[i], on_ready), -EINVAL);
	ck_err(rota_io_start(&a.io, ROTA_READABLE, NULL), -EINVAL);
	ck_assert_uint_eq(rota_io_events(&a.io), ROTA_WRITABLE);
	ck_turn("A");
	close_watcher(&a);
	ck_err(rota_io_start(&a.io, ROTA_READABLE, on_ready), -EINVAL);
	ck_err(rota_io_rebind(&a.io, fds[1]), -EINVAL);
	ck_ok(rota_io_stop(&a.io));
	close_all();
	ck_err(rota_io_start(&a.io, ROTA_READABLE, on_ready), -EINVAL);
	ck_err(rota_io_rebind(&a.io, fds[1]), -EINVAL);
	harness_close_pair(fds);
}

LOOP_TEST(the_descriptor_and_its_flags_stay_the_programs)
{
	struct watcher a;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	ck_turn("");
	ck_assert_int_eq(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, 0);
	close_all();
	ck_assert_int_ne(fcntl(fds[0], F_GETFD), -1);
	harness_close_pair(fds);
}

/* Being told **********************************************************/

LOOP_TEST(a_watcher_is_told_as_long_as_there_is_something_to_read)
{
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	ck_turn("");
	harness_put(fds[1], 'x');
	ck_turn("A");
	ck_turn("A");
	ck_assert_uint_eq(a.ready, ROTA_READABLE);
	harness_drain(fds[0]);
	ck_turn("");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_watcher_is_told_as_long_as_there_is_room)
{
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], ROTA_WRITABLE, 'A', on_ready);
	ck_turn("A");
	ck_turn("A");
	ck_assert_uint_eq(a.ready, ROTA_WRITABLE);
	fill(fds[0]);
	ck_turn("");
	harness_drain(fds[1]);
	ck_turn("A");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(reading_and_writing_are_told_in_one_call)
{
	struct watcher a;
	int fds[2];

	ready_pair(fds);
	watch(&a, fds[0], BOTH, 'A', on_ready);
	ck_turn("A");
	ck_assert_uint_eq(a.ready, BOTH);
	harness_drain(fds[0]);
	ck_turn("A");
	ck_assert_uint_eq(a.ready, ROTA_WRITABLE);
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_change_of_wish_counts_from_the_next_wait)
{
	static const unsigned wishes[] = { ROTA_READABLE, ROTA_WRITABLE, BOTH,
		ROTA_WRITABLE, ROTA_READABLE, BOTH };
	struct watcher a;
	int fds[2];

	ready_pair(fds);
	init_watcher(&a, fds[0], 'A');
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		ck_ok(rota_io_start(&a.io, wishes[i], on_ready));
		ck_turn("A");
		ck_assert_uint_eq(a.ready, wishes[i]);
	}
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(an_end_of_file_is_readable)
{
	struct watcher a;
	char byte;
	int fds[2];

	harness_pipe(fds);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	ck_turn("");
	ck_assert_int_eq(close(fds[1]), 0);
	ck_turn("A");
	ck_assert_uint_eq(a.ready, ROTA_READABLE);
	ck_assert_int_eq((int)read(fds[0], &byte, 1), 0);
	ck_turn("A");
	close_all();
	ck_assert_int_eq(close(fds[0]), 0);
}

LOOP_TEST(a_pipe_without_reader_is_writable)
{
	struct watcher a;
	int fds[2];

	harness_pipe(fds);
	fill(fds[1]);
	watch(&a, fds[1], ROTA_WRITABLE, 'A', on_ready);
	ck_turn("");
	ck_assert_int_eq(close(fds[0]), 0);
	ck_turn("A");
	ck_turn("A");
	ck_assert_uint_eq(a.ready, ROTA_WRITABLE);
	close_all();
	ck_assert_int_eq(close(fds[1]), 0);
}

LOOP_TEST(urgent_data_is_told_where_the_backend_can)
{
	struct watcher a;
	int fds[2];

	harness_tcp_pair(fds);
	watch(&a, fds[0], ROTA_PRIORITY, 'A', on_ready);
	ck_turn("");
	ck_assert_int_eq((int)send(fds[1], "!", 1, MSG_OOB), 1);
	if (can(ROTA_BACKEND_PRIORITY))
		ck_assert_uint_eq(next_of(&a), ROTA_PRIORITY);
	else
		ck_turn("");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_hang_up_asked_for_is_told_where_the_backend_can)
{
	struct watcher a;
	int fds[2];

	harness_tcp_pair(fds);
	watch(&a, fds[0], ROTA_HANGUP, 'A', on_ready);
	harness_put(fds[1], 'x');
	ck_turn("");
	ck_assert_int_eq(shutdown(fds[1], SHUT_WR), 0);
	if (can(ROTA_BACKEND_HANGUP))
		ck_assert_uint_eq(next_of(&a), ROTA_HANGUP);
	else
		ck_rests();
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_hang_up_not_asked_for_is_only_readable)
{
	struct watcher a;
	int fds[2];

	harness_tcp_pair(fds);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	ck_assert_int_eq(shutdown(fds[1], SHUT_WR), 0);
	ck_assert_uint_eq(next_of(&a), ROTA_READABLE);
	close_all();
	harness_close_pair(fds);
}

/* Whoever asks for what can no more come hears of the end unasked. */
LOOP_TEST(a_dead_descriptor_is_told_to_a_wish_that_cannot_say_so)
{
	struct watcher a;
	struct watcher b;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], ROTA_PRIORITY, 'A', on_ready);
	watch(&b, fds[0], ROTA_READABLE, 'B', on_ready);
	ck_turn("");
	ck_assert_int_eq(close(fds[1]), 0);
	ck_assert_uint_eq(next_of(&b), ROTA_READABLE);
	if (can(ROTA_BACKEND_HANGUP) && can(ROTA_BACKEND_PRIORITY))
		ck_assert_uint_eq(next_of(&a), ROTA_HANGUP);
	close_all();
	ck_assert_int_eq(close(fds[0]), 0);
}

static void
reset(int fd)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)),
		0);
	ck_assert_int_eq(close(fd), 0);
}

/* The kernel may still move bytes about: the writer may be told before. */
LOOP_TEST(a_peer_that_resets_is_told_to_reader_and_writer)
{
	struct watcher a;
	struct watcher b;
	char byte;
	int fds[2];

	harness_tcp_pair(fds);
	fill(fds[0]);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	watch(&b, fds[0], ROTA_WRITABLE, 'B', on_ready);
	(void)turn();
	reset(fds[1]);
	ck_assert_uint_eq(next_of(&a), ROTA_READABLE);
	ck_assert_uint_eq(next_of(&b), ROTA_WRITABLE);
	ck_assert_int_eq((int)read(fds[0], &byte, 1), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	close_all();
	ck_assert_int_eq(close(fds[0]), 0);
}

/* Resting *************************************************************/

LOOP_TEST(a_stopped_watcher_does_not_spin_on_a_hang_up)
{
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], BOTH, 'A', on_ready);
	ck_turn("A");
	ck_ok(rota_io_stop(&a.io));
	ck_assert_int_eq(close(fds[1]), 0);
	trace_reset();
	ck_rests();
	ck_trace("");
	close_all();
	ck_assert_int_eq(close(fds[0]), 0);
}

LOOP_TEST(a_watcher_never_started_does_not_spin_on_a_hang_up)
{
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	init_watcher(&a, fds[0], 'A');
	ck_assert_int_eq(close(fds[1]), 0);
	ck_rests();
	ck_trace("");
	close_all();
	ck_assert_int_eq(close(fds[0]), 0);
}

LOOP_TEST(a_watcher_stopped_on_a_reset_peer_does_not_spin)
{
	struct watcher a;
	int fds[2];

	harness_tcp_pair(fds);
	watch(&a, fds[0], BOTH, 'A', on_ready);
	reset(fds[1]);
	while (!(next_of(&a) & ROTA_READABLE))
		;
	ck_ok(rota_io_stop(&a.io));
	ck_rests();
	close_all();
	ck_assert_int_eq(close(fds[0]), 0);
}

LOOP_TEST(a_watcher_closed_on_a_dead_descriptor_does_not_spin)
{
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	ck_assert_int_eq(close(fds[1]), 0);
	ck_turn("A");
	close_watcher(&a);
	ck_rests();
	ck_trace("A");
	ck_assert_int_eq(close(fds[0]), 0);
}

/* Several on one descriptor *******************************************/

static void
stop_other(struct rota_io *io, unsigned ready)
{
	on_ready(io, ready);
	ck_ok(rota_io_stop(&((struct watcher *)io)->other->io));
}

static void
close_other(struct rota_io *io, unsigned ready)
{
	on_ready(io, ready);
	close_watcher(((struct watcher *)io)->other);
}

static void
stop_self(struct rota_io *io, unsigned ready)
{
	on_ready(io, ready);
	ck_ok(rota_io_stop(io));
}

static void
close_self(struct rota_io *io, unsigned ready)
{
	on_ready(io, ready);
	close_watcher((struct watcher *)io);
}

LOOP_TEST(each_of_several_is_told_its_wish_readers_first)
{
	struct watcher w[4];
	int fds[2];

	ready_pair(fds);
	watch(&w[0], fds[0], ROTA_WRITABLE, 'A', on_ready);
	watch(&w[1], fds[0], ROTA_READABLE, 'B', on_ready);
	watch(&w[2], fds[0], ROTA_WRITABLE, 'C', on_ready);
	watch(&w[3], fds[0], BOTH, 'D', on_ready);
	ck_turn("BDAC");
	ck_assert_uint_eq(w[0].ready, ROTA_WRITABLE);
	ck_assert_uint_eq(w[1].ready, ROTA_READABLE);
	ck_assert_uint_eq(w[2].ready, ROTA_WRITABLE);
	ck_assert_uint_eq(w[3].ready, BOTH);
	harness_drain(fds[0]);
	ck_turn("ACD");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(stopping_one_of_several_leaves_the_wishes_of_the_others)
{
	struct watcher a;
	struct watcher b;
	int fds[2];

	ready_pair(fds);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	watch(&b, fds[0], BOTH, 'B', on_ready);
	ck_turn("AB");
	ck_ok(rota_io_stop(&b.io));
	ck_turn("A");
	ck_ok(rota_io_start(&b.io, ROTA_WRITABLE, on_ready));
	close_watcher(&a);
	ck_turn("B");
	ck_assert_uint_eq(b.ready, ROTA_WRITABLE);
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(one_stopped_by_its_neighbour_is_not_told)
{
	struct watcher w[3];
	int fds[2];

	ready_pair(fds);
	watch(&w[0], fds[0], ROTA_READABLE, 'A', stop_other);
	watch(&w[1], fds[0], ROTA_READABLE, 'B', on_ready);
	watch(&w[2], fds[0], ROTA_READABLE, 'C', on_ready);
	w[0].other = &w[1];
	ck_turn("AC");
	ck_turn("AC");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(one_closed_by_its_neighbour_is_not_told)
{
	struct watcher w[3];
	int fds[2];

	ready_pair(fds);
	watch(&w[0], fds[0], ROTA_READABLE, 'A', close_other);
	watch(&w[1], fds[0], BOTH, 'B', on_ready);
	watch(&w[2], fds[0], BOTH, 'C', stop_self);
	w[0].other = &w[1];
	ck_turn("AC");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_writer_closed_by_a_reader_is_not_told)
{
	struct watcher a;
	struct watcher b;
	int fds[2];

	ready_pair(fds);
	watch(&b, fds[0], ROTA_WRITABLE, 'B', on_ready);
	watch(&a, fds[0], ROTA_READABLE, 'A', close_other);
	a.other = &b;
	ck_turn("A");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(one_that_stops_an_earlier_one_does_not_skip_a_later_one)
{
	struct watcher w[3];
	int fds[2];

	ready_pair(fds);
	watch(&w[0], fds[0], ROTA_READABLE, 'A', on_ready);
	watch(&w[1], fds[0], ROTA_READABLE, 'B', stop_other);
	watch(&w[2], fds[0], ROTA_READABLE, 'C', on_ready);
	w[1].other = &w[0];
	ck_turn("ABC");
	ck_turn("BC");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(all_of_several_may_close_themselves)
{
	struct watcher w[8];
	int fds[2];

	ready_pair(fds);
	for (int i = 0; i < 8; i++)
		watch(&w[i], fds[0], i % 2 ? BOTH : ROTA_READABLE,
			(char)('A' + i), i % 3 ? close_self : stop_self);
	ck_turn("ABCDEFGH");
	ck_turn("");
	close_all();
	harness_close_pair(fds);
}

static void
restart_other(struct rota_io *io, unsigned ready)
{
	struct watcher *other = ((struct watcher *)io)->other;

	on_ready(io, ready);
	ck_ok(rota_io_stop(&other->io));
	ck_ok(rota_io_start(&other->io, ROTA_READABLE, on_ready));
	ck_ok(rota_io_start(io, ROTA_READABLE, on_ready));
}

LOOP_TEST(one_restarted_by_its_neighbour_is_told_in_the_next_turn)
{
	struct watcher w[3];
	int fds[2];

	ready_pair(fds);
	watch(&w[0], fds[0], ROTA_READABLE, 'A', restart_other);
	watch(&w[1], fds[0], ROTA_READABLE, 'B', on_ready);
	watch(&w[2], fds[0], ROTA_READABLE, 'C', on_ready);
	w[0].other = &w[1];
	ck_turn("AC");
	ck_turn("ACB");
	close_all();
	harness_close_pair(fds);
}

/* Two ready descriptors, and whoever comes first harms the other. */
static void
harm_another_descriptor(rota_io_fn *fn)
{
	struct watcher w[2];
	int fds[2][2];

	for (int i = 0; i < 2; i++) {
		ready_pair(fds[i]);
		watch(&w[i], fds[i][0], BOTH, 'A', fn);
		w[i].other = &w[1 - i];
	}
	ck_turn("A");
	close_all();
	harness_close_pair(fds[0]);
	harness_close_pair(fds[1]);
}

LOOP_TEST(one_stopped_by_another_descriptor_is_not_told)
{
	harm_another_descriptor(stop_other);
}

LOOP_TEST(one_closed_by_another_descriptor_is_not_told)
{
	harm_another_descriptor(close_other);
}

LOOP_TEST(one_restarted_by_another_descriptor_is_not_told_in_that_turn)
{
	harm_another_descriptor(restart_other);
}

/* Within a turn *******************************************************/

static void
start_other(struct rota_io *io, unsigned ready)
{
	on_ready(io, ready);
	ck_ok(rota_io_start(io, ROTA_READABLE, on_ready));
	ck_ok(rota_io_start(
		&((struct watcher *)io)->other->io, ROTA_READABLE, on_ready));
}

LOOP_TEST(one_started_in_a_callback_is_not_told_of_an_older_report)
{
	struct watcher a;
	struct watcher b;
	int fds[2];

	ready_pair(fds);
	watch(&a, fds[0], ROTA_READABLE, 'A', start_other);
	init_watcher(&b, fds[0], 'B');
	a.other = &b;
	ck_turn("A");
	ck_turn("AB");
	close_all();
	harness_close_pair(fds);
}

static void
restart_self(struct rota_io *io, unsigned ready)
{
	on_ready(io, ready);
	ck_ok(rota_io_stop(io));
	ck_ok(rota_io_start(io, BOTH, restart_self));
}

LOOP_TEST(one_that_restarts_itself_is_told_once_a_turn)
{
	struct watcher a;
	int fds[2];

	ready_pair(fds);
	watch(&a, fds[0], ROTA_READABLE, 'A', restart_self);
	ck_turn("A");
	ck_turn("A");
	ck_assert_uint_eq(a.ready, BOTH);
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(toggling_within_a_turn_ends_in_the_last_wish)
{
	struct watcher a;
	int fds[2];

	ready_pair(fds);
	init_watcher(&a, fds[0], 'A');
	for (int i = 0; i < 6; i++) {
		ck_ok(rota_io_start(&a.io, ROTA_WRITABLE, on_ready));
		ck_ok(rota_io_stop(&a.io));
		ck_ok(rota_io_stop(&a.io));
		ck_turn("");
		ck_ok(rota_io_start(&a.io, ROTA_READABLE, on_ready));
		ck_ok(rota_io_start(&a.io, BOTH, on_ready));
		ck_ok(rota_io_stop(&a.io));
		ck_ok(rota_io_start(&a.io, ROTA_READABLE, on_ready));
		ck_turn("A");
		ck_assert_uint_eq(a.ready, ROTA_READABLE);
		ck_ok(rota_io_stop(&a.io));
	}
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(one_stopped_before_the_wait_is_never_told)
{
	struct watcher a;
	int fds[2];

	ready_pair(fds);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	ck_ok(rota_io_stop(&a.io));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_trace("");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_watcher_holds_the_loop_while_active_and_referenced)
{
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	init_watcher(&a, fds[0], 'A');
	ck_err(rota_loop_alive(loop), 0);
	ck_ok(rota_io_start(&a.io, ROTA_READABLE, on_ready));
	ck_err(rota_loop_alive(loop), 1);
	ck_ok(rota_handle_unref(&a.io.handle));
	ck_err(rota_loop_alive(loop), 0);
	ck_ok(rota_handle_ref(&a.io.handle));
	ck_ok(rota_io_stop(&a.io));
	ck_err(rota_loop_alive(loop), 0);
	close_all();
	harness_close_pair(fds);
}

/* Edges ***************************************************************/

LOOP_TEST(an_edge_is_told_once_where_the_backend_can)
{
	struct watcher a;
	int fds[2];

	ready_pair(fds);
	watch(&a, fds[0], ROTA_READABLE | ROTA_EDGE, 'A', on_ready);
	ck_turn("A");
	ck_turn(can(ROTA_BACKEND_EDGE) ? "" : "A");
	harness_put(fds[1], 'y');
	ck_turn("A");
	ck_assert_uint_eq(a.ready, ROTA_READABLE);
	harness_drain(fds[0]);
	ck_turn("");
	harness_put(fds[1], 'z');
	ck_turn("A");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(an_edge_watcher_started_again_is_told_anew)
{
	struct watcher a;
	int fds[2];

	ready_pair(fds);
	init_watcher(&a, fds[0], 'A');
	for (int i = 0; i < 3; i++) {
		ck_ok(rota_io_start(
			&a.io, ROTA_READABLE | ROTA_EDGE, on_ready));
		ck_turn("A");
	}
	ck_ok(rota_io_stop(&a.io));
	ck_ok(rota_io_start(&a.io, ROTA_READABLE | ROTA_EDGE, on_ready));
	ck_turn("A");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(edge_and_level_on_one_descriptor_are_told_as_levels)
{
	struct watcher a;
	struct watcher b;
	int fds[2];

	ready_pair(fds);
	watch(&a, fds[0], ROTA_READABLE | ROTA_EDGE, 'A', on_ready);
	watch(&b, fds[0], ROTA_READABLE, 'B', on_ready);
	for (int i = 0; i < 3; i++)
		ck_turn("AB");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(an_edge_left_alone_by_a_level_becomes_an_edge_again)
{
	struct watcher a;
	struct watcher b;
	int fds[2];

	ready_pair(fds);
	watch(&a, fds[0], ROTA_READABLE | ROTA_EDGE, 'A', on_ready);
	watch(&b, fds[0], ROTA_READABLE, 'B', on_ready);
	ck_turn("AB");
	close_watcher(&b);
	(void)turn();
	ck_turn(can(ROTA_BACKEND_EDGE) ? "" : "A");
	harness_put(fds[1], 'y');
	ck_turn("A");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(two_edge_watchers_are_both_told_once)
{
	struct watcher a;
	struct watcher b;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], ROTA_READABLE | ROTA_EDGE, 'A', on_ready);
	watch(&b, fds[0], ROTA_READABLE | ROTA_EDGE, 'B', on_ready);
	ck_turn("");
	harness_put(fds[1], 'x');
	ck_turn("AB");
	ck_turn(can(ROTA_BACKEND_EDGE) ? "" : "AB");
	close_all();
	harness_close_pair(fds);
}

/* Rebinding ***********************************************************/

LOOP_TEST(a_rebound_watcher_goes_on_with_wish_and_callback)
{
	struct watcher a;
	int old[2];
	int new[2];

	ready_pair(old);
	harness_socketpair(new);
	watch(&a, old[0], ROTA_READABLE, 'A', on_ready);
	ck_turn("A");
	ck_ok(rota_io_rebind(&a.io, new[0]));
	ck_err(rota_io_fd(&a.io), new[0]);
	ck_assert_uint_eq(rota_io_events(&a.io), ROTA_READABLE);
	ck_turn("");
	harness_put(new[1], 'x');
	ck_turn("A");
	close_all();
	harness_close_pair(old);
	harness_close_pair(new);
}

LOOP_TEST(an_idle_watcher_stays_idle_when_rebound)
{
	struct watcher a;
	int old[2];
	int new[2];

	ready_pair(old);
	ready_pair(new);
	init_watcher(&a, old[0], 'A');
	ck_ok(rota_io_rebind(&a.io, new[0]));
	ck_err(rota_handle_is_active(&a.io.handle), 0);
	ck_turn("");
	ck_ok(rota_io_start(&a.io, ROTA_READABLE, on_ready));
	ck_turn("A");
	close_all();
	harness_close_pair(old);
	harness_close_pair(new);
}

LOOP_TEST(a_number_reopened_is_watched_anew_after_rebinding)
{
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	ck_turn("");
	for (int i = 0; i < 3; i++) {
		reopen(fds);
		ck_ok(rota_io_rebind(&a.io, fds[0]));
		ck_turn("");
		harness_put(fds[1], 'x');
		ck_turn("A");
	}
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(an_edge_watcher_rebound_to_a_ready_number_is_told)
{
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], ROTA_READABLE | ROTA_EDGE, 'A', on_ready);
	ck_turn("");
	for (int i = 0; i < 3; i++) {
		reopen(fds);
		harness_put(fds[1], 'x');
		ck_ok(rota_io_rebind(&a.io, fds[0]));
		ck_turn("A");
	}
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_rebinding_refused_leaves_the_watcher_as_it_was)
{
	struct watcher a;
	int bad[2];
	int fds[2];

	ready_pair(fds);
	harness_socketpair(bad);
	harness_close_pair(bad);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	ck_err(rota_io_rebind(&a.io, -1), -EBADF);
	ck_err(rota_io_rebind(&a.io, bad[0]), -EBADF);
	ck_err(rota_io_fd(&a.io), fds[0]);
	ck_turn("A");
	close_all();
	harness_close_pair(fds);
}

static int quiet_fd;

static void
rebind_other(struct rota_io *io, unsigned ready)
{
	on_ready(io, ready);
	ck_ok(rota_io_rebind(&((struct watcher *)io)->other->io, quiet_fd));
}

LOOP_TEST(one_rebound_by_its_neighbour_is_not_told_of_the_old_descriptor)
{
	struct watcher w[3];
	int fds[2];
	int quiet[2];

	ready_pair(fds);
	harness_socketpair(quiet);
	quiet_fd = quiet[0];
	watch(&w[0], fds[0], ROTA_READABLE, 'A', rebind_other);
	watch(&w[1], fds[0], ROTA_READABLE, 'B', on_ready);
	watch(&w[2], fds[0], ROTA_READABLE, 'C', on_ready);
	w[0].other = &w[1];
	ck_turn("AC");
	ck_turn("AC");
	close_all();
	harness_close_pair(fds);
	harness_close_pair(quiet);
}

/* The table grows while it is being walked. */
static void
rebind_self_high(struct rota_io *io, unsigned ready)
{
	on_ready(io, ready);
	ck_ok(rota_io_rebind(io, quiet_fd));
}

LOOP_TEST(a_watcher_may_move_itself_to_a_much_higher_number)
{
	struct watcher a;
	struct watcher b;
	int fds[2];

	ready_pair(fds);
	quiet_fd = fcntl(fds[0], F_DUPFD, 200);
	ck_assert_int_ge(quiet_fd, 200);
	watch(&a, fds[0], ROTA_READABLE, 'A', rebind_self_high);
	watch(&b, fds[0], ROTA_READABLE, 'B', on_ready);
	ck_turn("AB");
	ck_assert_int_eq((int)strlen(turn()), 2);
	ck_err(rota_io_fd(&a.io), quiet_fd);
	close_all();
	ck_assert_int_eq(close(quiet_fd), 0);
	harness_close_pair(fds);
}

/* Closed too early ****************************************************/

LOOP_TEST(a_descriptor_closed_before_the_first_wait_fails)
{
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	harness_close_pair(fds);
	ck_assert_uint_eq(next_of(&a), ROTA_FAILED);
	ck_err(rota_io_error(&a.io), -EBADF);
	ck_err(rota_handle_is_active(&a.io.handle), 0);
	ck_assert_uint_eq(rota_io_events(&a.io), 0);
	ck_turn("");
	ck_rests();
	close_all();
}

LOOP_TEST(all_watchers_of_a_failed_descriptor_are_told_once)
{
	struct watcher w[3];
	int fds[2];

	harness_socketpair(fds);
	for (int i = 0; i < 3; i++)
		watch(&w[i], fds[0], ROTA_READABLE, (char)('A' + i), on_ready);
	harness_close_pair(fds);
	(void)next_of(&w[0]);
	ck_trace("ABC");
	for (int i = 0; i < 3; i++)
		ck_err(rota_io_error(&w[i].io), -EBADF);
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	close_all();
}

/* select(2) and kevent(2) may tell of nothing else in that turn. */
LOOP_TEST(a_failure_makes_others_late_by_a_turn_at_most)
{
	struct watcher bad[5];
	struct watcher good;
	int fds[2];
	int closed[2];

	ready_pair(fds);
	watch(&good, fds[0], ROTA_READABLE, 'G', on_ready);
	ck_turn("G");
	harness_socketpair(closed);
	for (int i = 0; i < 5; i++)
		watch(&bad[i], closed[i % 2], ROTA_READABLE, 'B', on_ready);
	harness_close_pair(closed);
	for (int i = 0; i < 5; i++)
		(void)turn();
	ck_assert_uint_ge(good.n_calls, 1 + 4);
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(bad[i].n_calls, 1);
	close_all();
	harness_close_pair(fds);
}

static void
restart_once_failed(struct rota_io *io, unsigned ready)
{
	on_ready(io, ready);
	ck_assert_uint_eq(ready, ROTA_FAILED);
	ck_ok(rota_io_start(io, ROTA_READABLE, restart_once_failed));
}

LOOP_TEST(watchers_that_start_again_when_failed_fail_once_a_turn)
{
	struct watcher w[3];
	int fds[2];

	harness_socketpair(fds);
	for (int i = 0; i < 3; i++)
		watch(&w[i], fds[0], ROTA_READABLE, (char)('A' + i),
			restart_once_failed);
	harness_close_pair(fds);
	(void)next_of(&w[0]);
	ck_trace("ABC");
	(void)next_of(&w[0]);
	ck_trace("ABC");
	close_all();
}

LOOP_TEST(watchers_of_a_failed_descriptor_may_close_each_other)
{
	struct watcher w[3];
	int fds[2];

	harness_socketpair(fds);
	for (int i = 0; i < 3; i++)
		watch(&w[i], fds[0], ROTA_READABLE, (char)('A' + i),
			close_other);
	w[0].other = &w[1];
	w[2].other = &w[0];
	harness_close_pair(fds);
	(void)next_of(&w[0]);
	ck_trace("AC");
	close_all();
}

LOOP_TEST(a_failed_watcher_can_be_started_on_a_new_file)
{
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	harness_close_pair(fds);
	ck_assert_uint_eq(next_of(&a), ROTA_FAILED);
	ready_pair(fds);
	ck_err(rota_io_fd(&a.io), fds[0]);
	ck_ok(rota_io_start(&a.io, ROTA_READABLE, on_ready));
	ck_ok(rota_io_error(&a.io));
	ck_assert_uint_eq(next_of(&a), ROTA_READABLE);
	close_all();
	harness_close_pair(fds);
}

/* A kernel may fail it or forget it in silence. */
LOOP_TEST(a_descriptor_closed_while_watched_is_harmless)
{
	struct watcher a;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], BOTH, 'A', on_ready);
	ck_turn("A");
	harness_close_pair(fds);
	a.n_calls = 0;
	ck_rests();
	ck_assert_uint_le(a.n_calls, 1);
	if (a.n_calls == 1) {
		ck_assert_uint_eq(a.ready, ROTA_FAILED);
		ck_err(rota_io_error(&a.io), -EBADF);
	}
	close_all();
}

LOOP_TEST(a_watcher_stopped_after_its_descriptor_is_harmless)
{
	struct watcher a;
	struct watcher b;
	int fds[2];

	harness_socketpair(fds);
	watch(&a, fds[0], BOTH, 'A', on_ready);
	watch(&b, fds[1], ROTA_READABLE, 'B', on_ready);
	ck_turn("A");
	harness_close_pair(fds);
	ck_ok(rota_io_stop(&a.io));
	close_watcher(&b);
	trace_reset();
	ck_rests();
	ck_trace("");
	close_all();
}

/* A turn in which one descriptor's callback takes the other's number. */
static struct {
	struct watcher w[2];
	struct watcher heir;
	int fds[2][2];
	int closes_watcher_first;
} theft;

static void
steal(struct rota_io *io, unsigned ready)
{
	int other = io == &theft.w[0].io;

	on_ready(io, ready);
	if (theft.closes_watcher_first)
		close_watcher(&theft.w[other]);
	harness_close_pair(theft.fds[other]);
	harness_socketpair(theft.fds[other]);
	ck_assert(theft.fds[other][0] == rota_io_fd(&theft.w[other].io) ||
		theft.closes_watcher_first);
	watch(&theft.heir, theft.fds[other][0], ROTA_READABLE, 'H', on_ready);
	if (!theft.closes_watcher_first)
		close_watcher(&theft.w[other]);
	close_watcher(&theft.w[!other]);
	ck_assert_int_eq(rota_io_fd(&theft.heir.io), theft.fds[other][0]);
}

static void
have_a_theft(int closes_watcher_first)
{
	theft.closes_watcher_first = closes_watcher_first;
	for (int i = 0; i < 2; i++) {
		ready_pair(theft.fds[i]);
		watch(&theft.w[i], theft.fds[i][0], ROTA_READABLE, 'W', steal);
	}
	ck_turn("W");
	ck_turn("");
	for (int i = 0; i < 2; i++)
		harness_put(theft.fds[i][1], 'x');
	ck_turn("H");
	close_all();
	harness_close_pair(theft.fds[0]);
	harness_close_pair(theft.fds[1]);
}

LOOP_TEST(the_new_owner_of_a_number_is_not_told_of_the_old_one)
{
	have_a_theft(1);
}

LOOP_TEST(nor_is_it_if_the_old_watcher_is_closed_last)
{
	have_a_theft(0);
}

static struct watcher doomed[2];

/* Closes the other one, whose report lies behind. */
static void
close_neighbour(struct rota_io *io, unsigned ready)
{
	struct watcher *other = &doomed[io == &doomed[0].io];

	(void)ready;
	trace('C');
	ck_ok(rota_handle_close(&other->io.handle, NULL));
}

/* Or a new set would be made for each pair of them. */
LOOP_TEST(a_report_that_a_neighbour_made_late_does_not_count_as_stale)
{
	int fds[2][2];

	for (int i = 0; i < 2; i++) {
		ready_pair(fds[i]);
		watch(&doomed[i], fds[i][0], ROTA_READABLE, 'X',
			close_neighbour);
	}
	ck_turn("C");
	ck_assert_uint_eq(loop->fds.n_stale_turns, 0);
	close_all();
	harness_close_pair(fds[0]);
	harness_close_pair(fds[1]);
}

/*
 * epoll(7): what was told stays as long as any copy is open, and cannot be
 * taken back. `put_to_rest` is what the program does with its watcher then.
 */
static void
leave_a_copy(void (*put_to_rest)(struct watcher *))
{
	struct watcher a;
	struct watcher b;
	int copy;
	int fds[2];
	int other[2];

	harness_socketpair(fds);
	harness_socketpair(other);
	copy = fcntl(fds[0], F_DUPFD, 100);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	watch(&b, other[0], ROTA_READABLE, 'B', on_ready);
	ck_turn("");
	ck_assert_int_eq(close(fds[0]), 0);
	put_to_rest(&a);
	harness_put(fds[1], 'x');
	trace_reset();
	ck_rests();
	ck_trace("");
	harness_put(other[1], 'x');
	ck_assert_uint_eq(next_of(&b), ROTA_READABLE);
	close_all();
	ck_assert_int_eq(close(copy), 0);
	ck_assert_int_eq(close(fds[1]), 0);
	harness_close_pair(other);
}

LOOP_TEST(a_copy_left_behind_does_not_spin_when_the_watcher_is_closed)
{
	leave_a_copy(close_watcher);
}

static void
stop_watcher(struct watcher *watcher)
{
	ck_ok(rota_io_stop(&watcher->io));
}

LOOP_TEST(a_copy_left_behind_does_not_spin_when_the_watcher_is_stopped)
{
	leave_a_copy(stop_watcher);
}

/* The stop waits for the next turn; by then the number is closed. */
LOOP_TEST(a_copy_left_behind_does_not_spin_after_a_stop_in_the_same_turn)
{
	struct watcher a;
	int copy;
	int fds[2];

	harness_socketpair(fds);
	copy = fcntl(fds[0], F_DUPFD, 100);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	ck_turn("");
	stop_watcher(&a);
	ck_assert_int_eq(close(fds[0]), 0);
	harness_put(fds[1], 'x');
	ck_rests();
	ck_assert_uint_eq(a.n_calls, 0);
	close_all();
	ck_assert_int_eq(close(copy), 0);
	ck_assert_int_eq(close(fds[1]), 0);
}

static void
change_wish(struct watcher *watcher)
{
	ck_ok(rota_io_start(&watcher->io, BOTH, on_ready));
	ck_assert_uint_eq(next_of(watcher), ROTA_FAILED);
}

LOOP_TEST(a_copy_left_behind_does_not_spin_when_the_wish_is_changed)
{
	leave_a_copy(change_wish);
}

/* One that is still watched may be told of the copy; then it can close. */
LOOP_TEST(a_copy_left_behind_does_not_spin_once_its_watcher_goes)
{
	struct watcher a;
	int copy;
	int fds[2];

	harness_socketpair(fds);
	copy = fcntl(fds[0], F_DUPFD, 100);
	watch(&a, fds[0], ROTA_READABLE, 'A', close_self);
	ck_turn("");
	ck_assert_int_eq(close(fds[0]), 0);
	harness_put(fds[1], 'x');
	ck_rests();
	ck_assert_uint_le(a.n_calls, 1);
	close_all();
	ck_assert_int_eq(close(copy), 0);
	ck_assert_int_eq(close(fds[1]), 0);
}

LOOP_TEST(the_new_owner_of_a_number_is_not_told_of_a_copy_of_the_old_one)
{
	struct watcher a;
	int copy;
	int fds[2];
	int peer;

	harness_socketpair(fds);
	copy = fcntl(fds[0], F_DUPFD, 100);
	peer = fcntl(fds[1], F_DUPFD, 100);
	watch(&a, fds[0], ROTA_READABLE, 'A', on_ready);
	ck_turn("");
	reopen(fds);
	ck_ok(rota_io_rebind(&a.io, fds[0]));
	harness_put(peer, 'x');
	ck_rests();
	ck_trace("");
	harness_put(fds[1], 'x');
	ck_turn("A");
	close_all();
	ck_assert_int_eq(close(copy), 0);
	ck_assert_int_eq(close(peer), 0);
	harness_close_pair(fds);
}

/* Files that are always ready *****************************************/

static int
open_unlinked(const char *content)
{
	char path[] = "/tmp/rota-io-XXXXXX";
	int fd = mkstemp(path);
	size_t n = strlen(content);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq((int)write(fd, content, n), (int)n);
	ck_assert_int_eq((int)lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int
open_path(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static void
ck_always_ready(int fd, unsigned events)
{
	struct watcher a;

	watch(&a, fd, events, 'A', on_ready);
	for (int i = 0; i < 3; i++) {
		ck_turn("A");
		ck_assert_uint_eq(a.ready, events);
	}
	ck_ok(rota_io_stop(&a.io));
	ck_turn("");
	ck_rests();
	ck_ok(rota_io_start(&a.io, events, on_ready));
	ck_assert_uint_eq(next_of(&a), events);
	close_all();
	ck_assert_int_eq(close(fd), 0);
}

LOOP_TEST(a_regular_file_is_ready_in_every_turn)
{
	ck_always_ready(open_unlinked("content"), ROTA_READABLE);
	ck_always_ready(open_unlinked("content"), ROTA_WRITABLE);
	ck_always_ready(open_unlinked("content"), BOTH);
}

LOOP_TEST(an_empty_file_is_ready_in_every_turn)
{
	ck_always_ready(open_unlinked(""), ROTA_READABLE);
	ck_always_ready(open_unlinked(""), BOTH);
}

LOOP_TEST(a_directory_is_ready_in_every_turn)
{
	ck_always_ready(open_path("/", O_RDONLY), ROTA_READABLE);
}

LOOP_TEST(dev_null_is_ready_in_every_turn)
{
	ck_always_ready(open_path("/dev/null", O_RDWR), ROTA_READABLE);
	ck_always_ready(open_path("/dev/null", O_RDWR), BOTH);
}

LOOP_TEST(a_file_read_to_its_end_is_still_ready)
{
	struct watcher a;
	int fd = open_unlinked("content");

	watch(&a, fd, ROTA_READABLE, 'A', on_ready);
	ck_turn("A");
	harness_drain(fd);
	ck_turn("A");
	ck_turn("A");
	close_all();
	ck_assert_int_eq(close(fd), 0);
}

LOOP_TEST(watchers_of_one_file_are_told_their_own_wishes)
{
	struct watcher w[3];
	int fd = open_unlinked("content");

	watch(&w[0], fd, ROTA_WRITABLE, 'A', on_ready);
	watch(&w[1], fd, ROTA_READABLE, 'B', on_ready);
	watch(&w[2], fd, BOTH, 'C', on_ready);
	ck_turn("BCA");
	close_watcher(&w[1]);
	ck_turn("CA");
	ck_ok(rota_io_stop(&w[2].io));
	ck_turn("A");
	close_all();
	ck_assert_int_eq(close(fd), 0);
}

LOOP_TEST(a_wish_that_a_file_cannot_meet_does_not_spin)
{
	struct watcher a;
	int fd = open_unlinked("content");

	watch(&a, fd, ROTA_PRIORITY, 'A', on_ready);
	ck_turn("");
	ck_rests();
	ck_ok(rota_io_start(&a.io, ROTA_READABLE, on_ready));
	ck_turn("A");
	close_all();
	ck_assert_int_eq(close(fd), 0);
}

LOOP_TEST(a_number_can_be_file_and_socket_by_turns)
{
	struct watcher a;
	int fd = open_unlinked("content");
	int fds[2];
	int file;

	harness_socketpair(fds);
	watch(&a, fd, ROTA_READABLE, 'A', on_ready);
	for (int i = 0; i < 3; i++) {
		ck_turn("A");
		ck_assert_int_eq(dup2(fds[0], fd), fd);
		ck_ok(rota_io_rebind(&a.io, fd));
		ck_turn("");
		ck_rests();
		file = open_unlinked("content");
		ck_assert_int_eq(dup2(file, fd), fd);
		ck_assert_int_eq(close(file), 0);
		ck_ok(rota_io_rebind(&a.io, fd));
	}
	ck_turn("A");
	close_all();
	ck_assert_int_eq(close(fd), 0);
	harness_close_pair(fds);
}

static unsigned n_beats;

static void
on_beat(struct rota_timer *timer)
{
	if (++n_beats == 5)
		ck_ok(rota_loop_stop(rota_handle_loop(&timer->handle)));
}

static void
on_immediate(struct rota_immediate *immediate)
{
	(void)immediate;
	trace('I');
}

static void
count_only(struct rota_io *io, unsigned ready)
{
	((struct watcher *)io)->n_calls++;
	((struct watcher *)io)->ready = ready;
}

LOOP_TEST(a_file_that_is_always_ready_starves_nobody)
{
	struct rota_immediate immediate;
	struct rota_timer timer;
	struct watcher file;
	struct watcher pipe;
	int fd = open_unlinked("content");
	int fds[2];

	ready_pair(fds);
	n_beats = 0;
	watch(&file, fd, BOTH, 'F', count_only);
	watch(&pipe, fds[0], ROTA_READABLE, 'P', count_only);
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(
		&timer, ROTA_MILLISECOND, ROTA_MILLISECOND, on_beat));
	ck_ok(rota_immediate_init(loop, &immediate));
	ck_ok(rota_immediate_start(&immediate, on_immediate));
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 1);
	ck_assert_uint_eq(n_beats, 5);
	ck_assert_uint_ge(file.n_calls, 5);
	ck_assert_uint_ge(pipe.n_calls, 5);
	ck_trace("I");
	close_all();
	ck_assert_int_eq(close(fd), 0);
	harness_close_pair(fds);
}

/* Many ****************************************************************/

/* Watches n numbers of `fd`, of which all are ready. NULL if forbidden. */
static struct watcher *
make_crowd(unsigned n, int fd)
{
	struct watcher *crowd;

	if (!allow_fds(n + 100))
		return NULL;
	crowd = calloc(n, sizeof(*crowd));
	ck_assert_ptr_nonnull(crowd);
	for (unsigned i = 0; i < n; i++)
		watch(&crowd[i], fcntl(fd, F_DUPFD, 10), ROTA_READABLE, 'C',
			count_only);
	return crowd;
}

static void
free_crowd(struct watcher *crowd, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int fd = rota_io_fd(&crowd[i].io);

		close_watcher(&crowd[i]);
		ck_assert_int_eq(close(fd), 0);
		crowd[i].ready = 0;
	}
	close_all();
	free(crowd);
}

LOOP_TEST(of_3000_ready_at_once_none_is_lost_and_none_is_starved)
{
	unsigned n = harness_scale(3000);
	struct watcher *crowd;
	int fds[2];

	ready_pair(fds);
	crowd = make_crowd(n, fds[0]);
	for (unsigned k = 1; crowd != NULL && k <= 4; k++) {
		(void)run_once_checked(ROTA_RUN_NOWAIT);
		for (unsigned i = 0; i < n; i++)
			ck_assert_msg(crowd[i].n_calls >= k,
				"number %u of %u was told %u times in %u turns",
				i, n, crowd[i].n_calls, k);
	}
	if (crowd != NULL)
		free_crowd(crowd, n);
	harness_close_pair(fds);
}

LOOP_TEST(of_3000_files_always_ready_none_is_starved)
{
	unsigned n = harness_scale(3000);
	int fd = open_path("/dev/null", O_RDWR);
	struct watcher *crowd = make_crowd(n, fd);

	for (unsigned k = 0; crowd != NULL && k < 6; k++)
		(void)run_once_checked(ROTA_RUN_NOWAIT);
	for (unsigned i = 0; crowd != NULL && i < n; i++)
		ck_assert_msg(crowd[i].n_calls > 0,
			"number %u of %u was never told", i, n);
	if (crowd != NULL)
		free_crowd(crowd, n);
	ck_assert_int_eq(close(fd), 0);
}

static struct watcher *victims;
static unsigned n_victims;

static void
close_crowd(struct rota_io *io, unsigned ready)
{
	count_only(io, ready);
	for (unsigned i = 0; i < n_victims; i++)
		if (&victims[i].io != io)
			ck_ok(rota_io_stop(&victims[i].io));
}

LOOP_TEST(of_3000_ready_at_once_the_first_may_stop_all_others)
{
	unsigned n_told = 0;
	int fds[2];

	n_victims = harness_scale(3000);
	ready_pair(fds);
	victims = make_crowd(n_victims, fds[0]);
	for (unsigned i = 0; victims != NULL && i < n_victims; i++)
		ck_ok(rota_io_start(
			&victims[i].io, ROTA_READABLE, close_crowd));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	for (unsigned i = 0; victims != NULL && i < n_victims; i++)
		n_told += victims[i].n_calls != 0;
	if (victims != NULL) {
		ck_assert_uint_eq(n_told, 1);
		free_crowd(victims, n_victims);
	}
	harness_close_pair(fds);
}

/* select(2): FD_SETSIZE is 1024 in most places, 256 on NetBSD. */
LOOP_TEST(descriptors_above_every_set_size_are_told)
{
	static const int lowest[] = { 63, 64, 255, 256, 1023, 1024, 1025,
		FD_SETSIZE, FD_SETSIZE + 1, 2 * FD_SETSIZE + 7 };
	int fds[2];

	harness_socketpair(fds);
	for (size_t i = 0; i < sizeof(lowest) / sizeof(lowest[0]); i++) {
		struct watcher a;
		int fd;

		if (!allow_fds((unsigned)lowest[i] + 100))
			break;
		fd = fcntl(fds[0], F_DUPFD, lowest[i]);
		ck_assert_int_ge(fd, lowest[i]);
		watch(&a, fd, ROTA_READABLE, 'A', on_ready);
		ck_turn("");
		harness_put(fds[1], 'x');
		ck_turn("A");
		ck_ok(rota_io_start(&a.io, BOTH, on_ready));
		ck_turn("A");
		ck_assert_uint_eq(a.ready, BOTH);
		harness_drain(fd);
		close_all();
		ck_assert_int_eq(close(fd), 0);
	}
	harness_close_pair(fds);
}

/* Random actions ******************************************************/

#define N_FDS 6
#define N_WATCHERS 24

static uint32_t seed;

static uint32_t
random_below(uint32_t limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % limit;
}

static struct {
	int fds[N_FDS][2];
	struct watcher watchers[N_WATCHERS];
} zoo;

static void play(struct rota_io *io, unsigned ready);

/* Does something to a watcher of the zoo, perhaps the one being called. */
static void
act(void)
{
	struct rota_io *io = &zoo.watchers[random_below(N_WATCHERS)].io;
	int *fds = zoo.fds[random_below(N_FDS)];
	char byte;

	switch (random_below(7)) {
	case 0:
		ck_ok(rota_io_stop(io));
		break;
	case 1:
		ck_ok(rota_io_rebind(io, fds[0]));
		break;
	case 2:
		(void)(write(fds[1], "x", 1) == 1);
		break;
	case 3:
		(void)(read(fds[0], &byte, 1) == 1);
		break;
	default:
		ck_ok(rota_io_start(io, 1 + random_below(3), play));
	}
}

static void
play(struct rota_io *io, unsigned ready)
{
	ck_assert_uint_ne(ready & rota_io_events(io), 0);
	ck_assert_uint_eq(ready & ~rota_io_events(io), 0);
	((struct watcher *)io)->n_calls++;
	if (random_below(2) == 0)
		act();
}

LOOP_TEST(random_stops_starts_and_rebinds_keep_the_loop_sound)
{
	unsigned n_calls = 0;

	seed = 88172645;
	for (int i = 0; i < N_FDS; i++)
		harness_socketpair(zoo.fds[i]);
	for (int i = 0; i < N_WATCHERS; i++)
		init_watcher(&zoo.watchers[i], zoo.fds[i % N_FDS][0], 'Z');
	for (unsigned n = harness_scale(3000); n > 0; n--) {
		act();
		(void)run_once_checked(ROTA_RUN_NOWAIT);
	}
	for (int i = 0; i < N_WATCHERS; i++)
		n_calls += zoo.watchers[i].n_calls;
	ck_assert_uint_gt(n_calls, 0);
	close_all();
	for (int i = 0; i < N_FDS; i++)
		harness_close_pair(zoo.fds[i]);
}

static void
add_door_tests(TCase *tc)
{
	tcase_add_test(tc, null_is_no_watcher);
	tcase_add_loop_test(tc, a_watcher_tells_its_descriptor_and_wish);
	tcase_add_loop_test(tc, a_descriptor_that_is_not_open_is_refused);
	tcase_add_loop_test(tc, a_wish_that_makes_no_sense_changes_nothing);
	tcase_add_loop_test(tc, the_descriptor_and_its_flags_stay_the_programs);
}

static void
add_told_tests(TCase *tc)
{
	tcase_add_loop_test(
		tc, a_watcher_is_told_as_long_as_there_is_something_to_read);
	tcase_add_loop_test(tc, a_watcher_is_told_as_long_as_there_is_room);
	tcase_add_loop_test(tc, reading_and_writing_are_told_in_one_call);
	tcase_add_loop_test(tc, a_change_of_wish_counts_from_the_next_wait);
	tcase_add_loop_test(tc, an_end_of_file_is_readable);
	tcase_add_loop_test(tc, a_pipe_without_reader_is_writable);
	tcase_add_loop_test(tc, urgent_data_is_told_where_the_backend_can);
	tcase_add_loop_test(
		tc, a_hang_up_asked_for_is_told_where_the_backend_can);
	tcase_add_loop_test(tc, a_hang_up_not_asked_for_is_only_readable);
	tcase_add_loop_test(
		tc, a_dead_descriptor_is_told_to_a_wish_that_cannot_say_so);
	tcase_add_loop_test(
		tc, a_peer_that_resets_is_told_to_reader_and_writer);
}

static void
add_rest_tests(TCase *tc)
{
	tcase_add_loop_test(tc, a_stopped_watcher_does_not_spin_on_a_hang_up);
	tcase_add_loop_test(
		tc, a_watcher_never_started_does_not_spin_on_a_hang_up);
	tcase_add_loop_test(
		tc, a_watcher_stopped_on_a_reset_peer_does_not_spin);
	tcase_add_loop_test(
		tc, a_watcher_closed_on_a_dead_descriptor_does_not_spin);
}

static void
add_neighbour_tests(TCase *tc)
{
	tcase_add_loop_test(tc, each_of_several_is_told_its_wish_readers_first);
	tcase_add_loop_test(
		tc, stopping_one_of_several_leaves_the_wishes_of_the_others);
	tcase_add_loop_test(tc, one_stopped_by_its_neighbour_is_not_told);
	tcase_add_loop_test(tc, one_closed_by_its_neighbour_is_not_told);
	tcase_add_loop_test(tc, a_writer_closed_by_a_reader_is_not_told);
	tcase_add_loop_test(
		tc, one_that_stops_an_earlier_one_does_not_skip_a_later_one);
	tcase_add_loop_test(tc, all_of_several_may_close_themselves);
	tcase_add_loop_test(
		tc, one_restarted_by_its_neighbour_is_told_in_the_next_turn);
	tcase_add_loop_test(tc, one_stopped_by_another_descriptor_is_not_told);
	tcase_add_loop_test(tc, one_closed_by_another_descriptor_is_not_told);
	tcase_add_loop_test(tc,
		one_restarted_by_another_descriptor_is_not_told_in_that_turn);
}

static void
add_turn_tests(TCase *tc)
{
	tcase_add_loop_test(
		tc, one_started_in_a_callback_is_not_told_of_an_older_report);
	tcase_add_loop_test(tc, one_that_restarts_itself_is_told_once_a_turn);
	tcase_add_loop_test(tc, toggling_within_a_turn_ends_in_the_last_wish);
	tcase_add_loop_test(tc, one_stopped_before_the_wait_is_never_told);
	tcase_add_loop_test(
		tc, a_watcher_holds_the_loop_while_active_and_referenced);
}

static void
add_edge_tests(TCase *tc)
{
	tcase_add_loop_test(tc, an_edge_is_told_once_where_the_backend_can);
	tcase_add_loop_test(tc, an_edge_watcher_started_again_is_told_anew);
	tcase_add_loop_test(
		tc, edge_and_level_on_one_descriptor_are_told_as_levels);
	tcase_add_loop_test(
		tc, an_edge_left_alone_by_a_level_becomes_an_edge_again);
	tcase_add_loop_test(tc, two_edge_watchers_are_both_told_once);
}

static void
add_rebind_tests(TCase *tc)
{
	tcase_add_loop_test(
		tc, a_rebound_watcher_goes_on_with_wish_and_callback);
	tcase_add_loop_test(tc, an_idle_watcher_stays_idle_when_rebound);
	tcase_add_loop_test(
		tc, a_number_reopened_is_watched_anew_after_rebinding);
	tcase_add_loop_test(
		tc, an_edge_watcher_rebound_to_a_ready_number_is_told);
	tcase_add_loop_test(
		tc, a_rebinding_refused_leaves_the_watcher_as_it_was);
	tcase_add_loop_test(tc,
		one_rebound_by_its_neighbour_is_not_told_of_the_old_descriptor);
	tcase_add_loop_test(
		tc, a_watcher_may_move_itself_to_a_much_higher_number);
}

static void
add_early_tests(TCase *tc)
{
	tcase_add_loop_test(
		tc, a_descriptor_closed_before_the_first_wait_fails);
	tcase_add_loop_test(
		tc, all_watchers_of_a_failed_descriptor_are_told_once);
	tcase_add_loop_test(tc, a_failure_makes_others_late_by_a_turn_at_most);
	tcase_add_loop_test(
		tc, watchers_that_start_again_when_failed_fail_once_a_turn);
	tcase_add_loop_test(
		tc, watchers_of_a_failed_descriptor_may_close_each_other);
	tcase_add_loop_test(tc, a_failed_watcher_can_be_started_on_a_new_file);
	tcase_add_loop_test(tc, a_descriptor_closed_while_watched_is_harmless);
	tcase_add_loop_test(
		tc, a_watcher_stopped_after_its_descriptor_is_harmless);
	tcase_add_loop_test(
		tc, the_new_owner_of_a_number_is_not_told_of_the_old_one);
	tcase_add_loop_test(tc, nor_is_it_if_the_old_watcher_is_closed_last);
	tcase_add_loop_test(tc,
		a_report_that_a_neighbour_made_late_does_not_count_as_stale);
	tcase_add_loop_test(tc,
		a_copy_left_behind_does_not_spin_when_the_watcher_is_closed);
	tcase_add_loop_test(tc,
		a_copy_left_behind_does_not_spin_when_the_watcher_is_stopped);
	tcase_add_loop_test(tc,
		a_copy_left_behind_does_not_spin_after_a_stop_in_the_same_turn);
	tcase_add_loop_test(
		tc, a_copy_left_behind_does_not_spin_when_the_wish_is_changed);
	tcase_add_loop_test(
		tc, a_copy_left_behind_does_not_spin_once_its_watcher_goes);
	tcase_add_loop_test(tc,
		the_new_owner_of_a_number_is_not_told_of_a_copy_of_the_old_one);
}

static void
add_file_tests(TCase *tc)
{
	tcase_add_loop_test(tc, a_regular_file_is_ready_in_every_turn);
	tcase_add_loop_test(tc, an_empty_file_is_ready_in_every_turn);
	tcase_add_loop_test(tc, a_directory_is_ready_in_every_turn);
	tcase_add_loop_test(tc, dev_null_is_ready_in_every_turn);
	tcase_add_loop_test(tc, a_file_read_to_its_end_is_still_ready);
	tcase_add_loop_test(tc, watchers_of_one_file_are_told_their_own_wishes);
	tcase_add_loop_test(tc, a_wish_that_a_file_cannot_meet_does_not_spin);
	tcase_add_loop_test(tc, a_number_can_be_file_and_socket_by_turns);
	tcase_add_loop_test(tc, a_file_that_is_always_ready_starves_nobody);
}

static void
add_many_tests(TCase *tc)
{
	tcase_add_loop_test(
		tc, of_3000_ready_at_once_none_is_lost_and_none_is_starved);
	tcase_add_loop_test(tc, of_3000_files_always_ready_none_is_starved);
	tcase_add_loop_test(
		tc, of_3000_ready_at_once_the_first_may_stop_all_others);
	tcase_add_loop_test(tc, descriptors_above_every_set_size_are_told);
}

static void
add_random_tests(TCase *tc)
{
	tcase_add_loop_test(
		tc, random_stops_starts_and_rebinds_keep_the_loop_sound);
}

static void
add_cases(Suite *suite)
{
	add_door_tests(harness_case(suite, "door"));
	add_told_tests(harness_case(suite, "being told"));
	add_rest_tests(harness_case(suite, "resting"));
	add_neighbour_tests(harness_case(suite, "neighbours"));
	add_turn_tests(harness_case(suite, "within a turn"));
	add_edge_tests(harness_case(suite, "edges"));
	add_rebind_tests(harness_case(suite, "rebinding"));
	add_early_tests(harness_case(suite, "closed too early"));
	add_file_tests(harness_case(suite, "files"));
	add_many_tests(harness_case(suite, "many"));
	add_random_tests(harness_case(suite, "random"));
}

HARNESS_MAIN("io", add_cases)
