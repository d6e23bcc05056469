/* SPDX-License-Identifier: MIT */
/*
 * Callbacks that do the worst. Each test is one way to behave, tried by
 * every kind of callback on every backend; the table of kinds says how each
 * is made to come. Two of a kind are due at once, where that can be, so that
 * there is a neighbour to do harm to.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness.h"

/* How often we look for the first call, and how many turns follow it. */
#define PATIENCE 2000
#define N_MORE_TURNS 4

#define N_TASKS 1000

/* What a kind of callback lacks, or has of its own. */
enum trait {
	/* Has no neighbour. */
	IS_ALONE = 1 << 0,
	/* The end of a request: it is told even if its stream closes. */
	IS_REQUEST = 1 << 1,
	/* Its handle is closed already. */
	IS_GONE = 1 << 2,
	/* Called by a function that is called outside of run. */
	IS_OUTSIDE = 1 << 3,
	/* May not start, stop or close anything. */
	IS_BOUND = 1 << 4,
	/* Ticks and microtasks do not come between it and its neighbour. */
	IS_TASK = 1 << 5,
	/* Comes when the loop has nothing left. */
	IS_LAST = 1 << 6,
	/* One that starts again is called again. */
	COMES_AGAIN = 1 << 7
};

struct kind {
	const char *name;
	unsigned traits;
	/* Makes number i come. */
	void (*arm)(int i);
	/* Starts it again, in its callback. */
	void (*restart)(int i);
	/* Its handle, or that of its request; NULL if it has none. */
	struct rota_handle *(*handle)(int i);
	/* What must be called for it to come, outside of run. */
	void (*trigger)(void);
};

/* All that number i may need; a kind uses some of it. */
struct subject {
	struct rota_timer timer;
	struct rota_immediate immediate;
	struct rota_hook hook;
	struct rota_io io;
	struct rota_wake wake;
	struct rota_signal signal;
	struct rota_tcp tcp;
	struct rota_write write;
	struct rota_shutdown shutdown;
	struct rota_connect connect;
	/* [0] is the subject's, if it has one; [1] the peer. */
	int fds[2];
	unsigned n_calls;
};

/* Others that are due, unreferenced, when the worst is done. */
struct bystanders {
	struct rota_io io;
	struct rota_timer timer;
	struct rota_hook check;
	struct rota_immediate immediate;
	int fds[2];
};

static struct {
	const struct kind *kind;
	void (*behave)(int actor);
	/* The one that behaved, -1 before. */
	int actor;
	struct subject subjects[2];
	struct bystanders bystanders;
	/* From now on nobody but requests and close callbacks is told. */
	int is_all_closed;
	unsigned n_tasks_queued;
	unsigned n_tasks_run;
	unsigned n_turns_after;
	int raw_listener;
} scene;

static int
has(unsigned trait)
{
	return (scene.kind->traits & trait) != 0;
}

/* Tasks are run before anyone else is called. */
static void
ck_nobody_waits(void)
{
	if (!has(IS_TASK | IS_OUTSIDE))
		ck_assert_msg(scene.n_tasks_run == scene.n_tasks_queued,
			"%s: called before ticks and microtasks were run",
			scene.kind->name);
}

static void
called(int i)
{
	scene.subjects[i].n_calls++;
	ck_nobody_waits();
	if (scene.is_all_closed && !has(IS_ALONE | IS_REQUEST | IS_GONE))
		ck_assert_msg(scene.subjects[i].n_calls <= 1,
			"%s: called after it was closed", scene.kind->name);
	if (scene.actor >= 0)
		return;
	scene.actor = i;
	scene.behave(i);
}

static int
number_of(const void *subject)
{
	return (int)((const struct subject *)subject - scene.subjects);
}

/* Kinds: timers, hooks, immediates and tasks **************************/

static void
on_timer(struct rota_timer *timer)
{
	called(number_of(timer->handle.data));
}

static void
restart_timer(int i)
{
	ck_ok(rota_timer_start(&scene.subjects[i].timer, 0, 0, on_timer));
}

static void
init_timer(int i)
{
	ck_ok(rota_timer_init(loop, &scene.subjects[i].timer));
	scene.subjects[i].timer.handle.data = &scene.subjects[i];
}

static void
arm_timer(int i)
{
	init_timer(i);
	restart_timer(i);
}

static struct rota_handle *
timer_handle(int i)
{
	return &scene.subjects[i].timer.handle;
}

static void
on_immediate(struct rota_immediate *immediate)
{
	called(number_of(immediate->data));
}

static void
restart_immediate(int i)
{
	ck_ok(rota_immediate_start(&scene.subjects[i].immediate, on_immediate));
}

static void
arm_immediate(int i)
{
	ck_ok(rota_immediate_init(loop, &scene.subjects[i].immediate));
	scene.subjects[i].immediate.data = &scene.subjects[i];
	restart_immediate(i);
}

static void
on_task(struct rota_loop *of, void *data)
{
	ck_assert_ptr_eq(of, loop);
	called(number_of(data));
}

static void
arm_tick(int i)
{
	ck_ok(rota_tick(loop, on_task, &scene.subjects[i]));
}

static void
arm_microtask(int i)
{
	ck_ok(rota_microtask(loop, on_task, &scene.subjects[i]));
}

static void
arm_post(int i)
{
	ck_ok(rota_post(loop, on_task, &scene.subjects[i]));
}

static void
on_hook(struct rota_hook *hook)
{
	called(number_of(hook->handle.data));
}

static void
restart_hook(int i)
{
	ck_ok(rota_hook_start(&scene.subjects[i].hook, on_hook));
}

static void
arm_hook(int i, int (*init)(struct rota_loop *, struct rota_hook *))
{
	ck_ok(init(loop, &scene.subjects[i].hook));
	scene.subjects[i].hook.handle.data = &scene.subjects[i];
	restart_hook(i);
}

static void
arm_idle(int i)
{
	arm_hook(i, rota_idle_init);
}

static void
arm_prepare(int i)
{
	arm_hook(i, rota_prepare_init);
}

static void
arm_check(int i)
{
	arm_hook(i, rota_check_init);
}

static struct rota_handle *
hook_handle(int i)
{
	return &scene.subjects[i].hook.handle;
}

/* Kinds: descriptors, wakes and signals *******************************/

static void
on_io(struct rota_io *io, unsigned ready)
{
	ck_assert_uint_ne(ready & (ROTA_READABLE | ROTA_WRITABLE), 0);
	called(number_of(io->handle.data));
}

static void
restart_io(int i)
{
	ck_ok(rota_io_start(
		&scene.subjects[i].io, ROTA_READABLE | ROTA_WRITABLE, on_io));
}

static void
arm_io(int i)
{
	harness_socketpair(scene.subjects[i].fds);
	harness_put(scene.subjects[i].fds[1], 'x');
	ck_ok(rota_io_init(
		loop, &scene.subjects[i].io, scene.subjects[i].fds[0]));
	scene.subjects[i].io.handle.data = &scene.subjects[i];
	restart_io(i);
}

static struct rota_handle *
io_handle(int i)
{
	return &scene.subjects[i].io.handle;
}

static void
on_wake(struct rota_wake *wake)
{
	called(number_of(wake->handle.data));
}

static void
ring(int i)
{
	ck_ok(rota_wake_send(&scene.subjects[i].wake));
}

static void
arm_wake(int i)
{
	ck_ok(rota_wake_init(loop, &scene.subjects[i].wake, on_wake));
	scene.subjects[i].wake.handle.data = &scene.subjects[i];
	ring(i);
}

static struct rota_handle *
wake_handle(int i)
{
	return &scene.subjects[i].wake.handle;
}

static void
on_signal(struct rota_signal *sig, const struct rota_signal_event *event)
{
	ck_assert_int_eq(event->signum, SIGUSR1);
	called(number_of(sig->handle.data));
}

static void
restart_signal(int i)
{
	ck_ok(rota_signal_start(&scene.subjects[i].signal, SIGUSR1, on_signal));
	ck_ok(kill(getpid(), SIGUSR1));
}

static void
arm_signal(int i)
{
	ck_ok(rota_signal_init(loop, &scene.subjects[i].signal));
	scene.subjects[i].signal.handle.data = &scene.subjects[i];
	restart_signal(i);
}

static struct rota_handle *
signal_handle(int i)
{
	return &scene.subjects[i].signal.handle;
}

/* Kinds: streams ******************************************************/

static char byte_to_write[] = "x";
static char read_buffer[2];

static void
init_tcp(int i)
{
	ck_ok(rota_tcp_init(loop, &scene.subjects[i].tcp));
	scene.subjects[i].tcp.stream.handle.data = &scene.subjects[i];
}

static void
open_tcp(int i)
{
	init_tcp(i);
	harness_tcp_pair(scene.subjects[i].fds);
	ck_ok(rota_tcp_open(&scene.subjects[i].tcp, scene.subjects[i].fds[0]));
	scene.subjects[i].fds[0] = -1;
	harness_put(scene.subjects[i].fds[1], 'x');
}

static struct rota_handle *
tcp_handle(int i)
{
	return &scene.subjects[i].tcp.stream.handle;
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)data;
	ck_assert_int_gt((int)n, 0);
	called(number_of(stream->handle.data));
}

static void
restart_read(int i)
{
	ck_ok(rota_stream_read_start(
		&scene.subjects[i].tcp.stream, NULL, on_read));
	harness_put(scene.subjects[i].fds[1], 'y');
}

static void
arm_read(int i)
{
	open_tcp(i);
	ck_ok(rota_stream_read_start(
		&scene.subjects[i].tcp.stream, NULL, on_read));
}

static void
ignore_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	(void)data;
	ck_assert_int_ge((int)n, 0);
	ck_nobody_waits();
}

static void
on_buffer(struct rota_stream *stream, struct iovec *ret_buffer)
{
	int i = number_of(stream->handle.data);

	/* One byte at a time, so that another buffer is asked for. */
	ret_buffer->iov_base = &read_buffer[i];
	ret_buffer->iov_len = 1;
	called(i);
}

static void
arm_buffer(int i)
{
	open_tcp(i);
	ck_ok(rota_stream_read_start(
		&scene.subjects[i].tcp.stream, on_buffer, ignore_read));
}

static void
restart_buffer(int i)
{
	ck_ok(rota_stream_read_stop(&scene.subjects[i].tcp.stream));
	ck_ok(rota_stream_read_start(
		&scene.subjects[i].tcp.stream, on_buffer, ignore_read));
	harness_put(scene.subjects[i].fds[1], 'y');
}

static void
on_write(struct rota_write *write, int status)
{
	(void)status;
	called(number_of(write->request.data));
}

static void
restart_write(int i)
{
	struct iovec bytes = { byte_to_write, 1 };

	ck_ok(rota_stream_write(&scene.subjects[i].tcp.stream,
		&scene.subjects[i].write, &bytes, 1, on_write));
}

static void
arm_write(int i)
{
	open_tcp(i);
	scene.subjects[i].write.request.data = &scene.subjects[i];
	restart_write(i);
}

static void
on_shutdown(struct rota_shutdown *shutdown, int status)
{
	(void)status;
	called(number_of(shutdown->request.data));
}

static void
arm_shutdown(int i)
{
	open_tcp(i);
	scene.subjects[i].shutdown.request.data = &scene.subjects[i];
	ck_ok(rota_stream_shutdown(&scene.subjects[i].tcp.stream,
		&scene.subjects[i].shutdown, on_shutdown));
}

static void
shut_down_again(int i)
{
	ck_err(rota_stream_shutdown(&scene.subjects[i].tcp.stream,
		       &scene.subjects[i].shutdown, on_shutdown),
		-EPIPE);
}

static struct sockaddr_in
loopback(int fd)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0)
		ck_ok(getsockname(fd, (struct sockaddr *)&addr, &len));
	return addr;
}

static void
on_connect(struct rota_connect *connect, int status)
{
	(void)status;
	called(number_of(connect->request.data));
}

static void
arm_connect(int i)
{
	struct sockaddr_in addr = loopback(-1);

	if (scene.raw_listener < 0) {
		scene.raw_listener = socket(AF_INET, SOCK_STREAM, 0);
		ck_ok(bind(scene.raw_listener, (struct sockaddr *)&addr,
			sizeof(addr)));
		ck_ok(listen(scene.raw_listener, 8));
	}
	addr = loopback(scene.raw_listener);
	init_tcp(i);
	scene.subjects[i].connect.request.data = &scene.subjects[i];
	ck_ok(rota_tcp_connect(&scene.subjects[i].tcp,
		&scene.subjects[i].connect, (struct sockaddr *)&addr,
		on_connect));
}

static void
connect_again(int i)
{
	struct sockaddr_in addr = loopback(scene.raw_listener);

	ck_err(rota_tcp_connect(&scene.subjects[i].tcp,
		       &scene.subjects[i].connect, (struct sockaddr *)&addr,
		       on_connect),
		-EISCONN);
}

static void
on_connection(struct rota_stream *listener, int status)
{
	ck_ok(status);
	called(number_of(listener->handle.data));
}

static void
arm_listen(int i)
{
	struct sockaddr_in addr = loopback(-1);
	struct subject *subject = &scene.subjects[i];

	init_tcp(i);
	ck_ok(rota_tcp_bind(&subject->tcp, (struct sockaddr *)&addr, 0));
	ck_ok(rota_stream_listen(&subject->tcp.stream, 8, on_connection));
	addr = loopback(rota_stream_fd(&subject->tcp.stream));
	subject->fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	ck_ok(connect(subject->fds[1], (struct sockaddr *)&addr, sizeof(addr)));
}

static void
listen_again(int i)
{
	ck_ok(rota_stream_listen(
		&scene.subjects[i].tcp.stream, 8, on_connection));
}

/* Kinds: the end, the slow turn and the walks *************************/

static void
on_closed(struct rota_handle *handle)
{
	called(number_of(handle->data));
}

static void
arm_close(int i)
{
	init_timer(i);
	ck_ok(rota_handle_close(&scene.subjects[i].timer.handle, on_closed));
}

static void
make_and_close_anew(int i)
{
	arm_close(i);
}

static void
on_before_exit(struct rota_loop *of, void *data)
{
	on_task(of, data);
}

static void
arm_before_exit(int i)
{
	ck_ok(rota_loop_on_before_exit(
		loop, on_before_exit, &scene.subjects[i]));
}

static void
ignore_immediate(struct rota_immediate *immediate)
{
	(void)immediate;
	ck_nobody_waits();
}

static void
revive(int i)
{
	struct rota_immediate *immediate = &scene.subjects[i].immediate;

	ck_ok(rota_immediate_init(loop, immediate));
	ck_ok(rota_immediate_start(immediate, ignore_immediate));
}

static void
on_slow(struct rota_loop *of, const struct rota_slow_turn *turn, void *data)
{
	ck_assert_ptr_nonnull(turn->type);
	on_task(of, data);
}

static void
arm_slow(int i)
{
	ck_ok(rota_loop_measure(loop, 1));
	ck_ok(rota_loop_on_slow(loop, 1, 1, on_slow, &scene.subjects[i]));
}

static void
on_walk(struct rota_handle *handle, void *data)
{
	(void)data;
	for (int i = 0; i < 2; i++)
		if (handle == &scene.subjects[i].timer.handle)
			called(i);
}

static void
walk(void)
{
	ck_ok(rota_loop_walk(loop, on_walk, NULL));
}

static void
on_culprit(const struct rota_culprit *culprit, void *data)
{
	on_walk(culprit->handle, data);
}

static void
ask_why(void)
{
	ck_assert_int_ge(rota_loop_why_alive(loop, on_culprit, NULL), 2);
}

static void
refuse_a_walk_in_a_walk(int i)
{
	(void)i;
	ck_err(rota_loop_walk(loop, on_walk, NULL), -EBUSY);
}

static const struct kind kinds[] = {
	{ "timer", COMES_AGAIN, arm_timer, restart_timer, timer_handle, NULL },
	{ "immediate", COMES_AGAIN, arm_immediate, restart_immediate, NULL,
		NULL },
	{ "tick", IS_TASK, arm_tick, NULL, NULL, NULL },
	{ "microtask", IS_TASK, arm_microtask, NULL, NULL, NULL },
	{ "idle", COMES_AGAIN, arm_idle, restart_hook, hook_handle, NULL },
	{ "prepare", COMES_AGAIN, arm_prepare, restart_hook, hook_handle,
		NULL },
	{ "check", COMES_AGAIN, arm_check, restart_hook, hook_handle, NULL },
	{ "io", COMES_AGAIN, arm_io, restart_io, io_handle, NULL },
	{ "wake", COMES_AGAIN, arm_wake, ring, wake_handle, NULL },
	{ "post", COMES_AGAIN, arm_post, arm_post, NULL, NULL },
	{ "signal", COMES_AGAIN, arm_signal, restart_signal, signal_handle,
		NULL },
	{ "close callback", IS_GONE | COMES_AGAIN, arm_close,
		make_and_close_anew, timer_handle, NULL },
	{ "before-exit", IS_ALONE | IS_LAST | COMES_AGAIN, arm_before_exit,
		revive, NULL, NULL },
	{ "slow turn", IS_ALONE | COMES_AGAIN, arm_slow, arm_slow, NULL, NULL },
	{ "read", COMES_AGAIN, arm_read, restart_read, tcp_handle, NULL },
	{ "buffer", COMES_AGAIN, arm_buffer, restart_buffer, tcp_handle, NULL },
	{ "write", IS_REQUEST | COMES_AGAIN, arm_write, restart_write,
		tcp_handle, NULL },
	{ "shutdown", IS_REQUEST, arm_shutdown, shut_down_again, tcp_handle,
		NULL },
	{ "connect", IS_REQUEST, arm_connect, connect_again, tcp_handle, NULL },
	{ "listen", 0, arm_listen, listen_again, tcp_handle, NULL },
	{ "walk", IS_OUTSIDE | COMES_AGAIN, init_timer, refuse_a_walk_in_a_walk,
		timer_handle, walk },
	{ "culprit", IS_OUTSIDE | IS_BOUND, init_timer, NULL, timer_handle,
		ask_why },
};

#define N_KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

/* The scene ***********************************************************/

static void
bystand(void)
{
	ck_nobody_waits();
	ck_assert_msg(!scene.is_all_closed, "%s: a bystander was called",
		scene.kind->name);
}

static void
bystand_io(struct rota_io *io, unsigned ready)
{
	(void)io;
	(void)ready;
	bystand();
}

static void
bystand_timer(struct rota_timer *timer)
{
	bystand();
	ck_ok(rota_timer_start(timer, 0, 0, bystand_timer));
}

static void
bystand_hook(struct rota_hook *hook)
{
	(void)hook;
	bystand();
	scene.n_turns_after += scene.actor >= 0;
}

static void
bystand_immediate(struct rota_immediate *immediate)
{
	bystand();
	ck_ok(rota_immediate_start(immediate, bystand_immediate));
}

static void
place_bystanders(void)
{
	struct bystanders *by = &scene.bystanders;

	harness_socketpair(by->fds);
	harness_put(by->fds[1], 'x');
	ck_ok(rota_io_init(loop, &by->io, by->fds[0]));
	ck_ok(rota_io_start(&by->io, ROTA_READABLE, bystand_io));
	ck_ok(rota_handle_unref(&by->io.handle));
	ck_ok(rota_timer_init(loop, &by->timer));
	ck_ok(rota_timer_start(&by->timer, 0, 0, bystand_timer));
	ck_ok(rota_handle_unref(&by->timer.handle));
	ck_ok(rota_check_init(loop, &by->check));
	ck_ok(rota_hook_start(&by->check, bystand_hook));
	ck_ok(rota_handle_unref(&by->check.handle));
	ck_ok(rota_immediate_init(loop, &by->immediate));
	ck_ok(rota_immediate_start(&by->immediate, bystand_immediate));
	ck_ok(rota_immediate_unref(&by->immediate));
}

static void
set_scene(int number)
{
	memset(&scene, 0, sizeof(scene));
	scene.kind = &kinds[number % N_KINDS];
	scene.actor = -1;
	scene.raw_listener = -1;
	for (int i = 0; i < 2; i++) {
		scene.bystanders.fds[i] = -1;
		scene.subjects[i].fds[0] = -1;
		scene.subjects[i].fds[1] = -1;
	}
	harness_open(number / N_KINDS);
}

static void
take_a_turn(void)
{
	if (scene.kind->trigger != NULL)
		scene.kind->trigger();
	(void)run_once_checked(
		has(IS_LAST) ? ROTA_RUN_DEFAULT : ROTA_RUN_NOWAIT);
}

static void
close_fd(int fd)
{
	if (fd >= 0)
		ck_ok(close(fd));
}

static void
stop_immediates(void)
{
	(void)rota_immediate_stop(&scene.bystanders.immediate);
	for (int i = 0; i < 2; i++)
		(void)rota_immediate_stop(&scene.subjects[i].immediate);
}

static void
clear_scene(void)
{
	ck_ok(rota_loop_on_before_exit(loop, NULL, NULL));
	ck_ok(rota_loop_on_slow(loop, 0, 0, NULL, NULL));
	stop_immediates();
	close_all();
	close_fd(scene.raw_listener);
	for (int i = 0; i < 2; i++) {
		close_fd(scene.subjects[i].fds[0]);
		close_fd(scene.subjects[i].fds[1]);
		close_fd(scene.bystanders.fds[i]);
	}
}

static void
arm(void)
{
	place_bystanders();
	for (int i = 0; i < (has(IS_ALONE) ? 1 : 2); i++)
		scene.kind->arm(i);
}

/* Turns until somebody behaves, and a few more; then a clean end. */
static void
play(void (*behave)(int actor))
{
	scene.behave = behave;
	arm();
	for (int i = 0; i < PATIENCE && scene.actor < 0; i++) {
		take_a_turn();
		if (i > 20)
			(void)poll(NULL, 0, 1);
	}
	ck_assert_msg(scene.actor >= 0, "%s: was not called", scene.kind->name);
	for (int i = 0; i < N_MORE_TURNS; i++)
		take_a_turn();
}

static struct subject *
the_actor(void)
{
	return &scene.subjects[scene.actor];
}

static struct subject *
the_neighbour(void)
{
	return &scene.subjects[1 - scene.actor];
}

/* Defines a test of one behaviour, run for each kind on each backend. */
#define WORST_TEST(name) \
	static void name##_of_a_kind(void); \
	START_TEST(name) \
	{ \
		set_scene(_i); \
		name##_of_a_kind(); \
	} \
	END_TEST \
	static void name##_of_a_kind(void)

static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_exit_test(
		tc, test, 0, 0, harness_n_backends() * N_KINDS);
}

/* Closing *************************************************************/

static void
close_number(int i)
{
	int expected = 0;

	if (scene.kind->handle == NULL)
		return;
	if (has(IS_GONE))
		expected = i == scene.actor ? -EINVAL : -EALREADY;
	ck_err(rota_handle_close(scene.kind->handle(i), NULL), expected);
	if (!has(IS_GONE))
		ck_err(rota_handle_close(scene.kind->handle(i), NULL),
			-EALREADY);
}

WORST_TEST(a_callback_may_close_its_own_handle)
{
	if (!has(IS_BOUND)) {
		play(close_number);
		if (!has(IS_ALONE))
			ck_assert_uint_eq(the_actor()->n_calls, 1);
		if (!has(IS_ALONE))
			ck_assert_uint_ge(the_neighbour()->n_calls, 1);
	}
	clear_scene();
}

static void
close_neighbour(int i)
{
	if (scene.kind->handle != NULL)
		close_number(1 - i);
	else
		(void)rota_immediate_stop(&scene.subjects[1 - i].immediate);
}

WORST_TEST(a_callback_may_close_a_neighbour_that_is_due_too)
{
	int is_told = has(IS_REQUEST | IS_GONE);

	if (!has(IS_BOUND | IS_ALONE | IS_TASK | IS_OUTSIDE) &&
		strcmp(scene.kind->name, "post") != 0) {
		play(close_neighbour);
		ck_assert_uint_ge(the_actor()->n_calls, 1);
		ck_assert_uint_eq(the_neighbour()->n_calls, is_told);
	}
	clear_scene();
}

static void
close_one(struct rota_handle *handle, void *data)
{
	(void)data;
	(void)rota_handle_close(handle, NULL);
}

static void
close_everything(int i)
{
	(void)i;
	stop_immediates();
	if (strcmp(scene.kind->name, "walk") != 0)
		ck_ok(rota_loop_walk(loop, close_one, NULL));
	for (int k = 0; k < 2 && has(IS_OUTSIDE); k++)
		close_one(&scene.subjects[k].timer.handle, NULL);
	scene.is_all_closed = !has(IS_OUTSIDE);
}

WORST_TEST(a_callback_may_close_everything)
{
	if (!has(IS_BOUND))
		play(close_everything);
	clear_scene();
}

static void
reset_both(int i)
{
	(void)i;
	for (int k = 0; k < 2; k++)
		ck_ok(rota_tcp_reset(&scene.subjects[k].tcp, NULL));
}

WORST_TEST(a_callback_may_reset_both_streams)
{
	if (scene.kind->handle == tcp_handle) {
		play(reset_both);
		ck_assert_uint_eq(the_actor()->n_calls, 1);
		ck_assert_uint_eq(the_neighbour()->n_calls, has(IS_REQUEST));
	}
	clear_scene();
}

/* Numbers used again **************************************************/

static struct {
	struct rota_io io;
	int peer;
} heirs[3];

static void
ignore_io(struct rota_io *io, unsigned ready)
{
	(void)io;
	(void)ready;
	ck_abort_msg("%s: told of an older file", scene.kind->name);
}

/* A quiet socket takes a number that was ready, and is watched. */
static void
inherit(int number, int fd)
{
	int fds[2];

	harness_socketpair(fds);
	if (fds[0] != fd) {
		ck_assert_int_eq(dup2(fds[0], fd), fd);
		ck_ok(close(fds[0]));
	}
	heirs[number].peer = fds[1];
	ck_ok(rota_io_init(loop, &heirs[number].io, fd));
	ck_ok(rota_io_start(&heirs[number].io, ROTA_READABLE, ignore_io));
	ck_ok(rota_handle_unref(&heirs[number].io.handle));
}

/* The number that subject i has ready, -1 if it has none. */
static int
fd_of(int i)
{
	if (scene.kind->handle == tcp_handle)
		return rota_stream_fd(&scene.subjects[i].tcp.stream);
	return scene.subjects[i].fds[0];
}

static void
close_and_reopen(int i)
{
	(void)i;
	ck_ok(rota_handle_close(&scene.bystanders.io.handle, NULL));
	ck_ok(close(scene.bystanders.fds[0]));
	inherit(2, scene.bystanders.fds[0]);
	for (int k = 0; k < 2; k++) {
		int fd = fd_of(k);

		if (fd < 0)
			continue;
		ck_ok(rota_handle_close(scene.kind->handle(k), NULL));
		if (scene.subjects[k].fds[0] >= 0)
			ck_ok(close(fd));
		inherit(k, fd);
		scene.subjects[k].fds[0] = fd;
	}
}

WORST_TEST(a_callback_may_close_a_descriptor_and_use_its_number_again)
{
	for (int i = 0; i < 3; i++)
		heirs[i].peer = -1;
	if (!has(IS_BOUND))
		play(close_and_reopen);
	clear_scene();
	for (int i = 0; i < 3; i++)
		close_fd(heirs[i].peer);
}

/* Starting again ******************************************************/

static void
restart(int i)
{
	scene.kind->restart(i);
}

WORST_TEST(a_callback_may_start_itself_again)
{
	if (scene.kind->restart != NULL) {
		play(restart);
		if (has(COMES_AGAIN))
			ck_assert_msg(the_actor()->n_calls >= 2,
				"%s: was not called again", scene.kind->name);
		if (!has(IS_ALONE))
			ck_assert_uint_ge(the_neighbour()->n_calls, 1);
	}
	clear_scene();
}

static void
start_neighbour_again(int i)
{
	if (scene.subjects[1 - i].n_calls == 0)
		scene.kind->restart(1 - i);
}

WORST_TEST(a_callback_may_start_its_neighbour_again)
{
	if (scene.kind->restart != NULL && has(COMES_AGAIN) &&
		!has(IS_ALONE | IS_REQUEST | IS_GONE | IS_OUTSIDE)) {
		play(start_neighbour_again);
		ck_assert_msg(the_neighbour()->n_calls >= 1,
			"%s: the neighbour was lost", scene.kind->name);
	}
	clear_scene();
}

/* The loop ************************************************************/

static void
stop_loop(int i)
{
	(void)i;
	ck_ok(rota_loop_stop(loop));
}

static void
keep_busy(struct rota_hook *hook)
{
	(void)hook;
}

WORST_TEST(a_callback_may_stop_the_loop)
{
	struct rota_hook busy;

	scene.behave = stop_loop;
	ck_ok(rota_idle_init(loop, &busy));
	arm();
	if (!has(IS_LAST))
		ck_ok(rota_hook_start(&busy, keep_busy));
	if (has(IS_OUTSIDE))
		scene.kind->trigger();
	ck_err(run_once_checked(ROTA_RUN_DEFAULT), !has(IS_LAST));
	ck_assert_int_ge(scene.actor, 0);
	ck_assert_uint_le(scene.n_turns_after, 1);
	for (int i = 0; i < N_MORE_TURNS; i++)
		take_a_turn();
	clear_scene();
}

static void
run_within(int i)
{
	(void)i;
	ck_err(rota_loop_run(loop, ROTA_RUN_DEFAULT), -EBUSY);
	ck_err(rota_loop_run(loop, ROTA_RUN_ONCE), -EBUSY);
	ck_err(rota_loop_run(loop, ROTA_RUN_NOWAIT), -EBUSY);
	ck_err(rota_loop_prepare(loop), -EBUSY);
	ck_err(rota_loop_dispatch(loop), -EBUSY);
}

WORST_TEST(a_callback_cannot_run_its_loop)
{
	play(run_within);
	ck_assert_uint_ge(the_actor()->n_calls, 1);
	clear_scene();
}

static void
close_loop_within(int i)
{
	(void)i;
	ck_err(rota_loop_close(loop), -EBUSY);
}

WORST_TEST(a_callback_cannot_close_its_loop)
{
	play(close_loop_within);
	clear_scene();
}

/* Tasks and fresh handles *********************************************/

static void
count_task(struct rota_loop *of, void *data)
{
	(void)data;
	ck_assert_ptr_eq(of, loop);
	scene.n_tasks_run++;
}

static void
queue_tasks(int i)
{
	(void)i;
	for (int n = 0; n < N_TASKS; n++) {
		ck_ok(rota_tick(loop, count_task, NULL));
		ck_ok(rota_microtask(loop, count_task, NULL));
	}
	scene.n_tasks_queued = 2 * N_TASKS;
}

WORST_TEST(a_callback_may_throw_in_very_many_ticks_and_microtasks)
{
	play(queue_tasks);
	ck_assert_uint_eq(scene.n_tasks_run, 2 * N_TASKS);
	clear_scene();
}

static struct {
	struct rota_timer timer;
	struct rota_hook hooks[3];
	struct rota_io io;
	struct rota_wake wake;
	struct rota_signal signal;
	struct rota_tcp tcp;
	unsigned n_made;
	unsigned n_closed;
} fresh;

static void
on_fresh_closed(struct rota_handle *handle)
{
	(void)handle;
	fresh.n_closed++;
}

static void
close_fresh(struct rota_handle *handle)
{
	ck_ok(rota_handle_close(handle, on_fresh_closed));
	fresh.n_made++;
}

static void
never_timer(struct rota_timer *timer)
{
	(void)timer;
	ck_abort_msg("a closed timer was called");
}

static void
never_hook(struct rota_hook *hook)
{
	(void)hook;
	ck_abort_msg("a closed hook was called");
}

static void
never_wake(struct rota_wake *wake)
{
	(void)wake;
	ck_abort_msg("a closed wake was called");
}

static void
never_signal(struct rota_signal *sig, const struct rota_signal_event *event)
{
	(void)sig;
	(void)event;
	ck_abort_msg("a closed signal handle was called");
}

static void
make_fresh_hooks(void)
{
	static int (*const init[])(struct rota_loop *, struct rota_hook *) = {
		rota_idle_init, rota_prepare_init, rota_check_init
	};

	for (int i = 0; i < 3; i++) {
		ck_ok(init[i](loop, &fresh.hooks[i]));
		ck_ok(rota_hook_start(&fresh.hooks[i], never_hook));
		close_fresh(&fresh.hooks[i].handle);
	}
}

static void
make_fresh_handles(int i)
{
	(void)i;
	ck_ok(rota_timer_init(loop, &fresh.timer));
	ck_ok(rota_timer_start(&fresh.timer, 0, 0, never_timer));
	close_fresh(&fresh.timer.handle);
	make_fresh_hooks();
	ck_ok(rota_io_init(loop, &fresh.io, scene.bystanders.fds[0]));
	ck_ok(rota_io_start(&fresh.io, ROTA_READABLE, ignore_io));
	close_fresh(&fresh.io.handle);
	ck_ok(rota_wake_init(loop, &fresh.wake, never_wake));
	ck_ok(rota_wake_send(&fresh.wake));
	close_fresh(&fresh.wake.handle);
	ck_ok(rota_signal_init(loop, &fresh.signal));
	ck_ok(rota_signal_start(&fresh.signal, SIGUSR2, never_signal));
	ck_ok(kill(getpid(), SIGUSR2));
	close_fresh(&fresh.signal.handle);
	ck_ok(rota_tcp_init(loop, &fresh.tcp));
	close_fresh(&fresh.tcp.stream.handle);
}

WORST_TEST(a_callback_may_start_and_close_fresh_handles)
{
	memset(&fresh, 0, sizeof(fresh));
	if (!has(IS_BOUND))
		play(make_fresh_handles);
	ck_assert_uint_eq(fresh.n_made, has(IS_BOUND) ? 0 : 8);
	ck_assert_uint_eq(fresh.n_closed, fresh.n_made);
	clear_scene();
}

/* Promptness **********************************************************/

static struct rota_tcp tcp;
static struct rota_write write_request;
static struct rota_hook check;
static int pair[2];
static char buffer[16];

static void
leave_letter(struct rota_loop *of, void *letter)
{
	(void)of;
	trace_of(letter);
}

static void
queue_letters(void)
{
	ck_ok(rota_microtask(loop, leave_letter, "m"));
	ck_ok(rota_tick(loop, leave_letter, "t"));
}

static void
on_check(struct rota_hook *hook)
{
	(void)hook;
	trace('C');
}

static void
on_written(struct rota_write *write, int status)
{
	(void)write;
	ck_ok(status);
	trace('W');
}

static void
write_a_byte(void)
{
	struct iovec bytes = { byte_to_write, 1 };

	ck_ok(rota_stream_write(
		&tcp.stream, &write_request, &bytes, 1, on_written));
}

/* Demands that the peer has the byte, without a turn in between. */
static void
ck_peer_has_byte(void)
{
	struct pollfd one = { .fd = pair[1], .events = POLLIN };

	ck_assert_int_eq(poll(&one, 1, 1000), 1);
}

static void
trace_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	(void)data;
	(void)n;
	trace('R');
}

static void
give_buffer(struct iovec *ret_buffer)
{
	ret_buffer->iov_base = buffer;
	ret_buffer->iov_len = sizeof(buffer);
	trace('B');
}

/* A stream with a byte to read, and a check hook that marks its phase. */
static void
open_stream(rota_buffer_fn *fn)
{
	harness_tcp_pair(pair);
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_tcp_open(&tcp, pair[0]));
	if (fn != NULL) {
		ck_ok(rota_stream_read_start(&tcp.stream, fn, trace_read));
		harness_put(pair[1], 'x');
	}
	ck_ok(rota_check_init(loop, &check));
	ck_ok(rota_hook_start(&check, on_check));
}

static void
close_stream(void)
{
	close_all();
	ck_ok(close(pair[1]));
}

/* Skips the turns in which the byte is still on its way. */
static void
turn_with_buffer(void)
{
	for (int i = 0; i < PATIENCE && strchr(trace_text(), 'B') == NULL;
		i++) {
		trace_reset();
		(void)run_once_checked(ROTA_RUN_NOWAIT);
	}
}

static void
queue_in_buffer(struct rota_stream *stream, struct iovec *ret_buffer)
{
	(void)stream;
	give_buffer(ret_buffer);
	queue_letters();
}

LOOP_TEST(ticks_of_a_buffer_callback_run_before_the_read_callback)
{
	open_stream(queue_in_buffer);
	turn_with_buffer();
	ck_trace("BtmRC");
	close_stream();
}

/* Takes the byte away, so that the read has nothing to tell. */
static void
take_byte_away(struct rota_stream *stream)
{
	harness_drain(rota_stream_fd(stream));
}

static void
queue_in_vain(struct rota_stream *stream, struct iovec *ret_buffer)
{
	queue_in_buffer(stream, ret_buffer);
	take_byte_away(stream);
}

LOOP_TEST(ticks_of_a_buffer_callback_run_if_nothing_is_read)
{
	open_stream(queue_in_vain);
	turn_with_buffer();
	ck_trace("BtmRC");
	close_stream();
}

static void
write_in_vain(struct rota_stream *stream, struct iovec *ret_buffer)
{
	give_buffer(ret_buffer);
	write_a_byte();
	take_byte_away(stream);
}

LOOP_TEST(a_write_of_a_buffer_callback_is_sent_if_nothing_is_read)
{
	open_stream(write_in_vain);
	turn_with_buffer();
	ck_trace("BRWC");
	ck_peer_has_byte();
	close_stream();
}

static void
close_in_tick(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	ck_ok(rota_handle_close(&tcp.stream.handle, NULL));
}

static void
close_soon(struct rota_stream *stream, struct iovec *ret_buffer)
{
	(void)stream;
	give_buffer(ret_buffer);
	ck_ok(rota_tick(loop, close_in_tick, NULL));
}

LOOP_TEST(a_stream_closed_by_a_tick_of_its_buffer_callback_reads_no_more)
{
	open_stream(close_soon);
	turn_with_buffer();
	ck_trace("BC");
	close_stream();
}

static void
stop_in_buffer(struct rota_stream *stream, struct iovec *ret_buffer)
{
	queue_in_buffer(stream, ret_buffer);
	ck_ok(rota_stream_read_stop(stream));
}

LOOP_TEST(ticks_of_a_buffer_callback_that_stops_the_reading_run)
{
	open_stream(stop_in_buffer);
	turn_with_buffer();
	ck_trace("BtmC");
	close_stream();
}

static void
refuse_and_queue(struct rota_stream *stream, struct iovec *ret_buffer)
{
	queue_in_buffer(stream, ret_buffer);
	ret_buffer->iov_len = 0;
}

LOOP_TEST(ticks_of_a_buffer_callback_that_refuses_run_before_the_failure)
{
	open_stream(refuse_and_queue);
	turn_with_buffer();
	ck_trace("BtmRC");
	close_stream();
}

static unsigned n_slow;

static void
queue_when_slow(
	struct rota_loop *of, const struct rota_slow_turn *turn, void *data)
{
	(void)of;
	(void)turn;
	(void)data;
	if (n_slow++ > 0)
		return;
	trace('S');
	queue_letters();
	if (tcp.stream.handle.type != NULL)
		write_a_byte();
}

static void
expect_slow_turns(rota_slow_fn *fn)
{
	n_slow = 0;
	ck_ok(rota_loop_measure(loop, 1));
	ck_ok(rota_loop_on_slow(loop, 1, 1, fn, NULL));
}

LOOP_TEST(ticks_of_a_slow_turn_callback_run_before_the_run_returns)
{
	memset(&tcp, 0, sizeof(tcp));
	expect_slow_turns(queue_when_slow);
	run_to_the_end();
	ck_trace("Stm");
}

LOOP_TEST(a_write_of_a_slow_turn_callback_is_sent_before_the_run_returns)
{
	open_stream(NULL);
	expect_slow_turns(queue_when_slow);
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("CStm");
	ck_peer_has_byte();
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("CStmWC");
	close_stream();
}

static struct rota_timer late;

static void
on_late(struct rota_timer *timer)
{
	(void)timer;
	trace('T');
}

static void
start_when_slow(
	struct rota_loop *of, const struct rota_slow_turn *turn, void *data)
{
	(void)of;
	(void)turn;
	(void)data;
	if (n_slow++ == 0)
		ck_ok(rota_timer_start(&late, 0, 0, on_late));
}

LOOP_TEST(what_a_slow_turn_callback_starts_is_part_of_the_run)
{
	ck_ok(rota_timer_init(loop, &late));
	expect_slow_turns(start_when_slow);
	run_to_the_end();
	ck_trace("T");
	close_all();
}

static void
stop_measuring(
	struct rota_loop *of, const struct rota_slow_turn *turn, void *data)
{
	(void)data;
	ck_ok(rota_loop_measure(of, 0));
	ck_assert_str_eq(turn->type, "check");
	ck_assert_str_eq(turn->name, "Charly");
	ck_assert_str_eq(turn->callback, "on_check");
	ck_ok(rota_loop_measure(of, 1));
	ck_assert_str_eq(turn->name, "Charly");
	ck_ok(rota_loop_measure(of, 0));
	trace('S');
}

LOOP_TEST(a_slow_turn_callback_may_turn_the_measuring_off)
{
	ck_ok(rota_check_init(loop, &check));
	ck_ok(rota_handle_set_name(&check.handle, "Charly"));
	ck_ok(rota_hook_start(&check, on_check));
	expect_slow_turns(stop_measuring);
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("CSC");
	close_all();
}

LOOP_TEST(ticks_between_prepare_and_dispatch_run_first_in_dispatch)
{
	struct rota_io io;
	int fds[2];

	harness_socketpair(fds);
	ck_ok(rota_io_init(loop, &io, fds[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, ignore_io));
	ck_ok(rota_check_init(loop, &check));
	ck_ok(rota_hook_start(&check, on_check));
	ck_err(rota_loop_prepare(loop), 1);
	ck_assert_uint_ne(rota_loop_wait_ns(loop), 0);
	queue_letters();
	ck_assert_uint_eq(rota_loop_wait_ns(loop), 0);
	ck_trace("");
	ck_err(rota_loop_dispatch(loop), 1);
	ck_trace("tmC");
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_write_between_prepare_and_dispatch_is_sent_at_once)
{
	open_stream(NULL);
	ck_err(rota_loop_prepare(loop), 1);
	write_a_byte();
	ck_peer_has_byte();
	ck_assert_uint_eq(rota_loop_wait_ns(loop), 0);
	ck_err(rota_loop_dispatch(loop), 1);
	ck_trace("WC");
	close_stream();
}

static void
trace_io(struct rota_io *io, unsigned ready)
{
	(void)io;
	(void)ready;
	trace('I');
}

/* The descriptors that the foreign loop waits for may not tell of it. */
LOOP_TEST(a_watcher_started_between_prepare_and_dispatch_is_not_waited_past)
{
	struct rota_io io;
	int fds[2];

	harness_socketpair(fds);
	harness_put(fds[1], 'x');
	ck_ok(rota_io_init(loop, &io, fds[0]));
	ck_ok(rota_check_init(loop, &check));
	ck_ok(rota_hook_start(&check, on_check));
	ck_err(rota_loop_prepare(loop), 1);
	ck_ok(rota_io_start(&io, ROTA_READABLE, trace_io));
	ck_assert_uint_eq(rota_loop_wait_ns(loop), 0);
	ck_err(rota_loop_dispatch(loop), 1);
	ck_trace("IC");
	close_all();
	harness_close_pair(fds);
}

/* A type of the program's own, which ends a request of its own. */
static void
queue_at_the_end(struct rota_handle *handle)
{
	trace('F');
	ck_ok(rota_tick(rota_handle_loop(handle), leave_letter, "t"));
}

static void
trace_closed(struct rota_handle *handle)
{
	(void)handle;
	trace('X');
}

LOOP_TEST(ticks_of_a_types_finish_run_before_the_next_callback)
{
	static const struct rota_handle_type type = {
		.name = "own",
		.size = sizeof(struct rota_handle),
		.finish = queue_at_the_end,
	};
	struct rota_handle first = { 0 };
	struct rota_handle second = { 0 };

	ck_ok(rota_handle_init(loop, &first, &type));
	ck_ok(rota_handle_init(loop, &second, &type));
	ck_ok(rota_handle_close(&first, trace_closed));
	ck_ok(rota_handle_close(&second, NULL));
	run_to_the_end();
	ck_trace("FtXFt");
}

static void
add_closing_tests(TCase *tc)
{
	add(tc, a_callback_may_close_its_own_handle);
	add(tc, a_callback_may_close_a_neighbour_that_is_due_too);
	add(tc, a_callback_may_close_everything);
	add(tc, a_callback_may_reset_both_streams);
	add(tc, a_callback_may_close_a_descriptor_and_use_its_number_again);
}

static void
add_starting_tests(TCase *tc)
{
	add(tc, a_callback_may_start_itself_again);
	add(tc, a_callback_may_start_its_neighbour_again);
	add(tc, a_callback_may_throw_in_very_many_ticks_and_microtasks);
	add(tc, a_callback_may_start_and_close_fresh_handles);
}

static void
add_loop_tests(TCase *tc)
{
	add(tc, a_callback_may_stop_the_loop);
	add(tc, a_callback_cannot_run_its_loop);
	add(tc, a_callback_cannot_close_its_loop);
}

static void
add_prompt_tests(TCase *tc)
{
	tcase_add_loop_test(
		tc, ticks_of_a_buffer_callback_run_before_the_read_callback);
	tcase_add_loop_test(
		tc, ticks_of_a_buffer_callback_run_if_nothing_is_read);
	tcase_add_loop_test(
		tc, a_write_of_a_buffer_callback_is_sent_if_nothing_is_read);
	tcase_add_loop_test(tc,
		a_stream_closed_by_a_tick_of_its_buffer_callback_reads_no_more);
	tcase_add_loop_test(
		tc, ticks_of_a_buffer_callback_that_stops_the_reading_run);
	tcase_add_loop_test(tc,
		ticks_of_a_buffer_callback_that_refuses_run_before_the_failure);
	tcase_add_loop_test(
		tc, ticks_of_a_slow_turn_callback_run_before_the_run_returns);
	tcase_add_loop_test(tc,
		a_write_of_a_slow_turn_callback_is_sent_before_the_run_returns);
	tcase_add_loop_test(
		tc, what_a_slow_turn_callback_starts_is_part_of_the_run);
	tcase_add_loop_test(
		tc, a_slow_turn_callback_may_turn_the_measuring_off);
	tcase_add_loop_test(
		tc, ticks_between_prepare_and_dispatch_run_first_in_dispatch);
	tcase_add_loop_test(
		tc, a_write_between_prepare_and_dispatch_is_sent_at_once);
	tcase_add_loop_test(tc,
		a_watcher_started_between_prepare_and_dispatch_is_not_waited_past);
	tcase_add_loop_test(
		tc, ticks_of_a_types_finish_run_before_the_next_callback);
}

static void
add_cases(Suite *suite)
{
	add_closing_tests(harness_case(suite, "closing"));
	add_starting_tests(harness_case(suite, "starting"));
	add_loop_tests(harness_case(suite, "the loop"));
	add_prompt_tests(harness_case(suite, "promptness"));
}

HARNESS_MAIN("worst", add_cases)
