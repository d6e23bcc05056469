/* SPDX-License-Identifier: MIT */
/*
 * The table of terminals whose mode we have changed, see terminals.h.
 *
 * The lock guards the table. It is held only with all signals blocked, so a
 * handler that puts the terminals back never waits for the thread that it
 * interrupted. That blocks SIGTTOU as well, by which the kernel would stop a
 * background process that changes a mode.
 */
#include "core/terminals.h"

#include <errno.h>

static struct {
	int lock;
	struct rota__terminal *first;
} table;

/* Blocks all signals of this thread, and locks. */
static sigset_t
enter(const struct rota_sys *sys)
{
	sigset_t all;
	sigset_t old;

	(void)sigfillset(&all);
	(void)sigemptyset(&old);
	(void)sys->set_sigmask(SIG_SETMASK, &all, &old);
	while (__atomic_exchange_n(&table.lock, 1, __ATOMIC_ACQUIRE))
		;
	return old;
}

static void
leave(const struct rota_sys *sys, const sigset_t *old)
{
	__atomic_store_n(&table.lock, 0, __ATOMIC_RELEASE);
	(void)sys->set_sigmask(SIG_SETMASK, old, NULL);
}

/* Locked: another stream on the same terminal, NULL if there is none. */
static const struct rota__terminal *
find_device(dev_t device)
{
	const struct rota__terminal *at = table.first;

	while (at != NULL && at->device != device)
		at = at->next;
	return at;
}

/* Locked. */
static int
link_terminal(struct rota__terminal *terminal)
{
	const struct rota__terminal *other = find_device(terminal->device);
	int r = 0;

	if (other != NULL)
		terminal->before = other->before;
	else
		r = terminal->sys->get_termios(terminal->fd, &terminal->before);
	if (r < 0)
		return r;
	terminal->next = table.first;
	table.first = terminal;
	terminal->is_changed = 1;
	return 0;
}

int
rota__terminals_enter(struct rota__terminal *terminal)
{
	struct stat about;
	sigset_t old;
	int r;

	if (terminal->is_changed)
		return 0;
	r = terminal->sys->fstat(terminal->fd, &about);
	if (r < 0)
		return r;
	terminal->device = about.st_rdev;
	old = enter(terminal->sys);
	r = link_terminal(terminal);
	leave(terminal->sys, &old);
	return r;
}

void
rota__terminals_leave(struct rota__terminal *terminal)
{
	struct rota__terminal **at = &table.first;
	sigset_t old;

	if (!terminal->is_changed)
		return;
	old = enter(terminal->sys);
	while (*at != terminal)
		at = &(*at)->next;
	*at = terminal->next;
	terminal->is_changed = 0;
	if (find_device(terminal->device) == NULL)
		(void)terminal->sys->set_termios(
			terminal->fd, &terminal->before);
	leave(terminal->sys, &old);
}

void
rota__terminals_fork(void)
{
	__atomic_store_n(&table.lock, 0, __ATOMIC_RELEASE);
}

/* Several streams of one terminal put it back to the same state. */
int
rota_tty_restore(void)
{
	const struct rota__terminal *at;
	int saved = errno;
	sigset_t old = enter(&rota__sys_real);
	int error = 0;
	int r;

	for (at = table.first; at != NULL; at = at->next) {
		r = at->sys->set_termios(at->fd, &at->before);
		if (r < 0)
			error = r;
	}
	leave(&rota__sys_real, &old);
	errno = saved;
	return error;
}
