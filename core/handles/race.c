/* SPDX-License-Identifier: MIT */
/*
 * Connecting to the first of several addresses that answers, RFC 8305:
 *
 *	waiting --- begun ---+--- connected: wins, all others are closed
 *	                     +--- failed: the next one begins at once
 *
 * A new attempt begins when the last one has failed or the delay has passed,
 * and those before go on. IPv6 and IPv4 take turns.
 */
#include "core/handles/race.h"

#include <errno.h>
#include <string.h>

#include "core/address.h"
#include "core/clock.h"
#include "core/handle.h"
#include "core/handles/socket.h"
#include "core/handles/stream.h"
#include "core/queue.h"
#include "core/request.h"
#include "core/ring.h"
#include "rota/tcp.h"

/* RFC 8305, section 5: recommended. */
#define DELAY_NS (250 * ROTA_MILLISECOND)

#define MAX_ADDRESSES 1024

/* Begins as a rota__watcher; its descriptor is -1 unless it is on its way. */
struct attempt {
	struct rota_handle handle;
	struct rota_watch watch;
	struct rota__race *race;
	union rota__address addr;
	socklen_t len;
	int is_begun;
};

_Static_assert(offsetof(struct attempt, watch) ==
		offsetof(struct rota__watcher, watch),
	"an attempt begins as a rota__watcher");

struct rota__race {
	struct rota_stream *stream;
	/* Set while an attempt is on its way and another one waits. */
	struct rota_alarm alarm;
	uint64_t delay_ns;
	/* The most useful error so far. */
	int error;
	/* Of the last attempt begun. */
	int family;
	unsigned n;
	unsigned n_begun;
	unsigned n_on_their_way;
	struct attempt attempts[];
};

static void go_on(struct rota__race *race);

static struct rota__race *
race_of(const struct rota_stream *stream)
{
	struct rota_request *request = rota__queue_undecided(&stream->writing);

	return ((struct rota_connect_any *)request)->race;
}

static void
drop(struct attempt *attempt)
{
	struct rota_loop *loop = attempt->race->stream->handle.loop;

	if (attempt->watch.fd < 0)
		return;
	rota__watch_forget(loop, &attempt->watch, 1);
	(void)loop->sys->close(attempt->watch.fd);
	attempt->watch.fd = -1;
}

void
rota__race_end(struct rota_stream *stream)
{
	struct rota__race *race = race_of(stream);
	struct rota_loop *loop = stream->handle.loop;
	unsigned i;

	for (i = 0; i < race->n; i++)
		drop(&race->attempts[i]);
	rota__heap_release(&loop->heap, &race->alarm);
	rota__free(&loop->memory, race);
	stream->handle.state &= ~(uint32_t)ROTA__STREAM_RACING;
}

static void
win(struct attempt *attempt)
{
	struct rota_stream *stream = attempt->race->stream;
	int fd = attempt->watch.fd;

	/* It lives on, watched by the stream. */
	rota__watch_forget(stream->handle.loop, &attempt->watch, 0);
	attempt->watch.fd = -1;
	rota__race_end(stream);
	rota__stream_adopt(stream, fd, 0);
	rota__stream_decide_connect(stream, 0);
}

/* That there is no way says less than what somebody on the way has said. */
static int
says_little(int error)
{
	return error == 0 || error == -EAFNOSUPPORT ||
		error == -EPROTONOSUPPORT || error == -EADDRNOTAVAIL ||
		error == -ENETUNREACH || error == -EHOSTUNREACH ||
		error == -ENETDOWN || error == -EINVAL;
}

static void
note_error(struct rota__race *race, int error)
{
	if (!says_little(error) || says_little(race->error))
		race->error = error;
}

static void
attempt_ready(struct rota_handle *handle, unsigned ready)
{
	struct attempt *attempt = (struct attempt *)handle;
	struct rota__race *race = attempt->race;
	struct rota_loop *loop = handle->loop;
	int error = 0;
	socklen_t len = sizeof(error);
	int r;

	if (ready & ROTA_FAILED)
		r = loop->fds.error;
	else
		r = loop->sys->getsockopt(
			attempt->watch.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (r == 0 && error == 0) {
		win(attempt);
		return;
	}
	note_error(race, r < 0 ? r : -error);
	drop(attempt);
	race->n_on_their_way--;
	go_on(race);
}

static const struct rota_handle_type attempt_type = {
	.name = "attempt",
	.size = sizeof(struct attempt),
	.ready = attempt_ready,
};

/* 0 if it is connected, -EINPROGRESS, or why it has failed. */
static int
begin(struct attempt *attempt)
{
	struct rota_stream *stream = attempt->race->stream;
	int fd = rota__socket_make(
		stream, attempt->addr.any.sa_family, SOCK_STREAM, IPPROTO_TCP);
	int r;

	if (fd < 0)
		return fd;
	rota__watch_bind(&attempt->watch, fd);
	r = stream->handle.loop->sys->connect(
		fd, &attempt->addr.any, attempt->len);
	if (r != 0 && r != -EINPROGRESS)
		drop(attempt);
	return r;
}

/* The first that waits, of another family than the last one if there is. */
static struct attempt *
choose(struct rota__race *race)
{
	struct attempt *first = NULL;
	unsigned i;

	for (i = 0; i < race->n; i++) {
		struct attempt *attempt = &race->attempts[i];

		if (attempt->is_begun)
			continue;
		if (attempt->addr.any.sa_family != race->family)
			return attempt;
		if (first == NULL)
			first = attempt;
	}
	return first;
}

/* Begins the next attempt. Returns 1 if it is neither on its way nor won. */
static int
try_next(struct rota__race *race, struct attempt *attempt)
{
	int r;

	attempt->is_begun = 1;
	race->n_begun++;
	race->family = attempt->addr.any.sa_family;
	r = begin(attempt);
	if (r == -EINPROGRESS) {
		rota__watch_start(race->stream->handle.loop, &attempt->watch,
			ROTA_WRITABLE);
		race->n_on_their_way++;
		return 0;
	}
	if (r == 0) {
		win(attempt);
		return 0;
	}
	note_error(race, r);
	return 1;
}

static void
lose(struct rota__race *race)
{
	struct rota_stream *stream = race->stream;
	int error = race->error;

	rota__race_end(stream);
	rota__stream_decide_connect(stream, error);
}

static void
go_on(struct rota__race *race)
{
	struct rota_stream *stream = race->stream;
	struct rota_loop *loop = stream->handle.loop;
	struct attempt *next;

	while ((next = choose(race)) != NULL)
		if (!try_next(race, next))
			break;
	if (!(stream->handle.state & ROTA__STREAM_RACING))
		return;
	if (race->n_on_their_way == 0)
		lose(race);
	else if (race->n_begun < race->n)
		rota__heap_start(&loop->heap, &race->alarm,
			rota__clock_add(loop->sys->clock_ns(), race->delay_ns));
	else
		rota__heap_stop(&loop->heap, &race->alarm);
}

void
rota__race_expire(struct rota_loop *loop, struct rota_alarm *alarm)
{
	(void)loop;
	go_on(ROTA__CONTAINER(alarm, struct rota__race, alarm));
}

static int
cancel_race(struct rota_request *request, int status)
{
	struct rota_stream *stream = (struct rota_stream *)request->owner;

	rota__race_end(stream);
	rota__stream_decide_connect(stream, status);
	return 0;
}

static const struct rota_request_type race_type = {
	.name = "connect",
	.size = sizeof(struct rota_connect_any),
	.cancel = cancel_race,
	.tell = rota__socket_tell_connect,
};

/* Copies an address; 0 for one of another family. */
static socklen_t
copy_address(struct attempt *attempt, const struct sockaddr *addr)
{
	attempt->len = rota__address_length(addr);
	memcpy(&attempt->addr, addr, attempt->len);
	return attempt->len;
}

static int
fill(struct rota__race *race, struct rota_stream *stream,
	const struct sockaddr *const *addrs, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		struct attempt *attempt = &race->attempts[i];

		if (copy_address(attempt, addrs[i]) == 0)
			return -EAFNOSUPPORT;
		attempt->race = race;
		attempt->is_begun = 0;
		rota__handle_init_internal(
			stream->handle.loop, &attempt->handle, &attempt_type);
		rota__watch_bind(&attempt->watch, -1);
	}
	race->stream = stream;
	race->n = n;
	race->n_begun = 0;
	race->n_on_their_way = 0;
	race->error = 0;
	race->family = AF_UNSPEC;
	return rota__heap_reserve(&stream->handle.loop->heap, &race->alarm);
}

static int
make_race(struct rota_stream *stream, const struct sockaddr *const *addrs,
	unsigned n, struct rota__race **ret_race)
{
	const struct rota__memory *memory = &stream->handle.loop->memory;
	struct rota__race *race = rota__realloc(
		memory, NULL, sizeof(*race) + n * sizeof(race->attempts[0]));
	int r;

	if (race == NULL)
		return -ENOMEM;
	r = fill(race, stream, addrs, n);
	if (r < 0) {
		rota__free(memory, race);
		return r;
	}
	race->alarm.kind = ROTA__ALARM_RACE;
	*ret_race = race;
	return 0;
}

/* 0 if a race may begin: -EALREADY, -EISCONN. */
static int
check(const struct rota_stream *stream)
{
	if (stream->handle.state & ROTA__STREAM_DIALLED)
		return -EALREADY;
	return stream->watch.fd >= 0 ? -EISCONN : 0;
}

static int
are_there(const struct sockaddr *const *addrs, unsigned n)
{
	if (addrs == NULL || n == 0 || n > MAX_ADDRESSES)
		return 0;
	while (n > 0)
		if (addrs[--n] == NULL)
			return 0;
	return 1;
}

int
rota_tcp_connect_any_at(struct rota_tcp *tcp, struct rota_connect_any *request,
	const struct sockaddr *const *addrs, unsigned n, uint64_t delay_ns,
	rota_connect_fn *fn, const char *place)
{
	struct rota__race *race = NULL;
	struct rota_stream *stream;
	int r;

	if (tcp == NULL || !rota__handle_is_open(&tcp->stream.handle) ||
		request == NULL || fn == NULL || !are_there(addrs, n))
		return -EINVAL;
	stream = &tcp->stream;
	r = check(stream);
	if (r == 0)
		r = make_race(stream, addrs, n, &race);
	if (r < 0)
		return r;
	race->delay_ns = delay_ns == 0 ? DELAY_NS : delay_ns;
	request->race = race;
	request->connect.fn = fn;
	(void)rota_request_begin(
		&stream->handle, &request->connect.request, &race_type, place);
	rota__stream_begin_connect(stream, &request->connect);
	stream->handle.state |= ROTA__STREAM_RACING;
	go_on(race);
	return 0;
}
