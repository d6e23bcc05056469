/* SPDX-License-Identifier: MIT */
/* The resolver's life, see rota/resolver.h and resolver.h. */
#include "core/handles/resolver.h"

#include <ares.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/time.h>

#include "core/clock.h"
#include "core/pending.h"
#include "core/queue.h"
#include "core/ring.h"

_Static_assert(offsetof(struct rota_resolver, pending) ==
		offsetof(struct rota__sender, pending),
	"a rota_resolver begins as a rota__sender");

static struct rota__sender *
sender_of(struct rota_resolver *resolver)
{
	return (struct rota__sender *)resolver;
}

void
rota__resolver_set_alarm(struct rota__resolver *inside)
{
	struct rota_loop *loop = inside->handle->handle.loop;
	struct timeval wait;

	if (ares_timeout(inside->channel, NULL, &wait) == NULL)
		rota__heap_stop(&loop->heap, &inside->alarm);
	else
		rota__heap_start(&loop->heap, &inside->alarm,
			rota__clock_add(loop->sys->clock_ns(),
				(uint64_t)wait.tv_sec * ROTA_SECOND +
					(uint64_t)wait.tv_usec *
						ROTA_MICROSECOND));
}

void
rota__resolver_expire(struct rota_loop *loop, struct rota_alarm *alarm)
{
	struct rota__resolver *inside =
		ROTA__CONTAINER(alarm, struct rota__resolver, alarm);

	(void)loop;
	ares_process_fd(inside->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	rota__resolver_set_alarm(inside);
}

static void
tell_resolver(struct rota_handle *handle)
{
	struct rota_resolver *resolver = (struct rota_resolver *)handle;
	struct rota_request *request;

	while ((request = rota__queue_take_first(&resolver->inside->decided)) !=
		NULL)
		rota__request_tell(request);
}

static void
finish_resolver(struct rota_handle *handle)
{
	struct rota_resolver *resolver = (struct rota_resolver *)handle;

	tell_resolver(handle);
	rota__free(&handle->loop->memory, resolver->inside);
	resolver->inside = NULL;
}

/* c-ares calls back for all that it was asked and has not answered. */
static int
close_resolver(struct rota_handle *handle)
{
	struct rota_resolver *resolver = (struct rota_resolver *)handle;
	struct rota__resolver *inside = resolver->inside;

	ares_destroy(inside->channel);
	inside->channel = NULL;
	rota__heap_release(&handle->loop->heap, &inside->alarm);
	return 0;
}

static void
describe_resolver(
	const struct rota_handle *handle, char *text, size_t size_bytes)
{
	const struct rota__resolver *inside =
		((const struct rota_resolver *)handle)->inside;
	const struct rota_link *link = inside->asks.next;
	unsigned n = 0;

	for (; link != &inside->asks; link = link->next)
		n++;
	(void)snprintf(text, size_bytes, "%u asked", n);
}

static int
visit_requests(
	struct rota_handle *handle, rota_request_visit_fn *visit, void *data)
{
	struct rota__resolver *inside =
		((struct rota_resolver *)handle)->inside;
	struct rota_link *link = inside->asks.next;
	int r = rota__queue_visit(&inside->decided, visit, data);

	for (; r == 0 && link != &inside->asks; link = link->next)
		r = visit(
			ROTA__CONTAINER(link, struct rota__ask, link)->request,
			data);
	return r;
}

const struct rota_handle_type rota__resolver_type = {
	.name = "resolver",
	.size = sizeof(struct rota_resolver),
	.close = close_resolver,
	.finish = finish_resolver,
	.describe = describe_resolver,
	.requests = visit_requests,
	.tell = tell_resolver,
};

static int
are_sound(const struct rota_resolver_options *options)
{
	return options == NULL ||
		(options->size == sizeof(*options) &&
			!(options->flags & ~(unsigned)ROTA_RESOLVER_TCP) &&
			options->tries <= INT_MAX &&
			options->timeout_ns <= INT_MAX * ROTA_MILLISECOND);
}

static int
open_channel(struct rota__resolver *inside,
	const struct rota_resolver_options *options)
{
	static const struct rota_resolver_options usual =
		ROTA_RESOLVER_OPTIONS_INIT;
	struct ares_options wishes = { 0 };
	int mask = ARES_OPT_SOCK_STATE_CB;

	options = options != NULL ? options : &usual;
	wishes.sock_state_cb = rota__resolver_watch;
	wishes.sock_state_cb_data = inside;
	if (options->timeout_ns != 0) {
		wishes.timeout = rota__clock_to_ms(options->timeout_ns);
		mask |= ARES_OPT_TIMEOUTMS;
	}
	if (options->tries != 0) {
		wishes.tries = (int)options->tries;
		mask |= ARES_OPT_TRIES;
	}
	if (options->flags & ROTA_RESOLVER_TCP) {
		wishes.flags = ARES_FLAG_USEVC;
		mask |= ARES_OPT_FLAGS;
	}
	switch (ares_init_options(&inside->channel, &wishes, mask)) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ENOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static int
set_servers(struct rota__resolver *inside, const char *servers)
{
	int status;

	/* It would take no servers at all for a list of servers. */
	if (*servers == '\0')
		return -EINVAL;
	status = ares_set_servers_ports_csv(inside->channel, servers);
	if (status == ARES_SUCCESS)
		return 0;
	return status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
}

/* Everything but the handle. */
static int
open_inside(struct rota_loop *loop, struct rota__resolver *inside,
	const struct rota_resolver_options *options)
{
	int r = rota__heap_reserve(&loop->heap, &inside->alarm);

	if (r < 0)
		return r;
	inside->alarm.kind = ROTA__ALARM_RESOLVER;
	rota__ring_init(&inside->asks);
	rota__ring_init(&inside->sockets);
	rota__queue_init(&inside->decided);
	r = open_channel(inside, options);
	if (r < 0)
		goto fail_release_alarm;
	rota__resolver_take_sockets(inside);
	if (options != NULL && options->servers != NULL)
		r = set_servers(inside, options->servers);
	if (r == 0)
		return 0;
	ares_destroy(inside->channel);

fail_release_alarm:
	rota__heap_release(&loop->heap, &inside->alarm);
	return r;
}

int
rota_resolver_init(struct rota_loop *loop, struct rota_resolver *resolver,
	const struct rota_resolver_options *options)
{
	struct rota__resolver *inside;
	int r;

	if (loop == NULL || resolver == NULL || !are_sound(options))
		return -EINVAL;
	inside = rota__realloc(&loop->memory, NULL, sizeof(*inside));
	if (inside == NULL)
		return -ENOMEM;
	inside->handle = resolver;
	r = open_inside(loop, inside, options);
	if (r < 0) {
		rota__free(&loop->memory, inside);
		return r;
	}
	resolver->inside = inside;
	rota__watch_bind(&resolver->watch, -1);
	rota__handle_init(loop, &resolver->handle, &rota__resolver_type);
	rota__sender_init(sender_of(resolver));
	return 0;
}

const char *
rota_resolver_version(void)
{
	return ares_version(NULL);
}
