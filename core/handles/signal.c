/* SPDX-License-Identifier: MIT */
/* Signal handles, see rota/signal.h; core/signals.c has the handler. */
#include "rota/signal.h"

#include <errno.h>
#include <stdio.h>

#include "core/handle.h"
#include "core/ring.h"
#include "core/signals.h"
#include "core/turn.h"

static int
close_signal(struct rota_handle *handle)
{
	struct rota_signal *signal = (struct rota_signal *)handle;

	(void)rota_signal_stop(signal);
	return rota__note_close(&signal->note);
}

static void
describe_signal(const struct rota_handle *handle, char *text, size_t size_bytes)
{
	const struct rota_signal *signal = (const struct rota_signal *)handle;

	(void)snprintf(text, size_bytes, "signal %d", signal->signum);
}

const struct rota_handle_type rota__signal_type = {
	.name = "signal",
	.size = sizeof(struct rota_signal),
	.close = close_signal,
	.describe = describe_signal,
};

static void deliver_first(struct rota_loop *loop, struct rota_note *note);

/* After all descriptors, and all wakes and posts. */
static void
deliver_last(struct rota_loop *loop, struct rota_note *note)
{
	struct rota_signal *signal =
		ROTA__CONTAINER(note, struct rota_signal, note);
	struct rota_signal_event event;

	note->deliver = deliver_first;
	if (!rota__note_receive(note)) {
		(void)rota_handle_closed(&signal->handle);
		return;
	}
	if (!rota_handle_is_active(&signal->handle) ||
		!rota__signals_take(signal, &event))
		return;
	event.signum = signal->signum;
	if (signal->is_once)
		(void)rota_signal_stop(signal);
	rota__before_callback(
		loop, "signal", signal->handle.place, &signal->handle);
	signal->fn(signal, &event);
	rota__after_callback(loop);
}

static void
deliver_first(struct rota_loop *loop, struct rota_note *note)
{
	rota__inbox_put_signal(loop, note, deliver_last);
}

static void
make_blank(struct rota_signal *signal)
{
	signal->note.next = NULL;
	signal->note.deliver = deliver_first;
	signal->note.state = ROTA__NOTE_IDLE;
	signal->note.offset = offsetof(struct rota_signal, note);
	signal->next = NULL;
	signal->fn = NULL;
	signal->signum = 0;
	signal->count = 0;
	signal->is_once = 0;
}

int
rota_signal_init(struct rota_loop *loop, struct rota_signal *signal)
{
	if (loop == NULL || signal == NULL)
		return -EINVAL;
	make_blank(signal);
	rota__handle_init(loop, &signal->handle, &rota__signal_type);
	return 0;
}

void
rota__signal_init_internal(struct rota_loop *loop, struct rota_signal *signal)
{
	make_blank(signal);
	rota__handle_init_internal(loop, &signal->handle, &rota__signal_type);
}

static int
start(struct rota_signal *signal, int signum, int is_once, rota_signal_fn *fn,
	const char *place)
{
	int r;

	if (signal == NULL || fn == NULL ||
		!rota__handle_is_open(&signal->handle))
		return -EINVAL;
	if (!rota_handle_is_active(&signal->handle) ||
		signal->signum != signum) {
		r = rota__signals_move(signal, signum);
		if (r < 0)
			return r;
	}
	signal->fn = fn;
	signal->is_once = is_once;
	rota__handle_activate(&signal->handle, place);
	return 0;
}

int
rota_signal_start_at(struct rota_signal *signal, int signum, rota_signal_fn *fn,
	const char *place)
{
	return start(signal, signum, 0, fn, place);
}

int
rota_signal_once_at(struct rota_signal *signal, int signum, rota_signal_fn *fn,
	const char *place)
{
	return start(signal, signum, 1, fn, place);
}

int
rota_signal_stop(struct rota_signal *signal)
{
	if (signal == NULL)
		return -EINVAL;
	if (!rota_handle_is_active(&signal->handle))
		return 0;
	rota__signals_remove(signal);
	rota__handle_deactivate(&signal->handle);
	return 0;
}
