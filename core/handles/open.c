/* SPDX-License-Identifier: MIT */
/*
 * Streams from descriptors that were opened elsewhere: finds out what one is
 * and makes it ours.
 *
 * Non-blocking is a flag of the open file. Standard input and the like share
 * theirs with other programs, so a terminal or a pipe is opened once more
 * where the system can; where it cannot, a kept descriptor gets its flags
 * back in the end.
 */
#include <errno.h>
#include <fcntl.h>

#include "core/handle.h"
#include "core/handles/socket.h"
#include "core/handles/stream.h"

/* What was found out, and what has been done about it. */
struct found {
	const struct rota_handle_type *type;
	uint32_t state;
	/* Ours to read and write; another than the caller's if reopened. */
	int fd;
	int flags_before;
};

static int
find_socket(const struct rota_sys *sys, int fd, struct found *found)
{
	int type;
	int family = rota__socket_kind(sys, fd, &type);
	int state;

	if (family < 0)
		return family;
	if (type != SOCK_STREAM && type != SOCK_SEQPACKET)
		return -EPROTOTYPE;
	found->type = family == AF_INET || family == AF_INET6 ?
		&rota__tcp_type :
		&rota__unix_type;
	state = rota__socket_state(sys, fd);
	if (state < 0)
		return state;
	found->state = (uint32_t)state;
	if (type == SOCK_SEQPACKET)
		found->state |= ROTA__STREAM_RECORDS;
	return 0;
}

static int
find_plain(const struct rota_sys *sys, int fd, mode_t mode, struct found *found)
{
	static const uint32_t states[] = {
		[O_RDONLY] = ROTA__STREAM_READABLE,
		[O_WRONLY] = ROTA__STREAM_WRITABLE,
		[O_RDWR] = ROTA__STREAM_READABLE | ROTA__STREAM_WRITABLE,
	};

	if (S_ISDIR(mode))
		return -EISDIR;
	if (S_ISFIFO(mode))
		found->type = &rota__pipe_type;
	else if (S_ISCHR(mode) && sys->isatty(fd))
		found->type = &rota__tty_type;
	else if (S_ISREG(mode) || S_ISBLK(mode))
		found->type = &rota__regular_type;
	else
		found->type = &rota__file_type;
	found->state = states[found->flags_before & O_ACCMODE];
	/* What only stands for a path (O_PATH) has no flags to be set. */
	return sys->set_flags(fd, found->flags_before);
}

static int
find_out(const struct rota_sys *sys, int fd, struct found *found)
{
	struct stat about;
	int r = sys->fstat(fd, &about);

	if (r < 0)
		return r;
	found->flags_before = sys->get_flags(fd);
	if (found->flags_before < 0)
		return found->flags_before;
	/* Linux: 3 is for ioctl(2) only. */
	if ((found->flags_before & O_ACCMODE) > O_RDWR)
		return -EBADF;
	return S_ISSOCK(about.st_mode) ?
		find_socket(sys, fd, found) :
		find_plain(sys, fd, about.st_mode, found);
}

static int
unblock(const struct rota_sys *sys, const struct found *found)
{
	if (found->flags_before & O_NONBLOCK)
		return 0;
	return sys->set_flags(found->fd, found->flags_before | O_NONBLOCK);
}

/* One that is kept goes on to be inherited, if it was. */
static int
make_socket_ours(
	const struct rota_sys *sys, const struct found *found, unsigned flags)
{
	int r;

	if (!(flags & ROTA_OPEN_KEEP))
		return sys->prepare_fd(found->fd);
	r = sys->mute_sigpipe(found->fd);
	return r < 0 ? r : unblock(sys, found);
}

/* Makes the descriptor one that does not block, without harm to others. */
static int
make_ours(const struct rota_sys *sys, struct found *found, unsigned flags)
{
	int again;

	if (found->type == &rota__tcp_type || found->type == &rota__unix_type)
		return make_socket_ours(sys, found, flags);
	again = found->type == &rota__file_type ||
			found->type == &rota__regular_type ?
		-ENOTSUP :
		sys->reopen(found->fd);
	if (again < 0)
		return unblock(sys, found);
	found->fd = again;
	return 0;
}

/* Nothing of the caller's has changed if this fails. */
static int
acquire(struct rota_loop *loop, int fd, unsigned flags, struct found *found)
{
	int r = rota__stream_make_buffer(loop);

	if (r == 0)
		r = find_out(loop->sys, fd, found);
	if (r == 0)
		r = rota__fds_reserve(loop, fd);
	if (r == 0)
		r = make_ours(loop->sys, found, flags);
	if (r < 0 || found->fd == fd)
		return r;
	r = rota__fds_reserve(loop, found->fd);
	if (r < 0)
		(void)loop->sys->close(found->fd);
	return r;
}

int
rota_stream_open(struct rota_loop *loop, struct rota_stream *stream, int fd,
	unsigned flags)
{
	struct found found = { .fd = fd };
	int r;

	if (loop == NULL || stream == NULL || flags & ~(unsigned)ROTA_OPEN_KEEP)
		return -EINVAL;
	if (fd < 0)
		return -EBADF;
	r = acquire(loop, fd, flags, &found);
	if (r < 0)
		return r;
	(void)rota__stream_init(loop, stream, found.type);
	if (found.fd == fd) {
		found.state |= ROTA__STREAM_SHARED;
		if (!(flags & ROTA_OPEN_KEEP))
			(void)loop->sys->set_cloexec(fd);
		else if (found.flags_before & O_NONBLOCK)
			found.state |= ROTA__STREAM_KEPT;
		else
			found.state |= ROTA__STREAM_KEPT |
				ROTA__STREAM_UNBLOCKED;
	} else if (!(flags & ROTA_OPEN_KEEP)) {
		(void)loop->sys->close(fd);
	}
	rota__stream_adopt(stream, found.fd, found.state);
	return 0;
}
