/* SPDX-License-Identifier: MIT */
/*
 * Modes and sizes of terminals, see rota/tty.h; plain.c has them as streams.
 *
 * One signal watcher of the loop's own serves all its terminals: SIGWINCH does
 * not say which has changed, so each is asked.
 */
#include "rota/tty.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "core/handle.h"
#include "core/handles/more.h"
#include "core/ring.h"
#include "core/signals.h"
#include "core/terminals.h"
#include "core/turn.h"

static struct rota__terminal *
terminal_of(const struct rota_stream *tty)
{
	return tty->more == NULL ? NULL : tty->more->terminal;
}

/* Returns 0 for an open stream that is a terminal and still has it. */
static int
check(const struct rota_stream *tty)
{
	if (tty == NULL || !rota__handle_is_open(&tty->handle))
		return -EINVAL;
	if (tty->handle.type != &rota__tty_type)
		return -ENOTTY;
	return tty->watch.fd < 0 ? -ENOTCONN : 0;
}

/* Makes it where it is not there yet; NULL without memory. */
static struct rota__terminal *
make_terminal(struct rota_stream *tty)
{
	struct rota__stream_more *more = rota__stream_more(tty);
	struct rota__terminal *terminal;

	if (more == NULL || more->terminal != NULL)
		return more == NULL ? NULL : more->terminal;
	terminal = rota__realloc(
		&tty->handle.loop->memory, NULL, sizeof(*terminal));
	if (terminal == NULL)
		return NULL;
	memset(terminal, 0, sizeof(*terminal));
	terminal->stream = tty;
	terminal->fd = tty->watch.fd;
	terminal->sys = tty->handle.loop->sys;
	rota__ring_init(&terminal->order);
	more->terminal = terminal;
	return terminal;
}

/* What a mode changes: flags to clear, then flags to set. */
struct change {
	tcflag_t input_off;
	tcflag_t output_off;
	tcflag_t control_off;
	tcflag_t control_on;
	tcflag_t local_off;
	tcflag_t local_on;
	/* A read returns as soon as there is a byte. */
	int is_by_byte;
};

static const struct change changes[] = {
	[ROTA_TTY_NORMAL] = { 0 },
	[ROTA_TTY_NO_ECHO] = {
		.local_off = ECHO,
		.local_on = ECHONL,
	},
	[ROTA_TTY_CBREAK] = {
		.local_off = ICANON | ECHO | ECHONL,
		.is_by_byte = 1,
	},
	[ROTA_TTY_RAW] = {
		.input_off = IGNBRK | BRKINT | PARMRK | INPCK | ISTRIP | INLCR |
			IGNCR | ICRNL | IXON,
		.output_off = OPOST,
		.control_off = CSIZE | PARENB,
		.control_on = CS8,
		.local_off = ICANON | ECHO | ECHONL | ISIG | IEXTEN,
		.is_by_byte = 1,
	},
};

static struct termios
apply(const struct termios *before, const struct change *change)
{
	struct termios termios = *before;

	termios.c_iflag &= ~change->input_off;
	termios.c_oflag &= ~change->output_off;
	termios.c_cflag &= ~change->control_off;
	termios.c_cflag |= change->control_on;
	termios.c_lflag &= ~change->local_off;
	termios.c_lflag |= change->local_on;
	if (change->is_by_byte) {
		termios.c_cc[VMIN] = 1;
		termios.c_cc[VTIME] = 0;
	}
	return termios;
}

static int
set_mode(struct rota__terminal *terminal, enum rota_tty_mode mode)
{
	struct termios termios;
	int was_changed = terminal->is_changed;
	int r = rota__terminals_enter(terminal);

	if (r < 0)
		return r;
	termios = apply(&terminal->before, &changes[mode]);
	r = terminal->sys->set_termios(terminal->fd, &termios);
	if (r < 0 && !was_changed)
		rota__terminals_leave(terminal);
	if (r == 0)
		terminal->mode = mode;
	return r;
}

int
rota_tty_set_mode(struct rota_stream *tty, enum rota_tty_mode mode)
{
	struct rota__terminal *terminal;
	int r = (unsigned)mode > ROTA_TTY_RAW ? -EINVAL : check(tty);

	if (r < 0)
		return r;
	terminal = make_terminal(tty);
	if (terminal == NULL)
		return -ENOMEM;
	if (mode != ROTA_TTY_NORMAL)
		return set_mode(terminal, mode);
	rota__terminals_leave(terminal);
	terminal->mode = mode;
	return 0;
}

int
rota_tty_get_mode(const struct rota_stream *tty)
{
	const struct rota__terminal *terminal;
	int r = check(tty);

	if (r < 0)
		return r;
	terminal = terminal_of(tty);
	return terminal == NULL ? ROTA_TTY_NORMAL : (int)terminal->mode;
}

int
rota_tty_get_size(const struct rota_stream *tty, struct rota_tty_size *ret_size)
{
	unsigned sizes[4];
	int r = ret_size == NULL ? -EINVAL : check(tty);

	if (r == 0)
		r = tty->handle.loop->sys->get_window(tty->watch.fd, sizes);
	if (r < 0)
		return r;
	ret_size->columns = sizes[0];
	ret_size->rows = sizes[1];
	ret_size->width_px = sizes[2];
	ret_size->height_px = sizes[3];
	return 0;
}

int
rota_tty_set_size(struct rota_stream *tty, const struct rota_tty_size *size)
{
	int r = size == NULL ? -EINVAL : check(tty);
	unsigned sizes[4];
	int i;

	if (r < 0)
		return r;
	sizes[0] = size->columns;
	sizes[1] = size->rows;
	sizes[2] = size->width_px;
	sizes[3] = size->height_px;
	for (i = 0; i < 4; i++)
		if (sizes[i] > USHRT_MAX)
			return -EINVAL;
	return tty->handle.loop->sys->set_window(tty->watch.fd, sizes);
}

/* Calls if the size is another than last time. */
static void
tell_size(struct rota_loop *loop, struct rota__terminal *terminal)
{
	struct rota_stream *tty = terminal->stream;
	struct rota_tty_size size;

	if (rota_tty_get_size(tty, &size) < 0 ||
		memcmp(&size, &terminal->size, sizeof(size)) == 0)
		return;
	terminal->size = size;
	rota__before_callback(loop, tty->handle.type->name,
		terminal->resize_place, &tty->handle);
	terminal->resize(tty, &size);
	rota__after_callback(loop);
}

/* What a callback takes out of either ring is not told any more. */
static void
tell_sizes(struct rota_loop *loop)
{
	struct rota_link now;
	struct rota_link *link;

	rota__ring_take_all(&loop->terminals, &now);
	while ((link = rota__ring_take_first(&now)) != NULL) {
		rota__ring_append(&loop->terminals, link);
		tell_size(loop,
			ROTA__CONTAINER(link, struct rota__terminal, order));
	}
}

static void deliver_first(struct rota_loop *loop, struct rota_note *note);

/* After all descriptors, as every signal. */
static void
deliver_last(struct rota_loop *loop, struct rota_note *note)
{
	struct rota_signal_event ignored;

	note->deliver = deliver_first;
	if (rota__note_receive(note) &&
		rota__signals_take(&loop->resizes, &ignored))
		tell_sizes(loop);
}

static void
deliver_first(struct rota_loop *loop, struct rota_note *note)
{
	rota__inbox_put_signal(loop, note, deliver_last);
}

static const struct rota_handle_type resizes_type = {
	.name = "resizes",
	.size = sizeof(struct rota_signal),
};

/* The loop's watcher was all zero until its first use. */
static int
watch_resizes(struct rota_loop *loop)
{
	struct rota_signal *resizes = &loop->resizes;

	if (resizes->signum != 0)
		return 0;
	if (resizes->handle.loop == NULL) {
		rota__handle_init_internal(
			loop, &resizes->handle, &resizes_type);
		resizes->note.deliver = deliver_first;
	}
	return rota__signals_move(resizes, SIGWINCH);
}

static int
start_resize(struct rota__terminal *terminal, rota_tty_resize_fn *fn,
	const char *place)
{
	struct rota_loop *loop = terminal->stream->handle.loop;
	struct rota_tty_size size;
	int r = rota_tty_get_size(terminal->stream, &size);

	if (r == 0)
		r = watch_resizes(loop);
	if (r < 0)
		return r;
	terminal->size = size;
	terminal->resize_place = place;
	if (terminal->resize == NULL) {
		loop->n_resizes++;
		rota__ring_append(&loop->terminals, &terminal->order);
	}
	terminal->resize = fn;
	return 0;
}

static void
stop_resize(struct rota__terminal *terminal)
{
	struct rota_loop *loop = terminal->stream->handle.loop;

	if (terminal->resize == NULL)
		return;
	terminal->resize = NULL;
	rota__ring_remove(&terminal->order);
	if (--loop->n_resizes == 0)
		rota__signals_remove(&loop->resizes);
}

int
rota_tty_on_resize_at(
	struct rota_stream *tty, rota_tty_resize_fn *fn, const char *place)
{
	struct rota__terminal *terminal;
	int r = check(tty);

	if (r < 0)
		return r;
	terminal = fn == NULL ? terminal_of(tty) : make_terminal(tty);
	if (fn != NULL)
		return terminal == NULL ? -ENOMEM :
					  start_resize(terminal, fn, place);
	if (terminal != NULL)
		stop_resize(terminal);
	return 0;
}

void
rota__tty_drop(struct rota_stream *stream)
{
	struct rota__terminal *terminal = terminal_of(stream);

	if (terminal == NULL)
		return;
	stop_resize(terminal);
	rota__terminals_leave(terminal);
	terminal->mode = ROTA_TTY_NORMAL;
}
