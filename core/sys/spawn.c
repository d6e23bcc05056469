/* SPDX-License-Identifier: MIT */
/*
 * Makes a child and hears of its failure, see core/spawn.h. A child that
 * shares our memory tells by that. Whether it does is not known beforehand
 * (emulators and checking tools make a plain fork of it), so a first child
 * also gets a pipe, which the program's beginning closes.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/spawn.h"
#include "core/sys.h"

/* Waits until the child has become the program, or says why not. */
static void
read_report(int fd, struct rota__spawn *spawn)
{
	struct rota__spawn_failure failure;
	ssize_t n;

	do
		n = read(fd, &failure, sizeof(failure));
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(failure))
		spawn->failure = failure;
}

/*
 * All signals are blocked around it: no handler of ours may run in the
 * child. A cancelled thread would end in there, too.
 */
static pid_t
start(struct rota__spawn *spawn)
{
	sigset_t all;
	int cancel_state;
	pid_t pid;

	(void)sigfillset(&all);
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	(void)pthread_sigmask(SIG_SETMASK, &all, &spawn->sigmask);
	pid = rota__sys_start_child(spawn);
	(void)pthread_sigmask(SIG_SETMASK, &spawn->sigmask, NULL);
	(void)pthread_setcancelstate(cancel_state, &cancel_state);
	return pid;
}

static pid_t
start_with_pipe(struct rota__spawn *spawn)
{
	int fds[2];
	pid_t pid = rota__sys_pipe(fds);

	if (pid < 0)
		return pid;
	spawn->report_fd = fds[1];
	pid = start(spawn);
	(void)close(fds[1]);
	if (pid >= 0 && !spawn->is_started)
		read_report(fds[0], spawn);
	(void)close(fds[0]);
	return pid;
}

pid_t
rota__sys_spawn(struct rota__spawn *spawn)
{
	pid_t pid;

	spawn->report_fd = -1;
	pid = spawn->is_shared ? start(spawn) : start_with_pipe(spawn);
	if (pid < 0 || spawn->failure.error == 0)
		return pid;
	/* It is about to end: nobody shall see its zombie. */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return -spawn->failure.error;
}
