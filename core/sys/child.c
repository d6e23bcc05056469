/* SPDX-License-Identifier: MIT */
/*
 * What a child does from its birth until it is the program, see spawn.h. It
 * may share our memory while the thread that made it stands still and others
 * go on. So: only calls that a signal handler may make, no lock, no memory,
 * and of ours nothing is written but what belongs to this one start. All
 * signals are blocked.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/spawn.h"
#include "core/sys.h"

/* Tells the parent, and ends. */
static void
fail(struct rota__spawn *spawn, enum rota_spawn_step step, unsigned index)
{
	const struct rota__spawn_failure failure = {
		.error = errno,
		.step = (uint16_t)step,
		.index = (uint16_t)index,
	};
	ssize_t n;

	spawn->failure = failure;
	if (spawn->report_fd >= 0) {
		do
			n = write(spawn->report_fd, &failure, sizeof(failure));
		while (n < 0 && errno == EINTR);
	}
	_exit(127);
}

static void
enter_session(struct rota__spawn *spawn)
{
	const struct rota_process_options *options = spawn->options;

	if (options->flags & ROTA_PROCESS_SESSION) {
		if (setsid() < 0)
			fail(spawn, ROTA_SPAWN_SESSION, 0);
	} else if (options->flags & ROTA_PROCESS_PGROUP) {
		if (setpgid(0, options->pgroup) < 0)
			fail(spawn, ROTA_SPAWN_SESSION, 0);
	}
}

/*
 * Descriptors. First all sources, and the one we report on, move out of the
 * way of the targets; then each target is made.
 */

static int
move_up(struct rota__spawn *spawn, int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, (int)spawn->n_sources);
}

/* Opens /dev/null, once, where no target is. */
static int
open_null(struct rota__spawn *spawn, int *null_fd)
{
	if (*null_fd < 0) {
		*null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (*null_fd >= 0 && *null_fd < (int)spawn->n_sources)
			*null_fd = move_up(spawn, *null_fd);
	}
	return *null_fd;
}

static void
find_sources(struct rota__spawn *spawn)
{
	int null_fd = -1;
	unsigned i;

	for (i = 0; i < spawn->n_sources; i++) {
		int *source = &spawn->sources[i];

		if (*source <= ROTA__SOURCE_SAME)
			*source = spawn->sources[ROTA__SOURCE_SAME - *source];
		else if (*source == ROTA__SOURCE_NULL)
			*source = open_null(spawn, &null_fd);
		else if (*source < (int)spawn->n_sources && *source != (int)i)
			*source = move_up(spawn, *source);
		if (*source < 0)
			fail(spawn, ROTA_SPAWN_FD, i);
	}
}

/* A source may be its own target: then only the flag is in the way. */
static void
place_sources(struct rota__spawn *spawn)
{
	unsigned i;
	int r;

	for (i = 0; i < spawn->n_sources; i++) {
		if (spawn->sources[i] == (int)i)
			r = fcntl((int)i, F_SETFD, 0);
		else
			r = dup2(spawn->sources[i], (int)i);
		if (r < 0)
			fail(spawn, ROTA_SPAWN_FD, i);
	}
}

static void
arrange_fds(struct rota__spawn *spawn)
{
	int moved;

	if (spawn->report_fd >= 0 && spawn->report_fd < (int)spawn->n_sources) {
		moved = move_up(spawn, spawn->report_fd);
		if (moved < 0)
			fail(spawn, ROTA_SPAWN_FD, 0);
		spawn->report_fd = moved;
	}
	find_sources(spawn);
	place_sources(spawn);
}

static void
take_terminal(struct rota__spawn *spawn)
{
	if (spawn->terminal >= 0 && ioctl(spawn->terminal, TIOCSCTTY, 0) < 0)
		fail(spawn, ROTA_SPAWN_TERMINAL, (unsigned)spawn->terminal);
}

/* The one we report on goes when the program begins. */
static void
close_others(struct rota__spawn *spawn)
{
	unsigned first = spawn->n_sources;
	unsigned kept = (unsigned)spawn->report_fd;

	if (spawn->options->flags & ROTA_PROCESS_KEEP_FDS)
		return;
	if (spawn->report_fd >= 0) {
		if (kept > first)
			rota__sys_child_close(first, kept - 1);
		first = kept + 1;
	}
	rota__sys_child_close(first, ~0u);
}

static rlim_t
limit_of(uint64_t value)
{
	return value == ROTA_FOREVER ? RLIM_INFINITY : (rlim_t)value;
}

static void
set_limits(struct rota__spawn *spawn)
{
	const struct rota_process_options *options = spawn->options;
	struct rlimit limit;
	unsigned i;

	for (i = 0; i < options->n_limits; i++) {
		limit.rlim_cur = limit_of(options->limits[i].soft);
		limit.rlim_max = limit_of(options->limits[i].hard);
		if (setrlimit(options->limits[i].resource, &limit) < 0)
			fail(spawn, ROTA_SPAWN_LIMIT, i);
	}
}

/* The order that privileges allow: the user comes last. */
static void
become_user(struct rota__spawn *spawn)
{
	const struct rota_process_options *options = spawn->options;
	unsigned flags = options->flags;

	if (flags & ROTA_PROCESS_GROUPS) {
		if (rota__sys_child_setgroups(
			    options->n_groups, options->groups) < 0)
			fail(spawn, ROTA_SPAWN_GROUPS, 0);
	} else if (spawn->drops_groups &&
		rota__sys_child_setgroups(0, NULL) < 0 && errno != EPERM) {
		fail(spawn, ROTA_SPAWN_GROUPS, 0);
	}
	if (flags & ROTA_PROCESS_GID &&
		rota__sys_child_setgid(options->gid) < 0)
		fail(spawn, ROTA_SPAWN_GID, 0);
	if (flags & ROTA_PROCESS_UID &&
		rota__sys_child_setuid(options->uid) < 0)
		fail(spawn, ROTA_SPAWN_UID, 0);
}

/*
 * Signals. Handlers go by themselves when the program begins, but between
 * the unblocking and that they would run here, in the parent's memory.
 */
static void
reset_signals(struct rota__spawn *spawn)
{
	int keeps = (spawn->options->flags & ROTA_PROCESS_KEEP_SIGNALS) != 0;
	sigset_t mask = spawn->sigmask;

	if (!keeps)
		(void)sigemptyset(&mask);
	rota__sys_child_reset_signals(!keeps);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
}

/* The program. */

/* Writes the next folder of the path with the file behind it. */
static const char *
next_name(struct rota__spawn *spawn, const char *path)
{
	size_t n = strcspn(path, ":");
	char *end = spawn->name;

	memcpy(end, path, n);
	end += n;
	if (n > 0)
		*end++ = '/';
	memcpy(end, spawn->file, strlen(spawn->file) + 1);
	return path[n] == ':' ? path + n + 1 : NULL;
}

/* What lets the search go on in the next folder. */
static int
is_absence(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES ||
		error == ELOOP || error == ENAMETOOLONG || error == ENODEV ||
		error == ESTALE || error == ETIMEDOUT;
}

/* A program that may not be run is worth more words than one not there. */
static void
search_and_run(struct rota__spawn *spawn)
{
	const char *path = spawn->path;
	int error = ENOENT;

	while (path != NULL) {
		path = next_name(spawn, path);
		(void)execve(spawn->name, spawn->options->argv, spawn->env);
		if (!is_absence(errno))
			return;
		if (errno == EACCES)
			error = EACCES;
	}
	errno = error;
}

int
rota__child_main(void *data)
{
	struct rota__spawn *spawn = data;
	const struct rota_process_options *options = spawn->options;

	spawn->is_started = 1;
	enter_session(spawn);
	arrange_fds(spawn);
	take_terminal(spawn);
	close_others(spawn);
	set_limits(spawn);
	if (options->flags & ROTA_PROCESS_UMASK)
		(void)umask((mode_t)options->umask_bits);
	become_user(spawn);
	if (options->cwd != NULL && chdir(options->cwd) < 0)
		fail(spawn, ROTA_SPAWN_CWD, 0);
	reset_signals(spawn);
	if (spawn->path != NULL)
		search_and_run(spawn);
	else
		(void)execve(spawn->file, options->argv, spawn->env);
	fail(spawn, ROTA_SPAWN_EXEC, 0);
	return 0;
}
