/* SPDX-License-Identifier: MIT */
/* Descriptors that go along with bytes, see rota/unix.h and unix(7). */
#include <errno.h>
#include <string.h>

#include "core/handle.h"
#include "core/handles/unix.h"

#define MAX_WAITING 65535

/* Room for one control message with as many descriptors as there can be. */
union control {
	struct cmsghdr first;
	unsigned char bytes[CMSG_SPACE(ROTA_UNIX_MAX_FDS * sizeof(int))];
};

/* Sending *************************************************************/

ssize_t
rota__unix_send(struct rota_stream *stream, const struct iovec *buffers,
	unsigned n, const int *fds, unsigned n_fds)
{
	union control control;
	struct msghdr message;

	memset(&message, 0, sizeof(message));
	/* sendmsg(2) only reads the buffers, its struct lacks the const. */
	message.msg_iov = (struct iovec *)(uintptr_t)buffers;
	message.msg_iovlen = n;
	if (n_fds > 0) {
		memset(&control, 0, sizeof(control));
		control.first.cmsg_level = SOL_SOCKET;
		control.first.cmsg_type = SCM_RIGHTS;
		control.first.cmsg_len =
			(__typeof__(control.first.cmsg_len))CMSG_LEN(
				n_fds * sizeof(*fds));
		memcpy(CMSG_DATA(&control.first), fds, n_fds * sizeof(*fds));
		message.msg_control = control.bytes;
		message.msg_controllen =
			(__typeof__(message.msg_controllen))CMSG_SPACE(
				n_fds * sizeof(*fds));
	}
	return stream->handle.loop->sys->sendmsg(stream->watch.fd, &message);
}

/* Receiving ***********************************************************/

/* The last one in the ring, or -2 if it is empty. */
static int
last_of(const struct rota__unix_more *more)
{
	if (more->n == 0)
		return -2;
	return more->fds[(more->first + more->n - 1) % more->capacity];
}

static void
put(struct rota__unix_more *more, int fd)
{
	more->fds[(more->first + more->n++) % more->capacity] = fd;
}

/* Marks a loss; one mark tells of all that were lost at one place. */
static void
put_loss(struct rota__unix_more *more)
{
	if (last_of(more) != ROTA__LOST_FDS)
		put(more, ROTA__LOST_FDS);
}

/* Keeps one of the descriptors that have come, if there is room. */
static void
keep(struct rota_stream *stream, int fd)
{
	const struct rota_sys *sys = stream->handle.loop->sys;
	struct rota__unix_more *more = stream->more->of_unix;

	/* One place is kept free for the mark of a loss. */
	if (more->n + 1 >= more->capacity ||
		(MSG_CMSG_CLOEXEC == 0 && sys->set_cloexec(fd) < 0)) {
		(void)sys->close(fd);
		put_loss(more);
		return;
	}
	put(more, fd);
}

/* A system may bring them in several messages. */
static void
keep_all(struct rota_stream *stream, struct msghdr *message)
{
	struct cmsghdr *at = NULL;
	size_t n;
	size_t i;
	int fd;

	if (message->msg_controllen > 0)
		at = CMSG_FIRSTHDR(message);
	for (; at != NULL; at = CMSG_NXTHDR(message, at)) {
		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
			continue;
		n = (at->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(at) + i * sizeof(fd), sizeof(fd));
			keep(stream, fd);
		}
	}
}

ssize_t
rota__unix_receive(struct rota_stream *stream, void *memory, size_t size_bytes)
{
	int takes_fds = (stream->handle.state & ROTA__STREAM_TAKES_FDS) != 0;
	struct iovec piece = { memory, size_bytes };
	union control control;
	struct msghdr message;
	ssize_t n;

	memset(&message, 0, sizeof(message));
	message.msg_iov = &piece;
	message.msg_iovlen = 1;
	if (takes_fds) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control);
	}
	n = stream->handle.loop->sys->recvmsg(
		stream->watch.fd, &message, MSG_CMSG_CLOEXEC);
	if (n < 0)
		return n;
	if (takes_fds) {
		keep_all(stream, &message);
		if (message.msg_flags & MSG_CTRUNC)
			put_loss(stream->more->of_unix);
	}
	return message.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}

void
rota__unix_close_fds(struct rota_stream *stream)
{
	struct rota__unix_more *more = stream->more->of_unix;
	int fd;

	for (; more->n > 0; more->n--) {
		fd = more->fds[more->first];
		more->first = (more->first + 1) % more->capacity;
		if (fd != ROTA__LOST_FDS)
			(void)stream->handle.loop->sys->close(fd);
	}
}

/* For users ***********************************************************/

static int
is_open(const struct rota_unix *un)
{
	return un != NULL && rota__handle_is_open(&un->stream.handle) &&
		un->stream.handle.type == &rota__unix_type;
}

int
rota_unix_write_fds_at(struct rota_unix *un, struct rota_unix_write *request,
	struct iovec *buffers, unsigned n, const int *fds, unsigned n_fds,
	rota_write_fn *fn, const char *place)
{
	size_t sum = 0;
	unsigned i;

	if (!is_open(un) || request == NULL || fn == NULL || fds == NULL ||
		n_fds == 0 || n_fds > ROTA_UNIX_MAX_FDS ||
		rota__stream_check_buffers(buffers, n) < 0)
		return -EINVAL;
	for (i = 0; i < n; i++)
		sum += buffers[i].iov_len;
	/* unix(7): without a byte they would be lost on the way. */
	if (sum == 0)
		return -EINVAL;
	rota__stream_fill_write(&request->write, buffers, n, fn, place);
	request->fds = fds;
	request->n_fds = n_fds;
	return rota__stream_write_fds(&un->stream, request);
}

int
rota_unix_receive_fds(struct rota_unix *un, unsigned max)
{
	struct rota__unix_more *more;
	struct rota_loop *loop;
	unsigned n = 0;
	int *fds;

	if (!is_open(un) || max > MAX_WAITING)
		return -EINVAL;
	loop = un->stream.handle.loop;
	more = rota__unix_more(&un->stream);
	if (more == NULL)
		return -ENOMEM;
	if (more->n > max)
		return -EBUSY;
	fds = rota__realloc(&loop->memory, NULL, (max + 1) * sizeof(*fds));
	if (fds == NULL)
		return -ENOMEM;
	for (; n < more->n; n++)
		fds[n] = more->fds[(more->first + n) % more->capacity];
	rota__free(&loop->memory, more->fds);
	more->fds = fds;
	more->first = 0;
	more->capacity = max + 1;
	un->stream.handle.state &= ~(uint32_t)ROTA__STREAM_TAKES_FDS;
	if (max > 0)
		un->stream.handle.state |= ROTA__STREAM_TAKES_FDS;
	return 0;
}

int
rota_unix_take_fd(struct rota_unix *un)
{
	struct rota__unix_more *more;
	int fd;

	if (!is_open(un))
		return -EINVAL;
	if (un->stream.more == NULL || un->stream.more->of_unix == NULL)
		return -EAGAIN;
	more = un->stream.more->of_unix;
	if (more->n == 0)
		return -EAGAIN;
	fd = more->fds[more->first];
	more->first = (more->first + 1) % more->capacity;
	more->n--;
	return fd == ROTA__LOST_FDS ? -EMSGSIZE : fd;
}
