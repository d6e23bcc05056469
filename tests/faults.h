/* SPDX-License-Identifier: MIT */
/*
 * A world where things go wrong: a table of system calls that counts each
 * call and makes the n-th of those that can fail do so, or makes a kind of
 * call behave badly. For loops that a test makes with
 *
 *	options.sys = faults_sys();
 *
 * What backends call by themselves (epoll_ctl and so on) comes here too in a
 * program that is linked with --wrap for them and with faults_epoll.c and its
 * like; see Makefile.am.
 */
#ifndef ROTA_TESTS_FAULTS_H
#define ROTA_TESTS_FAULTS_H

#include <stddef.h>

#include "core/sys.h"

enum faults_call {
	FAULTS_ACCEPT,
	FAULTS_BIND,
	FAULTS_CLOCK,
	FAULTS_CLOSE,
	FAULTS_CONNECT,
	FAULTS_EPOLL_CREATE,
	FAULTS_EPOLL_CTL,
	FAULTS_EPOLL_WAIT,
	FAULTS_EXIT_KILL,
	FAULTS_EXIT_OPEN,
	FAULTS_FILE_ADD,
	FAULTS_FILE_OPEN,
	FAULTS_FILE_READ,
	FAULTS_FSTAT,
	FAULTS_FS_ACCESS,
	FAULTS_FS_ALLOCATE,
	FAULTS_FS_CHMOD,
	FAULTS_FS_CHOWN,
	FAULTS_FS_CLONE,
	FAULTS_FS_CLONE_AS,
	FAULTS_FS_COPY,
	FAULTS_FS_DIR_CLOSE,
	FAULTS_FS_DIR_OPEN,
	FAULTS_FS_DIR_READ,
	FAULTS_FS_FDATASYNC,
	FAULTS_FS_FLOCK,
	FAULTS_FS_FSYNC,
	FAULTS_FS_LINK,
	FAULTS_FS_MKDIR,
	FAULTS_FS_MKDTEMP,
	FAULTS_FS_MKFIFO,
	FAULTS_FS_MKSTEMP,
	FAULTS_FS_OPEN,
	FAULTS_FS_READ_NOWAIT,
	FAULTS_FS_READLINK,
	FAULTS_FS_READV,
	FAULTS_FS_REALPATH,
	FAULTS_FS_RENAME,
	FAULTS_FS_STAT,
	FAULTS_FS_STATFS,
	FAULTS_FS_SYMLINK,
	FAULTS_FS_TRUNCATE,
	FAULTS_FS_UNLINK,
	FAULTS_FS_UTIME,
	FAULTS_FS_WRITEV,
	FAULTS_FS_XATTR_GET,
	FAULTS_FS_XATTR_LIST,
	FAULTS_FS_XATTR_REMOVE,
	FAULTS_FS_XATTR_SET,
	FAULTS_GETADDRINFO,
	FAULTS_GETNAMEINFO,
	FAULTS_GETPEERNAME,
	FAULTS_GETSOCKNAME,
	FAULTS_GETSOCKOPT,
	FAULTS_GET_FLAGS,
	FAULTS_GET_TERMIOS,
	FAULTS_GET_WINDOW,
	FAULTS_KEVENT,
	FAULTS_KEVENT_ADD,
	FAULTS_KQUEUE,
	FAULTS_LIST,
	FAULTS_LISTEN,
	FAULTS_MAP,
	FAULTS_MUTE_SIGPIPE,
	FAULTS_OPEN_SPARE,
	FAULTS_PEER_CREDENTIALS,
	FAULTS_PIPE,
	FAULTS_OPEN_READ,
	FAULTS_POLL,
	FAULTS_PREAD,
	FAULTS_PREPARE_FD,
	FAULTS_PTY_OPEN,
	FAULTS_RANDOM,
	FAULTS_READ,
	FAULTS_REALLOC,
	FAULTS_RECV,
	FAULTS_RECVMMSG,
	FAULTS_RECVMSG,
	FAULTS_REOPEN,
	FAULTS_SELECT,
	FAULTS_SEND,
	FAULTS_SENDFILE,
	FAULTS_SENDMMSG,
	FAULTS_SENDMSG,
	FAULTS_SETSOCKOPT,
	FAULTS_SET_CLOEXEC,
	FAULTS_SET_FLAGS,
	FAULTS_SET_TERMIOS,
	FAULTS_SET_WINDOW,
	FAULTS_SHUTDOWN,
	FAULTS_SIGACTION,
	FAULTS_SOCKET,
	FAULTS_SOCKETPAIR,
	FAULTS_SPAWN,
	FAULTS_STAT,
	FAULTS_UNLINK,
	FAULTS_WAIT,
	FAULTS_WAKE_OPEN,
	FAULTS_WAKE_SEND,
	FAULTS_WRITEV,
	FAULTS_WRITE_PIPE,
	FAULTS_N_CALLS
};

struct faults {
	/* How often each was called, and all that can fail together. */
	unsigned long n[FAULTS_N_CALLS];
	unsigned long n_fallible;

	/* The number of the fallible call that fails; 0 for none. */
	unsigned long fail_at;
	/* Which of a call's errors it is. */
	unsigned variant;
	/* What has failed so far: 0 or 1 calls, the last one and its error. */
	unsigned n_failed;
	enum faults_call failed;
	int error;

	/* Blocks and pages that have been taken and not given back. */
	long n_blocks;
	long n_pages;

	/* At most so many bytes move per call; 0 for no limit. */
	size_t max_recv_bytes;
	size_t max_send_bytes;
	/* What each call of sendfile says, 0 to let it do its work. */
	int sendfile_error;
	/* The next so many calls of accept fail so; fewer with each. */
	unsigned n_bad_accepts;
	int accept_error;
	/* connect says that it has begun, and never ends. */
	int connect_hangs;
	/* There is no descriptor for the end of a process. */
	int has_no_exit_fds;
	/* Calls of epoll are not the loop's: the fake kqueue makes some. */
	int is_epoll_foreign;
};

extern struct faults faults;

/* Sets all of `faults` to zero, but for what is taken and not given back. */
void faults_reset(void);

/* The table. There is one world per process. */
const struct rota_sys *faults_sys(void);

/* The same for files: a program with faults_files.c sets sys.files to it. */
const struct rota__sys_files *faults_files(void);

/*
 * Counts a call, and returns the negative errno if it is the one to fail.
 * when: any thread, a signal handler.
 */
int faults_count(enum faults_call call);

/* The part of the table in faults_others.c. */
void faults_fill_others(struct rota_sys *sys);

/* "accept" and so on. */
const char *faults_name(enum faults_call call);

/* Returns how many errors a call may have, 0 if it cannot fail. */
unsigned faults_n_errors(enum faults_call call);

#endif
