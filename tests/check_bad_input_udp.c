/* SPDX-License-Identifier: MIT */
/* Mistakes at the door of rota/udp.h. */
#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/bad_input.h"
#include "tests/harness.h"

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

static void
add_cases(Suite *suite)
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

HARNESS_MAIN("bad_input_udp", add_cases)
