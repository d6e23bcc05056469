/* SPDX-License-Identifier: MIT */
/* A world where things go wrong, see faults.h. */
#include "tests/faults.h"

#include <errno.h>
#include <string.h>

#define MAX_VARIANTS 4

struct faults faults;

/* The errors that a call may have, 0 after the last; none: cannot fail. */
static const struct {
	const char *name;
	int errors[MAX_VARIANTS + 1];
} calls[FAULTS_N_CALLS] = {
	[FAULTS_ACCEPT] = { "accept",
		{ EMFILE, ECONNABORTED, ENOMEM, EAGAIN } },
	[FAULTS_BIND] = { "bind", { EADDRINUSE, EACCES } },
	[FAULTS_CLOCK] = { "clock", { 0 } },
	[FAULTS_CLOSE] = { "close", { EIO } },
	[FAULTS_CONNECT] = { "connect",
		{ ECONNREFUSED, ENETUNREACH, EADDRNOTAVAIL, EAGAIN } },
	[FAULTS_EPOLL_CREATE] = { "epoll_create1", { EMFILE, ENOMEM } },
	[FAULTS_EPOLL_CTL] = { "epoll_ctl", { ENOMEM, ENOSPC } },
	[FAULTS_EPOLL_WAIT] = { "epoll_wait", { ENOMEM, EINTR } },
	[FAULTS_EXIT_KILL] = { "exit_kill", { ESRCH, EPERM } },
	[FAULTS_EXIT_OPEN] = { "exit_open", { EMFILE, ENOSYS, ENOMEM } },
	[FAULTS_FILE_ADD] = { "file_add", { ENOSPC, EMFILE, ENOMEM, ENOENT } },
	[FAULTS_FILE_OPEN] = { "file_open", { EMFILE, ENOMEM, ENOSYS } },
	[FAULTS_FILE_READ] = { "file_read", { EAGAIN } },
	[FAULTS_FSTAT] = { "fstat", { ENOMEM, EIO } },
	[FAULTS_FS_ACCESS] = { "files->access", { EIO, EACCES } },
	[FAULTS_FS_ALLOCATE] = { "files->allocate", { ENOSPC, EIO, EFBIG } },
	[FAULTS_FS_CHMOD] = { "files->chmod", { EPERM, EIO } },
	[FAULTS_FS_CHOWN] = { "files->chown", { EIO, EDQUOT } },
	[FAULTS_FS_CLONE] = { "files->clone", { ENOTSUP, ENOSPC, EIO } },
	[FAULTS_FS_CLONE_AS] = { "files->clone_as", { ENOTSUP, ENOSPC, EIO } },
	[FAULTS_FS_COPY] = { "files->copy", { ENOTSUP, ENOSPC, EIO } },
	[FAULTS_FS_DIR_CLOSE] = { "files->dir_close", { EIO } },
	[FAULTS_FS_DIR_OPEN] = { "files->dir_open", { ENOMEM } },
	[FAULTS_FS_DIR_READ] = { "files->dir_read", { EIO } },
	[FAULTS_FS_FDATASYNC] = { "files->fdatasync", { ENOSPC, EIO } },
	[FAULTS_FS_FLOCK] = { "files->flock", { ENOLCK } },
	[FAULTS_FS_FSYNC] = { "files->fsync", { ENOSPC, EIO, EDQUOT } },
	[FAULTS_FS_LINK] = { "files->link", { EMLINK, ENOSPC } },
	[FAULTS_FS_MKDIR] = { "files->mkdir", { ENOSPC, EROFS } },
	[FAULTS_FS_MKDTEMP] = { "files->mkdtemp", { ENOSPC } },
	[FAULTS_FS_MKFIFO] = { "files->mkfifo", { ENOSPC } },
	[FAULTS_FS_MKSTEMP] = { "files->mkstemp", { EMFILE, ENOSPC } },
	[FAULTS_FS_OPEN] = { "files->open", { EMFILE, ENOSPC, EIO, EROFS } },
	[FAULTS_FS_READ_NOWAIT] = { "files->read_nowait",
		{ EAGAIN, ENOTSUP, EIO } },
	[FAULTS_FS_READLINK] = { "files->readlink", { EIO } },
	[FAULTS_FS_READV] = { "files->readv", { EIO, ESTALE } },
	[FAULTS_FS_REALPATH] = { "files->realpath", { EIO, ENOMEM } },
	[FAULTS_FS_RENAME] = { "files->rename", { ENOSPC, EIO, EDQUOT } },
	[FAULTS_FS_STAT] = { "files->stat", { EIO, ENOMEM } },
	[FAULTS_FS_STATFS] = { "files->statfs", { EIO } },
	[FAULTS_FS_SYMLINK] = { "files->symlink", { ENOSPC } },
	[FAULTS_FS_TRUNCATE] = { "files->truncate", { EIO, ENOSPC } },
	[FAULTS_FS_UNLINK] = { "files->unlink", { EIO, EBUSY, EROFS } },
	[FAULTS_FS_UTIME] = { "files->utime", { EROFS } },
	[FAULTS_FS_WRITEV] = { "files->writev", { ENOSPC, EIO, EDQUOT } },
	[FAULTS_FS_XATTR_GET] = { "files->xattr_get", { EIO } },
	[FAULTS_FS_XATTR_LIST] = { "files->xattr_list", { EIO } },
	[FAULTS_FS_XATTR_REMOVE] = { "files->xattr_remove", { EIO } },
	[FAULTS_FS_XATTR_SET] = { "files->xattr_set", { ENOSPC, EIO } },
	[FAULTS_GETADDRINFO] = { "getaddrinfo", { ENOMEM, EMFILE } },
	[FAULTS_GETNAMEINFO] = { "getnameinfo", { ENOMEM, EMFILE } },
	[FAULTS_GETPEERNAME] = { "getpeername", { ENOBUFS } },
	[FAULTS_GETSOCKNAME] = { "getsockname", { ENOBUFS } },
	[FAULTS_GETSOCKOPT] = { "getsockopt", { ENOBUFS, ENOMEM } },
	[FAULTS_GET_FLAGS] = { "get_flags", { EBADF } },
	[FAULTS_GET_TERMIOS] = { "get_termios", { EIO } },
	[FAULTS_GET_WINDOW] = { "get_window", { EIO, ENOTTY } },
	[FAULTS_KEVENT] = { "kevent", { ENOMEM, EINTR } },
	[FAULTS_KEVENT_ADD] = { "EV_ADD of kevent", { ENOMEM } },
	[FAULTS_KQUEUE] = { "kqueue", { EMFILE, ENOMEM } },
	[FAULTS_LIST] = { "list", { EMFILE, ENOMEM, EACCES, EIO } },
	[FAULTS_LISTEN] = { "listen", { EADDRINUSE } },
	[FAULTS_MAP] = { "map", { ENOMEM } },
	[FAULTS_MUTE_SIGPIPE] = { "mute_sigpipe", { EINVAL } },
	[FAULTS_OPEN_SPARE] = { "open_spare", { EMFILE, ENFILE, ENOENT } },
	[FAULTS_PEER_CREDENTIALS] = { "peer_credentials",
		{ ENOTCONN, EINVAL } },
	[FAULTS_PIPE] = { "pipe", { EMFILE, ENFILE } },
	[FAULTS_OPEN_READ] = { "open_read",
		{ ENOENT, EACCES, EMFILE, ENOMEM } },
	[FAULTS_POLL] = { "poll", { ENOMEM, EINTR } },
	[FAULTS_PREAD] = { "pread", { EIO, EISDIR } },
	[FAULTS_PREPARE_FD] = { "prepare_fd", { EBADF } },
	[FAULTS_PTY_OPEN] = { "pty_open", { EMFILE, ENOENT } },
	[FAULTS_RANDOM] = { "random", { ENOSYS, EIO } },
	[FAULTS_READ] = { "read", { EIO, EAGAIN } },
	[FAULTS_REALLOC] = { "realloc", { ENOMEM } },
	[FAULTS_RECV] = { "recv", { ECONNRESET, EAGAIN, ENOMEM, ETIMEDOUT } },
	[FAULTS_RECVMMSG] = { "recvmmsg",
		{ ECONNREFUSED, EAGAIN, ENOMEM, EBADF } },
	[FAULTS_RECVMSG] = { "recvmsg",
		{ ECONNREFUSED, EAGAIN, ENOMEM, EBADF } },
	[FAULTS_REOPEN] = { "reopen", { ENOTSUP, EACCES, EMFILE } },
	[FAULTS_SELECT] = { "select", { ENOMEM, EINTR } },
	[FAULTS_SEND] = { "send", { EPIPE, EAGAIN, ENOBUFS, ECONNRESET } },
	[FAULTS_SENDFILE] = { "sendfile", { EAGAIN, EINVAL, EPIPE, ENOSYS } },
	[FAULTS_SENDMMSG] = { "sendmmsg",
		{ ECONNREFUSED, EAGAIN, ENOBUFS, EMSGSIZE } },
	[FAULTS_SENDMSG] = { "sendmsg",
		{ ECONNREFUSED, EAGAIN, ENOBUFS, EMSGSIZE } },
	[FAULTS_SETSOCKOPT] = { "setsockopt", { ENOBUFS, ENOMEM } },
	[FAULTS_SET_CLOEXEC] = { "set_cloexec", { EBADF } },
	[FAULTS_SET_FLAGS] = { "set_flags", { EBADF, EPERM } },
	[FAULTS_SET_TERMIOS] = { "set_termios", { EIO } },
	[FAULTS_SET_WINDOW] = { "set_window", { EIO } },
	[FAULTS_SHUTDOWN] = { "shutdown", { ENOTCONN, ENOBUFS } },
	[FAULTS_SIGACTION] = { "sigaction", { EINVAL } },
	[FAULTS_SOCKET] = { "socket", { EMFILE, ENOBUFS } },
	[FAULTS_SOCKETPAIR] = { "socketpair", { EMFILE, ENOBUFS } },
	[FAULTS_SPAWN] = { "spawn", { EAGAIN, ENOMEM } },
	[FAULTS_STAT] = { "stat", { ENOENT, EACCES, ENOMEM } },
	[FAULTS_UNLINK] = { "unlink", { EACCES, ENOENT } },
	[FAULTS_WAIT] = { "wait", { ECHILD } },
	[FAULTS_WAKE_OPEN] = { "wake_open", { EMFILE, ENOMEM } },
	[FAULTS_WAKE_SEND] = { "wake_send", { 0 } },
	[FAULTS_WRITEV] = { "writev", { EIO, EAGAIN } },
	[FAULTS_WRITE_PIPE] = { "write_pipe", { EPIPE, EAGAIN, EIO } },
};

const char *
faults_name(enum faults_call call)
{
	return calls[call].name;
}

void
faults_reset(void)
{
	long n_blocks = faults.n_blocks;
	long n_pages = faults.n_pages;

	memset(&faults, 0, sizeof(faults));
	faults.n_blocks = n_blocks;
	faults.n_pages = n_pages;
}

unsigned
faults_n_errors(enum faults_call call)
{
	unsigned n = 0;

	while (n < MAX_VARIANTS && calls[call].errors[n] != 0)
		n++;
	return n;
}

int
faults_count(enum faults_call call)
{
	unsigned n_errors = faults_n_errors(call);

	__atomic_add_fetch(&faults.n[call], 1, __ATOMIC_RELAXED);
	if (n_errors == 0 ||
		__atomic_add_fetch(&faults.n_fallible, 1, __ATOMIC_RELAXED) !=
			faults.fail_at)
		return 0;
	faults.n_failed++;
	faults.failed = call;
	faults.error = -calls[call].errors[faults.variant % n_errors];
	return faults.error;
}

/* The table ***********************************************************/

static uint64_t
clock_ns(void)
{
	(void)faults_count(FAULTS_CLOCK);
	return rota__sys_real.clock_ns();
}

static void *
reallocate(void *memory, size_t size_bytes)
{
	void *moved;

	if (size_bytes == 0) {
		__atomic_sub_fetch(
			&faults.n_blocks, memory != NULL, __ATOMIC_RELAXED);
		return rota__sys_real.realloc(memory, 0);
	}
	if (faults_count(FAULTS_REALLOC) < 0)
		return NULL;
	moved = rota__sys_real.realloc(memory, size_bytes);
	__atomic_add_fetch(&faults.n_blocks, moved != NULL && memory == NULL,
		__ATOMIC_RELAXED);
	return moved;
}

static void *
map(size_t size_bytes)
{
	void *memory;

	if (faults_count(FAULTS_MAP) < 0)
		return NULL;
	memory = rota__sys_real.map(size_bytes);
	if (memory != NULL)
		__atomic_add_fetch(&faults.n_pages, 1, __ATOMIC_RELAXED);
	return memory;
}

static void
unmap(void *memory, size_t size_bytes)
{
	__atomic_sub_fetch(&faults.n_pages, 1, __ATOMIC_RELAXED);
	rota__sys_real.unmap(memory, size_bytes);
}

/* The descriptor is gone also when close fails. */
static int
close_fd(int fd)
{
	int error = faults_count(FAULTS_CLOSE);
	int r = rota__sys_real.close(fd);

	return error < 0 ? error : r;
}

static int
fstat_fd(int fd, struct stat *ret_stat)
{
	int error = faults_count(FAULTS_FSTAT);

	return error < 0 ? error : rota__sys_real.fstat(fd, ret_stat);
}

static int
set_cloexec(int fd)
{
	int error = faults_count(FAULTS_SET_CLOEXEC);

	return error < 0 ? error : rota__sys_real.set_cloexec(fd);
}

static int
prepare_fd(int fd)
{
	int error = faults_count(FAULTS_PREPARE_FD);

	return error < 0 ? error : rota__sys_real.prepare_fd(fd);
}

static int
open_read(const char *path)
{
	int error = faults_count(FAULTS_OPEN_READ);

	return error < 0 ? error : rota__sys_real.open_read(path);
}

static ssize_t
read_fd(int fd, void *memory, size_t size_bytes)
{
	int error = faults_count(FAULTS_READ);

	if (error < 0)
		return error;
	return rota__sys_real.read(fd, memory, size_bytes);
}

static ssize_t
read_at(int fd, void *memory, size_t size_bytes, uint64_t offset)
{
	int error = faults_count(FAULTS_PREAD);

	if (error < 0)
		return error;
	return rota__sys_real.pread(fd, memory, size_bytes, offset);
}

static ssize_t
send_file(int fd, int file_fd, uint64_t offset, size_t n_bytes)
{
	int error = faults_count(FAULTS_SENDFILE);

	if (error < 0)
		return error;
	if (faults.sendfile_error < 0)
		return faults.sendfile_error;
	if (faults.max_send_bytes > 0 && n_bytes > faults.max_send_bytes)
		n_bytes = faults.max_send_bytes;
	return rota__sys_real.sendfile(fd, file_fd, offset, n_bytes);
}

static ssize_t
writev_fd(int fd, const struct iovec *buffers, unsigned n)
{
	int error = faults_count(FAULTS_WRITEV);

	if (error < 0)
		return error;
	return rota__sys_real.writev(fd, buffers, n);
}

static int
open_socket(int family, int type, int protocol)
{
	int error = faults_count(FAULTS_SOCKET);

	if (error < 0)
		return error;
	return rota__sys_real.socket(family, type, protocol);
}

static int
bind_fd(int fd, const struct sockaddr *addr, socklen_t len)
{
	int error = faults_count(FAULTS_BIND);

	return error < 0 ? error : rota__sys_real.bind(fd, addr, len);
}

static int
listen_fd(int fd, int backlog)
{
	int error = faults_count(FAULTS_LISTEN);

	return error < 0 ? error : rota__sys_real.listen(fd, backlog);
}

static int
accept_fd(int fd)
{
	int error = faults_count(FAULTS_ACCEPT);

	if (error < 0)
		return error;
	if (faults.n_bad_accepts > 0) {
		faults.n_bad_accepts--;
		return faults.accept_error;
	}
	return rota__sys_real.accept(fd);
}

static int
connect_fd(int fd, const struct sockaddr *addr, socklen_t len)
{
	int error = faults_count(FAULTS_CONNECT);

	if (error < 0)
		return error;
	if (faults.connect_hangs)
		return -EINPROGRESS;
	return rota__sys_real.connect(fd, addr, len);
}

static int
shut_down(int fd, int how)
{
	int error = faults_count(FAULTS_SHUTDOWN);

	return error < 0 ? error : rota__sys_real.shutdown(fd, how);
}

static int
get_option(int fd, int level, int name, void *value, socklen_t *len)
{
	int error = faults_count(FAULTS_GETSOCKOPT);

	if (error < 0)
		return error;
	return rota__sys_real.getsockopt(fd, level, name, value, len);
}

static int
set_option(int fd, int level, int name, const void *value, socklen_t len)
{
	int error = faults_count(FAULTS_SETSOCKOPT);

	if (error < 0)
		return error;
	return rota__sys_real.setsockopt(fd, level, name, value, len);
}

static int
get_local_name(int fd, struct sockaddr *addr, socklen_t *len)
{
	int error = faults_count(FAULTS_GETSOCKNAME);

	return error < 0 ? error : rota__sys_real.getsockname(fd, addr, len);
}

static int
get_peer_name(int fd, struct sockaddr *addr, socklen_t *len)
{
	int error = faults_count(FAULTS_GETPEERNAME);

	return error < 0 ? error : rota__sys_real.getpeername(fd, addr, len);
}

static ssize_t
receive(int fd, void *memory, size_t size_bytes)
{
	int error = faults_count(FAULTS_RECV);

	if (error < 0)
		return error;
	if (faults.max_recv_bytes > 0 && size_bytes > faults.max_recv_bytes)
		size_bytes = faults.max_recv_bytes;
	return rota__sys_real.recv(fd, memory, size_bytes);
}

/* Sends what fits into the limit, as a nearly full kernel would. */
static ssize_t
send_few(int fd, const struct iovec *buffers, unsigned n)
{
	size_t room_bytes = faults.max_send_bytes;
	struct iovec some[64];
	unsigned n_some = 0;

	while (n_some < n && n_some < 64 && room_bytes > 0) {
		some[n_some] = buffers[n_some];
		if (some[n_some].iov_len > room_bytes)
			some[n_some].iov_len = room_bytes;
		room_bytes -= some[n_some++].iov_len;
	}
	return rota__sys_real.send(fd, some, n_some);
}

static ssize_t
send_all(int fd, const struct iovec *buffers, unsigned n)
{
	int error = faults_count(FAULTS_SEND);

	if (error < 0)
		return error;
	if (faults.max_send_bytes > 0)
		return send_few(fd, buffers, n);
	return rota__sys_real.send(fd, buffers, n);
}

static ssize_t
receive_message(int fd, struct msghdr *message, int flags)
{
	int error = faults_count(FAULTS_RECVMSG);

	if (error < 0)
		return error;
	return rota__sys_real.recvmsg(fd, message, flags);
}

static ssize_t
send_message(int fd, const struct msghdr *message)
{
	int error = faults_count(FAULTS_SENDMSG);

	return error < 0 ? error : rota__sys_real.sendmsg(fd, message);
}

static int
receive_messages(int fd, struct rota__message *messages, unsigned n)
{
	int error = faults_count(FAULTS_RECVMMSG);

	return error < 0 ? error : rota__sys_real.recvmmsg(fd, messages, n);
}

static int
send_messages(int fd, struct rota__message *messages, unsigned n)
{
	int error = faults_count(FAULTS_SENDMMSG);

	return error < 0 ? error : rota__sys_real.sendmmsg(fd, messages, n);
}

static int
get_addresses(const char *host, const char *service,
	const struct addrinfo *hints, struct addrinfo **ret_first)
{
	int error = faults_count(FAULTS_GETADDRINFO);

	if (error < 0)
		return error;
	return rota__sys_real.getaddrinfo(host, service, hints, ret_first);
}

static int
get_names(const struct sockaddr *addr, socklen_t len, char *host,
	socklen_t host_bytes, char *service, socklen_t service_bytes, int flags)
{
	int error = faults_count(FAULTS_GETNAMEINFO);

	if (error < 0)
		return error;
	return rota__sys_real.getnameinfo(
		addr, len, host, host_bytes, service, service_bytes, flags);
}

static int
get_random(void *bytes, size_t n)
{
	int error = faults_count(FAULTS_RANDOM);

	return error < 0 ? error : rota__sys_real.random(bytes, n);
}

static int
wake_open(int ret_fds[2])
{
	int error = faults_count(FAULTS_WAKE_OPEN);

	return error < 0 ? error : rota__sys_real.wake_open(ret_fds);
}

static int
wake_send(int fd)
{
	(void)faults_count(FAULTS_WAKE_SEND);
	return rota__sys_real.wake_send(fd);
}

static int
set_action(
	int signum, const struct sigaction *action, struct sigaction *ret_old)
{
	int error = faults_count(FAULTS_SIGACTION);

	if (error < 0)
		return error;
	return rota__sys_real.sigaction(signum, action, ret_old);
}

static int
poll_fds(struct pollfd *fds, nfds_t n, uint64_t timeout_ns)
{
	int error = faults_count(FAULTS_POLL);

	return error < 0 ? error : rota__sys_real.poll(fds, n, timeout_ns);
}

static int
select_fds(int n, fd_set *readable, fd_set *writable, fd_set *exceptional,
	uint64_t timeout_ns)
{
	int error = faults_count(FAULTS_SELECT);

	if (error < 0)
		return error;
	return rota__sys_real.select(
		n, readable, writable, exceptional, timeout_ns);
}

const struct rota_sys *
faults_sys(void)
{
	static struct rota_sys sys;

	sys = rota__sys_real;
	faults_fill_others(&sys);
	sys.clock_ns = clock_ns;
	sys.realloc = reallocate;
	sys.map = map;
	sys.unmap = unmap;
	sys.close = close_fd;
	sys.fstat = fstat_fd;
	sys.set_cloexec = set_cloexec;
	sys.prepare_fd = prepare_fd;
	sys.open_read = open_read;
	sys.read = read_fd;
	sys.pread = read_at;
	sys.sendfile = send_file;
	sys.writev = writev_fd;
	sys.socket = open_socket;
	sys.bind = bind_fd;
	sys.listen = listen_fd;
	sys.accept = accept_fd;
	sys.connect = connect_fd;
	sys.shutdown = shut_down;
	sys.getsockopt = get_option;
	sys.setsockopt = set_option;
	sys.getsockname = get_local_name;
	sys.getpeername = get_peer_name;
	sys.recv = receive;
	sys.send = send_all;
	sys.recvmsg = receive_message;
	sys.sendmsg = send_message;
	sys.recvmmsg = receive_messages;
	sys.sendmmsg = send_messages;
	sys.getaddrinfo = get_addresses;
	sys.getnameinfo = get_names;
	sys.random = get_random;
	sys.wake_open = wake_open;
	sys.wake_send = wake_send;
	sys.sigaction = set_action;
	sys.poll = poll_fds;
	sys.select = select_fds;
	return &sys;
}
