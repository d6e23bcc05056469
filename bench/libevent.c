/* SPDX-License-Identifier: MIT */
/* libevent; connections are its bufferevents. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <event2/thread.h>
#include <string.h>

#include "bench/raw.h"

/* Without ONCE it goes on while there is something to do. */
#define ONE_TURN (EVLOOP_ONCE | EVLOOP_NONBLOCK)

static void
must(int r, const char *what)
{
	if (r < 0)
		die("libevent: %s fails", what);
}

static void *
loop_open(const char *backend)
{
	static const char *const all[] = { "epoll", "kqueue", "poll", "select",
		"devpoll", "evport" };
	struct event_config *config = event_config_new();

	if (backend)
		for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++)
			if (strcmp(all[i], backend) != 0)
				(void)event_config_avoid_method(config, all[i]);
	return event_base_new_with_config(config);
}

static const char *
loop_backend(void *loop)
{
	return event_base_get_method(loop);
}

static void
loop_run(void *loop)
{
	(void)event_base_loop(loop, EVLOOP_NO_EXIT_ON_EMPTY);
}

static void
loop_stop(void *loop)
{
	(void)event_base_loopbreak(loop);
}

static void
loop_turns(void *loop, unsigned long n)
{
	while (n-- > 0)
		(void)event_base_loop(loop, ONE_TURN);
}

/* Watching. */

struct watcher {
	struct event event;
	struct ring *ring;
	unsigned i;
	/* For the writing side, which is an event of its own. */
	struct event writer;
};

static struct watcher *watchers;

static void
on_readable(evutil_socket_t fd, short events, void *data)
{
	struct watcher *watcher = data;

	(void)fd;
	(void)events;
	ring_pass(watcher->ring, watcher->i);
}

static void
loop_ring(void *loop, struct ring *ring)
{
	watchers = get_memory(ring->n, sizeof(*watchers));
	for (unsigned i = 0; i < ring->n; i++) {
		watchers[i].ring = ring;
		watchers[i].i = i;
		must(event_assign(&watchers[i].event, loop, ring->fds[i][0],
			     EV_READ | EV_PERSIST, on_readable, &watchers[i]),
			"event");
		must(event_assign(&watchers[i].writer, loop, ring->fds[i][0],
			     EV_WRITE | EV_PERSIST, on_readable, &watchers[i]),
			"event");
		must(event_add(&watchers[i].event, NULL), "event");
	}
}

static void
loop_toggle(void *loop, struct ring *ring, unsigned long n_rounds)
{
	for (; n_rounds > 0; n_rounds--) {
		for (unsigned i = 0; i < ring->n; i++) {
			(void)event_add(&watchers[i].writer, NULL);
			(void)event_del(&watchers[i].writer);
		}
		(void)event_base_loop(loop, ONE_TURN);
	}
}

/* Turns. */

static void
on_zero(evutil_socket_t fd, short events, void *data)
{
	static const struct timeval zero = { 0, 0 };

	(void)fd;
	(void)events;
	(void)event_add(data, &zero);
}

static int
loop_keep_busy(void *loop, enum turn_kind kind)
{
	static const struct timeval now = { 0, 0 };
	static struct event zero;

	if (kind == TURN_TIMER) {
		must(evtimer_assign(&zero, loop, on_zero, &zero), "timer");
		must(event_add(&zero, &now), "timer");
	}
	return kind == TURN_TIMER || kind == TURN_EMPTY;
}

/* Timers. */

static struct timeval
timeval_of(uint64_t ns)
{
	uint64_t us = (ns + 999) / 1000;

	return (struct timeval){ .tv_sec = (time_t)(us / 1000000),
		.tv_usec = (suseconds_t)(us % 1000000) };
}

static void
on_timer(evutil_socket_t fd, short events, void *data)
{
	(void)fd;
	(void)events;
	timers_fired(data);
}

static void
timers_make(void *loop, struct timers *timers)
{
	struct event *own = get_memory(timers->n, sizeof(*own));

	for (unsigned i = 0; i < timers->n; i++)
		must(evtimer_assign(&own[i], loop, on_timer, timers), "timer");
	timers->own = own;
}

static void
timers_arm(void *loop, struct timers *timers)
{
	struct event *own = timers->own;

	(void)loop;
	for (unsigned i = 0; i < timers->n; i++) {
		struct timeval delay = timeval_of(timers->delays_ns[i]);

		(void)event_add(&own[i], &delay);
	}
}

/* All have the same delay, for which it has a faster way. */
static const struct timeval *common;

static void
timers_idle(void *loop, struct timers *timers, uint64_t delay_ns)
{
	struct event *own = timers->own;
	struct timeval delay = timeval_of(delay_ns);

	common = event_base_init_common_timeout(loop, &delay);
	for (unsigned i = 0; i < timers->n; i++)
		(void)event_add(&own[i], common);
}

static void
timers_again(void *loop, struct timers *timers, unsigned long n)
{
	struct event *own = timers->own;

	(void)loop;
	for (unsigned i = 0; n > 0; n--) {
		(void)event_add(&own[i], common);
		i = timers_next(timers, i);
	}
}

static void
timers_restart(void *loop, struct timers *timers, unsigned long n)
{
	struct event *own = timers->own;

	(void)loop;
	for (unsigned i = 0; n > 0; n--) {
		struct timeval delay = timeval_of(timers->delays_ns[i]);

		(void)event_del(&own[i]);
		(void)event_add(&own[i], &delay);
		i = timers_next(timers, i);
	}
}

struct late_timer {
	struct event event;
	struct late *late;
};

static void
late_start(struct late_timer *timer)
{
	struct timeval delay = timeval_of(timer->late->delay_ns);

	timer->late->due_ns = clock_ns() + timer->late->delay_ns;
	(void)event_base_update_cache_time(event_get_base(&timer->event));
	must(event_add(&timer->event, &delay), "timer");
}

static void
on_late(evutil_socket_t fd, short events, void *data)
{
	struct late_timer *timer = data;

	(void)fd;
	(void)events;
	timer->late->fired(timer->late);
	late_start(timer);
}

static void
loop_late(void *loop, struct late *late)
{
	static struct late_timer timer;

	timer.late = late;
	must(evtimer_assign(&timer.event, loop, on_late, &timer), "timer");
	late_start(&timer);
}

/* Bells: an event made active by another thread. */

static void
on_bell(evutil_socket_t fd, short events, void *data)
{
	struct bell *bell = data;

	(void)fd;
	(void)events;
	bell->rung(bell);
}

static void
bell_make(void *loop, struct bell *bell)
{
	bell->loop = loop;
	bell->own = event_new(loop, -1, EV_PERSIST, on_bell, bell);
	if (!bell->own)
		die("libevent: no event");
}

static void
bell_ring(struct bell *bell)
{
	event_active(bell->own, EV_READ, 0);
}

static void
prepare_threads(void)
{
	must(evthread_use_pthreads(), "threads");
}

/* Connections. A reply counts when it is out, not when it is queued. */

struct connection {
	struct echo *echo;
	size_t n_queued;
};

static void
on_read(struct bufferevent *bev, void *data)
{
	struct connection *connection = data;
	struct evbuffer *input = bufferevent_get_input(bev);

	connection->n_queued += evbuffer_get_length(input);
	(void)bufferevent_write_buffer(bev, input);
}

static void
on_read_pieces(struct bufferevent *bev, void *data)
{
	struct connection *connection = data;
	char bytes[4096];
	size_t n = bufferevent_read(bev, bytes, sizeof(bytes));
	size_t size = n / connection->echo->pieces;

	connection->n_queued += n;
	for (size_t at = 0; at < n; at += size)
		(void)bufferevent_write(bev, bytes + at, size);
}

static void
on_written(struct bufferevent *bev, void *data)
{
	struct connection *connection = data;
	size_t n = connection->n_queued;

	(void)bev;
	connection->n_queued = 0;
	if (n > 0)
		echo_done(connection->echo, n);
}

static void
on_event(struct bufferevent *bev, short events, void *data)
{
	(void)data;
	if (events & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		bufferevent_free(bev);
}

static void
loop_echo(void *loop, struct echo *echo)
{
	struct connection *all = get_memory(echo->n, sizeof(*all));

	for (unsigned i = 0; i < echo->n; i++) {
		struct bufferevent *bev = bufferevent_socket_new(
			loop, echo->fds[i], BEV_OPT_CLOSE_ON_FREE);

		if (!bev)
			die("libevent: no bufferevent");
		all[i].echo = echo;
		bufferevent_setcb(bev,
			echo->pieces > 1 ? on_read_pieces : on_read, on_written,
			on_event, &all[i]);
		must(bufferevent_enable(bev, EV_READ), "read");
	}
}

/* Connections that come and go. */

/* Closed here: BEV_OPT_CLOSE_ON_FREE would put it off to the next turn. */
static void
end_guest(struct bufferevent *bev, struct churn *churn)
{
	evutil_socket_t fd = bufferevent_getfd(bev);

	bufferevent_free(bev);
	(void)evutil_closesocket(fd);
	churn_done(churn);
}

static void
on_guest_event(struct bufferevent *bev, short events, void *data)
{
	(void)events;
	end_guest(bev, data);
}

static void
on_answered(struct bufferevent *bev, void *data)
{
	end_guest(bev, data);
}

static void
on_question(struct bufferevent *bev, void *data)
{
	/* Not set before, since it is also told when nothing was queued. */
	bufferevent_setcb(bev, NULL, on_answered, on_guest_event, data);
	(void)bufferevent_write_buffer(bev, bufferevent_get_input(bev));
}

static void
on_guest(struct evconnlistener *listener, evutil_socket_t fd,
	struct sockaddr *addr, int size, void *data)
{
	struct bufferevent *bev = bufferevent_socket_new(
		evconnlistener_get_base(listener), fd, 0);

	(void)addr;
	(void)size;
	if (!bev)
		die("libevent: no bufferevent");
	bufferevent_setcb(bev, on_question, NULL, on_guest_event, data);
	must(bufferevent_enable(bev, EV_READ), "read");
}

static void
loop_churn(void *loop, struct churn *churn)
{
	if (!evconnlistener_new(loop, on_guest, churn, 0, 0, churn->fd))
		die("libevent: no listener");
}

/* Datagrams, one by one, as its users do. */

static void
on_datagrams(evutil_socket_t fd, short events, void *data)
{
	(void)fd;
	(void)events;
	for (unsigned i = 0; i < MAX_DATAGRAMS; i++)
		if (raw_send_one_back(data) < 0)
			return;
}

static void
loop_datagrams(void *loop, struct datagrams *datagrams)
{
	static struct event event;

	must(event_assign(&event, loop, datagrams->fd, EV_READ | EV_PERSIST,
		     on_datagrams, datagrams),
		"event");
	must(event_add(&event, NULL), "event");
}

const struct subject subject_libevent = {
	.name = "libevent",
	.is_peer = 1,
	.version = event_get_version,
	.use_threads = prepare_threads,
	.open = loop_open,
	.backend = loop_backend,
	.run = loop_run,
	.stop = loop_stop,
	.turns = loop_turns,
	.ring = loop_ring,
	.toggle = loop_toggle,
	.keep_busy = loop_keep_busy,
	.timers_make = timers_make,
	.timers_arm = timers_arm,
	.timers_idle = timers_idle,
	.timers_again = timers_again,
	.timers_restart = timers_restart,
	.late = loop_late,
	.bell_make = bell_make,
	.bell_ring = bell_ring,
	.echo = loop_echo,
	.churn = loop_churn,
	.datagrams = loop_datagrams,
};
