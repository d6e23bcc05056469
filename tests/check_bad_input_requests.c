/* SPDX-License-Identifier: MIT */
/* Mistakes at the door of rota/request.h. */
#include <string.h>
#include <sys/socket.h>

#include "tests/bad_input.h"
#include "tests/harness.h"

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

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "request");

	tcase_add_loop_test(tc, functions_of_requests_want_a_request);
	tcase_add_loop_test(tc, a_request_not_in_flight_refuses_all);
	tcase_add_loop_test(
		tc, a_request_begins_with_all_it_needs_and_an_open_owner);
	tcase_add_loop_test(
		tc, a_request_whose_end_is_decided_is_not_cancelled_again);
}

HARNESS_MAIN("bad_input_requests", add_cases)
