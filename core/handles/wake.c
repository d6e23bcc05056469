/* SPDX-License-Identifier: MIT */
/* Wakes, see rota/wake.h. */
#include "rota/wake.h"

#include <errno.h>

#include "core/handle.h"
#include "core/ring.h"
#include "core/turn.h"

static int
close_wake(struct rota_handle *handle)
{
	struct rota_wake *wake = (struct rota_wake *)handle;

	return rota__note_close(&wake->note);
}

const struct rota_handle_type rota__wake_type = {
	.name = "wake",
	.size = sizeof(struct rota_wake),
	.close = close_wake,
};

static void
deliver_wake(struct rota_loop *loop, struct rota_note *note)
{
	struct rota_wake *wake = ROTA__CONTAINER(note, struct rota_wake, note);

	if (!rota__note_receive(note)) {
		(void)rota_handle_closed(&wake->handle);
		return;
	}
	rota__before_callback(loop, "wake", wake->handle.place, &wake->handle);
	wake->fn(wake);
	rota__after_callback(loop);
}

int
rota_wake_init_at(struct rota_loop *loop, struct rota_wake *wake,
	rota_wake_fn *fn, const char *place)
{
	if (loop == NULL || wake == NULL || fn == NULL)
		return -EINVAL;
	wake->fn = fn;
	wake->note.next = NULL;
	wake->note.deliver = deliver_wake;
	wake->note.state = ROTA__NOTE_IDLE;
	wake->note.offset = offsetof(struct rota_wake, note);
	rota__handle_init(loop, &wake->handle, &rota__wake_type);
	rota__handle_activate(&wake->handle, place);
	return 0;
}

int
rota_wake_send(struct rota_wake *wake)
{
	if (wake == NULL || wake->handle.loop == NULL)
		return -EINVAL;
	return rota__note_send(wake->handle.loop, &wake->note);
}
