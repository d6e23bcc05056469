/* SPDX-License-Identifier: MIT */
/*
 * Mistakes of the caller at the public door, function by function of
 * include/rota: each is answered with the errno of its header, and leaves
 * loop, handle and out-parameters as they were. tests/bad_input_complete.sh
 * demands that no public function is missing here.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/loop.h"
#include "tests/harness.h"

#define CANARY 0xa5

/*
 * The state before a call, to be compared with the one after it: what counts
 * and is queued in the loop, all it has in words (type, state, reference,
 * callback, due time, descriptor), and the bytes of the object in question.
 */
static struct {
	uint64_t alive;
	uint32_t state;
	uint32_t n_alarms;
	uint32_t n_dirty;
	unsigned n_tasks;
	int is_stopping;
	int has_notes;
	long n_blocks;
	char report[4096];
	const void *object;
	size_t size_bytes;
	unsigned char bytes[2048];
} before;

static void
report(char *text, size_t size_bytes)
{
	memset(text, 0, size_bytes);
	(void)rota_loop_why_alive_text(loop, text, size_bytes);
}

static void
remember(const void *object, size_t size_bytes)
{
	ck_assert_uint_le(size_bytes, sizeof(before.bytes));
	before.object = object;
	before.size_bytes = size_bytes;
	if (object != NULL)
		memcpy(before.bytes, object, size_bytes);
	before.n_blocks = harness_n_blocks();
	if (loop == NULL)
		return;
	before.alive = loop->alive;
	before.state = loop->state;
	before.n_alarms = rota__heap_count(&loop->heap);
	before.n_dirty = loop->fds.n_dirty;
	before.n_tasks = (unsigned)(loop->ticks.n + loop->microtasks.n);
	before.is_stopping = loop->is_stopping;
	before.has_notes = rota__inbox_has_notes(loop);
	report(before.report, sizeof(before.report));
}

static void
ck_same_loop(const char *call)
{
	char now[sizeof(before.report)];

	ck_assert_msg(loop->alive == before.alive, "%s changed alive", call);
	ck_assert_msg(loop->state == before.state, "%s changed state", call);
	ck_assert_msg(rota__heap_count(&loop->heap) == before.n_alarms,
		"%s: alarms", call);
	ck_assert_msg(loop->fds.n_dirty == before.n_dirty, "%s: wishes", call);
	ck_assert_msg(loop->ticks.n + loop->microtasks.n == before.n_tasks,
		"%s queued something", call);
	ck_assert_msg(
		loop->is_stopping == before.is_stopping, "%s: stop", call);
	ck_assert_msg(rota__inbox_has_notes(loop) == before.has_notes,
		"%s posted something", call);
	report(now, sizeof(now));
	ck_assert_msg(strcmp(now, before.report) == 0,
		"%s made of\n%sthis:\n%s", call, before.report, now);
	/* A walk in progress has its own member in the ring of handles. */
	if (!loop->is_walking)
		ck_assert_msg(rota__loop_check(loop) == 0,
			"%s: core/check.c:%d", call, rota__loop_check(loop));
}

static void
ck_same(const char *call)
{
	ck_assert_msg(harness_n_blocks() == before.n_blocks,
		"%s changed what is allocated", call);
	ck_assert_msg(before.object == NULL ||
			memcmp(before.bytes, before.object,
				before.size_bytes) == 0,
		"%s changed its object", call);
	if (loop != NULL)
		ck_same_loop(call);
}

/* Demands that a call returns `expected` and changes nothing. */
#define ck_refused(expr, expected) \
	do { \
		remember(NULL, 0); \
		ck_returns((expr), (expected), #expr); \
		ck_same(#expr); \
	} while (0)

/* The same, and that *object keeps its bytes. */
#define ck_refused_for(object, expr, expected) \
	do { \
		remember((object), sizeof(*(object))); \
		ck_returns((expr), (expected), #expr); \
		ck_same(#expr); \
	} while (0)

/* A number that is no open descriptor. */
static int
closed_number(void)
{
	int fd = dup(STDERR_FILENO);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	return fd;
}

static void
on_closed(struct rota_handle *handle)
{
	trace('C');
	ck_err(rota_handle_is_closing(handle), 0);
}

static void
on_wrongly_closed(struct rota_handle *handle)
{
	(void)handle;
	trace('!');
}

/* Every kind of handle ************************************************/

union any {
	struct rota_frame frame;
	struct rota_handle handle;
	struct rota_file_watch file_watch;
	struct rota_hook hook;
	struct rota_io io;
	struct rota_signal signal;
	struct rota_tcp tcp;
	struct rota_timer timer;
	struct rota_udp udp;
	struct rota_wake wake;
};

static void
on_timer(struct rota_timer *timer)
{
	(void)timer;
	trace('T');
}

static void
on_frame(struct rota_frame *frame, const struct rota_frame_event *event)
{
	(void)frame;
	(void)event;
	trace('F');
}

static void
on_hook(struct rota_hook *hook)
{
	(void)hook;
	trace('H');
}

static void
on_io(struct rota_io *io, unsigned ready)
{
	(void)io;
	(void)ready;
	trace('O');
}

static void
on_signal(struct rota_signal *signal, const struct rota_signal_event *event)
{
	(void)signal;
	(void)event;
	trace('S');
}

static void
on_process(struct rota_process *process, const struct rota_process_exit *event)
{
	(void)process;
	(void)event;
	trace('P');
}

static void
on_wake(struct rota_wake *wake)
{
	(void)wake;
	trace('W');
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	(void)n;
	(void)data;
	trace('R');
}

static int
init_timer(union any *any)
{
	return rota_timer_init(loop, &any->timer);
}

static int
start_timer(union any *any)
{
	return rota_timer_start(&any->timer, ROTA_SECOND, 0, on_timer);
}

static int
stop_timer(union any *any)
{
	return rota_timer_stop(&any->timer);
}

static void
on_file(struct rota_file_watch *watch, const struct rota_file_event *event)
{
	(void)watch;
	(void)event;
	trace('F');
}

static int
init_file_watch(union any *any)
{
	return rota_file_watch_init(loop, &any->file_watch);
}

static int
start_file_watch(union any *any)
{
	return rota_file_watch_start(
		&any->file_watch, "/", ROTA_FILE_CREATED, on_file);
}

static int
stop_file_watch(union any *any)
{
	return rota_file_watch_stop(&any->file_watch);
}

static int
init_frame(union any *any)
{
	return rota_frame_init(loop, &any->frame);
}

static int
start_frame(union any *any)
{
	return rota_frame_start(&any->frame, on_frame);
}

static int
stop_frame(union any *any)
{
	return rota_frame_stop(&any->frame);
}

static int
init_idle(union any *any)
{
	return rota_idle_init(loop, &any->hook);
}

static int
init_prepare(union any *any)
{
	return rota_prepare_init(loop, &any->hook);
}

static int
init_check(union any *any)
{
	return rota_check_init(loop, &any->hook);
}

static int
start_hook(union any *any)
{
	return rota_hook_start(&any->hook, on_hook);
}

static int
stop_hook(union any *any)
{
	return rota_hook_stop(&any->hook);
}

/* Nothing is ever to be read there. */
static int pipe_fds[2];

static int
init_io(union any *any)
{
	return rota_io_init(loop, &any->io, pipe_fds[0]);
}

static int
start_io(union any *any)
{
	return rota_io_start(&any->io, ROTA_READABLE, on_io);
}

static int
stop_io(union any *any)
{
	return rota_io_stop(&any->io);
}

static int
init_signal(union any *any)
{
	return rota_signal_init(loop, &any->signal);
}

static int
start_signal(union any *any)
{
	return rota_signal_start(&any->signal, SIGUSR1, on_signal);
}

static int
stop_signal(union any *any)
{
	return rota_signal_stop(&any->signal);
}

static void
on_datagram(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	(void)udp;
	(void)n;
	(void)data;
	(void)datagram;
	ck_abort_msg("a datagram was told");
}

static int
init_udp(union any *any)
{
	struct sockaddr_storage addr;
	int r = rota_udp_init(loop, &any->udp);

	if (r < 0)
		return r;
	ck_ok(rota_address_parse("127.0.0.1", 0, &addr));
	return rota_udp_bind(&any->udp, (struct sockaddr *)&addr, 0);
}

static int
start_udp(union any *any)
{
	return rota_udp_receive_start(&any->udp, NULL, on_datagram);
}

static int
stop_udp(union any *any)
{
	return rota_udp_receive_stop(&any->udp);
}

static int
init_wake(union any *any)
{
	return rota_wake_init(loop, &any->wake, on_wake);
}

static int
init_tcp(union any *any)
{
	int fds[2];
	int r = rota_tcp_init(loop, &any->tcp);

	if (r < 0)
		return r;
	harness_tcp_pair(fds);
	ck_assert_int_eq(close(fds[1]), 0);
	return rota_tcp_open(&any->tcp, fds[0]);
}

static int
start_tcp(union any *any)
{
	return rota_stream_read_start(&any->tcp.stream, NULL, on_read);
}

static int
stop_tcp(union any *any)
{
	return rota_stream_read_stop(&any->tcp.stream);
}

/* What is active from init on has no start and no stop. */
static const struct kind {
	int (*init)(union any *any);
	int (*start)(union any *any);
	int (*stop)(union any *any);
} kinds[] = {
	{ init_check, start_hook, stop_hook },
	{ init_file_watch, start_file_watch, stop_file_watch },
	{ init_frame, start_frame, stop_frame },
	{ init_idle, start_hook, stop_hook },
	{ init_io, start_io, stop_io },
	{ init_prepare, start_hook, stop_hook },
	{ init_signal, start_signal, stop_signal },
	{ init_tcp, start_tcp, stop_tcp },
	{ init_timer, start_timer, stop_timer },
	{ init_udp, start_udp, stop_udp },
	{ init_wake, NULL, NULL },
};

#define N_KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

/* What holds for blank, closing and closed handles alike. */
static void
ck_refuses_all(const struct kind *kind, union any *any)
{
	struct rota_handle *handle = &any->handle;

	if (kind->start != NULL) {
		ck_refused_for(any, kind->start(any), -EINVAL);
		ck_refused_for(any, kind->stop(any), 0);
	}
	ck_refused_for(any, rota_handle_ref(handle), -EINVAL);
	ck_refused_for(any, rota_handle_unref(handle), -EINVAL);
	ck_refused_for(any, rota_handle_set_name(handle, "x"), -EINVAL);
	ck_refused_for(any, rota_handle_set_name(handle, NULL), -EINVAL);
	ck_refused_for(any, rota_handle_set_priority(handle, 1), -EINVAL);
	ck_refused_for(any, rota_handle_set_active(handle, 1, "x"), -EINVAL);
	ck_refused_for(any, rota_handle_set_active(handle, 0, "x"), -EINVAL);
	ck_refused_for(any, rota_handle_closed(handle), -EINVAL);
	ck_refused_for(any, rota_handle_is_active(handle), 0);
}

static void
ck_is_no_handle(const struct kind *kind, union any *any)
{
	struct rota_handle *handle = &any->handle;

	ck_refuses_all(kind, any);
	ck_refused_for(any, rota_handle_close(handle, on_closed), -EINVAL);
	ck_refused_for(any, rota_handle_has_ref(handle), 0);
	ck_refused_for(any, rota_handle_is_closing(handle), 0);
	ck_assert_ptr_null(rota_handle_name(handle));
	ck_assert_ptr_null(rota_handle_loop(handle));
}

LOOP_TEST(a_blank_handle_of_any_kind_refuses_all)
{
	for (int i = 0; i < N_KINDS; i++) {
		union any any;

		memset(&any, 0, sizeof(any));
		ck_is_no_handle(&kinds[i], &any);
	}
}

LOOP_TEST(a_closing_handle_of_any_kind_refuses_all)
{
	for (int i = 0; i < N_KINDS; i++) {
		union any any;
		struct rota_handle *handle = &any.handle;

		trace_reset();
		harness_pipe(pipe_fds);
		memset(&any, 0, sizeof(any));
		ck_ok(kinds[i].init(&any));
		ck_ok(rota_handle_set_name(handle, "closing"));
		ck_ok(rota_handle_close(handle, on_closed));
		ck_refuses_all(&kinds[i], &any);
		ck_refused_for(&any,
			rota_handle_close(handle, on_wrongly_closed),
			-EALREADY);
		ck_refused_for(&any,
			rota_handle_init(loop, handle, handle->type), -EINVAL);
		ck_refused_for(&any, rota_handle_is_closing(handle), 1);
		ck_assert_str_eq(rota_handle_name(handle), "closing");
		ck_assert_ptr_eq(rota_handle_loop(handle), loop);
		run_to_the_end();
		ck_trace("C");
		harness_close_pair(pipe_fds);
	}
}

LOOP_TEST(a_closed_handle_of_any_kind_refuses_all)
{
	for (int i = 0; i < N_KINDS; i++) {
		union any any;

		harness_pipe(pipe_fds);
		memset(&any, 0, sizeof(any));
		ck_ok(kinds[i].init(&any));
		if (kinds[i].start != NULL)
			ck_ok(kinds[i].start(&any));
		ck_ok(rota_handle_close(&any.handle, NULL));
		run_to_the_end();
		ck_is_no_handle(&kinds[i], &any);
		harness_close_pair(pipe_fds);
	}
}

static void
on_closed_refuse_all(struct rota_handle *handle)
{
	const struct kind *kind = handle->data;

	trace('C');
	ck_is_no_handle(kind, (union any *)handle);
}

LOOP_TEST(a_handle_of_any_kind_refuses_all_in_its_close_callback)
{
	for (int i = 0; i < N_KINDS; i++) {
		union any any;
		struct kind kind = kinds[i];

		trace_reset();
		harness_pipe(pipe_fds);
		memset(&any, 0, sizeof(any));
		ck_ok(kind.init(&any));
		any.handle.data = &kind;
		ck_ok(rota_handle_close(&any.handle, on_closed_refuse_all));
		run_to_the_end();
		ck_trace("C");
		harness_close_pair(pipe_fds);
	}
}

LOOP_TEST(stop_of_an_inactive_handle_of_any_kind_changes_nothing)
{
	for (int i = 0; i < N_KINDS; i++) {
		union any any;

		if (kinds[i].stop == NULL)
			continue;
		harness_pipe(pipe_fds);
		memset(&any, 0, sizeof(any));
		ck_ok(kinds[i].init(&any));
		ck_refused_for(&any, kinds[i].stop(&any), 0);
		ck_ok(kinds[i].start(&any));
		ck_err(rota_handle_is_active(&any.handle), 1);
		ck_ok(kinds[i].start(&any));
		ck_ok(kinds[i].stop(&any));
		ck_refused_for(&any, kinds[i].stop(&any), 0);
		close_all();
		harness_close_pair(pipe_fds);
	}
}

/* rota/handle.h *******************************************************/

static const struct rota_handle_type bare_type = {
	.name = "bare",
	.size = sizeof(struct rota_handle),
};

LOOP_TEST(functions_of_handles_want_a_handle)
{
	ck_refused(rota_handle_close(NULL, on_closed), -EINVAL);
	ck_refused(rota_handle_close_at(NULL, NULL, NULL), -EINVAL);
	ck_refused(rota_handle_ref(NULL), -EINVAL);
	ck_refused(rota_handle_unref(NULL), -EINVAL);
	ck_refused(rota_handle_set_name(NULL, "x"), -EINVAL);
	ck_refused(rota_handle_set_priority(NULL, 0), -EINVAL);
	ck_refused(rota_handle_priority(NULL), 0);
	ck_refused(rota_handle_set_active(NULL, 1, "x"), -EINVAL);
	ck_refused(rota_handle_closed(NULL), -EINVAL);
	ck_refused(rota_handle_has_ref(NULL), 0);
	ck_refused(rota_handle_is_active(NULL), 0);
	ck_refused(rota_handle_is_closing(NULL), 0);
	ck_assert_ptr_null(rota_handle_name(NULL));
	ck_assert_ptr_null(rota_handle_loop(NULL));
}

LOOP_TEST(handle_init_wants_all_its_arguments)
{
	struct rota_handle handle = { 0 };

	ck_refused_for(
		&handle, rota_handle_init(NULL, &handle, &bare_type), -EINVAL);
	ck_refused_for(&handle, rota_handle_init(loop, &handle, NULL), -EINVAL);
	ck_refused(rota_handle_init(loop, NULL, &bare_type), -EINVAL);
}

LOOP_TEST(a_priority_out_of_bounds_is_refused)
{
	struct rota_handle handle = { 0 };
	static const int wrong[] = { INT_MIN, ROTA_HANDLE_PRIORITY_MIN - 1,
		ROTA_HANDLE_PRIORITY_MAX + 1, 256, INT_MAX };

	ck_ok(rota_handle_init(loop, &handle, &bare_type));
	ck_ok(rota_handle_set_priority(&handle, ROTA_HANDLE_PRIORITY_MIN));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_refused_for(&handle,
			rota_handle_set_priority(&handle, wrong[i]), -EINVAL);
	ck_err(rota_handle_priority(&handle), ROTA_HANDLE_PRIORITY_MIN);
	close_all();
}

LOOP_TEST(a_handle_closing_in_another_loop_is_not_made_anew)
{
	struct rota_loop *other = harness_make_loop();
	struct rota_handle handle = { 0 };

	ck_ok(rota_handle_init(other, &handle, &bare_type));
	ck_ok(rota_handle_close(&handle, on_closed));
	ck_refused_for(
		&handle, rota_handle_init(loop, &handle, &bare_type), -EINVAL);
	ck_assert_ptr_eq(rota_handle_loop(&handle), other);
	close_all_of(other);
	ck_trace("C");
	ck_ok(rota_loop_close(other));
}

LOOP_TEST(only_a_closing_that_was_put_off_can_be_ended)
{
	struct rota_handle handle = { 0 };

	ck_ok(rota_handle_init(loop, &handle, &bare_type));
	ck_refused_for(&handle, rota_handle_closed(&handle), -EINVAL);
	ck_ok(rota_handle_set_active(&handle, 1, "on_bare\0here"));
	ck_refused_for(&handle, rota_handle_closed(&handle), -EINVAL);
	close_all();
	ck_refused_for(&handle, rota_handle_closed(&handle), -EINVAL);
}

START_TEST(an_unknown_type_has_no_size)
{
	ck_refused(rota_handle_size(NULL), 0);
	ck_refused(rota_handle_size(""), 0);
	ck_refused(rota_handle_size("time"), 0);
	ck_refused(rota_handle_size("timers"), 0);
}
END_TEST

/* rota/frame.h ********************************************************/

LOOP_TEST(functions_of_frames_want_all_their_arguments)
{
	struct rota_frame frame = { 0 };

	ck_refused_for(&frame, rota_frame_init(NULL, &frame), -EINVAL);
	ck_refused(rota_frame_init(loop, NULL), -EINVAL);
	ck_refused_for(&frame, rota_frame_set_interval(&frame, 1), -EINVAL);
	ck_ok(rota_frame_init(loop, &frame));
	ck_refused_for(&frame, rota_frame_start(&frame, NULL), -EINVAL);
	ck_refused_for(&frame, rota_frame_set_interval(&frame, 0), -EINVAL);
	ck_refused(rota_frame_start(NULL, on_frame), -EINVAL);
	ck_refused(rota_frame_stop(NULL), -EINVAL);
	ck_refused(rota_frame_set_interval(NULL, 1), -EINVAL);
	ck_refused(rota_frame_interval(NULL), 0);
	ck_ok(rota_handle_close(&frame.handle, NULL));
	ck_refused_for(&frame, rota_frame_set_interval(&frame, 1), -EINVAL);
	close_all();
}

LOOP_TEST(a_frame_of_a_huge_interval_stays_away)
{
	struct rota_frame frame = { 0 };

	ck_ok(rota_frame_init(loop, &frame));
	ck_ok(rota_frame_set_interval(&frame, UINT64_MAX));
	ck_ok(rota_frame_start(&frame, on_frame));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("");
	close_all();
}

/* rota/timer.h ********************************************************/

LOOP_TEST(functions_of_timers_want_all_their_arguments)
{
	struct rota_timer timer = { 0 };

	memset(&timer, CANARY, sizeof(timer));
	ck_refused_for(&timer, rota_timer_init(NULL, &timer), -EINVAL);
	ck_refused(rota_timer_init(loop, NULL), -EINVAL);
	ck_ok(rota_timer_init(loop, &timer));
	ck_refused_for(&timer, rota_timer_start(&timer, 1, 1, NULL), -EINVAL);
	ck_refused_for(&timer, rota_timer_start_at(&timer, 1, NULL), -EINVAL);
	ck_refused(rota_timer_start(NULL, 1, 1, on_timer), -EINVAL);
	ck_refused(rota_timer_start_at(NULL, 1, on_timer), -EINVAL);
	ck_refused(rota_timer_again(NULL), -EINVAL);
	ck_refused(rota_timer_stop(NULL), -EINVAL);
	ck_refused(rota_timer_set_repeat(NULL, 1), -EINVAL);
	ck_refused(rota_timer_repeat(NULL), 0);
	ck_assert_uint_eq(rota_timer_due_in(NULL), ROTA_FOREVER);
	close_all();
}

LOOP_TEST(a_refused_start_leaves_an_active_timer_as_it_was)
{
	struct rota_timer timer = { 0 };

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 0, 0, on_timer));
	ck_refused_for(&timer, rota_timer_start(&timer, 9, 9, NULL), -EINVAL);
	ck_refused_for(&timer, rota_timer_start_at(&timer, 9, NULL), -EINVAL);
	run_to_the_end();
	ck_trace("T");
	close_all();
}

static void
ck_timer_refuses_all(struct rota_timer *timer)
{
	ck_refused_for(timer, rota_timer_start_at(timer, 1, on_timer), -EINVAL);
	ck_refused_for(timer, rota_timer_again(timer), -EINVAL);
	ck_refused_for(timer, rota_timer_set_repeat(timer, 1), -EINVAL);
	ck_refused_for(timer, rota_timer_set_repeat(timer, 0), -EINVAL);
	ck_assert_uint_eq(rota_timer_due_in(timer), ROTA_FOREVER);
}

LOOP_TEST(a_timer_blank_closing_or_closed_refuses_all)
{
	struct rota_timer timer = { 0 };

	ck_timer_refuses_all(&timer);
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(&timer, 1, 1, on_timer));
	ck_ok(rota_handle_close(&timer.handle, NULL));
	ck_timer_refuses_all(&timer);
	run_to_the_end();
	ck_timer_refuses_all(&timer);
	ck_trace("");
}

LOOP_TEST(a_timer_without_a_start_cannot_be_started_again)
{
	struct rota_timer timer = { 0 };

	ck_ok(rota_timer_init(loop, &timer));
	ck_refused_for(&timer, rota_timer_again(&timer), -EINVAL);
	ck_ok(rota_timer_set_repeat(&timer, 1));
	ck_refused_for(&timer, rota_timer_again(&timer), -EINVAL);
	ck_ok(rota_timer_start_at(&timer, ROTA_FOREVER, on_timer));
	ck_refused_for(&timer, rota_timer_again(&timer), -EINVAL);
	close_all();
}

LOOP_TEST(the_largest_times_never_come)
{
	static const uint64_t huge[] = { ROTA_FOREVER, ROTA_FOREVER - 1,
		INT64_MAX, (uint64_t)INT64_MAX + 1 };

	for (int i = 0; i < 4; i++) {
		struct rota_timer timer = { 0 };

		ck_ok(rota_timer_init(loop, &timer));
		ck_ok(rota_timer_start(&timer, huge[i], huge[i], on_timer));
		ck_ok(rota_timer_again(&timer));
		ck_ok(rota_timer_start_at(&timer, huge[i], on_timer));
		ck_ok(rota_timer_set_repeat(&timer, huge[i]));
		ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
		close_all();
	}
	ck_trace("");
}

/* rota/hook.h, rota/immediate.h ***************************************/

LOOP_TEST(functions_of_hooks_want_all_their_arguments)
{
	struct rota_hook hook = { 0 };

	memset(&hook, CANARY, sizeof(hook));
	ck_refused_for(&hook, rota_idle_init(NULL, &hook), -EINVAL);
	ck_refused_for(&hook, rota_prepare_init(NULL, &hook), -EINVAL);
	ck_refused_for(&hook, rota_check_init(NULL, &hook), -EINVAL);
	ck_refused(rota_idle_init(loop, NULL), -EINVAL);
	ck_refused(rota_prepare_init(loop, NULL), -EINVAL);
	ck_refused(rota_check_init(loop, NULL), -EINVAL);
	ck_refused(rota_hook_start(NULL, on_hook), -EINVAL);
	ck_refused(rota_hook_stop(NULL), -EINVAL);
	ck_ok(rota_check_init(loop, &hook));
	ck_refused_for(&hook, rota_hook_start(&hook, NULL), -EINVAL);
	ck_ok(rota_hook_start(&hook, on_hook));
	ck_refused_for(&hook, rota_hook_start(&hook, NULL), -EINVAL);
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("H");
	close_all();
}

static void
on_immediate(struct rota_immediate *immediate)
{
	trace('I');
	ck_refused_for(immediate, rota_immediate_stop(immediate), 0);
}

LOOP_TEST(functions_of_immediates_want_all_their_arguments)
{
	struct rota_immediate now = { 0 };

	memset(&now, CANARY, sizeof(now));
	ck_refused_for(&now, rota_immediate_init(NULL, &now), -EINVAL);
	ck_refused(rota_immediate_init(loop, NULL), -EINVAL);
	ck_refused(rota_immediate_start(NULL, on_immediate), -EINVAL);
	ck_refused(rota_immediate_stop(NULL), -EINVAL);
	ck_refused(rota_immediate_ref(NULL), -EINVAL);
	ck_refused(rota_immediate_unref(NULL), -EINVAL);
	ck_refused(rota_immediate_is_queued(NULL), 0);
	ck_refused(rota_immediate_has_ref(NULL), 0);
	ck_ok(rota_immediate_init(loop, &now));
	ck_refused_for(&now, rota_immediate_start(&now, NULL), -EINVAL);
	ck_refused_for(&now, rota_immediate_stop(&now), 0);
	ck_ok(rota_immediate_start(&now, on_immediate));
	ck_refused_for(&now, rota_immediate_start(&now, NULL), -EINVAL);
	run_to_the_end();
	ck_trace("I");
}

LOOP_TEST(a_blank_immediate_refuses_all)
{
	struct rota_immediate now = { 0 };

	ck_refused_for(&now, rota_immediate_start(&now, on_immediate), -EINVAL);
	ck_refused_for(&now, rota_immediate_stop(&now), 0);
	ck_refused_for(&now, rota_immediate_ref(&now), -EINVAL);
	ck_refused_for(&now, rota_immediate_unref(&now), -EINVAL);
	ck_refused_for(&now, rota_immediate_is_queued(&now), 0);
	ck_refused_for(&now, rota_immediate_has_ref(&now), 0);
}

/* rota/io.h ***********************************************************/

LOOP_TEST(functions_of_watchers_want_all_their_arguments)
{
	struct rota_io io = { 0 };
	int fds[2];

	harness_pipe(fds);
	memset(&io, CANARY, sizeof(io));
	ck_refused_for(&io, rota_io_init(NULL, &io, fds[0]), -EINVAL);
	ck_refused(rota_io_init(loop, NULL, fds[0]), -EINVAL);
	ck_refused(rota_io_start(NULL, ROTA_READABLE, on_io), -EINVAL);
	ck_refused(rota_io_stop(NULL), -EINVAL);
	ck_refused(rota_io_rebind(NULL, fds[0]), -EINVAL);
	ck_refused(rota_io_fd(NULL), -1);
	ck_refused(rota_io_events(NULL), 0);
	ck_refused(rota_io_error(NULL), 0);
	ck_ok(rota_io_init(loop, &io, fds[0]));
	ck_refused_for(&io, rota_io_start(&io, ROTA_READABLE, NULL), -EINVAL);
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_io));
	ck_refused_for(&io, rota_io_start(&io, ROTA_WRITABLE, NULL), -EINVAL);
	ck_err(rota_io_events(&io), ROTA_READABLE);
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_watcher_wants_an_open_descriptor)
{
	int bad[] = { -1, INT_MIN, INT_MAX, -1 };
	struct rota_io blank = { 0 };
	struct rota_io io = { 0 };
	int fds[2];

	harness_pipe(fds);
	bad[3] = closed_number();
	ck_ok(rota_io_init(loop, &io, fds[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_io));
	for (int i = 0; i < 4; i++) {
		ck_refused_for(
			&blank, rota_io_init(loop, &blank, bad[i]), -EBADF);
		ck_refused_for(&io, rota_io_rebind(&io, bad[i]), -EBADF);
	}
	ck_err(rota_io_fd(&io), fds[0]);
	close_all();
	harness_close_pair(fds);
}

LOOP_TEST(a_watcher_wants_wishes_that_exist)
{
	static const unsigned bad[] = { 0, ROTA_EDGE, ROTA_FAILED,
		ROTA_READABLE | ROTA_FAILED, ROTA_READABLE | 1u << 6,
		ROTA_READABLE | 1u << 8, ROTA_READABLE | 1u << 31, UINT_MAX };
	struct rota_io io = { 0 };
	int fds[2];

	harness_pipe(fds);
	ck_ok(rota_io_init(loop, &io, fds[0]));
	for (int i = 0; i < 8; i++)
		ck_refused_for(&io, rota_io_start(&io, bad[i], on_io), -EINVAL);
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_io));
	for (int i = 0; i < 8; i++)
		ck_refused_for(&io, rota_io_start(&io, bad[i], on_io), -EINVAL);
	ck_err(rota_io_events(&io), ROTA_READABLE);
	close_all();
	harness_close_pair(fds);
}

static void
ck_io_is_nothing(struct rota_io *io, int fd)
{
	ck_refused_for(io, rota_io_rebind(io, fd), -EINVAL);
	ck_refused_for(io, rota_io_fd(io), -1);
	ck_refused_for(io, rota_io_events(io), 0);
	ck_refused_for(io, rota_io_error(io), 0);
}

LOOP_TEST(a_watcher_blank_closing_or_closed_has_no_descriptor)
{
	struct rota_io io = { 0 };
	int fds[2];

	harness_pipe(fds);
	ck_io_is_nothing(&io, fds[0]);
	ck_ok(rota_io_init(loop, &io, fds[0]));
	ck_ok(rota_io_start(&io, ROTA_READABLE, on_io));
	ck_ok(rota_handle_close(&io.handle, NULL));
	ck_io_is_nothing(&io, fds[0]);
	run_to_the_end();
	ck_io_is_nothing(&io, fds[0]);
	harness_close_pair(fds);
}

/* rota/process.h ******************************************************/

LOOP_TEST(functions_of_processes_want_all_their_arguments)
{
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;
	struct rota_process process = { 0 };
	char text[8] = "as was";

	memset(&process, CANARY, sizeof(process));
	ck_refused_for(&process, rota_process_init(NULL, &process), -EINVAL);
	ck_refused(rota_process_init(loop, NULL), -EINVAL);
	ck_refused(rota_process_spawn(NULL, &options, on_process), -EINVAL);
	ck_refused(rota_process_watch(NULL, getpid(), on_process), -EINVAL);
	ck_refused(rota_process_stop(NULL), -EINVAL);
	ck_refused(rota_process_kill(NULL, SIGTERM), -EINVAL);
	ck_refused(rota_process_pid(NULL), 0);
	ck_refused(rota_process_failed_step(NULL), ROTA_SPAWN_DONE);
	ck_refused_for(
		&text, rota_process_explain(NULL, NULL, text, 8), -EINVAL);
	ck_ok(rota_process_init(loop, &process));
	ck_refused_for(&process, rota_process_spawn(&process, NULL, on_process),
		-EINVAL);
	ck_refused_for(&process, rota_process_spawn(&process, &options, NULL),
		-EINVAL);
	ck_refused_for(&process, rota_process_watch(&process, getpid(), NULL),
		-EINVAL);
	ck_refused_for(
		&text, rota_process_explain(&process, NULL, text, 0), -EINVAL);
	ck_refused(rota_process_explain(&process, NULL, NULL, 8), -EINVAL);
	ck_assert_str_eq(
		rota_spawn_step_name((enum rota_spawn_step)1000), "unknown");
	close_all();
}

/* tests/check_spawn.c tries what else options may get wrong. */
LOOP_TEST(a_process_wants_options_and_numbers_that_make_sense)
{
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;
	struct rota_process process = { 0 };

	ck_ok(rota_process_init(loop, &process));
	ck_refused(rota_process_spawn(&process, &options, on_process), -EINVAL);
	ck_err(rota_process_failed_step(&process), ROTA_SPAWN_OPTIONS);
	options.size = 0;
	ck_refused(rota_process_spawn(&process, &options, on_process), -EINVAL);
	ck_refused_for(
		&process, rota_process_watch(&process, 0, on_process), -EINVAL);
	ck_refused_for(&process, rota_process_watch(&process, -7, on_process),
		-EINVAL);
	ck_refused_for(&process, rota_process_kill(&process, -1), -EINVAL);
	ck_refused_for(&process, rota_process_kill(&process, SIGTERM), -ESRCH);
	ck_refused_for(&process, rota_process_stop(&process), 0);
	close_all();
}

static void
ck_no_process(struct rota_process *process)
{
	static char *argv[] = { "true", NULL };
	struct rota_process_options options = ROTA_PROCESS_OPTIONS_INIT;

	options.argv = argv;
	ck_refused_for(process,
		rota_process_spawn(process, &options, on_process), -EINVAL);
	ck_refused_for(process,
		rota_process_watch(process, getpid(), on_process), -EINVAL);
	ck_refused_for(process, rota_process_kill(process, SIGTERM), -ESRCH);
	ck_refused_for(process, rota_process_pid(process), 0);
	ck_refused_for(process, rota_process_stop(process), 0);
}

LOOP_TEST(a_process_handle_blank_closing_or_closed_starts_nothing)
{
	struct rota_process process = { 0 };

	ck_no_process(&process);
	ck_ok(rota_process_init(loop, &process));
	ck_ok(rota_handle_close(&process.handle, NULL));
	ck_no_process(&process);
	run_to_the_end();
	ck_no_process(&process);
}

/* rota/file_watch.h ***************************************************/

LOOP_TEST(functions_of_file_watches_want_all_their_arguments)
{
	struct rota_file_watch watch = { 0 };

	memset(&watch, CANARY, sizeof(watch));
	ck_refused_for(&watch, rota_file_watch_init(NULL, &watch), -EINVAL);
	ck_refused(rota_file_watch_init(loop, NULL), -EINVAL);
	ck_refused(rota_file_watch_start(NULL, "/", ROTA_FILE_ALL, on_file),
		-EINVAL);
	ck_refused(rota_file_watch_stop(NULL), -EINVAL);
	ck_refused(rota_file_watch_set_interval(NULL, ROTA_SECOND), -EINVAL);
	ck_assert_ptr_null(rota_file_watch_path(NULL));
	ck_assert_ptr_null(rota_file_watch_way(NULL));
	ck_ok(rota_file_watch_init(loop, &watch));
	ck_refused_for(&watch,
		rota_file_watch_start(&watch, NULL, ROTA_FILE_ALL, on_file),
		-EINVAL);
	ck_refused_for(&watch,
		rota_file_watch_start(&watch, "/", ROTA_FILE_ALL, NULL),
		-EINVAL);
	ck_assert_ptr_null(rota_file_watch_path(&watch));
	ck_assert_ptr_null(rota_file_watch_way(&watch));
	close_all();
}

LOOP_TEST(a_file_watch_wants_wishes_and_a_path_that_it_can_watch)
{
	static const unsigned bad[] = { 0, ROTA_FILE_RECURSIVE,
		ROTA_FILE_BY_STAT, ROTA_FILE_GONE, 1u << 10,
		ROTA_FILE_ALL | ROTA_FILE_GONE, ROTA_FILE_ALL | 1u << 10,
		UINT_MAX };
	struct rota_file_watch watch = { 0 };

	ck_ok(rota_file_watch_init(loop, &watch));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_refused_for(&watch,
			rota_file_watch_start(&watch, "/", bad[i], on_file),
			-EINVAL);
	ck_refused_for(&watch,
		rota_file_watch_start(&watch, "", ROTA_FILE_ALL, on_file),
		-ENOENT);
	ck_refused_for(&watch,
		rota_file_watch_set_interval(&watch, ROTA_MILLISECOND - 1),
		-EINVAL);
	ck_refused_for(
		&watch, rota_file_watch_set_interval(&watch, 0), -EINVAL);
	ck_ok(rota_handle_close(&watch.handle, NULL));
	ck_refused_for(&watch,
		rota_file_watch_set_interval(&watch, ROTA_SECOND), -EINVAL);
	close_all();
}

/* rota/signal.h, rota/wake.h ******************************************/

LOOP_TEST(functions_of_signals_want_all_their_arguments)
{
	struct rota_signal signal = { 0 };

	memset(&signal, CANARY, sizeof(signal));
	ck_refused_for(&signal, rota_signal_init(NULL, &signal), -EINVAL);
	ck_refused(rota_signal_init(loop, NULL), -EINVAL);
	ck_refused(rota_signal_start(NULL, SIGUSR1, on_signal), -EINVAL);
	ck_refused(rota_signal_once(NULL, SIGUSR1, on_signal), -EINVAL);
	ck_refused(rota_signal_stop(NULL), -EINVAL);
	ck_ok(rota_signal_init(loop, &signal));
	ck_refused_for(
		&signal, rota_signal_start(&signal, SIGUSR1, NULL), -EINVAL);
	ck_refused_for(
		&signal, rota_signal_once(&signal, SIGUSR1, NULL), -EINVAL);
	close_all();
}

LOOP_TEST(a_signal_handle_wants_a_signal_that_can_be_caught)
{
	static const int bad[] = { 0, -1, INT_MIN, INT_MAX, 129, 100000,
		SIGKILL, SIGSTOP };
	struct rota_signal signal = { 0 };

	ck_ok(rota_signal_init(loop, &signal));
	for (int n = 0; n < 2; n++) {
		for (int i = 0; i < 8; i++) {
			ck_refused_for(&signal,
				rota_signal_start(&signal, bad[i], on_signal),
				-EINVAL);
			ck_refused_for(&signal,
				rota_signal_once(&signal, bad[i], on_signal),
				-EINVAL);
		}
		ck_ok(rota_signal_start(&signal, SIGUSR1, on_signal));
	}
	ck_ok(raise(SIGUSR1));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("S");
	close_all();
}

LOOP_TEST(a_signal_handle_blank_closing_or_closed_has_no_once)
{
	struct rota_signal signal = { 0 };

	ck_refused_for(&signal, rota_signal_once(&signal, SIGUSR1, on_signal),
		-EINVAL);
	ck_ok(rota_signal_init(loop, &signal));
	ck_ok(rota_handle_close(&signal.handle, NULL));
	ck_refused_for(&signal, rota_signal_once(&signal, SIGUSR1, on_signal),
		-EINVAL);
	run_to_the_end();
	ck_refused_for(&signal, rota_signal_once(&signal, SIGUSR1, on_signal),
		-EINVAL);
}

LOOP_TEST(functions_of_wakes_want_all_their_arguments)
{
	struct rota_wake wake = { 0 };

	memset(&wake, CANARY, sizeof(wake));
	ck_refused_for(&wake, rota_wake_init(NULL, &wake, on_wake), -EINVAL);
	ck_refused_for(&wake, rota_wake_init(loop, &wake, NULL), -EINVAL);
	ck_refused(rota_wake_init(loop, NULL, on_wake), -EINVAL);
	ck_refused(rota_wake_send(NULL), -EINVAL);
}

LOOP_TEST(a_wake_that_is_blank_or_closing_is_not_rung)
{
	struct rota_wake wake = { 0 };

	ck_refused_for(&wake, rota_wake_send(&wake), -EINVAL);
	ck_ok(rota_wake_init(loop, &wake, on_wake));
	ck_ok(rota_handle_close(&wake.handle, NULL));
	ck_refused_for(&wake, rota_wake_send(&wake), -EINVAL);
	run_to_the_end();
	ck_refused_for(&wake, rota_wake_send(&wake), -EINVAL);
	ck_trace("");
}

/* rota/stream.h *******************************************************/

static void
on_written(struct rota_write *write, int status)
{
	(void)write;
	trace(status == 0 ? 'w' : 'x');
}

static void
on_datagram_sent(struct rota_send *send, int status)
{
	(void)send;
	trace(status == 0 ? 'u' : 'x');
}

static void
on_file_sent(struct rota_send_file *send, int status)
{
	(void)send;
	trace(status == 0 ? 'f' : 'x');
}

static void
on_done(struct rota_read *request, int status)
{
	(void)request;
	trace(status == 0 ? 'd' : 'x');
}

static void
on_drained(struct rota_stream *stream)
{
	(void)stream;
	trace('D');
}

static void
on_shut(struct rota_shutdown *request, int status)
{
	(void)request;
	trace(status == 0 ? 's' : 'x');
}

static void
on_connection(struct rota_stream *listener, int status)
{
	(void)listener;
	(void)status;
	trace('L');
}

static void
on_connected(struct rota_connect *request, int status)
{
	(void)request;
	trace(status == 0 ? 'c' : 'x');
}

static struct sockaddr_storage
loopback(uint16_t port)
{
	struct sockaddr_storage addr;

	ck_ok(rota_address_parse("127.0.0.1", port, &addr));
	return addr;
}

/* Makes `tcp` a connection; returns the other end. */
static int
open_connection(struct rota_tcp *tcp)
{
	int fds[2];

	harness_tcp_pair(fds);
	memset(tcp, 0, sizeof(*tcp));
	ck_ok(rota_tcp_init(loop, tcp));
	ck_ok(rota_tcp_open(tcp, fds[0]));
	return fds[1];
}

/* Makes `tcp` a listener; returns its address. */
static struct sockaddr_storage
open_listener(struct rota_tcp *tcp)
{
	struct sockaddr_storage addr = loopback(0);

	ck_ok(rota_tcp_init(loop, tcp));
	ck_ok(rota_tcp_bind(tcp, (struct sockaddr *)&addr, 0));
	ck_ok(rota_stream_listen(&tcp->stream, 1, on_connection));
	ck_ok(rota_tcp_local_address(tcp, &addr));
	return addr;
}

/* All three ways to ask for bytes. */
static void
ck_not_read(struct rota_stream *stream, int expected)
{
	struct rota_read read = { 0 };
	char byte;

	ck_refused(
		rota_stream_read(stream, &read, &byte, 1, on_done), expected);
	ck_refused(rota_stream_read_exactly(stream, &read, &byte, 1, on_done),
		expected);
	ck_refused(
		rota_stream_read_until(stream, &read, &byte, 1, '.', on_done),
		expected);
	ck_refused(rota_request_cancel(&read.request), -EALREADY);
}

LOOP_TEST(functions_of_streams_want_a_stream)
{
	struct iovec byte = { "x", 1 };
	struct rota_shutdown shutdown = { 0 };
	struct rota_send_file send = { 0 };
	struct rota_write write = { 0 };
	struct rota_tcp tcp = { 0 };

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused(rota_stream_read_start(NULL, NULL, on_read), -EINVAL);
	ck_refused(rota_stream_read_stop(NULL), -EINVAL);
	ck_refused(
		rota_stream_write(NULL, &write, &byte, 1, on_written), -EINVAL);
	ck_refused(rota_stream_try_write(NULL, &byte, 1), -EINVAL);
	ck_refused(rota_stream_send_file(NULL, &send, 0, 0, 1, on_file_sent),
		-EINVAL);
	ck_refused((int)rota_send_file_bytes(NULL), 0);
	ck_refused(rota_stream_shutdown(NULL, &shutdown, on_shut), -EINVAL);
	ck_refused(rota_stream_listen(NULL, 1, on_connection), -EINVAL);
	ck_refused(rota_stream_accept(NULL, &tcp.stream), -EINVAL);
	ck_refused(rota_stream_accept(&tcp.stream, NULL), -EINVAL);
	ck_refused(rota_stream_set_gather(NULL, 1), -EINVAL);
	ck_refused(rota_stream_queued_bytes(NULL), 0);
	ck_refused(rota_stream_fd(NULL), -1);
	ck_refused(rota_stream_is_reading(NULL), 0);
	ck_refused(rota_stream_is_readable(NULL), 0);
	ck_refused(rota_stream_is_writable(NULL), 0);
	close_all();
}

LOOP_TEST(functions_of_streams_want_all_their_arguments)
{
	struct iovec byte = { "x", 1 };
	struct rota_shutdown shutdown = { 0 };
	struct rota_write write = { 0 };
	struct rota_tcp tcp = { 0 };
	struct rota_stream *stream = &tcp.stream;
	int peer = open_connection(&tcp);

	ck_refused_for(
		&tcp, rota_stream_read_start(stream, NULL, NULL), -EINVAL);
	ck_refused_for(&tcp,
		rota_stream_write(stream, NULL, &byte, 1, on_written), -EINVAL);
	ck_refused_for(&write,
		rota_stream_write(stream, &write, &byte, 1, NULL), -EINVAL);
	ck_refused_for(&write,
		rota_stream_write(stream, &write, NULL, 1, on_written),
		-EINVAL);
	ck_refused_for(&write,
		rota_stream_write(stream, &write, NULL, UINT_MAX, on_written),
		-EINVAL);
	ck_refused_for(&tcp, rota_stream_try_write(stream, NULL, 1), -EINVAL);
	ck_refused_for(
		&tcp, rota_stream_try_write(stream, NULL, UINT_MAX), -EINVAL);
	ck_refused_for(
		&tcp, rota_stream_shutdown(stream, NULL, on_shut), -EINVAL);
	ck_refused_for(&shutdown, rota_stream_shutdown(stream, &shutdown, NULL),
		-EINVAL);
	ck_refused_for(&tcp, rota_stream_listen(stream, 1, NULL), -EINVAL);
	ck_err(rota_stream_is_writable(stream), 1);
	close_all();
	ck_ok(close(peer));
	ck_trace("");
}

LOOP_TEST(files_to_be_sent_want_a_place_and_a_callback)
{
	struct rota_send_file send = { 0 };
	struct rota_tcp tcp = { 0 };
	struct rota_stream *stream = &tcp.stream;
	int peer = open_connection(&tcp);

	ck_refused_for(&tcp,
		rota_stream_send_file(stream, NULL, peer, 0, 1, on_file_sent),
		-EINVAL);
	ck_refused_for(&send,
		rota_stream_send_file(stream, &send, peer, 0, 1, NULL),
		-EINVAL);
	ck_refused_for(&send,
		rota_stream_send_file(stream, &send, -1, 0, 1, on_file_sent),
		-EBADF);
	ck_refused_for(&send,
		rota_stream_send_file(
			stream, &send, peer, UINT64_MAX, 1, on_file_sent),
		-EINVAL);
	ck_refused_for(&send,
		rota_stream_send_file(
			stream, &send, peer, 1, UINT64_MAX, on_file_sent),
		-EINVAL);
	ck_refused(rota_stream_queued_bytes(stream), 0);
	close_all();
	ck_ok(close(peer));
	ck_trace("");
}

LOOP_TEST(writes_want_sizes_that_can_be_summed_up)
{
	char byte = 'x';
	struct iovec huge[] = { { &byte, 1 }, { &byte, SIZE_MAX / 2 } };
	struct iovec wraps[] = { { &byte, SIZE_MAX }, { &byte, 2 } };
	struct iovec nowhere = { NULL, 1 };
	struct rota_write write = { 0 };
	struct rota_tcp tcp = { 0 };
	struct rota_stream *stream = &tcp.stream;
	int peer = open_connection(&tcp);

	ck_refused_for(&write,
		rota_stream_write(stream, &write, huge, 2, on_written),
		-EINVAL);
	ck_refused_for(&write,
		rota_stream_write(stream, &write, wraps, 2, on_written),
		-EINVAL);
	ck_refused_for(&write,
		rota_stream_write(stream, &write, &nowhere, 1, on_written),
		-EINVAL);
	ck_refused_for(&tcp, rota_stream_try_write(stream, huge, 2), -EINVAL);
	ck_refused_for(&tcp, rota_stream_try_write(stream, wraps, 2), -EINVAL);
	ck_refused_for(
		&tcp, rota_stream_try_write(stream, &nowhere, 1), -EINVAL);
	ck_refused(rota_stream_queued_bytes(stream), 0);
	close_all();
	ck_ok(close(peer));
	ck_trace("");
}

static void
ck_stream_refuses_all(struct rota_stream *stream)
{
	struct iovec byte = { "x", 1 };
	struct rota_shutdown shutdown = { 0 };
	struct rota_send_file send = { 0 };
	struct rota_write write = { 0 };

	ck_refused_for(
		stream, rota_stream_read_start(stream, NULL, on_read), -EINVAL);
	ck_refused_for(stream,
		rota_stream_send_file(stream, &send, 0, 0, 1, on_file_sent),
		-EINVAL);
	ck_refused_for(stream, rota_stream_read_stop(stream), 0);
	ck_refused_for(stream,
		rota_stream_write(stream, &write, &byte, 1, on_written),
		-EINVAL);
	ck_refused_for(
		stream, rota_stream_try_write(stream, &byte, 1), -EINVAL);
	ck_refused_for(stream, rota_stream_shutdown(stream, &shutdown, on_shut),
		-EINVAL);
	ck_refused_for(
		stream, rota_stream_listen(stream, 1, on_connection), -EINVAL);
	ck_refused_for(stream, rota_stream_accept(stream, stream), -EINVAL);
	ck_refused_for(stream, rota_stream_set_gather(stream, 0), -EINVAL);
	ck_not_read(stream, -EINVAL);
	ck_refused_for(stream, rota_stream_try_read(stream, &byte, 1), -EINVAL);
	ck_refused_for(stream, rota_stream_set_idle_limit(stream, 1), -EINVAL);
	ck_refused_for(
		stream, rota_stream_set_marks(stream, 0, 0, NULL), -EINVAL);
	ck_refused_for(stream, rota_stream_is_full(stream), 0);
	ck_refused_for(stream, rota_stream_queued_bytes(stream), 0);
	ck_refused_for(stream, rota_stream_fd(stream), -1);
	ck_refused_for(stream, rota_stream_is_reading(stream), 0);
	ck_refused_for(stream, rota_stream_is_readable(stream), 0);
	ck_refused_for(stream, rota_stream_is_writable(stream), 0);
}

LOOP_TEST(a_stream_blank_closing_or_closed_refuses_all)
{
	struct rota_tcp tcp = { 0 };
	int peer;

	ck_stream_refuses_all(&tcp.stream);
	peer = open_connection(&tcp);
	ck_ok(rota_stream_read_start(&tcp.stream, NULL, on_read));
	ck_ok(rota_handle_close(&tcp.stream.handle, NULL));
	ck_stream_refuses_all(&tcp.stream);
	run_to_the_end();
	ck_stream_refuses_all(&tcp.stream);
	ck_ok(close(peer));
	ck_trace("");
}

LOOP_TEST(functions_that_read_want_all_their_arguments)
{
	struct rota_read read = { 0 };
	struct rota_tcp tcp;
	struct rota_stream *stream = &tcp.stream;
	char byte = 'x';
	int peer = open_connection(&tcp);

	ck_not_read(NULL, -EINVAL);
	ck_refused(rota_stream_try_read(NULL, &byte, 1), -EINVAL);
	ck_refused_for(&tcp, rota_stream_try_read(stream, NULL, 1), -EINVAL);
	ck_refused_for(&tcp, rota_stream_try_read(stream, &byte, 0), -EINVAL);
	ck_refused_for(&tcp, rota_stream_read(stream, NULL, &byte, 1, on_done),
		-EINVAL);
	ck_refused_for(&read, rota_stream_read(stream, &read, NULL, 1, on_done),
		-EINVAL);
	ck_refused_for(&read,
		rota_stream_read(stream, &read, &byte, 0, on_done), -EINVAL);
	ck_refused_for(&read, rota_stream_read(stream, &read, &byte, 1, NULL),
		-EINVAL);
	ck_refused_for(&read,
		rota_stream_read_exactly(stream, &read, &byte, 0, on_done),
		-EINVAL);
	ck_refused_for(&read,
		rota_stream_read_until(stream, &read, NULL, 1, '.', on_done),
		-EINVAL);
	ck_refused(rota_read_bytes(NULL), 0);
	ck_refused(rota_read_bytes(&read), 0);
	close_all();
	ck_ok(close(peer));
	ck_trace("");
}

LOOP_TEST(a_stream_is_read_in_one_way_at_a_time)
{
	struct rota_read read = { 0 };
	struct rota_tcp tcp;
	struct rota_stream *stream = &tcp.stream;
	char byte;
	int peer = open_connection(&tcp);

	ck_ok(rota_stream_read_start(stream, NULL, on_read));
	ck_not_read(stream, -EBUSY);
	ck_ok(rota_stream_read_stop(stream));
	ck_ok(rota_stream_read(stream, &read, &byte, 1, on_done));
	ck_refused_for(
		&tcp, rota_stream_read_start(stream, NULL, on_read), -EBUSY);
	ck_refused_for(&tcp, rota_stream_try_read(stream, &byte, 1), -EBUSY);
	close_all();
	ck_ok(close(peer));
	ck_trace("x");
}

LOOP_TEST(limits_and_marks_want_values_that_make_sense)
{
	struct rota_tcp tcp;
	struct rota_stream *stream = &tcp.stream;
	int peer = open_connection(&tcp);

	ck_refused(rota_stream_set_idle_limit(NULL, 1), -EINVAL);
	ck_refused(rota_stream_set_marks(NULL, 1, 2, on_drained), -EINVAL);
	ck_refused(rota_stream_is_full(NULL), 0);
	for (int i = 0; i < 2; i++) {
		ck_refused_for(
			&tcp, rota_stream_set_idle_limit(stream, 0), -EINVAL);
		ck_refused_for(&tcp,
			rota_stream_set_marks(stream, 2, 2, on_drained),
			-EINVAL);
		ck_refused_for(&tcp,
			rota_stream_set_marks(stream, SIZE_MAX, 1, on_drained),
			-EINVAL);
		ck_refused_for(&tcp, rota_stream_set_marks(stream, 1, 2, NULL),
			-EINVAL);
		ck_ok(rota_stream_set_idle_limit(stream, ROTA_FOREVER - 1));
		ck_ok(rota_stream_set_marks(
			stream, SIZE_MAX - 1, SIZE_MAX, on_drained));
	}
	ck_ok(rota_stream_read_start(stream, NULL, on_read));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	close_all();
	ck_ok(close(peer));
	ck_trace("");
}

LOOP_TEST(a_stream_that_closes_flushed_closes_once)
{
	struct rota_tcp tcp;
	struct rota_stream *stream = &tcp.stream;
	int peer = open_connection(&tcp);

	ck_refused(rota_stream_close_flushed(NULL, on_closed), -EINVAL);
	ck_ok(rota_stream_close_flushed(stream, on_closed));
	ck_refused_for(&tcp,
		rota_stream_close_flushed(stream, on_wrongly_closed),
		-EALREADY);
	run_to_the_end();
	ck_refused_for(&tcp,
		rota_stream_close_flushed(stream, on_wrongly_closed), -EINVAL);
	ck_trace("C");
	ck_ok(close(peer));
}

/* What open() refuses stays blank, and the descriptor as it was. */
static void
ck_not_opened(int fd, unsigned flags, int expected)
{
	struct rota_stream stream = { 0 };
	int flags_before = fcntl(fd, F_GETFL);

	ck_refused_for(
		&stream, rota_stream_open(loop, &stream, fd, flags), expected);
	ck_refused_for(
		&stream, rota_stream_open(NULL, &stream, fd, 0), -EINVAL);
	ck_refused(rota_stream_open(loop, NULL, fd, 0), -EINVAL);
	ck_assert_int_eq(fcntl(fd, F_GETFL), flags_before);
}

LOOP_TEST(stream_open_wants_a_descriptor_that_can_be_a_stream)
{
	int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
	int directory = open("/", O_RDONLY);
	struct rota_tcp tcp = { 0 };
	int pipe[2];

	ck_assert_int_ge(datagrams, 0);
	ck_assert_int_ge(directory, 0);
	harness_pipe(pipe);
	/* The read buffer is made with the first stream, and stays. */
	ck_ok(rota_tcp_init(loop, &tcp));
	for (unsigned flags = 0; flags <= ROTA_OPEN_KEEP; flags++) {
		ck_not_opened(-1, flags, -EBADF);
		ck_not_opened(INT_MIN, flags, -EBADF);
		ck_not_opened(INT_MAX, flags, -EBADF);
		ck_not_opened(closed_number(), flags, -EBADF);
		ck_not_opened(datagrams, flags, -EPROTOTYPE);
		ck_not_opened(directory, flags, -EISDIR);
	}
	ck_not_opened(pipe[0], 1u << 1, -EINVAL);
	ck_not_opened(pipe[0], UINT_MAX, -EINVAL);
	close_all();
	harness_close_pair(pipe);
	ck_ok(close(directory));
	ck_ok(close(datagrams));
}

LOOP_TEST(a_stream_without_a_connection_neither_reads_nor_writes)
{
	struct iovec byte = { "x", 1 };
	struct rota_shutdown shutdown = { 0 };
	struct rota_write write = { 0 };
	struct rota_tcp tcp = { 0 };
	struct rota_stream *stream = &tcp.stream;

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused_for(
		&tcp, rota_stream_read_start(stream, NULL, on_read), -ENOTCONN);
	ck_not_read(stream, -ENOTCONN);
	ck_refused_for(&tcp, rota_stream_try_read(stream, &byte, 1), -ENOTCONN);
	ck_refused_for(&tcp, rota_stream_read_stop(stream), 0);
	ck_refused_for(&tcp,
		rota_stream_write(stream, &write, &byte, 1, on_written),
		-ENOTCONN);
	ck_refused(rota_request_cancel(&write.request), -EALREADY);
	ck_refused_for(
		&tcp, rota_stream_try_write(stream, &byte, 1), -ENOTCONN);
	ck_refused_for(&tcp, rota_stream_shutdown(stream, &shutdown, on_shut),
		-ENOTCONN);
	ck_refused(rota_request_cancel(&shutdown.request), -EALREADY);
	ck_refused_for(
		&tcp, rota_stream_listen(stream, 1, on_connection), -EINVAL);
	close_all();
	ck_trace("");
}

LOOP_TEST(a_stream_that_was_shut_down_takes_no_more)
{
	struct iovec byte = { "x", 1 };
	struct rota_shutdown first = { 0 };
	struct rota_shutdown second = { 0 };
	struct rota_write write = { 0 };
	struct rota_tcp tcp = { 0 };
	struct rota_stream *stream = &tcp.stream;
	int peer = open_connection(&tcp);

	ck_ok(rota_stream_shutdown(stream, &first, on_shut));
	for (int i = 0; i < 2; i++) {
		ck_refused_for(&tcp,
			rota_stream_write(stream, &write, &byte, 1, on_written),
			-EPIPE);
		ck_refused_for(
			&tcp, rota_stream_try_write(stream, &byte, 1), -EPIPE);
		ck_refused_for(&tcp,
			rota_stream_shutdown(stream, &second, on_shut), -EPIPE);
		ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	}
	ck_trace("s");
	close_all();
	ck_ok(close(peer));
}

LOOP_TEST(listen_wants_a_backlog_and_a_socket_without_connection)
{
	static const int bad[] = { 0, -1, INT_MIN };
	struct rota_tcp connection = { 0 };
	struct rota_tcp listener = { 0 };
	int peer = open_connection(&connection);

	ck_refused_for(&connection,
		rota_stream_listen(&connection.stream, 1, on_connection),
		-EINVAL);
	(void)open_listener(&listener);
	for (int i = 0; i < 3; i++)
		ck_refused_for(&listener,
			rota_stream_listen(
				&listener.stream, bad[i], on_connection),
			-EINVAL);
	close_all();
	ck_ok(close(peer));
}

LOOP_TEST(a_listener_neither_reads_nor_writes_nor_connects)
{
	struct iovec byte = { "x", 1 };
	struct rota_connect connect = { 0 };
	struct rota_shutdown shutdown = { 0 };
	struct rota_write write = { 0 };
	struct rota_tcp tcp = { 0 };
	struct rota_stream *stream = &tcp.stream;
	struct sockaddr_storage addr = open_listener(&tcp);

	ck_refused_for(
		&tcp, rota_stream_read_start(stream, NULL, on_read), -ENOTCONN);
	ck_not_read(stream, -ENOTCONN);
	ck_refused_for(&tcp, rota_stream_try_read(stream, &byte, 1), -ENOTCONN);
	ck_refused_for(&tcp, rota_stream_read_stop(stream), 0);
	ck_refused_for(&tcp,
		rota_stream_write(stream, &write, &byte, 1, on_written),
		-ENOTCONN);
	ck_refused_for(
		&tcp, rota_stream_try_write(stream, &byte, 1), -ENOTCONN);
	ck_refused_for(&tcp, rota_stream_shutdown(stream, &shutdown, on_shut),
		-ENOTCONN);
	ck_refused_for(&tcp,
		rota_tcp_connect(
			&tcp, &connect, (struct sockaddr *)&addr, on_connected),
		-EISCONN);
	close_all();
	ck_trace("");
}

/* rota/pump.h *********************************************************/

static void
on_pumped(struct rota_pump *pump, int status)
{
	(void)pump;
	trace(status == 0 ? 'p' : 'x');
}

static void
ck_not_pumped(struct rota_stream *from, struct rota_stream *to, int expected)
{
	struct rota_pump pump = { 0 };

	ck_refused(rota_pipe_streams(&pump, from, to, 0, on_pumped), expected);
	ck_refused(rota_request_cancel(&pump.request), -EALREADY);
	ck_refused(rota_pump_bytes(&pump), 0);
	ck_refused(rota_pump_set_limit(&pump, 1), -EALREADY);
}

LOOP_TEST(a_pump_wants_all_its_arguments)
{
	struct rota_pump pump = { 0 };
	struct rota_tcp from;
	struct rota_tcp to;
	struct rota_stream *a = &from.stream;
	struct rota_stream *b = &to.stream;
	const int peers[] = { open_connection(&from), open_connection(&to) };

	ck_not_pumped(NULL, b, -EINVAL);
	ck_not_pumped(a, NULL, -EINVAL);
	ck_refused(rota_pipe_streams(NULL, a, b, 0, on_pumped), -EINVAL);
	ck_refused_for(&pump, rota_pipe_streams(&pump, a, b, 0, NULL), -EINVAL);
	ck_refused_for(&pump,
		rota_pipe_streams(&pump, a, b, 1u << 1, on_pumped), -EINVAL);
	ck_refused_for(&pump,
		rota_pipe_streams(&pump, a, b, UINT_MAX, on_pumped), -EINVAL);
	ck_refused(rota_pump_bytes(NULL), 0);
	ck_refused(rota_pump_set_limit(NULL, 1), -EINVAL);
	close_all();
	harness_close_pair(peers);
	ck_trace("");
}

LOOP_TEST(a_pump_wants_open_streams_of_one_loop)
{
	struct rota_loop *other = harness_make_loop();
	struct rota_tcp blank = { 0 };
	struct rota_tcp foreign = { 0 };
	struct rota_tcp tcp;
	int peer = open_connection(&tcp);

	ck_ok(rota_tcp_init(other, &foreign));
	ck_not_pumped(&blank.stream, &tcp.stream, -EINVAL);
	ck_not_pumped(&tcp.stream, &blank.stream, -EINVAL);
	ck_not_pumped(&foreign.stream, &tcp.stream, -EINVAL);
	ck_not_pumped(&tcp.stream, &foreign.stream, -EINVAL);
	ck_ok(rota_handle_close(&tcp.stream.handle, NULL));
	ck_not_pumped(&tcp.stream, &tcp.stream, -EINVAL);
	run_to_the_end();
	ck_not_pumped(&tcp.stream, &tcp.stream, -EINVAL);
	close_all_of(other);
	ck_ok(rota_loop_close(other));
	ck_ok(close(peer));
	ck_trace("");
}

LOOP_TEST(a_pump_wants_a_source_nobody_reads_and_connections)
{
	struct rota_read read = { 0 };
	struct rota_tcp from;
	struct rota_tcp idle = { 0 };
	struct rota_stream *a = &from.stream;
	char byte;
	int peer = open_connection(&from);

	ck_ok(rota_tcp_init(loop, &idle));
	/* What a refused pump has made for its streams stays with them. */
	ck_ok(rota_stream_set_idle_limit(a, ROTA_SECOND));
	ck_ok(rota_stream_set_idle_limit(&idle.stream, ROTA_SECOND));
	ck_not_pumped(a, &idle.stream, -ENOTCONN);
	ck_not_pumped(&idle.stream, a, -ENOTCONN);
	ck_ok(rota_stream_read_start(a, NULL, on_read));
	ck_not_pumped(a, a, -EBUSY);
	ck_ok(rota_stream_read_stop(a));
	ck_ok(rota_stream_read(a, &read, &byte, 1, on_done));
	ck_not_pumped(a, a, -EBUSY);
	close_all();
	ck_ok(close(peer));
	ck_trace("x");
}

LOOP_TEST(unix_datagrams_want_all_their_arguments)
{
	struct rota_unix_send send = { 0 };
	struct iovec byte = { "x", 1 };
	struct rota_udp udp = { 0 };

	ck_refused(rota_unix_datagram_bind(NULL, "/x", 2, 0), -EINVAL);
	ck_refused(rota_unix_datagram_bind(&udp, "/x", 2, 0), -EINVAL);
	ck_refused(rota_unix_datagram_connect(NULL, "/x", 2), -EINVAL);
	ck_refused(rota_unix_datagram_send(
			   NULL, &send, &byte, 1, "/x", 2, on_datagram_sent),
		-EINVAL);
	ck_refused((int)rota_unix_datagram_try_send(NULL, &byte, 1, "/x", 2),
		-EINVAL);
	ck_ok(rota_udp_init(loop, &udp));
	ck_refused_for(
		&udp, rota_unix_datagram_bind(&udp, NULL, 2, 0), -EINVAL);
	ck_refused_for(
		&udp, rota_unix_datagram_bind(&udp, "/x", 0, 0), -EINVAL);
	ck_refused_for(
		&udp, rota_unix_datagram_bind(&udp, "/x", 2, 4), -EINVAL);
	ck_refused_for(
		&udp, rota_unix_datagram_bind(&udp, "/x\0y", 4, 0), -EINVAL);
	ck_refused_for(
		&udp, rota_unix_datagram_connect(&udp, NULL, 2), -EINVAL);
	ck_refused_for(
		&udp, rota_unix_datagram_connect(&udp, "/x", 0), -EINVAL);
	ck_refused_for(&udp,
		rota_unix_datagram_send(
			&udp, NULL, &byte, 1, "/x", 2, on_datagram_sent),
		-EINVAL);
	ck_refused_for(&udp,
		rota_unix_datagram_send(&udp, &send, &byte, 1, "/x", 2, NULL),
		-EINVAL);
	ck_refused_for(&udp,
		rota_unix_datagram_send(
			&udp, &send, NULL, 1, "/x", 2, on_datagram_sent),
		-EINVAL);
	ck_refused_for(&udp,
		rota_unix_datagram_send(
			&udp, &send, &byte, 1, NULL, 2, on_datagram_sent),
		-EINVAL);
	ck_refused_for(&udp,
		rota_unix_datagram_try_send(&udp, &byte, 1, "/x", 0), -EINVAL);
	ck_refused_for(&udp,
		rota_unix_datagram_try_send(&udp, NULL, 1, "/x", 2), -EINVAL);
	ck_err(rota_udp_fd(&udp), -1);
	close_all();
}

/* Kinds of streams that are not rota's ********************************/

/* A kind of stream that can nothing. */
static const struct rota_stream_type mute_table = { .read_start = NULL };

static const struct rota_handle_type mute_type = {
	.name = "mute",
	.size = sizeof(struct rota_stream),
	.stream = &mute_table,
};

LOOP_TEST(accept_wants_a_listener_and_an_idle_stream_of_its_kind_and_loop)
{
	struct rota_loop *other = harness_make_loop();
	struct rota_tcp listener = { 0 };
	struct rota_tcp client = { 0 };
	struct rota_tcp connected = { 0 };
	struct rota_tcp foreign = { 0 };
	struct rota_stream mute = { 0 };
	int peer = open_connection(&connected);

	(void)open_listener(&listener);
	ck_refused_for(&client,
		rota_stream_accept(&listener.stream, &client.stream), -EINVAL);
	ck_ok(rota_tcp_init(loop, &client));
	ck_ok(rota_tcp_init(other, &foreign));
	ck_ok(rota_handle_init(loop, &mute.handle, &mute_type));
	ck_refused_for(&client,
		rota_stream_accept(&listener.stream, &client.stream), -EAGAIN);
	ck_refused_for(&foreign,
		rota_stream_accept(&listener.stream, &foreign.stream), -EINVAL);
	ck_refused_for(
		&mute, rota_stream_accept(&listener.stream, &mute), -EINVAL);
	ck_refused_for(&connected,
		rota_stream_accept(&listener.stream, &connected.stream),
		-EINVAL);
	ck_refused_for(&listener,
		rota_stream_accept(&listener.stream, &listener.stream),
		-EINVAL);
	ck_refused_for(&client,
		rota_stream_accept(&connected.stream, &client.stream), -EINVAL);
	ck_ok(rota_handle_close(&client.stream.handle, NULL));
	ck_refused_for(&client,
		rota_stream_accept(&listener.stream, &client.stream), -EINVAL);
	close_all();
	close_all_of(other);
	ck_ok(rota_loop_close(other));
	ck_ok(close(peer));
}

static void
ck_can_nothing(struct rota_stream *stream)
{
	struct iovec byte = { "x", 1 };
	struct rota_send_file send = { 0 };
	struct rota_shutdown shutdown = { 0 };
	struct rota_write write = { 0 };

	ck_refused_for(stream, rota_stream_read_start(stream, NULL, on_read),
		-ENOTSUP);
	ck_refused_for(stream, rota_stream_read_stop(stream), 0);
	ck_refused_for(stream,
		rota_stream_write(stream, &write, &byte, 1, on_written),
		-ENOTSUP);
	ck_refused_for(
		stream, rota_stream_try_write(stream, &byte, 1), -ENOTSUP);
	ck_refused_for(stream, rota_stream_shutdown(stream, &shutdown, on_shut),
		-ENOTSUP);
	ck_refused_for(
		stream, rota_stream_listen(stream, 1, on_connection), -ENOTSUP);
	ck_refused_for(stream, rota_stream_accept(stream, stream), -ENOTSUP);
	ck_not_read(stream, -ENOTSUP);
	ck_refused_for(
		stream, rota_stream_try_read(stream, &byte, 1), -ENOTSUP);
	ck_not_pumped(stream, stream, -ENOTSUP);
	ck_refused_for(stream, rota_stream_set_idle_limit(stream, 1), -ENOTSUP);
	ck_refused_for(stream, rota_stream_set_marks(stream, 1, 2, on_drained),
		-ENOTSUP);
	ck_refused_for(stream,
		rota_stream_send_file(stream, &send, 0, 0, 1, on_file_sent),
		-ENOTSUP);
	ck_refused_for(
		stream, rota_stream_close_flushed(stream, NULL), -ENOTSUP);
}

LOOP_TEST(a_stream_whose_kind_lacks_a_function_says_so)
{
	static const struct rota_handle_type no_stream = {
		.name = "no stream",
		.size = sizeof(struct rota_stream),
	};
	struct rota_stream mute = { 0 };
	struct rota_stream none = { 0 };

	ck_ok(rota_handle_init(loop, &mute.handle, &mute_type));
	ck_ok(rota_handle_init(loop, &none.handle, &no_stream));
	ck_can_nothing(&mute);
	ck_can_nothing(&none);
	close_all();
}

/* rota/tcp.h **********************************************************/

LOOP_TEST(functions_of_tcp_want_a_handle)
{
	struct sockaddr_storage addr = loopback(1);
	struct sockaddr *to = (struct sockaddr *)&addr;
	const struct sockaddr *list[] = { to };
	struct rota_connect_any any = { 0 };
	struct rota_connect connect = { 0 };
	struct rota_tcp tcp = { 0 };

	memset(&tcp, CANARY, sizeof(tcp));
	ck_refused_for(&tcp, rota_tcp_init(NULL, &tcp), -EINVAL);
	ck_refused(rota_tcp_init(loop, NULL), -EINVAL);
	ck_refused(rota_tcp_open(NULL, STDERR_FILENO), -EINVAL);
	ck_refused(rota_tcp_bind(NULL, to, 0), -EINVAL);
	ck_refused(rota_tcp_connect(NULL, &connect, to, on_connected), -EINVAL);
	ck_refused_for(&any,
		rota_tcp_connect_any(NULL, &any, list, 1, 0, on_connected),
		-EINVAL);
	ck_refused(rota_tcp_set_nodelay(NULL, 1), -EINVAL);
	ck_refused(rota_tcp_set_keepalive(NULL, 1, 0, 0), -EINVAL);
	ck_refused(rota_tcp_set_receive_buffer(NULL, 1), -EINVAL);
	ck_refused(rota_tcp_set_send_buffer(NULL, 1), -EINVAL);
	ck_refused(rota_tcp_receive_buffer(NULL), -EINVAL);
	ck_refused(rota_tcp_send_buffer(NULL), -EINVAL);
	ck_refused(rota_tcp_set_defer_accept(NULL, 1), -EINVAL);
	ck_refused(rota_tcp_set_fastopen(NULL, 1), -EINVAL);
	ck_refused(rota_tcp_set_fastopen_connect(NULL, 1), -EINVAL);
	ck_refused_for(&addr, rota_tcp_local_address(NULL, &addr), -EINVAL);
	ck_refused_for(&addr, rota_tcp_peer_address(NULL, &addr), -EINVAL);
	ck_refused(rota_tcp_reset(NULL, on_closed), -EINVAL);
}

LOOP_TEST(functions_of_tcp_want_all_their_arguments)
{
	struct sockaddr_storage addr = loopback(1);
	struct sockaddr *to = (struct sockaddr *)&addr;
	const struct sockaddr *list[] = { to, NULL };
	struct rota_connect_any any = { 0 };
	struct rota_connect connect = { 0 };
	struct rota_tcp tcp = { 0 };

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, NULL, 0), -EINVAL);
	ck_refused_for(
		&tcp, rota_tcp_connect(&tcp, NULL, to, on_connected), -EINVAL);
	ck_refused_for(&connect,
		rota_tcp_connect(&tcp, &connect, NULL, on_connected), -EINVAL);
	ck_refused_for(
		&connect, rota_tcp_connect(&tcp, &connect, to, NULL), -EINVAL);
	ck_refused_for(&any,
		rota_tcp_connect_any(&tcp, &any, NULL, 1, 0, on_connected),
		-EINVAL);
	ck_refused_for(&any,
		rota_tcp_connect_any(&tcp, &any, list, 0, 0, on_connected),
		-EINVAL);
	ck_refused_for(&any,
		rota_tcp_connect_any(&tcp, &any, list, 2, 0, on_connected),
		-EINVAL);
	ck_refused_for(&any, rota_tcp_connect_any(&tcp, &any, list, 1, 0, NULL),
		-EINVAL);
	ck_refused_for(&tcp,
		rota_tcp_connect_any(&tcp, NULL, list, 1, 0, on_connected),
		-EINVAL);
	ck_refused_for(&tcp, rota_tcp_local_address(&tcp, NULL), -EINVAL);
	ck_refused_for(&tcp, rota_tcp_peer_address(&tcp, NULL), -EINVAL);
	close_all();
}

LOOP_TEST(options_of_tcp_want_numbers_in_range)
{
	struct rota_tcp tcp = { 0 };
	int fd = -1;
	int peer = open_connection(&tcp);

	ck_refused(rota_tcp_set_keepalive(&tcp, 1, 0, -1), -EINVAL);
	ck_refused(rota_tcp_set_receive_buffer(&tcp, 0), -EINVAL);
	ck_refused(rota_tcp_set_send_buffer(&tcp, -1), -EINVAL);
	ck_refused(rota_tcp_set_fastopen(&tcp, -1), -EINVAL);
	ck_refused(rota_stream_shutdown_reading(NULL), -EINVAL);
	ck_refused_for(&fd, rota_stream_detach(NULL, &fd), -EINVAL);
	ck_refused_for(&tcp, rota_stream_detach(&tcp.stream, NULL), -EINVAL);
	ck_refused(rota_stream_set_accept_batch(NULL, 1), -EINVAL);
	ck_refused(rota_stream_set_accept_batch(&tcp.stream, 1), -EINVAL);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

LOOP_TEST(functions_of_unix_sockets_want_a_handle)
{
	char name[ROTA_UNIX_NAME_BYTES] = "";
	struct rota_unix_credentials who = { 0 };
	struct rota_connect connect = { 0 };
	struct rota_unix_write write = { 0 };
	struct rota_unix un = { 0 };
	struct iovec byte = { name, 1 };
	int fd = 0;

	memset(&un, CANARY, sizeof(un));
	ck_refused_for(&un, rota_unix_init(NULL, &un, 0), -EINVAL);
	ck_refused_for(&un, rota_unix_init(loop, &un, 2), -EINVAL);
	ck_refused(rota_unix_init(loop, NULL, 0), -EINVAL);
	ck_refused(rota_unix_open(NULL, STDERR_FILENO), -EINVAL);
	ck_refused(rota_unix_bind(NULL, "/x", 2, 0), -EINVAL);
	ck_refused_for(&connect,
		rota_unix_connect(NULL, &connect, "/x", 2, on_connected),
		-EINVAL);
	ck_refused_for(
		&name, rota_unix_local_name(NULL, name, sizeof(name)), -EINVAL);
	ck_refused_for(
		&name, rota_unix_peer_name(NULL, name, sizeof(name)), -EINVAL);
	ck_refused_for(&who, rota_unix_peer_credentials(NULL, &who), -EINVAL);
	ck_refused_for(&write,
		rota_unix_write_fds(NULL, &write, &byte, 1, &fd, 1, on_written),
		-EINVAL);
	ck_refused(rota_unix_receive_fds(NULL, 1), -EINVAL);
	ck_refused(rota_unix_take_fd(NULL), -EINVAL);
}

LOOP_TEST(functions_of_unix_sockets_want_all_their_arguments)
{
	struct rota_connect connect = { 0 };
	struct rota_unix_write write = { 0 };
	struct rota_unix un = { 0 };
	struct iovec byte = { (void *)(uintptr_t) "x", 1 };
	struct iovec none = { NULL, 0 };
	int fds[2];

	harness_socketpair(fds);
	ck_ok(rota_unix_init(loop, &un, 0));
	ck_refused_for(&un, rota_unix_bind(&un, NULL, 2, 0), -EINVAL);
	ck_refused_for(&un, rota_unix_bind(&un, "/x", 0, 0), -EINVAL);
	ck_refused_for(&un, rota_unix_bind(&un, "/x", 2, 4), -EINVAL);
	ck_refused_for(&un, rota_unix_bind(&un, "/x\0y", 4, 0), -EINVAL);
	ck_refused_for(&un, rota_unix_connect(&un, NULL, "/x", 2, on_connected),
		-EINVAL);
	ck_refused_for(&connect,
		rota_unix_connect(&un, &connect, NULL, 2, on_connected),
		-EINVAL);
	ck_refused_for(&connect,
		rota_unix_connect(&un, &connect, "/x", 2, NULL), -EINVAL);
	ck_refused_for(&un, rota_unix_open(&un, -1), -EBADF);
	ck_ok(rota_unix_open(&un, fds[0]));
	ck_refused_for(&un, rota_unix_open(&un, fds[0]), -EINVAL);
	ck_refused_for(&un, rota_unix_local_name(&un, NULL, 9), -EINVAL);
	ck_refused_for(&un, rota_unix_peer_name(&un, NULL, 9), -EINVAL);
	ck_refused_for(&un, rota_unix_peer_credentials(&un, NULL), -EINVAL);
	ck_refused_for(&un, rota_unix_receive_fds(&un, 65536), -EINVAL);
	ck_refused_for(&write,
		rota_unix_write_fds(&un, &write, &byte, 1, fds, 1, NULL),
		-EINVAL);
	ck_refused_for(&write,
		rota_unix_write_fds(
			&un, &write, &byte, 1, fds, 254, on_written),
		-EINVAL);
	ck_refused_for(&write,
		rota_unix_write_fds(&un, &write, &none, 1, fds, 1, on_written),
		-EINVAL);
	ck_refused_for(&write,
		rota_unix_write_fds(&un, &write, &byte, 1, NULL, 1, on_written),
		-EINVAL);
	ck_assert_int_eq(close(fds[1]), 0);
	close_all();
}

static void
ck_tcp_refuses_all(struct rota_tcp *tcp, int reset_error)
{
	struct sockaddr_storage addr = loopback(0);
	struct sockaddr *to = (struct sockaddr *)&addr;
	struct rota_connect connect = { 0 };
	int fds[2];

	harness_tcp_pair(fds);
	ck_refused_for(tcp, rota_tcp_open(tcp, fds[0]), -EINVAL);
	ck_refused_for(tcp, rota_tcp_bind(tcp, to, 0), -EINVAL);
	ck_refused_for(tcp, rota_tcp_connect(tcp, &connect, to, on_connected),
		-EINVAL);
	ck_refused_for(tcp, rota_tcp_set_nodelay(tcp, 1), -EINVAL);
	ck_refused_for(&addr, rota_tcp_local_address(tcp, &addr), -EINVAL);
	ck_refused_for(&addr, rota_tcp_peer_address(tcp, &addr), -EINVAL);
	ck_refused_for(
		tcp, rota_tcp_reset(tcp, on_wrongly_closed), reset_error);
	harness_close_pair(fds);
}

LOOP_TEST(a_tcp_handle_blank_closing_or_closed_refuses_all)
{
	struct rota_tcp tcp = { 0 };
	int peer;

	ck_tcp_refuses_all(&tcp, -EINVAL);
	peer = open_connection(&tcp);
	ck_ok(rota_tcp_reset(&tcp, on_closed));
	ck_tcp_refuses_all(&tcp, -EALREADY);
	run_to_the_end();
	ck_tcp_refuses_all(&tcp, -EINVAL);
	ck_ok(close(peer));
	ck_trace("C");
}

LOOP_TEST(tcp_open_wants_a_socket_for_streams)
{
	struct rota_tcp tcp = { 0 };
	int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
	int locals[2];
	int pipe[2];

	ck_assert_int_ge(datagrams, 0);
	harness_socketpair(locals);
	harness_pipe(pipe);
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused_for(&tcp, rota_tcp_open(&tcp, -1), -EBADF);
	ck_refused_for(&tcp, rota_tcp_open(&tcp, INT_MIN), -EBADF);
	ck_refused_for(&tcp, rota_tcp_open(&tcp, INT_MAX), -EBADF);
	ck_refused_for(&tcp, rota_tcp_open(&tcp, closed_number()), -EBADF);
	ck_refused_for(&tcp, rota_tcp_open(&tcp, pipe[0]), -ENOTSOCK);
	ck_refused_for(&tcp, rota_tcp_open(&tcp, datagrams), -EINVAL);
	ck_refused_for(&tcp, rota_tcp_open(&tcp, locals[0]), -EAFNOSUPPORT);
	ck_err(fcntl(datagrams, F_GETFL) & O_NONBLOCK, 0);
	close_all();
	harness_close_pair(locals);
	harness_close_pair(pipe);
	ck_ok(close(datagrams));
}

LOOP_TEST(a_tcp_handle_that_has_a_socket_takes_no_other)
{
	struct sockaddr_storage addr = loopback(0);
	struct sockaddr *any = (struct sockaddr *)&addr;
	struct rota_tcp bound = { 0 };
	struct rota_tcp connected = { 0 };
	int peer = open_connection(&connected);
	int fds[2];

	harness_tcp_pair(fds);
	ck_ok(rota_tcp_init(loop, &bound));
	ck_ok(rota_tcp_bind(&bound, any, 0));
	ck_refused_for(&bound, rota_tcp_open(&bound, fds[0]), -EINVAL);
	ck_refused_for(&bound, rota_tcp_bind(&bound, any, 0), -EINVAL);
	ck_refused_for(&connected, rota_tcp_open(&connected, fds[0]), -EINVAL);
	ck_refused_for(&connected, rota_tcp_bind(&connected, any, 0), -EINVAL);
	close_all();
	harness_close_pair(fds);
	ck_ok(close(peer));
}

LOOP_TEST(addresses_want_a_family_and_flags_that_exist)
{
	struct sockaddr_storage addr = loopback(0);
	struct sockaddr *any = (struct sockaddr *)&addr;
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	struct sockaddr *unix_path = (struct sockaddr *)&path;
	struct rota_connect connect = { 0 };
	struct rota_tcp tcp = { 0 };

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, any, 1u << 2), -EINVAL);
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, any, UINT_MAX), -EINVAL);
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, unix_path, 0), -EAFNOSUPPORT);
	ck_refused_for(&tcp,
		rota_tcp_connect(&tcp, &connect, unix_path, on_connected),
		-EAFNOSUPPORT);
	any->sa_family = AF_UNSPEC;
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, any, 0), -EAFNOSUPPORT);
	ck_refused_for(&tcp,
		rota_tcp_connect(&tcp, &connect, any, on_connected),
		-EAFNOSUPPORT);
	ck_refused(rota_stream_fd(&tcp.stream), -1);
	close_all();
	ck_trace("");
}

LOOP_TEST(a_tcp_handle_refused_an_address_in_use_has_no_socket)
{
	struct rota_tcp listener = { 0 };
	struct rota_tcp tcp = { 0 };
	struct sockaddr_storage addr = open_listener(&listener);

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, (struct sockaddr *)&addr, 0),
		-EADDRINUSE);
	ck_refused(rota_stream_fd(&tcp.stream), -1);
	close_all();
}

LOOP_TEST(a_tcp_handle_connects_once)
{
	struct rota_connect first = { 0 };
	struct rota_connect second = { 0 };
	struct rota_tcp listener = { 0 };
	struct rota_tcp tcp = { 0 };
	struct sockaddr_storage addr = open_listener(&listener);
	struct sockaddr *to = (struct sockaddr *)&addr;
	int peer;

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_tcp_connect(&tcp, &first, to, on_connected));
	ck_refused_for(&second,
		rota_tcp_connect(&tcp, &second, to, on_connected), -EALREADY);
	ck_refused_for(&tcp, rota_tcp_bind(&tcp, to, 0), -EINVAL);
	ck_refused_for(&tcp, rota_stream_listen(&tcp.stream, 1, on_connection),
		-EINVAL);
	close_all();
	ck_trace("x");
	peer = open_connection(&tcp);
	ck_refused_for(&second,
		rota_tcp_connect(&tcp, &second, to, on_connected), -EISCONN);
	close_all();
	ck_ok(close(peer));
}

LOOP_TEST(a_tcp_handle_without_a_socket_has_no_addresses)
{
	struct sockaddr_storage addr;
	struct rota_tcp tcp = { 0 };

	memset(&addr, CANARY, sizeof(addr));
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_refused_for(&tcp, rota_tcp_set_nodelay(&tcp, 1), -ENOTCONN);
	ck_refused_for(&addr, rota_tcp_local_address(&tcp, &addr), -ENOTCONN);
	ck_refused_for(&addr, rota_tcp_peer_address(&tcp, &addr), -ENOTCONN);
	close_all();
	(void)open_listener(&tcp);
	ck_refused_for(&addr, rota_tcp_peer_address(&tcp, &addr), -ENOTCONN);
	close_all();
}

START_TEST(text_that_is_no_address_is_refused)
{
	static const char *const bad[] = { "", " ", "1.2.3", "1.2.3.4.5",
		"256.0.0.1", "1.2.3.4 ", "localhost", ":", ":::", "::1%",
		"::1%no-such-interface", "::1%-1", "::1%+1", "::1% 1", "::1%0",
		"::1%4294967296", "::1%99999999999999999999", "::1%1x",
		"1.2.3.4%1", "[::1]", "0:0:0:0:0:0:0:0:0",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc" };
	struct sockaddr_storage addr;

	memset(&addr, CANARY, sizeof(addr));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		remember(&addr, sizeof(addr));
		ck_returns(
			rota_address_parse(bad[i], 1, &addr), -EINVAL, bad[i]);
		ck_same(bad[i]);
	}
	ck_refused_for(&addr, rota_address_parse(NULL, 1, &addr), -EINVAL);
	ck_refused(rota_address_parse("::1", 1, NULL), -EINVAL);
}
END_TEST

START_TEST(addresses_are_formatted_whole_or_not_at_all)
{
	struct sockaddr_storage addr = loopback(65535);
	struct sockaddr *from = (struct sockaddr *)&addr;
	char text[64];

	memset(text, CANARY, sizeof(text));
	ck_refused_for(&text, rota_address_format(NULL, text, 64), -EINVAL);
	ck_refused(rota_address_format(from, NULL, 64), -EINVAL);
	ck_refused_for(&text, rota_address_format(from, text, 0), -ENOSPC);
	ck_refused_for(&text,
		rota_address_format(from, text, strlen("127.0.0.1:65535")),
		-ENOSPC);
	from->sa_family = AF_UNIX;
	ck_refused_for(
		&text, rota_address_format(from, text, 64), -EAFNOSUPPORT);
	from->sa_family = AF_INET;
	ck_ok(rota_address_format(from, text, strlen("127.0.0.1:65535") + 1));
	ck_assert_str_eq(text, "127.0.0.1:65535");
}
END_TEST

/* rota/udp.h **********************************************************/

static void
on_sent(struct rota_send *request, int status)
{
	(void)request;
	(void)status;
	ck_abort_msg("a send was told");
}

static void
on_udp_error(struct rota_udp *udp, const struct rota_datagram_error *error)
{
	(void)udp;
	(void)error;
	ck_abort_msg("an error was told");
}

/* What NULL, and handles blank, closing and closed refuse alike. */
static void
ck_udp_refuses_socket(struct rota_udp *udp)
{
	struct sockaddr_storage addr = loopback(9);
	struct sockaddr *to = (struct sockaddr *)&addr;
	struct rota_send send = { 0 };
	struct iovec byte = { "x", 1 };

	ck_refused(rota_udp_open(udp, STDERR_FILENO), -EINVAL);
	ck_refused(rota_udp_bind(udp, to, 0), -EINVAL);
	ck_refused(rota_udp_connect(udp, to), -EINVAL);
	ck_refused(rota_udp_disconnect(udp), -EINVAL);
	ck_refused_for(&addr, rota_udp_local_address(udp, &addr), -EINVAL);
	ck_refused_for(&addr, rota_udp_peer_address(udp, &addr), -EINVAL);
	ck_refused_for(&send, rota_udp_send(udp, &send, &byte, 1, to, on_sent),
		-EINVAL);
	ck_refused_for(&send,
		rota_udp_send_with(udp, &send, &byte, 1, to, NULL, on_sent),
		-EINVAL);
	ck_refused(rota_udp_try_send(udp, &byte, 1, to, NULL), -EINVAL);
	ck_refused(rota_udp_receive_start(udp, NULL, on_datagram), -EINVAL);
	ck_refused(rota_udp_is_receiving(udp), 0);
	ck_refused(rota_udp_fd(udp), -1);
	ck_refused(rota_udp_queued_bytes(udp), 0);
	ck_refused(rota_udp_queued_count(udp), 0);
}

static void
ck_udp_refuses_options(struct rota_udp *udp, int error)
{
	struct sockaddr_storage addr = loopback(9);
	struct sockaddr *group = (struct sockaddr *)&addr;

	((struct sockaddr_in *)&addr)->sin_addr.s_addr = htonl(0xef010203);
	ck_refused(rota_udp_tell_ecn(udp, 1), error);
	ck_refused(rota_udp_tell_packet_info(udp, 1), error);
	ck_refused(rota_udp_set_merge(udp, 1), error);
	ck_refused(rota_udp_tell_errors(udp, on_udp_error), error);
	ck_refused(rota_udp_join(udp, group, 0, NULL), error);
	ck_refused(rota_udp_leave(udp, group, 0, NULL), error);
	ck_refused(rota_udp_set_multicast_interface(udp, 0), error);
	ck_refused(rota_udp_set_multicast_ttl(udp, 1), error);
	ck_refused(rota_udp_set_multicast_loop(udp, 1), error);
	ck_refused(rota_udp_set_ttl(udp, 1), error);
	ck_refused(rota_udp_set_broadcast(udp, 1), error);
	ck_refused(rota_udp_set_receive_buffer(udp, 1), error);
	ck_refused(rota_udp_set_send_buffer(udp, 1), error);
	ck_refused(rota_udp_receive_buffer(udp), error);
	ck_refused(rota_udp_send_buffer(udp), error);
}

static void
ck_udp_refuses_all(struct rota_udp *udp)
{
	ck_udp_refuses_socket(udp);
	ck_udp_refuses_options(udp, -EINVAL);
	ck_refused(rota_udp_set_datagram_bytes(udp, 1), -EINVAL);
	ck_refused(rota_udp_set_batch(udp, 1), -EINVAL);
	ck_refused(rota_udp_set_gather(udp, 1), -EINVAL);
}

LOOP_TEST(functions_of_udp_want_a_handle)
{
	struct rota_udp udp;

	memset(&udp, CANARY, sizeof(udp));
	ck_refused_for(&udp, rota_udp_init(NULL, &udp), -EINVAL);
	ck_refused(rota_udp_init(loop, NULL), -EINVAL);
	ck_refused(rota_udp_receive_stop(NULL), -EINVAL);
	ck_udp_refuses_all(NULL);
}

LOOP_TEST(a_udp_handle_blank_closing_or_closed_refuses_all)
{
	struct sockaddr_storage addr = loopback(0);
	struct rota_udp udp = { 0 };

	ck_udp_refuses_all(&udp);
	ck_ok(rota_udp_init(loop, &udp));
	ck_ok(rota_udp_bind(&udp, (struct sockaddr *)&addr, 0));
	ck_ok(rota_handle_close(&udp.handle, on_closed));
	ck_udp_refuses_all(&udp);
	run_to_the_end();
	ck_udp_refuses_all(&udp);
	ck_trace("C");
}

LOOP_TEST(a_udp_handle_without_a_socket_has_nothing_to_set)
{
	struct sockaddr_storage addr;
	struct rota_udp udp = { 0 };

	memset(&addr, CANARY, sizeof(addr));
	ck_ok(rota_udp_init(loop, &udp));
	ck_udp_refuses_options(&udp, -ENOTCONN);
	ck_refused_for(&udp, rota_udp_disconnect(&udp), -ENOTCONN);
	ck_refused_for(&udp, rota_udp_receive_start(&udp, NULL, on_datagram),
		-ENOTCONN);
	ck_refused_for(&addr, rota_udp_local_address(&udp, &addr), -ENOTCONN);
	ck_refused_for(&addr, rota_udp_peer_address(&udp, &addr), -ENOTCONN);
	ck_refused_for(&udp, rota_udp_receive_stop(&udp), 0);
	close_all();
}

LOOP_TEST(functions_of_udp_want_all_their_arguments)
{
	struct sockaddr_storage addr = loopback(9);
	struct sockaddr *to = (struct sockaddr *)&addr;
	struct rota_send send = { 0 };
	struct rota_udp udp = { 0 };
	struct iovec byte = { "x", 1 };

	ck_ok(rota_udp_init(loop, &udp));
	ck_refused_for(&udp, rota_udp_bind(&udp, NULL, 0), -EINVAL);
	ck_refused_for(&udp, rota_udp_connect(&udp, NULL), -EINVAL);
	ck_refused_for(&udp, rota_udp_receive_start(&udp, NULL, NULL), -EINVAL);
	ck_refused_for(&udp, rota_udp_local_address(&udp, NULL), -EINVAL);
	ck_refused_for(&udp, rota_udp_peer_address(&udp, NULL), -EINVAL);
	ck_refused_for(&udp, rota_udp_send(&udp, NULL, &byte, 1, to, on_sent),
		-EINVAL);
	ck_refused_for(&udp, rota_udp_send(&udp, &send, NULL, 1, to, on_sent),
		-EINVAL);
	ck_refused_for(
		&udp, rota_udp_send(&udp, &send, &byte, 1, to, NULL), -EINVAL);
	ck_refused_for(&udp,
		rota_udp_send(&udp, &send, &byte, 1, NULL, on_sent),
		-EDESTADDRREQ);
	ck_refused_for(
		&udp, rota_udp_try_send(&udp, NULL, 1, to, NULL), -EINVAL);
	ck_refused_for(&udp, rota_udp_join(&udp, NULL, 0, NULL), -ENOTCONN);
	ck_ok(rota_udp_bind(&udp, to, ROTA_UDP_REUSEADDR));
	ck_refused_for(&udp, rota_udp_join(&udp, NULL, 0, NULL), -EINVAL);
	ck_refused_for(&udp, rota_udp_join(&udp, to, 0, NULL), -EINVAL);
	ck_refused_for(&udp, rota_udp_leave(&udp, to, 0, NULL), -EINVAL);
	close_all();
}

LOOP_TEST(functions_of_udp_want_values_in_their_range)
{
	struct sockaddr_storage addr = loopback(0);
	struct sockaddr *to = (struct sockaddr *)&addr;
	struct rota_udp udp = { 0 };

	ck_ok(rota_udp_init(loop, &udp));
	ck_refused_for(&udp, rota_udp_bind(&udp, to, 1 << 5), -EINVAL);
	ck_ok(rota_udp_bind(&udp, to, 0));
	ck_refused_for(&udp, rota_udp_bind(&udp, to, 0), -EINVAL);
	ck_refused_for(&udp, rota_udp_set_datagram_bytes(&udp, 0), -EINVAL);
	ck_refused_for(&udp,
		rota_udp_set_datagram_bytes(&udp, ROTA_DATAGRAM_BYTES + 1),
		-EINVAL);
	ck_refused_for(&udp, rota_udp_set_batch(&udp, 0), -EINVAL);
	ck_refused_for(&udp, rota_udp_set_batch(&udp, 65537), -EINVAL);
	ck_refused_for(&udp, rota_udp_set_ttl(&udp, 0), -EINVAL);
	ck_refused_for(&udp, rota_udp_set_ttl(&udp, 256), -EINVAL);
	ck_refused_for(&udp, rota_udp_set_multicast_ttl(&udp, -1), -EINVAL);
	ck_refused_for(&udp, rota_udp_set_multicast_ttl(&udp, 256), -EINVAL);
	ck_refused_for(&udp, rota_udp_set_receive_buffer(&udp, 0), -EINVAL);
	ck_refused_for(&udp, rota_udp_set_send_buffer(&udp, -1), -EINVAL);
	close_all();
}

/* Also where the send would have made a socket. */
LOOP_TEST(sends_want_options_that_make_sense)
{
	struct rota_send_options options = ROTA_SEND_OPTIONS_INIT;
	struct iovec huge[2] = { { NULL, SSIZE_MAX }, { NULL, 1 } };
	struct iovec byte = { "x", 1 };
	struct sockaddr_storage addr = loopback(9);
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr *to = (struct sockaddr *)&addr;
	struct rota_udp udp = { 0 };

	ck_ok(rota_udp_init(loop, &udp));
	ck_refused_for(
		&udp, rota_udp_try_send(&udp, huge, 2, to, NULL), -EINVAL);
	options.ecn = ROTA_ECN_CONGESTED + 1;
	ck_refused_for(
		&udp, rota_udp_try_send(&udp, &byte, 1, to, &options), -EINVAL);
	options.ecn = 0;
	options.segment_bytes = 65536;
	ck_refused_for(
		&udp, rota_udp_try_send(&udp, &byte, 1, to, &options), -EINVAL);
	options.segment_bytes = 0;
	options.size--;
	ck_refused_for(
		&udp, rota_udp_try_send(&udp, &byte, 1, to, &options), -EINVAL);
	options.size++;
	options.local = (struct sockaddr *)&v6;
	ck_refused(
		rota_udp_try_send(&udp, &byte, 1, to, &options), -EAFNOSUPPORT);
	ck_err(rota_udp_fd(&udp), -1);
	close_all();
}

/* rota/request.h ******************************************************/

struct owner {
	struct rota_handle handle;
	struct rota_request *in_flight;
};

static int
visit_request(
	struct rota_handle *handle, rota_request_visit_fn *visit, void *data)
{
	struct owner *owner = (struct owner *)handle;

	return owner->in_flight ? visit(owner->in_flight, data) : 0;
}

static const struct rota_handle_type owner_type = {
	.name = "owner",
	.size = sizeof(struct owner),
	.requests = visit_request,
};

static int
on_cancel(struct rota_request *request, int status)
{
	struct owner *owner = (struct owner *)request->owner;

	trace(status == -ECANCELED ? 'x' : 't');
	owner->in_flight = NULL;
	return rota_request_end(request);
}

static const struct rota_request_type request_type = {
	.name = "request",
	.size = sizeof(struct rota_request),
	.cancel = on_cancel,
};

static void
ck_request_rests(struct rota_request *request)
{
	ck_refused_for(request, rota_request_cancel(request), -EALREADY);
	ck_refused_for(
		request, rota_request_set_deadline(request, 1), -EALREADY);
	ck_refused_for(request, rota_request_set_deadline(request, UINT64_MAX),
		-EALREADY);
	ck_refused_for(request, rota_request_ref(request), -EALREADY);
	ck_refused_for(request, rota_request_unref(request), -EALREADY);
	ck_refused_for(request, rota_request_end(request), -EALREADY);
}

LOOP_TEST(functions_of_requests_want_a_request)
{
	ck_refused(rota_request_cancel(NULL), -EINVAL);
	ck_refused(rota_request_set_deadline(NULL, 1), -EINVAL);
	ck_refused(rota_request_ref(NULL), -EINVAL);
	ck_refused(rota_request_unref(NULL), -EINVAL);
	ck_refused(rota_request_end(NULL), -EINVAL);
}

LOOP_TEST(a_request_not_in_flight_refuses_all)
{
	struct owner owner = { 0 };
	struct rota_request request = { 0 };

	ck_request_rests(&request);
	ck_ok(rota_handle_init(loop, &owner.handle, &owner_type));
	ck_ok(rota_request_begin(&owner.handle, &request, &request_type, "x"));
	owner.in_flight = &request;
	ck_ok(rota_request_set_deadline(&request, UINT64_MAX - 1));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_ok(rota_request_cancel(&request));
	ck_request_rests(&request);
	close_all();
	ck_request_rests(&request);
	ck_trace("x");
}

LOOP_TEST(a_request_begins_with_all_it_needs_and_an_open_owner)
{
	struct owner owner = { 0 };
	struct rota_request request = { 0 };

	memset(&request, CANARY, sizeof(request));
	ck_refused_for(&request,
		rota_request_begin(NULL, &request, &request_type, "x"),
		-EINVAL);
	ck_refused_for(&request,
		rota_request_begin(&owner.handle, &request, &request_type, "x"),
		-EINVAL);
	ck_ok(rota_handle_init(loop, &owner.handle, &owner_type));
	ck_refused(rota_request_begin(&owner.handle, NULL, &request_type, "x"),
		-EINVAL);
	ck_refused_for(&request,
		rota_request_begin(&owner.handle, &request, NULL, "x"),
		-EINVAL);
	ck_ok(rota_handle_close(&owner.handle, NULL));
	for (int i = 0; i < 2; i++) {
		ck_refused_for(&request,
			rota_request_begin(
				&owner.handle, &request, &request_type, "x"),
			-EINVAL);
		run_to_the_end();
	}
}

/* A connect that was cancelled: decided, and still to be told. */
LOOP_TEST(a_request_whose_end_is_decided_is_not_cancelled_again)
{
	struct rota_connect connect = { 0 };
	struct rota_request *request = &connect.request;
	struct rota_tcp listener = { 0 };
	struct rota_tcp tcp = { 0 };
	struct sockaddr_storage addr = open_listener(&listener);

	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_tcp_connect(
		&tcp, &connect, (struct sockaddr *)&addr, on_connected));
	(void)rota_request_cancel(request);
	ck_refused_for(request, rota_request_cancel(request), -EALREADY);
	ck_refused_for(
		request, rota_request_set_deadline(request, 0), -EALREADY);
	ck_ok(rota_request_unref(request));
	ck_ok(rota_request_ref(request));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_assert_ptr_nonnull(strpbrk(trace_text(), "cx"));
	ck_request_rests(request);
	close_all();
}

/* rota/loop.h: making and closing *************************************/

#define ck_not_made(options, expected) \
	do { \
		struct rota_loop *canary = (void *)&before; \
		ck_refused_for(&canary, rota_loop_create(options, &canary), \
			expected); \
	} while (0)

START_TEST(a_loop_wants_options_of_the_right_size)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	static const size_t bad[] = { 0, 1, sizeof(options) - 1,
		sizeof(options) + 1, SIZE_MAX };

	options.realloc_fn = harness_realloc;
	ck_refused(rota_loop_create(&options, NULL), -EINVAL);
	ck_refused(rota_loop_create(NULL, NULL), -EINVAL);
	for (int i = 0; i < 5; i++) {
		options.size = bad[i];
		ck_not_made(&options, -EINVAL);
		ck_refused_for(
			&options, rota_options_from_env(&options), -EINVAL);
	}
	ck_refused(rota_options_from_env(NULL), -EINVAL);
}
END_TEST

START_TEST(a_loop_wants_names_of_backends)
{
	static const char *const bad[] = { "Poll", "pol", "poll2", " poll",
		"poll ", "poll,nosuch", "nosuch,poll", "poll,", ",poll",
		"poll,,select", ",", ",,", "poll;select", "io_uring" };
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	options.realloc_fn = harness_realloc;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		options.backend = bad[i];
		ck_not_made(&options, -ENOENT);
	}
}
END_TEST

START_TEST(values_of_the_environment_are_checked_before_any_is_taken)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	char long_name[sizeof(options.backend_from_env) + 1];

	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	ck_ok(setenv("ROTA_BACKEND", "poll", 1));
	ck_ok(setenv("ROTA_MEASURE", "2", 1));
	ck_refused_for(&options, rota_options_from_env(&options), -EINVAL);
	ck_ok(setenv("ROTA_MEASURE", "1 ", 1));
	ck_refused_for(&options, rota_options_from_env(&options), -EINVAL);
	ck_ok(setenv("ROTA_MEASURE", "1", 1));
	ck_ok(setenv("ROTA_BACKEND", long_name, 1));
	ck_refused_for(&options, rota_options_from_env(&options), -EINVAL);
}
END_TEST

START_TEST(functions_of_loops_want_a_loop)
{
	char text[8];
	struct pollfd fd;

	memset(text, CANARY, sizeof(text));
	memset(&fd, CANARY, sizeof(fd));
	ck_refused(rota_loop_close(NULL), -EINVAL);
	ck_refused(rota_loop_run(NULL, ROTA_RUN_DEFAULT), -EINVAL);
	ck_refused(rota_loop_stop(NULL), -EINVAL);
	ck_refused(rota_loop_update(NULL), -EINVAL);
	ck_refused(rota_loop_set_data(NULL, text), -EINVAL);
	ck_refused(rota_loop_on_before_exit(NULL, NULL, NULL), -EINVAL);
	ck_refused(rota_loop_fork(NULL), -EINVAL);
	ck_refused(rota_loop_walk(NULL, NULL, NULL), -EINVAL);
	ck_refused(rota_loop_why_alive(NULL, NULL, NULL), -EINVAL);
	ck_refused_for(&text, rota_loop_why_alive_text(NULL, text, 8), -EINVAL);
	ck_refused(rota_loop_why_alive_text(NULL, NULL, 0), -EINVAL);
	ck_refused(rota_loop_prepare(NULL), -EINVAL);
	ck_refused(rota_loop_dispatch(NULL), -EINVAL);
	ck_refused_for(&fd, rota_loop_pollfds(NULL, &fd, 1), -EINVAL);
	ck_refused(rota_loop_measure(NULL, 1), -EINVAL);
	ck_refused(rota_loop_on_slow(NULL, 0, 0, NULL, NULL), -EINVAL);
}
END_TEST

START_TEST(questions_about_no_loop_have_an_answer)
{
	ck_refused(rota_loop_alive(NULL), 0);
	ck_refused(rota_loop_now(NULL), 0);
	ck_refused(rota_loop_wait_ns(NULL), 0);
	ck_refused(rota_loop_capabilities(NULL), 0);
	ck_assert_ptr_null(rota_loop_backend(NULL));
	ck_assert_ptr_null(rota_loop_data(NULL));
	ck_assert_ptr_nonnull(rota_version());
}
END_TEST

LOOP_TEST(a_loop_in_use_is_not_closed)
{
	struct rota_immediate now = { 0 };
	struct rota_handle handle = { 0 };

	ck_ok(rota_handle_init(loop, &handle, &bare_type));
	ck_refused(rota_loop_close(loop), -EBUSY);
	ck_ok(rota_handle_close(&handle, NULL));
	ck_refused(rota_loop_close(loop), -EBUSY);
	run_to_the_end();
	ck_ok(rota_immediate_init(loop, &now));
	ck_ok(rota_immediate_start(&now, on_immediate));
	ck_refused(rota_loop_close(loop), -EBUSY);
	ck_ok(rota_immediate_stop(&now));
	ck_err(rota_loop_prepare(loop), 0);
	ck_refused(rota_loop_close(loop), -EBUSY);
	ck_err(rota_loop_dispatch(loop), 0);
}

/* rota/loop.h: running ************************************************/

LOOP_TEST(a_run_wants_a_mode_that_exists)
{
	static const int bad[] = { -1, 3, 4, INT_MIN, INT_MAX };

	for (int i = 0; i < 5; i++)
		ck_refused(rota_loop_run(loop, (enum rota_run_mode)bad[i]),
			-EINVAL);
}

static void
refuse_turns(struct rota_loop *of, void *data)
{
	(void)data;
	trace('R');
	ck_refused(rota_loop_run(of, ROTA_RUN_DEFAULT), -EBUSY);
	ck_refused(rota_loop_run(of, ROTA_RUN_ONCE), -EBUSY);
	ck_refused(rota_loop_run(of, ROTA_RUN_NOWAIT), -EBUSY);
	ck_refused(rota_loop_prepare(of), -EBUSY);
	ck_refused(rota_loop_dispatch(of), -EBUSY);
	ck_refused(rota_loop_close(of), -EBUSY);
	ck_refused(rota_loop_fork(of), -EBUSY);
	ck_refused(rota_loop_wait_ns(of), 0);
}

LOOP_TEST(a_loop_that_runs_refuses_to_be_run_driven_closed_or_forked)
{
	ck_ok(rota_tick(loop, refuse_turns, NULL));
	ck_ok(rota_microtask(loop, refuse_turns, NULL));
	ck_ok(rota_post(loop, refuse_turns, NULL));
	ck_ok(rota_loop_on_before_exit(loop, refuse_turns, NULL));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	run_to_the_end();
	ck_trace("RRRR");
}

LOOP_TEST(a_loop_that_is_driven_refuses_to_be_run)
{
	ck_ok(rota_tick(loop, refuse_turns, NULL));
	ck_err(rota_loop_prepare(loop), 0);
	ck_ok(rota_post(loop, refuse_turns, NULL));
	ck_err(rota_loop_dispatch(loop), 0);
	ck_trace("RR");
}

LOOP_TEST(steps_out_of_turn_change_nothing)
{
	ck_refused(rota_loop_dispatch(loop), -EBUSY);
	ck_refused(rota_loop_wait_ns(loop), 0);
	ck_err(rota_loop_prepare(loop), 0);
	ck_refused(rota_loop_prepare(loop), -EBUSY);
	ck_refused(rota_loop_run(loop, ROTA_RUN_NOWAIT), -EBUSY);
	ck_err(rota_loop_dispatch(loop), 0);
	ck_refused(rota_loop_dispatch(loop), -EBUSY);
}

LOOP_TEST(pollfds_wants_room_where_it_is_told_of_some)
{
	ck_err(rota_loop_prepare(loop), 0);
	ck_refused(rota_loop_pollfds(loop, NULL, 1), -EINVAL);
	ck_refused(rota_loop_pollfds(loop, NULL, UINT_MAX), -EINVAL);
	ck_assert_int_ge(rota_loop_pollfds(loop, NULL, 0), 1);
	ck_err(rota_loop_dispatch(loop), 0);
}

/* rota/loop.h: walks and reports **************************************/

static void
ignore_handle(struct rota_handle *handle, void *data)
{
	(void)handle;
	(void)data;
}

static void
refuse_walks(struct rota_handle *handle, void *data)
{
	char text[8];

	(void)data;
	trace('H');
	memset(text, CANARY, sizeof(text));
	ck_refused(rota_loop_walk(handle->loop, ignore_handle, NULL), -EBUSY);
	ck_refused(rota_loop_why_alive(handle->loop, NULL, NULL), -EBUSY);
	ck_refused_for(&text,
		rota_loop_why_alive_text(handle->loop, text, sizeof(text)),
		-EBUSY);
	ck_refused(rota_loop_why_alive_text(handle->loop, NULL, 0), -EBUSY);
}

LOOP_TEST(walks_and_reports_are_refused_within_a_walk)
{
	struct rota_handle handle = { 0 };

	ck_ok(rota_handle_init(loop, &handle, &bare_type));
	ck_refused(rota_loop_walk(loop, NULL, NULL), -EINVAL);
	ck_ok(rota_loop_walk(loop, refuse_walks, NULL));
	ck_trace("H");
	ck_refused(rota_loop_why_alive(loop, NULL, NULL), 1);
	close_all();
}

LOOP_TEST(a_report_wants_room_where_it_is_told_of_some)
{
	ck_refused(rota_loop_why_alive_text(loop, NULL, 1), -EINVAL);
	ck_refused(rota_loop_why_alive_text(loop, NULL, SIZE_MAX), -EINVAL);
	ck_refused(rota_loop_why_alive_text(loop, NULL, 0), 0);
}

/* rota/tick.h, rota_post() ********************************************/

static void
on_task(struct rota_loop *of, void *data)
{
	(void)of;
	(void)data;
	trace('t');
}

LOOP_TEST(tasks_want_a_loop_and_a_function)
{
	ck_refused(rota_tick(loop, NULL, NULL), -EINVAL);
	ck_refused(rota_tick(NULL, on_task, NULL), -EINVAL);
	ck_refused(rota_microtask(loop, NULL, NULL), -EINVAL);
	ck_refused(rota_microtask(NULL, on_task, NULL), -EINVAL);
	ck_refused(rota_post(loop, NULL, NULL), -EINVAL);
	ck_refused(rota_post(NULL, on_task, NULL), -EINVAL);
	run_to_the_end();
	ck_trace("");
}

/* rota/metrics.h ******************************************************/

LOOP_TEST(loop_time_wants_figures_of_the_right_size)
{
	struct rota_loop_time figures;
	static const size_t bad[] = { 0, 1, sizeof(figures) - 1,
		sizeof(figures) + 1, SIZE_MAX };

	memset(&figures, CANARY, sizeof(figures));
	figures.size = sizeof(figures);
	ck_refused_for(&figures, rota_loop_time(NULL, &figures), -EINVAL);
	ck_refused_for(&figures, rota_loop_time(loop, &figures), -ENOENT);
	ck_ok(rota_loop_measure(loop, 1));
	ck_refused(rota_loop_time(loop, NULL), -EINVAL);
	for (int i = 0; i < 5; i++) {
		figures.size = bad[i];
		ck_refused_for(
			&figures, rota_loop_time(loop, &figures), -EINVAL);
	}
}

static void
on_slow(struct rota_loop *of, const struct rota_slow_turn *turn, void *data)
{
	(void)of;
	(void)turn;
	(void)data;
	trace('!');
}

LOOP_TEST(a_warning_wants_to_be_above_the_notice)
{
	/* 0 is the default, 8 and 12 milliseconds. */
	static const uint64_t bad[][2] = { { 2, 1 }, { UINT64_MAX, 1 },
		{ UINT64_MAX, 0 }, { 12 * ROTA_MILLISECOND + 1, 0 }, { 0, 1 } };
	uint64_t notice_ns = loop->notice_ns;

	for (int i = 0; i < 5; i++)
		ck_refused(rota_loop_on_slow(
				   loop, bad[i][0], bad[i][1], on_slow, NULL),
			-EINVAL);
	ck_assert_ptr_null(loop->slow);
	ck_assert_uint_eq(loop->notice_ns, notice_ns);
	ck_ok(rota_loop_on_slow(loop, UINT64_MAX, UINT64_MAX, on_slow, NULL));
}

/* rota/backend.h, rota/error.h, names *********************************/

START_TEST(a_backend_wants_room_and_an_index_that_exists)
{
	static const unsigned bad[] = { 1000, INT_MAX, UINT_MAX };
	struct rota_backend_info info;

	memset(&info, CANARY, sizeof(info));
	ck_refused(rota_backend_info(0, NULL), -EINVAL);
	ck_refused(rota_backend_info(UINT_MAX, NULL), -EINVAL);
	for (int i = 0; i < 3; i++)
		ck_refused_for(
			&info, rota_backend_info(bad[i], &info), -ENOENT);
}
END_TEST

START_TEST(values_without_a_name_have_none)
{
	static const unsigned bad[] = { 0, 3, 1u << 6, 1u << 31, UINT_MAX };
	static const int errors[] = { 1, EINVAL, INT_MAX, INT_MIN, -4094,
		-100000 };

	for (int i = 0; i < 5; i++)
		ck_assert_ptr_null(rota_backend_capability_name(bad[i]));
	for (int i = 0; i < 6; i++) {
		ck_assert_str_eq(rota_error_name(errors[i]), "UNKNOWN");
		ck_assert_ptr_nonnull(rota_error_text(errors[i]));
	}
	ck_assert_ptr_null(rota_file_what_name(0));
	ck_assert_ptr_null(rota_file_what_name(3));
	ck_assert_ptr_null(rota_file_what_name(UINT_MAX));
	ck_assert_ptr_null(rota_phase_name((enum rota_phase)ROTA_N_PHASES));
	ck_assert_ptr_null(rota_phase_name((enum rota_phase)INT_MAX));
	ck_assert_ptr_null(rota_phase_name((enum rota_phase) - 1));
}
END_TEST

/* All of them *********************************************************/

static void
add_kinds_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "kinds");

	tcase_add_loop_test(tc, a_blank_handle_of_any_kind_refuses_all);
	tcase_add_loop_test(tc, a_closing_handle_of_any_kind_refuses_all);
	tcase_add_loop_test(tc, a_closed_handle_of_any_kind_refuses_all);
	tcase_add_loop_test(
		tc, a_handle_of_any_kind_refuses_all_in_its_close_callback);
	tcase_add_loop_test(
		tc, stop_of_an_inactive_handle_of_any_kind_changes_nothing);
}

static void
add_handle_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "handle");

	tcase_add_loop_test(tc, functions_of_handles_want_a_handle);
	tcase_add_loop_test(tc, handle_init_wants_all_its_arguments);
	tcase_add_loop_test(tc, a_priority_out_of_bounds_is_refused);
	tcase_add_loop_test(
		tc, a_handle_closing_in_another_loop_is_not_made_anew);
	tcase_add_loop_test(tc, only_a_closing_that_was_put_off_can_be_ended);
	tcase_add_test(tc, an_unknown_type_has_no_size);
}

static void
add_timer_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "timer");

	tcase_add_loop_test(tc, functions_of_timers_want_all_their_arguments);
	tcase_add_loop_test(
		tc, a_refused_start_leaves_an_active_timer_as_it_was);
	tcase_add_loop_test(tc, a_timer_blank_closing_or_closed_refuses_all);
	tcase_add_loop_test(
		tc, a_timer_without_a_start_cannot_be_started_again);
	tcase_add_loop_test(tc, the_largest_times_never_come);
}

static void
add_hook_and_immediate_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "hook and immediate");

	tcase_add_loop_test(tc, functions_of_hooks_want_all_their_arguments);
	tcase_add_loop_test(
		tc, functions_of_immediates_want_all_their_arguments);
	tcase_add_loop_test(tc, a_blank_immediate_refuses_all);
}

static void
add_io_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "io");

	tcase_add_loop_test(tc, functions_of_watchers_want_all_their_arguments);
	tcase_add_loop_test(tc, a_watcher_wants_an_open_descriptor);
	tcase_add_loop_test(tc, a_watcher_wants_wishes_that_exist);
	tcase_add_loop_test(
		tc, a_watcher_blank_closing_or_closed_has_no_descriptor);
}

static void
add_process_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "process");

	tcase_add_loop_test(
		tc, functions_of_processes_want_all_their_arguments);
	tcase_add_loop_test(
		tc, a_process_wants_options_and_numbers_that_make_sense);
	tcase_add_loop_test(
		tc, a_process_handle_blank_closing_or_closed_starts_nothing);
}

static void
add_file_watch_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "file watch");

	tcase_add_loop_test(
		tc, functions_of_file_watches_want_all_their_arguments);
	tcase_add_loop_test(
		tc, a_file_watch_wants_wishes_and_a_path_that_it_can_watch);
}

static void
add_signal_and_wake_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "signal and wake");

	tcase_add_loop_test(tc, functions_of_signals_want_all_their_arguments);
	tcase_add_loop_test(
		tc, a_signal_handle_wants_a_signal_that_can_be_caught);
	tcase_add_loop_test(
		tc, a_signal_handle_blank_closing_or_closed_has_no_once);
	tcase_add_loop_test(tc, functions_of_wakes_want_all_their_arguments);
	tcase_add_loop_test(tc, a_wake_that_is_blank_or_closing_is_not_rung);
}

static void
add_stream_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "stream");

	tcase_add_loop_test(tc, functions_of_streams_want_a_stream);
	tcase_add_loop_test(tc, functions_of_streams_want_all_their_arguments);
	tcase_add_loop_test(tc, unix_datagrams_want_all_their_arguments);
	tcase_add_loop_test(tc, files_to_be_sent_want_a_place_and_a_callback);
	tcase_add_loop_test(tc, writes_want_sizes_that_can_be_summed_up);
	tcase_add_loop_test(tc, a_stream_blank_closing_or_closed_refuses_all);
	tcase_add_loop_test(tc, functions_that_read_want_all_their_arguments);
	tcase_add_loop_test(tc, a_stream_is_read_in_one_way_at_a_time);
	tcase_add_loop_test(tc, limits_and_marks_want_values_that_make_sense);
	tcase_add_loop_test(tc, a_stream_that_closes_flushed_closes_once);
	tcase_add_loop_test(tc, a_pump_wants_all_its_arguments);
	tcase_add_loop_test(tc, a_pump_wants_open_streams_of_one_loop);
	tcase_add_loop_test(
		tc, a_pump_wants_a_source_nobody_reads_and_connections);
	tcase_add_loop_test(
		tc, stream_open_wants_a_descriptor_that_can_be_a_stream);
	tcase_add_loop_test(
		tc, a_stream_without_a_connection_neither_reads_nor_writes);
	tcase_add_loop_test(tc, a_stream_that_was_shut_down_takes_no_more);
	tcase_add_loop_test(
		tc, listen_wants_a_backlog_and_a_socket_without_connection);
	tcase_add_loop_test(
		tc, a_listener_neither_reads_nor_writes_nor_connects);
	tcase_add_loop_test(tc,
		accept_wants_a_listener_and_an_idle_stream_of_its_kind_and_loop);
	tcase_add_loop_test(tc, a_stream_whose_kind_lacks_a_function_says_so);
}

static void
add_tcp_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "tcp");

	tcase_add_loop_test(tc, functions_of_tcp_want_a_handle);
	tcase_add_loop_test(tc, functions_of_tcp_want_all_their_arguments);
	tcase_add_loop_test(tc, options_of_tcp_want_numbers_in_range);
	tcase_add_loop_test(tc, functions_of_unix_sockets_want_a_handle);
	tcase_add_loop_test(
		tc, functions_of_unix_sockets_want_all_their_arguments);
	tcase_add_loop_test(
		tc, a_tcp_handle_blank_closing_or_closed_refuses_all);
	tcase_add_loop_test(tc, tcp_open_wants_a_socket_for_streams);
	tcase_add_loop_test(tc, a_tcp_handle_that_has_a_socket_takes_no_other);
	tcase_add_loop_test(tc, addresses_want_a_family_and_flags_that_exist);
	tcase_add_loop_test(
		tc, a_tcp_handle_refused_an_address_in_use_has_no_socket);
	tcase_add_loop_test(tc, a_tcp_handle_connects_once);
	tcase_add_loop_test(tc, a_tcp_handle_without_a_socket_has_no_addresses);
	tcase_add_test(tc, text_that_is_no_address_is_refused);
	tcase_add_test(tc, addresses_are_formatted_whole_or_not_at_all);
}

static void
add_udp_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "udp");

	tcase_add_loop_test(tc, functions_of_udp_want_a_handle);
	tcase_add_loop_test(
		tc, a_udp_handle_blank_closing_or_closed_refuses_all);
	tcase_add_loop_test(
		tc, a_udp_handle_without_a_socket_has_nothing_to_set);
	tcase_add_loop_test(tc, functions_of_udp_want_all_their_arguments);
	tcase_add_loop_test(tc, functions_of_udp_want_values_in_their_range);
	tcase_add_loop_test(tc, sends_want_options_that_make_sense);
}

static void
add_request_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "request");

	tcase_add_loop_test(tc, functions_of_requests_want_a_request);
	tcase_add_loop_test(tc, a_request_not_in_flight_refuses_all);
	tcase_add_loop_test(
		tc, a_request_begins_with_all_it_needs_and_an_open_owner);
	tcase_add_loop_test(
		tc, a_request_whose_end_is_decided_is_not_cancelled_again);
}

static void
add_loop_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "loop");

	tcase_add_test(tc, a_loop_wants_options_of_the_right_size);
	tcase_add_test(tc, a_loop_wants_names_of_backends);
	tcase_add_test(
		tc, values_of_the_environment_are_checked_before_any_is_taken);
	tcase_add_test(tc, functions_of_loops_want_a_loop);
	tcase_add_test(tc, questions_about_no_loop_have_an_answer);
	tcase_add_loop_test(tc, a_loop_in_use_is_not_closed);
}

static void
add_run_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "run");

	tcase_add_loop_test(tc, a_run_wants_a_mode_that_exists);
	tcase_add_loop_test(
		tc, a_loop_that_runs_refuses_to_be_run_driven_closed_or_forked);
	tcase_add_loop_test(tc, a_loop_that_is_driven_refuses_to_be_run);
	tcase_add_loop_test(tc, steps_out_of_turn_change_nothing);
	tcase_add_loop_test(tc, pollfds_wants_room_where_it_is_told_of_some);
}

static void
add_report_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "report");

	tcase_add_loop_test(tc, walks_and_reports_are_refused_within_a_walk);
	tcase_add_loop_test(tc, a_report_wants_room_where_it_is_told_of_some);
}

static void
add_task_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "task");

	tcase_add_loop_test(tc, tasks_want_a_loop_and_a_function);
}

static void
add_metrics_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "metrics");

	tcase_add_loop_test(tc, loop_time_wants_figures_of_the_right_size);
	tcase_add_loop_test(tc, a_warning_wants_to_be_above_the_notice);
}

static void
add_name_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "name");

	tcase_add_test(tc, a_backend_wants_room_and_an_index_that_exists);
	tcase_add_test(tc, values_without_a_name_have_none);
}

/* rota/tty.h **********************************************************/

static void
on_resize(struct rota_stream *tty, const struct rota_tty_size *size)
{
	(void)tty;
	(void)size;
	trace('Z');
}

static void
ck_tty_refuses_all(struct rota_stream *tty, int error)
{
	struct rota_tty_size size = { 80, 25, 0, 0 };

	ck_refused_for(tty, rota_tty_set_mode(tty, ROTA_TTY_RAW), error);
	ck_refused_for(tty, rota_tty_set_mode(tty, ROTA_TTY_NORMAL), error);
	ck_refused_for(tty, rota_tty_get_mode(tty), error);
	ck_refused_for(&size, rota_tty_get_size(tty, &size), error);
	ck_refused_for(tty, rota_tty_set_size(tty, &size), error);
	ck_refused_for(tty, rota_tty_on_resize(tty, on_resize), error);
	ck_refused_for(tty, rota_tty_on_resize(tty, NULL), error);
}

LOOP_TEST(a_stream_that_is_no_terminal_says_so)
{
	struct rota_stream stream = { 0 };

	harness_pipe(pipe_fds);
	ck_tty_refuses_all(&stream, -EINVAL);
	ck_ok(rota_stream_open(loop, &stream, pipe_fds[0], ROTA_OPEN_KEEP));
	ck_tty_refuses_all(&stream, -ENOTTY);
	ck_ok(rota_handle_close(&stream.handle, NULL));
	ck_tty_refuses_all(&stream, -EINVAL);
	close_all();
	ck_tty_refuses_all(&stream, -EINVAL);
	harness_close_pair(pipe_fds);
}

LOOP_TEST(functions_of_terminals_want_all_their_arguments)
{
	struct rota_tty_size size = { 65536, 25, 0, 0 };
	struct rota_stream tty = { 0 };
	int keyboard = posix_openpt(O_RDWR | O_NOCTTY);
	int terminal;

	ck_ok(grantpt(keyboard));
	ck_ok(unlockpt(keyboard));
	terminal = open(ptsname(keyboard), O_RDWR | O_NOCTTY);
	ck_ok(rota_stream_open(loop, &tty, terminal, ROTA_OPEN_KEEP));
	ck_refused(rota_tty_set_mode(NULL, ROTA_TTY_RAW), -EINVAL);
	ck_refused(rota_tty_get_mode(NULL), -EINVAL);
	ck_refused(rota_tty_get_size(NULL, &size), -EINVAL);
	ck_refused(rota_tty_set_size(NULL, &size), -EINVAL);
	ck_refused(rota_tty_on_resize(NULL, on_resize), -EINVAL);
	ck_refused(rota_tty_restore(), 0);
	ck_refused_for(
		&tty, rota_tty_set_mode(&tty, (enum rota_tty_mode)4), -EINVAL);
	ck_refused_for(&tty, rota_tty_set_mode(&tty, (enum rota_tty_mode) - 1),
		-EINVAL);
	ck_refused_for(&tty, rota_tty_get_size(&tty, NULL), -EINVAL);
	ck_refused_for(&tty, rota_tty_set_size(&tty, NULL), -EINVAL);
	ck_refused_for(&tty, rota_tty_set_size(&tty, &size), -EINVAL);
	close_all();
	ck_ok(close(terminal));
	ck_ok(close(keyboard));
}

static void
add_tty_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "tty");

	tcase_add_loop_test(tc, a_stream_that_is_no_terminal_says_so);
	tcase_add_loop_test(
		tc, functions_of_terminals_want_all_their_arguments);
}

/* rota/pool.h, rota/work.h *********************************************/

static int
submit_nothing(void *data, struct rota_job *job)
{
	(void)data;
	(void)job;
	return -ENOSYS;
}

static void
ck_pool_is_refused(const struct rota_pool_options *options)
{
	struct rota_pool *pool = NULL;

	ck_refused_for(&pool, rota_pool_create(options, &pool), -EINVAL);
}

START_TEST(a_pool_wants_options_that_make_sense)
{
	const struct rota_lane_options bad_share = {
		.share = ROTA_LANE_MAX_SHARE + 1
	};
	const struct rota_lane_options bad_limit = {
		.limit = ROTA_POOL_MAX_THREADS + 1
	};
	const struct rota_lane_options lanes[ROTA_POOL_MAX_LANES] = { { 0 } };
	const struct rota_executor nothing = { NULL, NULL };
	struct rota_pool_options options = ROTA_POOL_OPTIONS_INIT;

	(void)_i;
	ck_refused(rota_pool_create(NULL, NULL), -EINVAL);
	ck_refused(rota_pool_create(&options, NULL), -EINVAL);
	options.size--;
	ck_pool_is_refused(&options);
	options.size++;
	options.n_threads = ROTA_POOL_MAX_THREADS + 1;
	ck_pool_is_refused(&options);
	/* A negative size is a huge one. */
	options.n_threads = (unsigned)-1;
	ck_pool_is_refused(&options);
	options.n_threads = 0;
	options.n_lanes = 1;
	ck_pool_is_refused(&options);
	options.lanes = &bad_share;
	ck_pool_is_refused(&options);
	options.lanes = &bad_limit;
	ck_pool_is_refused(&options);
	options.lanes = lanes;
	options.n_lanes = ROTA_POOL_MAX_LANES - ROTA_LANE_USER + 1;
	ck_pool_is_refused(&options);
	options.n_lanes = (unsigned)-1;
	ck_pool_is_refused(&options);
	options.n_lanes = 0;
	options.executor = &nothing;
	ck_pool_is_refused(&options);
	ck_refused(rota_pool_default(NULL), -EINVAL);
}
END_TEST

static struct rota_pool *
make_pool(void)
{
	struct rota_pool_options options = ROTA_POOL_OPTIONS_INIT;
	struct rota_pool *pool = NULL;

	options.realloc_fn = harness_realloc;
	ck_ok(rota_pool_create(&options, &pool));
	return pool;
}

START_TEST(functions_of_pools_want_all_their_arguments)
{
	struct rota_lane_options lane = { .share = ROTA_LANE_MAX_SHARE + 1 };
	struct rota_pool_metrics metrics = { .size = sizeof(metrics) - 1 };
	struct rota_pool_metrics seen = { .size = sizeof(seen) };
	struct rota_pool *pool = make_pool();

	(void)_i;
	ck_refused(rota_pool_stop(NULL), -EINVAL);
	ck_refused(rota_pool_close(NULL, 0), -EINVAL);
	ck_refused(rota_pool_drain(NULL, 0), -EINVAL);
	ck_refused(rota_pool_resize(NULL, 1), -EINVAL);
	ck_refused(rota_pool_resize(pool, 0), -EINVAL);
	ck_refused(rota_pool_resize(pool, ROTA_POOL_MAX_THREADS + 1), -EINVAL);
	ck_refused(rota_pool_resize(pool, (unsigned)-4), -EINVAL);
	ck_refused(rota_pool_set_lane(NULL, 0, &lane), -EINVAL);
	ck_refused(rota_pool_set_lane(pool, 0, NULL), -EINVAL);
	ck_refused(rota_pool_set_lane(pool, 0, &lane), -EINVAL);
	lane.share = 1;
	lane.limit = ROTA_POOL_MAX_THREADS + 1;
	ck_refused(rota_pool_set_lane(pool, 9, &lane), -EINVAL);
	lane.limit = 1;
	ck_refused(
		rota_pool_set_lane(pool, ROTA_POOL_MAX_LANES, &lane), -EINVAL);
	ck_refused(rota_pool_metrics(NULL, &seen), -EINVAL);
	ck_refused(rota_pool_metrics(pool, NULL), -EINVAL);
	ck_refused_for(
		&metrics.size, rota_pool_metrics(pool, &metrics), -EINVAL);
	ck_refused(rota_pool_measure(NULL, 1), -EINVAL);
	ck_refused(rota_pool_fork(NULL), -EINVAL);
	ck_refused(rota_job_run(NULL), -EINVAL);
	ck_ok(rota_pool_metrics(pool, &seen));
	ck_assert_uint_eq(seen.n_threads, 4);
	ck_assert_uint_eq(seen.n_lanes, ROTA_LANE_USER);
	ck_ok(rota_pool_close(pool, 0));
}
END_TEST

static int
run_work(struct rota_work *work)
{
	(void)work;
	return 0;
}

static void
on_work(struct rota_work *work, int status)
{
	(void)work;
	(void)status;
	trace('W');
}

#define ck_work_is_refused(options, expected) \
	ck_refused_for(&work, \
		rota_work_start_with(loop, &work, options, run_work, on_work), \
		expected)

LOOP_TEST(work_wants_all_its_arguments)
{
	const struct rota_executor executor = { submit_nothing, NULL };
	struct rota_pool_options pool_options = ROTA_POOL_OPTIONS_INIT;
	struct rota_work_options options = ROTA_WORK_OPTIONS_INIT;
	struct rota_work work;

	memset(&work, CANARY, sizeof(work));
	ck_refused_for(&work, rota_work_start(NULL, &work, run_work, on_work),
		-EINVAL);
	ck_refused(rota_work_start(loop, NULL, run_work, on_work), -EINVAL);
	ck_refused_for(
		&work, rota_work_start(loop, &work, NULL, on_work), -EINVAL);
	ck_refused_for(
		&work, rota_work_start(loop, &work, run_work, NULL), -EINVAL);
	options.pool = make_pool();
	options.size++;
	ck_work_is_refused(&options, -EINVAL);
	options.size--;
	options.lane = ROTA_LANE_USER;
	ck_work_is_refused(&options, -EINVAL);
	options.lane = (unsigned)-1;
	ck_work_is_refused(&options, -EINVAL);
	options.lane = 0;
	options.priority = ROTA_JOB_PRIORITY_MAX + 1;
	ck_work_is_refused(&options, -EINVAL);
	options.priority = ROTA_JOB_PRIORITY_MIN - 1;
	ck_work_is_refused(&options, -EINVAL);
	options.priority = 0;
	ck_ok(rota_pool_stop(options.pool));
	ck_work_is_refused(&options, -ESHUTDOWN);
	ck_ok(rota_pool_close(options.pool, 0));
	pool_options.executor = &executor;
	ck_ok(rota_pool_create(&pool_options, &options.pool));
	ck_err(rota_work_start_with(loop, &work, &options, run_work, on_work),
		-ENOSYS);
	ck_ok(rota_pool_close(options.pool, 0));
	ck_assert_int_eq(rota_work_is_canceled(NULL), 0);
	ck_trace("");
}

/* The job is not for the caller to run. */
LOOP_TEST(only_an_executor_runs_jobs_itself)
{
	struct rota_work work;

	ck_ok(rota_work_start(loop, &work, run_work, on_work));
	ck_err(rota_job_run(&work.job), -EINVAL);
	run_to_the_end();
	ck_trace("W");
}

static void
add_pool_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "pool");

	tcase_add_test(tc, a_pool_wants_options_that_make_sense);
	tcase_add_test(tc, functions_of_pools_want_all_their_arguments);
	tcase_add_loop_test(tc, work_wants_all_its_arguments);
	tcase_add_loop_test(tc, only_an_executor_runs_jobs_itself);
}

/* Names and sums ******************************************************/

static void
on_lookup(struct rota_lookup *lookup, int status)
{
	(void)lookup;
	(void)status;
	trace('L');
}

static void
on_reverse(struct rota_reverse *reverse, int status)
{
	(void)reverse;
	(void)status;
	trace('R');
}

static void
on_query(struct rota_query *query, int status)
{
	(void)query;
	(void)status;
	trace('Q');
}

static void
on_hash(struct rota_hash *hash, int status)
{
	(void)hash;
	(void)status;
	trace('H');
}

static void
on_derive(struct rota_derive *derive, int status)
{
	(void)derive;
	(void)status;
	trace('D');
}

static void
on_random(struct rota_random *random, int status)
{
	(void)random;
	(void)status;
	trace('R');
}

#define ck_lookup(expected, of, host, service, hints, fn) \
	ck_refused_for(&lookup, \
		rota_lookup_start(of, &lookup, host, service, hints, fn), \
		expected)

LOOP_TEST(look_ups_want_something_that_can_be_looked_up)
{
	static char long_name[2000];
	static const struct rota_lookup_hints wrong[] = {
		{ .family = AF_UNIX },
		{ .family = -1 },
		{ .flags = 1u << 7 },
		{ .flags = UINT_MAX },
	};
	struct rota_lookup lookup;

	memset(&lookup, CANARY, sizeof(lookup));
	memset(long_name, 'a', sizeof(long_name) - 1);
	ck_refused(rota_lookup_start(loop, NULL, "::1", NULL, NULL, on_lookup),
		-EINVAL);
	ck_lookup(-EINVAL, NULL, "::1", "1", NULL, on_lookup);
	ck_lookup(-EINVAL, loop, NULL, NULL, NULL, on_lookup);
	ck_lookup(-EINVAL, loop, NULL, NULL, NULL, NULL);
	ck_lookup(-ENAMETOOLONG, loop, long_name, NULL, NULL, on_lookup);
	ck_lookup(-ENAMETOOLONG, NULL, long_name, NULL, NULL, NULL);
	ck_lookup(-ENAMETOOLONG, loop, NULL, long_name, NULL, on_lookup);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_lookup(-EINVAL, loop, "::1", "1", &wrong[i], on_lookup);
		ck_lookup(-EINVAL, NULL, "::1", "1", &wrong[i], NULL);
	}
	ck_refused(rota_lookup_free(NULL), -EINVAL);
	ck_trace("");
}

LOOP_TEST(names_of_an_address_want_an_address)
{
	const struct sockaddr none = { .sa_family = AF_UNIX };
	struct sockaddr_in addr = { .sin_family = AF_INET };
	const struct sockaddr *known = (const struct sockaddr *)&addr;
	struct rota_reverse reverse;

	memset(&reverse, CANARY, sizeof(reverse));
	ck_refused(
		rota_reverse_start(loop, NULL, known, 0, on_reverse), -EINVAL);
	ck_refused_for(&reverse,
		rota_reverse_start(NULL, &reverse, known, 0, on_reverse),
		-EINVAL);
	ck_refused_for(&reverse,
		rota_reverse_start(loop, &reverse, NULL, 0, on_reverse),
		-EINVAL);
	ck_refused_for(&reverse,
		rota_reverse_start(loop, &reverse, known, 1u << 5, on_reverse),
		-EINVAL);
	ck_refused_for(&reverse,
		rota_reverse_start(loop, &reverse, &none, 0, on_reverse),
		-EAFNOSUPPORT);
	ck_refused_for(&reverse,
		rota_reverse_start(NULL, &reverse, &none, 0, NULL),
		-EAFNOSUPPORT);
	ck_trace("");
}

/* -EINVAL is said before -ENOSYS, but of a resolver that cannot be made. */
static int
refusal(void)
{
	return rota_resolver_version() != NULL ? -EINVAL : -ENOSYS;
}

LOOP_TEST(a_resolver_wants_options_that_make_sense)
{
	struct rota_resolver_options options = ROTA_RESOLVER_OPTIONS_INIT;
	struct rota_resolver resolver = { 0 };
	struct rota_timer timer = { 0 };

	/* The heap of alarms is there from now on. */
	ck_ok(rota_timer_init(loop, &timer));
	ck_refused(rota_resolver_init(NULL, &resolver, NULL), -EINVAL);
	ck_refused(rota_resolver_init(loop, NULL, NULL), -EINVAL);
	options.size--;
	ck_refused_for(&resolver, rota_resolver_init(loop, &resolver, &options),
		refusal());
	options.size++;
	options.flags = 1u << 1;
	ck_refused_for(&resolver, rota_resolver_init(loop, &resolver, &options),
		refusal());
	options.flags = 0;
	options.timeout_ns = UINT64_MAX;
	ck_refused_for(&resolver, rota_resolver_init(loop, &resolver, &options),
		refusal());
	options.timeout_ns = 0;
	options.tries = UINT_MAX;
	ck_refused_for(&resolver, rota_resolver_init(loop, &resolver, &options),
		refusal());
	options.tries = 0;
	options.servers = "";
	ck_refused_for(&resolver, rota_resolver_init(loop, &resolver, &options),
		refusal());
	options.servers = "nonsense, 1.2.3";
	ck_refused_for(&resolver, rota_resolver_init(loop, &resolver, &options),
		refusal());
	close_all();
}

static void
ck_resolver_refuses(struct rota_resolver *resolver)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct rota_reverse reverse;
	struct rota_lookup lookup;
	struct rota_query query;

	memset(&lookup, CANARY, sizeof(lookup));
	memset(&query, CANARY, sizeof(query));
	ck_refused_for(&query,
		rota_query_start(
			resolver, &query, "a.test", ROTA_RECORD_A, on_query),
		refusal());
	ck_refused_for(&lookup,
		rota_resolver_lookup(
			resolver, &lookup, "a.test", NULL, NULL, on_lookup),
		refusal());
	ck_refused(rota_resolver_reverse(resolver, &reverse,
			   (const struct sockaddr *)&addr, 0, on_reverse),
		refusal());
}

LOOP_TEST(a_resolver_blank_closing_or_closed_refuses_all)
{
	struct rota_resolver resolver = { 0 };

	ck_resolver_refuses(&resolver);
	if (rota_resolver_init(loop, &resolver, NULL) == -ENOSYS)
		return;
	ck_ok(rota_handle_close(&resolver.handle, on_closed));
	ck_resolver_refuses(&resolver);
	run_to_the_end();
	ck_resolver_refuses(&resolver);
	ck_trace("C");
}

LOOP_TEST(questions_want_all_their_arguments)
{
	static char long_name[2000];
	const struct rota_lookup_hints raw = { .socktype = SOCK_RAW };
	struct sockaddr_in addr = { .sin_family = AF_INET };
	const struct sockaddr *known = (const struct sockaddr *)&addr;
	const struct sockaddr none = { .sa_family = AF_UNIX };
	struct rota_resolver resolver = { 0 };
	struct rota_reverse reverse;
	struct rota_lookup lookup;
	struct rota_query query;

	memset(long_name, 'a', sizeof(long_name) - 1);
	ck_refused(rota_query_free(NULL), -EINVAL);
	ck_refused(rota_query_start(
			   NULL, &query, "a.test", ROTA_RECORD_A, on_query),
		-EINVAL);
	ck_refused(rota_resolver_lookup(
			   NULL, &lookup, "a.test", NULL, NULL, on_lookup),
		-EINVAL);
	ck_refused(rota_resolver_reverse(NULL, &reverse, known, 0, on_reverse),
		-EINVAL);
	if (rota_resolver_init(loop, &resolver, NULL) == -ENOSYS)
		return;
	ck_refused(rota_query_start(
			   &resolver, NULL, "a.test", ROTA_RECORD_A, on_query),
		-EINVAL);
	ck_refused(rota_query_start(
			   &resolver, &query, NULL, ROTA_RECORD_A, on_query),
		-EINVAL);
	ck_refused(rota_query_start(
			   &resolver, &query, "a.test", ROTA_RECORD_A, NULL),
		-EINVAL);
	ck_refused(rota_query_start(&resolver, &query, "a.test",
			   (enum rota_record_type)2, on_query),
		-EINVAL);
	ck_refused(rota_query_start(&resolver, &query, long_name, ROTA_RECORD_A,
			   on_query),
		-ENAMETOOLONG);
	ck_refused(rota_resolver_lookup(
			   &resolver, NULL, "a.test", NULL, NULL, on_lookup),
		-EINVAL);
	ck_refused(rota_resolver_lookup(
			   &resolver, &lookup, NULL, "1", NULL, on_lookup),
		-EINVAL);
	ck_refused(rota_resolver_lookup(
			   &resolver, &lookup, "a.test", NULL, NULL, NULL),
		-EINVAL);
	ck_refused(rota_resolver_lookup(
			   &resolver, &lookup, "a.test", NULL, &raw, on_lookup),
		-EINVAL);
	ck_refused(rota_resolver_lookup(&resolver, &lookup, long_name, NULL,
			   NULL, on_lookup),
		-ENAMETOOLONG);
	ck_refused(rota_resolver_reverse(&resolver, NULL, known, 0, on_reverse),
		-EINVAL);
	ck_refused(
		rota_resolver_reverse(&resolver, &reverse, NULL, 0, on_reverse),
		-EINVAL);
	ck_refused(rota_resolver_reverse(&resolver, &reverse, known, 0, NULL),
		-EINVAL);
	ck_refused(rota_resolver_reverse(
			   &resolver, &reverse, known, 1u << 5, on_reverse),
		-EINVAL);
	ck_refused(rota_resolver_reverse(
			   &resolver, &reverse, &none, 0, on_reverse),
		-EAFNOSUPPORT);
	close_all();
	ck_trace("");
}

LOOP_TEST(sums_want_all_their_arguments)
{
	struct rota_hasher *hasher = NULL;
	struct rota_hash hash;
	struct iovec buffer = { NULL, 0 };
	char text[ROTA_HASH_TEXT_BYTES];
	int r;

	memset(&hash, CANARY, sizeof(hash));
	ck_refused(rota_hash_buffers(loop, NULL, "md5", &buffer, 1, on_hash),
		-EINVAL);
	ck_refused_for(&hash,
		rota_hash_buffers(NULL, &hash, "md5", &buffer, 1, on_hash),
		-EINVAL);
	ck_refused_for(&hash,
		rota_hash_buffers(loop, &hash, NULL, &buffer, 1, on_hash),
		-EINVAL);
	ck_refused_for(&hash,
		rota_hash_buffers(loop, &hash, "md5", NULL, 1, on_hash),
		-EINVAL);
	ck_refused(rota_hash_file(loop, NULL, "md5", "/", on_hash), -EINVAL);
	ck_refused_for(&hash, rota_hash_file(NULL, &hash, "md5", "/", on_hash),
		-EINVAL);
	ck_refused_for(&hash, rota_hash_file(loop, &hash, NULL, "/", on_hash),
		-EINVAL);
	ck_refused_for(&hash, rota_hash_file(loop, &hash, "md5", NULL, on_hash),
		-EINVAL);
	ck_refused(rota_hash_fd(loop, NULL, "md5", 0, on_hash), -EINVAL);
	ck_refused_for(
		&hash, rota_hash_fd(NULL, &hash, "md5", 0, on_hash), -EINVAL);
	ck_refused_for(
		&hash, rota_hash_fd(loop, &hash, NULL, 0, on_hash), -EINVAL);
	ck_refused_for(
		&hash, rota_hash_fd(loop, &hash, "md5", -1, on_hash), -EBADF);
	ck_assert_uint_eq(rota_hash_progress(NULL), 0);
	ck_refused(rota_hash_text(NULL, 1, text), -EINVAL);
	ck_refused(rota_hash_text("a", 1, NULL), -EINVAL);
	ck_refused(rota_hasher_create(NULL, NULL, 0, &hasher), -EINVAL);
	ck_refused(rota_hasher_create("md5", NULL, 0, NULL), -EINVAL);
	ck_refused(rota_hasher_add(NULL, "a", 1), -EINVAL);
	ck_refused(rota_hasher_finish(NULL, text), -EINVAL);
	rota_hasher_free(NULL);
	r = rota_hasher_create("md5", NULL, 0, &hasher);
	ck_err(r, rota_crypto_version() != NULL ? 0 : -ENOSYS);
	ck_refused(rota_hasher_add(hasher, NULL, 1), -EINVAL);
	ck_refused(rota_hasher_finish(hasher, NULL), -EINVAL);
	rota_hasher_free(hasher);
	ck_trace("");
}

#define ck_derives(expected, of, to, key, n_bytes) \
	do { \
		ck_refused(rota_pbkdf2(of, to, "md5", &secret, 1, key, \
				   n_bytes, on_derive), \
			expected); \
		ck_refused(rota_scrypt(of, to, &secret, &cost, key, n_bytes, \
				   on_derive), \
			expected); \
	} while (0)

LOOP_TEST(keys_want_all_their_arguments)
{
	const struct rota_scrypt_cost cost = { 16, 1, 1, 0 };
	struct rota_secret secret = { "a", 1, "b", 1 };
	struct rota_derive derive;
	char key[8];

	ck_derives(-EINVAL, NULL, &derive, key, 8);
	ck_derives(-EINVAL, loop, NULL, key, 8);
	ck_derives(-EINVAL, loop, &derive, NULL, 8);
	ck_derives(-EINVAL, loop, &derive, key, 0);
	ck_derives(-EINVAL, loop, &derive, key, SIZE_MAX);
	secret.password = NULL;
	ck_derives(-EINVAL, loop, &derive, key, 8);
	secret.password = "a";
	secret.salt_bytes = SIZE_MAX;
	ck_derives(-EINVAL, loop, &derive, key, 8);
	ck_refused(
		rota_pbkdf2(loop, &derive, NULL, &secret, 1, key, 8, on_derive),
		-EINVAL);
	ck_refused(
		rota_pbkdf2(loop, &derive, "md5", NULL, 1, key, 8, on_derive),
		-EINVAL);
	secret.salt_bytes = 1;
	ck_refused(rota_pbkdf2(
			   loop, &derive, "md5", &secret, 0, key, 8, on_derive),
		-EINVAL);
	ck_refused(rota_pbkdf2(loop, &derive, "md5", &secret, UINT_MAX, key, 8,
			   on_derive),
		-EINVAL);
	ck_refused(rota_scrypt(loop, &derive, NULL, &cost, key, 8, on_derive),
		-EINVAL);
	ck_refused(rota_scrypt(loop, &derive, &secret, NULL, key, 8, on_derive),
		-EINVAL);
}

LOOP_TEST(random_bytes_want_room)
{
	struct rota_random random;
	char bytes[8];

	ck_refused(rota_random_start(loop, NULL, bytes, 8, on_random), -EINVAL);
	ck_refused(
		rota_random_start(NULL, &random, bytes, 8, on_random), -EINVAL);
	ck_refused(
		rota_random_start(loop, &random, NULL, 8, on_random), -EINVAL);
	ck_trace("");
}

static void
add_name_and_sum_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "names and sums");

	tcase_add_loop_test(tc, look_ups_want_something_that_can_be_looked_up);
	tcase_add_loop_test(tc, names_of_an_address_want_an_address);
	tcase_add_loop_test(tc, a_resolver_wants_options_that_make_sense);
	tcase_add_loop_test(tc, a_resolver_blank_closing_or_closed_refuses_all);
	tcase_add_loop_test(tc, questions_want_all_their_arguments);
	tcase_add_loop_test(tc, sums_want_all_their_arguments);
	tcase_add_loop_test(tc, keys_want_all_their_arguments);
	tcase_add_loop_test(tc, random_bytes_want_room);
}

static void
add_frame_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "frame");

	tcase_add_loop_test(tc, functions_of_frames_want_all_their_arguments);
	tcase_add_loop_test(tc, a_frame_of_a_huge_interval_stays_away);
}

/* Files **************************************************************/

static struct rota_fs fs;

static void
on_fs(struct rota_fs *request, int status)
{
	(void)request;
	(void)status;
	trace('!');
}

/* No request at all; a callback, and no loop for it. */
#define ck_fs_wants_loop(op, ...) \
	do { \
		ck_refused(op(loop, NULL, __VA_ARGS__, on_fs), -EINVAL); \
		ck_refused(op(loop, NULL, __VA_ARGS__, NULL), -EINVAL); \
		ck_refused(op(NULL, &fs, __VA_ARGS__, on_fs), -EINVAL); \
	} while (0)

/* In both forms. */
#define ck_fs_refuses(expected, op, ...) \
	do { \
		ck_refused(op(loop, &fs, __VA_ARGS__, on_fs), expected); \
		ck_refused(op(NULL, &fs, __VA_ARGS__, NULL), expected); \
	} while (0)

LOOP_TEST(calls_on_descriptors_want_all_their_arguments)
{
	ck_fs_wants_loop(rota_fs_open, "/", O_RDONLY, 0);
	ck_fs_refuses(-EINVAL, rota_fs_open, NULL, O_RDONLY, 0);
	ck_fs_wants_loop(rota_fs_openat, AT_FDCWD, "/", O_RDONLY, 0);
	ck_fs_refuses(-EINVAL, rota_fs_openat, AT_FDCWD, NULL, O_RDONLY, 0);
	ck_fs_refuses(-EBADF, rota_fs_openat, -1, "/", O_RDONLY, 0);
	ck_fs_wants_loop(rota_fs_close, 0);
	ck_fs_refuses(-EBADF, rota_fs_close, -1);
	ck_fs_wants_loop(rota_fs_fsync, 0);
	ck_fs_refuses(-EBADF, rota_fs_fsync, -1);
	ck_fs_wants_loop(rota_fs_fdatasync, 0);
	ck_fs_refuses(-EBADF, rota_fs_fdatasync, -1);
	ck_fs_wants_loop(rota_fs_flock, 0, 0);
	ck_fs_refuses(-EBADF, rota_fs_flock, -1, 0);
	ck_fs_wants_loop(rota_fs_truncate, "/", 0);
	ck_fs_refuses(-EINVAL, rota_fs_truncate, NULL, 0);
	ck_fs_refuses(-EINVAL, rota_fs_truncate, "/", -1);
	ck_fs_wants_loop(rota_fs_ftruncate, 0, 0);
	ck_fs_refuses(-EBADF, rota_fs_ftruncate, -1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_ftruncate, 0, -1);
	ck_fs_wants_loop(rota_fs_fallocate, 0, 0, 1);
	ck_fs_refuses(-EBADF, rota_fs_fallocate, -1, 0, 1);
	ck_fs_refuses(-EINVAL, rota_fs_fallocate, 0, -1, 1);
	ck_fs_refuses(-EINVAL, rota_fs_fallocate, 0, 0, 0);
	ck_fs_refuses(-EINVAL, rota_fs_fallocate, 0, 0, -1);
	ck_fs_refuses(-EINVAL, rota_fs_fallocate, 0, 1, INT64_MAX);
	ck_fs_wants_loop(rota_fs_sendfile, 1, 0, 0, 1);
	ck_fs_refuses(-EBADF, rota_fs_sendfile, -1, 0, 0, 1);
	ck_fs_refuses(-EBADF, rota_fs_sendfile, 1, -1, 0, 1);
	ck_fs_refuses(-EINVAL, rota_fs_sendfile, 1, 0, -1, 1);
	ck_fs_refuses(-EINVAL, rota_fs_sendfile, 1, 0, 0, (size_t)INT_MAX + 1);
	ck_trace("");
}

LOOP_TEST(reads_and_writes_of_files_want_sound_buffers)
{
	char text[1];
	struct iovec good = { text, 1 };
	struct iovec none = { NULL, 1 };
	struct iovec huge = { text, (size_t)INT_MAX + 1 };
	struct iovec two[2] = { { text, INT_MAX }, { text, 1 } };
	struct iovec negative = { text, (size_t)-1 };

	ck_fs_wants_loop(rota_fs_read, 0, &good, 1, 0);
	ck_fs_wants_loop(rota_fs_write, 1, &good, 1, 0);
	ck_fs_refuses(-EBADF, rota_fs_read, -1, &good, 1, 0);
	ck_fs_refuses(-EBADF, rota_fs_write, -1, &good, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_read, 0, NULL, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_write, 1, NULL, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_read, 0, &none, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_write, 1, &none, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_read, 0, &huge, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_write, 1, &huge, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_read, 0, &negative, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_write, 1, &negative, 1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_read, 0, two, 2, 0);
	ck_fs_refuses(-EINVAL, rota_fs_write, 1, two, 2, 0);
	ck_fs_refuses(-EINVAL, rota_fs_read, 0, &good, 1, -2);
	ck_fs_refuses(-EINVAL, rota_fs_write, 1, &good, 1, INT64_MIN);
}

LOOP_TEST(calls_on_what_is_known_of_files_want_all_their_arguments)
{
	ck_fs_wants_loop(rota_fs_stat, "/");
	ck_fs_refuses(-EINVAL, rota_fs_stat, NULL);
	ck_fs_wants_loop(rota_fs_lstat, "/");
	ck_fs_refuses(-EINVAL, rota_fs_lstat, NULL);
	ck_fs_wants_loop(rota_fs_fstat, 0);
	ck_fs_refuses(-EBADF, rota_fs_fstat, -1);
	ck_fs_wants_loop(rota_fs_statfs, "/");
	ck_fs_refuses(-EINVAL, rota_fs_statfs, NULL);
	ck_fs_wants_loop(rota_fs_access, "/", 0);
	ck_fs_refuses(-EINVAL, rota_fs_access, NULL, 0);
	ck_fs_wants_loop(rota_fs_chmod, "/", 0);
	ck_fs_refuses(-EINVAL, rota_fs_chmod, NULL, 0);
	ck_fs_refuses(-EINVAL, rota_fs_chmod, "/", 010000);
	ck_fs_wants_loop(rota_fs_lchmod, "/", 0);
	ck_fs_refuses(-EINVAL, rota_fs_lchmod, NULL, 0);
	ck_fs_refuses(-EINVAL, rota_fs_lchmod, "/", 010000);
	ck_fs_wants_loop(rota_fs_fchmod, 0, 0);
	ck_fs_refuses(-EBADF, rota_fs_fchmod, -1, 0);
	ck_fs_refuses(-EINVAL, rota_fs_fchmod, 0, 010000);
	ck_fs_wants_loop(rota_fs_chown, "/", ROTA_FS_KEEP, ROTA_FS_KEEP);
	ck_fs_refuses(-EINVAL, rota_fs_chown, NULL, ROTA_FS_KEEP, 0);
	ck_fs_wants_loop(rota_fs_lchown, "/", ROTA_FS_KEEP, ROTA_FS_KEEP);
	ck_fs_refuses(-EINVAL, rota_fs_lchown, NULL, ROTA_FS_KEEP, 0);
	ck_fs_wants_loop(rota_fs_fchown, 0, ROTA_FS_KEEP, ROTA_FS_KEEP);
	ck_fs_refuses(-EBADF, rota_fs_fchown, -1, ROTA_FS_KEEP, 0);
	ck_fs_wants_loop(rota_fs_utime, "/", 0, 0);
	ck_fs_refuses(-EINVAL, rota_fs_utime, NULL, 0, 0);
	ck_fs_wants_loop(rota_fs_lutime, "/", 0, 0);
	ck_fs_refuses(-EINVAL, rota_fs_lutime, NULL, 0, 0);
	ck_fs_wants_loop(rota_fs_futime, 0, 0, 0);
	ck_fs_refuses(-EBADF, rota_fs_futime, -1, 0, 0);
}

#define ck_wants_value(op, where) \
	do { \
		ck_fs_wants_loop(op, where, "user.a", text, 1); \
		ck_fs_refuses(-EINVAL, op, where, NULL, text, 1); \
		ck_fs_refuses(-EINVAL, op, where, "user.a", NULL, 1); \
		ck_fs_refuses(-EINVAL, op, where, "user.a", text, \
			(size_t)INT_MAX + 1); \
	} while (0)

#define ck_wants_value_how(op, where) \
	do { \
		ck_fs_wants_loop(op, where, "user.a", text, 1, any); \
		ck_fs_refuses(-EINVAL, op, where, NULL, text, 1, any); \
		ck_fs_refuses(-EINVAL, op, where, "user.a", NULL, 1, any); \
		ck_fs_refuses(-EINVAL, op, where, "user.a", text, \
			(size_t)INT_MAX + 1, any); \
		ck_fs_refuses(-EINVAL, op, where, "user.a", text, 1, \
			(enum rota_fs_xattr_how)3); \
	} while (0)

LOOP_TEST(calls_on_attributes_want_all_their_arguments)
{
	const enum rota_fs_xattr_how any = ROTA_FS_XATTR_ANY;
	char text[1];

	ck_wants_value(rota_fs_getxattr, "/");
	ck_fs_refuses(-EINVAL, rota_fs_getxattr, NULL, "user.a", text, 1);
	ck_wants_value(rota_fs_lgetxattr, "/");
	ck_fs_refuses(-EINVAL, rota_fs_lgetxattr, NULL, "user.a", text, 1);
	ck_wants_value(rota_fs_fgetxattr, 0);
	ck_fs_refuses(-EBADF, rota_fs_fgetxattr, -1, "user.a", text, 1);
	ck_wants_value_how(rota_fs_setxattr, "/");
	ck_fs_refuses(-EINVAL, rota_fs_setxattr, NULL, "user.a", text, 1, any);
	ck_wants_value_how(rota_fs_lsetxattr, "/");
	ck_fs_refuses(-EINVAL, rota_fs_lsetxattr, NULL, "user.a", text, 1, any);
	ck_wants_value_how(rota_fs_fsetxattr, 0);
	ck_fs_refuses(-EBADF, rota_fs_fsetxattr, -1, "user.a", text, 1, any);
	ck_fs_wants_loop(rota_fs_listxattr, "/", text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_listxattr, NULL, text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_listxattr, "/", NULL, 1);
	ck_fs_wants_loop(rota_fs_llistxattr, "/", text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_llistxattr, NULL, text, 1);
	ck_fs_wants_loop(rota_fs_flistxattr, 0, text, 1);
	ck_fs_refuses(-EBADF, rota_fs_flistxattr, -1, text, 1);
	ck_fs_wants_loop(rota_fs_removexattr, "/", "user.a");
	ck_fs_refuses(-EINVAL, rota_fs_removexattr, NULL, "user.a");
	ck_fs_refuses(-EINVAL, rota_fs_removexattr, "/", NULL);
	ck_fs_wants_loop(rota_fs_lremovexattr, "/", "user.a");
	ck_fs_refuses(-EINVAL, rota_fs_lremovexattr, NULL, "user.a");
	ck_fs_refuses(-EINVAL, rota_fs_lremovexattr, "/", NULL);
	ck_fs_wants_loop(rota_fs_fremovexattr, 0, "user.a");
	ck_fs_refuses(-EBADF, rota_fs_fremovexattr, -1, "user.a");
	ck_fs_refuses(-EINVAL, rota_fs_fremovexattr, 0, NULL);
}

LOOP_TEST(calls_on_names_want_all_their_arguments)
{
	char text[64] = "/none/XXXXXX";

	ck_fs_wants_loop(rota_fs_mkdir, "/", 0700);
	ck_fs_refuses(-EINVAL, rota_fs_mkdir, NULL, 0700);
	ck_fs_refuses(-EINVAL, rota_fs_mkdir, "/", 010000);
	ck_fs_wants_loop(rota_fs_mkfifo, "/", 0700);
	ck_fs_refuses(-EINVAL, rota_fs_mkfifo, NULL, 0700);
	ck_fs_refuses(-EINVAL, rota_fs_mkfifo, "/", 010000);
	ck_fs_wants_loop(rota_fs_mkdtemp, text);
	ck_fs_refuses(-EINVAL, rota_fs_mkdtemp, NULL);
	ck_fs_wants_loop(rota_fs_mkstemp, text);
	ck_fs_refuses(-EINVAL, rota_fs_mkstemp, NULL);
	ck_fs_wants_loop(rota_fs_unlink, "/");
	ck_fs_refuses(-EINVAL, rota_fs_unlink, NULL);
	ck_fs_wants_loop(rota_fs_rmdir, "/");
	ck_fs_refuses(-EINVAL, rota_fs_rmdir, NULL);
	ck_fs_wants_loop(rota_fs_rename, "/", "/");
	ck_fs_refuses(-EINVAL, rota_fs_rename, NULL, "/");
	ck_fs_refuses(-EINVAL, rota_fs_rename, "/", NULL);
	ck_fs_wants_loop(rota_fs_link, "/", "/");
	ck_fs_refuses(-EINVAL, rota_fs_link, NULL, "/");
	ck_fs_refuses(-EINVAL, rota_fs_link, "/", NULL);
	ck_fs_wants_loop(rota_fs_symlink, "/", "/");
	ck_fs_refuses(-EINVAL, rota_fs_symlink, NULL, "/");
	ck_fs_refuses(-EINVAL, rota_fs_symlink, "/", NULL);
	ck_fs_wants_loop(rota_fs_readlink, "/", text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_readlink, NULL, text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_readlink, "/", NULL, 1);
	ck_fs_refuses(-EINVAL, rota_fs_readlink, "/", text, 0);
	ck_fs_refuses(-EINVAL, rota_fs_readlink, "/", text, SIZE_MAX);
	ck_fs_wants_loop(rota_fs_realpath, "/", text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_realpath, NULL, text, 1);
	ck_fs_refuses(-EINVAL, rota_fs_realpath, "/", NULL, 1);
	ck_fs_refuses(-EINVAL, rota_fs_realpath, "/", text, 0);
	ck_fs_refuses(-EINVAL, rota_fs_realpath, "/", text, SIZE_MAX);
}

LOOP_TEST(calls_on_directories_want_all_their_arguments)
{
	struct rota_fs_dir dir = { 0 };
	char memory[ROTA_FS_ENTRY_BYTES];

	ck_fs_wants_loop(rota_fs_scandir, "/");
	ck_fs_refuses(-EINVAL, rota_fs_scandir, NULL);
	ck_fs_wants_loop(rota_fs_opendir, "/", &dir);
	ck_fs_refuses(-EINVAL, rota_fs_opendir, NULL, &dir);
	ck_fs_refuses(-EINVAL, rota_fs_opendir, "/", NULL);
	ck_fs_refuses(-EBADF, rota_fs_closedir, &dir);
	ck_fs_refuses(-EBADF, rota_fs_readdir, &dir, memory, sizeof(memory));
	ck_ok(rota_fs_opendir(NULL, &fs, "/", &dir, NULL));
	ck_fs_wants_loop(rota_fs_readdir, &dir, memory, sizeof(memory));
	ck_fs_refuses(-EINVAL, rota_fs_readdir, NULL, memory, sizeof(memory));
	ck_fs_refuses(-EINVAL, rota_fs_readdir, &dir, NULL, sizeof(memory));
	ck_fs_refuses(
		-EINVAL, rota_fs_readdir, &dir, memory, sizeof(memory) - 1);
	ck_fs_refuses(-EINVAL, rota_fs_readdir, &dir, memory, SIZE_MAX);
	ck_fs_wants_loop(rota_fs_closedir, &dir);
	ck_fs_refuses(-EINVAL, rota_fs_closedir, NULL);
	ck_ok(rota_fs_closedir(NULL, &fs, &dir, NULL));
}

LOOP_TEST(calls_on_whole_files_want_all_their_arguments)
{
	ck_fs_wants_loop(rota_fs_read_file, "/", 1);
	ck_fs_refuses(-EINVAL, rota_fs_read_file, NULL, 1);
	ck_fs_refuses(-EINVAL, rota_fs_read_file, "/", 0);
	ck_fs_wants_loop(rota_fs_write_file, "/", "", 0, 0600);
	ck_fs_refuses(-EINVAL, rota_fs_write_file, NULL, "", 0, 0600);
	ck_fs_refuses(-EINVAL, rota_fs_write_file, "/", NULL, 1, 0600);
	ck_fs_refuses(-EINVAL, rota_fs_write_file, "/", "", 0, 010000);
	ck_fs_wants_loop(rota_fs_copyfile, "/", "/", 0);
	ck_fs_refuses(-EINVAL, rota_fs_copyfile, NULL, "/", 0);
	ck_fs_refuses(-EINVAL, rota_fs_copyfile, "/", NULL, 0);
	ck_fs_refuses(-EINVAL, rota_fs_copyfile, "/", "/", 4);
	ck_fs_wants_loop(rota_fs_remove_tree, "/none");
	ck_fs_refuses(-EINVAL, rota_fs_remove_tree, NULL);
}

LOOP_TEST(what_a_request_on_files_found_wants_a_request)
{
	struct rota_fs_entry entry;
	struct rota_fs blank = { 0 };
	char text[16];

	ck_refused(rota_fs_result(NULL), -EINVAL);
	ck_refused(rota_fs_clear(NULL), -EINVAL);
	ck_refused(rota_fs_next_entry(NULL, &entry), -EINVAL);
	ck_refused_for(&blank, rota_fs_next_entry(&blank, &entry), -EINVAL);
	ck_refused_for(&blank, rota_fs_clear(&blank), 0);
	ck_assert_ptr_null(rota_fs_get_stat(NULL));
	ck_assert_ptr_null(rota_fs_get_stat(&blank));
	ck_assert_ptr_null(rota_fs_get_space(NULL));
	ck_assert_ptr_null(rota_fs_get_space(&blank));
	ck_assert_ptr_null(rota_fs_get_data(NULL));
	ck_assert_ptr_null(rota_fs_get_data(&blank));
	ck_assert_uint_eq(rota_fs_get_size(NULL), 0);
	ck_assert_uint_eq(rota_fs_get_size(&blank), 0);
	ck_refused(rota_error_explain(NULL, text, 16), -EINVAL);
	ck_refused(rota_error_explain(&blank.job.request, text, 16), -EINVAL);
	ck_ok(rota_fs_stat(NULL, &blank, "/", NULL));
	ck_refused(rota_error_explain(&blank.job.request, NULL, 16), -EINVAL);
	ck_refused(rota_error_explain(&blank.job.request, text, 0), -EINVAL);
	ck_refused_for(&blank, rota_fs_next_entry(&blank, &entry), -EINVAL);
	ck_refused_for(&blank, rota_fs_next_entry(&blank, NULL), -EINVAL);
}

static void
add_fs_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "fs");

	tcase_add_loop_test(tc, calls_on_descriptors_want_all_their_arguments);
	tcase_add_loop_test(tc, reads_and_writes_of_files_want_sound_buffers);
	tcase_add_loop_test(
		tc, calls_on_what_is_known_of_files_want_all_their_arguments);
	tcase_add_loop_test(tc, calls_on_attributes_want_all_their_arguments);
	tcase_add_loop_test(tc, calls_on_names_want_all_their_arguments);
	tcase_add_loop_test(tc, calls_on_directories_want_all_their_arguments);
	tcase_add_loop_test(tc, calls_on_whole_files_want_all_their_arguments);
	tcase_add_loop_test(tc, what_a_request_on_files_found_wants_a_request);
}

static void
add_cases(Suite *suite)
{
	add_kinds_cases(suite);
	add_frame_cases(suite);
	add_pool_cases(suite);
	add_fs_cases(suite);
	add_tty_cases(suite);
	add_handle_cases(suite);
	add_timer_cases(suite);
	add_hook_and_immediate_cases(suite);
	add_io_cases(suite);
	add_process_cases(suite);
	add_file_watch_cases(suite);
	add_signal_and_wake_cases(suite);
	add_stream_cases(suite);
	add_tcp_cases(suite);
	add_udp_cases(suite);
	add_request_cases(suite);
	add_loop_cases(suite);
	add_run_cases(suite);
	add_report_cases(suite);
	add_task_cases(suite);
	add_metrics_cases(suite);
	add_name_cases(suite);
	add_name_and_sum_cases(suite);
}

HARNESS_MAIN("bad_input", add_cases)
