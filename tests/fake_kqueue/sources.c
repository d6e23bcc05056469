/* SPDX-License-Identifier: MIT */
/*
 * The watched numbers of a kqueue, and whether a number still means the
 * object it meant when it was registered.
 *
 * A kqueue forgets a number when it is closed, even when a dup keeps the
 * object alive; nobody tells us of a close, so we ask before each use. An
 * epoll set knows its members by object and number: adding what is in
 * already says EEXIST and changes nothing. That answer is exact, but for a
 * number that was closed and given back to the very same object by dup2().
 */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

static int
tell_set(const struct fake_source *s, int operation)
{
	struct epoll_event event = {
		.events = s->bits | EPOLLET,
		.data.u64 = (uint64_t)s->tag << 32 | (uint32_t)s->fd,
	};

	return epoll_ctl(s->kq->fd, operation, s->fd, &event) < 0 ? errno : 0;
}

static int
socket_option(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, option, &value, &len) < 0)
		return -1;
	return value;
}

static enum fake_kind
find_kind(int fd, mode_t mode)
{
	if (S_ISFIFO(mode))
		return FAKE_PIPE;
	if (S_ISREG(mode) || S_ISDIR(mode))
		return FAKE_FILE;
	if (!S_ISSOCK(mode))
		return FAKE_OTHER;
	if (socket_option(fd, SO_PROTOCOL) == IPPROTO_TCP)
		return FAKE_TCP;
	if (socket_option(fd, SO_DOMAIN) == AF_UNIX &&
		socket_option(fd, SO_TYPE) == SOCK_STREAM)
		return FAKE_UNIX_STREAM;
	return FAKE_SOCKET;
}

/* Makes room for a number in the table. */
static int
reserve(struct fake_kq *q, int fd)
{
	size_t wanted = (size_t)fd + 1;
	struct fake_source **grown;

	if (wanted <= q->n_sources)
		return 0;
	if (wanted < 2 * q->n_sources)
		wanted = 2 * q->n_sources;
	grown = realloc(q->sources, wanted * sizeof(*grown));
	if (!grown)
		return ENOMEM;
	memset(grown + q->n_sources, 0,
		(wanted - q->n_sources) * sizeof(*grown));
	q->sources = grown;
	q->n_sources = wanted;
	return 0;
}

/* Puts a new source into the epoll set, if epoll takes it. */
static int
enter_set(struct fake_source *s, mode_t mode)
{
	int r = tell_set(s, EPOLL_CTL_ADD);

	/* Left over from this number's last time on the same object. */
	if (r == EEXIST)
		r = tell_set(s, EPOLL_CTL_MOD);
	if (r != EPERM)
		return r;
	/* epoll_ctl(2): regular files and the like are always ready. */
	s->is_unpollable = true;
	if (S_ISCHR(mode))
		s->kind = FAKE_DEVICE;
	return 0;
}

static int
open_source(struct fake_kq *q, int fd, uint32_t bits,
	struct fake_source **ret_source)
{
	struct stat st;
	struct fake_source *s;
	int r;

	if (fstat(fd, &st) < 0)
		return EBADF;
	r = reserve(q, fd);
	if (r != 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return ENOMEM;
	s->kq = q;
	s->fd = fd;
	s->tag = ++q->last_tag;
	s->bits = bits;
	s->kind = find_kind(fd, st.st_mode);
	s->is_datagram = s->kind == FAKE_SOCKET &&
		socket_option(fd, SO_TYPE) == SOCK_DGRAM;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	r = enter_set(s, st.st_mode);
	if (r != 0) {
		free(s);
		return r;
	}
	q->sources[fd] = s;
	*ret_source = s;
	return 0;
}

static int
widen(struct fake_source *s, uint32_t bits)
{
	uint32_t before = s->bits;
	int r;

	s->bits |= bits;
	if (s->bits == before || s->is_unpollable)
		return 0;
	r = tell_set(s, EPOLL_CTL_MOD);
	if (r != 0)
		s->bits = before;
	return r;
}

/* Says whether the epoll set has this number with the object it has now. */
bool
fake_kq_holds(int kq_fd, int fd)
{
	struct epoll_event nothing = { .events = 0 };

	if (epoll_ctl(kq_fd, EPOLL_CTL_ADD, fd, &nothing) < 0)
		return errno == EEXIST;
	(void)epoll_ctl(kq_fd, EPOLL_CTL_DEL, fd, &nothing);
	return false;
}

bool
fake_source_is_same(const struct fake_source *s)
{
	struct stat st;

	if (s->is_ours)
		return true;
	if (!s->is_unpollable)
		return fake_kq_holds(s->kq->fd, s->fd);
	return fstat(s->fd, &st) == 0 && st.st_dev == s->dev &&
		st.st_ino == s->ino;
}

/* Finds the source of a number. One whose number was closed goes away. */
struct fake_source *
fake_source_find(struct fake_kq *q, int fd)
{
	struct fake_source *s;

	if ((size_t)fd >= q->n_sources)
		return NULL;
	s = q->sources[fd];
	if (s && !fake_source_is_same(s)) {
		fake_source_drop(s);
		s = NULL;
	}
	return s;
}

/* Finds or makes the source of a number and sees to it that these bits of
 * epoll are watched. The caller then gives it a knote or puts it back. */
int
fake_source_get(struct fake_kq *q, int fd, uint32_t bits,
	struct fake_source **ret_source)
{
	struct fake_source *s = fake_source_find(q, fd);
	int r;

	if (!s)
		return open_source(q, fd, bits, ret_source);
	r = widen(s, bits);
	if (r == 0)
		*ret_source = s;
	return r;
}

/* Makes the source of a descriptor of our own, and the owner of it. */
int
fake_source_get_ours(struct fake_kq *q, int fd, struct fake_source **ret_source)
{
	int r = open_source(q, fd, EPOLLIN, ret_source);

	if (r == 0)
		(*ret_source)->is_ours = true;
	return r;
}

/* Frees a source that has no knote any more. */
void
fake_source_put(struct fake_source *s)
{
	for (int slot = 0; slot < FAKE_SLOTS; slot++) {
		if (s->knotes[slot])
			return;
	}
	/* The number may mean something else by now; then this set does not
	 * have it, and the call fails without harm. */
	if (!s->is_unpollable)
		(void)tell_set(s, EPOLL_CTL_DEL);
	if (s->is_ours)
		(void)close(s->fd);
	s->kq->sources[s->fd] = NULL;
	free(s);
}

/* Moves a descriptor of our own out of the way of the user's numbers: a
 * kernel's kqueue needs none for its timers. */
int
fake_high_fd(int fd)
{
	struct rlimit limit;
	int high;

	if (fd < 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return fd;
	high = limit.rlim_cur > 4096 ? 4096 : (int)limit.rlim_cur;
	high = fcntl(fd, F_DUPFD_CLOEXEC, high - high / 16);
	if (high < 0)
		return fd;
	(void)close(fd);
	return high;
}
