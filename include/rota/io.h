/* SPDX-License-Identifier: MIT */
/*
 * Watching descriptors that the program reads and writes itself. Anything
 * that poll(2) accepts works on every backend; regular files and /dev/null
 * are always ready. Several watchers may share one descriptor.
 */
#ifndef ROTA_IO_H
#define ROTA_IO_H

#include <rota/handle.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_io;

enum rota_io_event {
	/* A read would not block: data, end of file, or an error. */
	ROTA_READABLE = 1 << 0,
	/* A write would not block: room, or an error. */
	ROTA_WRITABLE = 1 << 1,
	/* Urgent data, where the backend can tell. */
	ROTA_PRIORITY = 1 << 2,
	/*
	 * The peer will send no more. Ask for it to hear of it without
	 * reading; it comes unasked when the descriptor is dead and none of
	 * the wishes could say so. A backend that cannot tell reports it only
	 * then.
	 */
	ROTA_HANGUP = 1 << 3,
	/*
	 * Only told, never asked for: the kernel refused to watch the
	 * descriptor (it was closed, say). The watcher has been stopped;
	 * rota_io_error() tells why.
	 */
	ROTA_FAILED = 1 << 4,
	/*
	 * Only asked for: tell of each change once, not as long as it
	 * lasts. Where the backend lacks it (ROTA_BACKEND_EDGE) the watcher
	 * is told as long as it lasts, so drain to EAGAIN in any case. Edge
	 * and level watchers on one descriptor are all told as levels.
	 */
	ROTA_EDGE = 1 << 5
};

typedef void rota_io_fn(struct rota_io *io, unsigned ready);

struct rota_io {
	struct rota_handle handle;

	/* Private from here on. */
	struct rota_watch watch;
	rota_io_fn *fn;
	int error;
	int spare;
};

/*
 * Makes a blank watcher an idle one for fd. The descriptor stays the
 * program's: rota neither closes it nor changes its flags.
 *
 * errors: -EINVAL loop or io is NULL; -EBADF fd is not open; -ENOMEM. The
 *	watcher is still blank.
 * when: the loop's thread.
 */
ROTA_API int rota_io_init(struct rota_loop *loop, struct rota_io *io, int fd);

/*
 * Starts watching, or changes what is watched for. Nothing is told to the
 * kernel before the loop waits, so a stop and a start within one turn cost
 * no system call.
 *
 * unit: events is an or of READABLE, WRITABLE, PRIORITY, HANGUP and EDGE;
 *	at least one besides EDGE.
 * errors: -EINVAL io or fn is NULL, events has other bits or no wish, or
 *	the watcher is closing or closed; nothing changes.
 * when: the loop's thread.
 */
ROTA_API int rota_io_start_at(
	struct rota_io *io, unsigned events, rota_io_fn *fn, const char *place);
#define rota_io_start(io, events, fn) \
	rota_io_start_at(io, events, fn, ROTA_PLACE(fn))

/*
 * Stops watching; 0 also if it was not active. No event that the kernel has
 * already reported is told after this.
 *
 * errors: -EINVAL io is NULL.
 * when: the loop's thread; best before the descriptor is closed, but
 *	harmless after.
 */
ROTA_API int rota_io_stop(struct rota_io *io);

/*
 * Moves a watcher to another descriptor, or to a new one of the same number
 * (which the kernel does not know although the number is old). An active
 * watcher goes on with the same wish and callback.
 *
 * errors: -EINVAL io is NULL, closing or closed; -EBADF fd is not open;
 *	-ENOMEM. The watcher is as before.
 * when: the loop's thread.
 */
ROTA_API int rota_io_rebind(struct rota_io *io, int fd);

/* Returns the descriptor, -1 for NULL or a closed watcher. */
ROTA_API int rota_io_fd(const struct rota_io *io);

/* Returns what is watched for, 0 if not active. */
ROTA_API unsigned rota_io_events(const struct rota_io *io);

/* Returns the negative errno behind ROTA_FAILED, else 0. */
ROTA_API int rota_io_error(const struct rota_io *io);

ROTA_END_C

#endif
