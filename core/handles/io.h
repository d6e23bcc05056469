/* SPDX-License-Identifier: MIT */
/* Watchers from inside. */
#ifndef ROTA_CORE_HANDLES_IO_H
#define ROTA_CORE_HANDLES_IO_H

#include "core/handle.h"
#include "core/turn.h"
#include "rota/io.h"

/* In line for the dispatch: of all callbacks this is the most frequent. */
static inline void
rota__io_call(struct rota_loop *loop, struct rota_io *io, unsigned ready)
{
	rota__before_handle(loop, &io->handle);
	io->fn(io, ready);
	rota__after_callback(loop);
}

#endif
