/* SPDX-License-Identifier: MIT */
/*
 * Streams that give their descriptor away, and connections that are accepted
 * by one loop and served by others in their threads.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rota/tcp.h"

#include "tests/harness.h"
#include "tests/net.h"

static struct rota_tcp tcp;

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	(void)data;
	net_trace('R', n < 0 ? (int)n : 0);
}

static void
on_write(struct rota_write *request, int status)
{
	(void)request;
	net_trace('W', status);
}

static void
on_asked(struct rota_read *request, int status)
{
	(void)request;
	net_trace('Q', status);
}

static void
on_connection(struct rota_stream *stream, int status)
{
	(void)stream;
	net_trace('L', status);
}

/* Detaching ***********************************************************/

LOOP_TEST(a_detached_descriptor_is_open_and_the_callers)
{
	int peer = net_open(&tcp);
	int before = rota_stream_fd(&tcp.stream);
	int fd = -1;

	ck_ok(rota_stream_detach(&tcp.stream, &fd));
	ck_assert_int_eq(fd, before);
	ck_assert_int_eq(rota_stream_fd(&tcp.stream), -1);
	net_expect_prepared(fd);
	ck_ok(rota_handle_close(&tcp.stream.handle, NULL));
	run_to_the_end();
	harness_put(peer, 'x');
	net_expect(fd, "x");
	harness_close_pair((int[2]){ fd, peer });
}

LOOP_TEST(a_descriptor_can_be_detached_after_it_was_read)
{
	int peer = net_open(&tcp);
	int fd = -1;

	ck_ok(rota_stream_read_start(&tcp.stream, NULL, on_read));
	harness_put(peer, 'x');
	net_run_until_traced(1);
	ck_err(rota_stream_detach(&tcp.stream, &fd), -EBUSY);
	ck_ok(rota_stream_read_stop(&tcp.stream));
	ck_ok(rota_stream_detach(&tcp.stream, &fd));
	/* The loop hears no more of it, though it is open and ready. */
	harness_put(peer, 'y');
	net_run_for(10 * ROTA_MILLISECOND);
	ck_trace("R");
	ck_ok(rota_tcp_open(&tcp, fd));
	ck_ok(rota_stream_read_start(&tcp.stream, NULL, on_read));
	net_run_until_traced(2);
	ck_assert_int_eq(close(peer), 0);
	close_all();
}

LOOP_TEST(a_stream_at_work_keeps_its_descriptor)
{
	struct iovec buffer = { (void *)(uintptr_t) "x", 1 };
	struct rota_write write;
	struct rota_read read;
	char memory[8];
	int peer = net_open(&tcp);
	int fd = -2;

	ck_ok(rota_stream_write(&tcp.stream, &write, &buffer, 1, on_write));
	/* It has gone out, but that has not been told. */
	ck_err(rota_stream_detach(&tcp.stream, &fd), -EBUSY);
	net_run_until_traced(1);
	ck_ok(rota_stream_read_until(
		&tcp.stream, &read, memory, 8, 'b', on_asked));
	ck_err(rota_stream_detach(&tcp.stream, &fd), -EBUSY);
	ck_assert_int_eq(send(peer, "abc", 3, 0), 3);
	net_run_until_traced(2);
	/* The c was read in advance. */
	ck_err(rota_stream_detach(&tcp.stream, &fd), -EBUSY);
	ck_err(rota_stream_try_read(&tcp.stream, memory, 8), 1);
	ck_assert_int_eq(fd, -2);
	ck_ok(rota_stream_detach(&tcp.stream, &fd));
	harness_close_pair((int[2]){ fd, peer });
	close_all();
}

LOOP_TEST(what_has_no_descriptor_cannot_give_it_away)
{
	int fd = -2;

	ck_err(rota_stream_detach(NULL, &fd), -EINVAL);
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_err(rota_stream_detach(&tcp.stream, &fd), -ENOTCONN);
	ck_err(rota_stream_detach(&tcp.stream, NULL), -EINVAL);
	ck_ok(rota_handle_close(&tcp.stream.handle, NULL));
	ck_err(rota_stream_detach(&tcp.stream, &fd), -EINVAL);
	ck_assert_int_eq(fd, -2);
	close_all();
}

LOOP_TEST(a_listener_keeps_its_descriptor)
{
	int fd;

	net_listen(&tcp, on_connection);
	ck_err(rota_stream_detach(&tcp.stream, &fd), -EBUSY);
	close_all();
}

LOOP_TEST(a_kept_descriptor_is_given_back_as_it_was)
{
	struct rota_stream stream;
	int fds[2];
	int fd = -1;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_ok(rota_stream_open(loop, &stream, fds[0], ROTA_OPEN_KEEP));
	ck_ok(rota_stream_detach(&stream, &fd));
	ck_assert_int_eq(fd, fds[0]);
	ck_assert_int_eq(rota__sys_real.get_flags(fd) & O_NONBLOCK, 0);
	harness_close_pair(fds);
	close_all();
}

/* Handing over ********************************************************/

#define N_WORKERS 4
#define N_GUESTS 200

/* One loop in one thread. Touched by that thread only, until it is joined. */
struct worker {
	struct rota_loop *loop;
	struct rota_wake hold;
	pthread_t thread;
	unsigned n_guests;
	unsigned n_errors;
	char number;
};

struct guest {
	struct rota_tcp tcp;
	struct rota_write write;
	struct worker *worker;
	int fd;
};

static struct worker workers[N_WORKERS];
static unsigned n_handed;

static void
on_guest_closed(struct rota_handle *handle)
{
	free(handle->data);
}

static void
on_answered(struct rota_write *write, int status)
{
	struct guest *guest = write->request.data;

	guest->worker->n_errors += status < 0;
}

/* In the thread of the worker. */
static void
serve(struct rota_loop *of, void *data)
{
	struct guest *guest = data;
	struct worker *worker = guest->worker;
	struct iovec answer = { &worker->number, 1 };
	int r = rota_tcp_init(of, &guest->tcp);

	guest->tcp.stream.handle.data = guest;
	guest->write.request.data = guest;
	if (r == 0)
		r = rota_tcp_open(&guest->tcp, guest->fd);
	if (r == 0)
		r = rota_stream_write(&guest->tcp.stream, &guest->write,
			&answer, 1, on_answered);
	worker->n_errors += r < 0;
	worker->n_guests++;
	(void)rota_stream_close_flushed(&guest->tcp.stream, on_guest_closed);
}

/* In the thread of the listener. */
static void
on_guest(struct rota_stream *listener, int status)
{
	struct guest *guest = calloc(1, sizeof(*guest));

	ck_ok(status);
	ck_ok(rota_tcp_init(loop, &tcp));
	ck_ok(rota_stream_accept(listener, &tcp.stream));
	ck_ok(rota_stream_detach(&tcp.stream, &guest->fd));
	ck_ok(rota_handle_close(&tcp.stream.handle, NULL));
	guest->worker = &workers[n_handed++ % N_WORKERS];
	ck_ok(rota_post(guest->worker->loop, serve, guest));
	trace('L');
}

static void
on_wake(struct rota_wake *wake)
{
	(void)rota_handle_close(&wake->handle, NULL);
}

static void *
work(void *data)
{
	struct worker *worker = data;

	worker->n_errors += rota_loop_run(worker->loop, ROTA_RUN_DEFAULT) != 0;
	return NULL;
}

static void
start_workers(void)
{
	int i;

	for (i = 0; i < N_WORKERS; i++) {
		struct worker *worker = &workers[i];

		memset(worker, 0, sizeof(*worker));
		worker->number = (char)('0' + i);
		worker->loop = harness_make_loop();
		ck_ok(rota_wake_init(worker->loop, &worker->hold, on_wake));
		ck_assert_int_eq(
			pthread_create(&worker->thread, NULL, work, worker), 0);
	}
}

static void
end_workers(void)
{
	int i;

	for (i = 0; i < N_WORKERS; i++) {
		ck_ok(rota_wake_send(&workers[i].hold));
		ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
		ck_ok(rota_loop_close(workers[i].loop));
		ck_assert_uint_eq(workers[i].n_errors, 0);
	}
}

LOOP_TEST(connections_are_shared_among_loops_in_threads)
{
	static struct rota_tcp listener;
	unsigned n = harness_scale(N_GUESTS / N_WORKERS) * N_WORKERS;
	unsigned i;
	char number;
	int fd;

	n_handed = 0;
	start_workers();
	net_listen(&listener, on_guest);
	for (i = 0; i < n; i++) {
		fd = net_knock(&listener);
		trace_reset();
		net_run_until_traced(1);
		ck_assert_int_eq(recv(fd, &number, 1, 0), 1);
		ck_assert_int_eq(number, '0' + (int)(i % N_WORKERS));
		net_expect_end(fd);
		ck_assert_int_eq(close(fd), 0);
	}
	close_all();
	end_workers();
	for (i = 0; i < N_WORKERS; i++)
		ck_assert_uint_eq(workers[i].n_guests, n / N_WORKERS);
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "detach");

	tcase_add_loop_test(tc, a_detached_descriptor_is_open_and_the_callers);
	tcase_add_loop_test(tc, a_descriptor_can_be_detached_after_it_was_read);
	tcase_add_loop_test(tc, a_stream_at_work_keeps_its_descriptor);
	tcase_add_loop_test(tc, what_has_no_descriptor_cannot_give_it_away);
	tcase_add_loop_test(tc, a_listener_keeps_its_descriptor);
	tcase_add_loop_test(tc, a_kept_descriptor_is_given_back_as_it_was);

	tc = harness_case(suite, "handing over");
	tcase_add_loop_test(tc, connections_are_shared_among_loops_in_threads);
}

HARNESS_MAIN("handover", add_cases)
