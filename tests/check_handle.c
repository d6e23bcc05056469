/* SPDX-License-Identifier: MIT */
/*
 * What all handles share: how they hold the loop, how they close, their
 * names, and types that a program defines itself.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness.h"

/* One handle of each type, to be tried with the same tests. ************/

enum kind {
	IDLE,
	PREPARE,
	CHECK,
	TIMER,
	IO,
	SIGNAL,
	WAKE,
	TCP,
	N_KINDS
};

union any {
	struct rota_handle handle;
	struct rota_hook hook;
	struct rota_timer timer;
	struct rota_io io;
	struct rota_signal sig;
	struct rota_wake wake;
	struct rota_tcp tcp;
};

static const char *const kind_names[N_KINDS] = { "idle", "prepare", "check",
	"timer", "io", "signal", "wake", "tcp" };

static void
on_hook(struct rota_hook *hook)
{
	(void)hook;
	trace('!');
}

static void
on_timer(struct rota_timer *timer)
{
	(void)timer;
	trace('!');
}

static void
on_io(struct rota_io *io, unsigned ready)
{
	(void)io;
	(void)ready;
	trace('!');
}

static void
on_signal(struct rota_signal *sig, const struct rota_signal_event *event)
{
	(void)sig;
	(void)event;
	trace('!');
}

static void
on_wake(struct rota_wake *wake)
{
	(void)wake;
	trace('!');
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	(void)n;
	(void)data;
	trace('!');
}

static int any_pair[2];

static void
init_any(enum kind kind, union any *any)
{
	memset(any, 0, sizeof(*any));
	switch (kind) {
	case IDLE:
		ck_ok(rota_idle_init(loop, &any->hook));
		break;
	case PREPARE:
		ck_ok(rota_prepare_init(loop, &any->hook));
		break;
	case CHECK:
		ck_ok(rota_check_init(loop, &any->hook));
		break;
	case TIMER:
		ck_ok(rota_timer_init(loop, &any->timer));
		break;
	case IO:
		ck_ok(rota_io_init(loop, &any->io, any_pair[0]));
		break;
	case SIGNAL:
		ck_ok(rota_signal_init(loop, &any->sig));
		break;
	case WAKE:
		ck_ok(rota_wake_init(loop, &any->wake, on_wake));
		break;
	default:
		ck_ok(rota_tcp_init(loop, &any->tcp));
		ck_ok(rota_tcp_open(&any->tcp, dup(any_pair[0])));
		break;
	}
}

/* Starts a handle in a way that calls nothing back soon. */
static int
start_any(enum kind kind, union any *any)
{
	switch (kind) {
	case IDLE:
	case PREPARE:
	case CHECK:
		return rota_hook_start(&any->hook, on_hook);
	case TIMER:
		return rota_timer_start(&any->timer, UINT64_MAX, 0, on_timer);
	case IO:
		return rota_io_start(&any->io, ROTA_READABLE, on_io);
	case SIGNAL:
		return rota_signal_start(&any->sig, SIGUSR1, on_signal);
	case WAKE:
		return any->handle.loop == NULL ||
				rota_handle_is_closing(&any->handle) ?
			-EINVAL :
			0;
	default:
		return rota_stream_read_start(&any->tcp.stream, NULL, on_read);
	}
}

static int
stop_any(enum kind kind, union any *any)
{
	switch (kind) {
	case IDLE:
	case PREPARE:
	case CHECK:
		return rota_hook_stop(&any->hook);
	case TIMER:
		return rota_timer_stop(&any->timer);
	case IO:
		return rota_io_stop(&any->io);
	case SIGNAL:
		return rota_signal_stop(&any->sig);
	case WAKE:
		return 0;
	default:
		return rota_stream_read_stop(&any->tcp.stream);
	}
}

typedef void kind_fn(enum kind kind, union any *any);

static void
for_each_kind(kind_fn *fn)
{
	union any any;

	harness_tcp_pair(any_pair);
	for (enum kind kind = IDLE; kind < N_KINDS; kind++) {
		init_any(kind, &any);
		fn(kind, &any);
		ck_ok(rota__loop_check(loop));
		close_all();
	}
	ck_trace("");
	harness_close_pair(any_pair);
}

/* Life ****************************************************************/

static void
ck_begins_idle(enum kind kind, union any *any)
{
	int is_wake = kind == WAKE;

	ck_err(rota_handle_is_active(&any->handle), is_wake);
	ck_err(rota_handle_is_closing(&any->handle), 0);
	ck_err(rota_handle_has_ref(&any->handle), 1);
	ck_assert_ptr_eq(rota_handle_loop(&any->handle), loop);
	ck_assert_ptr_null(any->handle.data);
	ck_err(rota_loop_alive(loop), is_wake);
	ck_err(rota_loop_why_alive(loop, NULL, NULL), 1);
}

LOOP_TEST(a_handle_begins_idle_and_referenced)
{
	for_each_kind(ck_begins_idle);
}

static void
ck_start_stop(enum kind kind, union any *any)
{
	ck_ok(start_any(kind, any));
	ck_err(rota_handle_is_active(&any->handle), 1);
	ck_err(rota_loop_alive(loop), 1);
	ck_ok(start_any(kind, any));
	ck_ok(rota__loop_check(loop));
	ck_err(rota_loop_alive(loop), 1);
	ck_ok(stop_any(kind, any));
	ck_ok(stop_any(kind, any));
	ck_err(rota_handle_is_active(&any->handle), kind == WAKE);
	ck_err(rota_loop_alive(loop), kind == WAKE);
}

LOOP_TEST(start_twice_and_stop_twice_count_once)
{
	for_each_kind(ck_start_stop);
}

static void
ck_references(enum kind kind, union any *any)
{
	ck_ok(start_any(kind, any));
	for (int i = 0; i < 3; i++) {
		ck_ok(rota_handle_unref(&any->handle));
		ck_err(rota_handle_has_ref(&any->handle), 0);
		ck_err(rota_loop_alive(loop), 0);
	}
	ck_ok(rota__loop_check(loop));
	for (int i = 0; i < 3; i++) {
		ck_ok(rota_handle_ref(&any->handle));
		ck_err(rota_handle_has_ref(&any->handle), 1);
		ck_err(rota_loop_alive(loop), 1);
	}
	ck_ok(rota_handle_unref(&any->handle));
	ck_err(rota_handle_is_active(&any->handle), 1);
}

LOOP_TEST(ref_and_unref_are_idempotent)
{
	for_each_kind(ck_references);
}

static void
ck_remembers(enum kind kind, union any *any)
{
	ck_ok(rota_handle_unref(&any->handle));
	ck_ok(start_any(kind, any));
	ck_err(rota_loop_alive(loop), 0);
	ck_ok(stop_any(kind, any));
	ck_ok(start_any(kind, any));
	ck_err(rota_handle_has_ref(&any->handle), 0);
	ck_err(rota_loop_alive(loop), 0);
	ck_ok(rota_handle_ref(&any->handle));
	ck_err(rota_loop_alive(loop), 1);
}

LOOP_TEST(unref_is_remembered_while_inactive)
{
	for_each_kind(ck_remembers);
}

/* Closing *************************************************************/

static void
on_close(struct rota_handle *handle)
{
	(void)handle;
	trace('X');
}

static void
ck_closing(enum kind kind, union any *any)
{
	struct rota_handle *handle = &any->handle;

	ck_ok(start_any(kind, any));
	ck_ok(rota_handle_unref(handle));
	ck_ok(rota_handle_close(handle, on_close));
	ck_err(rota_handle_is_closing(handle), 1);
	ck_err(rota_handle_is_active(handle), 0);
	ck_err(rota_loop_alive(loop), 1);
	ck_err(start_any(kind, any), -EINVAL);
	ck_err(rota_handle_ref(handle), -EINVAL);
	ck_err(rota_handle_unref(handle), -EINVAL);
	ck_err(rota_handle_set_name(handle, "x"), -EINVAL);
	ck_err(rota_handle_close(handle, NULL), -EALREADY);
	ck_err(rota_handle_close(handle, on_close), -EALREADY);
	ck_ok(stop_any(kind, any));
	ck_ok(rota__loop_check(loop));
	trace_reset();
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_trace("X");
	trace_reset();
}

LOOP_TEST(a_closing_handle_refuses_all_and_is_told_once)
{
	for_each_kind(ck_closing);
}

static void
ck_closed(enum kind kind, union any *any)
{
	struct rota_handle *handle = &any->handle;

	ck_ok(rota_handle_close(handle, NULL));
	ck_err(run_once_checked(ROTA_RUN_NOWAIT), 0);
	ck_err(rota_handle_is_closing(handle), 0);
	ck_assert_ptr_null(rota_handle_loop(handle));
	ck_err(rota_handle_close(handle, NULL), -EINVAL);
	ck_err(rota_handle_ref(handle), -EINVAL);
	ck_err(rota_handle_unref(handle), -EINVAL);
	ck_err(rota_handle_set_name(handle, "x"), -EINVAL);
	ck_err(start_any(kind, any), -EINVAL);
	ck_ok(stop_any(kind, any));
	ck_err(rota_loop_alive(loop), 0);
}

LOOP_TEST(a_closed_handle_refuses_all_but_init)
{
	for_each_kind(ck_closed);
}

static void
ck_reused(enum kind kind, union any *any)
{
	ck_ok(start_any(kind, any));
	ck_ok(rota_handle_unref(&any->handle));
	ck_ok(rota_handle_close(&any->handle, NULL));
	run_to_the_end();
	init_any(kind, any);
	ck_begins_idle(kind, any);
	ck_ok(start_any(kind, any));
	ck_err(rota_loop_alive(loop), 1);
}

LOOP_TEST(a_closed_handle_can_be_made_anew)
{
	for_each_kind(ck_reused);
}

static enum kind reinit_kind;

/* The memory is the caller's when this begins: it can be used at once. */
static void
on_close_reinit(struct rota_handle *handle)
{
	init_any(reinit_kind, (union any *)(void *)handle);
}

static void
ck_reused_in_callback(enum kind kind, union any *any)
{
	reinit_kind = kind;
	ck_ok(rota_handle_close(&any->handle, on_close_reinit));
	(void)run_once_checked(ROTA_RUN_NOWAIT);
	ck_begins_idle(kind, any);
}

LOOP_TEST(a_handle_can_be_made_anew_in_its_close_callback)
{
	for_each_kind(ck_reused_in_callback);
}

static void
ck_closed_at_once(enum kind kind, union any *any)
{
	(void)kind;
	ck_ok(rota_handle_close(&any->handle, on_close));
	run_to_the_end();
	ck_trace("X");
	trace_reset();
}

LOOP_TEST(a_handle_never_started_can_be_closed)
{
	for_each_kind(ck_closed_at_once);
}

static void
on_hook_close_both(struct rota_hook *hook)
{
	struct rota_hook *other = hook->handle.data;

	trace('A');
	ck_ok(rota_handle_close(&other->handle, on_close));
	ck_ok(rota_handle_close(&hook->handle, on_close));
	ck_err(rota_handle_close(&hook->handle, on_close), -EALREADY);
}

LOOP_TEST(nothing_is_called_after_a_close_but_the_close_callback)
{
	struct rota_hook a, b;

	ck_ok(rota_idle_init(loop, &a));
	ck_ok(rota_idle_init(loop, &b));
	a.handle.data = &b;
	ck_ok(rota_hook_start(&a, on_hook_close_both));
	ck_ok(rota_hook_start(&b, on_hook));
	run_to_the_end();
	ck_trace("AXX");
}

START_TEST(a_blank_handle_is_not_closed)
{
	struct rota_timer timer;

	(void)_i;
	memset(&timer, 0, sizeof(timer));
	ck_err(rota_handle_close(&timer.handle, on_close), -EINVAL);
	ck_err(rota_handle_close(NULL, on_close), -EINVAL);
	ck_trace("");
}
END_TEST

/* Names and sizes *****************************************************/

static void
ck_named(enum kind kind, union any *any)
{
	char name[] = "mine";

	(void)kind;
	ck_assert_ptr_null(rota_handle_name(&any->handle));
	ck_ok(rota_handle_set_name(&any->handle, name));
	name[0] = '#';
	ck_assert_str_eq(rota_handle_name(&any->handle), "mine");
	ck_ok(rota_handle_set_name(&any->handle, "other, and much longer"));
	ck_assert_str_eq(
		rota_handle_name(&any->handle), "other, and much longer");
	ck_ok(rota_handle_set_name(&any->handle, NULL));
	ck_assert_ptr_null(rota_handle_name(&any->handle));
	ck_ok(rota_handle_set_name(&any->handle, NULL));
	ck_ok(rota_handle_set_name(&any->handle, "left for close"));
}

LOOP_TEST(a_handle_can_be_named)
{
	for_each_kind(ck_named);
}

LOOP_TEST(a_name_can_be_set_to_itself)
{
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_handle_set_name(&timer.handle, "same"));
	ck_ok(rota_handle_set_name(
		&timer.handle, rota_handle_name(&timer.handle)));
	ck_assert_str_eq(rota_handle_name(&timer.handle), "same");
	close_all();
}

LOOP_TEST(a_closed_handle_made_anew_has_no_name)
{
	struct rota_timer timer;

	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_handle_set_name(&timer.handle, "old"));
	close_all();
	ck_assert_ptr_null(rota_handle_name(&timer.handle));
	ck_ok(rota_timer_init(loop, &timer));
	ck_assert_ptr_null(rota_handle_name(&timer.handle));
	close_all();
}

START_TEST(sizes_are_told_by_name)
{
	const size_t sizes[N_KINDS] = { sizeof(struct rota_hook),
		sizeof(struct rota_hook), sizeof(struct rota_hook),
		sizeof(struct rota_timer), sizeof(struct rota_io),
		sizeof(struct rota_signal), sizeof(struct rota_wake),
		sizeof(struct rota_tcp) };

	(void)_i;
	for (int kind = 0; kind < N_KINDS; kind++)
		ck_assert_uint_eq(
			rota_handle_size(kind_names[kind]), sizes[kind]);
	ck_assert_uint_eq(rota_handle_size("nonsense"), 0);
	ck_assert_uint_eq(rota_handle_size(""), 0);
	ck_assert_uint_eq(rota_handle_size(NULL), 0);
}
END_TEST

static void
keep_type(const struct rota_culprit *culprit, void *data)
{
	(void)snprintf(data, 32, "%s", culprit->type);
}

static void
ck_type_name(enum kind kind, union any *any)
{
	char type[32];

	(void)any;
	ck_err(rota_loop_why_alive(loop, keep_type, type), 1);
	ck_assert_str_eq(type, kind_names[kind]);
}

LOOP_TEST(a_handle_is_reported_by_the_name_of_its_type)
{
	for_each_kind(ck_type_name);
}

START_TEST(null_is_no_handle)
{
	(void)_i;
	ck_err(rota_handle_has_ref(NULL), 0);
	ck_err(rota_handle_is_active(NULL), 0);
	ck_err(rota_handle_is_closing(NULL), 0);
	ck_assert_ptr_null(rota_handle_name(NULL));
	ck_assert_ptr_null(rota_handle_loop(NULL));
}
END_TEST

/* Types of the program's own ******************************************/

/* Counts down a number of turns, and closes only when told so twice. */
struct countdown {
	struct rota_handle handle;
	int left;
	int is_slow;
};

static int
countdown_close(struct rota_handle *handle)
{
	struct countdown *countdown = (struct countdown *)(void *)handle;

	trace('c');
	return countdown->is_slow;
}

static void
countdown_finish(struct rota_handle *handle)
{
	(void)handle;
	trace('f');
}

static void
countdown_describe(
	const struct rota_handle *handle, char *text, size_t size_bytes)
{
	const struct countdown *countdown =
		(const struct countdown *)(const void *)handle;

	(void)snprintf(text, size_bytes, "%d left", countdown->left);
}

static const struct rota_handle_type countdown_type = {
	.name = "countdown",
	.size = sizeof(struct countdown),
	.close = countdown_close,
	.finish = countdown_finish,
	.describe = countdown_describe,
};

static const struct rota_handle_type bare_type = {
	.name = "bare",
	.size = sizeof(struct rota_handle),
};

static void
ck_details(const struct rota_culprit *culprit, void *data)
{
	ck_assert_str_eq(culprit->type, "countdown");
	ck_assert_str_eq(culprit->details, data);
	ck_assert_str_eq(culprit->callback, "on_nothing");
	ck_assert_str_eq(culprit->place, "here.c:1");
}

LOOP_TEST(an_own_type_counts_closes_and_is_described)
{
	struct countdown countdown = { .left = 7 };

	countdown.handle.data = "mine";
	ck_ok(rota_handle_init(loop, &countdown.handle, &countdown_type));
	ck_assert_str_eq(countdown.handle.data, "mine");
	ck_err(rota_loop_alive(loop), 0);
	ck_ok(rota_handle_set_active(
		&countdown.handle, 1, "on_nothing\0here.c:1"));
	ck_err(rota_handle_is_active(&countdown.handle), 1);
	ck_err(rota_loop_alive(loop), 1);
	ck_err(rota_loop_why_alive(loop, ck_details, "7 left"), 1);
	ck_ok(rota_handle_set_active(&countdown.handle, 1, NULL));
	ck_err(rota_loop_why_alive(loop, ck_details, "7 left"), 1);
	ck_ok(rota_handle_close(&countdown.handle, on_close));
	ck_trace("c");
	ck_err(rota_handle_is_active(&countdown.handle), 0);
	run_to_the_end();
	ck_trace("cfX");
}

LOOP_TEST(set_active_is_idempotent)
{
	struct rota_handle handle = { 0 };

	ck_ok(rota_handle_init(loop, &handle, &bare_type));
	for (int i = 0; i < 3; i++) {
		ck_ok(rota_handle_set_active(&handle, 1, NULL));
		ck_err(rota_loop_alive(loop), 1);
	}
	for (int i = 0; i < 3; i++) {
		ck_ok(rota_handle_set_active(&handle, 0, NULL));
		ck_err(rota_loop_alive(loop), 0);
	}
	close_all();
}

LOOP_TEST(an_own_type_may_put_its_closing_off)
{
	struct countdown countdown = { .is_slow = 1 };

	ck_ok(rota_handle_init(loop, &countdown.handle, &countdown_type));
	ck_err(rota_handle_closed(&countdown.handle), -EINVAL);
	ck_ok(rota_handle_close(&countdown.handle, on_close));
	for (int i = 0; i < 3; i++)
		ck_err(run_once_checked(ROTA_RUN_NOWAIT), 1);
	ck_trace("c");
	ck_err(rota_handle_is_closing(&countdown.handle), 1);
	ck_err(rota_handle_close(&countdown.handle, NULL), -EALREADY);
	ck_err(rota_loop_close(loop), -EBUSY);
	ck_ok(rota_handle_closed(&countdown.handle));
	ck_trace("c");
	run_to_the_end();
	ck_trace("cfX");
}

/* Someone who says it twice must not have the handle told twice. */
LOOP_TEST(a_closing_put_off_ends_once)
{
	struct countdown countdown = { .is_slow = 1 };

	ck_ok(rota_handle_init(loop, &countdown.handle, &countdown_type));
	ck_ok(rota_handle_close(&countdown.handle, on_close));
	ck_ok(rota_handle_closed(&countdown.handle));
	(void)rota_handle_closed(&countdown.handle);
	ck_ok(rota__loop_check(loop));
	run_to_the_end();
	ck_trace("cfX");
	ck_err(rota_handle_closed(&countdown.handle), -EINVAL);
}

/* Only then may the turn end, even if the timer was due as it began. */
static void
on_timer_let_close(struct rota_timer *timer)
{
	trace('!');
	ck_ok(rota_handle_closed(timer->handle.data));
}

LOOP_TEST(a_closing_put_off_does_not_make_poll_spin)
{
	struct countdown countdown = { .is_slow = 1 };
	uint64_t begin = harness_true_ns();
	struct rota_timer timer;

	ck_ok(rota_handle_init(loop, &countdown.handle, &countdown_type));
	ck_ok(rota_handle_close(&countdown.handle, on_close));
	ck_ok(rota_timer_init(loop, &timer));
	timer.handle.data = &countdown.handle;
	ck_ok(rota_timer_start(
		&timer, 20 * ROTA_MILLISECOND, 0, on_timer_let_close));
	run_once_checked(ROTA_RUN_ONCE);
	ck_assert_uint_ge(harness_true_ns() - begin, 20 * ROTA_MILLISECOND);
	ck_assert_msg(strncmp(trace_text(), "c!", 2) == 0,
		"the turn ended with \"%s\"", trace_text());
	close_all();
	ck_trace("c!fX");
}

LOOP_TEST(an_own_type_without_functions_works)
{
	struct rota_handle handle = { 0 };

	ck_ok(rota_handle_init(loop, &handle, &bare_type));
	ck_ok(rota_handle_set_active(&handle, 1, NULL));
	ck_err(rota_loop_why_alive(loop, NULL, NULL), 1);
	ck_ok(rota_handle_close(&handle, on_close));
	run_to_the_end();
	ck_trace("X");
}

LOOP_TEST(set_active_on_a_closing_handle_is_refused)
{
	struct rota_handle handle = { 0 };

	ck_ok(rota_handle_init(loop, &handle, &bare_type));
	ck_ok(rota_handle_close(&handle, NULL));
	ck_err(rota_handle_set_active(&handle, 1, NULL), -EINVAL);
	ck_err(rota_handle_init(loop, &handle, &bare_type), -EINVAL);
	ck_err(rota_handle_is_closing(&handle), 1);
	run_to_the_end();
}

/* Liveness as a sum ***************************************************/

LOOP_TEST(a_loop_lives_as_long_as_any_of_many_handles)
{
	struct rota_timer timers[5];

	for (int i = 0; i < 5; i++) {
		ck_ok(rota_timer_init(loop, &timers[i]));
		ck_ok(rota_timer_start(&timers[i], UINT64_MAX, 0, on_timer));
	}
	for (int i = 0; i < 5; i++) {
		ck_err(rota_loop_alive(loop), 1);
		if (i % 2 == 0)
			ck_ok(rota_timer_stop(&timers[i]));
		else
			ck_ok(rota_handle_unref(&timers[i].handle));
		ck_ok(rota__loop_check(loop));
	}
	ck_err(rota_loop_alive(loop), 0);
	ck_err(rota_loop_why_alive(loop, NULL, NULL), 5);
	close_all();
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "life");

	tcase_add_loop_test(tc, a_handle_begins_idle_and_referenced);
	tcase_add_loop_test(tc, start_twice_and_stop_twice_count_once);
	tcase_add_loop_test(tc, ref_and_unref_are_idempotent);
	tcase_add_loop_test(tc, unref_is_remembered_while_inactive);
	tcase_add_loop_test(tc, a_loop_lives_as_long_as_any_of_many_handles);

	tc = harness_case(suite, "closing");
	tcase_add_loop_test(tc, a_closing_handle_refuses_all_and_is_told_once);
	tcase_add_loop_test(tc, a_closed_handle_refuses_all_but_init);
	tcase_add_loop_test(tc, a_closed_handle_can_be_made_anew);
	tcase_add_loop_test(
		tc, a_handle_can_be_made_anew_in_its_close_callback);
	tcase_add_loop_test(tc, a_handle_never_started_can_be_closed);
	tcase_add_loop_test(
		tc, nothing_is_called_after_a_close_but_the_close_callback);
	tcase_add_test(tc, a_blank_handle_is_not_closed);

	tc = harness_case(suite, "names");
	tcase_add_loop_test(tc, a_handle_can_be_named);
	tcase_add_loop_test(tc, a_name_can_be_set_to_itself);
	tcase_add_loop_test(tc, a_closed_handle_made_anew_has_no_name);
	tcase_add_test(tc, sizes_are_told_by_name);
	tcase_add_loop_test(tc, a_handle_is_reported_by_the_name_of_its_type);
	tcase_add_test(tc, null_is_no_handle);

	tc = harness_case(suite, "own types");
	tcase_add_loop_test(tc, an_own_type_counts_closes_and_is_described);
	tcase_add_loop_test(tc, set_active_is_idempotent);
	tcase_add_loop_test(tc, an_own_type_may_put_its_closing_off);
	tcase_add_loop_test(tc, a_closing_put_off_ends_once);
	tcase_add_loop_test(tc, a_closing_put_off_does_not_make_poll_spin);
	tcase_add_loop_test(tc, an_own_type_without_functions_works);
	tcase_add_loop_test(tc, set_active_on_a_closing_handle_is_refused);
}

HARNESS_MAIN("handle", add_cases)
