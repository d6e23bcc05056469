/* SPDX-License-Identifier: MIT */
/* What streams over unix-domain sockets have beyond others. */
#ifndef ROTA_CORE_HANDLES_UNIX_H
#define ROTA_CORE_HANDLES_UNIX_H

#include <sys/un.h>

#include "core/handles/more.h"
#include "core/handles/stream.h"
#include "rota/unix.h"

/* Stands among descriptors where some were lost. */
#define ROTA__LOST_FDS (-1)

/* A file to remove at close, if it is still the same; "" if there is none. */
struct rota__unix_file {
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
	dev_t dev;
	ino_t ino;
};

/*
 * Made with the first need, and found through rota__stream_more.
 *
 * Invariant: n <= capacity; only the last one of a full ring may be the mark
 * of a loss for want of room.
 */
struct rota__unix_more {
	/* A ring of those that have come and were not taken. */
	int *fds;
	unsigned first;
	unsigned n;
	unsigned capacity;
	struct rota__unix_file file;
};

/* A name as the kernel wants it. */
struct rota__unix_address {
	struct sockaddr_un un;
	socklen_t len;
	int is_abstract;
};

/* Makes it where it is not there yet; NULL without memory. */
struct rota__unix_more *rota__unix_more(struct rota_stream *stream);

/* Closes what was not taken, removes the file. */
void rota__unix_leave(struct rota_stream *stream);
void rota__unix_free_more(struct rota_stream *stream);

/*
 * Names: from the user's, and into ROTA_UNIX_NAME_BYTES from the kernel's,
 * whose length is returned, 0 for none.
 */
int rota__unix_make_address(
	const char *name, size_t len, struct rota__unix_address *addr);
size_t rota__unix_name_in(const void *addr, socklen_t len, char *name);

/* Binds a socket, unix_bind.c. Remembers the file if it is to be removed. */
int rota__unix_bind(const struct rota_sys *sys, int fd, int type,
	const struct rota__unix_address *addr, unsigned flags,
	struct rota__unix_file *file);
void rota__unix_remove_file(
	const struct rota_sys *sys, struct rota__unix_file *file);

/* Bytes with descriptors, unix_fds.c. */
ssize_t rota__unix_receive(
	struct rota_stream *stream, void *memory, size_t size_bytes);
ssize_t rota__unix_send(struct rota_stream *stream, const struct iovec *buffers,
	unsigned n, const int *fds, unsigned n_fds);
void rota__unix_close_fds(struct rota_stream *stream);

#endif
