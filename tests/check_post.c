/* SPDX-License-Identifier: MIT */
/*
 * Letters from elsewhere: rota_post() and wakes, from callbacks, threads and
 * signal handlers.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/harness.h"

#define N_THREADS 4
#define LONG_NS (50 * ROTA_SECOND)

static void
on_post(struct rota_loop *of, void *data)
{
	ck_assert_ptr_eq(of, loop);
	trace_of(data);
}

static void
on_hook(struct rota_hook *hook)
{
	trace_of(hook->handle.data);
}

static void
on_timer(struct rota_timer *timer)
{
	trace_of(timer->handle.data);
}

static void
on_wake(struct rota_wake *wake)
{
	trace_of(wake->handle.data);
}

static void
on_close(struct rota_handle *handle)
{
	(void)handle;
	trace('X');
}

static void
start_timer(struct rota_timer *timer, uint64_t delay_ns)
{
	ck_ok(rota_timer_init(loop, timer));
	timer->handle.data = "T";
	ck_ok(rota_timer_start(timer, delay_ns, 0, on_timer));
}

static void
init_wake(struct rota_wake *wake, const char *letter)
{
	ck_ok(rota_wake_init(loop, wake, on_wake));
	wake->handle.data = (void *)letter;
}

/* Posts ***************************************************************/

static void
on_read(struct rota_io *io, unsigned ready)
{
	(void)ready;
	trace('R');
	ck_ok(rota_io_stop(io));
}

LOOP_TEST(posts_run_once_after_the_descriptors_and_before_check)
{
	struct rota_hook prepare, check;
	struct rota_io io;
	int pipe_fds[2];

	harness_pipe(pipe_fds);
	harness_put(pipe_fds[1], 'x');
	ck_ok(rota_io_init(loop, &io, pipe_fds[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_read));
	ck_ok(rota_prepare_init(loop, &prepare));
	ck_ok(rota_check_init(loop, &check));
	prepare.handle.data = "P";
	check.handle.data = "C";
	ck_ok(rota_hook_start(&prepare, on_hook));
	ck_ok(rota_hook_start(&check, on_hook));
	ck_ok(rota_post(loop, on_post, "a"));
	ck_ok(rota_post(loop, on_post, "b"));
	ck_trace("");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("PRabC");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("PRabCPC");
	close_all();
	harness_close_pair(pipe_fds);
}

LOOP_TEST(posts_run_in_the_order_of_posting)
{
	char letters[] = "abcdefghijklmnopqrstuvwxyz";

	for (int i = 0; i < 26; i++)
		ck_ok(rota_post(loop, on_post, &letters[i]));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("abcdefghijklmnopqrstuvwxyz");
}

LOOP_TEST(a_post_does_not_hold_the_loop)
{
	ck_ok(rota_post(loop, on_post, "p"));
	ck_err(rota_loop_alive(loop), 0);
	ck_err(rota_loop_why_alive(loop, NULL, NULL), 0);
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	trace_reset();
	ck_ok(rota_post(loop, on_post, "q"));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_ptr_nonnull(strchr(trace_text(), 'q'));
}

static void
on_post_start(struct rota_loop *of, void *data)
{
	(void)of;
	trace('p');
	start_timer(data, 0);
}

LOOP_TEST(what_a_post_starts_holds_the_loop)
{
	struct rota_timer timer;

	ck_ok(rota_post(loop, on_post_start, &timer));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	run_to_the_end();
	ck_trace("pT");
	close_all();
}

static void
on_post_again(struct rota_loop *of, void *data)
{
	unsigned *n = data;

	++*n;
	ck_ok(rota_post(of, on_post_again, data));
}

LOOP_TEST(a_post_that_posts_itself_does_not_hold_up_the_turn)
{
	struct rota_hook check;
	unsigned n = 0;

	ck_ok(rota_check_init(loop, &check));
	check.handle.data = "C";
	ck_ok(rota_hook_start(&check, on_hook));
	ck_ok(rota_post(loop, on_post_again, &n));
	for (int i = 0; i < 3; i++)
		run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("CCC");
	ck_assert_uint_ge(n, 3);
	close_all();
}

/* Forgotten in the queue while poll sleeps, it would come too late. */
LOOP_TEST(a_post_made_in_a_callback_does_not_wait_for_the_kernel)
{
	uint64_t begin = harness_true_ns();
	struct rota_timer timer;
	unsigned n = 0;

	start_timer(&timer, LONG_NS);
	ck_ok(rota_post(loop, on_post_again, &n));
	for (int i = 0; i < 5; i++)
		ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_assert_uint_ge(n, 5);
	ck_assert_uint_lt(harness_true_ns() - begin, LONG_NS);
	close_all();
}

static unsigned n_wake_sends;

static int
count_wake_send(int fd)
{
	n_wake_sends++;
	return rota__sys_real.wake_send(fd);
}

static void
on_timer_post(struct rota_timer *timer)
{
	(void)timer;
	for (int i = 0; i < 10; i++)
		ck_ok(rota_post(loop, on_post, "p"));
}

START_TEST(a_loop_that_is_awake_is_not_woken_by_the_kernel)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_sys sys = rota__sys_real;
	struct rota_timer timer;

	sys.wake_send = count_wake_send;
	options.sys = &sys;
	options.backend = harness_backend_name(_i);
	ck_ok(rota_loop_create(&options, &loop));
	n_wake_sends = 0;
	ck_ok(rota_post(loop, on_post, "p"));
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer_post));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("ppppppppppp");
	ck_assert_uint_eq(n_wake_sends, 0);
	close_all();
	close_loop();
}
END_TEST

/* Posts from threads **************************************************/

struct sender {
	pthread_t thread;
	unsigned n;
	struct letter *letters;
};

struct letter {
	struct sender *sender;
	unsigned number;
};

static unsigned n_arrived;
static unsigned n_to_arrive;
static unsigned next_number[N_THREADS];
static struct sender senders[N_THREADS];
static struct rota_wake keep_alive;

static void
on_letter(struct rota_loop *of, void *data)
{
	struct letter *letter = data;
	unsigned *next = &next_number[letter->sender - senders];

	(void)of;
	ck_assert_uint_eq(letter->number, *next);
	++*next;
	if (++n_arrived == n_to_arrive)
		ck_ok(rota_handle_close(&keep_alive.handle, NULL));
}

static void *
send_letters(void *data)
{
	struct sender *sender = data;

	for (unsigned i = 0; i < sender->n; i++) {
		sender->letters[i] = (struct letter){ sender, i };
		if (rota_post(loop, on_letter, &sender->letters[i]) != 0)
			return sender;
		/* Now and then, let the loop fall asleep. */
		if (i % 2500 == 2499)
			(void)poll(NULL, 0, 2);
	}
	return NULL;
}

LOOP_TEST(posts_of_many_threads_all_arrive_in_order_per_thread)
{
	unsigned n = harness_scale(10000);
	void *failed;

	init_wake(&keep_alive, "K");
	n_arrived = 0;
	n_to_arrive = n * N_THREADS;
	memset(next_number, 0, sizeof(next_number));
	for (int i = 0; i < N_THREADS; i++) {
		senders[i].n = n;
		senders[i].letters = calloc(n, sizeof(struct letter));
		ck_ok(pthread_create(
			&senders[i].thread, NULL, send_letters, &senders[i]));
	}
	run_to_the_end();
	ck_assert_uint_eq(n_arrived, n_to_arrive);
	for (int i = 0; i < N_THREADS; i++) {
		ck_ok(pthread_join(senders[i].thread, &failed));
		ck_assert_ptr_null(failed);
		free(senders[i].letters);
	}
}

/* Two loops in two threads send one letter to and fro. */
struct side {
	struct rota_loop *loop;
	struct rota_wake keep_alive;
	struct side *other;
	unsigned *left;
};

static void
on_wake_nothing(struct rota_wake *wake)
{
	(void)wake;
}

static void
on_ball(struct rota_loop *of, void *data)
{
	struct side *side = data;

	ck_assert_ptr_eq(of, side->loop);
	if (*side->left > 0)
		--*side->left;
	if (*side->left <= 1)
		ck_ok(rota_handle_close(&side->keep_alive.handle, NULL));
	if (*side->left > 0)
		ck_ok(rota_post(side->other->loop, on_ball, side->other));
}

static void *
play(void *data)
{
	struct side *side = data;

	return rota_loop_run(side->loop, ROTA_RUN_DEFAULT) == 0 ? NULL : data;
}

LOOP_TEST(two_loops_can_post_to_each_other)
{
	unsigned left = harness_scale(5000);
	struct side sides[2];
	pthread_t thread;
	void *failed;

	for (int i = 0; i < 2; i++) {
		sides[i].loop = i == 0 ? loop : harness_make_loop();
		sides[i].other = &sides[1 - i];
		sides[i].left = &left;
		ck_ok(rota_wake_init(
			sides[i].loop, &sides[i].keep_alive, on_wake_nothing));
	}
	ck_ok(pthread_create(&thread, NULL, play, &sides[1]));
	ck_ok(rota_post(loop, on_ball, &sides[0]));
	ck_assert_ptr_null(play(&sides[0]));
	ck_ok(pthread_join(thread, &failed));
	ck_assert_ptr_null(failed);
	ck_assert_uint_eq(left, 0);
	ck_ok(rota_loop_close(sides[1].loop));
}

/* Posts from signal handlers ******************************************/

static volatile sig_atomic_t n_handled;
static unsigned n_counted;

static void
on_count(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	n_counted++;
}

static void
post_from_handler(int signum)
{
	int saved = errno;

	(void)signum;
	if (rota_post(loop, on_count, NULL) == 0)
		n_handled++;
	errno = saved;
}

static void
on_post_raise(struct rota_loop *of, void *data)
{
	(void)of;
	trace_of(data);
	ck_ok(raise(SIGUSR1));
}

LOOP_TEST(a_signal_handler_can_post)
{
	struct sigaction action = { .sa_handler = post_from_handler };

	n_counted = 0;
	ck_ok(sigaction(SIGUSR1, &action, NULL));
	ck_ok(raise(SIGUSR1));
	ck_ok(rota_post(loop, on_post_raise, "p"));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("p");
	ck_assert_uint_eq(n_counted, 2);
}

/* Interrupts the loop at every place there is, also inside rota_post(). */
LOOP_TEST(posts_of_a_signal_handler_that_interrupts_everything_arrive)
{
	struct itimerval often = { { 0, 100 }, { 0, 100 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = post_from_handler };
	unsigned n = harness_scale(20000);
	unsigned n_posted = 0;

	n_counted = 0;
	n_handled = 0;
	ck_ok(sigaction(SIGALRM, &action, NULL));
	ck_ok(setitimer(ITIMER_REAL, &often, NULL));
	for (unsigned i = 0; i < n; i++) {
		ck_ok(rota_post(loop, on_count, NULL));
		n_posted++;
		if (i % 16 == 0)
			(void)run_once_checked(ROTA_RUN_NOWAIT);
	}
	ck_ok(setitimer(ITIMER_REAL, &never, NULL));
	for (int i = 0; i < 3; i++)
		(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_uint_eq(n_counted, n_posted + (unsigned)n_handled);
}

LOOP_TEST(a_post_of_a_signal_handler_ends_the_wait)
{
	struct sigaction action = { .sa_handler = post_from_handler };
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };
	struct rota_timer timer;

	n_counted = 0;
	start_timer(&timer, LONG_NS);
	ck_ok(sigaction(SIGALRM, &action, NULL));
	ck_ok(setitimer(ITIMER_REAL, &soon, NULL));
	while (n_counted == 0)
		ck_err(run_once_checked(ROTA_RUN_ONCE), 1);
	ck_trace("");
	close_all();
}

/* Wakes ***************************************************************/

LOOP_TEST(many_rings_before_the_callback_make_one_call)
{
	struct rota_wake wake;

	init_wake(&wake, "W");
	for (int i = 0; i < 5; i++)
		ck_ok(rota_wake_send(&wake));
	run_once_checked(ROTA_RUN_NOWAIT);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("W");
	ck_ok(rota_wake_send(&wake));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("WW");
	close_all();
}

LOOP_TEST(a_wake_never_rung_is_not_called)
{
	struct rota_wake a, b;

	init_wake(&a, "A");
	init_wake(&b, "B");
	ck_ok(rota_wake_send(&b));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("B");
	close_all();
}

LOOP_TEST(a_wake_holds_the_loop_unless_unreferenced)
{
	struct rota_wake wake;

	init_wake(&wake, "W");
	ck_err(rota_handle_is_active(&wake.handle), 1);
	ck_err(rota_loop_alive(loop), 1);
	ck_ok(rota_handle_unref(&wake.handle));
	ck_err(rota_loop_alive(loop), 0);
	ck_ok(rota_wake_send(&wake));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_trace("W");
	close_all();
}

static void
on_wake_ring(struct rota_wake *wake)
{
	trace('W');
	if (strlen(trace_text()) < 3)
		ck_ok(rota_wake_send(wake));
}

LOOP_TEST(a_ring_during_the_callback_makes_another_call)
{
	struct rota_wake wake;

	ck_ok(rota_wake_init(loop, &wake, on_wake_ring));
	ck_ok(rota_wake_send(&wake));
	for (int i = 0; i < 4; i++)
		run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("WWW");
	close_all();
}

static void
on_wake_ring_always(struct rota_wake *wake)
{
	ck_ok(rota_wake_send(wake));
}

LOOP_TEST(a_wake_that_rings_itself_does_not_hold_up_the_turn)
{
	struct rota_wake wake;
	struct rota_hook check;

	ck_ok(rota_wake_init(loop, &wake, on_wake_ring_always));
	ck_ok(rota_check_init(loop, &check));
	check.handle.data = "C";
	ck_ok(rota_hook_start(&check, on_hook));
	ck_ok(rota_wake_send(&wake));
	run_once_checked(ROTA_RUN_NOWAIT);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("CC");
	close_all();
}

LOOP_TEST(a_wake_closed_with_a_ring_in_flight_is_only_told_of_closing)
{
	struct rota_wake wake;

	init_wake(&wake, "W");
	ck_ok(rota_wake_send(&wake));
	ck_ok(rota_handle_close(&wake.handle, on_close));
	ck_err(rota_wake_send(&wake), -EINVAL);
	run_to_the_end();
	ck_trace("X");
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("X");
}

static void
on_wake_close_other(struct rota_wake *wake)
{
	trace('A');
	ck_ok(rota_handle_close(
		(struct rota_handle *)wake->handle.data, on_close));
}

LOOP_TEST(a_wake_closed_by_a_neighbour_that_was_rung_too_is_not_called)
{
	struct rota_wake a, b, c;

	ck_ok(rota_wake_init(loop, &a, on_wake_close_other));
	init_wake(&b, "B");
	init_wake(&c, "C");
	a.handle.data = &b.handle;
	ck_ok(rota_wake_send(&a));
	ck_ok(rota_wake_send(&b));
	ck_ok(rota_wake_send(&c));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("ACX");
	close_all();
}

/* The memory of the wake may be gone: the note must not be followed. */
LOOP_TEST(a_rung_wake_freed_in_its_close_callback_leaves_no_trace)
{
	unsigned n = harness_scale(100);

	for (unsigned i = 0; i < n; i++) {
		struct rota_wake *wake = malloc(sizeof(*wake));

		init_wake(wake, "W");
		ck_ok(rota_wake_send(wake));
		ck_ok(rota_handle_close(&wake->handle, (rota_close_fn *)NULL));
		run_to_the_end();
		memset(wake, 0xee, sizeof(*wake));
		free(wake);
	}
	ck_ok(rota_post(loop, on_post, "p"));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("p");
}

static unsigned shared_number;
static unsigned seen_number;
static unsigned n_calls;

static void
on_wake_see(struct rota_wake *wake)
{
	n_calls++;
	seen_number = shared_number;
	ck_ok(rota_handle_close(&wake->handle, NULL));
}

static void *
write_and_ring(void *data)
{
	shared_number = 42;
	return rota_wake_send(data) == 0 ? NULL : data;
}

/* For the sanitizer of threads: the ring is what orders the two. */
LOOP_TEST(what_was_written_before_the_ring_is_seen_in_the_callback)
{
	struct rota_wake wake;
	pthread_t thread;

	shared_number = 0;
	n_calls = 0;
	ck_ok(rota_wake_init(loop, &wake, on_wake_see));
	ck_ok(pthread_create(&thread, NULL, write_and_ring, &wake));
	run_to_the_end();
	ck_ok(pthread_join(thread, NULL));
	ck_assert_uint_eq(seen_number, 42);
	ck_assert_uint_eq(n_calls, 1);
}

static atomic_int has_rung;

static void *
write_and_ring_unordered(void *data)
{
	void *failed = write_and_ring(data);

	atomic_store_explicit(&has_rung, 1, memory_order_relaxed);
	return failed;
}

/* For the same one: nothing else than the second ring orders the two. */
LOOP_TEST(what_was_written_before_a_ring_upon_a_ring_is_seen_as_well)
{
	struct rota_wake wake;
	pthread_t thread;

	shared_number = 0;
	atomic_store(&has_rung, 0);
	ck_ok(rota_wake_init(loop, &wake, on_wake_see));
	ck_ok(rota_wake_send(&wake));
	ck_ok(pthread_create(&thread, NULL, write_and_ring_unordered, &wake));
	while (!atomic_load_explicit(&has_rung, memory_order_relaxed)) {
	}
	run_to_the_end();
	ck_assert_uint_eq(seen_number, 42);
	ck_ok(pthread_join(thread, NULL));
}

static atomic_uint n_rung;

static void *
ring_often(void *data)
{
	unsigned n = harness_scale(10000);

	for (unsigned i = 0; i < n; i++) {
		atomic_fetch_add(&n_rung, 1);
		if (rota_wake_send(data) != 0)
			return data;
	}
	return NULL;
}

static void
on_wake_until_all(struct rota_wake *wake)
{
	n_calls++;
	if (atomic_load(&n_rung) == N_THREADS * harness_scale(10000))
		ck_ok(rota_handle_unref(&wake->handle));
}

LOOP_TEST(rings_of_many_threads_make_no_more_calls_than_rings)
{
	pthread_t threads[N_THREADS];
	struct rota_wake wake;
	void *failed;

	atomic_store(&n_rung, 0);
	n_calls = 0;
	ck_ok(rota_wake_init(loop, &wake, on_wake_until_all));
	for (int i = 0; i < N_THREADS; i++)
		ck_ok(pthread_create(&threads[i], NULL, ring_often, &wake));
	/* The last ring is never lost, so this ends. */
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), 0);
	for (int i = 0; i < N_THREADS; i++) {
		ck_ok(pthread_join(threads[i], &failed));
		ck_assert_ptr_null(failed);
	}
	ck_assert_uint_ge(n_calls, 1);
	ck_assert_uint_le(n_calls, atomic_load(&n_rung));
	close_all();
}

static void *
ring_until_refused(void *data)
{
	int r;

	do {
		r = rota_wake_send(data);
	} while (r == 0);
	return r == -EINVAL ? NULL : data;
}

LOOP_TEST(a_wake_can_be_closed_while_another_thread_rings)
{
	struct rota_wake wake;
	pthread_t thread;
	void *failed;

	ck_ok(rota_wake_init(loop, &wake, on_wake_nothing));
	ck_ok(pthread_create(&thread, NULL, ring_until_refused, &wake));
	for (int i = 0; i < 20; i++)
		run_once_checked(ROTA_RUN_ONCE);
	ck_ok(rota_handle_close(&wake.handle, on_close));
	ck_ok(pthread_join(thread, &failed));
	ck_assert_ptr_null(failed);
	run_to_the_end();
	ck_trace("X");
}

static struct rota_wake handler_wake;

static void
ring_from_handler(int signum)
{
	int saved = errno;

	(void)signum;
	(void)rota_wake_send(&handler_wake);
	errno = saved;
}

static void
count_rings(struct rota_wake *wake)
{
	unsigned *n = wake->handle.data;

	(*n)++;
}

/* Rings a loop that says to be asleep; the foreign wait must end. */
static void
ring_asleep(struct rota_wake *wake)
{
	struct pollfd fds[8];
	int n;

	ck_err(rota_loop_prepare(loop), 1);
	n = rota_loop_pollfds(loop, fds, 8);
	ck_assert_int_le(n, 8);
	ck_ok(rota_wake_send(wake));
	ck_assert_int_gt(poll(fds, (nfds_t)n, 1000), 0);
	ck_err(rota_loop_dispatch(loop), 1);
}

/* The wake-up may be a pipe, and a pipe may be full. */
LOOP_TEST(a_loop_can_be_woken_more_often_than_a_pipe_holds)
{
	const unsigned n_rings = harness_scale(70000);
	unsigned n_told = 0;
	struct rota_wake wake;

	wake.handle.data = &n_told;
	ck_ok(rota_wake_init(loop, &wake, count_rings));
	for (unsigned i = 0; i < n_rings; i++)
		ring_asleep(&wake);
	ck_assert_uint_eq(n_told, n_rings);
	close_all();
}

LOOP_TEST(a_signal_handler_can_ring_a_sleeping_loop)
{
	struct sigaction action = { .sa_handler = ring_from_handler };
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };

	n_calls = 0;
	ck_ok(rota_wake_init(loop, &handler_wake, on_wake_see));
	ck_ok(sigaction(SIGALRM, &action, NULL));
	ck_ok(setitimer(ITIMER_REAL, &soon, NULL));
	run_to_the_end();
	ck_assert_uint_eq(n_calls, 1);
}

static int memory_is_out;

static void *
give(void *data, void *memory, size_t size_bytes)
{
	if (memory_is_out && size_bytes != 0)
		return NULL;
	return harness_realloc(data, memory, size_bytes);
}

/* These two need memory for the first descriptor: that of the wake-up. */
START_TEST(a_wake_up_that_cannot_be_watched_is_an_error_until_it_can)
{
	static const char *const backends[] = { "poll", "select" };
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_timer timer;

	memory_is_out = 0;
	options.backend = backends[_i];
	options.realloc_fn = give;
	ck_ok(rota_loop_create(&options, &loop));
	start_timer(&timer, 0);
	memory_is_out = 1;
	ck_err(rota_loop_run(loop, ROTA_RUN_NOWAIT), -ENOMEM);
	ck_err(rota_loop_run(loop, ROTA_RUN_NOWAIT), -ENOMEM);
	memory_is_out = 0;
	ck_ok(rota_post(loop, on_post, "P"));
	ck_ok(run_once_checked(ROTA_RUN_NOWAIT));
	ck_trace("TP");
	close_all();
	close_loop();
}
END_TEST

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "posts");

	tcase_add_loop_test(
		tc, posts_run_once_after_the_descriptors_and_before_check);
	tcase_add_loop_test(tc, posts_run_in_the_order_of_posting);
	tcase_add_loop_test(tc, a_post_does_not_hold_the_loop);
	tcase_add_loop_test(tc, what_a_post_starts_holds_the_loop);
	tcase_add_loop_test(
		tc, a_post_that_posts_itself_does_not_hold_up_the_turn);
	tcase_add_loop_test(
		tc, a_post_made_in_a_callback_does_not_wait_for_the_kernel);
	tcase_add_loop_test(
		tc, a_loop_that_is_awake_is_not_woken_by_the_kernel);

	tc = harness_case(suite, "threads");
	tcase_add_loop_test(
		tc, posts_of_many_threads_all_arrive_in_order_per_thread);
	tcase_add_loop_test(tc, two_loops_can_post_to_each_other);

	tc = harness_case(suite, "handlers");
	tcase_add_loop_test(tc, a_signal_handler_can_post);
	tcase_add_loop_test(tc,
		posts_of_a_signal_handler_that_interrupts_everything_arrive);
	tcase_add_loop_test(tc, a_post_of_a_signal_handler_ends_the_wait);

	tc = harness_case(suite, "no memory");
	tcase_add_loop_exit_test(tc,
		a_wake_up_that_cannot_be_watched_is_an_error_until_it_can, 0, 0,
		2);

	tc = harness_case(suite, "wakes");
	tcase_add_loop_test(tc, many_rings_before_the_callback_make_one_call);
	tcase_add_loop_test(tc, a_wake_never_rung_is_not_called);
	tcase_add_loop_test(tc, a_wake_holds_the_loop_unless_unreferenced);
	tcase_add_loop_test(tc, a_ring_during_the_callback_makes_another_call);
	tcase_add_loop_test(
		tc, a_wake_that_rings_itself_does_not_hold_up_the_turn);
	tcase_add_loop_test(tc,
		a_wake_closed_with_a_ring_in_flight_is_only_told_of_closing);
	tcase_add_loop_test(tc,
		a_wake_closed_by_a_neighbour_that_was_rung_too_is_not_called);
	tcase_add_loop_test(
		tc, a_rung_wake_freed_in_its_close_callback_leaves_no_trace);
	tcase_add_loop_test(
		tc, what_was_written_before_the_ring_is_seen_in_the_callback);
	tcase_add_loop_test(
		tc, what_was_written_before_a_ring_upon_a_ring_is_seen_as_well);
	tcase_add_loop_test(
		tc, rings_of_many_threads_make_no_more_calls_than_rings);
	tcase_add_loop_test(
		tc, a_wake_can_be_closed_while_another_thread_rings);
	tcase_add_loop_test(tc, a_signal_handler_can_ring_a_sleeping_loop);
	tcase_add_loop_test(
		tc, a_loop_can_be_woken_more_often_than_a_pipe_holds);
}

HARNESS_MAIN("post", add_cases)
