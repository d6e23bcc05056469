/* SPDX-License-Identifier: MIT */
/*
 * What terminals need more than other streams, and the table of those whose
 * mode this process has changed. A mode outlives the process, and whoever puts
 * it back from a signal handler or at exit knows no stream: hence one table
 * for all loops. docs/decisions/ says why.
 */
#ifndef ROTA_CORE_TERMINALS_H
#define ROTA_CORE_TERMINALS_H

#include <termios.h>

#include "core/loop.h"
#include "rota/tty.h"

/* Of the table are: next, is_changed, fd, device, sys and before. */
struct rota__terminal {
	struct rota__terminal *next;
	int is_changed;
	int fd;
	dev_t device;
	const struct rota_sys *sys;
	struct termios before;

	struct rota_stream *stream;
	enum rota_tty_mode mode;
	/* In loop->terminals while resize is set. */
	struct rota_link order;
	rota_tty_resize_fn *resize;
	const char *resize_place;
	struct rota_tty_size size;
};

/*
 * Puts a terminal into the table, with how it is now, or was before another
 * stream changed it. Returns 0, also if it is in, or a negative errno.
 */
int rota__terminals_enter(struct rota__terminal *terminal);

/* Takes it out if it is in; the last one of a device puts it back. */
void rota__terminals_leave(struct rota__terminal *terminal);

/* In a child: no other thread can be in the table any more. */
void rota__terminals_fork(void);

/* The descriptor of a terminal is about to be closed. */
void rota__tty_drop(struct rota_stream *stream);

#endif
