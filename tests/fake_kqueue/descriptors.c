/* SPDX-License-Identifier: MIT */
/*
 * EVFILT_READ and EVFILT_WRITE: what poll(2) says of a descriptor, put as a
 * kernel with kqueue would.
 *
 * Nothing here may change the descriptor. So SO_ERROR, which getsockopt(2)
 * clears, is never read: the error of a TCP socket is guessed from its state.
 */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* linux/sockios.h, which musl's users may not have. */
#ifndef SIOCOUTQ
#define SIOCOUTQ TIOCOUTQ
#endif

static unsigned int
poll_now(int fd)
{
	struct pollfd pfd = {
		.fd = fd,
		.events = POLLIN | POLLOUT | POLLRDHUP,
	};

	return poll(&pfd, 1, 0) > 0 ? (unsigned short)pfd.revents : 0;
}

static bool
is_stream(const struct fake_source *s)
{
	return s->kind == FAKE_TCP || s->kind == FAKE_UNIX_STREAM;
}

/* Linux says HUP of a stream socket that never was connected. */
static bool
is_fresh(const struct fake_source *s, unsigned int mask)
{
	return is_stream(s) && mask & POLLHUP && !(mask & POLLRDHUP);
}

static bool
get_tcp_info(int fd, struct tcp_info *ret_info)
{
	socklen_t len = sizeof(*ret_info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret_info, &len) == 0;
}

/* The pending error, unread. One that never had a round trip was refused. */
static unsigned int
guess_error(const struct fake_source *s, unsigned int mask)
{
	struct tcp_info info;

	if (!(mask & POLLERR) || s->kind != FAKE_TCP ||
		!get_tcp_info(s->fd, &info))
		return 0;
	if (info.tcpi_rtt == 0 && info.tcpi_rcv_space == 0)
		return ECONNREFUSED;
	return ECONNRESET;
}

static int64_t
count_pending_connections(const struct fake_source *s)
{
	struct tcp_info info;

	if (s->kind == FAKE_TCP && get_tcp_info(s->fd, &info))
		return info.tcpi_unacked;
	return 1;
}

static int64_t
count_readable(const struct fake_source *s, bool *ret_is_listening)
{
	int n = 0;

	*ret_is_listening = false;
	if (ioctl(s->fd, FIONREAD, &n) == 0)
		return s->is_datagram ?
			n + (int64_t)fake_personality.datagram_overhead_bytes :
			n;
	if (is_stream(s) && errno == EINVAL) {
		*ret_is_listening = true;
		return count_pending_connections(s);
	}
	/* Descriptors without a count: another kqueue, an eventfd. */
	n = (int)fake_count_queued_at(s->fd);
	return n > 0 ? n : 1;
}

static bool
is_file_readable(struct fake_knote *kn, struct fake_report *ret_report)
{
	struct stat st;
	off_t at;

	if (fstat(kn->source->fd, &st) < 0)
		return false;
	at = lseek(kn->source->fd, 0, SEEK_CUR);
	ret_report->data = (int64_t)st.st_size - (at < 0 ? 0 : at);
	if (ret_report->data != 0)
		return true;
	ret_report->fflags = fake_personality.file_note_reported;
	return kn->kev.fflags & fake_personality.file_note;
}

static bool
is_enough(const struct fake_knote *kn, const struct fake_report *report)
{
	return !(kn->kev.fflags & NOTE_LOWAT) ||
		report->data >= (int64_t)kn->kev.data;
}

static bool
is_readable(struct fake_knote *kn, struct fake_report *ret_report)
{
	const struct fake_source *s = kn->source;
	bool is_listening = false;
	unsigned int mask;

	if (s->kind == FAKE_FILE)
		return is_file_readable(kn, ret_report);
	if (s->kind == FAKE_DEVICE)
		return true;
	mask = poll_now(s->fd);
	if (is_fresh(s, mask))
		return false;
	if (mask & POLLIN)
		ret_report->data = count_readable(s, &is_listening);
	if (mask & (POLLHUP | POLLRDHUP)) {
		ret_report->is_eof = true;
		ret_report->fflags = guess_error(s, mask);
	}
	if (ret_report->is_eof || (mask & POLLERR && s->kind != FAKE_PIPE))
		return true;
	return mask & POLLIN && (is_listening || is_enough(kn, ret_report));
}

/* After one's own shutdown(SHUT_WR) poll(2) still says OUT. */
static bool
is_shut_for_writing(const struct fake_source *s)
{
	struct tcp_info info;

	if (s->kind == FAKE_TCP && get_tcp_info(s->fd, &info))
		return info.tcpi_state == TCP_FIN_WAIT1 ||
			info.tcpi_state == TCP_FIN_WAIT2 ||
			info.tcpi_state == TCP_CLOSING ||
			info.tcpi_state == TCP_LAST_ACK ||
			info.tcpi_state == TCP_TIME_WAIT;
	/* Sending nothing on a unix stream has no effect but this error. */
	if (s->kind == FAKE_UNIX_STREAM)
		return send(s->fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
			errno == EPIPE;
	return false;
}

/* At least what OUT promises: the count is in other units than the limit. */
static int64_t
count_writable(const struct fake_source *s)
{
	int size = 0;
	int used = 0;
	socklen_t len = sizeof(size);

	if (s->kind == FAKE_PIPE) {
		size = fcntl(s->fd, F_GETPIPE_SZ);
		(void)ioctl(s->fd, FIONREAD, &used);
		return size - used > PIPE_BUF ? size - used : PIPE_BUF;
	}
	if (getsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &size, &len) < 0)
		return 1;
	(void)ioctl(s->fd, SIOCOUTQ, &used);
	return size - used > 1 ? size - used : 1;
}

static bool
is_writable(struct fake_knote *kn, struct fake_report *ret_report)
{
	const struct fake_source *s = kn->source;
	unsigned int mask;

	if (s->is_unpollable)
		return true;
	mask = poll_now(s->fd);
	if (is_fresh(s, mask))
		return false;
	if (s->kind == FAKE_PIPE && mask & (POLLERR | POLLHUP)) {
		ret_report->is_eof = true;
		ret_report->is_last = fake_personality.dead_reader_ends;
	} else if (mask & POLLHUP || is_shut_for_writing(s)) {
		ret_report->is_eof = true;
		ret_report->fflags = guess_error(s, mask);
	}
	if (mask & POLLOUT)
		ret_report->data = count_writable(s);
	if (ret_report->is_eof || mask & POLLERR)
		return true;
	return mask & POLLOUT && is_enough(kn, ret_report);
}

/* What no system with this personality would let register. */
static int
check_kind(const struct fake_source *s, enum fake_slot slot)
{
	struct stat st;

	switch (s->kind) {
	case FAKE_DEVICE:
		return fake_personality.device_errno;
	case FAKE_FILE:
		return slot == FAKE_WRITE ? fake_personality.file_write_errno :
					    0;
	case FAKE_PIPE:
		return slot == FAKE_WRITE && poll_now(s->fd) & POLLERR ?
			fake_personality.dead_reader_errno :
			0;
	case FAKE_OTHER:
		/* The device of /dev/tty is 5, 0 on Linux. */
		return fstat(s->fd, &st) == 0 && S_ISCHR(st.st_mode) &&
				st.st_rdev == makedev(5, 0) ?
			fake_personality.tty_errno :
			0;
	case FAKE_SOCKET:
	case FAKE_TCP:
	case FAKE_UNIX_STREAM:
		break;
	}
	return 0;
}

static int
attach(struct fake_knote *kn)
{
	enum fake_slot slot = kn->filter->slot;
	uint32_t bits = slot == FAKE_READ ? EPOLLIN | EPOLLRDHUP :
					    (uint32_t)EPOLLOUT;
	struct fake_source *s;
	int r;

	r = fake_source_get(kn->kq, (int)kn->kev.ident, bits, &s);
	if (r != 0)
		return r;
	r = check_kind(s, slot);
	if (r != 0) {
		fake_source_put(s);
		return r;
	}
	kn->source = s;
	if (s->kind == FAKE_FILE && slot == FAKE_READ)
		fake_link_append(&kn->kq->rechecked, &kn->in_rechecked);
	return 0;
}

/* A file that grew wakes nobody on Linux, and so does reading the rest of a
 * pipe at its end, which the BSDs report once more with EV_CLEAR. The knote
 * keeps in seen what the last event said. */
static bool
has_read_news(struct fake_knote *kn)
{
	struct fake_report report = { .data = 0 };

	if (!is_readable(kn, &report))
		return false;
	if (!(kn->kev.flags & EV_CLEAR) || report.data == kn->seen)
		return !(kn->kev.flags & EV_CLEAR);
	kn->seen = report.data;
	if (kn->source->kind == FAKE_PIPE)
		fake_link_remove(&kn->in_rechecked);
	return true;
}

static void
read_delivered(struct fake_knote *kn, const struct fake_report *report)
{
	kn->seen = report->data;
	if (kn->source->kind != FAKE_PIPE)
		return;
	fake_link_remove(&kn->in_rechecked);
	if (kn->kev.flags & EV_CLEAR && report->is_eof && report->data > 0)
		fake_link_append(&kn->kq->rechecked, &kn->in_rechecked);
}

const struct fake_filter fake_read_filter = {
	.is_descriptor = true,
	.slot = FAKE_READ,
	.attach = attach,
	.is_ready = is_readable,
	.has_news = has_read_news,
	.delivered = read_delivered,
};

const struct fake_filter fake_write_filter = {
	.is_descriptor = true,
	.slot = FAKE_WRITE,
	.attach = attach,
	.is_ready = is_writable,
};
