/* SPDX-License-Identifier: MIT */
/* Watchers of the program's own descriptors, see rota/io.h. */
#include "rota/io.h"

#include <errno.h>
#include <stdio.h>

#include "core/handle.h"
#include "core/handles/io.h"

#define WISHES (ROTA_READABLE | ROTA_WRITABLE | ROTA_PRIORITY | ROTA_HANGUP)

_Static_assert(offsetof(struct rota_io, watch) ==
		offsetof(struct rota__watcher, watch),
	"a rota_io begins as a rota__watcher");

static int
close_io(struct rota_handle *handle)
{
	struct rota_io *io = (struct rota_io *)handle;

	rota__watch_forget(handle->loop, &io->watch, 0);
	io->watch.fd = -1;
	return 0;
}

static void
describe_io(const struct rota_handle *handle, char *text, size_t size_bytes)
{
	const struct rota_io *io = (const struct rota_io *)handle;

	(void)snprintf(text, size_bytes, "fd %d", io->watch.fd);
}

/* By way of the table only if the kernel refuses to watch. */
static void
io_ready(struct rota_handle *handle, unsigned ready)
{
	struct rota_io *io = (struct rota_io *)handle;
	struct rota_loop *loop = handle->loop;

	if (ready & ROTA_FAILED) {
		io->error = loop->fds.error;
		rota__handle_deactivate(handle);
	}
	rota__io_call(loop, io, ready);
}

const struct rota_handle_type rota__io_type = {
	.name = "io",
	.size = sizeof(struct rota_io),
	.close = close_io,
	.describe = describe_io,
	.ready = io_ready,
};

/* Asks the kernel whether fd is open, and makes room for it in the table. */
static int
admit(struct rota_loop *loop, int fd)
{
	if (fd < 0 || loop->sys->get_flags(fd) == -EBADF)
		return -EBADF;
	return rota__fds_reserve(loop, fd);
}

int
rota_io_init(struct rota_loop *loop, struct rota_io *io, int fd)
{
	int r;

	if (loop == NULL || io == NULL)
		return -EINVAL;
	r = admit(loop, fd);
	if (r < 0)
		return r;
	io->fn = NULL;
	io->error = 0;
	io->spare = 0;
	rota__watch_bind(&io->watch, fd);
	rota__handle_init(loop, &io->handle, &rota__io_type);
	return 0;
}

int
rota_io_start_at(
	struct rota_io *io, unsigned events, rota_io_fn *fn, const char *place)
{
	if (io == NULL || fn == NULL || !rota__handle_is_open(&io->handle) ||
		(events & WISHES) == 0 ||
		(events & ~(unsigned)(WISHES | ROTA_EDGE)) != 0)
		return -EINVAL;
	io->fn = fn;
	io->error = 0;
	rota__handle_activate(&io->handle, place);
	rota__watch_start(io->handle.loop, &io->watch, events);
	return 0;
}

int
rota_io_stop(struct rota_io *io)
{
	if (io == NULL)
		return -EINVAL;
	if (!rota_handle_is_active(&io->handle))
		return 0;
	rota__watch_stop(io->handle.loop, &io->watch);
	rota__handle_deactivate(&io->handle);
	return 0;
}

int
rota_io_rebind(struct rota_io *io, int fd)
{
	struct rota_loop *loop;
	unsigned events;
	int r;

	if (io == NULL || !rota__handle_is_open(&io->handle))
		return -EINVAL;
	loop = io->handle.loop;
	r = admit(loop, fd);
	if (r < 0)
		return r;
	events = io->watch.wanted;
	rota__watch_forget(loop, &io->watch, 0);
	rota__watch_bind(&io->watch, fd);
	if (rota_handle_is_active(&io->handle))
		rota__watch_start(loop, &io->watch, events);
	return 0;
}

int
rota_io_fd(const struct rota_io *io)
{
	return io == NULL || !(io->handle.flags & ROTA__OPEN) ? -1 :
								io->watch.fd;
}

unsigned
rota_io_events(const struct rota_io *io)
{
	return io == NULL ? 0 : io->watch.wanted;
}

int
rota_io_error(const struct rota_io *io)
{
	return io == NULL ? 0 : io->error;
}
