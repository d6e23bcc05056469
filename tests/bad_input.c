/* SPDX-License-Identifier: MIT */
/* What the tests of bad input have in common, see bad_input.h. */
#include <string.h>
#include <unistd.h>

#include "core/loop.h"
#include "tests/bad_input.h"

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

void
ck_remember(const void *object, size_t size_bytes)
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

void
ck_unchanged(const char *call)
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

int
closed_number(void)
{
	int fd = dup(STDERR_FILENO);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
	return fd;
}

void
on_closed(struct rota_handle *handle)
{
	trace('C');
	ck_err(rota_handle_is_closing(handle), 0);
}

void
on_wrongly_closed(struct rota_handle *handle)
{
	(void)handle;
	trace('!');
}

void
on_timer(struct rota_timer *timer)
{
	(void)timer;
	trace('T');
}

void
on_frame(struct rota_frame *frame, const struct rota_frame_event *event)
{
	(void)frame;
	(void)event;
	trace('F');
}

void
on_hook(struct rota_hook *hook)
{
	(void)hook;
	trace('H');
}

void
on_io(struct rota_io *io, unsigned ready)
{
	(void)io;
	(void)ready;
	trace('O');
}

void
on_signal(struct rota_signal *signal, const struct rota_signal_event *event)
{
	(void)signal;
	(void)event;
	trace('S');
}

void
on_process(struct rota_process *process, const struct rota_process_exit *event)
{
	(void)process;
	(void)event;
	trace('P');
}

void
on_wake(struct rota_wake *wake)
{
	(void)wake;
	trace('W');
}

void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	(void)stream;
	(void)n;
	(void)data;
	trace('R');
}

void
on_file(struct rota_file_watch *watch, const struct rota_file_event *event)
{
	(void)watch;
	(void)event;
	trace('F');
}

void
on_datagram(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	(void)udp;
	(void)n;
	(void)data;
	(void)datagram;
	ck_abort_msg("a datagram was told");
}

const struct rota_handle_type bare_type = {
	.name = "bare",
	.size = sizeof(struct rota_handle),
};

void
on_immediate(struct rota_immediate *immediate)
{
	trace('I');
	ck_refused_for(immediate, rota_immediate_stop(immediate), 0);
}

void
on_written(struct rota_write *write, int status)
{
	(void)write;
	trace(status == 0 ? 'w' : 'x');
}

void
on_datagram_sent(struct rota_send *send, int status)
{
	(void)send;
	trace(status == 0 ? 'u' : 'x');
}

void
on_file_sent(struct rota_send_file *send, int status)
{
	(void)send;
	trace(status == 0 ? 'f' : 'x');
}

void
on_done(struct rota_read *request, int status)
{
	(void)request;
	trace(status == 0 ? 'd' : 'x');
}

void
on_drained(struct rota_stream *stream)
{
	(void)stream;
	trace('D');
}

void
on_shut(struct rota_shutdown *request, int status)
{
	(void)request;
	trace(status == 0 ? 's' : 'x');
}

void
on_connection(struct rota_stream *listener, int status)
{
	(void)listener;
	(void)status;
	trace('L');
}

void
on_connected(struct rota_connect *request, int status)
{
	(void)request;
	trace(status == 0 ? 'c' : 'x');
}

struct sockaddr_storage
loopback(uint16_t port)
{
	struct sockaddr_storage addr;

	ck_ok(rota_address_parse("127.0.0.1", port, &addr));
	return addr;
}

int
open_connection(struct rota_tcp *tcp)
{
	int fds[2];

	harness_tcp_pair(fds);
	memset(tcp, 0, sizeof(*tcp));
	ck_ok(rota_tcp_init(loop, tcp));
	ck_ok(rota_tcp_open(tcp, fds[0]));
	return fds[1];
}

struct sockaddr_storage
open_listener(struct rota_tcp *tcp)
{
	struct sockaddr_storage addr = loopback(0);

	ck_ok(rota_tcp_init(loop, tcp));
	ck_ok(rota_tcp_bind(tcp, (struct sockaddr *)&addr, 0));
	ck_ok(rota_stream_listen(&tcp->stream, 1, on_connection));
	ck_ok(rota_tcp_local_address(tcp, &addr));
	return addr;
}

void
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
