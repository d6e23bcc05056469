/* SPDX-License-Identifier: MIT */
/*
 * The seam to the system: every call that core/ and pool/ make, the clock
 * and the allocator, in one table per loop. rota__sys_real is the real one;
 * a test passes its own in rota_loop_options.sys, where the n-th call fails
 * or time is virtual.
 *
 * Each member acts like the call it is named after, but returns a negative
 * errno instead of -1, repeats after EINTR unless said otherwise, and makes
 * descriptors that are non-blocking and close-on-exec. Where systems differ
 * in the way, core/sys/ has one file per way and configure chooses.
 */
#ifndef ROTA_CORE_SYS_H
#define ROTA_CORE_SYS_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

struct addrinfo;
struct epoll_event;
struct rota__spawn;
struct rota__sys_files;
struct rota_unix_credentials;
struct rusage;
struct termios;

/* A datagram; n_bytes of it moved. */
struct rota__message {
	struct msghdr header;
	size_t n_bytes;
};

/* SIGPIPE as it was before it was kept away. */
struct rota__quiet {
	sigset_t pipe_alone;
	sigset_t before;
	int was_pending;
};

/* Visits a name; not 0 ends the visits. */
typedef int rota__name_fn(const char *name, void *data);

/* What is wanted of a watched file, and what is told of it. */
enum rota__file_bit {
	/* Wanted: names in a directory that come and go. */
	ROTA__FILE_NAMES = 1 << 0,
	/* Wanted, told: what it holds; for want of names also a directory's. */
	ROTA__FILE_DATA = 1 << 1,
	/* Wanted, told: mode, links and so on; told unasked when moved. */
	ROTA__FILE_STATUS = 1 << 2,
	/* Wanted: only what the path names itself, no link's target. */
	ROTA__FILE_BELOW = 1 << 3,
	/* Told of a name in a directory. */
	ROTA__FILE_APPEARED = 1 << 4,
	ROTA__FILE_VANISHED = 1 << 5,
	/* Both halves of a rename have this and the same `pair`. */
	ROTA__FILE_MOVED = 1 << 6,
	ROTA__FILE_IS_DIRECTORY = 1 << 7,
	/* The watched thing is gone, and with it the watch. */
	ROTA__FILE_ENDED = 1 << 8,
	/* Reports were lost; of no watch in particular. */
	ROTA__FILE_LOST = 1 << 9
};

/* One report of the kernel's on one watched file. */
struct rota__file_report {
	int id;
	unsigned what;
	uint32_t pair;
	/* In a directory, "" for itself; points into what was read. */
	const char *name;
};

struct rota_sys {
	/* CLOCK_MONOTONIC in nanoseconds; cannot fail. */
	uint64_t (*clock_ns)(void);

	/* realloc(3), but size 0 frees and returns NULL. */
	void *(*realloc)(void *memory, size_t size_bytes);
	/* Zeroed pages, safe in a signal handler; NULL when there are none. */
	void *(*map)(size_t size_bytes);
	void (*unmap)(void *memory, size_t size_bytes);

	/* Of the descriptor as a whole; close never repeats. */
	int (*close)(int fd);
	int (*fstat)(int fd, struct stat *ret_stat);
	/* The flags of fcntl(2), F_GETFL and F_SETFL. */
	int (*get_flags)(int fd);
	int (*set_flags)(int fd, int flags);
	/* 1 if it is a terminal. */
	int (*isatty)(int fd);
	/*
	 * Opens the same terminal or pipe once more, so that its flags are
	 * ours alone; -ENOTSUP where that cannot be done.
	 */
	int (*reopen)(int fd);
	/*
	 * The mode of a terminal, set at once; its size as columns, rows,
	 * width and height. Neither repeats.
	 */
	int (*get_termios)(int fd, struct termios *ret_termios);
	int (*set_termios)(int fd, const struct termios *termios);
	int (*get_window)(int fd, unsigned ret_sizes[4]);
	int (*set_window)(int fd, const unsigned sizes[4]);
	int (*set_cloexec)(int fd);
	/* A descriptor that holds nothing but its number. */
	int (*open_spare)(void);
	/* Makes a socket non-blocking, close-on-exec, without SIGPIPE. */
	int (*prepare_fd)(int fd);
	/* The last of these alone. */
	int (*mute_sigpipe)(int fd);
	/* Opens a file to be read; it may block. */
	int (*open_read)(const char *path);
	ssize_t (*read)(int fd, void *memory, size_t size_bytes);
	ssize_t (*pread)(
		int fd, void *memory, size_t size_bytes, uint64_t offset);
	ssize_t (*writev)(int fd, const struct iovec *buffers, unsigned n);
	/* The same for a pipe or FIFO: never raises SIGPIPE. */
	ssize_t (*write_pipe)(int fd, const struct iovec *buffers, unsigned n);
	/*
	 * Sends bytes of a file without reading them: how many, 0 at its end.
	 * -EINVAL, -ENOSYS, -ENOTSUP and the like where it cannot, between
	 * these two or at all. Never raises SIGPIPE. n_bytes is at least 1.
	 */
	ssize_t (*sendfile)(
		int fd, int file_fd, uint64_t offset, size_t n_bytes);

	/*
	 * Sockets. send never raises SIGPIPE, and says -EAGAIN for want of
	 * room of any kind.
	 */
	int (*socket)(int family, int type, int protocol);
	int (*bind)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*listen)(int fd, int backlog);
	int (*accept)(int fd);
	/* Does not repeat: after EINTR the connect goes on (-EINPROGRESS). */
	int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*shutdown)(int fd, int how);
	int (*getsockopt)(
		int fd, int level, int name, void *value, socklen_t *len);
	int (*setsockopt)(
		int fd, int level, int name, const void *value, socklen_t len);
	int (*getsockname)(int fd, struct sockaddr *addr, socklen_t *len);
	int (*getpeername)(int fd, struct sockaddr *addr, socklen_t *len);
	ssize_t (*recv)(int fd, void *memory, size_t size_bytes);
	ssize_t (*send)(int fd, const struct iovec *buffers, unsigned n);
	ssize_t (*recvmsg)(int fd, struct msghdr *message, int flags);
	ssize_t (*sendmsg)(int fd, const struct msghdr *message);
	/*
	 * Up to n datagrams, with one call of the kernel where it has such.
	 * They return how many; an error only if the first one failed.
	 */
	int (*recvmmsg)(int fd, struct rota__message *messages, unsigned n);
	int (*sendmmsg)(int fd, struct rota__message *messages, unsigned n);
	/* Who is at the other end of a unix-domain socket. */
	int (*peer_credentials)(
		int fd, struct rota_unix_credentials *ret_credentials);

	/*
	 * The wake-up: ret_fds[0] becomes readable after wake_send on
	 * ret_fds[1]; the two may be one. Send is safe in a signal handler.
	 */
	int (*wake_open)(int ret_fds[2]);
	int (*wake_send)(int fd);
	void (*wake_drain)(int fd);

	/* Files by name. list leaves out "." and "..". */
	int (*stat)(const char *path, struct stat *ret_stat);
	int (*lstat)(const char *path, struct stat *ret_stat);
	int (*unlink)(const char *path);
	/* All that the pool does with files: core/sys_files.h. */
	const struct rota__sys_files *files;
	int (*list)(const char *path, rota__name_fn *fn, void *data);

	/*
	 * Watching files: a descriptor that becomes readable when there is
	 * news (-ENOSYS: no such thing here), and a number for each watched
	 * file. read fills in whole reports, for rota__sys_file_next(), and
	 * returns their bytes, -EAGAIN if there are none.
	 */
	int (*file_open)(void);
	int (*file_add)(int fd, const char *path, unsigned wanted);
	void (*file_remove)(int fd, int id);
	ssize_t (*file_read)(int fd, void *news, size_t size_bytes);

	/*
	 * Names. An error is a negative errno or a ROTA_EAI_ number. May take
	 * long, and cannot be broken off.
	 */
	int (*getaddrinfo)(const char *host, const char *service,
		const struct addrinfo *hints, struct addrinfo **ret_first);
	void (*freeaddrinfo)(struct addrinfo *first);
	int (*getnameinfo)(const struct sockaddr *addr, socklen_t len,
		char *host, socklen_t host_bytes, char *service,
		socklen_t service_bytes, int flags);

	/* Fills with random bytes fit for keys. */
	int (*random)(void *bytes, size_t n);

	/* Signals. */
	int (*sigaction)(int signum, const struct sigaction *action,
		struct sigaction *ret_old);
	int (*set_sigmask)(int how, const sigset_t *set, sigset_t *ret_old);

	/*
	 * Processes. pipe, socketpair and pty_open make pairs that block and
	 * are close-on-exec; ours of a terminal is [0]. spawn is all of
	 * core/spawn.h. exit_open makes a descriptor that is readable when a
	 * process is over, or has no way to (-ENOSYS); exit_kill takes that
	 * one or -1; exit_forget closes it in the child of a fork. wait is
	 * wait4(2).
	 */
	int (*pipe)(int ret_fds[2]);
	int (*socketpair)(int ret_fds[2]);
	int (*pty_open)(int ret_fds[2]);
	pid_t (*spawn)(struct rota__spawn *spawn);
	int (*exit_open)(pid_t pid);
	int (*exit_kill)(pid_t pid, int fd, int signum);
	void (*exit_forget)(int fd);
	pid_t (*wait)(pid_t pid, int *ret_status, int flags,
		struct rusage *ret_usage);
	pid_t (*getpid)(void);
	/* What environ(7) points to. */
	char **(*environment)(void);

	/*
	 * Threads. thread_start makes one in which all signals are blocked;
	 * 0 is the usual stack. thread_name names the calling one.
	 */
	int (*thread_start)(size_t stack_bytes, void *(*run)(void *),
		void *data, pthread_t *ret_thread);
	void (*thread_join)(pthread_t thread);
	void (*thread_detach)(pthread_t thread);
	void (*thread_name)(const char *name);
	/* How many of them can run at once. */
	unsigned (*n_processors)(void);

	/*
	 * The waits of the portable backends, at most timeout_ns
	 * (UINT64_MAX: for ever), rounded up to what the call can. -EINTR
	 * comes back.
	 */
	int (*poll)(struct pollfd *fds, nfds_t n, uint64_t timeout_ns);
	int (*select)(int n, fd_set *readable, fd_set *writable,
		fd_set *exceptional, uint64_t timeout_ns);
};

extern const struct rota_sys rota__sys_real;

/*
 * Where memory comes from: the allocator of the loop's options, or the
 * table's. Size 0 frees.
 */
struct rota__memory {
	void *(*realloc)(void *data, void *memory, size_t size_bytes);
	void *data;
};

void *rota__realloc(
	const struct rota__memory *from, void *memory, size_t size_bytes);
void rota__free(const struct rota__memory *from, void *memory);

/* The allocator of a table, as rota__memory. */
struct rota__memory rota__sys_memory(const struct rota_sys *sys);

/* The ways that configure chooses between, one file of core/sys/ each. */
int rota__sys_socket(int family, int type, int protocol);
int rota__sys_accept(int fd);
ssize_t rota__sys_send(int fd, const struct iovec *buffers, unsigned n);
int rota__sys_socketpair(int ret_fds[2]);
int rota__sys_pipe(int ret_fds[2]);
int rota__sys_pty_open(int ret_fds[2]);
int rota__sys_pty_name(int fd, char *name, size_t size_bytes);
char **rota__sys_environment(void);
ssize_t rota__sys_sendmsg(int fd, const struct msghdr *message);
int rota__sys_recvmmsg(int fd, struct rota__message *messages, unsigned n);
int rota__sys_sendmmsg(int fd, struct rota__message *messages, unsigned n);
extern const int rota__sys_send_flags;
int rota__sys_peer_credentials(
	int fd, struct rota_unix_credentials *ret_credentials);
int rota__sys_wake_open(int ret_fds[2]);
int rota__sys_wake_send(int fd);
void rota__sys_wake_drain(int fd);
int rota__sys_poll(struct pollfd *fds, nfds_t n, uint64_t timeout_ns);
extern const int rota__sys_poll_is_coarse;
int rota__sys_prepare_fd(int fd);
int rota__sys_mute_sigpipe(int fd);
int rota__sys_reopen(int fd);
int rota__sys_get_termios(int fd, struct termios *ret_termios);
int rota__sys_set_termios(int fd, const struct termios *termios);
int rota__sys_get_window(int fd, unsigned ret_sizes[4]);
int rota__sys_set_window(int fd, const unsigned sizes[4]);
ssize_t rota__sys_writev(int fd, const struct iovec *buffers, unsigned n);
ssize_t rota__sys_write_pipe(int fd, const struct iovec *buffers, unsigned n);
ssize_t rota__sys_sendfile(
	int fd, int file_fd, uint64_t offset, size_t n_bytes);

/*
 * 1 if that is sendfile's way to say that it is not there, or not for these
 * two: the bytes have to be read and written.
 */
int rota__sys_sendfile_refuses(ssize_t r);

/* Between these two this thread gets no SIGPIPE of a call that gave -EPIPE. */
int rota__sys_quiet_begin(struct rota__quiet *quiet);
void rota__sys_quiet_end(const struct rota__quiet *quiet, ssize_t written);

/* Noticing the end of a process, see the table. */
int rota__sys_exit_open(pid_t pid);
int rota__sys_exit_kill(pid_t pid, int fd, int signum);
void rota__sys_exit_forget(int fd);

/*
 * The birth of a child, see core/spawn.h. rota__sys_start_child() makes the
 * process that runs rota__child_main() and never returns there; it returns
 * the pid or a negative errno.
 */
pid_t rota__sys_spawn(struct rota__spawn *spawn);
pid_t rota__sys_start_child(struct rota__spawn *spawn);

/* What the child calls; what can fail returns -1 and sets errno. */
void rota__sys_child_close(unsigned first, unsigned last);
void rota__sys_child_close_each(unsigned first, unsigned last);
int rota__sys_child_setgroups(unsigned n, const gid_t *groups);
int rota__sys_child_setgid(gid_t gid);
int rota__sys_child_setuid(uid_t uid);
void rota__sys_child_reset_signals(int with_ignored);
int rota__sys_list(const char *path, rota__name_fn *fn, void *data);
int rota__sys_file_open(void);
int rota__sys_file_add(int fd, const char *path, unsigned wanted);
void rota__sys_file_remove(int fd, int id);
ssize_t rota__sys_file_read(int fd, void *news, size_t size_bytes);

/* What getaddrinfo(3) means, and errno if it was EAI_SYSTEM, as our error. */
int rota__sys_name_error(int eai, int error);
int rota__sys_getaddrinfo(const char *host, const char *service,
	const struct addrinfo *hints, struct addrinfo **ret_first);
void rota__sys_freeaddrinfo(struct addrinfo *first);
int rota__sys_getnameinfo(const struct sockaddr *addr, socklen_t len,
	char *host, socklen_t host_bytes, char *service,
	socklen_t service_bytes, int flags);

int rota__sys_random(void *bytes, size_t n);
/* "getrandom" and so on. */
extern const char *const rota__sys_random_way;

/* Takes the report at `at` apart, and returns where the next one is. */
size_t rota__sys_file_next(
	const void *news, size_t at, struct rota__file_report *ret_report);

/* "inotify" and so on. */
extern const char *const rota__sys_file_way;
/* 1: a directory's reports say which name; 0: look what is new in it. */
extern const int rota__sys_file_tells_names;
/* 1: the descriptor is shared with a child; 0: the child has not got it. */
extern const int rota__sys_file_outlives_fork;

/* Threads, see the table. */
int rota__sys_thread_start(size_t stack_bytes, void *(*run)(void *), void *data,
	pthread_t *ret_thread);
void rota__sys_thread_join(pthread_t thread);
void rota__sys_thread_detach(pthread_t thread);
void rota__sys_thread_name(const char *name);
unsigned rota__sys_n_processors(void);

/*
 * A condition, and a wait of at most timeout_ns by the monotonic clock, which
 * may also end early without a reason.
 */
int rota__sys_cond_init(pthread_cond_t *cond);
void rota__sys_cond_wait(
	pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t timeout_ns);

/*
 * Like epoll_wait(2) with nanoseconds. *is_coarse is 1 where the kernel
 * counts in milliseconds: the probe finds out, or the wait.
 */
int rota__sys_epoll_wait(int fd, struct epoll_event *events, int n,
	uint64_t timeout_ns, int *is_coarse);
void rota__sys_epoll_probe(int fd, int *is_coarse);

#endif
