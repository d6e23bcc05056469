/* SPDX-License-Identifier: MIT */
/* The real system behind the seam, see sys.h: each call in one place. */
#include "core/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/sys_files.h"

/* The value of a call that returned -1 with errno on failure. */
static int
result(int r)
{
	return r < 0 ? -errno : r;
}

static uint64_t
real_clock_ns(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) +
		(uint64_t)now.tv_nsec;
}

static void *
real_realloc(void *memory, size_t size_bytes)
{
	if (size_bytes == 0) {
		free(memory);
		return NULL;
	}
	return realloc(memory, size_bytes);
}

static void *
real_map(size_t size_bytes)
{
	void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANON, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void
real_unmap(void *memory, size_t size_bytes)
{
	(void)munmap(memory, size_bytes);
}

/* After EINTR the state of the descriptor is unknown, on Linux it is gone. */
static int
real_close(int fd)
{
	return close(fd) < 0 && errno != EINTR ? -errno : 0;
}

static int
real_fstat(int fd, struct stat *ret_stat)
{
	return result(fstat(fd, ret_stat));
}

static int
real_get_flags(int fd)
{
	return result(fcntl(fd, F_GETFL));
}

static int
real_set_flags(int fd, int flags)
{
	return result(fcntl(fd, F_SETFL, flags));
}

static int
real_isatty(int fd)
{
	return isatty(fd);
}

static int
real_set_cloexec(int fd)
{
	return result(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

static int
real_open_spare(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return result(fd);
}

int
rota__sys_prepare_fd(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -errno;
	if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return real_set_cloexec(fd);
}

/* A socket of the program's: also keep it from raising SIGPIPE. */
static int
real_prepare_fd(int fd)
{
	int r = rota__sys_prepare_fd(fd);

	return r < 0 ? r : rota__sys_mute_sigpipe(fd);
}

static int
real_open_read(const char *path)
{
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return result(fd);
}

static ssize_t
real_read(int fd, void *memory, size_t size_bytes)
{
	ssize_t n;

	do
		n = read(fd, memory, size_bytes);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static ssize_t
real_pread(int fd, void *memory, size_t size_bytes, uint64_t offset)
{
	ssize_t n;

	do
		n = pread(fd, memory, size_bytes, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int
real_unlink(const char *path)
{
	return result(unlink(path));
}

static int
real_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return result(bind(fd, addr, len));
}

static int
real_listen(int fd, int backlog)
{
	return result(listen(fd, backlog));
}

static int
real_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	if (connect(fd, addr, len) == 0)
		return 0;
	return errno == EINTR ? -EINPROGRESS : -errno;
}

static int
real_shutdown(int fd, int how)
{
	return result(shutdown(fd, how));
}

static int
real_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return result(getsockopt(fd, level, name, value, len));
}

static int
real_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return result(setsockopt(fd, level, name, value, len));
}

static int
real_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return result(getsockname(fd, addr, len));
}

static int
real_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return result(getpeername(fd, addr, len));
}

/* Does not wait, so a signal cannot have come in between: asked anew then. */
static ssize_t
real_recv(int fd, void *memory, size_t size_bytes)
{
	ssize_t n = recv(fd, memory, size_bytes, 0);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return n;
}

static ssize_t
real_recvmsg(int fd, struct msghdr *message, int flags)
{
	ssize_t n;

	do
		n = recvmsg(fd, message, flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t
rota__sys_sendmsg(int fd, const struct msghdr *message)
{
	ssize_t n;

	do
		n = sendmsg(fd, message, rota__sys_send_flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int
real_stat(const char *path, struct stat *ret_stat)
{
	return result(stat(path, ret_stat));
}

static int
real_lstat(const char *path, struct stat *ret_stat)
{
	return result(lstat(path, ret_stat));
}

static int
real_sigaction(
	int signum, const struct sigaction *action, struct sigaction *ret_old)
{
	return result(sigaction(signum, action, ret_old));
}

static int
real_sigmask(int how, const sigset_t *set, sigset_t *ret_old)
{
	return -pthread_sigmask(how, set, ret_old);
}

static pid_t
real_wait(pid_t pid, int *ret_status, int flags, struct rusage *ret_usage)
{
	pid_t r;

	do
		r = wait4(pid, ret_status, flags, ret_usage);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

static pid_t
real_getpid(void)
{
	return getpid();
}

static int
real_select(int n, fd_set *readable, fd_set *writable, fd_set *exceptional,
	uint64_t timeout_ns)
{
	struct timespec ts;

	if (timeout_ns == UINT64_MAX)
		return result(pselect(
			n, readable, writable, exceptional, NULL, NULL));
	ts = rota__clock_to_timespec(timeout_ns);
	return result(pselect(n, readable, writable, exceptional, &ts, NULL));
}

int
rota__sys_sendfile_refuses(ssize_t r)
{
	/* On some systems two of these are one. */
	static const int refusals[] = { EINVAL, ENOSYS, ENOTSUP, EOPNOTSUPP,
		ENOTSOCK, ENOTCONN, ENODEV };
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (r == -refusals[i])
			return 1;
	return 0;
}

const struct rota_sys rota__sys_real = {
	.clock_ns = real_clock_ns,
	.realloc = real_realloc,
	.map = real_map,
	.unmap = real_unmap,
	.close = real_close,
	.fstat = real_fstat,
	.get_flags = real_get_flags,
	.set_flags = real_set_flags,
	.isatty = real_isatty,
	.reopen = rota__sys_reopen,
	.get_termios = rota__sys_get_termios,
	.set_termios = rota__sys_set_termios,
	.get_window = rota__sys_get_window,
	.set_window = rota__sys_set_window,
	.set_cloexec = real_set_cloexec,
	.open_spare = real_open_spare,
	.prepare_fd = real_prepare_fd,
	.mute_sigpipe = rota__sys_mute_sigpipe,
	.open_read = real_open_read,
	.read = real_read,
	.pread = real_pread,
	.writev = rota__sys_writev,
	.write_pipe = rota__sys_write_pipe,
	.sendfile = rota__sys_sendfile,
	.socket = rota__sys_socket,
	.bind = real_bind,
	.listen = real_listen,
	.accept = rota__sys_accept,
	.connect = real_connect,
	.shutdown = real_shutdown,
	.getsockopt = real_getsockopt,
	.setsockopt = real_setsockopt,
	.getsockname = real_getsockname,
	.getpeername = real_getpeername,
	.recv = real_recv,
	.send = rota__sys_send,
	.recvmsg = real_recvmsg,
	.sendmsg = rota__sys_sendmsg,
	.recvmmsg = rota__sys_recvmmsg,
	.sendmmsg = rota__sys_sendmmsg,
	.peer_credentials = rota__sys_peer_credentials,
	.wake_open = rota__sys_wake_open,
	.wake_send = rota__sys_wake_send,
	.wake_drain = rota__sys_wake_drain,
	.stat = real_stat,
	.lstat = real_lstat,
	.unlink = real_unlink,
	.files = &rota__sys_real_files,
	.list = rota__sys_list,
	.file_open = rota__sys_file_open,
	.file_add = rota__sys_file_add,
	.file_remove = rota__sys_file_remove,
	.file_read = rota__sys_file_read,
	.getaddrinfo = rota__sys_getaddrinfo,
	.freeaddrinfo = rota__sys_freeaddrinfo,
	.getnameinfo = rota__sys_getnameinfo,
	.random = rota__sys_random,
	.sigaction = real_sigaction,
	.set_sigmask = real_sigmask,
	.pipe = rota__sys_pipe,
	.socketpair = rota__sys_socketpair,
	.pty_open = rota__sys_pty_open,
	.spawn = rota__sys_spawn,
	.exit_open = rota__sys_exit_open,
	.exit_kill = rota__sys_exit_kill,
	.exit_forget = rota__sys_exit_forget,
	.wait = real_wait,
	.getpid = real_getpid,
	.environment = rota__sys_environment,
	.thread_start = rota__sys_thread_start,
	.thread_join = rota__sys_thread_join,
	.thread_detach = rota__sys_thread_detach,
	.thread_name = rota__sys_thread_name,
	.n_processors = rota__sys_n_processors,
	.poll = rota__sys_poll,
	.select = real_select,
};

void *
rota__realloc(const struct rota__memory *from, void *memory, size_t size_bytes)
{
	return from->realloc(from->data, memory, size_bytes);
}

void
rota__free(const struct rota__memory *from, void *memory)
{
	if (memory != NULL)
		(void)from->realloc(from->data, memory, 0);
}

static void *
realloc_of_table(void *data, void *memory, size_t size_bytes)
{
	const struct rota_sys *sys = data;

	return sys->realloc(memory, size_bytes);
}

struct rota__memory
rota__sys_memory(const struct rota_sys *sys)
{
	/* The table stays const: realloc_of_table() only reads it. */
	struct rota__memory memory = { realloc_of_table,
		(void *)(uintptr_t)sys };

	return memory;
}
