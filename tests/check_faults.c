/* SPDX-License-Identifier: MIT */
/* What each failing call does to timers, descriptors, signals and TCP. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults_run.h"

/* Timers **************************************************************/

#define N_TIMERS 24

static struct rota_timer timers[N_TIMERS];

static void
on_timer(struct rota_timer *timer)
{
	now.n_told++;
	ck_ok(rota_handle_close(&timer->handle, NULL));
}

static void
on_beat(struct rota_timer *timer)
{
	unsigned *n_left = timer->handle.data;

	now.n_told++;
	if (--*n_left == 0)
		ck_ok(rota_handle_close(&timer->handle, NULL));
}

static void
start_timer(struct rota_timer *timer, uint64_t delay_ns)
{
	if (note(rota_timer_init(loop, timer)) < 0)
		return;
	ck_ok(rota_timer_start(timer, delay_ns, 0, on_timer));
	now.n_expected++;
}

static void
timers_and_repeats(void)
{
	static struct rota_timer beat;
	unsigned n_left = 3;
	unsigned i;

	beat.handle.data = &n_left;
	if (note(rota_timer_init(loop, &beat)) == 0) {
		ck_ok(rota_timer_start(&beat, 0, MS, on_beat));
		now.n_expected += n_left;
	}
	for (i = 0; i < N_TIMERS; i++)
		start_timer(&timers[i], i % 2 * MS);
	drive(ROTA_RUN_DEFAULT);
}

static void
a_timer_turn_by_turn(void)
{
	start_timer(&timers[0], MS);
	drive(ROTA_RUN_ONCE);
}

/* A loop with nothing left gets one more timer. */
static void
on_before_exit(struct rota_loop *of, void *data)
{
	int *n_left = data;

	ck_assert_ptr_eq(of, loop);
	now.n_told++;
	if ((*n_left)-- > 0)
		start_timer(&timers[1], 0);
}

static void
before_exit(void)
{
	int n_left = 1;

	now.n_expected = 1;
	ck_ok(rota_loop_on_before_exit(loop, on_before_exit, &n_left));
	start_timer(&timers[0], 0);
	drive(ROTA_RUN_DEFAULT);
	ck_ok(rota_loop_on_before_exit(loop, NULL, NULL));
	/* The second time it starts nothing. */
	now.n_expected += n_left < 0;
}

/* Hooks and queues ****************************************************/

#define N_TASKS 40

static void
on_hook(struct rota_hook *hook)
{
	now.n_told++;
	ck_ok(rota_handle_close(&hook->handle, NULL));
}

static void
on_task(struct rota_loop *of, void *data)
{
	ck_assert_ptr_eq(of, loop);
	ck_assert_ptr_null(data);
	now.n_told++;
}

/* In a callback, so that the queues wrap around. */
static void
on_immediate(struct rota_immediate *immediate)
{
	(void)immediate;
	now.n_told++;
	for (unsigned i = 0; i < N_TASKS; i++) {
		now.n_expected += note(rota_tick(loop, on_task, NULL)) == 0;
		now.n_expected += note(rota_microtask(loop, on_task, NULL)) ==
			0;
	}
}

static void
hooks_and_queues(void)
{
	static struct rota_hook hooks[3];
	static struct rota_immediate immediates[3];

	ck_ok(rota_idle_init(loop, &hooks[0]));
	ck_ok(rota_prepare_init(loop, &hooks[1]));
	ck_ok(rota_check_init(loop, &hooks[2]));
	for (int i = 0; i < 3; i++) {
		ck_ok(rota_hook_start(&hooks[i], on_hook));
		ck_ok(rota_immediate_init(loop, &immediates[i]));
		ck_ok(rota_immediate_start(&immediates[i], on_immediate));
		now.n_expected += 2;
		now.n_expected += note(rota_tick(loop, on_task, NULL)) == 0;
	}
	drive(ROTA_RUN_DEFAULT);
}

/* Descriptors *********************************************************/

#define MAX_WATCHERS 100

static struct rota_io ios[MAX_WATCHERS];
static unsigned wishes[MAX_WATCHERS];

/* A watcher that was refused is started again. */
static void
on_io(struct rota_io *io, unsigned ready)
{
	unsigned wish = *(unsigned *)io->handle.data;

	if (ready & ROTA_FAILED) {
		ck_assert_int_lt(note(rota_io_error(io)), 0);
		ck_assert_int_eq(rota_handle_is_active(&io->handle), 0);
		ck_ok(rota_io_start(io, wish, on_io));
		return;
	}
	ck_assert_uint_ne(ready & wish, 0);
	now.n_told++;
	ck_ok(rota_handle_close(&io->handle, NULL));
}

/* Returns 1 if it watches. */
static int
watch(unsigned number, int fd, unsigned wish)
{
	struct rota_io *io = &ios[number];

	wishes[number] = wish;
	io->handle.data = &wishes[number];
	if (note(rota_io_init(loop, io, fd)) < 0)
		return 0;
	ck_ok(rota_io_start(io, wish, on_io));
	now.n_expected++;
	return 1;
}

static void
pipes_with_both_ends(void)
{
	int fds[2];

	for (unsigned i = 0; i < 4; i += 2) {
		keep_pipe(fds);
		harness_put(fds[1], 'x');
		(void)watch(i, fds[0],
			i ? ROTA_READABLE | ROTA_EDGE : ROTA_READABLE);
		(void)watch(i + 1, fds[1], ROTA_WRITABLE);
	}
	drive(ROTA_RUN_DEFAULT);
}

static void
a_file_that_is_always_ready(void)
{
	FILE *file = tmpfile();
	int fd;

	ck_assert_ptr_nonnull(file);
	fd = keep(dup(fileno(file)));
	ck_assert_int_eq(fclose(file), 0);
	(void)watch(0, fd, ROTA_READABLE);
	drive(ROTA_RUN_DEFAULT);
}

/* What some kernels refuse to watch, each in a way of its own. */
static void
what_kernels_refuse(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[2];

	(void)keep(null);
	harness_pipe(fds);
	ck_assert_int_eq(close(fds[0]), 0);
	(void)keep(fds[1]);
	(void)watch(0, fds[1], ROTA_WRITABLE);
	(void)watch(1, null, ROTA_READABLE | ROTA_WRITABLE);
	(void)watch(2, null, ROTA_WRITABLE);
	drive(ROTA_RUN_DEFAULT);
}

/* Beyond what tables and arrays are made for at first. */
static void
many_descriptors(void)
{
	int fds[2];
	int high;

	keep_pipe(fds);
	harness_put(fds[1], 'x');
	for (unsigned i = 0; i < 80; i++) {
		(void)watch(i, keep(dup(fds[0])), ROTA_READABLE);
	}
	/* Where so many are allowed. */
	high = fcntl(fds[0], F_DUPFD, 1100);
	if (high >= 0) {
		(void)keep(high);
		(void)watch(80, high, ROTA_READABLE);
	}
	drive(ROTA_RUN_DEFAULT);
}

/* Once all in the first array of poll are gone, it is full of holes. */
static void
watchers_that_come_and_go(void)
{
	int fds[2];

	keep_pipe(fds);
	harness_put(fds[1], 'x');
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 6; i++)
			(void)watch(i, fds[i % 2],
				i % 2 ? ROTA_WRITABLE : ROTA_READABLE);
		drive(ROTA_RUN_DEFAULT);
	}
}

/* Closes watcher 0, unless it has been told and has closed itself. */
static void
close_first(void)
{
	if (rota_handle_is_closing(&ios[0].handle) ||
		ios[0].handle.loop == NULL)
		return;
	close_one(&ios[0].handle, NULL);
	now.n_told++;
}

/* The old wish may still be on its way to the kernel. */
static void
a_number_used_again(void)
{
	int fds[2];
	int is_watched;

	keep_pipe(fds);
	harness_put(fds[1], 'x');
	is_watched = watch(0, fds[1], ROTA_WRITABLE);
	(void)run_checked(ROTA_RUN_NOWAIT);
	if (is_watched)
		close_first();
	ck_assert_int_eq(dup2(fds[0], fds[1]), fds[1]);
	(void)watch(1, fds[1], ROTA_READABLE);
	drive(ROTA_RUN_DEFAULT);
}

/* Both wishes go to the kernel at once, where it has more to report before. */
static void
a_number_used_again_at_once(void)
{
	int fds[2];
	int old[2];
	int is_watched;

	keep_pipe(fds);
	keep_pipe(old);
	harness_put(fds[1], 'x');
	(void)watch(2, fds[0], ROTA_READABLE);
	(void)note(rota_loop_prepare(loop));
	is_watched = watch(0, old[1], ROTA_WRITABLE);
	(void)note(rota_loop_dispatch(loop));
	if (is_watched)
		close_first();
	ck_assert_int_eq(dup2(fds[0], old[1]), old[1]);
	(void)watch(1, old[1], ROTA_READABLE);
	drive(ROTA_RUN_DEFAULT);
}

static void
on_late_timer(struct rota_timer *timer)
{
	int *fd = timer->handle.data;

	harness_put(*fd, 'x');
	on_timer(timer);
}

/*
 * A descriptor that is closed before its watcher, while a copy lives on: to
 * epoll it reports for ever, until all is made anew.
 */
static void
a_registration_that_is_stale(void)
{
	int old[2];
	int fds[2];
	int is_watched;

	harness_pipe(old);
	(void)keep(old[1]);
	(void)keep(dup(old[0]));
	keep_pipe(fds);
	(void)watch(0, fds[0], ROTA_READABLE);
	is_watched = watch(1, old[0], ROTA_READABLE);
	(void)run_checked(ROTA_RUN_NOWAIT);
	ck_assert_int_eq(close(old[0]), 0);
	if (is_watched) {
		close_one(&ios[1].handle, NULL);
		now.n_expected--;
	}
	harness_put(old[1], 'x');
	timers[0].handle.data = &fds[1];
	if (note(rota_timer_init(loop, &timers[0])) < 0) {
		give_up();
	} else {
		ck_ok(rota_timer_start(&timers[0], 2 * MS, 0, on_late_timer));
		now.n_expected++;
	}
	drive(ROTA_RUN_DEFAULT);
}

/* Other threads and signals *******************************************/

static struct rota_wake wake;
static int go[2];

static void
on_post(struct rota_loop *of, void *data)
{
	ck_assert_ptr_eq(of, loop);
	now.n_told++;
	if (data != NULL)
		ck_ok(rota_handle_close(data, NULL));
}

static void
on_wake(struct rota_wake *rung)
{
	ck_assert_ptr_eq(rung, &wake);
	now.n_told++;
	now.n_expected++;
	harness_put(go[1], 'p');
}

/* Does what it is told to by the letters of a pipe. */
static void *
ring_and_post(void *data)
{
	char letter = '\0';

	(void)data;
	while (letter != 'q') {
		ck_assert_int_eq((int)read(go[0], &letter, 1), 1);
		if (letter == 'w')
			(void)rota_wake_send(&wake);
		if (letter == 'p')
			(void)rota_post(loop, on_post, &wake.handle);
	}
	return NULL;
}

static void
wake_and_post_of_a_thread(void)
{
	pthread_t thread;

	ck_assert_int_eq(pipe(go), 0);
	(void)keep(go[0]);
	(void)keep(go[1]);
	ck_ok(rota_wake_init(loop, &wake, on_wake));
	now.n_expected++;
	ck_assert_int_eq(pthread_create(&thread, NULL, ring_and_post, NULL), 0);
	harness_put(go[1], 'w');
	drive(ROTA_RUN_DEFAULT);
	harness_put(go[1], 'q');
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

/* More than the loop has room for at first. */
static void
many_posts(void)
{
	for (unsigned i = 0; i < 300; i++)
		now.n_expected += note(rota_post(loop, on_post, NULL)) == 0;
	(void)run_checked(ROTA_RUN_NOWAIT);
}

static struct rota_signal signals[2];

static void
on_second_signal(
	struct rota_signal *signal, const struct rota_signal_event *event)
{
	ck_assert_int_eq(event->signum, SIGUSR2);
	now.n_told++;
	ck_ok(rota_handle_close(&signal->handle, NULL));
}

static void
on_first_signal(
	struct rota_signal *signal, const struct rota_signal_event *event)
{
	ck_assert_int_eq(event->signum, SIGUSR1);
	now.n_told++;
	if (note(rota_signal_start(signal, SIGUSR2, on_second_signal)) < 0) {
		ck_ok(rota_handle_close(&signal->handle, NULL));
		return;
	}
	now.n_expected++;
	ck_assert_int_eq(raise(SIGUSR2), 0);
}

static void
on_single_signal(
	struct rota_signal *signal, const struct rota_signal_event *event)
{
	ck_assert_int_eq(event->signum, SIGUSR1);
	now.n_told++;
	ck_ok(rota_handle_close(&signal->handle, NULL));
}

static void
signals_that_move(void)
{
	ck_ok(rota_signal_init(loop, &signals[0]));
	ck_ok(rota_signal_init(loop, &signals[1]));
	if (note(rota_signal_start(&signals[0], SIGUSR1, on_first_signal)) == 0)
		now.n_expected++;
	if (note(rota_signal_once(&signals[1], SIGUSR1, on_single_signal)) == 0)
		now.n_expected++;
	/* Without a watcher it would be the end of us. */
	if (now.n_expected > 0)
		ck_assert_int_eq(raise(SIGUSR1), 0);
	drive(ROTA_RUN_DEFAULT);
}

static void
on_any_signal(struct rota_signal *signal, const struct rota_signal_event *event)
{
	(void)event;
	now.n_told++;
	ck_ok(rota_handle_close(&signal->handle, NULL));
}

/* Where the move fails, the signal that came before it is told. */
static void
a_signal_before_a_move(void)
{
	ck_ok(rota_signal_init(loop, &signals[0]));
	if (note(rota_signal_start(&signals[0], SIGUSR1, on_any_signal)) < 0)
		return;
	now.n_expected++;
	ck_assert_int_eq(raise(SIGUSR1), 0);
	if (note(rota_signal_start(&signals[0], SIGUSR2, on_any_signal)) == 0)
		ck_assert_int_eq(raise(SIGUSR2), 0);
	drive(ROTA_RUN_DEFAULT);
}

/* TCP *****************************************************************/

static char letter_x = 'x';
static struct rota_tcp listener;
static struct rota_tcp client;
static struct rota_tcp server;
static struct rota_connect connect_request;
static struct rota_write writes[3];
static struct rota_shutdown shutdowns[2];

static void
on_write(struct rota_write *request, int status)
{
	(void)request;
	end_request(status);
}

static void
on_shutdown(struct rota_shutdown *request, int status)
{
	(void)request;
	end_request(status);
}

static void
write_to(struct rota_tcp *tcp, struct rota_write *request, void *bytes,
	size_t n_bytes)
{
	struct iovec buffer = { bytes, n_bytes };

	begin_request(
		rota_stream_write(&tcp->stream, request, &buffer, 1, on_write));
}

static void
shut_down(struct rota_tcp *tcp, struct rota_shutdown *request)
{
	begin_request(rota_stream_shutdown(&tcp->stream, request, on_shutdown));
}

/* What comes back, and then the end of it. */
static void
on_echo(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)data;
	if (n != ROTA_EOF && n < 0) {
		(void)note((int)n);
		give_up();
		return;
	}
	now.n_told++;
	if (n > 0) {
		now.n_expected++;
		shut_down(&client, &shutdowns[0]);
	} else {
		ck_ok(rota_handle_close(&stream->handle, NULL));
	}
}

static void
on_request(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)data;
	if (n != ROTA_EOF && n < 0) {
		(void)note((int)n);
		give_up();
		return;
	}
	now.n_told++;
	if (n > 0) {
		now.n_expected++;
		write_to(&server, &writes[1], &letter_x, 1);
	} else {
		ck_ok(rota_handle_close(&stream->handle, NULL));
	}
}

/* A listener goes on by itself after a failure. */
static void
on_connection(struct rota_stream *stream, int status)
{
	int r = note(status);

	if (r < 0)
		return;
	now.n_told++;
	r = note(rota_tcp_init(loop, &server));
	if (r == 0)
		r = note(rota_stream_accept(stream, &server.stream));
	if (r < 0) {
		give_up();
		return;
	}
	now.n_expected++;
	ck_ok(rota_stream_read_start(&server.stream, NULL, on_request));
	ck_ok(rota_handle_close(&stream->handle, NULL));
}

static void
on_connect(struct rota_connect *request, int status)
{
	(void)request;
	end_request(status);
	if (status < 0)
		return;
	now.n_expected += 2;
	(void)note(rota_tcp_set_nodelay(&client, 1));
	write_to(&client, &writes[0], &letter_x, 1);
}

static struct sockaddr *
loopback(void)
{
	static struct sockaddr_storage address;

	ck_ok(rota_address_parse("127.0.0.1", 0, &address));
	return (struct sockaddr *)&address;
}

static int
start_listening(struct sockaddr_storage *ret_address)
{
	int r = note(rota_tcp_init(loop, &listener));

	if (r < 0)
		return r;
	r = note(rota_tcp_bind(&listener, loopback(), 0));
	if (r < 0)
		return r;
	r = note(rota_stream_listen(&listener.stream, 8, on_connection));
	if (r < 0)
		return r;
	return note(rota_tcp_local_address(&listener, ret_address));
}

static void
an_echo_over_tcp(void)
{
	struct sockaddr_storage address;

	if (start_listening(&address) < 0 ||
		note(rota_tcp_init(loop, &client)) < 0)
		return;
	begin_request(rota_tcp_connect(&client, &connect_request,
		(struct sockaddr *)&address, on_connect));
	if (now.n_begun == 0)
		return;
	/* Refused if it has failed at once; then that is told. */
	(void)rota_stream_read_start(&client.stream, NULL, on_echo);
	drive(ROTA_RUN_DEFAULT);
}

/* A pair that is ours until the loop has taken it over. */
static int
open_pair(void)
{
	struct rota_tcp *ends[2] = { &client, &server };
	int fds[2];
	int r = 0;

	harness_tcp_pair(fds);
	for (int i = 0; i < 2; i++) {
		int error = note(rota_tcp_init(loop, ends[i]));

		if (error == 0)
			error = note(rota_tcp_open(ends[i], fds[i]));
		if (error < 0)
			(void)keep(fds[i]);
		r = error < 0 ? error : r;
	}
	return r;
}

static size_t n_received;

static void
on_bytes(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)data;
	if (n > 0) {
		n_received += (size_t)n;
		return;
	}
	if (n == ROTA_EOF)
		now.n_told++;
	else
		(void)note((int)n);
	ck_assert(now.n_errors > 0 || n_received == 120);
	ck_ok(rota_handle_close(&stream->handle, NULL));
	if (!rota_handle_is_closing(&client.stream.handle))
		ck_ok(rota_handle_close(&client.stream.handle, NULL));
	now.has_given_up |= n != ROTA_EOF;
}

static void
writes_in_small_pieces(void)
{
	static char bytes[8];
	static struct iovec buffers[3][5];

	n_received = 0;
	faults.max_send_bytes = 7;
	if (open_pair() < 0)
		return;
	ck_ok(rota_stream_read_start(&server.stream, NULL, on_bytes));
	now.n_expected++;
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned k = 0; k < 5; k++)
			buffers[i][k] = (struct iovec){ bytes, sizeof(bytes) };
		if (!now.has_given_up)
			begin_request(rota_stream_write(&client.stream,
				&writes[i], buffers[i], 5, on_write));
	}
	if (!now.has_given_up)
		shut_down(&client, &shutdowns[0]);
	drive(ROTA_RUN_DEFAULT);
}

static void
on_file_sent(struct rota_send_file *request, int status)
{
	(void)request;
	end_request(status);
}

static void
send_part(struct rota_send_file *request, int fd)
{
	if (!now.has_given_up)
		begin_request(rota_stream_send_file(
			&client.stream, request, fd, 10, 40, on_file_sent));
}

/* One is sent by the kernel, where it can, and the other is copied. */
static void
a_file_among_writes(void)
{
	static struct rota_send_file sends[2];
	static char bytes[50];
	FILE *file = tmpfile();
	int fd;

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, sizeof(bytes), file), sizeof(bytes));
	ck_assert_int_eq(fflush(file), 0);
	fd = keep(dup(fileno(file)));
	ck_assert_int_eq(fclose(file), 0);
	n_received = 0;
	faults.max_send_bytes = 17;
	if (open_pair() < 0)
		return;
	ck_ok(rota_stream_read_start(&server.stream, NULL, on_bytes));
	now.n_expected++;
	write_to(&client, &writes[0], bytes, 20);
	send_part(&sends[0], fd);
	faults.sendfile_error = -EINVAL;
	send_part(&sends[1], fd);
	if (!now.has_given_up)
		write_to(&client, &writes[1], bytes, 20);
	if (!now.has_given_up)
		shut_down(&client, &shutdowns[0]);
	drive(ROTA_RUN_DEFAULT);
}

static void
on_deadline(struct rota_write *request, int status)
{
	(void)request;
	now.n_ended++;
	if (status == 0 || status == -ETIMEDOUT || status == -ECANCELED)
		now.n_told++;
	else
		(void)note(status);
	give_up();
}

/* Fills what the kernel has for the bytes of a stream. */
static void
fill(struct rota_tcp *tcp)
{
	static char bytes[65536];
	const struct iovec buffer = { bytes, sizeof(bytes) };
	ssize_t n;

	do
		n = rota_stream_try_write(&tcp->stream, &buffer, 1);
	while (n > 0);
	if (n != -EAGAIN && n != -ENOBUFS)
		(void)note((int)n);
}

/* Without its deadline it is cancelled. */
static void
a_write_that_hangs(void)
{
	struct iovec buffer = { &letter_x, 1 };
	struct rota_request *request = &writes[0].request;
	int r;

	if (open_pair() < 0)
		return;
	fill(&client);
	begin_request(rota_stream_write(
		&client.stream, &writes[0], &buffer, 1, on_deadline));
	r = rota_request_set_deadline(request, 2 * MS);
	/* It may have been sent after all. */
	if (r != -EALREADY && note(r) < 0)
		(void)rota_request_cancel(request);
	drive(ROTA_RUN_DEFAULT);
}

/* Questions ***********************************************************/

static void
visit(struct rota_handle *handle, void *data)
{
	unsigned *n = data;

	(*n)++;
	(void)note(rota_handle_set_name(handle, "of many"));
}

/* A description that cannot be had is no error. */
static void
names_and_reports(void)
{
	struct rota_loop_time time = { .size = sizeof(time) };
	char text[1024];
	unsigned n = 0;

	(void)note(rota_loop_measure(loop, 1));
	start_timer(&timers[0], 0);
	start_timer(&timers[1], 0);
	if (open_pair() == 0)
		(void)note(rota_handle_set_name(&client.stream.handle, "one"));
	ck_ok(rota_loop_walk(loop, visit, &n));
	ck_assert_int_eq(rota_loop_why_alive(loop, NULL, NULL), (int)n);
	ck_assert_int_ge(rota_loop_why_alive_text(loop, text, sizeof(text)), 0);
	drive(ROTA_RUN_DEFAULT);
	(void)rota_loop_time(loop, &time);
	ck_ok(rota_loop_measure(loop, 0));
}

/* Driven from outside, and by a child *********************************/

static int
wait_outside(void)
{
	struct pollfd fds[16];
	int n = rota_loop_pollfds(loop, fds, 16);
	uint64_t wait_ns = rota_loop_wait_ns(loop);
	int wait_ms = -1;

	ck_assert_int_ge(n, 0);
	ck_assert_int_le(n, 16);
	if (wait_ns != ROTA_FOREVER)
		wait_ms = (int)((wait_ns + MS - 1) / MS);
	return poll(fds, (nfds_t)n, wait_ms);
}

static void
three_steps(void)
{
	unsigned n_turns = 0;
	int fds[2];
	int is_alive = 1;

	keep_pipe(fds);
	harness_put(fds[1], 'x');
	(void)watch(0, fds[0], ROTA_READABLE);
	(void)watch(1, fds[1], ROTA_WRITABLE);
	while (is_alive) {
		ck_assert_uint_lt(n_turns++, MAX_TURNS);
		(void)note(rota_loop_prepare(loop));
		ck_assert_int_ge(wait_outside(), 0);
		is_alive = note(rota_loop_dispatch(loop)) != 0;
		ck_assert_int_eq(rota__loop_check(loop), 0);
	}
}

/* Exactly one call fails: the second time it must succeed. */
static void
live_in_child(const int fds[2], int result_fd)
{
	(void)alarm(MAX_SECONDS);
	if (note(rota_loop_fork(loop)) < 0)
		ck_ok(rota_loop_fork(loop));
	ck_assert_int_eq(rota__loop_check(loop), 0);
	now.n_expected += note(rota_post(loop, on_post, NULL)) == 0;
	harness_put(fds[1], 'x');
	drive(ROTA_RUN_DEFAULT);
	end_loop();
	ck_assert_int_eq(faults.n_blocks, 0);
	ck_assert_int_eq(faults.n_pages, 0);
	ck_assert_int_eq(harness_count_fds(), n_fds_before + (int)n_kept);
	ck_assert_int_eq((int)write(result_fd, &faults, sizeof(faults)),
		(int)sizeof(faults));
	ck_assert_int_eq(
		(int)write(result_fd, &now, sizeof(now)), (int)sizeof(now));
}

/* What the parent still has taken is its own matter. */
static void
go_on_as_the_child_ended(int result_fd)
{
	struct faults before = faults;

	ck_assert_int_eq((int)read(result_fd, &faults, sizeof(faults)),
		(int)sizeof(faults));
	ck_assert_int_eq(
		(int)read(result_fd, &now, sizeof(now)), (int)sizeof(now));
	faults.n_blocks = before.n_blocks;
	faults.n_pages = before.n_pages;
}

static void
run_child(const int fds[2], const int results[2])
{
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		live_in_child(fds, results[1]);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		"the child ended with status 0x%x", (unsigned)status);
}

static void
a_child_after_fork(void)
{
	int fds[2];
	int results[2];

	keep_pipe(fds);
	keep_pipe(results);
	(void)watch(0, fds[0], ROTA_READABLE);
	(void)watch(1, fds[0], ROTA_READABLE);
	start_timer(&timers[0], 2 * MS);
	(void)run_checked(ROTA_RUN_NOWAIT);
	run_child(fds, results);
	go_on_as_the_child_ended(results[0]);
}

/* All of them *********************************************************/

static const struct program programs[] = {
	{ "a child after fork", a_child_after_fork, 1, NULL },
	{ "a file among writes", a_file_among_writes, 0, NULL },
	{ "a file that is always ready", a_file_that_is_always_ready, 1, NULL },
	{ "a number used again", a_number_used_again, 1, NULL },
	{ "a number used again at once", a_number_used_again_at_once, 1, NULL },
	{ "a registration that is stale", a_registration_that_is_stale, 1,
		NULL },
	{ "a signal before a move", a_signal_before_a_move, 1, NULL },
	{ "a timer turn by turn", a_timer_turn_by_turn, 1, NULL },
	{ "a write that hangs", a_write_that_hangs, 0, NULL },
	{ "an echo over TCP", an_echo_over_tcp, 0, NULL },
	{ "before-exit", before_exit, 1, NULL },
	{ "hooks and queues", hooks_and_queues, 1, NULL },
	{ "many descriptors", many_descriptors, 1, NULL },
	{ "many posts", many_posts, 1, NULL },
	{ "names and reports", names_and_reports, 1, NULL },
	{ "pipes with both ends", pipes_with_both_ends, 1, NULL },
	{ "signals that move", signals_that_move, 1, NULL },
	{ "three steps", three_steps, 1, NULL },
	{ "timers and repeats", timers_and_repeats, 1, NULL },
	{ "wake and post of a thread", wake_and_post_of_a_thread, 1, NULL },
	{ "watchers that come and go", watchers_that_come_and_go, 1, NULL },
	{ "what kernels refuse", what_kernels_refuse, 1, NULL },
	{ "writes in small pieces", writes_in_small_pieces, 0, NULL },
};

static void
add_cases(Suite *suite)
{
	faults_run_add(suite, programs, sizeof(programs) / sizeof(programs[0]));
}

HARNESS_MAIN("faults", add_cases)
