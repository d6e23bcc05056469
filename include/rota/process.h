/* SPDX-License-Identifier: MIT */
/*
 * Child processes: start one, talk with it, hear of its end. Also hear of the
 * end of a process that is not a child.
 *
 * A child begins clean: no descriptor, signal mask or ignored signal of ours
 * reaches it but what the options say. docs/processes.md tells the rest.
 */
#ifndef ROTA_PROCESS_H
#define ROTA_PROCESS_H

#include <rota/handle.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct rota_child;
struct rota_process;
struct rota_process_exit;
struct rusage;

/* What a descriptor of the child is. */
enum rota_stdio_kind {
	/* /dev/null, open for reading and writing. */
	ROTA_STDIO_NULL = 0,
	/* What the same number is in this process. */
	ROTA_STDIO_INHERIT = 1,
	/* A copy of descriptor `fd` of this process. */
	ROTA_STDIO_FD = 2,
	/* The same as entry number `fd` of the list, which comes before. */
	ROTA_STDIO_SAME = 3,
	/* A pipe that the child reads, and we write. */
	ROTA_STDIO_PIPE_IN = 4,
	/* A pipe that the child writes, and we read. */
	ROTA_STDIO_PIPE_OUT = 5,
	/* A pair of unix-domain stream sockets: both ways. */
	ROTA_STDIO_SOCKET = 6,
	/* A new pseudo-terminal; the child has its terminal side. */
	ROTA_STDIO_PTY = 7
};

struct rota_process_stdio {
	enum rota_stdio_kind kind;
	/*
	 * In: the descriptor of FD, the entry of SAME. Out, if the process
	 * was started: our end of PIPE_IN, PIPE_OUT, SOCKET and PTY, which is
	 * non-blocking, close-on-exec and the caller's to close; -1 if
	 * `stream` has it.
	 */
	int fd;
	/*
	 * A blank stream that takes our end over, or NULL. Only if the
	 * process was started it is an idle stream then, to be closed.
	 */
	struct rota_stream *stream;
};

/* A limit of setrlimit(2). */
struct rota_process_limit {
	/* RLIMIT_NOFILE and so on. */
	int resource;
	/* In the unit of the resource; ROTA_FOREVER for none. */
	uint64_t soft;
	uint64_t hard;
};

enum rota_process_flag {
	/* Leads a session of its own; with a PTY, that is its terminal. */
	ROTA_PROCESS_SESSION = 1 << 0,
	/* Is moved to the process group `pgroup`; 0: leads its own. */
	ROTA_PROCESS_PGROUP = 1 << 1,
	/* `uid`, `gid`, `groups` and `umask_bits` count. */
	ROTA_PROCESS_UID = 1 << 2,
	ROTA_PROCESS_GID = 1 << 3,
	ROTA_PROCESS_GROUPS = 1 << 4,
	ROTA_PROCESS_UMASK = 1 << 5,
	/* Descriptors beyond the list stay open if not close-on-exec. */
	ROTA_PROCESS_KEEP_FDS = 1 << 6,
	/* The child keeps our signal mask and what we ignore. */
	ROTA_PROCESS_KEEP_SIGNALS = 1 << 7
};

/*
 * What to start and how. Zero is the default of every member except size;
 * begin with ROTA_PROCESS_OPTIONS_INIT. All of it is only read, during the
 * call, but for what stdio gives back.
 */
struct rota_process_options {
	/* sizeof(struct rota_process_options): lets the struct grow. */
	size_t size;
	/*
	 * The program. With a slash it is a path, as seen from `cwd`; without
	 * one it is looked for in `path`. NULL: argv[0].
	 */
	const char *file;
	/* Ends with NULL; at least one string before. */
	char *const *argv;
	/* "NAME=value", ends with NULL. NULL: the environment we have. */
	char *const *env;
	/*
	 * Folders parted by colons. NULL: the PATH of the environment that
	 * the child gets; without one "/usr/bin:/bin".
	 */
	const char *path;
	/* The working directory; NULL: ours. */
	const char *cwd;
	/*
	 * Entry i is the child's descriptor i. 0, 1 and 2 are /dev/null if
	 * the list is shorter.
	 */
	struct rota_process_stdio *stdio;
	unsigned n_stdio;
	/* An or of enum rota_process_flag. */
	unsigned flags;
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	unsigned n_groups;
	pid_t pgroup;
	/* As umask(2) takes them, 0 to 0777. */
	unsigned umask_bits;
	const struct rota_process_limit *limits;
	unsigned n_limits;
};

#define ROTA_PROCESS_OPTIONS_INIT \
	{ \
		sizeof(struct rota_process_options), NULL, NULL, NULL, NULL, \
			NULL, NULL, 0, 0, 0, 0, NULL, 0, 0, 0, NULL, 0 \
	}

/* The steps of a start, in this order. */
enum rota_spawn_step {
	/* None failed. */
	ROTA_SPAWN_DONE = 0,
	/* Before there is a child: */
	ROTA_SPAWN_OPTIONS = 1,
	ROTA_SPAWN_MEMORY = 2,
	/* A pipe, socket or pseudo-terminal; the index is the entry. */
	ROTA_SPAWN_PIPE = 3,
	ROTA_SPAWN_FORK = 4,
	/* In the child: */
	ROTA_SPAWN_SESSION = 5,
	/* An entry of stdio; the index is the entry. */
	ROTA_SPAWN_FD = 6,
	ROTA_SPAWN_TERMINAL = 7,
	/* The index is the entry of limits. */
	ROTA_SPAWN_LIMIT = 8,
	ROTA_SPAWN_GROUPS = 9,
	ROTA_SPAWN_GID = 10,
	ROTA_SPAWN_UID = 11,
	ROTA_SPAWN_CWD = 12,
	ROTA_SPAWN_EXEC = 13,
	/* In us: hearing of its end. The child has been killed. */
	ROTA_SPAWN_WATCH = 14
};

/* How a process ended. */
struct rota_process_exit {
	pid_t pid;
	/*
	 * 0, or why nothing below is known: -ECHILD, somebody else in this
	 * program has waited for it, or the program ignores SIGCHLD; else
	 * why its end cannot be heard of, and then it may be running.
	 */
	int error;
	/* 0 to 255; -1 if a signal ended it, or if it is not a child. */
	int code;
	/* The signal that ended it, 0 if none did. */
	int signum;
	int is_core_dumped;
	/* What it used, see getrusage(2); NULL if that is not known. */
	const struct rusage *usage;
};

typedef void rota_process_fn(
	struct rota_process *process, const struct rota_process_exit *exit);

struct rota_process {
	struct rota_handle handle;

	/* Private from here on. */
	struct rota_child *child;
	rota_process_fn *fn;
	int error;
	uint16_t step;
	uint16_t index;
	void *spare[2];
};

/*
 * Makes a blank process handle an idle one.
 * errors: -EINVAL an argument is NULL; the handle is still blank.
 * when: the loop's thread.
 */
ROTA_API int rota_process_init(
	struct rota_loop *loop, struct rota_process *process);

/*
 * Starts a program; `fn` is told of its end, once, in the poll phase. The
 * handle is active until then, and can start another one afterwards. On
 * return the program runs: what was wrong with it has been found out.
 *
 * Closing or stopping the handle does not kill the child. The loop waits for
 * it all the same, as long as there is a loop, so that no zombie stays.
 *
 * shape: the event is valid inside `fn` only.
 * errors: -EALREADY a process runs already; -EINVAL process, options or fn is
 *	NULL, the handle is closing or closed, or the options are no good (no
 *	argv, a wrong size, an unknown flag, kind or entry); -EMFILE, -ENOMEM,
 *	-EAGAIN; -ENOENT, -EACCES, -ENOEXEC and so on of the child's steps.
 *	There is no child then, the handle and the options are as before, and
 *	rota_process_failed_step() and rota_process_explain() tell more.
 * when: the loop's thread. It is held up until the child has become the
 *	program, usually well below a millisecond.
 * source: execve(2) and the manual page of each step.
 */
ROTA_API int rota_process_spawn_at(struct rota_process *process,
	const struct rota_process_options *options, rota_process_fn *fn,
	const char *place);
#define rota_process_spawn(process, options, fn) \
	rota_process_spawn_at(process, options, fn, ROTA_PLACE(fn))

/*
 * Waits for the end of any process, which is told without its status. (Of a
 * child that the program has started by itself, too: it stays the program's
 * to wait for.)
 *
 * errors: -EALREADY the handle has a process; -EINVAL process or fn is NULL,
 *	pid < 1, or the handle is closing or closed; -ESRCH there is none;
 *	-ENOTSUP the system has neither pidfd_open(2) nor kqueue(2); -EPERM
 *	where a system hides it; -EMFILE, -ENOMEM. Nothing changes then.
 * when: the loop's thread.
 * source: pidfd_open(2), or EVFILT_PROC of kqueue(2).
 */
ROTA_API int rota_process_watch_at(struct rota_process *process, pid_t pid,
	rota_process_fn *fn, const char *place);
#define rota_process_watch(process, pid, fn) \
	rota_process_watch_at(process, pid, fn, ROTA_PLACE(fn))

/*
 * Stops waiting, so that `fn` is not called any more; 0 also if it was not
 * active. The process goes on.
 * errors: -EINVAL process is NULL.
 * when: the loop's thread.
 */
ROTA_API int rota_process_stop(struct rota_process *process);

/*
 * Sends a signal to the process, or with 0 asks whether one could be sent.
 * What has been waited for is never hit, even if its number has been given to
 * another process. (Without pidfds that holds for children only.)
 *
 * errors: -EINVAL process is NULL or signum is no signal; -ESRCH no process
 *	runs; -EPERM.
 * when: the loop's thread.
 * source: kill(2).
 */
ROTA_API int rota_process_kill(struct rota_process *process, int signum);

/* Returns the number of the running process, 0 if there is none. */
ROTA_API pid_t rota_process_pid(const struct rota_process *process);

/*
 * Returns the step that failed in the last rota_process_spawn(), or
 * ROTA_SPAWN_DONE. NULL has had no failure.
 */
ROTA_API enum rota_spawn_step rota_process_failed_step(
	const struct rota_process *process);

/*
 * Explains the last failure of rota_process_spawn() in words, as
 * `cannot run "prgram": no such name` or
 * `cannot enter directory "/nowhere": no such name`.
 *
 * shape: options are those of the call, for the names, or NULL. The text is
 *	cut to size_bytes, always terminated, and empty without a failure.
 * errors: -EINVAL process is NULL, or text is NULL or size_bytes 0.
 * when: the loop's thread.
 */
ROTA_API int rota_process_explain(const struct rota_process *process,
	const struct rota_process_options *options, char *text,
	size_t size_bytes);

/*
 * Names a step, as "exec"; "unknown" for what is none.
 * when: any thread.
 */
ROTA_API const char *rota_spawn_step_name(enum rota_spawn_step step);

ROTA_END_C

#endif
