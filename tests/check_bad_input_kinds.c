/* SPDX-License-Identifier: MIT */
/* Mistakes at the door of every kind of handle, and of rota/handle.h. */
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bad_input.h"
#include "tests/harness.h"

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
add_cases(Suite *suite)
{
	add_kinds_cases(suite);
	add_handle_cases(suite);
}

HARNESS_MAIN("bad_input_kinds", add_cases)
